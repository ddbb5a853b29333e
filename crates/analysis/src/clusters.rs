//! Rates whose traces share prompts: standard errors by prompt, and what they cost.
//!
//! Several traces on one prompt tend to agree, so a standard error that counts
//! traces is too small. Here the prompt is the unit of sampling. Prompts are
//! taken as independent; which prompts were drawn is the only uncertainty
//! beside the replies themselves. CR0 is Liang and Zeger's (1986) form as in
//! Miller (2024, arXiv 2411.00640); CR1 multiplies its variance by
//! `J/(J-1) (n-1)/(n-p)`; CR2 is Bell and McCaffrey's (2002), with
//! Satterthwaite's degrees of freedom, for few or uneven prompts. All three are
//! zero where every trace agrees, which is a lack of spread and not certainty:
//! intervals are `NoVariance` then, and Wilson's has to serve.

use crate::{
    cells::{Tally, total},
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    sums::{count, count_u64, sum},
};

/// A rate with its standard errors by prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusteredRate {
    /// Traces.
    pub n: u64,
    /// Prompts.
    pub prompts: usize,
    /// Mean traces per prompt.
    pub replicates: f64,
    /// Share of successes over all traces.
    pub rate: f64,
    /// `sqrt(p(1-p)/n)`, as if traces were independent.
    pub se_independent: f64,
    /// `sqrt(p(1-p)/(n-1))`, the same with the unbiased variance.
    pub se_independent_unbiased: Estimable<f64>,
    /// `sqrt(sum_j (sum_i (y_ij - p))²)/n`.
    pub se_cr0: Estimable<f64>,
    /// CR0 times `sqrt(J/(J-1))`.
    pub se_cr1: Estimable<f64>,
    /// Bell and McCaffrey's: each prompt's sum over `sqrt(1 - n_j/n)`.
    pub se_cr2: Estimable<f64>,
    /// Satterthwaite's degrees of freedom of CR2; `J - 1` for equal prompts.
    pub df_cr2: Estimable<f64>,
    /// `CR0²/(p(1-p)/n)`: how many times more traces this design needs.
    pub design_effect: Estimable<f64>,
    /// `n / design effect`.
    pub effective_n: Estimable<f64>,
    /// Intraclass correlation of traces on one prompt, by analysis of variance;
    /// may be negative. `NoWithinDf` without a repeated prompt.
    pub icc: Estimable<f64>,
    /// Variance of replies on one and the same prompt (mean square within).
    pub variance_within: Estimable<f64>,
    /// Variance between prompts' true rates `(MSB - MSW)/n0`; may be negative.
    pub variance_between: Estimable<f64>,
}

impl ClusteredRate {
    /// Student's t interval with CR1 on `J - 1` degrees of freedom.
    ///
    /// # Errors
    /// `OnePrompt`, or `NoVariance` where all traces agree.
    pub fn interval(&self, level: Level) -> Estimable<Interval> {
        t_interval(self.rate, self.se_cr1?, count(self.prompts - 1), level)
    }

    /// Student's t interval with CR2 and Satterthwaite's degrees of freedom, the
    /// one to print below thirty prompts.
    ///
    /// # Errors
    /// As [`ClusteredRate::interval`].
    pub fn interval_cr2(&self, level: Level) -> Estimable<Interval> {
        t_interval(self.rate, self.se_cr2?, self.df_cr2?, level)
    }
}

/// Whether a standard error of rates is nothing but rounding: one trace among
/// thousands of millions would still show above it.
pub(crate) fn no_spread(se: f64) -> bool {
    se <= 1e-12
}

pub(crate) fn t_interval(centre: f64, se: f64, df: f64, level: Level) -> Estimable<Interval> {
    if no_spread(se) {
        return Err(NotEstimable::NoVariance);
    }
    Ok(Interval::around(centre, level.t(df)? * se))
}

