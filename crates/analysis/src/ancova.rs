//! Provider and size together in one linear model of the models' rates.
//!
//! `rate = provider's intercept + common slope * log2 size`. What each of the
//! two explains first (alone) and last (beside the other), the F tests of both,
//! and the Shapley value of each. The fit needs no matrix: the common slope is
//! the slope within providers, so `R²(P,S) = R²(P) + Sxy_w²/(Sxx_w SST)`, with
//! sums about the means of the providers. A provider with one model decides its
//! own fitted value and adds nothing to the common slope. If size never differs
//! within a provider, it adds nothing to the provider and its slope is
//! `SingularFit`. Shares are never cut off at zero.
//!
//! Sources: Shapley value of R² for two players: Lindeman, Merenda and Gold 1980,
//! Grömping 2007; commonality: Newton and Spurrell 1967.

use crate::{
    oneway::{OneWay, one_way, zero_threshold},
    proportion::{Interval, Level},
    reason::{Estimable, NotEstimable},
    regression, special,
    sums::{all_finite, count, mean, sum},
};

/// Residual sums of squares up to this share of the total count as zero.
const EXACT: f64 = 1e-14;

/// An F test of one term beside the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FTest {
    /// The statistic.
    pub f: f64,
    /// Degrees of freedom of the term.
    pub df1: usize,
    /// Residual degrees of freedom.
    pub df2: usize,
    /// Tail probability; assumes normal errors of equal variance.
    pub p: f64,
    /// `SS/(SS + residual SS)` of the term.
    pub partial_eta2: f64,
}

/// Shares that add up to that of both terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// Share of the provider.
    pub provider: f64,
    /// Share of size.
    pub size: f64,
}

/// Provider and size in one model.
#[derive(Clone, Debug, PartialEq)]
pub struct Ancova {
    /// Number of models.
    pub n: usize,
    /// Number of providers.
    pub k: usize,
    /// Independent columns of the full model: `k + 1`, or `k` when size never
    /// differs within a provider.
    pub rank: usize,
    /// `n - rank`.
    pub df: usize,
    /// Total sum of squares of the rates.
    pub ss_total: f64,
    /// Residual sum of squares of the full model.
    pub ss_residual: f64,
    /// R² of provider alone (eta²).
    pub r2_provider: f64,
    /// R² of size alone.
    pub r2_size: f64,
    /// R² of both.
    pub r2_both: f64,
    /// What size adds to provider.
    pub size_given_provider: f64,
    /// What provider adds to size.
    pub provider_given_size: f64,
    /// `R²(P) + R²(S) - R²(P,S)`: below zero when each hides what the other
    /// shows (suppression).
    pub shared: f64,
    /// Mean of first-in and last-in R².
    pub shapley: Split,
    /// R² of provider, adjusted for degrees of freedom (epsilon²).
    pub adjusted_provider: Estimable<f64>,
    /// R² of size, adjusted.
    pub adjusted_size: Estimable<f64>,
    /// R² of both, adjusted.
    pub adjusted_both: Estimable<f64>,
    /// The Shapley value of the adjusted R²; either part may be negative.
    pub shapley_adjusted: Estimable<Split>,
    /// Provider beside size.
    pub provider_test: Estimable<FTest>,
    /// Size beside provider.
    pub size_test: Estimable<FTest>,
    /// Change of the rate per doubling within providers.
    pub slope: Estimable<f64>,
    /// Its standard error.
    pub slope_se: Estimable<f64>,
    /// Two-sided p, Student's t on `df`.
    pub slope_p: Estimable<f64>,
    /// `Sxx/Sxx_w`: how much the variance of the slope grows because provider is
    /// in the model.
    pub inflation: Estimable<f64>,
}

