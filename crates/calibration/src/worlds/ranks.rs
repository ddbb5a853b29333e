//! Sets of ranks: do they hold the true ranks?

use caveat_analysis::{
    analyse,
    cells::{PromptCell, Unit},
    labels::Chance,
    proportion::Level,
    rank_confidence::rank_confidence,
    rank_estimates::RankEstimates,
    ranks::{Correction, best_ranks, rank_sets},
    result::{RankSets, RanksLeftOpen},
    same_prompts::PromptSample,
    stream::Stream,
    variates::{binomial, normal},
};

use super::{Section, ours, published};
use crate::{
    figure::{Promise, Question, World},
    made::{Length, counted, logistic, make, mean_of, parameters, sample, yes},
};

const SIDES: usize = 8;
const DRAWS: u32 = 999;

const POINT: &str = "A rank without a range is right only if every order of neighbours is.";
const CAREFUL: &str = "Normal steps stand for counts, and pairs with unequal rates are told apart more carefully than need be.";

const INDEPENDENT: &[Question] = &[
    published(
        "points",
        "all ranks as printed, without a range",
        Promise::NoCoverage(0.95),
        POINT,
    ),
    ours(
        "printed",
        "rank ranges of the ranking table (Newcombe, all pairs)",
        Promise::CoverageAtLeast(0.95),
        CAREFUL,
    ),
    ours(
        "bonferroni",
        "Bonferroni sets, all ranks at once",
        Promise::CoverageAtLeast(0.95),
        CAREFUL,
    ),
    ours(
        "simultaneous",
        "largest difference in steps, all ranks at once",
        Promise::CoverageAtLeast(0.95),
        "The largest of many standardised differences of counts has heavier tails than the normal law with few successes.",
    ),
    ours(
        "bonferroni-one",
        "Bonferroni sets, one provider named in advance",
        Promise::CoverageAtLeast(0.95),
        CAREFUL,
    ),
    ours(
        "marginal",
        "largest difference in steps, one provider named in advance",
        Promise::CoverageAtLeast(0.95),
        CAREFUL,
    ),
    ours(
        "unadjusted",
        "every pair at 5 %, all ranks at once",
        Promise::NoCoverage(0.95),
        "It covers nothing and is given to be compared with other software.",
    ),
];

const SHARED: &[Question] = &[
    published(
        "points",
        "all ranks as printed, without a range",
        Promise::NoCoverage(0.95),
        POINT,
    ),
    ours(
        "simultaneous",
        "largest difference in steps with the prompts' covariance, all at once",
        Promise::CoverageAtLeast(0.95),
        "Standard errors by prompt come from 60 prompts.",
    ),
    ours(
        "marginal",
        "largest difference in steps with the prompts' covariance, one provider",
        Promise::CoverageAtLeast(0.95),
        "Standard errors by prompt come from 60 prompts.",
    ),
    ours(
        "bonferroni",
        "Bonferroni sets as if prompts were not shared, all at once",
        Promise::CoverageAtLeast(0.95),
        "Shared prompts make differences better known than it says.",
    ),
];

macro_rules! world {
    ($name:ident, $id:literal, $title:literal, $about:literal, $seed:literal, $questions:ident) => {
        static $name: World = World {
            id: $id,
            title: $title,
            about: $about,
            seed: $seed,
            worlds: 4000,
            short: 30,
            questions: $questions,
        };
    };
}

world!(
    TIED,
    "ranks-tied",
    "eight providers, all alike",
    "True rate 30 % for each, 100 traces each.",
    1801,
    INDEPENDENT
);
world!(
    SPREAD,
    "ranks-spread",
    "eight providers from 10 to 45 %",
    "True rates 5 points apart, 100 traces each.",
    1802,
    INDEPENDENT
);
world!(
    PAIRS,
    "ranks-near-ties",
    "four near-ties",
    "True rates in four pairs, 1 point apart within a pair and 12 between pairs; 300 traces each.",
    1803,
    INDEPENDENT
);
world!(
    PROMPTS,
    "ranks-prompts",
    "eight providers on the same 60 prompts, four of them alike",
    "Prompt difficulty has a deviation of 1.5 on the logit scale, two traces for each prompt; provider effects 0, 0, 0, 0, 0.4, 0.8, 1.2, 1.6.",
    1804,
    SHARED
);

