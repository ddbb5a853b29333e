//! Recognition of a format by content.

use std::path::Path;

/// How much of a file's start a probe sees.
pub const HEAD_BYTES: usize = 64 << 10;

/// What an importer may look at before it claims a file.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// Path; the name is a hint and never a reason by itself. SQLite importers open it read-only.
    pub path: &'a Path,
    /// The first [`HEAD_BYTES`] of the file, or all of a shorter one.
    pub head: &'a [u8],
    /// Size in bytes.
    pub size: u64,
}

/// What an importer says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Not this format.
    No,
    /// This format, for the stated reason.
    Yes {
        /// How sure, in percent: 100 = a signature that no other format has.
        confidence: u8,
        /// What was seen, in words.
        reason: String,
    },
    /// It looks like this format but cannot be used; shown when nothing else claims the file.
    Almost(Resemblance),
}

/// Why a file that looks like a format cannot be used, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resemblance {
    /// What was seen and what is missing.
    pub reason: String,
    /// What to do.
    pub hint: String,
}
