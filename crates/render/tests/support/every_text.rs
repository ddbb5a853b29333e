//! A document with one text in every place that can hold one, and texts that
//! something along the way might act on.

use caveat_report::document::{
    Block, Cell, ColumnKind, Document, Entry, Figure, FindingBlock, Panel, Sentence, Table,
};

/// Puts a text in every place of a document that can hold one.
pub(crate) fn with_every_text(text: &str) -> Document {
    let mut document = super::sample::document();
    let head = &mut document.head;
    for place in [
        &mut head.kicker,
        &mut head.title,
        &mut head.series,
        &mut head.edition,
        &mut head.foot,
        &mut head.corpus,
    ] {
        *place = text.to_owned();
    }
    head.status = Some(text.to_owned());
    let first = &mut document.first_page;
    prose(&mut first.answer, text);
    first
        .findings
        .iter_mut()
        .for_each(|block| finding(block, text));
    figure(&mut first.figure, text);
    first.claims_heading = text.to_owned();
    table(&mut first.claims, text);
    panel(&mut first.limits, text);
    for section in &mut document.sections {
        section.heading = text.to_owned();
        prose(&mut section.lead, text);
        section
            .blocks
            .iter_mut()
            .for_each(|piece| block(piece, text));
    }
    entries(&mut document.colophon, text);
    document
}

fn block(block: &mut Block, text: &str) {
    match block {
        Block::Paragraph { sentences } => prose(sentences, text),
        Block::Subheading { text: heading } => *heading = text.to_owned(),
        Block::List { items } => items.iter_mut().for_each(|item| prose(item, text)),
        Block::Entries { entries: all } => entries(all, text),
        Block::Finding(inner) => finding(inner, text),
        Block::Panel(inner) => panel(inner, text),
        Block::Table(inner) => table(inner, text),
        Block::Figure(inner) => figure(inner, text),
    }
}

fn prose(sentences: &mut [Sentence], text: &str) {
    for sentence in sentences {
        sentence.text = text.to_owned();
    }
}

fn finding(block: &mut FindingBlock, text: &str) {
    prose(&mut block.claim, text);
    prose(&mut block.evidence, text);
}

fn panel(panel: &mut Panel, text: &str) {
    panel.title = text.to_owned();
    panel.items.iter_mut().for_each(|item| prose(item, text));
}

fn entries(entries: &mut [Entry], text: &str) {
    for entry in entries {
        entry.name = text.to_owned();
        prose(&mut entry.text, text);
    }
}

fn figure(figure: &mut Figure, text: &str) {
    for place in [
        &mut figure.number,
        &mut figure.title,
        &mut figure.subtitle,
        &mut figure.alt,
    ] {
        *place = text.to_owned();
    }
    prose(&mut figure.note, text);
}

fn table(table: &mut Table, text: &str) {
    for place in [
        &mut table.number,
        &mut table.title,
        &mut table.subtitle,
        &mut table.more,
    ] {
        *place = Some(text.to_owned());
    }
    prose(&mut table.note, text);
    for column in &mut table.columns {
        column.header = text.to_owned();
        if let ColumnKind::Ties { letters } = &mut column.kind {
            letters
                .iter_mut()
                .for_each(|letter| *letter = text.to_owned());
        }
    }
    for cell in table.rows.iter_mut().flat_map(|row| &mut row.cells) {
        if let Cell::Text { text: words, .. } = cell {
            *words = text.to_owned();
        }
    }
}

pub(crate) const HOSTILE: [&str; 24] = [
    "#eval(\"1\")[*x*] $pi$ @ref <label>",
    "#set page(width: 1mm)",
    "</td></tr></table><script>alert(1)</script>",
    "<!-- comment",
    "<details>",
    "![x](https://a.b/c.png)",
    "[x](https://a.b) [y][z] [^1]",
    "[a]: https://a.b \"t\"",
    "https://a.b www.a.b a@b.cd <https://a.b>",
    "| a | b |\n|---|---|\n| c | d |",
    "|---|",
    "# heading #",
    "- [ ] task",
    "1. one",
    "> quote",
    "---",
    "===",
    "```\ncode",
    "**strong** _em_ ~~gone~~ `code` ***",
    "\u{1b}[31mred\u{1b}[0m\u{7}\u{0}",
    "\u{202e}desrever\u{2066}\u{feff}",
    "模型 通义千问 \u{3000}",
    "\\",
    "{{ title }} {% raw %} {# c #}",
];
