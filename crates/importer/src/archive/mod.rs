//! Shared reading of ZIP archives that are not trusted.
//!
//! The central directory is what an archive holds; everything else must agree
//! with it: the record at the end, the header in front of each member, the
//! sizes and checksums of what comes out. Where two readers could see two
//! different archives, the archive is refused. Members are read as streams
//! within bounds and never written to disk, so a name is a label and no path.
//!
//! Reads stored, deflated and zstd members, of one frame or several, with and
//! without zip64. Knows no format, decrypts nothing, and reads no archive that
//! is spread over several files or stands inside another file.

mod bytes;
mod directory;
mod end;
mod fault;
mod local;
mod member;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::Limits;
use crate::text::printable;
use directory::Entry;
pub use fault::ArchiveFault;
use member::MemberReader;

/// The first bytes of every archive that has a member.
pub const MAGIC: &[u8; 4] = b"PK\x03\x04";

/// Bounds on what is read from an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Most entries of the central directory.
    pub max_members: u64,
    /// Longest central directory in bytes; its names are held in memory.
    pub max_directory_bytes: u64,
    /// Most bytes that come out of one member.
    pub max_member_bytes: u64,
    /// Most bytes that come out of one archive.
    pub max_total_bytes: u64,
    /// Most bytes that come out of one byte that goes in, for members of more
    /// than 64 MiB.
    pub max_ratio: u64,
}

/// Members up to this size may be compressed to any degree: a log that repeats
/// a prompt shrinks to a few hundredths of a percent.
const RATIO_FREE_BYTES: u64 = 64 << 20;

impl Default for ArchiveLimits {
    /// A million members (a log has one per sample and epoch) in a directory of
    /// 256 MiB; 1 GiB a member (long samples stay below 200 MiB); 1 TiB in all
    /// (about an hour of reading); 5,000 to 1 (genuine logs reach 350 to 1,
    /// deflate ends at 1,032 to 1, a bomb of zstd goes to 32,000 to 1).
    fn default() -> Self {
        Self {
            max_members: 1_000_000,
            max_directory_bytes: 256 << 20,
            max_member_bytes: 1 << 30,
            max_total_bytes: 1 << 40,
            max_ratio: 5000,
        }
    }
}

impl From<Limits> for ArchiveLimits {
    /// The default; a user who allows longer records also allows longer members.
    fn from(limits: Limits) -> Self {
        let default = Self::default();
        let member = limits.max_record_bytes.saturating_mul(16);
        Self {
            max_member_bytes: default.max_member_bytes.max(member),
            ..default
        }
    }
}

/// A member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Name as the archive spells it; never a path to write to. Bytes that are
    /// not UTF-8 stand as U+FFFD.
    pub name: String,
    /// Bytes that the directory declares; what comes out is counted.
    pub bytes: u64,
    /// Position in [`Archive::members`].
    pub index: usize,
}

/// An open archive.
///
/// ```no_run
/// use caveat_importer::archive::{Archive, ArchiveLimits};
/// # fn main() -> Result<(), caveat_importer::archive::ArchiveFault> {
/// let mut archive = Archive::open("run.eval".as_ref(), &ArchiveLimits::default())?;
/// let header = archive.find("header.json").cloned();
/// if let Some(header) = header {
///     let bytes = archive.read_all(&header, 1 << 20)?;
///     println!("{} bytes", bytes.len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Archive {
    file: File,
    members: Vec<Member>,
    /// By position of the member.
    entries: Vec<Entry>,
    /// Positions by name.
    names: HashMap<String, usize>,
    notes: Vec<String>,
    limits: ArchiveLimits,
    /// Bytes that came out so far.
    spent: u64,
    zstd: member::Context,
}

