//! From a sample to everything that follows from it.
//!
//! [`analyse`] cannot fail: what the data do not allow is a reason in its place.
//! The same sample, parameters and version give the same bytes, for any number
//! of threads; the order of the models changes the order of rows alone, and names
//! change nothing but names and the order of what is otherwise equal. The parts
//! are in the modules beside; this file lays them out and draws each random law
//! once. [`summarise`] gives the middle part for a view of the sample.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    blocks::{on_prompts, prompt_cells, signal_of, together_of, traces_of},
    choices::multiverses,
    declared::{Declared, families},
    decomposition::{Shares, ratio, two_plus},
    detectable::power,
    errors_of_graders::grader_errors,
    extremes::risk_ratio,
    graders::graders,
    law::Law,
    layout::{Cell, Layout},
    mixed::hierarchical,
    overlap::Prompts,
    planning::{dates, plan, ranks},
    providers::{BandRule, Distances, Rows},
    quantity::{Number, Quantity},
    rankings::Rankings,
    reason::Estimable,
    relabel::{Deck, Draw, Rules},
    result::{Analysis, Bands, Decomposition, Ratio, Scale, Together, WithoutModel},
    sample::{Parameters, Sample},
    scale::{Fit, scale},
    sensitivity::size_sensitivity,
    stream::Pass,
    within::within_providers,
};

/// The figures of a view: a part of the sample, or other rules of success.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Summary {
    /// Models that pass the rules.
    pub n_models: usize,
    /// Their providers.
    pub n_providers: usize,
    /// Evaluable traces.
    pub n: u64,
    /// Successful attacks.
    pub succeeded: u64,
    /// Traces that are not evaluable.
    pub not_evaluable: u64,
    /// Rate on log2 parameters.
    pub scale: Quantity<Scale>,
    /// Share of the provider.
    pub decomposition: Decomposition,
    /// The ratio of the two shares.
    pub ratio: Ratio,
}

/// Works out everything that follows from a sample.
///
/// ```
/// use caveat_analysis::{Parameters, Sample, analyse, proportion::Level};
///
/// let parameters = Parameters {
///     level: Level::P95,
///     variance_level: Level::P90,
///     ranking_min_n: 50,
///     band_points: 10.0,
///     permutations: 999,
///     seed: 164,
/// };
/// let nothing = analyse(&Sample::default(), &parameters);
/// assert!(nothing.scale.reason().is_some());
/// ```
pub fn analyse(sample: &Sample, parameters: &Parameters) -> Analysis {
    let work = Work::new(sample, parameters);
    let layout = &work.layout;
    let level = parameters.level;
    let rule = BandRule {
        points: parameters.band_points,
        ranking_min_n: parameters.ranking_min_n,
    };
    let distances = Distances::new(&work.fit);
    let ranked = layout.ranked(parameters.ranking_min_n);
    let prompts = Prompts::new(layout);
    let rankings = Rankings::new(layout, &ranked, &prompts, level);
    let rows = Rows {
        layout,
        fit: &work.fit,
        distances: &distances,
        ranked: &ranked,
        rankings: &rankings,
        rule,
        level,
    };
    let tie_groups = rankings.tie_groups(layout);
    let cells = prompt_cells(layout);
    let ((shapley, ((noise, trace_level), (same_prompts, clusters))), later) = rayon::join(
        || {
            rayon::join(
                || together_of(layout, parameters),
                || {
                    rayon::join(
                        || {
                            let traces = traces_of(layout, &cells, parameters);
                            (signal_of(layout, parameters), traces)
                        },
                        || on_prompts(sample, layout, &cells, &ranked, parameters),
                    )
                },
            )
        },
        || {
            rayon::join(
                || {
                    let curves = multiverses(sample, layout, parameters);
                    let errors = grader_errors(sample, layout, &ranked, parameters);
                    (curves, errors, dates(sample, layout, parameters))
                },
                || {
                    let model = hierarchical(sample, layout, parameters);
                    let sets = ranks(sample, layout, &cells, &ranked, parameters);
                    let pairs = (&ranked[..], &rankings.comparisons[..]);
                    let next = plan(sample, layout, &cells, pairs, parameters);
                    (model, sets, next)
                },
            )
        },
    );
    let ((multiverse, grader_errors, over_time), (hierarchical, rank_sets, next_round)) = later;
    let families = families(&Declared {
        layout,
        comparisons: &rankings.comparisons,
        same_prompts: &same_prompts,
        together: &shapley,
        over_time: &over_time,
        level,
    });
    Analysis {
        models: rows.models(),
        providers: rows.providers(),
        bands: work.bands(&distances, &rule),
        risk_ratio: risk_ratio(layout, &ranked, work.all_draws(), level),
        within_providers: within_providers(layout, &work.fit, level),
        size_sensitivity: size_sensitivity(sample, &rule, level),
        power: power(&work.fit, &work.shares, level),
        overlap: prompts.overlap(layout, &ranked),
        agreement: graders(layout, &ranked, &sample.grader_pairs),
        same_prompts,
        clusters,
        without_one_model: work.without_one_model(&shapley).into(),
        shapley,
        noise,
        trace_level,
        multiverse,
        grader_errors,
        rank_sets,
        hierarchical,
        next_round,
        over_time,
        families,
        scale: work.scale(),
        ratio: work.ratio(),
        comparisons: rankings.comparisons,
        tie_groups,
        decomposition: work.into_decomposition(),
    }
}

