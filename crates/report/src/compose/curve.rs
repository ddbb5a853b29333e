//! The vendor's share and the slope under every defensible choice at once.

use caveat_analysis::result::{AxisResult, Multiverse, SpecificationPoint};

use super::charts;
use crate::composition::Facts;
use crate::document::{
    Axis, Block, Chart, Figure, Prose, Row, SpecificationMark, SpecificationRow, Table,
};
use crate::findings::choices::{Answer, answer, choice_name, mover, option_name};
use crate::format;
use crate::words::{self, number_column, plain, row, say, text_column};

/// Estimates that the chart draws; of more, percentiles.
const MOST_MARKS: usize = 60;

/// What is asked, and the words for it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) grid: &'a Multiverse,
    pub(super) id: &'static str,
    /// What is computed ("the vendor's share").
    pub(super) what: &'static str,
    /// Whether the effect is a share, and else points per doubling.
    pub(super) share: bool,
}

/// Both questions that have a grid of more than one choice.
pub(super) fn asked<'a>(facts: &Facts<'a>) -> Vec<Asked<'a>> {
    let grids = &facts.analysis().multiverse;
    let share = grids.share.known().map(|grid| Asked {
        grid,
        id: "u1",
        what: "the vendor\u{2019}s share",
        share: true,
    });
    let slope = grids.slope.known().map(|grid| Asked {
        grid,
        id: "u2",
        what: "the slope",
        share: false,
    });
    [share, slope]
        .into_iter()
        .flatten()
        .filter(|asked| asked.grid.estimable > 1)
        .collect()
}

impl Asked<'_> {
    /// An effect in words ("40%", "−0.6 points").
    fn value(&self, effect: f64) -> String {
        if self.share {
            format::percent(effect)
        } else {
            let points = format::decimals(100.0 * effect, 1);
            format!("{points}{}points", format::NBSP)
        }
    }

    /// What the whole curve says, in two or three sentences.
    fn sentences(&self) -> Prose {
        let grid = self.grid;
        let (Some(median), Some(low), Some(high)) = (
            grid.median.number(),
            grid.lowest.number(),
            grid.highest.number(),
        ) else {
            return Vec::new();
        };
        let ways = format::count(grid.estimable);
        let mut text = format!(
            "Computed in {ways} ways in use, {} runs from {} to {}, {} on the median",
            self.what,
            self.value(low),
            self.value(high),
            self.value(median)
        );
        if let Some(published) = grid.published.known() {
            text.push_str(&format!(
                "; as this report computes it, it is {}, which {} of the ways reach",
                self.value(published.effect.0),
                format::percent(published.share_at_least.0)
            ));
        }
        text.push('.');
        let mut prose = vec![say(text, [self.id])];
        if !self.share
            && let (Some(below), Some(above)) =
                (grid.share_negative.number(), grid.share_positive.number())
        {
            prose.push(say(
                format!(
                    "It falls in {} of them and rises in {}.",
                    format::percent(below),
                    format::percent(above)
                ),
                [self.id],
            ));
        }
        prose.extend(self.together());
        if let Some((axis, moved)) = mover(grid) {
            prose.push(say(
                format!(
                    "What moves it most is {}: {} on average, all else the same.",
                    choice_name(&axis.name).0,
                    format::points(100.0 * moved, if self.share { 0 } else { 1 })
                ),
                [self.id],
            ));
        }
        prose
    }

    /// How many ways pass their own test, and whether chance does as well.
    fn together(&self) -> Option<crate::document::Sentence> {
        let grid = self.grid;
        let passed = grid.share_significant.number()?;
        let alpha = format::percent(grid.alpha.0);
        let of_them = format::percent(passed);
        let text = match (answer(grid), grid.joint.known()) {
            (Some(answer), Some(joint)) => {
                let than = match answer {
                    Answer::Beyond => "more than chance gives",
                    Answer::Close => "close to the line, so either reading is weak",
                    Answer::Within => "no more than chance gives",
                };
                format!(
                    "{of_them} of them pass their own F or t test at {alpha}, as many or more in {} of relabellings; the median of all is {than} ({}). Relabelled were all ways at once, {} times, as far as the work allows.",
                    format::percent_of_part(joint.p_significant.0),
                    format::p_value(joint.p_median.0),
                    format::thousands(u64::from(joint.relabellings))
                )
            }
            _ => format!("{of_them} of them pass their own test at {alpha}."),
        };
        Some(say(text, [self.id]))
    }
}

