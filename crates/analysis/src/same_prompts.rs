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
    cells::{Key, PromptCell, Tallies, Tally, Unit, total},
    clusters::no_spread,
    estimate::{bonferroni, estimate, range},
    proportion::{Count, Interval, Level},
    quantity::{Number, Quantity},
    ranks::best_ranks,
    reason::{Estimable, NotEstimable},
    result::{
        CommonRate, Comparability, ComparabilityCounts, ComparabilityRule, Estimate, PairOnPrompts,
        Range, SamePrompts, SideOnPrompts,
    },
    standardised::{Weight, pooled_mix, standardise},
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
pub(crate) struct Strata<'a> {
    pub(crate) tallies: Tallies,
    pub(crate) labels: &'a [String],
}

/// What every pair is worked out from.
pub(crate) struct Work<'a> {
    pub(crate) names: &'a [String],
    pub(crate) prompts: Tallies,
    pub(crate) categories: Strata<'a>,
    pub(crate) techniques: Strata<'a>,
    pub(crate) rule: &'a ComparabilityRule,
    pub(crate) level: Level,
    /// Level at which the intervals of all pairs hold at once.
    pub(crate) adjusted: Level,
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
    pub(crate) fn name(&self, side: usize) -> String {
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
        if no_spread(se) {
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
