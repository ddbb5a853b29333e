//! The record at the end of an archive, which says where its directory stands.
//!
//! Exactly one such record may end with the file. A comment that holds another
//! one would show a second reader a second archive.

use std::fs::File;

use super::bytes::{Fields, read_at};
use super::{ArchiveFault, ArchiveLimits, MAGIC};

const END_MAGIC: &[u8; 4] = b"PK\x05\x06";
const ZIP64_END_MAGIC: &[u8; 4] = b"PK\x06\x06";
const ZIP64_LOCATOR_MAGIC: &[u8; 4] = b"PK\x06\x07";

/// Bytes of the end record without its comment.
const END_BYTES: usize = 22;

/// Bytes of the zip64 end record without extensions.
const ZIP64_END_BYTES: usize = 56;

/// Bytes of the record that points at the zip64 end record.
const ZIP64_LOCATOR_BYTES: usize = 20;

/// Longest comment: its length has 16 bits.
const MAX_COMMENT_BYTES: usize = 65_535;

/// Where the directory stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) entries: u64,
    pub(super) directory_start: u64,
    pub(super) directory_bytes: u64,
}

/// The fields of an end record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    disk: u32,
    directory_disk: u32,
    entries_here: u64,
    entries: u64,
    directory_bytes: u64,
    directory_start: u64,
}

/// Finds the end record and checks it against the file.
pub(super) fn find(file: &File, size: u64, limits: &ArchiveLimits) -> Result<End, ArchiveFault> {
    let mut start = [0; 4];
    let starts_well = read_at(file, 0, &mut start)? && (&start == MAGIC || &start == END_MAGIC);
    if !starts_well {
        return Err(ArchiveFault::NotAnArchive);
    }
    let (at, record) = end_record(file, size)?;
    let (record, directory_end) = match zip64_record(file, at)? {
        None => (record, at),
        Some((zip64_at, zip64)) => {
            if !agrees(record, zip64) {
                return Err(ArchiveFault::contradiction(
                    "its two end records say different things",
                ));
            }
            (zip64, zip64_at)
        }
    };
    check(record, directory_end, limits)
}

fn check(record: Record, directory_end: u64, limits: &ArchiveLimits) -> Result<End, ArchiveFault> {
    if record.disk != 0 || record.directory_disk != 0 || record.entries_here != record.entries {
        return Err(ArchiveFault::contradiction(
            "it is one part of an archive of several files",
        ));
    }
    let Record {
        entries,
        directory_bytes,
        directory_start,
        ..
    } = record;
    if directory_start.checked_add(directory_bytes) != Some(directory_end) {
        return Err(ArchiveFault::contradiction(format!(
            "its directory of {directory_bytes} bytes is said to start at byte {directory_start}, \
             but ends at byte {directory_end}"
        )));
    }
    let oversized = |what: &str, found: u64, limit: u64| {
        Err(ArchiveFault::Oversized {
            found: format!("the archive has {what} of {found}, at most {limit} are read"),
        })
    };
    if entries > limits.max_members {
        return oversized("a number of members", entries, limits.max_members);
    }
    if directory_bytes > limits.max_directory_bytes {
        let limit = limits.max_directory_bytes;
        return oversized("a directory with a length in bytes", directory_bytes, limit);
    }
    Ok(End {
        entries,
        directory_start,
        directory_bytes,
    })
}

