//! Raw scores: what a grader wrote, as text.

use std::borrow::Cow;

use serde_json::Value;

use super::repair::MARK;
use crate::secrets;

/// Longest raw score that is kept, in bytes. A score is a number, a word or a
/// small dictionary; what is longer is an explanation.
const MAX_RAW_BYTES: usize = 4096;

/// A number that JSON has no form for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonFinite {
    /// Not a number.
    NaN,
    /// Above every number, also one beyond the largest double.
    PositiveInfinity,
    /// Below every number, also one beyond the lowest double.
    NegativeInfinity,
}

impl NonFinite {
    /// Python's token.
    pub const fn as_str(self) -> &'static str {
        match self {
            NonFinite::NaN => "NaN",
            NonFinite::PositiveInfinity => "Infinity",
            NonFinite::NegativeInfinity => "-Infinity",
        }
    }
}

/// Whether a string stands for a number without a form in JSON, which the
/// source wrote as a bare token and [`super::parse`] marked.
pub fn non_finite(value: &Value) -> Option<NonFinite> {
    let token = value.as_str()?.strip_prefix(MARK)?;
    match token {
        "NaN" => Some(NonFinite::NaN),
        "Infinity" => Some(NonFinite::PositiveInfinity),
        "-Infinity" => Some(NonFinite::NegativeInfinity),
        number => match number.parse::<f64>() {
            Ok(number) if number == f64::INFINITY => Some(NonFinite::PositiveInfinity),
            Ok(number) if number == f64::NEG_INFINITY => Some(NonFinite::NegativeInfinity),
            _ => None,
        },
    }
}

/// A raw score as `Grade.raw` keeps it: numbers, `true`, `false` and `null` as
/// JSON spells them, a text as it stands, a marked token without its mark,
/// lists and objects as compact JSON. What is longer than 4 KiB is cut and ends
/// with `…`.
///
/// ```
/// use caveat_importer::json::raw_text;
/// use serde_json::json;
/// assert_eq!(raw_text(&json!(0.5)), "0.5");
/// assert_eq!(raw_text(&json!("C")), "C");
/// assert_eq!(raw_text(&json!({"safe": [true, "x"]})), r#"{"safe":[true,"x"]}"#);
/// ```
pub fn raw_text(value: &Value) -> String {
    let mut text = Bounded::default();
    match value {
        Value::String(word) => text.push(word.strip_prefix(MARK).unwrap_or(word)),
        other => write_value(other, &mut text),
    }
    text.text
}

/// Characters of a text that a raw score may have where texts are not kept: a
/// judgement is a word or two, what is longer may quote the reply.
const MAX_RAW_CHARS: usize = 64;

/// The same, where a score may be a text of any length: a long one is told by
/// its length alone, unless texts are kept. So is one within a list or an object.
pub fn raw_word(value: &Value, keep_text: bool) -> String {
    if keep_text || !holds_text(value) {
        return raw_text(value);
    }
    raw_text(&without_texts(value))
}

/// The same under the name that the source gives it. What has the name of a key
/// or a password is hidden, also where texts are kept, and so are tokens.
///
/// ```
/// use caveat_importer::json::raw_score;
/// use serde_json::json;
/// assert_eq!(raw_score("judge", &json!("yes"), false), "yes");
/// assert_eq!(raw_score("api_key", &json!("abc"), true), "…");
/// ```
pub fn raw_score(name: &str, value: &Value, keep_text: bool) -> String {
    if secrets::is_secret_name(name) && holds_a_string(value) {
        return secrets::HIDDEN.to_string();
    }
    match value {
        Value::String(text) => match secrets::name(text) {
            Cow::Borrowed(_) => raw_word(value, keep_text),
            Cow::Owned(hidden) => raw_word(&Value::String(hidden), keep_text),
        },
        Value::Array(_) | Value::Object(_) => secrets::cleaned(raw_word(value, keep_text)),
        _ => raw_text(value),
    }
}

fn holds_text(value: &Value) -> bool {
    match value {
        Value::String(text) => is_text(text),
        Value::Array(items) => items.iter().any(holds_text),
        Value::Object(members) => members
            .iter()
            .any(|(name, member)| is_text(name) || holds_text(member)),
        _ => false,
    }
}

fn holds_a_string(value: &Value) -> bool {
    match value {
        Value::String(_) => non_finite(value).is_none(),
        Value::Array(items) => items.iter().any(holds_a_string),
        Value::Object(members) => members.values().any(holds_a_string),
        _ => false,
    }
}

fn is_text(text: &str) -> bool {
    text.chars().nth(MAX_RAW_CHARS).is_some()
}

fn without_texts(value: &Value) -> Value {
    let told = |text: &String| match is_text(text) {
        true => format!("text of {} characters", text.chars().count()),
        false => text.clone(),
    };
    match value {
        Value::String(text) => Value::String(told(text)),
        Value::Array(items) => items.iter().map(without_texts).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (told(name), without_texts(member)))
            .collect(),
        other => other.clone(),
    }
}

