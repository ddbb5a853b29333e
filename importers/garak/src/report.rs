//! The second reading of a report: every attempt goes to the sink.
//!
//! An attempt is written twice, answered (status 1) and evaluated (status 2).
//! The evaluated line is sent on when it is met. Of an answered one only its
//! place is kept, by its id, until the evaluated line comes; those that wait at
//! the end were never evaluated, and are read again and sent without grades.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use caveat_corpus::{Digest, Location, Record};
use caveat_importer::lines::{End, Line, Position};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Options, Reject, Sink, SourceFacts, json, quote};

use crate::attempt::Attempt;
use crate::entry::RunFacts;
use crate::hitlog;
use crate::line::{Head, Kind, object};
use crate::options::GarakOptions;
use crate::read;
use crate::survey::{Survey, survey};
use crate::tally::Tally;
use crate::threshold::{Origin, Threshold};
use crate::trace::{Reading, Run};

/// Bytes between two words on progress.
const PROGRESS_BYTES: u64 = 4 << 20;

/// Most unknown entry types that are named.
const MAX_NAMED_TYPES: usize = 8;

/// Imports a report.
pub(crate) fn import(
    path: &Path,
    options: &Options,
    own: &GarakOptions,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    let mut survey = survey(path, &options.limits)?;
    let hits = hitlog::summary_beside(path, survey.first_run.run_id.as_deref(), &options.limits);
    if let Some(lowest) = hits.as_ref().and_then(|hits| hits.lowest_score) {
        survey.evidence.lowest_hit(lowest);
    }
    let first_run = Run::of(&survey.first_run, own);
    if let Some(run) = &first_run {
        run.check(options)
            .map_err(|reason| read::refused(path, reason, SETUP_HINT))?;
    } else if survey.attempts > 0 {
        return Err(read::refused(
            path,
            "no line names the target of the attempts",
            SETUP_HINT,
        ));
    }
    let recorded = survey.first_run.threshold;
    let (threshold, origin) = survey.evidence.threshold(own.threshold, recorded);
    let mut second = Second {
        reading: Reading {
            survey: &survey,
            threshold,
            options,
        },
        own,
        end: End::of(path).map_err(|cause| read::io(path, cause))?,
        facts: survey.first_run.clone(),
        runs: vec![first_run],
        attempts: HashMap::new(),
        tally: Tally::default(),
        unknown: BTreeMap::new(),
        cut_at: None,
        unevaluated: 0,
        sink,
    };
    second.read_through(path)?;
    second.read_waiting(path)?;
    let mut notes = second.notes(origin);
    if let Some(hits) = hits {
        notes.extend(hits.note(second.tally.hits(), survey.first_run.is_aggregate));
    }
    let bytes = second.end.bytes;
    second.sink.progress(bytes);
    Ok(SourceFacts {
        format_version: survey.first_run.version.clone(),
        notes,
    })
}

const SETUP_HINT: &str = "a report begins with a `start_run setup` line that names the target; \
    copy the report again, or give the name with the option `model`";

/// The state of the second reading.
struct Second<'a> {
    reading: Reading<'a>,
    own: &'a GarakOptions,
    end: End,
    /// What the lines of the current run have said.
    facts: RunFacts,
    /// Runs in the order of the file; reports that were joined hold several.
    /// `None` is one without a usable target.
    runs: Vec<Option<Run>>,
    /// What became of each attempt, by the first half of its key's digest.
    attempts: HashMap<u128, Seen>,
    tally: Tally,
    unknown: BTreeMap<String, u64>,
    cut_at: Option<Position>,
    unevaluated: u64,
    sink: &'a mut dyn Sink,
}

/// What became of an attempt.
#[derive(Clone, Copy)]
enum Seen {
    /// Its answered line stands here, in the run of this position.
    Waiting { at: Position, run: usize },
    /// Its evaluated line was sent on.
    Sent,
}

