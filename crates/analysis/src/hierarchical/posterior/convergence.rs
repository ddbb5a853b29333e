//! Whether chains have converged, and how many independent draws they are worth.
//!
//! Rank-normalised split R-hat (the larger of bulk and folded), bulk and tail
//! effective sample size after Vehtari, Gelman, Simpson, Carpenter and Bürkner
//! (2021); autocorrelations are cut by Geyer's (1992) initial monotone
//! sequence. A quantity that never moves counts as converged: its mean is its
//! value.

use crate::{
    reason::{Estimable, NotEstimable},
    special::{beta_quantile, normal_quantile, normal_sf},
    sums::{count, mean, squares_about},
};

/// One quantity's diagnostics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diagnostics {
    /// Rank-normalised split R-hat.
    pub rhat: f64,
    /// Effective sample size of the bulk.
    pub ess_bulk: f64,
    /// The smaller effective sample size of the 5 and 95 % quantiles.
    pub ess_tail: f64,
    /// Effective sample size of the mean.
    pub ess_mean: f64,
}

/// Diagnoses chains of equal length.
///
/// # Errors
/// `OutOfRange` for fewer than four draws per chain, no
/// chain, chains of different lengths or a value that is not finite.
pub fn diagnose(chains: &[Vec<f64>]) -> Estimable<Diagnostics> {
    let length = chains.first().map_or(0, Vec::len);
    let usable = length >= 4
        && chains
            .iter()
            .all(|c| c.len() == length && c.iter().all(|v| v.is_finite()));
    if !usable {
        return Err(NotEstimable::OutOfRange);
    }
    let half = length / 2;
    // The middle draw of an odd number belongs to neither half.
    let split: Vec<Vec<f64>> = chains
        .iter()
        .flat_map(|c| [c[..half].to_vec(), c[length - half..].to_vec()])
        .collect();
    let mut sorted: Vec<f64> = split.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let total = count(sorted.len());
    if sorted.first() == sorted.last() {
        return Ok(Diagnostics {
            rhat: 1.0,
            ess_bulk: total,
            ess_tail: total,
            ess_mean: total,
        });
    }
    let median = quantile(&sorted, 0.5);
    let folded: Vec<Vec<f64>> = split
        .iter()
        .map(|c| c.iter().map(|v| (v - median).abs()).collect())
        .collect();
    let normal = rank_normalised(&split)?;
    let tail = |p: f64| {
        let limit = quantile(&sorted, p);
        let below: Vec<Vec<f64>> = split
            .iter()
            .map(|c| c.iter().map(|v| f64::from(u8::from(*v <= limit))).collect())
            .collect();
        effective_size(&below)
    };
    Ok(Diagnostics {
        rhat: potential_reduction(&normal).max(potential_reduction(&rank_normalised(&folded)?)),
        ess_bulk: effective_size(&normal),
        ess_tail: tail(0.05).min(tail(0.95)),
        ess_mean: effective_size(&split),
    })
}

/// Quantile of sorted values by linear interpolation (Hyndman and Fan's type 7).
pub(crate) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let at = p * count(last);
    let below = libm::floor(at);
    let low = (below as usize).min(last);
    let high = (low + 1).min(last);
    match (sorted.get(low), sorted.get(high)) {
        (Some(a), Some(b)) => a + (at - below) * (b - a),
        _ => 0.0,
    }
}

