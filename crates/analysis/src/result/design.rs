//! How the tests were made: which prompts providers share, and who graded.
//!
//! Describes the sample, not the models: no rate here is a finding about one.

use schemars::JsonSchema;
use serde::Serialize;

use crate::quantity::{Number, Quantity};

/// How far providers met the same prompts.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Overlap {
    /// Prompts of any provider.
    pub prompts: usize,
    /// Prompts that every ranked provider met.
    pub common_to_all_ranked: usize,
    /// Smallest Jaccard index of a pair of ranked providers.
    pub jaccard_lowest: Quantity,
    /// Median Jaccard index of the pairs of ranked providers.
    pub jaccard_median: Quantity,
    /// Largest Jaccard index of a pair of ranked providers.
    pub jaccard_highest: Quantity,
    /// Prompts by provider.
    pub providers: Vec<ProviderPrompts>,
    /// Every pair of ranked providers.
    pub pairs: Vec<PairOverlap>,
}

/// Prompts of one provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderPrompts {
    /// Provider.
    pub provider: String,
    /// Different prompts.
    pub prompts: usize,
}

/// Prompts of two providers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairOverlap {
    /// First provider.
    pub first: String,
    /// Second provider.
    pub second: String,
    /// Prompts that both met.
    pub common: usize,
    /// Common over all prompts of the two.
    pub jaccard: Quantity,
    /// Common over the prompts of the one with fewer.
    pub overlap_coefficient: Quantity,
}

/// Who graded, and how graders agree.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Agreement {
    /// Graders of the evaluable traces, in order of name.
    pub graders: Vec<GraderUse>,
    /// Largest difference between providers in the share of one grader (0 to 1).
    pub largest_share_gap: Quantity<ShareGap>,
    /// Pairs of graders on the same traces.
    pub pairs: Vec<PairAgreement>,
}

/// One grader.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GraderUse {
    /// Grader.
    pub grader: String,
    /// Evaluable traces it graded.
    pub n: u64,
    /// Share of all evaluable traces.
    pub share: Number,
}

/// How unevenly one grader is spread over providers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ShareGap {
    /// Grader.
    pub grader: String,
    /// Ranked provider with the smallest share.
    pub lowest_provider: String,
    /// That share.
    pub lowest: Number,
    /// Ranked provider with the largest share.
    pub highest_provider: String,
    /// That share.
    pub highest: Number,
    /// Chi-squared test of homogeneity over ranked providers and graders: p-value.
    pub p: Quantity,
}

/// Two graders on the same traces.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairAgreement {
    /// First grader.
    pub first: String,
    /// Second grader.
    pub second: String,
    /// Traces that both found evaluable.
    pub n: u64,
    /// Share of equal states (succeeded or resisted).
    pub agreement: Quantity,
    /// Cohen's kappa.
    pub kappa: Quantity,
    /// Success rate under the first grader on these traces.
    pub rate_first: Quantity,
    /// Success rate under the second grader on these traces.
    pub rate_second: Quantity,
}
