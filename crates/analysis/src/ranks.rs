//! What a ranking can tell apart: rank sets, expected ranks, overlap factor.
//!
//! Rank 1 is the lowest value. A provider's rank set starts after everyone
//! significantly lower and ends before everyone significantly higher; the
//! pairwise tests are normal and assume independent estimates. The joint set
//! covers all true ranks at once, the marginal one a single provider named in
//! advance, the unadjusted one neither. Sources: Goldstein and Spiegelhalter
//! 1996; Mogstad, Romano, Shaikh and Wilhelm 2024 for the idea of difference
//! sets (this file uses Bonferroni, not their bootstrap).

use crate::{
    multiplicity::{Adjustment, adjust},
    proportion::Level,
    reason::{Estimable, NotEstimable},
    special,
    sums::{all_finite, count, sum},
};

/// How the pairwise tests are corrected for their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Correction {
    /// Each test at the full alpha: no coverage statement holds.
    None,
    /// Alpha over `K - 1`: covers the rank of one provider named in advance.
    Marginal,
    /// Alpha over `K (K - 1) / 2`: covers all ranks at once.
    Joint,
    /// Holm's steps over the `2 (K - 1)` one-sided tests of one provider: covers
    /// what `Marginal` covers and is never wider.
    MarginalHolm,
    /// Holm's steps over the `K (K - 1)` one-sided tests: covers what `Joint`
    /// covers and is never wider.
    JointHolm,
}

/// The lowest and highest rank that the data leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankSet {
    /// Best rank not excluded, from 1.
    pub lower: usize,
    /// Worst rank not excluded.
    pub upper: usize,
}

/// The rank set of every estimate.
///
/// # Errors
/// `LengthMismatch`, or `OutOfRange` for a number that is not finite or a
/// negative standard error.
pub fn rank_sets(
    estimates: &[f64],
    standard_errors: &[f64],
    level: Level,
    correction: Correction,
) -> Estimable<Vec<RankSet>> {
    check(estimates, standard_errors)?;
    let k = estimates.len();
    let tests = match correction {
        _ if k < 2 => 1.0,
        Correction::None => 1.0,
        Correction::Marginal => count(k - 1),
        Correction::Joint => count(k * (k - 1) / 2),
        Correction::MarginalHolm | Correction::JointHolm => {
            return holm_sets(estimates, standard_errors, level, correction);
        }
    };
    let z = -special::normal_quantile(level.alpha() / tests / 2.0)?;
    let below = |i: usize, j: usize| {
        let gap = estimates[j] - estimates[i];
        gap > 0.0 && gap > z * libm::hypot(standard_errors[i], standard_errors[j])
    };
    Ok((0..k)
        .map(|j| RankSet {
            lower: 1 + (0..k).filter(|i| below(*i, j)).count(),
            upper: k - (0..k).filter(|i| below(j, *i)).count(),
        })
        .collect())
}

/// Rank sets by Holm's steps. Both directions of a pair are hypotheses of their
/// own, so that a wrong order counts as an error.
fn holm_sets(
    estimates: &[f64],
    standard_errors: &[f64],
    level: Level,
    correction: Correction,
) -> Estimable<Vec<RankSet>> {
    let k = estimates.len();
    // How likely a gap this large is if `i` were not below `j`.
    let p = |i: usize, j: usize| {
        let gap = estimates[j] - estimates[i];
        let spread = libm::hypot(standard_errors[i], standard_errors[j]);
        match (spread > 0.0, gap > 0.0) {
            (true, _) => special::normal_sf(gap / spread),
            (false, true) => 0.0,
            (false, false) => 1.0,
        }
    };
    let rejected = |pairs: &[(usize, usize)]| -> Estimable<Vec<bool>> {
        let single: Vec<f64> = pairs.iter().map(|(i, j)| p(*i, *j)).collect();
        let adjusted = adjust(&single, Adjustment::Holm)?;
        Ok(adjusted.iter().map(|p| *p < level.alpha()).collect())
    };
    let others = |j: usize| (0..k).filter(move |i| *i != j);
    let all: Vec<(usize, usize)> = (0..k)
        .flat_map(|j| others(j).map(move |i| (i, j)))
        .collect();
    let joint = rejected(&all)?;
    let mut sets = Vec::with_capacity(k);
    for unit in 0..k {
        let own: Vec<(usize, usize)> = all
            .iter()
            .copied()
            .filter(|(i, j)| *i == unit || *j == unit)
            .collect();
        let told = match correction {
            Correction::MarginalHolm => rejected(&own)?,
            _ => all
                .iter()
                .zip(&joint)
                .filter(|((i, j), _)| *i == unit || *j == unit)
                .map(|(_, told)| *told)
                .collect(),
        };
        let count = |above: bool| {
            let pairs = own.iter().zip(&told);
            pairs
                .filter(|((_, j), told)| **told && (*j == unit) == above)
                .count()
        };
        sets.push(RankSet {
            lower: 1 + count(true),
            upper: k - count(false),
        });
    }
    Ok(sets)
}

