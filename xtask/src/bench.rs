//! Benchmarks, in a release build. Never part of the tests.

use anyhow::Result;

use crate::run::{self, cargo};

/// Runs the benchmarks; arguments are passed on (a filter, for example).
pub(crate) fn run(rest: &[String]) -> Result<()> {
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let base = ["bench", "--workspace", "--bench", "pipeline", "--"];
    run::run(&cargo(), &[&base[..], rest.as_slice()].concat())
}
