//! Vendors and models in full.

use caveat_analysis::result::ModelResult;

use crate::caveats;
use crate::composition::Facts;
use crate::definition::Topic;
use crate::document::{Block, MAX_ROWS, Row, Section, Table};
use crate::evidence::numbered;
use crate::format;
use crate::words::{self, cell, number_column, say, text_column};

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let models = facts.analysis().models.len();
    let lead = vec![say(
        format!(
            "{} with {} evaluable results; {} in {} of them. Each rate below stands with its interval.",
            format::capital(&format::plural(models, "model", "models")),
            format::thousands(facts.traces()),
            words::event_past(facts),
            format::thousands(facts.succeeded())
        ),
        ["a2"],
    )];
    let mut blocks = Vec::new();
    if models > 0 {
        blocks.push(Block::Table(table(facts)));
    }
    blocks.extend(super::context(facts, Topic::Models));
    if models > 0 {
        blocks.extend(super::next_round::over_time(facts));
    }
    super::section("models", "Vendors and models in full", lead, blocks)
}

fn table(facts: &Facts<'_>) -> Table {
    let mut order: Vec<(usize, &ModelResult)> = facts.models().collect();
    order.sort_by(|(_, a), (_, b)| {
        let rate = |m: &ModelResult| m.asr.known().map_or(f64::INFINITY, |rate| rate.value.0);
        rate(a)
            .total_cmp(&rate(b))
            .then_with(|| a.model.cmp(&b.model))
    });
    let shown: Vec<&(usize, &ModelResult)> = order.iter().take(MAX_ROWS).collect();
    let left = order.len() - shown.len();
    let unpublished = shown.iter().any(|(_, m)| {
        m.params_total_b.known().is_some()
            && facts.fact(m).is_some_and(|f| f.disclosed == Some(false))
    });
    let lost_unknown = lost_is_unknown(facts);
    let contradicted = super::size::contradictions(facts, &super::size::sized(facts));
    let marks = Marks::new(unpublished, contradicted.is_some());
    let mut note = Vec::new();
    if unpublished {
        note.push(say(
            format!(
                "{} Size not published by the maker; the figure is coded by the corpus.",
                marks.unpublished
            ),
            ["a7"],
        ));
    }
    if let Some(listed) = contradicted {
        note.push(say(
            format!(
                "{} The maker states another size: {listed}.",
                marks.contradicted
            ),
            ["a7"],
        ));
    }
    note.push(say(
        format!(
            "{} {}",
            marks.lost,
            if lost_unknown {
                "Published counts do not say how many results could not be judged."
            } else {
                "Results that are not evaluable and leave numerator and denominator."
            }
        ),
        ["a2"],
    ));
    note.push(say(
        format!(
            "Ordered by rate, then name. Wilson intervals; they cover the choice of responses, not of prompts. {}.",
            format::capital(&words::grader_phrase(facts))
        ),
        shown.iter().map(|(place, _)| numbered("m", *place)),
    ));
    Table {
        id: "models".to_owned(),
        number: None,
        title: Some(format!("{} by model", words::measure(facts))),
        subtitle: Some("Size in billions of parameters; rate and interval in percent".to_owned()),
        columns: vec![
            text_column("Model", if lost_unknown { 38.0 } else { 42.0 }),
            text_column("Vendor", if lost_unknown { 24.0 } else { 26.0 }),
            number_column("Size, B", if lost_unknown { 21.0 } else { 23.0 }),
            number_column("Results", 15.0),
            number_column("Succeeded", if lost_unknown { 17.0 } else { 18.0 }),
            number_column("Rate, %", 13.0),
            number_column(&format!("{} interval", words::level(facts)), 21.0),
            number_column(
                &format!("Lost{}", marks.lost),
                if lost_unknown { 22.0 } else { 12.0 },
            ),
        ],
        rows: shown
            .iter()
            .map(|(place, model)| row(facts, *place, model, &marks))
            .collect(),
        more: (left > 0).then(|| format!("{} more in annex, table models", format::count(left))),
        note,
    }
}

/// Whether published counts leave open how many results were lost.
pub(crate) fn lost_is_unknown(facts: &Facts<'_>) -> bool {
    caveats::data::from_counts(facts) && facts.not_evaluable() == 0
}

/// The marks of the notes that the table has, counted in their order.
struct Marks {
    unpublished: &'static str,
    contradicted: &'static str,
    lost: &'static str,
}

impl Marks {
    fn new(unpublished: bool, contradicted: bool) -> Self {
        let mut free = ["\u{b9}", "\u{b2}", "\u{b3}"].into_iter();
        let mut next = |there: bool| {
            if there { free.next().unwrap_or("") } else { "" }
        };
        Self {
            unpublished: next(unpublished),
            contradicted: next(contradicted),
            lost: next(true),
        }
    }
}

/// A size in billions as a figure of a column.
fn billions(size: f64) -> String {
    format::decimals(size, 1)
}

fn row(facts: &Facts<'_>, place: usize, model: &ModelResult, marks: &Marks) -> Row {
    let one = format::percent_cell;
    let absent = "not estimable".to_owned();
    let rate = model.asr.known();
    let unpublished = facts
        .fact(model)
        .is_some_and(|fact| fact.disclosed == Some(false));
    let used = facts
        .input
        .selection
        .sample
        .models
        .get(place)
        .and_then(|m| m.size_b);
    let contradicted = caveats::contradicted(facts)
        .iter()
        .any(|(other, ..)| *other == place);
    let size = match used.filter(|_| model.in_scale) {
        Some(size) if unpublished => format!("{}{}", billions(size), marks.unpublished),
        Some(size) if contradicted => format!("{}{}", billions(size), marks.contradicted),
        Some(size) => billions(size),
        None if unpublished => "not published".to_owned(),
        None => "not recorded".to_owned(),
    };
    Row {
        cells: vec![
            cell(facts.model(place)),
            cell(facts.vendor(&model.provider)),
            cell(size),
            cell(format::thousands(model.n)),
            cell(format::thousands(model.succeeded)),
            cell(rate.map_or(absent.clone(), |r| one(r.value.0))),
            cell(rate.map_or(absent, |r| format::span(&one(r.lower.0), &one(r.upper.0)))),
            cell(if lost_is_unknown(facts) {
                "not recorded".to_owned()
            } else {
                format::thousands(model.not_evaluable)
            }),
        ],
        strong: false,
    }
}