/// Expected rank of each estimate: one plus the normal probabilities that each
/// other true value is lower.
///
/// # Errors
/// As [`rank_sets`].
pub fn expected_ranks(estimates: &[f64], standard_errors: &[f64]) -> Estimable<Vec<f64>> {
    check(estimates, standard_errors)?;
    let k = estimates.len();
    let lower = |i: usize, j: usize| {
        let gap = estimates[j] - estimates[i];
        let spread = libm::hypot(standard_errors[i], standard_errors[j]);
        if spread > 0.0 {
            special::normal_cdf(gap / spread)
        } else {
            0.5 * (f64::from(u8::from(gap > 0.0)) + f64::from(u8::from(gap >= 0.0)))
        }
    };
    Ok((0..k)
        .map(|j| 1.0 + sum((0..k).filter(|i| *i != j).map(|i| lower(i, j))))
        .collect())
}

/// Ranks from 1, ties sharing the best of their places.
pub fn best_ranks(values: &[f64]) -> Vec<usize> {
    values
        .iter()
        .map(|v| 1 + values.iter().filter(|w| *w < v).count())
        .collect()
}

/// The factor for half-widths at which non-overlap of two intervals means a
/// difference at the level, averaged over pairs (Goldstein and Spiegelhalter
/// 1996): the mean of `z sqrt(s² + t²)/(s + t)`.
///
/// # Errors
/// `TooFewModels` below two values, `NoVariance` when two standard errors are
/// both zero, and as [`rank_sets`].
pub fn overlap_multiplier(standard_errors: &[f64], level: Level) -> Estimable<f64> {
    check(standard_errors, standard_errors)?;
    let k = standard_errors.len();
    if k < 2 {
        return Err(NotEstimable::TooFewModels);
    }
    let mut factors = Vec::with_capacity(k * (k - 1) / 2);
    for i in 0..k {
        for j in 0..i {
            let total = standard_errors[i] + standard_errors[j];
            if total == 0.0 {
                return Err(NotEstimable::NoVariance);
            }
            factors.push(libm::hypot(standard_errors[i], standard_errors[j]) / total);
        }
    }
    Ok(level.z() * sum(factors.iter().copied()) / count(factors.len()))
}

fn check(estimates: &[f64], standard_errors: &[f64]) -> Estimable<()> {
    if estimates.len() != standard_errors.len() {
        return Err(NotEstimable::LengthMismatch);
    }
    let proper = standard_errors.iter().all(|s| *s >= 0.0);
    if !all_finite(estimates) || !all_finite(standard_errors) || !proper {
        return Err(NotEstimable::OutOfRange);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_joint_set_is_never_narrower_than_an_unadjusted_one() {
        let (e, s) = ([0.1, 0.16, 0.3, 0.33, 0.9], [0.03, 0.02, 0.05, 0.01, 0.1]);
        let plain = rank_sets(&e, &s, Level::P95, Correction::None).unwrap();
        let joint = rank_sets(&e, &s, Level::P95, Correction::Joint).unwrap();
        for (p, j) in plain.iter().zip(&joint) {
            assert!(j.lower <= p.lower && j.upper >= p.upper);
        }
    }

    #[test]
    fn steps_never_widen_a_set() {
        let (e, s) = ([0.1, 0.16, 0.3, 0.33, 0.9], [0.03, 0.02, 0.05, 0.01, 0.1]);
        let pairs = [
            (Correction::Marginal, Correction::MarginalHolm),
            (Correction::Joint, Correction::JointHolm),
        ];
        for (plain, steps) in pairs {
            let plain = rank_sets(&e, &s, Level::P95, plain).unwrap();
            let steps = rank_sets(&e, &s, Level::P95, steps).unwrap();
            for (p, s) in plain.iter().zip(&steps) {
                assert!(s.lower >= p.lower && s.upper <= p.upper && s.lower <= s.upper);
            }
        }
        let none = rank_sets(&[], &[], Level::P95, Correction::JointHolm);
        assert_eq!(none, Ok(Vec::new()));
    }

    #[test]
    fn known_values_rank_without_doubt() {
        let r = expected_ranks(&[0.1, 0.3, 0.3], &[0.0; 3]).unwrap();
        assert_eq!(r, vec![1.0, 2.5, 2.5]);
    }

    #[test]
    fn no_provider_gives_no_rank() {
        assert_eq!(
            rank_sets(&[], &[], Level::P95, Correction::Joint),
            Ok(Vec::new())
        );
    }
}
