//! One JSON object: its strict reading, and the cell behind a path.
//!
//! The shared reader bounds size and depth and takes Python's bare `NaN` and
//! `Infinity`. Here a key that stands twice is refused, since either value
//! could be the one that was meant, and Python's `True`, `False` and `None`
//! outside of strings are read as JSON's words. A path is a key, or keys and
//! list positions joined by dots; a key that itself holds dots is found before
//! its parts are tried.

use std::borrow::Cow;
use std::fmt;

use caveat_importer::Limits;
use caveat_importer::json::{self, JsonFault};
use caveat_importer::quote;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::row::Cell;

/// An object that was read, and whether it held words of Python.
pub(crate) struct Object {
    pub(crate) members: Map<String, Value>,
    pub(crate) python: bool,
}

/// Reads an object. The reason of a failure names the byte within the text.
pub(crate) fn parse(text: &[u8], limits: &Limits) -> Result<Object, String> {
    let (parsed, python) = match json::parse::<Strict>(text, limits) {
        Ok(parsed) => (Ok(parsed), false),
        Err(fault) => match in_json_words(text) {
            Some(text) => (json::parse::<Strict>(&text, limits), true),
            None => (Err(fault), false),
        },
    };
    match parsed.map_err(in_words)?.0 {
        Value::Object(members) => Ok(Object { members, python }),
        other => Err(format!("expected an object, found {}", kind_of(&other))),
    }
}

fn in_words(fault: JsonFault) -> String {
    match fault.byte {
        Some(byte) => format!("{} (byte {byte} of the row)", fault.reason),
        None => fault.reason,
    }
}

/// Python's words and JSON's for the same, of equal length.
const WORDS: [(&[u8], &[u8]); 3] = [(b"True", b"true"), (b"False", b"false"), (b"None", b"null")];

/// The text with Python's words outside of strings replaced, or `None` if it holds none.
fn in_json_words(text: &[u8]) -> Option<Vec<u8>> {
    let mut replaced: Option<Vec<u8>> = None;
    let mut quoted = false;
    let mut position = 0;
    while let Some(&byte) = text.get(position) {
        let mut length = 1;
        match byte {
            b'\\' if quoted => length = 2,
            b'"' => quoted = !quoted,
            b'T' | b'F' | b'N' if !quoted => {
                let rest = text.get(position..).unwrap_or_default();
                let word = WORDS.iter().find(|(python, _)| rest.starts_with(python));
                if let Some((python, json)) = word {
                    length = python.len();
                    let whole = replaced.get_or_insert_with(|| text.to_vec());
                    if let Some(place) = whole.get_mut(position..position + length) {
                        place.copy_from_slice(json);
                    }
                }
            }
            _ => {}
        }
        position += length;
    }
    replaced
}

/// The cell of a value.
pub(crate) fn cell(value: Option<&Value>) -> Cell<'_> {
    match value {
        None | Some(Value::Null) => Cell::Absent,
        Some(text @ Value::String(content)) => match json::non_finite(text) {
            Some(token) => Cell::NotFinite(token.as_str()),
            None => Cell::Text(Cow::Borrowed(content)),
        },
        Some(Value::Bool(truth)) => {
            Cell::Text(Cow::Borrowed(if *truth { "true" } else { "false" }))
        }
        Some(Value::Number(number)) if is_rounded(number) => {
            Cell::Structure("a number too large to be read exactly")
        }
        Some(Value::Number(number)) => Cell::Text(Cow::Owned(number.to_string())),
        Some(Value::Array(_)) => Cell::Structure("a list"),
        Some(Value::Object(_)) => Cell::Structure("an object"),
    }
}

/// Whether a number may have lost digits: two long ids must not become one.
fn is_rounded(number: &Number) -> bool {
    /// Every whole number up to here has a floating-point number of its own.
    const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;
    let value = number.as_f64().filter(|_| number.is_f64());
    value.is_some_and(|value| value.abs() >= LARGEST_EXACT)
}

