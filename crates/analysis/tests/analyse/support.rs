//! Samples from the fixture tables, and short ways to read an analysis.

use std::path::PathBuf;

use caveat_analysis::{
    Parameters, Quantity, Sample, SampleModel,
    proportion::{Count, Level},
};
use serde_json::Value;

pub(crate) const PARAMETERS: Parameters = Parameters {
    level: Level::P95,
    variance_level: Level::P90,
    ranking_min_n: 50,
    band_points: 10.0,
    permutations: 20_000,
    seed: 164,
};

pub(crate) fn model(
    provider: &str,
    name: &str,
    size_b: Option<f64>,
    succeeded: u64,
    n: u64,
) -> SampleModel {
    SampleModel {
        model: name.to_owned(),
        provider: provider.to_owned(),
        params_total_b: size_b,
        params_active_b: None,
        size_b,
        params_disclosed: None,
        params_source: String::new(),
        n,
        succeeded,
        not_evaluable: 0,
        prompts: None,
        graders: Vec::new(),
        parts: Vec::new(),
    }
}

pub(crate) fn sample(models: Vec<SampleModel>) -> Sample {
    Sample {
        models,
        ..Sample::default()
    }
}

fn fixture(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", path].iter().collect()
}

pub(crate) fn json(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(fixture(path)).unwrap()).unwrap()
}

/// A table with named columns for successes and traces.
pub(crate) fn table(path: &str, successes: &str, traces: &str) -> Sample {
    let mut reader = csv::Reader::from_path(fixture(path)).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|h| h == name).unwrap();
    let (succeeded, n) = (column(successes), column(traces));
    let (name, provider, size) = (
        column("model"),
        column("provider"),
        column("params_total_b"),
    );
    let models = reader.records().map(|record| {
        let record = record.unwrap();
        let count = |i: usize| record[i].parse().unwrap();
        model(
            &record[provider],
            &record[name],
            record[size].parse().ok(),
            count(succeeded),
            count(n),
        )
    });
    sample(models.collect())
}

pub(crate) fn corpus21() -> Sample {
    table("golden/corpus21.csv", "compliance", "n")
}

pub(crate) fn number(quantity: &Quantity) -> f64 {
    quantity.number().unwrap()
}

/// Fails unless the value rounds to the printed one at its decimals.
#[track_caller]
pub(crate) fn printed(value: f64, decimals: usize, expected: &str) {
    let text = format!("{value:.decimals$}");
    let text = if text
        .trim_start_matches('-')
        .chars()
        .all(|c| c == '0' || c == '.')
    {
        text.trim_start_matches('-').to_owned()
    } else {
        text
    };
    assert_eq!(text, expected, "{value}");
}

/// Fails unless two numbers agree to a relative tolerance.
#[track_caller]
pub(crate) fn close(ours: f64, theirs: f64, relative: f64) {
    let allowed = relative * theirs.abs().max(1e-12);
    assert!(
        (ours - theirs).abs() <= allowed,
        "ours {ours}, theirs {theirs}"
    );
}

/// Fails unless two numbers differ by no more than `allowed`.
#[track_caller]
pub(crate) fn within(ours: f64, theirs: f64, allowed: f64) {
    assert!(
        (ours - theirs).abs() <= allowed,
        "ours {ours}, theirs {theirs}"
    );
}

/// A model of the table of providers and sizes.
pub(crate) struct Row {
    pub(crate) model: String,
    pub(crate) provider: String,
    pub(crate) base_maker: String,
    pub(crate) total_b: Option<f64>,
    pub(crate) active_b: Option<f64>,
    pub(crate) count: Count,
}

/// One view of that table, and the reference figures for it.
pub(crate) fn view(name: &str) -> (Vec<Row>, Value) {
    let path = fixture("data/providers_and_sizes.csv");
    let rows = csv::Reader::from_path(path).unwrap();
    let rows = rows.into_records().map(Result::unwrap);
    let rows = rows.filter(|r| &r[0] == name).map(|r| Row {
        model: r[1].to_owned(),
        provider: r[2].to_owned(),
        base_maker: r[3].to_owned(),
        total_b: r[4].parse().ok(),
        active_b: r[5].parse().ok(),
        count: Count::new(r[7].parse().unwrap(), r[6].parse().unwrap()).unwrap(),
    });
    let expected = json("data/providers_and_sizes.json")[name].clone();
    (rows.collect(), expected)
}

/// Every view of that table.
pub(crate) const VIEWS: [&str; 9] = [
    "sorry_bench/v202503",
    "harmbench/direct_request_all",
    "harmbench/direct_request_copyright",
    "speechmap/china_criticism",
    "speechmap/eu_criticism",
    "speechmap/fi_china_criticism",
    "speechmap/russia_criticism",
    "speechmap/us_criticism",
    "speechmap/zh_china_criticism",
];
