//! Faults of single rows, and rows that look odd but are good.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::{GraderKind, Outcome, PromptKey, Verdict};
use caveat_importer::{Limits, Options};
use common::{Case, changed, import, import_with, rejects, traces};

/// Changes row 1; row 2 must still be imported.
fn only_reject(change: &str) -> String {
    let case = changed(change);
    let (_, collector) = import(&case.path).unwrap();
    assert_eq!(traces(&collector).len(), 1, "{change}");
    assert_eq!(traces(&collector)[0].record_id.as_deref(), Some("2"));
    let rejects = rejects(&collector);
    assert_eq!(rejects.len(), 1, "{change}");
    assert_eq!(rejects[0].0, "1");
    rejects[0].1.clone()
}

/// A copy of `results` without column types, so that SQLite converts nothing.
const UNTYPED: &str = "CREATE TABLE r(id INTEGER PRIMARY KEY, evaluation_run_id, prompt_id, \
    raw_response, heuristic_verdict, llm_verdict, llm_classifier, duration_ms, thinking_tokens, \
    response_tokens); INSERT INTO r SELECT * FROM results; DROP TABLE results; \
    ALTER TABLE r RENAME TO results;";

#[test]
fn a_wrong_value_rejects_its_row_with_column_and_reason() {
    for (set, reason) in [
        (
            "llm_verdict = 3",
            "`llm_verdict` holds INTEGER, expected TEXT",
        ),
        (
            "llm_verdict = x'00'",
            "`llm_verdict` holds BLOB, expected TEXT",
        ),
        (
            "heuristic_verdict = 0.5",
            "`heuristic_verdict` holds REAL, expected TEXT",
        ),
        (
            "llm_verdict = 'JAILBROKEN'",
            "`llm_verdict` holds the unknown verdict word `JAILBROKEN`",
        ),
        (
            "llm_verdict = ''",
            "`llm_verdict` holds the unknown verdict word ``",
        ),
        (
            "llm_verdict = 'UNSCORED'",
            "`llm_verdict` holds the unknown verdict word `UNSCORED`",
        ),
        (
            "heuristic_verdict = 'YES'",
            "`heuristic_verdict` holds the unknown verdict word `YES`",
        ),
        (
            "llm_classifier = 7",
            "`llm_classifier` holds INTEGER, expected TEXT",
        ),
        (
            "raw_response = x'ff'",
            "`raw_response` holds BLOB, expected TEXT",
        ),
        (
            "raw_response = CAST(x'61ff62' AS TEXT)",
            "`raw_response` is not valid UTF-8",
        ),
        (
            "llm_classifier = CAST(x'c3' AS TEXT)",
            "`llm_classifier` is not valid UTF-8",
        ),
        (
            "duration_ms = 'soon'",
            "`duration_ms` holds TEXT, expected INTEGER",
        ),
        (
            "duration_ms = 1.5",
            "`duration_ms` holds REAL, expected INTEGER",
        ),
        (
            "response_tokens = -1",
            "`response_tokens` is -1, expected a number from 0 up",
        ),
        (
            "thinking_tokens = -5",
            "`thinking_tokens` is -5, expected a number from 0 up",
        ),
        (
            "evaluation_run_id = NULL",
            "`evaluation_run_id` is NULL, expected INTEGER",
        ),
        (
            "evaluation_run_id = 99",
            "`evaluation_run_id` is 99, which is no row of `evaluation_runs`",
        ),
        (
            "prompt_id = 98",
            "`prompt_id` is 98, which is no row of `prompts`",
        ),
        (
            "prompt_id = 'one'",
            "`prompt_id` holds TEXT, expected INTEGER",
        ),
    ] {
        let change = format!("{UNTYPED} UPDATE results SET {set} WHERE id = 1");
        assert_eq!(only_reject(&change), reason);
    }
}

