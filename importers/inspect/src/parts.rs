//! One sample, put together from the pieces of its JSON.
//!
//! Every field that is read is parsed as it comes by; what is large and not
//! needed (events, the store, attachments that nothing refers to) is read past.
//! The first fault is kept and rejects the sample, never the log.

use std::collections::HashSet;
use std::io::Read;

use caveat_importer::Limits;
use caveat_importer::json::{self, Content, Key, Pieces, PiecesError};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::message::{
    Attachments, Content as Text, History, Message, MessageHead, Output, reference,
};
use crate::score::{Score, Scores, UNNAMED};
use crate::settings::Settings;

/// Containers of a sample that are walked. `transcript` is what `events` and
/// `attachments` were called in version 1.
pub(crate) const OPEN: [&str; 5] = [
    "",
    "metadata",
    "attachments",
    "transcript",
    "transcript.content",
];

/// Members of a sample that are read past, of whatever size.
pub(crate) const IGNORED: [&str; 9] = [
    "events",
    "events_data",
    "store",
    "timelines",
    "model_usage",
    "role_usage",
    "error_retries",
    "files",
    "transcript.events",
];

/// The prompt of a sample.
#[derive(Debug)]
pub(crate) enum Input {
    /// One text.
    Text(String),
    /// A conversation, whose last user message is the attack.
    Chat(Vec<Message>),
}

/// The fields of one sample.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub(crate) id: Option<Value>,
    pub(crate) epoch: Option<Value>,
    pub(crate) uuid: Option<String>,
    pub(crate) input: Option<Input>,
    pub(crate) history: Option<History>,
    pub(crate) output: Option<Output>,
    pub(crate) scores: Scores,
    pub(crate) metadata: Vec<(String, Value)>,
    pub(crate) attachments: Attachments,
    pub(crate) has_error: bool,
    pub(crate) limit: Option<String>,
    pub(crate) is_invalidated: bool,
    pub(crate) started_at: Option<String>,
    pub(crate) completed_at: Option<String>,
    /// Ranges of messages, where the sample is stored in chunks.
    pub(crate) message_refs: Option<Vec<(u64, u64)>>,
    /// Why the sample cannot be used.
    pub(crate) fault: Option<String>,
    /// Names of members that were read, to find repeats.
    seen: HashSet<&'static str>,
    /// Ids of attachments that the fields read so far refer to.
    pub(crate) wanted: HashSet<String>,
    attachment_bytes: u64,
}

/// What the pieces of a sample are read with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) settings: &'a Settings,
}

impl Parts {
    /// Reads a document that is one sample.
    pub(crate) fn read(reader: impl Read, reading: Reading<'_>) -> Self {
        let mut parts = Self::default();
        let mut pieces = Pieces::new(reader, &OPEN, reading.limits).ignoring(&IGNORED);
        loop {
            match pieces.next_piece() {
                Ok(Some(piece)) => parts.take(piece.path, piece.key, piece.content, reading),
                Ok(None) => return parts,
                Err(error) => {
                    parts.fail(|| said(&error));
                    return parts;
                }
            }
        }
    }

    /// Takes one piece; `place` is the path of its container within the sample.
    pub(crate) fn take(
        &mut self,
        place: &str,
        key: Key<'_>,
        content: Content<'_>,
        reading: Reading<'_>,
    ) {
        if self.fault.is_some() {
            return;
        }
        if let Err(fault) = self.try_take(place, key, content, reading) {
            self.fault = Some(fault);
        }
    }

