//! On the same prompts: which vendors can be compared at all, what is left of the
//! differences, and how much each vendor's results tell when prompts are the unit.

use caveat_analysis::result::{Clustering, Comparability, PairOnPrompts, SamePrompts};

use crate::composition::Facts;
use crate::document::{Block, Prose, Row, Section, Table};
use crate::findings::prompts::{Held, are, held};
use crate::format;
use crate::words::{self, number_column, plain, row, say, text_column, why_not};

/// Pairs that the table shows before it points to the annex.
const MOST_PAIRS: usize = 60;

/// The section; nothing where fewer than two vendors are ranked.
pub(super) fn section(facts: &Facts<'_>) -> Option<Section> {
    if facts.ranked().len() < 2 {
        return None;
    }
    let mut blocks = Vec::new();
    if let Some(same) = facts.analysis().same_prompts.known() {
        blocks.extend(pairs(facts, same).map(Block::Table));
        blocks.extend(clusters(facts).map(Block::Table));
    }
    Some(super::section(
        "same-prompts",
        "On the same prompts",
        lead(facts),
        blocks,
    ))
}

fn lead(facts: &Facts<'_>) -> Prose {
    let same = match (
        facts.analysis().same_prompts.known(),
        facts.analysis().same_prompts.reason(),
    ) {
        (Some(same), _) => same,
        (None, reason) => {
            let why = reason.map_or("the data do not allow it", why_not);
            return vec![say(
                format!("Vendors cannot be compared prompt by prompt: {why}."),
                ["l1"],
            )];
        }
    };
    let mut prose = vec![say(comparable_in_words(same), ["l1"])];
    if let Some(held) = held(facts) {
        prose.push(say(held_in_words(&held), ["c1", "l1"]));
    }
    if same.reversed_pairs > 0 {
        prose.push(say(
            format!(
                "On common prompts the order of {} is the other way round.",
                format::part_of(
                    same.reversed_pairs,
                    same.ordered_pairs,
                    ["pair", "pairs"],
                    ["", ""]
                )
                .trim_end()
            ),
            ["l1"],
        ));
    }
    prose
}

