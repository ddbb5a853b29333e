//! House rules that no compiler checks.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, bail};

use crate::run;

/// Longest source file, in lines; beyond it a second idea waits to be found.
const MAX_LINES: usize = 600;

/// What may stand at the top level.
const TOP_LEVEL: [&str; 16] = [
    ".cargo",
    ".ci",
    ".gitattributes",
    ".gitignore",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "crates",
    "docs",
    "importers",
    "reports",
    "templates",
    "xtask",
];

/// Checks every file that git tracks.
pub(crate) fn run() -> Result<()> {
    let listed = run::output("git", &["ls-files"])?;
    let mut faults = Vec::new();
    for name in listed.lines() {
        let top = name.split('/').next().unwrap_or(name);
        if !TOP_LEVEL.contains(&top) {
            faults.push(format!("{name}: `{top}` does not belong at the top level"));
        }
        check(name, &mut faults);
    }
    same_features(&mut faults)?;
    faults.sort();
    faults.dedup();
    for fault in &faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{} house rules are broken", faults.len());
    }
    println!(
        "tidy: {} files follow the house rules",
        listed.lines().count()
    );
    Ok(())
}

/// A package that the tests build with other features is built twice, and all
/// that rests on it: typst takes minutes. See the note in `xtask/Cargo.toml`.
fn same_features(faults: &mut Vec<String>) -> Result<()> {
    let tree = |edges: &str| -> Result<BTreeSet<String>> {
        let arguments = [
            "tree",
            "--workspace",
            "--prefix",
            "none",
            "-f",
            "{p}|{f}",
            "-e",
            edges,
        ];
        let listed = run::output(&run::cargo(), &arguments)?;
        Ok(listed
            .lines()
            .map(|line| line.trim_end_matches(" (*)").to_owned())
            .collect())
    };
    let name = |line: &str| line.split('|').next().unwrap_or_default().to_owned();
    let (plain, tested) = (tree("normal,build")?, tree("normal,build,dev")?);
    let built: BTreeSet<String> = plain.iter().map(|line| name(line)).collect();
    for line in tested
        .difference(&plain)
        .filter(|line| built.contains(&name(line)))
    {
        faults.push(format!(
            "{line}: the tests build it with other features than the command"
        ));
    }
    Ok(())
}

fn check(name: &str, faults: &mut Vec<String>) {
    let extension = Path::new(name)
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    if !matches!(extension, "rs" | "typ" | "tera" | "toml" | "md") {
        return;
    }
    let Ok(text) = std::fs::read_to_string(name) else {
        return;
    };
    let fault = |what: &str| format!("{name}: {what}");
    match extension {
        "rs" => {
            if !text.starts_with("//!") {
                faults.push(fault("does not open with `//!`"));
            }
            if !name.contains("/tests/") && text.lines().count() > MAX_LINES {
                faults.push(fault("has more than 600 lines"));
            }
        }
        "typ" => {
            if !text.starts_with("//") {
                faults.push(fault("does not open with a comment on the view it expects"));
            }
            for forbidden in ["eval(", "@preview", "plugin(", "datetime.today"] {
                if text.contains(forbidden) {
                    faults.push(fault(&format!("uses `{forbidden}`")));
                }
            }
        }
        "tera" => {
            if !text.starts_with("{#") {
                faults.push(fault("does not open with a comment on the view it expects"));
            }
            if text.contains("| safe") || text.contains("|safe") {
                faults.push(fault("switches off escaping"));
            }
        }
        _ => {}
    }
}
