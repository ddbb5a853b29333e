//! The cells of one fit, laid out for block elimination.
//!
//! The factor with the most levels (the prompts, as a rule) has a diagonal
//! block in the penalised normal equations and is eliminated: cells are put in
//! the order of its levels, and each level keeps the list of the other
//! factors' levels it meets (its slots). Work per pass is linear in the cells
//! plus the squared slots of every eliminated level.

use crate::{
    reason::{Estimable, NotEstimable},
    sums::count_u64,
};

use super::cells::{Cells, Role};

/// What a fit sees of the cells.
#[derive(Clone, Debug)]
pub(crate) struct Design {
    /// Successes, trials, and the covariate if it is in the model, per cell.
    pub(crate) successes: Vec<f64>,
    pub(crate) trials: Vec<f64>,
    pub(crate) covariate: Option<Vec<f64>>,
    /// Per factor and cell: the place of the effect in the vector of all effects.
    pub(crate) place: Vec<Vec<usize>>,
    /// Per factor: the first place of its levels, and their number.
    pub(crate) start: Vec<usize>,
    pub(crate) levels: Vec<usize>,
    /// The eliminated factor, and the effects before its own.
    pub(crate) eliminated: usize,
    pub(crate) dense: usize,
    /// Cells of every eliminated level: `first[q]..first[q + 1]`.
    pub(crate) first: Vec<usize>,
    /// Slots of every eliminated level, and the dense place of each.
    pub(crate) first_slot: Vec<usize>,
    pub(crate) slot_place: Vec<usize>,
    /// The factor that each dense place belongs to.
    pub(crate) factor_of: Vec<usize>,
    /// Per factor and cell: the slot; empty for the eliminated factor.
    pub(crate) slot: Vec<Vec<usize>>,
}

impl Design {
    /// Lays out the cells for the given factors.
    ///
    /// # Errors
    /// `NotGiven` for a factor the cells do not have or for none at all,
    /// `NoSizes` if the covariate is asked for and a cell has no size.
    pub(crate) fn new(cells: &Cells, roles: &[Role], covariate: Option<f64>) -> Estimable<Self> {
        let mut columns = Vec::with_capacity(roles.len());
        for role in roles {
            let names = cells.names(*role).ok_or(NotEstimable::NotGiven)?;
            let levels = cells.levels(*role).ok_or(NotEstimable::NotGiven)?;
            columns.push((names.len(), levels));
        }
        // The first of the longest, so that the order of the roles decides ties.
        let longest = columns
            .iter()
            .map(|c| c.0)
            .max()
            .ok_or(NotEstimable::NotGiven)?;
        let eliminated = columns
            .iter()
            .position(|c| c.0 == longest)
            .ok_or(NotEstimable::NotGiven)?;
        let mut order: Vec<usize> = (0..cells.len()).collect();
        order.sort_by_key(|i| columns[eliminated].1[*i]);

        let levels: Vec<usize> = columns.iter().map(|c| c.0).collect();
        let mut start = vec![0; levels.len()];
        let mut dense = 0;
        for (f, count) in levels.iter().enumerate() {
            if f != eliminated {
                start[f] = dense;
                dense += count;
            }
        }
        start[eliminated] = dense;
        let place: Vec<Vec<usize>> = columns
            .iter()
            .zip(&start)
            .map(|((_, level), s)| order.iter().map(|i| s + level[*i]).collect())
            .collect();
        let covariate = covariate
            .map(|centre| {
                let sizes = order.iter().map(|i| cells.log2_size()[*i]);
                sizes
                    .map(|s| s.map(|s| s - centre).ok_or(NotEstimable::NoSizes))
                    .collect()
            })
            .transpose()?;
        let mut factor_of = vec![0; dense];
        for (f, (s, count)) in start.iter().zip(&levels).enumerate() {
            if f != eliminated {
                factor_of[*s..s + count].fill(f);
            }
        }
        let mut design = Design {
            successes: order
                .iter()
                .map(|i| count_u64(cells.successes()[*i]))
                .collect(),
            trials: order
                .iter()
                .map(|i| count_u64(cells.trials()[*i]))
                .collect(),
            covariate,
            slot: vec![Vec::new(); levels.len()],
            place,
            start,
            levels,
            eliminated,
            dense,
            first: Vec::new(),
            first_slot: Vec::new(),
            slot_place: Vec::new(),
            factor_of,
        };
        design.lay_out_slots();
        Ok(design)
    }

    fn lay_out_slots(&mut self) {
        let cells = self.trials.len();
        let own = &self.place[self.eliminated];
        let mut first = vec![0];
        for i in 1..=cells {
            if i == cells || own[i] != own[i - 1] {
                first.push(i);
            }
        }
        let others: Vec<usize> = (0..self.levels.len())
            .filter(|f| *f != self.eliminated)
            .collect();
        self.first_slot.push(0);
        for range in first.windows(2) {
            let range = range[0]..range[1];
            let mut met: Vec<usize> = others
                .iter()
                .flat_map(|f| self.place[*f][range.clone()].iter().copied())
                .collect();
            met.sort_unstable();
            met.dedup();
            let base = self.slot_place.len();
            for f in &others {
                for place in &self.place[*f][range.clone()] {
                    let within = met.binary_search(place).unwrap_or(0);
                    self.slot[*f].push(base + within);
                }
            }
            self.slot_place.extend(met);
            self.first_slot.push(self.slot_place.len());
        }
        self.first = first;
    }

    /// Number of cells.
    pub(crate) fn cells(&self) -> usize {
        self.trials.len()
    }

    /// Number of factors.
    pub(crate) fn factors(&self) -> usize {
        self.levels.len()
    }

    /// Number of random effects.
    pub(crate) fn effects(&self) -> usize {
        self.dense + self.levels[self.eliminated]
    }

    /// Number of fixed coefficients.
    pub(crate) fn coefficients(&self) -> usize {
        1 + usize::from(self.covariate.is_some())
    }

    /// The linear predictor of every cell.
    pub(crate) fn predictor(&self, sd: &[f64], fixed: &[f64], effects: &[f64]) -> Vec<f64> {
        let intercept = fixed.first().copied().unwrap_or(0.0);
        let mut eta = vec![intercept; self.cells()];
        if let (Some(x), Some(slope)) = (&self.covariate, fixed.get(1)) {
            for (e, x) in eta.iter_mut().zip(x) {
                *e += slope * x;
            }
        }
        for (place, s) in self.place.iter().zip(sd) {
            for (e, p) in eta.iter_mut().zip(place) {
                *e += s * effects[*p];
            }
        }
        eta
    }

    /// Adds up a value per cell over the levels of every factor.
    pub(crate) fn by_effect(&self, per_cell: &[f64]) -> Vec<f64> {
        let mut totals = vec![0.0; self.effects()];
        for place in &self.place {
            for (p, v) in place.iter().zip(per_cell) {
                totals[*p] += v;
            }
        }
        totals
    }

    /// The factor of a place in the vector of all effects.
    pub(crate) fn factor(&self, place: usize) -> usize {
        self.factor_of
            .get(place)
            .copied()
            .unwrap_or(self.eliminated)
    }
}
