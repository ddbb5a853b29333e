//! The rows of the output: one per model, one per provider.
//!
//! A provider's pooled rate is over all its traces, its mean rate over its
//! models. Its distance from the size line is over its models in scale: weighted
//! by traces (as published), unweighted, and from a line fitted without it. The
//! interval of the weighted distance is the Wilson interval of the pooled rate of
//! its models in scale, less the weighted mean of the line, which is taken as
//! known: it speaks of sampling error in the rate and not of the line's error.

use std::collections::BTreeMap;

use crate::{
    estimate::{
        CLOPPER_PEARSON, STUDENT_NEW_MODELS, WILSON, WILSON_ABOUT_LINE, bonferroni, estimate,
        estimate_points, points, range,
    },
    extremes::rates_of,
    influence,
    layout::{Cell, Layout},
    proportion::{Count, Interval, Level, clopper_pearson, wilson},
    quantity::{Number, Quantity},
    rankings::Rankings,
    reason::{Estimable, NotEstimable},
    residuals::{DeletionResidual, ProviderResidual, deletion_residuals, provider_residuals},
    result::{Band, MeanRate, ModelResult, ProviderResidualPp, ProviderResult},
    sample::SampleModel,
    scale::Fit,
    sums::{count, count_u64, mean, squares_about, sum},
};

/// Distances of all providers from the size line.
#[derive(Clone, Debug)]
pub(crate) struct Distances {
    residuals: Estimable<Vec<ProviderResidual>>,
}

impl Distances {
    /// Averages the residuals of the line over each provider's models in scale.
    pub(crate) fn new(fit: &Fit) -> Self {
        let traces: Vec<u64> = fit.cells.iter().map(|c| c.count.trials()).collect();
        let group: Vec<usize> = fit.cells.iter().map(|c| c.provider).collect();
        let residuals = fit
            .residuals()
            .and_then(|r| provider_residuals(r, &traces, &group));
        Distances { residuals }
    }

    /// That of one provider.
    pub(crate) fn of(&self, place: usize) -> Estimable<&ProviderResidual> {
        let all = self.residuals.as_ref().map_err(|r| *r)?;
        all.iter()
            .find(|r| r.group == place)
            .ok_or(NotEstimable::NoSizes)
    }

    /// Ranked providers outside the band, lowest first. A provider whose models
    /// in scale do not reach the ranking minimum by themselves is not judged, as
    /// in the law of the labels.
    pub(crate) fn outside(&self, layout: &Layout<'_>, rule: &BandRule) -> Vec<String> {
        let mut found: Vec<(f64, &str)> = (0..layout.providers.len())
            .filter_map(|place| self.of(place).ok())
            .filter(|r| r.traces >= rule.ranking_min_n)
            .filter(|r| rule.band(r.weighted) != Band::Inside)
            .map(|r| (r.weighted, layout.providers[r.group].name))
            .collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(b.1)));
        found.into_iter().map(|(_, name)| name.to_owned()).collect()
    }

    /// Weighted distances in percentage points, in order of name.
    pub(crate) fn listed(&self, layout: &Layout<'_>) -> Vec<ProviderResidualPp> {
        let mut listed: Vec<ProviderResidualPp> = (0..layout.providers.len())
            .filter_map(|place| self.of(place).ok())
            .map(|r| ProviderResidualPp {
                provider: layout.providers[r.group].name.to_owned(),
                residual_pp: Number(points(r.weighted)),
            })
            .collect();
        listed.sort_by(|a, b| a.provider.cmp(&b.provider));
        listed
    }
}

/// The published rule of labels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BandRule {
    /// Half-width in percentage points.
    pub(crate) points: f64,
    /// Fewest traces of a provider that is judged.
    pub(crate) ranking_min_n: u64,
}

impl BandRule {
    /// The place of a distance, given as a share. The band's edges belong to it.
    pub(crate) fn band(&self, distance: f64) -> Band {
        // The same product as in the law of the labels.
        let half = self.points / 100.0;
        if distance < -half {
            Band::Below
        } else if distance > half {
            Band::Above
        } else {
            Band::Inside
        }
    }
}

/// What the rows are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    /// The sample in order.
    pub(crate) layout: &'a Layout<'a>,
    /// The size line.
    pub(crate) fit: &'a Fit,
    /// Distances from it.
    pub(crate) distances: &'a Distances,
    /// Places of ranked providers.
    pub(crate) ranked: &'a [usize],
    /// Pairs of ranked providers.
    pub(crate) rankings: &'a Rankings,
    /// The published rule of labels.
    pub(crate) rule: BandRule,
    /// Level of intervals.
    pub(crate) level: Level,
}

