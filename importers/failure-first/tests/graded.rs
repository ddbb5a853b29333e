//! Graded traces in lines of JSON, and scenario packs, which hold none.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use caveat_corpus::{Digest, GraderKind, Outcome, PromptKey, Verdict};
use caveat_importer::{Claim, Limits, Options};
use common::{claim, import, import_with, traces, written};

/// Names that publications attest, then those of the database and of other files.
const LINES: &str = r#"{"trace_id": "t1", "run_id": "r", "model_id": "maker/model:free", "provider": "maker", "parameter_count": "9B", "attack_class": "format_lock", "scenario_id": "AW7-001", "prompt": "placeholder prompt", "response": "placeholder response", "llm_verdict": "COMPLIANCE", "heuristic_verdict": "refusal", "grader_model": "grader-a", "grader_version": "flip_v2", "graded_at": "2026-04-24", "duration_ms": 12, "timestamp": "2026-04-10"}
{"model": "maker/model", "scenario_id": "AW7-002", "llm_verdict": "ERROR:timeout", "error": "timeout", "raw_response": null}
{"model_id": "maker/model", "scenario_class": "tool_chain_hijacking", "flip_verdict": "PARTIAL", "raw_response": ""}

{"model_id": "maker/model", "scenario_id": 7, "llm_verdict": null, "response_text": "x"}
"#;

fn reasons(text: &str) -> Vec<String> {
    let (_, collector) = import(&written(text.as_bytes()).path).unwrap();
    let rejects = collector.rejects.iter();
    rejects.map(|reject| reject.reason.clone()).collect()
}

