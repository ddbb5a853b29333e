//! Distribution functions and quantiles: normal, beta, t, F, noncentral F.
//!
//! Built on `libm` alone, so that a probability has the same bits on every
//! platform. Both tails are computed, and none as one minus the other where
//! that would cancel: a p-value of 1e-300 keeps its digits. The tests hold
//! these functions against statrs as a second implementation.
//!
//! Sources: incomplete beta by Lentz's evaluation of the continued fraction
//! with the saddle-point form of its prefactor (Loader 2000); noncentral F as
//! a Poisson mixture of incomplete betas, started at the mode
//! (Benton and Krishnamoorthy 2003). A two-sided test on a noncentral t with
//! noncentrality d is the same event as a noncentral F on (1, df) degrees of
//! freedom with noncentrality d squared, so no separate noncentral t exists.

use std::f64::consts::{PI, SQRT_2};

use crate::{
    reason::{Estimable, NotEstimable},
    root,
};

/// The sum over Poisson weights grows with the root of the noncentrality; this
/// bound keeps it below half a million terms.
const LARGEST_NCP: f64 = 1e8;

/// The two tails of a distribution at one point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tails {
    /// Probability of a value at or below the point.
    pub lower: f64,
    /// Probability of a value above the point.
    pub upper: f64,
}

impl Tails {
    fn swapped(self) -> Self {
        Tails {
            lower: self.upper,
            upper: self.lower,
        }
    }
}

/// Standard normal distribution function.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// Standard normal survival function `P(Z > x)`.
pub fn normal_sf(x: f64) -> f64 {
    0.5 * libm::erfc(x / SQRT_2)
}

/// Two-sided p-value of a standard normal statistic.
pub fn normal_two_sided(z: f64) -> f64 {
    libm::erfc(z.abs() / SQRT_2)
}

/// Standard normal quantile of a probability strictly between 0 and 1.
pub fn normal_quantile(p: f64) -> Estimable<f64> {
    if !(p > 0.0 && p < 1.0) {
        return Err(NotEstimable::OutOfRange);
    }
    if p > 0.5 {
        return Ok(-root::solve(-40.0, 0.0, |x| normal_cdf(x) - (1.0 - p))?);
    }
    root::solve(-40.0, 0.0, |x| normal_cdf(x) - p)
}

/// Both tails of the Beta(a, b) law at `x`, with `y = 1 - x` given apart so
/// that neither end loses digits.
///
/// `a`, `b` positive and `x`, `y` in `[0, 1]`; anything else gives
/// [`NotEstimable::OutOfRange`].
pub fn beta_tails(a: f64, b: f64, x: f64, y: f64) -> Estimable<Tails> {
    let inside = a > 0.0 && b > 0.0 && a.is_finite() && b.is_finite();
    if !inside || !(0.0..=1.0).contains(&x) || !(0.0..=1.0).contains(&y) {
        return Err(NotEstimable::OutOfRange);
    }
    if x == 0.0 {
        return Ok(Tails {
            lower: 0.0,
            upper: 1.0,
        });
    }
    if y == 0.0 {
        return Ok(Tails {
            lower: 1.0,
            upper: 0.0,
        });
    }
    if x * (a + b + 2.0) > a + 1.0 {
        return Ok(small_side(b, a, y, x)?.swapped());
    }
    small_side(a, b, x, y)
}

/// The tails where the continued fraction converges fast.
fn small_side(a: f64, b: f64, x: f64, y: f64) -> Estimable<Tails> {
    let lower = (beta_kernel(a, b, x, y) / a * beta_fraction(a, b, x)?).min(1.0);
    Ok(Tails {
        lower,
        upper: 1.0 - lower,
    })
}

/// `x^a y^b / B(a, b)` by the saddle-point form.
fn beta_kernel(a: f64, b: f64, x: f64, y: f64) -> f64 {
    let n = a + b;
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * x)
        - deviance(b, n * y);
    libm::exp(exponent) * libm::sqrt(a * b / (2.0 * PI * n))
}

