//! What the templates see of a table.
//!
//! Intervals are drawn in their cells, beside the same row's figures; bars that
//! join rows are letters, which hold in any order of the rows.

use caveat_report::document::{Cell, Column, ColumnKind, Table};
use serde::Serialize;

use super::view::{Names, id_of};
use crate::error::RenderError;
use crate::glyphs::{MAX_CELL, MAX_TEXT};
use crate::markdown::view::{Caption, Prose, letters, prose, words};
use crate::scene::{draw_table, svg_beside_words};

/// Height of a row with drawings.
const DRAWN_ROW_MM: f64 = 6.6;
/// Longest figure that is kept on one line; an interval has some 13 characters.
const UNBROKEN: usize = 16;
/// Tables whose rows are vendors or models, which readers want in other orders.
const SORTABLE: [&str; 4] = ["models", "providers", "standing", "residuals"];

#[derive(Debug, Serialize)]
pub(super) struct Grid {
    id: String,
    caption: Caption,
    /// Words for readers who do not see that the heading above is the caption.
    unseen: Option<String>,
    sortable: bool,
    columns: Vec<Head>,
    rows: Vec<Line>,
    more: Option<String>,
    note: Prose,
}

#[derive(Debug, Serialize)]
struct Head {
    header: String,
    unseen: bool,
    class: &'static str,
    sort: Option<&'static str>,
    drawing: Option<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    strong: bool,
    cells: Vec<Piece>,
}

#[derive(Debug, Serialize)]
struct Piece {
    text: String,
    strong: bool,
    names: bool,
    class: &'static str,
    key: Option<String>,
    drawing: Option<String>,
}

/// Lays out a table that stands under a heading.
pub(super) fn grid(table: &Table, heading: &str, names: &mut Names) -> Result<Grid, RenderError> {
    let optional = |text: &Option<String>| text.as_deref().map(|text| words(text, MAX_TEXT));
    let sortable = SORTABLE.contains(&table.id.as_str()) && table.rows.len() > 1;
    let drawing = draw_table(table, DRAWN_ROW_MM)?;
    let columns = table.columns.iter().zip(&drawing.header);
    let rows = table.rows.iter().zip(&drawing.rows);
    let caption = Caption {
        number: optional(&table.number),
        title: optional(&table.title),
        subtitle: optional(&table.subtitle),
    };
    Ok(Grid {
        id: names.take(id_of("table", &table.id), &table.id, "table")?,
        unseen: (table.number.is_none() && table.title.is_none()).then(|| words(heading, MAX_TEXT)),
        caption,
        sortable,
        columns: columns
            .map(|(column, scale)| head(column, scale.as_ref().map(svg_beside_words), sortable))
            .collect(),
        rows: rows
            .map(|(row, drawn)| Line {
                strong: row.strong,
                cells: table
                    .columns
                    .iter()
                    .zip(row.cells.iter().zip(drawn))
                    .enumerate()
                    .map(|(place, (column, (cell, drawn)))| Piece {
                        names: place == 0 && column.kind == ColumnKind::Text,
                        drawing: is_interval(column)
                            .then(|| drawn.as_ref().map(svg_beside_words))
                            .flatten(),
                        ..piece(column, cell)
                    })
                    .collect(),
            })
            .collect(),
        more: optional(&table.more),
        note: prose(&table.note),
    })
}

fn head(column: &Column, drawing: Option<String>, sortable: bool) -> Head {
    // A drawn column may have its scale for a header.
    let unseen = drawing.is_some() && column.header.is_empty();
    Head {
        header: if unseen {
            "Interval, drawn".to_owned()
        } else {
            words(&column.header, MAX_CELL)
        },
        unseen,
        class: class(column),
        sort: match &column.kind {
            ColumnKind::Text if sortable => Some("text"),
            ColumnKind::Number if sortable => Some("number"),
            _ => None,
        },
        drawing,
    }
}

fn piece(column: &Column, cell: &Cell) -> Piece {
    let (text, strong) = match cell {
        Cell::Text { text, strong } => (words(text, MAX_CELL), *strong),
        Cell::State { text, .. } => (words(text, MAX_CELL), false),
        Cell::Ties { marks } => (letters(column, marks), false),
        Cell::Interval { .. } | Cell::NotDrawn => ("not drawn".to_owned(), false),
    };
    Piece {
        class: match class(column) {
            "num" if text.chars().count() > UNBROKEN => "num long",
            class => class,
        },
        key: (column.kind == ColumnKind::Number)
            .then(|| leading_number(&text))
            .flatten(),
        text,
        strong,
        names: false,
        drawing: None,
    }
}

fn is_interval(column: &Column) -> bool {
    matches!(column.kind, ColumnKind::Interval { .. })
}

fn class(column: &Column) -> &'static str {
    match column.kind {
        ColumnKind::Text => "text",
        ColumnKind::Number => "num",
        ColumnKind::Interval { .. } => "drawn",
        ColumnKind::Ties { .. } => "ties",
    }
}

/// The number that a formatted cell begins with, for the order of the rows: an
/// interval and a range stand by their lower end. Words have none.
fn leading_number(text: &str) -> Option<String> {
    let (sign, rest) = match text.strip_prefix(['\u{2212}', '-']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.')
        .unwrap_or(rest.len());
    let digits: String = rest.get(..end)?.chars().filter(|c| *c != ',').collect();
    let digits = digits.trim_end_matches('.');
    digits.parse::<f64>().ok()?;
    Some(format!("{sign}{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stands_by_the_number_it_begins_with() {
        for (text, key) in [
            ("8.0", Some("8.0")),
            ("1,208", Some("1208")),
            ("\u{2212}3.2 to +2.1", Some("-3.2")),
            ("+1.0", Some("1.0")),
            ("1\u{2013}3", Some("1")),
            ("4.7%", Some("4.7")),
            ("not estimable", None),
            ("", None),
            (".", None),
        ] {
            assert_eq!(leading_number(text).as_deref(), key, "{text}");
        }
    }
}
