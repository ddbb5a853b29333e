//! What an analysis says of provider and size in one model.
//!
//! Shares are of the variance between the models in scale; none is cut off at
//! zero. A slope is the change of the rate per doubling, in percentage points
//! where the name ends in `_pp`.

use schemars::JsonSchema;
use serde::Serialize;

use super::Estimate;
use crate::quantity::{Number, Quantity};

/// Provider and size together, over the models that have a size.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Together {
    /// Models with a rate and a size.
    pub n_models: usize,
    /// Their providers.
    pub n_providers: usize,
    /// Providers with one such model: each decides its own fitted value.
    pub n_singletons: usize,
    /// Models with a rate and no usable size, which are left out here.
    pub without_size: Vec<String>,
    /// Share of provider alone, of size alone and of both.
    pub r2: Shares,
    /// The same adjusted for degrees of freedom.
    pub adjusted_r2: Quantity<Shares>,
    /// What provider adds to size.
    pub provider_given_size: Number,
    /// What size adds to provider.
    pub size_given_provider: Number,
    /// Common to both: R2(P) + R2(S) - R2(P,S).
    pub shared: Number,
    /// Whether `shared` is below zero: each hides part of what the other shows.
    pub suppression: bool,
    /// Shapley split of R2 (LMG).
    pub shapley: SplitShares,
    /// Shapley split of adjusted R2; a part may be negative.
    pub shapley_adjusted: Quantity<SplitShares>,
    /// What the provider's adjusted part is when providers mean nothing.
    pub shapley_law: Quantity<ShapleyLaw>,
    /// Provider beside size.
    pub provider_test: Quantity<TermTest>,
    /// Size beside provider.
    pub size_test: Quantity<TermTest>,
    /// p of provider beside size when provider labels are dealt anew, rate and
    /// size of each model kept together: exact if the names mean nothing. Where it
    /// disagrees with the F test, this is the one to believe.
    pub provider_p_relabelled: Quantity,
    /// The same by permuting distances from the size line (Freedman and Lane
    /// 1983). Allows providers to differ in size; approximate, and too small where
    /// one outlying model bends the line.
    pub provider_p_freedman_lane: Quantity,
    /// Change of the rate per doubling within providers, in percentage points.
    pub slope_pp: Quantity<Estimate>,
    /// p of that slope, Student's t.
    pub slope_p: Quantity,
    /// How much the variance of the slope grows because provider is in the model.
    pub inflation: Quantity,
    /// Lines inside each provider with three or more models in scale.
    pub within: Vec<WithinSlope>,
    /// The analysis without each provider in turn.
    pub without: Quantity<Vec<WithoutProvider>>,
    /// The model whose removal moves the provider's adjusted share most.
    pub most_influential: Quantity<ShareInfluence>,
}

/// Shares of provider, of size and of both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Shares {
    /// Provider alone.
    pub provider: Number,
    /// Size alone.
    pub size: Number,
    /// Both.
    pub both: Number,
}

/// Parts of provider and of size that add up to the share of both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SplitShares {
    /// Part of provider.
    pub provider: Number,
    /// Part of size.
    pub size: Number,
}

/// The provider's adjusted part under random relabelling of the providers, rate
/// and size of each model kept together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ShapleyLaw {
    /// Whether all arrangements were enumerated.
    pub exact: bool,
    /// Arrangements behind the law.
    pub relabellings: u64,
    /// Mean.
    pub mean: Number,
    /// 95th percentile.
    pub p95: Number,
    /// Permutation p of the observed part.
    pub p: Number,
}

/// The F test of a term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TermTest {
    /// F.
    pub f: Number,
    /// Degrees of freedom of the term.
    pub df1: usize,
    /// Residual degrees of freedom.
    pub df2: usize,
    /// p for normal errors of equal variance.
    pub p: Number,
    /// SS/(SS + residual SS).
    pub partial_eta2: Number,
}

/// A line inside one provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WithinSlope {
    /// Provider.
    pub provider: String,
    /// Its models in scale.
    pub n_models: usize,
    /// Residual degrees of freedom.
    pub df: usize,
    /// Change of the rate per doubling, in percentage points.
    pub slope_pp: Quantity<Estimate>,
    /// p, Student's t.
    pub p: Quantity,
}

/// The analysis without one provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WithoutProvider {
    /// Provider left out.
    pub provider: String,
    /// Models left.
    pub n_models: usize,
    /// Providers left.
    pub n_providers: usize,
    /// Share of provider.
    pub eta2: Quantity,
    /// Its mean under random relabelling.
    pub eta2_null_mean: Quantity,
    /// Share of provider, adjusted.
    pub epsilon2: Quantity,
    /// F test's p of provider alone.
    pub p: Quantity,
    /// Slope of the size line without providers, in percentage points per doubling.
    pub slope_pp: Quantity<Estimate>,
    /// Adjusted Shapley split.
    pub shapley_adjusted: Quantity<SplitShares>,
}

/// The model with the largest effect on the provider's share.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ShareInfluence {
    /// Model.
    pub model: String,
    /// Its provider.
    pub provider: String,
    /// Adjusted share of provider with all models.
    pub epsilon2: Number,
    /// Adjusted share without it.
    pub epsilon2_without: Number,
    /// Share without it.
    pub eta2_without: Number,
    /// F test's p without it.
    pub p_without: Number,
}
