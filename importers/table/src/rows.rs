//! Rows of a table whose columns are known by name, for importers that know
//! what their columns mean and need no mapping.
//!
//! The same readers as for mapped tables, with the same bounds. Nothing is
//! typed: a cell is a text or nothing.

use std::path::Path;

use caveat_importer::{ImportError, Limits};

use crate::encoding::Encoding;
use crate::mapping::FileKind;
use crate::read::{self, Request};
use crate::row::{self, Cell};

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line of a CSV file from 1, row of a Parquet file from 1.
    pub record: u64,
    /// Its first byte in the file, where the reader knows it.
    pub byte: Option<u64>,
}

/// Receives every row in order: its cells, one per column, or why it is unusable.
pub type Handler<'h> =
    dyn FnMut(Place, Result<&[Option<&str>], String>) -> Result<(), ImportError> + 'h;

/// Reads a comma-separated table in UTF-8 or a Parquet file, and gives back
/// sentences for the account.
///
/// A cell of a CSV file is never `None`: where nothing stands it is empty.
///
/// # Errors
/// [`ImportError`] if the file cannot be read, is of another kind or lacks a
/// column, and whatever the handler answers.
pub fn read(
    path: &Path,
    kind: FileKind,
    columns: &[String],
    limits: &Limits,
    handle: &mut Handler<'_>,
) -> Result<Vec<String>, ImportError> {
    let csv = kind == FileKind::Csv;
    let request = Request {
        path,
        file: Some(kind),
        delimiter: csv.then_some(b','),
        encoding: csv.then_some(Encoding::Utf8),
        rows: None,
        slots: columns,
        limits,
    };
    let mut pass = |place: row::Place, row: Result<&[Cell<'_>], String>| {
        let place = Place {
            record: place.record,
            byte: place.byte,
        };
        let texts = row.and_then(|cells| cells.iter().map(text).collect::<Result<Vec<_>, _>>());
        handle(place, texts.as_deref().map_err(Clone::clone))
    };
    let notes = read::rows(&request, &mut pass)?.notes;
    // The first says how the file is written, and with which keys to correct that.
    Ok(notes.into_iter().skip(1).collect())
}

fn text<'c>(cell: &'c Cell<'_>) -> Result<Option<&'c str>, String> {
    match cell {
        Cell::Absent => Ok(None),
        Cell::Text(text) => Ok(Some(text)),
        Cell::NotFinite(token) => Ok(Some(token)),
        Cell::Structure(what) => Err(format!("a cell holds {what}, expected a single value")),
    }
}
