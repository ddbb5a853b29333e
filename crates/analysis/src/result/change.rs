//! The same model at several dates, and the same replies under several graders.

use schemars::JsonSchema;
use serde::Serialize;

use super::Estimate;
use crate::quantity::{Number, Quantity};

/// Change over time, with what else changed kept apart.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct OverTime {
    /// Error probability of each family of tests (Holm).
    pub alpha: Number,
    /// Models tested at several dates.
    pub retested_models: usize,
    /// Traces without a date, which take no part.
    pub undated: u64,
    /// Each model between two dates.
    pub retests: Vec<Retest>,
    /// Each model at one date under two graders.
    pub regrades: Vec<Regrade>,
    /// Models tested at a single date.
    pub single_date: Vec<String>,
}

/// One model between two dates.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Retest {
    /// Model.
    pub model: String,
    /// Earlier date.
    pub earlier: String,
    /// Later date.
    pub later: String,
    /// Later minus earlier rate over all traces, whatever else changed.
    pub crude_pp: Quantity,
    /// The part that is left with prompts and grader held fixed, or why there is none.
    pub drift: Quantity<Drift>,
    /// Crude change less drift: what other prompts and other graders did.
    pub other_pp: Quantity,
}

/// A difference on the same prompts under one grader.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Drift {
    /// The grader: of those at both dates, the one with the most common prompts.
    pub grader: String,
    /// Prompts met at both dates under this grader.
    pub common_prompts: usize,
    /// Traces on them at the earlier date.
    pub traces_earlier: u64,
    /// Traces on them at the later date.
    pub traces_later: u64,
    /// Later minus earlier mean rate per prompt.
    pub difference_pp: Quantity<Estimate>,
    /// The difference itself, also where it has no interval.
    pub value_pp: Number,
    /// p-value of no difference.
    pub p: Quantity,
    /// The same adjusted for all retests (Holm).
    pub p_adjusted: Quantity,
    /// Whether the adjusted p-value is at most alpha.
    pub changed: Quantity<bool>,
}

/// One model at one date under two graders.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Regrade {
    /// Model.
    pub model: String,
    /// Date.
    pub period: String,
    /// First grader.
    pub first: String,
    /// Second grader.
    pub second: String,
    /// Prompts of which both graded as many traces.
    pub common_prompts: usize,
    /// Prompts left out because they graded different numbers of traces.
    pub uneven_prompts: usize,
    /// Second minus first mean rate per prompt.
    pub difference_pp: Quantity<Estimate>,
    /// p-value of no difference.
    pub p: Quantity,
    /// The same adjusted for all regrades (Holm).
    pub p_adjusted: Quantity,
    /// Whether the adjusted p-value is at most alpha.
    pub changed: Quantity<bool>,
}
