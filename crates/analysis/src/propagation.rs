//! What uncertain graders do to rates, to the ratio of extremes and to eta².
//!
//! Each draw takes a sensitivity and a specificity for every grader from its
//! labelled sample (Jeffreys' posterior, Beta(x + 1/2, m - x + 1/2); known ones
//! stay), the same for all models that it graded, and corrects every rate with
//! them. For intervals of rates the observed rates are drawn likewise; for eta²
//! and for the order of providers they are not, so that these show the graders'
//! part alone. One grader with the same errors everywhere cannot change an order
//! or eta², because the correction is a straight line that all rates share;
//! errors that differ can, and are given as graders of their own.
//!
//! Draws come in blocks with a stream each, and a block's draws do not depend on
//! the others: the same bytes for any number of threads.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::{
    estimate::range,
    misclassified::{Accuracy, Share, corrected},
    oneway::one_way,
    proportion::{Count, Interval, Level},
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::{CorrectedRate, CorrectedRates, CorrectedRatio, CorrectedShare},
    stream::{BLOCK, Pass, Stream},
    sums::{count_u64, sum},
    variates::beta,
};

/// Traces of one model graded by one grader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GradedCount {
    /// Place of the model.
    pub model: usize,
    /// Place of its provider.
    pub provider: usize,
    /// Place of the grader's accuracy.
    pub grader: usize,
    /// Successes and traces.
    pub count: Count,
}

/// What was graded, by whom, and how well they grade.
#[derive(Clone, Copy, Debug)]
pub struct GradedSample<'a> {
    /// Traces by model and grader.
    pub counts: &'a [GradedCount],
    /// Accuracy of each grader; one with different errors for different providers
    /// is listed once for each.
    pub accuracies: &'a [Accuracy],
    /// Names of the models.
    pub models: &'a [String],
    /// Names of the providers.
    pub providers: &'a [String],
    /// Places of the providers that are ranked.
    pub ranked: &'a [usize],
}

/// How much is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Simulation {
    /// Draws; 10,000 give limits that two seeds agree on to a tenth of a standard error.
    pub draws: u32,
    /// Seed.
    pub seed: u64,
    /// Level of the intervals.
    pub level: Level,
}

/// Corrects every rate and simulates what the graders' errors leave open.
///
/// # Errors
/// The block is absent with `NoTraces` where nothing was graded, `OutOfRange` for
/// a place that does not exist, `UninformativeGrader` where a grader tells nothing
/// or too many draws do (more than half of alpha).
pub fn corrected_rates(
    sample: &GradedSample<'_>,
    simulation: &Simulation,
) -> Quantity<CorrectedRates> {
    block(sample, simulation).into()
}

/// A model or a provider: its parts, and its traces.
struct Total {
    parts: Vec<usize>,
    n: f64,
}

struct Work<'a> {
    sample: &'a GradedSample<'a>,
    models: BTreeMap<usize, Total>,
    providers: BTreeMap<usize, Total>,
    /// Provider of each model in `models`, in order.
    groups: Vec<usize>,
    observed: Vec<f64>,
    ranked: Vec<usize>,
}

/// Rates of one draw: models, then providers, each in order of place.
struct Draw {
    models: Vec<f64>,
    providers: Vec<f64>,
    eta2: Estimable<f64>,
    order_kept: bool,
}

fn block(sample: &GradedSample<'_>, simulation: &Simulation) -> Estimable<CorrectedRates> {
    let work = Work::new(sample)?;
    let stated: Vec<(f64, f64)> = sample.accuracies.iter().map(stated).collect();
    let raw = work.correct(&work.observed, &stated)?;
    let blocks = u64::from(simulation.draws).div_ceil(BLOCK as u64);
    let draws: Vec<Option<Draw>> = (0..blocks)
        .into_par_iter()
        .flat_map_iter(|number| {
            let mut stream = Stream::new(simulation.seed, Pass::GraderError, number);
            let first = number * BLOCK as u64;
            let here = (u64::from(simulation.draws) - first).min(BLOCK as u64);
            (0..here)
                .map(|_| work.draw(&mut stream))
                .collect::<Vec<_>>()
        })
        .collect();
    let useful: Vec<&Draw> = draws.iter().flatten().collect();
    let lost = 1.0 - count_u64(useful.len() as u64) / f64::from(simulation.draws.max(1));
    if useful.is_empty() || lost > simulation.level.alpha() / 2.0 {
        return Err(NotEstimable::UninformativeGrader);
    }
    let summary = Summary {
        work: &work,
        raw: &raw,
        useful: &useful,
        level: simulation.level,
    };
    let kept = useful.iter().filter(|d| d.order_kept).count();
    Ok(CorrectedRates {
        draws: simulation.draws,
        uninformative_share: Number(lost),
        models: summary.rows(&work.models, sample.models, |d| &d.models),
        providers: summary.rows(&work.providers, sample.providers, |d| &d.providers),
        ratio: summary.ratio().into(),
        eta2: summary.eta2().into(),
        order_kept_share: Number(count_u64(kept as u64) / count_u64(useful.len() as u64)),
    })
}

