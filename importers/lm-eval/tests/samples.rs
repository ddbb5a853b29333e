//! Genuine samples against counts that another reader took from the files, and
//! lm-eval's own aggregates.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use caveat_corpus::{GraderKind, Outcome, PromptKey, Verdict};
use caveat_import_lm_eval::LmEval;
use caveat_importer::{Claim, Importer as _, Options, Probe};
use common::{Imported, import, import_with};
use serde_json::Value;

const GENERATED: &str = "samples_placeholder_jailbreak_gen_a_2026-11-23T08-34-11.324396.jsonl";
const CHOICES: &str = "samples_placeholder_refusal_mc_a_2026-11-23T08-34-11.324396.jsonl";
const FILTERED: &str = "samples_placeholder_filtered_2026-11-25T02-56-36.253850.jsonl";

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn generated() -> PathBuf {
    data().join("run").join(GENERATED)
}

/// `asr=1.0` and how often, spelled as Python spells it.
fn values(imported: &Imported) -> BTreeMap<String, u64> {
    let mut values = BTreeMap::new();
    for grade in imported.traces.iter().flat_map(|trace| &trace.grades) {
        let raw = match grade.raw.as_deref().unwrap() {
            "true" => "True",
            "false" => "False",
            raw => raw,
        };
        let grader = grade.grader.as_deref().unwrap();
        *values.entry(format!("{grader}={raw}")).or_insert(0) += 1;
    }
    values
}

/// Compares everything that `expected.json` says of a run: model, source,
/// version, date, and of each file its lines, documents, filters, replies and
/// values. Standard errors and `n_samples.original` are not kept and are not
/// compared; the aggregates are compared by the importer, which says in a note
/// where they differ.
fn compare(folder: &Path, run: &Value) {
    let samples = run["samples"].as_object().unwrap();
    for (name, expected) in samples {
        let imported = import(&folder.join(name));
        assert_eq!(imported.rejects, [], "{name}");
        let traces = &imported.traces;
        assert_eq!(
            Some(traces.len() as u64),
            expected["lines"].as_u64(),
            "{name}"
        );
        let prompts: BTreeSet<_> = traces.iter().map(|trace| &trace.prompt).collect();
        assert_eq!(
            Some(prompts.len() as u64),
            expected["doc_ids"].as_u64(),
            "{name}"
        );
        let records: BTreeSet<_> = traces.iter().map(|trace| &trace.record_id).collect();
        assert_eq!(records.len(), traces.len(), "{name}");
        for (filter, lines) in expected["filters"].as_object().unwrap() {
            let found = traces.iter().filter(|trace| {
                let record = trace.record_id.as_deref().unwrap();
                record.ends_with(&format!("/{filter}"))
            });
            assert_eq!(Some(found.count() as u64), lines.as_u64(), "{name}");
        }
        for trace in traces {
            assert_eq!(Some(trace.model.name.as_str()), run["model"].as_str());
            assert_eq!(
                trace.model.provider.as_deref(),
                run["model_source"].as_str()
            );
            assert_eq!(
                trace.run_id.as_deref(),
                Some(run["date"].to_string().as_str())
            );
            let task = trace.dataset.as_deref().unwrap();
            assert!(run["results"][task].is_object() && name.contains(task));
            assert_eq!(trace.outcome, Outcome::Response);
        }
        // One request with one repeat is a reply; several are scored choices.
        if let Some(repeats) = expected["resps_per_line"].as_object() {
            let single = repeats.get("1x1").and_then(Value::as_u64).unwrap_or(0);
            let replies = traces
                .iter()
                .filter(|trace| trace.response_digest.is_some());
            assert_eq!(replies.count() as u64, single, "{name}");
        }
        let found = values(&imported);
        let expected_values = expected["metric_values"].as_object().unwrap();
        let expected_values: BTreeMap<String, u64> = expected_values
            .iter()
            .map(|(value, lines)| (value.clone(), lines.as_u64().unwrap()))
            .collect();
        assert_eq!(found, expected_values, "{name}");
        let version = run["lm_eval_version"].as_str().unwrap();
        assert_eq!(
            imported.facts.format_version.as_deref(),
            Some(format!("lm_eval {version}").as_str())
        );
        assert!(
            !imported.has_note("the imported values give"),
            "{imported:?}"
        );
        assert!(
            !imported.has_note("digest over them differs"),
            "{imported:?}"
        );
    }
}

fn expected(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_count_of_the_placeholder_run_is_the_expected_one() {
    let expected = expected(&data().join("expected.json"));
    compare(&data().join("run"), &expected["runs"]["run"]);
}

#[test]
fn every_run_of_the_shared_corpora_has_the_expected_counts() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/lm-eval");
    if !shared.is_dir() {
        println!("skipped: there is no ../shared/corpora/lm-eval beside the workspace");
        return;
    }
    let expected = expected(&shared.join("expected.json"));
    for (name, run) in expected["runs"].as_object().unwrap() {
        compare(&shared.join(name), run);
    }
}

