//! Which sides should answer which prompts next, to settle the open comparisons.
//!
//! A comparison is settled when both sides share so many prompts, one trace each,
//! that a declared difference would be found with the declared power at the error
//! probability of one comparison in the family (Bonferroni): [`pairs_needed`] with
//! the share of prompts on which the two differ. That share is the observed one
//! (one discordant and one concordant prompt added) where they share ten prompts,
//! otherwise that of independent replies, which is on the safe side where hard
//! prompts are hard for both. Prompts that only one of the two met count for
//! nothing here, which again is on the safe side.
//!
//! The rule is greedy. Prompts that the same sides have answered are of one kind.
//! A move lets some sides answer prompts of one kind, or new ones: one side, all
//! sides that still lack prompts, or the two of one comparison. Its gain is the
//! number of unsettled comparisons that come to share the prompt, its cost the sum
//! of the sides' costs of a trace. The move with the largest gain for its cost is
//! made for as many prompts as there are of the kind, and until the first of its
//! comparisons is complete; ties go to the larger gain, then to the kind that more
//! sides have answered, then to the first in order. No random number is used. Reusing prompts asks that model, settings and
//! grader are those of the first round; a caller that cannot promise this leaves
//! the prompts out.

use std::collections::BTreeMap;

use crate::{
    cells::{Key, Tallies, Tally, common, total},
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::{Comparison, RoundPair, RoundPlan, RoundStep, RoundTotal},
    same_prompts::PromptSample,
    sums::{count, count_u64, sum},
    tell_apart::{pairs_needed, whole},
};

/// Common prompts from which the share of discordant ones is taken as observed.
const ENOUGH_COMMON: usize = 10;

/// Most sides of a plan.
const MOST_SIDES: usize = 64;

/// Most kinds of known prompts that are looked at; the least frequent are left out.
const MOST_KINDS: usize = 256;

/// What the next round is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoundGoal<'a> {
    /// Smallest difference that matters, as a share (0.1 for ten points).
    pub difference: f64,
    /// Power for it.
    pub power: f64,
    /// Error probability of the whole family.
    pub alpha: f64,
    /// Comparisons in the family, settled ones included.
    pub family: usize,
    /// Cost of one trace of each side, in the order of the ranked sides; positive.
    pub costs: &'a [f64],
}

/// The comparisons that are not told apart, by places in `ranked`, the list of the
/// ranked sides' names; a comparison with a name that is not there is passed over.
pub fn open_pairs(ranked: &[String], comparisons: &[Comparison]) -> Vec<(usize, usize)> {
    let place = |name: &String| ranked.iter().position(|other| other == name);
    comparisons
        .iter()
        .filter(|c| !c.told_apart)
        .filter_map(|c| Some((place(&c.lower_provider)?, place(&c.higher_provider)?)))
        .collect()
}

/// Plans the next round for the comparisons in `open`, given by places in `ranked`.
///
/// # Errors
/// The block is absent with `NothingOpen`; `LengthMismatch` unless every ranked side
/// has a cost; `TooManyModels` above 64 sides; `OutOfRange` for a place that does not
/// exist, a cost that is not positive, or a goal outside its range; `NoTraces` where
/// a side has none.
pub fn next_round(
    sample: &PromptSample<'_>,
    ranked: &[usize],
    open: &[(usize, usize)],
    goal: &RoundGoal<'_>,
) -> Quantity<RoundPlan> {
    block(sample, ranked, open, goal).into()
}

