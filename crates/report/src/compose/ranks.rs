//! The ranks that the data leave open, by several ways to count the comparisons.

use caveat_analysis::result::{PosteriorEffect, RankSets, RankSide};

use crate::composition::Facts;
use crate::document::{Row, Table};
use crate::format;
use crate::words::{number_column, plain, row, say, text_column};

/// The table; nothing for fewer than three ranked vendors, whose one comparison is said already.
pub(super) fn table(facts: &Facts<'_>) -> Option<Table> {
    let sets = facts.analysis().rank_sets.known()?;
    let ranked = facts.ranked();
    if ranked.len() < 3 {
        return None;
    }
    let posterior = posterior(facts);
    let rows: Vec<Row> = ranked
        .iter()
        .filter_map(|provider| {
            let side = sets
                .sides
                .iter()
                .find(|side| side.name == provider.provider)?;
            let own = provider.rank.known()?;
            let mut cells = vec![
                facts.vendor(&side.name),
                format::ranks(own.lower, own.upper),
                format::ranks(side.simultaneous.lower, side.simultaneous.upper),
                format::ranks(side.marginal.lower, side.marginal.upper),
                expected(side),
                format::percent_cell(side.p_lowest.0),
            ];
            if let Some(effects) = &posterior {
                let effect = effects.iter().find(|effect| effect.name == side.name);
                cells.push(effect.map_or("not in the model".to_owned(), |effect| {
                    format!(
                        "{} ({} to {})",
                        format::decimals(effect.rank.expected.0, 1),
                        format::decimals(effect.rank.lower.0, 0),
                        format::decimals(effect.rank.upper.0, 0)
                    )
                }));
            }
            Some(row(cells))
        })
        .collect();
    let mut columns = vec![
        text_column("Vendor", if posterior.is_some() { 34.0 } else { 42.0 }),
        number_column("In the ranking", 24.0),
        number_column("All at once", 22.0),
        number_column("Named in advance", 28.0),
        number_column("On average", 22.0),
        number_column("Lowest, %", 18.0),
    ];
    if posterior.is_some() {
        columns.push(number_column("Posterior", 22.0));
    }
    Some(Table {
        id: "ranks".to_owned(),
        number: None,
        title: Some(title(facts, sets)),
        subtitle: Some(if sets.df.known().is_some() {
            "Rank 1 is the lowest rate; prompts as the unit, with what shared prompts have in common".to_owned()
        } else {
            "Rank 1 is the lowest rate; results taken as independent".to_owned()
        }),
        columns,
        rows,
        more: None,
        note: note(sets, posterior.is_some()),
    })
}

fn expected(side: &RankSide) -> String {
    format::decimals(side.expected_rank.0, 1)
}

fn title(facts: &Facts<'_>, sets: &RankSets) -> String {
    let ranking = crate::findings::apart::told_apart(facts);
    let by = match sets.df.known() {
        Some(_) => "With prompts as the unit",
        None => "By the joint law of the rates",
    };
    let told = format::part_of(
        sets.pairs_told_apart,
        sets.pairs,
        ["pair", "pairs"],
        ["is told apart", "are told apart"],
    );
    let told = if sets.pairs_told_apart == 0 {
        format!(
            "none of {} is told apart",
            format::plural(sets.pairs, "pair", "pairs")
        )
    } else {
        told
    };
    let ranking = match ranking {
        0 => "none".to_owned(),
        n => format::word(n),
    };
    format!("{by} {told}, in the ranking {ranking}")
}

fn note(sets: &RankSets, posterior: bool) -> crate::document::Prose {
    let mut note = vec![say(
        format!(
            "The ranking keeps score intervals of single results (Bonferroni), which hold for rates near zero as well. All at once: the largest standardised difference over all pairs, in steps (Romano and Wolf 2005; Mogstad and others 2024), {} draws; beyond {} the first step tells two apart.",
            format::thousands(u64::from(sets.draws)),
            format::decimals(sets.critical_value.0, 2)
        ),
        ["c3"],
    )];
    note.push(plain(
        "Named in advance: for one vendor chosen before the data were seen, and no league table. On average and lowest: descriptions from the same draws, no tests.",
    ));
    if posterior {
        note.push(say(
            "Posterior: expected rank of the vendor\u{2019}s effect with its 95% interval, in the hierarchical model.",
            ["h2"],
        ));
    }
    note
}

/// Effects of the vendors, where the posterior was sampled and settled.
fn posterior<'a>(facts: &Facts<'a>) -> Option<&'a [PosteriorEffect]> {
    use caveat_analysis::hierarchical::Role;
    let posterior = facts.analysis().hierarchical.posterior.known()?;
    let estimates = posterior.estimates.known()?;
    let provider = estimates
        .components
        .iter()
        .find(|c| c.factor == Role::Provider)?;
    Some(&provider.effects)
        .filter(|e| !e.is_empty())
        .map(Vec::as_slice)
}
