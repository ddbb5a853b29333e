//! Finds the results file of a file of samples, and which of its tasks it is.
//!
//! lm-eval gives both files of a run the same time stamp. The stamp finds, the
//! content decides: the results have to hold the task and its metrics, and where
//! lm-eval left its digest over all samples, that names the task of a file
//! whatever it is called.

use std::path::{Path, PathBuf};

use caveat_importer::file::regular;
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits};

use crate::refused;
use crate::results::{Results, Task};
use crate::survey::Survey;
use crate::wanted::Wanted;

/// Most entries of a folder that are looked at, and most results files that are opened.
const MAX_ENTRIES: usize = 100_000;
const MAX_RESULTS: usize = 256;

/// What the samples are of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pair {
    /// Run and model.
    pub(crate) results: Results,
    /// Name of the task, if it is known.
    pub(crate) task_name: Option<String>,
    /// What the results say of it.
    pub(crate) task: Task,
    /// Sentences for the account.
    pub(crate) notes: Vec<String>,
}

/// How a task was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ground {
    /// The file's name ends with the task's.
    Name,
    /// lm-eval's digest over the samples is that of this file, or the user says so.
    Certain,
}

/// Results files beside a source: those of its time stamp, or all where it has none.
pub(crate) fn candidates(source: &Path) -> Vec<PathBuf> {
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
    // The order of a folder is that of the system, ours is not.
    names.sort_unstable();
    let stamp = source.file_name().and_then(|name| stamp(name.to_str()?));
    let stamped = |name: &String| match stamp {
        Some(stamp) => name.ends_with(&format!("_{stamp}.json")),
        None => false,
    };
    if names.iter().any(stamped) {
        names.retain(stamped);
    } else {
        names.retain(|name| name.starts_with("results"));
    }
    names.truncate(MAX_RESULTS);
    let paths = names.into_iter().map(|name| source.with_file_name(name));
    paths
        .filter(|path| path != source && regular(path).is_ok())
        .collect()
}

/// Finds what the samples are of.
pub(crate) fn find(
    source: &Path,
    survey: &Survey,
    wanted: &Wanted,
    limits: &Limits,
) -> Result<Pair, ImportError> {
    let mut found: Vec<(Ground, Pair)> = Vec::new();
    let mut reasons = Vec::new();
    for path in candidates(source) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match Results::load(&path, limits)? {
            Err(reason) => reasons.push(format!("`{}`: {reason}", printable(&name))),
            Ok(results) => match task_of(source, &path, survey, wanted, &results) {
                Ok((ground, task)) => found.push((ground, Pair::of(results, &task))),
                Err(reason) => reasons.push(format!("`{}`: {reason}", printable(&name))),
            },
        }
    }
    let best = found.iter().map(|(ground, _)| *ground).max();
    found.retain(|(ground, _)| Some(*ground) == best);
    match (found.pop(), found.len()) {
        (Some((_, pair)), 0) => pair.checked(source, survey, wanted),
        (Some(_), _) => Err(refused(
            source,
            "several results files beside it could be its own",
            "keep the file's own name, which has the time stamp of its results, or leave only its results in the folder",
        )),
        (None, _) => without_results(source, wanted, &reasons),
    }
}

/// Samples alone name no model: the user has to.
fn without_results(
    source: &Path,
    wanted: &Wanted,
    reasons: &[String],
) -> Result<Pair, ImportError> {
    let Some(model) = &wanted.model else {
        let found = match reasons.first() {
            Some(reason) => format!("no results file beside it is its own: {reason}"),
            None => {
                "there is no results file beside it, and samples do not name their model".to_owned()
            }
        };
        return Err(refused(
            source,
            found,
            "put `results_<time>.json` of the same run into the folder, or name the model with the option `model`",
        ));
    };
    Ok(Pair {
        results: Results {
            model: Some(model.clone()),
            ..Results::default()
        },
        task_name: wanted.task.clone(),
        task: Task::default(),
        notes: vec![
            "no results file was read: the model is the one that the options name, the run has no id, and the direction of a metric is known by its name alone".to_owned(),
        ],
    })
}

fn task_of(
    source: &Path,
    path: &Path,
    survey: &Survey,
    wanted: &Wanted,
    results: &Results,
) -> Result<(Ground, String), String> {
    let known = |task: &str| match results.tasks.get(task) {
        Some(known) => metrics_fit(known, survey),
        None => false,
    };
    if let Some(task) = &wanted.task {
        return match known(task) {
            true => Ok((Ground::Certain, task.clone())),
            false => Err(format!(
                "it holds no task `{}` with these metrics",
                printable(task)
            )),
        };
    }
    if let Some(hash) = &survey.hash {
        let mut named = results
            .tasks
            .iter()
            .filter(|(_, task)| task.hash.as_ref() == Some(hash));
        if let (Some((task, _)), None) = (named.next(), named.next()) {
            return Ok((Ground::Certain, task.clone()));
        }
    }
    let [name, results_name] = [source, path].map(|path| {
        let name = path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    });
    let is_stamped = match (stamp(&name), stamp(&results_name)) {
        (Some(of_samples), Some(of_results)) if of_samples != of_results => {
            return Err("it is of another time".to_owned());
        }
        (of_samples, of_results) => of_samples.is_some() && of_results.is_some(),
    };
    let stem = stem_of(&name);
    let mut tasks: Vec<&String> = results
        .tasks
        .keys()
        .filter(|task| ends_with_task(stem, task))
        .collect();
    tasks.sort_by_key(|task| std::cmp::Reverse(task.len()));
    match tasks.first() {
        None => Err("none of its tasks is that of the file".to_owned()),
        Some(task)
            if !is_stamped
                && results
                    .tasks
                    .get(*task)
                    .is_some_and(|task| denies(task, survey)) =>
        {
            Err("lm-eval's digest over its samples is not that of this file".to_owned())
        }
        Some(task) if known(task) => Ok((Ground::Name, (*task).clone())),
        Some(task) => Err(format!(
            "its task `{}` has other metrics than the samples",
            printable(task)
        )),
    }
}

