//! Reads graded traces: one JSON object per line, as `flip_graded*.jsonl` holds them.
//!
//! The programme has published no schema of these files. Names that its
//! publications attest are tried first, then those that its database and its
//! other files use for the same thing; the page of this importer says which is
//! which. What was read from which name stands in the account. A line becomes
//! exactly one trace or one reject.

use std::collections::BTreeSet;
use std::path::Path;

use caveat_corpus::{
    Digest, Grade, GraderKind, Location, ModelName, Outcome, PromptKey, Record, Trace, Verdict,
};
use caveat_importer::lines::{End, Line, Lines};
use caveat_importer::{ImportError, Options, Reject, Sink, SourceFacts, json, quote, secrets};
use serde_json::{Map, Value};

use crate::FORMAT;
use crate::lines_of_json::{PACK_HINT, Shape};
use crate::results::outcome;

/// Lines between two reports of progress.
const PROGRESS_LINES: u64 = 4096;

/// What numbers the scenarios: their ids are the same in every file of the programme.
const SCENARIOS: &str = "failure-first scenarios";

/// What a line may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Model,
    Provider,
    Size,
    Verdict,
    Heuristic,
    Grader,
    GraderVersion,
    GradedAt,
    Scenario,
    Prompt,
    Response,
    Error,
    Dataset,
    Technique,
    AttackFamily,
    HarmCategory,
    RunId,
    RecordId,
    ObservedAt,
    Duration,
    ResponseTokens,
}

impl Field {
    /// Names of a field; where several stand in a line, the first counts.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Field::Model => &["model_id", "model", "model_name"],
            Field::Provider => &["provider"],
            Field::Size => &["parameter_count"],
            Field::Verdict => &["llm_verdict", "flip_verdict", "verdict"],
            Field::Heuristic => &["heuristic_verdict"],
            Field::Grader => &["llm_classifier", "grader_model", "grader"],
            Field::GraderVersion => &["grader_version", "prompt_version"],
            Field::GradedAt => &["graded_at"],
            Field::Scenario => &["scenario_id", "prompt_id"],
            Field::Prompt => &["prompt_text", "prompt"],
            Field::Response => &[
                "raw_response",
                "response",
                "response_text",
                "model_response",
            ],
            Field::Error => &["error"],
            Field::Dataset => &["dataset", "source_dataset"],
            Field::Technique => &["technique"],
            Field::AttackFamily => &["attack_class", "attack_family", "scenario_class"],
            Field::HarmCategory => &["harm_class", "harm_category"],
            Field::RunId => &["evaluation_run_id", "run_id"],
            Field::RecordId => &["trace_id", "id"],
            Field::ObservedAt => &["run_date", "timestamp"],
            Field::Duration => &["duration_ms"],
            Field::ResponseTokens => &["response_tokens"],
        }
    }
}

/// The name and the value of a field, if the line has one.
pub(crate) fn find(object: &Map<String, Value>, field: Field) -> Option<(&'static str, &Value)> {
    field.names().iter().find_map(|name| {
        let value = object.get(*name).filter(|value| !value.is_null())?;
        Some((*name, value))
    })
}

/// One of the nine words of the schema; graders add what failed after a colon
/// (`ERROR:timeout`).
pub(crate) fn verdict(word: &str) -> Option<Verdict> {
    let word = word.split(':').next().unwrap_or_default();
    match word.parse::<Verdict>() {
        Ok(Verdict::Unscored) | Err(_) => None,
        Ok(verdict) => Some(verdict),
    }
}

