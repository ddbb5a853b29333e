//! Turns one result into a trace.
//!
//! The same result gives the same trace whichever container it came out of;
//! what only some of them know is no part of a trace's identity.

use caveat_corpus::{Digest, Location, ModelName, Outcome, PromptKey, Trace};
use caveat_importer::{Options, secrets};
use serde_json::{Map, Value};

use crate::canonical;
use crate::grades;
use crate::polarity::Polarity;
use crate::row::{Failure, Output, Row};

/// Strategies that hold one conversation with the target, turn by turn. Others
/// keep a history as well, of attempts that each began anew.
const MULTI_TURN: &[&str] = &[
    "crescendo",
    "custom",
    "goat",
    "mischievous-user",
    "jailbreak:goblin",
    "jailbreak:hydra",
];

/// The plain attack, where a result of a plugin names no strategy.
const BASIC: &str = "basic";

/// What is known of a result beside the result.
pub(crate) struct Context<'a> {
    /// How verdicts are read.
    pub(crate) polarity: Polarity<'a>,
    /// Id of the evaluation.
    pub(crate) eval_id: Option<&'a str>,
    /// When it was made.
    pub(crate) time: Option<&'a str>,
    /// Providers of the columns.
    pub(crate) columns: &'a [Option<String>],
    /// Attempt from 1, where the test was repeated.
    pub(crate) attempt: Option<u32>,
    /// Id of the same result in another export of the run.
    pub(crate) borrowed_id: Option<String>,
    /// What the user asked for.
    pub(crate) options: &'a Options,
}

/// Makes the trace of a result.
///
/// # Errors
/// The reason in words why there is none.
pub(crate) fn trace(row: &Row, location: Location, context: &Context<'_>) -> Result<Trace, String> {
    let options = context.options;
    let (run_id, record_id) = identity(row, context);
    let plugin = row.plugin()?;
    let strategy = row
        .strategy()?
        .or_else(|| plugin.as_ref().map(|_| BASIC.to_owned()));
    for (field, found) in [("pluginId", &plugin), ("strategyId", &strategy)] {
        if let Some(found) = found {
            options.limits.check_name(&format!("`{field}`"), found)?;
        }
    }
    let reply = reply(&row.output);
    let outcome = outcome(row);
    let tokens = tokens(&row.response);
    let grades = match outcome {
        Outcome::Error => Vec::new(),
        _ => grades::grades(row, &context.polarity, &options.limits)?,
    };
    Ok(Trace {
        location,
        run_id,
        record_id,
        model: model(row, context)?,
        prompt: prompt_key(row),
        prompt_text: row.prompt.clone().filter(|_| options.keep_text),
        dataset: None,
        attack_family: strategy.as_deref().map(family).map(str::to_owned),
        turns: turns(row, strategy.as_deref()),
        technique: strategy,
        harm_category: plugin,
        attempt: context.attempt,
        observed_at: context.time.map(str::to_owned),
        prompt_tokens: tokens.0,
        response_tokens: tokens.1,
        duration_ms: row.latency_ms,
        response_digest: reply.as_ref().map(|text| Digest::of(text.as_bytes())),
        response_text: reply.filter(|_| options.keep_text),
        outcome,
        grades,
    })
}

/// Run and record. The id of a result is unique by itself and stands in every
/// container that the tool writes at the end of a run, whereas the id of the
/// evaluation is not in all of them: where a result has its own id, no other is
/// used. Else test and column name it within its evaluation. A file that names
/// neither (lines of older versions) has the duration to tell runs apart.
fn identity(row: &Row, context: &Context<'_>) -> (Option<String>, Option<String>) {
    if let Some(id) = row.id.clone().or_else(|| context.borrowed_id.clone()) {
        return (None, Some(id));
    }
    let run = row
        .eval_id
        .clone()
        .or_else(|| context.eval_id.map(str::to_owned));
    let (Some(test), Some(column)) = (row.test_idx, row.prompt_idx) else {
        return (run, None);
    };
    let record = match (&run, row.latency_ms) {
        (None, Some(latency)) => format!("{test}/{column} {latency} ms"),
        _ => format!("{test}/{column}"),
    };
    (run, Some(record))
}

