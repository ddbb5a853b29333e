//! `caveat explain`: what a finding or a caveat means, by its code.

use crate::exit::{self, DONE, Failure};

/// Runs the command.
pub fn run(code: &str) -> Result<u8, Failure> {
    let Some(explanation) = caveat_report::explain::explain(code) else {
        let known: Vec<&str> = caveat_report::explain::codes().collect();
        let id = code.trim_start_matches('[').trim_end_matches(']');
        let letters = id.trim_end_matches(|c: char| c.is_ascii_digit());
        if letters.len() == 1 && letters.len() < id.len() {
            return Err(Failure::wrong_use(format!(
                "`{}` is the id of a figure and no rule\nhint: `evidence` in the annex.json of the \
                 edition says where the figure stands",
                caveat_importer::text::printable(id)
            )));
        }
        let near = caveat_report::explain::near(code);
        let hint = match near.as_slice() {
            [] => format!("the codes are {}", known.join(", ")),
            [one] => format!("did you mean `{one}`?"),
            several => format!("did you mean one of `{}`?", several.join("`, `")),
        };
        return Err(Failure::wrong_use(format!(
            "there is no rule `{}`\nhint: {hint}",
            caveat_importer::text::printable(code)
        )));
    };
    exit::print(&format!(
        "{code}\n\n{}\n\nWhy it matters: {}\n\nRule: {}\n\nWhat to do: {}\n",
        explanation.what, explanation.why_it_matters, explanation.rule, explanation.remedy
    ))?;
    Ok(DONE)
}
