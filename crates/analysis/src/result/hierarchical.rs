//! The hierarchical binomial model: what the annex says of it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    hierarchical::Role,
    quantity::{Number, Quantity},
};

/// Both analyses of the hierarchical model.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Hierarchical {
    /// Maximum likelihood.
    pub likelihood: Quantity<HierarchicalLikelihood>,
    /// The posterior; `NotGiven` where it was not asked for.
    pub posterior: Quantity<HierarchicalPosterior>,
    /// The posterior's main figures under other priors; empty where it was not asked for.
    pub prior_sensitivity: Vec<PriorSensitivity>,
}

/// A maximum likelihood fit.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HierarchicalLikelihood {
    /// How the likelihood is approximated: `laplace`.
    pub method: &'static str,
    /// Traces, successes among them, and cells they were merged to.
    pub traces: u64,
    /// Successful attacks.
    pub successes: u64,
    /// Different combinations of the factors' levels.
    pub cells: u64,
    /// Logit of the rate at 32 billion parameters, or overall without a slope.
    pub intercept: CoefficientResult,
    /// Change of the logit per doubling of parameters.
    pub slope: Quantity<CoefficientResult>,
    /// Random effects, one entry for every factor of the data.
    pub components: Vec<ComponentResult>,
    /// Share of the single trace on the logit scale.
    pub latent_residual_share: Number,
    /// Log likelihood of the counts, binomial coefficients included.
    pub log_likelihood: Number,
    /// Akaike's criterion from it.
    pub aic: Number,
    /// Whether a variance is estimated at zero.
    pub singular: bool,
    /// Differences between models by provider, size and the rest, noise removed.
    pub between_models: Quantity<BetweenModels>,
    /// Models in the order of the cells' names.
    pub models: Vec<HierarchicalRate>,
}

/// A fixed coefficient on the logit scale.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CoefficientResult {
    /// Estimate.
    pub value: Number,
    /// Standard error.
    pub se: Quantity,
    /// Lower limit of Wald's interval.
    pub lower: Quantity,
    /// Upper limit.
    pub upper: Quantity,
    /// Wald's two-sided p-value.
    pub p: Quantity,
}

/// One factor's random effects.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ComponentResult {
    /// The factor.
    pub factor: Role,
    /// Number of its levels.
    pub levels: u64,
    /// Factors that group the traces alike; the variance is the sum of theirs and this one's.
    pub includes: Vec<Role>,
    /// Variance on the logit scale.
    pub variance: Quantity,
    /// Share on the logit scale, the single trace counted as pi^2/3.
    pub latent_share: Quantity,
    /// Share in the variance of a single trace's outcome, at the mean logit.
    pub response_share: Quantity,
    /// Likelihood ratio test of the variance against zero, half chi-squared.
    pub p: Quantity,
    /// Effects by level; left empty for prompts, of which there may be thousands.
    pub effects: Vec<EffectResult>,
}

/// The effect of one level on the logit scale.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EffectResult {
    /// Name of the level.
    pub name: String,
    /// Conditional mode: shrunk towards 0.
    pub mode: Number,
    /// Its standard deviation, given the parameters.
    pub error: Number,
}

/// Shares in the differences between models; they add up to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct BetweenModels {
    /// Provider.
    pub provider: Number,
    /// Size.
    pub scale: Number,
    /// The rest.
    pub model: Number,
}

/// A model's rate as the hierarchical model sees it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HierarchicalRate {
    /// Name of the model.
    pub model: String,
    /// Logit of its rate at an average prompt.
    pub logit: Number,
    /// Mean rate over a population of prompts like these.
    pub rate: Number,
}

/// What the posterior says, if the chains converged.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HierarchicalPosterior {
    /// The sampler: `nuts`.
    pub method: &'static str,
    /// Traces.
    pub traces: u64,
    /// Successful attacks.
    pub successes: u64,
    /// Different combinations of the factors' levels.
    pub cells: u64,
    /// Standard deviation of the intercept's normal prior.
    pub prior_intercept_sd: Number,
    /// Standard deviation of the slope's normal prior.
    pub prior_slope_sd: Number,
    /// Scale of the half-normal prior of every standard deviation.
    pub prior_deviation_scale: Number,
    /// Independent chains.
    pub chains: u32,
    /// Draws of every chain that tuned it.
    pub warmup: u32,
    /// Draws of every chain that were kept.
    pub draws: u32,
    /// Acceptance rate that the step size was tuned to.
    pub target_accept: Number,
    /// Seed of every random number.
    pub seed: u64,
    /// The gates.
    pub convergence: Convergence,
    /// The estimates, or `NotConverged`.
    pub estimates: Quantity<PosteriorEstimates>,
}

