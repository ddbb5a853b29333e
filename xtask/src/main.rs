//! The workspace runner: `cargo xtask <verb>`.
//!
//! Verbs of the workspace are listed below; every other verb is passed on to
//! the `caveat` command, so that `cargo xtask report 164` makes the edition of
//! `reports/164`. Everything is built from the virtual root, so that features
//! resolve once and typst is compiled once.

mod bench;
mod browser;
mod ci;
mod documents;
mod fresh;
mod gen_files;
mod install;
mod pass;
mod pdf;
mod prove;
mod run;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;

const HELP: &str = "\
cargo xtask report 164     make the edition of reports/164 (also: sorry-bench, harmbench, speechmap)
cargo xtask test           run every test
cargo xtask ci [--long]    everything that continuous integration checks
cargo xtask tidy           house rules
cargo xtask gen            write generated files (schemas, command reference)
cargo xtask prove          hold figures against values that caveat did not make
cargo xtask prove calibration [--check]   make docs/calibration.md: how often the methods are right
cargo xtask pdf EDITION…   check PDFs with tools of others
cargo xtask browser [PAGE…]  check the HTML of editions in Chromium
cargo xtask fresh [TOOL…]  hold importers against files that the installed tools make now
cargo xtask bench          benchmarks
cargo xtask plugin-check COMMAND…   try a plugin (docs/plugins.md)
cargo xtask VERB …         any verb of caveat, for example `import`, `analyse`, `audit`
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<u8> {
    std::env::set_current_dir(run::root()?)?;
    let Some((verb, rest)) = arguments.split_first() else {
        print!("{HELP}");
        return Ok(2);
    };
    match verb.as_str() {
        "help" | "--help" | "-h" => print!("{HELP}"),
        "test" => test::run(rest)?,
        "ci" => ci::run(rest.iter().any(|argument| argument == "--long"))?,
        "tidy" => tidy::run()?,
        "gen" => gen_files::write()?,
        "prove" => prove::run(rest)?,
        "pdf" => pdf::run(rest)?,
        "browser" => browser::run(rest)?,
        "fresh" => fresh::run(rest)?,
        "bench" => bench::run(rest)?,
        _ => return pass::on(verb, rest),
    }
    Ok(0)
}
