//! How wrong the grader would have to be, and for whom, to change the order.
//!
//! For two providers the false alarms on the higher one, or the misses on the
//! lower one, that would make their true rates equal, all else as stated. With
//! `p = (q + Sp - 1)/(Se + Sp - 1)` on both sides: `1 - Sp* = (q2 - p1 Se)/(1 - p1)`
//! and `Se* = 1 - Sp + (q1 + Sp - 1)/p2`. Beside it the same in single verdicts,
//! which needs no model of the grader, and how many false successes would end the
//! finding that the two can be told apart (in the manner of Walsh et al.'s 2014
//! fragility index, with Newcombe's adjusted interval for the test).

use crate::{
    difference::newcombe,
    estimate::bonferroni,
    misclassified::{Accuracy, Share},
    proportion::{Count, Interval, Level},
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::TippingPoint,
    special,
};

/// A provider's verdicts and how well they were graded.
#[derive(Clone, Debug, PartialEq)]
pub struct GradedSide {
    /// Provider.
    pub name: String,
    /// Successes and traces.
    pub count: Count,
    /// Accuracy of the grader; `None` takes every verdict as right.
    pub accuracy: Option<Accuracy>,
}

/// The table for every pair, by rising corrected rate, then name.
///
/// # Errors
/// The table is absent with `UninformativeGrader` where a stated accuracy tells
/// nothing.
pub fn tipping_points(sides: &[GradedSide], level: Level) -> Quantity<Vec<TippingPoint>> {
    table(sides, level).into()
}

/// A side with its rate put right.
struct Side<'a> {
    given: &'a GradedSide,
    sensitivity: f64,
    specificity: f64,
    rate: f64,
}

fn table(sides: &[GradedSide], level: Level) -> Estimable<Vec<TippingPoint>> {
    let mut order: Vec<Side<'_>> = sides.iter().map(Side::new).collect::<Estimable<_>>()?;
    order.sort_by(|a, b| {
        let rates = a.rate.total_cmp(&b.rate);
        rates.then_with(|| a.given.name.cmp(&b.given.name))
    });
    let k = order.len();
    let adjusted = bonferroni(level, k * k.saturating_sub(1) / 2);
    let mut rows = Vec::with_capacity(k * k.saturating_sub(1) / 2);
    for (i, low) in order.iter().enumerate() {
        for high in order.iter().skip(i + 1) {
            rows.push(row(low, high, adjusted)?);
        }
    }
    Ok(rows)
}

impl<'a> Side<'a> {
    fn new(given: &'a GradedSide) -> Estimable<Self> {
        let (sensitivity, specificity) = given.accuracy.map_or((1.0, 1.0), |a| {
            (a.sensitivity.value(), a.specificity.value())
        });
        let q = given.count.share();
        let raw = given.accuracy.map_or(Ok(q), |a| a.raw(q))?;
        Ok(Side {
            given,
            sensitivity,
            specificity,
            rate: raw.clamp(0.0, 1.0),
        })
    }

    fn share(&self) -> f64 {
        self.given.count.share()
    }
}

fn row(low: &Side<'_>, high: &Side<'_>, adjusted: Level) -> Estimable<TippingPoint> {
    let false_alarms = false_alarm_rate(low.rate, high);
    let misses = miss_rate(low, high.rate);
    let (a, b) = (low.given.count, high.given.count);
    let told_apart = above(a, b, adjusted);
    Ok(TippingPoint {
        lower: low.given.name.clone(),
        higher: high.given.name.clone(),
        rate_lower: Number(low.rate),
        rate_higher: Number(high.rate),
        within_labelled_error: within(low, high, false_alarms, misses).into(),
        false_alarm_rate_higher: false_alarms.into(),
        false_alarm_rate_assumed: Number(1.0 - high.specificity),
        miss_rate_lower: misses.into(),
        miss_rate_assumed: Number(1.0 - low.sensitivity),
        successes_to_reverse: fewest(b.successes(), |k| reaches(Ok(a), lessened(b, k))),
        failures_to_reverse: fewest(a.failures(), |k| reaches(raised(a, k), Ok(b))),
        told_apart,
        successes_to_lose: if told_apart {
            fewest(b.successes(), |k| {
                lessened(b, k).is_ok_and(|fewer| !above(a, fewer, adjusted))
            })
        } else {
            0
        },
    })
}

