//! The manifest of an edition: what went in and what came out, by digest.
//!
//! Lists every input and every file of the edition with its length and its
//! SHA-256, in order of path, and leaves itself out. Holds no time but the
//! edition's own date: same inputs, same bytes.

use caveat_corpus::Digest;
use caveat_report::annex::ReportIdentity;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::annex::json;
use crate::error::RenderError;

/// Name of the manifest inside an edition.
pub const MANIFEST_FILE: &str = "manifest.json";

/// What an edition is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// Always `caveat/manifest`.
    pub schema: String,
    /// Version of this shape.
    pub schema_version: u32,
    /// Version of caveat.
    pub caveat_version: String,
    /// Number or name of the report.
    pub report: String,
    /// Title of the report.
    pub title: String,
    /// Date of the edition, YYYY-MM-DD.
    pub edition_date: String,
    /// Seed of every random number.
    pub seed: u64,
    /// What was read, in order of path.
    pub inputs: Vec<FileDigest>,
    /// What was written, in order of path, without this file.
    pub outputs: Vec<FileDigest>,
}

/// A file by its content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FileDigest {
    /// Path with `/`, relative to the report or to the edition.
    pub path: String,
    /// Length.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: Digest,
}

/// An input as its reader saw it.
pub type InputDigest = FileDigest;

impl FileDigest {
    /// Digests a file that is in memory.
    pub fn of(path: impl Into<String>, content: &[u8]) -> Self {
        Self {
            path: path.into(),
            bytes: u64::try_from(content.len()).unwrap_or(u64::MAX),
            sha256: Digest::of(content),
        }
    }
}

/// Makes the manifest of an edition; the lists are put in order.
pub fn manifest(
    report: &ReportIdentity,
    inputs: &[InputDigest],
    outputs: Vec<FileDigest>,
) -> Manifest {
    let in_order = |mut files: Vec<FileDigest>| {
        files.sort();
        files
    };
    Manifest {
        schema: "caveat/manifest".to_owned(),
        schema_version: 1,
        caveat_version: report.caveat_version.clone(),
        report: report.number.clone(),
        title: report.title.clone(),
        edition_date: report.edition_date.clone(),
        seed: report.seed,
        inputs: in_order(inputs.to_vec()),
        outputs: in_order(outputs),
    }
}

/// Writes a manifest as indented JSON with a line end at the end.
///
/// # Errors
/// [`RenderError::Json`]; no manifest is known to cause it.
pub fn manifest_json(manifest: &Manifest) -> Result<Vec<u8>, RenderError> {
    json(manifest)
}
