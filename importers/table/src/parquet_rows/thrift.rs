//! Thrift's compact protocol, as far as a check of Parquet's headers needs it.
//!
//! The `parquet` crate trusts what a header declares: it reserves memory for
//! the counts in it and follows its nesting by recursion. So headers are walked
//! here first, within bounds, and only a header that holds is handed on.

use std::io::Read;

/// Deepest nesting of a field that is read past. Parquet's own headers nest
/// less than ten levels.
const MAX_DEPTH: u32 = 16;

/// Types of fields, as the protocol numbers them.
pub(super) mod kind {
    pub(in super::super) const TRUE: u8 = 1;
    pub(in super::super) const FALSE: u8 = 2;
    pub(in super::super) const BYTE: u8 = 3;
    pub(in super::super) const I16: u8 = 4;
    pub(in super::super) const I32: u8 = 5;
    pub(in super::super) const I64: u8 = 6;
    pub(in super::super) const DOUBLE: u8 = 7;
    pub(in super::super) const BINARY: u8 = 8;
    pub(in super::super) const LIST: u8 = 9;
    pub(in super::super) const SET: u8 = 10;
    pub(in super::super) const MAP: u8 = 11;
    pub(in super::super) const STRUCT: u8 = 12;
    pub(in super::super) const UUID: u8 = 13;
}

/// A field of a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldHead {
    pub(super) id: i16,
    pub(super) kind: u8,
}

/// Walks structs within a bound on bytes.
pub(super) struct Thrift<R> {
    reader: R,
    read: u64,
    max_bytes: u64,
}

impl<R: Read> Thrift<R> {
    pub(super) const fn new(reader: R, max_bytes: u64) -> Self {
        Self {
            reader,
            read: 0,
            max_bytes,
        }
    }

    /// Bytes that were read.
    pub(super) const fn bytes_read(&self) -> u64 {
        self.read
    }

    fn byte(&mut self) -> Result<u8, String> {
        let mut byte = [0];
        self.take(1)?;
        self.reader
            .read_exact(&mut byte)
            .map_err(|_| "it ends too early".to_owned())?;
        let [byte] = byte;
        Ok(byte)
    }

    fn take(&mut self, bytes: u64) -> Result<(), String> {
        self.read = self.read.saturating_add(bytes);
        if self.read > self.max_bytes {
            return Err(format!("it does not end within {} bytes", self.max_bytes));
        }
        Ok(())
    }

    fn skip_bytes(&mut self, bytes: u64) -> Result<(), String> {
        self.take(bytes)?;
        let mut rest = self.reader.by_ref().take(bytes);
        match std::io::copy(&mut rest, &mut std::io::sink()) {
            Ok(skipped) if skipped == bytes => Ok(()),
            _ => Err("it ends too early".to_owned()),
        }
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a number has more than ten bytes".to_owned())
    }

    /// A whole number of any width.
    pub(super) fn integer(&mut self) -> Result<i64, String> {
        let value = self.varint()?;
        let half = i64::try_from(value >> 1).unwrap_or_default();
        Ok(if value & 1 == 0 { half } else { !half })
    }

    /// A whole number where the field is one; the field is of another type otherwise.
    pub(super) fn integer_of(&mut self, field: FieldHead) -> Result<i64, String> {
        match field.kind {
            kind::I16 | kind::I32 | kind::I64 => self.integer(),
            other => Err(format!(
                "field {} is of type {other}, not a number",
                field.id
            )),
        }
    }

    /// The next field, or `None` at the end of the struct.
    pub(super) fn field(&mut self, last: &mut i16) -> Result<Option<FieldHead>, String> {
        let head = self.byte()?;
        if head == 0 {
            return Ok(None);
        }
        let id = match head >> 4 {
            0 => i16::try_from(self.integer()?).ok(),
            delta => last.checked_add(i16::from(delta)),
        };
        let id = id.ok_or("a field has a number out of range")?;
        *last = id;
        let kind = head & 0x0F;
        Ok(Some(FieldHead { id, kind }))
    }

    /// Type and count of the elements of a list.
    pub(super) fn list(&mut self, field: FieldHead) -> Result<(u8, u64), String> {
        if !matches!(field.kind, kind::LIST | kind::SET) {
            return Err(format!("field {} is no list", field.id));
        }
        let head = self.byte()?;
        let count = match head >> 4 {
            15 => self.varint()?,
            short => u64::from(short),
        };
        // Every element takes at least one byte.
        if count > self.max_bytes.saturating_sub(self.read) {
            return Err(format!(
                "field {} declares {count} elements, more than there are bytes",
                field.id
            ));
        }
        Ok((head & 0x0F, count))
    }

    /// Reads past the value of a field.
    pub(super) fn skip(&mut self, field: FieldHead) -> Result<(), String> {
        match field.kind {
            // The type of a field says whether it is true.
            kind::TRUE | kind::FALSE => Ok(()),
            other => self.skip_value(other, MAX_DEPTH),
        }
    }

    fn skip_value(&mut self, kind_of: u8, levels_left: u32) -> Result<(), String> {
        let deeper = levels_left
            .checked_sub(1)
            .ok_or_else(|| "it is nested too deeply".to_owned())?;
        match kind_of {
            kind::TRUE | kind::FALSE | kind::BYTE => self.skip_bytes(1),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(drop),
            kind::DOUBLE => self.skip_bytes(8),
            kind::UUID => self.skip_bytes(16),
            kind::BINARY => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            kind::LIST | kind::SET => {
                let head = FieldHead {
                    id: 0,
                    kind: kind_of,
                };
                let (element, count) = self.list(head)?;
                for _ in 0..count {
                    self.skip_value(element, deeper)?;
                }
                Ok(())
            }
            kind::MAP => self.skip_map(deeper),
            kind::STRUCT => {
                let mut last = 0;
                while let Some(field) = self.field(&mut last)? {
                    match field.kind {
                        kind::TRUE | kind::FALSE => {}
                        other => self.skip_value(other, deeper)?,
                    }
                }
                Ok(())
            }
            other => Err(format!("unknown type {other}")),
        }
    }

    fn skip_map(&mut self, deeper: u32) -> Result<(), String> {
        let count = self.varint()?;
        if count == 0 {
            return Ok(());
        }
        if count > self.max_bytes.saturating_sub(self.read) {
            return Err("a map declares more entries than there are bytes".to_owned());
        }
        let kinds = self.byte()?;
        for _ in 0..count {
            self.skip_value(kinds >> 4, deeper)?;
            self.skip_value(kinds & 0x0F, deeper)?;
        }
        Ok(())
    }
}
