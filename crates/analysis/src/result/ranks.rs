//! Ranks with the ranks that the data leave open.

use schemars::JsonSchema;
use serde::Serialize;

use super::Range;
use crate::quantity::{Number, Quantity};

/// Confidence sets of the ranks of all sides. Rank 1 is the lowest rate.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RankSets {
    /// Confidence level.
    pub level: Number,
    /// Degrees of freedom of the errors; absent where traces are taken as independent.
    pub df: Quantity,
    /// Draws of the joint law of the errors.
    pub draws: u32,
    /// The standardised difference beyond which a pair is told apart in the first step.
    pub critical_value: Number,
    /// Pairs of sides.
    pub pairs: usize,
    /// Pairs that the simultaneous test tells apart.
    pub pairs_told_apart: usize,
    /// Sides by rising rate.
    pub sides: Vec<RankSide>,
    /// Maximal groups of which no two sides are told apart, lowest first.
    pub tie_groups: Vec<Vec<String>>,
}

/// One side.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct RankSide {
    /// Provider or model.
    pub name: String,
    /// Observed rate.
    pub rate: Number,
    /// Its standard error.
    pub standard_error: Number,
    /// Observed rank; equal rates share the lowest of their places.
    pub rank: usize,
    /// Observed rank; equal rates share the mean of their places.
    pub rank_average: Number,
    /// Covers the true ranks of all sides at once: the set for a league table.
    pub simultaneous: RanksLeftOpen,
    /// Covers the true rank of this side if it was named in advance.
    pub marginal: RanksLeftOpen,
    /// Every pair at the full error probability; covers nothing.
    pub unadjusted: RanksLeftOpen,
    /// The same without the covariance of shared prompts.
    pub unadjusted_independent: RanksLeftOpen,
    /// Expected rank over the draws.
    pub expected_rank: Number,
    /// Central interval of the rank over the draws.
    pub rank_interval: Range,
    /// Share of the draws in which this side is lowest.
    pub p_lowest: Number,
    /// Share of the draws in which it lies in the lowest third.
    pub p_lowest_third: Number,
}

/// The ranks that a test leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RanksLeftOpen {
    /// Best rank.
    pub lower: usize,
    /// Worst rank.
    pub upper: usize,
}
