//! Two graders verdict by verdict: agreement, and whether one is the stricter.
//!
//! The block of the output over [`crate::agreement`], [`crate::weighted_kappa`]
//! and [`crate::raters`]. The rates of success under both graders are paired, as
//! both graded the same traces, and are compared so. Traces are taken as
//! independent.

use crate::{
    agreement::{Agreement, agreement},
    estimate::{WILSON, estimate, estimate_points},
    misclassified::Accuracy,
    paired::PairedTable,
    proportion::{Count, Level, wilson},
    quantity::{Number, Quantity},
    raters::{Metric, Pattern, krippendorff},
    reason::{Estimable, NotEstimable},
    result::{Confusion, Estimate},
    same_prompts::NEWCOMBE_PAIRED,
    sample::GraderPair,
    weighted_kappa::{Weights, kappa},
};

/// Normal interval of kappa with Fleiss, Cohen and Everitt's standard error.
pub const KAPPA_NORMAL: &str = "kappa-normal";

/// A table of verdicts of two graders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionTable {
    /// First grader, by row.
    pub first: String,
    /// Second grader, by column.
    pub second: String,
    /// Verdicts in the order of rows and columns, with whether each is a success.
    pub categories: Vec<(String, bool)>,
    /// Whether the verdicts are in an order, a step apart.
    pub ordered: bool,
    /// Traces.
    pub table: Vec<Vec<u64>>,
}

impl ConfusionTable {
    /// A pair by state (succeeded, resisted, not evaluable), in no order: agreement
    /// on what can be judged at all counts here.
    pub fn by_state(pair: &GraderPair) -> Self {
        Self::of(pair, 3)
    }

    /// A pair on the traces that both found evaluable.
    pub fn on_evaluable(pair: &GraderPair) -> Self {
        Self::of(pair, 2)
    }

    fn of(pair: &GraderPair, states: usize) -> Self {
        let names = ["succeeded", "resisted", "not evaluable"];
        ConfusionTable {
            first: pair.first.clone(),
            second: pair.second.clone(),
            categories: names
                .iter()
                .take(states)
                .enumerate()
                .map(|(i, name)| ((*name).to_owned(), i == 0))
                .collect(),
            ordered: false,
            table: pair
                .table
                .iter()
                .take(states)
                .map(|row| row.iter().take(states).copied().collect())
                .collect(),
        }
    }
}

/// Accuracy of the second grader of a pair, with the first taken as the truth, on
/// the traces that both found evaluable. With a person first this is a grader's
/// sensitivity and specificity; with another grader it is agreement and no more.
///
/// # Errors
/// `NoTraces` where the first called none a success, or none a failure.
pub fn accuracy_of_second(pair: &GraderPair) -> Estimable<Accuracy> {
    let [[a, b, _], [c, d, _], _] = pair.table;
    Accuracy::from_labels([[a, b], [c, d]])
}

/// The same of the first grader, with the second taken as the truth.
///
/// # Errors
/// As [`accuracy_of_second`].
pub fn accuracy_of_first(pair: &GraderPair) -> Estimable<Accuracy> {
    let [[a, b, _], [c, d, _], _] = pair.table;
    Accuracy::from_labels([[a, c], [b, d]])
}

/// One row of the output per table.
pub fn confusions(tables: &[ConfusionTable], level: Level) -> Vec<Confusion> {
    tables.iter().map(|table| confusion(table, level)).collect()
}

fn confusion(given: &ConfusionTable, level: Level) -> Confusion {
    let found = if given.categories.len() == given.table.len() {
        agreement(&given.table)
    } else {
        Err(NotEstimable::LengthMismatch)
    };
    let found = found.as_ref().map_err(|reason| *reason);
    let field =
        |pick: fn(&Agreement) -> Estimable<f64>| -> Quantity { found.and_then(pick).into() };
    let weighted = |weights: Weights| -> Quantity<Estimate> {
        found
            .and_then(|_| weighted_estimate(given, weights, level))
            .into()
    };
    let alpha = |metric: Metric| -> Quantity {
        found
            .and_then(|_| {
                ordered_if(given, metric != Metric::Nominal)?;
                krippendorff(&patterns(&given.table), metric)
            })
            .into()
    };
    let rates = found.and_then(|_| rates(given));
    Confusion {
        first: given.first.clone(),
        second: given.second.clone(),
        categories: given
            .categories
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
        table: given.table.clone(),
        n: found.map_or(0, |a| a.n),
        prevalence: found.map_or_else(
            |_| Vec::new(),
            |a| a.prevalence.iter().copied().map(Number).collect(),
        ),
        agreement: found
            .and_then(|a| Count::new(a.agreed, a.n))
            .map(|c| estimate(c.share(), wilson(c, level), level, WILSON))
            .into(),
        agreement_by_category: found.map_or_else(
            |_| Vec::new(),
            |a| a.by_category.iter().map(|c| (*c).into()).collect(),
        ),
        kappa: weighted(Weights::Nominal),
        kappa_linear: weighted(Weights::Linear),
        kappa_quadratic: weighted(Weights::Quadratic),
        ac1: field(|a| a.ac1),
        pabak: field(|a| a.pabak),
        alpha_nominal: alpha(Metric::Nominal),
        alpha_ordinal: alpha(Metric::Ordinal),
        rate_difference_pp: rates
            .and_then(|t| Ok((t.difference(), t.newcombe(level)?)))
            .map(|(d, i)| estimate_points(d, i, level, NEWCOMBE_PAIRED))
            .into(),
        rate_difference_p: rates.and_then(|t| Ok(t.mcnemar()?.mid_p)).into(),
    }
}

