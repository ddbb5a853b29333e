//! Every defensible choice at once: the specification curve and its joint test.
//!
//! The caller names the axes of a grid and prepares one [`Specification`] for each
//! combination of options. The curve lists all of them by rising effect with the
//! published one marked; what cannot be estimated keeps its place and its reason.
//! Specifications share their data and are never counted as replications: whether
//! the curve as a whole is remarkable is judged by dealing the models anew and
//! computing the whole curve again, each time (Simonsohn, Simmons and Nelson 2020;
//! Steegen et al. 2016). Two statistics are compared with their laws: the median
//! effect, and the share of significant specifications of the more frequent sign.
//! A relabelling in which a statistic does not exist counts as reaching the
//! observed one.
//!
//! Specifications and blocks of relabellings are worked out in parallel and
//! collected in order: the same bytes for any number of threads.

use rayon::prelude::*;

use crate::{
    axis_moves::axis_results,
    labels::Chance,
    law::Law,
    permutation::TIE,
    proportion::Interval,
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::{JointTest, Multiverse, PublishedChoice, Range, SpecificationPoint},
    stream::{BLOCK, Pass, Stream},
    sums::count,
};

/// Most specifications of a grid.
pub const MOST_SPECIFICATIONS: usize = 20_000;

/// One choice that has to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// What is chosen.
    pub name: String,
    /// The defensible options, at least one.
    pub options: Vec<String>,
    /// Place of the option that was published.
    pub published: usize,
}

/// Which effects are far from none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Those far from zero on either side, such as slopes.
    Both,
    /// Large ones, such as shares of variance.
    Above,
}

/// What is asked of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question<'a> {
    /// What every specification estimates.
    pub effect: &'a str,
    /// Which effects are far from none.
    pub direction: Direction,
    /// Error probability at which a specification counts as significant.
    pub alpha: f64,
    /// Models that are dealt anew.
    pub models: usize,
    /// How often, and from which seed.
    pub chance: Chance,
}

/// What one specification says of the data as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The effect.
    pub effect: f64,
    /// Its interval with its level.
    pub interval: Estimable<Range>,
    /// Its p-value.
    pub p: Estimable<f64>,
    /// Share of variance of the predictor.
    pub share: Estimable<f64>,
}

/// What one specification says when the models are dealt anew.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dealt {
    /// The effect.
    pub effect: f64,
    /// Whether its p-value lies below alpha.
    pub significant: bool,
}

/// One combination of options, ready to be computed.
pub trait Specification: Send + Sync {
    /// Models and providers that take part.
    fn counts(&self) -> (usize, usize);

    /// The outcome on the data as they are.
    ///
    /// # Errors
    /// Why this specification cannot be estimated.
    fn outcome(&self) -> Estimable<Outcome>;

    /// The outcome when slot `i` holds the results of model `order[i]`; `None`
    /// where it does not exist. Called very often.
    fn dealt(&self, order: &[usize]) -> Option<Dealt>;
}

/// Computes every specification and the joint test.
///
/// `prepare` gets the place of the chosen option of each axis, in the order of
/// the axes; the last axis runs fastest.
///
/// # Errors
/// The block is absent with `NotGiven` for no axis, `OutOfRange` for an axis
/// without options, a published place that does not exist or an alpha outside
/// (0, 1), and `TooManySpecifications` above [`MOST_SPECIFICATIONS`].
pub fn multiverse<S: Specification>(
    axes: &[Axis],
    question: &Question<'_>,
    prepare: impl Fn(&[usize]) -> Estimable<S> + Sync,
) -> Quantity<Multiverse> {
    block(axes, question, prepare).into()
}

/// One cell of the grid with what came of it.
pub(crate) struct Cell {
    pub(crate) choice: Vec<usize>,
    pub(crate) outcome: Estimable<Outcome>,
    counts: (usize, usize),
}

fn block<S: Specification>(
    axes: &[Axis],
    question: &Question<'_>,
    prepare: impl Fn(&[usize]) -> Estimable<S> + Sync,
) -> Estimable<Multiverse> {
    let choices = choices(axes)?;
    if !(question.alpha > 0.0 && question.alpha < 1.0) {
        return Err(NotEstimable::OutOfRange);
    }
    let prepared: Vec<(Cell, Option<S>)> = choices
        .into_par_iter()
        .map(|choice| match prepare(&choice) {
            Ok(s) => {
                let cell = Cell {
                    outcome: s.outcome(),
                    counts: s.counts(),
                    choice,
                };
                (cell, Some(s))
            }
            Err(reason) => {
                let cell = Cell {
                    outcome: Err(reason),
                    counts: (0, 0),
                    choice,
                };
                (cell, None)
            }
        })
        .collect();
    let (cells, specifications): (Vec<Cell>, Vec<Option<S>>) = prepared.into_iter().unzip();
    let usable: Vec<&S> = specifications
        .iter()
        .zip(&cells)
        .filter(|(_, cell)| cell.outcome.is_ok())
        .filter_map(|(s, _)| s.as_ref())
        .collect();
    let joint = joint_test(&cells, &usable, question);
    Ok(assemble(axes, question, &cells, joint))
}

