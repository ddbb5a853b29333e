//! The change of the rate per doubling of parameters.

use caveat_analysis::{
    ancova::ancova,
    proportion::{Interval, Level},
    random_intercept::{Likelihood, random_intercept},
    regression::{Hc, line},
    stream::Stream,
    variates::{beta, binomial, normal},
};

use super::{Section, ours, published};
use crate::{
    figure::{Promise, Question, World},
    made::{Length, PROVIDERS_164, REPORT_164, groups, holds, log2_sizes, make, normals, yes},
};

const NORMAL: &str =
    "The normal law stands for Student's t, so that with 21 models the interval is too short.";

const EQUAL: &[Question] = &[
    published(
        "normal",
        "slope, normal approximation",
        Promise::NoCoverage(0.95),
        NORMAL,
    ),
    ours(
        "t",
        "slope, t interval",
        Promise::Coverage(0.95),
        "The models with fewest traces scatter most and lie near the mean size, where they weigh little: the interval is a little wide.",
    ),
    ours(
        "hc3",
        "slope, HC3 interval",
        Promise::Coverage(0.95),
        "One model of 671 billion parameters weighs most, and HC3 guards against it by being wide.",
    ),
];

const UNEVEN: &[Question] = &[
    published(
        "normal",
        "slope, normal approximation",
        Promise::NoCoverage(0.95),
        NORMAL,
    ),
    ours(
        "t",
        "slope, t interval",
        Promise::NoCoverage(0.95),
        "It takes the spread to be the same at every size, and the spread here is largest where sizes are extreme.",
    ),
    ours(
        "hc3",
        "slope, HC3 interval",
        Promise::Coverage(0.95),
        "HC3 allows for a spread that changes with size, but 21 models with few at the ends are too few for it to learn that spread.",
    ),
];

const CLUSTERED: &[Question] = &[
    published(
        "normal",
        "slope, normal approximation",
        Promise::NoCoverage(0.95),
        NORMAL,
    ),
    ours(
        "t",
        "slope, t interval",
        Promise::NoCoverage(0.95),
        "Models of one provider are alike in rate and in size, and the interval counts them as independent.",
    ),
    ours(
        "hc3",
        "slope, HC3 interval",
        Promise::NoCoverage(0.95),
        "HC3 allows for unequal spread and not for models that go together.",
    ),
    ours(
        "within",
        "slope within providers (provider in the model)",
        Promise::Coverage(0.95),
        "",
    ),
    ours(
        "mixed",
        "slope with a random effect of the provider (REML)",
        Promise::Coverage(0.95),
        "The error of the slope takes the two variances as known, and nine models beyond the providers say little of them.",
    ),
];

static PLAIN: World = World {
    id: "slope-equal",
    title: "equal spread, no provider effect",
    about: "Sizes of Report #164, true slope 0, normal distances of 14 points.",
    seed: 1401,
    worlds: 10_000,
    short: 1000,
    questions: EQUAL,
};

static TRACES: World = World {
    id: "slope-164",
    title: "sampling noise of Report #164's traces",
    about: "True rates drawn about 30 % for every model whatever its size, 21 to 322 traces each; true slope 0.",
    seed: 1402,
    worlds: 10_000,
    short: 1000,
    questions: EQUAL,
};

static SPREAD: World = World {
    id: "slope-uneven",
    title: "spread that grows away from the mean size",
    about: "As the first, with deviations of 4 points at the mean size and 6 more per doubling away from it; true slope 0.",
    seed: 1403,
    worlds: 10_000,
    short: 1000,
    questions: UNEVEN,
};

static PROVIDERS: World = World {
    id: "slope-providers",
    title: "half of the variance between providers",
    about: "As the first, with half of the variance from the provider (true share 0.5); true slope 0.",
    seed: 1404,
    worlds: 10_000,
    short: 1000,
    questions: CLUSTERED,
};

fn answers(rates: &[f64], providers: bool) -> Vec<Option<f64>> {
    let (sizes, level) = (log2_sizes(), Level::P95);
    let fit = line(&sizes, rates, None);
    let fit = fit.as_ref().map_err(|reason| *reason);
    let mut answers = vec![
        // The truth is 0: it lies outside where the p-value is below 5 %.
        fit.and_then(|l| l.p_normal).ok().map(|p| yes(p > 0.05)),
        holds(fit.and_then(|l| l.slope_interval(level)), 0.0),
        holds(
            fit.and_then(|l| l.robust_slope_interval(Hc::Hc3, level)),
            0.0,
        ),
    ];
    if providers {
        let both = ancova(rates, &sizes, &groups());
        answers.push(holds(both.and_then(|b| b.slope_interval(level)), 0.0));
        let mixed = random_intercept(
            rates,
            Some(&sizes),
            &groups(),
            Likelihood::Restricted,
            level,
        );
        let interval = mixed.and_then(|m| {
            let slope = m.slope.ok_or(caveat_analysis::NotEstimable::NotGiven)?;
            let half = level.t(caveat_analysis::sums::count(m.df))? * slope.se;
            Ok(Interval::around(slope.value, half))
        });
        answers.push(holds(interval, 0.0));
    }
    answers
}

fn uneven(stream: &mut Stream) -> Vec<f64> {
    let sizes = log2_sizes();
    let mean = caveat_analysis::sums::mean(&sizes).unwrap_or(0.0);
    sizes
        .iter()
        .map(|s| 0.4 + (0.04 + 0.06 * (s - mean).abs()) * normal(stream))
        .collect()
}

pub(super) fn section(length: Length) -> Section {
    Section::new(
        "slope",
        "Size",
        "Does the interval of the change per doubling of parameters hold the true change?",
        vec![
            make(&PLAIN, length, |stream| {
                let rates: Vec<f64> = normals(stream, 21).iter().map(|z| 0.3 + 0.14 * z).collect();
                answers(&rates, false)
            }),
            make(&TRACES, length, |stream| {
                let rates: Vec<f64> = REPORT_164
                    .iter()
                    .map(|(_, n, _)| {
                        let rate = beta(stream, 2.9, 6.8);
                        binomial(stream, *n, rate) as f64 / *n as f64
                    })
                    .collect();
                answers(&rates, false)
            }),
            make(&SPREAD, length, |stream| answers(&uneven(stream), false)),
            make(&PROVIDERS, length, |stream| {
                let provider = normals(stream, PROVIDERS_164);
                let half = libm::sqrt(0.5);
                let rates: Vec<f64> = groups()
                    .iter()
                    .map(|g| 0.3 + 0.14 * half * (provider[*g] + normal(stream)))
                    .collect();
                answers(&rates, true)
            }),
        ],
    )
}
