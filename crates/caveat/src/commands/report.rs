//! `caveat report`: the edition of a report, written whole or compared.

use std::collections::BTreeMap;

use caveat_importer::text::printable;
use caveat_report::definition::Format;

use crate::cli::{Only, ReportArguments};
use crate::exit::{self, ANSWER_NO, DONE, Failure};
use crate::pipeline;
use crate::project::Project;
use crate::write;

/// Runs the command.
pub fn run(arguments: &ReportArguments) -> Result<u8, Failure> {
    let mut project = Project::open(&arguments.report)?;
    if let Some(only) = arguments.only {
        project.definition.documents.formats = vec![match only {
            Only::Markdown => Format::Markdown,
            Only::Pdf => Format::Pdf,
        }];
    }
    let target = arguments
        .out
        .clone()
        .unwrap_or_else(|| project.folder.join("edition"));
    let evaluated = pipeline::evaluate(project)?;
    if let Some(folder) = &arguments.typst {
        write::replace(folder, &pipeline::typst_folder(&evaluated)?)?;
    }
    let files = pipeline::edition(&evaluated)?;
    let shown = printable(&target.display().to_string());
    if arguments.check {
        return check(&write::differences(&target, &files)?, &shown);
    }
    write::replace(&target, &files)?;
    exit::print(&summary(
        &shown,
        &files,
        &evaluated.document.first_page.answer,
    ))?;
    Ok(DONE)
}

fn check(differences: &[String], shown: &str) -> Result<u8, Failure> {
    if differences.is_empty() {
        exit::print(&format!("{shown}: reproduced, every byte\n"))?;
        return Ok(DONE);
    }
    for difference in differences {
        exit::note(&format!("{shown}/{}", printable(difference)));
    }
    exit::note(&format!(
        "error: `{shown}` is not reproduced\nhint: `caveat report` writes it anew"
    ));
    Ok(ANSWER_NO)
}

fn summary(
    shown: &str,
    files: &BTreeMap<String, Vec<u8>>,
    answer: &[caveat_report::document::Sentence],
) -> String {
    let mut text = String::new();
    for name in files.keys().filter(|name| !name.contains('/')) {
        text.push_str(&format!("{shown}/{name}\n"));
    }
    let words: Vec<String> = answer
        .iter()
        .map(|sentence| printable(&sentence.text))
        .collect();
    text.push_str(&format!("\n{}\n", words.join(" ")));
    text
}
