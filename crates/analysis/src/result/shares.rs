//! The share of the variance that goes with the provider, its ratio to the
//! share of size, and the laws of both under chance.
//!
//! Every share stands beside what random relabelling gives. The published
//! residual share is kept under its name although the two shares overlap.

use schemars::JsonSchema;
use serde::Serialize;

use super::Range;
use crate::quantity::{Number, Quantity};

/// One-way decomposition over models in scale, with two restrictions of the sample.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Decomposition {
    /// Models in scale.
    #[serde(flatten)]
    pub in_scale: OneWayResult,
    /// Only providers with two or more models in scale.
    pub two_plus: OneWayResult,
    /// All included models, also those without a size.
    pub all_models: OneWayResult,
    /// Law of eta squared under random relabelling of the models in scale.
    pub null_distribution: Quantity<NullDistribution>,
}

/// The decomposition of the models in scale without the one that moves it most.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WithoutModel {
    /// The model left out.
    pub model: String,
    /// What is left.
    #[serde(flatten)]
    pub result: OneWayResult,
}

/// One-way decomposition of the variance between models.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OneWayResult {
    /// Between-provider share of the sum of squares.
    pub eta2: Quantity,
    /// Its mean under random relabelling, (k-1)/(n-1), exact for any data.
    pub eta2_null_mean: Quantity,
    /// Its 95th percentile under the normal null law, Beta((k-1)/2, (n-k)/2).
    pub eta2_null_p95: Quantity,
    /// Hays' omega squared, not truncated at zero.
    pub omega2: Quantity,
    /// Kelley's epsilon squared, not truncated at zero.
    pub epsilon2: Quantity,
    /// F.
    pub f: Quantity,
    /// Degrees of freedom between.
    pub df1: usize,
    /// Degrees of freedom within.
    pub df2: usize,
    /// p-value of F.
    pub p: Quantity,
    /// Permutation p-value of eta squared.
    pub p_permutation: Quantity,
    /// Interval of the population's share (Steiger 2004: ncp/(ncp+n)).
    pub population_eta2: Quantity<Range>,
    /// Models.
    pub n_models: usize,
    /// Providers.
    pub n_groups: usize,
    /// Providers with one model.
    pub n_singletons: usize,
}

/// A histogram of a statistic under random relabelling.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NullDistribution {
    /// Whether all arrangements were enumerated.
    pub exact: bool,
    /// Relabellings behind the histogram.
    pub relabellings: u64,
    /// Edges of the bins, one more than counts.
    pub edges: Vec<Number>,
    /// Relabellings per bin.
    pub counts: Vec<u64>,
    /// Mean.
    pub mean: Number,
    /// 5th percentile.
    pub p05: Number,
    /// 95th percentile.
    pub p95: Number,
    /// Share of relabellings at or above the observed value.
    pub share_at_least: Number,
    /// Smallest p-value that relabelling can reach: 1 over the number of arrangements.
    pub smallest_attainable_p: Number,
}

/// The ratio of the provider's share to the size's share.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Ratio {
    /// eta2 / R2 over the models in scale.
    pub eta2_over_r2: Quantity,
    /// 1 - eta2 - R2, as published; the two shares are not orthogonal.
    pub residual_share: Quantity,
    /// The ratio of the two means under chance: (k-1).
    pub ratio_of_null_means: Quantity,
    /// The ratio per degree of freedom.
    pub per_df: Quantity,
    /// Median under relabelling of the rates over the models.
    pub null_median: Quantity,
    /// Lower quartile under relabelling.
    pub null_q25: Quantity,
    /// Upper quartile under relabelling.
    pub null_q75: Quantity,
    /// Share of relabellings with a ratio at least as large as the observed one.
    pub null_share_at_least: Quantity,
}
