//! Counts of successes by provider, model, prompt, technique and grader.
//!
//! The likelihood of a hierarchical binomial model depends on the traces only
//! through these counts, so every fit costs time in proportion to the number
//! of cells and not of traces. Cells are merged and ordered by their levels:
//! the order of the input changes nothing.

use std::collections::BTreeMap;

use crate::{
    reason::{Estimable, NotEstimable},
    sums::{count_u64, sum},
};

/// What a factor's levels are; also the name of the factor in the output.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Who offers the model.
    Provider,
    /// The model.
    Model,
    /// The prompt.
    Prompt,
    /// The technique of the attack.
    Technique,
    /// Who or what graded.
    Grader,
}

/// A grouping of the cells whose levels get a random effect each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    /// What the levels are.
    pub role: Role,
    /// Names of the levels.
    pub names: Vec<String>,
    /// The level of every row of the input, as a place in `names`.
    pub level_of: Vec<usize>,
}

/// Successes among trials, by the levels of every factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    roles: Vec<Role>,
    names: Vec<Vec<String>>,
    level_of: Vec<Vec<usize>>,
    successes: Vec<u64>,
    trials: Vec<u64>,
    log2_size: Vec<Option<f64>>,
}

/// What makes rows the same cell: levels, and the bits of the size.
type Key = (Vec<usize>, Option<u64>);

/// Successes, trials and size of a cell.
type Counts = (u64, u64, Option<f64>);

impl Cells {
    /// Merges rows with the same levels and size. Rows without a trial are
    /// left out, and so are levels that no row with a trial has.
    ///
    /// `log2_size` is the logarithm to base 2 of the model's parameters in
    /// billions, `None` where it is not known.
    ///
    /// # Errors
    /// `LengthMismatch` for columns of different lengths, `OutOfRange` for a
    /// level without a name, a role given twice, more successes than trials,
    /// or a size that is not finite; `NoTraces` without a trial.
    pub fn new(
        factors: &[Factor],
        successes: &[u64],
        trials: &[u64],
        log2_size: &[Option<f64>],
    ) -> Estimable<Self> {
        check(factors, successes, trials, log2_size)?;
        let mut merged: BTreeMap<Key, Counts> = BTreeMap::new();
        for (row, (&x, (&n, &size))) in successes
            .iter()
            .zip(trials.iter().zip(log2_size))
            .enumerate()
        {
            if n == 0 {
                continue;
            }
            let levels: Vec<usize> = factors.iter().map(|f| f.level_of[row]).collect();
            let cell = merged
                .entry((levels, size.map(f64::to_bits)))
                .or_insert((0, 0, size));
            cell.0 = cell.0.saturating_add(x);
            cell.1 = cell.1.saturating_add(n);
        }
        if merged.is_empty() {
            return Err(NotEstimable::NoTraces);
        }
        let mut cells = Cells {
            roles: factors.iter().map(|f| f.role).collect(),
            names: factors.iter().map(|f| f.names.clone()).collect(),
            level_of: vec![Vec::with_capacity(merged.len()); factors.len()],
            successes: Vec::with_capacity(merged.len()),
            trials: Vec::with_capacity(merged.len()),
            log2_size: Vec::with_capacity(merged.len()),
        };
        for ((levels, _), (x, n, size)) in merged {
            for (column, level) in cells.level_of.iter_mut().zip(levels) {
                column.push(level);
            }
            cells.successes.push(x);
            cells.trials.push(n);
            cells.log2_size.push(size);
        }
        cells.drop_unused_levels();
        Ok(cells)
    }

