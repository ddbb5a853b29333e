//! Records of a store, written in an exchange format: streamed in the order of
//! the store, to files that get their names when all of them are complete.
//!
//! Same store, same options, same bytes. Texts of prompts and responses are read
//! only where they were asked for. What stands in which column is in
//! `docs/export.md`.

mod columns;
mod csv;
mod every_eval_ever;
mod jsonl;
mod output;
mod parquet;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use caveat_corpus::{Cell, Digest, Trace};
use caveat_store::{KeptTexts, Store, StoredKind, StoredRecord};
use serde::Serialize;

use crate::cli::ExportFormat;
use crate::exit::Failure;
use crate::files::refuse_as_file;
use crate::write::refuse_other;

/// What to export, and where to.
pub struct Request<'a> {
    /// Format.
    pub format: ExportFormat,
    /// File, or folder for every-eval-ever.
    pub out: &'a Path,
    /// Whether texts that were kept are written as well.
    pub with_text: bool,
    /// When the record was made, in seconds since 1970, for every-eval-ever.
    pub timestamp: u64,
}

/// What was written.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Exported {
    /// Traces.
    pub traces: u64,
    /// Grades of all traces.
    pub grades: u64,
    /// Rows of counts.
    pub cells: u64,
    /// Files, in order of path.
    pub files: Vec<ExportedFile>,
}

/// One file that was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ExportedFile {
    /// Path; within the folder for every-eval-ever.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: Digest,
}

/// The files or the folder that an export may write.
pub fn targets(format: ExportFormat, out: &Path) -> Vec<PathBuf> {
    match format {
        ExportFormat::Jsonl | ExportFormat::EveryEvalEver => vec![out.to_path_buf()],
        ExportFormat::Csv | ExportFormat::Parquet => {
            vec![out.to_path_buf(), output::beside(out)]
        }
    }
}

/// Refuses what an export may not take the place of, before anything is read.
///
/// # Errors
/// [`Failure`] that says what stands there.
pub fn refuse_targets(format: ExportFormat, out: &Path) -> Result<(), Failure> {
    if format == ExportFormat::EveryEvalEver {
        return refuse_other(out, every_eval_ever::MANIFEST);
    }
    let targets = targets(format, out);
    targets.iter().try_for_each(|path| refuse_as_file(path))
}

/// Exports every record of a store.
///
/// # Errors
/// [`Failure`] of the store or of the system; nothing has its name then.
pub fn export(store: &Store, request: &Request<'_>) -> Result<Exported, Failure> {
    match request.format {
        ExportFormat::Csv => csv::export(store, request),
        ExportFormat::Parquet => parquet::export(store, request),
        ExportFormat::Jsonl => jsonl::export(store, request),
        ExportFormat::EveryEvalEver => every_eval_ever::export(store, request),
    }
}

/// Texts of one trace, as far as they were asked for and kept.
#[derive(Debug, Default)]
struct Texts {
    prompt: Option<String>,
    response: Option<String>,
}

/// Takes records in the order of the store.
trait Records {
    fn trace(&mut self, record: &StoredRecord, trace: &Trace, texts: &Texts)
    -> Result<(), Failure>;

    fn cell(&mut self, record: &StoredRecord, cell: &Cell) -> Result<(), Failure>;
}

/// Hands every record on, and counts.
fn each(store: &Store, with_text: bool, records: &mut dyn Records) -> Result<Exported, Failure> {
    let kept = match with_text {
        true => store.kept_texts()?,
        false => None,
    };
    let mut exported = Exported::default();
    let mut failed = None;
    store.visit_records(|record| {
        match hand_on(&record, kept.as_ref(), records, &mut exported) {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                failed = Some(failure);
                ControlFlow::Break(())
            }
        }
    })?;
    failed.map_or(Ok(exported), Err)
}

fn hand_on(
    record: &StoredRecord,
    kept: Option<&KeptTexts>,
    records: &mut dyn Records,
    exported: &mut Exported,
) -> Result<(), Failure> {
    match &record.kind {
        StoredKind::Trace {
            trace,
            kept_prompt,
            kept_response,
        } => {
            let text = |digest: &Option<Digest>| match (kept, digest) {
                (Some(kept), Some(digest)) => kept.get(digest),
                _ => Ok(None),
            };
            let texts = Texts {
                prompt: text(kept_prompt)?,
                response: text(kept_response)?,
            };
            exported.traces += 1;
            exported.grades += u64::try_from(trace.grades.len()).unwrap_or(u64::MAX);
            records.trace(record, trace, &texts)
        }
        StoredKind::Cell(cell) => {
            exported.cells += 1;
            records.cell(record, cell)
        }
    }
}