/// Reads every line.
pub(crate) fn stream(
    path: &Path,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    let io = |cause| ImportError::Io {
        path: path.to_path_buf(),
        cause,
    };
    let end = End::of(path).map_err(io)?;
    let mut lines = Lines::open(path, 0, &options.limits).map_err(io)?;
    let mut reader = Reader {
        options,
        used: BTreeSet::new(),
        ungraded: 0,
    };
    let mut cut_short = false;
    let mut number = 0_u64;
    while let Some((at, line)) = lines.next_line().map_err(io)? {
        let location = Location {
            entry: None,
            record: Some(at.line.to_string()),
            byte: Some(at.byte),
        };
        let (length, read) = match line {
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Whole(bytes) => (bytes.len(), reader.line(location.clone(), bytes)),
            Line::TooLong { bytes } => {
                let longest = options.limits.max_record_bytes;
                let reason = format!("the line has {bytes} bytes, at most {longest} are read");
                (0, Err(reason))
            }
        };
        number += 1;
        if number.is_multiple_of(PROGRESS_LINES) {
            sink.progress(at.byte);
        }
        match read {
            Ok(trace) => sink.record(Record::Trace(Box::new(trace)))?,
            Err(reason) => {
                cut_short = end.cuts(at, length);
                sink.reject(Reject { location, reason })?;
            }
        }
    }
    Ok(reader.facts(cut_short))
}

/// Refuses a file that holds no graded traces.
pub(crate) fn refuse(path: &Path, shape: Shape) -> ImportError {
    let (found, hint) = match shape {
        Shape::SingleAgentPack | Shape::MultiAgentPack => (shape.pack(), PACK_HINT),
        _ => (
            "expected an SQLite database, or lines of JSON with a model and a verdict".to_owned(),
            "name the `.db` file of the corpus or its graded traces, or leave out `--from`",
        ),
    };
    ImportError::Refused {
        path: path.to_path_buf(),
        format: FORMAT,
        found,
        hint: hint.to_owned(),
    }
}

struct Reader<'a> {
    options: &'a Options,
    /// Names under which fields were found.
    used: BTreeSet<(Field, &'static str)>,
    /// Traces without any verdict.
    ungraded: u64,
}

impl Reader<'_> {
    fn line(&mut self, location: Location, bytes: &[u8]) -> Result<Trace, String> {
        let object: Map<String, Value> =
            json::parse(bytes, &self.options.limits).map_err(|fault| fault.to_string())?;
        let mut line = Values {
            reader: self,
            object: &object,
        };
        let name = line
            .label(Field::Model)?
            .ok_or("no `model_id` and no other name of a model")?;
        let model = ModelName {
            coded_size: line.label(Field::Size)?,
            ..secrets::model_name(name, line.label(Field::Provider)?)
        };
        let prompt_text = line.text(Field::Prompt)?;
        let scenario = line.label(Field::Scenario)?;
        let response = line.text(Field::Response)?;
        let grades = line.grades()?;
        let failed = line
            .text(Field::Error)?
            .is_some_and(|text| !text.is_empty());
        let outcome = match (response, failed) {
            (None, true) => Outcome::Error,
            _ => outcome(response, &grades),
        };
        let keep = self.options.keep_text;
        let mut line = Values {
            reader: self,
            object: &object,
        };
        let trace = Trace {
            location,
            run_id: line.label(Field::RunId)?,
            record_id: line.label(Field::RecordId)?,
            model,
            prompt: prompt_key(prompt_text, scenario),
            prompt_text: prompt_text.filter(|_| keep).map(str::to_owned),
            dataset: line.label(Field::Dataset)?,
            technique: line.label(Field::Technique)?,
            attack_family: line.label(Field::AttackFamily)?,
            harm_category: line.label(Field::HarmCategory)?,
            attempt: None,
            turns: None,
            observed_at: line.label(Field::ObservedAt)?,
            prompt_tokens: None,
            response_tokens: line.count(Field::ResponseTokens)?,
            duration_ms: line.count(Field::Duration)?,
            response_digest: response.map(|text| Digest::of(text.as_bytes())),
            response_text: response.filter(|_| keep).map(str::to_owned),
            outcome,
            grades,
        };
        self.ungraded += u64::from(trace.grades.is_empty());
        Ok(trace)
    }

    fn facts(self, cut_short: bool) -> SourceFacts {
        let names: Vec<String> = self
            .used
            .iter()
            .map(|(_, name)| format!("`{name}`"))
            .collect();
        let mut notes = vec![format!(
            "graded traces have no published schema; read were {}",
            names.join(", ")
        )];
        if self.ungraded > 0 {
            notes.push(format!(
                "{} traces without a verdict are unscored",
                self.ungraded
            ));
        }
        if cut_short {
            notes.push(
                "the last line is incomplete: the file was cut short, the lines before are read"
                    .to_owned(),
            );
        }
        SourceFacts {
            format_version: Some("graded traces".to_owned()),
            notes,
        }
    }
}

