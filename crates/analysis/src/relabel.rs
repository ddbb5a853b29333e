//! Random relabelling: what provider names would show if they meant nothing.
//!
//! The models are dealt at random to the slots of the providers, which keep
//! their number of models. A model keeps its traces, its rate and its distance
//! from the size line; a slot keeps its provider and, for the share of size, its
//! size. One relabelling gives every statistic at once:
//!
//! - eta squared and R squared of the same arrangement, and so their ratio;
//! - highest over lowest mean rate and pooled rate, over the providers that
//!   reach the ranking minimum in this arrangement;
//! - how many of these have a mean distance from the size line, weighted by
//!   traces, outside the band. The line itself is fitted once.
//!
//! Sums are centred, nothing is fitted and nothing allocated per relabelling. A
//! ratio over a lowest rate of zero is infinite, and so reaches any observed
//! one; where the highest is zero too, or fewer than two providers reach the
//! minimum, the arrangement has no ratio and is left out of the law (NaN here).

use rayon::prelude::*;

use crate::{
    layout::Cell,
    stream::{BLOCK, Pass, Stream},
    sums::{count, count_u64, mean, squares_about},
};

/// What a model brings along wherever it is dealt to.
#[derive(Clone, Copy, Debug)]
struct Card {
    rate: f64,
    centred: f64,
    traces: f64,
    successes: f64,
    /// Distance from the size line times traces.
    distance: f64,
}

/// A provider's slots.
#[derive(Clone, Copy, Debug)]
struct Seat {
    slots: usize,
    share: f64,
}

/// The models, the slots, and the rules of a pass.
#[derive(Clone, Debug)]
pub(crate) struct Deck {
    cards: Vec<Card>,
    seats: Vec<Seat>,
    /// Standardised log2 size of each slot; empty without a usable size.
    sizes: Vec<f64>,
    total: f64,
    ranking_minimum: f64,
    band: f64,
}

/// The statistics of one relabelling; NaN where one does not exist.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    /// Share of provider.
    pub(crate) eta2: f64,
    /// Share of size.
    pub(crate) r2: f64,
    /// Highest over lowest mean rate.
    pub(crate) ratio_of_means: f64,
    /// Highest over lowest pooled rate.
    pub(crate) ratio_pooled: f64,
    /// Providers outside the band.
    pub(crate) outside: u32,
}

impl Draw {
    const NONE: Draw = Draw {
        eta2: f64::NAN,
        r2: f64::NAN,
        ratio_of_means: f64::NAN,
        ratio_pooled: f64::NAN,
        outside: 0,
    };

    /// Share of provider over share of size; infinite over zero.
    pub(crate) fn ratio(&self) -> f64 {
        self.eta2 / self.r2
    }
}

/// The rules that a pass depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Fewest traces at which a provider is ranked.
    pub(crate) ranking_min_n: u64,
    /// Half-width of the band as a share.
    pub(crate) band: f64,
}

impl Deck {
    /// Lays out models with their distances from the size line (none where
    /// there is no line).
    ///
    /// Slots are ordered by number of models and sizes, models by size and
    /// counts (the order of `cells`), so that the draws do not depend on names.
    pub(crate) fn new(cells: &[Cell], residuals: Option<&[f64]>, rules: Rules) -> Self {
        let rates: Vec<f64> = cells.iter().map(|c| c.rate).collect();
        let centre = mean(&rates).unwrap_or(0.0);
        let cards = cells.iter().enumerate().map(|(i, cell)| {
            let traces = count_u64(cell.count.trials());
            Card {
                rate: cell.rate,
                centred: cell.rate - centre,
                traces,
                successes: count_u64(cell.count.successes()),
                distance: residuals.and_then(|r| r.get(i)).map_or(0.0, |r| r * traces),
            }
        });
        let groups = groups(cells);
        let seats = groups
            .iter()
            .map(|g| Seat {
                slots: g.len(),
                share: 1.0 / count(g.len()),
            })
            .collect();
        Deck {
            cards: cards.collect(),
            seats,
            sizes: standardised(groups.iter().flatten().copied()),
            total: squares_about(&rates, centre),
            ranking_minimum: count_u64(rules.ranking_min_n.max(1)),
            band: rules.band,
        }
    }

