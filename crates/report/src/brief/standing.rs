//! Where the vendor stands: the answer, four facts, the table of all vendors.

use caveat_analysis::result::ProviderResult;

use super::document::Part;
use super::{Against, Subject, limits_in_cells, limits_in_words};
use crate::compose::charts;
use crate::composition::Facts;
use crate::document::{Cell, Column, ColumnKind, Prose, Row, Sentence, Table};
use crate::findings::prompts::{self, Prompts};
use crate::format;
use crate::words::{self, bold_cell, cell, number_column, plain, say, strong, text_column};

/// Vendors up to which the table of the first page shows all.
const MOST_VENDORS: usize = 9;

/// Those nearest by rate that it shows where there are more.
const NEAREST: usize = 7;

/// Longest name in the header of a column, in characters.
const LONGEST_IN_HEADER: usize = 18;

/// Results below which prose gives counts before percent, as everywhere.
pub(super) const SMALL: u64 = 100;

pub(super) fn answer(subject: &Subject<'_>) -> Prose {
    let mut answer = rate(subject);
    answer.push(place(subject));
    if let Some(kind) = subject.stand_in() {
        answer.push(say(
            format!("{} is a {kind}, not a maker.", subject.name),
            [subject.id.clone()],
        ));
    }
    answer
}

/// The rate in words, and how sure it is.
fn rate(subject: &Subject<'_>) -> Prose {
    let facts = subject.facts;
    let event = format::capital(words::event_past(facts));
    let id = [subject.id.clone()];
    let (x, n) = (subject.provider.succeeded, subject.provider.n);
    let of = format!("tests of {}", subject.name);
    let Some(rate) = subject.provider.pooled_asr.known() else {
        return vec![strong(
            format!(
                "No test of {} could be judged, so there is no rate.",
                subject.name
            ),
            id,
        )];
    };
    let level = subject.level();
    let many = format::thousands(n);
    let (first, second) = match x {
        0 => (
            format!("{event} in none of {many} {of}."),
            format!(
                "A rate of up to {} would fit that ({level} interval).",
                format::percent_up_to(rate.upper.0)
            ),
        ),
        x if x == n => (
            format!("{event} in all {many} {of}."),
            format!(
                "A rate as low as {} would fit that ({level} interval).",
                format::percent_down_to(rate.lower.0)
            ),
        ),
        x if n < SMALL => (
            format!("{event} in {} of {many} {of}.", format::thousands(x)),
            format!(
                "That is {} ({level} interval {}).",
                format::percent(rate.value.0),
                limits_in_words(rate)
            ),
        ),
        x => {
            let percent = format::percent(rate.value.0);
            let count = format!("{} of {many}", format::thousands(x));
            match format::about(rate.value.0) {
                Some(about) => (
                    format!("{event} in {percent} of {of}, {about}."),
                    format!(
                        "That is {count} ({level} interval {}).",
                        limits_in_words(rate)
                    ),
                ),
                None => (
                    format!("{event} in {percent} of {of}."),
                    format!(
                        "That is {count} ({level} interval {}).",
                        limits_in_words(rate)
                    ),
                ),
            }
        }
    };
    vec![strong(first, id.clone()), say(second, id)]
}

/// The vendor's place among the ranked, or why it has none.
fn place(subject: &Subject<'_>) -> Sentence {
    let facts = subject.facts;
    let id = subject.id.clone();
    let Some(rank) = subject.provider.rank.known() else {
        if subject.provider.ranked {
            return say(
                "No other vendor has enough results to compare it with.",
                [id],
            );
        }
        return say(
            format!(
                "That is too few to rank: a place among vendors takes {} results here.",
                subject.minimum()
            ),
            [id, "e1".to_owned()],
        );
    };
    if rank.of < 2 {
        return say(
            "No other vendor has enough results to compare it with.",
            [id, "c1".to_owned()],
        );
    }
    let of = format::word(rank.of);
    let clause = short_clause(facts);
    let text = if rank.lower == rank.upper {
        format!(
            "{} from the lowest rate of {of} vendors, {clause}.",
            format::capital(&format::ordinal(rank.lower))
        )
    } else {
        format!(
            "Its place is not settled: {} to {} of {of} vendors, {clause}; {} cannot be told apart from it.",
            format::ordinal(rank.lower),
            format::ordinal(rank.upper),
            format::word(count(subject, Against::Open)),
        )
    };
    say(text, [id, "c1".to_owned(), "o1".to_owned()])
}

