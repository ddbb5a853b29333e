//! Small makers for the values of the output: estimates, ranges, points.
//!
//! Holds the names of the interval methods, so that each is spelled once.
//! Computes nothing but the change from shares to percentage points.

use crate::{
    proportion::{Interval, Level},
    quantity::Number,
    result::{Estimate, Range},
};

/// Wilson's score interval of a rate.
pub const WILSON: &str = "wilson";
/// Clopper and Pearson's exact interval of a rate.
pub const CLOPPER_PEARSON: &str = "clopper-pearson";
/// Student's t interval.
pub const STUDENT_T: &str = "student-t";
/// Student's t interval with HC3 standard errors.
pub const HC3: &str = "hc3";
/// Wilson's interval of a pooled rate, less the size line taken as known.
pub const WILSON_ABOUT_LINE: &str = "wilson-about-line";
/// Student's t interval for an average of new models about a line of other models.
pub const STUDENT_NEW_MODELS: &str = "student-t-new-models";
/// Newcombe's hybrid score interval of a difference.
pub const NEWCOMBE: &str = "newcombe";
/// Newcombe's interval at the level adjusted for all pairs.
pub const NEWCOMBE_BONFERRONI: &str = "newcombe-bonferroni";
/// Koopman's score interval of a ratio.
pub const KOOPMAN: &str = "koopman";

/// A share in percentage points.
pub(crate) fn points(share: f64) -> f64 {
    100.0 * share
}

/// A value with its interval.
pub(crate) fn estimate(
    value: f64,
    interval: Interval,
    level: Level,
    method: &'static str,
) -> Estimate {
    Estimate {
        value: Number(value),
        lower: Number(interval.lower),
        upper: Number(interval.upper),
        level: Number(level.value()),
        method,
    }
}

/// A value and its interval given as shares, in percentage points.
pub(crate) fn estimate_points(
    value: f64,
    interval: Interval,
    level: Level,
    method: &'static str,
) -> Estimate {
    let scaled = Interval {
        lower: points(interval.lower),
        upper: points(interval.upper),
    };
    estimate(points(value), scaled, level, method)
}

/// An interval without a value.
pub(crate) fn range(interval: Interval, level: Level) -> Range {
    Range {
        lower: Number(interval.lower),
        upper: Number(interval.upper),
        level: Number(level.value()),
    }
}

/// The level at which `tests` intervals hold at once (Bonferroni).
pub(crate) fn bonferroni(level: Level, tests: usize) -> Level {
    let share = level.alpha() / crate::sums::count(tests.max(1));
    // Only a share below half a unit in the last place of one is lost, far
    // beyond any number of providers.
    Level::new(1.0 - share).unwrap_or(level)
}
