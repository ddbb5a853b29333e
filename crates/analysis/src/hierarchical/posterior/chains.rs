//! Runs the chains: seeded streams, the same bytes for any number of threads.

use nuts_rs::{Chain as _, DiagNutsSettings, Settings as _};
use rayon::prelude::*;

use crate::{
    reason::{Estimable, NotEstimable},
    stream::{Pass, Stream},
};

use super::{
    arithmetic::{Arithmetic, standard_normal},
    density::Density,
};

/// How to sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sampling {
    /// Independent chains.
    pub chains: u32,
    /// Draws of every chain that tune it and are thrown away.
    pub warmup: u32,
    /// Draws of every chain that are kept.
    pub draws: u32,
    /// Mean acceptance rate that the step size is tuned to.
    pub target_accept: f64,
    /// Seed of every random number.
    pub seed: u64,
}

impl Sampling {
    /// Four chains of 1,000 draws after 1,000 to tune, acceptance 0.95: with less, small tables
    /// give a divergence in ten thousand draws.
    pub fn standard(seed: u64) -> Self {
        Sampling {
            chains: 4,
            warmup: 1000,
            draws: 1000,
            target_accept: 0.95,
            seed,
        }
    }

    /// # Errors
    /// `OutOfRange` for fewer than two chains, 20 draws or 100 to tune, more
    /// than 1,000 chains or 100,000 draws, or a rate outside 0.5 to 0.999.
    pub(crate) fn check(self) -> Estimable<Self> {
        let in_range = (2..=1000).contains(&self.chains)
            && (100..=100_000).contains(&self.warmup)
            && (20..=100_000).contains(&self.draws)
            && (0.5..=0.999).contains(&self.target_accept);
        if in_range {
            Ok(self)
        } else {
            Err(NotEstimable::OutOfRange)
        }
    }
}

/// Deepest tree of a draw: 1,023 steps.
const MAX_DEPTH: u64 = 10;

/// Spread of the starting points about the given one, in parameters that are
/// logits or logarithms of deviations.
const JITTER: f64 = 0.3;

/// What one chain gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Chain {
    /// What was kept of every draw.
    pub(crate) kept: Vec<Vec<f64>>,
    pub(crate) divergences: u64,
    /// Evaluations of the density, tuning included.
    pub(crate) gradients: u64,
}

/// Samples; `keep` says what to store of a position, `stream` sets runs of
/// different models with one seed apart.
///
/// # Errors
/// `NotConverged` when a chain cannot start: the density is not finite about
/// `start`.
pub(crate) fn sample(
    density: &Density,
    start: &[f64],
    sampling: Sampling,
    stream: u32,
    keep: impl Fn(&[f64]) -> Vec<f64> + Sync,
) -> Estimable<Vec<Chain>> {
    (0..sampling.chains)
        .into_par_iter()
        .map(|chain| one(density.clone(), start, sampling, stream, chain, &keep))
        .collect()
}

fn one(
    density: Density,
    start: &[f64],
    sampling: Sampling,
    stream: u32,
    chain: u32,
    keep: &impl Fn(&[f64]) -> Vec<f64>,
) -> Estimable<Chain> {
    let number = (u64::from(stream) << 32) | u64::from(chain);
    let mut rng = Stream::new(sampling.seed, Pass::Posterior, number).into_rng();
    let start: Vec<f64> = start
        .iter()
        .map(|v| v + JITTER * standard_normal(&mut rng))
        .collect();
    let mut settings = DiagNutsSettings {
        num_tune: u64::from(sampling.warmup),
        num_draws: u64::from(sampling.draws),
        maxdepth: MAX_DEPTH,
        ..DiagNutsSettings::default()
    };
    settings.adapt_options.step_size_settings.target_accept = sampling.target_accept;
    let failed = |_| NotEstimable::NotConverged;
    let mut sampler = settings
        .new_chain(u64::from(chain), Arithmetic(density), &mut rng)
        .map_err(failed)?;
    sampler.set_position(&start).map_err(failed)?;
    let mut found = Chain {
        kept: Vec::new(),
        divergences: 0,
        gradients: 0,
    };
    for draw in 0..sampling.warmup + sampling.draws {
        let (position, progress) = sampler.draw().map_err(failed)?;
        found.gradients += progress.num_gradients;
        if draw >= sampling.warmup {
            found.divergences += u64::from(progress.diverging);
            found.kept.push(keep(&position));
        }
    }
    Ok(found)
}
