//! `caveat import`: files and folders into a corpus file, each source whole or not at all.

use std::path::PathBuf;

use caveat_corpus::Digest;
use caveat_importer::Reject;
use caveat_importer::text::printable;
use caveat_store::{Account, Restated, Store, StoreError, texts_path};
use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::cli::ImportArguments;
use crate::exit::{self, Failure};
use crate::importing::gather::{self, gather};
use crate::importing::mapping::Mapping;
use crate::importing::sorting::{self, Sorted, Unknown, Wish};
use crate::importing::{self, Imported, RejectsFile, Request, Watch, rejects_path};
use crate::progress::Progress;

/// Rejects that are shown one by one; the rest is counted.
const SHOWN_REJECTS: usize = 5;

/// Places of a proposed mapping that are named; the mapping has all.
const SHOWN_UNDECIDED: usize = 10;

/// Unknown files of folders that are listed on a terminal; `--json` lists all.
const SHOWN_UNKNOWN: usize = 50;

/// What `--json` prints.
#[derive(Default, Serialize)]
struct Answer {
    sources: Vec<Outcome>,
    unknown: Vec<Listed>,
    totals: Account,
    /// Where the rejects are, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejects: Option<String>,
    #[serde(skip)]
    refusals: Vec<Failure>,
    /// Unknown files that the call fails for.
    #[serde(skip)]
    complaints: Vec<Failure>,
}

/// One source, imported or refused.
#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Imported(Box<Imported>),
    Refused { path: String, refused: String },
}

/// A file that no importer claims.
#[derive(Serialize)]
struct Listed {
    path: String,
    reasons: Vec<String>,
    /// Whether the call fails for it, and so says more of it.
    #[serde(skip)]
    complained: bool,
}

/// Runs the command.
pub fn run(arguments: &ImportArguments) -> Result<u8, Failure> {
    if let Some(table) = &arguments.guess {
        return propose(table);
    }
    let catalogue = Catalogue::with_plugins(arguments.plugins.as_deref())?;
    let wish = wish(arguments, &catalogue)?;
    let rejects = arguments.rejects.clone();
    let rejects = rejects.unwrap_or_else(|| rejects_path(&arguments.store));
    refuse_as_rejects(&rejects, arguments)?;
    // A store that is there must be ours before anything is read; one that is
    // not is made only for a source.
    let there = crate::files::is_there(&arguments.store);
    let there = there.then(|| Store::open(&arguments.store)).transpose()?;
    let gathered = gather(&arguments.paths, &own_files(arguments, &rejects));
    complain_of_idle_mappings(&wish, &gathered);
    let sorted = sorting::sort(&catalogue, &wish, gathered)?;
    let mut call = Call {
        answer: Answer::default(),
        rejects: RejectsFile::new(rejects.clone()),
        first_rejects: Vec::new(),
    };
    let requests = call.take(sorted);
    if requests.is_empty() {
        return call.finish(arguments, rejects, Ok(()));
    }
    let is_new = there.is_none();
    let texts = texts_path(&arguments.store);
    let new_texts = arguments.keep_text && !crate::files::is_there(&texts);
    let mut store = there.map_or_else(|| Store::open(&arguments.store), Ok)?;
    if arguments.keep_text {
        store.keep_texts()?;
    }
    let progress = Progress::start(importing::total_bytes(&requests));
    let mut imported = importing::import_all(&mut store, &requests, &progress, &mut call);
    progress.finish();
    // Every source was refused: the store that was made for them is taken back.
    if is_new && call.answer.has_no_source() {
        imported = match store.remove_unless_used(new_texts.then_some(texts.as_path())) {
            // Another call imports into it by now.
            Ok(_) | Err(StoreError::Busy { .. }) => imported,
            Err(error) => imported.and(Err(error.into())),
        };
    }
    call.finish(arguments, rejects, imported)
}

