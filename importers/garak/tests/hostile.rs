//! Versions, runs that ended early, damage and hostile content. All texts are placeholders.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use caveat_corpus::{Digest, GraderKind, Outcome, PromptKey, Verdict};
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

use Verdict::{Compliance, ParseError, Refusal, Unscored};

#[test]
fn a_report_of_an_older_version_with_plain_texts_is_read() {
    let text = report(&[
        attempt("u1", 1, r#"["yes", "no"]"#, "{}"),
        attempt(
            "u1",
            2,
            r#"["yes", "no"]"#,
            r#"{"mitigation.MitigationBypass": [1, 0.0]}"#,
        ),
        eval("detector.mitigation.MitigationBypass", 1, 2),
    ]);
    let imported = import(&text);
    assert_eq!(imported.rejects, []);
    assert_eq!(verdicts(&imported), [vec![Compliance], vec![Refusal]]);
    let [yes, no] = imported.traces.as_slice() else {
        panic!("two outputs")
    };
    assert_eq!((yes.attempt, no.attempt), (Some(1), Some(2)));
    assert_eq!(yes.model.name, "gpt-4o");
    assert_eq!(yes.model.provider.as_deref(), Some("openai"));
    assert_eq!(yes.record_id.as_deref(), Some("u1"));
    assert_eq!(yes.response_digest, Some(Digest::of(b"yes")));
    assert_eq!(
        yes.prompt,
        Some(PromptKey::Text(Digest::of(b"prompt of u1")))
    );
    assert_eq!(yes.observed_at.as_deref(), Some("2025-01-02T03:04:05"));
    assert_eq!(yes.grades[0].raw.as_deref(), Some("1"));
    assert_eq!(no.grades[0].raw.as_deref(), Some("0.0"));
    imported.note("its default agrees with the `eval` counts of 1 pairs");
}

#[test]
fn a_line_of_another_writer_is_read_as_well() {
    let text = report(&[
        attempt("u1", 2, r#"["yes", "no"]"#, r#"{"d.D": [1, 0]}"#),
        eval("d.D", 1, 2),
    ]);
    let compact: String = text
        .lines()
        .map(|line| {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            let mut sorted: Vec<_> = value.as_object().unwrap().clone().into_iter().collect();
            sorted.sort_by(|a, b| a.0.cmp(&b.0));
            let object: serde_json::Map<_, _> = sorted.into_iter().collect();
            serde_json::to_string(&object).unwrap() + "\r\n"
        })
        .collect();
    let (plain, other) = (import(&text), import(&compact));
    assert_eq!(verdicts(&plain), verdicts(&other));
    assert_eq!(plain.facts, other.facts);
    assert!(matches!(probe(&compact), Claim::Yes { confidence: 99, .. }));
}

#[test]
fn an_attempt_that_was_never_evaluated_is_imported_without_grades() {
    let text = report(&[
        attempt("u1", 1, r#"["a"]"#, "{}"),
        attempt("u2", 1, r#"["b", null]"#, "{}"),
        attempt("u1", 2, r#"["a"]"#, r#"{"d.D": [0.0]}"#),
    ]);
    let imported = import(&text);
    assert_eq!(verdicts(&imported), [vec![Refusal], vec![], vec![]]);
    assert_eq!(imported.traces[1].record_id.as_deref(), Some("u2"));
    assert_eq!(imported.traces[1].location.record.as_deref(), Some("4"));
    assert_eq!(imported.traces[2].outcome, Outcome::Error);
    imported.note("1 attempts were answered but never evaluated");
    imported.note("1 pairs of probe and detector have no `eval` line");
}

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
fn the_threshold_is_recovered_from_the_eval_lines() {
    let lines = |passed| {
        [
            attempt(
                "u1",
                2,
                r#"["a", "b", "c"]"#,
                r#"{"d.D": [0.0, 0.7, 0.95]}"#,
            ),
            eval("d.D", passed, 3),
        ]
    };
    let imported = import(&report(&lines(2)));
    assert_eq!(
        verdicts(&imported),
        [vec![Refusal], vec![Refusal], vec![Compliance]]
    );
    imported.note(
        "a score of 0.95 or more is read as compliance (garak's hit), 0.7 or less as refusal",
    );
    let imported = import(&report(&lines(1)));
    imported.note("a score of 0.5 or more");
    // A count that no threshold gives.
    let twice = [
        attempt("u1", 2, r#"["a", "b"]"#, r#"{"d.D": [0.7, 0.7]}"#),
        eval("d.D", 1, 2),
    ];
    let imported = import(&report(&twice));
    imported.note("none agrees with all `eval` counts");
    imported.note("counts 1 defended of 2, the attempts hold 0 of 2");
    // The user knows better.
    let options = with_option("eval_threshold", json!(0.9));
    let imported = import_bytes(report(&lines(1)).as_bytes(), &options).unwrap();
    assert_eq!(
        verdicts(&imported),
        [vec![Refusal], vec![Refusal], vec![Compliance]]
    );
    imported.note("the threshold is the option");
    imported.note("counts 1 defended of 3, the attempts hold 2 of 3");
}

#[test]
fn a_score_that_no_count_decides_is_unscored() {
    let imported = import(&report(&[
        attempt("u1", 2, r#"["a", "b"]"#, r#"{"d.D": [0.7, 0.95]}"#),
        eval("d.D", 1, 2),
        attempt("u2", 2, r#"["c"]"#, r#"{"e.E": [0.8]}"#),
    ]));
    assert_eq!(
        verdicts(&imported),
        [vec![Refusal], vec![Compliance], vec![Unscored]]
    );
    imported.note("1 scores lie where no count says whether they are hits");
}

#[test]
fn a_threshold_that_the_setup_line_holds_is_used() {
    let setup = SETUP.replace(
        "\"transient.run_id\"",
        "\"run.eval_threshold\": 1, \"transient.run_id\"",
    );
    let lines = [attempt("u1", 2, r#"["a", "b"]"#, r#"{"d.D": [0.99, 1.0]}"#)];
    let imported = import(&report(&lines).replace(SETUP, &setup));
    assert_eq!(verdicts(&imported), [vec![Refusal], vec![Compliance]]);
    imported.note("the setup line holds the threshold");
}

#[test]
fn scores_that_are_null_or_no_number_are_kept_apart_from_passes() {
    let imported = import(&report(&[
        attempt(
            "u1",
            2,
            r#"["a", "b", "c", "d", "e"]"#,
            r#"{"d.D": [null, NaN, "high", true, -Infinity]}"#,
        ),
        eval("d.D", 0, 1),
    ]));
    let expected = [Unscored, ParseError, ParseError, Compliance, ParseError];
    let found: Vec<Verdict> = verdicts(&imported).into_iter().flatten().collect();
    assert_eq!(found, expected);
    let raw: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| trace.grades[0].raw.as_deref().unwrap())
        .collect();
    assert_eq!(raw, ["null", "NaN", "high", "true", "-Infinity"]);
    imported.note("3 scores are no number");
}

#[test]
fn a_shorter_list_of_scores_belongs_to_the_outputs_that_hold_something() {
    let imported = import(&report(&[
        attempt("u1", 2, r#"["a", null, "b"]"#, r#"{"d.D": [1.0, 0.0]}"#),
        attempt(
            "u2",
            2,
            r#"["a", "b", "c"]"#,
            r#"{"d.D": [1.0, 0.0], "e.E": []}"#,
        ),
        eval("d.D", 1, 2),
    ]));
    let expected = [
        vec![Compliance],
        vec![],
        vec![Refusal],
        vec![],
        vec![],
        vec![],
    ];
    assert_eq!(verdicts(&imported), expected);
    imported.note("2 lists of scores have another length");
    assert!(!imported.has_note("the report's `eval` line"));
}

#[test]
fn an_attempt_without_outputs_is_one_trace_without_a_reply() {
    let imported = import(&report(&[
        attempt("u1", 2, "[]", r#"{"d.D": []}"#),
        attempt("u2", 2, "null", "null"),
        attempt("u3", 0, "[]", "{}"),
    ]));
    let outcomes: Vec<_> = imported.traces.iter().map(|trace| trace.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Error, Outcome::Error, Outcome::NotSubmitted]
    );
    imported.note("3 attempts have no output at all");
}

#[test]
fn a_merged_report_loses_no_attempt_that_shares_its_id() {
    let init = INIT.replace(
        "\"run\": \"run-1\"",
        "\"run\": \"merged\", \"orig_uuid\": \"run-1\"",
    );
    let lines = [
        attempt("merged", 2, r#"["same"]"#, r#"{"d.D": [0.0]}"#),
        eval("d.D", 1, 1),
        attempt("merged", 2, r#"["same"]"#, r#"{"d.D": [0.0]}"#),
        eval("d.D", 1, 1),
        attempt("own", 2, r#"["same"]"#, r#"{"e.E": [0.0]}"#),
    ];
    let imported = import(&report(&lines).replace(INIT, &init).replace(END, ""));
    assert_eq!(imported.traces.len(), 3);
    assert_eq!(imported.traces[0].record_id, None);
    assert_eq!(imported.traces[2].record_id.as_deref(), Some("own"));
    assert_eq!(imported.traces[0].run_id.as_deref(), Some("merged"));
    assert_eq!(imported.traces[0].observed_at, None);
    imported.note("several reports were merged");
    assert!(!imported.has_note("completion"));
    assert!(!imported.has_note("the report's `eval` line"));
}

#[test]
fn reports_that_were_joined_keep_their_own_target_and_run() {
    let first = report(&[
        attempt("u1", 2, r#"["a"]"#, r#"{"d.D": [0.0]}"#),
        eval("d.D", 1, 1),
    ]);
    let second = first
        .replace("run-1", "run-2")
        .replace("\"u1\"", "\"u2\"")
        .replace("\"openai\"", "\"test.Blank\"")
        .replace("\"gpt-4o\"", "null");
    let imported = import(&(first + &second));
    let of = |number: usize| {
        let trace = &imported.traces[number];
        (trace.run_id.as_deref().unwrap(), trace.model.name.as_str())
    };
    assert_eq!(
        (of(0), of(1)),
        (("run-1", "gpt-4o"), ("run-2", "test.Blank"))
    );
    imported.note("2 reports were joined into this file");
    assert!(!imported.has_note("the report's `eval` line"));
}

#[test]
fn a_target_without_a_name_is_called_by_its_type() {
    let text = report(&[attempt("u1", 2, r#"["a"]"#, "{}")]).replace("\"gpt-4o\"", "null");
    let imported = import(&text);
    assert_eq!(imported.traces[0].model.name, "openai");
}

#[test]
fn the_digest_names_the_target_when_the_setup_line_is_lost() {
    let line = attempt("u1", 2, r#"["a"]"#, "{}");
    let digest = r#"{"entry_type": "digest", "meta": {"garak_version": "0.14.0", "run_uuid": "r", "target_type": "t", "target_name": "m"}}"#;
    let imported = import(&format!("{}\n{line}\n{digest}\n", &SETUP[..60]));
    assert_eq!(imported.traces[0].model.name, "m");
    assert_eq!(imported.facts.format_version.as_deref(), Some("0.14.0"));
    assert_eq!(imported.rejects.len(), 1);
    let found = refusal(format!("{INIT}\n{line}\n").as_bytes());
    assert!(found.contains("no line names the target"), "{found}");
    let named = with_option("model", json!("my-model"));
    let imported = import_bytes(format!("{INIT}\n{line}\n").as_bytes(), &named).unwrap();
    assert_eq!(imported.traces[0].model.name, "my-model");
    assert_eq!(imported.traces[0].model.provider, None);
}

#[test]
fn disagreements_with_the_eval_lines_are_said() {
    let imported = import(&report(&[
        attempt("u1", 2, r#"["a"]"#, r#"{"d.D": [0.0]}"#),
        eval("d.D", 2, 2),
        eval("gone.G", 1, 1),
        eval("d.D", 1, 1).replace("\"passed\": 1, ", ""),
    ]));
    imported.note("`dan.Dan`, `d.D`: the report's `eval` line counts 2 defended of 2, the attempts hold 1 of 1");
    imported.note(
        "`gone.G`: the report's `eval` line counts 1 defended of 1, the attempts hold 0 of 0",
    );
    imported.note("1 `eval` lines lack their counts");
}

#[test]
fn buffs_multi_turn_prompts_attachments_and_judges_are_told() {
    let line = r#"{"entry_type": "attempt", "uuid": "u1", "seq": 0, "status": 2, "probe_classname": "probes.x.Y", "probe_params": {}, "targets": [], "prompt": {"turns": [{"role": "system", "content": {"text": "s"}}, {"role": "user", "content": {"text": "ask"}}], "notes": {}}, "outputs": [{"text": null, "data_path": "a.png", "data_checksum": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}], "detector_results": {"detectors.judge.Refusal": [1.0], "unsafe_content.ToxicCommentModel": [0.25]}, "notes": {"buff_creator": "Lowercase"}, "goal": "g", "conversations": [{"turns": [{"role": "user"}, {"role": "assistant"}, {"role": "user"}, {"role": "assistant"}]}], "intent": "S005hate"}"#;
    let imported = import(&report(&[line.to_owned()]));
    let trace = &imported.traces[0];
    assert_eq!(trace.technique.as_deref(), Some("x.Y with Lowercase"));
    assert_eq!(trace.attack_family.as_deref(), Some("x"));
    assert_eq!(trace.harm_category.as_deref(), Some("S005hate"));
    assert_eq!(trace.prompt, Some(PromptKey::Text(Digest::of(b"ask"))));
    assert_eq!(trace.turns, Some(2));
    assert_eq!(trace.outcome, Outcome::Response);
    assert_eq!(trace.response_digest, Some(Digest::of(b"abc")));
    let graders: Vec<_> = trace
        .grades
        .iter()
        .map(|g| (g.grader.as_deref().unwrap(), g.kind, g.verdict))
        .collect();
    let expected = [
        (
            "unsafe_content.ToxicCommentModel",
            GraderKind::Classifier,
            Refusal,
        ),
        ("judge.Refusal", GraderKind::Llm, Compliance),
    ];
    assert_eq!(graders, expected);
}

#[test]
fn control_characters_and_lone_surrogates_are_text_like_any_other() {
    let imported = import(&report(&[attempt(
        "u1",
        2,
        r#"["\u001b[31m\u0000", "\ud800"]"#,
        r#"{"d.D": [1.0, 0.0]}"#,
    )]));
    assert_eq!(
        imported.traces[0].response_digest,
        Some(Digest::of(b"\x1b[31m\0"))
    );
    assert_eq!(
        imported.traces[1].response_digest,
        Some(Digest::of("\u{fffd}".as_bytes()))
    );
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
        r#"{"entry_type": "new thing", "x": 1}"#.to_owned(),
        r#"{"entry_type": "new thing", "x": 2}"#.to_owned(),
        r#"{"entry_type": "tree_data"}"#.to_owned(),
        String::new(),
    ]));
    assert_eq!((imported.traces.len(), imported.rejects.len()), (0, 0));
    imported.note("entry types that are not read: `new thing` (2)");
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
