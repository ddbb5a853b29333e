//! What continuous integration checks beyond the tests.

use anyhow::Result;

use crate::run::{self, cargo};
use crate::{bench, browser, documents, fresh, gen_files, pdf, prove, test, tidy};

/// Runs every check; the tests come first. `long` adds what is slow.
pub(crate) fn run(long: bool) -> Result<()> {
    test::run(&[])?;
    checks()?;
    if long {
        prove::run(&[])?;
        prove::calibration(&["--check"])?;
        run::run_with(
            &cargo(),
            &["test", "--workspace", "--quiet", "--", "any_", "hostile"],
            &[("PROPTEST_CASES", "2000")],
        )?;
        browser::run(&[])?;
        fresh::run(&[])?;
        bench::run(&[])?;
    }
    println!("ci: every check passed");
    Ok(())
}

/// Formatting, lints, documentation, house rules, editions, PDFs.
fn checks() -> Result<()> {
    let cargo = cargo();
    run::run(&cargo, &["fmt", "--all", "--", "--check"])?;
    let deny = ["--", "-D", "warnings"];
    run::run(
        &cargo,
        &[
            &["clippy", "--workspace", "--all-targets", "--quiet"],
            &deny[..],
        ]
        .concat(),
    )?;
    run::run_with(
        &cargo,
        &["doc", "--workspace", "--no-deps", "--quiet"],
        &[("RUSTDOCFLAGS", "-D warnings")],
    )?;
    tidy::run()?;
    gen_files::check()?;
    for report in run::reports()? {
        run::run(
            &cargo,
            &[
                "run", "--quiet", "--bin", "caveat", "--", "report", &report, "--check",
            ],
        )?;
    }
    documents::run()?;
    pdf::run(&[])
}