impl Rows<'_> {
    /// One row per model, in the sample's order.
    pub(crate) fn models(&self) -> Vec<ModelResult> {
        let mut place = vec![None; self.layout.models.len()];
        for (i, cell) in self.fit.cells.iter().enumerate() {
            place[cell.model] = Some(i);
        }
        let line = self.fit.line.as_ref().map_err(|r| *r);
        let without = line.map(influence::leave_one_out_slopes);
        let rows = self.layout.models.iter().zip(place);
        rows.map(|(model, place)| {
            let at = |pick: &dyn Fn(usize) -> Estimable<f64>| -> Quantity {
                let i = place.ok_or(if model.n == 0 {
                    NotEstimable::NoTraces
                } else {
                    NotEstimable::NoSizes
                });
                i.and_then(pick).into()
            };
            self.model(
                model,
                place.is_some(),
                Placed {
                    residual_pp: at(&|i| Ok(points(line?.residuals[i]))),
                    leverage: at(&|i| Ok(line?.leverage[i])),
                    slope_without: at(&|i| without.as_ref().map_err(|r| *r)?[i]),
                },
            )
        })
        .collect()
    }

    fn model(&self, model: &SampleModel, in_scale: bool, placed: Placed) -> ModelResult {
        let count = Count::new(model.succeeded, model.n);
        let level = self.level;
        let exact = count.and_then(|c| {
            Ok(estimate(
                c.share(),
                clopper_pearson(c, level)?,
                level,
                CLOPPER_PEARSON,
            ))
        });
        ModelResult {
            model: model.model.clone(),
            provider: model.provider.clone(),
            params_total_b: size(model.params_total_b),
            params_active_b: size(model.params_active_b),
            params_disclosed: model.params_disclosed,
            params_source: model.params_source.clone(),
            in_scale,
            n: model.n,
            succeeded: model.succeeded,
            not_evaluable: model.not_evaluable,
            asr: count
                .map(|c| estimate(c.share(), wilson(c, level), level, WILSON))
                .into(),
            asr_exact: exact.into(),
            residual_pp: placed.residual_pp,
            leverage: placed.leverage,
            slope_without: placed.slope_without,
        }
    }

    /// One row per provider, by rising pooled rate, then name.
    pub(crate) fn providers(&self) -> Vec<ProviderResult> {
        let deletions = self.deletions();
        self.layout
            .by_rate()
            .into_iter()
            .map(|place| self.provider(place, &deletions))
            .collect()
    }

    /// Each provider's distance from the line fitted without it, with an interval
    /// that is adjusted for all ranked providers.
    fn deletions(&self) -> BTreeMap<usize, Estimable<DeletionResidual>> {
        let sized = || {
            let cells = self.fit.cells.iter();
            cells.filter_map(|c| Some((c.log2_size?, c)))
        };
        let x: Vec<f64> = sized().map(|(x, _)| x).collect();
        let y: Vec<f64> = sized().map(|(_, c)| c.rate).collect();
        let traces: Vec<u64> = sized().map(|(_, c)| c.count.trials()).collect();
        let group: Vec<usize> = sized().map(|(_, c)| c.provider).collect();
        let level = bonferroni(self.level, self.ranked_with_distance());
        deletion_residuals(&x, &y, &traces, &group, level)
            .unwrap_or_default()
            .into_iter()
            .collect()
    }

    fn provider(
        &self,
        place: usize,
        deletions: &BTreeMap<usize, Estimable<DeletionResidual>>,
    ) -> ProviderResult {
        let provider = &self.layout.providers[place];
        let in_scale: Vec<Cell> = self
            .fit
            .cells
            .iter()
            .filter(|c| c.provider == place)
            .copied()
            .collect();
        let ranked = self.ranked.contains(&place);
        let distance = self.distances.of(place);
        let level = self.level;
        let residual = |level| distance.and_then(|r| about_line(&in_scale, r.weighted, level));
        ProviderResult {
            provider: provider.name.to_owned(),
            n_models: provider.models.len(),
            n_models_in_scale: in_scale.len(),
            n: provider.n,
            succeeded: provider.succeeded,
            not_evaluable: provider.not_evaluable,
            pooled_asr: provider
                .count()
                .map(|c| estimate(c.share(), wilson(c, level), level, WILSON))
                .into(),
            mean_asr: mean_rate(&rates_of(self.layout, place), level),
            ranked,
            residual_pp: residual(level)
                .and_then(|i| {
                    Ok(estimate_points(
                        distance?.weighted,
                        i,
                        level,
                        WILSON_ABOUT_LINE,
                    ))
                })
                .into(),
            residual_excludes_zero: residual(bonferroni(level, self.ranked_with_distance()))
                .ok()
                .filter(|_| ranked)
                .map(|i| !i.contains(0.0)),
            residual_unweighted_pp: distance.map(|r| points(r.unweighted)).into(),
            residual_deletion_pp: distance
                .and_then(|_| self.deletion(place, &in_scale))
                .map(points)
                .into(),
            residual_deletion_adjusted_pp: distance
                .and_then(|_| {
                    let deletion = deletions.get(&place).copied();
                    let deletion = deletion.ok_or(NotEstimable::NoSizes)??;
                    Ok(estimate_points(
                        deletion.weighted,
                        deletion.weighted_interval?,
                        bonferroni(level, self.ranked_with_distance()),
                        STUDENT_NEW_MODELS,
                    ))
                })
                .into(),
            band: distance.map(|r| self.rule.band(r.weighted)).into(),
            rank: self
                .rankings
                .rank(place)
                .ok_or(NotEstimable::NoEligibleProviders)
                .into(),
        }
    }

    fn ranked_with_distance(&self) -> usize {
        self.ranked
            .iter()
            .filter(|place| self.distances.of(**place).is_ok())
            .count()
    }

    /// The weighted distance from a line fitted without the provider.
    fn deletion(&self, place: usize, own: &[Cell]) -> Estimable<f64> {
        let others = self
            .fit
            .cells
            .iter()
            .filter(|c| c.provider != place)
            .copied()
            .collect();
        let line = Fit::of(others).line?;
        let traces = sum(own.iter().map(traces));
        let distance = own.iter().filter_map(|c| {
            let fitted = line.intercept + line.slope * c.log2_size?;
            Some(traces_times(c, c.rate - fitted))
        });
        Ok(sum(distance) / traces)
    }
}

