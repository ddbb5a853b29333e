//! One request state as it stands in the file, and what became of the request.
//!
//! Fields are read as they come and checked here, so that a wrong type is a
//! reason in words. Tokens with their probabilities, the bulk of a file, are
//! never kept.

use caveat_corpus::Outcome;
use caveat_importer::json::parse;
use caveat_importer::{Limits, secrets};
use serde::Deserialize;
use serde_json::Value;

use crate::joined::{Perturbation, Variant, index};
use crate::object::Object;
use crate::run::{name, wrong_type};
use crate::texts::is_withheld;

/// Words of an error that say that the provider's filter stood in for a reply.
const FILTER_WORDS: [&str; 8] = [
    "content blocked",
    "blocked by content",
    "blocked with reason",
    "content filter",
    "content_filter",
    "content policy",
    "content management policy",
    "moderation",
];

/// Reasons to finish, without a text, that say the same.
const FILTER_FINISHES: [&str; 10] = [
    "content_filter",
    "content_filtered",
    "content_policy_violation",
    "content_policy_violated",
    "guardrail_intervened",
    "safety",
    "blocklist",
    "prohibited_content",
    "recitation",
    "refusal",
];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    instance: Option<Object<Instance>>,
    reference_index: Value,
    request_mode: Value,
    train_trial_index: Value,
    request: Option<Object<Request>>,
    result: Option<Object<RequestResult>>,
    annotations: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Instance {
    input: Value,
    references: Option<Vec<Object<Reference>>>,
    split: Value,
    sub_split: Value,
    id: Value,
    perturbation: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    output: Value,
    tags: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Request {
    prompt: Value,
    messages: Value,
    model: Value,
    model_deployment: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RequestResult {
    success: Value,
    completions: Option<Vec<Object<Completion>>>,
    error: Value,
    request_time: Value,
    request_datetime: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Completion {
    text: Value,
    finish_reason: Value,
}

/// A request state whose fields have been checked.
#[derive(Debug, Default)]
pub(crate) struct RequestState {
    /// Id of the instance.
    pub(crate) instance_id: Option<String>,
    /// Split and perturbation.
    pub(crate) variant: Variant,
    /// Text of the instance.
    pub(crate) input: Option<String>,
    /// References without a tag, which safety scenarios use as labels.
    pub(crate) labels: Vec<String>,
    /// The reference that is tagged as correct.
    pub(crate) correct: Option<String>,
    /// Trial, from 0.
    pub(crate) trial: u64,
    /// The given answer that this request scores, if it asks for no reply.
    pub(crate) reference_index: Option<u64>,
    /// `original` or `calibration`, for such requests.
    pub(crate) request_mode: Option<String>,
    /// The prompt that was sent.
    pub(crate) prompt: Option<String>,
    /// Messages of the user, or 1 for a single prompt.
    pub(crate) turns: Option<u32>,
    /// Model of the request.
    pub(crate) model: Option<String>,
    /// Deployment of the request.
    pub(crate) deployment: Option<String>,
    /// What came back.
    pub(crate) reply: Reply,
    /// What the annotators said.
    pub(crate) annotations: Value,
}

/// What came back of a request.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Whether there is a reply.
    pub(crate) outcome: Outcome,
    /// Its text, unless it was withheld or never asked for.
    pub(crate) text: Option<String>,
    /// Whether HELM took the text out.
    pub(crate) is_withheld: bool,
    /// How many completions there are; the first is the scored one.
    pub(crate) completions: usize,
    /// Seconds since 1970 as written.
    pub(crate) observed_at: Option<String>,
    /// Duration.
    pub(crate) duration_ms: Option<u64>,
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            outcome: Outcome::NotSubmitted,
            text: None,
            is_withheld: false,
            completions: 0,
            observed_at: None,
            duration_ms: None,
        }
    }
}

