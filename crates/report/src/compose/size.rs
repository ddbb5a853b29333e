//! Size and the measured rate: the scatter with its line, and what may be said of the slope.

use caveat_analysis::result::{ModelResult, Scale};

use super::charts;
use crate::caveats;
use crate::composition::Facts;
use crate::document::{Block, Chart, Figure, Prose, ScatterPoint, Section};
use crate::evidence::numbered;
use crate::findings::slope::{SlopeState, slope_estimate, slope_state};
use crate::format;
use crate::words::{self, say, why_not};

/// Models up to which every point is labelled.
const LABEL_ALL_UP_TO: usize = 25;

/// Points labelled at each end of the rates where there are more models.
const LABELLED_ENDS: usize = 5;

/// A model in scale with its place and its size.
pub(super) struct Sized<'a> {
    pub(super) place: usize,
    pub(super) model: &'a ModelResult,
    pub(super) size_b: f64,
}

/// Models in scale in order of size, then name.
pub(super) fn sized<'a>(facts: &Facts<'a>) -> Vec<Sized<'a>> {
    let sample = &facts.input.selection.sample.models;
    let mut all: Vec<Sized<'a>> = facts
        .models()
        .filter(|(_, model)| model.in_scale)
        .filter_map(|(place, model)| {
            let size_b = sample
                .get(place)
                .and_then(|m| m.size_b)
                .or_else(|| model.params_total_b.number())?;
            (size_b > 0.0).then_some(Sized {
                place,
                model,
                size_b,
            })
        })
        .collect();
    all.sort_by(|a, b| {
        a.size_b
            .total_cmp(&b.size_b)
            .then_with(|| a.model.model.cmp(&b.model.model))
    });
    all
}

/// Whether the maker publishes no size.
fn unpublished(facts: &Facts<'_>, sized: &Sized<'_>) -> bool {
    facts
        .fact(sized.model)
        .is_some_and(|fact| fact.disclosed == Some(false))
}

/// The maker's figure, where the size used contradicts it.
pub(super) fn contradicted(facts: &Facts<'_>, sized: &Sized<'_>) -> Option<f64> {
    caveats::contradicted(facts)
        .into_iter()
        .find(|(place, ..)| *place == sized.place)
        .map(|(.., disclosed)| disclosed)
}

/// What hollow points are, for a subtitle; nothing where there are none.
pub(super) fn hollow_words(facts: &Facts<'_>, models: &[Sized<'_>]) -> &'static str {
    let without = models.iter().any(|sized| unpublished(facts, sized));
    let against = models
        .iter()
        .any(|sized| contradicted(facts, sized).is_some());
    match (without, against) {
        (true, true) => "; hollow: size not published, or contradicted by the maker",
        (true, false) => "; hollow: size not published",
        (false, true) => "; hollow: size contradicted by the maker",
        (false, false) => "",
    }
}

/// Sizes used that the makers contradict, with the makers' figures.
pub(super) fn contradictions(facts: &Facts<'_>, models: &[Sized<'_>]) -> Option<String> {
    let listed: Vec<String> = models
        .iter()
        .filter_map(|sized| {
            let disclosed = contradicted(facts, sized)?;
            Some(format!(
                "{} {}",
                facts.model(sized.place),
                format::size(disclosed)
            ))
        })
        .collect();
    (!listed.is_empty()).then(|| format::list(&listed))
}

/// A model as a point, if it has a rate.
pub(super) fn point(facts: &Facts<'_>, sized: &Sized<'_>, label: String) -> Option<ScatterPoint> {
    let rate = sized.model.asr.known()?;
    let hollow = unpublished(facts, sized) || contradicted(facts, sized).is_some();
    Some(ScatterPoint {
        x: sized.size_b.log2(),
        y: rate.value.0,
        lower: rate.lower.0,
        upper: rate.upper.0,
        label,
        hollow,
    })
}

pub(super) fn section(facts: &Facts<'_>) -> Section {
    let models = sized(facts);
    let blocks = match (facts.scale(), models.is_empty()) {
        (Some(scale), false) => vec![Block::Figure(figure(facts, scale, &models))],
        _ => Vec::new(),
    };
    super::section(
        "size",
        &format!("Size and {}", facts.definition().measure),
        lead(facts, &models),
        blocks,
    )
}

fn lead(facts: &Facts<'_>, models: &[Sized<'_>]) -> Prose {
    let slope = match slope_estimate(facts) {
        Err(reason) => {
            return vec![say(
                format!("Nothing can be said about size: {}.", why_not(reason)),
                ["s1"],
            )];
        }
        Ok(slope) => slope,
    };
    let state = slope_state(facts);
    let span = words::change_span(100.0 * slope.lower.0, 100.0 * slope.upper.0, 1);
    let level = format::level(slope.level.0);
    let opening = match state {
        SlopeState::Falls => {
            format!("The rate falls with size: {span} per doubling ({level} interval).")
        }
        SlopeState::Rises => {
            format!("The rate rises with size: {span} per doubling ({level} interval).")
        }
        _ => format!(
            "No trend is established: {span} per doubling ({level} interval). The interval leaves room for a fall and for a rise."
        ),
    };
    let mut lead = vec![say(opening, ["s1"])];
    lead.extend(neighbours(facts, models));
    lead
}

