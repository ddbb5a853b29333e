//! Logs made by hand for what the genuine ones do not hold.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::{Digest, GraderKind, Outcome, PromptKey, Verdict};
use caveat_importer::Claim;
use common::{archive_of, claim, file_of, import, import_samples, import_with, log_of, options};
use serde_json::{Value, json};

fn sample(id: Value, scores: Value) -> Value {
    json!({
        "id": id, "epoch": 1, "input": "placeholder", "target": "x",
        "output": {"model": "gpt-4o", "choices": [
            {"message": {"role": "assistant", "content": "reply"}, "stop_reason": "stop"}]},
        "scores": scores,
    })
}

/// Grader, verdict and raw value of each grade of the only trace.
fn grades(scores: Value, given: Value) -> Vec<(String, Verdict, String)> {
    let imported = import_samples(&[sample(json!("a"), scores)], given);
    assert_eq!(imported.rejects, []);
    let grades = imported.traces[0].grades.iter().map(|grade| {
        let grader = grade.grader.clone().unwrap();
        (grader, grade.verdict, grade.raw.clone().unwrap())
    });
    grades.collect()
}

#[test]
fn values_of_every_type_are_kept_raw_and_judged_where_the_name_allows_it() {
    use Verdict::{Compliance, NotGradeable, Partial, Refusal, Unscored};
    for (scorer, value, verdict, raw) in [
        ("attack_success", json!("C"), Compliance, "C"),
        ("attack_success", json!("I"), Refusal, "I"),
        ("attack_success", json!("P"), Partial, "P"),
        ("attack_success", json!("N"), NotGradeable, "N"),
        ("attack_success", json!(true), Compliance, "true"),
        ("attack_success", json!(0), Refusal, "0"),
        ("attack_success", json!("yes"), Compliance, "yes"),
        ("attack_success", json!(0.25), Unscored, "0.25"),
        ("attack_success", json!(1.0), Unscored, "1.0"),
        ("attack_success", json!(7), Unscored, "7"),
        ("attack_success", json!([1, 0]), Unscored, "[1,0]"),
        ("refused", json!(true), Refusal, "true"),
        ("refused", json!("I"), Compliance, "I"),
        ("quality", json!("C"), Unscored, "C"),
        ("quality", json!("unsafe"), Compliance, "unsafe"),
        ("quality", json!("Refused"), Refusal, "Refused"),
        ("quality", json!(null), Unscored, "null"),
    ] {
        let found = grades(json!({scorer: {"value": value}}), json!({}));
        let expected = (scorer.to_owned(), verdict, raw.to_owned());
        assert_eq!(found, [expected], "{scorer} {value}");
    }
}

#[test]
fn a_long_text_as_a_score_is_kept_only_with_the_texts() {
    let long = sample(json!("a"), json!({"quality": {"value": "x".repeat(500)}}));
    let file = file_of(log_of(&[long]).to_string().as_bytes());
    for (keep_text, raw) in [(false, "text of 500 characters"), (true, &"x".repeat(500))] {
        let mut options = options(json!({}));
        options.keep_text = keep_text;
        let imported = import_with(file.path(), &options).unwrap();
        assert_eq!(imported.traces[0].grades[0].raw.as_deref(), Some(raw));
    }
}

#[test]
fn a_key_among_the_scores_is_neither_kept_nor_told() {
    let (key, token) = ("key-of-somebody", "sk-abcdefghijklmnop1");
    let scores = json!({
        "api_key": {"value": key},
        "judge": {"value": {"authorization": key, "safe": token}},
        "other": {"value": token},
    });
    for keep_text in [false, true] {
        let file = file_of(
            log_of(&[sample(json!("a"), scores.clone())])
                .to_string()
                .as_bytes(),
        );
        let mut options = options(json!({}));
        options.keep_text = keep_text;
        let imported = import_with(file.path(), &options).unwrap();
        assert_eq!(imported.traces[0].grades.len(), 4);
        let told = format!("{:?}{:?}", imported.traces[0].grades, imported.facts.notes);
        assert!(!told.contains(key) && !told.contains(token), "{told}");
    }
}

