//! On the same prompts: which vendors can be compared at all, what is left of the
//! differences, and how much each vendor's results tell when prompts are the unit.

use caveat_analysis::result::{Clustering, Comparability, PairOnPrompts, SamePrompts};

use crate::composition::Facts;
use crate::document::{Block, Prose, Row, Section, Table};
use crate::findings::prompts::{Held, are, held};
use crate::format;
use crate::words::{self, number_column, plain, row, say, text_column, why_not};

/// Pairs that the table shows before it points to the annex.
const MOST_PAIRS: usize = 15;

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
    let counts = same.verdicts;
    let total = counts.comparable + counts.on_common_prompts + counts.not_comparable;
    let mut prose = vec![say(
        format!(
            "Of {} {} comparable on all its prompts, {} on the prompts that both met, {} not at all (fewer than {} common prompts).",
            format::plural(total, "pair of vendors", "pairs of vendors"),
            are(counts.comparable),
            bare(counts.on_common_prompts),
            bare(counts.not_comparable),
            format::count(same.rule.fewest_common_prompts)
        ),
        ["l1"],
    )];
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

/// A count with "none" for nothing.
fn bare(n: usize) -> String {
    match n {
        0 => "none".to_owned(),
        n => format::word(n),
    }
}

/// What is left, on common prompts, of the pairs that the ranking tells apart.
fn held_in_words(held: &Held) -> String {
    let told = format::plural(held.told, "pair told apart", "pairs told apart");
    format!(
        "Of the {told} above {} shown on common prompts alone, where results are fewer; {} open there, and {} cannot be compared on them.",
        are(held.held),
        are(held.open),
        bare(held.unknown)
    )
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
                format::signed(common.value.0, 1),
                format::span(
                    &format::signed(common.lower.0, 1),
                    &format::signed(common.upper.0, 1),
                ),
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
            text_column("Vendor", 31.0),
            text_column("against", 31.0),
            number_column("Prompts", 17.0),
            number_column("All prompts", 22.0),
            number_column("Common", 18.0),
            number_column("Interval", 29.0),
            text_column("Differ", 22.0),
        ],
        rows,
        more: (left > 0).then(|| format!("{left} more pairs in the annex, same_prompts.")),
        note: vec![say(
            "On common prompts each prompt counts once, whatever the number of its results; the interval is Student\u{2019}s t over prompts (Bonferroni over all pairs). It covers the choice of prompts and of responses, not of models.",
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
