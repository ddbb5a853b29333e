//! Maximum likelihood for the hierarchical binomial model.
//!
//! `logit P(success) = b0 + b1 (log2 size - 5) + sum over factors of a normal
//! effect`. The likelihood is Laplace's ([`super::laplace`]), or for a single
//! factor adaptive quadrature ([`super::agq`]). A variance estimated at zero
//! is a legitimate estimate: the fit says `singular` and is given whole.
//! Standard errors come from the Hessian of the likelihood in all parameters,
//! as lme4's do (Bates et al. 2015).

use rayon::prelude::*;

use crate::{
    reason::{Estimable, NotEstimable},
    sums::count_u64,
};

use super::{
    agq,
    cells::{Cells, Role},
    cholesky::Cholesky,
    design::Design,
    laplace,
    minimise::minimise,
    mode,
    quadrature::gauss_hermite,
};

/// `log2 size` at which the intercept stands: 32 billion parameters.
pub const CENTRE_LOG2_B: f64 = 5.0;

/// Standard deviations below this are tried at zero (lme4's singular tolerance).
const NEAR_ZERO: f64 = 1e-3;

/// Loss of log likelihood at which a deviation of zero is still as good.
const AS_GOOD: f64 = 1e-8;

/// Coefficients on the logit scale beyond which the likelihood has no maximum
/// that data could have placed: rates of 1e-13.
const RUNAWAY: f64 = 30.0;

/// The same for deviations: at this one a third of the levels have rates below
/// 0.0001 or above 0.9999. Groups that always or never succeed drive it up
/// until Laplace's method breaks down.
const RUNAWAY_SD: f64 = 10.0;

/// Which approximation of the likelihood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approximation {
    /// Laplace's method.
    Laplace,
    /// Adaptive Gauss-Hermite quadrature with so many nodes; one factor only.
    Quadrature(usize),
}

/// A random-effects factor in a fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// What the levels are.
    pub role: Role,
    /// Estimated standard deviation of the effects on the logit scale.
    pub sd: f64,
    /// Conditional mode of every level's effect, in the order of the cells' names.
    pub modes: Vec<f64>,
    /// Standard deviation of every effect given the parameters, by the
    /// curvature at the mode; leaves out the error of the parameters.
    pub mode_errors: Vec<f64>,
}

/// A fixed coefficient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    /// Estimate on the logit scale.
    pub estimate: f64,
    /// Standard error; `SingularFit` where the Hessian has no inverse.
    pub se: Estimable<f64>,
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Logit at 32 billion parameters, or simply the logit without a slope.
    pub intercept: Coefficient,
    /// Change of the logit per doubling of parameters, if it is in the model.
    pub slope: Option<Coefficient>,
    /// The random effects, in the order asked for.
    pub components: Vec<Component>,
    /// Log likelihood of the single traces.
    pub log_likelihood: f64,
    /// Log likelihood of the counts: the same with the binomial coefficients.
    pub log_likelihood_of_counts: f64,
    /// Fixed coefficients and variances.
    pub parameters: usize,
    /// Whether a variance is estimated at zero.
    pub singular: bool,
}

impl Fit {
    /// Akaike's criterion of the single traces.
    pub fn aic(&self) -> f64 {
        -2.0 * self.log_likelihood + 2.0 * self.parameters as f64
    }

    /// The component of a factor.
    pub fn component(&self, role: Role) -> Option<&Component> {
        self.components.iter().find(|c| c.role == role)
    }

    /// Variance of a factor's effects; 0 if it is not in the model.
    pub fn variance(&self, role: Role) -> f64 {
        self.component(role).map_or(0.0, |c| c.sd * c.sd)
    }

    /// Sum of all variances.
    pub fn total_variance(&self) -> f64 {
        self.components.iter().map(|c| c.sd * c.sd).sum()
    }
}

/// Fits the model with the given factors, and the size if `with_size`.
///
/// # Errors
/// `NotGiven` for no factor or one the cells lack, `NoSizes` for a cell
/// without a size, `NoVariance` when all traces have the same outcome,
/// `OneGroup` for a factor with one level, `NoWithinDf` for one that has a
/// single trace at every level, `SingularFit` for a constant size,
/// `Separation` when the likelihood has no finite maximum, `NotConverged`.
pub fn fit(
    cells: &Cells,
    roles: &[Role],
    terms: Terms,
    approximation: Approximation,
) -> Estimable<Fit> {
    check(cells, roles, terms)?;
    let centre = (terms == Terms::WithSize).then_some(CENTRE_LOG2_B);
    let search = Search {
        design: Design::new(cells, roles, centre)?,
        rule: match approximation {
            Approximation::Laplace => None,
            Approximation::Quadrature(nodes) => Some(gauss_hermite(nodes)?),
        },
    };
    let found = search.run(start(cells, &search.design), &vec![true; roles.len()])?;
    search.report(cells, roles, found)
}

