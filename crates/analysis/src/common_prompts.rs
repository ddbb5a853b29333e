//! Two sides whose traces share prompts: the difference over all traces, and over
//! the prompts that both met.
//!
//! The prompt is the unit of sampling. Over all traces a shared prompt's two parts
//! add before they are squared, so that shared difficulty cancels; on common
//! prompts each counts once, whatever its number of traces, and the difference is
//! one of means (Miller 2024, arXiv 2411.00640). Which prompts were drawn is the
//! only uncertainty beside the replies.

use crate::{
    cells::{Tally, common, outer, total},
    clusters::{no_spread, t_interval},
    paired::PairedTable,
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    special,
    sums::{count, count_u64, mean, squares_about, sum},
};

/// A difference with its standard error by prompt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusteredDifference {
    /// First rate minus second, over all traces.
    pub difference: f64,
    /// Prompts of either side.
    pub prompts: usize,
    /// Standard error, CR0; a prompt that both met counts once.
    pub se_cr0: f64,
    /// Standard error, CR1.
    pub se_cr1: f64,
}

/// Mean rates per prompt on the prompts that both sides met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedMeans {
    /// Common prompts.
    pub prompts: usize,
    /// Mean of the first side's rates over these prompts, each prompt once.
    pub mean_first: f64,
    /// The same of the second side.
    pub mean_second: f64,
    /// First minus second.
    pub difference: f64,
    /// Standard deviation of the prompts' differences over `sqrt(J)`.
    pub se: Estimable<f64>,
    /// Mean of the first over mean of the second; infinite over zero.
    pub ratio: Estimable<f64>,
}

/// Difference of two overall rates, clustered by the prompts of both.
///
/// The variance of `ȳ1 - ȳ2` sums, per prompt, the first side's residuals over
/// its traces less the second's over its own; a shared prompt's two parts add
/// before they are squared, so shared difficulty cancels. Equal to least squares
/// on the side with errors clustered by prompt.
///
/// # Errors
/// `NoTraces` where a side has none, `OnePrompt`.
pub fn clustered_difference(a: &[Tally], b: &[Tally]) -> Estimable<ClusteredDifference> {
    let (first, second) = (total(a)?, total(b)?);
    let part = |t: Option<&Tally>, of: crate::proportion::Count| {
        t.map_or(0.0, |t| {
            (count_u64(t.succeeded) - t.traces() * of.share()) / of.n()
        })
    };
    let mut prompts = 0_usize;
    let variance = sum(outer(a, b).map(|(x, y)| {
        prompts += 1;
        let gap = part(x, first) - part(y, second);
        gap * gap
    }));
    if prompts < 2 {
        return Err(NotEstimable::OnePrompt);
    }
    let n = first.n() + second.n();
    // Two traces fit two rates exactly and leave nothing to scale by.
    let residual = if n > 2.0 { (n - 1.0) / (n - 2.0) } else { 1.0 };
    let small = count(prompts) / count(prompts - 1) * residual;
    Ok(ClusteredDifference {
        difference: first.share() - second.share(),
        prompts,
        se_cr0: libm::sqrt(variance),
        se_cr1: libm::sqrt(variance * small),
    })
}

impl ClusteredDifference {
    /// Student's t interval with CR1 on `J - 1` degrees of freedom.
    ///
    /// # Errors
    /// `NoVariance` where neither side varies.
    pub fn interval(&self, level: Level) -> Estimable<Interval> {
        t_interval(self.difference, self.se_cr1, count(self.prompts - 1), level)
    }
}

