//! `caveat report`: the edition of a report, written whole or compared.

use std::collections::BTreeMap;
use std::path::Path;

use caveat_importer::text::printable;
use caveat_report::document::Document;

use crate::cli::ReportArguments;
use crate::exit::{self, ANSWER_NO, DONE, Failure};
use crate::pipeline;
use crate::project::Project;
use crate::write;

/// Runs the command.
pub fn run(arguments: &ReportArguments) -> Result<u8, Failure> {
    let mut project = Project::open(&arguments.report)?;
    project.keep_only(arguments.only);
    let target = arguments
        .out
        .clone()
        .unwrap_or_else(|| project.folder.join("edition"));
    // Before anything is computed or written: neither folder may take the other with it.
    if let Some(folder) = &arguments.typst {
        refuse_nested(folder, &target)?;
        write::refuse_foreign(folder)?;
    }
    if !arguments.check {
        write::refuse_foreign(&target)?;
    }
    let evaluated = pipeline::evaluate(project)?;
    let files = pipeline::edition(&evaluated)?;
    if let Some(folder) = &arguments.typst {
        write::replace(folder, &pipeline::typst_folder(&evaluated)?)?;
    }
    let shown = printable(&target.display().to_string());
    if arguments.check {
        return check(&write::differences(&target, &files)?, &shown);
    }
    write::replace(&target, &files)?;
    exit::print(&summary(&shown, &files, &evaluated.document))?;
    Ok(DONE)
}

/// The typst folder and the edition are replaced whole, each by itself.
fn refuse_nested(typst: &Path, edition: &Path) -> Result<(), Failure> {
    let absolute = |path: &Path| {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        path.canonicalize().unwrap_or(path)
    };
    let (one, other) = (absolute(typst), absolute(edition));
    if !one.starts_with(&other) && !other.starts_with(&one) {
        return Ok(());
    }
    Err(Failure::wrong_use(format!(
        "`--typst {}` and the edition `{}` lie in each other\nhint: name a folder of its own for \
         the typst files",
        printable(&typst.display().to_string()),
        printable(&edition.display().to_string())
    )))
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

fn summary(shown: &str, files: &BTreeMap<String, Vec<u8>>, document: &Document) -> String {
    let mut text = String::new();
    for name in files.keys().filter(|name| !name.contains('/')) {
        text.push_str(&format!("{shown}/{name}\n"));
    }
    for (ending, what) in [(".csv", "tables"), (".svg", "charts")] {
        let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
        for name in files.keys().filter(|name| name.ends_with(ending)) {
            if let Some((folder, _)) = name.rsplit_once('/') {
                *folders.entry(folder).or_default() += 1;
            }
        }
        for (folder, number) in folders {
            text.push_str(&format!("{shown}/{folder}/: {number} {what} (*{ending})\n"));
        }
    }
    // A reader of the answer must know first what the data are.
    let status = document.head.status.iter();
    for status in status.filter(|status| !status.is_empty()) {
        text.push_str(&format!("\n{}\n", printable(status)));
    }
    let words: Vec<String> = document
        .first_page
        .answer
        .iter()
        .map(|sentence| printable(&sentence.text))
        .collect();
    text.push_str(&format!("\n{}\n", words.join(" ")));
    text
}
