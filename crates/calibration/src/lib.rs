//! How often the estimators are right, in worlds whose truth is known.
//!
//! Worlds are made up with stated seeds, and every method is asked the same
//! questions in all of them: does the interval hold the truth, does the test find
//! an effect where there is none. Methods are those of `caveat-analysis`, called as
//! a report calls them; nothing is worked out here a second time. The study writes
//! `docs/calibration.md`, its chart and its figures. For developers: no part of the
//! command knows this crate.

pub mod chart;
mod conclude;
pub mod figure;
mod made;
pub mod page;
pub mod table;
mod words;
mod worlds;

pub use made::Length;
pub use worlds::{Histogram, Section};

/// Makes all worlds and asks all questions.
pub fn study(length: Length) -> Vec<Section> {
    worlds::make(length, |_| true)
}

/// The section with this id alone; nothing for an id that there is not.
pub fn study_of(length: Length, id: &str) -> Vec<Section> {
    worlds::make(length, |own| own == id)
}
