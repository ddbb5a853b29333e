//! Damaged, hostile and wrong input.

#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::Verdict;
use caveat_import_every_eval_ever::EveryEvalEver;
use caveat_importer::{Claim, Importer as _, Limits, Options, Probe};
use common::{Pair, aggregate, asr, import, result, row, traces};
use serde_json::{Value, json};

/// Imports one damaged row between two good ones and gives the reason of its reject.
fn reason(line: &str) -> String {
    let pair = Pair::new(None, &[]);
    let good = |sample: &str| row("r", sample, json!(1), false).to_string();
    let text = format!("{}\n{line}\n{}\n", good("1"), good("2"));
    std::fs::write(pair.rows(), text).unwrap();
    let (facts, collector) = import(&pair.rows(), &Options::default());
    assert!(facts.is_ok(), "{facts:?}");
    assert_eq!(collector.records.len(), 2, "{line:.80}");
    assert_eq!(collector.rejects.len(), 1, "{line:.80}");
    let reject = &collector.rejects[0];
    assert_eq!(reject.location.record.as_deref(), Some("2"));
    assert_eq!(reject.location.byte, Some(good("1").len() as u64 + 1));
    reject.reason.clone()
}

fn with(member: &str, value: Value) -> String {
    let mut row = row("r", "x", json!(1), false);
    row[member] = value;
    row.to_string()
}

#[test]
fn a_faulty_row_is_one_reject_with_its_place_and_reason() {
    for (line, expected) in [
        ("[]".to_owned(), "expected an object"),
        ("not json".to_owned(), "not valid JSON"),
        ("{}".to_owned(), "`evaluation_id` is missing"),
        (with("model_id", Value::Null), "`model_id` is missing"),
        (with("sample_id", json!("")), "`sample_id` is missing"),
        (with("sample_id", json!([1])), "`sample_id` holds a list"),
        (
            with("model_id", json!("m".repeat(30_000))),
            "characters, at most",
        ),
        (
            with("interaction_type", json!("duel")),
            "expected single_turn",
        ),
        (with("input", json!([])), "`input` holds a list"),
        (
            with("input", json!({"raw": 5})),
            "`input.raw` holds a number",
        ),
        (
            with("output", json!({"raw": [1]})),
            "`output.raw` holds a number",
        ),
        (with("evaluation", json!("x")), "`evaluation` holds text"),
        (
            with("evaluation", json!({"score": "1"})),
            "`evaluation.score` holds text",
        ),
        (
            with("evaluation", json!({"score": 1, "is_correct": 1})),
            "`evaluation.is_correct` holds a number",
        ),
        (
            with("token_usage", json!({"input_tokens": -1})),
            "`token_usage.input_tokens` is -1",
        ),
        (
            with("performance", json!({"latency_ms": -0.6})),
            "`performance.latency_ms` is -0.6",
        ),
        (with("error", json!(true)), "`error` holds true or false"),
        (with("metadata", json!("x")), "`metadata` holds text"),
        (
            with("messages", json!(5)).replace("single_turn", "agentic"),
            "`messages` holds a number",
        ),
        (
            with("messages", json!([1])).replace("single_turn", "agentic"),
            "`messages` holds a number",
        ),
        (
            with("sample_id", json!("x")).replacen('{', "{\"sample_id\":\"y\",", 1),
            "duplicate field",
        ),
        (
            with("x", json!(1)).replace("\"x\":1", &format!("\"x\":{}", "[".repeat(100_000))),
            "levels deep",
        ),
        (
            with("metadata", json!({"caveat.export": "9"})),
            "a newer caveat wrote it",
        ),
        (
            with("metadata", json!({"caveat.export": "1"})),
            "`caveat.outcome` is missing",
        ),
        (
            with(
                "metadata",
                json!({"caveat.export": "1", "caveat.outcome": "fine"}),
            ),
            "no outcome has this name",
        ),
        (
            with(
                "metadata",
                json!({"caveat.export": "1", "caveat.outcome": "response", "caveat.verdict": "won"}),
            ),
            "unknown verdict word",
        ),
        (
            with(
                "metadata",
                json!({"caveat.export": "1", "caveat.outcome": "response", "caveat.attempt": "-1"}),
            ),
            "no whole number",
        ),
        (
            with(
                "metadata",
                json!({"caveat.export": "1", "caveat.outcome": "response", "caveat.response_sha256": "ab"}),
            ),
            "64 hexadecimal digits",
        ),
        (
            with(
                "metadata",
                json!({"caveat.export": "1", "caveat.outcome": "response", "caveat.texts": "response",
            "caveat.response_sha256": "0".repeat(64)}),
            ),
            "does not have the digest",
        ),
    ] {
        let reason = reason(&line);
        assert!(reason.contains(expected), "{line:.120}: {reason}");
    }
    let mut bytes = row("r", "x", json!(1), false).to_string().into_bytes();
    bytes[20] = 0xff;
    let pair = Pair::new(None, &[row("r", "1", json!(1), false)]);
    let mut text = std::fs::read(pair.rows()).unwrap();
    text.extend(bytes);
    text.push(b'\n');
    std::fs::write(pair.rows(), text).unwrap();
    let (_, collector) = import(&pair.rows(), &Options::default());
    assert!(collector.rejects[0].reason.contains("UTF-8"));
}

