//! Holds the estimators against values computed with other software.
//!
//! See the README beside the JSON files for where they come from and when a
//! value passes. One module per file or pair of files.
#![allow(clippy::unwrap_used)]

mod agreement;
mod corpus21;
mod decomposition;
mod hierarchical;
mod misclassified;
mod mixed_linear;
mod multiplicity;
mod noise;
mod planning;
mod posterior;
mod prompts;
mod regression;
mod shares;
mod specifications;
mod support;
mod tables;
mod together;
mod traces;
