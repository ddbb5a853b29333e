//! What an importer emits: traces, or cells of counts.
//!
//! A trace is one response of one model to one prompt with every grade it
//! received. Nothing here is resolved or judged: names stand as the source
//! spells them. Absent stays absent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::digest::{Digest, DigestBuilder};
use crate::verdict::{Verdict, VerdictCounts};

/// One record of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Record {
    /// One response of one model to one prompt.
    Trace(Box<Trace>),
    /// A row of counts without prompts.
    Cell(Box<Cell>),
}

/// Where in a source a record stands: an entry (member, table) and a line or row id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Member of an archive or table of a database.
    pub entry: Option<String>,
    /// Line from 1, row id, or position in an array, as the format counts.
    pub record: Option<String>,
    /// Byte offset where the reader knows it.
    pub byte: Option<u64>,
}

/// A model as the source spells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelName {
    /// Name as spelled.
    pub name: String,
    /// Provider as spelled, if the source states one.
    pub provider: Option<String>,
    /// Size that the source stores, as spelled ("1.2B", "unknown"). Never a fact about the model.
    pub coded_size: Option<String>,
}

/// The prompt of a trace: stable over sources, without its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptKey {
    /// Data set and id within it.
    Id {
        /// Data set that numbers its prompts.
        dataset: String,
        /// Id within the data set.
        id: String,
    },
    /// Digest of the prompt's text.
    Text(Digest),
}

impl PromptKey {
    /// The key as one text, as the store and the interchange formats keep it.
    ///
    /// Two different keys never share a text: the first U+001F ends the data set,
    /// and a data set whose name holds that character stands with its length in bytes.
    pub fn as_text(&self) -> String {
        match self {
            PromptKey::Id { dataset, id } if dataset.contains('\u{1f}') => {
                format!("id{}:{dataset}\u{1f}{id}", dataset.len())
            }
            PromptKey::Id { dataset, id } => format!("id:{dataset}\u{1f}{id}"),
            PromptKey::Text(digest) => format!("sha256:{digest}"),
        }
    }
}

/// Why there is, or is not, a reply that a grader could judge.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A reply, possibly empty.
    Response,
    /// The provider's filter or a block stood in for a reply.
    Filtered,
    /// No prompt was submitted.
    NotSubmitted,
    /// An error, a time-out or a cancelled run.
    Error,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Outcome; 4] = [
        Outcome::Response,
        Outcome::Filtered,
        Outcome::NotSubmitted,
        Outcome::Error,
    ];

    /// The name in snake case.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Response => "response",
            Outcome::Filtered => "filtered",
            Outcome::NotSubmitted => "not_submitted",
            Outcome::Error => "error",
        }
    }
}

/// What a grader is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum GraderKind {
    /// A person.
    Human,
    /// A language model.
    Llm,
    /// A trained classifier.
    Classifier,
    /// Key words or another heuristic.
    Heuristic,
    /// A fixed rule over the response.
    Rule,
}

impl GraderKind {
    /// Every kind, from the most to the least trusted by `coalesce`.
    pub const ALL: [GraderKind; 5] = [
        GraderKind::Human,
        GraderKind::Llm,
        GraderKind::Classifier,
        GraderKind::Rule,
        GraderKind::Heuristic,
    ];

    /// The name in snake case.
    pub const fn name(self) -> &'static str {
        match self {
            GraderKind::Human => "human",
            GraderKind::Llm => "llm",
            GraderKind::Classifier => "classifier",
            GraderKind::Heuristic => "heuristic",
            GraderKind::Rule => "rule",
        }
    }
}

/// One judgement of one trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grade {
    /// Grader as spelled; `None` when the source names none.
    pub grader: Option<String>,
    /// What the grader is.
    pub kind: GraderKind,
    /// The verdict that the importer's documented mapping gives.
    pub verdict: Verdict,
    /// The raw score as text, beside the verdict, so that a mapping can change later.
    pub raw: Option<String>,
    /// Version of the grader.
    pub version: Option<String>,
    /// When the grade was given, as spelled.
    pub graded_at: Option<String>,
}

/// One response of one model to one prompt, with every grade it received.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// Place in the source.
    pub location: Location,
    /// The format's own run id.
    pub run_id: Option<String>,
    /// The format's own record id.
    pub record_id: Option<String>,
    /// Model as spelled.
    pub model: ModelName,
    /// The prompt's key; `None` if the source identifies no prompt.
    pub prompt: Option<PromptKey>,
    /// Prompt text, only where the user asked to keep it.
    pub prompt_text: Option<String>,
    /// Data set.
    pub dataset: Option<String>,
    /// Attack technique.
    pub technique: Option<String>,
    /// Family of attack techniques.
    pub attack_family: Option<String>,
    /// Harm category.
    pub harm_category: Option<String>,
    /// Attempt from 1, where the source has several per prompt.
    pub attempt: Option<u32>,
    /// Turns of the conversation.
    pub turns: Option<u32>,
    /// When the response was observed, as spelled.
    pub observed_at: Option<String>,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the response.
    pub response_tokens: Option<u64>,
    /// Duration of the request in milliseconds.
    pub duration_ms: Option<u64>,
    /// Digest of the response's text; `None` if there is no response.
    pub response_digest: Option<Digest>,
    /// Response text, only where the user asked to keep it.
    pub response_text: Option<String>,
    /// Whether a reply exists.
    pub outcome: Outcome,
    /// Every grade. Empty means `Unscored`.
    pub grades: Vec<Grade>,
}