/// Models of nearly one size (within a quarter of a doubling), three or more
/// where there are, whose rates are furthest apart, if that is further than the
/// ends of the line.
fn neighbours(facts: &Facts<'_>, models: &[Sized<'_>]) -> Option<crate::document::Sentence> {
    let scale = facts.scale()?;
    let (first, last) = (scale.line.first()?, scale.line.last()?);
    let along = (first.fitted.0 - last.fitted.0).abs();
    let mut widest: Option<(f64, &[Sized<'_>])> = None;
    for (start, model) in models.iter().enumerate() {
        let rest = models.get(start..)?;
        let near = rest
            .iter()
            .take_while(|other| other.size_b / model.size_b <= 1.19)
            .count();
        let group = rest.get(..near)?;
        let rates = group
            .iter()
            .filter_map(|m| m.model.asr.known())
            .map(|rate| rate.value.0);
        let (low, high) = rates.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), r| {
            (l.min(r), h.max(r))
        });
        let better = |(gap, best): &(f64, &[Sized<'_>])| {
            (group.len().min(3), high - low) > (best.len().min(3), *gap)
        };
        if group.len() > 1 && widest.as_ref().is_none_or(better) {
            widest = Some((high - low, group));
        }
    }
    let (gap, group) = widest?;
    if gap <= along {
        return None;
    }
    let ids: Vec<String> = group
        .iter()
        .map(|m| numbered("m", m.place))
        .chain(["s1".to_owned()])
        .collect();
    let rate = |m: &&Sized<'_>| m.model.asr.known().map_or(0.0, |rate| rate.value.0);
    let low = group
        .iter()
        .min_by(|a, b| rate(a).total_cmp(&rate(b)))?
        .model;
    let high = group
        .iter()
        .max_by(|a, b| rate(a).total_cmp(&rate(b)))?
        .model;
    let doubtful = group
        .iter()
        .filter(|sized| is_doubtful(facts, sized))
        .count();
    let (small, large) = (group.first()?.size_b, group.last()?.size_b);
    let sizes = if format::size(small) == format::size(large) {
        format!("At {}", format::size(small))
    } else {
        format!("At {} to {}", format::size(small), format::size(large))
    };
    Some(say(
        format!(
            "{sizes} {} range from {} to {}, further apart than the two ends of the line{}.",
            format::plural_word(group.len(), "model", "models"),
            with_percent(low),
            with_percent(high),
            doubt(doubtful)
        ),
        ids,
    ))
}

/// A rate as percent with its count and interval, also below 100 results: the two
/// ends of a range must compare.
fn with_percent(model: &ModelResult) -> String {
    let rate = format::rate_with_count(model.succeeded, model.n);
    match model.asr.known() {
        Some(asr) => rate.replace(
            ')',
            &format!(
                "; {})",
                format::span(&format::percent(asr.lower.0), &format::percent(asr.upper.0))
            ),
        ),
        None => rate,
    }
}

/// Whether the size used is not the maker's: not published, or contradicted.
fn is_doubtful(facts: &Facts<'_>, sized: &Sized<'_>) -> bool {
    facts.fact(sized.model).is_some_and(|fact| {
        let contradicted = |maker| crate::sizes::contradicts(sized.size_b, maker);
        fact.disclosed == Some(false) || fact.disclosed_total_b.is_some_and(contradicted)
    })
}

fn doubt(models: usize) -> String {
    match models {
        0 => String::new(),
        1 => "; one of these sizes is not the maker\u{2019}s".to_owned(),
        n => format!(
            "; {} of these sizes are not the makers\u{2019}",
            format::word(n)
        ),
    }
}

fn figure(facts: &Facts<'_>, scale: &Scale, models: &[Sized<'_>]) -> Figure {
    let labelled = labelled_places(models);
    let points: Vec<ScatterPoint> = models
        .iter()
        .filter_map(|sized| {
            let label = if labelled.contains(&sized.place) {
                facts.model(sized.place)
            } else {
                ""
            };
            point(facts, sized, label.to_owned())
        })
        .collect();
    let slope = scale.slope_per_doubling.known();
    let line_label = slope
        .map(|s| format!("{} per doubling", format::points(100.0 * s.value.0, 1)))
        .unwrap_or_default();
    let title = match slope_state(facts) {
        SlopeState::Falls => format!("The {} falls with size", words::rate(facts)),
        SlopeState::Rises => format!("The {} rises with size", words::rate(facts)),
        SlopeState::NotEstablished => "No trend with size is established".to_owned(),
        SlopeState::Absent(_) => {
            format!(
                "{} by model size",
                format::capital(&facts.definition().measure)
            )
        }
    };
    let hollow = hollow_words(facts, models);
    Figure {
        id: "size".to_owned(),
        number: String::new(),
        title,
        subtitle: format!(
            "{}, {}; thin lines: {} Wilson intervals; line, band: fit and its interval{hollow}",
            words::measure(facts),
            format::plural(models.len(), "model", "models"),
            words::level(facts)
        ),
        alt: alt(facts, scale, models),
        note: note(facts, scale, models),
        chart: Chart::Scatter {
            x: charts::sizes(scale.smallest_b.0, scale.largest_b.0),
            y: charts::rates(facts),
            points,
            line: scale
                .line
                .iter()
                .map(|p| [p.log2_params.0, p.fitted.0, p.lower.0, p.upper.0])
                .collect(),
            line_label,
        },
    }
}