#[test]
fn metrics_are_read_by_their_names_and_the_results() {
    let imported = import(&generated());
    let verdicts = |grader: &str| {
        let mut verdicts = BTreeMap::new();
        for grade in imported.traces.iter().flat_map(|trace| &trace.grades) {
            if grade.grader.as_deref() == Some(grader) {
                assert_eq!(grade.kind, GraderKind::Rule);
                *verdicts.entry(grade.verdict).or_insert(0) += 1;
            }
        }
        Vec::from_iter(verdicts)
    };
    let expected = [(Verdict::Compliance, 7), (Verdict::Refusal, 17)];
    assert_eq!(verdicts("asr"), expected);
    assert_eq!(verdicts("refused"), expected);
    assert_eq!(verdicts("harm_score"), [(Verdict::Unscored, 24)]);
    let [asr, refused, harm] = &imported.facts.notes[..] else {
        panic!("{:?}", imported.facts.notes)
    };
    assert!(asr.ends_with("by the name of the metric: `asr`"), "{asr}");
    assert!(
        refused.ends_with("by the name of the metric: `refused`"),
        "{refused}"
    );
    assert!(
        harm.contains("no threshold") && harm.ends_with("`harm_score`"),
        "{harm}"
    );
}

#[test]
fn a_sample_is_mapped_field_by_field() {
    let options = Options {
        keep_text: true,
        ..Options::default()
    };
    let imported = import_with(&generated(), &options).unwrap();
    let trace = &imported.traces[1];
    assert_eq!(trace.model.name, "i82qcls7");
    assert_eq!(trace.model.provider.as_deref(), Some("dummy"));
    assert_eq!(trace.run_id.as_deref(), Some("1795422838.0476842"));
    assert_eq!(
        trace.record_id.as_deref(),
        Some("placeholder_jailbreak_gen_a/1/none")
    );
    assert_eq!(
        trace.dataset.as_deref(),
        Some("placeholder_jailbreak_gen_a")
    );
    assert_eq!(trace.turns, Some(1));
    assert_eq!(trace.response_text.as_deref(), Some("lol"));
    assert_eq!(
        trace.prompt_text.as_deref(),
        Some("Q: [a-1] placeholder adversarial question about topic 1\nA:")
    );
    match &trace.prompt {
        Some(PromptKey::Id { dataset, id }) => {
            assert_eq!(dataset, "placeholder_jailbreak_gen_a");
            assert_eq!(id.len(), 64);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(trace.location.record.as_deref(), Some("2"));
    let bytes = std::fs::read(generated()).unwrap();
    let offset = usize::try_from(trace.location.byte.unwrap()).unwrap();
    assert!(bytes[offset..].starts_with(b"{\"doc_id\": 1,"));
}

#[test]
fn choices_by_likelihood_are_traces_without_a_response() {
    let imported = import(&data().join("run").join(CHOICES));
    for trace in &imported.traces {
        assert_eq!((trace.response_digest, trace.turns), (None, None));
        assert_eq!(trace.outcome, Outcome::Response);
        assert!(trace.prompt.is_some());
        let verdicts: Vec<_> = trace.grades.iter().map(|grade| grade.verdict).collect();
        assert_eq!(verdicts, [Verdict::Unscored, Verdict::Unscored]);
    }
    assert!(imported.has_note("24 samples compare the likelihoods of given texts"));
    assert!(imported.has_note("`acc`, `acc_norm`"));
}

#[test]
fn each_filter_of_a_sample_is_a_record_of_its_own() {
    let imported = import(&data().join("filtered").join(FILTERED));
    assert_eq!(imported.rejects, []);
    assert_eq!(imported.traces.len(), 48);
    let graders: BTreeSet<_> = imported
        .traces
        .iter()
        .flat_map(|trace| &trace.grades)
        .map(|grade| grade.grader.clone().unwrap())
        .collect();
    assert_eq!(
        Vec::from_iter(graders),
        ["exact_match,first", "exact_match,number"]
    );
    let prompts: BTreeSet<_> = imported.traces.iter().map(|trace| &trace.prompt).collect();
    assert_eq!(prompts.len(), 24);
    assert!(imported.has_note("48 samples hold several repeats"));
    assert!(!imported.has_note("differs") && !imported.has_note("imported values give"));
}

#[test]
fn the_name_of_a_file_changes_nothing_and_neither_does_kept_text() {
    let folder = tempfile::TempDir::new().unwrap();
    for file in std::fs::read_dir(data().join("run")).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        let name = if name == GENERATED {
            "renamed".to_owned()
        } else {
            name
        };
        std::fs::copy(file.path(), folder.path().join(name)).unwrap();
    }
    let identities = |path: &Path, keep_text| -> Vec<_> {
        let options = Options {
            keep_text,
            ..Options::default()
        };
        let imported = import_with(path, &options).unwrap();
        let traces = imported.traces.iter();
        traces.map(|trace| trace.identity("lm-eval", 0)).collect()
    };
    let original = identities(&generated(), false);
    assert_eq!(BTreeSet::from_iter(&original).len(), 24);
    assert_eq!(original, identities(&generated(), true));
    // lm-eval's digest over the samples names the task.
    assert_eq!(original, identities(&folder.path().join("renamed"), false));
}

#[test]
fn samples_are_recognised_by_content_and_results_are_their_companion() {
    let claim = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        LmEval.probe(&Probe {
            path: Path::new("no-hint"),
            head: &bytes[..bytes.len().min(64 << 10)],
            size: bytes.len() as u64,
        })
    };
    for path in [
        generated(),
        data().join("run").join(CHOICES),
        data().join("filtered").join(FILTERED),
    ] {
        assert!(
            matches!(claim(&path), Claim::Yes { confidence: 95, .. }),
            "{path:?}"
        );
        let [results] = &LmEval.companions(&path)[..] else {
            panic!("{path:?}")
        };
        match claim(results) {
            Claim::Almost(resemblance) => assert!(resemblance.reason.contains("aggregate")),
            other => panic!("{other:?}"),
        }
    }
}
