//! Confidence sets of ranks from the joint law of all rates: what a league table
//! may say.
//!
//! Rank 1 is the lowest rate. For every ordered pair of sides the hypothesis is
//! that the first is not below the second. A set that covers all true ranks at once
//! (simultaneous) comes from the law of the largest standardised difference over
//! all ordered pairs, in steps that leave out what is already decided (Romano and
//! Wolf 2005; Mogstad, Romano, Shaikh and Wilhelm 2024); a set for one side named
//! in advance (marginal) from the pairs of that side alone. The law is that of
//! normal errors with the covariance given, divided by a common chi with the
//! prompts' degrees of freedom where there are any, drawn with a seed. Unlike the
//! plain bootstrap of ranks (Hall and Miller 2009) this holds at ties.
//!
//! Beside the sets stand, from the same draws about the observed rates and with a
//! flat prior: expected rank, central rank interval, the probabilities of being
//! lowest and of lying in the lowest third. Those are descriptions, not tests.

use rayon::prelude::*;

use crate::{
    correlation::average_ranks,
    estimate::range,
    labels::Chance,
    proportion::{Interval, Level},
    quantity::{Number, Quantity},
    rank_estimates::RankEstimates,
    rankings::maximal_groups,
    ranks::{Correction, RankSet, best_ranks, rank_sets},
    reason::{Estimable, NotEstimable},
    result::{RankSets, RankSide, RanksLeftOpen},
    special,
    stream::{BLOCK, Pass, Stream},
    sums::{all_finite, count},
    variates::{gamma, normal},
};

/// Most sides whose pairs are all drawn.
const MOST_SIDES: usize = 200;

/// Confidence sets of the ranks of all sides.
///
/// # Errors
/// The block is absent with `NoEligibleProviders` below two sides, `TooManyModels`
/// above 200, `NotGiven` without draws, `LengthMismatch` or `OutOfRange` for
/// estimates that cannot be.
pub fn rank_confidence(
    estimates: &RankEstimates,
    level: Level,
    chance: Chance,
) -> Quantity<RankSets> {
    block(estimates, level, chance).into()
}

fn block(estimates: &RankEstimates, level: Level, chance: Chance) -> Estimable<RankSets> {
    let sorted = sorted(estimates)?;
    let k = sorted.rates.len();
    if chance.relabellings == 0 {
        return Err(NotEstimable::NotGiven);
    }
    let work = Work::new(&sorted, level, chance);
    let errors = sorted.standard_errors();
    let single = rank_sets(&sorted.rates, &errors, level, Correction::None)?;
    let simultaneous = work.steps(|_, _| true);
    let descriptions = work.descriptions();
    let (best, average) = (best_ranks(&sorted.rates), average_ranks(&sorted.rates));
    let one_by_one = work.unadjusted()?;
    let sides = (0..k)
        .map(|j| RankSide {
            name: sorted.names[j].clone(),
            rate: Number(sorted.rates[j]),
            standard_error: Number(errors[j]),
            rank: best[j],
            rank_average: Number(average[j]),
            simultaneous: left_open(simultaneous.set(j)),
            marginal: left_open(work.steps(|a, b| a == j || b == j).set(j)),
            unadjusted: left_open(one_by_one.set(j)),
            unadjusted_independent: left_open(single[j]),
            expected_rank: Number(descriptions[j].expected),
            rank_interval: range(descriptions[j].interval, level),
            p_lowest: Number(descriptions[j].lowest),
            p_lowest_third: Number(descriptions[j].lowest_third),
        })
        .collect();
    let groups = maximal_groups(&simultaneous.either());
    Ok(RankSets {
        level: Number(level.value()),
        df: sorted.df.ok_or(NotEstimable::NoPromptIds).into(),
        draws: chance.relabellings,
        critical_value: Number(simultaneous.first_critical),
        pairs: k * (k - 1) / 2,
        pairs_told_apart: simultaneous.told.iter().flatten().filter(|t| **t).count(),
        sides,
        tie_groups: groups
            .into_iter()
            .map(|g| g.into_iter().map(|i| sorted.names[i].clone()).collect())
            .collect(),
    })
}

fn left_open(set: RankSet) -> RanksLeftOpen {
    RanksLeftOpen {
        lower: set.lower,
        upper: set.upper,
    }
}