#[test]
fn numbers_that_are_none_fail_the_grader_and_not_the_row() {
    let line = row("r", "1", json!(1), false).to_string();
    let metric = aggregate(vec![result("r", asr())]);
    for token in ["NaN", "Infinity", "-Infinity", "1e999"] {
        let pair = Pair::new(Some(&metric), &[]);
        std::fs::write(
            pair.rows(),
            line.replace("\"score\":1", &format!("\"score\":{token}")),
        )
        .unwrap();
        let (_, traces) = pair.import();
        assert_eq!(traces[0].grades[0].verdict, Verdict::ParseError, "{token}");
        assert_eq!(traces[0].grades[0].raw.as_deref(), Some(token));
    }
    let pair = Pair::new(Some(&metric), &[]);
    std::fs::write(pair.rows(), line.replace("reply", "\\ud800")).unwrap();
    assert_eq!(pair.import().1.len(), 1);
}

#[test]
fn a_file_that_is_cut_anywhere_keeps_what_is_whole() {
    let rows: Vec<Value> = (0..4)
        .map(|n| row("r", &n.to_string(), json!(1), false))
        .collect();
    let pair = Pair::new(Some(&aggregate(vec![result("r", asr())])), &rows);
    let whole = std::fs::read(pair.rows()).unwrap();
    let ends: Vec<usize> = whole
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == b'\n')
        .map(|(at, _)| at)
        .collect();
    for cut in 0..whole.len() {
        std::fs::write(pair.rows(), &whole[..cut]).unwrap();
        let (facts, collector) = import(&pair.rows(), &Options::default());
        let lines = ends.iter().filter(|end| **end <= cut).count();
        if lines == 0 {
            assert!(facts.is_err(), "{cut}");
            continue;
        }
        let facts = facts.unwrap();
        assert_eq!(collector.records.len(), lines, "{cut}");
        let is_half = !ends.contains(&cut) && !ends.contains(&(cut - 1)) && cut > 0;
        assert_eq!(collector.rejects.len(), usize::from(is_half), "{cut}");
        assert_eq!(
            facts.notes.iter().any(|note| note.contains("cut short")),
            is_half,
            "{cut}"
        );
    }
}

