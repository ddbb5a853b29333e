//! The law of a statistic under random relabelling: quantiles, shares, bins.
//!
//! Quantiles interpolate linearly between the two nearest order statistics
//! (Hyndman and Fan 1996, type 7), found by selection and not by sorting. A
//! value within 1e-12 of the observed one counts as reaching it. An infinite
//! value is a value: it lies above all others. NaN never enters a law.

use crate::{
    permutation::TIE,
    quantity::Number,
    reason::{Estimable, NotEstimable},
    result::NullDistribution,
    sums::{count, sum},
};

/// Bins of the histogram of a share between 0 and 1.
const BINS: u32 = 40;

/// Values of a statistic, one per relabelling.
#[derive(Clone, Debug)]
pub(crate) struct Law {
    values: Vec<f64>,
}

impl Law {
    /// Takes the values that exist.
    ///
    /// # Errors
    /// `NotGiven` when there is none.
    pub(crate) fn new(values: impl Iterator<Item = f64>) -> Estimable<Self> {
        let values: Vec<f64> = values.filter(|v| !v.is_nan()).collect();
        if values.is_empty() {
            return Err(NotEstimable::NotGiven);
        }
        Ok(Law { values })
    }

    /// Mean, of finite values.
    pub(crate) fn mean(&self) -> f64 {
        sum(self.values.iter().copied()) / count(self.values.len())
    }

    /// The quantile for the probability `numerator / denominator` (at most 1).
    pub(crate) fn quantile(&mut self, numerator: usize, denominator: usize) -> f64 {
        let steps = (self.values.len() - 1) * numerator;
        let (below, rest) = (steps / denominator, steps % denominator);
        let (_, low, above) = self.values.select_nth_unstable_by(below, f64::total_cmp);
        let low = *low;
        let high = above.iter().copied().fold(f64::INFINITY, f64::min);
        if rest == 0 || low == high {
            return low;
        }
        low + (high - low) * (count(rest) / count(denominator))
    }

    /// Number of values at or above `observed`, ties included.
    fn at_least(&self, observed: f64) -> usize {
        let threshold = observed - TIE * observed.abs().max(1.0);
        // Of two infinite values neither is less: the comparison stands for both.
        self.values
            .iter()
            .filter(|v| **v >= threshold || **v >= observed)
            .count()
    }

    /// Share of values at or above `observed`.
    pub(crate) fn share_at_least(&self, observed: f64) -> f64 {
        count(self.at_least(observed)) / count(self.values.len())
    }

    /// Monte Carlo p-value `(1 + b)/(1 + B)`, which is never 0.
    pub(crate) fn p(&self, observed: f64) -> f64 {
        count(1 + self.at_least(observed)) / count(1 + self.values.len())
    }

    /// Histogram over [0, 1] with the law's figures.
    pub(crate) fn distribution(
        mut self,
        observed: f64,
        exact: bool,
        smallest_attainable_p: f64,
    ) -> NullDistribution {
        let edges: Vec<f64> = (0..=BINS).map(|i| f64::from(i) / f64::from(BINS)).collect();
        let mut counts = vec![0_u64; edges.len() - 1];
        for value in &self.values {
            let bin = edges.partition_point(|e| e <= value).saturating_sub(1);
            counts[bin.min(edges.len() - 2)] += 1;
        }
        NullDistribution {
            exact,
            relabellings: counts.iter().sum(),
            edges: edges.into_iter().map(Number).collect(),
            counts,
            mean: Number(self.mean()),
            p05: Number(self.quantile(1, 20)),
            p95: Number(self.quantile(19, 20)),
            share_at_least: Number(self.share_at_least(observed)),
            smallest_attainable_p: Number(smallest_attainable_p),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn law(values: &[f64]) -> Law {
        Law::new(values.iter().copied()).unwrap()
    }

    #[test]
    fn quantiles_interpolate_between_neighbours() {
        let mut l = law(&[4.0, 1.0, 3.0, 2.0]);
        assert_eq!(l.quantile(1, 2), 2.5);
        assert_eq!(l.quantile(1, 4), 1.75);
        assert_eq!((l.quantile(0, 1), l.quantile(1, 1)), (1.0, 4.0));
    }

    #[test]
    fn infinite_values_lie_above_all_and_reach_an_infinite_one() {
        let mut l = law(&[1.0, f64::INFINITY, f64::INFINITY, f64::NAN]);
        assert_eq!(l.quantile(1, 2), f64::INFINITY);
        assert_eq!(l.quantile(1, 4), f64::INFINITY);
        assert_eq!(l.quantile(0, 1), 1.0);
        assert_eq!(l.share_at_least(f64::INFINITY), 2.0 / 3.0);
        assert_eq!(l.share_at_least(1.0), 1.0);
    }

    #[test]
    fn a_tie_within_rounding_counts_as_reached() {
        let l = law(&[0.5 - 1e-14, 0.4]);
        assert_eq!(l.share_at_least(0.5), 0.5);
        assert_eq!(l.p(0.5), 2.0 / 3.0);
    }

    #[test]
    fn both_ends_of_the_histogram_belong_to_it() {
        let d = law(&[0.0, 1.0, 0.025, 1.0 + 1e-16]).distribution(0.5, false, 0.1);
        assert_eq!((d.counts[0], d.counts[1], d.counts[39]), (1, 1, 2));
        assert_eq!(d.relabellings, 4);
    }

    #[test]
    fn no_relabelling_gives_no_law() {
        assert!(matches!(
            Law::new(std::iter::empty()),
            Err(NotEstimable::NotGiven)
        ));
    }
}
