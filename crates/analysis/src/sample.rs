//! What an analysis is made of: models with counts, a provider each, and sizes.
//!
//! A sample is the outcome of a report's inclusion rules. Names are labels
//! here; nothing depends on what they say.

use crate::{misclassified::Accuracy, proportion::Level};

/// Everything that passes the inclusion rules.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Models, in the order in which results are listed.
    pub models: Vec<SampleModel>,
    /// Other sizes for the same models, to see what they would change.
    pub size_variants: Vec<SizeVariant>,
    /// Pairs of graders on the same traces.
    pub grader_pairs: Vec<GraderPair>,
    /// The labels that parts of models name by their places.
    pub labels: Labels,
    /// Other defensible ways to make models out of the same corpus, where the
    /// caller worked them out; else the sample's own sizes and counts are varied.
    pub choices: Option<Choices>,
    /// How often graders are right, as far as somebody states it.
    pub accuracies: Vec<StatedAccuracy>,
    /// Graders whose verdicts are taken as true where a pair holds them.
    pub reference_graders: Vec<String>,
}

/// How often a grader is right, with where that is known from.
#[derive(Clone, Debug, PartialEq)]
pub struct StatedAccuracy {
    /// The grader.
    pub grader: String,
    /// Its sensitivity and specificity.
    pub accuracy: Accuracy,
}

/// Successes and evaluable traces of each model, where it has any.
pub type ModelCounts = Vec<Option<(u64, u64)>>;

/// The choices behind a sample, each with the options that could be defended. The
/// first option of each list is the one that was published.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// Models under any of the options.
    pub models: Vec<String>,
    /// Which grade of a trace counts.
    pub rules: Vec<String>,
    /// What counts as success.
    pub successes: Vec<String>,
    /// Successes and evaluable traces by rule, success and model; `None` where the
    /// model has no evaluable trace.
    pub counts: Vec<Vec<ModelCounts>>,
    /// Smallest numbers of evaluable traces of a model.
    pub fewest_traces: Vec<u64>,
    /// Which models are kept.
    pub kept: Vec<(String, Vec<bool>)>,
    /// How the provider is named: one name for each model.
    pub namings: Vec<(String, Vec<String>)>,
    /// Sizes in billions: one for each model.
    pub sizes: Vec<(String, Vec<Option<f64>>)>,
}

/// Labels of parts, each list sorted and without repetition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Harm categories.
    pub harm_categories: Vec<String>,
    /// Attack techniques.
    pub techniques: Vec<String>,
    /// Graders.
    pub graders: Vec<String>,
}

/// One model.
#[derive(Clone, Debug, PartialEq)]
pub struct SampleModel {
    /// Name, unique together with the provider.
    pub model: String,
    /// Provider, as the report's rule names it.
    pub provider: String,
    /// Total parameters in billions, if a size is known.
    pub params_total_b: Option<f64>,
    /// Active parameters in billions, if known.
    pub params_active_b: Option<f64>,
    /// The size that the scale analyses use, in billions; `None` keeps the model out of them.
    pub size_b: Option<f64>,
    /// Whether the maker discloses the size; `None` if the register does not know the model.
    pub params_disclosed: Option<bool>,
    /// Where the size comes from, in words.
    pub params_source: String,
    /// Evaluable traces.
    pub n: u64,
    /// Successful attacks among them.
    pub succeeded: u64,
    /// Traces that are not evaluable.
    pub not_evaluable: u64,
    /// Prompts with an evaluable verdict, sorted; `None` if the corpus does not identify prompts.
    pub prompts: Option<Vec<u32>>,
    /// Evaluable traces by grader, sorted by the grader's name.
    pub graders: Vec<(String, u64)>,
    /// The same traces by label, in order of the labels. Their counts add up to the model's.
    pub parts: Vec<SamplePart>,
}

/// Traces of one model with one combination of labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SamplePart {
    /// Harm category: its place in [`Labels`], where the corpus states one.
    pub harm_category: Option<u32>,
    /// Attack technique, likewise.
    pub technique: Option<u32>,
    /// Grader whose verdict counts, likewise.
    pub grader: Option<u32>,
    /// Evaluable traces.
    pub n: u64,
    /// Successful attacks among them.
    pub succeeded: u64,
    /// Traces that are not evaluable.
    pub not_evaluable: u64,
    /// The evaluable traces prompt by prompt; `None` if the corpus does not identify prompts.
    pub prompts: Option<Vec<PromptTally>>,
}

/// Evaluable traces of one prompt on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PromptTally {
    /// The prompt: the same number is the same prompt for every model of the sample.
    pub prompt: u32,
    /// Day as the number yyyymmdd, where the corpus states one.
    pub day: Option<u32>,
    /// Evaluable traces, at least one.
    pub n: u64,
    /// Successful attacks among them.
    pub succeeded: u64,
}

/// A second opinion about sizes: what the scale analyses would say with it.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeVariant {
    /// Stable id, for example `register` or `active`.
    pub id: String,
    /// Size in billions for each model of the sample, in its order.
    pub sizes_b: Vec<Option<f64>>,
}

/// Two graders on the traces that both judged: succeeded, resisted, not evaluable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraderPair {
    /// First grader.
    pub first: String,
    /// Second grader.
    pub second: String,
    /// Traces by the state under the first (row) and the second grader (column),
    /// in the order succeeded, resisted, not evaluable.
    pub table: [[u64; 3]; 3],
}

/// The choices that an analysis depends on, every one stated in the annex.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameters {
    /// Level of the intervals of rates, differences and slopes.
    pub level: Level,
    /// Level of the interval of a share of variance (0.90 by convention, Steiger 2004).
    pub variance_level: Level,
    /// Smallest number of evaluable traces at which a provider is ranked.
    pub ranking_min_n: u64,
    /// Half-width of the band around the size line, in percentage points.
    pub band_points: f64,
    /// Random relabellings where exact enumeration is not feasible.
    pub permutations: u32,
    /// Seed of every random number.
    pub seed: u64,
}
