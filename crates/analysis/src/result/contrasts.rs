//! Providers against each other and against the size line, and models inside one.
//!
//! Names of providers appear as the sample has them; nothing here orders or
//! words them.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Estimate, Range};
use crate::quantity::{Number, Quantity};

/// Labels by a fixed band around the size line, and how many chance gives.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Bands {
    /// Half-width of the band in percentage points.
    pub points: Number,
    /// Ranked providers outside the band.
    pub outside: Vec<String>,
    /// Mean number outside under relabelling.
    pub null_mean_outside: Quantity,
    /// Share of relabellings with at least one outside.
    pub null_share_any: Quantity,
    /// Share of relabellings with as many outside as observed, or more.
    pub null_share_at_least: Quantity,
}

/// Highest against lowest provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RiskRatio {
    /// Provider with the highest mean rate among those ranked.
    pub highest: Quantity<String>,
    /// Provider with the lowest mean rate among those ranked.
    pub lowest: Quantity<String>,
    /// Ratio of the two unweighted means over models.
    pub of_means: RatioOfMeans,
    /// Ratio of the pooled rates of the same pair, Koopman interval, as if the pair
    /// had been chosen beforehand.
    pub pooled: Quantity<Estimate>,
    /// The same at the level that holds for all pairs of ranked providers at once
    /// (Bonferroni), which allows for the choice of the pair.
    pub pooled_adjusted: Quantity<Estimate>,
    /// Median of the ratio of extremes under relabelling.
    pub null_median: Quantity,
    /// Lower quartile under relabelling.
    pub null_q25: Quantity,
    /// Upper quartile under relabelling.
    pub null_q75: Quantity,
    /// Share of relabellings with a ratio at least as large as the observed one.
    pub null_share_at_least: Quantity,
    /// Highest over lowest pooled rate among those ranked.
    pub ranked_pooled: Quantity,
    /// Share of relabellings in which that ratio is at least as large.
    pub ranked_pooled_null_share_at_least: Quantity,
    /// The pair with the extreme pooled rates over all providers.
    pub extremes_pooled: Quantity<ExtremesPooled>,
}

/// A ratio of unweighted means.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RatioOfMeans {
    /// The ratio.
    pub value: Quantity,
    /// Models of the highest provider.
    pub n_models_highest: usize,
    /// Models of the lowest provider.
    pub n_models_lowest: usize,
}

/// The extreme pooled rates over all providers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExtremesPooled {
    /// Provider with the highest pooled rate.
    pub highest: String,
    /// Provider with the lowest pooled rate.
    pub lowest: String,
    /// Ratio of the pooled rates.
    pub value: Quantity,
    /// Koopman score interval.
    pub koopman: Quantity<Range>,
    /// Katz log interval.
    pub katz: Quantity<Range>,
}

/// Two ranked providers.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Comparison {
    /// Provider with the lower observed rate.
    pub lower_provider: String,
    /// Provider with the higher observed rate.
    pub higher_provider: String,
    /// Higher minus lower rate, in percentage points; Newcombe interval at the
    /// level adjusted for all pairs (Bonferroni).
    pub difference_pp: Estimate,
    /// Whether the adjusted interval excludes zero.
    pub told_apart: bool,
    /// Prompts that both met.
    pub common_prompts: Quantity<usize>,
}

/// Rate against size inside one provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WithinProvider {
    /// Provider.
    pub provider: String,
    /// Models in order of size.
    pub models: Vec<String>,
    /// What the rule says.
    pub pattern: Pattern,
    /// Largest minus smallest model's rate, in percentage points, Newcombe interval.
    pub change_pp: Quantity<Estimate>,
    /// Whether each step has the same direction.
    pub monotone: bool,
    /// Whether the smallest model shows no success at all, so that the rise may
    /// be one of ability and not of safety.
    pub capability_floor: bool,
}

/// The direction of the rate with size inside a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// The largest model's rate is lower, with an interval that excludes zero.
    Falls,
    /// The largest model's rate is higher, with an interval that excludes zero.
    Rises,
    /// The interval includes zero.
    NoDirection,
    /// Fewer than three models in scale, or all of one size.
    TooFewModels,
}
