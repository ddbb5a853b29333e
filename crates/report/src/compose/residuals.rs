//! Differences of vendors from the size line, as drawn intervals.

use caveat_analysis::result::{Band, ProviderResult};

use super::charts;
use crate::composition::Facts;
use crate::document::{Block, Cell, Column, ColumnKind, Prose, Row, Section, Table};
use crate::format;
use crate::words::{cell, number_column, say, text_column};

pub(super) fn section(facts: &Facts<'_>) -> Option<Section> {
    let mut ranked: Vec<&ProviderResult> = facts
        .ranked()
        .into_iter()
        .filter(|p| p.residual_pp.known().is_some())
        .collect();
    if ranked.is_empty() {
        return None;
    }
    let value = |p: &ProviderResult| p.residual_pp.known().map_or(0.0, |r| r.value.0);
    ranked.sort_by(|a, b| {
        value(a)
            .total_cmp(&value(b))
            .then_with(|| a.provider.cmp(&b.provider))
    });
    let (title, lead) = words(facts, &ranked);
    Some(super::section(
        "residuals",
        "Differences from the size line",
        lead,
        vec![Block::Table(table(facts, &ranked, title))],
    ))
}

/// Whether a vendor is shown to lie beside the line. Rule: the interval for an
/// average of new models about the line that the others give, adjusted for all
/// ranked vendors, excludes zero. The interval about the line as published takes
/// line and models as known; where vendors do not differ it excludes zero for
/// some vendor nearly always (docs/calibration.md).
fn beside(provider: &ProviderResult) -> bool {
    let adjusted = provider.residual_deletion_adjusted_pp.known();
    adjusted.is_some_and(|r| r.lower.0 > 0.0 || r.upper.0 < 0.0)
}

/// Title and lead. Rule: [`beside`].
fn words(facts: &Facts<'_>, ranked: &[&ProviderResult]) -> (String, Prose) {
    let clear = |below: bool| -> Vec<&ProviderResult> {
        let of = ranked.iter().filter(|p| {
            let side = p
                .residual_pp
                .known()
                .is_some_and(|r| (r.value.0 < 0.0) == below);
            beside(p) && side
        });
        of.copied().collect()
    };
    let (below, above) = (clear(true), clear(false));
    let names = |list: &[&ProviderResult]| {
        let names: Vec<String> = list.iter().map(|p| facts.vendor(&p.provider)).collect();
        format::short_list(&names, 3)
    };
    let verb = |list: &[&ProviderResult]| if list.len() == 1 { "lies" } else { "lie" };
    let title = match (below.is_empty(), above.is_empty()) {
        (true, true) => "No vendor\u{2019}s distance from the size line is established".to_owned(),
        (false, true) => format!("{} {} below the size line", names(&below), verb(&below)),
        (true, false) => format!("{} {} above the size line", names(&above), verb(&above)),
        (false, false) => format!(
            "{} {} below the size line, {} above",
            names(&below),
            verb(&below),
            names(&above)
        ),
    };
    let ids: Vec<String> = ranked
        .iter()
        .filter_map(|p| facts.residual_id(&p.provider))
        .collect();
    let band = facts.analysis().bands.points.0;
    let wholly = ranked
        .iter()
        .filter(|p| {
            p.residual_pp
                .known()
                .is_some_and(|r| r.upper.0 < -band || r.lower.0 > band)
        })
        .count();
    let outside = facts.analysis().bands.outside.len();
    let lead = vec![
        say(
            format!(
                "{title}, once {} and the scatter of models about the line are allowed for.",
                format::plural_word(ranked.len(), "comparison", "comparisons")
            ),
            ids.clone(),
        ),
        say(
            format!(
                "Outside the band of {} {}; {} with the whole interval.",
                format::points(band, 0),
                match outside {
                    0 => "lies no vendor".to_owned(),
                    1 => "lies one vendor".to_owned(),
                    n => format!("lie {} vendors", format::word(n)),
                },
                match wholly {
                    0 => "none".to_owned(),
                    n if n == outside => "all".to_owned(),
                    n => format::word(n),
                }
            ),
            ids.into_iter().chain(["b1".to_owned()]),
        ),
    ];
    (title, lead)
}

