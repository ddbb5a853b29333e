//! Sums that do not lose digits: compensated totals, means and centred squares.
//!
//! Every sum of squares in this crate is built from deviations about a mean
//! and added up with Neumaier's (1974) compensation, so the order of the
//! models changes a result by at most its last digit. Nothing here allocates
//! or decides what an empty input means: the mean of nothing is `None`.

/// Adds up values with Neumaier's compensation.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut total = 0.0_f64;
    let mut lost = 0.0_f64;
    for value in values {
        let next = total + value;
        lost += if total.abs() >= value.abs() {
            (total - next) + value
        } else {
            (value - next) + total
        };
        total = next;
    }
    total + lost
}

/// The arithmetic mean, or `None` for no values.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    Some(sum(values.iter().copied()) / count(values.len()))
}

/// Sum of squared deviations about `centre`.
pub fn squares_about(values: &[f64], centre: f64) -> f64 {
    sum(values.iter().map(|v| (v - centre) * (v - centre)))
}

/// A count as a floating point number.
///
/// Counts of models, groups and traces stay far below 2^53, where the
/// conversion is exact.
pub fn count(n: usize) -> f64 {
    n as f64
}

/// A count of traces as a floating point number; exact below 2^53.
pub fn count_u64(n: u64) -> f64 {
    n as f64
}

/// Whether every value is a finite number.
pub fn all_finite(values: &[f64]) -> bool {
    values.iter().all(|v| v.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_addend_survives_a_large_one() {
        assert_eq!(sum([1.0, 1e100, 1.0, -1e100]), 2.0);
    }

    #[test]
    fn the_mean_of_nothing_is_absent() {
        assert_eq!(mean(&[]), None);
    }
}
