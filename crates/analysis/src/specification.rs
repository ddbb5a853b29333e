//! One specification of the usual grid: models with counts, providers and sizes.
//!
//! What belongs to a model's results (counts, whether they pass the rules) moves
//! when models are dealt anew; what belongs to its slot (provider, size, whether the
//! size rules let it in) stays. Rules are applied again after every deal: a provider
//! with fewer models than asked for drops out, and so does a slot without a size
//! where a slope is fitted. The fast path of a deal fits from centred sums without
//! allocating; significance is the t or F test's at the same error probability,
//! against critical values that are worked out once.
//!
//! Estimators: the slope of the rate on log2 size with its t test, and the
//! provider's share as eta², epsilon² or omega² with its F test. Weights by traces
//! enter both in the same way: `sum w (y - fitted)²` in place of sums of squares.

pub use crate::specification_levels::Levels;

use crate::{
    multiverse::{Axis, Dealt, Outcome, Question, Specification, multiverse, outcome_range},
    oneway::population_share,
    proportion::{Count, Level},
    quantity::Quantity,
    reason::{Estimable, NotEstimable},
    regression::line,
    result::Multiverse,
    special,
    sums::{count, count_u64, mean, sum},
};

/// What is estimated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Estimator {
    /// Change of the rate per doubling of size.
    Slope,
    /// Share of the provider, not adjusted.
    Eta2,
    /// The share as adjusted R².
    Epsilon2,
    /// Hays' share.
    Omega2,
}

/// How models count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// Every model once.
    Equal,
    /// By its evaluable traces.
    Traces,
}

/// The data and the rules of one specification. Entries stand in the order of the
/// models of the sample, whatever the rules leave out.
#[derive(Clone, Debug, PartialEq)]
pub struct SpecificationData {
    /// Results of each model; `None` where the rules leave them out.
    pub counts: Vec<Option<Count>>,
    /// Provider of each slot, as a number below the number of models; `None` where
    /// the rules leave the slot out.
    pub providers: Vec<Option<usize>>,
    /// log2 of the size of each slot; `None` where no usable size is known.
    pub log2_sizes: Vec<Option<f64>>,
    /// Fewest models of a provider that takes part; 1 keeps providers with one model.
    pub fewest_models: usize,
    /// How models count.
    pub weighting: Weighting,
    /// What is estimated.
    pub estimator: Estimator,
}

/// Computes a grid of such specifications: one call for the whole block.
///
/// `data` gets the place of the chosen option of each axis. Intervals of slopes are
/// at `level`, those of shares at `variance_level`.
///
/// # Errors
/// As [`multiverse`], and `TooManyModels` as [`Levels::new`]; for one specification
/// the reason of `data` or of [`prepare`] stands in its place.
pub fn specification_curve(
    axes: &[Axis],
    question: &Question<'_>,
    level: Level,
    variance_level: Level,
    data: impl Fn(&[usize]) -> Estimable<SpecificationData> + Sync,
) -> Quantity<Multiverse> {
    match Levels::new(level, variance_level, question.alpha, question.models) {
        Ok(levels) => multiverse(axes, question, |choice| prepare(data(choice)?, &levels)),
        Err(reason) => Quantity::Absent(reason),
    }
}

/// A model's part: its rate about the mean of all, and its weight.
#[derive(Clone, Copy)]
struct Results {
    centred: f64,
    weight: f64,
}

/// A slot's part.
#[derive(Clone, Copy)]
struct Slot {
    provider: usize,
    /// log2 size about the mean of all; 0 where the estimator asks for no size.
    centred: f64,
}

/// A specification that can be computed.
pub struct Prepared<'a> {
    data: SpecificationData,
    levels: &'a Levels,
    results: Vec<Option<Results>>,
    slots: Vec<Option<Slot>>,
    providers: usize,
}

