//! The corpus file `*.caveat.db`: atomic import, identity, counts.
//!
//! A [`Store`] takes the records of one source after the other and hands out
//! [`Evidence`] under a verdict rule. It is the only place with SQL for our own
//! file, and it knows neither importers, statistics nor documents.
//!
//! Promises:
//! - One source is one transaction: it is in the store with its whole account, or not at all.
//! - Importing a source again, renamed or as part of a larger one adds what is
//!   new and nothing else. Grades are appended, never changed.
//! - What was imported last of a grader is what it says. A source that returns to
//!   a grade which another source replaced adds that grade once more, when the call
//!   ends ([`Store::settle`]). It does not where it says nothing anew: the bytes are
//!   those that the path held, and that were read with the same options, when it was
//!   imported last (also where the file has grown since, for the records that it held
//!   then), the grade carries the date of the one that is there, or a source that came
//!   to the store later is imported again with it.
//! - Evidence does not depend on the order in which sources came, with four
//!   exceptions where sources overlap: the accounts (a shared record is
//!   *imported* by the source that came first and *already present* in the
//!   other); the path, model spelling and labels of a shared record (those
//!   of its first source); the latest grade of one grader or kind (a later
//!   import is taken for a regrade); and a row of counts that contradicts one
//!   of another source (the first stays, the later one is a reject).
//!
//! Texts of prompts and responses never stand in the corpus file. Where the user
//! asks to keep them ([`Store::keep_texts`]) they go to a file beside it, each
//! once under its digest; nothing but [`Store::text`] reads that file.
//!
//! ```
//! use caveat_corpus::{Digest, VerdictRule};
//! use caveat_store::{SourceFacts, SourceInput, Store};
//!
//! let mut store = Store::in_memory()?;
//! let import = store.begin_source(SourceInput {
//!     path: "runs.jsonl".into(),
//!     format: "table".into(),
//!     digest: Digest::of(b""),
//!     options: Digest::of(b"{}"),
//!     companions: Vec::new(),
//!     bytes: 0,
//!     held: 0,
//! })?;
//! let account = import.commit(&SourceFacts::default())?;
//! assert_eq!(account.read, 0);
//! assert_eq!(store.evidence(&VerdictRule::LlmOnly)?.sources.len(), 1);
//! # Ok::<(), caveat_store::StoreError>(())
//! ```

mod account;
mod alike;
mod codes;
mod confusion;
mod error;
mod evidence;
mod import;
mod intern;
mod records;
mod scan;
mod schema;
mod sources;
mod stated;
mod status;
mod texts;
mod write;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use caveat_corpus::{Digest, Evidence, VerdictRule};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use account::{Account, Companion, Held, Recorded, SourceFacts, SourceInput};
pub use error::StoreError;
pub use import::SourceImport;
pub use records::{StoredKind, StoredRecord};
pub use sources::{StoredReject, StoredSource};
pub use status::{DatasetStatus, GraderStatus, ModelStatus, Status};
pub use texts::{KeptTexts, TEXTS_SUFFIX, texts_path};

use error::Fault;
use schema::FileState;
use stated::Stated;
use texts::TextFile;

/// How long a call waits for another process before the store is [`StoreError::Busy`].
const BUSY_TIMEOUT: Duration = Duration::from_millis(500);

/// Pages in memory, in KiB: holds the index of identities of some two million
/// traces while they are loaded.
const CACHE_KIB: i64 = 64 << 10;

/// Size of a page of a new file: large pages suit one long load and ordered passes.
const PAGE_BYTES: i64 = 16 << 10;

/// An open corpus file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// Open only while an import keeps texts.
    texts: Option<TextFile>,
    /// What the sources since the last [`Store::settle`] have said.
    stated: Stated,
    in_memory: bool,
}

/// Grades that a source added once more because its call had the last word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restated {
    /// SHA-256 of the source.
    pub source: Digest,
    /// Its format.
    pub format: String,
    /// How many.
    pub grades_added: u64,
}