    /// Draws `relabellings` of them, in an order that no thread count changes.
    pub(crate) fn draw(&self, relabellings: u32, seed: u64, pass: Pass) -> Vec<Draw> {
        let length = usize::try_from(relabellings).unwrap_or(usize::MAX);
        let mut draws = vec![Draw::NONE; length];
        draws.par_chunks_mut(BLOCK).enumerate().for_each_init(
            || Vec::with_capacity(self.cards.len()),
            |order, (number, block)| {
                order.clear();
                order.extend(0..self.cards.len());
                let mut stream = Stream::new(seed, pass, u64::try_from(number).unwrap_or(u64::MAX));
                for draw in block {
                    stream.shuffle(order);
                    *draw = self.statistics(order);
                }
            },
        );
        draws
    }

    /// The statistics when slot `i` holds model `order[i]`.
    fn statistics(&self, order: &[usize]) -> Draw {
        let mut between = 0.0;
        let mut means = Extremes::NONE;
        let mut pooled = Extremes::NONE;
        let mut outside = 0;
        let mut slots = order;
        for seat in &self.seats {
            let (held, rest) = slots.split_at(seat.slots);
            slots = rest;
            let mut all = Card {
                rate: 0.0,
                centred: 0.0,
                traces: 0.0,
                successes: 0.0,
                distance: 0.0,
            };
            for model in held {
                let card = &self.cards[*model];
                all.rate += card.rate;
                all.centred += card.centred;
                all.traces += card.traces;
                all.successes += card.successes;
                all.distance += card.distance;
            }
            between += all.centred * all.centred * seat.share;
            if all.traces >= self.ranking_minimum {
                means.add(all.rate * seat.share);
                pooled.add(all.successes / all.traces);
                outside += u32::from(all.distance.abs() > self.band * all.traces);
            }
        }
        Draw {
            eta2: between / self.total,
            r2: self.r2(order),
            ratio_of_means: means.ratio(),
            ratio_pooled: pooled.ratio(),
            outside,
        }
    }

    fn r2(&self, order: &[usize]) -> f64 {
        if self.sizes.is_empty() {
            return f64::NAN;
        }
        let products = self
            .sizes
            .iter()
            .zip(order)
            .map(|(x, i)| x * self.cards[*i].centred);
        let slope: f64 = products.sum();
        slope * slope / self.total
    }
}

/// Lowest and highest of the values seen.
#[derive(Clone, Copy)]
struct Extremes {
    lowest: f64,
    highest: f64,
    seen: u32,
}

impl Extremes {
    const NONE: Extremes = Extremes {
        lowest: f64::INFINITY,
        highest: f64::NEG_INFINITY,
        seen: 0,
    };

    fn add(&mut self, value: f64) {
        self.lowest = self.lowest.min(value);
        self.highest = self.highest.max(value);
        self.seen += 1;
    }

    /// Infinite over zero, NaN for zero over zero and below two values.
    fn ratio(&self) -> f64 {
        if self.seen < 2 {
            f64::NAN
        } else {
            self.highest / self.lowest
        }
    }
}

