//! One provider in detail: rates by label, its models, its prompts, traces needed.
//!
//! For documents about one provider. What compares all providers on prompts is
//! worked out once ([`on_prompts`]); what concerns one is picked from it and
//! completed ([`provider_detail`]). Labels are those of the whole sample, so that
//! what a provider never met is there with no trace and not missing.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cells::{PromptCell, Unit},
    clustering::clustering,
    difference::newcombe,
    estimate::{NEWCOMBE, NEWCOMBE_BONFERRONI, WILSON, bonferroni, estimate, estimate_points},
    power::{TwoRates, traces_needed},
    proportion::{Count, Level, wilson},
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::{
        Clustering, ComparabilityRule, Estimate, GraderShare, LabelRate, Labelled, ModelPair,
        PairOnPrompts, ProviderDetail, SamePrompts, TracesNeeded,
    },
    same_prompts::{PromptSample, same_prompts},
    sample::{Sample, SampleModel, SamplePart},
    sums::count_u64,
};

/// Differences for which traces are planned, as shares. They are fixed here and
/// not taken from the data, which would make a plan out of a result.
const PLANNED: [f64; 3] = [0.05, 0.10, 0.15];

/// Probability of finding a planned difference.
const POWER: f64 = 0.80;

/// All providers on prompts.
#[derive(Clone, Debug, PartialEq)]
pub struct OnPrompts {
    /// Every pair of ranked providers on the prompts that both met.
    pub same_prompts: Quantity<SamePrompts>,
    /// Rates with the prompt as the unit of sampling.
    pub clustering: Quantity<Vec<Clustering>>,
}

/// Compares the ranked providers on their prompts, and clusters every rate by prompt.
///
/// Both are absent (`NoPromptIds`) unless every evaluable trace names its prompt.
pub fn on_prompts(sample: &Sample, ranked: &[&str], level: Level) -> OnPrompts {
    let names: BTreeSet<&str> = sample.models.iter().map(|m| m.provider.as_str()).collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let cells = match cells(sample, &names) {
        Ok(cells) => cells,
        Err(reason) => {
            return OnPrompts {
                same_prompts: Quantity::Absent(reason),
                clustering: Quantity::Absent(reason),
            };
        }
    };
    let prompts = PromptSample {
        cells: &cells,
        unit: Unit::Provider,
        names: &names,
        harm_categories: &sample.labels.harm_categories,
        techniques: &sample.labels.techniques,
        category_mix: None,
    };
    let places: Vec<usize> = ranked
        .iter()
        .filter_map(|name| place(&names, name))
        .collect();
    OnPrompts {
        same_prompts: same_prompts(&prompts, &places, &ComparabilityRule::default(), level),
        clustering: clustering(&prompts, level),
    }
}

fn place(names: &[String], name: &str) -> Option<usize> {
    names
        .binary_search_by(|other| other.as_str().cmp(name))
        .ok()
}

/// One cell for each prompt of each part.
fn cells(sample: &Sample, names: &[String]) -> Estimable<Vec<PromptCell>> {
    let narrow = |value: u64| u32::try_from(value).map_err(|_| NotEstimable::OutOfRange);
    let index = |value: usize| u32::try_from(value).map_err(|_| NotEstimable::OutOfRange);
    let mut cells = Vec::new();
    for (at, model) in sample.models.iter().enumerate() {
        let provider = place(names, &model.provider).ok_or(NotEstimable::OutOfRange)?;
        let mut told = 0_u64;
        for part in model.parts.iter().filter(|part| part.n > 0) {
            for tally in part.prompts.as_ref().ok_or(NotEstimable::NoPromptIds)? {
                told += tally.n;
                cells.push(PromptCell {
                    model: index(at)?,
                    provider: index(provider)?,
                    prompt: tally.prompt,
                    harm_category: part.harm_category,
                    technique: part.technique,
                    succeeded: narrow(tally.succeeded)?,
                    n: narrow(tally.n)?,
                });
            }
        }
        if told != model.n {
            return Err(NotEstimable::NoPromptIds);
        }
    }
    if cells.is_empty() {
        return Err(NotEstimable::NoTraces);
    }
    Ok(cells)
}

