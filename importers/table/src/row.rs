//! One row of a table, read into the slots of a plan.
//!
//! A cell is a text, absent, or a structure that has no text. Whether an empty
//! text is absence depends on the field and is decided in [`crate::record`].

use std::borrow::Cow;

use caveat_importer::ImportError;
use caveat_importer::lines::Position;

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    /// No such field, or JSON's `null`.
    Absent,
    /// A text; numbers and truth values of JSON in their shortest form.
    Text(Cow<'a, str>),
    /// What has no text of its own, such as a list, named in words.
    Structure(&'static str),
}

/// Receives every row in order: its cells, one per slot, or why it is unusable.
pub(crate) type RowHandler<'h> =
    dyn FnMut(Position, Result<&[Cell<'_>], String>) -> Result<(), ImportError> + 'h;

/// Checks a row's bytes and names the first byte that is not UTF-8.
pub(crate) fn utf8(bytes: &[u8], at: Position) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        let byte = bytes.get(offset).copied().unwrap_or_default();
        let place = at
            .byte
            .saturating_add(u64::try_from(offset).unwrap_or(u64::MAX));
        format!(
            "byte 0x{byte:02X} at byte {place} of the file is not UTF-8; save the table as UTF-8"
        )
    })
}

/// Says that a row exceeds the bound on its length.
pub(crate) fn too_long(unit: &str, bytes: u64, limit: u64) -> String {
    format!("the {unit} has {bytes} bytes, more than the limit of {limit}")
}