#[test]
fn a_broken_row_elsewhere_rejects_the_results_that_need_it() {
    // Row 2 needs run 2 and model 2, which stay whole.
    let second = "INSERT INTO models VALUES (2, 'other', NULL, NULL);
        INSERT INTO evaluation_runs VALUES (2, 2, NULL); INSERT INTO source_datasets VALUES (2, 'b');
        UPDATE prompts SET source_dataset_id = 2 WHERE id = 2;
        UPDATE results SET evaluation_run_id = 2 WHERE id = 2;";
    for (change, reason) in [
        (
            "UPDATE models SET name = x'6162' WHERE id = 1",
            "row 1 of `models`: `name` holds BLOB, expected TEXT",
        ),
        (
            "UPDATE models SET name = NULL WHERE id = 1",
            "row 1 of `models`: `name` is NULL or empty",
        ),
        (
            "UPDATE models SET name = '' WHERE id = 1",
            "row 1 of `models`: `name` is NULL or empty",
        ),
        (
            "UPDATE models SET provider = CAST(x'ff' AS TEXT) WHERE id = 1",
            "row 1 of `models`: `provider` is not valid UTF-8",
        ),
        (
            "DELETE FROM models WHERE id = 1",
            "`model_id` is 1, which is no row of `models`",
        ),
        (
            "UPDATE evaluation_runs SET model_id = 'x' WHERE id = 1",
            "row 1 of `evaluation_runs`: `model_id` holds TEXT, expected INTEGER",
        ),
        (
            "UPDATE evaluation_runs SET run_date = x'00' WHERE id = 1",
            "row 1 of `evaluation_runs`: `run_date` holds BLOB, expected TEXT",
        ),
        (
            "DELETE FROM source_datasets WHERE id = 1",
            "`source_dataset_id` is 1, which is no row of `source_datasets`",
        ),
        (
            "UPDATE prompts SET source_dataset_id = NULL WHERE id = 1",
            "row 1 of `prompts`: `source_dataset_id` is NULL, expected INTEGER",
        ),
        (
            "UPDATE prompts SET prompt_text = x'00' WHERE id = 1",
            "row 1 of `prompts`: `prompt_text` holds BLOB, expected TEXT",
        ),
        (
            "DELETE FROM techniques",
            "`technique_id` is 1, which is no row of `techniques`",
        ),
        (
            "UPDATE techniques SET family = x'00'",
            "row 1 of `techniques`: `family` holds BLOB, expected TEXT",
        ),
    ] {
        assert_eq!(only_reject(&format!("{second} {change}")), reason);
    }
}

#[test]
fn an_id_that_occurs_twice_is_no_basis_for_a_guess() {
    let change = "CREATE TABLE m(id, name, provider, parameter_count);
        INSERT INTO m VALUES (1, 'a', NULL, NULL), (1, 'b', NULL, NULL);
        DROP TABLE models; ALTER TABLE m RENAME TO models";
    let (facts, collector) = import(&changed(change).path).unwrap();
    assert_eq!(traces(&collector).len(), 0);
    for (_, reason) in rejects(&collector) {
        assert_eq!(reason, "row 1 of `models`: the id occurs more than once");
    }
    assert!(facts.notes[0].starts_with("rows of `models` that cannot be used: 1"));
}

#[test]
fn a_row_without_a_usable_id_is_named_by_its_position() {
    let change = "CREATE TABLE r AS SELECT * FROM results; UPDATE r SET id = 'x' WHERE id = 2;
        DROP TABLE results; ALTER TABLE r RENAME TO results";
    let (_, collector) = import(&changed(change).path).unwrap();
    assert_eq!(traces(&collector).len(), 1);
    assert_eq!(
        rejects(&collector),
        [(
            "row 2 of the table".to_owned(),
            "`id` holds TEXT, expected INTEGER".to_owned()
        )]
    );
}

#[test]
fn a_response_above_the_limit_is_rejected_and_the_rest_is_read() {
    let case = changed("UPDATE results SET raw_response = hex(zeroblob(50000)) WHERE id = 1");
    let options = Options {
        limits: Limits {
            max_record_bytes: 99_999,
            ..Limits::default()
        },
        ..Options::default()
    };
    let (_, collector) = import_with(&case.path, &options).unwrap();
    assert_eq!(
        rejects(&collector)[0].1,
        "`raw_response` has 100000 bytes, at most 99999 are read"
    );
    assert_eq!(traces(&collector).len(), 1);
    let larger = Options {
        limits: Limits {
            max_record_bytes: 100_000,
            ..Limits::default()
        },
        ..Options::default()
    };
    assert_eq!(import_with(&case.path, &larger).unwrap().1.rejects, []);
}

