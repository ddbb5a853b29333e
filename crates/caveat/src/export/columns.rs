//! The columns of CSV and Parquet: names, kinds, and the cells of a row.
//!
//! Traces: one row for each grade, and one without a grade for a trace that has
//! none. What belongs to the trace stands in each of its rows. Cells: one row
//! each, with a column for each verdict. Names are added at the end and never
//! change their meaning.

use caveat_corpus::{Cell, Digest, Grade, Outcome, PromptKey, Trace, Verdict};
use caveat_store::StoredRecord;

use super::Texts;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text, or nothing.
    Text,
    /// A whole number from 0 on, or nothing.
    Whole,
}

/// A column.
pub(super) type Column = (&'static str, Kind);

/// What stands in one place of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Text, or nothing.
    Text(Option<String>),
    /// A whole number, or nothing.
    Whole(Option<u64>),
}

/// Columns of a table of grades, without the two texts.
const TRACES: [Column; 33] = [
    ("id", Kind::Text),
    ("model", Kind::Text),
    ("provider", Kind::Text),
    ("coded_size", Kind::Text),
    ("dataset", Kind::Text),
    ("technique", Kind::Text),
    ("attack_family", Kind::Text),
    ("harm_category", Kind::Text),
    ("prompt_dataset", Kind::Text),
    ("prompt_id", Kind::Text),
    ("prompt_sha256", Kind::Text),
    ("attempt", Kind::Whole),
    ("turns", Kind::Whole),
    ("observed_at", Kind::Text),
    ("outcome", Kind::Text),
    ("prompt_tokens", Kind::Whole),
    ("response_tokens", Kind::Whole),
    ("duration_ms", Kind::Whole),
    ("response_sha256", Kind::Text),
    ("grades", Kind::Whole),
    ("grade", Kind::Whole),
    ("grader", Kind::Text),
    ("grader_kind", Kind::Text),
    ("verdict", Kind::Text),
    ("raw_score", Kind::Text),
    ("grader_version", Kind::Text),
    ("graded_at", Kind::Text),
    ("source_format", Kind::Text),
    ("source_sha256", Kind::Text),
    ("source_run_id", Kind::Text),
    ("source_record_id", Kind::Text),
    ("source_entry", Kind::Text),
    ("source_record", Kind::Text),
];

/// The last column of both tables that is always there.
const BYTE: Column = ("source_byte", Kind::Whole);

/// The texts, where they were asked for.
const TEXTS: [Column; 2] = [("prompt_text", Kind::Text), ("response_text", Kind::Text)];

/// Columns of a table of cells before those of the verdicts.
const CELLS: [Column; 12] = [
    ("id", Kind::Text),
    ("model", Kind::Text),
    ("provider", Kind::Text),
    ("coded_size", Kind::Text),
    ("dataset", Kind::Text),
    ("technique", Kind::Text),
    ("attack_family", Kind::Text),
    ("harm_category", Kind::Text),
    ("observed_at", Kind::Text),
    ("grader", Kind::Text),
    ("grader_kind", Kind::Text),
    ("n", Kind::Whole),
];

/// Columns of a table of cells behind those of the verdicts.
const CELL_SOURCE: [Column; 4] = [
    ("source_format", Kind::Text),
    ("source_sha256", Kind::Text),
    ("source_entry", Kind::Text),
    ("source_record", Kind::Text),
];

/// The columns of a table of grades.
pub(super) fn of_traces(with_text: bool) -> Vec<Column> {
    let texts = TEXTS.into_iter().filter(|_| with_text);
    TRACES.into_iter().chain([BYTE]).chain(texts).collect()
}

/// The columns of a table of cells.
pub(super) fn of_cells() -> Vec<Column> {
    let verdicts = Verdict::ALL.map(|verdict| (verdict.name(), Kind::Whole));
    let columns = CELLS.into_iter().chain(verdicts);
    columns.chain(CELL_SOURCE).chain([BYTE]).collect()
}

