//! Variance of true effects at two levels: between providers and between models.
//!
//! `effect_m = X beta + u_provider + w_model + e_m`, `e_m` with known sampling
//! variance, the other two normal with variances found by restricted likelihood
//! (Konstantopoulos 2011). One is searched for every value of the other, so that
//! a second peak is not missed. A variance of 0 is a legitimate estimate. With
//! one model per provider the two cannot be told apart and only their sum exists:
//! that is the tau² of [`crate::heterogeneity`].

use crate::{
    gls::{Design, Gls},
    heterogeneity::sample_variance,
    maximum::{Peak, maximise},
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    root,
    sums::all_finite,
};

/// The two variances.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreeLevel {
    /// Variance between providers.
    pub tau2_provider: f64,
    /// Variance between models of a provider, sampling noise taken out.
    pub tau2_model: f64,
    /// Share of the first in the sum of both; the reason when both are 0.
    pub share_provider: Estimable<f64>,
    /// Profile-likelihood interval of that share.
    pub share_interval: Estimable<Interval>,
    /// Coefficients: the mean, or intercept and slope.
    pub beta: Vec<f64>,
    /// Their standard errors, variances taken as known.
    pub se: Vec<f64>,
    /// Restricted log-likelihood, with the constant `ln det X'X / 2`.
    pub log_likelihood: f64,
    /// Whether a variance is estimated as 0.
    pub singular: bool,
}

/// Fits effects with known sampling variances; `x` adds a line in a predictor.
///
/// # Errors
/// `LengthMismatch`; `OutOfRange`; `TooFewModels`; `OneGroup`; `NoWithinDf` when
/// every group is a singleton; `NoVariance` when all effects are equal;
/// `SingularFit` when the predictor does not vary; `NotConverged`.
pub fn three_level(
    values: &[f64],
    variances: &[f64],
    x: Option<&[f64]>,
    group: &[usize],
    level: Level,
) -> Estimable<ThreeLevel> {
    if values.len() != variances.len() {
        return Err(NotEstimable::LengthMismatch);
    }
    if !all_finite(variances) || variances.iter().any(|v| *v <= 0.0) {
        return Err(NotEstimable::OutOfRange);
    }
    let design = Design::new(values, x, group)?;
    if design.members.len() < 2 {
        return Err(NotEstimable::OneGroup);
    }
    if design.members.len() == design.n() {
        return Err(NotEstimable::NoWithinDf);
    }
    let scale = sample_variance(values)?;
    if scale <= 0.0 {
        return Err(NotEstimable::NoVariance);
    }
    let constant = 0.5 * design.log_det_xx()?;
    let search = Search {
        design: &design,
        variances,
        scale,
    };
    let model = maximise(scale, |tau2| {
        search.best(tau2).map_or(f64::NAN, |p| p.value)
    })?;
    let provider = search.best(model.at)?;
    let fit = search.fit(model.at, provider.at)?;
    let (p, m) = (provider.at, model.at);
    let share_provider = if p + m > 0.0 {
        Ok(p / (p + m))
    } else {
        Err(NotEstimable::OnlyNoise)
    };
    Ok(ThreeLevel {
        tau2_provider: p,
        tau2_model: m,
        share_interval: share_provider.and_then(|best| search.limits(best, provider.value, level)),
        share_provider,
        se: fit.se,
        beta: fit.beta,
        log_likelihood: provider.value + constant,
        singular: p == 0.0 || m == 0.0,
    })
}

struct Search<'a> {
    design: &'a Design,
    variances: &'a [f64],
    scale: f64,
}

impl Search<'_> {
    fn fit(&self, tau2_model: f64, tau2_provider: f64) -> Estimable<Gls> {
        let diagonal: Vec<f64> = self.variances.iter().map(|v| v + tau2_model).collect();
        self.design.fit(&diagonal, tau2_provider)
    }

    /// The best variance between providers for this one between models.
    fn best(&self, tau2_model: f64) -> Estimable<Peak> {
        let df = self.design.df();
        maximise(self.scale, |tau2| {
            self.fit(tau2_model, tau2)
                .map_or(f64::NAN, |f| f.restricted(df))
        })
    }

    /// The likelihood of a share of the provider, the sum of both variances free.
    fn of_share(&self, share: f64) -> f64 {
        let df = self.design.df();
        maximise(self.scale, |sum| {
            self.fit(sum * (1.0 - share), sum * share)
                .map_or(f64::NAN, |f| f.restricted(df))
        })
        .map_or(f64::NAN, |peak| peak.value)
    }

    /// Where twice the log-likelihood has fallen by the chi-squared quantile.
    fn limits(&self, best: f64, value: f64, level: Level) -> Estimable<Interval> {
        let drop = 0.5 * level.z() * level.z();
        let above = |share: f64| self.of_share(share) - (value - drop);
        let limit = |end: f64| {
            if best == end || above(end) >= 0.0 {
                Ok(end)
            } else {
                root::solve(end, best, above)
            }
        };
        Ok(Interval {
            lower: limit(0.0)?,
            upper: limit(1.0)?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::random_intercept::{Likelihood, random_intercept};

    #[test]
    fn levels_that_cannot_be_told_apart_are_refused() {
        let refused = |y: &[f64], g: &[usize]| {
            three_level(y, &vec![0.01; y.len()], None, g, Level::P95).unwrap_err()
        };
        assert_eq!(refused(&[], &[]), NotEstimable::TooFewModels);
        assert_eq!(refused(&[0.1], &[0]), NotEstimable::TooFewModels);
        assert_eq!(
            refused(&[0.1, 0.2, 0.3], &[0, 1, 2]),
            NotEstimable::NoWithinDf
        );
        assert_eq!(refused(&[0.1, 0.2, 0.3], &[1; 3]), NotEstimable::OneGroup);
        assert_eq!(refused(&[0.2; 4], &[0, 0, 1, 1]), NotEstimable::NoVariance);
    }

    #[test]
    fn a_spread_below_noise_has_no_share() {
        let t = three_level(
            &[0.2, 0.21, 0.19, 0.2],
            &[0.1; 4],
            None,
            &[0, 0, 1, 1],
            Level::P95,
        )
        .unwrap();
        assert_eq!(
            (t.tau2_provider, t.tau2_model, t.singular),
            (0.0, 0.0, true)
        );
        assert_eq!(t.share_provider, Err(NotEstimable::OnlyNoise));
    }

    #[test]
    fn without_noise_the_levels_are_those_of_the_random_intercept() {
        let y = [0.1, 0.25, 0.31, 0.6, 0.72, 0.5, 0.45, 0.33];
        let x = [0.0, 3.0, 5.0, 1.0, 2.5, 4.0, 3.0, 6.0];
        let group = [0, 0, 0, 1, 1, 2, 2, 2];
        let t = three_level(&y, &[1e-12; 8], Some(&x), &group, Level::P95).unwrap();
        let r = random_intercept(&y, Some(&x), &group, Likelihood::Restricted, Level::P95).unwrap();
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-5 * b.abs(), "{a} {b}");
        near(t.tau2_provider, r.variance_provider);
        near(t.tau2_model, r.variance_residual);
        near(t.beta[1], r.slope.unwrap().value);
        near(t.se[1], r.slope.unwrap().se);
        let (ours, theirs) = (t.share_interval.unwrap(), r.share_interval);
        near(ours.lower + 1.0, theirs.lower + 1.0);
        near(ours.upper, theirs.upper);
    }
}
