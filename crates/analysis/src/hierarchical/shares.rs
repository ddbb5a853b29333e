//! How variances divide up, on the logit scale and on the scale of rates.

use std::f64::consts::PI;

use super::quadrature::Grid;

/// Variance of the standard logistic law: what a single trace adds on the
/// logit scale (Goldstein, Browne and Rasbash 2002; Nakagawa et al. 2017).
pub const LATENT_RESIDUAL: f64 = PI * PI / 3.0;

/// Share of one variance in all of them and the single trace's.
pub fn latent(variance: f64, total: f64) -> f64 {
    variance / (total + LATENT_RESIDUAL)
}

/// Share of the variance of a single trace's outcome that goes with one
/// factor: `Var(E[p | effect]) / (m (1 - m))`, `m` the mean rate, at the mean
/// linear predictor `centre`.
///
/// The integrals are taken exactly where Goldstein et al. (2002, method B)
/// simulate. Shares of several factors add up to less than 1: the rest is the
/// single trace, and what factors do together.
pub fn response(centre: f64, variance: f64, total: f64) -> f64 {
    response_on(&Grid::fine(), centre, variance, total)
}

/// The same on a grid of the caller's choice.
pub(crate) fn response_on(grid: &Grid, centre: f64, variance: f64, total: f64) -> f64 {
    let mean = grid.mean_rate(centre, total);
    let rest = (total - variance).max(0.0);
    let sd = libm::sqrt(variance.max(0.0));
    let between = grid.mean(|z| {
        let gap = grid.mean_rate(centre + sd * z, rest) - mean;
        gap * gap
    });
    let single = mean * (1.0 - mean);
    // A mean rate of 0 or 1 in floating point leaves nothing to divide up.
    if single > 0.0 { between / single } else { 0.0 }
}

/// Mean rate over a population of effects with the given variance.
pub fn marginal_rate(logit: f64, variance: f64) -> f64 {
    Grid::fine().mean_rate(logit, variance)
}

/// How the differences between models divide up: provider, size, and the
/// rest, noise removed: `s_p^2 / (s_p^2 + s_m^2 + b1^2 Var(log2 size))`.
///
/// The variance of the sizes is the population form over the models. `None`
/// when models do not differ at all.
pub fn between_models(provider: f64, model: f64, slope: f64, size: f64) -> Option<[f64; 3]> {
    let scale = slope * slope * size;
    let total = provider + model + scale;
    (total > 0.0).then(|| [provider / total, scale / total, model / total])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_alone_has_the_whole_variance_of_the_mean_rates() {
        // For small variances Var(p) = (m (1 - m))^2 s^2, so the share is m (1 - m) s^2.
        let share = response(0.0, 1e-4, 1e-4);
        assert!((share / (0.25 * 1e-4) - 1.0).abs() < 1e-3, "{share}");
        assert_eq!(response(0.0, 0.0, 1.0), 0.0);
        assert_eq!(response(800.0, 1.0, 1.0), 0.0);
    }

    #[test]
    fn shares_of_the_outcome_stay_below_those_on_the_logit_scale() {
        let (a, b) = (response(-1.0, 1.0, 3.0), response(-1.0, 2.0, 3.0));
        assert!(a > 0.0 && b > a && a + b < 1.0);
        assert!(a < latent(1.0, 3.0));
    }

    #[test]
    fn models_that_do_not_differ_have_no_shares() {
        assert_eq!(between_models(0.0, 0.0, 0.0, 4.0), None);
        assert_eq!(between_models(1.0, 1.0, 1.0, 2.0), Some([0.25, 0.5, 0.25]));
    }
}
