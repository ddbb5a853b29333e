//! Generalised least squares for models in groups that share an effect.
//!
//! `y = X beta + e`, `Var(e) = D + between * J`, where D is diagonal and J is 1
//! for two models of one group. The inverse is known in closed form
//! (Sherman and Morrison 1950), so a fit costs one pass over the models and a
//! matrix as small as the number of columns. [`crate::random_intercept`],
//! [`crate::three_level`] and [`crate::heterogeneity`] are built on it. It
//! estimates no variance.

use std::f64::consts::TAU;

use crate::{
    cholesky::{Factor, dot},
    reason::{Estimable, NotEstimable},
    sums::{all_finite, count, sum},
};

/// The data of a fit.
#[derive(Clone, Debug)]
pub(crate) struct Design {
    /// Response.
    pub(crate) y: Vec<f64>,
    /// Columns of X, each as long as `y`.
    pub(crate) columns: Vec<Vec<f64>>,
    /// Places of the members of each group.
    pub(crate) members: Vec<Vec<usize>>,
    /// Whether each group has a mean of its own in place of the columns.
    strata: bool,
}

/// A fit for given variances.
#[derive(Clone, Debug)]
pub(crate) struct Gls {
    /// Coefficients.
    pub(crate) beta: Vec<f64>,
    /// Standard errors of the coefficients, for known variances.
    pub(crate) se: Vec<f64>,
    /// `(X'V^-1 X)^-1`, by columns; empty where groups have means of their own.
    covariance: Vec<Vec<f64>>,
    /// `y - X beta`.
    pub(crate) residuals: Vec<f64>,
    /// `r'V^-1 r`.
    pub(crate) quadratic: f64,
    /// `ln det V`.
    pub(crate) log_det_v: f64,
    /// `ln det X'V^-1 X`.
    pub(crate) log_det_xvx: f64,
}

impl Design {
    /// An intercept, and a column for `x` where one is given. `group` holds a
    /// label per model.
    pub(crate) fn new(y: &[f64], x: Option<&[f64]>, group: &[usize]) -> Estimable<Self> {
        let length = y.len();
        if group.len() != length || x.is_some_and(|x| x.len() != length) {
            return Err(NotEstimable::LengthMismatch);
        }
        if !all_finite(y) || x.is_some_and(|x| !all_finite(x)) {
            return Err(NotEstimable::OutOfRange);
        }
        let mut columns = vec![vec![1.0; length]];
        columns.extend(x.map(<[f64]>::to_vec));
        let mut members: std::collections::BTreeMap<usize, Vec<usize>> =
            std::collections::BTreeMap::new();
        for (i, label) in group.iter().enumerate() {
            members.entry(*label).or_default().push(i);
        }
        if length <= columns.len() {
            return Err(NotEstimable::TooFewModels);
        }
        Ok(Design {
            y: y.to_vec(),
            columns,
            members: members.into_values().collect(),
            strata: false,
        })
    }

    /// A mean of its own for each group and nothing else.
    pub(crate) fn by_group(y: &[f64], group: &[usize]) -> Estimable<Self> {
        let mut design = Design::new(y, None, group)?;
        if design.n() <= design.members.len() {
            return Err(NotEstimable::NoWithinDf);
        }
        design.columns.clear();
        design.strata = true;
        Ok(design)
    }

    /// Number of models.
    pub(crate) fn n(&self) -> usize {
        self.y.len()
    }

    /// `n` less the number of coefficients.
    pub(crate) fn df(&self) -> usize {
        let used = if self.strata {
            self.members.len()
        } else {
            self.columns.len()
        };
        self.n() - used
    }

    /// Fits with variances `diagonal` (positive) and `between` (at least 0).
    pub(crate) fn fit(&self, diagonal: &[f64], between: f64) -> Estimable<Gls> {
        if self.strata {
            return Ok(self.fit_strata(diagonal));
        }
        let kernel = Kernel::new(self, diagonal, between);
        let normal: Vec<Vec<f64>> = self
            .columns
            .iter()
            .map(|a| self.columns.iter().map(|b| kernel.product(a, b)).collect())
            .collect();
        let factor = Factor::new(&normal)?;
        let right: Vec<f64> = self
            .columns
            .iter()
            .map(|a| kernel.product(a, &self.y))
            .collect();
        let beta = factor.solve(&right);
        let residuals: Vec<f64> = (0..self.n())
            .map(|i| self.y[i] - sum(self.columns.iter().zip(&beta).map(|(c, b)| c[i] * b)))
            .collect();
        let covariance = factor.inverse();
        Ok(Gls {
            quadratic: kernel.product(&residuals, &residuals).max(0.0),
            se: covariance
                .iter()
                .enumerate()
                .filter_map(|(i, c)| c.get(i).map(|v| libm::sqrt(v.max(0.0))))
                .collect(),
            covariance,
            beta,
            residuals,
            log_det_v: kernel.log_det(diagonal),
            log_det_xvx: factor.log_determinant(),
        })
    }

