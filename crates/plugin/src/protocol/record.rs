//! The records of the protocol, and the way into those of caveat.
//!
//! They have the shape of `caveat_corpus::Record`, but are types of their own:
//! the protocol has a version and stays as it is when the inside changes. An
//! optional field that is left out, or null, is absent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use caveat_corpus::{Digest, GraderKind, ModelName, Outcome, PromptKey, Verdict, VerdictCounts};

/// Where in a source a record stands. `record` or `byte` is required.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Member of an archive or table of a database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Line from 1, row id, or position, as the format counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Byte offset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
}

/// A model as the source spells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Name as spelled.
    pub name: String,
    /// Provider as spelled, if the source states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Size that the source stores, as spelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coded_size: Option<String>,
}

/// The prompt of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Prompt {
    /// A number that the data set gives, the same in every run.
    Id {
        /// Data set that numbers its prompts.
        dataset: String,
        /// Id within the data set.
        id: String,
    },
    /// SHA-256 of the prompt's text in UTF-8.
    Text(Digest),
}

/// One judgement of one trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    /// Grader as spelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grader: Option<String>,
    /// What the grader is.
    pub kind: GraderKind,
    /// What the grader said.
    pub verdict: Verdict,
    /// The raw score as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Version of the grader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When the grade was given, as spelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graded_at: Option<String>,
}

/// One response of one model to one prompt, with every grade it received.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// Place in the source.
    pub location: Location,
    /// The format's own run id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// The format's own record id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_id: Option<String>,
    /// Model under test.
    pub model: Model,
    /// The prompt's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    /// Prompt text, only where `keep_text` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_text: Option<String>,
    /// Data set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Attack technique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technique: Option<String>,
    /// Family of attack techniques.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attack_family: Option<String>,
    /// Harm category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harm_category: Option<String>,
    /// Attempt from 1, where the source has several per prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Turns of the conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turns: Option<u32>,
    /// When the response was observed, as spelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<String>,
    /// Tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// Tokens of the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_tokens: Option<u64>,
    /// Duration of the request in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// SHA-256 of the response's text in UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_digest: Option<Digest>,
    /// Response text, only where `keep_text` asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_text: Option<String>,
    /// Whether a reply exists.
    pub outcome: Outcome,
    /// Every grade. Empty: nobody graded it.
    #[serde(default)]
    pub grades: Vec<Grade>,
}

/// Counts of one model in one cell of a published table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Place in the source.
    pub location: Location,
    /// Model under test.
    pub model: Model,
    /// Data set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// Attack technique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technique: Option<String>,
    /// Family of attack techniques.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attack_family: Option<String>,
    /// Harm category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harm_category: Option<String>,
    /// Grader as spelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grader: Option<String>,
    /// What the grader is.
    pub grader_kind: GraderKind,
    /// When the responses were observed, as spelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<String>,
    /// Traces by verdict; verdicts that are left out are zero.
    pub counts: BTreeMap<Verdict, u64>,
}

/// A record of the source that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// Place in the source.
    pub location: Location,
    /// Why, with what was expected.
    pub reason: String,
}

impl From<Location> for caveat_corpus::Location {
    fn from(location: Location) -> Self {
        Self {
            entry: location.entry,
            record: location.record,
            byte: location.byte,
        }
    }
}

impl From<Model> for ModelName {
    fn from(model: Model) -> Self {
        Self {
            name: model.name,
            provider: model.provider,
            coded_size: model.coded_size,
        }
    }
}

impl From<Prompt> for PromptKey {
    fn from(prompt: Prompt) -> Self {
        match prompt {
            Prompt::Id { dataset, id } => Self::Id { dataset, id },
            Prompt::Text(digest) => Self::Text(digest),
        }
    }
}

impl From<Grade> for caveat_corpus::Grade {
    fn from(grade: Grade) -> Self {
        Self {
            grader: grade.grader,
            kind: grade.kind,
            verdict: grade.verdict,
            raw: grade.raw,
            version: grade.version,
            graded_at: grade.graded_at,
        }
    }
}

impl From<Trace> for caveat_corpus::Trace {
    fn from(trace: Trace) -> Self {
        Self {
            location: trace.location.into(),
            run_id: trace.run_id,
            record_id: trace.record_id,
            model: trace.model.into(),
            prompt: trace.prompt.map(PromptKey::from),
            prompt_text: trace.prompt_text,
            dataset: trace.dataset,
            technique: trace.technique,
            attack_family: trace.attack_family,
            harm_category: trace.harm_category,
            attempt: trace.attempt,
            turns: trace.turns,
            observed_at: trace.observed_at,
            prompt_tokens: trace.prompt_tokens,
            response_tokens: trace.response_tokens,
            duration_ms: trace.duration_ms,
            response_digest: trace.response_digest,
            response_text: trace.response_text,
            outcome: trace.outcome,
            grades: trace.grades.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Cell> for caveat_corpus::Cell {
    fn from(cell: Cell) -> Self {
        let mut counts = VerdictCounts::default();
        for (verdict, traces) in cell.counts {
            counts.add(verdict, traces);
        }
        Self {
            location: cell.location.into(),
            model: cell.model.into(),
            dataset: cell.dataset,
            technique: cell.technique,
            attack_family: cell.attack_family,
            harm_category: cell.harm_category,
            grader: cell.grader,
            grader_kind: cell.grader_kind,
            observed_at: cell.observed_at,
            counts,
        }
    }
}

impl From<Reject> for caveat_importer::Reject {
    fn from(reject: Reject) -> Self {
        Self {
            location: reject.location.into(),
            reason: reject.reason,
        }
    }
}