/// Monte Carlo error of a quantile: half the width of the values that hold it
/// with the probability of one standard deviation, the effective sample size
/// that of the share below it (Vehtari et al. 2021, section 4.4).
pub(crate) fn quantile_error(chains: &[Vec<f64>], sorted: &[f64], p: f64) -> Estimable<f64> {
    if sorted.first() == sorted.last() {
        return Ok(0.0);
    }
    let limit = quantile(sorted, p);
    let half = chains.first().map_or(0, Vec::len) / 2;
    let below: Vec<Vec<f64>> = chains
        .iter()
        .flat_map(|c| [&c[..half], &c[c.len() - half..]])
        .map(|c| c.iter().map(|v| f64::from(u8::from(*v <= limit))).collect())
        .collect();
    let size = effective_size(&below);
    let total = count(sorted.len());
    let place = |tail: f64| {
        let share = beta_quantile(size * p + 1.0, size * (1.0 - p) + 1.0, tail)?;
        Ok((share * total - 1.0).clamp(0.0, total - 1.0))
    };
    // The draws just outside, as arviz takes them.
    let low = libm::floor(place(normal_sf(1.0))?) as usize;
    let high = libm::ceil(place(1.0 - normal_sf(1.0))?) as usize;
    match (sorted.get(low), sorted.get(high)) {
        (Some(a), Some(b)) => Ok(0.5 * (b - a)),
        _ => Err(NotEstimable::OutOfRange),
    }
}

/// Normal scores of the pooled ranks, ties at their mean (Blom 1958).
fn rank_normalised(chains: &[Vec<f64>]) -> Estimable<Vec<Vec<f64>>> {
    let values: Vec<f64> = chains.iter().flatten().copied().collect();
    let total = values.len();
    let mut order: Vec<usize> = (0..total).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut scores = vec![0.0; total];
    let mut first = 0;
    while first < total {
        let mut end = first + 1;
        while end < total && values[order[end]] == values[order[first]] {
            end += 1;
        }
        let rank = 0.5 * (count(first + 1) + count(end));
        let score = normal_quantile((rank - 0.375) / (count(total) + 0.25))?;
        for place in &order[first..end] {
            scores[*place] = score;
        }
        first = end;
    }
    let length = chains.first().map_or(1, Vec::len);
    Ok(scores.chunks(length.max(1)).map(<[f64]>::to_vec).collect())
}

/// Means of the chains, their mean variance, and the pooled variance.
fn variances(chains: &[Vec<f64>]) -> (Vec<f64>, f64, f64) {
    let means: Vec<f64> = chains.iter().filter_map(|c| mean(c)).collect();
    let n = chains.first().map_or(0.0, |c| count(c.len()));
    let m = count(chains.len());
    let within = chains
        .iter()
        .zip(&means)
        .map(|(c, centre)| squares_about(c, *centre) / (n - 1.0))
        .sum::<f64>()
        / m;
    let centre = mean(&means).unwrap_or(0.0);
    let between = squares_about(&means, centre) / (m - 1.0);
    (means, within, within * (n - 1.0) / n + between)
}

fn potential_reduction(chains: &[Vec<f64>]) -> f64 {
    let (_, within, pooled) = variances(chains);
    if within > 0.0 {
        libm::sqrt(pooled / within)
    } else if pooled > 0.0 {
        f64::INFINITY
    } else {
        1.0
    }
}