fn write_value(value: &Value, text: &mut Bounded) {
    match value {
        Value::Null => text.push("null"),
        Value::Bool(truth) => text.push(if *truth { "true" } else { "false" }),
        Value::Number(number) => text.push(&number.to_string()),
        Value::String(word) => match word.strip_prefix(MARK) {
            Some(token) => text.push(token),
            None => write_string(word, text),
        },
        Value::Array(items) => {
            text.push("[");
            for (position, item) in items.iter().enumerate() {
                if text.is_full {
                    return;
                }
                text.push(if position > 0 { "," } else { "" });
                write_value(item, text);
            }
            text.push("]");
        }
        Value::Object(members) => {
            text.push("{");
            for (position, (name, member)) in members.iter().enumerate() {
                if text.is_full {
                    return;
                }
                text.push(if position > 0 { "," } else { "" });
                write_string(name, text);
                text.push(":");
                write_value(member, text);
            }
            text.push("}");
        }
    }
}

fn write_string(word: &str, text: &mut Bounded) {
    // No more of a long text is escaped than can be kept.
    let cut = word.floor_char_boundary(MAX_RAW_BYTES + 1);
    let word = word.get(..cut).unwrap_or_default();
    text.push(&Value::from(word).to_string());
}

/// Text that stops growing at the bound.
#[derive(Default)]
struct Bounded {
    text: String,
    is_full: bool,
}

impl Bounded {
    fn push(&mut self, piece: &str) {
        if self.is_full {
            return;
        }
        let cut = piece.floor_char_boundary(MAX_RAW_BYTES - self.text.len());
        self.text.push_str(piece.get(..cut).unwrap_or_default());
        if cut < piece.len() {
            self.text.push('…');
            self.is_full = true;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;
    use crate::Limits;

    #[test]
    fn raw_scores_keep_their_type_and_their_tokens() {
        for (text, raw) in [
            ("1", "1"),
            ("1.0", "1.0"),
            ("-0.25", "-0.25"),
            ("true", "true"),
            ("null", "null"),
            ("\"I\"", "I"),
            ("\"a\\nb\"", "a\nb"),
            ("NaN", "NaN"),
            ("-Infinity", "-Infinity"),
            ("1e400", "1e400"),
            (
                r#"{"a": [NaN, "NaN", 1], "b": null}"#,
                r#"{"a":[NaN,"NaN",1],"b":null}"#,
            ),
            ("[]", "[]"),
        ] {
            let value: Value = super::super::parse(text.as_bytes(), &Limits::default()).unwrap();
            assert_eq!(raw_text(&value), raw);
        }
    }

    #[test]
    fn a_long_raw_score_is_cut_between_characters() {
        for value in [
            json!("x".repeat(10_000)),
            json!("é".repeat(10_000)),
            json!("模".repeat(10_000)),
            json!([["模".repeat(10_000)], 1, 2]),
            json!(vec!["a"; 10_000]),
            json!({ "x".repeat(10_000): "x".repeat(10_000) }),
        ] {
            let raw = raw_text(&value);
            assert!(
                raw.ends_with('…') && raw.len() < MAX_RAW_BYTES + 8,
                "{}",
                raw.len()
            );
        }
        assert_eq!(
            raw_text(&json!("x".repeat(MAX_RAW_BYTES))).len(),
            MAX_RAW_BYTES
        );
    }

    #[test]
    fn a_long_text_as_a_score_is_told_by_its_length() {
        let word = |characters: usize| Value::String("é".repeat(characters));
        assert_eq!(raw_word(&word(64), false), "é".repeat(64));
        assert_eq!(raw_word(&word(65), false), "text of 65 characters");
        assert_eq!(raw_word(&word(65), true), "é".repeat(65));
        assert_eq!(raw_word(&Value::Bool(true), false), "true");
    }

    #[test]
    fn a_text_within_a_score_is_told_by_its_length_as_well() {
        let text = "é".repeat(65);
        let value = json!({"reason": [text, "short"], "score": 1});
        assert_eq!(
            raw_word(&value, false),
            r#"{"reason":["text of 65 characters","short"],"score":1}"#
        );
        assert!(raw_word(&value, true).contains(&text));
    }

    #[test]
    fn keys_and_passwords_are_no_scores() {
        for (name, value, raw) in [
            ("annotation_api_key", json!("abc"), "…"),
            ("authorization", json!({"bearer": "abc"}), "…"),
            ("apiKey", json!(["abc"]), "…"),
            ("token", json!(12), "12"),
            ("key", json!(true), "true"),
            ("judge", json!("sk-abcdefghijklmnop1"), "…"),
            ("judge", json!({"api_key": "abc"}), r#"{"api_key":"…"}"#),
            ("judge", json!("yes"), "yes"),
        ] {
            assert_eq!(raw_score(name, &value, false), raw, "{name}");
            assert_eq!(raw_score(name, &value, true), raw, "{name}");
        }
    }

    #[test]
    fn only_marked_strings_are_tokens() {
        assert_eq!(non_finite(&json!("NaN")), None);
        assert_eq!(non_finite(&json!("\u{fdd0}NaN")), Some(NonFinite::NaN));
        assert_eq!(
            non_finite(&json!("\u{fdd0}-1e999")),
            Some(NonFinite::NegativeInfinity)
        );
        assert_eq!(non_finite(&json!("\u{fdd0}1")), None);
        assert_eq!(non_finite(&json!(1)), None);
    }
}
