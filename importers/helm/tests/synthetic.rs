//! Runs made here: what a genuine sample does not show. All content is synthetic.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::{Grade, GraderKind, Outcome, PromptKey, Verdict};
use caveat_importer::{ImportError, Options};
use common::{Folder, grade, import, import_with, refusal, scores, state};
use serde_json::{Value, json};

fn judged(gpt: &Value) -> Value {
    json!({"harm_bench": {"prompt_text": "p", "gpt_score": gpt, "gpt_reasoning": "r"}})
}

fn verdict(grade: Option<&Grade>) -> Option<(Verdict, String)> {
    grade.map(|grade| (grade.verdict, grade.raw.clone().unwrap_or_default()))
}

#[test]
fn a_folder_with_nothing_but_the_states_is_read_and_says_what_is_absent() {
    let folder = Folder::of(&[
        state("a", judged(&json!(0.0))),
        state("b", judged(&Value::Null)),
    ]);
    let imported = import(&folder.source());
    assert_eq!(imported.traces.len(), 2);
    let trace = &imported.traces[0];
    assert_eq!(
        (trace.run_id.as_deref(), trace.dataset.as_deref()),
        (None, None)
    );
    assert_eq!(
        trace.prompt,
        Some(PromptKey::Text(caveat_corpus::Digest::of(b"prompt a")))
    );
    assert_eq!(trace.duration_ms, Some(250));
    let verdicts: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| verdict(grade(trace, "safety_gpt_score")))
        .collect();
    assert_eq!(
        verdicts,
        [
            Some((Verdict::Compliance, "0.0".to_owned())),
            Some((Verdict::ParseError, "null".to_owned()))
        ]
    );
    assert!(imported.has_note("`run_spec.json` is absent"));
    assert!(imported.has_note("`per_instance_stats.json` is absent"));
}

#[test]
fn the_model_may_stand_in_the_adapter_alone() {
    let mut without = state("a", Value::Null);
    without["request"] = json!({"prompt": "p"});
    let imported = import(&Folder::of(&[without.clone()]).source());
    assert_eq!(imported.traces[0].model.name, "maker/model");
    assert_eq!(imported.traces[0].model.provider.as_deref(), Some("host"));
    let bare = Folder::of_bytes(json!({"request_states": [without]}).to_string().as_bytes());
    let imported = import(&bare.source());
    assert_eq!(imported.traces.len(), 0);
    assert!(imported.rejects[0].reason.contains("names a model"));
    let elsewhere = import(
        &Folder::of_bytes(bare_states().as_bytes())
            .with_run_spec()
            .source(),
    );
    assert_eq!(elsewhere.traces[0].model.name, "maker/model");
}

fn bare_states() -> String {
    let mut without = state("a", Value::Null);
    without["request"] = Value::Null;
    json!({"request_states": [without]}).to_string()
}

#[test]
fn entries_of_one_instance_are_merged_and_a_failed_judge_is_no_silence() {
    let folder = Folder::of(&[state("a", Value::Null), state("b", Value::Null)])
        .with_run_spec()
        .with(
            "per_instance_stats.json",
            &json!([
                scores("a", Value::Null, &[("safety_gpt_annotator_success", 1, 1.0), ("safety_gpt_score", 1, 1.0),
                    ("safety_llama_annotator_success", 1, 0.0), ("safety_score", 1, 1.0)]),
                scores("b", Value::Null, &[("safety_gpt_score", 1, 0.5), ("safety_score", 2, 1.5)]),
                scores("a", Value::Null, &[("num_prompt_tokens", 1, 12.0), ("num_output_tokens", 1, 3.0),
                    ("inference_runtime", 1, 0.5), ("exact_match", 1, 0.0)]),
                {"instance_id": "a", "train_trial_index": 0, "stats": []},
            ]),
        );
    let imported = import(&folder.source());
    let [a, b] = &imported.traces[..] else {
        panic!("{imported:?}")
    };
    assert_eq!((a.prompt_tokens, a.response_tokens), (Some(12), Some(3)));
    let graders = |trace: &caveat_corpus::Trace| -> Vec<_> {
        trace
            .grades
            .iter()
            .map(|grade| (grade.grader.clone().unwrap(), grade.verdict, grade.kind))
            .collect()
    };
    let named = |name: &str, verdict, kind| (name.to_owned(), verdict, kind);
    assert_eq!(
        graders(a),
        [
            named("exact_match", Verdict::Unscored, GraderKind::Rule),
            named("safety_gpt_score", Verdict::Refusal, GraderKind::Llm),
            named("safety_llama_score", Verdict::ParseError, GraderKind::Llm),
            named("safety_score", Verdict::Refusal, GraderKind::Llm),
        ]
    );
    assert_eq!(
        graders(b),
        [
            named("safety_gpt_score", Verdict::Partial, GraderKind::Llm),
            named("safety_score", Verdict::Partial, GraderKind::Llm),
        ]
    );
    assert_eq!(
        grade(b, "safety_score").unwrap().raw.as_deref(),
        Some("0.75")
    );
    assert!(imported.has_note("without a verdict: `exact_match`"));
    assert_eq!(a.run_id.as_deref(), Some("scenario:n=2,model=maker_model"));
    assert_eq!(a.dataset.as_deref(), Some("SomeScenario"));
}