/// All combinations of options, the last axis fastest.
fn choices(axes: &[Axis]) -> Estimable<Vec<Vec<usize>>> {
    if axes.is_empty() {
        return Err(NotEstimable::NotGiven);
    }
    if axes.iter().any(|a| a.published >= a.options.len()) {
        return Err(NotEstimable::OutOfRange);
    }
    let sizes = axes.iter().map(|a| a.options.len());
    let cells = sizes
        .clone()
        .try_fold(1_usize, usize::checked_mul)
        .filter(|cells| *cells <= MOST_SPECIFICATIONS)
        .ok_or(NotEstimable::TooManySpecifications)?;
    let mut all = vec![Vec::with_capacity(axes.len()); cells];
    let mut run = cells;
    for size in sizes {
        run /= size;
        for (i, choice) in all.iter_mut().enumerate() {
            choice.push(i / run % size);
        }
    }
    Ok(all)
}

fn assemble(
    axes: &[Axis],
    question: &Question<'_>,
    cells: &[Cell],
    joint: Estimable<JointTest>,
) -> Multiverse {
    let published: Vec<usize> = axes.iter().map(|a| a.published).collect();
    let curve = curve(cells, &published);
    let effects: Vec<f64> = effects(cells).collect();
    let some = |value: f64| {
        if effects.is_empty() {
            Err(NotEstimable::NotGiven)
        } else {
            Ok(value)
        }
    };
    let share = |of: fn(f64) -> bool| {
        some(count(effects.iter().filter(|e| of(**e)).count()) / count(effects.len().max(1)))
    };
    let tested: Vec<f64> = cells
        .iter()
        .filter_map(|c| c.outcome.ok()?.p.ok())
        .collect();
    let significant = tested.iter().filter(|p| **p < question.alpha).count();
    Multiverse {
        effect: question.effect.to_owned(),
        alpha: Number(question.alpha),
        axes: axis_results(axes, cells, question.alpha),
        specifications: cells.len(),
        estimable: effects.len(),
        tested: tested.len(),
        published: mark(cells, &curve, &published).into(),
        median: median_of(effects.clone()).into(),
        lowest: some(effects.iter().copied().fold(f64::INFINITY, f64::min)).into(),
        highest: some(effects.iter().copied().fold(f64::NEG_INFINITY, f64::max)).into(),
        share_positive: share(|e| e > 0.0).into(),
        share_negative: share(|e| e < 0.0).into(),
        share_significant: if tested.is_empty() {
            Err(NotEstimable::NotGiven)
        } else {
            Ok(count(significant) / count(tested.len()))
        }
        .into(),
        joint: joint.into(),
        curve,
    }
}

pub(crate) fn effects(cells: &[Cell]) -> impl Iterator<Item = f64> + '_ {
    cells
        .iter()
        .filter_map(|cell| cell.outcome.ok().map(|o| o.effect))
}

/// The median, by the type 7 quantile.
pub(crate) fn median_of(values: Vec<f64>) -> Estimable<f64> {
    Law::new(values.into_iter()).map(|mut law| law.quantile(1, 2))
}

fn curve(cells: &[Cell], published: &[usize]) -> Vec<SpecificationPoint> {
    let mut order: Vec<&Cell> = cells.iter().collect();
    let key = |cell: &Cell| cell.outcome.map_or(f64::INFINITY, |o| o.effect);
    // Stable, so that equal effects stay in the order of the grid.
    order.sort_by(|a, b| {
        let absent = a.outcome.is_err().cmp(&b.outcome.is_err());
        absent.then(key(a).total_cmp(&key(b)))
    });
    order
        .into_iter()
        .map(|cell| SpecificationPoint {
            choice: cell.choice.clone(),
            published: cell.choice == published,
            effect: cell.outcome.map(|o| o.effect).into(),
            interval: cell.outcome.and_then(|o| o.interval).into(),
            p: cell.outcome.and_then(|o| o.p).into(),
            share: cell.outcome.and_then(|o| o.share).into(),
            n_models: cell.counts.0,
            n_providers: cell.counts.1,
        })
        .collect()
}

fn mark(
    cells: &[Cell],
    curve: &[SpecificationPoint],
    published: &[usize],
) -> Estimable<PublishedChoice> {
    let cell = cells
        .iter()
        .find(|cell| cell.choice == published)
        .ok_or(NotEstimable::NotGiven)?;
    let effect = cell.outcome?.effect;
    let law = Law::new(effects(cells))?;
    Ok(PublishedChoice {
        effect: Number(effect),
        share_at_least: Number(law.share_at_least(effect)),
        place: 1 + curve.iter().take_while(|point| !point.published).count(),
    })
}

