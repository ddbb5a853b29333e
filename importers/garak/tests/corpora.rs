//! Genuine reports against counts taken with another JSON reader, and against
//! garak's own `eval` lines.
//!
//! Of the larger folder's `expected.json`, `lines_unparsable` and
//! `longest_line_bytes` are facts of the files and not of the import, and the
//! entry types other than attempts and evals are not records; neither is compared.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caveat_corpus::{Digest, GraderKind, Outcome, PromptKey, Verdict};
use caveat_import_garak::Garak;
use caveat_importer::{Claim, Importer as _, Options, Probe};
use common::{Imported, counts, data, eval_counts, import_file, total};
use serde_json::Value;

fn expected(folder: &Path) -> Value {
    let text = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn imported(name: &str) -> Imported {
    import_file(&data(name), &Options::default()).unwrap()
}

#[test]
fn hits_per_probe_and_detector_equal_the_eval_lines() {
    let expected = expected(&data(""));
    for name in ["function.report.jsonl", "quack.report.jsonl"] {
        let expected = &expected[name];
        let imported = imported(name);
        assert_eq!(imported.rejects, []);
        assert_eq!(imported.traces.len(), total(expected, "outputs"));
        let grades: usize = imported.traces.iter().map(|trace| trace.grades.len()).sum();
        assert_eq!(grades, total(expected, "verdicts"));
        assert_eq!(
            counts(&imported.traces),
            eval_counts(&expected["eval_records"])
        );
        assert!(!imported.has_note("the report's `eval` line"));
    }
}

#[test]
fn an_attempt_is_mapped_field_by_field() {
    let imported = imported("function.report.jsonl");
    assert_eq!(imported.facts.format_version.as_deref(), Some("0.17.1"));
    let of_probe = |probe: &str| {
        let mut traces = imported.traces.iter();
        traces
            .find(|trace| trace.technique.as_deref() == Some(probe))
            .unwrap()
    };
    let trace = of_probe("encoding.InjectBase64");
    assert_eq!(trace.model.name, "mockfn#f");
    assert_eq!(trace.model.provider.as_deref(), Some("function.Single"));
    assert_eq!(
        trace.run_id.as_deref(),
        Some("e7b5f4bf-0121-4e7a-8cc6-9ba3f8ccca6a")
    );
    assert_eq!(trace.attack_family.as_deref(), Some("encoding"));
    assert_eq!(trace.harm_category.as_deref(), Some("OWASP LLM01:2023"));
    assert_eq!(trace.dataset.as_deref(), Some("garak"));
    assert_eq!(
        trace.observed_at.as_deref(),
        Some("2026-11-23T08:27:04.918170")
    );
    assert_eq!((trace.attempt, trace.turns), (Some(1), Some(1)));
    assert!(matches!(trace.prompt, Some(PromptKey::Text(_))));
    assert_eq!((&trace.prompt_text, &trace.response_text), (&None, &None));
    let graders: Vec<_> = trace
        .grades
        .iter()
        .map(|grade| grade.grader.as_deref())
        .collect();
    // The primary detector stands last.
    assert_eq!(
        graders,
        [Some("encoding.DecodeApprox"), Some("encoding.DecodeMatch")]
    );
    assert!(
        trace
            .grades
            .iter()
            .all(|grade| grade.kind == GraderKind::Heuristic)
    );
    let unowned = of_probe("test.Test");
    assert_eq!(unowned.harm_category.as_deref(), Some("T999test"));
}

#[test]
fn an_output_without_a_text_is_no_reply_and_its_null_scores_are_unscored() {
    let imported = imported("function.report.jsonl");
    let empty: Vec<_> = imported
        .traces
        .iter()
        .filter(|trace| trace.outcome == Outcome::Error)
        .collect();
    assert!(!empty.is_empty());
    for trace in empty {
        assert_eq!(trace.response_digest, None);
        for grade in &trace.grades {
            assert_eq!(
                (grade.verdict, grade.raw.as_deref()),
                (Verdict::Unscored, Some("null"))
            );
        }
    }
    assert!(imported.has_note("scores are null"));
    let approximate = imported
        .traces
        .iter()
        .flat_map(|trace| &trace.grades)
        .find(|grade| grade.raw.as_deref() == Some("0.9814814814814815"));
    assert_eq!(
        approximate.map(|grade| grade.verdict),
        Some(Verdict::Compliance)
    );
}

#[test]
fn texts_are_kept_only_on_request_and_change_nothing_else() {
    let options = Options {
        keep_text: true,
        ..Options::default()
    };
    let mut kept = import_file(&data("function.report.jsonl"), &options).unwrap();
    for trace in &mut kept.traces {
        let prompt = trace.prompt_text.take().unwrap();
        assert_eq!(
            trace.prompt,
            Some(PromptKey::Text(Digest::of(prompt.as_bytes())))
        );
        let response = trace.response_text.take();
        assert_eq!(
            trace.response_digest,
            response.map(|text| Digest::of(text.as_bytes()))
        );
    }
    assert_eq!(kept, imported("function.report.jsonl"));
}

#[test]
fn a_hit_log_beside_its_report_is_read_with_it_and_adds_nothing() {
    let report = data("function.report.jsonl");
    assert_eq!(Garak.companions(&report), [data("function.hitlog.jsonl")]);
    assert_eq!(
        Garak.companions(&data("quack.report.jsonl")),
        Vec::<PathBuf>::new()
    );
    let with = imported("function.report.jsonl");
    assert!(
        !with.has_note("the hit log beside"),
        "{:?}",
        with.facts.notes
    );
    let alone = std::fs::read(&report).unwrap();
    let alone = common::import_bytes(&alone, &Options::default()).unwrap();
    assert_eq!(with, alone);
}

#[test]
fn a_hit_log_is_refused_beside_its_report_and_imported_with_a_warning_alone() {
    let path = data("function.hitlog.jsonl");
    let refused = import_file(&path, &Options::default())
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("it is the hit log of `function.report.jsonl`"),
        "{refused}"
    );
    let bytes = std::fs::read(&path).unwrap();
    let alone = common::import_bytes(&bytes, &Options::default()).unwrap();
    assert_eq!(
        alone.traces.len(),
        total(&expected(&data(""))["function.hitlog.jsonl"], "hits")
    );
    alone.note("no denominator");
    // Each hit has the identity that the report gives to the same output.
    let report = imported("function.report.jsonl");
    let known: Vec<_> = report
        .traces
        .iter()
        .map(|trace| trace.identity("garak", 0))
        .collect();
    for hit in &alone.traces {
        let position = known
            .iter()
            .position(|known| *known == hit.identity("garak", 0))
            .unwrap();
        assert!(
            hit.grades
                .iter()
                .all(|grade| report.traces[position].grades.contains(grade))
        );
    }
}

