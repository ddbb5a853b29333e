//! Takes typed values out of a row, whatever it was read from.
//!
//! A row is an object: columns of a database, members of an exported piece, or
//! cells of a CSV line. What is structured stands there as a value, as JSON in a
//! text, or in CSV as Python prints it. The text `null` is an absent value.

use caveat_corpus::Digest;
use caveat_importer::{Limits, json};
use serde_json::{Map, Value};

use crate::python;

/// One row.
pub(crate) type Object = Map<String, Value>;

/// Text, or nothing where the field is absent or null.
pub(crate) fn text<'a>(object: &'a Object, field: &str) -> Result<Option<&'a str>, String> {
    match object.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong_type(other, field, "text")),
    }
}

/// A word: text that is not empty.
pub(crate) fn word<'a>(object: &'a Object, field: &str) -> Result<Option<&'a str>, String> {
    Ok(text(object, field)?.filter(|word| !word.is_empty()))
}

/// A date and time as the database spells it: an export of the same memory writes
/// `T` for the space, and the same grade must not be another one for that. The times
/// are UTC in both; anything else stands as it is.
pub(crate) fn moment(object: &Object, field: &str) -> Result<Option<String>, String> {
    Ok(word(object, field)?.map(|text| {
        let Some((day, time)) = text.split_once('T') else {
            return text.to_owned();
        };
        let is = |part: &str, of: fn(&u8) -> bool| part.bytes().all(|byte| of(&byte));
        let utc = time
            .strip_suffix('Z')
            .or_else(|| time.strip_suffix("+00:00"));
        let time = utc.unwrap_or(time);
        let is_day = day.len() == 10 && is(day, |byte| byte.is_ascii_digit() || *byte == b'-');
        match is_day
            && is(time, |byte| {
                byte.is_ascii_digit() || matches!(byte, b':' | b'.')
            }) {
            true => format!("{day} {time}"),
            false => text.to_owned(),
        }
    }))
}

/// A word that must be there.
pub(crate) fn needed<'a>(object: &'a Object, field: &str) -> Result<&'a str, String> {
    word(object, field)?.ok_or_else(|| format!("`{field}` is missing"))
}

/// A whole number, also as digits in a text, as CSV has it.
pub(crate) fn whole(object: &Object, field: &str) -> Result<i64, String> {
    let found = object.get(field).unwrap_or(&Value::Null);
    let number = match found {
        Value::Number(number) => number.as_i64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    };
    number.ok_or_else(|| match found {
        Value::Null => format!("`{field}` is missing"),
        other => wrong_type(other, field, "a whole number"),
    })
}

/// A structured value. A plain word stands for itself, as older versions wrote it.
pub(crate) fn structured(object: &Object, field: &str, limits: &Limits) -> Option<Value> {
    unfolded(object.get(field)?, limits)
}

/// The value that a text stands for, or the value itself. What begins as a
/// structure and is none says nothing.
pub(crate) fn unfolded(value: &Value, limits: &Limits) -> Option<Value> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text.trim(),
        other => return Some(other.clone()),
    };
    if matches!(text, "" | "null" | "None") {
        return None;
    }
    let looks_structured = text.starts_with(['{', '[', '"', '(']);
    if looks_structured {
        if let Ok(value) = json::parse::<Value>(text.as_bytes(), limits) {
            return Some(value).filter(|value| !value.is_null());
        }
        return python::literal(text, limits.max_depth).filter(|value| !value.is_null());
    }
    Some(Value::String(text.to_owned()))
}

/// The words of a list, or the one word of a text, joined.
pub(crate) fn words(value: Option<Value>) -> Option<String> {
    let joined = match value? {
        Value::String(word) => word.trim().to_owned(),
        Value::Array(items) => {
            let words: Vec<&str> = items
                .iter()
                .filter_map(Value::as_str)
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .collect();
            words.join(", ")
        }
        _ => return None,
    };
    Some(joined).filter(|joined| !joined.is_empty())
}

/// A digest that the source states, if it is one.
pub(crate) fn stated_digest(object: &Object, field: &str) -> Option<Digest> {
    Digest::from_hex(object.get(field)?.as_str()?).ok()
}

/// One spelling for each id: some versions write 32 hexadecimal digits, others
/// set dashes. Anything else stands as it is.
pub(crate) fn uuid(text: &str) -> String {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return text.to_owned();
    }
    let mut id = String::with_capacity(36);
    for (position, digit) in digits.iter().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(char::from(digit.to_ascii_lowercase()));
    }
    id
}

/// Says what was expected and what was found.
pub(crate) fn wrong_type(found: &Value, field: &str, expected: &str) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("`{field}` holds {found}, expected {expected}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn ids_have_one_spelling() {
        let dashed = "87e58c2b-df80-47da-bf10-ba36dd621012";
        assert_eq!(uuid(dashed), dashed);
        assert_eq!(uuid("87E58C2BDF8047DABF10BA36DD621012"), dashed);
        assert_eq!(uuid("atk-1"), "atk-1");
        assert_eq!(uuid(""), "");
    }

    #[test]
    fn times_have_one_spelling() {
        let of = |text: &str| {
            let row = json!({"timestamp": text});
            moment(row.as_object().unwrap(), "timestamp").unwrap()
        };
        let stored = Some("2026-11-23 08:42:02.668389".to_owned());
        assert_eq!(of("2026-11-23 08:42:02.668389"), stored);
        assert_eq!(of("2026-11-23T08:42:02.668389"), stored);
        assert_eq!(of("2026-11-23T08:42:02.668389Z"), stored);
        assert_eq!(of("2026-11-23T08:42:02.668389+00:00"), stored);
        for other in ["2026-11-23T08:42:02+02:00", "Tuesday", "T", "later Today"] {
            assert_eq!(of(other).as_deref(), Some(other));
        }
        assert_eq!(of(""), None);
    }

    #[test]
    fn structured_values_are_read_in_every_form() {
        let limits = Limits::default();
        let of = |value: Value| unfolded(&value, &limits);
        assert_eq!(of(json!("null")), None);
        assert_eq!(of(json!("")), None);
        assert_eq!(of(json!("None")), None);
        assert_eq!(of(json!(null)), None);
        assert_eq!(of(json!("jailbreak")), Some(json!("jailbreak")));
        assert_eq!(of(json!(r#"["a"]"#)), Some(json!(["a"])));
        assert_eq!(of(json!("{'a': None}")), Some(json!({"a": null})));
        assert_eq!(of(json!(["a"])), Some(json!(["a"])));
        assert_eq!(of(json!("{broken")), None);
        assert_eq!(
            words(of(json!(r#"["a", "", 5, "b"]"#))),
            Some("a, b".to_owned())
        );
        assert_eq!(words(of(json!("[]"))), None);
    }

    #[test]
    fn wrong_types_are_named() {
        let row = json!({"n": 5, "t": "x", "d": "12", "l": []});
        let row = row.as_object().unwrap();
        assert_eq!(whole(row, "d"), Ok(12));
        assert_eq!(whole(row, "x"), Err("`x` is missing".to_owned()));
        let reason = "`l` holds a list, expected a whole number";
        assert_eq!(whole(row, "l"), Err(reason.to_owned()));
        assert_eq!(
            text(row, "n"),
            Err("`n` holds a number, expected text".to_owned())
        );
        assert_eq!(needed(row, "x"), Err("`x` is missing".to_owned()));
    }
}
