//! The score from which a run counted a hit.
//!
//! garak's writer drops every setting that is a float, the threshold among them.
//! Its `eval` lines count what passed, so that the scores of a probe and a
//! detector, sorted, show between which two of them the threshold lies.

use std::collections::BTreeMap;

use crate::entry::Eval;

/// garak's own setting where the user gave none.
pub(crate) const DEFAULT: f64 = 0.5;

/// Most distinct scores that are held, 50 to 100 bytes each. Word lists give
/// two, classifiers about as many as there are outputs; beyond this, pairs whose
/// scores are not all held are left out of the search.
const MAX_DISTINCT_SCORES: usize = 2_000_000;

/// The scores of every probe and detector, and what the report counts of them.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    pairs: BTreeMap<String, BTreeMap<String, Pair>>,
    distinct: usize,
    /// The lowest score of a hit log.
    lowest_hit: Option<f64>,
}

/// The scores of one probe and detector.
#[derive(Debug, Default)]
struct Pair {
    /// Scores by their order, each with how often it occurs.
    scores: BTreeMap<u64, u64>,
    /// Scores that are no number, or beyond the bound on distinct ones.
    not_held: u64,
    expected: Option<Expected>,
}

/// What the `eval` lines of a pair count; a merged report has several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) passed: u64,
    pub(crate) evaluated: u64,
    pub(crate) nones: Option<u64>,
}

/// The bounds between which a threshold lies: above `passes`, at most `hits`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    passes: f64,
    hits: f64,
}

impl Range {
    const ANY: Self = Self {
        passes: f64::NEG_INFINITY,
        hits: f64::INFINITY,
    };

    const fn and(self, other: Self) -> Self {
        Self {
            passes: self.passes.max(other.passes),
            hits: self.hits.min(other.hits),
        }
    }

    fn holds(self, threshold: f64) -> bool {
        self.passes < threshold && threshold <= self.hits
    }
}

/// How a score is judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Threshold {
    /// At or above this score is a hit.
    At(f64),
    /// Known on both sides, with a gap between them that no count closes.
    Between {
        /// The greatest score that passed.
        passes: f64,
        /// The smallest that did not.
        hits: f64,
    },
}

impl Threshold {
    /// Whether a score is a hit; `None` within the gap.
    pub(crate) fn is_hit(self, score: f64) -> Option<bool> {
        match self {
            Threshold::At(threshold) => Some(score >= threshold),
            Threshold::Between { passes, hits } => match (score <= passes, score >= hits) {
                (true, _) => Some(false),
                (_, true) => Some(true),
                _ => None,
            },
        }
    }
}

/// Where a threshold comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The user gave it.
    Given,
    /// The setup line has it.
    Recorded,
    /// garak's default; the counts of this many pairs agree with it.
    Default { agreeing: u64 },
    /// The counts of this many pairs agree with it, and not with the default.
    Recovered { agreeing: u64 },
    /// No threshold agrees with all counts; the default is used.
    NotFound,
}

impl Evidence {
    /// Adds scores; `None` is a score that is no number.
    pub(crate) fn add(
        &mut self,
        probe: &str,
        detector: &str,
        scores: impl Iterator<Item = Option<f64>>,
    ) {
        let is_full = self.distinct >= MAX_DISTINCT_SCORES;
        let pair = self.pair(probe, detector);
        let before = pair.scores.len();
        for score in scores {
            match score {
                Some(score) if !is_full || pair.scores.contains_key(&order(score)) => {
                    *pair.scores.entry(order(score)).or_default() += 1;
                }
                _ => pair.not_held += 1,
            }
        }
        let added = pair.scores.len() - before;
        self.distinct += added;
    }

    /// Adds an `eval` line.
    pub(crate) fn expect(&mut self, eval: &Eval) {
        let expected = &mut self.pair(&eval.probe, &eval.detector).expected;
        let known = expected.get_or_insert_default();
        known.passed = known.passed.saturating_add(eval.passed);
        known.evaluated = known.evaluated.saturating_add(eval.evaluated);
        if let Some(nones) = eval.nones {
            known.nones = Some(known.nones.unwrap_or(0).saturating_add(nones));
        }
    }

    /// Adds the lowest score that a hit log lists.
    pub(crate) fn lowest_hit(&mut self, score: f64) {
        self.lowest_hit = Some(self.lowest_hit.map_or(score, |known| known.min(score)));
    }

    /// What the report counts, by probe and detector.
    pub(crate) fn expected(&self) -> impl Iterator<Item = (&str, &str, Expected)> {
        self.pairs.iter().flat_map(|(probe, detectors)| {
            detectors.iter().filter_map(move |(detector, pair)| {
                Some((probe.as_str(), detector.as_str(), pair.expected?))
            })
        })
    }

    /// Finds the threshold that agrees with every count.
    pub(crate) fn threshold(
        &self,
        given: Option<f64>,
        recorded: Option<f64>,
    ) -> (Threshold, Origin) {
        if let Some(given) = given {
            return (Threshold::At(given), Origin::Given);
        }
        if let Some(recorded) = recorded {
            return (Threshold::At(recorded), Origin::Recorded);
        }
        let pairs = self.pairs.values().flat_map(BTreeMap::values);
        let (mut range, mut agreeing) = (Range::ANY, 0);
        for found in pairs.filter_map(Pair::range) {
            range = range.and(found);
            agreeing += 1;
        }
        if let Some(hits) = self.lowest_hit {
            range = range.and(Range { hits, ..Range::ANY });
        }
        if range.holds(DEFAULT) {
            return (Threshold::At(DEFAULT), Origin::Default { agreeing });
        }
        if range.passes < range.hits {
            let Range { passes, hits } = range;
            return (
                Threshold::Between { passes, hits },
                Origin::Recovered { agreeing },
            );
        }
        (Threshold::At(DEFAULT), Origin::NotFound)
    }

