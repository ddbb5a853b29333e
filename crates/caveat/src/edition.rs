//! An edition on disk, as somebody received it: nothing in it is believed.

use std::fs;
use std::path::{Component, Path, PathBuf};

use caveat_corpus::Digest;
use caveat_render::edition::ANNEX_FILE;
use caveat_render::manifest::{MANIFEST_FILE, Manifest};
use caveat_report::summary::locale::Language;
use serde_json::Value;

use crate::exit::{Failure, REFUSED};
use crate::files::shown;
use crate::importing;

/// Name of the signature of the manifest within an edition.
pub const SIGNATURE_FILE: &str = "manifest.json.minisig";
/// Largest manifest that is read; one of a thousand files has 200 kB.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;
/// Largest annex that is read; ten thousand models make some 60 MB.
const MAX_ANNEX_BYTES: u64 = 256 << 20;

/// A folder with a manifest.
pub struct Edition {
    /// The folder.
    pub folder: PathBuf,
    /// What the manifest says.
    pub manifest: Manifest,
    /// The manifest's bytes, which a signature is over.
    pub manifest_bytes: Vec<u8>,
}

impl Edition {
    /// Reads the manifest of the edition in a folder.
    ///
    /// # Errors
    /// [`Failure`] if there is none, or it is not one of ours, or it names files outside the folder.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(MANIFEST_FILE);
        let manifest_bytes = read(&path, MAX_MANIFEST_BYTES)?;
        let refused = |why: String| {
            Failure::new(
                REFUSED,
                format!(
                    "`{}` is no manifest of an edition: {why}\nhint: name the folder that `caveat \
                     report` wrote",
                    shown(&path)
                ),
            )
        };
        let manifest: Manifest =
            serde_json::from_slice(&manifest_bytes).map_err(|error| refused(error.to_string()))?;
        if manifest.schema != "caveat/manifest" {
            return Err(refused(format!("it says `{}`", manifest.schema)));
        }
        if let Some(file) = manifest.outputs.iter().find(|file| !is_inside(&file.path)) {
            return Err(refused(format!("it names `{}`, a path outside", file.path)));
        }
        Ok(Edition {
            folder: folder.to_path_buf(),
            manifest,
            manifest_bytes,
        })
    }

    /// What is wrong with the files of the edition; nothing, if each is as the manifest says.
    ///
    /// # Errors
    /// [`Failure`] if the system refuses to read.
    pub fn faults(&self) -> Result<Vec<String>, Failure> {
        let mut faults = Vec::new();
        for file in &self.manifest.outputs {
            match digest(&self.folder.join(&file.path))? {
                None => faults.push(format!("{}: missing", file.path)),
                Some(found) if found == (file.bytes, file.sha256) => {}
                Some(_) => faults.push(format!("{}: not the file that was made", file.path)),
            }
        }
        for name in crate::write::present(&self.folder, Path::new(""))? {
            let listed = self.manifest.outputs.iter().any(|file| file.path == name);
            if !listed && name != MANIFEST_FILE && name != SIGNATURE_FILE {
                faults.push(format!("{name}: not part of the edition"));
            }
        }
        Ok(faults)
    }

    /// Reads the annex.
    ///
    /// # Errors
    /// [`Failure`] if it cannot be read or is no annex.
    pub fn annex(&self) -> Result<Value, Failure> {
        let (path, annex) = self.annex_as_it_is()?;
        match annex.get("schema").and_then(Value::as_str) {
            Some("caveat/analysis") => Ok(annex),
            _ => Err(no_annex(&path, &"it has another schema")),
        }
    }

    /// The vendor, if this is the brief of one.
    ///
    /// # Errors
    /// [`Failure`] if the annex cannot be read.
    pub fn vendor(&self) -> Result<Option<String>, Failure> {
        let (_, annex) = self.annex_as_it_is()?;
        let text = |name: &str| annex.get(name).and_then(Value::as_str);
        let is_brief = text("schema") == Some("caveat/vendor-brief-annex");
        Ok(text("provider").filter(|_| is_brief).map(str::to_owned))
    }

    /// The language, if this is a regulator's summary.
    ///
    /// # Errors
    /// [`Failure`] if the annex cannot be read, or names a language that there is none of.
    pub fn summary(&self) -> Result<Option<Language>, Failure> {
        let (path, annex) = self.annex_as_it_is()?;
        let text = |name: &str| annex.get(name).and_then(Value::as_str);
        if text("schema") != Some("caveat/regulator-summary-annex") {
            return Ok(None);
        }
        match text("language").and_then(Language::of_tag) {
            Some(language) => Ok(Some(language)),
            None => Err(no_annex(&path, &"it names no language of a summary")),
        }
    }

    fn annex_as_it_is(&self) -> Result<(PathBuf, Value), Failure> {
        let path = self.folder.join(ANNEX_FILE);
        let bytes = read(&path, MAX_ANNEX_BYTES)?;
        let annex = serde_json::from_slice(&bytes).map_err(|error| no_annex(&path, &error))?;
        Ok((path, annex))
    }
}

fn no_annex(path: &Path, why: &dyn std::fmt::Display) -> Failure {
    Failure::new(
        REFUSED,
        format!(
            "`{}` is no annex of an edition: {why}\nhint: get the edition again",
            shown(path)
        ),
    )
}

/// Whether a path of a manifest stays below its folder.
fn is_inside(path: &str) -> bool {
    let plain = |part| matches!(part, Component::Normal(_));
    !path.is_empty() && !path.contains('\\') && Path::new(path).components().all(plain)
}

/// Reads a regular file of at most so many bytes.
fn read(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() || metadata.len() > most {
        return Err(Failure::new(
            REFUSED,
            format!(
                "`{}` is no file, or has more than {most} bytes\nhint: get the edition again",
                shown(path)
            ),
        ));
    }
    fs::read(path).map_err(|error| Failure::io(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Failure::wrong_use(format!(
            "there is no `{}`\nhint: name the folder of an edition, the one with manifest.json",
            shown(path)
        ));
    }
    Failure::io(path, error)
}

/// Length and digest of a regular file; `None` if there is none. Of a pipe or a
/// device nothing is read: it is not the file that was made.
fn digest(path: &Path) -> Result<Option<(u64, Digest)>, Failure> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => {
            let digest = importing::digest(path).map_err(|error| Failure::io(path, &error))?;
            Ok(Some((metadata.len(), digest)))
        }
        Ok(_) => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io(path, &error)),
    }
}
