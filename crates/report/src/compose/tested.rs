//! Do these data support the claim that the report puts to them.

use super::Parts;
use crate::composition::Facts;
use crate::document::{Block, Section};
use crate::findings::claim::{Support, quoted, support};
use crate::findings::{self, of_relabellings};
use crate::format;
use crate::words::{self, plain, say};

/// The section; nothing where the report names no claim to test.
pub(super) fn section(parts: &Parts<'_>) -> Option<Section> {
    let facts = &parts.facts;
    let finding = parts.findings.iter().find(|f| f.code == "F-CLAIM")?;
    let mut lead = vec![quoted(facts)?];
    lead.extend(
        finding
            .claim
            .first()
            .map(|first| say(first.text.clone(), first.evidence.clone())),
    );
    let main = facts.main_share();
    let order = match support(facts) {
        Support::OrderOnly | Support::OrderAndLargeRatio => {
            "The order: the vendor\u{2019}s share is beyond chance, and no trend with size is established. That is not to show that size has none."
        }
        Support::Both => {
            "The order: the vendor\u{2019}s share is beyond chance and so is the slope; which of the two weighs more was not tested."
        }
        Support::None => {
            "The order: the vendor\u{2019}s share is not shown to be beyond chance, so it is not shown to be above that of size."
        }
        Support::NotTestable => "The order: one of the two shares cannot be computed.",
    };
    let mut text = vec![say(order, [main.id, "s1"])];
    text.extend(corrected(facts));
    text.extend(factor(facts));
    text.push(plain(format!(
        "The rate here is the {} of these tests; corpus, models and prompts are others than those of the claim, so a difference from it is no error of it.",
        words::rate(facts)
    )));
    Some(super::section(
        "claim-tested",
        "Do these data support the claim?",
        lead,
        vec![Block::Paragraph { sentences: text }],
    ))
}

/// Both shares corrected for chance, as intervals of the population's shares.
fn corrected(facts: &Facts<'_>) -> Option<crate::document::Sentence> {
    let main = facts.main_share();
    let vendor = main.result.population_eta2.known()?;
    let size = facts.scale()?.population_r2.known()?;
    let span = |range: &caveat_analysis::result::Range| {
        format::span(
            &format::percent(range.lower.0),
            &format::percent(range.upper.0),
        )
    };
    Some(say(
        format!(
            "Corrected for chance: vendor {}, size {} ({} intervals). Uncorrected shares show no order, as chance alone puts a factor with more levels first.",
            span(vendor),
            span(size),
            format::level(vendor.level.0)
        ),
        [main.id, "s1"],
    ))
}

fn factor(facts: &Facts<'_>) -> Option<crate::document::Sentence> {
    let ratio = &facts.analysis().ratio;
    let (value, share) = (
        ratio.eta2_over_r2.number()?,
        ratio.null_share_at_least.number()?,
    );
    let worth = if share > findings::UNREMARKABLE_ABOVE {
        "so it is no measure of how much more the vendor matters"
    } else {
        "which is rare; its value still rests on a denominator that chance moves"
    };
    Some(say(
        format!(
            "The factor: the ratio of the two shares is {} here, and as much or more in {}, {worth}.",
            format::times(value),
            of_relabellings(facts, share)
        ),
        ["d4"],
    ))
}
