//! Worlds in parallel, each from a stream of its own, and what they are made of.

use caveat_analysis::{
    NotEstimable,
    proportion::{Count, Interval},
    sample::{Parameters, Sample, SampleModel},
    stream::{Pass, Stream},
    variates::{normal, uniform},
};
use rayon::prelude::*;

use crate::figure::{Measured, Outcome, World};

/// How many worlds to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// For continuous integration: seconds.
    Short,
    /// For the document: minutes.
    Long,
}

/// Makes the worlds and asks each every question.
pub(crate) fn make(
    world: &'static World,
    length: Length,
    one: impl Fn(&mut Stream) -> Vec<Option<f64>> + Sync,
) -> Outcome {
    outcome(world, &answers_of(world, length, one))
}

/// The answers of every world. The stream of a world depends on the seed and on
/// the world's number alone.
pub(crate) fn answers_of(
    world: &World,
    length: Length,
    one: impl Fn(&mut Stream) -> Vec<Option<f64>> + Sync,
) -> Vec<Vec<Option<f64>>> {
    let worlds = match length {
        Length::Short => world.short,
        Length::Long => world.worlds,
    };
    (0..u64::from(worlds))
        .into_par_iter()
        .map(|number| one(&mut Stream::new(world.seed, Pass::Worlds, number)))
        .collect()
}

/// Sums the answers up, question by question.
pub(crate) fn outcome(world: &'static World, answers: &[Vec<Option<f64>>]) -> Outcome {
    let measured = world.questions.iter().enumerate().map(|(place, question)| {
        let own: Vec<Option<f64>> = answers
            .iter()
            .map(|answer| answer.get(place).copied().flatten())
            .collect();
        Measured::new(question.id, &own)
    });
    Outcome {
        world,
        measured: measured.collect(),
    }
}

/// 1 where the interval holds the truth, 0 where not, nothing without interval.
pub(crate) fn holds(interval: Result<Interval, NotEstimable>, truth: f64) -> Option<f64> {
    interval.ok().map(|i| yes(i.contains(truth)))
}

/// 1 where a p-value reaches the level.
pub(crate) fn alarm(p: Option<f64>) -> Option<f64> {
    p.map(|p| yes(p <= 0.05))
}

/// 1 or 0.
pub(crate) fn yes(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// Mean of the answers there are; nothing without any.
pub(crate) fn mean_of(answers: &[Option<f64>]) -> Option<f64> {
    let given: Vec<f64> = answers.iter().flatten().copied().collect();
    caveat_analysis::sums::mean(&given)
}

/// A count that cannot be refused: at least one trial.
pub(crate) fn counted(successes: u64, trials: u64) -> Option<Count> {
    Count::new(successes, trials).ok()
}

/// The logistic function.
pub(crate) fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// Standard normal numbers.
pub(crate) fn normals(stream: &mut Stream, many: usize) -> Vec<f64> {
    (0..many).map(|_| normal(stream)).collect()
}

/// A uniform number between two limits.
pub(crate) fn between(stream: &mut Stream, low: f64, high: f64) -> f64 {
    low + (high - low) * uniform(stream)
}

/// A model of the layout: provider, traces, billions of parameters.
pub(crate) type Slot = (usize, u64, f64);

/// The layout of Report #164: 21 models of 12 providers, seven of them with one
/// model, with their traces and sizes.
pub(crate) const REPORT_164: [Slot; 21] = [
    (0, 116, 1.2),
    (1, 222, 1.5),
    (1, 322, 1.7),
    (1, 184, 3.0),
    (2, 21, 7.0),
    (3, 29, 8.0),
    (4, 98, 9.0),
    (4, 78, 12.0),
    (4, 71, 30.0),
    (2, 125, 24.0),
    (5, 30, 27.0),
    (5, 133, 30.0),
    (6, 21, 30.0),
    (7, 29, 30.0),
    (8, 263, 70.0),
    (3, 54, 120.0),
    (2, 88, 123.0),
    (9, 133, 175.0),
    (3, 124, 200.0),
    (10, 110, 671.0),
    (11, 21, 15.0),
];

/// Providers of the layout.
pub(crate) const PROVIDERS_164: usize = 12;

/// The provider of each model.
pub(crate) fn groups() -> Vec<usize> {
    REPORT_164.iter().map(|slot| slot.0).collect()
}

/// The logarithm to base 2 of each model's billions.
pub(crate) fn log2_sizes() -> Vec<f64> {
    REPORT_164.iter().map(|slot| libm::log2(slot.2)).collect()
}

/// Traces of a model whose rate is taken as measured without noise.
pub(crate) const MANY: u64 = 1_000_000;

/// Successes at a rate, cut off at 0 and 1, among [`MANY`] traces.
pub(crate) fn exact(rate: f64) -> (u64, u64) {
    let successes = libm::round(rate.clamp(0.0, 1.0) * 1e6);
    // Between 0 and a million.
    (successes as u64, MANY)
}

/// A sample from a provider, successes, traces and billions for each model.
pub(crate) fn sample(rows: &[(usize, (u64, u64), f64)]) -> Sample {
    let model =
        |(place, (provider, (succeeded, n), billions)): (usize, &(usize, (u64, u64), f64))| {
            SampleModel {
                model: format!("m{place:02}"),
                provider: format!("p{provider:02}"),
                params_total_b: Some(*billions),
                params_active_b: Some(*billions),
                size_b: Some(*billions),
                params_disclosed: Some(true),
                params_source: "made up".to_owned(),
                n: *n,
                succeeded: *succeeded,
                not_evaluable: 0,
                prompts: None,
                graders: Vec::new(),
                parts: Vec::new(),
            }
        };
    Sample {
        models: rows.iter().enumerate().map(model).collect(),
        ..Sample::default()
    }
}

/// The parameters of Report #164, with so many relabellings.
pub(crate) fn parameters(permutations: u32, seed: u64) -> Parameters {
    Parameters {
        level: caveat_analysis::proportion::Level::P95,
        variance_level: caveat_analysis::proportion::Level::P90,
        ranking_min_n: 50,
        band_points: 10.0,
        permutations,
        seed,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_layout_is_that_of_the_report() {
        let mut models: BTreeMap<usize, usize> = BTreeMap::new();
        for group in groups() {
            *models.entry(group).or_default() += 1;
        }
        assert_eq!((REPORT_164.len(), models.len()), (21, PROVIDERS_164));
        assert_eq!(models.values().filter(|n| **n == 1).count(), 7);
        let mean = caveat_analysis::sums::mean(&log2_sizes()).unwrap_or(0.0);
        let squares = caveat_analysis::sums::squares_about(&log2_sizes(), mean);
        assert!((libm::sqrt(squares / 20.0) - 2.463).abs() < 5e-4);
    }
}
