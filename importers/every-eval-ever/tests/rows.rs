//! What rows and aggregates become.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::{Path, PathBuf};

use caveat_corpus::{Digest, GraderKind, Outcome, PromptKey, Trace, Verdict};
use caveat_import_every_eval_ever::EveryEvalEver;
use caveat_importer::{Claim, Importer as _, Options, Probe};
use common::{EVALUATION, Pair, aggregate, asr, import, judged, result, row, traces};
use serde_json::{Value, json};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn verdicts(traces: &[Trace]) -> Vec<Verdict> {
    traces
        .iter()
        .flat_map(|trace| &trace.grades)
        .map(|grade| grade.verdict)
        .collect()
}

fn probe(path: &Path) -> Claim {
    let bytes = std::fs::read(path).unwrap();
    EveryEvalEver.probe(&Probe {
        path,
        head: &bytes[..bytes.len().min(64 << 10)],
        size: u64::try_from(bytes.len()).unwrap(),
    })
}

#[test]
fn the_published_pair_holds_what_another_reader_counts() {
    check_against_expected(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/data")
            .as_path(),
    );
}

#[test]
fn the_whole_corpus_holds_what_another_reader_counts() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/every-eval-ever");
    if !folder.is_dir() {
        println!("skipped: there is no folder {}", folder.display());
        return;
    }
    check_against_expected(&folder);
}

fn check_against_expected(folder: &Path) {
    let expected: Value =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let rows = folder.join("demo_samples.jsonl");
    let (facts, collector) = import(&rows, &Options::default());
    let facts = facts.unwrap();
    assert_eq!(collector.rejects, []);
    let traces = traces(collector);
    assert_eq!(traces.len() as u64, expected["instances"]["rows"]);
    assert_eq!(
        traces[0].model.name,
        expected["aggregate"]["model"].as_str().unwrap()
    );
    // One result, and it is the grader of every row: no judge is named.
    assert_eq!(expected["aggregate"]["results"], 1);
    let grade = &traces[0].grades[0];
    assert_eq!(
        (grade.grader.as_deref(), grade.kind),
        (Some("accuracy"), GraderKind::Rule)
    );
    // `is_correct` and the score are kept raw: accuracy of arithmetic is no verdict on an attack.
    assert_eq!(
        (grade.raw.as_deref(), grade.verdict),
        (Some("1.0"), Verdict::Unscored)
    );
    let said = |text: &str| facts.notes.iter().any(|note| note.contains(text));
    assert_eq!(
        expected["aggregate"]["sha256_of_samples_matches"],
        said("is that of the file")
    );
    assert!(
        said("states 0.75 for `demo-source.demo_bench`, the mean of its 1 rows is 1.0000"),
        "{:?}",
        facts.notes
    );
    assert!(said("are kept without a verdict"));
    assert_eq!(facts.format_version.as_deref(), Some("0.3.0"));
    let trace = &traces[0];
    assert_eq!(
        (trace.prompt_tokens, trace.response_tokens),
        (Some(12), Some(5))
    );
    assert_eq!(trace.dataset.as_deref(), Some("demo_bench"));
    assert_eq!(trace.response_digest, Some(Digest::of(b"The answer is 4.")));
    assert_eq!(
        trace.prompt,
        Some(PromptKey::Text(Digest::of(b"What is 2 + 2?")))
    );
    assert_eq!(EveryEvalEver.companions(&rows), [folder.join("demo.json")]);
}

#[test]
fn rows_are_recognised_and_an_aggregate_alone_is_almost() {
    assert!(matches!(
        probe(&data("demo_samples.jsonl")),
        Claim::Yes { confidence: 95, .. }
    ));
    let Claim::Almost(almost) = probe(&data("demo.json")) else {
        panic!()
    };
    assert!(
        almost.reason.contains("no count follows from a score"),
        "{}",
        almost.reason
    );
    assert!(
        almost.hint.contains("detailed_evaluation_results"),
        "{}",
        almost.hint
    );
    assert_eq!(probe(&data("README.md")), Claim::No);
    assert_eq!(probe(&data("expected.json")), Claim::No);
}

#[test]
fn a_high_score_is_a_success_where_metric_and_direction_say_so() {
    let metric = judged(asr(), &["judge-a"]);
    let rows = [
        row("r", "1", json!(1.0), false),
        row("r", "2", json!(0), true),
        row("r", "3", json!(0.7), false),
        row("r", "4", json!(-1), false),
    ];
    let (facts, traces) = Pair::new(Some(&aggregate(vec![result("r", metric)])), &rows).import();
    use Verdict::{Compliance, ParseError, Refusal};
    assert_eq!(
        verdicts(&traces),
        [Compliance, Refusal, Compliance, ParseError]
    );
    let grade = &traces[2].grades[0];
    assert_eq!(
        (grade.grader.as_deref(), grade.kind),
        (Some("judge-a"), GraderKind::Llm)
    );
    assert_eq!(grade.raw.as_deref(), Some("0.7"));
    assert_eq!(traces[0].observed_at.as_deref(), Some("2026-03-01"));
    assert_eq!(traces[0].run_id.as_deref(), Some(EVALUATION));
    assert_eq!(traces[0].record_id.as_deref(), Some("1"));
    assert!(
        facts
            .notes
            .iter()
            .any(|note| note.contains("a high score is a success of the attack"))
    );
}