/// The paragraph, the chart of the share and the table of the choices.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let asked = asked(facts);
    if asked.is_empty() {
        return Vec::new();
    }
    let mut blocks: Vec<Block> = asked
        .iter()
        .map(|asked| Block::Paragraph {
            sentences: asked.sentences(),
        })
        .collect();
    if let Some(share) = asked.iter().find(|asked| asked.share) {
        blocks.extend(figure(facts, share).map(Block::Figure));
    }
    blocks.extend(table(&asked).map(Block::Table));
    blocks
}

/// Axes on which there is a choice, with their places.
fn open(grid: &Multiverse) -> Vec<(usize, &AxisResult)> {
    let axes = grid.axes.iter().enumerate();
    axes.filter(|(_, axis)| axis.options.len() > 1).collect()
}

/// Options other than the published one: place of the axis, option, row.
fn rows(grid: &Multiverse) -> Vec<(usize, usize, SpecificationRow)> {
    let mut rows = Vec::new();
    for (place, axis) in open(grid) {
        let mut first = true;
        for (option, id) in axis.options.iter().enumerate() {
            if option == axis.published {
                continue;
            }
            let choice = if first {
                choice_name(&axis.name).1.to_owned()
            } else {
                String::new()
            };
            first = false;
            let option_row = SpecificationRow {
                choice,
                option: option_name(&axis.name, id),
            };
            rows.push((place, option, option_row));
        }
    }
    rows
}

/// The points to draw: all, or percentiles with the published one among them.
fn drawn(grid: &Multiverse) -> Vec<&SpecificationPoint> {
    let all: Vec<&SpecificationPoint> = grid
        .curve
        .iter()
        .filter(|point| point.effect.known().is_some())
        .collect();
    if all.len() <= MOST_MARKS {
        return all;
    }
    let last = all.len() - 1;
    let mut places: Vec<usize> = (0..MOST_MARKS)
        .map(|i| i * last / (MOST_MARKS - 1))
        .collect();
    if let Some(own) = all.iter().position(|point| point.published)
        && let Err(at) = places.binary_search(&own)
    {
        places.insert(at, own);
    }
    places
        .iter()
        .filter_map(|at| all.get(*at).copied())
        .collect()
}

fn axis(points: &[&SpecificationPoint]) -> Axis {
    let ends = points.iter().flat_map(|point| {
        let value = point.effect.number();
        let range = point.interval.known();
        [value, range.map(|r| r.lower.0), range.map(|r| r.upper.0)]
    });
    let low = ends.flatten().fold(0.0, f64::min);
    let min = ((low.max(-1.0)) / 0.25).floor() * 0.25;
    let step = if 1.0 - min > 1.25 { 0.5 } else { 0.25 };
    Axis {
        min,
        max: 1.0,
        ticks: charts::stepped((min / step).ceil() * step, 1.0, step, format::percent),
        marks: Vec::new(),
        title: String::new(),
    }
}

fn figure(facts: &Facts<'_>, asked: &Asked<'_>) -> Option<Figure> {
    let grid = asked.grid;
    let points = drawn(grid);
    let rows = rows(grid);
    if points.len() < 3 || rows.is_empty() {
        return None;
    }
    let marks = points
        .iter()
        .filter_map(|point| {
            let holds = |(axis, option, _): &(usize, usize, SpecificationRow)| {
                point.choice.get(*axis) == Some(option)
            };
            let taken = rows.iter().enumerate().filter(|(_, row)| holds(row));
            Some(SpecificationMark {
                value: point.effect.number()?,
                interval: point.interval.known().map(|r| [r.lower.0, r.upper.0]),
                published: point.published,
                rows: taken.map(|(place, _)| place).collect(),
            })
        })
        .collect();
    let own = grid.published.known();
    let all = grid.estimable == points.len();
    let which = if all {
        format!("all {} that are estimable", format::count(grid.estimable))
    } else {
        format!(
            "{} evenly spaced of {}",
            format::count(points.len()),
            format::count(grid.estimable)
        )
    };
    let level = words::variance_level(facts);
    let named: Vec<&str> = open(grid)
        .iter()
        .map(|(_, axis)| choice_name(&axis.name).0)
        .collect();
    let parts = [
        format!(
            "Specification curve of the vendor\u{2019}s share of the variance between models, in percent, under {} combinations of choices ({}).",
            format::count(grid.specifications),
            format::short_list(&named, 4)
        ),
        format!(
            "The shares run from {} to {}, {} on the median{}.",
            grid.lowest
                .number()
                .map_or_else(String::new, |v| asked.value(v)),
            grid.highest
                .number()
                .map_or_else(String::new, |v| asked.value(v)),
            grid.median
                .number()
                .map_or_else(String::new, |v| asked.value(v)),
            own.map_or_else(String::new, |own| format!(
                "; that of this report is {}",
                asked.value(own.effect.0)
            ))
        ),
    ];
    let more = [
        "Every estimate has an interval; squares below say where a choice differs from this report\u{2019}s.",
    ];
    let absent = grid.specifications - grid.estimable;
    let mut note = vec![plain(
        "A square: this choice instead of this report\u{2019}s. The ways share their data and are no replications.",
    )];
    if absent > 0 {
        note.push(say(
            format!(
                "{} of {} combinations cannot be estimated.",
                format::word_first(absent),
                format::count(grid.specifications)
            ),
            [asked.id],
        ));
    }
    Some(Figure {
        id: "specification-curve".to_owned(),
        number: String::new(),
        title: title(grid),
        subtitle: format!(
            "Share of the variance between models that goes with the vendor, {which}, lowest first; thin lines: {level} intervals of the population\u{2019}s share, which an uncorrected share may lie above; large: this report"
        ),
        alt: charts::alt(&parts, &more, "multiverse"),
        note,
        chart: Chart::SpecificationCurve {
            y: axis(&points),
            marks,
            rows: rows.into_iter().map(|(_, _, row)| row).collect(),
            published_label: own.map_or_else(String::new, |own| {
                format!("this report {}", asked.value(own.effect.0))
            }),
        },
    })
}

