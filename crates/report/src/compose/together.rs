//! Vendor and size in one model, and how much of the spread is noise of sampling.

use caveat_analysis::result::{NoiseShare, Together};

use crate::composition::Facts;
use crate::document::{Block, Prose, Section, Table};
use crate::format;
use crate::words::{self, number_column, plain, row, say, text_column, why_not};

/// p at which a part of the share counts as shown.
const ALPHA: f64 = 0.05;

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let mut blocks = Vec::new();
    if let Some(both) = facts.analysis().shapley.known() {
        blocks.push(Block::Table(table(both)));
    }
    let noise = noise(facts);
    if !noise.is_empty() {
        blocks.push(Block::Paragraph { sentences: noise });
    }
    blocks.extend(super::mixed::blocks(facts));
    super::section("together", "Vendor and size together", lead(facts), blocks)
}

fn lead(facts: &Facts<'_>) -> Prose {
    let both = match (
        facts.analysis().shapley.known(),
        facts.analysis().shapley.reason(),
    ) {
        (Some(both), _) => both,
        (None, reason) => {
            let why = reason.map_or("the data do not allow it", why_not);
            return vec![say(
                format!("Vendor and size cannot be put into one model: {why}."),
                ["t1"],
            )];
        }
    };
    let mut prose = vec![say(
        format!(
            "Beside size, the vendor adds {} of the variance between {}; beside the vendor, size adds {}.",
            format::percent(both.provider_given_size.0),
            format::plural(both.n_models, "model", "models"),
            format::percent_of_part(both.size_given_provider.0)
        ),
        ["t1"],
    )];
    if let (Some(parts), Some(law)) = (both.shapley_adjusted.known(), both.shapley_law.known()) {
        prose.push(say(
            if law.p.0 < ALPHA {
                format!(
                    "Split evenly over both orders and corrected for the number of vendors, {} goes with the vendor: more than random names give ({}).",
                    format::percent(parts.provider.0),
                    format::p_value(law.p.0)
                )
            } else {
                format!(
                    "Split evenly over both orders and corrected for the number of vendors, {} goes with the vendor; random names give as much or more in {} of cases.",
                    format::percent(parts.provider.0.max(0.0)),
                    format::percent(law.p.0)
                )
            },
            ["t1"],
        ));
    }
    if both.suppression {
        prose.push(say(
            "Each hides part of what the other shows: together they account for more than the sum of the two alone.",
            ["t1"],
        ));
    }
    prose.push(slope(both));
    prose
}

/// The slope inside vendors.
fn slope(both: &Together) -> crate::document::Sentence {
    let text = match both.slope_pp.known() {
        Some(slope) => {
            let span = words::change_span(slope.lower.0, slope.upper.0, 1);
            let level = format::level(slope.level.0);
            if slope.lower.0 > 0.0 || slope.upper.0 < 0.0 {
                format!(
                    "Among models of one vendor the rate changes by {span} per doubling of size ({level} interval)."
                )
            } else {
                format!(
                    "Among models of one vendor no trend with size is established: {span} per doubling ({level} interval)."
                )
            }
        }
        None => format!(
            "A slope among models of one vendor is not estimable: {}.",
            both.slope_pp
                .reason()
                .map_or("the data do not allow it", why_not)
        ),
    };
    say(text, ["t1"])
}

fn table(both: &Together) -> Table {
    let percent = |share: f64| format::percent_cell(share);
    let p = |value: Option<f64>| value.map_or("not estimable".to_owned(), format::p_cell);
    let split = both.shapley_adjusted.known();
    let part = |pick: fn(&caveat_analysis::result::SplitShares) -> f64| {
        split.map_or("not estimable".to_owned(), |parts| percent(pick(parts)))
    };
    let rows = vec![
        row([
            "Vendor".to_owned(),
            percent(both.r2.provider.0),
            percent(both.provider_given_size.0),
            p(both.provider_p_relabelled.number()),
            part(|parts| parts.provider.0),
            p(both.shapley_law.known().map(|law| law.p.0)),
        ]),
        row([
            "Size".to_owned(),
            percent(both.r2.size.0),
            percent(both.size_given_provider.0),
            p(both.size_test.known().map(|test| test.p.0)),
            part(|parts| parts.size.0),
            "not tested".to_owned(),
        ]),
    ];
    let mut note = vec![say(
        format!(
            "Both together {}, common to both {}. Corrected parts are Shapley values of the adjusted share and may be negative; p of the vendor by dealing vendor names anew, of size by Student\u{2019}s t.",
            format::percent(both.r2.both.0),
            format::percent(both.shared.0),
        ),
        ["t1"],
    )];
    if let Some(inflation) = both.inflation.number() {
        note.push(say(
            format!(
                "Because vendors differ in size, the slope inside vendors is {} times as uncertain as it would be otherwise (standard error).",
                format::times(inflation.max(0.0).sqrt())
            ),
            ["t1"],
        ));
    }
    Table {
        id: "together".to_owned(),
        number: None,
        title: Some("Shares of vendor and size in one model".to_owned()),
        subtitle: Some(format!(
            "Shares of the variance between {} of {}, in percent",
            format::plural(both.n_models, "model", "models"),
            format::plural(both.n_providers, "vendor", "vendors")
        )),
        columns: vec![
            text_column("Factor", 34.0),
            number_column("Alone, %", 22.0),
            number_column("Added to the other, %", 37.0),
            number_column("p of it", 18.0),
            number_column("Corrected part, %", 33.0),
            number_column("p of it", 18.0),
        ],
        rows,
        more: None,
        note,
    }
}

/// How much of the spread is noise, and how much of a single result goes with whom.
fn noise(facts: &Facts<'_>) -> Prose {
    let analysis = facts.analysis();
    let mut prose = Vec::new();
    if let Some(noise) = analysis.noise.noise.known() {
        prose.extend(sampling(facts, noise));
    }
    prose.push(plain(
        "Shares of true differences and of single results, which have no interval, are in the annex (noise, trace_level).",
    ));
    prose
}

fn sampling(facts: &Facts<'_>, noise: &NoiseShare) -> Prose {
    if noise.true_variance_negative {
        return vec![say(
            format!(
                "The spread between {} is no more than the chance of single results would make.",
                format::plural(noise.n_models, "model", "models")
            ),
            ["t2"],
        )];
    }
    let Some(share) = noise.share.number() else {
        return Vec::new();
    };
    // The interval weighs models by their precision and the share does not: where
    // rates differ much in precision the one need not hold the other.
    let held = noise
        .share_interval
        .known()
        .filter(|range| range.lower.0 <= share && share <= range.upper.0);
    let interval = held.map_or(String::new(), |range| {
        format!(
            " ({} interval {}, by the Q-profile)",
            words::level(facts),
            format::span(
                &format::percent(range.lower.0),
                &format::percent(range.upper.0)
            )
        )
    });
    vec![say(
        format!(
            "Of the spread between {}, {}{interval} is the chance of single results; more results per model would remove that part and no more.",
            format::plural(noise.n_models, "model", "models"),
            format::percent(share),
        ),
        ["t2"],
    )]
}
