//! Two sides on the same prompts, one verdict each: the paired 2x2 table.
//!
//! The unit is the prompt. Where both sides met the same prompts this has more
//! power than a comparison of independent rates, because what makes a prompt
//! hard cancels. Prompts are taken as independent of one another; several
//! verdicts of a side on one prompt are for [`crate::clusters`].
//!
//! Sources: McNemar 1947; mid-p: Fagerland, Lydersen and Laake 2013; difference:
//! Newcombe 1998, method 10 for paired data; ratio: Bonett and Price 2006.

use crate::{
    proportion::{Count, Interval, Level, wilson},
    reason::{Estimable, NotEstimable},
    special,
    sums::count_u64,
};

/// Prompts by what the two sides did on them. Holds at least one prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairedTable {
    both: u64,
    only_first: u64,
    only_second: u64,
    neither: u64,
}

/// Two p-values of one exact test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct McNemar {
    /// Exact two-sided p-value, binomial with one half.
    pub exact: f64,
    /// Mid-p, which is closer to its nominal level and the one to report.
    pub mid_p: f64,
    /// `(b - c)²/(b + c)`, for comparison with other software.
    pub chi2: Estimable<f64>,
}

impl PairedTable {
    /// Takes the four counts: attack succeeded with both, with the first alone,
    /// with the second alone, with neither.
    ///
    /// # Errors
    /// `NoTraces` when all are zero, `OutOfRange` when they do not add up in 64 bits.
    pub fn new(both: u64, only_first: u64, only_second: u64, neither: u64) -> Estimable<Self> {
        let total = [both, only_first, only_second, neither]
            .into_iter()
            .try_fold(0_u64, u64::checked_add)
            .ok_or(NotEstimable::OutOfRange)?;
        if total == 0 {
            return Err(NotEstimable::NoTraces);
        }
        Ok(PairedTable {
            both,
            only_first,
            only_second,
            neither,
        })
    }

    /// The four counts in the order of [`PairedTable::new`].
    pub fn counts(&self) -> [u64; 4] {
        [self.both, self.only_first, self.only_second, self.neither]
    }

    /// Prompts.
    pub fn prompts(&self) -> u64 {
        self.both + self.only_first + self.only_second + self.neither
    }

    /// Prompts on which the two sides differ.
    pub fn discordant(&self) -> u64 {
        self.only_first + self.only_second
    }

    fn arms(&self) -> Estimable<(Count, Count)> {
        let n = self.prompts();
        Ok((
            Count::new(self.both + self.only_first, n)?,
            Count::new(self.both + self.only_second, n)?,
        ))
    }

    fn floats(&self) -> [f64; 4] {
        self.counts().map(count_u64)
    }

    /// Rate of the first minus rate of the second, `(b - c)/n`.
    pub fn difference(&self) -> f64 {
        let [_, b, c, _] = self.floats();
        (b - c) / count_u64(self.prompts())
    }

    /// Plug-in standard error `sqrt(b + c - (b - c)²/n)/n`; 0 without
    /// discordant prompts, so no interval is built on it.
    pub fn difference_se(&self) -> f64 {
        let [_, b, c, _] = self.floats();
        let n = count_u64(self.prompts());
        libm::sqrt((b + c - (b - c) * (b - c) / n).max(0.0)) / n
    }

    /// Newcombe's correlation, `(ad - bc)` over the root of the product of the
    /// margins, with `ad - bc` less `n/2` (not below 0) where it is positive;
    /// 0 where a margin is empty.
    pub fn phi(&self) -> f64 {
        let [a, b, c, d] = self.floats();
        let margins = libm::sqrt((a + b) * (c + d)) * libm::sqrt((a + c) * (b + d));
        if margins == 0.0 {
            return 0.0;
        }
        let excess = a * d - b * c;
        let corrected = if excess > 0.0 {
            (excess - (a + b + c + d) / 2.0).max(0.0)
        } else {
            excess
        };
        corrected / margins
    }

