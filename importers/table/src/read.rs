//! Reads the rows of a table of any kind into the slots that are asked for.
//!
//! What was recognised and what was declared comes back as sentences for the
//! account.

use std::path::Path;

use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits};

use crate::csv_rows::{self, Header, Layout};
use crate::encoding::Encoding;
use crate::json_rows::{self, CUT_SHORT, JsonLayout};
use crate::mapping::FileKind;
use crate::parquet_rows;
use crate::row::RowHandler;
use crate::source::{self, Declared, Shape, refused};

/// What to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) path: &'a Path,
    pub(crate) file: Option<FileKind>,
    pub(crate) delimiter: Option<u8>,
    pub(crate) encoding: Option<Encoding>,
    /// Path of the list that holds the rows of a JSON file.
    pub(crate) rows: Option<&'a str>,
    pub(crate) slots: &'a [String],
    pub(crate) limits: &'a Limits,
}

/// How the table was read.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    pub(crate) kind: FileKind,
    /// Sentences for the account.
    pub(crate) notes: Vec<String>,
}

impl Request<'_> {
    pub(crate) fn declared(&self) -> Declared {
        Declared {
            kind: self.file,
            encoding: self.encoding,
            rows: self.rows.is_some(),
        }
    }
}

/// Reads every row.
pub(crate) fn rows(
    request: &Request<'_>,
    handle: &mut RowHandler<'_>,
) -> Result<Reading, ImportError> {
    let table = source::open(request.path, request.declared())?;
    let shape = table.shape;
    check_keys(request, shape)?;
    let notes = match shape.kind {
        FileKind::Csv => {
            let layout = request.csv(shape.encoding);
            let (header, cut) = csv_rows::read(table.reader, shape.start_byte, &layout, handle)?;
            let mut notes = vec![csv_note(request, shape, &header)];
            notes.extend(cut.then(|| CUT_SHORT.to_owned()));
            notes
        }
        FileKind::Jsonl | FileKind::Json => {
            let layout = JsonLayout {
                path: request.path,
                shape,
                rows: request.rows.unwrap_or_default(),
                slots: request.slots,
                limits: request.limits,
            };
            let more = match shape.kind {
                FileKind::Jsonl => json_rows::read_lines(table.reader, &layout, handle)?,
                _ => json_rows::read_list(table.reader, &layout, handle)?,
            };
            let mut notes = vec![json_note(request, shape)];
            notes.extend(more);
            notes
        }
        FileKind::Parquet => {
            let note = parquet_rows::read(request.path, request.slots, request.limits, handle)?;
            vec![note]
        }
    };
    let kind = shape.kind;
    Ok(Reading { kind, notes })
}

impl<'a> Request<'a> {
    pub(crate) fn csv(&self, encoding: Encoding) -> Layout<'a> {
        Layout {
            path: self.path,
            delimiter: self.delimiter,
            encoding,
            slots: self.slots,
            limits: self.limits,
        }
    }
}

/// Refuses a key of the mapping that the recognised kind of file cannot have.
fn check_keys(request: &Request<'_>, shape: Shape) -> Result<(), ImportError> {
    let wrong = match shape.kind {
        FileKind::Csv => request.rows.map(|_| "rows"),
        FileKind::Json => request.delimiter.map(|_| "delimiter"),
        FileKind::Jsonl => request
            .delimiter
            .map(|_| "delimiter")
            .or(request.rows.map(|_| "rows")),
        FileKind::Parquet => request
            .delimiter
            .map(|_| "delimiter")
            .or(request.encoding.map(|_| "encoding"))
            .or(request.rows.map(|_| "rows")),
    };
    match wrong {
        None => Ok(()),
        Some(key) => {
            let kind = shape.kind.name();
            let found = format!("`{key}` is declared, but the file is of kind `{kind}`");
            Err(refused(
                request.path,
                found,
                "leave the key out, or correct `file`",
            ))
        }
    }
}

fn kind_note(request: &Request<'_>, shape: Shape) -> String {
    let how = match request.file {
        Some(_) => "as declared",
        None => "by its first bytes",
    };
    format!("read as {} {how}", shape.kind.name())
}

fn csv_note(request: &Request<'_>, shape: Shape, header: &Header) -> String {
    let delimiter = match header.delimiter {
        b'\t' => "tab".to_owned(),
        byte => format!("`{}`", printable(&char::from(byte).to_string())),
    };
    let how = match (request.delimiter, header.declared) {
        (Some(_), _) => "as declared",
        (None, true) => "by its `sep=` line",
        (None, false) => "by its header",
    };
    format!(
        "{}, delimiter {delimiter} {how}, {}; `file`, `delimiter` and `encoding` override this",
        kind_note(request, shape),
        shape.characters(request.encoding)
    )
}

fn json_note(request: &Request<'_>, shape: Shape) -> String {
    let rows = match request.rows {
        Some(path) => format!(", rows at `{}`", printable(path)),
        None => String::new(),
    };
    format!(
        "{}{rows}, {}; `file`, `encoding` and `rows` override this",
        kind_note(request, shape),
        shape.characters(request.encoding)
    )
}
