//! Which program a plugin is, and that it is the one that was configured.

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use caveat_corpus::Digest;
use sha2::{Digest as _, Sha256};

use crate::fault::Fault;

/// A program to start, with the files whose digests must agree.
#[derive(Debug, Default)]
pub struct Program {
    /// Executable, as an absolute path.
    pub executable: PathBuf,
    /// Arguments, handed over as they are; there is no shell.
    pub arguments: Vec<String>,
    /// Files that must have the stated digest when the program starts.
    pub pinned: Vec<Pinned>,
    verified: Mutex<Vec<Stamp>>,
}

/// A file and the digest that it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// File, as an absolute path.
    pub path: PathBuf,
    /// SHA-256 of its content.
    pub sha256: Digest,
}

impl Program {
    /// Names a program.
    pub fn new(executable: PathBuf, arguments: Vec<String>, pinned: Vec<Pinned>) -> Self {
        Self {
            executable,
            arguments,
            pinned,
            verified: Mutex::default(),
        }
    }

    /// What is run, for people.
    pub fn command_line(&self) -> String {
        let mut line = self.executable.display().to_string();
        for argument in &self.arguments {
            line.push(' ');
            line.push_str(argument);
        }
        line
    }

    /// Compares every pinned file with its digest; files that have not been
    /// touched since they were last found to agree are not read again.
    pub(crate) fn verify(&self) -> Result<(), Fault> {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        let stamps = self
            .pinned
            .iter()
            .map(|file| Stamp::of(&file.path))
            .collect::<Result<Vec<_>, _>>()?;
        if *verified == stamps && !stamps.is_empty() {
            return Ok(());
        }
        for file in &self.pinned {
            let found = digest(&file.path).map_err(|cause| unreadable(&file.path, cause))?;
            if found != file.sha256 {
                return Err(Fault::Digest {
                    path: file.path.clone(),
                    expected: file.sha256,
                    found,
                });
            }
        }
        *verified = stamps;
        Ok(())
    }
}

/// What changes when a file is written or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: Option<SystemTime>,
    identity: Option<[i64; 4]>,
}

impl Stamp {
    fn of(path: &Path) -> Result<Self, Fault> {
        let metadata = caveat_importer::file::regular(path).map_err(|error| {
            unreadable(path, error.to_string().lines().next().unwrap_or_default())
        })?;
        Ok(Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            identity: identity(&metadata),
        })
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<[i64; 4]> {
    use std::os::unix::fs::MetadataExt as _;
    // The time of the last change of the entry cannot be set back by its owner.
    Some([
        metadata.dev().cast_signed(),
        metadata.ino().cast_signed(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    ])
}

#[cfg(not(unix))]
fn identity(_metadata: &Metadata) -> Option<[i64; 4]> {
    None
}

fn unreadable(path: &Path, cause: impl ToString) -> Fault {
    Fault::Unreadable {
        path: path.to_path_buf(),
        cause: cause.to_string(),
    }
}

/// The SHA-256 of a file, read in pieces.
pub(crate) fn digest(path: &Path) -> std::io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 256 << 10];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Digest::from_bytes(hasher.finalize().into()));
        }
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}