/// Checks and prepares a specification.
///
/// # Errors
/// `LengthMismatch`; `OutOfRange` for a size that is not finite or a provider at or
/// beyond the number of models.
pub fn prepare(data: SpecificationData, levels: &Levels) -> Estimable<Prepared<'_>> {
    let n = data.counts.len();
    if data.providers.len() != n || data.log2_sizes.len() != n || n > levels.models {
        return Err(NotEstimable::LengthMismatch);
    }
    let sizes: Vec<f64> = data.log2_sizes.iter().flatten().copied().collect();
    if data.estimator == Estimator::Slope && sizes.is_empty() {
        return Err(NotEstimable::NoSizes);
    }
    let known = data.providers.iter().flatten();
    if !crate::sums::all_finite(&sizes) || known.clone().any(|p| *p >= n) {
        return Err(NotEstimable::OutOfRange);
    }
    let rates: Vec<f64> = data.counts.iter().flatten().map(|c| c.share()).collect();
    let centre = mean(&rates).unwrap_or(0.0);
    let middle = mean(&sizes).unwrap_or(0.0);
    let results = data.counts.iter().map(|c| {
        c.map(|c| Results {
            centred: c.share() - centre,
            weight: match data.weighting {
                Weighting::Equal => 1.0,
                Weighting::Traces => count_u64(c.trials()),
            },
        })
    });
    let slots = data
        .providers
        .iter()
        .zip(&data.log2_sizes)
        .map(|(p, size)| {
            let centred = match data.estimator {
                Estimator::Slope => (*size)? - middle,
                _ => 0.0,
            };
            Some(Slot {
                provider: (*p)?,
                centred,
            })
        });
    Ok(Prepared {
        results: results.collect(),
        slots: slots.collect(),
        providers: known.max().map_or(0, |p| p + 1),
        levels,
        data,
    })
}

/// Weighted sums of one provider's models.
#[derive(Clone, Copy, Default)]
struct Group {
    models: usize,
    weight: f64,
    y: f64,
    yy: f64,
    x: f64,
    xx: f64,
    xy: f64,
}

/// Number of providers whose sums a deal keeps on the stack.
const ON_STACK: usize = 24;

