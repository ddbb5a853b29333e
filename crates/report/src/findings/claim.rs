//! Do these data support a claim from elsewhere: that the vendor accounts for
//! many times more of the variance than size.
//!
//! The claim has two parts, which are judged apart: the order of the two shares
//! and the factor between them. Only the figures of this report are used; the
//! claim is quoted, never parsed.

use super::chance::{UNREMARKABLE_ABOVE, share_of_shuffles};
use super::share::{ShareState, share_state};
use super::slope::{SlopeState, slope_state};
use super::{Finding, relabellings};
use crate::annex::Severity;
use crate::composition::Facts;
use crate::document::{Prose, Sentence};
use crate::format;
use crate::words::{say, strong};

/// What the data say of the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// The vendor's share is beyond chance, that of size is not; chance often
    /// gives as large a ratio.
    OrderOnly,
    /// The same, and the ratio is larger than chance usually gives.
    OrderAndLargeRatio,
    /// Both go with the rate.
    Both,
    /// The vendor's share is not shown to be beyond chance.
    None,
    /// A share cannot be computed.
    NotTestable,
}

/// Rule: by the state of the vendor's share, of the slope, and by the law of
/// the ratio under chance (more than 5% of relabellings reach it).
pub fn support(facts: &Facts<'_>) -> Support {
    let share = share_state(facts);
    let slope = slope_state(facts);
    let rare = facts
        .analysis()
        .ratio
        .null_share_at_least
        .number()
        .is_some_and(|share| share <= UNREMARKABLE_ABOVE);
    match (share, slope) {
        (ShareState::Absent(_), _) | (_, SlopeState::Absent(_)) => Support::NotTestable,
        (ShareState::Short | ShareState::Close, _) => Support::None,
        (ShareState::Beyond, SlopeState::Falls | SlopeState::Rises) => Support::Both,
        (ShareState::Beyond, SlopeState::NotEstablished) if rare => Support::OrderAndLargeRatio,
        (ShareState::Beyond, SlopeState::NotEstablished) => Support::OrderOnly,
    }
}

/// F-CLAIM. Rule: given where the report names a claim to test; see [`support`].
pub fn claim(facts: &Facts<'_>) -> Option<Finding> {
    let tested = facts.definition().claim_tested.as_ref()?;
    let source = tested.source.trim().trim_end_matches('.');
    let title = match support(facts) {
        Support::OrderOnly => {
            format!(
                "Vendor before size, as in {source}, holds here; its factor does not: chance gives {}.",
                ratio_in_words(facts)
            )
        }
        Support::OrderAndLargeRatio => format!(
            "These data agree with the order in {source}, vendor before size; a factor has no fixed value."
        ),
        Support::Both => format!(
            "These data do not support {source}: size goes with the rate as the vendor does."
        ),
        Support::None => {
            format!(
                "These data do not support {source}: the vendor\u{2019}s share is not beyond chance."
            )
        }
        Support::NotTestable => format!("These data cannot test the claim of {source}."),
    };
    Some(Finding {
        code: "F-CLAIM",
        severity: Severity::Grave,
        claim: vec![
            strong(title, ["e1", facts.main_share().id, "s1"]),
            say("The claim is of other data.", ["e1"]),
        ],
        evidence: evidence(facts),
    })
}

/// How often chance gives the ratio of these data or more ("16.0 or more in 55% of cases").
fn ratio_in_words(facts: &Facts<'_>) -> String {
    let ratio = &facts.analysis().ratio;
    match (
        ratio.eta2_over_r2.number(),
        ratio.null_share_at_least.number(),
    ) {
        (Some(value), Some(share)) => format!(
            "{} or more in {}",
            format::times(value),
            super::chance::cases(share)
        ),
        _ => "a large ratio".to_owned(),
    }
}

fn evidence(facts: &Facts<'_>) -> Prose {
    let main = facts.main_share();
    let mut parts = Vec::new();
    if let (Some(eta2), Some(mean)) = (
        main.result.eta2.number(),
        main.result.eta2_null_mean.number(),
    ) {
        parts.push(format!(
            "Vendor {}, by chance {}",
            format::percent(eta2),
            format::percent(mean)
        ));
    }
    if let Some((r2, mean)) = facts
        .scale()
        .and_then(|scale| scale.r2.number().zip(scale.r2_null_mean.number()))
    {
        parts.push(format!(
            "size {}, by chance {}",
            format::percent(r2),
            format::percent(mean)
        ));
    }
    let ratio = &facts.analysis().ratio;
    if let (Some(value), Some(share)) = (
        ratio.eta2_over_r2.number(),
        ratio.null_share_at_least.number(),
    ) {
        parts.push(format!(
            "ratio {}, reached by {} of {}",
            format::times(value),
            share_of_shuffles(share),
            relabellings(facts)
        ));
    }
    if parts.is_empty() {
        parts.push("no share can be computed".to_owned());
    }
    vec![say(
        format!("{}.", format::capital(&parts.join("; "))),
        [main.id, "s1", "d4"],
    )]
}

/// The claim as it was printed, quoted with its source.
pub fn quoted(facts: &Facts<'_>) -> Option<Sentence> {
    let tested = facts.definition().claim_tested.as_ref()?;
    Some(say(
        format!(
            "The claim, from {}: \u{201c}{}\u{201d}",
            tested.source.trim().trim_end_matches('.'),
            tested.claim.trim()
        ),
        ["e1"],
    ))
}
