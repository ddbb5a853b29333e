//! A value of a Parquet column as the text of a cell.
//!
//! Numbers and truth values stand in their shortest form, as in JSON; dates
//! and times as ISO 8601 has them. What has no such text is named in words.

use std::borrow::Cow;
use std::fmt::Write as _;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::ColumnDescriptor;

use crate::row::Cell;

/// A value that was decoded.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Absent,
    Bool(bool),
    Int(i64),
    /// Nanoseconds since 1970.
    Instant(i128),
    Single(f32),
    Double(f64),
    Bytes(parquet::data_type::ByteArray),
}

/// How the values of a column are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Plain,
    /// 32 or 64 bits without a sign.
    Unsigned(u32),
    Decimal(u32),
    Date,
    Time(i64),
    Instant {
        /// Units in a second.
        per_second: i64,
        is_utc: bool,
    },
    Uuid,
    /// Bytes that are meant as text.
    Text,
}

impl Meaning {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        if let Some(logical) = column.logical_type_ref() {
            return Self::of_logical(logical, column);
        }
        let scale = || Meaning::Decimal(u32::try_from(column.type_scale()).unwrap_or_default());
        match column.converted_type() {
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 => {
                Meaning::Unsigned(32)
            }
            ConvertedType::UINT_64 => Meaning::Unsigned(64),
            ConvertedType::DECIMAL => scale(),
            ConvertedType::DATE => Meaning::Date,
            ConvertedType::TIME_MILLIS => Meaning::Time(1_000),
            ConvertedType::TIME_MICROS => Meaning::Time(1_000_000),
            ConvertedType::TIMESTAMP_MILLIS => Meaning::Instant {
                per_second: 1_000,
                is_utc: true,
            },
            ConvertedType::TIMESTAMP_MICROS => Meaning::Instant {
                per_second: 1_000_000,
                is_utc: true,
            },
            _ => Self::of_physical(column),
        }
    }

    fn of_logical(logical: &LogicalType, column: &ColumnDescriptor) -> Self {
        match logical {
            LogicalType::Integer(int) if !int.is_signed => {
                Meaning::Unsigned(if int.bit_width == 64 { 64 } else { 32 })
            }
            LogicalType::Decimal(decimal) => {
                Meaning::Decimal(u32::try_from(decimal.scale).unwrap_or_default())
            }
            LogicalType::Date => Meaning::Date,
            LogicalType::Time(time) => Meaning::Time(per_second(&time.unit)),
            LogicalType::Timestamp(instant) => Meaning::Instant {
                per_second: per_second(&instant.unit),
                is_utc: instant.is_adjusted_to_u_t_c,
            },
            LogicalType::Uuid => Meaning::Uuid,
            _ => Self::of_physical(column),
        }
    }

    fn of_physical(column: &ColumnDescriptor) -> Self {
        match column.physical_type() {
            Type::BYTE_ARRAY => Meaning::Text,
            _ => Meaning::Plain,
        }
    }
}

const fn per_second(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}

/// The cell of a value.
pub(super) fn cell(value: &Value, meaning: Meaning) -> Cell<'_> {
    match value {
        Value::Absent => Cell::Absent,
        Value::Bool(truth) => text(if *truth { "true" } else { "false" }.to_owned()),
        Value::Int(number) => integer(*number, meaning),
        Value::Instant(nanos) => instant(*nanos, true),
        Value::Single(number) => float(*number, f32::is_nan, f32::is_finite),
        Value::Double(number) => float(*number, f64::is_nan, f64::is_finite),
        Value::Bytes(bytes) => bytes_cell(bytes.data(), meaning),
    }
}

fn text(content: String) -> Cell<'static> {
    Cell::Text(Cow::Owned(content))
}

fn integer(number: i64, meaning: Meaning) -> Cell<'static> {
    match meaning {
        // The sign bit of the narrower types is a digit.
        Meaning::Unsigned(64) => text(u64::from_ne_bytes(number.to_ne_bytes()).to_string()),
        Meaning::Unsigned(_) => text((number & 0xFFFF_FFFF).to_string()),
        Meaning::Decimal(scale) => decimal(i128::from(number), scale),
        Meaning::Date => match date(number) {
            Some(date) => text(date),
            None => Cell::Structure("a date out of range"),
        },
        Meaning::Time(per_second) => text(time(number, per_second)),
        Meaning::Instant { per_second, is_utc } => {
            let nanos = i128::from(number) * i128::from(1_000_000_000 / per_second);
            instant(nanos, is_utc)
        }
        _ => text(number.to_string()),
    }
}

fn float<F: std::fmt::Debug + Copy + PartialOrd + Default>(
    number: F,
    is_nan: fn(F) -> bool,
    is_finite: fn(F) -> bool,
) -> Cell<'static> {
    if is_nan(number) {
        return Cell::NotFinite("NaN");
    }
    if is_finite(number) {
        return text(format!("{number:?}"));
    }
    Cell::NotFinite(if number > F::default() {
        "Infinity"
    } else {
        "-Infinity"
    })
}

fn bytes_cell(bytes: &[u8], meaning: Meaning) -> Cell<'_> {
    match meaning {
        Meaning::Text => match std::str::from_utf8(bytes) {
            Ok(text) => Cell::Text(Cow::Borrowed(text)),
            Err(_) => Cell::Structure("bytes that are not UTF-8"),
        },
        Meaning::Uuid if bytes.len() == 16 => {
            let mut shown = String::new();
            for (position, byte) in bytes.iter().enumerate() {
                if matches!(position, 4 | 6 | 8 | 10) {
                    shown.push('-');
                }
                // Writing to a string cannot fail.
                let _ = write!(shown, "{byte:02x}");
            }
            text(shown)
        }
        Meaning::Decimal(scale) if bytes.len() <= 16 => {
            let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
            let mut number = if negative { -1_i128 } else { 0 };
            for byte in bytes {
                number = (number << 8) | i128::from(*byte);
            }
            decimal(number, scale)
        }
        _ => Cell::Structure("bytes"),
    }
}

