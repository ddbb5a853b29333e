//! What every kind of document has in common for whoever lays it out.

use serde::Serialize;

use crate::document::{Block, Document, DocumentKind, Figure, Head, Section, Table};

/// A document of any kind, as words and values.
pub trait Laid: Serialize {
    /// Which templates lay it out.
    fn kind(&self) -> DocumentKind;

    /// Title block and running lines.
    fn head(&self) -> &Head;

    /// Every table and figure in reading order, each with its place as a JSON
    /// pointer into the document.
    fn pieces(&self) -> Vec<(String, Piece<'_>)>;
}

/// What is drawn or set in columns.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'d> {
    /// A table.
    Table(&'d Table),
    /// A chart.
    Figure(&'d Figure),
}

/// The tables and figures of sections that stand at `/sections`.
pub fn of_sections(sections: &[Section]) -> Vec<(String, Piece<'_>)> {
    let mut pieces = Vec::new();
    for (s, section) in sections.iter().enumerate() {
        pieces.extend(of_blocks(&format!("/sections/{s}"), &section.blocks));
    }
    pieces
}

/// The tables and figures of blocks that stand at `blocks` of a place.
pub fn of_blocks<'d>(place: &str, blocks: &'d [Block]) -> Vec<(String, Piece<'d>)> {
    let mut pieces = Vec::new();
    for (b, block) in blocks.iter().enumerate() {
        let place = format!("{place}/blocks/{b}");
        match block {
            Block::Figure(figure) => pieces.push((place, Piece::Figure(figure))),
            Block::Table(table) => pieces.push((place, Piece::Table(table))),
            _ => {}
        }
    }
    pieces
}

impl Laid for Document {
    fn kind(&self) -> DocumentKind {
        self.kind
    }

    fn head(&self) -> &Head {
        &self.head
    }

    fn pieces(&self) -> Vec<(String, Piece<'_>)> {
        let page = &self.first_page;
        let mut pieces = vec![
            ("/first_page/figure".to_owned(), Piece::Figure(&page.figure)),
            ("/first_page/claims".to_owned(), Piece::Table(&page.claims)),
        ];
        pieces.extend(of_sections(&self.sections));
        pieces
    }
}