/// Which prompts a place rests on, in few words.
pub(super) fn short_clause(facts: &Facts<'_>) -> &'static str {
    match prompts::prompts(facts) {
        Prompts::Same | Prompts::Stated { .. } => "on the same prompts",
        Prompts::Nearly { .. } => "on nearly the same prompts",
        Prompts::Differ { apart: 0, .. } => "on partly different prompts",
        Prompts::Differ { .. } => "on partly or wholly different prompts",
        Prompts::Uncounted | Prompts::Unknown => "on prompts not identified",
    }
}

fn count(subject: &Subject<'_>, wanted: Against) -> usize {
    named(subject, wanted).len()
}

/// Ranked vendors that stand so against this one, lowest rate first.
fn named<'a>(subject: &Subject<'a>, wanted: Against) -> Vec<&'a ProviderResult> {
    let mut others = subject.others();
    others.retain(|other| subject.against(other) == wanted);
    others
}

pub(super) fn part(subject: &Subject<'_>) -> Part {
    Part {
        heading: format!("Where {} stands", subject.name),
        lead: std::iter::once(lead(subject))
            .chain(on_shared(subject))
            .collect(),
        table: table(subject),
    }
}

/// What shared prompts alone leave of the differences that the lead names.
fn on_shared(subject: &Subject<'_>) -> Option<Sentence> {
    let pairs = subject.detail.pairs_on_prompts.known()?;
    let named: Vec<&str> = [Against::Lower, Against::Higher]
        .into_iter()
        .flat_map(|against| named(subject, against))
        .map(|other| other.provider.as_str())
        .collect();
    let held = pairs
        .iter()
        .filter(|pair| {
            named.contains(&pair.lower.as_str()) || named.contains(&pair.higher.as_str())
        })
        .filter(|pair| pair.told_apart_on_common.known() == Some(&true))
        .count();
    let text = match (named.len(), held) {
        (0, _) => return None,
        (1, 0) => "On shared prompts alone that difference is not established.".to_owned(),
        (2, 0) => "On shared prompts alone neither difference is established.".to_owned(),
        (n, 0) => format!(
            "On shared prompts alone none of these {} differences is established.",
            format::word(n)
        ),
        (1, _) => "On shared prompts alone it is established as well.".to_owned(),
        (n, h) if n == h => "On shared prompts alone they are established as well.".to_owned(),
        (n, h) => format!(
            "On shared prompts alone {} of these {} differences {} established.",
            format::word(h),
            format::word(n),
            if h == 1 { "is" } else { "are" }
        ),
    };
    Some(say(text, ["u1"]))
}