impl Prepared<'_> {
    /// The models that take part, as places of slots.
    fn members(&self) -> Vec<usize> {
        let n = self.slots.len();
        let mut sizes = vec![0_usize; self.providers];
        let both = |i: &usize| self.slots[*i].filter(|_| self.results[*i].is_some());
        for slot in (0..n).filter_map(|i| both(&i)) {
            sizes[slot.provider] += 1;
        }
        (0..n)
            .filter(|i| both(i).is_some_and(|s| sizes[s.provider] >= self.data.fewest_models))
            .collect()
    }

    fn slope(&self, members: &[usize]) -> Estimable<Outcome> {
        let x: Vec<f64> = members
            .iter()
            .filter_map(|i| self.data.log2_sizes[*i])
            .collect();
        let counts: Vec<Count> = members
            .iter()
            .filter_map(|i| self.data.counts[*i])
            .collect();
        let y: Vec<f64> = counts.iter().map(|c| c.share()).collect();
        let weights: Vec<f64> = counts.iter().map(|c| count_u64(c.trials())).collect();
        let weights = (self.data.weighting == Weighting::Traces).then_some(&weights[..]);
        let fit = line(&x, &y, weights)?;
        Ok(Outcome {
            effect: fit.slope,
            interval: outcome_range(fit.slope_interval(self.levels.level), self.levels.level),
            p: fit.p,
            share: fit.r2,
        })
    }

    fn share(&self, members: &[usize]) -> Estimable<Outcome> {
        let rows: Vec<(usize, f64, f64)> = members
            .iter()
            .filter_map(|i| {
                let r = self.results[*i]?;
                Some((self.slots[*i]?.provider, r.centred, r.weight))
            })
            .collect();
        let of = |wanted: Option<usize>| {
            let own = move |r: &&(usize, f64, f64)| wanted.is_none_or(|g| r.0 == g);
            let weight = sum(rows.iter().filter(own).map(|r| r.2));
            let centre = sum(rows.iter().filter(own).map(|r| r.1 * r.2)) / weight;
            let squares = sum(rows
                .iter()
                .filter(own)
                .map(|r| r.2 * (r.1 - centre) * (r.1 - centre)));
            (weight, centre, squares)
        };
        let mut groups: Vec<usize> = rows.iter().map(|r| r.0).collect();
        groups.sort_unstable();
        groups.dedup();
        let (n, k) = (rows.len(), groups.len());
        if n < 2 {
            return Err(NotEstimable::TooFewModels);
        }
        let (_, centre, total) = of(None);
        let scale = sum(rows.iter().map(|r| r.2));
        if total <= 1e-14 * scale {
            return Err(NotEstimable::NoVariance);
        }
        crate::oneway::null_law(n, k)?;
        let inside = sum(groups.iter().map(|g| of(Some(*g)).2));
        let between = sum(groups.iter().map(|g| {
            let (weight, own, _) = of(Some(*g));
            weight * (own - centre) * (own - centre)
        }));
        let within = if inside <= 1e-14 * scale { 0.0 } else { inside };
        let sums = ShareSums {
            n,
            k,
            between,
            within,
        };
        let effect = sums.effect(self.data.estimator);
        let f = sums.f();
        let interval = if f.is_finite() {
            population_share(f, n, k, self.levels.variance_level).map(|share| share.eta2)
        } else {
            Err(NotEstimable::NoWithinVariance)
        };
        Ok(Outcome {
            effect,
            interval: outcome_range(interval, self.levels.variance_level),
            p: special::f_sf(f, count(k - 1), count(n - k)),
            share: Ok(sums.effect(Estimator::Eta2)),
        })
    }

    /// Whether providers are of no account, so that all models make one group.
    fn one_group(&self) -> bool {
        self.data.estimator == Estimator::Slope && self.data.fewest_models <= 1
    }

    fn tally(&self, order: &[usize], groups: &mut [Group]) {
        let one = self.one_group();
        for (slot, model) in self.slots.iter().zip(order) {
            let Some(slot) = slot else { continue };
            let Some(Some(r)) = self.results.get(*model) else {
                continue;
            };
            let group = &mut groups[if one { 0 } else { slot.provider }];
            let (wy, wx) = (r.weight * r.centred, r.weight * slot.centred);
            group.models += 1;
            group.weight += r.weight;
            group.y += wy;
            group.yy += wy * r.centred;
            group.x += wx;
            group.xx += wx * slot.centred;
            group.xy += wx * r.centred;
        }
    }

    fn dealt_from(&self, groups: &[Group]) -> Option<Dealt> {
        let mut all = Group::default();
        let (mut k, mut raw_between) = (0_usize, 0.0);
        let taking_part = |g: &&Group| g.models > 0 && g.models >= self.data.fewest_models;
        for g in groups.iter().filter(taking_part) {
            k += 1;
            raw_between += g.y * g.y / g.weight;
            all.models += g.models;
            all.weight += g.weight;
            all.y += g.y;
            all.yy += g.yy;
            all.x += g.x;
            all.xx += g.xx;
            all.xy += g.xy;
        }
        let n = all.models;
        let total = all.yy - all.y * all.y / all.weight;
        if n < 3 || total.is_nan() || total <= 1e-14 * all.weight {
            return None;
        }
        if self.data.estimator == Estimator::Slope {
            let sxx = all.xx - all.x * all.x / all.weight;
            if sxx <= 1e-12 * all.weight {
                return None;
            }
            let sxy = all.xy - all.x * all.y / all.weight;
            let rss = (total - sxy * sxy / sxx).max(0.0);
            let f = sxy * sxy / sxx / (rss / count(n - 2));
            return Some(Dealt {
                effect: sxy / sxx,
                significant: f > self.levels.critical(1, n - 2),
            });
        }
        if k < 2 || n <= k {
            return None;
        }
        let between = (raw_between - all.y * all.y / all.weight).clamp(0.0, total);
        let sums = ShareSums {
            n,
            k,
            between,
            within: total - between,
        };
        Some(Dealt {
            effect: sums.effect(self.data.estimator),
            significant: sums.f() > self.levels.critical(k - 1, n - k),
        })
    }
}