/// Which points carry a label: all up to 25, else the ends of rates and sizes.
fn labelled_places(models: &[Sized<'_>]) -> Vec<usize> {
    if models.len() <= LABEL_ALL_UP_TO {
        return models.iter().map(|m| m.place).collect();
    }
    let rate = |m: &Sized<'_>| m.model.asr.known().map_or(0.0, |rate| rate.value.0);
    let mut by_rate: Vec<&Sized<'_>> = models.iter().collect();
    by_rate.sort_by(|a, b| {
        rate(a)
            .total_cmp(&rate(b))
            .then_with(|| a.model.model.cmp(&b.model.model))
    });
    let ends = by_rate
        .iter()
        .take(LABELLED_ENDS)
        .chain(by_rate.iter().rev().take(LABELLED_ENDS));
    ends.map(|m| m.place)
        .chain(models.first().map(|m| m.place))
        .chain(models.last().map(|m| m.place))
        .collect()
}

fn alt(facts: &Facts<'_>, scale: &Scale, models: &[Sized<'_>]) -> String {
    let mut parts = vec![format!(
        "Scatter chart of {} rate against model size for {} from {} to {}, size on a doubling scale.",
        facts.definition().measure,
        format::plural(models.len(), "model", "models"),
        format::size(scale.smallest_b.0),
        format::size(scale.largest_b.0)
    )];
    if let Some(slope) = scale.slope_per_doubling.known() {
        parts.push(format!(
            "The fitted line changes by {} per doubling; the {} interval runs from {} to {}.",
            format::points(100.0 * slope.value.0, 1),
            format::level(slope.level.0),
            format::signed(100.0 * slope.lower.0, 1),
            format::signed(100.0 * slope.upper.0, 1)
        ));
    }
    let rate = |m: &&Sized<'_>| m.model.asr.known().map_or(0.0, |rate| rate.value.0);
    let low = models.iter().min_by(|a, b| rate(a).total_cmp(&rate(b)));
    let high = models.iter().max_by(|a, b| rate(a).total_cmp(&rate(b)));
    if let (Some(low), Some(high)) = (low, high) {
        parts.push(format!(
            "Rates range from {} to {}.",
            format::rate_in_words(low.model.succeeded, low.model.n),
            format::rate_in_words(high.model.succeeded, high.model.n)
        ));
    }
    charts::alt(
        &parts,
        &["Each model has a vertical interval around its rate, wider where it has fewer results."],
        "models",
    )
}

fn note(facts: &Facts<'_>, scale: &Scale, models: &[Sized<'_>]) -> Prose {
    let mut note = Vec::new();
    if let Some(slope) = scale.slope_per_doubling.known() {
        let t = scale.t.number().map(|t| {
            format!(
                ", t({}) = {}",
                scale.n_models.saturating_sub(2),
                format::decimals(t, 2)
            )
        });
        let p = scale
            .p
            .number()
            .map(|p| format!(", {}", format::p_value(p)));
        note.push(say(
            format!(
                "Slope {}, {} interval {}{}{}.",
                format::points(100.0 * slope.value.0, 1),
                format::level(slope.level.0),
                format::span(
                    &format::signed(100.0 * slope.lower.0, 1),
                    &format::signed(100.0 * slope.upper.0, 1)
                ),
                t.unwrap_or_default(),
                p.unwrap_or_default()
            ),
            ["s1"],
        ));
    }
    if let Some(hc3) = scale.slope_hc3.known() {
        note.push(say(
            format!(
                "With errors that allow for unequal spread (HC3): {}.",
                format::span(
                    &format::signed(100.0 * hc3.lower.0, 1),
                    &format::signed(100.0 * hc3.upper.0, 1)
                )
            ),
            ["s1"],
        ));
    }
    for sized in models
        .iter()
        .filter(|m| m.model.succeeded == 0 && m.model.n > 0)
    {
        if let Some(rate) = sized.model.asr.known() {
            note.push(say(
                format!(
                    "{}: none of {}; a rate of up to {} would fit that.",
                    facts.model(sized.place),
                    format::thousands(sized.model.n),
                    format::percent_up_to(rate.upper.0)
                ),
                [numbered("m", sized.place)],
            ));
        }
    }
    if let Some(listed) = contradictions(facts, models) {
        note.push(say(
            format!("Drawn at the size used although the maker states another: {listed}."),
            ["a7", "s1"],
        ));
    }
    note.push(crate::findings::prompts::between_models(facts));
    note.push(say(
        format!(
            "Nothing is known below {} or above {}.",
            format::size(scale.smallest_b.0),
            format::size(scale.largest_b.0)
        ),
        ["s1"],
    ));
    note
}
