//! Exact permutation laws, by counting every arrangement.
//!
//! Feasible while the number of distinct arrangements is at most
//! [`EXACT_LIMIT`]; beyond, the reason is `TooManyArrangements` and the caller
//! draws relabellings at random instead. A statistic within 1e-12 of the
//! observed one counts as reaching it, so that rounding cannot break a tie.

use std::collections::BTreeMap;

use crate::{
    correlation,
    oneway::{grouped, zero_threshold},
    reason::{Estimable, NotEstimable},
    sums::{all_finite, count, count_u64, mean, squares_about, sum},
};

/// The largest number of arrangements that is enumerated.
pub const EXACT_LIMIT: f64 = 1e6;

/// The largest number of single placements, `arrangements * n`, that is tried.
const WORK_LIMIT: f64 = 3e7;

/// Statistics this close to the observed one count as equal to it.
pub const TIE: f64 = 1e-12;

/// The outcome of an exact permutation test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExactPermutation {
    /// The statistic of the data as observed.
    pub observed: f64,
    /// Number of distinct arrangements, the observed one included.
    pub arrangements: u64,
    /// How many of them reach the observed statistic.
    pub at_least: u64,
    /// `at_least / arrangements`.
    pub p: f64,
    /// Mean of the statistic over all arrangements.
    pub mean: f64,
}

/// Number of ways to deal models out to groups of these sizes, `n!/prod n_g!`.
///
/// A floating point number because it overflows every integer type soon; exact
/// as far as 2^53.
pub fn arrangements(sizes: &[usize]) -> f64 {
    let mut dealt = 0_usize;
    let mut ways = 1.0_f64;
    for size in sizes {
        for i in 1..=*size {
            dealt += 1;
            // Stays a whole number at every step: a product of binomials.
            ways = ways * count(dealt) / count(i);
        }
    }
    libm::round(ways)
}

/// The smallest p that any data could reach with groups of these sizes.
///
/// Exchanging the members of two groups of equal size leaves eta² as it is, so
/// at least `prod m_s!` arrangements share the maximum, where `m_s` is the
/// number of groups of size s.
pub fn smallest_attainable_p(sizes: &[usize]) -> f64 {
    let mut multiplicity: BTreeMap<usize, usize> = BTreeMap::new();
    for size in sizes.iter().filter(|s| **s > 0) {
        *multiplicity.entry(*size).or_default() += 1;
    }
    let equivalent: f64 = multiplicity
        .values()
        .map(|m| (1..=*m).map(count).product::<f64>())
        .product();
    (equivalent / arrangements(sizes)).min(1.0)
}

/// The exact law of eta² when labels are dealt to models at random.
///
/// Assumes exchangeable models under the null hypothesis; nothing else.
///
/// # Errors
/// `NoVariance`, `OneGroup`, `NoWithinDf` as for the decomposition,
/// `TooManyArrangements` above [`EXACT_LIMIT`], or where fewer arrangements of
/// very many models would still take longer than that.
pub fn exact_eta2(values: &[f64], group: &[usize]) -> Estimable<ExactPermutation> {
    let members = grouped(values, group)?;
    let centre = mean(values).ok_or(NotEstimable::TooFewModels)?;
    let total = squares_about(values, centre);
    let observed = sum(members.values().map(|m| {
        let s = sum(m.iter().map(|v| v - centre));
        s * s / count(m.len())
    })) / total;
    let mut tally = Tally::new(observed);
    each_eta2(values, group, |eta2| tally.add(eta2))?;
    Ok(tally.finish(observed))
}

/// Visits eta² of every arrangement once, for a histogram of the exact law.
///
/// # Errors
/// As [`exact_eta2`]; nothing is visited then.
pub fn each_eta2(values: &[f64], group: &[usize], visit: impl FnMut(f64)) -> Estimable<()> {
    let members = grouped(values, group)?;
    let sizes: Vec<usize> = members.values().map(Vec::len).collect();
    let centre = mean(values).ok_or(NotEstimable::TooFewModels)?;
    let total = squares_about(values, centre);
    if total <= zero_threshold(values) {
        return Err(NotEstimable::NoVariance);
    }
    if sizes.len() < 2 {
        return Err(NotEstimable::OneGroup);
    }
    if sizes.len() == values.len() {
        return Err(NotEstimable::NoWithinDf);
    }
    let ways = arrangements(&sizes);
    if !(ways <= EXACT_LIMIT && ways * count(values.len()) <= WORK_LIMIT) {
        return Err(NotEstimable::TooManyArrangements);
    }
    let centred: Vec<f64> = values.iter().map(|v| v - centre).collect();
    let mut walk = Walk {
        centred: &centred,
        sizes: &sizes,
        total,
        room: sizes.clone(),
        sums: vec![0.0; sizes.len()],
        visit,
    };
    walk.place(0);
    Ok(())
}

/// A depth-first walk over all ways to deal the values out.
struct Walk<'a, V> {
    centred: &'a [f64],
    sizes: &'a [usize],
    total: f64,
    room: Vec<usize>,
    sums: Vec<f64>,
    visit: V,
}

