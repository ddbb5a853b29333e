//! Opens a database that is not trusted.
//!
//! Promises that nothing is written beside the source: the file is opened
//! read-only and as immutable, so SQLite makes no `-wal`, `-shm` or `-journal`
//! file and takes no lock. Since that also ignores changes which stand only in
//! such a file, a source that has them is refused. What stands under such a
//! name and is no regular file is never opened: a pipe would be waited for.
//!
//! Does not check the whole file: damage further in shows while it is read.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::SqliteFault;
use super::wal::wal_beside;
use crate::Limits;

/// The first bytes of every SQLite 3 database.
pub const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The first bytes of a rollback journal that has not been played back.
const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// Bytes of the database header.
const HEADER_BYTES: usize = 100;

/// What one record may hold beside its longest text: names, verdicts and the
/// definitions of tables.
const SLACK_BYTES: u64 = 1 << 20;

/// An open source and its size, which bounds what it can yield.
#[derive(Debug)]
pub struct Database {
    /// The connection. It stands before the folder, so that it is closed first.
    pub connection: Connection,
    /// Size of the source in bytes.
    pub size_bytes: u64,
    /// Where a private copy lies, until the database is dropped.
    _folder: Option<TempDir>,
}

impl Database {
    /// A connection to a private copy.
    pub(super) fn copied(connection: Connection, size_bytes: u64, folder: TempDir) -> Self {
        Self {
            connection,
            size_bytes,
            _folder: Some(folder),
        }
    }
}

/// Opens a file read-only, untrusted and without side effects.
///
/// Values longer than `limits.max_record_bytes` (and a little for the rest of
/// the row) cannot be read; ask for `octet_length` first.
///
/// # Errors
/// A [`SqliteFault`] if the file cannot be read, is no SQLite database, is
/// shorter than its header says, or has changes that stand in a journal or a
/// write-ahead log beside it.
pub fn open(path: &Path, limits: Limits) -> Result<Database, SqliteFault> {
    let size_bytes = check_file(path)?;
    refuse_strange(path)?;
    check_companions(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path)?, flags)?;
    harden(&connection, limits)?;
    Ok(Database {
        connection,
        size_bytes,
        _folder: None,
    })
}

/// Takes away everything that reading does not need.
pub(super) fn harden(connection: &Connection, limits: Limits) -> Result<(), rusqlite::Error> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    let longest = limits.max_record_bytes.saturating_add(SLACK_BYTES);
    // SQLite lowers a value above its own ceiling of 1e9 bytes by itself.
    let longest = i32::try_from(longest).unwrap_or(i32::MAX);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, longest)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_EXPR_DEPTH, 100)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100)?;
    // A file that shrinks under a memory map would end the process.
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "temp_store", "memory")
}

/// Compares the header with the file and returns the file's size.
pub(super) fn check_file(path: &Path) -> Result<u64, SqliteFault> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file").into());
    }
    let size_bytes = metadata.len();
    let header = read_header(path)?;
    if !header.starts_with(MAGIC) {
        return Err(SqliteFault::NotADatabase);
    }
    let Ok(header) = <[u8; HEADER_BYTES]>::try_from(header) else {
        return Err(SqliteFault::Truncated {
            expected_bytes: 512,
            found_bytes: size_bytes,
        });
    };
    let expected_bytes = promised_bytes(&header);
    if size_bytes < expected_bytes {
        return Err(SqliteFault::Truncated {
            expected_bytes,
            found_bytes: size_bytes,
        });
    }
    Ok(size_bytes)
}

/// The first bytes of a file, as many as a header has or fewer.
pub(super) fn read_header(path: &Path) -> io::Result<Vec<u8>> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    File::open(path)?.take(100).read_to_end(&mut header)?;
    Ok(header)
}

/// Page size times page count, where the count was kept up to date; else one page.
fn promised_bytes(header: &[u8; HEADER_BYTES]) -> u64 {
    let page_bytes = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65_536,
        bytes => bytes,
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    // SQLite ignores the count when an old writer changed the file without it.
    if header[24..28] == header[92..96] {
        page_bytes * u64::from(pages)
    } else {
        page_bytes
    }
}

/// Refuses a file with something else than a file under the name of its
/// journal, its write-ahead log or that log's index.
pub(super) fn refuse_strange(path: &Path) -> Result<(), SqliteFault> {
    for suffix in ["-journal", "-wal", "-shm"] {
        let companion = companion(path, suffix);
        let found = std::fs::metadata(&companion).ok();
        if let Some(found) = found.filter(|found| !found.is_file()) {
            let found = crate::file::kind(found.file_type());
            return Err(SqliteFault::StrangeCompanion { companion, found });
        }
    }
    Ok(())
}

/// Refuses a file whose latest state is spread over two files.
fn check_companions(path: &Path) -> Result<(), SqliteFault> {
    match wal_beside(path) {
        Some(companion) => Err(SqliteFault::Unfinished { companion }),
        None => refuse_journal(path),
    }
}

/// Refuses a file with a rollback journal that has not been played back.
pub(super) fn refuse_journal(path: &Path) -> Result<(), SqliteFault> {
    let journal = companion(path, "-journal");
    let mut start = Vec::new();
    if let Ok(file) = File::open(&journal) {
        file.take(8).read_to_end(&mut start)?;
    }
    if start == JOURNAL_MAGIC {
        return Err(SqliteFault::Unfinished { companion: journal });
    }
    Ok(())
}

pub(super) fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// The path as a URI that declares the file read-only and immutable.
///
/// Every byte outside of the unreserved set is escaped, so that `?`, `#` and
/// `%` in a file name are no parameters.
fn uri(path: &Path) -> io::Result<String> {
    let absolute = std::path::absolute(path)?;
    let mut uri = String::from("file://");
    if cfg!(windows) {
        uri.push('/');
    }
    for &byte in absolute.as_os_str().as_encoded_bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
        if plain || (cfg!(windows) && byte == b':') {
            uri.push(char::from(byte));
        } else if cfg!(windows) && byte == b'\\' {
            uri.push('/');
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri.push_str("?mode=ro&immutable=1");
    Ok(uri)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_name_cannot_add_parameters_to_the_uri() {
        let uri = uri(Path::new("/a b/x?mode=rwc#%.db")).unwrap();
        assert!(uri.ends_with("/a%20b/x%3Fmode%3Drwc%23%25.db?mode=ro&immutable=1"));
    }

    #[test]
    fn the_header_tells_how_long_the_file_must_be() {
        let mut header = [0_u8; HEADER_BYTES];
        header[16..18].copy_from_slice(&4096_u16.to_be_bytes());
        header[28..32].copy_from_slice(&10_u32.to_be_bytes());
        assert_eq!(promised_bytes(&header), 40_960);
        header[27] = 1;
        assert_eq!(promised_bytes(&header), 4096);
        header[16..18].copy_from_slice(&1_u16.to_be_bytes());
        assert_eq!(promised_bytes(&header), 65_536);
    }
}
