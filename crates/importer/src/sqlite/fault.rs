//! Why a database cannot be read.
//!
//! [`SqliteFault::into_error`] adds the file, the format and the remedy. Text
//! that SQLite quotes from the file is escaped here.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::ImportError;
use crate::text::printable;

/// A fault of a whole database.
#[derive(Debug)]
#[non_exhaustive]
pub enum SqliteFault {
    /// The file cannot be read.
    Io(io::Error),
    /// The file does not start as an SQLite database does.
    NotADatabase,
    /// The file is shorter than its header says.
    Truncated {
        /// Bytes that the header promises.
        expected_bytes: u64,
        /// Bytes that there are.
        found_bytes: u64,
    },
    /// Recent changes stand in a second file.
    Unfinished {
        /// The second file.
        companion: PathBuf,
    },
    /// A second file that SQLite would read is no file.
    StrangeCompanion {
        /// Its path.
        companion: PathBuf,
        /// What stands there.
        found: &'static str,
    },
    /// Database and write-ahead log are too large to be copied.
    TooLargeToCopy {
        /// Bytes of both.
        found_bytes: u64,
        /// Bytes that are copied at most.
        limit_bytes: u64,
    },
    /// The file changed while it was copied.
    Changing,
    /// A table yields more rows or text than the file can hold.
    Overgrown {
        /// The table.
        table: String,
    },
    /// The schema has more tables and views than a reader looks at.
    TooManyTables {
        /// How many are looked at.
        limit: usize,
    },
    /// SQLite gave up.
    Sqlite(rusqlite::Error),
}

impl std::error::Error for SqliteFault {}

impl fmt::Display for SqliteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SqliteFault::Io(cause) => write!(f, "it cannot be read: {cause}"),
            SqliteFault::NotADatabase => {
                f.write_str("expected an SQLite database, found a file that does not start as one")
            }
            SqliteFault::Truncated {
                expected_bytes,
                found_bytes,
            } => write!(
                f,
                "it is cut short: its header promises {expected_bytes} bytes, found {found_bytes}"
            ),
            SqliteFault::Unfinished { companion } => write!(
                f,
                "changes that are not in the file stand in `{}`",
                printable(&companion.display().to_string())
            ),
            SqliteFault::StrangeCompanion { companion, found } => write!(
                f,
                "`{}` beside it is {found}, not a file",
                printable(&companion.display().to_string())
            ),
            SqliteFault::TooLargeToCopy {
                found_bytes,
                limit_bytes,
            } => write!(
                f,
                "database and write-ahead log have {found_bytes} bytes, \
                 at most {limit_bytes} are copied to be read together"
            ),
            SqliteFault::Changing => f.write_str("it changed while it was read"),
            SqliteFault::Overgrown { table } => write!(
                f,
                "the database is damaged: table `{}` yields more than the file can hold",
                printable(table)
            ),
            SqliteFault::TooManyTables { limit } => {
                write!(f, "it has more than {limit} tables and views")
            }
            SqliteFault::Sqlite(error) => f.write_str(&sqlite_words(error)),
        }
    }
}

impl SqliteFault {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            SqliteFault::NotADatabase => "name the database file itself, or leave out `--from`",
            SqliteFault::Truncated { .. } => "copy the file again from its origin",
            SqliteFault::Unfinished { .. }
            | SqliteFault::TooLargeToCopy { .. }
            | SqliteFault::Changing => {
                "close the program that writes it, or make a clean copy with \
                 `sqlite3 FILE \"VACUUM INTO 'copy.db'\"`, and import the copy"
            }
            SqliteFault::StrangeCompanion { .. } => {
                "no database has that beside it: remove it, or copy the database elsewhere"
            }
            SqliteFault::TooManyTables { .. } => {
                "copy the tables that hold the runs into a database of their own"
            }
            _ => "run `PRAGMA integrity_check` on the file, or copy it again from its origin",
        }
    }

    /// Adds the file and the format.
    pub fn into_error(self, path: &Path, format: &'static str) -> ImportError {
        let path = path.to_path_buf();
        match self {
            SqliteFault::Io(cause) => ImportError::Io { path, cause },
            fault => ImportError::Refused {
                path,
                format,
                found: fault.to_string(),
                hint: fault.hint().to_owned(),
            },
        }
    }
}

impl From<rusqlite::Error> for SqliteFault {
    fn from(error: rusqlite::Error) -> Self {
        SqliteFault::Sqlite(error)
    }
}

impl From<io::Error> for SqliteFault {
    fn from(error: io::Error) -> Self {
        SqliteFault::Io(error)
    }
}

fn sqlite_words(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, TooBig};

    let said = printable(&error.to_string());
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt) => format!("the database is damaged ({said})"),
        Some(NotADatabase) => format!("it is not a readable SQLite database ({said})"),
        Some(TooBig) => format!("it holds a value above the limit on one record ({said})"),
        _ => format!("SQLite cannot read it ({said})"),
    }
}