    /// Weighted means of the groups. An effect common to a group is one with its
    /// mean, so a variance between groups has no part in this.
    fn fit_strata(&self, diagonal: &[f64]) -> Gls {
        let mut residuals = self.y.clone();
        let (mut beta, mut totals) = (Vec::new(), Vec::new());
        for m in &self.members {
            let weight = sum(m.iter().map(|i| 1.0 / diagonal[*i]));
            let mean = sum(m.iter().map(|i| self.y[*i] / diagonal[*i])) / weight;
            for i in m {
                residuals[*i] -= mean;
            }
            beta.push(mean);
            totals.push(weight);
        }
        Gls {
            quadratic: sum(residuals.iter().zip(diagonal).map(|(r, v)| r * r / v)),
            log_det_v: sum(diagonal.iter().map(|v| libm::log(*v))),
            log_det_xvx: sum(totals.iter().map(|w| libm::log(*w))),
            se: totals.iter().map(|w| libm::sqrt(1.0 / w)).collect(),
            covariance: Vec::new(),
            beta,
            residuals,
        }
    }

    /// `x_i' (X'V^-1 X)^-1 x_i` of every model.
    pub(crate) fn leverages(&self, fit: &Gls) -> Vec<f64> {
        if self.strata {
            let mut all = vec![0.0; self.n()];
            for (m, se) in self.members.iter().zip(&fit.se) {
                for i in m {
                    all[*i] = se * se;
                }
            }
            return all;
        }
        (0..self.n())
            .map(|i| {
                let row: Vec<f64> = self.columns.iter().map(|c| c[i]).collect();
                sum(fit
                    .covariance
                    .iter()
                    .zip(&row)
                    .map(|(c, x)| x * dot(c, &row)))
            })
            .collect()
    }

    /// `ln det X'X`, a constant of the restricted likelihood.
    pub(crate) fn log_det_xx(&self) -> Estimable<f64> {
        let normal: Vec<Vec<f64>> = self
            .columns
            .iter()
            .map(|a| self.columns.iter().map(|b| dot(a, b)).collect())
            .collect();
        Ok(Factor::new(&normal)?.log_determinant())
    }
}

impl Gls {
    /// Restricted log-likelihood for known variances, without `ln det X'X`.
    pub(crate) fn restricted(&self, df: usize) -> f64 {
        -0.5 * (count(df) * libm::log(TAU) + self.log_det_v + self.log_det_xvx + self.quadratic)
    }
}

/// `V^-1`, group by group.
struct Kernel<'a> {
    members: &'a [Vec<usize>],
    weights: Vec<f64>,
    /// `between / (1 + between * sum of weights)` of each group.
    shrink: Vec<f64>,
    /// `1 + between * sum of weights` of each group.
    grown: Vec<f64>,
}

impl<'a> Kernel<'a> {
    fn new(design: &'a Design, diagonal: &[f64], between: f64) -> Self {
        let weights: Vec<f64> = diagonal.iter().map(|d| 1.0 / d).collect();
        let grown: Vec<f64> = design
            .members
            .iter()
            .map(|m| 1.0 + between * sum(m.iter().map(|i| weights[*i])))
            .collect();
        Kernel {
            members: &design.members,
            shrink: grown.iter().map(|g| between / g).collect(),
            weights,
            grown,
        }
    }

    /// `a' V^-1 b`.
    fn product(&self, a: &[f64], b: &[f64]) -> f64 {
        let plain = sum(self
            .weights
            .iter()
            .enumerate()
            .map(|(i, w)| w * a[i] * b[i]));
        let shared = sum(self.members.iter().zip(&self.shrink).map(|(m, s)| {
            let total = |v: &[f64]| sum(m.iter().map(|i| self.weights[*i] * v[*i]));
            if *s == 0.0 {
                0.0
            } else {
                s * total(a) * total(b)
            }
        }));
        plain - shared
    }

    fn log_det(&self, diagonal: &[f64]) -> f64 {
        sum(diagonal.iter().chain(&self.grown).map(|v| libm::log(*v)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_group_of_two_agrees_with_the_matrix_written_out() {
        // V = [[3,1,0],[1,3,0],[0,0,3]]; X = 1.
        let d = Design::new(&[1.0, 2.0, 6.0], None, &[0, 0, 1]).unwrap();
        let fit = d.fit(&[2.0; 3], 1.0).unwrap();
        // 1'V^-1 1 = 2/4 + 1/3, 1'V^-1 y = 3/4 + 2.
        assert!((fit.beta[0] - 2.75 / (5.0 / 6.0)).abs() < 1e-14);
        assert!((fit.se[0] * fit.se[0] - 1.2).abs() < 1e-14);
        assert!((fit.log_det_v - libm::log(24.0)).abs() < 1e-14);
    }

    #[test]
    fn a_column_that_repeats_the_intercept_is_refused() {
        let d = Design::new(&[1.0, 2.0, 6.0], Some(&[3.0; 3]), &[0, 0, 1]).unwrap();
        assert_eq!(
            d.fit(&[1.0; 3], 0.0).unwrap_err(),
            NotEstimable::SingularFit
        );
    }
}