/// The value behind a path.
pub(crate) fn find<'v>(object: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    let (key, rest) = path.split_once('.')?;
    find_in(object.get(key)?, rest)
}

fn find_in<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    match value {
        Value::Object(object) => find(object, path),
        Value::Array(list) => {
            let (position, rest) = match path.split_once('.') {
                Some((position, rest)) => (position, Some(rest)),
                None => (path, None),
            };
            let value = list.get(position.parse::<usize>().ok()?)?;
            rest.map_or(Some(value), |rest| find_in(value, rest))
        }
        _ => None,
    }
}

const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value without a key that stands twice. The shared reader has bounded its
/// depth before it is built.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Value, E> {
        Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if object.contains_key(&key) {
                let shown = quote::word(&key);
                return Err(A::Error::custom(format!("key {shown} stands twice")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn parse_members(text: &str) -> Map<String, Value> {
        parse(text.as_bytes(), &Limits::default()).unwrap().members
    }

    #[test]
    fn a_path_goes_through_objects_and_lists_and_prefers_the_whole_key() {
        let text = r#"{"a": {"b": [{"c": 1}, 2]}, "a.b": "whole", "n": null}"#;
        let object = parse_members(text);
        let text = |path: &str| cell(find(&object, path));
        assert_eq!(text("a.b"), Cell::Text("whole".into()));
        assert_eq!(text("a.b.0.c"), Cell::Text("1".into()));
        assert_eq!(text("a.b.1"), Cell::Text("2".into()));
        assert_eq!(text("a"), Cell::Structure("an object"));
        assert_eq!(text("n"), Cell::Absent);
        assert_eq!(text("a.b.2"), Cell::Absent);
        assert_eq!(text("n.x"), Cell::Absent);
    }

    #[test]
    fn a_number_that_was_rounded_is_no_text() {
        let object = parse_members(r#"{"a": 18446744073709551615, "b": 18446744073709551616}"#);
        assert_eq!(
            cell(object.get("a")),
            Cell::Text("18446744073709551615".into())
        );
        assert!(matches!(cell(object.get("b")), Cell::Structure(_)));
    }

    #[test]
    fn words_of_python_are_read_outside_of_strings_alone() {
        let text = r#"{"a": True, "b": [False, None, NaN], "c": "True \" None", "None": "x"}"#;
        let object = parse(text.as_bytes(), &Limits::default()).unwrap();
        assert!(object.python);
        let text = |path: &str| cell(find(&object.members, path));
        assert_eq!(text("a"), Cell::Text("true".into()));
        assert_eq!(text("b.0"), Cell::Text("false".into()));
        assert_eq!(text("b.1"), Cell::Absent);
        assert_eq!(text("b.2"), Cell::NotFinite("NaN"));
        assert_eq!(text("c"), Cell::Text("True \" None".into()));
        assert_eq!(text("None"), Cell::Text("x".into()));
        assert!(
            !parse(br#"{"a": "True"}"#, &Limits::default())
                .unwrap()
                .python
        );
    }

    #[test]
    fn what_is_not_strict_json_says_where() {
        let limits = Limits {
            max_depth: 3,
            ..Limits::default()
        };
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        for (text, part) in [
            (r#"{"a": nan}"#, "not valid JSON"),
            (r#"{"a": Trueish}"#, "not valid JSON"),
            (r#"{"a": 1, "a": 2}"#, "key `a` stands twice"),
            (r#"{"b": {"a": 1, "a": 2}}"#, "key `a` stands twice"),
            (
                r#"{"a": {"b": {"c": {"d": 1}}}}"#,
                "more than 3 levels deep",
            ),
            (&deep, "more than 3 levels deep"),
            (r#"{"a": 1} x"#, "trailing characters"),
            (r#"{'a': 1}"#, "key must be a string"),
            (r#"{"a": "cut"#, "EOF while parsing a string"),
            ("[1,2]", "expected an object, found a list"),
        ] {
            let reason = parse(text.as_bytes(), &limits).err().unwrap();
            assert!(reason.contains(part), "{reason}");
            assert!(!reason.contains("line"), "{reason}");
        }
    }
}
