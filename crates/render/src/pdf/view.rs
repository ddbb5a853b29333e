//! The view of a document that templates lay out.
//!
//! The document's own shape with these changes: every string fitted to the
//! faces and given places to break; the evidence of a prose as one label (`ids`)
//! behind its last sentence; charts replaced by a `drawing`; drawn cells by a
//! `picture`, their scale in the column; running lines cut to their space.
//! Drawings stand where they are used: typst remembers calls by their arguments,
//! and a large argument would be hashed at every call.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use caveat_report::document::{ColumnKind, DocumentKind, Figure, Table};
use caveat_report::laid::{Laid, Piece};

use crate::error::RenderError;
use crate::fonts::{self, Measure};
use crate::glyphs;
use crate::scene;

/// Space left and right of the words of a cell, together.
const CELL_INSET_MM: f64 = 3.4;
/// Size of the words of a cell.
const CELL_PT: f64 = 8.8;
/// Width of the mark of a state with the space behind it, and of the wider space before it.
const MARK_MM: f64 = 6.2;
/// What a line may be wider in print than measured.
const ROOM_MM: f64 = 0.6;
/// Height of a row of one line: capitals of 8.8 pt and 1.1 mm above and below.
const WORDS_ROW_MM: f64 = 4.25;
/// Height of a row with drawings.
const DRAWN_ROW_MM: f64 = 6.6;
/// The same in a brief.
const BRIEF_ROW_MM: f64 = 5.4;
/// Widest row of a table.
const LIVE_MM: f64 = 170.0;
/// Stands where data has no words and a reader must see that.
const BLANK: &str = "(blank)";
const MAX_ID: usize = 64;
/// Bytes of ids that a line keeps together.
const UNBROKEN_IDS: usize = 16;

/// Builds the view.
///
/// # Errors
///
/// If ids are unusable or used twice, or something cannot be drawn.
pub fn view(document: &impl Laid) -> Result<Value, RenderError> {
    let mut view = serde_json::to_value(document)?;
    glyphs::fit_value(&mut view);
    prepare(&mut view);
    cut_running_lines(&mut view);
    let row_mm = row_mm(document.kind());
    let mut ids = Ids::default();
    for (place, piece) in document.pieces() {
        match piece {
            Piece::Figure(figure) => {
                ids.figure(figure)?;
                attach(&mut view, &place, draw_figure(figure)?);
            }
            Piece::Table(table) => {
                ids.table(table)?;
                attach_table(&mut view, &place, table, row_mm)?;
            }
        }
    }
    Ok(view)
}

/// Height of a row with drawings; a brief has more to say on its first page.
fn row_mm(kind: DocumentKind) -> f64 {
    match kind {
        DocumentKind::Report => DRAWN_ROW_MM,
        DocumentKind::VendorBrief | DocumentKind::RegulatorSummary => BRIEF_ROW_MM,
    }
}

/// Ids of figures and tables seen so far; each must be plain and used once.
#[derive(Default)]
struct Ids {
    figures: BTreeSet<String>,
    tables: BTreeSet<String>,
}

impl Ids {
    fn figure(&mut self, figure: &Figure) -> Result<(), RenderError> {
        check_id(&figure.id, "figure")?;
        match self.figures.insert(figure.id.clone()) {
            true => Ok(()),
            false => Err(twice(&figure.id, "figure")),
        }
    }

    fn table(&mut self, table: &Table) -> Result<(), RenderError> {
        check_id(&table.id, "table")?;
        match self.tables.insert(table.id.clone()) {
            true => Ok(()),
            false => Err(twice(&table.id, "table")),
        }
    }
}

fn draw_figure(figure: &Figure) -> Result<Value, RenderError> {
    Ok(serde_json::to_value(scene::draw(figure)?)?)
}

/// Puts a drawing beside the words of its figure.
fn attach(view: &mut Value, place: &str, drawing: Value) {
    if let Some(Value::Object(figure)) = view.pointer_mut(place) {
        figure.insert("drawing".to_owned(), drawing);
    }
}

/// Puts widths and scales into the columns of a table and drawings into its cells.
fn attach_table(
    view: &mut Value,
    place: &str,
    table: &Table,
    row_mm: f64,
) -> Result<(), RenderError> {
    let scaled = scaled(table);
    let drawing = scene::draw_table(&scaled, row_mm)?;
    let Some(Value::Object(table)) = view.pointer_mut(place) else {
        return Ok(());
    };
    table.insert("drawn".to_owned(), json!(drawing.drawn));
    let columns = items_of(table.get_mut("columns")).iter_mut();
    for ((column, own), scale) in columns.zip(&scaled.columns).zip(drawing.header) {
        if let Some(fields) = column.as_object_mut() {
            fields.insert("width_mm".to_owned(), json!(own.width_mm));
            fields.insert("scale".to_owned(), serde_json::to_value(scale)?);
            fields.insert("kind".to_owned(), json!(kind_name(&own.kind)));
        }
    }
    for (row, pictures) in items_of(table.get_mut("rows")).iter_mut().zip(drawing.rows) {
        if let Some(fields) = row.as_object_mut() {
            let height = row_height(fields, &scaled, drawing.drawn.then_some(row_mm));
            fields.insert("height_mm".to_owned(), json!(height));
        }
        for (cell, picture) in items_of(row.get_mut("cells")).iter_mut().zip(pictures) {
            if let Some(picture) = picture {
                *cell = json!({ "picture": picture });
            }
        }
    }
    Ok(())
}