impl Archive {
    /// Opens an archive and reads its central directory.
    ///
    /// # Errors
    /// An [`ArchiveFault`] if the file cannot be read, is no archive, is cut
    /// short, contradicts itself, or has more members than the limits allow.
    pub fn open(path: &Path, limits: &ArchiveLimits) -> Result<Archive, ArchiveFault> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let end = end::find(&file, size, limits)?;
        let mut entries = directory::read(&file, &end)?;
        directory::refuse_overlaps(&mut entries, end.directory_start)?;
        let mut archive = Archive {
            file,
            members: Vec::new(),
            entries: Vec::new(),
            names: HashMap::new(),
            notes: Vec::new(),
            limits: *limits,
            spent: 0,
            zstd: member::Context::default(),
        };
        archive.keep_last_of_each_name(entries);
        Ok(archive)
    }

    fn keep_last_of_each_name(&mut self, entries: Vec<Entry>) {
        let mut last = HashMap::new();
        for (position, entry) in entries.iter().enumerate() {
            last.insert(entry.name.clone(), position);
        }
        let repeated = entries.len() - last.len();
        let not_utf8 = entries.iter().filter(|entry| !entry.is_utf8).count();
        for (position, entry) in entries.into_iter().enumerate() {
            if last.get(&entry.name) != Some(&position) {
                if self.notes.is_empty() {
                    self.notes.push(format!(
                        "members that occur more than once, of which the last is read: \
                         {repeated} older ones, the first of them `{}`",
                        printable(&entry.name)
                    ));
                }
                continue;
            }
            if entry.is_folder() {
                continue;
            }
            let index = self.members.len();
            self.names.insert(entry.name.clone(), index);
            self.members.push(Member {
                name: entry.name.clone(),
                bytes: entry.size,
                index,
            });
            self.entries.push(entry);
        }
        if not_utf8 > 0 {
            self.notes
                .push(format!("member names that are not UTF-8: {not_utf8}"));
        }
    }

    /// The members in the order of the central directory, each name once.
    /// Folders are left out.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member of this name.
    pub fn find(&self, name: &str) -> Option<&Member> {
        self.members.get(*self.names.get(name)?)
    }

    /// Sentences for the account.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Reads a member as a stream.
    ///
    /// Faults that show while reading come as an [`std::io::Error`];
    /// [`ArchiveFault::from`] finds the fault in it. A stream that is read to
    /// its end without one has the declared size and checksum.
    ///
    /// # Errors
    /// An [`ArchiveFault`] if the member is encrypted, compressed in a way that
    /// is not read, larger than the limits allow, or is not what the header in
    /// front of it says.
    pub fn read(&mut self, member: &Member) -> Result<Box<dyn Read + '_>, ArchiveFault> {
        let entry = self
            .entries
            .get(member.index)
            .filter(|entry| entry.name == member.name)
            .ok_or_else(|| ArchiveFault::Missing {
                member: member.name.clone(),
            })?;
        check_size(entry, self.limits)?;
        let data_start = local::check(&self.file, entry)?;
        let budget = member::Budget {
            spent: &mut self.spent,
            limit: self.limits.max_total_bytes,
        };
        Ok(Box::new(MemberReader::new(
            &self.file,
            entry,
            data_start,
            budget,
            &mut self.zstd,
        )?))
    }

    /// Reads a whole member of at most `max_bytes`.
    ///
    /// # Errors
    /// As for [`Archive::read`], and if the member is longer.
    pub fn read_all(&mut self, member: &Member, max_bytes: u64) -> Result<Vec<u8>, ArchiveFault> {
        if member.bytes > max_bytes {
            return Err(ArchiveFault::TooLarge {
                member: member.name.clone(),
                found_bytes: member.bytes,
                limit_bytes: max_bytes,
            });
        }
        let mut bytes = Vec::new();
        // No more than the declared size comes out.
        self.read(member)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

fn check_size(entry: &Entry, limits: ArchiveLimits) -> Result<(), ArchiveFault> {
    if entry.size > limits.max_member_bytes {
        return Err(ArchiveFault::TooLarge {
            member: entry.name.clone(),
            found_bytes: entry.size,
            limit_bytes: limits.max_member_bytes,
        });
    }
    let expanded = entry.compressed.saturating_mul(limits.max_ratio);
    if entry.size > RATIO_FREE_BYTES && entry.size > expanded {
        return Err(ArchiveFault::Bomb {
            member: entry.name.clone(),
            compressed_bytes: entry.compressed,
            declared_bytes: entry.size,
        });
    }
    Ok(())
}
