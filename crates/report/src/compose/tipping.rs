//! How wrong the grader would have to be: what is known of its errors, rates put
//! right for them, and the errors that would turn an order.

use caveat_analysis::result::{AccuracyOf, AccuracyResult, CorrectedRates, TippingPoint};

use crate::composition::Facts;
use crate::document::{Block, Prose, Row, Sentence, Table};
use crate::format;
use crate::words::{self, number_column, plain, row, say, text_column};

/// Pairs that the table shows before it points to the annex.
const MOST_PAIRS: usize = 10;

/// Everything on the errors of graders.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    let mut sentences = known(facts);
    let told = told_apart(facts);
    sentences.extend(first_to_turn(facts, &told));
    let mut blocks = vec![Block::Paragraph { sentences }];
    if let Some(rates) = facts.analysis().grader_errors.corrected.known() {
        blocks.push(Block::Table(corrected(facts, rates)));
    }
    if !told.is_empty() {
        blocks.push(Block::Table(table(facts, &told)));
    }
    blocks
}

/// What is known of how often the graders in use are right.
fn known(facts: &Facts<'_>) -> Prose {
    let errors = &facts.analysis().grader_errors;
    let graders = facts.analysis().agreement.graders.len();
    let mut prose: Prose = errors
        .accuracies
        .iter()
        .map(|accuracy| say(accuracy_in_words(facts, accuracy), ["j3"]))
        .collect();
    let missing = graders.saturating_sub(errors.accuracies.len());
    if missing > 0 || graders == 0 {
        let whose = match (errors.accuracies.len(), graders) {
            (0, 0 | 1) => "the grader errs on these results is not known".to_owned(),
            (0, _) => "the graders err on these results is not known".to_owned(),
            (_, _) => format!(
                "{} of the graders err on these results is not known",
                format::word(missing)
            ),
        };
        prose.push(plain(format!(
            "How often {whose}, so no rate is put right."
        )));
    }
    prose
}

fn accuracy_in_words(facts: &Facts<'_>, accuracy: &AccuracyResult) -> String {
    let labelled = |n: Option<f64>| {
        n.map_or(String::new(), |n| {
            format!(" ({} labelled)", format::decimals(n, 0))
        })
    };
    let from = match accuracy.known_from {
        AccuracyOf::DoubleGrading => {
            " by the results that a reference grader judged as well".to_owned()
        }
        AccuracyOf::Stated => {
            let stated = &facts.definition().graders.accuracy;
            let source = stated
                .iter()
                .find(|(name, _)| **name == accuracy.grader)
                .or_else(|| stated.iter().next().filter(|_| stated.len() == 1))
                .map(|(_, stated)| stated.source.trim().trim_end_matches('.').to_owned());
            source.map_or(String::new(), |source| format!(" by {source}"))
        }
    };
    format!(
        "{} finds {} of true successes{} and {} of true failures{},{from}.",
        facts.grader(&accuracy.grader),
        format::percent(accuracy.sensitivity.0),
        labelled(accuracy.labelled_successes.number()),
        format::percent(accuracy.specificity.0),
        labelled(accuracy.labelled_failures.number()),
    )
    .replace(",.", ".")
}

/// Pairs whose order is told, the one that gives way first at the head.
pub(super) fn told_apart<'a>(facts: &Facts<'a>) -> Vec<&'a TippingPoint> {
    let Some(points) = facts.analysis().grader_errors.tipping_points.known() else {
        return Vec::new();
    };
    let mut told: Vec<&TippingPoint> = points.iter().filter(|point| point.told_apart).collect();
    told.sort_by(|a, b| needed(a).total_cmp(&needed(b)));
    told
}

/// False alarms on the higher side beyond those assumed.
fn needed(point: &TippingPoint) -> f64 {
    let rate = point.false_alarm_rate_higher.number();
    rate.map_or(f64::INFINITY, |rate| {
        rate - point.false_alarm_rate_assumed.0
    })
}

