//! Two sides compared within strata: Mantel-Haenszel ratio, odds ratio, difference.
//!
//! A stratum is a prompt, an attack technique or a harm category. Traces are
//! compared only with traces of the same stratum, so that a different mix of
//! strata cannot pass for a difference between the sides. Valid for few large
//! and for many sparse strata; traces are taken as independent within a stratum
//! and the ratio as the same in all, which [`PooledComparison::homogeneity`]
//! questions. Strata that only one side met say nothing and are counted.
//!
//! Sources: Mantel and Haenszel 1959; ratio: Greenland and Robins 1985; odds
//! ratio: Robins, Breslow and Greenland 1986; difference: Sato 1989;
//! homogeneity: Cochran 1954, on the log ratio.

use crate::{
    cells::{Tally, outer},
    homogeneity::chi_squared_sf,
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    sums::{count, count_u64, sum},
};

/// One stratum: successes and traces of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stratum {
    /// Successes of the first side.
    pub x1: u64,
    /// Traces of the first side.
    pub n1: u64,
    /// Successes of the second side.
    pub x2: u64,
    /// Traces of the second side.
    pub n2: u64,
}

/// A statistic with its chi-squared p-value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquared {
    /// The statistic.
    pub chi2: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// Probability of a larger one.
    pub p: f64,
}

/// The pooled comparison, first side over second.
#[derive(Clone, Debug, PartialEq)]
pub struct PooledComparison {
    /// Strata that both sides met.
    pub used: usize,
    /// Strata that one side alone met.
    pub dropped: usize,
    /// Traces of both sides in the strata used.
    pub traces: u64,
    /// `R = sum x1 n2/N`.
    pub numerator: f64,
    /// `S = sum x2 n1/N`.
    pub denominator: f64,
    /// Ratio `R/S`; `f64::INFINITY` where the second side has no success.
    pub ratio: Estimable<f64>,
    /// Standard error of its logarithm (Greenland and Robins).
    pub log_ratio_se: Estimable<f64>,
    /// Normal interval on the logarithm; where R or S is zero, the limit that
    /// the score form `(R - θS)² = z² θ D` leaves, 0 or infinity on the other side.
    /// `NoVariance` where every trace succeeded.
    pub ratio_interval: Estimable<Interval>,
    /// Odds ratio.
    pub odds_ratio: Estimable<f64>,
    /// Standard error of its logarithm.
    pub log_odds_ratio_se: Estimable<f64>,
    /// Difference of the rates.
    pub difference: Estimable<f64>,
    /// Its standard error; 0 where no stratum varies.
    pub difference_se: Estimable<f64>,
    /// Cochran-Mantel-Haenszel test without continuity correction.
    pub test: Estimable<ChiSquared>,
    /// Cochran's Q on the log ratio over strata where both sides have at least
    /// [`ENOUGH`] successes; logarithms of fewer are too skew to be weighed.
    pub homogeneity: Estimable<ChiSquared>,
    /// Ratio of the two overall rates, strata ignored, all traces.
    pub crude_ratio: Estimable<f64>,
}

#[derive(Clone, Copy)]
struct Arms {
    x1: f64,
    n1: f64,
    x2: f64,
    n2: f64,
    n: f64,
}

impl Arms {
    fn new(s: &Stratum) -> Self {
        let [x1, n1, x2, n2] = [s.x1, s.n1, s.x2, s.n2].map(count_u64);
        Arms {
            x1,
            n1,
            x2,
            n2,
            n: n1 + n2,
        }
    }

    fn successes(&self) -> f64 {
        self.x1 + self.x2
    }
}

/// Successes of each side from which a stratum takes part in the test of homogeneity.
pub const ENOUGH: u64 = 5;

