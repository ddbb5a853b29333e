//! One line of an export: a trace with all its grades, or a row of counts.
//!
//! Every name is there in every line, null where the corpus has nothing; the two
//! texts are there only where they were asked for and kept. The names are those
//! of the columns in CSV and Parquet.

use caveat_corpus::{Digest, GraderKind, Outcome, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the member `schema` of every line says.
pub const SCHEMA: &str = "caveat/export";

/// Version of the names.
pub const SCHEMA_VERSION: u32 = 1;

/// One line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// `caveat/export`.
    pub schema: String,
    /// Version of the names: 1.
    pub schema_version: u32,
    /// What the line holds.
    #[serde(flatten)]
    pub record: LineRecord,
}

/// What a line holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum LineRecord {
    /// One response of one model to one prompt, with every grade it received.
    Trace(Box<LineTrace>),
    /// Counts of one model in one cell of a published table.
    Cell(Box<LineCell>),
}

/// A trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineTrace {
    /// Identity: the digest by which the corpus recognises the trace.
    pub id: Digest,
    /// Model as the source spells it.
    pub model: String,
    /// Provider as the source spells it.
    pub provider: Option<String>,
    /// Size that the source codes, as spelled; never a fact about the model.
    pub coded_size: Option<String>,
    /// Data set.
    pub dataset: Option<String>,
    /// Attack technique.
    pub technique: Option<String>,
    /// Family of attack techniques.
    pub attack_family: Option<String>,
    /// Harm category.
    pub harm_category: Option<String>,
    /// Data set that numbers the prompt; with `prompt_id`.
    pub prompt_dataset: Option<String>,
    /// Id of the prompt within `prompt_dataset`.
    pub prompt_id: Option<String>,
    /// Digest of the prompt's text, where the text is what identifies it.
    pub prompt_sha256: Option<Digest>,
    /// Attempt from 1.
    pub attempt: Option<u32>,
    /// Turns of the conversation.
    pub turns: Option<u32>,
    /// When the response was observed, as the source spells it.
    pub observed_at: Option<String>,
    /// Whether a reply exists.
    pub outcome: Outcome,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the response.
    pub response_tokens: Option<u64>,
    /// Duration of the request in milliseconds.
    pub duration_ms: Option<u64>,
    /// Digest of the response's text.
    pub response_sha256: Option<Digest>,
    /// Every grade, in the order in which they came; empty if there is none.
    pub grades: Vec<LineGrade>,
    /// Where the trace was first imported from.
    pub source: LineSource,
    /// Text of the prompt, if it was kept and asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_text: Option<String>,
    /// Text of the response, if it was kept and asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_text: Option<String>,
}

/// One judgement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineGrade {
    /// Grader as the source spells it.
    pub grader: Option<String>,
    /// What the grader is.
    pub grader_kind: GraderKind,
    /// The verdict.
    pub verdict: Verdict,
    /// The raw score as text.
    pub raw_score: Option<String>,
    /// Version of the grader.
    pub grader_version: Option<String>,
    /// When the grade was given, as the source spells it.
    pub graded_at: Option<String>,
}

/// A row of counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineCell {
    /// Identity: the digest by which the corpus recognises the cell.
    pub id: Digest,
    /// Model as the source spells it.
    pub model: String,
    /// Provider as the source spells it.
    pub provider: Option<String>,
    /// Size that the source codes, as spelled.
    pub coded_size: Option<String>,
    /// Data set.
    pub dataset: Option<String>,
    /// Attack technique.
    pub technique: Option<String>,
    /// Family of attack techniques.
    pub attack_family: Option<String>,
    /// Harm category.
    pub harm_category: Option<String>,
    /// When the responses were observed, as the source spells it.
    pub observed_at: Option<String>,
    /// Grader as the source spells it.
    pub grader: Option<String>,
    /// What the grader is.
    pub grader_kind: GraderKind,
    /// Traces, all verdicts together.
    pub n: u64,
    /// Traces by verdict.
    pub counts: LineCounts,
    /// Where the cell was first imported from.
    pub source: LineSource,
}

/// Traces by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs, reason = "the names of the verdicts")]
pub struct LineCounts {
    pub compliance: u64,
    pub partial: u64,
    pub refusal: u64,
    pub hallucination_refusal: u64,
    pub benign_query: u64,
    pub not_gradeable: u64,
    pub error: u64,
    pub parse_error: u64,
    pub infra_error: u64,
    pub unscored: u64,
}

/// Where a record was first imported from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LineSource {
    /// Format of the source.
    pub format: String,
    /// SHA-256 of the source.
    pub sha256: Digest,
    /// The format's own run id.
    pub run_id: Option<String>,
    /// The format's own record id.
    pub record_id: Option<String>,
    /// Member of an archive, table of a database.
    pub entry: Option<String>,
    /// Line, row id or position, as the format counts.
    pub record: Option<String>,
    /// Byte offset.
    pub byte: Option<u64>,
}

impl LineCounts {
    /// Gives the place of a verdict.
    pub const fn of(&mut self, verdict: Verdict) -> &mut u64 {
        match verdict {
            Verdict::Compliance => &mut self.compliance,
            Verdict::Partial => &mut self.partial,
            Verdict::Refusal => &mut self.refusal,
            Verdict::HallucinationRefusal => &mut self.hallucination_refusal,
            Verdict::BenignQuery => &mut self.benign_query,
            Verdict::NotGradeable => &mut self.not_gradeable,
            Verdict::Error => &mut self.error,
            Verdict::ParseError => &mut self.parse_error,
            Verdict::InfraError => &mut self.infra_error,
            Verdict::Unscored => &mut self.unscored,
        }
    }
}

/// The JSON Schema of a line, as indented JSON with a line end at the end.
pub fn schema() -> Option<String> {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<Line>();
    let mut text = serde_json::to_string_pretty(&schema).ok()?;
    text.push('\n');
    Some(text)
}
