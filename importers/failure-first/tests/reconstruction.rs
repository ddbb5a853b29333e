//! The labelled reconstruction of the corpus behind Report #164, against the
//! counts beside it, which were made with the reconstruction and not by this importer.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caveat_corpus::{Digest, GraderKind, Outcome, PromptKey, Trace, Verdict, VerdictCounts};
use caveat_importer::{Claim, Collector, Options};
use common::{claim, import, import_with, traces};
use serde_json::Value;

fn corpus(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../reports/164/corpus")
        .join(name)
}

fn database() -> PathBuf {
    corpus("jailbreak_corpus_v13_reconstruction.db")
}

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(corpus("expected.json")).unwrap()).unwrap()
}

fn llm_verdict(trace: &Trace) -> Verdict {
    trace
        .grades
        .iter()
        .find(|grade| grade.kind == GraderKind::Llm)
        .map_or(Verdict::Unscored, |grade| grade.verdict)
}

fn counts_by_model(collector: &Collector) -> BTreeMap<String, VerdictCounts> {
    let mut counts: BTreeMap<String, VerdictCounts> = BTreeMap::new();
    for trace in traces(collector) {
        counts
            .entry(trace.model.name.clone())
            .or_default()
            .add(llm_verdict(trace), 1);
    }
    counts
}

#[test]
fn every_row_becomes_a_trace_with_the_expected_verdicts() {
    let (facts, collector) = import(&database()).unwrap();
    let expected = expected();
    assert_eq!(facts.format_version.as_deref(), Some("13"));
    assert_eq!(facts.notes, Vec::<String>::new());
    assert_eq!(collector.rejects, []);
    let results = expected["totals"]["results"].as_u64().unwrap();
    assert_eq!(collector.records.len() as u64, results);
    assert_eq!(results, 4135);

    let counts = counts_by_model(&collector);
    assert_eq!(
        counts.len() as u64,
        expected["totals"]["models"].as_u64().unwrap()
    );
    for model in expected["included"].as_array().unwrap() {
        let name = model["model"].as_str().unwrap();
        let found = counts[name];
        let want = |field: &str| model[field].as_u64().unwrap();
        assert_eq!(found.evaluable(), want("n"), "{name}");
        for verdict in [
            Verdict::Compliance,
            Verdict::Partial,
            Verdict::Refusal,
            Verdict::HallucinationRefusal,
        ] {
            assert_eq!(found.get(verdict), want(verdict.name()), "{name} {verdict}");
        }
        let ungraded = found.get(Verdict::Unscored);
        assert_eq!(ungraded, want("ungraded"), "{name}");
        assert_eq!(
            found.not_evaluable() - ungraded,
            want("not_evaluable"),
            "{name}"
        );
    }
    for model in expected["dropped"].as_array().unwrap() {
        let name = model["model"].as_str().unwrap();
        assert_eq!(
            counts[name].evaluable(),
            model["n"].as_u64().unwrap(),
            "{name}"
        );
        assert_eq!(
            counts[name].get(Verdict::Compliance),
            model["compliance"].as_u64().unwrap(),
            "{name}"
        );
    }
}

#[test]
fn names_sizes_and_data_sets_stand_as_the_file_spells_them() {
    let (_, collector) = import(&database()).unwrap();
    let traces = traces(&collector);
    let expected = expected();
    let listed = ["included", "dropped"].map(|list| expected[list].as_array().unwrap().clone());
    for model in listed.concat() {
        let name = model["model"].as_str().unwrap();
        let trace = traces
            .iter()
            .find(|trace| trace.model.name == name)
            .unwrap();
        assert_eq!(trace.model.provider.as_deref(), model["provider"].as_str());
        if let Some(size) = model.get("parameter_count") {
            assert_eq!(trace.model.coded_size.as_deref(), size.as_str(), "{name}");
        }
        if let Some(dataset) = model["dataset"].as_str() {
            let all = traces.iter().filter(|trace| trace.model.name == name);
            assert!(
                all.into_iter()
                    .all(|t| t.dataset.as_deref() == Some(dataset))
            );
        }
    }
    let graders: std::collections::BTreeSet<_> = traces
        .iter()
        .flat_map(|trace| &trace.grades)
        .map(|grade| (grade.kind.name(), grade.grader.as_deref().unwrap()))
        .collect();
    assert_eq!(
        graders.into_iter().collect::<Vec<_>>(),
        [
            ("heuristic", "heuristic"),
            ("llm", "anthropic/claude-haiku-4.5"),
            ("llm", "deepseek-r1:1.5b"),
            ("llm", "gemini"),
            ("llm", "ollama:deepseek-r1:1.5b"),
        ]
    );
}

#[test]
fn the_first_row_is_mapped_field_by_field() {
    let (_, collector) = import(&database()).unwrap();
    let all = traces(&collector);
    let trace = all[0];
    assert_eq!(trace.record_id.as_deref(), Some("1"));
    assert_eq!(trace.run_id.as_deref(), Some("1"));
    assert_eq!(trace.model.name, "liquid/lfm-2.5-1.2b-instruct:free");
    assert_eq!(trace.model.coded_size.as_deref(), Some("1.2B"));
    assert_eq!(trace.observed_at.as_deref(), Some("2026-03-05"));
    assert_eq!(trace.duration_ms, Some(47_486));
    assert_eq!(trace.response_tokens, Some(1569));
    assert_eq!(trace.outcome, Outcome::Response);
    assert_eq!(
        trace.response_digest,
        Some(Digest::of(b"placeholder response 000001"))
    );
    assert_eq!(trace.response_text, None);
    assert_eq!(trace.prompt_text, None);
    let prompt = Digest::of(b"placeholder prompt 00116");
    assert_eq!(trace.prompt, Some(PromptKey::Text(prompt)));
    assert_eq!(trace.grades.len(), 1);
    assert_eq!(trace.grades[0].kind, GraderKind::Heuristic);
    assert_eq!(trace.grades[0].raw.as_deref(), Some("COMPLIANCE"));
}

#[test]
fn text_is_kept_only_on_request_and_moves_nothing_else() {
    let keep = Options {
        keep_text: true,
        ..Options::default()
    };
    let (_, without) = import(&database()).unwrap();
    let (_, with) = import_with(&database(), &keep).unwrap();
    for (without, with) in traces(&without).into_iter().zip(traces(&with)) {
        let prompt = with.prompt_text.as_deref().unwrap();
        let digest = Digest::of(prompt.as_bytes());
        assert_eq!(without.prompt, Some(PromptKey::Text(digest)));
        let response = with.response_text.as_deref().unwrap();
        assert_eq!(
            without.response_digest,
            Some(Digest::of(response.as_bytes()))
        );
        assert_eq!(
            without.identity("failure-first", 0),
            with.identity("failure-first", 0)
        );
    }
}

#[test]
fn the_file_is_recognised_by_its_tables_and_left_untouched() {
    let folder = tempfile::TempDir::new().unwrap();
    // A name that would be a parameter in a careless URI.
    let copy = folder.path().join("no hint?mode=rwc#é.bin");
    std::fs::copy(database(), &copy).unwrap();
    let before = std::fs::read(&copy).unwrap();
    match claim(&copy) {
        Claim::Yes { confidence, reason } => {
            assert_eq!(confidence, 95);
            assert!(reason.contains("version 13"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(import(&copy).unwrap().1.records.len(), 4135);
    assert_eq!(std::fs::read(&copy).unwrap(), before);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
