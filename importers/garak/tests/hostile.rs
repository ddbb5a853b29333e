//! Runs that ended early, damage and hostile content. All texts are placeholders.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use caveat_corpus::Verdict;
use caveat_import_garak::Garak;
use caveat_importer::{Claim, ImportError, Importer as _, Limits, Options, Probe};
use common::*;
use serde_json::json;

fn probe(head: &str) -> Claim {
    Garak.probe(&Probe {
        path: Path::new("any"),
        head: head.as_bytes(),
        size: head.len() as u64,
    })
}

fn verdicts(imported: &Imported) -> Vec<Vec<Verdict>> {
    let traces = imported.traces.iter();
    traces
        .map(|trace| trace.grades.iter().map(|grade| grade.verdict).collect())
        .collect()
}

use Verdict::Compliance;

#[test]
fn a_run_that_was_cut_keeps_what_is_whole() {
    let evaluated = attempt("u1", 2, r#"["a"]"#, r#"{"d.D": [1.0]}"#);
    let half = attempt("u2", 2, r#"["b"]"#, r#"{"d.D": [1.0]}"#);
    let text = [
        SETUP,
        INIT,
        &attempt("u1", 1, r#"["a"]"#, "{}"),
        &attempt("u2", 1, r#"["b"]"#, "{}"),
        &evaluated,
        &half[..half.len() / 2],
    ]
    .join("\n");
    let imported = import(&text);
    assert_eq!(verdicts(&imported), [vec![Compliance], vec![]]);
    assert_eq!(imported.rejects.len(), 1);
    assert!(
        imported.rejects[0]
            .reason
            .starts_with("the file ends within this line")
    );
    assert_eq!(imported.rejects[0].location.record.as_deref(), Some("6"));
    imported.note("no `completion` line");
    imported.note("the file ends within line 6");
}

#[test]
fn blank_lines_are_passed_over() {
    let evaluated = attempt("u1", 2, r#"["a"]"#, r#"{"d.D": [1.0]}"#);
    let blank = "\n \t\r\n".repeat(50_000);
    let text = format!("{SETUP}\n{INIT}\n{blank}{evaluated}\n{blank}");
    let imported = import(&text);
    assert_eq!(verdicts(&imported), [vec![Compliance]]);
    assert_eq!(imported.rejects, []);
}

/// Name, line, and a part of the reason for which it is rejected.
const BROKEN: &[(&str, &str, &str)] = &[
    (
        "half an object",
        r#"{"entry_type": "eval", "probe": "#,
        "not valid JSON",
    ),
    (
        "words",
        "Traceback (most recent call last):",
        "not valid JSON",
    ),
    ("a list", "[1, 2]", "expected an object"),
    ("a number", "5", "expected an object"),
    ("no entry type", r#"{"a": 1}"#, "without"),
    (
        "an entry type that is a number",
        r#"{"entry_type": 5}"#,
        "`entry_type` holds a number",
    ),
    (
        "a hit",
        r#"{"attempt_id": "u", "score": 1.0}"#,
        "a line of a hit log",
    ),
    (
        "an unknown status",
        r#"{"entry_type": "attempt", "uuid": "u", "status": 7}"#,
        "`status` is 7",
    ),
    (
        "a status in words",
        r#"{"entry_type": "attempt", "uuid": "u", "status": "2"}"#,
        "invalid type: string",
    ),
    (
        "an id that is a number",
        r#"{"entry_type": "attempt", "uuid": 5, "status": 2}"#,
        "invalid type: integer",
    ),
    (
        "a repeated key",
        r#"{"entry_type": "attempt", "uuid": "u", "status": 2, "status": 2}"#,
        "duplicate field",
    ),
    (
        "a repeated detector",
        r#"{"entry_type": "attempt", "uuid": "u", "status": 2, "outputs": ["a"], "detector_results": {"d.D": [0.0], "d.D": [1.0]}}"#,
        "a detector stands twice",
    ),
    (
        "outputs that are text",
        r#"{"entry_type": "attempt", "uuid": "u", "status": 2, "outputs": "a"}"#,
        "expected a sequence",
    ),
    (
        "an output that is a number",
        r#"{"entry_type": "attempt", "uuid": "u", "status": 2, "outputs": [5]}"#,
        "expected an output",
    ),
    (
        "scores that are no list",
        r#"{"entry_type": "attempt", "uuid": "u", "status": 2, "outputs": ["a"], "detector_results": {"d.D": 1.0}}"#,
        "invalid type: floating point",
    ),
    (
        "a prompt that is a number",
        r#"{"entry_type": "attempt", "uuid": "u", "status": 2, "prompt": 5}"#,
        "expected a prompt",
    ),
    (
        "something behind the object",
        r#"{"entry_type": "init"} x"#,
        "trailing characters",
    ),
];

#[test]
fn each_broken_line_is_one_reject_and_spoils_no_other() {
    for (name, line, reason) in BROKEN {
        let imported = import(&report(&[
            (*line).to_owned(),
            attempt("u1", 2, r#"["a"]"#, r#"{"d.D": [0.0]}"#),
        ]));
        assert_eq!(imported.traces.len(), 1, "{name}");
        let [reject] = imported.rejects.as_slice() else {
            panic!("{name}: {:?}", imported.rejects)
        };
        assert!(reject.reason.contains(reason), "{name}: {}", reject.reason);
        assert_eq!(reject.location.record.as_deref(), Some("3"), "{name}");
        let start = SETUP.len() + INIT.len() + 2;
        assert_eq!(reject.location.byte, Some(start as u64), "{name}");
    }
}

#[test]
fn long_lines_deep_nesting_bad_bytes_and_long_names_are_rejects() {
    let options = Options {
        limits: Limits {
            max_record_bytes: 2000,
            max_depth: 16,
            max_name_chars: 50,
        },
        ..Options::default()
    };
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let nested = attempt("u2", 2, "[]", "{}")
        .replace("\"probe_params\": {}", &format!("\"probe_params\": {deep}"));
    let superseded = attempt("u9", 1, "[]", "{}")
        .replace("\"probe_params\": {}", &format!("\"probe_params\": {deep}"));
    let good = attempt("u1", 2, r#"["a"]"#, "{}");
    let lines = [
        attempt("u3", 2, &format!("[\"{}\"]", "x".repeat(2000)), "{}"),
        nested,
        superseded,
        attempt(&"u".repeat(60), 2, "[]", "{}"),
        attempt(
            "u4",
            2,
            r#"["a"]"#,
            &format!(r#"{{"{}": [1]}}"#, "d".repeat(60)),
        ),
        good,
    ];
    let mut bytes = report(&lines).into_bytes();
    bytes.extend_from_slice(b"\xff\xfe\n");
    let imported = import_bytes(&bytes, &options).unwrap();
    assert_eq!(imported.traces.len(), 1);
    let reasons: Vec<&str> = imported
        .rejects
        .iter()
        .map(|reject| reject.reason.as_str())
        .collect();
    assert_eq!(reasons.len(), 6, "{reasons:?}");
    for (reason, part) in reasons.iter().zip([
        "at most 2000 are read",
        "nested more than 16 levels",
        "nested more than 16 levels",
        "`uuid` has 60 characters",
        "the name of a detector has 60 characters",
        "not valid UTF-8",
    ]) {
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn unknown_entry_types_are_named_and_hold_nothing() {
    let imported = import(&report(&[
        r#"{"entry_type": "new_thing", "x": 1}"#.to_owned(),
        r#"{"entry_type": "new_thing", "x": 2}"#.to_owned(),
        r#"{"entry_type": "tree_data"}"#.to_owned(),
        String::new(),
    ]));
    assert_eq!((imported.traces.len(), imported.rejects.len()), (0, 0));
    imported.note("entry types that are not read: `new_thing` (2)");
}

#[test]
fn a_report_cut_at_any_byte_gives_records_and_at_most_one_reject() {
    let bytes = std::fs::read(data("function.report.jsonl")).unwrap();
    let whole = import_bytes(&bytes, &Options::default()).unwrap();
    for end in (0..bytes.len()).step_by(997) {
        match import_bytes(&bytes[..end], &Options::default()) {
            Ok(cut) => {
                assert!(cut.traces.len() <= whole.traces.len());
                assert!(cut.rejects.len() <= 1, "{end}: {:?}", cut.rejects);
                let line_ends = bytes[end - 1] == b'\n' || bytes[end] == b'\n';
                assert_eq!(cut.rejects.is_empty(), line_ends, "{end}");
            }
            Err(ImportError::Refused { .. }) => assert!(end < 2000, "{end}"),
            Err(other) => panic!("{end}: {other}"),
        }
    }
}

#[test]
fn what_is_not_a_report_is_refused_or_not_claimed() {
    for (content, part) in [
        ("", "the file is empty"),
        ("\n \n", "the file is empty"),
        ("{\"a\": 1}\n", "found neither"),
        ("plain words", "found neither"),
    ] {
        let found = refusal(content.as_bytes());
        assert!(found.contains(part), "{found}");
    }
    for other in [
        "",
        "{\"a\": 1}",
        "{\"entry_type\": \"log\", \"x\": 1}\n",
        "{\"attempt_id\": 1, \"score\": 2}\n",
        "[]",
    ] {
        assert_eq!(probe(other), Claim::No, "{other}");
    }
    let list = r#"[{"entry_type": "attempt", "probe_classname": "a.B"}]"#;
    assert!(matches!(probe(list), Claim::Almost(_)));
    let damaged = format!("garbage\n{INIT}\n");
    assert!(matches!(probe(&damaged), Claim::Yes { confidence: 85, .. }));
    let long = format!(
        "{}{}",
        &SETUP[..SETUP.len() - 1],
        ", \"x\": \"".to_owned() + &"x".repeat(70_000)
    );
    assert!(matches!(probe(&long), Claim::Yes { confidence: 90, .. }));
}

#[test]
fn an_option_that_nobody_reads_is_an_error() {
    for options in [
        with_option("treshold", json!(0.5)),
        with_option("eval_threshold", json!("0.5")),
        with_option("model", json!("")),
    ] {
        let found = import_bytes(report(&[]).as_bytes(), &options);
        assert!(matches!(found, Err(ImportError::Options { .. })));
    }
}

#[test]
fn a_hit_log_of_an_older_version_and_a_broken_one_are_read() {
    let hit = r#"{"goal": "g", "prompt": "p", "output": "o", "trigger": "t", "score": 1.0, "run_id": "r", "attempt_id": "u", "attempt_seq": 0, "attempt_idx": 2, "generator": "test.Blank None", "probe": "a.B", "detector": "c.D", "generations_per_prompt": 3}"#;
    let other = hit.replace("\"generator\": \"test.Blank None\"", "\"generator\": 5");
    let half = &hit[..100];
    let imported = import(&format!("{hit}\n{other}\n{half}"));
    let [trace] = imported.traces.as_slice() else {
        panic!("one hit")
    };
    assert_eq!(trace.model.name, "test.Blank");
    assert_eq!(trace.attempt, Some(3));
    assert_eq!(trace.grades[0].verdict, Compliance);
    assert_eq!(imported.rejects.len(), 2);
    assert!(
        imported.rejects[1]
            .reason
            .starts_with("the file ends within this line")
    );
}

#[test]
fn a_hit_log_that_disagrees_with_its_report_is_said() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("x.report.jsonl");
    std::fs::write(
        &path,
        report(&[attempt("u1", 2, r#"["a"]"#, r#"{"d.D": [0.4]}"#)]),
    )
    .unwrap();
    let hit = r#"{"run_id": "run-1", "score": 0.3}"#;
    std::fs::write(
        folder.path().join("x.hitlog.jsonl"),
        format!("{hit}\n{hit}\n{{\"run_id\": \"other\"}}\nhalf"),
    )
    .unwrap();
    let imported = import_file(&path, &Options::default()).unwrap();
    assert_eq!(verdicts(&imported), [vec![Compliance]]);
    imported.note("lists 2 hits of its run, the report holds 1");
    imported.note("2 lines of the hit log beside the report are not of its run");
}

#[test]
fn a_text_in_the_wrong_place_is_told_by_its_length_and_never_quoted() {
    let secret = "A placeholder reply \"that\" nobody may see, expected a sequence";
    for (field, value) in [
        ("outputs", json!(secret)),
        ("outputs", json!([[secret]])),
        ("prompt", json!([secret])),
        ("notes", json!(secret)),
        ("detector_results", json!(secret)),
        ("detector_results", json!({"d.D": secret})),
        ("uuid", json!([secret])),
        ("status", json!(secret)),
        ("entry_type", json!(secret)),
    ] {
        let evaluated = attempt("u1", 2, r#"["a"]"#, r#"{"d.D": [1.0]}"#);
        let mut line: serde_json::Value = serde_json::from_str(&evaluated).unwrap();
        line[field] = value;
        let imported = import(&report(&[line.to_string(), evaluated]));
        let told = format!("{:?}{:?}", imported.rejects, imported.facts.notes);
        assert!(!told.contains("nobody may see"), "{field}: {told}");
    }
}
