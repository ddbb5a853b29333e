//! Messages, replies and attachments: what a model was told and what it said.
//!
//! Only text parts are text. Reasoning, images and tool results are not; an
//! attachment's reference stands for the text that was moved out of a message.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// What stands before an attachment's id.
const ATTACHMENT: &str = "attachment://";

/// Digits of the hash that names an attachment in a sample of one piece.
const HASH_DIGITS: usize = 32;

/// The content of a message: its text parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// Texts in order; a plain string is one.
    pub(crate) texts: Vec<String>,
}

/// A message of which everything but its text is left out.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    #[serde(default)]
    pub(crate) role: Option<String>,
    #[serde(default)]
    pub(crate) content: Option<Content>,
}

/// A message of a conversation that is only counted.
#[derive(Debug, Deserialize)]
pub(crate) struct MessageHead {
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    content: Option<Box<RawValue>>,
}

/// What a model's reply holds.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Output {
    #[serde(default)]
    pub(crate) model: Option<String>,
    #[serde(default)]
    pub(crate) choices: Option<Vec<Choice>>,
    #[serde(default)]
    pub(crate) completion: Option<String>,
    /// Why the request failed, where it did; also what a filter said.
    #[serde(default)]
    pub(crate) error: Value,
    #[serde(default)]
    pub(crate) usage: Option<Usage>,
    #[serde(default)]
    pub(crate) time: Option<Value>,
}

impl Output {
    /// Whether the provider's filter stopped the first reply.
    pub(crate) fn is_filtered(&self) -> bool {
        let choice = self.choices.as_ref().and_then(|choices| choices.first());
        choice.and_then(|choice| choice.stop_reason.as_deref()) == Some("content_filter")
    }

    /// Whether the request failed. Inspect also writes there what a filter said.
    pub(crate) fn has_error(&self) -> bool {
        if self.is_filtered() {
            return false;
        }
        match &self.error {
            Value::Null | Value::Bool(false) => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        }
    }
}

/// One of the replies to a request; the first is the one that is scored.
#[derive(Debug, Deserialize)]
pub(crate) struct Choice {
    #[serde(default)]
    pub(crate) message: Option<Message>,
    #[serde(default)]
    pub(crate) stop_reason: Option<String>,
}

/// Tokens of one request.
#[derive(Debug, Deserialize)]
pub(crate) struct Usage {
    #[serde(default)]
    pub(crate) input_tokens: Option<Value>,
    #[serde(default)]
    pub(crate) input_tokens_cache_read: Option<Value>,
    #[serde(default)]
    pub(crate) input_tokens_cache_write: Option<Value>,
    #[serde(default)]
    pub(crate) output_tokens: Option<Value>,
}

/// The conversation of a sample as far as it is needed.
#[derive(Debug, Default)]
pub(crate) struct History {
    generated: u32,
    unmarked: u32,
    last_reply: Option<Box<RawValue>>,
}

impl History {
    /// Counts a message.
    pub(crate) fn add(&mut self, message: MessageHead) {
        if message.role.as_deref() != Some("assistant") {
            return;
        }
        match message.source.as_deref() {
            Some("input") => return,
            Some("generate") => self.generated = self.generated.saturating_add(1),
            _ => self.unmarked = self.unmarked.saturating_add(1),
        }
        self.last_reply = message.content;
    }

    /// Turns of the model: replies, also those that call a tool. The oldest
    /// logs mark no message; there the replies that the prompt itself holds are
    /// taken off.
    pub(crate) fn turns(&self, replies_in_prompt: u32) -> u32 {
        if self.generated > 0 {
            return self.generated;
        }
        self.unmarked.saturating_sub(replies_in_prompt)
    }

    /// The last reply's content, unparsed.
    pub(crate) fn last_reply(&self) -> Option<&RawValue> {
        self.last_reply.as_deref()
    }
}

/// Texts that were moved out of a sample, by id.
#[derive(Debug, Default)]
pub(crate) struct Attachments(pub(crate) HashMap<String, String>);