    /// The cells of models whose size is known.
    ///
    /// # Errors
    /// `NoSizes` when there is none.
    pub fn sized(&self) -> Estimable<Cells> {
        let keep: Vec<usize> = (0..self.len())
            .filter(|i| self.log2_size[*i].is_some())
            .collect();
        if keep.is_empty() {
            return Err(NotEstimable::NoSizes);
        }
        if keep.len() == self.len() {
            return Ok(self.clone());
        }
        let mut cells = Cells {
            roles: self.roles.clone(),
            names: self.names.clone(),
            level_of: self.level_of.iter().map(|c| pick(c, &keep)).collect(),
            successes: pick(&self.successes, &keep),
            trials: pick(&self.trials, &keep),
            log2_size: pick(&self.log2_size, &keep),
        };
        cells.drop_unused_levels();
        Ok(cells)
    }

    fn drop_unused_levels(&mut self) {
        for (names, levels) in self.names.iter_mut().zip(&mut self.level_of) {
            let mut used: Vec<usize> = levels.clone();
            used.sort_unstable();
            used.dedup();
            let place: BTreeMap<usize, usize> = used
                .iter()
                .enumerate()
                .map(|(new, old)| (*old, new))
                .collect();
            for level in levels.iter_mut() {
                *level = place.get(level).copied().unwrap_or(0);
            }
            *names = pick(names, &used);
        }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.trials.len()
    }

    /// Never true: a table has at least one cell.
    pub fn is_empty(&self) -> bool {
        self.trials.is_empty()
    }

    /// The factors, in the order of the input.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Names of a factor's levels, if the factor is there.
    pub fn names(&self, role: Role) -> Option<&[String]> {
        self.place(role).map(|f| self.names[f].as_slice())
    }

    /// Level of every cell, if the factor is there.
    pub fn levels(&self, role: Role) -> Option<&[usize]> {
        self.place(role).map(|f| self.level_of[f].as_slice())
    }

    fn place(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|r| *r == role)
    }

    /// Successes of every cell.
    pub fn successes(&self) -> &[u64] {
        &self.successes
    }

    /// Trials of every cell.
    pub fn trials(&self) -> &[u64] {
        &self.trials
    }

    /// Logarithm to base 2 of the size of every cell's model.
    pub fn log2_size(&self) -> &[Option<f64>] {
        &self.log2_size
    }

    /// All traces.
    pub fn total(&self) -> u64 {
        self.trials.iter().fold(0, |a, b| a.saturating_add(*b))
    }

    /// All successes.
    pub fn total_successes(&self) -> u64 {
        self.successes.iter().fold(0, |a, b| a.saturating_add(*b))
    }

    /// Trials of every level of a factor; empty if the factor is not there.
    pub fn trials_by_level(&self, role: Role) -> Vec<u64> {
        let Some(f) = self.place(role) else {
            return Vec::new();
        };
        let mut totals = vec![0_u64; self.names[f].len()];
        for (level, n) in self.level_of[f].iter().zip(&self.trials) {
            totals[*level] = totals[*level].saturating_add(*n);
        }
        totals
    }

    /// For every level of `fine`, the one level of `coarse` it occurs with;
    /// `None` if a level occurs with several, or a factor is missing.
    pub fn nested(&self, fine: Role, coarse: Role) -> Option<Vec<usize>> {
        let (fine, coarse) = (self.place(fine)?, self.place(coarse)?);
        let mut parent = vec![None; self.names[fine].len()];
        for (f, c) in self.level_of[fine].iter().zip(&self.level_of[coarse]) {
            match parent[*f] {
                None => parent[*f] = Some(*c),
                Some(seen) if seen == *c => {}
                Some(_) => return None,
            }
        }
        parent.into_iter().collect()
    }

    /// Logarithm of the product of the cells' binomial coefficients: what a
    /// likelihood of counts has over one of single traces.
    pub fn log_binomial_coefficients(&self) -> f64 {
        sum(self.successes.iter().zip(&self.trials).map(|(x, n)| {
            let (x, n) = (count_u64(*x), count_u64(*n));
            libm::lgamma(n + 1.0) - libm::lgamma(x + 1.0) - libm::lgamma(n - x + 1.0)
        }))
    }
}

fn pick<T: Clone>(values: &[T], places: &[usize]) -> Vec<T> {
    places
        .iter()
        .filter_map(|i| values.get(*i).cloned())
        .collect()
}