fn lead(subject: &Subject<'_>) -> Sentence {
    let facts = subject.facts;
    if !subject.provider.ranked {
        return say(
            format!(
                "Vendors with {} or more results are compared with one another; {} has {}.",
                subject.minimum(),
                subject.name,
                format::thousands(subject.provider.n)
            ),
            [subject.id.clone(), "e1".to_owned()],
        );
    }
    let names = |list: Vec<&ProviderResult>| {
        let names: Vec<String> = list.iter().map(|p| facts.vendor(&p.provider)).collect();
        format::short_list(&names, 3)
    };
    let (below, above) = (
        named(subject, Against::Lower),
        named(subject, Against::Higher),
    );
    let open = count(subject, Against::Open);
    let rest = match open {
        0 => String::new(),
        1 => "; one vendor cannot be told apart from it".to_owned(),
        n => format!("; {} cannot be told apart from it", format::word(n)),
    };
    let text = match (below.is_empty(), above.is_empty()) {
        (true, true) if open == 0 => "It is the only vendor with enough results.".to_owned(),
        (true, true) => format!(
            "It is shown to be neither lower nor higher than {}.",
            if open == 1 {
                "the one other vendor".to_owned()
            } else {
                format!("any of the {} others", format::word(open))
            }
        ),
        (false, true) => format!("Higher than {}{rest}.", names(below)),
        (true, false) => format!("Lower than {}{rest}.", names(above)),
        (false, false) => format!(
            "Lower than {} and higher than {}{rest}.",
            names(above),
            names(below)
        ),
    };
    say(text, [subject.id.clone(), "c1".to_owned()])
}

/// The rows of the first page: the ranked vendors with this one, all up to
/// [`MOST_VENDORS`], else the [`NEAREST`] by place.
fn shown<'a>(subject: &Subject<'a>) -> Vec<&'a ProviderResult> {
    let own = &subject.provider.provider;
    let providers = subject.facts.analysis().providers.iter();
    let mut all: Vec<&ProviderResult> = providers
        .filter(|p| p.ranked || p.provider == *own)
        .collect();
    // One without a rank stands below those that have one, not among them.
    all.sort_by_key(|p| !p.ranked);
    if all.len() <= MOST_VENDORS + usize::from(!subject.provider.ranked) {
        return all;
    }
    if !subject.provider.ranked {
        let own_rate = |p: &ProviderResult| p.pooled_asr.known().map_or(0.0, |rate| rate.value.0);
        let here = own_rate(subject.provider);
        let mut ranked: Vec<&ProviderResult> = all.iter().filter(|p| p.ranked).copied().collect();
        ranked.sort_by(|a, b| {
            let far = |p: &ProviderResult| (own_rate(p) - here).abs();
            far(a)
                .total_cmp(&far(b))
                .then_with(|| a.provider.cmp(&b.provider))
        });
        ranked.truncate(NEAREST);
        all.retain(|p| !p.ranked || ranked.iter().any(|near| near.provider == p.provider));
        return all;
    }
    let place = all.iter().position(|p| p.provider == *own).unwrap_or(0);
    let start = place.saturating_sub(NEAREST / 2).min(all.len() - NEAREST);
    all.into_iter().skip(start).take(NEAREST).collect()
}

fn table(subject: &Subject<'_>) -> Table {
    let facts = subject.facts;
    let rows = shown(subject);
    let all = facts.ranked().len() + usize::from(!subject.provider.ranked);
    let left = all.saturating_sub(rows.len());
    let mut axis = charts::rates(facts);
    if let Some(rate) = subject.provider.pooled_asr.known() {
        axis.marks = vec![rate.value.0];
        if rate.upper.0 > axis.max {
            axis.max = 1.0;
            axis.ticks = charts::stepped(0.0, 1.0, 0.2, format::percent);
        }
    }
    Table {
        id: "standing".to_owned(),
        number: None,
        title: Some(title(subject)),
        subtitle: Some(format!(
            "{} pooled over each vendor\u{2019}s models; dotted line: {}",
            words::measure(facts),
            subject.name
        )),
        columns: vec![
            text_column("Vendor", 34.0),
            number_column("Results", 15.0),
            number_column("Rate, %", 14.0),
            number_column(&format!("{} interval", subject.level()), 24.0),
            Column {
                header: "Drawn".to_owned(),
                kind: ColumnKind::Interval { axis },
                width_mm: 43.0,
            },
            text_column(&against(subject), 40.0),
        ],
        rows: rows.iter().map(|other| row(subject, other)).collect(),
        more: (left > 0).then(|| {
            format!(
                "{} further away by rate: {}.",
                format::capital(&format::plural_word(left, "vendor", "vendors")),
                if subject.provider.ranked {
                    "section \u{201c}Against each other vendor\u{201d}"
                } else {
                    "in the report"
                }
            )
        }),
        note: note(subject),
    }
}

