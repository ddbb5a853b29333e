//! `rejects.jsonl`: every record that could not be used, one JSON object a line.
//!
//! Lines are written as they come, to a temporary file beside the target; the
//! target gets its name at the end. A fault of this file stops no import: it is
//! told at the end, when the account has been shown.

use std::fs;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use caveat_corpus::{Digest, Location};
use caveat_importer::Reject;
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::exit::{self, Failure};
use crate::files::refuse_as_file;

/// What is added to the path of a corpus file to name its file of rejects.
pub const REJECTS_SUFFIX: &str = ".rejects.jsonl";

/// The file of rejects beside a corpus file: those of the last import.
pub fn rejects_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(REJECTS_SUFFIX);
    PathBuf::from(name)
}

/// A file of rejects that is being written.
pub struct RejectsFile {
    target: PathBuf,
    file: Option<BufWriter<NamedTempFile>>,
    /// Bytes and lines so far, and up to the source that is being read.
    written: Extent,
    kept: Extent,
    failed: Option<io::Error>,
}

#[derive(Clone, Copy, Default)]
struct Extent {
    bytes: u64,
    lines: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    digest: Digest,
    location: &'a Location,
    reason: &'a str,
}

impl RejectsFile {
    /// A file that gets this name once there is something in it.
    pub fn new(target: PathBuf) -> Self {
        Self {
            target,
            file: None,
            written: Extent::default(),
            kept: Extent::default(),
            failed: None,
        }
    }

    /// Adds a reject of a source.
    pub fn add(&mut self, path: &str, digest: Digest, reject: &Reject) {
        let line = Line {
            path,
            digest,
            location: &reject.location,
            reason: &reject.reason,
        };
        let result = exit::json_line(&line)
            .map_err(io::Error::other)
            .and_then(|line| self.write(&line));
        self.remember(result);
    }

    /// The source is in the store: its lines stay.
    pub fn keep(&mut self) {
        self.kept = self.written;
    }

    /// The source is refused for another reason than its rejects: its lines go.
    pub fn take_back(&mut self) {
        let result = match &mut self.file {
            Some(file) if self.written.bytes > self.kept.bytes => file.flush().and_then(|()| {
                let file = file.get_mut().as_file_mut();
                file.set_len(self.kept.bytes)?;
                file.seek(SeekFrom::Start(self.kept.bytes)).map(|_| ())
            }),
            _ => Ok(()),
        };
        self.written = self.kept;
        self.remember(result);
    }

    /// Gives the file its name, and says how many lines it has. Without any
    /// line an older file of this name is removed, unless the file was asked for.
    ///
    /// # Errors
    /// The first fault that the file met.
    pub fn finish(mut self, asked_for: bool) -> Result<u64, Failure> {
        self.take_back();
        if let Some(error) = self.failed.take() {
            return Err(Failure::io(&self.target, &error));
        }
        refuse_as_file(&self.target)?;
        let result = match self.kept.lines {
            0 if !asked_for => self.remove_older(),
            _ => self.persist(),
        };
        result.map_err(|error| Failure::io(&self.target, &error))?;
        Ok(self.kept.lines)
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.open()?.write_all(line)?;
        self.written.bytes += u64::try_from(line.len()).unwrap_or(u64::MAX);
        self.written.lines += 1;
        Ok(())
    }

    fn open(&mut self) -> io::Result<&mut BufWriter<NamedTempFile>> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let folder = self.target.parent().filter(|p| !p.as_os_str().is_empty());
                BufWriter::new(NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?)
            }
        };
        Ok(self.file.insert(file))
    }

    fn persist(&mut self) -> io::Result<()> {
        self.open()?.flush()?;
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist(&self.target).map_err(|error| error.error)?;
        Ok(())
    }

    fn remove_older(&self) -> io::Result<()> {
        match fs::symlink_metadata(&self.target) {
            Ok(found) if found.is_file() => fs::remove_file(&self.target),
            _ => Ok(()),
        }
    }

    fn remember(&mut self, result: io::Result<()>) {
        if let Err(error) = result {
            self.failed.get_or_insert(error);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn reject(reason: &str) -> Reject {
        Reject {
            location: Location {
                entry: None,
                record: Some("7".to_owned()),
                byte: Some(90),
            },
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn lines_of_a_refused_source_are_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("rejects.jsonl");
        let mut file = RejectsFile::new(target.clone());
        let digest = Digest::of(b"x");
        file.add("a", digest, &reject("first"));
        file.keep();
        file.add("b", digest, &reject("of a refused source"));
        file.take_back();
        file.add("c", digest, &reject("last \u{1b}[31m\u{202e}"));
        file.keep();
        assert_eq!(file.finish(false).unwrap(), 2);
        let text = fs::read_to_string(&target).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(
            (&lines[0]["path"], &lines[1]["path"]),
            (&"a".into(), &"c".into())
        );
        assert_eq!(lines[0]["location"]["byte"], 90);
        assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'));
    }

    #[test]
    fn without_rejects_there_is_no_file_unless_it_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("rejects.jsonl");
        fs::write(&target, "of an earlier import\n").unwrap();
        assert_eq!(RejectsFile::new(target.clone()).finish(false).unwrap(), 0);
        assert!(!target.exists());
        assert_eq!(RejectsFile::new(target.clone()).finish(true).unwrap(), 0);
        assert_eq!(fs::read(&target).unwrap(), b"");
    }
}
