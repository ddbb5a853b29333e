//! Caveats about what other choices, other units and small errors would change.

use super::{Caveat, Topic};
use crate::annex::Severity;
use crate::composition::Facts;
use crate::evidence::numbered;
use crate::findings::apart::told_apart;
use crate::findings::choices::{choice_name, mover};
use crate::format;

/// Share of all ways up to which the published one lies at an end of them.
const AT_AN_END: f64 = 0.25;

/// Distance in points from the median below which that says little.
const FAR: f64 = 0.10;

/// Error of a grader on one vendor alone below which an order rests on the grader.
const SMALL_ERROR: f64 = 0.2;

/// p at which a test counts as positive.
const ALPHA: f64 = 0.05;

/// CAV-CHOICES. Rule: a quarter or fewer of all ways to compute the vendor's share
/// reach the published one, or all but a quarter do, and the median lies 10 points
/// or more from it.
pub(super) fn published(facts: &Facts<'_>) -> Option<Caveat> {
    let grid = facts.analysis().multiverse.share.known()?;
    let own = grid.published.known()?;
    let median = grid.median.number()?;
    let (reach, effect) = (own.share_at_least.0, own.effect.0);
    let end = reach <= AT_AN_END || reach >= 1.0 - AT_AN_END;
    if !end || (effect - median).abs() < FAR {
        return None;
    }
    let moved = mover(grid).map_or(String::new(), |(axis, moved)| {
        format!(
            " What moves it most is {} ({} on average).",
            choice_name(&axis.name).0,
            format::points(100.0 * moved, 0)
        )
    });
    Some(Caveat {
        code: "CAV-CHOICES",
        severity: Severity::Serious,
        topic: Topic::Inference,
        title: "Other choices give another share".to_owned(),
        short: format!(
            "As published {}; {} on the median of {} ways.",
            format::percent(effect),
            format::percent(median),
            format::count(grid.estimable)
        ),
        text: format!(
            "Of {} ways in use to compute the vendor\u{2019}s share, {} reach this report\u{2019}s {}; on the median it is {}.{moved}",
            format::count(grid.estimable),
            format::percent(reach),
            format::percent(effect),
            format::percent(median)
        ),
        evidence: vec!["u1".to_owned()],
    })
}

/// CAV-GRADER-TIPPING. Rule: the order of two vendors that are told apart would
/// turn if the grader called fewer than one in five of one vendor's failures
/// successes, beyond the errors known of it, and none of the other's.
pub(super) fn tipping(facts: &Facts<'_>) -> Option<Caveat> {
    let points = facts.analysis().grader_errors.tipping_points.known()?;
    let excess = |point: &caveat_analysis::result::TippingPoint| {
        let rate = point.false_alarm_rate_higher.number()?;
        Some((rate - point.false_alarm_rate_assumed.0, rate))
    };
    let told = points.iter().filter(|point| point.told_apart);
    let small: Vec<_> = told
        .filter_map(|point| Some((excess(point)?, point)))
        .filter(|((beyond, _), _)| *beyond < SMALL_ERROR)
        .collect();
    let ((_, rate), first) = small
        .iter()
        .min_by(|a, b| a.0.0.total_cmp(&b.0.0))
        .copied()?;
    let (low, high) = (facts.vendor(&first.lower), facts.vendor(&first.higher));
    let count = match small.len() {
        1 => String::new(),
        n => format!(
            " Fewer than a fifth would do in {} told apart.",
            format::plural_word(n, "pair", "pairs")
        ),
    };
    Some(Caveat {
        code: "CAV-GRADER-TIPPING",
        severity: Severity::Serious,
        topic: Topic::Graders,
        title: "An uneven grader could turn an order".to_owned(),
        short: format!(
            "Wrong on {} of {high}\u{2019}s failures alone, it would put {high} level with {low}.",
            format::percent(rate)
        ),
        text: format!(
            "If the grader called {} of the failures of {high} successes, and made no such error with {low}, the two would have the same rate.{count}",
            format::percent(rate)
        ),
        evidence: vec!["j1".to_owned()],
    })
}

/// CAV-RANK-PROMPTS. Rule: with prompts as the unit of sampling fewer pairs of
/// ranked vendors are told apart than in the ranking.
pub(super) fn ranks(facts: &Facts<'_>) -> Option<Caveat> {
    let sets = facts.analysis().rank_sets.known()?;
    sets.df.known()?;
    let told = told_apart(facts);
    if sets.pairs_told_apart >= told {
        return None;
    }
    let fewer = match sets.pairs_told_apart {
        0 => "none".to_owned(),
        n => format::word(n),
    };
    Some(Caveat {
        code: "CAV-RANK-PROMPTS",
        severity: Severity::Serious,
        topic: Topic::Prompts,
        title: "Other prompts could close gaps".to_owned(),
        short: format!(
            "With prompts as the unit {fewer} of {} are told apart, not {}.",
            format::plural(sets.pairs, "pair", "pairs"),
            format::word(told)
        ),
        text: format!(
            "The ranking takes results as independent and tells {} of {} apart. With prompts as the unit, and what shared prompts have in common, it is {fewer}.",
            format::word(told),
            format::plural(sets.pairs, "pair of vendors", "pairs of vendors")
        ),
        evidence: vec!["c1".to_owned(), "c3".to_owned()],
    })
}

/// CAV-PART-TESTS. Rule: in a part of the corpus the F test finds the vendor's
/// share at 5% and dealing vendor names anew does not.
pub(super) fn parts(facts: &Facts<'_>) -> Option<Caveat> {
    let mut found = Vec::new();
    for (place, view) in facts.input.views.iter().enumerate() {
        let share = &view.summary.decomposition.in_scale;
        let (Some(f), Some(dealt)) = (share.p.number(), share.p_permutation.number()) else {
            continue;
        };
        if f < ALPHA && dealt >= ALPHA {
            found.push((place, view, f, dealt));
        }
    }
    let (place, view, f, dealt) = found.iter().copied().min_by(|a, b| a.2.total_cmp(&b.2))?;
    let two_plus = &view.summary.decomposition.two_plus;
    let rest = match (two_plus.eta2.number(), two_plus.eta2_null_mean.number()) {
        (Some(share), Some(chance)) => format!(
            " Among its {} with two or more models the share is {}, by chance {}.",
            format::plural_word(two_plus.n_groups, "vendor", "vendors"),
            format::percent(share),
            format::percent(chance)
        ),
        _ => String::new(),
    };
    let others: Vec<&str> = found
        .iter()
        .filter(|other| other.0 != place)
        .map(|other| other.1.title.as_str())
        .collect();
    let also = if others.is_empty() {
        String::new()
    } else {
        format!(" The same holds for: {}.", format::list(&others))
    };
    Some(Caveat {
        code: "CAV-PART-TESTS",
        severity: Severity::Serious,
        topic: Topic::Inference,
        title: "One test is misled in a part of the corpus".to_owned(),
        short: format!(
            "{}: F says {}, relabelling {}.",
            view.title,
            format::p_value(f),
            format::p_value(dealt)
        ),
        text: format!(
            "{}: the F test of the vendor\u{2019}s share says {} and dealing vendor names anew {}. The F test takes rates for normal and equally spread; one outlying model of a vendor with no other is enough to mislead it, so the second counts.{rest}{also}",
            view.title,
            format::p_value(f),
            format::p_value(dealt)
        ),
        evidence: found.iter().map(|other| numbered("v", other.0)).collect(),
    })
}
