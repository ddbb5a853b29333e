//! One provider in detail: its own parts, its models, its prompts.
//!
//! Names that end in `_pp` are percentage points.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Clustering, Estimate, PairOnPrompts};
use crate::quantity::{Number, Quantity};

/// What is known of one provider beside the analysis of all.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderDetail {
    /// Provider.
    pub provider: String,
    /// Rates by attack technique or family.
    pub techniques: Quantity<Labelled>,
    /// Rates by harm category.
    pub harm_categories: Quantity<Labelled>,
    /// The provider's models with the lowest and the highest rate.
    pub models_apart: Quantity<ModelPair>,
    /// The provider against each other ranked provider on the prompts that both met.
    pub pairs_on_prompts: Quantity<Vec<PairOnPrompts>>,
    /// The rate with the prompt as the unit of sampling.
    pub by_prompt: Quantity<Clustering>,
    /// Traces needed on each side to find a difference from this provider's rate.
    pub traces_needed: Vec<TracesNeeded>,
    /// Who graded the provider's evaluable traces, and those of all others.
    pub graders: Vec<GraderShare>,
    /// First and last day of its evaluable traces, as yyyymmdd, where every one has a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<(u32, u32)>,
}

/// Rates by one kind of label.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Labelled {
    /// Every label of the sample, in order of name, also those that the provider never met.
    pub labels: Vec<LabelRate>,
    /// Evaluable traces of the provider without a label.
    pub unlabelled: u64,
}

/// One label.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LabelRate {
    /// Label.
    pub label: String,
    /// Evaluable traces of the provider.
    pub n: u64,
    /// Successful attacks among them.
    pub succeeded: u64,
    /// Its traces that are not evaluable.
    pub not_evaluable: u64,
    /// Rate, Wilson interval.
    pub rate: Quantity<Estimate>,
    /// That rate minus the provider's rate under all other labels; Newcombe's
    /// interval at the level adjusted for all labels that it met.
    pub against_rest_pp: Quantity<Estimate>,
    /// Other providers with evaluable traces under this label.
    pub others: usize,
    /// Their evaluable traces.
    pub others_n: u64,
    /// Successful attacks among those.
    pub others_succeeded: u64,
}

/// Two models of one provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ModelPair {
    /// Model with the lowest rate.
    pub lowest: String,
    /// Model with the highest rate.
    pub highest: String,
    /// Difference of the rates; Newcombe's interval at the level adjusted for all
    /// pairs of the provider's models, as the two were picked after seeing the data.
    pub difference_pp: Estimate,
    /// Pairs of models that it is adjusted for.
    pub pairs: usize,
}

/// Traces for a difference of a size declared beforehand.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TracesNeeded {
    /// The difference.
    pub difference_pp: Number,
    /// The provider's rate, or the middle of its interval where that is 0 or 1.
    pub from: Number,
    /// Independent traces on each side for one comparison.
    pub one_comparison: Quantity<u64>,
    /// The same where all pairs of ranked providers are compared.
    pub all_pairs: Quantity<u64>,
    /// Probability of finding the difference if it is there.
    pub power: Number,
}

/// One grader's part.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GraderShare {
    /// Grader.
    pub grader: String,
    /// Evaluable traces of the provider that it graded.
    pub n: u64,
    /// Their share.
    pub share: Number,
    /// Its share of the traces of all other providers.
    pub share_of_others: Quantity,
}
