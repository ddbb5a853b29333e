//! What goes into an import and what comes out: the account.

use caveat_corpus::Digest;
use serde::Serialize;

/// A source as the caller knows it before reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInput {
    /// Path as given, for people; no part of any identity.
    pub path: String,
    /// Name of the format, as the importer spells it; part of every identity.
    pub format: String,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// Digest of the options with which it is read: a source that is read otherwise
    /// than the last time may say something else.
    pub options: Digest,
    /// Files that are read together with it.
    pub companions: Vec<Companion>,
    /// Size in bytes.
    pub bytes: u64,
    /// How many of them, at the start, are all that the path held when it was
    /// imported last ([`Store::held`](crate::Store::held)); 0 if the file did not
    /// merely grow. Records that lie there say nothing anew.
    pub held: u64,
}

/// What a path held when it was imported last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub digest: Digest,
}

/// A file that is read together with a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Companion {
    /// Path, for people.
    pub path: String,
    /// SHA-256 of the bytes.
    pub digest: Digest,
}

/// What the importer learnt of the source as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// Version of the format, as found.
    pub format_version: Option<String>,
    /// Sentences for the account.
    pub notes: Vec<String>,
}

/// Every record of one source, counted once.
///
/// `read = imported + already_present + rejected` always holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Records read.
    pub read: u64,
    /// Records new to the store.
    pub imported: u64,
    /// Records the store knew already, or that the source repeats.
    pub already_present: u64,
    /// Records that could not be used.
    pub rejected: u64,
    /// Grades that were new for traces that the store knew already.
    pub grades_added: u64,
    /// Traces of the usable records (imported or already present) without a reply
    /// or without an evaluable verdict in this source, by the rule `coalesce`; a
    /// cell counts with all of its traces.
    pub not_evaluable: u64,
}

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// New to the store.
    Imported,
    /// Known already; grades that were new have been added.
    AlreadyPresent,
    /// Not storable; kept as a reject with its place and this reason.
    Rejected(String),
}

impl Account {
    pub(crate) fn count(&mut self, recorded: &Recorded) {
        self.read += 1;
        match recorded {
            Recorded::Imported => self.imported += 1,
            Recorded::AlreadyPresent => self.already_present += 1,
            Recorded::Rejected(_) => self.rejected += 1,
        }
    }
}