fn table(facts: &Facts<'_>, ranked: &[&ProviderResult], title: String) -> Table {
    let limits: Vec<f64> = ranked
        .iter()
        .filter_map(|p| p.residual_pp.known())
        .flat_map(|r| [r.lower.0, r.upper.0])
        .collect();
    let band = facts.analysis().bands.points.0;
    let level = crate::words::level(facts);
    Table {
        id: "residuals".to_owned(),
        number: None,
        title: Some(title),
        subtitle: Some(format!(
            "Rate minus the rate of the size line, in points; weighted by results; dotted: band of {} to {}",
            format::signed(-band, 0),
            format::signed(band, 0)
        )),
        columns: vec![
            text_column("Vendor", 24.0),
            number_column("Results", 14.0),
            number_column("Weighted", 16.0),
            number_column(&format!("{level} interval"), 25.0),
            Column {
                header: "Drawn".to_owned(),
                kind: ColumnKind::Interval {
                    axis: charts::points(&limits, band),
                },
                width_mm: 26.0,
            },
            number_column("Unweighted", 20.0),
            number_column("Without own", 20.0),
            number_column("Adjusted", 25.0),
        ],
        rows: ranked.iter().map(|p| row(facts, p)).collect(),
        more: None,
        note: note(facts, ranked),
    }
}

/// Evaluable results of a vendor's models in scale, which the difference rests on.
fn results_in_scale(facts: &Facts<'_>, provider: &ProviderResult) -> u64 {
    facts
        .models()
        .filter(|(_, model)| model.in_scale && model.provider == provider.provider)
        .map(|(_, model)| model.n)
        .sum()
}

fn row(facts: &Facts<'_>, provider: &ProviderResult) -> Row {
    let one = |value: f64| format::signed(value, 1);
    let absent = || "not estimable".to_owned();
    let residual = provider.residual_pp.known();
    let mut cells = vec![
        cell(facts.vendor(&provider.provider)),
        cell(format::thousands(results_in_scale(facts, provider))),
    ];
    cells.push(cell(residual.map_or_else(absent, |r| one(r.value.0))));
    cells.push(cell(residual.map_or_else(absent, |r| {
        format::span(&one(r.lower.0), &one(r.upper.0))
    })));
    cells.push(residual.map_or(Cell::NotDrawn, |r| Cell::Interval {
        value: r.value.0,
        lower: r.lower.0,
        upper: r.upper.0,
        heavy: beside(provider),
    }));
    cells.push(cell(
        provider
            .residual_unweighted_pp
            .number()
            .map_or_else(absent, one),
    ));
    cells.push(cell(
        provider
            .residual_deletion_pp
            .number()
            .map_or_else(absent, one),
    ));
    let adjusted = provider.residual_deletion_adjusted_pp.known();
    cells.push(cell(adjusted.map_or_else(absent, |r| {
        format::span(&one(r.lower.0), &one(r.upper.0))
    })));
    Row {
        cells,
        strong: false,
    }
}

fn note(facts: &Facts<'_>, ranked: &[&ProviderResult]) -> Prose {
    let ids: Vec<String> = ranked
        .iter()
        .filter_map(|p| facts.residual_id(&p.provider))
        .collect();
    let mut note = vec![
        say(
            format!(
                "Intervals drawn are for one vendor at a time, cover the choice of responses and take line and models as known, so they are too narrow to tell a vendor from the line. Heavy marks: the adjusted interval excludes zero; it is that of the column \u{201c}Without own\u{201d}, allows for the scatter of models about the line, and holds for {} at once.",
                format::plural_word(ranked.len(), "comparison", "comparisons")
            ),
            ids.clone(),
        ),
        say(
            "Unweighted: mean over the vendor\u{2019}s models. Without own: from a line fitted without the vendor.",
            ids.clone(),
        ),
    ];
    note.push(crate::findings::prompts::between_models(facts));
    if ranked.iter().any(|p| results_in_scale(facts, p) != p.n) {
        note.push(say(
            "Results: of the vendor\u{2019}s models of known size only.",
            ids,
        ));
    }
    let band = facts.analysis().bands.points.0;
    for provider in ranked {
        let (Some(weighted), Some(unweighted)) = (
            provider.residual_pp.known(),
            provider.residual_unweighted_pp.number(),
        ) else {
            continue;
        };
        let side = |value: f64| {
            if value < -band {
                Band::Below
            } else if value > band {
                Band::Above
            } else {
                Band::Inside
            }
        };
        if side(weighted.value.0) != side(unweighted) {
            note.push(say(
                format!(
                    "{} moves across the band with the weights: {} weighted, {} unweighted.",
                    facts.vendor(&provider.provider),
                    format::signed(weighted.value.0, 1),
                    format::signed(unweighted, 1)
                ),
                facts.residual_id(&provider.provider),
            ));
        }
    }
    note
}
