//! Damaged and hostile logs: a clear refusal, or rejects with their place.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_importer::{Limits, Options};
use common::{archive_of, data, file_of, import, import_with, log_of};
use serde_json::{Value, json};

fn sample(id: &str) -> Value {
    json!({"id": id, "epoch": 1, "input": "p", "output": {"completion": "r"},
        "scores": {"refused": {"value": "C"}}, "attachments": {}, "metadata": {"category": "x"}})
}

#[test]
fn a_document_cut_anywhere_gives_whole_samples_or_a_refusal() {
    let text =
        serde_json::to_string_pretty(&log_of(&[sample("a"), sample("b"), sample("c")])).unwrap();
    let samples = text.find("\"samples\"").unwrap();
    for end in 0..text.len() {
        let file = file_of(&text.as_bytes()[..end]);
        match import_with(file.path(), &Options::default()) {
            Err(error) => {
                assert!(end < samples, "byte {end}: {error}");
                assert!(
                    error.to_string().contains("\nhint: "),
                    "byte {end}: {error}"
                );
            }
            Ok(imported) => {
                let (traces, rejects) = (imported.traces.len(), imported.rejects.len());
                // Each whole sample is a trace, the half one a reject, and the note says it.
                let whole = text
                    .get(samples..end)
                    .unwrap_or_default()
                    .matches("\n    }")
                    .count();
                assert_eq!(traces, whole, "byte {end}");
                assert!(rejects <= 1, "byte {end}");
                assert!(imported.has_note("cut short"), "byte {end}");
                for trace in &imported.traces {
                    assert_eq!(trace.grades.len(), 1);
                    assert_eq!(trace.harm_category.as_deref(), Some("x"));
                }
            }
        }
    }
}

#[test]
fn an_archive_cut_anywhere_is_refused_with_a_remedy() {
    let bytes = std::fs::read(data("failed.eval")).unwrap();
    for end in (0..bytes.len()).step_by(197) {
        let file = file_of(&bytes[..end]);
        let error = import_with(file.path(), &Options::default());
        let error = error
            .err()
            .unwrap_or_else(|| panic!("byte {end}"))
            .to_string();
        assert!(error.contains("\nhint: "), "byte {end}: {error}");
    }
}

#[test]
fn an_archive_with_one_changed_byte_never_panics_and_loses_no_sample_silently() {
    let bytes = std::fs::read(data("failed.eval")).unwrap();
    for position in (0..bytes.len()).step_by(101) {
        let mut changed = bytes.clone();
        changed[position] ^= 0x55;
        let file = file_of(&changed);
        if let Ok(imported) = import_with(file.path(), &Options::default()) {
            let records = imported.traces.len() + imported.rejects.len();
            // A changed name may hide a member, which the summaries then show.
            assert!(
                records == 2 || imported.has_note("lists 2 samples"),
                "byte {position}: {records} records, {:?}",
                imported.facts.notes
            );
        }
    }
}