/// Whether the chains agree and are long enough.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Convergence {
    /// R-hat below 1.01 and both effective sizes above 400 everywhere, and no divergence.
    pub converged: bool,
    /// Largest rank-normalised split R-hat.
    pub max_rhat: Number,
    /// Smallest effective sample size of the bulk.
    pub min_ess_bulk: Number,
    /// Smallest effective sample size of the tails.
    pub min_ess_tail: Number,
    /// Divergent transitions after tuning.
    pub divergences: u64,
    /// Evaluations of the density.
    pub gradients: u64,
}

/// Posterior summaries.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PosteriorEstimates {
    /// Logit of the rate at 32 billion parameters, or overall without a slope.
    pub intercept: PosteriorSummary,
    /// Change of the logit per doubling of parameters.
    pub slope: Quantity<PosteriorSummary>,
    /// Random effects, one entry for every factor of the data.
    pub components: Vec<PosteriorComponent>,
    /// Differences between models by provider and size, noise removed.
    pub between_models: Quantity<PosteriorShares>,
    /// Models in the order of the cells' names.
    pub models: Vec<PosteriorModel>,
}

/// One quantity's posterior.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PosteriorSummary {
    /// Mean.
    pub mean: Number,
    /// Standard deviation.
    pub sd: Number,
    /// Quantile at 2.5 %.
    pub lower: Number,
    /// Median.
    pub median: Number,
    /// Quantile at 97.5 %.
    pub upper: Number,
    /// Monte Carlo error of the mean.
    pub mcse: Number,
    /// Monte Carlo error of the lower quantile.
    pub mcse_lower: Number,
    /// Monte Carlo error of the upper quantile.
    pub mcse_upper: Number,
    /// Effective sample size of the bulk.
    pub ess_bulk: Number,
    /// Effective sample size of the tails.
    pub ess_tail: Number,
    /// Rank-normalised split R-hat.
    pub rhat: Number,
}

/// One factor's posterior.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PosteriorComponent {
    /// The factor.
    pub factor: Role,
    /// Number of its levels.
    pub levels: u64,
    /// Factors that group the traces alike, whose variances are included.
    pub includes: Vec<Role>,
    /// Standard deviation on the logit scale.
    pub sd: Quantity<PosteriorSummary>,
    /// Share on the logit scale, the single trace counted as pi^2/3.
    pub latent_share: Quantity<PosteriorSummary>,
    /// Share in the variance of a single trace's outcome, at the mean logit.
    pub response_share: Quantity<PosteriorSummary>,
    /// Effects by level; empty for models, which have logits, and prompts.
    pub effects: Vec<PosteriorEffect>,
}

/// The effect of one level on the logit scale.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PosteriorEffect {
    /// Name of the level.
    pub name: String,
    /// The effect.
    pub effect: PosteriorSummary,
    /// Its rank among the levels, 1 the lowest.
    pub rank: PosteriorRank,
}

/// Shares in the differences between models.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PosteriorShares {
    /// Provider, of provider, size and the rest.
    pub provider: PosteriorSummary,
    /// Size, of the same three.
    pub scale: PosteriorSummary,
    /// Provider, of provider and the rest.
    pub provider_without_scale: PosteriorSummary,
}

/// A model's posterior.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PosteriorModel {
    /// Name of the model.
    pub name: String,
    /// Logit of its rate at an average prompt.
    pub logit: PosteriorSummary,
    /// Mean rate over a population of prompts like these.
    pub rate: PosteriorSummary,
    /// Its rank among the models, 1 the lowest rate.
    pub rank: PosteriorRank,
}

/// A rank's posterior.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PosteriorRank {
    /// Mean.
    pub expected: Number,
    /// Standard deviation.
    pub sd: Number,
    /// Lower end of the 95 % interval.
    pub lower: Number,
    /// Upper end.
    pub upper: Number,
    /// Probability of the lowest place.
    pub p_lowest: Number,
    /// Probability of the highest place.
    pub p_highest: Number,
}

/// What another prior would have given.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PriorSensitivity {
    /// Scale of the half-normal prior of every standard deviation.
    pub deviation_scale: Number,
    /// Standard deviation of the providers' effects.
    pub provider_sd: Quantity<PosteriorSummary>,
    /// Provider's share in the differences between models.
    pub provider_share: Quantity<PosteriorSummary>,
    /// The gates.
    pub convergence: Convergence,
}
