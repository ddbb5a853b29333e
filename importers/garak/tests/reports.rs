//! What a report may hold, of every version. All texts are placeholders.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use caveat_corpus::{Digest, GraderKind, Outcome, PromptKey, Verdict};
use caveat_import_garak::Garak;
use caveat_importer::{Claim, Importer as _, Probe};
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
