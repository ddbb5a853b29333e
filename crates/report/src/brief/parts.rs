//! Rates by attack family and by harm category.

use caveat_analysis::Quantity;
use caveat_analysis::result::{LabelRate, Labelled};

use super::{Subject, below, limits_in_cells, paragraph, span_of_points};
use crate::compose::charts;
use crate::document::{
    Axis, Block, Cell, Column, ColumnKind, Prose, Row, Section, Sentence, Table,
};
use crate::format;
use crate::words::{self, cell, number_column, plain, say, text_column};

/// Rows up to which the intervals of both tables are drawn.
const DRAWN: usize = 20;

/// Rows of one table; the annex has all.
const MOST_ROWS: usize = 44;

/// A kind of label: letter of its ids, singular, plural, name in the annex.
struct Kind {
    letter: &'static str,
    one: &'static str,
    many: &'static str,
    list: &'static str,
}

const FAMILY: Kind = Kind {
    letter: "f",
    one: "attack family",
    many: "attack families",
    list: "techniques",
};

const HARM: Kind = Kind {
    letter: "h",
    one: "harm category",
    many: "harm categories",
    list: "harm_categories",
};

fn kinds<'a>(subject: &Subject<'a>) -> [(Kind, &'a Quantity<Labelled>); 2] {
    [
        (FAMILY, &subject.detail.techniques),
        (HARM, &subject.detail.harm_categories),
    ]
}

pub(super) fn section(subject: &Subject<'_>) -> Section {
    let rows: usize = kinds(subject)
        .iter()
        .filter_map(|(_, labelled)| labelled.known())
        .map(|labelled| labelled.labels.len())
        .sum();
    let mut blocks = Vec::new();
    for (kind, labelled) in kinds(subject) {
        match labelled.known() {
            Some(labelled) => {
                blocks.push(Block::Table(table(subject, &kind, labelled, rows <= DRAWN)));
            }
            None => blocks.push(paragraph(format!(
                "By {}: not recorded. The corpus does not say to which {} a prompt belongs, so no rate by {} can be given.",
                kind.one, kind.one, kind.one
            ))),
        }
    }
    super::section(
        "parts",
        "By attack family and harm category",
        lead(subject),
        blocks,
    )
}

fn lead(subject: &Subject<'_>) -> Prose {
    let mut lead = Vec::new();
    let mut missing = false;
    for (kind, labelled) in kinds(subject) {
        let Some(labelled) = labelled.known() else {
            continue;
        };
        let met = labelled.labels.iter().filter(|label| label.n > 0).count();
        let all = labelled.labels.len();
        missing |= met < all;
        let of = match (met, all) {
            (_, 1) if met == 1 => format!("the one {}", kind.one),
            _ if met == all => format!("all {} {}", format::word(all), kind.many),
            (0, _) => format!("none of {} {}", format::word(all), kind.many),
            _ => format!(
                "{} of {} {}",
                format::word(met),
                format::word(all),
                kind.many
            ),
        };
        lead.push(say(
            format!("{} met {of}.", subject.name),
            [format!("{}1", kind.letter)],
        ));
    }
    if missing {
        lead.push(plain(
            "What was not tested stands as such: nothing can be said about it.",
        ));
    }
    if lead.is_empty() {
        lead.push(plain("The corpus does not label its prompts."));
    }
    lead
}

fn table(subject: &Subject<'_>, kind: &Kind, labelled: &Labelled, drawn: bool) -> Table {
    let mut order: Vec<(usize, &LabelRate)> = labelled.labels.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| {
        let rate = |label: &LabelRate| label.rate.known().map_or(f64::INFINITY, |r| r.value.0);
        rate(a)
            .total_cmp(&rate(b))
            .then_with(|| a.label.cmp(&b.label))
    });
    let left = order.len().saturating_sub(MOST_ROWS);
    order.truncate(MOST_ROWS);
    let mut columns = vec![
        text_column(&format::capital(kind.one), 44.0),
        number_column("Results", 19.0),
        number_column("Rate, %", 19.0),
        number_column(&format!("{} interval", subject.level()), 25.0),
    ];
    if drawn {
        columns.push(Column {
            header: "Drawn".to_owned(),
            kind: ColumnKind::Interval { axis: axis() },
            width_mm: 42.0,
        });
    }
    columns.push(number_column("Other vendors", 21.0));
    Table {
        id: kind.list.replace('_', "-"),
        number: None,
        title: Some(title(subject, kind, labelled)),
        subtitle: Some(format!(
            "{} of {} by {}; lowest rate first, then what it never met",
            words::measure(subject.facts),
            subject.name,
            kind.one
        )),
        columns,
        rows: order.iter().map(|(_, label)| row(label, drawn)).collect(),
        more: (left > 0).then(|| {
            format!(
                "{} more in the annex, list {}.",
                format::count(left),
                kind.list
            )
        }),
        note: note(subject, kind, labelled, drawn),
    }
}

