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

use crate::encoding::Encoding;
use crate::mapping::nearest;
use crate::row::{Cell, Place, RowHandler, too_long};
use crate::source::{io_error, refused};

/// Delimiters that are recognised from the header without being declared.
pub(crate) const RECOGNISED: &[u8] = b",;\t|";

/// Most columns of a table; spreadsheets stop at 16,384.
const MAX_COLUMNS: usize = 16_384;

/// How many column names a message lists.
const MAX_LISTED: usize = 40;

/// Longest column name that a message shows.
const MAX_SHOWN_CHARS: usize = 100;

/// What to read from a delimited file.
pub(crate) struct Layout<'a> {
    pub(crate) path: &'a Path,
    pub(crate) delimiter: Option<u8>,
    pub(crate) encoding: Encoding,
    pub(crate) slots: &'a [String],
    pub(crate) limits: &'a Limits,
}

/// Reads every row after the header. Returns the header, and whether the last
/// row is a reject that no line end follows: the file was probably cut short.
pub(crate) fn read<R: BufRead>(
    reader: R,
    start_byte: u64,
    layout: &Layout<'_>,
    handle: &mut RowHandler<'_>,
) -> Result<(Header, bool), ImportError> {
    let limit = layout.limits.max_record_bytes;
    let mut rows = RowSplitter::new(reader, start_byte, limit, layout.encoding);
    let header = start(&mut rows, layout)?;
    let columns = match_columns(&header, layout)?;
    let mut cell_reader = CellReader::new(header.delimiter, layout.encoding);
    let mut record = StringRecord::new();
    let mut cut_short = false;
    let io = |cause| io_error(layout.path, cause);
    while let Some(row) = rows.next_row().map_err(io)? {
        let place = Place {
            record: row.at.line,
            byte: Some(row.at.byte),
        };
        let checked = check_row(&row, rows.bytes(), header.names.len(), limit)
            .and_then(|()| cell_reader.read(rows.bytes(), row.at, &mut record));
        match checked {
            Ok(()) => {
                let cells: Vec<Cell<'_>> = columns
                    .iter()
                    .map(|&position| match record.get(position) {
                        Some(text) => Cell::Text(Cow::Borrowed(text)),
                        None => Cell::Absent,
                    })
                    .collect();
                handle(place, Ok(&cells))?;
            }
            Err(reason) => {
                cut_short = row.without_end;
                handle(place, Err(reason))?;
            }
        }
    }
    Ok((header, cut_short))
}

/// The first line of a table.
pub(crate) struct Header {
    pub(crate) delimiter: u8,
    /// Whether the mapping or the file itself says so.
    pub(crate) declared: bool,
    /// Names of the columns without the space around them.
    pub(crate) names: Vec<String>,
}

/// Reads the header, after the line with which spreadsheets declare a delimiter.
fn start<R: BufRead>(
    rows: &mut RowSplitter<R>,
    layout: &Layout<'_>,
) -> Result<Header, ImportError> {
    let mut declared = layout.delimiter;
    if let Some(delimiter) = declared {
        rows.delimiters = vec![delimiter];
    }
    let mut row = next_header_row(rows, layout)?;
    if let [b's', b'e', b'p', b'=', delimiter] = *rows.bytes() {
        declared = declared.or(Some(delimiter));
        rows.delimiters = declared.into_iter().collect();
        row = next_header_row(rows, layout)?;
    }
    let header = read_header(rows, &row, declared, layout)?;
    rows.delimiters = vec![header.delimiter];
    Ok(header)
}

fn next_header_row<R: BufRead>(
    rows: &mut RowSplitter<R>,
    layout: &Layout<'_>,
) -> Result<RawRow, ImportError> {
    let row = rows
        .next_row()
        .map_err(|cause| io_error(layout.path, cause))?;
    row.ok_or_else(|| {
        let hint = "check that the path is the table and that it was written completely";
        refused(layout.path, "no header line, the file is empty", hint)
    })
}

fn read_header<R: BufRead>(
    rows: &RowSplitter<R>,
    header: &RawRow,
    declared: Option<u8>,
    layout: &Layout<'_>,
) -> Result<Header, ImportError> {
    let hint = format!(
        "the first line must hold the column names, in {}",
        layout.encoding.name()
    );
    let fault = |found: String| refused(layout.path, format!("header: {found}"), hint.clone());
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
    let candidates = declared.map_or_else(|| RECOGNISED.to_vec(), |delimiter| vec![delimiter]);
    let mut best: Option<Header> = None;
    for delimiter in candidates {
        let mut record = StringRecord::new();
        CellReader::new(delimiter, layout.encoding)
            .read(rows.bytes(), header.at, &mut record)
            .map_err(fault)?;
        let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        let slots = layout.slots;
        let found = Header {
            delimiter,
            declared: declared.is_some(),
            names,
        };
        if !slots.is_empty() && slots.iter().all(|slot| found.has(slot)) {
            return Ok(found);
        }
        if best
            .as_ref()
            .is_none_or(|most| found.names.len() > most.names.len())
        {
            best = Some(found);
        }
    }
    best.ok_or_else(|| fault("no column".to_owned()))
}

