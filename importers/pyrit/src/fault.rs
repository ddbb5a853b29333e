//! Why a source is refused, inside this crate.
//!
//! [`Fault::into_error`] is the only way out: it adds the file and the remedy.

use std::io;
use std::path::Path;

use caveat_importer::sqlite::SqliteFault;
use caveat_importer::{ImportError, SinkClosed};

use crate::FORMAT;

/// A fault of the whole source.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file cannot be read.
    Io(io::Error),
    /// The database cannot be read.
    Sqlite(SqliteFault),
    /// The content is not what it should be: what was found, and what to do.
    Content { found: String, hint: &'static str },
    /// The receiver stopped.
    Closed(SinkClosed),
}

impl Fault {
    /// The content is not what it should be.
    pub(crate) fn content(found: impl Into<String>, hint: &'static str) -> Self {
        Fault::Content {
            found: found.into(),
            hint,
        }
    }

    /// Adds the file.
    pub(crate) fn into_error(self, path: &Path) -> ImportError {
        match self {
            Fault::Io(cause) => ImportError::Io {
                path: path.to_path_buf(),
                cause,
            },
            Fault::Sqlite(fault) => fault.into_error(path, FORMAT),
            Fault::Closed(closed) => ImportError::Closed(closed),
            Fault::Content { found, hint } => ImportError::Refused {
                path: path.to_path_buf(),
                format: FORMAT,
                found,
                hint: hint.to_owned(),
            },
        }
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
        Fault::Sqlite(SqliteFault::Sqlite(error))
    }
}

impl From<SinkClosed> for Fault {
    fn from(closed: SinkClosed) -> Self {
        Fault::Closed(closed)
    }
}
