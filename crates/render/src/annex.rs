//! The annex as a file: every figure under the names that its schema fixes.
//!
//! Numbers are written as [`caveat_analysis::Number`] does, keys in the order
//! of the types and maps in the order of their keys, so that equal annexes are
//! equal bytes. Text is exact here and not escaped: this is data, and JSON's
//! own quoting is its escaper.

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
    let mut bytes = serde_json::to_vec_pretty(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}
