//! What the Markdown template of a regulator's summary sees.

use caveat_report::summary::document::{Field, Summary};
use serde::Serialize;

use super::view::{Part, Prose, part_of, prose, words};
use crate::error::RenderError;
use crate::glyphs::MAX_TEXT;

#[derive(Debug, Serialize)]
pub(super) struct Page {
    title: String,
    kicker: String,
    series: String,
    edition: String,
    status: Option<String>,
    foot: String,
    intro: Prose,
    fields: Vec<Numbered>,
    end: String,
}

#[derive(Debug, Serialize)]
struct Numbered {
    part: bool,
    section: Part,
}

/// Lays out a summary for the template.
pub(super) fn page(document: &Summary) -> Result<Page, RenderError> {
    let head = &document.head;
    Ok(Page {
        title: words(&head.title, MAX_TEXT),
        kicker: words(&head.kicker, MAX_TEXT),
        series: words(&head.series, MAX_TEXT),
        edition: words(&head.edition, MAX_TEXT),
        status: head.status.as_deref().map(|status| words(status, MAX_TEXT)),
        foot: words(&head.foot, MAX_TEXT),
        intro: prose(&document.intro),
        fields: document
            .fields
            .iter()
            .map(numbered)
            .collect::<Result<_, _>>()?,
        end: words(&document.end, MAX_TEXT),
    })
}

fn numbered(field: &Field) -> Result<Numbered, RenderError> {
    Ok(Numbered {
        part: field.part,
        section: part_of(
            &format!("{} {}", field.number, field.label),
            &field.lead,
            &field.blocks,
        )?,
    })
}