/// `ln Gamma(z + 1)` minus Stirling's approximation of it.
fn stirling_error(z: f64) -> f64 {
    if z <= 15.0 {
        return libm::lgamma(z + 1.0) - (z + 0.5) * libm::log(z) + z - 0.5 * libm::log(2.0 * PI);
    }
    let s = 1.0 / (z * z);
    (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0 - s * (1.0 / 1680.0 - s * (1.0 / 1188.0)))))
        / z
}

/// `x ln(x/m) + m - x` without cancellation for `x` near `m`.
fn deviance(x: f64, m: f64) -> f64 {
    let d = x - m;
    if d.abs() >= 0.1 * (x + m) {
        return x * libm::log(x / m) + m - x;
    }
    let v = d / (x + m);
    let v2 = v * v;
    let mut term = 2.0 * x * v;
    let mut total = d * v;
    for j in 1..1000 {
        term *= v2;
        let next = total + term / f64::from(2 * j + 1);
        if next == total {
            break;
        }
        total = next;
    }
    total
}

/// The continued fraction of the incomplete beta function (Lentz).
fn beta_fraction(a: f64, b: f64, x: f64) -> Estimable<f64> {
    const TINY: f64 = 1e-300;
    let lift = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / lift(1.0 - (a + b) * x / (a + 1.0));
    let mut h = d;
    for step in 1..20_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / lift(1.0 + even * d);
        c = lift(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / lift(1.0 + odd * d);
        c = lift(1.0 + odd / c);
        let change = d * c;
        h *= change;
        if (change - 1.0).abs() <= f64::EPSILON {
            return Ok(h);
        }
    }
    Err(NotEstimable::NotConverged)
}

/// Quantile of the Beta(a, b) law for the lower-tail probability `p`.
pub fn beta_quantile(a: f64, b: f64, p: f64) -> Estimable<f64> {
    if !(0.0..=1.0).contains(&p) {
        return Err(NotEstimable::OutOfRange);
    }
    if p == 0.0 || p == 1.0 {
        return Ok(p);
    }
    beta_tails(a, b, 0.5, 0.5)?;
    root::solve(0.0, 1.0, |x| match beta_tails(a, b, x, 1.0 - x) {
        Ok(t) if p <= 0.5 => t.lower - p,
        Ok(t) => (1.0 - p) - t.upper,
        Err(_) => f64::NAN,
    })
}

/// Probability of a Beta(a, b) value above `x`.
pub fn beta_sf(a: f64, b: f64, x: f64) -> Estimable<f64> {
    Ok(beta_tails(a, b, x, 1.0 - x)?.upper)
}

/// Probability of an F value above `f` on `(df1, df2)` degrees of freedom.
///
/// An infinite `f` has probability 0.
pub fn f_sf(f: f64, df1: f64, df2: f64) -> Estimable<f64> {
    Ok(f_tails(f, df1, df2)?.upper)
}

fn f_tails(f: f64, df1: f64, df2: f64) -> Estimable<Tails> {
    if f.is_nan() || f < 0.0 {
        return Err(NotEstimable::OutOfRange);
    }
    let (x, y) = f_as_beta(f, df1, df2);
    beta_tails(df1 / 2.0, df2 / 2.0, x, y)
}

/// The beta point `df1 f / (df1 f + df2)` and its complement.
fn f_as_beta(f: f64, df1: f64, df2: f64) -> (f64, f64) {
    if f.is_infinite() {
        return (1.0, 0.0);
    }
    let scaled = df1 * f;
    (scaled / (scaled + df2), df2 / (scaled + df2))
}

/// Quantile of F for the lower-tail probability `p`.
pub fn f_quantile(p: f64, df1: f64, df2: f64) -> Estimable<f64> {
    if !(p > 0.0 && p < 1.0) {
        return Err(NotEstimable::OutOfRange);
    }
    let distance = |f: f64| match f_tails(f, df1, df2) {
        Ok(t) if p <= 0.5 => t.lower - p,
        Ok(t) => (1.0 - p) - t.upper,
        Err(_) => f64::NAN,
    };
    let high = root::expand_up(1.0, distance)?;
    root::solve(0.0, high, distance)
}