fn block(
    sample: &PromptSample<'_>,
    ranked: &[usize],
    open: &[(usize, usize)],
    goal: &RoundGoal<'_>,
) -> Estimable<RoundPlan> {
    if open.is_empty() {
        return Err(NotEstimable::NothingOpen);
    }
    if goal.costs.len() != ranked.len() {
        return Err(NotEstimable::LengthMismatch);
    }
    if ranked.len() > MOST_SIDES {
        return Err(NotEstimable::TooManyModels);
    }
    let places = |place: &usize| *place < ranked.len();
    let proper = open.iter().all(|(a, b)| a != b && places(a) && places(b));
    let priced = goal.costs.iter().all(|c| *c > 0.0 && c.is_finite());
    let declared = goal.difference > 0.0 && goal.difference < 1.0;
    if !proper || !priced || !declared || open.len() > goal.family {
        return Err(NotEstimable::OutOfRange);
    }
    let names = ranked
        .iter()
        .map(|place| sample.names.get(*place).map(String::as_str))
        .collect::<Option<Vec<&str>>>()
        .ok_or(NotEstimable::OutOfRange)?;
    let tallies = Tallies::new(sample.cells, sample.unit, sample.names.len(), Key::Prompt)?;
    let sides: Vec<&[Tally]> = ranked.iter().map(|place| tallies.of(*place)).collect();
    let alpha_each = goal.alpha / count(goal.family);
    let mut pairs = Vec::with_capacity(open.len());
    for (a, b) in sorted_pairs(open) {
        pairs.push(Wanted::new((a, b), (sides[a], sides[b]), alpha_each, goal)?);
    }
    let mut table = Table::new(&sides, &pairs, goal.costs);
    let mut steps = Vec::new();
    while let Some(step) = table.step() {
        steps.push(step);
    }
    Ok(report(&names, &pairs, &steps, alpha_each, goal))
}

