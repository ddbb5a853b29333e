//! The marginal likelihood by adaptive Gauss-Hermite quadrature, one factor.
//!
//! Each level's integral over its effect is taken at nodes centred at the
//! mode and scaled by the curvature there (Pinheiro and Bates 1995; lme4's
//! `nAGQ`). One node is Laplace's method. With several crossed factors the
//! integral has as many dimensions as effects, and no such rule is feasible.

use crate::{
    reason::{Estimable, NotEstimable},
    sums::sum,
};

use super::{
    design::Design,
    mode::{self, logistic},
};

/// `-2 log L` of the traces at `[standard deviation, coefficients...]`.
///
/// # Errors
/// `OutOfRange` unless the design has exactly one factor; as [`mode::find`].
pub(crate) fn deviance(
    design: &Design,
    parameters: &[f64],
    rule: &[(f64, f64)],
    effects: &mut Vec<f64>,
) -> Estimable<f64> {
    let (Some((sd, fixed)), 1) = (parameters.split_first(), design.factors()) else {
        return Err(NotEstimable::OutOfRange);
    };
    let mode = mode::find(design, &[*sd], fixed, std::mem::take(effects))?;
    let eta = design.predictor(&[*sd], fixed, &mode.effects);
    let weights = mode.local.weights(design);
    let levels = design.first.windows(2).zip(&mode.effects);
    let total = sum(levels.map(|(range, u)| {
        let cells = range[0]..range[1];
        let curvature = 1.0 + sd * sd * weights[cells.clone()].iter().sum::<f64>();
        let scale = libm::sqrt(2.0 / curvature);
        let exponents: Vec<f64> = rule
            .iter()
            .map(|(z, weight)| {
                let shift = scale * z;
                let fit = sum(cells.clone().map(|i| {
                    let eta = eta[i] + sd * shift;
                    design.successes[i] * eta - design.trials[i] * logistic(eta).1
                }));
                fit - 0.5 * (u + shift) * (u + shift) + z * z + libm::log(*weight)
            })
            .collect();
        let highest = exponents.iter().fold(f64::NEG_INFINITY, |m, e| m.max(*e));
        let sum = sum(exponents.iter().map(|e| libm::exp(e - highest)));
        highest + libm::log(sum) - 0.5 * libm::log(std::f64::consts::PI * curvature)
    }));
    *effects = mode.effects;
    Ok(-2.0 * total)
}
