//! The worlds, by what is asked of them.

mod bands;
mod contrasts;
mod graders;
mod levels;
mod posterior;
mod prompts;
mod provider_test;
mod ranks;
mod rates;
mod shares;
mod slope;

pub use posterior::Histogram;

use crate::{
    figure::{Outcome, Promise, Question, Whose},
    made::Length,
};

/// A group of worlds under one heading.
#[derive(Clone, Debug)]
pub struct Section {
    /// Short id.
    pub id: &'static str,
    /// Heading.
    pub title: &'static str,
    /// What is asked, in plain words.
    pub question: &'static str,
    /// The worlds with their answers.
    pub outcomes: Vec<Outcome>,
    /// Ranks of true values among posterior draws.
    pub histograms: Vec<Histogram>,
}

impl Section {
    fn new(
        id: &'static str,
        title: &'static str,
        question: &'static str,
        outcomes: Vec<Outcome>,
    ) -> Self {
        Section {
            id,
            title,
            question,
            outcomes,
            histograms: Vec::new(),
        }
    }
}

/// Makes the worlds of a section.
type Made = fn(Length) -> Section;

/// The sections in the order of the document.
const ALL: [(&str, Made); 11] = [
    ("rates", rates::section),
    ("contrasts", contrasts::section),
    ("prompts", prompts::section),
    ("graders", graders::section),
    ("slope", slope::section),
    ("shares", shares::section),
    ("test", provider_test::section),
    ("bands", bands::section),
    ("ranks", ranks::section),
    ("levels", levels::section),
    ("posterior", posterior::section),
];

/// Makes the worlds of the sections asked for and asks every question.
pub(crate) fn make(length: Length, wanted: impl Fn(&str) -> bool) -> Vec<Section> {
    let asked = ALL.iter().filter(|(id, _)| wanted(id));
    asked.map(|(_, section)| section(length)).collect()
}

/// A question of caveat's own method.
const fn ours(
    id: &'static str,
    method: &'static str,
    promise: Promise,
    because: &'static str,
) -> Question {
    Question {
        id,
        method,
        whose: Whose::Caveat,
        promise,
        because,
    }
}

/// A question of what the published report did.
const fn published(
    id: &'static str,
    method: &'static str,
    promise: Promise,
    because: &'static str,
) -> Question {
    Question {
        id,
        method,
        whose: Whose::Published,
        promise,
        because,
    }
}

/// A question of what is customary.
const fn customary(
    id: &'static str,
    method: &'static str,
    promise: Promise,
    because: &'static str,
) -> Question {
    Question {
        id,
        method,
        whose: Whose::Customary,
        promise,
        because,
    }
}
