//! The posterior's logarithm and its gradient, over cells.
//!
//! Effects are sampled as levels, not as deviations: a model's parameter
//! stands for its whole logit, a provider's for the mean logit of its models.
//! Data that say much about a level then do not tie it to its parents'
//! parameters. Levels of which the data say little are sampled as multiples of
//! the standard deviation instead, and in between in between (partial
//! centring, Papaspiliopoulos, Roberts and Skoeld 2007): with `c` the share of
//! a level's variance that the data would remove if the standard deviation
//! were as small as it may well be,
//! `level = mean + s^(1 - c) (t - c mean)`, `t ~ N(c mean, s^(2 c))`
//! (the form of Gorinova, Moore and Hoffman 2020).
//! Every `c` gives the same posterior; it only has to be fixed beforehand.
//!
//! The order of the parameters: intercept, slope if there is one, logarithms
//! of the standard deviations, then `t` of every factor's levels.

use crate::{
    reason::{Estimable, NotEstimable},
    sums::count_u64,
};

use super::{
    super::{
        cells::{Cells, Role},
        exponential::exp_to_zero,
        fit::CENTRE_LOG2_B,
    },
    prior::Priors,
};

/// One factor's levels.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) role: Role,
    pub(crate) levels: usize,
    /// The place of the first `t`.
    pub(crate) start: usize,
    /// The factor that this one is nested in, and the level of each level.
    pub(crate) parent: Option<(usize, Vec<usize>)>,
    /// Whether the intercept is part of the levels' means.
    intercept: bool,
    /// The size of every level, if the slope is part of the means.
    pub(crate) size: Option<Vec<f64>>,
    /// `c` of every level.
    centring: Vec<f64>,
}

/// Everything that the density needs, and room to work in.
#[derive(Clone, Debug)]
pub(crate) struct Density {
    pub(crate) groups: Vec<Group>,
    pub(crate) with_slope: bool,
    priors: Priors,
    successes: Vec<f64>,
    trials: Vec<f64>,
    /// The size of every cell, if no factor carries the slope.
    size: Option<Vec<f64>>,
    leaves: Vec<Leaf>,
    eta: Vec<f64>,
}

/// A factor that no other is nested in.
#[derive(Clone, Debug)]
struct Leaf {
    group: usize,
    /// The level of every cell.
    level: Vec<u32>,
    /// The same as stretches of cells with one level, each with its last cell
    /// plus one, where there are few: sums over a stretch need no memory.
    stretches: Option<Vec<(u32, usize)>>,
}

impl Leaf {
    fn new(group: usize, levels: &[usize]) -> Self {
        let narrow = |l: &usize| u32::try_from(*l).unwrap_or(u32::MAX);
        let level: Vec<u32> = levels.iter().map(narrow).collect();
        let mut stretches = Vec::new();
        let mut end = 0;
        for stretch in level.chunk_by(|a, b| a == b) {
            end += stretch.len();
            stretches.extend(stretch.first().map(|l| (*l, end)));
        }
        Leaf {
            group,
            stretches: (stretches.len() * 8 <= level.len()).then_some(stretches),
            level,
        }
    }

    /// Adds up a value per cell by level.
    fn add_up(&self, per_cell: &[f64], totals: &mut [f64]) {
        if let Some(stretches) = &self.stretches {
            let mut first = 0;
            for (level, end) in stretches {
                let lanes = in_four(&per_cell[first..*end], 0.0, |a, b| a + b);
                totals[*level as usize] += lanes.iter().sum::<f64>();
                first = *end;
            }
        } else {
            for (level, value) in self.level.iter().zip(per_cell) {
                totals[*level as usize] += value;
            }
        }
    }
}

/// Means, levels and, on the way back, slopes by level, per factor.
pub(crate) struct Tree {
    pub(crate) mean: Vec<Vec<f64>>,
    pub(crate) level: Vec<Vec<f64>>,
}