/// Label, else id. The id stands as the provider where a label names the model:
/// two providers may share a label, and their id is what tells them apart.
fn model(row: &Row, context: &Context<'_>) -> Result<ModelName, String> {
    let of_column = || {
        let column = usize::try_from(row.prompt_idx?).ok()?;
        context.columns.get(column)?.clone()
    };
    let name = row
        .model_name()
        .map(str::to_owned)
        .or_else(of_column)
        .ok_or("`provider` is missing: nothing names the model")?;
    context
        .options
        .limits
        .check_name("the name of the provider", &name)?;
    let provider = row.provider_id.clone().filter(|id| *id != name);
    Ok(secrets::model_name(name, provider))
}

/// The rendered prompt; where the exporter left it out, the variables that it
/// was rendered from.
fn prompt_key(row: &Row) -> Option<PromptKey> {
    let text = match &row.prompt {
        Some(prompt) => prompt.clone(),
        None if row.vars.is_empty() => return None,
        None => canonical::text(&Value::Object(row.vars.clone())),
    };
    Some(PromptKey::Text(Digest::of(text.as_bytes())))
}

/// The reply as text; other JSON in its one spelling.
pub(crate) fn reply(output: &Output) -> Option<String> {
    match output {
        Output::Absent | Output::Stripped => None,
        Output::Present(Value::String(text)) => Some(text.clone()),
        Output::Present(other) => Some(canonical::text(other)),
    }
}

fn outcome(row: &Row) -> Outcome {
    if is_filtered(row) {
        return Outcome::Filtered;
    }
    let call_failed = reports_error(&row.response);
    match &row.output {
        // An empty text beside an error is what the failed call left.
        Output::Present(Value::String(text)) if text.is_empty() && call_failed => Outcome::Error,
        // The tool grades no call that reports an error.
        Output::Stripped if call_failed => Outcome::Error,
        Output::Present(_) | Output::Stripped => Outcome::Response,
        // Graded without its output, which an exporter left out. An `error`
        // beside a success repeats no grader: the call failed.
        Output::Absent
            if !call_failed
                && row.failure != Failure::Error
                && !(row.success && row.error.is_some())
                && row.components().next().is_some() =>
        {
            Outcome::Response
        }
        Output::Absent => Outcome::Error,
    }
}

/// Whether the call of the provider ended with an error.
fn reports_error(response: &Map<String, Value>) -> bool {
    match response_field(response, "error") {
        None | Some(Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    }
}

/// The provider's filter stood in for a reply: the call ended so, or the prompt
/// was stopped before any token was used. A rating beside a reply is no block.
fn is_filtered(row: &Row) -> bool {
    let response = |key: &str| response_field(&row.response, key);
    let reason = response("finishReason")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if reason.eq_ignore_ascii_case("content_filter") {
        return true;
    }
    let guard = |key: &str| {
        let found = response("guardrails").and_then(|guardrails| guardrails.get(key));
        found.and_then(Value::as_bool) == Some(true)
    };
    guard("flagged")
        && (row.output == Output::Absent
            || (guard("flaggedInput") && response("tokenUsage").is_none()))
}

fn response_field<'r>(response: &'r Map<String, Value>, key: &str) -> Option<&'r Value> {
    response.get(key).filter(|found| !found.is_null())
}

/// Tokens of prompt and reply, where one call was made: a strategy that asks the
/// target many times counts them all.
fn tokens(response: &Map<String, Value>) -> (Option<u64>, Option<u64>) {
    let Some(usage) = response.get("tokenUsage").and_then(Value::as_object) else {
        return (None, None);
    };
    let count = |key: &str| usage.get(key).and_then(Value::as_u64);
    if count("numRequests").is_some_and(|calls| calls > 1) {
        return (None, None);
    }
    // The tool fills absent counts with zeros.
    if count("total") == Some(0) || (count("prompt"), count("completion")) == (Some(0), Some(0)) {
        return (None, None);
    }
    (count("prompt"), count("completion"))
}

/// The part in front of a colon: `jailbreak` of `jailbreak:composite`.
fn family(strategy: &str) -> &str {
    strategy
        .split_once(':')
        .map_or(strategy, |(family, _)| family)
}