fn check(
    factors: &[Factor],
    successes: &[u64],
    trials: &[u64],
    log2_size: &[Option<f64>],
) -> Estimable<()> {
    let rows = trials.len();
    let lengths_agree = successes.len() == rows
        && log2_size.len() == rows
        && factors.iter().all(|f| f.level_of.len() == rows);
    if !lengths_agree {
        return Err(NotEstimable::LengthMismatch);
    }
    let mut roles: Vec<Role> = factors.iter().map(|f| f.role).collect();
    roles.sort_unstable();
    roles.dedup();
    let in_range = roles.len() == factors.len()
        && successes.iter().zip(trials).all(|(x, n)| x <= n)
        && log2_size.iter().flatten().all(|s| s.is_finite())
        && factors
            .iter()
            .all(|f| f.level_of.iter().all(|l| *l < f.names.len()));
    if in_range {
        Ok(())
    } else {
        Err(NotEstimable::OutOfRange)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn factor(role: Role, level_of: &[usize]) -> Factor {
        let levels = level_of.iter().max().map_or(0, |m| m + 1);
        Factor {
            role,
            names: (0..levels).map(|l| format!("l{l}")).collect(),
            level_of: level_of.to_vec(),
        }
    }

    #[test]
    fn rows_of_the_same_cell_are_added_up_and_their_order_changes_nothing() {
        let one = Cells::new(
            &[
                factor(Role::Model, &[0, 1, 0]),
                factor(Role::Prompt, &[0, 0, 0]),
            ],
            &[1, 0, 0],
            &[1, 1, 2],
            &[None; 3],
        )
        .unwrap();
        assert_eq!((one.len(), one.total(), one.total_successes()), (2, 4, 1));
        let other = Cells::new(
            &[
                factor(Role::Model, &[0, 0, 1]),
                factor(Role::Prompt, &[0, 0, 0]),
            ],
            &[0, 1, 0],
            &[2, 1, 1],
            &[None; 3],
        )
        .unwrap();
        assert_eq!(one, other);
    }

    #[test]
    fn rows_without_trials_and_their_levels_are_left_out() {
        let cells = Cells::new(
            &[factor(Role::Model, &[0, 1, 2])],
            &[1, 0, 1],
            &[2, 0, 2],
            &[None; 3],
        )
        .unwrap();
        assert_eq!(cells.names(Role::Model).unwrap(), ["l0", "l2"]);
        assert_eq!(cells.levels(Role::Model).unwrap(), [0, 1]);
    }

    #[test]
    fn what_is_not_a_table_is_refused() {
        let f = factor(Role::Model, &[0, 1]);
        let two = |x: &[u64], n: &[u64]| Cells::new(std::slice::from_ref(&f), x, n, &[None; 2]);
        assert_eq!(two(&[1], &[1, 1]), Err(NotEstimable::LengthMismatch));
        assert_eq!(two(&[2, 0], &[1, 1]), Err(NotEstimable::OutOfRange));
        assert_eq!(two(&[0, 0], &[0, 0]), Err(NotEstimable::NoTraces));
        let twice = Cells::new(&[f.clone(), f], &[0, 0], &[1, 1], &[None; 2]);
        assert_eq!(twice, Err(NotEstimable::OutOfRange));
        assert_eq!(Cells::new(&[], &[], &[], &[]), Err(NotEstimable::NoTraces));
    }

    #[test]
    fn a_model_of_two_providers_is_not_nested() {
        let table = |providers: &[usize]| {
            Cells::new(
                &[
                    factor(Role::Model, &[0, 1, 0]),
                    factor(Role::Provider, providers),
                ],
                &[0; 3],
                &[1; 3],
                &[None; 3],
            )
            .unwrap()
        };
        assert_eq!(
            table(&[0, 1, 0]).nested(Role::Model, Role::Provider),
            Some(vec![0, 1])
        );
        assert_eq!(table(&[0, 1, 1]).nested(Role::Model, Role::Provider), None);
    }
}
