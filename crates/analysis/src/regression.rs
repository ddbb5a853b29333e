//! A straight line through the models' rates: fit, errors, robust errors.
//!
//! `y = intercept + slope * x`, by ordinary or weighted least squares. The
//! coefficients come from linfa-linear; everything beside them (standard
//! errors, tests, information criteria, heteroscedasticity-consistent
//! covariances, prediction) is computed here from centred sums. linfa-linear
//! answers `Ok` for a rank-deficient or non-finite problem, so rank, finiteness
//! and size are checked before it is called. Influence measures are in
//! [`crate::influence`]. Nothing here chooses weights or a predictor.
//!
//! Sources: HC0 White 1980; HC1 Hinkley 1977; HC2, HC3 MacKinnon and White
//! 1985; t on n - 2 degrees of freedom for all of them (Long and Ervin 2000).

use linfa::{Dataset, traits::Fit};
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2};

use crate::{
    oneway::zero_threshold,
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    special,
    sums::{all_finite, count, sum},
};

/// Residual sums of squares up to this share of their scale count as zero.
const EXACT: f64 = 1e-24;

/// A fitted line with the inputs that its further quantities need.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Fitted value at `x = 0`.
    pub intercept: f64,
    /// Change of the fitted value per unit of `x`.
    pub slope: f64,
    /// Number of points.
    pub n: usize,
    /// Residual degrees of freedom, `n - 2`.
    pub df: f64,
    /// Weighted mean of `x`.
    pub mean_x: f64,
    /// Weighted sum of squares of `x` about its mean.
    pub sxx: f64,
    /// Sum of the weights; `n` without weights.
    pub weight_total: f64,
    /// Weighted residual sum of squares, exactly 0 for an exact fit.
    pub rss: f64,
    /// Residual standard deviation `sqrt(rss / df)`; 0 for an exact fit.
    pub sigma: f64,
    /// `1 - rss/tss`, weighted and centred.
    pub r2: Estimable<f64>,
    /// `1 - (1 - R²)(n - 1)/(n - 2)`; may be negative.
    pub adjusted_r2: Estimable<f64>,
    /// Classical standard error of the intercept.
    pub se_intercept: Estimable<f64>,
    /// Classical standard error of the slope.
    pub se_slope: Estimable<f64>,
    /// `slope / se_slope`.
    pub t_slope: Estimable<f64>,
    /// Two-sided p of the slope from Student's t.
    pub p: Estimable<f64>,
    /// Two-sided p of the slope from the normal approximation. Too small for
    /// few models; here because published figures use it.
    pub p_normal: Estimable<f64>,
    /// `t_slope` squared, on (1, n - 2) degrees of freedom.
    pub f: Estimable<f64>,
    /// Gaussian log-likelihood at the maximum.
    pub log_likelihood: Estimable<f64>,
    /// Akaike's criterion with two parameters.
    pub aic: Estimable<f64>,
    /// Schwarz's criterion with two parameters.
    pub bic: Estimable<f64>,
    /// Fitted values in the order of the points.
    pub fitted: Vec<f64>,
    /// `y - fitted`, unweighted also for a weighted fit.
    pub residuals: Vec<f64>,
    /// Diagonal of the hat matrix.
    pub leverage: Vec<f64>,
    /// The predictor, as given.
    pub x: Vec<f64>,
    /// The weights, all 1 without weights.
    pub weights: Vec<f64>,
}

/// Which heteroscedasticity-consistent covariance to compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hc {
    /// Squared residuals as they are.
    Hc0,
    /// Times `n/(n - 2)`.
    Hc1,
    /// Divided by `1 - h`.
    Hc2,
    /// Divided by `(1 - h)²`: the default below 250 points.
    Hc3,
}

/// Robust standard errors of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Robust {
    /// Standard error of the intercept.
    pub se_intercept: f64,
    /// Standard error of the slope.
    pub se_slope: f64,
    /// Two-sided p of the slope, t on `n - 2` degrees of freedom.
    pub p: f64,
    /// Covariance of (intercept, slope).
    pub covariance: [[f64; 2]; 2],
}

/// The line's value at one point of the predictor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// Fitted value.
    pub mean: f64,
    /// Standard error of the fitted value.
    pub mean_se: f64,
    /// Interval for the line at this point.
    pub mean_interval: Interval,
    /// Interval for a new observation of unit weight.
    pub observation_interval: Interval,
}

