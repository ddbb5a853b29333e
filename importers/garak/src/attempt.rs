//! One attempt: a prompt, its outputs, and the scores that detectors gave them.
//!
//! Texts of outputs are digested while they are parsed; the copies of them that
//! `conversations` holds are read past.

use std::fmt;

use caveat_corpus::Digest;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::conversation::{Prompt, UserTurns};

/// Most outputs of one attempt. Runs ask for 1 to 100 generations.
pub(crate) const MAX_OUTPUTS: usize = 100_000;

/// An attempt as it stands on its line. `KEEP` keeps the texts of its outputs.
#[derive(Debug, Deserialize)]
pub(crate) struct Attempt<const KEEP: bool> {
    #[serde(default)]
    pub(crate) uuid: Option<String>,
    #[serde(default)]
    pub(crate) seq: Option<i64>,
    #[serde(default)]
    pub(crate) status: Option<i64>,
    #[serde(default)]
    pub(crate) probe_classname: Option<String>,
    #[serde(default)]
    pub(crate) prompt: Prompt,
    #[serde(default = "none")]
    pub(crate) outputs: Option<Vec<Output<KEEP>>>,
    #[serde(default)]
    pub(crate) detector_results: Option<Scores>,
    #[serde(default)]
    pub(crate) notes: Notes,
    #[serde(default)]
    pub(crate) intent: Option<String>,
    #[serde(default)]
    conversations: UserTurns,
    /// The name of `conversations` up to 0.12.
    #[serde(default)]
    messages: UserTurns,
}

const fn none<T>() -> Option<T> {
    None
}

impl<const KEEP: bool> Attempt<KEEP> {
    /// User turns of the conversation that an output ends.
    pub(crate) fn turns(&self, output: usize) -> Option<u32> {
        let conversations = [&self.conversations, &self.messages];
        let counted = conversations
            .into_iter()
            .find_map(|list| list.0.get(output));
        let turns = counted.copied().unwrap_or(self.prompt.user_turns);
        (turns > 0).then_some(turns)
    }

    /// Whether the detectors have seen it.
    pub(crate) fn is_evaluated(&self) -> Result<bool, String> {
        match self.status {
            Some(2) => Ok(true),
            Some(0 | 1) => Ok(false),
            None => Ok(self
                .detector_results
                .as_ref()
                .is_some_and(|scores| !scores.0.is_empty())),
            Some(other) => Err(format!("`status` is {other}, expected 0, 1 or 2")),
        }
    }
}

/// The scores of each detector, in the order of the line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Scores(pub(crate) Vec<(String, Vec<Value>)>);

impl<'de> Deserialize<'de> for Scores {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScoresVisitor;

        impl<'de> Visitor<'de> for ScoresVisitor {
            type Value = Scores;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of detectors with a list of scores each")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Scores, A::Error> {
                let mut scores: Vec<(String, Vec<Value>)> = Vec::new();
                while let Some((detector, list)) =
                    members.next_entry::<String, Option<Vec<Value>>>()?
                {
                    if scores.iter().any(|(known, _)| *known == detector) {
                        return Err(A::Error::custom("a detector stands twice"));
                    }
                    scores.push((detector, list.unwrap_or_default()));
                }
                Ok(Scores(scores))
            }
        }

        deserializer.deserialize_map(ScoresVisitor)
    }
}

/// What is read of an attempt's notes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// The buff that changed the prompt.
    pub(crate) buff: Option<String>,
}

impl<'de> Deserialize<'de> for Notes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NotesVisitor;

        impl<'de> Visitor<'de> for NotesVisitor {
            type Value = Notes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of notes")
            }

            fn visit_unit<E>(self) -> Result<Notes, E> {
                Ok(Notes::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Notes, A::Error> {
                let mut notes = Notes::default();
                while let Some(is_buff) = members.next_key::<IsBuff>()? {
                    if is_buff.0 {
                        notes.buff = members.next_value()?;
                    } else {
                        members.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(notes)
            }
        }

        deserializer.deserialize_any(NotesVisitor)
    }
}

/// Whether a key of the notes names the buff; other keys are not kept.
struct IsBuff(bool);

impl<'de> Deserialize<'de> for IsBuff {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = IsBuff;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<IsBuff, E> {
                Ok(IsBuff(key == "buff_creator"))
            }
        }

        deserializer.deserialize_identifier(KeyVisitor)
    }
}