fn decimal(number: i128, scale: u32) -> Cell<'static> {
    /// Digits of the largest number of 16 bytes.
    const MOST_DIGITS: u32 = 39;
    if scale == 0 {
        return text(number.to_string());
    }
    if scale > MOST_DIGITS {
        return Cell::Structure("a decimal number with too many digits");
    }
    let places = usize::try_from(scale).unwrap_or_default();
    let digits = number.unsigned_abs().to_string();
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    let sign = if number < 0 { "-" } else { "" };
    text(format!("{sign}{whole}.{fraction}"))
}

/// A day of the proleptic Gregorian calendar, from days since 1970.
///
/// The algorithm is Howard Hinnant's `civil_from_days`. `None` outside of the
/// years 1 to 9999.
fn date(days: i64) -> Option<String> {
    if !(-719_162..=2_932_896).contains(&days) {
        return None;
    }
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// A time of day; a fraction only where there is one.
fn time(units: i64, per_second: i64) -> String {
    let seconds = units.div_euclid(per_second);
    let mut shown = format!(
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
    let fraction = units.rem_euclid(per_second);
    if fraction > 0 {
        let width = per_second.to_string().len() - 1;
        let _ = write!(shown, ".{fraction:0width$}");
    }
    shown
}

fn instant(nanos: i128, is_utc: bool) -> Cell<'static> {
    const PER_DAY: i128 = 86_400_000_000_000;
    let day = i64::try_from(nanos.div_euclid(PER_DAY)).ok().and_then(date);
    let Some(day) = day else {
        return Cell::Structure("a time out of range");
    };
    let rest = i64::try_from(nanos.rem_euclid(PER_DAY)).unwrap_or_default();
    // The shortest of the usual fractions that loses nothing.
    let (units, per_second) = match rest {
        rest if rest % 1_000_000 == 0 => (rest / 1_000_000, 1_000),
        rest if rest % 1_000 == 0 => (rest / 1_000, 1_000_000),
        rest => (rest, 1_000_000_000),
    };
    let zone = if is_utc { "Z" } else { "" };
    text(format!("{day}T{}{zone}", time(units, per_second)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &Value, meaning: Meaning) -> String {
        match cell(value, meaning) {
            Cell::Text(text) => text.into_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn values_have_the_text_that_json_and_iso_8601_give_them() {
        let utc = |per_second| Meaning::Instant {
            per_second,
            is_utc: true,
        };
        for (value, meaning, expected) in [
            (Value::Bool(true), Meaning::Plain, "true"),
            (Value::Int(-5), Meaning::Plain, "-5"),
            (Value::Int(-1), Meaning::Unsigned(32), "4294967295"),
            (
                Value::Int(-1),
                Meaning::Unsigned(64),
                "18446744073709551615",
            ),
            (Value::Int(-5), Meaning::Decimal(2), "-0.05"),
            (Value::Int(12345), Meaning::Decimal(2), "123.45"),
            (Value::Int(0), Meaning::Date, "1970-01-01"),
            (Value::Int(-1), Meaning::Date, "1969-12-31"),
            (Value::Int(11_016), Meaning::Date, "2000-02-29"),
            (Value::Int(2_932_896), Meaning::Date, "9999-12-31"),
            (Value::Int(-719_162), Meaning::Date, "0001-01-01"),
            (
                Value::Int(2_932_897),
                Meaning::Date,
                "Structure(\"a date out of range\")",
            ),
            (
                Value::Int(1_700_000_000_123),
                utc(1_000),
                "2023-11-14T22:13:20.123Z",
            ),
            (
                Value::Int(-1),
                utc(1_000_000),
                "1969-12-31T23:59:59.999999Z",
            ),
            (
                Value::Int(i64::MAX),
                utc(1_000),
                "Structure(\"a time out of range\")",
            ),
            (Value::Int(3_661_000), Meaning::Time(1_000), "01:01:01"),
            (Value::Double(1.0), Meaning::Plain, "1.0"),
            (Value::Double(0.1), Meaning::Plain, "0.1"),
            (Value::Single(0.1), Meaning::Plain, "0.1"),
            (
                Value::Double(f64::NAN),
                Meaning::Plain,
                "NotFinite(\"NaN\")",
            ),
            (
                Value::Double(f64::NEG_INFINITY),
                Meaning::Plain,
                "NotFinite(\"-Infinity\")",
            ),
        ] {
            assert_eq!(shown(&value, meaning), expected);
        }
        let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec().into());
        for (value, meaning, expected) in [
            (bytes("é".as_bytes()), Meaning::Text, "é"),
            (
                bytes(b"\xFF"),
                Meaning::Text,
                "Structure(\"bytes that are not UTF-8\")",
            ),
            (bytes(b"\xFF\xFB"), Meaning::Decimal(2), "-0.05"),
            (bytes(b""), Meaning::Decimal(2), "0.00"),
            (
                bytes(&[0xAB; 16]),
                Meaning::Uuid,
                "abababab-abab-abab-abab-abababababab",
            ),
            (bytes(b"ab"), Meaning::Plain, "Structure(\"bytes\")"),
        ] {
            assert_eq!(shown(&value, meaning), expected);
        }
    }
}
