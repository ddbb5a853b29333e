//! Null distribution: what relabelling gives, with the observed value.
//!
//! The bar that holds the observed value is split there, so that the darker
//! area is exactly what reaches it. Labels have a line each above the bars, so
//! they never meet, wherever the values fall.

use caveat_report::document::{Axis, LabelledValue};

use super::scale::Scale;
use super::{Anchor, Role, Scene, Stroke, Token, WIDTH_MM, fitted};
use crate::error::RenderError;

const HEIGHT_MM: f64 = 59.0;
const BASE_MM: f64 = 50.0;
const TOP_MM: f64 = 17.0;
const LEFT_MM: f64 = 4.0;
const RIGHT_MM: f64 = 6.0;

/// The values of the chart.
pub(super) struct NullDistribution<'a> {
    pub(super) edges: &'a [f64],
    pub(super) shares: &'a [f64],
    pub(super) axis: &'a Axis,
    pub(super) observed: &'a LabelledValue,
    pub(super) mean: &'a LabelledValue,
    pub(super) needed: Option<&'a LabelledValue>,
}

/// Draws bars, the three lines and their labels.
pub(super) fn draw(id: &str, chart: &NullDistribution<'_>) -> Result<Scene, RenderError> {
    if chart.edges.len() != chart.shares.len() + 1 {
        return Err(RenderError::Bins {
            id: id.to_owned(),
            edges: chart.edges.len(),
            bars: chart.shares.len(),
        });
    }
    let scale = Scale::new(id, "horizontal", chart.axis, LEFT_MM, WIDTH_MM - RIGHT_MM)?;
    let mut scene = Scene::new(WIDTH_MM, HEIGHT_MM);
    draw_bars(&mut scene, chart, &scale);
    let base = Stroke::solid(Token::Rule, 0.6);
    scene.line([LEFT_MM, BASE_MM], [WIDTH_MM - RIGHT_MM, BASE_MM], base);
    scale.write_under(&mut scene, BASE_MM, true);

    let observed = scale.clamped(chart.observed.value);
    let mean = scale.clamped(chart.mean.value);
    let away = |value: f64| {
        if value <= chart.observed.value {
            Side::Left
        } else {
            Side::Right
        }
    };
    // The label of the line nearer to the observed one stands higher, so that
    // it passes above the end of the other line.
    let needed_first = chart.needed.is_some_and(|needed| {
        away(needed.value) == away(chart.mean.value) && {
            let apart = |value: f64| (value - chart.observed.value).abs();
            apart(needed.value) < apart(chart.mean.value)
        }
    });
    let (mean_row, needed_row) = if needed_first {
        (15.0, 11.0)
    } else {
        (11.0, 15.0)
    };
    let side = away(chart.mean.value);
    let dashed = Stroke::dashed(Token::Ink2, 0.8);
    scene.line([mean, mean_row - 1.5], [mean, BASE_MM], dashed);
    write_beside(
        &mut scene,
        &chart.mean.label,
        mean,
        mean_row,
        side,
        Role::Axis,
    );
    if let Some(needed) = chart.needed {
        let x = scale.clamped(needed.value);
        let side = away(needed.value);
        let dotted = Stroke::dotted(Token::Ink2, 0.8);
        scene.line([x, needed_row - 1.5], [x, BASE_MM], dotted);
        write_beside(&mut scene, &needed.label, x, needed_row, side, Role::Axis);
    }
    scene.line(
        [observed, 1.0],
        [observed, BASE_MM],
        Stroke::solid(Token::Accent, 1.6),
    );
    write_beside(
        &mut scene,
        &chart.observed.label,
        observed,
        2.4,
        Side::Right,
        Role::Own,
    );
    let detail = chart.observed.detail.as_deref().unwrap_or("");
    write_beside(&mut scene, detail, observed, 6.6, Side::Right, Role::Axis);
    Ok(scene)
}

fn draw_bars(scene: &mut Scene, chart: &NullDistribution<'_>, scale: &Scale<'_>) {
    let highest = chart.shares.iter().copied().fold(0.0, f64::max);
    if highest <= 0.0 {
        return;
    }
    let split = scale.at(chart.observed.value);
    for (edges, share) in chart.edges.windows(2).zip(chart.shares) {
        if *share <= 0.0 {
            continue;
        }
        let (from, to) = (scale.clamped(edges[0]) + 0.2, scale.clamped(edges[1]) - 0.2);
        let top = BASE_MM - share / highest * (BASE_MM - TOP_MM);
        let middle = split.clamp(from, to.max(from));
        for (start, end, fill) in [(from, middle, Token::Fill), (middle, to, Token::Tail)] {
            if end - start > 0.01 {
                scene.rect([start, top], [end, BASE_MM], fill);
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// Writes a label beside a line, on the other side if it would leave the drawing.
fn write_beside(scene: &mut Scene, label: &str, x: f64, y: f64, side: Side, role: Role) {
    let label = fitted(label, role, 80.0);
    let width = role.width_mm(&label);
    let fits_left = x - 1.6 - width >= 0.0;
    let fits_right = x + 1.6 + width <= WIDTH_MM;
    if (side == Side::Left && fits_left) || !fits_right {
        scene.text([x - 1.6, y], Anchor::End, role, &label);
    } else {
        scene.text([x + 1.6, y], Anchor::Start, role, &label);
    }
}
