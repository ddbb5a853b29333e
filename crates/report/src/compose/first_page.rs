//! The first page: answer, findings, the chance strip, claims, three limits.
//!
//! It stands alone: nothing on it needs a later page to be true.

use caveat_analysis::reason::NotEstimable;
use caveat_analysis::special::beta_quantile;

use super::{Parts, charts};
use crate::annex::{ClaimResult, ClaimStatus};
use crate::caveats;
use crate::composition::Facts;
use crate::document::{
    ChanceRow, Chart, Figure, FirstPage, LabelledValue, Panel, Prose, Row, Table,
};
use crate::evidence::numbered;
use crate::findings;
use crate::format;
use crate::words::{self, bold_cell, cell, number_column, plain, say, text_column, why_not};

/// Most claims on the first page.
const MOST_CLAIMS: usize = 6;

pub(super) fn first_page(parts: &Parts<'_>) -> FirstPage {
    let facts = &parts.facts;
    let (claims_heading, claims) = claims(facts);
    FirstPage {
        answer: findings::answer(facts),
        findings: parts
            .findings
            .iter()
            .take(findings::ON_FIRST_PAGE)
            .map(|f| f.block())
            .collect(),
        figure: strip(facts),
        claims_heading,
        claims,
        limits: limits(parts),
    }
}

/// The three gravest caveats, each a word group and a short sentence.
fn limits(parts: &Parts<'_>) -> Panel {
    let chosen = caveats::for_first_page(&parts.caveats);
    let mut items: Vec<Prose> = chosen
        .into_iter()
        .map(|caveat| caveat.panel_item())
        .collect();
    // Fewer than three caveats need one vendor, identified prompts and no size:
    // then the scope of the question is what limits the answer.
    while items.len() < caveats::ON_FIRST_PAGE {
        items.push(vec![plain(
            "Little to compare. These data leave little that could be compared.",
        )]);
    }
    Panel {
        title: "Before you use this".to_owned(),
        items,
    }
}

/// Figure 1: observed shares against what chance gives.
fn strip(facts: &Facts<'_>) -> Figure {
    let rows: Vec<ChanceRow> = [vendor_row(facts), size_row(facts)]
        .into_iter()
        .flatten()
        .collect();
    let title = strip_title(&rows, findings::share_state(facts));
    let models = facts.main_share().result.n_models;
    Figure {
        id: "chance-strip".to_owned(),
        number: String::new(),
        title,
        subtitle: format!(
            "Share of variance between {}; bars: where 90% of shares fall when names or sizes are dealt out at random; tick: their average",
            format::plural(models, "model", "models")
        ),
        alt: strip_alt(facts, &rows, models),
        note: strip_note(facts),
        chart: Chart::ChanceStrip {
            rows,
            axis: charts::shares(&format!(
                "Share of the variance between models\u{2019} {}s",
                words::rate(facts)
            )),
        },
    }
}

/// Title of the strip. Rule: a share counts as more than chance above the 95th
/// percentile of relabellings; below the 5th it is not.
fn strip_title(rows: &[ChanceRow], share: findings::ShareState) -> String {
    // The percentiles of a law with few arrangements and the p-value may fall
    // on different sides of the line: then the title only says what is shown.
    if share == findings::ShareState::Close && !rows.is_empty() {
        return "What the data give, and what chance alone would give".to_owned();
    }
    let above = |row: &&ChanceRow| row.observed.value > row.p95;
    let below = rows.iter().any(|row| row.observed.value < row.p05);
    let title = match (rows, rows.iter().filter(above).count()) {
        ([], _) => "No share of variance can be set against chance",
        ([_], 0) if below => "The share is not above what chance alone would give",
        ([_], 0) => "The share lies inside what chance alone would give",
        ([_], _) => "The share lies above what chance usually gives",
        (_, 0) if below => "Neither share is above what chance alone would give",
        (_, 0) => "Both shares lie inside what chance alone would give",
        ([vendor, ..], 1) if above(&vendor) => {
            "The vendor\u{2019}s share lies above what chance usually gives, that of size does not"
        }
        (_, 1) => {
            "The share of size lies above what chance usually gives, the vendor\u{2019}s does not"
        }
        _ => "Both shares lie above what chance usually gives",
    };
    title.to_owned()
}

