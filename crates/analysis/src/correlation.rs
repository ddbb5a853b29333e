//! Correlation coefficients of two variables: Pearson, Spearman, Kendall tau-b.
//!
//! Each is `NoVariance` where one variable does not vary. No coefficient here
//! says anything about cause.

use crate::{
    oneway::zero_threshold,
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    special,
    sums::{all_finite, count, mean, squares_about, sum},
};

/// Pearson's product-moment correlation, from centred products.
///
/// # Errors
/// `LengthMismatch`, `OutOfRange` for a value that is not finite,
/// `TooFewModels` below two pairs, `NoVariance`.
pub fn pearson(x: &[f64], y: &[f64]) -> Estimable<f64> {
    check(x, y)?;
    let (mx, my) = (mean(x).unwrap_or(0.0), mean(y).unwrap_or(0.0));
    let (sxx, syy) = (squares_about(x, mx), squares_about(y, my));
    if sxx <= zero_threshold(x) || syy <= zero_threshold(y) {
        return Err(NotEstimable::NoVariance);
    }
    let sxy = sum(x.iter().zip(y).map(|(a, b)| (a - mx) * (b - my)));
    Ok((sxy / libm::sqrt(sxx) / libm::sqrt(syy)).clamp(-1.0, 1.0))
}

/// Two-sided p-value of a Pearson correlation, t on `n - 2` degrees of freedom.
///
/// # Errors
/// `TooFewModels` below three pairs.
pub fn pearson_p(r: f64, n: usize) -> Estimable<f64> {
    if n < 3 {
        return Err(NotEstimable::TooFewModels);
    }
    let df = count(n - 2);
    let rest = (1.0 - r) * (1.0 + r);
    if rest <= 0.0 {
        return Ok(0.0);
    }
    special::f_sf(r * r * df / rest, 1.0, df)
}

/// Fisher's z interval for a Pearson correlation: `tanh(atanh r ± z/sqrt(n-3))`.
///
/// # Errors
/// `TooFewModels` below four pairs; `ExactFit` for
/// `|r| = 1`, where the transformation is infinite.
pub fn pearson_interval(r: f64, n: usize, level: Level) -> Estimable<Interval> {
    if n < 4 {
        return Err(NotEstimable::TooFewModels);
    }
    if r.abs() >= 1.0 {
        return Err(NotEstimable::ExactFit);
    }
    let half = level.z() / libm::sqrt(count(n - 3));
    let z = Interval::around(libm::atanh(r), half);
    Ok(Interval {
        lower: libm::tanh(z.lower),
        upper: libm::tanh(z.upper),
    })
}

/// Spearman's rank correlation: Pearson's on average ranks.
///
/// # Errors
/// As [`pearson`].
pub fn spearman(x: &[f64], y: &[f64]) -> Estimable<f64> {
    check(x, y)?;
    pearson(&average_ranks(x), &average_ranks(y))
}

/// Kendall's (1945) tau-b, corrected for ties in either variable.
///
/// # Errors
/// As [`pearson`].
pub fn kendall_tau_b(x: &[f64], y: &[f64]) -> Estimable<f64> {
    check(x, y)?;
    let (mut balance, mut untied_x, mut untied_y) = (0_i64, 0_i64, 0_i64);
    for i in 0..x.len() {
        for j in 0..i {
            let (dx, dy) = (order(x[i], x[j]), order(y[i], y[j]));
            balance += dx * dy;
            untied_x += dx * dx;
            untied_y += dy * dy;
        }
    }
    if untied_x == 0 || untied_y == 0 {
        return Err(NotEstimable::NoVariance);
    }
    Ok(balance as f64 / libm::sqrt(untied_x as f64 * untied_y as f64))
}

/// Ranks from 1, ties sharing the mean of their places.
pub fn average_ranks(values: &[f64]) -> Vec<f64> {
    values
        .iter()
        .map(|v| {
            let below = values.iter().filter(|w| *w < v).count();
            let equal = values.iter().filter(|w| *w == v).count();
            count(below) + (count(equal) + 1.0) / 2.0
        })
        .collect()
}

fn order(a: f64, b: f64) -> i64 {
    i64::from(a > b) - i64::from(a < b)
}

fn check(x: &[f64], y: &[f64]) -> Estimable<()> {
    if x.len() != y.len() {
        return Err(NotEstimable::LengthMismatch);
    }
    if !all_finite(x) || !all_finite(y) {
        return Err(NotEstimable::OutOfRange);
    }
    if x.len() < 2 {
        return Err(NotEstimable::TooFewModels);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_variable_has_no_correlation() {
        assert_eq!(
            pearson(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]),
            Err(NotEstimable::NoVariance)
        );
        assert_eq!(
            kendall_tau_b(&[1.0, 1.0], &[1.0, 2.0]),
            Err(NotEstimable::NoVariance)
        );
    }

    #[test]
    fn ties_share_the_mean_of_their_places() {
        assert_eq!(average_ranks(&[0.2, 0.2, 0.5]), vec![1.5, 1.5, 3.0]);
    }

    #[test]
    fn a_perfect_correlation_has_no_fisher_interval() {
        assert_eq!(
            pearson_interval(1.0, 9, Level::P95),
            Err(NotEstimable::ExactFit)
        );
        assert_eq!(
            pearson_interval(0.4, 3, Level::P95),
            Err(NotEstimable::TooFewModels)
        );
        assert_eq!(pearson_p(-1.0, 9), Ok(0.0));
    }
}
