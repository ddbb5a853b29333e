//! The provider's share of the variance between models: estimates and intervals.

use caveat_analysis::{
    noise::true_share,
    oneway::{OneWay, one_way},
    proportion::Level,
    random_intercept::{Likelihood, random_intercept},
    stream::Stream,
    sums::sum,
    variates::{binomial, normal},
};

use super::{Section, ours, published};
use crate::{
    figure::{Promise, Question, World},
    made::{Length, PROVIDERS_164, counted, groups, holds, make, normals},
};

const ETA2: &str = "eta squared rises with the number of providers whatever the data; with 12 of 21 models it is 0.55 on average where there is nothing.";
const STEIGER_ZERO: &str =
    "At a true share of 0 the lower limit cannot miss, so that only the upper tail is left.";

const FIXED: &[Question] = &[
    published(
        "eta2",
        "eta squared, read as the share",
        Promise::Biased,
        ETA2,
    ),
    ours(
        "epsilon2",
        "epsilon squared",
        Promise::Unbiased,
        "Its mean error is small; one data set alone may lie far off.",
    ),
    ours(
        "omega2",
        "omega squared",
        Promise::Unbiased,
        "Its mean error is small; one data set alone may lie far off.",
    ),
    ours(
        "steiger",
        "90 % interval of the share (Steiger)",
        Promise::Coverage(0.90),
        "",
    ),
];

const NOTHING: &[Question] = &[
    published(
        "eta2",
        "eta squared, read as the share",
        Promise::Biased,
        ETA2,
    ),
    ours("epsilon2", "epsilon squared", Promise::Unbiased, ""),
    ours("omega2", "omega squared", Promise::Unbiased, ""),
    ours(
        "steiger",
        "90 % interval of the share (Steiger)",
        Promise::CoverageAtLeast(0.90),
        STEIGER_ZERO,
    ),
];

const DRAWN: &[Question] = &[
    published(
        "eta2",
        "eta squared, read as the share",
        Promise::Biased,
        ETA2,
    ),
    ours(
        "epsilon2",
        "epsilon squared",
        Promise::Biased,
        "It estimates the share among these providers; twelve drawn anew differ from it.",
    ),
    ours(
        "steiger",
        "90 % interval of the share (Steiger), read as that of providers in general",
        Promise::NoCoverage(0.90),
        "It speaks of these providers. Read as a statement on providers in general it leaves out that other providers could have been drawn.",
    ),
    ours(
        "reml-bias",
        "share by REML",
        Promise::Biased,
        "A share cannot be below 0, so that small true shares come out too large on average.",
    ),
    ours(
        "reml",
        "95 % interval of the share by REML (profile likelihood)",
        Promise::Coverage(0.95),
        "The law of twice the log-likelihood is that of many providers; 12 providers with seven singletons are few, and at the edge of 0 it is another law.",
    ),
];

const NOISY: &[Question] = &[
    published(
        "eta2",
        "eta squared of the observed rates, read as the share among true rates",
        Promise::Biased,
        "Bias upward from the number of providers and downward from sampling noise do not cancel.",
    ),
    ours(
        "epsilon2",
        "epsilon squared of the observed rates, read as the share among true rates",
        Promise::Biased,
        "It is right for observed rates, in which noise counts as difference between models.",
    ),
    ours(
        "true",
        "epsilon squared of the true rates (noise taken out)",
        Promise::Unbiased,
        "It divides by a difference that noise can bring near 0, so that its mean is at the mercy of few worlds.",
    ),
];

macro_rules! world {
    ($name:ident, $id:literal, $title:literal, $about:literal, $seed:literal, $worlds:literal, $questions:ident) => {
        static $name: World = World {
            id: $id,
            title: $title,
            about: $about,
            seed: $seed,
            worlds: $worlds,
            short: 500,
            questions: $questions,
        };
    };
}

world!(
    ZERO,
    "shares-fixed-0",
    "these 12 providers, true share 0",
    "Layout of Report #164, normal rates of equal spread, no difference between providers.",
    1501,
    10_000,
    NOTHING
);
world!(
    FIFTH,
    "shares-fixed-20",
    "these 12 providers, true share 0.2",
    "As before, providers' means drawn and then scaled so that their share among these providers is 0.2 (noncentrality over itself plus 21).",
    1502,
    10_000,
    FIXED
);
world!(
    HALF,
    "shares-fixed-50",
    "these 12 providers, true share 0.5",
    "As before with 0.5.",
    1503,
    10_000,
    FIXED
);
world!(
    DRAWN_0,
    "shares-drawn-0",
    "providers drawn anew, true share 0",
    "Providers' means drawn anew in every world; the true share is that of the two variances.",
    1504,
    4000,
    DRAWN
);
world!(
    DRAWN_20,
    "shares-drawn-20",
    "providers drawn anew, true share 0.2",
    "As before with 0.2.",
    1505,
    4000,
    DRAWN
);
world!(
    DRAWN_50,
    "shares-drawn-50",
    "providers drawn anew, true share 0.5",
    "As before with 0.5.",
    1506,
    4000,
    DRAWN
);
world!(
    NOISE,
    "shares-noise",
    "true share 0.5, 100 traces for each model",
    "Fixed providers with a share of 0.5 among true rates of deviation 10 points about 40 %; 100 traces for each model.",
    1507,
    10_000,
    NOISY
);

