//! Documents as PDF: PDF/A-3a and PDF/UA-1 in one file, with the annex attached.
//!
//! Layout runs in this process over files that exist only in memory: the
//! embedded templates, the view of one document and its annex. There is no
//! file system, no package, no clock, no system font. A warning of the layout
//! is an error. Same document and options, same bytes.

mod templates;
mod view;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;

use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfStandard, PdfStandards, Timestamp};

use caveat_report::laid::Laid;

use crate::error::RenderError;
use crate::fonts;
use crate::glyphs;

pub use templates::TEMPLATES;
pub use view::view;

/// What the file names as its maker; no version, so that editions stay comparable.
const CREATOR: &str = "caveat";

/// Sizes of paper. The live width is 170 mm on both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paper {
    /// 210 × 297 mm.
    #[default]
    A4,
    /// 8.5 × 11 inches.
    UsLetter,
}

impl Paper {
    fn name(self) -> &'static str {
        match self {
            Paper::A4 => "a4",
            Paper::UsLetter => "us-letter",
        }
    }
}

/// How a PDF is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PdfOptions {
    /// Size of the paper.
    pub paper: Paper,
    /// Names this edition for ever, such as a digest of the document; becomes the file's id.
    pub ident: String,
}

/// Lays out a document and returns the bytes of its PDF.
///
/// `annex_json` is attached unchanged as `annex.json`. The layout engine keeps a
/// memo of what it did; whoever makes many documents in one process calls
/// [`crate::forget_layouts`] from time to time.
///
/// # Errors
///
/// If the document cannot be drawn or laid out; see [`RenderError`].
pub fn pdf(
    document: &impl Laid,
    annex_json: &[u8],
    options: &PdfOptions,
) -> Result<Vec<u8>, RenderError> {
    let date = document.head().date;
    let day = Datetime::from_ymd(date.year, date.month, date.day).ok_or(RenderError::Date {
        year: date.year,
        month: date.month,
        day: date.day,
    })?;
    let data = serde_json::to_vec(&view(document)?)?;
    let world = world::World::new(&data, annex_json, options.paper.name(), document.kind())?;
    compile(&world, day, options)
}

/// Empties the memo of the layout engine: what earlier documents left behind
/// is of no use to the next, and grows by some 16 MB with each.
pub(crate) fn forget() {
    comemo::evict(0);
}

/// Returns the files with which the typst command line lays out the same document.
///
/// Templates, faces, `data.json` and `annex.json`, by path. In that folder:
/// `typst compile --root . --font-path lib/fonts --ignore-system-fonts report/report.typ`
/// (add `--input paper=us-letter` for the other paper; a brief is
/// `vendor-brief/brief.typ`).
///
/// # Errors
///
/// If the document cannot be drawn; see [`RenderError`].
pub fn typst_folder(
    document: &impl Laid,
    annex_json: &[u8],
) -> Result<BTreeMap<PathBuf, Vec<u8>>, RenderError> {
    let mut files = BTreeMap::new();
    let main = world::main_template(document.kind());
    for (path, text) in TEMPLATES {
        // The other kinds of documents have no part in this one.
        if !path.starts_with("lib/") && *path != main {
            continue;
        }
        files.insert(PathBuf::from(path), text.as_bytes().to_vec());
    }
    for face in fonts::FILES {
        files.insert(
            PathBuf::from("lib/fonts").join(face.name),
            face.bytes.to_vec(),
        );
    }
    let data = serde_json::to_vec_pretty(&view(document)?)?;
    files.insert(PathBuf::from("data.json"), data);
    files.insert(PathBuf::from("annex.json"), annex_json.to_vec());
    Ok(files)
}

/// Parses the faces; a fault shows when a document is laid out.
pub(crate) fn warm_up() {
    let _ = world::faces();
    let _ = fonts::covers('a');
}

fn compile(
    world: &world::World,
    day: Datetime,
    options: &PdfOptions,
) -> Result<Vec<u8>, RenderError> {
    let compiled = typst::compile::<PagedDocument>(world);
    let pages = compiled
        .output
        .map_err(|errors| layout_error(world, &errors))?;
    if !compiled.warnings.is_empty() {
        return Err(layout_error(world, &compiled.warnings));
    }
    let standards =
        PdfStandards::new(&[PdfStandard::Ua_1, PdfStandard::A_3a]).map_err(|error| {
            RenderError::Layout {
                message: error.message().to_string(),
            }
        })?;
    let options = typst_pdf::PdfOptions {
        ident: Smart::Custom(options.ident.clone()),
        creator: Smart::Custom(Some(CREATOR.to_owned())),
        timestamp: Some(Timestamp::new_utc(day)),
        standards,
        ..typst_pdf::PdfOptions::default()
    };
    typst_pdf::pdf(&pages, &options).map_err(|errors| layout_error(world, &errors))
}

/// Says what the layout engine said, and where in the templates.
fn layout_error(world: &world::World, found: &[SourceDiagnostic]) -> RenderError {
    let messages: Vec<String> = found
        .iter()
        .take(3)
        .map(|one| {
            let place = world.place(one.span);
            let hints: Vec<&str> = one.hints.iter().map(|hint| hint.v.as_str()).collect();
            glyphs::fit(&format!("{} ({place}) {}", one.message, hints.join("; ")))
        })
        .collect();
    RenderError::Layout {
        message: messages.join("; "),
    }
}
