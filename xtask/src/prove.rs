//! Holds figures against values that caveat did not make.
//!
//! The golden files were made by R, statsmodels and scipy; `expected.json`
//! beside the corpora by numpy and scipy. The comparisons are tests, so that
//! they also run with every other test; this verb runs them alone.

use anyhow::Result;

use crate::run::{self, cargo};

/// Runs the comparisons with independent values.
pub(crate) fn run() -> Result<()> {
    for (package, target) in [("caveat-analysis", "golden"), ("caveat", "references")] {
        println!("figures of {package} against independent values");
        run::run(&cargo(), &["test", "--workspace", "--test", target])?;
    }
    Ok(())
}
