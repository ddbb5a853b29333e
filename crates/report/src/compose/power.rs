//! What would settle it: what the slope test could find, and how many models it takes.

use crate::composition::Facts;
use crate::document::{Block, Prose, Section, Table};
use crate::findings::{self, ShareState, SlopeState};
use crate::format;
use crate::words::{number_column, plain, row, say, why_not};

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let power = &facts.analysis().power;
    let mut blocks =
        if power.models_needed.is_empty() || power.detectable_slope_80_pp.known().is_none() {
            vec![Block::Paragraph {
                sentences: provider_test(facts),
            }]
        } else {
            vec![
                Block::Table(table(facts)),
                Block::Paragraph {
                    sentences: provider_test(facts),
                },
            ]
        };
    blocks.extend(super::next_round::blocks(facts));
    super::section("power", "What would settle it", lead(facts), blocks)
}

fn lead(facts: &Facts<'_>) -> Prose {
    let power = &facts.analysis().power;
    let slope = findings::slope_state(facts);
    let (Some(at_80), Some(at_90)) = (
        power.detectable_slope_80_pp.number(),
        power.detectable_slope_90_pp.number(),
    ) else {
        let reason = power
            .detectable_slope_80_pp
            .reason()
            .map_or("the data allow none", why_not);
        return vec![say(
            format!("What a study of this kind could find is not estimable: {reason}."),
            ["q1"],
        )];
    };
    let first = say(
        format!(
            "With these models a slope of {} per doubling is found in 8 of 10 such studies, one of {} in 9 of 10.",
            format::points(at_80, 1),
            format::points(at_90, 1)
        ),
        ["q1"],
    );
    let second = match slope {
        SlopeState::Falls | SlopeState::Rises => {
            plain("The slope found here was large enough to be seen; more models would narrow it.")
        }
        _ => plain(
            "A smaller slope would usually be missed; more models, not more results per model, would find it.",
        ),
    };
    vec![first, second]
}

fn table(facts: &Facts<'_>) -> Table {
    let power = &facts.analysis().power;
    let rows = power.models_needed.iter().map(|needed| {
        row([
            format::decimals(needed.slope_pp.0, 1),
            needed
                .n_models
                .known()
                .map_or("not estimable".to_owned(), |n| format::count(*n)),
            needed
                .power_now
                .number()
                .map_or("not estimable".to_owned(), of_hundred),
        ])
    });
    Table {
        id: "power".to_owned(),
        number: None,
        title: Some("Models needed to find a slope".to_owned()),
        subtitle: Some("At the spread of these models; two-sided test at 5%".to_owned()),
        columns: vec![
            number_column("Slope, points", 40.0),
            number_column("Models for 8 of 10", 55.0),
            number_column("Found with these, %", 55.0),
        ],
        rows: rows.collect(),
        more: None,
        note: vec![say(
            "Slopes are stated beforehand and not taken from the data; the spread of rates and sizes is.",
            ["q1"],
        )],
    }
}

/// A chance as cases of a hundred, never rounded to none or all.
fn of_hundred(share: f64) -> String {
    let whole = format::decimals(100.0 * share, 0);
    if whole == "100" && share < 1.0 {
        "more than 99".to_owned()
    } else if whole == "0" && share > 0.0 {
        "fewer than 1".to_owned()
    } else {
        whole
    }
}

fn provider_test(facts: &Facts<'_>) -> Prose {
    let declared = facts.analysis().power.provider_test_declared.iter();
    let cases: Vec<String> = declared
        .filter_map(|declared| {
            Some(format!(
                "{} in {} of 100 cases",
                format::percent(declared.share.0),
                of_hundred(declared.power.number()?)
            ))
        })
        .collect();
    let mut text = Vec::new();
    if !cases.is_empty() {
        text.push(say(
            format!(
                "With these numbers of models and vendors the test of the vendor would find a true share of {}. These shares are stated beforehand and not taken from the data.",
                format::list(&cases)
            ),
            ["q1"],
        ));
    }
    text.push(match findings::share_state(facts) {
        ShareState::Beyond => plain("More models per vendor would say how large the vendor\u{2019}s share is."),
        ShareState::Absent(_) => plain("Two or more models of each of several vendors would make the vendor\u{2019}s share computable."),
        _ => plain("Two or more models of every vendor would settle more than further vendors with a single model."),
    });
    text
}
