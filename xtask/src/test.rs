//! Every test of the workspace: with nextest where it is installed, else with cargo.

use anyhow::Result;

use crate::run;

/// Runs the tests, then the examples in the documentation.
pub(crate) fn run(rest: &[String]) -> Result<()> {
    let cargo = run::cargo();
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    if run::has(&cargo, "nextest") || run::has("cargo-nextest", "--version") {
        run::run(
            &cargo,
            &[&["nextest", "run", "--workspace"], rest.as_slice()].concat(),
        )?;
        if rest.is_empty() {
            run::run(&cargo, &["test", "--workspace", "--doc", "--quiet"])?;
        }
        return Ok(());
    }
    run::run(
        &cargo,
        &[&["test", "--workspace"], rest.as_slice()].concat(),
    )
}
