//! Parts of the corpus by themselves.

use caveat_analysis::proportion::{Count, Level, wilson};

use crate::composition::Facts;
use crate::document::Table;
use crate::evidence::numbered;
use crate::format;
use crate::words::{self, number_column, row, say, text_column};

/// The Wilson interval of a pooled rate, for a cell.
fn interval(facts: &Facts<'_>, succeeded: u64, n: u64) -> String {
    let level = Level::new(facts.definition().analysis.level);
    match (Count::new(succeeded, n), level) {
        (Ok(count), Ok(level)) => {
            let limits = wilson(count, level);
            format::span(
                &format::percent_cell(limits.lower),
                &format::percent_cell(limits.upper),
            )
        }
        _ => "not estimable".to_owned(),
    }
}

pub(super) fn table(facts: &Facts<'_>) -> Option<Table> {
    let views = facts.input.views;
    if views.is_empty() {
        return None;
    }
    let rows = views.iter().map(|view| {
        let summary = &view.summary;
        row([
            view.title.clone(),
            format::count(summary.n_models),
            format::count(summary.n_providers),
            format::thousands(summary.n),
            format::thousands(summary.succeeded),
            if summary.n == 0 {
                "not tested".to_owned()
            } else {
                format::percent_cell(format::ratio(summary.succeeded, summary.n))
            },
            interval(facts, summary.succeeded, summary.n),
            if super::models::lost_is_unknown(facts) {
                "not recorded".to_owned()
            } else {
                format::thousands(summary.not_evaluable)
            },
        ])
    });
    Some(Table {
        id: "views".to_owned(),
        number: None,
        title: Some("Parts of the corpus by themselves".to_owned()),
        subtitle: Some(format!("{}, pooled over models", words::measure(facts))),
        columns: vec![
            text_column("Part", 42.0),
            number_column("Models", 15.0),
            number_column("Vendors", 16.0),
            number_column("Results", 18.0),
            number_column("Succeeded", 20.0),
            number_column("Rate, %", 15.0),
            number_column(&format!("{} interval", words::level(facts)), 23.0),
            number_column("Lost", 21.0),
        ],
        rows: rows.collect(),
        more: None,
        note: vec![say(
            "Wilson intervals; they cover the choice of responses and not that of models, so they are too narrow for vendors at large. Lost: not evaluable.",
            (0..views.len()).map(|place| numbered("v", place)),
        )],
    })
}
