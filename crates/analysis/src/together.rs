//! The block on provider and size: model, laws, and what single rows decide.
//!
//! Puts [`crate::ancova`] beside two permutation tests and two kinds of
//! leave-one-out. The F test believes that errors are normal and of equal
//! variance; one outlying model that is its provider's only one can make its p
//! as small as any, because such a model adds to the share of the provider and
//! never to the error. Dealing the labels anew believes none of that: exact if
//! names of providers mean nothing, for rate and size alike. Permuting the
//! distances from the size line (Freedman and Lane 1983) allows providers to
//! differ in size, and is approximate: an outlying model bends the line, the bent
//! line leaves a trend in all other distances, and no permutation of them has it.
//! Of the two p-values the larger is the one to rely on. The rows without a
//! provider, or without a model, show which one it was.
//!
//! Points are taken in the order given, which reaches the random draws: give
//! them in an order that does not depend on names.

use crate::{
    ancova::{Ancova, Split, ancova, within},
    dealt::Dealt,
    estimate::{STUDENT_T, estimate_points},
    labels::{Chance, LabelLaw, dense, relabelled, shuffled},
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
    sums::count,
};

/// Fewest models of a provider for which a line of its own is fitted.
const FEWEST_MODELS: usize = 3;

/// Most rows, providers times models, that leaving providers out goes through:
/// a few seconds, and far beyond any corpus of this kind.
const MOST_LEFT_OUT: usize = 5_000_000;

