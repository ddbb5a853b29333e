//! Power of planned tests: slope, provider effect, two proportions.
//!
//! Power is evaluated at declared effects, never at the observed one
//! (Hoenig and Heisey 2001). Slope and provider tests use the noncentral F
//! law; the two-sided t test of a slope is the F test of its square, so both
//! tails are in the sum. Fixed designs and normal errors are assumed.

use crate::{
    difference::cohen_h,
    oneway::null_law,
    reason::{Estimable, NotEstimable},
    root, special,
    sums::count,
};

/// The most models that a search for a sample size considers.
const MOST_MODELS: usize = 10_000_000;

/// A design for the test of a slope.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlopeDesign {
    /// Sample standard deviation of the predictor (divisor n - 1).
    pub sd_x: f64,
    /// Standard deviation of the values about the line.
    pub sigma: f64,
    /// Number of models.
    pub n: usize,
    /// Two-sided error probability of the test.
    pub alpha: f64,
}

/// The noncentrality of the slope's t statistic, `slope sd sqrt(n-1) / sigma`.
pub fn slope_noncentrality(design: &SlopeDesign, slope: f64) -> f64 {
    slope * design.sd_x * libm::sqrt(count(design.n.saturating_sub(1))) / design.sigma
}

/// Probability that the test of the slope rejects at the true `slope`.
///
/// # Errors
/// `TooFewModels` below three models; `OutOfRange` unless spread, error and
/// alpha are positive and finite.
pub fn slope_power(design: &SlopeDesign, slope: f64) -> Estimable<f64> {
    check(design)?;
    let ncp = slope_noncentrality(design, slope);
    power_of_f(1.0, count(design.n - 2), ncp * ncp, design.alpha)
}

/// The smallest positive slope that the test detects with the given power.
///
/// # Errors
/// As [`slope_power`]; `OutOfRange` unless `alpha < power < 1`.
pub fn detectable_slope(design: &SlopeDesign, power: f64) -> Estimable<f64> {
    check(design)?;
    if !(power > design.alpha && power < 1.0) {
        return Err(NotEstimable::OutOfRange);
    }
    let df = count(design.n - 2);
    let ncp = noncentrality_for_power(1.0, df, design.alpha, power)?;
    Ok(libm::sqrt(ncp) / slope_noncentrality(design, 1.0))
}

/// The smallest number of models at which the test of the slope reaches
/// `power`; `design.n` is not used.
///
/// # Errors
/// As [`detectable_slope`]; `NotConverged` above ten million models, as for a
/// slope of zero.
pub fn models_needed(design: &SlopeDesign, slope: f64, power: f64) -> Estimable<usize> {
    if !(power > design.alpha && power < 1.0) {
        return Err(NotEstimable::OutOfRange);
    }
    smallest(3, MOST_MODELS, |n| {
        Ok(slope_power(&SlopeDesign { n, ..*design }, slope)? >= power)
    })
}

/// The smallest whole number from `from` on that is enough, if more is always
/// enough as well: doubled until it is, then halved between.
///
/// # Errors
/// Those of `enough`; `NotConverged` where twice `most` is not enough.
pub(crate) fn smallest(
    from: usize,
    most: usize,
    enough: impl Fn(usize) -> Estimable<bool>,
) -> Estimable<usize> {
    if enough(from)? {
        return Ok(from);
    }
    let (mut low, mut high) = (from, 2 * from);
    while !enough(high)? {
        if high > most {
            return Err(NotEstimable::NotConverged);
        }
        (low, high) = (high, high * 2);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if enough(middle)? {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(high)
}

/// Power of the F test between `k` providers at a population share `eta2`,
/// with noncentrality `n eta2 / (1 - eta2)`.
///
/// # Errors
/// `OneGroup`, `NoWithinDf`, or `OutOfRange` unless `0 <= eta2 < 1`.
pub fn provider_power(eta2: f64, n: usize, k: usize, alpha: f64) -> Estimable<f64> {
    null_law(n, k)?;
    let ncp = provider_noncentrality(eta2, n)?;
    power_of_f(count(k - 1), count(n - k), ncp, alpha)
}

/// The noncentrality of the F test between providers.
///
/// # Errors
/// `OutOfRange` unless `0 <= eta2 < 1`.
pub fn provider_noncentrality(eta2: f64, n: usize) -> Estimable<f64> {
    if !(0.0..1.0).contains(&eta2) {
        return Err(NotEstimable::OutOfRange);
    }
    Ok(count(n) * eta2 / (1.0 - eta2))
}

/// Two rates to be told apart, with the error probabilities of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoRates {
    /// First rate.
    pub p1: f64,
    /// Second rate.
    pub p2: f64,
    /// Two-sided error probability.
    pub alpha: f64,
    /// Wanted power.
    pub power: f64,
}

/// Traces needed per arm, before rounding up, by three formulas.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TracesPerArm {
    /// Normal approximation (Fleiss).
    pub fleiss: f64,
    /// The same with continuity correction.
    pub fleiss_corrected: f64,
    /// Arcsine transformation, `2 ((z_a + z_b)/h)²`.
    pub arcsine: f64,
}