/// The rows of a trace.
pub(super) fn trace_rows(
    record: &StoredRecord,
    trace: &Trace,
    texts: &Texts,
    with_text: bool,
    mut row: impl FnMut(Vec<Slot>) -> Result<(), crate::exit::Failure>,
) -> Result<(), crate::exit::Failure> {
    if trace.grades.is_empty() {
        return row(trace_row(record, trace, texts, with_text, None));
    }
    for grade in (1_u64..).zip(&trace.grades) {
        row(trace_row(record, trace, texts, with_text, Some(grade)))?;
    }
    Ok(())
}

fn trace_row(
    record: &StoredRecord,
    trace: &Trace,
    texts: &Texts,
    with_text: bool,
    grade: Option<(u64, &Grade)>,
) -> Vec<Slot> {
    let (prompt_dataset, prompt_id, prompt_sha256) = prompt(trace.prompt.as_ref());
    let position = grade.map(|(position, _)| position);
    let grade = grade.map(|(_, grade)| grade);
    // A trace without a grade is unscored: the word stands there, not nothing.
    let verdict = grade.map_or(Verdict::Unscored, |grade| grade.verdict);
    let mut row = vec![
        some(record.identity.to_hex()),
        some(trace.model.name.clone()),
        text(&trace.model.provider),
        text(&trace.model.coded_size),
        text(&trace.dataset),
        text(&trace.technique),
        text(&trace.attack_family),
        text(&trace.harm_category),
        Slot::Text(prompt_dataset),
        Slot::Text(prompt_id),
        Slot::Text(prompt_sha256),
        Slot::Whole(trace.attempt.map(u64::from)),
        Slot::Whole(trace.turns.map(u64::from)),
        text(&trace.observed_at),
        some(Outcome::name(trace.outcome)),
        Slot::Whole(trace.prompt_tokens),
        Slot::Whole(trace.response_tokens),
        Slot::Whole(trace.duration_ms),
        Slot::Text(trace.response_digest.map(Digest::to_hex)),
        Slot::Whole(u64::try_from(trace.grades.len()).ok()),
        Slot::Whole(position),
        Slot::Text(grade.and_then(|grade| grade.grader.clone())),
        Slot::Text(grade.map(|grade| grade.kind.name().to_owned())),
        some(verdict.name()),
        Slot::Text(grade.and_then(|grade| grade.raw.clone())),
        Slot::Text(grade.and_then(|grade| grade.version.clone())),
        Slot::Text(grade.and_then(|grade| grade.graded_at.clone())),
        some(record.format.clone()),
        some(record.source.to_hex()),
        text(&trace.run_id),
        text(&trace.record_id),
        text(&trace.location.entry),
        text(&trace.location.record),
        Slot::Whole(trace.location.byte),
    ];
    if with_text {
        row.extend([text(&texts.prompt), text(&texts.response)]);
    }
    row
}

/// The row of a cell.
pub(super) fn cell_row(record: &StoredRecord, cell: &Cell) -> Vec<Slot> {
    let mut row = vec![
        some(record.identity.to_hex()),
        some(cell.model.name.clone()),
        text(&cell.model.provider),
        text(&cell.model.coded_size),
        text(&cell.dataset),
        text(&cell.technique),
        text(&cell.attack_family),
        text(&cell.harm_category),
        text(&cell.observed_at),
        text(&cell.grader),
        some(cell.grader_kind.name()),
        Slot::Whole(Some(cell.counts.total())),
    ];
    row.extend(
        cell.counts
            .iter()
            .map(|(_, traces)| Slot::Whole(Some(traces))),
    );
    row.extend([
        some(record.format.clone()),
        some(record.source.to_hex()),
        text(&cell.location.entry),
        text(&cell.location.record),
        Slot::Whole(cell.location.byte),
    ]);
    row
}

/// A prompt key as data set, id and digest.
pub(super) fn prompt(key: Option<&PromptKey>) -> (Option<String>, Option<String>, Option<String>) {
    match key {
        Some(PromptKey::Id { dataset, id }) => (Some(dataset.clone()), Some(id.clone()), None),
        Some(PromptKey::Text(digest)) => (None, None, Some(digest.to_hex())),
        None => (None, None, None),
    }
}

fn text(text: &Option<String>) -> Slot {
    Slot::Text(text.clone())
}

fn some(text: impl Into<String>) -> Slot {
    Slot::Text(Some(text.into()))
}
