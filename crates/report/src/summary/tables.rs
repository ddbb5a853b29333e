//! Fields 7 and 8: rates with their intervals, harm categories tested and not tested.

use caveat_analysis::Quantity;
use caveat_analysis::result::Estimate;

use super::annex::{CategoryResult, ResultRow};
use super::document::Field;
use super::results::{MEASURES, count_of, rate_of};
use super::{Form, field, name};
use crate::definition::summary::Measure;
use crate::document::{Block, Cell, Prose, Row, Table};
use crate::evidence::numbered;
use crate::words::{cell, number_column, say, text_column};

/// Lines of rates of vendors and of models together that six pages have room for.
const MOST_LINES: usize = 60;
/// Of these, lines of vendors.
const VENDOR_LINES: usize = 40;
/// Characters of a name that stand on one line of its column.
const ONE_LINE: usize = 26;
/// Categories up to which they stand in a table.
const MOST_TABLED: usize = 14;
/// Categories that are named in a sentence.
const MOST_NAMED: usize = 44;

/// Field 7 with its three parts.
pub(super) fn results(form: &Form<'_>) -> Vec<Field> {
    let lead = vec![
        form.say("results.lead", &[("level", &form.level())], &["e1"]),
        not_recorded(form),
    ];
    let (vendors, used) = by_vendor(form);
    let models = by_model(form, room(form).saturating_sub(used));
    vec![
        field(form, "7", "results", "label.results", lead, Vec::new()),
        field(
            form,
            "7a",
            "results-pooled",
            "label.pooled",
            Vec::new(),
            vec![Block::Table(pooled(form))],
        ),
        field(
            form,
            "7b",
            "results-vendors",
            "label.vendors",
            Vec::new(),
            vec![Block::Table(vendors)],
        ),
        field(
            form,
            "7c",
            "results-models",
            "label.models",
            Vec::new(),
            vec![Block::Table(models)],
        ),
    ]
}

/// Lines that the user's decisions leave.
fn room(form: &Form<'_>) -> usize {
    MOST_LINES - form.decisions.len().min(super::closing::MOST_DECISIONS)
}

/// How many rows fit into so many lines, and the lines that they take.
fn fitting(rows: &[(String, &ResultRow)], lines: usize) -> (usize, usize) {
    let mut used = 0;
    for (place, (name, _)) in rows.iter().enumerate() {
        let own = if name.chars().count() > ONE_LINE {
            2
        } else {
            1
        };
        if used + own > lines {
            return (place, used);
        }
        used += own;
    }
    (rows.len(), used)
}

/// Which measures the corpus cannot tell, and why.
fn not_recorded(form: &Form<'_>) -> crate::document::Sentence {
    let missing: Vec<String> = MEASURES
        .into_iter()
        .filter(|measure| !form.results.recorded.contains(measure))
        .map(|measure| measure_name(form, measure))
        .collect();
    if missing.is_empty() {
        return form.say("results.all_recorded", &[], &["j4"]);
    }
    let names = form.language.list(&missing);
    form.say("results.not_recorded", &[("names", &names)], &["a1", "j4"])
}

/// The name of a measure.
pub(super) fn measure_name(form: &Form<'_>, measure: Measure) -> String {
    form.t(match measure {
        Measure::Strict => "measure.strict",
        Measure::Broad => "measure.broad",
        Measure::FunctionallyDangerous => "measure.dangerous",
        Measure::Refusal => "measure.refusal",
    })
}

/// A rate with its interval, or why there is none.
fn rate(form: &Form<'_>, row: &ResultRow, measure: Measure) -> String {
    match rate_of(row, measure) {
        Quantity::Known(rate) => form.rate_cell(rate),
        Quantity::Absent(_) if !form.results.recorded.contains(&measure) => {
            form.t("word.not_recorded")
        }
        Quantity::Absent(_) => form.t("word.not_tested"),
    }
}

