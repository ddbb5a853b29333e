//! The chart: caveat's methods and the published ones as points with their errors.
//!
//! Two panels under each other, coverage and false alarms. Each row draws what is
//! promised as a band of its own with the nominal figure as a line in it. Filled
//! marks are caveat's, open ones published; nothing rests on colour. Positions are
//! whole tenths of a pixel, so that the file is the same everywhere.

use std::fmt::Write as _;

use crate::{
    figure::{Counted, Measured, Question, Verdict, Whose},
    words::percent,
    worlds::Section,
};

const WIDTH: f64 = 900.0;
const LABEL: f64 = 500.0;
const LEFT: f64 = 516.0;
const RIGHT: f64 = 790.0;
const ROW: f64 = 14.0;
const HEAD: f64 = 19.0;

/// Ends of an axis, in shares, and its ticks in per cent.
struct Axis {
    low: f64,
    high: f64,
    ticks: &'static [u32],
}

const COVERAGE: Axis = Axis {
    low: 0.6,
    high: 1.0,
    ticks: &[60, 70, 80, 90, 95, 100],
};

const ALARMS: Axis = Axis {
    low: 0.0,
    high: 0.4,
    ticks: &[0, 5, 10, 20, 30, 40],
};

impl Axis {
    fn at(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        LEFT + (RIGHT - LEFT) * share.clamp(0.0, 1.0)
    }
}

struct Drawing {
    text: String,
    y: f64,
}

/// Draws the chart.
pub fn draw(sections: &[Section]) -> String {
    let mut drawing = Drawing {
        text: String::new(),
        y: 18.0,
    };
    drawing.legend();
    drawing.panel(
        sections,
        Counted::Coverage,
        &COVERAGE,
        "How often the interval holds the truth",
    );
    drawing.y += 16.0;
    drawing.panel(
        sections,
        Counted::Alarms,
        &ALARMS,
        "How often something is found where there is nothing",
    );
    let height = drawing.y + 12.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" width=\"{WIDTH:.0}\" height=\"{height:.0}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"10.5\" role=\"img\" aria-label=\"Coverage and false alarms of published and caveat's methods; the figures are in calibration.csv\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}</svg>\n",
        drawing.text
    )
}

/// What a panel shows: caveat's methods, and what was published.
fn shown(question: &Question, counted: Counted) -> bool {
    question.promise.counted() == counted && question.whose != Whose::Customary
}

impl Drawing {
    fn put(&mut self, element: &str) {
        self.text.push_str(element);
        self.text.push('\n');
    }

    fn words(&mut self, x: f64, y: f64, style: &str, words: &str) {
        let words = words.replace('&', "&amp;").replace('<', "&lt;");
        let line = format!("<text x=\"{x:.1}\" y=\"{y:.1}\" {style}>{words}</text>");
        self.put(&line);
    }

    fn legend(&mut self) {
        let y = self.y;
        for (x, fill, words) in [(14.0, "#000", "caveat"), (80.0, "#fff", "published")] {
            let circle = format!(
                "<circle cx=\"{x:.1}\" cy=\"{:.1}\" r=\"3.2\" fill=\"{fill}\" stroke=\"#000\" stroke-width=\"1\"/>",
                y - 3.5
            );
            self.put(&circle);
            self.words(x + 8.0, y, "", words);
        }
        let band = format!(
            "<rect x=\"160\" y=\"{:.1}\" width=\"16\" height=\"12\" fill=\"#ddd\"/>",
            y - 10.0
        );
        self.put(&band);
        self.words(
            182.0,
            y,
            "",
            "promised (no band: nothing is promised in this world); line: nominal figure; bars: two Monte Carlo errors either way",
        );
        self.y += 30.0;
    }

    fn panel(&mut self, sections: &[Section], counted: Counted, axis: &Axis, title: &str) {
        self.words(8.0, self.y, "font-size=\"15\" font-weight=\"bold\"", title);
        self.y += 22.0;
        self.ticks(axis);
        let top = self.y - 8.0;
        let outcomes = sections
            .iter()
            .flat_map(|s| s.outcomes.iter().map(move |o| (s.title, o)));
        for (section, outcome) in outcomes {
            let rows: Vec<(&Question, &Measured)> = outcome
                .rows()
                .filter(|(question, _)| shown(question, counted))
                .collect();
            if rows.is_empty() {
                continue;
            }
            self.words(
                8.0,
                self.y + 12.0,
                "font-weight=\"bold\"",
                &format!("{section}: {}", outcome.world.title),
            );
            self.y += HEAD;
            for (question, measured) in rows {
                self.row(question, measured, axis);
            }
        }
        for edge in [LEFT, RIGHT] {
            let line = format!(
                "<line x1=\"{edge:.1}\" y1=\"{top:.1}\" x2=\"{edge:.1}\" y2=\"{:.1}\" stroke=\"#bbb\" stroke-width=\"0.6\"/>",
                self.y
            );
            self.put(&line);
        }
        self.y += 14.0;
        self.ticks(axis);
    }

