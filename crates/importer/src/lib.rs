//! The interface between caveat and one corpus format.
//!
//! An [`Importer`] recognises its format by content and streams records and
//! rejects into a [`Sink`]. It knows neither the store nor statistics, resolves
//! no names and guesses nothing. Every record that it reads reaches the sink
//! exactly once, as a record or as a reject with its place and its reason.

pub mod archive;
pub mod error;
pub mod file;
pub mod json;
pub mod lines;
pub mod probe;
pub mod quote;
pub mod registry;
pub mod score;
pub mod secrets;
pub mod sink;
pub mod sqlite;

use std::path::{Path, PathBuf};

pub use caveat_corpus::text;
pub use error::ImportError;
pub use probe::{Claim, Probe, Resemblance};
pub use registry::{Recognised, Recognition, recognise};
pub use sink::{Collector, Reject, Sink, SinkClosed};

/// What an importer is, for `caveat importers` and for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ImporterInfo {
    /// Name of the format, as `--from` and `report.toml` spell it.
    pub name: &'static str,
    /// One line for people.
    pub title: &'static str,
    /// Versions that were read with genuine files.
    pub versions: &'static [&'static str],
    /// Whether the importer recognises its files by itself; one that does not
    /// is used only when it is named.
    pub claims_files: bool,
    /// What maps to what: the importer's page in the tree.
    pub page: &'static str,
}

/// One option of an importer, for `caveat importers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OptionInfo {
    /// Key in the mapping file.
    pub name: &'static str,
    /// What it does, in one line.
    pub meaning: &'static str,
}

/// One importer per corpus format.
pub trait Importer: Sync {
    /// What this importer is.
    fn info(&self) -> ImporterInfo;

    /// Says whether the content is this importer's, how sure that is, and why.
    fn probe(&self, probe: &Probe<'_>) -> Claim;

    /// Files beside a source that are read together with it: the run
    /// specification of a folder, the results that name the model of a file of
    /// samples. Only files that exist. The host digests them like the source
    /// itself, and does not list them as unknown.
    fn companions(&self, _source: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The options that it reads from a mapping file or from `[inputs.options]`,
    /// for `caveat importers`. None unless said otherwise.
    fn options(&self) -> &'static [OptionInfo] {
        &[]
    }

    /// Reads a source from start to end.
    ///
    /// # Errors
    /// An [`ImportError`] refuses the whole source; a fault of one record is a
    /// [`Reject`] and no error.
    fn import(
        &self,
        source: &Source,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<SourceFacts, ImportError>;
}

/// A source to read: a file that the host has opened once and hashed.
#[derive(Clone, Debug)]
pub struct Source {
    /// Path of the file.
    pub path: PathBuf,
}

impl Source {
    /// Names a file.
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_path_buf(),
        }
    }
}

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Keep prompt and response text instead of digests alone.
    pub keep_text: bool,
    /// Options of the format, as written under `options` in `report.toml` or in a mapping file.
    pub format: serde_json::Map<String, serde_json::Value>,
    /// Bounds on what is read.
    pub limits: Limits,
}

/// Bounds on what an importer reads; each is an option and a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest line, row or JSON record in bytes.
    pub max_record_bytes: u64,
    /// Deepest nesting of JSON.
    pub max_depth: u32,
    /// Longest name (model, provider, grader, data set) in characters.
    pub max_name_chars: usize,
}

impl Options {
    /// Says that a format has no options of its own: a key that nobody reads
    /// is a mistake of the author, not a wish granted.
    ///
    /// # Errors
    /// [`ImportError::Options`] that names the first key.
    pub fn refuse_format_options(&self, format: &'static str) -> Result<(), ImportError> {
        let Some(key) = self.format.keys().next() else {
            return Ok(());
        };
        Err(ImportError::Options {
            format,
            problem: format!(
                "unknown option `{}`: this format has none",
                text::printable(key)
            ),
            hint: "leave it out; `caveat importers` lists the options of each format".to_owned(),
        })
    }
}

impl Default for Limits {
    /// 64 MiB a record (long generations stay below 1 MiB), 64 levels, and
    /// 20,000 characters a name (hostile names are tested with 10,000).
    fn default() -> Self {
        Self {
            max_record_bytes: 64 << 20,
            max_depth: 64,
            max_name_chars: 20_000,
        }
    }
}

impl Limits {
    /// Says in words when a name is longer than the limit.
    ///
    /// # Errors
    /// The reason for a [`Reject`], with the field's place as given in `field`.
    pub fn check_name(&self, field: &str, name: &str) -> Result<(), String> {
        // A character has at least one byte, so short names need no counting.
        if name.len() <= self.max_name_chars {
            return Ok(());
        }
        let characters = name.chars().count();
        if characters <= self.max_name_chars {
            return Ok(());
        }
        Err(format!(
            "{field} has {characters} characters, at most {} are read",
            self.max_name_chars
        ))
    }
}

/// What the importer learnt of the source as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceFacts {
    /// Version of the format, as found.
    pub format_version: Option<String>,
    /// Sentences for the account: which rule was applied to which grader,
    /// which optional columns were absent, that a run was cut short.
    pub notes: Vec<String>,
}
