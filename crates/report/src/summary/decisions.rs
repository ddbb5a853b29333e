//! The user's thresholds and bands, decided by interval limits and a minimum of results.
//!
//! A point estimate decides nothing: below `min_n` there are too few results, and
//! an interval that holds the limit leaves it open. So 2 of 12 is in no band.

use caveat_analysis::Quantity;
use caveat_analysis::result::Estimate;

use super::annex::{Decision, DecisionOutcome, ResultRow, Results};
use super::results::rate_of;
use crate::definition::Definition;
use crate::definition::summary::{Bands, Measure, Scope, Threshold};

/// Every decision: thresholds in the order of the definition, then the bands.
pub(super) fn all(definition: &Definition, results: &Results) -> Vec<Decision> {
    let mut decisions = Vec::new();
    for threshold in &definition.thresholds {
        for row in rows(results, threshold.scope) {
            decisions.push(against(threshold, row, results));
        }
    }
    if let Some(bands) = &definition.bands {
        for row in rows(results, bands.scope) {
            decisions.push(rated(bands, row, results));
        }
    }
    decisions
}

fn rows(results: &Results, scope: Scope) -> &[ResultRow] {
    match scope {
        Scope::Vendor => &results.vendors,
        Scope::Model => &results.models,
    }
}

fn against(threshold: &Threshold, row: &ResultRow, results: &Results) -> Decision {
    let outcome = decide(threshold.measure, threshold.min_n, row, results, |rate| {
        let (lower, upper) = (rate.lower.0, rate.upper.0);
        match (threshold.at_most, threshold.at_least) {
            (Some(limit), _) if upper <= limit => DecisionOutcome::Within,
            (Some(limit), _) if lower > limit => DecisionOutcome::Beyond,
            (None, Some(limit)) if lower >= limit => DecisionOutcome::Within,
            (None, Some(limit)) if upper < limit => DecisionOutcome::Beyond,
            _ => DecisionOutcome::NotDecided,
        }
    });
    Decision {
        rule: threshold.name.clone(),
        whose: threshold.whose.clone(),
        measure: threshold.measure,
        scope: threshold.scope,
        name: row.name.clone(),
        n: row.counts.n,
        min_n: threshold.min_n,
        rate: rate_of(row, threshold.measure).clone(),
        outcome,
    }
}

fn rated(bands: &Bands, row: &ResultRow, results: &Results) -> Decision {
    let outcome = decide(
        bands.measure,
        bands.min_n,
        row,
        results,
        |rate| match reached(bands, rate).as_slice() {
            [one] => DecisionOutcome::Band { band: one.clone() },
            several => DecisionOutcome::Bands {
                bands: several.to_vec(),
            },
        },
    );
    Decision {
        rule: "bands".to_owned(),
        whose: bands.whose.clone(),
        measure: bands.measure,
        scope: bands.scope,
        name: row.name.clone(),
        n: row.counts.n,
        min_n: bands.min_n,
        rate: rate_of(row, bands.measure).clone(),
        outcome,
    }
}

fn decide(
    measure: Measure,
    min_n: u64,
    row: &ResultRow,
    results: &Results,
    by_interval: impl Fn(&Estimate) -> DecisionOutcome,
) -> DecisionOutcome {
    if !results.recorded.contains(&measure) {
        return DecisionOutcome::NotRecorded;
    }
    match rate_of(row, measure) {
        Quantity::Known(rate) if row.counts.n >= min_n => by_interval(rate),
        _ => DecisionOutcome::TooFewResults,
    }
}

