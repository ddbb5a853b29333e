//! The files beside a `scenario_state.json`, which one run wrote together.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use caveat_importer::file::regular;
use caveat_importer::{ImportError, Limits, json};
use serde::de::DeserializeOwned;

use crate::FORMAT;
use crate::object::Object;

/// What was run: names, scenario, adapter, metrics.
pub(crate) const RUN_SPEC: &str = "run_spec.json";

/// What the scenario is.
pub(crate) const SCENARIO: &str = "scenario.json";

/// The scores of each instance.
pub(crate) const PER_INSTANCE_STATS: &str = "per_instance_stats.json";

/// HELM's own means.
pub(crate) const STATS: &str = "stats.json";

/// Every companion, in the order in which they are read.
pub(crate) const ALL: [&str; 4] = [RUN_SPEC, SCENARIO, PER_INSTANCE_STATS, STATS];

/// The companion of that name, if it exists as a file.
pub(crate) fn beside(source: &Path, name: &str) -> Option<PathBuf> {
    let path = source.with_file_name(name);
    (path != source && regular(&path).is_ok()).then_some(path)
}

/// Opens a companion for streaming.
pub(crate) fn open(path: &Path) -> Result<File, ImportError> {
    File::open(path).map_err(|cause| ImportError::Io {
        path: path.to_path_buf(),
        cause,
    })
}

/// Reads a small companion as one object; the inner error says in words why it is of no use.
pub(crate) fn object<T: DeserializeOwned>(
    path: &Path,
    limits: &Limits,
) -> Result<Result<T, String>, ImportError> {
    let mut bytes = Vec::new();
    // One byte more than the bound shows that the file is longer.
    let bound = limits.max_record_bytes.saturating_add(1);
    let mut reader = open(path)?.take(bound);
    reader
        .read_to_end(&mut bytes)
        .map_err(|cause| ImportError::Io {
            path: path.to_path_buf(),
            cause,
        })?;
    let parsed = json::parse::<Object<T>>(&bytes, limits);
    Ok(parsed
        .map(|object| object.0)
        .map_err(|fault| fault.to_string()))
}

/// Refuses the whole run.
pub(crate) fn refused(path: &Path, found: impl Into<String>, hint: &str) -> ImportError {
    ImportError::Refused {
        path: path.to_path_buf(),
        format: FORMAT,
        found: found.into(),
        hint: hint.to_owned(),
    }
}
