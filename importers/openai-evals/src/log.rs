//! Reads a log: every event to its sample, then every sample to the sink.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use caveat_corpus::{Digest, Grade, GraderKind, Location, Outcome, Record, Verdict};
use caveat_importer::json::raw_score;
use caveat_importer::lines::{End, Line as FileLine, Lines, Position};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits, Options, Reject, Sink, SourceFacts, file, quote};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::FORMAT;
use crate::damage::Damage;
use crate::event::{self, Event, Line, Match, Sampling, object, type_of};
use crate::options::OwnOptions;
use crate::polarity::{Applied, MATCH};
use crate::sample::{Call, Given, Sample, Samples};
use crate::spec::Run;
use crate::trace::{Texts, traces};

const HINT: &str = "a log begins with a `spec` line that names the eval and its completion \
    functions; copy it again from its start, or give the name with the option `model`";

/// Bytes between two words on progress.
const PROGRESS_BYTES: u64 = 4 << 20;

/// Imports a log.
pub(crate) fn import(
    path: &Path,
    options: &Options,
    own: &OwnOptions,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    file::regular(path)?;
    let io = |cause| ImportError::Io {
        path: path.to_path_buf(),
        cause,
    };
    let limits = &options.limits;
    let mut log = Log {
        limits,
        keep_text: options.keep_text,
        own,
        end: End::of(path).map_err(io)?,
        runs: Vec::new(),
        samples: Samples::default(),
        applied: Applied::default(),
        others: BTreeMap::new(),
        correct: (0, 0),
        accuracy: None,
        is_complete: false,
        usable: false,
        cut_at: None,
        void: 0,
        damage: Damage::default(),
        damaged: 0,
    };
    let mut lines = Lines::open(path, 0, limits).map_err(io)?;
    let mut told = 0;
    while let Some((at, line)) = lines.next_line().map_err(io)? {
        let result = match line {
            FileLine::Whole(line) if line.trim_ascii().is_empty() => Ok(()),
            FileLine::Whole(line) => log
                .line(line, at)
                .inspect_err(|_| log.damage.add(Some(line))),
            FileLine::TooLong { bytes } => {
                log.damage.add(None);
                Err(format!(
                    "the line has {bytes} bytes, at most {} are read",
                    limits.max_record_bytes
                ))
            }
        };
        if let Err(reason) = result {
            let location = Location {
                entry: None,
                record: Some(at.line.to_string()),
                byte: Some(at.byte),
            };
            sink.reject(Reject { location, reason })?;
        }
        if at.byte - told >= PROGRESS_BYTES {
            told = at.byte;
            sink.progress(told);
        }
    }
    if !log.usable {
        return Err(refused(
            path,
            "no line is a `spec`, an event or a final report",
        ));
    }
    log.send(path, options, sink)?;
    sink.progress(log.end.bytes);
    Ok(SourceFacts {
        format_version: None,
        notes: log.notes(),
    })
}

fn refused(path: &Path, found: impl Into<String>) -> ImportError {
    ImportError::Refused {
        path: path.to_path_buf(),
        format: FORMAT,
        found: found.into(),
        hint: HINT.to_owned(),
    }
}

/// What was read of a log.
struct Log<'a> {
    limits: &'a Limits,
    keep_text: bool,
    own: &'a OwnOptions,
    end: End,
    runs: Vec<Run>,
    samples: Samples,
    applied: Applied,
    /// Events that are not read, by type as a note shows it.
    others: BTreeMap<String, u64>,
    /// Correct comparisons, and all of them.
    correct: (u64, u64),
    /// `accuracy` of the final report.
    accuracy: Option<f64>,
    is_complete: bool,
    /// At least one line was one of a log.
    usable: bool,
    cut_at: Option<u64>,
    /// Traces that were graded although the model had not answered.
    void: u64,
    /// What the rejected lines belong to, and how many samples that is.
    damage: Damage,
    damaged: u64,
}

