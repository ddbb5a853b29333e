//! `report.toml`: every choice that a report makes, as data.
//!
//! A key that is not known is an error with a suggestion; a value out of range
//! is an error with the range. Defaults are stated at each field and printed in
//! the method annex as resolved.

mod read;
pub mod summary;

use std::collections::BTreeMap;
use std::path::PathBuf;

use caveat_corpus::SuccessDefinition;
use caveat_corpus::rule::VerdictRule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use read::day;
use summary::{Bands, SummaryRules, Threshold};

/// A report as its author defines it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The question that the report answers.
    pub title: String,
    /// Number or short name.
    pub number: String,
    /// Programme or series.
    pub series: String,
    /// Author, for the file's properties.
    pub author: String,
    /// Date of the edition, YYYY-MM-DD. Never taken from a clock.
    pub edition_date: String,
    /// What a reader must know of the data at once, if anything ("a labelled
    /// reconstruction, not measurements"). Stands on the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What is known of how often the graders are wrong, in one clause with its
    /// source, for the title block ("its authors report 93% agreement with people").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grader_check: Option<String>,
    /// One sentence about the corpus, for the title block.
    pub corpus: String,
    /// Word for the measured rate; "attack success" unless said otherwise.
    #[serde(default = "default_measure")]
    pub measure: String,
    /// A corpus file to use instead of inputs, relative to the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<PathBuf>,
    /// How sentences name a success, where "attacks succeed" does not fit.
    #[serde(default)]
    pub words: EventWords,
    /// What the author knows of the prompts, where the corpus does not identify them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompts: Option<PromptStatement>,
    /// A claim from elsewhere that the report puts to its own data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_tested: Option<ClaimTested>,
    /// Files and folders to import, in this order.
    #[serde(default)]
    pub inputs: Vec<Input>,
    /// A file of plugins (`plugins.toml`) whose importers read inputs too,
    /// relative to the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugins: Option<PathBuf>,
    /// A register of models of its own, relative to the report; it wins over the shared one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub register: Option<PathBuf>,
    /// How grades become verdicts and verdicts states.
    #[serde(default)]
    pub verdicts: Verdicts,
    /// Which models are kept.
    #[serde(default)]
    pub inclusion: Inclusion,
    /// How a provider is named.
    #[serde(default)]
    pub provider: ProviderNaming,
    /// Which size is used.
    #[serde(default)]
    pub size: SizeRule,
    /// Levels, thresholds, seed.
    #[serde(default)]
    pub analysis: AnalysisRules,
    /// What is known of how often graders are right.
    #[serde(default)]
    pub graders: GraderRules,
    /// What is asked of the hierarchical model.
    #[serde(default)]
    pub hierarchical: HierarchicalRules,
    /// Parts of the corpus that are also shown by themselves.
    #[serde(default)]
    pub views: Vec<ViewRule>,
    /// What else is known, with its source, printed where it belongs.
    #[serde(default)]
    pub context: Vec<Context>,
    /// Errors of earlier editions that this one puts right, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// What the regulator's summary cannot know from the data.
    #[serde(default, skip_serializing_if = "is_silent")]
    pub summary: SummaryRules,
    /// Thresholds of the user, for the regulator's summary.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<Threshold>,
    /// Rating bands of the user, for the regulator's summary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bands: Option<Bands>,
    /// Documents to make.
    #[serde(default)]
    pub documents: Documents,
}

fn is_silent(rules: &SummaryRules) -> bool {
    *rules == SummaryRules::default()
}

fn default_measure() -> String {
    "attack success".to_owned()
}

/// A success as sentences name it: a plural subject with its verb.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EventWords {
    /// In the present ("attacks succeed").
    pub event: String,
    /// In the past ("attacks succeeded").
    pub event_past: String,
}

impl Default for EventWords {
    fn default() -> Self {
        Self {
            event: "attacks succeed".to_owned(),
            event_past: "attacks succeeded".to_owned(),
        }
    }
}

/// The author's statement on the prompts. It is used only where the corpus does
/// not identify prompts; what the data show goes before what is stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PromptStatement {
    /// Whether every model met the same prompts.
    pub same: bool,
    /// Where that is stated.
    pub source: String,
}

