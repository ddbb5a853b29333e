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

    /// The maximal groups of providers of which no two are told apart, by the
    /// places of their members in order of rate. Two providers are in a common
    /// group exactly where they are not told apart; one that is apart from all
    /// others is a group of its own. A group may skip a provider in the order of
    /// rate, as intervals of few results are wide.
    ///
    /// Beyond [`MOST_PROVIDERS`] or [`MOST_GROUPS`] the groups are the longest
    /// runs of neighbours instead, which can leave out pairs that are open.
    pub(crate) fn tie_groups(&self, layout: &Layout<'_>) -> Vec<Vec<String>> {
        let groups = maximal_groups(&self.apart);
        let name = |i: usize| Some(layout.providers[*self.ranked.get(i)?].name.to_owned());
        groups
            .into_iter()
            .map(|group| group.into_iter().filter_map(name).collect())
            .collect()
    }
}

/// The maximal groups of places of which no two are told apart, or the longest
/// runs of neighbours beyond [`MOST_PROVIDERS`] or [`MOST_GROUPS`]. Places are in
/// order of rate.
pub(crate) fn maximal_groups(apart: &[Vec<bool>]) -> Vec<Vec<usize>> {
    cliques(apart).unwrap_or_else(|| runs(apart))
}

/// Most ranked providers for which all maximal groups are looked for.
const MOST_PROVIDERS: usize = 40;

/// Most maximal groups that are listed: as many as there are letters.
const MOST_GROUPS: usize = 26;

/// All maximal cliques of the graph that joins two places that are not told
/// apart, sorted by their members; `None` beyond the bounds. The search is that
/// of Bron and Kerbosch (1973), with the pivot of Tomita, Tanaka and Takahashi
/// (2006).
fn cliques(apart: &[Vec<bool>]) -> Option<Vec<Vec<usize>>> {
    if apart.is_empty() {
        return Some(Vec::new());
    }
    if apart.len() > MOST_PROVIDERS {
        return None;
    }
    let mut found = Vec::new();
    let all: Vec<usize> = (0..apart.len()).collect();
    if !extend(apart, &mut Vec::new(), all, Vec::new(), &mut found) {
        return None;
    }
    found.sort_unstable();
    Some(found)
}

/// Lists the maximal cliques that hold `chosen`, some of `open` and none of
/// `done`; false once there are too many.
fn extend(
    apart: &[Vec<bool>],
    chosen: &mut Vec<usize>,
    mut open: Vec<usize>,
    mut done: Vec<usize>,
    found: &mut Vec<Vec<usize>>,
) -> bool {
    let tied = |a: usize, b: usize| a != b && !apart[a][b];
    let reach = |pivot: usize| open.iter().filter(|other| tied(pivot, **other)).count();
    let Some(pivot) = open
        .iter()
        .chain(&done)
        .copied()
        .max_by_key(|at| reach(*at))
    else {
        let mut clique = chosen.clone();
        clique.sort_unstable();
        found.push(clique);
        return found.len() <= MOST_GROUPS;
    };
    let branches: Vec<usize> = open
        .iter()
        .copied()
        .filter(|at| !tied(pivot, *at))
        .collect();
    for at in branches {
        let beside = |list: &[usize]| -> Vec<usize> {
            list.iter().copied().filter(|b| tied(at, *b)).collect()
        };
        chosen.push(at);
        let within = extend(apart, chosen, beside(&open), beside(&done), found);
        chosen.pop();
        if !within {
            return false;
        }
        open.retain(|other| *other != at);
        done.push(at);
    }
    true
}

/// The longest runs of neighbours of which no two are told apart.
fn runs(apart: &[Vec<bool>]) -> Vec<Vec<usize>> {
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
        .into_iter()
        .map(|(from, to)| (from..=to).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn apart(k: usize, pairs: &[(usize, usize)]) -> Vec<Vec<bool>> {
        let mut apart = vec![vec![false; k]; k];
        for (i, j) in pairs {
            apart[*i][*j] = true;
            apart[*j][*i] = true;
        }
        apart
    }

    #[test]
    fn groups_overlap_and_none_lies_within_another() {
        // 0 and 2 told apart, 1 apart from 3 alone, 3 apart from all.
        let apart = apart(4, &[(0, 2), (0, 3), (1, 3), (2, 3)]);
        assert_eq!(cliques(&apart).unwrap(), [vec![0, 1], vec![1, 2], vec![3]]);
        assert_eq!(runs(&apart), [vec![0, 1], vec![1, 2], vec![3]]);
        assert!(cliques(&[]).unwrap().is_empty());
        assert!(runs(&[]).is_empty());
    }

    #[test]
    fn a_group_reaches_over_a_provider_that_is_told_apart() {
        let apart = apart(4, &[(0, 1), (1, 3)]);
        assert_eq!(cliques(&apart).unwrap(), [vec![0, 2, 3], vec![1, 2]]);
    }

    #[test]
    fn two_share_a_group_exactly_where_they_are_not_told_apart() {
        // Every graph of five places.
        let pairs: Vec<(usize, usize)> = (0..5)
            .flat_map(|i| (i + 1..5).map(move |j| (i, j)))
            .collect();
        for graph in 0_u32..1 << pairs.len() {
            let chosen: Vec<(usize, usize)> = (0_u32..)
                .zip(&pairs)
                .filter(|(bit, _)| graph >> bit & 1 == 1)
                .map(|(_, pair)| *pair)
                .collect();
            let apart = apart(5, &chosen);
            let groups = cliques(&apart).unwrap();
            assert!(groups.is_sorted());
            for (i, j) in &pairs {
                let shared = groups.iter().any(|g| g.contains(i) && g.contains(j));
                assert_eq!(shared, !apart[*i][*j], "{graph:b}");
            }
            for one in &groups {
                let inside = |other: &&Vec<usize>| one.iter().all(|m| other.contains(m));
                assert_eq!(groups.iter().filter(inside).count(), 1, "{graph:b}");
            }
        }
    }

    #[test]
    fn beyond_the_bounds_no_cliques_are_listed() {
        assert_eq!(cliques(&apart(40, &[])).unwrap().len(), 1);
        assert!(cliques(&apart(41, &[])).is_none());
        // Nine triples, told apart inside only: 3^9 maximal groups.
        let triples: Vec<(usize, usize)> = (0..9)
            .flat_map(|t| {
                [
                    (3 * t, 3 * t + 1),
                    (3 * t, 3 * t + 2),
                    (3 * t + 1, 3 * t + 2),
                ]
            })
            .collect();
        assert!(cliques(&apart(27, &triples)).is_none());
    }
}
