//! Importer for tables: CSV, JSONL, JSON and Parquet, through a declared mapping.
//!
//! A table says nothing of itself, so this importer claims no file: it is used
//! when it is named, and reads what the [mapping](mapping::Mapping) declares.
//! A row is one response of one model (`traces`) or the counts of one model in
//! one cell (`counts`). Every row reaches the sink once, as a record or as a
//! reject with its line and byte. It guesses no meaning of a column or a value.
//! The page of the importer (`README.md`) lists every key.

pub mod encoding;
pub mod guess;
pub mod mapping;
pub mod rows;

mod csv_rows;
mod join;
mod json_rows;
mod json_value;
mod parquet_rows;
mod plan;
mod read;
mod record;
mod row;
mod source;
mod undecided;

use caveat_corpus::Location;
use caveat_importer::text::printable;
use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, Options, Probe, Reject, Sink, Source, SourceFacts,
};

pub use crate::guess::{Guess, guess};

use crate::join::Joined;
use crate::mapping::{Kind, Mapping};
use crate::plan::{Binding, GradePlan, Plan, Rule};
use crate::read::Request;
use crate::record::Builder;
use crate::row::{Cell, Place};

/// Name of the format.
pub const FORMAT: &str = "table";

/// Rows between two reports of progress.
const ROWS_PER_PROGRESS: u64 = 4096;

/// The importer of tables.
#[derive(Clone, Copy, Debug, Default)]
pub struct Table;

impl Importer for Table {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "CSV, JSON or Parquet with a declared mapping of columns: traces, or counts per cell",
            versions: &["csv", "jsonl", "json", "parquet"],
            claims_files: false,
            page: "importers/table/README.md",
        }
    }

    fn probe(&self, _probe: &Probe<'_>) -> Claim {
        Claim::No
    }

    fn import(
        &self,
        source: &Source,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<SourceFacts, ImportError> {
        let plan = Plan::new(Mapping::from_options(&options.format)?)?;
        let joined = match &plan.join {
            Some(join) => Some(Joined::read(&source.path, join, &options.limits)?),
            None => None,
        };
        let builder = Builder {
            plan: &plan,
            joined: joined.as_ref(),
            limits: &options.limits,
            keep_text: options.keep_text,
        };
        let reading = read_rows(source, options, &builder, sink)?;
        let mut notes = account(&plan);
        if let (Some(joined), Some(join)) = (&joined, &plan.join) {
            notes.push(joined.note(join));
        }
        notes.extend(reading.notes);
        Ok(SourceFacts {
            format_version: Some(reading.kind.name().to_owned()),
            notes,
        })
    }
}

fn read_rows(
    source: &Source,
    options: &Options,
    builder: &Builder<'_>,
    sink: &mut dyn Sink,
) -> Result<read::Reading, ImportError> {
    let plan = builder.plan;
    let mut rows = 0_u64;
    let mut handle = |place: Place, row: Result<&[Cell<'_>], String>| {
        rows += 1;
        if rows.is_multiple_of(ROWS_PER_PROGRESS) {
            sink.progress(place.byte.unwrap_or_default());
        }
        let location = Location {
            entry: None,
            record: Some(place.record.to_string()),
            byte: place.byte,
        };
        match row.and_then(|cells| builder.record(location.clone(), cells)) {
            Ok(record) => sink.record(record)?,
            Err(reason) => sink.reject(Reject { location, reason })?,
        }
        Ok(())
    };
    let request = Request {
        path: &source.path,
        file: plan.file,
        delimiter: plan.delimiter,
        encoding: plan.encoding,
        rows: plan.rows.as_deref(),
        slots: &plan.slots,
        limits: &options.limits,
    };
    read::rows(&request, &mut handle)
}

/// Sentences on the rules that were applied.
fn account(plan: &Plan) -> Vec<String> {
    if plan.kind == Kind::Counts {
        let succeeded = printable(plan.column(mapping::Field::Succeeded));
        let mut note = format!("compliance is the count in `{succeeded}`, refusal ");
        note.push_str(match plan.field(mapping::Field::Resisted) {
            Binding::Absent => "what remains of the row's n",
            _ => "a count of its own, checked against n",
        });
        return vec![note];
    }
    if plan.grades.is_empty() {
        return vec!["the mapping declares no grades: every trace is unscored".to_owned()];
    }
    plan.grades
        .iter()
        .map(|grade| grade_note(plan, grade))
        .collect()
}

fn grade_note(plan: &Plan, grade: &GradePlan) -> String {
    let column = |slot: usize| printable(plan.slots.get(slot).map_or("", String::as_str));
    let grader = match &grade.grader {
        Binding::Constant(name) => format!("grader `{}`", printable(name)),
        Binding::Slot(slot) => format!("graders named in `{}`", column(*slot)),
        Binding::Absent | Binding::Joined(_) => "a grader without a name".to_owned(),
    };
    let rule = match &grade.rule {
        Rule::Threshold(bound) => format!("compliance from {bound}, refusal below"),
        Rule::Below(bound) => format!("compliance below {bound}, refusal from there"),
        Rule::Map(map) => {
            let words: Vec<String> = map
                .iter()
                .map(|(value, verdict)| format!("`{}` is {verdict}", printable(value)))
                .collect();
            words.join(", ")
        }
    };
    let kind = grade.kind.name();
    let failed = match grade.failed.as_slice() {
        [] => String::new(),
        words => {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            format!(", a failure of the grader is {}", words.join(" or "))
        }
    };
    let column = column(grade.slot);
    format!("{grader} ({kind}), column `{column}`: {rule}{failed}")
}

fn quoted(word: &str) -> String {
    match word.trim() {
        "" => "an empty cell".to_owned(),
        word => format!("`{}`", printable(word)),
    }
}