impl RequestState {
    /// Reads one request state.
    pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Self, String> {
        let fields = parse::<Object<Fields>>(bytes, limits)
            .map_err(|fault| fault.to_string())?
            .0;
        let instance = fields.instance.ok_or("`instance` is missing")?.0;
        let request = fields.request.unwrap_or_default().0;
        let (labels, correct) = references(instance.references.as_deref().unwrap_or_default());
        let (prompt, turns) = prompt(&request)?;
        let reference_index = index(&fields.reference_index, "reference_index")?;
        let mut reply = match fields.result {
            Some(result) => reply(&result.0)?,
            None => Reply::default(),
        };
        if reference_index.is_some() {
            // The completion repeats a given answer to have it scored.
            reply.text = None;
        }
        Ok(Self {
            instance_id: name(&instance.id, "instance.id", limits)?,
            variant: Variant {
                split: name(&instance.split, "instance.split", limits)?,
                sub_split: name(&instance.sub_split, "instance.sub_split", limits)?,
                perturbation: perturbation(&instance.perturbation, limits)?,
            },
            input: text_of(&instance.input, "instance.input")?,
            labels,
            correct,
            trial: index(&fields.train_trial_index, "train_trial_index")?.unwrap_or(0),
            reference_index,
            request_mode: name(&fields.request_mode, "request_mode", limits)?,
            prompt,
            turns,
            model: name(&request.model, "request.model", limits)?,
            deployment: name(
                &request.model_deployment,
                "request.model_deployment",
                limits,
            )?
            .map(secrets::cleaned),
            reply,
            annotations: fields.annotations,
        })
    }
}

fn perturbation(value: &Value, limits: &Limits) -> Result<Option<Perturbation>, String> {
    let perturbation = Perturbation::of(value)?;
    if let Some(perturbation) = &perturbation {
        limits.check_name("`perturbation.name`", &perturbation.name)?;
    }
    Ok(perturbation)
}

fn reply(result: &RequestResult) -> Result<Reply, String> {
    let success = match result.success {
        Value::Null => None,
        Value::Bool(success) => Some(success),
        ref other => return Err(wrong_type(other, "result.success", "true or false")),
    };
    let error = optional_text(&result.error, "result.error")?;
    let completions = result.completions.as_deref().unwrap_or_default();
    let first = completions.first().map(|completion| &completion.0);
    let text = match first {
        Some(completion) => optional_text(&completion.text, "completions[0].text")?,
        None => None,
    };
    let failed = success == Some(false) || (success.is_none() && error.is_some());
    let outcome = match (failed, text) {
        // HELM goes on after some errors with an empty completion, which is no reply.
        (true, _) if is_filter(error.unwrap_or_default()) => Outcome::Filtered,
        (true, _) => Outcome::Error,
        (false, Some(text)) if text.trim().is_empty() && finished_by_filter(first) => {
            Outcome::Filtered
        }
        (false, Some(_)) => Outcome::Response,
        (false, None) => Outcome::Error,
    };
    let is_withheld = outcome == Outcome::Response && text.is_some_and(is_withheld);
    let text = text.filter(|_| outcome == Outcome::Response && !is_withheld);
    Ok(Reply {
        outcome,
        text: text.map(str::to_owned),
        is_withheld,
        completions: completions.len(),
        observed_at: match &result.request_datetime {
            Value::Number(seconds) => Some(seconds.to_string()),
            _ => None,
        },
        duration_ms: milliseconds(&result.request_time),
    })
}

fn is_filter(error: &str) -> bool {
    let error = error.to_lowercase();
    FILTER_WORDS.iter().any(|words| error.contains(words))
}

fn finished_by_filter(completion: Option<&Completion>) -> bool {
    let reason = completion
        .and_then(|completion| completion.finish_reason.get("reason"))
        .and_then(Value::as_str);
    reason.is_some_and(|reason| FILTER_FINISHES.contains(&reason.to_lowercase().as_str()))
}

/// Seconds as whole milliseconds; what no clock shows is no duration.
fn milliseconds(seconds: &Value) -> Option<u64> {
    // Ten thousand years.
    const MOST: f64 = 3.2e14;
    let milliseconds = (seconds.as_f64()? * 1000.0).round();
    if !(0.0..=MOST).contains(&milliseconds) {
        return None;
    }
    format!("{milliseconds:.0}").parse().ok()
}

/// Labels (references without a tag) and the reference that is tagged as correct.
fn references(references: &[Object<Reference>]) -> (Vec<String>, Option<String>) {
    let mut labels = Vec::new();
    let mut correct = None;
    for Object(reference) in references {
        let Ok(Some(text)) = text_of(&reference.output, "output") else {
            continue;
        };
        let tags = reference.tags.as_array().map_or(&[][..], Vec::as_slice);
        if tags.is_empty() {
            labels.push(text);
        } else if tags.iter().any(|tag| tag == "correct") {
            correct.get_or_insert(text);
        }
    }
    (labels, correct)
}

