//! Integrals against a normal density.
//!
//! [`gauss_hermite`] gives nodes for the adaptive quadrature of a likelihood.
//! [`Grid`] is the plain trapezoid on eight standard deviations either
//! way, which for a smooth function of moderate slope is exact to rounding
//! (Trefethen and Weideman 2014).

use std::f64::consts::PI;

use crate::{
    reason::{Estimable, NotEstimable},
    sums::{count, sum},
};

use super::mode::logistic;

/// Newton steps per node; five are usual.
const MAX_STEPS: usize = 100;

/// Nodes and weights for `exp(-x^2)`, by Newton's method on the orthonormal
/// Hermite polynomials from asymptotic starts (Press et al. 2007, 4.6).
///
/// # Errors
/// `OutOfRange` for no node or more than 64, `NotConverged` never in that range.
pub(crate) fn gauss_hermite(nodes: usize) -> Estimable<Vec<(f64, f64)>> {
    if !(1..=64).contains(&nodes) {
        return Err(NotEstimable::OutOfRange);
    }
    let n = count(nodes);
    let mut found: Vec<(f64, f64)> = Vec::with_capacity(nodes);
    let mut z = 0.0;
    for i in 0..nodes.div_ceil(2) {
        let before = |k: usize| found[i - k].0;
        z = match i {
            0 => {
                let w = 2.0 * n + 1.0;
                libm::sqrt(w) - 1.85575 * libm::pow(w, -1.0 / 6.0)
            }
            1 => z - 1.14 * libm::pow(n, 0.426) / z,
            2 => 1.86 * z - 0.86 * before(2),
            3 => 1.91 * z - 0.91 * before(2),
            _ => 2.0 * z - before(2),
        };
        let mut slope = f64::NAN;
        for step in 0..=MAX_STEPS {
            if step == MAX_STEPS {
                return Err(NotEstimable::NotConverged);
            }
            let (value, below) = hermite(nodes, z);
            slope = libm::sqrt(2.0 * n) * below;
            let change = value / slope;
            z -= change;
            if change.abs() <= 1e-14 * z.abs().max(1.0) {
                break;
            }
        }
        found.push((z, 2.0 / (slope * slope)));
    }
    let mirrored: Vec<(f64, f64)> = found
        .iter()
        .take(nodes / 2)
        .map(|(z, w)| (-z, *w))
        .collect();
    found.extend(mirrored);
    Ok(found)
}

/// The orthonormal Hermite polynomials of degree `n` and `n - 1`.
fn hermite(n: usize, z: f64) -> (f64, f64) {
    let (mut value, mut below) = (libm::pow(PI, -0.25), 0.0);
    for j in 0..n {
        let j = count(j);
        let next = z * libm::sqrt(2.0 / (j + 1.0)) * value - libm::sqrt(j / (j + 1.0)) * below;
        (value, below) = (next, value);
    }
    (value, below)
}

/// How densely a trapezoid is laid. The logistic's nearest pole lies at
/// `pi / s` for a deviation `s`, so the error is about
/// `exp(-2 pi^2 / (s step))`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid {
    half: i32,
    step: f64,
    /// The normal density at the nodes, from the middle outwards, times the step.
    weights: [f64; 35],
}

impl Grid {
    /// Exact to rounding up to a deviation of 2, to 1e-6 up to 5.
    pub(crate) fn fine() -> Self {
        Grid::new(34, 0.25)
    }

    /// To 1e-7 up to a deviation of 2, to 1e-5 up to 3: for sums over thousands of draws.
    pub(crate) fn coarse() -> Self {
        Grid::new(15, 0.5)
    }

    fn new(half: i32, step: f64) -> Self {
        let mut weights = [0.0; 35];
        for (k, w) in (0..=half).zip(&mut weights) {
            let z = f64::from(k) * step;
            *w = step / libm::sqrt(2.0 * PI) * libm::exp(-0.5 * z * z);
        }
        Grid {
            half,
            step,
            weights,
        }
    }

    /// Mean of `f(z)` over a standard normal `z`.
    pub(crate) fn mean(&self, f: impl Fn(f64) -> f64) -> f64 {
        let outwards = (0..=self.half).zip(&self.weights);
        sum(outwards.map(|(k, w)| {
            let z = f64::from(k) * self.step;
            w * if k == 0 { f(z) } else { f(z) + f(-z) }
        }))
    }

    /// Mean rate over a normal linear predictor.
    pub(crate) fn mean_rate(&self, centre: f64, variance: f64) -> f64 {
        let sd = libm::sqrt(variance.max(0.0));
        if sd == 0.0 {
            return logistic(centre).0;
        }
        self.mean(|z| logistic(centre + sd * z).0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn moments_of_the_normal_law_are_exact() {
        for nodes in [1_usize, 2, 5, 15, 40, 64] {
            let rule = gauss_hermite(nodes).unwrap();
            assert_eq!(rule.len(), nodes);
            let total = sum(rule.iter().map(|r| r.1));
            assert!((total - libm::sqrt(PI)).abs() < 1e-12, "{nodes}: {total}");
            if nodes > 1 {
                let square = sum(rule.iter().map(|(z, w)| w * z * z));
                assert!((square - libm::sqrt(PI) / 2.0).abs() < 1e-12, "{nodes}");
            }
        }
        for grid in [Grid::fine(), Grid::coarse()] {
            assert!((grid.mean(|z| z * z * z * z) - 3.0).abs() < 1e-9);
        }
        assert_eq!(gauss_hermite(0), Err(NotEstimable::OutOfRange));
    }

    #[test]
    fn the_mean_rate_agrees_with_a_finer_sum() {
        let (fine, coarse) = (Grid::fine(), Grid::coarse());
        assert!((fine.mean_rate(0.0, 4.0) - 0.5).abs() < 1e-14);
        // Python 3.11: a sum over steps of 0.001 with math.fsum.
        assert!((fine.mean_rate(1.0, 4.0) - MEAN).abs() < 1e-13);
        assert!((coarse.mean_rate(1.0, 4.0) - MEAN).abs() < 1e-7);
    }
    const MEAN: f64 = 0.647_726_438_525_868_8;
}
