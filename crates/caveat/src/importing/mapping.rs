//! Mapping files: the options of an importer, and the files they are for.
//!
//! A mapping is TOML. Two keys are the host's: `importer`, which importer it
//! speaks to, and `files`, globs for the files that are to be read with it. All
//! other keys are options of the importer and are passed on as they stand.
//!
//! - With `files` it holds for the files that match, and they are read by its
//!   importer, `table` unless said otherwise, whatever their content says.
//! - Without `files` it holds for the files that its `importer` recognises; if
//!   it names none, for every file that the user named.
//!
//! A glob is taken from the folder that is imported, from the folder of the
//! mapping, and from where the call was made: `tabular/*.csv` fits in each of
//! the three. `*` stays within a folder, `**` does not.

use std::path::{Path, PathBuf};

use caveat_corpus::Digest;
use caveat_importer::text::printable;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde_json::{Map, Value};

use super::gather::Found;
use crate::exit::Failure;
use crate::files;

/// The importer of a mapping with `files` that names none.
const DEFAULT_IMPORTER: &str = "table";

/// Most globs of one mapping.
const MAX_GLOBS: usize = 1000;

/// A mapping file that has been read.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Path for people.
    pub shown: String,
    /// Digest of the file.
    pub digest: Digest,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Importer that it names.
    pub importer: Option<String>,
    /// Options of the importer.
    pub options: Map<String, Value>,
    files: Option<Files>,
}

#[derive(Clone, Debug)]
struct Files {
    globs: GlobSet,
    folder: Option<PathBuf>,
}

impl Mapping {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// [`Failure`] for a file that cannot be read, is no TOML, or whose
    /// `importer` or `files` are not what they should be.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = files::read_text(path)?;
        let wrong = |problem: String, hint: &str| {
            let name = printable(&path.display().to_string());
            Failure::wrong_use(format!(
                "cannot use the mapping `{name}`: {problem}\nhint: {hint}"
            ))
        };
        let mut options: Map<String, Value> = toml::from_str(&text).map_err(|error| {
            let hint = "a mapping is TOML; see importers/table/README.md";
            wrong(error.message().to_owned(), hint)
        })?;
        let importer = match options.shift_remove("importer") {
            None => None,
            Some(Value::String(name)) => Some(name),
            Some(_) => {
                let hint = "write `importer = \"NAME\"`; `caveat importers` lists the names";
                return Err(wrong("`importer` is not a name".to_owned(), hint));
            }
        };
        let files = options
            .shift_remove("files")
            .map(|globs| Files::new(&globs, path))
            .transpose()
            .map_err(|problem| {
                wrong(
                    problem,
                    "write `files = [\"tabular/*.csv\", \"runs/**/*.tsv\"]`",
                )
            })?;
        Ok(Self {
            shown: super::gather::shown(path),
            digest: Digest::of(text.as_bytes()),
            bytes: u64::try_from(text.len()).unwrap_or(u64::MAX),
            importer,
            options,
            files,
        })
    }

    /// Whether it says which files it is for.
    pub fn names_files(&self) -> bool {
        self.files.is_some()
    }

    /// The importer that its files are read by.
    pub fn importer_of_files(&self) -> &str {
        self.importer.as_deref().unwrap_or(DEFAULT_IMPORTER)
    }

    /// Whether one of its globs fits a file.
    pub fn fits(&self, file: &Found) -> bool {
        let Some(files) = &self.files else {
            return false;
        };
        let from_mapping = files.folder.as_deref().and_then(|folder| {
            let canonical = file.canonical.as_deref()?;
            canonical.strip_prefix(folder).ok()
        });
        let paths = [
            Some(file.relative.as_path()),
            Some(Path::new(&file.shown)),
            from_mapping,
        ];
        paths
            .into_iter()
            .flatten()
            .any(|path| files.globs.is_match(path))
    }

    /// Where its options stand, for messages.
    pub fn place(&self) -> String {
        format!("the mapping `{}`", printable(&self.shown))
    }

    /// One sentence for the account.
    pub fn note(&self) -> String {
        format!("mapping `{}` (SHA-256 {})", self.shown, self.digest)
    }
}

