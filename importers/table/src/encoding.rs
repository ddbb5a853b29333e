//! How the characters of a table are written, and their way to UTF-8.
//!
//! Spreadsheets export UTF-16 with a byte order mark, and PowerShell writes it
//! when a program's output goes to a file. It is decoded while it streams. What
//! is not well formed comes out as bytes that no UTF-8 has, so that the row
//! that holds it becomes a reject and its text is never altered in silence.

use std::io::{self, Read};

use serde::Deserialize;

/// How characters are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Encoding {
    /// One to four bytes a character.
    #[serde(rename = "utf-8")]
    Utf8,
    /// Two or four bytes a character, the low byte first.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// Two or four bytes a character, the high byte first.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// One byte a character, as spreadsheets of Western Europe write plain "CSV".
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// The name in a mapping.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf16Le => "utf-16le",
            Encoding::Utf16Be => "utf-16be",
            Encoding::Windows1252 => "windows-1252",
        }
    }

    /// The byte order mark at the start of a file and its length.
    pub(crate) fn of_mark(head: &[u8]) -> Option<(Self, usize)> {
        match head {
            [0xEF, 0xBB, 0xBF, ..] => Some((Encoding::Utf8, 3)),
            [0xFF, 0xFE, ..] => Some((Encoding::Utf16Le, 2)),
            [0xFE, 0xFF, ..] => Some((Encoding::Utf16Be, 2)),
            _ => None,
        }
    }

    /// Bytes that the file has for a byte of the decoded text.
    ///
    /// A continuation byte belongs to the character before it; four bytes of
    /// UTF-8 are a surrogate pair of UTF-16.
    pub(crate) const fn width(self, byte: u8) -> u64 {
        let continues = byte & 0xC0 == 0x80;
        match self {
            Encoding::Utf8 => 1,
            _ if continues => 0,
            Encoding::Windows1252 => 1,
            Encoding::Utf16Le | Encoding::Utf16Be if byte >= 0xF0 && byte != ODD_BYTE => 4,
            Encoding::Utf16Le | Encoding::Utf16Be => 2,
        }
    }

    /// Checks decoded bytes that start at a byte of the file.
    pub(crate) fn check(self, bytes: &[u8], start: Option<u64>) -> Result<&str, String> {
        std::str::from_utf8(bytes).map_err(|error| {
            let (good, bad) = bytes.split_at(error.valid_up_to());
            let before: u64 = good.iter().map(|&byte| self.width(byte)).sum();
            let place = match start {
                Some(start) => format!(" at byte {} of the file", start.saturating_add(before)),
                None => String::new(),
            };
            match (self, bad.first()) {
                (Encoding::Utf8, byte) => format!(
                    "byte 0x{:02X}{place} is not UTF-8; save the table as UTF-8",
                    byte.copied().unwrap_or_default()
                ),
                (_, Some(&ODD_BYTE)) => {
                    format!(
                        "half a character of {}{place}, where the file ends",
                        self.name()
                    )
                }
                _ => format!("half a surrogate pair{place} is not {}", self.name()),
            }
        })
    }
}

/// Stands for the last byte of UTF-16 text with an odd number of bytes; no UTF-8 has it.
const ODD_BYTE: u8 = 0xFF;

/// Bytes decoded at a time.
const CHUNK_BYTES: usize = 16 << 10;

/// The characters of Windows-1252 from 0x80 to 0x9F, as the WHATWG's index has them.
const WINDOWS_1252: [u16; 32] = [
    0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039,
    0x0152, 0x8D, 0x017D, 0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
];

