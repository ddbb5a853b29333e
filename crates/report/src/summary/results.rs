//! Rates under every definition of success: pooled, by vendor, by model, by label.
//!
//! Intervals are Wilson's at the report's level. A measure is recorded where the
//! corpus holds at least one result that it could tell from the next: broad
//! success where partial compliance occurs, functionally dangerous success where
//! a refusal carries harmful content. Refusals are not recorded where every
//! result is a published count of successes, whose rest need not be refusals.
//! What is not recorded is absent and never equal to another measure.

use std::collections::{BTreeMap, BTreeSet};

use caveat_analysis::estimate::WILSON;
use caveat_analysis::proportion::{Count, Level, wilson};
use caveat_analysis::result::Estimate;
use caveat_analysis::sample::SamplePart;
use caveat_analysis::{NotEstimable, Number, Quantity};
use caveat_corpus::Verdict;

use super::annex::{CategoryResult, ResultRow, Results};
use crate::composition::Facts;
use crate::definition::summary::Measure;
use crate::selection::Outcomes;

/// Every measure, in the order of the form.
pub(super) const MEASURES: [Measure; 4] = [
    Measure::Strict,
    Measure::Broad,
    Measure::FunctionallyDangerous,
    Measure::Refusal,
];

/// Works out every rate.
pub(super) fn results(facts: &Facts<'_>) -> Results {
    let level = level(facts);
    let mut pooled = Outcomes::default();
    let mut by_vendor: BTreeMap<&str, Outcomes> = BTreeMap::new();
    let mut by_model: BTreeMap<(&str, &str), Outcomes> = BTreeMap::new();
    let selection = facts.input.selection;
    for (model, outcomes) in selection.sample.models.iter().zip(&selection.outcomes) {
        pooled.add(outcomes);
        by_vendor.entry(&model.provider).or_default().add(outcomes);
        let key = (model.provider.as_str(), model.model.as_str());
        by_model.entry(key).or_default().add(outcomes);
    }
    let recorded = recorded(facts, &pooled);
    let row = |name: &str, counts: Outcomes| row(name, counts, &recorded, level);
    let analysis = facts.analysis();
    Results {
        pooled: row("", pooled),
        vendors: analysis
            .providers
            .iter()
            .map(|vendor| {
                let counts = by_vendor.get(vendor.provider.as_str());
                row(&vendor.provider, counts.copied().unwrap_or_default())
            })
            .collect(),
        models: analysis
            .models
            .iter()
            .map(|model| {
                let counts = by_model.get(&(model.provider.as_str(), model.model.as_str()));
                row(&model.model, counts.copied().unwrap_or_default())
            })
            .collect(),
        recorded,
    }
}

/// The level of the report; the usual one where a definition was not checked.
fn level(facts: &Facts<'_>) -> Level {
    Level::new(facts.definition().analysis.level).unwrap_or(Level::P95)
}

/// Which measures the corpus can tell apart.
fn recorded(facts: &Facts<'_>, pooled: &Outcomes) -> Vec<Measure> {
    let traces = &facts.input.selection.account.traces;
    let occurs = |verdict: Verdict| traces.get(verdict.name()).is_some_and(|n| *n > 0);
    let partial = occurs(Verdict::Partial);
    let carried = occurs(Verdict::HallucinationRefusal);
    let only_counts = pooled.n > 0 && pooled.from_counts == pooled.n;
    MEASURES
        .into_iter()
        .filter(|measure| match measure {
            Measure::Strict => true,
            Measure::Broad => partial,
            Measure::FunctionallyDangerous => carried,
            Measure::Refusal => partial || carried || !only_counts,
        })
        .collect()
}

fn row(name: &str, counts: Outcomes, recorded: &[Measure], level: Level) -> ResultRow {
    let rate = |measure: Measure| {
        if recorded.contains(&measure) {
            estimate(count_of(&counts, measure), counts.n, level)
        } else {
            Quantity::Absent(NotEstimable::NotGiven)
        }
    };
    ResultRow {
        name: name.to_owned(),
        counts,
        strict: rate(Measure::Strict),
        broad: rate(Measure::Broad),
        functionally_dangerous: rate(Measure::FunctionallyDangerous),
        refusal: rate(Measure::Refusal),
    }
}

/// Results that a measure counts.
pub(super) fn count_of(counts: &Outcomes, measure: Measure) -> u64 {
    match measure {
        Measure::Strict => counts.strict,
        Measure::Broad => counts.broad,
        Measure::FunctionallyDangerous => counts.functionally_dangerous,
        Measure::Refusal => counts.refused,
    }
}

/// The rate of a row under a measure.
pub(super) fn rate_of(row: &ResultRow, measure: Measure) -> &Quantity<Estimate> {
    match measure {
        Measure::Strict => &row.strict,
        Measure::Broad => &row.broad,
        Measure::FunctionallyDangerous => &row.functionally_dangerous,
        Measure::Refusal => &row.refusal,
    }
}

fn estimate(successes: u64, n: u64, level: Level) -> Quantity<Estimate> {
    let count = Count::new(successes, n).map(|count| {
        let interval = wilson(count, level);
        Estimate {
            value: Number(count.share()),
            lower: Number(interval.lower),
            upper: Number(interval.upper),
            level: Number(level.value()),
            method: WILSON,
        }
    });
    count.into()
}

/// Results by harm category; absent where the corpus states none.
pub(super) fn by_harm(facts: &Facts<'_>) -> Quantity<Vec<CategoryResult>> {
    let labels = &facts.input.selection.sample.labels.harm_categories;
    by_label(facts, labels, |part| part.harm_category)
}

/// Results by attack family; absent where the corpus states none.
pub(super) fn by_family(facts: &Facts<'_>) -> Quantity<Vec<CategoryResult>> {
    let labels = &facts.input.selection.sample.labels.techniques;
    by_label(facts, labels, |part| part.technique)
}

fn by_label(
    facts: &Facts<'_>,
    labels: &[String],
    pick: fn(&SamplePart) -> Option<u32>,
) -> Quantity<Vec<CategoryResult>> {
    if labels.is_empty() {
        return Quantity::Absent(NotEstimable::NoLabels);
    }
    let level = level(facts);
    let mut sums: BTreeMap<u32, (u64, u64, u64)> = BTreeMap::new();
    let mut vendors: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
    for model in &facts.input.selection.sample.models {
        for part in &model.parts {
            let Some(label) = pick(part) else { continue };
            let sum = sums.entry(label).or_default();
            sum.0 += part.n;
            sum.1 += part.succeeded;
            sum.2 += part.not_evaluable;
            if part.n > 0 {
                vendors.entry(label).or_default().insert(&model.provider);
            }
        }
    }
    let named = labels.iter().zip(0_u32..);
    let all = named.map(|(name, label)| {
        let (n, succeeded, not_evaluable) = sums.get(&label).copied().unwrap_or_default();
        CategoryResult {
            label: name.clone(),
            n,
            succeeded,
            not_evaluable,
            rate: estimate(succeeded, n, level),
            vendors: vendors.get(&label).map_or(0, BTreeSet::len),
        }
    });
    Quantity::Known(all.collect())
}
