//! Drawings as lists of simple shapes in millimetres.
//!
//! A chart becomes a [`Scene`] once; the page layout and the SVG writer only
//! draw it. Colours, dashes and kinds of text are names that each sink resolves.
//! Text is real text, placed by the middle of its capitals. A scene holds only
//! finite numbers, rounded to a thousandth of a millimetre.

mod cells;
mod labels;
mod multiples;
mod null;
mod scale;
mod scatter;
mod specification;
mod strip;
mod svg;

use serde::Serialize;

use caveat_report::document::{Chart, Figure};

use crate::error::RenderError;
use crate::fonts::{self, Measure};
use crate::glyphs;

pub use cells::{TableDrawing, draw_table};
pub use svg::svg;
pub(crate) use svg::{svg_beside_words, svg_within_page};

/// Width of every chart; the live width of the page.
pub const WIDTH_MM: f64 = 170.0;

/// A drawing.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scene {
    /// Width in millimetres.
    pub width: f64,
    /// Height in millimetres.
    pub height: f64,
    /// Shapes, the first at the back.
    pub items: Vec<Item>,
}

/// A shape.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Item {
    /// Joined straight lines.
    Line {
        /// Two or more points.
        points: Vec<[f64; 2]>,
        /// How it is drawn.
        stroke: Stroke,
    },
    /// A filled area.
    Polygon {
        /// Its corners.
        points: Vec<[f64; 2]>,
        /// Its colour.
        fill: Token,
    },
    /// A filled rectangle.
    Rect {
        /// Left edge.
        x: f64,
        /// Upper edge.
        y: f64,
        /// Width.
        width: f64,
        /// Height.
        height: f64,
        /// Radius of its corners.
        radius: f64,
        /// Its colour.
        fill: Token,
    },
    /// A circle.
    Circle {
        /// Centre.
        x: f64,
        /// Centre.
        y: f64,
        /// Radius.
        radius: f64,
        /// Its colour.
        fill: Token,
        /// Its outline.
        stroke: Stroke,
    },
    /// A line of text.
    Text {
        /// Place of the anchor.
        x: f64,
        /// Middle of the capitals.
        y: f64,
        /// Which part of the text stands at `x`.
        anchor: Anchor,
        /// What kind of text it is.
        role: Role,
        /// The words.
        text: String,
    },
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Stroke {
    /// Its colour.
    pub color: Token,
    /// Width in points.
    pub width: f64,
    /// Solid or broken.
    pub dash: Dash,
}

/// Colours by name; the house style gives each its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Token {
    /// Text and strong marks.
    Ink,
    /// Secondary text.
    Ink2,
    /// Own and observed values.
    Accent,
    /// Other values.
    Mark,
    /// Fitted line and ticks.
    Mark2,
    /// Zero line.
    Rule,
    /// Intervals behind labelled marks.
    Whisker,
    /// Histogram from the observed value on.
    Tail,
    /// Chance bars, histogram, tie bars.
    Fill,
    /// Grid.
    Grid,
    /// Bands.
    Tint,
    /// The page itself.
    Paper,
}

/// Solid or broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dash {
    /// Solid.
    Solid,
    /// Dashed.
    Dashed,
    /// Dotted.
    Dotted,
}

/// Which part of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Anchor {
    /// Its start.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

/// What kind of text it is: size, weight and colour follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Tick labels, axis titles, secondary words: 8 pt, ink 2.
    Axis,
    /// Names at marks: 8 pt, ink.
    Label,
    /// Names of rows and panels: 8.8 pt semibold, ink.
    Name,
    /// Own or observed value: 9 pt semibold, accent.
    Own,
    /// Letters in bars: 8 pt semibold, ink.
    Letter,
}

impl Role {
    /// Size in points.
    pub fn size_pt(self) -> f64 {
        match self {
            Role::Axis | Role::Label | Role::Letter => 8.0,
            Role::Name => 8.8,
            Role::Own => 9.0,
        }
    }

    /// Face in which it is measured.
    pub fn face(self) -> Measure {
        match self {
            Role::Axis | Role::Label => Measure::Sans,
            Role::Name | Role::Own | Role::Letter => Measure::SansSemibold,
        }
    }

    /// Returns the width of a text in this role, in millimetres.
    pub fn width_mm(self, text: &str) -> f64 {
        fonts::width_mm(text, self.size_pt(), self.face())
    }
}