impl Store {
    /// Opens a store for reading and writing; makes it if there is none.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] and [`StoreError::Newer`] for files that are not
    /// ours to write; [`StoreError::Busy`], [`StoreError::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = connect(path, flags).map_err(|fault| fault.at(path))?;
        let state = schema::inspect(&connection).map_err(|fault| fault.at(path))?;
        match state {
            FileState::Current => {
                refuse_grades_without_trace(&connection).map_err(|fault| fault.at(path))?
            }
            FileState::Empty | FileState::Older(_) => {
                schema::upgrade(&connection, || TextFile::open(&texts_path(path)))
                    .map_err(|fault| fault.at(path))?;
            }
            other => return Err(refusal(other, path)),
        }
        Ok(Self::new(connection, path))
    }

    /// Opens a store that stays as it is.
    ///
    /// # Errors
    /// As [`open`](Self::open); also [`StoreError::NotFound`], and
    /// [`StoreError::Older`] for a store that must be upgraded first.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if !path.exists() {
            return Err(StoreError::NotFound {
                path: path.to_path_buf(),
            });
        }
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY);
        let connection = connection.map_err(|fault| fault.at(path))?;
        let state = schema::inspect(&connection).map_err(|fault| fault.at(path))?;
        match state {
            FileState::Current => Ok(Self::new(connection, path)),
            other => Err(refusal(other, path)),
        }
    }

    /// Opens a store that lives as long as this value.
    ///
    /// # Errors
    /// [`StoreError::Sql`] if SQLite cannot be used at all.
    pub fn in_memory() -> Result<Self, StoreError> {
        let path = Path::new("(in memory)");
        let open = || -> Result<Connection, Fault> {
            let connection = Connection::open_in_memory()?;
            configure(&connection)?;
            schema::upgrade(&connection, TextFile::in_memory)?;
            Ok(connection)
        };
        let connection = open().map_err(|fault| fault.at(path))?;
        let mut store = Self::new(connection, path);
        store.in_memory = true;
        Ok(store)
    }

    fn new(connection: Connection, path: &Path) -> Self {
        Self {
            connection,
            path: path.to_path_buf(),
            texts: None,
            stated: Stated::default(),
            in_memory: false,
        }
    }

    /// Keeps the texts of the records that are imported from now on, in the
    /// file [`texts_path`] names; makes that file if there is none. Without this
    /// call texts are dropped and their digests stay.
    ///
    /// # Errors
    /// As [`open`](Self::open), for the file of texts.
    pub fn keep_texts(&mut self) -> Result<(), StoreError> {
        let opened = match self.in_memory {
            true => TextFile::in_memory(),
            false => TextFile::open(&texts_path(&self.path)),
        };
        self.texts = Some(opened.map_err(|fault| fault.at(&texts_path(&self.path)))?);
        Ok(())
    }

    /// Reads the text of a digest, if it was kept and its file is there.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] for a file of texts that is not ours,
    /// [`StoreError::Damaged`] for a text that does not have its digest.
    pub fn text(&self, digest: &Digest) -> Result<Option<String>, StoreError> {
        if let Some(texts) = &self.texts {
            return texts.get(digest);
        }
        let path = texts_path(&self.path);
        if self.in_memory || !path.exists() {
            return Ok(None);
        }
        TextFile::open_read_only(&path)
            .map_err(|fault| fault.at(&path))?
            .get(digest)
    }

    /// Opens the kept texts once, for whoever reads many; `None` if there is no file.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] for a file of texts that is not ours.
    pub fn kept_texts(&self) -> Result<Option<KeptTexts>, StoreError> {
        let path = texts_path(&self.path);
        if self.in_memory || !path.exists() {
            return Ok(None);
        }
        let file = TextFile::open_read_only(&path).map_err(|fault| fault.at(&path))?;
        Ok(Some(KeptTexts(file)))
    }

    /// The file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to import a source and keeps every other writer out until it ends.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while another process imports; [`StoreError::ReadOnly`];
    /// [`StoreError::NotFound`] if the file was removed since it was opened.
    pub fn begin_source(&mut self, input: SourceInput) -> Result<SourceImport<'_>, StoreError> {
        let texts = self.texts.as_ref();
        let path = &self.path;
        match SourceImport::begin(&self.connection, path, texts, &mut self.stated, input) {
            // SQLite writes to no file that has lost its name.
            Err(StoreError::ReadOnly { path }) if !path.exists() => {
                Err(StoreError::NotFound { path })
            }
            begun => begun,
        }
    }

    /// What a path held when it was imported last as this format, so that a file
    /// that only grew can be told from one that changed.
    ///
    /// # Errors
    /// As [`evidence`](Self::evidence).
    pub fn held(&self, path: &str, format: &str) -> Result<Option<Held>, StoreError> {
        stated::held(&self.connection, path, format).map_err(|fault| fault.at(&self.path))
    }

    /// Removes the file, and the file of texts if that is named, unless a source
    /// is in it; says whether it did. For a store that a call made and that no
    /// source of the call got into.
    ///
    /// Whoever has the same file open learns of it: [`begin_source`](Self::begin_source)
    /// refuses a store that is gone.
    ///
    /// # Errors
    /// [`StoreError::Busy`] while another process imports; [`StoreError::Removal`].
    pub fn remove_unless_used(self, texts: Option<&Path>) -> Result<bool, StoreError> {
        let remove = || -> Result<bool, Fault> {
            // Nobody can begin a source before the file is gone.
            let _held =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let used = "SELECT EXISTS (SELECT 1 FROM sources)";
            if self.in_memory || self.connection.query_row(used, [], |row| row.get(0))? {
                return Ok(false);
            }
            for path in [Some(self.path.as_path()), texts].into_iter().flatten() {
                std::fs::remove_file(path).map_err(Fault::Removal)?;
            }
            Ok(true)
        };
        remove().map_err(|fault| fault.at(&self.path))
    }

    /// Ends a call: lets the last word of its sources count where another source,
    /// imported before, had replaced it. Such a grade is added once more; nothing
    /// is taken away. Call it after the last source; without it a source that
    /// returns to an earlier grade changes nothing.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be written; it is then as it was.
    pub fn settle(&mut self) -> Result<Vec<Restated>, StoreError> {
        let stated = std::mem::take(&mut self.stated);
        let connection = &self.connection;
        let settle = || -> Result<Vec<Restated>, Fault> {
            let transaction =
                Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            let mut restated = Vec::new();
            for (source, grades_added) in stated.settle(&transaction)? {
                let (digest, format) = transaction.query_row(
                    "SELECT digest, format FROM sources WHERE id = ?1",
                    [source],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )?;
                restated.push(Restated {
                    source: Digest::from_bytes(digest),
                    format,
                    grades_added,
                });
            }
            transaction.commit()?;
            Ok(restated)
        };
        settle().map_err(|fault| fault.at(&self.path))
    }

    /// Counts everything in the store under a verdict rule.
    ///
    /// A model with sizes coded differently by two sources stands once for each
    /// size. Cells count with their grader's verdicts where the rule looks at
    /// that grader, and as `Unscored` where it does not; they are taken for
    /// disjoint sets of traces.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the file contradicts itself.
    pub fn evidence(&self, rule: &VerdictRule) -> Result<Evidence, StoreError> {
        self.reading(|connection| evidence::evidence(connection, rule))
    }

    /// Counts what the store holds.
    ///
    /// # Errors
    /// As [`evidence`](Self::evidence).
    pub fn status(&self) -> Result<Status, StoreError> {
        self.reading(status::status)
    }

    /// Lists the sources in order of digest, each with the account of its first import.
    ///
    /// # Errors
    /// As [`evidence`](Self::evidence).
    pub fn sources(&self) -> Result<Vec<StoredSource>, StoreError> {
        self.reading(sources::read_sources)
    }

    /// Lists every reject: by source in order of digest, then as read.
    ///
    /// # Errors
    /// As [`evidence`](Self::evidence).
    pub fn rejects(&self) -> Result<Vec<StoredReject>, StoreError> {
        let mut rejects = Vec::new();
        self.visit_rejects(|reject| rejects.push(reject))?;
        Ok(rejects)
    }

    /// Visits every reject in the order of [`rejects`](Self::rejects), one at a time.
    ///
    /// # Errors
    /// As [`evidence`](Self::evidence).
    pub fn visit_rejects(&self, visit: impl FnMut(StoredReject)) -> Result<(), StoreError> {
        self.reading(|connection| sources::visit_rejects(connection, visit))
    }

    /// Visits every record on one state of the file: traces with all their grades
    /// by model, data set and identity, then cells. The order does not depend on
    /// the order of import. Stops when the visitor says so.
    ///
    /// # Errors
    /// As [`evidence`](Self::evidence).
    pub fn visit_records(
        &self,
        visit: impl FnMut(StoredRecord) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.reading(|connection| records::visit(connection, visit))
    }

    /// Runs several queries on one state of the file.
    fn reading<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let run = || {
            let deferred = TransactionBehavior::Deferred;
            let _snapshot = Transaction::new_unchecked(&self.connection, deferred)?;
            read(&self.connection)
        };
        run().map_err(|fault| fault.at(&self.path))
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, Fault> {
    // Opening a pipe would wait for its writer, and a device is no file to lock.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(Fault::NotAFile);
    }
    refuse_strange_companions(path)?;
    // A relative path gets a folder, so that no name is special to SQLite.
    let file = match path.is_absolute() {
        true => path.to_path_buf(),
        false => Path::new(".").join(path),
    };
    let connection = Connection::open_with_flags(file, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    configure(&connection)?;
    Ok(connection)
}

