//! Ids for lines that have none, from another export of the same run.
//!
//! Versions before 0.121 or so, and every run that was ended, leave lines
//! without the id of a result and without that of the evaluation. If another
//! export lies in the same folder, its results are the same ones: place,
//! duration and reply say which, and both files then give the same traces.
//!
//! Decides nothing where two results look alike, and fails never: without a
//! usable file the lines keep what they have.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use caveat_corpus::Location;
use caveat_importer::{Limits, SinkClosed};

use crate::row::{RawRow, Row};
use crate::shape::{self, Look, Seen, Shape};
use crate::source;
use crate::survey::{ShortKey, fingerprint};
use crate::walk::{Fact, Origin, RunIndex, Visitor};

/// Most files of a folder that are looked into.
const MAX_FILES: usize = 32;

/// Largest database that is looked into: a whole history of runs may be far
/// larger than the lines.
const MAX_DATABASE_BYTES: u64 = 1 << 30;

/// Ids by fingerprint; `None` where several results share one.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    by_fingerprint: HashMap<ShortKey, Option<String>>,
    /// Names of the files that gave ids.
    pub(crate) files: Vec<String>,
    limits: Limits,
}

impl Ids {
    /// Looks into the other exports beside a file of lines.
    pub(crate) fn beside(path: &Path, limits: &Limits) -> Self {
        let mut ids = Ids {
            limits: *limits,
            ..Ids::default()
        };
        for (file, shape) in candidates(path) {
            let before = ids.by_fingerprint.len();
            // What cannot be read gives no ids; it is refused when it is imported itself.
            let _ = source::walk(&file, shape, limits, &mut ids);
            if ids.by_fingerprint.len() > before {
                let name = file
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned());
                ids.files.extend(name);
            }
        }
        ids
    }

    /// The id of a result.
    pub(crate) fn id(&self, row: &Row) -> Option<String> {
        if self.by_fingerprint.is_empty() {
            return None;
        }
        self.by_fingerprint.get(&fingerprint(row)?)?.clone()
    }
}

/// The name of another export of the same name beside a file, as the tool
/// writes several at once: `results.csv` and `results.json`.
pub(crate) fn namesake(path: &Path) -> Option<String> {
    ["json", "jsonl", "yaml", "yml"]
        .into_iter()
        .find_map(|extension| {
            let file = path.with_extension(extension);
            if file == path || !file.is_file() {
                return None;
            }
            let Look::Seen(seen) = shape::look(&shape::head(&file).ok()?) else {
                return None;
            };
            let name = file.file_name()?.to_string_lossy().into_owned();
            matches!(seen.shape, Shape::Json | Shape::Lines | Shape::Yaml).then_some(name)
        })
}

fn candidates(path: &Path) -> Vec<(PathBuf, Shape)> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| file != path && has_extension(file) && file.is_file())
        .collect();
    files.sort();
    files.truncate(MAX_FILES);
    files
        .into_iter()
        .filter_map(|file| {
            let Look::Seen(Seen { shape, .. }) = shape::look(&shape::head(&file).ok()?) else {
                return None;
            };
            let small = || {
                file.metadata()
                    .is_ok_and(|found| found.len() <= MAX_DATABASE_BYTES)
            };
            let usable = match shape {
                Shape::Json | Shape::Yaml => true,
                Shape::Database => small(),
                Shape::Lines | Shape::Wide => false,
            };
            usable.then_some((file, shape))
        })
        .collect()
}

fn has_extension(file: &Path) -> bool {
    let extension = file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    ["json", "yaml", "yml", "db"].contains(&extension.to_ascii_lowercase().as_str())
}

impl Visitor for Ids {
    fn fact(&mut self, _: RunIndex, _: Fact) {}

    fn row(
        &mut self,
        _: RunIndex,
        _: Origin,
        _: Location,
        row: RawRow<'_>,
    ) -> Result<(), SinkClosed> {
        let Ok(row) = Row::read(row, &self.limits) else {
            return Ok(());
        };
        let (Some(key), Some(id)) = (fingerprint(&row), row.id) else {
            return Ok(());
        };
        let found = self
            .by_fingerprint
            .entry(key)
            .or_insert_with(|| Some(id.clone()));
        if found.as_ref().is_some_and(|known| *known != id) {
            *found = None;
        }
        Ok(())
    }

    fn broken(&mut self, _: RunIndex, _: Origin, _: Location, _: String) -> Result<(), SinkClosed> {
        Ok(())
    }
}
