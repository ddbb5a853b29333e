//! Root finding on a bracket, by Chandrupatla's (1997) method.
//!
//! Mixes inverse quadratic interpolation with bisection: never leaves the
//! bracket, needs no derivative, and ends when the bracket is a few units in
//! the last place wide. Used for quantiles, for confidence limits of
//! noncentrality parameters and for score intervals. It does not look for a
//! bracket by itself, except in [`expand_up`].

use crate::reason::{Estimable, NotEstimable};

const MAX_STEPS: usize = 300;

/// Finds `x` in `[low, high]` with `f(x) = 0`.
///
/// `f` has to be finite and to change sign over the bracket, otherwise the
/// answer is [`NotEstimable::NotConverged`].
pub fn solve(low: f64, high: f64, f: impl Fn(f64) -> f64) -> Estimable<f64> {
    let (mut a, mut b) = (high, low);
    let (mut fa, mut fb) = (f(a), f(b));
    if fa == 0.0 {
        return Ok(a);
    }
    if fb == 0.0 {
        return Ok(b);
    }
    if !(fa.is_finite() && fb.is_finite()) || (fa > 0.0) == (fb > 0.0) {
        return Err(NotEstimable::NotConverged);
    }
    let mut step = 0.5;
    for _ in 0..MAX_STEPS {
        let x = a + step * (b - a);
        let fx = f(x);
        if fx.is_nan() {
            return Err(NotEstimable::NotConverged);
        }
        let (c, fc);
        if (fx > 0.0) == (fa > 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, fc) = (b, fb);
            (b, fb) = (a, fa);
        }
        (a, fa) = (x, fx);
        let best = if fa.abs() < fb.abs() { a } else { b };
        let narrow = 2.0 * f64::EPSILON * best.abs() + f64::MIN_POSITIVE;
        let share = narrow / (b - a).abs();
        if share > 0.5 || fa == 0.0 {
            return Ok(if fa == 0.0 { a } else { best });
        }
        step = next_step(a, b, c, fa, fb, fc).clamp(share, 1.0 - share);
    }
    Err(NotEstimable::NotConverged)
}

/// Where to look next, as a share of the way from `a` to `b`.
fn next_step(a: f64, b: f64, c: f64, fa: f64, fb: f64, fc: f64) -> f64 {
    let xi = (a - b) / (c - b);
    let phi = (fa - fb) / (fc - fb);
    let usable = phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi;
    if !usable {
        return 0.5;
    }
    let step =
        fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb);
    if step.is_finite() { step } else { 0.5 }
}

/// Doubles `start` until `f` changes its sign, and returns that point.
///
/// `f(0)` is taken to have the opposite sign of `f` at infinity. Gives up
/// after 200 doublings with [`NotEstimable::NotConverged`].
pub fn expand_up(start: f64, f: impl Fn(f64) -> f64) -> Estimable<f64> {
    let positive_at_zero = f(0.0) > 0.0;
    let mut x = start;
    for _ in 0..200 {
        if (f(x) > 0.0) != positive_at_zero {
            return Ok(x);
        }
        x *= 2.0;
    }
    Err(NotEstimable::NotConverged)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_root_of_a_cubic_is_found_to_the_last_digit() {
        let root = solve(0.0, 3.0, |x| x * x * x - 2.0).unwrap();
        assert!((root - libm::cbrt(2.0)).abs() < 1e-15);
    }

    #[test]
    fn a_bracket_without_a_change_of_sign_is_refused() {
        assert_eq!(solve(1.0, 2.0, |x| x), Err(NotEstimable::NotConverged));
    }
}
