//! A test of paired differences that asks for no normal law: random signs.
//!
//! If neither side is harder to attack, each pair's difference could as well have
//! the other sign. The statistic is the absolute sum of the differences; every
//! assignment of signs is counted while there are at most [`EXACT_LIMIT`] of them,
//! and signs are drawn otherwise. Pairs without a difference change no sum and are
//! left out, which leaves the p-value as it is. Pairs are taken as independent.
//! Source: Fisher 1935, section 21.

use rayon::prelude::*;

use crate::{
    labels::Chance,
    permutation::{EXACT_LIMIT, TIE},
    reason::{Estimable, NotEstimable},
    stream::{BLOCK, Pass, Stream},
    sums::{all_finite, count, count_u64, sum},
};

/// The outcome of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SignFlips {
    /// Mean of the differences over all pairs.
    pub mean: f64,
    /// Pairs that differ.
    pub differing: usize,
    /// Whether every assignment was counted.
    pub exact: bool,
    /// Assignments counted or drawn.
    pub assignments: u64,
    /// Those whose sum is at least as far from zero.
    pub reached: u64,
    /// `b/A` where counted, `(1 + b)/(1 + B)` where drawn.
    pub p: f64,
    /// The smallest p-value that this number of differing pairs can reach.
    pub smallest_attainable_p: f64,
}

/// Tests that the differences are as likely to be positive as negative.
///
/// # Errors
/// `NoTraces` without a pair, `OutOfRange` for a difference that is not finite,
/// `NoVariance` where no pair differs, `NotGiven` where signs would have to be
/// drawn and no draw is asked for.
pub fn sign_flips(differences: &[f64], chance: Chance) -> Estimable<SignFlips> {
    if differences.is_empty() {
        return Err(NotEstimable::NoTraces);
    }
    if !all_finite(differences) {
        return Err(NotEstimable::OutOfRange);
    }
    let mut sizes: Vec<f64> = differences
        .iter()
        .filter(|d| **d != 0.0)
        .map(|d| d.abs())
        .collect();
    if sizes.is_empty() {
        return Err(NotEstimable::NoVariance);
    }
    // The order of the pairs must not reach the last digit of a sum.
    sizes.sort_by(f64::total_cmp);
    let observed = sum(differences.iter().copied());
    let scale = sum(sizes.iter().copied());
    let threshold = observed.abs() - TIE * scale;
    let ways = libm::ldexp(1.0, i32::try_from(sizes.len()).unwrap_or(i32::MAX));
    let exact = ways <= EXACT_LIMIT;
    let (assignments, reached) = if exact {
        counted(&sizes, threshold)
    } else {
        drawn(&sizes, threshold, chance)?
    };
    let (b, all) = (count_u64(reached), count_u64(assignments));
    Ok(SignFlips {
        mean: observed / count(differences.len()),
        differing: sizes.len(),
        exact,
        assignments,
        reached,
        p: if exact {
            b / all
        } else {
            (1.0 + b) / (1.0 + all)
        },
        smallest_attainable_p: 2.0 / ways,
    })
}

/// All assignments, by the bits of a number.
fn counted(sizes: &[f64], threshold: f64) -> (u64, u64) {
    let ways = 1_u64 << sizes.len();
    let reached = (0..ways).filter(|bits| signed(sizes, *bits).abs() >= threshold);
    (ways, reached.count() as u64)
}

fn signed(sizes: &[f64], bits: u64) -> f64 {
    let terms = sizes.iter().enumerate();
    terms
        .map(|(i, size)| {
            if bits >> (i % 64) & 1 == 1 {
                *size
            } else {
                -*size
            }
        })
        .sum()
}

fn drawn(sizes: &[f64], threshold: f64, chance: Chance) -> Estimable<(u64, u64)> {
    let draws = u64::from(chance.relabellings);
    if draws == 0 {
        return Err(NotEstimable::NotGiven);
    }
    let blocks = draws.div_ceil(BLOCK as u64);
    let reached: u64 = (0..blocks)
        .into_par_iter()
        .map(|block| {
            let mut stream = Stream::new(chance.seed, Pass::Signs, block);
            let here = (draws - block * BLOCK as u64).min(BLOCK as u64);
            let reaches = (0..here).filter(|_| {
                let total: f64 = sizes
                    .chunks(64)
                    .map(|part| signed(part, stream.word()))
                    .sum();
                total.abs() >= threshold
            });
            reaches.count() as u64
        })
        .sum();
    Ok((draws, reached))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CHANCE: Chance = Chance {
        relabellings: 20_000,
        seed: 164,
    };

    #[test]
    fn three_equal_differences_reach_a_quarter_at_best() {
        let t = sign_flips(&[1.0, 1.0, 1.0, 0.0], CHANCE).unwrap();
        assert_eq!((t.p, t.smallest_attainable_p), (0.25, 0.25));
        assert_eq!((t.differing, t.assignments, t.reached), (3, 8, 2));
        assert_eq!(t.mean, 0.75);
    }

    #[test]
    fn binary_pairs_give_the_exact_test_of_mcnemar() {
        let mut pairs = vec![1.0; 9];
        pairs.extend([-1.0; 3]);
        pairs.extend([0.0; 40]);
        let table = crate::paired::PairedTable::new(20, 9, 3, 20).unwrap();
        let exact = table.mcnemar().unwrap().exact;
        assert!((sign_flips(&pairs, CHANCE).unwrap().p - exact).abs() < 1e-14);
    }

    #[test]
    fn drawn_signs_come_close_to_the_exact_test_on_any_number_of_threads() {
        let mut pairs = vec![1.0; 50];
        pairs.extend([-1.0; 30]);
        let exact = crate::paired::PairedTable::new(0, 50, 30, 0).unwrap();
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| sign_flips(&pairs, CHANCE).unwrap())
        };
        let one = with(1);
        assert_eq!(one, with(3));
        assert!(!one.exact);
        // Four Monte Carlo standard errors.
        assert!((one.p - exact.mcnemar().unwrap().exact).abs() < 0.005);
    }

    #[test]
    fn nothing_and_no_difference_give_reasons() {
        let reason = |d: &[f64]| sign_flips(d, CHANCE).unwrap_err();
        assert_eq!(reason(&[]), NotEstimable::NoTraces);
        assert_eq!(reason(&[0.0, 0.0]), NotEstimable::NoVariance);
        assert_eq!(reason(&[f64::NAN]), NotEstimable::OutOfRange);
        assert_eq!(sign_flips(&[0.3], CHANCE).unwrap().p, 1.0);
        let none = Chance {
            relabellings: 0,
            ..CHANCE
        };
        assert_eq!(sign_flips(&[1.0; 40], none), Err(NotEstimable::NotGiven));
    }
}
