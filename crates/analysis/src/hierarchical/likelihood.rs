//! The block of the annex: a maximum likelihood fit with its shares and tests.

use crate::{
    proportion::Level,
    quantity::{Number, Quantity},
    reason::{Estimable, NotEstimable},
    result::{
        BetweenModels, CoefficientResult, ComponentResult, EffectResult, HierarchicalLikelihood,
        HierarchicalRate,
    },
    special::{normal_sf, normal_two_sided},
};

use super::{
    cells::{Cells, Role},
    fit::{Approximation, CENTRE_LOG2_B, Coefficient, Component, Fit, Terms, fit, ratios},
    plan::{Plan, Sizes, plan, sizes},
    shares,
};

/// Fits the model to all factors that the cells can tell apart.
///
/// With [`Terms::WithSize`] give the cells of sized models ([`Cells::sized`]).
/// A factor whose variance is not identified keeps its entry, with the reason.
/// Shares are plug-in values: their uncertainty is the posterior's business.
/// Wald intervals and p-values of coefficients rest on a normal law that few
/// providers make rough; tests of variances use the mixture of 0 and
/// chi-squared with one degree of freedom (Self and Liang 1987).
///
/// # Errors
/// `NoVariance` when all traces have the same outcome, `Separation` when the
/// likelihood has no maximum; the reason of the last factor when none can be
/// fitted; with size also `NoSizes`, `TooFewModels` below three models,
/// `SingularFit` for a constant size.
pub fn likelihood(cells: &Cells, terms: Terms, level: Level) -> Estimable<HierarchicalLikelihood> {
    let plan = plan(cells)?;
    let sizes = match terms {
        Terms::WithSize => Some(sizes(cells, CENTRE_LOG2_B)?),
        Terms::Intercept => None,
    };
    let fitted = fit(cells, &plan.fitted, terms, Approximation::Laplace)?;
    let ratios = ratios(cells, terms, &fitted);
    let total = fitted.total_variance();
    let slope = fitted.slope.map(|c| coefficient(c, level));
    let centre = mean_predictor(&fitted, sizes.as_ref());
    let components = cells
        .roles()
        .iter()
        .map(|role| {
            let found = fitted.components.iter().zip(&ratios);
            match found.into_iter().find(|(c, _)| c.role == *role) {
                Some((c, ratio)) => {
                    let share = |of: f64| Quantity::from(of);
                    let variance = c.sd * c.sd;
                    ComponentResult {
                        variance: share(variance),
                        latent_share: share(shares::latent(variance, total)),
                        response_share: share(shares::response(centre, variance, total)),
                        p: ratio.map(half_chi_squared).into(),
                        effects: effects(cells, c),
                        ..absent(cells, *role, &plan)
                    }
                }
                None => absent(cells, *role, &plan),
            }
        })
        .collect();
    let log_likelihood = fitted.log_likelihood_of_counts;
    Ok(HierarchicalLikelihood {
        method: "laplace",
        traces: cells.total(),
        successes: cells.total_successes(),
        cells: cells.len() as u64,
        intercept: coefficient(fitted.intercept, level),
        slope: slope.ok_or(NotEstimable::NotGiven).into(),
        components,
        latent_residual_share: Number(shares::latent(shares::LATENT_RESIDUAL, total)),
        log_likelihood: Number(log_likelihood),
        aic: Number(-2.0 * log_likelihood + 2.0 * fitted.parameters as f64),
        singular: fitted.singular,
        between_models: between(&fitted, sizes.as_ref()).into(),
        models: models(cells, &fitted, sizes.as_ref()),
    })
}

fn coefficient(c: Coefficient, level: Level) -> CoefficientResult {
    let limit = |sign: f64| c.se.map(|se| c.estimate + sign * level.z() * se);
    CoefficientResult {
        value: Number(c.estimate),
        se: c.se.into(),
        lower: limit(-1.0).into(),
        upper: limit(1.0).into(),
        p: c.se.map(|se| normal_two_sided(c.estimate / se)).into(),
    }
}

/// Upper tail of an equal mixture of 0 and chi-squared with one degree of freedom.
fn half_chi_squared(ratio: f64) -> f64 {
    if ratio > 0.0 {
        normal_sf(libm::sqrt(ratio))
    } else {
        1.0
    }
}

