//! What to test next, and whether anything changed over time.

use caveat_analysis::result::{OverTime, Retest, RoundPlan};

use crate::composition::Facts;
use crate::document::{Block, Prose, Row, Sentence, Table};
use crate::format;
use crate::words::{self, number_column, plain, row, say, text_column, why_not};

/// Retests that the document shows.
const MOST_RETESTS: usize = 12;

/// The plan for the open comparisons.
pub(super) fn blocks(facts: &Facts<'_>) -> Vec<Block> {
    use caveat_analysis::NotEstimable::{NoEligibleProviders, NothingOpen};
    match facts.analysis().next_round.as_result() {
        Ok(plan) => vec![
            Block::Paragraph {
                sentences: in_words(facts, plan),
            },
            Block::Table(table(facts, plan)),
        ],
        Err(NoEligibleProviders) => Vec::new(),
        Err(reason) => {
            let text = match reason {
                NothingOpen => "Every pair of ranked vendors can be told apart, so a next round is a matter of precision.".to_owned(),
                reason => format!(
                    "Which vendors should answer which prompts next cannot be planned: {}.",
                    why_not(reason)
                ),
            };
            vec![Block::Paragraph {
                sentences: vec![say(text, ["q2"])],
            }]
        }
    }
}

fn in_words(facts: &Facts<'_>, plan: &RoundPlan) -> Prose {
    let open = plan.pairs.len();
    let enough = plan.pairs.iter().filter(|pair| pair.enough_now).count();
    let mut prose = vec![say(
        format!(
            "{} open. A difference of {} would be found in {}, each comparison in 8 of 10 cases at a level adjusted for all, with {} more results: {}.",
            format::capital(&format::part_of(
                open,
                facts.analysis().comparisons.len(),
                ["comparison", "comparisons"],
                ["is", "are"]
            )),
            format::points(plan.difference_pp.0, 0),
            if open == 1 {
                "it"
            } else {
                "all of them at once"
            },
            format::thousands(plan.traces),
            if plan.new_prompts == 0 {
                "all on prompts that others have answered".to_owned()
            } else if plan.sides.iter().all(|side| side.on_known_prompts == 0) {
                format!(
                    "all on {} new to all",
                    format::plural(
                        usize::try_from(plan.new_prompts).unwrap_or(usize::MAX),
                        "prompt",
                        "prompts"
                    )
                )
            } else {
                format!(
                    "on {} new to all and on prompts that others have answered",
                    format::plural(
                        usize::try_from(plan.new_prompts).unwrap_or(usize::MAX),
                        "prompt",
                        "prompts"
                    )
                )
            }
        ),
        ["q2", "c1"],
    )];
    if let Some(step) = plan.steps.first() {
        let sides = facts.vendors(&step.run);
        let prompts = usize::try_from(step.prompts).unwrap_or(usize::MAX);
        prose.push(say(
            format!(
                "The first step with most gain for its cost: {} {} {}{}.",
                format::short_list(&sides, 4),
                if sides.len() == 1 {
                    "answers"
                } else {
                    "answer"
                },
                format::plural(prompts, "prompt", "prompts"),
                if step.new {
                    " that nobody has met".to_owned()
                } else {
                    format!(
                        " that {} {} met",
                        format::short_list(&facts.vendors(&step.answered_by), 3),
                        if step.answered_by.len() == 1 {
                            "has"
                        } else {
                            "have"
                        }
                    )
                }
            ),
            ["q2"],
        ));
    }
    if enough > 0 {
        prose.push(say(
            format!(
                "{} {} enough common prompts already: the difference there may be smaller than asked about.",
                format::word_first(enough),
                if enough == 1 { "has" } else { "have" }
            ),
            ["q2"],
        ));
    }
    prose
}

fn table(facts: &Facts<'_>, plan: &RoundPlan) -> Table {
    let rows: Vec<Row> = plan
        .sides
        .iter()
        .map(|side| {
            let pairs = plan
                .pairs
                .iter()
                .filter(|pair| pair.first == side.name || pair.second == side.name)
                .count();
            let mut cells = vec![
                facts.vendor(&side.name),
                format::count(pairs),
                format::thousands(side.on_known_prompts),
            ];
            if plan.new_prompts > 0 {
                cells.push(format::thousands(side.on_new_prompts));
            }
            row(cells)
        })
        .collect();
    let mut columns = vec![
        text_column("Vendor", 50.0),
        number_column("Open comparisons", 36.0),
        number_column("On prompts of others", 42.0),
    ];
    if plan.new_prompts > 0 {
        columns.push(number_column("On new prompts", 36.0));
    }
    Table {
        id: "next-round".to_owned(),
        number: None,
        title: Some("What each vendor\u{2019}s models would have to answer next".to_owned()),
        subtitle: Some(format!(
            "Results, one to a prompt; {} in all, in {} that may be ended after any",
            format::thousands(plan.traces),
            format::plural(plan.steps.len(), "step", "steps")
        )),
        columns,
        rows,
        more: None,
        note: vec![
            say(
                format!(
                    "Same prompts for both of a pair; two-sided at {} over all {} comparisons (Bonferroni). A greedy rule that weighs the comparisons gained against the results spent; every result costs the same. The steps stand in the annex.",
                    format::percent(plan.alpha.0),
                    format::count(facts.analysis().comparisons.len())
                ),
                ["q2"],
            ),
            plain("It asks that models, settings and grader stay those of this round."),
        ],
    }
}

