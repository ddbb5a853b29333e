//! Agreement of two graders (25).

use caveat_analysis::{agreement::agreement, proportion::Level};

use crate::support::Golden;

#[test]
fn agreement_of_two_graders() {
    Golden::parse(include_str!("25_agreement.json")).each(|input, case| {
        // Methods that this crate does not offer.
        for name in [
            "cohen.se0",
            "pabak",
            "positive_agreement",
            "negative_agreement",
            "krippendorff_nominal",
            "krippendorff_ordinal",
            "krippendorff_interval",
            "units_pairable",
            "fleiss_kappa_complete_rows",
            "fleiss_complete_rows",
        ] {
            if case.has(name) {
                case.skip(name);
            }
        }
        for weighted in ["cohen_linear.", "cohen_quadratic."] {
            if case.has(&format!("{weighted}kappa")) {
                case.skip_all(weighted);
            }
        }
        let Some(rows) = input["table_rows_rater1_cols_rater2"].as_array() else {
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
        case.number("gwet_ac1.ac1", a.ac1);
        if case.has("cohen.ci95") {
            case.interval("cohen.ci95", a.kappa_interval(Level::P95));
        }
        // Chance agreement follows from the other figures.
        let marginal = |i: usize, row: bool| -> f64 {
            let cells = (0..table.len()).map(|j| if row { table[i][j] } else { table[j][i] });
            cells.sum::<u64>() as f64 / a.n as f64
        };
        let pe: f64 = (0..table.len())
            .map(|i| marginal(i, true) * marginal(i, false))
            .sum();
        let gwet: f64 = a.prevalence.iter().map(|p| p * (1.0 - p)).sum::<f64>() / (k - 1.0);
        case.number("cohen.pe", pe);
        case.number("gwet_ac1.pe", gwet);
        if case.has("cohen.status") {
            assert_eq!(case.text("cohen.status"), "undefined_single_category");
        }
    });
}