/// One output: what the target gave back, if anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Output<const KEEP: bool> {
    /// There is a text or an attachment.
    pub(crate) is_reply: bool,
    /// Digest of the text; without one, the attachment's own.
    pub(crate) digest: Option<Digest>,
    /// The text, where it is kept.
    pub(crate) text: Option<String>,
}

impl<const KEEP: bool> Output<KEEP> {
    fn of_text(text: &str) -> Self {
        Self {
            is_reply: true,
            digest: Some(Digest::of(text.as_bytes())),
            text: KEEP.then(|| text.to_owned()),
        }
    }
}

impl<'de, const KEEP: bool> Deserialize<'de> for Output<KEEP> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OutputVisitor::<KEEP>)
    }
}

struct OutputVisitor<const KEEP: bool>;

impl<'de, const KEEP: bool> Visitor<'de> for OutputVisitor<KEEP> {
    type Value = Output<KEEP>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an output: null, a text, or an object with `text`")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Output::default())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Output::of_text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut output = Output::default();
        let (mut has_text, mut has_data, mut checksum) = (false, false, None);
        while let Some(field) = members.next_key::<Field>()? {
            match field {
                Field::Text if has_text => return Err(A::Error::custom("`text` stands twice")),
                Field::Text => {
                    has_text = true;
                    output = match members.next_value::<Option<OnlyText<KEEP>>>()? {
                        Some(text) => text.0,
                        None => Output::default(),
                    };
                }
                Field::DataPath => {
                    has_data |= members.next_value::<Option<IgnoredAny>>()?.is_some()
                }
                Field::DataChecksum => checksum = members.next_value::<Option<String>>()?,
                Field::Other => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        if !output.is_reply && (has_data || checksum.is_some()) {
            output.is_reply = true;
            // garak writes the SHA-256 of the attached bytes.
            output.digest = checksum.and_then(|digits| Digest::from_hex(&digits).ok());
        }
        Ok(output)
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Field {
    Text,
    DataPath,
    DataChecksum,
    #[serde(other)]
    Other,
}

/// A text and nothing else.
struct OnlyText<const KEEP: bool>(Output<KEEP>);

impl<'de, const KEEP: bool> Deserialize<'de> for OnlyText<KEEP> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor<const KEEP: bool>;

        impl<const KEEP: bool> Visitor<'_> for TextVisitor<KEEP> {
            type Value = OnlyText<KEEP>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(OnlyText(Output::of_text(text)))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_output_is_a_reply_when_there_is_a_text_or_an_attachment() {
        let checksum = Digest::of(b"picture");
        let with_data =
            format!(r#"{{"text": null, "data_path": "a.png", "data_checksum": "{checksum}"}}"#);
        for (json, is_reply, digest) in [
            ("null", false, None),
            (
                r#"{"text": null, "data_path": null, "notes": {}}"#,
                false,
                None,
            ),
            (r#""""#, true, Some(Digest::of(b""))),
            (
                r#"{"lang": "en", "text": "a\n"}"#,
                true,
                Some(Digest::of(b"a\n")),
            ),
            (r#"{"data_path": "a.png"}"#, true, None),
            (&with_data, true, Some(checksum)),
        ] {
            let output: Output<false> = serde_json::from_str(json).unwrap();
            assert_eq!(
                (output.is_reply, output.digest),
                (is_reply, digest),
                "{json}"
            );
            assert_eq!(output.text, None);
        }
        let kept: Output<true> = serde_json::from_str(r#"{"text": "x"}"#).unwrap();
        assert_eq!(kept.text.as_deref(), Some("x"));
        for json in ["5", "[]", r#"{"text": 5}"#, r#"{"text": "a", "text": "b"}"#] {
            assert!(
                serde_json::from_str::<Output<false>>(json).is_err(),
                "{json}"
            );
        }
    }

    #[test]
    fn a_detector_that_stands_twice_spoils_the_attempt() {
        let text = r#"{"detector_results": {"a.B": [0.0], "a.B": [1.0]}}"#;
        assert!(serde_json::from_str::<Attempt<false>>(text).is_err());
        let text = r#"{"detector_results": null, "notes": [], "outputs": null}"#;
        assert!(serde_json::from_str::<Attempt<false>>(text).is_err());
        let text = r#"{"detector_results": null, "notes": {"x": 1, "buff_creator": "Lower"}}"#;
        let attempt: Attempt<false> = serde_json::from_str(text).unwrap();
        assert_eq!(attempt.notes.buff.as_deref(), Some("Lower"));
        assert_eq!(attempt.is_evaluated(), Ok(false));
    }
}
