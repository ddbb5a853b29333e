//! The other choices that could be defended, and what is stated of the graders:
//! what an analysis needs beside the sample.
//!
//! The rules of the report are applied again with one of them changed at a time; the
//! analysis combines them. Models are those that any of the options keeps. An option
//! that changes nothing is left out.

use std::collections::BTreeMap;

use caveat_analysis::misclassified::{Accuracy, Share};
use caveat_analysis::sample::{Choices, ModelCounts, SampleModel, StatedAccuracy};
use caveat_corpus::register::Register;
use caveat_corpus::rule::VerdictRule;
use caveat_corpus::{Evidence, GraderKind, SuccessDefinition};

use crate::definition::{Definition, GraderAccuracy};
use crate::select::select;
use crate::selection::Selection;
use crate::sizes::SizeTable;

/// The same corpus under another rule for which grade counts.
#[derive(Clone, Copy, Debug)]
pub struct OtherRule<'a> {
    /// The rule.
    pub rule: &'a VerdictRule,
    /// The counts that it gives.
    pub evidence: &'a Evidence,
}

/// The rule that is tried beside the one of the report, where results were judged twice.
pub fn other_rule(evidence: &Evidence, rule: &VerdictRule) -> Option<VerdictRule> {
    if evidence.confusions.is_empty() {
        return None;
    }
    match rule {
        VerdictRule::Coalesce => Some(VerdictRule::LlmOnly),
        _ => Some(VerdictRule::Coalesce),
    }
}

