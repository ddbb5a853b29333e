//! Which table of an export a file is, by the names of its columns.
//!
//! A CSV file says so in its header, a Parquet file in its footer. Names that
//! later versions add stand behind these.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use caveat_corpus::Verdict;
use caveat_import_table::mapping::FileKind;
use caveat_importer::ImportError;
use caveat_importer::probe::HEAD_BYTES;

/// How much of a Parquet file's end is looked at. The names of the columns
/// stand before the places of the row groups, of which each takes some kilobytes:
/// a file of a thousand of them is still recognised.
const TAIL_BYTES: u64 = 8 << 20;

/// Columns of a table of grades, without the texts.
const TRACES: [&str; 34] = [
    "id",
    "model",
    "provider",
    "coded_size",
    "dataset",
    "technique",
    "attack_family",
    "harm_category",
    "prompt_dataset",
    "prompt_id",
    "prompt_sha256",
    "attempt",
    "turns",
    "observed_at",
    "outcome",
    "prompt_tokens",
    "response_tokens",
    "duration_ms",
    "response_sha256",
    "grades",
    "grade",
    "grader",
    "grader_kind",
    "verdict",
    "raw_score",
    "grader_version",
    "graded_at",
    "source_format",
    "source_sha256",
    "source_run_id",
    "source_record_id",
    "source_entry",
    "source_record",
    "source_byte",
];

/// The texts, where they were exported.
const TEXTS: [&str; 2] = ["prompt_text", "response_text"];

/// Columns of a table of cells around those of the verdicts.
const CELLS: [&str; 12] = [
    "id",
    "model",
    "provider",
    "coded_size",
    "dataset",
    "technique",
    "attack_family",
    "harm_category",
    "observed_at",
    "grader",
    "grader_kind",
    "n",
];
const CELL_SOURCE: [&str; 5] = [
    "source_format",
    "source_sha256",
    "source_entry",
    "source_record",
    "source_byte",
];

/// What stands in a table of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// One row for each grade, and one for a trace without any.
    Grades {
        /// Whether the texts have columns.
        texts: bool,
    },
    /// One row for each row of counts.
    Cells,
}

/// A table of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) file: FileKind,
    pub(crate) holds: Holds,
}

impl Table {
    /// Why the file is taken for such a table.
    pub(crate) fn reason(self) -> String {
        let place = match self.file {
            FileKind::Parquet => "columns",
            _ => "header",
        };
        let of = match self.holds {
            Holds::Grades { .. } => "grades",
            Holds::Cells => "counts",
        };
        format!("the {place} of a table of {of} that `caveat export` wrote")
    }

    /// The columns that it has, in order.
    pub(crate) fn columns(self) -> Vec<String> {
        columns(self.holds)
    }
}

fn columns(holds: Holds) -> Vec<String> {
    let names: Vec<&str> = match holds {
        Holds::Grades { texts: false } => TRACES.to_vec(),
        Holds::Grades { texts: true } => [TRACES.as_slice(), &TEXTS].concat(),
        Holds::Cells => {
            let verdicts = Verdict::ALL.map(Verdict::name);
            [CELLS.as_slice(), &verdicts, &CELL_SOURCE].concat()
        }
    };
    names.into_iter().map(str::to_owned).collect()
}

/// Opens a file and says which table it is, if any.
pub(crate) fn of_file(path: &Path) -> Result<Option<Table>, ImportError> {
    let mut head = Vec::new();
    let bound = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    File::open(path)
        .and_then(|file| file.take(bound).read_to_end(&mut head))
        .map_err(|cause| ImportError::Io {
            path: path.to_path_buf(),
            cause,
        })?;
    Ok(table(path, &head))
}

/// Which table of an export a file is, if any.
pub(crate) fn table(path: &Path, head: &[u8]) -> Option<Table> {
    // The one with texts first: the names of the other are the start of its names.
    let all = [
        Holds::Grades { texts: true },
        Holds::Grades { texts: false },
        Holds::Cells,
    ];
    if head.starts_with(b"PAR1") {
        let tail = tail(path)?;
        let holds = all.into_iter().find(|holds| names_all(&tail, *holds))?;
        let file = FileKind::Parquet;
        return Some(Table { file, holds });
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let line = head.split(|byte| *byte == b'\n').next()?.trim_ascii_end();
    let line = std::str::from_utf8(line).ok()?;
    // Programs that wrote the file anew may have put the names in quotes.
    let names: Vec<&str> = line.split(',').map(|name| name.trim_matches('"')).collect();
    let holds = all.into_iter().find(|holds| {
        names.starts_with(
            &columns(*holds)
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
        )
    })?;
    let file = FileKind::Csv;
    Some(Table { file, holds })
}

/// The end of a Parquet file, which names its columns. Nothing if it cannot be
/// read: whoever imports the file says why.
fn tail(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let length = file.seek(SeekFrom::End(0)).ok()?;
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))
        .ok()?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail).ok()?;
    Some(tail)
}

/// Whether the schema of a Parquet file has the root `caveat` and then exactly
/// these names, in this order. Names stand there behind their length in one byte.
fn names_all(tail: &[u8], holds: Holds) -> bool {
    let named = |name: &str| {
        let mut bytes = vec![u8::try_from(name.len()).unwrap_or(u8::MAX)];
        bytes.extend_from_slice(name.as_bytes());
        bytes
    };
    let find = |rest: &[u8], name: &str| {
        let name = named(name);
        let at = rest.windows(name.len()).position(|part| part == name)?;
        Some(at + name.len())
    };
    let Some(root) = find(tail, "caveat") else {
        return false;
    };
    let mut rest = tail.get(root..).unwrap_or_default();
    for name in columns(holds) {
        // What stands between two names of a schema takes few bytes.
        let near = rest.get(..rest.len().min(64)).unwrap_or_default();
        match find(near, &name) {
            Some(after) => rest = rest.get(after..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}
