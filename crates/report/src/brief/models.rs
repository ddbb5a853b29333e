//! The vendor's models side by side.

use caveat_analysis::result::ModelResult;

use super::document::Part;
use super::{Subject, limits_in_cells};
use crate::document::{Block, MAX_ROWS, Prose, Row, Section, Table};
use crate::evidence::numbered;
use crate::format;
use crate::words::{self, cell, number_column, plain, say, text_column};

/// Models that the first page shows.
const ON_FIRST_PAGE: usize = 3;

/// Models that a page of its own shows; the annex has all.
const MOST_MODELS: usize = 45;

/// A model with its place in the analysis.
type Placed<'a> = (usize, &'a ModelResult);

pub(super) fn part(subject: &Subject<'_>) -> Part {
    let mut models: Vec<Placed<'_>> = subject.models().collect();
    let all = models.len();
    // Those that say most: the ones with most results.
    models.sort_by(|(_, a), (_, b)| b.n.cmp(&a.n).then_with(|| a.model.cmp(&b.model)));
    models.truncate(ON_FIRST_PAGE);
    let left = all - models.len();
    let mut table = table(subject, models);
    table.id = "own-models".to_owned();
    // Measure and graders stand in the title block and in the foot of the page.
    table
        .note
        .retain(|sentence| sentence.text.starts_with(['\u{b9}', '\u{b2}']));
    table.more = (left > 0).then(|| {
        format!(
            "The {} with most results; {} more in the section \u{201c}All its models\u{201d}.",
            format::word(ON_FIRST_PAGE),
            format::count(left)
        )
    });
    Part {
        heading: "Its models side by side".to_owned(),
        lead: Vec::new(),
        table,
    }
}

/// All models, where the first page does not have them.
pub(super) fn section(subject: &Subject<'_>) -> Option<Section> {
    let models: Vec<Placed<'_>> = subject.models().collect();
    let all = models.len();
    if all <= ON_FIRST_PAGE {
        return None;
    }
    let mut table = table(subject, models);
    table.id = "all-models".to_owned();
    let most = MOST_MODELS.min(MAX_ROWS);
    table.rows.truncate(most);
    table.more = (all > most).then(|| {
        format!(
            "{} more in the annex, list models.",
            format::count(all - most)
        )
    });
    Some(super::section(
        "models",
        "All its models",
        vec![spread(subject)],
        vec![Block::Table(table)],
    ))
}

/// How far the models lie apart.
pub(super) fn spread(subject: &Subject<'_>) -> crate::document::Sentence {
    let Some(pair) = subject.detail.models_apart.known() else {
        return plain("One model stands for the vendor; nothing can be said of its others.");
    };
    let gap = &pair.difference_pp;
    let apart = gap.lower.0 > 0.0;
    say(
        format!(
            "Its lowest and highest model, {} and {}, {}: {} ({} interval {}, adjusted for {}).",
            subject.facts.model_named(&pair.lowest),
            subject.facts.model_named(&pair.highest),
            if apart {
                "differ"
            } else {
                "cannot be told apart"
            },
            format::points(gap.value.0, 0),
            subject.level(),
            super::span_of_points(gap),
            format::plural_word(pair.pairs, "pair", "pairs"),
        ),
        ["i1"],
    )
}

