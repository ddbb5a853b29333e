//! `caveat status`: what a corpus file holds.

use caveat_importer::text::printable;
use caveat_store::Store;

use crate::cli::StatusArguments;
use crate::exit::{self, DONE, Failure};

/// Runs the command.
pub fn run(arguments: &StatusArguments) -> Result<u8, Failure> {
    let status = Store::open_read_only(&arguments.store)?.status()?;
    if arguments.json {
        exit::print_json(&status)?;
        return Ok(DONE);
    }
    let mut text = format!(
        "{} traces, {} cells of counts\n",
        status.traces, status.cells
    );
    if status.traces_with_text > 0 {
        text.push_str(&format!(
            "texts of {} traces kept beside the store\n",
            status.traces_with_text
        ));
    }
    for source in &status.sources {
        let account = &source.account;
        let version = source.format_version.as_deref().unwrap_or_default();
        text.push_str(&format!(
            "source {}: {} {}; read {}, imported {}, already present {}, rejected {}\n",
            printable(&source.path),
            printable(&source.format),
            printable(version),
            account.read,
            account.imported,
            account.already_present,
            account.rejected
        ));
    }
    for model in &status.models {
        let evaluable: u64 = ["compliance", "partial", "refusal", "hallucination_refusal"]
            .iter()
            .filter_map(|verdict| model.by_verdict.get(*verdict))
            .sum();
        text.push_str(&format!(
            "model {} ({}): {} traces, {evaluable} evaluable\n",
            printable(&model.model),
            printable(model.provider.as_deref().unwrap_or("no provider")),
            model.traces
        ));
    }
    for grader in &status.graders {
        let name = grader.grader.as_deref().unwrap_or("unnamed");
        text.push_str(&format!(
            "grader {}: {} traces\n",
            printable(name),
            grader.traces
        ));
    }
    exit::print(&text)?;
    Ok(DONE)
}
