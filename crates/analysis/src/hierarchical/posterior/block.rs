//! The block of the annex: posterior summaries behind the gates.

use crate::{
    quantity::{Number, Quantity},
    ranks::best_ranks,
    reason::{Estimable, NotEstimable},
    result::{
        Convergence, HierarchicalPosterior, PosteriorComponent, PosteriorEstimates, PosteriorModel,
        PosteriorRank, PosteriorShares, PosteriorSummary, PriorSensitivity,
    },
    sums::{count, mean, squares_about},
};

use super::{
    super::{
        cells::{Cells, Role},
        fit::{Approximation, CENTRE_LOG2_B, Fit, Terms, fit},
        plan::{Plan, plan, sizes},
    },
    chains::{Chain, Sampling, sample},
    convergence::{Diagnostics, diagnose, quantile, quantile_error},
    density::Density,
    draws::{BETWEEN, HEAD, Layout, PER_FACTOR},
    prior::Priors,
};

/// The gates: R-hat below, effective sizes above, no divergence.
const MAX_RHAT: f64 = 1.01;
const MIN_ESS: f64 = 400.0;

/// Deviations assumed for the centring where the maximum likelihood fit says
/// zero or does not exist.
const LEAST_SD: f64 = 0.1;
const USUAL_SD: f64 = 0.8;

/// Samples the posterior and summarises it.
///
/// Model: as [`super::super::likelihood`]; factors that the cells cannot tell
/// apart are left out with their reason. Gated are the intercept, the slope,
/// the deviations and their shares, the models' logits and rates and the
/// effects of every factor but the prompts, of which there may be thousands.
/// Outcomes that are all alike are no obstacle: the priors are proper.
///
/// # Errors
/// `OutOfRange` for sampling options or priors outside their ranges, the
/// reason of the last factor when none can be fitted, and with size `NoSizes`,
/// `TooFewModels` or `SingularFit`. Chains that did not converge are not an
/// error: the block then holds the diagnostics, and `NotConverged` in place of
/// the estimates.
pub fn posterior(
    cells: &Cells,
    terms: Terms,
    priors: Priors,
    sampling: Sampling,
) -> Estimable<HierarchicalPosterior> {
    run(cells, terms, priors, sampling, 0)
}

/// Repeats the analysis with the scale of the deviations' priors multiplied.
///
/// # Errors
/// As [`posterior`].
pub fn sensitivity(
    cells: &Cells,
    terms: Terms,
    priors: Priors,
    sampling: Sampling,
    factors: &[f64],
) -> Estimable<Vec<PriorSensitivity>> {
    (1..)
        .zip(factors)
        .map(|(stream, factor)| {
            let scaled = priors.scaled(*factor);
            let block = run(cells, terms, scaled, sampling, stream)?;
            let pick =
                |what: &dyn Fn(&PosteriorEstimates) -> Quantity<PosteriorSummary>| match &block
                    .estimates
                {
                    Quantity::Known(estimates) => what(estimates),
                    Quantity::Absent(reason) => Quantity::Absent(*reason),
                };
            Ok(PriorSensitivity {
                deviation_scale: Number(scaled.deviation),
                provider_sd: pick(&|e| {
                    let provider = e.components.iter().find(|c| c.factor == Role::Provider);
                    provider.map_or(Quantity::Absent(NotEstimable::NotGiven), |c| c.sd)
                }),
                provider_share: pick(&|e| match &e.between_models {
                    Quantity::Known(shares) => Quantity::Known(shares.provider),
                    Quantity::Absent(reason) => Quantity::Absent(*reason),
                }),
                convergence: block.convergence,
            })
        })
        .collect()
}

fn run(
    cells: &Cells,
    terms: Terms,
    priors: Priors,
    sampling: Sampling,
    stream: u32,
) -> Estimable<HierarchicalPosterior> {
    let run = chains(cells, terms, priors, sampling, stream)?;
    let with_size = terms == Terms::WithSize;
    let (plan, layout) = (&run.plan, &run.layout);
    summarise(
        cells,
        plan,
        layout,
        with_size,
        priors,
        sampling,
        &run.chains,
    )
}

/// Chains with what is needed to read them.
pub(super) struct Run {
    plan: Plan,
    pub(super) layout: Layout,
    pub(super) chains: Vec<Chain>,
}

