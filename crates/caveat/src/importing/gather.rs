//! From the paths of a call to the files to look at.
//!
//! Folders are walked whole: hidden files and files that a `.gitignore` names
//! are data like any other. Links below a folder are not followed, so that a
//! walk ends and stays where the user pointed; they are listed, as is all else
//! that is no regular file. A path that is named is followed, whatever it is.
//!
//! The order is that of the paths, and a file counts once however often it is
//! named, so that `caveat import a b` and `caveat import b a` do the same.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use ignore::WalkBuilder;

/// Why a file of the call itself is no file to look at.
pub const OWN: &str = "written by this import";

/// A file to look at.
#[derive(Clone, Debug)]
pub struct Found {
    /// Path to open.
    pub path: PathBuf,
    /// Path for people.
    pub shown: String,
    /// Path without links, for comparisons; absent where there is nothing.
    pub canonical: Option<PathBuf>,
    /// Path from the folder that was walked; the name alone of a file that was named.
    pub relative: PathBuf,
    /// Whether the user named it, rather than a folder above it.
    pub named: bool,
}

/// What stands in a walked folder and is no file to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Strange {
    /// Path for people.
    pub shown: String,
    /// What it is, in words.
    pub reason: String,
    /// Whether data may be missing because of it.
    pub lost: bool,
}

/// Everything that the paths of a call lead to.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Files in order of path.
    pub files: Vec<Found>,
    /// The rest, in order of path.
    pub strange: Vec<Strange>,
}

/// Walks the paths of a call. `own` are files that the call itself writes.
pub fn gather(paths: &[PathBuf], own: &[PathBuf]) -> Gathered {
    let mut gathered = Gathered::default();
    for path in paths {
        // A folder also where a link that was named leads to one.
        match fs::metadata(path).is_ok_and(|found| found.is_dir()) {
            true => walk(path, &mut gathered),
            false => gathered.files.push(named(path)),
        }
    }
    for file in &mut gathered.files {
        file.canonical = file.path.canonicalize().ok();
    }
    let own: Vec<PathBuf> = own
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    gathered.leave_out_own(&own);
    gathered.sort();
    gathered
}

/// A path for people: with forward slashes, and without `./` in front.
pub fn shown(path: &Path) -> String {
    let mut parts = path.components();
    let plain = match parts.next() {
        Some(Component::CurDir) if parts.as_path().file_name().is_some() => parts.as_path(),
        _ => path,
    };
    plain.to_string_lossy().replace('\\', "/")
}

fn named(path: &Path) -> Found {
    Found {
        path: path.to_path_buf(),
        shown: shown(path),
        canonical: None,
        relative: path.file_name().map_or_else(PathBuf::new, PathBuf::from),
        named: true,
    }
}

fn walk(root: &Path, gathered: &mut Gathered) {
    // No filter: what is hidden or ignored may be data, and none may be lost.
    let walk = WalkBuilder::new(root)
        .standard_filters(false)
        .follow_links(false)
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                gathered.strange.push(Strange {
                    shown: shown(root),
                    reason: format!("a part of it cannot be read: {error}"),
                    lost: true,
                });
                continue;
            }
        };
        let Some(kind) = entry.file_type() else {
            continue;
        };
        if entry.depth() == 0 || kind.is_dir() {
            continue;
        }
        let path = entry.into_path();
        if kind.is_file() {
            let relative = path.strip_prefix(root).unwrap_or(&path).to_path_buf();
            gathered.files.push(Found {
                shown: shown(&path),
                canonical: None,
                relative,
                named: false,
                path,
            });
            continue;
        }
        let reason = match kind.is_symlink() {
            true => {
                "a link, and links in a folder are not followed; name it to import it".to_owned()
            }
            false => format!("{}, not a file", caveat_importer::file::kind(kind)),
        };
        gathered.strange.push(Strange {
            shown: shown(&path),
            reason,
            lost: false,
        });
    }
}

