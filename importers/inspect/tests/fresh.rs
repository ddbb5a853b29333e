//! Logs that an installed Inspect made just now against its own reading of them.
//!
//! The long form of CI makes them with `xtask/fresh/inspect.py` and names the
//! folders in `CAVEAT_FRESH_INSPECT`; without it there is nothing to compare.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use caveat_corpus::{Outcome, Trace};
use common::{import_with, options};
use serde_json::{Value, json};

#[test]
fn fresh_logs_are_read_as_inspect_reads_them() {
    let Some(folders) = std::env::var_os("CAVEAT_FRESH_INSPECT") else {
        println!("skipped: CAVEAT_FRESH_INSPECT names no folder of fresh logs");
        return;
    };
    for folder in std::env::split_paths(&folders) {
        compare(&folder);
    }
}

fn compare(folder: &Path) {
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let files = expected["files"].as_object().unwrap();
    assert!(!files.is_empty());
    for (name, expected) in files {
        let imported = import_with(&folder.join(name), &options(json!({}))).unwrap();
        assert_eq!(imported.rejects, [], "{name}");
        assert_eq!(reading(&imported.traces), comparable(expected), "{name}");
        let version = format!("log version {},", expected["log_version"]);
        let found = imported.facts.format_version.as_deref().unwrap();
        assert!(found.starts_with(&version), "{name}: {found}");
    }
    println!(
        "compared {} logs of {}",
        files.len(),
        expected["reader"].as_str().unwrap_or_default()
    );
}

/// What the script writes that a trace holds.
fn comparable(expected: &Value) -> Value {
    let keys = [
        "model",
        "dataset",
        "samples",
        "ids",
        "epochs",
        "errors",
        "filtered",
        "empty_replies",
        "turns",
        "tokens",
        "scores",
    ];
    let kept = keys.map(|key| (key.to_owned(), expected[key].clone()));
    Value::Object(kept.into_iter().collect())
}

fn reading(traces: &[Trace]) -> Value {
    let with = |outcome| traces.iter().filter(|t| t.outcome == outcome).count();
    let replied = traces.iter().filter(|t| t.outcome != Outcome::Error);
    let is_empty = |trace: &Trace| {
        trace
            .response_text
            .as_deref()
            .unwrap_or_default()
            .is_empty()
    };
    let tokens =
        |trace: &Trace| trace.prompt_tokens.unwrap_or(0) + trace.response_tokens.unwrap_or(0);
    let mut scores: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for grade in traces.iter().flat_map(|trace| &trace.grades) {
        let (grader, raw) = (grade.grader.as_deref(), grade.raw.as_deref());
        let values = scores.entry(grader.unwrap()).or_default();
        *values.entry(raw.unwrap()).or_default() += 1;
    }
    // Stands before the epoch in the record's id; no id of these logs holds a space.
    let ids = traces.iter().map(|trace| {
        let id = trace.record_id.as_deref().unwrap();
        id.split(' ').next()
    });
    let ids: BTreeSet<_> = ids.collect();
    json!({
        "model": traces.first().map(|trace| trace.model.name.as_str()),
        "dataset": traces.first().and_then(|trace| trace.dataset.as_deref()),
        "samples": traces.len(),
        "ids": ids.len(),
        "epochs": traces.iter().filter_map(|trace| trace.attempt).max(),
        "errors": with(Outcome::Error),
        "filtered": with(Outcome::Filtered),
        "empty_replies": replied.filter(|trace| is_empty(trace)).count(),
        "turns": traces.iter().filter_map(|trace| trace.turns).sum::<u32>(),
        "tokens": traces.iter().map(tokens).sum::<u64>(),
        "scores": scores,
    })
}
