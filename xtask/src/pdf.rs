//! Checks committed PDFs with tools that caveat is not made of.
//!
//! qpdf for syntax, poppler for tags, text and attachments, pdfua for rules of
//! PDF/UA, and the typst command line's engine as a twin: the same folder must
//! give the same text and the same number of pages, and the first page must hold
//! its limits on both papers. A tool that is missing is
//! a failure where `CI` is set and is named as skipped elsewhere.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::run;

/// Heading of the last block of the first page, which has to stand on it.
const LIMITS: &str = "Before you use this";

/// Checks the given editions, or every committed one.
pub(crate) fn run(editions: &[String]) -> Result<()> {
    let editions = if editions.is_empty() {
        run::reports()?
            .into_iter()
            .map(|report| format!("{report}/edition"))
            .collect()
    } else {
        editions.to_vec()
    };
    for edition in &editions {
        check(Path::new(edition))?;
    }
    println!("pdf: {} editions checked", editions.len());
    Ok(())
}

fn check(edition: &Path) -> Result<()> {
    let file = opinions(edition, "report.pdf")?;
    if available("python3")? {
        twin(edition, &file)?;
    }
    Ok(())
}

/// Holds one PDF of a folder, with the annex beside it, against qpdf, poppler and pdfua.
pub(crate) fn opinions(folder: &Path, name: &str) -> Result<String> {
    let pdf = folder.join(name);
    let file = pdf.to_str().context("the path of the PDF is not UTF-8")?;
    if available("qpdf")? {
        run::output("qpdf", &["--check", file])?;
    }
    if available("pdfinfo")? {
        poppler(folder, file)?;
    }
    if available("pdfua")? {
        run::output("pdfua", &["check", file])?;
    }
    Ok(file.to_owned())
}

/// Whether a tool is there; missing ones fail in continuous integration.
fn available(tool: &str) -> Result<bool> {
    let there = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(tool).is_file()));
    if !there && std::env::var_os("CI").is_some() {
        bail!("`{tool}` is not installed");
    }
    if !there {
        println!("skipped: `{tool}` is not installed");
    }
    Ok(there)
}

/// The number of pages, where poppler is there to count them.
pub(crate) fn pages(file: &str) -> Result<Option<usize>> {
    if !available("pdfinfo")? {
        return Ok(None);
    }
    let info = run::output("pdfinfo", &[file])?;
    let line = info.lines().find_map(|line| line.strip_prefix("Pages:"));
    let pages = line.context("pdfinfo gives no number of pages")?;
    Ok(Some(pages.trim().parse()?))
}

fn poppler(edition: &Path, file: &str) -> Result<()> {
    let info = run::output("pdfinfo", &[file])?;
    let tagged = info
        .lines()
        .any(|line| line.starts_with("Tagged:") && line.ends_with("yes"));
    if !tagged {
        bail!("`{file}` is not tagged");
    }
    let fonts = run::output("pdffonts", &[file])?;
    if fonts
        .lines()
        .skip(2)
        .any(|line| !line.contains(" yes yes yes"))
    {
        bail!("`{file}` has a face that is not embedded, not a subset or without Unicode\n{fonts}");
    }
    let folder = scratch("attachment")?;
    let target = folder.to_str().context("the scratch folder is not UTF-8")?;
    run::output("pdfdetach", &["-saveall", "-o", target, file])?;
    let attached = std::fs::read(folder.join("annex.json")).context("no annex is attached")?;
    if attached != std::fs::read(edition.join("annex.json"))? {
        bail!("the annex attached to `{file}` is not the annex of the edition");
    }
    Ok(())
}

/// Compiles the same folder with the typst engine of others and compares text and pages.
fn twin(edition: &Path, file: &str) -> Result<()> {
    if !python_has_typst() {
        if std::env::var_os("CI").is_some() {
            bail!("the Python package `typst` is not installed");
        }
        println!("skipped: the Python package `typst` is not installed");
        return Ok(());
    }
    let report = edition.parent().context("the edition has no report")?;
    let report = report
        .to_str()
        .context("the path of the report is not UTF-8")?;
    let folder = scratch("twin")?.join("typst");
    let target = folder.to_str().context("the scratch folder is not UTF-8")?;
    let out = scratch("twin-edition")?.join("edition");
    let out = out.to_str().context("the scratch folder is not UTF-8")?;
    let base = ["run", "--quiet", "--bin", "caveat", "--", "report", report];
    run::output(
        &run::cargo(),
        &[&base[..], &["--typst", target, "--out", out]].concat(),
    )?;
    let script = "import sys, typst, os\nos.chdir(sys.argv[1])\n\
        typst.compile('report/report.typ', root='.', output='twin.pdf', font_paths=['lib/fonts'], \
        ignore_system_fonts=True, pdf_standards=['a-3a', 'ua-1'])\n\
        typst.compile('report/report.typ', root='.', output='letter.pdf', font_paths=['lib/fonts'], \
        ignore_system_fonts=True, sys_inputs={'paper': 'us-letter'})\n";
    run::output("python3", &["-c", script, target])?;
    let twin = folder.join("twin.pdf");
    let twin = twin.to_str().context("the scratch folder is not UTF-8")?;
    let (ours, theirs) = (text(file)?, text(twin)?);
    if ours != theirs {
        bail!("the typst command line gives another text for `{file}`");
    }
    let letter = folder.join("letter.pdf");
    let letter = letter.to_str().context("the scratch folder is not UTF-8")?;
    for (paper, text) in [("A4", &ours), ("US Letter", &text(letter)?)] {
        let first = text.split('\u{c}').next().unwrap_or_default();
        if !first.contains(LIMITS) {
            bail!("the first page of `{file}` does not hold its limits on {paper}");
        }
    }
    let pages = |text: &str| text.matches('\u{c}').count();
    println!("twin: same text on {} pages", pages(&ours));
    Ok(())
}

fn python_has_typst() -> bool {
    std::process::Command::new("python3")
        .args(["-c", "import typst"])
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn text(file: &str) -> Result<String> {
    run::output("pdftotext", &["-layout", file, "-"])
}

/// An empty folder below the target folder, made anew.
fn scratch(name: &str) -> Result<PathBuf> {
    let folder = std::env::current_dir()?.join("target/xtask").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
