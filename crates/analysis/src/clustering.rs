//! Rates with the prompt as the unit of sampling, for every side.
//!
//! The block of the output over [`crate::clusters`]: standard errors by prompt,
//! what the repetition of prompts costs, and what more repetition could gain.
//! Below [`FEW`] prompts the interval is CR2's with Satterthwaite's degrees of
//! freedom. A rate of 0 or 1 has no spread between prompts; its interval is
//! Wilson's with every prompt as one trace, which is wide enough however much the
//! traces of a prompt agree. A provider's models are taken as fixed. For a provider with several models the standard error by prompt and
//! model at once is given beside; it asks for more than a few models and is not
//! used for the interval.

use rayon::prelude::*;

use crate::{
    cells::{Key, PromptCell, Tallies, Tally, Unit},
    clusters::{ClusteredRate, clustered_within, two_way_se},
    estimate::estimate,
    proportion::{Count, Interval, Level, wilson},
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::Clustering,
    same_prompts::{CLUSTERED, PromptSample},
    sums::count,
};

/// Student's t interval with errors by prompt, for few prompts.
pub const CLUSTERED_FEW: &str = "cluster-robust-cr2-satterthwaite";

/// Wilson's interval with every prompt as one trace.
pub const WILSON_BY_PROMPT: &str = "wilson-by-prompt";

/// Prompts below which CR2 is used (methods of Bell and McCaffrey 2002).
pub const FEW: usize = 30;

/// Prompts below which no standard error by prompt is to be trusted.
const TOO_FEW: usize = 10;

/// One row for each side that has traces, in the order of the sides.
///
/// # Errors
/// The block is absent for a cell that cannot be (`OutOfRange`).
pub fn clustering(sample: &PromptSample<'_>, level: Level) -> Quantity<Vec<Clustering>> {
    rows(sample, level).into()
}

fn rows(sample: &PromptSample<'_>, level: Level) -> Estimable<Vec<Clustering>> {
    let sides = sample.names.len();
    let prompts = Tallies::new(sample.cells, sample.unit, sides, Key::Prompt)?;
    let models = match sample.unit {
        Unit::Model => vec![Vec::new(); sides],
        Unit::Provider => by_model(sample.cells, sides),
    };
    let rows: Vec<Option<Clustering>> = (0..sides)
        .into_par_iter()
        .map(|side| {
            let name = sample.names.get(side)?;
            let own = models.get(side)?;
            let rate = clustered_within(prompts.of(side), own).ok()?;
            Some(row(name, &rate, two_way(prompts.of(side), own), level))
        })
        .collect();
    Ok(rows.into_iter().flatten().collect())
}

fn row(name: &str, r: &ClusteredRate, two_way: Estimable<f64>, level: Level) -> Clustering {
    let (interval, method) = interval(r, level);
    Clustering {
        name: name.to_owned(),
        n: r.n,
        prompts: r.prompts,
        replicates: Number(r.replicates),
        rate: interval.map(|i| estimate(r.rate, i, level, method)).into(),
        se_independent: Number(r.se_independent),
        se_cr0: r.se_cr0.into(),
        se_cr1: r.se_cr1.into(),
        se_cr2: r.se_cr2.into(),
        se_two_way: two_way.into(),
        design_effect: r.design_effect.into(),
        effective_n: r.effective_n.into(),
        icc: r.icc.into(),
        se_floor: r
            .variance_between
            .map(|v| libm::sqrt(v.max(0.0) / count(r.prompts)))
            .into(),
        few_prompts: r.prompts < TOO_FEW,
    }
}

fn interval(r: &ClusteredRate, level: Level) -> (Estimable<Interval>, &'static str) {
    if r.rate == 0.0 || r.rate == 1.0 {
        let prompts = count_of(r.prompts);
        let successes = if r.rate == 0.0 { 0 } else { prompts };
        let count = Count::new(successes, prompts);
        return (count.map(|c| wilson(c, level)), WILSON_BY_PROMPT);
    }
    if r.prompts < FEW && r.se_cr2.is_ok() {
        (r.interval_cr2(level), CLUSTERED_FEW)
    } else {
        (r.interval(level), CLUSTERED)
    }
}

fn count_of(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// Totals by prompt of each provider's models, where it has several.
fn by_model(cells: &[PromptCell], providers: usize) -> Vec<Vec<Vec<Tally>>> {
    let mut all: Vec<Vec<(u32, u32, u64, u64)>> = vec![Vec::new(); providers];
    for cell in cells.iter().filter(|c| c.n > 0) {
        let place = usize::try_from(cell.provider).ok();
        if let Some(own) = place.and_then(|p| all.get_mut(p)) {
            let (succeeded, n) = (u64::from(cell.succeeded), u64::from(cell.n));
            own.push((cell.model, cell.prompt, succeeded, n));
        }
    }
    all.into_iter().map(models_of).collect()
}

fn models_of(mut cells: Vec<(u32, u32, u64, u64)>) -> Vec<Vec<Tally>> {
    cells.sort_unstable();
    let tallies = |own: &[(u32, u32, u64, u64)]| {
        own.chunk_by(|a, b| a.1 == b.1)
            .map(|chunk| Tally {
                key: chunk.first().map_or(0, |c| c.1),
                succeeded: chunk.iter().map(|c| c.2).sum(),
                n: chunk.iter().map(|c| c.3).sum(),
            })
            .collect()
    };
    cells.chunk_by(|a, b| a.0 == b.0).map(tallies).collect()
}

fn two_way(prompts: &[Tally], models: &[Vec<Tally>]) -> Estimable<f64> {
    if models.len() < 2 {
        return Err(NotEstimable::TooFewModels);
    }
    let whole: Vec<Tally> = (0_u32..)
        .zip(models)
        .map(|(key, own)| Tally {
            key,
            succeeded: own.iter().map(|t| t.succeeded).sum(),
            n: own.iter().map(|t| t.n).sum(),
        })
        .collect();
    let both: Vec<Tally> = (0_u32..)
        .zip(models.iter().flatten())
        .map(|(key, tally)| Tally { key, ..*tally })
        .collect();
    two_way_se(prompts, &whole, &both)
}