fn table(subject: &Subject<'_>, mut models: Vec<Placed<'_>>) -> Table {
    models.sort_by(|(_, a), (_, b)| {
        let rate = |m: &ModelResult| m.asr.known().map_or(f64::INFINITY, |r| r.value.0);
        rate(a)
            .total_cmp(&rate(b))
            .then_with(|| a.model.cmp(&b.model))
    });
    let unpublished = models
        .iter()
        .any(|(place, model)| size(subject, *place, model).ends_with('\u{b9}'));
    let mut note: Prose = Vec::new();
    if unpublished {
        note.push(say(
            "\u{b9} Size not published by the maker; the figure is coded by the corpus.",
            ["a7"],
        ));
    }
    note.extend(others_stated(subject, &models));
    let ids: Vec<String> = models
        .iter()
        .map(|(place, _)| numbered("m", *place))
        .collect();
    note.push(say(
        format!(
            "{}, {}.",
            words::measure(subject.facts),
            words::grader_phrase(subject.facts)
        ),
        ids,
    ));
    Table {
        id: String::new(),
        number: None,
        title: None,
        subtitle: None,
        columns: vec![
            text_column("Model", 52.0),
            number_column("Parameters", 24.0),
            number_column("Results", 15.0),
            number_column("Rate, %", 14.0),
            number_column(&format!("{} interval", subject.level()), 24.0),
            text_column("Read as", 41.0),
        ],
        rows: models
            .iter()
            .map(|(place, model)| row(subject, *place, model))
            .collect(),
        more: None,
        note,
    }
}

fn row(subject: &Subject<'_>, place: usize, model: &ModelResult) -> Row {
    let absent = || "not estimable".to_owned();
    let rate = model.asr.known();
    Row {
        cells: vec![
            cell(subject.facts.model(place)),
            cell(size(subject, place, model)),
            cell(format::thousands(model.n)),
            cell(rate.map_or_else(absent, |r| format::percent_cell(r.value.0))),
            cell(rate.map_or_else(absent, limits_in_cells)),
            cell(read_as(model)),
        ],
        strong: false,
    }
}

/// The size that the maker states, where the one used contradicts it.
pub(super) fn maker_states_another(
    subject: &Subject<'_>,
    place: usize,
    model: &ModelResult,
) -> Option<f64> {
    let models = &subject.facts.input.selection.sample.models;
    let used = models.get(place).and_then(|m| m.size_b)?;
    let stated = subject.facts.fact(model)?.disclosed_total_b?;
    crate::sizes::contradicts(used, stated).then_some(stated)
}

/// The sizes that the makers state, for a note under a table with the mark.
pub(super) fn others_stated(
    subject: &Subject<'_>,
    models: &[(usize, &ModelResult)],
) -> Option<crate::document::Sentence> {
    let listed: Vec<String> = models
        .iter()
        .filter_map(|(place, model)| {
            let stated = maker_states_another(subject, *place, model)?;
            Some(format!(
                "{} {}",
                subject.facts.model(*place),
                format::size(stated)
            ))
        })
        .collect();
    (!listed.is_empty()).then(|| {
        say(
            format!(
                "\u{b2} The maker states another size: {}.",
                format::short_list(&listed, 4)
            ),
            ["a7"],
        )
    })
}

/// The size with a mark where the maker does not publish it.
pub(super) fn size(subject: &Subject<'_>, place: usize, model: &ModelResult) -> String {
    let fact = subject.facts.fact(model);
    let unpublished = fact.is_some_and(|fact| fact.disclosed == Some(false));
    let models = &subject.facts.input.selection.sample.models;
    let used = models.get(place).and_then(|m| m.size_b);
    match used.filter(|_| model.in_scale) {
        Some(size) if unpublished => format!("{}\u{b9}", format::size(size)),
        Some(size) if maker_states_another(subject, place, model).is_some() => {
            format!("{}\u{b2}", format::size(size))
        }
        Some(size) => format::size(size),
        None if unpublished => "not published".to_owned(),
        None => "not recorded".to_owned(),
    }
}

/// A rate in words. Rule: none or all with the limit that fits, else a fraction
/// that is close, else the counts.
fn read_as(model: &ModelResult) -> String {
    let Some(rate) = model.asr.known() else {
        return "no evaluable result".to_owned();
    };
    match model.succeeded {
        0 => format!(
            "none seen; up to {} fits",
            format::percent_up_to(rate.upper.0)
        ),
        x if x == model.n => {
            format!(
                "all seen; {} and up fits",
                format::percent_down_to(rate.lower.0)
            )
        }
        x => format::about(rate.value.0).unwrap_or_else(|| {
            format!("{} of {}", format::thousands(x), format::thousands(model.n))
        }),
    }
}
