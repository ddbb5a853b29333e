//! The file of texts beside a corpus file: prompts and responses that the user
//! asked to keep, each once, under the SHA-256 of its bytes.
//!
//! The corpus file names texts by digest and never holds one, so that a report
//! can be made from it by somebody who may not see them. This file is written
//! only by an import that keeps texts and read only by whoever asks for a text.
//! Deleting it loses the texts and nothing else.
//!
//! Two files cannot change in one step. The texts are committed first: a crash
//! in between leaves texts that nothing names, never a name without its text.

use std::path::{Path, PathBuf};

use caveat_corpus::Digest;
use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Statement, Transaction, TransactionBehavior,
    params,
};

use crate::error::{Fault, StoreError};

/// "CVTX" in ASCII.
const APPLICATION_ID: i64 = 0x4356_5458;

/// The only version so far.
const VERSION: i64 = 1;

const TABLES: &str = "CREATE TABLE texts(digest BLOB NOT NULL UNIQUE, text TEXT NOT NULL);";

/// What is added to the path of a corpus file to name its file of texts.
pub const TEXTS_SUFFIX: &str = ".texts.db";

/// The file of texts that belongs to a corpus file.
pub fn texts_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(TEXTS_SUFFIX);
    PathBuf::from(name)
}

/// An open file of texts.
#[derive(Debug)]
pub(crate) struct TextFile {
    connection: Connection,
    path: PathBuf,
}

/// The kept texts, open for reading.
#[derive(Debug)]
pub struct KeptTexts(pub(crate) TextFile);

impl KeptTexts {
    /// Reads the text of a digest, if it was kept.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] for a text that does not have its digest.
    pub fn get(&self, digest: &Digest) -> Result<Option<String>, StoreError> {
        self.0.get(digest)
    }
}

/// Texts that are being written, in one transaction.
///
/// Dropped without [`commit`](TextWriter::commit), it leaves the file as it was.
pub(crate) struct TextWriter<'t> {
    // The statement must go before the transaction ends.
    add: Statement<'t>,
    transaction: Transaction<'t>,
}

impl TextFile {
    /// Opens the file for writing; makes it, for its owner alone, if there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, Fault> {
        make_private(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let file = Self::new(crate::connect(path, flags)?, path);
        file.prepare().map_err(|fault| file.here(fault))?;
        Ok(file)
    }

    /// Opens the file for reading.
    pub(crate) fn open_read_only(path: &Path) -> Result<Self, Fault> {
        let file = Self::new(
            crate::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
            path,
        );
        file.check().map_err(|fault| file.here(fault))?;
        Ok(file)
    }

    /// Texts that live as long as this value.
    pub(crate) fn in_memory() -> Result<Self, Fault> {
        let connection = Connection::open_in_memory()?;
        crate::configure(&connection)?;
        let file = Self::new(connection, Path::new("(in memory)"));
        file.prepare()?;
        Ok(file)
    }

    fn new(connection: Connection, path: &Path) -> Self {
        Self {
            connection,
            path: path.to_path_buf(),
        }
    }

    /// Names this file in a fault, and not the corpus file beside it.
    fn here(&self, fault: Fault) -> Fault {
        Fault::Elsewhere(Box::new(fault.at(&self.path)))
    }

    fn prepare(&self) -> Result<(), Fault> {
        let objects: i64 =
            self.connection
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if objects > 0 {
            return self.check();
        }
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
        Ok(())
    }

    /// Refuses a file that is not ours, or whose tables are others than ours.
    fn check(&self) -> Result<(), Fault> {
        let pragma = |sql: &str| {
            self.connection
                .query_row(sql, [], |row| row.get::<_, i64>(0))
        };
        if pragma("PRAGMA application_id")? != APPLICATION_ID {
            return Err(Fault::foreign("it is no file of kept texts"));
        }
        let version = pragma("PRAGMA user_version")?;
        if version > VERSION {
            return Err(Fault::Newer {
                found: version,
                known: VERSION,
            });
        }
        let mut statement = self.connection.prepare(
            "SELECT coalesce(sql, name) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'",
        )?;
        let found: Vec<String> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        match found.as_slice() {
            [only] if only == TABLES.trim_end_matches(';') => Ok(()),
            _ => Err(Fault::foreign("its tables are not those of kept texts")),
        }
    }

    /// Begins to write.
    pub(crate) fn begin(&self) -> Result<TextWriter<'_>, Fault> {
        let begin = || -> Result<TextWriter<'_>, Fault> {
            let transaction =
                Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
            let add = self
                .connection
                .prepare("INSERT INTO texts VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
            Ok(TextWriter { add, transaction })
        };
        begin().map_err(|fault| self.here(fault))
    }

    /// The text of a digest. A text that is not that of its digest is damage.
    pub(crate) fn get(&self, digest: &Digest) -> Result<Option<String>, StoreError> {
        let get = || -> Result<Option<String>, Fault> {
            let text: Option<String> = self
                .connection
                .prepare_cached("SELECT text FROM texts WHERE digest = ?1")?
                .query_row([digest.as_bytes()], |row| row.get(0))
                .optional()?;
            match text {
                Some(text) if Digest::of(text.as_bytes()) != *digest => Err(Fault::damaged(
                    format!("the text under {digest} is another one"),
                )),
                text => Ok(text),
            }
        };
        get().map_err(|fault| fault.at(&self.path))
    }
}

impl TextWriter<'_> {
    /// Keeps a text, if it is not there yet, and answers with its digest.
    pub(crate) fn keep(&mut self, text: &str) -> Result<Digest, Fault> {
        let digest = Digest::of(text.as_bytes());
        self.add.execute(params![digest.as_bytes(), text])?;
        Ok(digest)
    }

    /// Makes the texts stay.
    pub(crate) fn commit(self) -> Result<(), Fault> {
        drop(self.add);
        self.transaction.commit()?;
        Ok(())
    }
}

/// Makes an empty file that only its owner may read, and takes the rights of
/// others from one that is there. A link is refused: texts would go to where it
/// leads. If no file can be made, opening it tells why.
fn make_private(path: &Path) -> Result<(), Fault> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    if options.open(path).is_ok() {
        return Ok(());
    }
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => restrict(path, &found),
        Ok(found) if found.is_symlink() => Err(Fault::NotPrivate("it is a link".to_owned())),
        Ok(_) => Err(Fault::NotAFile),
        Err(_) => Ok(()),
    }
}

/// Leaves a file to its owner alone.
#[cfg(unix)]
fn restrict(path: &Path, found: &std::fs::Metadata) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt as _;

    let mut permissions = found.permissions();
    if permissions.mode() & 0o077 == 0 {
        return Ok(());
    }
    permissions.set_mode(0o600);
    std::fs::set_permissions(path, permissions).map_err(|cause| {
        Fault::NotPrivate(format!(
            "others may read it, and that cannot be changed ({cause})"
        ))
    })
}

/// Rights are those of the folder.
#[cfg(not(unix))]
fn restrict(_: &Path, _: &std::fs::Metadata) -> Result<(), Fault> {
    Ok(())
}
