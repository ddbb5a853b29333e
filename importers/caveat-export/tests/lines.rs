//! Lines that are as they should be, and lines that are not.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use caveat_corpus::{Digest, GraderKind, Outcome, PromptKey, Record, Verdict};
use caveat_import_caveat_export::CaveatExport;
use caveat_importer::{
    Claim, Collector, ImportError, Importer as _, Limits, Options, Probe, Source, SourceFacts,
};
use serde_json::{Value, json};

fn source() -> Value {
    json!({"format": "f", "sha256": "0".repeat(64), "run_id": "run", "record_id": "1", "entry": null, "record": null, "byte": null})
}

fn trace() -> Value {
    json!({
        "schema": "caveat/export", "schema_version": 1, "record": "trace", "id": "a".repeat(64),
        "model": "m", "provider": null, "coded_size": null, "dataset": "d", "technique": null,
        "attack_family": null, "harm_category": null, "prompt_dataset": "d", "prompt_id": "1",
        "prompt_sha256": null, "attempt": 2, "turns": null, "observed_at": null, "outcome": "response",
        "prompt_tokens": null, "response_tokens": 5, "duration_ms": null,
        "response_sha256": Digest::of(b"reply").to_hex(),
        "grades": [
            {"grader": "j", "grader_kind": "llm", "verdict": "partial", "raw_score": "0.5", "grader_version": null, "graded_at": null},
            {"grader": null, "grader_kind": "human", "verdict": "refusal", "raw_score": null, "grader_version": "2", "graded_at": "x"},
        ],
        "source": source(), "prompt_text": "prompt", "response_text": "reply", "later": [1],
    })
}

fn cell() -> Value {
    json!({
        "schema": "caveat/export", "schema_version": 1, "record": "cell", "id": "b".repeat(64),
        "model": "m", "provider": null, "coded_size": null, "dataset": null, "technique": null,
        "attack_family": null, "harm_category": null, "observed_at": null, "grader": "j",
        "grader_kind": "rule", "n": 3, "source": source(),
        "counts": {"compliance": 1, "partial": 0, "refusal": 2, "hallucination_refusal": 0, "benign_query": 0,
            "not_gradeable": 0, "error": 0, "parse_error": 0, "infra_error": 0, "unscored": 0},
    })
}

fn import(text: &str, options: &Options) -> (Result<SourceFacts, ImportError>, Collector) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let mut collector = Collector::default();
    let facts = CaveatExport.import(&Source::new(file.path()), options, &mut collector);
    (facts, collector)
}

#[test]
fn a_trace_and_a_cell_come_back() {
    let text = format!("{}\n\n{}\n", trace(), cell());
    for keep_text in [false, true] {
        let options = Options {
            keep_text,
            ..Options::default()
        };
        let (facts, collector) = import(&text, &options);
        assert_eq!(facts.unwrap().format_version.as_deref(), Some("1"));
        assert_eq!(collector.rejects, []);
        let [Record::Trace(trace), Record::Cell(cell)] = collector.records.as_slice() else {
            panic!()
        };
        assert_eq!(trace.record_id, Some("a".repeat(64)));
        assert_eq!(trace.run_id.as_deref(), Some("run"));
        assert_eq!(
            trace.prompt,
            Some(PromptKey::Id {
                dataset: "d".to_owned(),
                id: "1".to_owned()
            })
        );
        assert_eq!((trace.attempt, trace.outcome), (Some(2), Outcome::Response));
        let grades: Vec<_> = trace
            .grades
            .iter()
            .map(|grade| (grade.kind, grade.verdict))
            .collect();
        assert_eq!(
            grades,
            [
                (GraderKind::Llm, Verdict::Partial),
                (GraderKind::Human, Verdict::Refusal)
            ]
        );
        assert_eq!(trace.response_text.is_some(), keep_text);
        assert_eq!(trace.prompt_text.is_some(), keep_text);
        assert_eq!(cell.counts.get(Verdict::Refusal), 2);
        assert_eq!(cell.counts.total(), 3);
    }
}

