//! The second table: what it says about each model.
//!
//! It stands in the folder of the source or below. A path that leaves that
//! folder, also through a link, is refused. It is read whole, within a bound,
//! and every fault in it refuses the source: half of a list of providers would
//! change results silently.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use caveat_corpus::Digest;
use caveat_importer::quote;
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits};

use crate::csv_rows::{self, Layout};
use crate::mapping::{FileKind, JoinMapping, fault};
use crate::row::Cell;
use crate::source::{self, Declared, io_error, refused};

/// Largest second table; a list of ten thousand models takes about 1 MB.
const MAX_JOIN_BYTES: u64 = 16 << 20;

/// Facts per model, in the order of the mapping's fields.
pub(crate) struct Joined {
    rows: BTreeMap<String, Vec<Option<String>>>,
    name: String,
    digest: Digest,
}

impl Joined {
    /// Reads the second table of a source.
    pub(crate) fn read(
        source: &Path,
        mapping: &JoinMapping,
        limits: &Limits,
    ) -> Result<Self, ImportError> {
        if mapping.columns.is_empty() {
            let hint = "list what it gives, such as `columns = { provider = \"provider\" }`";
            return Err(fault("`join.columns` is empty", hint));
        }
        let path = locate(source, &mapping.file)?;
        let bytes = read_bounded(&path)?;
        let digest = Digest::of(&bytes);
        let rows = read_rows(&path, &bytes, mapping, limits)?;
        let name = mapping.file.clone();
        Ok(Self { rows, name, digest })
    }

    /// The facts on one model.
    pub(crate) fn model(&self, name: &str) -> Result<&[Option<String>], String> {
        self.rows.get(name).map(Vec::as_slice).ok_or_else(|| {
            format!(
                "model `{}` is not in `{}`; add a row for it",
                printable(name),
                printable(&self.name)
            )
        })
    }

    /// One sentence for the account.
    pub(crate) fn note(&self, mapping: &JoinMapping) -> String {
        let fields: Vec<&str> = mapping.columns.keys().map(|field| field.name()).collect();
        format!(
            "{} of each model from `{}` ({} models, SHA-256 {})",
            fields.join(" and "),
            printable(&self.name),
            self.rows.len(),
            self.digest
        )
    }
}

fn locate(source: &Path, file: &str) -> Result<PathBuf, ImportError> {
    let relative = Path::new(file);
    let plain = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if file.is_empty() || !plain {
        return Err(fault(
            format!("`join.file` is `{}`", printable(file)),
            "give a path within the folder of the source, without `..`",
        ));
    }
    let folder = match source.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let path = folder.join(relative);
    let home = folder
        .canonicalize()
        .map_err(|cause| io_error(folder, cause))?;
    let target = path
        .canonicalize()
        .map_err(|cause| io_error(&path, cause))?;
    if !target.starts_with(&home) {
        let hint = "keep the second table beside its source, not behind a link";
        return Err(refused(
            &path,
            "it leads out of the folder of the source",
            hint,
        ));
    }
    Ok(path)
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, ImportError> {
    let io = |cause| io_error(path, cause);
    let metadata = path.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(refused(path, "not a regular file", "name a CSV file"));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(MAX_JOIN_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_JOIN_BYTES {
        let found = format!("more than {MAX_JOIN_BYTES} bytes");
        return Err(refused(
            path,
            found,
            "a second table holds one row per model",
        ));
    }
    Ok(bytes)
}

fn read_rows(
    path: &Path,
    bytes: &[u8],
    mapping: &JoinMapping,
    limits: &Limits,
) -> Result<BTreeMap<String, Vec<Option<String>>>, ImportError> {
    let columns = mapping.columns.values().cloned();
    let slots: Vec<String> = std::iter::once(mapping.on.clone()).chain(columns).collect();
    let mut rows = BTreeMap::new();
    let declared = Declared {
        kind: Some(FileKind::Csv),
        ..Declared::default()
    };
    let table = source::start(path, bytes, declared)?;
    let layout = Layout {
        path,
        delimiter: None,
        encoding: table.shape.encoding,
        slots: &slots,
        limits,
    };
    let start_byte = table.shape.start_byte;
    csv_rows::read(table.reader, start_byte, &layout, &mut |at, row| {
        let added = row.and_then(|cells| add_model(cells, limits, &mut rows));
        added.map_err(|reason| {
            let hint = "correct the row: every model once, with its name";
            refused(path, format!("line {}: {reason}", at.record), hint)
        })
    })?;
    Ok(rows)
}

fn add_model(
    cells: &[Cell<'_>],
    limits: &Limits,
    rows: &mut BTreeMap<String, Vec<Option<String>>>,
) -> Result<(), String> {
    let mut texts = cells.iter().map(|cell| match cell {
        Cell::Text(text) if !text.trim().is_empty() => Some(text.clone().into_owned()),
        _ => None,
    });
    let Some(Some(model)) = texts.next() else {
        return Err("no model name".to_owned());
    };
    let facts: Vec<Option<String>> = texts.collect();
    let longest = facts
        .iter()
        .flatten()
        .map(|text| text.chars().count())
        .max();
    if longest.is_some_and(|longest| longest > limits.max_name_chars) {
        return Err(format!(
            "a name of more than {} characters",
            limits.max_name_chars
        ));
    }
    let shown = quote::word(&model);
    match rows.insert(model, facts) {
        None => Ok(()),
        Some(_) => Err(format!("model {shown} stands twice")),
    }
}
