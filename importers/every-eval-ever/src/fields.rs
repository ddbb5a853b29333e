//! Takes typed fields out of JSON values: absent is not wrong, wrong is said in words.

use caveat_importer::Limits;
use caveat_importer::json::non_finite;
use serde_json::Value;

/// Takes values out of one object.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    limits: &'a Limits,
}

impl<'a> Fields<'a> {
    pub(crate) const fn new(limits: &'a Limits) -> Self {
        Self { limits }
    }

    /// A name of bounded length; an empty one is none. A whole number is one
    /// too: version 0.2 numbers its samples.
    pub(crate) fn name(self, value: &Value, field: &str) -> Result<Option<String>, String> {
        let name = match value {
            Value::Null => return Ok(None),
            Value::String(_) if non_finite(value).is_none() => value.as_str().unwrap_or_default(),
            Value::Number(number) if number.is_u64() || number.is_i64() => {
                return Ok(Some(number.to_string()));
            }
            other => return Err(wrong_type(other, field, "text")),
        };
        if name.is_empty() {
            return Ok(None);
        }
        self.limits.check_name(&format!("`{field}`"), name)?;
        Ok(Some(name.to_owned()))
    }

    /// A name that has to be there.
    pub(crate) fn required(self, value: &Value, field: &str) -> Result<String, String> {
        self.name(value, field)?
            .ok_or_else(|| format!("`{field}` is missing"))
    }
}

/// A text, also an empty one.
pub(crate) fn text<'v>(value: &'v Value, field: &str) -> Result<Option<&'v str>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if non_finite(value).is_none() => Ok(Some(text)),
        other => Err(wrong_type(other, field, "text")),
    }
}

/// True or false.
pub(crate) fn flag(value: &Value, field: &str) -> Result<Option<bool>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        other => Err(wrong_type(other, field, "true or false")),
    }
}

/// A whole number from 0 on; `12.0` is one as well.
pub(crate) fn count(value: &Value, field: &str) -> Result<Option<u64>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => match number.as_u64().or_else(|| whole(number.as_f64()?)) {
            Some(count) => Ok(Some(count)),
            None => Err(format!(
                "`{field}` is {number}, expected a whole number from 0 on"
            )),
        },
        other => Err(wrong_type(other, field, "a whole number")),
    }
}

/// Milliseconds, rounded.
pub(crate) fn milliseconds(value: &Value, field: &str) -> Result<Option<u64>, String> {
    match value {
        Value::Number(number) => match number.as_f64().and_then(|ms| whole(ms.round())) {
            Some(count) => Ok(Some(count)),
            None => Err(format!("`{field}` is {number}, expected a time from 0 on")),
        },
        other => count(other, field),
    }
}

/// A whole number that a double holds exactly.
fn whole(number: f64) -> Option<u64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let is_whole = (0.0..=LARGEST).contains(&number) && number.fract() == 0.0;
    is_whole.then_some(number as u64)
}

/// Says what was found in place of what.
pub(crate) fn wrong_type(found: &Value, field: &str, expected: &str) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) if non_finite(found).is_some() => "a number that is not finite",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("`{field}` holds {found}, expected {expected}")
}