/// Sizes of each provider's models, providers by number of models and sizes.
///
/// Providers that are alike in both are alike in every law, so their order
/// among themselves is of no account.
fn groups(cells: &[Cell]) -> Vec<Vec<Option<f64>>> {
    let places = cells.iter().map(|c| c.provider + 1).max().unwrap_or(0);
    let mut groups: Vec<Vec<Option<f64>>> = vec![Vec::new(); places];
    for cell in cells {
        groups[cell.provider].push(cell.log2_size);
    }
    groups.retain(|g| !g.is_empty());
    groups.sort_by(|a, b| {
        let sizes = || a.iter().flatten().zip(b.iter().flatten());
        let differing = sizes().map(|(x, y)| x.total_cmp(y)).find(|o| o.is_ne());
        a.len()
            .cmp(&b.len())
            .then(differing.unwrap_or(std::cmp::Ordering::Equal))
    });
    groups
}

/// Sizes with mean 0 and sum of squares 1; none if one lacks or none differs.
fn standardised(sizes: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
    let Some(sizes) = sizes.collect::<Option<Vec<f64>>>() else {
        return Vec::new();
    };
    let centre = mean(&sizes).unwrap_or(0.0);
    let squares = squares_about(&sizes, centre);
    if squares <= crate::oneway::zero_threshold(&sizes) {
        return Vec::new();
    }
    let scale = libm::sqrt(squares);
    sizes.iter().map(|s| (s - centre) / scale).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::proportion::Count;

    const RULES: Rules = Rules {
        ranking_min_n: 50,
        band: 0.1,
    };

    fn cell(provider: usize, succeeded: u64, n: u64, size: f64) -> Cell {
        let count = Count::new(succeeded, n).unwrap();
        Cell {
            model: 0,
            provider,
            count,
            rate: count.share(),
            log2_size: Some(size),
        }
    }

    #[test]
    fn one_arrangement_by_hand() {
        let cells = [
            cell(0, 10, 100, 0.0),
            cell(0, 30, 100, 1.0),
            cell(1, 40, 100, 2.0),
        ];
        let deck = Deck::new(&cells, Some(&[0.05, 0.0, -0.2]), RULES);
        // Slots: the provider of one model first. It gets the model of 10 %.
        let d = deck.statistics(&[0, 1, 2]);
        let total = 0.14 / 3.0;
        let between = (0.1 - 0.8 / 3.0_f64).powi(2) + 2.0 * (0.35 - 0.8 / 3.0_f64).powi(2);
        assert!((d.eta2 - between / total).abs() < 1e-12);
        assert!((d.ratio_of_means - 3.5).abs() < 1e-12);
        assert!((d.ratio_pooled - 3.5).abs() < 1e-12);
        // -0.2 and 0.0 over two models of equal n: exactly -0.1, not outside.
        assert_eq!(d.outside, 0);
    }

    #[test]
    fn providers_below_the_minimum_are_left_out_of_the_extremes() {
        let cells = [
            cell(0, 1, 10, 0.0),
            cell(1, 30, 100, 1.0),
            cell(2, 60, 100, 2.0),
        ];
        let d = Deck::new(&cells, None, RULES).statistics(&[0, 1, 2]);
        assert!((d.ratio_of_means - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_lowest_rate_of_zero_is_infinite_and_zero_over_zero_is_none() {
        let cells = [cell(0, 0, 100, 0.0), cell(1, 30, 100, 1.0)];
        let d = Deck::new(&cells, None, RULES).statistics(&[0, 1]);
        assert_eq!(d.ratio_of_means, f64::INFINITY);
        let zeros = [cell(0, 0, 100, 0.0), cell(1, 0, 100, 1.0)];
        assert!(
            Deck::new(&zeros, None, RULES)
                .statistics(&[0, 1])
                .ratio_of_means
                .is_nan()
        );
    }

    #[test]
    fn the_number_of_threads_changes_no_draw() {
        let cells: Vec<Cell> = (0..9)
            .map(|i| cell(i / 2, 5 + 3 * u64::try_from(i).unwrap(), 60, count(i)))
            .collect();
        let deck = Deck::new(&cells, None, RULES);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| format!("{:?}", deck.draw(1000, 7, Pass::InScale)))
        };
        assert_eq!(with(1), with(2));
        assert_eq!(with(1), with(5));
    }
}
