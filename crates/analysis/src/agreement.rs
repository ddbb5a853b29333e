//! How far two graders agree beyond chance, from a square table of verdicts.
//!
//! Row i, column j counts the traces that the first grader put into category i
//! and the second into j. Percent agreement alone rewards a common verdict, and
//! kappa punishes it, so both are given with the prevalence of each category.
//! Traces are taken as independent. Sources: Cohen 1960; Gwet 2008 for AC1;
//! Byrt, Bishop and Carlin 1993 for PABAK; Cicchetti and Feinstein 1990 for
//! agreement by category. Weighted kappa is in [`crate::weighted_kappa`], more
//! than two graders in [`crate::raters`].

use crate::{
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    sums::{count, count_u64, sum},
    weighted_kappa::{Weights, kappa},
};

/// Agreement of two graders on the same traces.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Traces that both graded.
    pub n: u64,
    /// Traces on which they agree.
    pub agreed: u64,
    /// `agreed / n`.
    pub share: f64,
    /// Cohen's unweighted kappa.
    pub kappa: Estimable<f64>,
    /// Its large-sample standard error.
    pub kappa_se: Estimable<f64>,
    /// Its standard error where agreement is by chance.
    pub kappa_se_null: Estimable<f64>,
    /// Gwet's AC1.
    pub ac1: Estimable<f64>,
    /// Kappa adjusted for prevalence and bias, `(k share - 1)/(k - 1)`.
    pub pabak: Estimable<f64>,
    /// Agreement on each category, `2 n_ii/(row + column)`; `ZeroCells` where
    /// neither used it.
    pub by_category: Vec<Estimable<f64>>,
    /// Share of each category, averaged over the two graders.
    pub prevalence: Vec<f64>,
}

impl Agreement {
    /// Normal interval for kappa, cut off at -1 and 1.
    ///
    /// # Errors
    /// The reason for which kappa is missing.
    pub fn kappa_interval(&self, level: Level) -> Estimable<Interval> {
        let i = Interval::around(self.kappa?, level.z() * self.kappa_se?);
        Ok(Interval {
            lower: i.lower.max(-1.0),
            upper: i.upper.min(1.0),
        })
    }
}

/// Reads agreement off a square table of counts.
///
/// # Errors
/// `LengthMismatch` unless the table is square, `NoTraces` when it is empty.
/// Field by field: kappa is `OneCategory` when both graders use one and the
/// same category throughout.
pub fn agreement(table: &[Vec<u64>]) -> Estimable<Agreement> {
    let k = table.len();
    if table.iter().any(|row| row.len() != k) {
        return Err(NotEstimable::LengthMismatch);
    }
    let n = table
        .iter()
        .flatten()
        .fold(0_u64, |total, c| total.saturating_add(*c));
    if n == 0 {
        return Err(NotEstimable::NoTraces);
    }
    let total = count_u64(n);
    let cell = |i: usize, j: usize| count_u64(table[i][j]) / total;
    let rows: Vec<f64> = (0..k).map(|i| sum((0..k).map(|j| cell(i, j)))).collect();
    let columns: Vec<f64> = (0..k).map(|j| sum((0..k).map(|i| cell(i, j)))).collect();
    let agreed = (0..k).fold(0_u64, |total, i| total.saturating_add(table[i][i]));
    let share = count_u64(agreed) / total;
    let kappa = kappa(table, Weights::Nominal)?;
    let prevalence: Vec<f64> = rows
        .iter()
        .zip(&columns)
        .map(|(r, c)| (r + c) / 2.0)
        .collect();
    Ok(Agreement {
        n,
        agreed,
        share,
        kappa: kappa.kappa,
        kappa_se: kappa.se,
        kappa_se_null: kappa.se_null,
        pabak: pabak(share, k),
        by_category: (0..k)
            .map(|i| {
                let used = rows[i] + columns[i];
                if used > 0.0 {
                    Ok(2.0 * cell(i, i) / used)
                } else {
                    Err(NotEstimable::ZeroCells)
                }
            })
            .collect(),
        ac1: ac1(share, &prevalence),
        prevalence,
    })
}

fn pabak(share: f64, categories: usize) -> Estimable<f64> {
    if categories < 2 {
        return Err(NotEstimable::OneCategory);
    }
    let k = count(categories);
    Ok((k * share - 1.0) / (k - 1.0))
}

fn ac1(share: f64, prevalence: &[f64]) -> Estimable<f64> {
    if prevalence.len() < 2 {
        return Err(NotEstimable::OneCategory);
    }
    let chance = sum(prevalence.iter().map(|p| p * (1.0 - p))) / (count(prevalence.len()) - 1.0);
    Ok((share - chance) / (1.0 - chance))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_common_verdict_gives_high_agreement_and_low_kappa() {
        let a = agreement(&[vec![90, 4], vec![5, 1]]).unwrap();
        assert_eq!(a.agreed, 91);
        assert!((a.share - 0.91).abs() < 1e-15);
        assert!((a.kappa.unwrap() - 0.1346).abs() < 5e-5);
        assert!(a.ac1.unwrap() > 0.89);
    }

    #[test]
    fn two_constant_graders_have_no_kappa() {
        let a = agreement(&[vec![7, 0], vec![0, 0]]).unwrap();
        assert_eq!(a.kappa, Err(NotEstimable::OneCategory));
        assert_eq!(a.ac1, Ok(1.0));
    }

    #[test]
    fn no_common_trace_and_a_ragged_table_are_refused() {
        assert_eq!(agreement(&[vec![0]]), Err(NotEstimable::NoTraces));
        assert_eq!(
            agreement(&[vec![1, 2], vec![3]]),
            Err(NotEstimable::LengthMismatch)
        );
    }
}
