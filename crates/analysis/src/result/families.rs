//! Families of tests, with what the adjustment for their number leaves.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    multiplicity::Adjustment,
    quantity::{Number, Quantity},
};

/// Tests that are judged together.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Family {
    /// What the family is.
    pub name: String,
    /// How p-values are adjusted.
    pub adjustment: Adjustment,
    /// Error probability of the family.
    pub alpha: Number,
    /// Tests that could be made, for which p-values are adjusted.
    pub counted: usize,
    /// Tests whose adjusted p-value is at most `alpha`.
    pub rejected: usize,
    /// The tests.
    pub tests: Vec<AdjustedTest>,
}

/// One test of a family.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AdjustedTest {
    /// What is tested.
    pub label: String,
    /// p-value of the test alone.
    pub p: Quantity,
    /// p-value adjusted for the family.
    pub p_adjusted: Quantity,
    /// Whether the adjusted p-value is at most the family's `alpha`.
    pub rejected: Quantity<bool>,
}
