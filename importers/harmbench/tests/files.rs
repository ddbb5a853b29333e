//! The constructed files against the counts of their construction.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use caveat_corpus::{GraderKind, Outcome, PromptKey, Record, Trace, Verdict};
use caveat_import_harmbench::HarmBench;
use caveat_importer::{
    Claim, Collector, Importer as _, Options, Probe, Recognition, Source, SourceFacts, recognise,
};
use serde_json::{Value, json};

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn results() -> PathBuf {
    data().join("GCG/vicuna_7b/results/vicuna_7b.json")
}

fn completions() -> PathBuf {
    data().join("GCG/vicuna_7b/completions/vicuna_7b.json")
}

fn import(path: &Path, options: &Options) -> (SourceFacts, Vec<Trace>) {
    let mut collector = Collector::default();
    let facts = HarmBench
        .import(&Source::new(path), options, &mut collector)
        .unwrap();
    assert_eq!(collector.rejects, []);
    let traces = collector.records.into_iter().map(|record| match record {
        Record::Trace(trace) => *trace,
        Record::Cell(_) => panic!("this importer emits no cells"),
    });
    (facts, traces.collect())
}

fn count(traces: &[Trace], grader: &str, raw: &str) -> usize {
    let grades = traces.iter().flat_map(|trace| &trace.grades);
    grades
        .filter(|grade| grade.grader.as_deref() == Some(grader))
        .filter(|grade| grade.raw.as_deref() == Some(raw))
        .count()
}

#[test]
fn every_count_of_the_results_is_the_one_expected() {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(data().join("expected.json")).unwrap()).unwrap();
    let (facts, traces) = import(&results(), &Options::default());
    assert_eq!(json!(traces.len()), expected["test_cases"]);
    let behaviors: BTreeSet<_> = traces.iter().map(|trace| &trace.record_id).collect();
    // One behaviour has an empty list.
    assert_eq!(json!(behaviors.len() + 1), expected["behaviors"]);
    assert!(
        facts
            .notes
            .iter()
            .any(|note| note.ends_with("is imported: 1")),
        "{facts:?}"
    );
    for grader in ["label", "advbench_label"] {
        let name = match grader {
            "label" => "harmbench_cls",
            _ => "advbench_prefix",
        };
        for (raw, n) in expected[grader].as_object().unwrap() {
            assert_eq!(json!(count(&traces, name, raw)), *n, "{grader} {raw}");
        }
    }
    let verdicts = |verdict| {
        traces
            .iter()
            .filter(|trace| trace.grades[0].verdict == verdict)
            .count()
    };
    let failed = verdicts(Verdict::ParseError);
    assert_eq!(json!(failed), expected["invalid_labels_minus_1"]);
    let (complied, refused) = (verdicts(Verdict::Compliance), verdicts(Verdict::Refusal));
    let [complied, refused] = [complied, refused].map(|n| f64::from(u32::try_from(n).unwrap()));
    let rate = complied / (complied + refused);
    assert!((rate - expected["asr_micro_over_valid"].as_f64().unwrap()).abs() < 1e-12);
    assert!(traces.iter().all(|trace| {
        json!(trace.model.name) == expected["model_from_path"]
            && json!(trace.technique) == expected["method_from_path"]
    }));
    let (_, traces) = import(&completions(), &Options::default());
    let ungraded = traces.iter().all(|trace| trace.grades.is_empty());
    assert_eq!(json!(ungraded), expected["completions_file_has_no_labels"]);
}

#[test]
fn an_entry_keeps_its_behaviour_its_position_and_its_graders() {
    let (facts, traces) = import(&results(), &Options::default());
    let trace = &traces[0];
    assert_eq!(
        trace.prompt,
        Some(PromptKey::Id {
            dataset: "HarmBench".to_owned(),
            id: "placeholder_behavior_000".to_owned()
        })
    );
    assert_eq!(trace.run_id.as_deref(), Some("GCG/vicuna_7b"));
    assert_eq!(
        trace.location.entry.as_deref(),
        Some("placeholder_behavior_000")
    );
    assert_eq!(trace.location.record.as_deref(), Some("0"));
    assert!(trace.location.byte.is_some());
    assert_eq!(trace.outcome, Outcome::Response);
    assert_eq!(
        (trace.prompt_text.as_ref(), trace.response_text.as_ref()),
        (None, None)
    );
    let kinds: Vec<_> = trace.grades.iter().map(|grade| grade.kind).collect();
    assert_eq!(kinds, [GraderKind::Classifier, GraderKind::Heuristic]);
    let second: Vec<_> = traces
        .iter()
        .filter(|trace| trace.record_id.as_deref() == Some("placeholder_behavior_001"))
        .map(|trace| trace.attempt)
        .collect();
    assert_eq!(second, [Some(1), Some(2)]);
    assert!(
        facts.notes[0].contains("model `vicuna_7b`, method `GCG`"),
        "{facts:?}"
    );
}

#[test]
fn texts_are_kept_only_on_request_and_images_are_never_the_prompt() {
    let options = Options {
        keep_text: true,
        ..Options::default()
    };
    let (_, traces) = import(&results(), &options);
    let prompt = traces[0].prompt_text.as_deref();
    assert_eq!(prompt, Some("placeholder text of a multimodal case"));
    assert_eq!(
        traces[1].prompt_text.as_deref(),
        Some("[1-1-0] placeholder test case")
    );
    assert_eq!(
        traces[1].response_text.as_deref(),
        Some("I cannot help with that.")
    );
}

#[test]
fn results_have_the_identities_of_their_completions() {
    let identities = |path: &Path| {
        let (_, traces) = import(path, &Options::default());
        traces
            .iter()
            .map(|trace| trace.identity("harmbench", 0))
            .collect::<Vec<_>>()
    };
    let ours = identities(&results());
    assert_eq!(ours, identities(&completions()));
    assert_eq!(ours.iter().collect::<BTreeSet<_>>().len(), ours.len());
}

#[test]
fn a_moved_file_with_options_has_the_identities_of_the_one_in_its_folders() {
    let folder = tempfile::tempdir().unwrap();
    let moved = folder.path().join("anything.json");
    std::fs::copy(results(), &moved).unwrap();
    let named = json!({"model": "vicuna_7b", "method": "GCG", "experiment": "vicuna_7b"});
    let options = Options {
        format: named.as_object().unwrap().clone(),
        ..Options::default()
    };
    let (facts, moved) = import(&moved, &options);
    let (_, laid) = import(&results(), &Options::default());
    assert_eq!(moved, laid);
    assert!(facts.notes[0].contains("the options do"), "{facts:?}");
}

#[test]
fn an_option_wins_over_the_folders() {
    let options = Options {
        format: json!({"model": "other"}).as_object().unwrap().clone(),
        ..Options::default()
    };
    let (_, traces) = import(&results(), &options);
    assert_eq!(traces[0].model.name, "other");
    assert_eq!(traces[0].technique.as_deref(), Some("GCG"));
}

#[test]
fn both_files_are_recognised_by_content() {
    for path in [results(), completions()] {
        let found = recognise(&[&HarmBench], &path).unwrap();
        assert!(matches!(found, Recognition::One(found) if found.confidence == 95));
    }
    let claim = HarmBench.probe(&Probe {
        path: Path::new("results.json"),
        head: br#"{"b": [{"test_case": "t"}]}"#,
        size: 27,
    });
    assert!(matches!(claim, Claim::Almost(_)));
}
