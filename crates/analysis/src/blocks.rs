//! Hands the sample to the methods that take plain data.
//!
//! The order is always the layout's, so that neither the order of the input nor
//! a name reaches a random relabelling.

use std::collections::BTreeMap;

use crate::{
    labels::Chance,
    layout::Layout,
    quantity::Quantity,
    result::{Signal, Together, TraceShares},
    sample::Parameters,
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
pub(crate) fn traces_of(layout: &Layout<'_>, parameters: &Parameters) -> TraceShares {
    let sizes: Vec<Option<f64>> = layout.cells.iter().map(|cell| cell.log2_size).collect();
    let (cells, prompts) = match by_prompt(layout) {
        Some(cells) => (cells, PromptIds::Known),
        None => (by_model(layout), PromptIds::Unknown),
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

/// One cell for each model and prompt; `None` unless all of them are known.
fn by_prompt(layout: &Layout<'_>) -> Option<Vec<TraceCell>> {
    let mut cells = Vec::new();
    for (model, cell) in layout.cells.iter().enumerate() {
        let mut tallies: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
        for part in layout.models[cell.model].parts.iter().filter(|p| p.n > 0) {
            for tally in part.prompts.as_ref()? {
                let sum = tallies.entry(tally.prompt).or_default();
                *sum = (sum.0 + tally.succeeded, sum.1 + tally.n);
            }
        }
        let told: u64 = tallies.values().map(|(_, n)| n).sum();
        if told != cell.count.trials() {
            return None;
        }
        cells.extend(
            tallies
                .into_iter()
                .map(|(prompt, (succeeded, n))| TraceCell {
                    provider: cell.provider,
                    model,
                    prompt: usize::try_from(prompt).unwrap_or(usize::MAX),
                    n,
                    succeeded,
                }),
        );
    }
    Some(cells)
}
