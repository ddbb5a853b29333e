//! A success rate put right for a grader that errs.
//!
//! Rogan and Gladen (1978): `p = (q + Sp - 1)/(Se + Sp - 1)` with q the observed
//! rate, Se the share of true successes that the grader calls so and Sp the share
//! of true failures that it calls so. Where both come from labelled samples their
//! own error adds to the interval (delta method; Lang and Reiczigel 2014, the one
//! to print). A raw value outside 0 to 1 is cut off and flagged: below 0 the
//! specificity is too low for so few successes. Errors of the grader are taken as
//! the same for every trace counted; where they differ between providers, each
//! needs its own. A grader with `Se + Sp <= 1` says nothing and is refused.

use crate::{
    proportion::{Count, Interval, Level, wilson},
    reason::{Estimable, NotEstimable},
};

/// A share known exactly, or estimated from a labelled sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    value: f64,
    labelled: Option<f64>,
}

impl Share {
    /// A share taken as known.
    ///
    /// # Errors
    /// `OutOfRange` unless `0 <= value <= 1`.
    pub fn known(value: f64) -> Estimable<Self> {
        Self::checked(value, None)
    }

    /// A share estimated from a count of labelled traces.
    pub fn estimated(count: Count) -> Self {
        Share {
            value: count.share(),
            labelled: Some(count.n()),
        }
    }

    /// A share given as a number with the size of the labelled sample behind it.
    ///
    /// # Errors
    /// `OutOfRange` unless `0 <= value <= 1`, `NoTraces` for an empty sample.
    pub fn of_sample(value: f64, labelled: u64) -> Estimable<Self> {
        if labelled == 0 {
            return Err(NotEstimable::NoTraces);
        }
        Self::checked(value, Some(crate::sums::count_u64(labelled)))
    }

    fn checked(value: f64, labelled: Option<f64>) -> Estimable<Self> {
        if !(0.0..=1.0).contains(&value) {
            return Err(NotEstimable::OutOfRange);
        }
        Ok(Share { value, labelled })
    }

    /// The share.
    pub fn value(self) -> f64 {
        self.value
    }

    /// Size of the labelled sample, if the share was estimated.
    pub fn labelled(self) -> Option<f64> {
        self.labelled
    }

    /// `value (1 - value)/m`, 0 where known.
    fn variance(self) -> f64 {
        self.labelled
            .map_or(0.0, |m| self.value * (1.0 - self.value) / m)
    }

    /// One success and one failure more, as Lang and Reiczigel have it.
    fn shrunk(self) -> Self {
        self.labelled.map_or(self, |m| Share {
            value: (m * self.value + 1.0) / (m + 2.0),
            labelled: Some(m + 2.0),
        })
    }
}

/// How well a grader tells success from failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// Share of true successes called successes.
    pub sensitivity: Share,
    /// Share of true failures called failures.
    pub specificity: Share,
}

impl Accuracy {
    /// Reads accuracy off a labelled sample: rows say what is true (success,
    /// failure), columns what the grader said.
    ///
    /// # Errors
    /// `NoTraces` where a row is empty.
    pub fn from_labels(table: [[u64; 2]; 2]) -> Estimable<Self> {
        let [[hit, missed], [false_alarm, rightly]] = table;
        Ok(Accuracy {
            sensitivity: Share::estimated(Count::new(hit, hit.saturating_add(missed))?),
            specificity: Share::estimated(Count::new(
                rightly,
                rightly.saturating_add(false_alarm),
            )?),
        })
    }

    /// Youden's index, `Se + Sp - 1`.
    pub fn youden(&self) -> f64 {
        self.sensitivity.value + self.specificity.value - 1.0
    }

    fn informative(&self) -> Estimable<f64> {
        let youden = self.youden();
        if youden > 0.0 {
            Ok(youden)
        } else {
            Err(NotEstimable::UninformativeGrader)
        }
    }

    /// The true rate behind an observed one, not cut off at 0 and 1.
    ///
    /// # Errors
    /// `UninformativeGrader`.
    pub fn raw(&self, observed: f64) -> Estimable<f64> {
        Ok((observed + self.specificity.value - 1.0) / self.informative()?)
    }
}

/// A rate put right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corrected {
    /// Observed rate.
    pub observed: f64,
    /// Corrected rate as the formula gives it.
    pub raw: f64,
    /// The same, cut off at 0 and 1.
    pub rate: f64,
    /// Whether it had to be cut off.
    pub clipped: bool,
    /// Standard error by the delta method, of the raw value.
    pub se: f64,
    /// Normal interval about the raw value, cut off at 0 and 1; for comparison.
    pub wald: Interval,
    /// Wilson's limits of the observed rate put through the formula: what is left
    /// of the interval where sensitivity and specificity are taken as known.
    pub mapped_wilson: Interval,
    /// Lang and Reiczigel's interval. With shares taken as known only the
    /// observed rate is adjusted.
    pub lang_reiczigel: Interval,
    /// Its centre.
    pub lang_reiczigel_centre: f64,
}

