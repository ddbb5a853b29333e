//! Reads one value of a row with its type.
//!
//! SQLite stores any type in any column, so every value is checked. A wrong
//! type is a reason in words, never a silent conversion.

use rusqlite::types::ValueRef;

/// Text, or nothing where the value is NULL.
///
/// # Errors
/// The reason in words if the value has another type or is not UTF-8.
pub fn text<'a>(value: ValueRef<'a>, column: &str) -> Result<Option<&'a str>, String> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(format!("`{column}` is not valid UTF-8")),
        },
        other => Err(wrong_type(other, column, "TEXT")),
    }
}

/// A whole number, or nothing where the value is NULL.
///
/// # Errors
/// The reason in words if the value has another type.
pub fn integer(value: ValueRef<'_>, column: &str) -> Result<Option<i64>, String> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Integer(number) => Ok(Some(number)),
        other => Err(wrong_type(other, column, "INTEGER")),
    }
}

/// A whole number that must be there, such as a key.
///
/// # Errors
/// The reason in words if the value has another type or is NULL.
pub fn key(value: ValueRef<'_>, column: &str) -> Result<i64, String> {
    integer(value, column)?.ok_or_else(|| format!("`{column}` is NULL, expected INTEGER"))
}

/// A count, or nothing where the value is NULL.
///
/// # Errors
/// The reason in words if the value has another type or is negative.
pub fn count(value: ValueRef<'_>, column: &str) -> Result<Option<u64>, String> {
    match integer(value, column)? {
        None => Ok(None),
        Some(number) => u64::try_from(number)
            .map(Some)
            .map_err(|_| format!("`{column}` is {number}, expected a number from 0 up")),
    }
}

/// A label of a column whose type no published query attests: text, or a
/// number as SQLite spells it.
///
/// # Errors
/// The reason in words if the value is a BLOB or is not UTF-8.
pub fn label(value: ValueRef<'_>, column: &str) -> Result<Option<String>, String> {
    match value {
        ValueRef::Integer(number) => Ok(Some(number.to_string())),
        ValueRef::Real(number) => Ok(Some(number.to_string())),
        other => Ok(text(other, column)?.map(str::to_owned)),
    }
}

fn wrong_type(found: ValueRef<'_>, column: &str, expected: &str) -> String {
    let found = match found {
        ValueRef::Null => "NULL",
        ValueRef::Integer(_) => "INTEGER",
        ValueRef::Real(_) => "REAL",
        ValueRef::Text(_) => "TEXT",
        ValueRef::Blob(_) => "BLOB",
    };
    format!("`{column}` holds {found}, expected {expected}")
}

/// Why a value is too long for a record.
pub fn too_long(column: &str, bytes: i64, longest: u64) -> String {
    format!("`{column}` has {bytes} bytes, at most {longest} are read")
}
