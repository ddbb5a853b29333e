//! Ratio of two independent success rates, with four kinds of interval.
//!
//! Koopman's score interval is the one to print: it exists at zero and full
//! counts, where the logarithmic ones do not. A ratio over an observed rate of
//! zero is `f64::INFINITY`, and so is an upper limit that no data bound; zero
//! over zero is `ZeroCells`. Independence of traces and of the two arms is
//! assumed throughout.

use crate::{
    proportion::{Count, Interval, Level},
    reason::{Estimable, NotEstimable},
    root,
    sums::sum,
};

/// A ratio with the standard error of its logarithm and its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioEstimate {
    /// The ratio, after the adjustment that the method makes.
    pub value: f64,
    /// Standard error of the natural logarithm.
    pub log_se: f64,
    /// Normal interval on the logarithmic scale, exponentiated.
    pub interval: Interval,
}

impl RatioEstimate {
    fn from_log(log: f64, variance: f64, level: Level) -> Self {
        let log_se = libm::sqrt(variance.max(0.0));
        let half = level.z() * log_se;
        RatioEstimate {
            value: libm::exp(log),
            log_se,
            interval: Interval {
                lower: libm::exp(log - half),
                upper: libm::exp(log + half),
            },
        }
    }
}

/// The plain ratio of the observed rates, `f64::INFINITY` over zero.
///
/// # Errors
/// `ZeroCells` when neither arm has a success.
pub fn ratio(a: Count, b: Count) -> Estimable<f64> {
    match (a.successes(), b.successes()) {
        (0, 0) => Err(NotEstimable::ZeroCells),
        (_, 0) => Ok(f64::INFINITY),
        _ => Ok(a.share() / b.share()),
    }
}

/// Katz et al. (1978): normal on the logarithm, `1/x1 - 1/n1 + 1/x2 - 1/n2`.
///
/// # Errors
/// `ZeroCells` when an arm has no success.
pub fn katz(a: Count, b: Count, level: Level) -> Estimable<RatioEstimate> {
    if a.successes() == 0 || b.successes() == 0 {
        return Err(NotEstimable::ZeroCells);
    }
    let variance = sum([1.0 / a.x(), -1.0 / a.n(), 1.0 / b.x(), -1.0 / b.n()]);
    Ok(RatioEstimate::from_log(
        libm::log(a.share() / b.share()),
        variance,
        level,
    ))
}

/// Katz's interval after adding one half to all four cells, so one to each total.
pub fn haldane(a: Count, b: Count, level: Level) -> RatioEstimate {
    shifted(a, b, 1.0, level)
}

/// Walter (1975): one half added to counts and to totals.
pub fn walter(a: Count, b: Count, level: Level) -> RatioEstimate {
    shifted(a, b, 0.5, level)
}

fn shifted(a: Count, b: Count, to_total: f64, level: Level) -> RatioEstimate {
    let (x1, n1) = (a.x() + 0.5, a.n() + to_total);
    let (x2, n2) = (b.x() + 0.5, b.n() + to_total);
    let variance = sum([1.0 / x1, -1.0 / n1, 1.0 / x2, -1.0 / n2]);
    RatioEstimate::from_log(libm::log(x1 / n1) - libm::log(x2 / n2), variance, level)
}

/// Natural logarithm of the odds ratio and its standard error, one half added
/// to all four cells if any of them is empty (Haldane 1956, Anscombe 1956).
pub fn log_odds_ratio(a: Count, b: Count) -> (f64, f64) {
    let cells = [a.successes(), a.failures(), b.successes(), b.failures()];
    let half = if cells.contains(&0) { 0.5 } else { 0.0 };
    let (s1, f1) = (a.x() + half, a.n() - a.x() + half);
    let (s2, f2) = (b.x() + half, b.n() - b.x() + half);
    let log = libm::log(s1 / f1) - libm::log(s2 / f2);
    (log, libm::sqrt(1.0 / s1 + 1.0 / f1 + 1.0 / s2 + 1.0 / f2))
}