/// Works out size line, shares and their ratio alone.
pub fn summarise(sample: &Sample, parameters: &Parameters) -> Summary {
    let work = Work::new(sample, parameters);
    let total = |pick: fn(&crate::layout::Provider<'_>) -> u64| {
        work.layout
            .providers
            .iter()
            .map(pick)
            .fold(0, u64::saturating_add)
    };
    Summary {
        n_models: sample.models.len(),
        n_providers: work.layout.providers.len(),
        n: total(|p| p.n),
        succeeded: total(|p| p.succeeded),
        not_evaluable: total(|p| p.not_evaluable),
        scale: work.scale(),
        ratio: work.ratio(),
        decomposition: work.into_decomposition(),
    }
}

/// What several parts need, worked out once.
struct Work<'a> {
    parameters: &'a Parameters,
    layout: Layout<'a>,
    fit: Fit,
    /// Relabellings of the models in scale.
    draws: Vec<Draw>,
    /// Relabellings of all models, where these are not the models in scale.
    all_draws: Option<Vec<Draw>>,
    /// Decomposition of the models in scale.
    shares: Shares,
}

impl<'a> Work<'a> {
    fn new(sample: &'a Sample, parameters: &'a Parameters) -> Self {
        let layout = Layout::new(sample);
        let fit = Fit::new(&layout);
        let draws = relabel(&fit.cells, fit.residuals().ok(), parameters, Pass::InScale);
        let all_draws = (fit.cells.len() < layout.cells.len())
            .then(|| relabel(&layout.cells, None, parameters, Pass::AllModels));
        let shares = Shares::new(&fit.cells, || eta2_law(&draws));
        Work {
            parameters,
            layout,
            fit,
            draws,
            all_draws,
            shares,
        }
    }

    fn all_draws(&self) -> &[Draw] {
        self.all_draws.as_deref().unwrap_or(&self.draws)
    }

    fn scale(&self) -> Quantity<Scale> {
        scale(
            &self.fit,
            self.layout.models,
            &self.draws,
            self.parameters.level,
            self.parameters.variance_level,
        )
    }

    fn ratio(&self) -> Ratio {
        ratio(&self.shares, &self.fit, &self.draws)
    }

    fn bands(&self, distances: &Distances, rule: &BandRule) -> Bands {
        let outside = distances.outside(&self.layout, rule);
        let law = self
            .fit
            .residuals()
            .and_then(|_| Law::new(self.draws.iter().map(|d| f64::from(d.outside))));
        let law = law.as_ref().map_err(|reason| *reason);
        Bands {
            points: Number(rule.points),
            null_mean_outside: law.map(Law::mean).into(),
            null_share_any: law.map(|l| l.share_at_least(1.0)).into(),
            null_share_at_least: law
                .map(|l| l.share_at_least(crate::sums::count(outside.len())))
                .into(),
            outside,
        }
    }

    /// The decomposition without the model that [`Together`] finds to move the
    /// corrected share most.
    fn without_one_model(&self, together: &Quantity<Together>) -> Estimable<WithoutModel> {
        let influence = together.as_result()?.most_influential.as_result()?;
        let models = self.layout.models;
        let rest: Vec<Cell> = self
            .fit
            .cells
            .iter()
            .copied()
            .filter(|cell| {
                models
                    .get(cell.model)
                    .is_some_and(|model| model.model != influence.model)
            })
            .collect();
        let shares = Shares::new(&rest, || {
            eta2_law(&relabel(&rest, None, self.parameters, Pass::WithoutOne))
        });
        Ok(WithoutModel {
            model: influence.model.clone(),
            result: shares.result(self.parameters.variance_level),
        })
    }

    fn into_decomposition(self) -> Decomposition {
        let level = self.parameters.variance_level;
        let two_plus = two_plus(&self.fit.cells);
        let two_plus_shares = Shares::new(&two_plus, || {
            if two_plus.len() == self.fit.cells.len() {
                return eta2_law(&self.draws);
            }
            eta2_law(&relabel(&two_plus, None, self.parameters, Pass::TwoPlus))
        });
        let all_models = Shares::new(&self.layout.cells, || eta2_law(self.all_draws()));
        Decomposition {
            in_scale: self.shares.result(level),
            two_plus: two_plus_shares.result(level),
            all_models: all_models.result(level),
            null_distribution: self.shares.distribution(),
        }
    }
}

fn relabel(
    cells: &[Cell],
    residuals: Option<&[f64]>,
    parameters: &Parameters,
    pass: Pass,
) -> Vec<Draw> {
    let rules = Rules {
        ranking_min_n: parameters.ranking_min_n,
        band: parameters.band_points / 100.0,
    };
    Deck::new(cells, residuals, rules).draw(parameters.permutations, parameters.seed, pass)
}

fn eta2_law(draws: &[Draw]) -> Estimable<Law> {
    Law::new(draws.iter().map(|d| d.eta2))
}
