//! Lines of a file, one at a time, within a bound.
//!
//! Memory follows the longest line that is allowed, not the file. A longer
//! line is read past and reported with its size; the lines after it are read.
//! A line ends with a line feed; a carriage return before it belongs to the end.
//! Nothing is decoded here.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::Limits;

/// Bytes asked of the system at once. Lines of result files have 1 to 100 kB.
const READ_BYTES: usize = 512 << 10;

/// Where a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line from 1.
    pub line: u64,
    /// Byte offset of its first byte.
    pub byte: u64,
}

/// One line without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// The bytes of the line.
    Whole(&'a [u8]),
    /// The line is longer than the bound.
    TooLong {
        /// Its length in bytes.
        bytes: u64,
    },
}

/// Reads lines from a buffered reader.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    limit: usize,
    next: Position,
    /// A line that did not lie whole in the reader's buffer.
    buffer: Vec<u8>,
    /// Bytes of the reader's buffer that the line before was given from.
    lent: usize,
}

/// How a file ends, which tells half a line from a whole one without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Size of the file.
    pub bytes: u64,
    /// Its last byte ends a line.
    pub ends_a_line: bool,
}

impl End {
    /// Looks at the end of a file.
    ///
    /// # Errors
    /// What the system reports.
    pub fn of(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let bytes = file.seek(SeekFrom::End(0))?;
        let mut last = [b'\n'];
        if bytes > 0 {
            file.seek(SeekFrom::Start(bytes - 1))?;
            file.read_exact(&mut last)?;
        }
        Ok(Self {
            bytes,
            ends_a_line: last == [b'\n'],
        })
    }

    /// Whether a line of this many bytes runs into the end of the file.
    pub fn cuts(self, at: Position, length: usize) -> bool {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        !self.ends_a_line && at.byte.saturating_add(length) >= self.bytes
    }
}

impl Lines<BufReader<File>> {
    /// Opens a file at the first byte of one of its lines. The lines are
    /// counted from there.
    ///
    /// # Errors
    /// What the system reports.
    pub fn open(path: &Path, byte: u64, limits: &Limits) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(byte))?;
        let reader = BufReader::with_capacity(READ_BYTES, file);
        Ok(Self::new(reader, limits.max_record_bytes).starting_at(byte))
    }
}

impl<R: BufRead> Lines<R> {
    /// Reads lines of at most `max_bytes`, from byte 0 and line 1.
    pub fn new(reader: R, max_bytes: u64) -> Self {
        Self {
            reader,
            limit: usize::try_from(max_bytes).unwrap_or(usize::MAX),
            next: Position { line: 1, byte: 0 },
            buffer: Vec::new(),
            lent: 0,
        }
    }

    /// Says that the reader already stands at this byte of the file.
    #[must_use]
    pub fn starting_at(mut self, byte: u64) -> Self {
        self.next.byte = byte;
        self
    }

    /// Bytes of the file that have been read so far.
    pub fn bytes_read(&self) -> u64 {
        self.next.byte
    }

    /// Reads the next line, or `None` at the end of the file.
    ///
    /// # Errors
    /// What the reader reports.
    pub fn next_line(&mut self) -> io::Result<Option<(Position, Line<'_>)>> {
        self.reader.consume(std::mem::take(&mut self.lent));
        let end = memchr::memchr(b'\n', self.reader.fill_buf()?);
        match end {
            // Most lines lie whole in the buffer and are not copied.
            Some(end) if end <= self.limit => self.lend(end).map(Some),
            _ => self.collect(),
        }
    }

    /// Gives the line that ends at this byte of the reader's buffer.
    fn lend(&mut self, end: usize) -> io::Result<(Position, Line<'_>)> {
        let start = self.next;
        self.lent = end + 1;
        self.next.byte += u64::try_from(self.lent).unwrap_or(u64::MAX);
        self.next.line += 1;
        let line = self.reader.fill_buf()?.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Ok((start, Line::Whole(line)))
    }

    /// Puts a line together that is longer than the reader's buffer, or than the bound.
    fn collect(&mut self) -> io::Result<Option<(Position, Line<'_>)>> {
        let start = self.next;
        self.buffer.clear();
        let mut length = 0_u64;
        let mut ended = false;
        while !ended {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                break;
            }
            let end = memchr::memchr(b'\n', chunk);
            let used = end.map_or(chunk.len(), |end| end + 1);
            let content = end.unwrap_or(chunk.len());
            // One byte more than the bound is kept: it may be a carriage return.
            let room = self.limit.saturating_add(1) - self.buffer.len();
            self.buffer.extend_from_slice(&chunk[..content.min(room)]);
            length += u64::try_from(content).unwrap_or(u64::MAX);
            self.next.byte += u64::try_from(used).unwrap_or(u64::MAX);
            self.reader.consume(used);
            ended = end.is_some();
        }
        if !ended && length == 0 {
            return Ok(None);
        }
        self.next.line += 1;
        let kept = u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        if ended && kept == length && self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
        let line = if kept < length || self.buffer.len() > self.limit {
            Line::TooLong { bytes: length }
        } else {
            Line::Whole(&self.buffer)
        };
        Ok(Some((start, line)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(text: &[u8], limit: u64, capacity: usize) -> Vec<(u64, u64, Result<String, u64>)> {
        let reader = io::BufReader::with_capacity(capacity, text);
        let mut lines = Lines::new(reader, limit);
        let mut found = Vec::new();
        while let Some((at, line)) = lines.next_line().unwrap() {
            let line = match line {
                Line::Whole(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
                Line::TooLong { bytes } => Err(bytes),
            };
            found.push((at.line, at.byte, line));
        }
        found
    }

    #[test]
    fn lines_have_their_number_and_byte_whatever_the_buffer() {
        let text = b"a\r\n\nlonger than five\nend";
        for capacity in [1, 2, 3, 7, 64] {
            let expected = vec![
                (1, 0, Ok("a".to_owned())),
                (2, 3, Ok(String::new())),
                (3, 4, Err(16)),
                (4, 21, Ok("end".to_owned())),
            ];
            assert_eq!(read(text, 5, capacity), expected);
        }
    }

    #[test]
    fn a_file_is_opened_at_a_line_and_its_end_tells_half_a_line() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let limits = Limits::default();
        let mut lines = Lines::open(&path, 0, &limits).unwrap();
        lines.next_line().unwrap();
        let second = lines.bytes_read();
        let expected = format!(
            "{:?}",
            lines
                .next_line()
                .unwrap()
                .map(|(_, line)| format!("{line:?}"))
        );
        let mut lines = Lines::open(&path, second, &limits).unwrap();
        let (at, line) = lines.next_line().unwrap().unwrap();
        assert_eq!(at.byte, second);
        assert_eq!(format!("{:?}", Some(format!("{line:?}"))), expected);
        assert!(End::of(&path).unwrap().ends_a_line);
        let end = End {
            bytes: 10,
            ends_a_line: false,
        };
        let at = |byte| Position { line: 1, byte };
        assert!(end.cuts(at(4), 6) && !end.cuts(at(0), 4));
    }

    #[test]
    fn the_bound_is_on_the_content_and_not_on_the_line_end() {
        assert_eq!(read(b"abcde\r\n", 5, 4), [(1, 0, Ok("abcde".to_owned()))]);
        assert_eq!(read(b"abcdef\n", 5, 4), [(1, 0, Err(6))]);
        assert_eq!(read(b"", 5, 4), []);
        assert_eq!(read(b"\n", 0, 4), [(1, 0, Ok(String::new()))]);
    }
}