/// One provider of the sample; `pairs` is the number of pairs of ranked providers.
pub fn provider_detail(
    sample: &Sample,
    provider: &str,
    on: &OnPrompts,
    pairs: usize,
    level: Level,
) -> ProviderDetail {
    let own: Vec<&SampleModel> = of(sample, |name| name == provider);
    let others: Vec<&SampleModel> = of(sample, |name| name != provider);
    let labels = &sample.labels;
    ProviderDetail {
        provider: provider.to_owned(),
        techniques: labelled(&own, &others, &labels.techniques, |p| p.technique, level).into(),
        harm_categories: labelled(
            &own,
            &others,
            &labels.harm_categories,
            |p| p.harm_category,
            level,
        )
        .into(),
        models_apart: models_apart(&own, level).into(),
        pairs_on_prompts: pairs_of(&on.same_prompts, provider).into(),
        by_prompt: clustered(&on.clustering, provider).into(),
        traces_needed: needed(&own, pairs, level),
        graders: graders(&own, &others),
        observed: observed(&own),
    }
}

fn of(sample: &Sample, wanted: impl Fn(&str) -> bool) -> Vec<&SampleModel> {
    let models = sample.models.iter();
    models.filter(|model| wanted(&model.provider)).collect()
}

#[derive(Clone, Copy, Default)]
struct Tally {
    n: u64,
    succeeded: u64,
    not_evaluable: u64,
}

impl Tally {
    fn add(&mut self, part: &SamplePart) {
        self.n += part.n;
        self.succeeded += part.succeeded;
        self.not_evaluable += part.not_evaluable;
    }

    fn count(self) -> Estimable<Count> {
        Count::new(self.succeeded, self.n)
    }
}

type Picked = fn(&SamplePart) -> Option<u32>;

/// Parts with a label by label, and the sum of those without one.
fn tallies(models: &[&SampleModel], pick: Picked) -> (BTreeMap<u32, Tally>, Tally) {
    let mut by_label: BTreeMap<u32, Tally> = BTreeMap::new();
    let mut without = Tally::default();
    for part in models.iter().flat_map(|model| &model.parts) {
        match pick(part) {
            Some(label) => by_label.entry(label).or_default().add(part),
            None => without.add(part),
        }
    }
    (by_label, without)
}

fn labelled(
    own: &[&SampleModel],
    others: &[&SampleModel],
    names: &[String],
    pick: Picked,
    level: Level,
) -> Estimable<Labelled> {
    if names.is_empty() {
        return Err(NotEstimable::NoLabels);
    }
    let (mine, without) = tallies(own, pick);
    let (theirs, _) = tallies(others, pick);
    let mut providers: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for model in others {
        for label in model.parts.iter().filter(|p| p.n > 0).filter_map(pick) {
            providers.entry(label).or_default().insert(&model.provider);
        }
    }
    let met = mine.values().filter(|tally| tally.n > 0).count();
    let adjusted = bonferroni(level, met);
    let total = mine.values().fold(Tally::default(), |sum, tally| Tally {
        n: sum.n + tally.n,
        succeeded: sum.succeeded + tally.succeeded,
        not_evaluable: sum.not_evaluable + tally.not_evaluable,
    });
    let labels = names.iter().zip(0_u32..).map(|(name, label)| {
        let tally = mine.get(&label).copied().unwrap_or_default();
        let other = theirs.get(&label).copied().unwrap_or_default();
        let rest = Tally {
            n: total.n - tally.n,
            succeeded: total.succeeded - tally.succeeded,
            not_evaluable: 0,
        };
        LabelRate {
            label: name.clone(),
            n: tally.n,
            succeeded: tally.succeeded,
            not_evaluable: tally.not_evaluable,
            rate: tally.count().map(|c| rate(c, level)).into(),
            against_rest_pp: against(tally, rest, adjusted).into(),
            others: providers.get(&label).map_or(0, BTreeSet::len),
            others_n: other.n,
            others_succeeded: other.succeeded,
        }
    });
    Ok(Labelled {
        labels: labels.collect(),
        unlabelled: without.n,
    })
}

fn rate(count: Count, level: Level) -> Estimate {
    estimate(count.share(), wilson(count, level), level, WILSON)
}

fn against(tally: Tally, rest: Tally, level: Level) -> Estimable<Estimate> {
    let (a, b) = (tally.count()?, rest.count()?);
    Ok(estimate_points(
        a.share() - b.share(),
        newcombe(a, b, level),
        level,
        NEWCOMBE_BONFERRONI,
    ))
}