/// Pools strata.
///
/// # Errors
/// `OutOfRange` for more successes than traces, `NoCommonStrata` where no
/// stratum was met by both sides. Field by field: `ZeroCells` where a sum in a
/// denominator is zero, `NoVariance` where all traces of each stratum agree,
/// `OneStratum` for the test where nothing is pooled, `SparseStrata` for
/// homogeneity with fewer than two strata of enough successes.
pub fn pooled(strata: &[Stratum], level: Level) -> Estimable<PooledComparison> {
    if strata.iter().any(|s| s.x1 > s.n1 || s.x2 > s.n2) {
        return Err(NotEstimable::OutOfRange);
    }
    let (used, single): (Vec<&Stratum>, Vec<&Stratum>) = strata
        .iter()
        .filter(|s| s.n1 > 0 || s.n2 > 0)
        .partition(|s| s.n1 > 0 && s.n2 > 0);
    if used.is_empty() {
        return Err(NotEstimable::NoCommonStrata);
    }
    let arms: Vec<Arms> = used.iter().map(|s| Arms::new(s)).collect();
    let total = |pick: fn(&Arms) -> f64| sum(arms.iter().map(pick));
    let r = total(|a| a.x1 * a.n2 / a.n);
    let s = total(|a| a.x2 * a.n1 / a.n);
    let ratio = quotient(r, s);
    let spread = total(|a| (a.n1 * a.n2 * a.successes() - a.x1 * a.x2 * a.n) / (a.n * a.n));
    let log_ratio_se = if r > 0.0 && s > 0.0 {
        Ok(libm::sqrt((spread / r / s).max(0.0)))
    } else {
        Err(NotEstimable::ZeroCells)
    };
    let odds = Odds::new(&arms);
    Ok(PooledComparison {
        used: arms.len(),
        dropped: single.len(),
        traces: used
            .iter()
            .map(|s| s.n1.saturating_add(s.n2))
            .fold(0, u64::saturating_add),
        numerator: r,
        denominator: s,
        ratio,
        log_ratio_se,
        ratio_interval: ratio.and_then(|_| ratio_interval(r, s, spread, log_ratio_se, level)),
        odds_ratio: odds.ratio(),
        log_odds_ratio_se: odds.log_se(),
        difference: Ok(difference(&arms)),
        difference_se: Ok(difference_se(&arms)),
        test: test(&arms),
        homogeneity: homogeneity(&arms),
        crude_ratio: crude(strata),
    })
}

/// Strata from the totals of two sides, in order of key.
pub fn strata(a: &[Tally], b: &[Tally]) -> Vec<Stratum> {
    outer(a, b)
        .map(|(first, second)| Stratum {
            x1: first.map_or(0, |t| t.succeeded),
            n1: first.map_or(0, |t| t.n),
            x2: second.map_or(0, |t| t.succeeded),
            n2: second.map_or(0, |t| t.n),
        })
        .collect()
}

fn quotient(a: f64, b: f64) -> Estimable<f64> {
    match (a > 0.0, b > 0.0) {
        (false, false) => Err(NotEstimable::ZeroCells),
        (true, false) => Ok(f64::INFINITY),
        _ => Ok(a / b),
    }
}

fn ratio_interval(
    r: f64,
    s: f64,
    spread: f64,
    se: Estimable<f64>,
    level: Level,
) -> Estimable<Interval> {
    let z = level.z();
    if spread <= 0.0 {
        return Err(NotEstimable::NoVariance);
    }
    Ok(match se {
        Ok(se) => {
            let log = libm::log(r / s);
            Interval {
                lower: libm::exp(log - z * se),
                upper: libm::exp(log + z * se),
            }
        }
        Err(_) if s > 0.0 => Interval {
            lower: 0.0,
            upper: z * z * spread / (s * s),
        },
        Err(_) => Interval {
            lower: r * r / (z * z * spread),
            upper: f64::INFINITY,
        },
    })
}

/// The sums of Robins, Breslow and Greenland.
struct Odds {
    r: f64,
    s: f64,
    pr: f64,
    mixed: f64,
    qs: f64,
}

