//! Opens a table and says how it is written, from its first bytes.
//!
//! What the mapping declares wins over what is recognised; what contradicts
//! the file is refused. Files that hold a table only after a step of their own
//! (archives, spreadsheets, encrypted Parquet) are refused with that step.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use caveat_importer::ImportError;
use caveat_importer::probe::HEAD_BYTES;

use crate::FORMAT;
use crate::encoding::{Decoder, Encoding};
use crate::mapping::FileKind;

/// How a file is written, as far as the mapping says.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Declared {
    pub(crate) kind: Option<FileKind>,
    pub(crate) encoding: Option<Encoding>,
    /// The mapping names the list that holds the rows.
    pub(crate) rows: bool,
}

/// An open table that stands after its byte order mark.
pub(crate) struct Table<'r> {
    /// The text in UTF-8.
    pub(crate) reader: Box<dyn BufRead + 'r>,
    pub(crate) shape: Shape,
}

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) kind: FileKind,
    pub(crate) encoding: Encoding,
    /// Length of the byte order mark: bytes before the first character.
    pub(crate) start_byte: u64,
}

impl Shape {
    /// How the characters are written, in words.
    pub(crate) fn characters(&self, declared: Option<Encoding>) -> String {
        let name = self.encoding.name();
        match (declared, self.start_byte) {
            (Some(_), _) => format!("{name} as declared"),
            (None, 0) => name.to_owned(),
            (None, _) => format!("{name} by its byte order mark"),
        }
    }
}

/// Opens a file.
pub(crate) fn open(path: &Path, declared: Declared) -> Result<Table<'static>, ImportError> {
    // Opening a pipe would wait for its writer.
    caveat_importer::file::regular(path)?;
    let file = File::open(path).map_err(|cause| io_error(path, cause))?;
    let metadata = file.metadata().map_err(|cause| io_error(path, cause))?;
    if !metadata.is_file() {
        return Err(refused(path, "not a regular file", "name the table itself"));
    }
    start(path, file, declared)
}

/// Looks at the first bytes of a reader.
pub(crate) fn start<'r, R: Read + 'r>(
    path: &Path,
    mut reader: R,
    declared: Declared,
) -> Result<Table<'r>, ImportError> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let bound = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    let looked = reader.by_ref().take(bound).read_to_end(&mut head);
    looked.map_err(|cause| io_error(path, cause))?;
    if declared.kind == Some(FileKind::Parquet) || head.starts_with(b"PAR1") {
        let shape = Shape {
            kind: declared.kind.unwrap_or(FileKind::Parquet),
            encoding: Encoding::Utf8,
            start_byte: 0,
        };
        if shape.kind == FileKind::Parquet {
            let reader = Box::new(io::empty());
            return Ok(Table { reader, shape });
        }
    }
    let (encoding, mark) = encoding(path, &head, declared.encoding)?;
    head.drain(..mark);
    let (looked_at, reader): (_, Box<dyn BufRead + 'r>) = if encoding == Encoding::Utf8 {
        let looked_at = head.clone();
        let whole = Cursor::new(head).chain(reader);
        (
            looked_at,
            Box::new(BufReader::with_capacity(HEAD_BYTES, whole)),
        )
    } else {
        let mut looked_at = Vec::new();
        let decoded = Decoder::new(&head[..], encoding).read_to_end(&mut looked_at);
        decoded.map_err(|cause| io_error(path, cause))?;
        let whole = Decoder::new(Cursor::new(head).chain(reader), encoding);
        (
            looked_at,
            Box::new(BufReader::with_capacity(HEAD_BYTES, whole)),
        )
    };
    check_zero(path, &looked_at, encoding)?;
    let kind = match declared.kind {
        Some(kind) => kind,
        None if declared.rows => FileKind::Json,
        None => recognise(path, &looked_at),
    };
    if kind == FileKind::Jsonl && looked_at.trim_ascii_start().starts_with(b"[") {
        let hint = "leave `file` out or set `file = \"json\"`";
        let found = "the file begins with a JSON list, the mapping says one object per line";
        return Err(refused(path, found, hint));
    }
    let start_byte = u64::try_from(mark).unwrap_or_default();
    let shape = Shape {
        kind,
        encoding,
        start_byte,
    };
    Ok(Table { reader, shape })
}

