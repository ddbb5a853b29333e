//! What holds for every document, whatever the data.

use std::collections::BTreeSet;

use caveat_report::document::{Block, Cell, ColumnKind, Document, Figure, TieMark};
use caveat_report::evidence::{every_prose, every_table};
use caveat_report::words::{text_of, word_count};

use crate::support::all;

/// Words that a document never uses on its own account.
const FORBIDDEN: &[&str] = &[
    "likely",
    "probably",
    "suggests",
    "suggest",
    "significant",
    "significantly",
    "trend towards",
    "proves",
    "prove",
    "demonstrates",
    "robust",
    "safe",
    "safer",
    "safest",
    "unsafe",
    "immune",
    "compliant",
    "best",
    "worst",
    "causes",
    "caused",
    "because of",
    "due to",
    "investment",
    "invested",
    "resistant",
    "vulnerable",
    "debunked",
    "flat",
    "orthogonal",
    "top three",
    "identical",
];

fn figures(document: &Document) -> Vec<&Figure> {
    let rest = document.sections.iter().flat_map(|section| &section.blocks);
    let rest = rest.filter_map(|block| match block {
        Block::Figure(figure) => Some(figure),
        _ => None,
    });
    std::iter::once(&document.first_page.figure)
        .chain(rest)
        .collect()
}

/// Every text that the rules word, without claims and what the corpus spells.
fn own_words(document: &Document) -> Vec<String> {
    let mut texts: Vec<String> = every_prose(document).into_iter().map(text_of).collect();
    for figure in figures(document) {
        texts.extend([
            figure.title.clone(),
            figure.subtitle.clone(),
            figure.alt.clone(),
        ]);
    }
    for table in every_table(document) {
        texts.extend(table.title.clone());
        texts.extend(table.subtitle.clone());
        texts.extend(table.columns.iter().map(|column| column.header.clone()));
    }
    texts.extend(
        document
            .sections
            .iter()
            .map(|section| section.heading.clone()),
    );
    texts
}

#[test]
fn every_sentence_with_a_figure_names_evidence_that_leads_into_the_annex() {
    for (name, case) in all() {
        let composed = case.compose();
        let annex = case.annex(&composed);
        let known: BTreeSet<&str> = composed
            .evidence
            .iter()
            .map(|entry| entry.id.as_str())
            .collect();
        for entry in &composed.evidence {
            assert!(
                annex.pointer(&entry.pointer).is_some(),
                "{name}: {} {}",
                entry.id,
                entry.pointer
            );
        }
        for sentence in every_prose(&composed.document).into_iter().flatten() {
            let figure = sentence.text.chars().any(|c| c.is_ascii_digit());
            assert!(
                !figure || !sentence.evidence.is_empty(),
                "{name}: {}",
                sentence.text
            );
            for id in &sentence.evidence {
                assert!(
                    known.contains(id.as_str()),
                    "{name}: {id} in {}",
                    sentence.text
                );
            }
        }
        for statement in composed.findings.iter().chain(&composed.caveats) {
            assert!(!statement.evidence.is_empty(), "{name}: {}", statement.id);
            for id in &statement.evidence {
                assert!(
                    known.contains(id.as_str()),
                    "{name}: {id} in {}",
                    statement.id
                );
            }
        }
    }
}

#[test]
fn no_document_uses_a_word_outside_the_ladder() {
    for (name, case) in all() {
        for text in own_words(&case.compose().document) {
            let padded: String = text
                .to_lowercase()
                .chars()
                .map(|c| if c.is_alphanumeric() { c } else { ' ' })
                .collect();
            let padded = format!(
                " {} ",
                padded.split_whitespace().collect::<Vec<_>>().join(" ")
            );
            for word in FORBIDDEN {
                assert!(
                    !padded.contains(&format!(" {word} ")),
                    "{name}: `{word}` in: {text}"
                );
            }
            assert!(
                !text.contains("-0.0") && !text.contains("\u{2212}0.0 "),
                "{name}: {text}"
            );
            assert!(
                !text.contains("NaN") && !text.contains("0.000"),
                "{name}: {text}"
            );
            assert!(
                !text.contains("  ") && !text.contains("..") && !text.contains(" ."),
                "{name}: {text}"
            );
        }
    }
}