impl Density {
    /// Lays out the parameters. `deviations` are rough standard deviations of
    /// the factors, in the order of `roles`, for the centring alone.
    ///
    /// # Errors
    /// `NotGiven` for no factor, `NoSizes` for a cell without a size.
    pub(crate) fn new(
        cells: &Cells,
        roles: &[Role],
        with_slope: bool,
        priors: Priors,
        deviations: &[f64],
    ) -> Estimable<Self> {
        let sizes: Option<Vec<f64>> = if with_slope {
            let known = cells.log2_size().iter();
            let centred = known.map(|s| s.map(|s| s - CENTRE_LOG2_B).ok_or(NotEstimable::NoSizes));
            Some(centred.collect::<Estimable<_>>()?)
        } else {
            None
        };
        // Coarse factors first, so that parents come before children.
        let mut roles: Vec<(Role, f64)> = roles
            .iter()
            .copied()
            .zip(deviations.iter().copied())
            .collect();
        roles.sort_by_key(|(role, _)| rank(*role));
        let has = |role: Role| roles.iter().position(|(r, _)| *r == role);
        let parent_of = |role: Role| {
            let coarse = match role {
                Role::Model => Role::Provider,
                Role::Prompt => Role::Technique,
                _ => return None,
            };
            Some((has(coarse)?, cells.nested(role, coarse)?))
        };
        let model_is_nested = has(Role::Model).is_some() && parent_of(Role::Model).is_some();
        let carrier = if model_is_nested {
            has(Role::Provider)
        } else {
            has(Role::Model).or(Some(0))
        };
        let mut groups = Vec::with_capacity(roles.len());
        let mut start = 1 + usize::from(with_slope) + roles.len();
        for (f, (role, sd)) in roles.iter().enumerate() {
            let levels = cells.names(*role).ok_or(NotEstimable::NotGiven)?.len();
            groups.push(Group {
                role: *role,
                levels,
                start,
                parent: parent_of(*role),
                intercept: carrier == Some(f),
                size: match (&sizes, role) {
                    (Some(sizes), Role::Model) => constant_within(cells, *role, sizes),
                    _ => None,
                },
                centring: centring(&information(cells, *role), *sd),
            });
            start += levels;
        }
        if groups.is_empty() {
            return Err(NotEstimable::NotGiven);
        }
        centre_parents(&mut groups, cells, &roles);
        let is_parent = |f: usize| {
            groups
                .iter()
                .any(|g: &Group| g.parent.as_ref().is_some_and(|p| p.0 == f))
        };
        let leaves = (0..groups.len())
            .filter(|f| !is_parent(*f))
            .map(|f| Leaf::new(f, cells.levels(groups[f].role).unwrap_or_default()))
            .collect();
        let carried = groups.iter().any(|g| g.size.is_some());
        Ok(Density {
            groups,
            with_slope,
            priors,
            successes: cells.successes().iter().map(|v| count_u64(*v)).collect(),
            trials: cells.trials().iter().map(|v| count_u64(*v)).collect(),
            size: if carried { None } else { sizes },
            leaves,
            eta: vec![0.0; cells.len()],
        })
    }

    /// Number of parameters.
    pub(crate) fn dimension(&self) -> usize {
        self.groups.last().map_or(0, |g| g.start + g.levels)
    }

    fn log_sd_place(&self, group: usize) -> usize {
        1 + usize::from(self.with_slope) + group
    }

