//! Holds the HTML of editions against a real browser.
//!
//! Chromium is the system's; playwright-core, which steers it, and axe-core,
//! which knows the rules of accessibility, are installed from npm. What is
//! checked stands in `xtask/browser/check.mjs`; pictures go to `target/browser`.
//! A browser that is missing is a failure where `CI` is set and is named as
//! skipped elsewhere.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::install::{self, Packages};
use crate::run;

const PACKAGES: Packages = Packages::Node {
    packages: &["playwright-core@1.65.1", "axe-core@4.14.1"],
    oldest: (18, 0),
};
/// Names under which Chromium is installed.
const CHROMIUM: [&str; 2] = ["chromium", "chromium-browser"];

/// Checks the given pages, or those of every committed edition, a brief and a summary.
pub(crate) fn run(pages: &[String]) -> Result<()> {
    let Some(chromium) = chromium() else {
        if env::var_os("CI").is_some() {
            bail!("`chromium` is not installed");
        }
        println!("skipped: `chromium` is not installed");
        return Ok(());
    };
    let folder = Path::new("target/browser");
    let program = install::install(&folder.join("env"), &PACKAGES)?;
    let seen = folder.join("seen");
    std::fs::create_dir_all(&seen)?;
    let pages = if pages.is_empty() {
        committed()?
    } else {
        pages.to_vec()
    };
    let modules = program.modules.unwrap_or_default();
    let paths = [&seen, &modules, &chromium].map(|path| path.to_string_lossy().into_owned());
    let fixed = std::iter::once("xtask/browser/check.mjs".to_owned()).chain(paths);
    let arguments: Vec<String> = fixed.chain(pages.iter().cloned()).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run::run(&program.path.to_string_lossy(), &arguments)?;
    println!(
        "browser: {} pages checked; pictures in {}",
        pages.len(),
        seen.display()
    );
    Ok(())
}

/// The page of every committed edition, a brief and a summary, made for this.
fn committed() -> Result<Vec<String>> {
    let mut pages: Vec<String> = run::reports()?
        .into_iter()
        .map(|report| format!("{report}/edition/report.html"))
        .collect();
    let briefs = "target/browser/briefs";
    let brief = [
        "brief",
        "reports/164",
        "--vendor",
        "mistralai",
        "--out",
        briefs,
    ];
    let form = "target/browser/summary";
    let summary = ["summary", "reports/164", "--lang", "de", "--out", form];
    for arguments in [&brief[..], &summary[..]] {
        let caveat = ["run", "--quiet", "--bin", "caveat", "--"];
        let all = [&caveat[..], arguments, &["--only", "html"]].concat();
        run::run(&run::cargo(), &all)?;
    }
    pages.push(format!("{briefs}/mistralai/brief.html"));
    pages.push(format!("{form}/summary.html"));
    Ok(pages)
}

fn chromium() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .flat_map(|folder| CHROMIUM.map(|name| folder.join(name)))
        .find(|file| file.is_file())
}
