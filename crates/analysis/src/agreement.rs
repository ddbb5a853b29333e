//! How far two graders agree beyond chance, from a square table of verdicts.
//!
//! Row i, column j counts the traces that the first grader put into category i
//! and the second into j. Percent agreement alone rewards a common verdict, and
//! kappa punishes it, so both are given with the prevalence of each category.
//! Traces are taken as independent. Sources: Cohen 1960; Fleiss, Cohen and
//! Everitt 1969 for the standard error; Gwet 2008 for AC1.

use crate::{
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    sums::{count, count_u64, sum},
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
    /// Gwet's AC1.
    pub ac1: Estimable<f64>,
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
    let chance = sum(rows.iter().zip(&columns).map(|(r, c)| r * c));
    let one_category = (0..k).any(|i| table[i][i] == n);
    let kappa = if one_category {
        Err(NotEstimable::OneCategory)
    } else {
        Ok((share - chance) / (1.0 - chance))
    };
    let prevalence: Vec<f64> = rows
        .iter()
        .zip(&columns)
        .map(|(r, c)| (r + c) / 2.0)
        .collect();
    Ok(Agreement {
        n,
        agreed,
        share,
        kappa,
        kappa_se: kappa.map(|kappa| {
            let spread = Spread {
                rows: &rows,
                columns: &columns,
                chance,
                kappa,
            };
            libm::sqrt(spread.variance(cell).max(0.0) / total)
        }),
        ac1: ac1(share, &prevalence),
        prevalence,
    })
}

/// What the variance of kappa is made of.
struct Spread<'a> {
    rows: &'a [f64],
    columns: &'a [f64],
    chance: f64,
    kappa: f64,
}

impl Spread<'_> {
    fn variance(&self, cell: impl Fn(usize, usize) -> f64) -> f64 {
        let k = self.rows.len();
        let rest = 1.0 - self.kappa;
        let agreeing = sum((0..k).map(|i| {
            let d = 1.0 - (self.rows[i] + self.columns[i]) * rest;
            cell(i, i) * d * d
        }));
        let pairs = (0..k)
            .flat_map(|i| (0..k).map(move |j| (i, j)))
            .filter(|(i, j)| i != j);
        let differing = sum(pairs.map(|(i, j)| {
            let d = self.columns[i] + self.rows[j];
            cell(i, j) * d * d
        }));
        let centre = self.kappa - self.chance * rest;
        let scale = (1.0 - self.chance) * (1.0 - self.chance);
        (agreeing + rest * rest * differing - centre * centre) / scale
    }
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
