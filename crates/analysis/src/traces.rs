//! The block on single traces: every factor alone, the sequence, the law.
//!
//! The formulas are in [`crate::trace_level`]; this file names the figures.

use crate::{
    labels::Chance,
    quantity::Number,
    reason::{Estimable, NotEstimable},
    result::{Sequence, TraceFactor, TraceShares},
    trace_level::{FactorShare, TraceCell, factor_share, levels, nested, provider_law, size_share},
};

/// Whether the corpus says which prompt a trace answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptIds {
    /// The prompts of the cells are real.
    Known,
    /// They are not; everything about prompts is `NoPromptIds`.
    Unknown,
}

/// Works out the block. `log2_sizes` holds the size of each model label that has
/// one; labels beyond its end have none.
pub fn trace_shares(
    cells: &[TraceCell],
    log2_sizes: &[Option<f64>],
    prompts: PromptIds,
    chance: Chance,
) -> TraceShares {
    let by_provider = levels(cells, |c| c.provider);
    let by_model = levels(cells, |c| c.model);
    let by_prompt = levels(cells, |c| c.prompt);
    let used = |levels: &[(u64, u64)]| levels.iter().filter(|l| l.0 > 0).count();
    let provider = factor_share(&by_provider);
    let with_prompts = || match prompts {
        PromptIds::Known => Ok(()),
        PromptIds::Unknown => Err(NotEstimable::NoPromptIds),
    };
    let observed = provider.as_ref().map_err(|r| *r).and_then(|f| f.eta2);
    TraceShares {
        n_traces: by_model.iter().fold(0, |n, l| n.saturating_add(l.0)),
        n_providers: used(&by_provider),
        n_models: used(&by_model),
        n_prompts: with_prompts().map(|()| used(&by_prompt)).into(),
        provider: factor(&provider).into(),
        provider_p_permutation: observed
            .and_then(|eta2| Ok(provider_law(cells, chance)?.p_at_least(0, eta2)))
            .into(),
        model: factor(&factor_share(&by_model)).into(),
        prompt: with_prompts()
            .and_then(|()| factor(&factor_share(&by_prompt)))
            .into(),
        size_r2: sizes(cells, log2_sizes).into(),
        sequence: with_prompts().and_then(|()| sequence(cells)).into(),
    }
}

fn factor(share: &Estimable<FactorShare>) -> Estimable<TraceFactor> {
    let share = share.as_ref().map_err(|r| *r)?;
    Ok(TraceFactor {
        eta2: Number(share.eta2?),
        eta2_null_mean: Number(share.eta2_null_mean),
        epsilon2: Number(share.epsilon2?),
        icc1: Number(share.icc1?),
        p_independent: Number(share.p?),
    })
}

fn sequence(cells: &[TraceCell]) -> Estimable<Sequence> {
    let d = nested(cells)?;
    Ok(Sequence {
        provider: Number(d.provider),
        model_in_provider: Number(d.model - d.provider),
        prompt: Number(d.model_and_prompt - d.model),
        residual: Number(1.0 - d.model_and_prompt),
        provider_last: Number(d.provider_and_prompt - d.prompt),
        model_last: Number(d.model_and_prompt - d.prompt),
        rank: d.rank_model_and_prompt,
    })
}

fn sizes(cells: &[TraceCell], log2_sizes: &[Option<f64>]) -> Estimable<f64> {
    let mut rows: std::collections::BTreeMap<usize, (f64, u64, u64)> =
        std::collections::BTreeMap::new();
    for cell in cells {
        if let Some(size) = log2_sizes.get(cell.model).copied().flatten() {
            let row = rows.entry(cell.model).or_insert((size, 0, 0));
            row.1 = row.1.saturating_add(cell.n);
            row.2 = row.2.saturating_add(cell.succeeded);
        }
    }
    if rows.is_empty() {
        return Err(NotEstimable::NoSizes);
    }
    size_share(&rows.into_values().collect::<Vec<_>>())
}
