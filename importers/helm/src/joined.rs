//! The scores of each instance, held until their request state is read.
//!
//! HELM writes one list entry per metric class, instance and trial; entries of
//! the same instance, trial, split and perturbation are merged. What is held is
//! a few numbers each, and its size is bounded.

use std::collections::HashMap;
use std::path::Path;

use caveat_importer::json::{Content, Key, Pieces, PiecesError, parse};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits};
use serde::Deserialize;
use serde_json::Value;

use crate::canonical::short_digest;
use crate::companion::{PER_INSTANCE_STATS, beside, open, refused};
use crate::metrics::{Role, role};
use crate::object::Object;

/// Most that is held of the scores of all instances, in bytes. A run of 1,000
/// instances with 20 metrics, 5 perturbations and 3 trials needs 15 MiB.
pub(crate) const MAX_HELD_BYTES: u64 = 512 << 20;

/// What a number costs beside its own size, and an entry beside its id: a
/// generous estimate of what the map and its vectors add.
const VALUE_BYTES: u64 = 48;
const ENTRY_BYTES: u64 = 160;

/// One statistic of one instance.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Score {
    /// Position of its name in [`Joined::metric`].
    metric: u32,
    /// How many values it sums up.
    pub(crate) count: f64,
    /// Their sum.
    pub(crate) sum: f64,
    /// Their mean.
    pub(crate) mean: f64,
}

/// Which variant of an instance a score is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variant {
    /// Split, such as `test`.
    pub(crate) split: Option<String>,
    /// Part of the split.
    pub(crate) sub_split: Option<String>,
    /// Perturbation, if the instance is a perturbed one.
    pub(crate) perturbation: Option<Perturbation>,
}

/// A perturbation. Several may share a name and differ in their settings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Perturbation {
    /// Its name.
    pub(crate) name: String,
    /// Digest of all its settings.
    pub(crate) settings: String,
}

/// The scores of one variant of an instance in one trial.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// The variant.
    pub(crate) variant: Variant,
    /// Its scores in the order of the file.
    pub(crate) scores: Vec<Score>,
}

/// All scores of a run.
#[derive(Debug, Default)]
pub(crate) struct Joined {
    metrics: Vec<String>,
    positions: HashMap<String, u32>,
    entries: HashMap<(String, u64), Vec<Entry>>,
    held_bytes: u64,
    /// Whether the file exists.
    pub(crate) is_present: bool,
    contradictions: u64,
    unusable: u64,
    first_reason: Option<String>,
    broken_off: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PerInstance {
    instance_id: Value,
    train_trial_index: Value,
    perturbation: Value,
    stats: Option<Vec<Object<Stat>>>,
}

/// A statistic as HELM writes it, for an instance or for a run.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Stat {
    /// What it is of.
    pub(crate) name: Object<StatName>,
    count: Value,
    sum: Value,
    mean: Value,
}

/// The name of a statistic with its context.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct StatName {
    /// Name of the metric.
    pub(crate) name: Value,
    split: Value,
    sub_split: Value,
    perturbation: Value,
}

impl Stat {
    /// The mean, or `None` where nothing was counted.
    pub(crate) fn mean(&self) -> Option<f64> {
        let count = self.count.as_f64().unwrap_or(0.0);
        self.mean
            .as_f64()
            .or_else(|| Some(self.sum.as_f64()? / count))
            .filter(|_| count > 0.0)
    }
}

impl StatName {
    /// The context of the statistic.
    pub(crate) fn variant(&self) -> Variant {
        Variant {
            split: self.split.as_str().map(str::to_owned),
            sub_split: self.sub_split.as_str().map(str::to_owned),
            perturbation: Perturbation::of(&self.perturbation).unwrap_or_default(),
        }
    }
}

impl Perturbation {
    /// Reads a perturbation; null is none.
    pub(crate) fn of(value: &Value) -> Result<Option<Self>, String> {
        match value {
            Value::Null => Ok(None),
            Value::Object(settings) => match settings.get("name") {
                Some(Value::String(name)) => Ok(Some(Self {
                    name: name.clone(),
                    settings: short_digest(value),
                })),
                _ => Err("`perturbation` has no `name`".to_owned()),
            },
            other => Err(crate::run::wrong_type(other, "perturbation", "an object")),
        }
    }
}