/// Compares the mean rates per prompt on common prompts.
///
/// Each common prompt counts once, whatever its number of traces.
///
/// # Errors
/// `NoCommonPrompts`. Field by field: `OnePrompt` for the standard error,
/// `ZeroCells` for a ratio of zero to zero.
pub fn paired_means(a: &[Tally], b: &[Tally]) -> Estimable<PairedMeans> {
    let rates: Vec<(f64, f64)> = common(a, b).map(|(x, y)| (x.rate(), y.rate())).collect();
    let prompts = rates.len();
    if prompts == 0 {
        return Err(NotEstimable::NoCommonPrompts);
    }
    let first = sum(rates.iter().map(|r| r.0)) / count(prompts);
    let second = sum(rates.iter().map(|r| r.1)) / count(prompts);
    let gaps: Vec<f64> = rates.iter().map(|(x, y)| x - y).collect();
    let difference = mean(&gaps).unwrap_or(0.0);
    let squares = squares_about(&gaps, difference);
    Ok(PairedMeans {
        prompts,
        mean_first: first,
        mean_second: second,
        difference,
        se: if prompts < 2 {
            Err(NotEstimable::OnePrompt)
        } else {
            Ok(libm::sqrt(squares / count(prompts - 1) / count(prompts)))
        },
        ratio: match (first > 0.0, second > 0.0) {
            (false, false) => Err(NotEstimable::ZeroCells),
            (true, false) => Ok(f64::INFINITY),
            _ => Ok(first / second),
        },
    })
}

impl PairedMeans {
    /// Student's t interval of the difference on `J - 1` degrees of freedom.
    ///
    /// # Errors
    /// `OnePrompt`, or `NoVariance` where all prompts show the same difference.
    pub fn interval(&self, level: Level) -> Estimable<Interval> {
        t_interval(
            self.difference,
            self.se?,
            count(self.prompts.saturating_sub(1)),
            level,
        )
    }

    /// Two-sided p-value of Student's t for no difference.
    ///
    /// # Errors
    /// As [`PairedMeans::interval`].
    pub fn p(&self) -> Estimable<f64> {
        let se = self.se?;
        if no_spread(se) {
            return Err(NotEstimable::NoVariance);
        }
        special::t_two_sided(self.difference / se, count(self.prompts.saturating_sub(1)))
    }
}

/// The common prompts as a paired table, where both sides always succeed or always
/// fail on each; `None` where any prompt has a rate between.
pub fn settled(a: &[Tally], b: &[Tally]) -> Option<PairedTable> {
    let mut counts = [0_u64; 4];
    for (x, y) in common(a, b) {
        let outcome = |t: &Tally| match t.succeeded {
            0 => Some(false),
            all if all == t.n => Some(true),
            _ => None,
        };
        let place = match (outcome(x)?, outcome(y)?) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        counts[place] += 1;
    }
    let [both, only_first, only_second, neither] = counts;
    PairedTable::new(both, only_first, only_second, neither).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cells::testing::tallies;

    #[test]
    fn shared_difficulty_cancels_in_a_difference() {
        let hard = tallies(&[(4, 4), (0, 4), (3, 4), (0, 4), (4, 4), (1, 4)]);
        let same = clustered_difference(&hard, &hard).unwrap();
        assert_eq!((same.difference, same.se_cr0), (0.0, 0.0));
        assert_eq!(same.interval(Level::P95), Err(NotEstimable::NoVariance));
        let apart: Vec<Tally> = hard
            .iter()
            .map(|t| Tally {
                key: t.key + 10,
                ..*t
            })
            .collect();
        assert!(clustered_difference(&hard, &apart).unwrap().se_cr0 > 0.2);
        assert_eq!(
            paired_means(&hard, &apart),
            Err(NotEstimable::NoCommonPrompts)
        );
    }

    #[test]
    fn prompts_that_always_go_one_way_make_a_paired_table() {
        let a = tallies(&[(2, 2), (0, 3), (1, 1)]);
        let b = tallies(&[(1, 1), (0, 1), (0, 2)]);
        assert_eq!(settled(&a, &b), PairedTable::new(1, 1, 0, 1).ok());
        assert_eq!(settled(&a, &tallies(&[(1, 2)])), None);
        assert_eq!(settled(&[], &b), None);
    }

    #[test]
    fn one_difference_everywhere_has_no_spread_whatever_its_digits() {
        let a = tallies(&[(2, 3), (2, 3), (2, 3), (2, 3), (2, 3)]);
        let b = tallies(&[(1, 3), (1, 3), (1, 3), (1, 3), (1, 3)]);
        let m = paired_means(&a, &b).unwrap();
        assert_eq!(m.interval(Level::P95), Err(NotEstimable::NoVariance));
        assert_eq!(m.p(), Err(NotEstimable::NoVariance));
        let d = clustered_difference(&a, &b).unwrap();
        assert_eq!(d.interval(Level::P95), Err(NotEstimable::NoVariance));
    }
}