    fn ticks(&mut self, axis: &Axis) {
        for tick in axis.ticks {
            let x = axis.at(f64::from(*tick) / 100.0);
            self.words(
                x,
                self.y,
                "text-anchor=\"middle\" fill=\"#444\"",
                &format!("{tick} %"),
            );
        }
        self.y += 6.0;
    }

    fn row(&mut self, question: &Question, m: &Measured, axis: &Axis) {
        let middle = self.y + ROW / 2.0;
        self.band(question, axis, middle);
        self.words(
            LABEL,
            middle + 3.5,
            "text-anchor=\"end\"",
            &shortened(question.method),
        );
        if m.answered > 0 {
            self.mark(question, m, axis, middle);
        }
        self.y += ROW;
    }

    fn band(&mut self, question: &Question, axis: &Axis, middle: f64) {
        if let Some((low, high)) = question.promise.range() {
            let (from, to) = (axis.at(low), axis.at(high));
            let rectangle = format!(
                "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{ROW:.1}\" fill=\"#ddd\"/>",
                middle - ROW / 2.0,
                to - from
            );
            self.put(&rectangle);
        }
        if let Some(nominal) = question.promise.nominal() {
            let x = axis.at(nominal);
            let line = format!(
                "<line x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\" stroke=\"#888\" stroke-width=\"0.8\"/>",
                middle - ROW / 2.0,
                middle + ROW / 2.0
            );
            self.put(&line);
        }
    }

    fn mark(&mut self, question: &Question, m: &Measured, axis: &Axis, middle: f64) {
        let (low, high) = (m.mean - 2.0 * m.error, m.mean + 2.0 * m.error);
        let fill = if question.whose == Whose::Caveat {
            "#000"
        } else {
            "#fff"
        };
        let x = axis.at(m.mean);
        let inside = (axis.low..=axis.high).contains(&m.mean);
        if inside {
            let line = format!(
                "<line x1=\"{:.1}\" y1=\"{middle:.1}\" x2=\"{:.1}\" y2=\"{middle:.1}\" stroke=\"#000\" stroke-width=\"1\"/>",
                axis.at(low),
                axis.at(high)
            );
            self.put(&line);
            let circle = format!(
                "<circle cx=\"{x:.1}\" cy=\"{middle:.1}\" r=\"3.2\" fill=\"{fill}\" stroke=\"#000\" stroke-width=\"1\"/>"
            );
            self.put(&circle);
        } else {
            let tip = if m.mean < axis.low { -5.0 } else { 5.0 };
            let triangle = format!(
                "<path d=\"M{x:.1} {:.1} L{:.1} {middle:.1} L{x:.1} {:.1} Z\" fill=\"{fill}\" stroke=\"#000\" stroke-width=\"1\"/>",
                middle - 4.0,
                x + tip,
                middle + 4.0
            );
            self.put(&triangle);
        }
        let fails = Verdict::of(question.promise, m) == Verdict::Fails;
        let style = if fails { "font-weight=\"bold\"" } else { "" };
        let mut value = percent(m.mean);
        if fails {
            // Writing to a string does not fail.
            let _ = write!(value, " fails");
        }
        self.words(RIGHT + 12.0, middle + 3.5, style, &value);
    }
}

/// The first letter large.
pub(crate) fn capital(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// At most as many characters as the margin holds.
fn shortened(method: &str) -> String {
    const MOST: usize = 92;
    if method.chars().count() <= MOST {
        return method.to_owned();
    }
    let mut text: String = method.chars().take(MOST - 1).collect();
    text.push('\u{2026}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_an_axis_stand_at_its_ends() {
        assert_eq!((COVERAGE.at(0.1), COVERAGE.at(1.0)), (LEFT, RIGHT));
        assert!((ALARMS.at(0.2) - (LEFT + RIGHT) / 2.0).abs() < 1e-9);
        assert_eq!(capital("no effect"), "No effect");
    }
}