impl<V: FnMut(f64)> Walk<'_, V> {
    fn place(&mut self, next: usize) {
        let Some(value) = self.centred.get(next).copied() else {
            let between: f64 = self
                .sums
                .iter()
                .zip(self.sizes)
                .map(|(s, n)| s * s / count(*n))
                .sum();
            (self.visit)(between / self.total);
            return;
        };
        for g in 0..self.room.len() {
            if self.room[g] == 0 {
                continue;
            }
            let before = self.sums[g];
            self.room[g] -= 1;
            self.sums[g] = before + value;
            self.place(next + 1);
            self.sums[g] = before;
            self.room[g] += 1;
        }
    }
}

/// Counts arrangements and keeps a compensated total of the statistic.
struct Tally {
    threshold: f64,
    arrangements: u64,
    at_least: u64,
    total: f64,
    lost: f64,
}

impl Tally {
    fn new(observed: f64) -> Self {
        Tally {
            threshold: observed - TIE,
            arrangements: 0,
            at_least: 0,
            total: 0.0,
            lost: 0.0,
        }
    }

    fn add(&mut self, statistic: f64) {
        self.arrangements += 1;
        if statistic >= self.threshold {
            self.at_least += 1;
        }
        let corrected = statistic - self.lost;
        let next = self.total + corrected;
        self.lost = (next - self.total) - corrected;
        self.total = next;
    }

    fn finish(self, observed: f64) -> ExactPermutation {
        let all = count_u64(self.arrangements);
        ExactPermutation {
            observed,
            arrangements: self.arrangements,
            at_least: self.at_least,
            p: count_u64(self.at_least) / all,
            mean: self.total / all,
        }
    }
}

/// The exact two-sided law of Pearson's r over all `n!` pairings.
///
/// `at_least` counts `|r*| >= |r|`; `mean` is that of `|r*|`.
///
/// # Errors
/// As [`correlation::pearson`], and `TooManyArrangements` beyond nine pairs.
pub fn exact_pearson(x: &[f64], y: &[f64]) -> Estimable<ExactPermutation> {
    let observed = correlation::pearson(x, y)?;
    if !all_finite(x) || (1..=x.len()).map(count).product::<f64>() > EXACT_LIMIT {
        return Err(NotEstimable::TooManyArrangements);
    }
    let (u, mut v) = (standardised(x), standardised(y));
    let mut tally = Tally::new(observed.abs());
    heap(&u, &mut v, x.len(), &mut tally);
    Ok(tally.finish(observed))
}

/// Deviations from the mean, divided by the root of their sum of squares.
fn standardised(values: &[f64]) -> Vec<f64> {
    let centre = mean(values).unwrap_or(0.0);
    let norm = libm::sqrt(squares_about(values, centre));
    values.iter().map(|v| (v - centre) / norm).collect()
}

/// Heap's algorithm: visits each order of `v` once.
fn heap(u: &[f64], v: &mut [f64], size: usize, tally: &mut Tally) {
    if size <= 1 {
        tally.add(sum(u.iter().zip(v.iter()).map(|(a, b)| a * b)).abs());
        return;
    }
    for i in 0..size {
        heap(u, v, size - 1, tally);
        if i + 1 < size {
            v.swap(if size.is_multiple_of(2) { i } else { 0 }, size - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn arrangements_follow_the_multinomial_coefficient() {
        assert_eq!(arrangements(&[3, 2, 2]), 210.0);
        assert_eq!(arrangements(&[3, 3, 2]), 560.0);
        assert!(arrangements(&[2; 20]) > 1e30);
    }

    #[test]
    fn groups_of_equal_size_bound_the_p_value_from_below() {
        assert_eq!(smallest_attainable_p(&[3, 3]), 0.1);
        assert_eq!(smallest_attainable_p(&[1, 1, 1]), 1.0);
    }

    #[test]
    fn the_mean_over_all_arrangements_is_the_null_mean() {
        let e = exact_eta2(&[0.3, 0.9, 0.1, 0.4, 0.45], &[0, 0, 1, 1, 1]).unwrap();
        assert!((e.mean - 0.25).abs() < 1e-14, "{e:?}");
    }

    #[test]
    fn many_models_in_two_lopsided_groups_are_refused_before_the_walk() {
        let values: Vec<f64> = (0..100_000).map(f64::from).collect();
        let mut group = vec![0; values.len()];
        group[3] = 1;
        assert_eq!(
            exact_eta2(&values, &group),
            Err(NotEstimable::TooManyArrangements)
        );
    }

    #[test]
    fn a_large_table_is_refused_and_not_sampled() {
        let values: Vec<f64> = (0..24).map(f64::from).collect();
        let group: Vec<usize> = (0..24).map(|i| i / 2).collect();
        assert_eq!(
            exact_eta2(&values, &group),
            Err(NotEstimable::TooManyArrangements)
        );
    }
}