/// Runs the chains.
pub(super) fn chains(
    cells: &Cells,
    terms: Terms,
    priors: Priors,
    sampling: Sampling,
    stream: u32,
) -> Estimable<Run> {
    let (priors, sampling) = (priors.check()?, sampling.check()?);
    let plan = plan(cells)?;
    let with_size = terms == Terms::WithSize;
    let (x, size_mean, size_variance) = if with_size {
        let sizes = sizes(cells, CENTRE_LOG2_B)?;
        (sizes.x, sizes.mean, sizes.variance)
    } else {
        (Vec::new(), 0.0, 0.0)
    };
    let likely = fit(cells, &plan.fitted, terms, Approximation::Laplace).ok();
    let rough = |role: Role| match likely.as_ref().and_then(|l| l.component(role)) {
        Some(component) => component.sd.max(LEAST_SD),
        None => USUAL_SD,
    };
    let deviations: Vec<f64> = plan.fitted.iter().map(|r| rough(*r)).collect();
    let density = Density::new(cells, &plan.fitted, with_size, priors, &deviations)?;
    let layout = Layout::new(cells, &density, x, size_mean, size_variance);
    let start = start(&density, likely.as_ref(), &rough);
    let chains = sample(&density, &start, sampling, stream, |q| {
        layout.read(&density, q)
    })?;
    Ok(Run {
        plan,
        layout,
        chains,
    })
}

fn start(density: &Density, likely: Option<&Fit>, rough: &impl Fn(Role) -> f64) -> Vec<f64> {
    let log_sd: Vec<f64> = density
        .groups
        .iter()
        .map(|g| libm::log(rough(g.role)))
        .collect();
    let effects: Vec<Vec<f64>> = density
        .groups
        .iter()
        .map(|g| {
            let modes = likely
                .and_then(|l| l.component(g.role))
                .map(|c| c.modes.clone());
            modes.unwrap_or_else(|| vec![0.0; g.levels])
        })
        .collect();
    let intercept = likely.map_or(0.0, |l| l.intercept.estimate);
    let slope = likely.and_then(|l| l.slope).map_or(0.0, |s| s.estimate);
    density.place(intercept, slope, &log_sd, &effects)
}

/// The kept draws of one quantity, by chain.
struct Draws<'a> {
    chains: &'a [Chain],
}

impl Draws<'_> {
    fn of(&self, place: usize) -> Vec<Vec<f64>> {
        self.chains
            .iter()
            .map(|c| c.kept.iter().map(|d| d[place]).collect())
            .collect()
    }

    fn summary(&self, place: usize, diagnostics: &[Diagnostics]) -> PosteriorSummary {
        let chains = self.of(place);
        let mut pooled: Vec<f64> = chains.iter().flatten().copied().collect();
        let centre = mean(&pooled).unwrap_or(0.0);
        let freedom = (count(pooled.len()) - 1.0).max(1.0);
        let sd = libm::sqrt(squares_about(&pooled, centre) / freedom);
        pooled.sort_by(f64::total_cmp);
        let own = diagnostics[place];
        // The search for a quantile of the beta law does not fail in its range;
        // if it did, the posterior deviation is the largest error there can be.
        let error = |p: f64| Number(quantile_error(&chains, &pooled, p).unwrap_or(sd));
        PosteriorSummary {
            mean: Number(centre),
            sd: Number(sd),
            lower: Number(quantile(&pooled, 0.025)),
            median: Number(quantile(&pooled, 0.5)),
            upper: Number(quantile(&pooled, 0.975)),
            mcse: Number(sd / libm::sqrt(own.ess_mean)),
            mcse_lower: error(0.025),
            mcse_upper: error(0.975),
            ess_bulk: Number(own.ess_bulk),
            ess_tail: Number(own.ess_tail),
            rhat: Number(own.rhat),
        }
    }

    /// Ranks of `length` quantities from `first` on, 1 the lowest, in every draw.
    fn ranks(&self, first: usize, length: usize) -> Vec<PosteriorRank> {
        let mut by_unit = vec![Vec::new(); length];
        for draw in self.chains.iter().flat_map(|c| &c.kept) {
            let ranks = best_ranks(&draw[first..first + length]);
            for (unit, rank) in by_unit.iter_mut().zip(ranks) {
                unit.push(count(rank));
            }
        }
        by_unit
            .into_iter()
            .map(|mut ranks| {
                let centre = mean(&ranks).unwrap_or(0.0);
                let draws = count(ranks.len()).max(1.0);
                let share =
                    |rank: f64| Number(count(ranks.iter().filter(|r| **r == rank).count()) / draws);
                let (p_lowest, p_highest) = (share(1.0), share(count(length)));
                let sd = libm::sqrt(squares_about(&ranks, centre) / (draws - 1.0).max(1.0));
                ranks.sort_by(f64::total_cmp);
                PosteriorRank {
                    expected: Number(centre),
                    sd: Number(sd),
                    lower: Number(libm::floor(quantile(&ranks, 0.025))),
                    upper: Number(libm::ceil(quantile(&ranks, 0.975))),
                    p_lowest,
                    p_highest,
                }
            })
            .collect()
    }
}