/// Lowest and highest rate among the models; of equal rates the first by name.
fn models_apart(own: &[&SampleModel], level: Level) -> Estimable<ModelPair> {
    let mut rated: Vec<(Count, &str)> = own
        .iter()
        .filter_map(|m| Some((Count::new(m.succeeded, m.n).ok()?, m.model.as_str())))
        .collect();
    rated.sort_by(|a, b| {
        let rates = a.0.share().total_cmp(&b.0.share());
        rates.then_with(|| a.1.cmp(b.1))
    });
    let [first, .., last] = rated.as_slice() else {
        return Err(NotEstimable::TooFewModels);
    };
    let pairs = rated.len() * (rated.len() - 1) / 2;
    let adjusted = bonferroni(level, pairs);
    let method = if pairs > 1 {
        NEWCOMBE_BONFERRONI
    } else {
        NEWCOMBE
    };
    Ok(ModelPair {
        lowest: first.1.to_owned(),
        highest: last.1.to_owned(),
        difference_pp: estimate_points(
            last.0.share() - first.0.share(),
            newcombe(last.0, first.0, adjusted),
            adjusted,
            method,
        ),
        pairs,
    })
}

fn pairs_of(all: &Quantity<SamePrompts>, provider: &str) -> Estimable<Vec<PairOnPrompts>> {
    let pairs = all.as_result()?.pairs.iter();
    let own = pairs.filter(|pair| pair.lower == provider || pair.higher == provider);
    let own: Vec<PairOnPrompts> = own.cloned().collect();
    if own.is_empty() {
        return Err(NotEstimable::NoEligibleProviders);
    }
    Ok(own)
}

fn clustered(all: &Quantity<Vec<Clustering>>, provider: &str) -> Estimable<Clustering> {
    let row = all.as_result()?.iter().find(|row| row.name == provider);
    row.cloned().ok_or(NotEstimable::NoTraces)
}

fn needed(own: &[&SampleModel], pairs: usize, level: Level) -> Vec<TracesNeeded> {
    let succeeded = own.iter().map(|model| model.succeeded).sum();
    let Ok(count) = Count::new(succeeded, own.iter().map(|model| model.n).sum()) else {
        return Vec::new();
    };
    let from = if count.successes() == 0 || count.failures() == 0 {
        let interval = wilson(count, level);
        (interval.lower + interval.upper) / 2.0
    } else {
        count.share()
    };
    let plan = |difference: f64, level: Level| -> Estimable<u64> {
        // Towards the middle, where a difference takes more traces.
        let to = if from < 0.5 {
            from + difference
        } else {
            from - difference
        };
        let rates = TwoRates {
            p1: from,
            p2: to,
            alpha: level.alpha(),
            power: POWER,
        };
        let traces = traces_needed(&rates)?.fleiss.ceil();
        if !(1.0..1e15).contains(&traces) {
            return Err(NotEstimable::OutOfRange);
        }
        // The range keeps the conversion exact.
        Ok(traces as u64)
    };
    let row = |difference: f64| TracesNeeded {
        difference_pp: Number(100.0 * difference),
        from: Number(from),
        one_comparison: plan(difference, level).into(),
        all_pairs: plan(difference, bonferroni(level, pairs)).into(),
        power: Number(POWER),
    };
    PLANNED.into_iter().map(row).collect()
}

fn graders(own: &[&SampleModel], others: &[&SampleModel]) -> Vec<GraderShare> {
    let sums = |models: &[&SampleModel]| {
        let mut sums: BTreeMap<String, u64> = BTreeMap::new();
        for (grader, n) in models.iter().flat_map(|model| &model.graders) {
            *sums.entry(grader.clone()).or_default() += n;
        }
        sums
    };
    let (mine, theirs) = (sums(own), sums(others));
    let total = |sums: &BTreeMap<String, u64>| sums.values().sum::<u64>();
    let share = |part: u64, whole: u64| -> Estimable<f64> { Ok(Count::new(part, whole)?.share()) };
    let (all, rest) = (total(&mine), total(&theirs));
    mine.iter()
        .filter(|(_, n)| **n > 0)
        .map(|(grader, n)| GraderShare {
            grader: grader.clone(),
            n: *n,
            share: Number(count_u64(*n) / count_u64(all)),
            share_of_others: share(theirs.get(grader).copied().unwrap_or(0), rest).into(),
        })
        .collect()
}

