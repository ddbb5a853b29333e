//! The header in front of a member, which must say what the directory says.

use std::fs::File;

use super::ArchiveFault;
use super::bytes::{Fields, read_at};
use super::directory::{Entry, Extra, LOCAL_HEADER_BYTES, widen, zip64_extra};

const LOCAL_MAGIC: &[u8; 4] = b"PK\x03\x04";

/// The flag of a member whose sizes stand behind it, because they were not
/// known when its header was written.
const SIZES_FOLLOW: u16 = 1 << 3;

/// Compares the header with the directory; the byte at which the data starts.
pub(super) fn check(file: &File, entry: &Entry) -> Result<u64, ArchiveFault> {
    let differs = |what: &str| {
        entry.damaged(format!(
            "the header in front of it has {what} than the directory"
        ))
    };
    let mut header = [0; 30];
    if !read_at(file, entry.header_start, &mut header)? {
        return Err(entry.damaged("it stands behind the end of the file"));
    }
    let header =
        parse(&header).ok_or_else(|| entry.damaged("there is no header in front of it"))?;
    if usize::from(header.name_bytes) != entry.raw_name.len() {
        return Err(differs("another name"));
    }
    let variable_bytes = u64::from(header.name_bytes) + u64::from(header.extra_bytes);
    let mut variable = vec![0; usize::try_from(variable_bytes).unwrap_or(0)];
    if !read_at(file, entry.header_start + LOCAL_HEADER_BYTES, &mut variable)? {
        return Err(entry.damaged("it stands behind the end of the file"));
    }
    let (name, extra) = variable
        .split_at_checked(entry.raw_name.len())
        .unwrap_or_default();
    if *name != *entry.raw_name {
        return Err(differs("another name"));
    }
    if header.method != entry.method {
        return Err(differs("another compression"));
    }
    let unlike = header.flags ^ entry.flags;
    if unlike & (1 | SIZES_FOLLOW) != 0 {
        return Err(differs("other flags"));
    }
    if !header.agrees(entry, extra) {
        return Err(differs("another size or checksum"));
    }
    let data_start = entry.header_start + LOCAL_HEADER_BYTES + variable_bytes;
    match data_start.checked_add(entry.compressed) {
        Some(end) if end <= entry.room_end => Ok(data_start),
        _ => Err(entry.damaged("it overlaps what follows it")),
    }
}

struct Header {
    flags: u16,
    method: u16,
    crc: u32,
    compressed: u32,
    size: u32,
    name_bytes: u16,
    extra_bytes: u16,
}

fn parse(bytes: &[u8]) -> Option<Header> {
    let mut fields = Fields(bytes.strip_prefix(LOCAL_MAGIC)?);
    fields.u16()?;
    let flags = fields.u16()?;
    let method = fields.u16()?;
    fields.u32()?;
    Some(Header {
        flags,
        method,
        crc: fields.u32()?,
        compressed: fields.u32()?,
        size: fields.u32()?,
        name_bytes: fields.u16()?,
        extra_bytes: fields.u16()?,
    })
}

impl Header {
    /// Whether checksum and sizes are those of the directory. Where they follow
    /// the data, the header may leave them out.
    fn agrees(&self, entry: &Entry, extra: &[u8]) -> bool {
        let mut wide = match zip64_extra(extra) {
            Some(Extra::Once(content)) => Some(Fields(content)),
            Some(Extra::Absent) => None,
            Some(Extra::Repeated) | None => return false,
        };
        let (Some(size), Some(compressed)) = (
            widen(self.size, &mut wide),
            widen(self.compressed, &mut wide),
        ) else {
            return false;
        };
        let open = self.flags & SIZES_FOLLOW != 0;
        let same = |found: u64, expected: u64| {
            found == expected || (open && (found == 0 || found == u64::from(u32::MAX)))
        };
        same(self.crc.into(), entry.crc.into())
            && same(size, entry.size)
            && same(compressed, entry.compressed)
    }
}
