//! Hands the sample to the methods that take plain data.
//!
//! The order is always the layout's, so that neither the order of the input nor
//! a name reaches a random relabelling.

use std::collections::BTreeMap;

use crate::{
    cells::{PromptCell, Unit},
    clustering::clustering,
    labels::Chance,
    layout::Layout,
    quantity::Quantity,
    reason::{Estimable, NotEstimable},
    result::{Clustering, ComparabilityRule, SamePrompts, Signal, Together, TraceShares},
    same_prompts::{PromptSample, same_prompts},
    sample::{Parameters, Sample},
    signal::{CountedModel, signal},
    together::{Point, together},
    trace_level::TraceCell,
    traces::{PromptIds, trace_shares},
};

fn chance(parameters: &Parameters) -> Chance {
    Chance {
        relabellings: parameters.permutations,
        seed: parameters.seed,
    }
}

/// Provider and size in one model, over the models in scale.
pub(crate) fn together_of(layout: &Layout<'_>, parameters: &Parameters) -> Quantity<Together> {
    let points: Vec<Point<'_>> = layout
        .cells
        .iter()
        .map(|cell| Point {
            model: &layout.models[cell.model].model,
            provider: &layout.models[cell.model].provider,
            rate: cell.rate,
            size_b: cell.log2_size.and(layout.models[cell.model].size_b),
        })
        .collect();
    together(&points, chance(parameters), parameters.level)
}

/// Sampling noise and true differences, over the models with a rate.
pub(crate) fn signal_of(layout: &Layout<'_>, parameters: &Parameters) -> Signal {
    let models: Vec<CountedModel<'_>> = layout
        .cells
        .iter()
        .map(|cell| CountedModel {
            model: &layout.models[cell.model].model,
            provider: &layout.models[cell.model].provider,
            count: cell.count,
            size_b: cell.log2_size.and(layout.models[cell.model].size_b),
        })
        .collect();
    signal(&models, parameters.level)
}

/// Shares of single traces, with prompts where every model has them.
pub(crate) fn traces_of(
    layout: &Layout<'_>,
    cells: &Estimable<Vec<PromptCell>>,
    parameters: &Parameters,
) -> TraceShares {
    let sizes: Vec<Option<f64>> = layout.cells.iter().map(|cell| cell.log2_size).collect();
    let (cells, prompts) = match cells {
        Ok(cells) => (by_prompt(layout, cells), PromptIds::Known),
        Err(_) => (by_model(layout), PromptIds::Unknown),
    };
    trace_shares(&cells, &sizes, prompts, chance(parameters))
}

fn by_model(layout: &Layout<'_>) -> Vec<TraceCell> {
    let cells = layout.cells.iter().enumerate();
    cells
        .map(|(model, cell)| TraceCell {
            provider: cell.provider,
            model,
            prompt: 0,
            n: cell.count.trials(),
            succeeded: cell.count.successes(),
        })
        .collect()
}

/// One cell for each model and prompt, whatever its labels.
fn by_prompt(layout: &Layout<'_>, cells: &[PromptCell]) -> Vec<TraceCell> {
    let mut merged: BTreeMap<(u32, u32), (u64, u64)> = BTreeMap::new();
    for cell in cells {
        let sum = merged.entry((cell.model, cell.prompt)).or_default();
        *sum = (sum.0 + u64::from(cell.succeeded), sum.1 + u64::from(cell.n));
    }
    let cells = merged
        .into_iter()
        .filter_map(|((model, prompt), (succeeded, n))| {
            let model = usize::try_from(model).ok()?;
            Some(TraceCell {
                provider: layout.cells.get(model)?.provider,
                model,
                prompt: usize::try_from(prompt).ok()?,
                n,
                succeeded,
            })
        });
    cells.collect()
}

/// Ranked providers on the prompts that both of a pair met, and every provider's
/// rate with the prompt as the unit of sampling.
pub(crate) fn on_prompts(
    sample: &Sample,
    layout: &Layout<'_>,
    cells: &Estimable<Vec<PromptCell>>,
    ranked: &[usize],
    parameters: &Parameters,
) -> (Quantity<SamePrompts>, Quantity<Vec<Clustering>>) {
    let cells = match cells {
        Ok(cells) => cells,
        Err(reason) => return (Quantity::Absent(*reason), Quantity::Absent(*reason)),
    };
    let names: Vec<String> = layout
        .providers
        .iter()
        .map(|provider| provider.name.to_owned())
        .collect();
    let sides = PromptSample {
        cells,
        unit: Unit::Provider,
        names: &names,
        harm_categories: &sample.labels.harm_categories,
        techniques: &sample.labels.techniques,
        category_mix: None,
    };
    let rule = ComparabilityRule::default();
    (
        same_prompts(&sides, ranked, &rule, parameters.level),
        clustering(&sides, parameters.level),
    )
}

/// What each model did on each prompt, with its labels.
///
/// # Errors
/// `NoPromptIds` unless every evaluable trace is known by prompt; `OutOfRange` for more
/// traces in one cell than can be counted.
pub(crate) fn prompt_cells(layout: &Layout<'_>) -> Estimable<Vec<PromptCell>> {
    let place = |at: usize| u32::try_from(at).map_err(|_| NotEstimable::OutOfRange);
    let mut cells = Vec::new();
    for (model, cell) in layout.cells.iter().enumerate() {
        let mut told = 0_u64;
        for part in layout.models[cell.model].parts.iter().filter(|p| p.n > 0) {
            let tallies = part.prompts.as_ref().ok_or(NotEstimable::NoPromptIds)?;
            for tally in tallies {
                told = told.saturating_add(tally.n);
                let few = |n: u64| u32::try_from(n).map_err(|_| NotEstimable::OutOfRange);
                cells.push(PromptCell {
                    model: place(model)?,
                    provider: place(cell.provider)?,
                    prompt: tally.prompt,
                    harm_category: part.harm_category,
                    technique: part.technique,
                    succeeded: few(tally.succeeded)?,
                    n: few(tally.n)?,
                });
            }
        }
        if told != cell.count.trials() {
            return Err(NotEstimable::NoPromptIds);
        }
    }
    Ok(cells)
}