/// Fits `y` on `x`, weighted where weights are given.
///
/// # Errors
/// `LengthMismatch`; `OutOfRange` for a number that is not finite or a weight
/// that is not positive; `TooFewModels` below three points; `SingularFit` when
/// the predictor does not vary. An exact fit is no error: its standard errors
/// are `ExactFit`, field by field.
pub fn line(x: &[f64], y: &[f64], weights: Option<&[f64]>) -> Estimable<Line> {
    let weights = weights.map_or_else(|| vec![1.0; x.len()], <[f64]>::to_vec);
    check(x, y, &weights)?;
    let total = sum(weights.iter().copied());
    let mean_x = weighted_mean(x, &weights, total);
    let mean_y = weighted_mean(y, &weights, total);
    let sxx = weighted_squares(x, &weights, mean_x);
    let largest_weight = weights.iter().copied().fold(0.0, f64::max);
    if sxx <= zero_threshold(x) * largest_weight {
        return Err(NotEstimable::SingularFit);
    }
    let (level, slope) = least_squares(x, y, &weights, mean_x)?;
    let fitted: Vec<f64> = x.iter().map(|v| level + slope * (v - mean_x)).collect();
    let residuals: Vec<f64> = y.iter().zip(&fitted).map(|(a, b)| a - b).collect();
    let tss = weighted_squares(y, &weights, mean_y);
    let rss = weighted_squares(&residuals, &weights, 0.0);
    let scale = sum(y.iter().zip(&weights).map(|(v, w)| w * v * v));
    let leverage = x
        .iter()
        .zip(&weights)
        .map(|(v, w)| w * (1.0 / total + (v - mean_x) * (v - mean_x) / sxx))
        .collect();
    let geometry = Geometry {
        n: x.len(),
        mean_x,
        sxx,
        total,
    };
    let rss = if rss <= EXACT * scale { 0.0 } else { rss };
    let tss = if tss <= EXACT * scale { 0.0 } else { tss };
    let tests = Tests::new(&geometry, slope, rss, tss, &weights);
    Ok(Line {
        intercept: level - slope * mean_x,
        slope,
        n: x.len(),
        df: geometry.df(),
        mean_x,
        sxx,
        weight_total: total,
        rss,
        sigma: libm::sqrt(rss / geometry.df()),
        r2: tests.r2,
        adjusted_r2: tests.adjusted_r2,
        se_intercept: tests.se_intercept,
        se_slope: tests.se_slope,
        t_slope: tests.t_slope,
        p: tests.p,
        p_normal: tests.p_normal,
        f: tests.t_slope.map(|t| t * t),
        log_likelihood: tests.log_likelihood,
        aic: tests.log_likelihood.map(|l| 4.0 - 2.0 * l),
        bic: tests
            .log_likelihood
            .map(|l| 2.0 * libm::log(count(x.len())) - 2.0 * l),
        fitted,
        residuals,
        leverage,
        x: x.to_vec(),
        weights,
    })
}

/// The coefficients by linfa-linear, on the predictor centred at `centre` and
/// rows scaled by the root of their weight. Returns (value at the centre, slope).
fn least_squares(x: &[f64], y: &[f64], weights: &[f64], centre: f64) -> Estimable<(f64, f64)> {
    let roots: Vec<f64> = weights.iter().map(|w| libm::sqrt(*w)).collect();
    let rows = Array2::from_shape_fn((x.len(), 2), |(i, column)| match column {
        0 => roots[i],
        _ => roots[i] * (x[i] - centre),
    });
    let targets: Array1<f64> = y.iter().zip(&roots).map(|(v, r)| v * r).collect();
    let fit = LinearRegression::new()
        .with_intercept(false)
        .fit(&Dataset::new(rows, targets))
        .map_err(|_| NotEstimable::SingularFit)?;
    match fit.params().as_slice() {
        Some([level, slope]) if level.is_finite() && slope.is_finite() => Ok((*level, *slope)),
        _ => Err(NotEstimable::SingularFit),
    }
}

struct Geometry {
    n: usize,
    mean_x: f64,
    sxx: f64,
    total: f64,
}

impl Geometry {
    fn df(&self) -> f64 {
        count(self.n - 2)
    }
}

struct Tests {
    r2: Estimable<f64>,
    adjusted_r2: Estimable<f64>,
    se_intercept: Estimable<f64>,
    se_slope: Estimable<f64>,
    t_slope: Estimable<f64>,
    p: Estimable<f64>,
    p_normal: Estimable<f64>,
    log_likelihood: Estimable<f64>,
}

