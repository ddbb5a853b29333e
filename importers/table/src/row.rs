//! One row of a table, read into the slots of a plan.
//!
//! A cell is a text, absent, a number that is none, or a structure that has no
//! text. Whether an empty text is absence depends on the field and is decided
//! in [`crate::record`].

use std::borrow::Cow;

use caveat_importer::ImportError;

/// One value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    /// No such field, or `null`.
    Absent,
    /// A text; numbers and truth values in their shortest form.
    Text(Cow<'a, str>),
    /// A number that is not finite, as Python's token: `NaN`, `Infinity`, `-Infinity`.
    NotFinite(&'static str),
    /// What has no text of its own, such as a list, named in words.
    Structure(&'static str),
}

/// Where a row stands: its line, or its position as the format counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Line from 1, position in a JSON list from 0, or row from 1.
    pub(crate) record: u64,
    /// Its first byte in the file, where the reader knows it.
    pub(crate) byte: Option<u64>,
}

/// Receives every row in order: its cells, one per slot, or why it is unusable.
pub(crate) type RowHandler<'h> =
    dyn FnMut(Place, Result<&[Cell<'_>], String>) -> Result<(), ImportError> + 'h;

/// Says that a row exceeds the bound on its length.
pub(crate) fn too_long(unit: &str, bytes: u64, limit: u64) -> String {
    format!("the {unit} has {bytes} bytes, more than the limit of {limit}")
}
