//! Faults of the store.
//!
//! Every variant names the file and, on its own line, the remedy. Inside the
//! crate a [`Fault`] has no path yet; the public functions add it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use caveat_corpus::text::printable;

/// Why the store could not do what was asked. The store is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file does not exist and was to be read.
    #[error(
        "there is no store `{}`\nhint: import a corpus first, or name the store that holds it",
        shown(path)
    )]
    NotFound {
        /// Store.
        path: PathBuf,
    },
    /// The file is something else than a corpus file of caveat.
    #[error(
        "`{}` is not a store of caveat: {found}\nhint: name another file for the store, or import this one as a source",
        shown(path)
    )]
    Foreign {
        /// File.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// Something else than a file stands where SQLite keeps a journal.
    #[error(
        "the store `{}` cannot be used: `{}` beside it is no regular file\nhint: remove that, or name another store",
        shown(path),
        shown(companion)
    )]
    Beside {
        /// Store.
        path: PathBuf,
        /// What stands beside it.
        companion: PathBuf,
    },
    /// Texts would not be for their owner alone.
    #[error(
        "the file of texts `{}` is not used: {found}\nhint: move it away, or name another store",
        shown(path)
    )]
    NotPrivate {
        /// File of texts.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The file was written by a newer version.
    #[error(
        "the store `{}` has schema version {found}, and this caveat knows versions up to {known}\nhint: use the newer caveat that wrote it",
        shown(path)
    )]
    Newer {
        /// Store.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Newest version that can be read.
        known: i64,
    },
    /// The file is from an older version and may not be changed.
    #[error(
        "the store `{}` has the older schema version {found} and is opened for reading only\nhint: open it once for writing, for example with an import, so that it is brought to version {known}",
        shown(path)
    )]
    Older {
        /// Store.
        path: PathBuf,
        /// Version of the file.
        found: i64,
        /// Version that is needed.
        known: i64,
    },
    /// Another process holds the store.
    #[error(
        "the store `{}` is in use by another process\nhint: wait until the other import has ended, then try again",
        shown(path)
    )]
    Busy {
        /// Store.
        path: PathBuf,
    },
    /// The store may not be written.
    #[error(
        "the store `{}` cannot be written: it is read-only\nhint: check the permissions of the file and of its folder",
        shown(path)
    )]
    ReadOnly {
        /// Store.
        path: PathBuf,
    },
    /// The content contradicts itself.
    #[error(
        "the store `{}` is damaged: {found}\nhint: restore it from a copy, or import its sources into a new store",
        shown(path)
    )]
    Damaged {
        /// Store.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The system refused.
    #[error(
        "cannot use the store `{}`: {cause}\nhint: check that the folder exists, that it may be written and that the disk has space",
        shown(path)
    )]
    Io {
        /// Store.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: rusqlite::Error,
    },
    /// An unused file cannot be removed.
    #[error(
        "the unused store `{}` cannot be removed: {cause}\nhint: remove it by hand; nothing is in it",
        shown(path)
    )]
    Removal {
        /// Store.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// A record could not be written, and the import was to be committed all the same.
    #[error(
        "the import into `{}` failed before its end; nothing of it was stored\nhint: remove the cause of the first error and import the source again",
        shown(path)
    )]
    Aborted {
        /// Store.
        path: PathBuf,
    },
    /// A statement failed for a reason that none of the others names.
    #[error(
        "the store `{}` failed: {cause}\nhint: this is a fault of caveat; report it with the message",
        shown(path)
    )]
    Sql {
        /// Store.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        cause: rusqlite::Error,
    },
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// A fault whose file is not named yet.
#[derive(Debug)]
pub(crate) enum Fault {
    Sqlite(rusqlite::Error),
    Damaged(String),
    Foreign(String),
    Newer {
        found: i64,
        known: i64,
    },
    NotAFile,
    Beside(PathBuf),
    NotPrivate(String),
    Removal(std::io::Error),
    /// In another file than the one that the caller names.
    Elsewhere(Box<StoreError>),
}

impl From<rusqlite::Error> for Fault {
    fn from(cause: rusqlite::Error) -> Self {
        Fault::Sqlite(cause)
    }
}

impl Fault {
    pub(crate) fn damaged(found: impl Into<String>) -> Self {
        Fault::Damaged(found.into())
    }

    pub(crate) fn foreign(found: impl Into<String>) -> Self {
        Fault::Foreign(found.into())
    }

    /// Names the file.
    pub(crate) fn at(self, path: &Path) -> StoreError {
        let path = path.to_path_buf();
        let cause = match self {
            Fault::Damaged(found) => return StoreError::Damaged { path, found },
            Fault::Foreign(found) => return StoreError::Foreign { path, found },
            Fault::Newer { found, known } => return StoreError::Newer { path, found, known },
            Fault::Beside(companion) => return StoreError::Beside { path, companion },
            Fault::NotPrivate(found) => return StoreError::NotPrivate { path, found },
            Fault::Removal(cause) => return StoreError::Removal { path, cause },
            Fault::Elsewhere(error) => return *error,
            Fault::NotAFile => {
                let found = "it is a folder, a pipe or a device".to_owned();
                return StoreError::Foreign { path, found };
            }
            Fault::Sqlite(cause) => cause,
        };
        match cause.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
            Some(ErrorCode::NotADatabase) => StoreError::Foreign {
                path,
                found: "it is no SQLite file".to_owned(),
            },
            Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged {
                path,
                found: cause.to_string(),
            },
            Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { path },
            Some(
                ErrorCode::CannotOpen
                | ErrorCode::SystemIoFailure
                | ErrorCode::DiskFull
                | ErrorCode::PermissionDenied,
            ) => StoreError::Io { path, cause },
            Some(_) => StoreError::Sql { path, cause },
            // Not from SQLite itself: a value of an unexpected type.
            None => StoreError::Damaged {
                path,
                found: cause.to_string(),
            },
        }
    }
}
