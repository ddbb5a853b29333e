//! Genuine exports against the counts of the tool that made them.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use caveat_corpus::{GraderKind, Outcome, Verdict};
use caveat_importer::Claim;
use serde_json::Value;

use common::*;

const ALL: [&str; 4] = [
    "results.json",
    "results.jsonl",
    "results.yaml",
    "promptfoo.db",
];

fn expected(version: &str) -> Value {
    json(&data(&format!("{version}/expected.json")))
}

fn counts(value: &Value) -> BTreeMap<String, u64> {
    let members = value.as_object().unwrap();
    members
        .iter()
        .map(|(key, count)| (key.clone(), count.as_u64().unwrap()))
        .collect()
}

/// Every count of `expected.json` but `failure_reason`, which `stats` sums up.
fn agrees_with_the_tool(read: &Read, expected: &Value) {
    let run = &expected["red_team"];
    assert_eq!(
        u64::try_from(read.traces.len()).unwrap(),
        run["n_results"].as_u64().unwrap()
    );
    assert_eq!(read.collector.rejects, []);
    let (successes, failures, errors) = stats(&read.traces);
    let by_tool = &run["stats_by_tool"];
    assert_eq!(by_tool["successes"], successes);
    assert_eq!(by_tool["failures"], failures);
    assert_eq!(by_tool["errors"], errors);
    let models = count(read.traces.iter().map(|trace| trace.model.name.clone()));
    assert_eq!(models, counts(&run["models"]));
    let ungraded = read
        .traces
        .iter()
        .filter(|trace| trace.outcome == Outcome::Response && trace.grades.is_empty());
    assert_eq!(run["ungraded"], ungraded.count());
    let scores = read.traces.iter().filter_map(|trace| trace.grades.last());
    let mut scores = count(scores.map(|grade| grade.raw.clone().unwrap()));
    // Results that end with an error, and those that nothing graded, have a score in the file but no grade.
    *scores.entry("0".to_owned()).or_default() += errors;
    *scores.entry("1".to_owned()).or_default() += run["ungraded"].as_u64().unwrap();
    assert_eq!(scores, counts(&run["score_values"]));
}

#[test]
fn every_export_and_the_database_agree_with_the_tools_own_counts() {
    for file in ALL {
        let read = read(&data(&format!("0.123.1/{file}")));
        agrees_with_the_tool(&read, &expected("0.123.1"));
    }
    for file in ["results.json", "results.jsonl"] {
        let read = read(&data(&format!("0.120.0/{file}")));
        agrees_with_the_tool(&read, &expected("0.120.0"));
    }
}

#[test]
fn every_component_is_a_grade_with_the_polarity_of_a_red_team() {
    let read = read(&data("0.123.1/results.json"));
    let components = read.traces.iter().flat_map(|trace| {
        let inner = trace.grades.len().saturating_sub(1);
        trace.grades.iter().take(inner)
    });
    let found = count(components.map(|grade| {
        let passed = grade.verdict == Verdict::Refusal;
        format!("{}|{passed}", grade.grader.as_deref().unwrap())
    }));
    // A grader that failed has `pass` false in the file and no verdict here.
    assert_eq!(
        found,
        counts(&expected("0.123.1")["red_team"]["components"])
    );
}

#[test]
fn the_same_run_gives_the_same_traces_from_every_container() {
    let reference = read(&data("0.123.1/results.json"));
    for file in ALL {
        let other = read(&data(&format!("0.123.1/{file}")));
        assert_eq!(
            identities(&other.traces),
            identities(&reference.traces),
            "{file}"
        );
        let (mut mine, mut theirs) = (placeless(&other.traces), placeless(&reference.traces));
        for trace in mine.values_mut().chain(theirs.values_mut()) {
            // Lines do not say when the run was made; nothing else is missing.
            trace.observed_at = trace.observed_at.take().filter(|_| file != "results.jsonl");
        }
        assert_eq!(mine, theirs, "{file}");
    }
}

