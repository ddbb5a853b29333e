//! Benchmarks, in a release build. Never part of the tests.

use std::ffi::OsString;

use anyhow::Result;

use crate::fresh;
use crate::run::{self, cargo};

/// Tools whose own readers are timed, and the variable that names the program to
/// the benchmarks.
const READERS: [(&str, &str); 3] = [
    ("inspect", "CAVEAT_BENCH_INSPECT"),
    ("promptfoo", "CAVEAT_BENCH_PROMPTFOO"),
    ("pyrit", "CAVEAT_BENCH_PYRIT"),
];

/// Runs the benchmarks; arguments are passed on (a filter, for example).
pub(crate) fn run(rest: &[String]) -> Result<()> {
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    let base = ["bench", "--workspace", "--bench"];
    let arguments = |target| [&base[..], &[target, "--"], &rest].concat();
    run::run(&cargo(), &arguments("pipeline"))?;
    run::run_with(&cargo(), &arguments("imports"), &readers()?)
}

fn readers() -> Result<Vec<(&'static str, OsString)>> {
    let mut found = Vec::new();
    for (tool, variable) in READERS {
        if let Some(program) = fresh::reader(tool)? {
            let words = [Some(program.path), program.modules];
            let words = words.into_iter().flatten();
            found.push((variable, std::env::join_paths(words)?));
        }
    }
    Ok(found)
}
