//! Every pair of sides on the prompts, categories and techniques that both met.
//!
//! Providers that met other prompts can differ by their prompts alone. For each
//! pair: a verdict of comparability by a stated rule, the difference over all
//! traces with errors by prompt, on common prompts (mean rate per prompt, and the
//! paired table where each side has one verdict per prompt), and pooled over
//! strata. For all: how ranks move. Intervals of pairs hold for all pairs at once
//! (Bonferroni); p-values are not adjusted. A provider's models are taken as the
//! ones of interest, not as a sample of its models. Pairs are worked out in
//! parallel and collected in order.

use rayon::prelude::*;

use crate::{
    cells::{Key, PromptCell, Tallies, Tally, Unit, common, total},
    clusters::{PairedMeans, clustered_difference, paired_means, settled},
    difference::newcombe,
    estimate::{KOOPMAN, STUDENT_T, bonferroni, estimate, estimate_points, range},
    paired::PairedTable,
    proportion::{Count, Interval, Level},
    quantity::{Number, Quantity},
    ranks::best_ranks,
    reason::{Estimable, NotEstimable},
    result::{
        CommonRate, Comparability, ComparabilityCounts, ComparabilityRule, Estimate, PairOnPrompts,
        PairedOutcome, PooledOutcome, Range, SamePrompts, SideOnPrompts, StratumOutcome,
    },
    risk_ratio::{koopman, ratio},
    standardised::{Weight, mix_distance, pooled_mix, standardise},
    stratified::{PooledComparison, pooled, strata},
    sums::{count, mean, squares_about},
};

/// Student's t interval with errors by prompt.
pub const CLUSTERED: &str = "cluster-robust-cr1-t";
/// Newcombe's interval of a difference, every prompt as one trace.
pub const NEWCOMBE_BY_PROMPT: &str = "newcombe-by-prompt";
/// Newcombe's interval of a difference of paired rates.
pub const NEWCOMBE_PAIRED: &str = "newcombe-paired";
/// Bonett and Price's interval of a ratio of paired rates.
pub const BONETT_PRICE: &str = "bonett-price";
/// Mantel-Haenszel with Greenland and Robins' variance.
pub const MANTEL_HAENSZEL: &str = "mantel-haenszel";
/// Direct standardisation, Wilson limits of the strata squared and added.
pub const STANDARDISED: &str = "standardised-wilson";

/// Verdicts by prompt with the labels that go with their numbers.
#[derive(Clone, Copy, Debug)]
pub struct PromptSample<'a> {
    /// The verdicts.
    pub cells: &'a [PromptCell],
    /// Whether sides are providers or models.
    pub unit: Unit,
    /// Names of the sides by their number.
    pub names: &'a [String],
    /// Names of the harm categories by their number.
    pub harm_categories: &'a [String],
    /// Names of the techniques by their number.
    pub techniques: &'a [String],
    /// Mix of harm categories to standardise to, in order of number; without one,
    /// the traces of all sides in the categories that each of them met.
    pub category_mix: Option<&'a [Weight]>,
}

/// Compares the sides at the places given.
///
/// # Errors
/// The block is absent for a cell that cannot be (`OutOfRange`), for fewer than
/// two sides with traces (`NoEligibleProviders`).
pub fn same_prompts(
    sample: &PromptSample<'_>,
    ranked: &[usize],
    rule: &ComparabilityRule,
    level: Level,
) -> Quantity<SamePrompts> {
    block(sample, ranked, rule, level).into()
}

/// One stratification of all sides.
struct Strata<'a> {
    tallies: Tallies,
    labels: &'a [String],
}

struct Work<'a> {
    names: &'a [String],
    prompts: Tallies,
    categories: Strata<'a>,
    techniques: Strata<'a>,
    rule: &'a ComparabilityRule,
    level: Level,
    /// Level at which the intervals of all pairs hold at once.
    adjusted: Level,
}

