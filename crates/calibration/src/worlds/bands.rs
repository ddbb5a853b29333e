//! Labels for providers that lie off the size line.

use caveat_analysis::{
    analyse,
    proportion::{Interval, Level},
    residuals::deletion_residuals,
    result::{Analysis, Band},
    stream::Stream,
    sums::{count, sum},
    variates::{beta, binomial, normal},
};

use super::{Section, ours, published};
use crate::{
    figure::{Promise, Question, World},
    made::{
        Length, PROVIDERS_164, REPORT_164, groups, log2_sizes, make, mean_of, parameters, sample,
        yes,
    },
};

const QUESTIONS: &[Question] = &[
    published(
        "any",
        "some provider is labelled (outside 10 points)",
        Promise::NoAlarms(0.05),
        "A band of fixed width takes no account of how far models and traces scatter.",
    ),
    published(
        "each",
        "a given ranked provider is labelled",
        Promise::NoAlarms(0.05),
        "A band of fixed width takes no account of how far models and traces scatter.",
    ),
    ours(
        "responses",
        "distance of these models' true rates from the line as fitted, interval of one provider",
        Promise::Coverage(0.95),
        "The interval takes the provider's traces as one pool of one rate; models that differ make a pool that scatters less than that.",
    ),
    ours(
        "marked",
        "some provider is marked (interval of its responses excludes the line, adjusted)",
        Promise::NoAlarms(0.05),
        "The mark speaks of the responses of the models tested: they do lie off the line, as every model does. Read as a statement on the provider it is wrong, and hardly better than the published label.",
    ),
    ours(
        "models",
        "some provider is marked by the interval that counts models (line of the others, adjusted)",
        Promise::AlarmsAtMost(0.05),
        "It takes the rates to scatter about the line alike, and traces are few for some models.",
    ),
];

static REPORT: World = World {
    id: "bands-164",
    title: "no provider effect, Report #164's traces",
    about: "True rates drawn about 30 % (Beta 2.9, 6.8; deviation 14 points) for every model alike, 21 to 322 traces each. Labels for providers with 50 traces or more.",
    seed: 1701,
    worlds: 600,
    short: 12,
    questions: QUESTIONS,
};

static ALIKE: World = World {
    id: "bands-alike",
    title: "every model has the same rate",
    about: "As before with the true rate 30 % for every model: nothing but the noise of traces.",
    seed: 1702,
    worlds: 600,
    short: 12,
    questions: &[
        published(
            "any",
            "some provider is labelled (outside 10 points)",
            Promise::NoAlarms(0.05),
            "A band of fixed width takes no account of how far models and traces scatter.",
        ),
        published(
            "each",
            "a given ranked provider is labelled",
            Promise::NoAlarms(0.05),
            "A band of fixed width takes no account of how far models and traces scatter.",
        ),
        ours(
            "responses",
            "distance of these models' true rates from the line as fitted, interval of one provider",
            Promise::Coverage(0.95),
            "",
        ),
        ours(
            "marked",
            "some provider is marked (interval of its responses excludes the line, adjusted)",
            Promise::AlarmsAtMost(0.05),
            "The line is taken as known, and its own error makes up for part of the adjustment or adds to it.",
        ),
        ours(
            "models",
            "some provider is marked by the interval that counts models (line of the others, adjusted)",
            Promise::NoAlarms(0.05),
            "It takes models to scatter alike, and here models with many traces scatter less.",
        ),
    ],
};

static EFFECT: World = World {
    id: "bands-share-50",
    title: "half of the variance between providers",
    about: "As the first with normal true rates about 40 %, deviation 14 points, half of the variance from the provider. How often something is found.",
    seed: 1703,
    worlds: 600,
    short: 12,
    questions: &[
        published(
            "any",
            "some provider is labelled (outside 10 points)",
            Promise::Found,
            "Hardly more often than where there is nothing.",
        ),
        published(
            "each",
            "a given ranked provider is labelled",
            Promise::Found,
            "Hardly more often than where there is nothing.",
        ),
        ours(
            "responses",
            "distance of these models' true rates from the line as fitted, interval of one provider",
            Promise::Coverage(0.95),
            "The interval takes the provider's traces as one pool of one rate.",
        ),
        ours(
            "marked",
            "some provider is marked (interval of its responses excludes the line, adjusted)",
            Promise::Found,
            "It says that responses of the models tested lie off the line.",
        ),
        ours(
            "models",
            "some provider is marked by the interval that counts models (line of the others, adjusted)",
            Promise::Found,
            "One or two models for a provider say little of the provider.",
        ),
    ],
};

