//! Calibration of the posterior by simulation (Talts et al. 2018).
//!
//! Parameters are drawn from the priors, traces from the parameters, and the
//! posterior is sampled. The rank of each true value among its draws is then even
//! over all ranks if model, gradient and sampler are right.

use caveat_analysis::{
    hierarchical::{
        Cells, Factor, Role, Terms,
        posterior::{Priors, Sampling, kept},
    },
    homogeneity::chi_squared_sf,
    multiplicity::{Adjustment, adjust},
    stream::Stream,
    sums::{count, sum},
    variates::{binomial, normal},
};

use super::{Section, ours};
use crate::{
    figure::{Promise, Question, World},
    made::{Length, answers_of, logistic, normals, outcome, yes},
};

const PROVIDERS: usize = 6;
const MODELS: usize = 12;
const PROMPTS: usize = 8;
const TRACES: u64 = 2;
/// Bins of a histogram; 99 draws have 100 ranks.
pub(crate) const BINS: usize = 10;

const SHORT_CHAINS: &str =
    "Chains are shorter than those of a report and no gate stands before them.";

const QUESTIONS: &[Question] = &[
    ours(
        "intercept",
        "intercept, 95 % posterior interval",
        Promise::Coverage(0.95),
        SHORT_CHAINS,
    ),
    ours(
        "slope",
        "change per doubling, 95 % posterior interval",
        Promise::Coverage(0.95),
        SHORT_CHAINS,
    ),
    ours(
        "provider",
        "deviation between providers, 95 % posterior interval",
        Promise::Coverage(0.95),
        SHORT_CHAINS,
    ),
    ours(
        "model",
        "deviation between models, 95 % posterior interval",
        Promise::Coverage(0.95),
        SHORT_CHAINS,
    ),
    ours(
        "prompt",
        "deviation between prompts, 95 % posterior interval",
        Promise::Coverage(0.95),
        SHORT_CHAINS,
    ),
    ours(
        "logit",
        "logit of the first model, 95 % posterior interval",
        Promise::Coverage(0.95),
        SHORT_CHAINS,
    ),
];

static WORLD: World = World {
    id: "posterior",
    title: "parameters drawn from the priors",
    about: "6 providers with 2 models each, 8 prompts, 2 traces for each model and prompt; intercept, slope and the three deviations drawn from the default priors. Two chains of 500 draws after 300 to tune; 99 draws ten apart for the ranks.",
    seed: 2001,
    worlds: 400,
    short: 3,
    questions: QUESTIONS,
};

/// Ranks of the true values of one quantity among its draws.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// The quantity.
    pub quantity: &'static str,
    /// Worlds by tenth of the ranks.
    pub counts: [u64; BINS],
    /// Pearson's statistic against even counts.
    pub chi2: f64,
    /// Its p-value.
    pub p: f64,
    /// The same adjusted for the number of quantities (Holm).
    pub adjusted: f64,
}

/// The rank of the truth among draws: how many are lower.
fn rank(draws: &[f64], truth: f64) -> usize {
    draws.iter().filter(|d| **d < truth).count()
}

