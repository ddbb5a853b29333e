//! Rows of a delimited file.
//!
//! [`RowSplitter`] finds where a row ends, within a bound, and knows the line
//! and byte of each; the `csv` crate then reads the cells of that row alone.
//! The `csv` crate by itself would hold a row of any length, and would take the
//! rest of a file for one cell when a quotation mark is never closed.
//! Both follow the same rules, which a test checks on every short text: a
//! quotation mark opens a cell only at its start, a doubled one stands for
//! itself, and a line feed, a carriage return or both end a row.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};
use std::path::Path;

use caveat_importer::lines::Position;
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits};
use csv::StringRecord;

use crate::mapping::nearest;
use crate::row::{Cell, RowHandler, too_long, utf8};
use crate::source::{io_error, refused};

/// Delimiters that are recognised from the header without being declared.
const RECOGNISED: &[u8] = b",;\t";

/// Most columns of a table; spreadsheets stop at 16,384.
const MAX_COLUMNS: usize = 16_384;

/// How many column names a message lists.
const MAX_LISTED: usize = 40;

/// What to read from a delimited file.
pub(crate) struct Layout<'a> {
    pub(crate) path: &'a Path,
    pub(crate) delimiter: Option<u8>,
    pub(crate) slots: &'a [String],
    pub(crate) limits: &'a Limits,
}

/// Reads every row after the header and returns the delimiter.
pub(crate) fn read<R: BufRead>(
    reader: R,
    start_byte: u64,
    layout: &Layout<'_>,
    handle: &mut RowHandler<'_>,
) -> Result<u8, ImportError> {
    let limit = layout.limits.max_record_bytes;
    let mut rows = RowSplitter::new(reader, start_byte, limit);
    if let Some(delimiter) = layout.delimiter {
        rows.delimiters = vec![delimiter];
    }
    let io = |cause| io_error(layout.path, cause);
    let header = rows.next_row().map_err(io)?.ok_or_else(|| {
        let hint = "check that the path is the table and that it was written completely";
        refused(layout.path, "no header line, the file is empty", hint)
    })?;
    let columns = read_header(&rows, &header, layout)?;
    rows.delimiters = vec![columns.delimiter];
    let mut cell_reader = CellReader::new(columns.delimiter);
    let mut record = StringRecord::new();
    while let Some(row) = rows.next_row().map_err(io)? {
        let checked = check_row(&row, rows.bytes(), columns.count, limit)
            .and_then(|()| cell_reader.read(rows.bytes(), row.at, &mut record));
        match checked {
            Ok(()) => {
                let cells: Vec<Cell<'_>> = columns
                    .positions
                    .iter()
                    .map(|&position| match record.get(position) {
                        Some(text) => Cell::Text(Cow::Borrowed(text)),
                        None => Cell::Absent,
                    })
                    .collect();
                handle(row.at, Ok(&cells))?;
            }
            Err(reason) => handle(row.at, Err(reason))?,
        }
    }
    Ok(columns.delimiter)
}

/// The header, matched with the slots.
struct Columns {
    delimiter: u8,
    count: usize,
    /// Position in the row, per slot.
    positions: Vec<usize>,
}

fn read_header<R: BufRead>(
    rows: &RowSplitter<R>,
    header: &RawRow,
    layout: &Layout<'_>,
) -> Result<Columns, ImportError> {
    let hint = "the first line must hold the column names, in UTF-8";
    let fault = |found: String| refused(layout.path, format!("header: {found}"), hint);
    if header.length > layout.limits.max_record_bytes {
        let limit = layout.limits.max_record_bytes;
        return Err(fault(too_long("line", header.length, limit)));
    }
    if header.unclosed {
        return Err(fault("a quotation mark is never closed".to_owned()));
    }
    if header.fields > MAX_COLUMNS {
        return Err(fault(format!(
            "{} columns, more than the limit of {MAX_COLUMNS}",
            header.fields
        )));
    }
    let declared = layout.delimiter.map(|delimiter| vec![delimiter]);
    let candidates = declared.unwrap_or_else(|| RECOGNISED.to_vec());
    let mut best: Option<(u8, Vec<String>)> = None;
    for delimiter in candidates {
        let mut record = StringRecord::new();
        CellReader::new(delimiter)
            .read(rows.bytes(), header.at, &mut record)
            .map_err(fault)?;
        let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        if layout
            .slots
            .iter()
            .all(|slot| names.iter().any(|name| name == slot.trim()))
        {
            return match_columns(delimiter, &names, layout);
        }
        if best
            .as_ref()
            .is_none_or(|(_, most)| names.len() > most.len())
        {
            best = Some((delimiter, names));
        }
    }
    let (delimiter, names) = best.unwrap_or_default();
    match_columns(delimiter, &names, layout)
}

