//! One pair of sides on the prompts, categories and techniques that both met.
//!
//! The part of [`crate::same_prompts`] that looks at two sides alone; the higher
//! crude rate comes first in every difference and ratio. Intervals are at the
//! level that all pairs share.

use crate::{
    cells::{Tally, common, total},
    common_prompts::{PairedMeans, clustered_difference, paired_means, settled},
    difference::newcombe,
    estimate::{KOOPMAN, STUDENT_T, estimate, estimate_points},
    paired::PairedTable,
    proportion::{Count, Interval},
    quantity::Number,
    reason::{Estimable, NotEstimable},
    result::{
        Comparability, Estimate, PairOnPrompts, PairedOutcome, PooledOutcome, StratumOutcome,
    },
    risk_ratio::{koopman, ratio},
    same_prompts::{
        BONETT_PRICE, CLUSTERED, MANTEL_HAENSZEL, NEWCOMBE_BY_PROMPT, NEWCOMBE_PAIRED, Strata, Work,
    },
    standardised::mix_distance,
    stratified::{PooledComparison, pooled, strata},
    sums::count,
};

impl Work<'_> {
    pub(crate) fn pair(&self, low: usize, high: usize) -> Estimable<PairOnPrompts> {
        let (a, b) = (self.prompts.of(low), self.prompts.of(high));
        let (mut shared, mut traces_lower, mut traces_higher) = (0_usize, 0_u64, 0_u64);
        for (x, y) in common(a, b) {
            shared += 1;
            traces_lower = traces_lower.saturating_add(x.n);
            traces_higher = traces_higher.saturating_add(y.n);
        }
        let distance = mix_distance(a, b)?;
        let crude = self.crude(a, b);
        let means = paired_means(b, a);
        let on_common = means.and_then(|m| self.over_common(&m, a, b));
        Ok(PairOnPrompts {
            lower: self.name(low),
            higher: self.name(high),
            comparability: self.verdict(shared, distance),
            common_prompts: shared,
            traces_lower,
            traces_higher,
            jaccard: Number(count(shared) / count(a.len() + b.len() - shared)),
            overlap_coefficient: Number(count(shared) / count(a.len().min(b.len()))),
            mix_distance: Number(distance),
            category_mix_distance: self.distance(&self.categories, low, high).into(),
            technique_mix_distance: self.distance(&self.techniques, low, high).into(),
            crude_pp: crude.into(),
            told_apart_on_common: on_common
                .as_ref()
                .map(|e| e.lower.0 > 0.0 || e.upper.0 < 0.0)
                .map_err(|reason| *reason)
                .into(),
            on_common_pp: on_common.into(),
            on_common_p: means.and_then(|m| m.p()).into(),
            on_common_ratio: means.and_then(|m| m.ratio).into(),
            reversed: means.map(|m| m.difference < 0.0).into(),
            paired: self.paired(a, b).into(),
            by_prompt: self.pooled(a, b, None).into(),
            by_category: self.by_label(&self.categories, low, high).into(),
            by_technique: self.by_label(&self.techniques, low, high).into(),
        })
    }

    /// Difference over all traces with errors by prompt.
    fn crude(&self, a: &[Tally], b: &[Tally]) -> Estimable<Estimate> {
        let d = clustered_difference(b, a)?;
        match d.interval(self.adjusted) {
            Err(NotEstimable::NoVariance) => {
                let interval = newcombe(ends(b)?, ends(a)?, self.adjusted);
                let method = NEWCOMBE_BY_PROMPT;
                Ok(estimate_points(
                    d.difference,
                    interval,
                    self.adjusted,
                    method,
                ))
            }
            interval => Ok(estimate_points(
                d.difference,
                interval?,
                self.adjusted,
                CLUSTERED,
            )),
        }
    }

    /// Difference of the means over common prompts.
    fn over_common(&self, m: &PairedMeans, a: &[Tally], b: &[Tally]) -> Estimable<Estimate> {
        let (interval, method) = match m.interval(self.adjusted) {
            Err(NotEstimable::NoVariance) => {
                let table = settled(b, a).ok_or(NotEstimable::NoVariance)?;
                (table.newcombe(self.adjusted)?, NEWCOMBE_PAIRED)
            }
            interval => (interval?, STUDENT_T),
        };
        Ok(estimate_points(
            m.difference,
            interval,
            self.adjusted,
            method,
        ))
    }

    fn verdict(&self, shared: usize, distance: f64) -> Comparability {
        if shared < self.rule.fewest_common_prompts.max(1) {
            Comparability::NotComparable
        } else if distance <= self.rule.most_mix_distance.0 {
            Comparability::Comparable
        } else {
            Comparability::OnCommonPrompts
        }
    }

    fn distance(&self, strata: &Strata<'_>, low: usize, high: usize) -> Estimable<f64> {
        mix_distance(strata.tallies.of(low), strata.tallies.of(high))
            .map_err(|_| NotEstimable::NoLabels)
    }

    /// The paired table, higher side first.
    fn paired(&self, a: &[Tally], b: &[Tally]) -> Estimable<PairedOutcome> {
        let mut counts = [0_u64; 4];
        for (low, high) in common(a, b) {
            if low.n > 1 || high.n > 1 {
                return Err(NotEstimable::ReplicatedPrompts);
            }
            let place = match (high.succeeded, low.succeeded) {
                (1, 1) => 0,
                (1, _) => 1,
                (_, 1) => 2,
                _ => 3,
            };
            counts[place] += 1;
        }
        let [both, only_higher, only_lower, neither] = counts;
        let table = PairedTable::new(both, only_higher, only_lower, neither)
            .map_err(|_| NotEstimable::NoCommonPrompts)?;
        let test = table.mcnemar()?;
        let interval = table.newcombe(self.adjusted)?;
        Ok(PairedOutcome {
            both,
            only_lower,
            only_higher,
            neither,
            difference_pp: estimate_points(
                table.difference(),
                interval,
                self.adjusted,
                NEWCOMBE_PAIRED,
            ),
            p_mid: Number(test.mid_p),
            p_exact: Number(test.exact),
            ratio: table
                .ratio()
                .and_then(|r| Ok((r, table.ratio_bonett_price(self.adjusted)?)))
                .map(|(r, i)| estimate(r, i, self.adjusted, BONETT_PRICE))
                .into(),
        })
    }

    fn by_label(&self, by: &Strata<'_>, low: usize, high: usize) -> Estimable<PooledOutcome> {
        let (a, b) = (by.tallies.of(low), by.tallies.of(high));
        if a.is_empty() || b.is_empty() {
            return Err(NotEstimable::NoLabels);
        }
        let unlabelled = by
            .tallies
            .unlabelled(low)
            .saturating_add(by.tallies.unlabelled(high));
        Ok(PooledOutcome {
            unlabelled,
            ..self.pooled(a, b, Some(by.labels))?
        })
    }

    /// Pooled over strata; the strata themselves are listed where labels are given
    /// and one ratio does not fit them.
    fn pooled(
        &self,
        a: &[Tally],
        b: &[Tally],
        labels: Option<&[String]>,
    ) -> Estimable<PooledOutcome> {
        let p = pooled(&strata(b, a), self.adjusted)?;
        let uneven = p.homogeneity.is_ok_and(|q| q.p < self.level.alpha());
        let by_stratum = match labels {
            Some(labels) if uneven => self.strata(a, b, labels),
            _ => Vec::new(),
        };
        Ok(self.outcome(&p, by_stratum))
    }

    fn outcome(&self, p: &PooledComparison, by_stratum: Vec<StratumOutcome>) -> PooledOutcome {
        let z = self.adjusted.z();
        let odds = p.odds_ratio.and_then(|odds| {
            let half = z * p.log_odds_ratio_se?;
            let interval = Interval {
                lower: odds * libm::exp(-half),
                upper: odds * libm::exp(half),
            };
            Ok(estimate(odds, interval, self.adjusted, MANTEL_HAENSZEL))
        });
        let difference = p.difference.and_then(|d| {
            let se = p.difference_se?;
            if se == 0.0 {
                return Err(NotEstimable::NoVariance);
            }
            let interval = Interval::around(d, z * se);
            Ok(estimate_points(d, interval, self.adjusted, MANTEL_HAENSZEL))
        });
        PooledOutcome {
            strata: p.used,
            strata_dropped: p.dropped,
            unlabelled: 0,
            ratio: p
                .ratio
                .and_then(|r| {
                    Ok(estimate(
                        r,
                        p.ratio_interval?,
                        self.adjusted,
                        MANTEL_HAENSZEL,
                    ))
                })
                .into(),
            odds_ratio: odds.into(),
            difference_pp: difference.into(),
            p: p.test.map(|t| t.p).into(),
            homogeneity_p: p.homogeneity.map(|q| q.p).into(),
            crude_ratio: p.crude_ratio.into(),
            by_stratum,
        }
    }

    fn strata(&self, a: &[Tally], b: &[Tally], labels: &[String]) -> Vec<StratumOutcome> {
        let label = |key: u32| {
            let place = usize::try_from(key).ok();
            place
                .and_then(|p| labels.get(p))
                .cloned()
                .unwrap_or_default()
        };
        let of = |low: &Tally, high: &Tally| {
            let (low, high) = (
                Count::new(low.succeeded, low.n)?,
                Count::new(high.succeeded, high.n)?,
            );
            let interval = koopman(high, low, self.adjusted)?;
            Ok(estimate(
                ratio(high, low)?,
                interval,
                self.adjusted,
                KOOPMAN,
            ))
        };
        common(a, b)
            .map(|(low, high)| StratumOutcome {
                stratum: label(low.key),
                n_lower: low.n,
                n_higher: high.n,
                ratio: of(low, high).into(),
            })
            .collect()
    }
}

/// A side that always failed or always succeeded, with every prompt as one trace.
fn ends(tallies: &[Tally]) -> Estimable<Count> {
    let all = total(tallies)?;
    let prompts = u64::try_from(tallies.len()).unwrap_or(u64::MAX);
    match (all.successes(), all.failures()) {
        (0, _) => Count::new(0, prompts),
        (_, 0) => Count::new(prompts, prompts),
        _ => Err(NotEstimable::NoVariance),
    }
}