/// The text's digest is the same in every corpus, as for the database.
fn prompt_key(text: Option<&str>, scenario: Option<String>) -> Option<PromptKey> {
    match (text, scenario) {
        (Some(text), _) => Some(PromptKey::Text(Digest::of(text.as_bytes()))),
        (None, Some(id)) => Some(PromptKey::Id {
            dataset: SCENARIOS.to_owned(),
            id,
        }),
        (None, None) => None,
    }
}

/// Typed values of one line.
struct Values<'r, 'o, 'a> {
    reader: &'r mut Reader<'a>,
    object: &'o Map<String, Value>,
}

impl<'o> Values<'_, 'o, '_> {
    fn find(&mut self, field: Field) -> Option<(&'static str, &'o Value)> {
        let (name, value) = find(self.object, field)?;
        // Python writes NaN where a table had nothing.
        if json::non_finite(value).is_some() {
            return None;
        }
        self.reader.used.insert((field, name));
        Some((name, value))
    }

    fn text(&mut self, field: Field) -> Result<Option<&'o str>, String> {
        match self.find(field) {
            None => Ok(None),
            Some((_, Value::String(text))) => Ok(Some(text)),
            Some((name, other)) => Err(wrong_type(name, "a text", other)),
        }
    }

    /// A name: a text or a number, as spelled; an empty one is absent.
    fn label(&mut self, field: Field) -> Result<Option<String>, String> {
        let (name, label) = match self.find(field) {
            None => return Ok(None),
            Some((name, Value::String(text))) => (name, text.clone()),
            Some((name, number @ Value::Number(_))) => (name, json::raw_text(number)),
            Some((name, other)) => return Err(wrong_type(name, "a text", other)),
        };
        self.reader
            .options
            .limits
            .check_name(&format!("`{name}`"), &label)?;
        Ok(Some(label).filter(|label| !label.trim().is_empty()))
    }

    fn count(&mut self, field: Field) -> Result<Option<u64>, String> {
        match self.find(field) {
            None => Ok(None),
            Some((name, value)) => match value.as_u64() {
                Some(count) => Ok(Some(count)),
                None => Err(wrong_type(name, "a whole number from 0", value)),
            },
        }
    }

    /// The verdict of the model that graded, and that of the key words.
    fn grades(&mut self) -> Result<Vec<Grade>, String> {
        let grader = self.label(Field::Grader)?;
        let version = self.label(Field::GraderVersion)?;
        let graded_at = self.label(Field::GradedAt)?;
        let heuristic = Some("heuristic".to_owned());
        let mut grades = Vec::with_capacity(2);
        for (field, kind, grader) in [
            (Field::Verdict, GraderKind::Llm, grader),
            (Field::Heuristic, GraderKind::Heuristic, heuristic),
        ] {
            let Some(word) = self.text(field)?.filter(|word| !word.trim().is_empty()) else {
                continue;
            };
            let verdict = verdict(word).ok_or_else(|| {
                let name = find(self.object, field).map_or("verdict", |(name, _)| name);
                format!(
                    "`{name}` holds the unknown verdict word {}",
                    quote::word(word)
                )
            })?;
            let by_model = kind == GraderKind::Llm;
            grades.push(Grade {
                grader,
                kind,
                verdict,
                raw: Some(word.to_owned()),
                version: version.clone().filter(|_| by_model),
                graded_at: graded_at.clone().filter(|_| by_model),
            });
        }
        Ok(grades)
    }
}

fn wrong_type(name: &str, expected: &str, found: &Value) -> String {
    let kind = match found {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "another number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("`{name}` holds {kind}, expected {expected}")
}