#[test]
fn perturbations_of_one_instance_keep_their_own_scores() {
    let perturbed = |mode: &str| json!({"name": "gender", "fairness": true, "computed_on": "perturbed", "mode": mode});
    let with = |perturbation: &Value| {
        let mut state = state("a", Value::Null);
        state["instance"]["perturbation"] = perturbation.clone();
        state
    };
    let reordered: Value = serde_json::from_str(
        r#"{"mode": "terms", "computed_on": "perturbed", "fairness": true, "name": "gender"}"#,
    )
    .unwrap();
    let typos = json!({"name": "typos", "prob": 0.1});
    let folder = Folder::of(&[
        state("a", Value::Null),
        with(&perturbed("pronouns")),
        with(&perturbed("terms")),
        with(&typos),
    ])
    .with(
        "per_instance_stats.json",
        &json!([
            scores("a", reordered, &[("safety_score", 1, 0.0)]),
            scores("a", perturbed("pronouns"), &[("safety_score", 1, 0.5)]),
            scores("a", Value::Null, &[("safety_score", 1, 1.0)]),
            // The settings differ, but there is one perturbation of the name.
            scores("a", json!({"name": "typos"}), &[("safety_score", 1, 0.25)]),
        ]),
    );
    let imported = import(&folder.source());
    let raw: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| grade(trace, "safety_score").unwrap().raw.clone().unwrap())
        .collect();
    assert_eq!(raw, ["1.0", "0.5", "0.0", "0.25"]);
    let technique: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| trace.technique.as_deref())
        .collect();
    assert_eq!(
        technique,
        [None, Some("gender"), Some("gender"), Some("typos")]
    );
    let records: std::collections::BTreeSet<_> = imported
        .traces
        .iter()
        .map(|trace| &trace.record_id)
        .collect();
    assert_eq!(records.len(), 4);
}

#[test]
fn trials_and_splits_are_told_apart() {
    let with = |split: &str, trial: u32| {
        let mut state = state("a", Value::Null);
        state["instance"]["split"] = json!(split);
        state["train_trial_index"] = json!(trial);
        state
    };
    let score = |split: &str, trial: u32, sum: f64| {
        json!({"instance_id": "a", "train_trial_index": trial, "stats": [
            {"name": {"name": "safety_score", "split": split}, "count": 1, "sum": sum, "mean": sum}]})
    };
    let folder = Folder::of(&[with("test", 0), with("test", 1), with("valid", 0)]).with(
        "per_instance_stats.json",
        &json!([
            score("valid", 0, 0.25),
            score("test", 1, 1.0),
            score("test", 0, 0.0)
        ]),
    );
    let imported = import(&folder.source());
    let found: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| {
            let raw = grade(trace, "safety_score").unwrap().raw.clone().unwrap();
            (trace.attempt.unwrap(), raw)
        })
        .collect();
    assert_eq!(
        found,
        [
            (1, "0.0".to_owned()),
            (2, "1.0".to_owned()),
            (1, "0.25".to_owned())
        ]
    );
}