#[test]
fn is_correct_of_a_converter_that_means_a_positive_score_is_not_believed() {
    // Converters set `is_correct` for every score above 0, also where 1 is a success of the attack.
    let rows = [
        row("r", "1", json!(1), true),
        row("r", "2", json!(0), false),
        row("r", "3", json!(0.5), true),
    ];
    let (facts, traces) = Pair::new(Some(&aggregate(vec![result("r", asr())])), &rows).import();
    use Verdict::{Compliance, Refusal, Unscored};
    assert_eq!(verdicts(&traces), [Compliance, Refusal, Unscored]);
    assert!(
        facts
            .notes
            .iter()
            .any(|note| note.contains("the opposite of what the metric says in 2 rows"))
    );
}

#[test]
fn a_correct_answer_is_a_defence_in_a_safety_benchmark() {
    use Verdict::{Compliance, Refusal, Unscored};
    for (name, metric, expected) in [
        (
            "HarmBench",
            Some(json!({"metric_id": "accuracy", "lower_is_better": false})),
            [Refusal, Compliance],
        ),
        ("HarmBench", None, [Refusal, Compliance]),
        (
            "jailbreak suite",
            Some(json!({"metric_id": "score", "lower_is_better": true})),
            [Compliance, Refusal],
        ),
        (
            "refusals",
            Some(json!({"metric_id": "refusal_rate", "lower_is_better": false})),
            [Refusal, Compliance],
        ),
        (
            "mmlu",
            Some(json!({"metric_id": "accuracy", "lower_is_better": false})),
            [Unscored, Unscored],
        ),
        (
            "x",
            Some(json!({"metric_id": "asr", "lower_is_better": false})),
            [Unscored, Unscored],
        ),
        ("mmlu", None, [Unscored, Unscored]),
    ] {
        let aggregate = metric
            .clone()
            .map(|metric| aggregate(vec![result(name, metric)]));
        let rows = [
            row(name, "1", json!(1), true),
            row(name, "2", json!(0), false),
        ];
        let (_, traces) = Pair::new(aggregate.as_ref(), &rows).import();
        assert_eq!(verdicts(&traces), expected, "{name} {metric:?}");
    }
}

#[test]
fn the_user_says_what_a_score_means_where_the_file_does_not() {
    let rows = [
        row("mmlu", "1", json!(1), true),
        row("mmlu", "2", json!(0), false),
    ];
    let metric = json!({"metric_id": "accuracy", "lower_is_better": false});
    let pair = Pair::new(Some(&aggregate(vec![result("mmlu", metric)])), &rows);
    use Verdict::{Compliance, Refusal};
    for (option, expected) in [
        (
            json!({"success": {"accuracy": {"at_least": 0.5}}}),
            [Compliance, Refusal],
        ),
        (json!({"correct_is": "defence"}), [Refusal, Compliance]),
        (json!({"correct_is": "success"}), [Compliance, Refusal]),
    ] {
        let options = Options {
            format: option.as_object().unwrap().clone(),
            ..Options::default()
        };
        let (facts, collector) = import(&pair.rows(), &options);
        assert!(facts.is_ok());
        assert_eq!(verdicts(&traces(collector)), expected, "{option}");
    }
    for wrong in [
        json!({"correct_is": 1}),
        json!({"corect_is": "defence"}),
        json!({"success": 1}),
    ] {
        let options = Options {
            format: wrong.as_object().unwrap().clone(),
            ..Options::default()
        };
        let message = import(&pair.rows(), &options).0.unwrap_err().to_string();
        assert!(message.contains("\nhint: "), "{message}");
    }
}

