//! P-values and levels for many tests at once, and the families they belong to.
//!
//! Bonferroni, Šidák, Holm and Hochberg bound the chance of any false alarm in a
//! family; Benjamini and Hochberg bound the expected share of false alarms among
//! the tests that are reported, Benjamini and Yekutieli do so under any
//! dependence. Bonferroni and Holm hold under any dependence; Šidák, Hochberg and
//! Benjamini-Hochberg ask for independence or positive dependence. Adjusted
//! values come in the order of the input, never above 1, and keep the order of
//! the p-values. Which tests make a family is the caller's to declare: a test
//! that could not be made is listed and not counted.
//!
//! Sources: Šidák 1967; Holm 1979; Hochberg 1988; Benjamini and Hochberg 1995;
//! Benjamini and Yekutieli 2001.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::{AdjustedTest, Family},
    sums::{count, sum},
};

/// How p-values are adjusted for the number of tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Adjustment {
    /// `m p`.
    Bonferroni,
    /// `1 - (1 - p)^m`.
    Sidak,
    /// `(m - i + 1) p_(i)`, each at least the one before.
    Holm,
    /// `(m - i + 1) p_(i)`, each at most the one after.
    Hochberg,
    /// `m p_(i) / i`, each at most the one after.
    BenjaminiHochberg,
    /// The same times `1 + 1/2 + … + 1/m`.
    BenjaminiYekutieli,
}

