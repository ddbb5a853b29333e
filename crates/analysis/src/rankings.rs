//! Which ranked providers can be told apart, and the ranks that this leaves open.
//!
//! Every pair is compared by Newcombe's hybrid score interval of the difference
//! of pooled rates, at the level that makes all K(K-1)/2 intervals hold at once
//! (Bonferroni). Newcombe's interval is used and not a normal one with standard
//! errors (as in [`crate::ranks`]) because a rate of 0 or 1 has no useful
//! standard error. A provider's ranks start after all that are told to be lower
//! and end before all that are told to be higher; together these sets cover all
//! true ranks with the stated level (Mogstad, Romano, Shaikh and Wilhelm 2024).
//! Traces are taken as independent, also those of the same prompt.

use crate::{
    difference::newcombe,
    estimate::{NEWCOMBE_BONFERRONI, bonferroni, estimate_points},
    layout::Layout,
    overlap::Prompts,
    proportion::{Count, Level},
    result::{Comparison, RankResult},
};

/// All pairs of ranked providers.
#[derive(Clone, Debug)]
pub(crate) struct Rankings {
    /// Places of the ranked providers, by rising rate.
    ranked: Vec<usize>,
    rates: Vec<f64>,
    /// Whether the i-th and the j-th of the ranked are told apart.
    apart: Vec<Vec<bool>>,
    /// The pairs in order of rank.
    pub(crate) comparisons: Vec<Comparison>,
}

impl Rankings {
    /// Compares the ranked providers, given by rising rate.
    pub(crate) fn new(
        layout: &Layout<'_>,
        ranked: &[usize],
        prompts: &Prompts,
        level: Level,
    ) -> Self {
        let counts: Vec<(usize, Count)> = ranked
            .iter()
            .filter_map(|place| Some((*place, layout.providers[*place].count().ok()?)))
            .collect();
        let k = counts.len();
        let adjusted = bonferroni(level, k * k.saturating_sub(1) / 2);
        let mut apart = vec![vec![false; k]; k];
        let mut comparisons = Vec::with_capacity(k * k.saturating_sub(1) / 2);
        for (i, (low, a)) in counts.iter().enumerate() {
            for (j, (high, b)) in counts.iter().enumerate().skip(i + 1) {
                let interval = newcombe(*b, *a, adjusted);
                let told = !interval.contains(0.0);
                apart[i][j] = told;
                apart[j][i] = told;
                comparisons.push(Comparison {
                    lower_provider: layout.providers[*low].name.to_owned(),
                    higher_provider: layout.providers[*high].name.to_owned(),
                    difference_pp: estimate_points(
                        b.share() - a.share(),
                        interval,
                        adjusted,
                        NEWCOMBE_BONFERRONI,
                    ),
                    told_apart: told,
                    common_prompts: prompts.common(*low, *high).into(),
                });
            }
        }
        Rankings {
            ranked: counts.iter().map(|(place, _)| *place).collect(),
            rates: counts.iter().map(|(_, count)| count.share()).collect(),
            apart,
            comparisons,
        }
    }

    /// The rank of a provider, if it is ranked.
    pub(crate) fn rank(&self, place: usize) -> Option<RankResult> {
        let i = self.ranked.iter().position(|p| *p == place)?;
        let told = |j: &usize| self.apart[i][*j];
        let of = self.ranked.len();
        Some(RankResult {
            value: 1 + self.rates.iter().filter(|r| **r < self.rates[i]).count(),
            lower: 1 + (0..i).filter(told).count(),
            upper: of - (i..of).filter(told).count(),
            of,
        })
    }

    /// Longest runs of neighbours in order of rate of which no two are told
    /// apart; a provider apart from both neighbours is a run of its own.
    pub(crate) fn tie_groups(&self, layout: &Layout<'_>) -> Vec<Vec<String>> {
        runs(&self.apart)
            .into_iter()
            .map(|(from, to)| {
                let names = self.ranked[from..=to].iter();
                names
                    .map(|place| layout.providers[*place].name.to_owned())
                    .collect()
            })
            .collect()
    }
}

/// The maximal runs as first and last place.
fn runs(apart: &[Vec<bool>]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for from in 0..apart.len() {
        let mut to = from;
        while to + 1 < apart.len() && (from..=to).all(|i| !apart[i][to + 1]) {
            to += 1;
        }
        if found.last().is_none_or(|(_, last)| to > *last) {
            found.push((from, to));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_overlap_and_none_lies_within_another() {
        // 0 and 2 told apart, 1 apart from nobody, 3 apart from all.
        let mut apart = vec![vec![false; 4]; 4];
        for (i, j) in [(0, 2), (0, 3), (1, 3), (2, 3)] {
            apart[i][j] = true;
            apart[j][i] = true;
        }
        assert_eq!(runs(&apart), [(0, 1), (1, 2), (3, 3)]);
        assert_eq!(runs(&[]), []);
    }
}
