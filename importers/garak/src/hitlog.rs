//! Hit logs: the successful attacks of a run, without the others.
//!
//! A hit log repeats what its report holds. Beside its report it is only
//! counted. Alone it is imported with the same identities as the report would
//! give, so that a report imported later adds what is missing and nothing twice.

use std::path::{Path, PathBuf};

use caveat_corpus::{
    Digest, Grade, Location, ModelName, Outcome, PromptKey, Record, Trace, Verdict,
};
use caveat_importer::lines::{End, Line, Position};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits, Options, Reject, Sink, SourceFacts, secrets};
use serde::Deserialize;
use serde_json::Value;

use crate::attempt::Output;
use crate::conversation::Prompt;
use crate::entry::{RunFacts, detector_name, probe_name};
use crate::graders::kind_of;
use crate::line::{Kind, object};
use crate::read;
use crate::survey::number;
use crate::trace::DATASET;

const REPORT_SUFFIX: &str = ".report.jsonl";
const HITLOG_SUFFIX: &str = ".hitlog.jsonl";

/// Lines at the start of a report that are searched for its run.
const MAX_SETUP_LINES: usize = 20;

/// The hit log that garak writes beside a report.
pub(crate) fn beside(report: &Path) -> Option<PathBuf> {
    sibling(report, REPORT_SUFFIX, HITLOG_SUFFIX)
}

fn sibling(path: &Path, suffix: &str, other: &str) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let sibling = path.with_file_name(format!("{}{other}", name.strip_suffix(suffix)?));
    sibling.is_file().then_some(sibling)
}

/// What the hit log beside a report holds.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// Hits of the report's run.
    hits: u64,
    /// Lines of other runs, and lines that cannot be read.
    others: u64,
    /// The lowest score among the hits.
    pub(crate) lowest_score: Option<f64>,
}

#[derive(Deserialize)]
struct Light {
    #[serde(default)]
    run_id: Value,
    #[serde(default)]
    score: Value,
}

/// Counts the hit log beside a report. One that cannot be read adds nothing.
pub(crate) fn summary_beside(
    report: &Path,
    run_id: Option<&str>,
    limits: &Limits,
) -> Option<Summary> {
    let path = beside(report)?;
    let mut lines = read::lines_from(&path, 0, limits).ok()?;
    let mut summary = Summary::default();
    while let Ok(Some((_, line))) = lines.next_line() {
        let parsed = match line {
            Line::Whole(line) if line.trim_ascii().is_empty() => continue,
            Line::Whole(line) => object::<Light>(line, limits).ok(),
            Line::TooLong { .. } => None,
        };
        match parsed.filter(|hit| run_id.is_some() && hit.run_id.as_str() == run_id) {
            Some(hit) => {
                summary.hits += 1;
                let lower = |known: f64, score: f64| known.min(score);
                if let Some(score) = number(&hit.score) {
                    let known = summary.lowest_score.unwrap_or(score);
                    summary.lowest_score = Some(lower(known, score));
                }
            }
            None => summary.others += 1,
        }
    }
    Some(summary)
}

impl Summary {
    /// Sentences on what the hit log adds to its report: nothing, or a doubt.
    pub(crate) fn note(&self, hits_in_report: u64, is_aggregate: bool) -> Vec<String> {
        let mut notes = Vec::new();
        if self.hits != hits_in_report && !is_aggregate {
            notes.push(format!(
                "the hit log beside the report lists {} hits of its run, the report holds {hits_in_report}; the report is used",
                self.hits
            ));
        }
        if self.others > 0 {
            notes.push(format!(
                "{} lines of the hit log beside the report are not of its run and are left out",
                self.others
            ));
        }
        notes
    }
}

/// A hit as it stands on its line.
#[derive(Deserialize)]
struct Hit<const KEEP: bool> {
    #[serde(default)]
    run_id: Option<String>,
    #[serde(default)]
    attempt_id: Option<String>,
    #[serde(default)]
    attempt_idx: Option<u32>,
    #[serde(default)]
    generator: Option<String>,
    #[serde(default)]
    probe: Option<String>,
    #[serde(default)]
    detector: Option<String>,
    #[serde(default)]
    prompt: Prompt,
    #[serde(default)]
    output: Output<KEEP>,
    #[serde(default)]
    score: Value,
}