/// The sides by rising rate, then error, then name, once they are checked.
fn sorted(e: &RankEstimates) -> Estimable<RankEstimates> {
    let k = e.rates.len();
    if e.names.len() != k || e.covariance.len() != k || e.covariance.iter().any(|r| r.len() != k) {
        return Err(NotEstimable::LengthMismatch);
    }
    let proper = (0..k).all(|i| e.covariance[i][i] >= 0.0) && e.df.is_none_or(|df| df > 0.0);
    if !proper || !all_finite(&e.rates) || !e.covariance.iter().all(|row| all_finite(row)) {
        return Err(NotEstimable::OutOfRange);
    }
    if k < 2 {
        return Err(NotEstimable::NoEligibleProviders);
    }
    if k > MOST_SIDES {
        return Err(NotEstimable::TooManyModels);
    }
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|a, b| {
        let rates = e.rates[*a].total_cmp(&e.rates[*b]);
        let errors = e.covariance[*a][*a].total_cmp(&e.covariance[*b][*b]);
        rates
            .then(errors)
            .then_with(|| e.names[*a].cmp(&e.names[*b]))
    });
    let row = |i: &usize| order.iter().map(|j| e.covariance[*i][*j]).collect();
    Ok(RankEstimates {
        names: order.iter().map(|i| e.names[*i].clone()).collect(),
        rates: order.iter().map(|i| e.rates[*i]).collect(),
        covariance: order.iter().map(row).collect(),
        df: e.df,
    })
}

/// Sides in order, the errors of their differences, and drawn errors.
struct Work<'a> {
    sides: &'a RankEstimates,
    level: Level,
    /// Inverse standard error of each difference; 0 where it has no spread.
    precision: Vec<Vec<f64>>,
    /// Drawn errors, one row of `k` for each draw.
    draws: Vec<f64>,
}

/// Which side is told to lie above which.
struct Told {
    /// `told[a][b]`: b lies above a.
    told: Vec<Vec<bool>>,
    first_critical: f64,
}

impl Told {
    fn set(&self, j: usize) -> RankSet {
        let k = self.told.len();
        RankSet {
            lower: 1 + (0..k).filter(|i| self.told[*i][j]).count(),
            upper: k - (0..k).filter(|i| self.told[j][*i]).count(),
        }
    }

    /// Whether two sides are told apart in either order.
    fn either(&self) -> Vec<Vec<bool>> {
        let k = self.told.len();
        let of = |a: usize| (0..k).map(|b| self.told[a][b] || self.told[b][a]).collect();
        (0..k).map(of).collect()
    }
}

/// Where a side stands in the draws.
#[derive(Clone, Copy)]
struct Description {
    expected: f64,
    interval: Interval,
    lowest: f64,
    lowest_third: f64,
}

impl<'a> Work<'a> {
    fn new(sides: &'a RankEstimates, level: Level, chance: Chance) -> Self {
        let k = sides.rates.len();
        let c = &sides.covariance;
        let of = |a: usize, b: usize| {
            let variance = c[a][a] + c[b][b] - c[a][b] - c[b][a];
            if variance > 1e-24 {
                1.0 / libm::sqrt(variance)
            } else {
                0.0
            }
        };
        Work {
            sides,
            level,
            precision: (0..k).map(|a| (0..k).map(|b| of(a, b)).collect()).collect(),
            draws: drawn(sides, chance),
        }
    }

    fn statistic(&self, a: usize, b: usize) -> f64 {
        (self.sides.rates[b] - self.sides.rates[a]) * self.precision[a][b]
    }

    /// Tests the ordered pairs of a family in steps.
    fn steps(&self, family: impl Fn(usize, usize) -> bool) -> Told {
        let k = self.sides.rates.len();
        let mut told = vec![vec![false; k]; k];
        let mut first_critical = None;
        loop {
            let open: Vec<(usize, usize)> = (0..k)
                .flat_map(|a| (0..k).map(move |b| (a, b)))
                .filter(|(a, b)| a != b && family(*a, *b) && !told[*a][*b])
                .collect();
            let critical = self.critical(&open);
            first_critical.get_or_insert(critical);
            let before = open.len();
            let left = open
                .into_iter()
                .filter(|(a, b)| {
                    told[*a][*b] = self.statistic(*a, *b) > critical;
                    !told[*a][*b]
                })
                .count();
            if left == before || left == 0 {
                break;
            }
        }
        Told {
            told,
            first_critical: first_critical.unwrap_or(0.0),
        }
    }

