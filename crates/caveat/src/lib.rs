//! The `caveat` command as a library: what the program, its benchmarks and its
//! tests share.
//!
//! [`pipeline`] is the whole way of the data; [`commands`] holds one file per
//! verb. Data goes to standard output, everything else to standard error. Text
//! that came from a corpus reaches the terminal only through `printable`.

pub mod builtin;
pub mod cli;
pub mod commands;
pub mod exit;
pub mod importing;
pub mod pipeline;
pub mod progress;
pub mod project;
pub mod write;

use clap::Parser as _;

use crate::cli::{Cli, Command};
use crate::exit::Failure;

/// Reads the command line, does what it says, and answers with the exit code.
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not mistakes.
            let code = if error.use_stderr() {
                exit::WRONG_USE
            } else {
                exit::DONE
            };
            return error.print().map_or(exit::INPUT_OUTPUT, |()| code);
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

fn run(cli: &Cli) -> Result<u8, Failure> {
    match &cli.command {
        Command::Import(arguments) => commands::import::run(arguments),
        Command::Importers { json } => commands::importers::run(*json),
        Command::Status(arguments) => commands::status::run(arguments),
        Command::Analyse(arguments) => commands::analyse::run(arguments),
        Command::Report(arguments) => commands::report::run(arguments),
        Command::Audit(arguments) => commands::audit::run(arguments),
        Command::Models(arguments) => commands::models::run(arguments),
        Command::Explain { code } => commands::explain::run(code),
        Command::Schema { name } => commands::schema::run(name),
        Command::Completions { shell } => commands::completions::run(*shell),
    }
}
