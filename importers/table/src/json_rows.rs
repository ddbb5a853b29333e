//! Rows of a file with one JSON object per line.
//!
//! Strict JSON: no NaN, no duplicate key, bounded nesting, nothing after the
//! object. A path is a key, or keys and list positions joined by dots; a key
//! that itself holds dots is found before its parts are tried.

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;
use std::path::Path;

use caveat_importer::lines::{Line, Lines};
use caveat_importer::{ImportError, Limits};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::csv_rows::missing_column;
use crate::row::{Cell, RowHandler, too_long, utf8};
use crate::source::io_error;

/// Reads every line; blank lines are no rows.
///
/// A path that no object of the file has is a fault of the mapping.
pub(crate) fn read<R: BufRead>(
    reader: R,
    start_byte: u64,
    (path, slots, limits): (&Path, &[String], &Limits),
    handle: &mut RowHandler<'_>,
) -> Result<(), ImportError> {
    let limit = limits.max_record_bytes;
    let mut lines = Lines::new(reader, limit).starting_at(start_byte);
    let mut seen = vec![false; slots.len()];
    let mut keys: Option<Vec<String>> = None;
    while let Some((at, line)) = lines.next_line().map_err(|cause| io_error(path, cause))? {
        let parsed = match line {
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Whole(bytes) => {
                utf8(bytes, at).and_then(|text| parse_object(text, limits.max_depth))
            }
            Line::TooLong { bytes } => Err(too_long("line", bytes, limit)),
        };
        match parsed {
            Ok(object) => {
                let values: Vec<_> = slots.iter().map(|slot| find(&object, slot)).collect();
                for (seen, value) in seen.iter_mut().zip(&values) {
                    *seen |= value.is_some();
                }
                let cells: Vec<_> = values.into_iter().map(cell).collect();
                keys.get_or_insert_with(|| object.keys().cloned().collect());
                handle(at, Ok(&cells))?;
            }
            Err(reason) => handle(at, Err(reason))?,
        }
    }
    let never = seen.iter().zip(slots).find(|(seen, _)| !**seen);
    match (never, keys) {
        (Some((_, slot)), Some(keys)) => Err(missing_column(path, slot, &keys)),
        _ => Ok(()),
    }
}

fn cell(value: Option<&Value>) -> Cell<'_> {
    match value {
        None | Some(Value::Null) => Cell::Absent,
        Some(Value::String(text)) => Cell::Text(Cow::Borrowed(text)),
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

fn find<'v>(object: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
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

fn parse_object(text: &str, max_depth: u32) -> Result<Map<String, Value>, String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let strict = Strict {
        levels_left: max_depth,
    };
    let parsed = strict
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match parsed {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(format!("expected an object, found {}", kind_of(&other))),
        Err(error) => {
            let message = error.to_string();
            let cause = message.split(" at line ").next().unwrap_or_default();
            Err(format!(
                "not valid JSON: {cause} (column {})",
                error.column()
            ))
        }
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

/// Builds a value and refuses duplicate keys and deep nesting.
#[derive(Clone, Copy)]
struct Strict {
    levels_left: u32,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.levels_left.checked_sub(1) {
            Some(levels_left) => Ok(Self { levels_left }),
            None => Err(E::custom("nested too deeply")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
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
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(inner)?;
            if object.contains_key(&key) {
                let shown = caveat_importer::text::printable(&key);
                return Err(A::Error::custom(format!("key `{shown}` stands twice")));
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

    #[test]
    fn a_path_goes_through_objects_and_lists_and_prefers_the_whole_key() {
        let text = r#"{"a": {"b": [{"c": 1}, 2]}, "a.b": "whole", "n": null}"#;
        let object = parse_object(text, 8).unwrap();
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
        let object = parse_object(
            r#"{"a": 18446744073709551615, "b": 18446744073709551616}"#,
            8,
        );
        let object = object.unwrap();
        assert_eq!(
            cell(object.get("a")),
            Cell::Text("18446744073709551615".into())
        );
        assert!(matches!(cell(object.get("b")), Cell::Structure(_)));
    }

    #[test]
    fn what_is_not_strict_json_says_where() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for (text, part) in [
            (r#"{"a": NaN}"#, "expected"),
            (r#"{"a": 1, "a": 2}"#, "key `a` stands twice"),
            (r#"{"a": {"b": {"c": {"d": 1}}}}"#, "nested too deeply"),
            (&deep, "nested too deeply"),
            (r#"{"a": 1} x"#, "trailing characters"),
            (r#"{"a": 1e999}"#, "out of range"),
            (r#"{"a": "\ud800"}"#, "not valid JSON"),
            (r#"{"a": "cut"#, "EOF while parsing a string"),
            ("[1,2]", "expected an object, found a list"),
        ] {
            let reason = parse_object(text, 3).unwrap_err();
            assert!(reason.contains(part), "{reason}");
            assert!(!reason.contains("line"), "{reason}");
        }
    }
}
