//! The part of a document that is held in memory, and the end of a value in it.

use std::io::{self, Read};

use super::pieces::Found;

/// Most bytes asked of the reader at once.
const READ_BYTES: usize = 256 << 10;

/// Bytes asked of it at first, and as many again as were read: a document of a
/// few kilobytes needs no large buffer.
const FIRST_READ_BYTES: usize = 16 << 10;

/// How far a value was followed when the document ended, or that it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// The value is complete.
    Ended,
    /// A bare word or number ran into the end of the document.
    InWord,
    /// A string or a container is open.
    Open,
}

/// The held bytes: `buffer[start..end]`, of which the first stands at `byte`.
#[derive(Debug)]
pub(super) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    byte: u64,
}

impl<R: Read> Window<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            byte: 0,
        }
    }

    /// Byte offset of the front.
    pub(super) const fn byte(&self) -> u64 {
        self.byte
    }

    fn held(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads more behind what is held; `false` at the end of the document.
    fn fill(&mut self) -> io::Result<bool> {
        let wanted = usize::try_from(self.byte).unwrap_or(READ_BYTES);
        let wanted = wanted.clamp(FIRST_READ_BYTES, READ_BYTES);
        if self.start > 0 && self.buffer.len() - self.end < wanted {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < wanted {
            // Doubling keeps the copies of a long piece linear in its length.
            let grown = (self.buffer.len() * 2).max(self.end + wanted);
            self.buffer.resize(grown, 0);
        }
        loop {
            let room = self.buffer.get_mut(self.end..).unwrap_or_default();
            match self.reader.read(room) {
                Ok(read) => {
                    self.end += read.min(room.len());
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The byte at the front, or `None` at the end of the document.
    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.start == self.end && !self.fill()? {
            return Ok(None);
        }
        Ok(self.held().first().copied())
    }

    /// Drops bytes at the front.
    pub(super) fn advance(&mut self, bytes: usize) {
        let bytes = bytes.min(self.end - self.start);
        self.start += bytes;
        self.byte = self.byte.saturating_add(length(bytes));
    }

    /// Drops these bytes if they stand at the front.
    pub(super) fn skip(&mut self, bytes: &[u8]) -> io::Result<()> {
        while self.end - self.start < bytes.len() && self.fill()? {}
        if self.held().starts_with(bytes) {
            self.advance(bytes.len());
        }
        Ok(())
    }

    /// Drops white space at the front.
    pub(super) fn skip_white_space(&mut self) -> io::Result<()> {
        loop {
            let held = self.held();
            let blank = held.iter().position(|byte| !is_white_space(*byte));
            let blank_bytes = blank.unwrap_or(held.len());
            self.advance(blank_bytes);
            if blank.is_some() || !self.fill()? {
                return Ok(());
            }
        }
    }

    /// Takes the value at the front, which is not white space. At most `longest`
    /// of its bytes are kept; a longer one is read past and not kept at all.
    pub(super) fn take_value(&mut self, longest: usize) -> io::Result<(Scan, Found)> {
        let start = self.byte;
        let mut follower = Follower::default();
        let mut scanned = 0;
        let mut kept = true;
        let end = loop {
            let fresh = self.held().get(scanned..).unwrap_or_default();
            let ended = follower.follow(fresh);
            scanned += ended.unwrap_or(fresh.len());
            if !kept || scanned > longest {
                kept = false;
                self.advance(scanned);
                scanned = 0;
            }
            if ended.is_some() {
                break Scan::Ended;
            }
            if !self.fill()? {
                break follower.at_end();
            }
        };
        self.advance(scanned);
        let found = Found {
            start,
            bytes: self.byte - start,
            kept: kept.then_some(scanned),
        };
        Ok((end, found))
    }

    /// The bytes that were dropped last.
    pub(super) fn taken(&self, bytes: usize) -> &[u8] {
        let from = self.start.saturating_sub(bytes);
        self.buffer.get(from..self.start).unwrap_or_default()
    }
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

const fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Follows one value over any number of buffers.
#[derive(Debug, Default)]
struct Follower {
    place: Place,
    /// Open brackets, of either kind.
    depth: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    /// At its first byte.
    #[default]
    Start,
    /// In a bare word or number.
    Word,
    /// In a container, between strings.
    Between,
    /// In a string.
    Text,
    /// In a string, after a backslash.
    Escape,
}

impl Follower {
    /// Follows the value through these bytes; the position after its last byte
    /// if it ends in them.
    fn follow(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut position = 0;
        while let Some(&byte) = bytes.get(position) {
            match self.place {
                Place::Start => match byte {
                    b'"' => self.place = Place::Text,
                    b'{' | b'[' => {
                        self.depth = 1;
                        self.place = Place::Between;
                    }
                    _ => self.place = Place::Word,
                },
                Place::Word => {
                    if is_white_space(byte) || b",:{}[]\"".contains(&byte) {
                        return Some(position);
                    }
                }
                Place::Between => match byte {
                    b'"' => self.place = Place::Text,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            return Some(position + 1);
                        }
                    }
                    _ => {}
                },
                Place::Text => {
                    let rest = bytes.get(position..).unwrap_or_default();
                    let found = memchr::memchr2(b'"', b'\\', rest)?;
                    position += found;
                    if rest.get(found) == Some(&b'\\') {
                        self.place = Place::Escape;
                    } else if self.depth == 0 {
                        return Some(position + 1);
                    } else {
                        self.place = Place::Between;
                    }
                }
                Place::Escape => self.place = Place::Text,
            }
            position += 1;
        }
        None
    }

    const fn at_end(&self) -> Scan {
        match self.place {
            Place::Word => Scan::InWord,
            _ => Scan::Open,
        }
    }
}
