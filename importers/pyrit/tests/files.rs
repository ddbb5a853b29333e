//! Genuine databases against the counts of the tool's own reader.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use caveat_corpus::{GraderKind, Outcome, Verdict};
use caveat_import_pyrit::Pyrit;
use caveat_importer::{Claim, Importer as _, Options, Recognition, recognise};
use common::{Imported, clean, data, try_import};
use serde_json::{Value, json};

fn counted(imported: &Imported, outcome: Outcome) -> usize {
    let of = |trace: &&caveat_corpus::Trace| trace.outcome == outcome;
    imported.traces.iter().filter(of).count()
}

/// Compares everything that `expected` says of a file. Not compared are prompts
/// (`roles.user`, `n_message_pieces`) as such, which are no records here: each
/// reply of these files has a prompt of its own, and that is.
fn compare(imported: &Imported, expected: &Value) {
    let n = |field: &str| expected[field].as_u64().unwrap();
    let traces = imported.traces.len();
    assert_eq!(json!(traces), expected["n_responses"]);
    assert_eq!(json!(2 * traces), expected["n_message_pieces"]);
    let runs: BTreeSet<_> = imported.traces.iter().map(|trace| &trace.run_id).collect();
    assert_eq!(json!(runs.len()), expected["n_conversations"]);
    assert!(imported.traces.iter().all(|trace| trace.prompt.is_some()));
    let errors = &expected["response_errors"];
    let error = |word: &str| errors[word].as_u64().unwrap_or(0);
    assert_eq!(
        json!(counted(imported, Outcome::Filtered)),
        json!(error("blocked"))
    );
    let failed = error("processing") + error("unknown");
    assert_eq!(json!(counted(imported, Outcome::Error)), json!(failed));
    // The errors are counted over all pieces, prompts among them.
    let replies = u64::try_from(counted(imported, Outcome::Response)).unwrap();
    assert_eq!(replies + u64::try_from(traces).unwrap(), error("none"));
    let scores = imported.scores();
    let outcomes: u64 = scores
        .iter()
        .filter(|((grader, _), _)| grader == "attack outcome")
        .map(|(_, n)| n)
        .sum();
    assert_eq!(scores.values().sum::<u64>() - outcomes, n("n_scores"));
    assert_eq!(outcomes, n("n_attack_results"));
    for (word, count) in expected["outcomes"].as_object().into_iter().flatten() {
        let key = ("attack outcome".to_owned(), word.clone());
        assert_eq!(json!(scores[&key]), *count, "{word}");
    }
}

fn compare_new(imported: &Imported, expected: &Value) {
    compare(imported, expected);
    // Scores of blocked replies have no category of their own; they are counted
    // with the scorer that they are of, which half of them are.
    let scores = imported.scores();
    let by_value = expected["scores_by_scorer_type_category_value"]
        .as_object()
        .unwrap();
    let blocked = by_value["SubStringScorer|true_false||false"]
        .as_u64()
        .unwrap();
    for (key, count) in by_value {
        let parts: Vec<&str> = key.split('|').collect();
        let [class, "true_false", category, raw] = parts[..] else {
            panic!("{key}");
        };
        if category.is_empty() {
            continue;
        }
        let extra = if raw == "false" { blocked / 2 } else { 0 };
        let key = (format!("{class} ({category})"), raw.to_owned());
        assert_eq!(json!(scores[&key] - extra), *count, "{key:?}");
    }
    let models = expected["labels_model"].as_object().unwrap();
    for (model, attacks) in models {
        let ends = imported.traces.iter().filter(|trace| {
            let is_end =
                |grade: &caveat_corpus::Grade| grade.grader.as_deref() == Some("attack outcome");
            trace.model.name == *model && trace.grades.iter().any(is_end)
        });
        assert_eq!(json!(ends.count()), *attacks, "{model}");
    }
    let with_response = imported.traces.iter().filter(|trace| {
        trace.outcome != Outcome::Error
            && trace
                .grades
                .iter()
                .any(|grade| grade.grader.as_deref() == Some("attack outcome"))
    });
    assert_eq!(
        json!(with_response.count()),
        expected["attack_results_with_last_response"]
    );
    let errors = imported.traces.iter().flat_map(|trace| &trace.grades);
    let errors = errors
        .filter(|grade| grade.verdict == Verdict::Error)
        .count();
    assert_eq!(json!(errors), expected["attack_results_with_error"]);
}

fn compare_old(imported: &Imported, expected: &Value) {
    compare(imported, expected);
    let scores = imported.scores();
    for raw in ["True", "False"] {
        let key = ("SubStringScorer (jailbreak)".to_owned(), raw.to_owned());
        assert_eq!(
            json!(scores[&key]),
            expected["scores"][format!("true_false|{raw}")]
        );
    }
    let scales: u64 = scores
        .iter()
        .filter(|((grader, _), _)| grader == "SelfAskLikertScorer (harm)")
        .map(|(_, n)| n)
        .sum();
    assert_eq!(json!(scales), expected["scores"]["float_scale"]);
}

fn expected(path: &Path, file: &str) -> Value {
    let expected: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    expected[file].clone()
}

#[test]
fn every_count_of_version_1_1_is_that_of_its_own_reader() {
    let imported = clean(&data("v1.1-small.db"));
    compare_new(
        &imported,
        &expected(&data("expected.json"), "v1.1-small.db"),
    );
    assert_eq!(imported.facts.format_version.as_deref(), Some("1.1.0"));
}

