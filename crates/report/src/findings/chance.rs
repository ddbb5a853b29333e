//! Three figures that chance alone can make large: the ratio of two shares, the
//! ratio of the extremes, and the labels by a fixed band.
//!
//! Rule for all three: a figure is unremarkable where more than 5% of random
//! relabellings of the models reach it.

use super::Finding;
use crate::annex::Severity;
use crate::composition::Facts;
use crate::document::Sentence;
use crate::format;
use crate::words::{say, strong};

/// Share of relabellings above which a figure is unremarkable.
pub const UNREMARKABLE_ABOVE: f64 = 0.05;

/// Share of relabellings from which a figure is what chance gives.
pub const USUAL_FROM: f64 = 0.5;

/// F-RATIO. Rule: given where the ratio and its law are known; see the module.
pub fn ratio(facts: &Facts<'_>) -> Option<Finding> {
    let ratio = &facts.analysis().ratio;
    let value = ratio.eta2_over_r2.number()?;
    let share = ratio.null_share_at_least.number()?;
    let shown = format::times(value);
    let title = if share > UNREMARKABLE_ABOVE && facts.definition().claim_tested.is_some() {
        format!("A ratio of {shown} to 1 does not measure how much more the vendor matters.")
    } else if share > UNREMARKABLE_ABOVE {
        format!("A ratio of {shown} to 1 does not show that the vendor matters more than size.")
    } else {
        format!(
            "A ratio of {shown} to 1 between vendor and size is larger than chance usually gives."
        )
    };
    let why = if denominator_within_chance(facts) {
        "Its denominator, the share of size, lies inside what chance gives and may be near zero."
    } else {
        "The two shares rest on different degrees of freedom and are not on one scale."
    };
    let mut evidence = format!("{shown} or more in {}", of_relabellings(facts, share));
    if let (Some(low), Some(high)) = (ratio.null_q25.number(), ratio.null_q75.number()) {
        evidence.push_str(&format!(
            "; middle half of them {}",
            format::span(&format::decimals(low, 0), &format::decimals(high, 0))
        ));
    }
    evidence.push('.');
    Some(Finding {
        code: "F-RATIO",
        severity: Severity::Grave,
        claim: vec![strong(title, ["d4"]), say(why, ["s1"])],
        evidence: vec![say(evidence, ["d4"])],
    })
}

/// Whether the share of size lies below the 95th percentile of its law under
/// chance, so that the ratio's denominator may be near zero.
pub fn denominator_within_chance(facts: &Facts<'_>) -> bool {
    facts
        .scale()
        .and_then(|scale| scale.r2.number().zip(scale.r2_null_p95.number()))
        .is_some_and(|(r2, p95)| r2 < p95)
}

/// How many relabellings the laws under chance rest on ("20,000 relabellings").
pub fn relabellings(facts: &Facts<'_>) -> String {
    let law = facts.analysis().decomposition.null_distribution.known();
    let drawn = law
        .filter(|law| !law.exact)
        .map_or(u64::from(facts.definition().analysis.permutations), |law| {
            law.relabellings
        });
    format!("{} relabellings", format::thousands(drawn))
}

/// A share of relabellings with their number ("24% of 20,000 relabellings").
pub fn of_relabellings(facts: &Facts<'_>, share: f64) -> String {
    let all = relabellings(facts);
    if share == 0.0 {
        format!("none of {all}")
    } else if share >= 1.0 {
        format!("every one of {all}")
    } else {
        format!("{} of {all}", share_of_shuffles(share))
    }
}

/// F-EXTREMES. Rule: given where two ranked vendors have a ratio of means; see the module.
pub fn extremes(facts: &Facts<'_>) -> Option<Finding> {
    let risk = &facts.analysis().risk_ratio;
    let value = risk.of_means.value.number()?;
    let (highest, lowest) = (risk.highest.known()?, risk.lowest.known()?);
    let share = risk.null_share_at_least.number()?;
    let shown = format::times(value);
    let pair = format!("{} to {}", facts.vendor(highest), facts.vendor(lowest));
    let what = format!("A ratio of {shown} between the highest and the lowest mean rate");
    let title = if share >= USUAL_FROM {
        format!("{what} is what chance gives.")
    } else if share > UNREMARKABLE_ABOVE {
        format!(
            "{what} is not remarkable: chance gives as much in {}.",
            share_of_shuffles(share)
        )
    } else {
        format!("{what} is larger than chance usually gives.")
    };
    let mut ids = vec!["x1".to_owned()];
    ids.extend(facts.vendor_ids(&[highest, lowest]));
    let text = format!(
        "The pair, {pair}, was picked after seeing the data; such a pair looks further apart than it is{}.",
        super::prompts::of_pair(facts, lowest, highest)
    );
    let by_pooled = ends_by_pooled(facts, highest, lowest);
    let mut evidence = format!(
        "Ratio of means over a vendor\u{2019}s models {shown}; reached by {}",
        of_relabellings(facts, share)
    );
    if let Some(median) = risk.null_median.number() {
        evidence.push_str(&format!(", median {}", format::times(median)));
    }
    if let Some(pooled) = risk.pooled_adjusted.known() {
        evidence.push_str(&format!(
            "; of pooled rates {}, {} interval {} adjusted for the choice among all pairs",
            format::times(pooled.value.0),
            crate::words::level(facts),
            format::span(
                &format::times(pooled.lower.0),
                &format::times(pooled.upper.0)
            )
        ));
    }
    evidence.push('.');
    Some(Finding {
        code: "F-EXTREMES",
        severity: Severity::Serious,
        claim: vec![strong(title, ["x1"]), say(text, ids)]
            .into_iter()
            .chain(by_pooled)
            .collect(),
        evidence: vec![say(evidence, ["x1"])],
    })
}