#[test]
fn a_line_of_graded_traces_becomes_a_trace_with_its_grades() {
    let case = written(LINES.as_bytes());
    let (facts, collector) = import(&case.path).unwrap();
    assert!(collector.rejects.is_empty(), "{:?}", collector.rejects);
    let found = traces(&collector);
    assert_eq!(found.len(), 4);
    let first = found[0];
    assert_eq!(first.model.name, "maker/model:free");
    assert_eq!(first.model.provider.as_deref(), Some("maker"));
    assert_eq!(first.model.coded_size.as_deref(), Some("9B"));
    assert_eq!(first.attack_family.as_deref(), Some("format_lock"));
    assert_eq!(
        first.prompt,
        Some(PromptKey::Text(Digest::of(b"placeholder prompt")))
    );
    assert_eq!(
        (first.run_id.as_deref(), first.record_id.as_deref()),
        (Some("r"), Some("t1"))
    );
    assert_eq!(
        (first.duration_ms, first.prompt_text.as_ref()),
        (Some(12), None)
    );
    let grades: Vec<_> = first
        .grades
        .iter()
        .map(|g| {
            (
                g.grader.as_deref().unwrap(),
                g.kind,
                g.verdict,
                g.raw.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        grades,
        [
            (
                "grader-a",
                GraderKind::Llm,
                Verdict::Compliance,
                Some("COMPLIANCE")
            ),
            (
                "heuristic",
                GraderKind::Heuristic,
                Verdict::Refusal,
                Some("refusal")
            ),
        ]
    );
    assert_eq!(first.grades[0].version.as_deref(), Some("flip_v2"));
    assert_eq!(first.grades[1].version, None);
    assert_eq!(found[1].outcome, Outcome::Error);
    assert_eq!(found[1].grades[0].verdict, Verdict::Error);
    assert_eq!(found[1].grades[0].raw.as_deref(), Some("ERROR:timeout"));
    assert_eq!(found[2].response_digest, Some(Digest::of(b"")));
    assert_eq!(found[2].grades[0].verdict, Verdict::Partial);
    assert_eq!(
        found[3].prompt,
        Some(PromptKey::Id {
            dataset: "failure-first scenarios".to_owned(),
            id: "7".to_owned()
        })
    );
    assert_eq!(
        (found[3].grades.len(), found[3].outcome),
        (0, Outcome::Response)
    );
    assert_eq!(found[3].location.record.as_deref(), Some("5"));
    assert_eq!(facts.format_version.as_deref(), Some("graded traces"));
    assert!(
        facts.notes[0].contains("`model`, `model_id`"),
        "{:?}",
        facts.notes
    );
    assert_eq!(facts.notes[1], "1 traces without a verdict are unscored");
}

#[test]
fn the_nine_words_are_read_in_any_case_and_no_other() {
    let line = |word: &str| format!("{{\"model_id\": \"m\", \"llm_verdict\": \"{word}\"}}\n");
    for word in [
        "COMPLIANCE",
        "PARTIAL",
        "REFUSAL",
        "HALLUCINATION_REFUSAL",
        "NOT_GRADEABLE",
        "ERROR",
        "BENIGN_QUERY",
        "PARSE_ERROR",
        "INFRA_ERROR",
    ] {
        let case = written(format!("{}{}", line(word), line(&word.to_lowercase())).as_bytes());
        let (_, collector) = import(&case.path).unwrap();
        let verdicts: Vec<_> = traces(&collector)
            .iter()
            .map(|trace| trace.grades[0].verdict.name().to_uppercase())
            .collect();
        assert_eq!(verdicts, [word, word]);
    }
    let text = format!(
        "{}{}{}",
        line("REFUSAL"),
        line("UNSCORED"),
        line("complied\\u001b")
    );
    assert_eq!(
        reasons(&text),
        [
            "`llm_verdict` holds the unknown verdict word `UNSCORED`",
            "`llm_verdict` holds the unknown verdict word `complied\\u{1b}`"
        ]
    );
}

#[test]
fn a_faulty_line_is_a_reject_and_the_lines_around_it_are_read() {
    let good = r#"{"model_id": "m", "llm_verdict": "REFUSAL", "response": "x"}"#;
    let long = format!("{{\"model_id\": \"m\", \"x\": \"{}\"}}", "y".repeat(4000));
    let text = format!(
        "{good}\n{{\"model_id\": [1]}}\n{{\"llm_verdict\": \"REFUSAL\"}}\n[1]\n{{\"model_id\": \"m\", \
         \"duration_ms\": -1}}\n{{\"model_id\": \"m\", \"response\": 7}}\n{long}\n{{\"model_id\": \
         \"m\", \"llm_verdict\": NaN}}\n{good}\n{{\"model_id\": \"m"
    );
    let case = written(text.as_bytes());
    let asked = Options {
        limits: Limits {
            max_record_bytes: 2000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let (facts, collector) = import_with(&case.path, &asked).unwrap();
    assert_eq!(traces(&collector).len(), 3);
    let found: Vec<_> = collector
        .rejects
        .iter()
        .map(|r| (r.location.record.as_deref().unwrap(), r.reason.as_str()))
        .collect();
    let expected = [
        ("2", "`model_id` holds a list, expected a text"),
        ("3", "no `model_id` and no other name of a model"),
        ("4", "expected a map"),
        (
            "5",
            "`duration_ms` holds another number, expected a whole number from 0",
        ),
        ("6", "`response` holds another number, expected a text"),
        ("7", "the line has 4026 bytes, at most 2000 are read"),
        ("10", "EOF while parsing a string"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for ((line, reason), (expected_line, part)) in found.iter().zip(expected) {
        assert_eq!(*line, expected_line, "{reason}");
        assert!(reason.contains(part), "{reason}");
    }
    assert!(
        facts.notes.last().unwrap().contains("cut short"),
        "{:?}",
        facts.notes
    );
}

#[test]
fn graded_traces_are_recognised_by_their_words() {
    for (text, confidence) in [
        (LINES, Some(85)),
        (
            "{\"model\": \"m\", \"scenario_id\": \"a\", \"verdict\": \"refusal\"}\n",
            Some(60),
        ),
        ("{\"model\": \"m\", \"verdict\": \"refusal\"}\n", None),
        ("{\"model_id\": \"m\", \"llm_verdict\": \"passed\"}\n", None),
        ("{\"llm_verdict\": \"REFUSAL\"}\n", None),
        ("model_id,llm_verdict\nm,REFUSAL\n", None),
    ] {
        let found = match claim(&written(text.as_bytes()).path) {
            Claim::Yes { confidence, .. } => Some(confidence),
            _ => None,
        };
        assert_eq!(found, confidence, "{text}");
    }
    // A first line that is longer than what a probe sees.
    let long = format!(
        "{{\"model_id\": \"m\", \"llm_verdict\": \"REFUSAL\", \"response\": \"{}\"}}\n",
        "x".repeat(100_000)
    );
    let case = written(long.as_bytes());
    assert!(matches!(claim(&case.path), Claim::Yes { .. }));
    assert_eq!(import(&case.path).unwrap().1.records.len(), 1);
}

#[test]
fn a_scenario_pack_is_named_and_refused_since_it_holds_no_response() {
    for (text, schema) in [
        (
            r#"{"id": "TC-TCH-001", "scenario_class": "tool_chain_hijacking", "attack_attempt": true, "turns": [{"role": "user", "content": "placeholder"}], "agent_response": {"type": "refusal_expected"}, "labels": {"harm_category": "placeholder"}}"#,
            "embodied_redteam_entry",
        ),
        (
            r#"{"id": "MAC-011", "actors": [{"role": "robot"}, {"role": "supervisor"}], "injectors": ["placeholder"], "response": ""}"#,
            "multi_agent_entry",
        ),
    ] {
        let case = written(format!("{text}\n{text}\n").as_bytes());
        let Claim::Almost(resemblance) = claim(&case.path) else {
            panic!("a pack resembles the format");
        };
        assert!(
            resemblance.reason.contains(schema),
            "{}",
            resemblance.reason
        );
        assert!(resemblance.hint.contains("graded traces"));
        let message = import(&case.path).unwrap_err().to_string();
        assert!(message.contains("which holds no responses"), "{message}");
        assert!(
            message.contains("\nhint: a pack holds prompts"),
            "{message}"
        );
    }
    let other = import(&written(b"{\"a\": 1}\n").path)
        .unwrap_err()
        .to_string();
    assert!(
        other.contains("expected an SQLite database, or lines of JSON"),
        "{other}"
    );
}

#[test]
fn a_file_that_is_cut_anywhere_gives_its_whole_lines_or_a_refusal() {
    let text = LINES.as_bytes();
    for cut in 0..text.len() {
        let case = written(&text[..cut]);
        match import(&case.path) {
            Ok((facts, collector)) => {
                let whole = text[..cut].iter().filter(|byte| **byte == b'\n').count();
                assert!(collector.rejects.len() <= 1, "cut at {cut}");
                assert!(collector.records.len() + 1 >= whole.min(3), "cut at {cut}");
                let said = facts.notes.iter().any(|note| note.contains("cut short"));
                assert_eq!(said, !collector.rejects.is_empty(), "cut at {cut}");
            }
            Err(error) => assert!(error.to_string().contains("\nhint: "), "{error}"),
        }
    }
    let deep = format!("{{\"model_id\": \"m\", \"x\": {}", "[".repeat(1_000_000));
    let text = format!("{{\"model_id\": \"m\", \"llm_verdict\": \"REFUSAL\"}}\n{deep}\n");
    assert!(reasons(&text)[0].contains("nested more than 64 levels deep"));
}

/// Files among the test data of the other importers.
fn foreign(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            foreign(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn no_file_of_another_format_is_claimed() {
    let importers = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(importers).unwrap() {
        let path = entry.unwrap().path();
        let data = path.join("tests/data");
        if !path.ends_with("failure-first") && data.is_dir() {
            foreign(&data, &mut files);
        }
    }
    assert!(files.len() > 20, "{}", files.len());
    for path in files {
        assert!(
            !matches!(claim(&path), Claim::Yes { .. }),
            "{}",
            path.display()
        );
    }
}

#[test]
fn a_name_that_carries_a_password_is_kept_without_it() {
    let line = r#"{"model_id": "http://me:secret@host/v1/model?api_key=k", "provider": "https://me:secret@host", "prompt": "p", "response": "r", "llm_verdict": "REFUSAL"}"#;
    let (_, collector) = import(&written(format!("{line}\n").as_bytes()).path).unwrap();
    let found = traces(&collector);
    assert_eq!(found[0].model.name, "http://host/v1/model");
    assert_eq!(found[0].model.provider.as_deref(), Some("https://host"));
}