fn strip_alt(facts: &Facts<'_>, rows: &[ChanceRow], models: usize) -> String {
    let mut parts = vec![format!(
        "Interval chart of shares of the variance between the {}s of {}, on a scale from 0 to 100 percent.",
        words::rate(facts),
        format::plural(models, "model", "models")
    )];
    for row in rows {
        let place = if row.observed.value < row.p05 {
            "below that range"
        } else if row.observed.value > row.p95 {
            "above that range"
        } else {
            "inside that range"
        };
        parts.push(format!(
            "{}: observed {}, chance average {}, 90 percent of chance results between {} and {}, so it lies {place}.",
            row.name,
            format::percent(row.observed.value),
            format::percent(row.mean.value),
            format::percent(row.p05),
            format::percent(row.p95)
        ));
    }
    let more = [
        "A share cannot be drawn where the models do not allow it to be computed.",
        "Chance means that the rates are dealt out again to the models at random, many times over.",
        "Nothing else is drawn.",
    ];
    charts::alt(&parts, &more, "decomposition")
}

fn strip_note(facts: &Facts<'_>) -> Prose {
    let main = facts.main_share();
    let mut note = Vec::new();
    if let Some(reason) = main.result.eta2.reason() {
        note.push(say(
            format!("Vendor: not estimable, {}.", why_not(reason)),
            [main.id],
        ));
    }
    if let Some(reason) = facts.analysis().scale.reason() {
        note.push(say(
            format!("Parameter count: not estimable, {}.", why_not(reason)),
            ["s1"],
        ));
    }
    note
}

fn vendor_row(facts: &Facts<'_>) -> Option<ChanceRow> {
    let main = facts.main_share();
    let observed = main.result.eta2.number()?;
    let law = facts.analysis().decomposition.null_distribution.known();
    let (p05, p95, mean) = match law.filter(|_| main.id == "d1") {
        Some(law) => (law.p05.0, law.p95.0, law.mean.0),
        None => {
            // Degrees of freedom are small; the conversion is exact.
            let (a, b) = (main.result.df1 as f64 / 2.0, main.result.df2 as f64 / 2.0);
            let quantile = |p| beta_quantile(a, b, p).ok();
            (
                quantile(0.05)?,
                quantile(0.95)?,
                main.result.eta2_null_mean.number()?,
            )
        }
    };
    let detail = format::plural(main.result.n_groups, "vendor", "vendors");
    Some(chance_row("Vendor", detail, [p05, mean, p95], observed))
}

fn size_row(facts: &Facts<'_>) -> Option<ChanceRow> {
    let scale = facts.scale()?;
    let values = [
        scale.r2_null_p05.number()?,
        scale.r2_null_mean.number()?,
        scale.r2_null_p95.number()?,
    ];
    Some(chance_row(
        "Model size",
        "log2 of parameters".to_owned(),
        values,
        scale.r2.number()?,
    ))
}

fn chance_row(name: &str, detail: String, [p05, mean, p95]: [f64; 3], observed: f64) -> ChanceRow {
    let labelled = |value: f64, label: String| LabelledValue {
        value,
        label,
        detail: None,
    };
    ChanceRow {
        name: name.to_owned(),
        detail,
        p05,
        p95,
        range_label: format!(
            "90% of chance results: {}",
            format::span(&format::percent(p05), &format::percent(p95))
        ),
        mean: labelled(mean, format!("average {}", format::percent(mean))),
        observed: labelled(observed, format!("observed {}", format::percent(observed))),
    }
}

/// Published claims that the title rests on, or what the data give.
fn claims(facts: &Facts<'_>) -> (String, Table) {
    let key: Vec<(usize, &ClaimResult)> = facts
        .input
        .claims
        .iter()
        .enumerate()
        .filter(|(_, claim)| claim.key)
        .collect();
    if key.is_empty() {
        return ("What these data give".to_owned(), figures(facts));
    }
    let rows = key
        .iter()
        .take(MOST_CLAIMS)
        .map(|(_, claim)| claim_row(facts, claim))
        .collect();
    let ids: Vec<String> = key
        .iter()
        .take(MOST_CLAIMS)
        .map(|(place, _)| numbered("k", *place))
        .collect();
    let table = Table {
        id: "key-claims".to_owned(),
        number: None,
        title: None,
        subtitle: None,
        columns: vec![
            text_column("Claim", 37.0),
            number_column("Published", 18.0),
            number_column("Recomputed", 21.0),
            text_column("Interval, true value", 34.0),
            text_column("Status", 60.0),
        ],
        rows,
        more: None,
        note: vec![say(
            format!(
                "{} of {}. Chance: share of {}, as in Figure 1. All claims: section \u{201c}All claims\u{201d}.",
                format::plural(facts.main_share().result.n_models, "model", "models"),
                format::plural(facts.main_share().result.n_groups, "vendor", "vendors"),
                findings::relabellings(facts)
            ),
            ids.into_iter()
                .chain([facts.main_share().id, "d5", "s1"].map(str::to_owned)),
        )],
    };
    (
        "What was published, and what the same data give".to_owned(),
        table,
    )
}