impl Attachments {
    /// The text that a string stands for.
    ///
    /// # Errors
    /// Names the attachment that is missing.
    pub(crate) fn resolve<'t>(&'t self, text: &'t str) -> Result<Cow<'t, str>, String> {
        match reference(text) {
            None => Ok(Cow::Borrowed(text)),
            Some(id) => self
                .0
                .get(id)
                .map(|text| Cow::Borrowed(text.as_str()))
                .ok_or_else(|| format!("the attachment `{id}` that it refers to is missing")),
        }
    }

    /// The text parts of a message, joined as Inspect joins them.
    ///
    /// # Errors
    /// Names the attachment that is missing.
    pub(crate) fn text(&self, content: &Content) -> Result<String, String> {
        let parts: Result<Vec<_>, String> = content
            .texts
            .iter()
            .map(|text| self.resolve(text))
            .collect();
        Ok(parts?.join("\n"))
    }
}

/// The id of the attachment that a whole string refers to: a hash, or in a
/// sample of chunks a position.
pub(crate) fn reference(text: &str) -> Option<&str> {
    let id = text.strip_prefix(ATTACHMENT)?;
    let is_position = id.len() < HASH_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit());
    let is_hash = id.len() == HASH_DIGITS && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    ((is_position && !id.is_empty()) || is_hash).then_some(id)
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text or a list of parts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content {
            texts: vec![text.to_owned()],
        })
    }

    fn visit_string<E>(self, text: String) -> Result<Content, E> {
        Ok(Content { texts: vec![text] })
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Content, A::Error> {
        let mut content = Content::default();
        while let Some(part) = parts.next_element::<Part>()? {
            content.texts.extend(part.0);
        }
        Ok(content)
    }
}

/// A part of a message: its text, if it is a text.
struct Part(Option<String>);

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of a message")
    }

    fn visit_str<E>(self, text: &str) -> Result<Part, E> {
        Ok(Part(Some(text.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Part, A::Error> {
        let (mut is_text, mut text) = (false, None);
        while let Some(key) = members.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "type" => is_text = members.next_value::<Value>()? == "text",
                "text" => text = members.next_value::<Option<Value>>()?,
                _ => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Part(match text {
            Some(Value::String(text)) if is_text => Some(text),
            _ => None,
        }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_text_parts_are_text() {
        for (json, texts) in [
            (r#""plain""#, vec!["plain"]),
            ("[]", vec![]),
            (
                r#"[{"type": "reasoning", "reasoning": "x", "text": "no"}]"#,
                vec![],
            ),
            (
                r#"[{"type":"text","text":"a"},{"type":"image","image":"x"},{"text":"b","type":"text"}]"#,
                vec!["a", "b"],
            ),
        ] {
            let content: Content = serde_json::from_str(json).unwrap();
            assert_eq!(content.texts, texts, "{json}");
        }
        assert!(serde_json::from_str::<Content>("7").is_err());
        assert!(serde_json::from_str::<Content>("[7]").is_err());
    }

    #[test]
    fn only_a_whole_string_of_the_right_form_is_a_reference() {
        let hash = "0da6946247aa46ac961db4207faafcd4";
        assert_eq!(reference(&format!("attachment://{hash}")), Some(hash));
        assert_eq!(reference("attachment://12"), Some("12"));
        for text in [
            "attachment://",
            "attachment://x",
            "see attachment://12",
            "attachment://12 and more",
        ] {
            assert_eq!(reference(text), None, "{text}");
        }
    }

    #[test]
    fn turns_are_what_the_model_generated() {
        let messages = r#"[{"role":"system","content":"s"},{"role":"user","content":"u","source":"input"},
            {"role":"assistant","content":"few shots","source":"input"},
            {"role":"assistant","content":"","source":"generate","tool_calls":[{}]},{"role":"tool","content":"t"},
            {"role":"assistant","content":"last","source":"generate"}]"#;
        let mut history = History::default();
        for message in serde_json::from_str::<Vec<MessageHead>>(messages).unwrap() {
            history.add(message);
        }
        assert_eq!(history.turns(1), 2);
        assert_eq!(history.last_reply().unwrap().get(), "\"last\"");
    }
}
