//! What the layout engine may see: a few files in memory and the embedded faces.

use std::collections::HashMap;
use std::sync::OnceLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Dict, Duration, IntoValue};
use typst::syntax::{DiagSpan, FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, WorldExt};

use caveat_report::document::DocumentKind;

use super::templates::TEMPLATES;
use crate::error::RenderError;
use crate::fonts::FILES;

/// Files in memory, nothing else. The maps are only looked up, never walked.
pub(super) struct World {
    library: LazyHash<Library>,
    main: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
    fonts: &'static Faces,
}

pub(super) struct Faces {
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
}

impl World {
    /// Prepares the files for one document.
    pub(super) fn new(
        data: &[u8],
        annex: &[u8],
        paper: &str,
        kind: DocumentKind,
    ) -> Result<Self, RenderError> {
        let mut sources = HashMap::new();
        for (path, text) in TEMPLATES {
            let id = file_id(path)?;
            sources.insert(id, Source::new(id, (*text).to_owned()));
        }
        let files = HashMap::from([
            (file_id("data.json")?, Bytes::new(data.to_vec())),
            (file_id("annex.json")?, Bytes::new(annex.to_vec())),
        ]);
        let mut inputs = Dict::new();
        inputs.insert("paper".into(), paper.into_value());
        let main = main_template(kind);
        Ok(World {
            library: LazyHash::new(Library::builder().with_inputs(inputs).build()),
            main: file_id(main)?,
            sources,
            files,
            fonts: faces()?,
        })
    }

    /// Names the place of a diagnostic in the templates.
    pub(super) fn place(&self, span: DiagSpan) -> String {
        let found = span.id().and_then(|id| {
            let source = self.sources.get(&id)?;
            let range = self.range(span)?;
            let line = source.lines().byte_to_line(range.start)? + 1;
            Some(format!("{}:{line}", id.vpath().get_without_slash()))
        });
        found.unwrap_or_else(|| "no place known".to_owned())
    }
}

impl typst::World for World {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// The template that lays out a kind of document.
pub(super) fn main_template(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Report => "report/report.typ",
        DocumentKind::VendorBrief => "vendor-brief/brief.typ",
        DocumentKind::RegulatorSummary => "regulator-summary/summary.typ",
    }
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_without_slash().into())
}

fn file_id(path: &str) -> Result<FileId, RenderError> {
    let path = VirtualPath::new(path).map_err(|_| RenderError::Layout {
        message: format!("`{path}` is not a path"),
    })?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

/// Parses the embedded faces once per process.
pub(super) fn faces() -> Result<&'static Faces, RenderError> {
    static FACES: OnceLock<Result<Faces, &'static str>> = OnceLock::new();
    let parsed = FACES.get_or_init(|| {
        let fonts: Result<Vec<Font>, &'static str> = FILES
            .iter()
            .map(|file| Font::new(Bytes::new(file.bytes), 0).ok_or(file.name))
            .collect();
        fonts.map(|fonts| Faces {
            book: LazyHash::new(FontBook::from_fonts(&fonts)),
            fonts,
        })
    });
    parsed.as_ref().map_err(|name| RenderError::Face { name })
}
