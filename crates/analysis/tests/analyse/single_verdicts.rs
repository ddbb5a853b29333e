//! Shares over single verdicts against the public benchmarks' reference figures.

use std::collections::BTreeMap;

use caveat_analysis::{
    NotEstimable,
    proportion::Count,
    trace_level::{by_group, line_share},
};
use serde_json::Value;

use crate::support::{close, json};

const EXACT: f64 = 1e-9;

struct Model {
    provider: String,
    size_b: Option<f64>,
    count: Count,
}

fn models(view: &Value) -> Vec<Model> {
    let rows = view["models"].as_array().unwrap().iter();
    rows.map(|row| Model {
        provider: row[0].as_str().unwrap().to_owned(),
        size_b: row[1].as_f64(),
        count: Count::new(row[2].as_u64().unwrap(), row[3].as_u64().unwrap()).unwrap(),
    })
    .collect()
}

fn by_provider<'a>(models: impl Iterator<Item = &'a Model>) -> Vec<Count> {
    let mut totals: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for model in models {
        let total = totals.entry(&model.provider).or_default();
        total.0 += model.count.successes();
        total.1 += model.count.trials();
    }
    totals
        .into_values()
        .map(|(x, n)| Count::new(x, n).unwrap())
        .collect()
}

#[test]
fn every_public_view_has_the_reference_shares() {
    let views = json("data/prompt_level.json");
    assert_eq!(views.as_object().unwrap().len(), 18);
    for (name, view) in views.as_object().unwrap() {
        let expected = view["expected"].as_object().unwrap();
        let mut compared = 0;
        let mut check = |field: &str, ours: f64| {
            close(ours, expected[field].as_f64().unwrap(), EXACT);
            compared += 1;
        };
        let all = models(view);
        let counts: Vec<Count> = all.iter().map(|m| m.count).collect();
        let whole = by_group(&counts).unwrap();
        check("n_verdicts", whole.n as f64);
        check("eta2_model", whole.eta2.unwrap());
        check(
            "eta2_provider",
            by_group(&by_provider(all.iter())).unwrap().eta2.unwrap(),
        );
        let sized: Vec<&Model> = all.iter().filter(|m| m.size_b.is_some()).collect();
        if expected.contains_key("known_size_eta2_provider") {
            let provider = by_group(&by_provider(sized.iter().copied())).unwrap();
            check("known_size_eta2_provider", provider.eta2.unwrap());
            let counts: Vec<Count> = sized.iter().map(|m| m.count).collect();
            let sizes: Vec<f64> = sized
                .iter()
                .filter_map(|m| m.size_b.map(f64::log2))
                .collect();
            check(
                "known_size_r2_log2_size",
                line_share(&counts, &sizes).unwrap(),
            );
        }
        assert_eq!(compared, expected.len(), "{name}");
    }
}

#[test]
fn sizes_and_models_have_to_match() {
    let one = [Count::new(1, 2).unwrap()];
    assert_eq!(line_share(&one, &[]), Err(NotEstimable::LengthMismatch));
    assert_eq!(line_share(&one, &[f64::NAN]), Err(NotEstimable::OutOfRange));
}
