//! What the test between providers could find at declared shares.
//!
//! Two questions that are easily taken for one. With fixed providers the effect is
//! that of exactly these providers, and more models of each help without end
//! (noncentral F). With random providers these stand for others: their effects are
//! drawn anew in every simulated study, `u ~ N(0, share)`, models about them with
//! variance `1 - share`, and the number of providers limits what can be found. The
//! simulation draws the providers' means and the sum of squares within, which is
//! all that F needs. Models are equally precise and normal. Power is stated at
//! declared shares, never at the observed one (Hoenig and Heisey 2001).

use rayon::prelude::*;

use crate::{
    labels::Chance,
    monte_carlo::standard_error,
    oneway::null_law,
    power::{provider_power, smallest},
    quantity::Number,
    reason::{Estimable, NotEstimable},
    result::{DeclaredShare, ProviderTestPower},
    special,
    stream::{BLOCK, Pass, Stream},
    sums::{count, count_u64, sum},
    variates::{gamma, normal},
};

/// Most models that a search for their number considers.
const MOST_MODELS: usize = 1_000_000;

/// Simulated power with its Monte Carlo standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulatedPower {
    /// Share of simulated studies that reject.
    pub power: f64,
    /// Its standard error `sqrt(p(1-p)/B)`.
    pub standard_error: f64,
}

/// Power over providers drawn anew, for `models` models of each.
///
/// # Errors
/// `OneGroup`, `NoWithinDf`; `OutOfRange` unless `0 <= share < 1` and
/// `0 < alpha < 1`; `NotGiven` without draws.
pub fn random_provider_power(
    models: &[usize],
    share: f64,
    alpha: f64,
    chance: Chance,
) -> Estimable<SimulatedPower> {
    let sizes: Vec<f64> = models
        .iter()
        .filter(|m| **m > 0)
        .map(|m| count(*m))
        .collect();
    let (n, k) = (models.iter().sum::<usize>(), sizes.len());
    null_law(n, k)?;
    let possible = (0.0..1.0).contains(&share) && alpha > 0.0 && alpha < 1.0;
    if !possible {
        return Err(NotEstimable::OutOfRange);
    }
    let draws = u64::from(chance.relabellings);
    if draws == 0 {
        return Err(NotEstimable::NotGiven);
    }
    let (df1, df2) = (count(k - 1), count(n - k));
    let critical = special::f_quantile(1.0 - alpha, df1, df2)?;
    let spreads: Vec<f64> = sizes
        .iter()
        .map(|m| libm::sqrt(share + (1.0 - share) / m))
        .collect();
    let total = sum(sizes.iter().copied());
    let rejects = |stream: &mut Stream| {
        let (mut sum, mut squares) = (0.0, 0.0);
        for (size, spread) in sizes.iter().zip(&spreads) {
            let mean = spread * normal(stream);
            sum += size * mean;
            squares += size * mean * mean;
        }
        let between = squares - sum * sum / total;
        let within = (1.0 - share) * 2.0 * gamma(stream, df2 / 2.0);
        between / df1 > critical * within / df2
    };
    let rejected: u64 = (0..draws.div_ceil(BLOCK as u64))
        .into_par_iter()
        .map(|block| {
            let mut stream = Stream::new(chance.seed, Pass::PlannedProviders, block);
            let here = (draws - block * BLOCK as u64).min(BLOCK as u64);
            (0..here).filter(|_| rejects(&mut stream)).count() as u64
        })
        .sum();
    let power = count_u64(rejected) / count_u64(draws);
    Ok(SimulatedPower {
        power,
        standard_error: standard_error(power, draws),
    })
}

/// The smallest number of models at which the test between `k` fixed providers
/// reaches `power` at a share.
///
/// # Errors
/// `OneGroup`; `OutOfRange` unless `0 <= share < 1` and `alpha < power < 1`;
/// `NotConverged` above a million models, as for a share of 0.
pub fn provider_models_needed(share: f64, k: usize, alpha: f64, power: f64) -> Estimable<usize> {
    if !(power > alpha && power < 1.0) {
        return Err(NotEstimable::OutOfRange);
    }
    smallest(k + 1, MOST_MODELS, |n| {
        Ok(provider_power(share, n, k, alpha)? >= power)
    })
}

