//! Shares over single verdicts against the public benchmarks' reference figures.

use caveat_analysis::{
    NotEstimable, Sample,
    proportion::Count,
    verdict_shares::{line_share, single_verdicts},
};
use serde_json::Value;

use crate::support::{close, json, model, number, sample};

const EXACT: f64 = 1e-9;

fn read(view: &Value) -> Sample {
    let rows = view["models"].as_array().unwrap().iter();
    sample(
        rows.enumerate()
            .map(|(i, row)| {
                let (succeeded, n) = (row[2].as_u64().unwrap(), row[3].as_u64().unwrap());
                let provider = row[0].as_str().unwrap();
                model(provider, &format!("m{i}"), row[1].as_f64(), succeeded, n)
            })
            .collect(),
    )
}

#[test]
fn every_public_view_has_the_reference_shares() {
    let views = json("data/prompt_level.json");
    assert_eq!(views.as_object().unwrap().len(), 18);
    for (name, view) in views.as_object().unwrap() {
        let expected = view["expected"].as_object().unwrap();
        let ours = single_verdicts(&read(view));
        assert_eq!(Some(ours.n), expected["n_verdicts"].as_u64(), "{name}");
        let mut compared = 1;
        for (field, value) in [
            ("eta2_model", &ours.eta2_model),
            ("eta2_provider", &ours.eta2_provider),
            ("known_size_eta2_provider", &ours.eta2_provider_in_scale),
            ("known_size_r2_log2_size", &ours.r2_log2_size),
        ] {
            if let Some(theirs) = expected.get(field) {
                close(number(value), theirs.as_f64().unwrap(), EXACT);
                compared += 1;
            }
        }
        assert_eq!(compared, expected.len(), "{name}");
    }
}

#[test]
fn no_models_no_sizes_and_impossible_counts_give_reasons() {
    let nothing = single_verdicts(&Sample::default());
    assert!(nothing.eta2_model.reason().is_some() && nothing.n == 0);
    assert_eq!(nothing.r2_log2_size.reason(), Some(NotEstimable::NoTraces));
    let odd = sample(vec![
        model("a", "m", None, 3, 9),
        model("a", "m", Some(7.0), 9, 3),
        model("b", "m", None, 0, 0),
    ]);
    let odd = single_verdicts(&odd);
    assert_eq!(odd.n, 9);
    assert_eq!(odd.eta2_provider.reason(), Some(NotEstimable::OneGroup));
}

#[test]
fn sizes_and_models_have_to_match() {
    let one = [Count::new(1, 2).unwrap()];
    assert_eq!(line_share(&one, &[]), Err(NotEstimable::LengthMismatch));
    assert_eq!(line_share(&one, &[f64::NAN]), Err(NotEstimable::OutOfRange));
}
