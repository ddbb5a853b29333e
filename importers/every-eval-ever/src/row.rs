//! One instance row, checked and typed.
//!
//! What the schema asks for and an importer has no use for may be absent; what
//! is there must have its type.

use std::collections::BTreeMap;

use caveat_importer::{Limits, json};
use serde::Deserialize;
use serde_json::Value;

use crate::fields::{Fields, count, flag, milliseconds, text, wrong_type};

/// The members that are read. `Value` leaves the check of types, with names, to us.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Members {
    schema_version: Value,
    evaluation_id: Value,
    model_id: Value,
    evaluation_name: Value,
    evaluation_result_id: Value,
    sample_id: Value,
    interaction_type: Value,
    input: Value,
    output: Value,
    messages: Value,
    /// The name of `messages` in version 0.2.0.
    interactions: Value,
    answer_attribution: Value,
    evaluation: Value,
    token_usage: Value,
    performance: Value,
    error: Value,
    metadata: Value,
}

/// One row.
#[derive(Debug, Default)]
pub(crate) struct Row {
    pub(crate) schema_version: Option<String>,
    pub(crate) evaluation_id: String,
    pub(crate) model_id: String,
    pub(crate) evaluation_name: Option<String>,
    pub(crate) result_id: Option<String>,
    pub(crate) sample_id: String,
    /// `input.raw`.
    pub(crate) prompt: Option<String>,
    /// `output.raw`, or the last reply of the conversation.
    pub(crate) outputs: Vec<String>,
    pub(crate) turns: Option<u32>,
    /// `extraction_method` of the final answer.
    pub(crate) extraction: Option<String>,
    /// `evaluation.score` as it stands; null if absent.
    pub(crate) score: Value,
    pub(crate) is_correct: Option<bool>,
    /// Whether there is an evaluation at all.
    pub(crate) is_graded: bool,
    pub(crate) input_tokens: Option<u64>,
    pub(crate) output_tokens: Option<u64>,
    pub(crate) duration_ms: Option<u64>,
    pub(crate) error: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Row {
    /// Reads one line.
    pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Self, String> {
        // A list of values would be taken for the members in their order.
        let start = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        if start.trim_ascii_start().first() == Some(&b'[') {
            return Err("it is a list, expected an object".to_owned());
        }
        let members: Members = json::parse(bytes, limits).map_err(|fault| fault.to_string())?;
        members.row(limits)
    }

    /// What a row belongs to within its evaluation.
    pub(crate) fn result_key(&self) -> &str {
        self.result_id
            .as_deref()
            .or(self.evaluation_name.as_deref())
            .unwrap_or_default()
    }

    /// The score as a finite number.
    pub(crate) fn number(&self) -> Option<f64> {
        self.score.as_f64().filter(|score| score.is_finite())
    }
}

impl Members {
    fn row(self, limits: &Limits) -> Result<Row, String> {
        let fields = Fields::new(limits);
        let null = Value::Null;
        let input = object(&self.input, "input")?;
        let evaluation = object(&self.evaluation, "evaluation")?;
        let usage = object(&self.token_usage, "token_usage")?;
        let performance = object(&self.performance, "performance")?;
        let score = evaluation.get("score").unwrap_or(&null);
        if !score.is_null() && !score.is_number() && json::non_finite(score).is_none() {
            return Err(wrong_type(score, "evaluation.score", "a number"));
        }
        let is_correct = evaluation.get("is_correct");
        let is_correct = flag(is_correct.unwrap_or(&null), "evaluation.is_correct")?;
        let conversation = self.conversation()?;
        let stated = count(
            evaluation.get("num_turns").unwrap_or(&null),
            "evaluation.num_turns",
        )?;
        let turns = stated.or(conversation.as_ref().map(|talk| talk.replies));
        let outputs = match conversation {
            Some(talk) => talk.last_reply.into_iter().collect(),
            None => self.outputs()?,
        };
        Ok(Row {
            schema_version: fields.name(&self.schema_version, "schema_version")?,
            evaluation_id: fields.required(&self.evaluation_id, "evaluation_id")?,
            model_id: fields.required(&self.model_id, "model_id")?,
            evaluation_name: fields.name(&self.evaluation_name, "evaluation_name")?,
            result_id: fields.name(&self.evaluation_result_id, "evaluation_result_id")?,
            sample_id: fields.required(&self.sample_id, "sample_id")?,
            prompt: text(input.get("raw").unwrap_or(&null), "input.raw")?.map(str::to_owned),
            outputs,
            turns: turns.and_then(|turns| u32::try_from(turns).ok()),
            extraction: extraction(&self.answer_attribution),
            score: score.clone(),
            is_correct,
            is_graded: !score.is_null() || is_correct.is_some(),
            input_tokens: count(
                usage.get("input_tokens").unwrap_or(&null),
                "token_usage.input_tokens",
            )?,
            output_tokens: count(
                usage.get("output_tokens").unwrap_or(&null),
                "token_usage.output_tokens",
            )?,
            duration_ms: milliseconds(
                performance.get("latency_ms").unwrap_or(&null),
                "performance.latency_ms",
            )?,
            error: text(&self.error, "error")?
                .filter(|error| !error.is_empty())
                .map(str::to_owned),
            metadata: metadata(&self.metadata, limits)?,
        })
    }