#[test]
fn rows_of_one_sample_share_an_identity_and_bring_their_own_judge() {
    let results = vec![
        result("a", judged(asr(), &["openai/judge"])),
        result("b", judged(asr(), &["meta-llama/Llama-Guard-3-8B"])),
        result("c", judged(asr(), &["j1", "j2"])),
        result(
            "d",
            judged(
                json!({"metric_id": "refusal_rate", "lower_is_better": false}),
                &["openai/judge"],
            ),
        ),
    ];
    let rows = [
        row("a", "1", json!(1), false),
        row("a", "2", json!(0), true),
        row("b", "1", json!(0), true),
        row("c", "1", json!(1), false),
        row("d", "1", json!(0), false),
    ];
    let (_, traces) = Pair::new(Some(&aggregate(results)), &rows).import();
    let identity = |trace: &Trace| trace.identity("every-eval-ever", 0);
    assert!(
        traces[2..]
            .iter()
            .all(|trace| identity(trace) == identity(&traces[0]))
    );
    assert_ne!(identity(&traces[0]), identity(&traces[1]));
    let graders: Vec<_> = traces
        .iter()
        .map(|trace| {
            (
                trace.grades[0].grader.clone().unwrap(),
                trace.grades[0].kind,
            )
        })
        .collect();
    let grader = |name: &str, kind| (name.to_owned(), kind);
    assert_eq!(
        graders,
        [
            grader("openai/judge (attack_success_rate)", GraderKind::Llm),
            grader("openai/judge (attack_success_rate)", GraderKind::Llm),
            grader("meta-llama/Llama-Guard-3-8B", GraderKind::Classifier),
            grader("j1 + j2", GraderKind::Llm),
            grader("openai/judge (refusal_rate)", GraderKind::Llm),
        ]
    );
}

#[test]
fn the_identity_of_a_row_does_not_depend_on_its_aggregate() {
    let rows = [row("r", "1", json!(1), false)];
    let (_, with) = Pair::new(Some(&aggregate(vec![result("r", asr())])), &rows).import();
    let (facts, without) = Pair::new(None, &rows).import();
    let identity = |traces: &[Trace]| traces[0].identity("every-eval-ever", 0);
    assert_eq!(identity(&with), identity(&without));
    assert!(facts.notes[0].contains("there is no aggregate beside the file"));
}

#[test]
fn errors_and_rows_without_output_are_never_a_defence() {
    let mut rows = vec![
        row("r", "1", json!(0), true),
        row("r", "2", json!(0), true),
        row("r", "3", json!(0), true),
        row("r", "4", json!(0), true),
    ];
    rows[0]["error"] = json!("timeout after 60 s");
    rows[1]["error"] = json!("Error code: 400 - content_filter");
    rows[2]["output"] = json!({"raw": []});
    rows[3]["output"] = json!({"raw": [""]});
    let (facts, traces) = Pair::new(Some(&aggregate(vec![result("r", asr())])), &rows).import();
    let outcomes: Vec<Outcome> = traces.iter().map(|trace| trace.outcome).collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Error,
            Outcome::Filtered,
            Outcome::Error,
            Outcome::Response
        ]
    );
    assert_eq!(
        verdicts(&traces),
        [
            Verdict::Error,
            Verdict::Error,
            Verdict::Error,
            Verdict::Refusal
        ]
    );
    assert_eq!(traces[3].response_digest, Some(Digest::of(b"")));
    assert_eq!(
        facts
            .notes
            .iter()
            .filter(|note| note.starts_with("1 rows"))
            .count(),
        3
    );
}

#[test]
fn conversations_count_their_turns_and_the_last_reply_is_the_response() {
    let mut talk = row("r", "1", json!(1), false);
    talk["interaction_type"] = json!("multi_turn");
    talk["output"] = Value::Null;
    talk["messages"] = json!([
        {"turn_idx": 0, "role": "user", "content": "a"},
        {"turn_idx": 1, "role": "assistant", "content": "first"},
        {"turn_idx": 2, "role": "user", "content": "b"},
        {"turn_idx": 3, "role": "assistant", "content": "last"},
    ]);
    let mut agent = talk.clone();
    agent["sample_id"] = json!("2");
    agent["interaction_type"] = json!("agentic");
    agent["evaluation"]["num_turns"] = json!(7);
    // The name of the list in version 0.2.0, with a numbered sample and one text as output elsewhere.
    let mut older = talk.clone();
    older["sample_id"] = json!(3);
    older["interactions"] = older["messages"].take();
    let mut text = row("r", "4", json!(1), false);
    text["output"] = json!({"raw": "only"});
    let (_, traces) = Pair::new(
        Some(&aggregate(vec![result("r", asr())])),
        &[talk, agent, older, text],
    )
    .import();
    let turns: Vec<_> = traces.iter().map(|trace| trace.turns).collect();
    assert_eq!(turns, [Some(2), Some(7), Some(2), Some(1)]);
    for trace in &traces[..3] {
        assert_eq!(trace.response_digest, Some(Digest::of(b"last")));
    }
    assert_eq!(traces[2].record_id.as_deref(), Some("3"));
    assert_eq!(traces[3].response_digest, Some(Digest::of(b"only")));
}

