//! The most likely random effects for given coefficients and deviations.
//!
//! Penalised iteratively reweighted least squares, as a Newton iteration with
//! step halving on the concave function `log p(y | u) - |u|^2 / 2` over effects
//! of unit variance (Bates et al. 2015). Always converges: the function is
//! strictly concave.

use crate::{
    reason::{Estimable, NotEstimable},
    sums::sum,
};

use super::{design::Design, exponential::exp_to_zero, system::System};

/// Newton steps; a start from zero takes six to ten.
const MAX_STEPS: usize = 200;

/// Half the gain that the last step may promise: the step after it would
/// change the effects by the square of this, in units of their own errors.
const LAST_DECREMENT: f64 = 1e-12;

/// What the likelihood says at one linear predictor.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    /// Probability of success, per cell.
    pub(crate) p: Vec<f64>,
    /// `log p(y | u)` of the traces.
    pub(crate) log_likelihood: f64,
}

impl Local {
    /// Weights `n p (1 - p)`.
    pub(crate) fn weights(&self, design: &Design) -> Vec<f64> {
        self.p
            .iter()
            .zip(&design.trials)
            .map(|(p, n)| n * p * (1.0 - p))
            .collect()
    }

    /// Residuals `y - n p`.
    pub(crate) fn residuals(&self, design: &Design) -> Vec<f64> {
        self.p
            .iter()
            .zip(design.successes.iter().zip(&design.trials))
            .map(|(p, (y, n))| y - n * p)
            .collect()
    }
}

/// The mode and what was computed there.
#[derive(Clone, Debug)]
pub(crate) struct Mode {
    /// Effects scaled to unit variance.
    pub(crate) effects: Vec<f64>,
    pub(crate) local: Local,
    pub(crate) system: System,
}

impl Mode {
    /// `log p(y | u) - |u|^2 / 2` at the mode.
    pub(crate) fn penalised(&self) -> f64 {
        self.local.log_likelihood - 0.5 * sum(self.effects.iter().map(|u| u * u))
    }
}

/// Probability of success and `log(1 + exp(eta))` of a linear predictor.
pub(crate) fn logistic(eta: f64) -> (f64, f64) {
    let e = exp_to_zero(-eta.abs());
    let p = if eta >= 0.0 { 1.0 } else { e } / (1.0 + e);
    (p, eta.max(0.0) + libm::log1p(e))
}

/// The likelihood at a linear predictor.
pub(crate) fn local(design: &Design, eta: &[f64]) -> Local {
    let mut p = Vec::with_capacity(eta.len());
    let terms = eta
        .iter()
        .zip(design.successes.iter().zip(&design.trials))
        .map(|(eta, (y, n))| {
            let (success, log_total) = logistic(*eta);
            p.push(success);
            y * eta - n * log_total
        });
    let log_likelihood = sum(terms);
    Local { p, log_likelihood }
}

/// Finds the mode, starting from `effects`.
///
/// # Errors
/// `OutOfRange` when a parameter is not finite, `NotConverged` when the steps
/// run out, which a finite start does not bring about.
pub(crate) fn find(
    design: &Design,
    sd: &[f64],
    fixed: &[f64],
    mut effects: Vec<f64>,
) -> Estimable<Mode> {
    let at = |effects: &[f64]| {
        let now = local(design, &design.predictor(sd, fixed, effects));
        let value = now.log_likelihood - 0.5 * sum(effects.iter().map(|u| u * u));
        (now, value)
    };
    let (mut now, mut value) = at(&effects);
    if !value.is_finite() {
        return Err(NotEstimable::OutOfRange);
    }
    for _ in 0..MAX_STEPS {
        let mut step = gradient(design, sd, &effects, &now);
        let system = System::new(design, sd, &now.weights(design))?;
        let slope = step.clone();
        system.solve(design, &mut step);
        let decrement = sum(step.iter().zip(&slope).map(|(a, b)| a * b));
        let mut share = 1.0;
        loop {
            let next: Vec<f64> = effects
                .iter()
                .zip(&step)
                .map(|(u, s)| u + share * s)
                .collect();
            let (there, reached) = at(&next);
            let slack = 1e-12 * (1.0 + value.abs());
            if reached >= value - slack || decrement < LAST_DECREMENT {
                (effects, now, value) = (next, there, reached);
                break;
            }
            share *= 0.5;
            if share < 1e-12 {
                return Err(NotEstimable::NotConverged);
            }
        }
        if decrement < LAST_DECREMENT {
            let system = System::new(design, sd, &now.weights(design))?;
            return Ok(Mode {
                effects,
                local: now,
                system,
            });
        }
    }
    Err(NotEstimable::NotConverged)
}

/// Slope of the penalised log likelihood in the effects.
fn gradient(design: &Design, sd: &[f64], effects: &[f64], now: &Local) -> Vec<f64> {
    design
        .by_effect(&now.residuals(design))
        .iter()
        .zip(effects)
        .enumerate()
        .map(|(place, (total, u))| sd[design.factor(place)] * total - u)
        .collect()
}
