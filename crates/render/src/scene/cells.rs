//! Drawn cells of tables: intervals on a common scale, and lettered bars.
//!
//! Each drawn column has a drawing for its header (the scale, or nothing) and
//! one per row. Rows of a table with drawn cells are equally high, so that bars
//! run on from row to row. What passes the end of a scale ends in an arrow.

use serde::Serialize;

use caveat_report::document::{Axis, Cell, Column, ColumnKind, Table, TieMark};

use super::scale::Scale;
use super::{Anchor, Role, Scene, Stroke, Token, fitted};
use crate::error::RenderError;

const HEADER_MM: f64 = 3.0;
/// Empty space on both sides of a scale, for half a tick label.
const INSET_MM: f64 = 3.4;
/// Least space between two tick labels.
const TICK_GAP_MM: f64 = 1.4;
const BAR_MM: f64 = 3.8;
const LETTER_MM: f64 = 5.0;
/// Bars reach into the next row by this much, so that no seam shows.
const SEAM_MM: f64 = 0.1;

/// The drawings of a table, by column; columns of words have none.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TableDrawing {
    /// Whether the table has a drawn column.
    pub drawn: bool,
    /// Scale in the header cell of each column.
    pub header: Vec<Option<Scene>>,
    /// For each row the drawing of each cell.
    pub rows: Vec<Vec<Option<Scene>>>,
}

/// Draws what is drawn in a table with rows of `row_mm`.
///
/// # Errors
///
/// If a row does not have one cell per column, a scale is empty or a value is not finite.
pub fn draw_table(table: &Table, row_mm: f64) -> Result<TableDrawing, RenderError> {
    let id = &table.id;
    let mut header = Vec::new();
    for column in &table.columns {
        header.push(match &column.kind {
            ColumnKind::Interval { axis } => {
                Some(draw_scale(id, axis, column.width_mm)?.rounded(id)?)
            }
            ColumnKind::Text | ColumnKind::Number | ColumnKind::Ties { .. } => None,
        });
    }
    let mut rows = Vec::new();
    for (place, row) in table.rows.iter().enumerate() {
        if row.cells.len() != table.columns.len() {
            return Err(RenderError::Cells {
                id: id.clone(),
                row: place + 1,
                cells: row.cells.len(),
                columns: table.columns.len(),
            });
        }
        let cells = row.cells.iter().zip(&table.columns);
        let drawn: Result<Vec<_>, _> = cells
            .map(|(cell, column)| draw_cell(id, cell, column, row_mm))
            .collect();
        rows.push(drawn?);
    }
    let is_drawn = |column: &Column| {
        matches!(
            column.kind,
            ColumnKind::Interval { .. } | ColumnKind::Ties { .. }
        )
    };
    Ok(TableDrawing {
        drawn: table.columns.iter().any(is_drawn),
        header,
        rows,
    })
}

fn draw_cell(
    id: &str,
    cell: &Cell,
    column: &Column,
    row_mm: f64,
) -> Result<Option<Scene>, RenderError> {
    let scene = match (cell, &column.kind) {
        (
            Cell::Interval {
                value,
                lower,
                upper,
                heavy,
            },
            ColumnKind::Interval { axis },
        ) => {
            let mut scene = draw_grid(id, axis, column.width_mm, row_mm)?;
            let scale = scale(id, axis, column.width_mm)?;
            draw_interval(&mut scene, &scale, [*lower, *value, *upper], *heavy);
            scene
        }
        (Cell::NotDrawn, ColumnKind::Interval { axis }) => {
            draw_grid(id, axis, column.width_mm, row_mm)?
        }
        (Cell::Ties { marks }, ColumnKind::Ties { letters }) => {
            draw_ties(marks, letters, column.width_mm, row_mm)
        }
        _ => return Ok(None),
    };
    Ok(Some(scene.rounded(id)?))
}

fn scale<'a>(id: &str, axis: &'a Axis, width: f64) -> Result<Scale<'a>, RenderError> {
    Scale::new(id, "drawn", axis, INSET_MM, width - INSET_MM)
}

fn draw_scale(id: &str, axis: &Axis, width: f64) -> Result<Scene, RenderError> {
    let mut scene = Scene::new(width, HEADER_MM);
    let scale = scale(id, axis, width)?;
    let ticks: Vec<(f64, f64, String)> = scale
        .ticks()
        .map(|(x, value, label)| (x, value, fitted(label, Role::Axis, 12.0)))
        .collect();
    for (x, label) in spaced(&ticks) {
        scene.text([x, HEADER_MM - 1.1], Anchor::Middle, Role::Axis, label);
    }
    Ok(scene)
}

