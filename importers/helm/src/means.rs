//! The means of what was imported against those that HELM computed itself.
//!
//! HELM averages over the instances of a trial, each weighted by how many values
//! it sums up (two judges, two values), and then over trials. The printed means
//! are compared and never used.

use std::collections::BTreeMap;
use std::path::Path;

use caveat_importer::json::{Content, Key, Pieces, PiecesError, parse};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits};

use crate::companion::{STATS, beside, open};
use crate::joined::{Score, Stat, Variant};
use crate::object::Object;

/// Sums of many doubles in another order differ by less.
const TOLERANCE: f64 = 1e-9;

/// Most differences that are spelled out; the rest is counted.
const MAX_SPELLED_OUT: usize = 10;

/// A metric in one context: name, split, part of the split, settings of the perturbation.
type Context = (String, Option<String>, Option<String>, Option<String>);

/// Sums by context and trial.
#[derive(Debug, Default)]
pub(crate) struct Means {
    sums: BTreeMap<Context, BTreeMap<u64, (f64, f64)>>,
}

impl Means {
    /// Adds one imported score.
    pub(crate) fn add(&mut self, metric: &str, variant: &Variant, trial: u64, score: &Score) {
        let trials = self.sums.entry(context(metric, variant)).or_default();
        let (sum, count) = trials.entry(trial).or_default();
        *sum += score.sum;
        *count += score.count;
    }

    fn mean(&self, context: &Context) -> Option<f64> {
        let trials = self.sums.get(context)?;
        let means: Vec<f64> = trials.values().map(|(sum, count)| sum / count).collect();
        let trials = u32::try_from(means.len()).ok()?;
        Some(means.iter().sum::<f64>() / f64::from(trials))
    }

    /// Reads the printed means beside a source and says which of them differ.
    pub(crate) fn compare(
        &self,
        source: &Path,
        limits: &Limits,
    ) -> Result<Vec<String>, ImportError> {
        let Some(path) = beside(source, STATS) else {
            return Ok(Vec::new());
        };
        let mut printed: BTreeMap<Context, Vec<f64>> = BTreeMap::new();
        let mut notes = Vec::new();
        let mut pieces = Pieces::new(open(&path)?, &[""], limits);
        loop {
            match pieces.next_piece() {
                Ok(None) => break,
                Ok(Some(piece)) => {
                    if let (Key::Index(_), Content::Whole(bytes)) = (piece.key, piece.content)
                        && let Ok(stat) = parse::<Object<Stat>>(bytes, limits)
                        && let Some((context, mean)) = self.known(&stat.0)
                    {
                        printed.entry(context).or_default().push(mean);
                    }
                }
                Err(PiecesError::Io(cause)) => return Err(ImportError::Io { path, cause }),
                Err(fault) => {
                    let fault = fault.to_string();
                    notes.push(format!("`{STATS}` breaks off: {}", printable(&fault)));
                    break;
                }
            }
        }
        notes.extend(self.differences(&printed));
        Ok(notes)
    }

    /// The context and mean of a printed statistic that was imported as well.
    fn known(&self, stat: &Stat) -> Option<(Context, f64)> {
        let name = &stat.name.0;
        let context = context(name.name.as_str()?, &name.variant());
        self.sums.contains_key(&context).then_some(())?;
        Some((context, stat.mean()?))
    }

    fn differences(&self, printed: &BTreeMap<Context, Vec<f64>>) -> Vec<String> {
        let mut found = Vec::new();
        for (context, printed) in printed {
            let Some(mean) = self.mean(context) else {
                continue;
            };
            // Two metric classes may print one name; one of them will agree.
            let agrees = |printed: &f64| (printed - mean).abs() <= TOLERANCE * mean.abs().max(1.0);
            if let Some(first) = printed.first()
                && !printed.iter().any(agrees)
            {
                found.push(format!(
                    "`{STATS}` says that the mean of {} is {first}, the imported scores give {mean}; the imported scores are used",
                    spelled(context)
                ));
            }
        }
        let rest = found.len().saturating_sub(MAX_SPELLED_OUT);
        found.truncate(MAX_SPELLED_OUT);
        if rest > 0 {
            found.push(format!("{rest} more means of `{STATS}` differ"));
        }
        found
    }
}

fn context(metric: &str, variant: &Variant) -> Context {
    (
        metric.to_owned(),
        variant.split.clone(),
        variant.sub_split.clone(),
        variant
            .perturbation
            .as_ref()
            .map(|perturbation| perturbation.settings.clone()),
    )
}

fn spelled((metric, split, _, perturbation): &Context) -> String {
    let mut words = format!("`{}`", printable(metric));
    if let Some(split) = split {
        words.push_str(&format!(" on `{}`", printable(split)));
    }
    if perturbation.is_some() {
        words.push_str(" under a perturbation");
    }
    words
}
