//! One-way decomposition of the variance between models by provider.
//!
//! The unit is the model: each contributes one value, whatever its number of
//! traces. The file gives the shares (eta², epsilon², omega²), the F test, the
//! intraclass correlation, the law of eta² when the grouping means nothing,
//! and Steiger's interval for the population share. Adjusted shares are never
//! cut off at zero. Random relabelling is in [`crate::permutation`].
//!
//! Sources: eta², F: Fisher 1925; epsilon²: Kelley 1935; omega²: Hays 1963;
//! interval: Steiger 2004, who divides by ncp + n where some packages divide
//! by ncp + df.

use std::collections::BTreeMap;

use crate::{
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    special,
    sums::{all_finite, count, mean, squares_about, sum},
};

/// Sums of squares up to this share of their scale count as zero.
const RELATIVE_ZERO: f64 = 1e-14;

/// The decomposition. What the data do not allow is a reason, field by field.
#[derive(Clone, Debug, PartialEq)]
pub struct OneWay {
    /// Number of values (models).
    pub n: usize,
    /// Number of groups (providers).
    pub k: usize,
    /// `k - 1`.
    pub df_between: usize,
    /// `n - k`.
    pub df_within: usize,
    /// Groups with a single member. They add to the sum of squares between
    /// groups and never to that within, so they raise eta² mechanically.
    pub singleton_groups: usize,
    /// Unweighted mean of all values.
    pub grand_mean: f64,
    /// Sum of squares between groups.
    pub ss_between: f64,
    /// Sum of squares within groups.
    pub ss_within: f64,
    /// Their sum.
    pub ss_total: f64,
    /// Whether groups differ while no group varies: F is infinite then.
    pub no_within_variance: bool,
    /// Effective group size `(n - sum n_g²/n)/(k - 1)`.
    pub n0: Estimable<f64>,
    /// Mean of eta² under random relabelling, `(k-1)/(n-1)`; exact for any data.
    pub eta2_null_mean: f64,
    /// Standard deviation of Beta((k-1)/2, (n-k)/2), the normal null law.
    pub eta2_null_sd: Estimable<f64>,
    /// 95th percentile of the same law.
    pub eta2_null_p95: Estimable<f64>,
    /// `ss_between / ss_total`.
    pub eta2: Estimable<f64>,
    /// `(SSB - (k-1) MSW)/SST`, equal to the adjusted R².
    pub epsilon2: Estimable<f64>,
    /// `(SSB - (k-1) MSW)/(SST + MSW)`.
    pub omega2: Estimable<f64>,
    /// Mean square between groups.
    pub ms_between: Estimable<f64>,
    /// Mean square within groups.
    pub ms_within: Estimable<f64>,
    /// The F statistic; `f64::INFINITY` with `no_within_variance`.
    pub f: Estimable<f64>,
    /// Its p-value; 0 with `no_within_variance`.
    pub p: Estimable<f64>,
    /// Intraclass correlation ICC(1), by analysis of variance.
    pub icc1: Estimable<f64>,
    /// Variance component between groups `(MSB - MSW)/n0`, as a variance never
    /// below 0; `icc1` keeps the sign.
    pub variance_between: Estimable<f64>,
}

/// A noncentrality interval and the population share that it implies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PopulationShare {
    /// Lower limit of the noncentrality; 0 where none is attainable.
    pub ncp_lower: f64,
    /// Upper limit of the noncentrality.
    pub ncp_upper: f64,
    /// `ncp / (ncp + n)` at both limits.
    pub eta2: Interval,
}

/// Decomposes `values` by the label in the same place of `group`.
///
/// Labels are arbitrary numbers; only equality matters.
///
/// # Errors
/// For the whole: [`NotEstimable::LengthMismatch`], [`NotEstimable::OutOfRange`]
/// for a value that is not finite, [`NotEstimable::TooFewModels`] below two
/// values. Field by field: `NoVariance` when all values are equal, `OneGroup`,
/// and `NoWithinDf` when every group is a singleton (eta² is 1 by construction
/// then, and suppressed).
pub fn one_way(values: &[f64], group: &[usize]) -> Estimable<OneWay> {
    let members = grouped(values, group)?;
    let n = values.len();
    let grand_mean = mean(values).ok_or(NotEstimable::TooFewModels)?;
    if n < 2 {
        return Err(NotEstimable::TooFewModels);
    }
    let ss_between = sum(members.values().map(|m| {
        let d = mean(m).unwrap_or(grand_mean) - grand_mean;
        count(m.len()) * d * d
    }));
    let ss_within = sum(members
        .values()
        .map(|m| squares_about(m, mean(m).unwrap_or(0.0))));
    let sizes: Vec<usize> = members.values().map(Vec::len).collect();
    let zero = zero_threshold(values);
    let within = if ss_within <= zero { 0.0 } else { ss_within };
    let between = if ss_between <= zero { 0.0 } else { ss_between };
    Ok(assemble(&sizes, grand_mean, between, within))
}