/// Imports a hit log that lies alone.
pub(crate) fn import(
    path: &Path,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    let end = End::of(path).map_err(|cause| read::io(path, cause))?;
    let report = sibling(path, HITLOG_SUFFIX, REPORT_SUFFIX);
    let report_run = report
        .as_deref()
        .and_then(|report| run_of(report, &options.limits));
    let mut lines = read::lines_from(path, 0, &options.limits)?;
    let mut hits = 0_u64;
    while let Some((at, line)) = lines.next_line().map_err(|cause| read::io(path, cause))? {
        let location = Location {
            entry: None,
            record: Some(at.line.to_string()),
            byte: Some(at.byte),
        };
        let (result, length) = match line {
            Line::Whole(line) if line.trim_ascii().is_empty() => continue,
            Line::Whole(line) if options.keep_text => {
                (trace::<true>(line, &location, options), line.len())
            }
            Line::Whole(line) => (trace::<false>(line, &location, options), line.len()),
            Line::TooLong { bytes } => {
                let longest = options.limits.max_record_bytes;
                (
                    Err(format!(
                        "the line has {bytes} bytes, at most {longest} are read"
                    )),
                    0,
                )
            }
        };
        match result {
            Ok(trace) => {
                if hits == 0 && report_run.is_some() && report_run == trace.run_id {
                    return Err(refused_for_report(path, report.as_deref()));
                }
                hits += 1;
                sink.record(Record::Trace(Box::new(trace)))?;
            }
            Err(reason) => sink.reject(Reject {
                location,
                reason: cut_words(end, at, length, reason),
            })?,
        }
        sink.progress(at.byte);
    }
    Ok(SourceFacts {
        format_version: None,
        notes: vec![
            "a hit log holds the successful attacks alone and no denominator: every rate taken from it is 100 %; import the run's report instead".to_owned(),
            "every score of a hit log is read as compliance, as garak judged it".to_owned(),
        ],
    })
}

fn cut_words(end: End, at: Position, length: usize, reason: String) -> String {
    if end.cuts(at, length) {
        format!("the file ends within this line: {reason}")
    } else {
        reason
    }
}

fn refused_for_report(path: &Path, report: Option<&Path>) -> ImportError {
    let name = report.and_then(Path::file_name).unwrap_or_default();
    read::refused(
        path,
        format!(
            "it is the hit log of `{}` beside it, which holds these hits and the attacks that failed",
            printable(&name.to_string_lossy())
        ),
        "import the report; its hit log adds nothing to it",
    )
}

/// The run of a report, from its first lines.
fn run_of(report: &Path, limits: &Limits) -> Option<String> {
    let mut lines = read::lines_from(report, 0, limits).ok()?;
    let mut facts = RunFacts::default();
    for _ in 0..MAX_SETUP_LINES {
        let (_, line) = lines.next_line().ok()??;
        let Line::Whole(line) = line else { continue };
        match Kind::of(line, limits) {
            Ok(Kind::Setup) => facts.update(RunFacts::of_setup(line, limits).ok()?),
            Ok(Kind::Init) => facts.update(RunFacts::of_init(line, limits).ok()?),
            _ => break,
        }
    }
    facts.run_id
}

fn trace<const KEEP: bool>(
    line: &[u8],
    location: &Location,
    options: &Options,
) -> Result<Trace, String> {
    let hit: Hit<KEEP> = object(line, &options.limits)?;
    let named = |field: &str, name: Option<String>| -> Result<Option<String>, String> {
        let name = name.filter(|name| !name.is_empty());
        options
            .limits
            .check_name(field, name.as_deref().unwrap_or_default())?;
        Ok(name)
    };
    let generator = named("`generator`", hit.generator)?.ok_or("`generator` is missing")?;
    let detector = named("`detector`", hit.detector)?.ok_or("`detector` is missing")?;
    let probe = named("`probe`", hit.probe)?;
    let probe = probe.as_deref().map(probe_name);
    let prompt = hit.prompt.text.as_deref();
    let detector = detector_name(&detector);
    Ok(Trace {
        location: location.clone(),
        run_id: named("`run_id`", hit.run_id)?,
        record_id: named("`attempt_id`", hit.attempt_id)?,
        model: model(&generator),
        prompt: prompt.map(|text| PromptKey::Text(Digest::of(text.as_bytes()))),
        prompt_text: prompt.filter(|_| KEEP).map(str::to_owned),
        dataset: Some(DATASET.to_owned()),
        technique: probe.map(str::to_owned),
        attack_family: probe
            .and_then(|probe| probe.split('.').next())
            .map(str::to_owned),
        harm_category: None,
        attempt: hit.attempt_idx.and_then(|position| position.checked_add(1)),
        turns: (hit.prompt.user_turns > 0).then_some(hit.prompt.user_turns),
        observed_at: None,
        prompt_tokens: None,
        response_tokens: None,
        duration_ms: None,
        response_digest: hit.output.digest,
        response_text: hit.output.text,
        outcome: if hit.output.is_reply {
            Outcome::Response
        } else {
            Outcome::Error
        },
        grades: vec![Grade {
            grader: Some(detector.to_owned()),
            kind: kind_of(detector, None),
            verdict: Verdict::Compliance,
            raw: Some(caveat_importer::json::raw_text(&hit.score)),
            version: None,
            graded_at: None,
        }],
    })
}

/// The target from `type name`; Python wrote `None` for a missing name.
fn model(generator: &str) -> ModelName {
    let (kind, name) = match generator.split_once(' ') {
        Some((kind, name)) => (kind, Some(name)),
        None => (generator, None),
    };
    let name = name.filter(|name| !name.is_empty() && *name != "None");
    secrets::model_name(name.unwrap_or(kind).to_owned(), Some(kind.to_owned()))
}
