//! Builds small databases in the shape of the corpus.
//!
//! Everything here is synthetic; no text is an attack.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};

use caveat_corpus::{Record, Trace};
use caveat_import_failure_first::FailureFirst;
use caveat_importer::{
    Claim, Collector, ImportError, Importer as _, Options, Probe, Source, SourceFacts,
};
use tempfile::TempDir;

/// Tables of schema v13 with two results of one model.
pub(crate) const GOOD: &str = "
    PRAGMA user_version = 13;
    CREATE TABLE source_datasets(id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE techniques(id INTEGER PRIMARY KEY, name TEXT, family TEXT, era TEXT);
    CREATE TABLE prompts(id INTEGER PRIMARY KEY, prompt_text TEXT, technique_id INTEGER,
      source_dataset_id INTEGER, harm_class TEXT);
    CREATE TABLE models(id INTEGER PRIMARY KEY, name TEXT, provider TEXT, parameter_count TEXT);
    CREATE TABLE evaluation_runs(id INTEGER PRIMARY KEY, model_id INTEGER, run_date TEXT);
    CREATE TABLE results(id INTEGER PRIMARY KEY, evaluation_run_id INTEGER, prompt_id INTEGER,
      raw_response TEXT, heuristic_verdict TEXT, llm_verdict TEXT, llm_classifier TEXT,
      duration_ms INTEGER, thinking_tokens INTEGER, response_tokens INTEGER);
    INSERT INTO source_datasets VALUES (1, 'set a');
    INSERT INTO techniques VALUES (1, 'cipher/base64', 'encoding', 'cipher_2023');
    INSERT INTO prompts VALUES (1, 'placeholder prompt', 1, 1, 'fraud'), (2, NULL, NULL, 1, NULL);
    INSERT INTO models VALUES (1, 'maker/model', 'maker', '1.2B');
    INSERT INTO evaluation_runs VALUES (1, 1, '2026-03-05');
    INSERT INTO results VALUES
      (1, 1, 1, 'placeholder response', 'COMPLIANCE', 'REFUSAL', 'grader-a', 10, NULL, 20),
      (2, 1, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
";

/// A database file in a folder of its own.
pub(crate) struct Case {
    pub(crate) folder: TempDir,
    pub(crate) path: PathBuf,
}

/// What an import gave.
pub(crate) type Outcome = Result<(SourceFacts, Collector), ImportError>;

/// The good database after `change`.
pub(crate) fn changed(change: &str) -> Case {
    built(&format!("{GOOD}\n{change}"))
}

/// A database made by `sql` alone.
pub(crate) fn built(sql: &str) -> Case {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("corpus.db");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    Case { folder, path }
}

/// A file with these bytes.
pub(crate) fn written(bytes: &[u8]) -> Case {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("corpus.db");
    std::fs::write(&path, bytes).unwrap();
    Case { folder, path }
}

pub(crate) fn import(path: &Path) -> Outcome {
    import_with(path, &Options::default())
}

pub(crate) fn import_with(path: &Path, options: &Options) -> Outcome {
    let mut collector = Collector::default();
    let facts = FailureFirst.import(&Source::new(path), options, &mut collector)?;
    Ok((facts, collector))
}

pub(crate) fn claim(path: &Path) -> Claim {
    let bytes = std::fs::read(path).unwrap();
    let head = &bytes[..bytes.len().min(64 << 10)];
    FailureFirst.probe(&Probe {
        path,
        head,
        size: bytes.len() as u64,
    })
}

/// The traces alone.
pub(crate) fn traces(collector: &Collector) -> Vec<&Trace> {
    collector
        .records
        .iter()
        .map(|record| match record {
            Record::Trace(trace) => trace.as_ref(),
            Record::Cell(_) => panic!("this importer emits no cells"),
        })
        .collect()
}

/// Row ids and reasons of the rejects.
pub(crate) fn rejects(collector: &Collector) -> Vec<(String, String)> {
    collector
        .rejects
        .iter()
        .map(|reject| {
            assert_eq!(reject.location.entry.as_deref(), Some("results"));
            (
                reject.location.record.clone().unwrap(),
                reject.reason.clone(),
            )
        })
        .collect()
}
