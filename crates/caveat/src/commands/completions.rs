//! `caveat completions`: a completion script for a shell.

use clap::CommandFactory as _;

use crate::cli::Cli;
use crate::exit::{self, DONE, Failure};

/// Runs the command.
pub fn run(shell: clap_complete::Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "caveat", &mut script);
    exit::print(&String::from_utf8_lossy(&script))?;
    Ok(DONE)
}
