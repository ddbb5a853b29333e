//! `caveat explain`: what a finding or a caveat means, by its code.

use crate::exit::{self, DONE, Failure};

/// Runs the command.
pub fn run(code: &str) -> Result<u8, Failure> {
    let Some(explanation) = caveat_report::explain::explain(code) else {
        let known: Vec<&str> = caveat_report::explain::codes().collect();
        return Err(Failure::wrong_use(format!(
            "there is no rule `{}`\nhint: the codes are {}",
            caveat_importer::text::printable(code),
            known.join(", ")
        )));
    };
    exit::print(&format!(
        "{code}\n\n{}\n\nWhy it matters: {}\n\nRule: {}\n\nWhat to do: {}\n",
        explanation.what, explanation.why_it_matters, explanation.rule, explanation.remedy
    ))?;
    Ok(DONE)
}
