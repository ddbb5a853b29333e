//! What leaves the store: counts per model and cell, after the verdict rule.
//!
//! Names are still spelled as in the sources. Which models are kept, how
//! providers are named and which size is used is decided later, by the rules
//! of a report. Everything is sorted, so that equal corpora give equal evidence
//! whatever the order of import.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::digest::Digest;
use crate::trace::{GraderKind, Outcome};
use crate::verdict::{Verdict, VerdictCounts};

/// Everything that a report needs from a corpus.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// Sources in order of their digest.
    pub sources: Vec<SourceEvidence>,
    /// Models in order of (name, provider).
    pub models: Vec<ModelEvidence>,
    /// Pairs of graders that judged the same traces, in order of their names.
    pub confusions: Vec<GraderConfusion>,
}

/// One imported source and its account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceEvidence {
    /// Path as given at import, for people.
    pub path: String,
    /// Importer that read it.
    pub format: String,
    /// Version of the format as the importer recognised it.
    pub format_version: Option<String>,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// Records read; always `imported + already_present + rejected`.
    pub read: u64,
    /// Records new to the store.
    pub imported: u64,
    /// Records the store knew already.
    pub already_present: u64,
    /// Records that could not be used.
    pub rejected: u64,
    /// The reasons that most of them have, the commonest first.
    pub reject_reasons: Vec<RejectReason>,
}

/// Why records of a source could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectReason {
    /// The reason. Text from the source in it is not escaped.
    pub reason: String,
    /// Records that have it.
    pub records: u64,
}

/// One model as spelled, with its cells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModelEvidence {
    /// Name as spelled.
    pub name: String,
    /// Provider as spelled.
    pub provider: Option<String>,
    /// Size that the corpus stores, as spelled.
    pub coded_size: Option<String>,
    /// Counts by cell, in order of the labels.
    pub cells: Vec<CellEvidence>,
}

/// Counts of one model under one combination of labels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellEvidence {
    /// Data set.
    pub dataset: Option<String>,
    /// Family of attack techniques.
    pub attack_family: Option<String>,
    /// Harm category.
    pub harm_category: Option<String>,
    /// Grader whose verdict the rule chose, as spelled; `None` where no grade was chosen.
    pub grader: Option<String>,
    /// Kind of that grader.
    pub grader_kind: Option<GraderKind>,
    /// First and last day of observation, where the source states one.
    pub observed: Option<(String, String)>,
    /// Traces by outcome and verdict. A trace without a reply has the outcome and the verdict `unscored`
    /// unless a grader judged it all the same.
    pub counts: BTreeMap<Outcome, VerdictCounts>,
    /// The same traces prompt by prompt, sorted. `None` when any record of the
    /// cell has no prompt key.
    pub by_prompt: Option<Vec<PromptCount>>,
    /// Whether the counts come from published tables instead of traces.
    pub from_counts: bool,
}

/// Traces of one prompt that ended alike on one day. The order of the fields is the order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PromptCount {
    /// The prompt: an id that is stable within one [`Evidence`].
    pub prompt: u32,
    /// Day of the trace as the number yyyymmdd, where the source states one.
    pub day: Option<u32>,
    /// Why there is, or is not, a reply.
    pub outcome: Outcome,
    /// The verdict that the rule chose.
    pub verdict: Verdict,
    /// Traces.
    pub traces: u64,
}

/// Two graders on the traces that both judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GraderConfusion {
    /// First grader as spelled, or its kind where it has no name.
    pub first: String,
    /// Kind of the first grader.
    pub first_kind: GraderKind,
    /// Second grader.
    pub second: String,
    /// Kind of the second grader.
    pub second_kind: GraderKind,
    /// Traces by pair of verdicts, in order; pairs at zero are left out.
    pub table: Vec<VerdictPair>,
}

/// How often two graders gave this pair of verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct VerdictPair {
    /// Verdict of the first grader.
    pub first: Verdict,
    /// Verdict of the second grader.
    pub second: Verdict,
    /// Traces.
    pub traces: u64,
}

impl CellEvidence {
    /// Prompts of the traces that count, sorted: those with a reply and an evaluable
    /// verdict on it, and those of the filtered or not submitted for whose outcome
    /// `counts` holds, whatever their verdict. What failed says nothing.
    pub fn prompts_met(&self, counts: impl Fn(Outcome) -> bool) -> Option<Vec<u32>> {
        let met = |row: &&PromptCount| match row.outcome {
            Outcome::Response => row.verdict.is_evaluable(),
            Outcome::Filtered | Outcome::NotSubmitted => counts(row.outcome),
            Outcome::Error => false,
        };
        let rows = self.by_prompt.as_ref()?;
        let mut prompts: Vec<u32> = rows.iter().filter(met).map(|row| row.prompt).collect();
        prompts.dedup();
        Some(prompts)
    }

    /// Counts over all outcomes.
    pub fn total_counts(&self) -> VerdictCounts {
        let mut sum = VerdictCounts::default();
        for counts in self.counts.values() {
            sum.merge(counts);
        }
        sum
    }
}
