//! How much of the spread of observed rates is sampling noise, by moments.
//!
//! A rate from n traces scatters by `p(1-p)/n` even if nothing differs between
//! models. Unbiased estimate of that for one model: `p(1-p)/(n-1)`. Its mean over
//! the models, taken from the observed variance, leaves the variance of the true
//! rates; taken from the sums of squares between and within providers, the share
//! of the provider among true rates. No distribution is assumed; independent
//! traces are. A variance may come out below 0: then the observed spread is less
//! than noise alone would make, and shares do not exist (`OnlyNoise`).

use crate::{
    heterogeneity::sample_variance,
    oneway::one_way,
    proportion::Count,
    reason::{Estimable, NotEstimable},
    sums::{count, count_u64, mean, sum},
};

/// Noise and signal in the spread of rates.
#[derive(Clone, Debug, PartialEq)]
pub struct Noise {
    /// Number of models.
    pub n: usize,
    /// Sample variance of the observed rates.
    pub observed_variance: f64,
    /// Mean of `p(1-p)/(n-1)`.
    pub sampling_variance: Estimable<f64>,
    /// Mean of `p(1-p)/n`, a little too small.
    pub sampling_variance_plug_in: f64,
    /// Unbiased sampling variance over the observed one; above 1 when the spread
    /// is less than noise alone would make.
    pub share: Estimable<f64>,
    /// The same with the plug-in variance.
    pub share_plug_in: Estimable<f64>,
    /// Observed less sampling variance, not cut at 0.
    pub true_variance: Estimable<f64>,
    /// Models with fewer than five expected successes or failures, for which
    /// normal approximations fail.
    pub models_of_small_counts: usize,
}

/// The provider's share among true rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrueShare {
    /// Sum of squares between providers less its expected noise.
    pub ss_between: f64,
    /// Sum of squares within providers less its expected noise.
    pub ss_within: f64,
    /// The first over the sum of both: the share among these models, not cut at
    /// 0 or 1.
    pub eta2: Estimable<f64>,
    /// The same, corrected for the number of providers (epsilon²).
    pub epsilon2: Estimable<f64>,
}

/// Splits the variance of observed rates.
///
/// # Errors
/// `TooFewModels` below two models. Field by field: `SingleTrace` when a model
/// has one trace; `NoVariance` when all rates are equal.
pub fn noise(counts: &[Count]) -> Estimable<Noise> {
    let rates: Vec<f64> = counts.iter().map(|c| c.share()).collect();
    let observed_variance = sample_variance(&rates)?;
    let unbiased: Estimable<Vec<f64>> = counts.iter().map(|c| sampling_variance(*c)).collect();
    let sampling = unbiased.and_then(|v| mean(&v).ok_or(NotEstimable::TooFewModels));
    let plug_in = sum(counts.iter().map(|c| {
        let p = c.share();
        p * (1.0 - p) / count_u64(c.trials())
    })) / count(counts.len());
    let over = |variance: f64| {
        if observed_variance > 0.0 {
            Ok(variance / observed_variance)
        } else {
            Err(NotEstimable::NoVariance)
        }
    };
    Ok(Noise {
        n: counts.len(),
        observed_variance,
        sampling_variance: sampling,
        sampling_variance_plug_in: plug_in,
        share: sampling.and_then(over),
        share_plug_in: over(plug_in),
        true_variance: sampling.map(|s| observed_variance - s),
        models_of_small_counts: counts
            .iter()
            .filter(|c| c.successes() < 5 || c.failures() < 5)
            .count(),
    })
}

/// The unbiased sampling variance of a rate.
fn sampling_variance(c: Count) -> Estimable<f64> {
    if c.trials() < 2 {
        return Err(NotEstimable::SingleTrace);
    }
    let p = c.share();
    Ok(p * (1.0 - p) / (count_u64(c.trials()) - 1.0))
}

