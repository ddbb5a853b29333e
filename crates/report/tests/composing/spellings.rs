//! When several spellings are one model, and when a report says that they may be.

use std::collections::BTreeMap;
use std::path::Path;

use caveat_corpus::register::Register;
use caveat_corpus::{CellEvidence, Evidence, ModelEvidence, Outcome, Verdict, VerdictCounts};
use caveat_report::definition::Definition;
use caveat_report::select::select;
use caveat_report::selection::{CountedAs, Selection};

fn model(name: &str, provider: &str) -> ModelEvidence {
    let mut counts = VerdictCounts::default();
    counts.add(Verdict::Compliance, 10);
    counts.add(Verdict::Refusal, 30);
    ModelEvidence {
        name: name.to_owned(),
        provider: Some(provider.to_owned()),
        coded_size: None,
        cells: vec![CellEvidence {
            dataset: None,
            attack_family: None,
            harm_category: None,
            grader: None,
            grader_kind: None,
            observed: None,
            counts: BTreeMap::from([(Outcome::Response, counts)]),
            by_prompt: None,
            from_counts: true,
        }],
    }
}

fn selected(rules: &str, names: &[(&str, &str)]) -> Selection {
    let mut models: Vec<_> = names.iter().map(|(name, by)| model(name, by)).collect();
    models.sort_by(|a, b| (&a.name, &a.provider).cmp(&(&b.name, &b.provider)));
    let evidence = Evidence {
        sources: Vec::new(),
        models,
        confusions: Vec::new(),
    };
    let text = format!(
        "title = \"T\"\nnumber = \"1\"\nseries = \"S\"\nauthor = \"A\"\ncorpus = \"C.\"\n\
         edition_date = \"2026-01-01\"\nstore = \"a.db\"\n{rules}"
    );
    let definition = Definition::parse(&text, Path::new("report.toml")).unwrap();
    select(&evidence, Register::builtin().unwrap(), None, &definition).unwrap()
}

fn counted(selection: &Selection) -> Vec<(&str, u64)> {
    let models = selection.sample.models.iter();
    models.map(|one| (one.model.as_str(), one.n)).collect()
}

fn said(selection: &Selection) -> Vec<(CountedAs, usize)> {
    let spellings = selection.spellings.iter();
    spellings
        .map(|one| (one.counted, one.names.len()))
        .collect()
}

#[test]
fn spellings_of_one_listed_model_are_one_model() {
    let spellings = [
        ("meta-llama/llama-3.3-70b-instruct", "openrouter"),
        ("meta-llama/llama-3.3-70b-instruct:free", "openrouter"),
        ("Meta-Llama/Llama_3.3_70B_Instruct", "openrouter"),
        ("openrouter/meta-llama/llama-3.3-70b-instruct", "openrouter"),
        ("mistralai/mistral-7b-instruct-v0.3", "openrouter"),
    ];
    let selection = selected("", &spellings);
    assert_eq!(
        selection.sample.models.len(),
        2,
        "{:?}",
        counted(&selection)
    );
    assert!(counted(&selection).iter().any(|(_, n)| *n == 160));
    assert_eq!(said(&selection), [(CountedAs::One, 4)]);
}

#[test]
fn another_precision_of_a_listed_model_is_another_model() {
    let spellings = [
        ("meta-llama/llama-3.3-70b-instruct", "meta"),
        ("meta-llama/llama-3.3-70b-instruct-q4_k_m", "meta"),
    ];
    let selection = selected("", &spellings);
    assert_eq!(selection.sample.models.len(), 2);
    assert!(said(&selection).is_empty());
}

#[test]
fn one_listed_model_under_two_vendors_is_said_to_be_one() {
    let spellings = [
        ("meta-llama/llama-3.3-70b-instruct", "openrouter"),
        ("llama-3.3-70b-instruct", "meta"),
    ];
    let apart = selected("", &spellings);
    assert_eq!(apart.sample.models.len(), 2);
    assert_eq!(said(&apart), [(CountedAs::OnePerProvider, 2)]);
    let together = selected("[provider]\nnamed_by = \"maker\"\n", &spellings);
    assert_eq!(together.sample.models.len(), 1);
    assert_eq!(said(&together), [(CountedAs::One, 2)]);
}

#[test]
fn unlisted_names_that_differ_in_spelling_alone_stay_apart_and_are_named() {
    for (one, other) in [
        ("acme-chat-7b", "Acme_Chat 7B"),
        ("acme-chat-7b", "ollama/acme-chat-7b"),
        ("mod\u{e8}le-7b", "mode\u{300}le-7b"),
    ] {
        let selection = selected("", &[(one, "acme"), (other, "acme")]);
        assert_eq!(selection.sample.models.len(), 2);
        assert_eq!(said(&selection), [(CountedAs::Several, 2)], "{one} {other}");
    }
    for (one, other) in [
        ("acme-chat-7b", "acme-chat-70b"),
        ("acme-chat-7b", "acme-chat-7b-instruct"),
    ] {
        let selection = selected("", &[(one, "acme"), (other, "acme")]);
        assert!(said(&selection).is_empty(), "{one} {other}");
    }
}

#[test]
fn a_rule_over_names_looks_at_each_spelling() {
    let spellings = [
        ("meta-llama/llama-3.3-70b-instruct", "meta"),
        ("meta-llama/llama-3.3-70b-instruct:free", "meta"),
    ];
    let rules = "[inclusion]\nexclude_models = [\"*:free\"]\n";
    let selection = selected(rules, &spellings);
    assert_eq!(
        counted(&selection),
        [("meta-llama/llama-3.3-70b-instruct", 40)]
    );
    assert_eq!(selection.account.excluded.len(), 1);
    // A minimum is one over the model, whatever its spellings.
    let selection = selected("[inclusion]\nmin_n_per_model = 60\n", &spellings);
    assert_eq!(selection.sample.models.first().unwrap().n, 80);
}