/// An entry without values; the reason is the plan's.
fn absent(cells: &Cells, role: Role, plan: &Plan) -> ComponentResult {
    let reason = plan
        .left_out
        .iter()
        .find(|(left, _)| *left == role)
        .map_or(NotEstimable::NotGiven, |(_, reason)| *reason);
    ComponentResult {
        factor: role,
        levels: cells.names(role).map_or(0, <[String]>::len) as u64,
        includes: plan
            .absorbed
            .iter()
            .filter(|(_, into)| *into == role)
            .map(|(left, _)| *left)
            .collect(),
        variance: Quantity::Absent(reason),
        latent_share: Quantity::Absent(reason),
        response_share: Quantity::Absent(reason),
        p: Quantity::Absent(reason),
        effects: Vec::new(),
    }
}

fn effects(cells: &Cells, component: &Component) -> Vec<EffectResult> {
    if component.role == Role::Prompt {
        return Vec::new();
    }
    let names = cells.names(component.role).unwrap_or_default();
    names
        .iter()
        .zip(component.modes.iter().zip(&component.mode_errors))
        .map(|(name, (mode, error))| EffectResult {
            name: name.clone(),
            mode: Number(*mode),
            error: Number(*error),
        })
        .collect()
}

fn mean_predictor(fit: &Fit, sizes: Option<&Sizes>) -> f64 {
    let slope = fit.slope.map_or(0.0, |s| s.estimate);
    fit.intercept.estimate + slope * sizes.map_or(0.0, |s| s.mean)
}

fn between(fit: &Fit, sizes: Option<&Sizes>) -> Estimable<BetweenModels> {
    let identified = |role| fit.component(role).is_some();
    if !(identified(Role::Provider) && identified(Role::Model)) {
        return Err(NotEstimable::NoWithinDf);
    }
    let shares = shares::between_models(
        fit.variance(Role::Provider),
        fit.variance(Role::Model),
        fit.slope.map_or(0.0, |s| s.estimate),
        sizes.map_or(0.0, |s| s.variance),
    );
    let [provider, scale, model] = shares.ok_or(NotEstimable::NoVariance)?.map(Number);
    Ok(BetweenModels {
        provider,
        scale,
        model,
    })
}

