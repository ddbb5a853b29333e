//! Which vendors can be told apart once all pairs are compared.

use caveat_analysis::result::{Comparison, ProviderResult};

use super::Finding;
use crate::annex::Severity;
use crate::composition::Facts;
use crate::document::{Prose, Sentence};
use crate::format;
use crate::words::{say, strong};

/// Vendors whose rates the evidence column shows; the table has all.
const MOST_RATES: usize = 2;

/// Vendors told apart from most others up to which the title names them; of
/// more it gives the number, and their ends beside it.
const MOST_NAMED: usize = 3;

/// Ranked vendors up to which the first page names those without a rank.
const FEW_RANKED: usize = 3;

/// Pairs, and those told apart, that a vendor takes part in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Vendors that have a higher rate, told apart.
    pub below: usize,
    /// Vendors that have a lower rate, told apart.
    pub above: usize,
    /// Vendors it cannot be told apart from.
    pub open: usize,
}

/// How a vendor stands against the other ranked vendors.
pub fn standing(comparisons: &[Comparison], provider: &str) -> Standing {
    let mut standing = Standing::default();
    for pair in comparisons {
        let lower = pair.lower_provider == provider;
        if !lower && pair.higher_provider != provider {
            continue;
        }
        match (pair.told_apart, lower) {
            (false, _) => standing.open += 1,
            (true, true) => standing.below += 1,
            (true, false) => standing.above += 1,
        }
    }
    standing
}

/// Ranked vendors that are lower than more than half of the other ranked
/// vendors, lowest rate first.
pub fn separated_below<'a>(facts: &Facts<'a>) -> Vec<&'a ProviderResult> {
    let ranked = facts.ranked();
    let others = ranked.len().saturating_sub(1);
    let lower = |provider: &&ProviderResult| {
        2 * standing(&facts.analysis().comparisons, &provider.provider).below > others
    };
    ranked.into_iter().filter(lower).collect()
}

/// Ranked vendors that are higher than more than half of the other ranked vendors.
pub fn separated_above<'a>(facts: &Facts<'a>) -> Vec<&'a ProviderResult> {
    let ranked = facts.ranked();
    let others = ranked.len().saturating_sub(1);
    let higher = |provider: &&ProviderResult| {
        2 * standing(&facts.analysis().comparisons, &provider.provider).above > others
    };
    ranked.into_iter().filter(higher).collect()
}

/// F-APART. Rule: given where at least two vendors are ranked. A vendor is
/// named where it is told apart from more than half of the others; the rest
/// "mostly cannot be told apart" where at most a quarter of its pairs are told apart.
pub fn apart(facts: &Facts<'_>) -> Option<Finding> {
    let ranked = facts.ranked();
    if ranked.len() < 2 || facts.analysis().comparisons.is_empty() {
        return None;
    }
    let (low, high) = (separated_below(facts), separated_above(facts));
    let mut ids = vec!["c1".to_owned()];
    ids.extend(
        low.iter()
            .chain(&high)
            .filter_map(|p| facts.vendor_id(&p.provider)),
    );
    let mut claim: Prose = vec![strong(title(facts, &low, &high), ids)];
    claim.push(super::prompts::of_pairs_told_apart(facts));
    let named: Vec<&ProviderResult> = low.iter().chain(&high).copied().collect();
    let shown = if named.is_empty() || named.len() > MOST_NAMED {
        ends(&ranked)
    } else {
        named
    };
    let mut evidence: Prose = shown
        .iter()
        .take(MOST_RATES)
        .filter_map(|p| rate(facts, p))
        .collect();
    if low.len() + high.len() <= MOST_NAMED {
        evidence.extend(beyond(facts, &low, &high));
    }
    evidence.push(say(
        format!(
            "Ranks of {}; {} of {} told apart.",
            format::count(ranked.len()),
            format::count(told_apart(facts)),
            format::plural(facts.analysis().comparisons.len(), "pair", "pairs"),
        ),
        ["c1"],
    ));
    evidence.extend(unranked(facts));
    // Of many the panel of the first page says it.
    if low.len() + high.len() <= MOST_NAMED {
        evidence.extend(crate::caveats::graders::kin_evidence(facts));
    }
    Some(Finding {
        code: "F-APART",
        severity: Severity::Serious,
        claim,
        evidence,
    })
}

/// Vendors whose rate lies further out than one that is named, and that cannot
/// be named for want of results.
fn beyond(
    facts: &Facts<'_>,
    low: &[&ProviderResult],
    high: &[&ProviderResult],
) -> Option<Sentence> {
    let rate = |p: &ProviderResult| p.pooled_asr.known().map(|rate| rate.value.0);
    let top = low
        .iter()
        .filter_map(|p| rate(p))
        .fold(f64::NEG_INFINITY, f64::max);
    let bottom = high
        .iter()
        .filter_map(|p| rate(p))
        .fold(f64::INFINITY, f64::min);
    let named = |p: &ProviderResult| low.iter().chain(high).any(|n| n.provider == p.provider);
    let ranked = facts.ranked();
    let further: Vec<&ProviderResult> = ranked
        .into_iter()
        .filter(|p| !named(p) && rate(p).is_some_and(|rate| rate < top || rate > bottom))
        .collect();
    let names: Vec<String> = further.iter().map(|p| facts.vendor(&p.provider)).collect();
    (!names.is_empty()).then(|| {
        say(
            format!(
                "Further out on fewer results: {}.",
                format::short_list(&names, 2)
            ),
            further.iter().filter_map(|p| facts.vendor_id(&p.provider)),
        )
    })
}