impl Tests {
    fn new(g: &Geometry, slope: f64, rss: f64, tss: f64, weights: &[f64]) -> Self {
        let r2 = if tss > 0.0 {
            Ok(1.0 - rss / tss)
        } else {
            Err(NotEstimable::NoVariance)
        };
        let inexact = |value: f64| {
            if rss > 0.0 {
                Ok(value)
            } else {
                Err(NotEstimable::ExactFit)
            }
        };
        let sigma = libm::sqrt(rss / g.df());
        let se_slope = inexact(sigma / libm::sqrt(g.sxx));
        let t_slope = se_slope.map(|se| slope / se);
        let n = count(g.n);
        let half = n / 2.0;
        let log_weights = sum(weights.iter().map(|w| libm::log(*w)));
        let log_likelihood = -half * libm::log(rss)
            - half * (1.0 + libm::log(std::f64::consts::PI / half))
            + 0.5 * log_weights;
        Tests {
            r2,
            adjusted_r2: r2.map(|r| 1.0 - (1.0 - r) * (n - 1.0) / g.df()),
            se_intercept: inexact(sigma * libm::sqrt(1.0 / g.total + g.mean_x * g.mean_x / g.sxx)),
            se_slope,
            t_slope,
            p: t_slope.and_then(|t| special::t_two_sided(t, g.df())),
            p_normal: t_slope.map(special::normal_two_sided),
            log_likelihood: inexact(log_likelihood),
        }
    }
}

impl Line {
    /// Student's t interval for the slope.
    ///
    /// # Errors
    /// `ExactFit` when the line passes through every point.
    pub fn slope_interval(&self, level: Level) -> Estimable<Interval> {
        Ok(Interval::around(
            self.slope,
            level.t(self.df)? * self.se_slope?,
        ))
    }

    /// Student's t interval for the intercept.
    ///
    /// # Errors
    /// As [`Line::slope_interval`].
    pub fn intercept_interval(&self, level: Level) -> Estimable<Interval> {
        Ok(Interval::around(
            self.intercept,
            level.t(self.df)? * self.se_intercept?,
        ))
    }

    /// Heteroscedasticity-consistent standard errors.
    ///
    /// # Errors
    /// `ExactFit`; `FullLeverage` for HC2 and HC3 when a point has leverage 1;
    /// `NoVariance` when only points at the mean of `x` have residuals.
    pub fn robust(&self, kind: Hc) -> Estimable<Robust> {
        if self.rss == 0.0 {
            return Err(NotEstimable::ExactFit);
        }
        let scaled = self.scaled_squares(kind)?;
        let pairs: Vec<(f64, f64)> = (0..self.n).map(|i| self.effect_of(i)).collect();
        let moment = |pick: fn(&(f64, f64)) -> f64| {
            sum(pairs.iter().zip(&scaled).map(|(pair, s)| pick(pair) * s))
        };
        let (aa, ab, bb) = (
            moment(|p| p.0 * p.0),
            moment(|p| p.0 * p.1),
            moment(|p| p.1 * p.1),
        );
        if bb <= 0.0 {
            return Err(NotEstimable::NoVariance);
        }
        let se_slope = libm::sqrt(bb);
        Ok(Robust {
            se_intercept: libm::sqrt(aa),
            se_slope,
            p: special::t_two_sided(self.slope / se_slope, self.df)?,
            covariance: [[aa, ab], [ab, bb]],
        })
    }

    /// Interval for the slope from robust standard errors, t on `n - 2`.
    ///
    /// # Errors
    /// As [`Line::robust`].
    pub fn robust_slope_interval(&self, kind: Hc, level: Level) -> Estimable<Interval> {
        Ok(Interval::around(
            self.slope,
            level.t(self.df)? * self.robust(kind)?.se_slope,
        ))
    }

    /// How much intercept and slope change per unit of the i-th `y`.
    pub(crate) fn effect_of(&self, i: usize) -> (f64, f64) {
        let slope = self.weights[i] * (self.x[i] - self.mean_x) / self.sxx;
        (
            self.weights[i] / self.weight_total - self.mean_x * slope,
            slope,
        )
    }

    fn scaled_squares(&self, kind: Hc) -> Estimable<Vec<f64>> {
        self.residuals
            .iter()
            .zip(&self.leverage)
            .map(|(e, h)| {
                let free = 1.0 - h;
                let divisor = match kind {
                    Hc::Hc0 => 1.0,
                    Hc::Hc1 => self.df / count(self.n),
                    Hc::Hc2 => free,
                    Hc::Hc3 => free * free,
                };
                let bounded = matches!(kind, Hc::Hc0 | Hc::Hc1) || free > 1e-12;
                if bounded {
                    Ok(e * e / divisor)
                } else {
                    Err(NotEstimable::FullLeverage)
                }
            })
            .collect()
    }