fn claim_row(facts: &Facts<'_>, claim: &ClaimResult) -> Row {
    let status = match claim.status {
        ClaimStatus::Reproduced => "reproduced",
        ClaimStatus::Differs => "differs",
        ClaimStatus::CannotBeRecomputed => "cannot be recomputed",
    };
    let note = claim
        .note
        .as_deref()
        .map(short_note)
        .filter(|note| !note.is_empty());
    let worth = super::claims::worth(facts, claim);
    let worth = if claim.status == ClaimStatus::Reproduced {
        worth.or(note)
    } else {
        note.or(worth)
    };
    let text = worth.map_or_else(|| status.to_owned(), |note| format!("{status}; {note}"));
    Row {
        cells: vec![
            cell(claim.claim.clone()),
            cell(super::claims::printed(&claim.published)),
            cell(super::claims::recomputed(claim)),
            cell(interval_of(facts, claim)),
            if claim.status == ClaimStatus::Reproduced {
                cell(text)
            } else {
                bold_cell(text)
            },
        ],
        strong: false,
    }
}

/// The interval of the figure that a claim rests on, or why it has none. Shares
/// have that of the population's share, the extremes that of the pooled ratio.
fn interval_of(facts: &Facts<'_>, claim: &ClaimResult) -> String {
    let found = match claim.evidence.first().map(String::as_str) {
        Some("d1") => {
            let main = &facts.analysis().decomposition.in_scale;
            share_range(main.population_eta2.known())
        }
        Some("s1") => facts
            .scale()
            .and_then(|scale| share_range(scale.population_r2.known())),
        Some("x1") => pooled_range(facts),
        Some("d4") => return "none: not stable".to_owned(),
        _ => None,
    };
    found.unwrap_or_else(|| "none given".to_owned())
}

/// The interval of a population's share ("0.0 to 57.7% (90%)"); the share as
/// computed is biased upwards and may lie above it.
fn share_range(range: Option<&caveat_analysis::result::Range>) -> Option<String> {
    range.map(|range| {
        format!(
            "{} to {}% ({})",
            format::percent_cell(range.lower.0),
            format::percent_cell(range.upper.0),
            format::level(range.level.0)
        )
    })
}

/// The interval of the ratio of pooled rates of the two extremes, adjusted for
/// their choice among all pairs.
fn pooled_range(facts: &Facts<'_>) -> Option<String> {
    let adjusted = facts.analysis().risk_ratio.pooled_adjusted.known();
    // At the report's own level, which the foot of the page states.
    adjusted.map(|ratio| {
        format!(
            "{} to {}, pooled",
            format::times(ratio.lower.0),
            format::times(ratio.upper.0)
        )
    })
}

/// The first clause of a note, if it is short enough for the first page.
fn short_note(note: &str) -> String {
    let clause = note
        .split("; ")
        .flat_map(|part| part.split(". "))
        .find(|part| !part.trim().is_empty())
        .unwrap_or_default()
        .trim();
    if clause.chars().count() <= 44 && !note.trim_start().starts_with(char::is_numeric) {
        clause.to_owned()
    } else {
        String::new()
    }
}

/// One row of [`figures`]: name, printed elsewhere, here, interval, chance, verdict.
struct FigureRow {
    name: &'static str,
    published: Option<String>,
    here: String,
    interval: String,
    chance: String,
    against: String,
}

/// The figures that the question turns on, where no claims on these data were
/// published; beside those of a claim from elsewhere, if the report tests one.
fn figures(facts: &Facts<'_>) -> Table {
    let tested = facts.definition().claim_tested.as_ref();
    let published = tested.and_then(|tested| tested.published.as_ref());
    let all = [
        vendor_figures(facts),
        size_figures(facts),
        ratio_figures(facts),
        extreme_figures(facts),
    ];
    let rows = all.into_iter().map(|mut figures| {
        figures.published = published.map(|printed| {
            let value = match figures.name {
                VENDOR_FIGURE => &printed.vendor_share,
                SIZE_FIGURE => &printed.size_share,
                RATIO_FIGURE => &printed.ratio,
                _ => &printed.extremes,
            };
            value
                .as_deref()
                .map_or("not printed".to_owned(), super::claims::printed)
        });
        let mut cells = vec![cell(figures.name)];
        cells.extend(figures.published.map(cell));
        cells.extend(
            [
                figures.here,
                figures.interval,
                figures.chance,
                figures.against,
            ]
            .map(cell),
        );
        Row {
            cells,
            strong: false,
        }
    });
    let mut columns = vec![text_column("Figure", 40.0)];
    if published.is_some() {
        columns.push(number_column("Published", 19.0));
    }
    columns.extend([
        number_column("These data", 20.0),
        text_column("Interval, true value", 33.0),
        number_column("By chance", 20.0),
        text_column(
            "Against chance",
            if published.is_some() { 38.0 } else { 57.0 },
        ),
    ]);
    let mut note = vec![figures_note(facts)];
    note.extend(tested.filter(|_| published.is_some()).map(|tested| {
        say(
            format!(
                "Published: in {}, on other data.",
                tested.source.trim().trim_end_matches('.')
            ),
            ["e1"],
        )
    }));
    Table {
        id: "key-figures".to_owned(),
        number: None,
        title: None,
        subtitle: None,
        columns,
        rows: rows.collect(),
        more: None,
        note,
    }
}