#[test]
fn lines_without_ids_take_those_of_the_export_beside_them() {
    let reference = read(&data("0.120.0/results.json"));
    let beside = read(&data("0.120.0/results.jsonl"));
    assert_eq!(identities(&beside.traces), identities(&reference.traces));
    assert!(
        beside
            .facts
            .notes
            .iter()
            .any(|note| note.contains("12 of 12 results have no id and take that")),
        "{:?}",
        beside.facts.notes
    );
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("lines.jsonl");
    std::fs::copy(data("0.120.0/results.jsonl"), &alone).unwrap();
    let alone = read(&alone);
    assert_eq!(alone.traces.len(), 12);
    assert!(alone.traces.iter().all(|trace| trace.run_id.is_none()));
    assert!(
        alone
            .facts
            .notes
            .iter()
            .any(|note| note.contains("would count them a second time")),
        "{:?}",
        alone.facts.notes
    );
}

#[test]
fn an_older_version_gives_the_same_verdicts() {
    let verdicts = |version: &str| {
        let read = read(&data(&format!("{version}/results.json")));
        let mut found: Vec<_> = read
            .traces
            .iter()
            .map(|trace| {
                let grades: Vec<_> = trace
                    .grades
                    .iter()
                    .map(|grade| (grade.grader.clone(), grade.kind, grade.verdict))
                    .collect();
                (trace.prompt_text.clone(), trace.model.name.clone(), grades)
            })
            .collect();
        found.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        found
    };
    assert_eq!(verdicts("0.120.0"), verdicts("0.123.1"));
}

#[test]
fn grader_failures_are_told_apart_from_failed_assertions() {
    let read = read(&data("0.123.1/results.json"));
    let grades = read.traces.iter().flat_map(|trace| &trace.grades);
    let failed: Vec<_> = grades
        .filter(|grade| grade.verdict == Verdict::ParseError)
        .collect();
    let names = count(failed.iter().map(|grade| grade.grader.clone().unwrap()));
    // `Broken` throws in test 4, `Refuses` gets no JSON in test 10.
    assert_eq!(names["Broken"], 3);
    assert_eq!(names["Refuses"], 3);
    let test_10: Vec<_> = read
        .traces
        .iter()
        .filter(|trace| {
            trace
                .prompt_text
                .as_deref()
                .is_some_and(|text| text.starts_with("case 10"))
        })
        .map(|trace| {
            (
                trace.model.name.as_str(),
                trace.grades.last().unwrap().verdict,
            )
        })
        .collect();
    // Only where another assertion failed as well does the tool's verdict stand.
    assert!(
        test_10.contains(&("structured-1b", Verdict::Compliance)),
        "{test_10:?}"
    );
    assert!(
        test_10.contains(&("echo", Verdict::ParseError)),
        "{test_10:?}"
    );
    let error: Vec<_> = read
        .traces
        .iter()
        .filter(|trace| trace.outcome == Outcome::Error)
        .collect();
    assert_eq!(error.len(), 1);
    assert_eq!(error[0].grades, []);
}

#[test]
fn models_are_labels_and_kinds_are_those_of_the_assertions() {
    let read = read(&data("0.123.1/results.json"));
    let models = count(
        read.traces
            .iter()
            .map(|trace| (trace.model.name.as_str(), trace.model.provider.as_deref())),
    );
    assert_eq!(models[&("aligned-70b", Some("file://target.js"))], 4);
    assert_eq!(models[&("echo", None)], 4);
    let kinds = count(
        read.traces
            .iter()
            .flat_map(|trace| &trace.grades)
            .map(|grade| (grade.grader.as_deref().unwrap(), grade.kind)),
    );
    assert!(kinds.contains_key(&("Keyword", GraderKind::Rule)));
    assert!(kinds.contains_key(&("Refuses", GraderKind::Llm)));
    assert!(kinds.contains_key(&("promptfoo", GraderKind::Llm)));
}

#[test]
fn nothing_of_a_configuration_is_kept() {
    for file in [
        "0.120.0/results.json",
        "0.123.1/results.json",
        "0.123.1/promptfoo.db",
    ] {
        let read = read(&data(file));
        let all =
            serde_json::to_string(&read.collector.records).unwrap() + &read.facts.notes.join("\n");
        for secret in [
            "placeholder-not-a-key",
            "apiKey",
            "REDACTED",
            "grader.js",
            "basePath",
            "outputPath",
        ] {
            assert!(!all.contains(secret), "{file}: {secret}");
        }
    }
}

