//! Importing a log in a test, and holding it against what Inspect's own reader says.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use caveat_corpus::{Outcome, PromptKey, Record, Trace};
use caveat_import_inspect::Inspect;
use caveat_importer::{
    Claim, Collector, ImportError, Importer as _, Options, Probe, Reject, Source, SourceFacts,
};
use serde_json::Value;

/// What an import gave.
pub(crate) struct Imported {
    pub(crate) facts: SourceFacts,
    pub(crate) traces: Vec<Trace>,
    pub(crate) rejects: Vec<Reject>,
}

impl Imported {
    /// The last grade of a grader in each trace: the one that counts.
    pub(crate) fn raws(&self, grader: &str) -> Vec<String> {
        let graded = self.traces.iter().filter_map(|trace| {
            let mut grades = trace.grades.iter().rev();
            grades.find(|grade| grade.grader.as_deref() == Some(grader))
        });
        graded
            .map(|grade| grade.raw.clone().unwrap_or_default())
            .collect()
    }

    pub(crate) fn has_note(&self, part: &str) -> bool {
        self.facts.notes.iter().any(|note| note.contains(part))
    }

    fn with(&self, outcome: Outcome) -> u64 {
        count(self.traces.iter().filter(|trace| trace.outcome == outcome))
    }
}

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

pub(crate) fn import_with(path: &Path, options: &Options) -> Result<Imported, ImportError> {
    let mut collector = Collector::default();
    let facts = Inspect.import(&Source::new(path), options, &mut collector)?;
    let traces = collector.records.into_iter().map(|record| match record {
        Record::Trace(trace) => *trace,
        Record::Cell(_) => panic!("this importer emits no cells"),
    });
    Ok(Imported {
        facts,
        traces: traces.collect(),
        rejects: collector.rejects,
    })
}

pub(crate) fn import(path: &Path) -> Imported {
    import_with(path, &Options::default()).unwrap()
}

/// Options of the format, as JSON.
pub(crate) fn options(json: Value) -> Options {
    Options {
        keep_text: true,
        format: json.as_object().unwrap().clone(),
        ..Options::default()
    }
}

pub(crate) fn claim(path: &Path) -> Claim {
    let head: Vec<u8> = std::fs::read(path).unwrap();
    let size = u64::try_from(head.len()).unwrap();
    let head = &head[..head.len().min(caveat_importer::probe::HEAD_BYTES)];
    Inspect.probe(&Probe { path, head, size })
}

pub(crate) fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file.flush().unwrap();
    file
}

/// A log of one document with these samples.
pub(crate) fn log_of(samples: &[Value]) -> Value {
    serde_json::json!({
        "version": 2,
        "status": "success",
        "eval": {
            "task": "placeholder", "task_id": "task1", "run_id": "run1", "eval_id": "eval1",
            "created": "2026-11-23T08:17:23+00:00", "model": "openai/gpt-4o",
            "dataset": {"name": "placeholders"}, "config": {}, "packages": {"inspect_ai": "0.3.285"},
        },
        "plan": {"steps": []},
        "samples": samples,
    })
}

/// Imports a log of one document with these samples.
pub(crate) fn import_samples(samples: &[Value], given: Value) -> Imported {
    let file = file_of(log_of(samples).to_string().as_bytes());
    import_with(file.path(), &options(given)).unwrap()
}