    /// The conversation, where the row is one.
    fn conversation(&self) -> Result<Option<Conversation>, String> {
        let listed = match (&self.messages, &self.interactions) {
            (Value::Null, older) => older,
            (messages, _) => messages,
        };
        let kind = text(&self.interaction_type, "interaction_type")?;
        let is_conversation = match kind {
            Some("single_turn") => false,
            Some("multi_turn" | "agentic") => true,
            None => !listed.is_null(),
            Some(other) => {
                let other: String = other.chars().take(80).collect();
                return Err(format!(
                    "`interaction_type` is `{other}`, expected single_turn, multi_turn or agentic"
                ));
            }
        };
        if !is_conversation {
            return Ok(None);
        }
        match listed {
            Value::Null => Ok(Some(Conversation::default())),
            Value::Array(messages) => Conversation::of(messages).map(Some),
            other => Err(wrong_type(other, "messages", "a list of messages")),
        }
    }

    /// The replies of a single turn: a list, or one text in version 0.2.0.
    fn outputs(&self) -> Result<Vec<String>, String> {
        let output = object(&self.output, "output")?;
        match output.get("raw").unwrap_or(&Value::Null) {
            Value::Array(items) => {
                let item = |item| text(item, "output.raw").map(|t| t.map(str::to_owned));
                // A null among the replies is one that does not exist.
                let items: Result<Vec<Option<String>>, String> = items.iter().map(item).collect();
                Ok(items?.into_iter().flatten().collect())
            }
            one => Ok(text(one, "output.raw")?
                .map(str::to_owned)
                .into_iter()
                .collect()),
        }
    }
}

/// What is taken of a conversation.
#[derive(Default)]
struct Conversation {
    /// Messages of the model.
    replies: u64,
    /// Text of its last message; a message that only calls tools has an empty one.
    last_reply: Option<String>,
}

impl Conversation {
    fn of(messages: &[Value]) -> Result<Self, String> {
        let mut talk = Self::default();
        for message in messages {
            let Value::Object(message) = message else {
                return Err(wrong_type(message, "messages", "a list of objects"));
            };
            let member = |name: &str| message.get(name).unwrap_or(&Value::Null);
            let role = text(member("role"), "messages.role")?.unwrap_or_default();
            let content = text(member("content"), "messages.content")?;
            if role.eq_ignore_ascii_case("assistant") {
                talk.replies += 1;
                talk.last_reply = Some(content.unwrap_or_default().to_owned());
            }
        }
        Ok(talk)
    }
}

/// An object, or an empty one where there is none.
fn object<'v>(value: &'v Value, field: &str) -> Result<Object<'v>, String> {
    match value {
        Value::Null => Ok(Object(None)),
        Value::Object(members) => Ok(Object(Some(members))),
        other => Err(wrong_type(other, field, "an object")),
    }
}

/// The members of an object that may be absent.
#[derive(Clone, Copy)]
struct Object<'v>(Option<&'v serde_json::Map<String, Value>>);

impl<'v> Object<'v> {
    fn get(self, name: &str) -> Option<&'v Value> {
        self.0.and_then(|members| members.get(name))
    }
}

/// How the final answer was extracted; the last one that is marked as final, else the last.
fn extraction(attributions: &Value) -> Option<String> {
    let attributions = attributions.as_array()?;
    let is_final = |one: &&Value| one.get("is_terminal") == Some(&Value::Bool(true));
    let found = attributions.iter().rfind(is_final);
    let found = found.or_else(|| attributions.last())?;
    Some(found.get("extraction_method")?.as_str()?.to_owned())
}

/// Metadata are texts; version 0.2 lets other simple values stand.
fn metadata(value: &Value, limits: &Limits) -> Result<BTreeMap<String, String>, String> {
    let members = match value {
        Value::Null => return Ok(BTreeMap::new()),
        Value::Object(members) => members,
        other => return Err(wrong_type(other, "metadata", "an object")),
    };
    let mut metadata = BTreeMap::new();
    for (name, value) in members {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => json::raw_text(value),
            Value::Null | Value::Array(_) | Value::Object(_) => continue,
        };
        limits.check_name("a name in `metadata`", name)?;
        metadata.insert(name.clone(), text);
    }
    Ok(metadata)
}