/// The one end record whose comment ends with the file.
fn end_record(file: &File, size: u64) -> Result<(u64, Record), ArchiveFault> {
    let tail_bytes =
        (END_BYTES + MAX_COMMENT_BYTES).min(usize::try_from(size).unwrap_or(usize::MAX));
    let tail_start = size - u64::try_from(tail_bytes).unwrap_or(size);
    let mut tail = vec![0; tail_bytes];
    if !read_at(file, tail_start, &mut tail)? {
        return Err(ArchiveFault::CutShort);
    }
    let mut found = None;
    let mut stray = None;
    for position in memchr::memmem::find_iter(&tail, END_MAGIC) {
        let from_here = tail.get(position..).unwrap_or_default();
        let Some((record, comment_bytes)) = parse_end(from_here) else {
            continue;
        };
        let at = tail_start + u64::try_from(position).unwrap_or(0);
        match (END_BYTES + comment_bytes).cmp(&from_here.len()) {
            std::cmp::Ordering::Equal if found.is_some() => {
                return Err(ArchiveFault::contradiction("it has two end records"));
            }
            std::cmp::Ordering::Equal => found = Some((at, record)),
            std::cmp::Ordering::Less => {
                stray = Some(from_here.len() - END_BYTES - comment_bytes);
            }
            std::cmp::Ordering::Greater => {}
        }
    }
    match (found, stray) {
        (Some(found), _) => Ok(found),
        (None, Some(extra)) => Err(ArchiveFault::contradiction(format!(
            "{extra} bytes follow its end record"
        ))),
        (None, None) => Err(ArchiveFault::CutShort),
    }
}

fn parse_end(bytes: &[u8]) -> Option<(Record, usize)> {
    let mut fields = Fields(bytes.strip_prefix(END_MAGIC)?);
    let record = Record {
        disk: fields.u16()?.into(),
        directory_disk: fields.u16()?.into(),
        entries_here: fields.u16()?.into(),
        entries: fields.u16()?.into(),
        directory_bytes: fields.u32()?.into(),
        directory_start: fields.u32()?.into(),
    };
    Some((record, fields.u16()?.into()))
}

/// The zip64 end record in front of the end record, if there is one.
fn zip64_record(file: &File, end_at: u64) -> Result<Option<(u64, Record)>, ArchiveFault> {
    let locator_bytes = u64::try_from(ZIP64_LOCATOR_BYTES).unwrap_or(0);
    let Some(locator_at) = end_at.checked_sub(locator_bytes) else {
        return Ok(None);
    };
    let mut locator = [0; ZIP64_LOCATOR_BYTES];
    if !read_at(file, locator_at, &mut locator)? {
        return Ok(None);
    }
    let Some(at) = parse_locator(&locator) else {
        return Ok(None);
    };
    let damaged =
        || ArchiveFault::contradiction("its zip64 end record is not where the archive says it is");
    let mut bytes = [0; ZIP64_END_BYTES];
    if at >= locator_at || !read_at(file, at, &mut bytes)? {
        return Err(damaged());
    }
    match parse_zip64(&bytes) {
        Some((record, ends_after)) if at.checked_add(ends_after) == Some(locator_at) => {
            Ok(Some((at, record)))
        }
        _ => Err(damaged()),
    }
}

fn parse_locator(bytes: &[u8]) -> Option<u64> {
    let mut fields = Fields(bytes.strip_prefix(ZIP64_LOCATOR_MAGIC)?);
    fields.u32()?;
    fields.u64()
}

/// The record and its whole length.
fn parse_zip64(bytes: &[u8]) -> Option<(Record, u64)> {
    let mut fields = Fields(bytes.strip_prefix(ZIP64_END_MAGIC)?);
    let length = fields.u64()?;
    // Who wrote it and who can read it say nothing on the content.
    fields.u32()?;
    let record = Record {
        disk: fields.u32()?,
        directory_disk: fields.u32()?,
        entries_here: fields.u64()?,
        entries: fields.u64()?,
        directory_bytes: fields.u64()?,
        directory_start: fields.u64()?,
    };
    Some((record, length.checked_add(12)?))
}

/// Whether each field of the short record is the same as in the long one, or
/// says that it does not fit.
fn agrees(short: Record, long: Record) -> bool {
    let disk = |short: u32, long: u32| short == 0xFFFF || short == long;
    let count = |short: u64, long: u64| short == 0xFFFF || short == long;
    let size = |short: u64, long: u64| short == 0xFFFF_FFFF || short == long;
    disk(short.disk, long.disk)
        && disk(short.directory_disk, long.directory_disk)
        && count(short.entries_here, long.entries_here)
        && count(short.entries, long.entries)
        && size(short.directory_bytes, long.directory_bytes)
        && size(short.directory_start, long.directory_start)
}