/// Koopman's (1984) score interval, by inverting Pearson's chi-squared with
/// the constrained maximum likelihood estimate; no N/(N-1) factor.
///
/// The lower limit is 0 when the first arm has no success, the upper limit
/// `f64::INFINITY` when the second has none.
///
/// # Errors
/// `ZeroCells` when neither arm has a success.
pub fn koopman(a: Count, b: Count, level: Level) -> Estimable<Interval> {
    let observed = ratio(a, b)?;
    let critical = level.z() * level.z();
    let distance = |log_theta: f64| score(a, b, libm::exp(log_theta)) - critical;
    let lower = if a.successes() == 0 {
        0.0
    } else {
        let inside = if observed.is_finite() {
            libm::log(observed)
        } else {
            away(0.0, 1.0, |t| distance(t) < 0.0)?
        };
        let outside = away(inside, -1.0, |t| distance(t) > 0.0)?;
        libm::exp(root::solve(outside, inside, distance)?)
    };
    let upper = if b.successes() == 0 {
        f64::INFINITY
    } else {
        let inside = if observed > 0.0 {
            libm::log(observed)
        } else {
            away(0.0, -1.0, |t| distance(t) < 0.0)?
        };
        let outside = away(inside, 1.0, |t| distance(t) > 0.0)?;
        libm::exp(root::solve(inside, outside, distance)?)
    };
    Ok(Interval { lower, upper })
}

/// Steps from `from` in doubling strides until `reached` holds.
fn away(from: f64, direction: f64, reached: impl Fn(f64) -> bool) -> Estimable<f64> {
    let mut stride = 0.25;
    while stride < 512.0 {
        let point = from + direction * stride;
        if reached(point) {
            return Ok(point);
        }
        stride *= 2.0;
    }
    Err(NotEstimable::NotConverged)
}

/// Pearson's chi-squared for the hypothesis that the true ratio is `theta`.
fn score(a: Count, b: Count, theta: f64) -> f64 {
    let (x1, n1, x2, n2) = (a.x(), a.n(), b.x(), b.n());
    let quadratic = (n1 + n2) * theta;
    let linear = theta * (n1 + x2) + x1 + n2;
    let constant = x1 + x2;
    let discriminant = (linear * linear - 4.0 * quadratic * constant).max(0.0);
    let p2 = (2.0 * constant / (linear + libm::sqrt(discriminant))).min(1.0);
    let p1 = (theta * p2).min(1.0);
    let variance = p1 * (1.0 - p1) / n1 + theta * theta * p2 * (1.0 - p2) / n2;
    let gap = a.share() - theta * b.share();
    if gap == 0.0 {
        0.0
    } else {
        gap * gap / variance
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn counts(x1: u64, n1: u64, x2: u64, n2: u64) -> (Count, Count) {
        (Count::new(x1, n1).unwrap(), Count::new(x2, n2).unwrap())
    }

    #[test]
    fn nothing_over_nothing_is_not_estimable() {
        let (a, b) = counts(0, 20, 0, 30);
        assert_eq!(ratio(a, b), Err(NotEstimable::ZeroCells));
        assert_eq!(koopman(a, b, Level::P95), Err(NotEstimable::ZeroCells));
        assert_eq!(katz(a, b, Level::P95), Err(NotEstimable::ZeroCells));
    }

    #[test]
    fn a_ratio_over_zero_is_infinite_with_a_finite_lower_limit() {
        let (a, b) = counts(23, 78, 0, 25);
        assert_eq!(ratio(a, b), Ok(f64::INFINITY));
        let i = koopman(a, b, Level::P95).unwrap();
        assert!(i.upper.is_infinite() && i.lower > 2.0);
    }

    #[test]
    fn exchanging_the_arms_inverts_the_score_interval() {
        let (a, b) = counts(29, 76, 14, 155);
        let (i, j) = (
            koopman(a, b, Level::P95).unwrap(),
            koopman(b, a, Level::P95).unwrap(),
        );
        assert!((i.lower * j.upper - 1.0).abs() < 1e-9 && (i.upper * j.lower - 1.0).abs() < 1e-9);
    }
}
