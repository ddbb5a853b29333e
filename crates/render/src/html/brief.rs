//! What the HTML template of a vendor brief sees.

use caveat_report::brief::document::{Brief, Part as BriefPart};
use serde::Serialize;

use super::frame::{Frame, Link, contents, frame};
use super::table::{Grid, grid};
use super::view::{Names, Part, parts};
use crate::error::RenderError;
use crate::glyphs::MAX_TEXT;
use crate::markdown::brief::{Fact, facts};
use crate::markdown::view::{Heading, Pair, Prose, pair, panel, prose, words};

#[derive(Debug, Serialize)]
pub(super) struct Page {
    frame: Frame,
    answer: Prose,
    facts: Vec<Fact>,
    standing: Tabled,
    models: Tabled,
    questions_heading: String,
    questions: Vec<Prose>,
    limits: Heading,
    contents: Vec<Link>,
    sections: Vec<Part>,
    colophon: Vec<Pair>,
}

#[derive(Debug, Serialize)]
struct Tabled {
    heading: String,
    lead: Prose,
    table: Grid,
}

/// Lays out a brief for the template.
pub(super) fn page(document: &Brief) -> Result<Page, RenderError> {
    let first = &document.first_page;
    let names = &mut Names::default();
    Ok(Page {
        frame: frame(&document.head),
        answer: prose(&first.answer),
        facts: facts(document),
        standing: tabled(&first.standing, names)?,
        models: tabled(&first.models, names)?,
        questions_heading: words(&first.questions_heading, MAX_TEXT),
        questions: first.questions.iter().map(|one| prose(one)).collect(),
        limits: panel(&first.limits),
        contents: contents(
            &[
                ("standing", &first.standing.heading),
                ("models", &first.models.heading),
                ("questions", &first.questions_heading),
                ("limits", &first.limits.title),
            ],
            &document.sections,
        ),
        sections: parts(&document.sections, names)?,
        colophon: document.colophon.iter().map(pair).collect(),
    })
}

fn tabled(part: &BriefPart, names: &mut Names) -> Result<Tabled, RenderError> {
    Ok(Tabled {
        heading: words(&part.heading, MAX_TEXT),
        lead: prose(&part.lead),
        table: grid(&part.table, &part.heading, names)?,
    })
}
