//! Lines of a log: the specification of a run, events, the final report.

use caveat_importer::Limits;
use caveat_importer::json::{self, JsonFault};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

/// What a line is, with the names that lead to its sample.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    Spec,
    FinalReport,
    Event(Event),
}

/// What all events have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) run_id: Option<String>,
    pub(crate) sample_id: String,
    pub(crate) created_at: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    spec: Option<IgnoredAny>,
    #[serde(default)]
    final_report: Option<IgnoredAny>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    run_id: Option<String>,
    #[serde(default)]
    sample_id: Value,
    #[serde(default)]
    created_at: Option<String>,
}

impl Line {
    /// Finds out what a line is.
    pub(crate) fn of(line: &[u8], limits: &Limits) -> Result<Self, String> {
        let fields: Fields = object(line, limits)?;
        if fields.spec.is_some() {
            return Ok(Line::Spec);
        }
        let kind = match fields.kind {
            None if fields.final_report.is_some() => return Ok(Line::FinalReport),
            None => return Err("expected `spec`, `type` or `final_report`, found none".to_owned()),
            // A recorder that sends its events elsewhere writes the report as one of them.
            Some(kind) if kind == "final_report" => return Ok(Line::FinalReport),
            Some(kind) => kind,
        };
        let sample_id = match fields.sample_id {
            Value::String(id) if !id.is_empty() => id,
            Value::Number(number) if !number.is_f64() => number.to_string(),
            Value::Null | Value::String(_) => return Err("`sample_id` is missing".to_owned()),
            other => {
                return Err(format!(
                    "`sample_id` holds {}, expected text",
                    type_of(&other)
                ));
            }
        };
        limits.check_name("`sample_id`", &sample_id)?;
        limits.check_name("`run_id`", fields.run_id.as_deref().unwrap_or_default())?;
        limits.check_name(
            "`created_at`",
            fields.created_at.as_deref().unwrap_or_default(),
        )?;
        Ok(Line::Event(Event {
            kind,
            run_id: fields.run_id,
            sample_id,
            created_at: fields.created_at,
        }))
    }
}

/// The `data` of an event.
pub(crate) fn data<T: DeserializeOwned>(line: &[u8], limits: &Limits) -> Result<T, String> {
    #[derive(Deserialize)]
    struct WithData<T> {
        data: T,
    }

    let with: WithData<T> = object(line, limits)?;
    Ok(with.data)
}

/// One call of a model.
#[derive(Debug, Deserialize)]
pub(crate) struct Sampling {
    #[serde(default)]
    pub(crate) prompt: Value,
    #[serde(default)]
    pub(crate) sampled: Value,
    /// The model that answered, where the recorder says it.
    #[serde(default)]
    pub(crate) model: Value,
    #[serde(default)]
    pub(crate) usage: Value,
}

/// One comparison with what was expected.
#[derive(Debug, Deserialize)]
pub(crate) struct Match {
    pub(crate) correct: Value,
    #[serde(default)]
    pub(crate) expected: Value,
    #[serde(default)]
    pub(crate) sampled: Value,
    #[serde(default)]
    pub(crate) picked: Value,
}

impl Match {
    /// Whether nothing was compared with what was expected.
    pub(crate) fn is_of_nothing(&self) -> bool {
        self.sampled.is_null() && self.picked.is_null()
    }
}

impl Sampling {
    /// The completions; `None` within the list is one without a text.
    pub(crate) fn completions(&self) -> Result<Vec<Option<String>>, String> {
        match &self.sampled {
            Value::Null => Ok(Vec::new()),
            Value::Array(list) => list.iter().map(completion).collect(),
            other => Ok(vec![completion(other)?]),
        }
    }

    /// The text of the last user message, or of a prompt that is one text.
    pub(crate) fn prompt_text(&self) -> Option<String> {
        match &self.prompt {
            Value::String(text) => Some(text.clone()),
            Value::Array(messages) => {
                let user = messages.iter().rev().find(|message| is_user(message));
                content(user.or_else(|| messages.last())?)
            }
            _ => None,
        }
    }

    /// User messages of the prompt.
    pub(crate) fn turns(&self) -> Option<u32> {
        let turns = match &self.prompt {
            Value::String(_) => 1,
            Value::Array(messages) => messages.iter().filter(|message| is_user(message)).count(),
            _ => 0,
        };
        u32::try_from(turns).ok().filter(|turns| *turns > 0)
    }
}

fn is_user(message: &Value) -> bool {
    message.get("role").and_then(Value::as_str) == Some("user")
}

/// The text of a completion: a text, or a message with one.
fn completion(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Object(message) if message.contains_key("content") => Ok(content(value)),
        other => Err(format!("`sampled` holds {}, expected text", type_of(other))),
    }
}

/// The text of a message, or of its parts that are text.
fn content(message: &Value) -> Option<String> {
    match message.get("content")? {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            Some(texts.collect::<Vec<_>>().join("\n"))
        }
        _ => None,
    }
}

/// Parses a line that must be an object; a list could fill a struct by position.
pub(crate) fn object<T: DeserializeOwned>(line: &[u8], limits: &Limits) -> Result<T, String> {
    let content = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let first = content.iter().find(|byte| !byte.is_ascii_whitespace());
    let words = |fault: JsonFault| fault.to_string();
    match first {
        Some(b'{') => json::parse(line, limits).map_err(words),
        _ => match json::parse::<IgnoredAny>(line, limits) {
            Ok(_) => Err("expected an object, found something else".to_owned()),
            Err(fault) => Err(words(fault)),
        },
    }
}

/// A JSON type in words.
pub(crate) const fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn prompts_and_completions_of_every_shape_give_their_text() {
        for (json, prompt, turns, completions) in [
            (
                r#"{"prompt": "p", "sampled": "s"}"#,
                Some("p"),
                Some(1),
                vec![Some("s")],
            ),
            (
                r#"{"prompt": [{"role": "system", "content": "x"}, {"role": "user", "content": "u"}], "sampled": ["a", null]}"#,
                Some("u"),
                Some(1),
                vec![Some("a"), None],
            ),
            (
                r#"{"prompt": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}, {"text": "b"}]}, {"role": "assistant", "content": "no"}], "sampled": [{"role": "assistant", "content": "m"}]}"#,
                Some("a\nb"),
                Some(1),
                vec![Some("m")],
            ),
            (r#"{"prompt": [1, 2], "sampled": []}"#, None, None, vec![]),
            ("{}", None, None, vec![]),
        ] {
            let sampling: Sampling = serde_json::from_str(json).unwrap();
            assert_eq!(sampling.prompt_text().as_deref(), prompt, "{json}");
            assert_eq!(sampling.turns(), turns, "{json}");
            let found = sampling.completions().unwrap();
            let found: Vec<_> = found.iter().map(Option::as_deref).collect();
            assert_eq!(found, completions, "{json}");
        }
        let wrong: Sampling = serde_json::from_str(r#"{"sampled": [5]}"#).unwrap();
        assert!(wrong.completions().is_err());
    }
}
