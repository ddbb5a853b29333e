//! How far providers met the same prompts.
//!
//! A provider's prompts are those for which any of its models has an evaluable
//! verdict. Where a model of a ranked provider does not say which prompts it met,
//! nothing is said about any. Prompts are counted and not read; that two prompts
//! of one number are the same is the store's promise.
//!
//! Prompts are renumbered by their place among all prompts and kept as bits, so
//! that a pair of providers costs one pass over words, whatever the numbers are.

use crate::{
    layout::Layout,
    quantity::Quantity,
    reason::{Estimable, NotEstimable},
    result::{Overlap, PairOverlap, ProviderPrompts},
    sums::count,
};

/// Prompts of every provider.
#[derive(Clone, Debug)]
pub(crate) struct Prompts {
    /// Different prompts of all providers.
    total: usize,
    /// By provider, in the layout's order; absent where prompts are not known.
    sets: Vec<Option<Bits>>,
}

/// A set of prompts.
#[derive(Clone, Debug)]
struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    fn common(&self, other: &Bits) -> usize {
        ones(self.words.iter().zip(&other.words).map(|(a, b)| a & b))
    }
}

fn ones(words: impl Iterator<Item = u64>) -> usize {
    words
        .map(|w| usize::try_from(w.count_ones()).unwrap_or(0))
        .sum()
}

impl Prompts {
    /// Collects the prompts of each provider's models.
    pub(crate) fn new(layout: &Layout<'_>) -> Self {
        let lists: Vec<Option<Vec<u32>>> = layout
            .providers
            .iter()
            .map(|provider| {
                let models = provider.models.iter().map(|i| &layout.models[*i]);
                let lists: Option<Vec<&[u32]>> = models
                    .filter(|m| m.n > 0)
                    .map(|m| m.prompts.as_deref())
                    .collect();
                lists
                    .filter(|l| !l.is_empty())
                    .map(|l| union(l.into_iter()))
            })
            .collect();
        let all = union(lists.iter().flatten().map(Vec::as_slice));
        let sets = lists
            .iter()
            .map(|l| l.as_ref().map(|l| bits(l, &all)))
            .collect();
        Prompts {
            total: all.len(),
            sets,
        }
    }

    fn of(&self, place: usize) -> Estimable<&Bits> {
        self.sets
            .get(place)
            .and_then(Option::as_ref)
            .ok_or(NotEstimable::NoPromptIds)
    }

    /// Prompts that two providers both met.
    pub(crate) fn common(&self, a: usize, b: usize) -> Estimable<usize> {
        Ok(self.of(a)?.common(self.of(b)?))
    }

    /// The block of the output, for the ranked providers by rising rate.
    pub(crate) fn overlap(&self, layout: &Layout<'_>, ranked: &[usize]) -> Quantity<Overlap> {
        self.block(layout, ranked).into()
    }

    fn block(&self, layout: &Layout<'_>, ranked: &[usize]) -> Estimable<Overlap> {
        let Some((first, others)) = ranked.split_first() else {
            return Err(NotEstimable::NoEligibleProviders);
        };
        let mut everywhere = self.of(*first)?.words.clone();
        for place in others {
            for (word, own) in everywhere.iter_mut().zip(&self.of(*place)?.words) {
                *word &= own;
            }
        }
        let name = |place: usize| layout.providers[place].name.to_owned();
        let pairs = self.pairs(layout, ranked)?;
        let mut jaccards: Vec<f64> = pairs.iter().filter_map(|p| p.jaccard.number()).collect();
        jaccards.sort_by(f64::total_cmp);
        let some = |value: Option<f64>| -> Quantity {
            value.ok_or(NotEstimable::NoEligibleProviders).into()
        };
        let mut providers: Vec<ProviderPrompts> = (0..self.sets.len())
            .filter_map(|place| {
                let prompts = self.of(place).ok()?.len;
                Some(ProviderPrompts {
                    provider: name(place),
                    prompts,
                })
            })
            .collect();
        providers.sort_by(|a, b| a.provider.cmp(&b.provider));
        Ok(Overlap {
            prompts: self.total,
            common_to_all_ranked: ones(everywhere.into_iter()),
            jaccard_lowest: some(jaccards.first().copied()),
            jaccard_median: some(median(&jaccards)),
            jaccard_highest: some(jaccards.last().copied()),
            providers,
            pairs,
        })
    }

    fn pairs(&self, layout: &Layout<'_>, ranked: &[usize]) -> Estimable<Vec<PairOverlap>> {
        let mut pairs = Vec::new();
        for (i, first) in ranked.iter().enumerate() {
            for second in &ranked[i + 1..] {
                let (a, b) = (self.of(*first)?, self.of(*second)?);
                let common = a.common(b);
                pairs.push(PairOverlap {
                    first: layout.providers[*first].name.to_owned(),
                    second: layout.providers[*second].name.to_owned(),
                    common,
                    jaccard: share(common, a.len + b.len - common),
                    overlap_coefficient: share(common, a.len.min(b.len)),
                });
            }
        }
        Ok(pairs)
    }
}

