//! The regulator's summary from a computed report.

use std::collections::BTreeMap;

use caveat_render::summary::summary_annex_json;
use caveat_render::{EditionOptions, InputDigest, summary_edition};
use caveat_report::composition::Facts;
use caveat_report::summary::locale::Language;
use caveat_report::summary::{Composed, SummaryInput, compose};

use crate::exit::{self, Failure};
use crate::pipeline::Computed;

/// A summary as files.
pub struct SummaryFiles {
    /// Files by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Number of the document.
    pub document: String,
    /// Files that it was made from.
    pub inputs: Vec<InputDigest>,
}

/// The folder of a summary in the report's folder.
pub fn folder_name(language: Language) -> String {
    match language {
        Language::En => "summary".to_owned(),
        other => format!("summary-{}", other.tag()),
    }
}

fn composed(computed: &Computed, language: Language) -> Composed {
    let composition = computed.composition();
    let facts = Facts::new(&composition);
    let input = SummaryInput {
        language,
        report: &computed.annex.report,
        rules: &computed.annex.rules,
    };
    compose(&facts, &input)
}

/// Makes the files of the summary in a language.
///
/// # Errors
/// [`Failure`] if it cannot be laid out.
pub fn files(computed: &Computed, language: Language) -> Result<SummaryFiles, Failure> {
    let composed = composed(computed, language);
    let documents = &computed.definition.documents;
    let options = EditionOptions {
        formats: documents.formats.clone(),
        paper: documents.paper,
    };
    let files = summary_edition(
        &composed.summary,
        &composed.annex,
        &computed.inputs,
        &options,
    )
    .map_err(|error| Failure::new(exit::INPUT_OUTPUT, error))?;
    Ok(SummaryFiles {
        files: files.0,
        document: composed.annex.document,
        inputs: computed.inputs.clone(),
    })
}

/// The folder that the typst command line compiles to the same PDF.
///
/// # Errors
/// As [`files`].
pub fn typst_folder(
    computed: &Computed,
    language: Language,
) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let composed = composed(computed, language);
    let fail = |error| Failure::new(exit::INPUT_OUTPUT, error);
    let annex = summary_annex_json(&composed.annex).map_err(fail)?;
    let files = caveat_render::typst_folder(&composed.summary, &annex).map_err(fail)?;
    let named = |(path, bytes): (std::path::PathBuf, Vec<u8>)| {
        (path.to_string_lossy().replace('\\', "/"), bytes)
    };
    Ok(files.into_iter().map(named).collect())
}
