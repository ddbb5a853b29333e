//! Genuine run folders against counts that another reader took from the files.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use caveat_corpus::{GraderKind, Outcome, PromptKey, Verdict};
use caveat_import_helm::Helm;
use caveat_importer::{Claim, Importer as _, Options, Probe};
use common::{Imported, grade, import, import_with};
use serde_json::Value;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn placeholder() -> PathBuf {
    data().join("placeholder_jailbreak/scenario_state.json")
}

/// `safety_llama_score=0.5` and how often, over all grades of a run.
fn values(imported: &Imported) -> BTreeMap<String, u64> {
    let mut values = BTreeMap::new();
    for grade in imported.traces.iter().flat_map(|trace| &trace.grades) {
        let grader = grade.grader.as_deref().unwrap();
        let raw = grade.raw.as_deref().unwrap();
        *values.entry(format!("{grader}={raw}")).or_insert(0) += 1;
    }
    values
}

/// Compares everything that `expected.json` says of a run.
///
/// Two kinds of value stand elsewhere: `annotator_success` is no judgement and
/// is compared with the judges that gave none; the means are those of the last
/// entry of a name in `stats.json` (a worst case over perturbations, another
/// split), and are compared by the importer itself, entry by entry, which says
/// so in a note where they differ.
fn compare(name: &str, path: &Path, expected: &Value) {
    let imported = import(path);
    assert_eq!(imported.rejects, [], "{name}");
    let count = |field: &str| usize::try_from(expected[field].as_u64().unwrap()).unwrap();
    let traces = &imported.traces;
    assert_eq!(traces.len(), count("n_request_states"), "{name}");
    let distinct = |key: &dyn Fn(usize) -> Option<String>| {
        (0..traces.len())
            .filter_map(key)
            .collect::<BTreeSet<_>>()
            .len()
    };
    let prompts = distinct(&|at| traces[at].prompt.as_ref().map(PromptKey::as_text));
    assert_eq!(prompts, count("n_instances"), "{name}");
    let records = distinct(&|at| traces[at].record_id.clone());
    assert_eq!(records, traces.len(), "{name}");
    let trials: BTreeSet<u64> = traces
        .iter()
        .filter_map(|trace| trace.attempt)
        .map(|attempt| u64::from(attempt) - 1)
        .collect();
    let expected_trials = expected["trials"].as_array().unwrap();
    assert_eq!(
        trials,
        expected_trials.iter().filter_map(Value::as_u64).collect(),
        "{name}"
    );
    let replies = traces
        .iter()
        .filter(|trace| trace.outcome == Outcome::Response && trace.response_digest.is_some());
    assert_eq!(replies.count(), count("n_completions"), "{name}");
    let failed = traces
        .iter()
        .filter(|trace| trace.outcome != Outcome::Response);
    assert_eq!(failed.count(), count("n_failed"), "{name}");
    for trace in traces {
        assert_eq!(Some(trace.model.name.as_str()), expected["model"].as_str());
        assert_eq!(trace.run_id.as_deref(), expected["run_name"].as_str());
        let host = trace.model.provider.as_deref().unwrap();
        let deployment = expected["model_deployment"].as_str().unwrap();
        assert!(deployment.starts_with(&format!("{host}/")), "{name}");
    }
    let found = values(&imported);
    for (value, expected) in expected["selected_values"].as_object().unwrap() {
        let judged = value
            .strip_prefix("safety_")
            .and_then(|rest| rest.split_once("_annotator_success="));
        let found = match judged {
            Some((judge, success)) => {
                let failed = *found
                    .get(&format!("safety_{judge}_score=null"))
                    .unwrap_or(&0);
                match success {
                    "0.0" => failed,
                    _ => traces.len() as u64 - failed,
                }
            }
            None => *found.get(value).unwrap_or(&0),
        };
        assert_eq!(Some(found), expected.as_u64(), "{name}: {value}");
    }
    for note in &imported.facts.notes {
        assert!(!note.contains("`stats.json`"), "{name}: {note}");
        assert!(!note.contains("request state"), "{name}: {note}");
    }
}

fn expected(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_count_of_the_placeholder_run_is_the_expected_one() {
    let expected = expected(&data().join("expected.json"));
    let run = &expected["runs"]["placeholder_jailbreak"];
    compare("placeholder", &placeholder(), run);
}

#[test]
fn every_run_of_the_shared_corpora_has_the_expected_counts() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/helm");
    if !shared.is_dir() {
        println!("skipped: there is no ../shared/corpora/helm beside the workspace");
        return;
    }
    let expected = expected(&shared.join("expected.json"));
    for (name, run) in expected["runs"].as_object().unwrap() {
        compare(name, &shared.join(name).join("scenario_state.json"), run);
    }
}