/// Takes the expected noise from the sums of squares between and within groups:
/// `sum v_m (1/n_g - 1/n)` and `sum v_m (1 - 1/n_g)`.
///
/// # Errors
/// As the one-way decomposition (`LengthMismatch`, `TooFewModels`, `OneGroup`,
/// `NoWithinDf`, `NoVariance`), and `SingleTrace`. The shares are `OnlyNoise` when
/// nothing is left.
pub fn true_share(counts: &[Count], group: &[usize]) -> Estimable<TrueShare> {
    let rates: Vec<f64> = counts.iter().map(|c| c.share()).collect();
    let one = one_way(&rates, group)?;
    one.eta2?;
    let variances: Vec<f64> = counts
        .iter()
        .map(|c| sampling_variance(*c))
        .collect::<Estimable<_>>()?;
    let mut sizes: std::collections::BTreeMap<usize, usize> = std::collections::BTreeMap::new();
    for label in group {
        *sizes.entry(*label).or_default() += 1;
    }
    let part = |label: &usize| 1.0 / count(sizes.get(label).copied().unwrap_or(1));
    let n = count(one.n);
    let between = sum(variances
        .iter()
        .zip(group)
        .map(|(v, g)| v * (part(g) - 1.0 / n)));
    let within = sum(variances
        .iter()
        .zip(group)
        .map(|(v, g)| v * (1.0 - part(g))));
    let (ss_between, ss_within) = (one.ss_between - between, one.ss_within - within);
    let total = ss_between + ss_within;
    let over = |part: f64| {
        if total > 0.0 {
            Ok(part / total)
        } else {
            Err(NotEstimable::OnlyNoise)
        }
    };
    let excess = ss_between - count(one.df_between) * ss_within / count(one.df_within);
    Ok(TrueShare {
        ss_between,
        ss_within,
        eta2: over(ss_between),
        epsilon2: over(excess),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn counts(rows: &[(u64, u64)]) -> Vec<Count> {
        rows.iter()
            .map(|(x, n)| Count::new(*x, *n).unwrap())
            .collect()
    }

    #[test]
    fn rates_that_are_certain_have_no_noise() {
        let n = noise(&counts(&[(0, 10), (10, 10), (0, 20)])).unwrap();
        assert_eq!((n.share, n.models_of_small_counts), (Ok(0.0), 3));
    }

    #[test]
    fn a_model_of_one_trace_shows_no_sampling_variance() {
        let rows = counts(&[(0, 1), (5, 10), (2, 10)]);
        let n = noise(&rows).unwrap();
        assert_eq!(n.share, Err(NotEstimable::SingleTrace));
        assert!(n.share_plug_in.is_ok());
        assert_eq!(
            true_share(&rows, &[0, 0, 1]).unwrap_err(),
            NotEstimable::SingleTrace
        );
    }

    #[test]
    fn equal_rates_and_too_few_models_have_their_reasons() {
        assert_eq!(noise(&[]).unwrap_err(), NotEstimable::TooFewModels);
        assert_eq!(
            noise(&counts(&[(1, 9)])).unwrap_err(),
            NotEstimable::TooFewModels
        );
        for x in [0, 3, 10] {
            let same = counts(&[(x, 10), (x, 10), (x, 10)]);
            assert_eq!(noise(&same).unwrap().share, Err(NotEstimable::NoVariance));
            assert_eq!(
                true_share(&same, &[0, 0, 1]).unwrap_err(),
                NotEstimable::NoVariance
            );
        }
    }

    #[test]
    fn noise_alone_leaves_no_share() {
        let rows = counts(&[(3, 10), (4, 10), (4, 10), (3, 10)]);
        assert!(noise(&rows).unwrap().true_variance.unwrap() < 0.0);
        assert_eq!(
            true_share(&rows, &[0, 0, 1, 1]).unwrap().eta2,
            Err(NotEstimable::OnlyNoise)
        );
    }

    #[test]
    fn the_noise_of_both_sums_adds_up_to_that_of_the_total() {
        let rows = counts(&[(3, 10), (9, 20), (4, 30), (30, 40), (1, 5)]);
        let t = true_share(&rows, &[0, 0, 1, 1, 2]).unwrap();
        let n = noise(&rows).unwrap();
        let left = 4.0 * n.true_variance.unwrap();
        assert!((t.ss_between + t.ss_within - left).abs() < 1e-15);
    }
}
