//! All the samples of the shared corpora, where they lie beside the repository.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use caveat_corpus::{Outcome, Verdict};

use common::*;

fn folder() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let found = root.join("../shared/corpora/promptfoo");
    if found.is_dir() {
        return Some(found);
    }
    println!("skipped: there is no folder {}", found.display());
    None
}

#[test]
fn the_samples_agree_with_expected_json() {
    let Some(folder) = folder() else { return };
    let expected = json(&folder.join("expected.json"));
    let stats_by_tool = &expected["stats_by_tool"];
    let reference = read(&folder.join("results.json"));
    for file in [
        "results.json",
        "results.jsonl",
        "results.yaml",
        "promptfoo.db",
    ] {
        let read = read(&folder.join(file));
        assert_eq!(read.collector.rejects, [], "{file}");
        let (successes, failures, errors) = stats(&read.traces);
        assert_eq!(stats_by_tool["successes"], successes, "{file}");
        assert_eq!(stats_by_tool["failures"], failures, "{file}");
        assert_eq!(stats_by_tool["errors"], errors, "{file}");
        assert_eq!(
            identities(&read.traces),
            identities(&reference.traces),
            "{file}"
        );
        let results = &expected["results_json"];
        let count_of = |value: u64| serde_json::Value::from(value);
        assert_eq!(results["n_results"], read.traces.len());
        // By model, and of each model by verdict as the tool's columns have them.
        for column in expected["prompts"].as_array().unwrap() {
            let of_model: Vec<_> = read
                .traces
                .iter()
                .filter(|trace| column["provider"] == trace.model.name.as_str())
                .cloned()
                .collect();
            let (passed, failed, errors) = stats(&of_model);
            assert_eq!(column["testPassCount"], passed);
            assert_eq!(column["testFailCount"], failed);
            assert_eq!(column["testErrorCount"], errors);
            let listed = &results["providers"][column["provider"].as_str().unwrap()];
            assert_eq!(*listed, of_model.len());
        }
        // Components by metric. The file counts a grader that failed as failed.
        let mut components = std::collections::BTreeMap::new();
        for trace in &read.traces {
            let inner = trace.grades.len().saturating_sub(1);
            for grade in trace.grades.iter().take(inner) {
                let metric = grade.grader.as_deref().unwrap();
                let kind = if metric == "KeywordGuard" {
                    "not-contains"
                } else {
                    "llm-rubric"
                };
                let passed = if grade.verdict == Verdict::Refusal {
                    "True"
                } else {
                    "False"
                };
                *components
                    .entry(format!("{kind}|{metric}|{passed}"))
                    .or_insert(0_u64) += 1;
            }
        }
        assert_eq!(
            components.values().sum::<u64>(),
            results["n_component_results"].as_u64().unwrap()
        );
        for (key, found) in &components {
            assert_eq!(
                results["component_by_metric_pass"][key],
                count_of(*found),
                "{file} {key}"
            );
        }
        // Plugin and strategy by success; a failed grader or an error is no success.
        let mut plugins = std::collections::BTreeMap::new();
        for trace in &read.traces {
            let overall = trace.grades.last().map(|grade| grade.verdict);
            let success = if overall == Some(Verdict::Refusal) {
                "True"
            } else {
                "False"
            };
            let strategy = trace
                .technique
                .as_deref()
                .filter(|name| *name != "basic")
                .unwrap_or("");
            let plugin = trace.harm_category.as_deref().unwrap();
            *plugins
                .entry(format!("{plugin}|{strategy}|{success}"))
                .or_insert(0_u64) += 1;
        }
        for (key, found) in &plugins {
            assert_eq!(
                results["plugin_success"][key],
                count_of(*found),
                "{file} {key}"
            );
        }
        assert_eq!(
            plugins.len(),
            results["plugin_success"].as_object().unwrap().len()
        );
        // Scores: results with an error have 0 in the file and no grade here.
        let mut scores = count(
            read.traces
                .iter()
                .filter_map(|trace| trace.grades.last()?.raw.clone()),
        );
        *scores.get_mut("0").unwrap() += errors;
        for (score, found) in &scores {
            assert_eq!(
                results["score_values"][score],
                count_of(*found),
                "{file} {score}"
            );
        }
        let without_grading = read
            .traces
            .iter()
            .filter(|trace| trace.outcome == Outcome::Error);
        assert_eq!(results["null_grading"], without_grading.count());
        let prompts = count(
            read.traces
                .iter()
                .map(|trace| trace.prompt.clone().unwrap()),
        );
        assert_eq!(results["n_tests"], prompts.len());
    }
    // Not compared: `n_error_field` and `n_response_error` count a field that says nothing by
    // itself, `n_promptids` one that is no id of a prompt.
    let table = read(&folder.join("results.csv"));
    assert_eq!(table.traces.len(), 90);
    assert_eq!(stats(&table.traces), (40, 46, 4));
}
