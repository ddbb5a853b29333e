//! Two tests of the provider that the F test's assumptions do not bind.
//!
//! Welch (1951) lets variances differ between providers; it needs two models and
//! some variance in each, so providers without are left out and counted. Kruskal
//! and Wallis (1952) use ranks alone, so one outlying model cannot decide them;
//! their chi-squared law is rough for few models per provider. The F test takes
//! all rates as equally noisy, which those of 20 and of 900 traces are not.

use crate::{
    correlation::average_ranks,
    homogeneity::chi_squared_sf,
    oneway::{grouped, zero_threshold},
    reason::{Estimable, NotEstimable},
    special,
    sums::{count, mean, squares_about, sum},
};

/// Welch's test of equal means.
#[derive(Clone, Debug, PartialEq)]
pub struct Welch {
    /// The statistic.
    pub f: f64,
    /// Degrees of freedom between.
    pub df1: f64,
    /// Approximate degrees of freedom within.
    pub df2: f64,
    /// Tail probability.
    pub p: f64,
    /// Labels that entered.
    pub groups: Vec<usize>,
}

/// The test by ranks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KruskalWallis {
    /// The statistic, corrected for ties.
    pub h: f64,
    /// Groups less one.
    pub df: usize,
    /// Chi-squared tail probability.
    pub p: f64,
}

/// Welch's test over the groups with two or more values that are not all equal.
///
/// # Errors
/// `LengthMismatch`, `OutOfRange`; `NoEligibleProviders` below two such groups.
pub fn welch(values: &[f64], group: &[usize]) -> Estimable<Welch> {
    let zero = zero_threshold(values);
    let usable: Vec<(usize, f64, f64)> = grouped(values, group)?
        .into_iter()
        .filter_map(|(label, m)| {
            let centre = mean(&m)?;
            let squares = squares_about(&m, centre);
            let n = count(m.len());
            (m.len() > 1 && squares > zero).then(|| (label, centre, n * (n - 1.0) / squares))
        })
        .collect();
    if usable.len() < 2 {
        return Err(NotEstimable::NoEligibleProviders);
    }
    let members = grouped(values, group)?;
    let k = count(usable.len());
    let weight = sum(usable.iter().map(|u| u.2));
    let centre = sum(usable.iter().map(|u| u.2 * u.1)) / weight;
    let between = sum(usable.iter().map(|u| u.2 * (u.1 - centre) * (u.1 - centre))) / (k - 1.0);
    let unequal = sum(usable.iter().map(|(label, _, w)| {
        let df = count(members.get(label).map_or(1, Vec::len)) - 1.0;
        let free = 1.0 - w / weight;
        free * free / df
    }));
    let f = between / (1.0 + 2.0 * (k - 2.0) / (k * k - 1.0) * unequal);
    let df2 = (k * k - 1.0) / (3.0 * unequal);
    Ok(Welch {
        f,
        df1: k - 1.0,
        df2,
        p: special::f_sf(f, k - 1.0, df2)?,
        groups: usable.iter().map(|u| u.0).collect(),
    })
}

/// The test by ranks, ties averaged.
///
/// # Errors
/// `LengthMismatch`, `OutOfRange`; `TooFewModels` below two values; `OneGroup`;
/// `NoVariance` when all values are equal.
pub fn kruskal_wallis(values: &[f64], group: &[usize]) -> Estimable<KruskalWallis> {
    grouped(values, group)?;
    if values.len() < 2 {
        return Err(NotEstimable::TooFewModels);
    }
    let ranks = average_ranks(values);
    let members = grouped(&ranks, group)?;
    if members.len() < 2 {
        return Err(NotEstimable::OneGroup);
    }
    let n = count(values.len());
    let centre = (n + 1.0) / 2.0;
    let total = squares_about(&ranks, centre);
    if total <= 0.0 {
        return Err(NotEstimable::NoVariance);
    }
    let between = sum(members.values().map(|m| {
        let d = mean(m).unwrap_or(centre) - centre;
        count(m.len()) * d * d
    }));
    let df = members.len() - 1;
    // With ties the variance of the ranks is smaller; dividing by it corrects.
    let h = (n - 1.0) * between / total;
    Ok(KruskalWallis {
        h,
        df,
        p: chi_squared_sf(h, count(df))?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn degenerate_groups_have_their_reasons() {
        assert_eq!(welch(&[], &[]), Err(NotEstimable::NoEligibleProviders));
        assert_eq!(
            welch(&[0.1, 0.2, 0.3], &[0, 1, 2]),
            Err(NotEstimable::NoEligibleProviders)
        );
        assert_eq!(
            welch(&[0.1, 0.1, 0.3, 0.4], &[0, 0, 1, 1]),
            Err(NotEstimable::NoEligibleProviders)
        );
        assert_eq!(kruskal_wallis(&[], &[]), Err(NotEstimable::TooFewModels));
        assert_eq!(
            kruskal_wallis(&[0.1, 0.2], &[0, 0]),
            Err(NotEstimable::OneGroup)
        );
        assert_eq!(
            kruskal_wallis(&[1.0; 4], &[0, 0, 1, 1]),
            Err(NotEstimable::NoVariance)
        );
    }

    #[test]
    fn two_groups_of_equal_size_and_variance_give_the_ordinary_f() {
        let w = welch(&[0.1, 0.3, 0.5, 0.7], &[0, 0, 1, 1]).unwrap();
        assert!(
            (w.f - 8.0).abs() < 1e-12 && (w.df2 - 2.0).abs() < 1e-12,
            "{w:?}"
        );
    }

    #[test]
    fn an_outlier_counts_by_its_rank_alone() {
        let near = kruskal_wallis(&[0.1, 0.2, 0.3, 0.4, 0.5], &[0, 0, 0, 0, 1]).unwrap();
        let far = kruskal_wallis(&[0.1, 0.2, 0.3, 0.4, 1e6], &[0, 0, 0, 0, 1]).unwrap();
        assert_eq!(near, far);
    }
}
