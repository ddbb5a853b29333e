//! From the files of a call to sources: each recognised by its content, with
//! the files that are read together with it.
//!
//! Nothing is guessed. A file that no importer claims is listed; one that looks
//! like a format and cannot be used is listed with the reason and the remedy.
//! Files are looked at in parallel, and the answer is in the order of the files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use caveat_importer::text::printable;
use caveat_importer::{Importer, Options, Recognition, Resemblance, recognise};
use rayon::prelude::*;
use serde_json::{Map, Value};

use super::gather::{Found, Gathered, shown};
use super::mapping::Mapping;
use super::{CompanionFile, Request};
use crate::catalogue::Catalogue;
use crate::exit::{self, Failure};

/// What the user wants of an import, beside the paths.
#[derive(Clone, Default)]
pub struct Wish {
    /// Importer, if named.
    pub from: Option<&'static dyn Importer>,
    /// Mapping files.
    pub mappings: Vec<Mapping>,
    /// Keep texts.
    pub keep_text: bool,
    /// Refuse a source with any reject.
    pub strict: bool,
}

/// What a file of the call is.
pub enum Sorted {
    /// A source.
    Source(Box<Request>),
    /// No importer claims it.
    Unknown(Unknown),
    /// It cannot be a source, and that is a fault.
    Refused {
        /// Path for people.
        path: String,
        /// Why.
        failure: Failure,
    },
}

/// A file that no importer claims.
pub struct Unknown {
    /// Path for people.
    pub path: String,
    /// Whether the user named it, rather than a folder above it.
    pub named: bool,
    /// What is known of it, where that is more than nothing.
    pub reasons: Vec<String>,
    /// The formats that it almost is.
    pub almost: Vec<Resemblance>,
    /// Whether it is a corpus file of ours.
    pub is_store: bool,
}

impl Sorted {
    fn path(&self) -> &str {
        match self {
            Sorted::Source(request) => &request.shown,
            Sorted::Unknown(unknown) => &unknown.path,
            Sorted::Refused { path, .. } => path,
        }
    }
}

/// Sorts the files of a call, in order of path.
///
/// # Errors
/// [`Failure`] for mappings that contradict each other or the call.
pub fn sort(
    catalogue: &Catalogue,
    wish: &Wish,
    gathered: Gathered,
) -> Result<Vec<Sorted>, Failure> {
    check(catalogue, wish, &gathered.files)?;
    let mapped: Vec<(Found, Option<&Mapping>)> = gathered
        .files
        .into_iter()
        .map(|file| mapping_of(wish, &file).map(|mapping| (file, mapping)))
        .collect::<Result<_, _>>()?;
    let looked_at: Vec<(Found, Sorted)> = mapped
        .into_par_iter()
        .map(|(file, mapping)| {
            let sorted = look_at(catalogue, wish, &file, mapping);
            (file, sorted)
        })
        .collect();
    let mut sorted = leave_out_companions(looked_at);
    for strange in gathered.strange {
        let path = strange.shown;
        sorted.push(match strange.lost {
            true => Sorted::Refused {
                failure: Failure::new(
                    exit::REFUSED,
                    format!(
                        "`{}`: {}\nhint: check its permissions, or import its parts one by one",
                        printable(&path),
                        printable(&strange.reason)
                    ),
                ),
                path,
            },
            false => Sorted::Unknown(Unknown {
                path,
                named: false,
                reasons: vec![strange.reason],
                almost: Vec::new(),
                is_store: false,
            }),
        });
    }
    // Stable: files among themselves keep the order of their paths.
    sorted.sort_by(|one, other| key(one).cmp(&key(other)));
    Ok(sorted)
}

fn key(sorted: &Sorted) -> Vec<&std::ffi::OsStr> {
    let parts = Path::new(sorted.path()).components();
    parts.map(|part| part.as_os_str()).collect()
}

/// Looks at one file.
pub fn look_at(
    catalogue: &Catalogue,
    wish: &Wish,
    file: &Found,
    mapping: Option<&Mapping>,
) -> Sorted {
    let chosen = match choose(catalogue, wish, file, mapping) {
        Ok(Choice::One(importer, reason)) => (importer, reason),
        Ok(Choice::None(almost)) => return Sorted::Unknown(unknown(file, almost)),
        Err(failure) => {
            return Sorted::Refused {
                path: file.shown.clone(),
                failure,
            };
        }
    };
    let (importer, reason) = chosen;
    let mapping = mapping.or_else(|| general_mapping(wish, importer));
    let options = Options {
        keep_text: wish.keep_text,
        format: mapping.map_or_else(Map::new, |mapping| mapping.options.clone()),
        ..Options::default()
    };
    Sorted::Source(Box::new(Request {
        companions: companions(importer, &file.path, &options.format),
        path: file.path.clone(),
        shown: file.shown.clone(),
        importer,
        reason,
        mapping: mapping.map(Mapping::note),
        options_from: mapping.map(Mapping::place),
        options,
        strict: wish.strict,
    }))
}

