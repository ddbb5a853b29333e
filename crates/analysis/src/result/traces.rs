//! What an analysis says of the variance of single traces.
//!
//! Unit: the trace. Not comparable with shares between models.

use schemars::JsonSchema;
use serde::Serialize;

use crate::quantity::{Number, Quantity};

/// Shares of the variance of single traces.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TraceShares {
    /// Evaluable traces.
    pub n_traces: u64,
    /// Providers.
    pub n_providers: usize,
    /// Models.
    pub n_models: usize,
    /// Prompts; `NoPromptIds` where the corpus does not name them.
    pub n_prompts: Quantity<usize>,
    /// Provider alone.
    pub provider: Quantity<TraceFactor>,
    /// Permutation p of the provider: whole models dealt anew. The p to read.
    pub provider_p_permutation: Quantity,
    /// Model alone.
    pub model: Quantity<TraceFactor>,
    /// Prompt alone.
    pub prompt: Quantity<TraceFactor>,
    /// R2 of log2 size, over the traces of models in scale.
    pub size_r2: Quantity,
    /// Provider, then model, then prompt; and what each adds last.
    pub sequence: Quantity<Sequence>,
}

/// One factor alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TraceFactor {
    /// Share of the variance.
    pub eta2: Number,
    /// Its mean for independent traces and a factor that means nothing.
    pub eta2_null_mean: Number,
    /// Share adjusted for degrees of freedom.
    pub epsilon2: Number,
    /// Intraclass correlation by analysis of variance.
    pub icc1: Number,
    /// F test's p, for independent traces, which those of one model or of one
    /// prompt are not.
    pub p_independent: Number,
}

/// Shares that add up to 1 in the order provider, model, prompt.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Sequence {
    /// Provider first.
    pub provider: Number,
    /// Model within provider, second.
    pub model_in_provider: Number,
    /// Prompt, third.
    pub prompt: Number,
    /// What is left: mostly the variance of a coin.
    pub residual: Number,
    /// Provider beside prompt.
    pub provider_last: Number,
    /// Model beside prompt.
    pub model_last: Number,
    /// Independent columns of model and prompt.
    pub rank: usize,
}