fn stated(accuracy: &Accuracy) -> (f64, f64) {
    (accuracy.sensitivity.value(), accuracy.specificity.value())
}

impl<'a> Work<'a> {
    fn new(sample: &'a GradedSample<'a>) -> Estimable<Self> {
        let (mut models, mut providers) = (BTreeMap::new(), BTreeMap::new());
        let mut provider_of = BTreeMap::new();
        for (part, graded) in sample.counts.iter().enumerate() {
            let there = graded.model < sample.models.len()
                && graded.provider < sample.providers.len()
                && graded.grader < sample.accuracies.len();
            let provider = *provider_of.entry(graded.model).or_insert(graded.provider);
            if !there || provider != graded.provider {
                return Err(NotEstimable::OutOfRange);
            }
            for total in [models.entry(graded.model), providers.entry(graded.provider)] {
                let total: &mut Total = total.or_insert(Total {
                    parts: Vec::new(),
                    n: 0.0,
                });
                total.parts.push(part);
                total.n += graded.count.n();
            }
        }
        if models.is_empty() {
            return Err(NotEstimable::NoTraces);
        }
        let mut work = Work {
            sample,
            models,
            providers,
            groups: provider_of.into_values().collect(),
            observed: sample.counts.iter().map(|g| g.count.share()).collect(),
            ranked: Vec::new(),
        };
        let rates = work.totals(&work.providers, &work.observed);
        let mut ranked: Vec<usize> = sample
            .ranked
            .iter()
            .filter_map(|place| work.providers.keys().position(|p| p == place))
            .collect();
        ranked.sort_by(|a, b| rates[*a].total_cmp(&rates[*b]).then(a.cmp(b)));
        ranked.dedup();
        work.ranked = ranked;
        Ok(work)
    }

    /// Rates of the parts, each corrected for its grader, not cut off.
    fn correct(&self, rates: &[f64], graders: &[(f64, f64)]) -> Estimable<Vec<f64>> {
        let parts = self.sample.counts.iter().zip(rates);
        parts
            .map(|(graded, rate)| {
                let (se, sp) = graders
                    .get(graded.grader)
                    .copied()
                    .ok_or(NotEstimable::OutOfRange)?;
                let youden = se + sp - 1.0;
                if youden <= 0.0 {
                    return Err(NotEstimable::UninformativeGrader);
                }
                Ok((rate + sp - 1.0) / youden)
            })
            .collect()
    }

    /// Means of the parts by traces.
    fn totals(&self, totals: &BTreeMap<usize, Total>, rates: &[f64]) -> Vec<f64> {
        totals
            .values()
            .map(|t| {
                let parts = t.parts.iter();
                sum(parts.map(|p| rates[*p] * self.sample.counts[*p].count.n())) / t.n
            })
            .collect()
    }

    fn clipped(&self, totals: &BTreeMap<usize, Total>, rates: &[f64]) -> Vec<f64> {
        let all = self.totals(totals, rates).into_iter();
        all.map(|rate| rate.clamp(0.0, 1.0)).collect()
    }

    /// One draw; `None` where a grader came out as telling nothing.
    fn draw(&self, stream: &mut Stream) -> Option<Draw> {
        let graders: Vec<(f64, f64)> = self
            .sample
            .accuracies
            .iter()
            .map(|a| (share(stream, a.sensitivity), share(stream, a.specificity)))
            .collect();
        let rates: Vec<f64> = self
            .sample
            .counts
            .iter()
            .map(|g| {
                let x = g.count.x();
                beta(stream, x + 0.5, g.count.n() - x + 0.5)
            })
            .collect();
        let drawn = self.correct(&rates, &graders).ok()?;
        let alone = self.correct(&self.observed, &graders).ok()?;
        let by_provider = self.clipped(&self.providers, &alone);
        let order_kept = self
            .ranked
            .windows(2)
            .all(|pair| by_provider[pair[0]] <= by_provider[pair[1]]);
        Some(Draw {
            models: self.clipped(&self.models, &drawn),
            providers: self.clipped(&self.providers, &drawn),
            eta2: self.eta2(&self.clipped(&self.models, &alone)),
            order_kept,
        })
    }

    fn eta2(&self, rates: &[f64]) -> Estimable<f64> {
        one_way(rates, &self.groups)?.eta2
    }
}

fn share(stream: &mut Stream, share: Share) -> f64 {
    match share.labelled() {
        None => share.value(),
        Some(m) => {
            let hits = m * share.value();
            beta(stream, hits + 0.5, m - hits + 0.5)
        }
    }
}

