//! Fields 9 and 10: what the data establish, and what may be compared.
//!
//! The word ladder is that of the report: is lower or higher where an interval
//! excludes zero, cannot be told apart or not established where it does not.

use super::document::Field;
use super::{Form, field};
use crate::document::{Block, Prose, Sentence};
use crate::findings::prompts::{Prompts, prompts};
use crate::words::{Ladder, trend};

pub(super) fn statistics(form: &Form<'_>) -> Field {
    let items: Vec<Prose> = vec![vec![pairs(form)], share(form), vec![slope(form)]];
    let lead = vec![form.say("statement.ladder", &[], &[])];
    field(
        form,
        "9",
        "statistics",
        "label.statistics",
        lead,
        vec![Block::List { items }],
    )
}

/// Vendors told apart and not.
fn pairs(form: &Form<'_>) -> Sentence {
    let comparisons = &form.facts.analysis().comparisons;
    if comparisons.is_empty() {
        let minimum = form.minimum();
        return form.say("statement.no_pairs", &[("min", &minimum)], &["c1", "e1"]);
    }
    let language = form.language;
    let told = comparisons.iter().filter(|pair| pair.told_apart).count();
    let error = language.level(1.0 - form.facts.definition().analysis.level);
    let values = [
        ("pairs", language.count(comparisons.len())),
        ("told", language.count(told)),
        ("open", language.count(comparisons.len() - told)),
        ("error", error),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
    form.say("statement.pairs", &values, &["c1", "e1"])
}

/// The share of variance that goes with the vendor, against chance.
fn share(form: &Form<'_>) -> Prose {
    let language = form.language;
    let result = form.facts.main_share().result;
    let computed = match result.eta2.as_result() {
        Ok(share) => language.percent(share.0),
        Err(reason) => {
            let why = form.why_not(reason);
            return vec![form.say("statement.no_share", &[("why", &why)], &["d1"])];
        }
    };
    let mut prose = Vec::new();
    let chance = result.eta2_null_mean.number();
    prose.push(match chance {
        Some(chance) => {
            let chance = language.percent(chance);
            let values = [("share", computed.as_str()), ("chance", chance.as_str())];
            form.say("statement.share", &values, &["d1"])
        }
        None => form.say("statement.share_alone", &[("share", &computed)], &["d1"]),
    });
    let corrected = result.omega2.number();
    if let (Some(corrected), Some(range), Some(p)) =
        (corrected, result.population_eta2.known(), result.p.number())
    {
        let level = language.level(range.level.0);
        let corrected = language.percent(corrected.max(0.0));
        let limits = form.limits(range.lower.0, range.upper.0);
        let p = language.p_value(p);
        let values = [
            ("share", corrected.as_str()),
            ("level", level.as_str()),
            ("limits", limits.as_str()),
            ("p", p.as_str()),
        ];
        let key = if range.lower.0 > 0.0 {
            "statement.share_shown"
        } else {
            "statement.share_open"
        };
        prose.push(form.say(key, &values, &["d1"]));
    }
    prose
}

/// Rate and size.
fn slope(form: &Form<'_>) -> Sentence {
    let language = form.language;
    let absent = |reason| {
        let why = form.why_not(reason);
        form.say("statement.no_slope", &[("why", &why)], &["s1"])
    };
    let scale = match form.facts.analysis().scale.as_result() {
        Ok(scale) => scale,
        Err(reason) => return absent(reason),
    };
    let slope = match scale.slope_per_doubling.as_result() {
        Ok(slope) => slope,
        Err(reason) => return absent(reason),
    };
    let key = match trend(scale) {
        Ok(Ladder::Lower) => "statement.falls",
        Ok(Ladder::Higher) => "statement.rises",
        _ => "statement.slope_open",
    };
    let points = |share: f64| language.decimals(100.0 * share, 1);
    let span = language.span(&points(slope.lower.0), &points(slope.upper.0));
    let value = points(slope.value.0);
    let level = form.level();
    let values = [
        ("slope", value.as_str()),
        ("limits", span.as_str()),
        ("level", level.as_str()),
    ];
    form.say(key, &values, &["s1"])
}

pub(super) fn comparability(form: &Form<'_>) -> Field {
    let entries = vec![
        form.entry("compare.vendors", between_vendors(form)),
        form.entry("compare.graders", between_graders(form)),
        form.entry(
            "compare.editions",
            form.say("compare.editions_text", &[], &[]),
        ),
    ];
    field(
        form,
        "10",
        "comparability",
        "label.comparability",
        Vec::new(),
        vec![Block::Entries { entries }],
    )
}

fn between_vendors(form: &Form<'_>) -> Sentence {
    let language = form.language;
    if form.facts.analysis().providers.len() < 2 {
        return form.say("compare.one_vendor", &[], &["j2"]);
    }
    if let Some(same) = form.facts.analysis().same_prompts.known() {
        let counts = same.verdicts;
        let all = counts.comparable + counts.on_common_prompts + counts.not_comparable;
        let fewest = language.count(same.rule.fewest_common_prompts);
        let values = [
            ("pairs", language.count(all)),
            ("as_is", language.count(counts.comparable)),
            ("common", language.count(counts.on_common_prompts)),
            ("not", language.count(counts.not_comparable)),
            ("fewest", fewest),
        ];
        let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
        return form.say("compare.same_prompts", &values, &["o1"]);
    }
    match prompts(form.facts) {
        Prompts::Same => form.say("compare.same", &[], &["o1"]),
        Prompts::Nearly { lowest } => {
            let share = language.percent(lowest);
            form.say("compare.nearly", &[("share", &share)], &["o1"])
        }
        Prompts::Differ { .. } => form.say("compare.differ", &[], &["o1"]),
        Prompts::Stated { .. } => form.say("compare.stated", &[], &["e1"]),
        Prompts::Unknown | Prompts::Uncounted => form.say("compare.unknown", &[], &["o1"]),
    }
}

fn between_graders(form: &Form<'_>) -> Sentence {
    let language = form.language;
    let agreement = &form.facts.analysis().agreement;
    match agreement.graders.as_slice() {
        [] => form.say("compare.no_grader", &[], &["g1"]),
        [one] if one.grader.trim().is_empty() => form.say("compare.no_grader", &[], &["g1"]),
        [_] => form.say("compare.one_grader", &[], &["g1"]),
        many => {
            let n = language.count(many.len());
            match agreement.largest_share_gap.known() {
                None => form.say("compare.graders_many", &[("n", &n)], &["g1"]),
                Some(gap) => {
                    let limits = form.limits(gap.lowest.0, gap.highest.0);
                    let grader = form.facts.grader(&gap.grader);
                    let values = [
                        ("n", n.as_str()),
                        ("grader", grader.as_str()),
                        ("limits", limits.as_str()),
                    ];
                    form.say("compare.graders_uneven", &values, &["g1"])
                }
            }
        }
    }
}