fn pooled(form: &Form<'_>) -> Table {
    let language = form.language;
    let row = &form.results.pooled;
    let rows = MEASURES.into_iter().map(|measure| {
        let recorded = form.results.recorded.contains(&measure);
        let known = rate_of(row, measure).known();
        let or_missing = |text: Option<String>| {
            let missing = if recorded {
                "word.not_tested"
            } else {
                "word.not_recorded"
            };
            cell(text.unwrap_or_else(|| form.t(missing)))
        };
        let span = |rate: &Estimate| {
            language.span(&language.cell(rate.lower.0), &language.cell(rate.upper.0))
        };
        Row {
            cells: vec![
                cell(measure_name(form, measure)),
                or_missing(recorded.then(|| language.whole(count_of(&row.counts, measure)))),
                cell(language.whole(row.counts.n)),
                or_missing(known.map(|rate| language.cell(rate.value.0))),
                or_missing(known.map(span)),
            ],
            strong: false,
        }
    });
    Table {
        id: "results-pooled".to_owned(),
        number: None,
        title: None,
        subtitle: None,
        columns: vec![
            text_column(&form.t("column.measure"), 60.0),
            number_column(&form.t("column.count"), 26.0),
            number_column(&form.t("column.evaluable"), 26.0),
            number_column(&form.t("column.rate"), 24.0),
            number_column(
                &form.f("column.interval", &[("level", &form.level())]),
                34.0,
            ),
        ],
        rows: rows.collect(),
        more: None,
        note: vec![form.say("results.pooled_note", &[], &["j1"])],
    }
}

/// The vendors, and the lines that they take.
fn by_vendor(form: &Form<'_>) -> (Table, usize) {
    let facts = form.facts;
    let mut order: Vec<(usize, String, &ResultRow)> = form
        .results
        .vendors
        .iter()
        .enumerate()
        .map(|(place, row)| (place, name(&facts.vendor(&row.name)), row))
        .collect();
    order.sort_by(|a, b| {
        a.1.to_lowercase()
            .cmp(&b.1.to_lowercase())
            .then(a.0.cmp(&b.0))
    });
    let rows: Vec<(String, &ResultRow)> = order
        .into_iter()
        .map(|(_, name, row)| (name, row))
        .collect();
    let (shown, used) = fitting(&rows, VENDOR_LINES);
    let ids: Vec<String> = (0..form.results.vendors.len())
        .map(|place| numbered("r", place))
        .collect();
    let mut note: Prose = vec![say(
        form.t("results.vendors_note"),
        ids.into_iter().chain(["j2".to_owned()]),
    )];
    if !facts.unranked().is_empty() {
        let minimum = form.minimum();
        note.push(form.say("results.few", &[("min", &minimum)], &["e1"]));
    }
    let id = "results-vendors";
    let table = rates(form, id, "column.vendor", &rows, shown, note);
    (table, used)
}

fn by_model(form: &Form<'_>, lines: usize) -> Table {
    let facts = form.facts;
    let mut order: Vec<(String, String, usize, &ResultRow)> = form
        .results
        .models
        .iter()
        .enumerate()
        .map(|(place, row)| {
            let vendor = facts.analysis().models.get(place);
            let vendor = vendor.map_or_else(String::new, |model| facts.vendor(&model.provider));
            (vendor, name(facts.model(place)), place, row)
        })
        .collect();
    order.sort_by(|a, b| {
        let key = |one: &(String, String, usize, &ResultRow)| {
            (one.0.to_lowercase(), one.1.to_lowercase(), one.2)
        };
        key(a).cmp(&key(b))
    });
    let rows: Vec<(String, &ResultRow)> = order
        .into_iter()
        .map(|(_, name, _, row)| (name, row))
        .collect();
    let note = vec![form.say("results.models_note", &[], &["j3"])];
    let (shown, _) = fitting(&rows, lines);
    rates(form, "results-models", "column.model", &rows, shown, note)
}

