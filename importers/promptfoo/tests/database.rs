//! The tool's database: its log, its old evaluations, and what only looks like it.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use caveat_corpus::Verdict;
use caveat_importer::{Claim, Importer as _};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use common::*;

fn copy() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("promptfoo.db");
    std::fs::copy(data("0.123.1/promptfoo.db"), &path).unwrap();
    (folder, path)
}

fn changed(change: &str) -> (TempDir, PathBuf) {
    let (folder, path) = copy();
    Connection::open(&path)
        .unwrap()
        .execute_batch(change)
        .unwrap();
    (folder, path)
}

#[test]
fn rows_that_stand_only_in_the_log_are_read_and_nothing_is_written() {
    let (folder, path) = copy();
    let writer = Connection::open(&path).unwrap();
    writer.pragma_update(None, "journal_mode", "wal").unwrap();
    writer.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    writer
        .execute_batch("INSERT INTO eval_results SELECT 'new-id', created_at, updated_at, eval_id, prompt_idx, 99, test_case, prompt, prompt_id, provider, latency_ms, cost, response, error, success, score, grading_result, named_scores, metadata, failure_reason FROM eval_results LIMIT 1")
        .unwrap();
    // Copied while the writer still has it open, as a live file is.
    let live = folder.path().join("live");
    std::fs::create_dir(&live).unwrap();
    for name in ["promptfoo.db", "promptfoo.db-wal"] {
        std::fs::copy(folder.path().join(name), live.join(name)).unwrap();
    }
    drop(writer);
    let database = live.join("promptfoo.db");
    assert!(matches!(probe(&database), Claim::Yes { .. }));
    assert_eq!(
        caveat_import_promptfoo::Promptfoo.companions(&database),
        [live.join("promptfoo.db-wal")]
    );
    let read = read(&database);
    assert!(
        read.traces
            .iter()
            .any(|trace| trace.record_id.as_deref() == Some("new-id"))
    );
    let names: Vec<_> = std::fs::read_dir(&live)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

fn old_summary() -> String {
    let one = |test: u64, success: bool| {
        json!({"testIdx": test, "promptIdx": 0, "provider": {"id": "a"}, "prompt": {"raw": format!("p{test}")}, "vars": {"prompt": format!("p{test}")},
            "response": {"output": "r"}, "success": success, "score": 1, "metadata": {"pluginId": "policy"},
            "gradingResult": {"pass": success, "componentResults": [{"pass": success, "score": 1, "assertion": {"type": "contains"}}]}})
    };
    json!({"version": 2, "timestamp": "2024-01-01T00:00:00.000Z", "results": [one(0, true), one(1, false)], "stats": {"successes": 1, "failures": 1},
        "table": {"head": {"vars": [], "prompts": []}, "body": [{"vars": [], "outputs": [{"pass": true}]}]}})
    .to_string()
}

#[test]
fn old_evaluations_keep_everything_in_one_cell() {
    let (_folder, path) = changed("");
    let writer = Connection::open(&path).unwrap();
    writer
        .execute(
            "INSERT INTO evals (id, created_at, results, config) VALUES ('eval-old', 1704067200000, ?1, '{}')",
            [old_summary()],
        )
        .unwrap();
    drop(writer);
    let read = read(&path);
    let old: Vec<_> = read
        .traces
        .iter()
        .filter(|trace| trace.run_id.as_deref() == Some("eval-old"))
        .collect();
    assert_eq!(old.len(), 2);
    assert_eq!(old[1].record_id.as_deref(), Some("1/0"));
    assert_eq!(old[1].grades.last().unwrap().verdict, Verdict::Compliance);
    assert_eq!(
        old[0].observed_at.as_deref(),
        Some("2024-01-01T00:00:00.000Z")
    );
    assert_eq!(
        old[0].location.entry.as_deref(),
        Some("evals.results.results")
    );
    assert_eq!(old[0].location.record.as_deref(), Some("eval-old/0"));
    // The same document exported gives the same traces.
    let document = format!(
        r#"{{"evalId":"eval-old","results":{},"config":{{}}}}"#,
        old_summary()
    );
    let folder = tempfile::tempdir().unwrap();
    let exported = folder.path().join("old.json");
    std::fs::write(&exported, document).unwrap();
    let exported = common::read(&exported);
    let old: Vec<_> = old.into_iter().cloned().collect();
    assert_eq!(identities(&exported.traces), identities(&old));
}

#[test]
fn a_database_from_before_the_table_of_results_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("promptfoo.db");
    let writer = Connection::open(&path).unwrap();
    writer
        .execute_batch("CREATE TABLE evals (id text PRIMARY KEY NOT NULL, created_at integer NOT NULL, description text, results text NOT NULL, config text NOT NULL); CREATE TABLE evals_to_prompts (eval_id text, prompt_id text)")
        .unwrap();
    writer
        .execute(
            "INSERT INTO evals VALUES ('e', 1704067200000, NULL, ?1, '{}')",
            [old_summary()],
        )
        .unwrap();
    writer
        .execute(
            "INSERT INTO evals VALUES ('broken', 1704067200000, NULL, '{\"results\": [1', '{}')",
            [],
        )
        .unwrap();
    drop(writer);
    assert!(matches!(probe(&path), Claim::Yes { .. }));
    let read = read(&path);
    assert_eq!(read.traces.len(), 2);
}