    /// The value that the largest statistic of these pairs exceeds with
    /// probability alpha: the draw of rank `ceil((1 - alpha)(B + 1))`.
    fn critical(&self, pairs: &[(usize, usize)]) -> f64 {
        let k = self.sides.rates.len();
        let mut largest: Vec<f64> = self
            .draws
            .par_chunks(k)
            .map(|e| {
                let of = |(a, b): &(usize, usize)| (e[*b] - e[*a]) * self.precision[*a][*b];
                pairs.iter().map(of).fold(f64::NEG_INFINITY, f64::max)
            })
            .collect();
        let wanted = libm::ceil(self.level.value() * count(largest.len() + 1));
        let place = (wanted as usize).saturating_sub(1);
        if place >= largest.len() {
            // Too few draws to reach that far: nothing is told apart.
            return f64::INFINITY;
        }
        *largest.select_nth_unstable_by(place, f64::total_cmp).1
    }

    /// Every pair at the full alpha, with the covariance.
    fn unadjusted(&self) -> Estimable<Told> {
        let k = self.sides.rates.len();
        let critical = match self.sides.df {
            Some(df) => -special::t_quantile(self.level.alpha() / 2.0, df)?,
            None => self.level.z(),
        };
        let of = |a: usize| (0..k).map(|b| self.statistic(a, b) > critical).collect();
        Ok(Told {
            told: (0..k).map(of).collect(),
            first_critical: critical,
        })
    }

    fn descriptions(&self) -> Vec<Description> {
        let k = self.sides.rates.len();
        let draws = self.draws.len() / k;
        let mut tallies = vec![vec![0_u64; k + 1]; k];
        let mut order: Vec<usize> = Vec::with_capacity(k);
        for errors in self.draws.chunks(k) {
            let at = |i: usize| self.sides.rates[i] + errors[i];
            order.clear();
            order.extend(0..k);
            order.sort_by(|a, b| at(*a).total_cmp(&at(*b)));
            for (rank, side) in order.iter().enumerate() {
                tallies[*side][rank + 1] += 1;
            }
        }
        let tail = self.level.alpha() / 2.0;
        tallies.iter().map(|t| describe(t, draws, tail)).collect()
    }
}

/// Reads a tally of ranks; entry `r` counts the draws of rank `r`.
fn describe(tally: &[u64], draws: usize, tail: f64) -> Description {
    let all = count(draws);
    let k = tally.len() - 1;
    let share = |n: u64| crate::sums::count_u64(n) / all;
    let mut passed = 0_u64;
    let (mut lower, mut upper) = (None, None);
    for (rank, n) in tally.iter().enumerate() {
        passed += n;
        if share(passed) > tail {
            lower.get_or_insert(rank);
        }
        if share(passed) >= 1.0 - tail {
            upper.get_or_insert(rank);
        }
    }
    let third = tally.iter().enumerate().filter(|(r, _)| 3 * r <= k);
    Description {
        expected: crate::sums::sum(tally.iter().enumerate().map(|(r, n)| count(r) * share(*n))),
        interval: Interval {
            lower: count(lower.unwrap_or(1)),
            upper: count(upper.unwrap_or(k)),
        },
        lowest: share(tally.get(1).copied().unwrap_or(0)),
        lowest_third: share(third.map(|(_, n)| *n).sum()),
    }
}

/// Errors with the covariance of the sides, one row for each draw.
fn drawn(sides: &RankEstimates, chance: Chance) -> Vec<f64> {
    let k = sides.rates.len();
    let root = lower_root(&sides.covariance);
    let rows = usize::try_from(chance.relabellings).unwrap_or(usize::MAX);
    let mut draws = vec![0.0_f64; rows * k];
    let blocks = draws.par_chunks_mut(k * BLOCK).enumerate();
    blocks.for_each(|(number, block)| {
        let number = u64::try_from(number).unwrap_or(u64::MAX);
        let mut stream = Stream::new(chance.seed, Pass::RankErrors, number);
        let mut z = vec![0.0_f64; k];
        for errors in block.chunks_mut(k) {
            z.fill_with(|| normal(&mut stream));
            let widen = sides.df.map_or(1.0, |df| {
                // A chi-squared number over its degrees of freedom.
                1.0 / libm::sqrt(gamma(&mut stream, df / 2.0) * 2.0 / df)
            });
            for (error, row) in errors.iter_mut().zip(&root) {
                *error = widen * row.iter().zip(&z).map(|(l, z)| l * z).sum::<f64>();
            }
        }
    });
    draws
}

