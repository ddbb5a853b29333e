//! Agreement of more than two graders: Krippendorff's alpha and Fleiss' kappa.
//!
//! Both need only how many graders put a trace into each category, so traces
//! with the same counts are given once, with their number: a million traces of
//! four graders and three verdicts are 34 patterns at most. Alpha takes traces
//! with missing grades as they are and drops those with a single grade; Fleiss'
//! kappa takes only traces that the stated number of graders graded. Sources:
//! Krippendorff 2004; Fleiss 1971.

use std::collections::BTreeMap;

use crate::{
    reason::{Estimable, NotEstimable},
    sums::{count, count_u64, sum},
};

/// Traces that were graded alike: grades per category, and how many such traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Graders that chose each category.
    pub grades: Vec<u32>,
    /// Traces.
    pub traces: u64,
}

impl Pattern {
    fn total(&self) -> f64 {
        sum(self.grades.iter().map(|g| f64::from(*g)))
    }
}

/// How far two categories are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// 1 for any two different categories.
    Nominal,
    /// By the grades between them.
    Ordinal,
    /// By the square of their distance in steps.
    Interval,
}

/// Collects the patterns of traces, given as the grades each received.
///
/// Grades at or beyond `categories` are passed over, as are traces without one.
pub fn patterns<'a>(
    traces: impl IntoIterator<Item = &'a [u32]>,
    categories: usize,
) -> Vec<Pattern> {
    let mut seen: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
    for trace in traces {
        let mut grades = vec![0_u32; categories];
        for grade in trace {
            let place = usize::try_from(*grade).ok();
            if let Some(n) = place.and_then(|p| grades.get_mut(p)) {
                *n = n.saturating_add(1);
            }
        }
        if grades.iter().any(|g| *g > 0) {
            let n = seen.entry(grades).or_default();
            *n = n.saturating_add(1);
        }
    }
    seen.into_iter()
        .map(|(grades, traces)| Pattern { grades, traces })
        .collect()
}

/// Traces that two or more graders graded.
pub fn pairable(patterns: &[Pattern]) -> u64 {
    patterns
        .iter()
        .filter(|p| p.total() >= 2.0)
        .map(|p| p.traces)
        .fold(0, u64::saturating_add)
}

/// Krippendorff's alpha, `1 - Do/De` from the matrix of coincidences.
///
/// # Errors
/// `LengthMismatch` for patterns of different length, `NoTraces` where no trace
/// has two grades, `OneCategory` where all grades are equal.
pub fn krippendorff(patterns: &[Pattern], metric: Metric) -> Estimable<f64> {
    let k = categories(patterns)?;
    let mut coincidences = vec![vec![Vec::new(); k]; k];
    for pattern in patterns.iter().filter(|p| p.traces > 0) {
        let m = pattern.total();
        if m < 2.0 {
            continue;
        }
        let weight = count_u64(pattern.traces) / (m - 1.0);
        for (c, first) in pattern.grades.iter().enumerate() {
            for (d, second) in pattern.grades.iter().enumerate() {
                let own = if c == d { 1.0 } else { 0.0 };
                let pairs = f64::from(*first) * (f64::from(*second) - own);
                coincidences[c][d].push(pairs * weight);
            }
        }
    }
    let coincidences: Vec<Vec<f64>> = coincidences
        .into_iter()
        .map(|row| row.into_iter().map(sum).collect())
        .collect();
    let totals: Vec<f64> = coincidences
        .iter()
        .map(|row| sum(row.iter().copied()))
        .collect();
    let n = sum(totals.iter().copied());
    if n == 0.0 {
        return Err(NotEstimable::NoTraces);
    }
    let pairs = (0..k).flat_map(|c| (c + 1..k).map(move |d| (c, d)));
    let apart: Vec<(usize, usize, f64)> = pairs
        .map(|(c, d)| (c, d, distance(metric, &totals, c, d)))
        .collect();
    let observed = sum(apart.iter().map(|(c, d, w)| coincidences[*c][*d] * w));
    let expected = sum(apart.iter().map(|(c, d, w)| totals[*c] * totals[*d] * w));
    if expected == 0.0 {
        return Err(NotEstimable::OneCategory);
    }
    Ok(1.0 - (n - 1.0) * (observed / expected))
}

