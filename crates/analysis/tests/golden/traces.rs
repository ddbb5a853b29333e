//! Shares of variance over single traces (14).

use std::collections::BTreeMap;

use caveat_analysis::{proportion::Count, trace_level::by_group};

use crate::support::Golden;

fn groups(text: &[u8], factor: &str) -> Vec<Count> {
    let mut reader = csv::Reader::from_reader(text);
    let place =
        |name: &str, headers: &csv::StringRecord| headers.iter().position(|h| h == name).unwrap();
    let headers = reader.headers().unwrap().clone();
    let (column, outcome) = (place(factor, &headers), place("success", &headers));
    let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for row in reader.records() {
        let row = row.unwrap();
        let entry = counts.entry(row[column].to_owned()).or_default();
        entry.0 += row[outcome].parse::<u64>().unwrap();
        entry.1 += 1;
    }
    counts
        .into_values()
        .map(|(x, n)| Count::new(x, n).unwrap())
        .collect()
}

#[test]
fn shares_over_single_traces() {
    Golden::parse(include_str!("14_trace_level.json")).each(|input, case| {
        let Some(factor) = input["factor"].as_str() else {
            // Fits of several factors at once are not offered here.
            case.skip_all("");
            return;
        };
        let text: &[u8] = if input["csv"] == "traces_small.csv" {
            include_bytes!("traces_small.csv")
        } else {
            include_bytes!("traces_medium.csv")
        };
        let w = by_group(&groups(text, factor)).unwrap();
        case.number("n", w.n);
        case.number("k", w.k);
        case.number("ss_between", w.ss_between);
        case.number("ss_within", w.ss_within);
        case.number("ss_total", w.ss_total);
        case.number("eta2", w.eta2);
        case.number("epsilon2", w.epsilon2);
        case.number("omega2", w.omega2);
        case.number("F", w.f);
        case.number("p", w.p);
        case.number("eta2_null_mean", w.eta2_null_mean);
        case.number("n0", w.n0);
        case.number("icc1", w.icc1);
    });
}