/// Refuses anything but a regular file where SQLite would look for a journal: it
/// opens what it finds, and would wait for the writer of a pipe.
fn refuse_strange_companions(path: &Path) -> Result<(), Fault> {
    for suffix in ["-journal", "-wal", "-shm"] {
        let mut companion = path.as_os_str().to_owned();
        companion.push(suffix);
        let companion = PathBuf::from(companion);
        if std::fs::symlink_metadata(&companion).is_ok_and(|found| !found.is_file()) {
            return Err(Fault::Beside(companion));
        }
    }
    Ok(())
}

/// Nothing that stands in a file may change what our statements mean.
fn configure(connection: &Connection) -> Result<(), Fault> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    Ok(())
}

fn refusal(state: FileState, path: &Path) -> StoreError {
    let path = path.to_path_buf();
    let known = schema::newest_version();
    match state {
        FileState::Newer(found) => StoreError::Newer { path, found, known },
        FileState::Older(found) => StoreError::Older { path, found, known },
        FileState::Foreign(found) => StoreError::Foreign { path, found },
        FileState::Empty | FileState::Current => StoreError::Foreign {
            path,
            found: "it is empty".to_owned(),
        },
    }
}

/// Refuses a store whose last grades belong to a trace that is not there: a new
/// trace would take that number, and with it verdicts of another.
fn refuse_grades_without_trace(connection: &Connection) -> Result<(), Fault> {
    let last = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
    let graded = last("SELECT MAX(id) FROM grades")?.map(|id| id >> schema::GRADE_BITS);
    let traces = last("SELECT MAX(id) FROM traces")?;
    match graded {
        Some(trace) if traces.is_none_or(|last| trace > last) => Err(Fault::damaged(format!(
            "there are grades of trace {trace}, which does not exist"
        ))),
        _ => Ok(()),
    }
}