#[test]
fn broken_cells_are_rejects_that_name_the_row() {
    let (_folder, path) = changed(
        "UPDATE eval_results SET response = '{broken' WHERE rowid = 1; \
         UPDATE eval_results SET success = 'perhaps' WHERE rowid = 2; \
         UPDATE eval_results SET metadata = x'00ff' WHERE rowid = 3;",
    );
    let read = read(&path);
    assert_eq!((read.traces.len(), read.collector.rejects.len()), (9, 3));
    let reasons: Vec<_> = read
        .collector
        .rejects
        .iter()
        .map(|reject| reject.reason.as_str())
        .collect();
    assert!(reasons[0].starts_with("`response`: "), "{reasons:?}");
    assert!(reasons[1].contains("`success` holds text"), "{reasons:?}");
    assert!(reasons[2].contains("`metadata` holds BLOB"), "{reasons:?}");
    for reject in &read.collector.rejects {
        assert_eq!(reject.location.entry.as_deref(), Some("eval_results"));
        assert_eq!(reject.location.record.as_ref().unwrap().len(), 36);
    }
}

#[test]
fn results_of_a_deleted_evaluation_are_read_by_what_they_show_themselves() {
    let (_folder, path) = changed("PRAGMA foreign_keys = OFF; DELETE FROM evals");
    assert_eq!(read(&path).traces.len(), 12);
}

#[test]
fn columns_that_older_versions_lack_may_be_absent() {
    let (_folder, path) = changed(
        "ALTER TABLE eval_results DROP COLUMN failure_reason; ALTER TABLE eval_results DROP COLUMN latency_ms; \
         ALTER TABLE evals DROP COLUMN prompts;",
    );
    let read = read(&path);
    assert_eq!(stats(&read.traces), (4, 7, 1));
}

#[test]
fn views_and_missing_columns_are_named() {
    for (change, words) in [
        (
            "ALTER TABLE eval_results RENAME TO hidden; CREATE VIEW eval_results AS SELECT * FROM hidden",
            "`eval_results` is a view",
        ),
        (
            "ALTER TABLE evals RENAME TO hidden; CREATE VIEW evals AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, '' AS results, '' AS config FROM n",
            "`evals` is a view",
        ),
        (
            "ALTER TABLE eval_results RENAME COLUMN provider TO other",
            "no column `provider`",
        ),
    ] {
        let (_folder, path) = changed(change);
        let message = refusal(&path);
        assert!(message.contains(words), "{message}");
        let Claim::Almost(resemblance) = probe(&path) else {
            panic!("claimed: {words}");
        };
        assert!(resemblance.reason.contains(words), "{resemblance:?}");
    }
}

#[test]
fn other_databases_are_not_claimed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE evals (id); CREATE TABLE t (x)")
        .unwrap();
    assert_eq!(probe(&path), Claim::No);
    assert!(Path::new(&path).exists());
}

#[test]
fn the_results_of_two_runs_that_look_alike_stay_apart() {
    let (_folder, path) = changed(
        "INSERT INTO evals SELECT 'eval-again', created_at, description, results, config, author, prompts, vars, is_redteam, runtime_options FROM evals WHERE is_redteam = 1; \
         INSERT INTO eval_results SELECT 'again-' || id, created_at, updated_at, 'eval-again', prompt_idx, test_idx, test_case, prompt, prompt_id, provider, latency_ms, cost, response, error, success, score, grading_result, named_scores, metadata, failure_reason FROM eval_results WHERE eval_id <> 'x' AND metadata LIKE '%pluginId%'",
    );
    let read = read(&path);
    let mut found = identities(&read.traces);
    found.dedup();
    assert_eq!(found.len(), 24);
}