fn block(
    sample: &PromptSample<'_>,
    ranked: &[usize],
    rule: &ComparabilityRule,
    level: Level,
) -> Estimable<SamePrompts> {
    let by = |key| Tallies::new(sample.cells, sample.unit, sample.names.len(), key);
    let prompts = by(Key::Prompt)?;
    let mut sides: Vec<(usize, Count)> = ranked
        .iter()
        .filter_map(|side| Some((*side, total(prompts.of(*side)).ok()?)))
        .collect();
    if sides.len() < 2 {
        return Err(NotEstimable::NoEligibleProviders);
    }
    let name = |side: usize| sample.names.get(side);
    sides.sort_by(|a, b| {
        let rates = a.1.share().total_cmp(&b.1.share());
        rates.then_with(|| name(a.0).cmp(&name(b.0)))
    });
    let work = Work {
        names: sample.names,
        prompts,
        categories: Strata {
            tallies: by(Key::HarmCategory)?,
            labels: sample.harm_categories,
        },
        techniques: Strata {
            tallies: by(Key::Technique)?,
            labels: sample.techniques,
        },
        rule,
        level,
        adjusted: bonferroni(level, sides.len() * (sides.len() - 1) / 2),
    };
    let places: Vec<(usize, usize)> = (0..sides.len())
        .flat_map(|i| (i + 1..sides.len()).map(move |j| (i, j)))
        .collect();
    let pairs: Vec<PairOnPrompts> = places
        .par_iter()
        .map(|(i, j)| work.pair(sides[*i].0, sides[*j].0))
        .collect::<Estimable<_>>()?;
    Ok(assemble(&work, sample.category_mix, &sides, pairs))
}

fn assemble(
    work: &Work<'_>,
    category_mix: Option<&[Weight]>,
    sides: &[(usize, Count)],
    pairs: Vec<PairOnPrompts>,
) -> SamePrompts {
    let crude: Vec<f64> = sides.iter().map(|(_, c)| c.share()).collect();
    let crude_ranks = best_ranks(&crude);
    let common = work.on_common(sides);
    let category = work.standardised(&work.categories, sides, category_mix);
    let technique = work.standardised(&work.techniques, sides, None);
    let common_ranks = ranks(common.iter().map(|c| c.as_result().map(|c| c.value.0)));
    let [category_ranks, technique_ranks] =
        [&category, &technique].map(|e| ranks(e.iter().map(|e| e.as_result().map(|e| e.value.0))));
    let moved = |other: &Estimable<Vec<usize>>| -> Quantity<usize> {
        let other = other.as_ref().map_err(|reason| *reason);
        other
            .map(|o| o.iter().zip(&crude_ranks).filter(|(a, b)| a != b).count())
            .into()
    };
    let mut verdicts = ComparabilityCounts::default();
    for pair in &pairs {
        match pair.comparability {
            Comparability::Comparable => verdicts.comparable += 1,
            Comparability::OnCommonPrompts => verdicts.on_common_prompts += 1,
            Comparability::NotComparable => verdicts.not_comparable += 1,
        }
    }
    let order: Vec<bool> = pairs
        .iter()
        .filter_map(|p| p.reversed.known().copied())
        .collect();
    SamePrompts {
        rule: *work.rule,
        common_to_all: work.common_to_all(sides).len(),
        moved_on_common: moved(&common_ranks),
        moved_by_category: moved(&category_ranks),
        moved_by_technique: moved(&technique_ranks),
        sides: sides
            .iter()
            .enumerate()
            .map(|(i, (side, c))| SideOnPrompts {
                name: work.name(*side),
                prompts: work.prompts.of(*side).len(),
                n: c.trials(),
                crude: Number(c.share()),
                crude_rank: crude_ranks[i],
                on_common: common[i].clone(),
                on_common_rank: rank_at(&common_ranks, i),
                by_category: category[i].clone(),
                by_category_rank: rank_at(&category_ranks, i),
                by_technique: technique[i].clone(),
                by_technique_rank: rank_at(&technique_ranks, i),
            })
            .collect(),
        pairs,
        verdicts,
        reversed_pairs: order.iter().filter(|r| **r).count(),
        ordered_pairs: order.len(),
    }
}

type Estimates = Vec<Quantity<Estimate>>;

