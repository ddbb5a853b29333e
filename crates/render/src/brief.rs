//! Every file of a vendor brief, in memory: the brief in each format, its annex,
//! its manifest. Same brief, annex, inputs and options, same bytes.

use std::collections::BTreeMap;

use caveat_report::brief::annex::BriefAnnex;
use caveat_report::brief::document::Brief;
use caveat_report::definition::Format;
use caveat_report::laid::Laid as _;

use crate::annex::json;
use crate::edition::{ANNEX_FILE, EditionFiles, EditionOptions, document_name, pdf_file};
use crate::error::RenderError;
use crate::html::brief_html;
use crate::manifest::{FileDigest, InputDigest, MANIFEST_FILE, manifest, manifest_json};
use crate::markdown::brief_markdown;

/// Makes every file of a brief.
///
/// # Errors
/// [`RenderError`] if the brief cannot be laid out or its annex not be written.
pub fn brief_edition(
    brief: &Brief,
    annex: &BriefAnnex,
    inputs: &[InputDigest],
    options: &EditionOptions,
) -> Result<EditionFiles, RenderError> {
    let annex_bytes = json(annex)?;
    let mut files = BTreeMap::new();
    files.extend(pdf_file(brief, &annex_bytes, options)?);
    if options.formats.contains(&Format::Markdown) {
        let name = format!("{}.md", document_name(brief.kind()));
        files.insert(name, brief_markdown(brief)?.into_bytes());
    }
    if options.formats.contains(&Format::Html) {
        let name = format!("{}.html", document_name(brief.kind()));
        files.insert(name, brief_html(brief)?.into_bytes());
    }
    files.insert(ANNEX_FILE.to_owned(), annex_bytes);
    let outputs = files
        .iter()
        .map(|(path, bytes)| FileDigest::of(path, bytes))
        .collect();
    let manifest = manifest_json(&manifest(&annex.report, inputs, outputs))?;
    files.insert(MANIFEST_FILE.to_owned(), manifest);
    Ok(EditionFiles(files))
}

/// Writes the annex of a brief as indented JSON with a line end at the end.
///
/// # Errors
/// [`RenderError::Json`] if a number of it is NaN, which none may be.
pub fn brief_annex_json(annex: &BriefAnnex) -> Result<Vec<u8>, RenderError> {
    json(annex)
}
