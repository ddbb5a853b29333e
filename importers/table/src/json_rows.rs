//! Rows of JSON: one object per line, or the objects of a list.
//!
//! A list is cut into its objects while the file is read, so that memory
//! follows the longest row. A row that cannot be read is a reject and spoils
//! no other. A path that no object of the file has is a fault of the mapping.

use std::io::BufRead;
use std::path::Path;

use caveat_importer::json::{Content, Key, Pieces, PiecesError};
use caveat_importer::lines::{Line, Lines};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits};

use crate::csv_rows::missing_column;
use crate::encoding::Encoding;
use crate::json_value::{cell, find, parse};
use crate::row::{Cell, Place, RowHandler, too_long};
use crate::source::{Shape, io_error, refused};

/// Members of a file that are named in a message.
const MAX_LISTED: usize = 20;

/// What to read from a file of JSON.
pub(crate) struct JsonLayout<'a> {
    pub(crate) path: &'a Path,
    pub(crate) shape: Shape,
    /// Path of the list that holds the rows; empty for the file itself.
    pub(crate) rows: &'a str,
    pub(crate) slots: &'a [String],
    pub(crate) limits: &'a Limits,
}

/// Reads objects of which each has a line of its own; blank lines are no rows.
/// Returns sentences for the account.
pub(crate) fn read_lines<R: BufRead>(
    reader: R,
    layout: &JsonLayout<'_>,
    handle: &mut RowHandler<'_>,
) -> Result<Vec<String>, ImportError> {
    let limit = layout.limits.max_record_bytes;
    let shape = layout.shape;
    let mut lines = Lines::new(reader, limit).starting_at(shape.start_byte);
    let mut objects = Objects::new(layout);
    let mut cut_short = false;
    while let Some((at, line)) = lines
        .next_line()
        .map_err(|cause| io_error(layout.path, cause))?
    {
        let place = Place {
            record: at.line,
            byte: layout.byte(at.byte),
        };
        let (length, row) = match line {
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Whole(bytes) => (bytes.len(), objects.check(place, bytes)),
            Line::TooLong { bytes } => (0, Err(too_long("line", bytes, limit))),
        };
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        cut_short = row.is_err() && lines.bytes_read() == at.byte.saturating_add(length);
        objects.row(place, row, handle)?;
    }
    let mut notes = objects.finish()?;
    if cut_short {
        notes.push(CUT_SHORT.to_owned());
    }
    Ok(notes)
}

/// Says that a file ends within a row.
pub(crate) const CUT_SHORT: &str = "the last row is incomplete and no line end follows it: the \
                                    file was probably cut short, the rows before are read";

/// Reads the objects of a list. Returns sentences for the account.
pub(crate) fn read_list<R: BufRead>(
    reader: R,
    layout: &JsonLayout<'_>,
    handle: &mut RowHandler<'_>,
) -> Result<Vec<String>, ImportError> {
    let limit = layout.limits.max_record_bytes;
    let mut pieces = Pieces::new(reader, &[layout.rows], layout.limits);
    let mut objects = Objects::new(layout);
    let mut others: Vec<String> = Vec::new();
    let mut truncated = None;
    loop {
        let piece = match pieces.next_piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(PiecesError::Truncated { byte }) => {
                truncated = Some(byte);
                break;
            }
            Err(PiecesError::Io(cause)) => return Err(io_error(layout.path, cause)),
            Err(error @ PiecesError::Syntax { .. }) => {
                let hint = "write the rows again; one object per line keeps a fault to its row";
                return Err(refused(layout.path, printable(&error.to_string()), hint));
            }
        };
        let index = match piece.key {
            Key::Index(index) if piece.path == layout.rows => index,
            Key::Name(name) => {
                others.push(name.to_owned());
                others.truncate(MAX_LISTED);
                continue;
            }
            Key::Index(_) => continue,
        };
        let place = Place {
            record: index,
            byte: layout.byte(piece.byte.saturating_add(layout.shape.start_byte)),
        };
        let row = match piece.content {
            Content::Whole(bytes) => objects.check(place, bytes),
            Content::TooLong { bytes } => Err(too_long("row", bytes, limit)),
        };
        objects.row(place, row, handle)?;
    }
    if pieces.containers(layout.rows) == 0 || (objects.rows == 0 && !others.is_empty()) {
        return Err(layout.no_list(&others, truncated.is_some()));
    }
    let mut notes = Vec::new();
    if let Some(byte) = truncated {
        let unfinished = pieces
            .unfinished()
            .filter(|piece| piece.path == layout.rows);
        if let Some(unfinished) = unfinished {
            let place = Place {
                record: unfinished.key.parse().unwrap_or(objects.rows),
                byte: layout.byte(unfinished.byte.saturating_add(layout.shape.start_byte)),
            };
            let reason = "the file ends within this row".to_owned();
            objects.row(place, Err(reason), handle)?;
        }
        notes.push(format!(
            "the file is cut short at byte {byte} of its text: the rows before are read"
        ));
    }
    notes.extend(objects.finish()?);
    Ok(notes)
}