/// False alarms on the higher side that put its rate at `target`.
///
/// `OutOfRange` where no share between 0 and 1 does.
fn false_alarm_rate(target: f64, high: &Side<'_>) -> Estimable<f64> {
    let room = 1.0 - target;
    if room <= 0.0 {
        return Err(NotEstimable::OutOfRange);
    }
    let rate = (high.share() - target * high.sensitivity) / room;
    attainable(rate, high.sensitivity - rate)
}

/// Misses on the lower side that put its rate at `target`.
fn miss_rate(low: &Side<'_>, target: f64) -> Estimable<f64> {
    let hits = low.share() + low.specificity - 1.0;
    if target <= 0.0 || hits <= 0.0 {
        return Err(NotEstimable::OutOfRange);
    }
    let sensitivity = 1.0 - low.specificity + hits / target;
    attainable(1.0 - sensitivity, sensitivity + low.specificity - 1.0)
}

fn attainable(rate: f64, youden: f64) -> Estimable<f64> {
    if (0.0..=1.0).contains(&rate) && youden > 0.0 {
        Ok(rate)
    } else {
        Err(NotEstimable::OutOfRange)
    }
}

/// Whether 95% limits of a labelled share reach either tipping point.
fn within(
    low: &Side<'_>,
    high: &Side<'_>,
    false_alarms: Estimable<f64>,
    misses: Estimable<f64>,
) -> Estimable<bool> {
    let accuracy = |side: &Side<'_>| side.given.accuracy.ok_or(NotEstimable::NotGiven);
    let specificity = limits(accuracy(high)?.specificity);
    let sensitivity = limits(accuracy(low)?.sensitivity);
    if specificity.is_err() && sensitivity.is_err() {
        return Err(NotEstimable::NotGiven);
    }
    let reached = |limits: Estimable<Interval>, error: Estimable<f64>| {
        limits.is_ok_and(|l| error.is_ok_and(|e| l.lower <= 1.0 - e))
    };
    Ok(reached(specificity, false_alarms) || reached(sensitivity, misses))
}

/// Wilson's 95% limits of a share of a labelled sample.
fn limits(share: Share) -> Estimable<Interval> {
    let m = share.labelled().ok_or(NotEstimable::NotGiven)?;
    let (p, z) = (share.value(), special::normal_quantile(0.975)?);
    let shrink = 1.0 + z * z / m;
    let half = z * libm::sqrt(p * (1.0 - p) / m + z * z / (4.0 * m * m)) / shrink;
    Ok(Interval::around((p + z * z / (2.0 * m)) / shrink, half))
}

/// Whether the second rate is above the first beyond chance; once it is not, a
/// lower second rate never makes it so again.
fn above(a: Count, b: Count, adjusted: Level) -> bool {
    newcombe(b, a, adjusted).lower > 0.0
}

fn lessened(c: Count, by: u64) -> Estimable<Count> {
    Count::new(c.successes().saturating_sub(by), c.trials())
}

fn raised(c: Count, by: u64) -> Estimable<Count> {
    Count::new(c.successes().saturating_add(by), c.trials())
}

/// Whether the first rate is at least the second, in whole numbers.
fn reaches(a: Estimable<Count>, b: Estimable<Count>) -> bool {
    let (Ok(a), Ok(b)) = (a, b) else {
        return false;
    };
    let product = |x: u64, n: u64| u128::from(x) * u128::from(n);
    product(a.successes(), b.trials()) >= product(b.successes(), a.trials())
}

