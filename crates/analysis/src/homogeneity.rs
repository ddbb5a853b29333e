//! Pearson's chi-squared test that the rows of a table have the same shares.
//!
//! The statistic is the sum of (observed - expected)^2 / expected over the cells
//! of rows and columns that hold anything, on (rows - 1)(columns - 1) degrees of
//! freedom (Pearson 1900; Fisher 1922). The law is an approximation for expected
//! counts above about five. Traces are taken as independent.

use crate::{
    reason::{Estimable, NotEstimable},
    sums::{count, count_u64, sum},
};

/// The p-value of the test.
///
/// # Errors
/// `LengthMismatch` for rows of different length, `NoTraces` for an empty table,
/// `OneGroup` with one row left and `OneCategory` with one column left.
pub fn homogeneity(table: &[Vec<u64>]) -> Estimable<f64> {
    let columns = table.first().map_or(0, Vec::len);
    if table.iter().any(|row| row.len() != columns) {
        return Err(NotEstimable::LengthMismatch);
    }
    let row_totals: Vec<f64> = table.iter().map(|row| total(row.iter().copied())).collect();
    let column_totals: Vec<f64> = (0..columns)
        .map(|j| total(table.iter().map(|row| row[j])))
        .collect();
    let n = sum(row_totals.iter().copied());
    let used = |totals: &[f64]| totals.iter().filter(|t| **t > 0.0).count();
    match (used(&row_totals), used(&column_totals)) {
        (0, _) => Err(NotEstimable::NoTraces),
        (1, _) => Err(NotEstimable::OneGroup),
        (_, 1) => Err(NotEstimable::OneCategory),
        (rows, columns) => {
            let cells = table.iter().zip(&row_totals).flat_map(|(row, r)| {
                row.iter().zip(&column_totals).map(move |(observed, c)| {
                    let expected = r * c / n;
                    let gap = count_u64(*observed) - expected;
                    if expected > 0.0 {
                        gap * gap / expected
                    } else {
                        0.0
                    }
                })
            });
            chi_squared_sf(sum(cells), count((rows - 1) * (columns - 1)))
        }
    }
}

fn total(counts: impl Iterator<Item = u64>) -> f64 {
    sum(counts.map(count_u64))
}

/// Probability of a chi-squared value above `x` on `df` degrees of freedom.
///
/// # Errors
/// `OutOfRange` unless `x` is at least 0 and `df` positive, both finite;
/// `NotConverged` far beyond any table.
pub fn chi_squared_sf(x: f64, df: f64) -> Estimable<f64> {
    if !(x >= 0.0 && x.is_finite() && df > 0.0 && df.is_finite()) {
        return Err(NotEstimable::OutOfRange);
    }
    if x == 0.0 {
        return Ok(1.0);
    }
    let (a, z) = (df / 2.0, x / 2.0);
    let kernel = libm::exp(a * libm::log(z) - z - libm::lgamma(a));
    if z < a + 1.0 {
        Ok((1.0 - kernel * series(a, z)?).max(0.0))
    } else {
        Ok(kernel * fraction(a, z)?)
    }
}

/// Terms of either expansion before it is given up.
const MOST_TERMS: u32 = 100_000;

/// The power series of the lower incomplete gamma function, without its kernel.
fn series(a: f64, z: f64) -> Estimable<f64> {
    let mut term = 1.0 / a;
    let mut total = term;
    for i in 1..MOST_TERMS {
        term *= z / (a + f64::from(i));
        total += term;
        if term <= total * f64::EPSILON {
            return Ok(total);
        }
    }
    Err(NotEstimable::NotConverged)
}

/// Lentz's evaluation of the continued fraction of the upper one.
fn fraction(a: f64, z: f64) -> Estimable<f64> {
    const TINY: f64 = 1e-300;
    let lift = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut b = z + 1.0 - a;
    let mut c = 1.0 / TINY;
    let mut d = 1.0 / lift(b);
    let mut h = d;
    for i in 1..MOST_TERMS {
        let i = f64::from(i);
        let numerator = i * (a - i);
        b += 2.0;
        d = 1.0 / lift(numerator * d + b);
        c = lift(b + numerator / c);
        let change = d * c;
        h *= change;
        if (change - 1.0).abs() <= 2.0 * f64::EPSILON {
            return Ok(h);
        }
    }
    Err(NotEstimable::NotConverged)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use statrs::distribution::{ChiSquared, ContinuousCDF};

    use super::*;

    #[test]
    fn the_tail_agrees_with_a_second_implementation() {
        for df in [1.0, 2.0, 7.0, 40.0] {
            for x in [0.01, 0.5, 3.84, 12.0, 60.0, 200.0] {
                let theirs = ChiSquared::new(df).unwrap().sf(x);
                let ours = chi_squared_sf(x, df).unwrap();
                assert!(
                    (ours - theirs).abs() <= 1e-10 * theirs + 1e-14,
                    "{x} {df} {ours} {theirs}"
                );
            }
        }
    }

    #[test]
    fn a_two_by_two_table_by_hand() {
        // n (ad - bc)^2 / products of the margins = 100 (900 - 400)^2 / 50^4 = 4.
        let p = homogeneity(&[vec![30, 20], vec![20, 30]]).unwrap();
        assert!((p - 0.045_500_263_896_358_42).abs() < 1e-12, "{p}");
    }

    #[test]
    fn empty_rows_and_columns_do_not_count() {
        let plain = homogeneity(&[vec![30, 20], vec![20, 30]]);
        let padded = homogeneity(&[vec![30, 0, 20], vec![0, 0, 0], vec![20, 0, 30]]);
        assert_eq!(plain, padded);
        assert_eq!(
            homogeneity(&[vec![3, 0], vec![4, 0]]),
            Err(NotEstimable::OneCategory)
        );
        assert_eq!(
            homogeneity(&[vec![3, 2], vec![0, 0]]),
            Err(NotEstimable::OneGroup)
        );
        assert_eq!(homogeneity(&[]), Err(NotEstimable::NoTraces));
    }
}