fn one(stream: &mut Stream) -> Vec<Option<f64>> {
    let priors = Priors::default();
    let intercept = priors.intercept * normal(stream);
    let slope = priors.slope * normal(stream);
    let [sp, sm, sq] = [(); 3].map(|()| priors.deviation * normal(stream).abs());
    let size = |m: usize| 1.0 + 0.7 * count(m * 5 % MODELS);
    let provider = normals(stream, PROVIDERS);
    let model = normals(stream, MODELS);
    let prompt = normals(stream, PROMPTS);
    let logit =
        |m: usize| intercept + slope * (size(m) - 5.0) + sp * provider[m / 2] + sm * model[m];
    let rows: Vec<(usize, usize)> = (0..MODELS)
        .flat_map(|m| (0..PROMPTS).map(move |q| (m, q)))
        .collect();
    let successes: Vec<u64> = rows
        .iter()
        .map(|(m, q)| binomial(stream, TRACES, logistic(logit(*m) + sq * prompt[*q])))
        .collect();
    let factor = |role, levels: usize, level_of: Vec<usize>| Factor {
        role,
        names: (0..levels).map(|l| format!("l{l:02}")).collect(),
        level_of,
    };
    let factors = [
        factor(
            Role::Provider,
            PROVIDERS,
            rows.iter().map(|r| r.0 / 2).collect(),
        ),
        factor(Role::Model, MODELS, rows.iter().map(|r| r.0).collect()),
        factor(Role::Prompt, PROMPTS, rows.iter().map(|r| r.1).collect()),
    ];
    let sizes: Vec<Option<f64>> = rows.iter().map(|r| Some(size(r.0))).collect();
    let sampling = Sampling {
        chains: 2,
        warmup: 300,
        draws: 500,
        target_accept: 0.9,
        seed: stream.word(),
    };
    let draws = Cells::new(&factors, &successes, &vec![TRACES; rows.len()], &sizes)
        .and_then(|cells| kept(&cells, Terms::WithSize, priors, sampling));
    let Ok(draws) = draws else {
        return vec![None; 2 * QUESTIONS.len()];
    };
    let deviation = |role: Role| {
        let found = draws.deviations.iter().find(|d| d.0 == role);
        found.map(|d| d.1.as_slice()).unwrap_or_default()
    };
    let first = draws
        .logits
        .first()
        .map(|l| l.1.as_slice())
        .unwrap_or_default();
    let quantities: [(&[f64], f64); 6] = [
        (&draws.intercept, intercept),
        (&draws.slope, slope),
        (deviation(Role::Provider), sp),
        (deviation(Role::Model), sm),
        (deviation(Role::Prompt), sq),
        (first, logit(0)),
    ];
    let inside = quantities.iter().map(|(draws, truth)| {
        // The central 950 of 1,000 draws.
        Some(yes((25..=975).contains(&rank(draws, *truth))))
    });
    let ranks = quantities.iter().map(|(draws, truth)| {
        let thin: Vec<f64> = draws.iter().skip(10).step_by(10).copied().collect();
        Some(count(rank(&thin, *truth)))
    });
    inside.chain(ranks).collect()
}

fn histogram(quantity: &'static str, ranks: impl Iterator<Item = f64>) -> Histogram {
    let mut counts = [0_u64; BINS];
    for rank in ranks {
        // A rank from 0 to 99.
        let bin = ((rank / 10.0) as usize).min(BINS - 1);
        counts[bin] += 1;
    }
    let all: u64 = counts.iter().sum();
    let expected = all as f64 / BINS as f64;
    let chi2 = sum(counts.iter().map(|c| {
        let gap = *c as f64 - expected;
        gap * gap / expected.max(f64::MIN_POSITIVE)
    }));
    let p = chi_squared_sf(chi2, (BINS - 1) as f64).unwrap_or(0.0);
    Histogram {
        quantity,
        counts,
        chi2,
        p,
        adjusted: p,
    }
}

const NAMES: [&str; 6] = [
    "intercept",
    "change per doubling",
    "deviation between providers",
    "deviation between models",
    "deviation between prompts",
    "logit of the first model",
];

fn histograms(answers: &[Vec<Option<f64>>]) -> Vec<Histogram> {
    let mut all: Vec<Histogram> = NAMES
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let place = QUESTIONS.len() + i;
            let ranks = answers
                .iter()
                .filter_map(|a| a.get(place).copied().flatten());
            histogram(name, ranks)
        })
        .collect();
    let single: Vec<f64> = all.iter().map(|h| h.p).collect();
    if let Ok(adjusted) = adjust(&single, Adjustment::Holm) {
        for (histogram, p) in all.iter_mut().zip(adjusted) {
            histogram.adjusted = p;
        }
    }
    all
}

pub(super) fn section(length: Length) -> Section {
    let answers = answers_of(&WORLD, length, one);
    Section {
        histograms: histograms(&answers),
        ..Section::new(
            "posterior",
            "The hierarchical model, posterior",
            "If the truth comes from the priors, do posterior intervals hold it as often as they say, and are its ranks among the draws even?",
            vec![outcome(&WORLD, &answers)],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_ranks_have_no_statistic_and_piled_ones_a_small_p() {
        let even = histogram("q", (0..200).map(|i| f64::from(i % 100)));
        assert_eq!((even.chi2, even.counts), (0.0, [20; BINS]));
        assert!((even.p - 1.0).abs() < 1e-12);
        let piled = histogram("q", (0..200).map(|i| f64::from(i % 50)));
        assert!(piled.p < 1e-20);
    }
}
