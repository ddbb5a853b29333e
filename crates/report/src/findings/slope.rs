//! Whether the rate goes with size, over all models and inside vendors.

use caveat_analysis::reason::NotEstimable;
use caveat_analysis::result::{Estimate, Pattern, Scale};

use super::Finding;
use crate::annex::Severity;
use crate::composition::Facts;
use crate::document::{Prose, Sentence};
use crate::format;
use crate::words::{self, Ladder, say, strong};

/// What can be said of the slope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlopeState {
    /// The rate falls with size: the whole interval is below zero.
    Falls,
    /// The rate rises with size: the whole interval is above zero.
    Rises,
    /// The interval includes zero.
    NotEstablished,
    /// There is no slope, with the reason.
    Absent(NotEstimable),
}

/// Rule: the interval of the slope excludes zero or not, by Student's t and with
/// HC3 standard errors alike, at the report's level; see [`words::trend`].
pub fn slope_state(facts: &Facts<'_>) -> SlopeState {
    match facts.analysis().scale.as_result().and_then(words::trend) {
        Err(reason) => SlopeState::Absent(reason),
        Ok(way) => match way {
            Ladder::Lower => SlopeState::Falls,
            Ladder::Higher => SlopeState::Rises,
            Ladder::Smaller | Ladder::NotEstablished => SlopeState::NotEstablished,
        },
    }
}

/// The slope per doubling with its interval.
pub fn slope_estimate<'a>(facts: &Facts<'a>) -> Result<&'a Estimate, NotEstimable> {
    facts
        .analysis()
        .scale
        .as_result()?
        .slope_per_doubling
        .as_result()
}

/// F-SIZE. Rule: [`slope_state`]; a p-value from 0.03 to 0.08 is called close
/// to the line. Always given.
pub fn slope(facts: &Facts<'_>) -> Option<Finding> {
    let (claim, evidence) = match (facts.scale(), slope_estimate(facts)) {
        (Some(scale), Ok(slope)) => (
            claim(facts, scale, slope),
            vec![evidence(facts, scale, slope)],
        ),
        (_, Err(reason)) => absent(reason),
        (None, Ok(_)) => absent(NotEstimable::NoSizes),
    };
    Some(Finding {
        code: "F-SIZE",
        severity: Severity::Grave,
        claim,
        evidence,
    })
}

fn absent(reason: NotEstimable) -> (Prose, Prose) {
    let text = format!(
        "Nothing can be said about size: {}.",
        words::why_not(reason)
    );
    let basis = format!("Slope per doubling: {}.", words::not_estimable(reason));
    (vec![strong(text, ["s1"])], vec![say(basis, ["s1"])])
}

fn claim(facts: &Facts<'_>, scale: &Scale, slope: &Estimate) -> Prose {
    let close = scale
        .p
        .number()
        .is_some_and(|p| words::line(p) == words::Line::Close);
    let range = format!(
        "from {} to {}",
        format::size(scale.smallest_b.0),
        format::size(scale.largest_b.0)
    );
    let title = match slope_state(facts) {
        _ if close => {
            format!(
                "Whether {} goes with size is close to the line; either reading is weak.",
                facts.definition().measure
            )
        }
        SlopeState::Falls => format!(
            "The {} falls with size over these models, {range}.",
            words::rate(facts)
        ),
        SlopeState::Rises => format!(
            "The {} rises with size over these models, {range}.",
            words::rate(facts)
        ),
        _ => "No trend with size is established; one too small to be seen here is not ruled out."
            .to_owned(),
    };
    let value = 100.0 * slope.value.0;
    let second = if format::decimals(value.abs(), 1) == "0.0" {
        "The estimate is no change per doubling of parameters.".to_owned()
    } else {
        let way = if value < 0.0 { "lower" } else { "higher" };
        format!(
            "The estimate is {} {way} per doubling of parameters.",
            format::points(value.abs(), 1)
        )
    };
    vec![strong(title, ["s1"]), say(second, ["s1"])]
}

fn evidence(facts: &Facts<'_>, scale: &Scale, slope: &Estimate) -> Sentence {
    let one = |share: f64| format::signed(100.0 * share, 1);
    let mut text = format!(
        "Slope {}, {} interval {}",
        format::points(100.0 * slope.value.0, 1),
        format::level(slope.level.0),
        format::span(&one(slope.lower.0), &one(slope.upper.0)),
    );
    if let Some(p) = scale.p.number() {
        text.push_str(&format!(", {}", format::p_value(p)));
    }
    if let Some(r2) = scale.r2.number() {
        text.push_str(&format!(
            "; {}",
            format::labelled("R²", &format::small_share(r2))
        ));
    }
    text.push_str(&format!("; {} models.", format::count(scale.n_models)));
    let mut ids = vec!["s1"];
    if let Some(detectable) = facts.analysis().power.detectable_slope_80_pp.number() {
        text.push_str(&format!(" Power 80% at {}.", format::points(detectable, 1)));
        ids.push("q1");
    }
    say(text, ids)
}

/// F-WITHIN. Rule: given where at least one vendor has three models in scale;
/// a vendor falls or rises where the interval between its smallest and largest
/// model excludes zero, adjusted for the number of such vendors.
pub fn within(facts: &Facts<'_>) -> Option<Finding> {
    let judged: Vec<_> = facts
        .within()
        .into_iter()
        .filter(|(_, within)| within.pattern != Pattern::TooFewModels)
        .collect();
    if judged.is_empty() {
        return None;
    }
    let ids: Vec<String> = judged.iter().map(|(id, _)| id.clone()).collect();
    let named = |pattern: Pattern| -> Vec<String> {
        let of = judged
            .iter()
            .filter(|(_, within)| within.pattern == pattern);
        of.map(|(_, within)| facts.vendor(&within.provider))
            .collect()
    };
    let (falls, rises, open) = (
        named(Pattern::Falls),
        named(Pattern::Rises),
        named(Pattern::NoDirection),
    );
    let mut parts = Vec::new();
    for (names, words) in [
        (&falls, "below zero in"),
        (&rises, "above zero in"),
        (&open, "across zero in"),
    ] {
        if !names.is_empty() {
            parts.push(format!("{words} {}", format::list(names)));
        }
    }
    let counted = [
        (falls.len(), "lies below zero"),
        (rises.len(), "lies above zero"),
        (open.len(), "includes zero"),
    ];
    let counted: Vec<String> = counted
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{word} in {}", format::word(n)))
        .collect();
    let title = format!(
        "The interval of the change from the smallest to the largest model {}.",
        format::list(&counted)
    );
    let text = format!(
        "Interval of the change from the smallest to the largest model, adjusted for the number of vendors: {}.",
        parts.join("; ")
    );
    let level = words::level(facts);
    let evidence = judged.iter().filter_map(|(id, within)| {
        let change = within.change_pp.known()?;
        let sign = if change.value.0 > 0.0 { "+" } else { "" };
        Some(say(
            format!(
                "{}, {} to {}: {sign}{}, adjusted {level} interval {}.",
                facts.vendor(&within.provider),
                facts.model_named(within.models.first()?),
                facts.model_named(within.models.last()?),
                format::points(change.value.0, 1),
                format::span(
                    &format::signed(change.lower.0, 1),
                    &format::signed(change.upper.0, 1)
                )
            ),
            [id.clone()],
        ))
    });
    Some(Finding {
        code: "F-WITHIN",
        severity: Severity::Serious,
        claim: vec![strong(title, ids.clone()), say(text, ids.clone())],
        evidence: evidence.collect(),
    })
}
