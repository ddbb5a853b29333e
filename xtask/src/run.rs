//! Runs programs, says what it runs, and finds the root of the workspace.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The root of the workspace.
pub(crate) fn root() -> Result<PathBuf> {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .map(PathBuf::from)
        .context("the folder of xtask has no parent")
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

/// Runs a program, prints its command line, and fails if it fails.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<()> {
    run_with::<&str>(program, arguments, &[])
}

/// The same with environment variables.
pub(crate) fn run_with<V: AsRef<OsStr>>(
    program: &str,
    arguments: &[&str],
    env: &[(&str, V)],
) -> Result<()> {
    let shown = if program == cargo() { "cargo" } else { program };
    println!("$ {shown} {}", arguments.join(" "));
    let status = Command::new(program)
        .args(arguments)
        .envs(env.iter().map(|(name, value)| (name, value)))
        .status()
        .with_context(|| format!("cannot run `{shown}`"))?;
    if !status.success() {
        bail!("`{shown} {}` failed ({status})", arguments.join(" "));
    }
    Ok(())
}

/// Runs a program whose output nobody needs unless it fails.
pub(crate) fn quietly(program: &str, arguments: &[&str]) -> Result<()> {
    println!("$ {program} {}", arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run `{program}`"))?;
    if !output.status.success() {
        print!("{}", String::from_utf8_lossy(&output.stdout));
        eprint!("{}", String::from_utf8_lossy(&output.stderr));
        let status = output.status;
        bail!("`{program} {}` failed ({status})", arguments.join(" "));
    }
    Ok(())
}

/// Runs a program and returns what it prints.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Result<String> {
    let shown = if program == cargo() { "cargo" } else { program };
    println!("$ {shown} {}", arguments.join(" "));
    let output = Command::new(program)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run `{shown}`"))?;
    if !output.status.success() {
        bail!(
            "`{shown} {}` failed ({})",
            arguments.join(" "),
            output.status
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program can be started.
pub(crate) fn has(program: &str, argument: &str) -> bool {
    Command::new(program)
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The reports in the tree, sorted.
pub(crate) fn reports() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir("reports").context("there is no folder `reports`")? {
        let entry = entry?;
        if entry.path().join("report.toml").is_file() {
            names.push(format!("reports/{}", entry.file_name().to_string_lossy()));
        }
    }
    names.sort();
    Ok(names)
}
