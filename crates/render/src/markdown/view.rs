//! What the Markdown templates see: words, in the order of the page.
//!
//! Texts are cut to lengths that a page bears, columns that cannot be written
//! are left out, lettered bars become letters, and the ids of a paragraph's
//! evidence become one bracket at its end. Nothing is escaped here: the
//! templates do that.

use std::collections::BTreeSet;

use caveat_report::document::{
    Block, Cell, Column, ColumnKind, Document, Entry, Figure, FindingBlock, Panel, Section,
    Sentence, Table, TieMark,
};
use serde::Serialize;

use crate::error::RenderError;
use crate::escape;
use crate::glyphs::{MAX_ALT, MAX_CELL, MAX_RUN, MAX_SENTENCE, MAX_TEXT};

/// What stands where a text has nothing in it.
const NO_TEXT: &str = "(no text)";

#[derive(Debug, Serialize)]
pub(super) struct Page {
    title: String,
    kicker: String,
    edition: String,
    corpus: String,
    status: Option<String>,
    foot: String,
    answer: Prose,
    findings: Vec<Finding>,
    figure: Picture,
    claims_heading: String,
    claims: Grid,
    limits: Heading,
    sections: Vec<Part>,
    colophon: Vec<Pair>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Prose {
    sentences: Vec<Words>,
    ids: String,
}

#[derive(Debug, Serialize)]
struct Words {
    text: String,
    strong: bool,
    /// Language tag, where it is not that of the document.
    language: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    claim: Prose,
    evidence: Prose,
}

#[derive(Debug, Serialize)]
pub(crate) struct Heading {
    title: String,
    items: Vec<Prose>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Pair {
    name: String,
    text: Prose,
    code: bool,
}

#[derive(Debug, Serialize)]
pub(crate) struct Caption {
    pub(crate) number: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) subtitle: Option<String>,
}

#[derive(Debug, Serialize)]
struct Picture {
    caption: Caption,
    alt: String,
    file: String,
    note: Prose,
}

#[derive(Debug, Serialize)]
pub(super) struct Grid {
    caption: Caption,
    columns: Vec<Head>,
    rows: Vec<Vec<Words>>,
    more: Option<String>,
    note: Prose,
}

#[derive(Debug, Serialize)]
struct Head {
    header: String,
    right: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct Part {
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

/// Lays out a document for the templates.
pub(super) fn page(document: &Document) -> Result<Page, RenderError> {
    figures_have_their_own_ids(document)?;
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
        findings: first.findings.iter().map(finding).collect(),
        figure: picture(&first.figure),
        claims_heading: words(&first.claims_heading, MAX_TEXT),
        claims: grid(&first.claims)?,
        limits: panel(&first.limits),
        sections: document
            .sections
            .iter()
            .map(part)
            .collect::<Result<_, _>>()?,
        colophon: document.colophon.iter().map(pair).collect(),
    })
}

/// All figures in reading order.
pub(crate) fn figures(document: &Document) -> Vec<&Figure> {
    let mut figures = vec![&document.first_page.figure];
    for block in document.sections.iter().flat_map(|section| &section.blocks) {
        if let Block::Figure(figure) = block {
            figures.push(figure);
        }
    }
    figures
}

/// The file of a figure's picture, relative to the document.
pub(crate) fn picture_file(figure: &Figure) -> String {
    format!("figures/{}.svg", escape::file_name(&figure.id))
}

fn figures_have_their_own_ids(document: &Document) -> Result<(), RenderError> {
    let mut ids = BTreeSet::new();
    for figure in figures(document) {
        if !ids.insert(figure.id.as_str()) {
            return Err(RenderError::DuplicateId {
                id: words(&figure.id, MAX_CELL),
                what: "figure",
            });
        }
    }
    Ok(())
}

/// A text that a reader can see and a page can bear; never empty.
pub(crate) fn words(text: &str, longest: usize) -> String {
    let plain = escape::plain(text);
    let runs: Vec<String> = plain
        .split(' ')
        .map(|run| escape::cut(run, MAX_RUN))
        .collect();
    let short = escape::cut(&runs.join(" "), longest);
    if short.is_empty() {
        NO_TEXT.to_owned()
    } else {
        short
    }
}

pub(crate) fn prose(sentences: &[Sentence]) -> Prose {
    let mut ids: Vec<&str> = Vec::new();
    for id in sentences.iter().flat_map(|sentence| &sentence.evidence) {
        if !ids.contains(&id.as_str()) {
            ids.push(id);
        }
    }
    Prose {
        sentences: sentences
            .iter()
            .map(|sentence| Words {
                text: words(&sentence.text, MAX_SENTENCE),
                strong: sentence.strong,
                language: sentence
                    .language
                    .as_deref()
                    .map(|language| words(language, MAX_CELL)),
            })
            .collect(),
        ids: bracket(&ids),
    }
}

/// Ids in one bracket; three or more in a row become a range.
fn bracket(ids: &[&str]) -> String {
    if ids.is_empty() {
        return String::new();
    }
    let mut parts: Vec<String> = Vec::new();
    let mut rest = ids;
    while let Some((first, after)) = rest.split_first() {
        let run = 1 + rest.windows(2).take_while(|two| follows(two)).count();
        match rest.get(..run).and_then(<[&str]>::last) {
            Some(last) if run > 2 => {
                parts.push(format!("{first}\u{2013}{last}"));
                rest = rest.get(run..).unwrap_or_default();
            }
            _ => {
                parts.push((*first).to_owned());
                rest = after;
            }
        }
    }
    words(&format!("[{}]", parts.join(", ")), MAX_TEXT)
}

/// Whether the second id is the next one of the same letter.
fn follows(two: &[&str]) -> bool {
    let number = |id: &str| -> Option<(char, u32)> {
        let letter = id.chars().next().filter(char::is_ascii_lowercase)?;
        Some((letter, id.get(1..)?.parse().ok()?))
    };
    match two {
        [first, second] => match (number(first), number(second)) {
            (Some((letter, one)), Some((other, next))) => {
                letter == other && one.checked_add(1) == Some(next)
            }
            _ => false,
        },
        _ => false,
    }
}

pub(crate) fn finding(block: &FindingBlock) -> Finding {
    Finding {
        claim: prose(&block.claim),
        evidence: prose(&block.evidence),
    }
}

pub(crate) fn panel(panel: &Panel) -> Heading {
    Heading {
        title: words(&panel.title, MAX_TEXT),
        items: panel.items.iter().map(|item| prose(item)).collect(),
    }
}

pub(crate) fn pair(entry: &Entry) -> Pair {
    Pair {
        name: words(&entry.name, MAX_TEXT),
        text: prose(&entry.text),
        code: entry.code,
    }
}

fn picture(figure: &Figure) -> Picture {
    Picture {
        caption: Caption {
            number: Some(words(&figure.number, MAX_TEXT)),
            title: Some(words(&figure.title, MAX_TEXT)),
            subtitle: Some(words(&figure.subtitle, MAX_TEXT)),
        },
        alt: words(&figure.alt, MAX_ALT),
        file: picture_file(figure),
        note: prose(&figure.note),
    }
}

pub(super) fn part(section: &Section) -> Result<Part, RenderError> {
    part_of(&section.heading, &section.lead, &section.blocks)
}

/// Heading, lead and blocks of whatever has them.
pub(super) fn part_of(
    heading: &str,
    lead: &[Sentence],
    blocks: &[Block],
) -> Result<Part, RenderError> {
    Ok(Part {
        heading: words(heading, MAX_TEXT),
        lead: prose(lead),
        blocks: blocks.iter().map(piece).collect::<Result<_, _>>()?,
    })
}

fn piece(block: &Block) -> Result<Piece, RenderError> {
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
            table: grid(table)?,
        },
        Block::Figure(figure) => Piece::Figure {
            figure: picture(figure),
        },
    })
}

