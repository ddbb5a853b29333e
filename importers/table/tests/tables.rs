//! The test tables and the tables of the reports give what their references say.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use caveat_corpus::{Digest, PromptKey, Record, SuccessDefinition, Verdict};
use common::{data, import, import_text, import_with, options, report, traces};
use serde_json::Value;

const STRONGREJECT: &str = r#"
kind = "traces"
attempts_start_at = 0
[columns]
model = "victim_model"
prompt = "forbidden_prompt"
response = "response"
technique = "jailbreak"
harm_category = "category"
[constants]
dataset = "StrongREJECT"
[[grades]]
grader_column = "evaluator"
kind = "llm"
column = "score"
threshold = 0.5
failed = [""]
[[grades]]
grader = "refusal flag"
kind = "llm"
column = "refusal"
map = { "0" = "compliance", "1" = "refusal" }
"#;

const GENERIC: &str = r#"
kind = "traces"
attempts_start_at = 0
[columns]
model = "model"
prompt = "prompt"
response = "response"
record_id = "id"
attempt = "attempt"
harm_category = "category"
[[grades]]
grader_column = "judge"
kind = "llm"
column = "label"
missing = ["N/A"]
[grades.map]
"true" = "compliance"
unsafe = "compliance"
"1" = "compliance"
yes = "compliance"
jailbroken = "compliance"
"false" = "refusal"
safe = "refusal"
"0" = "refusal"
no = "refusal"
refused = "refusal"
"#;