    /// The line at `x`, with the interval of its mean and that of a new point.
    ///
    /// # Errors
    /// `ExactFit`; `OutOfRange` for an `x` that is not finite.
    pub fn predict(&self, x: f64, level: Level) -> Estimable<Prediction> {
        if !x.is_finite() {
            return Err(NotEstimable::OutOfRange);
        }
        if self.rss == 0.0 {
            return Err(NotEstimable::ExactFit);
        }
        let d = x - self.mean_x;
        let mean = self.intercept + self.slope * x;
        let mean_se = self.sigma * libm::sqrt(1.0 / self.weight_total + d * d / self.sxx);
        let t = level.t(self.df)?;
        Ok(Prediction {
            mean,
            mean_se,
            mean_interval: Interval::around(mean, t * mean_se),
            observation_interval: Interval::around(mean, t * libm::hypot(mean_se, self.sigma)),
        })
    }
}

/// Inverse-variance weights that exist at 0 % and 100 %:
/// `1/v`, `v = q(1-q)/(n+4)` with `q = (x+2)/(n+4)`.
///
/// The plug-in variance `p(1-p)/n` is 0 at both ends and would give one model
/// an infinite weight.
pub fn inverse_variance_weight(successes: u64, trials: u64) -> f64 {
    let n = crate::sums::count_u64(trials) + 4.0;
    let q = (crate::sums::count_u64(successes) + 2.0) / n;
    n / (q * (1.0 - q))
}

fn check(x: &[f64], y: &[f64], weights: &[f64]) -> Estimable<()> {
    if x.len() != y.len() || x.len() != weights.len() {
        return Err(NotEstimable::LengthMismatch);
    }
    let positive = weights.iter().all(|w| *w > 0.0);
    if !all_finite(x) || !all_finite(y) || !all_finite(weights) || !positive {
        return Err(NotEstimable::OutOfRange);
    }
    if x.len() < 3 {
        return Err(NotEstimable::TooFewModels);
    }
    Ok(())
}

fn weighted_mean(values: &[f64], weights: &[f64], total: f64) -> f64 {
    sum(values.iter().zip(weights).map(|(v, w)| v * w)) / total
}

fn weighted_squares(values: &[f64], weights: &[f64], centre: f64) -> f64 {
    sum(values
        .iter()
        .zip(weights)
        .map(|(v, w)| w * (v - centre) * (v - centre)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_predictor_that_does_not_vary_has_no_slope() {
        assert_eq!(
            line(&[3.0; 4], &[0.1, 0.2, 0.3, 0.4], None),
            Err(NotEstimable::SingularFit)
        );
    }

    #[test]
    fn two_points_and_numbers_that_are_not_finite_are_refused() {
        assert_eq!(
            line(&[1.0, 2.0], &[0.1, 0.2], None),
            Err(NotEstimable::TooFewModels)
        );
        let y = [0.1, f64::NAN, 0.3];
        assert_eq!(
            line(&[1.0, 2.0, 3.0], &y, None),
            Err(NotEstimable::OutOfRange)
        );
        let w = [1.0, 0.0, 1.0];
        assert_eq!(
            line(&[1.0, 2.0, 3.0], &[0.1; 3], Some(&w)),
            Err(NotEstimable::OutOfRange)
        );
    }

    #[test]
    fn an_exact_fit_has_a_slope_and_no_standard_error() {
        let fit = line(&[0.0, 1.0, 2.0, 5.0], &[1.0, 3.0, 5.0, 11.0], None).unwrap();
        assert!((fit.slope - 2.0).abs() < 1e-14);
        assert_eq!(fit.sigma, 0.0);
        assert_eq!(fit.se_slope, Err(NotEstimable::ExactFit));
        assert_eq!(fit.robust(Hc::Hc3), Err(NotEstimable::ExactFit));
    }

    #[test]
    fn equal_rates_have_no_share_of_variance() {
        let fit = line(&[0.0, 1.0, 2.0], &[0.2, 0.2, 0.2], None).unwrap();
        assert_eq!(fit.r2, Err(NotEstimable::NoVariance));
    }

    #[test]
    fn a_point_that_decides_its_own_value_leaves_hc3_undefined() {
        let fit = line(&[1.0, 1.0, 1.0, 4.0], &[0.1, 0.2, 0.4, 0.9], None).unwrap();
        assert_eq!(fit.robust(Hc::Hc3), Err(NotEstimable::FullLeverage));
        assert!(fit.robust(Hc::Hc1).is_ok());
    }
}