/// Twice the log likelihood that every component adds: the fit against the
/// one with that component's variance at zero, in the order of the components.
///
/// An entry fails as [`fit`] does when its reduced model does.
pub fn ratios(cells: &Cells, terms: Terms, fitted: &Fit) -> Vec<Estimable<f64>> {
    let roles: Vec<Role> = fitted.components.iter().map(|c| c.role).collect();
    let centre = (terms == Terms::WithSize).then_some(CENTRE_LOG2_B);
    let mut parameters: Vec<f64> = fitted.components.iter().map(|c| c.sd).collect();
    parameters.push(fitted.intercept.estimate);
    parameters.extend(fitted.slope.map(|s| s.estimate));
    (0..roles.len())
        .into_par_iter()
        .map(|f| {
            if parameters[f] == 0.0 {
                return Ok(0.0);
            }
            let search = Search {
                design: Design::new(cells, &roles, centre)?,
                rule: None,
            };
            let mut start = parameters.clone();
            for sd in start.iter_mut().take(roles.len()).filter(|sd| **sd == 0.0) {
                // A deviation at zero may rise once the other is gone.
                *sd = RESTART;
            }
            start[f] = 0.0;
            let free: Vec<bool> = (0..roles.len()).map(|g| g != f).collect();
            let reduced = search.run(start, &free)?;
            Ok((reduced.deviance + 2.0 * fitted.log_likelihood).max(0.0))
        })
        .collect()
}

/// Where a deviation starts again that another fit had at zero.
const RESTART: f64 = 0.3;

/// The fixed part of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// The intercept alone.
    Intercept,
    /// The intercept and the size's logarithm.
    WithSize,
}

fn check(cells: &Cells, roles: &[Role], terms: Terms) -> Estimable<()> {
    let successes = cells.total_successes();
    if successes == 0 || successes == cells.total() {
        return Err(NotEstimable::NoVariance);
    }
    for role in roles {
        let per_level = cells.trials_by_level(*role);
        match per_level.as_slice() {
            [] => return Err(NotEstimable::NotGiven),
            [_] => return Err(NotEstimable::OneGroup),
            several if several.iter().all(|n| *n == 1) => return Err(NotEstimable::NoWithinDf),
            _ => {}
        }
    }
    if terms == Terms::WithSize {
        let mut sizes = cells.log2_size().iter();
        let first = sizes
            .next()
            .copied()
            .flatten()
            .ok_or(NotEstimable::NoSizes)?;
        if sizes.all(|s| *s == Some(first)) {
            return Err(NotEstimable::SingularFit);
        }
    }
    Ok(())
}

fn start(cells: &Cells, design: &Design) -> Vec<f64> {
    let (x, n) = (count_u64(cells.total_successes()), count_u64(cells.total()));
    let mut parameters = vec![1.0; design.factors()];
    parameters.push(libm::log(x / (n - x)));
    parameters.resize(design.factors() + design.coefficients(), 0.0);
    parameters
}

/// Whether a parameter lies beyond its bound, `slack` times over.
fn runs_away(parameters: &[f64], factors: usize, slack: f64) -> bool {
    let (sd, fixed) = parameters.split_at(factors.min(parameters.len()));
    sd.iter().any(|v| v.abs() > slack * RUNAWAY_SD)
        || fixed.iter().any(|v| v.abs() > slack * RUNAWAY)
}

/// Where a search ended, with every standard deviation at or above zero.
struct Found {
    parameters: Vec<f64>,
    deviance: f64,
}

struct Search {
    design: Design,
    rule: Option<Vec<(f64, f64)>>,
}

impl Search {
    /// Minimises over the free parameters: deviations marked `free` and all
    /// coefficients. Deviations that come out near zero are tried at zero.
    fn run(&self, start: Vec<f64>, free: &[bool]) -> Estimable<Found> {
        let factors = self.design.factors();
        let is_free = |k: &usize| free.get(*k).copied().unwrap_or(true);
        let places: Vec<usize> = (0..start.len()).filter(is_free).collect();
        let mut whole = start;
        let mut effects = vec![0.0; self.design.effects()];
        let first = places.iter().map(|k| whole[*k]).collect();
        let minimum = minimise(first, |point| {
            for (k, value) in places.iter().zip(point) {
                whole[*k] = *value;
            }
            if runs_away(&whole, factors, 2.0) {
                return Err(NotEstimable::Separation);
            }
            let (value, slope) = self.evaluate(&whole, &mut effects)?;
            Ok((value, places.iter().map(|k| slope[*k]).collect()))
        });
        let runaway = runs_away(&whole, factors, 1.0);
        let minimum = match minimum {
            Ok(minimum) => minimum,
            Err(_) if runaway => return Err(NotEstimable::Separation),
            Err(reason) => return Err(reason),
        };
        for (k, value) in places.iter().zip(&minimum.at) {
            whole[*k] = *value;
        }
        for sd in whole.iter_mut().take(factors) {
            *sd = sd.abs();
        }
        if runs_away(&whole, factors, 1.0) {
            return Err(NotEstimable::Separation);
        }
        let found = Found {
            deviance: minimum.value,
            parameters: whole,
        };
        Ok(self.at_the_boundary(&found, free)?.unwrap_or(found))
    }

