//! Kappa with weights for how far apart two verdicts are, and its standard errors.
//!
//! `kappa = (po - pe)/(1 - pe)` with `po = sum w_ij p_ij` and
//! `pe = sum w_ij p_i. p_.j` (Cohen 1968). The standard error is the
//! large-sample one of Fleiss, Cohen and Everitt (1969); the one under chance is
//! for a test that kappa is zero and never for an interval. Categories are in
//! order, a step apart.

use crate::{
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    sums::{count, count_u64, sum},
};

/// How much a pair of categories counts as agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// 1 for the same category, 0 for any other.
    Nominal,
    /// `1 - |i - j|/(k - 1)`.
    Linear,
    /// `1 - (i - j)²/(k - 1)²`.
    Quadratic,
}

impl Weights {
    fn of(self, i: usize, j: usize, k: usize) -> f64 {
        let apart = if k > 1 {
            count(i.abs_diff(j)) / count(k - 1)
        } else {
            0.0
        };
        match self {
            Weights::Nominal => f64::from(u8::from(i == j)),
            Weights::Linear => 1.0 - apart,
            Weights::Quadratic => 1.0 - apart * apart,
        }
    }
}

/// Kappa and what it is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kappa {
    /// Weighted observed agreement.
    pub observed: f64,
    /// Weighted agreement by chance, from the graders' own shares.
    pub chance: f64,
    /// Kappa; `OneCategory` when both use one and the same category throughout.
    pub kappa: Estimable<f64>,
    /// Large-sample standard error.
    pub se: Estimable<f64>,
    /// Standard error where agreement is by chance.
    pub se_null: Estimable<f64>,
}

impl Kappa {
    /// Normal interval, cut off at -1 and 1.
    ///
    /// # Errors
    /// The reason for which kappa is missing.
    pub fn interval(&self, level: Level) -> Estimable<Interval> {
        let i = Interval::around(self.kappa?, level.z() * self.se?);
        Ok(Interval {
            lower: i.lower.max(-1.0),
            upper: i.upper.min(1.0),
        })
    }
}

/// Reads kappa off a square table of counts, first grader by row.
///
/// # Errors
/// `LengthMismatch` unless the table is square, `NoTraces` when it is empty.
pub fn kappa(table: &[Vec<u64>], weights: Weights) -> Estimable<Kappa> {
    let k = table.len();
    if table.iter().any(|row| row.len() != k) {
        return Err(NotEstimable::LengthMismatch);
    }
    let n = sum(table.iter().flatten().map(|c| count_u64(*c)));
    if n == 0.0 {
        return Err(NotEstimable::NoTraces);
    }
    let cells = Cells::new(table, n, weights);
    let (observed, chance) = (cells.expect(|c| c.p), cells.expect(|c| c.row * c.column));
    let one_category = (0..k).any(|i| count_u64(table[i][i]) == n);
    let value = if one_category || chance >= 1.0 {
        Err(NotEstimable::OneCategory)
    } else {
        Ok((observed - chance) / (1.0 - chance))
    };
    let scale = libm::sqrt(n) * (1.0 - chance);
    Ok(Kappa {
        observed,
        chance,
        kappa: value,
        se: value.map(|kappa| libm::sqrt(cells.variance(kappa, chance)) / scale),
        se_null: value.map(|_| libm::sqrt(cells.null_variance(chance)) / scale),
    })
}

/// One cell as shares, with its weight and the mean weights of its row and column.
struct Cell {
    p: f64,
    row: f64,
    column: f64,
    weight: f64,
    mean_weights: f64,
}

struct Cells(Vec<Cell>);

impl Cells {
    fn new(table: &[Vec<u64>], n: f64, weights: Weights) -> Self {
        let k = table.len();
        let p = |i: usize, j: usize| count_u64(table[i][j]) / n;
        let rows: Vec<f64> = (0..k).map(|i| sum((0..k).map(|j| p(i, j)))).collect();
        let columns: Vec<f64> = (0..k).map(|j| sum((0..k).map(|i| p(i, j)))).collect();
        let w = |i: usize, j: usize| weights.of(i, j, k);
        let by_row: Vec<f64> = (0..k)
            .map(|i| sum((0..k).map(|j| columns[j] * w(i, j))))
            .collect();
        let by_column: Vec<f64> = (0..k)
            .map(|j| sum((0..k).map(|i| rows[i] * w(i, j))))
            .collect();
        let cells = (0..k).flat_map(|i| (0..k).map(move |j| (i, j)));
        Cells(
            cells
                .map(|(i, j)| Cell {
                    p: p(i, j),
                    row: rows[i],
                    column: columns[j],
                    weight: w(i, j),
                    mean_weights: by_row[i] + by_column[j],
                })
                .collect(),
        )
    }

    fn expect(&self, law: impl Fn(&Cell) -> f64) -> f64 {
        sum(self.0.iter().map(|c| c.weight * law(c)))
    }

    fn variance(&self, kappa: f64, chance: f64) -> f64 {
        let rest = 1.0 - kappa;
        let squares = sum(self.0.iter().map(|c| {
            let d = c.weight - c.mean_weights * rest;
            c.p * d * d
        }));
        let centre = kappa - chance * rest;
        (squares - centre * centre).max(0.0)
    }

    fn null_variance(&self, chance: f64) -> f64 {
        let squares = sum(self.0.iter().map(|c| {
            let d = c.weight - c.mean_weights;
            c.row * c.column * d * d
        }));
        (squares - chance * chance).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn with_two_categories_all_weights_are_the_same() {
        let table = [vec![45, 5], vec![15, 35]];
        let plain = kappa(&table, Weights::Nominal).unwrap();
        for weights in [Weights::Linear, Weights::Quadratic] {
            assert_eq!(kappa(&table, weights).unwrap(), plain);
        }
    }

    #[test]
    fn one_category_one_cell_and_nothing_give_reasons() {
        let same = kappa(&[vec![9, 0], vec![0, 0]], Weights::Linear).unwrap();
        assert_eq!(same.kappa, Err(NotEstimable::OneCategory));
        assert_eq!(same.interval(Level::P95), Err(NotEstimable::OneCategory));
        let alone = kappa(&[vec![9]], Weights::Quadratic).unwrap();
        assert_eq!(alone.kappa, Err(NotEstimable::OneCategory));
        let none = kappa(&[], Weights::Nominal);
        assert_eq!(none, Err(NotEstimable::NoTraces));
        let ragged = kappa(&[vec![1, 2], vec![3]], Weights::Nominal);
        assert_eq!(ragged, Err(NotEstimable::LengthMismatch));
    }
}
