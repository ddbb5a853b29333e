//! Agreement of two graders and of four (25).

use caveat_analysis::{
    agreement::agreement,
    proportion::Level,
    raters::{Metric, fleiss, krippendorff, pairable, patterns},
    weighted_kappa::{Weights, kappa},
};

use crate::support::{Case, Golden};

/// The four graders of `graders.csv`.
fn several_graders(case: &mut Case) {
    let order = ["REFUSAL", "PARTIAL", "COMPLIANCE"];
    let mut reader = csv::Reader::from_reader(&include_bytes!("graders.csv")[..]);
    let traces: Vec<Vec<u32>> = reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            row.iter()
                .skip(1)
                .filter_map(|cell| order.iter().position(|name| *name == cell))
                .map(|place| u32::try_from(place).unwrap())
                .collect()
        })
        .collect();
    let found = patterns(traces.iter().map(Vec::as_slice), 3);
    case.number(
        "krippendorff_nominal",
        krippendorff(&found, Metric::Nominal),
    );
    case.number(
        "krippendorff_ordinal",
        krippendorff(&found, Metric::Ordinal),
    );
    case.number(
        "krippendorff_interval",
        krippendorff(&found, Metric::Interval),
    );
    case.number("units_pairable", pairable(&found));
    let (value, rows) = fleiss(&found, 4).unwrap();
    case.number("fleiss_kappa_complete_rows", value);
    case.number("fleiss_complete_rows", rows);
}

#[test]
fn agreement_of_graders() {
    Golden::parse(include_str!("25_agreement.json")).each(|input, case| {
        let Some(rows) = input["table_rows_rater1_cols_rater2"].as_array() else {
            several_graders(case);
            return;
        };
        let table: Vec<Vec<u64>> = rows
            .iter()
            .map(|row| {
                row.as_array()
                    .unwrap()
                    .iter()
                    .map(|c| c.as_u64().unwrap())
                    .collect()
            })
            .collect();
        let a = agreement(&table).unwrap();
        let k = a.prevalence.len() as f64;
        case.number("cohen.po", a.share);
        case.number("gwet_ac1.pa", a.share);
        case.number("cohen.kappa", a.kappa);
        case.number("cohen.se", a.kappa_se);
        case.number("cohen.se0", a.kappa_se_null);
        case.number("pabak", a.pabak);
        if case.has("positive_agreement") {
            case.number("negative_agreement", a.by_category[0]);
            case.number("positive_agreement", a.by_category[1]);
        }
        for (name, weights) in [
            ("cohen_linear", Weights::Linear),
            ("cohen_quadratic", Weights::Quadratic),
        ] {
            if case.has(&format!("{name}.kappa")) {
                let w = kappa(&table, weights).unwrap();
                case.number(&format!("{name}.po"), w.observed);
                case.number(&format!("{name}.pe"), w.chance);
                case.number(&format!("{name}.kappa"), w.kappa);
                case.number(&format!("{name}.se"), w.se);
                case.number(&format!("{name}.se0"), w.se_null);
                case.interval(&format!("{name}.ci95"), w.interval(Level::P95));
            }
        }
        case.number("gwet_ac1.ac1", a.ac1);
        if case.has("cohen.ci95") {
            case.interval("cohen.ci95", a.kappa_interval(Level::P95));
        }
        let gwet: f64 = a.prevalence.iter().map(|p| p * (1.0 - p)).sum::<f64>() / (k - 1.0);
        let pe = kappa(&table, Weights::Nominal).unwrap().chance;
        case.number("cohen.pe", pe);
        case.number("gwet_ac1.pe", gwet);
        if case.has("cohen.status") {
            assert_eq!(case.text("cohen.status"), "undefined_single_category");
        }
    });
}