fn first_to_turn(facts: &Facts<'_>, told: &[&TippingPoint]) -> Option<Sentence> {
    if facts.ranked().len() < 2 {
        return None;
    }
    let Some(first) = told.first() else {
        return Some(plain(
            "No two vendors are told apart, so no order rests on the grader.",
        ));
    };
    let (low, high) = (facts.vendor(&first.lower), facts.vendor(&first.higher));
    let alarms = first.false_alarm_rate_higher.number()?;
    let missed = first
        .miss_rate_lower
        .number()
        .map_or(String::new(), |rate| {
            format!(
                ", or miss {} of the successes of {low}",
                format::percent(rate)
            )
        });
    Some(say(
        format!(
            "The order that gives way first is {low} below {high}: a grader would have to call {} of the failures of {high} successes{missed}, and make no such error with the other.",
            format::percent(alarms)
        ),
        ["j1"],
    ))
}

fn table(facts: &Facts<'_>, told: &[&TippingPoint]) -> Table {
    let rate = |value: Option<f64>| value.map_or("no such error".to_owned(), format::percent_cell);
    let rows: Vec<Row> = told
        .iter()
        .take(MOST_PAIRS)
        .map(|point| {
            row([
                facts.vendor(&point.lower),
                facts.vendor(&point.higher),
                format::percent_cell(point.rate_lower.0),
                format::percent_cell(point.rate_higher.0),
                rate(point.false_alarm_rate_higher.number()),
                rate(point.miss_rate_lower.number()),
                format::thousands(point.successes_to_lose),
                format::thousands(point.successes_to_reverse),
            ])
        })
        .collect();
    let left = told.len().saturating_sub(MOST_PAIRS);
    Table {
        id: "tipping".to_owned(),
        number: None,
        title: Some("Errors of the grader that would turn an order".to_owned()),
        subtitle: Some(
            "Pairs that can be told apart, the one that gives way first at the head; rates and errors in percent"
                .to_owned(),
        ),
        columns: vec![
            text_column("Lower", 26.0),
            text_column("Higher", 26.0),
            number_column("Lower, %", 15.0),
            number_column("Higher, %", 15.0),
            number_column("False alarms, higher", 24.0),
            number_column("Misses, lower", 22.0),
            number_column("Verdicts to open", 21.0),
            number_column("Verdicts to turn", 21.0),
        ],
        rows,
        more: (left > 0).then(|| format!("{left} more pairs in the annex, grader_errors.")),
        note: vec![say(
            "False alarms: share of the failures of the higher vendor that would have to be called successes for both rates to be equal; misses: share of the successes of the lower one that would have to be missed; each alone. Verdicts: successes of the higher vendor that would have to be false for the two to be no longer told apart, and for the two rates to be level or turned.",
            ["j1"],
        )],
    }
}

fn corrected(facts: &Facts<'_>, rates: &CorrectedRates) -> Table {
    let ranked = facts.ranked();
    let rows: Vec<Row> = ranked
        .iter()
        .filter_map(|provider| {
            let rate = rates
                .providers
                .iter()
                .find(|r| r.name == provider.provider)?;
            Some(row([
                facts.vendor(&rate.name),
                format::thousands(provider.n),
                format::percent_cell(rate.observed.0),
                format::percent_cell(rate.corrected.0),
                format::span(
                    &format::percent_cell(rate.interval.lower.0),
                    &format::percent_cell(rate.interval.upper.0),
                ),
                if rate.clipped { "cut off" } else { "as it is" }.to_owned(),
            ]))
        })
        .collect();
    let mut note = vec![say(
        "Rogan and Gladen\u{2019}s correction; the interval covers the errors of the graders, as far as labelled results leave them open, and the choice of responses. Cut off: the formula gives a rate outside 0 to 100.",
        ["j2"],
    )];
    note.push(say(
        format!(
            "The order of the ranked vendors stays in {} of the simulated graders.",
            format::percent(rates.order_kept_share.0)
        ),
        ["j2"],
    ));
    Table {
        id: "corrected-rates".to_owned(),
        number: None,
        title: Some("Rates put right for the graders\u{2019} errors".to_owned()),
        subtitle: Some(format!(
            "{}, pooled over a vendor\u{2019}s models, in percent",
            words::measure(facts)
        )),
        columns: vec![
            text_column("Vendor", 40.0),
            number_column("Results", 22.0),
            number_column("Observed", 24.0),
            number_column("Put right", 24.0),
            number_column(&format!("{} interval", words::level(facts)), 32.0),
            text_column("Limit", 24.0),
        ],
        rows,
        more: None,
        note,
    }
}
