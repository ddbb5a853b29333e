//! The block on provider and size: model, laws, and what single rows decide.
//!
//! Puts [`crate::ancova`] beside two permutation tests and two kinds of
//! leave-one-out. The F test believes that errors are normal and of equal
//! variance; one outlying model that is its provider's only one can make its p
//! as small as any, because such a model adds to the share of the provider and
//! never to the error. The permutation tests do not believe that, and the rows
//! without a provider, or without a model, show which one it was.
//!
//! Points are taken in the order given, which reaches the random draws: give
//! them in an order that does not depend on names.

use crate::{
    ancova::{Ancova, Dealt, Split, ancova},
    estimate::{STUDENT_T, estimate_points, points},
    labels::{Chance, dense, relabelled, shuffled},
    law::Law,
    oneway::one_way,
    proportion::Level,
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    regression::line,
    result::{
        ShapleyLaw, ShareInfluence, Shares, SplitShares, TermTest, Together, WithinSlope,
        WithoutProvider,
    },
    stream::Pass,
};

/// Fewest models of a provider for which a line of its own is fitted.
const FEWEST_MODELS: usize = 3;

/// A model as this block sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point<'a> {
    /// Model.
    pub model: &'a str,
    /// Provider, by whichever rule: who offers the model, or who made its base.
    pub provider: &'a str,
    /// Rate, from 0 to 1.
    pub rate: f64,
    /// Size in billions, total or active; `None` if it is not disclosed.
    pub size_b: Option<f64>,
}

/// Works out the block over the points that have a usable size.
///
/// # Errors
/// `NoSizes` when no point has one; otherwise those of [`ancova`] for the whole.
pub fn together(points: &[Point<'_>], chance: Chance, level: Level) -> Quantity<Together> {
    let rows = Rows::new(points);
    if rows.points.is_empty() {
        return Quantity::Absent(NotEstimable::NoSizes);
    }
    match ancova(&rows.rates, &rows.sizes, &rows.group) {
        Ok(fit) => Quantity::Known(rows.block(points, &fit, chance, level)),
        Err(reason) => Quantity::Absent(reason),
    }
}

/// Points in scale, as columns.
struct Rows<'a> {
    points: Vec<Point<'a>>,
    rates: Vec<f64>,
    sizes: Vec<f64>,
    group: Vec<usize>,
}

fn log2_size(point: &Point<'_>) -> Option<f64> {
    point
        .size_b
        .filter(|s| *s > 0.0 && s.is_finite())
        .map(libm::log2)
}

