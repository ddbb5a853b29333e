//! Holds figures against values that caveat did not make, and methods against
//! worlds whose truth is known.
//!
//! The golden files were made by R, statsmodels and scipy; `expected.json`
//! beside the corpora by numpy and scipy. The comparisons are tests, so that
//! they also run with every other test; this verb runs them alone. The study of
//! calibration is `crates/calibration`; `prove calibration` writes its document.

use anyhow::{Result, bail};

use crate::run::{self, cargo};

/// `prove` runs the comparisons with independent values; `prove calibration`
/// writes `docs/calibration.md` with its chart and figures, and with `--check`
/// fails where they are not what the study gives.
pub(crate) fn run(rest: &[String]) -> Result<()> {
    let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
    match rest.as_slice() {
        [] => references(),
        ["calibration"] => calibration(&[]),
        ["calibration", "--check"] => calibration(&["--check"]),
        _ => bail!("say `cargo xtask prove` or `cargo xtask prove calibration [--check]`"),
    }
}

fn references() -> Result<()> {
    for (package, target) in [("caveat-analysis", "golden"), ("caveat", "references")] {
        println!("figures of {package} against independent values");
        run::run(&cargo(), &["test", "--workspace", "--test", target])?;
    }
    Ok(())
}

/// Minutes of simulation.
pub(crate) fn calibration(flags: &[&str]) -> Result<()> {
    let base = [
        "run",
        "--quiet",
        "--bin",
        "caveat-calibration",
        "--",
        "docs",
    ];
    run::run(&cargo(), &[&base[..], flags].concat())
}