impl Log<'_> {
    fn line(&mut self, line: &[u8], at: Position) -> Result<(), String> {
        let read = self.read(line, at);
        match read {
            Err(reason) if self.end.cuts(at, line.len()) => {
                self.cut_at = Some(at.line);
                Err(format!("the file ends within this line: {reason}"))
            }
            other => other,
        }
    }

    fn read(&mut self, line: &[u8], at: Position) -> Result<(), String> {
        let kind = Line::of(line, self.limits)?;
        self.usable = true;
        match kind {
            Line::Spec => self.runs.push(Run::of(line, self.limits)?),
            Line::FinalReport => {
                self.is_complete = true;
                self.accuracy = accuracy(line, self.limits);
            }
            Line::Event(event) => self.event(line, &event, at)?,
        }
        Ok(())
    }

    fn event(&mut self, line: &[u8], event: &Event, at: Position) -> Result<(), String> {
        let named = self
            .runs
            .iter()
            .position(|run| run.run_id.is_some() && run.run_id == event.run_id);
        let run = named.or_else(|| self.runs.len().checked_sub(1));
        // Parsed before the sample is made: a broken event makes none.
        let read = match event.kind.as_str() {
            "sampling" => self.sampling(line, event, run, at)?,
            "match" => self.comparison(line, event)?,
            "metrics" => self.metrics(line, event, run)?,
            "error" => Read::Failure,
            other => {
                *self.others.entry(quote::word(other)).or_default() += 1;
                Read::Nothing
            }
        };
        let Some(sample) = self.samples.of(event, run, (at.line, at.byte)) else {
            return Ok(());
        };
        match read {
            Read::Call(call) => sample.call(call),
            Read::Grades(grades) => {
                for given in grades {
                    sample.grade(given)?;
                }
            }
            Read::Failure => sample.errors += 1,
            Read::Nothing => {}
        }
        Ok(())
    }

    fn sampling(
        &self,
        line: &[u8],
        event: &Event,
        run: Option<usize>,
        at: Position,
    ) -> Result<Read, String> {
        let sampling: Sampling = event::data(line, self.limits)?;
        let run = run.and_then(|run| self.runs.get(run));
        if run.is_some_and(|run| run.is_grading(&sampling.model)) {
            return Ok(Read::Nothing);
        }
        Ok(Read::Call(Call::of(
            &sampling,
            event,
            (at.byte, line.len()),
        )?))
    }

    fn comparison(&mut self, line: &[u8], event: &Event) -> Result<Read, String> {
        let data: Match = event::data(line, self.limits)?;
        let Value::Bool(correct) = data.correct else {
            return Err(format!(
                "`correct` holds {}, expected true or false",
                type_of(&data.correct)
            ));
        };
        self.correct.0 += u64::from(correct);
        self.correct.1 += 1;
        let of = data
            .sampled
            .as_str()
            .map(|text| Digest::of(text.as_bytes()));
        let grade = Grade {
            grader: Some(MATCH.to_owned()),
            kind: GraderKind::Rule,
            verdict: self.applied.of_match(self.own, correct, &data.expected),
            raw: Some(correct.to_string()),
            version: None,
            graded_at: event.created_at.clone(),
        };
        let is_of_nothing = data.is_of_nothing();
        Ok(Read::Grades(vec![Given {
            grade,
            of,
            is_of_nothing,
        }]))
    }

    fn metrics(&mut self, line: &[u8], event: &Event, run: Option<usize>) -> Result<Read, String> {
        let metrics: Map<String, Value> = event::data(line, self.limits)?;
        let run = run.and_then(|run| self.runs.get(run));
        let kind = match run.is_some_and(|run| run.is_model_graded) {
            true => GraderKind::Llm,
            false => GraderKind::Rule,
        };
        let mut grades = Vec::new();
        for (name, value) in metrics {
            self.limits.check_name("the name of a metric", &name)?;
            let grade = Grade {
                kind,
                verdict: self.applied.of_metric(self.own, &name, &value),
                raw: Some(raw_score(&name, &value, self.keep_text)),
                grader: Some(name),
                version: None,
                graded_at: event.created_at.clone(),
            };
            grades.push(Given {
                grade,
                of: None,
                is_of_nothing: false,
            });
        }
        Ok(Read::Grades(grades))
    }

    fn send(
        &mut self,
        path: &Path,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<(), ImportError> {
        let io = |cause| ImportError::Io {
            path: path.to_path_buf(),
            cause,
        };
        let mut again = match options.keep_text {
            true => Some(File::open(path).map_err(io)?),
            false => None,
        };
        let unnamed = Run::default();
        for sample in self.samples.iter() {
            let run = sample.run.and_then(|run| self.runs.get(run));
            // A specification may stand after the first events of its run.
            let run = run.or(self.runs.first()).unwrap_or(&unnamed);
            let model = run.model.as_ref().or(self.own.model.as_ref());
            let model = model.ok_or_else(|| refused(path, "no line names the model"))?;
            let texts = match &mut again {
                Some(file) => self.texts(file, sample).map_err(io)?,
                None => Texts::default(),
            };
            let is_damaged = self.damage.is_of(sample);
            self.damaged += u64::from(is_damaged && !sample.grades.is_empty());
            for mut trace in traces(sample, run, model, texts) {
                if is_damaged {
                    // What the lost line would change is not known; the raw value stays.
                    for grade in &mut trace.grades {
                        grade.verdict = Verdict::NotGradeable;
                    }
                }
                let is_void = trace.outcome == Outcome::Error && !trace.grades.is_empty();
                self.void += u64::from(is_void);
                sink.record(Record::Trace(Box::new(trace)))?;
            }
        }
        Ok(())
    }

    /// Reads the texts of a sample again.
    fn texts(&self, file: &mut File, sample: &Sample) -> io::Result<Texts> {
        let Some(call) = sample.reply() else {
            return Ok(Texts::default());
        };
        let mut line = vec![0; call.bytes];
        file.seek(SeekFrom::Start(call.byte))?;
        file.read_exact(&mut line)?;
        Ok(match event::data::<Sampling>(&line, self.limits) {
            Ok(sampling) => Texts {
                prompt: sampling.prompt_text(),
                completions: sampling.completions().unwrap_or_default(),
            },
            Err(_) => Texts::default(),
        })
    }

    fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.runs.iter().take(20).map(run_note).collect();
        notes.extend(self.own.rules.notes());
        notes.extend(self.applied.notes());
        if !self.is_complete {
            notes.push("the log has no `final_report`: the run crashed or was stopped".to_owned());
        }
        if let Some(line) = self.cut_at {
            notes.push(format!(
                "the file ends within line {line}, which is rejected"
            ));
        }
        let (correct, compared) = self.correct;
        notes.extend(
            self.accuracy
                .and_then(|accuracy| accuracy_note(accuracy, correct, compared)),
        );
        let count =
            |test: &dyn Fn(&Sample) -> bool| self.samples.iter().filter(|s| test(s)).count();
        for (samples, words) in [
            (
                count(&|sample| sample.errors > 0 && sample.grades.is_empty()),
                "samples ended in an error and have no grade",
            ),
            (
                count(&|sample| sample.target_calls > 1),
                "samples have several calls of a model; the reply is the one that a comparison quotes, else the first",
            ),
            (
                count(&|sample| sample.calls.is_empty()),
                "samples have no call of the model under test",
            ),
        ] {
            if samples > 0 {
                notes.push(format!("{samples} {words}"));
            }
        }
        if self.void > 0 {
            notes.push(format!(
                "{} traces were graded although the model had not answered (an error, or calls that returned nothing); they count as errors, and their grades for nothing",
                self.void
            ));
        }
        if self.damaged > 0 {
            notes.push(format!(
                "{} graded samples have a line that is rejected, which may have changed what they say; their grades count for nothing",
                self.damaged
            ));
        }
        let unplaced = self.damage.unplaced(&self.samples);
        if unplaced > 0 {
            notes.push(format!(
                "{unplaced} rejected lines belong to no sample that can be made out; if one of them told of an error, the verdict of its sample is wrong"
            ));
        }
        if !self.others.is_empty() {
            let kinds = self.others.iter().take(12);
            let kinds: Vec<String> = kinds
                .map(|(kind, events)| format!("{kind} ({events})"))
                .collect();
            notes.push(format!(
                "events of types that are not read: {}",
                kinds.join(", ")
            ));
        }
        notes
    }
}

