//! Small symmetric positive definite matrices: factor, solve, invert.
//!
//! For normal equations of a few columns and for Schur complements of a few
//! hundred models; no blocking, no pivoting. A pivot that falls below a share of
//! its diagonal is `SingularFit`: callers remove redundant columns by what they
//! know of the design, not by trial.

use crate::{
    reason::{Estimable, NotEstimable},
    sums::sum,
};

/// A pivot below this share of its diagonal entry counts as zero.
const RELATIVE_PIVOT: f64 = 1e-12;

/// The lower factor `L` of `A = L L'`, rows of growing length.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Factor {
    rows: Vec<Vec<f64>>,
}

impl Factor {
    /// Factors a matrix, of which the lower triangle is read.
    pub(crate) fn new(matrix: &[Vec<f64>]) -> Estimable<Self> {
        let mut rows: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
        for (i, source) in matrix.iter().enumerate() {
            let mut row: Vec<f64> = Vec::with_capacity(i + 1);
            for (above, entry) in rows.iter().zip(source) {
                let known = dot(&row, above);
                let pivot = above.last().copied().unwrap_or(1.0);
                row.push((entry - known) / pivot);
            }
            let diagonal = source.get(i).copied().unwrap_or(0.0);
            let left = diagonal - dot(&row, &row);
            if !(left > RELATIVE_PIVOT * diagonal && left.is_finite()) {
                return Err(NotEstimable::SingularFit);
            }
            row.push(libm::sqrt(left));
            rows.push(row);
        }
        Ok(Factor { rows })
    }

    /// `ln det A`.
    pub(crate) fn log_determinant(&self) -> f64 {
        2.0 * sum(self
            .rows
            .iter()
            .filter_map(|row| row.last())
            .map(|pivot| libm::log(*pivot)))
    }

    /// `L^-1 b`; its squares add up to `b' A^-1 b`.
    pub(crate) fn forward(&self, b: &[f64]) -> Vec<f64> {
        let mut z: Vec<f64> = Vec::with_capacity(b.len());
        for (row, entry) in self.rows.iter().zip(b) {
            let pivot = row.last().copied().unwrap_or(1.0);
            z.push((entry - dot(row, &z)) / pivot);
        }
        z
    }

    /// `A^-1 b`.
    pub(crate) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut x = self.forward(b);
        for (i, row) in self.rows.iter().enumerate().rev() {
            let pivot = row.last().copied().unwrap_or(1.0);
            let Some(value) = x.get_mut(i).map(|v| {
                *v /= pivot;
                *v
            }) else {
                continue;
            };
            for (target, entry) in x.iter_mut().zip(row).take(i) {
                *target -= entry * value;
            }
        }
        x
    }

    /// `A^-1`, by columns.
    pub(crate) fn inverse(&self) -> Vec<Vec<f64>> {
        let size = self.rows.len();
        (0..size)
            .map(|j| {
                let unit: Vec<f64> = (0..size).map(|i| if i == j { 1.0 } else { 0.0 }).collect();
                self.solve(&unit)
            })
            .collect()
    }
}

/// The sum of products over the shorter length.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum(a.iter().zip(b).map(|(x, y)| x * y))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_matrix_of_three_is_solved_and_inverted() {
        let a = vec![
            vec![4.0, 2.0, 0.4],
            vec![2.0, 5.0, 1.0],
            vec![0.4, 1.0, 3.0],
        ];
        let factor = Factor::new(&a).unwrap();
        let x = factor.solve(&[1.0, 2.0, 3.0]);
        for (row, b) in a.iter().zip([1.0, 2.0, 3.0]) {
            assert!((dot(row, &x) - b).abs() < 1e-14);
        }
        let inverse = factor.inverse();
        assert!((dot(&a[1], &inverse[1]) - 1.0).abs() < 1e-14);
        assert!(dot(&a[0], &inverse[2]).abs() < 1e-15);
        // Expanded by hand: 4(15-1) - 2(6-0.4) + 0.4(2-2).
        assert!((factor.log_determinant() - libm::log(44.8)).abs() < 1e-14);
    }

    #[test]
    fn columns_that_depend_on_each_other_are_refused() {
        let a = vec![vec![1.0, 2.0], vec![2.0, 4.0]];
        assert_eq!(Factor::new(&a), Err(NotEstimable::SingularFit));
        assert_eq!(
            Factor::new(&[vec![f64::NAN]]),
            Err(NotEstimable::SingularFit)
        );
    }
}
