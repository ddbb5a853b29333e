//! Parses one JSON text within bounds.
//!
//! The plain parser runs first. Only when it fails on the syntax is the text
//! searched for what Python writes and JSON forbids, and parsed once more.

use std::fmt;

use serde::de::DeserializeOwned;

use super::BYTE_ORDER_MARK;
use super::depth::too_deep;
use super::repair::{MARK, original_byte, repaired};
use crate::Limits;
use crate::quote::without_values;

/// Longest reason in bytes: the parser lists what it knows, which may be long.
const MAX_REASON_BYTES: usize = 400;

/// Longest number that a reason quotes.
const MAX_NUMBER_BYTES: usize = 40;

/// Deepest nesting that the parser itself follows, which recurses.
pub(super) const MAX_PARSER_DEPTH: u32 = 127;

/// Why a piece of JSON cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct JsonFault {
    /// What was expected and what was found, in words. A text of the source is
    /// told by its length; a word is escaped when it is shown, not here.
    pub reason: String,
    /// Byte offset within the piece, where it is known.
    pub byte: Option<u64>,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.byte {
            Some(byte) => write!(f, "{} (byte {byte})", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl JsonFault {
    fn at(reason: impl Into<String>, byte: usize) -> Self {
        Self {
            reason: reason.into(),
            byte: u64::try_from(byte).ok(),
        }
    }
}

/// Parses one whole JSON text: a line, a member, a piece.
///
/// A byte order mark at the start is allowed. The bare tokens `NaN`,
/// `Infinity` and `-Infinity`, and numbers beyond the largest double, become
/// marked strings, which [`super::non_finite`] recognises in a
/// [`serde_json::Value`]; a field of a number type refuses them. Lone surrogate
/// escapes become U+FFFD. Derived structs refuse a repeated key, a `Value`
/// keeps the last.
///
/// ```
/// use caveat_importer::{Limits, json};
/// let value: serde_json::Value = json::parse(br#"{"score": NaN}"#, &Limits::default()).unwrap();
/// assert_eq!(json::non_finite(&value["score"]), Some(json::NonFinite::NaN));
/// assert_eq!(json::raw_text(&value["score"]), "NaN");
/// ```
///
/// # Errors
/// A [`JsonFault`] for text that is not UTF-8, is nested more deeply than
/// `limits.max_depth` (at most 127), is longer than `limits.max_record_bytes`,
/// is no JSON, or does not have the type's shape.
pub fn parse<T: DeserializeOwned>(bytes: &[u8], limits: &Limits) -> Result<T, JsonFault> {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if length > limits.max_record_bytes {
        let longest = limits.max_record_bytes;
        return Err(JsonFault {
            reason: format!("it has {length} bytes, at most {longest} are read"),
            byte: None,
        });
    }
    let start = if bytes.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let content = bytes.get(start..).unwrap_or_default();
    let text = utf8(content)
        .map_err(|error| JsonFault::at("not valid UTF-8", start + error.valid_up_to()))?;
    let deepest = limits.max_depth.min(MAX_PARSER_DEPTH);
    if let Some(byte) = too_deep(content, deepest) {
        let reason = format!("it is nested more than {deepest} levels deep");
        return Err(JsonFault::at(reason, start + byte));
    }
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if (error.is_syntax() || error.is_eof())
        && let Some(repaired) = repaired(text)
    {
        return serde_json::from_str(&repaired).map_err(|error| {
            let byte = byte_of(&error, &repaired).map(|byte| original_byte(text, byte));
            fault(&error, byte, start)
        });
    }
    Err(fault(&error, byte_of(&error, text), start))
}

/// The text, checked with the processor's wide registers; the standard library
/// says where a fault is.
fn utf8(content: &[u8]) -> Result<&str, std::str::Utf8Error> {
    simdutf8::basic::from_utf8(content).or_else(|_| std::str::from_utf8(content))
}

fn fault(error: &serde_json::Error, byte: Option<usize>, start: usize) -> JsonFault {
    let message = error.to_string();
    // The parser ends its message with a place, in lines that mean nothing here.
    let cause = match message.rfind(" at line ") {
        Some(end) if error.line() > 0 => message.get(..end).unwrap_or(&message),
        _ => &message,
    };
    let cause = match number_in(cause) {
        Some(shown) => shown,
        None => without_values(cause),
    };
    let mut reason = if error.is_data() {
        String::new()
    } else {
        "not valid JSON: ".to_owned()
    };
    let cut = cause.floor_char_boundary(MAX_REASON_BYTES);
    reason.push_str(cause.get(..cut).unwrap_or_default());
    if cut < cause.len() {
        reason.push('…');
    }
    JsonFault {
        reason,
        byte: byte.and_then(|byte| u64::try_from(start + byte).ok()),
    }
}

/// The message with a marked number that it quotes, which is no text of the
/// source. The parser writes the mark as it stands, or escaped.
fn number_in(message: &str) -> Option<String> {
    let (before, quoted) = message.split_once('"')?;
    let (token, after) = quoted.split_once('"')?;
    let token = token
        .strip_prefix(MARK)
        .or_else(|| token.strip_prefix("\\u{fdd0}"))?;
    let is_number = token.len() <= MAX_NUMBER_BYTES
        && token
            .trim_start_matches('-')
            .starts_with(|first: char| first.is_ascii_digit() || matches!(first, 'N' | 'I'))
        && token.parse::<f64>().is_ok();
    is_number.then(|| format!("{before}\"{token}\"{after}"))
}

/// The byte that the parser's line and column stand for.
fn byte_of(error: &serde_json::Error, text: &str) -> Option<usize> {
    let ends_before = error.line().checked_sub(1)?;
    let line_start = match ends_before.checked_sub(1) {
        None => 0,
        Some(skipped) => memchr::memchr_iter(b'\n', text.as_bytes()).nth(skipped)? + 1,
    };
    Some(line_start + error.column().saturating_sub(1))
}
