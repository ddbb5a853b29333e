//! Which plugins there are: `plugins.toml`.
//!
//! A plugin is used only if a file that the user names names it, by path and
//! digest. Paths are relative to that file. Nothing is looked for in the
//! current folder; an interpreter named by a bare word is looked for in the
//! absolute folders of `PATH`.
//!
//! ```toml
//! [plugins.redlog]
//! program = "redlog.py"
//! sha256 = "3e28…"
//! interpreter = "python3"
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use caveat_corpus::Digest;
use caveat_importer::text::printable;
use globset::{Glob, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fault::Breach;
use crate::limits::HostLimits;
use crate::plugin::Plugin;
use crate::process::search_path;
use crate::program::{Pinned, Program};
use crate::protocol::written_schema_of;
use crate::session::is_format_name;

/// Largest configuration; a thousand plugins need less.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// The plugins of a configuration, not yet started.
#[derive(Debug)]
pub struct Configuration {
    path: PathBuf,
    plugins: Vec<(String, Program, HostLimits, Option<GlobSet>)>,
}

/// Why plugins cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PluginError {
    /// The configuration cannot be read or says what cannot be.
    #[error("cannot use `{}`: {problem}\nhint: {hint}", printable(&path.display().to_string()))]
    Configuration {
        /// File.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What to do.
        hint: &'static str,
    },
    /// A plugin was refused or failed.
    #[error("cannot use the plugin `{name}` of `{}`: {breach}\nhint: {}", printable(&path.display().to_string()), breach.hint())]
    Plugin {
        /// Name in the configuration.
        name: String,
        /// File.
        path: PathBuf,
        /// What it did.
        breach: Box<Breach>,
    },
    /// A plugin calls itself otherwise than the configuration does.
    #[error("`{}` names the plugin `{name}`, which calls itself `{found}`\nhint: write `[plugins.{found}]`", printable(&path.display().to_string()))]
    Name {
        /// Name in the configuration.
        name: String,
        /// File.
        path: PathBuf,
        /// Name in the greeting.
        found: &'static str,
    },
}

/// The file `plugins.toml`.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PluginsFile {
    /// Plugins by the name of their format.
    #[serde(default)]
    plugins: BTreeMap<String, Entry>,
}

/// One plugin.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The program, or the script of an interpreter; relative to this file, or absolute.
    program: PathBuf,
    /// SHA-256 of the program, as `sha256sum` prints it.
    sha256: Digest,
    /// What runs the program: an absolute path, a path relative to this file
    /// (with a slash), or a bare word that is looked for in `PATH`.
    #[serde(default)]
    interpreter: Option<PathBuf>,
    /// SHA-256 of the interpreter, where it must not change.
    #[serde(default)]
    interpreter_sha256: Option<Digest>,
    /// Arguments after the program.
    #[serde(default)]
    arguments: Vec<String>,
    /// Further files that must not change, with their SHA-256.
    #[serde(default)]
    pinned: BTreeMap<PathBuf, Digest>,
    /// Patterns of file names (`*.redlog`); other files are not shown to the plugin.
    #[serde(default)]
    files: Vec<String>,
    /// Bounds other than the usual ones.
    #[serde(default)]
    limits: Bounds,
}

/// Bounds of one plugin; what is left out is as usual.
#[derive(Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Bounds {
    /// Longest wait for the greeting and for the answer to `probe` (10).
    answer_seconds: Option<u32>,
    /// Longest wait between two signs of progress (60).
    silence_seconds: Option<u32>,
    /// Longest wait in one import (21,600).
    total_seconds: Option<u32>,
    /// Longest line (64).
    line_mib: Option<u32>,
    /// Most output, in place of 256 MiB and 64 bytes for each byte of the source.
    output_mib: Option<u32>,
    /// Most bytes on standard error (16).
    error_mib: Option<u32>,
    /// Most records and rejects of one source (20,000,000).
    records: Option<u64>,
    /// Address space of each process, on Linux (4,096).
    memory_mib: Option<u32>,
    /// Largest file that it may write, on Linux (1,024).
    file_mib: Option<u32>,
}

/// The JSON Schema of `plugins.toml`, as indented JSON with a line end at the end.
///
/// ```
/// let schema = caveat_plugin::config::configuration_schema();
/// assert!(schema.is_some_and(|text| text.contains("sha256")));
/// ```
pub fn configuration_schema() -> Option<String> {
    written_schema_of::<PluginsFile>()
}

impl Configuration {
    /// Reads a configuration. Starts nothing.
    ///
    /// # Errors
    /// [`PluginError::Configuration`] that names what is wrong.
    pub fn read(path: &Path) -> Result<Self, PluginError> {
        let fault = |problem: String, hint| PluginError::Configuration {
            path: path.to_path_buf(),
            problem,
            hint,
        };
        let text =
            read(path).map_err(|cause| fault(cause, "name the file that lists the plugins"))?;
        let file: PluginsFile = toml::from_str(&text).map_err(|error| {
            // The message may quote a line of the file.
            let problem = error.to_string();
            let problem: Vec<String> = problem.trim_end().lines().map(printable).collect();
            fault(
                problem.join("\n"),
                "docs/plugins.md shows a file; `caveat schema plugins` has every key",
            )
        })?;
        let folder = std::path::absolute(path)
            .ok()
            .and_then(|path| path.parent().map(Path::to_path_buf))
            .unwrap_or_default();
        let plugins = file
            .plugins
            .into_iter()
            .map(|(name, entry)| entry.into_plugin(name, &folder))
            .collect::<Result<_, String>>()
            .map_err(|problem| fault(problem, "docs/plugins.md shows a file that works"))?;
        Ok(Self {
            path: path.to_path_buf(),
            plugins,
        })
    }

