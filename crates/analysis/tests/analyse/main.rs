//! Runs whole analyses: on the simulated table of 21 models, on public results,
//! and on small samples made at random.
#![allow(clippy::unwrap_used)]

mod corpus21;
mod properties;
mod public;
mod relabelling;
mod single_verdicts;
mod support;