#[test]
fn a_line_beyond_the_limit_is_one_reject() {
    let rows = [
        row("r", "1", json!(1), false),
        row("r", &"x".repeat(5_000), json!(1), false),
        row("r", "3", json!(1), false),
    ];
    let pair = Pair::new(None, &rows);
    let limits = Limits {
        max_record_bytes: 4_000,
        ..Limits::default()
    };
    let (facts, collector) = import(
        &pair.rows(),
        &Options {
            limits,
            ..Options::default()
        },
    );
    assert!(facts.is_ok());
    assert_eq!((collector.records.len(), collector.rejects.len()), (2, 1));
    assert!(
        collector.rejects[0]
            .reason
            .contains("at most 4000 are read")
    );
}

#[test]
fn what_is_no_file_of_rows_is_refused_with_a_hint() {
    let pair = Pair::new(None, &[]);
    for text in [
        "",
        "\n\n",
        "{\"a\": 1}\n",
        "[1, 2]",
        "{\"evaluation_id\": \"x\"",
        "\u{0}\u{0}",
    ] {
        std::fs::write(pair.rows(), text).unwrap();
        let message = import(&pair.rows(), &Options::default())
            .0
            .unwrap_err()
            .to_string();
        assert!(message.contains("\nhint: "), "{message}");
    }
    let plain = aggregate(vec![result("r", asr())]).to_string();
    std::fs::write(pair.rows(), plain).unwrap();
    let message = import(&pair.rows(), &Options::default())
        .0
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("no count follows from a score"),
        "{message}"
    );
    let missing = import(&pair.path("nothing"), &Options::default()).0;
    assert!(matches!(
        missing,
        Err(caveat_importer::ImportError::Io { .. })
    ));
}

#[test]
fn a_damaged_aggregate_is_said_and_the_rows_are_imported() {
    let rows = [row("r", "1", json!(1), false)];
    let whole = aggregate(vec![result("r", asr())]).to_string();
    for cut in (0..whole.len()).step_by(7) {
        let pair = Pair::new(None, &rows);
        std::fs::write(pair.path("run.json"), &whole[..cut]).unwrap();
        let (facts, traces) = pair.import();
        assert_eq!(traces.len(), 1);
        assert!(
            facts.notes[0].contains("`run.json` is not used"),
            "{:?}",
            facts.notes
        );
    }
    for hostile in [
        json!({"evaluation_id": 1, "evaluation_results": 2}),
        json!({"evaluation_id": common::EVALUATION, "evaluation_results": [1, null, {"metric_config": []}, {"score_details": 1}]}),
        json!({"evaluation_id": common::EVALUATION, "evaluation_results": [{"evaluation_result_id": "r", "metric_config":
            {"min_score": "Infinity", "level_names": [1, null], "llm_scoring": {"judges": [1, {}]}}}],
            "detailed_evaluation_results": [], "model_info": 5}),
    ] {
        let (_, collector) = {
            let pair = Pair::new(Some(&hostile), &rows);
            import(&pair.rows(), &Options::default())
        };
        assert_eq!(traces(collector).len(), 1, "{hostile}");
    }
}

#[test]
fn a_damaged_first_row_does_not_hide_the_format() {
    let text = format!("{{\"broken\n{}\n", row("r", "1", json!(1), false));
    let path = std::path::Path::new("nowhere");
    let probe = |text: &str| {
        EveryEvalEver.probe(&Probe {
            path,
            head: text.as_bytes(),
            size: text.len() as u64,
        })
    };
    assert!(matches!(probe(&text), Claim::Yes { .. }));
    let half = r#"{"evaluation_id": "x", "sample_id": "y"}"#;
    assert!(matches!(probe(half), Claim::Almost(_)));
    let deep = "[".repeat(60_000);
    for other in [
        "",
        "{}",
        "[]",
        "PK\u{3}\u{4}",
        deep.as_str(),
        r#"{"evaluation_id": 1}"#,
    ] {
        assert_eq!(probe(other), Claim::No, "{other:.20}");
    }
    assert!(matches!(
        probe(r#"{"evaluation_id": 1, "evaluation_results": ["#),
        Claim::Almost(_)
    ));
}
