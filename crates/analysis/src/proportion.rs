//! Intervals for one proportion, and the types every interval uses.
//!
//! All methods assume that the traces are independent draws with one success
//! probability; several traces per prompt break that and make each interval
//! too narrow. No trace at all is refused when a [`Count`] is made, so the
//! functions themselves cannot fail for want of data.

use serde::{Deserialize, Serialize};

use crate::{
    reason::{Estimable, NotEstimable},
    special,
    sums::count_u64,
};

/// A confidence level strictly between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Level {
    value: f64,
}

impl Level {
    /// Ninety-five per cent.
    pub const P95: Level = Level { value: 0.95 };
    /// Ninety per cent, the custom for intervals of a share of variance.
    pub const P90: Level = Level { value: 0.90 };

    /// Takes a level such as `0.95`.
    ///
    /// # Errors
    /// [`NotEstimable::OutOfRange`] unless `0 < value < 1`.
    pub fn new(value: f64) -> Estimable<Self> {
        if value > 0.0 && value < 1.0 {
            return Ok(Level { value });
        }
        Err(NotEstimable::OutOfRange)
    }

    /// The level as a share, such as `0.95`.
    pub fn value(self) -> f64 {
        self.value
    }

    /// The probability left out on both sides together.
    pub fn alpha(self) -> f64 {
        1.0 - self.value
    }

    /// The two-sided standard normal quantile, 1.96 at 95 %.
    pub fn z(self) -> f64 {
        // The probability lies strictly inside (0, 1), where the quantile exists.
        special::normal_quantile(self.alpha() / 2.0).map_or(f64::INFINITY, |z| -z)
    }

    /// The two-sided quantile of Student's t on `df` degrees of freedom.
    ///
    /// # Errors
    /// [`NotEstimable::OutOfRange`] where `df` is not positive.
    pub fn t(self, df: f64) -> Estimable<f64> {
        Ok(-special::t_quantile(self.alpha() / 2.0, df)?)
    }
}

/// A confidence interval; a limit may be infinite, never NaN.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Interval {
    /// Lower limit.
    pub lower: f64,
    /// Upper limit.
    pub upper: f64,
}

impl Interval {
    /// The interval `centre` plus and minus `half_width`.
    pub fn around(centre: f64, half_width: f64) -> Self {
        Interval {
            lower: centre - half_width,
            upper: centre + half_width,
        }
    }

    /// Whether `value` lies within the limits, limits included.
    pub fn contains(&self, value: f64) -> bool {
        self.lower <= value && value <= self.upper
    }

    fn clipped(self) -> Self {
        Interval {
            lower: self.lower.max(0.0),
            upper: self.upper.min(1.0),
        }
    }
}

/// Successes among a positive number of trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    successes: u64,
    trials: u64,
}

impl Count {
    /// Takes `successes` out of `trials`.
    ///
    /// # Errors
    /// [`NotEstimable::NoTraces`] for no trial, [`NotEstimable::OutOfRange`]
    /// for more successes than trials.
    pub fn new(successes: u64, trials: u64) -> Estimable<Self> {
        if trials == 0 {
            return Err(NotEstimable::NoTraces);
        }
        if successes > trials {
            return Err(NotEstimable::OutOfRange);
        }
        Ok(Count { successes, trials })
    }

    /// Number of successes.
    pub fn successes(self) -> u64 {
        self.successes
    }

    /// Number of trials.
    pub fn trials(self) -> u64 {
        self.trials
    }

    /// Number of trials that did not succeed.
    pub fn failures(self) -> u64 {
        self.trials - self.successes
    }

    /// The observed share of successes.
    pub fn share(self) -> f64 {
        self.x() / self.n()
    }

    pub(crate) fn x(self) -> f64 {
        count_u64(self.successes)
    }

    pub(crate) fn n(self) -> f64 {
        count_u64(self.trials)
    }
}

/// Wilson's (1927) score interval, the default for every rate.
///
/// `(p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)`. Exactly 0 below
/// for no success and exactly 1 above for no failure.
pub fn wilson(c: Count, level: Level) -> Interval {
    let (p, n, z) = (c.share(), c.n(), level.z());
    let shrink = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / shrink;
    let half = z * libm::sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n)) / shrink;
    closed_ends(c, Interval::around(centre, half).clipped())
}

/// Wilson's interval with continuity correction (Newcombe 1998).
pub fn wilson_corrected(c: Count, level: Level) -> Interval {
    let (p, n, z) = (c.share(), c.n(), level.z());
    let q = 1.0 - p;
    let base = 2.0 * n * p + z * z;
    let below = z * libm::sqrt((z * z - 2.0 - 1.0 / n + 4.0 * p * (n * q + 1.0)).max(0.0));
    let above = z * libm::sqrt((z * z + 2.0 - 1.0 / n + 4.0 * p * (n * q - 1.0)).max(0.0));
    let divisor = 2.0 * (n + z * z);
    let lower = (base - 1.0 - below) / divisor;
    let upper = (base + 1.0 + above) / divisor;
    closed_ends(c, Interval { lower, upper }.clipped())
}