/// The prompt as one text, and the user's turns in it.
fn prompt(request: &Request) -> Result<(Option<String>, Option<u32>), String> {
    let prompt = optional_text(&request.prompt, "request.prompt")?;
    let messages = match &request.messages {
        Value::Null => &[][..],
        Value::Array(messages) => messages.as_slice(),
        other => return Err(wrong_type(other, "request.messages", "a list")),
    };
    if messages.is_empty() {
        return Ok((prompt.map(str::to_owned), prompt.map(|_| 1)));
    }
    let field = |message: &Value, field: &str| {
        let text = message.get(field).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let texts: Vec<String> = messages
        .iter()
        .map(|message| format!("{}: {}", field(message, "role"), field(message, "content")))
        .collect();
    let users = messages
        .iter()
        .filter(|message| field(message, "role") == "user");
    let turns = u32::try_from(users.count()).ok().filter(|turns| *turns > 0);
    Ok((Some(texts.join("\n\n")), turns))
}

/// A text that stands by itself (in old runs) or under `text`.
fn text_of(value: &Value, field: &str) -> Result<Option<String>, String> {
    let text = match value {
        Value::Object(members) => members.get("text").unwrap_or(&Value::Null),
        value => value,
    };
    Ok(optional_text(text, field)?.map(str::to_owned))
}

fn optional_text<'a>(value: &'a Value, field: &str) -> Result<Option<&'a str>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other => Err(wrong_type(other, field, "text")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(text: &str) -> Result<RequestState, String> {
        RequestState::read(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn what_came_back_has_its_outcome() {
        for (result, outcome, text) in [
            ("null", Outcome::NotSubmitted, None),
            (
                r#"{"success": true, "completions": [{"text": ""}]}"#,
                Outcome::Response,
                Some(""),
            ),
            (
                r#"{"success": true, "completions": [{"text": "a"}, {"text": "b"}]}"#,
                Outcome::Response,
                Some("a"),
            ),
            (
                r#"{"success": true, "completions": [{"text": "[redacted]"}]}"#,
                Outcome::Response,
                None,
            ),
            (
                r#"{"success": true, "completions": []}"#,
                Outcome::Error,
                None,
            ),
            (
                r#"{"success": false, "completions": [{"text": ""}], "error": "Content blocked by OpenAI filter"}"#,
                Outcome::Filtered,
                None,
            ),
            (
                r#"{"success": false, "completions": [], "error": "time-out"}"#,
                Outcome::Error,
                None,
            ),
            (
                r#"{"error": "time-out", "completions": []}"#,
                Outcome::Error,
                None,
            ),
            (
                r#"{"success": true, "completions": [{"text": "", "finish_reason": {"reason": "content_filter"}}]}"#,
                Outcome::Filtered,
                None,
            ),
            (
                r#"{"success": true, "completions": [{"text": "a", "finish_reason": {"reason": "content_filter"}}]}"#,
                Outcome::Response,
                Some("a"),
            ),
        ] {
            let state = read(&format!(r#"{{"instance": {{}}, "result": {result}}}"#)).unwrap();
            assert_eq!(state.reply.outcome, outcome, "{result}");
            assert_eq!(state.reply.text.as_deref(), text, "{result}");
        }
    }

    #[test]
    fn wrong_types_are_reasons_in_words() {
        for (text, reason) in [
            ("[]", "an object"),
            ("{}", "`instance` is missing"),
            (r#"{"instance": []}"#, "an object"),
            (
                r#"{"instance": {"id": 5}}"#,
                "`instance.id` holds a number, expected text",
            ),
            (
                r#"{"instance": {}, "train_trial_index": -1}"#,
                "`train_trial_index` holds a number, expected a whole number from 0",
            ),
            (
                r#"{"instance": {}, "result": {"success": "yes"}}"#,
                "`result.success` holds text, expected true or false",
            ),
            (
                r#"{"instance": {}, "result": {"completions": [{"text": 1}]}}"#,
                "`completions[0].text` holds a number, expected text",
            ),
            (
                r#"{"instance": {}, "request": {"messages": {}}}"#,
                "`request.messages` holds an object, expected a list",
            ),
            (
                r#"{"instance": {}, "instance": {}}"#,
                "duplicate field `instance`",
            ),
            (
                r#"{"instance": {"perturbation": {}}}"#,
                "`perturbation` has no `name`",
            ),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
        }
    }

    #[test]
    fn durations_are_what_a_clock_can_show() {
        for (seconds, expected) in [
            (serde_json::json!(0.8313617706298828), Some(831)),
            (serde_json::json!(2), Some(2000)),
            (serde_json::json!(-1.0), None),
            (serde_json::json!(1e300), None),
            (serde_json::json!("1"), None),
        ] {
            assert_eq!(milliseconds(&seconds), expected);
        }
    }
}
