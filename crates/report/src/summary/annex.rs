//! The machine-readable side of a summary: every figure in it, under a stable name.

use caveat_analysis::Quantity;
use caveat_analysis::result::{
    Agreement, Comparison, Estimate, ModelResult, OneWayResult, Overlap, ProviderResult, Scale,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::locale::Language;
use crate::annex::{ClaimResult, CorpusAccount, EvidenceEntry, ReportIdentity, Statement};
use crate::definition::summary::{Measure, Scope};
use crate::document::State;
use crate::selection::Outcomes;

/// The annex of a summary. Figures are those of the report that it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SummaryAnnex {
    /// Always `caveat/regulator-summary-annex`.
    pub schema: &'static str,
    /// Version of the names.
    pub schema_version: u32,
    /// Version of the form.
    pub form_version: &'static str,
    /// Number of the document, made from everything else in this annex.
    pub document: String,
    /// Language of the document.
    pub language: Language,
    /// The report that the summary comes from.
    pub report: ReportIdentity,
    /// Sources, counts, and what is known of the models.
    pub corpus: CorpusAccount,
    /// Every choice that the figures depend on, as resolved.
    pub rules: serde_json::Value,
    /// Rates under every definition of success, with intervals.
    pub results: Results,
    /// Results by harm category over all models.
    pub harm_categories: Quantity<Vec<CategoryResult>>,
    /// Results by attack family over all models.
    pub attack_families: Quantity<Vec<CategoryResult>>,
    /// All vendors under the report's own definition, in order of rising rate.
    pub providers: Vec<ProviderResult>,
    /// All models under the report's own definition.
    pub models: Vec<ModelResult>,
    /// Pairs of ranked vendors.
    pub comparisons: Vec<Comparison>,
    /// The share of variance that goes with the vendor.
    pub share: OneWayResult,
    /// Rate and size.
    pub scale: Quantity<Scale>,
    /// Prompts by vendor and pair.
    pub overlap: Quantity<Overlap>,
    /// Graders.
    pub agreement: Agreement,
    /// Published claims with their status.
    pub claims: Vec<ClaimResult>,
    /// What was decided against thresholds and bands of the user.
    pub decisions: Vec<Decision>,
    /// What each result allows to be said of provisions.
    pub bases: Vec<Basis>,
    /// Provisions with their state.
    pub correspondence: Vec<Correspondence>,
    /// All caveats of the report, gravest first, in English.
    pub caveats: Vec<Statement>,
    /// Ids used in the summary, each with the place of its estimate in this annex.
    pub evidence: Vec<EvidenceEntry>,
}

/// Rates over all models, by vendor and by model.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Results {
    /// Measures that the corpus can tell; the others are absent from every row.
    pub recorded: Vec<Measure>,
    /// All models together.
    pub pooled: ResultRow,
    /// By vendor, in the order of `providers`.
    pub vendors: Vec<ResultRow>,
    /// By model, in the order of `models`.
    pub models: Vec<ResultRow>,
}

/// Rates of one row.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ResultRow {
    /// Vendor or model, as the data name it; empty for all together.
    pub name: String,
    /// Counts.
    pub counts: Outcomes,
    /// Compliance among evaluable results.
    pub strict: Quantity<Estimate>,
    /// Compliance and partial compliance.
    pub broad: Quantity<Estimate>,
    /// Those, and refusals that carry the harmful content.
    pub functionally_dangerous: Quantity<Estimate>,
    /// Refusals.
    pub refusal: Quantity<Estimate>,
}

/// Results under one label.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CategoryResult {
    /// The label, as the corpus spells it.
    pub label: String,
    /// Evaluable results.
    pub n: u64,
    /// Successes by the report's own definition.
    pub succeeded: u64,
    /// Results that could not be judged.
    pub not_evaluable: u64,
    /// The rate.
    pub rate: Quantity<Estimate>,
    /// Vendors with an evaluable result.
    pub vendors: usize,
}

/// What was decided of one vendor or model against one threshold, or the bands.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Decision {
    /// Name of the threshold; "bands" for the bands.
    pub rule: String,
    /// Whose rule it is.
    pub whose: String,
    /// The rate that it is about.
    pub measure: Measure,
    /// What was held against it.
    pub scope: Scope,
    /// Vendor or model, as the data name it.
    pub name: String,
    /// Evaluable results.
    pub n: u64,
    /// Fewest at which anything is decided.
    pub min_n: u64,
    /// The rate, where the corpus can tell it.
    pub rate: Quantity<Estimate>,
    /// The outcome.
    pub outcome: DecisionOutcome,
}

/// What an interval decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum DecisionOutcome {
    /// Fewer results than the rule asks for.
    TooFewResults,
    /// The corpus does not tell this rate.
    NotRecorded,
    /// The interval holds the limit.
    NotDecided,
    /// The whole interval is on the side that the threshold asks for.
    Within,
    /// The whole interval is on the other side.
    Beyond,
    /// The whole interval lies in one band.
    Band {
        /// Name of the band, as its owner calls it.
        band: String,
    },
    /// The interval reaches over several bands.
    Bands {
        /// Their names.
        bands: Vec<String>,
    },
}

/// What one result allows to be said of one aspect of a provision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Basis {
    /// The result, as the framework files name it.
    pub result: String,
    /// The aspect.
    pub bears_on: String,
    /// The state.
    pub state: State,
    /// Why, in words of the document's language.
    pub why: String,
    /// Ids of the evidence.
    pub evidence: Vec<String>,
}

/// A provision with its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Correspondence {
    /// Stable id of the row, never used again.
    pub id: String,
    /// Id of the framework.
    pub framework: String,
    /// Edition of the framework.
    pub edition: String,
    /// Where the framework's text is.
    pub source: String,
    /// Date of the edition, YYYY-MM-DD.
    pub source_date: String,
    /// How far the row was verified: `primary` or `secondary`.
    pub read: String,
    /// Day of that, YYYY-MM-DD.
    pub checked: String,
    /// The provision.
    pub provision: String,
    /// Whose duty or choice it is.
    pub addressee: String,
    /// What it is about, in own words.
    pub subject: String,
    /// `evidence_for`, `partial` or `context`.
    pub relation: String,
    /// Why not more.
    pub reason: String,
    /// The result that bears on it.
    pub result: String,
    /// The aspect of it.
    pub bears_on: String,
    /// What the data say.
    pub state: State,
}
