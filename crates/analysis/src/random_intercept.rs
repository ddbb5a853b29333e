//! A random effect of the provider on the models' rates: the linear mixed model.
//!
//! `rate = b0 (+ b1 log2 size) + u_provider + e_model`, both normal, every model
//! weighing the same whatever its number of traces. One parameter is searched,
//! the ratio of the two variances; the rest follows in closed form. The quick
//! version of the hierarchical binomial model: it takes sampling noise for
//! differences between models, so `variance_residual` contains it.
//!
//! The provider's share is `variance_provider / (variance_provider +
//! variance_residual)`. A variance of 0 is a legitimate estimate: `singular` says
//! so. An outlying model that is its provider's only one counts as a difference
//! between providers, here as in the F test: on SpeechMap's EU set it makes a share
//! of 0.96 with p 7e-6, where labels dealt anew give p 0.2. Intervals of the share are from the profile likelihood, cut at 0; with few
//! providers they are wide, and that is the answer. Sources: Patterson and
//! Thompson 1971 (restricted likelihood); Bates, Maechler, Bolker and Walker 2015
//! (the form of the criterion); Self and Liang 1987 (law of the test at 0).

use crate::{
    ancova::within,
    cholesky::dot,
    gls::{Design, Gls},
    homogeneity::chi_squared_sf,
    maximum::maximise,
    oneway::zero_threshold,
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    root,
    sums::{count, sum},
};

/// Which likelihood is maximised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likelihood {
    /// The full one, whose variances are too small in small samples.
    Full,
    /// The restricted one; likelihoods of different fixed effects are not comparable.
    Restricted,
}

/// A coefficient and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    /// Estimate.
    pub value: f64,
    /// Standard error, the variances taken as known.
    pub se: f64,
}

/// The fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomIntercept {
    /// Rate of a model of an average provider, at one billion parameters if size
    /// is in the model.
    pub intercept: Coefficient,
    /// Change per doubling, if size is in the model.
    pub slope: Option<Coefficient>,
    /// Variance between providers.
    pub variance_provider: f64,
    /// Variance between models of a provider, sampling noise included.
    pub variance_residual: f64,
    /// Share of the first in the sum of both.
    pub share_provider: f64,
    /// Profile-likelihood interval of the share.
    pub share_interval: Interval,
    /// Whether the variance between providers is estimated as 0.
    pub singular: bool,
    /// The maximised log-likelihood.
    pub log_likelihood: f64,
    /// p of the likelihood ratio test of no variance between providers, from the
    /// even mixture of a point at 0 and chi-squared with one degree of freedom.
    pub p: f64,
    /// Degrees of freedom of the coefficients by containment: models less
    /// providers less slopes.
    pub df: usize,
    /// Predicted effect of each provider (BLUP), by rising label.
    pub effects: Vec<(usize, f64)>,
}

/// Fits rates on an intercept, on `log2_sizes` where given, and on a random
/// effect of the group.
///
/// # Errors
/// `LengthMismatch`, `OutOfRange`; `TooFewModels`; `OneGroup`; `NoVariance` when
/// all rates are equal; `NoWithinDf` when every group is a singleton (the two
/// variances are then not separately identified) or size uses up what is left;
/// `NoWithinVariance` when models of a group do not differ beyond size;
/// `SingularFit` when sizes do not differ; `NotConverged`.
pub fn random_intercept(
    rates: &[f64],
    log2_sizes: Option<&[f64]>,
    group: &[usize],
    likelihood: Likelihood,
    level: Level,
) -> Estimable<RandomIntercept> {
    let design = Design::new(rates, log2_sizes, group)?;
    let df = check(&design, log2_sizes, group)?;
    let profile = Profile {
        unit: vec![1.0; design.n()],
        design: &design,
        likelihood,
    };
    let peak = maximise(1.0, |ratio| profile.at(ratio))?;
    let fit = profile.fit(peak.at)?;
    let residual = fit.quadratic / profile.divisor();
    let provider = peak.at * residual;
    let coefficient = |i: usize| Coefficient {
        value: fit.beta.get(i).copied().unwrap_or(0.0),
        se: libm::sqrt(residual) * fit.se.get(i).copied().unwrap_or(0.0),
    };
    let gain = (2.0 * (peak.value - profile.at(0.0))).max(0.0);
    let share = |ratio: f64| ratio / (1.0 + ratio);
    let limits = profile.limits(peak.at, peak.value, level)?;
    let mut labels: Vec<usize> = group.to_vec();
    labels.sort_unstable();
    labels.dedup();
    let effects = design.members.iter().map(|m| {
        let total = sum(m.iter().map(|i| fit.residuals[*i]));
        peak.at * total / (1.0 + peak.at * count(m.len()))
    });
    Ok(RandomIntercept {
        intercept: coefficient(0),
        slope: log2_sizes.map(|_| coefficient(1)),
        variance_provider: provider,
        variance_residual: residual,
        share_provider: share(peak.at),
        share_interval: Interval {
            lower: share(limits.lower),
            upper: if limits.upper.is_infinite() {
                1.0
            } else {
                share(limits.upper)
            },
        },
        singular: peak.at == 0.0,
        log_likelihood: peak.value,
        p: if gain > 0.0 {
            chi_squared_sf(gain, 1.0)? / 2.0
        } else {
            1.0
        },
        df,
        effects: labels.into_iter().zip(effects).collect(),
    })
}

