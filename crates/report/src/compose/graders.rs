//! Who graded, and how well.

use super::Parts;
use crate::caveats::graders::{in_use, never_twice, not_used, unused};
use crate::composition::Facts;
use crate::definition::Topic;
use crate::document::{Block, Prose, Section, Table};
use crate::evidence::numbered;
use crate::format;
use crate::words::{number_column, plain, row, say, text_column};

pub(super) fn section(parts: &Parts<'_>) -> Section {
    let facts = &parts.facts;
    let mut blocks = Vec::new();
    if !facts.analysis().agreement.graders.is_empty() {
        blocks.push(Block::Table(graders(facts)));
    }
    if !facts.analysis().agreement.pairs.is_empty() {
        blocks.push(Block::Table(pairs(facts)));
    }
    if !facts.analysis().models.is_empty() {
        blocks.extend(super::tipping::blocks(facts));
    }
    let known: Vec<Prose> = facts
        .input
        .graders
        .iter()
        .filter(|grader| in_use(facts, &grader.grader))
        .filter_map(|grader| {
            let note = grader.note.as_deref()?;
            Some(vec![say(
                format!(
                    "{}: {}.",
                    facts.grader(&grader.grader),
                    note.trim_end_matches('.')
                ),
                ["g1"],
            )])
        })
        .collect();
    if !known.is_empty() {
        blocks.push(Block::List { items: known });
    }
    blocks.extend(super::context(facts, Topic::Grader));
    super::section("graders", "Who graded, and how well", lead(facts), blocks)
}

fn lead(facts: &Facts<'_>) -> Prose {
    let agreement = &facts.analysis().agreement;
    let graders = crate::words::named_graders(facts);
    let judged: u64 = graders.iter().map(|used| used.n).sum();
    let who = match graders.len() {
        n if n > 0 && judged < facts.traces() => format!(
            "{} judged {} of {} evaluable results; the others count without a verdict.",
            format::capital(&format::plural_word(n, "grader", "graders")),
            format::thousands(judged),
            format::thousands(facts.traces())
        ),
        0 => "The corpus does not record who graded.".to_owned(),
        1 => format!(
            "One grader judged all {} evaluable results.",
            format::thousands(facts.traces())
        ),
        n => format!(
            "{} graders judged the {} evaluable results.",
            format::word_first(n),
            format::thousands(facts.traces())
        ),
    };
    let how_well = match agreement.pairs.len() {
        0 => "No result was judged by two graders, so how often a verdict is wrong cannot be said."
            .to_owned(),
        n => format!(
            "{} of graders judged some of the same results.",
            format::capital(&format::plural_word(n, "pair", "pairs"))
        ),
    };
    let mut lead = vec![say(who, ["g1"]), say(how_well, ["g1"])];
    if never_twice(facts) && !agreement.pairs.is_empty() {
        lead.push(say(
            format!(
                "One of each pair is not in use here; no two of the {} in use judged the same result.",
                format::word(agreement.graders.len())
            ),
            ["g1"],
        ));
    }
    if let Some((first, last)) = &facts.input.selection.account.observed {
        lead.push(say(
            format!(
                "The results are dated from {} to {}.",
                crate::caveats::data::written_day(first),
                crate::caveats::data::written_day(last)
            ),
            ["a8"],
        ));
    } else {
        lead.push(plain("When the results were graded is not recorded."));
    }
    lead
}

fn graders(facts: &Facts<'_>) -> Table {
    let agreement = &facts.analysis().agreement;
    let rows = agreement.graders.iter().map(|grader| {
        let fact = facts
            .input
            .graders
            .iter()
            .find(|fact| fact.grader == grader.grader);
        let note = fact.and_then(|fact| fact.note.as_deref().and_then(|n| n.split(';').next()));
        let model = fact
            .and_then(|fact| fact.model.clone())
            .or_else(|| note.map(str::to_owned))
            .unwrap_or_else(|| "not recorded".to_owned());
        let tested = fact.is_some_and(|fact| fact.model_under_test.is_some());
        let name = facts.grader(&grader.grader);
        row([
            name,
            model,
            format::thousands(grader.n),
            format::percent_cell(grader.share.0),
            match (
                tested,
                fact.is_some_and(|fact| fact.model.is_some()) || note.is_some(),
            ) {
                (true, _) => "yes",
                (false, true) => "no",
                (false, false) => "not recorded",
            }
            .to_owned(),
        ])
    });
    let mut note = vec![say("Evaluable results of the kept models.", ["g1"])];
    let gap = agreement.largest_share_gap.known();
    if let Some(gap) = gap.filter(|gap| gap.highest.0 - gap.lowest.0 >= 0.005) {
        note.push(say(
            format!(
                "The widest difference in the use of a grader is that of {}: {} for {}, {} for {}{}.",
                facts.grader(&gap.grader),
                format::percent(gap.lowest.0),
                facts.vendor(&gap.lowest_provider),
                format::percent(gap.highest.0),
                facts.vendor(&gap.highest_provider),
                match gap.p.number() {
                    Some(p) if p < 0.05 => {
                        format!("; over all graders the mix is uneven (chi-squared test, {})", format::p_value(p))
                    }
                    Some(p) => format!(
                        "; over all graders chance gives as uneven a mix (chi-squared test, {})",
                        format::p_value(p)
                    ),
                    None => String::new(),
                }
            ),
            ["g1"],
        ));
    }
    Table {
        id: "graders".to_owned(),
        number: None,
        title: Some("Graders".to_owned()),
        subtitle: Some("Evaluable results by grader; share in percent".to_owned()),
        columns: vec![
            text_column("Grader", 50.0),
            text_column("Model that grades", 50.0),
            number_column("Results", 22.0),
            number_column("Share, %", 20.0),
            text_column("Under test", 24.0),
        ],
        rows: rows.collect(),
        more: None,
        note,
    }
}

fn pairs(facts: &Facts<'_>) -> Table {
    let pairs = &facts.analysis().agreement.pairs;
    let absent = || "not estimable".to_owned();
    let rows = pairs.iter().map(|pair| {
        row([
            format!(
                "{} and {}",
                facts.grader(&pair.first),
                facts.grader(&pair.second)
            ),
            format::thousands(pair.n),
            pair.agreement
                .number()
                .map_or_else(absent, format::percent_cell),
            pair.kappa
                .number()
                .map_or_else(absent, |kappa| format::decimals(kappa, 2)),
            pair.rate_first
                .number()
                .map_or_else(absent, format::percent_cell),
            pair.rate_second
                .number()
                .map_or_else(absent, format::percent_cell),
        ])
    });
    Table {
        id: "agreement".to_owned(),
        number: None,
        title: Some("Agreement of graders on the same results".to_owned()),
        subtitle: Some(
            "Whole corpus, models left out included; agreement and rates in percent; kappa is agreement beyond chance, 1 at most"
                .to_owned(),
        ),
        columns: vec![
            text_column("Graders", 64.0),
            number_column("Results", 20.0),
            number_column("Agreement, %", 26.0),
            number_column("Kappa", 18.0),
            number_column("First, %", 20.0),
            number_column("Second, %", 20.0),
        ],
        rows: rows.collect(),
        more: None,
        note: std::iter::once(say(
            "First and second: success rate under each grader.",
            (0..pairs.len()).map(|place| numbered("g", place + 1)),
        ))
        .chain(
            unused(facts)
                .into_iter()
                .map(|grader| say(not_used(facts, grader), ["g1"])),
        )
        .collect(),
    }
}
