//! Every file of a regulator's summary, in memory: the form in each format, its
//! annex, its manifest. Same summary, annex, inputs and options, same bytes.

use caveat_report::summary::annex::SummaryAnnex;
use caveat_report::summary::document::Summary;

use crate::annex::json;
use crate::edition::{EditionFiles, EditionOptions, document_edition};
use crate::error::RenderError;
use crate::html::summary_html;
use crate::manifest::InputDigest;
use crate::markdown::summary_markdown;

/// Makes every file of a summary.
///
/// # Errors
/// [`RenderError`] if the form cannot be laid out or its annex not be written.
pub fn summary_edition(
    summary: &Summary,
    annex: &SummaryAnnex,
    inputs: &[InputDigest],
    options: &EditionOptions,
) -> Result<EditionFiles, RenderError> {
    document_edition(
        summary,
        json(annex)?,
        &annex.report,
        inputs,
        options,
        summary_markdown,
        summary_html,
    )
}

/// Writes the annex of a summary as indented JSON with a line end at the end.
///
/// # Errors
/// [`RenderError::Json`] if a number of it is NaN, which none may be.
pub fn summary_annex_json(annex: &SummaryAnnex) -> Result<Vec<u8>, RenderError> {
    json(annex)
}
