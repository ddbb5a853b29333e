//! Opens a database together with the write-ahead log that lies beside it.
//!
//! SQLite cannot read a log without writing beside it, so both files are
//! copied into a private temporary folder, read there, and removed when the
//! [`Database`] is dropped. A rollback journal is still refused: playing one
//! back may delete a file that the journal names.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::SqliteFault;
use super::open::{
    Database, check_file, companion, harden, open, read_header, refuse_journal, refuse_strange,
};
use crate::Limits;

/// Largest database and log, together, that are copied. The memory databases
/// that tools leave open while they run have some hundred megabytes; a larger
/// one can be copied by its owner with `VACUUM INTO`.
pub const MAX_COPY_BYTES: u64 = 4 << 30;

/// The write-ahead log with content beside a database that uses one.
pub fn wal_beside(path: &Path) -> Option<PathBuf> {
    let header = read_header(path).ok()?;
    let writes_ahead = header.get(18..20)?.contains(&2);
    let wal = companion(path, "-wal");
    let has_content = fs::metadata(&wal).is_ok_and(|found| found.is_file() && found.len() > 0);
    (writes_ahead && has_content).then_some(wal)
}

/// Opens a database as [`open`] does; if a write-ahead log with content lies
/// beside it, opens a private copy of both, so that changes which stand only in
/// the log are read.
///
/// # Errors
/// A [`SqliteFault`]: as for [`open`], and if the files are larger than
/// [`MAX_COPY_BYTES`] or change while they are copied.
pub fn open_with_wal(path: &Path, limits: Limits) -> Result<Database, SqliteFault> {
    open_copy_at_most(path, limits, MAX_COPY_BYTES)
}

fn open_copy_at_most(
    path: &Path,
    limits: Limits,
    limit_bytes: u64,
) -> Result<Database, SqliteFault> {
    let Some(wal) = wal_beside(path) else {
        return open(path, limits);
    };
    check_file(path)?;
    refuse_strange(path)?;
    refuse_journal(path)?;
    let before = [state(path)?, state(&wal)?];
    let size_bytes = before.iter().map(|(bytes, _)| bytes).sum();
    if size_bytes > limit_bytes {
        return Err(SqliteFault::TooLargeToCopy {
            found_bytes: size_bytes,
            limit_bytes,
        });
    }
    let folder = private_folder()?;
    let copied = folder.path().join("copy.db");
    let copied_wal = folder.path().join("copy.db-wal");
    for ((from, to), (bytes, _)) in [(path, &copied), (&wal, &copied_wal)]
        .into_iter()
        .zip(&before)
    {
        copy(from, to, *bytes)?;
    }
    if before != [state(path)?, state(&wal)?] {
        return Err(SqliteFault::Changing);
    }
    connect(&copied, limits, size_bytes, folder)
}

fn connect(
    copied: &Path,
    limits: Limits,
    size_bytes: u64,
    folder: TempDir,
) -> Result<Database, SqliteFault> {
    // The copy must be writable for SQLite to take the log in; nothing reads it after us.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(copied, flags)?;
    // With one user the index of the log stays in memory.
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    harden(&connection, limits)?;
    Ok(Database::copied(connection, size_bytes, folder))
}

/// A folder that nobody else may look into.
fn private_folder() -> io::Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("caveat-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    builder.tempdir()
}

fn state(path: &Path) -> io::Result<(u64, Option<SystemTime>)> {
    let metadata: Metadata = fs::metadata(path)?;
    Ok((metadata.len(), metadata.modified().ok()))
}

/// Copies as many bytes as the file had, however much it grows meanwhile.
fn copy(from: &Path, to: &Path, bytes: u64) -> io::Result<()> {
    let mut target = File::options().write(true).create_new(true).open(to)?;
    io::copy(&mut File::open(from)?.take(bytes), &mut target)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn files_above_the_bound_are_not_copied() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("x.db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)")
            .unwrap();
        let limits = Limits::default();
        let refused = open_copy_at_most(&path, limits, 1000)
            .map(|_| ())
            .unwrap_err();
        assert!(matches!(
            refused,
            SqliteFault::TooLargeToCopy {
                limit_bytes: 1000,
                ..
            }
        ));
        let database = open_copy_at_most(&path, limits, MAX_COPY_BYTES).unwrap();
        let x: i64 = database
            .connection
            .query_row("SELECT x FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(x, 1);
    }
}
