//! What the Markdown template of a vendor brief sees.

use caveat_report::brief::document::{Brief, Part as BriefPart};
use serde::Serialize;

use super::view::{Grid, Heading, Pair, Part, Prose, grid, pair, panel, part, prose, words};
use crate::error::RenderError;
use crate::glyphs::MAX_TEXT;

#[derive(Debug, Serialize)]
pub(super) struct Page {
    title: String,
    kicker: String,
    edition: String,
    corpus: String,
    status: Option<String>,
    foot: String,
    answer: Prose,
    facts: Vec<Fact>,
    standing: Tabled,
    models: Tabled,
    questions_heading: String,
    questions: Vec<Prose>,
    limits: Heading,
    sections: Vec<Part>,
    colophon: Vec<Pair>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Fact {
    value: String,
    label: String,
    detail: Prose,
}

#[derive(Debug, Serialize)]
struct Tabled {
    heading: String,
    lead: Prose,
    table: Grid,
}

/// Lays out a brief for the template.
pub(super) fn page(document: &Brief) -> Result<Page, RenderError> {
    let head = &document.head;
    let first = &document.first_page;
    Ok(Page {
        title: words(&head.title, MAX_TEXT),
        kicker: words(&head.kicker, MAX_TEXT),
        edition: words(&head.edition, MAX_TEXT),
        corpus: words(&head.corpus, MAX_TEXT),
        status: head.status.as_deref().map(|status| words(status, MAX_TEXT)),
        foot: words(&head.foot, MAX_TEXT),
        answer: prose(&first.answer),
        facts: facts(document),
        standing: tabled(&first.standing)?,
        models: tabled(&first.models)?,
        questions_heading: words(&first.questions_heading, MAX_TEXT),
        questions: first.questions.iter().map(|one| prose(one)).collect(),
        limits: panel(&first.limits),
        sections: document
            .sections
            .iter()
            .map(part)
            .collect::<Result<_, _>>()?,
        colophon: document.colophon.iter().map(pair).collect(),
    })
}

/// The facts in large type.
pub(crate) fn facts(document: &Brief) -> Vec<Fact> {
    let facts = document.first_page.facts.iter();
    facts
        .map(|fact| Fact {
            value: words(&fact.value, MAX_TEXT),
            label: words(&fact.label, MAX_TEXT),
            detail: prose(&fact.detail),
        })
        .collect()
}

fn tabled(part: &BriefPart) -> Result<Tabled, RenderError> {
    Ok(Tabled {
        heading: words(&part.heading, MAX_TEXT),
        lead: prose(&part.lead),
        table: grid(&part.table)?,
    })
}
