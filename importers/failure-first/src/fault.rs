//! Why a database is refused, inside this crate.
//!
//! [`Fault::into_error`] is the only way out: it adds the file and the remedy.
//! Text that SQLite quotes from the file is escaped here.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use caveat_importer::text::printable;
use caveat_importer::{ImportError, SinkClosed};

use crate::FORMAT;
use crate::schema::Defect;

/// A fault of the whole source.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file cannot be read.
    Io(io::Error),
    /// The file does not start as an SQLite database does.
    NotADatabase,
    /// The file is shorter than its header says.
    Truncated {
        expected_bytes: u64,
        found_bytes: u64,
    },
    /// Recent changes stand in a second file.
    Unfinished { companion: PathBuf },
    /// Tables or columns are missing or stood in for.
    Schema(Defect),
    /// A table yields more rows or text than the file can hold.
    Overgrown { table: &'static str },
    /// Prompt texts are wanted but cannot be looked up.
    TextNotReachable,
    /// SQLite gave up.
    Sqlite(rusqlite::Error),
    /// The receiver stopped.
    Closed(SinkClosed),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Io(cause) => write!(f, "it cannot be read: {cause}"),
            Fault::NotADatabase => {
                f.write_str("expected an SQLite database, found a file that does not start as one")
            }
            Fault::Truncated {
                expected_bytes,
                found_bytes,
            } => write!(
                f,
                "it is cut short: its header promises {expected_bytes} bytes, found {found_bytes}"
            ),
            Fault::Unfinished { companion } => write!(
                f,
                "changes that are not in the file stand in `{}`",
                printable(&companion.display().to_string())
            ),
            Fault::Schema(defect) => f.write_str(&defect.problems),
            Fault::Overgrown { table } => write!(
                f,
                "the database is damaged: table `{table}` yields more than the file can hold"
            ),
            Fault::TextNotReachable => f.write_str(
                "prompt text is to be kept, but `prompts.id` is not the primary key of `prompts`",
            ),
            Fault::Sqlite(error) => write!(f, "{}", sqlite_words(error)),
            Fault::Closed(closed) => write!(f, "{closed}"),
        }
    }
}

impl Fault {
    /// Adds the file and what to do.
    pub(crate) fn into_error(self, path: &Path) -> ImportError {
        let path = path.to_path_buf();
        match self {
            Fault::Io(cause) => ImportError::Io { path, cause },
            Fault::Closed(closed) => ImportError::Closed(closed),
            fault => ImportError::Refused {
                path,
                format: FORMAT,
                found: fault.to_string(),
                hint: fault.hint().to_owned(),
            },
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Fault::NotADatabase => "name the `.db` file of the corpus, or leave out `--from`",
            Fault::Truncated { .. } => "copy the file again from its origin",
            Fault::Unfinished { .. } => {
                "close the program that writes it, or make a clean copy with \
                 `sqlite3 FILE \"VACUUM INTO 'copy.db'\"`, and import the copy"
            }
            Fault::Schema(_) => {
                "export the corpus with the tables and columns of schema v13; \
                 importers/failure-first/README.md lists them"
            }
            Fault::TextNotReachable => "import without keeping text",
            _ => "run `PRAGMA integrity_check` on the file, or copy it again from its origin",
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sqlite(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Fault::Io(error)
    }
}

impl From<SinkClosed> for Fault {
    fn from(closed: SinkClosed) -> Self {
        Fault::Closed(closed)
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