    /// Keeps the first fault.
    pub(crate) fn fail(&mut self, fault: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(fault());
        }
    }

    fn try_take(
        &mut self,
        place: &str,
        key: Key<'_>,
        content: Content<'_>,
        reading: Reading<'_>,
    ) -> Result<(), String> {
        let Key::Name(name) = key else {
            let place = if place.is_empty() {
                "the sample"
            } else {
                place
            };
            return Err(format!("{place} is a list, expected an object"));
        };
        match place {
            "" => self.member(name, content, reading),
            "metadata" if reading.settings.reads(name) => {
                let value: Value = parsed(name, content, reading.limits)?;
                self.want(value.as_str());
                self.metadata.push((name.to_owned(), value));
                Ok(())
            }
            "attachments" | "transcript.content" => self.attachment(name, content, reading.limits),
            _ => Ok(()),
        }
    }

    fn member(
        &mut self,
        name: &str,
        content: Content<'_>,
        reading: Reading<'_>,
    ) -> Result<(), String> {
        let limits = reading.limits;
        if matches!(content, Content::Whole(b"null")) {
            return Ok(());
        }
        match name {
            "" => return Err("expected a JSON object".to_owned()),
            "id" => {
                self.once("id")?;
                self.id = Some(parsed(name, content, limits)?);
            }
            "epoch" => {
                self.once("epoch")?;
                self.epoch = Some(parsed(name, content, limits)?);
            }
            "uuid" => {
                self.once("uuid")?;
                self.uuid = Some(parsed(name, content, limits)?);
            }
            "input" => {
                self.once("input")?;
                let input = input(name, content, limits)?;
                self.want_all(input.texts());
                self.input = Some(input);
            }
            "messages" => {
                self.once("messages")?;
                let mut history = History::default();
                let messages: Vec<MessageHead> = parsed(name, content, limits)?;
                messages
                    .into_iter()
                    .for_each(|message| history.add(message));
                if let Some(reply) = history.last_reply() {
                    let reply: Text = parsed(name, Content::Whole(reply.get().as_bytes()), limits)?;
                    self.want_all(&reply.texts);
                }
                self.history = Some(history);
            }
            "output" => {
                self.once("output")?;
                let output: Output = parsed(name, content, limits)?;
                self.want_all(output.texts());
                self.output = Some(output);
            }
            "scores" => {
                self.once("scores")?;
                self.scores = parsed(name, content, limits)?;
                self.want_scores();
            }
            // Version 1 has one score without a name.
            "score" => {
                self.once("scores")?;
                let score: Score = parsed(name, content, limits)?;
                self.scores = Scores(vec![(UNNAMED.to_owned(), Some(score))]);
                self.want_scores();
            }
            "error" => self.has_error = true,
            "limit" => {
                self.once("limit")?;
                self.limit = Some(limit(parsed(name, content, limits)?));
            }
            "invalidation" => self.is_invalidated = true,
            "started_at" => self.started_at = Some(parsed(name, content, limits)?),
            "completed_at" => self.completed_at = Some(parsed(name, content, limits)?),
            "message_refs" => {
                self.once("message_refs")?;
                self.message_refs = Some(parsed(name, content, limits)?);
            }
            "metadata" | "attachments" | "transcript" => {
                return Err(format!("`{name}` is no object"));
            }
            _ => {}
        }
        Ok(())
    }

    /// Refuses a member that occurs twice: which of the two holds is not ours to say.
    fn once(&mut self, name: &'static str) -> Result<(), String> {
        match self.seen.insert(name) {
            true => Ok(()),
            false => Err(format!("`{name}` occurs twice")),
        }
    }

    /// Keeps an attachment if something refers to it. In a sample in an order of
    /// its own, where the reply comes later, every one is kept, within a bound.
    fn attachment(
        &mut self,
        id: &str,
        content: Content<'_>,
        limits: &Limits,
    ) -> Result<(), String> {
        let may_be_wanted = !self.seen.contains("output");
        if !self.wanted.contains(id) && !may_be_wanted {
            return Ok(());
        }
        let text: Option<String> = match content {
            // One that nothing refers to does no harm.
            Content::TooLong { .. } if !self.wanted.contains(id) => return Ok(()),
            content => parsed("attachments", content, limits)?,
        };
        let text = text.unwrap_or_default();
        self.attachment_bytes += u64::try_from(text.len()).unwrap_or(u64::MAX);
        if self.attachment_bytes > limits.max_record_bytes {
            let longest = limits.max_record_bytes;
            return Err(format!(
                "its attachments have more than {longest} bytes in sum"
            ));
        }
        self.attachments.0.insert(id.to_owned(), text);
        Ok(())
    }

    fn want(&mut self, text: Option<&str>) {
        if let Some(id) = text.and_then(reference) {
            self.wanted.insert(id.to_owned());
        }
    }

    pub(crate) fn want_all<T: AsRef<str>>(&mut self, texts: impl IntoIterator<Item = T>) {
        for text in texts {
            self.want(Some(text.as_ref()));
        }
    }

    fn want_scores(&mut self) {
        let mut wanted = Vec::new();
        for (_, score) in &self.scores.0 {
            for state in score.iter().flat_map(Score::states) {
                match state.value {
                    Value::String(text) => wanted.push(text.clone()),
                    Value::Object(parts) => {
                        let texts = parts.values().filter_map(Value::as_str);
                        wanted.extend(texts.map(str::to_owned));
                    }
                    _ => {}
                }
            }
        }
        self.want_all(wanted);
    }
}