pub(super) fn grid(table: &Table) -> Result<Grid, RenderError> {
    let optional = |text: &Option<String>| text.as_deref().map(|text| words(text, MAX_TEXT));
    let columns = &table.columns;
    let shown: Vec<&Column> = columns.iter().filter(|column| is_written(column)).collect();
    let mut rows = Vec::with_capacity(table.rows.len());
    for (place, row) in table.rows.iter().enumerate() {
        if row.cells.len() != columns.len() {
            return Err(RenderError::Cells {
                id: words(&table.id, MAX_CELL),
                row: place + 1,
                cells: row.cells.len(),
                columns: columns.len(),
            });
        }
        let cells = columns
            .iter()
            .zip(&row.cells)
            .filter(|(column, _)| is_written(column));
        rows.push(
            cells
                .map(|(column, cell)| written(column, cell, row.strong))
                .collect(),
        );
    }
    Ok(Grid {
        caption: Caption {
            number: optional(&table.number),
            title: optional(&table.title),
            subtitle: optional(&table.subtitle),
        },
        columns: shown
            .into_iter()
            .map(|column| Head {
                header: words(&column.header, MAX_CELL),
                right: column.kind == ColumnKind::Number,
            })
            .collect(),
        rows,
        more: optional(&table.more),
        note: prose(&table.note),
    })
}

fn is_written(column: &Column) -> bool {
    !matches!(column.kind, ColumnKind::Interval { .. })
}

fn written(column: &Column, cell: &Cell, strong_row: bool) -> Words {
    match cell {
        Cell::Text { text, strong } => Words {
            text: words(text, MAX_CELL),
            strong: *strong || strong_row,
            language: None,
        },
        Cell::State { text, .. } => Words {
            text: words(text, MAX_CELL),
            strong: strong_row,
            language: None,
        },
        Cell::Ties { marks } => Words {
            text: letters(column, marks),
            strong: strong_row,
            language: None,
        },
        Cell::Interval { .. } | Cell::NotDrawn => Words {
            text: "not drawn".to_owned(),
            strong: false,
            language: None,
        },
    }
}

/// The letters of the bars that pass through a row.
pub(crate) fn letters(column: &Column, marks: &[TieMark]) -> String {
    let ColumnKind::Ties { letters } = &column.kind else {
        return NO_TEXT.to_owned();
    };
    let passing: Vec<&str> = letters
        .iter()
        .zip(marks)
        .filter(|(_, mark)| **mark != TieMark::Absent)
        .map(|(letter, _)| letter.as_str())
        .collect();
    if passing.is_empty() {
        "none".to_owned()
    } else {
        words(&passing.join(" "), MAX_CELL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_a_row_become_a_range() {
        assert_eq!(
            bracket(&["r1", "r2", "r3", "d1", "s1", "s2"]),
            "[r1\u{2013}r3, d1, s1, s2]"
        );
        assert_eq!(bracket(&["d1"]), "[d1]");
        assert_eq!(bracket(&[]), "");
    }

    #[test]
    fn a_long_name_leaves_the_rest_of_its_sentence() {
        let text = words(
            &format!("the model {} is last", "x".repeat(10_000)),
            MAX_TEXT,
        );
        assert!(text.ends_with("(9,860 more characters) is last"), "{text}");
        assert_eq!(words(" \n", MAX_TEXT), "[U+000A]");
        assert_eq!(words("", MAX_TEXT), NO_TEXT);
    }
}