/// Means of the providers about 0, with the noncentrality that makes the share
/// `ncp / (ncp + n)` for models of unit variance.
fn fixed_means(stream: &mut Stream, share: f64) -> Vec<f64> {
    let groups = groups();
    let raw = normals(stream, PROVIDERS_164);
    let values: Vec<f64> = groups.iter().map(|g| raw[*g]).collect();
    let n = values.len() as f64;
    let mean = sum(values.iter().copied()) / n;
    let squares = sum(values.iter().map(|v| (v - mean) * (v - mean)));
    let scale = libm::sqrt(n * share / (1.0 - share) / squares);
    raw.iter().map(|r| scale * (r - mean)).collect()
}

fn rates(stream: &mut Stream, means: &[f64]) -> Vec<f64> {
    groups()
        .iter()
        .map(|g| means[*g] + normal(stream))
        .collect()
}

fn gap(value: Option<f64>, truth: f64) -> Option<f64> {
    value.map(|v| v - truth)
}

fn of(fit: Option<&OneWay>, pick: fn(&OneWay) -> Option<f64>) -> Option<f64> {
    fit.and_then(pick)
}

fn fixed(stream: &mut Stream, share: f64) -> Vec<Option<f64>> {
    let means = fixed_means(stream, share);
    let fit = one_way(&rates(stream, &means), &groups()).ok();
    let fit = fit.as_ref();
    let interval = fit.map(|f| f.population_eta2(Level::P90).map(|s| s.eta2));
    vec![
        gap(of(fit, |f| f.eta2.ok()), share),
        gap(of(fit, |f| f.epsilon2.ok()), share),
        gap(of(fit, |f| f.omega2.ok()), share),
        interval.and_then(|i| holds(i, share)),
    ]
}

fn drawn(stream: &mut Stream, share: f64) -> Vec<Option<f64>> {
    let scale = libm::sqrt(share / (1.0 - share));
    let means: Vec<f64> = normals(stream, PROVIDERS_164)
        .iter()
        .map(|z| scale * z)
        .collect();
    let values = rates(stream, &means);
    let fit = one_way(&values, &groups()).ok();
    let fit = fit.as_ref();
    let interval = fit.map(|f| f.population_eta2(Level::P90).map(|s| s.eta2));
    let reml = random_intercept(&values, None, &groups(), Likelihood::Restricted, Level::P95);
    let reml = reml.as_ref().map_err(|reason| *reason);
    vec![
        gap(of(fit, |f| f.eta2.ok()), share),
        gap(of(fit, |f| f.epsilon2.ok()), share),
        interval.and_then(|i| holds(i, share)),
        gap(reml.map(|r| r.share_provider).ok(), share),
        holds(reml.map(|r| r.share_interval), share),
    ]
}

fn noisy(stream: &mut Stream, share: f64) -> Vec<Option<f64>> {
    let means = fixed_means(stream, share);
    let spread = 0.1 * libm::sqrt(1.0 - share);
    let counts: Option<Vec<_>> = rates(stream, &means)
        .iter()
        .map(|z| {
            let rate = (0.4 + spread * z).clamp(0.0, 1.0);
            counted(binomial(stream, 100, rate), 100)
        })
        .collect();
    let Some(counts) = counts else {
        return vec![None; 3];
    };
    let observed: Vec<f64> = counts.iter().map(|c| c.share()).collect();
    let fit = one_way(&observed, &groups()).ok();
    let apart = true_share(&counts, &groups());
    vec![
        gap(of(fit.as_ref(), |f| f.eta2.ok()), share),
        gap(of(fit.as_ref(), |f| f.epsilon2.ok()), share),
        gap(apart.and_then(|t| t.epsilon2).ok(), share),
    ]
}

pub(super) fn section(length: Length) -> Section {
    Section::new(
        "shares",
        "The provider's share",
        "Is the share of the variance between models that goes with the provider right on average, and does its interval hold the true share?",
        vec![
            make(&ZERO, length, |stream| fixed(stream, 0.0)),
            make(&FIFTH, length, |stream| fixed(stream, 0.2)),
            make(&HALF, length, |stream| fixed(stream, 0.5)),
            make(&DRAWN_0, length, |stream| drawn(stream, 0.0)),
            make(&DRAWN_20, length, |stream| drawn(stream, 0.2)),
            make(&DRAWN_50, length, |stream| drawn(stream, 0.5)),
            make(&NOISE, length, |stream| noisy(stream, 0.5)),
        ],
    )
}