/// First and last day, if every evaluable trace has one.
fn observed(own: &[&SampleModel]) -> Option<(u32, u32)> {
    let mut span: Option<(u32, u32)> = None;
    let parts = own.iter().flat_map(|model| &model.parts);
    for part in parts.filter(|part| part.n > 0) {
        for tally in part.prompts.as_ref()? {
            let day = tally.day?;
            span = Some(span.map_or((day, day), |(a, b)| (a.min(day), b.max(day))));
        }
    }
    span
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::sample::{Labels, PromptTally};

    fn model(name: &str, provider: &str, parts: &[(Option<u32>, u32, u64, u64)]) -> SampleModel {
        let parts: Vec<SamplePart> = parts
            .iter()
            .map(|&(label, first, n, succeeded)| SamplePart {
                harm_category: label,
                technique: None,
                grader: None,
                n,
                succeeded,
                not_evaluable: 0,
                prompts: Some(
                    (0..n)
                        .map(|i| PromptTally {
                            prompt: first + u32::try_from(i).unwrap(),
                            day: Some(20_260_101),
                            n: 1,
                            succeeded: u64::from(i < succeeded),
                        })
                        .collect(),
                ),
            })
            .collect();
        SampleModel {
            model: name.to_owned(),
            provider: provider.to_owned(),
            params_total_b: None,
            params_active_b: None,
            size_b: None,
            params_disclosed: None,
            params_source: String::new(),
            n: parts.iter().map(|p| p.n).sum(),
            succeeded: parts.iter().map(|p| p.succeeded).sum(),
            not_evaluable: 0,
            prompts: None,
            graders: vec![("judge".to_owned(), parts.iter().map(|p| p.n).sum())],
            parts,
        }
    }

    fn sample() -> Sample {
        Sample {
            models: vec![
                model("a1", "a", &[(Some(0), 0, 40, 30), (None, 100, 10, 0)]),
                model("a2", "a", &[(Some(2), 200, 40, 2)]),
                model("b1", "b", &[(Some(1), 0, 40, 4)]),
            ],
            labels: Labels {
                harm_categories: ["x", "y", "z"].map(str::to_owned).to_vec(),
                ..Labels::default()
            },
            ..Sample::default()
        }
    }

    #[test]
    fn a_label_that_the_provider_never_met_is_there_without_a_rate() {
        let sample = sample();
        let on = on_prompts(&sample, &["a", "b"], Level::P95);
        let detail = provider_detail(&sample, "a", &on, 1, Level::P95);
        let labels = detail.harm_categories.known().unwrap();
        assert_eq!(labels.unlabelled, 10);
        let [x, y, z] = labels.labels.as_slice() else {
            panic!("three labels");
        };
        assert_eq!((x.n, x.succeeded, x.others), (40, 30, 0));
        assert_eq!(y.rate.reason(), Some(NotEstimable::NoTraces));
        assert_eq!((y.n, y.others, y.others_n), (0, 1, 40));
        // 30 of 40 against 2 of 40, Newcombe at 97.5% for two labels met.
        let gap = x.against_rest_pp.known().unwrap();
        assert!((gap.value.0 - 70.0).abs() < 1e-9 && gap.lower.0 > 0.0);
        assert!((z.against_rest_pp.known().unwrap().value.0 + 70.0).abs() < 1e-9);
        assert_eq!(detail.techniques.reason(), Some(NotEstimable::NoLabels));
    }

    #[test]
    fn the_provider_is_compared_on_the_prompts_that_the_other_met() {
        let sample = sample();
        let on = on_prompts(&sample, &["a", "b"], Level::P95);
        let detail = provider_detail(&sample, "b", &on, 1, Level::P95);
        let pairs = detail.pairs_on_prompts.known().unwrap();
        assert_eq!(pairs.len(), 1);
        assert_eq!(pairs.first().unwrap().common_prompts, 40);
        assert_eq!(detail.observed, Some((20_260_101, 20_260_101)));
        assert_eq!(
            detail.models_apart.reason(),
            Some(NotEstimable::TooFewModels)
        );
    }

    #[test]
    fn without_prompts_nothing_is_compared_on_prompts() {
        let mut sample = sample();
        for part in sample.models.iter_mut().flat_map(|m| &mut m.parts) {
            part.prompts = None;
        }
        let on = on_prompts(&sample, &["a", "b"], Level::P95);
        assert_eq!(on.same_prompts.reason(), Some(NotEstimable::NoPromptIds));
        let detail = provider_detail(&sample, "a", &on, 1, Level::P95);
        assert_eq!(detail.by_prompt.reason(), Some(NotEstimable::NoPromptIds));
        assert_eq!(detail.observed, None);
    }

    #[test]
    fn a_plan_rises_with_the_comparisons_and_falls_with_the_difference() {
        let sample = sample();
        let on = on_prompts(&sample, &["a", "b"], Level::P95);
        let detail = provider_detail(&sample, "b", &on, 36, Level::P95);
        let one: Vec<u64> = detail
            .traces_needed
            .iter()
            .map(|row| *row.one_comparison.known().unwrap())
            .collect();
        // 10% against 20%, alpha 0.05, power 0.80: 199 on each side (Fleiss).
        assert_eq!(one.get(1), Some(&199));
        assert!(one.windows(2).all(|two| two[0] > two[1]));
        for row in &detail.traces_needed {
            assert!(row.all_pairs.known() > row.one_comparison.known());
        }
    }
}