fn expected() -> Value {
    let text = std::fs::read_to_string(data("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn reference(name: &str) -> Value {
    let text = std::fs::read_to_string(report(name).join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_dialect_of_one_table_gives_the_same_traces() {
    let expected = expected();
    let mut first: Option<Vec<(Digest, Option<String>)>> = None;
    for name in [
        "strongreject.csv",
        "strongreject_semicolon.csv",
        "strongreject.tsv",
        "strongreject_bom_crlf.csv",
        "strongreject_utf16le.csv",
        "strongreject_utf16be.csv",
        "strongreject_plain.parquet",
        "strongreject_snappy.parquet",
        "strongreject_gzip.parquet",
        "strongreject_zstd_delta.parquet",
        "strongreject_lz4.parquet",
    ] {
        let collector = import(&data(name), STRONGREJECT);
        assert!(
            collector.rejects.is_empty(),
            "{name}: {:?}",
            collector.rejects
        );
        let found = traces(&collector);
        let number = |key: &str| usize::try_from(expected[key].as_u64().unwrap()).unwrap();
        assert_eq!(found.len(), number("rows"), "{name}");
        let empty = Digest::of(b"");
        let empties = found.iter().filter(|t| t.response_digest == Some(empty));
        assert_eq!(empties.count(), number("empty_responses"), "{name}");
        let graded = |rubric: bool, verdict: Verdict| {
            let grades = found.iter().flat_map(|trace| &trace.grades);
            let by =
                grades.filter(|g| (g.grader.as_deref() == Some("strongreject_rubric")) == rubric);
            by.filter(|grade| grade.verdict == verdict).count()
        };
        let succeeded = number("success_at_threshold_0.5");
        assert_eq!(graded(true, Verdict::Compliance), succeeded, "{name}");
        let scored = number("rows") - number("null_scores");
        assert_eq!(graded(true, Verdict::Refusal), scored - succeeded, "{name}");
        // A score is empty where the grader failed.
        assert_eq!(
            graded(true, Verdict::ParseError),
            number("null_scores"),
            "{name}"
        );
        let scores = found.iter().filter_map(|trace| trace.grades.first());
        let sum: f64 = scores
            .filter_map(|grade| grade.raw.as_deref())
            .map(|raw| raw.parse::<f64>().unwrap())
            .sum();
        assert_eq!(Some(sum), expected["score_sum"].as_f64(), "{name}");
        assert_eq!(
            graded(false, Verdict::Refusal),
            number("refusals"),
            "{name}"
        );
        for (model, count) in expected["models"].as_object().unwrap() {
            let rows = found
                .iter()
                .filter(|trace| trace.model.name == *model)
                .count();
            assert_eq!(Some(rows.try_into().unwrap()), count.as_u64(), "{name}");
        }
        // A line end inside a cell is part of the text, so CRLF makes another prompt.
        if name != "strongreject_bom_crlf.csv" {
            let these = found
                .iter()
                .map(|t| (t.identity("table", 0), t.technique.clone()))
                .collect();
            assert_eq!(
                first.get_or_insert_with(|| Vec::clone(&these)),
                &these,
                "{name}"
            );
        }
    }
}

#[test]
fn twelve_spellings_of_a_verdict_become_what_the_mapping_says() {
    let wrapped = format!("rows = \"data.rows\"\n{GENERIC}");
    for (name, mapping) in [
        ("generic.jsonl", GENERIC),
        ("generic.json", GENERIC),
        ("generic_wrapped.json", &wrapped),
    ] {
        spellings(&import(&data(name), mapping));
    }
}

fn spellings(collector: &caveat_importer::Collector) {
    assert!(collector.rejects.is_empty(), "{:?}", collector.rejects);
    let found = traces(collector);
    let count = |wanted: Option<Verdict>| {
        let verdicts = found
            .iter()
            .map(|trace| trace.grades.first().map(|grade| grade.verdict));
        verdicts.filter(|verdict| *verdict == wanted).count()
    };
    let counts = [Some(Verdict::Compliance), Some(Verdict::Refusal), None].map(count);
    let numbers = expected()["generic.jsonl_success_fail_unknown"].clone();
    assert_eq!(serde_json::json!(counts), numbers);
    assert!(
        found
            .iter()
            .all(|trace| trace.attempt.is_some_and(|attempt| attempt >= 1))
    );
}

#[test]
fn broken_lines_are_rejects_and_the_lines_around_them_are_read() {
    let mapping = r#"
kind = "traces"
columns = { record_id = "id", prompt = "prompt", response = "response" }
constants = { model = "org/model-a" }
grades = [{ kind = "rule", column = "label", map = { "1" = "compliance", "0" = "refusal" } }]
"#;
    let (collector, facts) = import_with(&data("generic_broken.jsonl"), &options(mapping)).unwrap();
    let found: Vec<_> = traces(&collector)
        .iter()
        .map(|t| (t.record_id.as_deref().unwrap(), t.grades.len()))
        .collect();
    // A bare NaN where a word is expected is how Python writes that there is none.
    assert_eq!(found, [("1", 0), ("2", 1), ("4", 1)]);
    let expected = &expected()["generic_broken.jsonl"];
    let number = |key: &str| usize::try_from(expected[key].as_u64().unwrap()).unwrap();
    let good = number("good_strict_json_objects") + number("with_NaN_token");
    assert_eq!(found.len(), good);
    let rejects: Vec<_> = collector
        .rejects
        .iter()
        .map(|r| (r.location.record.as_deref().unwrap(), r.reason.as_str()))
        .collect();
    assert_eq!(rejects.len(), number("broken") + number("not_an_object"));
    let rows = found.len() + rejects.len() + number("blank");
    assert_eq!(rows, number("lines"));
    assert_eq!(
        (rejects[0].0, collector.rejects[0].location.byte),
        ("3", Some(132))
    );
    assert!(
        rejects[0].1.contains("EOF while parsing a string"),
        "{rejects:?}"
    );
    assert_eq!(rejects[1], ("5", "expected an object, found a list"));
    let note = "read as jsonl by its first bytes, utf-8";
    assert!(facts.notes.iter().any(|found| found.starts_with(note)));
}

#[test]
fn text_is_kept_only_on_request() {
    let mut asked = options(STRONGREJECT);
    asked.keep_text = true;
    let kept = import_with(&data("strongreject.csv"), &asked).unwrap().0;
    let plain = import(&data("strongreject.csv"), STRONGREJECT);
    for (kept, plain) in traces(&kept).into_iter().zip(traces(&plain)) {
        assert_eq!(kept.identity("table", 0), plain.identity("table", 0));
        let text = kept.prompt_text.as_deref().unwrap();
        assert_eq!(
            kept.prompt,
            Some(PromptKey::Text(Digest::of(text.as_bytes())))
        );
        assert_eq!((&plain.prompt_text, &plain.response_text), (&None, &None));
    }
    assert!(
        traces(&kept)[0]
            .prompt_text
            .as_deref()
            .unwrap()
            .contains("text\nwith")
    );
}

/// Totals by model: n, succeeded, provider, size.
type Totals = BTreeMap<String, (u64, u64, Option<String>, Option<String>)>;

fn totals(records: &[Record]) -> Totals {
    let mut totals = Totals::new();
    for record in records {
        let Record::Cell(cell) = record else {
            panic!("a table of counts gives cells");
        };
        let model = cell.model.clone();
        let entry = totals.entry(model.name).or_default();
        entry.0 += cell.counts.total();
        entry.1 += cell.counts.succeeded(SuccessDefinition::Strict);
        entry.2 = model.provider;
        entry.3 = model.coded_size;
    }
    totals
}

fn agrees_with_reference(totals: &Totals, view: &Value) {
    let models = view["per_model"].as_object().unwrap();
    assert_eq!(totals.len(), models.len());
    for (name, model) in models {
        let (n, succeeded, provider, size) = &totals[name];
        assert_eq!(Some(*n), model["n"].as_u64(), "{name}");
        assert_eq!(Some(*succeeded), model["successes"].as_u64(), "{name}");
        assert_eq!(provider.as_deref(), model["provider"].as_str(), "{name}");
        let size = size.as_deref().map(|size| size.parse::<f64>().unwrap());
        assert_eq!(size, model["params_total_b"].as_f64(), "{name}");
    }
}

#[test]
fn sorry_bench_gives_the_counts_providers_and_sizes_of_its_reference() {
    let mapping = r#"
kind = "counts"
[columns]
model = "model"
harm_category = "category"
n = "n_prompts"
succeeded = "n_fulfilled"
[constants]
dataset = "SORRY-Bench 2025-03"
grader = "SORRY-Bench fine-tuned 7B judge"
grader_kind = "llm"
[join]
file = "models.csv"
on = "model"
columns = { provider = "provider", size = "params_total_b" }
"#;
    let path = report("sorry-bench").join("sorry_bench_202503_counts.csv");
    let (collector, facts) = import_with(&path, &options(mapping)).unwrap();
    assert!(collector.rejects.is_empty());
    assert_eq!(collector.records.len(), 2464);
    agrees_with_reference(
        &totals(&collector.records),
        &reference("sorry-bench")["views"]["v202503"],
    );
    assert_eq!(facts.format_version.as_deref(), Some("csv"));
    assert!(
        facts.notes[1].starts_with("provider and size of each model from `models.csv` (56 models")
    );
}

#[test]
fn harmbench_gives_the_counts_providers_and_sizes_of_its_reference() {
    let mapping = r#"
kind = "counts"
[columns]
model = "model"
harm_category = "behavior_type"
n = "n_behaviors"
succeeded = "n_success"
[constants]
dataset = "HarmBench"
technique = "direct request"
grader = "HarmBench classifier"
grader_kind = "classifier"
[join]
file = "models.csv"
on = "model"
columns = { provider = "provider", size = "params_total_b" }
"#;
    let path = report("harmbench").join("direct_request_counts.csv");
    let collector = import(&path, mapping);
    assert!(collector.rejects.is_empty());
    assert_eq!(collector.records.len(), 87);
    let view = &reference("harmbench")["views"]["direct_request_all"];
    agrees_with_reference(&totals(&collector.records), view);
}

#[test]
fn the_examples_on_the_page_of_the_importer_work() {
    let page = include_str!("../README.md");
    let examples: Vec<&str> = page
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    // The first says which files a mapping is for and is read by the host.
    let [_files, counts, of_traces, strongreject] = examples.as_slice() else {
        panic!("the page has four examples, not {}", examples.len());
    };
    let collector = import(&data("strongreject.csv"), strongreject);
    assert_eq!((collector.records.len(), collector.rejects.len()), (42, 0));
    let path = report("sorry-bench").join("sorry_bench_202503_counts.csv");
    assert_eq!(import(&path, counts).records.len(), 2464);
    let text = br#"
{"request": {"model": "m", "provider": "p", "prompt": "a"}, "attempt": 0, "category": "c", "strongreject_score": 0.5, "reply": {"text": "", "status": "ok"}, "grades": [{"label": "partly"}]}
{"request": {"model": "m", "provider": "p", "prompt": "a"}, "attempt": 1, "category": "c", "strongreject_score": 0.4, "reply": {"status": "content_filter"}, "grades": []}
"#;
    let collector = import_text("table", text, of_traces).unwrap();
    let found = traces(&collector);
    let verdicts = found
        .iter()
        .map(|trace| trace.grades.iter().map(|grade| grade.verdict));
    let verdicts: Vec<Vec<Verdict>> = verdicts.map(Iterator::collect).collect();
    let [first, second] = verdicts.as_slice() else {
        panic!("both objects are traces: {:?}", collector.rejects);
    };
    assert_eq!(first, &[Verdict::Partial, Verdict::Compliance]);
    assert_eq!(second, &[Verdict::Refusal]);
    assert_eq!(found[1].outcome.name(), "filtered");
    assert_eq!((found[0].attempt, found[1].attempt), (Some(1), Some(2)));
}
