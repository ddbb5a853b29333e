//! Which models a report keeps, under which provider and with which size.
//!
//! Every model of the evidence is either in the sample or listed as excluded
//! with one reason and its counts; nothing disappears.

use std::collections::BTreeMap;

use caveat_analysis::sample::Sample;
use caveat_corpus::{CellEvidence, Outcome, SuccessDefinition, Verdict, VerdictCounts};
use schemars::JsonSchema;
use serde::Serialize;

use crate::definition::{MissingReply, NamedBy};

/// The outcome of the inclusion rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// What is analysed.
    pub sample: Sample,
    /// What is known of each model of the sample, in its order.
    pub facts: Vec<ModelFact>,
    /// The same rules over parts of the corpus.
    pub views: Vec<ViewSample>,
    /// Models that stand under several spellings.
    pub spellings: Vec<Spellings>,
    /// What was left out, and why.
    pub account: Account,
    /// The results of each model of the sample by what they mean, in its order.
    pub outcomes: Vec<Outcomes>,
}

/// Evaluable results of one model under every definition of success at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Outcomes {
    /// Evaluable results, the same for every definition.
    pub n: u64,
    /// Compliance.
    pub strict: u64,
    /// Compliance and partial compliance.
    pub broad: u64,
    /// Those, and refusals that carry the harmful content.
    pub functionally_dangerous: u64,
    /// Verdicts of refusal on a reply. Where a report counts filtered prompts as
    /// resisted, they are in `n` and not here.
    pub refused: u64,
    /// Results that come from published counts.
    pub from_counts: u64,
}

impl Outcomes {
    /// The evaluable results of a cell; `missing` says what an outcome without a
    /// reply counts as, and nothing where there is a reply.
    pub(crate) fn of(
        cell: &CellEvidence,
        missing: impl Fn(Outcome) -> Option<MissingReply>,
    ) -> Self {
        use SuccessDefinition::{Broad, FunctionallyDangerous, Strict};
        let mut sum = Outcomes::default();
        for (outcome, verdicts) in &cell.counts {
            match missing(*outcome) {
                Some(MissingReply::NotEvaluable) => {}
                // Every definition calls them resisted, and none a refusal.
                Some(MissingReply::Resisted) => sum.n += verdicts.total(),
                None => {
                    sum.n += verdicts.evaluable();
                    sum.strict += verdicts.succeeded(Strict);
                    sum.broad += verdicts.succeeded(Broad);
                    sum.functionally_dangerous += verdicts.succeeded(FunctionallyDangerous);
                    sum.refused += verdicts.get(Verdict::Refusal);
                }
            }
        }
        if cell.from_counts {
            sum.from_counts = sum.n;
        }
        sum
    }

    /// Adds the results of another.
    pub fn add(&mut self, other: &Outcomes) {
        self.n += other.n;
        self.strict += other.strict;
        self.broad += other.broad;
        self.functionally_dangerous += other.functionally_dangerous;
        self.refused += other.refused;
        self.from_counts += other.from_counts;
    }
}

/// Spellings that mean one model, or seem to.
#[derive(Clone, Debug, PartialEq)]
pub struct Spellings {
    /// The spellings with their providers as the report names them, in order.
    pub names: Vec<(String, String)>,
    /// What the report makes of them.
    pub counted: CountedAs,
}

/// What a report makes of several spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountedAs {
    /// The register knows that they are one model: they are one.
    One,
    /// The register knows that they are one model, but they stand under several
    /// providers: they are several.
    OnePerProvider,
    /// They differ by no more than spelling, and the register does not know
    /// them: they are several.
    Several,
}

impl Selection {
    /// The sample with every model under the maker of its base model, where
    /// the register knows one; `None` where that moves no model or is the
    /// report's own rule.
    pub fn by_base_maker(&self, rule: NamedBy) -> Option<Sample> {
        if rule == NamedBy::BaseMaker {
            return None;
        }
        // A vendor keeps its name where it stands for its own maker.
        let mut own: BTreeMap<&str, &str> = BTreeMap::new();
        for fact in &self.facts {
            if let Some(maker) = fact
                .maker
                .as_deref()
                .filter(|_| fact.provider_kind == "maker")
            {
                own.entry(maker).or_insert(&fact.provider);
            }
        }
        let mut sample = self.sample.clone();
        let mut moved = false;
        for (model, fact) in sample.models.iter_mut().zip(&self.facts) {
            let base = fact.base_model_maker.as_deref().or(fact.maker.as_deref());
            let Some(base) = base else { continue };
            let name = own.get(base).copied().unwrap_or(base);
            if model.provider != name {
                name.clone_into(&mut model.provider);
                moved = true;
            }
        }
        moved.then_some(sample)
    }
}

/// A part of the corpus that the report also shows by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ViewSample {
    /// Stable id.
    pub id: String,
    /// Title for readers.
    pub title: String,
    /// The models that pass the rules in this part.
    pub sample: Sample,
}

/// What is known of one model, apart from its counts.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ModelFact {
    /// Name as spelled in the corpus.
    pub model: String,
    /// Short name for charts.
    pub label: String,
    /// Provider as spelled in the corpus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_spelled: Option<String>,
    /// Provider as the report's rule names it.
    pub provider: String,
    /// Name of that provider for readers.
    pub provider_label: String,
    /// Kind of the provider as spelled: `maker`, `runtime`, `router`, `host` or `unknown`.
    pub provider_kind: String,
    /// Maker by the register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maker: Option<String>,
    /// Maker of the base model, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_model_maker: Option<String>,
    /// Kind of derivative, where the model is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derivative: Option<String>,
    /// Size that the corpus stores, in billions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coded_b: Option<f64>,
    /// Total size that the maker discloses, in billions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosed_total_b: Option<f64>,
    /// Active size that the maker discloses, in billions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosed_active_b: Option<f64>,
    /// Whether the maker discloses a size; absent if the register does not know the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosed: Option<bool>,
    /// Whether the model is a mixture of experts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mixture: Option<bool>,
    /// `open` or `closed` weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// Where the register has the size from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_source: Option<String>,
}

/// What was read, kept and left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Account {
    /// Traces in the corpus, by verdict under the report's verdict rule.
    pub traces: VerdictTotals,
    /// Traces in the sample, by verdict.
    pub kept: VerdictTotals,
    /// Traces by outcome (response, filtered, not submitted, error).
    pub by_outcome: BTreeMap<String, u64>,
    /// Models left out, in order of name.
    pub excluded: Vec<Exclusion>,
    /// Parts of kept models left out by a rule over data sets.
    pub excluded_parts: Vec<Exclusion>,
    /// First and last day of observation among kept traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<(String, String)>,
}

/// Traces by verdict, under the verdicts' names.
pub type VerdictTotals = BTreeMap<String, u64>;

/// Counts by name, also those at zero.
pub fn by_name(counts: &VerdictCounts) -> VerdictTotals {
    counts
        .iter()
        .map(|(verdict, traces)| (verdict.name().to_owned(), traces))
        .collect()
}

/// One thing left out.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Exclusion {
    /// Model as spelled.
    pub model: String,
    /// Provider as spelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The rule that left it out, in words with its threshold.
    pub reason: String,
    /// Traces.
    pub traces: u64,
    /// Evaluable traces.
    pub evaluable: u64,
    /// Successful attacks among them.
    pub succeeded: u64,
}
