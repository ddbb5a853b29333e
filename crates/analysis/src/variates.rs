//! Random numbers of the laws that simulations need: uniform, normal, gamma, beta, binomial.
//!
//! Built on [`Stream`] and `libm` alone, so that a draw has the same bits on every
//! platform. Normal by Box and Muller (1958), gamma by Marsaglia and Tsang (2000),
//! beta as a ratio of two gammas, binomial by counting.

use std::f64::consts::PI;

use crate::stream::Stream;

/// A number strictly between 0 and 1.
pub fn uniform(stream: &mut Stream) -> f64 {
    const STEPS: f64 = 9_007_199_254_740_992.0;
    // 53 bits, moved by half a step away from both ends.
    ((stream.word() >> 11) as f64 + 0.5) / STEPS
}

/// A standard normal number.
pub fn normal(stream: &mut Stream) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(uniform(stream)));
    radius * libm::cos(2.0 * PI * uniform(stream))
}

/// A gamma number of unit scale; `shape` is positive.
pub fn gamma(stream: &mut Stream, shape: f64) -> f64 {
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
pub fn beta(stream: &mut Stream, a: f64, b: f64) -> f64 {
    let x = gamma(stream, a);
    let y = gamma(stream, b);
    // Both underflow to zero only for shapes far below one half.
    if x + y > 0.0 { x / (x + y) } else { 0.5 }
}

/// Successes among `trials` independent trials; `rate` lies between 0 and 1.
/// Takes time in proportion to the trials.
pub fn binomial(stream: &mut Stream, trials: u64, rate: f64) -> u64 {
    (0..trials).map(|_| u64::from(uniform(stream) < rate)).sum()
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

    #[test]
    fn binomial_numbers_have_the_mean_and_the_ends_of_their_law() {
        let mut stream = Stream::new(164, Pass::Worlds, 0);
        let drawn: u64 = (0..2000).map(|_| binomial(&mut stream, 40, 0.3)).sum();
        // 80,000 trials of 0.3: mean 24,000, standard deviation 130.
        assert!(drawn.abs_diff(24_000) < 650, "{drawn}");
        assert_eq!(binomial(&mut stream, 40, 0.0), 0);
        assert_eq!(binomial(&mut stream, 40, 1.0), 40);
        assert_eq!(binomial(&mut stream, 0, 0.5), 0);
    }
}