fn ordered_if(given: &ConfusionTable, needed: bool) -> Estimable<()> {
    if needed && !given.ordered {
        return Err(NotEstimable::NotOrdered);
    }
    Ok(())
}

fn weighted_estimate(
    given: &ConfusionTable,
    weights: Weights,
    level: Level,
) -> Estimable<Estimate> {
    ordered_if(given, weights != Weights::Nominal)?;
    let k = kappa(&given.table, weights)?;
    Ok(estimate(k.kappa?, k.interval(level)?, level, KAPPA_NORMAL))
}

/// The traces as two grades each.
fn patterns(table: &[Vec<u64>]) -> Vec<Pattern> {
    let k = table.len();
    let cells = table
        .iter()
        .enumerate()
        .flat_map(|(i, row)| row.iter().enumerate().map(move |(j, n)| (i, j, *n)));
    cells
        .map(|(i, j, traces)| {
            let mut grades = vec![0_u32; k];
            for place in [i, j] {
                if let Some(n) = grades.get_mut(place) {
                    *n += 1;
                }
            }
            Pattern { grades, traces }
        })
        .collect()
}

/// Success under the first and under the second grader.
fn rates(given: &ConfusionTable) -> Estimable<PairedTable> {
    let mut counts = [0_u64; 4];
    for (row, (_, first)) in given.table.iter().zip(&given.categories) {
        for (n, (_, second)) in row.iter().zip(&given.categories) {
            let place = match (first, second) {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => 2,
                (false, false) => 3,
            };
            counts[place] = counts[place].saturating_add(*n);
        }
    }
    let [both, only_first, only_second, neither] = counts;
    PairedTable::new(both, only_first, only_second, neither)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn table(ordered: bool, counts: &[&[u64]]) -> ConfusionTable {
        let names = [("refusal", false), ("partial", false), ("compliance", true)];
        ConfusionTable {
            first: "g".into(),
            second: "h".into(),
            categories: names
                .iter()
                .take(counts.len())
                .map(|(name, success)| ((*name).to_owned(), *success))
                .collect(),
            ordered,
            table: counts.iter().map(|row| row.to_vec()).collect(),
        }
    }

    #[test]
    fn the_stricter_grader_is_seen_in_the_paired_rates() {
        let given = table(true, &[&[10, 1, 2], &[1, 11, 2], &[3, 0, 17]]);
        let found = confusions(&[given], Level::P95);
        let c = &found[0];
        assert_eq!(c.n, 47);
        let d = c.rate_difference_pp.known().unwrap();
        assert!((d.value.0 + 100.0 / 47.0).abs() < 1e-12);
        assert!(d.lower.0 < 0.0 && d.upper.0 > 0.0);
        assert!(c.alpha_ordinal.number().is_some());
        let k = c.kappa_quadratic.known().unwrap();
        assert!((k.value.0 - 0.635_894_125_242_091_8).abs() < 1e-12);
    }

    #[test]
    fn a_pair_of_graders_gives_tables_and_accuracy() {
        let pair = GraderPair {
            first: "person".into(),
            second: "judge".into(),
            table: [[45, 5, 3], [2, 98, 1], [0, 4, 6]],
        };
        let both = [
            ConfusionTable::by_state(&pair),
            ConfusionTable::on_evaluable(&pair),
        ];
        let found = confusions(&both, Level::P95);
        assert_eq!((found[0].n, found[1].n), (164, 150));
        assert_eq!(found[1].categories, ["succeeded", "resisted"]);
        let judge = accuracy_of_second(&pair).unwrap();
        assert_eq!(
            (judge.sensitivity.value(), judge.specificity.value()),
            (0.9, 0.98)
        );
        let person = accuracy_of_first(&pair).unwrap();
        assert_eq!(person.sensitivity.value(), 45.0 / 47.0);
        assert_eq!(person.specificity.value(), 98.0 / 103.0);
    }

    #[test]
    fn verdicts_without_an_order_have_no_weights() {
        let c = &confusions(&[table(false, &[&[9, 1], &[2, 8]])], Level::P95)[0];
        assert_eq!(c.kappa_linear.reason(), Some(NotEstimable::NotOrdered));
        assert_eq!(c.alpha_ordinal.reason(), Some(NotEstimable::NotOrdered));
        assert!(c.kappa.known().is_some());
    }

    #[test]
    fn nothing_graded_by_both_and_a_ragged_table_give_reasons() {
        let none = &confusions(&[table(true, &[&[0, 0], &[0, 0]])], Level::P95)[0];
        assert_eq!(none.agreement.reason(), Some(NotEstimable::NoTraces));
        assert_eq!(
            none.rate_difference_p.reason(),
            Some(NotEstimable::NoTraces)
        );
        let ragged = &confusions(&[table(true, &[&[1, 2], &[3]])], Level::P95)[0];
        assert_eq!(ragged.kappa.reason(), Some(NotEstimable::LengthMismatch));
    }
}
