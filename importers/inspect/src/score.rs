//! The scores of a sample as they stand in a log, with the edits they saw.
//!
//! A score's `value` is the current one; `history` holds the states before it.
//! Nothing is judged here.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

/// Stands for the scorer of the only score of a sample of version 1, whose name
/// is in the results. The word is Inspect's own, which logs that were converted
/// half-way may hold.
pub(crate) const UNNAMED: &str = "88F74D2C";

/// What an edit says of a field that it keeps.
const UNCHANGED: &str = "UNCHANGED";

/// Reasons that mean that the grader failed and not the model.
const GRADER_FAILED: [&str; 2] = ["grader_failed", "scoring_failed"];

/// Scores in the order of the log, by scorer.
#[derive(Debug, Default)]
pub(crate) struct Scores(pub(crate) Vec<(String, Option<Score>)>);

/// One score of one scorer.
#[derive(Debug, Deserialize)]
pub(crate) struct Score {
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
    #[serde(default)]
    reason: Option<Value>,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    history: Option<Vec<Edit>>,
}

/// One state of a score.
#[derive(Clone, Copy, Debug)]
pub(crate) struct State<'s> {
    /// Value in that state.
    pub(crate) value: &'s Value,
    /// When an edit made it so.
    pub(crate) edited_at: Option<&'s str>,
}

#[derive(Debug, Deserialize)]
struct Edit {
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    provenance: Option<Provenance>,
}

#[derive(Debug, Deserialize)]
struct Provenance {
    #[serde(default)]
    timestamp: Option<String>,
}

/// The one thing that is read of a score's metadata.
#[derive(Debug, Default)]
struct Metadata {
    unscored_reason: Option<Value>,
}

impl Score {
    /// The current value; `None` where the score has no such field.
    pub(crate) fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// Whether the score says that its grader failed.
    pub(crate) fn says_grader_failed(&self) -> bool {
        let older = self.metadata.as_ref();
        let reason = self
            .reason
            .as_ref()
            .filter(|reason| !reason.is_null())
            .or(older.and_then(|metadata| metadata.unscored_reason.as_ref()));
        matches!(reason, Some(Value::String(reason)) if GRADER_FAILED.contains(&reason.as_str()))
    }

    /// The states whose value differs from the one before, the current one last.
    pub(crate) fn states(&self) -> Vec<State<'_>> {
        let mut states: Vec<State<'_>> = Vec::new();
        let Some(current) = &self.value else {
            return states;
        };
        for edit in self.history.iter().flatten() {
            let value = edit.value.as_ref();
            let Some(value) = value.filter(|value| *value != UNCHANGED) else {
                continue;
            };
            let edited_at = edit.provenance.as_ref();
            let edited_at = edited_at.and_then(|provenance| provenance.timestamp.as_deref());
            if states.last().is_none_or(|before| before.value != value) {
                states.push(State { value, edited_at });
            }
        }
        if states.last().is_none_or(|last| last.value != current) {
            states.push(State {
                value: current,
                edited_at: None,
            });
        }
        states
    }
}

/// Keeps null apart from absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Scores {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = deserializer.deserialize_map(Members(PhantomData))?;
        Ok(Self(members))
    }
}

/// Collects the members of an object in order; a repeated name is an error.
pub(crate) struct Members<T>(pub(crate) PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Vec<(String, T)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        let mut names = std::collections::HashSet::new();
        while let Some((name, member)) = map.next_entry::<String, T>()? {
            if !names.insert(name.clone()) {
                let name = caveat_importer::quote::word(&name);
                return Err(serde::de::Error::custom(format!("{name} occurs twice")));
            }
            members.push((name, member));
        }
        Ok(members)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MetadataVisitor)
    }
}

/// Takes metadata of any shape: it holds whatever a scorer's author put there.
struct MetadataVisitor;

impl<'de> Visitor<'de> for MetadataVisitor {
    type Value = Metadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("metadata")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
        let mut metadata = Metadata::default();
        while let Some(name) = map.next_key::<String>()? {
            if name == "unscored_reason" {
                metadata.unscored_reason = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(metadata)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Metadata, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Metadata::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Metadata, E> {
        Ok(Metadata::default())
    }

    fn visit_unit<E>(self) -> Result<Metadata, E> {
        Ok(Metadata::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Metadata, E> {
        Ok(Metadata::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Metadata, E> {
        Ok(Metadata::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Metadata, E> {
        Ok(Metadata::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Metadata, E> {
        Ok(Metadata::default())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn states(json: &str) -> Vec<(String, Option<String>)> {
        let score: Score = serde_json::from_str(json).unwrap();
        let states = score.states();
        let spelled = states
            .iter()
            .map(|state| (state.value.to_string(), state.edited_at.map(str::to_owned)));
        spelled.collect()
    }

    #[test]
    fn the_states_of_a_score_end_with_the_current_value() {
        let at = |time: &str| Some(time.to_owned());
        for (json, expected) in [
            (r#"{"value": 1}"#, vec![("1", None)]),
            (r#"{"value": 1, "history": []}"#, vec![("1", None)]),
            (
                r#"{"value": 1, "history": [{"value": 0}, {"value": 1, "provenance": {"timestamp": "t"}}]}"#,
                vec![("0", None), ("1", at("t"))],
            ),
            (
                r#"{"value": 0, "history": [{"value": 0}, {"value": "UNCHANGED", "provenance": {"timestamp": "t"}}]}"#,
                vec![("0", None)],
            ),
            (
                r#"{"value": 2, "history": [{"value": 0}]}"#,
                vec![("0", None), ("2", None)],
            ),
            (
                r#"{"value": null, "metadata": ["x"]}"#,
                vec![("null", None)],
            ),
            (r#"{"answer": "x"}"#, vec![]),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(value, time)| (value.to_owned(), time))
                .collect();
            assert_eq!(states(json), expected, "{json}");
        }
    }

    #[test]
    fn a_failed_grader_says_so_in_the_reason_or_in_older_logs_in_the_metadata() {
        for (json, expected) in [
            (r#"{"value": "I", "reason": "grader_failed"}"#, true),
            (
                r#"{"value": "I", "metadata": {"unscored_reason": "scoring_failed"}}"#,
                true,
            ),
            (r#"{"value": "N", "reason": "refusal"}"#, false),
            (r#"{"value": "N", "metadata": {"grading": [1]}}"#, false),
        ] {
            let score: Score = serde_json::from_str(json).unwrap();
            assert_eq!(score.says_grader_failed(), expected, "{json}");
        }
    }
}