/// Prints a mapping for a table that nobody has described yet.
fn propose(table: &std::path::Path) -> Result<u8, Failure> {
    let guess = caveat_import_table::guess(table, &caveat_importer::Limits::default())?;
    exit::print(guess.to_toml())?;
    let undecided = guess.undecided();
    if !undecided.is_empty() {
        let mut text = match undecided.len() {
            1 => "one place of the mapping must be decided by you".to_owned(),
            places => format!("{places} places of the mapping must be decided by you"),
        };
        text.push_str(": see the lines with \"decide\"");
        for place in undecided.iter().take(SHOWN_UNDECIDED) {
            text.push_str(&format!("\n  {place}"));
        }
        if let Some(more) = undecided.len().checked_sub(SHOWN_UNDECIDED + 1) {
            text.push_str(&format!("\n  … and {} more", more + 1));
        }
        exit::note(&text);
    }
    Ok(exit::DONE)
}

fn wish(arguments: &ImportArguments, catalogue: &Catalogue) -> Result<Wish, Failure> {
    let from = arguments.from.as_deref();
    Ok(Wish {
        from: from.map(|name| catalogue.by_name(name)).transpose()?,
        mappings: arguments
            .mapping
            .iter()
            .map(|path| Mapping::read(path))
            .collect::<Result<_, _>>()?,
        keep_text: arguments.keep_text,
        strict: arguments.strict,
    })
}

/// What the call itself writes or reads for its own use; no source of it.
fn own_files(arguments: &ImportArguments, rejects: &std::path::Path) -> Vec<PathBuf> {
    let mut journal = arguments.store.as_os_str().to_owned();
    journal.push("-journal");
    let mut own = vec![
        arguments.store.clone(),
        PathBuf::from(journal),
        texts_path(&arguments.store),
        rejects.to_path_buf(),
    ];
    own.extend(arguments.mapping.iter().cloned());
    own.extend(arguments.plugins.clone());
    own
}

/// The file of rejects replaces what stands at its path: that may only be a
/// file of rejects, and none of the files that the call reads or writes.
fn refuse_as_rejects(path: &std::path::Path, arguments: &ImportArguments) -> Result<(), Failure> {
    crate::files::refuse_as_file(path)?;
    let same = |other: &std::path::Path| match (path.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => path == other,
    };
    let mut others = arguments.mapping.clone();
    others.extend(arguments.paths.iter().cloned());
    others.push(arguments.store.clone());
    others.push(texts_path(&arguments.store));
    if holds_rejects(path) && !others.iter().any(|other| same(other)) {
        return Ok(());
    }
    let shown = printable(&path.display().to_string());
    Err(Failure::wrong_use(match arguments.rejects {
        Some(_) => format!(
            "`--rejects {shown}` would replace a file that holds no rejects\nhint: name a new file"
        ),
        None => format!(
            "the file of rejects would replace `{shown}`, which holds no rejects\nhint: move that \
             file, or name another one with `--rejects`"
        ),
    }))
}

/// Whether nothing would be lost at a path but the rejects of an import.
fn holds_rejects(path: &std::path::Path) -> bool {
    let first = std::fs::File::open(path).ok().and_then(|file| {
        use std::io::{BufRead as _, Read as _};
        let mut line = Vec::new();
        let mut reader = std::io::BufReader::new(file.take(1 << 20));
        reader.read_until(b'\n', &mut line).ok()?;
        Some(line)
    });
    first.is_none_or(|line| {
        line.is_empty()
            || serde_json::from_slice::<serde_json::Value>(&line)
                .is_ok_and(|line| line["reason"].is_string() && line["location"].is_object())
    })
}

/// A mapping that fits no file was probably meant to fit one.
fn complain_of_idle_mappings(wish: &Wish, gathered: &gather::Gathered) {
    for mapping in wish.mappings.iter().filter(|mapping| mapping.names_files()) {
        if !gathered.files.iter().any(|file| mapping.fits(file)) {
            exit::note(&format!(
                "warning: the mapping `{}` fits none of the files\nhint: its `files` are taken \
                 from the folder that is imported, or from the folder of the mapping",
                printable(&mapping.shown)
            ));
        }
    }
}