fn summarise(
    cells: &Cells,
    plan: &Plan,
    layout: &Layout,
    with_size: bool,
    priors: Priors,
    sampling: Sampling,
    chains: &[Chain],
) -> Estimable<HierarchicalPosterior> {
    let draws = Draws { chains };
    let width = layout.effects(layout.kept.len());
    let diagnostics = (0..width)
        .map(|place| diagnose(&draws.of(place)))
        .collect::<Estimable<Vec<Diagnostics>>>()?;
    let convergence = gates(&diagnostics, chains);
    let estimates = if convergence.converged {
        let of = |place: usize| draws.summary(place, &diagnostics);
        Ok(estimates(cells, plan, layout, with_size, &draws, &of))
    } else {
        Err(NotEstimable::NotConverged)
    };
    Ok(HierarchicalPosterior {
        method: "nuts",
        traces: cells.total(),
        successes: cells.total_successes(),
        cells: cells.len() as u64,
        prior_intercept_sd: Number(priors.intercept),
        prior_slope_sd: Number(priors.slope),
        prior_deviation_scale: Number(priors.deviation),
        chains: sampling.chains,
        warmup: sampling.warmup,
        draws: sampling.draws,
        target_accept: Number(sampling.target_accept),
        seed: sampling.seed,
        convergence,
        estimates: estimates.into(),
    })
}

fn gates(diagnostics: &[Diagnostics], chains: &[Chain]) -> Convergence {
    let least =
        |of: &dyn Fn(&Diagnostics) -> f64| diagnostics.iter().map(of).fold(f64::INFINITY, f64::min);
    let max_rhat = -least(&|d| -d.rhat);
    let (bulk, tail) = (least(&|d| d.ess_bulk), least(&|d| d.ess_tail));
    let divergences: u64 = chains.iter().map(|c| c.divergences).sum();
    Convergence {
        converged: max_rhat < MAX_RHAT && bulk > MIN_ESS && tail > MIN_ESS && divergences == 0,
        max_rhat: Number(max_rhat),
        min_ess_bulk: Number(bulk),
        min_ess_tail: Number(tail),
        divergences,
        gradients: chains.iter().map(|c| c.gradients).sum(),
    }
}

fn estimates(
    cells: &Cells,
    plan: &Plan,
    layout: &Layout,
    with_size: bool,
    draws: &Draws<'_>,
    of: &impl Fn(usize) -> PosteriorSummary,
) -> PosteriorEstimates {
    let components = cells
        .roles()
        .iter()
        .map(|role| {
            let place = layout.roles.iter().position(|r| r == role);
            component(cells, plan, layout, *role, place, draws, of)
        })
        .collect();
    let between = if layout.between {
        let at = layout.shares();
        Ok(PosteriorShares {
            provider: of(at),
            scale: of(at + 1),
            provider_without_scale: of(at + BETWEEN - 1),
        })
    } else {
        Err(NotEstimable::NoWithinDf)
    };
    let (logits, length) = (layout.logits(), layout.models.len());
    let models = layout
        .models
        .iter()
        .zip(draws.ranks(logits, length))
        .enumerate()
        .map(|(m, (name, rank))| PosteriorModel {
            name: name.clone(),
            logit: of(logits + m),
            rate: of(logits + length + m),
            rank,
        })
        .collect();
    PosteriorEstimates {
        intercept: of(0),
        slope: if with_size {
            Quantity::Known(of(HEAD - 1))
        } else {
            Quantity::Absent(NotEstimable::NotGiven)
        },
        components,
        between_models: between.into(),
        models,
    }
}