/// Labels at even steps, counted from zero where the scale has one: every
/// label, or every second, or every third, as there is room.
fn spaced(ticks: &[(f64, f64, String)]) -> Vec<(f64, &str)> {
    let zero = ticks.iter().position(|(_, value, _)| *value == 0.0);
    let chosen = |step: usize| -> Vec<(f64, &str)> {
        let offset = zero.unwrap_or(0) % step;
        ticks
            .iter()
            .enumerate()
            .filter(|(place, _)| place % step == offset)
            .map(|(_, (x, _, label))| (*x, label.as_str()))
            .collect()
    };
    let fits = |labels: &[(f64, &str)]| {
        let half = |label: &str| Role::Axis.width_mm(label) / 2.0;
        labels.windows(2).all(|pair| match pair {
            [(x, label), (next, other)] => x + half(label) + TICK_GAP_MM <= next - half(other),
            _ => true,
        })
    };
    (1..=ticks.len())
        .map(chosen)
        .find(|labels| fits(labels))
        .unwrap_or_default()
}

fn draw_grid(id: &str, axis: &Axis, width: f64, row_mm: f64) -> Result<Scene, RenderError> {
    let mut scene = Scene::new(width, row_mm);
    let scale = scale(id, axis, width)?;
    for (x, value, _) in scale.ticks() {
        let stroke = match (value == 0.0, axis.min < 0.0) {
            (true, true) => Stroke::solid(Token::Rule, 1.0),
            (true, false) => Stroke::solid(Token::Rule, 0.4),
            (false, _) => Stroke::solid(Token::Grid, 0.4),
        };
        scene.line([x, 0.0], [x, row_mm], stroke);
    }
    for x in scale.marks() {
        scene.line([x, 0.0], [x, row_mm], Stroke::dotted(Token::Ink2, 0.6));
    }
    Ok(scene)
}

fn draw_interval(scene: &mut Scene, scale: &Scale<'_>, values: [f64; 3], heavy: bool) {
    let [lower, value, upper] = values;
    let middle = scene.height / 2.0;
    let (color, width, radius) = if heavy {
        (Token::Accent, 2.0, 1.45)
    } else {
        (Token::Mark, 1.2, 1.1)
    };
    let (from, to) = (scale.clamped(lower), scale.clamped(upper));
    scene.line([from, middle], [to, middle], Stroke::solid(color, width));
    if scale.passes(lower).0 {
        arrow(scene, from, -1.0, color);
    }
    if scale.passes(upper).1 {
        arrow(scene, to, 1.0, color);
    }
    if scale.passes(value) == (false, false) {
        let outline = Stroke::solid(Token::Paper, 0.6);
        scene.circle([scale.at(value), middle], radius, color, outline);
    }
}

fn arrow(scene: &mut Scene, x: f64, direction: f64, fill: Token) {
    let middle = scene.height / 2.0;
    let tip = [x + 1.6 * direction, middle];
    scene.polygon(vec![tip, [x, middle - 1.0], [x, middle + 1.0]], fill);
}

fn draw_ties(marks: &[TieMark], letters: &[String], width: f64, row_mm: f64) -> Scene {
    let mut scene = Scene::new(width, row_mm);
    let count = u32::try_from(letters.len().max(1)).map_or(f64::MAX, f64::from);
    let pitch = (width / count).min(LETTER_MM);
    let half = (BAR_MM / 2.0).min(pitch / 2.0 - 0.2).max(0.1);
    let middle = row_mm / 2.0;
    let mut x = pitch / 2.0;
    for (mark, letter) in marks.iter().zip(letters) {
        let (from, to) = match mark {
            TieMark::Absent => {
                x += pitch;
                continue;
            }
            TieMark::Top => (middle, row_mm + SEAM_MM),
            TieMark::Middle => (-SEAM_MM, row_mm + SEAM_MM),
            TieMark::Bottom => (-SEAM_MM, middle),
            TieMark::Only => (middle, middle),
        };
        let end = Stroke::solid(Token::Fill, 0.0);
        if to > from {
            scene.rect([x - half, from], [x + half, to], Token::Fill);
        }
        if *mark != TieMark::Middle {
            scene.circle([x, middle], half, Token::Fill, end);
        }
        let letter = fitted(letter, Role::Letter, pitch);
        scene.text([x, middle], Anchor::Middle, Role::Letter, &letter);
        x += pitch;
    }
    scene
}