/// What changed with time where prompts and grader are held fixed, or why that cannot be said.
pub(super) fn over_time(facts: &Facts<'_>) -> Vec<Block> {
    match facts.analysis().over_time.as_result() {
        Err(reason) => {
            let why = match reason {
                caveat_analysis::NotEstimable::OnePeriod => {
                    if facts.input.selection.account.observed.is_some() {
                        "no model was tested in two months".to_owned()
                    } else {
                        "when models were tested is not recorded".to_owned()
                    }
                }
                reason => why_not(reason).to_owned(),
            };
            vec![Block::Paragraph {
                sentences: vec![say(
                    format!("Nothing can be said of change over time: {why}."),
                    ["i1"],
                )],
            }]
        }
        Ok(over_time) => {
            let mut blocks = vec![Block::Paragraph {
                sentences: changes(facts, over_time),
            }];
            blocks.extend(retests(facts, over_time).map(Block::Table));
            blocks
        }
    }
}

fn changes(facts: &Facts<'_>, over_time: &OverTime) -> Prose {
    let fixed: Vec<&Retest> = held_fixed(over_time);
    let changed = fixed
        .iter()
        .filter(|retest| {
            let drift = retest.drift.known();
            drift.is_some_and(|drift| drift.changed.known() == Some(&true))
        })
        .count();
    let models = format::plural_word(
        over_time.retested_models,
        "model was tested",
        "models were tested",
    );
    let mut prose: Vec<Sentence> = vec![say(
        if fixed.is_empty() {
            format!(
                "{} in two or more months, never on {} or more of the same prompts under the same grader, so no change can be told from other prompts and other graders.",
                format::capital(&models),
                caveat_analysis::result::ComparabilityRule::default().fewest_common_prompts
            )
        } else {
            format!(
                "{} in two or more months. With prompts and grader held fixed {} a change, once all are compared.",
                format::capital(&models),
                match changed {
                    0 => format!(
                        "none of {} shows",
                        format::plural(fixed.len(), "comparison", "comparisons")
                    ),
                    n => format::part_of(
                        n,
                        fixed.len(),
                        ["comparison", "comparisons"],
                        ["shows", "show"]
                    ),
                }
            )
        },
        ["i1"],
    )];
    if over_time.undated > 0 {
        prose.push(say(
            format!(
                "{} results have no date and take no part.",
                format::thousands(over_time.undated)
            ),
            ["i1"],
        ));
    }
    let _ = facts;
    prose
}

fn held_fixed(over_time: &OverTime) -> Vec<&Retest> {
    let retests = over_time.retests.iter();
    retests
        .filter(|retest| {
            let drift = retest.drift.known();
            drift.is_some_and(|drift| drift.difference_pp.known().is_some())
        })
        .collect()
}

fn retests(facts: &Facts<'_>, over_time: &OverTime) -> Option<Table> {
    let fixed = held_fixed(over_time);
    if fixed.is_empty() {
        return None;
    }
    let rows: Vec<Row> = fixed
        .iter()
        .take(MOST_RETESTS)
        .filter_map(|retest| {
            let drift = retest.drift.known()?;
            let change = drift.difference_pp.known()?;
            let one = |points: f64| format::signed(points, 1);
            Some(row([
                facts.model_named(&retest.model),
                format!("{} to {}", retest.earlier, retest.later),
                retest
                    .crude_pp
                    .number()
                    .map_or("not estimable".to_owned(), one),
                format::count(drift.common_prompts),
                one(change.value.0),
                format::span(&one(change.lower.0), &one(change.upper.0)),
                drift
                    .p_adjusted
                    .number()
                    .map_or("not estimable".to_owned(), format::p_cell),
            ]))
        })
        .collect();
    let left = fixed.len().saturating_sub(MOST_RETESTS);
    Some(Table {
        id: "over-time".to_owned(),
        number: None,
        title: Some("The same models in several months".to_owned()),
        subtitle: Some(
            "Change of the rate in points, later less earlier: crude, and on the same prompts under the same grader"
                .to_owned(),
        ),
        columns: vec![
            text_column("Model", 44.0),
            text_column("Months", 36.0),
            number_column("Crude", 17.0),
            number_column("Prompts", 17.0),
            number_column("Held fixed", 19.0),
            number_column(&format!("{} interval", words::level(facts)), 24.0),
            number_column("p", 13.0),
        ],
        rows,
        more: (left > 0).then(|| format!("{left} more in the annex, over_time.")),
        note: vec![say(
            "Intervals are of each comparison by itself, p adjusted for all (Holm). What the crude change is beyond the fixed one belongs to other prompts and other graders.",
            ["i1"],
        )],
    })
}
