//! Specification curve: estimates under many choices, sorted, with intervals; below
//! them a row of squares for each option that can be chosen.
//!
//! A square stands under every estimate for which its option was chosen. The
//! published choice is larger, in the accent colour, labelled, and has a dashed line
//! down through its squares, so that it is found without colour.

use caveat_report::document::{Axis, SpecificationMark, SpecificationRow};

use super::scale::Scale;
use super::{Anchor, Role, Scene, Stroke, Token, WIDTH_MM, fitted};
use crate::error::RenderError;

/// Words of the rows stand left of this.
const LEFT_MM: f64 = 62.0;
/// Names of the choices end here.
const CHOICE_MM: f64 = 34.0;
const RIGHT_MM: f64 = 1.0;
const TOP_MM: f64 = 5.0;
const BASE_MM: f64 = 42.0;
const GAP_MM: f64 = 3.2;
const ROW_MM: f64 = 3.4;
/// More room between two choices than between two options.
const CHOICE_GAP_MM: f64 = 0.9;
const SQUARE_MM: f64 = 1.5;

/// Draws the curve and the squares.
pub(super) fn draw(
    id: &str,
    y: &Axis,
    (marks, rows): (&[SpecificationMark], &[SpecificationRow]),
    label: &str,
) -> Result<Scene, RenderError> {
    let scale = Scale::new(id, "vertical", y, BASE_MM, TOP_MM)?;
    let places = row_places(rows);
    let height = places.last().map_or(BASE_MM, |last| last + ROW_MM / 2.0) + 0.6;
    let mut scene = Scene::new(WIDTH_MM, height);
    for (at, value, tick) in scale.ticks() {
        let color = if value == 0.0 {
            Token::Rule
        } else {
            Token::Grid
        };
        scene.line(
            [LEFT_MM, at],
            [WIDTH_MM - RIGHT_MM, at],
            Stroke::solid(color, 0.4),
        );
        let tick = fitted(tick, Role::Axis, 16.0);
        scene.text([LEFT_MM - 1.8, at], Anchor::End, Role::Axis, &tick);
    }
    write_rows(&mut scene, rows, &places);
    let step = (WIDTH_MM - RIGHT_MM - LEFT_MM) / spread(marks.len().max(1));
    let x_of = |place: usize| LEFT_MM + (spread(place) + 0.5) * step;
    for (place, mark) in marks.iter().enumerate().filter(|(_, m)| !m.published) {
        draw_mark(&mut scene, &scale, mark, x_of(place), (&places, step));
    }
    for (place, mark) in marks.iter().enumerate().filter(|(_, m)| m.published) {
        let x = x_of(place);
        let top = scale.clamped(mark.value);
        let foot = places.last().copied().unwrap_or(BASE_MM);
        scene.line([x, top], [x, foot], Stroke::dashed(Token::Accent, 0.5));
        draw_mark(&mut scene, &scale, mark, x, (&places, step));
        write_label(&mut scene, label, x);
    }
    Ok(scene)
}

fn spread(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// The middles of the rows.
fn row_places(rows: &[SpecificationRow]) -> Vec<f64> {
    let mut at = BASE_MM + GAP_MM - ROW_MM / 2.0;
    rows.iter()
        .enumerate()
        .map(|(place, row)| {
            at += ROW_MM;
            if place > 0 && !row.choice.is_empty() {
                at += CHOICE_GAP_MM;
            }
            at
        })
        .collect()
}

fn write_rows(scene: &mut Scene, rows: &[SpecificationRow], places: &[f64]) {
    for (row, at) in rows.iter().zip(places) {
        let choice = fitted(&row.choice, Role::Letter, CHOICE_MM);
        scene.text([0.0, *at], Anchor::Start, Role::Letter, &choice);
        let option = fitted(&row.option, Role::Axis, LEFT_MM - CHOICE_MM + 6.0);
        scene.text([LEFT_MM - 1.8, *at], Anchor::End, Role::Axis, &option);
    }
}

fn draw_mark(
    scene: &mut Scene,
    scale: &Scale<'_>,
    mark: &SpecificationMark,
    x: f64,
    (places, step): (&[f64], f64),
) {
    let own = mark.published;
    if let Some([lower, upper]) = mark.interval {
        let color = if own { Token::Accent } else { Token::Whisker };
        let width = if own { 1.0 } else { 0.6 };
        let (from, to) = (scale.clamped(lower), scale.clamped(upper));
        scene.line([x, from], [x, to], Stroke::solid(color, width));
    }
    let (radius, fill) = if own {
        (1.2, Token::Accent)
    } else {
        ((step * 0.4).clamp(0.35, 0.8), Token::Mark)
    };
    let outline = Stroke::solid(Token::Paper, if own { 0.5 } else { 0.0 });
    scene.circle([x, scale.clamped(mark.value)], radius, fill, outline);
    let half = if own {
        SQUARE_MM * 0.65
    } else {
        (step * 0.42).min(SQUARE_MM / 2.0)
    };
    for at in mark.rows.iter().filter_map(|row| places.get(*row)) {
        let fill = if own { Token::Accent } else { Token::Mark };
        let tall = if own { half } else { SQUARE_MM / 2.0 };
        scene.rect([x - half, at - tall], [x + half, at + tall], fill);
    }
}

/// Writes the published estimate above the curve, inside the drawing.
fn write_label(scene: &mut Scene, label: &str, x: f64) {
    let label = fitted(label, Role::Own, 80.0);
    let half = Role::Own.width_mm(&label) / 2.0;
    let x = x.clamp(LEFT_MM + half, (WIDTH_MM - half).max(LEFT_MM + half));
    scene.text([x, 1.8], Anchor::Middle, Role::Own, &label);
}