/// A call while its sources are imported.
struct Call {
    answer: Answer,
    rejects: RejectsFile,
    first_rejects: Vec<String>,
}

impl Watch for Call {
    fn rejected(&mut self, request: &Request, digest: Digest, reject: &Reject) {
        self.rejects.add(&request.shown, digest, reject);
        if self.first_rejects.len() < SHOWN_REJECTS {
            let shown = importing::shown(&request.shown, reject);
            self.first_rejects.push(shown);
        }
    }

    fn done(&mut self, request: &Request, outcome: Result<Imported, Failure>) {
        match outcome {
            Ok(imported) => {
                self.rejects.keep();
                add(&mut self.answer.totals, &imported.account);
                self.answer
                    .sources
                    .push(Outcome::Imported(Box::new(imported)));
            }
            Err(failure) => {
                // With `--strict` the rejects are the reason, and are wanted.
                match request.strict {
                    true => self.rejects.keep(),
                    false => self.rejects.take_back(),
                }
                self.refuse(request.shown.clone(), failure);
            }
        }
    }

    fn restated(&mut self, restated: &Restated) {
        self.add_restated(restated);
    }
}

impl Call {
    /// Counts grades that a source added once more.
    fn add_restated(&mut self, restated: &Restated) {
        let mut sources = self.answer.sources.iter_mut();
        let source = sources.find_map(|source| match source {
            Outcome::Imported(imported)
                if imported.digest == restated.source && imported.format == restated.format =>
            {
                Some(imported)
            }
            _ => None,
        });
        let Some(imported) = source else { return };
        imported.account.grades_added += restated.grades_added;
        imported.notes.push(format!(
            "{} of its grades were replaced by a source that was imported before, and count again",
            restated.grades_added
        ));
        self.answer.totals.grades_added += restated.grades_added;
    }

    /// Keeps what is no source, and hands out the sources.
    fn take(&mut self, sorted: Vec<Sorted>) -> Vec<Request> {
        let mut requests = Vec::new();
        for file in sorted {
            match file {
                Sorted::Source(request) => requests.push(*request),
                Sorted::Unknown(unknown) => self.list(unknown),
                Sorted::Refused { path, failure } => self.refuse(path, failure),
            }
        }
        if requests.is_empty()
            && self.answer.refusals.is_empty()
            && self.answer.complaints.is_empty()
        {
            self.answer.complaints.push(Failure::new(
                exit::REFUSED,
                "no importer recognises any of the files\nhint: `caveat importers` lists the \
                 formats; a table needs a mapping",
            ));
        }
        requests
    }

    fn list(&mut self, unknown: Unknown) {
        let complained = unknown.named || !unknown.almost.is_empty();
        if complained {
            let failure = crate::project::unknown(&unknown);
            self.answer.complaints.push(failure);
        }
        self.answer.unknown.push(Listed {
            path: unknown.path,
            reasons: unknown.reasons,
            complained,
        });
    }

    fn refuse(&mut self, path: String, failure: Failure) {
        self.answer.sources.push(Outcome::Refused {
            path,
            refused: failure.message.clone(),
        });
        self.answer.refusals.push(failure);
    }

    /// Prints the account, also where the store or the file of rejects failed:
    /// what was done before stays, and must be seen.
    fn finish(
        mut self,
        arguments: &ImportArguments,
        rejects: PathBuf,
        imported: Result<(), Failure>,
    ) -> Result<u8, Failure> {
        let written = self.rejects.finish(arguments.rejects.is_some());
        if matches!(written, Ok(lines) if lines > 0) {
            self.answer.rejects = Some(gather::shown(&rejects));
        }
        // The sources of folders are sorted; refused ones were told first.
        self.answer.sources.sort_by(|a, b| a.path().cmp(b.path()));
        if imported.is_ok() || !self.answer.sources.is_empty() {
            match arguments.json {
                true => exit::print_json(&self.answer)?,
                false => exit::print(&self.answer.for_people())?,
            }
        }
        self.answer.complain(&self.first_rejects, &written);
        imported?;
        written?;
        Ok(self.answer.code())
    }
}

