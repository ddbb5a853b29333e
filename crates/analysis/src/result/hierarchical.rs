//! The hierarchical binomial model: what the annex says of it.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    hierarchical::Role,
    quantity::{Number, Quantity},
};

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
