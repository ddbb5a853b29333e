//! The annex as a file: every figure under the names that its schema fixes.
//!
//! Numbers are written as [`caveat_analysis::Number`] does, keys in the order
//! of the types and maps in the order of their keys, so that equal annexes are
//! equal bytes. Text is exact here and not escaped: this is data, and JSON's
//! own quoting is its escaper.

use caveat_corpus::text::is_hidden;
use caveat_report::annex::Annex;

use crate::error::RenderError;

/// Writes the annex as indented JSON with a line end at the end.
///
/// # Errors
/// [`RenderError::Json`] if a number of the analysis is NaN, which none may be.
pub fn annex_json(annex: &Annex) -> Result<Vec<u8>, RenderError> {
    json(annex)
}

/// Writes any value as indented JSON with a line end at the end.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, RenderError> {
    let mut text = serde_json::to_string_pretty(value)?;
    // Beyond ASCII such characters stand in strings alone, where an escape means
    // the same; raw, they would steer the terminal of whoever prints the file.
    let steers = |c: char| !c.is_ascii_whitespace() && is_hidden(c);
    if text.contains(steers) {
        let mut inert = String::with_capacity(text.len());
        for character in text.chars() {
            if steers(character) {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    inert.push_str(&format!("\\u{unit:04x}"));
                }
            } else {
                inert.push(character);
            }
        }
        text = inert;
    }
    text.push('\n');
    Ok(text.into_bytes())
}
