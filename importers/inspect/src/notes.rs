//! What the account says of a log beyond its traces.

use std::collections::BTreeMap;

use caveat_corpus::{Outcome, Trace};
use caveat_importer::quote;
use caveat_importer::text::printable;

use crate::header::Header;
use crate::settings::Label;

/// Most names that one note lists.
const MAX_NAMES: usize = 20;

/// Counts over the samples of a log.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) traces: u64,
    pub(crate) rejects: u64,
    pub(crate) edited: u64,
    /// Samples whose conversation is not complete in the log.
    pub(crate) without_turns: u64,
    errors: u64,
    filtered: u64,
    without_reply: u64,
    invalidated: u64,
    limits: Names,
    other_models: Names,
    labels: BTreeMap<(&'static str, String), u64>,
}

/// How often each of a bounded number of names was met.
#[derive(Debug, Default)]
struct Names {
    counts: BTreeMap<String, u64>,
    others: u64,
}

impl Tally {
    pub(crate) fn count(&mut self, trace: &Trace, has_error: bool, is_invalidated: bool) {
        self.errors += u64::from(has_error);
        self.filtered += u64::from(trace.outcome == Outcome::Filtered);
        self.without_reply += u64::from(trace.outcome == Outcome::Error && !has_error);
        self.invalidated += u64::from(is_invalidated);
    }

    pub(crate) fn limit(&mut self, limit: Option<String>) {
        if let Some(limit) = limit {
            self.limits.add(&limit);
        }
    }

    /// A reply names another model than the one under test.
    pub(crate) fn replied_by(&mut self, model: &str) {
        self.other_models.add(model);
    }

    /// A label was read from this key of the metadata.
    pub(crate) fn label(&mut self, label: Label, key: &str) {
        *self
            .labels
            .entry((label.name(), key.to_owned()))
            .or_default() += 1;
    }

    /// Sentences on the samples.
    pub(crate) fn notes(&self, header: &Header) -> Vec<String> {
        let mut notes = Vec::new();
        let mut say = |count: u64, sentence: &str| {
            if count > 0 {
                notes.push(format!("{sentence}: {count}"));
            }
        };
        say(
            self.errors,
            "samples that ended with an error, and have no verdict that counts",
        );
        say(
            self.without_reply,
            "samples without a reply of the model, which count as errors",
        );
        say(
            self.filtered,
            "replies that the provider's filter stopped (`content_filter`)",
        );
        say(
            self.invalidated,
            "samples that were invalidated after the run, whose grades are not gradeable",
        );
        say(
            self.edited,
            "scores that were edited after the run, of which the last value counts",
        );
        say(
            self.without_turns,
            "samples that lack parts of their conversation, so that turns are not counted",
        );
        if !self.limits.counts.is_empty() {
            notes.push(format!(
                "samples that a limit ended, by limit: {}; they are judged like the others",
                self.limits.listed()
            ));
        }
        if !self.other_models.counts.is_empty() {
            let model = header.model.as_deref().unwrap_or_default();
            notes.push(format!(
                "replies that name another model than `{}`, under which they are kept: {}",
                printable(model),
                self.other_models.listed()
            ));
        }
        for ((label, key), count) in &self.labels {
            let label = label.replace('_', " ");
            notes.push(format!(
                "the {label} is the samples' metadata `{}`, in samples: {count}",
                printable(key)
            ));
        }
        notes
    }
}

impl Names {
    fn add(&mut self, name: &str) {
        if let Some(count) = self.counts.get_mut(name) {
            *count += 1;
        } else if self.counts.len() < MAX_NAMES {
            self.counts.insert(name.to_owned(), 1);
        } else {
            self.others += 1;
        }
    }

    fn listed(&self) -> String {
        let listed = self
            .counts
            .iter()
            .map(|(name, count)| format!("`{}` {count}", printable(name)));
        let others = (self.others > 0).then(|| format!("others {}", self.others));
        listed.chain(others).collect::<Vec<_>>().join(", ")
    }
}

/// A sentence on how the run ended, where it did not end well.
pub(crate) fn ending(header: &Header) -> Option<String> {
    match header.status.as_deref() {
        Some("success") => None,
        Some("cancelled") => {
            Some("the run was cancelled; the samples that it finished are imported".to_owned())
        }
        Some("error") => {
            Some("the run ended with an error; the samples that it logged are imported".to_owned())
        }
        Some("started") | None => Some(
            "the run never finished (its status is `started`); the samples that it logged are imported"
                .to_owned(),
        ),
        Some(other) => Some(format!(
            "the status of the run is {}, which is none that is known",
            quote::word(other)
        )),
    }
}
