//! Cholesky factor of a dense symmetric matrix, row by row.
//!
//! Small on purpose: the matrices here have a row per model, provider,
//! technique and grader, a few hundred at most. Plain loops in a fixed order
//! give the same bytes everywhere.

use crate::reason::{Estimable, NotEstimable};

/// The lower triangle `L` with `A = L L'`, in rows of full length.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    order: usize,
    lower: Vec<f64>,
}

impl Cholesky {
    /// Factors the matrix whose lower triangle is `a` (row-major, `order` wide).
    ///
    /// # Errors
    /// `SingularFit` if it is not positive definite.
    pub(crate) fn new(mut a: Vec<f64>, order: usize) -> Estimable<Self> {
        for i in 0..order {
            let (above, row) = a.split_at_mut(i * order);
            for j in 0..i {
                let other = &above[j * order..j * order + j + 1];
                let dot = dot(&row[..j], &other[..j]);
                row[j] = (row[j] - dot) / other[j];
            }
            let pivot = row[i] - dot(&row[..i], &row[..i]);
            if !(pivot > 0.0 && pivot.is_finite()) {
                return Err(NotEstimable::SingularFit);
            }
            row[i] = libm::sqrt(pivot);
        }
        Ok(Cholesky { order, lower: a })
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.lower[i * self.order..i * self.order + i + 1]
    }

    /// Logarithm of the determinant of `A`.
    pub(crate) fn log_determinant(&self) -> f64 {
        2.0 * (0..self.order)
            .map(|i| libm::log(self.lower[i * self.order + i]))
            .sum::<f64>()
    }

    /// Solves `A x = b` in place.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        for i in 0..self.order {
            let row = self.row(i);
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
        for i in (0..self.order).rev() {
            let row = self.row(i);
            let x = b[i] / row[i];
            b[i] = x;
            for (below, l) in b[..i].iter_mut().zip(row) {
                *below -= l * x;
            }
        }
    }

    /// The inverse of `A`, whole, row-major.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let n = self.order;
        // Rows of the inverse of L first, then their products.
        let mut left = vec![0.0; n * n];
        for i in 0..n {
            let row = self.row(i);
            let (above, current) = left.split_at_mut(i * n);
            for (k, l) in row[..i].iter().enumerate() {
                for (c, a) in current[..=k].iter_mut().zip(&above[k * n..]) {
                    *c -= l * a;
                }
            }
            for c in current[..i].iter_mut() {
                *c /= row[i];
            }
            current[i] = 1.0 / row[i];
        }
        let mut inverse = vec![0.0; n * n];
        for row in left.chunks_exact(n.max(1)) {
            for i in 0..n {
                let factor = row[i];
                if factor != 0.0 {
                    for (out, x) in inverse[i * n..i * n + i + 1].iter_mut().zip(row) {
                        *out += factor * x;
                    }
                }
            }
        }
        for i in 0..n {
            for j in 0..i {
                inverse[j * n + i] = inverse[i * n + j];
            }
        }
        inverse
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_matrix_times_its_inverse_is_one() {
        let a = vec![4.0, 0.0, 0.0, 2.0, 5.0, 0.0, -1.0, 0.5, 3.0];
        let factor = Cholesky::new(a, 3).unwrap();
        let inverse = factor.inverse();
        let full = [[4.0, 2.0, -1.0], [2.0, 5.0, 0.5], [-1.0, 0.5, 3.0]];
        for (i, row) in full.iter().enumerate() {
            for j in 0..3 {
                let entry: f64 = (0..3).map(|k| row[k] * inverse[k * 3 + j]).sum();
                assert!((entry - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
        // By hand: 4(15 - 0.25) - 2(6 + 0.5) - (1 + 5).
        assert!((factor.log_determinant() - libm::log(40.0)).abs() < 1e-13);
        let mut b = [1.0, 2.0, 3.0];
        factor.solve(&mut b);
        assert!((4.0 * b[0] + 2.0 * b[1] - b[2] - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_is_refused() {
        let singular = Cholesky::new(vec![1.0, 0.0, 1.0, 1.0], 2);
        assert!(matches!(singular, Err(NotEstimable::SingularFit)));
        let none = Cholesky::new(Vec::new(), 0).unwrap();
        assert_eq!(none.log_determinant(), 0.0);
        assert!(none.inverse().is_empty());
    }
}
