//! Rates and log odds with their sampling variances, one per model.
//!
//! The input of a random-effects meta-analysis in which every model is a study.
//! If any model has no success or no failure, one half is added to successes and
//! failures of every model, so that no variance is 0 and all are treated alike.
//! Traces are taken as independent.

use crate::{
    proportion::Count,
    reason::{Estimable, NotEstimable},
    sums::count_u64,
};

/// On which scale the models are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectScale {
    /// The rate itself, variance `p(1-p)/n`.
    Rate,
    /// `ln(x/(n-x))`, variance `1/x + 1/(n-x)`.
    LogOdds,
}

/// One effect per model.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectSizes {
    /// Effects, in the order of the models.
    pub values: Vec<f64>,
    /// Sampling variances, all positive.
    pub variances: Vec<f64>,
    /// Whether one half was added to every cell.
    pub corrected: bool,
}

/// Effects and variances of the models.
///
/// # Errors
/// `NoTraces` without models.
pub fn effect_sizes(counts: &[Count], scale: EffectScale) -> Estimable<EffectSizes> {
    if counts.is_empty() {
        return Err(NotEstimable::NoTraces);
    }
    let corrected = counts
        .iter()
        .any(|c| c.successes() == 0 || c.failures() == 0);
    let half = if corrected { 0.5 } else { 0.0 };
    let (values, variances) = counts
        .iter()
        .map(|c| {
            let (x, f) = (
                count_u64(c.successes()) + half,
                count_u64(c.failures()) + half,
            );
            match scale {
                EffectScale::Rate => {
                    let p = x / (x + f);
                    (p, p * (1.0 - p) / (x + f))
                }
                EffectScale::LogOdds => (libm::log(x / f), 1.0 / x + 1.0 / f),
            }
        })
        .unzip();
    Ok(EffectSizes {
        values,
        variances,
        corrected,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_empty_cell_corrects_every_model() {
        let counts = [Count::new(0, 9).unwrap(), Count::new(5, 9).unwrap()];
        let e = effect_sizes(&counts, EffectScale::Rate).unwrap();
        assert!(e.corrected);
        assert_eq!(e.values, [0.05, 0.55]);
        assert!(e.variances.iter().all(|v| *v > 0.0));
        let plain = effect_sizes(&counts[1..], EffectScale::LogOdds).unwrap();
        assert!(!plain.corrected);
        assert!((plain.variances[0] - 0.45).abs() < 1e-15);
    }

    #[test]
    fn no_models_have_no_effects() {
        assert_eq!(
            effect_sizes(&[], EffectScale::Rate),
            Err(NotEstimable::NoTraces)
        );
    }
}