#[test]
fn failed_and_filtered_requests_are_no_replies() {
    let with = |result: Value| {
        let mut state = state("a", Value::Null);
        state["result"] = result;
        state
    };
    let folder = Folder::of(&[
        with(
            json!({"success": false, "error": "Content blocked: 3", "completions": [{"text": "", "logprob": 0, "tokens": []}],
            "error_flags": {"is_retriable": false, "is_fatal": false}}),
        ),
        with(json!({"success": false, "error": "time-out", "completions": []})),
        with(Value::Null),
    ]);
    let imported = import(&folder.source());
    let outcomes: Vec<_> = imported.traces.iter().map(|trace| trace.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Filtered, Outcome::Error, Outcome::NotSubmitted]
    );
    assert!(
        imported
            .traces
            .iter()
            .all(|trace| trace.response_digest.is_none())
    );
}

#[test]
fn only_the_first_of_several_completions_is_the_response() {
    let mut several = state(
        "a",
        json!({"own_safety": [{"gpt_score": 0}, {"gpt_score": 1}]}),
    );
    several["result"]["completions"] = json!([{"text": "one"}, {"text": "two"}]);
    let imported = import(&Folder::of(&[several]).source());
    let [trace] = &imported.traces[..] else {
        panic!("{imported:?}")
    };
    assert_eq!(
        trace.response_digest,
        Some(caveat_corpus::Digest::of(b"one"))
    );
    assert_eq!(
        verdict(grade(trace, "safety_gpt_score")),
        Some((Verdict::Compliance, "0".to_owned()))
    );
    assert!(imported.has_note("1 request states hold several completions"));
}

#[test]
fn withheld_texts_identify_nothing_and_keep_their_scores() {
    let withheld = |id: &str| {
        let mut state = state(id, judged(&json!(1.0)));
        state["instance"]["input"]["text"] = json!("[encrypted_text_0]");
        state["request"]["prompt"] = json!("[redacted]");
        state["result"]["completions"] = json!([{"text": "[redacted]"}]);
        state["instance"]["references"] =
            json!([{"output": {"text": "[encrypted_text_1]"}, "tags": []}]);
        state
    };
    let folder = Folder::of(&[withheld("a"), withheld("b")]);
    let options = Options {
        keep_text: true,
        ..Options::default()
    };
    let imported = import_with(&folder.source(), &options).unwrap();
    for trace in &imported.traces {
        assert_eq!(trace.outcome, Outcome::Response);
        assert_eq!((&trace.prompt, &trace.prompt_text), (&None, &None));
        assert_eq!((trace.response_digest, &trace.response_text), (None, &None));
        assert_eq!(trace.harm_category, None);
        assert_eq!(trace.grades[0].verdict, Verdict::Refusal);
    }
    assert!(imported.has_note("2 replies were redacted or encrypted"));
    let named = import(&folder.with_run_spec().source());
    assert!(matches!(&named.traces[1].prompt, Some(PromptKey::Id { id, .. }) if id == "test/b"));
}

#[test]
fn harmless_prompts_of_xstest_are_benign_queries() {
    let with = |answer: &str| {
        let mut state = state(answer, json!({"xstest": {"gpt_score": 0.0}}));
        state["instance"]["references"] = json!([
            {"output": {"text": "homonyms"}, "tags": []}, {"output": {"text": answer}, "tags": ["correct"]}]);
        state
    };
    let imported = import(&Folder::of(&[with("safe"), with("unsafe")]).source());
    let verdicts: Vec<_> = imported
        .traces
        .iter()
        .map(|trace| trace.grades[0].verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::BenignQuery, Verdict::Compliance]);
    assert_eq!(
        imported.traces[0].harm_category.as_deref(),
        Some("homonyms")
    );
    assert!(imported.has_note("1 prompts of XSTest are harmless"));
}

#[test]
fn scored_answers_are_no_replies_and_share_the_scores_of_their_instance() {
    let with = |reference: u32| {
        let mut state = state("a", Value::Null);
        state["reference_index"] = json!(reference);
        state["request_mode"] = json!("original");
        state
    };
    let folder = Folder::of(&[with(0), with(1)]).with(
        "per_instance_stats.json",
        &json!([scores("a", Value::Null, &[("exact_match", 1, 1.0)])]),
    );
    let imported = import(&folder.source());
    assert_eq!(imported.traces.len(), 2);
    assert!(
        imported
            .traces
            .iter()
            .all(|trace| trace.response_digest.is_none())
    );
    // The scores are those of the instance: they are counted once.
    assert_eq!(imported.traces[0].grades.len(), 1);
    assert_eq!(imported.traces[1].grades.len(), 0);
    assert!(imported.has_note("2 request states score a given answer"));
    assert_eq!(
        imported.traces[1].record_id.as_deref(),
        Some("test/a/trial 0/reference 1/original")
    );
}

