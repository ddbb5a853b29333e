//! What an analysis says of size: the line, other sizes, and what the test could find.
//!
//! Slopes are changes of the rate per doubling of parameters; names that end
//! in `_pp` are percentage points. Directions inside one provider are in
//! `contrasts`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Estimate, Range};
use crate::quantity::{Number, Quantity};

/// Ordinary least squares of the rate on log2 parameters in billions.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Scale {
    /// Rate at one billion parameters.
    pub intercept: Number,
    /// Change of the rate per doubling, Student's t interval.
    pub slope_per_doubling: Quantity<Estimate>,
    /// The same with HC3 standard errors.
    pub slope_hc3: Quantity<Estimate>,
    /// Standard error of the slope.
    pub se: Quantity,
    /// Standard error of the slope, HC3.
    pub se_hc3: Quantity,
    /// Share of variance.
    pub r2: Quantity,
    /// Interval of the population's share (Steiger 2004: ncp/(ncp+n), from F(1, n-2) = t squared).
    pub population_r2: Quantity<Range>,
    /// Share of variance, adjusted for degrees of freedom.
    pub adjusted_r2: Quantity,
    /// Pearson correlation.
    pub pearson_r: Quantity,
    /// Student's t of the slope.
    pub t: Quantity,
    /// p-value by Student's t.
    pub p: Quantity,
    /// p-value by the normal approximation.
    pub p_normal: Quantity,
    /// Mean of R2 when size is unrelated: 1/(n-1).
    pub r2_null_mean: Quantity,
    /// 5th percentile of R2 under relabelling.
    pub r2_null_p05: Quantity,
    /// 95th percentile of R2 under relabelling.
    pub r2_null_p95: Quantity,
    /// Residual standard deviation.
    pub sigma: Quantity,
    /// Standard deviation (n-1) of log2 parameters.
    pub sd_log2_params: Number,
    /// Models in scale.
    pub n_models: usize,
    /// Smallest size in billions.
    pub smallest_b: Number,
    /// Largest size in billions.
    pub largest_b: Number,
    /// The fitted line with its confidence band, from the smallest to the largest size.
    pub line: Vec<LinePoint>,
    /// The model whose removal moves the slope most.
    pub most_influential: Quantity<Influence>,
}

/// One point of the fitted line.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LinePoint {
    /// log2 of billions of parameters.
    pub log2_params: Number,
    /// Fitted rate.
    pub fitted: Number,
    /// Lower limit of the mean.
    pub lower: Number,
    /// Upper limit of the mean.
    pub upper: Number,
}

/// The model with the largest effect on the slope.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Influence {
    /// Model.
    pub model: String,
    /// Its leverage.
    pub leverage: Number,
    /// Its Cook's distance.
    pub cooks_distance: Quantity,
    /// Slope without it, per doubling.
    pub slope_without: Number,
}

/// The scale analysis with other sizes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SizeSensitivity {
    /// Id of the variant.
    pub id: String,
    /// Models whose size differs from the one used.
    pub changed: Vec<String>,
    /// Models in scale under the variant.
    pub n_models: usize,
    /// Slope per doubling.
    pub slope_per_doubling: Quantity<Estimate>,
    /// The same with HC3 standard errors.
    pub slope_hc3: Quantity<Estimate>,
    /// Share of variance.
    pub r2: Quantity,
    /// p-value by Student's t.
    pub p: Quantity,
    /// Weighted residuals of the providers in percentage points, in order of name.
    pub residuals_pp: Vec<ProviderResidualPp>,
    /// Ranked providers outside the band.
    pub outside: Vec<String>,
}

/// A provider's residual under a variant.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderResidualPp {
    /// Provider.
    pub provider: String,
    /// Weighted residual in percentage points.
    pub residual_pp: Number,
}

/// What the slope test could find at the observed spread.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Power {
    /// Two-sided error of the test.
    pub alpha: Number,
    /// Slope per doubling found in 8 of 10 such studies, in percentage points.
    pub detectable_slope_80_pp: Quantity,
    /// Slope per doubling found in 9 of 10 such studies, in percentage points.
    pub detectable_slope_90_pp: Quantity,
    /// Models needed for stated slopes at 80% power.
    pub models_needed: Vec<ModelsNeeded>,
    /// Power of the provider test at the bias-corrected share (epsilon squared), where positive.
    pub provider_test_power: Quantity,
    /// Power of the provider test at shares that were declared beforehand.
    pub provider_test_declared: Vec<DeclaredPower>,
}

/// Power of the provider test at a declared share.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct DeclaredPower {
    /// True share of the variance that goes with the provider.
    pub share: Number,
    /// Probability that F finds it with these numbers of models and providers.
    pub power: Quantity,
}

/// Models needed to find a slope.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ModelsNeeded {
    /// Slope per doubling in percentage points.
    pub slope_pp: Number,
    /// Models at 80% power and the observed spread.
    pub n_models: Quantity<usize>,
    /// Power with the present number of models.
    pub power_now: Quantity,
}