fn match_columns(
    delimiter: u8,
    names: &[String],
    layout: &Layout<'_>,
) -> Result<Columns, ImportError> {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let twice = sorted.windows(2).find_map(|pair| match pair {
        [first, second] if first == second && !first.is_empty() => Some(*first),
        _ => None,
    });
    if let Some(name) = twice {
        let found = format!("column `{}` stands twice in the header", printable(name));
        return Err(refused(
            layout.path,
            found,
            "give every column a name of its own",
        ));
    }
    let positions = layout.slots.iter().map(|slot| {
        let wanted = slot.trim();
        let position = names.iter().position(|name| name == wanted);
        position.ok_or_else(|| missing_column(layout.path, wanted, names))
    });
    Ok(Columns {
        delimiter,
        count: names.len(),
        positions: positions.collect::<Result<_, _>>()?,
    })
}

/// Refuses a source that lacks a mapped column, and lists those it has.
pub(crate) fn missing_column(path: &Path, wanted: &str, names: &[String]) -> ImportError {
    let shown: Vec<String> = names
        .iter()
        .take(MAX_LISTED)
        .map(|name| format!("`{}`", printable(name)))
        .collect();
    let rest = names.len().saturating_sub(MAX_LISTED);
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let hint = match nearest(wanted, &known) {
        Some(meant) => format!("did you mean `{}`? correct the mapping", printable(meant)),
        None => "name a column that the table has, or declare its `delimiter`".to_owned(),
    };
    let wanted = printable(wanted);
    let found = format!("no column `{wanted}`; found {}{more}", shown.join(", "));
    refused(path, found, hint)
}

fn check_row(row: &RawRow, bytes: &[u8], columns: usize, limit: u64) -> Result<(), String> {
    if row.unclosed {
        return Err(format!(
            "a quotation mark is never closed: the row runs from line {} to the end of the file",
            row.at.line
        ));
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) < row.length {
        return Err(too_long("row", row.length, limit));
    }
    if row.fields != columns {
        return Err(format!(
            "the row has {} cells, the header {columns}",
            row.fields
        ));
    }
    Ok(())
}

/// Reads the cells of one row at a time.
struct CellReader(csv::Reader<OneRow>);

/// Gives the `csv` crate the bytes of one row, so that it cannot read past it.
#[derive(Default)]
struct OneRow {
    bytes: Vec<u8>,
    given: usize,
}

impl Read for OneRow {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.bytes.get(self.given..).unwrap_or_default();
        let given = rest.read(target)?;
        self.given += given;
        Ok(given)
    }
}

impl CellReader {
    fn new(delimiter: u8) -> Self {
        let mut builder = csv::ReaderBuilder::new();
        builder
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter);
        Self(builder.from_reader(OneRow::default()))
    }

    /// Reads a row that ends outside of quotation marks.
    fn read(
        &mut self,
        bytes: &[u8],
        at: Position,
        record: &mut StringRecord,
    ) -> Result<(), String> {
        utf8(bytes, at)?;
        let row = self.0.get_mut();
        row.bytes.clear();
        row.bytes.extend_from_slice(bytes);
        row.bytes.push(b'\n');
        row.given = 0;
        match self.0.read_record(record) {
            Ok(true) => Ok(()),
            Ok(false) => Err("not a row of cells".to_owned()),
            Err(error) => Err(format!("not a row of cells: {error}")),
        }
    }
}

/// Where a row stands and what shape it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawRow {
    pub(crate) at: Position,
    /// Cells of the row.
    pub(crate) fields: usize,
    /// Bytes of the row without its end, also those past the bound.
    pub(crate) length: u64,
    /// Whether the file ended within quotation marks.
    pub(crate) unclosed: bool,
}

/// Where in a cell the splitter stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

/// Finds the ends of rows. Empty lines are no rows.
pub(crate) struct RowSplitter<R> {
    reader: R,
    delimiters: Vec<u8>,
    limit: usize,
    next: Position,
    buffer: Vec<u8>,
    /// The last byte was a carriage return: a line feed now belongs to it.
    after_return: bool,
}