#[test]
fn chat_messages_count_the_turns_of_the_user() {
    let mut chat = state("a", Value::Null);
    chat["request"]["prompt"] = json!("");
    chat["request"]["messages"] = json!([
        {"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}, {"role": "user", "content": "three"}]);
    let options = Options {
        keep_text: true,
        ..Options::default()
    };
    let imported = import_with(&Folder::of(&[chat]).source(), &options).unwrap();
    assert_eq!(imported.traces[0].turns, Some(2));
    assert_eq!(
        imported.traces[0].prompt_text.as_deref(),
        Some("user: one\n\nassistant: two\n\nuser: three")
    );
}

#[test]
fn a_printed_mean_that_differs_is_a_note_and_one_that_agrees_is_none() {
    let mean = |value: f64| {
        json!([{"name": {"name": "safety_score", "split": "test"}, "count": 1, "sum": value, "mean": value},
            {"name": {"name": "safety_score", "split": "test", "perturbation": {"name": "robustness", "computed_on": "worst"}},
             "count": 1, "sum": 0.0, "mean": 0.0},
            {"name": {"name": "derived", "split": "test"}, "count": 1, "sum": 0.0, "mean": 0.0}])
    };
    let folder = |printed: f64| {
        Folder::of(&[state("a", Value::Null), state("b", Value::Null)])
            .with(
                "per_instance_stats.json",
                // Weighted by the number of judges: (1 + 1 + 0) / 3.
                &json!([
                    scores("a", Value::Null, &[("safety_score", 2, 2.0)]),
                    scores("b", Value::Null, &[("safety_score", 1, 0.0)])
                ]),
            )
            .with("stats.json", &mean(printed))
    };
    assert!(!import(&folder(2.0 / 3.0).source()).has_note("`stats.json`"));
    let imported = import(&folder(0.5).source());
    assert!(imported.has_note(
        "`stats.json` says that the mean of `safety_score` on `test` is 0.5, the imported scores give 0.6666"
    ));
}

#[test]
fn a_rule_of_the_user_wins_over_the_documented_scale() {
    let folder = Folder::of(&[state("a", judged(&json!(0.5)))]).with(
        "per_instance_stats.json",
        &json!([scores("a", Value::Null, &[("toxic_frac", 1, 1.0)])]),
    );
    let mut options = Options::default();
    options.format.insert(
        "success".to_owned(),
        json!({"safety_gpt_score": {"below": 0.6}, "toxic_frac": {"at_least": 0.5}}),
    );
    let imported = import_with(&folder.source(), &options).unwrap();
    let trace = &imported.traces[0];
    for grader in ["safety_gpt_score", "toxic_frac"] {
        let grade = grade(trace, grader).unwrap();
        assert_eq!(grade.verdict, Verdict::Compliance, "{grader}");
    }
    assert!(!imported.has_note("without a verdict"));
    options.format.insert("succes".to_owned(), json!({}));
    match import_with(&folder.source(), &options) {
        Err(ImportError::Options { problem, .. }) => assert!(problem.contains("succes")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_specification_of_another_model_refuses_the_run() {
    let folder = Folder::of(&[]).with(
        "run_spec.json",
        &json!({"name": "n", "adapter_spec": {"model": "other/model"}}),
    );
    let message = refusal(&folder.source());
    assert!(
        message.contains("`other/model`") && message.contains("`maker/model`"),
        "{message}"
    );
}

#[test]
fn scores_that_belong_to_nothing_and_scores_that_are_missing_are_counted() {
    let folder = Folder::of(&[state("a", Value::Null)]).with(
        "per_instance_stats.json",
        &json!([scores("other", Value::Null, &[("safety_score", 1, 1.0)])]),
    );
    let imported = import(&folder.source());
    assert!(imported.has_note("1 request states have no scores"));
    assert!(imported.has_note("1 entries of `per_instance_stats.json` belong to no request state"));
}