/// An archive with these members.
pub(crate) fn archive_of(members: &[(&str, &str)]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut archive = zip::ZipWriter::new(file.reopen().unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for (name, content) in members {
        archive.start_file(*name, options).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    file
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).unwrap()
}

/// Holds a log against its entry in an `expected.json`.
///
/// Not compared: `run_id`, `eval_id` and `created` where samples have world-wide
/// ids and times of their own (neither is part of a trace then), `n_chat_inputs`
/// (the form of a prompt is none of a trace), `epochs_reducer` and metrics that
/// are reduced over epochs (never read), and the container's own figures.
pub(crate) fn check(name: &str, path: &Path, expected: &Value) {
    let text = Options {
        keep_text: true,
        ..Options::default()
    };
    let result = import_with(path, &text);
    if expected["readable"] == false {
        let message = result.err().map(|error| error.to_string());
        let message = message.unwrap_or_else(|| panic!("{name} must be refused"));
        assert!(message.contains("\nhint: "), "{name}: {message}");
        return;
    }
    let imported = result.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert!(
        matches!(
            claim(path),
            Claim::Yes {
                confidence: 95..,
                ..
            }
        ),
        "{name}"
    );
    assert_eq!(imported.rejects, [], "{name}");
    let traces = &imported.traces;
    let number = |key: &str| expected[key].as_u64().unwrap_or_default();
    assert_eq!(count(traces.iter()), number("n_samples"), "{name}: samples");
    let ids: BTreeSet<&str> = traces.iter().map(id_of).collect();
    assert_eq!(count(ids.iter()), number("n_unique_ids"), "{name}: ids");
    check_run(name, &imported, expected);
    check_outcomes(name, &imported, expected);
    check_scores(name, &imported, expected);
    check_first(name, traces, &expected["first_sample"]);
}

/// The sample's own id; no id of these logs holds a space.
fn id_of(trace: &Trace) -> &str {
    let id = trace.record_id.as_deref().unwrap();
    id.split(' ').next().unwrap_or(id)
}

fn check_run(name: &str, imported: &Imported, expected: &Value) {
    let version = imported.facts.format_version.clone().unwrap();
    assert_eq!(
        version,
        format!(
            "log version {}, inspect_ai {}",
            expected["log_version"],
            expected["inspect_version"].as_str().unwrap()
        ),
        "{name}"
    );
    let status = expected["status"].as_str().unwrap();
    let says = match status {
        "success" => None,
        "started" => Some("never finished"),
        "error" => Some("the run ended with an error"),
        other => Some(other),
    };
    let endings = [
        "never finished",
        "the run ended with an error",
        "was cancelled",
    ];
    match says {
        Some(says) => assert!(imported.has_note(says), "{name}: {status}"),
        None => assert!(
            !endings.iter().any(|part| imported.has_note(part)),
            "{name}"
        ),
    }
    let is_text_id = expected["sample_id_types"][0] == "str";
    let model = expected["model"].as_str().unwrap();
    for trace in &imported.traces {
        assert_eq!(trace.model.name, model, "{name}");
        let provider = model.split_once('/').map(|(provider, _)| provider);
        assert_eq!(trace.model.provider.as_deref(), provider, "{name}");
        let is_id = matches!(trace.prompt, Some(PromptKey::Id { .. }));
        assert_eq!(is_id, is_text_id, "{name}: {:?}", trace.prompt);
    }
    if let Some(epochs) = expected["epochs"].as_u64() {
        let attempts = imported.traces.iter().filter_map(|trace| trace.attempt);
        let most = attempts.max().map_or(0, u64::from);
        assert_eq!(most, epochs, "{name}: epochs");
    }
    let has_turns = imported
        .traces
        .iter()
        .any(|trace| trace.turns.is_none_or(|turns| turns > 1));
    let tokens = expected["total_tokens"][model].as_u64();
    if let Some(tokens) = tokens.filter(|_| !has_turns && status != "started") {
        let replied = imported
            .traces
            .iter()
            .filter(|t| t.outcome != Outcome::Error);
        let sum: u64 = replied
            .map(|trace| trace.prompt_tokens.unwrap() + trace.response_tokens.unwrap())
            .sum();
        // The one log without any reply states a token all the same, and a model
        // that grades itself uses more than its replies do.
        let grades_itself = expected["scorers"][0] == "model_graded_fact";
        if sum > 0 && !grades_itself {
            assert_eq!(sum, tokens, "{name}: tokens");
        }
    }
}

fn check_outcomes(name: &str, imported: &Imported, expected: &Value) {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let stops = &expected["stop_reasons"];
    let errors = number(&expected["n_sample_errors"]).max(number(&stops["no_output"]));
    assert_eq!(imported.with(Outcome::Error), errors, "{name}: errors");
    let filtered = number(&stops["content_filter"]);
    assert_eq!(
        imported.with(Outcome::Filtered),
        filtered,
        "{name}: filtered"
    );
    let errors = number(&expected["n_sample_errors"]);
    let says = format!("no verdict that counts: {errors}");
    assert_eq!(imported.has_note(&says), errors > 0, "{name}");
    let limits = number(&expected["n_limit"]);
    assert_eq!(
        imported.has_note("that a limit ended"),
        limits > 0,
        "{name}"
    );
    if limits > 0 {
        assert!(imported.has_note(&format!("` {limits};")), "{name}");
    }
    let traces = imported.traces.iter();
    let unscored = count(traces.filter(|trace| trace.grades.is_empty()));
    assert_eq!(
        unscored,
        number(&expected["n_unscored"]),
        "{name}: unscored"
    );
    let traces = imported.traces.iter();
    let empty = traces.filter(|trace| trace.response_text.as_deref().unwrap_or("").is_empty());
    let expected = number(&expected["n_empty_completions"]);
    assert_eq!(count(empty), expected, "{name}: empty completions");
}

fn check_scores(name: &str, imported: &Imported, expected: &Value) {
    let mut found: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let graders: BTreeSet<String> = imported
        .traces
        .iter()
        .flat_map(|trace| &trace.grades)
        .filter_map(|grade| grade.grader.clone())
        .collect();
    for grader in graders {
        for raw in imported.raws(&grader) {
            *found
                .entry(grader.clone())
                .or_default()
                .entry(raw)
                .or_default() += 1;
        }
    }
    let mut wanted: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let mut verdicts = 0;
    for (scorer, values) in expected["score_distribution"].as_object().unwrap() {
        for (value, times) in values.as_object().unwrap() {
            let times = times.as_u64().unwrap();
            verdicts += times;
            for (grader, raw) in parts(scorer, value) {
                *wanted.entry(grader).or_default().entry(raw).or_default() += times;
            }
        }
    }
    assert_eq!(found, wanted, "{name}: scores");
    assert_eq!(Some(verdicts), expected["n_verdicts"].as_u64(), "{name}");
    for (scorer, metrics) in expected["metrics"].as_object().into_iter().flatten() {
        let Some(accuracy) = metrics["accuracy"].as_f64() else {
            continue;
        };
        // A member that was appended later is not in the metrics.
        let was_changed = expected["zip"]["duplicate_names"].as_u64() > Some(0);
        if scorer.contains('@') || expected["status"] != "success" || verdicts == 0 || was_changed {
            continue;
        }
        let points: Vec<f64> = imported.raws(scorer).iter().map(|raw| point(raw)).collect();
        // The metrics leave out what could not be scored, which is not in these logs.
        let mean = points.iter().sum::<f64>() / f64::from(u32::try_from(points.len()).unwrap());
        assert!(
            (mean - accuracy).abs() < 1e-9,
            "{name}: {scorer} {mean} {accuracy}"
        );
    }
}

/// Inspect's own value of a score.
fn point(raw: &str) -> f64 {
    match raw {
        "C" => 1.0,
        "P" => 0.5,
        "I" | "N" => 0.0,
        other => other.parse().unwrap(),
    }
}

/// A dictionary is one grader for each key.
fn parts(scorer: &str, value: &str) -> Vec<(String, String)> {
    match serde_json::from_str(value) {
        Ok(Value::Object(keys)) => keys
            .iter()
            .map(|(key, value)| (format!("{scorer}.{key}"), value.to_string()))
            .collect(),
        _ => vec![(scorer.to_owned(), value.to_owned())],
    }
}

fn check_first(name: &str, traces: &[Trace], first: &Value) {
    if first.is_null() {
        return;
    }
    let id = match &first["id"] {
        Value::String(id) => id.clone(),
        id => id.to_string(),
    };
    let trace = traces.iter().find(|trace| {
        id_of(trace) == id && trace.attempt.map(u64::from) == first["epoch"].as_u64()
    });
    let trace = trace.unwrap_or_else(|| panic!("{name}: {id}"));
    assert_eq!(
        trace.prompt_text.as_deref(),
        first["input_text"].as_str(),
        "{name}"
    );
    let completion = first["completion"].as_str();
    assert_eq!(
        trace.response_text.as_deref().or(Some("")),
        completion,
        "{name}"
    );
    for (scorer, value) in first["scores"].as_object().unwrap() {
        for (grader, raw) in parts(scorer, value.as_str().unwrap()) {
            let mut grades = trace.grades.iter().rev();
            let grade = grades.find(|grade| grade.grader.as_ref() == Some(&grader));
            assert_eq!(grade.unwrap().raw.as_ref(), Some(&raw), "{name}: {grader}");
        }
    }
}