impl Outcome {
    fn path(&self) -> &str {
        match self {
            Outcome::Imported(imported) => &imported.path,
            Outcome::Refused { path, .. } => path,
        }
    }
}

fn add(totals: &mut Account, account: &Account) {
    totals.read += account.read;
    totals.imported += account.imported;
    totals.already_present += account.already_present;
    totals.rejected += account.rejected;
    totals.grades_added += account.grades_added;
    totals.not_evaluable += account.not_evaluable;
}

fn line(account: &Account) -> String {
    format!(
        "read {}, imported {}, already present {}, rejected {}; grades added {}; not evaluable {}",
        account.read,
        account.imported,
        account.already_present,
        account.rejected,
        account.grades_added,
        account.not_evaluable
    )
}

impl Answer {
    fn for_people(&self) -> String {
        let mut text = String::new();
        let mut sources = 0_usize;
        for source in &self.sources {
            let Outcome::Imported(imported) = source else {
                continue;
            };
            sources += 1;
            text.push_str(&format!(
                "{}\n  {}\n",
                printable(&imported.path),
                line(&imported.account)
            ));
            for note in &imported.notes {
                text.push_str(&format!("  {}\n", printable(note)));
            }
            for companion in &imported.companions {
                text.push_str(&format!("  with {}\n", printable(&companion.path)));
            }
        }
        if sources > 1 {
            text.push_str(&format!("{sources} sources\n  {}\n", line(&self.totals)));
        }
        text
    }

    /// Whether nothing was imported from anywhere.
    fn has_no_source(&self) -> bool {
        let mut sources = self.sources.iter();
        sources.all(|source| matches!(source, Outcome::Refused { .. }))
    }

    /// Says on standard error what was refused, not recognised or rejected.
    fn complain(&self, first_rejects: &[String], written: &Result<u64, Failure>) {
        for failure in self.refusals.iter().chain(&self.complaints) {
            exit::note(&format!("error: {}", failure.message));
        }
        self.list_unknown();
        if first_rejects.is_empty() {
            return;
        }
        let rejected = self.totals.rejected;
        if rejected > 0 {
            exit::note(&format!("warning: {rejected} records cannot be used"));
            for reject in first_rejects {
                exit::note(reject);
            }
            let shown = u64::try_from(first_rejects.len()).unwrap_or(u64::MAX);
            if rejected > shown {
                exit::note(&format!("  … and {} more", rejected - shown));
            }
        }
        if let (Ok(_), Some(path)) = (written, &self.rejects) {
            exit::note(&format!("every reject is in `{}`", printable(path)));
        }
    }

    /// Files that were found and not recognised: no fault, and never left unsaid.
    fn list_unknown(&self) {
        let left: Vec<&Listed> = self.unknown.iter().filter(|u| !u.complained).collect();
        let mut text = match left.len() {
            0 => return,
            1 => "1 file is of no known format and was left alone".to_owned(),
            files => format!("{files} files are of no known format and were left alone"),
        };
        for unknown in left.iter().take(SHOWN_UNKNOWN) {
            text.push_str(&format!("\n  {}", printable(&unknown.path)));
            if let Some(reason) = unknown.reasons.first() {
                text.push_str(&format!(": {}", printable(reason)));
            }
        }
        let more = left.len().saturating_sub(SHOWN_UNKNOWN);
        if more > 0 {
            text.push_str(&format!("\n  … and {more} more, which `--json` lists"));
        }
        exit::note(&text);
    }

    fn code(&self) -> u8 {
        let codes = self.refusals.iter().chain(&self.complaints);
        // A mistake in the call goes before a fault of a file.
        codes
            .map(|failure| failure.code)
            .min()
            .unwrap_or(exit::DONE)
    }
}
