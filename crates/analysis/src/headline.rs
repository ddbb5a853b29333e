//! What a published share of variance implies, from its printed figures alone.
//!
//! Needs eta², the number of models and of providers; R² of the scale line is
//! optional. Everything follows from these four numbers without the data, so a
//! reader can audit any publication. Rounded inputs give rounded answers: the
//! file does not carry their uncertainty.

use crate::{
    oneway::{PopulationShare, null_law, population_share},
    proportion::Level,
    reason::{Estimable, NotEstimable},
    special,
    sums::count,
};

/// The printed figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Share of variance between providers, in `[0, 1)`.
    pub eta2: f64,
    /// Share explained by one scale predictor, if printed.
    pub r2: Option<f64>,
    /// Number of models.
    pub n: usize,
    /// Number of providers.
    pub k: usize,
}

/// What they imply about the provider effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Headline {
    /// `k - 1`.
    pub df_between: usize,
    /// `n - k`.
    pub df_within: usize,
    /// `(eta²/(k-1)) / ((1-eta²)/(n-k))`.
    pub f: f64,
    /// Its p-value.
    pub p: f64,
    /// `1 - (1-eta²)(n-1)/(n-k)`.
    pub epsilon2: f64,
    /// Hays' omega² from the same F.
    pub omega2: f64,
    /// Mean of eta² when providers mean nothing.
    pub eta2_null_mean: f64,
    /// 95th percentile of its null law, which is also the eta² that p = .05 needs.
    pub eta2_null_p95: f64,
    /// `eta² / eta2_null_mean`.
    pub eta2_over_null: f64,
    /// The same for scale, and the comparisons of the two.
    pub scale: Estimable<ScaleHeadline>,
}

/// What R² implies, and how it compares with eta² once both are counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleHeadline {
    /// Mean of R² when the predictor means nothing, `1/(n-1)`.
    pub r2_null_mean: f64,
    /// F of the slope on (1, n - 2) degrees of freedom.
    pub f: f64,
    /// Its p-value.
    pub p: f64,
    /// The p-value by the normal approximation to the t statistic.
    pub p_normal: f64,
    /// `1 - (1-R²)(n-1)/(n-2)`.
    pub adjusted_r2: f64,
    /// `eta²/R²`; its law under chance has very heavy tails, so it is no measure of importance.
    pub eta2_over_r2: f64,
    /// The ratio that chance gives on average to numerator and denominator.
    pub ratio_of_null_means: f64,
    /// `(eta²/(k-1)) / R²`.
    pub per_df_ratio: f64,
    /// Ratio of the two F statistics.
    pub ratio_of_f: f64,
}

/// Works out what the figures imply.
///
/// # Errors
/// `OneGroup` below two providers, `NoWithinDf` unless there are more models
/// than providers, `OutOfRange` unless `0 <= eta² < 1`. A missing R² is
/// `NotGiven` in `scale`; R² = 0 is `ZeroCells` there, because the ratios
/// divide by it.
pub fn implied(figures: &Figures) -> Estimable<Headline> {
    let Figures { eta2, n, k, .. } = *figures;
    let (a, b) = null_law(n, k)?;
    if !(0.0..1.0).contains(&eta2) {
        return Err(NotEstimable::OutOfRange);
    }
    let (df1, df2, total) = (count(k - 1), count(n - k), count(n - 1));
    let error = (1.0 - eta2) / df2;
    let f = eta2 / df1 / error;
    let eta2_null_mean = df1 / total;
    Ok(Headline {
        df_between: k - 1,
        df_within: n - k,
        f,
        p: special::f_sf(f, df1, df2)?,
        epsilon2: eta2 - df1 * error,
        omega2: (eta2 - df1 * error) / (1.0 + error),
        eta2_null_mean,
        eta2_null_p95: special::beta_quantile(a, b, 0.95)?,
        eta2_over_null: eta2 / eta2_null_mean,
        scale: scale(figures, f),
    })
}

/// Steiger's interval for the population share, from the printed figures.
///
/// # Errors
/// As [`implied`].
pub fn population_eta2(figures: &Figures, level: Level) -> Estimable<PopulationShare> {
    population_share(implied(figures)?.f, figures.n, figures.k, level)
}

fn scale(figures: &Figures, f_provider: f64) -> Estimable<ScaleHeadline> {
    let r2 = figures.r2.ok_or(NotEstimable::NotGiven)?;
    if figures.n < 3 {
        return Err(NotEstimable::TooFewModels);
    }
    if !(0.0..1.0).contains(&r2) {
        return Err(NotEstimable::OutOfRange);
    }
    if r2 == 0.0 {
        return Err(NotEstimable::ZeroCells);
    }
    let (df, total) = (count(figures.n - 2), count(figures.n - 1));
    let df1 = count(figures.k - 1);
    let f = r2 * df / (1.0 - r2);
    Ok(ScaleHeadline {
        r2_null_mean: 1.0 / total,
        f,
        p: special::f_sf(f, 1.0, df)?,
        p_normal: special::normal_two_sided(libm::sqrt(f)),
        adjusted_r2: 1.0 - (1.0 - r2) * total / df,
        eta2_over_r2: figures.eta2 / r2,
        ratio_of_null_means: df1,
        per_df_ratio: figures.eta2 / df1 / r2,
        ratio_of_f: f_provider / f,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_headline_without_scale_is_audited_all_the_same() {
        let h = implied(&Figures {
            eta2: 0.653,
            r2: None,
            n: 21,
            k: 12,
        })
        .unwrap();
        assert!((h.f - 1.54).abs() < 0.001);
        assert_eq!(h.scale, Err(NotEstimable::NotGiven));
    }

    #[test]
    fn impossible_figures_are_refused() {
        let figures = |eta2, n, k| Figures {
            eta2,
            r2: None,
            n,
            k,
        };
        assert_eq!(
            implied(&figures(0.5, 12, 12)),
            Err(NotEstimable::NoWithinDf)
        );
        assert_eq!(implied(&figures(0.5, 12, 1)), Err(NotEstimable::OneGroup));
        assert_eq!(implied(&figures(0.5, 5, 12)), Err(NotEstimable::NoWithinDf));
        assert_eq!(
            implied(&figures(1.5, 21, 12)),
            Err(NotEstimable::OutOfRange)
        );
        assert_eq!(
            implied(&figures(f64::NAN, 21, 12)),
            Err(NotEstimable::OutOfRange)
        );
    }
}