enum Choice {
    One(&'static dyn Importer, String),
    None(Vec<Resemblance>),
}

fn choose(
    catalogue: &Catalogue,
    wish: &Wish,
    file: &Found,
    mapping: Option<&Mapping>,
) -> Result<Choice, Failure> {
    if let Some(mapping) = mapping {
        let importer = catalogue.by_name(mapping.importer_of_files())?;
        let name = importer.info().name;
        let reason = format!("read as {name}, as `{}` says", mapping.shown);
        return Ok(Choice::One(importer, reason));
    }
    let importers = match wish.from {
        Some(importer) if file.named => {
            let reason = format!("read as {}, as asked", importer.info().name);
            return Ok(Choice::One(importer, reason));
        }
        Some(importer) => vec![importer],
        None => catalogue.importers(),
    };
    match recognise(&importers, &file.path)? {
        Recognition::One(found) => {
            let reason = format!(
                "recognised as {} ({}% sure): {}",
                found.importer.info().name,
                found.confidence,
                found.reason
            );
            Ok(Choice::One(found.importer, reason))
        }
        Recognition::None(almost) => Ok(Choice::None(almost)),
        Recognition::Ambiguous(claims) => {
            let names: Vec<String> = claims
                .iter()
                .map(|claim| format!("{} ({})", claim.importer.info().name, claim.reason))
                .collect();
            Err(Failure::new(
                exit::REFUSED,
                format!(
                    "`{}` could be several formats: {}\nhint: say which with `--from FORMAT`",
                    printable(&file.shown),
                    printable(&names.join("; "))
                ),
            ))
        }
    }
}

fn unknown(file: &Found, almost: Vec<Resemblance>) -> Unknown {
    let mut unknown = Unknown {
        path: file.shown.clone(),
        named: file.named,
        reasons: almost.iter().map(|found| found.reason.clone()).collect(),
        almost,
        is_store: false,
    };
    if unknown.almost.is_empty() {
        let own = own_file(&file.path);
        unknown.is_store = own == Some(STORE);
        unknown.reasons.extend(own.map(str::to_owned));
    }
    // An empty file in a folder is often meant to be empty.
    if !file.named && std::fs::metadata(&file.path).is_ok_and(|found| found.len() == 0) {
        unknown.almost.clear();
    }
    unknown
}

/// What a corpus file is called.
const STORE: &str = "a corpus file of caveat";

/// What a file of ours is. It is no source: what it holds was imported before.
fn own_file(path: &Path) -> Option<&'static str> {
    let mut head = [0_u8; 72];
    File::open(path).ok()?.read_exact(&mut head).ok()?;
    let [start @ .., _, _, _, _] = &head;
    let application = head.get(68..)?;
    let what = match application {
        b"CVAT" => STORE,
        b"CVTX" => "a file of kept texts of caveat",
        _ => return None,
    };
    start.starts_with(b"SQLite format 3\0").then_some(what)
}

/// The second table that a mapping joins: read together with its source.
fn joined_file(source: &Path, options: &Map<String, Value>) -> Option<PathBuf> {
    let file = options.get("join")?.get("file")?.as_str()?;
    let folder = source.parent().unwrap_or(Path::new(""));
    let path = folder.join(file);
    path.is_file().then_some(path)
}

/// The files that are read together with a source.
pub(super) fn companions(
    importer: &dyn Importer,
    path: &Path,
    options: &Map<String, Value>,
) -> Vec<CompanionFile> {
    let mut paths = importer.companions(path);
    paths.extend(joined_file(path, options));
    paths.sort();
    paths.dedup();
    let file = |path: PathBuf| CompanionFile {
        shown: shown(&path),
        path,
    };
    paths.into_iter().map(file).collect()
}

/// The mapping that names a file.
fn mapping_of<'w>(wish: &'w Wish, file: &Found) -> Result<Option<&'w Mapping>, Failure> {
    let mut fitting = wish.mappings.iter().filter(|mapping| mapping.fits(file));
    let (first, second) = (fitting.next(), fitting.next());
    match (first, second) {
        (Some(one), Some(other)) => Err(Failure::wrong_use(format!(
            "`{}` fits two mappings: `{}` and `{}`\nhint: make the `files` of one of them narrower",
            printable(&file.shown),
            printable(&one.shown),
            printable(&other.shown)
        ))),
        _ => Ok(first),
    }
}

