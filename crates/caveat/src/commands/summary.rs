//! `caveat summary`: the form for supervisory authorities, in one language.

use caveat_importer::text::printable;
use caveat_report::summary::locale::Language;

use crate::cli::{SummaryArguments, SummaryLanguage};
use crate::exit::{self, ANSWER_NO, DONE, Failure};
use crate::pipeline;
use crate::project::Project;
use crate::summaries;
use crate::write;

/// Runs the command.
pub fn run(arguments: &SummaryArguments) -> Result<u8, Failure> {
    let mut project = Project::open(&arguments.report)?;
    project.keep_only(arguments.only);
    let language = language(arguments.lang);
    let target = arguments
        .out
        .clone()
        .unwrap_or_else(|| project.folder.join(summaries::folder_name(language)));
    if !arguments.check {
        write::refuse_foreign(&target)?;
    }
    let computed = pipeline::compute(project)?;
    let made = summaries::files(&computed, language)?;
    let shown = printable(&target.display().to_string());
    if arguments.check {
        let differences = write::differences(&target, &made.files)?;
        if differences.is_empty() {
            exit::print(&format!("{shown}: reproduced, every byte\n"))?;
            return Ok(DONE);
        }
        for difference in &differences {
            exit::note(&format!("{shown}/{}", printable(difference)));
        }
        exit::note("error: the summary is not reproduced\nhint: `caveat summary` writes it anew");
        return Ok(ANSWER_NO);
    }
    if let Some(typst) = &arguments.typst {
        write::replace(typst, &summaries::typst_folder(&computed, language)?)?;
    }
    write::replace(&target, &made.files)?;
    exit::print(&format!("{shown}\n  document {}\n", made.document))?;
    Ok(DONE)
}

const fn language(language: SummaryLanguage) -> Language {
    match language {
        SummaryLanguage::En => Language::En,
        SummaryLanguage::De => Language::De,
        SummaryLanguage::Fr => Language::Fr,
        SummaryLanguage::Es => Language::Es,
    }
}
