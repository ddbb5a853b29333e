//! Proposes a mapping for a table that nobody has described.
//!
//! The columns are found by their names and their values, the values of a
//! verdict are counted, and everything is written as a mapping with comments
//! for the user to correct. What the table does not say stands as a word that
//! an import refuses. Prompts and responses are never shown.

mod columns;
mod profile;
mod propose;
mod words;
mod write;

use std::fmt;
use std::path::Path;

use caveat_importer::{ImportError, Limits, SinkClosed};

use crate::read::{self, Request};
use crate::row::{Cell, Place};
use crate::source::refused;

use self::profile::Profile;
use self::write::Findings;

/// Rows that are looked at: enough for every value of a verdict, and read in seconds.
const MAX_ROWS: u64 = 200_000;

/// What to do with a file that is no table.
const NO_TABLE: &str = "name a CSV file with a header, JSON lines, a JSON list of objects or a \
                        Parquet file, with one row for each response or for each model";

/// A proposed mapping.
///
/// Its text is a mapping file: what is undecided in it is refused by an import
/// with the place and the choices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    mapping: String,
    undecided: Vec<String>,
    rows: u64,
}

impl Guess {
    /// The mapping in TOML, with comments.
    pub fn to_toml(&self) -> &str {
        &self.mapping
    }

    /// What the user has to decide, each in words; empty if the mapping can be used as it is.
    pub fn undecided(&self) -> &[String] {
        &self.undecided
    }

    /// Rows that were looked at.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

impl fmt::Display for Guess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mapping)
    }
}

/// Looks at a table and proposes a mapping.
///
/// ```no_run
/// use std::path::Path;
/// use caveat_import_table::guess;
/// let guess = guess(Path::new("results.csv"), &caveat_importer::Limits::default())?;
/// print!("{guess}");
/// # Ok::<(), caveat_importer::ImportError>(())
/// ```
///
/// # Errors
/// An [`ImportError`] if the file cannot be read, is no table (one column, or more rows
/// that fall apart than rows that do not), or has no row.
pub fn guess(path: &Path, limits: &Limits) -> Result<Guess, ImportError> {
    let columns = columns::find(path, limits)?;
    let found = columns.names.len() + columns.twice.len();
    if found < 2 {
        let found = match found {
            0 => "no column can be told in the file",
            _ => "the file has one column only, as a text has: no table of models and verdicts",
        };
        return Err(refused(path, found, NO_TABLE));
    }
    let mut profiles = vec![Profile::default(); columns.names.len()];
    let mut rows = 0;
    let mut rejects = 0;
    let request = Request {
        path,
        file: None,
        delimiter: None,
        encoding: None,
        rows: columns.rows.as_deref(),
        slots: &columns.names,
        limits,
    };
    let mut stopped = false;
    let read = read::rows(
        &request,
        &mut |_: Place, row: Result<&[Cell<'_>], String>| {
            if rows == MAX_ROWS {
                stopped = true;
                return Err(SinkClosed.into());
            }
            rows += 1;
            match row {
                Ok(cells) => {
                    for (profile, cell) in profiles.iter_mut().zip(cells) {
                        profile.add(cell);
                    }
                }
                Err(_) => rejects += 1,
            }
            Ok(())
        },
    );
    let notes = match read {
        Ok(reading) => reading.notes,
        Err(ImportError::Closed(_)) if stopped => Vec::new(),
        Err(error) => return Err(error),
    };
    if rows == 0 {
        let hint = "write the table again, with one row for each response or for each model";
        return Err(refused(path, "the file has columns and no rows", hint));
    }
    // A table may have broken rows; what falls apart whatever the delimiter is no table.
    if rejects * 2 > rows {
        let found = format!("{rejects} of {rows} rows cannot be read: the file is no table");
        return Err(refused(path, found, NO_TABLE));
    }
    let proposal = propose::propose(&columns, &profiles);
    let file_name = path.file_name().unwrap_or(path.as_os_str());
    let written = write::write(&Findings {
        file_name: file_name.to_string_lossy().into_owned(),
        columns: &columns,
        profiles: &profiles,
        proposal: &proposal,
        notes: &notes,
        rows,
        rejects,
        stopped,
    });
    Ok(Guess {
        mapping: written.text,
        undecided: written.undecided,
        rows,
    })
}
