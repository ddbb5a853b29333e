//! Random numbers of the laws that simulations need: uniform, normal, gamma, beta.
//!
//! Built on [`Stream`] and `libm` alone, so that a draw has the same bits on every
//! platform. Normal by Box and Muller (1958), gamma by Marsaglia and Tsang (2000),
//! beta as a ratio of two gammas.

use std::f64::consts::PI;

use crate::stream::Stream;

/// A number strictly between 0 and 1.
pub(crate) fn uniform(stream: &mut Stream) -> f64 {
    const STEPS: f64 = 9_007_199_254_740_992.0;
    // 53 bits, moved by half a step away from both ends.
    ((stream.word() >> 11) as f64 + 0.5) / STEPS
}

/// A standard normal number.
pub(crate) fn normal(stream: &mut Stream) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(uniform(stream)));
    radius * libm::cos(2.0 * PI * uniform(stream))
}

/// A gamma number of unit scale; `shape` is positive.
pub(crate) fn gamma(stream: &mut Stream, shape: f64) -> f64 {
    if shape < 1.0 {
        let raised = gamma(stream, shape + 1.0);
        return raised * libm::pow(uniform(stream), 1.0 / shape);
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / libm::sqrt(9.0 * d);
    loop {
        let x = normal(stream);
        let base = 1.0 + c * x;
        if base <= 0.0 {
            continue;
        }
        let v = base * base * base;
        let u = uniform(stream);
        if libm::log(u) < 0.5 * x * x + d * (1.0 - v + libm::log(v)) {
            return d * v;
        }
    }
}

/// A beta number; both shapes are positive.
pub(crate) fn beta(stream: &mut Stream, a: f64, b: f64) -> f64 {
    let x = gamma(stream, a);
    let y = gamma(stream, b);
    // Both underflow to zero only for shapes far below one half.
    if x + y > 0.0 { x / (x + y) } else { 0.5 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Pass;

    #[test]
    fn beta_numbers_have_the_mean_and_the_variance_of_their_law() {
        let mut stream = Stream::new(164, Pass::GraderError, 0);
        for (a, b) in [(0.5, 0.5), (0.5, 30.5), (14.5, 141.5), (900.0, 30.0)] {
            let draws: Vec<f64> = (0..20_000).map(|_| beta(&mut stream, a, b)).collect();
            let mean = draws.iter().sum::<f64>() / 20_000.0;
            let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 20_000.0;
            let (m, v) = (a / (a + b), a * b / ((a + b) * (a + b) * (a + b + 1.0)));
            // Five standard errors of the mean, and a tenth of the variance.
            assert!((mean - m).abs() < 5.0 * (v / 20_000.0).sqrt(), "{a} {b}");
            assert!((variance / v - 1.0).abs() < 0.1, "{a} {b} {variance} {v}");
        }
    }
}