    /// Intercept, slope (0 without one) and logarithms of the deviations.
    pub(crate) fn head<'a>(&self, q: &'a [f64]) -> (f64, f64, &'a [f64]) {
        let fixed = 1 + usize::from(self.with_slope);
        let slope = if self.with_slope { q[1] } else { 0.0 };
        (q[0], slope, &q[fixed..fixed + self.groups.len()])
    }

    /// Means and levels of every factor.
    pub(crate) fn tree(&self, q: &[f64]) -> Tree {
        let (intercept, slope, log_sd) = self.head(q);
        let mut tree = Tree {
            mean: Vec::with_capacity(self.groups.len()),
            level: Vec::with_capacity(self.groups.len()),
        };
        for (group, log_sd) in self.groups.iter().zip(log_sd) {
            let base = if group.intercept { intercept } else { 0.0 };
            let mut mean = vec![base; group.levels];
            if let Some(size) = &group.size {
                for (m, x) in mean.iter_mut().zip(size) {
                    *m += slope * x;
                }
            }
            if let Some((parent, of)) = &group.parent {
                for (m, p) in mean.iter_mut().zip(of) {
                    *m += tree.level[*parent][*p];
                }
            }
            let t = &q[group.start..group.start + group.levels];
            let level = mean
                .iter()
                .zip(t.iter().zip(&group.centring))
                .map(|(m, (t, c))| m + libm::exp((1.0 - c) * log_sd) * (t - c * m))
                .collect();
            tree.mean.push(mean);
            tree.level.push(level);
        }
        tree
    }

    /// The parameters at which the model has the given values: the inverse of
    /// [`Density::tree`], for starting points.
    pub(crate) fn place(
        &self,
        intercept: f64,
        slope: f64,
        log_sd: &[f64],
        effects: &[Vec<f64>],
    ) -> Vec<f64> {
        let mut q = vec![intercept];
        if self.with_slope {
            q.push(slope);
        }
        q.extend(log_sd);
        q.resize(self.dimension(), 0.0);
        for ((f, group), effects) in self.groups.iter().enumerate().zip(effects) {
            let mean = self.tree(&q).mean.swap_remove(f);
            for (k, (m, (e, c))) in mean
                .iter()
                .zip(effects.iter().zip(&group.centring))
                .enumerate()
            {
                q[group.start + k] = c * m + e * libm::exp((c - 1.0) * log_sd[f]);
            }
        }
        q
    }

    /// The posterior's logarithm, up to a constant, and its gradient.
    pub(crate) fn evaluate(&mut self, q: &[f64], gradient: &mut [f64]) -> f64 {
        let (intercept, slope, log_sd) = self.head(q);
        let tree = self.tree(q);
        gradient.fill(0.0);
        let mut value = self.likelihood(slope, &tree);
        // `eta` now holds the residuals y - n p.
        let mut pull: Vec<Vec<f64>> = self.groups.iter().map(|g| vec![0.0; g.levels]).collect();
        for leaf in &self.leaves {
            leaf.add_up(&self.eta, &mut pull[leaf.group]);
        }
        let mut by_intercept = 0.0;
        let mut by_slope = match &self.size {
            Some(x) => x.iter().zip(&self.eta).map(|(x, r)| x * r).sum(),
            None => 0.0,
        };
        for (f, group) in self.groups.iter().enumerate().rev() {
            let (above, own) = pull.split_at_mut(f);
            let Some(own) = own.first() else { continue };
            let ls = log_sd[f];
            let mut by_log_sd = 0.0;
            for (k, pull) in own.iter().enumerate() {
                let (c, mean) = (group.centring[k], tree.mean[f][k]);
                let t = q[group.start + k];
                let spread = libm::exp((1.0 - c) * ls);
                let precision = libm::exp(-2.0 * c * ls);
                let gap = t - c * mean;
                value -= 0.5 * gap * gap * precision + c * ls;
                gradient[group.start + k] = pull * spread - gap * precision;
                by_log_sd += pull * (1.0 - c) * spread * gap + c * (gap * gap * precision - 1.0);
                let by_mean = pull * (1.0 - c * spread) + c * gap * precision;
                if group.intercept {
                    by_intercept += by_mean;
                }
                if let Some(size) = &group.size {
                    by_slope += by_mean * size[k];
                }
                if let Some((parent, of)) = &group.parent {
                    above[*parent][of[k]] += by_mean;
                }
            }
            // Half-normal on the deviation, and the Jacobian of its logarithm.
            let scaled = libm::exp(ls) / self.priors.deviation;
            value += ls - 0.5 * scaled * scaled;
            gradient[self.log_sd_place(f)] = by_log_sd + 1.0 - scaled * scaled;
        }
        let normal = |v: f64, scale: f64| (-0.5 * v * v / (scale * scale), -v / (scale * scale));
        let (log, by) = normal(intercept, self.priors.intercept);
        value += log;
        gradient[0] = by_intercept + by;
        if self.with_slope {
            let (log, by) = normal(slope, self.priors.slope);
            value += log;
            gradient[1] = by_slope + by;
        }
        value
    }

    /// The cells' log likelihood; leaves their residuals in `eta`.
    fn likelihood(&mut self, slope: f64, tree: &Tree) -> f64 {
        self.eta.fill(0.0);
        for leaf in &self.leaves {
            let level = &tree.level[leaf.group];
            for (eta, place) in self.eta.iter_mut().zip(&leaf.level) {
                *eta += level[*place as usize];
            }
        }
        if let Some(x) = &self.size {
            for (eta, x) in self.eta.iter_mut().zip(x) {
                *eta += slope * x;
            }
        }
        let mut value = 0.0;
        let counts = self.successes.chunks(LOGS).zip(self.trials.chunks(LOGS));
        let (mut powers, mut linear) = ([0.0; LOGS], [0.0; LOGS]);
        for (eta, (successes, trials)) in self.eta.chunks_mut(LOGS).zip(counts) {
            let cells = eta.iter_mut().zip(successes.iter().zip(trials));
            let places = powers.iter_mut().zip(&mut linear);
            for ((eta, (y, n)), (power, linear)) in cells.zip(places) {
                let e = exp_to_zero(-eta.abs());
                let p = if *eta >= 0.0 { 1.0 } else { e } / (1.0 + e);
                *power = e;
                *linear = y * *eta - n * eta.max(0.0);
                *eta = y - n * p;
            }
            let (powers, linear) = (&powers[..trials.len()], &linear[..trials.len()]);
            value += in_four(linear, 0.0, |a, b| a + b).iter().sum::<f64>();
            if trials.iter().all(|n| *n == 1.0) {
                // One logarithm for a run of single traces: their factors
                // 1 + exp(-|eta|) lie between 1 and 2.
                let product: f64 = in_four(powers, 1.0, |a, e| a + a * e).iter().product();
                value -= libm::log(product);
            } else {
                let logs = powers.iter().zip(trials).map(|(e, n)| n * libm::log1p(*e));
                value -= logs.sum::<f64>();
            }
        }
        value
    }
}