/// Two-sided p-value of Student's t on `df` degrees of freedom.
pub fn t_two_sided(t: f64, df: f64) -> Estimable<f64> {
    if t.is_nan() {
        return Err(NotEstimable::OutOfRange);
    }
    f_sf(t * t, 1.0, df)
}

/// Quantile of Student's t for a lower-tail probability `p`.
pub fn t_quantile(p: f64, df: f64) -> Estimable<f64> {
    if !(p > 0.0 && p < 1.0) {
        return Err(NotEstimable::OutOfRange);
    }
    if p < 0.5 {
        return Ok(-t_quantile_upper(p, df)?);
    }
    if p == 0.5 {
        return Ok(0.0);
    }
    t_quantile_upper(1.0 - p, df)
}

/// The point that t exceeds with probability `tail` (at most one half).
fn t_quantile_upper(tail: f64, df: f64) -> Estimable<f64> {
    let distance = |t: f64| match t_two_sided(t, df) {
        Ok(p) => p - 2.0 * tail,
        Err(_) => f64::NAN,
    };
    let high = root::expand_up(1.0, distance)?;
    root::solve(0.0, high, distance)
}

/// Both tails of the noncentral F law with noncentrality `ncp`.
///
/// Formula: sum over j of Poisson(j; ncp/2) I_x(df1/2 + j, df2/2) with
/// x = df1 f / (df1 f + df2). Recurrences run in the direction in which they
/// add and never subtract. Absolute error near 1e-15; a tail far below that
/// is not resolved to relative accuracy. Beyond a noncentrality of 1e8, which
/// only nearly separated groups reach, the answer is `NotConverged`.
pub fn noncentral_f_tails(f: f64, df1: f64, df2: f64, ncp: f64) -> Estimable<Tails> {
    if ncp.is_nan() || ncp < 0.0 {
        return Err(NotEstimable::OutOfRange);
    }
    if ncp > LARGEST_NCP {
        return Err(NotEstimable::NotConverged);
    }
    let central = f_tails(f, df1, df2)?;
    if ncp == 0.0 || f == 0.0 || f.is_infinite() {
        return Ok(central);
    }
    let (x, y) = f_as_beta(f, df1, df2);
    let (a, b) = (df1 / 2.0, df2 / 2.0);
    let (first, weights) = poisson_weights(ncp / 2.0);
    let start = a + first;
    let mut upper_tail = beta_tails(start, b, x, y)?.upper;
    let mut kernel = beta_kernel(start, b, x, y) / start;
    let mut steps = Vec::with_capacity(weights.len());
    let mut upper = 0.0;
    let mut shape = start;
    for weight in &weights {
        upper += weight * upper_tail;
        steps.push(kernel);
        upper_tail += kernel;
        kernel *= x * (shape + b) / (shape + 1.0);
        shape += 1.0;
    }
    let mut lower_tail = beta_tails(shape, b, x, y)?.lower;
    let mut lower = 0.0;
    for (weight, step) in weights.iter().zip(&steps).rev() {
        lower_tail += step;
        lower += weight * lower_tail;
    }
    Ok(Tails {
        lower: lower.min(1.0),
        upper: upper.min(1.0),
    })
}

/// Poisson probabilities around the mode, and the index of the first one.
fn poisson_weights(mean: f64) -> (f64, Vec<f64>) {
    const NEGLIGIBLE: f64 = 1e-22;
    let mode = libm::floor(mean);
    let peak = if mode == 0.0 {
        libm::exp(-mean)
    } else {
        libm::exp(-stirling_error(mode) - deviance(mode, mean)) / libm::sqrt(2.0 * PI * mode)
    };
    let mut below = Vec::new();
    let (mut j, mut weight) = (mode, peak);
    while j > 0.0 && weight > NEGLIGIBLE {
        weight *= j / mean;
        j -= 1.0;
        below.push(weight);
    }
    let first = j;
    let mut weights: Vec<f64> = below.into_iter().rev().collect();
    let (mut j, mut weight) = (mode, peak);
    while weight > NEGLIGIBLE {
        weights.push(weight);
        j += 1.0;
        weight *= mean / j;
    }
    (first, weights)
}