/// The whole scale of rates: parts are small, and their intervals wide.
fn axis() -> Axis {
    charts::shares("")
}

fn row(label: &LabelRate, drawn: bool) -> Row {
    let missing = || "not tested".to_owned();
    let rate = label.rate.known();
    let mut cells = vec![
        cell(format::shortened(
            &label.label,
            crate::composition::LONGEST_NAME,
        )),
        cell(if label.n == 0 {
            missing()
        } else {
            format::thousands(label.n)
        }),
        cell(rate.map_or_else(missing, |r| format::percent_cell(r.value.0))),
        cell(rate.map_or_else(missing, limits_in_cells)),
    ];
    if drawn {
        cells.push(rate.map_or(Cell::NotDrawn, |r| Cell::Interval {
            value: r.value.0,
            lower: r.lower.0,
            upper: r.upper.0,
            heavy: stands_out(label),
        }));
    }
    cells.push(cell(if label.others == 0 {
        "none".to_owned()
    } else {
        format::count(label.others)
    }));
    Row {
        cells,
        strong: false,
    }
}

/// Whether the interval against all other labels, adjusted for their number, excludes zero.
fn stands_out(label: &LabelRate) -> bool {
    let gap = label.against_rest_pp.known();
    gap.is_some_and(|gap| gap.lower.0 > 0.0 || gap.upper.0 < 0.0)
}

/// The label under which the rate is higher than under the others, the surest first.
fn highest(labelled: &Labelled) -> Option<(usize, &LabelRate)> {
    extreme(labelled, |gap| gap.lower.0)
}

fn lowest(labelled: &Labelled) -> Option<(usize, &LabelRate)> {
    extreme(labelled, |gap| -gap.upper.0)
}

fn extreme(
    labelled: &Labelled,
    margin: impl Fn(&caveat_analysis::result::Estimate) -> f64,
) -> Option<(usize, &LabelRate)> {
    let labels = labelled.labels.iter().enumerate();
    labels
        .filter_map(|(place, label)| Some((margin(label.against_rest_pp.known()?), place, label)))
        .filter(|(margin, ..)| *margin > 0.0)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)))
        .map(|(_, place, label)| (place, label))
}

fn title(subject: &Subject<'_>, kind: &Kind, labelled: &Labelled) -> String {
    let met = labelled.labels.iter().filter(|label| label.n > 0).count();
    let name = |label: &LabelRate| format::shortened(&label.label, 40);
    let count = |side: fn(&caveat_analysis::result::Estimate) -> bool| {
        labelled
            .labels
            .iter()
            .filter(|label| label.against_rest_pp.known().is_some_and(side))
            .count()
    };
    let (above, under) = (
        count(|gap| gap.lower.0 > 0.0),
        count(|gap| gap.upper.0 < 0.0),
    );
    if above > 1 || under > 1 {
        let part = |n: usize, way: &str| {
            (n > 0).then(|| {
                let many = if n == 1 { kind.one } else { kind.many };
                let verb = if n == 1 { "is" } else { "are" };
                format!("{} {many} {verb} {way}", format::word(n))
            })
        };
        let parts: Vec<String> = [part(above, "higher"), part(under, "lower")]
            .into_iter()
            .flatten()
            .collect();
        return format::capital(&format!("{} than the rest together", format::list(&parts)));
    }
    match (highest(labelled), lowest(labelled)) {
        (Some((_, high)), Some((_, low))) if high.label != low.label => format!(
            "The rate is higher under {} and lower under {} than elsewhere",
            name(high),
            name(low)
        ),
        (Some((_, high)), _) => format!("The rate is higher under {} than elsewhere", name(high)),
        (None, Some((_, low))) => format!("The rate is lower under {} than elsewhere", name(low)),
        (None, None) if met > 1 => {
            format!("No {} can be told apart from the others together", kind.one)
        }
        (None, None) => format!(
            "{} by {}",
            format::capital(&subject.facts.definition().measure),
            kind.one
        ),
    }
}

