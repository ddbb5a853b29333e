//! Small multiples: one panel per vendor, same scales.
//!
//! Points in order of size are joined; the rule's word stands beside the name;
//! sizes stand under the points, only first and last where they would touch.

use caveat_report::document::{Axis, ScatterPoint, SmallPanel};

use super::scale::Scale;
use super::{Anchor, Role, Scene, Stroke, Token, WIDTH_MM, fitted};
use crate::error::RenderError;

const LEFT_MM: f64 = 8.5;
const GAP_MM: f64 = 3.4;
const PANEL_MM: f64 = 45.0;
const HEAD_MM: f64 = 6.0;
const PLOT_MM: f64 = 33.0;
const INSET_MM: f64 = 4.0;
/// Space between two sizes under the points.
const APART_MM: f64 = 1.2;

/// Draws the panels in rows of three or four.
pub(super) fn draw(
    id: &str,
    x: &Axis,
    y: &Axis,
    panels: &[SmallPanel],
) -> Result<Scene, RenderError> {
    let columns = columns(panels.len());
    let gaps = GAP_MM * (count(columns) - 1.0);
    let width = (WIDTH_MM - LEFT_MM - gaps) / count(columns);
    let rows = panels.len().div_ceil(columns).max(1);
    let title_mm = if x.title.is_empty() { 0.0 } else { 4.5 };
    let mut scene = Scene::new(WIDTH_MM, PANEL_MM * count(rows) + title_mm);
    for (row, in_row) in panels.chunks(columns).enumerate() {
        let top = PANEL_MM * count(row) + HEAD_MM;
        let vertical = Scale::new(id, "vertical", y, top + PLOT_MM, top)?;
        for (place, _, label) in vertical.ticks() {
            let label = fitted(label, Role::Axis, LEFT_MM);
            scene.text([LEFT_MM - 1.6, place], Anchor::End, Role::Axis, &label);
        }
        for (column, panel) in in_row.iter().enumerate() {
            let left = LEFT_MM + count(column) * (width + GAP_MM);
            let (from, to) = (left + INSET_MM, left + width - INSET_MM);
            let horizontal = Scale::new(id, "horizontal", x, from, to)?;
            draw_panel(&mut scene, panel, &horizontal, &vertical, left, width, top);
        }
    }
    let title = fitted(&x.title, Role::Axis, 160.0);
    let middle = (LEFT_MM + WIDTH_MM) / 2.0;
    let under = PANEL_MM * count(rows) + 1.5;
    scene.text([middle, under], Anchor::Middle, Role::Axis, &title);
    Ok(scene)
}

/// Three panels to a row, or four where that fills the rows better.
fn columns(panels: usize) -> usize {
    if panels <= 3 || panels == 5 || panels == 6 || panels == 9 {
        3
    } else {
        4
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::MAX, f64::from)
}

fn draw_panel(
    scene: &mut Scene,
    panel: &SmallPanel,
    x: &Scale<'_>,
    y: &Scale<'_>,
    left: f64,
    width: f64,
    top: f64,
) {
    let word = fitted(&panel.word, Role::Axis, width * 0.55);
    let word_mm = Role::Axis.width_mm(&word);
    let name = fitted(&panel.name, Role::Name, width - word_mm - 1.6);
    let head = top - HEAD_MM + 2.0;
    scene.text([left, head], Anchor::Start, Role::Name, &name);
    let after = left + Role::Name.width_mm(&name) + 1.4;
    scene.text([after, head], Anchor::Start, Role::Axis, &word);
    for (place, value, _) in y.ticks() {
        let color = if value == 0.0 {
            Token::Rule
        } else {
            Token::Grid
        };
        scene.line(
            [left, place],
            [left + width, place],
            Stroke::solid(color, 0.4),
        );
    }
    for point in &panel.points {
        whisker(scene, point, x, y, 0.7);
    }
    if panel.points.len() > 1 {
        let joined = panel
            .points
            .iter()
            .map(|p| [x.at(p.x), y.at(p.y)])
            .collect();
        scene.path(joined, Stroke::solid(Token::Mark2, 0.8));
    }
    for point in &panel.points {
        mark(scene, point, x, y);
    }
    write_sizes(
        scene,
        &panel.points,
        x,
        [left, left + width],
        top + PLOT_MM + 3.0,
    );
}

/// Draws the interval of a point.
pub(super) fn whisker(
    scene: &mut Scene,
    point: &ScatterPoint,
    x: &Scale<'_>,
    y: &Scale<'_>,
    width_pt: f64,
) {
    let place = x.at(point.x);
    let (low, high) = (y.clamped(point.lower), y.clamped(point.upper));
    scene.line(
        [place, high],
        [place, low],
        Stroke::solid(Token::Whisker, width_pt),
    );
}

/// Radius of a point, without its outline.
pub(super) const MARK_MM: f64 = 1.15;

/// Draws a point: filled, or hollow where the maker publishes no size.
pub(super) fn mark(scene: &mut Scene, point: &ScatterPoint, x: &Scale<'_>, y: &Scale<'_>) {
    let (fill, stroke) = if point.hollow {
        (Token::Paper, Stroke::solid(Token::Accent, 1.1))
    } else {
        (Token::Accent, Stroke::solid(Token::Paper, 0.5))
    };
    scene.circle([x.at(point.x), y.at(point.y)], MARK_MM, fill, stroke);
}

fn write_sizes(scene: &mut Scene, points: &[ScatterPoint], x: &Scale<'_>, panel: [f64; 2], y: f64) {
    let mut labels: Vec<(f64, f64, String)> = points
        .iter()
        .filter(|point| !point.label.is_empty())
        .map(|point| {
            let label = fitted(&point.label, Role::Axis, 14.0);
            (x.at(point.x), Role::Axis.width_mm(&label), label)
        })
        .collect();
    spread_ends(&mut labels, panel);
    let last = labels.len().saturating_sub(1);
    let end = labels
        .last()
        .map_or(f64::INFINITY, |(at, wide, _)| at - wide / 2.0);
    let mut free_from = f64::NEG_INFINITY;
    for (place, (at, wide, label)) in labels.iter().enumerate() {
        let inner = place != 0 && place != last;
        let touches = at - wide / 2.0 < free_from || at + wide / 2.0 + APART_MM > end;
        if inner && touches {
            continue;
        }
        scene.text([*at, y], Anchor::Middle, Role::Axis, label);
        free_from = at + wide / 2.0 + APART_MM;
    }
}

/// Moves first and last label apart and into the panel.
fn spread_ends(labels: &mut [(f64, f64, String)], panel: [f64; 2]) {
    let [first, .., last] = labels else { return };
    let needed = (first.1 + last.1) / 2.0 + APART_MM;
    let lack = (needed - (last.0 - first.0)).max(0.0);
    first.0 -= lack / 2.0;
    last.0 += lack / 2.0;
    let into_left = (panel[0] - (first.0 - first.1 / 2.0)).max(0.0);
    first.0 += into_left;
    last.0 = last.0.max(first.0 + needed);
    let into_right = (last.0 + last.1 / 2.0 - panel[1]).max(0.0);
    last.0 -= into_right;
    first.0 = first.0.min(last.0 - needed);
}