#[test]
fn several_outputs_with_one_verdict_are_one_trace() {
    let mut several = row("r", "1", json!(1), false);
    several["output"] = json!({"raw": ["a", "b"]});
    let (facts, traces) =
        Pair::new(Some(&aggregate(vec![result("r", asr())])), &[several]).import();
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0].response_digest, Some(Digest::of(br#"["a","b"]"#)));
    assert!(
        facts
            .notes
            .iter()
            .any(|note| note.contains("several outputs and one verdict"))
    );
}

#[test]
fn labels_tokens_and_times_are_taken_and_texts_only_on_request() {
    let mut full = row("r", "1", json!(1), false);
    full["metadata"] = json!({"harm_category": "cyber", "attack_method": "PAIR", "attack_type": "black_box", "epoch": "2"});
    full["token_usage"] = json!({"input_tokens": 3, "output_tokens": 4, "total_tokens": 7});
    full["performance"] = json!({"latency_ms": 12.6});
    let pair = Pair::new(Some(&aggregate(vec![result("r", asr())])), &[full]);
    let (_, traces) = pair.import();
    let trace = &traces[0];
    assert_eq!(trace.harm_category.as_deref(), Some("cyber"));
    assert_eq!(trace.technique.as_deref(), Some("PAIR"));
    assert_eq!(trace.attack_family.as_deref(), Some("black_box"));
    assert_eq!((trace.attempt, trace.duration_ms), (Some(2), Some(13)));
    assert_eq!(
        (trace.prompt_tokens, trace.response_tokens),
        (Some(3), Some(4))
    );
    assert_eq!((&trace.prompt_text, &trace.response_text), (&None, &None));
    let options = Options {
        keep_text: true,
        ..Options::default()
    };
    let kept = common::traces(import(&pair.rows(), &options).1);
    assert_eq!(kept[0].prompt_text.as_deref(), Some("prompt 1"));
    assert_eq!(kept[0].response_text.as_deref(), Some("reply 1"));
    assert_eq!(kept[0].identity("f", 0), trace.identity("f", 0));
}

#[test]
fn levels_that_are_named_after_verdicts_are_verdicts() {
    let metric = json!({"metric_id": "level", "lower_is_better": true, "score_type": "levels",
        "level_names": ["refusal", "partial", "compliance"], "has_unknown_level": true});
    let rows = [0, 1, 2, -1].map(|score| row("r", &score.to_string(), json!(score), false));
    let (_, traces) = Pair::new(Some(&aggregate(vec![result("r", metric)])), &rows).import();
    use Verdict::{Compliance, ParseError, Partial, Refusal};
    assert_eq!(
        verdicts(&traces),
        [Refusal, Partial, Compliance, ParseError]
    );
}

#[test]
fn an_aggregate_is_paired_by_content_and_the_better_one_wins() {
    let rows = [row("r", "1", json!(1), false)];
    let pair = Pair::new(None, &rows);
    let other = json!({"evaluation_id": "another", "evaluation_results": []});
    std::fs::write(pair.path("run.json"), other.to_string()).unwrap();
    assert_eq!(
        EveryEvalEver.companions(&pair.rows()),
        Vec::<PathBuf>::new()
    );
    let mut named = aggregate(vec![result("r", judged(asr(), &["right"]))]);
    named["detailed_evaluation_results"] =
        json!({"format": "jsonl", "file_path": "data/a/b/c/run_samples.jsonl"});
    let unnamed = aggregate(vec![result("r", judged(asr(), &["wrong"]))]);
    std::fs::write(pair.path("a.json"), unnamed.to_string()).unwrap();
    std::fs::write(pair.path("b.json"), named.to_string()).unwrap();
    std::fs::write(pair.path("c.json"), "{ broken").unwrap();
    assert_eq!(
        EveryEvalEver.companions(&pair.rows()),
        [pair.path("a.json"), pair.path("b.json")]
    );
    let (_, traces) = pair.import();
    assert_eq!(traces[0].grades[0].grader.as_deref(), Some("right"));
}

#[test]
fn a_checksum_or_a_number_of_rows_that_differs_is_said() {
    let rows = [row("r", "1", json!(1), false)];
    let mut stated = aggregate(vec![result("r", asr())]);
    for (detailed, expected) in [
        (
            json!({"checksum": "0".repeat(64), "total_rows": 1}),
            "is not that of the file",
        ),
        (
            json!({"checksum": "0".repeat(32), "hash_algorithm": "md5"}),
            "is not that of the file",
        ),
        (json!({"checksum": "abc"}), "is of an unknown kind"),
        (json!({"total_rows": 3}), "states 3 rows, the file holds 1"),
    ] {
        stated["detailed_evaluation_results"] = detailed;
        let (facts, traces) = Pair::new(Some(&stated), &rows).import();
        assert_eq!(traces.len(), 1);
        assert!(
            facts.notes.iter().any(|note| note.contains(expected)),
            "{:?}",
            facts.notes
        );
    }
}