const VENDOR_FIGURE: &str = "Variance by vendor";
const SIZE_FIGURE: &str = "Variance by size";
const RATIO_FIGURE: &str = "Ratio of the two";
const EXTREMES_FIGURE: &str = "Highest to lowest mean rate";

/// A row, in words where something is missing.
fn figure_row(
    name: &'static str,
    here: Result<String, NotEstimable>,
    interval: Option<String>,
    chance: Option<String>,
    against: Option<String>,
) -> FigureRow {
    let absent = || "not computed".to_owned();
    let missing = here
        .as_ref()
        .err()
        .map(|reason| why_not(*reason).to_owned());
    FigureRow {
        name,
        published: None,
        here: here.unwrap_or_else(|_| "not estimable".to_owned()),
        interval: interval.unwrap_or_else(|| "none".to_owned()),
        chance: chance.unwrap_or_else(absent),
        against: missing.or(against).unwrap_or_else(absent),
    }
}

fn vendor_figures(facts: &Facts<'_>) -> FigureRow {
    let result = facts.main_share().result;
    let p = match (result.p_permutation.number(), result.p.number()) {
        (Some(p), _) => Some(format!("{} (relabelling)", format::p_value(p))),
        (None, Some(p)) => Some(format!("{} (F)", format::p_value(p))),
        (None, None) => None,
    };
    figure_row(
        VENDOR_FIGURE,
        result.eta2.as_result().map(|v| percent_of(v.0)),
        share_range(result.population_eta2.known()),
        result.eta2_null_mean.number().map(percent_of),
        p,
    )
}

fn size_figures(facts: &Facts<'_>) -> FigureRow {
    let scale = facts.analysis().scale.as_result();
    let known = scale.ok();
    figure_row(
        SIZE_FIGURE,
        scale
            .and_then(|s| s.r2.as_result())
            .map(|v| percent_of(v.0)),
        known.and_then(|s| share_range(s.population_r2.known())),
        known.and_then(|s| s.r2_null_mean.number()).map(percent_of),
        known
            .and_then(|s| s.p.number())
            .map(|p| format!("{} (t)", format::p_value(p))),
    )
}

fn ratio_figures(facts: &Facts<'_>) -> FigureRow {
    let ratio = &facts.analysis().ratio;
    figure_row(
        RATIO_FIGURE,
        ratio.eta2_over_r2.as_result().map(|v| format::times(v.0)),
        Some("not stable".to_owned()),
        ratio.null_median.number().map(format::times),
        ratio.null_share_at_least.number().map(reached),
    )
}

fn extreme_figures(facts: &Facts<'_>) -> FigureRow {
    let risk = &facts.analysis().risk_ratio;
    figure_row(
        EXTREMES_FIGURE,
        risk.of_means.value.as_result().map(|v| format::times(v.0)),
        pooled_range(facts),
        risk.null_median.number().map(format::times),
        risk.null_share_at_least.number().map(reached),
    )
}

fn percent_of(share: f64) -> String {
    format!("{}%", format::percent_cell(share))
}

fn reached(share: f64) -> String {
    format!("reached in {}", findings::share_of_shuffles(share))
}

/// The models that the rows of [`figures`] rest on.
fn figures_note(facts: &Facts<'_>) -> crate::document::Sentence {
    let (models, vendors) = (
        facts.analysis().models.len(),
        facts.analysis().providers.len(),
    );
    let counted = |models: usize, vendors: usize| {
        format!(
            "{} of {}",
            format::plural(models, "model", "models"),
            format::plural(vendors, "vendor", "vendors")
        )
    };
    let result = facts.main_share().result;
    let drawn = findings::relabellings(facts);
    let text = if result.n_models == models || result.n_models == 0 {
        format!(
            "By chance: average, of ratios median. {}; {drawn}.",
            counted(models, vendors)
        )
    } else {
        let ranked = facts.ranked();
        let of_ranked = ranked.iter().map(|provider| provider.n_models).sum();
        format!(
            "By chance: average, of ratios median. Shares and ratio: {}, with a known size; last row: {}; {drawn}.",
            counted(result.n_models, result.n_groups),
            counted(of_ranked, ranked.len())
        )
    };
    say(text, [facts.main_share().id, "d5", "s1", "d4", "x1"])
}
