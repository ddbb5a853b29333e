//! What a line of a report is, as far as its first bytes or its keys tell.

use caveat_importer::Limits;
use caveat_importer::json::{self, JsonFault};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

/// How garak's writer begins an attempt.
const ATTEMPT_START: &[u8] = b"{\"entry_type\": \"attempt\", \"uuid\": \"";

/// Longest name in the head of a line; a longer one takes the slow way.
const MAX_HEAD_NAME_BYTES: usize = 400;

/// The fields that garak writes first in an attempt, read without parsing the rest.
///
/// Only for lines that begin exactly as garak's writer begins them; a line of
/// another writer has no head and is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head<'a> {
    pub(crate) uuid: &'a str,
    pub(crate) status: u64,
    pub(crate) probe: &'a str,
}

impl<'a> Head<'a> {
    /// Reads the head of a line.
    pub(crate) fn of(line: &'a [u8]) -> Option<Self> {
        let rest = line.strip_prefix(ATTEMPT_START)?;
        let (uuid, rest) = name(rest)?;
        let (_, rest) = number(rest.strip_prefix(b"\", \"seq\": ")?)?;
        let (status, rest) = number(rest.strip_prefix(b", \"status\": ")?)?;
        let (probe, rest) = name(rest.strip_prefix(b", \"probe_classname\": \"")?)?;
        rest.starts_with(b"\", ").then_some(Self {
            uuid,
            status: status?,
            probe,
        })
    }
}

/// The bytes up to the closing quote, if they hold no escape.
fn name(rest: &[u8]) -> Option<(&str, &[u8])> {
    let near = rest.get(..MAX_HEAD_NAME_BYTES).unwrap_or(rest);
    let end = memchr::memchr2(b'"', b'\\', near)?;
    let (name, rest) = rest.split_at_checked(end)?;
    let plain = rest.first() == Some(&b'"');
    let name = std::str::from_utf8(name).ok().filter(|_| plain)?;
    Some((name, rest))
}

/// A whole number and what follows it; a negative one has no value.
fn number(rest: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let (negative, digits) = match rest.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, rest),
    };
    let length = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (digits, rest) = digits.split_at_checked(length)?;
    let value = std::str::from_utf8(digits).ok()?.parse::<u64>().ok()?;
    Some(((!negative).then_some(value), rest))
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Attempt,
    Setup,
    Init,
    PluginCache,
    Eval,
    Completion,
    Digest,
    /// A line of a hit log.
    Hit,
    /// Known to hold nothing that is read.
    Other,
    /// An entry type that no version known here writes.
    Unknown(String),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tagged {
    entry_type: Value,
    attempt_id: Option<IgnoredAny>,
}

impl Kind {
    /// Finds out what a line is. The line is checked to be valid JSON, unless
    /// it begins as an attempt does, which is parsed by its own reader.
    pub(crate) fn of(line: &[u8], limits: &Limits) -> Result<Self, String> {
        if line.starts_with(ATTEMPT_START) {
            return Ok(Kind::Attempt);
        }
        let tagged: Tagged = object(line, limits)?;
        match &tagged.entry_type {
            Value::String(word) => Ok(Self::named(word)),
            Value::Null if tagged.attempt_id.is_some() => Ok(Kind::Hit),
            Value::Null => {
                Err("expected an object with `entry_type`, found one without".to_owned())
            }
            other => Err(format!(
                "`entry_type` holds {}, expected text",
                type_of(other)
            )),
        }
    }

    fn named(word: &str) -> Self {
        match word {
            "attempt" => Kind::Attempt,
            "start_run setup" => Kind::Setup,
            "init" => Kind::Init,
            "plugin_cache" => Kind::PluginCache,
            "eval" => Kind::Eval,
            "completion" => Kind::Completion,
            "digest" => Kind::Digest,
            "payload_init" | "probe_summary" | "tree_data" | "config" => Kind::Other,
            other => Kind::Unknown(other.to_owned()),
        }
    }
}

/// Parses a line that must be an object; a list could fill a struct by position.
pub(crate) fn object<T: serde::de::DeserializeOwned>(
    line: &[u8],
    limits: &Limits,
) -> Result<T, String> {
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
    use super::*;

    #[test]
    fn the_head_of_an_attempt_is_read_only_where_it_stands_as_garak_writes_it() {
        let line = br#"{"entry_type": "attempt", "uuid": "u-1", "seq": -1, "status": 2, "probe_classname": "a.B", "x""#;
        let head = Head {
            uuid: "u-1",
            status: 2,
            probe: "a.B",
        };
        assert_eq!(Head::of(line), Some(head));
        for other in [
            &br#"{"entry_type":"attempt","uuid":"u-1","seq":0,"status":2,"probe_classname":"a.B","x""#[..],
            br#"{"entry_type": "attempt", "uuid": "u\"1", "seq": 0, "status": 2, "probe_classname": "a.B", "x""#,
            br#"{"entry_type": "attempt", "uuid": "u-1", "seq": 0, "status": 2.5, "probe_classname": "a.B", "x""#,
            br#"{"entry_type": "attempt", "uuid": "u-1", "seq": 0, "status": 99999999999999999999, "#,
            br#"{"entry_type": "attempt", "uuid": "u-1"#,
            br#"{"entry_type": "eval""#,
            b"",
        ] {
            assert_eq!(Head::of(other), None);
        }
    }

    #[test]
    fn a_line_is_told_by_its_entry_type_or_by_the_keys_of_a_hit() {
        let limits = Limits::default();
        for (line, expected) in [
            (
                r#"{"status": 1, "entry_type": "attempt"}"#,
                Ok(Kind::Attempt),
            ),
            (r#"{"entry_type": "start_run setup"}"#, Ok(Kind::Setup)),
            (r#"{"entry_type": "tree_data"}"#, Ok(Kind::Other)),
            (r#"{"entry_type": "new"}"#, Ok(Kind::Unknown("new".into()))),
            (r#"{"attempt_id": 1}"#, Ok(Kind::Hit)),
            (r#"{"attempt": 1}"#, Err("without")),
            (r#"{"entry_type": ["eval"]}"#, Err("a list, expected text")),
            (r#"["eval", 1]"#, Err("expected an object")),
            (r#"{"entry_type": "eval""#, Err("not valid JSON")),
            ("half a li", Err("not valid JSON")),
        ] {
            match (Kind::of(line.as_bytes(), &limits), expected) {
                (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason}"),
                (found, expected) => assert_eq!(found.ok(), expected.ok(), "{line}"),
            }
        }
    }
}