/// Adds the choices and what is known of graders to a selection.
pub fn complete(
    selection: &mut Selection,
    evidence: &Evidence,
    others: &[OtherRule<'_>],
    (register, sizes): (&Register, Option<&SizeTable>),
    definition: &Definition,
) {
    let sample = &mut selection.sample;
    sample.accuracies = accuracies(register, definition);
    sample.reference_graders = references(evidence, register, definition);
    let work = Work {
        register,
        sizes,
        definition,
    };
    sample.choices = work.choices(evidence, others);
}

/// People, and whoever the report takes for right.
fn references(evidence: &Evidence, register: &Register, definition: &Definition) -> Vec<String> {
    let people = evidence.confusions.iter().flat_map(|pair| {
        let first = (pair.first_kind == GraderKind::Human).then_some(&pair.first);
        let second = (pair.second_kind == GraderKind::Human).then_some(&pair.second);
        first.into_iter().chain(second)
    });
    let named = definition.graders.reference.iter();
    let mut all: Vec<String> = people
        .chain(named)
        .map(|name| register.grader(name).id)
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn accuracies(register: &Register, definition: &Definition) -> Vec<StatedAccuracy> {
    let share = |value: f64, labelled: Option<u64>| match labelled {
        Some(labelled) => Share::of_sample(value, labelled),
        None => Share::known(value),
    };
    let accuracy = |stated: &GraderAccuracy| {
        Some(Accuracy {
            sensitivity: share(stated.sensitivity, stated.labelled_successes).ok()?,
            specificity: share(stated.specificity, stated.labelled_failures).ok()?,
        })
    };
    let stated = definition.graders.accuracy.iter();
    stated
        .filter_map(|(grader, stated)| {
            Some(StatedAccuracy {
                grader: register.grader(grader).id,
                accuracy: accuracy(stated)?,
            })
        })
        .collect()
}

/// Provider and model.
type Key = (String, String);

/// Successes and evaluable results by model.
type Counts = BTreeMap<Key, (u64, u64)>;

struct Work<'a> {
    register: &'a Register,
    sizes: Option<&'a SizeTable>,
    definition: &'a Definition,
}

fn key(model: &SampleModel) -> Key {
    (model.provider.clone(), model.model.clone())
}

impl Work<'_> {
    /// The report's rules without those over counts and sizes.
    fn widest(&self, evidence: &Evidence, success: SuccessDefinition) -> Option<Selection> {
        let mut definition = self.definition.clone();
        definition.inclusion.min_n_per_model = 1;
        definition.inclusion.known_size = false;
        definition.verdicts.success = success;
        definition.views.clear();
        select(evidence, self.register, self.sizes, &definition).ok()
    }

    fn choices(&self, evidence: &Evidence, others: &[OtherRule<'_>]) -> Option<Choices> {
        let published = self.definition.verdicts.success;
        let other = match published {
            SuccessDefinition::Strict => SuccessDefinition::Broad,
            SuccessDefinition::Broad | SuccessDefinition::FunctionallyDangerous => {
                SuccessDefinition::Strict
            }
        };
        let base = self.widest(evidence, published)?;
        let own = (&self.definition.verdicts.rule, evidence);
        let rules = std::iter::once(own).chain(others.iter().map(|o| (o.rule, o.evidence)));
        let mut tables: Vec<(String, Vec<Counts>)> = Vec::new();
        for (rule, evidence) in rules {
            let mut by_success = Vec::new();
            for success in [published, other] {
                by_success.push(self.counts(evidence, success));
            }
            if tables.iter().all(|(_, known)| *known != by_success) {
                tables.push((rule_id(rule), by_success));
            }
        }
        let differ = tables.iter().any(|(_, by)| by.first() != by.last());
        let successes = if differ { 2 } else { 1 };
        let models = self.universe(&base, &tables);
        let counts: Vec<Vec<ModelCounts>> = tables
            .iter()
            .map(|(_, by_success)| {
                let some = by_success.iter().take(successes);
                some.map(|counts| {
                    models
                        .iter()
                        .map(|m| counts.get(&key(m)).copied())
                        .collect()
                })
                .collect()
            })
            .collect();
        let names = [published, other].map(|success| success_id(success).to_owned());
        Some(Choices {
            models: models.iter().map(|m| m.model.clone()).collect(),
            rules: tables.into_iter().map(|(rule, _)| rule).collect(),
            successes: names.into_iter().take(successes).collect(),
            fewest_traces: self.fewest(&counts),
            counts,
            kept: kept(&base, &models),
            namings: self.namings(&base, &models),
            sizes: sizes(&base, &models),
        })
    }

    fn counts(&self, evidence: &Evidence, success: SuccessDefinition) -> Counts {
        let selection = self.widest(evidence, success);
        let models = selection.map(|s| s.sample.models).unwrap_or_default();
        models
            .iter()
            .map(|m| (key(m), (m.succeeded, m.n)))
            .collect()
    }

    /// Models that reach the smallest minimum under some option.
    fn universe(&self, base: &Selection, tables: &[(String, Vec<Counts>)]) -> Vec<SampleModel> {
        let least = self.minima().into_iter().min().unwrap_or(1);
        let reaches = |model: &SampleModel| {
            let mut all = tables.iter().flat_map(|(_, by_success)| by_success);
            all.any(|counts| counts.get(&key(model)).is_some_and(|(_, n)| *n >= least))
        };
        let models = base.sample.models.iter();
        models.filter(|model| reaches(model)).cloned().collect()
    }

    /// The minimum of the report, then that of its ranking.
    fn minima(&self) -> Vec<u64> {
        let own = self.definition.inclusion.min_n_per_model;
        let ranking = self.definition.analysis.ranking_min_n;
        let mut all = vec![own];
        if ranking != own {
            all.push(ranking);
        }
        all
    }

    /// Minima that leave different models under the report's own rules.
    fn fewest(&self, counts: &[Vec<ModelCounts>]) -> Vec<u64> {
        let own = counts.first().and_then(|by_success| by_success.first());
        let kept = |fewest: u64| {
            own.map(|counts| {
                let reaches = |c: &Option<(u64, u64)>| c.is_some_and(|(_, n)| n >= fewest);
                counts.iter().map(reaches).collect::<Vec<bool>>()
            })
        };
        let mut all: Vec<u64> = Vec::new();
        for fewest in self.minima() {
            if all.iter().all(|other| kept(*other) != kept(fewest)) {
                all.push(fewest);
            }
        }
        all
    }

    fn namings(&self, base: &Selection, models: &[SampleModel]) -> Vec<(String, Vec<String>)> {
        let own = models.iter().map(|m| m.provider.clone()).collect();
        let mut all = vec![("as_used".to_owned(), own)];
        let other = base.by_base_maker(self.definition.provider.named_by);
        if let Some(other) = other {
            let renamed: BTreeMap<Key, &str> = base
                .sample
                .models
                .iter()
                .zip(&other.models)
                .map(|(before, after)| (key(before), after.provider.as_str()))
                .collect();
            let name = |m: &SampleModel| {
                let found = renamed.get(&key(m)).copied();
                found.unwrap_or(&m.provider).to_owned()
            };
            all.push(("base_maker".to_owned(), models.iter().map(name).collect()));
        }
        all
    }
}

/// All models, and all but those that somebody derived from another.
fn kept(base: &Selection, models: &[SampleModel]) -> Vec<(String, Vec<bool>)> {
    let mut all = vec![("as_used".to_owned(), vec![true; models.len()])];
    let original = |model: &SampleModel| {
        let same = |fact: &&crate::selection::ModelFact| {
            fact.model == model.model && fact.provider == model.provider
        };
        let fact = base.facts.iter().find(same);
        fact.is_none_or(|fact| fact.derivative.is_none())
    };
    let originals: Vec<bool> = models.iter().map(original).collect();
    if originals.contains(&false) {
        all.push(("without_derivatives".to_owned(), originals));
    }
    all
}

fn sizes(base: &Selection, models: &[SampleModel]) -> Vec<(String, Vec<Option<f64>>)> {
    let places: BTreeMap<Key, usize> = base
        .sample
        .models
        .iter()
        .enumerate()
        .map(|(place, model)| (key(model), place))
        .collect();
    let place = |model: &SampleModel| places.get(&key(model)).copied();
    let own = models.iter().map(|m| m.size_b).collect();
    let variants = base.sample.size_variants.iter().map(|variant| {
        let size = |m: &SampleModel| variant.sizes_b.get(place(m)?).copied().flatten();
        (variant.id.clone(), models.iter().map(size).collect())
    });
    std::iter::once(("as_used".to_owned(), own))
        .chain(variants)
        .collect()
}

fn rule_id(rule: &VerdictRule) -> String {
    match rule {
        VerdictRule::LlmOnly => "llm_only".to_owned(),
        VerdictRule::Coalesce => "coalesce".to_owned(),
        VerdictRule::Majority => "majority".to_owned(),
        VerdictRule::Grader(_) => "one_grader".to_owned(),
    }
}

const fn success_id(success: SuccessDefinition) -> &'static str {
    match success {
        SuccessDefinition::Strict => "strict",
        SuccessDefinition::Broad => "broad",
        SuccessDefinition::FunctionallyDangerous => "functionally_dangerous",
    }
}
