//! The one question asked of a path before it is opened.
//!
//! A source is read more than once (to recognise it, to hash it, to import
//! it), so only a regular file will do. A pipe would block until somebody
//! writes into it, a device may never end, a folder has no bytes. Asking does
//! not open the file.

use std::fs::{FileType, Metadata};
use std::path::Path;

use crate::ImportError;

/// The facts on a regular file; links are followed.
///
/// # Errors
/// [`ImportError::Io`] if there is nothing at the path, and
/// [`ImportError::NotAFile`] for a folder, a pipe, a socket or a device.
pub fn regular(path: &Path) -> Result<Metadata, ImportError> {
    let metadata = std::fs::metadata(path).map_err(|cause| ImportError::Io {
        path: path.to_path_buf(),
        cause,
    })?;
    if metadata.is_file() {
        return Ok(metadata);
    }
    Err(ImportError::NotAFile {
        path: path.to_path_buf(),
        found: kind(metadata.file_type()),
    })
}

/// What stands at a path, in words.
pub fn kind(found: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if found.is_fifo() {
            return "a pipe";
        }
        if found.is_socket() {
            return "a socket";
        }
        if found.is_char_device() || found.is_block_device() {
            return "a device";
        }
    }
    if found.is_dir() {
        "a folder"
    } else if found.is_symlink() {
        "a link"
    } else if found.is_file() {
        "a file"
    } else {
        "no regular file"
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_folder_is_not_a_file_and_says_so() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let message = regular(folder).unwrap_err().to_string();
        assert!(message.contains("it is a folder"), "{message}");
        assert!(message.contains("\nhint: "), "{message}");
        assert!(regular(&folder.join("Cargo.toml")).is_ok());
        let missing = regular(&folder.join("nothing"));
        assert!(matches!(missing, Err(ImportError::Io { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_not_a_file() {
        let message = regular(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(message.contains("it is a device"), "{message}");
    }
}
