//! What the HTML templates see: the words of the Markdown with ids and drawings.

use std::collections::BTreeSet;

use caveat_report::document::{Block, Document, Figure, Section, Sentence};
use serde::Serialize;

use super::frame::{Frame, Link, contents, frame};
use super::table::{Grid, grid};
use crate::error::RenderError;
use crate::escape;
use crate::glyphs::{MAX_CELL, MAX_TEXT};
use crate::markdown::view::{
    Caption, Finding, Heading, Pair, Prose, finding, pair, panel, prose, words,
};
use crate::scene;

#[derive(Debug, Serialize)]
pub(super) struct Page {
    frame: Frame,
    answer: Prose,
    findings: Vec<Finding>,
    figure: Picture,
    claims_heading: String,
    claims: Grid,
    limits: Heading,
    contents: Vec<Link>,
    sections: Vec<Part>,
    colophon: Vec<Pair>,
}

#[derive(Debug, Serialize)]
struct Picture {
    id: String,
    caption: Caption,
    drawing: String,
    note: Prose,
}

#[derive(Debug, Serialize)]
pub(super) struct Part {
    id: String,
    heading: String,
    lead: Prose,
    blocks: Vec<Piece>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Piece {
    Paragraph { prose: Prose },
    Subheading { text: String },
    List { items: Vec<Prose> },
    Entries { entries: Vec<Pair> },
    Finding { finding: Finding },
    Panel { panel: Heading },
    Table { table: Grid },
    Figure { figure: Picture },
}

/// Ids that the page has already.
#[derive(Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Takes an id, which nothing else of the page may have.
    pub(super) fn take(
        &mut self,
        id: String,
        named: &str,
        what: &'static str,
    ) -> Result<String, RenderError> {
        if self.0.insert(id.clone()) {
            return Ok(id);
        }
        Err(RenderError::DuplicateId {
            id: words(named, MAX_CELL),
            what,
        })
    }
}

/// Lays out a document for the templates.
pub(super) fn page(document: &Document) -> Result<Page, RenderError> {
    let first = &document.first_page;
    let names = &mut Names::default();
    Ok(Page {
        frame: frame(&document.head),
        answer: prose(&first.answer),
        findings: first.findings.iter().map(finding).collect(),
        figure: picture(&first.figure, names)?,
        claims_heading: words(&first.claims_heading, MAX_TEXT),
        claims: grid(&first.claims, &first.claims_heading, names)?,
        limits: panel(&first.limits),
        contents: contents(
            &[
                ("claims", &first.claims_heading),
                ("limits", &first.limits.title),
            ],
            &document.sections,
        ),
        sections: parts(&document.sections, names)?,
        colophon: document.colophon.iter().map(pair).collect(),
    })
}

/// The sections in order.
pub(super) fn parts(sections: &[Section], names: &mut Names) -> Result<Vec<Part>, RenderError> {
    let sections = sections.iter();
    sections
        .map(|section| {
            part(
                &section.id,
                &section.heading,
                &section.lead,
                &section.blocks,
                names,
            )
        })
        .collect()
}

/// Heading, lead and blocks of whatever has them.
pub(super) fn part(
    id: &str,
    heading: &str,
    lead: &[Sentence],
    blocks: &[Block],
    names: &mut Names,
) -> Result<Part, RenderError> {
    let blocks = blocks.iter().map(|block| piece(block, heading, names));
    let blocks = blocks.collect::<Result<_, _>>()?;
    Ok(Part {
        id: names.take(section_id(id), id, "section")?,
        heading: words(heading, MAX_TEXT),
        lead: prose(lead),
        blocks,
    })
}

/// The id of a section in the page.
pub(super) fn section_id(id: &str) -> String {
    id_of("section", id)
}

/// An id of plain letters; kinds keep apart what has one name.
pub(super) fn id_of(kind: &str, id: &str) -> String {
    format!("{kind}-{}", escape::file_name(id))
}

fn picture(figure: &Figure, names: &mut Names) -> Result<Picture, RenderError> {
    let id = names.take(id_of("figure", &figure.id), &figure.id, "figure")?;
    Ok(Picture {
        caption: Caption {
            number: Some(words(&figure.number, MAX_TEXT)),
            title: Some(words(&figure.title, MAX_TEXT)),
            subtitle: Some(words(&figure.subtitle, MAX_TEXT)),
        },
        drawing: scene::svg_within_page(&scene::draw(figure)?, figure, &id),
        note: prose(&figure.note),
        id,
    })
}

fn piece(block: &Block, heading: &str, names: &mut Names) -> Result<Piece, RenderError> {
    Ok(match block {
        Block::Paragraph { sentences } => Piece::Paragraph {
            prose: prose(sentences),
        },
        Block::Subheading { text } => Piece::Subheading {
            text: words(text, MAX_TEXT),
        },
        Block::List { items } => Piece::List {
            items: items.iter().map(|item| prose(item)).collect(),
        },
        Block::Entries { entries } => Piece::Entries {
            entries: entries.iter().map(pair).collect(),
        },
        Block::Finding(block) => Piece::Finding {
            finding: finding(block),
        },
        Block::Panel(block) => Piece::Panel {
            panel: panel(block),
        },
        Block::Table(table) => Piece::Table {
            table: grid(table, heading, names)?,
        },
        Block::Figure(figure) => Piece::Figure {
            figure: picture(figure, names)?,
        },
    })
}
