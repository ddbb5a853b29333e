//! Every file of an edition, in memory.
//!
//! Promises the same bytes for the same document, annex, inputs and options.
//! Paths are relative, with `/`, in order, and made of plain names. Nothing is
//! written here: who writes does it for all files or for none.

use std::collections::BTreeMap;

use caveat_corpus::Digest;
use caveat_report::annex::{Annex, ReportIdentity};
use caveat_report::definition::{Format, Paper};
use caveat_report::document::{Document, DocumentKind};
use caveat_report::laid::Laid;

use crate::annex::{annex_json, json};
use crate::error::RenderError;
use crate::html::html;
use crate::manifest::{FileDigest, InputDigest, MANIFEST_FILE, manifest, manifest_json};
use crate::markdown::{figures, markdown, picture_file};
use crate::pdf::{self, PdfOptions, pdf};
use crate::scene;
use crate::tables::tables;

/// Name of the annex inside an edition.
pub const ANNEX_FILE: &str = "annex.json";
/// Folder of the annex tables inside an edition.
pub const TABLES_FOLDER: &str = "annex";

/// Files by their path inside the edition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EditionFiles(pub BTreeMap<String, Vec<u8>>);

/// What an edition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditionOptions {
    /// Formats of the document; annex and manifest are always there.
    pub formats: Vec<Format>,
    /// Paper of the PDF.
    pub paper: Paper,
}

/// Makes every file of an edition: the document in each format, the pictures
/// that the Markdown shows, the annex as JSON and as tables, and the manifest.
///
/// # Errors
/// [`RenderError`] if the document cannot be drawn or laid out, or the annex
/// cannot be written.
pub fn edition(
    document: &Document,
    annex: &Annex,
    inputs: &[InputDigest],
    options: &EditionOptions,
) -> Result<EditionFiles, RenderError> {
    let annex_bytes = annex_json(annex)?;
    // The layout of the PDF takes longest; everything else is made beside it.
    let (pdf, others) = rayon::join(
        || pdf_file(document, &annex_bytes, options),
        || other_files(document, annex, options),
    );
    let mut files = others?;
    files.extend(pdf?);
    files.insert(ANNEX_FILE.to_owned(), annex_bytes);
    let outputs = files
        .iter()
        .map(|(path, bytes)| FileDigest::of(path, bytes))
        .collect();
    let manifest = manifest_json(&manifest(&annex.report, inputs, outputs))?;
    files.insert(MANIFEST_FILE.to_owned(), manifest);
    Ok(EditionFiles(files))
}

/// Every file of a document that has no pictures and no tables beside it: the
/// document in each format, the annex, the manifest.
pub(crate) fn document_edition<D: Laid>(
    document: &D,
    annex_bytes: Vec<u8>,
    report: &ReportIdentity,
    inputs: &[InputDigest],
    options: &EditionOptions,
    markdown: impl FnOnce(&D) -> Result<String, RenderError>,
    html: impl FnOnce(&D) -> Result<String, RenderError>,
) -> Result<EditionFiles, RenderError> {
    let mut files = BTreeMap::new();
    files.extend(pdf_file(document, &annex_bytes, options)?);
    if options.formats.contains(&Format::Markdown) {
        let name = format!("{}.md", document_name(document.kind()));
        files.insert(name, markdown(document)?.into_bytes());
    }
    if options.formats.contains(&Format::Html) {
        let name = format!("{}.html", document_name(document.kind()));
        files.insert(name, html(document)?.into_bytes());
    }
    files.insert(ANNEX_FILE.to_owned(), annex_bytes);
    let outputs = files
        .iter()
        .map(|(path, bytes)| FileDigest::of(path, bytes))
        .collect();
    let manifest = manifest_json(&manifest(report, inputs, outputs))?;
    files.insert(MANIFEST_FILE.to_owned(), manifest);
    Ok(EditionFiles(files))
}

/// The PDF, if it is asked for.
pub(crate) fn pdf_file(
    document: &impl Laid,
    annex_bytes: &[u8],
    options: &EditionOptions,
) -> Result<Option<(String, Vec<u8>)>, RenderError> {
    if !options.formats.contains(&Format::Pdf) {
        return Ok(None);
    }
    let pdf_options = PdfOptions {
        paper: paper(options.paper),
        ident: ident(document, annex_bytes)?,
    };
    let bytes = pdf(document, annex_bytes, &pdf_options)?;
    Ok(Some((
        format!("{}.pdf", document_name(document.kind())),
        bytes,
    )))
}

/// Tables, HTML, Markdown and the pictures that it shows.
fn other_files(
    document: &Document,
    annex: &Annex,
    options: &EditionOptions,
) -> Result<BTreeMap<String, Vec<u8>>, RenderError> {
    let mut files = BTreeMap::new();
    for (name, table) in tables(annex)? {
        files.insert(format!("{TABLES_FOLDER}/{name}"), table);
    }
    if options.formats.contains(&Format::Markdown) {
        let name = document_name(document.kind);
        files.insert(format!("{name}.md"), markdown(document)?.into_bytes());
        for figure in figures(document) {
            let picture = scene::svg(&scene::draw(figure)?, figure);
            files.insert(picture_file(figure), picture.into_bytes());
        }
    }
    if options.formats.contains(&Format::Html) {
        let name = document_name(document.kind);
        files.insert(format!("{name}.html"), html(document)?.into_bytes());
    }
    Ok(files)
}

/// Name of a document's files, without their endings.
pub(crate) fn document_name(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Report => "report",
        DocumentKind::VendorBrief => "brief",
        DocumentKind::RegulatorSummary => "summary",
    }
}

fn paper(paper: Paper) -> pdf::Paper {
    match paper {
        Paper::A4 => pdf::Paper::A4,
        Paper::UsLetter => pdf::Paper::UsLetter,
    }
}

/// Names the content of an edition: the digest of document and annex.
fn ident(document: &impl Laid, annex: &[u8]) -> Result<String, RenderError> {
    let mut content = json(document)?;
    content.extend_from_slice(annex);
    Ok(Digest::of(&content).to_hex())
}
