//! What the HTML template of a regulator's summary sees.

use caveat_report::summary::document::Summary;
use serde::Serialize;

use super::frame::{Frame, frame};
use super::view::{Names, Part, part};
use crate::error::RenderError;
use crate::glyphs::MAX_TEXT;
use crate::markdown::view::{Prose, prose, words};

#[derive(Debug, Serialize)]
pub(super) struct Page {
    frame: Frame,
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
    let names = &mut Names::default();
    let fields = document.fields.iter();
    Ok(Page {
        frame: frame(&document.head).without_corpus(),
        intro: prose(&document.intro),
        fields: fields
            .map(|field| {
                let heading = format!("{} {}", field.number, field.label);
                Ok(Numbered {
                    part: field.part,
                    section: part(&field.id, &heading, &field.lead, &field.blocks, names)?,
                })
            })
            .collect::<Result<_, RenderError>>()?,
        end: words(&document.end, MAX_TEXT),
    })
}