/// Height of a row whose cells all hold one line, if that is so; the layout then
/// need not measure it, which is a fifth of the time of a long table.
fn row_height(row: &Map<String, Value>, table: &Table, drawn_mm: Option<f64>) -> Option<f64> {
    let cells = row.get("cells").and_then(Value::as_array)?;
    let one_line = cells.iter().zip(&table.columns).all(|(cell, column)| {
        let text = cell.get("text").and_then(Value::as_str).unwrap_or("");
        let mark = if cell.get("state").is_some() {
            MARK_MM
        } else {
            0.0
        };
        let width = mark + fonts::width_mm(text, CELL_PT, Measure::SansSemibold);
        width <= column.width_mm - CELL_INSET_MM - ROOM_MM && !text.contains('\n')
    });
    one_line.then_some(drawn_mm.unwrap_or(WORDS_ROW_MM))
}

fn kind_name(kind: &ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text => "text",
        ColumnKind::Number => "number",
        ColumnKind::Interval { .. } => "interval",
        ColumnKind::Ties { .. } => "ties",
    }
}

/// A table that is not wider than the page.
fn scaled(table: &Table) -> Table {
    let mut table = table.clone();
    let total: f64 = table.columns.iter().map(|column| column.width_mm).sum();
    if total > LIVE_MM {
        for column in &mut table.columns {
            column.width_mm *= LIVE_MM / total;
        }
    }
    table
}

/// Ids become file names and keys, so they are plain.
fn check_id(id: &str, what: &'static str) -> Result<(), RenderError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !id.is_empty() && id.len() <= MAX_ID && id.chars().all(plain) {
        return Ok(());
    }
    Err(RenderError::Id {
        id: glyphs::fit_to(id, MAX_ID, MAX_ID),
        what,
    })
}

fn twice(id: &str, what: &'static str) -> RenderError {
    RenderError::DuplicateId {
        id: id.to_owned(),
        what,
    }
}