/// A table of rates under every measure.
fn rates(
    form: &Form<'_>,
    id: &str,
    what: &str,
    all: &[(String, &ResultRow)],
    most: usize,
    note: Prose,
) -> Table {
    let minimum = form.facts.definition().analysis.ranking_min_n;
    let mark_few = id == "results-vendors";
    let rows = all.iter().take(most).map(|(name, row)| {
        let few = mark_few && row.counts.n < minimum;
        let shown = if few {
            format!("{name} \u{b9}")
        } else {
            name.clone()
        };
        let mut cells: Vec<Cell> = vec![cell(shown), cell(form.language.whole(row.counts.n))];
        cells.extend(MEASURES.map(|measure| cell(rate(form, row, measure))));
        Row {
            cells,
            strong: false,
        }
    });
    let rows: Vec<Row> = rows.collect();
    let rows = if rows.is_empty() {
        let none = || cell(form.t("word.not_tested"));
        vec![Row {
            cells: (0..6).map(|_| none()).collect(),
            strong: false,
        }]
    } else {
        rows
    };
    let left = all.len().saturating_sub(most);
    let mut columns = vec![
        text_column(&form.t(what), 42.0),
        number_column(&form.t("column.evaluable"), 18.0),
    ];
    columns.extend(
        [
            "column.strict",
            "column.broad",
            "column.dangerous",
            "column.refusal",
        ]
        .map(|key| number_column(&form.t(key), 27.5)),
    );
    Table {
        id: id.to_owned(),
        number: None,
        title: None,
        subtitle: None,
        columns,
        rows,
        more: (left > 0).then(|| {
            let list = if mark_few {
                "results/vendors"
            } else {
                "results/models"
            };
            form.f(
                "tables.more",
                &[("n", &form.language.count(left)), ("list", list)],
            )
        }),
        note,
    }
}

/// Field 8.
pub(super) fn harms(form: &Form<'_>) -> Field {
    let Some(all) = form.harms.known() else {
        let lead = vec![form.say("harms.not_recorded", &[], &["h1"])];
        return field(form, "8", "harms", "label.harms", lead, Vec::new());
    };
    let (tested, missed): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.n > 0);
    let language = form.language;
    let counts = [language.count(tested.len()), language.count(all.len())];
    let [k, n] = &counts;
    let mut lead = vec![form.say("harms.lead", &[("k", k), ("n", n)], &["h1"])];
    if missed.is_empty() {
        lead.push(form.say("harms.all_tested", &[], &["h1"]));
    } else {
        let names: Vec<String> = missed.iter().map(|one| name(&one.label)).collect();
        let names = language.short_list(&names, MOST_NAMED);
        lead.push(form.say("harms.missed", &[("names", &names)], &["h1"]));
    }
    let vendors = form.facts.analysis().providers.len();
    let gaps: Vec<String> = tested
        .iter()
        .filter(|one| one.vendors < vendors)
        .map(|one| name(&one.label))
        .collect();
    lead.push(if gaps.is_empty() {
        form.say("harms.no_gaps", &[], &["h1"])
    } else {
        let names = language.short_list(&gaps, 8);
        form.say("harms.gaps", &[("names", &names)], &["h1"])
    });
    lead.push(form.say("harms.beyond", &[], &[]));
    let blocks = if all.len() <= MOST_TABLED {
        vec![Block::Table(harm_table(form, all))]
    } else {
        let names: Vec<String> = tested
            .iter()
            .map(|one| format!("{} ({})", name(&one.label), language.whole(one.n)))
            .collect();
        let names = language.short_list(&names, MOST_NAMED);
        vec![Block::Paragraph {
            sentences: vec![form.say("harms.named", &[("names", &names)], &["h1"])],
        }]
    };
    field(form, "8", "harms", "label.harms", lead, blocks)
}

fn harm_table(form: &Form<'_>, all: &[CategoryResult]) -> Table {
    let language = form.language;
    let vendors = language.count(form.facts.analysis().providers.len());
    let rows = all.iter().map(|one| {
        let known = one.rate.known();
        let missing = || form.t("word.not_tested");
        Row {
            cells: vec![
                cell(name(&one.label)),
                cell(if one.n == 0 {
                    missing()
                } else {
                    language.whole(one.n)
                }),
                cell(known.map_or_else(missing, |rate| form.rate_cell(rate))),
                cell(form.f(
                    "harms.of_vendors",
                    &[("k", &language.count(one.vendors)), ("n", &vendors)],
                )),
            ],
            strong: false,
        }
    });
    Table {
        id: "harm-categories".to_owned(),
        number: None,
        title: None,
        subtitle: None,
        columns: vec![
            text_column(&form.t("column.category"), 70.0),
            number_column(&form.t("column.evaluable"), 26.0),
            number_column(&form.t("column.own_rate"), 44.0),
            number_column(&form.t("column.vendors_met"), 30.0),
        ],
        rows: rows.collect(),
        more: None,
        note: vec![form.say("harms.note", &[], &["h1"])],
    }
}