/// The mapping without `files` that speaks to an importer.
fn general_mapping<'w>(wish: &'w Wish, importer: &dyn Importer) -> Option<&'w Mapping> {
    let name = importer.info().name;
    wish.mappings
        .iter()
        .filter(|mapping| !mapping.names_files())
        .find(|mapping| {
            mapping
                .importer
                .as_deref()
                .is_none_or(|named| named == name)
        })
}

/// Mappings that cannot be meant.
fn check(catalogue: &Catalogue, wish: &Wish, files: &[Found]) -> Result<(), Failure> {
    let mut general: BTreeMap<Option<&str>, &Mapping> = BTreeMap::new();
    for mapping in &wish.mappings {
        if let Some(name) = &mapping.importer {
            catalogue.by_name(name)?;
        }
        if mapping.names_files() {
            continue;
        }
        let name = mapping.importer.as_deref();
        if let Some(other) = general.insert(name, mapping) {
            return Err(Failure::wrong_use(format!(
                "`{}` and `{}` are mappings for the same files\nhint: say in each which `files` \
                 it is for, or which `importer` it speaks to",
                printable(&other.shown),
                printable(&mapping.shown)
            )));
        }
    }
    if let Some(mapping) = general.get(&None)
        && (general.len() > 1 || (wish.from.is_none() && files.iter().any(|file| !file.named)))
    {
        return Err(Failure::wrong_use(format!(
            "the mapping `{}` says neither which `files` it is for nor which `importer` it speaks \
             to\nhint: add `files = [\"tabular/*.csv\"]` to it, or name the files and `--from FORMAT`",
            printable(&mapping.shown)
        )));
    }
    let walked = files.iter().any(|file| !file.named);
    match wish.from {
        Some(importer) if walked && !importer.info().claims_files => {
            Err(Failure::wrong_use(format!(
                "`{}` recognises no file of a folder by itself\nhint: name the files, or say in a \
                 mapping which `files` it is for",
                printable(importer.info().name)
            )))
        }
        _ => Ok(()),
    }
}

/// Takes out the files that are read together with another one.
///
/// Of two files that each would read the other, the first in order of path is
/// the source. A companion of a file that is itself a companion is a source.
fn leave_out_companions(files: Vec<(Found, Sorted)>) -> Vec<Sorted> {
    let mut at: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (position, (file, _)) in files.iter().enumerate() {
        if let Some(path) = &file.canonical {
            at.insert(path.clone(), position);
        }
    }
    let reads: Vec<Vec<usize>> = files
        .iter()
        .enumerate()
        .map(|(position, (_, sorted))| match sorted {
            Sorted::Source(request) => request
                .companions
                .iter()
                .filter_map(|companion| companion.path.canonicalize().ok())
                .filter_map(|path| at.get(&path).copied())
                .filter(|&other| other != position)
                .collect(),
            _ => Vec::new(),
        })
        .collect();
    let out = read_with_others(&reads);
    files
        .into_iter()
        .enumerate()
        .filter(|(position, _)| !out.contains(position))
        .map(|(_, (_, sorted))| sorted)
        .collect()
}

/// For every position the positions it reads; the answer is those that are no sources.
fn read_with_others(reads: &[Vec<usize>]) -> BTreeSet<usize> {
    let claimed: BTreeSet<usize> = reads.iter().flatten().copied().collect();
    let mut out: BTreeSet<usize> = BTreeSet::new();
    let mut sources: BTreeSet<usize> = BTreeSet::new();
    let (first, later): (Vec<usize>, Vec<usize>) =
        (0..reads.len()).partition(|position| !claimed.contains(position));
    for position in first.into_iter().chain(later) {
        if !out.contains(&position)
            && let Some(companions) = reads.get(position)
        {
            sources.insert(position);
            out.extend(companions.iter().filter(|other| !sources.contains(other)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_files_that_read_each_other_the_first_is_the_source() {
        for (reads, out) in [
            (vec![vec![1], vec![0]], vec![1]),
            (vec![vec![], vec![0]], vec![0]),
            // What a companion would read is read by itself.
            (vec![vec![], vec![0], vec![1]], vec![1]),
            (vec![vec![2], vec![2], vec![]], vec![2]),
            (vec![vec![1], vec![2], vec![0]], vec![1]),
            (vec![vec![], vec![]], vec![]),
        ] {
            let found: Vec<usize> = read_with_others(&reads).into_iter().collect();
            assert_eq!(found, out, "{reads:?}");
        }
    }
}