/// Median effect and share of significant specifications of the more frequent
/// sign, over the specifications that exist; NaN where none does.
#[derive(Clone, Copy)]
struct Curve {
    median: f64,
    significant: f64,
}

/// Adds up one curve after the other without allocating.
struct Summary {
    direction: Direction,
    effects: Vec<f64>,
    above: u32,
    below: u32,
}

impl Summary {
    fn new(direction: Direction, specifications: usize) -> Self {
        Summary {
            direction,
            effects: Vec::with_capacity(specifications),
            above: 0,
            below: 0,
        }
    }

    fn clear(&mut self) {
        self.effects.clear();
        (self.above, self.below) = (0, 0);
    }

    fn add(&mut self, dealt: Dealt) {
        self.effects.push(dealt.effect);
        let below = self.direction == Direction::Both && dealt.effect < 0.0;
        self.below += u32::from(dealt.significant && below);
        self.above += u32::from(dealt.significant && !below);
    }

    /// Reads the curve; the share is over those that were estimable as observed.
    fn read(&mut self, estimable: usize) -> Curve {
        let n = self.effects.len();
        let half = n / 2;
        let median = if n == 0 {
            f64::NAN
        } else {
            let (lower, upper, _) = self.effects.select_nth_unstable_by(half, f64::total_cmp);
            if n % 2 == 1 {
                *upper
            } else {
                let below = lower.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                0.5 * (below + *upper)
            }
        };
        Curve {
            median,
            significant: f64::from(self.above.max(self.below)) / count(estimable.max(1)),
        }
    }
}

fn joint_test<S: Specification>(
    cells: &[Cell],
    usable: &[&S],
    question: &Question<'_>,
) -> Estimable<JointTest> {
    let Chance { relabellings, seed } = question.chance;
    if usable.is_empty() || relabellings == 0 {
        return Err(NotEstimable::NotGiven);
    }
    if question.models < 2 {
        return Err(NotEstimable::TooFewModels);
    }
    let estimable = usable.len();
    let mut as_observed = Summary::new(question.direction, estimable);
    for outcome in cells.iter().filter_map(|cell| cell.outcome.ok()) {
        as_observed.add(Dealt {
            effect: outcome.effect,
            significant: outcome.p.is_ok_and(|p| p < question.alpha),
        });
    }
    let observed = as_observed.read(estimable);
    let total = u64::from(relabellings);
    let curves: Vec<Curve> = (0..total.div_ceil(BLOCK as u64))
        .into_par_iter()
        .flat_map_iter(|block| {
            let mut stream = Stream::new(seed, Pass::Specifications, block);
            let mut order: Vec<usize> = (0..question.models).collect();
            let mut summary = Summary::new(question.direction, estimable);
            let here = (total - block * BLOCK as u64).min(BLOCK as u64);
            (0..here)
                .map(|_| {
                    stream.shuffle(&mut order);
                    summary.clear();
                    for dealt in usable.iter().filter_map(|s| s.dealt(&order)) {
                        summary.add(dealt);
                    }
                    summary.read(estimable)
                })
                .collect::<Vec<_>>()
        })
        .collect();
    Ok(compared(
        &curves,
        observed,
        question.direction,
        relabellings,
    ))
}

fn compared(
    curves: &[Curve],
    observed: Curve,
    direction: Direction,
    relabellings: u32,
) -> JointTest {
    let distance = |median: f64| match direction {
        Direction::Both => median.abs(),
        Direction::Above => median,
    };
    let p = |value: f64, of: &dyn Fn(&Curve) -> f64| {
        let threshold = value - TIE * value.abs().max(1e-3);
        let reached = curves.iter().filter(|c| {
            let drawn = of(c);
            drawn.is_nan() || drawn >= threshold
        });
        Number(count(1 + reached.count()) / count(1 + curves.len()))
    };
    let medians = || Law::new(curves.iter().map(|c| c.median));
    let shares = Law::new(curves.iter().map(|c| c.significant));
    let shares = shares.as_ref().map_err(|reason| *reason);
    JointTest {
        relabellings,
        p_median: p(distance(observed.median), &|c| distance(c.median)),
        p_significant: p(observed.significant, &|c| c.significant),
        null_mean_median: medians().map(|law| law.mean()).into(),
        null_p05_median: medians().map(|mut law| law.quantile(1, 20)).into(),
        null_p95_median: medians().map(|mut law| law.quantile(19, 20)).into(),
        null_mean_significant: shares.map(Law::mean).into(),
        null_share_any_significant: Law::new(
            curves
                .iter()
                .map(|c| f64::from(u8::from(c.significant > 0.0))),
        )
        .map(|law| law.mean())
        .into(),
    }
}

/// An interval with its level, for an outcome.
pub(crate) fn outcome_range(
    interval: Estimable<Interval>,
    level: crate::proportion::Level,
) -> Estimable<Range> {
    interval.map(|i| crate::estimate::range(i, level))
}