/// Folds every fourth value, so that four can be worked on at a time.
fn in_four(values: &[f64], start: f64, fold: impl Fn(f64, f64) -> f64) -> [f64; 4] {
    let mut lanes = [start; 4];
    let mut fours = values.chunks_exact(4);
    for four in &mut fours {
        for (lane, v) in lanes.iter_mut().zip(four) {
            *lane = fold(*lane, *v);
        }
    }
    for (lane, v) in lanes.iter_mut().zip(fours.remainder()) {
        *lane = fold(*lane, *v);
    }
    lanes
}

/// Cells that are worked on together. If all are single traces they share a
/// logarithm; 2^512 is far from overflow.
const LOGS: usize = 512;

fn rank(role: Role) -> u8 {
    match role {
        Role::Provider => 0,
        Role::Technique => 1,
        Role::Model => 2,
        Role::Prompt => 3,
        Role::Grader => 4,
    }
}

/// The value of every level, if it is the same in all of a level's cells.
fn constant_within(cells: &Cells, role: Role, values: &[f64]) -> Option<Vec<f64>> {
    let mut of_level = vec![None; cells.names(role)?.len()];
    for (level, value) in cells.levels(role)?.iter().zip(values) {
        match of_level[*level] {
            None => of_level[*level] = Some(*value),
            Some(seen) if seen == *value => {}
            Some(_) => return None,
        }
    }
    of_level.into_iter().collect()
}

/// What the data say of every level's logit: `n p (1 - p)` at its own rate,
/// half a success and half a failure added.
fn information(cells: &Cells, role: Role) -> Vec<f64> {
    let mut counts = vec![(0.0, 0.0); cells.names(role).map_or(0, <[String]>::len)];
    let rows = cells.successes().iter().zip(cells.trials());
    for (level, (x, n)) in cells.levels(role).unwrap_or_default().iter().zip(rows) {
        counts[*level].0 += count_u64(*x);
        counts[*level].1 += count_u64(*n);
    }
    counts
        .iter()
        .map(|(x, n)| {
            let p = (x + 0.5) / (n + 1.0);
            n * p * (1.0 - p)
        })
        .collect()
}

/// `c` of every level: the share of its variance that the data remove, for a
/// standard deviation three standard errors below the rough one. Where the
/// deviation may be zero nothing is centred, and the posterior has no funnel.
fn centring(information: &[f64], sd: f64) -> Vec<f64> {
    let removed = |variance: f64| {
        information
            .iter()
            .map(move |i| i * variance / (1.0 + i * variance))
    };
    // A deviation estimated from so many levels errs by 1 / sqrt(2 levels).
    let worth: f64 = removed(sd * sd).sum();
    let low = sd * (1.0 - 3.0 / libm::sqrt(2.0 * worth)).max(0.0);
    removed(low * low).collect()
}

