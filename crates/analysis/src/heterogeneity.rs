//! True variance between models, apart from sampling noise: random effects.
//!
//! `effect_m ~ N(X beta, tau² + v_m)` with known `v_m`. Four estimators of tau²:
//! DerSimonian and Laird (1986), Paule and Mandel (1982), restricted likelihood,
//! and Hedges (1983). Each is cut at 0 where its equation has no solution above.
//! `I²` says how much of the spread is not sampling noise; it does not say how
//! much goes with the provider. The interval of tau² is the Q profile of
//! Viechtbauer (2007), exact for normal effects. Normal approximations are poor
//! for models with fewer than about five expected successes or failures: there
//! the hierarchical binomial model is the one to read.
//!
//! `I² = tau²/(tau² + s²)`, `H² = tau²/s² + 1`, with the typical sampling variance
//! `s² = (n-p)/tr P` of Higgins and Thompson (2002).

use crate::{
    gls::{Design, Gls},
    homogeneity::chi_squared_sf,
    maximum::maximise,
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    root,
    sums::{all_finite, count, mean, squares_about, sum},
};

/// How tau² is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimator {
    /// Method of moments with weights `1/v` (DerSimonian and Laird 1986).
    DerSimonianLaird,
    /// The tau² at which Q equals its degrees of freedom.
    PauleMandel,
    /// Restricted maximum likelihood.
    Reml,
    /// Method of moments without weights (Hedges 1983).
    Hedges,
}

/// What beside an intercept explains the effects.
#[derive(Clone, Copy, Debug)]
pub enum Moderator<'a> {
    /// Nothing.
    None,
    /// A line in this predictor.
    Line(&'a [f64]),
    /// A mean for each of these labels.
    Groups(&'a [usize]),
}

/// A random-effects fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Heterogeneity {
    /// Variance of the true effects, beyond what the moderator explains.
    pub tau2: f64,
    /// Coefficients: the mean, or intercept and slope, or a mean per group.
    pub beta: Vec<f64>,
    /// Their standard errors, tau² taken as known.
    pub se: Vec<f64>,
    /// Fitted values, without the models' own effects.
    pub fitted: Vec<f64>,
    /// Wald chi-squared of the slope, 0 without one.
    pub q_moderator: f64,
    /// `1 -` share of sampling noise in the spread that is left.
    pub i2: f64,
    /// Total over sampling variance.
    pub h2: f64,
}

/// Effects, variances and moderator, checked.
#[derive(Clone, Debug)]
pub struct Studies {
    design: Design,
    variances: Vec<f64>,
    values: Vec<f64>,
    /// Whether the second coefficient is a slope.
    line: bool,
    /// The fit by inverse sampling variance alone.
    fixed: Gls,
    /// `tr P` of that fit.
    trace: f64,
}

impl Studies {
    /// Takes in effects with their sampling variances.
    ///
    /// # Errors
    /// `LengthMismatch`; `OutOfRange` for a number that is not finite or a
    /// variance that is not positive; `TooFewModels` or `NoWithinDf` where no
    /// more models than coefficients are left; `SingularFit` for a predictor that
    /// does not vary.
    pub fn new(values: &[f64], variances: &[f64], moderator: Moderator<'_>) -> Estimable<Self> {
        if values.len() != variances.len() {
            return Err(NotEstimable::LengthMismatch);
        }
        if !all_finite(variances) || variances.iter().any(|v| *v <= 0.0) {
            return Err(NotEstimable::OutOfRange);
        }
        let one = vec![0; values.len()];
        let design = match moderator {
            Moderator::None => Design::new(values, None, &one)?,
            Moderator::Line(x) => Design::new(values, Some(x), &one)?,
            Moderator::Groups(group) => Design::by_group(values, group)?,
        };
        let fixed = design.fit(variances, 0.0)?;
        let trace = projected_trace(&design, variances, &fixed);
        Ok(Studies {
            design,
            variances: variances.to_vec(),
            values: values.to_vec(),
            line: matches!(moderator, Moderator::Line(_)),
            fixed,
            trace,
        })
    }

    /// Cochran's Q: how far the effects scatter about the fit by inverse
    /// sampling variance.
    pub fn q(&self) -> f64 {
        self.fixed.quadratic
    }

    /// Degrees of freedom of Q.
    pub fn df(&self) -> usize {
        self.design.df()
    }

    /// Chi-squared p of Q.
    ///
    /// # Errors
    /// `NotConverged` far outside any data.
    pub fn q_p(&self) -> Estimable<f64> {
        chi_squared_sf(self.q(), count(self.df()))
    }

