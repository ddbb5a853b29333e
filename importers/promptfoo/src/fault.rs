//! Why a source is refused, inside this crate.
//!
//! [`Fault::into_error`] is the only way out: it adds the file.

use std::io;
use std::path::Path;

use caveat_importer::json::PiecesError;
use caveat_importer::sqlite::SqliteFault;
use caveat_importer::text::printable;
use caveat_importer::{ImportError, SinkClosed};

use crate::FORMAT;

/// A fault of the whole source.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file cannot be read.
    Io(io::Error),
    /// The content is not what it should be: what was found, and what to do.
    Content { found: String, hint: String },
    /// The database cannot be read.
    Sqlite(SqliteFault),
    /// The receiver stopped.
    Closed(SinkClosed),
}

impl Fault {
    /// The content is not what it should be. Text from the source is escaped here.
    pub(crate) fn content(found: &str, hint: impl Into<String>) -> Self {
        Fault::Content {
            found: found.to_owned(),
            hint: hint.into(),
        }
    }

    /// The document is no JSON where it must be.
    pub(crate) fn pieces(error: PiecesError) -> Self {
        match error {
            PiecesError::Io(cause) => Fault::Io(cause),
            other => Fault::Content {
                found: printable(&other.to_string()),
                hint: "export the evaluation again with `promptfoo export eval ID -o results.json`"
                    .to_owned(),
            },
        }
    }

    /// Adds the file.
    pub(crate) fn into_error(self, path: &Path) -> ImportError {
        match self {
            Fault::Io(cause) => ImportError::Io {
                path: path.to_path_buf(),
                cause,
            },
            Fault::Closed(closed) => ImportError::Closed(closed),
            Fault::Sqlite(fault) => fault.into_error(path, FORMAT),
            Fault::Content { found, hint } => ImportError::Refused {
                path: path.to_path_buf(),
                format: FORMAT,
                found,
                hint,
            },
        }
    }
}

impl From<SinkClosed> for Fault {
    fn from(closed: SinkClosed) -> Self {
        Fault::Closed(closed)
    }
}

impl From<io::Error> for Fault {
    fn from(cause: io::Error) -> Self {
        Fault::Io(cause)
    }
}

impl From<SqliteFault> for Fault {
    fn from(fault: SqliteFault) -> Self {
        Fault::Sqlite(fault)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sqlite(error.into())
    }
}