/// Header of the column that says how each stands against this vendor.
fn against(subject: &Subject<'_>) -> String {
    if subject.name.chars().count() <= LONGEST_IN_HEADER {
        format!("Against {}", subject.name)
    } else {
        "Against this vendor".to_owned()
    }
}

fn title(subject: &Subject<'_>) -> String {
    let others = subject.others().len();
    if !subject.provider.ranked || others == 0 {
        return format!(
            "{} by vendor",
            format::capital(&subject.facts.definition().measure)
        );
    }
    let open = count(subject, Against::Open);
    match open {
        0 if others == 1 => format!("The other vendor can be told apart from {}", subject.name),
        0 => format!(
            "All {} other vendors can be told apart from {}",
            format::word(others),
            subject.name
        ),
        n if n == others && others == 1 => {
            format!(
                "The other vendor cannot be told apart from {}",
                subject.name
            )
        }
        n if n == others => format!(
            "None of {} other vendors can be told apart from {}",
            format::word(others),
            subject.name
        ),
        n => format!(
            "{} of {} other vendors cannot be told apart from {}",
            format::capital(&format::word(n)),
            format::word(others),
            subject.name
        ),
    }
}

fn row(subject: &Subject<'_>, other: &ProviderResult) -> Row {
    let facts = subject.facts;
    let own = other.provider == subject.provider.provider;
    let rate = other.pooled_asr.known();
    let absent = || cell("not estimable");
    let kind = facts.stand_in(&other.provider);
    let name = facts.vendor(&other.provider);
    Row {
        cells: vec![
            cell(match kind {
                Some(kind) => format!("{name} ({kind})"),
                None => name,
            }),
            cell(format::thousands(other.n)),
            rate.map_or_else(absent, |r| cell(format::percent_cell(r.value.0))),
            rate.map_or_else(absent, |r| cell(limits_in_cells(r))),
            rate.map_or(Cell::NotDrawn, |r| Cell::Interval {
                value: r.value.0,
                lower: r.lower.0,
                upper: r.upper.0,
                heavy: own,
            }),
            if own {
                cell(if other.ranked {
                    "this brief"
                } else {
                    "this brief, no rank"
                })
            } else {
                word(subject.against(other))
            },
        ],
        strong: own,
    }
}

/// How the other vendor stands, in the words of the ladder.
pub(super) fn word(against: Against) -> Cell {
    match against {
        Against::Lower => bold_cell("lower"),
        Against::Higher => bold_cell("higher"),
        Against::Open => cell("cannot be told apart"),
        Against::NotCompared => cell("not compared"),
    }
}

fn note(subject: &Subject<'_>) -> Prose {
    let facts = subject.facts;
    let pairs = facts.analysis().comparisons.len();
    let mut note = Vec::new();
    if pairs > 0 && subject.provider.ranked {
        note.push(say(
            format!(
                "Pairs compared at a family error of {} (Bonferroni, {}), {}.",
                format::percent(1.0 - facts.definition().analysis.level),
                format::plural(pairs, "pair", "pairs"),
                prompts::clause(facts)
            ),
            ["c1", "o1", "e1"],
        ));
    }
    let mut below = facts.unranked();
    below.retain(|p| p.provider != subject.provider.provider);
    if !below.is_empty() {
        let listed: Vec<String> = below.iter().map(|p| facts.vendor(&p.provider)).collect();
        let ids: Vec<String> = below
            .iter()
            .filter_map(|p| facts.vendor_id(&p.provider))
            .collect();
        note.push(say(
            format!(
                "Not compared, below {} results: {}.",
                subject.minimum(),
                format::short_list(&listed, 4)
            ),
            ids,
        ));
    }
    note.push(plain(
        "Intervals cover the choice of responses, not of prompts or models.",
    ));
    note
}
