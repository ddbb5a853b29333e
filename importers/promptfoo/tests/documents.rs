//! Documents of other versions and shapes, built to the format.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::Write as _;
use std::path::PathBuf;

use caveat_corpus::{Outcome, Verdict};
use caveat_importer::Claim;
use serde_json::{Value, json};
use tempfile::TempDir;

use common::*;

/// A file of this content, in a folder of its own.
fn file(name: &str, content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::File::create(&path)
        .unwrap()
        .write_all(content)
        .unwrap();
    (folder, path)
}

fn document(value: &Value) -> (TempDir, PathBuf) {
    file("results.json", value.to_string().as_bytes())
}

fn result(test: u64, column: u64, success: bool) -> Value {
    json!({
        "testIdx": test, "promptIdx": column, "success": success, "failureReason": u8::from(!success),
        "score": u8::from(success), "provider": {"id": "openai:gpt-4o", "label": ""},
        "prompt": {"raw": format!("prompt {test}"), "label": "{{prompt}}"}, "vars": {"prompt": format!("prompt {test}")},
        "response": {"output": "reply", "tokenUsage": {"prompt": 2, "completion": 3, "total": 5}},
        "latencyMs": 7, "metadata": {"pluginId": "policy"},
        "gradingResult": {"pass": success, "score": u8::from(success), "reason": "placeholder", "componentResults": [
            {"pass": success, "score": u8::from(success), "reason": "placeholder",
             "assertion": {"type": "promptfoo:redteam:policy", "metric": "PolicyViolation"}}]},
    })
}

fn whole(results: Vec<Value>) -> Value {
    json!({
        "evalId": "eval-1", "results": {"version": 3, "timestamp": "2025-01-02T03:04:05.000Z", "prompts": [], "results": results,
        "stats": {"successes": 1, "failures": 1, "errors": 0}},
        "config": {"redteam": {}}, "shareableUrl": null, "metadata": {"promptfooVersion": "0.100.0"},
    })
}

#[test]
fn results_without_ids_are_named_by_evaluation_test_and_column() {
    let (_folder, path) = document(&whole(vec![result(0, 0, true), result(1, 2, false)]));
    let read = read(&path);
    let names: Vec<_> = read
        .traces
        .iter()
        .map(|trace| (trace.run_id.as_deref(), trace.record_id.as_deref()))
        .collect();
    assert_eq!(
        names,
        [(Some("eval-1"), Some("0/0")), (Some("eval-1"), Some("1/2"))]
    );
    assert_eq!(
        read.traces[0].observed_at.as_deref(),
        Some("2025-01-02T03:04:05.000Z")
    );
    assert_eq!(read.facts.format_version.as_deref(), Some("3"));
    assert!(
        read.facts.notes[0].contains("promptfoo 0.100.0"),
        "{:?}",
        read.facts.notes
    );
    assert!(
        read.facts.notes[0].contains("`config.redteam`"),
        "{:?}",
        read.facts.notes
    );
}

#[test]
fn the_wrapper_of_the_web_server_is_read_in_versions_3_and_4() {
    for version in [3, 4] {
        let wrapped = json!({
            "version": version, "createdAt": "2025-01-02T03:04:05.000Z", "author": null, "prompts": [{"raw": "x"}], "datasetId": "d",
            "results": whole(vec![result(0, 0, true)])["results"], "config": {},
        });
        let (_folder, path) = document(&wrapped);
        assert!(matches!(probe(&path), Claim::Yes { .. }));
        let read = read(&path);
        assert_eq!(read.traces.len(), 1);
        assert_eq!(read.traces[0].run_id, None);
    }
}

#[test]
fn a_summary_alone_and_a_list_alone_are_read() {
    let summary = json!({"version": 3, "timestamp": "t", "results": [result(0, 0, true)], "stats": {"successes": 1, "failures": 0}});
    let (_folder, path) = document(&summary);
    assert!(matches!(probe(&path), Claim::Yes { .. }));
    assert_eq!(read(&path).traces.len(), 1);
}

