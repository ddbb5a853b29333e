//! The vendor against each other vendor, over all results and on shared prompts.

use caveat_analysis::result::{Comparability, Comparison, Estimate, PairOnPrompts};

use super::standing::word;
use super::{Against, Subject, below, paragraph, span_of_points};
use crate::compose::charts;
use crate::document::{Block, Cell, Column, ColumnKind, Prose, Row, Section, Sentence, Table};
use crate::findings::prompts::{self, Prompts};
use crate::format;
use crate::words::{bold_cell, cell, number_column, plain, say, text_column, why_not};

/// Rows of one table; the annex has all.
const MOST_ROWS: usize = 40;

/// A difference of this vendor from another in percentage points.
#[derive(Clone, Copy)]
struct Gap {
    value: f64,
    lower: f64,
    upper: f64,
}

impl Gap {
    /// Own minus other, where the estimate is higher minus lower.
    fn of(estimate: &Estimate, own_is_higher: bool) -> Gap {
        let (value, lower, upper) = (estimate.value.0, estimate.lower.0, estimate.upper.0);
        if own_is_higher {
            Gap {
                value,
                lower,
                upper,
            }
        } else {
            Gap {
                value: -value,
                lower: -upper,
                upper: -lower,
            }
        }
    }

    fn limits(self) -> String {
        format::span(
            &format::signed(self.lower, 1),
            &format::signed(self.upper, 1),
        )
    }

    fn drawn(self, heavy: bool) -> Cell {
        Cell::Interval {
            value: self.value,
            lower: self.lower,
            upper: self.upper,
            heavy,
        }
    }
}

pub(super) fn section(subject: &Subject<'_>) -> Section {
    let mut blocks = Vec::new();
    let comparisons: Vec<&Comparison> = subject.comparisons().collect();
    if comparisons.is_empty() {
        let text = if subject.provider.ranked {
            "Not compared: no other vendor has enough results.".to_owned()
        } else {
            format!(
                "Not compared: {} has fewer than {} results. Its rate and interval stand on the first page.",
                subject.name,
                subject.minimum()
            )
        };
        blocks.push(Block::Paragraph {
            sentences: vec![say(text, [subject.id.clone(), "e1".to_owned()])],
        });
    } else {
        blocks.push(Block::Table(over_all(subject, &comparisons)));
    }
    match subject.detail.pairs_on_prompts.as_result() {
        Ok(pairs) => blocks.push(Block::Table(on_shared(subject, pairs))),
        Err(_) if comparisons.is_empty() => {}
        Err(reason) => blocks.push(paragraph(format!(
            "Prompt by prompt: not estimable, because {}.",
            why_not(reason)
        ))),
    }
    super::section(
        "pairs",
        "Against each other vendor",
        vec![lead(subject)],
        blocks,
    )
}

fn lead(subject: &Subject<'_>) -> Sentence {
    let Some(pairs) = subject.detail.pairs_on_prompts.known() else {
        return match prompts::prompts(subject.facts) {
            Prompts::Stated { source } => say(
                format!(
                    "All vendors met the same prompts, by their source ({source}); the counts do not pair them."
                ),
                ["o1", "e1"],
            ),
            _ => plain(
                "Differences over all results mix the vendors with the prompts that each met.",
            ),
        };
    };
    let sure = |wanted: bool| {
        pairs
            .iter()
            .filter(|pair| pair.told_apart_on_common.known() == Some(&wanted))
            .count()
    };
    let (apart, open) = (sure(true), sure(false));
    let none = pairs.len() - apart - open;
    let mut text = match apart {
        0 if open == 0 => "On shared prompts no comparison can be made".to_owned(),
        0 => format!(
            "On the prompts that both met, {} can be told apart from {}",
            match open {
                1 => "the one vendor that can be compared cannot".to_owned(),
                n => format!("none of {} vendors", format::word(n)),
            },
            subject.name
        ),
        n => format!(
            "On the prompts that both met, {} of {} vendors can be told apart from {}",
            format::word(n),
            format::word(apart + open),
            subject.name
        ),
    };
    if open == 1 && apart == 0 {
        text = format!(
            "On the prompts that both met, the one vendor that can be compared cannot be told apart from {}",
            subject.name
        );
    }
    if none > 0 && apart + open > 0 {
        text.push_str(&format!(
            "; with {} too few prompts are shared",
            format::plural_word(none, "vendor", "vendors")
        ));
    }
    say(format!("{text}."), ["u1"])
}

/// A scale that holds zero and every limit, direction written under it.
fn column(gaps: &[Gap], width_mm: f64) -> Column {
    let limits: Vec<f64> = gaps.iter().flat_map(|gap| [gap.lower, gap.upper]).collect();
    let mut axis = charts::points(&limits, 1.0);
    axis.marks = vec![0.0];
    Column {
        header: "\u{2190} fewer \u{b7} more \u{2192}".to_owned(),
        kind: ColumnKind::Interval { axis },
        width_mm,
    }
}