impl Files {
    fn new(value: &Value, mapping: &Path) -> Result<Self, String> {
        let globs = value.as_array().ok_or("`files` is not a list of globs")?;
        if globs.is_empty() || globs.len() > MAX_GLOBS {
            return Err(format!(
                "`files` has {} globs; 1 to {MAX_GLOBS} are read",
                globs.len()
            ));
        }
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            let glob = glob.as_str().ok_or("`files` is not a list of globs")?;
            let built = GlobBuilder::new(glob.strip_prefix("./").unwrap_or(glob))
                .literal_separator(true)
                .build()
                .map_err(|error| format!("`{}` is no glob: {}", printable(glob), error.kind()))?;
            set.add(built);
        }
        let globs = set.build().map_err(|error| error.to_string())?;
        let folder = mapping.canonicalize().ok();
        let folder = folder.and_then(|path| path.parent().map(Path::to_path_buf));
        Ok(Self { globs, folder })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::fs;

    use super::super::gather::gather;
    use super::*;

    fn mapping(path: &Path, text: &str) -> Mapping {
        fs::write(path, text).unwrap();
        Mapping::read(path).unwrap()
    }

    #[test]
    fn a_glob_is_taken_from_the_walked_folder_or_from_the_folder_of_the_mapping() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("runs/tabular/deep")).unwrap();
        for name in ["a.csv", "tabular/b.csv", "tabular/deep/c.csv"] {
            fs::write(root.join("runs").join(name), "x\n").unwrap();
        }
        let fitting = |mapping: &Mapping, path: &Path| -> Vec<String> {
            let gathered = gather(&[path.to_path_buf()], &[]);
            let fits = gathered.files.iter().filter(|file| mapping.fits(file));
            fits.map(|file| file.relative.to_str().unwrap().replace('\\', "/"))
                .collect()
        };
        let outside = mapping(&root.join("m.toml"), "files = [\"tabular/*.csv\"]");
        assert_eq!(fitting(&outside, &root.join("runs")), ["tabular/b.csv"]);
        let beside = mapping(&root.join("runs/m.toml"), "files = [\"tabular/*.csv\"]");
        assert_eq!(fitting(&beside, root), ["runs/tabular/b.csv"]);
        assert_eq!(
            fitting(&beside, &root.join("runs/tabular/b.csv")),
            ["b.csv"]
        );
        let deep = mapping(&root.join("m.toml"), "files = [\"**/*.csv\"]");
        assert_eq!(fitting(&deep, &root.join("runs")).len(), 3);
        let one = mapping(&root.join("m.toml"), "files = [\"*.csv\"]");
        assert_eq!(fitting(&one, &root.join("runs")), ["a.csv"]);
    }

    #[test]
    fn the_keys_of_the_host_do_not_reach_the_importer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.toml");
        let read = mapping(
            &path,
            "importer = \"inspect\"\nfiles = [\"*.eval\"]\n[success.judge]\nequals = \"C\"\n",
        );
        assert_eq!(read.importer_of_files(), "inspect");
        assert_eq!(read.options.keys().collect::<Vec<_>>(), ["success"]);
        assert_eq!(
            mapping(&path, "files = [\"x\"]").importer_of_files(),
            "table"
        );
    }

    #[test]
    fn a_mapping_that_cannot_be_used_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.toml");
        for (text, problem) in [
            ("files = \"x\"", "not a list of globs"),
            ("files = []", "has 0 globs"),
            ("files = [1]", "not a list of globs"),
            ("files = [\"a{b\"]", "`a{b` is no glob"),
            ("importer = 3", "`importer` is not a name"),
            ("= 1", "cannot use the mapping"),
        ] {
            fs::write(&path, text).unwrap();
            let message = Mapping::read(&path).unwrap_err().message;
            assert!(message.contains(problem), "{text}: {message}");
            assert!(message.contains("\nhint: "), "{message}");
        }
    }
}
