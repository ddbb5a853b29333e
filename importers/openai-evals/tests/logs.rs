//! A log against the counts that were written with it, and every kind of eval.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use caveat_corpus::{Digest, GraderKind, Outcome, PromptKey, Verdict};
use caveat_import_openai_evals::OpenAiEvals;
use caveat_importer::{Claim, ImportError, Importer as _, Limits, Options, Probe};
use common::*;
use serde_json::{Value, json};

use Verdict::{Compliance, ParseError, Refusal, Unscored};

/// The counts of `expected.json`: events by type, correct comparisons, samples,
/// model and run.
fn check(path: &Path, expected: &Value) {
    let imported = import_file(path, &Options::default()).unwrap();
    assert_eq!(imported.rejects, []);
    let count = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let traces = &imported.traces;
    assert_eq!(traces.len(), count(&expected["samples"]));
    let sampled = traces
        .iter()
        .filter(|trace| trace.response_digest.is_some());
    assert_eq!(sampled.count(), count(&expected["events"]["sampling"]));
    let grades: Vec<_> = traces.iter().flat_map(|trace| &trace.grades).collect();
    assert_eq!(grades.len(), count(&expected["events"]["match"]));
    let correct = grades
        .iter()
        .filter(|grade| grade.raw.as_deref() == Some("true"));
    assert_eq!(correct.count(), count(&expected["correct_true"]));
    let errors = traces
        .iter()
        .filter(|trace| trace.outcome == Outcome::Error);
    assert_eq!(errors.count(), count(&expected["events"]["error"]));
    for trace in traces {
        assert_eq!(Some(trace.model.name.as_str()), expected["model"].as_str());
        assert_eq!(trace.run_id.as_deref(), expected["run_id"].as_str());
    }
    // What was expected is a refusal, so that correct is one.
    let refusals = grades.iter().filter(|grade| grade.verdict == Refusal);
    assert_eq!(refusals.count(), count(&expected["correct_true"]));
    imported.note("where every expected answer is a refusal");
    imported.note("2 samples ended in an error");
}

#[test]
fn every_count_that_was_written_with_the_log_is_met() {
    let text = std::fs::read_to_string(data("expected.json")).unwrap();
    check(
        &data("jailbreak.jsonl"),
        &serde_json::from_str(&text).unwrap(),
    );
}

#[test]
fn the_larger_collection_gives_its_counts_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/openai-evals");
    if !folder.is_dir() {
        println!("skipped: there is no folder {}", folder.display());
        return;
    }
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    let expected = serde_json::from_str(&text).unwrap();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "jsonl") {
            check(&path, &expected);
        }
    }
}

#[test]
fn a_sample_is_mapped_field_by_field() {
    let imported = import_file(&data("jailbreak.jsonl"), &Options::default()).unwrap();
    let trace = &imported.traces[0];
    assert_eq!(
        trace.record_id.as_deref(),
        Some("jailbreak-placeholder.dev.0")
    );
    assert_eq!(
        trace.prompt,
        Some(PromptKey::Id {
            dataset: "jailbreak-placeholder.dev.v0".to_owned(),
            id: "jailbreak-placeholder.dev.0".to_owned(),
        })
    );
    assert_eq!(
        trace.dataset.as_deref(),
        Some("jailbreak-placeholder.dev.v0")
    );
    assert_eq!(trace.response_digest, Some(Digest::of(b"Sure")));
    assert_eq!(
        trace.observed_at.as_deref(),
        Some("2024-06-01 12:00:00.000000+00:00")
    );
    assert_eq!((trace.attempt, trace.turns), (None, Some(1)));
    assert_eq!((&trace.model.provider, &trace.technique), (&None, &None));
    let grade = &trace.grades[0];
    assert_eq!(
        (grade.grader.as_deref(), grade.kind),
        (Some("match"), GraderKind::Rule)
    );
    assert_eq!(
        (grade.verdict, grade.raw.as_deref()),
        (Compliance, Some("false"))
    );
    let options = Options {
        keep_text: true,
        ..Options::default()
    };
    let kept = import_file(&data("jailbreak.jsonl"), &options).unwrap();
    assert_eq!(
        kept.traces[1].response_text.as_deref(),
        Some("I cannot help.")
    );
    assert_eq!(
        kept.traces[1].prompt_text.as_deref(),
        Some("[1-1] placeholder")
    );
}

