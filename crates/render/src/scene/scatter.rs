//! Rate against size with the fitted line and its band.

use caveat_report::document::{Axis, ScatterPoint};

use super::labels::{self, Area, Obstacles, Request};
use super::multiples::{MARK_MM, mark, whisker};
use super::scale::Scale;
use super::{Anchor, Role, Scene, Stroke, Token, WIDTH_MM, fitted};
use crate::error::RenderError;

const LEFT_MM: f64 = 9.0;
const RIGHT_MM: f64 = 1.0;
const TOP_MM: f64 = 1.5;
const BASE_MM: f64 = 84.0;
const HEIGHT_MM: f64 = 93.0;
/// Longest name at a point, in characters.
const MAX_NAME: usize = 36;

/// The values of the chart.
pub(super) struct Scatter<'a> {
    pub(super) x: &'a Axis,
    pub(super) y: &'a Axis,
    pub(super) points: &'a [ScatterPoint],
    pub(super) line: &'a [[f64; 4]],
    pub(super) line_label: &'a str,
}

/// Draws band, grid, line, intervals, points and their names.
pub(super) fn draw(id: &str, chart: &Scatter<'_>) -> Result<Scene, RenderError> {
    let x = Scale::new(
        id,
        "horizontal",
        chart.x,
        LEFT_MM + 2.0,
        WIDTH_MM - RIGHT_MM,
    )?;
    let y = Scale::new(id, "vertical", chart.y, BASE_MM, TOP_MM)?;
    let mut scene = Scene::new(WIDTH_MM, HEIGHT_MM);
    draw_band(&mut scene, chart.line, &x, &y);
    draw_grid(&mut scene, &y);
    x.write_under(&mut scene, BASE_MM, true);
    let fitted_line: Vec<[f64; 2]> = chart
        .line
        .iter()
        .map(|[at, fit, _, _]| [x.at(*at), y.clamped(*fit)])
        .collect();
    if fitted_line.len() > 1 {
        scene.path(fitted_line.clone(), Stroke::solid(Token::Mark2, 1.2));
    }
    for point in chart.points {
        whisker(&mut scene, point, &x, &y, 0.6);
    }
    let mut obstacles = obstacles(chart, &x, &y, fitted_line);
    write_line_label(&mut scene, chart.line_label, &mut obstacles);
    write_names(&mut scene, chart.points, &x, &y, obstacles);
    for point in chart.points {
        mark(&mut scene, point, &x, &y);
    }
    Ok(scene)
}

fn draw_band(scene: &mut Scene, line: &[[f64; 4]], x: &Scale<'_>, y: &Scale<'_>) {
    if line.len() < 2 {
        return;
    }
    let upper = line
        .iter()
        .map(|[at, _, _, high]| [x.at(*at), y.clamped(*high)]);
    let lower = line
        .iter()
        .rev()
        .map(|[at, _, low, _]| [x.at(*at), y.clamped(*low)]);
    scene.polygon(upper.chain(lower).collect(), Token::Tint);
}

fn draw_grid(scene: &mut Scene, y: &Scale<'_>) {
    for (place, value, label) in y.ticks() {
        let color = if value == 0.0 {
            Token::Rule
        } else {
            Token::Grid
        };
        let grid = Stroke::solid(color, if value == 0.0 { 0.6 } else { 0.4 });
        scene.line([LEFT_MM, place], [WIDTH_MM - RIGHT_MM, place], grid);
        let label = fitted(label, Role::Axis, LEFT_MM);
        scene.text([LEFT_MM - 1.8, place], Anchor::End, Role::Axis, &label);
    }
}

fn obstacles(chart: &Scatter<'_>, x: &Scale<'_>, y: &Scale<'_>, line: Vec<[f64; 2]>) -> Obstacles {
    Obstacles {
        plot: Area {
            left: LEFT_MM,
            top: TOP_MM - 1.0,
            right: WIDTH_MM - RIGHT_MM,
            bottom: BASE_MM - 0.4,
        },
        marks: chart
            .points
            .iter()
            .map(|p| Area::around([x.at(p.x), y.at(p.y)], MARK_MM + 0.35))
            .collect(),
        whiskers: chart
            .points
            .iter()
            .map(|p| {
                let at = x.at(p.x);
                Area {
                    left: at - 0.3,
                    right: at + 0.3,
                    top: y.clamped(p.upper),
                    bottom: y.clamped(p.lower),
                }
            })
            .collect(),
        line,
        grid: y.ticks().map(|(place, _, _)| place).collect(),
        placed: Vec::new(),
    }
}

/// Writes the line's own label along it, where it meets nothing, before the names are placed.
fn write_line_label(scene: &mut Scene, label: &str, obstacles: &mut Obstacles) {
    let label = fitted(label, Role::Axis, 70.0);
    if label.is_empty() || obstacles.line.len() < 2 {
        return;
    }
    if let Some((at, area)) = labels::along_line(obstacles, Role::Axis.width_mm(&label)) {
        scene.text(at, Anchor::Middle, Role::Axis, &label);
        obstacles.placed.push(area);
    }
}

fn write_names(
    scene: &mut Scene,
    points: &[ScatterPoint],
    x: &Scale<'_>,
    y: &Scale<'_>,
    mut obstacles: Obstacles,
) {
    let requests: Vec<Request> = points
        .iter()
        .enumerate()
        .filter(|(_, point)| !point.label.is_empty())
        .map(|(index, point)| Request {
            index,
            mark: [x.at(point.x), y.at(point.y)],
            width: Role::Label.width_mm(&short(&point.label)),
        })
        .collect();
    for placed in labels::place(&requests, &mut obstacles) {
        let Some(point) = points.get(placed.index) else {
            continue;
        };
        if let Some([from, to]) = placed.leader {
            scene.line(from, to, Stroke::solid(Token::Rule, 0.4));
        }
        scene.text(placed.at, placed.anchor, Role::Label, &short(&point.label));
    }
}

/// A name of at most [`MAX_NAME`] characters.
fn short(name: &str) -> String {
    let name = crate::glyphs::fit(name);
    if name.chars().count() <= MAX_NAME {
        return name;
    }
    let kept: String = name.chars().take(MAX_NAME - 1).collect();
    format!("{}…", kept.trim_end())
}
