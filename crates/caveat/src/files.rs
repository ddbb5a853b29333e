//! Reads the small files that an author writes: definitions, claims, mappings.
//! Says what an output may take the place of.
//!
//! Only a regular file within a bound is read, and only as UTF-8. A pipe, a
//! device or a folder under such a name is wrong use and never waited for. A
//! link that leads nowhere is not the same as no file.
//!
//! An output takes the name of what stood there. A file may take that of a
//! file, a folder that of a folder; a link, a pipe, a socket and a device have
//! a use that would be lost, and are refused. Asking does not open them.

use std::fs;
use std::path::{Path, PathBuf};

use caveat_importer::text::printable;

use crate::exit::Failure;

/// Largest definition, claims file, mapping or table of sizes that is read, in bytes.
const MAX_TEXT_BYTES: u64 = 16 << 20;

/// Reads a file as text.
///
/// # Errors
/// [`Failure`] that names the path and says what to do.
pub fn read_text(path: &Path) -> Result<String, Failure> {
    let name = shown(path);
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        let found = caveat_importer::file::kind(metadata.file_type());
        return Err(Failure::wrong_use(format!(
            "`{name}` is {found}, not a text file\nhint: name the file itself"
        )));
    }
    if metadata.len() > MAX_TEXT_BYTES {
        return Err(Failure::wrong_use(format!(
            "`{name}` has {} bytes, more than the {MAX_TEXT_BYTES} that are read\nhint: a corpus \
             is named under `[[inputs]]` or given to `caveat import`",
            metadata.len()
        )));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        Failure::wrong_use(format!(
            "`{name}` is not UTF-8: byte {} is not part of a character\nhint: save it as UTF-8",
            error.utf8_error().valid_up_to()
        ))
    })
}

/// Refuses to put a file in the place of anything but a regular file.
///
/// # Errors
/// [`Failure`] that says what stands there.
pub fn refuse_as_file(path: &Path) -> Result<(), Failure> {
    match standing(path) {
        Some(found) if !found.is_file() => Err(Failure::wrong_use(format!(
            "`{}` is {}, and only a regular file is replaced\nhint: name a new file",
            shown(path),
            caveat_importer::file::kind(found)
        ))),
        _ => Ok(()),
    }
}

/// Refuses to put a folder in the place of anything but a folder.
///
/// # Errors
/// [`Failure`] that says what stands there.
pub fn refuse_as_folder(path: &Path) -> Result<(), Failure> {
    match standing(path) {
        Some(found) if !found.is_dir() => Err(Failure::wrong_use(format!(
            "`{}` is {}, and only a folder is replaced\nhint: name an empty or a new folder",
            shown(path),
            caveat_importer::file::kind(found)
        ))),
        _ => Ok(()),
    }
}

/// What stands at a path itself. With a mark at its end, a path would mean what
/// a link leads to.
fn standing(path: &Path) -> Option<fs::FileType> {
    let bare: PathBuf = path.components().collect();
    fs::symlink_metadata(bare)
        .ok()
        .map(|found| found.file_type())
}

/// Whether anything stands at a path, also a link that leads nowhere.
pub fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// A path for people.
pub fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Failure::wrong_use(format!(
            "there is no file at `{}`\nhint: check the path",
            shown(path)
        ));
    }
    Failure::io(path, error)
}
