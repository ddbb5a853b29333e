//! What an analysis says of sampling noise and of true differences.
//!
//! Variances are of rates (0 to 1) or of natural log odds, as the scale says. A
//! `tau2` is a variance of true effects: sampling noise is taken out.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Estimate, Range, SplitShares};
use crate::quantity::{Number, Quantity};

/// Sampling noise apart from true variance, over the models with a rate.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Signal {
    /// By moments of the rates.
    pub noise: Quantity<NoiseShare>,
    /// Random effects of rates.
    pub rate: Quantity<RandomEffects>,
    /// Random effects of log odds.
    pub log_odds: Quantity<RandomEffects>,
    /// Provider as a random effect on the rates, each model weighing the same.
    pub provider_effect: Quantity<ProviderEffect>,
    /// The same with size in the model, over the models that have one.
    pub provider_effect_with_size: Quantity<ProviderEffect>,
}

/// How much of the spread of observed rates is sampling noise.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct NoiseShare {
    /// Models.
    pub n_models: usize,
    /// Sample variance of the observed rates.
    pub observed_variance: Number,
    /// Mean of p(1-p)/(n-1) over the models.
    pub sampling_variance: Quantity,
    /// Share of the second in the first; above 1 when the spread is less than
    /// noise alone would make.
    pub share: Quantity,
    /// The same with p(1-p)/n.
    pub share_plug_in: Quantity,
    /// Interval of the share: one less I2 from the Q profile of tau2.
    pub share_interval: Quantity<Range>,
    /// Observed less sampling variance; may be negative.
    pub true_variance: Quantity,
    /// Whether it is.
    pub true_variance_negative: bool,
    /// Provider's share among true rates, by moments; not cut at 0 or 1.
    pub eta2_true: Quantity,
    /// The same corrected for the number of providers.
    pub epsilon2_true: Quantity,
    /// Models with fewer than five successes or fewer than five failures, for
    /// which the normal approximations of this block fail.
    pub models_of_small_counts: usize,
}

/// Every model as a study of a random-effects meta-analysis.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RandomEffects {
    /// Whether one half was added to successes and failures of every model,
    /// because one had none.
    pub half_added: bool,
    /// Cochran's Q.
    pub q: Number,
    /// Its degrees of freedom.
    pub q_df: usize,
    /// Its p: whether noise alone could make this spread.
    pub q_p: Quantity,
    /// Q-profile interval of tau2. Always contains the estimate of Paule and
    /// Mandel, not always the others.
    pub tau2_interval: Quantity<Range>,
    /// DerSimonian and Laird.
    pub dersimonian_laird: Quantity<Tau>,
    /// Paule and Mandel.
    pub paule_mandel: Quantity<Tau>,
    /// Restricted likelihood.
    pub reml: Quantity<Tau>,
    /// Hedges.
    pub hedges: Quantity<Tau>,
    /// Line in log2 size (REML), over the models that have one.
    pub on_size: Quantity<OnSize>,
    /// Variance left within providers when each has a mean of its own (REML).
    pub tau2_within_providers: Quantity,
    /// Variance at two levels (REML).
    pub levels: Quantity<Levels>,
    /// The same with a line in log2 size, over the models that have one.
    pub levels_with_size: Quantity<Levels>,
    /// Models pulled towards the mean (REML), in the order given.
    pub shrunken: Vec<Shrunken>,
}

/// One estimate of the variance of true effects.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Tau {
    /// Variance of true effects; 0 where the spread is no more than noise.
    pub tau2: Number,
    /// Mean of the true effects.
    pub mean: Number,
    /// Its standard error.
    pub se_mean: Number,
    /// Share of the spread that is not sampling noise.
    pub i2: Number,
    /// Total over sampling variance.
    pub h2: Number,
}

/// Meta-regression on size.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OnSize {
    /// Models.
    pub n_models: usize,
    /// Change of the effect per doubling; normal interval, tau2 taken as known.
    pub slope: Estimate,
    /// Wald p.
    pub p: Number,
    /// Variance that size leaves.
    pub tau2: Number,
}

/// True variance between providers and between the models of one.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Levels {
    /// Between providers.
    pub tau2_provider: Number,
    /// Between models of a provider.
    pub tau2_model: Number,
    /// Share of the first in the sum of both; profile-likelihood interval.
    pub share_provider: Quantity<Estimate>,
    /// Change of the effect per doubling; `NotGiven` without size.
    pub slope: Quantity<Estimate>,
    /// Mean of the true effects, at one billion parameters with size.
    pub mean: Number,
    /// Its standard error.
    pub se_mean: Number,
    /// Whether a variance is estimated as 0.
    pub singular: bool,
}

/// A model's effect as observed and as predicted.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Shrunken {
    /// Model.
    pub model: String,
    /// Observed effect, one half added where stated.
    pub observed: Number,
    /// Best linear unbiased prediction.
    pub predicted: Number,
}

/// The linear mixed model.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderEffect {
    /// Models.
    pub n_models: usize,
    /// Providers.
    pub n_providers: usize,
    /// Variance between providers.
    pub variance_provider: Number,
    /// Variance between models of a provider, sampling noise included.
    pub variance_residual: Number,
    /// Share of the first in both; profile-likelihood interval.
    pub share_provider: Estimate,
    /// p of the likelihood ratio test of no variance between providers (REML).
    /// For normal effects: one outlying model that is its provider's only one can
    /// make it, and the share, as extreme as any. Read it beside the p of labels
    /// dealt anew in `Together`.
    pub p: Number,
    /// Whether that variance is estimated as 0.
    pub singular: bool,
    /// Change of the rate per doubling in percentage points, Student's t by
    /// containment; `NotGiven` in the model without size.
    pub slope_pp: Quantity<Estimate>,
    /// Between-model shares of provider and of size, b1^2 Var(s) against the two
    /// variances; `NotGiven` in the model without size.
    pub shares: Quantity<SplitShares>,
    /// Predicted effect of each provider, in order of name.
    pub effects: Vec<ProviderPrediction>,
}

/// A provider's predicted distance from the average provider.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProviderPrediction {
    /// Provider.
    pub provider: String,
    /// Best linear unbiased prediction, in percentage points.
    pub effect_pp: Number,
}
