//! Opens a table and says how it is written, from its first bytes.
//!
//! UTF-8 with or without a byte order mark is read; UTF-16 and binary files
//! are refused with a remedy. Nothing is converted.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;

use caveat_importer::ImportError;
use caveat_importer::probe::HEAD_BYTES;

use crate::FORMAT;
use crate::mapping::FileKind;

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// An open table that stands after its byte order mark.
pub(crate) struct Table<R> {
    pub(crate) reader: BufReader<Chain<Cursor<Vec<u8>>, R>>,
    /// Bytes before the first character.
    pub(crate) start_byte: u64,
    pub(crate) kind: FileKind,
}

/// Opens a file.
pub(crate) fn open(path: &Path, declared: Option<FileKind>) -> Result<Table<File>, ImportError> {
    let file = File::open(path).map_err(|cause| io_error(path, cause))?;
    let metadata = file.metadata().map_err(|cause| io_error(path, cause))?;
    if !metadata.is_file() {
        return Err(refused(path, "not a regular file", "name the table itself"));
    }
    start(path, file, declared)
}

/// Looks at the first bytes of a reader.
pub(crate) fn start<R: Read>(
    path: &Path,
    mut reader: R,
    declared: Option<FileKind>,
) -> Result<Table<R>, ImportError> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let bound = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    let looked = reader.by_ref().take(bound).read_to_end(&mut head);
    looked.map_err(|cause| io_error(path, cause))?;
    check_encoding(path, &head)?;
    let marked = head.starts_with(UTF8_MARK);
    let skipped = if marked { UTF8_MARK.len() } else { 0 };
    head.drain(..skipped);
    let kind = declared.unwrap_or_else(|| recognise(path, &head));
    if kind == FileKind::Jsonl && head.trim_ascii_start().starts_with(b"[") {
        let hint = "write one JSON object per line, for example with `jq -c '.[]'`";
        return Err(refused(path, "the file begins with a JSON list", hint));
    }
    Ok(Table {
        start_byte: u64::try_from(skipped).unwrap_or_default(),
        reader: BufReader::with_capacity(HEAD_BYTES, Cursor::new(head).chain(reader)),
        kind,
    })
}

fn check_encoding(path: &Path, head: &[u8]) -> Result<(), ImportError> {
    let hint = "save the table as UTF-8";
    if head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") {
        return Err(refused(
            path,
            "the file begins with the mark of UTF-16",
            hint,
        ));
    }
    match head.iter().position(|&byte| byte == 0) {
        Some(place) => {
            let found =
                format!("a zero byte at byte {place}: UTF-16 without a mark, or not a text");
            Err(refused(path, found, hint))
        }
        None => Ok(()),
    }
}

/// By content first: no header of a table begins with a brace or a bracket.
fn recognise(path: &Path, head: &[u8]) -> FileKind {
    let extension = path.extension().and_then(|extension| extension.to_str());
    match (head.trim_ascii_start().first(), extension) {
        (Some(b'{' | b'['), _) | (_, Some("jsonl" | "ndjson")) => FileKind::Jsonl,
        _ => FileKind::Csv,
    }
}

/// Refuses the source.
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

/// Reports what the system said.
pub(crate) fn io_error(path: &Path, cause: io::Error) -> ImportError {
    ImportError::Io {
        path: path.to_path_buf(),
        cause,
    }
}
