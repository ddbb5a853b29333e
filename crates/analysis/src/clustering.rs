//! Rates with the prompt as the unit of sampling, for every side.
//!
//! The block of the output over [`crate::clusters`]: standard errors by prompt,
//! what the repetition of prompts costs, and what more repetition could gain.
//! Below [`FEW`] prompts the interval is CR2's with Satterthwaite's degrees of
//! freedom. For a provider with several models the standard error by prompt and
//! model at once is given beside; it asks for more than a few models and is not
//! used for the interval.

use rayon::prelude::*;

use crate::{
    cells::{Key, PromptCell, Tallies, Tally, Unit},
    clusters::{ClusteredRate, clustered_rate, two_way_se},
    estimate::estimate,
    proportion::Level,
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::Clustering,
    same_prompts::{CLUSTERED, PromptSample},
    sums::count,
};

/// Student's t interval with errors by prompt, for few prompts.
pub const CLUSTERED_FEW: &str = "cluster-robust-cr2-satterthwaite";

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
        Unit::Model => Vec::new(),
        Unit::Provider => by_model(sample.cells, sides),
    };
    let rows: Vec<(usize, ClusteredRate)> = (0..sides)
        .filter_map(|side| Some((side, clustered_rate(prompts.of(side)).ok()?)))
        .collect();
    Ok(rows
        .par_iter()
        .map(|(side, rate)| {
            let own = models.get(*side).map_or(&[][..], Vec::as_slice);
            row(
                &sample.names[*side],
                rate,
                two_way(prompts.of(*side), own),
                level,
            )
        })
        .collect())
}

fn row(name: &str, r: &ClusteredRate, two_way: Estimable<f64>, level: Level) -> Clustering {
    let (interval, method) = if r.prompts < FEW {
        (r.interval_cr2(level), CLUSTERED_FEW)
    } else {
        (r.interval(level), CLUSTERED)
    };
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

/// Cells of each provider as (model, prompt, successes, traces), in order.
type ModelCells = Vec<(u32, u32, u64, u64)>;

fn by_model(cells: &[PromptCell], providers: usize) -> Vec<ModelCells> {
    let mut all: Vec<ModelCells> = vec![Vec::new(); providers];
    for cell in cells.iter().filter(|c| c.n > 0) {
        let place = usize::try_from(cell.provider).ok();
        if let Some(own) = place.and_then(|p| all.get_mut(p)) {
            own.push((
                cell.model,
                cell.prompt,
                u64::from(cell.succeeded),
                u64::from(cell.n),
            ));
        }
    }
    for own in &mut all {
        own.sort_unstable();
    }
    all
}

fn two_way(prompts: &[Tally], cells: &[(u32, u32, u64, u64)]) -> Estimable<f64> {
    let add = |chunk: &[(u32, u32, u64, u64)], key: u32| Tally {
        key,
        succeeded: chunk.iter().map(|c| c.2).sum(),
        n: chunk.iter().map(|c| c.3).sum(),
    };
    let models: Vec<Tally> = cells
        .chunk_by(|a, b| a.0 == b.0)
        .map(|chunk| add(chunk, chunk.first().map_or(0, |c| c.0)))
        .collect();
    if models.len() < 2 {
        return Err(NotEstimable::TooFewModels);
    }
    let both: Vec<Tally> = (0_u32..)
        .zip(cells.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)))
        .map(|(key, chunk)| add(chunk, key))
        .collect();
    two_way_se(prompts, &models, &both)
}