fn share(part: usize, whole: usize) -> Quantity {
    if whole == 0 {
        Quantity::Absent(NotEstimable::ZeroCells)
    } else {
        (count(part) / count(whole)).into()
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get(sorted.len().saturating_sub(1) / 2)?;
    Some((lower + upper) / 2.0)
}

/// The different numbers of all lists, sorted.
fn union<'a>(lists: impl Iterator<Item = &'a [u32]>) -> Vec<u32> {
    let mut all: Vec<u32> = Vec::new();
    let mut merged: Vec<u32> = Vec::new();
    for list in lists {
        if list == all.as_slice() {
            continue;
        }
        let mut own = list.to_vec();
        if !own.is_sorted() {
            own.sort_unstable();
        }
        merge(&all, &own, &mut merged);
        std::mem::swap(&mut all, &mut merged);
    }
    all
}

fn merge(a: &[u32], b: &[u32], merged: &mut Vec<u32>) {
    merged.clear();
    merged.reserve(a.len().max(b.len()));
    let (mut i, mut j) = (0, 0);
    loop {
        let next = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => *x.min(y),
            (Some(x), None) => *x,
            (None, Some(y)) => *y,
            (None, None) => break,
        };
        while a.get(i) == Some(&next) {
            i += 1;
        }
        while b.get(j) == Some(&next) {
            j += 1;
        }
        merged.push(next);
    }
}

/// The places of `list` among `all`, as bits; both sorted and without repeats.
fn bits(list: &[u32], all: &[u32]) -> Bits {
    let mut words = vec![0_u64; all.len().div_ceil(64)];
    let mut place = 0;
    for number in list {
        while all.get(place).is_some_and(|n| n < number) {
            place += 1;
        }
        if let Some(word) = words.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }
    Bits {
        words,
        len: list.len(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample::{Sample, SampleModel};

    fn model(provider: &str, n: u64, prompts: Option<Vec<u32>>) -> SampleModel {
        SampleModel {
            model: format!("{provider}-{n}"),
            provider: provider.into(),
            params_total_b: None,
            params_active_b: None,
            size_b: None,
            params_disclosed: None,
            params_source: String::new(),
            n,
            succeeded: n / 2,
            not_evaluable: 0,
            prompts,
            graders: Vec::new(),
            parts: Vec::new(),
        }
    }

    fn overlap(models: Vec<SampleModel>) -> Quantity<Overlap> {
        let sample = Sample {
            models,
            ..Sample::default()
        };
        let layout = Layout::new(&sample);
        Prompts::new(&layout).overlap(&layout, &layout.ranked(10))
    }

    #[test]
    fn a_provider_met_what_any_of_its_models_met() {
        let found = overlap(vec![
            model("ash", 10, Some(vec![1, 2, 9_000_000])),
            model("ash", 12, Some(vec![2, 7])),
            model("birch", 20, Some(vec![2, 7, 8])),
        ]);
        let o = found.known().unwrap();
        assert_eq!((o.prompts, o.common_to_all_ranked), (5, 2));
        assert_eq!(o.pairs[0].common, 2);
        assert_eq!(o.jaccard_lowest.number(), Some(0.4));
        assert_eq!(o.jaccard_median.number(), Some(0.4));
        assert_eq!(o.pairs[0].overlap_coefficient.number(), Some(2.0 / 3.0));
    }

    #[test]
    fn a_ranked_model_without_prompts_leaves_nothing_to_say() {
        let models = vec![model("ash", 10, Some(vec![1])), model("birch", 20, None)];
        assert_eq!(overlap(models).reason(), Some(NotEstimable::NoPromptIds));
        let small = vec![model("ash", 10, Some(vec![1])), model("birch", 5, None)];
        let found = overlap(small);
        assert_eq!(found.known().unwrap().providers.len(), 1);
    }

    #[test]
    fn nobody_ranked_and_repeated_numbers_are_no_trouble() {
        assert_eq!(
            overlap(Vec::new()).reason(),
            Some(NotEstimable::NoEligibleProviders)
        );
        let found = overlap(vec![
            model("ash", 10, Some(vec![3, 1, 1])),
            model("birch", 20, Some(Vec::new())),
        ]);
        let o = found.known().unwrap();
        assert_eq!((o.prompts, o.common_to_all_ranked), (2, 0));
        assert_eq!(
            o.pairs[0].overlap_coefficient.reason(),
            Some(NotEstimable::ZeroCells)
        );
    }
}