/// The block: each declared share, for the design with so many models of each
/// provider.
///
/// Both ways to read the test stand beside each other; a field that cannot be
/// worked out carries its own reason.
pub fn provider_test_power(
    models: &[usize],
    shares: &[f64],
    alpha: f64,
    wanted_power: f64,
    chance: Chance,
) -> ProviderTestPower {
    let n = models.iter().sum::<usize>();
    let k = models.iter().filter(|m| **m > 0).count();
    let row = |share: &f64| {
        let random = random_provider_power(models, *share, alpha, chance);
        DeclaredShare {
            share: Number(*share),
            fixed_providers: provider_power(*share, n, k, alpha).into(),
            random_providers: random.map(|r| r.power).into(),
            random_providers_se: random.map(|r| r.standard_error).into(),
            models_needed: provider_models_needed(*share, k, alpha, wanted_power).into(),
        }
    };
    ProviderTestPower {
        alpha: Number(alpha),
        wanted_power: Number(wanted_power),
        n_models: n,
        n_providers: k,
        draws: chance.relabellings,
        effects: shares.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CHANCE: Chance = Chance {
        relabellings: 40_000,
        seed: 164,
    };

    /// With m models of each provider, F over `1 + m share/(1 - share)` has the
    /// central law.
    #[test]
    fn an_even_design_has_the_power_of_theory() {
        for (share, m, k) in [(0.3, 3, 8), (0.1, 5, 12), (0.0, 2, 6)] {
            let simulated = random_provider_power(&vec![m; k], share, 0.05, CHANCE).unwrap();
            let (df1, df2) = (count(k - 1), count(k * m - k));
            let critical = special::f_quantile(0.95, df1, df2).unwrap();
            let widened = 1.0 + count(m) * share / (1.0 - share);
            let theory = special::f_sf(critical / widened, df1, df2).unwrap();
            let gap = (simulated.power - theory).abs();
            assert!(
                gap < 4.0 * simulated.standard_error,
                "{simulated:?} {theory}"
            );
        }
    }

    #[test]
    fn more_models_of_few_random_providers_stop_helping() {
        let few = random_provider_power(&[500; 4], 0.02, 0.05, CHANCE).unwrap();
        let fixed = provider_power(0.02, 2_000, 4, 0.05).unwrap();
        assert!(fixed > 0.999 && few.power < 0.98, "{few:?}");
    }

    #[test]
    fn the_models_needed_are_the_fewest() {
        let n = provider_models_needed(0.229, 12, 0.05, 0.8).unwrap();
        assert!(provider_power(0.229, n, 12, 0.05).unwrap() >= 0.8);
        assert!(provider_power(0.229, n - 1, 12, 0.05).unwrap() < 0.8);
        let none = provider_models_needed(0.0, 12, 0.05, 0.8);
        assert_eq!(none, Err(NotEstimable::NotConverged));
    }

    #[test]
    fn the_number_of_threads_changes_no_draw() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| random_provider_power(&[1, 2, 4], 0.2, 0.05, CHANCE).unwrap())
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn designs_that_cannot_be_tested_have_reasons() {
        let reason =
            |m: &[usize], share| random_provider_power(m, share, 0.05, CHANCE).unwrap_err();
        assert_eq!(reason(&[], 0.2), NotEstimable::OneGroup);
        assert_eq!(reason(&[5, 0], 0.2), NotEstimable::OneGroup);
        assert_eq!(reason(&[1, 1, 1], 0.2), NotEstimable::NoWithinDf);
        assert_eq!(reason(&[2, 2], 1.0), NotEstimable::OutOfRange);
        assert_eq!(reason(&[2, 2], f64::NAN), NotEstimable::OutOfRange);
        let block = provider_test_power(&[1, 1], &[0.1, 0.3], 0.05, 0.8, CHANCE);
        assert_eq!(
            block.effects[0].fixed_providers.reason(),
            Some(NotEstimable::NoWithinDf)
        );
        assert_eq!((block.n_models, block.effects.len()), (2, 2));
    }
}
