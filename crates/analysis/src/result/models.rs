//! What an analysis says of each model and each provider.
//!
//! Rates with intervals, differences from the size line, the published band
//! and the rank. Holds no comparison of two providers: see `contrasts`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Estimate, Range};
use crate::quantity::Quantity;

/// One model.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ModelResult {
    /// Name.
    pub model: String,
    /// Provider.
    pub provider: String,
    /// Total parameters in billions.
    pub params_total_b: Quantity,
    /// Active parameters in billions.
    pub params_active_b: Quantity,
    /// Whether the maker discloses the size; absent if the register does not know the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub params_disclosed: Option<bool>,
    /// Where the size comes from.
    pub params_source: String,
    /// Whether the model takes part in the scale analyses.
    pub in_scale: bool,
    /// Evaluable traces.
    pub n: u64,
    /// Successful attacks.
    pub succeeded: u64,
    /// Traces that are not evaluable.
    pub not_evaluable: u64,
    /// Attack success rate, Wilson interval.
    pub asr: Quantity<Estimate>,
    /// The same rate with the Clopper-Pearson interval.
    pub asr_exact: Quantity<Estimate>,
    /// Rate minus the size line, in percentage points.
    pub residual_pp: Quantity,
    /// Leverage in the size line.
    pub leverage: Quantity,
    /// Slope of the size line without this model, per doubling.
    pub slope_without: Quantity,
}

/// One provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderResult {
    /// Name.
    pub provider: String,
    /// Models.
    pub n_models: usize,
    /// Models in scale.
    pub n_models_in_scale: usize,
    /// Evaluable traces.
    pub n: u64,
    /// Successful attacks.
    pub succeeded: u64,
    /// Traces that are not evaluable.
    pub not_evaluable: u64,
    /// Rate over all traces, Wilson interval.
    pub pooled_asr: Quantity<Estimate>,
    /// Unweighted mean of the models' rates; interval from the spread between
    /// models, which one model does not have.
    pub mean_asr: MeanRate,
    /// Whether the provider reaches the ranking minimum.
    pub ranked: bool,
    /// Mean difference from the size line weighted by traces (as published), in
    /// percentage points. The interval is the Wilson interval of the pooled rate
    /// with the line taken as known.
    pub residual_pp: Quantity<Estimate>,
    /// Whether that interval, adjusted for all ranked providers, excludes zero: a
    /// statement on the responses of these models, not on the provider.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual_excludes_zero: Option<bool>,
    /// The same difference, unweighted over models.
    pub residual_unweighted_pp: Quantity,
    /// The weighted difference from a line fitted without this provider.
    pub residual_deletion_pp: Quantity,
    /// That difference with the interval for an average of new models, adjusted
    /// for all ranked providers; it assumes that the provider's models scatter
    /// about the line as the others do.
    pub residual_deletion_adjusted_pp: Quantity<Estimate>,
    /// Place against the published band.
    pub band: Quantity<Band>,
    /// Rank by pooled rate, 1 = lowest, with the simultaneous rank interval.
    pub rank: Quantity<RankResult>,
}

/// An unweighted mean over models.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MeanRate {
    /// Mean of the models' rates.
    pub value: Quantity,
    /// Student's t interval over the models.
    pub interval: Quantity<Range>,
    /// Models.
    pub n_models: usize,
}

/// Place against the band around the size line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Below the band.
    Below,
    /// Inside the band.
    Inside,
    /// Above the band.
    Above,
}

/// A rank and the ranks that the data leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RankResult {
    /// Observed rank; equal rates share the lower one.
    pub value: usize,
    /// Lowest rank that the provider could hold.
    pub lower: usize,
    /// Highest rank that the provider could hold.
    pub upper: usize,
    /// Ranks compared.
    pub of: usize,
}
