//! How far a provider's models lie from a fitted line, weighted and not.
//!
//! Weighted by traces, one well-tested model speaks for its provider; without
//! weights each model counts once. Both are returned, because published
//! figures use the one and the spread of models calls for the other. A provider
//! pulls the line towards its own models; the deletion residual measures it
//! against the line of all others and has an interval.

use std::collections::BTreeMap;

use crate::{
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    regression::line,
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

/// How far a provider lies from the line through everybody else's models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeletionResidual {
    /// The provider's label, as given.
    pub group: usize,
    /// Mean distance weighted by traces.
    pub weighted: f64,
    /// Interval of that distance, from the spread of the other models.
    pub weighted_interval: Estimable<Interval>,
    /// Mean distance with every model counting once.
    pub unweighted: f64,
}

/// Residuals of each provider from the unweighted line fitted without it, in
/// the order of the labels.
///
/// With weights `v = n / sum n` over the provider's models, the interval is
/// `d ± t sigma sqrt(sum v² + 1/m + (sum v x - mean x)²/Sxx)`, where sigma, the
/// m models, their mean and Sxx are those of the others and t has m - 2 degrees
/// of freedom: the prediction interval for an average of new models. It assumes
/// that the provider's models scatter about the line as the others do.
///
/// # Errors
/// For the whole: as [`provider_residuals`]. For one provider: the reason for
/// which the others have no line.
pub fn deletion_residuals(
    x: &[f64],
    y: &[f64],
    traces: &[u64],
    group: &[usize],
    level: Level,
) -> Estimable<Vec<(usize, Estimable<DeletionResidual>)>> {
    if x.len() != y.len() {
        return Err(NotEstimable::LengthMismatch);
    }
    let providers = provider_residuals(y, traces, group)?;
    Ok(providers
        .into_iter()
        .map(|provider| {
            let pick = |own: bool| -> (Vec<f64>, Vec<f64>) {
                let members = (0..x.len()).filter(|i| (group[*i] == provider.group) == own);
                members.map(|i| (x[i], y[i])).unzip()
            };
            let total = count_u64(provider.traces);
            let weights: Vec<f64> = (0..x.len())
                .filter(|i| group[*i] == provider.group)
                .map(|i| count_u64(traces[i]) / total)
                .collect();
            (
                provider.group,
                against(provider.group, pick(true), &weights, pick(false), level),
            )
        })
        .collect())
}

fn against(
    group: usize,
    own: (Vec<f64>, Vec<f64>),
    weights: &[f64],
    others: (Vec<f64>, Vec<f64>),
    level: Level,
) -> Estimable<DeletionResidual> {
    let fit = line(&others.0, &others.1, None)?;
    let distances: Vec<f64> = own
        .0
        .iter()
        .zip(&own.1)
        .map(|(x, y)| y - fit.intercept - fit.slope * x)
        .collect();
    let weighted = sum(distances.iter().zip(weights).map(|(d, v)| d * v));
    let place = sum(own.0.iter().zip(weights).map(|(x, v)| x * v)) - fit.mean_x;
    let variance =
        sum(weights.iter().map(|v| v * v)) + 1.0 / fit.weight_total + place * place / fit.sxx;
    let weighted_interval = if fit.rss > 0.0 {
        level
            .t(fit.df)
            .map(|t| Interval::around(weighted, t * fit.sigma * libm::sqrt(variance)))
    } else {
        Err(NotEstimable::ExactFit)
    };
    Ok(DeletionResidual {
        group,
        weighted,
        weighted_interval,
        unweighted: sum(distances.iter().copied()) / count(distances.len()),
    })
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

    #[test]
    fn deleting_a_single_model_agrees_with_its_leverage() {
        let (x, y) = ([0.0, 1.0, 2.5, 4.0, 6.0], [0.1, 0.5, 0.2, 0.4, 0.05]);
        let fit = line(&x, &y, None).unwrap();
        let labels = [0, 1, 2, 3, 4];
        for (g, d) in deletion_residuals(&x, &y, &[9; 5], &labels, Level::P95).unwrap() {
            let expected = fit.residuals[g] / (1.0 - fit.leverage[g]);
            assert!((d.unwrap().weighted - expected).abs() < 1e-13);
        }
    }

    #[test]
    fn the_interval_of_a_single_model_is_the_prediction_interval_of_the_others() {
        let (x, y) = ([0.0, 1.0, 2.5, 4.0, 6.0], [0.1, 0.5, 0.2, 0.4, 0.05]);
        let all = deletion_residuals(&x, &y, &[9; 5], &[0, 0, 0, 0, 1], Level::P95).unwrap();
        let others = line(&x[..4], &y[..4], None).unwrap();
        let band = others.predict(6.0, Level::P95).unwrap();
        let ours = all[1].1.unwrap().weighted_interval.unwrap();
        assert!((ours.lower - (0.05 - band.observation_interval.upper)).abs() < 1e-13);
        assert_eq!(all[0].1, Err(NotEstimable::TooFewModels));
    }
}
