//! Raw scores: what a grader wrote, as text.

use serde_json::Value;

use super::repair::MARK;

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
/// its length alone, unless texts are kept.
pub fn raw_word(value: &Value, keep_text: bool) -> String {
    match value {
        Value::String(text) if !keep_text && text.chars().nth(MAX_RAW_CHARS).is_some() => {
            format!("text of {} characters", text.chars().count())
        }
        other => raw_text(other),
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