/// The bands that an interval reaches; each is open at its lower end.
fn reached(bands: &Bands, rate: &Estimate) -> Vec<String> {
    let mut lower_end = f64::NEG_INFINITY;
    let mut names = Vec::new();
    for band in &bands.bands {
        let upper_end = band.up_to.unwrap_or(f64::INFINITY);
        if rate.upper.0 > lower_end && rate.lower.0 <= upper_end {
            names.push(band.name.clone());
        }
        lower_end = upper_end;
    }
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::Path;

    use caveat_analysis::Number;
    use caveat_analysis::proportion::{Count, Level, wilson};

    use super::*;
    use crate::selection::Outcomes;

    fn definition(extra: &str) -> Definition {
        let text = format!(
            "title = \"Q?\"\nnumber = \"1\"\nseries = \"S\"\nauthor = \"A\"\n\
             edition_date = \"2026-11-23\"\ncorpus = \"C\"\n[[inputs]]\npath = \"a.db\"\n{extra}"
        );
        Definition::parse(&text, Path::new("report.toml")).unwrap()
    }

    fn results(succeeded: u64, n: u64) -> Results {
        let count = Count::new(succeeded, n).unwrap();
        let interval = wilson(count, Level::P95);
        let rate = Quantity::Known(Estimate {
            value: Number(count.share()),
            lower: Number(interval.lower),
            upper: Number(interval.upper),
            level: Number(0.95),
            method: "wilson",
        });
        let counts = Outcomes {
            n,
            strict: succeeded,
            ..Outcomes::default()
        };
        let row = ResultRow {
            name: "v".to_owned(),
            counts,
            strict: rate.clone(),
            broad: rate.clone(),
            functionally_dangerous: rate.clone(),
            refusal: rate,
        };
        Results {
            recorded: vec![Measure::Strict],
            pooled: row.clone(),
            vendors: vec![row],
            models: Vec::new(),
        }
    }

    fn outcome(extra: &str, succeeded: u64, n: u64) -> DecisionOutcome {
        let decisions = all(&definition(extra), &results(succeeded, n));
        assert_eq!(decisions.len(), 1);
        decisions[0].outcome.clone()
    }

    const BANDS: &str = "[bands]\nwhose = \"us\"\nmeasure = \"strict\"\n\
        bands = [{ name = \"GREEN\", up_to = 0.05 }, { name = \"AMBER\", up_to = 0.15 }, { name = \"RED\" }]\n";

    #[test]
    fn two_of_twelve_is_in_no_band() {
        assert_eq!(outcome(BANDS, 2, 12), DecisionOutcome::TooFewResults);
        let few = BANDS.replace("measure", "min_n = 10\nmeasure");
        let names = ["GREEN", "AMBER", "RED"].map(str::to_owned).to_vec();
        assert_eq!(
            outcome(&few, 2, 12),
            DecisionOutcome::Bands { bands: names }
        );
    }

    #[test]
    fn enough_results_on_one_side_are_in_a_band() {
        let band = |name: &str| DecisionOutcome::Band {
            band: name.to_owned(),
        };
        assert_eq!(outcome(BANDS, 200, 1000), band("RED"));
        assert_eq!(outcome(BANDS, 100, 1000), band("AMBER"));
        assert_eq!(outcome(BANDS, 10, 1000), band("GREEN"));
    }

    #[test]
    fn thresholds_are_decided_by_limits_both_ways() {
        let most =
            "[[thresholds]]\nname = \"t\"\nwhose = \"us\"\nmeasure = \"strict\"\nat_most = 0.1\n";
        assert_eq!(outcome(most, 50, 1000), DecisionOutcome::Within);
        assert_eq!(outcome(most, 95, 1000), DecisionOutcome::NotDecided);
        assert_eq!(outcome(most, 150, 1000), DecisionOutcome::Beyond);
        assert_eq!(outcome(most, 2, 12), DecisionOutcome::TooFewResults);
        let least = most.replace("at_most", "at_least");
        assert_eq!(outcome(&least, 50, 1000), DecisionOutcome::Beyond);
        assert_eq!(outcome(&least, 150, 1000), DecisionOutcome::Within);
        let other = most.replace("strict", "broad");
        assert_eq!(outcome(&other, 150, 1000), DecisionOutcome::NotRecorded);
    }

    #[test]
    fn a_threshold_without_an_owner_or_with_two_limits_is_refused() {
        let refused = |extra: &str| {
            let text = format!(
                "title = \"Q?\"\nnumber = \"1\"\nseries = \"S\"\nauthor = \"A\"\n\
                 edition_date = \"2026-11-23\"\ncorpus = \"C\"\n[[inputs]]\npath = \"a.db\"\n{extra}"
            );
            Definition::parse(&text, Path::new("report.toml")).is_err()
        };
        let base = "[[thresholds]]\nname = \"t\"\nwhose = \"us\"\nmeasure = \"strict\"\n";
        assert!(refused(base));
        assert!(refused(&format!("{base}at_most = 0.1\nat_least = 0.2\n")));
        assert!(refused(&format!("{base}at_most = 10\n")));
        assert!(refused(
            &format!("{base}at_most = 0.1\n").replace("us", " ")
        ));
        assert!(refused(&BANDS.replace("0.15", "0.01")));
        assert!(!refused(BANDS));
    }
}
