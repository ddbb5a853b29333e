//! From an analysis to the words of a document.
//!
//! [`definition`] reads `report.toml` and `claims.toml`; [`selection`] applies
//! the inclusion rules to evidence; [`claims`] compares published figures with
//! recomputed ones; [`findings`] and [`caveats`] are rules over the analysis;
//! [`compose`] puts the document together; [`annex`] is the machine-readable
//! side of it. [`brief`] composes the document about one vendor, [`summary`] the
//! form for supervisory authorities.
//!
//! This crate knows neither Markdown nor typst, and reads no corpus.

pub mod annex;
pub mod brief;
pub mod caveats;
pub mod choices;
pub mod claims;
pub mod compose;
pub mod composition;
pub mod definition;
pub mod document;
pub mod evidence;
pub mod explain;
pub mod findings;
pub mod format;
pub mod laid;
pub mod lookup;
mod naming;
mod parts;
mod patterns;
pub mod select;
pub mod selection;
pub mod sizes;
mod spellings;
pub mod summary;
pub mod words;
