//! Ranks with what the data leave open, what to test next, and change over time.

use crate::{
    cells::{PromptCell, Unit},
    dated::{Span, dated_cells},
    labels::Chance,
    layout::Layout,
    next_round::{RoundGoal, next_round, open_pairs},
    over_time::{DatedNames, over_time},
    proportion::Count,
    quantity::Quantity,
    rank_confidence::rank_confidence,
    rank_estimates::RankEstimates,
    reason::{Estimable, NotEstimable},
    result::{ComparabilityRule, Comparison, OverTime, RankSets, RoundPlan},
    same_prompts::PromptSample,
    sample::{Parameters, Sample},
};

/// Draws of the joint law of the rates.
const DRAWS: u32 = 9_999;

/// Smallest difference that the next round is to find: ten points, stated here and
/// not taken from the data.
const DIFFERENCE: f64 = 0.1;

/// Its power.
const POWER: f64 = 0.8;

/// Confidence sets of the ranks of the ranked providers: with the covariance that
/// shared prompts give where every trace is known by prompt, else with traces as
/// independent.
pub(crate) fn ranks(
    sample: &Sample,
    layout: &Layout<'_>,
    cells: &Estimable<Vec<PromptCell>>,
    ranked: &[usize],
    parameters: &Parameters,
) -> Quantity<RankSets> {
    let names = names(layout);
    let estimates = match cells {
        Ok(cells) => RankEstimates::by_prompt(&of_providers(sample, cells, &names), ranked),
        Err(_) => independent(layout, ranked),
    };
    // Prompts that cannot serve as the unit leave traces in their place.
    match estimates.or_else(|_| independent(layout, ranked)) {
        Ok(estimates) => {
            let chance = Chance {
                relabellings: DRAWS.min(parameters.permutations),
                seed: parameters.seed,
            };
            rank_confidence(&estimates, parameters.level, chance)
        }
        Err(reason) => Quantity::Absent(reason),
    }
}

fn names(layout: &Layout<'_>) -> Vec<String> {
    layout.providers.iter().map(|p| p.name.to_owned()).collect()
}

fn of_providers<'a>(
    sample: &'a Sample,
    cells: &'a [PromptCell],
    names: &'a [String],
) -> PromptSample<'a> {
    PromptSample {
        cells,
        unit: Unit::Provider,
        names,
        harm_categories: &sample.labels.harm_categories,
        techniques: &sample.labels.techniques,
        category_mix: None,
    }
}

fn independent(layout: &Layout<'_>, ranked: &[usize]) -> Estimable<RankEstimates> {
    let counts: Vec<Count> = ranked
        .iter()
        .map(|place| layout.providers[*place].count())
        .collect::<Estimable<_>>()?;
    let names: Vec<String> = ranked
        .iter()
        .map(|place| layout.providers[*place].name.to_owned())
        .collect();
    RankEstimates::independent(&names, &counts)
}

/// The round that would settle the comparisons that are not told apart, a trace of
/// every provider at the same cost.
pub(crate) fn plan(
    sample: &Sample,
    layout: &Layout<'_>,
    cells: &Estimable<Vec<PromptCell>>,
    (ranked, comparisons): (&[usize], &[Comparison]),
    parameters: &Parameters,
) -> Quantity<RoundPlan> {
    let cells = match cells {
        Ok(cells) => cells,
        Err(reason) => return Quantity::Absent(*reason),
    };
    if ranked.len() < 2 {
        return Quantity::Absent(NotEstimable::NoEligibleProviders);
    }
    let names = names(layout);
    let of_ranked: Vec<String> = ranked
        .iter()
        .filter_map(|place| names.get(*place).cloned())
        .collect();
    let open = open_pairs(&of_ranked, comparisons);
    let costs = vec![1.0; ranked.len()];
    let goal = RoundGoal {
        difference: DIFFERENCE,
        power: POWER,
        alpha: parameters.level.alpha(),
        family: comparisons.len(),
        costs: &costs,
    };
    next_round(&of_providers(sample, cells, &names), ranked, &open, &goal)
}

/// Every model against itself, by calendar month.
pub(crate) fn dates(
    sample: &Sample,
    layout: &Layout<'_>,
    parameters: &Parameters,
) -> Quantity<OverTime> {
    let (cells, periods) = dated_cells(layout.models, Span::Month);
    let models: Vec<String> = layout.models.iter().map(|m| m.model.clone()).collect();
    let names = DatedNames {
        models: &models,
        periods: &periods,
        graders: &sample.labels.graders,
    };
    let fewest = ComparabilityRule::default().fewest_common_prompts;
    over_time(&cells, &names, fewest, parameters.level)
}
