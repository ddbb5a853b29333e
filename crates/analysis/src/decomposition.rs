//! The provider's share of the variance between models, with its law.
//!
//! Three samples: models in scale, those of providers with two or more models in
//! scale, and all models that have a rate. Each share comes with the p-value of
//! F and with that of relabelling, exact where all arrangements can be counted
//! and drawn at random where not. A sample for which a share does not exist
//! carries the reason in every field.

use crate::{
    estimate::range,
    law::Law,
    layout::Cell,
    oneway::{OneWay, one_way},
    permutation::{each_eta2, smallest_attainable_p},
    proportion::Level,
    quantity::Quantity,
    reason::{Estimable, NotEstimable},
    relabel::Draw,
    result::{NullDistribution, OneWayResult, Ratio},
    scale::Fit,
    sums::count,
};

/// A sample's decomposition and the law of its share under relabelling.
#[derive(Clone, Debug)]
pub(crate) struct Shares {
    /// Models.
    n_models: usize,
    /// Models of each provider.
    group_sizes: Vec<usize>,
    /// The decomposition.
    pub(crate) one_way: Estimable<OneWay>,
    law: Estimable<Law>,
    exact: bool,
}

impl Shares {
    /// Decomposes the models given; asks for random relabellings only where
    /// there are too many arrangements to count.
    pub(crate) fn new(cells: &[Cell], draws: impl FnOnce() -> Estimable<Law>) -> Self {
        let rates: Vec<f64> = cells.iter().map(|c| c.rate).collect();
        let group: Vec<usize> = cells.iter().map(|c| c.provider).collect();
        let group_sizes = group_sizes(&group);
        let one_way = one_way(&rates, &group);
        let counted = enumerate(&rates, &group);
        let exact = !matches!(counted, Err(NotEstimable::TooManyArrangements));
        let law = match &one_way {
            Err(reason) => Err(*reason),
            Ok(o) => o.eta2.and_then(|_| if exact { counted } else { draws() }),
        };
        Shares {
            n_models: cells.len(),
            group_sizes,
            one_way,
            law,
            exact,
        }
    }

    /// eta squared, where it exists.
    pub(crate) fn eta2(&self) -> Estimable<f64> {
        self.one_way.as_ref().map_err(|r| *r)?.eta2
    }

    /// The block of the output.
    pub(crate) fn result(&self, variance_level: Level) -> OneWayResult {
        let field = |pick: fn(&OneWay) -> Estimable<f64>| -> Quantity {
            self.one_way.as_ref().map_err(|r| *r).and_then(pick).into()
        };
        let k = self.group_sizes.len();
        OneWayResult {
            eta2: field(|o| o.eta2),
            eta2_null_mean: field(|o| o.eta2_null_sd.map(|_| o.eta2_null_mean)),
            eta2_null_p95: field(|o| o.eta2_null_p95),
            omega2: field(|o| o.omega2),
            epsilon2: field(|o| o.epsilon2),
            f: field(|o| o.f),
            df1: k.saturating_sub(1),
            df2: self.n_models.saturating_sub(k),
            p: field(|o| o.p),
            p_permutation: self.p_permutation().into(),
            population_eta2: self
                .one_way
                .as_ref()
                .map_err(|r| *r)
                .and_then(|o| o.population_eta2(variance_level))
                .map(|share| range(share.eta2, variance_level))
                .into(),
            n_models: self.n_models,
            n_groups: k,
            n_singletons: self.group_sizes.iter().filter(|s| **s == 1).count(),
        }
    }

    fn p_permutation(&self) -> Estimable<f64> {
        let observed = self.eta2()?;
        let law = self.law.as_ref().map_err(|r| *r)?;
        // Of all arrangements the observed one is among those counted.
        Ok(if self.exact {
            law.share_at_least(observed)
        } else {
            law.p(observed)
        })
    }

    /// The law as a histogram.
    pub(crate) fn distribution(self) -> Quantity<NullDistribution> {
        let smallest = smallest_attainable_p(&self.group_sizes);
        let (observed, exact) = (self.eta2(), self.exact);
        observed
            .and_then(|observed| Ok(self.law?.distribution(observed, exact, smallest)))
            .into()
    }
}

/// eta squared of every arrangement.
fn enumerate(rates: &[f64], group: &[usize]) -> Estimable<Law> {
    let mut values = Vec::new();
    each_eta2(rates, group, |eta2| values.push(eta2))?;
    Law::new(values.into_iter())
}

fn group_sizes(group: &[usize]) -> Vec<usize> {
    let mut sizes = vec![0; group.iter().map(|g| g + 1).max().unwrap_or(0)];
    for g in group {
        sizes[*g] += 1;
    }
    sizes.retain(|s| *s > 0);
    sizes
}

/// Models of providers with two or more models among those given.
pub(crate) fn two_plus(cells: &[Cell]) -> Vec<Cell> {
    let of = |provider: usize| cells.iter().filter(|c| c.provider == provider).count();
    cells
        .iter()
        .filter(|c| of(c.provider) >= 2)
        .copied()
        .collect()
}

/// Share of provider against share of size, and the law of their ratio when the
/// rates are dealt at random to the models, both shares worked out each time.
///
/// A share of size of zero makes the ratio infinite; such an arrangement counts
/// as reaching the observed ratio.
pub(crate) fn ratio(shares: &Shares, fit: &Fit, draws: &[Draw]) -> Ratio {
    let both = shares.eta2().and_then(|eta2| {
        let line = fit.line.as_ref().map_err(|r| *r)?;
        Ok((eta2, line.r2?))
    });
    let groups = count(shares.group_sizes.len().saturating_sub(1));
    let over = |a: f64, b: f64| -> Estimable<f64> {
        if a == 0.0 && b == 0.0 {
            Err(NotEstimable::ZeroCells)
        } else {
            Ok(a / b)
        }
    };
    let observed = both.and_then(|(eta2, r2)| over(eta2, r2));
    let mut law = observed.and_then(|_| Law::new(draws.iter().map(Draw::ratio)));
    let mut quantile = |numerator| -> Quantity {
        match &mut law {
            Ok(law) => law.quantile(numerator, 4).into(),
            Err(reason) => Quantity::Absent(*reason),
        }
    };
    let (null_q25, null_median, null_q75) = (quantile(1), quantile(2), quantile(3));
    Ratio {
        eta2_over_r2: observed.into(),
        residual_share: both.map(|(eta2, r2)| 1.0 - eta2 - r2).into(),
        ratio_of_null_means: both.map(|_| groups).into(),
        per_df: both.and_then(|(eta2, r2)| over(eta2 / groups, r2)).into(),
        null_median,
        null_q25,
        null_q75,
        null_share_at_least: observed
            .and_then(|o| law.map(|law| law.share_at_least(o)))
            .into(),
    }
}
