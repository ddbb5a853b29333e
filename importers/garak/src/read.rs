//! Opens a source by line, and says what is wrong with the whole of it.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use caveat_importer::lines::Lines;
use caveat_importer::{ImportError, Limits};

use crate::FORMAT;

/// A file that is read by line.
pub(crate) type FileLines = Lines<BufReader<File>>;

/// Opens a file at a line's first byte.
pub(crate) fn lines_from(
    path: &Path,
    byte: u64,
    limits: &Limits,
) -> Result<FileLines, ImportError> {
    Lines::open(path, byte, limits).map_err(|cause| io(path, cause))
}

/// Adds the file to a fault of reading.
pub(crate) fn io(path: &Path, cause: std::io::Error) -> ImportError {
    ImportError::Io {
        path: path.to_path_buf(),
        cause,
    }
}

/// Refuses a source.
pub(crate) fn refused(
    path: &Path,
    found: impl Into<String>,
    hint: impl Into<String>,
) -> ImportError {
    ImportError::Refused {
        path: path.to_path_buf(),
        format: FORMAT,
        found: found.into(),
        hint: hint.into(),
    }
}