    fn pair(&mut self, probe: &str, detector: &str) -> &mut Pair {
        let detectors = self.pairs.entry(probe.to_owned()).or_default();
        detectors.entry(detector.to_owned()).or_default()
    }
}

impl Pair {
    /// Where the threshold lies, if the scores are as many as were counted.
    fn range(&self) -> Option<Range> {
        let expected = self.expected?;
        let held: u64 = self.scores.values().sum();
        if self.not_held > 0 || held != expected.evaluated || expected.passed > held {
            return None;
        }
        let mut range = Range::ANY;
        let mut seen = 0;
        for (&key, &count) in &self.scores {
            let score = score_of(key);
            if seen >= expected.passed {
                range.hits = score;
                break;
            }
            range.passes = score;
            seen += count;
            if seen > expected.passed {
                // Equal scores on both sides: no threshold gives this count.
                range.hits = score;
                break;
            }
        }
        Some(range)
    }
}

/// A key that sorts as the scores do.
fn order(score: f64) -> u64 {
    // Adding zero makes the two zeros one.
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 0 {
        bits | 1 << 63
    } else {
        !bits
    }
}

fn score_of(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 {
        key & !(1 << 63)
    } else {
        !key
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(pairs: &[(&[f64], u64)]) -> Evidence {
        let mut evidence = Evidence::default();
        for (number, (scores, passed)) in pairs.iter().enumerate() {
            let detector = format!("d.{number}");
            evidence.add("p.P", &detector, scores.iter().copied().map(Some));
            evidence.expect(&Eval {
                probe: "p.P".into(),
                detector,
                passed: *passed,
                evaluated: u64::try_from(scores.len()).unwrap_or_default(),
                nones: None,
            });
        }
        evidence
    }

    #[test]
    fn the_default_stands_where_it_agrees_with_every_count() {
        for (pairs, agreeing) in [
            (vec![], 0),
            (vec![(&[0.0, 1.0, 1.0][..], 1)], 1),
            (vec![(&[0.0, 0.0][..], 2), (&[0.5, 0.49][..], 1)], 2),
        ] {
            let found = evidence(&pairs).threshold(None, None);
            assert_eq!(found, (Threshold::At(0.5), Origin::Default { agreeing }));
        }
    }

    #[test]
    fn another_threshold_is_bounded_by_the_scores_on_both_sides_of_it() {
        let evidence = evidence(&[
            (&[0.0, 0.7, 0.98, 1.0], 2),
            (&[0.0, 0.9], 1),
            (&[0.0, 0.0], 2),
        ]);
        let (threshold, origin) = evidence.threshold(None, None);
        assert_eq!(origin, Origin::Recovered { agreeing: 3 });
        assert_eq!(
            threshold,
            Threshold::Between {
                passes: 0.7,
                hits: 0.9
            }
        );
        for (score, hit) in [(0.7, Some(false)), (0.9, Some(true)), (0.8, None)] {
            assert_eq!(threshold.is_hit(score), hit);
        }
    }

    #[test]
    fn counts_that_contradict_each_other_give_no_threshold() {
        for pairs in [
            vec![(&[0.6, 0.6][..], 1)],
            vec![(&[0.6][..], 1), (&[0.6][..], 0)],
        ] {
            let found = evidence(&pairs).threshold(None, None);
            assert_eq!(found, (Threshold::At(0.5), Origin::NotFound));
        }
    }

    #[test]
    fn a_count_of_other_scores_than_these_says_nothing() {
        let mut evidence = evidence(&[(&[0.9, 0.9], 2)]);
        evidence.add("p.P", "d.0", [Some(0.1)].into_iter());
        let origin = evidence.threshold(None, None).1;
        assert_eq!(origin, Origin::Default { agreeing: 0 });
    }

    #[test]
    fn a_hit_log_and_the_user_narrow_the_search() {
        let mut evidence = evidence(&[]);
        evidence.lowest_hit(0.3);
        let (threshold, _) = evidence.threshold(None, None);
        assert_eq!(threshold.is_hit(0.3), Some(true));
        assert_eq!(threshold.is_hit(0.2), None);
        assert_eq!(
            evidence.threshold(Some(0.9), Some(1.0)).0,
            Threshold::At(0.9)
        );
        assert_eq!(evidence.threshold(None, Some(1.0)).1, Origin::Recorded);
    }

    #[test]
    fn scores_sort_as_numbers() {
        let scores = [
            f64::NEG_INFINITY,
            -1.5,
            -0.0,
            0.0,
            1e-300,
            0.5,
            1.0,
            f64::INFINITY,
        ];
        for pair in scores.windows(2) {
            if let [smaller, larger] = pair {
                assert!(order(*smaller) <= order(*larger));
                assert_eq!(score_of(order(*larger)), *larger);
            }
        }
        assert_eq!(order(-0.0), order(0.0));
    }
}
