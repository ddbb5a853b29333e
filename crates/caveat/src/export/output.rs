//! A file under construction: hashed while it is written, on disk before it gets
//! its name.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use caveat_corpus::Digest;
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use super::ExportedFile;
use crate::exit::Failure;
use crate::files::refuse_as_file;

/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// A file that has no name yet.
pub(super) struct Output {
    writer: BufWriter<Hashed>,
    target: PathBuf,
}

/// A file that is complete and on disk.
pub(super) struct Complete {
    file: NamedTempFile,
    target: PathBuf,
    pub(super) bytes: u64,
    pub(super) sha256: Digest,
}

struct Hashed {
    file: NamedTempFile,
    hasher: Sha256,
    bytes: u64,
}

impl Output {
    /// Begins a file that will stand at `target`.
    pub(super) fn begin(target: &Path) -> Result<Self, Failure> {
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let file = NamedTempFile::new_in(folder).map_err(|error| Failure::io(target, &error))?;
        let hashed = Hashed {
            file,
            hasher: Sha256::new(),
            bytes: 0,
        };
        Ok(Self {
            writer: BufWriter::with_capacity(BUFFER_BYTES, hashed),
            target: target.to_path_buf(),
        })
    }

    /// Where the file will stand, for messages.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// Ends the file; its bytes are on disk.
    pub(super) fn complete(self) -> Result<Complete, Failure> {
        let target = self.target;
        let io = |error: io::Error| Failure::io(&target, &error);
        let hashed = self
            .writer
            .into_inner()
            .map_err(|error| io(error.into_error()))?;
        hashed.file.as_file().sync_data().map_err(io)?;
        Ok(Complete {
            bytes: hashed.bytes,
            sha256: Digest::from_bytes(hashed.hasher.finalize().into()),
            file: hashed.file,
            target,
        })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        self.bytes += u64::try_from(written).unwrap_or(u64::MAX);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Complete {
    /// Gives the file its name, in place of one that has it.
    pub(super) fn name(self) -> Result<ExportedFile, Failure> {
        refuse_as_file(&self.target)?;
        let path = self.target.to_string_lossy().into_owned();
        self.file
            .persist(&self.target)
            .map_err(|error| Failure::io(&self.target, &error.error))?;
        Ok(ExportedFile {
            path,
            bytes: self.bytes,
            sha256: self.sha256,
        })
    }
}

/// The file for cells beside the one for traces: `x.cells.csv` for `x.csv`.
pub(super) fn beside(out: &Path) -> PathBuf {
    let mut name = out.file_stem().unwrap_or_default().to_owned();
    name.push(".cells");
    if let Some(extension) = out.extension() {
        name.push(".");
        name.push(extension);
    }
    out.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_beside_the_traces() {
        for (out, expected) in [
            ("a/x.csv", "a/x.cells.csv"),
            ("x.tar.parquet", "x.tar.cells.parquet"),
            ("x", "x.cells"),
        ] {
            assert_eq!(beside(Path::new(out)), Path::new(expected));
        }
    }
}
