//! Writes an edition whole or not at all.
//!
//! The files are written to a workshop beside the target, a hidden folder with
//! a locked file in it; only when all of them are on disk does the new edition
//! take the name of the old one. A failure leaves the old edition in its place.
//!
//! A run that is killed cannot clean up after itself. The next run that writes
//! the same edition does: a workshop whose lock nobody holds is removed, and an
//! old edition that lost its name in the middle of the exchange gets it back.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::exit::Failure;
use crate::files::{refuse_as_folder, shown};

/// Name of the locked file that marks a workshop and says that it is in use.
const LOCK: &str = "caveat.lock";
/// How often a workshop is made anew when another run has removed it.
const ATTEMPTS: usize = 3;
/// Name of the new edition within the workshop.
const FRESH: &str = "fresh";
/// Name of the old edition within the workshop.
const OLD: &str = "old";
/// What the manifest of an edition calls itself.
const EDITION: &str = "caveat/manifest";
/// Largest manifest that is looked at; one of a thousand files has 200 kB.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;

/// Replaces the folder `target` by one with exactly these files.
///
/// # Errors
/// [`Failure`] if the target holds anything but an edition, or if the system
/// refuses; the target is then as it was.
pub fn replace(target: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    replace_with(target, EDITION, |fresh| {
        for (name, bytes) in files {
            write(&fresh.join(name), bytes)?;
        }
        Ok(())
    })
}

/// Replaces the folder `target` by one that `make` fills. A folder that is there
/// must be empty or have a `manifest.json` of this schema; `make` writes one.
///
/// # Errors
/// As [`replace`], and what `make` answers.
pub fn replace_with(
    target: &Path,
    schema: &str,
    make: impl FnOnce(&Path) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (parent, name) = place(target)?;
    fs::create_dir_all(&parent).map_err(|error| Failure::io(&parent, &error))?;
    clear_abandoned(&parent, &name, target)?;
    refuse_other(target, schema)?;
    let workshop = Workshop::open(&parent, &name)?;
    let fresh = workshop.path(FRESH);
    make(&fresh)?;
    workshop.exchange(&fresh, target)
}

/// The folder that holds the target, and the target's name in it.
fn place(target: &Path) -> Result<(PathBuf, OsString), Failure> {
    let Some(name) = target.file_name() else {
        return Err(Failure::wrong_use(format!(
            "`{}` names no folder that could be replaced\nhint: name an empty or a new folder",
            shown(target)
        )));
    };
    let parent = target.parent().filter(|p| !p.as_os_str().is_empty());
    let parent = parent.map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    Ok((parent, name.to_owned()))
}

/// Refuses a folder that holds anything but one of ours: what would be lost
/// must have been written by this program.
///
/// # Errors
/// [`Failure`] with the files that are not ours, or if the folder cannot be read.
pub fn refuse_foreign(target: &Path) -> Result<(), Failure> {
    refuse_other(target, EDITION)
}

/// The same for a folder whose `manifest.json` has this schema.
///
/// # Errors
/// As [`refuse_foreign`].
pub fn refuse_other(target: &Path, schema: &str) -> Result<(), Failure> {
    refuse_as_folder(target)?;
    let empty = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(Failure::io(target, &error)),
    };
    if empty || is_typst_folder(target) {
        return Ok(());
    }
    let Some(listed) = our_manifest(target, schema) else {
        return Err(Failure::wrong_use(format!(
            "`{}` holds files and is nothing that caveat wrote there before (it has no manifest.json \
             that says `{schema}`), so it is not replaced\nhint: name an empty or a new folder",
            shown(target)
        )));
    };
    let mut there = Vec::new();
    collect(target, target, &mut there).map_err(|error| Failure::io(target, &error))?;
    let strange: Vec<String> = there
        .into_iter()
        .filter(|name| !ours(name) && !listed.is_empty() && !listed.contains(name))
        .collect();
    if strange.is_empty() {
        return Ok(());
    }
    let named: Vec<String> = strange
        .iter()
        .take(3)
        .map(|name| caveat_importer::text::printable(name))
        .collect();
    Err(Failure::wrong_use(format!(
        "`{}` holds {} that the edition did not write and that would be lost: {}\nhint: move \
         them elsewhere, or write the edition to another folder with `--out`",
        shown(target),
        if strange.len() == 1 {
            "a file".to_owned()
        } else {
            format!("{} files", strange.len())
        },
        named.join(", ")
    )))
}

/// What stands in an edition beside the files that its manifest lists. A
/// signature of the old edition is of no use to the new one.
fn ours(name: &str) -> bool {
    name == "manifest.json" || name == crate::edition::SIGNATURE_FILE
}