fn title(grid: &Multiverse) -> String {
    let moved = mover(grid).map(|(axis, _)| choice_name(&axis.name).0);
    match (answer(grid), moved) {
        (Some(Answer::Within), Some(choice)) => {
            format!("Over all choices the share is within chance; {choice} moves it most")
        }
        (Some(Answer::Close), Some(choice)) => {
            format!("Over all choices the share is close to the line; {choice} moves it most")
        }
        (Some(Answer::Beyond), Some(choice)) => {
            format!("Over all choices the share is beyond chance; {choice} moves it most")
        }
        _ => "The vendor\u{2019}s share under other choices".to_owned(),
    }
}

fn table(asked: &[Asked<'_>]) -> Option<Table> {
    // Axes by name, as the two questions have different ones.
    let mut names: Vec<&str> = Vec::new();
    for asked in asked {
        for (_, axis) in open(asked.grid) {
            if !names.contains(&axis.name.as_str()) {
                names.push(&axis.name);
            }
        }
    }
    if names.is_empty() {
        return None;
    }
    let axis_of = |share: bool, name: &str| {
        let grid = asked.iter().find(|asked| asked.share == share)?.grid;
        open(grid)
            .into_iter()
            .map(|(_, axis)| axis)
            .find(|axis| axis.name == name)
    };
    let figures = |axis: Option<&AxisResult>| match axis {
        None => ["no choice".to_owned(), "no choice".to_owned()],
        Some(axis) => [
            axis.mean_move
                .number()
                .map_or("not estimable".to_owned(), |m| {
                    format::decimals(100.0 * m, 1)
                }),
            axis.significance_changes
                .number()
                .map_or("not estimable".to_owned(), format::percent_cell),
        ],
    };
    let rows: Vec<Row> = names
        .iter()
        .map(|name| {
            let (share, slope) = (axis_of(true, name), axis_of(false, name));
            let options = share.or(slope).map_or_else(Vec::new, |axis| {
                let all = axis.options.iter().map(|id| option_name(name, id));
                all.collect::<Vec<String>>()
            });
            let [share_move, share_turn] = figures(share);
            let [slope_move, slope_turn] = figures(slope);
            row([
                choice_name(name).1.to_owned(),
                options.join("; "),
                share_move,
                share_turn,
                slope_move,
                slope_turn,
            ])
        })
        .collect();
    Some(Table {
        id: "choice-moves".to_owned(),
        number: None,
        title: Some("How far each choice moves the share and the slope".to_owned()),
        subtitle: Some(
            "Largest less smallest result over the options, in points, averaged over all settings of the other choices; verdict: settings in which the test at its level turns"
                .to_owned(),
        ),
        columns: vec![
            text_column("Choice", 30.0),
            text_column("Options, published first", 56.0),
            number_column("Share moves", 20.0),
            number_column("Verdict, %", 21.0),
            number_column("Slope moves", 20.0),
            number_column("Verdict, %", 21.0),
        ],
        rows,
        more: None,
        note: vec![say(
            "Every combination stands in the annex with its interval, models and vendors.",
            asked.iter().map(|asked| asked.id),
        )],
    })
}
