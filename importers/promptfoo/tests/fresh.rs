//! Results that an installed promptfoo made just now against its own counts of them.
//!
//! The long form of CI makes them with `xtask/fresh/promptfoo.mjs` and names the
//! folders in `CAVEAT_FRESH_PROMPTFOO`; without it there is nothing to compare.
//!
//! A table (CSV) has neither the evaluation's id nor the values of components nor
//! scores; of these only what it holds is compared.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use caveat_corpus::{Grade, Outcome, Trace, Verdict};
use serde_json::{Value, json};

use common::*;

#[test]
fn fresh_results_are_read_as_promptfoo_counts_them() {
    let Some(folders) = std::env::var_os("CAVEAT_FRESH_PROMPTFOO") else {
        println!("skipped: CAVEAT_FRESH_PROMPTFOO names no folder of fresh results");
        return;
    };
    for folder in std::env::split_paths(&folders) {
        compare_folder(&folder);
        let expected = json(&folder.join("expected.json"));
        println!(
            "compared two runs of promptfoo {}, each as JSON, JSONL, YAML, CSV and in the database",
            expected["promptfoo_version"].as_str().unwrap()
        );
    }
}

type Counts = BTreeMap<String, u64>;

const RED_TEAM: &str = r#"{"runs": "red-team"}"#;

fn compare_folder(folder: &Path) {
    let expected = json(&folder.join("expected.json"));
    for (name, key, options_text) in [
        ("red-team", "red_team", "{}"),
        ("ordinary", "ordinary", RED_TEAM),
    ] {
        let (run, expected) = (folder.join(name), &expected[key]);
        for file in ["results.json", "results.jsonl", "results.yaml"] {
            let read = read_with(&run.join(file), &options(options_text)).unwrap();
            let place = format!("{name}/{file}");
            compare(&read, expected, &place);
            if file != "results.jsonl" {
                compare_run(&read, expected, &place);
            }
        }
        let table = read_with(&run.join("results.csv"), &options(RED_TEAM)).unwrap();
        compare_table(&table, expected, &format!("{name}/results.csv"));
    }
    let attempts = |read: &Read| read.traces.iter().filter_map(|trace| trace.attempt).max();
    let database = folder.join("promptfoo.db");
    let red_team = read(&database);
    compare(&red_team, &expected["red_team"], "promptfoo.db");
    assert_eq!(
        json!(attempts(&red_team)),
        expected["repeat"],
        "promptfoo.db"
    );
    let all = read_with(&database, &options(RED_TEAM)).unwrap();
    let (_, ordinary): (Vec<Trace>, Vec<Trace>) = all.traces.into_iter().partition(|trace| {
        let identity = trace.identity("promptfoo", 0);
        identities(&red_team.traces)
            .binary_search(&identity)
            .is_ok()
    });
    assert_eq!(
        expected["ordinary"]["n_results"],
        ordinary.len(),
        "promptfoo.db"
    );
}

/// What every container but the table holds.
fn compare(read: &Read, expected: &Value, place: &str) {
    compare_table(read, expected, place);
    let traces = &read.traces;
    let ungraded = traces
        .iter()
        .filter(|trace| trace.outcome == Outcome::Response && trace.grades.is_empty());
    assert_eq!(expected["ungraded"], ungraded.count(), "{place}");
    assert_eq!(
        components(traces, &expected["components"]),
        numbers(&expected["components"]),
        "{place}"
    );
    // Results that end with an error, and those that nothing graded, have a
    // score in the file but no grade.
    let scores = traces.iter().filter_map(|trace| trace.grades.last());
    let mut scores = count(scores.map(|grade| grade.raw.clone().unwrap()));
    *scores.entry("0".to_owned()).or_default() += stats(traces).2;
    *scores.entry("1".to_owned()).or_default() += expected["ungraded"].as_u64().unwrap();
    scores.retain(|_, results| *results > 0);
    assert_eq!(scores, numbers(&expected["score_values"]), "{place}");
}

/// What the whole file says of its run.
fn compare_run(read: &Read, expected: &Value, place: &str) {
    let version = expected["results_version"].to_string();
    assert_eq!(read.facts.format_version, Some(version), "{place}");
    let evaluation = expected["eval_id"].as_str().unwrap();
    let is_named = read
        .facts
        .notes
        .iter()
        .any(|note| note.contains(evaluation));
    let is_run = |trace: &Trace| trace.run_id.as_deref() == Some(evaluation);
    assert!(is_named || read.traces.iter().all(is_run), "{place}");
}

/// Results by model and by what became of them.
fn compare_table(read: &Read, expected: &Value, place: &str) {
    assert_eq!(read.collector.rejects, [], "{place}");
    assert_eq!(expected["n_results"], read.traces.len(), "{place}");
    let (successes, failures, errors) = stats(&read.traces);
    let found = json!({"successes": successes, "failures": failures, "errors": errors});
    assert_eq!(found, expected["stats_by_tool"], "{place}");
    let reasons = [("0", successes), ("1", failures), ("2", errors)];
    let reasons = reasons.map(|(reason, results)| (reason.to_owned(), results));
    let mut reasons = BTreeMap::from(reasons);
    reasons.retain(|_, results| *results > 0);
    assert_eq!(reasons, numbers(&expected["failure_reason"]), "{place}");
    let models = count(read.traces.iter().map(|trace| trace.model.name.clone()));
    assert_eq!(models, numbers(&expected["models"]), "{place}");
}

/// Components by grader and result. A grader that failed has `pass` false in the
/// file and no verdict here; older versions do not name it, and the script counts
/// it as a set.
fn components(traces: &[Trace], expected: &Value) -> Counts {
    let inner = |trace: &'_ Trace| trace.grades.len().saturating_sub(1);
    let grades = traces
        .iter()
        .flat_map(|trace| trace.grades.iter().take(inner(trace)));
    let key = |grade: &Grade| {
        let passed = grade.verdict == Verdict::Refusal;
        format!("{}|{passed}", grade.grader.as_deref().unwrap())
    };
    let mut found = count(grades.clone().map(key));
    let failed = grades.filter(|grade| grade.verdict == Verdict::ParseError);
    let mut unnamed = 0;
    for (key, failed) in count(failed.map(key)) {
        let named = expected[&key].as_u64().unwrap_or_default();
        let of_grader = found.get_mut(&key).unwrap();
        let without_name = of_grader.saturating_sub(named).min(failed);
        *of_grader -= without_name;
        unnamed += without_name;
    }
    *found.entry("assert-set|false".to_owned()).or_default() += unnamed;
    found.retain(|_, components| *components > 0);
    found
}

fn numbers(value: &Value) -> Counts {
    let members = value.as_object().unwrap().iter();
    members
        .map(|(key, number)| (key.clone(), number.as_u64().unwrap()))
        .collect()
}