/// The decomposition of given sums of squares; at least one group and two values.
fn assemble(sizes: &[usize], grand_mean: f64, ssb: f64, ssw: f64) -> OneWay {
    let (n, k) = (sizes.iter().sum::<usize>(), sizes.len());
    let (df_between, df_within) = (k - 1, n - k);
    let sst = ssb + ssw;
    let obstacle = obstacle(n, k, sst);
    let guarded = |value: f64| obstacle.map_or(Ok(value), Err);
    let msb = ssb / count(df_between);
    let msw = ssw / count(df_within);
    let excess = ssb - count(df_between) * msw;
    let no_within_variance = obstacle.is_none() && ssw == 0.0;
    let f = if no_within_variance {
        f64::INFINITY
    } else {
        msb / msw
    };
    let n0 = effective_size(sizes);
    let null = null_law(n, k);
    OneWay {
        n,
        k,
        df_between,
        df_within,
        singleton_groups: sizes.iter().filter(|s| **s == 1).count(),
        grand_mean,
        ss_between: ssb,
        ss_within: ssw,
        ss_total: sst,
        no_within_variance,
        n0,
        eta2_null_mean: count(df_between) / count(n - 1),
        eta2_null_sd: null.map(beta_sd),
        eta2_null_p95: null.and_then(|(a, b)| special::beta_quantile(a, b, 0.95)),
        eta2: guarded(ssb / sst),
        epsilon2: guarded(excess / sst),
        omega2: guarded(excess / (sst + msw)),
        ms_between: if k > 1 {
            Ok(msb)
        } else {
            Err(NotEstimable::OneGroup)
        },
        ms_within: if df_within > 0 {
            Ok(msw)
        } else {
            Err(NotEstimable::NoWithinDf)
        },
        f: guarded(f),
        p: guarded(f).and_then(|f| special::f_sf(f, count(df_between), count(df_within))),
        icc1: guarded(msb).and_then(|b| Ok((b - msw) / (b + (n0? - 1.0) * msw))),
        variance_between: guarded(msb).and_then(|b| Ok(((b - msw) / n0?).max(0.0))),
    }
}

fn obstacle(n: usize, k: usize, sst: f64) -> Option<NotEstimable> {
    if sst == 0.0 {
        return Some(NotEstimable::NoVariance);
    }
    if k < 2 {
        return Some(NotEstimable::OneGroup);
    }
    (n == k).then_some(NotEstimable::NoWithinDf)
}

impl OneWay {
    /// Steiger's (2004) interval for the population share of variance.
    ///
    /// The noncentrality limits solve `P(F' <= F; ncp) = 1 - a/2` and `= a/2`;
    /// each becomes `ncp/(ncp + n)`. The lower limit is 0 whenever p exceeds
    /// half of alpha. Assumes normal values with equal variance.
    ///
    /// # Errors
    /// The reason for which F is missing, or `NoWithinVariance` where F is
    /// infinite.
    pub fn population_eta2(&self, level: Level) -> Estimable<PopulationShare> {
        let f = self.f?;
        if f.is_infinite() {
            return Err(NotEstimable::NoWithinVariance);
        }
        population_share(f, self.n, self.k, level)
    }
}

/// Steiger's interval from a finite F, the number of values and of groups.
///
/// # Errors
/// `OneGroup`, `NoWithinDf`, or `NotConverged` if a limit cannot be found.
pub fn population_share(f: f64, n: usize, k: usize, level: Level) -> Estimable<PopulationShare> {
    null_law(n, k)?;
    let (df1, df2, size) = (count(k - 1), count(n - k), count(n));
    let tail = level.alpha() / 2.0;
    let ncp_lower = special::noncentrality_for(f, df1, df2, 1.0 - tail)?;
    let ncp_upper = special::noncentrality_for(f, df1, df2, tail)?;
    Ok(PopulationShare {
        ncp_lower,
        ncp_upper,
        eta2: Interval {
            lower: ncp_lower / (ncp_lower + size),
            upper: ncp_upper / (ncp_upper + size),
        },
    })
}