impl Gathered {
    fn leave_out_own(&mut self, own: &[PathBuf]) {
        let (ours, files) =
            std::mem::take(&mut self.files)
                .into_iter()
                .partition(|file: &Found| {
                    let path = file.canonical.as_ref();
                    !file.named && path.is_some_and(|path| own.contains(path))
                });
        self.files = files;
        self.strange
            .extend(ours.into_iter().map(|file: Found| Strange {
                shown: file.shown,
                reason: OWN.to_owned(),
                lost: false,
            }));
    }

    fn sort(&mut self) {
        // A file that was named keeps its own words of it before one that was found.
        self.files
            .sort_by(|one, other| key(one).cmp(&key(other)).then(other.named.cmp(&one.named)));
        let mut first: HashMap<PathBuf, usize> = HashMap::new();
        let mut kept: Vec<Found> = Vec::with_capacity(self.files.len());
        for file in std::mem::take(&mut self.files) {
            if let Some(path) = &file.canonical {
                if let Some(earlier) = first.get(path).and_then(|&at| kept.get_mut(at)) {
                    earlier.named |= file.named;
                    continue;
                }
                first.insert(path.clone(), kept.len());
            }
            kept.push(file);
        }
        self.files = kept;
        self.strange.sort();
        self.strange.dedup();
    }
}

fn key(file: &Found) -> Vec<OsString> {
    let parts = file.path.components();
    parts
        .filter(|part| *part != Component::CurDir)
        .map(|part| part.as_os_str().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn names(gathered: &Gathered, root: &Path) -> Vec<String> {
        let name = |file: &Found| {
            let path = file.path.strip_prefix(root).unwrap();
            path.to_str().unwrap().to_owned()
        };
        gathered.files.iter().map(name).collect()
    }

    #[test]
    fn everything_in_a_folder_is_found_once_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/.hidden")).unwrap();
        fs::create_dir(root.join(".git")).unwrap();
        for name in [
            "b/z",
            "b/a",
            "a",
            ".git/config",
            "b/.hidden/x",
            "ignored.log",
        ] {
            fs::write(root.join(name), "x").unwrap();
        }
        fs::write(root.join(".gitignore"), "*.log\n").unwrap();
        let expected = [
            ".git/config",
            ".gitignore",
            "a",
            "b/.hidden/x",
            "b/a",
            "b/z",
            "ignored.log",
        ];
        for paths in [
            vec![root.to_path_buf()],
            vec![root.join("b/z"), root.join("b"), root.to_path_buf()],
        ] {
            let gathered = gather(&paths, &[]);
            assert_eq!(names(&gathered, root), expected);
            assert!(gathered.strange.is_empty());
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_listed_and_followed_only_where_they_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir(root.join("walked")).unwrap();
        fs::write(root.join("data"), "x").unwrap();
        std::os::unix::fs::symlink(root.join("data"), root.join("walked/link")).unwrap();
        std::os::unix::fs::symlink(root.join("walked"), root.join("walked/loop")).unwrap();
        let gathered = gather(&[root.join("walked")], &[]);
        assert!(gathered.files.is_empty());
        assert_eq!(gathered.strange.len(), 2);
        assert!(gathered.strange[0].reason.starts_with("a link"));
        let gathered = gather(&[root.join("walked/link"), root.join("walked/loop")], &[]);
        assert_eq!(gathered.files.len(), 1);
        assert!(gathered.files[0].named);
    }

    #[test]
    fn what_the_call_writes_is_no_source_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("corpus.caveat.db");
        fs::write(&store, "x").unwrap();
        let store = [store];
        let gathered = gather(&[folder.path().to_path_buf()], &store);
        assert!(gathered.files.is_empty());
        assert_eq!(gathered.strange[0].reason, "written by this import");
        assert_eq!(gather(&store, &store).files.len(), 1);
    }

    #[test]
    fn a_path_is_shown_without_the_folder_that_everybody_is_in() {
        for (path, expected) in [
            ("./a/b", "a/b"),
            ("a/b", "a/b"),
            (".", "."),
            ("../a", "../a"),
            ("/a", "/a"),
        ] {
            assert_eq!(shown(Path::new(path)), expected);
        }
    }
}