impl Odds {
    fn new(arms: &[Arms]) -> Self {
        let parts = |a: &Arms| {
            let (b, d) = (a.n1 - a.x1, a.n2 - a.x2);
            let (agreeing, other) = ((a.x1 + d) / a.n, (b + a.x2) / a.n);
            (agreeing, other, a.x1 * d / a.n, b * a.x2 / a.n)
        };
        let total =
            |pick: fn((f64, f64, f64, f64)) -> f64| sum(arms.iter().map(|a| pick(parts(a))));
        Odds {
            r: total(|(_, _, r, _)| r),
            s: total(|(_, _, _, s)| s),
            pr: total(|(p, _, r, _)| p * r),
            mixed: total(|(p, q, r, s)| p * s + q * r),
            qs: total(|(_, q, _, s)| q * s),
        }
    }

    fn ratio(&self) -> Estimable<f64> {
        quotient(self.r, self.s)
    }

    fn log_se(&self) -> Estimable<f64> {
        if self.r == 0.0 || self.s == 0.0 {
            return Err(NotEstimable::ZeroCells);
        }
        let (r, s) = (self.r, self.s);
        let variance =
            self.pr / (2.0 * r * r) + self.mixed / (2.0 * r * s) + self.qs / (2.0 * s * s);
        Ok(libm::sqrt(variance))
    }
}

fn difference(arms: &[Arms]) -> f64 {
    let above = sum(arms.iter().map(|a| (a.x1 * a.n2 - a.x2 * a.n1) / a.n));
    above / sum(arms.iter().map(|a| a.n1 * a.n2 / a.n))
}

fn difference_se(arms: &[Arms]) -> f64 {
    let weight = sum(arms.iter().map(|a| a.n1 * a.n2 / a.n));
    let skew = sum(arms.iter().map(|a| {
        let (u, v) = (a.n1 / a.n, a.n2 / a.n);
        a.x2 * u * u - a.x1 * v * v + u * v * (a.n2 - a.n1) / 2.0
    }));
    let mixed = sum(arms
        .iter()
        .map(|a| (a.x1 * (a.n2 - a.x2) + a.x2 * (a.n1 - a.x1)) / a.n / 2.0));
    libm::sqrt((difference(arms) * skew + mixed).max(0.0)) / weight
}

fn test(arms: &[Arms]) -> Estimable<ChiSquared> {
    if arms.len() < 2 {
        return Err(NotEstimable::OneStratum);
    }
    let gap = sum(arms.iter().map(|a| a.x1 - a.n1 * a.successes() / a.n));
    let variance = sum(arms.iter().filter(|a| a.n > 1.0).map(|a| {
        let m = a.successes();
        (a.n1 / a.n) * (a.n2 / a.n) * m * (a.n - m) / (a.n - 1.0)
    }));
    if variance == 0.0 {
        return Err(NotEstimable::NoVariance);
    }
    chi_squared(gap * gap / variance, 1)
}

fn homogeneity(arms: &[Arms]) -> Estimable<ChiSquared> {
    let logs: Vec<(f64, f64)> = arms
        .iter()
        .filter(|a| a.x1.min(a.x2) >= count_u64(ENOUGH))
        .filter_map(|a| {
            let variance = sum([1.0 / a.x1, -1.0 / a.n1, 1.0 / a.x2, -1.0 / a.n2]);
            // A stratum where everything succeeds has no variance to weigh by.
            (variance > 1e-12).then(|| {
                (
                    libm::log(a.x1 / a.n1) - libm::log(a.x2 / a.n2),
                    1.0 / variance,
                )
            })
        })
        .collect();
    if logs.len() < 2 {
        return Err(NotEstimable::SparseStrata);
    }
    let weight = sum(logs.iter().map(|(_, w)| *w));
    let centre = sum(logs.iter().map(|(log, w)| log * w)) / weight;
    let q = sum(logs
        .iter()
        .map(|(log, w)| w * (log - centre) * (log - centre)));
    chi_squared(q, logs.len() - 1)
}

