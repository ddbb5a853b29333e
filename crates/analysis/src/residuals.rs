//! How far a provider's models lie from a fitted line, weighted and not.
//!
//! Weighted by traces, one well-tested model speaks for its provider; without
//! weights each model counts once. Both are returned, because published
//! figures use the one and the spread of models calls for the other.

use std::collections::BTreeMap;

use crate::{
    reason::{Estimable, NotEstimable},
    sums::{all_finite, count, count_u64, sum},
};

/// The mean distance of one provider's models from the line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProviderResidual {
    /// The provider's label, as given.
    pub group: usize,
    /// Number of its models.
    pub n_models: usize,
    /// Traces over its models.
    pub traces: u64,
    /// `sum n (p - fitted) / sum n`.
    pub weighted: f64,
    /// `mean (p - fitted)`.
    pub unweighted: f64,
}

/// Averages residuals within each group; groups in the order of their labels.
///
/// # Errors
/// `LengthMismatch`; `OutOfRange` for a residual that is not finite;
/// `NoTraces` when a group has no trace to weight by.
pub fn provider_residuals(
    residuals: &[f64],
    traces: &[u64],
    group: &[usize],
) -> Estimable<Vec<ProviderResidual>> {
    if residuals.len() != traces.len() || residuals.len() != group.len() {
        return Err(NotEstimable::LengthMismatch);
    }
    if !all_finite(residuals) {
        return Err(NotEstimable::OutOfRange);
    }
    let mut members: BTreeMap<usize, Vec<(f64, u64)>> = BTreeMap::new();
    for ((residual, n), label) in residuals.iter().zip(traces).zip(group) {
        members.entry(*label).or_default().push((*residual, *n));
    }
    members
        .into_iter()
        .map(|(label, models)| average(label, &models))
        .collect()
}

fn average(group: usize, models: &[(f64, u64)]) -> Estimable<ProviderResidual> {
    let traces = models
        .iter()
        .fold(0_u64, |total, (_, n)| total.saturating_add(*n));
    if traces == 0 {
        return Err(NotEstimable::NoTraces);
    }
    let weighted = sum(models.iter().map(|(r, n)| r * count_u64(*n))) / count_u64(traces);
    let unweighted = sum(models.iter().map(|(r, _)| *r)) / count(models.len());
    Ok(ProviderResidual {
        group,
        n_models: models.len(),
        traces,
        weighted,
        unweighted,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn traces_pull_the_weighted_mean_and_leave_the_other() {
        let r = provider_residuals(&[0.3, -0.1], &[10, 30], &[4, 4]).unwrap();
        assert!((r[0].weighted - 0.0).abs() < 1e-15);
        assert!((r[0].unweighted - 0.1).abs() < 1e-15);
    }
}