    /// Compares digests, starts each plugin once, and hears what it is.
    ///
    /// # Errors
    /// [`PluginError`] of the first plugin that cannot be used.
    pub fn connect(self) -> Result<Vec<Plugin>, PluginError> {
        use caveat_importer::Importer as _;

        let path = self.path;
        let connect = |(name, program, limits, files): (String, _, _, Option<GlobSet>)| {
            let plugin = match Plugin::connect(program, limits) {
                Ok(plugin) => plugin,
                Err(breach) => {
                    let path = path.clone();
                    let breach = Box::new(breach);
                    return Err(PluginError::Plugin { name, path, breach });
                }
            };
            let found = plugin.info().name;
            if found != name {
                let path = path.clone();
                return Err(PluginError::Name { name, path, found });
            }
            Ok(match files {
                Some(files) => plugin.only_files(files),
                None => plugin,
            })
        };
        self.plugins.into_iter().map(connect).collect()
    }
}

fn read(path: &Path) -> Result<String, String> {
    let first_line = |error: String| error.lines().next().unwrap_or_default().to_owned();
    caveat_importer::file::regular(path).map_err(|error| first_line(error.to_string()))?;
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut text = String::new();
    file.take(MAX_FILE_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    match u64::try_from(text.len()).is_ok_and(|length| length <= MAX_FILE_BYTES) {
        true => Ok(text),
        false => Err(format!("it has more than {MAX_FILE_BYTES} bytes")),
    }
}

impl Entry {
    fn into_plugin(
        self,
        name: String,
        folder: &Path,
    ) -> Result<(String, Program, HostLimits, Option<GlobSet>), String> {
        if !is_format_name(&name) {
            return Err(format!(
                "`{}` is no name of a format (lower-case letters, digits and hyphens)",
                printable(&name)
            ));
        }
        let fault = |problem: String| format!("plugin `{name}`: {problem}");
        let files = patterns(&self.files).map_err(fault)?;
        let limits = self.limits.over(HostLimits::default());
        let program = self.into_program(folder).map_err(fault)?;
        Ok((name, program, limits, files))
    }

    fn into_program(self, folder: &Path) -> Result<Program, String> {
        let script = folder.join(&self.program);
        let mut pinned = vec![Pinned {
            path: script.clone(),
            sha256: self.sha256,
        }];
        for (path, sha256) in self.pinned {
            let path = folder.join(path);
            pinned.push(Pinned { path, sha256 });
        }
        let Some(interpreter) = self.interpreter else {
            if self.interpreter_sha256.is_some() {
                return Err("`interpreter_sha256` without `interpreter`".to_owned());
            }
            return Ok(Program::new(script, self.arguments, pinned));
        };
        let executable = find_program(&interpreter, folder)?;
        if let Some(sha256) = self.interpreter_sha256 {
            let path = executable.clone();
            pinned.push(Pinned { path, sha256 });
        }
        let script = script
            .to_str()
            .ok_or("the path of the program is not UTF-8")?;
        let mut arguments = vec![script.to_owned()];
        arguments.extend(self.arguments);
        Ok(Program::new(executable, arguments, pinned))
    }
}

/// Finds an executable by its path, relative to a folder, or by a bare word in
/// the absolute folders of `PATH`.
///
/// # Errors
/// Says in words that there is none.
pub fn find_program(name: &Path, folder: &Path) -> Result<PathBuf, String> {
    if name.is_absolute() || name.to_string_lossy().contains(std::path::is_separator) {
        return Ok(folder.join(name));
    }
    std::env::split_paths(&search_path())
        .map(|place| place.join(name))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            let name = printable(&name.display().to_string());
            format!("there is no `{name}` in the folders of PATH")
        })
}

fn patterns(names: &[String]) -> Result<Option<GlobSet>, String> {
    if names.is_empty() {
        return Ok(None);
    }
    let mut set = GlobSetBuilder::new();
    for name in names {
        set.add(Glob::new(name).map_err(|error| printable(&error.to_string()))?);
    }
    set.build()
        .map(Some)
        .map_err(|error| printable(&error.to_string()))
}

impl Bounds {
    fn over(&self, usual: HostLimits) -> HostLimits {
        let seconds = |given: Option<u32>, usual: Duration| {
            given.map_or(usual, |seconds| Duration::from_secs(seconds.into()))
        };
        let mib = |given: Option<u32>, usual: u64| given.map_or(usual, |mib| u64::from(mib) << 20);
        let per_byte = usual.output_bytes_per_source_byte;
        HostLimits {
            answer: seconds(self.answer_seconds, usual.answer),
            silence: seconds(self.silence_seconds, usual.silence),
            total: seconds(self.total_seconds, usual.total),
            ending: usual.ending,
            line_bytes: mib(self.line_mib, usual.line_bytes),
            output_bytes: mib(self.output_mib, usual.output_bytes),
            output_bytes_per_source_byte: if self.output_mib.is_some() {
                0
            } else {
                per_byte
            },
            error_bytes: mib(self.error_mib, usual.error_bytes),
            records: self.records.unwrap_or(usual.records),
            memory_bytes: mib(self.memory_mib, usual.memory_bytes),
            file_bytes: mib(self.file_mib, usual.file_bytes),
        }
    }
}