    /// Fits with the estimator given.
    ///
    /// # Errors
    /// `NotConverged`.
    pub fn fit(&self, estimator: Estimator) -> Estimable<Heterogeneity> {
        let tau2 = match estimator {
            Estimator::DerSimonianLaird => ((self.q() - count(self.df())) / self.trace).max(0.0),
            Estimator::Hedges => self.hedges()?,
            Estimator::PauleMandel => self.crossing(count(self.df()))?,
            Estimator::Reml => self.reml()?,
        };
        let fit = self.at(tau2)?;
        let typical = count(self.df()) / self.trace;
        let se = fit.se;
        let z = match (fit.beta.as_slice(), se.as_slice()) {
            ([_, slope], [_, se]) if self.line => slope / se,
            _ => 0.0,
        };
        Ok(Heterogeneity {
            tau2,
            fitted: self
                .values
                .iter()
                .zip(&fit.residuals)
                .map(|(y, r)| y - r)
                .collect(),
            q_moderator: z * z,
            beta: fit.beta,
            se,
            i2: tau2 / (tau2 + typical),
            h2: tau2 / typical + 1.0,
        })
    }

    /// Best linear unbiased predictions: effects pulled towards the fit, the more
    /// the noisier. With tau² of 0 they are the fit itself.
    pub fn predictions(&self, fit: &Heterogeneity) -> Vec<f64> {
        self.values
            .iter()
            .zip(&self.variances)
            .zip(&fit.fitted)
            .map(|((y, v), f)| f + (y - f) * (fit.tau2 / (fit.tau2 + v)))
            .collect()
    }

    /// Q-profile interval of tau².
    ///
    /// Belongs to the estimate of Paule and Mandel, which it always contains;
    /// another estimate may lie outside when one model is far from the rest and
    /// the variances differ much.
    ///
    /// # Errors
    /// `NotConverged`.
    pub fn tau2_interval(&self, level: Level) -> Estimable<Interval> {
        let tail = level.alpha() / 2.0;
        Ok(Interval {
            lower: self.quantile(tail)?,
            upper: self.quantile(1.0 - tail)?,
        })
    }

    /// The interval of tau² carried over to I².
    ///
    /// # Errors
    /// `NotConverged`.
    pub fn i2_interval(&self, level: Level) -> Estimable<Interval> {
        let tau2 = self.tau2_interval(level)?;
        let typical = count(self.df()) / self.trace;
        let share = |t: f64| t / (t + typical);
        Ok(Interval {
            lower: share(tau2.lower),
            upper: share(tau2.upper),
        })
    }

    /// The tau² at which Q has this tail probability; 0 if none has.
    fn quantile(&self, tail: f64) -> Estimable<f64> {
        let gap = |tau2: f64| {
            self.at(tau2)
                .and_then(|f| chi_squared_sf(f.quadratic, count(self.df())))
                .map_or(f64::NAN, |p| p - tail)
        };
        if gap(0.0) >= 0.0 {
            return Ok(0.0);
        }
        let outside = root::expand_up(self.scale(), gap)?;
        root::solve(0.0, outside, gap)
    }

    fn at(&self, tau2: f64) -> Estimable<Gls> {
        let total: Vec<f64> = self.variances.iter().map(|v| v + tau2).collect();
        self.design.fit(&total, 0.0)
    }

    /// An order of magnitude for tau².
    fn scale(&self) -> f64 {
        mean(&self.variances).unwrap_or(1.0)
    }

    /// The tau² at which Q has fallen to `target`; 0 if it starts below.
    fn crossing(&self, target: f64) -> Estimable<f64> {
        let gap = |tau2: f64| self.at(tau2).map_or(f64::NAN, |f| f.quadratic - target);
        if gap(0.0) <= 0.0 {
            return Ok(0.0);
        }
        let outside = root::expand_up(self.scale(), gap)?;
        root::solve(0.0, outside, gap)
    }

    fn hedges(&self) -> Estimable<f64> {
        let ones = vec![1.0; self.variances.len()];
        let plain = self.design.fit(&ones, 0.0)?;
        // tr(P V) with P the projection away from X.
        let leverages = self.design.leverages(&plain);
        let noise = sum(self
            .variances
            .iter()
            .zip(leverages)
            .map(|(v, h)| v * (1.0 - h)));
        Ok(((plain.quadratic - noise) / count(self.df())).max(0.0))
    }