/// What an event adds to its sample.
enum Read {
    Call(Call),
    Grades(Vec<Given>),
    Failure,
    Nothing,
}

fn accuracy(line: &[u8], limits: &Limits) -> Option<f64> {
    #[derive(Deserialize)]
    struct Report {
        final_report: Value,
    }

    let report: Report = object(line, limits).ok()?;
    report.final_report.get("accuracy")?.as_f64()
}

/// Says when the report's accuracy is not what the comparisons add up to.
fn accuracy_note(accuracy: f64, correct: u64, compared: u64) -> Option<String> {
    let [correct_f, compared_f] = [correct, compared].map(|n| u32::try_from(n).ok().map(f64::from));
    let counted = correct_f? / compared_f.filter(|n| *n > 0.0)?;
    ((accuracy - counted).abs() > 1e-6).then(|| {
        format!("the final report says accuracy {accuracy}, the log holds {correct} correct of {compared}; the log is used")
    })
}

fn run_note(run: &Run) -> String {
    let shown = |text: &Option<String>| text.as_deref().map_or("not named".to_owned(), printable);
    let mut note = format!(
        "eval {}, run {}, completion function {}",
        shown(&run.eval_name),
        shown(&run.run_id),
        shown(&run.model),
    );
    if let Some(model) = &run.grading_model {
        note.push_str(&format!(", graded by {}", printable(model)));
    } else if run.is_model_graded {
        note.push_str(", graded by itself");
    }
    if run.models > 1 {
        note.push_str(&format!(
            "; {} completion functions answer, the first names the model",
            run.models
        ));
    }
    note
}