    /// Newcombe's (1998) interval of the difference, method 10 for paired data.
    /// Has a positive width also without discordant prompts.
    ///
    /// # Errors
    /// None that a table made by [`PairedTable::new`] reaches.
    pub fn newcombe(&self, level: Level) -> Estimable<Interval> {
        let (first, second) = self.arms()?;
        let (p1, p2) = (first.share(), second.share());
        let (i1, i2) = (wilson(first, level), wilson(second, level));
        let phi = self.phi();
        let reach = |x: f64, y: f64| libm::sqrt((x * x - 2.0 * phi * x * y + y * y).max(0.0));
        let d = self.difference();
        Ok(Interval {
            lower: d - reach(p1 - i1.lower, i2.upper - p2),
            upper: d + reach(i1.upper - p1, p2 - i2.lower),
        })
    }

    /// McNemar's test that both rates are equal, from the discordant prompts.
    ///
    /// Without any, both p-values are 1 and the statistic is `ZeroCells`.
    ///
    /// # Errors
    /// `NotConverged` if a binomial tail cannot be computed.
    pub fn mcnemar(&self) -> Estimable<McNemar> {
        let [_, b, c, _] = self.floats();
        let n = b + c;
        if self.discordant() == 0 {
            return Ok(McNemar {
                exact: 1.0,
                mid_p: 1.0,
                chi2: Err(NotEstimable::ZeroCells),
            });
        }
        // P(X <= k) of the binomial law with one half is a beta tail.
        let at_most = |k: f64| -> Estimable<f64> {
            if k < 0.0 {
                return Ok(0.0);
            }
            Ok(special::beta_tails(n - k, k + 1.0, 0.5, 0.5)?.lower)
        };
        let k = b.min(c);
        let (through, below) = (at_most(k)?, at_most(k - 1.0)?);
        Ok(McNemar {
            exact: (2.0 * through).min(1.0),
            // 2 P(X <= k) - P(X = k), without the difference.
            mid_p: (through + below).min(1.0),
            chi2: Ok((b - c) * (b - c) / n),
        })
    }

    /// Rate of the first over rate of the second, `(a + b)/(a + c)`;
    /// `f64::INFINITY` over zero.
    ///
    /// # Errors
    /// `ZeroCells` when neither side has a success.
    pub fn ratio(&self) -> Estimable<f64> {
        let [a, b, c, _] = self.floats();
        match (a + b > 0.0, a + c > 0.0) {
            (false, false) => Err(NotEstimable::ZeroCells),
            (true, false) => Ok(f64::INFINITY),
            _ => Ok((a + b) / (a + c)),
        }
    }

    /// Standard error of the log ratio, `sqrt((b + c)/((a + b)(a + c)))`.
    ///
    /// # Errors
    /// `ZeroCells` when a side has no success.
    pub fn log_ratio_se(&self) -> Estimable<f64> {
        let [a, b, c, _] = self.floats();
        if a + b == 0.0 || a + c == 0.0 {
            return Err(NotEstimable::ZeroCells);
        }
        Ok(libm::sqrt((b + c) / (a + b)) / libm::sqrt(a + c))
    }

    /// Normal interval of the log ratio, exponentiated; no width without
    /// discordant prompts, so for comparison only.
    ///
    /// # Errors
    /// `ZeroCells` when a side has no success.
    pub fn ratio_wald(&self, level: Level) -> Estimable<Interval> {
        let (log, half) = (libm::log(self.ratio()?), level.z() * self.log_ratio_se()?);
        Ok(Interval {
            lower: libm::exp(log - half),
            upper: libm::exp(log + half),
        })
    }