impl<'a> Rows<'a> {
    fn new(points: &[Point<'a>]) -> Self {
        let (kept, sizes): (Vec<Point<'a>>, Vec<f64>) = points
            .iter()
            .filter_map(|p| Some((*p, log2_size(p)?)))
            .unzip();
        Rows {
            rates: kept.iter().map(|p| p.rate).collect(),
            group: dense(kept.iter().map(|p| p.provider)),
            points: kept,
            sizes,
        }
    }

    /// The rows for which `keep` holds.
    fn filtered(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<Point<'a>> = self
            .points
            .iter()
            .enumerate()
            .filter(|(i, _)| keep(*i))
            .map(|(_, p)| *p)
            .collect();
        Rows::new(&kept)
    }

    fn block(&self, all: &[Point<'_>], fit: &Ancova, chance: Chance, level: Level) -> Together {
        let in_group = |g: usize| self.group.iter().filter(|h| **h == g).count();
        Together {
            n_models: fit.n,
            n_providers: fit.k,
            n_singletons: (0..fit.k).filter(|g| in_group(*g) == 1).count(),
            without_size: all
                .iter()
                .filter(|p| log2_size(p).is_none())
                .map(|p| p.model.to_owned())
                .collect(),
            r2: shares(fit.r2_provider, fit.r2_size, fit.r2_both),
            adjusted_r2: adjusted(fit).into(),
            provider_given_size: Number(fit.provider_given_size),
            size_given_provider: Number(fit.size_given_provider),
            shared: Number(fit.shared),
            suppression: fit.shared < 0.0,
            shapley: split(fit.shapley),
            shapley_adjusted: fit.shapley_adjusted.map(split).into(),
            shapley_law: self.shapley_law(fit, chance).into(),
            provider_test: test(fit.provider_test),
            size_test: test(fit.size_test),
            provider_p_permutation: self.freedman_lane(fit, chance).into(),
            slope_pp: fit
                .slope_interval(level)
                .and_then(|i| Ok(estimate_points(fit.slope?, i, level, STUDENT_T)))
                .into(),
            slope_p: fit.slope_p.into(),
            inflation: fit.inflation.into(),
            within: self.within(fit.k, level),
            without: self.without(fit.k),
            most_influential: self.most_influential().into(),
        }
    }

    /// The provider's adjusted part when provider labels are dealt anew.
    fn shapley_law(&self, fit: &Ancova, chance: Chance) -> Estimable<ShapleyLaw> {
        let observed = fit.shapley_adjusted?.provider;
        let size = fit.adjusted_size?;
        let dealt = Dealt::new(&self.rates, &self.sizes);
        let (n, k) = (fit.n as f64, fit.k as f64);
        let adjust = |r2: f64, rank: f64| 1.0 - (1.0 - r2) * (n - 1.0) / (n - rank);
        let rank = fit.rank as f64;
        let law = relabelled(&self.group, chance, Pass::TogetherLabels, |labels| {
            let (provider, both) = dealt.shares(labels, fit.k, None);
            [(adjust(provider, k) + adjust(both, rank) - size) / 2.0]
        });
        let mut values = Law::new(law.values(0))?;
        Ok(ShapleyLaw {
            exact: law.exact,
            relabellings: u64::try_from(law.draws.len()).unwrap_or(u64::MAX),
            mean: Number(values.mean()),
            p95: Number(values.quantile(19, 20)),
            p: Number(law.p_at_least(0, observed)),
        })
    }

    /// Permutes the distances from the size line over the models. The line and
    /// the providers stay, so what is tested is provider beside size.
    fn freedman_lane(&self, fit: &Ancova, chance: Chance) -> Estimable<f64> {
        match fit.provider_test {
            // Without variance within, F is infinite and this is as good as ever.
            Ok(_) | Err(NotEstimable::NoWithinVariance) => {}
            Err(reason) => return Err(reason),
        }
        let size_line = line(&self.sizes, &self.rates, None)?;
        if size_line.rss == 0.0 {
            return Err(NotEstimable::ExactFit);
        }
        let residuals = size_line.residuals;
        let dealt = Dealt::new(&residuals, &self.sizes);
        // Share of the total of the residuals that both explain, less that of
        // size: monotone in F, and 1 where F is infinite.
        let statistic = |order: Option<&[usize]>| {
            let (_, both) = dealt.shares(&self.group, fit.k, order);
            let size = dealt.size_share(order);
            (both - size) / (1.0 - size)
        };
        let law = shuffled(fit.n, chance, Pass::TogetherResiduals, |order| {
            [statistic(Some(order))]
        });
        Ok(law.p_at_least(0, statistic(None)))
    }

    fn name(&self, group: usize) -> String {
        self.group
            .iter()
            .position(|g| *g == group)
            .and_then(|i| self.points.get(i))
            .map(|p| p.provider.to_owned())
            .unwrap_or_default()
    }

    /// Lines of their own, in order of name.
    fn within(&self, k: usize, level: Level) -> Vec<WithinSlope> {
        let mut rows: Vec<WithinSlope> = (0..k)
            .filter_map(|g| {
                let own = self.filtered(|i| self.group.get(i) == Some(&g));
                if own.points.len() < FEWEST_MODELS {
                    return None;
                }
                let fit = line(&own.sizes, &own.rates, None);
                let slope = fit.as_ref().map_err(|r| *r).and_then(|l| {
                    Ok(estimate_points(
                        l.slope,
                        l.slope_interval(level)?,
                        level,
                        STUDENT_T,
                    ))
                });
                Some(WithinSlope {
                    provider: self.name(g),
                    n_models: own.points.len(),
                    df: own.points.len() - 2,
                    slope_pp: slope.into(),
                    p: fit.and_then(|l| l.p).into(),
                })
            })
            .collect();
        rows.sort_by(|a, b| a.provider.cmp(&b.provider));
        rows
    }

    /// The analysis without each provider, in order of name.
    fn without(&self, k: usize) -> Vec<WithoutProvider> {
        let mut rows: Vec<WithoutProvider> = (0..k)
            .map(|g| {
                let rest = self.filtered(|i| self.group.get(i) != Some(&g));
                let one = one_way(&rest.rates, &rest.group);
                let of = |pick: fn(&crate::oneway::OneWay) -> Estimable<f64>| -> Quantity {
                    one.as_ref().map_err(|r| *r).and_then(pick).into()
                };
                let both = ancova(&rest.rates, &rest.sizes, &rest.group);
                WithoutProvider {
                    provider: self.name(g),
                    n_models: rest.points.len(),
                    n_providers: k - 1,
                    eta2: of(|o| o.eta2),
                    eta2_null_mean: of(|o| Ok(o.eta2_null_mean)),
                    epsilon2: of(|o| o.epsilon2),
                    p: of(|o| o.p),
                    slope_pp: line(&rest.sizes, &rest.rates, None)
                        .map(|l| points(l.slope))
                        .into(),
                    shapley_adjusted: both.and_then(|f| f.shapley_adjusted).map(split).into(),
                }
            })
            .collect();
        rows.sort_by(|a, b| a.provider.cmp(&b.provider));
        rows
    }

    fn most_influential(&self) -> Estimable<ShareInfluence> {
        let epsilon2 = one_way(&self.rates, &self.group)?.epsilon2?;
        let mut best: Option<(f64, ShareInfluence)> = None;
        for (i, point) in self.points.iter().enumerate() {
            let rest = self.filtered(|j| j != i);
            let one = one_way(&rest.rates, &rest.group)?;
            // A model without which there is no share decides it; say so.
            let (without, eta2, p) = (one.epsilon2?, one.eta2?, one.p?);
            let moved = (without - epsilon2).abs();
            if best.as_ref().is_none_or(|(most, _)| moved > *most) {
                let row = ShareInfluence {
                    model: point.model.to_owned(),
                    provider: point.provider.to_owned(),
                    epsilon2: Number(epsilon2),
                    epsilon2_without: Number(without),
                    eta2_without: Number(eta2),
                    p_without: Number(p),
                };
                best = Some((moved, row));
            }
        }
        best.map(|(_, row)| row).ok_or(NotEstimable::TooFewModels)
    }
}

fn shares(provider: f64, size: f64, both: f64) -> Shares {
    Shares {
        provider: Number(provider),
        size: Number(size),
        both: Number(both),
    }
}

fn adjusted(fit: &Ancova) -> Estimable<Shares> {
    Ok(shares(
        fit.adjusted_provider?,
        fit.adjusted_size?,
        fit.adjusted_both?,
    ))
}

fn split(s: Split) -> SplitShares {
    SplitShares {
        provider: Number(s.provider),
        size: Number(s.size),
    }
}

fn test(test: Estimable<crate::ancova::FTest>) -> Quantity<TermTest> {
    test.map(|t| TermTest {
        f: Number(t.f),
        df1: t.df1,
        df2: t.df2,
        p: Number(t.p),
        partial_eta2: Number(t.partial_eta2),
    })
    .into()
}
