//! Shares of provider and of both, fast, for one arrangement after another.
//!
//! The sums of [`crate::ancova`] from centred columns, one pass per arrangement
//! and no decision about what exists: the caller has fitted the observed one.
//! Plain sums, so a share may differ from the fit's in its last digits.

use crate::{
    oneway::zero_threshold,
    sums::{mean, squares_about},
};

/// Centred rates and sizes, and their sums of squares.
#[derive(Clone, Debug)]
pub(crate) struct Dealt {
    rates: Vec<f64>,
    sizes: Vec<f64>,
    ss_total: f64,
    sxx: f64,
    zero: f64,
}

impl Dealt {
    pub(crate) fn new(rates: &[f64], sizes: &[f64]) -> Self {
        let centred = |values: &[f64]| -> Vec<f64> {
            let centre = mean(values).unwrap_or(0.0);
            values.iter().map(|v| v - centre).collect()
        };
        Dealt {
            ss_total: squares_about(rates, mean(rates).unwrap_or(0.0)),
            sxx: squares_about(sizes, mean(sizes).unwrap_or(0.0)),
            zero: zero_threshold(sizes),
            rates: centred(rates),
            sizes: centred(sizes),
        }
    }

    /// R² of size alone, the rates taken in `order` where one is given.
    pub(crate) fn size_share(&self, order: Option<&[usize]>) -> f64 {
        let products = self
            .sizes
            .iter()
            .enumerate()
            .map(|(i, x)| x * self.rate(i, order));
        let sxy: f64 = products.sum();
        sxy * sxy / self.sxx / self.ss_total
    }

    fn rate(&self, i: usize, order: Option<&[usize]>) -> f64 {
        let place = order.and_then(|o| o.get(i)).copied().unwrap_or(i);
        self.rates.get(place).copied().unwrap_or(0.0)
    }

    /// R² of provider and of both under these labels (below `k`), the rates
    /// taken in `order` where one is given.
    pub(crate) fn shares(&self, labels: &[usize], k: usize, order: Option<&[usize]>) -> (f64, f64) {
        let mut sums = vec![[0.0_f64; 3]; k];
        let mut sxy = 0.0;
        for (i, (label, x)) in labels.iter().zip(&self.sizes).enumerate() {
            let y = self.rate(i, order);
            sxy += x * y;
            if let Some(s) = sums.get_mut(*label) {
                s[0] += 1.0;
                s[1] += x;
                s[2] += y;
            }
        }
        let (mut sxx, mut between) = (self.sxx, 0.0);
        for [n, x, y] in sums.into_iter().filter(|s| s[0] > 0.0) {
            sxx -= x * x / n;
            sxy -= x * y / n;
            between += y * y / n;
        }
        let provider = between / self.ss_total;
        let added = if sxx > self.zero.max(1e-12 * self.sxx) {
            sxy * sxy / sxx / self.ss_total
        } else {
            0.0
        };
        (provider, provider + added)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ancova::ancova;

    proptest! {
        #[test]
        fn the_quick_shares_agree_with_the_fit(
            rows in proptest::collection::vec((0.0_f64..1.0, 0.0_f64..9.0, 0_usize..4), 6..25),
        ) {
            let (rates, rest): (Vec<f64>, Vec<(f64, usize)>) =
                rows.iter().map(|(r, s, g)| (*r, (*s, *g))).unzip();
            let (sizes, group): (Vec<f64>, Vec<usize>) = rest.into_iter().unzip();
            if let Ok(fit) = ancova(&rates, &sizes, &group) {
                let (provider, both) = Dealt::new(&rates, &sizes).shares(&group, 4, None);
                prop_assert!((provider - fit.r2_provider).abs() < 1e-10);
                prop_assert!((both - fit.r2_both).abs() < 1e-8);
                prop_assert!(fit.r2_both <= 1.0 + 1e-12);
                prop_assert!(fit.provider_given_size > -1e-12);
            }
        }
    }
}
