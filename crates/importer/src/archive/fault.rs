//! Why an archive, or a member of one, cannot be read.

use std::fmt;
use std::io;
use std::path::Path;

use crate::ImportError;
use crate::text::printable;

/// A fault of an archive or of one of its members.
#[derive(Debug)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// The file cannot be read.
    Io(io::Error),
    /// The file does not start as an archive does.
    NotAnArchive,
    /// The record at the end of every archive is not there.
    CutShort,
    /// Two parts of the archive say different things.
    Contradiction {
        /// What they say.
        found: String,
    },
    /// The archive as a whole is beyond a limit.
    Oversized {
        /// What is too large, with the limit.
        found: String,
    },
    /// The member is encrypted, or compressed in a way that is not read.
    Unsupported {
        /// Member.
        member: String,
        /// How it is stored.
        found: String,
    },
    /// The member is longer than the limit.
    TooLarge {
        /// Member.
        member: String,
        /// Bytes that are declared.
        found_bytes: u64,
        /// Bytes that are read at most.
        limit_bytes: u64,
    },
    /// The member expands out of all proportion.
    Bomb {
        /// Member.
        member: String,
        /// Bytes in the archive.
        compressed_bytes: u64,
        /// Bytes that are declared to come out.
        declared_bytes: u64,
    },
    /// What comes out of the member is not what was declared, or nothing can.
    Damaged {
        /// Member.
        member: String,
        /// What was found.
        found: String,
    },
    /// No such member.
    Missing {
        /// Member.
        member: String,
    },
}

impl std::error::Error for ArchiveFault {}

impl fmt::Display for ArchiveFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArchiveFault::Io(cause) => write!(f, "it cannot be read: {cause}"),
            ArchiveFault::NotAnArchive => {
                f.write_str("expected a ZIP archive, found a file that does not start as one")
            }
            ArchiveFault::CutShort => f.write_str(
                "the archive is cut short: the list of its members, which stands at the end, is missing",
            ),
            ArchiveFault::Contradiction { found } => {
                write!(f, "the archive contradicts itself: {found}")
            }
            ArchiveFault::Oversized { found } => f.write_str(found),
            ArchiveFault::Unsupported { member, found } => {
                write!(f, "member `{}` is {found}", printable(member))
            }
            ArchiveFault::TooLarge {
                member,
                found_bytes,
                limit_bytes,
            } => write!(
                f,
                "member `{}` has {found_bytes} bytes, at most {limit_bytes} are read",
                printable(member)
            ),
            ArchiveFault::Bomb {
                member,
                compressed_bytes,
                declared_bytes,
            } => write!(
                f,
                "member `{}` expands from {compressed_bytes} to {declared_bytes} bytes, \
                 as a decompression bomb does",
                printable(member)
            ),
            ArchiveFault::Damaged { member, found } => {
                write!(f, "member `{}` is damaged: {found}", printable(member))
            }
            ArchiveFault::Missing { member } => {
                write!(f, "member `{}` is missing", printable(member))
            }
        }
    }
}

impl ArchiveFault {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            ArchiveFault::NotAnArchive => "name the archive itself, or leave out `--from`",
            ArchiveFault::Oversized { .. } | ArchiveFault::TooLarge { .. } => {
                "raise the limit if the archive is genuine, or split it"
            }
            ArchiveFault::Unsupported { .. } => {
                "pack the archive again without encryption, with deflate or zstd"
            }
            ArchiveFault::Contradiction { .. } | ArchiveFault::Bomb { .. } => {
                "no tool that writes logs makes such an archive; do not open it with other programs, \
                 and copy it again from its origin"
            }
            _ => "copy the archive again from its origin",
        }
    }

    /// Adds the file and the format.
    pub fn into_error(self, path: &Path, format: &'static str) -> ImportError {
        let path = path.to_path_buf();
        match self {
            ArchiveFault::Io(cause) => ImportError::Io { path, cause },
            fault => ImportError::Refused {
                path,
                format,
                found: fault.to_string(),
                hint: fault.hint().to_owned(),
            },
        }
    }

    pub(super) fn contradiction(found: impl Into<String>) -> Self {
        ArchiveFault::Contradiction {
            found: found.into(),
        }
    }
}

impl From<io::Error> for ArchiveFault {
    /// Finds the fault that a member's stream reported, or wraps the error.
    fn from(error: io::Error) -> Self {
        match error.downcast::<ArchiveFault>() {
            Ok(fault) => fault,
            Err(error) => ArchiveFault::Io(error),
        }
    }
}

impl From<ArchiveFault> for io::Error {
    fn from(fault: ArchiveFault) -> Self {
        match fault {
            ArchiveFault::Io(error) => error,
            fault => io::Error::new(io::ErrorKind::InvalidData, fault),
        }
    }
}