/// How many pairs can be compared, and on what; what does not occur is not named.
fn comparable_in_words(same: &SamePrompts) -> String {
    let counts = same.verdicts;
    let total = counts.comparable + counts.on_common_prompts + counts.not_comparable;
    let fewest = format::count(same.rule.fewest_common_prompts);
    let pairs = format::plural(total, "pair of vendors", "pairs of vendors");
    if counts.not_comparable == total {
        return format!(
            "None of {pairs} can be compared: each shares fewer than {fewest} prompts."
        );
    }
    let parts: Vec<String> = [
        (
            counts.comparable,
            match counts.comparable {
                1 => "as it stands",
                _ => "as they stand",
            }
            .to_owned(),
        ),
        (
            counts.on_common_prompts,
            "on the prompts that both met alone".to_owned(),
        ),
        (
            counts.not_comparable,
            format!("not at all (fewer than {fewest} common prompts)"),
        ),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .enumerate()
    .map(|(place, (n, how))| match place {
        0 => format!("{} comparable {how}", are(n)),
        _ => format!("{} {how}", format::word(n)),
    })
    .collect();
    match parts.as_slice() {
        [_] if counts.comparable == total => format!(
            "Each of {pairs} is comparable as it stands: both met the same prompts about as often."
        ),
        [_] => format!("Each of {pairs} is comparable on the prompts that both met alone."),
        parts => format!("Of {pairs} {}.", parts.join(", ")),
    }
}

/// What is left, on common prompts, of the pairs that the ranking tells apart.
fn held_in_words(held: &Held) -> String {
    if held.held == held.told {
        return if held.told == 1 {
            "The pair told apart above is shown on common prompts as well.".to_owned()
        } else {
            format!(
                "All {} pairs told apart above are shown on common prompts as well.",
                format::word(held.told)
            )
        };
    }
    let told = format::plural(held.told, "pair told apart", "pairs told apart");
    let mut text = format!(
        "Of the {told} above {} shown on common prompts alone, where results are fewer",
        are(held.held)
    );
    if held.open > 0 {
        text.push_str(&format!("; {} open there", are(held.open)));
    }
    if held.unknown > 0 {
        text.push_str(&format!(
            "; {} cannot be compared on them",
            format::word(held.unknown)
        ));
    }
    text.push('.');
    text
}

/// Pairs that can be compared, those told apart first.
fn pairs(facts: &Facts<'_>, same: &SamePrompts) -> Option<Table> {
    let mut shown: Vec<&PairOnPrompts> = same
        .pairs
        .iter()
        .filter(|pair| pair.comparability != Comparability::NotComparable)
        .filter(|pair| pair.on_common_pp.known().is_some())
        .collect();
    if shown.is_empty() {
        return None;
    }
    let told = |pair: &PairOnPrompts| pair.told_apart_on_common.known() == Some(&true);
    shown.sort_by_key(|pair| !told(pair));
    let left = shown.len().saturating_sub(MOST_PAIRS);
    let interval = |estimate: &caveat_analysis::result::Estimate| {
        format::span(
            &format::signed(estimate.lower.0, 1),
            &format::signed(estimate.upper.0, 1),
        )
    };
    let rows: Vec<Row> = shown
        .iter()
        .take(MOST_PAIRS)
        .filter_map(|pair| {
            let crude = pair.crude_pp.known()?;
            let common = pair.on_common_pp.known()?;
            Some(row([
                facts.vendor(&pair.lower),
                facts.vendor(&pair.higher),
                format::count(pair.common_prompts),
                format::signed(crude.value.0, 1),
                interval(crude),
                format::signed(common.value.0, 1),
                interval(common),
                if told(pair) { "yes" } else { "not shown" }.to_owned(),
            ]))
        })
        .collect();
    Some(Table {
        id: "same-prompts".to_owned(),
        number: None,
        title: Some("Vendors on the prompts that both met".to_owned()),
        subtitle: Some(
            "Difference of the rates in points, second less first vendor; intervals hold for all pairs at once"
                .to_owned(),
        ),
        columns: vec![
            text_column("Vendor", 23.0),
            text_column("Against", 23.0),
            number_column("Prompts", 15.0),
            number_column("All prompts", 20.0),
            number_column("Interval", 26.0),
            number_column("Common", 16.0),
            number_column("Interval", 26.0),
            text_column("Differ", 21.0),
        ],
        rows,
        more: (left > 0).then(|| format!("{left} more pairs in the annex, same_prompts.")),
        note: vec![say(
            "On common prompts each prompt counts once, whatever the number of its results; the interval is Student\u{2019}s t over prompts (Bonferroni over all pairs). It covers the choice of prompts and of responses, not of models. All prompts: the same pair over all its results, with errors by prompt; the ranking counts results as independent.",
            ["l1"],
        )],
    })
}

fn clusters(facts: &Facts<'_>) -> Option<Table> {
    let all = facts.analysis().clusters.known()?;
    let ranked = facts.ranked();
    let rows: Vec<Row> = ranked
        .iter()
        .filter_map(|provider| {
            let one = all.iter().find(|one| one.name == provider.provider)?;
            Some(cluster_row(facts, one))
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let level = words::level(facts);
    Some(Table {
        id: "clusters".to_owned(),
        number: None,
        title: Some("Rates with the prompt as the unit of sampling".to_owned()),
        subtitle: Some(format!(
            "Results on one prompt resemble each other; {level} intervals allow for it"
        )),
        columns: vec![
            text_column("Vendor", 34.0),
            number_column("Results", 18.0),
            number_column("Prompts", 18.0),
            number_column("Rate, %", 18.0),
            number_column("By prompt, %", 30.0),
            number_column("Design effect", 26.0),
            number_column("Worth results", 26.0),
        ],
        rows,
        more: None,
        note: vec![
            say(
                "Design effect: how many times more results this design needs than independent ones; worth: independent results that would tell as much. A value below 1 says that no likeness on one prompt is seen.",
                ["l2"],
            ),
            plain("A vendor\u{2019}s models are taken as the ones of interest, not as a sample."),
        ],
    })
}

fn cluster_row(facts: &Facts<'_>, one: &Clustering) -> Row {
    let figure = |value: Option<f64>, places| {
        value.map_or("not estimable".to_owned(), |v| format::decimals(v, places))
    };
    let rate = one.rate.known();
    row([
        facts.vendor(&one.name),
        format::thousands(one.n),
        format::count(one.prompts),
        rate.map_or("not estimable".to_owned(), |r| {
            format::percent_cell(r.value.0)
        }),
        rate.map_or("not estimable".to_owned(), |r| {
            format::span(
                &format::percent_cell(r.lower.0),
                &format::percent_cell(r.upper.0),
            )
        }),
        figure(one.design_effect.number(), 1),
        figure(one.effective_n.number(), 0),
    ])
}

#[cfg(test)]
mod tests {
    use caveat_analysis::result::{ComparabilityCounts, ComparabilityRule};

    use super::*;

    fn same(comparable: usize, on_common_prompts: usize, not_comparable: usize) -> SamePrompts {
        let none = || caveat_analysis::Quantity::Absent(caveat_analysis::NotEstimable::NoLabels);
        SamePrompts {
            rule: ComparabilityRule::default(),
            common_to_all: 0,
            sides: Vec::new(),
            pairs: Vec::new(),
            verdicts: ComparabilityCounts {
                comparable,
                on_common_prompts,
                not_comparable,
            },
            reversed_pairs: 0,
            ordered_pairs: 0,
            moved_on_common: none(),
            moved_by_category: none(),
            moved_by_technique: none(),
        }
    }

    #[test]
    fn what_can_be_compared_is_told_without_what_does_not_occur() {
        for (counts, start) in [
            (
                (21, 0, 0),
                "Each of 21 pairs of vendors is comparable as it stands:",
            ),
            (
                (0, 3, 0),
                "Each of 3 pairs of vendors is comparable on the prompts that",
            ),
            ((0, 0, 3), "None of 3 pairs of vendors can be compared:"),
            (
                (0, 24, 12),
                "Of 36 pairs of vendors 24 are comparable on the prompts that both met alone, twelve not at all",
            ),
            (
                (1, 2, 0),
                "Of 3 pairs of vendors one is comparable as it stands, two on the prompts",
            ),
        ] {
            let text = comparable_in_words(&same(counts.0, counts.1, counts.2));
            assert!(text.starts_with(start), "{text}");
        }
    }

    #[test]
    fn pairs_that_hold_and_do_not_are_whole_sentences() {
        let held = |told, held, open| {
            held_in_words(&Held {
                told,
                held,
                open,
                unknown: told - held - open,
            })
        };
        assert_eq!(
            held(9, 9, 0),
            "All nine pairs told apart above are shown on common prompts as well."
        );
        assert_eq!(
            held(1, 1, 0),
            "The pair told apart above is shown on common prompts as well."
        );
        assert_eq!(
            held(15, 0, 8),
            "Of the 15 pairs told apart above none is shown on common prompts alone, where results are fewer; eight are open there; seven cannot be compared on them."
        );
    }
}
