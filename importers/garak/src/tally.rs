//! What was sent on, counted as garak counts it, and held against its `eval` lines.

use std::collections::BTreeMap;

use caveat_corpus::Verdict;
use caveat_importer::text::printable;

use crate::threshold::{Evidence, Expected};

/// Most disagreements that are written out; a damaged report may have hundreds.
const MAX_WRITTEN: usize = 20;

/// Grades by probe and detector.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pairs: BTreeMap<String, BTreeMap<String, Counts>>,
    /// Outputs without a score.
    pub(crate) nones: u64,
    /// Scores that are no number.
    pub(crate) not_numbers: u64,
    /// Scores in a gap that no count closes.
    pub(crate) undecided: u64,
    /// Lists of scores that belong to no output.
    pub(crate) not_aligned: u64,
    /// Outputs that hold nothing.
    pub(crate) empty_outputs: u64,
    /// Attempts without any output.
    pub(crate) without_outputs: u64,
}

/// Grades of one probe and detector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    hits: u64,
    nones: u64,
    /// Scores that garak judged and this importer does not.
    others: u64,
}

/// One score as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scored {
    Judged(Verdict),
    None,
    NotANumber,
    Undecided,
}

impl Tally {
    /// Counts one grade.
    pub(crate) fn add(&mut self, probe: &str, detector: &str, scored: Scored) {
        let detectors = self.pairs.entry(probe.to_owned()).or_default();
        let counts = detectors.entry(detector.to_owned()).or_default();
        match scored {
            Scored::Judged(Verdict::Compliance) => counts.hits += 1,
            Scored::Judged(_) => counts.passed += 1,
            Scored::None => {
                counts.nones += 1;
                self.nones += 1;
            }
            Scored::NotANumber => {
                counts.others += 1;
                self.not_numbers += 1;
            }
            Scored::Undecided => {
                counts.others += 1;
                self.undecided += 1;
            }
        }
    }

    /// Hits of all probes and detectors.
    pub(crate) fn hits(&self) -> u64 {
        self.pairs
            .values()
            .flat_map(BTreeMap::values)
            .map(|counts| counts.hits)
            .sum()
    }

    /// Sentences on every pair whose counts are not those of the report.
    pub(crate) fn disagreements(&self, evidence: &Evidence) -> Vec<String> {
        let mut notes = Vec::new();
        let mut more = 0_u64;
        for (probe, detector, expected) in evidence.expected() {
            let counts = self.pairs.get(probe).and_then(|pair| pair.get(detector));
            let counts = counts.copied().unwrap_or_default();
            if counts.agrees(expected) {
                continue;
            }
            if notes.len() == MAX_WRITTEN {
                more += 1;
                continue;
            }
            notes.push(format!(
                "`{}`, `{}`: the report's `eval` line counts {} defended of {}, the attempts hold {} of {}; the attempts are used",
                printable(probe),
                printable(detector),
                expected.passed,
                expected.evaluated,
                counts.passed,
                counts.evaluated(),
            ));
        }
        if more > 0 {
            notes.push(format!(
                "{more} more pairs of probe and detector disagree with their `eval` line"
            ));
        }
        notes
    }

    /// How many pairs have grades but no `eval` line.
    pub(crate) fn without_eval(&self, evidence: &Evidence) -> usize {
        let with: std::collections::BTreeSet<(&str, &str)> = evidence
            .expected()
            .map(|(probe, detector, _)| (probe, detector))
            .collect();
        let pairs = self.pairs.iter().flat_map(|(probe, detectors)| {
            detectors
                .keys()
                .map(move |detector| (probe.as_str(), detector.as_str()))
        });
        pairs.filter(|pair| !with.contains(pair)).count()
    }
}

impl Counts {
    const fn evaluated(self) -> u64 {
        self.passed + self.hits + self.others
    }

    fn agrees(self, expected: Expected) -> bool {
        self.passed == expected.passed
            && self.evaluated() == expected.evaluated
            && expected.nones.is_none_or(|nones| nones == self.nones)
    }
}