/// Every file below a folder, with `/` between names; links are files here.
fn collect(folder: &Path, root: &Path, found: &mut Vec<String>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), root, found)?;
        } else if let Ok(name) = entry.path().strip_prefix(root) {
            found.push(name.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

/// Whether a folder is one that `--typst` wrote, with nothing else beside.
fn is_typst_folder(folder: &Path) -> bool {
    let ours = |kind: &str| ["annex.json", "data.json", "lib", kind].map(str::to_owned);
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort_unstable();
    let documents = [("report", "report.typ"), ("vendor-brief", "brief.typ")];
    documents
        .into_iter()
        .any(|(kind, file)| names == ours(kind) && folder.join(kind).join(file).is_file())
        && folder.join("lib/fonts").is_dir()
}

/// The files that our manifest lists; none where a manifest of its kind keeps no
/// list, as that of an export. Programs of many kinds keep a `manifest.json`;
/// ours says whose it is.
fn our_manifest(folder: &Path, schema: &str) -> Option<std::collections::BTreeSet<String>> {
    let path = folder.join("manifest.json");
    let readable =
        fs::metadata(&path).is_ok_and(|found| found.is_file() && found.len() <= MAX_MANIFEST_BYTES);
    let manifest: serde_json::Value = readable
        .then(|| fs::read(&path).ok())
        .flatten()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())?;
    if manifest["schema"] != schema {
        return None;
    }
    let outputs = manifest["outputs"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let paths = outputs.iter().filter_map(|output| output["path"].as_str());
    Some(paths.map(str::to_owned).collect())
}

/// A folder beside the target in which an edition is put together.
struct Workshop {
    folder: TempDir,
    /// Held as long as the workshop is in use.
    _lock: File,
}

impl Workshop {
    /// Makes a workshop. Another run may take a folder without a lock for one
    /// that was left behind and remove it; then a new one is made.
    fn open(parent: &Path, name: &OsString) -> Result<Self, Failure> {
        let mut opened = Self::try_open(parent, name);
        for _ in 0..ATTEMPTS {
            match &opened {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    opened = Self::try_open(parent, name);
                }
                _ => break,
            }
        }
        opened.map_err(|error| Failure::io(parent, &error))
    }

    fn try_open(parent: &Path, name: &OsString) -> std::io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(&prefix(name))
            .tempdir_in(parent)?;
        let lock = File::create_new(folder.path().join(LOCK))?;
        lock.lock()?;
        fs::create_dir(folder.path().join(FRESH))?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Gives the new edition the name of the old one.
    fn exchange(&self, fresh: &Path, target: &Path) -> Result<(), Failure> {
        let io = |error: std::io::Error| Failure::io(target, &error);
        if fs::symlink_metadata(target).is_err() {
            return fs::rename(fresh, target).map_err(io);
        }
        let old = self.path(OLD);
        fs::rename(target, &old).map_err(io)?;
        fs::rename(fresh, target).map_err(|error| {
            let _ = fs::rename(&old, target);
            io(error)
        })
    }
}

impl Drop for Workshop {
    /// The lock goes last: what is left without one would never be cleared.
    fn drop(&mut self) {
        clear(self.folder.path());
    }
}

/// Removes what a workshop holds, but for the lock.
fn clear(workshop: &Path) {
    for name in [FRESH, OLD] {
        // An old edition that was a link is removed as a link.
        let _ = fs::remove_dir_all(workshop.join(name));
    }
}

/// How the names of all workshops of one target begin.
fn prefix(name: &OsString) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push("-");
    prefix
}

/// Removes what killed runs left behind, and puts back what they took away.
fn clear_abandoned(parent: &Path, name: &OsString, target: &Path) -> Result<(), Failure> {
    let prefix = prefix(name);
    let entries = fs::read_dir(parent).map_err(|error| Failure::io(parent, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Failure::io(parent, &error))?;
        let ours = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(prefix.as_encoded_bytes());
        // A link is a folder of somebody else and has the type of a link here.
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let workshop = entry.path();
        let Some(_lock) = abandoned(&workshop) else {
            // Killed before it had a lock, if it is empty; else it stays.
            let _ = fs::remove_dir(&workshop);
            continue;
        };
        let old = workshop.join(OLD);
        if fs::symlink_metadata(target).is_err() && fs::symlink_metadata(&old).is_ok() {
            fs::rename(&old, target).map_err(|error| Failure::io(target, &error))?;
        }
        clear(&workshop);
        fs::remove_dir_all(&workshop).map_err(|error| Failure::io(&workshop, &error))?;
    }
    Ok(())
}