impl Joined {
    /// Reads the scores that stand beside a source, if any.
    pub(crate) fn beside(
        source: &Path,
        limits: &Limits,
        max_held_bytes: u64,
    ) -> Result<Self, ImportError> {
        let Some(path) = beside(source, PER_INSTANCE_STATS) else {
            return Ok(Self::default());
        };
        let mut joined = Self {
            is_present: true,
            ..Self::default()
        };
        let mut pieces = Pieces::new(open(&path)?, &[""], limits);
        loop {
            match pieces.next_piece() {
                Ok(None) => break,
                Ok(Some(piece)) => match (piece.key, piece.content) {
                    (Key::Index(_), Content::Whole(bytes)) => joined.take_in(bytes, limits),
                    (Key::Index(_), Content::TooLong { bytes }) => {
                        joined.set_aside(format!("an entry has {bytes} bytes"));
                    }
                    (Key::Name(_), _) => {
                        joined.broken_off = Some("it is no list of entries".to_owned());
                        break;
                    }
                },
                Err(PiecesError::Io(cause)) => return Err(ImportError::Io { path, cause }),
                Err(fault) => {
                    joined.broken_off = Some(fault.to_string());
                    break;
                }
            }
            if joined.held_bytes > max_held_bytes {
                return Err(refused(
                    source,
                    format!(
                        "`{PER_INSTANCE_STATS}` holds more scores than the {max_held_bytes} bytes that are kept for them"
                    ),
                    "import the run in parts, or take that file out of the folder: the scores of the annotators are then read alone",
                ));
            }
        }
        Ok(joined)
    }

    fn take_in(&mut self, bytes: &[u8], limits: &Limits) {
        let entry = parse::<Object<PerInstance>>(bytes, limits)
            .map_err(|fault| fault.to_string())
            .and_then(|entry| self.insert(&entry.0, limits));
        if let Err(reason) = entry {
            self.set_aside(reason);
        }
    }

    fn set_aside(&mut self, reason: String) {
        self.unusable += 1;
        self.first_reason.get_or_insert(reason);
    }

    fn insert(&mut self, entry: &PerInstance, limits: &Limits) -> Result<(), String> {
        let id = crate::run::name(&entry.instance_id, "instance_id", limits)?
            .ok_or("`instance_id` is missing")?;
        let trial = index(&entry.train_trial_index, "train_trial_index")?.unwrap_or(0);
        let stats = entry.stats.as_deref().unwrap_or_default();
        let Some(first) = stats.first() else {
            return Ok(());
        };
        let mut variant = first.0.name.0.variant();
        variant.perturbation = Perturbation::of(&entry.perturbation)?;
        let mut scores = Vec::new();
        for stat in stats {
            scores.extend(self.score(&stat.0, limits)?);
        }
        self.held_bytes += ENTRY_BYTES + u64::try_from(id.len()).unwrap_or(u64::MAX);
        self.held_bytes += VALUE_BYTES * u64::try_from(scores.len()).unwrap_or(u64::MAX);
        let known = self.entries.entry((id, trial)).or_default();
        match known.iter_mut().find(|known| known.variant == variant) {
            Some(known) => self.contradictions += merge(&mut known.scores, scores),
            None => known.push(Entry { variant, scores }),
        }
        Ok(())
    }

    /// A statistic that is kept: one that grades, counts tokens or tells of a judge's failure.
    fn score(&mut self, stat: &Stat, limits: &Limits) -> Result<Option<Score>, String> {
        let name = crate::run::name(&stat.name.0.name, "stats.name.name", limits)?
            .ok_or("a statistic has no name")?;
        if role(&name) == Role::Accounting {
            return Ok(None);
        }
        let Some(mean) = stat.mean() else {
            return Ok(None);
        };
        let count = stat.count.as_f64().unwrap_or(0.0);
        Ok(Some(Score {
            metric: self.position(name)?,
            count,
            sum: stat.sum.as_f64().unwrap_or(mean * count),
            mean,
        }))
    }

    fn position(&mut self, name: String) -> Result<u32, String> {
        if let Some(&position) = self.positions.get(&name) {
            return Ok(position);
        }
        let position =
            u32::try_from(self.metrics.len()).map_err(|_| "too many metrics".to_owned())?;
        self.held_bytes += ENTRY_BYTES + 2 * u64::try_from(name.len()).unwrap_or(u64::MAX);
        self.metrics.push(name.clone());
        self.positions.insert(name, position);
        Ok(position)
    }

    /// The name of a score's metric.
    pub(crate) fn metric(&self, score: &Score) -> &str {
        let position = usize::try_from(score.metric).unwrap_or(usize::MAX);
        self.metrics.get(position).map_or("", String::as_str)
    }

