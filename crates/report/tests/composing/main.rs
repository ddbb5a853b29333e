//! Documents composed from samples: what holds for every document, what turns
//! with the data, and every caveat both ways.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod always;
mod briefs;
mod caveats;
mod spellings;
mod summaries;
mod support;
mod turning;
mod wired;