/// A parent is known through its children: each is worth the inverse of its
/// own variance and its error's.
fn centre_parents(groups: &mut [Group], cells: &Cells, roles: &[(Role, f64)]) {
    let known: Vec<(usize, Vec<f64>)> = groups
        .iter()
        .zip(roles)
        .filter_map(|(child, (role, sd))| {
            let (parent, of) = child.parent.as_ref()?;
            let mut total = vec![0.0; groups[*parent].levels];
            for (p, i) in of.iter().zip(information(cells, *role)) {
                total[*p] += i / (1.0 + i * sd * sd);
            }
            Some((*parent, total))
        })
        .collect();
    for (parent, information) in known {
        groups[parent].centring = centring(&information, roles[parent].1);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::hierarchical::cells::Factor;

    /// All five factors: models in providers, prompts in techniques, two
    /// graders; single traces and counts; every fourth model without traces.
    fn cells(model_has_one_size: bool) -> Cells {
        let rows = 0..96_usize;
        let factor = |role, level: &dyn Fn(usize) -> usize| {
            let level_of: Vec<usize> = rows.clone().map(level).collect();
            let levels = level_of.iter().max().unwrap() + 1;
            Factor {
                role,
                names: (0..levels).map(|l| l.to_string()).collect(),
                level_of,
            }
        };
        let factors = [
            factor(Role::Model, &|i| i % 8),
            factor(Role::Provider, &|i| (i % 8) / 3),
            factor(Role::Prompt, &|i| i / 8),
            factor(Role::Technique, &|i| (i / 8) % 4),
            factor(Role::Grader, &|i| i % 2),
        ];
        let trials: Vec<u64> = rows.clone().map(|i| 1 + (i % 3) as u64 / 2).collect();
        let successes: Vec<u64> = rows.clone().map(|i| ((i * i) % 5) as u64 / 3).collect();
        let sizes: Vec<Option<f64>> = rows
            .map(|i| Some(if model_has_one_size { i % 8 } else { i % 7 } as f64))
            .collect();
        Cells::new(&factors, &successes, &trials, &sizes).unwrap()
    }

    fn position(dimension: usize) -> Vec<f64> {
        (0..dimension)
            .map(|k| ((k * 37 + 11) % 19) as f64 / 12.0 - 0.7)
            .collect()
    }

    #[test]
    fn the_gradient_agrees_with_differences_of_the_density() {
        for (one_size, with_slope) in [(true, true), (false, true), (true, false)] {
            let cells = cells(one_size);
            let deviations = [0.7, 0.4, 1.3, 0.2, 0.6];
            let mut density = Density::new(
                &cells,
                cells.roles(),
                with_slope,
                Priors::default(),
                &deviations,
            )
            .unwrap();
            let q = position(density.dimension());
            let mut gradient = vec![0.0; q.len()];
            density.evaluate(&q, &mut gradient);
            let mut unused = gradient.clone();
            for (k, slope) in gradient.iter().enumerate() {
                let mut at = |by: f64| {
                    let mut moved = q.clone();
                    moved[k] += by;
                    density.evaluate(&moved, &mut unused)
                };
                let h = 1e-3;
                let fourth = 8.0 * (at(h) - at(-h)) - at(2.0 * h) + at(-2.0 * h);
                let difference = fourth / (12.0 * h);
                assert!(
                    (difference - slope).abs() < 1e-8 * (1.0 + slope.abs()),
                    "parameter {k}: {slope} against {difference}"
                );
            }
        }
    }

    #[test]
    fn every_centring_is_the_same_posterior() {
        // At the same intercept, slope, deviations and effects, densities may
        // differ by the Jacobian of t alone: the sum of (1 - c) log s.
        let cells = cells(true);
        let log_sd = [-0.3, 0.2, -0.6, 0.1, 0.4];
        let value = |deviations: &[f64; 5], shift: f64| {
            let mut density =
                Density::new(&cells, cells.roles(), true, Priors::default(), deviations).unwrap();
            let effects: Vec<Vec<f64>> = density
                .groups
                .iter()
                .map(|g| {
                    (0..g.levels)
                        .map(|k| shift - 0.1 * (k % 5) as f64)
                        .collect()
                })
                .collect();
            let q = density.place(-0.4, 0.15, &log_sd, &effects);
            let mut gradient = vec![0.0; q.len()];
            let jacobian: f64 = density
                .groups
                .iter()
                .zip(&log_sd)
                .map(|(g, ls)| g.centring.iter().map(|c| (1.0 - c) * ls).sum::<f64>())
                .sum();
            density.evaluate(&q, &mut gradient) - jacobian
        };
        for shift in [0.1, 0.9] {
            let (low, high) = (value(&[1e-4; 5], shift), value(&[1e3; 5], shift));
            assert!((low - high).abs() < 1e-9, "{low} against {high}");
        }
    }

    #[test]
    fn a_place_gives_back_the_effects_it_was_made_from() {
        let cells = cells(true);
        let density =
            Density::new(&cells, cells.roles(), true, Priors::default(), &[0.5; 5]).unwrap();
        let effects: Vec<Vec<f64>> = density.groups.iter().map(|g| position(g.levels)).collect();
        let q = density.place(0.3, -0.2, &[-0.5, 0.3, 0.1, 0.2, 0.0], &effects);
        let tree = density.tree(&q);
        for ((level, mean), effects) in tree.level.iter().zip(&tree.mean).zip(&effects) {
            for (k, e) in effects.iter().enumerate() {
                assert!((level[k] - mean[k] - e).abs() < 1e-12);
            }
        }
    }
}
