//! The draws themselves, for checks that need more than summaries.
//!
//! No gate stands before them: whoever reads them checks the chains. Reports use
//! [`super::posterior`], which does.

use crate::{hierarchical::Role, reason::Estimable};

use super::{
    super::{cells::Cells, fit::Terms},
    block::chains,
    chains::{Chain, Sampling},
    draws::HEAD,
    prior::Priors,
};

/// Draws of every quantity, chain after chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Draws of every chain.
    pub per_chain: usize,
    /// The intercept.
    pub intercept: Vec<f64>,
    /// The slope; all 0 where it is not in the model.
    pub slope: Vec<f64>,
    /// The standard deviation of every factor in the model.
    pub deviations: Vec<(Role, Vec<f64>)>,
    /// The logit of every model by name; empty without a model factor.
    pub logits: Vec<(String, Vec<f64>)>,
    /// Divergent transitions after tuning.
    pub divergences: u64,
}

/// Samples as [`super::posterior`] does and returns the draws.
///
/// # Errors
/// As [`super::posterior`].
pub fn kept(cells: &Cells, terms: Terms, priors: Priors, sampling: Sampling) -> Estimable<Kept> {
    let run = chains(cells, terms, priors, sampling, 0)?;
    let of = |place: usize| -> Vec<f64> {
        let draws = run.chains.iter().flat_map(|chain| &chain.kept);
        draws.filter_map(|draw| draw.get(place).copied()).collect()
    };
    let (layout, first) = (&run.layout, run.layout.logits());
    Ok(Kept {
        per_chain: run
            .chains
            .first()
            .map_or(0, |chain: &Chain| chain.kept.len()),
        intercept: of(0),
        slope: of(HEAD - 1),
        deviations: layout
            .roles
            .iter()
            .enumerate()
            .map(|(f, role)| (*role, of(layout.factor(f))))
            .collect(),
        logits: layout
            .models
            .iter()
            .enumerate()
            .map(|(m, name)| (name.clone(), of(first + m)))
            .collect(),
        divergences: run.chains.iter().map(|chain| chain.divergences).sum(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::hierarchical::{
        posterior::posterior,
        testing::{grid, mixed},
    };

    #[test]
    fn the_mean_of_the_draws_is_the_mean_that_the_block_gives() {
        let cells = grid(6, 5, 2, 3, mixed);
        let sampling = Sampling {
            warmup: 300,
            draws: 700,
            ..Sampling::standard(164)
        };
        let block = posterior(&cells, Terms::WithSize, Priors::default(), sampling).unwrap();
        let draws = kept(&cells, Terms::WithSize, Priors::default(), sampling).unwrap();
        let estimates = block.estimates.known().unwrap();
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        assert_eq!(draws.intercept.len(), 2800);
        assert!((mean(&draws.intercept) - estimates.intercept.mean.0).abs() < 1e-12);
        assert!((mean(&draws.slope) - estimates.slope.known().unwrap().mean.0).abs() < 1e-12);
        assert_eq!(draws.deviations.len(), estimates.components.len());
        for (model, (name, logits)) in estimates.models.iter().zip(&draws.logits) {
            assert_eq!(&model.name, name);
            assert!((mean(logits) - model.logit.mean.0).abs() < 1e-12);
        }
    }
}
