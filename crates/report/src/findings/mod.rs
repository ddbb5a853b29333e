//! Findings: what the figures say, one rule each.
//!
//! A rule looks at the analysis, states its threshold in its doc comment, and
//! gives a [`Finding`] or nothing. The same rule gives the opposite sentence on
//! opposite data. The order is that of the first page: share, size, the claim
//! that is tested or the ratio, vendors, then what the later sections use.
//!
//! No rule looks at a name.

pub mod answer;
pub mod apart;
pub mod chance;
pub mod choices;
pub mod claim;
pub mod prompts;
pub mod share;
pub mod slope;

pub use answer::answer;
pub use apart::{apart, separated_below};
pub use chance::{
    UNREMARKABLE_ABOVE, bands, cases, extremes, of_relabellings, ratio, relabellings,
    share_of_shuffles,
};
pub use claim::{Support, claim, support};
pub use share::{ShareState, share, share_state};
pub use slope::{SlopeState, slope, slope_state, within};

use crate::annex::{Severity, Statement};
use crate::composition::Facts;
use crate::document::{FindingBlock, Prose};
use crate::words::text_of;

/// A finding with both of its layers.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Code of the rule.
    pub code: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// The claim; its first sentence is strong.
    pub claim: Prose,
    /// Estimate, interval, level, n, test.
    pub evidence: Prose,
}

/// Most findings that the first page shows.
pub const ON_FIRST_PAGE: usize = 4;

/// Every finding that the data support, in the order of the document.
pub fn all(facts: &Facts<'_>) -> Vec<Finding> {
    let tested = claim(facts);
    let (third, later) = match tested {
        Some(tested) => (Some(tested), ratio(facts)),
        None => (ratio(facts), None),
    };
    [
        share(facts),
        slope(facts),
        third,
        apart(facts),
        later,
        extremes(facts),
        bands(facts),
        within(facts),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Finding {
    /// As a block of the document.
    pub fn block(&self) -> FindingBlock {
        FindingBlock {
            id: self.code.to_owned(),
            claim: self.claim.clone(),
            evidence: self.evidence.clone(),
        }
    }

    /// As a statement of the annex.
    pub fn statement(&self) -> Statement {
        let (title, text) = match self.claim.split_first() {
            Some((first, rest)) => (first.text.clone(), text_of(&rest.to_vec())),
            None => (String::new(), String::new()),
        };
        let mut evidence: Vec<String> = Vec::new();
        for id in self
            .claim
            .iter()
            .chain(&self.evidence)
            .flat_map(|line| &line.evidence)
        {
            if !evidence.contains(id) {
                evidence.push(id.clone());
            }
        }
        Statement {
            id: self.code.to_owned(),
            severity: self.severity,
            title,
            text: [text, text_of(&self.evidence)].join(" ").trim().to_owned(),
            evidence,
        }
    }
}