/// The parameters of Beta((k-1)/2, (n-k)/2), the law of eta² when normal
/// values are grouped at random.
///
/// # Errors
/// `OneGroup` for `k < 2`, `NoWithinDf` unless `n > k`.
pub fn null_law(n: usize, k: usize) -> Estimable<(f64, f64)> {
    if k < 2 {
        return Err(NotEstimable::OneGroup);
    }
    if n <= k {
        return Err(NotEstimable::NoWithinDf);
    }
    Ok((count(k - 1) / 2.0, count(n - k) / 2.0))
}

/// Standard deviation of a beta law.
pub(crate) fn beta_sd((a, b): (f64, f64)) -> f64 {
    libm::sqrt(a * b / (a + b + 1.0)) / (a + b)
}

/// The values of each group, groups in the order of their labels.
///
/// # Errors
/// `LengthMismatch`, or `OutOfRange` for a value that is not finite.
pub fn grouped(values: &[f64], group: &[usize]) -> Estimable<BTreeMap<usize, Vec<f64>>> {
    if values.len() != group.len() {
        return Err(NotEstimable::LengthMismatch);
    }
    if !all_finite(values) {
        return Err(NotEstimable::OutOfRange);
    }
    let mut members: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for (value, label) in values.iter().zip(group) {
        members.entry(*label).or_default().push(*value);
    }
    Ok(members)
}

/// The sum of squares below which these values count as all equal.
pub(crate) fn zero_threshold(values: &[f64]) -> f64 {
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    RELATIVE_ZERO * count(values.len()) * (largest * largest).max(1e-300)
}

fn effective_size(sizes: &[usize]) -> Estimable<f64> {
    let n = count(sizes.iter().sum());
    if sizes.len() < 2 {
        return Err(NotEstimable::OneGroup);
    }
    let squares = sum(sizes.iter().map(|s| count(*s) * count(*s)));
    Ok((n - squares / n) / count(sizes.len() - 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_values_leave_nothing_to_explain() {
        let d = one_way(&[0.2; 5], &[0, 0, 0, 1, 1]).unwrap();
        assert_eq!(d.eta2, Err(NotEstimable::NoVariance));
        assert_eq!(d.f, Err(NotEstimable::NoVariance));
    }

    #[test]
    fn singletons_alone_suppress_the_share() {
        let d = one_way(&[0.1, 0.3, 0.2], &[0, 1, 2]).unwrap();
        assert_eq!(d.eta2, Err(NotEstimable::NoWithinDf));
        assert_eq!(d.population_eta2(Level::P90), Err(NotEstimable::NoWithinDf));
    }

    #[test]
    fn perfect_separation_has_an_infinite_f_and_a_flag() {
        let d = one_way(&[0.1, 0.1, 0.4, 0.4], &[7, 7, 3, 3]).unwrap();
        assert!(d.no_within_variance);
        assert_eq!((d.f, d.p), (Ok(f64::INFINITY), Ok(0.0)));
        assert_eq!(
            d.population_eta2(Level::P90),
            Err(NotEstimable::NoWithinVariance)
        );
    }

    #[test]
    fn one_value_is_too_few_and_not_a_number_is_refused() {
        assert_eq!(one_way(&[0.1], &[0]), Err(NotEstimable::TooFewModels));
        assert_eq!(one_way(&[], &[]), Err(NotEstimable::TooFewModels));
        assert_eq!(
            one_way(&[0.1, f64::NAN], &[0, 1]),
            Err(NotEstimable::OutOfRange)
        );
    }

    proptest! {
        #[test]
        fn the_order_of_the_models_changes_nothing(
            rows in proptest::collection::vec((0.0_f64..1.0, 0_usize..4), 4..30),
        ) {
            let split = |r: &[(f64, usize)]| -> (Vec<f64>, Vec<usize>) { r.iter().copied().unzip() };
            let (v, g) = split(&rows);
            let mut backwards = rows.clone();
            backwards.reverse();
            let (rv, rg) = split(&backwards);
            let (a, b) = (one_way(&v, &g).unwrap(), one_way(&rv, &rg).unwrap());
            match (a.eta2, b.eta2) {
                (Ok(x), Ok(y)) => prop_assert!((x - y).abs() < 1e-13 && (-1e-15..=1.0 + 1e-12).contains(&x)),
                (x, y) => prop_assert_eq!(x, y),
            }
        }
    }
}