impl Header {
    fn has(&self, slot: &str) -> bool {
        self.names.iter().any(|name| name == slot.trim())
    }
}

/// The position of each slot. A name that stands twice is a fault only where it is mapped.
fn match_columns(header: &Header, layout: &Layout<'_>) -> Result<Vec<usize>, ImportError> {
    let positions = layout.slots.iter().map(|slot| {
        let wanted = slot.trim();
        let mut places = header
            .names
            .iter()
            .enumerate()
            .filter(|(_, name)| *name == wanted);
        match (places.next(), places.next()) {
            (Some((position, _)), None) => Ok(position),
            (Some(_), Some(_)) => {
                let found = format!("column `{}` stands twice in the header", printable(wanted));
                let hint = "the mapping names it: give every mapped column a name of its own";
                Err(refused(layout.path, found, hint))
            }
            (None, _) => Err(missing_column(layout.path, wanted, &header.names)),
        }
    });
    positions.collect()
}

/// Finds the delimiter that splits the rows most evenly, and the columns that
/// it gives, where no mapping says which columns there are.
pub(crate) fn survey<R: BufRead>(
    open: impl Fn() -> Result<(R, u64), ImportError>,
    layout: &Layout<'_>,
) -> Result<Header, ImportError> {
    let split = || {
        let (reader, start_byte) = open()?;
        let limit = layout.limits.max_record_bytes;
        Ok::<_, ImportError>(RowSplitter::new(reader, start_byte, limit, layout.encoding))
    };
    let plain = start(&mut split()?, layout)?;
    if plain.declared {
        return Ok(plain);
    }
    let mut best: Option<((usize, usize), Header)> = None;
    for &delimiter in RECOGNISED {
        let declared = Layout {
            delimiter: Some(delimiter),
            ..*layout
        };
        let mut rows = split()?;
        let header = start(&mut rows, &declared)?;
        let mut even = 0;
        for _ in 0..SURVEYED_ROWS {
            match rows.next_row() {
                Ok(Some(row)) => even += usize::from(row.fields == header.names.len()),
                Ok(None) => break,
                Err(cause) => return Err(io_error(layout.path, cause)),
            }
        }
        // One column splits every row evenly and is no evidence.
        let several = if header.names.len() > 1 { even + 1 } else { 0 };
        let score = (several, header.names.len());
        if best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, header));
        }
    }
    Ok(best.map_or(plain, |(_, header)| header))
}

/// Rows that are looked at to find the delimiter.
const SURVEYED_ROWS: usize = 100;

/// Refuses a source that lacks a mapped column, and lists those it has.
pub(crate) fn missing_column(path: &Path, wanted: &str, names: &[String]) -> ImportError {
    let shown: Vec<String> = names
        .iter()
        .take(MAX_LISTED)
        .map(|name| match name.chars().count() {
            characters if characters > MAX_SHOWN_CHARS => {
                format!("a name of {characters} characters")
            }
            _ => format!("`{}`", printable(name)),
        })
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
        None => "name a column that the table has, or declare its `delimiter`, or in JSON the \
                 list of `rows`"
            .to_owned(),
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
struct CellReader {
    reader: csv::Reader<OneRow>,
    encoding: Encoding,
}

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
    fn new(delimiter: u8, encoding: Encoding) -> Self {
        let mut builder = csv::ReaderBuilder::new();
        builder
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter);
        Self {
            reader: builder.from_reader(OneRow::default()),
            encoding,
        }
    }

    /// Reads a row that ends outside of quotation marks.
    fn read(
        &mut self,
        bytes: &[u8],
        at: Position,
        record: &mut StringRecord,
    ) -> Result<(), String> {
        self.encoding.check(bytes, Some(at.byte))?;
        let row = self.reader.get_mut();
        row.bytes.clear();
        row.bytes.extend_from_slice(bytes);
        row.bytes.push(b'\n');
        row.given = 0;
        match self.reader.read_record(record) {
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
    /// Whether the file ended before the row did.
    pub(crate) without_end: bool,
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
    encoding: Encoding,
}

impl<R: BufRead> RowSplitter<R> {
    fn new(reader: R, start_byte: u64, max_bytes: u64, encoding: Encoding) -> Self {
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
            encoding,
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
                    without_end: true,
                    ..row
                }));
            }
            let mut used = 0;
            let mut ended = false;
            for &byte in chunk {
                used += 1;
                let at = self.next;
                self.next.byte += self.encoding.width(byte);
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
                    without_end: false,
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
        let mut rows = RowSplitter::new(reader, 0, 1 << 20, Encoding::Utf8);
        rows.delimiters = vec![b','];
        let mut found = Vec::new();
        let mut unclosed = false;
        let mut cells = CellReader::new(b',', Encoding::Utf8);
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