fn check(design: &Design, sizes: Option<&[f64]>, group: &[usize]) -> Estimable<usize> {
    let zero = zero_threshold(&design.y);
    let overall = within(&design.y, &vec![0; design.n()]);
    if dot(&overall, &overall) <= zero {
        return Err(NotEstimable::NoVariance);
    }
    let k = design.members.len();
    if k < 2 {
        return Err(NotEstimable::OneGroup);
    }
    if design.n() == k {
        return Err(NotEstimable::NoWithinDf);
    }
    let mut y = within(&design.y, group);
    let mut used = k;
    if let Some(sizes) = sizes {
        let overall = within(sizes, &vec![0; sizes.len()]);
        if dot(&overall, &overall) <= zero_threshold(sizes) {
            return Err(NotEstimable::SingularFit);
        }
        let x = within(sizes, group);
        let sxx = dot(&x, &x);
        if sxx > zero_threshold(sizes) {
            used += 1;
            let slope = dot(&x, &y) / sxx;
            for (value, x) in y.iter_mut().zip(&x) {
                *value -= slope * x;
            }
        }
    }
    if design.n() <= used {
        return Err(NotEstimable::NoWithinDf);
    }
    if dot(&y, &y) <= zero {
        return Err(NotEstimable::NoWithinVariance);
    }
    Ok(design.n() - used)
}

/// The likelihood as a function of the ratio of the variances.
struct Profile<'a> {
    design: &'a Design,
    unit: Vec<f64>,
    likelihood: Likelihood,
}

impl Profile<'_> {
    fn fit(&self, ratio: f64) -> Estimable<Gls> {
        self.design.fit(&self.unit, ratio)
    }

    fn divisor(&self) -> f64 {
        match self.likelihood {
            Likelihood::Full => count(self.design.n()),
            Likelihood::Restricted => count(self.design.df()),
        }
    }

    /// The log-likelihood, NaN where there is no fit.
    fn at(&self, ratio: f64) -> f64 {
        let Ok(fit) = self.fit(ratio) else {
            return f64::NAN;
        };
        let m = self.divisor();
        let determinants = match self.likelihood {
            Likelihood::Full => fit.log_det_v,
            Likelihood::Restricted => fit.log_det_v + fit.log_det_xvx,
        };
        let spread = libm::log(std::f64::consts::TAU * fit.quadratic / m);
        -0.5 * (determinants + m * (1.0 + spread))
    }

    /// Where twice the log-likelihood has fallen by the chi-squared quantile.
    fn limits(&self, best: f64, value: f64, level: Level) -> Estimable<Interval> {
        let drop = 0.5 * level.z() * level.z();
        let above = |ratio: f64| self.at(ratio) - (value - drop);
        let lower = if best == 0.0 || above(0.0) >= 0.0 {
            0.0
        } else {
            root::solve(0.0, best, above)?
        };
        let upper = match root::expand_up(best.max(1e-3), |r| above(r.max(best))) {
            Ok(outside) => root::solve(best, outside, above)?,
            // The likelihood levels off: no ratio is too large for these data.
            Err(_) => f64::INFINITY,
        };
        Ok(Interval { lower, upper })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fit(rates: &[f64], sizes: Option<&[f64]>, group: &[usize]) -> Estimable<RandomIntercept> {
        random_intercept(rates, sizes, group, Likelihood::Restricted, Level::P95)
    }

    #[test]
    fn data_that_identify_nothing_are_refused_with_the_reason() {
        assert_eq!(fit(&[], None, &[]).unwrap_err(), NotEstimable::TooFewModels);
        assert_eq!(
            fit(&[0.1], None, &[0]).unwrap_err(),
            NotEstimable::TooFewModels
        );
        assert_eq!(
            fit(&[0.0; 4], None, &[0, 0, 1, 1]).unwrap_err(),
            NotEstimable::NoVariance
        );
        assert_eq!(
            fit(&[1.0; 4], None, &[0, 0, 1, 1]).unwrap_err(),
            NotEstimable::NoVariance
        );
        assert_eq!(
            fit(&[0.1, 0.2, 0.4], None, &[3; 3]).unwrap_err(),
            NotEstimable::OneGroup
        );
        assert_eq!(
            fit(&[0.1, 0.2, 0.4], None, &[0, 1, 2]).unwrap_err(),
            NotEstimable::NoWithinDf
        );
        assert_eq!(
            fit(&[0.1, 0.1, 0.4, 0.4], None, &[0, 0, 1, 1]).unwrap_err(),
            NotEstimable::NoWithinVariance
        );
        let sizes = [2.0; 4];
        assert_eq!(
            fit(&[0.1, 0.2, 0.4, 0.3], Some(&sizes), &[0, 0, 1, 1]).unwrap_err(),
            NotEstimable::SingularFit
        );
    }

    #[test]
    fn a_balanced_layout_gives_the_components_of_the_analysis_of_variance() {
        let rates = [0.1, 0.2, 0.3, 0.6, 0.7, 0.8, 0.4, 0.3, 0.5];
        let group = [0, 0, 0, 1, 1, 1, 2, 2, 2];
        let m = fit(&rates, None, &group).unwrap();
        // MSW = 0.01, MSB = 3 * var(0.2, 0.7, 0.4).
        let between = (3.0 * (0.38_f64 / 6.0) - 0.01) / 3.0;
        assert!((m.variance_residual - 0.01).abs() < 1e-8, "{m:?}");
        assert!((m.variance_provider - between).abs() < 1e-7, "{m:?}");
        assert!(m.share_interval.contains(m.share_provider) && m.p < 0.05);
    }

    #[test]
    fn groups_that_differ_less_than_chance_have_a_singular_fit_and_p_1() {
        let m = fit(&[0.1, 0.5, 0.2, 0.4, 0.3, 0.31], None, &[0, 0, 1, 1, 2, 2]).unwrap();
        assert!(m.singular && m.p == 1.0 && m.variance_provider == 0.0);
        assert!(m.share_interval.lower == 0.0 && m.share_interval.upper > 0.3);
        assert!(m.effects.iter().all(|(_, e)| *e == 0.0));
    }
}