/// Sums of squares between and within providers.
#[derive(Clone, Copy)]
struct ShareSums {
    n: usize,
    k: usize,
    between: f64,
    within: f64,
}

impl ShareSums {
    fn f(&self) -> f64 {
        self.between / count(self.k - 1) / (self.within / count(self.n - self.k))
    }

    fn effect(&self, estimator: Estimator) -> f64 {
        let total = self.between + self.within;
        let error = self.within / count(self.n - self.k);
        let excess = self.between - count(self.k - 1) * error;
        match estimator {
            Estimator::Slope | Estimator::Eta2 => self.between / total,
            Estimator::Epsilon2 => excess / total,
            Estimator::Omega2 => excess / (total + error),
        }
    }
}

impl Specification for Prepared<'_> {
    fn counts(&self) -> (usize, usize) {
        let members = self.members();
        let mut providers: Vec<usize> = members
            .iter()
            .filter_map(|i| self.slots[*i].map(|s| s.provider))
            .collect();
        providers.sort_unstable();
        providers.dedup();
        (members.len(), providers.len())
    }

    fn outcome(&self) -> Estimable<Outcome> {
        let members = self.members();
        match self.data.estimator {
            Estimator::Slope => self.slope(&members),
            _ => self.share(&members),
        }
    }

    fn dealt(&self, order: &[usize]) -> Option<Dealt> {
        if self.one_group() {
            let mut groups = [Group::default()];
            self.tally(order, &mut groups);
            self.dealt_from(&groups)
        } else if self.providers <= ON_STACK {
            let mut groups = [Group::default(); ON_STACK];
            let groups = &mut groups[..self.providers];
            self.tally(order, groups);
            self.dealt_from(groups)
        } else {
            let mut groups = vec![Group::default(); self.providers];
            self.tally(order, &mut groups);
            self.dealt_from(&groups)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::oneway::one_way;

    const PROVIDERS: [usize; 9] = [0, 0, 1, 1, 1, 2, 3, 3, 4];

    fn data(estimator: Estimator, weighting: Weighting) -> SpecificationData {
        let counts = [
            (5, 60),
            (20, 61),
            (9, 40),
            (30, 90),
            (7, 20),
            (44, 80),
            (1, 50),
            (3, 70),
            (8, 33),
        ];
        SpecificationData {
            counts: counts
                .iter()
                .map(|(x, n)| Count::new(*x, *n).ok())
                .collect(),
            providers: PROVIDERS.iter().copied().map(Some).collect(),
            log2_sizes: [1.0, 3.0, 2.5, 7.0, 4.0, 8.1, 0.5, 3.3, 5.0]
                .map(Some)
                .to_vec(),
            fewest_models: 1,
            weighting,
            estimator,
        }
    }

    fn levels() -> Levels {
        Levels::new(Level::P95, Level::P90, 0.05, 9).unwrap()
    }

    #[test]
    fn the_fast_path_says_what_the_full_fit_says() {
        let levels = levels();
        for estimator in [
            Estimator::Slope,
            Estimator::Eta2,
            Estimator::Epsilon2,
            Estimator::Omega2,
        ] {
            for weighting in [Weighting::Equal, Weighting::Traces] {
                for fewest_models in [1, 2] {
                    let mut d = data(estimator, weighting);
                    d.fewest_models = fewest_models;
                    d.counts[3] = None;
                    d.log2_sizes[6] = None;
                    let s = prepare(d, &levels).unwrap();
                    let outcome = s.outcome().unwrap();
                    let dealt = s.dealt(&[0, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
                    assert!(
                        (outcome.effect - dealt.effect).abs() < 1e-12,
                        "{estimator:?} {outcome:?}"
                    );
                    assert_eq!(outcome.p.unwrap() < 0.05, dealt.significant);
                }
            }
        }
    }

    #[test]
    fn shares_of_equal_models_are_those_of_the_one_way_decomposition() {
        let levels = levels();
        let d = data(Estimator::Omega2, Weighting::Equal);
        let rates: Vec<f64> = d.counts.iter().flatten().map(|c| c.share()).collect();
        let whole = one_way(&rates, &PROVIDERS).unwrap();
        let s = prepare(d, &levels).unwrap();
        let o = s.outcome().unwrap();
        assert!((o.effect - whole.omega2.unwrap()).abs() < 1e-13);
        assert!((o.p.unwrap() - whole.p.unwrap()).abs() < 1e-12);
        assert!((o.share.unwrap() - whole.eta2.unwrap()).abs() < 1e-13);
        assert_eq!(s.counts(), (9, 5));
    }

    #[test]
    fn rules_travel_with_results_and_stay_with_slots() {
        let levels = levels();
        let mut d = data(Estimator::Slope, Weighting::Equal);
        d.counts[0] = None;
        d.log2_sizes[8] = None;
        let s = prepare(d.clone(), &levels).unwrap();
        assert_eq!(s.counts().0, 7);
        // The model without results sits in the slot without a size.
        let dealt = s.dealt(&[8, 1, 2, 3, 4, 5, 6, 7, 0]).unwrap();
        let y: Vec<f64> = [8, 1, 2, 3, 4, 5, 6, 7]
            .iter()
            .map(|i| d.counts[*i].unwrap().share())
            .collect();
        let x: Vec<f64> = d.log2_sizes.iter().flatten().copied().collect();
        let fit = line(&x, &y, None).unwrap();
        assert!((dealt.effect - fit.slope).abs() < 1e-14);
    }

    #[test]
    fn degenerate_data_give_reasons() {
        let levels = levels();
        let reason = |change: fn(&mut SpecificationData), estimator| {
            let mut d = data(estimator, Weighting::Equal);
            change(&mut d);
            match prepare(d, &levels) {
                Ok(s) => s.outcome().err(),
                Err(reason) => Some(reason),
            }
        };
        let slope = Estimator::Slope;
        let share = Estimator::Eta2;
        assert_eq!(
            reason(|d| d.log2_sizes.fill(None), slope),
            Some(NotEstimable::NoSizes)
        );
        assert_eq!(reason(|d| d.log2_sizes.fill(None), share), None);
        assert_eq!(
            reason(|d| d.log2_sizes.fill(Some(3.0)), slope),
            Some(NotEstimable::SingularFit)
        );
        assert_eq!(
            reason(|d| d.counts.fill(None), slope),
            Some(NotEstimable::TooFewModels)
        );
        assert_eq!(
            reason(|d| d.counts.fill(None), share),
            Some(NotEstimable::TooFewModels)
        );
        let flat = |d: &mut SpecificationData| d.counts.fill(Count::new(0, 9).ok());
        assert_eq!(reason(flat, share), Some(NotEstimable::NoVariance));
        assert_eq!(
            reason(|d| d.providers.fill(Some(4)), share),
            Some(NotEstimable::OneGroup)
        );
        let alone = |d: &mut SpecificationData| d.providers = (0..9).map(Some).collect();
        assert_eq!(reason(alone, share), Some(NotEstimable::NoWithinDf));
        assert_eq!(
            reason(|d| d.fewest_models = 4, share),
            Some(NotEstimable::TooFewModels)
        );
        assert_eq!(
            reason(|d| d.providers[0] = Some(9), share),
            Some(NotEstimable::OutOfRange)
        );
        let short = |d: &mut SpecificationData| d.log2_sizes.truncate(3);
        assert_eq!(reason(short, share), Some(NotEstimable::LengthMismatch));
        let infinite = |d: &mut SpecificationData| d.log2_sizes[0] = Some(f64::INFINITY);
        assert_eq!(reason(infinite, slope), Some(NotEstimable::OutOfRange));
    }
}