fn component(
    cells: &Cells,
    plan: &Plan,
    layout: &Layout,
    role: Role,
    place: Option<usize>,
    draws: &Draws<'_>,
    of: &impl Fn(usize) -> PosteriorSummary,
) -> PosteriorComponent {
    let left = plan.left_out.iter().find(|(left, _)| *left == role);
    let reason = left.map_or(NotEstimable::NotGiven, |l| l.1);
    let value = |k: usize| match place {
        Some(f) if k < PER_FACTOR => Quantity::Known(of(layout.factor(f) + k)),
        _ => Quantity::Absent(reason),
    };
    let effects = layout.kept.iter().position(|(f, _)| Some(*f) == place);
    let effects = effects.and_then(|i| Some((layout.effects(i), layout.kept.get(i)?)));
    PosteriorComponent {
        factor: role,
        levels: cells.names(role).map_or(0, <[String]>::len) as u64,
        includes: plan
            .absorbed
            .iter()
            .filter(|(_, into)| *into == role)
            .map(|(left, _)| *left)
            .collect(),
        sd: value(0),
        latent_share: value(1),
        response_share: value(2),
        effects: effects.map_or_else(Vec::new, |(first, (_, names))| {
            names
                .iter()
                .zip(draws.ranks(first, names.len()))
                .enumerate()
                .map(|(k, (name, rank))| crate::result::PosteriorEffect {
                    name: name.clone(),
                    effect: of(first + k),
                    rank,
                })
                .collect()
        }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::hierarchical::testing::{grid, mixed};

    fn short(draws: u32) -> Sampling {
        Sampling {
            warmup: 300,
            draws,
            target_accept: 0.9,
            ..Sampling::standard(164)
        }
    }

    fn run(cells: &Cells, terms: Terms, draws: u32) -> Estimable<HierarchicalPosterior> {
        let block = posterior(cells, terms, Priors::default(), short(draws));
        if let Ok(block) = &block {
            // Serialising fails on NaN.
            serde_json::to_string(block).unwrap();
        }
        block
    }

    #[test]
    fn one_thread_and_two_give_the_same_bytes() {
        let cells = grid(6, 5, 2, 3, mixed);
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| {
                let draws = posterior(&cells, Terms::WithSize, Priors::default(), short(100));
                serde_json::to_string(&draws.unwrap()).unwrap()
            })
        };
        let one = with(1);
        assert_eq!(one, with(2));
        assert!(one.contains("gradients"));
    }

    #[test]
    fn chains_too_short_to_trust_give_diagnostics_and_no_numbers() {
        let block = run(&grid(6, 5, 2, 3, mixed), Terms::WithSize, 20).unwrap();
        assert!(!block.convergence.converged);
        assert_eq!(block.estimates.reason(), Some(NotEstimable::NotConverged));
        assert!(block.convergence.min_ess_bulk.0 < MIN_ESS);
    }

    #[test]
    fn outcomes_that_are_all_alike_have_a_posterior_and_no_likelihood() {
        let block = run(&grid(6, 4, 2, 3, |_, _| 0), Terms::WithSize, 700).unwrap();
        let estimates = block.estimates.known().unwrap();
        assert!(estimates.models.iter().all(|m| m.rate.mean.0 < 0.2));
        let lowest: f64 = estimates.models.iter().map(|m| m.rank.p_lowest.0).sum();
        assert!((lowest - 1.0).abs() < 1e-9);
    }

    #[test]
    fn separated_models_one_provider_and_prompts_seen_once_do_no_harm() {
        let apart = grid(4, 1, 4, 9, |m, _| if m % 2 == 0 { 9 } else { 0 });
        let block = run(&apart, Terms::Intercept, 700).unwrap();
        let estimates = block.estimates.known().unwrap();
        let [provider, model, prompt] = estimates.components.as_slice() else {
            panic!("three factors")
        };
        assert_eq!(provider.sd.reason(), Some(NotEstimable::OneGroup));
        assert_eq!(prompt.sd.reason(), Some(NotEstimable::OneGroup));
        assert!(model.sd.known().unwrap().mean.0 > 1.0);
        assert_eq!(estimates.slope.reason(), Some(NotEstimable::NotGiven));
        let between = estimates.between_models.reason();
        assert_eq!(between, Some(NotEstimable::NoWithinDf));
    }

    #[test]
    fn a_wider_prior_gives_a_wider_provider_deviation() {
        let cells = grid(6, 5, 2, 3, mixed);
        let options = Sampling {
            target_accept: 0.99,
            ..short(1500)
        };
        let rows = sensitivity(
            &cells,
            Terms::Intercept,
            Priors::default(),
            options,
            &[0.5, 2.0],
        )
        .unwrap();
        let means: Vec<f64> = rows
            .iter()
            .map(|r| r.provider_sd.known().unwrap().mean.0)
            .collect();
        assert_eq!(
            rows.iter().map(|r| r.deviation_scale.0).collect::<Vec<_>>(),
            [0.5, 2.0]
        );
        assert!(means.is_sorted() && means[1] > 1.2 * means[0], "{means:?}");
    }

    #[test]
    fn what_cannot_be_sampled_is_refused() {
        let cells = grid(6, 5, 2, 3, mixed);
        let ask = |priors, sampling| posterior(&cells, Terms::WithSize, priors, sampling).err();
        let none = Priors::default().scaled(0.0);
        assert_eq!(ask(none, short(100)), Some(NotEstimable::OutOfRange));
        let few = Sampling {
            chains: 1,
            ..short(100)
        };
        assert_eq!(ask(Priors::default(), few), Some(NotEstimable::OutOfRange));
        let alone = grid(1, 1, 1, 1, |_, _| 1);
        assert_eq!(
            run(&alone, Terms::Intercept, 100).err(),
            Some(NotEstimable::OneGroup)
        );
    }
}