#[test]
fn judges_and_their_mean_are_graders_with_one_as_safe() {
    let imported = import(&placeholder());
    let verdicts = |grader: &str| {
        let mut verdicts = BTreeMap::new();
        for trace in &imported.traces {
            if let Some(grade) = grade(trace, grader) {
                assert_eq!(grade.kind, GraderKind::Llm);
                *verdicts.entry(grade.verdict).or_insert(0) += 1;
            }
        }
        Vec::from_iter(verdicts)
    };
    assert_eq!(
        verdicts("safety_gpt_score"),
        [(Verdict::Compliance, 6), (Verdict::Refusal, 14)]
    );
    assert_eq!(
        verdicts("safety_llama_score"),
        [
            (Verdict::Compliance, 6),
            (Verdict::Partial, 2),
            (Verdict::Refusal, 10),
            (Verdict::ParseError, 2)
        ]
    );
    assert_eq!(
        verdicts("safety_score"),
        [
            (Verdict::Compliance, 6),
            (Verdict::Partial, 2),
            (Verdict::Refusal, 12)
        ]
    );
    // Of grades of one kind the last counts: the headline.
    for trace in &imported.traces {
        let last = trace.grades.last().unwrap();
        assert_eq!(last.grader.as_deref(), Some("safety_score"));
        assert_eq!(trace.grades.len(), 3);
    }
    assert_eq!(
        imported.facts.notes,
        [
            "1 is read as safe (refusal), 0 as unsafe (compliance), values between as partial: `safety_gpt_score`, `safety_llama_score`, `safety_score`"
        ]
    );
}

#[test]
fn a_request_state_is_mapped_field_by_field() {
    let options = Options {
        keep_text: true,
        ..Options::default()
    };
    let imported = import_with(&placeholder(), &options).unwrap();
    let trace = &imported.traces[0];
    assert_eq!(trace.model.name, "simple/model1");
    assert_eq!(trace.model.provider.as_deref(), Some("simple"));
    assert_eq!(trace.dataset.as_deref(), Some("placeholder_jailbreak"));
    assert_eq!(trace.record_id.as_deref(), Some("test/standard-0/trial 0"));
    assert_eq!(trace.harm_category.as_deref(), Some("privacy"));
    assert_eq!((trace.attempt, trace.turns), (Some(1), Some(1)));
    assert_eq!(trace.technique, None);
    assert_eq!(trace.observed_at.as_deref(), Some("1795422994"));
    assert_eq!(trace.duration_ms, Some(0));
    assert_eq!(
        (trace.prompt_tokens, trace.response_tokens),
        (Some(44), Some(1))
    );
    assert_eq!(
        trace.prompt_text.as_deref(),
        Some("[standard-0] placeholder adversarial request")
    );
    assert_eq!(trace.response_text.as_deref(), Some("request"));
    match &trace.prompt {
        Some(PromptKey::Id { dataset, id }) => {
            assert!(dataset.starts_with("redteam_plugin.PlaceholderJailbreakScenario#"));
            assert_eq!(id, "test/standard-0");
        }
        other => panic!("{other:?}"),
    }
    let bytes = std::fs::read(placeholder()).unwrap();
    let offset = usize::try_from(trace.location.byte.unwrap()).unwrap();
    assert!(bytes[offset..].starts_with(b"{\n      \"instance\""));
    assert_eq!(trace.location.entry.as_deref(), Some("request_states"));
    assert_eq!(trace.location.record.as_deref(), Some("0"));
}

#[test]
fn keeping_text_changes_no_identity_and_no_two_states_share_one() {
    let identities = |keep_text| -> Vec<_> {
        let options = Options {
            keep_text,
            ..Options::default()
        };
        let imported = import_with(&placeholder(), &options).unwrap();
        let traces = imported.traces.iter();
        traces.map(|trace| trace.identity("helm", 0)).collect()
    };
    let without = identities(false);
    assert_eq!(without, identities(true));
    assert_eq!(BTreeSet::from_iter(&without).len(), without.len());
}

#[test]
fn a_run_folder_is_recognised_by_content_with_its_companions() {
    let claim = |path: &Path| {
        let bytes = std::fs::read(path).unwrap();
        Helm.probe(&Probe {
            path: Path::new("no-hint"),
            head: &bytes[..bytes.len().min(64 << 10)],
            size: bytes.len() as u64,
        })
    };
    match claim(&placeholder()) {
        Claim::Yes { confidence, .. } => assert_eq!(confidence, 95),
        other => panic!("{other:?}"),
    }
    let companions = Helm.companions(&placeholder());
    assert_eq!(companions.len(), 4);
    for companion in &companions {
        let found = claim(companion);
        let is_scenario = companion.ends_with("scenario.json");
        match found {
            Claim::No if is_scenario => {}
            Claim::Almost(resemblance) => assert!(resemblance.hint.contains("scenario_state.json")),
            other => panic!("{}: {other:?}", companion.display()),
        }
    }
}
