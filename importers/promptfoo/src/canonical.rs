//! One spelling for values that several formats spell in several ways.
//!
//! The same result stands in JSON, YAML and SQLite with its keys in another
//! order and its numbers in another notation. What is hashed here is the same
//! for all of them: compact JSON, keys sorted, whole numbers without a point.

use serde_json::{Number, Value};

/// Whole numbers beyond this are not exact in the language that wrote them.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Compact JSON with sorted keys.
pub(crate) fn text(value: &Value) -> String {
    let mut written = String::new();
    write(value, &mut written);
    written
}

/// A number as JavaScript would write it, up to exponents.
pub(crate) fn number(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if !number.is_i64() && !number.is_u64() => {
            if float == 0.0 {
                // Minus zero is written as zero.
                "0".to_owned()
            } else if float.fract() == 0.0 && float.abs() <= LARGEST_EXACT {
                format!("{float:.0}")
            } else {
                float.to_string()
            }
        }
        _ => number.to_string(),
    }
}

// The depth of a value is bounded where it is parsed.
fn write(value: &Value, written: &mut String) {
    match value {
        Value::Null => written.push_str("null"),
        Value::Bool(flag) => written.push_str(if *flag { "true" } else { "false" }),
        Value::Number(found) => written.push_str(&number(found)),
        Value::String(found) => quote(found, written),
        Value::Array(items) => {
            written.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    written.push(',');
                }
                write(item, written);
            }
            written.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by_key(|(key, _)| *key);
            written.push('{');
            for (position, (key, item)) in sorted.into_iter().enumerate() {
                if position > 0 {
                    written.push(',');
                }
                quote(key, written);
                written.push(':');
                write(item, written);
            }
            written.push('}');
        }
    }
}

fn quote(text: &str, written: &mut String) {
    written.push_str(&Value::String(text.to_owned()).to_string());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_and_notation_make_no_difference() {
        let a: Value =
            serde_json::from_str(r#"{"b": [1.0, -0.0, 2.5e0], "a": "é\n"}"#).unwrap_or_default();
        let b = json!({"a": "é\n", "b": [1, 0, 2.5]});
        assert_eq!(text(&a), text(&b));
        assert_eq!(text(&b), r#"{"a":"é\n","b":[1,0,2.5]}"#);
    }
}