impl Second<'_> {
    fn read_through(&mut self, path: &Path) -> Result<(), ImportError> {
        let limits = self.reading.options.limits;
        let mut lines = read::lines_from(path, 0, &limits)?;
        let mut told = 0;
        while let Some((at, line)) = lines.next_line().map_err(|cause| read::io(path, cause))? {
            match line {
                Line::Whole(line) => self.line(line, at)?,
                Line::TooLong { bytes } => {
                    let reason = format!(
                        "the line has {bytes} bytes, at most {} are read",
                        limits.max_record_bytes
                    );
                    self.reject(at, reason)?;
                }
            }
            if at.byte - told >= PROGRESS_BYTES {
                told = at.byte;
                self.sink.progress(told);
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], at: Position) -> Result<(), ImportError> {
        // A blank line holds nothing, also where the file is made of them.
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let limits = &self.reading.options.limits;
        if let Some(head) = Head::of(line).filter(|head| head.status < 2) {
            // It may never be parsed again, so that its form is checked here.
            return match json::check(line, limits) {
                Ok(()) => {
                    let run = self.runs.len().saturating_sub(1);
                    let key = self.key(Some(head.uuid), None, None);
                    self.wait(key, Seen::Waiting { at, run });
                    Ok(())
                }
                Err(fault) => self.unusable(line, at, fault.to_string()),
            };
        }
        match Kind::of(line, limits) {
            Ok(Kind::Attempt) if self.reading.options.keep_text => self.attempt::<true>(line, at),
            Ok(Kind::Attempt) => self.attempt::<false>(line, at),
            Ok(Kind::Setup) => self.setup(line),
            Ok(Kind::Init) => {
                // Its form was checked by the first look at it.
                self.update(RunFacts::of_init(line, limits).unwrap_or_default());
                Ok(())
            }
            Ok(Kind::PluginCache | Kind::Eval | Kind::Completion | Kind::Digest | Kind::Other) => {
                Ok(())
            }
            Ok(Kind::Unknown(word)) => {
                *self.unknown.entry(word).or_default() += 1;
                Ok(())
            }
            Ok(Kind::Hit) => {
                let reason = "a line of a hit log within a report".to_owned();
                self.reject(at, reason)
            }
            Err(reason) => self.unusable(line, at, reason),
        }
    }

    /// A setup line begins a run. In a file of several joined reports, nothing
    /// of the run before it holds on.
    fn setup(&mut self, line: &[u8]) -> Result<(), ImportError> {
        let facts = RunFacts::of_setup(line, &self.reading.options.limits).unwrap_or_default();
        if facts.has_target() {
            self.facts = RunFacts::default();
        }
        self.update(facts);
        Ok(())
    }

    fn update(&mut self, facts: RunFacts) {
        self.facts.update(facts);
        let run = Run::of(&self.facts, self.own);
        let run = run.filter(|run| run.check(self.reading.options).is_ok());
        self.runs.push(run);
    }

    fn attempt<const KEEP: bool>(&mut self, line: &[u8], at: Position) -> Result<(), ImportError> {
        let parsed = object::<Attempt<KEEP>>(line, &self.reading.options.limits);
        let parsed = parsed.and_then(|attempt| Ok((attempt.is_evaluated()?, attempt)));
        let (is_evaluated, attempt) = match parsed {
            Ok(parsed) => parsed,
            Err(reason) => return self.unusable(line, at, reason),
        };
        let key = self.key(
            attempt.uuid.as_deref(),
            attempt.probe_classname.as_deref(),
            attempt.seq,
        );
        if !is_evaluated {
            let run = self.runs.len().saturating_sub(1);
            self.wait(key, Seen::Waiting { at, run });
            return Ok(());
        }
        if self.send(attempt, self.runs.len().saturating_sub(1), at, true)? {
            self.attempts.insert(key, Seen::Sent);
        }
        Ok(())
    }

    fn wait(&mut self, key: u128, seen: Seen) {
        self.attempts.entry(key).or_insert(seen);
    }

    /// What the two lines of an attempt share: its id, or its place in its
    /// probe where the id is the run's own.
    fn key(&self, uuid: Option<&str>, probe: Option<&str>, seq: Option<i64>) -> u128 {
        let run = self.runs.last().and_then(Option::as_ref);
        let own = uuid.filter(|uuid| run.is_none_or(|run| run.record_id(Some(uuid)).is_some()));
        let digest = match own {
            Some(uuid) => Digest::of(uuid.as_bytes()),
            None => {
                let place = format!("{:?} {probe:?} {seq:?}", run.map(|run| &run.run_id));
                Digest::of(place.as_bytes())
            }
        };
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = *digest.as_bytes();
        u128::from_le_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
    }

    /// Sends the traces of an attempt, or its reject; whether it was usable.
    fn send<const KEEP: bool>(
        &mut self,
        attempt: Attempt<KEEP>,
        run: usize,
        at: Position,
        evaluated: bool,
    ) -> Result<bool, ImportError> {
        let location = location(at);
        let Some(Some(run)) = self.runs.get(run) else {
            self.reject(at, "no usable line before it names the target".to_owned())?;
            return Ok(false);
        };
        match self
            .reading
            .traces(attempt, run, &location, evaluated, &mut self.tally)
        {
            Ok(traces) => {
                for trace in traces {
                    self.sink.record(Record::Trace(Box::new(trace)))?;
                }
                Ok(true)
            }
            Err(reason) => {
                self.reject(at, reason)?;
                Ok(false)
            }
        }
    }

    /// Reads the attempts that were never evaluated, in the order of the file.
    fn read_waiting(&mut self, path: &Path) -> Result<(), ImportError> {
        let waiting = self.attempts.values().filter_map(|seen| match *seen {
            Seen::Waiting { at, run } => Some((at, run)),
            Seen::Sent => None,
        });
        let mut waiting: Vec<(Position, usize)> = waiting.collect();
        waiting.sort_unstable_by_key(|(at, _)| at.byte);
        let Some((first, _)) = waiting.first() else {
            return Ok(());
        };
        let limits = self.reading.options.limits;
        let mut lines = read::lines_from(path, first.byte, &limits)?;
        let mut waiting = waiting.into_iter();
        let mut next = waiting.next();
        while let Some((wanted, run)) = next {
            let line = lines.next_line().map_err(|cause| read::io(path, cause))?;
            let Some((at, line)) = line else { break };
            if at.byte != wanted.byte {
                continue;
            }
            next = waiting.next();
            if let Line::Whole(line) = line {
                self.unevaluated += 1;
                if self.reading.options.keep_text {
                    self.unevaluated_attempt::<true>(line, wanted, run)?;
                } else {
                    self.unevaluated_attempt::<false>(line, wanted, run)?;
                }
            }
        }
        Ok(())
    }

    fn unevaluated_attempt<const KEEP: bool>(
        &mut self,
        line: &[u8],
        at: Position,
        run: usize,
    ) -> Result<(), ImportError> {
        match object::<Attempt<KEEP>>(line, &self.reading.options.limits) {
            Ok(attempt) => self.send(attempt, run, at, false).map(drop),
            Err(reason) => self.reject(at, reason),
        }
    }

    /// Rejects a line that cannot be read; the last one may be half a line.
    fn unusable(&mut self, line: &[u8], at: Position, reason: String) -> Result<(), ImportError> {
        if self.end.cuts(at, line.len()) {
            self.cut_at = Some(at);
            let reason = format!("the file ends within this line: {reason}");
            return self.reject(at, reason);
        }
        self.reject(at, reason)
    }

    fn reject(&mut self, at: Position, reason: String) -> Result<(), ImportError> {
        let location = location(at);
        Ok(self.sink.reject(Reject { location, reason })?)
    }

    fn notes(&self, origin: Origin) -> Vec<String> {
        let survey = self.reading.survey;
        let facts = &survey.first_run;
        let shown =
            |text: &Option<String>| text.as_deref().map_or("not named".to_owned(), printable);
        let mut notes = vec![format!(
            "garak {}, run {}, target type {}, target name {}",
            shown(&facts.version),
            shown(&facts.run_id),
            shown(&facts.target_type),
            shown(&facts.target_name),
        )];
        notes.push(threshold_note(self.reading.threshold, origin));
        if survey.setups > 1 {
            notes.push(format!(
                "{} reports were joined into this file; the first of them is named here",
                survey.setups
            ));
        }
        if facts.is_aggregate {
            notes.push(
                "several reports were merged into this one under a new run id; imported beside them, its attempts count twice".to_owned(),
            );
        } else if !survey.is_complete {
            notes.push("the run has no `completion` line: it was cut short".to_owned());
        }
        if let Some(at) = self.cut_at {
            notes.push(format!(
                "the file ends within line {}, which is rejected",
                at.line
            ));
        }
        notes.extend(self.counts());
        notes.extend(self.tally.disagreements(&survey.evidence));
        notes.extend(tags_note(survey));
        if !self.unknown.is_empty() {
            notes.push(self.unknown_note());
        }
        notes
    }

    /// Sentences on what was met, each with its count.
    fn counts(&self) -> Vec<String> {
        let tally = &self.tally;
        let without_eval = tally.without_eval(&self.reading.survey.evidence);
        let counts = [
            (
                self.unevaluated,
                "attempts were answered but never evaluated; their traces have no grades",
            ),
            (
                tally.nones,
                "scores are null: the detector judged nothing; kept as unscored",
            ),
            (
                tally.not_numbers,
                "scores are no number; kept as a failure of the detector",
            ),
            (
                tally.undecided,
                "scores lie where no count says whether they are hits; kept as unscored, the option `eval_threshold` decides them",
            ),
            (
                tally.not_aligned,
                "lists of scores have another length than the outputs of their attempt; they belong to no output and are left out",
            ),
            (
                tally.empty_outputs,
                "outputs hold nothing: the target gave no reply",
            ),
            (
                tally.without_outputs,
                "attempts have no output at all; each is one trace without a reply",
            ),
            (
                self.reading.survey.unusable_evals,
                "`eval` lines lack their counts and are not compared",
            ),
            (
                u64::try_from(without_eval).unwrap_or(u64::MAX),
                "pairs of probe and detector have no `eval` line to compare with",
            ),
        ];
        counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, words)| format!("{count} {words}"))
            .collect()
    }

    fn unknown_note(&self) -> String {
        let named = self.unknown.iter().take(MAX_NAMED_TYPES);
        let named: Vec<String> = named
            .map(|(word, lines)| format!("{} ({lines})", quote::word(word)))
            .collect();
        let more = self.unknown.len().saturating_sub(MAX_NAMED_TYPES);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        format!("entry types that are not read: {}{more}", named.join(", "))
    }
}