#[test]
fn every_count_of_version_0_10_is_that_of_its_tables() {
    let imported = clean(&data("v0.10.db"));
    compare_old(&imported, &expected(&data("expected.json"), "v0.10.db"));
    assert_eq!(imported.facts.format_version, None);
    assert!(imported.says("SelfAskLikertScorer (harm): a scale without a threshold"));
}

#[test]
fn the_shared_corpora_have_the_counts_of_their_own_reader() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/pyrit");
    if !folder.is_dir() {
        println!("skipped: there is no folder {}", folder.display());
        return;
    }
    let expected = expected(&folder.join("expected.json"), "files");
    for file in ["mid.db", "small.db"] {
        compare_new(&clean(&folder.join(file)), &expected[file]);
    }
    compare_old(
        &clean(&folder.join("v0.10-schema.db")),
        &expected["v0.10-schema.db"],
    );
}

#[test]
fn a_reply_keeps_what_the_database_says_of_it() {
    let imported = clean(&data("v1.1-small.db"));
    let trace = imported.trace("3f680d7e-163c-4654-af08-e8c3ac9ee88e");
    assert_eq!(trace.model.name, "mock-aligned-70b");
    assert_eq!(trace.model.provider, None);
    assert_eq!(trace.attack_family.as_deref(), Some("PromptSendingAttack"));
    assert_eq!(
        trace.technique.as_deref(),
        Some("ROT13Converter + Base64Converter")
    );
    assert_eq!(trace.turns, Some(1));
    assert_eq!(
        trace.run_id.as_deref(),
        Some("78a8d130-cbc6-4550-b790-effffc18bb14")
    );
    assert_eq!(trace.location.entry.as_deref(), Some("PromptMemoryEntries"));
    let grades: Vec<_> = trace
        .grades
        .iter()
        .map(|grade| (grade.grader.as_deref().unwrap(), grade.kind, grade.verdict))
        .collect();
    assert_eq!(
        grades,
        [
            (
                "SubStringScorer (refusal)",
                GraderKind::Heuristic,
                Verdict::Compliance
            ),
            (
                "SubStringScorer (jailbreak)",
                GraderKind::Heuristic,
                Verdict::Compliance
            ),
            ("attack outcome", GraderKind::Rule, Verdict::Compliance),
        ]
    );
    assert!(
        imported.says("replies of conversations that an attack gave up (retries, backtracking): 7")
    );
    assert!(
        imported
            .says("SubStringScorer (refusal): true is refusal: its category says so (30 scores)")
    );
}

#[test]
fn a_blocked_reply_is_filtered_and_never_a_success() {
    let imported = clean(&data("v1.1-small.db"));
    let blocked = imported
        .traces
        .iter()
        .filter(|trace| trace.outcome == Outcome::Filtered);
    for trace in blocked {
        assert_eq!(trace.response_digest, None);
        for grade in &trace.grades {
            let expected = match grade.grader.as_deref() {
                Some("SubStringScorer (refusal)") => Verdict::NotGradeable,
                _ => Verdict::Refusal,
            };
            assert_eq!(grade.verdict, expected, "{grade:?}");
        }
    }
}

#[test]
fn databases_are_recognised_by_their_tables() {
    for name in ["v1.1-small.db", "v0.10.db"] {
        let found = recognise(&[&Pyrit], &data(name)).unwrap();
        assert!(matches!(found, Recognition::One(found) if found.confidence == 100));
    }
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.db");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection
        .execute_batch("CREATE TABLE evals (id TEXT); CREATE TABLE ScoreEntries (id TEXT)")
        .unwrap();
    let found = recognise(&[&Pyrit], &other).unwrap();
    assert!(matches!(found, Recognition::None(almost) if almost.is_empty()));
    connection
        .execute_batch("CREATE TABLE PromptMemoryEntries (id TEXT)")
        .unwrap();
    let Recognition::None(almost) = recognise(&[&Pyrit], &other).unwrap() else {
        panic!("an unusable database was claimed");
    };
    assert!(
        almost[0]
            .reason
            .contains("`PromptMemoryEntries.role` is missing"),
        "{almost:?}"
    );
}

#[test]
fn an_old_database_of_another_kind_is_told_of() {
    let mut head = b"12345678DUCK".to_vec();
    head.extend_from_slice(&[0; 100]);
    let probe = |head: &[u8]| {
        Pyrit.probe(&caveat_importer::Probe {
            path: Path::new("pyrit_duckdb_storage.db"),
            head,
            size: 200,
        })
    };
    assert_eq!(probe(&head), Claim::No);
    head.extend_from_slice(b"PromptMemoryEntries");
    assert!(matches!(probe(&head), Claim::Almost(found) if found.hint.contains("export")));
}

#[test]
fn texts_are_kept_only_on_request() {
    let options = Options {
        keep_text: true,
        ..Options::default()
    };
    let kept = try_import(&data("v0.10.db"), &options).unwrap();
    let trace = kept.trace("362d9d60-69da-4d3a-a7ae-254a4d95efd0");
    assert_eq!(
        trace.prompt_text.as_deref(),
        Some("[1-0] CONVERTED placeholder")
    );
    assert_eq!(trace.response_text.as_deref(), Some("I'm sorry, REFUSE"));
    let not = clean(&data("v0.10.db"));
    assert!(
        not.traces
            .iter()
            .all(|trace| trace.prompt_text.is_none() && trace.response_text.is_none())
    );
    let identities = |imported: &Imported| -> Vec<_> {
        imported
            .traces
            .iter()
            .map(|trace| trace.identity("pyrit", 0))
            .collect()
    };
    assert_eq!(identities(&kept), identities(&not));
}