struct Summary<'a> {
    work: &'a Work<'a>,
    /// Corrected rates of the parts.
    raw: &'a [f64],
    useful: &'a [&'a Draw],
    level: Level,
}

impl Summary<'_> {
    /// Equal-tailed limits: order statistics of the draws, infinite ones included.
    fn limits(&self, mut values: Vec<f64>) -> Estimable<Interval> {
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1).ok_or(NotEstimable::NotGiven)?;
        let tail = self.level.alpha() / 2.0;
        let place = libm::floor(tail * count_u64(values.len() as u64)) as usize;
        Ok(Interval {
            lower: values[place.min(last)],
            upper: values[last - place.min(last)],
        })
    }

    fn rows(
        &self,
        totals: &BTreeMap<usize, Total>,
        names: &[String],
        pick: fn(&Draw) -> &Vec<f64>,
    ) -> Vec<CorrectedRate> {
        let observed = self.work.totals(totals, &self.work.observed);
        let raw = self.work.totals(totals, self.raw);
        totals
            .iter()
            .enumerate()
            .filter_map(|(i, (place, total))| {
                let draws = self.useful.iter().map(|d| pick(d)[i]).collect();
                Some(CorrectedRate {
                    name: names.get(*place)?.clone(),
                    observed: Number(observed[i]),
                    raw: Number(raw[i]),
                    corrected: Number(raw[i].clamp(0.0, 1.0)),
                    clipped: !(0.0..=1.0).contains(&raw[i]),
                    interval: range(self.limits(draws).ok()?, self.level),
                    lang_reiczigel: self.lang_reiczigel(total).into(),
                })
            })
            .collect()
    }

    fn lang_reiczigel(&self, total: &Total) -> Estimable<crate::result::Range> {
        let parts: Vec<&GradedCount> = total
            .parts
            .iter()
            .filter_map(|p| self.work.sample.counts.get(*p))
            .collect();
        let grader = parts.first().ok_or(NotEstimable::NoTraces)?.grader;
        if parts.iter().any(|p| p.grader != grader) {
            return Err(NotEstimable::SeveralGraders);
        }
        let add = |pick: fn(Count) -> u64| {
            let all = parts.iter().map(|p| pick(p.count));
            all.fold(0, u64::saturating_add)
        };
        let count = Count::new(add(Count::successes), add(Count::trials))?;
        let accuracy = self.work.sample.accuracies.get(grader);
        let accuracy = accuracy.ok_or(NotEstimable::OutOfRange)?;
        let fixed = corrected(count, accuracy, self.level)?;
        Ok(range(fixed.lang_reiczigel, self.level))
    }

    fn ratio(&self) -> Estimable<CorrectedRatio> {
        let ranked = &self.work.ranked;
        let (Some(lowest), Some(highest), true) = (ranked.first(), ranked.last(), ranked.len() > 1)
        else {
            return Err(NotEstimable::NoEligibleProviders);
        };
        let name = |at: usize| {
            let place = self.work.providers.keys().nth(at);
            let name = place.and_then(|p| self.work.sample.providers.get(*p));
            name.cloned().unwrap_or_default()
        };
        let of = |rates: &[f64]| over(rates[*highest], rates[*lowest]);
        let draws: Vec<f64> = self
            .useful
            .iter()
            .filter_map(|d| of(&d.providers).ok())
            .collect();
        // Zero over zero has no ratio; with many such draws there is no interval.
        let enough = draws.len() * 20 >= self.useful.len() * 19;
        Ok(CorrectedRatio {
            highest: name(*highest),
            lowest: name(*lowest),
            observed: of(&self.work.totals(&self.work.providers, &self.work.observed)).into(),
            corrected: of(&self.work.clipped(&self.work.providers, self.raw)).into(),
            interval: if enough {
                self.limits(draws).map(|i| range(i, self.level)).into()
            } else {
                Quantity::Absent(NotEstimable::ZeroCells)
            },
        })
    }

    fn eta2(&self) -> Estimable<CorrectedShare> {
        let of = |rates: &[f64]| self.work.eta2(rates);
        let draws: Vec<f64> = self.useful.iter().filter_map(|d| d.eta2.ok()).collect();
        let whole = draws.len() == self.useful.len();
        Ok(CorrectedShare {
            observed: Number(of(&self
                .work
                .totals(&self.work.models, &self.work.observed))?),
            corrected: of(&self.work.clipped(&self.work.models, self.raw)).into(),
            interval: if whole {
                self.limits(draws).map(|i| range(i, self.level)).into()
            } else {
                Quantity::Absent(NotEstimable::NoVariance)
            },
        })
    }
}

fn over(a: f64, b: f64) -> Estimable<f64> {
    match (a > 0.0, b > 0.0) {
        (false, false) => Err(NotEstimable::ZeroCells),
        (true, false) => Ok(f64::INFINITY),
        _ => Ok(a / b),
    }
}
