//! Opens a source, reads it by line, and says what is wrong with the whole of it.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use caveat_importer::lines::{Lines, Position};
use caveat_importer::{ImportError, Limits, file};

use crate::FORMAT;

/// Bytes asked of the system at once. Lines of a report have 1 to 100 kB.
const READ_BYTES: usize = 512 << 10;

/// A file that is read by line.
pub(crate) type FileLines = Lines<BufReader<File>>;

/// How a file ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    /// Its size.
    pub(crate) bytes: u64,
    /// Its last byte ends a line.
    pub(crate) ends_a_line: bool,
}

impl End {
    /// Whether a line of this many bytes runs into the end of the file.
    pub(crate) fn cuts(self, at: Position, length: usize) -> bool {
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        !self.ends_a_line && at.byte.saturating_add(length) >= self.bytes
    }
}

/// Opens a file at a line's first byte.
pub(crate) fn lines_from(
    path: &Path,
    byte: u64,
    limits: &Limits,
) -> Result<FileLines, ImportError> {
    let opened = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(byte))?;
        Ok(file)
    };
    let file = opened().map_err(|cause| io(path, cause))?;
    let reader = BufReader::with_capacity(READ_BYTES, file);
    Ok(Lines::new(reader, limits.max_record_bytes).starting_at(byte))
}

/// Looks at the end of a file.
pub(crate) fn end_of(path: &Path) -> Result<End, ImportError> {
    let bytes = file::regular(path)?.len();
    let last = || {
        let mut file = File::open(path)?;
        let mut last = [b'\n'];
        if bytes > 0 {
            file.seek(SeekFrom::Start(bytes - 1))?;
            file.read_exact(&mut last)?;
        }
        Ok(last)
    };
    let last = last().map_err(|cause| io(path, cause))?;
    Ok(End {
        bytes,
        ends_a_line: last == [b'\n'],
    })
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