/// Fits provider and size together.
///
/// `log2_sizes` and `group` follow the order of `rates`; labels are arbitrary.
///
/// ```
/// use caveat_analysis::ancova::ancova;
///
/// let fit = ancova(&[0.5, 0.4, 0.2, 0.3], &[0.0, 3.0, 1.0, 2.0], &[0, 0, 1, 1]).unwrap();
/// assert!((fit.shapley.provider + fit.shapley.size - fit.r2_both).abs() < 1e-12);
/// ```
///
/// # Errors
/// For the whole: `LengthMismatch`, `OutOfRange`, `TooFewModels` below three
/// models, `NoVariance` when all rates are equal, `OneGroup`, `SingularFit` when
/// all sizes are equal. Field by field: `NoWithinDf` without residual degrees of
/// freedom, `NoWithinVariance` when the model passes through every rate.
pub fn ancova(rates: &[f64], log2_sizes: &[f64], group: &[usize]) -> Estimable<Ancova> {
    let parts = Parts::new(rates, log2_sizes, group)?;
    let p = &parts;
    let shapley = split(p.r2_provider, p.r2_size, p.r2_both());
    let adjust = |r2: f64, rank: usize| adjusted(r2, p.n, rank);
    let adjusted_provider = adjust(p.r2_provider, p.k);
    let adjusted_size = adjust(p.r2_size, 2);
    let adjusted_both = adjust(p.r2_both(), p.rank());
    let slope = p.determined(p.sxy_within / p.sxx_within);
    let slope_se = p
        .residual_variance()
        .and_then(|v| p.determined(libm::sqrt(v / p.sxx_within)));
    Ok(Ancova {
        n: p.n,
        k: p.k,
        rank: p.rank(),
        df: p.df(),
        ss_total: p.ss_total,
        ss_residual: p.ss_residual,
        r2_provider: p.r2_provider,
        r2_size: p.r2_size,
        r2_both: p.r2_both(),
        size_given_provider: p.size_given_provider,
        provider_given_size: p.r2_both() - p.r2_size,
        shared: p.r2_provider + p.r2_size - p.r2_both(),
        shapley,
        adjusted_provider,
        adjusted_size,
        adjusted_both,
        shapley_adjusted: adjusted_both
            .and_then(|both| Ok(split(adjusted_provider?, adjusted_size?, both))),
        provider_test: p.test(p.r2_both() - p.r2_size, p.rank() - 2),
        size_test: p
            .determined(p.size_given_provider)
            .and_then(|share| p.test(share, 1)),
        slope,
        slope_se,
        slope_p: slope.and_then(|b| special::t_two_sided(b / slope_se?, count(p.df()))),
        inflation: p.determined(p.sxx / p.sxx_within),
    })
}

impl Ancova {
    /// Student's t interval of the common slope.
    ///
    /// # Errors
    /// The reason for which the slope has no standard error.
    pub fn slope_interval(&self, level: Level) -> Estimable<Interval> {
        let (slope, se) = (self.slope?, self.slope_se?);
        Ok(Interval::around(slope, level.t(count(self.df))? * se))
    }
}

/// The Shapley value of a game of two with the values of each and of both.
fn split(provider: f64, size: f64, both: f64) -> Split {
    Split {
        provider: (provider + both - size) / 2.0,
        size: (size + both - provider) / 2.0,
    }
}

fn adjusted(r2: f64, n: usize, rank: usize) -> Estimable<f64> {
    if n <= rank {
        return Err(NotEstimable::NoWithinDf);
    }
    Ok(1.0 - (1.0 - r2) * count(n - 1) / count(n - rank))
}

/// The sums that everything else follows from.
struct Parts {
    n: usize,
    k: usize,
    ss_total: f64,
    ss_residual: f64,
    r2_provider: f64,
    r2_size: f64,
    size_given_provider: f64,
    sxx: f64,
    sxx_within: f64,
    sxy_within: f64,
}

impl Parts {
    fn new(rates: &[f64], sizes: &[f64], group: &[usize]) -> Estimable<Self> {
        if rates.len() != sizes.len() {
            return Err(NotEstimable::LengthMismatch);
        }
        if !all_finite(sizes) {
            return Err(NotEstimable::OutOfRange);
        }
        let one: OneWay = one_way(rates, group)?;
        if one.n < 3 {
            return Err(NotEstimable::TooFewModels);
        }
        if one.ss_total == 0.0 {
            return Err(NotEstimable::NoVariance);
        }
        if one.k < 2 {
            return Err(NotEstimable::OneGroup);
        }
        let line = regression::line(sizes, rates, None)?;
        let (y, x) = (within(rates, group), within(sizes, group));
        let sxx_within = settled(sum(x.iter().map(|v| v * v)), zero_threshold(sizes));
        let sxy_within = sum(x.iter().zip(&y).map(|(a, b)| a * b));
        let explained = if sxx_within > 0.0 {
            sxy_within * sxy_within / sxx_within
        } else {
            0.0
        };
        // From the residuals themselves: the difference of two sums would lose
        // digits where the fit is close.
        let slope = if sxx_within > 0.0 {
            sxy_within / sxx_within
        } else {
            0.0
        };
        let ss_residual = sum(y.iter().zip(&x).map(|(b, a)| {
            let e = b - slope * a;
            e * e
        }));
        Ok(Parts {
            n: one.n,
            k: one.k,
            ss_total: one.ss_total,
            ss_residual: settled(ss_residual, EXACT * one.ss_total),
            r2_provider: one.ss_between / one.ss_total,
            r2_size: line.r2?,
            size_given_provider: explained / one.ss_total,
            sxx: line.sxx,
            sxx_within,
            sxy_within,
        })
    }

    fn rank(&self) -> usize {
        self.k + usize::from(self.sxx_within > 0.0)
    }

    fn df(&self) -> usize {
        self.n.saturating_sub(self.rank())
    }

    fn r2_both(&self) -> f64 {
        self.r2_provider + self.size_given_provider
    }

    /// What exists only if size differs within a provider.
    fn determined(&self, value: f64) -> Estimable<f64> {
        if self.sxx_within > 0.0 {
            Ok(value)
        } else {
            Err(NotEstimable::SingularFit)
        }
    }

    fn residual_variance(&self) -> Estimable<f64> {
        match self.df() {
            0 => Err(NotEstimable::NoWithinDf),
            _ if self.ss_residual == 0.0 => Err(NotEstimable::NoWithinVariance),
            df => Ok(self.ss_residual / count(df)),
        }
    }

