//! Contract wording to consider, traces needed, the vendor's reply.

use super::reply::Reply;
use super::{Subject, list, parts, section as section_of};
use crate::definition::day;
use crate::document::{Block, Prose, Row, Section, Table};
use crate::format;
use crate::words::{self, cell, not_estimable, number_column, plain, say};

/// Wording that follows from what these data lack; no legal advice.
pub(super) fn contract(subject: &Subject<'_>) -> Section {
    let facts = subject.facts;
    let mut items: Vec<Prose> = Vec::new();
    let names: Vec<String> = subject
        .models()
        .map(|(place, _)| facts.model(place).to_owned())
        .collect();
    if !names.is_empty() {
        items.push(vec![say(
            format!(
                "\u{201c}The model delivered is [\u{2026}], in the version stated. A change of version is announced before it takes effect, and is tested again.\u{201d} Tested here: {}.",
                format::short_list(&names, 3)
            ),
            ["a7"],
        )]);
    }
    if let Some(row) = subject.detail.traces_needed.get(1)
        && let Some(traces) = row.one_comparison.known()
    {
        items.push(vec![say(
            format!(
                "\u{201c}Before acceptance the buyer tests the model on prompts that the buyer chooses; success means {}; the grader is named, and its errors are measured. The upper limit of the {} interval of the rate is to lie below the figure that the buyer has set beforehand.\u{201d} How many results that takes follows from that figure; to see a difference of {} from another vendor it takes {} on each side.",
                words::success_verdicts(facts.definition().verdicts.success),
                subject.level(),
                format::points(row.difference_pp.0, 0),
                format::thousands(*traces)
            ),
            ["l1", "e1"],
        )]);
    }
    let missed: Vec<String> = parts::never_met(subject)
        .into_iter()
        .map(|(_, label)| format::shortened(&label.label.replace('_', " "), 30))
        .collect();
    let them = if missed.len() == 1 { "it" } else { "them" };
    if !missed.is_empty() {
        items.push(vec![say(
            format!(
                "\u{201c}Before use that is open to {}, the model is tested on {them}.\u{201d} No result here covers {them}.",
                format::short_list(&missed, 4)
            ),
            ["f1", "h1"],
        )]);
    }
    if subject.provider.not_evaluable > 0 {
        items.push(vec![say(
            format!(
                "\u{201c}Results of the acceptance test that cannot be judged are counted and reported with the rate.\u{201d} Here they were {} of {}.",
                format::thousands(subject.provider.not_evaluable),
                format::thousands(subject.provider.not_evaluable + subject.provider.n)
            ),
            [subject.id.clone()],
        )]);
    }
    let hidden = subject
        .models()
        .filter_map(|(_, model)| facts.fact(model))
        .filter(|fact| fact.disclosed == Some(false))
        .count();
    if hidden > 0 {
        items.push(vec![say(
            format!(
                "\u{201c}The vendor states the number of parameters, in total and per token.\u{201d} It is not published for {}.",
                format::plural_word(hidden, "model", "models")
            ),
            ["a7"],
        )]);
    }
    section_of(
        "contract",
        "Contract wording to consider",
        vec![plain(
            "Starting points for a lawyer, each from a figure of this brief; no legal advice.",
        )],
        vec![list(items)],
    )
}

/// Traces that would settle what is open.
pub(super) fn needed(subject: &Subject<'_>) -> Section {
    let rows: Vec<Row> = subject
        .detail
        .traces_needed
        .iter()
        .map(|row| {
            let traces = |found: &caveat_analysis::Quantity<u64>| match found.as_result() {
                Ok(traces) => format::thousands(*traces),
                Err(reason) => not_estimable(reason),
            };
            Row {
                cells: vec![
                    cell(format::points(row.difference_pp.0, 0)),
                    cell(traces(&row.one_comparison)),
                    cell(traces(&row.all_pairs)),
                ],
                strong: false,
            }
        })
        .collect();
    let Some(first) = subject.detail.traces_needed.first() else {
        return section_of(
            "needed",
            "What would settle it",
            vec![plain(
                "Without an evaluable result nothing can be planned from; any result would be the first.",
            )],
            Vec::new(),
        );
    };
    let open = subject
        .comparisons()
        .filter(|pair| !pair.told_apart)
        .count();
    let lead = match open {
        0 if subject.provider.ranked => {
            "No comparison with this vendor is open; what follows is for new ones.".to_owned()
        }
        0 => {
            "No comparison could be made; what follows says how many results one takes.".to_owned()
        }
        n => format!(
            "{} open; what follows says how many results on each side settle a difference of a size set beforehand.",
            format::capital(&format::plural_word(n, "comparison is", "comparisons are"))
        ),
    };
    let table = Table {
        id: "needed".to_owned(),
        number: None,
        title: Some("Results needed on each side, by the difference to be found".to_owned()),
        subtitle: Some(format!(
            "From a rate of {}; found {} times in ten if it is there",
            format::percent(first.from.0),
            format::decimals(10.0 * first.power.0, 0)
        )),
        columns: vec![
            number_column("Difference", 40.0),
            number_column("One comparison", 50.0),
            number_column("All pairs of this report", 60.0),
        ],
        rows,
        more: None,
        note: vec![say(
            "Fleiss\u{2019}s formula for independent results; where prompts repeat, more are needed. The differences are set beforehand and not taken from the data.",
            ["l1"],
        )],
    };
    section_of(
        "needed",
        "What would settle it",
        vec![say(lead, ["c1"])],
        vec![Block::Table(table)],
    )
}

/// The date of a reply in words, if it has one.
pub(super) fn reply_day(reply: &Reply) -> Option<String> {
    let (year, month, date) = day(reply.date.as_deref()?)?;
    Some(format::date(year, month, date))
}

/// The vendor's reply in full, or its absence.
pub(super) fn reply(subject: &Subject<'_>) -> Section {
    let heading = "The vendor\u{2019}s reply";
    let Some(reply) = subject.reply else {
        return section_of(
            "reply",
            heading,
            vec![say(
                format!(
                    "None received from {} by the date of this edition. That is no statement about the vendor.",
                    subject.name
                ),
                ["e2"],
            )],
            Vec::new(),
        );
    };
    let dated = reply_day(reply).map_or_else(
        || "It bears no date.".to_owned(),
        |day| format!("It is dated {day}."),
    );
    let blocks = if reply.paragraphs.is_empty() {
        vec![super::paragraph("The file holds no text.")]
    } else {
        reply
            .paragraphs
            .iter()
            .map(|text| Block::Paragraph {
                sentences: vec![say(text.clone(), ["i5"])],
            })
            .collect()
    };
    section_of(
        "reply",
        heading,
        vec![say(
            format!(
                "{dated} It is printed in full and was not checked; its figures are the vendor\u{2019}s."
            ),
            ["i5"],
        )],
        blocks,
    )
}
