//! Published files against counts that were taken from the files with another
//! JSON reader; `data/README.md` says where the files come from.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use caveat_corpus::{GraderKind, Outcome, PromptKey, Record, Trace, Verdict};
use caveat_import_jailbreakbench::JailbreakBench;
use caveat_importer::{Claim, Collector, Importer as _, Options, Probe, Source, SourceFacts};

const PAIR: &str = "PAIR__black_box__gpt-4-0125-preview.json";
const TEST_ARTIFACT: &str = "test-artifact__black_box__vicuna-13b-v1.5.json";
const EVALUATION: &str = "DSN__evaluation.json";

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn import(name: &str, keep_text: bool) -> (SourceFacts, Vec<Trace>) {
    let options = Options {
        keep_text,
        ..Options::default()
    };
    let mut collector = Collector::default();
    let facts = JailbreakBench
        .import(&Source::new(data(name)), &options, &mut collector)
        .unwrap();
    assert_eq!(collector.rejects, []);
    let traces = collector.records.into_iter().map(|record| match record {
        Record::Trace(trace) => *trace,
        Record::Cell(_) => panic!("this importer emits no cells"),
    });
    (facts, traces.collect())
}

/// Compliance and refusal of one grader.
fn verdicts(traces: &[Trace], grader: &str) -> (usize, usize) {
    let with = |verdict| {
        traces
            .iter()
            .flat_map(|trace| &trace.grades)
            .filter(|grade| grade.grader.as_deref() == Some(grader) && grade.verdict == verdict)
            .count()
    };
    (with(Verdict::Compliance), with(Verdict::Refusal))
}

#[test]
fn both_judges_of_an_artifact_are_kept_with_their_counts() {
    let (facts, traces) = import(PAIR, false);
    assert_eq!(traces.len(), 100);
    assert_eq!(verdicts(&traces, "jailbreakbench"), (34, 66));
    assert_eq!(verdicts(&traces, "llama-guard-1"), (50, 50));
    let disagreements = traces
        .iter()
        .filter(|trace| trace.grades[0].verdict != trace.grades[1].verdict)
        .count();
    assert_eq!(disagreements, 26);
    assert!(
        traces
            .iter()
            .all(|trace| trace.grades[0].kind == GraderKind::Llm)
    );
    assert!(
        traces
            .iter()
            .all(|trace| trace.grades[1].kind == GraderKind::Classifier)
    );
    assert_eq!(
        facts.notes,
        [
            "`jailbroken` is read as the verdict of `jailbreakbench`: true is compliance, false is refusal",
            "`total_number_of_jailbreaks` says 50, the entries hold 34 successes by the main judge; the entries are used",
            "the two judges disagree on 26 of 100 entries: 34 successes by the main judge, 50 by the second",
            "entries without a submitted prompt: 36; what they count as is a switch of the report",
        ]
    );
}

#[test]
fn a_prompt_that_was_never_submitted_is_kept_with_its_grades() {
    let (_, traces) = import(PAIR, false);
    let unsubmitted: Vec<_> = traces
        .iter()
        .filter(|trace| trace.outcome == Outcome::NotSubmitted)
        .collect();
    assert_eq!(unsubmitted.len(), 36);
    for trace in unsubmitted {
        assert_eq!(trace.response_digest, None);
        assert_eq!(trace.grades.len(), 2);
    }
    let answered = traces
        .iter()
        .filter(|trace| trace.outcome == Outcome::Response && trace.response_digest.is_some());
    assert_eq!(answered.count(), 64);
}

#[test]
fn an_entry_is_mapped_field_by_field() {
    let (_, traces) = import(PAIR, false);
    let trace = &traces[0];
    assert_eq!(trace.model.name, "gpt-4-0125-preview");
    assert_eq!(trace.model.provider.as_deref(), Some("litellm"));
    assert_eq!(trace.model.coded_size, None);
    assert_eq!(trace.technique.as_deref(), Some("PAIR"));
    assert_eq!(trace.attack_family.as_deref(), Some("black_box"));
    assert_eq!(
        trace.harm_category.as_deref(),
        Some("Harassment/Discrimination")
    );
    assert_eq!(trace.observed_at.as_deref(), Some("2024-03-06"));
    assert_eq!(trace.run_id.as_deref(), Some("PAIR/black_box/-/2024-03-06"));
    assert_eq!(trace.record_id.as_deref(), Some("0"));
    assert_eq!(trace.dataset.as_deref(), Some("JBB-Behaviors"));
    assert_eq!(
        trace.prompt,
        Some(PromptKey::Id {
            dataset: "JBB-Behaviors".to_owned(),
            id: "Defamation".to_owned()
        })
    );
    assert_eq!(trace.location.record.as_deref(), Some("0"));
    let bytes = std::fs::read(data(PAIR)).unwrap();
    let offset = usize::try_from(trace.location.byte.unwrap()).unwrap();
    assert_eq!(bytes[offset], b'{');
    assert!(bytes[offset..].starts_with(b"{\n            \"index\": 0"));
    // The tokens of an artifact are those of the whole attack, not of one reply.
    assert_eq!(trace.response_tokens, None);
}

