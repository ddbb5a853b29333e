//! Reads exported conversations in CSV: a header and one row per piece.
//!
//! Dictionaries stand in cells as Python prints them; the oldest versions
//! spread them over columns with dotted names.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::Path;

use caveat_importer::text::printable;
use caveat_importer::{Limits, Options, Sink, SourceFacts};
use csv::{ByteRecord, Position, Reader, ReaderBuilder};
use serde_json::Value;

use crate::export::{Export, Objects, Span};
use crate::fault::Fault;
use crate::fields::Object;
use crate::graders::GivenRules;
use crate::run::Loaded;

/// Rows between two reports of progress.
const PROGRESS_ROWS: u64 = 4096;

/// Most columns of a header. Versions have about twenty.
const MAX_COLUMNS: usize = 1000;

/// What the reader may take ahead of the row that it is asked for.
const READ_AHEAD_BYTES: u64 = 64 << 10;

/// Columns in which an empty cell is an empty text and no absent value.
const TEXTS: [&str; 2] = ["original_value", "converted_value"];

/// Reads a file from start to end, twice.
pub(crate) fn read(
    path: &Path,
    rules: GivenRules,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, Fault> {
    let limits = options.limits;
    let size_bytes = std::fs::metadata(path)?.len();
    let mut export = Export::new(rules, limits);
    let mut table = Table::open(path, limits)?;
    let mut row = ByteRecord::new();
    let mut number = 0_u64;
    while let Some(position) = table.next(&mut row)? {
        let span = Span {
            record: position.line(),
            byte: position.byte(),
            bytes: 0,
        };
        export.add(span, table.object(&row), sink)?;
        number += 1;
        if number.is_multiple_of(PROGRESS_ROWS) {
            // Half of the work is still to come.
            sink.progress(position.byte() / 2);
        }
    }
    export.told.is_cut_short = !ends_with_a_line(path, size_bytes)?;
    export.finish(table, size_bytes, options, sink)
}

/// Whether the last row is complete, as far as its end tells.
fn ends_with_a_line(path: &Path, size_bytes: u64) -> Result<bool, Fault> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(size_bytes.saturating_sub(1)))?;
    let mut last = Vec::new();
    file.take(1).read_to_end(&mut last)?;
    Ok(last == b"\n")
}

struct Table {
    reader: Reader<Bounded>,
    names: Vec<String>,
    limits: Limits,
}

impl Table {
    fn open(path: &Path, limits: Limits) -> Result<Self, Fault> {
        let bounded = Bounded {
            file: File::open(path)?,
            left: 0,
        };
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(bounded);
        let mut table = Self {
            reader,
            names: Vec::new(),
            limits,
        };
        let mut header = ByteRecord::new();
        table.next(&mut header)?;
        if header.len() > MAX_COLUMNS {
            let found = format!(
                "the header has {} columns, at most {MAX_COLUMNS} are read",
                header.len()
            );
            return Err(Fault::content(
                found,
                "name a file that `export_conversations` wrote",
            ));
        }
        table.names = header
            .iter()
            .map(|name| {
                String::from_utf8_lossy(name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name))
                    .into_owned()
            })
            .collect();
        Ok(table)
    }

    /// Reads the next row, which must not be longer than a record may be.
    fn next(&mut self, row: &mut ByteRecord) -> Result<Option<Position>, Fault> {
        let longest = self.limits.max_record_bytes;
        self.reader.get_mut().left = longest.saturating_add(READ_AHEAD_BYTES);
        let position = self.reader.position().clone();
        let is_there = self.reader.read_byte_record(row).map_err(|error| {
            let line = position.line();
            match error.into_kind() {
                csv::ErrorKind::Io(cause) if cause.kind() != io::ErrorKind::FileTooLarge => {
                    Fault::Io(cause)
                }
                csv::ErrorKind::Io(_) => Fault::content(
                    format!("the row at line {line} has more than {longest} bytes"),
                    "check the quotes of that row; the first one that does not end swallows the rest",
                ),
                other => Fault::content(
                    printable(&format!("the row at line {line}: {other:?}")),
                    "name a file that `export_conversations` wrote",
                ),
            }
        })?;
        // The reader's own count stands before blank lines; the row knows better.
        let start = row.position().cloned();
        Ok(is_there.then(|| start.unwrap_or(position)))
    }

    fn object(&self, row: &ByteRecord) -> Loaded {
        if row.len() != self.names.len() {
            return Err(format!(
                "it has {} cells, the header has {}",
                row.len(),
                self.names.len()
            ));
        }
        let mut object = Object::new();
        for (name, cell) in self.names.iter().zip(row) {
            let text =
                std::str::from_utf8(cell).map_err(|_| format!("`{name}` is not valid UTF-8"))?;
            if text.is_empty() && !TEXTS.contains(&name.as_str()) {
                continue;
            }
            let value = Value::String(text.to_owned());
            match name.split_once('.') {
                None => {
                    object.insert(name.clone(), value);
                }
                Some((outer, inner)) => {
                    let outer = object
                        .entry(outer)
                        .or_insert_with(|| Value::Object(Object::new()));
                    if let Value::Object(outer) = outer {
                        outer.insert(inner.to_owned(), value);
                    }
                }
            }
        }
        Ok(object)
    }
}

impl Objects for Table {
    fn object(&mut self, span: Span) -> Result<Loaded, Fault> {
        let mut position = Position::new();
        position.set_byte(span.byte).set_line(span.record);
        self.reader
            .seek(position)
            .map_err(|error| match error.into_kind() {
                csv::ErrorKind::Io(cause) => Fault::Io(cause),
                other => Fault::Io(io::Error::other(format!("{other:?}"))),
            })?;
        let mut row = ByteRecord::new();
        Ok(match self.next(&mut row)? {
            Some(_) => Table::object(self, &row),
            None => Err("it is not there any more".to_owned()),
        })
    }
}

/// A file that gives no more than it is allowed between two rows.
struct Bounded {
    file: File,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let Some(buffer) = buffer.get_mut(..most).filter(|buffer| !buffer.is_empty()) else {
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        let read = self.file.read(buffer)?;
        self.left = self
            .left
            .saturating_sub(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}

impl io::Seek for Bounded {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}