/// Whether the results were computed from as many, but other samples.
fn denies(task: &Task, survey: &Survey) -> bool {
    let samples = survey.by_filter.values().max().copied();
    match (&task.hash, &survey.hash) {
        (Some(stated), Some(found)) => stated != found && task.effective == samples,
        _ => false,
    }
}

/// Whether the samples have a metric that the results know.
fn metrics_fit(task: &Task, survey: &Survey) -> bool {
    let mut metrics = survey.metrics().peekable();
    metrics.peek().is_none() || task.is_silent() || metrics.any(|metric| task.knows(metric))
}

/// The time stamp at the end of a name: `2026-11-23T08-34-11.324396`.
fn stamp(name: &str) -> Option<&str> {
    let stem = name.rsplit_once('.')?.0;
    let stamp = stem.rsplit_once('_')?.1;
    let is_stamp = stamp.len() >= "2026-11-23T08-34-11".len()
        && stamp.as_bytes().get(10) == Some(&b'T')
        && stamp
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"-T.".contains(&byte));
    is_stamp.then_some(stamp)
}

/// The name without its ending and its time stamp.
fn stem_of(name: &str) -> &str {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    match stamp(name).and_then(|stamp| stem.strip_suffix(stamp)) {
        Some(stem) => stem.strip_suffix('_').unwrap_or(stem),
        None => stem,
    }
}

fn ends_with_task(stem: &str, task: &str) -> bool {
    match stem.strip_suffix(task) {
        Some(rest) => rest.is_empty() || rest.ends_with('_'),
        None => false,
    }
}

impl Pair {
    fn of(mut results: Results, task_name: &str) -> Self {
        let task = results.tasks.remove(task_name).unwrap_or_default();
        // The other tasks are of no use any more.
        results.tasks.clear();
        Self {
            results,
            task_name: Some(task_name.to_owned()),
            task,
            notes: Vec::new(),
        }
    }

    fn checked(
        mut self,
        source: &Path,
        survey: &Survey,
        wanted: &Wanted,
    ) -> Result<Self, ImportError> {
        match (&self.results.model, &wanted.model) {
            (None, None) => {
                return Err(refused(
                    source,
                    "the results file beside it names no model",
                    "name it with the option `model`",
                ));
            }
            (None, Some(model)) => self.results.model = Some(model.clone()),
            (Some(stated), Some(model)) if stated != model => self.notes.push(format!(
                "the option `model` is not used: the results name `{}`",
                printable(stated)
            )),
            _ => {}
        }
        let samples = survey.by_filter.values().max().copied().unwrap_or(0);
        let hash = self.task.hash.as_ref().zip(survey.hash.as_ref());
        match (self.task.effective, hash) {
            (Some(effective), _) if effective != samples => self.notes.push(format!(
                "the file holds {samples} of the {effective} samples that the results are of; its means are not compared"
            )),
            (_, Some((stated, found))) if stated != found => self.notes.push(
                "the samples are not the ones that the results were computed from: lm-eval's digest over them differs".to_owned(),
            ),
            _ => {}
        }
        if let (Some(effective), Some(original)) = (self.task.effective, self.task.original)
            && effective < original
        {
            self.notes.push(format!(
                "the run was limited to {effective} of {original} samples of the data set"
            ));
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_task_and_time() {
        for (name, stem, time) in [
            (
                "samples_my_task_a_2026-11-23T08-34-11.324396.jsonl",
                "samples_my_task_a",
                Some("2026-11-23T08-34-11.324396"),
            ),
            (
                "samples_t_2026-11-23T08-34-11.jsonl",
                "samples_t",
                Some("2026-11-23T08-34-11"),
            ),
            ("pretrained__gpt2_t.jsonl", "pretrained__gpt2_t", None),
            ("renamed", "renamed", None),
            ("a_2026.jsonl", "a_2026", None),
        ] {
            assert_eq!((stem_of(name), stamp(name)), (stem, time), "{name}");
        }
        assert!(ends_with_task("samples_my_task", "my_task"));
        assert!(ends_with_task("my_task", "my_task"));
        assert!(!ends_with_task("samples_my_task", "y_task"));
    }
}