/// Counts of one model in one cell of a published table: one record, n traces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Place in the source.
    pub location: Location,
    /// Model as spelled.
    pub model: ModelName,
    /// Data set.
    pub dataset: Option<String>,
    /// Attack technique.
    pub technique: Option<String>,
    /// Family of attack techniques.
    pub attack_family: Option<String>,
    /// Harm category.
    pub harm_category: Option<String>,
    /// Grader as spelled.
    pub grader: Option<String>,
    /// What the grader is.
    pub grader_kind: GraderKind,
    /// When the responses were observed, as spelled.
    pub observed_at: Option<String>,
    /// Traces by verdict.
    pub counts: VerdictCounts,
}

impl Trace {
    /// The identity of a trace: what stays the same when a file is renamed,
    /// repacked or grown. `ordinal` counts otherwise equal records of one source.
    ///
    /// It is made of the format, its run id and record id, the model and its
    /// provider as spelled, the prompt key, the attempt and the digest of the
    /// response. Where the format gives the record no id, the data set, the
    /// technique, the attack family and the harm category join: models refuse in
    /// the same words whatever the attack, and two attacks with one prompt are not
    /// one record. A record with an id is recognised by it also after its labels
    /// were corrected.
    ///
    /// Provenance and grades are outside of it.
    pub fn identity(&self, format: &str, ordinal: u64) -> Digest {
        let mut builder = DigestBuilder::new("caveat/trace/1");
        builder.part(format.as_bytes());
        builder.optional(self.run_id.as_deref().map(str::as_bytes));
        builder.optional(self.record_id.as_deref().map(str::as_bytes));
        builder.part(self.model.name.as_bytes());
        builder.optional(self.model.provider.as_deref().map(str::as_bytes));
        let prompt = self.prompt.as_ref().map(PromptKey::as_text);
        builder.optional(prompt.as_deref().map(str::as_bytes));
        let attempt = self.attempt.map(u32::to_le_bytes);
        builder.optional(attempt.as_ref().map(<[u8; 4]>::as_slice));
        builder.optional(
            self.response_digest
                .as_ref()
                .map(|d| d.as_bytes().as_slice()),
        );
        if self.record_id.is_none() {
            for label in [
                &self.dataset,
                &self.technique,
                &self.attack_family,
                &self.harm_category,
            ] {
                builder.optional(label.as_deref().map(str::as_bytes));
            }
        }
        builder.part(&ordinal.to_le_bytes());
        builder.finish()
    }
}

impl Cell {
    /// The identity of a cell: its model, its labels, its date as spelled and its
    /// counts. A second, equal cell of one source differs by `ordinal`; the same
    /// counts of another month make another cell.
    pub fn identity(&self, format: &str, ordinal: u64) -> Digest {
        let mut builder = DigestBuilder::new("caveat/cell/1");
        builder.part(format.as_bytes());
        builder.part(self.model.name.as_bytes());
        for label in [
            &self.model.provider,
            &self.dataset,
            &self.technique,
            &self.attack_family,
            &self.harm_category,
            &self.grader,
        ] {
            builder.optional(label.as_deref().map(str::as_bytes));
        }
        for (_, traces) in self.counts.iter() {
            builder.part(&traces.to_le_bytes());
        }
        builder.part(&ordinal.to_le_bytes());
        // Last and only where there is one: cells without a date keep the identity
        // that they had before dates counted.
        if let Some(observed_at) = &self.observed_at {
            builder.part(observed_at.as_bytes());
        }
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(record_id: Option<&str>) -> Trace {
        Trace {
            location: Location::default(),
            run_id: None,
            record_id: record_id.map(str::to_owned),
            model: ModelName {
                name: "m".to_owned(),
                provider: None,
                coded_size: None,
            },
            prompt: None,
            prompt_text: None,
            dataset: Some("set".to_owned()),
            technique: Some("dan".to_owned()),
            attack_family: None,
            harm_category: None,
            attempt: None,
            turns: None,
            observed_at: None,
            prompt_tokens: None,
            response_tokens: None,
            duration_ms: None,
            response_digest: Some(Digest::of(b"I'm sorry")),
            response_text: None,
            outcome: Outcome::Response,
            grades: Vec::new(),
        }
    }

    /// The same record with one label changed, for every label.
    fn relabelled(from: &Trace) -> [Trace; 4] {
        let other = Some("other".to_owned());
        let mut all = [from.clone(), from.clone(), from.clone(), from.clone()];
        let [dataset, technique, family, harm] = &mut all;
        dataset.dataset = other.clone();
        technique.technique = other.clone();
        family.attack_family = other.clone();
        harm.harm_category = other;
        all
    }

    #[test]
    fn labels_tell_records_without_an_id_apart() {
        let plain = trace(None);
        for other in relabelled(&plain) {
            assert_ne!(plain.identity("f", 0), other.identity("f", 0));
        }
        // One text in another label is another record too.
        let [_, _, family, harm] = relabelled(&plain);
        assert_ne!(family.identity("f", 0), harm.identity("f", 0));
    }

    #[test]
    fn a_record_with_an_id_is_known_by_it_under_other_labels() {
        let plain = trace(Some("1"));
        for other in relabelled(&plain) {
            assert_eq!(plain.identity("f", 0), other.identity("f", 0));
        }
    }

    #[test]
    fn no_two_prompt_keys_share_a_text() {
        let key = |dataset: &str, id: &str| PromptKey::Id {
            dataset: dataset.to_owned(),
            id: id.to_owned(),
        };
        assert_eq!(key("set", "7").as_text(), "id:set\u{1f}7");
        let parts = [
            "",
            "a",
            "\u{1f}",
            "a\u{1f}",
            "\u{1f}a",
            "a\u{1f}a",
            "1:",
            "\u{1f}\u{1f}",
        ];
        let mut texts: Vec<_> = parts
            .iter()
            .flat_map(|dataset| parts.iter().map(move |id| key(dataset, id).as_text()))
            .collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), parts.len() * parts.len());
    }
}