/// First bytes of files that hold no plain table, what they are, and what to do.
const NO_TABLE: &[(&[u8], &str, &str)] = &[
    (
        b"\x1F\x8B",
        "the file is compressed (gzip)",
        "expand it first, for example with `gunzip`",
    ),
    (
        b"\x28\xB5\x2F\xFD",
        "the file is compressed (zstd)",
        "expand it first, for example with `unzstd`",
    ),
    (
        b"BZh",
        "the file is compressed (bzip2)",
        "expand it first, for example with `bunzip2`",
    ),
    (
        b"PK\x03\x04",
        "the file is a ZIP archive, as spreadsheet workbooks are",
        "export the sheet as CSV, or take the table out of the archive",
    ),
    (
        b"\xD0\xCF\x11\xE0",
        "the file is an old spreadsheet workbook",
        "export the sheet as CSV",
    ),
    (
        b"PARE",
        "the file is Parquet with an encrypted footer",
        "write it again without encryption",
    ),
    (
        b"ARROW1",
        "the file is Arrow IPC (Feather)",
        "write it as Parquet or CSV",
    ),
    (
        b"SQLite format 3\0",
        "the file is an SQLite database",
        "export its table as CSV",
    ),
    (
        b"\xFF\xFE\0\0",
        "the file begins with the mark of UTF-32",
        "save the table as UTF-8",
    ),
    (
        b"\0\0\xFE\xFF",
        "the file begins with the mark of UTF-32",
        "save the table as UTF-8",
    ),
];

/// The declared encoding, or the one of the mark, and the length of the mark.
fn encoding(
    path: &Path,
    head: &[u8],
    declared: Option<Encoding>,
) -> Result<(Encoding, usize), ImportError> {
    if let Some((_, found, hint)) = NO_TABLE.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Err(refused(path, *found, *hint));
    }
    match (declared, Encoding::of_mark(head)) {
        (None, None) => Ok((Encoding::Utf8, 0)),
        (None, Some(marked)) => Ok(marked),
        (Some(declared), None) => Ok((declared, 0)),
        (Some(declared), Some((marked, length))) if declared == marked => Ok((marked, length)),
        (Some(declared), Some((marked, _))) => {
            let found = format!(
                "the file begins with the mark of {}, the mapping says {}",
                marked.name(),
                declared.name()
            );
            Err(refused(path, found, "leave `encoding` out"))
        }
    }
}

fn check_zero(path: &Path, text: &[u8], encoding: Encoding) -> Result<(), ImportError> {
    match text.iter().position(|&byte| byte == 0) {
        Some(place) if encoding == Encoding::Utf8 => {
            let found =
                format!("a zero byte at byte {place}: UTF-16 without a mark, or not a text");
            let hint = "save the table as UTF-8, or set `encoding = \"utf-16le\"`";
            Err(refused(path, found, hint))
        }
        Some(_) => {
            let found = format!("a zero character: not a text in {}", encoding.name());
            Err(refused(path, found, "correct `encoding` in the mapping"))
        }
        None => Ok(()),
    }
}

/// By content first: no header of a table begins with a brace or a bracket.
fn recognise(path: &Path, head: &[u8]) -> FileKind {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let text = head.trim_ascii_start();
    let first_line = text.split(|&byte| byte == b'\n').next();
    match (text.first(), extension) {
        (Some(b'['), _) => FileKind::Json,
        // An object that is spread over lines is no line of a JSONL file.
        (Some(b'{'), _) if first_line.is_some_and(|line| line.trim_ascii_end() == b"{") => {
            FileKind::Json
        }
        (Some(b'{'), _) | (_, Some("jsonl" | "ndjson")) => FileKind::Jsonl,
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
