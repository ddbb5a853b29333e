//! Why a quantity cannot be estimated.
//!
//! Every estimator of this crate answers with a number or with one of these
//! reasons; none answers with NaN, zero or a panic in place of a missing
//! number. The names are part of the JSON output
//! (`{"not_estimable": "NoVariance"}`), so they are never renamed.
//! Wording for a reader is the `Display` sentence. This file decides nothing:
//! the conditions stand beside each formula.

use serde::{Deserialize, Serialize};

/// The answer of an estimator: a value, or the reason why there is none.
pub type Estimable<T> = Result<T, NotEstimable>;

/// The reason why a quantity cannot be estimated from the data given.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    thiserror::Error,
)]
#[non_exhaustive]
pub enum NotEstimable {
    /// There is no evaluable trace.
    #[error("there is no evaluable trace")]
    NoTraces,
    /// All observed values are equal.
    #[error("all observed values are equal, so there is no variance to explain")]
    NoVariance,
    /// Every group has a single member.
    #[error("every group has a single member, so no degrees of freedom are left within groups")]
    NoWithinDf,
    /// Values differ between groups and never within one.
    #[error("members of a group are all equal, so there is no variance within groups")]
    NoWithinVariance,
    /// There is only one group.
    #[error("there is only one group to compare")]
    OneGroup,
    /// A count that the formula divides by is zero.
    #[error("a count that the formula divides by is zero")]
    ZeroCells,
    /// There are too few models for the method.
    #[error("there are too few models for this method")]
    TooFewModels,
    /// The predictor does not vary, or the equations have no unique solution.
    #[error("the model has no unique solution for these data")]
    SingularFit,
    /// The fit passes through every point, so its error cannot be judged.
    #[error("the fit passes through every point, so its error cannot be judged")]
    ExactFit,
    /// One observation decides its own fitted value completely.
    #[error("one observation decides its own fitted value completely")]
    FullLeverage,
    /// The grader's verdicts carry no information.
    #[error("the grader's verdicts do not depend on what was graded")]
    UninformativeGrader,
    /// An iterative method did not reach its tolerance.
    #[error("the iteration did not reach its tolerance")]
    NotConverged,
    /// The likelihood rises without end: groups or sizes separate successes from failures.
    #[error("successes and failures are separated completely, so the likelihood has no maximum")]
    Separation,
    /// The corpus does not say which prompt each trace answered.
    #[error("the corpus does not identify the prompts")]
    NoPromptIds,
    /// No model has a usable size.
    #[error("no model has a known number of parameters")]
    NoSizes,
    /// No provider reaches the minimum that the rules ask for.
    #[error("too few providers reach the minimum that the rules ask for")]
    NoEligibleProviders,
    /// Two categories are needed and only one occurs.
    #[error("both graders use one and the same category for every trace")]
    OneCategory,
    /// There are more arrangements than can be enumerated.
    #[error("there are too many arrangements to enumerate")]
    TooManyArrangements,
    /// A value is not finite, or lies outside the range of the method.
    #[error("an input value lies outside the range of the method")]
    OutOfRange,
    /// An earlier quantity that this one is computed from is missing.
    #[error("a quantity that this one is computed from is missing")]
    NotGiven,
    /// A model has a single evaluable trace, which shows no sampling variance.
    #[error(
        "a model has a single evaluable trace, from which no sampling variance can be estimated"
    )]
    SingleTrace,
    /// The observed spread is no larger than sampling noise alone would make it.
    #[error("the observed spread is no larger than sampling noise alone would make it")]
    OnlyNoise,
    /// There are more models than the method can take in reasonable time.
    #[error("there are more models than this method takes")]
    TooManyModels,
    /// No stratum was met by both sides.
    #[error("no stratum was met by both sides")]
    NoCommonStrata,
    /// Only one stratum was met by both sides, so nothing is pooled.
    #[error("only one stratum was met by both sides, so there is nothing to pool")]
    OneStratum,
    /// The stated mix gives weight to a stratum without traces.
    #[error("the stated mix gives weight to a stratum without traces")]
    EmptyStratum,
    /// All traces belong to one prompt, so prompts cannot be compared.
    #[error("all traces belong to one prompt, so the spread between prompts cannot be judged")]
    OnePrompt,
    /// No prompt was met by both sides.
    #[error("no prompt was met by both sides")]
    NoCommonPrompts,
    /// Too few prompts were met by both sides for a comparison.
    #[error("too few prompts were met by both sides for a comparison")]
    TooFewCommonPrompts,
    /// A side has several traces on a prompt, so the prompts do not form pairs.
    #[error("a side has several traces on one prompt, so the prompts do not form pairs")]
    ReplicatedPrompts,
    /// The corpus does not state the labels that the strata are made of.
    #[error("the corpus does not state the labels that the strata are made of")]
    NoLabels,
    /// The strata hold too few successes to compare their ratios.
    #[error("the strata hold too few successes to compare their ratios")]
    SparseStrata,
    /// Traces on one prompt come from several models and do not repeat each other.
    #[error("the traces on one prompt come from several models and do not repeat each other")]
    SeveralModels,
    /// The categories have no order, so none is further from another.
    #[error("the categories have no order, so that no weights between them exist")]
    NotOrdered,
    /// Several graders with errors of their own share in one rate.
    #[error("several graders with errors of their own share in this rate")]
    SeveralGraders,
    /// The model was tested at one date only.
    #[error("the model was tested at one date only")]
    OnePeriod,
    /// No grader is known to have graded both sides.
    #[error("no grader is known to have graded both sides of the comparison")]
    NoCommonGrader,
    /// The choices multiply to more specifications than are computed.
    #[error("the choices multiply to more specifications than are computed")]
    TooManySpecifications,
    /// All comparisons are settled.
    #[error("every comparison is settled, so none is left open")]
    NothingOpen,
    /// Groups, weights or pairs do not have the same length.
    #[error("the inputs do not have the same length")]
    LengthMismatch,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_reason_serialises_as_its_name() {
        let json = serde_json::to_string(&NotEstimable::NoWithinDf).unwrap();
        assert_eq!(json, "\"NoWithinDf\"");
    }
}
