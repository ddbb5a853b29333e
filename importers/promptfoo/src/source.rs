//! One walk over a source, whatever its container.

use std::fs::File;
use std::path::Path;

use caveat_corpus::Location;
use caveat_importer::Limits;

use crate::document::{self, Document};
use crate::fault::Fault;
use crate::shape::{self, Look, Shape};
use crate::walk::Visitor;
use crate::{database, lines, wide, yaml};

/// The shape of a file that is to be read.
///
/// # Errors
/// A [`Fault`] for a file that is none of the containers.
pub(crate) fn shape(path: &Path) -> Result<Shape, Fault> {
    let head = shape::head(path)?;
    match shape::look(&head) {
        Look::Seen(seen) => Ok(seen.shape),
        Look::Almost(what) => Err(Fault::content(&format!("found {what}"), HINT)),
        Look::Other => Err(Fault::content(
            "expected promptfoo's JSON, JSONL, YAML or CSV export or its database, found neither their keys nor their columns",
            HINT,
        )),
    }
}

const HINT: &str = "export the evaluation with `promptfoo export eval ID -o results.json`, \
    or name the tool's `promptfoo.db`";

/// Walks a source once.
pub(crate) fn walk(
    path: &Path,
    shape: Shape,
    limits: &Limits,
    visitor: &mut dyn Visitor,
) -> Result<(), Fault> {
    match shape {
        Shape::Json => json(path, limits, visitor),
        Shape::Lines => lines::walk(path, limits, visitor),
        Shape::Yaml => yaml::walk(path, limits, visitor),
        Shape::Wide => wide::walk(path, visitor),
        Shape::Database => database::walk(path, limits, visitor),
    }
}

fn json(path: &Path, limits: &Limits, visitor: &mut dyn Visitor) -> Result<(), Fault> {
    let place = |path: &str, record: String, byte: u64| Location {
        entry: Some(path.to_owned()),
        record: Some(record),
        byte: Some(byte),
    };
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut document = Document::new(0, *limits, visitor);
    document::read(file, false, &place, &mut document)?;
    let seen = document.seen();
    document.progress(size);
    if seen.list || seen.table {
        return Ok(());
    }
    Err(Fault::content(
        "the document has no list `results.results`",
        HINT,
    ))
}