fn over_all(subject: &Subject<'_>, comparisons: &[&Comparison]) -> Table {
    let facts = subject.facts;
    let own = &subject.provider.provider;
    let gap = |pair: &Comparison| Gap::of(&pair.difference_pp, pair.higher_provider == *own);
    let mut order: Vec<&Comparison> = comparisons.to_vec();
    // From the vendor with the lowest rate to that with the highest.
    order.sort_by(|a, b| gap(b).value.total_cmp(&gap(a).value));
    let left = order.len().saturating_sub(MOST_ROWS);
    let apart = order.iter().filter(|pair| pair.told_apart).count();
    let gaps: Vec<Gap> = order.iter().map(|pair| gap(pair)).collect();
    order.truncate(MOST_ROWS);
    let rows = order.iter().map(|pair| {
        let higher = pair.higher_provider == *own;
        let other = if higher {
            &pair.lower_provider
        } else {
            &pair.higher_provider
        };
        let gap = gap(pair);
        let against = match (pair.told_apart, higher) {
            (false, _) => Against::Open,
            (true, true) => Against::Lower,
            (true, false) => Against::Higher,
        };
        Row {
            cells: vec![
                cell(facts.vendor(other)),
                cell(
                    facts
                        .provider(other)
                        .map_or_else(|| "not recorded".to_owned(), |p| format::thousands(p.n)),
                ),
                cell(format::signed(gap.value, 1)),
                cell(gap.limits()),
                gap.drawn(pair.told_apart),
                word(against),
            ],
            strong: false,
        }
    });
    let all = comparisons.len();
    Table {
        id: "comparisons".to_owned(),
        number: None,
        title: Some(match apart {
            0 if all == 1 => "Over all results the difference is not established".to_owned(),
            0 => format!(
                "Over all results none of {} differences is established",
                format::word(all)
            ),
            n if n == all && all == 1 => {
                "Over all results the difference is established".to_owned()
            }
            n => format!(
                "Over all results {} of {} differences {} established",
                format::word(n),
                format::word(all),
                if n == 1 { "is" } else { "are" }
            ),
        }),
        subtitle: Some(format!(
            "{} minus the other vendor, in points of the pooled rate; {} results here",
            subject.name,
            format::thousands(subject.provider.n)
        )),
        columns: vec![
            text_column("Vendor", 36.0),
            number_column("Its results", 20.0),
            number_column("Points", 15.0),
            number_column("Interval", 29.0),
            column(&gaps, 36.0),
            text_column("Other vendor is", 34.0),
        ],
        rows: rows.collect(),
        more: (left > 0).then(|| {
            format!(
                "{} more in the annex, list comparisons.",
                format::count(left)
            )
        }),
        note: vec![say(
            format!(
                "Newcombe intervals, adjusted so that all {} of the report hold at once; {}.",
                format::plural(facts.analysis().comparisons.len(), "pair", "pairs"),
                prompts::clause(facts)
            ),
            ["c1", "o1"],
        )],
    }
}

fn on_shared(subject: &Subject<'_>, pairs: &[PairOnPrompts]) -> Table {
    let facts = subject.facts;
    let own = &subject.provider.provider;
    let gap = |pair: &PairOnPrompts| {
        let estimate = pair.on_common_pp.known()?;
        Some(Gap::of(estimate, pair.higher == *own))
    };
    let mut order: Vec<&PairOnPrompts> = pairs.iter().collect();
    order.sort_by(|a, b| {
        b.common_prompts
            .cmp(&a.common_prompts)
            .then_with(|| (&a.lower, &a.higher).cmp(&(&b.lower, &b.higher)))
    });
    let left = order.len().saturating_sub(MOST_ROWS);
    order.truncate(MOST_ROWS);
    let comparable: Vec<Gap> = order
        .iter()
        .filter(|pair| is_comparable(pair))
        .filter_map(|pair| gap(pair))
        .collect();
    let drawn = !comparable.is_empty();
    let rows = order.iter().map(|pair| {
        let higher = pair.higher == *own;
        let other = if higher { &pair.lower } else { &pair.higher };
        let found = gap(pair).filter(|_| is_comparable(pair));
        let missing = || "not tested".to_owned();
        let told = found.is_some() && pair.told_apart_on_common.known() == Some(&true);
        let mut cells = vec![
            cell(facts.vendor(other)),
            cell(if pair.common_prompts == 0 {
                "none".to_owned()
            } else {
                format::count(pair.common_prompts)
            }),
            cell(found.map_or_else(missing, |gap| format::signed(gap.value, 1))),
            cell(found.map_or_else(missing, Gap::limits)),
        ];
        if drawn {
            cells.push(found.map_or(Cell::NotDrawn, |gap| gap.drawn(told)));
        }
        cells.push(match found {
            None if is_comparable(pair) => cell("not estimable"),
            None => cell("not compared"),
            Some(gap) if told && gap.value > 0.0 => bold_cell("lower"),
            Some(_) if told => bold_cell("higher"),
            Some(_) => cell("cannot be told apart"),
        });
        Row {
            cells,
            strong: false,
        }
    });
    let mut columns = vec![
        text_column("Vendor", 36.0),
        number_column("Shared prompts", 26.0),
        number_column("Points", 17.0),
        number_column("Interval", 27.0),
    ];
    if drawn {
        columns.push(column(&comparable, 30.0));
    }
    columns.push(text_column("Other vendor is", 34.0));
    Table {
        id: "shared-prompts".to_owned(),
        number: None,
        title: Some(shared_title(subject, pairs)),
        subtitle: Some(format!(
            "{} minus the other vendor, in points of the mean rate per prompt that both met",
            subject.name
        )),
        columns,
        rows: rows.collect(),
        more: (left > 0).then(|| {
            format!(
                "{} more in the annex, list pairs_on_prompts.",
                format::count(left)
            )
        }),
        note: shared_note(subject, pairs),
    }
}

