//! Which vendors can be told apart: the ranking with rank ranges and ties.

use caveat_analysis::result::ProviderResult;

use super::charts;
use crate::composition::Facts;
use crate::definition::Topic;
use crate::document::{Block, Cell, Column, ColumnKind, Prose, Row, Section, Table, TieMark};
use crate::findings::apart::{separated_above, separated_below, standing, told_apart};
use crate::format;
use crate::words::{self, cell, number_column, plain, say, text_column};

/// Most groups that are drawn as lettered bars; with more, a column counts ties.
const MOST_LETTERS: usize = 6;

/// Millimetres that one lettered bar takes.
const LETTER_MM: f64 = 5.0;

/// Width of the tie column that its header needs.
const TIED_MM: f64 = 13.0;

pub(super) fn section(facts: &Facts<'_>) -> Option<Section> {
    let ranked = facts.ranked();
    let mut blocks = if ranked.is_empty() {
        vec![Block::Paragraph {
            sentences: note_on_unranked(facts),
        }]
    } else {
        std::iter::once(table(facts, &ranked))
            .chain(super::ranks::table(facts))
            .map(Block::Table)
            .collect()
    };
    blocks.extend(super::context(facts, Topic::Prompts));
    Some(super::section(
        "vendors",
        "Which vendors can be told apart",
        lead(facts),
        blocks,
    ))
}

fn lead(facts: &Facts<'_>) -> Prose {
    let ranked = facts.ranked().len();
    let pairs = facts.analysis().comparisons.len();
    if ranked < 2 {
        let minimum = facts.definition().analysis.ranking_min_n;
        return vec![say(
            format!(
                "Fewer than two vendors have {} evaluable results, so nothing can be ranked.",
                format::thousands(minimum)
            ),
            ["e1"],
        )];
    }
    let told = told_apart(facts);
    let first = match told {
        0 if pairs == 1 => "The one pair of ranked vendors cannot be told apart.".to_owned(),
        0 => format!(
            "None of the {} can be told apart.",
            format::plural(pairs, "pair of vendors", "pairs of vendors")
        ),
        1 if pairs == 1 => "The one pair of ranked vendors can be told apart.".to_owned(),
        n if n == pairs => format!("All {} pairs can be told apart.", format::count(pairs)),
        n => format!(
            "Of {}, {} can be told apart once all are compared.",
            format::plural(pairs, "pair of vendors", "pairs of vendors"),
            format::word(n)
        ),
    };
    let wide = facts
        .ranked()
        .iter()
        .filter(|p| {
            p.rank
                .known()
                .is_some_and(|r| 2 * (r.upper - r.lower + 1) > r.of)
        })
        .count();
    let second = match wide {
        0 => "No vendor\u{2019}s rank is open over more than half of the places.".to_owned(),
        n => format!(
            "The rank of {} is open over more than half of the places.",
            format::plural_word(n, "vendor", "vendors")
        ),
    };
    vec![
        say(first, ["c1"]),
        say(second, ["c1"]),
        crate::findings::prompts::sentence(facts),
    ]
}

fn title(facts: &Facts<'_>) -> String {
    let (low, high) = (separated_below(facts), separated_above(facts));
    let names = |list: &[&ProviderResult]| {
        let names: Vec<String> = list.iter().map(|p| facts.vendor(&p.provider)).collect();
        format::short_list(&names, 2)
    };
    let verb = |list: &[&ProviderResult], one: &'static str, many: &'static str| {
        if list.len() == 1 { one } else { many }
    };
    let told = pairs(facts);
    let alone = [&low, &high].into_iter().all(|list| {
        let listed: Vec<&str> = list.iter().map(|p| p.provider.as_str()).collect();
        clear(&told, &listed)
    });
    match (low.is_empty(), high.is_empty()) {
        _ if facts.ranked().len() < 2 => by_vendor(facts),
        (false, false) if alone => format!(
            "{} {} apart at the low end, {} at the high end",
            names(&low),
            verb(&low, "stands", "stand"),
            names(&high)
        ),
        (false, false) => format!(
            "{} {} below most other vendors; {} {} above most",
            names(&low),
            verb(&low, "lies", "lie"),
            names(&high),
            verb(&high, "lies", "lie")
        ),
        (false, true) if alone => format!(
            "{} {} apart at the low end",
            names(&low),
            verb(&low, "stands", "stand")
        ),
        (false, true) => format!(
            "{} {} below most other vendors",
            names(&low),
            verb(&low, "lies", "lie")
        ),
        (true, false) if alone => format!(
            "{} {} apart at the high end",
            names(&high),
            verb(&high, "stands", "stand")
        ),
        (true, false) => format!(
            "{} {} above most other vendors",
            names(&high),
            verb(&high, "lies", "lie")
        ),
        (true, true) if told_apart(facts) == 0 => {
            format!(
                "{} can be told apart",
                crate::findings::apart::no_two(facts)
            )
        }
        (true, true) => by_vendor(facts),
    }
}