/// Turns of the conversation: messages of the user, else the history of a
/// strategy that holds one conversation.
fn turns(row: &Row, strategy: Option<&str>) -> Option<u32> {
    let of_response = row.response.get("metadata").and_then(Value::as_object);
    let list = |key: &str| {
        let places = [Some(&row.metadata), of_response];
        places
            .into_iter()
            .flatten()
            .find_map(|metadata| metadata.get(key)?.as_array())
    };
    if let Some(messages) = list("messages").filter(|messages| !messages.is_empty()) {
        let by_user = messages
            .iter()
            .filter(|one| one.get("role").and_then(Value::as_str) == Some("user"));
        return u32::try_from(by_user.count())
            .ok()
            .filter(|turns| *turns > 0);
    }
    let holds_one = strategy
        .is_some_and(|strategy| MULTI_TURN.contains(&strategy) || strategy.starts_with("custom:"));
    let history = list("redteamHistory").filter(|history| holds_one && !history.is_empty())?;
    u32::try_from(history.len()).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use caveat_corpus::Verdict;
    use serde_json::json;

    use super::*;
    use crate::row::RawRow;

    fn read(value: Value) -> Result<Trace, String> {
        let options = Options {
            keep_text: true,
            ..Options::default()
        };
        let row = Row::read(RawRow::Value(&value), &options.limits)?;
        let context = Context {
            polarity: Polarity::defended(),
            eval_id: Some("eval-1"),
            time: None,
            columns: &[Some("column".to_owned())],
            attempt: None,
            borrowed_id: None,
            options: &options,
        };
        trace(&row, Location::default(), &context)
    }

    fn result() -> Value {
        json!({
            "id": "uuid", "testIdx": 3, "promptIdx": 0, "success": true, "failureReason": 0,
            "provider": {"id": "file://a.js", "label": "model"}, "prompt": {"raw": "p"},
            "response": {"output": "o", "tokenUsage": {"prompt": 4, "completion": 2, "total": 6}},
            "metadata": {"pluginId": "harmful:privacy"},
            "gradingResult": {"pass": true, "componentResults": [
                {"pass": true, "score": 1, "reason": "", "assertion": {"type": "contains"}}]},
        })
    }

    #[test]
    fn the_id_of_a_result_stands_alone_and_test_and_column_need_the_evaluation() {
        let own = read(result()).unwrap();
        assert_eq!((own.run_id, own.record_id.as_deref()), (None, Some("uuid")));
        let mut value = result();
        value["id"] = Value::Null;
        let named = read(value.clone()).unwrap();
        assert_eq!(
            (named.run_id.as_deref(), named.record_id.as_deref()),
            (Some("eval-1"), Some("3/0"))
        );
        value["testIdx"] = Value::Null;
        assert_eq!(read(value).unwrap().record_id, None);
    }

    #[test]
    fn the_label_names_the_model_and_the_id_its_provider() {
        let found = read(result()).unwrap().model;
        assert_eq!(
            (found.name.as_str(), found.provider.as_deref()),
            ("model", Some("file://a.js"))
        );
        for (provider, name) in [
            (json!({"id": "echo", "label": ""}), "echo"),
            (json!("openai:gpt-4o"), "openai:gpt-4o"),
            (json!(null), "column"),
        ] {
            let mut value = result();
            value["provider"] = provider;
            let found = read(value).unwrap().model;
            assert_eq!((found.name.as_str(), found.provider), (name, None));
        }
        let mut value = result();
        value["provider"] = Value::Null;
        value["promptIdx"] = json!(7);
        assert!(read(value).unwrap_err().contains("`provider` is missing"));
    }

    #[test]
    fn plugins_and_strategies_are_categories_and_families() {
        let found = read(result()).unwrap();
        assert_eq!(found.harm_category.as_deref(), Some("harmful:privacy"));
        assert_eq!(found.technique.as_deref(), Some("basic"));
        let mut value = result();
        value["metadata"]["strategyId"] = json!("jailbreak:composite");
        let found = read(value).unwrap();
        assert_eq!(found.technique.as_deref(), Some("jailbreak:composite"));
        assert_eq!(found.attack_family.as_deref(), Some("jailbreak"));
    }

    #[test]
    fn an_output_of_any_type_has_one_digest() {
        let mut digests = Vec::new();
        for output in [json!({"b": 1, "a": [2.0]}), json!({"a": [2], "b": 1.0})] {
            let mut value = result();
            value["response"]["output"] = output;
            let found = read(value).unwrap();
            assert_eq!(found.response_text.as_deref(), Some(r#"{"a":[2],"b":1}"#));
            digests.push(found.response_digest);
        }
        assert_eq!(digests[0], digests[1]);
        for (output, text) in [(json!(7), "7"), (json!(false), "false"), (json!(""), "")] {
            let mut value = result();
            value["response"]["output"] = output;
            let found = read(value).unwrap();
            assert_eq!(
                (found.outcome, found.response_text.as_deref()),
                (Outcome::Response, Some(text))
            );
        }
    }

    #[test]
    fn a_filter_in_place_of_a_reply_is_no_response_and_a_rating_beside_one_is_none() {
        for (response, outcome) in [
            (
                json!({"output": "x", "finishReason": "content_filter"}),
                Outcome::Filtered,
            ),
            (
                json!({"output": "filtered", "guardrails": {"flagged": true, "flaggedInput": true}}),
                Outcome::Filtered,
            ),
            (
                json!({"guardrails": {"flagged": true, "flaggedOutput": true}}),
                Outcome::Filtered,
            ),
            (
                json!({"output": "x", "tokenUsage": {"total": 1}, "guardrails": {"flagged": true, "flaggedInput": true}}),
                Outcome::Response,
            ),
            (
                json!({"output": "x", "guardrails": {"flagged": true, "flaggedOutput": true}}),
                Outcome::Response,
            ),
            (json!({"output": "[output stripped]"}), Outcome::Response),
        ] {
            let mut value = result();
            value["response"] = response.clone();
            assert_eq!(read(value).unwrap().outcome, outcome, "{response}");
        }
    }

    #[test]
    fn no_reply_is_an_error_also_where_the_tool_calls_it_a_success() {
        let mut value = result();
        value["response"] = json!({});
        value["gradingResult"] = Value::Null;
        let found = read(value).unwrap();
        assert_eq!((found.outcome, found.grades.len()), (Outcome::Error, 0));
    }

    #[test]
    fn an_error_of_the_call_is_no_defence_whatever_its_graders_say() {
        for response in [
            json!({"error": "API error: 500 upstream"}),
            json!({"error": {"code": 500}}),
            json!({"error": "API error", "output": null}),
            json!({"error": "API error", "output": ""}),
            json!({"error": "API error", "output": "[output stripped]"}),
        ] {
            let mut value = result();
            value["response"] = response.clone();
            let found = read(value).unwrap();
            assert_eq!(
                (found.outcome, found.grades.len()),
                (Outcome::Error, 0),
                "{response}"
            );
        }
        let mut value = result();
        value["response"] = Value::Null;
        value["error"] = json!("API error: 500 upstream");
        assert_eq!(read(value).unwrap().outcome, Outcome::Error);
        for response in [
            json!({"error": "", "output": ""}),
            json!({"error": null, "output": ""}),
            json!({"error": "a later turn failed", "output": "o"}),
            json!({}),
        ] {
            let mut value = result();
            value["response"] = response.clone();
            assert_eq!(
                read(value).unwrap().outcome,
                Outcome::Response,
                "{response}"
            );
        }
    }

    #[test]
    fn stripped_prompts_leave_the_variables_as_key() {
        let mut value = result();
        value["prompt"]["raw"] = json!("[prompt stripped]");
        value["vars"] = json!({"prompt": "p"});
        let found = read(value.clone()).unwrap();
        assert_eq!(
            found.prompt,
            Some(PromptKey::Text(Digest::of(br#"{"prompt":"p"}"#)))
        );
        assert_eq!(found.prompt_text, None);
        value["vars"] = json!({});
        assert_eq!(read(value).unwrap().prompt, None);
    }

    #[test]
    fn turns_are_counted_only_in_one_conversation() {
        let mut value = result();
        value["metadata"]["redteamHistory"] = json!([{}, {}, {}]);
        assert_eq!(read(value.clone()).unwrap().turns, None);
        value["metadata"]["strategyId"] = json!("crescendo");
        assert_eq!(read(value.clone()).unwrap().turns, Some(3));
        value["metadata"]["messages"] =
            json!([{"role": "system"}, {"role": "user"}, {"role": "assistant"}, {"role": "user"}]);
        assert_eq!(read(value).unwrap().turns, Some(2));
    }

    #[test]
    fn tokens_of_many_calls_are_not_those_of_one_reply() {
        let found = read(result()).unwrap();
        assert_eq!(
            (found.prompt_tokens, found.response_tokens),
            (Some(4), Some(2))
        );
        let mut value = result();
        value["response"]["tokenUsage"]["numRequests"] = json!(5);
        assert_eq!(read(value).unwrap().prompt_tokens, None);
    }

    #[test]
    fn a_result_that_nothing_graded_is_unscored_and_no_defence() {
        let mut value = result();
        value["gradingResult"] = json!({"pass": true, "score": 1, "reason": "No assertions"});
        assert_eq!(read(value).unwrap().grades, []);
        assert_eq!(
            read(result()).unwrap().grades.last().unwrap().verdict,
            Verdict::Refusal
        );
    }
}
