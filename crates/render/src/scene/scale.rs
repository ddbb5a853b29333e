//! From values to millimetres.

use caveat_report::document::Axis;

use super::{Anchor, Role, Scene, Stroke, Token, WIDTH_MM, fitted};
use crate::error::RenderError;

/// A checked scale over a stretch of the drawing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale<'a> {
    axis: &'a Axis,
    start_mm: f64,
    end_mm: f64,
}

impl<'a> Scale<'a> {
    /// Lays an axis from one place to another; `end_mm` may be the smaller one.
    pub(super) fn new(
        id: &str,
        name: &'static str,
        axis: &'a Axis,
        start_mm: f64,
        end_mm: f64,
    ) -> Result<Self, RenderError> {
        if axis.min.is_finite() && axis.max.is_finite() && axis.min < axis.max {
            return Ok(Scale {
                axis,
                start_mm,
                end_mm,
            });
        }
        Err(RenderError::Scale {
            id: id.to_owned(),
            axis: name,
            min: axis.min,
            max: axis.max,
        })
    }

    /// Returns the place of a value, which may lie outside the scale.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = (value - self.axis.min) / (self.axis.max - self.axis.min);
        self.start_mm + share * (self.end_mm - self.start_mm)
    }

    /// Returns the place of a value, or of the end of the scale that it passes.
    pub(super) fn clamped(&self, value: f64) -> f64 {
        self.at(value.clamp(self.axis.min, self.axis.max))
    }

    /// Returns the ticks that lie on the scale, with their places.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (f64, f64, &'a str)> + '_ {
        let axis = self.axis;
        axis.ticks
            .iter()
            .filter(move |tick| tick.value >= axis.min && tick.value <= axis.max)
            .map(move |tick| (self.at(tick.value), tick.value, tick.label.as_str()))
    }

    /// Returns whether a value lies below the scale, and whether above it.
    pub(super) fn passes(&self, value: f64) -> (bool, bool) {
        (value < self.axis.min, value > self.axis.max)
    }

    /// Returns the places of the published bands.
    pub(super) fn marks(&self) -> impl Iterator<Item = f64> + '_ {
        let axis = self.axis;
        axis.marks
            .iter()
            .filter(move |mark| **mark >= axis.min && **mark <= axis.max)
            .map(|mark| self.at(*mark))
    }

    /// Writes tick labels and the title of a horizontal scale under `baseline_mm`.
    pub(super) fn write_under(&self, scene: &mut Scene, baseline_mm: f64, with_ticks: bool) {
        for (x, _, label) in self.ticks() {
            if with_ticks {
                let tick = Stroke::solid(Token::Rule, 0.6);
                scene.line([x, baseline_mm], [x, baseline_mm + 1.2], tick);
            }
            let label = fitted(label, Role::Axis, 16.0);
            // The last label of a chart as wide as the page ends with the page.
            let (x, anchor) = match x + Role::Axis.width_mm(&label) / 2.0 > WIDTH_MM {
                true => (WIDTH_MM, Anchor::End),
                false => (x, Anchor::Middle),
            };
            scene.text([x, baseline_mm + 3.0], anchor, Role::Axis, &label);
        }
        let title = fitted(&self.axis.title, Role::Axis, 160.0);
        let middle = (self.start_mm + self.end_mm) / 2.0;
        scene.text(
            [middle, baseline_mm + 7.2],
            Anchor::Middle,
            Role::Axis,
            &title,
        );
    }
}
