//! What the host saw, against what the plugin says it wrote.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use caveat_corpus::{Digest, Location};
use caveat_importer::Reject;

use crate::fault::Fault;
use crate::protocol::Account;

/// Counts and places of one import.
#[derive(Default)]
pub(crate) struct Seen {
    traces: u64,
    cells: u64,
    rejects: u64,
    grades: u64,
    /// One number for each record. Two records share one by chance once in a
    /// million imports of six million records; kept whole they would need ten
    /// times the memory. The key of the hash is new in each import, so that no
    /// source can be made for it.
    places: HashSet<u64>,
    key: RandomState,
}

impl Seen {
    /// Counts a trace.
    pub(crate) fn trace(&mut self, trace: &caveat_corpus::Trace) -> Result<(), String> {
        self.traces += 1;
        self.grades += u64::try_from(trace.grades.len()).unwrap_or(u64::MAX);
        self.place("trace", &trace.location, &trace.identity("", 0))
    }

    /// Counts a cell.
    pub(crate) fn cell(&mut self, cell: &caveat_corpus::Cell) -> Result<(), String> {
        self.cells += 1;
        self.place("cell", &cell.location, &cell.identity("", 0))
    }

    /// Counts a reject.
    pub(crate) fn reject(&mut self, reject: &Reject) -> Result<(), String> {
        self.rejects += 1;
        let reason = Digest::of(reject.reason.as_bytes());
        self.place("reject", &reject.location, &reason)
    }

    /// Counts a record that the plugin wrote and the host turned into a reject.
    pub(crate) fn turned_down(&mut self, was_trace: bool, grades: usize) {
        match was_trace {
            true => self.traces += 1,
            false => self.cells += 1,
        }
        self.grades += u64::try_from(grades).unwrap_or(u64::MAX);
    }

    /// All that was seen.
    pub(crate) fn records(&self) -> u64 {
        self.traces + self.cells + self.rejects
    }

    fn place(&mut self, kind: &str, at: &Location, what: &Digest) -> Result<(), String> {
        let key = (kind, &at.entry, &at.record, at.byte, what.as_bytes());
        if self.places.insert(self.key.hash_one(key)) {
            return Ok(());
        }
        Err(shown(at))
    }

    /// Compares with the account.
    pub(crate) fn agree(&self, account: &Account) -> Result<(), Fault> {
        let counts = [
            ("traces", account.traces, self.traces),
            ("cells", account.cells, self.cells),
            ("rejects", account.rejects, self.rejects),
            ("grades", account.grades, self.grades),
        ];
        for (what, stated, seen) in counts {
            if stated != seen {
                return Err(Fault::Account { what, stated, seen });
            }
        }
        Ok(())
    }
}

/// A place in words, escaped.
fn shown(at: &Location) -> String {
    let entry = at.entry.as_ref().map(|entry| format!("entry `{entry}`"));
    let record = at
        .record
        .as_ref()
        .map(|record| format!("record `{record}`"));
    let byte = at.byte.map(|byte| format!("byte {byte}"));
    let parts: Vec<String> = [entry, record, byte].into_iter().flatten().collect();
    caveat_importer::text::printable(&parts.join(", "))
}