fn effective_size(chains: &[Vec<f64>]) -> f64 {
    let n = chains.first().map_or(0, Vec::len);
    let draws = count(n * chains.len());
    let (means, within, pooled) = variances(chains);
    if pooled <= 0.0 {
        return draws;
    }
    let correlation = |lag: usize| {
        let covariance = chains
            .iter()
            .zip(&means)
            .map(|(c, m)| {
                let pairs = c.iter().zip(c.get(lag..).unwrap_or_default());
                pairs.map(|(a, b)| (a - m) * (b - m)).sum::<f64>() / count(n)
            })
            .sum::<f64>()
            / count(chains.len());
        1.0 - (within - covariance) / pooled
    };
    // Sums of neighbouring pairs, positive and falling (Geyer 1992).
    let mut sum = 0.0;
    let mut smallest = f64::INFINITY;
    let mut last_even = 0.0;
    let mut lag = 0;
    while lag + 1 < n {
        let even = if lag == 0 { 1.0 } else { correlation(lag) };
        let pair = even + correlation(lag + 1);
        // The pair that ends the sequence counts with its first half only.
        if pair < 0.0 || (lag > 0 && lag + 4 >= n) {
            last_even = even.max(0.0);
            break;
        }
        smallest = smallest.min(pair);
        sum += smallest;
        lag += 2;
    }
    // No more independent draws than log10 of their number times that number.
    let least = 1.0 / libm::log10(draws).max(1.0);
    draws / (2.0 * sum - 1.0 + last_even).max(least)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Chains of a first-order autoregression with uniform noise, from a
    /// linear congruence; each chain `shift` above the one before.
    fn autoregression(phi: f64, shift: f64) -> Vec<Vec<f64>> {
        let mut state = 12345_u64;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        (0..4)
            .map(|chain| {
                let mut x = 0.0;
                (0..1000)
                    .map(|_| {
                        x = phi * x + (uniform() - 0.5);
                        x + shift * f64::from(chain)
                    })
                    .collect()
            })
            .collect()
    }

    #[test]
    fn diagnostics_agree_with_arviz() {
        // arviz 0.23.4: rhat "rank", ess "bulk", "tail", "mean" of the same chains.
        for ((phi, shift), [rhat, bulk, tail, mean]) in [
            (
                (0.0, 0.0),
                [
                    0.999_913_174_251_848_7,
                    3_737.062_877_356_580_4,
                    3_762.271_987_749_625_6,
                    3_726.806_450_839_335_4,
                ],
            ),
            (
                (0.8, 0.0),
                [
                    1.004_624_564_201_783_5,
                    405.833_253_676_712_1,
                    990.053_067_262_343_2,
                    404.581_026_311_395_36,
                ],
            ),
            (
                (-0.5, 0.0),
                [
                    1.000_408_909_950_878_5,
                    13_130.070_400_658_23,
                    4_043.354_900_566_159,
                    12_102.002_705_892_734,
                ],
            ),
            (
                (0.3, 0.2),
                [
                    1.265_586_910_691_377_3,
                    11.404_737_429_264_541,
                    48.164_064_610_998_395,
                    11.408_502_652_047_831,
                ],
            ),
            (
                (0.98, 0.0),
                [
                    1.047_171_586_050_880_3,
                    62.048_050_406_583_26,
                    87.401_817_453_981_37,
                    60.820_160_083_394_29,
                ],
            ),
        ] {
            let d = diagnose(&autoregression(phi, shift)).unwrap();
            for (ours, theirs) in [
                (d.rhat, rhat),
                (d.ess_bulk, bulk),
                (d.ess_tail, tail),
                (d.ess_mean, mean),
            ] {
                assert!(
                    (ours / theirs - 1.0).abs() < 1e-9,
                    "{phi} {shift}: {ours} {theirs}"
                );
            }
        }
    }

    #[test]
    fn errors_of_quantiles_agree_with_arviz() {
        // arviz 0.23.4, mcse "quantile".
        for (phi, p, theirs) in [
            (0.0, 0.025, 0.002_932_533_893_550_748_3),
            (0.0, 0.975, 0.002_002_428_514_188_303_6),
            (0.8, 0.025, 0.035_067_127_176_242_496),
            (0.8, 0.975, 0.032_200_644_836_200_054),
        ] {
            let chains = autoregression(phi, 0.0);
            let mut sorted: Vec<f64> = chains.iter().flatten().copied().collect();
            sorted.sort_by(f64::total_cmp);
            let ours = quantile_error(&chains, &sorted, p).unwrap();
            assert!(
                (ours / theirs - 1.0).abs() < 0.05,
                "{phi} {p}: {ours} {theirs}"
            );
        }
    }

    #[test]
    fn a_quantity_that_never_moves_is_converged_and_nonsense_is_refused() {
        let still = diagnose(&[vec![1.0; 10], vec![1.0; 10]]).unwrap();
        assert_eq!((still.rhat, still.ess_bulk), (1.0, 20.0));
        for bad in [vec![], vec![vec![1.0; 3]], vec![vec![1.0; 9], vec![1.0; 8]]] {
            assert_eq!(diagnose(&bad), Err(NotEstimable::OutOfRange));
        }
        let nan = vec![vec![f64::NAN; 10]];
        assert_eq!(diagnose(&nan), Err(NotEstimable::OutOfRange));
    }
}
