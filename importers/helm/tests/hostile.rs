//! Damaged and hostile run folders, each with its message. All content is synthetic.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use caveat_import_helm::Helm;
use caveat_importer::{Claim, ImportError, Importer as _, Limits, Options, Probe};
use common::{Folder, import, import_with, refusal, scores, state};
use serde_json::{Value, json};

fn whole() -> String {
    let folder = Folder::of(&[
        state("a", json!({"harm_bench": {"gpt_score": 1.0}})),
        state("b", Value::Null),
    ]);
    std::fs::read_to_string(folder.source()).unwrap()
}

#[test]
fn every_cut_of_a_source_imports_what_is_whole_or_refuses() {
    let whole = whole();
    let first_state = whole.find(r#"{"instance""#).unwrap();
    for end in (0..whole.len()).step_by(7) {
        let content = &whole.as_bytes()[..end];
        let folder = Folder::of_bytes(content);
        let _ = Helm.probe(&Probe {
            path: Path::new("x"),
            head: content,
            size: u64::try_from(whole.len()).unwrap(),
        });
        if end < first_state {
            refusal(&folder.source());
            continue;
        }
        let imported = import(&folder.source());
        let records = imported.traces.len() + imported.rejects.len();
        assert!(records <= 2, "{end}");
        assert!(imported.has_note("the file is cut short"), "{end}");
        assert!(
            imported
                .rejects
                .iter()
                .all(|reject| reject.reason.contains("cut short"))
        );
    }
    assert_eq!(
        import(&Folder::of_bytes(whole.as_bytes()).source())
            .traces
            .len(),
        2
    );
}

#[test]
fn every_cut_of_the_scores_leaves_the_traces_whole() {
    let scores = json!([
        scores("a", Value::Null, &[("safety_score", 1, 1.0)]),
        scores("b", Value::Null, &[("safety_score", 1, 0.0)])
    ])
    .to_string();
    for end in (0..scores.len()).step_by(7) {
        let folder = Folder::of_bytes(whole().as_bytes())
            .with_text("per_instance_stats.json", &scores[..end])
            .with_text("stats.json", &scores[..end]);
        let imported = import(&folder.source());
        assert_eq!(imported.traces.len(), 2, "{end}");
        assert!(imported.has_note("breaks off"), "{end}");
    }
}

#[test]
fn a_source_that_is_no_run_is_refused_with_what_was_found() {
    for (content, message) in [
        ("", "cut short"),
        ("[]", "`request_states`"),
        ("{}", "`request_states`"),
        ("null", "`request_states`"),
        (r#"{"request_states": null}"#, "`request_states` is no list"),
        (
            r#"{"request_states": {"a": 1}}"#,
            "`request_states` is no list",
        ),
        (
            r#"{"request_states": [], "request_states": []}"#,
            "`request_states` occurs twice",
        ),
        (r#"{"request_states": [] x"#, "not valid JSON"),
        (
            r#"{"adapter_spec": [], "request_states": []}"#,
            "`adapter_spec`: ",
        ),
        (
            r#"{"adapter_spec": {"model": 5}, "request_states": []}"#,
            "`adapter_spec.model` holds a number",
        ),
    ] {
        let found = refusal(&Folder::of_bytes(content.as_bytes()).source());
        assert!(found.contains(message), "{content}: {found}");
    }
    let missing = import_with(
        Path::new("/nowhere/scenario_state.json"),
        &Options::default(),
    );
    assert!(matches!(missing, Err(ImportError::Io { .. })));
}

#[test]
fn an_empty_run_has_no_traces_and_says_so() {
    let imported = import(&Folder::of(&[]).source());
    assert_eq!(imported.traces.len(), 0);
    assert!(imported.has_note("no request state of the run became a trace"));
}

#[test]
fn a_bad_state_is_a_reject_with_its_place_and_the_rest_is_imported() {
    for (bad, reason) in [
        ("7", "an object"),
        ("{}", "`instance` is missing"),
        (r#"{"instance": {}, "instance": {}}"#, "duplicate field"),
        (
            r#"{"instance": {"id": "\ud800"}, "request": 1}"#,
            "an object",
        ),
        (
            r#"{"instance": {}, "annotations": 1}"#,
            "`annotations` holds a number",
        ),
        (r#"{"instance": tru}"#, "not valid JSON"),
        ("\"\u{1b}[31m\"", "not valid JSON"),
    ] {
        let text = whole().replacen(
            r#""request_states":["#,
            &format!(r#""request_states":[{bad},"#),
            1,
        );
        let imported = import(&Folder::of_bytes(text.as_bytes()).source());
        assert_eq!(imported.traces.len(), 2, "{bad}");
        let [reject] = &imported.rejects[..] else {
            panic!("{bad}: {imported:?}")
        };
        assert!(reject.reason.contains(reason), "{bad}: {}", reject.reason);
        assert_eq!(reject.location.record.as_deref(), Some("0"));
        let byte = usize::try_from(reject.location.byte.unwrap()).unwrap();
        assert!(text[byte..].starts_with(bad));
    }
}

#[test]
fn deep_nesting_long_records_and_long_names_are_rejects() {
    let deep = format!(
        r#"{{"instance": {}{}}}"#,
        "[".repeat(1_000_000),
        "]".repeat(1_000_000)
    );
    let text = whole().replacen(
        r#""request_states":["#,
        &format!(r#""request_states":[{deep},"#),
        1,
    );
    let imported = import(&Folder::of_bytes(text.as_bytes()).source());
    assert_eq!((imported.traces.len(), imported.rejects.len()), (2, 1));
    assert!(imported.rejects[0].reason.contains("nested"));

    let options = Options {
        limits: Limits {
            max_record_bytes: 600,
            max_name_chars: 20,
            ..Limits::default()
        },
        ..Options::default()
    };
    let mut long = state("b", Value::Null);
    long["result"]["completions"][0]["text"] = json!("x".repeat(1000));
    let mut named = state("c", Value::Null);
    named["request"]["model"] = json!("m".repeat(21));
    let folder = Folder::of(&[state("a", Value::Null), long, named]);
    let imported = import_with(&folder.source(), &options).unwrap();
    assert_eq!(imported.traces.len(), 1);
    assert!(imported.rejects[0].reason.contains("at most 600 are read"));
    assert!(
        imported.rejects[1]
            .reason
            .contains("`request.model` has 21 characters")
    );
}

#[test]
fn tokens_that_are_no_json_numbers_are_read_where_python_writes_them() {
    let text = whole().replace(r#""gpt_score":1.0"#, r#""gpt_score":NaN"#);
    let imported = import(&Folder::of_bytes(text.as_bytes()).source());
    let grade = &imported.traces[0].grades[0];
    assert_eq!(grade.verdict, caveat_corpus::Verdict::ParseError);
    assert_eq!(grade.raw.as_deref(), Some("NaN"));
    let folder = Folder::of_bytes(whole().as_bytes()).with_text(
        "per_instance_stats.json",
        r#"[{"instance_id": "a", "stats": [{"name": {"name": "safety_score"}, "count": 1, "sum": NaN, "mean": NaN}]}]"#,
    );
    assert_eq!(import(&folder.source()).traces.len(), 2);
}

#[test]
fn a_damaged_run_specification_refuses_and_other_damage_is_a_note() {
    for content in ["", "[]", "{", r#"{"name": 5}"#, r#"{"metric_specs": [1]}"#] {
        let folder = Folder::of_bytes(whole().as_bytes()).with_text("run_spec.json", content);
        let message = refusal(&folder.source());
        assert!(message.contains("`run_spec.json` beside it"), "{message}");
    }
    let folder = Folder::of_bytes(whole().as_bytes())
        .with_text("scenario.json", "[1]")
        .with_text(
            "per_instance_stats.json",
            r#"[1, {"instance_id": 5}, {"instance_id": "a", "stats": 1}]"#,
        )
        .with_text("stats.json", r#"[1, {"name": 5}]"#);
    let imported = import(&folder.source());
    assert_eq!(imported.traces.len(), 2);
    assert!(imported.has_note("`scenario.json` is not used"));
    assert!(imported.has_note("3 entries of `per_instance_stats.json` cannot be used"));
    let object =
        Folder::of_bytes(whole().as_bytes()).with_text("per_instance_stats.json", r#"{"a": 1}"#);
    assert!(import(&object.source()).has_note("it is no list of entries"));
}

#[test]
fn files_of_other_formats_are_not_claimed() {
    for content in [
        "",
        "x",
        "{",
        "{}",
        "[]",
        "[1]",
        r#"{"parameters": {}, "jailbreaks": []}"#,
        r#"{"version": 2, "eval": {}, "samples": []}"#,
        r#"[{"name": "x", "count": 1}]"#,
        "\u{feff}{\"a\": 1}",
    ] {
        let claim = Helm.probe(&Probe {
            path: Path::new("scenario_state.json"),
            head: content.as_bytes(),
            size: u64::try_from(content.len()).unwrap(),
        });
        assert_eq!(claim, Claim::No, "{content}");
    }
}

#[test]
fn a_first_state_beyond_the_start_of_the_file_is_still_recognised() {
    let long = format!(
        r#"{{"adapter_spec": {{"model": "m"}}, "request_states": [{{"instance": {{"input": {{"text": "{}"#,
        "x".repeat(70_000)
    );
    let claim = |head: &str| {
        Helm.probe(&Probe {
            path: Path::new("x"),
            head: &head.as_bytes()[..head.len().min(64 << 10)],
            size: 1 << 30,
        })
    };
    assert!(matches!(claim(&long), Claim::Yes { confidence: 95, .. }));
    let instructions = format!(
        r#"{{"adapter_spec": {{"instructions": "{}"#,
        "x".repeat(70_000)
    );
    assert!(matches!(
        claim(&instructions),
        Claim::Yes { confidence: 80, .. }
    ));
}

#[test]
fn a_key_among_the_annotations_is_not_kept() {
    let (key, token) = ("key-of-somebody", "sk-abcdefghijklmnop1");
    let annotations = json!({"api_key": key, "essay": token, "judge": {"score": token}});
    let imported = import(&Folder::of(&[state("a", annotations)]).source());
    assert_eq!(imported.traces[0].grades.len(), 3);
    let told = format!("{:?}{:?}", imported.traces[0].grades, imported.facts.notes);
    assert!(!told.contains(key) && !told.contains(token), "{told}");
}
