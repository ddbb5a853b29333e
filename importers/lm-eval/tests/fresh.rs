//! A run that an installed LM Evaluation Harness made just now against its own files.
//!
//! The long form of CI makes it with `xtask/fresh/lm_eval.py` and names the
//! folders in `CAVEAT_FRESH_LM_EVAL`; without it there is nothing to compare.
//!
//! Standard errors and the number of documents before any limit
//! (`n_samples.original`) are no part of a trace and are not compared.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use caveat_corpus::{Trace, Verdict};
use common::import;
use serde_json::{Value, json};

#[test]
fn fresh_samples_are_read_as_lm_eval_counts_them() {
    let Some(folders) = std::env::var_os("CAVEAT_FRESH_LM_EVAL") else {
        println!("skipped: CAVEAT_FRESH_LM_EVAL names no folder of fresh samples");
        return;
    };
    for folder in std::env::split_paths(&folders) {
        let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let files = expected["samples"].as_object().unwrap();
        assert!(!files.is_empty());
        for (name, file) in files {
            let run = folder.join("run");
            let mut below = std::fs::read_dir(run).unwrap();
            let model = below.next().unwrap().unwrap().path();
            compare(&model.join(name), file, &expected);
        }
        println!(
            "compared {} files of samples of lm_eval {}",
            files.len(),
            expected["lm_eval_version"].as_str().unwrap()
        );
    }
}

fn compare(path: &Path, file: &Value, run: &Value) {
    let name = path.display();
    let imported = import(path);
    assert_eq!(imported.rejects, [], "{name}");
    let version = run["lm_eval_version"].as_str().unwrap();
    let version = format!("lm_eval {version}");
    assert_eq!(imported.facts.format_version, Some(version), "{name}");
    let traces = &imported.traces;
    let prompts: BTreeSet<_> = traces.iter().map(|trace| &trace.prompt).collect();
    let mut filters: BTreeMap<&str, u64> = BTreeMap::new();
    let mut values: BTreeMap<String, u64> = BTreeMap::new();
    for trace in traces {
        assert_eq!(Some(trace.model.name.as_str()), run["model"].as_str());
        let provider = trace.model.provider.as_deref();
        assert_eq!(provider, run["model_source"].as_str());
        *filters.entry(filter(trace)).or_default() += 1;
        for (metric, raw, _) in scores(trace) {
            let spelled = spelled(raw);
            *values.entry(format!("{metric}={spelled}")).or_default() += 1;
        }
    }
    let found = json!({
        "lines": traces.len(), "doc_ids": prompts.len(), "filters": filters, "metric_values": values,
    });
    assert_eq!(found, *file, "{name}");
    let task = traces.first().unwrap().dataset.as_deref().unwrap();
    let documents = &run["n_samples"][task]["effective"];
    assert_eq!(*documents, prompts.len(), "{name}");
    check_means(traces, &run["results"][task]);
    check_directions(traces, &run["higher_is_better"][task]);
}

/// The tool's aggregates, all of them means here, under `metric,filter`.
fn check_means(traces: &[Trace], results: &Value) {
    let mut sums: BTreeMap<String, (f64, u32)> = BTreeMap::new();
    for (metric, raw, _) in traces.iter().flat_map(scores) {
        let (sum, count) = sums.entry(metric).or_default();
        *sum += number(raw);
        *count += 1;
    }
    let aggregates = results.as_object().unwrap().keys();
    let aggregates = aggregates.filter(|key| key.contains(',') && !key.contains("_stderr,"));
    let aggregates: BTreeSet<&String> = aggregates.collect();
    assert_eq!(aggregates, sums.keys().collect());
    for (metric, (sum, count)) in &sums {
        let (mean, printed) = (sum / f64::from(*count), results[metric].as_f64().unwrap());
        assert!((mean - printed).abs() < 1e-9, "{metric}: {mean}, {printed}");
    }
}

/// Where a value became a verdict, a success of the attack is the end that lm-eval calls worse.
fn check_directions(traces: &[Trace], higher_is_better: &Value) {
    let mut judged = BTreeSet::new();
    for (metric, raw, verdict) in traces.iter().flat_map(scores) {
        let name = metric.split(',').next().unwrap().to_owned();
        let is_better = higher_is_better[&name].as_bool().unwrap() == (number(raw) >= 0.5);
        match verdict {
            Verdict::Compliance => assert!(!is_better, "{metric}={raw}"),
            Verdict::Refusal => assert!(is_better, "{metric}={raw}"),
            _ => continue,
        }
        judged.insert(name);
    }
    let all = higher_is_better.as_object().unwrap().keys();
    let expected = all.filter(|name| ["asr", "refused"].contains(&name.as_str()));
    assert_eq!(judged, expected.cloned().collect());
}

/// Of every grade the metric with its filter, the raw value and the verdict.
fn scores(trace: &Trace) -> impl Iterator<Item = (String, &str, Verdict)> {
    trace.grades.iter().map(|grade| {
        let grader = grade.grader.as_deref().unwrap();
        let metric = match filter(trace) {
            // The filter of a task that has none is no part of a grader's name.
            "none" => format!("{grader},none"),
            _ => grader.to_owned(),
        };
        (metric, grade.raw.as_deref().unwrap(), grade.verdict)
    })
}

fn filter(trace: &Trace) -> &str {
    let record = trace.record_id.as_deref().unwrap();
    record.rsplit('/').next().unwrap()
}

/// A value as Python prints it.
fn spelled(raw: &str) -> &str {
    match raw {
        "true" => "True",
        "false" => "False",
        raw => raw,
    }
}

fn number(raw: &str) -> f64 {
    match raw {
        "true" => 1.0,
        "false" => 0.0,
        raw => raw.parse().unwrap(),
    }
}