#[test]
fn tables_fit_the_page_and_have_no_empty_cell() {
    for (name, case) in all() {
        let composed = case.compose();
        for table in every_table(&composed.document) {
            let width: f64 = table.columns.iter().map(|column| column.width_mm).sum();
            assert!(
                width <= 170.0 + 1e-9,
                "{name}: {} is {width} mm wide",
                table.id
            );
            for row in &table.rows {
                assert_eq!(row.cells.len(), table.columns.len(), "{name}: {}", table.id);
                for (cell, column) in row.cells.iter().zip(&table.columns) {
                    match (cell, &column.kind) {
                        (Cell::Text { text, .. }, ColumnKind::Text | ColumnKind::Number) => {
                            assert!(!text.trim().is_empty(), "{name}: {}", table.id);
                            assert!(text.chars().count() <= 400, "{name}: {}", table.id);
                            assert!(!text.contains('\n'), "{name}: {}", table.id);
                        }
                        (Cell::Text { text, .. }, ColumnKind::Ties { .. }) => {
                            assert_eq!(text, "none", "{name}: {}", table.id);
                        }
                        (Cell::Ties { marks }, ColumnKind::Ties { letters }) => {
                            let drawn = marks.iter().any(|mark| *mark != TieMark::Absent);
                            assert!(drawn, "{name}: {} has an empty cell", table.id);
                            assert_eq!(marks.len(), letters.len(), "{name}: {}", table.id);
                        }
                        (Cell::Interval { .. } | Cell::NotDrawn, ColumnKind::Interval { .. }) => {}
                        other => panic!("{name}: {}: {other:?}", table.id),
                    }
                }
            }
        }
    }
}

#[test]
fn alternative_texts_have_forty_to_ninety_words() {
    for (name, case) in all() {
        for figure in figures(&case.compose().document) {
            let words = word_count(&figure.alt);
            assert!(
                (40..=90).contains(&words),
                "{name}: {} has {words}: {}",
                figure.id,
                figure.alt
            );
        }
    }
}

#[test]
fn the_answer_is_short_and_its_first_sentence_strong() {
    for (name, case) in all() {
        let page = case.compose().document.first_page;
        let text = text_of(&page.answer);
        assert!(
            word_count(&text) <= 55,
            "{name}: {}: {text}",
            word_count(&text)
        );
        assert!(page.answer[0].strong, "{name}");
        assert!(
            page.findings.len() <= 4 && page.findings.len() >= 2,
            "{name}: {}",
            page.findings.len()
        );
        assert_eq!(page.limits.items.len(), 3, "{name}");
        for item in &page.limits.items {
            assert!(
                word_count(&text_of(item)) <= 30,
                "{name}: {}",
                text_of(item)
            );
        }
    }
}

#[test]
fn every_section_says_something_and_has_an_id_of_its_own() {
    for (name, case) in all() {
        let document = case.compose().document;
        let mut ids = BTreeSet::new();
        for section in &document.sections {
            assert!(ids.insert(section.id.clone()), "{name}: {}", section.id);
            assert!(
                !section.lead.is_empty() || !section.blocks.is_empty(),
                "{name}: {}",
                section.id
            );
        }
        let mut tables = BTreeSet::new();
        for table in every_table(&document) {
            assert!(tables.insert(table.id.clone()), "{name}: {}", table.id);
        }
    }
}

#[test]
fn the_same_input_gives_the_same_document() {
    let case = crate::support::reconstruction();
    assert_eq!(case.compose(), case.compose());
}

#[test]
fn of_many_sources_some_are_shown_and_all_are_counted() {
    let mut case = crate::support::reconstruction();
    let mut source = case.sources.remove(0);
    source.path = format!("{}/last name.eval", "folder/".repeat(40));
    (source.read, source.imported, source.already_present) = (10, 7, 2);
    source.rejected = 1;
    case.sources = vec![source; 450];
    let document = case.compose().document;
    let tables = every_table(&document);
    let table = tables.iter().find(|table| table.id == "sources").unwrap();
    assert_eq!(table.rows.len(), 200);
    let more = table.more.as_deref().unwrap();
    assert_eq!(
        more,
        "250 more in annex, table sources. All 450: read 4,500, imported 3,150, known 900, \
         rejected 450."
    );
    let shown = serde_json::to_string(&table.rows[0]).unwrap();
    assert!(
        shown.contains("last name.eval") && shown.contains('\u{2026}'),
        "{shown}"
    );
}