/// Adjusts p-values, in the order in which they are given.
///
/// ```
/// use caveat_analysis::multiplicity::{Adjustment, adjust};
///
/// let holm = adjust(&[0.01, 0.04, 0.03], Adjustment::Holm)?;
/// assert_eq!(holm, [0.03, 0.06, 0.06]);
/// # Ok::<(), caveat_analysis::NotEstimable>(())
/// ```
///
/// # Errors
/// `OutOfRange` unless every p lies in [0, 1]. No test gives no value.
pub fn adjust(p: &[f64], adjustment: Adjustment) -> Estimable<Vec<f64>> {
    if !p.iter().all(|p| (0.0..=1.0).contains(p)) {
        return Err(NotEstimable::OutOfRange);
    }
    let m = count(p.len());
    let harmonic = sum((1..=p.len()).map(|i| 1.0 / count(i)));
    Ok(match adjustment {
        Adjustment::Bonferroni => p.iter().map(|p| (m * p).min(1.0)).collect(),
        Adjustment::Sidak => p
            .iter()
            .map(|p| -libm::expm1(m * libm::log1p(-p)))
            .collect(),
        Adjustment::Holm => stepwise(p, Step::Down, |i| m - i + 1.0),
        Adjustment::Hochberg => stepwise(p, Step::Up, |i| m - i + 1.0),
        Adjustment::BenjaminiHochberg => stepwise(p, Step::Up, |i| m / i),
        Adjustment::BenjaminiYekutieli => stepwise(p, Step::Up, |i| harmonic * m / i),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// From the smallest p, each at least the one before.
    Down,
    /// From the largest p, each at most the one after.
    Up,
}

/// Multiplies the i-th smallest p by `factor(i)` and makes the result monotone.
fn stepwise(p: &[f64], step: Step, factor: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut ranked: Vec<(usize, f64)> = order
        .into_iter()
        .enumerate()
        .map(|(rank, place)| (place, factor(count(rank + 1)) * p[place]))
        .collect();
    if step == Step::Up {
        ranked.reverse();
    }
    let mut adjusted = vec![0.0; p.len()];
    let mut bound = if step == Step::Down { 0.0_f64 } else { 1.0 };
    for (place, value) in ranked {
        bound = match step {
            Step::Down => bound.max(value.min(1.0)),
            Step::Up => bound.min(value),
        };
        adjusted[place] = bound;
    }
    adjusted
}

/// The error probability of a single test at which `tests` independent ones have
/// `alpha` together (Šidák 1967); `alpha` itself for one test or none.
pub fn sidak_alpha(alpha: f64, tests: usize) -> f64 {
    -libm::expm1(libm::log1p(-alpha) / count(tests.max(1)))
}

/// One test of a family before its adjustment.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What is tested.
    pub label: String,
    /// Its p-value, or why there is none.
    pub p: Estimable<f64>,
}

/// Declares a family: adjusts its tests and says which of them reach `alpha`.
///
/// Tests without a p-value stay in the list with their reason and do not count.
///
/// # Errors
/// Every adjusted value is `OutOfRange` if a p lies outside [0, 1].
pub fn family(name: &str, tests: &[Test], adjustment: Adjustment, alpha: f64) -> Family {
    let given: Vec<f64> = tests.iter().filter_map(|t| t.p.ok()).collect();
    let adjusted = adjust(&given, adjustment);
    let mut next = 0;
    let rows: Vec<AdjustedTest> = tests
        .iter()
        .map(|test| {
            let value = test.p.and_then(|_| {
                next += 1;
                let values = adjusted.as_ref().map_err(|reason| *reason)?;
                values
                    .get(next - 1)
                    .copied()
                    .ok_or(NotEstimable::LengthMismatch)
            });
            AdjustedTest {
                label: test.label.clone(),
                p: test.p.into(),
                p_adjusted: value.into(),
                rejected: value.map(|p| p <= alpha).into(),
            }
        })
        .collect();
    Family {
        name: name.to_owned(),
        adjustment,
        alpha: Number(alpha),
        counted: given.len(),
        rejected: rows
            .iter()
            .filter(|row| row.rejected == Quantity::Known(true))
            .count(),
        tests: rows,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const ALL: [Adjustment; 6] = [
        Adjustment::Bonferroni,
        Adjustment::Sidak,
        Adjustment::Holm,
        Adjustment::Hochberg,
        Adjustment::BenjaminiHochberg,
        Adjustment::BenjaminiYekutieli,
    ];

    #[test]
    fn no_test_gives_no_value_and_a_p_above_one_is_refused() {
        for way in ALL {
            assert_eq!(adjust(&[], way), Ok(Vec::new()));
            assert_eq!(adjust(&[0.2, 1.1], way), Err(NotEstimable::OutOfRange));
            assert_eq!(adjust(&[f64::NAN], way), Err(NotEstimable::OutOfRange));
            assert_eq!(adjust(&[0.0, 1.0], way).unwrap(), [0.0, 1.0]);
        }
    }

    #[test]
    fn a_test_that_was_not_made_is_listed_and_does_not_count() {
        let test = |label: &str, p| Test {
            label: label.to_owned(),
            p,
        };
        let tests = [
            test("a", Ok(0.02)),
            test("b", Err(NotEstimable::NoVariance)),
            test("c", Ok(0.6)),
        ];
        let f = family("pairs", &tests, Adjustment::Holm, 0.05);
        assert_eq!((f.counted, f.rejected), (2, 1));
        assert_eq!(f.tests[0].p_adjusted.number(), Some(0.04));
        assert_eq!(f.tests[1].rejected.reason(), Some(NotEstimable::NoVariance));
        assert_eq!(f.tests[2].p_adjusted.number(), Some(0.6));
    }

    #[test]
    fn the_level_of_sidak_is_kept_by_that_many_tests() {
        let single = sidak_alpha(0.05, 7);
        assert!((1.0 - libm::pow(1.0 - single, 7.0) - 0.05).abs() < 1e-15);
        assert_eq!(sidak_alpha(0.05, 0), sidak_alpha(0.05, 1));
    }

    proptest! {
        #[test]
        fn adjusted_values_keep_the_order_and_never_fall_below_p(
            p in proptest::collection::vec(0.0_f64..=1.0, 1..40),
        ) {
            for way in ALL {
                let adjusted = adjust(&p, way).unwrap();
                for (i, (a, raw)) in adjusted.iter().zip(&p).enumerate() {
                    prop_assert!(*a >= raw - 1e-15 && *a <= 1.0);
                    for (b, other) in adjusted.iter().zip(&p).skip(i + 1) {
                        prop_assert!(raw.total_cmp(other) != std::cmp::Ordering::Less || a <= b);
                    }
                }
            }
        }
    }
}