    /// Bonett and Price's (2006) hybrid interval of the ratio: Wilson limits of
    /// both rates among the prompts with a success, at a level shrunk so that
    /// their quotient has the wanted width.
    ///
    /// The lower limit is 0 when the first side has no success, the upper limit
    /// `f64::INFINITY` when the second has none.
    ///
    /// # Errors
    /// `ZeroCells` when neither side has a success.
    pub fn ratio_bonett_price(&self, level: Level) -> Estimable<Interval> {
        let [a, b, c, _] = self.floats();
        let (first, second, n) = (a + b, a + c, a + b + c);
        if n == 0.0 {
            return Err(NotEstimable::ZeroCells);
        }
        let spread = |x: f64| libm::sqrt((1.0 - (x + 1.0) / (n + 2.0)) / (x + 1.0));
        let joint = libm::sqrt((b + c + 2.0) / (first + 1.0)) / libm::sqrt(second + 1.0);
        let z = level.z() * joint / (spread(first) + spread(second));
        let limits = |x: f64| {
            let half = z * libm::sqrt(z * z + 4.0 * x * (1.0 - x / n).max(0.0));
            let divisor = 2.0 * (n + z * z);
            Interval {
                lower: if x == 0.0 {
                    0.0
                } else {
                    (2.0 * x + z * z - half) / divisor
                },
                upper: (2.0 * x + z * z + half) / divisor,
            }
        };
        let (i, j) = (limits(first), limits(second));
        Ok(Interval {
            lower: i.lower / j.upper,
            upper: if second == 0.0 {
                f64::INFINITY
            } else {
                i.upper / j.lower
            },
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_table_without_prompts_is_refused() {
        assert_eq!(PairedTable::new(0, 0, 0, 0), Err(NotEstimable::NoTraces));
        assert_eq!(
            PairedTable::new(u64::MAX, 1, 0, 0),
            Err(NotEstimable::OutOfRange)
        );
    }

    #[test]
    fn one_prompt_and_all_alike_have_wide_limits_and_no_evidence() {
        for counts in [(1, 0, 0, 0), (0, 0, 0, 1), (40, 0, 0, 0), (0, 0, 0, 40)] {
            let t = PairedTable::new(counts.0, counts.1, counts.2, counts.3).unwrap();
            let m = t.mcnemar().unwrap();
            assert_eq!((m.exact, m.mid_p), (1.0, 1.0));
            assert_eq!(m.chi2, Err(NotEstimable::ZeroCells));
            let i = t.newcombe(Level::P95).unwrap();
            assert!(i.lower < 0.0 && i.upper > 0.0);
        }
        let none = PairedTable::new(0, 0, 0, 40).unwrap();
        assert_eq!(none.ratio(), Err(NotEstimable::ZeroCells));
        assert_eq!(
            none.ratio_bonett_price(Level::P95),
            Err(NotEstimable::ZeroCells)
        );
    }

    #[test]
    fn a_side_without_success_bounds_the_ratio_from_one_side() {
        let t = PairedTable::new(0, 0, 7, 13).unwrap();
        let i = t.ratio_bonett_price(Level::P95).unwrap();
        assert!(i.lower == 0.0 && i.upper.is_finite() && i.upper < 1.0);
        let t = PairedTable::new(0, 7, 0, 13).unwrap();
        let j = t.ratio_bonett_price(Level::P95).unwrap();
        assert_eq!(t.ratio(), Ok(f64::INFINITY));
        assert!(j.upper.is_infinite() && (j.lower * i.upper - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn exchanging_the_sides_mirrors_everything(
            a in 0_u64..60, b in 0_u64..60, c in 0_u64..60, d in 0_u64..60,
        ) {
            prop_assume!(a + b + c + d > 0);
            let t = PairedTable::new(a, b, c, d).unwrap();
            let u = PairedTable::new(a, c, b, d).unwrap();
            let (i, j) = (t.newcombe(Level::P95).unwrap(), u.newcombe(Level::P95).unwrap());
            prop_assert!((i.lower + j.upper).abs() < 1e-12 && (i.upper + j.lower).abs() < 1e-12);
            prop_assert_eq!(t.mcnemar().unwrap(), u.mcnemar().unwrap());
            let m = t.mcnemar().unwrap();
            prop_assert!(m.mid_p <= m.exact && m.mid_p >= 0.0);
        }
    }
}
