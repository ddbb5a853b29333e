//! Every file of a vendor brief, in memory: the brief in each format, its annex,
//! its manifest. Same brief, annex, inputs and options, same bytes.

use caveat_report::brief::annex::BriefAnnex;
use caveat_report::brief::document::Brief;

use crate::annex::json;
use crate::edition::{EditionFiles, EditionOptions, document_edition};
use crate::error::RenderError;
use crate::html::brief_html;
use crate::manifest::InputDigest;
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
    document_edition(
        brief,
        json(annex)?,
        &annex.report,
        inputs,
        options,
        brief_markdown,
        brief_html,
    )
}

/// Writes the annex of a brief as indented JSON with a line end at the end.
///
/// # Errors
/// [`RenderError::Json`] if a number of it is NaN, which none may be.
pub fn brief_annex_json(annex: &BriefAnnex) -> Result<Vec<u8>, RenderError> {
    json(annex)
}
