//! A rate as it would be under a stated mix of strata.
//!
//! `sum_c w_c p_c` over harm categories or techniques, with the same weights for
//! every side: the answer to "what if all had met the same mix?". The mix is the
//! pooled one or a threat model of the reader's. It adjusts for the labels and
//! for nothing else. Limits are put together from the Wilson limits of the
//! strata, `sqrt(sum w² (p - l)²)` each way (the square-and-add method of Zou,
//! Huang and Zhang 2009), so that a stratum without a success still adds
//! uncertainty. Traces are taken as independent within a stratum; the standard
//! error by prompt beside it does not need that.

use crate::{
    cells::Tally,
    proportion::{Count, Interval, Level, wilson},
    reason::{Estimable, NotEstimable},
    sums::{count, count_u64, sum},
};

/// A stratum's share in the mix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    /// The stratum.
    pub key: u32,
    /// Its weight before scaling; not negative.
    pub weight: f64,
}

/// A standardised rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standardised {
    /// `sum w p`.
    pub rate: f64,
    /// Plug-in standard error `sqrt(sum w² p(1-p)/n)`, traces independent.
    pub se_independent: f64,
    /// Limits by square-and-add of the strata's Wilson limits.
    pub interval: Interval,
    /// Strata that carry weight.
    pub strata: usize,
    /// Traces of strata that carry no weight, which are left out.
    pub left_out: u64,
}

/// The traces of all rows by key, as weights.
pub fn pooled_mix<'a>(rows: impl IntoIterator<Item = &'a [Tally]>) -> Vec<Weight> {
    let mut all: std::collections::BTreeMap<u32, u64> = std::collections::BTreeMap::new();
    for tally in rows.into_iter().flatten() {
        let n = all.entry(tally.key).or_default();
        *n = n.saturating_add(tally.n);
    }
    all.into_iter()
        .map(|(key, n)| Weight {
            key,
            weight: count_u64(n),
        })
        .collect()
}

/// Standardises one side's rates, in order of key, to a mix in order of key.
///
/// # Errors
/// `OutOfRange` for a negative or infinite weight, weights that are all zero, or
/// a mix out of order; `EmptyStratum` where a stratum with weight has no traces.
pub fn standardise(tallies: &[Tally], mix: &[Weight], level: Level) -> Estimable<Standardised> {
    let proper = mix.iter().all(|w| w.weight >= 0.0 && w.weight.is_finite())
        && mix.is_sorted_by(|a, b| a.key < b.key);
    let whole = sum(mix.iter().map(|w| w.weight));
    if !(proper && whole > 0.0 && whole.is_finite()) {
        return Err(NotEstimable::OutOfRange);
    }
    let mut terms = Vec::with_capacity(mix.len());
    let mut used = 0_u64;
    for weight in mix.iter().filter(|w| w.weight > 0.0) {
        let at = tallies
            .binary_search_by_key(&weight.key, |t| t.key)
            .map_err(|_| NotEstimable::EmptyStratum)?;
        let tally = tallies.get(at).ok_or(NotEstimable::EmptyStratum)?;
        used = used.saturating_add(tally.n);
        terms.push((weight.weight / whole, Count::new(tally.succeeded, tally.n)?));
    }
    let all = tallies.iter().map(|t| t.n).fold(0, u64::saturating_add);
    let rate = sum(terms.iter().map(|(w, c)| w * c.share()));
    let reach = |pick: fn(&Interval, f64) -> f64| {
        libm::sqrt(sum(terms.iter().map(|(w, c)| {
            let gap = w * pick(&wilson(*c, level), c.share());
            gap * gap
        })))
    };
    Ok(Standardised {
        rate,
        se_independent: libm::sqrt(sum(terms
            .iter()
            .map(|(w, c)| w * w * c.share() * (1.0 - c.share()) / c.n()))),
        interval: Interval {
            lower: (rate - reach(|i, p| p - i.lower)).max(0.0),
            upper: (rate + reach(|i, p| i.upper - p)).min(1.0),
        },
        strata: terms.len(),
        left_out: all.saturating_sub(used),
    })
}

/// Standard error of a standardised rate clustered by prompt, CR1: each prompt's
/// residuals about its stratum's rate, weighted `w_c/n_c`.
///
/// `prompts` lists the stratum of each prompt (or part of a prompt) beside its
/// traces; prompts of strata outside the mix are passed over. Entries of one
/// prompt have to stand next to each other.
///
/// # Errors
/// As [`standardise`], and `OnePrompt`.
pub fn standardised_se(
    prompts: &[(u32, Tally)],
    strata: &[Tally],
    mix: &[Weight],
    level: Level,
) -> Estimable<f64> {
    standardise(strata, mix, level)?;
    let whole = sum(mix.iter().map(|w| w.weight));
    let influence = |stratum: u32, t: &Tally| -> f64 {
        let weight = mix
            .binary_search_by_key(&stratum, |w| w.key)
            .ok()
            .and_then(|at| mix.get(at));
        let own = strata
            .binary_search_by_key(&stratum, |s| s.key)
            .ok()
            .and_then(|at| strata.get(at));
        weight.zip(own).map_or(0.0, |(w, s)| {
            w.weight / whole / s.traces() * (count_u64(t.succeeded) - t.traces() * s.rate())
        })
    };
    let parts: Vec<f64> = prompts
        .chunk_by(|a, b| a.1.key == b.1.key)
        .map(|part| sum(part.iter().map(|(stratum, t)| influence(*stratum, t))))
        .collect();
    if parts.len() < 2 {
        return Err(NotEstimable::OnePrompt);
    }
    let small = count(parts.len()) / count(parts.len() - 1);
    Ok(libm::sqrt(small * sum(parts.iter().map(|x| x * x))))
}