impl<R: BufRead> RowSplitter<R> {
    fn new(reader: R, start_byte: u64, max_bytes: u64) -> Self {
        Self {
            reader,
            delimiters: RECOGNISED.to_vec(),
            limit: usize::try_from(max_bytes).unwrap_or(usize::MAX),
            next: Position {
                line: 1,
                byte: start_byte,
            },
            buffer: Vec::new(),
            after_return: false,
        }
    }

    /// The bytes of the last row, as far as the bound allows.
    fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    fn next_row(&mut self) -> io::Result<Option<RawRow>> {
        self.buffer.clear();
        let mut state = State::CellStart;
        let mut row: Option<RawRow> = None;
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                return Ok(row.map(|row| RawRow {
                    unclosed: state == State::Quoted,
                    ..row
                }));
            }
            let mut used = 0;
            let mut ended = false;
            for &byte in chunk {
                used += 1;
                let at = self.next;
                self.next.byte += 1;
                // A line feed after a carriage return is part of the same end of line.
                let starts_line = byte == b'\r' || (byte == b'\n' && !self.after_return);
                let second_half = byte == b'\n' && self.after_return;
                self.after_return = byte == b'\r';
                if starts_line {
                    self.next.line += 1;
                }
                let ends = matches!(byte, b'\r' | b'\n') && state != State::Quoted;
                if ends && (row.is_none() || second_half) {
                    continue;
                }
                if ends {
                    ended = true;
                    break;
                }
                let row = row.get_or_insert(RawRow {
                    at,
                    fields: 1,
                    length: 0,
                    unclosed: false,
                });
                row.length += 1;
                if self.buffer.len() < self.limit {
                    self.buffer.push(byte);
                }
                let delimits = state != State::Quoted && self.delimiters.contains(&byte);
                row.fields += usize::from(delimits);
                state = next_state(state, byte, delimits);
            }
            self.reader.consume(used);
            if ended {
                return Ok(row);
            }
        }
    }
}

fn next_state(state: State, byte: u8, delimits: bool) -> State {
    match (state, byte) {
        _ if delimits => State::CellStart,
        (State::CellStart | State::QuoteInQuoted, b'"') => State::Quoted,
        (State::Quoted, b'"') => State::QuoteInQuoted,
        (State::Quoted, _) => State::Quoted,
        _ => State::Plain,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn split(text: &[u8], capacity: usize) -> (Vec<(Position, Vec<String>)>, bool) {
        let reader = io::BufReader::with_capacity(capacity, text);
        let mut rows = RowSplitter::new(reader, 0, 1 << 20);
        rows.delimiters = vec![b','];
        let mut found = Vec::new();
        let mut unclosed = false;
        let mut cells = CellReader::new(b',');
        while let Some(row) = rows.next_row().unwrap() {
            let mut record = StringRecord::new();
            if row.unclosed {
                unclosed = true;
                break;
            }
            cells.read(rows.bytes(), row.at, &mut record).unwrap();
            assert_eq!(record.len(), row.fields, "{text:?}");
            found.push((row.at, record.iter().map(str::to_owned).collect()));
        }
        (found, unclosed)
    }

    #[test]
    fn rows_are_those_of_the_csv_crate_for_every_short_text() {
        let alphabet = b"\",\n\ra";
        for length in 0..=5_u32 {
            for number in 0..5_usize.pow(length) {
                let digits = (0..length).map(|place| number / 5_usize.pow(place) % 5);
                let text: Vec<u8> = digits.map(|digit| alphabet[digit]).collect();
                let mut whole = csv::ReaderBuilder::new()
                    .has_headers(false)
                    .flexible(true)
                    .from_reader(&text[..]);
                let expected: Vec<Vec<String>> = whole
                    .records()
                    .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                    .collect();
                let (found, unclosed) = split(&text, 3);
                let rows: Vec<_> = found.into_iter().map(|row| row.1).collect();
                // The `csv` crate takes what an open quotation mark leaves for a row.
                let complete = expected.len() - usize::from(unclosed);
                assert_eq!(rows, expected[..complete], "{text:?}");
            }
        }
    }

    #[test]
    fn every_row_has_the_line_and_byte_where_it_starts() {
        let text = b"a,b\r\n\"x\r\ny\",1\n\n\rlast,2";
        for capacity in [1, 2, 5, 100] {
            let (rows, unclosed) = split(text, capacity);
            let places: Vec<_> = rows.iter().map(|(at, _)| (at.line, at.byte)).collect();
            assert_eq!(places, [(1, 0), (2, 5), (6, 16)]);
            assert!(!unclosed);
        }
        assert!(split(b"a,\"b\nc,d", 4).1);
    }
}