/// The rate over all traces, clustered by key.
///
/// Time and memory are linear in the number of prompts.
///
/// # Errors
/// `NoTraces`. Field by field: `OnePrompt` where there is a single prompt,
/// `NoVariance` for ratios to a zero variance.
pub fn clustered_rate(tallies: &[Tally]) -> Estimable<ClusteredRate> {
    let all = total(tallies)?;
    let (p, n) = (all.share(), all.n());
    let prompts = tallies.len();
    let several = if prompts > 1 {
        Ok(())
    } else {
        Err(NotEstimable::OnePrompt)
    };
    let independent = p * (1.0 - p) / n;
    let gap = |t: &Tally| count_u64(t.succeeded) - t.traces() * p;
    let cr0 = sum(tallies.iter().map(|t| gap(t) * gap(t))) / (n * n);
    let small = count(prompts) / count(prompts.saturating_sub(1));
    let cr2 = sum(tallies
        .iter()
        .map(|t| gap(t) * gap(t) / (1.0 - t.traces() / n)))
        / (n * n);
    let design_effect = several.and_then(|()| {
        if independent > 0.0 {
            Ok(cr0 / independent)
        } else {
            Err(NotEstimable::NoVariance)
        }
    });
    let parts = Components::new(tallies, p, n);
    Ok(ClusteredRate {
        n: all.trials(),
        prompts,
        replicates: n / count(prompts),
        rate: p,
        se_independent: libm::sqrt(independent),
        se_independent_unbiased: if all.trials() > 1 {
            Ok(libm::sqrt(p * (1.0 - p) / (n - 1.0)))
        } else {
            Err(NotEstimable::NoWithinDf)
        },
        se_cr0: several.map(|()| libm::sqrt(cr0)),
        se_cr1: several.map(|()| libm::sqrt(cr0 * small)),
        se_cr2: several.map(|()| libm::sqrt(cr2)),
        df_cr2: several.map(|()| satterthwaite(tallies, n)),
        design_effect,
        effective_n: effective(n, design_effect),
        icc: parts.and_then(|c| c.icc()),
        variance_within: parts.map(|c| c.within),
        variance_between: parts.map(|c| (c.between - c.within) / c.n0),
    })
}

/// A provider's rate with its models taken as fixed: residuals are about each
/// model's own rate, and what is independent is so within a model. The traces of
/// its models on one prompt are no repetitions, so that what is about repetition
/// is `SeveralModels`, as is CR2; with one model this is [`clustered_rate`].
///
/// # Errors
/// As [`clustered_rate`].
pub fn clustered_within(prompts: &[Tally], models: &[Vec<Tally>]) -> Estimable<ClusteredRate> {
    let plain = clustered_rate(prompts)?;
    if models.len() < 2 {
        return Ok(plain);
    }
    let n = count_u64(plain.n);
    let mut gaps = vec![0.0_f64; prompts.len()];
    let mut within = Vec::with_capacity(models.len());
    for own in models {
        let all = total(own)?;
        within.push(all.n() * all.share() * (1.0 - all.share()));
        for tally in own {
            let place = prompts
                .binary_search_by_key(&tally.key, |t| t.key)
                .map_err(|_| NotEstimable::OutOfRange)?;
            gaps[place] += count_u64(tally.succeeded) - tally.traces() * all.share();
        }
    }
    let independent = sum(within);
    let squares = sum(gaps.iter().map(|g| g * g));
    let (prompts, design_effect) = (
        plain.prompts,
        if independent > 0.0 {
            plain.se_cr0.map(|_| squares / independent)
        } else {
            Err(NotEstimable::NoVariance)
        },
    );
    let small = count(prompts) / count(prompts.saturating_sub(1));
    let several = Err(NotEstimable::SeveralModels);
    Ok(ClusteredRate {
        se_independent: libm::sqrt(independent) / n,
        se_independent_unbiased: several,
        se_cr0: plain.se_cr0.map(|_| libm::sqrt(squares) / n),
        se_cr1: plain.se_cr1.map(|_| libm::sqrt(squares * small) / n),
        se_cr2: several,
        df_cr2: several,
        design_effect,
        effective_n: effective(n, design_effect),
        icc: several,
        variance_within: several,
        variance_between: several,
        ..plain
    })
}

fn effective(n: f64, design_effect: Estimable<f64>) -> Estimable<f64> {
    design_effect.and_then(|effect| {
        if effect > 0.0 {
            Ok(n / effect)
        } else {
            Err(NotEstimable::NoVariance)
        }
    })
}

/// Degrees of freedom of CR2 for a mean, in closed form: with shares `w_j` of
/// the traces and `b_j = w_j²/(1 - w_j)`, `1/(sum w² + (sum b)² - sum b²)`.
fn satterthwaite(tallies: &[Tally], n: f64) -> f64 {
    let share = |t: &Tally| t.traces() / n;
    let b = |t: &Tally| share(t) * share(t) / (1.0 - share(t));
    let squares = sum(tallies.iter().map(|t| share(t) * share(t)));
    let whole = sum(tallies.iter().map(b));
    let own = sum(tallies.iter().map(|t| b(t) * b(t)));
    1.0 / (squares + whole * whole - own)
}