/// Why the ends named here are not those of the ranking: it goes by pooled
/// rates, the ratio by unweighted means over a vendor's models.
fn ends_by_pooled(facts: &Facts<'_>, highest: &str, lowest: &str) -> Option<Sentence> {
    let ranked = facts.ranked();
    let (first, last) = (ranked.first()?, ranked.last()?);
    let ends: Vec<String> = [(first, lowest, "lowest"), (last, highest, "highest")]
        .into_iter()
        .filter(|(provider, named, _)| provider.provider != *named)
        .map(|(provider, _, end)| format!("{} is the {end}", facts.vendor(&provider.provider)))
        .collect();
    if ends.is_empty() {
        return None;
    }
    Some(say(
        format!(
            "Means give each model of a vendor the same weight; by pooled rates, as in the ranking, {}.",
            format::list(&ends)
        ),
        facts.vendor_ids(&[first.provider.as_str(), last.provider.as_str()]),
    ))
}

/// F-BANDS. Rule: given where the band and its law are known; see the module.
pub fn bands(facts: &Facts<'_>) -> Option<Finding> {
    let bands = &facts.analysis().bands;
    if facts.ranked().len() < 2 {
        return None;
    }
    let any = bands.null_share_any.number()?;
    let as_many = bands.null_share_at_least.number()?;
    let points = format::decimals(bands.points.0, 0);
    let outside = bands.outside.len();
    let title = if outside == 0 {
        format!("No ranked vendor lies outside the band of {points}\u{a0}points.")
    } else if as_many > UNREMARKABLE_ABOVE {
        format!("The band of {points}\u{a0}points marks vendors by chance as well.")
    } else {
        format!("The band of {points}\u{a0}points marks more vendors than chance usually does.")
    };
    let mut text = format!("At least one vendor lies outside in {}", cases(any));
    if outside > 1 {
        text.push_str(&format!(
            ", and {} or more in {}",
            format::word(outside),
            cases(as_many)
        ));
    }
    text.push('.');
    let names = facts.vendors(&bands.outside);
    let mut evidence = if names.is_empty() {
        "Outside: none".to_owned()
    } else {
        format!("Outside: {}", format::list(&names))
    };
    if let Some(mean) = bands.null_mean_outside.number() {
        evidence.push_str(&format!(
            "; by chance {} on average over {}",
            format::decimals(mean, 1),
            relabellings(facts)
        ));
    }
    evidence.push('.');
    Some(Finding {
        code: "F-BANDS",
        severity: Severity::Serious,
        claim: vec![strong(title, ["b1"]), say(text, ["b1"])],
        evidence: vec![say(evidence, ["b1"])],
    })
}

/// A share of relabellings in words ("58% of relabellings", "no relabelling").
pub fn cases(share: f64) -> String {
    if share == 0.0 {
        "no relabelling".to_owned()
    } else if share >= 1.0 {
        "every relabelling".to_owned()
    } else {
        format!("{} of relabellings", share_of_shuffles(share))
    }
}

/// A share of relabellings as percent that is never 0% or 100% for less.
pub fn share_of_shuffles(share: f64) -> String {
    if share > 0.0 && share < 0.005 {
        return "less than 1%".to_owned();
    }
    if share < 1.0 && share > 0.995 {
        return "more than 99%".to_owned();
    }
    if share == 0.0 {
        return "none".to_owned();
    }
    format::percent(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_relabellings_is_never_rounded_to_none_or_all() {
        assert_eq!(cases(0.0), "no relabelling");
        assert_eq!(cases(0.001), "less than 1% of relabellings");
        assert_eq!(cases(0.58), "58% of relabellings");
        assert_eq!(cases(0.99995), "more than 99% of relabellings");
        assert_eq!(cases(1.0), "every relabelling");
    }
}
