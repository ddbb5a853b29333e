//! The first walk: what must be known of a source before its first result.
//!
//! Holds some 50 bytes a result (which tests have the same variables), as the
//! store does for records without an id; all else is counted.

use std::collections::HashMap;

use caveat_corpus::{Digest, Location};
use caveat_importer::{Limits, SinkClosed};

use crate::row::{Failure, RawRow, Row};
use crate::trace::reply;
use crate::walk::{Fact, Origin, RunIndex, Totals, Visitor};

/// Most notes that a walk may leave, so that a crafted file cannot fill memory.
const MAX_NOTES: usize = 50;

/// The first half of a digest: enough to tell the tests of one source apart.
pub(crate) type ShortKey = [u8; 16];

/// What is known of one evaluation.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// Its id.
    pub(crate) id: Option<String>,
    /// The version of its results.
    pub(crate) version: Option<String>,
    /// The version of the tool.
    pub(crate) tool: Option<String>,
    /// When it was made.
    pub(crate) time: Option<String>,
    /// What says that it is a red-team run.
    pub(crate) red_team: Option<&'static str>,
    /// Providers of its columns.
    pub(crate) columns: Vec<Option<String>>,
    /// What the tool counted.
    pub(crate) printed: Option<Totals>,
    /// What stands in the list of results.
    pub(crate) results: Tally,
    /// What stands in the table.
    pub(crate) table: Tally,
}

/// Results of one list.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Results, broken ones included.
    pub(crate) rows: u64,
    /// Results that cannot be read.
    pub(crate) broken: u64,
    /// What the results add up to.
    pub(crate) totals: Totals,
    /// Results without an id of their own.
    pub(crate) without_id: u64,
    /// Numbers of the tests that have the same variables in the same column.
    repeats: HashMap<ShortKey, Vec<u64>>,
}

impl Run {
    /// The list that is read: version 2 files have the same results twice.
    pub(crate) fn origin(&self) -> Origin {
        if self.results.rows > 0 {
            Origin::Results
        } else {
            Origin::Table
        }
    }

    /// What stands in the list that is read.
    pub(crate) fn tally(&self) -> &Tally {
        match self.origin() {
            Origin::Results => &self.results,
            Origin::Table => &self.table,
        }
    }

    fn of(&mut self, origin: Origin) -> &mut Tally {
        match origin {
            Origin::Results => &mut self.results,
            Origin::Table => &mut self.table,
        }
    }
}

impl Tally {
    /// The attempt of a test from 1; `None` if its variables occur once.
    pub(crate) fn attempt(&self, row: &Row, position: u64) -> Option<u32> {
        let tests = self.repeats.get(&short_key(&row.repeat_key()?))?;
        if tests.len() < 2 {
            return None;
        }
        let at = tests
            .binary_search(&row.test_idx.unwrap_or(position))
            .ok()?;
        u32::try_from(at + 1).ok()
    }

    /// Tests that were repeated.
    pub(crate) fn repeated(&self) -> usize {
        self.repeats
            .values()
            .filter(|tests| tests.len() > 1)
            .count()
    }

    fn close(&mut self) {
        for tests in self.repeats.values_mut() {
            tests.sort_unstable();
            tests.dedup();
        }
    }
}

/// What is known of a whole source.
#[derive(Debug)]
pub(crate) struct Survey {
    /// Its evaluations.
    pub(crate) runs: Vec<Run>,
    /// What the account should say.
    pub(crate) notes: Vec<String>,
    /// Why the first result that cannot be read cannot be read.
    pub(crate) first_fault: Option<String>,
    limits: Limits,
}

impl Survey {
    /// Starts without knowing anything.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            runs: Vec::new(),
            notes: Vec::new(),
            first_fault: None,
            limits,
        }
    }

    /// Ends the walk.
    pub(crate) fn close(&mut self) {
        for run in &mut self.runs {
            run.results.close();
            run.table.close();
        }
    }

    fn run(&mut self, run: RunIndex) -> &mut Run {
        if self.runs.len() <= run {
            self.runs.resize_with(run + 1, Run::default);
        }
        &mut self.runs[run]
    }
}

impl Visitor for Survey {
    fn fact(&mut self, run: RunIndex, fact: Fact) {
        if let Fact::Note(note) = fact {
            if self.notes.len() < MAX_NOTES {
                self.notes.push(note);
            }
            return;
        }
        let run = self.run(run);
        match fact {
            Fact::Id(id) => run.id = Some(id),
            Fact::Version(version) => run.version = Some(version),
            Fact::Tool(tool) => run.tool = Some(tool),
            // The summary's own time stands behind the export's; both are the same instant.
            Fact::Time(time) => run.time = Some(time),
            // What the run says of itself comes before what its results show.
            Fact::RedTeam(why) => run.red_team = Some(why),
            Fact::Columns(columns) => run.columns = columns,
            Fact::Totals(totals) => run.printed = Some(totals),
            Fact::Note(_) => {}
        }
    }

    fn row(
        &mut self,
        run: RunIndex,
        origin: Origin,
        location: Location,
        row: RawRow<'_>,
    ) -> Result<(), SinkClosed> {
        let row = match Row::read(row, &self.limits) {
            Ok(row) => row,
            Err(reason) => return self.broken(run, origin, location, reason),
        };
        let run = self.run(run);
        let tally = run.of(origin);
        let position = tally.rows;
        tally.rows += 1;
        let count = if row.success {
            &mut tally.totals.successes
        } else if row.failure == Failure::Error {
            &mut tally.totals.errors
        } else {
            &mut tally.totals.failures
        };
        *count += 1;
        tally.without_id += u64::from(row.id.is_none());
        if let Some(key) = row.repeat_key() {
            let tests = tally.repeats.entry(short_key(&key)).or_default();
            tests.push(row.test_idx.unwrap_or(position));
        }
        run.red_team = run.red_team.or_else(|| row.red_team_evidence());
        Ok(())
    }

    fn broken(
        &mut self,
        run: RunIndex,
        origin: Origin,
        _: Location,
        reason: String,
    ) -> Result<(), SinkClosed> {
        self.first_fault.get_or_insert(reason);
        let tally = self.run(run).of(origin);
        tally.rows += 1;
        tally.broken += 1;
        Ok(())
    }
}

/// The first half of a text's digest.
pub(crate) fn short_key(text: &str) -> ShortKey {
    let digest = Digest::of(text.as_bytes());
    let mut key = ShortKey::default();
    for (to, from) in key.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    key
}

/// What tells one result from the others of its run, and is the same in every
/// export of the run: place, duration and reply.
pub(crate) fn fingerprint(row: &Row) -> Option<ShortKey> {
    let (test, column) = (row.test_idx?, row.prompt_idx?);
    let reply = reply(&row.output).unwrap_or_default();
    let latency = row.latency_ms.unwrap_or_default();
    Some(short_key(&format!(
        "{test} {column} {latency} {} {reply}",
        row.success
    )))
}