/// Clopper and Pearson's (1934) interval from beta quantiles: coverage is
/// never below the level. Closed ends at 0 and n successes keep half alpha.
///
/// # Errors
/// [`NotEstimable::NotConverged`] if a quantile cannot be found.
pub fn clopper_pearson(c: Count, level: Level) -> Estimable<Interval> {
    let (x, n, tail) = (c.x(), c.n(), level.alpha() / 2.0);
    let lower = match c.successes() {
        0 => 0.0,
        _ => special::beta_quantile(x, n - x + 1.0, tail)?,
    };
    let upper = match c.failures() {
        0 => 1.0,
        // The mirror image keeps the upper tail as a small probability.
        _ => 1.0 - special::beta_quantile(n - x, x + 1.0, tail)?,
    };
    Ok(Interval { lower, upper })
}

/// Equal-tailed interval of the Jeffreys posterior Beta(x + 1/2, n - x + 1/2),
/// with the ends closed at 0 and n successes (Brown, Cai and DasGupta 2001).
///
/// # Errors
/// [`NotEstimable::NotConverged`] if a quantile cannot be found.
pub fn jeffreys(c: Count, level: Level) -> Estimable<Interval> {
    let (a, b) = (c.x() + 0.5, c.n() - c.x() + 0.5);
    let tail = level.alpha() / 2.0;
    let lower = special::beta_quantile(a, b, tail)?;
    let upper = 1.0 - special::beta_quantile(b, a, tail)?;
    Ok(closed_ends(c, Interval { lower, upper }))
}

/// Agresti and Coull's (1998) interval, clipped to `[0, 1]`: Wald's after
/// adding z²/2 successes and as many failures. For compatibility only.
pub fn agresti_coull(c: Count, level: Level) -> Interval {
    let z = level.z();
    let n = c.n() + z * z;
    let p = (c.x() + z * z / 2.0) / n;
    Interval::around(p, z * libm::sqrt(p * (1.0 - p) / n)).clipped()
}

/// Wald's interval, clipped to `[0, 1]`. It has no width at 0 % and 100 %
/// and is here for reproducing others' figures, not for a headline.
pub fn wald(c: Count, level: Level) -> Interval {
    Interval::around(c.share(), level.z() * wald_standard_error(c)).clipped()
}

/// The plug-in standard error `sqrt(p(1-p)/n)`; 0 at 0 % and 100 %.
pub fn wald_standard_error(c: Count) -> f64 {
    libm::sqrt(c.share() * (1.0 - c.share()) / c.n())
}

/// The standard error that goes with the Wilson interval: that of
/// `(x + 2)/(n + 4)`, positive also at 0 % and 100 % (Agresti and Coull 1998).
pub fn adjusted_standard_error(c: Count) -> f64 {
    let n = c.n() + 4.0;
    let p = (c.x() + 2.0) / n;
    libm::sqrt(p * (1.0 - p) / n)
}

fn closed_ends(c: Count, i: Interval) -> Interval {
    Interval {
        lower: if c.successes() == 0 { 0.0 } else { i.lower },
        upper: if c.failures() == 0 { 1.0 } else { i.upper },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_trace_has_no_rate() {
        assert_eq!(Count::new(0, 0), Err(NotEstimable::NoTraces));
        assert_eq!(Count::new(3, 2), Err(NotEstimable::OutOfRange));
    }

    #[test]
    fn a_level_lies_strictly_between_zero_and_one() {
        for bad in [0.0, 1.0, -0.1, f64::NAN] {
            assert_eq!(Level::new(bad), Err(NotEstimable::OutOfRange));
        }
        assert!((Level::P95.z() - 1.959_963_984_540_054).abs() < 1e-14);
    }

    proptest! {
        #[test]
        fn a_wider_level_never_narrows_an_interval(n in 1_u64..400, share in 0.0_f64..=1.0) {
            let x = (share * n as f64) as u64;
            let c = Count::new(x, n).unwrap();
            let (narrow, wide) = (wilson(c, Level::P90), wilson(c, Level::P95));
            prop_assert!(wide.lower <= narrow.lower && wide.upper >= narrow.upper);
            let (narrow, wide) = (clopper_pearson(c, Level::P90).unwrap(), clopper_pearson(c, Level::P95).unwrap());
            prop_assert!(wide.lower <= narrow.lower + 1e-14 && wide.upper >= narrow.upper - 1e-14);
        }

        #[test]
        fn counting_failures_mirrors_the_interval(n in 1_u64..400, share in 0.0_f64..=1.0) {
            let x = (share * n as f64) as u64;
            let i = wilson(Count::new(x, n).unwrap(), Level::P95);
            let mirrored = wilson(Count::new(n - x, n).unwrap(), Level::P95);
            prop_assert!((i.lower - (1.0 - mirrored.upper)).abs() < 1e-14);
        }
    }
}