/// Puts a rate right.
///
/// # Errors
/// `UninformativeGrader` where `Se + Sp <= 1`, also after Lang and Reiczigel's
/// adjustment of small labelled samples.
pub fn corrected(observed: Count, accuracy: &Accuracy, level: Level) -> Estimable<Corrected> {
    let youden = accuracy.informative()?;
    let (q, z) = (observed.share(), level.z());
    let raw = accuracy.raw(q)?;
    let variance = q * (1.0 - q) / observed.n()
        + raw * raw * accuracy.sensitivity.variance()
        + (1.0 - raw) * (1.0 - raw) * accuracy.specificity.variance();
    let se = libm::sqrt(variance) / youden;
    let limits = wilson(observed, level);
    let (centre, half) = lang_reiczigel(observed, accuracy, z)?;
    Ok(Corrected {
        observed: q,
        raw,
        rate: raw.clamp(0.0, 1.0),
        clipped: !(0.0..=1.0).contains(&raw),
        se,
        wald: clipped(Interval::around(raw, z * se)),
        mapped_wilson: clipped(Interval {
            lower: accuracy.raw(limits.lower)?,
            upper: accuracy.raw(limits.upper)?,
        }),
        lang_reiczigel: clipped(Interval::around(centre, half)),
        lang_reiczigel_centre: centre,
    })
}

/// Centre and half-width: z² traces half of them successes are added to the
/// sample, one of each kind to the labelled ones, and the centre is shifted by
/// `2 z² (p Se(1-Se)/m1 - (1-p) Sp(1-Sp)/m0)`.
fn lang_reiczigel(observed: Count, accuracy: &Accuracy, z: f64) -> Estimable<(f64, f64)> {
    let n = observed.n() + z * z;
    let q = (observed.x() + z * z / 2.0) / n;
    let shrunk = Accuracy {
        sensitivity: accuracy.sensitivity.shrunk(),
        specificity: accuracy.specificity.shrunk(),
    };
    let p = shrunk.raw(q)?;
    let (se, sp) = (shrunk.sensitivity.variance(), shrunk.specificity.variance());
    let shift = 2.0 * z * z * (p * se - (1.0 - p) * sp);
    let variance = q * (1.0 - q) / n + p * p * se + (1.0 - p) * (1.0 - p) * sp;
    Ok((p + shift, z * libm::sqrt(variance) / shrunk.informative()?))
}

fn clipped(i: Interval) -> Interval {
    Interval {
        lower: i.lower.clamp(0.0, 1.0),
        upper: i.upper.clamp(0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn accuracy(se: f64, sp: f64, labelled: Option<u64>) -> Accuracy {
        let share = |v: f64| match labelled {
            Some(m) => Share::of_sample(v, m).unwrap(),
            None => Share::known(v).unwrap(),
        };
        Accuracy {
            sensitivity: share(se),
            specificity: share(sp),
        }
    }

    #[test]
    fn a_grader_without_errors_changes_nothing() {
        let c = Count::new(30, 100).unwrap();
        let fixed = corrected(c, &accuracy(1.0, 1.0, None), Level::P95).unwrap();
        assert!((fixed.rate - 0.3).abs() < 1e-15 && !fixed.clipped);
        let limits = wilson(c, Level::P95);
        assert!((fixed.mapped_wilson.lower - limits.lower).abs() < 1e-15);
    }

    #[test]
    fn a_grader_that_guesses_is_refused() {
        let c = Count::new(3, 9).unwrap();
        for (se, sp) in [(0.5, 0.5), (0.4, 0.4), (0.0, 1.0)] {
            assert_eq!(
                corrected(c, &accuracy(se, sp, None), Level::P95),
                Err(NotEstimable::UninformativeGrader)
            );
        }
        assert_eq!(Share::known(f64::NAN), Err(NotEstimable::OutOfRange));
        assert_eq!(Share::known(1.1), Err(NotEstimable::OutOfRange));
        assert_eq!(Share::of_sample(0.5, 0), Err(NotEstimable::NoTraces));
    }

    #[test]
    fn labels_give_sensitivity_by_row() {
        let a = Accuracy::from_labels([[45, 5], [2, 98]]).unwrap();
        assert_eq!((a.sensitivity.value(), a.specificity.value()), (0.9, 0.98));
        assert_eq!(
            Accuracy::from_labels([[0, 0], [1, 2]]),
            Err(NotEstimable::NoTraces)
        );
    }

    #[test]
    fn few_successes_under_many_false_alarms_are_cut_off_and_flagged() {
        let c = Count::new(1, 40).unwrap();
        let fixed = corrected(c, &accuracy(0.9, 0.9, Some(60)), Level::P95).unwrap();
        assert!(fixed.clipped && fixed.rate == 0.0 && fixed.raw < 0.0);
        assert!(fixed.lang_reiczigel.lower == 0.0 && fixed.lang_reiczigel.upper > 0.0);
    }

    proptest! {
        #[test]
        fn an_uncertain_grader_never_narrows_the_standard_error(
            x in 0_u64..=60, se in 0.6_f64..=1.0, sp in 0.6_f64..=1.0, m in 1_u64..500,
        ) {
            let c = Count::new(x, 60).unwrap();
            let known = corrected(c, &accuracy(se, sp, None), Level::P95).unwrap();
            let learnt = corrected(c, &accuracy(se, sp, Some(m)), Level::P95);
            if let Ok(learnt) = learnt {
                prop_assert!(learnt.se >= known.se - 1e-15);
                prop_assert!(learnt.lang_reiczigel.lower <= learnt.lang_reiczigel.upper);
            }
        }
    }
}
