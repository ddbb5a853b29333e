//! The central directory: what the archive holds.

use std::fs::File;

use super::ArchiveFault;
use super::bytes::{Fields, read_at};
use super::end::End;
use crate::text::printable;

const ENTRY_MAGIC: &[u8; 4] = b"PK\x01\x02";

/// Number of the extra field that holds sizes of more than 32 bits.
const ZIP64_EXTRA: u16 = 1;

/// Bytes of the header in front of a member without its name.
pub(super) const LOCAL_HEADER_BYTES: u64 = 30;

/// Flags that say that a member is encrypted, in one of three ways.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;

/// One entry of the directory.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) raw_name: Box<[u8]>,
    pub(super) is_utf8: bool,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) compressed: u64,
    pub(super) size: u64,
    pub(super) header_start: u64,
    /// Where the next member, or the directory, starts.
    pub(super) room_end: u64,
}

impl Entry {
    /// Whether the entry names a folder, which holds nothing itself.
    pub(super) fn is_folder(&self) -> bool {
        self.size == 0 && self.name.ends_with('/')
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.flags & ENCRYPTED != 0
    }

    pub(super) fn damaged(&self, found: impl Into<String>) -> ArchiveFault {
        ArchiveFault::Damaged {
            member: self.name.clone(),
            found: found.into(),
        }
    }
}

/// Reads every entry of the directory, in its order.
pub(super) fn read(file: &File, end: &End) -> Result<Vec<Entry>, ArchiveFault> {
    let directory_bytes = usize::try_from(end.directory_bytes).unwrap_or(usize::MAX);
    let mut directory = vec![0; directory_bytes];
    if !read_at(file, end.directory_start, &mut directory)? {
        return Err(ArchiveFault::CutShort);
    }
    let mut fields = Fields(&directory);
    let mut entries = Vec::new();
    while !fields.0.is_empty() {
        let number = entries.len() + 1;
        let entry = entry(&mut fields).ok_or_else(|| {
            ArchiveFault::contradiction(format!("entry {number} of its directory is damaged"))
        })?;
        entries.push(entry?);
    }
    let found = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    if found != end.entries {
        return Err(ArchiveFault::contradiction(format!(
            "its end record says that it has {} members, its directory has {found}",
            end.entries
        )));
    }
    Ok(entries)
}

/// One entry; `None` where its own bytes do not add up.
fn entry(fields: &mut Fields<'_>) -> Option<Result<Entry, ArchiveFault>> {
    fields.0 = fields.0.strip_prefix(ENTRY_MAGIC)?;
    // Who wrote it and who can read it.
    fields.u32()?;
    let flags = fields.u16()?;
    let method = fields.u16()?;
    // Date and time.
    fields.u32()?;
    let crc = fields.u32()?;
    let compressed = fields.u32()?;
    let size = fields.u32()?;
    let name_bytes = usize::from(fields.u16()?);
    let extra_bytes = usize::from(fields.u16()?);
    let comment_bytes = usize::from(fields.u16()?);
    let disk = fields.u16()?;
    // Attributes.
    fields.u16()?;
    fields.u32()?;
    let header_start = fields.u32()?;
    let raw_name = fields.take(name_bytes)?;
    let extra = fields.take(extra_bytes)?;
    fields.take(comment_bytes)?;
    let mut wide = match zip64_extra(extra)? {
        Extra::Once(content) => Some(Fields(content)),
        Extra::Absent => None,
        Extra::Repeated => {
            let name = printable(&String::from_utf8_lossy(raw_name));
            return Some(Err(ArchiveFault::contradiction(format!(
                "member `{name}` has two lists of sizes"
            ))));
        }
    };
    // Only fields that do not fit stand in the list, in this order.
    let size = widen(size, &mut wide)?;
    let compressed = widen(compressed, &mut wide)?;
    let header_start = widen(header_start, &mut wide)?;
    let disk = match disk {
        0xFFFF => wide.as_mut()?.u32()?,
        disk => disk.into(),
    };
    let name = String::from_utf8_lossy(raw_name).into_owned();
    if disk != 0 {
        let name = printable(&name);
        return Some(Err(ArchiveFault::contradiction(format!(
            "member `{name}` is said to stand in another file"
        ))));
    }
    Some(Ok(Entry {
        is_utf8: std::str::from_utf8(raw_name).is_ok(),
        name,
        raw_name: raw_name.into(),
        flags,
        method,
        crc,
        compressed,
        size,
        header_start,
        room_end: 0,
    }))
}

/// A field of 32 bits, or the one of 64 bits in its place.
pub(super) fn widen(field: u32, wide: &mut Option<Fields<'_>>) -> Option<u64> {
    match (field, wide) {
        (u32::MAX, Some(wide)) => wide.u64(),
        (field, _) => Some(field.into()),
    }
}

/// The zip64 field among the extra fields.
pub(super) enum Extra<'a> {
    Absent,
    Once(&'a [u8]),
    Repeated,
}

/// Finds the zip64 field; `None` where the lengths of the fields do not add up.
pub(super) fn zip64_extra(extra: &[u8]) -> Option<Extra<'_>> {
    let mut fields = Fields(extra);
    let mut found = Extra::Absent;
    while !fields.0.is_empty() {
        let number = fields.u16()?;
        let length = usize::from(fields.u16()?);
        let content = fields.take(length)?;
        if number == ZIP64_EXTRA {
            found = match found {
                Extra::Absent => Extra::Once(content),
                _ => Extra::Repeated,
            };
        }
    }
    Some(found)
}

/// Refuses an archive whose members share bytes, and notes how much room each
/// member has.
pub(super) fn refuse_overlaps(
    entries: &mut [Entry],
    directory_start: u64,
) -> Result<(), ArchiveFault> {
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&position| entries.get(position).map(|entry| entry.header_start));
    let mut next_start = directory_start;
    let mut next_name = None;
    for position in order.into_iter().rev() {
        let Some(entry) = entries.get_mut(position) else {
            continue;
        };
        entry.room_end = next_start;
        let name_bytes = u64::try_from(entry.raw_name.len()).unwrap_or(u64::MAX);
        let least_end = entry
            .header_start
            .checked_add(LOCAL_HEADER_BYTES + name_bytes)
            .and_then(|start| start.checked_add(entry.compressed));
        if least_end.is_none_or(|end| end > next_start) {
            let name = printable(&entry.name);
            let other = match next_name {
                None => "the directory".to_owned(),
                Some(other) => format!("`{other}`"),
            };
            return Err(ArchiveFault::contradiction(format!(
                "member `{name}` overlaps {other}"
            )));
        }
        next_start = entry.header_start;
        next_name = Some(printable(&entry.name));
    }
    Ok(())
}
