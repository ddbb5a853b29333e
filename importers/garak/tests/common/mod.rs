//! What the tests share: importing bytes or files, and small reports of every version.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caveat_corpus::{Record, Trace, Verdict};
use caveat_import_garak::Garak;
use caveat_importer::{
    Collector, ImportError, Importer as _, Options, Reject, Source, SourceFacts,
};

/// What an import gave.
#[derive(Debug, PartialEq)]
pub(crate) struct Imported {
    pub(crate) facts: SourceFacts,
    pub(crate) traces: Vec<Trace>,
    pub(crate) rejects: Vec<Reject>,
}

impl Imported {
    /// The one note that holds these words.
    pub(crate) fn note(&self, words: &str) -> &str {
        let mut found = self.facts.notes.iter().filter(|note| note.contains(words));
        match (found.next(), found.next()) {
            (Some(note), None) => note,
            _ => panic!("not one note with `{words}`: {:#?}", self.facts.notes),
        }
    }

    pub(crate) fn has_note(&self, words: &str) -> bool {
        self.facts.notes.iter().any(|note| note.contains(words))
    }
}

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

pub(crate) fn import_file(path: &Path, options: &Options) -> Result<Imported, ImportError> {
    let mut collector = Collector::default();
    let facts = Garak.import(&Source::new(path), options, &mut collector)?;
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

pub(crate) fn import_bytes(content: &[u8], options: &Options) -> Result<Imported, ImportError> {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("any.jsonl");
    std::fs::write(&path, content).unwrap();
    import_file(&path, options)
}

pub(crate) fn import(content: &str) -> Imported {
    import_bytes(content.as_bytes(), &Options::default()).unwrap()
}

pub(crate) fn refusal(content: &[u8]) -> String {
    match import_bytes(content, &Options::default()) {
        Err(error @ ImportError::Refused { .. }) => {
            let text = error.to_string();
            assert!(text.contains("\nhint: "), "{text}");
            text
        }
        other => panic!("expected a refusal, found {other:?}"),
    }
}

pub(crate) fn with_option(key: &str, value: serde_json::Value) -> Options {
    let mut options = Options::default();
    options.format.insert(key.to_owned(), value);
    options
}

/// Grades as garak counts them: by probe and detector, passed, hits and nulls.
pub(crate) fn counts(traces: &[Trace]) -> BTreeMap<(String, String), [u64; 3]> {
    let mut counts: BTreeMap<(String, String), [u64; 3]> = BTreeMap::new();
    for trace in traces {
        for grade in &trace.grades {
            let probe = trace.technique.clone().unwrap_or_default();
            let pair = (probe, grade.grader.clone().unwrap_or_default());
            let place = match grade.verdict {
                Verdict::Refusal => 0,
                Verdict::Compliance => 1,
                Verdict::Unscored => 2,
                other => panic!("unexpected verdict {other}"),
            };
            counts.entry(pair).or_default()[place] += 1;
        }
    }
    counts
}

/// The counts of the `eval` lines, as [`counts`] gives those of the traces.
pub(crate) fn eval_counts(records: &serde_json::Value) -> BTreeMap<(String, String), [u64; 3]> {
    let count = |record: &serde_json::Value, key: &str| record[key].as_u64().unwrap();
    let records = records.as_array().unwrap().iter();
    records
        .map(|record| {
            let name = |key: &str| record[key].as_str().unwrap().to_owned();
            let counts = ["passed", "fails", "nones"].map(|key| count(record, key));
            ((name("probe"), name("detector")), counts)
        })
        .collect()
}

/// A count as `expected.json` has it.
pub(crate) fn total(expected: &serde_json::Value, key: &str) -> usize {
    usize::try_from(expected[key].as_u64().unwrap()).unwrap()
}

pub(crate) const SETUP: &str = r#"{"entry_type": "start_run setup", "_config.version": "0.12.0", "transient.run_id": "run-1", "plugins.model_type": "openai", "plugins.model_name": "gpt-4o"}"#;
pub(crate) const INIT: &str = r#"{"entry_type": "init", "garak_version": "0.12.0", "start_time": "2025-01-02T03:04:05", "run": "run-1"}"#;
pub(crate) const END: &str =
    r#"{"entry_type": "completion", "end_time": "2025-01-02T03:05:05", "run": "run-1"}"#;

/// A report of version 0.12 around these lines.
pub(crate) fn report(lines: &[String]) -> String {
    let mut all = vec![SETUP.to_owned(), INIT.to_owned()];
    all.extend_from_slice(lines);
    all.push(END.to_owned());
    all.join("\n") + "\n"
}

/// An attempt as garak's writer spaces it. `outputs` and `results` are JSON.
pub(crate) fn attempt(uuid: &str, status: u8, outputs: &str, results: &str) -> String {
    format!(
        r#"{{"entry_type": "attempt", "uuid": "{uuid}", "seq": 0, "status": {status}, "probe_classname": "dan.Dan", "probe_params": {{}}, "targets": [], "prompt": "prompt of {uuid}", "outputs": {outputs}, "detector_results": {results}, "notes": {{}}, "goal": "g", "messages": []}}"#
    )
}

pub(crate) fn eval(detector: &str, passed: u64, total: u64) -> String {
    format!(
        r#"{{"entry_type": "eval", "probe": "dan.Dan", "detector": "{detector}", "passed": {passed}, "total": {total}}}"#
    )
}