/// Total variation distance between two mixes, half the sum of the absolute
/// differences of the shares of traces by key: 0 for the same mix, 1 for nothing
/// in common. No mix can move a difference of rates by more than this share.
///
/// # Errors
/// `NoTraces` where a side has none.
pub fn mix_distance(a: &[Tally], b: &[Tally]) -> Estimable<f64> {
    let (first, second) = (crate::cells::total(a)?, crate::cells::total(b)?);
    let share = |t: Option<&Tally>, of: Count| t.map_or(0.0, |t| t.traces() / of.n());
    let gaps = crate::cells::outer(a, b).map(|(x, y)| (share(x, first) - share(y, second)).abs());
    Ok((sum(gaps) / 2.0).min(1.0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn t(key: u32, succeeded: u64, n: u64) -> Tally {
        Tally { key, succeeded, n }
    }

    #[test]
    fn ones_own_mix_gives_back_the_crude_rate() {
        let own = [t(1, 28, 36), t(2, 14, 30), t(5, 3, 19)];
        let s = standardise(&own, &pooled_mix([&own[..]]), Level::P95).unwrap();
        assert!((s.rate - 45.0 / 85.0).abs() < 1e-15);
        assert_eq!((s.strata, s.left_out), (3, 0));
    }

    #[test]
    fn by_hand_with_equal_weights() {
        let own = [t(1, 1, 4), t(2, 3, 6), t(9, 5, 5)];
        let mix = [
            Weight {
                key: 1,
                weight: 2.0,
            },
            Weight {
                key: 2,
                weight: 2.0,
            },
        ];
        let s = standardise(&own, &mix, Level::P95).unwrap();
        assert!((s.rate - 0.375).abs() < 1e-15);
        // 0.25 (0.1875/4 + 0.25/6).
        let by_hand = libm::sqrt(0.25 * (0.1875 / 4.0 + 0.25 / 6.0));
        assert!((s.se_independent - by_hand).abs() < 1e-15);
        assert_eq!(s.left_out, 5);
    }

    #[test]
    fn a_stratum_without_success_keeps_the_interval_open() {
        let own = [t(1, 0, 10), t(2, 0, 10)];
        let s = standardise(&own, &pooled_mix([&own[..]]), Level::P95).unwrap();
        assert_eq!((s.rate, s.interval.lower), (0.0, 0.0));
        assert!(s.interval.upper > 0.1);
    }

    #[test]
    fn weight_without_traces_and_impossible_weights_are_refused() {
        let own = [t(1, 1, 4)];
        let mix = |key, weight| [Weight { key, weight }];
        let get = |m: &[Weight]| standardise(&own, m, Level::P95);
        assert_eq!(get(&mix(2, 1.0)), Err(NotEstimable::EmptyStratum));
        assert_eq!(get(&mix(1, -1.0)), Err(NotEstimable::OutOfRange));
        assert_eq!(get(&mix(1, f64::NAN)), Err(NotEstimable::OutOfRange));
        assert_eq!(get(&[]), Err(NotEstimable::OutOfRange));
    }

    #[test]
    fn clusters_of_one_trace_give_nearly_the_independent_error() {
        let strata = [t(1, 20, 50), t(2, 10, 50)];
        let prompts: Vec<(u32, Tally)> = (0..100_u32)
            .map(|i| {
                let (stratum, success) = if i < 50 { (1, i < 20) } else { (2, i < 60) };
                (stratum, t(i, u64::from(success), 1))
            })
            .collect();
        let mix = pooled_mix([&strata[..]]);
        let se = standardised_se(&prompts, &strata, &mix, Level::P95).unwrap();
        let plain = standardise(&strata, &mix, Level::P95)
            .unwrap()
            .se_independent;
        assert!((se / plain - libm::sqrt(100.0 / 99.0)).abs() < 1e-12);
    }

    #[test]
    fn distance_is_nought_for_one_mix_and_one_for_nothing_in_common() {
        let a = [t(1, 0, 2), t(2, 0, 2)];
        let b = [t(1, 1, 50), t(2, 7, 50)];
        let c = [t(7, 1, 3)];
        assert_eq!(mix_distance(&a, &b), Ok(0.0));
        assert_eq!(mix_distance(&a, &c), Ok(1.0));
        assert_eq!(mix_distance(&a, &[]), Err(NotEstimable::NoTraces));
    }
}