#[test]
fn a_value_far_above_the_limit_is_refused_before_it_is_loaded() {
    let case = changed("UPDATE results SET llm_classifier = hex(zeroblob(1000000)) WHERE id = 1");
    let options = Options {
        limits: Limits {
            max_record_bytes: 1000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let error = import_with(&case.path, &options).unwrap_err().to_string();
    assert!(error.contains("above the limit on one record"), "{error}");
}

fn with_model_name(name: &str) -> Case {
    let case = changed("");
    let connection = rusqlite::Connection::open(&case.path).unwrap();
    connection
        .execute("UPDATE models SET name = ?1", [name])
        .unwrap();
    case
}

#[test]
fn hostile_names_pass_through_as_they_are() {
    let long = "模".repeat(10_000);
    for name in [
        "#set page(width: 1pt)",
        "| a | `b` <script>",
        "\u{1b}[2J\u{202e}evil",
        "模型-72B",
        "a\0b",
        long.as_str(),
    ] {
        let (_, collector) = import(&with_model_name(name).path).unwrap();
        assert_eq!(traces(&collector)[0].model.name, name);
    }
    let case = with_model_name(&"模".repeat(20_001));
    let (_, collector) = import(&case.path).unwrap();
    assert_eq!(
        rejects(&collector)[0].1,
        "row 1 of `models`: `name` has 20001 characters, at most 20000 are read"
    );
    assert_eq!(collector.rejects.len(), 2);
}

#[test]
fn a_later_schema_with_more_tables_and_columns_is_read() {
    let case = changed(
        "PRAGMA user_version = 14; CREATE TABLE episodes(id); CREATE VIEW v AS SELECT 1 AS one;
         ALTER TABLE results ADD COLUMN judge_notes TEXT; ALTER TABLE models ADD COLUMN active_b REAL",
    );
    let (facts, collector) = import(&case.path).unwrap();
    assert_eq!(facts.format_version.as_deref(), Some("14"));
    assert_eq!(collector.records.len(), 2);
    assert!(facts.notes[0].contains("schema version 14"));
}

#[test]
fn optional_columns_that_are_absent_are_unknown() {
    let case = changed(
        "PRAGMA user_version = 0;
         ALTER TABLE prompts DROP COLUMN prompt_text; ALTER TABLE prompts DROP COLUMN harm_class;
         ALTER TABLE techniques DROP COLUMN name; ALTER TABLE techniques DROP COLUMN era;
         ALTER TABLE evaluation_runs DROP COLUMN run_date",
    );
    let keep = Options {
        keep_text: true,
        ..Options::default()
    };
    let (facts, collector) = import_with(&case.path, &keep).unwrap();
    assert_eq!(facts.format_version.as_deref(), Some("unknown"));
    assert_eq!(facts.notes.len(), 5, "{:?}", facts.notes);
    let all = traces(&collector);
    let trace = all[0];
    assert_eq!(trace.technique, None);
    assert_eq!(trace.attack_family.as_deref(), Some("encoding"));
    assert_eq!(trace.harm_category, None);
    assert_eq!(trace.observed_at, None);
    assert_eq!(trace.prompt_text, None);
    assert_eq!(trace.response_text.as_deref(), Some("placeholder response"));
    assert_eq!(
        trace.prompt,
        Some(PromptKey::Id {
            dataset: "failure-first:set a".to_owned(),
            id: "1".to_owned()
        })
    );
}

#[test]
fn both_verdicts_are_kept_each_with_its_grader() {
    let (_, collector) = import(&changed("").path).unwrap();
    let all = traces(&collector);
    let grades: Vec<_> = all[0]
        .grades
        .iter()
        .map(|grade| (grade.kind, grade.grader.as_deref(), grade.verdict))
        .collect();
    assert_eq!(
        grades,
        [
            (GraderKind::Llm, Some("grader-a"), Verdict::Refusal),
            (
                GraderKind::Heuristic,
                Some("heuristic"),
                Verdict::Compliance
            ),
        ]
    );
    assert_eq!(all[1].grades, []);
    assert_eq!(all[1].outcome, Outcome::Response);
    assert_eq!(all[1].response_digest, None);
}

#[test]
fn an_error_verdict_without_text_is_an_error_and_with_text_a_response() {
    let case = changed(
        "UPDATE results SET llm_verdict = 'INFRA_ERROR'; UPDATE results SET raw_response = '' WHERE id = 1",
    );
    let (_, collector) = import(&case.path).unwrap();
    let all = traces(&collector);
    assert_eq!(all[0].outcome, Outcome::Response);
    assert!(
        all[0].response_digest.is_some(),
        "an empty reply is a reply"
    );
    assert_eq!(all[1].outcome, Outcome::Error);
    assert_eq!(all[1].grades[0].grader, None);
}

#[test]
fn labels_of_unattested_columns_may_be_numbers_and_computed_columns_are_noted() {
    let case = changed(
        "CREATE TABLE e(id INTEGER PRIMARY KEY, model_id INTEGER, stamp INTEGER, run_date AS (stamp + 1));
         INSERT INTO e(id, model_id, stamp) VALUES (1, 1, 1700000000);
         DROP TABLE evaluation_runs; ALTER TABLE e RENAME TO evaluation_runs",
    );
    let (facts, collector) = import(&case.path).unwrap();
    assert_eq!(
        traces(&collector)[0].observed_at.as_deref(),
        Some("1700000001")
    );
    assert_eq!(
        facts.notes,
        ["column `evaluation_runs.run_date` is computed by the file, not stored"]
    );
}

#[test]
fn text_in_utf_16_is_read() {
    let case = common::built(&format!("PRAGMA encoding = 'UTF-16be'; {}", common::GOOD));
    let (_, collector) = import(&case.path).unwrap();
    assert_eq!(traces(&collector)[0].model.name, "maker/model");
    assert_eq!(collector.rejects, []);
}

#[test]
fn a_model_that_carries_a_password_is_kept_without_it() {
    let case = changed("UPDATE models SET name = 'http://me:secret@host/v1/model?api_key=k'");
    let (_, collector) = import(&case.path).unwrap();
    for trace in traces(&collector) {
        assert_eq!(trace.model.name, "http://host/v1/model");
    }
}
