//! A number in the output: a value, or the reason why there is none.
//!
//! Serialises a value as itself, an infinite value as `"inf"` or `"-inf"`, and
//! an absent one as `{"not_estimable": "Reason"}`; never as null, NaN or 0.
//! Floating-point numbers are written with twelve significant digits: more than
//! any reader or check uses, and fewer than the last bits in which two
//! platforms' mathematical libraries may differ.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::reason::{Estimable, NotEstimable};

/// A value, or the reason why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quantity<T = Number> {
    /// The value.
    Known(T),
    /// Why there is none.
    Absent(NotEstimable),
}

impl<T> Quantity<T> {
    /// The value, if there is one.
    pub fn known(&self) -> Option<&T> {
        match self {
            Quantity::Known(value) => Some(value),
            Quantity::Absent(_) => None,
        }
    }

    /// The reason, if there is no value.
    pub fn reason(&self) -> Option<NotEstimable> {
        match self {
            Quantity::Known(_) => None,
            Quantity::Absent(reason) => Some(*reason),
        }
    }

    /// Back to a result, by reference.
    ///
    /// # Errors
    /// The reason, where there is no value.
    pub fn as_result(&self) -> Estimable<&T> {
        match self {
            Quantity::Known(value) => Ok(value),
            Quantity::Absent(reason) => Err(*reason),
        }
    }
}

impl Quantity<Number> {
    /// The number, if there is one.
    pub fn number(&self) -> Option<f64> {
        self.known().map(|number| number.0)
    }
}

impl<T> From<Estimable<T>> for Quantity<T> {
    fn from(result: Estimable<T>) -> Self {
        match result {
            Ok(value) => Quantity::Known(value),
            Err(reason) => Quantity::Absent(reason),
        }
    }
}

impl From<Estimable<f64>> for Quantity<Number> {
    fn from(result: Estimable<f64>) -> Self {
        result.map(Number).into()
    }
}

impl From<f64> for Quantity<Number> {
    fn from(value: f64) -> Self {
        Quantity::Known(Number(value))
    }
}

impl<T: Serialize> Serialize for Quantity<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Quantity::Known(value) => value.serialize(serializer),
            Quantity::Absent(reason) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("not_estimable", reason)?;
                map.end()
            }
        }
    }
}

impl<T: JsonSchema> JsonSchema for Quantity<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrReason", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        let reason = generator.subschema_for::<NotEstimable>();
        json_schema!({
            "anyOf": [
                value,
                {
                    "type": "object",
                    "properties": { "not_estimable": reason },
                    "required": ["not_estimable"],
                    "additionalProperties": false
                }
            ]
        })
    }
}

/// A floating-point number of the output. Never NaN.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Number(pub f64);

/// Significant digits of every number written.
const SIGNIFICANT_DIGITS: usize = 12;

/// Rounds to [`SIGNIFICANT_DIGITS`] and drops the sign of zero.
fn rounded(value: f64) -> f64 {
    let text = format!("{value:.*e}", SIGNIFICANT_DIGITS - 1);
    let read: f64 = text.parse().unwrap_or(value);
    if read == 0.0 { 0.0 } else { read }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_nan() {
            return Err(serde::ser::Error::custom(
                "NaN is not a number of the output",
            ));
        }
        if self.0.is_infinite() {
            return serializer.serialize_str(if self.0 > 0.0 { "inf" } else { "-inf" });
        }
        serializer.serialize_f64(rounded(self.0))
    }
}

impl JsonSchema for Number {
    fn schema_name() -> Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "number" }, { "enum": ["inf", "-inf"] }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_with_twelve_digits_and_without_minus_zero() {
        let json = |value: f64| serde_json::to_string(&Quantity::from(value)).unwrap_or_default();
        assert_eq!(json(1.0 / 3.0), "0.333333333333");
        assert_eq!(json(-0.0), "0.0");
        assert_eq!(json(f64::INFINITY), "\"inf\"");
        assert_eq!(json(f64::NAN), "");
    }

    #[test]
    fn an_absent_quantity_names_its_reason() {
        let absent: Quantity = Err::<f64, _>(NotEstimable::NoVariance).into();
        let json = serde_json::to_string(&absent).unwrap_or_default();
        assert_eq!(json, r#"{"not_estimable":"NoVariance"}"#);
    }
}