fn names() -> Vec<String> {
    (0..SIDES).map(|i| format!("p{i:02}")).collect()
}

/// The span of places that true rates leave: from the best place of those tied.
fn span(truth: &[f64], side: usize) -> (usize, usize) {
    let below = truth.iter().filter(|t| **t < truth[side]).count();
    let above = truth.iter().filter(|t| **t > truth[side]).count();
    (1 + below, truth.len() - above)
}

fn within(truth: &[f64], side: usize, lower: usize, upper: usize) -> bool {
    let (first, last) = span(truth, side);
    lower <= first && last <= upper
}

fn all(truth: &[f64], sets: &[(usize, usize)]) -> Option<f64> {
    (sets.len() == truth.len())
        .then(|| yes((0..truth.len()).all(|side| within(truth, side, sets[side].0, sets[side].1))))
}

fn each(truth: &[f64], sets: &[(usize, usize)]) -> Option<f64> {
    let own: Vec<Option<f64>> = (0..truth.len())
        .map(|side| sets.get(side).map(|s| yes(within(truth, side, s.0, s.1))))
        .collect();
    mean_of(&own)
}

/// Sets in the order of the names.
fn by_name(
    sets: &RankSets,
    pick: fn(&caveat_analysis::result::RankSide) -> RanksLeftOpen,
) -> Vec<(usize, usize)> {
    let mut rows: Vec<(&str, RanksLeftOpen)> = sets
        .sides
        .iter()
        .map(|side| (side.name.as_str(), pick(side)))
        .collect();
    rows.sort_by_key(|row| row.0);
    rows.iter().map(|(_, set)| (set.lower, set.upper)).collect()
}

fn points(observed: &[f64], truth: &[f64]) -> Option<f64> {
    let ranks = best_ranks(observed);
    let right = |side: usize| {
        let (first, last) = span(truth, side);
        (first..=last).contains(&ranks[side])
    };
    Some(yes((0..truth.len()).all(right) && distinct(truth)))
}

/// Printed ranks assert an order; among equal rates there is none to be right.
fn distinct(truth: &[f64]) -> bool {
    let mut sorted = truth.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.windows(2).all(|pair| pair[0] < pair[1])
}

fn independent(stream: &mut Stream, truth: &[f64], n: u64) -> Vec<Option<f64>> {
    let drawn: Vec<u64> = truth
        .iter()
        .map(|rate| binomial(stream, n, *rate))
        .collect();
    let counts: Vec<_> = drawn.iter().filter_map(|x| counted(*x, n)).collect();
    let rates: Vec<f64> = counts.iter().map(|c| c.share()).collect();
    let seed = stream.word();
    let rows: Vec<(usize, (u64, u64), f64)> = drawn
        .iter()
        .enumerate()
        .map(|(i, x)| (i, (*x, n), 7.0))
        .collect();
    let analysis = analyse(&sample(&rows), &parameters(1, seed));
    let mut printed: Vec<(&str, (usize, usize))> = analysis
        .providers
        .iter()
        .filter_map(|p| Some((p.provider.as_str(), p.rank.known()?)))
        .map(|(name, rank)| (name, (rank.lower, rank.upper)))
        .collect();
    printed.sort_by_key(|row| row.0);
    let printed: Vec<(usize, usize)> = printed.into_iter().map(|row| row.1).collect();
    let Ok(estimates) = RankEstimates::independent(&names(), &counts) else {
        return vec![None; INDEPENDENT.len()];
    };
    let errors = estimates.standard_errors();
    let plain = |correction| -> Vec<(usize, usize)> {
        let sets = rank_sets(&rates, &errors, Level::P95, correction);
        let sets = sets.unwrap_or_default();
        sets.iter().map(|s| (s.lower, s.upper)).collect()
    };
    let chance = Chance {
        relabellings: DRAWS,
        seed,
    };
    let drawn = rank_confidence(&estimates, Level::P95, chance);
    let of = |pick| {
        drawn
            .known()
            .map(|sets| by_name(sets, pick))
            .unwrap_or_default()
    };
    vec![
        points(&rates, truth),
        all(truth, &printed),
        all(truth, &plain(Correction::Joint)),
        all(truth, &of(|s| s.simultaneous)),
        each(truth, &plain(Correction::Marginal)),
        each(truth, &of(|s| s.marginal)),
        all(truth, &of(|s| s.unadjusted)),
    ]
}

