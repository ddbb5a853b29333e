//! Prompts and conversations of every version, reduced to what is read of them.
//!
//! A prompt is a text (to 0.12), an object with `text` (prompts with a picture,
//! to 0.12) or a conversation with `turns` (from 0.13). Of a prompt, the last
//! user turn is kept; of the conversations that followed it, how many user turns
//! each one has.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The prompt of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Prompt {
    /// Text of the last user turn; without one, of the last turn.
    pub(crate) text: Option<String>,
    /// How many user turns it has.
    pub(crate) user_turns: u32,
    from_user: bool,
}

impl Prompt {
    fn one(text: Option<String>) -> Self {
        Self {
            text,
            user_turns: 1,
            from_user: true,
        }
    }

    fn add(&mut self, turn: Turn) {
        self.user_turns += u32::from(turn.is_user);
        if turn.is_user || !self.from_user {
            self.text = turn.text;
            self.from_user = turn.is_user;
        }
    }
}

impl<'de> Deserialize<'de> for Prompt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PromptVisitor)
    }
}

struct PromptVisitor;

impl<'de> Visitor<'de> for PromptVisitor {
    type Value = Prompt;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a prompt: a text, or an object with `turns` or `text`")
    }

    fn visit_unit<E>(self) -> Result<Prompt, E> {
        Ok(Prompt::default())
    }

    fn visit_str<E>(self, text: &str) -> Result<Prompt, E> {
        Ok(Prompt::one(Some(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut turns: A) -> Result<Prompt, A::Error> {
        let mut prompt = Prompt::default();
        while let Some(turn) = turns.next_element::<Turn>()? {
            prompt.add(turn);
        }
        Ok(prompt)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Prompt, A::Error> {
        let mut prompt = Prompt::default();
        while let Some(key) = members.next_key::<Key>()? {
            match key {
                Key::Turns => prompt = members.next_value()?,
                Key::Text => prompt = Prompt::one(members.next_value()?),
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(prompt)
    }
}

/// The keys that are read, in any of the objects here.
enum Key {
    Turns,
    Text,
    Role,
    Content,
    Other,
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl Visitor<'_> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                Ok(match key {
                    "turns" => Key::Turns,
                    "text" => Key::Text,
                    "role" => Key::Role,
                    "content" => Key::Content,
                    _ => Key::Other,
                })
            }
        }

        deserializer.deserialize_identifier(KeyVisitor)
    }
}

/// One turn with its text.
#[derive(Default)]
struct Turn {
    is_user: bool,
    text: Option<String>,
}

impl<'de> Deserialize<'de> for Turn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TurnVisitor;

        impl<'de> Visitor<'de> for TurnVisitor {
            type Value = Turn;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a turn: an object with `role` and `content`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Turn, A::Error> {
                let mut turn = Turn::default();
                while let Some(key) = members.next_key::<Key>()? {
                    match key {
                        Key::Role => {
                            let role: Option<String> = members.next_value()?;
                            turn.is_user = role.as_deref() == Some("user");
                        }
                        // The content is a text or a message, read as a prompt of one turn.
                        Key::Content => turn.text = members.next_value::<Prompt>()?.text,
                        _ => drop(members.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(turn)
            }
        }

        deserializer.deserialize_map(TurnVisitor)
    }
}

/// User turns of each conversation of an attempt, in the order of its outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UserTurns(pub(crate) Vec<u32>);

impl<'de> Deserialize<'de> for UserTurns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Counted::deserialize(deserializer)? {
            Counted::List { inner, .. } => Self(inner),
            _ => Self::default(),
        })
    }
}

/// What was counted in a value of any shape: nothing here is an error, for the
/// number of turns is the least of what an attempt says.
enum Counted {
    /// A turn of the user, or of another role.
    Turn {
        is_user: bool,
    },
    /// A conversation with this many user turns.
    Conversation(u32),
    /// A list: its own user turns, and those of the conversations in it.
    List {
        own: u32,
        inner: Vec<u32>,
    },
    Nothing,
}

impl Counted {
    fn user_turns(&self) -> u32 {
        match self {
            Counted::Turn { is_user } => u32::from(*is_user),
            Counted::Conversation(turns) | Counted::List { own: turns, .. } => *turns,
            Counted::Nothing => 0,
        }
    }
}

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Counted;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("conversations")
    }

    fn visit_unit<E>(self) -> Result<Counted, E> {
        Ok(Counted::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Counted, E> {
        Ok(Counted::Nothing)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Counted, E> {
        Ok(Counted::Nothing)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Counted, E> {
        Ok(Counted::Nothing)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Counted, E> {
        Ok(Counted::Nothing)
    }

    fn visit_str<E>(self, text: &str) -> Result<Counted, E> {
        // Reached for the role of a turn.
        Ok(Counted::Turn {
            is_user: text == "user",
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Counted, A::Error> {
        let (mut own, mut inner) = (0, Vec::new());
        while let Some(item) = items.next_element::<Counted>()? {
            match item {
                Counted::Turn { .. } => own += item.user_turns(),
                _ => inner.push(item.user_turns()),
            }
        }
        Ok(Counted::List { own, inner })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Counted, A::Error> {
        let mut counted = Counted::Nothing;
        while let Some(key) = members.next_key::<Key>()? {
            match key {
                Key::Turns => {
                    let turns = members.next_value::<Counted>()?.user_turns();
                    counted = Counted::Conversation(turns);
                }
                Key::Role => counted = members.next_value()?,
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(counted)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn prompts_of_every_version_give_their_last_user_turn() {
        for (json, text, user_turns) in [
            ("null", None, 0),
            (r#""plain""#, Some("plain"), 1),
            (r#"{"text": "seen", "image": "a.png"}"#, Some("seen"), 1),
            (
                r#"{"turns": [{"role": "system", "content": {"text": "s"}}, {"role": "user", "content": {"text": "u", "notes": {}}}], "notes": {}}"#,
                Some("u"),
                1,
            ),
            (
                r#"{"turns": [{"role": "user", "content": "one"}, {"role": "assistant", "content": "a"}, {"content": "two", "role": "user"}]}"#,
                Some("two"),
                2,
            ),
            (r#"[{"role": "system", "content": "s"}]"#, Some("s"), 0),
            (
                r#"{"turns": [{"role": "user", "content": {"text": null}}]}"#,
                None,
                1,
            ),
            (r#"{"turns": [], "notes": null}"#, None, 0),
        ] {
            let prompt: Prompt = serde_json::from_str(json).unwrap();
            assert_eq!(prompt.text.as_deref(), text, "{json}");
            assert_eq!(prompt.user_turns, user_turns, "{json}");
        }
        for json in [
            "5",
            r#"{"turns": [5]}"#,
            r#"{"turns": [{"role": "user", "content": 5}]}"#,
        ] {
            assert!(serde_json::from_str::<Prompt>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn user_turns_are_counted_for_each_conversation_of_either_shape() {
        for (json, expected) in [
            (
                r#"[{"turns": [{"role": "user"}, {"role": "assistant"}, {"role": "user"}]}, {"turns": [{"role": "user"}]}]"#,
                vec![2, 1],
            ),
            (
                r#"[[{"role": "user", "content": "x"}, {"role": "assistant"}], [{"role": "user"}]]"#,
                vec![1, 1],
            ),
            (r#"[{"role": "user", "content": "x"}]"#, vec![]),
            ("null", vec![]),
            (r#"[1, null, "user", {"turns": 5}]"#, vec![0, 0, 0]),
        ] {
            let counted: UserTurns = serde_json::from_str(json).unwrap();
            assert_eq!(counted.0, expected, "{json}");
        }
    }
}