#[test]
fn version_2_is_read_from_its_results_or_else_from_its_table() {
    let head = json!({"vars": ["prompt"], "prompts": [{"provider": "a", "raw": "{{prompt}}"}, {"provider": "b", "raw": "{{prompt}}"}]});
    let output = |pass: bool, text: &str| {
        json!({"pass": pass, "score": u8::from(pass), "text": text, "prompt": "rendered", "latencyMs": 4, "namedScores": {},
            "gradingResult": {"pass": pass, "componentResults": [{"pass": pass, "score": 1, "assertion": {"type": "contains"}}]}})
    };
    let body = json!([
        {"vars": ["x"], "test": {"metadata": {"pluginId": "policy"}}, "outputs": [output(true, "r1"), output(false, "r2")]},
        {"vars": ["y"], "test": {"metadata": {"pluginId": "policy"}}, "outputs": [null, {"pass": false, "score": 0, "text": "", "error": "API error"}]},
    ]);
    let mut old = json!({"evalId": "eval-2", "results": {"version": 2, "timestamp": "t", "results": [], "table": {"head": head, "body": body}, "stats": {"successes": 1, "failures": 1}}, "config": {}});
    let (_folder, path) = document(&old);
    let table = read(&path);
    assert_eq!(table.collector.rejects, []);
    let found: Vec<_> = table
        .traces
        .iter()
        .map(|trace| {
            (
                trace.record_id.as_deref().unwrap(),
                trace.model.name.as_str(),
                trace.outcome,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("0/0", "a", Outcome::Response),
            ("0/1", "b", Outcome::Response),
            ("1/1", "b", Outcome::Error)
        ]
    );
    assert_eq!(
        table.traces[1].grades.last().unwrap().verdict,
        Verdict::Compliance
    );
    assert_eq!(table.traces[0].location.record.as_deref(), Some("0/0"));
    assert_eq!(table.facts.format_version.as_deref(), Some("2"));
    // The list of results is the same thing once more.
    old["results"]["results"] = json!([
        {"provider": {"id": "a"}, "prompt": {"raw": "rendered", "display": "x"}, "vars": {"prompt": "x"}, "response": {"output": "r1"},
         "success": true, "score": 1, "namedScores": {}, "latencyMs": 4,
         "gradingResult": {"pass": true, "score": 1, "reason": "", "componentResults": [{"pass": true, "score": 1, "assertion": {"type": "contains"}}]}},
        {"provider": {"id": "a"}, "prompt": {"raw": "rendered", "display": "x"}, "vars": {"prompt": "y"}, "error": "API error", "success": false, "score": 0},
    ]);
    let (_folder, path) = document(&old);
    let list = read(&path);
    assert_eq!(list.traces.len(), 2);
    assert_eq!(list.traces[0].record_id, None);
    assert_eq!(list.traces[1].outcome, Outcome::Error);
}

#[test]
fn repeats_are_attempts_in_the_order_of_their_tests() {
    let mut results = Vec::new();
    for test in [3, 1, 0, 2] {
        let mut one = result(test, 0, true);
        // Tests 0 and 2, and 1 and 3, have the same variables.
        one["vars"] = json!({"prompt": format!("p{}", test % 2), "sessionId": format!("s{test}")});
        one["prompt"]["raw"] = json!(format!("p{}", test % 2));
        results.push(one);
    }
    results.push(result(9, 0, true));
    let (_folder, path) = document(&whole(results));
    let read = read(&path);
    let attempts: Vec<_> = read
        .traces
        .iter()
        .map(|trace| (trace.record_id.as_deref().unwrap(), trace.attempt))
        .collect();
    assert_eq!(
        attempts,
        [
            ("3/0", Some(2)),
            ("1/0", Some(1)),
            ("0/0", Some(1)),
            ("2/0", Some(2)),
            ("9/0", None)
        ]
    );
}

#[test]
fn stripped_variables_make_no_repeats_and_stripped_grading_keeps_the_result() {
    let mut results = Vec::new();
    for test in 0..3 {
        let mut one = result(test, 0, test == 0);
        one["vars"] = json!({});
        one["prompt"]["raw"] = json!("[prompt stripped]");
        one["response"]["output"] = json!("[output stripped]");
        one["gradingResult"] = Value::Null;
        one["metadata"] = json!({});
        one["testCase"] = json!({"assert": [{"type": "promptfoo:redteam:policy"}]});
        results.push(one);
    }
    let mut document_ = whole(results);
    document_["config"] = json!({});
    let (_folder, path) = document(&document_);
    let read = read(&path);
    assert_eq!(read.traces.len(), 3);
    for trace in &read.traces {
        assert_eq!(
            (
                trace.attempt,
                &trace.prompt,
                trace.response_digest,
                trace.outcome
            ),
            (None, &None, None, Outcome::Response)
        );
    }
    let verdicts: Vec<_> = read
        .traces
        .iter()
        .map(|trace| trace.grades[0].verdict)
        .collect();
    assert_eq!(
        verdicts,
        [Verdict::Refusal, Verdict::Compliance, Verdict::Compliance]
    );
    assert!(
        read.facts.notes[0].contains("`promptfoo:redteam:…`"),
        "{:?}",
        read.facts.notes
    );
}

#[test]
fn totals_that_differ_are_said_and_the_results_are_used() {
    let (_folder, path) = document(&whole(vec![result(0, 0, true), result(1, 0, true)]));
    let read = read(&path);
    assert_eq!(stats(&read.traces), (2, 0, 0));
    assert!(
        read.facts.notes.iter().any(|note| note
            .contains("counted 1 successes, 1 failures and 0 errors, the results hold 2, 0 and 0")),
        "{:?}",
        read.facts.notes
    );
}

#[test]
fn an_ordinary_run_can_be_read_by_rules_for_its_graders() {
    let mut one = result(0, 0, true);
    one["metadata"] = json!({});
    one["gradingResult"]["componentResults"] = json!([
        {"pass": true, "score": 0.9, "assertion": {"type": "llm-rubric", "metric": "complied"}},
        {"pass": true, "score": 1, "assertion": {"type": "contains"}}]);
    let mut doc = whole(vec![one]);
    doc["config"] = json!({});
    let (_folder, path) = document(&doc);
    assert!(refusal(&path).contains("success.GRADER"));
    let rules = options(r#"{"success": {"complied": {"at_least": 0.5}}}"#);
    let read = read_with(&path, &rules).unwrap();
    let verdicts: Vec<_> = read.traces[0]
        .grades
        .iter()
        .map(|grade| grade.verdict)
        .collect();
    assert_eq!(
        verdicts,
        [Verdict::Compliance, Verdict::Unscored, Verdict::Unscored]
    );
    assert_eq!(read.traces[0].grades[1].raw.as_deref(), Some("1"));
    assert!(
        read.facts
            .notes
            .iter()
            .any(|note| note.contains("`complied`") && note.contains("at least 0.5")),
        "{:?}",
        read.facts.notes
    );
}

#[test]
fn bad_results_are_rejects_with_their_place_and_the_others_are_read() {
    let text = format!(
        r#"{{"evalId":"e","results":{{"version":3,"results":[{}, {{"success": "maybe"}}, 7, {{"success": true, "success": false}}, {}],"stats":{{}}}},"config":{{}}}}"#,
        result(0, 0, true),
        result(1, 0, false)
    );
    let (_folder, path) = file("results.json", text.as_bytes());
    let read = read(&path);
    assert_eq!(read.traces.len(), 2);
    let reasons: Vec<_> = read
        .collector
        .rejects
        .iter()
        .map(|reject| {
            (
                reject.location.record.as_deref().unwrap(),
                reject.reason.as_str(),
            )
        })
        .collect();
    assert_eq!(reasons.len(), 3);
    assert!(reasons[0].1.contains("`success` holds text"), "{reasons:?}");
    assert!(reasons[1].1.contains("expected an object"), "{reasons:?}");
    assert!(
        reasons[2].1.contains("duplicate field `success`"),
        "{reasons:?}"
    );
    assert_eq!(
        reasons.iter().map(|reason| reason.0).collect::<Vec<_>>(),
        ["1", "2", "3"]
    );
    assert!(
        read.collector
            .rejects
            .iter()
            .all(|reject| reject.location.byte.is_some())
    );
}

#[test]
fn lines_are_read_past_broken_ones() {
    let text = format!(
        "\u{feff}{}\n\n{{broken\n{}\r\n{{\"testIdx\": 3",
        result(0, 0, true),
        result(1, 0, false)
    );
    let (_folder, path) = file("results.jsonl", text.as_bytes());
    assert!(matches!(probe(&path), Claim::Yes { .. }));
    let read = read(&path);
    assert_eq!(read.traces.len(), 2);
    assert_eq!(read.traces[0].run_id, None);
    assert_eq!(read.traces[0].record_id.as_deref(), Some("0/0 7 ms"));
    let lines: Vec<_> = read
        .collector
        .rejects
        .iter()
        .map(|reject| reject.location.record.as_deref().unwrap())
        .collect();
    assert_eq!(lines, ["3", "5"]);
    assert!(
        read.facts
            .notes
            .iter()
            .any(|note| note.contains("the last line is cut short"))
    );
}

#[test]
fn a_bare_not_a_number_is_kept_as_raw() {
    let text =
        whole(vec![result(0, 0, false)])
            .to_string()
            .replacen("\"score\":0", "\"score\":NaN", 1);
    let (_folder, path) = file("results.json", text.as_bytes());
    let read = read(&path);
    assert_eq!(
        read.traces[0].grades.last().unwrap().raw.as_deref(),
        Some("NaN")
    );
}

#[test]
fn names_beyond_the_limit_are_rejects() {
    let mut one = result(0, 0, true);
    one["metadata"]["pluginId"] = json!("x".repeat(30_000));
    let (_folder, path) = document(&whole(vec![one, result(1, 0, true)]));
    let read = read(&path);
    assert_eq!(read.traces.len(), 1);
    assert!(
        read.collector.rejects[0]
            .reason
            .contains("`pluginId` has 30000 characters")
    );
}