/// R² of size within this of 1 leaves nothing for the provider.
const EXACT: f64 = 1e-12;

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
        let law = self.labels_law(fit, chance);
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
            shapley_law: self.shapley_law(fit, &law).into(),
            provider_test: test(fit.provider_test),
            size_test: test(fit.size_test),
            provider_p_relabelled: self.beside_size(fit, &law).into(),
            provider_p_freedman_lane: self.freedman_lane(fit, chance).into(),
            slope_pp: fit
                .slope_interval(level)
                .and_then(|i| Ok(estimate_points(fit.slope?, i, level, STUDENT_T)))
                .into(),
            slope_p: fit.slope_p.into(),
            inflation: fit.inflation.into(),
            within: self.lines_within(fit.k, level),
            without: self.without(fit.k, level).into(),
            most_influential: self.most_influential().into(),
        }
    }

    /// The provider's adjusted part, and its part beside size, when provider
    /// labels are dealt anew.
    fn labels_law(&self, fit: &Ancova, chance: Chance) -> LabelLaw<2> {
        let dealt = Dealt::new(&self.rates, &self.sizes);
        let size = fit.r2_size;
        let (n, k, rank) = (count(fit.n), count(fit.k), count(fit.rank));
        let adjust = |r2: f64, rank: f64| 1.0 - (1.0 - r2) * (n - 1.0) / (n - rank);
        relabelled(&self.group, chance, Pass::TogetherLabels, |labels| {
            let (provider, both) = dealt.shares(labels, fit.k, None);
            let part = (adjust(provider, k) + adjust(both, rank) - adjust(size, 2.0)) / 2.0;
            [part, beside(both, size)]
        })
    }

    fn shapley_law(&self, fit: &Ancova, law: &LabelLaw<2>) -> Estimable<ShapleyLaw> {
        let observed = fit.shapley_adjusted?.provider;
        let mut values = Law::new(law.values(0))?;
        Ok(ShapleyLaw {
            exact: law.exact,
            relabellings: u64::try_from(law.draws.len()).unwrap_or(u64::MAX),
            mean: Number(values.mean()),
            p95: Number(values.quantile(19, 20)),
            p: Number(law.p_at_least(0, observed)),
        })
    }

    /// p of provider beside size when provider labels are dealt anew.
    fn beside_size(&self, fit: &Ancova, law: &LabelLaw<2>) -> Estimable<f64> {
        testable(fit)?;
        if fit.r2_size >= 1.0 - EXACT {
            return Err(NotEstimable::ExactFit);
        }
        Ok(law.p_at_least(1, beside(fit.r2_both, fit.r2_size)))
    }

    /// Permutes the distances from the size line over the models. The line and
    /// the providers stay, so what is tested is provider beside size.
    fn freedman_lane(&self, fit: &Ancova, chance: Chance) -> Estimable<f64> {
        testable(fit)?;
        let size_line = line(&self.sizes, &self.rates, None)?;
        if fit.r2_size >= 1.0 - EXACT {
            return Err(NotEstimable::ExactFit);
        }
        let residuals = size_line.residuals;
        let dealt = Dealt::new(&residuals, &self.sizes);
        let statistic = |order: Option<&[usize]>| {
            let (_, both) = dealt.shares(&self.group, fit.k, order);
            beside(both, dealt.size_share(order))
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
    fn lines_within(&self, k: usize, level: Level) -> Vec<WithinSlope> {
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
    fn without(&self, k: usize, level: Level) -> Estimable<Vec<WithoutProvider>> {
        if k.saturating_mul(self.points.len()) > MOST_LEFT_OUT {
            return Err(NotEstimable::TooManyModels);
        }
        let mut rows: Vec<WithoutProvider> = (0..k)
            .map(|g| {
                let rest = self.filtered(|i| self.group.get(i) != Some(&g));
                let one = one_way(&rest.rates, &rest.group);
                let of = |pick: fn(&crate::oneway::OneWay) -> Estimable<f64>| -> Quantity {
                    one.as_ref().map_err(|r| *r).and_then(pick).into()
                };
                let slope = line(&rest.sizes, &rest.rates, None)
                    .and_then(|l| Ok((l.slope, l.slope_interval(level)?)))
                    .map(|(slope, i)| estimate_points(slope, i, level, STUDENT_T));
                let both = ancova(&rest.rates, &rest.sizes, &rest.group);
                WithoutProvider {
                    provider: self.name(g),
                    n_models: rest.points.len(),
                    n_providers: k - 1,
                    eta2: of(|o| o.eta2),
                    eta2_null_mean: of(|o| Ok(o.eta2_null_mean)),
                    epsilon2: of(|o| o.epsilon2),
                    p: of(|o| o.p),
                    slope_pp: slope.into(),
                    shapley_adjusted: both.and_then(|f| f.shapley_adjusted).map(split).into(),
                }
            })
            .collect();
        rows.sort_by(|a, b| a.provider.cmp(&b.provider));
        Ok(rows)
    }

    /// Finds the model by the closed form of leaving one out, then decomposes
    /// without it.
    fn most_influential(&self) -> Estimable<ShareInfluence> {
        let all = one_way(&self.rates, &self.group)?;
        let epsilon2 = all.epsilon2?;
        let inside = within(&self.rates, &self.group);
        let mut sizes = vec![0.0; all.k];
        for g in &self.group {
            sizes[*g] += 1.0;
        }
        let n = count(all.n);
        let mut best: Option<(f64, usize)> = None;
        for (i, (d, g)) in inside.iter().zip(&self.group).enumerate() {
            let own = sizes[*g];
            let (k, ssw) = if own > 1.0 {
                (all.k, all.ss_within - own / (own - 1.0) * d * d)
            } else {
                (all.k - 1, all.ss_within)
            };
            let far = self.rates[i] - all.grand_mean;
            let sst = all.ss_total - n / (n - 1.0) * far * far;
            let without = 1.0 - ssw / sst * (n - 2.0) / (n - 1.0 - count(k));
            let moved = (without - epsilon2).abs();
            // A model without which there is no share decides it.
            let moved = if moved.is_finite() {
                moved
            } else {
                f64::INFINITY
            };
            if best.is_none_or(|(most, _)| moved > most) {
                best = Some((moved, i));
            }
        }
        let (_, i) = best.ok_or(NotEstimable::TooFewModels)?;
        let rest = self.filtered(|j| j != i);
        let one = one_way(&rest.rates, &rest.group)?;
        Ok(ShareInfluence {
            model: self.points[i].model.to_owned(),
            provider: self.points[i].provider.to_owned(),
            epsilon2: Number(epsilon2),
            epsilon2_without: Number(one.epsilon2?),
            eta2_without: Number(one.eta2?),
            p_without: Number(one.p?),
        })
    }
}

/// What provider explains of the rest that size leaves: monotone in its F, and
/// 1 where F is infinite.
fn beside(both: f64, size: f64) -> f64 {
    (both - size) / (1.0 - size)
}

/// Without variance within, F is infinite and a permutation as good as ever;
/// without degrees of freedom there is nothing to test.
fn testable(fit: &Ancova) -> Estimable<()> {
    match fit.provider_test {
        Ok(_) | Err(NotEstimable::NoWithinVariance) => Ok(()),
        Err(reason) => Err(reason),
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
