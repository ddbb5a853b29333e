//! Documents as files: PDF, Markdown, HTML, drawings, annex, manifest, and the text
//! that may go into them.
//!
//! Input is a [`caveat_report::document::Document`]: words, formatted numbers
//! and charts as values. Nothing here computes a statistic, sorts or rounds a
//! result. No function reads a file, a clock or the network; templates and
//! faces are part of the binary. Same document, same bytes.

pub mod annex;
pub mod brief;
pub mod edition;
pub mod error;
pub mod escape;
pub mod fonts;
pub mod glyphs;
pub mod html;
pub mod manifest;
pub mod markdown;
pub mod pdf;
pub mod scene;
pub mod schema;
pub mod summary;
pub mod tables;

pub use brief::brief_edition;
pub use edition::{EditionFiles, EditionOptions, edition};
pub use error::RenderError;
pub use manifest::InputDigest;
pub use pdf::{Paper, PdfOptions, pdf, typst_folder};
pub use summary::summary_edition;

/// Empties the memo of the layout engine, which grows by some 16 MB with each
/// PDF. For whoever makes many in one process, between two of them; a process
/// that makes one and ends need not spend the time.
pub fn forget_layouts() {
    pdf::forget();
}

/// Parses the embedded faces, which every PDF needs, so that they are ready
/// when the first one is laid out. Worth a thread of its own while a corpus is read.
pub fn warm_up() {
    pdf::warm_up();
}