/// Walks the value: tables, sentences, then all other strings.
fn prepare(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("chart");
            if fields.contains_key("columns") && fields.contains_key("rows") {
                prepare_cells(fields);
            }
            // The evidence beside a finding names the ids of its claim as well.
            if fields.contains_key("evidence")
                && let Some(Value::Array(claim)) = fields.get_mut("claim")
            {
                claim.iter_mut().for_each(forget_ids);
            }
            fill_blanks(fields);
            for (name, field) in fields.iter_mut() {
                // Cells have been prepared to the width of their columns.
                if name != "rows" && name != "columns" && name != "id" {
                    prepare(field);
                }
            }
        }
        Value::Array(items) => {
            label_prose(items);
            items.iter_mut().for_each(prepare);
        }
        Value::String(text) => *text = glyphs::breakable(&glyphs::kept_together(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Puts the ids of all sentences of a prose behind its last one, once.
fn label_prose(sentences: &mut [Value]) {
    let is_sentence = |item: &Value| item.get("strong").is_some() && item.get("evidence").is_some();
    if !sentences.iter().all(is_sentence) {
        return;
    }
    let mut ids = Vec::new();
    for sentence in sentences.iter_mut() {
        if let Some(Value::Array(own)) = sentence.get("evidence") {
            ids.extend(own.iter().cloned());
        }
        forget_ids(sentence);
    }
    if let Some(Value::Object(last)) = sentences.last_mut() {
        last.insert("ids".to_owned(), Value::String(ids_label(&ids)));
    }
}

/// Leaves a sentence without a label.
fn forget_ids(sentence: &mut Value) {
    if let Value::Object(fields) = sentence {
        fields.remove("evidence");
        fields.insert("ids".to_owned(), Value::String(String::new()));
    }
}

/// Says "(blank)" where the tag tree wants words: headings, titles, alternative text.
fn fill_blanks(fields: &mut Map<String, Value>) {
    let is_subheading = fields.get("type").is_some_and(|kind| kind == "subheading");
    for (name, field) in fields.iter_mut() {
        let titles = matches!(
            name.as_str(),
            "title" | "heading" | "claims_heading" | "alt"
        );
        match field {
            Value::String(text) if titles || (is_subheading && name == "text") => said(text),
            _ => {}
        }
    }
}

fn said(text: &mut String) {
    if text.trim().is_empty() {
        *text = BLANK.to_owned();
    }
}

/// Lets the text of cells and headers break within its column.
///
/// Rows with drawn cells have room for two lines, so that bars run on.
fn prepare_cells(table: &mut Map<String, Value>) {
    let mut widths = Vec::new();
    let mut drawn = false;
    for column in items_of(table.get_mut("columns")) {
        let width = column.get("width_mm").and_then(Value::as_f64);
        let width = (width.unwrap_or(0.0) - CELL_INSET_MM).max(3.0);
        widths.push(width);
        let kind = column.pointer("/kind/type").and_then(Value::as_str);
        drawn |= matches!(kind, Some("interval" | "ties"));
        if let Some(Value::String(header)) = column.get_mut("header") {
            *header = break_cell(header, width);
        }
    }
    for row in items_of(table.get_mut("rows")) {
        let cells = items_of(row.get_mut("cells"));
        for (cell, width) in cells.iter_mut().zip(&widths) {
            if let Some(Value::String(text)) = cell.get_mut("text") {
                if drawn {
                    *text = fonts::clip(text, width * 1.8, CELL_PT, Measure::SansSemibold);
                }
                *text = break_cell(text, *width);
                said(text);
            }
        }
    }
}

fn break_cell(text: &str, width_mm: f64) -> String {
    glyphs::breakable_within(text, width_mm, CELL_PT, Measure::SansSemibold)
}

fn items_of(value: Option<&mut Value>) -> &mut [Value] {
    match value {
        Some(Value::Array(items)) => items,
        _ => &mut [],
    }
}

/// Writes evidence ids as one label, in order; three or more in a row become a range.
fn ids_label(ids: &[Value]) -> String {
    let ids: BTreeSet<(&str, u32, &str)> = ids
        .iter()
        .filter_map(Value::as_str)
        .map(|id| numbered(id).map_or((id, 0, id), |(prefix, number)| (prefix, number, id)))
        .collect();
    let ids: Vec<&str> = ids.into_iter().map(|(_, _, id)| id).collect();
    let mut parts = Vec::new();
    let mut rest = ids.as_slice();
    while let Some(first) = rest.first() {
        let run = run_length(rest);
        match rest.get(run - 1) {
            Some(last) if run > 2 => parts.push(format!("{first}–{last}")),
            _ => parts.extend(rest.iter().take(run).map(|id| (*id).to_owned())),
        }
        rest = rest.get(run..).unwrap_or(&[]);
    }
    if parts.is_empty() {
        return String::new();
    }
    // A short label stays on one line.
    let whole = parts.iter().map(String::len).sum::<usize>() <= UNBROKEN_IDS;
    format!("[{}]", parts.join(if whole { ",\u{a0}" } else { ", " }))
}

/// Returns how many ids from the first on count up by one.
fn run_length(ids: &[&str]) -> usize {
    let follows = |pair: &&[&str]| match pair {
        [a, b] => matches!((numbered(a), numbered(b)),
            (Some((p, m)), Some((q, n))) if p == q && m.checked_add(1) == Some(n)),
        _ => false,
    };
    1 + ids.windows(2).take_while(follows).count()
}

fn numbered(id: &str) -> Option<(&str, u32)> {
    let digits = id.find(|c: char| c.is_ascii_digit())?;
    let (prefix, number) = id.split_at(digits);
    Some((prefix, number.parse().ok()?))
}

/// Cuts what stands in one line of the running head and foot.
fn cut_running_lines(view: &mut Value) {
    let limits = [
        ("series", 50.0, Measure::Sans),
        ("edition", 46.0, Measure::Sans),
        ("status", 68.0, Measure::SansSemibold),
        ("foot", 140.0, Measure::Sans),
    ];
    let Some(head) = view.get_mut("head") else {
        return;
    };
    for (field, limit, face) in limits {
        if let Some(Value::String(text)) = head.get_mut(field) {
            *text = fonts::clip(text, limit, 8.0, face);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_count_up_become_a_range() {
        let cases = [
            (json!(["d1"]), "[d1]"),
            (json!(["r1", "r2", "r3", "r9"]), "[r1–r3, r9]"),
            (json!(["r1", "r2"]), "[r1, r2]"),
            (json!(["a", "b7", "a"]), "[a, b7]"),
            (json!(["r10", "r9", "d1", "r11"]), "[d1, r9–r11]"),
            (json!([]), ""),
        ];
        for (ids, expected) in cases {
            assert_eq!(
                ids_label(ids.as_array().map_or(&[], Vec::as_slice)).replace('\u{a0}', " "),
                expected
            );
        }
    }

    #[test]
    fn a_short_label_does_not_break_and_a_long_one_may() {
        let label = |n: u32| {
            let ids: Vec<Value> = (0..n).map(|id| json!(format!("m{}", 2 * id))).collect();
            ids_label(&ids)
        };
        assert!(!label(4).contains(' '));
        assert!(label(12).contains(' '));
    }

    #[test]
    fn only_plain_ids_are_accepted() {
        assert!(check_id("rate-by-size-2", "figure").is_ok());
        for id in ["", "../x", "A", "a b", "漢"] {
            assert!(check_id(id, "figure").is_err(), "{id}");
        }
    }
}