/// Ranks of the values, if each side has one.
fn ranks(values: impl Iterator<Item = Estimable<f64>>) -> Estimable<Vec<usize>> {
    let values: Vec<f64> = values.collect::<Estimable<_>>()?;
    Ok(best_ranks(&values))
}

fn rank_at(ranks: &Estimable<Vec<usize>>, i: usize) -> Quantity<usize> {
    ranks
        .as_ref()
        .map_err(|reason| *reason)
        .and_then(|r| r.get(i).copied().ok_or(NotEstimable::NotGiven))
        .into()
}

impl Work<'_> {
    fn name(&self, side: usize) -> String {
        self.names.get(side).cloned().unwrap_or_default()
    }

    /// Keys of the prompts that every side met.
    fn common_to_all(&self, sides: &[(usize, Count)]) -> Vec<u32> {
        keys_of_all(&self.prompts, sides)
    }

    /// Mean rate of each side over the prompts common to all.
    fn on_common(&self, sides: &[(usize, Count)]) -> Vec<Quantity<CommonRate>> {
        let keys = self.common_to_all(sides);
        let of = |side: usize| {
            let rates: Vec<f64> = held(self.prompts.of(side), &keys)
                .map(Tally::rate)
                .collect();
            let centre = mean(&rates).ok_or(NotEstimable::NoCommonPrompts)?;
            Ok(CommonRate {
                value: Number(centre),
                interval: self.over_prompts(&rates, centre).into(),
            })
        };
        sides.iter().map(|(side, _)| of(*side).into()).collect()
    }

    fn over_prompts(&self, rates: &[f64], centre: f64) -> Estimable<Range> {
        if rates.len() < 2 {
            return Err(NotEstimable::OnePrompt);
        }
        let df = count(rates.len() - 1);
        let se = libm::sqrt(squares_about(rates, centre) / df / count(rates.len()));
        if se == 0.0 {
            return Err(NotEstimable::NoVariance);
        }
        let half = self.level.t(df)? * se;
        Ok(range(Interval::around(centre, half), self.level))
    }

    /// Rate of each side at one mix.
    fn standardised(
        &self,
        strata: &Strata<'_>,
        sides: &[(usize, Count)],
        mix: Option<&[Weight]>,
    ) -> Estimates {
        let keys = keys_of_all(&strata.tallies, sides);
        let pooled: Vec<Weight> = pooled_mix(sides.iter().map(|(s, _)| strata.tallies.of(*s)))
            .into_iter()
            .filter(|w| keys.binary_search(&w.key).is_ok())
            .collect();
        let labelled = sides.iter().any(|(s, _)| !strata.tallies.of(*s).is_empty());
        let of = |side: usize| {
            if !labelled {
                return Err(NotEstimable::NoLabels);
            }
            if mix.is_none() && pooled.is_empty() {
                return Err(NotEstimable::NoCommonStrata);
            }
            let rows = strata.tallies.of(side);
            let s = standardise(rows, mix.unwrap_or(&pooled), self.level)?;
            Ok(estimate(s.rate, s.interval, self.level, STANDARDISED))
        };
        sides.iter().map(|(side, _)| of(*side).into()).collect()
    }

    fn pair(&self, low: usize, high: usize) -> Estimable<PairOnPrompts> {
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

/// Keys that every side has, in order.
fn keys_of_all(tallies: &Tallies, sides: &[(usize, Count)]) -> Vec<u32> {
    let mut rows = sides.iter().map(|(side, _)| tallies.of(*side));
    let first = rows.next().unwrap_or_default();
    let mut keys: Vec<u32> = first.iter().map(|t| t.key).collect();
    for row in rows {
        let mut other = row.iter().peekable();
        keys.retain(|key| {
            while other.next_if(|t| t.key < *key).is_some() {}
            other.peek().is_some_and(|t| t.key == *key)
        });
    }
    keys
}

/// The totals whose key is among `keys`, both in order.
fn held<'a>(tallies: &'a [Tally], keys: &'a [u32]) -> impl Iterator<Item = &'a Tally> {
    let mut keys = keys.iter().peekable();
    tallies.iter().filter(move |t| {
        while keys.next_if(|key| **key < t.key).is_some() {}
        keys.peek().is_some_and(|key| **key == t.key)
    })
}