    /// Takes out the scores of one variant of an instance; each is given once.
    ///
    /// A perturbation is found by its settings, or by its name where that leaves one.
    pub(crate) fn take(&mut self, id: &str, trial: u64, variant: &Variant) -> Option<Entry> {
        let key = (id.to_owned(), trial);
        let known = self.entries.get_mut(&key)?;
        let position = known
            .iter()
            .position(|entry| fits(&entry.variant, variant, true))
            .or_else(|| only_by_name(known, variant))?;
        let entry = known.swap_remove(position);
        if known.is_empty() {
            self.entries.remove(&key);
        }
        Some(entry)
    }

    /// Sentences on what could not be joined, once everything has been read.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.is_present {
            notes.push(format!(
                "`{PER_INSTANCE_STATS}` is absent: only the scores of the annotators are read"
            ));
        }
        if let Some(reason) = &self.broken_off {
            notes.push(format!(
                "`{PER_INSTANCE_STATS}` is read up to where it breaks off: {}; replies beyond lack their scores",
                printable(reason)
            ));
        }
        if self.unusable > 0 {
            let reason = self.first_reason.as_deref().unwrap_or_default();
            notes.push(format!(
                "{} entries of `{PER_INSTANCE_STATS}` cannot be used, the first because {}",
                self.unusable,
                printable(reason)
            ));
        }
        if self.contradictions > 0 {
            notes.push(format!(
                "{} scores of `{PER_INSTANCE_STATS}` are given twice with different values; the first is used",
                self.contradictions
            ));
        }
        let left: usize = self.entries.values().map(Vec::len).sum();
        if left > 0 {
            notes.push(format!(
                "{left} entries of `{PER_INSTANCE_STATS}` belong to no request state that was read"
            ));
        }
        notes
    }
}

/// A position or a count from 0; null is none.
pub(crate) fn index(value: &Value, field: &str) -> Result<Option<u64>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) if number.is_u64() => Ok(number.as_u64()),
        other => Err(crate::run::wrong_type(
            other,
            field,
            "a whole number from 0",
        )),
    }
}

/// Adds the scores of another entry; says how many contradict what is known.
fn merge(known: &mut Vec<Score>, scores: Vec<Score>) -> u64 {
    let mut contradictions = 0;
    for score in scores {
        match known.iter().find(|known| known.metric == score.metric) {
            Some(known) => contradictions += u64::from(*known != score),
            None => known.push(score),
        }
    }
    contradictions
}

/// Whether scores can be of a variant. A split that one side does not state is no obstacle.
fn fits(known: &Variant, wanted: &Variant, settings_count: bool) -> bool {
    let same_split = match (&known.split, &wanted.split) {
        (Some(known), Some(wanted)) => known == wanted,
        _ => true,
    };
    let same_perturbation = match (&known.perturbation, &wanted.perturbation) {
        (None, None) => true,
        (Some(known), Some(wanted)) => {
            known.name == wanted.name && (!settings_count || known.settings == wanted.settings)
        }
        _ => false,
    };
    same_split && same_perturbation
}

fn only_by_name(known: &[Entry], wanted: &Variant) -> Option<usize> {
    let mut found = known
        .iter()
        .enumerate()
        .filter(|(_, entry)| fits(&entry.variant, wanted, false));
    let (position, _) = found.next()?;
    found.next().is_none().then_some(position)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn scores_beyond_what_is_held_refuse_the_run() {
        let folder = tempfile::TempDir::new().unwrap();
        let source = folder.path().join("scenario_state.json");
        let entry =
            r#"{"instance_id": "a", "stats": [{"name": {"name": "x"}, "count": 1, "mean": 1.0}]}"#;
        let text = format!("[{entry}, {entry}, {entry}]");
        std::fs::write(folder.path().join(PER_INSTANCE_STATS), text).unwrap();
        let load = |bound| Joined::beside(&source, &Limits::default(), bound);
        assert!(load(MAX_HELD_BYTES).is_ok());
        let message = load(500).unwrap_err().to_string();
        assert!(
            message.contains("more scores than the 500 bytes"),
            "{message}"
        );
    }

    #[test]
    fn equal_scores_are_one_and_different_ones_are_counted() {
        let score = |mean: f64| Score {
            metric: 0,
            count: 1.0,
            sum: mean,
            mean,
        };
        let mut known = vec![score(1.0)];
        assert_eq!(merge(&mut known, vec![score(1.0)]), 0);
        assert_eq!(merge(&mut known, vec![score(0.0)]), 1);
        assert_eq!(known, [score(1.0)]);
    }
}