/// The noncentrality at which the lower tail at `f` equals `p`, or 0 where
/// even noncentrality 0 has a smaller lower tail.
pub fn noncentrality_for(f: f64, df1: f64, df2: f64, p: f64) -> Estimable<f64> {
    let distance = |ncp: f64| match noncentral_f_tails(f, df1, df2, ncp) {
        Ok(t) if p <= 0.5 => t.lower - p,
        Ok(t) => (1.0 - p) - t.upper,
        Err(_) => f64::NAN,
    };
    if distance(0.0) <= 0.0 {
        return Ok(0.0);
    }
    let high = root::expand_up(df1.max(1.0), distance)?;
    root::solve(0.0, high, distance)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use statrs::distribution::{Beta, ContinuousCDF, FisherSnedecor, Normal, StudentsT};

    use super::*;

    fn close(ours: f64, theirs: f64, relative: f64) {
        assert!(
            (ours - theirs).abs() <= relative * theirs.abs(),
            "{ours} against {theirs}"
        );
    }

    #[test]
    fn tails_agree_with_statrs() {
        for (a, b, x) in [
            (0.5, 0.5, 0.3),
            (2.0, 3.0, 0.9),
            (5.5, 4.5, 0.653),
            (30.0, 400.0, 0.05),
        ] {
            let law = Beta::new(a, b).unwrap();
            let ours = beta_tails(a, b, x, 1.0 - x).unwrap();
            close(ours.lower, law.cdf(x), 1e-11);
            close(ours.upper, law.sf(x), 1e-11);
        }
        for (f, d1, d2) in [(1.54, 11.0, 9.0), (0.2, 1.0, 19.0), (45.0, 3.0, 60.0)] {
            let law = FisherSnedecor::new(d1, d2).unwrap();
            close(f_sf(f, d1, d2).unwrap(), law.sf(f), 1e-11);
        }
    }

    #[test]
    fn quantiles_agree_with_statrs() {
        let normal = Normal::new(0.0, 1.0).unwrap();
        for p in [1e-10, 0.025, 0.4, 0.5, 0.975, 0.999999] {
            let theirs = normal.inverse_cdf(p);
            assert!((normal_quantile(p).unwrap() - theirs).abs() < 1e-10 * theirs.abs().max(1.0));
        }
        for df in [1.0, 2.0, 19.0, 300.0] {
            let law = StudentsT::new(0.0, 1.0, df).unwrap();
            close(t_quantile(0.975, df).unwrap(), law.inverse_cdf(0.975), 1e-9);
        }
    }

    #[test]
    fn a_far_tail_keeps_its_digits() {
        // exact: P(|T| > t) on 2 degrees of freedom is 1 - t / sqrt(2 + t^2)
        // = 2 / (r (r + t)) with r = sqrt(2 + t^2).
        let t = 1e8_f64;
        let r = libm::sqrt(2.0 + t * t);
        close(t_two_sided(t, 2.0).unwrap(), 2.0 / (r * (r + t)), 1e-13);
        assert!(f_sf(1e10, 40.0, 40.0).unwrap() > 1e-220);
    }

    #[test]
    fn the_noncentral_law_without_noncentrality_is_the_central_one() {
        let central = f_tails(1.7, 4.0, 12.0).unwrap();
        let nearly = noncentral_f_tails(1.7, 4.0, 12.0, 1e-14).unwrap();
        close(nearly.lower, central.lower, 1e-12);
        close(nearly.upper, central.upper, 1e-12);
    }

    #[test]
    fn the_tails_of_the_noncentral_law_sum_to_one() {
        for ncp in [0.3, 7.0, 80.0, 2500.0] {
            let t = noncentral_f_tails(3.0, 5.0, 17.0, ncp).unwrap();
            assert!((t.lower + t.upper - 1.0).abs() < 1e-12, "{t:?} at {ncp}");
        }
    }
}