fn note(subject: &Subject<'_>, kind: &Kind, labelled: &Labelled, drawn: bool) -> Prose {
    let id = [format!("{}1", kind.letter)];
    let mut note = Vec::new();
    if labelled.unlabelled > 0 {
        note.push(say(
            format!(
                "{} further results state no {}.",
                format::thousands(labelled.unlabelled),
                kind.one
            ),
            id.clone(),
        ));
    }
    let met = labelled.labels.iter().filter(|label| label.n > 0).count();
    note.push(say(
        format!(
            "Title{}: Newcombe intervals of each against all others, adjusted for {}. Other vendors: how many have results there, {}.",
            if drawn { " and heavy marks" } else { "" },
            format::plural(met, kind.one, kind.many),
            super::standing::short_clause(subject.facts)
        ),
        id,
    ));
    note
}

/// Labels that other vendors met and this one did not, of both kinds.
pub(super) fn never_met<'a>(subject: &Subject<'a>) -> Vec<(String, &'a LabelRate)> {
    let mut found = Vec::new();
    for (kind, labelled) in kinds(subject) {
        let labels = labelled.known().map(|l| l.labels.as_slice());
        for (place, label) in labels.unwrap_or_default().iter().enumerate() {
            if label.n == 0 && label.others > 0 {
                found.push((below(kind.letter, place), label));
            }
        }
    }
    found
}

/// The label that stands out upward, of either kind: id, kind and label.
pub(super) fn worst<'a>(subject: &Subject<'a>) -> Option<(String, &'static str, &'a LabelRate)> {
    let mut found: Vec<(f64, String, &'static str, &LabelRate)> = Vec::new();
    for (kind, labelled) in kinds(subject) {
        if let Some((place, label)) = labelled.known().and_then(highest) {
            let margin = label.against_rest_pp.known().map_or(0.0, |gap| gap.lower.0);
            found.push((margin, below(kind.letter, place), kind.one, label));
        }
    }
    let (_, id, kind, label) = found
        .into_iter()
        // Of equal ones the first, the attack family.
        .rev()
        .max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((id, kind, label))
}

/// The difference of a label from all others in words.
pub(super) fn gap(label: &LabelRate) -> Option<String> {
    let gap = label.against_rest_pp.known()?;
    Some(format!(
        "{} more than under the others (interval {})",
        format::points(gap.value.0, 0),
        span_of_points(gap)
    ))
}

/// What was not tested, for the panel of the first page.
pub(super) fn not_tested(subject: &Subject<'_>) -> Sentence {
    let missed = never_met(subject);
    let unknown: Vec<&str> = kinds(subject)
        .iter()
        .filter(|(_, labelled)| labelled.known().is_none())
        .map(|(kind, _)| kind.many)
        .collect();
    let names: Vec<String> = missed
        .iter()
        .map(|(_, label)| format::shortened(&label.label, 30))
        .collect();
    let mut parts = Vec::new();
    if !names.is_empty() {
        parts.push(format!(
            "{}, which other vendors met",
            format::short_list(&names, 3)
        ));
    }
    if !unknown.is_empty() {
        parts.push(format!(
            "by {}, which are not recorded",
            unknown.join(" and ")
        ));
    }
    let opening = if parts.is_empty() {
        String::new()
    } else {
        format!("{}. ", parts.join("; "))
    };
    let ids: Vec<String> = missed
        .into_iter()
        .map(|(id, _)| id)
        .take(4)
        .chain(["e2".to_owned()])
        .collect();
    say(
        format!(
            "{opening}{} of tools, agents, other languages, your own prompts and filters.",
            if opening.is_empty() {
                "nothing is recorded"
            } else {
                "Nothing is recorded"
            }
        ),
        ids,
    )
}
