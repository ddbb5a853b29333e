//! The model at given parameters: for profiles, and to compare with other software.

use crate::reason::{Estimable, NotEstimable};

use super::{
    cells::{Cells, Role},
    design::Design,
    fit::{CENTRE_LOG2_B, Terms},
    laplace,
};

/// What the likelihood says at given parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Log likelihood of the single traces, by Laplace's method.
    pub log_likelihood: f64,
    /// Slope of the log likelihood: deviations first, then coefficients.
    pub gradient: Vec<f64>,
    /// Conditional modes of every factor's effects.
    pub modes: Vec<Vec<f64>>,
}

/// Evaluates the model at a standard deviation per factor and the fixed
/// coefficients (the intercept, then the slope if `terms` has one).
///
/// # Errors
/// `LengthMismatch` for the wrong number of parameters, `OutOfRange` for one
/// that is not finite, `NotGiven` and `NoSizes` as for [`super::fit()`].
pub fn at(
    cells: &Cells,
    roles: &[Role],
    terms: Terms,
    deviations: &[f64],
    coefficients: &[f64],
) -> Estimable<Point> {
    let centre = (terms == Terms::WithSize).then_some(CENTRE_LOG2_B);
    let design = Design::new(cells, roles, centre)?;
    if deviations.len() != design.factors() || coefficients.len() != design.coefficients() {
        return Err(NotEstimable::LengthMismatch);
    }
    let parameters = [deviations, coefficients].concat();
    let there = laplace::evaluate(&design, &parameters, vec![0.0; design.effects()])?;
    let modes = deviations
        .iter()
        .enumerate()
        .map(|(f, sd)| {
            let places = design.start[f]..design.start[f] + design.levels[f];
            there.mode.effects[places].iter().map(|u| sd * u).collect()
        })
        .collect();
    Ok(Point {
        log_likelihood: -0.5 * there.deviance,
        gradient: there.gradient.iter().map(|g| -0.5 * g).collect(),
        modes,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::hierarchical::cells::Factor;

    /// Three crossed factors, unequal trials, a covariate.
    fn crossed() -> Cells {
        let factor = |role, levels: usize, every: usize| Factor {
            role,
            names: (0..levels).map(|l| l.to_string()).collect(),
            level_of: (0..60).map(|i| (i / every) % levels).collect(),
        };
        let successes: Vec<u64> = (0..60_u64).map(|i| (i * i + 3 * i) % 4).collect();
        let trials: Vec<u64> = (0..60_u64).map(|i| 3 + i % 2).collect();
        let sizes: Vec<Option<f64>> = (0..60_i32).map(|i| Some(f64::from(i / 10))).collect();
        let factors = [
            factor(Role::Model, 6, 10),
            factor(Role::Prompt, 10, 1),
            factor(Role::Technique, 3, 2),
        ];
        Cells::new(&factors, &successes, &trials, &sizes).unwrap()
    }

    #[test]
    fn the_gradient_agrees_with_differences_of_the_likelihood() {
        let cells = crossed();
        let roles = [Role::Model, Role::Prompt, Role::Technique];
        let evaluate = |p: &[f64]| at(&cells, &roles, Terms::WithSize, &p[..3], &p[3..]).unwrap();
        for start in [[0.8, 0.5, 0.3, -0.4, 0.1], [1.5, -0.2, 2.0, 1.0, -0.3]] {
            let gradient = evaluate(&start).gradient;
            for (k, slope) in gradient.iter().enumerate() {
                let shifted = |by: f64| {
                    let mut p = start;
                    p[k] += by;
                    evaluate(&p).log_likelihood
                };
                let h = 1e-3;
                let fourth =
                    8.0 * (shifted(h) - shifted(-h)) - shifted(2.0 * h) + shifted(-2.0 * h);
                let difference = fourth / (12.0 * h);
                assert!(
                    (difference - slope).abs() < 1e-8 * (1.0 + slope.abs()),
                    "parameter {k}: {slope} against {difference}"
                );
            }
        }
    }

    #[test]
    fn the_order_of_the_factors_changes_only_rounding() {
        let cells = crossed();
        let one = at(
            &cells,
            &[Role::Model, Role::Prompt, Role::Technique],
            Terms::Intercept,
            &[0.8, 0.5, 0.3],
            &[0.2],
        );
        let other = at(
            &cells,
            &[Role::Technique, Role::Model, Role::Prompt],
            Terms::Intercept,
            &[0.3, 0.8, 0.5],
            &[0.2],
        );
        let difference = one.unwrap().log_likelihood - other.unwrap().log_likelihood;
        assert!(difference.abs() < 1e-11);
    }

    #[test]
    fn parameters_of_the_wrong_number_or_not_finite_are_refused() {
        let cells = crossed();
        let model = [Role::Model];
        let evaluate = |sd: &[f64], b: &[f64]| at(&cells, &model, Terms::Intercept, sd, b);
        assert_eq!(evaluate(&[], &[0.0]), Err(NotEstimable::LengthMismatch));
        assert_eq!(evaluate(&[1.0], &[f64::NAN]), Err(NotEstimable::OutOfRange));
    }
}
