//! `caveat analyse`: the analysis of a report without its documents.

use caveat_importer::text::printable;
use caveat_report::format;

use crate::cli::AnalyseArguments;
use crate::exit::{self, DONE, Failure};
use crate::pipeline::{self, Evaluated};
use crate::project::Project;

/// Runs the command.
pub fn run(arguments: &AnalyseArguments) -> Result<u8, Failure> {
    let project = Project::open(&arguments.report)?;
    let evaluated = pipeline::evaluate(project)?;
    if arguments.json {
        exit::print_json(&evaluated.annex)?;
    } else {
        exit::print(&for_people(&evaluated))?;
    }
    Ok(DONE)
}

/// The answer, then one line per provider and per claim.
fn for_people(evaluated: &Evaluated) -> String {
    let mut text = format!("{}\n\n", printable(&evaluated.document.head.title));
    for sentence in &evaluated.document.first_page.answer {
        text.push_str(&format!("{}\n", printable(&sentence.text)));
    }
    text.push('\n');
    for provider in &evaluated.annex.analysis.providers {
        let Some(rate) = provider.pooled_asr.known() else {
            continue;
        };
        let rank = provider.rank.known().map_or_else(
            || "not ranked".to_owned(),
            |rank| format!("rank {} to {} of {}", rank.lower, rank.upper, rank.of),
        );
        text.push_str(&format!(
            "{}: {} of {}, {}% ({} interval {} to {}), {rank}\n",
            printable(&provider.provider),
            provider.succeeded,
            provider.n,
            format::percent_cell(rate.value.0),
            format::percent(rate.level.0),
            format::percent_cell(rate.lower.0),
            format::percent_cell(rate.upper.0),
        ));
    }
    text.push_str("\n`--json` prints every figure.\n");
    text
}
