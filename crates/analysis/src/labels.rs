//! The law of any statistic when the names of the groups are dealt anew.
//!
//! Two kinds of chance: dealing group labels to the models, each of which keeps
//! all that belongs to it ([`relabelled`]), and shuffling the places of the
//! models ([`shuffled`], for the residuals of Freedman and Lane 1983). Labels are
//! enumerated where their distinct arrangements are few ([`EXACT_LIMIT`]) and
//! drawn otherwise, in blocks with a stream each, so that the number of threads
//! changes nothing. A statistic that an arrangement does not have is NaN inside
//! this file's laws and counts as reaching the observed one, which can only make
//! a p-value larger.

use rayon::prelude::*;

use crate::{
    permutation::{EXACT_LIMIT, TIE, arrangements},
    stream::{BLOCK, Pass, Stream},
    sums::count,
};

/// The largest number of single placements, arrangements times models, that is
/// enumerated.
const WORK_LIMIT: f64 = 3e7;

/// How much chance to draw, and from which stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance {
    /// Relabellings where enumeration is not feasible.
    pub relabellings: u32,
    /// Seed of the streams.
    pub seed: u64,
}

/// Values of several statistics over the same arrangements.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelLaw<const S: usize> {
    /// Whether every distinct arrangement was visited once.
    pub exact: bool,
    /// One entry per arrangement.
    pub draws: Vec<[f64; S]>,
}

impl<const S: usize> LabelLaw<S> {
    /// Share of arrangements whose statistic reaches `observed`.
    ///
    /// Enumerated: `b/A`, the observed arrangement being one of the `A`. Drawn:
    /// `(1 + b)/(1 + B)` (Phipson and Smyth 2010), which is 1 without draws.
    pub fn p_at_least(&self, statistic: usize, observed: f64) -> f64 {
        let tie = TIE * observed.abs().max(1.0);
        let reach = self
            .draws
            .iter()
            .filter_map(|draw| draw.get(statistic))
            .filter(|value| value.is_nan() || **value >= observed - tie)
            .count();
        if self.exact {
            count(reach) / count(self.draws.len().max(1))
        } else {
            count(1 + reach) / count(1 + self.draws.len())
        }
    }

    /// Every value of one statistic.
    pub fn values(&self, statistic: usize) -> impl Iterator<Item = f64> + '_ {
        self.draws
            .iter()
            .filter_map(move |draw| draw.get(statistic).copied())
    }
}

/// Deals the labels of `group` to the models anew.
///
/// Labels have to be below `group.len()`; `statistic` gets one label per model.
pub fn relabelled<const S: usize>(
    group: &[usize],
    chance: Chance,
    pass: Pass,
    statistic: impl Fn(&[usize]) -> [f64; S] + Sync,
) -> LabelLaw<S> {
    let mut room = vec![0_usize; group.iter().max().map_or(0, |g| g + 1)];
    for label in group {
        if let Some(places) = room.get_mut(*label) {
            *places += 1;
        }
    }
    let ways = arrangements(&room);
    if ways <= EXACT_LIMIT && ways * count(group.len()) <= WORK_LIMIT {
        let mut draws = Vec::new();
        let mut labels = Vec::with_capacity(group.len());
        enumerate(&mut room, &mut labels, group.len(), &mut |l| {
            draws.push(statistic(l));
        });
        return LabelLaw { exact: true, draws };
    }
    shuffled(group.len(), chance, pass, |order| {
        let labels: Vec<usize> = order
            .iter()
            .filter_map(|i| group.get(*i).copied())
            .collect();
        statistic(&labels)
    })
}

/// Visits each distinct way to fill `length` places once.
fn enumerate(
    room: &mut [usize],
    labels: &mut Vec<usize>,
    length: usize,
    visit: &mut impl FnMut(&[usize]),
) {
    if labels.len() == length {
        visit(labels);
        return;
    }
    for label in 0..room.len() {
        if room[label] == 0 {
            continue;
        }
        room[label] -= 1;
        labels.push(label);
        enumerate(room, labels, length, visit);
        labels.pop();
        room[label] += 1;
    }
}

/// Shuffles the places of `n` models at random; `statistic` gets the order.
pub fn shuffled<const S: usize>(
    n: usize,
    chance: Chance,
    pass: Pass,
    statistic: impl Fn(&[usize]) -> [f64; S] + Sync,
) -> LabelLaw<S> {
    let length = usize::try_from(chance.relabellings).unwrap_or(usize::MAX);
    let mut draws = vec![[f64::NAN; S]; length];
    draws.par_chunks_mut(BLOCK).enumerate().for_each_init(
        || Vec::with_capacity(n),
        |order: &mut Vec<usize>, (number, block)| {
            order.clear();
            order.extend(0..n);
            let number = u64::try_from(number).unwrap_or(u64::MAX);
            let mut stream = Stream::new(chance.seed, pass, number);
            for draw in block {
                stream.shuffle(order);
                *draw = statistic(order);
            }
        },
    );
    LabelLaw {
        exact: false,
        draws,
    }
}

/// Labels as `0, 1, ...` in the order of their first appearance.
pub fn dense<T: Ord>(labels: impl IntoIterator<Item = T>) -> Vec<usize> {
    let mut places = std::collections::BTreeMap::new();
    labels
        .into_iter()
        .map(|label| {
            let next = places.len();
            *places.entry(label).or_insert(next)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANCE: Chance = Chance {
        relabellings: 2000,
        seed: 3,
    };

    #[test]
    fn few_arrangements_are_visited_once_each() {
        let law = relabelled(&[0, 0, 1, 1, 1], CHANCE, Pass::TogetherLabels, |l| {
            [l.iter()
                .zip(1_u32..)
                .map(|(g, i)| count(*g) * f64::from(i))
                .sum()]
        });
        assert!(law.exact);
        assert_eq!(law.draws.len(), 10);
        assert_eq!(law.p_at_least(0, 12.0), 0.1);
        assert_eq!(law.p_at_least(0, 0.0), 1.0);
    }

    #[test]
    fn many_arrangements_are_drawn_alike_for_any_number_of_threads() {
        let group: Vec<usize> = (0..24).map(|i| i / 2).collect();
        let with = |threads| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .map(|pool| {
                    pool.install(|| {
                        relabelled(&group, CHANCE, Pass::TogetherLabels, |l| {
                            [count(l[0]), count(l[23])]
                        })
                    })
                })
                .ok()
        };
        assert_eq!(with(1), with(3));
        assert!(with(2).is_some_and(|law| !law.exact && law.draws.len() == 2000));
    }

    #[test]
    fn no_models_have_one_empty_arrangement() {
        let law = relabelled(&[], CHANCE, Pass::TogetherLabels, |_| [0.0]);
        assert_eq!((law.exact, law.draws.len()), (true, 1));
    }

    #[test]
    fn a_statistic_that_does_not_exist_never_lowers_p() {
        let law = LabelLaw {
            exact: false,
            draws: vec![[f64::NAN], [0.0]],
        };
        assert_eq!(law.p_at_least(0, 5.0), 2.0 / 3.0);
    }

    #[test]
    fn labels_become_dense_in_order_of_appearance() {
        assert_eq!(dense(["b", "a", "b", "c"]), [0, 1, 0, 2]);
    }
}
