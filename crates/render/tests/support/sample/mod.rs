//! A document in the manner of a research report, typed in by hand.
//!
//! Its figures follow a synthetic corpus of 21 models and are rounded; it is
//! there to be laid out, not to be believed. Used by tests and the gallery.

pub(crate) mod build;
mod charts;
mod first_page;
mod models;
mod sections;
mod tables;

use caveat_report::document::{Document, DocumentKind};

use first_page::{colophon, first_page, head};
use sections::sections;

/// The sample.
pub(crate) fn document() -> Document {
    Document {
        schema: "caveat/document",
        schema_version: 1,
        kind: DocumentKind::Report,
        head: head(),
        first_page: first_page(),
        sections: sections(),
        colophon: colophon(),
    }
}