fn shared(stream: &mut Stream) -> Vec<Option<f64>> {
    const EFFECTS: [f64; SIDES] = [0.0, 0.0, 0.0, 0.0, 0.4, 0.8, 1.2, 1.6];
    let mut cells = Vec::with_capacity(60 * SIDES);
    for prompt in 0..60 {
        let difficulty = 1.5 * normal(stream);
        for (side, effect) in (0_u32..).zip(EFFECTS) {
            let rate = logistic(-1.2 + difficulty + effect);
            let succeeded = binomial(stream, 2, rate);
            cells.push(PromptCell {
                model: side,
                provider: side,
                prompt,
                harm_category: None,
                technique: None,
                succeeded: u32::try_from(succeeded).unwrap_or(0),
                n: 2,
            });
        }
    }
    let names = names();
    let sides = PromptSample {
        cells: &cells,
        unit: Unit::Provider,
        names: &names,
        harm_categories: &[],
        techniques: &[],
        category_mix: None,
    };
    let ranked: Vec<usize> = (0..SIDES).collect();
    let Ok(estimates) = RankEstimates::by_prompt(&sides, &ranked) else {
        return vec![None; SHARED.len()];
    };
    let chance = Chance {
        relabellings: DRAWS,
        seed: stream.word(),
    };
    let drawn = rank_confidence(&estimates, Level::P95, chance);
    let of = |pick| {
        drawn
            .known()
            .map(|sets| by_name(sets, pick))
            .unwrap_or_default()
    };
    let counts: Vec<_> = estimates
        .rates
        .iter()
        .filter_map(|rate| counted(libm::round(rate * 120.0) as u64, 120))
        .collect();
    let alone = RankEstimates::independent(&names, &counts).ok();
    let bonferroni = alone.and_then(|a| {
        let sets = rank_sets(
            &a.rates,
            &a.standard_errors(),
            Level::P95,
            Correction::Joint,
        )
        .ok()?;
        let sets: Vec<(usize, usize)> = sets.iter().map(|s| (s.lower, s.upper)).collect();
        all(&EFFECTS, &sets)
    });
    vec![
        points(&estimates.rates, &EFFECTS),
        all(&EFFECTS, &of(|s| s.simultaneous)),
        each(&EFFECTS, &of(|s| s.marginal)),
        bonferroni,
    ]
}

pub(super) fn section(length: Length) -> Section {
    Section::new(
        "ranks",
        "Rankings",
        "Do the ranges of ranks hold the true ranks? A set holds the rank of a provider tied with others if it holds every place of theirs.",
        vec![
            make(&TIED, length, |stream| {
                independent(stream, &[0.3; SIDES], 100)
            }),
            make(&SPREAD, length, |stream| {
                let truth: Vec<f64> = (0..8_u32).map(|i| 0.10 + 0.05 * f64::from(i)).collect();
                independent(stream, &truth, 100)
            }),
            make(&PAIRS, length, |stream| {
                let truth = [0.10, 0.11, 0.22, 0.23, 0.34, 0.35, 0.46, 0.47];
                independent(stream, &truth, 300)
            }),
            make(&PROMPTS, length, shared),
        ],
    )
}
