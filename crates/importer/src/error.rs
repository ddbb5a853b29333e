//! Faults of a whole source.
//!
//! Every variant says what was expected, what was found and, on its own line,
//! what to do. Text that came from the source is escaped before it is shown.

use std::path::PathBuf;

use crate::text::printable;

/// Why a source is refused. The store stays unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be opened or read.
    #[error("cannot read `{}`: {cause}\nhint: check the path and that the file may be read", printable(&path.display().to_string()))]
    Io {
        /// File.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// There is something else than a file.
    #[error("cannot read `{}`: it is {found}, not a file\nhint: name the file itself; what comes out of a pipe or a device must be written to a file first", printable(&path.display().to_string()))]
    NotAFile {
        /// Path.
        path: PathBuf,
        /// What stands there.
        found: &'static str,
    },
    /// The content is not what the format requires.
    #[error("`{}` is not a usable {format} source: {found}\nhint: {hint}", printable(&path.display().to_string()))]
    Refused {
        /// File.
        path: PathBuf,
        /// Format that was tried.
        format: &'static str,
        /// What was expected and what was found.
        found: String,
        /// What to do.
        hint: String,
    },
    /// An option is missing or wrong.
    #[error("{format}: {problem}\nhint: {hint}")]
    Options {
        /// Format.
        format: &'static str,
        /// What is wrong.
        problem: String,
        /// What to do.
        hint: String,
    },
    /// A plugin broke the protocol or its bounds; nothing that it said is believed.
    #[error("the plugin `{plugin}` cannot be used for `{}`: {found}\nhint: {hint}", printable(&path.display().to_string()))]
    Plugin {
        /// File.
        path: PathBuf,
        /// Plugin.
        plugin: &'static str,
        /// What it did, and the end of its standard error, escaped.
        found: String,
        /// What to do.
        hint: &'static str,
    },
    /// The receiver stopped: see its own error.
    #[error(transparent)]
    Closed(#[from] crate::sink::SinkClosed),
}