struct Placed {
    residual_pp: Quantity,
    leverage: Quantity,
    slope_without: Quantity,
}

fn size(size_b: Option<f64>) -> Quantity {
    size_b
        .filter(|s| s.is_finite())
        .ok_or(NotEstimable::NoSizes)
        .into()
}

fn traces(cell: &Cell) -> f64 {
    count_u64(cell.count.trials())
}

fn traces_times(cell: &Cell, value: f64) -> f64 {
    traces(cell) * value
}

/// Wilson's limits of the pooled rate of these models, less the line's weighted mean.
fn about_line(in_scale: &[Cell], weighted: f64, level: Level) -> Estimable<Interval> {
    let successes = in_scale
        .iter()
        .map(|c| c.count.successes())
        .fold(0, u64::saturating_add);
    let trials = in_scale
        .iter()
        .map(|c| c.count.trials())
        .fold(0, u64::saturating_add);
    let pooled = Count::new(successes, trials)?;
    let line = pooled.share() - weighted;
    let i = wilson(pooled, level);
    Ok(Interval {
        lower: i.lower - line,
        upper: i.upper - line,
    })
}

/// The mean of rates with Student's t interval, cut off at 0 and 1.
fn mean_rate(rates: &[f64], level: Level) -> MeanRate {
    MeanRate {
        value: mean(rates).ok_or(NotEstimable::NoTraces).into(),
        interval: mean_interval(rates, level).map(|i| range(i, level)).into(),
        n_models: rates.len(),
    }
}

fn mean_interval(rates: &[f64], level: Level) -> Estimable<Interval> {
    let centre = mean(rates).ok_or(NotEstimable::NoTraces)?;
    if rates.len() < 2 {
        return Err(NotEstimable::TooFewModels);
    }
    let squares = squares_about(rates, centre);
    if squares <= crate::oneway::zero_threshold(rates) {
        return Err(NotEstimable::NoVariance);
    }
    let df = count(rates.len() - 1);
    let error = libm::sqrt(squares / df / count(rates.len()));
    let i = Interval::around(centre, level.t(df)? * error);
    Ok(Interval {
        lower: i.lower.max(0.0),
        upper: i.upper.min(1.0),
    })
}