/// Two ranked vendors, and whether they are told apart.
type Pair<'a> = (&'a str, &'a str, bool);

fn pairs<'a>(facts: &Facts<'a>) -> Vec<Pair<'a>> {
    let all = facts.analysis().comparisons.iter();
    all.map(|pair| {
        (
            pair.lower_provider.as_str(),
            pair.higher_provider.as_str(),
            pair.told_apart,
        )
    })
    .collect()
}

/// Whether every vendor of the list is told apart from every ranked vendor
/// outside it.
fn clear(pairs: &[Pair<'_>], list: &[&str]) -> bool {
    pairs
        .iter()
        .all(|(low, high, told)| *told || list.contains(low) == list.contains(high))
}

/// Whether two vendors share a group exactly where they are not told apart;
/// the groups of very many vendors may leave out pairs.
fn complete(pairs: &[Pair<'_>], groups: &[&Vec<String>]) -> bool {
    pairs.iter().all(|(low, high, told)| {
        let has = |group: &Vec<String>, name: &str| group.iter().any(|member| member == name);
        groups
            .iter()
            .any(|group| has(group, low) && has(group, high))
            != *told
    })
}

fn by_vendor(facts: &Facts<'_>) -> String {
    format!("{} by vendor", format::capital(&facts.definition().measure))
}

fn table(facts: &Facts<'_>, ranked: &[&ProviderResult]) -> Table {
    let groups: Vec<&Vec<String>> = facts
        .analysis()
        .tie_groups
        .iter()
        .filter(|group| group.len() > 1)
        .collect();
    let lettered =
        !groups.is_empty() && groups.len() <= MOST_LETTERS && complete(&pairs(facts), &groups);
    // At most six letters; the conversion is exact.
    let ties_mm = if lettered {
        (LETTER_MM * groups.len() as f64).max(TIED_MM)
    } else {
        18.0
    };
    let level = words::level(facts);
    let marks = Marks::new(!stand_ins(facts, ranked).is_empty());
    let mut columns = vec![
        text_column("Vendor", 31.0),
        number_column("Models", 14.0),
        number_column("Results", 16.0),
        number_column("Rate, %", 14.0),
        number_column(&format!("{level} interval"), 25.0),
        Column {
            header: "Drawn".to_owned(),
            kind: ColumnKind::Interval {
                axis: charts::rates(facts),
            },
            width_mm: (170.0 - 114.0 - ties_mm).min(48.0),
        },
        number_column(&format!("Rank{}", marks.rank), 14.0),
    ];
    columns.push(if lettered {
        let letters = ('a'..='z').map(String::from).take(groups.len()).collect();
        Column {
            header: format!("Tied{}", marks.tied),
            kind: ColumnKind::Ties { letters },
            width_mm: ties_mm,
        }
    } else {
        number_column(&format!("Tied{}", marks.tied), ties_mm)
    });
    let members: Vec<Vec<bool>> = groups
        .iter()
        .map(|group| ranked.iter().map(|p| group.contains(&p.provider)).collect())
        .collect();
    let heavy: Vec<&str> = separated_below(facts)
        .into_iter()
        .chain(separated_above(facts))
        .map(|p| p.provider.as_str())
        .collect();
    let rows = ranked.iter().enumerate().map(|(place, provider)| {
        let marks: Vec<TieMark> = members.iter().map(|member| mark(member, place)).collect();
        let last = if lettered && marks.iter().all(|mark| *mark == TieMark::Absent) {
            cell("none")
        } else if lettered {
            Cell::Ties { marks }
        } else {
            cell(
                standing(&facts.analysis().comparisons, &provider.provider)
                    .open
                    .to_string(),
            )
        };
        vendor_row(
            facts,
            provider,
            heavy.contains(&provider.provider.as_str()),
            last,
        )
    });
    Table {
        id: "providers".to_owned(),
        number: None,
        title: Some(title(facts)),
        subtitle: Some(format!(
            "{} pooled over a vendor\u{2019}s models; {} or more evaluable results; heavy: lower than most others, or higher than most",
            words::measure(facts),
            format::thousands(facts.definition().analysis.ranking_min_n)
        )),
        columns,
        rows: rows.collect(),
        more: None,
        note: note(facts, ranked, lettered, &marks),
    }
}

fn vendor_row(facts: &Facts<'_>, provider: &ProviderResult, heavy: bool, last: Cell) -> Row {
    let marked = if facts.stand_in(&provider.provider).is_some() {
        "\u{b9}"
    } else {
        ""
    };
    let one = format::percent_cell;
    let rate = provider.pooled_asr.known();
    let absent = "not estimable";
    Row {
        cells: vec![
            cell(format!("{}{marked}", facts.vendor(&provider.provider))),
            cell(format::count(provider.n_models)),
            cell(format::thousands(provider.n)),
            cell(rate.map_or(absent.to_owned(), |r| one(r.value.0))),
            cell(rate.map_or(absent.to_owned(), |r| {
                format::span(&one(r.lower.0), &one(r.upper.0))
            })),
            rate.map_or(Cell::NotDrawn, |r| Cell::Interval {
                value: r.value.0,
                lower: r.lower.0,
                upper: r.upper.0,
                heavy,
            }),
            cell(
                provider
                    .rank
                    .known()
                    .map_or("not ranked".to_owned(), |r| format::ranks(r.lower, r.upper)),
            ),
            last,
        ],
        strong: false,
    }
}

/// Which part of a bar passes a row. A group that skips rows has a bar for each
/// of its stretches of neighbouring rows, all of one letter.
fn mark(member: &[bool], place: usize) -> TieMark {
    let here = |at: Option<usize>| at.and_then(|at| member.get(at)).copied().unwrap_or(false);
    if !here(Some(place)) {
        return TieMark::Absent;
    }
    match (here(place.checked_sub(1)), here(Some(place + 1))) {
        (false, false) => TieMark::Only,
        (false, true) => TieMark::Top,
        (true, true) => TieMark::Middle,
        (true, false) => TieMark::Bottom,
    }
}

/// The marks of the notes that the table has, counted in their order. That of
/// runtimes and routers comes first, where there are any.
struct Marks {
    rank: &'static str,
    tied: &'static str,
}

impl Marks {
    fn new(stand_ins: bool) -> Self {
        let [rank, tied] = if stand_ins {
            ["\u{b2}", "\u{b3}"]
        } else {
            ["\u{b9}", "\u{b2}"]
        };
        Self { rank, tied }
    }
}

/// What stands in a maker's place among the ranked: runtime, router, host.
fn stand_ins<'a>(facts: &Facts<'a>, ranked: &[&ProviderResult]) -> Vec<&'a str> {
    let mut kinds: Vec<&str> = ranked
        .iter()
        .filter_map(|p| facts.stand_in(&p.provider))
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

fn note(facts: &Facts<'_>, ranked: &[&ProviderResult], lettered: bool, marks: &Marks) -> Prose {
    let mut note = Vec::new();
    let kinds = stand_ins(facts, ranked);
    if !kinds.is_empty() {
        note.push(plain(format!(
            "\u{b9} A {}, not a maker.",
            format::alternatives(&kinds)
        )));
    }
    let pairs = facts.analysis().comparisons.len();
    let family = format::percent(1.0 - facts.definition().analysis.level);
    let ranks = say(
        format!(
            "{} Ranks that the vendor could hold once {} compared (family error {family}, Bonferroni); 1 is the lowest rate.",
            marks.rank,
            if pairs == 1 {
                "the one pair is".to_owned()
            } else {
                format!("all {} pairs are", format::count(pairs))
            }
        ),
        ["c1", "e1"],
    );
    if pairs > 0 {
        note.push(ranks);
    } else {
        note.push(plain(format!(
            "{} One vendor alone has no rank to lose.",
            marks.rank
        )));
    }
    note.push(if lettered {
        say(
            format!(
                "{} Two vendors cannot be told apart exactly where they share a letter.",
                marks.tied
            ),
            ["c2"],
        )
    } else {
        say(
            format!(
                "{} Number of other vendors that it cannot be told apart from.",
                marks.tied
            ),
            ["c1"],
        )
    });
    let ids: Vec<String> = ranked
        .iter()
        .filter_map(|p| facts.vendor_id(&p.provider))
        .collect();
    let lost = format::ratio(
        facts.not_evaluable(),
        facts.traces() + facts.not_evaluable(),
    );
    note.push(say(
        format!(
            "Wilson intervals; they cover the choice of responses, not of prompts or models. {} {}.",
            lost_in_words(facts, lost),
            format::capital(&words::grader_phrase(facts))
        ),
        ids,
    ));
    note.extend(note_on_unranked(facts));
    note
}

/// The share of results that are not evaluable, as a sentence.
fn lost_in_words(facts: &Facts<'_>, share: f64) -> String {
    if super::models::lost_is_unknown(facts) {
        return "Published counts do not say how many results could not be judged.".to_owned();
    }
    if share == 0.0 {
        return "Every result is evaluable.".to_owned();
    }
    format!(
        "{} of all results are not evaluable.",
        format::capital(&crate::findings::share_of_shuffles(share))
    )
}

fn note_on_unranked(facts: &Facts<'_>) -> Prose {
    let unranked = facts.unranked();
    if unranked.is_empty() {
        return Vec::new();
    }
    let listed: Vec<String> = unranked
        .iter()
        .map(|p| {
            let interval = p.pooled_asr.known().map(|rate| {
                format!(
                    " ({} to {})",
                    format::percent(rate.lower.0),
                    format::percent(rate.upper.0)
                )
            });
            format!(
                "{} {}{}",
                facts.vendor(&p.provider),
                format::rate_in_words(p.succeeded, p.n),
                interval.unwrap_or_default()
            )
        })
        .collect();
    let minimum = facts.definition().analysis.ranking_min_n;
    let ids: Vec<String> = unranked
        .iter()
        .filter_map(|p| facts.vendor_id(&p.provider))
        .collect();
    vec![say(
        format!(
            "Below {} results and not ranked: {}.",
            format::thousands(minimum),
            format::list(&listed)
        ),
        ids,
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_skips_a_row_has_a_bar_for_each_stretch() {
        use TieMark::{Absent, Bottom, Middle, Only, Top};
        let member = [true, false, true, true, true, false];
        let marks: Vec<TieMark> = (0..member.len()).map(|row| mark(&member, row)).collect();
        assert_eq!(marks, [Only, Absent, Top, Middle, Bottom, Absent]);
    }

    #[test]
    fn vendors_stand_apart_only_where_all_outside_the_list_are_told_apart() {
        let told = [("a", "b", false), ("a", "c", true), ("b", "c", true)];
        assert!(clear(&told, &["a", "b"]));
        let open = [("a", "b", false), ("a", "c", true), ("b", "c", false)];
        assert!(!clear(&open, &["a", "b"]));
        assert!(!clear(&told, &["a"]));
    }

    #[test]
    fn letters_are_given_only_where_they_say_every_tie() {
        let told = [("a", "b", false), ("a", "c", true), ("b", "c", false)];
        let group = |names: [&str; 2]| names.map(str::to_owned).to_vec();
        let (one, two) = (group(["a", "b"]), group(["b", "c"]));
        assert!(complete(&told, &[&one, &two]));
        assert!(!complete(&told, &[&one]));
    }
}
