//! The marginal likelihood by Laplace's method, with its exact gradient.
//!
//! `-2 log L = -2 [log p(y | u) - |u|^2 / 2] + log det H` at the mode of `u`
//! (Bates et al. 2015, eq. 31 for the binomial case). The determinant moves
//! with the parameters directly and through the mode; both parts are
//! differentiated (Kristensen et al. 2016), so a quasi-Newton search needs a
//! few dozen evaluations where a search without derivatives needs hundreds.
//!
//! A parameter vector holds the standard deviations first, then the fixed
//! coefficients. Deviations may be negative here: only their squares matter,
//! which makes a variance of zero an ordinary interior optimum.

use crate::reason::Estimable;

use super::{
    design::Design,
    mode::{self, Mode},
    system::Inverse,
};

/// `-2 log L` of the traces and its gradient.
pub(crate) struct Evaluated {
    pub(crate) deviance: f64,
    pub(crate) gradient: Vec<f64>,
    pub(crate) mode: Mode,
}

/// Evaluates at `parameters`; `start` are effects to start the mode from.
///
/// # Errors
/// As [`mode::find`].
pub(crate) fn evaluate(
    design: &Design,
    parameters: &[f64],
    start: Vec<f64>,
) -> Estimable<Evaluated> {
    let (sd, fixed) = parameters.split_at(design.factors().min(parameters.len()));
    let mode = mode::find(design, sd, fixed, start)?;
    let deviance = -2.0 * mode.penalised() + mode.system.log_determinant();
    let gradient = gradient(design, sd, &mode);
    Ok(Evaluated {
        deviance,
        gradient,
        mode,
    })
}

fn gradient(design: &Design, sd: &[f64], mode: &Mode) -> Vec<f64> {
    let weights = mode.local.weights(design);
    let residuals = mode.local.residuals(design);
    let inverse = mode.system.inverse(design);
    let (leverage, mut slopes) = leverages(design, sd, &weights, &inverse);

    // How the determinant answers to a shift of the linear predictor.
    let pull: Vec<f64> = leverage
        .iter()
        .zip(weights.iter().zip(&mode.local.p))
        .map(|(h, (w, p))| h * w * (1.0 - 2.0 * p))
        .collect();
    let mut adjoint: Vec<f64> = design
        .by_effect(&pull)
        .iter()
        .enumerate()
        .map(|(place, v)| sd[design.factor(place)] * v)
        .collect();
    mode.system.solve(design, &mut adjoint);

    let through_mode = design.predictor(sd, &[], &adjoint);
    let per_cell: Vec<f64> = (0..design.cells())
        .map(|i| pull[i] - weights[i] * through_mode[i] - 2.0 * residuals[i])
        .collect();
    let totals = design.by_effect(&per_cell);
    let residual_totals = design.by_effect(&residuals);
    for (place, ((total, u), (s, r))) in totals
        .iter()
        .zip(&mode.effects)
        .zip(adjoint.iter().zip(&residual_totals))
        .enumerate()
    {
        slopes[design.factor(place)] += total * u + s * r;
    }
    slopes.push(per_cell.iter().sum());
    if let Some(x) = &design.covariate {
        slopes.push(per_cell.iter().zip(x).map(|(v, x)| v * x).sum());
    }
    slopes
}

/// Per cell the variance of its scaled effects under `H^-1`, and per factor
/// the direct derivative of `log det H` by its standard deviation.
fn leverages(
    design: &Design,
    sd: &[f64],
    weights: &[f64],
    inverse: &Inverse,
) -> (Vec<f64>, Vec<f64>) {
    let mut slopes = vec![0.0; design.factors()];
    let leverage = (0..design.cells())
        .map(|i| {
            let mut h = 0.0;
            for (f, slope) in slopes.iter_mut().enumerate() {
                let row: f64 = sd
                    .iter()
                    .enumerate()
                    .map(|(g, s)| s * inverse.within(design, i, f, g))
                    .sum();
                *slope += 2.0 * weights[i] * row;
                h += sd[f] * row;
            }
            h
        })
        .collect();
    (leverage, slopes)
}