    fn test(&self, share: f64, df1: usize) -> Estimable<FTest> {
        let variance = self.residual_variance()?;
        if df1 == 0 {
            return Err(NotEstimable::SingularFit);
        }
        let ss = (share * self.ss_total).max(0.0);
        let f = ss / count(df1) / variance;
        Ok(FTest {
            f,
            df1,
            df2: self.df(),
            p: special::f_sf(f, count(df1), count(self.df()))?,
            partial_eta2: ss / (ss + self.ss_residual),
        })
    }
}

fn settled(value: f64, zero: f64) -> f64 {
    if value <= zero { 0.0 } else { value }
}

/// Deviations from the mean of the own group; exactly 0 for a singleton.
pub(crate) fn within(values: &[f64], group: &[usize]) -> Vec<f64> {
    let mut members: std::collections::BTreeMap<usize, Vec<f64>> =
        std::collections::BTreeMap::new();
    for (value, label) in values.iter().zip(group) {
        members.entry(*label).or_default().push(*value);
    }
    let means: std::collections::BTreeMap<usize, f64> = members
        .into_iter()
        .map(|(label, m)| (label, mean(&m).unwrap_or(0.0)))
        .collect();
    values
        .iter()
        .zip(group)
        .map(|(v, g)| v - means.get(g).copied().unwrap_or(0.0))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn input_that_allows_no_model_is_refused_with_its_reason() {
        let refused = |r: &[f64], s: &[f64], g: &[usize]| ancova(r, s, g).unwrap_err();
        assert_eq!(refused(&[], &[], &[]), NotEstimable::TooFewModels);
        assert_eq!(refused(&[0.1], &[1.0], &[0]), NotEstimable::TooFewModels);
        assert_eq!(
            refused(&[0.1, 0.2], &[1.0, 2.0], &[0, 1]),
            NotEstimable::TooFewModels
        );
        assert_eq!(
            refused(&[0.0; 4], &[1.0, 2.0, 3.0, 4.0], &[0, 0, 1, 1]),
            NotEstimable::NoVariance
        );
        assert_eq!(
            refused(&[1.0; 4], &[1.0, 2.0, 3.0, 4.0], &[0, 0, 1, 1]),
            NotEstimable::NoVariance
        );
        assert_eq!(
            refused(&[0.1, 0.2, 0.4], &[1.0, 2.0, 3.0], &[5; 3]),
            NotEstimable::OneGroup
        );
        assert_eq!(
            refused(&[0.1, 0.2, 0.4], &[3.0; 3], &[0, 0, 1]),
            NotEstimable::SingularFit
        );
        assert_eq!(
            refused(&[0.1, 0.2], &[3.0], &[0, 1]),
            NotEstimable::LengthMismatch
        );
        let nan = [1.0, f64::NAN, 2.0];
        assert_eq!(
            refused(&[0.1, 0.2, 0.3], &nan, &[0, 0, 1]),
            NotEstimable::OutOfRange
        );
    }

    #[test]
    fn singletons_alone_leave_no_degrees_of_freedom() {
        let fit = ancova(&[0.1, 0.3, 0.2], &[1.0, 2.0, 3.0], &[0, 1, 2]).unwrap();
        assert_eq!(fit.slope, Err(NotEstimable::SingularFit));
        assert_eq!(fit.provider_test, Err(NotEstimable::NoWithinDf));
        assert_eq!(fit.adjusted_both, Err(NotEstimable::NoWithinDf));
        assert_eq!(fit.shapley_adjusted, Err(NotEstimable::NoWithinDf));
    }

    #[test]
    fn a_size_that_never_differs_within_a_provider_adds_nothing_to_it() {
        let rates = [0.1, 0.3, 0.2, 0.5, 0.6, 0.4];
        let fit = ancova(&rates, &[1.0, 1.0, 5.0, 5.0, 7.0, 7.0], &[0, 0, 1, 1, 2, 2]).unwrap();
        assert_eq!((fit.rank, fit.df), (3, 3));
        assert_eq!(fit.size_given_provider, 0.0);
        assert_eq!(fit.inflation, Err(NotEstimable::SingularFit));
        assert_eq!(fit.size_test, Err(NotEstimable::SingularFit));
        assert_eq!(fit.provider_test.unwrap().df1, 1);
    }

    #[test]
    fn a_model_that_passes_through_every_rate_has_no_test() {
        let rates = [0.1, 0.2, 0.3, 0.5, 0.6, 0.7];
        let sizes = [0.0, 1.0, 2.0, 0.0, 1.0, 2.0];
        let fit = ancova(&rates, &sizes, &[0, 0, 0, 1, 1, 1]).unwrap();
        assert_eq!(fit.size_test, Err(NotEstimable::NoWithinVariance));
        assert_eq!(fit.slope_se, Err(NotEstimable::NoWithinVariance));
        assert!((fit.slope.unwrap() - 0.1).abs() < 1e-14);
    }
}