    /// The fit with the deviations near zero at zero, if it is as good.
    fn at_the_boundary(&self, found: &Found, free: &[bool]) -> Estimable<Option<Found>> {
        let mut start = found.parameters.clone();
        let mut still_free = free.to_vec();
        for (sd, free) in start.iter_mut().zip(&mut still_free) {
            if *sd < NEAR_ZERO {
                *sd = 0.0;
                *free = false;
            }
        }
        if still_free == free {
            return Ok(None);
        }
        let reduced = self.run(start, &still_free)?;
        Ok((reduced.deviance <= found.deviance + 2.0 * AS_GOOD).then_some(reduced))
    }

    fn evaluate(&self, parameters: &[f64], effects: &mut Vec<f64>) -> Estimable<(f64, Vec<f64>)> {
        let start = effects.clone();
        match &self.rule {
            None => {
                let there = laplace::evaluate(&self.design, parameters, start)?;
                *effects = there.mode.effects;
                Ok((there.deviance, there.gradient))
            }
            Some(rule) => {
                let mut at = |point: &[f64]| {
                    let mut from = start.clone();
                    let value = agq::deviance(&self.design, point, rule, &mut from)?;
                    *effects = from;
                    Ok(value)
                };
                let slope = (0..parameters.len())
                    .map(|k| {
                        let mut shifted = |by: f64| {
                            let mut point = parameters.to_vec();
                            point[k] += by;
                            at(&point)
                        };
                        Ok((shifted(STEP)? - shifted(-STEP)?) / (2.0 * STEP))
                    })
                    .collect::<Estimable<Vec<f64>>>()?;
                Ok((at(parameters)?, slope))
            }
        }
    }

    /// Standard errors of the coefficients, from the Hessian of half the
    /// deviance in the coefficients and the deviations that are not zero.
    fn errors(&self, found: &Found, effects: &[f64]) -> Vec<Estimable<f64>> {
        let factors = self.design.factors();
        let places: Vec<usize> = (0..found.parameters.len())
            .filter(|k| *k >= factors || found.parameters[*k] != 0.0)
            .collect();
        let inverse = self
            .hessian(&found.parameters, &places, effects)
            .and_then(|h| Cholesky::new(h, places.len()))
            .map(|factor| factor.inverse());
        let n = places.len();
        places
            .iter()
            .enumerate()
            .filter(|(_, k)| **k >= factors)
            .map(|(i, _)| match &inverse {
                Ok(inverse) => Ok(libm::sqrt(inverse[i * n + i])),
                Err(_) => Err(NotEstimable::SingularFit),
            })
            .collect()
    }

    fn hessian(&self, at: &[f64], places: &[usize], effects: &[f64]) -> Estimable<Vec<f64>> {
        let n = places.len();
        let mut rows = vec![0.0; n * n];
        for (i, k) in places.iter().enumerate() {
            let slope = |by: f64| {
                let mut point = at.to_vec();
                point[*k] += by;
                let mut start = effects.to_vec();
                Ok(self.evaluate(&point, &mut start)?.1)
            };
            let (up, down) = (slope(STEP)?, slope(-STEP)?);
            for (j, l) in places.iter().enumerate() {
                rows[i * n + j] = (up[*l] - down[*l]) / (4.0 * STEP);
            }
        }
        for i in 0..n {
            for j in 0..i {
                rows[i * n + j] = 0.5 * (rows[i * n + j] + rows[j * n + i]);
            }
        }
        Ok(rows)
    }

    fn report(&self, cells: &Cells, roles: &[Role], found: Found) -> Estimable<Fit> {
        let design = &self.design;
        let (sd, fixed) = found.parameters.split_at(design.factors());
        let mode = mode::find(design, sd, fixed, vec![0.0; design.effects()])?;
        let inverse = mode.system.inverse(design);
        let errors = self.errors(&found, &mode.effects);
        let mut coefficients = fixed.iter().zip(errors).map(|(estimate, se)| Coefficient {
            estimate: *estimate,
            se,
        });
        let intercept = coefficients.next().ok_or(NotEstimable::NotGiven)?;
        let slope = coefficients.next();
        let components = roles
            .iter()
            .enumerate()
            .map(|(f, role)| {
                let places = design.start[f]..design.start[f] + design.levels[f];
                Component {
                    role: *role,
                    sd: sd[f],
                    modes: places.clone().map(|p| sd[f] * mode.effects[p]).collect(),
                    mode_errors: places
                        .map(|p| sd[f] * libm::sqrt(inverse.diagonal(design, p)))
                        .collect(),
                }
            })
            .collect();
        let log_likelihood = -0.5 * found.deviance;
        Ok(Fit {
            intercept,
            slope,
            components,
            log_likelihood,
            log_likelihood_of_counts: log_likelihood + cells.log_binomial_coefficients(),
            parameters: found.parameters.len(),
            singular: sd.contains(&0.0),
        })
    }
}

/// Half the distance over which slopes are compared.
const STEP: f64 = 1e-4;
