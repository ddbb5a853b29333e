//! Helpers of the tests: runs the importer with a mapping written as TOML.
#![allow(clippy::unwrap_used)]
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::{Path, PathBuf};

use caveat_corpus::{Record, Trace};
use caveat_import_table::Table;
use caveat_importer::{Collector, ImportError, Importer as _, Options, Source, SourceFacts};

/// A file among the test tables.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// A corpus folder of a report of this project.
pub(crate) fn report(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports");
    root.join(name).join("corpus")
}

/// Options with a mapping.
pub(crate) fn options(mapping: &str) -> Options {
    Options {
        format: toml::from_str(mapping).unwrap(),
        ..Options::default()
    }
}

/// Imports a file with the given options.
pub(crate) fn import_with(
    path: &Path,
    options: &Options,
) -> Result<(Collector, SourceFacts), ImportError> {
    let mut collector = Collector::default();
    let facts = Table.import(&Source::new(path), options, &mut collector)?;
    Ok((collector, facts))
}

/// Imports a file that is expected to be usable.
pub(crate) fn import(path: &Path, mapping: &str) -> Collector {
    import_with(path, &options(mapping)).unwrap().0
}

/// Imports a text as a file of this name.
pub(crate) fn import_text(name: &str, text: &[u8], mapping: &str) -> Result<Collector, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let imported = import_with(&path, &options(mapping));
    imported
        .map(|(collector, _)| collector)
        .map_err(|error| error.to_string())
}

/// The traces among the records.
pub(crate) fn traces(collector: &Collector) -> Vec<&Trace> {
    let records = collector.records.iter();
    records
        .filter_map(|record| match record {
            Record::Trace(trace) => Some(&**trace),
            Record::Cell(_) => None,
        })
        .collect()
}