#[test]
fn a_fault_of_a_sample_rejects_it_with_its_place_and_reason() {
    let cases: [(&str, &str); 19] = [
        ("7", "no object"),
        ("null", "no object"),
        ("{}", "empty"),
        ("[]", "empty"),
        ("[1]", "the sample is a list"),
        (r#"{"epoch": 1}"#, "`id` is missing"),
        (r#"{"id": [1]}"#, "`id` is neither"),
        (r#"{"id": 1.5}"#, "`id` is neither"),
        (r#"{"id": "a", "id": "b"}"#, "`id` occurs twice"),
        (r#"{"id": "a", "epoch": 0}"#, "`epoch`"),
        (r#"{"id": "a", "epoch": "1"}"#, "`epoch`"),
        (r#"{"id": "a", "input": 7}"#, "`input` is neither"),
        (r#"{"id": "a", "input": [7]}"#, "`input`"),
        (r#"{"id": "a", "output": "x"}"#, "`output`"),
        (
            r#"{"id": "a", "output": {"usage": {"input_tokens": -1}}}"#,
            "input_tokens",
        ),
        (r#"{"id": "a", "scores": [1]}"#, "`scores`"),
        (
            r#"{"id": "a", "scores": {"x": {"answer": 1}}}"#,
            "has no `value`",
        ),
        (
            r#"{"id": "a", "scores": {"x": {"value": 1}, "x": {"value": 2}}}"#,
            "`x` occurs twice",
        ),
        (r#"{"id": "a", "metadata": 7}"#, "`metadata` is no object"),
    ];
    for (broken, part) in cases {
        let log = log_of(&[json!("BROKEN"), sample("good")]).to_string();
        let file = file_of(log.replace("\"BROKEN\"", broken).as_bytes());
        let imported = import(file.path());
        assert_eq!(imported.traces.len(), 1, "{broken}");
        let [reject] = imported.rejects.as_slice() else {
            panic!("{broken}: {:?}", imported.rejects);
        };
        assert!(reject.reason.contains(part), "{broken}: {}", reject.reason);
        assert_eq!(reject.location.entry.as_deref(), Some("samples"));
        assert_eq!(reject.location.record.as_deref(), Some("0"));
    }
}

#[test]
fn a_fault_of_a_member_rejects_that_sample_and_no_other() {
    let good = sample("good").to_string();
    let start = r#"{"version": 2, "eval": {"task": "t", "model": "m/n"}}"#;
    let file = archive_of(&[
        ("header.json", start),
        ("samples/cut_epoch_1.json", &good[..40]),
        ("samples/list_epoch_1.json", "[]"),
        ("samples/empty_epoch_1.json", ""),
        ("samples/text_epoch_1.json", "plain text"),
        ("samples/good_epoch_1.json", &good),
    ]);
    let imported = import(file.path());
    assert_eq!(imported.traces.len(), 1);
    assert_eq!(imported.rejects.len(), 4);
    for reject in &imported.rejects {
        assert!(
            reject
                .location
                .entry
                .as_deref()
                .is_some_and(|entry| entry.starts_with("samples/"))
        );
    }
}

#[test]
fn deep_nesting_and_long_fields_are_rejects_where_they_matter_and_nothing_where_they_do_not() {
    let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
    let log = log_of(&[json!("DEEP"), sample("good")]).to_string();
    let places = [
        ("events", 2),
        ("store", 2),
        ("input", 1),
        ("unknown_field", 2),
    ];
    for (field, traces) in places {
        let broken = format!(
            r#"{{"id": "deep", "epoch": 1, "{field}": {deep}, "output": {{"completion": "r"}}}}"#
        );
        let file = file_of(log.replace("\"DEEP\"", &broken).as_bytes());
        let imported = import(file.path());
        assert_eq!(imported.traces.len(), traces, "{field}");
        assert_eq!(imported.rejects.len(), 2 - traces, "{field}");
    }
}

#[test]
fn events_of_any_size_are_read_past_and_a_text_beyond_the_limit_is_a_reject() {
    let limits = Limits {
        max_record_bytes: 5_000,
        ..Limits::default()
    };
    let options = Options {
        limits,
        ..Options::default()
    };
    let (mut events, mut long) = (sample("events"), sample("long"));
    events["events"] = json!(vec!["x".repeat(100); 1_000]);
    events["attachments"] = json!({"0da6946247aa46ac961db4207faafcd4": "y".repeat(20_000)});
    long["input"] = json!("x".repeat(20_000));
    let file = file_of(log_of(&[events, long]).to_string().as_bytes());
    let imported = import_with(file.path(), &options).unwrap();
    assert_eq!(imported.traces.len(), 1);
    assert_eq!(imported.rejects.len(), 1);
    assert!(imported.rejects[0].reason.contains("at most 5000 are read"));
}

#[test]
fn a_name_above_the_limit_is_a_reject() {
    let name = "x".repeat(30_000);
    let mut one = sample("a");
    one["scores"] = json!({name: {"value": 1}});
    let imported = import(file_of(log_of(&[one]).to_string().as_bytes()).path());
    assert_eq!(imported.traces.len(), 0);
    assert!(imported.rejects[0].reason.contains("30000 characters"));
}

#[test]
fn invalid_utf_8_and_lone_surrogates_are_told_apart() {
    let mut text = log_of(&[sample("a"), sample("b")]).to_string();
    text = text.replace("\"p\"", "\"p\\ud800\"");
    let imported = import(file_of(text.as_bytes()).path());
    assert_eq!((imported.traces.len(), imported.rejects.len()), (2, 0));
    let mut bytes = log_of(&[sample("a"), sample("b")]).to_string().into_bytes();
    let place = bytes
        .windows(3)
        .position(|window| window == b"\"p\"")
        .unwrap();
    bytes[place + 1] = 0xff;
    let imported = import(file_of(&bytes).path());
    assert_eq!((imported.traces.len(), imported.rejects.len()), (1, 1));
    assert!(imported.rejects[0].reason.contains("UTF-8"));
}

#[test]
fn a_log_that_is_none_or_too_new_is_refused_in_words() {
    let newer = log_of(&[])
        .to_string()
        .replace("\"version\":2", "\"version\":3");
    for (text, part) in [
        ("{}".to_owned(), "no `eval`"),
        ("[]".to_owned(), "no `eval`"),
        (String::new(), ""),
        (r#"{"samples": [{"id": 1}]}"#.to_owned(), "no `eval`"),
        (
            r#"{"eval": {"model": "m"}, "samples": {"a": {"id": 1}}}"#.to_owned(),
            "`samples` is no list",
        ),
        (newer, "log version 3"),
    ] {
        let file = file_of(text.as_bytes());
        let error = import_with(file.path(), &Options::default())
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains(part) && error.contains("\nhint: "),
            "{text}: {error}"
        );
    }
    let headless = archive_of(&[("samples/a_epoch_1.json", "{}")]);
    let error = import_with(headless.path(), &Options::default())
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("neither `header.json` nor `_journal/start.json`"),
        "{error}"
    );
}

#[test]
fn members_of_the_log_in_another_order_are_read_all_the_same() {
    let log = log_of(&[sample("a")]);
    let mut turned = serde_json::Map::new();
    for (key, value) in log.as_object().unwrap().iter().rev() {
        turned.insert(key.clone(), value.clone());
    }
    let imported = import(file_of(Value::Object(turned).to_string().as_bytes()).path());
    assert_eq!(imported.traces.len(), 1);
    assert_eq!(imported.traces[0].model.name, "openai/gpt-4o");
}

#[test]
fn a_damaged_header_is_replaced_by_the_journal_with_a_note() {
    let start = r#"{"version": 2, "eval": {"task": "t", "model": "m/n"}}"#;
    let good = sample("good").to_string();
    let file = archive_of(&[
        ("_journal/start.json", start),
        ("samples/good_epoch_1.json", &good),
        ("header.json", "{\"version\": 2, \"eval\": {"),
    ]);
    let imported = import(file.path());
    assert_eq!(imported.traces.len(), 1);
    assert!(imported.has_note("`header.json` cannot be read"));
}