/// The lock of a workshop whose owner has ended; nothing if it is in use or none.
fn abandoned(workshop: &Path) -> Option<File> {
    let path = workshop.join(LOCK);
    if !fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
        return None;
    }
    let lock = File::open(path).ok()?;
    lock.try_lock().ok()?;
    Some(lock)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let io = |error: std::io::Error| Failure::io(path, &error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    let mut file = File::create_new(path).map_err(io)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_data())
        .map_err(io)
}

/// Where a folder differs from these files: missing, different, or not expected.
pub fn differences(
    target: &Path,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<String>, Failure> {
    let mut differences = Vec::new();
    for (name, bytes) in files {
        let path = target.join(name);
        // A pipe would be waited for, a device read without an end.
        if let Some(found) = fs::metadata(&path).ok().filter(|found| !found.is_file()) {
            let found = caveat_importer::file::kind(found.file_type());
            differences.push(format!("{name}: is {found}, not a file"));
            continue;
        }
        match fs::read(&path) {
            Ok(present) if present == *bytes => {}
            Ok(present) => {
                let first = present.iter().zip(bytes).position(|(a, b)| a != b);
                let first = first.unwrap_or_else(|| present.len().min(bytes.len()));
                differences.push(format!(
                    "{name}: differs from byte {first} ({} bytes there, {} recomputed)",
                    present.len(),
                    bytes.len()
                ));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                differences.push(format!("{name}: missing"));
            }
            Err(error) => return Err(Failure::io(&path, &error)),
        }
    }
    for name in present(target, Path::new(""))? {
        if !files.contains_key(&name) && name != crate::edition::SIGNATURE_FILE {
            differences.push(format!("{name}: not part of the edition"));
        }
    }
    Ok(differences)
}

/// Every file below a folder, by its path with forward slashes, sorted.
pub(crate) fn present(root: &Path, below: &Path) -> Result<Vec<String>, Failure> {
    let folder = root.join(below);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::io(&folder, &error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| Failure::io(&folder, &error))?;
        let name = below.join(entry.file_name());
        let kind = entry
            .file_type()
            .map_err(|error| Failure::io(&folder, &error))?;
        if kind.is_dir() {
            names.extend(present(root, &name)?);
        } else {
            names.push(name.to_string_lossy().replace('\\', "/"));
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn edition(word: &str) -> BTreeMap<String, Vec<u8>> {
        let manifest = br#"{"schema":"caveat/manifest"}"#.to_vec();
        [
            ("manifest.json".to_owned(), manifest),
            ("annex/a.csv".to_owned(), word.as_bytes().to_vec()),
        ]
        .into()
    }

    fn word(target: &Path) -> String {
        fs::read_to_string(target.join("annex/a.csv")).unwrap()
    }

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<OsString> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_left_beside_an_edition() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("edition");
        for text in ["one", "two"] {
            replace(&target, &edition(text)).unwrap();
            assert_eq!(word(&target), text);
            assert_eq!(names(folder.path()), ["edition"]);
        }
    }

    #[test]
    fn a_killed_run_is_cleared_up_and_its_old_edition_gets_its_name_back() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("edition");
        let workshop = folder.path().join(".edition-abcdef");
        fs::create_dir(&workshop).unwrap();
        fs::write(workshop.join(LOCK), "").unwrap();
        fs::create_dir(folder.path().join(".edition-fedcba")).unwrap();
        replace(&workshop.join(OLD), &edition("old")).unwrap();
        clear_abandoned(folder.path(), &"edition".into(), &target).unwrap();
        assert_eq!(word(&target), "old");
        assert_eq!(names(folder.path()), ["edition"]);
    }

    #[test]
    fn a_workshop_in_use_and_a_folder_of_another_kind_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("edition");
        let used = Workshop::open(folder.path(), &"edition".into()).unwrap();
        let other = folder.path().join(".edition-notes");
        fs::create_dir(&other).unwrap();
        fs::write(other.join("notes.txt"), "mine").unwrap();
        replace(&target, &edition("new")).unwrap();
        assert!(used.path(FRESH).is_dir());
        assert!(other.join("notes.txt").is_file());
        assert_eq!(word(&target), "new");
    }

    #[test]
    fn a_manifest_of_another_program_does_not_make_an_edition() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("manifest.json"),
            r#"{"manifest_version":3}"#,
        )
        .unwrap();
        let failure = replace(folder.path(), &edition("new")).unwrap_err();
        assert!(
            failure.message.contains("is not replaced"),
            "{}",
            failure.message
        );
        assert_eq!(names(folder.path()), ["manifest.json"]);
        assert!(replace(Path::new(".."), &edition("new")).is_err());
    }
}