/// Traces per arm for a difference between two independent rates.
///
/// # Errors
/// `OutOfRange` unless rates, alpha and power lie strictly between 0 and 1;
/// `NoVariance` when the rates are equal.
pub fn traces_needed(rates: &TwoRates) -> Estimable<TracesPerArm> {
    let open = |v: f64| v > 0.0 && v < 1.0;
    if ![rates.p1, rates.p2, rates.alpha, rates.power]
        .into_iter()
        .all(open)
    {
        return Err(NotEstimable::OutOfRange);
    }
    let gap = (rates.p1 - rates.p2).abs();
    if gap == 0.0 {
        return Err(NotEstimable::NoVariance);
    }
    let za = -special::normal_quantile(rates.alpha / 2.0)?;
    let zb = special::normal_quantile(rates.power)?;
    let pooled = (rates.p1 + rates.p2) / 2.0;
    let null = za * libm::sqrt(2.0 * pooled * (1.0 - pooled));
    let spread = rates.p1 * (1.0 - rates.p1) + rates.p2 * (1.0 - rates.p2);
    let root = (null + zb * libm::sqrt(spread)) / gap;
    let fleiss = root * root;
    let inflation = 1.0 + libm::sqrt(1.0 + 4.0 / (fleiss * gap));
    let distance = (za + zb) / cohen_h(rates.p1, rates.p2);
    Ok(TracesPerArm {
        fleiss,
        fleiss_corrected: fleiss / 4.0 * inflation * inflation,
        arcsine: 2.0 * distance * distance,
    })
}

/// The factor by which traces that share prompts are worth less:
/// `1 + (size - 1) icc`.
pub fn design_effect(cluster_size: f64, icc: f64) -> f64 {
    1.0 + (cluster_size - 1.0) * icc
}

/// The F value that the test rejects above.
fn critical(df1: f64, df2: f64, alpha: f64) -> Estimable<f64> {
    special::f_quantile(1.0 - alpha, df1, df2)
}

fn power_of_f(df1: f64, df2: f64, ncp: f64, alpha: f64) -> Estimable<f64> {
    let limit = critical(df1, df2, alpha)?;
    Ok(special::noncentral_f_tails(limit, df1, df2, ncp)?.upper)
}

fn noncentrality_for_power(df1: f64, df2: f64, alpha: f64, power: f64) -> Estimable<f64> {
    let limit = critical(df1, df2, alpha)?;
    let shortfall = |ncp: f64| {
        special::noncentral_f_tails(limit, df1, df2, ncp).map_or(f64::NAN, |t| power - t.upper)
    };
    let high = root::expand_up(1.0, shortfall)?;
    root::solve(0.0, high, shortfall)
}

fn check(design: &SlopeDesign) -> Estimable<()> {
    let positive = |v: f64| v > 0.0 && v.is_finite();
    let positives = [design.sd_x, design.sigma, design.alpha];
    if !positives.into_iter().all(positive) || design.alpha >= 1.0 {
        return Err(NotEstimable::OutOfRange);
    }
    if design.n < 3 {
        return Err(NotEstimable::TooFewModels);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const DESIGN: SlopeDesign = SlopeDesign {
        sd_x: 2.6,
        sigma: 0.14,
        n: 21,
        alpha: 0.05,
    };

    #[test]
    fn the_detectable_slope_has_the_power_asked_for() {
        let slope = detectable_slope(&DESIGN, 0.8).unwrap();
        assert!((slope_power(&DESIGN, slope).unwrap() - 0.8).abs() < 1e-10);
    }

    #[test]
    fn a_slope_of_zero_is_never_found_with_power() {
        assert_eq!(
            models_needed(&DESIGN, 0.0, 0.8),
            Err(NotEstimable::NotConverged)
        );
    }

    #[test]
    fn a_design_without_spread_is_refused() {
        let flat = SlopeDesign {
            sd_x: 0.0,
            ..DESIGN
        };
        assert_eq!(slope_power(&flat, 0.02), Err(NotEstimable::OutOfRange));
        let small = SlopeDesign { n: 2, ..DESIGN };
        assert_eq!(slope_power(&small, 0.02), Err(NotEstimable::TooFewModels));
    }

    #[test]
    fn equal_rates_cannot_be_told_apart() {
        let rates = TwoRates {
            p1: 0.3,
            p2: 0.3,
            alpha: 0.05,
            power: 0.8,
        };
        assert_eq!(traces_needed(&rates), Err(NotEstimable::NoVariance));
    }
}