/// Each pair once, the earlier side first.
fn sorted_pairs(open: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = open.iter().map(|(a, b)| (*a.min(b), *a.max(b))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// What one comparison has and needs.
#[derive(Clone, Copy)]
struct Wanted {
    sides: (usize, usize),
    discordant: f64,
    observed: bool,
    have: u64,
    need: u64,
}

impl Wanted {
    fn new(
        sides: (usize, usize),
        (a, b): (&[Tally], &[Tally]),
        alpha: f64,
        goal: &RoundGoal<'_>,
    ) -> Estimable<Self> {
        let (first, second) = (total(a)?.share(), total(b)?.share());
        let differ = |p: f64, q: f64| p * (1.0 - q) + q * (1.0 - p);
        let shares: Vec<f64> = common(a, b)
            .map(|(x, y)| differ(x.rate(), y.rate()))
            .collect();
        let observed = shares.len() >= ENOUGH_COMMON;
        let share = if observed {
            (sum(shares.iter().copied()) + 1.0) / (count(shares.len()) + 2.0)
        } else {
            differ(first, second)
        };
        // A difference of d asks for at least d discordant prompts.
        let discordant = share.max(goal.difference);
        Ok(Wanted {
            sides,
            discordant,
            observed,
            have: u64::try_from(shares.len()).unwrap_or(u64::MAX),
            need: whole(pairs_needed(
                goal.difference,
                discordant,
                alpha,
                goal.power,
            )?)?,
        })
    }
}

/// Prompts that the same sides have answered.
struct Kind {
    answered: u64,
    stock: Stock,
}

/// Prompts of one kind.
enum Stock {
    /// Those of the corpus.
    Known(Vec<u32>),
    /// As many that earlier steps of the plan bring in.
    Planned(u64),
}

impl Stock {
    fn is_known(&self) -> bool {
        matches!(self, Stock::Known(_))
    }

    fn len(&self) -> u64 {
        match self {
            Stock::Known(ids) => u64::try_from(ids.len()).unwrap_or(u64::MAX),
            Stock::Planned(n) => *n,
        }
    }

    /// Takes at most `wanted` out, known prompts in order of their number.
    fn take(&mut self, wanted: u64) -> Stock {
        match self {
            Stock::Known(ids) => {
                let n = usize::try_from(wanted).unwrap_or(usize::MAX).min(ids.len());
                Stock::Known(ids.drain(..n).collect())
            }
            Stock::Planned(left) => {
                let n = wanted.min(*left);
                *left -= n;
                Stock::Planned(n)
            }
        }
    }

    fn add(&mut self, more: Stock) {
        match (self, more) {
            (Stock::Known(ids), Stock::Known(others)) => {
                ids.extend(others);
                ids.sort_unstable();
            }
            (Stock::Planned(n), Stock::Planned(m)) => *n = n.saturating_add(m),
            _ => {}
        }
    }
}

/// Where the plan stands.
struct Table<'a> {
    costs: &'a [f64],
    kinds: Vec<Kind>,
    pairs: Vec<((usize, usize), u64)>,
    /// For each side, the sides with which it still lacks common prompts.
    lacking: Vec<u64>,
}

/// A move: who answers prompts of which kind (`None` for new ones).
#[derive(Clone, Copy)]
struct Move {
    kind: Option<usize>,
    answered: u64,
    run: u64,
    gain: u32,
    cost: f64,
}

/// A step of the plan in places.
struct Step {
    run: u64,
    answered: u64,
    prompts: u64,
    ids: Vec<u32>,
    new: bool,
    cost: f64,
    completes: Vec<(usize, usize)>,
}

fn bit(side: usize) -> u64 {
    1 << (side % MOST_SIDES)
}

fn members(set: u64) -> impl Iterator<Item = usize> {
    (0..MOST_SIDES).filter(move |side| set & bit(*side) != 0)
}

impl<'a> Table<'a> {
    fn new(sides: &[&[Tally]], pairs: &[Wanted], costs: &'a [f64]) -> Self {
        let mut answered: BTreeMap<u32, u64> = BTreeMap::new();
        for (side, tallies) in sides.iter().enumerate() {
            for tally in *tallies {
                *answered.entry(tally.key).or_default() |= bit(side);
            }
        }
        let mut by_kind: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        for (prompt, set) in answered {
            by_kind.entry(set).or_default().push(prompt);
        }
        let mut kinds: Vec<Kind> = by_kind
            .into_iter()
            .map(|(answered, prompts)| Kind {
                answered,
                stock: Stock::Known(prompts),
            })
            .collect();
        kinds.sort_by_key(|k| (std::cmp::Reverse(k.stock.len()), k.answered));
        kinds.truncate(MOST_KINDS);
        let mut table = Table {
            costs,
            kinds,
            pairs: pairs
                .iter()
                .map(|p| (p.sides, p.need.saturating_sub(p.have)))
                .collect(),
            lacking: vec![0; sides.len()],
        };
        table.count_lacking();
        table
    }

    fn count_lacking(&mut self) {
        self.lacking.fill(0);
        for ((a, b), _) in self.pairs.iter().filter(|(_, lack)| *lack > 0) {
            self.lacking[*a] |= bit(*b);
            self.lacking[*b] |= bit(*a);
        }
    }

    /// Comparisons that come to share a prompt when `run` answer what `answered` have.
    fn weigh(&self, kind: Option<usize>, answered: u64, run: u64) -> Move {
        let run = run & !answered;
        let (mut outside, mut twice) = (0, 0);
        for side in members(run) {
            outside += (self.lacking[side] & answered).count_ones();
            twice += (self.lacking[side] & run).count_ones();
        }
        Move {
            kind,
            answered,
            run,
            gain: outside + twice / 2,
            cost: members(run).map(|side| self.costs[side]).sum(),
        }
    }

    fn best(&self) -> Option<Move> {
        let needy = (0..self.lacking.len()).filter(|s| self.lacking[*s] != 0);
        let all = needy.clone().fold(0, |set, side| set | bit(side));
        let known = self
            .kinds
            .iter()
            .enumerate()
            .filter(|(_, k)| k.stock.len() > 0);
        let mut best: Option<Move> = None;
        let mut consider = |candidate: Move| {
            if candidate.gain == 0 {
                return;
            }
            let better = best.is_none_or(|held| {
                let rates = (f64::from(candidate.gain) * held.cost)
                    .total_cmp(&(f64::from(held.gain) * candidate.cost));
                rates
                    .then(candidate.gain.cmp(&held.gain))
                    .then(
                        candidate
                            .answered
                            .count_ones()
                            .cmp(&held.answered.count_ones()),
                    )
                    .is_gt()
            });
            if better {
                best = Some(candidate);
            }
        };
        for (place, kind) in known {
            for side in needy.clone() {
                consider(self.weigh(Some(place), kind.answered, bit(side)));
            }
            consider(self.weigh(Some(place), kind.answered, all));
        }
        consider(self.weigh(None, 0, all));
        for ((a, b), _) in self.pairs.iter().filter(|(_, lack)| *lack > 0) {
            consider(self.weigh(None, 0, bit(*a) | bit(*b)));
        }
        best
    }

    /// Makes the best move; `None` once no comparison lacks prompts.
    fn step(&mut self) -> Option<Step> {
        let chosen = self.best()?;
        let after = chosen.answered | chosen.run;
        let joins = |(a, b): (usize, usize)| {
            let both = bit(a) | bit(b);
            after & both == both && chosen.run & both != 0
        };
        let least = self
            .pairs
            .iter()
            .filter(|(sides, lack)| *lack > 0 && joins(*sides))
            .map(|(_, lack)| *lack)
            .min()?;
        let taken = match chosen.kind.and_then(|place| self.kinds.get_mut(place)) {
            Some(kind) => kind.stock.take(least),
            None => Stock::Planned(least),
        };
        let prompts = taken.len();
        let mut completes = Vec::new();
        for (sides, lack) in self.pairs.iter_mut().filter(|(_, lack)| *lack > 0) {
            if joins(*sides) {
                *lack = lack.saturating_sub(prompts);
                if *lack == 0 {
                    completes.push(*sides);
                }
            }
        }
        self.count_lacking();
        let (ids, new) = match &taken {
            Stock::Known(ids) => (ids.clone(), false),
            Stock::Planned(_) => (Vec::new(), true),
        };
        self.keep(after, taken);
        Some(Step {
            run: chosen.run,
            answered: chosen.answered,
            prompts,
            ids,
            new,
            cost: chosen.cost * count_u64(prompts),
            completes,
        })
    }

    /// Files prompts under the sides that will have answered them.
    fn keep(&mut self, answered: u64, taken: Stock) {
        let same = self
            .kinds
            .iter_mut()
            .find(|k| k.answered == answered && k.stock.is_known() == taken.is_known());
        match same.map(|kind| &mut kind.stock) {
            Some(stock) => stock.add(taken),
            None => self.kinds.push(Kind {
                answered,
                stock: taken,
            }),
        }
    }
}

fn report(
    names: &[&str],
    pairs: &[Wanted],
    steps: &[Step],
    alpha_each: f64,
    goal: &RoundGoal<'_>,
) -> RoundPlan {
    let name = |side: usize| names.get(side).copied().unwrap_or_default().to_owned();
    let traces = |s: &Step| s.prompts.saturating_mul(u64::from(s.run.count_ones()));
    let mut so_far = 0.0;
    let rows: Vec<RoundStep> = steps
        .iter()
        .map(|s| {
            so_far += s.cost;
            RoundStep {
                run: members(s.run).map(name).collect(),
                answered_by: members(s.answered).map(name).collect(),
                prompts: s.prompts,
                prompt_ids: s.ids.clone(),
                new: s.new,
                traces: traces(s),
                cost: Number(s.cost),
                cost_so_far: Number(so_far),
                completes: s
                    .completes
                    .iter()
                    .map(|(a, b)| [name(*a), name(*b)])
                    .collect(),
            }
        })
        .collect();
    let of_side = |side: usize, new: bool| -> u64 {
        let own = steps
            .iter()
            .filter(|s| s.run & bit(side) != 0 && s.new == new);
        own.map(|s| s.prompts).fold(0, u64::saturating_add)
    };
    let totals = (0..names.len()).map(|side| {
        let (known, new) = (of_side(side, false), of_side(side, true));
        RoundTotal {
            name: name(side),
            on_known_prompts: known,
            on_new_prompts: new,
            cost: Number(goal.costs[side] * count_u64(known.saturating_add(new))),
        }
    });
    RoundPlan {
        difference_pp: Number(crate::estimate::points(goal.difference)),
        power: Number(goal.power),
        alpha: Number(goal.alpha),
        alpha_each: Number(alpha_each),
        pairs: pairs
            .iter()
            .map(|p| RoundPair {
                first: name(p.sides.0),
                second: name(p.sides.1),
                discordant_share: Number(p.discordant),
                discordant_observed: p.observed,
                common_now: p.have,
                common_needed: p.need,
                enough_now: p.have >= p.need,
            })
            .collect(),
        sides: totals.filter(|t| t.cost.0 > 0.0).collect(),
        new_prompts: steps
            .iter()
            .filter(|s| s.new && s.answered == 0)
            .map(|s| s.prompts)
            .fold(0, u64::saturating_add),
        traces: steps.iter().map(traces).fold(0, u64::saturating_add),
        cost: Number(so_far),
        steps: rows,
    }
}
