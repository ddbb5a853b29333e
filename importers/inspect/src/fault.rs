//! Faults of a whole log, before they are given the path of its file.

use std::io;
use std::path::Path;

use caveat_importer::{ImportError, SinkClosed};

use crate::FORMAT;

/// Why a log is refused.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file cannot be read.
    Io(io::Error),
    /// The content is not what a log holds.
    Content {
        /// What was expected and what was found.
        found: String,
        /// What to do.
        hint: String,
    },
    /// The receiver stopped.
    Closed(SinkClosed),
}

impl Fault {
    /// A fault of the content that a new copy may mend.
    pub(crate) fn content(found: impl Into<String>) -> Self {
        Fault::Content {
            found: found.into(),
            hint: "if the file is cut short or damaged, copy it again from its origin; \
                   `inspect log recover` may save the log of a run that crashed"
                .to_owned(),
        }
    }

    /// Adds the path.
    pub(crate) fn into_error(self, path: &Path) -> ImportError {
        match self {
            Fault::Io(cause) => ImportError::Io {
                path: path.to_path_buf(),
                cause,
            },
            Fault::Content { found, hint } => ImportError::Refused {
                path: path.to_path_buf(),
                format: FORMAT,
                found,
                hint,
            },
            Fault::Closed(closed) => ImportError::Closed(closed),
        }
    }
}

impl From<SinkClosed> for Fault {
    fn from(closed: SinkClosed) -> Self {
        Fault::Closed(closed)
    }
}
