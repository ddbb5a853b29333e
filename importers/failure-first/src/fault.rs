//! Why a database is refused, inside this crate.
//!
//! [`Fault::into_error`] is the only way out: it adds the file and the remedy.
//! What concerns every SQLite file is a [`SqliteFault`].

use std::fmt;
use std::path::Path;

use caveat_importer::sqlite::SqliteFault;
use caveat_importer::{ImportError, SinkClosed};

use crate::FORMAT;
use crate::schema::Defect;

/// A fault of the whole source.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file cannot be read as a database.
    Source(SqliteFault),
    /// Tables or columns are missing or stood in for.
    Schema(Defect),
    /// Prompt texts are wanted but cannot be looked up.
    TextNotReachable,
    /// The receiver stopped.
    Closed(SinkClosed),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Source(fault) => write!(f, "{fault}"),
            Fault::Schema(defect) => f.write_str(&defect.problems),
            Fault::TextNotReachable => f.write_str(
                "prompt text is to be kept, but `prompts.id` is not the primary key of `prompts`",
            ),
            Fault::Closed(closed) => write!(f, "{closed}"),
        }
    }
}

impl Fault {
    /// Adds the file and what to do.
    pub(crate) fn into_error(self, path: &Path) -> ImportError {
        let path = path.to_path_buf();
        match self {
            Fault::Source(SqliteFault::Io(cause)) => ImportError::Io { path, cause },
            Fault::Closed(closed) => ImportError::Closed(closed),
            fault => ImportError::Refused {
                path,
                format: FORMAT,
                found: fault.to_string(),
                hint: fault.hint().to_owned(),
            },
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Fault::Source(SqliteFault::NotADatabase) => {
                "name the `.db` file of the corpus, or leave out `--from`"
            }
            Fault::Source(fault) => fault.hint(),
            Fault::Schema(_) => {
                "export the corpus with the tables and columns of schema v13; \
                 importers/failure-first/README.md lists them"
            }
            Fault::TextNotReachable => "import without keeping text",
            Fault::Closed(_) => "see the receiver's own error",
        }
    }
}

impl From<SqliteFault> for Fault {
    fn from(fault: SqliteFault) -> Self {
        Fault::Source(fault)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Source(error.into())
    }
}

impl From<SinkClosed> for Fault {
    fn from(closed: SinkClosed) -> Self {
        Fault::Closed(closed)
    }
}