#[test]
fn a_faulty_line_is_one_reject_with_its_place_and_reason() {
    let with = |record: fn() -> Value, member: &str, value: Value| {
        let mut line = record();
        line[member] = value;
        line.to_string()
    };
    for (line, expected) in [
        ("x".to_owned(), "not valid JSON"),
        ("{}".to_owned(), "missing field"),
        ("[]".to_owned(), "invalid type"),
        (
            with(trace, "schema", json!("other")),
            "`schema` is not `caveat/export`",
        ),
        (
            with(trace, "schema_version", json!(2)),
            "a newer one wrote it",
        ),
        (with(trace, "record", json!("run")), "unknown variant"),
        (with(trace, "id", json!("a")), "64 hexadecimal digits"),
        (with(trace, "model", json!("")), "`model` is empty"),
        (
            with(trace, "model", json!("m".repeat(30_000))),
            "characters, at most",
        ),
        (with(trace, "outcome", json!("fine")), "unknown variant"),
        (with(trace, "attempt", json!(-1)), "invalid value"),
        (
            with(trace, "prompt_sha256", json!("0".repeat(64))),
            "stand together",
        ),
        (with(trace, "prompt_id", Value::Null), "stand together"),
        (
            with(trace, "response_text", json!("another")),
            "does not have the digest",
        ),
        (
            with(
                trace,
                "grades",
                json!([{"grader_kind": "llm", "verdict": "won"}]),
            ),
            "unknown variant",
        ),
        (with(trace, "grades", Value::Null), "invalid type"),
        (with(cell, "n", json!(4)), "the counts add up to 3"),
        (with(cell, "counts", json!({})), "missing field"),
        (
            with(trace, "later", json!("x")).replace("\"x\"", &"[".repeat(100_000)),
            "levels deep",
        ),
    ] {
        let text = format!("{}\n{line}\n{}\n", trace(), cell());
        let (facts, collector) = import(&text, &Options::default());
        assert!(facts.is_ok());
        assert_eq!(collector.records.len(), 2, "{line:.60}");
        assert_eq!(collector.rejects.len(), 1, "{line:.60}");
        let reject = &collector.rejects[0];
        assert_eq!(reject.location.record.as_deref(), Some("2"));
        assert!(
            reject.reason.contains(expected),
            "{line:.60}: {}",
            reject.reason
        );
    }
    let mut hostile = cell();
    for verdict in Verdict::ALL {
        hostile["counts"][verdict.name()] = json!(u64::MAX);
    }
    let (facts, collector) = import(&format!("{hostile}\n{}\n", cell()), &Options::default());
    assert!(facts.is_ok());
    assert!(
        collector.rejects[0]
            .reason
            .contains("more than any table counts")
    );
}

#[test]
fn a_file_that_is_cut_anywhere_keeps_what_is_whole() {
    let first = trace().to_string();
    let whole = format!("{first}\n{}\n", cell());
    for cut in 0..whole.len() {
        let (facts, collector) = import(&whole[..cut], &Options::default());
        let complete = usize::from(cut >= first.len()) + usize::from(cut >= whole.len() - 1);
        assert_eq!(collector.records.len(), complete, "{cut}");
        assert_eq!(facts.is_ok(), complete > 0, "{cut}");
        let is_half = complete == 1 && cut > first.len() + 1;
        if complete > 0 {
            assert_eq!(collector.rejects.len(), usize::from(is_half), "{cut}");
            assert_eq!(facts.unwrap().notes.len(), usize::from(is_half), "{cut}");
        }
    }
}

#[test]
fn limits_options_and_other_files_are_answered_in_words() {
    let longest = u64::try_from(cell().to_string().len()).unwrap();
    let limits = Limits {
        max_record_bytes: longest,
        ..Limits::default()
    };
    let (facts, collector) = import(
        &format!("{}\n{}\n", cell(), trace()),
        &Options {
            limits,
            ..Options::default()
        },
    );
    assert!(facts.is_ok());
    assert!(collector.rejects[0].reason.contains("bytes, at most"));
    let format = json!({"x": 1}).as_object().unwrap().clone();
    let refused = import(
        &trace().to_string(),
        &Options {
            format,
            ..Options::default()
        },
    )
    .0;
    assert!(matches!(refused, Err(ImportError::Options { .. })));
    for text in ["", "\n", "x\n", "{\"a\": 1}\n"] {
        let message = import(text, &Options::default()).0.unwrap_err().to_string();
        assert!(message.contains("\nhint: "), "{message}");
    }
}

#[test]
fn lines_are_recognised_by_their_first_member() {
    let probe = |text: &str| {
        let head = text.as_bytes();
        CaveatExport.probe(&Probe {
            path: Path::new("x"),
            head,
            size: u64::try_from(head.len()).unwrap(),
        })
    };
    assert!(matches!(
        probe(&trace().to_string()),
        Claim::Yes {
            confidence: 100,
            ..
        }
    ));
    assert!(matches!(
        probe(&format!("broken\n{}", cell())),
        Claim::Yes { .. }
    ));
    for other in [
        "",
        "{}",
        "{\"schema\":\"caveat/manifest\"}",
        "{\"a\":1,\"schema\":\"caveat/export\"}",
    ] {
        assert_eq!(probe(other), Claim::No, "{other}");
    }
}