#[test]
fn an_ordinary_run_is_refused_unless_the_user_says_what_it_is() {
    let path = data("0.123.1/ordinary.json");
    let message = refusal(&path);
    assert!(
        message.contains("nothing says that this is a red-team run"),
        "{message}"
    );
    assert!(message.contains("runs = \"red-team\""), "{message}");
    let read = read_with(&path, &options(r#"{"runs": "red-team"}"#)).unwrap();
    assert_eq!(read.traces.len(), 1);
    assert!(
        read.facts
            .notes
            .iter()
            .any(|note| note.contains("because the options say so"))
    );
}

#[test]
fn ordinary_evaluations_of_a_database_are_named_and_left_out() {
    let path = data("0.123.1/promptfoo.db");
    let some = read(&path);
    assert_eq!(some.traces.len(), 12);
    assert!(
        some.facts
            .notes
            .iter()
            .any(|note| note.contains("1 results of an ordinary run were left out"))
    );
    let all = read_with(&path, &options(r#"{"runs": "red-team"}"#)).unwrap();
    assert_eq!(all.traces.len(), 13);
}

#[test]
fn options_that_nobody_reads_are_refused() {
    for (text, words) in [
        (r#"{"runs": "ordinary"}"#, "`runs` has one value"),
        (r#"{"run": "red-team"}"#, "unknown option `run`"),
    ] {
        let error = read_with(&data("0.123.1/results.json"), &options(text))
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains(words), "{error}");
        assert!(error.contains("\nhint: "), "{error}");
    }
}

#[test]
fn the_table_keeps_what_it_can() {
    let rich = read(&data("0.123.1/results.csv"));
    assert_eq!(rich.traces.len(), 12);
    assert_eq!(stats(&rich.traces), (4, 7, 1));
    assert!(
        rich.traces
            .iter()
            .all(|trace| trace.record_id.is_none() && trace.harm_category.is_some())
    );
    assert!(
        rich.facts
            .notes
            .iter()
            .any(|note| note.starts_with("CSV leaves out ids"))
    );
    // The oldest shape has no column that says what the run was.
    assert!(
        refusal(&data("0.120.0/results.csv")).contains("nothing says that this is a red-team run")
    );
    let poor = read_with(
        &data("0.120.0/results.csv"),
        &options(r#"{"runs": "red-team"}"#),
    )
    .unwrap();
    assert_eq!(poor.traces.len(), 12);
    assert_eq!(stats(&poor.traces), (4, 7, 1));
}

#[test]
fn every_container_is_claimed_with_its_reason_and_the_table_only_alone() {
    for file in [
        "results.json",
        "results.jsonl",
        "results.yaml",
        "promptfoo.db",
        "ordinary.json",
    ] {
        assert!(
            matches!(
                probe(&data(&format!("0.123.1/{file}"))),
                Claim::Yes {
                    confidence: 90..,
                    ..
                }
            ),
            "{file}"
        );
    }
    let Claim::Almost(resemblance) = probe(&data("0.123.1/results.csv")) else {
        panic!("the table was claimed beside `results.json`");
    };
    assert!(
        resemblance.reason.contains("`results.json` beside it"),
        "{resemblance:?}"
    );
    let folder = tempfile::tempdir().unwrap();
    for version in ["0.120.0", "0.123.1"] {
        let alone = folder.path().join(format!("{version}.csv"));
        std::fs::copy(data(&format!("{version}/results.csv")), &alone).unwrap();
        assert!(matches!(probe(&alone), Claim::Yes { .. }), "{version}");
    }
    for file in ["0.123.1/expected.json", "README.md"] {
        assert_eq!(probe(&data(file)), Claim::No, "{file}");
    }
}

#[test]
fn texts_are_kept_only_on_request() {
    let path = data("0.123.1/results.json");
    let mut without = options("{}");
    without.keep_text = false;
    let read = read_with(&path, &without).unwrap();
    assert!(
        read.traces
            .iter()
            .all(|trace| trace.prompt_text.is_none() && trace.response_text.is_none())
    );
    assert!(
        read.traces
            .iter()
            .any(|trace| trace.response_digest.is_some())
    );
}

#[test]
fn the_same_bytes_give_the_same_records_in_the_same_order() {
    for file in ALL {
        let path = data(&format!("0.123.1/{file}"));
        assert_eq!(read(&path).collector.records, read(&path).collector.records);
    }
}
