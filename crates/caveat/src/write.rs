//! Writes an edition whole or not at all.
//!
//! The files are written to a new folder beside the target; only when all of
//! them are on disk does the new folder take the name of the old one. A failure
//! leaves the old edition in its place.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::exit::Failure;

/// Replaces the folder `target` by one with exactly these files.
pub fn replace(target: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let parent = target.parent().filter(|p| !p.as_os_str().is_empty());
    let parent = parent.map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    fs::create_dir_all(&parent).map_err(|error| Failure::io(&parent, &error))?;
    refuse_foreign(target)?;
    let fresh = tempfile::Builder::new()
        .prefix(".edition-")
        .tempdir_in(&parent)
        .map_err(|error| Failure::io(&parent, &error))?;
    for (name, bytes) in files {
        write(&fresh.path().join(name), bytes)?;
    }
    open_to_all(fresh.path())?;
    let fresh = fresh.keep();
    swap(&fresh, target, &parent).inspect_err(|_| {
        // The old edition is still in place; what is left of the new one goes.
        let _ = fs::remove_dir_all(&fresh);
    })
}

/// A folder that no edition was written to is not ours to replace.
fn refuse_foreign(target: &Path) -> Result<(), Failure> {
    let empty = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(Failure::io(target, &error)),
    };
    if empty || target.join("manifest.json").is_file() {
        return Ok(());
    }
    let shown = caveat_importer::text::printable(&target.display().to_string());
    Err(Failure::wrong_use(format!(
        "`{shown}` holds files and is no edition (it has no manifest.json), so it is not replaced\n\
         hint: name an empty or a new folder with `--out`"
    )))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let io = |error: std::io::Error| Failure::io(path, &error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    let mut file = fs::File::create_new(path).map_err(io)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_data())
        .map_err(io)
}

/// Temporary folders are private; an edition is for readers.
#[cfg(unix)]
fn open_to_all(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
        .map_err(|error| Failure::io(folder, &error))
}

#[cfg(not(unix))]
fn open_to_all(_folder: &Path) -> Result<(), Failure> {
    Ok(())
}

fn swap(fresh: &Path, target: &Path, parent: &Path) -> Result<(), Failure> {
    if !target.exists() {
        return fs::rename(fresh, target).map_err(|error| Failure::io(target, &error));
    }
    let old = tempfile::Builder::new()
        .prefix(".old-edition-")
        .tempdir_in(parent)
        .map_err(|error| Failure::io(parent, &error))?;
    let kept = old.path().join("edition");
    fs::rename(target, &kept).map_err(|error| Failure::io(target, &error))?;
    fs::rename(fresh, target).map_err(|error| {
        let failure = Failure::io(target, &error);
        let _ = fs::rename(&kept, target);
        failure
    })
}

/// Where a folder differs from these files: missing, different, or not expected.
pub fn differences(
    target: &Path,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Vec<String>, Failure> {
    let mut differences = Vec::new();
    for (name, bytes) in files {
        match fs::read(target.join(name)) {
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
            Err(error) => return Err(Failure::io(&target.join(name), &error)),
        }
    }
    for name in present(target, Path::new(""))? {
        if !files.contains_key(&name) {
            differences.push(format!("{name}: not part of the edition"));
        }
    }
    Ok(differences)
}

/// Every file below a folder, by its path with forward slashes, sorted.
fn present(root: &Path, below: &Path) -> Result<Vec<String>, Failure> {
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