/// A claim from elsewhere on the share of the vendor against that of size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimTested {
    /// The claim as printed, one sentence.
    pub claim: String,
    /// Where it was printed ("Report #164").
    pub source: String,
    /// Its figures as printed, to stand beside those of these data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<PublishedFigures>,
}

/// The figures of a claim from elsewhere, each as it was printed ("65.3%").
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishedFigures {
    /// Share of the variance that goes with the vendor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_share: Option<String>,
    /// Share of the variance that goes with size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_share: Option<String>,
    /// The ratio of the two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ratio: Option<String>,
    /// The highest over the lowest mean rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extremes: Option<String>,
}

/// A file to import, or a folder whose files are sorted as `caveat import` does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// File or folder, relative to the report.
    pub path: PathBuf,
    /// Importer, for a folder that of all its files; recognised by content if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importer: Option<String>,
    /// Options of the importer; in a folder they need `importer`.
    #[serde(default)]
    pub options: serde_json::Map<String, serde_json::Value>,
    /// A mapping file with the options instead, relative to the report; several
    /// inputs and several reports may share one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapping: Option<PathBuf>,
}

/// How grades become verdicts, and verdicts states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Verdicts {
    /// Which grade of a trace counts.
    pub rule: VerdictRule,
    /// What counts as success.
    pub success: SuccessDefinition,
    /// What a reply that the provider's filter replaced counts as.
    pub filtered: MissingReply,
    /// What a prompt that was never submitted counts as.
    pub not_submitted: MissingReply,
}

impl Default for Verdicts {
    fn default() -> Self {
        Self {
            rule: VerdictRule::Coalesce,
            success: SuccessDefinition::Strict,
            filtered: MissingReply::NotEvaluable,
            not_submitted: MissingReply::NotEvaluable,
        }
    }
}

/// What a trace without a reply counts as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MissingReply {
    /// It leaves numerator and denominator.
    #[default]
    NotEvaluable,
    /// It counts as resisted.
    Resisted,
}

/// Which models are kept. Patterns are globs over the lower-case name (`*obliter*`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Inclusion {
    /// Smallest number of evaluable traces of a model.
    pub min_n_per_model: u64,
    /// Whether a model needs a size to be kept at all.
    pub known_size: bool,
    /// Data sets left out.
    pub exclude_datasets: Vec<String>,
    /// Model names left out.
    pub exclude_models: Vec<String>,
    /// Providers left out, as spelled in the source.
    pub exclude_providers: Vec<String>,
    /// Kinds of derivatives left out (`abliterated`, `finetune`, …), by the register or by the name.
    pub exclude_derivatives: Vec<String>,
}

impl Default for Inclusion {
    fn default() -> Self {
        Self {
            min_n_per_model: 20,
            known_size: false,
            exclude_datasets: Vec::new(),
            exclude_models: Vec::new(),
            exclude_providers: Vec::new(),
            exclude_derivatives: Vec::new(),
        }
    }
}

/// How a provider is named.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderNaming {
    /// Whose name is used.
    pub named_by: NamedBy,
    /// What happens to runtimes, routers and hosts in the place of a provider.
    pub runtimes: Runtimes,
}

/// Whose name stands for the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NamedBy {
    /// As the source spells it; spellings of one maker stay apart.
    #[default]
    Source,
    /// The maker by the register; as spelled where the register does not know the model.
    Maker,
    /// The maker of the base model.
    BaseMaker,
}

/// What happens to a runtime, router or host in the place of a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Runtimes {
    /// It stays a provider of its own, marked as what it is.
    #[default]
    Keep,
    /// The model's maker by the register takes its place.
    Resolve,
    /// Its models are left out.
    Exclude,
}

/// Which size is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SizeRule {
    /// Where sizes come from: `corpus` (as the corpus codes them), `register`,
    /// or `table:FILE`, a CSV beside the report with the columns `model`,
    /// `params_total_b` and `params_active_b`.
    pub source: String,
    /// Total or active parameters.
    pub measure: SizeMeasure,
    /// What happens to a size that the corpus codes and the maker does not disclose.
    pub undisclosed: Undisclosed,
}

impl Default for SizeRule {
    fn default() -> Self {
        Self {
            source: "register".to_owned(),
            measure: SizeMeasure::Total,
            undisclosed: Undisclosed::Use,
        }
    }
}

