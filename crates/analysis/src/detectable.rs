//! What the tests of slope and provider could find with as many models.
//!
//! Power is stated for declared slopes at the observed spread of sizes and error,
//! never for the observed slope (Hoenig and Heisey 2001). The provider test is
//! judged at the bias-corrected share, where that is positive: it answers what
//! such a study would find if the share were that large.

use crate::{
    decomposition::Shares,
    estimate::points,
    power::{SlopeDesign, detectable_slope, models_needed, provider_power, slope_power},
    proportion::Level,
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::{DeclaredPower, ModelsNeeded, Power},
    scale::Fit,
};

/// Shares of the provider for which the power of its test is worked out.
const DECLARED_SHARES: [f64; 2] = [0.25, 0.5];

/// Slopes, in percentage points per doubling, for which models are counted.
const SLOPES_PP: [f64; 3] = [2.0, 2.5, 3.0];

/// The block of the output. The error probability is one minus `level`.
pub(crate) fn power(fit: &Fit, shares: &Shares, level: Level) -> Power {
    let alpha = level.alpha();
    let design = design(fit, alpha);
    let slope = |power| -> Quantity {
        design
            .and_then(|d| detectable_slope(&d, power))
            .map(points)
            .into()
    };
    Power {
        alpha: Number(alpha),
        detectable_slope_80_pp: slope(0.8),
        detectable_slope_90_pp: slope(0.9),
        models_needed: SLOPES_PP
            .into_iter()
            .map(|slope_pp| ModelsNeeded {
                slope_pp: Number(slope_pp),
                n_models: design
                    .and_then(|d| models_needed(&d, slope_pp / 100.0, 0.8))
                    .into(),
                power_now: design
                    .and_then(|d| slope_power(&d, slope_pp / 100.0))
                    .into(),
            })
            .collect(),
        provider_test_power: provider(shares, alpha).into(),
        provider_test_declared: DECLARED_SHARES
            .into_iter()
            .map(|share| DeclaredPower {
                share: Number(share),
                power: declared(shares, share, alpha).into(),
            })
            .collect(),
    }
}

fn design(fit: &Fit, alpha: f64) -> Estimable<SlopeDesign> {
    let line = fit.line.as_ref().map_err(|reason| *reason)?;
    if line.rss <= 0.0 {
        return Err(NotEstimable::ExactFit);
    }
    Ok(SlopeDesign {
        sd_x: fit.sd_size(),
        sigma: line.sigma,
        n: line.n,
        alpha,
    })
}

/// Power at a declared share, for the numbers of models and providers in scale.
fn declared(shares: &Shares, share: f64, alpha: f64) -> Estimable<f64> {
    let one_way = shares.one_way.as_ref().map_err(|reason| *reason)?;
    provider_power(share, one_way.n, one_way.k, alpha)
}

fn provider(shares: &Shares, alpha: f64) -> Estimable<f64> {
    let one_way = shares.one_way.as_ref().map_err(|reason| *reason)?;
    let share = one_way.epsilon2?;
    if share <= 0.0 {
        return Err(NotEstimable::OutOfRange);
    }
    provider_power(share, one_way.n, one_way.k, alpha)
}