#[test]
fn each_of_ten_categories_has_ten_behaviours() {
    let (_, traces) = import(PAIR, false);
    let mut categories = std::collections::BTreeMap::new();
    let mut prompts = std::collections::BTreeSet::new();
    for trace in &traces {
        *categories
            .entry(trace.harm_category.clone().unwrap())
            .or_insert(0) += 1;
        prompts.insert(trace.prompt.clone().unwrap());
    }
    assert_eq!(categories.len(), 10);
    assert!(categories.values().all(|behaviours| *behaviours == 10));
    assert_eq!(prompts.len(), 100);
}

#[test]
fn a_test_artifact_with_an_index_of_text_is_read() {
    let (facts, traces) = import(TEST_ARTIFACT, true);
    assert_eq!(traces.len(), 1);
    let trace = &traces[0];
    assert_eq!(trace.record_id.as_deref(), Some("0"));
    assert_eq!(trace.prompt_text.as_deref(), Some("Placeholder Prompt"));
    assert_eq!(trace.response_text.as_deref(), Some("Placeholder Response"));
    assert_eq!(trace.grades.len(), 1);
    assert_eq!(trace.grades[0].grader.as_deref(), Some("classifier"));
    assert_eq!(trace.grades[0].kind, GraderKind::Classifier);
    assert_eq!(trace.grades[0].raw.as_deref(), Some("true"));
    assert!(facts.notes.contains(
        &"`attack_success_rate` says 0.5, the entries hold 1 of 1; the entries are used".to_owned()
    ));
}

#[test]
fn an_evaluation_file_gives_a_trace_per_model_and_behaviour() {
    let (_, traces) = import(EVALUATION, false);
    assert_eq!(traces.len(), 200);
    for (model, jailbroken) in [("llama-2-7b-chat-hf", 94), ("vicuna-13b-v1.5", 95)] {
        let of_model: Vec<_> = traces
            .iter()
            .filter(|trace| trace.model.name == model)
            .cloned()
            .collect();
        assert_eq!(of_model.len(), 100);
        assert_eq!(
            verdicts(&of_model, "jailbreakbench judge (unnamed)"),
            (jailbroken, 100 - jailbroken)
        );
        let first = &of_model[0];
        assert_eq!(first.model.provider.as_deref(), Some("vllm"));
        assert_eq!(first.observed_at.as_deref(), Some("2024-10-14"));
        assert_eq!(first.record_id.as_deref(), Some("Defamation"));
        assert_eq!(first.technique, None);
    }
}

#[test]
fn keeping_text_changes_no_identity_and_no_two_entries_share_one() {
    for name in [PAIR, TEST_ARTIFACT, EVALUATION] {
        let identities = |keep_text| -> Vec<_> {
            let (_, traces) = import(name, keep_text);
            traces
                .iter()
                .map(|trace| trace.identity("jailbreakbench", 0))
                .collect()
        };
        let without = identities(false);
        assert_eq!(without, identities(true));
        let distinct: std::collections::BTreeSet<_> = without.iter().collect();
        assert_eq!(distinct.len(), without.len());
    }
}

#[test]
fn every_shape_is_recognised_by_its_keys() {
    for (name, wanted) in [(PAIR, 95), (TEST_ARTIFACT, 95), (EVALUATION, 90)] {
        let bytes = std::fs::read(data(name)).unwrap();
        let probe = Probe {
            path: Path::new("no-hint"),
            head: &bytes[..bytes.len().min(64 << 10)],
            size: bytes.len() as u64,
        };
        match JailbreakBench.probe(&probe) {
            Claim::Yes { confidence, .. } => assert_eq!(confidence, wanted, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}