    /// Finds the peak, then the root of the score beside it to full precision.
    fn reml(&self) -> Estimable<f64> {
        let likelihood = |tau2: f64| self.at(tau2).map_or(f64::NAN, |f| f.restricted(self.df()));
        let peak = maximise(self.scale(), likelihood)?;
        if peak.at == 0.0 {
            return Ok(0.0);
        }
        let (low, high) = (peak.at * (1.0 - 1e-4), peak.at * (1.0 + 1e-4));
        Ok(root::solve(low, high, |tau2| self.score(tau2)).unwrap_or(peak.at))
    }

    /// Derivative of the restricted log-likelihood in tau².
    fn score(&self, tau2: f64) -> f64 {
        let total: Vec<f64> = self.variances.iter().map(|v| v + tau2).collect();
        let Ok(fit) = self.at(tau2) else {
            return f64::NAN;
        };
        let squares = sum(fit
            .residuals
            .iter()
            .zip(&total)
            .map(|(r, v)| (r / v) * (r / v)));
        0.5 * (squares - projected_trace(&self.design, &total, &fit))
    }
}

/// `tr P`, `P = W - WX(X'WX)^-1 X'W`, W the inverse of a diagonal V.
fn projected_trace(design: &Design, variances: &[f64], fit: &Gls) -> f64 {
    let leverages = design.leverages(fit);
    sum(variances
        .iter()
        .zip(leverages)
        .map(|(v, h)| 1.0 / v - h / (v * v)))
}

/// Variance of the values about their mean, on `n - 1`.
///
/// # Errors
/// `TooFewModels` below two values.
pub fn sample_variance(values: &[f64]) -> Estimable<f64> {
    let centre = mean(values).ok_or(NotEstimable::TooFewModels)?;
    if values.len() < 2 {
        return Err(NotEstimable::TooFewModels);
    }
    Ok(squares_about(values, centre) / count(values.len() - 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ALL: [Estimator; 4] = [
        Estimator::DerSimonianLaird,
        Estimator::PauleMandel,
        Estimator::Reml,
        Estimator::Hedges,
    ];

    #[test]
    fn equal_noise_makes_all_estimators_agree() {
        let y = [0.1, 0.4, 0.35, 0.8, 0.2];
        let studies = Studies::new(&y, &[0.01; 5], Moderator::None).unwrap();
        let expected = sample_variance(&y).unwrap() - 0.01;
        for estimator in ALL {
            let tau2 = studies.fit(estimator).unwrap().tau2;
            assert!((tau2 - expected).abs() < 1e-12, "{estimator:?} {tau2}");
        }
    }

    #[test]
    fn a_spread_below_noise_has_a_tau2_of_zero_and_predictions_at_the_mean() {
        let studies = Studies::new(&[0.2, 0.21, 0.19], &[0.05; 3], Moderator::None).unwrap();
        for estimator in ALL {
            let fit = studies.fit(estimator).unwrap();
            assert_eq!((fit.tau2, fit.i2), (0.0, 0.0));
            assert!(
                studies
                    .predictions(&fit)
                    .iter()
                    .all(|p| (p - 0.2).abs() < 1e-12)
            );
        }
        assert_eq!(studies.tau2_interval(Level::P95).unwrap().lower, 0.0);
    }

    #[test]
    fn too_little_data_is_refused() {
        let refused = |y: &[f64], v: &[f64], m| Studies::new(y, v, m).unwrap_err();
        assert_eq!(
            refused(&[], &[], Moderator::None),
            NotEstimable::TooFewModels
        );
        assert_eq!(
            refused(&[0.1], &[0.1], Moderator::None),
            NotEstimable::TooFewModels
        );
        assert_eq!(
            refused(&[0.1, 0.2], &[0.1, 0.0], Moderator::None),
            NotEstimable::OutOfRange
        );
        assert_eq!(
            refused(&[0.1, 0.2, 0.3], &[0.1; 3], Moderator::Line(&[4.0; 3])),
            NotEstimable::SingularFit
        );
        assert_eq!(
            refused(&[0.1, 0.2], &[0.1; 2], Moderator::Groups(&[0, 1])),
            NotEstimable::NoWithinDf
        );
    }

    #[test]
    fn a_wider_level_never_narrows_the_interval() {
        let y = [0.1, 0.4, 0.35, 0.8, 0.2];
        let studies = Studies::new(&y, &[0.01, 0.02, 0.03, 0.01, 0.02], Moderator::None).unwrap();
        let narrow = studies.tau2_interval(Level::P90).unwrap();
        let wide = studies.tau2_interval(Level::P95).unwrap();
        assert!(wide.lower <= narrow.lower && narrow.upper <= wide.upper);
    }
}