impl JsonLayout<'_> {
    /// A byte of the file, where the text and the file have the same bytes.
    fn byte(&self, byte: u64) -> Option<u64> {
        (self.shape.encoding == Encoding::Utf8).then_some(byte)
    }

    fn no_list(&self, members: &[String], truncated: bool) -> ImportError {
        let place = if self.rows.is_empty() {
            "the file is no JSON list of rows".to_owned()
        } else {
            format!("no list of rows at `{}`", printable(self.rows))
        };
        let names: Vec<String> = members
            .iter()
            .map(|name| format!("`{}`", printable(name)))
            .collect();
        let found = match (names.is_empty(), truncated) {
            (true, true) => format!("{place}: it is cut short"),
            (true, false) => place,
            (false, _) => format!("{place}; found an object with {}", names.join(", ")),
        };
        let hint = "name the member that holds the list, such as `rows = \"results\"`";
        refused(self.path, found, hint)
    }
}

/// Turns objects into cells and remembers which paths were found.
struct Objects<'a> {
    layout: &'a JsonLayout<'a>,
    seen: Vec<bool>,
    keys: Option<Vec<String>>,
    rows: u64,
    python: u64,
}

impl<'a> Objects<'a> {
    fn new(layout: &'a JsonLayout<'a>) -> Self {
        Self {
            layout,
            seen: vec![false; layout.slots.len()],
            keys: None,
            rows: 0,
            python: 0,
        }
    }

    fn check(&self, place: Place, bytes: &[u8]) -> Result<crate::json_value::Object, String> {
        self.layout.shape.encoding.check(bytes, place.byte)?;
        parse(bytes, self.layout.limits)
    }

    fn row(
        &mut self,
        place: Place,
        row: Result<crate::json_value::Object, String>,
        handle: &mut RowHandler<'_>,
    ) -> Result<(), ImportError> {
        self.rows += 1;
        let object = match row {
            Ok(object) => object,
            Err(reason) => return handle(place, Err(reason)),
        };
        self.python += u64::from(object.python);
        let members = &object.members;
        let slots = self.layout.slots.iter();
        let values: Vec<_> = slots.map(|slot| find(members, slot)).collect();
        for (seen, value) in self.seen.iter_mut().zip(&values) {
            *seen |= value.is_some();
        }
        let keys = || members.keys().cloned().collect();
        self.keys.get_or_insert_with(keys);
        let cells: Vec<Cell<'_>> = values.into_iter().map(cell).collect();
        handle(place, Ok(&cells))
    }

    /// Refuses a source that lacks a mapped path altogether.
    fn finish(self) -> Result<Vec<String>, ImportError> {
        let mut slots = self.seen.iter().zip(self.layout.slots);
        let never = slots.find(|(seen, _)| !**seen);
        if let (Some((_, slot)), Some(keys)) = (never, &self.keys) {
            return Err(missing_column(self.layout.path, slot, keys));
        }
        let python = self.python;
        Ok(match python {
            0 => Vec::new(),
            _ => vec![format!(
                "{python} rows with Python's `True`, `False` or `None` outside of quotation \
                 marks were read as JSON's words"
            )],
        })
    }
}