#[test]
fn a_dictionary_is_one_grader_for_each_key() {
    let value = json!({"refusal": 1, "convincingness": 5, "score": 0.5, "note": null});
    let found = grades(json!({"strong_reject": {"value": value}}), json!({}));
    let expected = [
        ("refusal", Verdict::Refusal, "1"),
        ("convincingness", Verdict::Unscored, "5"),
        ("score", Verdict::Unscored, "0.5"),
        ("note", Verdict::Unscored, "null"),
    ];
    let expected = expected
        .map(|(key, verdict, raw)| (format!("strong_reject.{key}"), verdict, raw.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn the_users_rule_comes_before_the_name_and_reaches_into_dictionaries() {
    let rules = json!({"success": {
        "jailbreak_judge": {"equals": 0},
        "rubric": {"at_least": 0.5, "key": "score"},
        "parts.harm": {"at_least": 3},
        "qa": {"equals": "C"},
        "strict": {"equals": ["C", "P"]},
        "absent": {"equals": 1},
    }});
    let value = |value: Value| json!({"value": value});
    let found = grades(
        json!({
            "jailbreak_judge": value(json!(0)),
            "rubric": value(json!({"score": 0.75, "other": 1})),
            "parts": value(json!({"harm": 2, "help": 9})),
            "qa": value(json!("P")),
            "strict": value(json!("P")),
        }),
        rules,
    );
    let expected = [
        ("jailbreak_judge", Verdict::Compliance, "0"),
        ("rubric.score", Verdict::Compliance, "0.75"),
        ("rubric.other", Verdict::Unscored, "1"),
        ("parts.harm", Verdict::Refusal, "2"),
        ("parts.help", Verdict::Unscored, "9"),
        ("qa", Verdict::Partial, "P"),
        ("strict", Verdict::Compliance, "P"),
    ];
    let expected =
        expected.map(|(grader, verdict, raw)| (grader.to_owned(), verdict, raw.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn a_rule_for_every_other_grader_and_a_rule_for_none_are_told() {
    let scores =
        json!({"qa": {"value": "N"}, "refused": {"value": {"a": "C"}}, "own": {"value": 1.5}});
    let rules =
        json!({"success": {"*": {"equals": "C"}, "own": {"at_least": 2}, "abesnt": {"equals": 1}}});
    let imported = import_samples(&[sample(json!("a"), scores)], rules);
    let verdicts: Vec<_> = imported.traces[0]
        .grades
        .iter()
        .map(|grade| grade.verdict)
        .collect();
    assert_eq!(
        verdicts,
        [Verdict::NotGradeable, Verdict::Compliance, Verdict::Refusal]
    );
    assert!(imported.has_note("the rule for `abesnt` was applied to no score"));
    assert!(imported.has_note("grader `own` (heuristic): by the rule given, verdicts: 1"));
}

#[test]
fn bare_nan_is_a_grader_that_could_not_score_and_infinity_is_no_point_on_a_scale() {
    let text = log_of(&[sample(
        json!("NaN"),
        json!({"harm": {"value": "TOKEN1"}, "attack": {"value": {"a": "TOKEN2", "b": 1}}}),
    )]);
    let text = text
        .to_string()
        .replace("\"TOKEN1\"", "NaN")
        .replace("\"TOKEN2\"", "-Infinity");
    let imported = import(file_of(text.as_bytes()).path());
    let grades: Vec<_> = imported.traces[0]
        .grades
        .iter()
        .map(|grade| (grade.verdict, grade.raw.as_deref().unwrap()))
        .collect();
    let expected = [
        (Verdict::ParseError, "NaN"),
        (Verdict::ParseError, "-Infinity"),
        (Verdict::Unscored, "1"),
    ];
    assert_eq!(grades, expected);
    // The word in a text stays a word.
    assert_eq!(imported.traces[0].record_id.as_deref(), Some("NaN"));
    assert!(imported.has_note(
        "`harm` (heuristic): scores that it could not give (NaN, or a reason that says so): 1"
    ));
}

#[test]
fn a_grader_that_says_it_failed_has_no_verdict_whatever_its_value() {
    let found = grades(
        json!({"attack_judge": {"value": "I", "reason": "grader_failed"}, "refusal": null}),
        json!({}),
    );
    let expected = (
        "attack_judge".to_owned(),
        Verdict::ParseError,
        "I".to_owned(),
    );
    assert_eq!(found, [expected]);
}

#[test]
fn errors_filters_limits_and_missing_replies_are_told_apart() {
    let with = |id: &str, change: Value| {
        let mut sample = sample(json!(id), json!({"refused": {"value": "C"}}));
        let members = sample.as_object_mut().unwrap();
        members.extend(change.as_object().unwrap().clone());
        sample
    };
    let stopped = |reason: &str, content: &str| json!({"output": {"choices": [{"message": {"content": content}, "stop_reason": reason}]}});
    let nothing = json!({"output": {"choices": [], "completion": ""}});
    let imported = import_samples(
        &[
            with("error", json!({"error": {"message": "placeholder"}})),
            with("filter", stopped("content_filter", "")),
            with("filtered text", stopped("content_filter", "I cannot")),
            with("empty", stopped("stop", "")),
            with("long", stopped("length", "text")),
            with("nothing", nothing.clone()),
            with(
                "no output",
                json!({"output": null, "limit": {"type": "token", "limit": 1}}),
            ),
            with(
                "completion",
                json!({"output": {"choices": [], "completion": "text"}}),
            ),
            with(
                "messages",
                json!({"output": nothing["output"], "messages": [
                {"role": "user", "content": "u"}, {"role": "assistant", "content": "from the solver"}]}),
            ),
        ],
        json!({}),
    );
    let found: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| (trace.outcome, trace.response_text.as_deref()))
        .collect();
    let expected = [
        (Outcome::Error, Some("reply")),
        (Outcome::Filtered, None),
        (Outcome::Filtered, Some("I cannot")),
        (Outcome::Response, Some("")),
        (Outcome::Response, Some("text")),
        (Outcome::Error, None),
        (Outcome::Error, None),
        (Outcome::Response, Some("text")),
        (Outcome::Response, Some("from the solver")),
    ];
    assert_eq!(found, expected);
    assert!(imported.has_note("ended with an error, and have no verdict that counts: 1"));
    assert!(imported.has_note("without a reply of the model, which count as errors: 2"));
    assert!(imported.has_note("by limit: `token` 1"));
}

#[test]
fn a_request_that_failed_is_an_error_and_no_score_of_it_counts() {
    let with = |id: &str, output: Value| {
        let mut sample = sample(json!(id), json!({"refused": {"value": "C"}}));
        sample["output"] = output;
        sample["messages"] =
            json!([{"role": "user", "content": "u"}, {"role": "assistant", "content": "earlier"}]);
        sample
    };
    let choice = |reason: &str| json!([{"message": {"content": "text"}, "stop_reason": reason}]);
    let imported = import_samples(
        &[
            with("a", json!({"error": "boom", "choices": []})),
            with(
                "b",
                json!({"error": "boom", "choices": choice("model_length")}),
            ),
            with(
                "c",
                json!({"error": "blocked", "choices": choice("content_filter")}),
            ),
            with("d", json!({"error": null, "choices": choice("stop")})),
            with("e", json!({"error": "", "choices": choice("stop")})),
        ],
        json!({}),
    );
    let found: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| (trace.outcome, trace.grades[0].verdict))
        .collect();
    let expected = [
        (Outcome::Error, Verdict::NotGradeable),
        (Outcome::Error, Verdict::NotGradeable),
        (Outcome::Filtered, Verdict::Refusal),
        (Outcome::Response, Verdict::Refusal),
        (Outcome::Response, Verdict::Refusal),
    ];
    assert_eq!(found, expected);
    assert_eq!(imported.traces[0].grades[0].raw.as_deref(), Some("C"));
    assert_eq!(imported.traces[0].response_text, None);
}

#[test]
fn an_invalidated_sample_is_kept_and_its_grades_are_not_gradeable() {
    let mut invalid = sample(json!("a"), json!({"refused": {"value": "C"}}));
    invalid["invalidation"] = json!({"author": "reviewer", "reason": "placeholder"});
    let imported = import_samples(&[invalid], json!({}));
    let grade = &imported.traces[0].grades[0];
    assert_eq!(
        (grade.verdict, grade.raw.as_deref()),
        (Verdict::NotGradeable, Some("C"))
    );
    assert!(imported.has_note("invalidated after the run, whose grades are not gradeable: 1"));
}

#[test]
fn a_log_of_version_1_has_one_score_whose_scorer_stands_in_the_results() {
    let mut log = log_of(&[]);
    log["version"] = json!(1);
    log["results"] = json!({"scorer": {"name": "attack_match"}, "metrics": {}});
    let mut old = sample(json!(1), json!(null));
    let members = old.as_object_mut().unwrap();
    members.remove("scores");
    members.insert("score".to_owned(), json!({"value": "C", "answer": "x"}));
    members.insert(
        "input".to_owned(),
        json!("attachment://0da6946247aa46ac961db4207faafcd4"),
    );
    members.insert(
        "transcript".to_owned(),
        json!({"events": [1, 2], "content": {"0da6946247aa46ac961db4207faafcd4": "the long text"}}),
    );
    log["samples"] = json!([old]);
    let file = file_of(log.to_string().as_bytes());
    let imported = import_with(file.path(), &options(json!({}))).unwrap();
    let trace = &imported.traces[0];
    assert_eq!(trace.grades[0].grader.as_deref(), Some("attack_match"));
    assert_eq!(trace.grades[0].verdict, Verdict::Compliance);
    assert_eq!(trace.prompt_text.as_deref(), Some("the long text"));
    assert_eq!(
        imported.facts.format_version.as_deref(),
        Some("log version 1, inspect_ai 0.3.285")
    );
}

#[test]
fn texts_of_attachments_are_used_wherever_they_stand_and_a_missing_one_rejects_the_sample() {
    let id = "0da6946247aa46ac961db4207faafcd4";
    let reference = format!("attachment://{id}");
    let mut whole = sample(json!("a"), json!({"quality": {"value": reference}}));
    whole["output"]["choices"][0]["message"]["content"] =
        json!([{"type": "reasoning", "reasoning": "x"}, {"type": "text", "text": reference}]);
    whole["metadata"] = json!({"category": reference});
    whole["attachments"] = json!({id: "long text", "ffffffffffffffffffffffffffffffff": "unused"});
    let mut missing = whole.clone();
    missing["attachments"] = json!({});
    // An order of its own: the attachments stand first.
    let mut first = serde_json::Map::new();
    first.insert("attachments".to_owned(), whole["attachments"].clone());
    first.extend(
        whole
            .as_object()
            .unwrap()
            .iter()
            .filter(|(key, _)| *key != "attachments")
            .map(|(key, value)| (key.clone(), value.clone())),
    );
    let imported = import_samples(&[whole, missing, Value::Object(first)], json!({}));
    assert_eq!(imported.traces.len(), 2);
    for trace in &imported.traces {
        assert_eq!(trace.response_text.as_deref(), Some("long text"));
        assert_eq!(trace.grades[0].raw.as_deref(), Some("long text"));
        assert_eq!(trace.harm_category.as_deref(), Some("long text"));
    }
    assert_eq!(imported.rejects.len(), 1);
    assert!(
        imported.rejects[0].reason.contains("is missing"),
        "{:?}",
        imported.rejects
    );
}

#[test]
fn the_key_of_a_prompt_is_the_authors_id_and_else_the_text() {
    let imported = import_samples(
        &[
            sample(json!("q-1"), json!(null)),
            sample(json!(17), json!(null)),
        ],
        json!({}),
    );
    let keys: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| trace.prompt.clone().unwrap())
        .collect();
    let by_id = PromptKey::Id {
        dataset: "placeholders".to_owned(),
        id: "q-1".to_owned(),
    };
    assert_eq!(keys, [by_id, PromptKey::Text(Digest::of(b"placeholder"))]);
    let records: Vec<_> = imported
        .traces
        .iter()
        .map(|t| t.record_id.as_deref().unwrap())
        .collect();
    assert_eq!(records, ["q-1", "17"]);
    assert_eq!(imported.traces[0].run_id.as_deref(), Some("task1"));
}

#[test]
fn a_sample_with_an_id_of_the_world_is_the_same_in_every_log_that_holds_it() {
    let mut own = sample(json!("q-1"), json!(null));
    own["uuid"] = json!("WMtopwpEdzFLXnjXctwRNH");
    let mut log = log_of(std::slice::from_ref(&own));
    let first = import(file_of(log.to_string().as_bytes()).path());
    // A retry, a merge of shards and a conversion write other ids of the run.
    for key in ["run_id", "eval_id", "task_id"] {
        log["eval"][key] = json!("another");
    }
    let second = import(file_of(log.to_string().as_bytes()).path());
    assert_eq!(
        first.traces[0].record_id.as_deref(),
        Some("q-1 WMtopwpEdzFLXnjXctwRNH")
    );
    let identity = |imported: &common::Imported| imported.traces[0].identity("inspect", 0);
    assert_eq!(identity(&first), identity(&second));
}

#[test]
fn graders_are_told_apart_from_the_model_under_test() {
    let mut log = log_of(&[sample(
        json!("a"),
        json!({"harm_rubric": {"value": 1}, "plain": {"value": 1},
        "includes": {"value": "C"}, "llama_guard": {"value": "unsafe"}}),
    )]);
    log["eval"]["model_roles"] =
        json!({"grader": {"model": "anthropic/claude", "model_args": {"api_key": "secret"}}});
    log["samples"][0]["output"]["model"] = json!("other-model");
    let given = options(json!({"kinds": {"plain": "human"}}));
    let imported = import_with(file_of(log.to_string().as_bytes()).path(), &given).unwrap();
    let trace = &imported.traces[0];
    assert_eq!(trace.model.name, "openai/gpt-4o");
    assert_eq!(trace.model.provider.as_deref(), Some("openai"));
    let graders: Vec<_> = trace
        .grades
        .iter()
        .map(|grade| (grade.kind, grade.version.as_deref()))
        .collect();
    let expected = [
        (GraderKind::Llm, Some("anthropic/claude")),
        (GraderKind::Human, None),
        (GraderKind::Rule, None),
        (GraderKind::Classifier, None),
    ];
    assert_eq!(graders, expected);
    assert!(imported.has_note(
        "another model than `openai/gpt-4o`, under which they are kept: `other-model` 1"
    ));
    assert!(!format!("{:?}{:?}", imported.facts, imported.traces).contains("secret"));
}

#[test]
fn tokens_of_a_cache_were_read_and_a_time_is_milliseconds() {
    let mut one = sample(json!("a"), json!(null));
    one["output"]["usage"] = json!({"input_tokens": 3, "input_tokens_cache_read": 100,
        "input_tokens_cache_write": null, "output_tokens": 9, "total_tokens": 112});
    one["output"]["time"] = json!(1.2345);
    one["started_at"] = json!("2026-11-23T08:17:26+00:00");
    let trace = &import_samples(&[one], json!({})).traces[0];
    assert_eq!(
        (trace.prompt_tokens, trace.response_tokens),
        (Some(103), Some(9))
    );
    assert_eq!(trace.duration_ms, Some(1234));
    assert_eq!(
        trace.observed_at.as_deref(),
        Some("2026-11-23T08:17:26+00:00")
    );
}

#[test]
fn a_task_without_a_model_is_kept_under_the_model_that_replied() {
    let mut log = log_of(&[sample(json!("a"), json!(null))]);
    log["eval"]["model"] = json!("none/none");
    let imported = import(file_of(log.to_string().as_bytes()).path());
    assert_eq!(imported.traces[0].model.name, "gpt-4o");
    assert_eq!(imported.traces[0].model.provider, None);
}

const START: &str =
    r#"{"version": 2, "eval": {"task": "t", "task_id": "i", "model": "m/n"}, "plan": {}}"#;

#[test]
fn ids_that_are_hostile_names_are_only_names() {
    let content = |id: &str| {
        json!({"id": id, "epoch": 1, "input": "p", "output": {"completion": "r"}}).to_string()
    };
    let hostile = [
        "../../etc/passwd",
        "a/b\\c \"d\" é",
        "x_epoch_2",
        "messages/0",
        "/",
    ];
    let names: Vec<String> = hostile
        .iter()
        .map(|id| format!("samples/{id}_epoch_1.json"))
        .collect();
    let contents: Vec<String> = hostile.iter().map(|id| content(id)).collect();
    let mut members = vec![("_journal/start.json", START)];
    members.extend(
        names
            .iter()
            .map(String::as_str)
            .zip(contents.iter().map(String::as_str)),
    );
    let file = archive_of(&members);
    let imported = import(file.path());
    assert_eq!(imported.rejects, []);
    let ids: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| trace.record_id.as_deref().unwrap())
        .collect();
    assert_eq!(ids, hostile);
    assert_eq!(
        imported.traces[0].location.entry.as_deref(),
        Some(names[0].as_str())
    );
}

#[test]
fn samples_of_one_piece_and_of_chunks_may_share_a_log() {
    let whole =
        json!({"id": "a", "epoch": 1, "input": "p", "output": {"completion": "r"}}).to_string();
    let shell = json!({"id": "b", "epoch": 2, "input": "p", "message_refs": [[0, 2], [3, 5]],
        "output": {"choices": [{"message": {"content": "attachment://3"}}]}})
    .to_string();
    let message = |source: &str| json!({"role": "assistant", "source": source, "content": "x"});
    let generated = message("generate");
    let first = json!([generated, generated, generated]).to_string();
    let second = json!([generated, {"role": "user", "content": "u"}, generated]).to_string();
    let broken =
        json!({"id": "c", "epoch": 1, "message_refs": [[0, 1]], "output": {"completion": "r"}})
            .to_string();
    let file = archive_of(&[
        ("header.json", START),
        ("samples/a_epoch_1.json", &whole),
        ("samples/b_epoch_2/messages/0.json", &first),
        ("samples/b_epoch_2/messages/3.json", &second),
        ("samples/b_epoch_2/sample.json", &shell),
        (
            "samples/b_epoch_2/metadata.json",
            r#"{"category": "fraud", "other": [1]}"#,
        ),
        ("samples/b_epoch_2/attachments/0.json", r#"["no", "no"]"#),
        (
            "samples/b_epoch_2/attachments/2.json",
            r#"["no", "the reply"]"#,
        ),
        ("samples/b_epoch_2/events/0.json", "{not read"),
        ("samples/c_epoch_1/sample.json", &broken),
        ("samples/d_epoch_1/messages/0.json", "[]"),
    ]);
    let imported = import_with(file.path(), &options(json!({}))).unwrap();
    let found: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| {
            (
                trace.response_text.as_deref().unwrap(),
                trace.attempt,
                trace.turns,
            )
        })
        .collect();
    let expected = [
        ("r", Some(1), None),
        ("the reply", Some(2), Some(3)),
        ("r", Some(1), None),
    ];
    assert_eq!(found, expected);
    assert_eq!(imported.traces[1].harm_category.as_deref(), Some("fraud"));
    assert_eq!(imported.rejects.len(), 1);
    assert!(
        imported.rejects[0]
            .reason
            .contains("`sample.json` is missing")
    );
    assert!(
        imported.has_note("lack parts of their conversation, so that turns are not counted: 1")
    );
}

#[test]
fn a_summary_without_its_sample_is_said() {
    let whole =
        json!({"id": "a", "epoch": 1, "input": "p", "output": {"completion": "r"}}).to_string();
    let file = archive_of(&[
        ("_journal/start.json", START),
        ("samples/a_epoch_1.json", &whole),
        ("summaries.json", r#"[{"id": "a"}, {"id": "b"}]"#),
    ]);
    let imported = import(file.path());
    assert!(imported.has_note("lists 2 samples, the archive holds 1"));
}

#[test]
fn other_files_are_not_claimed() {
    for text in [
        "{}",
        "[]",
        "not JSON",
        r#"{"version": 2, "status": "success", "eval": {"task": "t"}}"#,
        r#"{"evalId": "x", "results": {"version": 3, "results": []}}"#,
        r#"{"spec": {"eval_name": "x", "run_id": "y", "created_at": "z"}}"#,
        r#"{"parameters": {"method": "PAIR", "model": "m"}, "jailbreaks": []}"#,
    ] {
        assert_eq!(claim(file_of(text.as_bytes()).path()), Claim::No, "{text}");
    }
    let other = archive_of(&[("word/document.xml", "<x/>"), ("samples.json", "[]")]);
    assert_eq!(claim(other.path()), Claim::No);
    let headless = archive_of(&[("samples/a_epoch_1.json", "{}")]);
    assert!(matches!(claim(headless.path()), Claim::Almost(_)));
}

#[test]
fn a_start_of_a_long_log_is_claimed() {
    let mut log = log_of(&[]);
    let ids: Vec<u32> = (0..40_000).collect();
    log["eval"]["dataset"]["sample_ids"] = json!(ids);
    let file = file_of(log.to_string().as_bytes());
    assert!(matches!(
        claim(file.path()),
        Claim::Yes { confidence: 95, .. }
    ));
}

#[test]
fn options_that_nobody_reads_are_refused() {
    for (given, part) in [
        (json!({"sucess": {}}), "unknown option `sucess`"),
        (json!({"kinds": {"x": "robot"}}), "the kind of `x`"),
        (json!({"kinds": 7}), "`kinds`"),
        (json!({"harm_category": 7}), "`harm_category`"),
    ] {
        let file = file_of(log_of(&[]).to_string().as_bytes());
        let error = import_with(file.path(), &options(given))
            .err()
            .unwrap()
            .to_string();
        assert!(
            error.contains(part) && error.contains("\nhint: "),
            "{error}"
        );
    }
}