/// The vendors that have too few results for a rank, so that none is taken for absent.
fn unranked(facts: &Facts<'_>) -> Option<Sentence> {
    let unranked = facts.unranked();
    // With many ranked vendors the note of the ranking names them.
    if unranked.is_empty() || facts.ranked().len() > FEW_RANKED {
        return None;
    }
    let names: Vec<String> = unranked.iter().map(|p| facts.vendor(&p.provider)).collect();
    let ids = unranked.iter().filter_map(|p| facts.vendor_id(&p.provider));
    Some(say(
        format!(
            "Under {} results, not ranked: {}.",
            format::thousands(facts.definition().analysis.ranking_min_n),
            format::short_list(&names, 3)
        ),
        ids.collect::<Vec<_>>(),
    ))
}

fn ends<'a>(ranked: &[&'a ProviderResult]) -> Vec<&'a ProviderResult> {
    ranked
        .first()
        .into_iter()
        .chain(ranked.last())
        .copied()
        .collect()
}

/// The subject of a sentence on vendors of which no pair is told apart; it says
/// so where some were not compared.
pub fn no_two(facts: &Facts<'_>) -> String {
    let ranked = facts.ranked().len();
    let all = facts.analysis().providers.len();
    if ranked == all {
        "No two vendors".to_owned()
    } else {
        format!("No two of the {} ranked vendors", format::word(ranked))
    }
}

/// Pairs that are told apart.
pub fn told_apart(facts: &Facts<'_>) -> usize {
    facts
        .analysis()
        .comparisons
        .iter()
        .filter(|pair| pair.told_apart)
        .count()
}

fn title(facts: &Facts<'_>, low: &[&ProviderResult], high: &[&ProviderResult]) -> String {
    let many = low.len() + high.len() > MOST_NAMED;
    let name = |list: &[&ProviderResult]| -> String {
        if many {
            return format::word(list.len());
        }
        let names: Vec<String> = list.iter().map(|p| facts.vendor(&p.provider)).collect();
        format::list(&names)
    };
    let subject = |list: &[&ProviderResult]| match (many, list.len()) {
        (true, 1) => "One vendor".to_owned(),
        (true, n) => format!("{} vendors", format::word_first(n)),
        (false, _) => name(list),
    };
    let verb = |list: &[&ProviderResult]| if list.len() == 1 { "has" } else { "have" };
    let ranked = facts.ranked().len();
    let rest = rest_clause(facts, low, high);
    let others = if facts.unranked().is_empty() {
        "most other vendors tested"
    } else {
        "most other vendors with enough results"
    };
    match (low.is_empty(), high.is_empty()) {
        (true, true) if told_apart(facts) == 0 => {
            format!(
                "The {} ranked vendors cannot be told apart from one another.",
                format::word(ranked)
            )
        }
        (true, true) => format!(
            "Some of the {} ranked vendors can be told apart, none from most of the others.",
            format::word(ranked)
        ),
        (false, true) => format!(
            "{} {} lower rates than {others}{rest}.",
            subject(low),
            verb(low)
        ),
        (true, false) => format!(
            "{} {} higher rates than {others}{rest}.",
            subject(high),
            verb(high)
        ),
        (false, false) if ranked == 2 => format!(
            "Of the two vendors with enough results, {} has the lower rate, {} the higher.",
            name(low),
            name(high)
        ),
        (false, false) => format!(
            "{} {} lower rates than {others}, {} higher{rest}.",
            subject(low),
            verb(low),
            name(high)
        ),
    }
}

fn rest_clause(facts: &Facts<'_>, low: &[&ProviderResult], high: &[&ProviderResult]) -> String {
    let named = |name: &str| low.iter().chain(high).any(|p| p.provider == name);
    let inner: Vec<&Comparison> = facts
        .analysis()
        .comparisons
        .iter()
        .filter(|pair| !named(&pair.lower_provider) && !named(&pair.higher_provider))
        .collect();
    let rest = facts
        .ranked()
        .iter()
        .filter(|p| !named(&p.provider))
        .count();
    if rest < 2 || inner.is_empty() {
        return String::new();
    }
    let told = inner.iter().filter(|pair| pair.told_apart).count();
    let others = format::word(rest);
    if told == 0 {
        format!("; the other {others} cannot be told apart from one another")
    } else if 4 * told <= inner.len() {
        format!("; the other {others} mostly cannot be told apart")
    } else {
        format!(
            "; the other {others} differ in {} of {} pairs",
            format::count(told),
            format::count(inner.len())
        )
    }
}

/// A vendor's rate with interval, n and rank range, for the evidence column.
fn rate(facts: &Facts<'_>, provider: &ProviderResult) -> Option<Sentence> {
    let rate = provider.pooled_asr.known()?;
    let id = facts.vendor_id(&provider.provider)?;
    let one = format::percent_cell;
    let rank = provider
        .rank
        .known()
        .map(|rank| format!(", rank {}", format::ranks(rank.lower, rank.upper),));
    Some(say(
        format!(
            "{} {}% {} of {}{}.",
            facts.vendor(&provider.provider),
            one(rate.value.0),
            format::brackets(&one(rate.lower.0), &one(rate.upper.0)),
            format::thousands(provider.n),
            rank.unwrap_or_default()
        ),
        [id],
    ))
}
