//! Builds the documents that are not the report itself, and checks their PDFs.
//!
//! Those of #164 are committed and must come out byte for byte; those of the
//! other reports are built beside the target folder.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::{pdf, run};

/// The report whose briefs and summary are committed.
const COMMITTED: &str = "reports/164";

/// Most pages of a brief and of a summary.
const MOST_PAGES: usize = 6;

/// Briefs of every vendor and the summary, for every report.
pub(crate) fn run() -> Result<()> {
    let mut checked = 0_usize;
    for report in run::reports()? {
        let folders = if report == COMMITTED {
            caveat(&["brief", &report, "--all", "--check"])?;
            caveat(&["summary", &report, "--check"])?;
            [
                Path::new(&report).join("briefs"),
                Path::new(&report).join("summary"),
            ]
        } else {
            build(&report)?
        };
        let [briefs, summary] = folders;
        for brief in subfolders(&briefs)? {
            check(&brief, "brief.pdf")?;
            checked += 1;
        }
        check(&summary, "summary.pdf")?;
        checked += 1;
    }
    println!("documents: {checked} briefs and summaries checked");
    Ok(())
}

/// Makes both kinds of a report away from it.
fn build(report: &str) -> Result<[PathBuf; 2]> {
    let name = Path::new(report)
        .file_name()
        .context("a report has a name")?;
    let base = std::env::current_dir()?
        .join("target/xtask/documents")
        .join(name);
    if base.exists() {
        std::fs::remove_dir_all(&base)?;
    }
    std::fs::create_dir_all(&base)?;
    let folders = [base.join("briefs"), base.join("summary")];
    let [briefs, summary] = &folders;
    let path = |folder: &PathBuf| -> Result<String> {
        let path = folder.to_str().context("the target folder is not UTF-8")?;
        Ok(path.to_owned())
    };
    caveat(&["brief", report, "--all", "--out", &path(briefs)?])?;
    caveat(&["summary", report, "--out", &path(summary)?])?;
    Ok(folders)
}

fn caveat(arguments: &[&str]) -> Result<()> {
    let base = ["run", "--quiet", "--bin", "caveat", "--"];
    run::output(&run::cargo(), &[&base[..], arguments].concat())?;
    println!("caveat {}", arguments.join(" "));
    Ok(())
}

fn check(folder: &Path, name: &str) -> Result<()> {
    let file = pdf::opinions(folder, name)?;
    if let Some(pages) = pdf::pages(&file)?
        && pages > MOST_PAGES
    {
        bail!("`{file}` has {pages} pages, more than {MOST_PAGES}");
    }
    Ok(())
}

fn subfolders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        bail!("`{}` holds no brief", folder.display());
    }
    Ok(found)
}
