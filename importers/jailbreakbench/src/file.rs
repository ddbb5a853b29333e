//! Reads a file within bounds and cuts it into raw JSON values.
//!
//! The whole file is held in memory once; values are slices of it. Parsing a
//! value with its own bound keeps one bad entry from spoiling the others.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits, SinkClosed};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{FORMAT, Raw};

/// Largest file that is read. Published artifacts take 0.1 to 0.3 MB for 100
/// entries; two hundred times that leaves room for longer generations.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A fault of the whole source.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file cannot be read.
    Io(io::Error),
    /// The content is not what it should be: what was found, and what to do.
    Content { found: String, hint: &'static str },
    /// The receiver stopped.
    Closed(SinkClosed),
}

impl Fault {
    /// The content is not what it should be.
    pub(crate) fn content(found: impl Into<String>, hint: &'static str) -> Self {
        Fault::Content {
            found: found.into(),
            hint,
        }
    }

    /// A needed key is absent.
    pub(crate) fn missing(key: &str) -> Self {
        Self::content(
            format!("the key `{key}` is missing"),
            "an artifact needs `parameters` and `jailbreaks`; \
             importers/jailbreakbench/README.md shows its shape",
        )
    }

    /// Adds the file.
    pub(crate) fn into_error(self, path: &Path) -> ImportError {
        let path = path.to_path_buf();
        match self {
            Fault::Io(cause) => ImportError::Io { path, cause },
            Fault::Closed(closed) => ImportError::Closed(closed),
            Fault::Content { found, hint } => ImportError::Refused {
                path,
                format: FORMAT,
                found,
                hint: hint.to_owned(),
            },
        }
    }
}

impl From<SinkClosed> for Fault {
    fn from(closed: SinkClosed) -> Self {
        Fault::Closed(closed)
    }
}

/// Reads a file of bounded size.
pub(crate) fn load(path: &Path) -> Result<Vec<u8>, Fault> {
    load_at_most(path, MAX_FILE_BYTES)
}

fn load_at_most(path: &Path, limit: u64) -> Result<Vec<u8>, Fault> {
    let file = File::open(path).map_err(Fault::Io)?;
    let mut bytes = Vec::new();
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(Fault::Io)?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read <= limit) {
        return Ok(bytes);
    }
    Err(Fault::content(
        format!("the file is larger than {limit} bytes"),
        "split the file by model, or convert it to JSONL and use the `table` importer",
    ))
}

/// The text of a file, which knows where a slice of it stands.
pub(crate) struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    /// Checks the encoding.
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Fault> {
        std::str::from_utf8(bytes).map(Self).map_err(|error| {
            Fault::content(
                format!(
                    "expected UTF-8, found other bytes from byte {}",
                    error.valid_up_to()
                ),
                "convert the file to UTF-8",
            )
        })
    }

    /// Parses the whole text.
    pub(crate) fn parse<T: Deserialize<'a>>(&self) -> Result<T, Fault> {
        serde_json::from_str(self.0).map_err(|error| {
            Fault::content(
                format!("expected a JSON object: {}", printable(&error.to_string())),
                "if the file is cut short, copy it again from its origin",
            )
        })
    }

    /// Byte offset of a value that was cut out of this text.
    pub(crate) fn offset(&self, value: Raw<'_>) -> Option<u64> {
        let start = value.get().as_ptr().addr();
        let offset = start.checked_sub(self.0.as_ptr().addr())?;
        u64::try_from(offset).ok()
    }

    /// Length in bytes.
    pub(crate) fn len(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }
}

/// The members of an object in the order of the file, repeated keys included.
pub(crate) struct Members<'a>(pub(crate) Vec<(String, Raw<'a>)>);

impl Members<'_> {
    /// Refuses an object that says a thing twice.
    pub(crate) fn refuse_repeats(&self) -> Result<(), Fault> {
        let mut seen = BTreeSet::new();
        for (key, _) in &self.0 {
            if !seen.insert(key.as_str()) {
                return Err(Fault::content(
                    format!("the key `{}` occurs twice", printable(key)),
                    "keep one of the two",
                ));
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<String, &'de RawValue>()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// Parses one object within the bounds; the error says why not, in words.
///
/// A list is refused although its items could fill the fields by position.
pub(crate) fn parse_object<'a, T: Deserialize<'a>>(
    value: Raw<'a>,
    limits: Limits,
) -> Result<T, String> {
    check_bounds(value, limits)?;
    if !value.get().starts_with('{') {
        return Err("expected an object".to_owned());
    }
    serde_json::from_str(value.get()).map_err(|error| error.to_string())
}

/// Says why a raw value is too large or too deep to be parsed.
fn check_bounds(value: Raw<'_>, limits: Limits) -> Result<(), String> {
    let text = value.get();
    let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
    if bytes > limits.max_record_bytes {
        return Err(format!(
            "it has {bytes} bytes, at most {} are read",
            limits.max_record_bytes
        ));
    }
    let depth = depth(text);
    if depth > limits.max_depth {
        return Err(format!(
            "it is nested {depth} levels deep, at most {} are read",
            limits.max_depth
        ));
    }
    Ok(())
}

/// Levels of nesting of valid JSON.
fn depth(text: &str) -> u32 {
    let (mut deepest, mut level) = (0_u32, 0_u32);
    let (mut quoted, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                level = level.saturating_add(1);
                deepest = deepest.max(level);
            }
            b'}' | b']' if !quoted => level = level.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        for (text, levels) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a": [{}]}"#, 3),
            (r#"["[[[", "\"[{", "\\"]"#, 1),
        ] {
            assert_eq!(depth(text), levels, "{text}");
        }
    }

    #[test]
    fn a_file_above_the_limit_is_refused_after_the_limit_was_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [b' '; 11]).unwrap();
        assert!(load_at_most(file.path(), 10).is_err());
        assert_eq!(load_at_most(file.path(), 11).unwrap().len(), 11);
    }
}