fn location(at: Position) -> Location {
    Location {
        entry: None,
        record: Some(at.line.to_string()),
        byte: Some(at.byte),
    }
}

fn threshold_note(threshold: Threshold, origin: Origin) -> String {
    let rule = match threshold {
        Threshold::At(score) => {
            format!(
                "for every detector, a score of {score:?} or more is read as compliance (garak's hit), a lower one as refusal"
            )
        }
        Threshold::Between { passes, hits } => {
            let passes = if passes.is_finite() {
                format!("{passes:?} or less")
            } else {
                "nothing known".to_owned()
            };
            let hits = if hits.is_finite() {
                format!("{hits:?} or more")
            } else {
                "nothing known".to_owned()
            };
            format!(
                "for every detector, a score of {hits} is read as compliance (garak's hit), {passes} as refusal"
            )
        }
    };
    let origin = match origin {
        Origin::Given => "the threshold is the option `eval_threshold`".to_owned(),
        Origin::Recorded => "the setup line holds the threshold".to_owned(),
        Origin::Default { agreeing } => format!(
            "garak does not record the threshold; its default agrees with the `eval` counts of {agreeing} pairs of probe and detector"
        ),
        Origin::Recovered { agreeing } => format!(
            "garak does not record the threshold; the default contradicts the `eval` counts, this one agrees with those of {agreeing} pairs of probe and detector"
        ),
        Origin::NotFound => "garak does not record the threshold, and none agrees with all `eval` counts; this is its default, the option `eval_threshold` sets another".to_owned(),
    };
    format!("{rule}; {origin}")
}

/// Tags of the probes, as the report lists them.
fn tags_note(survey: &Survey) -> Option<String> {
    /// Most probes whose tags are written out.
    const MAX_PROBES: usize = 250;
    /// Most tags of one probe; garak gives up to a dozen.
    const MAX_TAGS: usize = 40;

    let tagged = survey
        .probes
        .iter()
        .filter(|(_, facts)| !facts.tags.is_empty());
    let tags: Vec<String> = tagged
        .clone()
        .take(MAX_PROBES)
        .map(|(probe, facts)| {
            let tags = facts.tags.iter().take(MAX_TAGS).map(|tag| printable(tag));
            let tags: Vec<String> = tags.collect();
            format!("`{}`: {}", printable(probe), tags.join(" "))
        })
        .collect();
    if tags.is_empty() {
        return None;
    }
    let more = tagged.count().saturating_sub(MAX_PROBES);
    let more = if more > 0 {
        format!("; and {more} more probes")
    } else {
        String::new()
    };
    Some(format!(
        "tags of the probes (`owasp` tags number the risks of the Top 10 for LLM Applications 1.1, 2023): {}{more}",
        tags.join("; ")
    ))
}