#[test]
fn reports_and_hit_logs_are_told_by_their_lines() {
    for (name, confidence) in [
        ("function.report.jsonl", 99),
        ("quack.report.jsonl", 99),
        ("function.hitlog.jsonl", 95),
    ] {
        let head = std::fs::read(data(name)).unwrap();
        let claim = Garak.probe(&Probe {
            path: Path::new("any"),
            head: &head[..head.len().min(64 << 10)],
            size: head.len() as u64,
        });
        assert!(
            matches!(claim, Claim::Yes { confidence: found, .. } if found == confidence),
            "{name}: {claim:?}"
        );
    }
}

/// Every file of the larger collection, where it is at hand.
#[test]
fn every_count_of_the_larger_collection_is_met() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/garak");
    if !folder.is_dir() {
        println!("skipped: there is no folder {}", folder.display());
        return;
    }
    let expected = expected(&folder);
    for (name, expected) in expected["files"].as_object().unwrap() {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        // Away from its neighbours, so that hit logs are imported too.
        let alone = common::import_bytes(&bytes, &Options::default()).unwrap();
        assert_eq!(alone.rejects, [], "{name}");
        if expected["run"].is_null() {
            assert_eq!(alone.traces.len(), total(&expected["entry_types"], "<hit>"));
            continue;
        }
        assert_eq!(
            import_file(&folder.join(name), &Options::default()).unwrap(),
            alone,
            "{name}"
        );
        check_report(name, expected, &alone);
    }
}

fn check_report(name: &str, expected: &Value, imported: &Imported) {
    let traces = &imported.traces;
    assert_eq!(
        traces.len(),
        total(expected, "outputs_in_completed"),
        "{name}"
    );
    assert_eq!(
        imported.facts.format_version.as_deref(),
        expected["garak_version"].as_str()
    );
    let provider = expected["target"][0].as_str();
    let model = expected["target"][1].as_str().or(provider).unwrap();
    for trace in traces {
        assert_eq!(trace.run_id.as_deref(), expected["run"].as_str());
        assert_eq!(
            (trace.model.name.as_str(), trace.model.provider.as_deref()),
            (model, provider)
        );
    }
    let attempts: std::collections::BTreeSet<_> = traces
        .iter()
        .map(|trace| (&trace.technique, &trace.record_id))
        .collect();
    assert_eq!(attempts.len(), total(expected, "n_completed_attempts"));
    let mut probes: BTreeMap<String, usize> = BTreeMap::new();
    for (probe, _) in attempts {
        *probes.entry(probe.clone().unwrap()).or_default() += 1;
    }
    for (probe, attempts) in probes {
        assert_eq!(
            attempts,
            total(&expected["probes"], &probe),
            "{name}: {probe}"
        );
    }
    let grades: usize = traces.iter().map(|trace| trace.grades.len()).sum();
    assert_eq!(grades, total(expected, "n_verdicts"));
    assert_eq!(
        counts(traces),
        eval_counts(&expected["eval_records"]),
        "{name}"
    );
    check_scores(&expected["detector_scores"], traces);
}

/// The classes of raw scores: `zero`, `null`, and those at or above one half.
fn check_scores(expected: &Value, traces: &[caveat_corpus::Trace]) {
    let mut found: BTreeMap<String, BTreeMap<&str, u64>> = BTreeMap::new();
    for trace in traces {
        for grade in &trace.grades {
            let raw = grade.raw.as_deref().unwrap();
            let class = match raw.parse::<f64>() {
                Err(_) => "null",
                Ok(0.0) => "zero",
                Ok(score) if score >= 0.5 => "hit(>=0.5)",
                Ok(_) => "between",
            };
            let pair = format!(
                "{}|{}",
                trace.technique.as_deref().unwrap(),
                grade.grader.as_deref().unwrap()
            );
            *found.entry(pair).or_default().entry(class).or_default() += 1;
        }
    }
    assert_eq!(serde_json::to_value(found).unwrap(), *expected);
}