fn chi_squared(chi2: f64, df: usize) -> Estimable<ChiSquared> {
    Ok(ChiSquared {
        chi2,
        df,
        p: chi_squared_sf(chi2, count(df))?,
    })
}

fn crude(strata: &[Stratum]) -> Estimable<f64> {
    let total = |pick: fn(&Stratum) -> u64| sum(strata.iter().map(|s| count_u64(pick(s))));
    let (n1, n2) = (total(|s| s.n1), total(|s| s.n2));
    if n1 == 0.0 || n2 == 0.0 {
        return Err(NotEstimable::NoTraces);
    }
    quotient(total(|s| s.x1) / n1, total(|s| s.x2) / n2)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn stratum(x1: u64, n1: u64, x2: u64, n2: u64) -> Stratum {
        Stratum { x1, n1, x2, n2 }
    }

    #[test]
    fn no_common_stratum_is_refused_and_impossible_counts_too() {
        let apart = [stratum(1, 2, 0, 0), stratum(0, 0, 1, 3)];
        assert_eq!(
            pooled(&apart, Level::P95),
            Err(NotEstimable::NoCommonStrata)
        );
        assert_eq!(pooled(&[], Level::P95), Err(NotEstimable::NoCommonStrata));
        assert_eq!(
            pooled(&[stratum(3, 2, 0, 1)], Level::P95),
            Err(NotEstimable::OutOfRange)
        );
    }

    #[test]
    fn a_side_without_success_has_a_limit_on_one_side() {
        let strata = [stratum(0, 20, 2, 25), stratum(0, 10, 3, 12)];
        let low = pooled(&strata, Level::P95).unwrap();
        assert_eq!(low.ratio, Ok(0.0));
        assert_eq!(low.log_ratio_se, Err(NotEstimable::ZeroCells));
        let i = low.ratio_interval.unwrap();
        let swapped = strata.map(|s| stratum(s.x2, s.n2, s.x1, s.n1));
        let j = pooled(&swapped, Level::P95)
            .unwrap()
            .ratio_interval
            .unwrap();
        assert!(i.lower == 0.0 && i.upper.is_finite() && j.upper.is_infinite());
        assert!((i.upper * j.lower - 1.0).abs() < 1e-12);
    }

    #[test]
    fn strata_that_are_all_alike_give_reasons_and_no_nan() {
        let none = pooled(&[stratum(0, 5, 0, 5), stratum(0, 3, 0, 2)], Level::P95).unwrap();
        assert_eq!(none.ratio, Err(NotEstimable::ZeroCells));
        assert_eq!(none.test, Err(NotEstimable::NoVariance));
        assert_eq!(none.homogeneity, Err(NotEstimable::SparseStrata));
        assert_eq!((none.difference, none.difference_se), (Ok(0.0), Ok(0.0)));
        let all = pooled(&[stratum(5, 5, 5, 5), stratum(3, 3, 2, 2)], Level::P95).unwrap();
        assert_eq!(all.ratio, Ok(1.0));
        assert_eq!(all.test, Err(NotEstimable::NoVariance));
        assert_eq!(all.odds_ratio, Err(NotEstimable::ZeroCells));
        assert_eq!(all.ratio_interval, Err(NotEstimable::NoVariance));
    }

    #[test]
    fn opposite_ratios_are_not_homogeneous() {
        let p = |strata: &[Stratum]| pooled(strata, Level::P95).unwrap().homogeneity.unwrap().p;
        assert!(p(&[stratum(60, 100, 20, 100), stratum(20, 100, 60, 100)]) < 1e-6);
        assert!(p(&[stratum(60, 100, 20, 100), stratum(61, 100, 20, 100)]) > 0.9);
    }
}
