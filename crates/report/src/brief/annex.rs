//! The machine-readable side of a brief: every figure in it, under a stable name.

use caveat_analysis::Quantity;
use caveat_analysis::result::{
    Agreement, Comparison, ModelResult, ProviderDetail, ProviderPrompts, ProviderResult,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::reply::Reply;
use crate::annex::{CorpusAccount, EvidenceEntry, ReportIdentity, Statement};

/// The annex of a brief. Figures are those of the report that it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BriefAnnex {
    /// Always `caveat/vendor-brief-annex`.
    pub schema: &'static str,
    /// Version of the names.
    pub schema_version: u32,
    /// The report that the brief comes from.
    pub report: ReportIdentity,
    /// The vendor, as the data name it.
    pub provider: String,
    /// Sources, counts, and what is known of the vendor's models.
    pub corpus: CorpusAccount,
    /// Every choice that the figures depend on, as resolved.
    pub rules: serde_json::Value,
    /// All vendors, in order of rising rate.
    pub providers: Vec<ProviderResult>,
    /// The vendor's models.
    pub models: Vec<ModelResult>,
    /// The vendor against each other ranked vendor.
    pub comparisons: Vec<Comparison>,
    /// Prompts by vendor.
    pub prompts: Quantity<Vec<ProviderPrompts>>,
    /// Graders of the whole corpus.
    pub agreement: Agreement,
    /// What concerns this vendor alone.
    pub detail: ProviderDetail,
    /// The vendor's reply, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
    /// Questions to the vendor, the weightiest first.
    pub questions: Vec<Question>,
    /// Caveats that concern this vendor, gravest first.
    pub caveats: Vec<Statement>,
    /// Ids used in the brief, each with the place of its estimate in this annex.
    pub evidence: Vec<EvidenceEntry>,
}

/// A question that a figure raises.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Question {
    /// Stable id of the rule.
    pub id: String,
    /// The question with its figure.
    pub text: String,
    /// Ids of the evidence.
    pub evidence: Vec<String>,
}