/// The lower root of a matrix that may be singular; a column without a pivot is 0.
fn lower_root(matrix: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let k = matrix.len();
    let mut root = vec![vec![0.0_f64; k]; k];
    for j in 0..k {
        let known: f64 = root[j][..j].iter().map(|l| l * l).sum();
        let left = matrix[j][j] - known;
        if left <= 1e-12 * matrix[j][j] {
            continue;
        }
        let pivot = libm::sqrt(left);
        root[j][j] = pivot;
        for i in j + 1..k {
            let known: f64 = root[i][..j].iter().zip(&root[j]).map(|(a, b)| a * b).sum();
            root[i][j] = (matrix[i][j] - known) / pivot;
        }
    }
    root
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{proportion::Count, variates::uniform};

    const CHANCE: Chance = Chance {
        relabellings: 9_999,
        seed: 164,
    };

    fn independent(counts: &[(u64, u64)]) -> RankEstimates {
        let names: Vec<String> = (0..counts.len()).map(|i| format!("p{i}")).collect();
        let counts: Vec<Count> = counts
            .iter()
            .map(|(x, n)| Count::new(*x, *n).unwrap())
            .collect();
        RankEstimates::independent(&names, &counts).unwrap()
    }

    fn sets(estimates: &RankEstimates) -> RankSets {
        rank_confidence(estimates, Level::P95, CHANCE)
            .known()
            .unwrap()
            .clone()
    }

    #[test]
    fn five_equal_rates_leave_every_rank_open_and_the_critical_value_is_tukeys() {
        let r = sets(&independent(&[(30, 100); 5]));
        for side in &r.sides {
            assert_eq!((side.simultaneous.lower, side.simultaneous.upper), (1, 5));
            assert!((side.expected_rank.0 - 3.0).abs() < 0.1);
            assert_eq!((side.rank, side.rank_average.0), (1, 3.0));
        }
        assert_eq!(r.tie_groups.len(), 1);
        // The studentised range of five means at 95 %: 3.858 over the root of two.
        assert!((r.critical_value.0 - 3.858 / 2.0_f64.sqrt()).abs() < 0.03);
    }

    #[test]
    fn marginal_sets_lie_within_simultaneous_ones_and_hold_the_unadjusted() {
        let r = sets(&independent(&[
            (5, 100),
            (12, 100),
            (30, 90),
            (33, 100),
            (70, 110),
        ]));
        for side in &r.sides {
            let (m, s, u) = (side.marginal, side.simultaneous, side.unadjusted);
            assert!(s.lower <= m.lower && m.upper <= s.upper);
            assert!(m.lower <= u.lower && u.upper <= m.upper);
            assert!(u.lower <= side.rank && side.rank <= u.upper);
            assert_eq!(u, side.unadjusted_independent);
        }
        assert_eq!(
            r.sides[4].simultaneous,
            RanksLeftOpen { lower: 5, upper: 5 }
        );
        assert!(r.sides[4].p_lowest.0 == 0.0 && r.sides[0].p_lowest.0 > 0.9);
        assert!(r.pairs_told_apart > 4);
    }

    #[test]
    fn steps_decide_at_least_what_the_first_step_decides() {
        let e = independent(&[(5, 100), (19, 100), (30, 90), (33, 100), (70, 110)]);
        let s = sorted(&e).unwrap();
        let work = Work::new(&s, Level::P95, CHANCE);
        let told = work.steps(|_, _| true);
        for a in 0..5 {
            for b in 0..5 {
                let first = work.statistic(a, b) > told.first_critical;
                assert!(!first || told.told[a][b]);
            }
        }
    }

    #[test]
    fn shared_difficulty_tells_apart_what_independence_does_not() {
        let mut e = independent(&[(30, 100), (40, 100)]);
        let plain = sets(&e);
        assert_eq!(plain.pairs_told_apart, 0);
        let shared = 0.9 * e.covariance[0][0];
        e.covariance[0][1] = shared;
        e.covariance[1][0] = shared;
        e.df = Some(99.0);
        assert_eq!(sets(&e).pairs_told_apart, 1);
    }

    #[test]
    fn equal_columns_make_a_singular_covariance_and_no_fault() {
        let mut e = independent(&[(30, 100), (30, 100), (60, 100)]);
        let v = e.covariance[0][0];
        e.covariance[0][1] = v;
        e.covariance[1][0] = v;
        let r = sets(&e);
        assert_eq!(r.tie_groups, [vec!["p0", "p1"], vec!["p2"]]);
        let text = serde_json::to_string(&r).unwrap();
        assert!(!text.contains("null"), "{text}");
    }

    #[test]
    fn order_and_threads_change_nothing() {
        let e = independent(&[(5, 100), (19, 100), (30, 90), (33, 100)]);
        let backwards = RankEstimates {
            names: e.names.iter().rev().cloned().collect(),
            rates: e.rates.iter().rev().copied().collect(),
            covariance: e
                .covariance
                .iter()
                .rev()
                .map(|row| row.iter().rev().copied().collect())
                .collect(),
            df: None,
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        let alone = pool.install(|| sets(&backwards));
        assert_eq!(sets(&e), alone);
    }

    /// Worlds in which the sets cover every rank that the true rates allow.
    fn covered(
        worlds: u64,
        true_rates: &[f64],
        draw: impl Fn(&mut Stream) -> RankEstimates,
    ) -> f64 {
        let k = true_rates.len();
        let chance = Chance {
            relabellings: 999,
            seed: 7,
        };
        let holds = |world: u64| {
            let mut stream = Stream::new(11, Pass::Bootstrap, world);
            let sets = rank_confidence(&draw(&mut stream), Level::P95, chance);
            sets.known().unwrap().sides.iter().all(|side| {
                let own = true_rates[side.name[1..].parse::<usize>().unwrap()];
                let lower = true_rates.iter().filter(|r| **r < own).count();
                let higher = true_rates.iter().filter(|r| **r > own).count();
                side.simultaneous.lower <= 1 + lower && side.simultaneous.upper >= k - higher
            })
        };
        let held = (0..worlds).filter(|w| holds(*w)).count();
        count(held) / crate::sums::count_u64(worlds)
    }

    #[test]
    fn simultaneous_sets_cover_all_ranks_of_independent_traces() {
        let rates = [0.1, 0.12, 0.3, 0.3, 0.3];
        let share = covered(600, &rates, |stream| {
            let counts: Vec<(u64, u64)> = rates
                .iter()
                .map(|rate| {
                    let hits = (0..120).filter(|_| uniform(stream) < *rate).count() as u64;
                    (hits, 120)
                })
                .collect();
            independent(&counts)
        });
        // Three standard errors below 95 %.
        assert!(share > 0.923, "{share}");
    }

    #[test]
    fn simultaneous_sets_cover_all_ranks_where_prompts_are_shared() {
        use crate::{
            cells::{PromptCell, Unit},
            same_prompts::PromptSample,
        };
        let rates = [0.3, 0.3, 0.35];
        let names: Vec<String> = (0..3).map(|i| format!("p{i}")).collect();
        let share = covered(600, &rates, |stream| {
            let mut cells = Vec::new();
            for prompt in 0..40 {
                // The same difficulty for all, with a mean of one.
                let difficulty = 2.0 * uniform(stream);
                for (provider, rate) in (0_u32..).zip(&rates) {
                    let p = (rate * difficulty).min(1.0);
                    let hits = (0..2).filter(|_| uniform(stream) < p).count();
                    cells.push(PromptCell {
                        model: provider,
                        provider,
                        prompt,
                        harm_category: None,
                        technique: None,
                        succeeded: u32::try_from(hits).unwrap(),
                        n: 2,
                    });
                }
            }
            let sample = PromptSample {
                cells: &cells,
                unit: Unit::Provider,
                names: &names,
                harm_categories: &[],
                techniques: &[],
                category_mix: None,
            };
            RankEstimates::by_prompt(&sample, &[0, 1, 2]).unwrap()
        });
        assert!(share > 0.923, "{share}");
    }

    #[test]
    fn degenerate_input_gives_reasons() {
        let reason =
            |e: &RankEstimates, chance| rank_confidence(e, Level::P95, chance).reason().unwrap();
        let one = independent(&[(1, 3)]);
        assert_eq!(reason(&one, CHANCE), NotEstimable::NoEligibleProviders);
        let none = independent(&[]);
        assert_eq!(reason(&none, CHANCE), NotEstimable::NoEligibleProviders);
        let two = independent(&[(0, 3), (3, 3)]);
        let no_draw = Chance {
            relabellings: 0,
            ..CHANCE
        };
        assert_eq!(reason(&two, no_draw), NotEstimable::NotGiven);
        assert_eq!(sets(&two).sides.len(), 2);
        let short = RankEstimates {
            covariance: vec![vec![0.0]],
            ..two.clone()
        };
        assert_eq!(reason(&short, CHANCE), NotEstimable::LengthMismatch);
        let many = independent(&vec![(1, 3); 201]);
        assert_eq!(reason(&many, CHANCE), NotEstimable::TooManyModels);
    }
}
