//! What the tests of the host share.

#![allow(dead_code, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use caveat_importer::{Collector, ImportError, Importer, Options, Source, SourceFacts};
use caveat_plugin::{HostLimits, Plugin, Program};

/// Limits under which every fault shows within a second.
pub(crate) fn limits() -> HostLimits {
    HostLimits {
        answer: Duration::from_secs(10),
        silence: Duration::from_millis(300),
        total: Duration::from_secs(20),
        ending: Duration::from_millis(300),
        line_bytes: 1 << 20,
        output_bytes: 8 << 20,
        output_bytes_per_source_byte: 64,
        error_bytes: 8 << 20,
        records: 100_000,
        memory_bytes: 512 << 20,
        file_bytes: 1 << 20,
    }
}

/// The program of a mode of lying; `mark` stands in the command line of its processes.
pub(crate) fn liar(mode: &str, mark: &str) -> Program {
    let arguments = vec![mode.to_owned(), mark.to_owned()];
    Program::new(
        env!("CARGO_BIN_EXE_caveat-plugin-liar").into(),
        arguments,
        Vec::new(),
    )
}

/// A folder of the tree.
pub(crate) fn tree(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// Imports a file with everything that comes out of it.
pub(crate) fn import(
    plugin: &Plugin,
    path: &Path,
    options: &Options,
) -> (Collector, Result<SourceFacts, ImportError>) {
    let mut found = Collector::default();
    let facts = plugin.import(&Source::new(path), options, &mut found);
    (found, facts)
}

/// Processes with this mark in their command line that are not dead.
#[cfg(target_os = "linux")]
pub(crate) fn running(mark: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes
        .filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok())
        .filter(|line| String::from_utf8_lossy(line).contains(mark))
        .count()
}

/// Not known on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn running(_mark: &str) -> usize {
    0
}

/// Where a Python interpreter is; the tests that need one say that they were skipped.
pub(crate) fn python() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("python3"))
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "continuous integration must have python3"
        );
        eprintln!("skipped: there is no python3 on this machine");
    }
    found
}