/// Turns a file's characters into UTF-8 while they are read.
pub(crate) struct Decoder<R> {
    reader: R,
    encoding: Encoding,
    /// Bytes of the file that are not decoded yet.
    raw: Vec<u8>,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> Decoder<R> {
    pub(crate) fn new(reader: R, encoding: Encoding) -> Self {
        Self {
            reader,
            encoding,
            raw: Vec::new(),
            text: Vec::new(),
            given: 0,
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.given = 0;
        let bound = u64::try_from(CHUNK_BYTES).unwrap_or(u64::MAX);
        let read = self
            .reader
            .by_ref()
            .take(bound)
            .read_to_end(&mut self.raw)?;
        self.ended = read == 0;
        let used = match self.encoding {
            Encoding::Utf8 => self.copy(),
            Encoding::Windows1252 => self.decode_windows(),
            Encoding::Utf16Le => self.decode_pairs(u16::from_le_bytes),
            Encoding::Utf16Be => self.decode_pairs(u16::from_be_bytes),
        };
        self.raw.drain(..used);
        if self.ended && !self.raw.is_empty() {
            self.raw.clear();
            self.text.push(ODD_BYTE);
        }
        Ok(())
    }

    fn copy(&mut self) -> usize {
        self.text.extend_from_slice(&self.raw);
        self.raw.len()
    }

    fn decode_windows(&mut self) -> usize {
        for &byte in &self.raw {
            let place = usize::from(byte.wrapping_sub(0x80));
            let high = WINDOWS_1252.get(place).filter(|_| byte >= 0x80);
            push_unit(&mut self.text, high.copied().unwrap_or(u16::from(byte)));
        }
        self.raw.len()
    }

    /// Decodes whole characters and returns how many bytes they took.
    fn decode_pairs(&mut self, unit: fn([u8; 2]) -> u16) -> usize {
        let mut units = self.raw.chunks_exact(2).filter_map(|pair| match pair {
            [first, second] => Some(unit([*first, *second])),
            _ => None,
        });
        let mut used = 0;
        let mut next = units.next();
        while let Some(first) = next {
            next = units.next();
            let high = (0xD800..0xDC00).contains(&first);
            match next {
                // The other half may come with the next bytes.
                None if high && !self.ended => break,
                Some(second) if high && (0xDC00..0xE000).contains(&second) => {
                    let pair = char::decode_utf16([first, second]).flatten();
                    for character in pair {
                        let mut bytes = [0; 4];
                        self.text
                            .extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
                    }
                    used += 4;
                    next = units.next();
                }
                _ => {
                    push_unit(&mut self.text, first);
                    used += 2;
                }
            }
        }
        used
    }
}

/// Writes a code unit; half a surrogate pair becomes three bytes that are not UTF-8.
fn push_unit(text: &mut Vec<u8>, unit: u16) {
    let [high, low] = unit.to_be_bytes();
    let middle = (high & 0x0F) << 2 | low >> 6;
    let last = 0x80 | (low & 0x3F);
    match unit {
        0..0x80 => text.push(low),
        0x80..0x800 => text.extend_from_slice(&[0xC0 | middle, last]),
        _ => text.extend_from_slice(&[0xE0 | high >> 4, 0x80 | middle, last]),
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.given == self.text.len() && !self.ended {
            self.fill()?;
        }
        let mut rest = self.text.get(self.given..).unwrap_or_default();
        let read = rest.read(target)?;
        self.given += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Gives one byte at a time, so that every character is cut.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            let length = self.0.len().min(1).min(target.len());
            let (now, later) = self.0.split_at(length);
            target[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }

    fn decode(bytes: &[u8], encoding: Encoding) -> Vec<u8> {
        let mut text = Vec::new();
        Decoder::new(Dripping(bytes), encoding)
            .read_to_end(&mut text)
            .unwrap();
        let mut at_once = Vec::new();
        Decoder::new(bytes, encoding)
            .read_to_end(&mut at_once)
            .unwrap();
        assert_eq!(text, at_once);
        text
    }

    #[test]
    fn utf16_of_both_orders_becomes_utf8_wherever_it_is_cut() {
        let text = "a,é你🔒\r\n\u{FFFF}z";
        for (encoding, order) in [
            (Encoding::Utf16Le, u16::to_le_bytes as fn(u16) -> [u8; 2]),
            (Encoding::Utf16Be, u16::to_be_bytes),
        ] {
            let bytes: Vec<u8> = text.encode_utf16().flat_map(order).collect();
            let decoded = decode(&bytes, encoding);
            assert_eq!(decoded, text.as_bytes());
            let width: u64 = decoded.iter().map(|&byte| encoding.width(byte)).sum();
            assert_eq!(width, u64::try_from(bytes.len()).unwrap());
        }
    }

    #[test]
    fn what_is_no_utf16_is_never_turned_into_other_text() {
        for (units, byte) in [
            (&[0x61, 0xD800, 0x62][..], 2),
            (&[0xDC00], 0),
            (&[0x61, 0xD800], 2),
            (&[0xD83D, 0xD83D, 0xDD12], 0),
        ] {
            let bytes: Vec<u8> = units.iter().copied().flat_map(u16::to_le_bytes).collect();
            let decoded = decode(&bytes, Encoding::Utf16Le);
            let reason = Encoding::Utf16Le.check(&decoded, Some(0)).unwrap_err();
            let expected = format!("half a surrogate pair at byte {byte} of the file");
            assert!(reason.starts_with(&expected), "{reason}");
        }
        let decoded = decode(b"a\0b", Encoding::Utf16Le);
        let reason = Encoding::Utf16Le.check(&decoded, Some(10)).unwrap_err();
        assert!(
            reason.starts_with("half a character of utf-16le at byte 12"),
            "{reason}"
        );
    }

    #[test]
    fn windows_1252_has_a_character_for_every_byte() {
        let all: Vec<u8> = (0..=255).collect();
        let text = String::from_utf8(decode(&all, Encoding::Windows1252)).unwrap();
        assert_eq!(text.chars().count(), 256);
        assert_eq!(
            decode(b"\x80 \x9F \xE9", Encoding::Windows1252),
            "€ Ÿ é".as_bytes()
        );
    }
}
