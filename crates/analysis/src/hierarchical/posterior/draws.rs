//! The quantities that are read off every draw.

use super::{
    super::{
        cells::{Cells, Role},
        quadrature::Grid,
        shares,
    },
    density::Density,
};

/// Where each quantity stands in a draw. All are real numbers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    /// The factors in the order of the density.
    pub(crate) roles: Vec<Role>,
    /// Names of the levels of every factor whose effects are kept.
    pub(crate) kept: Vec<(usize, Vec<String>)>,
    /// The model of every model logit; empty without a model factor.
    pub(crate) models: Vec<String>,
    /// Whether there are shares between models.
    pub(crate) between: bool,
    size_variance: f64,
    size_mean: f64,
    model_size: Vec<f64>,
}

/// Per draw: intercept, slope, then per factor deviation, latent share and
/// response share, then the shares between models (provider and scale of all
/// three, provider without scale), then model logits and rates, then effects.
pub(crate) const HEAD: usize = 2;
pub(crate) const PER_FACTOR: usize = 3;
pub(crate) const BETWEEN: usize = 3;

impl Layout {
    /// Sizes are those of the models, centred, with their mean and variance.
    pub(crate) fn new(
        cells: &Cells,
        density: &Density,
        model_size: Vec<f64>,
        size_mean: f64,
        size_variance: f64,
    ) -> Self {
        let roles: Vec<Role> = density.groups.iter().map(|g| g.role).collect();
        let names = |role: Role| cells.names(role).unwrap_or_default().to_vec();
        let kept = roles
            .iter()
            .enumerate()
            .filter(|(_, role)| !matches!(role, Role::Prompt | Role::Model))
            .map(|(f, role)| (f, names(*role)))
            .collect();
        let models = if roles.contains(&Role::Model) {
            names(Role::Model)
        } else {
            Vec::new()
        };
        Layout {
            between: roles.contains(&Role::Provider) && roles.contains(&Role::Model),
            roles,
            kept,
            models,
            size_variance,
            size_mean,
            model_size,
        }
    }

    fn group(&self, role: Role) -> Option<usize> {
        self.roles.iter().position(|r| *r == role)
    }

    /// The place of a factor's deviation, followed by its two shares.
    pub(crate) fn factor(&self, f: usize) -> usize {
        HEAD + PER_FACTOR * f
    }

    /// The place of the shares between models.
    pub(crate) fn shares(&self) -> usize {
        self.factor(self.roles.len())
    }

    /// The place of the first model's logit; the rates follow the logits.
    pub(crate) fn logits(&self) -> usize {
        self.shares() + BETWEEN
    }

    /// The place of the first kept effect of `kept[i]`.
    pub(crate) fn effects(&self, i: usize) -> usize {
        let before: usize = self.kept.iter().take(i).map(|(_, names)| names.len()).sum();
        self.logits() + 2 * self.models.len() + before
    }

    /// Reads a position.
    pub(crate) fn read(&self, density: &Density, q: &[f64]) -> Vec<f64> {
        let (intercept, slope, log_sd) = density.head(q);
        let tree = density.tree(q);
        let grid = Grid::coarse();
        let effect = |f: usize, level: usize| tree.level[f][level] - tree.mean[f][level];
        let variances: Vec<f64> = log_sd.iter().map(|ls| libm::exp(2.0 * ls)).collect();
        let total: f64 = variances.iter().sum();
        let centre = intercept + slope * self.size_mean;
        let mut draw = vec![intercept, slope];
        for (ls, variance) in log_sd.iter().zip(&variances) {
            draw.extend([
                libm::exp(*ls),
                shares::latent(*variance, total),
                shares::response_on(&grid, centre, *variance, total),
            ]);
        }
        let of = |role: Role| self.group(role).map_or(0.0, |f| variances[f]);
        let (provider, model) = (of(Role::Provider), of(Role::Model));
        let all = shares::between_models(provider, model, slope, self.size_variance);
        let both = shares::between_models(provider, model, 0.0, 0.0);
        let [of_all, scale, _] = all.unwrap_or_default();
        let [of_both, ..] = both.unwrap_or_default();
        draw.extend([of_all, scale, of_both]);
        if let Some(f) = self.group(Role::Model) {
            let own = provider + model;
            let home = density.groups[f].parent.as_ref();
            let logits: Vec<f64> = (0..self.models.len())
                .map(|m| {
                    let size = self.model_size.get(m).copied().unwrap_or(0.0);
                    let above = home.map_or(0.0, |(p, of)| effect(*p, of[m]));
                    intercept + slope * size + above + effect(f, m)
                })
                .collect();
            let rest = (total - own).max(0.0);
            draw.extend(&logits);
            draw.extend(logits.iter().map(|l| grid.mean_rate(*l, rest)));
        }
        for (f, names) in &self.kept {
            draw.extend((0..names.len()).map(|level| effect(*f, level)));
        }
        draw
    }
}
