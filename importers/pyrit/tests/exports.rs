//! Exported conversations, as JSON and as CSV.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;

use caveat_corpus::{Outcome, Trace, Verdict};
use caveat_import_pyrit::Pyrit;
use caveat_importer::{
    Claim, ImportError, Importer as _, Limits, Options, Probe, Recognition, recognise,
};
use common::{Imported, clean, data, import, try_import};
use serde_json::{Value, json};

/// A piece as version 0.10 exports it.
fn piece(id: &str, role: &str, sequence: i64, text: &str) -> Value {
    json!({
        "id": id, "role": role, "conversation_id": "c", "sequence": sequence,
        "timestamp": "2026-11-23T08:42:02.668389", "labels": {"harm_category": "hate"},
        "targeted_harm_categories": null, "prompt_metadata": {},
        "converter_identifiers": [{"__type__": "ROT13Converter"}],
        "prompt_target_identifier": {"__type__": "T", "model_name": "model-a"},
        "attack_identifier": {"__type__": "PromptSendingAttack"},
        "original_value_data_type": "text", "original_value": text,
        "converted_value_data_type": "text", "converted_value": text,
        "response_error": "none", "originator": "undefined", "original_prompt_id": id,
        "scores": []
    })
}

fn written(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn import_json(pieces: &Value) -> Imported {
    let (_folder, path) = written("export.json", pieces.to_string().as_bytes());
    import(&path)
}

fn without_places(imported: &Imported) -> Vec<Trace> {
    let mut traces = imported.traces.clone();
    for trace in &mut traces {
        trace.location = caveat_corpus::Location::default();
    }
    traces
}

#[test]
fn both_exports_say_what_their_database_says() {
    let database = without_places(&clean(&data("v0.10.db")));
    for name in ["v0.10-export.json", "v0.10-export.csv"] {
        let export = clean(&data(name));
        assert_eq!(without_places(&export), database, "{name}");
        assert!(export.says("an export holds no attack results"));
        assert!(
            export
                .traces
                .iter()
                .all(|trace| trace.location.byte.is_some())
        );
        let found = recognise(&[&Pyrit], &data(name)).unwrap();
        assert!(matches!(found, Recognition::One(found) if found.confidence == 95));
    }
}

#[test]
fn exports_have_the_identities_of_their_database() {
    let identities = |imported: Imported| -> Vec<_> {
        imported
            .traces
            .iter()
            .map(|trace| trace.identity("pyrit", 0))
            .collect()
    };
    let database = identities(clean(&data("v0.10.db")));
    assert_eq!(identities(clean(&data("v0.10-export.json"))), database);
    assert_eq!(identities(clean(&data("v0.10-export.csv"))), database);
}

#[test]
fn pieces_in_any_order_find_their_prompts() {
    let pieces = json!([
        piece("a", "assistant", 1, "r"),
        piece("other", "user", 2, "later"),
        piece("u", "user", 0, "p"),
    ]);
    let imported = import_json(&pieces);
    let trace = imported.trace("a");
    let key = caveat_corpus::PromptKey::Text(caveat_corpus::Digest::of(b"p"));
    assert_eq!(trace.prompt, Some(key));
    assert_eq!(trace.harm_category.as_deref(), Some("hate"));
    assert_eq!(trace.location.record.as_deref(), Some("0"));
    assert_eq!(trace.location.byte, Some(1));
}

#[test]
fn scores_within_a_piece_become_grades() {
    let mut reply = piece("a", "assistant", 1, "r");
    reply["scores"] = json!([
        {"id": "1", "score_value": "True", "score_type": "true_false", "score_category": ["refusal"],
         "scorer_class_identifier": {"__type__": "SelfAskRefusalScorer"}},
        {"id": "2", "score_value": 0.5, "score_type": "float_scale", "score_category": "harm",
         "scorer_class_identifier": {"class_name": "SelfAskScaleScorer", "hash": "h"}},
        {"id": "3", "score_value": true, "score_type": "true_false", "score_category": null,
         "scorer_class_identifier": {"class_name": "SubStringScorer", "hash": "i"}},
        5,
    ]);
    let imported = import_json(&json!([piece("u", "user", 0, "p"), reply]));
    let grades: Vec<_> = imported
        .trace("a")
        .grades
        .iter()
        .map(|grade| {
            (
                grade.grader.as_deref().unwrap(),
                grade.verdict,
                grade.raw.as_deref().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        grades,
        [
            ("SelfAskRefusalScorer (refusal)", Verdict::Refusal, "True"),
            ("SelfAskScaleScorer (harm)", Verdict::Unscored, "0.5"),
            ("SubStringScorer", Verdict::Unscored, "true"),
        ]
    );
    assert_eq!(imported.rejects.len(), 1);
    assert!(
        imported.rejects[0]
            .reason
            .contains("`scores` holds a number")
    );
}

#[test]
fn the_chats_of_scorers_and_converters_are_not_the_targets() {
    let mut judging = piece("a", "assistant", 1, "{}");
    judging["originator"] = json!("scorer");
    let imported = import_json(&json!([piece("u", "user", 0, "p"), judging]));
    assert_eq!(imported.traces.len(), 0);
    assert!(imported.says("which are not the target's: 1"));
}

#[test]
fn columns_that_the_oldest_versions_spread_are_put_together() {
    let csv = "id,role,conversation_id,sequence,timestamp,labels.harm_category,\
               converter_identifiers,prompt_target_identifier.__type__,prompt_target_identifier.model_name,\
               orchestrator_identifier.__type__,response_error,original_value_data_type,original_value,\
               converted_value_data_type,converted_value,original_prompt_id\r\n\
               u,user,c,0,t,hate,\"[{'__type__': 'Base64Converter'}]\",T,model-a,PromptSendingOrchestrator,none,text,p,text,\"line 1\nline 2, \"\"quoted\"\"\",u\r\n\
               \r\n\
               a,assistant,c,1,t,hate,[],T,model-a,PromptSendingOrchestrator,none,text,,text,,a\r\n\
               short,assistant,c,3\r\n\
               b,assistant,c,5,t,hate,[],T,model-a,PromptSendingOrchestrator,blocked,error,stopped,text,,b\r\n";
    let (_folder, path) = written("export.csv", csv.as_bytes());
    let imported = import(&path);
    let trace = imported.trace("a");
    assert_eq!(trace.model.name, "model-a");
    assert_eq!(
        trace.attack_family.as_deref(),
        Some("PromptSendingOrchestrator")
    );
    assert_eq!(trace.technique.as_deref(), Some("Base64Converter"));
    assert_eq!(trace.harm_category.as_deref(), Some("hate"));
    let key = caveat_corpus::Digest::of(b"line 1\nline 2, \"quoted\"");
    assert_eq!(trace.prompt, Some(caveat_corpus::PromptKey::Text(key)));
    // An empty cell is an empty reply.
    assert_eq!(trace.outcome, Outcome::Response);
    assert_eq!(trace.response_digest, Some(caveat_corpus::Digest::of(b"")));
    assert_eq!(imported.trace("b").outcome, Outcome::Filtered);
    assert_eq!(imported.rejects.len(), 1);
    assert!(
        imported.rejects[0]
            .reason
            .contains("it has 4 cells, the header has 16")
    );
}

#[test]
fn a_bad_piece_is_one_reject_and_the_others_are_read() {
    let good = [piece("u", "user", 0, "p"), piece("a", "assistant", 1, "r")];
    for (bad, reason) in [
        (json!(5), "expected an object"),
        (json!({"role": "user"}), "`id` is missing"),
        (
            json!({"id": "x", "role": "user", "conversation_id": 5}),
            "`conversation_id` holds a number",
        ),
        (
            json!({"id": "x", "role": "user", "conversation_id": "c", "sequence": "first"}),
            "`sequence` holds text",
        ),
    ] {
        let imported = import_json(&json!([good[0], bad, good[1]]));
        assert_eq!(imported.traces.len(), 1, "{bad}");
        let [reject] = &imported.rejects[..] else {
            panic!("{bad}: {:?}", imported.rejects);
        };
        assert!(reject.reason.contains(reason), "{bad}: {}", reject.reason);
        assert_eq!(reject.location.record.as_deref(), Some("1"));
    }
}

#[test]
fn an_export_cut_anywhere_gives_what_is_whole() {
    for name in ["v0.10-export.json", "v0.10-export.csv"] {
        let bytes = std::fs::read(data(name)).unwrap();
        let whole = clean(&data(name));
        for end in (0..bytes.len()).step_by(997) {
            let (_folder, path) = written(name, &bytes[..end]);
            match try_import(&path, &Options::default()) {
                Ok(cut) => {
                    assert!(cut.rejects.len() <= 1, "{name} {end}: {:?}", cut.rejects);
                    assert!(cut.traces.len() <= whole.traces.len());
                    for (cut, whole) in cut.traces.iter().zip(&whole.traces) {
                        assert_eq!(
                            cut.identity("pyrit", 0),
                            whole.identity("pyrit", 0),
                            "{name} {end}"
                        );
                    }
                    // Of a half row the scores may be what is missing.
                    let intact = cut.traces.len().saturating_sub(1);
                    assert_eq!(cut.traces[..intact], whole.traces[..intact], "{name} {end}");
                    assert!(cut.says("the file is cut short"), "{name} {end}");
                }
                Err(ImportError::Refused { .. }) => assert!(end < 1500, "{name} {end}"),
                Err(other) => panic!("{name} {end}: {other}"),
            }
        }
    }
}

#[test]
fn a_row_without_end_is_refused_before_it_fills_the_memory() {
    let header = "id,role,conversation_id,sequence,original_value\n";
    let content = format!("{header}a,assistant,c,1,\"{}", "x".repeat(300_000));
    let (_folder, path) = written("export.csv", content.as_bytes());
    let options = Options {
        limits: Limits {
            max_record_bytes: 1000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let error = try_import(&path, &options).err().unwrap().to_string();
    assert!(
        error.contains("the row at line 2 has more than 1000 bytes"),
        "{error}"
    );
}

#[test]
fn hostile_json_ends_in_rejects_or_a_refusal() {
    let good = piece("a", "assistant", 1, "r").to_string();
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    for other in [
        deep.as_str(),
        r#"{"id": "x", "role": "user", "conversation_id": "c", "sequence": NaN, "original_value": "\ud800"}"#,
        "null",
    ] {
        let (_folder, path) = written("e.json", format!("[{good}, {other}]").as_bytes());
        let imported = import(&path);
        assert_eq!((imported.traces.len(), imported.rejects.len()), (1, 1));
    }
    let (_folder, path) = written("e.json", format!("[{good}, }}]").as_bytes());
    assert!(matches!(
        try_import(&path, &Options::default()),
        Err(ImportError::Refused { .. })
    ));
}

#[test]
fn other_lists_and_tables_are_not_claimed() {
    for head in [
        r#"[{"conversation_id": "c", "role": "user"}]"#,
        r#"[{"role": "user", "content": "x"}]"#,
        "id,role,content\n1,user,x\n",
        r#"{"results": [{"role": 1, "conversation_id": 1, "sequence": 1, "original_value": 1}]}"#,
    ] {
        let claim = Pyrit.probe(&Probe {
            path: std::path::Path::new("export.json"),
            head: head.as_bytes(),
            size: u64::try_from(head.len()).unwrap(),
        });
        assert_eq!(claim, Claim::No, "{head}");
    }
}
