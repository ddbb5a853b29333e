//! The machine-readable side of an edition: every figure under a stable name.
//!
//! The annex is what `analyse --json` prints and what is attached to the PDF.
//! Its names are fixed by `schema_version`.

use caveat_analysis::result::Analysis;
use schemars::JsonSchema;
use serde::Serialize;

use crate::selection::{Account, ModelFact};

/// The annex of a report.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Annex {
    /// Always `caveat/analysis`.
    pub schema: &'static str,
    /// Version of the names.
    pub schema_version: u32,
    /// Which report and edition this is.
    pub report: ReportIdentity,
    /// Sources with digests, counts, exclusions.
    pub corpus: CorpusAccount,
    /// Every choice that the figures depend on, as resolved.
    pub rules: serde_json::Value,
    /// The analysis.
    #[serde(flatten)]
    pub analysis: Analysis,
    /// The same analysis over parts of the corpus.
    pub views: Vec<View>,
    /// The same analysis under other ways to name a vendor.
    pub namings: Vec<View>,
    /// Findings, strongest support first.
    pub findings: Vec<Statement>,
    /// Caveats, gravest first.
    pub caveats: Vec<Statement>,
    /// Published claims with their status.
    pub claims: Vec<ClaimResult>,
    /// Ids used in the document, each with the place of its estimate in this annex.
    pub evidence: Vec<EvidenceEntry>,
}

/// Which report and edition.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReportIdentity {
    /// Number or name.
    pub number: String,
    /// Title.
    pub title: String,
    /// Date of the edition, YYYY-MM-DD.
    pub edition_date: String,
    /// Version of caveat.
    pub caveat_version: String,
    /// Seed of every random number.
    pub seed: u64,
}

/// What the figures rest on.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CorpusAccount {
    /// Sources in order of digest.
    pub sources: Vec<SourceAccount>,
    /// What was read, kept and left out.
    #[serde(flatten)]
    pub account: Account,
    /// What is known of each kept model.
    pub models: Vec<ModelFact>,
}

/// One source.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SourceAccount {
    /// Path relative to the report.
    pub path: String,
    /// Format.
    pub format: String,
    /// Version of the format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format_version: Option<String>,
    /// SHA-256.
    pub sha256: String,
    /// Records read.
    pub read: u64,
    /// Records imported.
    pub imported: u64,
    /// Records that were known already.
    pub already_present: u64,
    /// Records that could not be used.
    pub rejected: u64,
    /// Why, the commonest reason first; the counts add up to `rejected`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejects_by_reason: Vec<RejectCount>,
}

/// Records of a source that could not be used for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RejectCount {
    /// The reason, on one line.
    pub reason: String,
    /// Records.
    pub records: u64,
}

/// The analysis of one part of the corpus.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct View {
    /// Stable id.
    pub id: String,
    /// Title.
    pub title: String,
    /// The analysis.
    pub summary: caveat_analysis::Summary,
}

/// A finding or a caveat, worded by rule.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Statement {
    /// Stable code of the rule, as `caveat explain CODE` knows it.
    pub id: String,
    /// How much it weighs.
    pub severity: Severity,
    /// A strong word group that names it.
    pub title: String,
    /// The statement.
    pub text: String,
    /// Ids of the evidence.
    pub evidence: Vec<String>,
}

/// How much a statement weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Could overturn the answer.
    Grave,
    /// Limits what may be concluded.
    Serious,
    /// Worth knowing.
    Note,
}

/// One published claim and what a recomputation gives.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ClaimResult {
    /// Id of the claim.
    pub id: String,
    /// What is claimed, in words.
    pub claim: String,
    /// The printed value.
    pub published: String,
    /// The recomputed value at the printed precision, or why there is none.
    pub recomputed: String,
    /// The outcome.
    pub status: ClaimStatus,
    /// Why it differs, or what the figure is worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the title of the report rests on it; such claims stand on the first page.
    pub key: bool,
    /// Ids of the evidence for the recomputed value.
    pub evidence: Vec<String>,
}

/// Whether a claim is reproduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimStatus {
    /// Equal at the printed precision.
    Reproduced,
    /// Different; both values are shown.
    Differs,
    /// The data do not allow it.
    CannotBeRecomputed,
}

/// Where an evidence id leads.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EvidenceEntry {
    /// Id as printed in the document.
    pub id: String,
    /// What it is, in words.
    pub label: String,
    /// JSON pointer into this annex.
    pub pointer: String,
}
