//! Shared reading of JSON that nobody has checked.
//!
//! [`parse`] turns one line, member or piece into a value, [`check`] only says
//! whether it could; [`Pieces`] cuts a
//! document of any size into such pieces while it is read. Both take what
//! Python writes (bare `NaN` and `Infinity`, lone surrogates, a byte order mark
//! at the start) and answer everything else with a reason and a place.
//!
//! Knows no format, decides nothing on repeated keys, and never panics or
//! recurses on what it reads.

mod check;
mod depth;
mod pieces;
mod raw;
mod repair;
mod value;
mod window;

pub use check::check;
pub use pieces::{Content, Key, Piece, Pieces, PiecesError, Unfinished};
pub use raw::{NonFinite, non_finite, raw_score, raw_text, raw_word};
pub use value::{JsonFault, parse};

/// A byte order mark, which some tools put in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