fn is_comparable(pair: &PairOnPrompts) -> bool {
    pair.comparability != Comparability::NotComparable
}

fn shared_title(subject: &Subject<'_>, pairs: &[PairOnPrompts]) -> String {
    let comparable = pairs.iter().filter(|pair| is_comparable(pair)).count();
    let apart = pairs
        .iter()
        .filter(|p| is_comparable(p) && p.told_apart_on_common.known() == Some(&true))
        .count();
    match (comparable, apart) {
        (0, _) => format!(
            "No other vendor shares enough prompts with {}",
            subject.name
        ),
        (_, 0) => "On shared prompts no difference is established".to_owned(),
        (n, m) => format!(
            "On shared prompts {} of {} differences {} established",
            format::word(m),
            format::word(n),
            if m == 1 { "is" } else { "are" }
        ),
    }
}

fn shared_note(subject: &Subject<'_>, pairs: &[PairOnPrompts]) -> Prose {
    let fewest = caveat_analysis::result::ComparabilityRule::default().fewest_common_prompts;
    let mut note = vec![say(
        format!(
            "Student\u{2019}s t intervals over prompts, adjusted for all pairs of the report. Fewer than {} shared prompts: not compared.",
            format::word(fewest)
        ),
        ["u1"],
    )];
    let reversed: Vec<(usize, &PairOnPrompts)> = pairs
        .iter()
        .enumerate()
        .filter(|(_, pair)| is_comparable(pair) && pair.reversed.known() == Some(&true))
        .collect();
    if !reversed.is_empty() {
        let own = &subject.provider.provider;
        let names: Vec<String> = reversed
            .iter()
            .map(|(_, pair)| {
                let other = if pair.higher == *own {
                    &pair.lower
                } else {
                    &pair.higher
                };
                subject.facts.vendor(other)
            })
            .collect();
        note.push(say(
            format!(
                "The order of the two rates turns on the shared prompts for {}.",
                format::short_list(&names, 4)
            ),
            reversed.iter().map(|(place, _)| below("u", *place)),
        ));
    }
    note
}

/// What is not comparable, for the panel of the first page.
pub(super) fn not_comparable(subject: &Subject<'_>) -> Sentence {
    let facts = subject.facts;
    if !subject.provider.ranked {
        return say(
            format!(
                "with fewer than {} results it is not compared with any vendor.",
                subject.minimum()
            ),
            ["e1", &subject.id],
        );
    }
    if let Some(pairs) = subject.detail.pairs_on_prompts.known() {
        let none = pairs.iter().filter(|pair| !is_comparable(pair)).count();
        let all = pairs.len();
        let same = pairs
            .iter()
            .filter(|pair| pair.comparability == Comparability::Comparable)
            .count();
        let text = match (none, same) {
            (0, n) if n == all => {
                "nothing; every ranked vendor met nearly the same prompts.".to_owned()
            }
            (0, _) => {
                "all ranked vendors share prompts with it; no rank rests on them alone.".to_owned()
            }
            (n, _) => format!(
                "{} too few prompts with it.",
                format::part_of(
                    n,
                    all,
                    ["other vendor", "other vendors"],
                    ["shares", "share"]
                )
            ),
        };
        return say(text, ["u1"]);
    }
    match prompts::prompts(facts) {
        Prompts::Stated { .. } => say(
            "prompt by prompt nothing: the counts do not say which verdict belongs to which prompt.",
            ["o1", "e1"],
        ),
        _ => say(
            "whether the vendors met the same prompts cannot be checked from these data.",
            ["o1"],
        ),
    }
}

/// The whole span of a difference in words, for questions.
pub(super) fn span(estimate: &Estimate) -> String {
    span_of_points(estimate)
}