impl Input {
    /// The text that the model was attacked with: the whole input, or the last
    /// user message of a conversation.
    pub(crate) fn attack(&self) -> Option<Text> {
        match self {
            Input::Text(text) => Some(Text {
                texts: vec![text.clone()],
            }),
            Input::Chat(messages) => messages
                .iter()
                .rev()
                .find(|message| message.role.as_deref() == Some("user"))
                .and_then(|message| message.content.clone())
                .filter(|content| !content.texts.is_empty()),
        }
    }

    /// Replies that the prompt itself holds.
    pub(crate) fn replies(&self) -> u32 {
        let Input::Chat(messages) = self else {
            return 0;
        };
        let replies = messages
            .iter()
            .filter(|message| message.role.as_deref() == Some("assistant"));
        u32::try_from(replies.count()).unwrap_or(u32::MAX)
    }

    fn texts(&self) -> Vec<String> {
        self.attack()
            .map(|content| content.texts)
            .unwrap_or_default()
    }
}

impl Output {
    fn texts(&self) -> Vec<String> {
        let choices = self.choices.iter().flatten().take(1);
        let parts = choices
            .filter_map(|choice| choice.message.as_ref()?.content.as_ref())
            .flat_map(|content| content.texts.iter().cloned());
        parts.chain(self.completion.clone()).collect()
    }
}

/// An error of reading in words that fit a sample.
pub(crate) fn said(error: &PiecesError) -> String {
    match error {
        PiecesError::Truncated { byte } => format!("the sample is cut short at byte {byte}"),
        other => other.to_string(),
    }
}

fn parsed<T: DeserializeOwned>(
    name: &str,
    content: Content<'_>,
    limits: &Limits,
) -> Result<T, String> {
    match content {
        Content::Whole(bytes) => {
            json::parse(bytes, limits).map_err(|fault| format!("`{name}`: {fault}"))
        }
        Content::TooLong { bytes } => Err(format!(
            "`{name}` has {bytes} bytes, at most {} are read",
            limits.max_record_bytes
        )),
    }
}

fn input(name: &str, content: Content<'_>, limits: &Limits) -> Result<Input, String> {
    match content {
        Content::Whole([b'"', ..]) => parsed(name, content, limits).map(Input::Text),
        Content::Whole([b'[', ..]) | Content::TooLong { .. } => {
            parsed(name, content, limits).map(Input::Chat)
        }
        Content::Whole(_) => Err(format!("`{name}` is neither text nor a list of messages")),
    }
}

/// The kind of limit that ended a sample.
fn limit(value: Value) -> String {
    let kind = match &value {
        Value::Object(limit) => limit.get("type").and_then(Value::as_str),
        other => other.as_str(),
    };
    kind.unwrap_or("unnamed").chars().take(40).collect()
}
