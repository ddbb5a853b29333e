//! Writes `docs/calibration.md`, its chart and its figures, or checks them.
//!
//! `caveat-calibration FOLDER [--check]`; `cargo xtask prove calibration` calls it.
//! `caveat-calibration --short` prints what the short study finds, and
//! `caveat-calibration --only SECTION` one section of the long one.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result, bail};
use caveat_calibration::{Length, chart, page, study, study_of, table};

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let has = |flag: &str| arguments.iter().any(|a| a == flag);
    let folder = arguments.iter().find(|a| !a.starts_with("--"));
    if has("--only") {
        let id = folder.context("name the section")?;
        print!("{}", page::tables(&study_of(Length::Long, id)));
        return Ok(());
    }
    if has("--short") {
        print!("{}", page::tables(&study(Length::Short)));
        return Ok(());
    }
    let folder = PathBuf::from(folder.context("name the folder to write to")?);
    let sections = study(Length::Long);
    print!("{}", page::tables(&sections));
    let files = [
        ("calibration.md", page::write(&sections)),
        ("calibration.svg", chart::draw(&sections)),
        ("calibration.csv", table::write(&sections)),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        if has("--check") {
            if std::fs::read_to_string(&path).unwrap_or_default() != text {
                bail!(
                    "`{}` is not what the study gives; run `cargo xtask prove calibration`",
                    path.display()
                );
            }
            continue;
        }
        std::fs::write(&path, text)
            .with_context(|| format!("cannot write `{}`", path.display()))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}