fn models(cells: &Cells, fit: &Fit, sizes: Option<&Sizes>) -> Vec<HierarchicalRate> {
    let own = [Role::Provider, Role::Model];
    let others: f64 = fit
        .components
        .iter()
        .filter(|c| !own.contains(&c.role))
        .map(|c| c.sd * c.sd)
        .sum();
    let mode = |role: Role, level: Option<usize>| {
        let modes = fit.component(role).map(|c| c.modes.as_slice());
        modes
            .zip(level)
            .and_then(|(m, l)| m.get(l).copied())
            .unwrap_or(0.0)
    };
    let provider = cells.nested(Role::Model, Role::Provider);
    let slope = fit.slope.map_or(0.0, |s| s.estimate);
    let names = cells.names(Role::Model).unwrap_or_default();
    names
        .iter()
        .enumerate()
        .map(|(m, name)| {
            let x = sizes.and_then(|s| s.x.get(m).copied()).unwrap_or(0.0);
            let home = provider.as_ref().and_then(|p| p.get(m).copied());
            let logit = fit.intercept.estimate
                + slope * x
                + mode(Role::Provider, home)
                + mode(Role::Model, Some(m));
            HierarchicalRate {
                model: name.clone(),
                logit: Number(logit),
                rate: Number(shares::marginal_rate(logit, others)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::hierarchical::{
        cells::Factor,
        testing::{grid, mixed},
    };

    fn run(cells: &Cells, terms: Terms) -> Estimable<HierarchicalLikelihood> {
        let block = likelihood(cells, terms, Level::P95);
        if let Ok(block) = &block {
            // Serialising fails on NaN.
            serde_json::to_string(block).unwrap();
        }
        block
    }

    #[test]
    fn outcomes_that_are_all_alike_have_no_variance() {
        for success in [0, 3] {
            let cells = grid(6, 4, 2, 3, |_, _| success);
            let block = run(&cells, Terms::WithSize);
            assert_eq!(block, Err(NotEstimable::NoVariance));
        }
    }

    #[test]
    fn models_without_a_size_or_with_one_size_have_no_slope() {
        let sized = |size: Option<f64>, models: usize| {
            let cells = grid(models, 4, 2, 3, mixed);
            let factors: Vec<Factor> = cells
                .roles()
                .iter()
                .map(|r| Factor {
                    role: *r,
                    names: cells.names(*r).unwrap().to_vec(),
                    level_of: cells.levels(*r).unwrap().to_vec(),
                })
                .collect();
            let sizes = vec![size; cells.len()];
            Cells::new(&factors, cells.successes(), cells.trials(), &sizes).unwrap()
        };
        let with_size = |cells: &Cells| run(cells, Terms::WithSize);
        assert_eq!(with_size(&sized(None, 6)), Err(NotEstimable::NoSizes));
        assert_eq!(sized(None, 6).sized(), Err(NotEstimable::NoSizes));
        let constant = sized(Some(3.0), 6);
        assert_eq!(with_size(&constant), Err(NotEstimable::SingularFit));
        let two = sized(Some(3.0), 2);
        assert_eq!(with_size(&two), Err(NotEstimable::TooFewModels));
        assert!(run(&constant, Terms::Intercept).is_ok());
    }

    #[test]
    fn one_provider_keeps_its_entry_with_the_reason() {
        let block = run(&grid(5, 6, 5, 3, mixed), Terms::WithSize).unwrap();
        let provider = &block.components[0];
        assert_eq!(provider.variance.reason(), Some(NotEstimable::OneGroup));
        assert!(block.components[1].variance.number().is_some());
        assert!(block.between_models.reason().is_some());
    }

    #[test]
    fn one_model_per_provider_reports_the_sum() {
        let block = run(&grid(6, 5, 1, 3, mixed), Terms::Intercept).unwrap();
        let (provider, model) = (&block.components[0], &block.components[1]);
        assert_eq!(provider.variance.reason(), Some(NotEstimable::NoWithinDf));
        assert_eq!(model.includes, [Role::Provider]);
        assert!(model.variance.number().is_some());
    }

    #[test]
    fn a_single_trace_has_nothing_to_fit() {
        assert!(run(&grid(1, 1, 1, 1, |_, _| 1), Terms::Intercept).is_err());
        let two = run(&grid(2, 1, 1, 1, |m, _| m as u64), Terms::Intercept);
        assert_eq!(two, Err(NotEstimable::OneGroup));
    }

    #[test]
    fn models_that_always_or_never_fall_are_separated() {
        let cells = grid(6, 5, 2, 3, |m, _| if m % 2 == 0 { 3 } else { 0 });
        let block = run(&cells, Terms::Intercept);
        assert_eq!(block, Err(NotEstimable::Separation));
        // One model without a success does no harm.
        let one = grid(6, 5, 2, 3, |m, q| if m == 0 { 0 } else { mixed(m, q) });
        assert!(run(&one, Terms::WithSize).is_ok());
    }

    #[test]
    fn more_variance_than_chance_is_found_and_less_is_a_singular_fit() {
        // Every model and prompt with the same rate, spread over the cells.
        let even = grid(6, 6, 2, 3, |m, q| ((m + q) % 2) as u64 + 1);
        let block = run(&even, Terms::Intercept).unwrap();
        assert!(block.singular);
        assert!(
            block
                .components
                .iter()
                .all(|c| c.variance.number() == Some(0.0))
        );
        assert!(block.components.iter().all(|c| c.p.number() == Some(1.0)));
        assert_eq!(
            block.between_models.reason(),
            Some(NotEstimable::NoVariance)
        );

        let apart = grid(6, 12, 2, 20, |m, q| {
            [2, 3, 9, 10, 15, 16][m] + (q % 3) as u64
        });
        let block = run(&apart, Terms::Intercept).unwrap();
        let provider = &block.components[0];
        assert!(provider.p.number().unwrap() < 0.01, "{:?}", provider.p);
        assert!(block.between_models.known().unwrap().provider.0 > 0.8);
        let rates: Vec<f64> = block.models.iter().map(|m| m.rate.0).collect();
        assert!(
            rates.is_sorted() && (rates[0] - 0.15).abs() < 0.02,
            "{rates:?}"
        );
    }

    #[test]
    fn the_order_of_rows_changes_nothing() {
        let cells = grid(6, 5, 2, 3, mixed);
        let factors: Vec<Factor> = cells
            .roles()
            .iter()
            .map(|r| Factor {
                role: *r,
                names: cells.names(*r).unwrap().to_vec(),
                level_of: cells.levels(*r).unwrap().iter().copied().rev().collect(),
            })
            .collect();
        let reversed = |v: &[u64]| v.iter().copied().rev().collect::<Vec<u64>>();
        let sizes: Vec<Option<f64>> = cells.log2_size().iter().copied().rev().collect();
        let other = Cells::new(
            &factors,
            &reversed(cells.successes()),
            &reversed(cells.trials()),
            &sizes,
        )
        .unwrap();
        assert_eq!(run(&cells, Terms::WithSize), run(&other, Terms::WithSize));
    }
}
