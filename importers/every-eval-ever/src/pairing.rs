//! Finds the aggregates of a file of rows.
//!
//! Names find, content decides: an aggregate belongs to the rows if it has their
//! `evaluation_id`, or names their file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use caveat_importer::Limits;
use caveat_importer::file::regular;
use caveat_importer::lines::{Line, Lines};
use caveat_importer::text::printable;

use crate::aggregate::Aggregate;
use crate::row::Row;
use crate::survey::Survey;

/// Rows at the start of a file whose evaluation is looked at: one file holds one
/// evaluation as a rule.
const PEEKED_ROWS: usize = 16;

/// Most entries of a folder that are looked at, and most files that are opened.
const MAX_ENTRIES: usize = 100_000;
const MAX_OPENED: usize = 256;

/// Ending of a file of rows.
const ROWS_ENDING: &str = "_samples.jsonl";

/// The aggregates of a file, by evaluation.
#[derive(Debug, Default)]
pub(crate) struct Aggregates {
    by_evaluation: BTreeMap<String, Aggregate>,
    /// Sentences for the account.
    pub(crate) notes: Vec<String>,
}

impl Aggregates {
    pub(crate) fn get(&self, evaluation: &str) -> Option<&Aggregate> {
        self.by_evaluation.get(evaluation)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Aggregate> {
        self.by_evaluation.values()
    }

    /// Loads the aggregates beside a file of rows.
    pub(crate) fn beside(source: &Path, survey: &Survey, limits: &Limits) -> Self {
        let mut aggregates = Self::default();
        let mut ranks: BTreeMap<String, u8> = BTreeMap::new();
        for (path, loaded) in candidates(source, limits) {
            let shown = printable(&path.file_name().unwrap_or_default().to_string_lossy());
            let aggregate = match loaded {
                Ok(aggregate) => aggregate,
                Err(reason) => {
                    let reason = printable(&reason);
                    aggregates
                        .notes
                        .push(format!("the aggregate `{shown}` is not used: {reason}"));
                    continue;
                }
            };
            let evaluation = aggregate.evaluation_id.clone();
            let rank = rank(source, &path, &aggregate, survey);
            match ranks.get(&evaluation) {
                Some(known) if *known >= rank => aggregates.notes.push(format!(
                    "the aggregate `{shown}` is not used: another one of the same evaluation fits better or as well"
                )),
                _ => {
                    ranks.insert(evaluation.clone(), rank);
                    aggregates.by_evaluation.insert(evaluation, aggregate);
                }
            }
        }
        aggregates
    }
}

/// How well an aggregate fits: its checksum is that of the file, it names the
/// file, it stands beside it under the same name.
fn rank(source: &Path, path: &Path, aggregate: &Aggregate, survey: &Survey) -> u8 {
    let detailed = aggregate.detailed.as_ref();
    let fits = detailed.and_then(|detailed| survey.checksum_fits(detailed));
    let is_named = detailed.is_some_and(|detailed| names(detailed.file_name.as_deref(), source));
    u8::from(fits == Some(true)) * 4
        + u8::from(is_named) * 2
        + u8::from(sibling(source).as_deref() == Some(path))
}

/// Files beside a source that are read together with it.
pub(crate) fn companions(source: &Path) -> Vec<PathBuf> {
    let found = candidates(source, &Limits::default());
    found.into_iter().map(|(path, _)| path).collect()
}

/// Aggregates beside a source. The one under the same name is enough; without
/// it, every JSON file in the folder is looked at.
fn candidates(source: &Path, limits: &Limits) -> Vec<(PathBuf, Result<Aggregate, String>)> {
    let evaluations = peek(source, limits);
    let belongs = |aggregate: &Aggregate| {
        let named = aggregate
            .detailed
            .as_ref()
            .and_then(|d| d.file_name.as_deref());
        evaluations.contains(&aggregate.evaluation_id) || names(named, source)
    };
    if let Some(path) = sibling(source).filter(|path| regular(path).is_ok()) {
        match Aggregate::load(&path, limits) {
            Ok(aggregate) if belongs(&aggregate) => return vec![(path, Ok(aggregate))],
            Ok(_) => {}
            // Damaged, and by its name the one: said, and not passed over.
            Err(reason) => return vec![(path, Err(reason))],
        }
    }
    let mut found = Vec::new();
    for path in json_files(source) {
        if let Ok(aggregate) = Aggregate::load(&path, limits)
            && belongs(&aggregate)
        {
            found.push((path, Ok(aggregate)));
        }
    }
    found
}

fn names(named: Option<&str>, source: &Path) -> bool {
    let name = source.file_name().and_then(|name| name.to_str());
    named.is_some() && named == name
}

/// `<uuid>.json` for `<uuid>_samples.jsonl`.
fn sibling(source: &Path) -> Option<PathBuf> {
    let stem = source.file_name()?.to_str()?.strip_suffix(ROWS_ENDING)?;
    Some(source.with_file_name(format!("{stem}.json")))
}

/// The evaluations of the first rows.
fn peek(source: &Path, limits: &Limits) -> BTreeSet<String> {
    let mut evaluations = BTreeSet::new();
    let Ok(mut lines) = Lines::open(source, 0, limits) else {
        return evaluations;
    };
    for _ in 0..PEEKED_ROWS {
        match lines.next_line() {
            Ok(Some((_, Line::Whole(bytes)))) => {
                let row = Row::read(bytes, limits);
                evaluations.extend(row.ok().map(|row| row.evaluation_id));
            }
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    evaluations
}

/// JSON files beside a source, in order of name: the order of a folder is that
/// of the system.
fn json_files(source: &Path) -> Vec<PathBuf> {
    let folder = match source.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .take(MAX_ENTRIES)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".json"))
        .collect();
    names.sort_unstable();
    names.truncate(MAX_OPENED);
    let paths = names.into_iter().map(|name| source.with_file_name(name));
    paths.filter(|path| regular(path).is_ok()).collect()
}
