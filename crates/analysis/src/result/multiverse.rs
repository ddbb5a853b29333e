//! One question under every defensible choice.

use schemars::JsonSchema;
use serde::Serialize;

use super::Range;
use crate::quantity::{Number, Quantity};

/// Two questions under every defensible choice.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Multiverses {
    /// The provider's share of the variance between models.
    pub share: Quantity<Multiverse>,
    /// The change of the rate per doubling of parameters, as a share (0.01 for a point).
    pub slope: Quantity<Multiverse>,
}

/// A specification curve with the law that chance gives it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Multiverse {
    /// What every specification estimates, in words of the caller.
    pub effect: String,
    /// Error probability at which a specification counts as significant.
    pub alpha: Number,
    /// The choices, each with its options.
    pub axes: Vec<AxisResult>,
    /// Specifications of the grid.
    pub specifications: usize,
    /// Specifications that could be estimated.
    pub estimable: usize,
    /// Specifications with a p-value.
    pub tested: usize,
    /// The published specification.
    pub published: Quantity<PublishedChoice>,
    /// Median effect.
    pub median: Quantity,
    /// Smallest effect.
    pub lowest: Quantity,
    /// Largest effect.
    pub highest: Quantity,
    /// Share of estimable specifications with an effect above zero.
    pub share_positive: Quantity,
    /// Share of estimable specifications with an effect below zero.
    pub share_negative: Quantity,
    /// Share of tested specifications with a p-value below `alpha`.
    pub share_significant: Quantity,
    /// Whether the whole curve is remarkable.
    pub joint: Quantity<JointTest>,
    /// Every specification: by rising effect, then those without one.
    pub curve: Vec<SpecificationPoint>,
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AxisResult {
    /// What is chosen.
    pub name: String,
    /// The options.
    pub options: Vec<String>,
    /// Place of the published option.
    pub published: usize,
    /// Mean, over the settings of all other axes, of the largest less the smallest
    /// effect along this axis. In the unit of the effect.
    pub mean_move: Quantity,
    /// Largest such difference.
    pub largest_move: Quantity,
    /// Share of the variance of all effects that goes with this choice alone.
    pub variance_share: Quantity,
    /// Share of the settings in which this choice changes the sign.
    pub sign_changes: Quantity,
    /// Share of the settings in which this choice changes significance.
    pub significance_changes: Quantity,
    /// Median effect under each option.
    pub option_medians: Vec<Quantity>,
}

/// The published specification among all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PublishedChoice {
    /// Its effect.
    pub effect: Number,
    /// Share of estimable specifications with an effect as large or larger.
    pub share_at_least: Number,
    /// Its place on the curve, from 1.
    pub place: usize,
}

/// The permutation law of the whole curve (Simonsohn, Simmons and Nelson 2020).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct JointTest {
    /// Relabellings.
    pub relabellings: u32,
    /// Share of relabellings whose median effect is as far from zero, or as large
    /// for an effect with one direction; `(1 + b)/(1 + B)`.
    pub p_median: Number,
    /// Share of relabellings with as large a share of significant specifications
    /// of one sign; `(1 + b)/(1 + B)`.
    pub p_significant: Number,
    /// Mean over relabellings of the median effect.
    pub null_mean_median: Quantity,
    /// 5th percentile of the median effect.
    pub null_p05_median: Quantity,
    /// 95th percentile of the median effect.
    pub null_p95_median: Quantity,
    /// Mean over relabellings of the share of significant specifications.
    pub null_mean_significant: Quantity,
    /// Share of relabellings with a significant specification at all.
    pub null_share_any_significant: Quantity,
}

/// One specification.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SpecificationPoint {
    /// Place of the chosen option of each axis.
    pub choice: Vec<usize>,
    /// Whether this is the published specification.
    pub published: bool,
    /// The effect.
    pub effect: Quantity,
    /// Its interval.
    pub interval: Quantity<Range>,
    /// p-value.
    pub p: Quantity,
    /// Share of variance that goes with the predictor, not adjusted.
    pub share: Quantity,
    /// Models.
    pub n_models: usize,
    /// Providers.
    pub n_providers: usize,
}