/// A model's true rate, successes and traces.
type Drawn = (f64, u64, u64);

fn answers(drawn: &[Drawn], seed: u64) -> Vec<Option<f64>> {
    let rows: Vec<(usize, (u64, u64), f64)> = REPORT_164
        .iter()
        .zip(drawn)
        .map(|((provider, _, billions), (_, x, n))| (*provider, (*x, *n), *billions))
        .collect();
    // The labels do not depend on relabellings; one is the least there can be.
    let analysis = analyse(&sample(&rows), &parameters(1, seed));
    let labelled: Vec<Option<f64>> = analysis
        .providers
        .iter()
        .filter(|p| p.ranked)
        .map(|p| p.band.known().map(|b| yes(*b != Band::Inside)))
        .collect();
    let marked = analysis
        .providers
        .iter()
        .any(|p| p.residual_excludes_zero == Some(true));
    vec![
        Some(yes(labelled.contains(&Some(1.0)))),
        mean_of(&labelled),
        mean_of(&covered(&analysis, drawn)),
        Some(yes(marked)),
        by_models(drawn),
    ]
}

/// Whether the printed interval holds the distance of the true pooled rate from
/// the line as it was fitted, for each provider.
fn covered(analysis: &Analysis, drawn: &[Drawn]) -> Vec<Option<f64>> {
    let own = |name: &str| {
        let models = REPORT_164.iter().zip(drawn);
        let models: Vec<&Drawn> = models
            .filter(|(slot, _)| format!("p{:02}", slot.0) == name)
            .map(|(_, drawn)| drawn)
            .collect();
        let traces = sum(models.iter().map(|d| d.2 as f64));
        let of = |pick: fn(&Drawn) -> f64| sum(models.iter().map(|d| pick(d))) / traces;
        // True less observed pooled rate.
        of(|d| d.0 * d.2 as f64) - of(|d| d.1 as f64)
    };
    let ranked = analysis.providers.iter().filter(|p| p.ranked);
    ranked
        .map(|p| {
            let shown = p.residual_pp.known()?;
            let truth = shown.value.0 + 100.0 * own(&p.provider);
            let interval = Interval {
                lower: shown.lower.0,
                upper: shown.upper.0,
            };
            Some(yes(interval.contains(truth)))
        })
        .collect()
}

/// Whether any ranked provider lies off the line of the others by the interval
/// that takes models as the unit, adjusted for the ranked providers.
fn by_models(drawn: &[Drawn]) -> Option<f64> {
    let mut totals = [0_u64; PROVIDERS_164];
    for (group, d) in groups().into_iter().zip(drawn) {
        totals[group] += d.2;
    }
    let ranked: Vec<usize> = (0..PROVIDERS_164).filter(|g| totals[*g] >= 50).collect();
    let level = Level::new(1.0 - 0.05 / count(ranked.len().max(1))).ok()?;
    let rates: Vec<f64> = drawn.iter().map(|d| d.1 as f64 / d.2 as f64).collect();
    let traces: Vec<u64> = drawn.iter().map(|d| d.2).collect();
    let all = deletion_residuals(&log2_sizes(), &rates, &traces, &groups(), level).ok()?;
    let off = all
        .iter()
        .filter(|(g, _)| ranked.contains(g))
        .any(|(_, r)| {
            let interval = r.as_ref().map_err(|reason| *reason);
            interval
                .and_then(|r| r.weighted_interval)
                .is_ok_and(|i| !i.contains(0.0))
        });
    Some(yes(off))
}

fn world(stream: &mut Stream, rate: impl Fn(&mut Stream, usize) -> f64) -> Vec<Option<f64>> {
    let drawn: Vec<Drawn> = REPORT_164
        .iter()
        .map(|(provider, n, _)| {
            let rate = rate(stream, *provider);
            (rate, binomial(stream, *n, rate), *n)
        })
        .collect();
    answers(&drawn, stream.word())
}

pub(super) fn section(length: Length) -> Section {
    Section::new(
        "bands",
        "Labels off the size line",
        "How often is a provider called over- or under-invested, or marked as off the size line, where providers do not differ?",
        vec![
            make(&REPORT, length, |stream| {
                world(stream, |stream, _| beta(stream, 2.9, 6.8))
            }),
            make(&ALIKE, length, |stream| world(stream, |_, _| 0.3)),
            make(&EFFECT, length, |stream| {
                let provider = crate::made::normals(stream, PROVIDERS_164);
                let half = libm::sqrt(0.5);
                world(stream, |stream, g| {
                    (0.4 + 0.14 * half * (provider[g] + normal(stream))).clamp(0.0, 1.0)
                })
            }),
        ],
    )
}