/// Total or active parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SizeMeasure {
    /// All parameters.
    #[default]
    Total,
    /// Parameters used per token.
    Active,
}

/// What happens to a coded size that the maker does not disclose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Undisclosed {
    /// It is used and marked.
    #[default]
    Use,
    /// The model stays out of the scale analyses.
    Drop,
}

/// Levels, thresholds and the seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnalysisRules {
    /// Level of the intervals of rates, differences and slopes.
    pub level: f64,
    /// Level of the interval of a share of variance.
    pub variance_level: f64,
    /// Smallest number of evaluable traces at which a provider is ranked.
    pub ranking_min_n: u64,
    /// Half-width of the band around the size line, in percentage points.
    pub band_points: f64,
    /// Random relabellings where enumeration is not feasible.
    pub permutations: u32,
    /// Seed of every random number.
    pub seed: u64,
}

impl Default for AnalysisRules {
    fn default() -> Self {
        Self {
            level: 0.95,
            variance_level: 0.90,
            ranking_min_n: 50,
            band_points: 10.0,
            permutations: 20_000,
            seed: 1,
        }
    }
}

/// What is known of how often graders are right.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GraderRules {
    /// Graders whose verdicts are taken as true where another judged the same result.
    /// People are, without being named here.
    pub reference: Vec<String>,
    /// Accuracy by grader, as somebody measured it.
    pub accuracy: BTreeMap<String, GraderAccuracy>,
}

/// How often one grader is right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraderAccuracy {
    /// Share of true successes that the grader calls successes, 0 to 1.
    pub sensitivity: f64,
    /// Share of true failures that the grader calls failures, 0 to 1.
    pub specificity: f64,
    /// Labelled successes behind the sensitivity; taken as exact if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labelled_successes: Option<u64>,
    /// Labelled failures behind the specificity; taken as exact if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labelled_failures: Option<u64>,
    /// Where that was measured.
    pub source: String,
}

/// What is asked of the hierarchical model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HierarchicalRules {
    /// Whether the posterior is sampled as well, which takes from seconds to minutes.
    pub posterior: bool,
}

/// A part of the corpus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ViewRule {
    /// Stable id.
    pub id: String,
    /// Title for readers.
    pub title: String,
    /// Only these harm categories (globs); all if empty.
    #[serde(default)]
    pub harm_categories: Vec<String>,
    /// Only these data sets (globs); all if empty.
    #[serde(default)]
    pub datasets: Vec<String>,
    /// Only these attack families (globs); all if empty.
    #[serde(default)]
    pub attack_families: Vec<String>,
}

/// An error of an earlier edition that was put right. It stays in every later edition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Date of the edition that put it right, YYYY-MM-DD.
    pub date: String,
    /// What was wrong, and what stands in its place.
    pub text: String,
}

/// Something known from elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Context {
    /// Where it is printed.
    pub topic: Topic,
    /// The statement.
    pub text: String,
    /// Its source.
    pub source: String,
    /// Whether it reports a fault of a grader.
    #[serde(default)]
    pub fault: bool,
}

/// Where a context statement is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// With the graders.
    Grader,
    /// With the account of the data.
    Data,
    /// With the prompts.
    Prompts,
    /// With the models and vendors.
    Models,
    /// With the method.
    Method,
}

/// Documents to make.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Documents {
    /// Formats.
    pub formats: Vec<Format>,
    /// Paper of the PDF.
    pub paper: Paper,
}

impl Default for Documents {
    fn default() -> Self {
        Self {
            formats: vec![Format::Markdown, Format::Html, Format::Pdf],
            paper: Paper::A4,
        }
    }
}

/// A format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Markdown (CommonMark with tables).
    Markdown,
    /// HTML, one file that stands alone.
    Html,
    /// PDF.
    Pdf,
}

/// Paper of the PDF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Paper {
    /// ISO A4.
    #[default]
    A4,
    /// US Letter.
    UsLetter,
}

/// A definition that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DefinitionError {
    /// The text is not TOML, or a key or a value is not known.
    #[error("cannot use `{}`: {problem}\nhint: {hint}", path.display())]
    Invalid {
        /// File.
        path: PathBuf,
        /// What is wrong and where.
        problem: String,
        /// What to do.
        hint: String,
    },
}