/// Draws the chart of a figure.
///
/// # Errors
///
/// If a scale is empty or a value is not finite.
pub fn draw(figure: &Figure) -> Result<Scene, RenderError> {
    let id = &figure.id;
    let scene = match &figure.chart {
        Chart::ChanceStrip { rows, axis } => strip::draw(id, rows, axis)?,
        Chart::NullDistribution {
            edges,
            shares,
            axis,
            observed,
            mean,
            needed,
        } => null::draw(
            id,
            &null::NullDistribution {
                edges,
                shares,
                axis,
                observed,
                mean,
                needed: needed.as_ref(),
            },
        )?,
        Chart::Scatter {
            x,
            y,
            points,
            line,
            line_label,
        } => scatter::draw(
            id,
            &scatter::Scatter {
                x,
                y,
                points,
                line,
                line_label,
            },
        )?,
        Chart::SpecificationCurve {
            y,
            marks,
            rows,
            published_label,
        } => specification::draw(id, y, (marks, rows), published_label)?,
        Chart::SmallMultiples { x, y, panels } => multiples::draw(id, x, y, panels)?,
    };
    scene.rounded(id)
}

impl Scene {
    fn new(width: f64, height: f64) -> Self {
        Scene {
            width,
            height,
            items: Vec::new(),
        }
    }

    fn line(&mut self, from: [f64; 2], to: [f64; 2], stroke: Stroke) {
        self.items.push(Item::Line {
            points: vec![from, to],
            stroke,
        });
    }

    fn path(&mut self, points: Vec<[f64; 2]>, stroke: Stroke) {
        self.items.push(Item::Line { points, stroke });
    }

    fn polygon(&mut self, points: Vec<[f64; 2]>, fill: Token) {
        self.items.push(Item::Polygon { points, fill });
    }

    fn rect(&mut self, from: [f64; 2], to: [f64; 2], fill: Token) {
        self.items.push(Item::Rect {
            x: from[0],
            y: from[1],
            width: to[0] - from[0],
            height: to[1] - from[1],
            radius: 0.0,
            fill,
        });
    }

    fn circle(&mut self, at: [f64; 2], radius: f64, fill: Token, stroke: Stroke) {
        self.items.push(Item::Circle {
            x: at[0],
            y: at[1],
            radius,
            fill,
            stroke,
        });
    }

    /// Places a text that has already been fitted.
    fn text(&mut self, at: [f64; 2], anchor: Anchor, role: Role, text: &str) {
        if text.is_empty() {
            return;
        }
        self.items.push(Item::Text {
            x: at[0],
            y: at[1],
            anchor,
            role,
            text: text.to_owned(),
        });
    }

    /// Rounds all places; an infinite or undefined one is an error.
    fn rounded(mut self, id: &str) -> Result<Self, RenderError> {
        let mut finite = true;
        let mut round = |value: &mut f64| {
            finite &= value.is_finite();
            // Adding zero turns a negative zero into zero.
            *value = (*value * 1000.0).round() / 1000.0 + 0.0;
        };
        for item in &mut self.items {
            match item {
                Item::Line { points, .. } | Item::Polygon { points, .. } => {
                    points.iter_mut().flatten().for_each(&mut round);
                }
                Item::Rect {
                    x,
                    y,
                    width,
                    height,
                    radius,
                    ..
                } => [x, y, width, height, radius]
                    .into_iter()
                    .for_each(&mut round),
                Item::Circle { x, y, radius, .. } => {
                    [x, y, radius].into_iter().for_each(&mut round);
                }
                Item::Text { x, y, .. } => [x, y].into_iter().for_each(&mut round),
            }
        }
        round(&mut self.height);
        if finite {
            Ok(self)
        } else {
            Err(RenderError::NotFinite { id: id.to_owned() })
        }
    }
}

impl Stroke {
    fn solid(color: Token, width: f64) -> Self {
        Stroke {
            color,
            width,
            dash: Dash::Solid,
        }
    }

    fn dashed(color: Token, width: f64) -> Self {
        Stroke {
            color,
            width,
            dash: Dash::Dashed,
        }
    }

    fn dotted(color: Token, width: f64) -> Self {
        Stroke {
            color,
            width,
            dash: Dash::Dotted,
        }
    }
}

/// Makes a label printable and cuts it to a width.
fn fitted(text: &str, role: Role, limit_mm: f64) -> String {
    fonts::clip(&glyphs::fit(text), limit_mm, role.size_pt(), role.face())
}
