//! Runs whole analyses: on the simulated table of 21 models, on public results,
//! and on small samples made at random.
#![allow(clippy::unwrap_used)]

mod corpus21;
mod grader_errors;
mod multiverse;
mod next_round;
mod properties;
mod public;
mod relabelling;
mod same_prompts;
mod signal;
mod single_verdicts;
mod support;
mod together;
mod traces;
