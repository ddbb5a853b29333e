//! Passes a verb on to the `caveat` command.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::run;

/// Verbs whose first argument names a report.
const REPORT_VERBS: [&str; 4] = ["report", "brief", "summary", "analyse"];

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
    let mut command = Command::new(run::cargo());
    command.arg("run");
    // What cargo prints goes to standard error; the first time it is all there is to see.
    if is_built() {
        command.arg("--quiet");
    } else {
        eprintln!("building caveat: the first time this takes some minutes, for the typesetter");
    }
    let status = command
        .args(["--bin", "caveat", "--", verb])
        .args(&arguments)
        .status()
        .context("cannot run cargo")?;
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(1))
}

/// Whether there is a `caveat` beside this program, where cargo puts both.
fn is_built() -> bool {
    std::env::current_exe().is_ok_and(|xtask| {
        let name = format!("caveat{}", std::env::consts::EXE_SUFFIX);
        xtask.with_file_name(name).is_file()
    })
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