#[test]
fn a_comparison_without_a_rule_is_unscored_and_the_users_rule_decides_it() {
    let text = log(
        SPEC,
        &[
            sampling("s1", r#"["B"]"#),
            compared("s1", true, r#""B""#),
            sampling("s2", r#""C""#),
            compared("s2", false, r#""B""#),
        ],
    );
    let imported = import(&text);
    assert_eq!(imported.verdicts(), [[Unscored], [Unscored]]);
    imported.note("2 grades are unscored");
    let rule = with_option("success", json!({"match": {"equals": false}}));
    let imported = import_bytes(text.as_bytes(), &rule).unwrap();
    assert_eq!(imported.verdicts(), [[Refusal], [Compliance]]);
    imported.note("scores of `match` are read by the rule given");
}

#[test]
fn the_grading_models_calls_are_no_replies() {
    let by = |sample: &str, model: &str, text: &str| {
        event(
            sample,
            "sampling",
            &format!(
                r#"{{"prompt": "p", "sampled": ["{text}"], "model": "{model}", "usage": {{"prompt_tokens": 3, "completion_tokens": 4}}}}"#
            ),
        )
    };
    let text = log(
        GRADED,
        &[
            by("s1", "gpt-3.5-turbo-0125", "reply"),
            by("s1", "gpt-4-0613", "judgement"),
            event("s1", "metrics", r#"{"choice": "refused", "score": 1.0}"#),
            by("s2", "gpt-4-0613", "judgement alone"),
            event(
                "s2",
                "metrics",
                r#"{"choice": "__invalid__", "score": null}"#,
            ),
            by("s3", "gpt-3.5-turbo-0125", "reply"),
            event("s3", "error", r#"{"type": "APIError", "message": "x"}"#),
            event("s4", "error", r#"{"type": "APIError", "message": "x"}"#),
        ],
    );
    let imported = import(&text);
    let expected = [
        vec![Refusal, Unscored],
        vec![ParseError, Unscored],
        vec![ParseError],
        vec![],
    ];
    assert_eq!(imported.verdicts(), expected);
    let [first, second, third, fourth] = imported.traces.as_slice() else {
        panic!("four")
    };
    assert_eq!(first.response_digest, Some(Digest::of(b"reply")));
    assert_eq!(
        (first.prompt_tokens, first.response_tokens),
        (Some(3), Some(4))
    );
    assert_eq!(first.model.name, "gpt-3.5-turbo");
    assert!(
        first
            .grades
            .iter()
            .all(|grade| grade.kind == GraderKind::Llm)
    );
    assert_eq!(first.grades[1].raw.as_deref(), Some("1.0"));
    assert_eq!(
        (second.response_digest, second.outcome),
        (None, Outcome::Response)
    );
    assert_eq!(third.outcome, Outcome::Response);
    assert_eq!(fourth.outcome, Outcome::Error);
    imported.note("graded by gpt-4");
    imported.note("1 answers of the grading model were none of its choices");
}

#[test]
fn a_grade_of_a_model_that_did_not_answer_counts_for_nothing() {
    let error = |sample: &str| event(sample, "error", r#"{"type": "APIError", "message": "500"}"#);
    let nothing = |sample: &str| {
        event(
            sample,
            "match",
            r#"{"correct": false, "expected": "I'm sorry", "sampled": null}"#,
        )
    };
    let picked = r#"{"correct": true, "expected": "I'm sorry", "picked": "I'm sorry"}"#;
    let imported = import(&log(
        SPEC,
        &[
            sampling("s1", r#"[""]"#),
            error("s1"),
            compared("s1", false, r#""I'm sorry""#),
            sampling("s2", r#"["half"]"#),
            compared("s2", false, r#""I'm sorry""#),
            error("s2"),
            sampling("s3", "null"),
            nothing("s3"),
            nothing("s4"),
            sampling("s5", "[null]"),
            nothing("s5"),
            sampling("s6", r#"[""]"#),
            compared("s6", false, r#""I'm sorry""#),
            event("s7", "match", picked),
        ],
    ));
    let outcomes: Vec<_> = imported.traces.iter().map(|trace| trace.outcome).collect();
    use Outcome::{Error, Response};
    assert_eq!(
        outcomes,
        [Error, Error, Error, Error, Error, Response, Response]
    );
    let void = || vec![Verdict::NotGradeable];
    assert_eq!(
        imported.verdicts(),
        [
            void(),
            void(),
            void(),
            void(),
            void(),
            vec![Compliance],
            vec![Refusal]
        ]
    );
    assert_eq!(imported.traces[0].grades[0].raw.as_deref(), Some("false"));
    imported.note("5 traces were graded although the model had not answered");
}

#[test]
fn the_reply_stands_where_the_grading_model_failed_and_an_empty_one_does_not() {
    let error = |sample: &str| event(sample, "error", r#"{"type": "APIError", "message": "500"}"#);
    let judged = |sample: &str| event(sample, "metrics", r#"{"choice": "refused"}"#);
    let imported = import(&log(
        GRADED,
        &[
            sampling("s1", r#"["reply"]"#),
            error("s1"),
            judged("s1"),
            sampling("s2", r#"[""]"#),
            error("s2"),
            judged("s2"),
        ],
    ));
    let outcomes: Vec<_> = imported.traces.iter().map(|trace| trace.outcome).collect();
    assert_eq!(outcomes, [Outcome::Response, Outcome::Error]);
    assert_eq!(imported.verdicts(), [[Refusal], [Verdict::NotGradeable]]);
}

#[test]
fn the_name_of_an_unknown_event_is_no_place_for_a_text() {
    let kind = "k".repeat(5000);
    let imported = import(&log(
        SPEC,
        &[sampling("s1", r#"["a"]"#), event("s1", &kind, "{}")],
    ));
    imported.note("not read: a text of 5000 characters (1)");
}

#[test]
fn a_comparison_goes_to_the_completion_that_it_quotes() {
    let quoting = |sample: &str, text: &str| {
        event(
            sample,
            "match",
            &format!(r#"{{"correct": true, "expected": "I cannot", "sampled": "{text}"}}"#),
        )
    };
    let text = log(
        SPEC,
        &[
            sampling("s1", r#"["one", "two"]"#),
            quoting("s1", "two"),
            sampling("s2", r#"["thinking"]"#),
            sampling("s2", r#"["answer"]"#),
            quoting("s2", "answer"),
            quoting("s3", "quoted alone"),
        ],
    );
    let imported = import(&text);
    let found: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| {
            (
                trace.attempt,
                trace.response_digest.unwrap(),
                trace.grades.len(),
            )
        })
        .collect();
    let digest = |text: &str| Digest::of(text.as_bytes());
    assert_eq!(
        found,
        [
            (Some(1), digest("one"), 0),
            (Some(2), digest("two"), 1),
            (None, digest("answer"), 1),
            (None, digest("quoted alone"), 1),
        ]
    );
    imported.note("1 samples have several calls");
    imported.note("1 samples have no call");
}

#[test]
fn events_of_samples_that_run_at_once_find_their_own() {
    let imported = import(&log(
        SPEC,
        &[
            sampling("s1", r#"["a"]"#),
            sampling("s2", r#"["b"]"#),
            compared("s2", true, r#""I cannot""#),
            compared("s1", false, r#""I cannot""#),
        ],
    ));
    assert_eq!(imported.verdicts(), [[Compliance], [Refusal]]);
    imported.note("the final report says accuracy 1, the log holds 1 correct of 2");
}

#[test]
fn a_crashed_run_keeps_what_is_whole() {
    let text = log(
        SPEC,
        &[
            sampling("s1", r#"["a"]"#),
            compared("s1", false, r#""I cannot""#),
            sampling("s2", r#"["b"]"#),
        ],
    );
    let cut = &text[..text.find("p of s2").unwrap()];
    let imported = import(cut);
    assert_eq!(imported.verdicts(), [[Compliance]]);
    assert_eq!(imported.rejects.len(), 1);
    assert!(
        imported.rejects[0]
            .reason
            .starts_with("the file ends within this line")
    );
    imported.note("no `final_report`");
    imported.note("the file ends within line 4");
}

#[test]
fn runs_that_were_joined_keep_their_own_model() {
    let first = log(SPEC, &[sampling("s1", r#"["a"]"#)]);
    let second = first
        .replace("\"R\"", "\"Q\"")
        .replace("model-a", "model-b");
    let imported = import(&(first + &second));
    let found: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| (trace.run_id.as_deref().unwrap(), trace.model.name.as_str()))
        .collect();
    assert_eq!(found, [("R", "model-a"), ("Q", "model-b")]);
}

/// Name, line, and a part of the reason for which it is rejected.
const BROKEN: &[(&str, &str, &str)] = &[
    ("half an object", r#"{"run_id": "R", "#, "not valid JSON"),
    ("a list", "[]", "expected an object"),
    (
        "no type",
        r#"{"run_id": "R", "sample_id": "s"}"#,
        "expected `spec`, `type` or",
    ),
    (
        "a type that is a number",
        r#"{"type": 5, "sample_id": "s"}"#,
        "invalid type",
    ),
    (
        "no sample",
        r#"{"type": "match", "data": {}}"#,
        "`sample_id` is missing",
    ),
    (
        "a sample that is a list",
        r#"{"type": "match", "sample_id": []}"#,
        "`sample_id` holds a list",
    ),
    (
        "no data",
        r#"{"type": "match", "sample_id": "s"}"#,
        "missing field `data`",
    ),
    (
        "correct in words",
        r#"{"type": "match", "sample_id": "s", "data": {"correct": "yes"}}"#,
        "`correct` holds text",
    ),
    (
        "no correct",
        r#"{"type": "match", "sample_id": "s", "data": {}}"#,
        "missing field `correct`",
    ),
    (
        "a number as a reply",
        r#"{"type": "sampling", "sample_id": "s", "data": {"sampled": [5]}}"#,
        "`sampled` holds a number",
    ),
    (
        "metrics that are a list",
        r#"{"type": "metrics", "sample_id": "s", "data": []}"#,
        "invalid type: sequence",
    ),
    (
        "a repeated key",
        r#"{"type": "match", "type": "error", "sample_id": "s"}"#,
        "duplicate field",
    ),
    (
        "a broken specification",
        r#"{"spec": 5}"#,
        "invalid type: integer",
    ),
];

#[test]
fn each_broken_line_is_one_reject_and_spoils_no_other() {
    for (name, line, reason) in BROKEN {
        let imported = import(&log(
            SPEC,
            &[(*line).to_owned(), sampling("s1", r#"["a"]"#)],
        ));
        assert_eq!(imported.traces.len(), 1, "{name}");
        let [reject] = imported.rejects.as_slice() else {
            panic!("{name}: {:?}", imported.rejects)
        };
        assert!(reject.reason.contains(reason), "{name}: {}", reject.reason);
        assert_eq!(reject.location.record.as_deref(), Some("2"), "{name}");
        assert_eq!(reject.location.byte, Some(SPEC.len() as u64 + 1), "{name}");
    }
}

#[test]
fn limits_hold_for_lines_depth_names_and_grades() {
    let options = Options {
        limits: Limits {
            max_record_bytes: 60_000,
            max_depth: 16,
            max_name_chars: 100,
        },
        ..Options::default()
    };
    let metrics: Vec<String> = (0..1100).map(|n| format!("\"m{n}\": {n}")).collect();
    let text = log(
        SPEC,
        &[
            sampling("s1", &format!("[\"{}\"]", "x".repeat(60_000))),
            sampling("s1", &format!("{}{}", "[".repeat(100), "]".repeat(100))),
            sampling(&"s".repeat(101), r#"["a"]"#),
            event("s2", "metrics", &format!("{{{}}}", metrics.join(", "))),
        ],
    );
    let imported = import_bytes(text.as_bytes(), &options).unwrap();
    let reasons: Vec<&str> = imported
        .rejects
        .iter()
        .map(|reject| reject.reason.as_str())
        .collect();
    for (reason, part) in reasons.iter().zip([
        "at most 60000 are read",
        "nested more than 16",
        "`sample_id` has 101 characters",
        "more than 1000 grades",
    ]) {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(reasons.len(), 4);
}

#[test]
fn a_log_cut_at_any_byte_gives_samples_and_at_most_one_reject() {
    let bytes = std::fs::read(data("jailbreak.jsonl")).unwrap();
    for end in (0..bytes.len()).step_by(97) {
        match import_bytes(&bytes[..end], &Options::default()) {
            Ok(cut) => {
                assert!(cut.traces.len() <= 21);
                assert!(cut.rejects.len() <= 1, "{end}: {:?}", cut.rejects);
            }
            Err(ImportError::Refused { .. }) => assert!(end < 800, "{end}"),
            Err(other) => panic!("{end}: {other}"),
        }
    }
}

#[test]
fn what_is_no_log_is_refused_and_what_has_no_model_as_well() {
    for (content, part) in [
        ("", "no line is a `spec`"),
        ("{\"a\": 1}\n", "no line is a `spec`"),
        ("words", "no line is a `spec`"),
        (&sampling("s", r#"["a"]"#), "no line names the model"),
    ] {
        let error = import_bytes(content.as_bytes(), &Options::default()).unwrap_err();
        assert!(matches!(error, ImportError::Refused { .. }));
        let text = error.to_string();
        assert!(text.contains(part) && text.contains("\nhint: "), "{text}");
    }
    let named = with_option("model", json!("m"));
    let imported = import_bytes(sampling("s", r#"["a"]"#).as_bytes(), &named).unwrap();
    assert_eq!(imported.traces[0].model.name, "m");
    for options in [
        with_option("models", json!("m")),
        with_option("model", json!(5)),
    ] {
        let found = import_bytes(SPEC.as_bytes(), &options);
        assert!(matches!(found, Err(ImportError::Options { .. })));
    }
}

#[test]
fn a_log_is_told_by_its_specification() {
    let claim = |head: &str| {
        OpenAiEvals.probe(&Probe {
            path: Path::new("any"),
            head: head.as_bytes(),
            size: head.len() as u64,
        })
    };
    assert!(matches!(
        claim(&log(SPEC, &[])),
        Claim::Yes { confidence: 98, .. }
    ));
    assert!(matches!(
        claim(&format!("half\n{SPEC}\n")),
        Claim::Yes { confidence: 98, .. }
    ));
    assert!(matches!(
        claim(&SPEC[..100]),
        Claim::Yes { confidence: 90, .. }
    ));
    assert!(matches!(claim(&sampling("s", "[]")), Claim::Almost(_)));
    for other in [
        "",
        "{}",
        "[]",
        "{\"spec\": {\"openapi\": 3}}\n",
        "{\"type\": \"match\"}\n",
    ] {
        assert_eq!(claim(other), Claim::No, "{other}");
    }
}

#[test]
fn a_sample_with_a_rejected_line_has_no_verdict_and_a_note_counts_it() {
    let failed = event("s1", "error", r#"{"type": "X", "message": "m"}"#);
    let graded = compared("s1", true, r#"["no"]"#);
    let other = [
        sampling("s2", r#"["b"]"#),
        compared("s2", true, r#"["no"]"#),
    ];
    let with = |first: &str| {
        let mut lines = vec![first.to_owned(), graded.clone()];
        lines.extend_from_slice(&other);
        import(&log(SPEC, &lines))
    };
    // Whole, the error makes the comparison worth nothing.
    let whole = with(&failed);
    assert_eq!(whole.verdicts()[0], [Verdict::NotGradeable]);
    let judged = whole.verdicts()[1].clone();
    assert_ne!(judged, [Verdict::NotGradeable]);
    for damaged in [
        failed[..failed.len() - 5].to_owned(),
        failed.replace("\"data\"", "data"),
        failed.replacen('{', "[", 1),
        sampling("s1", "[5]"),
    ] {
        let imported = with(&damaged);
        assert_eq!(imported.rejects.len(), 1, "{damaged}");
        assert_eq!(
            imported.verdicts(),
            [vec![Verdict::NotGradeable], judged.clone()],
            "{damaged}"
        );
        assert_eq!(imported.traces[0].grades[0].raw.as_deref(), Some("true"));
        imported.note("1 graded samples have a line that is rejected");
    }
}

#[test]
fn a_rejected_line_that_names_no_sample_is_told_in_a_note() {
    let failed = event("s1", "error", r#"{"type": "X", "message": "m"}"#);
    let graded = compared("s1", true, r#"["no"]"#);
    for damaged in [
        &failed[..30],
        &failed.replace("sample_id", "sample-id"),
        &failed.replace("\"s1\"", "\"s0\"").replace('}', ""),
    ] {
        let imported = import(&log(SPEC, &[damaged.to_owned(), graded.clone()]));
        assert_eq!(imported.rejects.len(), 1, "{damaged}");
        imported.note("1 rejected lines belong to no sample that can be made out");
    }
    let whole = import(&log(SPEC, &[failed, graded]));
    assert!(
        !whole
            .facts
            .notes
            .iter()
            .any(|note| note.contains("rejected"))
    );
}
