//! Chance strip: observed shares against what chance alone gives.
//!
//! One row per share: a bar from the 5th to the 95th percentile of the
//! relabellings, a tick at their mean, a dot at the observed share, each named
//! in words beside it.

use caveat_report::document::{Axis, ChanceRow, LabelledValue};

use super::scale::Scale;
use super::{Anchor, Role, Scene, Stroke, Token, WIDTH_MM, fitted};
use crate::error::RenderError;

const LEFT_MM: f64 = 36.0;
const RIGHT_MM: f64 = 5.0;
const ROW_MM: f64 = 13.6;
const AXIS_MM: f64 = 9.0;
const HALF_BAR_MM: f64 = 2.4;
const DOT_MM: f64 = 1.7;

/// Draws the rows; two of them are 36 mm high.
pub(super) fn draw(id: &str, rows: &[ChanceRow], axis: &Axis) -> Result<Scene, RenderError> {
    let bottom = rows.iter().map(|_| ROW_MM).sum::<f64>();
    let scale = Scale::new(id, "horizontal", axis, LEFT_MM, WIDTH_MM - RIGHT_MM)?;
    let mut scene = Scene::new(WIDTH_MM, bottom + AXIS_MM);
    for (x, value, _) in scale.ticks() {
        let color = if value == 0.0 {
            Token::Rule
        } else {
            Token::Grid
        };
        scene.line([x, 0.0], [x, bottom], Stroke::solid(color, 0.4));
    }
    scale.write_under(&mut scene, bottom - 0.6, false);
    let mut y = ROW_MM / 2.0;
    for row in rows {
        draw_row(&mut scene, &scale, row, y);
        y += ROW_MM;
    }
    Ok(scene)
}

fn draw_row(scene: &mut Scene, scale: &Scale<'_>, row: &ChanceRow, y: f64) {
    let name = fitted(&row.name, Role::Name, LEFT_MM - 4.0);
    let detail = fitted(&row.detail, Role::Axis, LEFT_MM - 4.0);
    scene.text([LEFT_MM - 3.0, y - 1.8], Anchor::End, Role::Name, &name);
    scene.text([LEFT_MM - 3.0, y + 2.0], Anchor::End, Role::Axis, &detail);

    let (from, to) = (scale.clamped(row.p05), scale.clamped(row.p95));
    scene.rect([from, y - HALF_BAR_MM], [to, y + HALF_BAR_MM], Token::Fill);
    let mean = scale.clamped(row.mean.value);
    let tick = Stroke::solid(Token::Mark2, 1.2);
    scene.line([mean, y - HALF_BAR_MM], [mean, y + HALF_BAR_MM], tick);

    let observed = scale.clamped(row.observed.value);
    let outline = Stroke::solid(Token::Paper, 0.8);
    scene.circle([observed, y], DOT_MM, Token::Accent, outline);

    let range = if write_mean(scene, &row.mean, [from, mean, to, observed], y) {
        row.range_label.clone()
    } else {
        format!("{}; {} (tick)", row.range_label, row.mean.label)
    };
    write_observed(scene, &row.observed, observed, y - 5.2);
    write_range(scene, &range, from, to, y + 4.8);
}

/// Writes the mean's label inside the bar where it meets neither tick nor dot.
/// Says whether there was room: beside the bar it would name the bar's end.
fn write_mean(scene: &mut Scene, mean: &LabelledValue, places: [f64; 4], y: f64) -> bool {
    let [from, tick, to, dot] = places;
    let label = fitted(&mean.label, Role::Axis, 60.0);
    let width = Role::Axis.width_mm(&label);
    let free = |start: f64| {
        let end = start + width;
        let inside = start >= from && end <= to;
        let meets_dot = end > dot - DOT_MM - 0.6 && start < dot + DOT_MM + 0.6;
        let meets_tick = end > tick - 0.8 && start < tick + 0.8;
        inside && !meets_dot && !meets_tick
    };
    let places = [tick - 1.5 - width, tick + 1.5, dot + DOT_MM + 1.2];
    let place = places.into_iter().find(|start| free(*start));
    if let Some(start) = place {
        scene.text([start, y], Anchor::Start, Role::Axis, &label);
    }
    place.is_some()
}

fn write_observed(scene: &mut Scene, observed: &LabelledValue, x: f64, y: f64) {
    let label = fitted(&observed.label, Role::Own, 60.0);
    let detail = fitted(observed.detail.as_deref().unwrap_or(""), Role::Axis, 60.0);
    let wide = Role::Own.width_mm(&label);
    let total = match detail.is_empty() {
        true => wide,
        false => wide + 1.5 + Role::Axis.width_mm(&detail),
    };
    let start = (x - total / 2.0).clamp(LEFT_MM + 1.2, (WIDTH_MM - total).max(LEFT_MM + 1.2));
    clear_behind(scene, start, start + total, y);
    scene.text([start, y], Anchor::Start, Role::Own, &label);
    scene.text([start + wide + 1.5, y], Anchor::Start, Role::Axis, &detail);
}

fn write_range(scene: &mut Scene, label: &str, from: f64, to: f64, y: f64) {
    let label = fitted(label, Role::Axis, 100.0);
    let width = Role::Axis.width_mm(&label);
    let start = if to - width >= LEFT_MM + 1.2 {
        to - width
    } else {
        from.max(LEFT_MM + 1.2).min(WIDTH_MM - width)
    };
    clear_behind(scene, start, start + width, y);
    scene.text([start, y], Anchor::Start, Role::Axis, &label);
}

/// Interrupts the grid behind a label.
fn clear_behind(scene: &mut Scene, from: f64, to: f64, y: f64) {
    scene.rect([from - 0.6, y - 1.5], [to + 0.6, y + 1.6], Token::Paper);
}
