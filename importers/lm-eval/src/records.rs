//! The records of a file of samples: lines, or the items of one list, which
//! versions before 0.4.3 wrote under the same name.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::Path;

use caveat_corpus::Location;
use caveat_importer::json::{Content, Key, Pieces, PiecesError};
use caveat_importer::lines::{Line, Lines};
use caveat_importer::{ImportError, Limits};

use crate::{refused, unreadable};

/// How much of the start is searched for the first character.
const START_BYTES: u64 = 4096;

/// One record, unparsed.
pub(crate) struct RawRecord<'a> {
    /// Place in the source.
    pub(crate) location: Location,
    /// Its bytes, or why they are not there.
    pub(crate) bytes: Result<&'a [u8], String>,
    /// Whether the file ends with this record, without the end of a line or of the list.
    pub(crate) ends_the_file: bool,
    /// Bytes of the file read so far.
    pub(crate) bytes_read: u64,
}

/// Calls `take` for each record, in the order of the file. Blank lines are no
/// records. The answer is the byte at which a list is cut short, if it is.
pub(crate) fn each(
    path: &Path,
    limits: &Limits,
    take: &mut dyn FnMut(RawRecord<'_>) -> Result<(), ImportError>,
) -> Result<Option<u64>, ImportError> {
    let open = || File::open(path).map_err(unreadable(path));
    let mut start = Vec::new();
    open()?
        .take(START_BYTES)
        .read_to_end(&mut start)
        .map_err(unreadable(path))?;
    if is_list(&start) {
        items(path, open()?, limits, take)
    } else {
        lines(path, open()?, limits, take).map(|()| None)
    }
}

/// Whether the first character opens a list.
pub(crate) fn is_list(start: &[u8]) -> bool {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    first == Some(&b'[')
}

fn lines(
    path: &Path,
    file: File,
    limits: &Limits,
    take: &mut dyn FnMut(RawRecord<'_>) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    let size = file.metadata().map_err(unreadable(path))?.len();
    let mut lines = Lines::new(BufReader::new(file), limits.max_record_bytes);
    while let Some((at, line)) = lines.next_line().map_err(unreadable(path))? {
        let (bytes, length) = match line {
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Whole(bytes) => (Ok(bytes), u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Line::TooLong { bytes } => (Err(too_long(bytes, limits)), bytes),
        };
        let end = at.byte.saturating_add(length);
        take(RawRecord {
            location: Location {
                entry: None,
                record: Some(at.line.to_string()),
                byte: Some(at.byte),
            },
            bytes,
            ends_the_file: end >= size,
            bytes_read: end,
        })?;
    }
    Ok(())
}

fn items(
    path: &Path,
    file: File,
    limits: &Limits,
    take: &mut dyn FnMut(RawRecord<'_>) -> Result<(), ImportError>,
) -> Result<Option<u64>, ImportError> {
    let mut pieces = Pieces::new(file, &[""], limits);
    let place = |record: &str, byte| Location {
        entry: None,
        record: Some(record.to_owned()),
        byte: Some(byte),
    };
    let fault = loop {
        match pieces.next_piece() {
            Ok(None) => return Ok(None),
            Err(fault) => break fault,
            Ok(Some(piece)) => {
                let Key::Index(position) = piece.key else {
                    return Err(refused(path, "it is no list of samples", crate::read::HINT));
                };
                take(RawRecord {
                    location: place(&position.to_string(), piece.byte),
                    bytes: match piece.content {
                        Content::Whole(bytes) => Ok(bytes),
                        Content::TooLong { bytes } => Err(too_long(bytes, limits)),
                    },
                    ends_the_file: false,
                    bytes_read: piece.byte,
                })?;
            }
        }
    };
    match fault {
        PiecesError::Io(cause) => Err(unreadable(path)(cause)),
        PiecesError::Truncated { byte } => {
            if let Some(half) = pieces.unfinished() {
                take(RawRecord {
                    location: place(&half.key, half.byte),
                    bytes: Err("the list ends within it".to_owned()),
                    ends_the_file: true,
                    bytes_read: byte,
                })?;
            }
            Ok(Some(byte))
        }
        fault => Err(refused(path, fault.to_string(), crate::read::HINT)),
    }
}

fn too_long(bytes: u64, limits: &Limits) -> String {
    format!(
        "it has {bytes} bytes, at most {} are read",
        limits.max_record_bytes
    )
}
