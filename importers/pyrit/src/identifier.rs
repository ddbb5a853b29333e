//! What an identifier says of a target, a scorer, a converter or an attack.
//!
//! Versions differ: the class stands under `class_name` or `__type__`; parts
//! stand under `children`, beside the class, or as JSON in the text
//! `sub_identifier`. Endpoints and parameters are left alone.

use caveat_importer::{Limits, secrets};
use serde_json::Value;

use crate::fields::unfolded;

/// Deepest nesting of wrapped scorers that is followed. Real ones have three.
const MAX_WRAPPERS: u32 = 8;

/// The class, whatever it is called.
pub(crate) fn class(identifier: &Value) -> Option<&str> {
    filled(identifier, "class_name").or_else(|| filled(identifier, "__type__"))
}

/// The content hash, where the version has one.
pub(crate) fn hash(identifier: &Value) -> Option<&str> {
    filled(identifier, "hash")
}

/// A part of an identifier by its role.
pub(crate) fn part<'a>(identifier: &'a Value, role: &str) -> Option<&'a Value> {
    let found = identifier
        .get("children")
        .and_then(|children| children.get(role));
    found.or_else(|| identifier.get(role))
}

/// A text that is not empty.
pub(crate) fn filled<'a>(identifier: &'a Value, field: &str) -> Option<&'a str> {
    let text = identifier.get(field)?.as_str()?.trim();
    Some(text).filter(|text| !text.is_empty())
}

/// Whom a conversation is with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// Model as spelled.
    pub(crate) model: Option<String>,
    /// The model behind a deployment, as spelled.
    pub(crate) underlying: Option<String>,
    /// Class of the target.
    pub(crate) class: Option<String>,
    /// Content hash.
    pub(crate) hash: Option<String>,
}

impl Target {
    /// Reads an identifier.
    pub(crate) fn of(identifier: &Value) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Self {
            model: owned(filled(identifier, "model_name")).map(secrets::cleaned),
            underlying: owned(filled(identifier, "underlying_model_name")).map(secrets::cleaned),
            class: owned(class(identifier)),
            hash: owned(hash(identifier)),
        }
    }

    /// The best name there is, and whether it is that of a model.
    pub(crate) fn name(&self) -> Option<(&str, bool)> {
        let model = self.model.as_deref().or(self.underlying.as_deref());
        match model {
            Some(model) => Some((model, true)),
            None => Some((self.class.as_deref()?, false)),
        }
    }
}

/// An attack, found within what wraps it.
pub(crate) fn attack(identifier: &Value) -> &Value {
    let technique = part(identifier, "attack_technique").unwrap_or(identifier);
    part(technique, "attack").unwrap_or(technique)
}

/// A scorer with the scorers that it wraps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ScorerFacts {
    /// Class.
    pub(crate) class: Option<String>,
    /// Content hash.
    pub(crate) hash: Option<String>,
    /// What it wraps.
    pub(crate) wrapped: Vec<ScorerFacts>,
    /// From which value on a wrapped scale counts as true.
    pub(crate) threshold: Option<f64>,
    /// Hash of the target that a prompted scorer asks.
    pub(crate) target_hash: Option<String>,
    /// It asks a model.
    pub(crate) asks_model: bool,
}

impl ScorerFacts {
    /// Reads an identifier.
    pub(crate) fn of(identifier: &Value, limits: &Limits) -> Self {
        Self::within(identifier, limits, MAX_WRAPPERS)
    }

    fn within(identifier: &Value, limits: &Limits, wrappers_left: u32) -> Self {
        let target = part(identifier, "prompt_target");
        let wrapped = match wrappers_left.checked_sub(1) {
            Some(left) => wrapped(identifier, limits)
                .iter()
                .map(|scorer| Self::within(scorer, limits, left))
                .collect(),
            None => Vec::new(),
        };
        Self {
            class: class(identifier).map(str::to_owned),
            hash: hash(identifier).map(str::to_owned),
            wrapped,
            threshold: identifier.get("threshold").and_then(number),
            target_hash: target.and_then(hash).map(str::to_owned),
            asks_model: target.is_some_and(|target| !target.is_null()),
        }
    }
}

fn wrapped(identifier: &Value, limits: &Limits) -> Vec<Value> {
    let found = ["sub_scorers", "sub_identifier"]
        .into_iter()
        .find_map(|role| unfolded(part(identifier, role)?, limits));
    match found {
        Some(Value::Array(scorers)) => scorers,
        Some(scorer @ Value::Object(_)) => vec![scorer],
        _ => Vec::new(),
    }
}

/// A finite number, also as text: older versions wrote every value as one.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Some(number).filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_spellings_of_a_target_are_read() {
        let new =
            json!({"class_name": "T", "model_name": "m", "underlying_model_name": "", "hash": "h"});
        let target = Target::of(&new);
        assert_eq!(target.name(), Some(("m", true)));
        assert_eq!(target.hash.as_deref(), Some("h"));
        let old = json!({"__type__": "TextTarget", "__module__": "x"});
        assert_eq!(Target::of(&old).name(), Some(("TextTarget", false)));
        let behind = json!({"__type__": "T", "model_name": " ", "underlying_model_name": "u"});
        assert_eq!(Target::of(&behind).name(), Some(("u", true)));
        assert_eq!(Target::of(&json!("x")).name(), None);
    }

    #[test]
    fn an_attack_is_found_in_every_wrapping() {
        let attack_itself = json!({"class_name": "CrescendoAttack"});
        for identifier in [
            attack_itself.clone(),
            json!({"class_name": "AtomicAttack", "children": {"attack": attack_itself}}),
            json!({"class_name": "AtomicAttack", "children": {"attack_technique":
                {"class_name": "AttackTechnique", "children": {"attack": attack_itself}}}}),
        ] {
            assert_eq!(class(attack(&identifier)), Some("CrescendoAttack"));
        }
    }

    #[test]
    fn wrapped_scorers_are_followed_to_a_depth() {
        let limits = Limits::default();
        let old = json!({"__type__": "TrueFalseInverterScorer",
            "sub_identifier": "{\"__type__\": \"SelfAskRefusalScorer\"}"});
        let facts = ScorerFacts::of(&old, &limits);
        assert_eq!(
            facts.wrapped[0].class.as_deref(),
            Some("SelfAskRefusalScorer")
        );
        let new = json!({"class_name": "FloatScaleThresholdScorer", "threshold": 0.7,
            "children": {"sub_scorers": [{"class_name": "SelfAskScaleScorer", "hash": "s",
                "children": {"prompt_target": {"hash": "t"}}}]}});
        let facts = ScorerFacts::of(&new, &limits);
        assert_eq!(facts.threshold, Some(0.7));
        assert_eq!(facts.wrapped[0].target_hash.as_deref(), Some("t"));
        let mut deep = json!({"class_name": "X"});
        for _ in 0..40 {
            deep = json!({"class_name": "W", "sub_scorers": [deep]});
        }
        let mut levels = 0;
        let mut facts = &ScorerFacts::of(&deep, &limits);
        while let Some(next) = facts.wrapped.first() {
            levels += 1;
            facts = next;
        }
        assert_eq!(levels, 8);
    }
}