/// The smallest number from 0 to `most` at which a condition holds that then
/// holds for all larger ones; `most` where it holds for none below.
fn fewest(most: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn side(name: &str, x: u64, n: u64, accuracy: Option<(f64, f64, u64)>) -> GradedSide {
        let share = |v: f64, m: u64| Share::of_sample(v, m).unwrap();
        GradedSide {
            name: name.into(),
            count: Count::new(x, n).unwrap(),
            accuracy: accuracy.map(|(se, sp, m)| Accuracy {
                sensitivity: share(se, m),
                specificity: share(sp, m),
            }),
        }
    }

    fn points(sides: &[GradedSide]) -> Vec<TippingPoint> {
        tipping_points(sides, Level::P95).known().unwrap().clone()
    }

    #[test]
    fn a_right_grader_would_have_to_err_by_the_difference() {
        let rows = points(&[side("b", 30, 100, None), side("a", 10, 100, None)]);
        let t = &rows[0];
        assert_eq!((t.lower.as_str(), t.higher.as_str()), ("a", "b"));
        // (0.3 - 0.1)/0.9 of the true failures, or 1 - 0.1/0.3 of the true successes.
        assert!((t.false_alarm_rate_higher.number().unwrap() - 0.2 / 0.9).abs() < 1e-15);
        assert!((t.miss_rate_lower.number().unwrap() - 2.0 / 3.0).abs() < 1e-15);
        assert_eq!((t.successes_to_reverse, t.failures_to_reverse), (20, 20));
        assert_eq!(
            t.within_labelled_error.reason(),
            Some(NotEstimable::NotGiven)
        );
        assert!(t.told_apart && t.successes_to_lose > 0 && t.successes_to_lose < 20);
    }

    #[test]
    fn at_the_tipping_point_the_corrected_rates_are_equal() {
        let (se, sp) = (0.9, 0.97);
        let sides = [
            side("a", 12, 120, Some((se, sp, 80))),
            side("b", 40, 150, Some((se, sp, 80))),
        ];
        let t = &points(&sides)[0];
        let corrected = |q: f64, se: f64, sp: f64| (q + sp - 1.0) / (se + sp - 1.0);
        let alarm = t.false_alarm_rate_higher.number().unwrap();
        let miss = t.miss_rate_lower.number().unwrap();
        let (low, high) = (t.rate_lower.0, t.rate_higher.0);
        assert!((corrected(40.0 / 150.0, se, 1.0 - alarm) - low).abs() < 1e-12);
        assert!((corrected(0.1, 1.0 - miss, sp) - high).abs() < 1e-12);
        assert!(alarm > 1.0 - sp && miss > 1.0 - se);
        assert_eq!(t.within_labelled_error.known(), Some(&false));
    }

    #[test]
    fn a_small_labelled_sample_leaves_the_order_open() {
        let sides = [
            side("a", 12, 120, Some((0.9, 0.95, 20))),
            side("b", 18, 120, Some((0.9, 0.95, 20))),
        ];
        let t = &points(&sides)[0];
        assert_eq!(t.within_labelled_error.known(), Some(&true));
        assert!(!t.told_apart);
        assert_eq!(t.successes_to_lose, 0);
    }

    #[test]
    fn rates_at_the_ends_and_equal_rates_give_reasons_and_zeros() {
        let rows = points(&[side("a", 0, 25, None), side("b", 25, 25, None)]);
        assert_eq!(
            rows[0].miss_rate_lower.reason(),
            Some(NotEstimable::OutOfRange)
        );
        // Every trace of b would have to be a false alarm: the grader tells nothing then.
        assert_eq!(
            rows[0].false_alarm_rate_higher.reason(),
            Some(NotEstimable::OutOfRange)
        );
        assert_eq!(rows[0].successes_to_reverse, 25);
        for x in [0, 25] {
            let same = &points(&[side("a", x, 25, None), side("b", x, 25, None)])[0];
            assert_eq!(
                (same.successes_to_reverse, same.failures_to_reverse),
                (0, 0)
            );
        }
        assert!(points(&[]).is_empty() && points(&[side("a", 1, 2, None)]).is_empty());
    }

    #[test]
    fn a_grader_that_guesses_leaves_no_table() {
        let sides = [side("a", 1, 9, Some((0.5, 0.5, 10)))];
        assert_eq!(
            tipping_points(&sides, Level::P95).reason(),
            Some(NotEstimable::UninformativeGrader)
        );
    }
}
