//! The `caveat` command as a library: what the program, its benchmarks and its
//! tests share.
//!
//! [`pipeline`] is the whole way of the data; [`commands`] holds one file per
//! verb. Data goes to standard output, everything else to standard error. Text
//! that came from a corpus is put on one line by `printable`; what [`exit`]
//! prints holds no control character in any case.

pub mod briefs;
pub mod builtin;
pub mod catalogue;
pub mod cli;
pub mod commands;
pub mod edition;
pub mod exit;
pub mod export;
pub mod files;
pub mod importing;
pub mod pipeline;
pub mod progress;
pub mod project;
pub mod summaries;
pub mod write;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::exit::Failure;

/// Reads the command line, does what it says, and answers with the exit code.
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(mut error) => {
            if of_report(&error).is_some() {
                // The tip of the parser would pass the flag on as the name of a report.
                error.remove(clap::error::ContextKind::Suggested);
            }
            // Help and version are answers, not mistakes.
            if error.use_stderr() {
                // Repeats arguments, and so names of files: through the escaper.
                exit::note(error.render().to_string().trim_end());
                if let Some(hint) = of_report(&error) {
                    exit::note(&format!("hint: {hint}"));
                }
                return exit::WRONG_USE;
            }
            return error.print().map_or(exit::INPUT_OUTPUT, |()| exit::DONE);
        }
    };
    match run(&cli) {
        Ok(code) => code,
        Err(failure) => {
            exit::say(&failure);
            failure.code
        }
    }
}

/// What to do about a flag that is no flag and stands in report.toml.
fn of_report(error: &clap::Error) -> Option<&'static str> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    match flag.as_str() {
        "--seed" => Some("the seed of a report is `seed` under `[analysis]` in report.toml"),
        "--permutations" => Some("a report says `permutations` under `[analysis]` in report.toml"),
        "--date" | "--edition-date" => {
            Some("the date of an edition is `edition_date` at the top of report.toml")
        }
        "--store" => Some("a report names its corpus file with `store` at the top of report.toml"),
        _ => None,
    }
}

fn run(cli: &Cli) -> Result<u8, Failure> {
    match &cli.command {
        Command::Import(arguments) => commands::import::run(arguments),
        Command::Importers { plugins, json } => commands::importers::run(plugins.as_deref(), *json),
        Command::Status(arguments) => commands::status::run(arguments),
        Command::Analyse(arguments) => commands::analyse::run(arguments),
        Command::Report(arguments) => commands::report::run(arguments),
        Command::Brief(arguments) => commands::brief::run(arguments),
        Command::Summary(arguments) => commands::summary::run(arguments),
        Command::Verify(arguments) => commands::verify::run(arguments),
        Command::Sign(arguments) => commands::sign::run(arguments),
        Command::Diff(arguments) => commands::diff::run(arguments),
        Command::Audit(arguments) => commands::audit::run(arguments),
        Command::Models(arguments) => commands::models::run(arguments),
        Command::Export(arguments) => commands::export::run(arguments),
        Command::Explain { code } => commands::explain::run(code),
        Command::PluginCheck(arguments) => commands::plugin_check::run(arguments),
        Command::Schema { name } => commands::schema::run(name),
        Command::Completions { shell } => commands::completions::run(*shell),
    }
}