/// Mean squares between and within prompts.
#[derive(Clone, Copy)]
struct Components {
    between: f64,
    within: f64,
    n0: f64,
}

impl Components {
    fn new(tallies: &[Tally], p: f64, n: f64) -> Estimable<Self> {
        let prompts = count(tallies.len());
        if tallies.len() < 2 {
            return Err(NotEstimable::OnePrompt);
        }
        if n <= prompts {
            return Err(NotEstimable::NoWithinDf);
        }
        let between = sum(tallies.iter().map(|t| {
            let d = t.rate() - p;
            t.traces() * d * d
        }));
        let within = sum(tallies
            .iter()
            .map(|t| t.traces() * t.rate() * (1.0 - t.rate())));
        let squares = sum(tallies.iter().map(|t| t.traces() * t.traces()));
        Ok(Components {
            between: between / (prompts - 1.0),
            within: within / (n - prompts),
            n0: (n - squares / n) / (prompts - 1.0),
        })
    }

    fn icc(&self) -> Estimable<f64> {
        let whole = self.between + (self.n0 - 1.0) * self.within;
        if whole > 0.0 {
            Ok((self.between - self.within) / whole)
        } else {
            Err(NotEstimable::NoVariance)
        }
    }
}

/// Variance of a rate clustered two ways: by the first labels, by the second,
/// less by their combination (Cameron, Gelbach and Miller 2011), each CR1. Where
/// that is not positive, the larger of the first two.
///
/// # Errors
/// `NoTraces`, `OnePrompt` where either label has a single value, `NoVariance`
/// where neither way leaves any.
pub fn two_way_se(prompts: &[Tally], models: &[Tally], cells: &[Tally]) -> Estimable<f64> {
    let square = |tallies: &[Tally]| -> Estimable<f64> {
        let se = clustered_rate(tallies)?.se_cr1?;
        Ok(se * se)
    };
    let (by_prompt, by_model) = (square(prompts)?, square(models)?);
    let both = by_prompt + by_model - square(cells)?;
    let variance = if both > 0.0 {
        both
    } else {
        by_prompt.max(by_model)
    };
    let se = libm::sqrt(variance);
    if no_spread(se) {
        Err(NotEstimable::NoVariance)
    } else {
        Ok(se)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::cells::testing::tallies;

    #[test]
    fn nothing_one_trace_and_one_prompt_give_reasons() {
        assert_eq!(clustered_rate(&[]), Err(NotEstimable::NoTraces));
        let one = clustered_rate(&tallies(&[(1, 1)])).unwrap();
        assert_eq!(one.se_cr1, Err(NotEstimable::OnePrompt));
        assert_eq!(one.interval(Level::P95), Err(NotEstimable::OnePrompt));
        assert_eq!(one.se_independent_unbiased, Err(NotEstimable::NoWithinDf));
        let single = clustered_rate(&tallies(&[(3, 9)])).unwrap();
        assert_eq!(single.design_effect, Err(NotEstimable::OnePrompt));
        assert_eq!(single.icc, Err(NotEstimable::OnePrompt));
    }

    #[test]
    fn rates_of_nought_and_one_have_no_interval_by_prompt() {
        for share in [0, 1] {
            let same = clustered_rate(&tallies(&[(2 * share, 2), (3 * share, 3)])).unwrap();
            assert_eq!(same.interval(Level::P95), Err(NotEstimable::NoVariance));
            assert_eq!(same.interval_cr2(Level::P95), Err(NotEstimable::NoVariance));
            assert_eq!(same.design_effect, Err(NotEstimable::NoVariance));
            assert_eq!(same.icc, Err(NotEstimable::NoVariance));
        }
    }

    #[test]
    fn one_trace_per_prompt_costs_nothing() {
        let r = clustered_rate(&tallies(&[(1, 1), (0, 1), (0, 1), (1, 1), (0, 1)])).unwrap();
        assert!((r.design_effect.unwrap() - 1.0).abs() < 1e-12);
        assert!((r.effective_n.unwrap() - 5.0).abs() < 1e-12);
        assert!((r.df_cr2.unwrap() - 4.0).abs() < 1e-12);
        assert!((r.se_cr2.unwrap() - r.se_cr1.unwrap()).abs() < 1e-15);
        assert_eq!(r.icc, Err(NotEstimable::NoWithinDf));
    }

    #[test]
    fn traces_that_always_agree_count_once_per_prompt() {
        let r = clustered_rate(&tallies(&[(4, 4), (0, 4), (0, 4), (4, 4)])).unwrap();
        assert!((r.design_effect.unwrap() - 4.0).abs() < 1e-12);
        assert!((r.icc.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(r.variance_within, Ok(0.0));
    }

    #[test]
    fn models_of_one_provider_do_not_repeat_each_other() {
        // Two models of rates 1/4 and 3/4 on the same four prompts.
        let low = tallies(&[(1, 1), (0, 1), (0, 1), (0, 1)]);
        let high = tallies(&[(1, 1), (1, 1), (1, 1), (0, 1)]);
        let both = tallies(&[(2, 2), (1, 2), (1, 2), (0, 2)]);
        let r = clustered_within(&both, &[low, high]).unwrap();
        // Sums of residuals 1, 0, 0, -1; variance within 4 times 3/16 twice.
        assert!((r.se_cr0.unwrap() - libm::sqrt(2.0) / 8.0).abs() < 1e-15);
        assert!((r.design_effect.unwrap() - 2.0 / 1.5).abs() < 1e-15);
        assert_eq!(r.icc, Err(NotEstimable::SeveralModels));
        let one = clustered_within(&both, std::slice::from_ref(&both)).unwrap();
        assert_eq!(one, clustered_rate(&both).unwrap());
    }

    #[test]
    fn two_ways_without_a_positive_variance_fall_back_on_the_larger() {
        let even = tallies(&[(1, 2), (1, 2), (1, 2)]);
        let cells = tallies(&[(1, 1), (0, 1), (1, 1), (0, 1), (1, 1), (0, 1)]);
        assert_eq!(
            two_way_se(&even, &even, &cells),
            Err(NotEstimable::NoVariance)
        );
        let rows = tallies(&[(2, 2), (0, 2), (1, 2)]);
        let se = two_way_se(&rows, &even, &cells).unwrap();
        assert!(se > 0.0);
    }

    /// The same from matrices: projections of the prompts' vectors, their inner
    /// products P, and `(tr P)²/tr P²`.
    #[test]
    fn satterthwaite_agrees_with_the_matrices_of_bell_and_mccaffrey() {
        let sizes = [1_u64, 2, 5, 3];
        let n: u64 = sizes.iter().sum();
        let owner: Vec<usize> = sizes
            .iter()
            .enumerate()
            .flat_map(|(j, size)| (0..*size).map(move |_| j))
            .collect();
        let total = count_u64(n);
        let projected: Vec<Vec<f64>> = sizes
            .iter()
            .enumerate()
            .map(|(j, size)| {
                let share = count_u64(*size) / total;
                let weight = 1.0 / (libm::sqrt(1.0 - share) * total);
                owner
                    .iter()
                    .map(|o| weight * (f64::from(u8::from(*o == j)) - share))
                    .collect()
            })
            .collect();
        let p =
            |i: usize, j: usize| sum(projected[i].iter().zip(&projected[j]).map(|(x, y)| x * y));
        let trace = sum((0..4).map(|i| p(i, i)));
        let squares = sum((0..4)
            .flat_map(|i| (0..4).map(move |j| (i, j)))
            .map(|(i, j)| p(i, j) * p(i, j)));
        let counts: Vec<(u64, u64)> = sizes.iter().map(|n| (1, *n)).collect();
        let ours = clustered_rate(&tallies(&counts)).unwrap().df_cr2.unwrap();
        assert!((ours - trace * trace / squares).abs() < 1e-12, "{ours}");
    }

    proptest! {
        #[test]
        fn satterthwaite_never_exceeds_the_number_of_prompts_less_one(
            sizes in prop::collection::vec(1_u64..40, 2..30),
        ) {
            let counts: Vec<(u64, u64)> = sizes.iter().map(|n| (n / 2, *n)).collect();
            let r = clustered_rate(&tallies(&counts)).unwrap();
            let df = r.df_cr2.unwrap();
            prop_assert!(df > 0.0 && df <= count(sizes.len() - 1) + 1e-9);
        }
    }
}
