//! Passes a verb on to the `caveat` command.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::run;

/// Verbs whose first argument names a report.
const REPORT_VERBS: [&str; 3] = ["report", "brief", "analyse"];

/// Runs `caveat verb rest…` from the workspace and answers with its exit code.
pub(crate) fn on(verb: &str, rest: &[String]) -> Result<u8> {
    let mut arguments: Vec<String> = rest.to_vec();
    if REPORT_VERBS.contains(&verb)
        && let Some(report) = arguments
            .iter_mut()
            .find(|argument| !argument.starts_with('-'))
    {
        *report = report_path(report);
    }
    let status = Command::new(run::cargo())
        .args(["run", "--quiet", "--bin", "caveat", "--", verb])
        .args(&arguments)
        .status()
        .context("cannot run cargo")?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1))
}

/// `164` stands for `reports/164`, unless there is such a file here.
fn report_path(name: &str) -> String {
    let below = format!("reports/{name}");
    if !Path::new(name).exists() && Path::new(&below).exists() {
        below
    } else {
        name.to_owned()
    }
}
