//! The second walk: every result becomes a trace or a reject.

use std::collections::BTreeSet;

use caveat_corpus::{Location, Record, Trace, Verdict};
use caveat_importer::{Options, Reject, Sink, SinkClosed};

use crate::grades::OVERALL;
use crate::polarity::Settings;
use crate::row::{RawRow, Row};
use crate::siblings::Ids;
use crate::survey::Survey;
use crate::trace::{Context, trace};
use crate::walk::{Fact, Origin, RunIndex, Visitor};

/// Most graders that the account names.
const MAX_GRADERS: usize = 40;

/// What was emitted, for the account.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Traces.
    pub(crate) traces: u64,
    /// Results that nothing graded.
    pub(crate) ungraded: u64,
    /// Results whose overall verdict is a failed grader.
    pub(crate) undecided: u64,
    /// Results in which a component says otherwise than the tool.
    pub(crate) divided: u64,
    /// Results that took their id from another file.
    pub(crate) borrowed: u64,
    /// Results without an id of their own or another's.
    pub(crate) nameless: u64,
    /// Graders beside the tool itself.
    pub(crate) graders: BTreeSet<String>,
}

/// Sends traces and rejects on.
pub(crate) struct Emit<'a> {
    survey: &'a Survey,
    settings: &'a Settings,
    ids: &'a Ids,
    options: &'a Options,
    sink: &'a mut dyn Sink,
    /// Results met so far, by run.
    positions: Vec<u64>,
    counts: Counts,
}

impl<'a> Emit<'a> {
    /// Starts with what the first walk found.
    pub(crate) fn new(
        survey: &'a Survey,
        settings: &'a Settings,
        ids: &'a Ids,
        options: &'a Options,
        sink: &'a mut dyn Sink,
    ) -> Self {
        Self {
            survey,
            settings,
            ids,
            options,
            sink,
            positions: vec![0; survey.runs.len()],
            counts: Counts::default(),
        }
    }

    /// What was emitted.
    pub(crate) fn counts(self) -> Counts {
        self.counts
    }

    /// Whether results of this run and list are read, and the number of this one.
    fn next(&mut self, run: RunIndex, origin: Origin) -> Option<u64> {
        let known = self.survey.runs.get(run)?;
        if known.origin() != origin {
            return None;
        }
        let position = self.positions.get_mut(run)?;
        *position += 1;
        self.settings
            .polarity(known.red_team.is_some())
            .map(|_| *position - 1)
    }

    fn trace(
        &mut self,
        run: RunIndex,
        position: u64,
        location: Location,
        raw: RawRow<'_>,
    ) -> Result<Trace, String> {
        let row = Row::read(raw, &self.options.limits)?;
        let known = self
            .survey
            .runs
            .get(run)
            .ok_or("the source changed while it was read")?;
        let polarity = self
            .settings
            .polarity(known.red_team.is_some())
            .ok_or("nothing says what `success` means")?;
        let borrowed_id = if row.id.is_none() {
            self.ids.id(&row)
        } else {
            None
        };
        self.counts.borrowed += u64::from(borrowed_id.is_some());
        self.counts.nameless += u64::from(row.id.is_none() && borrowed_id.is_none());
        let context = Context {
            polarity,
            eval_id: known.id.as_deref(),
            time: known.time.as_deref(),
            columns: &known.columns,
            attempt: known.tally().attempt(&row, position),
            borrowed_id,
            options: self.options,
        };
        trace(&row, location, &context)
    }

    fn count(&mut self, trace: &Trace) {
        let counts = &mut self.counts;
        counts.traces += 1;
        counts.ungraded += u64::from(trace.grades.is_empty());
        let overall = trace
            .grades
            .last()
            .filter(|grade| grade.grader.as_deref() == Some(OVERALL));
        let Some(overall) = overall else { return };
        counts.undecided += u64::from(overall.verdict == Verdict::ParseError);
        let differs = |verdict: Verdict| {
            verdict.is_evaluable() && overall.verdict.is_evaluable() && verdict != overall.verdict
        };
        counts.divided += u64::from(trace.grades.iter().any(|grade| differs(grade.verdict)));
        for grade in trace
            .grades
            .iter()
            .filter_map(|grade| grade.grader.as_ref())
        {
            if counts.graders.len() < MAX_GRADERS && grade != OVERALL {
                counts.graders.insert(grade.clone());
            }
        }
    }
}

impl Visitor for Emit<'_> {
    fn fact(&mut self, _: RunIndex, _: Fact) {}

    fn row(
        &mut self,
        run: RunIndex,
        origin: Origin,
        location: Location,
        row: RawRow<'_>,
    ) -> Result<(), SinkClosed> {
        let Some(position) = self.next(run, origin) else {
            return Ok(());
        };
        match self.trace(run, position, location.clone(), row) {
            Ok(trace) => {
                self.count(&trace);
                self.sink.record(Record::Trace(Box::new(trace)))
            }
            Err(reason) => self.sink.reject(Reject { location, reason }),
        }
    }

    fn broken(
        &mut self,
        run: RunIndex,
        origin: Origin,
        location: Location,
        reason: String,
    ) -> Result<(), SinkClosed> {
        match self.next(run, origin) {
            Some(_) => self.sink.reject(Reject { location, reason }),
            None => Ok(()),
        }
    }

    fn progress(&mut self, bytes: u64) {
        self.sink.progress(bytes);
    }
}
