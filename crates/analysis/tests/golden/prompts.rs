//! Same prompts: clusters (10), the paired table (13), strata (21).

use std::collections::BTreeMap;

use caveat_analysis::{
    cells::{Key, PromptCell, Tallies, Tally, Unit},
    clusters::clustered_rate,
    common_prompts::{clustered_difference, paired_means},
    paired::PairedTable,
    proportion::{Interval, Level},
    reason::Estimable,
    stratified::{PooledComparison, Stratum, pooled, strata},
};
use serde_json::Value;

use crate::support::{Case, Golden, n};

/// The rows of `overlap_two_vendors.csv`; vendor A is provider 0, B is 1.
fn overlap(key: Key) -> Tallies {
    let mut labels: BTreeMap<String, u32> = BTreeMap::new();
    let mut id = |name: &str| {
        let next = u32::try_from(labels.len()).unwrap();
        *labels.entry(name.to_owned()).or_insert(next)
    };
    let mut reader = csv::Reader::from_reader(&include_bytes!("overlap_two_vendors.csv")[..]);
    let cells: Vec<PromptCell> = reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let provider = u32::from(&row[0] == "B");
            PromptCell {
                model: provider,
                provider,
                prompt: id(&row[1]),
                harm_category: Some(id(&row[2])),
                technique: None,
                succeeded: row[4].parse().unwrap(),
                n: 1,
            }
        })
        .collect();
    Tallies::new(&cells, Unit::Provider, 2, key).unwrap()
}

fn rate(rows: &[Tally], case: &mut Case) {
    let r = clustered_rate(rows).unwrap();
    case.number("n", r.n);
    case.number("clusters", r.prompts);
    case.number("mean", r.rate);
    case.number("se_naive_n_minus_1", r.se_independent_unbiased);
    case.number("se_cluster_cr0", r.se_cr0);
    case.number("se_cluster_cr1", r.se_cr1);
    case.number("design_effect_cr0", r.design_effect);
    case.interval("ci95_t_clusters", r.interval(Level::P95));
}

#[test]
fn clusters_by_prompt() {
    let by_prompt = overlap(Key::Prompt);
    let (a, b) = (by_prompt.of(0), by_prompt.of(1));
    Golden::parse(include_str!("10_clustered_se.json")).each(|input, case| {
        if let Some(vendor) = input["filter"]["vendor"].as_str() {
            rate(if vendor == "A" { a } else { b }, case);
        } else if case.has("se_cluster") {
            let d = clustered_difference(b, a).unwrap();
            case.number("diff", d.difference);
            let cr1 = case.id().ends_with("cr1");
            case.number("se_cluster", if cr1 { d.se_cr1 } else { d.se_cr0 });
        } else {
            let m = paired_means(b, a).unwrap();
            case.number("common_prompts", m.prompts);
            case.number("mean_A", m.mean_second);
            case.number("mean_B", m.mean_first);
            case.number("diff", m.difference);
            case.number("se_paired", m.se);
            case.number("ratio", m.ratio);
            let all = a.len() + b.len() - m.prompts;
            case.number("jaccard_prompts", m.prompts as f64 / all as f64);
        }
    });
}

#[test]
fn paired_tables() {
    Golden::parse(include_str!("13_paired_2x2.json")).each(|input, case| {
        let t = PairedTable::new(
            n(input, "both"),
            n(input, "only_1"),
            n(input, "only_2"),
            n(input, "neither"),
        )
        .unwrap();
        let [a, b, c, _] = t.counts().map(|v| v as f64);
        let total = t.prompts() as f64;
        case.number("n", t.prompts());
        case.number("p1", (a + b) / total);
        case.number("p2", (a + c) / total);
        case.number("diff", t.difference());
        case.number("se_diff_wald", t.difference_se());
        let test = t.mcnemar().unwrap();
        case.number("mcnemar_exact_p", test.exact);
        case.number("mcnemar_midp", test.mid_p);
        case.number("mcnemar_chi2", test.chi2);
        case.interval("newcombe_paired_ci95", t.newcombe(Level::P95));
        case.number("newcombe_phi", t.phi());
        case.number("rr", t.ratio());
        case.interval("rr_ci95_wald", t.ratio_wald(Level::P95));
        if case.has("rr_log_se") {
            case.number("rr_log_se", t.log_ratio_se());
            case.interval("rr_ci95_bonett_price", t.ratio_bonett_price(Level::P95));
        }
    });
}

fn pooled_fields(p: &PooledComparison, case: &mut Case) {
    case.number("strata_used", p.used);
    case.number("strata_dropped", p.dropped);
    case.number("R", p.numerator);
    case.number("S", p.denominator);
    case.number("rr_mh", p.ratio);
    case.number("log_se_greenland_robins", p.log_ratio_se);
    case.interval("ci95", p.ratio_interval);
    case.number("crude_rr", p.crude_ratio);
    if case.has("or_mh") {
        case.number("or_mh", p.odds_ratio);
        case.number("log_se_or_rbg", p.log_odds_ratio_se);
        case.number("rd_mh", p.difference);
        case.number("rd_se_sato_greenland_robins", p.difference_se);
        case.number("cmh_chi2_no_cc", p.test.map(|t| t.chi2));
    }
    if case.has("cmh_p") {
        case.number("cmh_p", p.test.map(|t| t.p));
    }
}

#[test]
fn pooled_over_strata() {
    Golden::parse(include_str!("21_mantel_haenszel.json")).each(|input, case| {
        let given: Vec<Stratum> = input["strata"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s: &Value| Stratum {
                x1: n(s, "x1"),
                n1: n(s, "n1"),
                x2: n(s, "x2"),
                n2: n(s, "n2"),
            })
            .collect();
        pooled_fields(&pooled(&given, Level::P95).unwrap(), case);
    });
}

/// The strata of the first two cases follow from the traces.
#[test]
fn strata_come_from_the_traces() {
    let ratio = |key: Key| -> Estimable<(f64, Interval)> {
        let by = overlap(key);
        let p = pooled(&strata(by.of(1), by.of(0)), Level::P95)?;
        Ok((p.ratio?, p.ratio_interval?))
    };
    let (by_category, interval) = ratio(Key::HarmCategory).unwrap();
    assert!((by_category - 1.069_921_503_038_107_7).abs() < 1e-12);
    assert!((interval.upper - 1.519_213_681_718_667_4).abs() < 1e-12);
    let (by_prompt, _) = ratio(Key::Prompt).unwrap();
    assert!((by_prompt - 1.217_838_765_008_576_5).abs() < 1e-12);
}