fn distance(metric: Metric, totals: &[f64], c: usize, d: usize) -> f64 {
    let steps = match metric {
        Metric::Nominal => 1.0,
        Metric::Ordinal => {
            let between = sum(totals.iter().take(d + 1).skip(c).copied());
            between - (totals[c] + totals[d]) / 2.0
        }
        Metric::Interval => count(d - c),
    };
    steps * steps
}

/// Fleiss' kappa over the traces that exactly `graders` graders graded, and
/// their number.
///
/// # Errors
/// `LengthMismatch`, `NoTraces` where no trace has that many grades, `OutOfRange`
/// below two graders, `OneCategory` where all grades are equal.
pub fn fleiss(patterns: &[Pattern], graders: u32) -> Estimable<(f64, u64)> {
    let k = categories(patterns)?;
    if graders < 2 {
        return Err(NotEstimable::OutOfRange);
    }
    let m = f64::from(graders);
    let full: Vec<&Pattern> = patterns
        .iter()
        .filter(|p| p.total() == m && p.traces > 0)
        .collect();
    let traces = full.iter().map(|p| p.traces).fold(0, u64::saturating_add);
    if traces == 0 {
        return Err(NotEstimable::NoTraces);
    }
    let n = count_u64(traces);
    let observed = sum(full.iter().map(|p| {
        let squares = sum(p.grades.iter().map(|g| f64::from(*g) * f64::from(*g)));
        count_u64(p.traces) * (squares - m) / (m * (m - 1.0))
    })) / n;
    let shares = (0..k).map(|c| {
        sum(full
            .iter()
            .map(|p| count_u64(p.traces) * f64::from(p.grades[c])))
            / (n * m)
    });
    let chance = sum(shares.map(|p| p * p));
    if chance >= 1.0 {
        return Err(NotEstimable::OneCategory);
    }
    Ok(((observed - chance) / (1.0 - chance), traces))
}

fn categories(patterns: &[Pattern]) -> Estimable<usize> {
    let k = patterns.first().map_or(0, |p| p.grades.len());
    if patterns.iter().any(|p| p.grades.len() != k) {
        return Err(NotEstimable::LengthMismatch);
    }
    Ok(k)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn perfect_agreement_is_one_and_a_single_category_has_no_chance_to_beat() {
        let apart = patterns([&[0, 0, 0][..], &[1, 1], &[1]], 2);
        for metric in [Metric::Nominal, Metric::Ordinal, Metric::Interval] {
            assert_eq!(krippendorff(&apart, metric), Ok(1.0));
        }
        let same = patterns([&[1, 1][..], &[1, 1]], 2);
        assert_eq!(
            krippendorff(&same, Metric::Nominal),
            Err(NotEstimable::OneCategory)
        );
        assert_eq!(fleiss(&same, 2), Err(NotEstimable::OneCategory));
        assert_eq!(pairable(&apart), 2);
    }

    #[test]
    fn nothing_graded_twice_gives_a_reason() {
        let single = patterns([&[0][..], &[1], &[]], 2);
        assert_eq!(
            krippendorff(&single, Metric::Nominal),
            Err(NotEstimable::NoTraces)
        );
        assert_eq!(fleiss(&single, 3), Err(NotEstimable::NoTraces));
        assert_eq!(fleiss(&single, 1), Err(NotEstimable::OutOfRange));
        assert_eq!(
            krippendorff(&[], Metric::Ordinal),
            Err(NotEstimable::NoTraces)
        );
    }

    #[test]
    fn two_graders_by_hand() {
        // Two agree on 0, one on 1, one disagrees: Do = 2/8, De = 2·5·3/(8·7).
        let four = patterns([&[0, 0][..], &[0, 0], &[1, 1], &[0, 1]], 2);
        let alpha = krippendorff(&four, Metric::Nominal).unwrap();
        assert!((alpha - (1.0 - 0.25 * 56.0 / 30.0)).abs() < 1e-15);
    }
}
