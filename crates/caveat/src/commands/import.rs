//! `caveat import`: sources into a corpus file, each whole or not at all.

use std::io::Write as _;
use std::path::Path;

use caveat_importer::text::printable;
use caveat_importer::{Options, Reject, Resemblance};
use caveat_store::Store;
use serde::Serialize;

use crate::cli::ImportArguments;
use crate::exit::{self, Failure};
use crate::files;
use crate::importing::{self, Imported, Refusal, Request};
use crate::progress::Progress;

/// Rejects that are shown one by one; the rest is counted.
const SHOWN_REJECTS: usize = 5;

/// What `--json` prints.
#[derive(Default, Serialize)]
struct Answer {
    sources: Vec<Source>,
    unknown: Vec<Unknown>,
    totals: Totals,
}

/// One source, imported or refused.
#[derive(Serialize)]
#[serde(untagged)]
enum Source {
    Imported(Box<Imported>),
    Refused { path: String, refused: String },
}

#[derive(Serialize)]
struct Unknown {
    path: String,
    reasons: Vec<String>,
    #[serde(skip)]
    almost: Vec<Resemblance>,
}

#[derive(Default, Serialize)]
struct Totals {
    read: u64,
    imported: u64,
    already_present: u64,
    rejected: u64,
    grades_added: u64,
    not_evaluable: u64,
}

/// Runs the command.
pub fn run(arguments: &ImportArguments) -> Result<u8, Failure> {
    let options = options(arguments)?;
    let mut store = Store::open(&arguments.store)?;
    let mut answer = Answer::default();
    let mut rejects = Vec::new();
    for path in &arguments.paths {
        let shown = path.to_string_lossy().into_owned();
        let request = Request {
            path: path.clone(),
            shown: shown.clone(),
            from: arguments.from.clone(),
            options: options.clone(),
            strict: arguments.strict,
        };
        let progress = Progress::start(&printable(&shown));
        let result = importing::import(&mut store, &request, &progress);
        progress.finish();
        match result {
            Ok(mut imported) => {
                answer.totals.add(&imported);
                rejects.extend(
                    std::mem::take(&mut imported.rejects)
                        .into_iter()
                        .map(|r| (shown.clone(), r)),
                );
                answer.sources.push(Source::Imported(Box::new(imported)));
            }
            Err(Refusal::Refused(failure)) if failure.code == exit::REFUSED => {
                answer.sources.push(Source::Refused {
                    path: shown,
                    refused: failure.message,
                });
            }
            Err(Refusal::Refused(failure) | Refusal::Store(failure)) => return Err(failure),
            Err(Refusal::Unknown(almost)) => answer.unknown.push(Unknown {
                path: shown,
                reasons: almost.iter().map(|found| found.reason.clone()).collect(),
                almost,
            }),
        }
    }
    if arguments.json {
        exit::print_json(&answer)?;
    } else {
        exit::print(&answer.for_people())?;
    }
    answer.complain(&rejects, arguments.rejects.is_some());
    // Last: the sources are in the store, and their account must be seen even
    // where this file cannot be written.
    if let Some(path) = &arguments.rejects {
        write_rejects(path, &rejects)?;
    }
    Ok(answer.code())
}

fn options(arguments: &ImportArguments) -> Result<Options, Failure> {
    let mut options = Options {
        keep_text: arguments.keep_text,
        ..Options::default()
    };
    if let Some(path) = &arguments.mapping {
        let text = files::read_text(path)?;
        options.format = toml::from_str(&text).map_err(|error| {
            Failure::wrong_use(format!(
                "cannot use the mapping `{}`: {}\nhint: a mapping is TOML; see \
                 importers/table/README.md",
                printable(&path.display().to_string()),
                error.message()
            ))
        })?;
    }
    Ok(options)
}

impl Totals {
    fn add(&mut self, imported: &Imported) {
        let account = &imported.account;
        self.read += account.read;
        self.imported += account.imported;
        self.already_present += account.already_present;
        self.rejected += account.rejected;
        self.grades_added += account.grades_added;
        self.not_evaluable += account.not_evaluable;
    }
}

impl Answer {
    fn for_people(&self) -> String {
        let mut text = String::new();
        for source in &self.sources {
            let Source::Imported(imported) = source else {
                continue;
            };
            let account = &imported.account;
            text.push_str(&format!(
                "{}\n  read {}, imported {}, already present {}, rejected {}; grades added {}; \
                 not evaluable {}\n",
                printable(&imported.path),
                account.read,
                account.imported,
                account.already_present,
                account.rejected,
                account.grades_added,
                account.not_evaluable
            ));
            for note in &imported.notes {
                text.push_str(&format!("  {}\n", printable(note)));
            }
        }
        text
    }

    /// Says on standard error what was refused, not recognised or rejected.
    fn complain(&self, rejects: &[(String, Reject)], written: bool) {
        for source in &self.sources {
            if let Source::Refused { refused, .. } = source {
                exit::note(&format!("error: {refused}"));
            }
        }
        for unknown in &self.unknown {
            let failure = crate::project::unknown(&printable(&unknown.path), &unknown.almost);
            exit::note(&format!("error: {}", failure.message));
        }
        if rejects.is_empty() {
            return;
        }
        exit::note(&format!(
            "warning: {} records cannot be used",
            rejects.len()
        ));
        for (path, reject) in rejects.iter().take(SHOWN_REJECTS) {
            exit::note(&importing::shown(path, reject));
        }
        let more = rejects.len().saturating_sub(SHOWN_REJECTS);
        if more > 0 && !written {
            exit::note(&format!(
                "  … and {more} more\nhint: `--rejects FILE` writes them all"
            ));
        }
    }

    fn code(&self) -> u8 {
        let refused = self
            .sources
            .iter()
            .any(|s| matches!(s, Source::Refused { .. }));
        if refused || !self.unknown.is_empty() {
            exit::REFUSED
        } else {
            exit::DONE
        }
    }
}

/// One JSON object a line.
fn write_rejects(path: &Path, rejects: &[(String, Reject)]) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Line<'a> {
        path: &'a str,
        #[serde(flatten)]
        reject: &'a Reject,
    }
    let mut text = Vec::new();
    for (path, reject) in rejects {
        serde_json::to_writer(&mut text, &Line { path, reject })
            .map_err(|error| Failure::new(exit::INPUT_OUTPUT, error))?;
        text.push(b'\n');
    }
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let io = |error: std::io::Error| Failure::io(path, &error);
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    file.write_all(&text).map_err(io)?;
    file.persist(path)
        .map_err(|error| Failure::io(path, &error.error))?;
    Ok(())
}
