//! Tests of whether providers differ: alarms where they do not.

use caveat_analysis::{
    labels::Chance,
    proportion::Level,
    stream::Stream,
    summarise,
    together::{Point, together},
    variates::{beta, binomial, normal},
};

use super::{Section, ours, published};
use crate::{
    figure::{Promise, Question, World},
    made::{
        Length, PROVIDERS_164, REPORT_164, alarm, exact, log2_sizes, make, normals, parameters,
        sample, yes,
    },
};

/// Relabellings in each world: `(1 + b)/200` reaches 5 % exactly.
const RELABELLINGS: u32 = 199;
/// The published ratio.
const PUBLISHED_RATIO: f64 = 57.5;

const RATIO: &str = "The share of size stands below the line and is near 0 by chance, so that chance makes large ratios.";
const F: &str = "The F test takes the rates to be normal with the same spread for every provider.";

const NULL: &[Question] = &[
    published(
        "ratio",
        "eta squared over R squared is 57.5 or more, read as a finding",
        Promise::NoAlarms(0.05),
        RATIO,
    ),
    ours(
        "ratio-law",
        "the same ratio against its law under relabelling",
        Promise::Alarms(0.05),
        "Models with few traces scatter more than others, so that labels could not quite change places.",
    ),
    ours("f", "F test of providers", Promise::Alarms(0.05), F),
    ours(
        "permutation",
        "permutation test of eta squared",
        Promise::Alarms(0.05),
        "Models with few traces scatter more than others, so that labels could not quite change places.",
    ),
    ours(
        "ancova-f",
        "provider beside size, F test",
        Promise::Alarms(0.05),
        F,
    ),
    ours(
        "dealt",
        "provider beside size, labels dealt anew",
        Promise::Alarms(0.05),
        "Models with few traces scatter more than others, so that labels could not quite change places.",
    ),
    ours(
        "freedman-lane",
        "provider beside size, distances permuted (Freedman-Lane)",
        Promise::Alarms(0.05),
        "Approximate: it permutes distances from a line that was fitted to few models.",
    ),
];

const OUTLIER: &[Question] = &[
    published(
        "ratio",
        "eta squared over R squared is 57.5 or more, read as a finding",
        Promise::NoAlarms(0.05),
        RATIO,
    ),
    ours(
        "ratio-law",
        "the same ratio against its law under relabelling",
        Promise::Alarms(0.05),
        "",
    ),
    ours(
        "f",
        "F test of providers",
        Promise::NoAlarms(0.05),
        "A single outlying model that is its provider's only one counts as a difference between providers.",
    ),
    ours(
        "permutation",
        "permutation test of eta squared",
        Promise::Alarms(0.05),
        "",
    ),
    ours(
        "ancova-f",
        "provider beside size, F test",
        Promise::NoAlarms(0.05),
        "As the F test without size.",
    ),
    ours(
        "dealt",
        "provider beside size, labels dealt anew",
        Promise::Alarms(0.05),
        "",
    ),
    ours(
        "freedman-lane",
        "provider beside size, distances permuted (Freedman-Lane)",
        Promise::NoAlarms(0.05),
        "The outlying model bends the size line, and every permutation of the distances from it carries a part of it; believe the labels dealt anew.",
    ),
];

const CONFOUNDED_SIZE: &[Question] = &[
    published(
        "ratio",
        "eta squared over R squared is 57.5 or more, read as a finding",
        Promise::NoAlarms(0.05),
        RATIO,
    ),
    ours(
        "ratio-law",
        "the same ratio against its law under relabelling",
        Promise::NoAlarms(0.05),
        "Size matters here, so that the ratio is small.",
    ),
    ours(
        "f",
        "F test of providers",
        Promise::NoAlarms(0.05),
        "Providers differ because their sizes do; the test without size cannot tell.",
    ),
    ours(
        "permutation",
        "permutation test of eta squared",
        Promise::NoAlarms(0.05),
        "As the F test: dealing labels anew breaks the tie of provider and size as well.",
    ),
    ours(
        "ancova-f",
        "provider beside size, F test",
        Promise::Alarms(0.05),
        F,
    ),
    ours(
        "dealt",
        "provider beside size, labels dealt anew",
        Promise::NoAlarms(0.05),
        "It is exact where names mean nothing, also for size; where providers keep to sizes nothing is promised.",
    ),
    ours(
        "freedman-lane",
        "provider beside size, distances permuted (Freedman-Lane)",
        Promise::Alarms(0.05),
        "Approximate: it permutes distances from a line that was fitted to few models.",
    ),
];

const UNEVEN: &[Question] = &[
    published(
        "ratio",
        "eta squared over R squared is 57.5 or more, read as a finding",
        Promise::NoAlarms(0.05),
        RATIO,
    ),
    ours(
        "ratio-law",
        "the same ratio against its law under relabelling",
        Promise::NoAlarms(0.05),
        "Models with few traces scatter more and sit together; see the permutation test.",
    ),
    ours(
        "f",
        "F test of providers",
        Promise::NoAlarms(0.05),
        "Few traces make a rate scatter: providers tested little look different.",
    ),
    ours(
        "permutation",
        "permutation test of eta squared",
        Promise::NoAlarms(0.05),
        "It asks that models could change places. Those of providers tested little cannot: their rates scatter more.",
    ),
    ours(
        "ancova-f",
        "provider beside size, F test",
        Promise::NoAlarms(0.05),
        "As the F test without size.",
    ),
    ours(
        "dealt",
        "provider beside size, labels dealt anew",
        Promise::NoAlarms(0.05),
        "As the permutation test without size.",
    ),
    ours(
        "freedman-lane",
        "provider beside size, distances permuted (Freedman-Lane)",
        Promise::NoAlarms(0.05),
        "As the permutation test without size.",
    ),
];

const PROMPTS: &[Question] = &[
    published(
        "ratio",
        "eta squared over R squared is 57.5 or more, read as a finding",
        Promise::NoAlarms(0.05),
        RATIO,
    ),
    ours(
        "ratio-law",
        "the same ratio against its law under relabelling",
        Promise::NoAlarms(0.05),
        "As the permutation test.",
    ),
    ours(
        "f",
        "F test of providers",
        Promise::NoAlarms(0.05),
        "Every provider met prompts of its own: what differs is the prompts. No test on rates can tell; only common prompts can.",
    ),
    ours(
        "permutation",
        "permutation test of eta squared",
        Promise::NoAlarms(0.05),
        "As the F test.",
    ),
    ours(
        "ancova-f",
        "provider beside size, F test",
        Promise::NoAlarms(0.05),
        "As the F test.",
    ),
    ours(
        "dealt",
        "provider beside size, labels dealt anew",
        Promise::NoAlarms(0.05),
        "As the F test.",
    ),
    ours(
        "freedman-lane",
        "provider beside size, distances permuted (Freedman-Lane)",
        Promise::NoAlarms(0.05),
        "As the F test.",
    ),
];

const EFFECT: &[Question] = &[
    published(
        "ratio",
        "eta squared over R squared is 57.5 or more, read as a finding",
        Promise::Found,
        "Hardly more often than where there is nothing.",
    ),
    ours(
        "ratio-law",
        "the same ratio against its law under relabelling",
        Promise::Found,
        "The ratio is a poor statistic: what moves it is the share of size.",
    ),
    ours(
        "f",
        "F test of providers",
        Promise::Found,
        "21 models of 12 providers say little.",
    ),
    ours(
        "permutation",
        "permutation test of eta squared",
        Promise::Found,
        "21 models of 12 providers say little.",
    ),
    ours(
        "ancova-f",
        "provider beside size, F test",
        Promise::Found,
        "As without size, with one degree of freedom less.",
    ),
    ours(
        "dealt",
        "provider beside size, labels dealt anew",
        Promise::Found,
        "As the F test.",
    ),
    ours(
        "freedman-lane",
        "provider beside size, distances permuted (Freedman-Lane)",
        Promise::Found,
        "As the F test.",
    ),
];

macro_rules! world {
    ($name:ident, $id:literal, $title:literal, $about:literal, $seed:literal, $questions:ident) => {
        static $name: World = World {
            id: $id,
            title: $title,
            about: $about,
            seed: $seed,
            worlds: 5000,
            short: 100,
            questions: $questions,
        };
    };
}

world!(
    EQUAL,
    "test-equal",
    "no provider effect, equal spread",
    "Layout of Report #164, normal rates about 40 %, 10 points of spread, no noise of traces.",
    1601,
    NULL
);
world!(
    TRACES,
    "test-164",
    "no provider effect, Report #164's traces",
    "True rates drawn about 30 % (Beta 2.9, 6.8) for every model alike; 21 to 322 traces each.",
    1602,
    NULL
);
world!(
    ALONE,
    "test-outlier",
    "no provider effect, one outlying model",
    "Rates drawn about 5 % (Beta 1.5, 30); one model, picked at random, has 90 %.",
    1603,
    OUTLIER
);
world!(
    SIZES,
    "test-sizes",
    "no provider effect, size matters and providers keep to sizes",
    "Rates rise 3 points per doubling; all models of a provider lie within half a doubling of a size of its own; spread 10 points.",
    1604,
    CONFOUNDED_SIZE
);
world!(
    FEW,
    "test-few-traces",
    "no provider effect, some providers tested little",
    "Every true rate is 30 %; models of providers with one model have 10 traces, of three providers 400.",
    1605,
    UNEVEN
);
world!(
    SETS,
    "test-prompts",
    "no provider effect, prompt sets of its own for each provider",
    "Models alike; each provider's prompts shift all its logits alike (deviation 0.8 between sets, 0.5 between models); 100 traces for each model.",
    1606,
    PROMPTS
);
world!(
    SHARE_20,
    "test-share-20",
    "true share 0.2",
    "As the first, with a share of 0.2 between providers drawn anew. How often it is found.",
    1607,
    EFFECT
);
world!(
    SHARE_50,
    "test-share-50",
    "true share 0.5",
    "As before with 0.5.",
    1608,
    EFFECT
);

type Row = (usize, (u64, u64), f64);

fn answers(rows: &[Row], seed: u64) -> Vec<Option<f64>> {
    let summary = summarise(&sample(rows), &parameters(RELABELLINGS, seed));
    let names: Vec<(String, String)> = rows
        .iter()
        .enumerate()
        .map(|(place, row)| (format!("m{place}"), format!("p{}", row.0)))
        .collect();
    let points: Vec<Point<'_>> = rows
        .iter()
        .zip(&names)
        .map(|((_, (x, n), billions), (model, provider))| Point {
            model,
            provider,
            rate: *x as f64 / *n as f64,
            size_b: Some(*billions),
        })
        .collect();
    let chance = Chance {
        relabellings: RELABELLINGS,
        seed,
    };
    let both = together(&points, chance, Level::P95);
    let both = both.known();
    let one = &summary.decomposition.in_scale;
    vec![
        summary
            .ratio
            .eta2_over_r2
            .number()
            .map(|r| yes(r >= PUBLISHED_RATIO)),
        // A share of all relabellings, to which the observed labels do not belong.
        summary
            .ratio
            .null_share_at_least
            .number()
            .map(|s| yes(s < 0.05)),
        alarm(one.p.number()),
        alarm(one.p_permutation.number()),
        alarm(both.and_then(|b| b.provider_test.known()).map(|t| t.p.0)),
        alarm(both.and_then(|b| b.provider_p_relabelled.number())),
        alarm(both.and_then(|b| b.provider_p_freedman_lane.number())),
    ]
}

fn with_rates(rates: &[f64], seed: u64) -> Vec<Option<f64>> {
    let rows: Vec<Row> = REPORT_164
        .iter()
        .zip(rates)
        .map(|((provider, _, billions), rate)| (*provider, exact(*rate), *billions))
        .collect();
    answers(&rows, seed)
}

fn of_share(stream: &mut Stream, share: f64) -> Vec<Option<f64>> {
    let provider = normals(stream, PROVIDERS_164);
    let (between, within) = (libm::sqrt(share), libm::sqrt(1.0 - share));
    let rates: Vec<f64> = REPORT_164
        .iter()
        .map(|slot| 0.4 + 0.1 * (between * provider[slot.0] + within * normal(stream)))
        .collect();
    with_rates(&rates, stream.word())
}

fn with_traces(
    stream: &mut Stream,
    traces: impl Fn(usize, u64) -> u64,
    rate: impl Fn(&mut Stream, usize) -> f64,
) -> Vec<Option<f64>> {
    let rows: Vec<Row> = REPORT_164
        .iter()
        .map(|(provider, n, billions)| {
            let n = traces(*provider, *n);
            let rate = rate(stream, *provider);
            (*provider, (binomial(stream, n, rate), n), *billions)
        })
        .collect();
    answers(&rows, stream.word())
}

fn outlier(stream: &mut Stream) -> Vec<Option<f64>> {
    let mut rates: Vec<f64> = (0..REPORT_164.len())
        .map(|_| beta(stream, 1.5, 30.0))
        .collect();
    let place = usize::try_from(stream.below(21)).unwrap_or(0);
    if let Some(rate) = rates.get_mut(place) {
        *rate = 0.9;
    }
    with_rates(&rates, stream.word())
}

fn sizes_by_provider(stream: &mut Stream) -> Vec<Option<f64>> {
    let own: Vec<f64> = normals(stream, PROVIDERS_164)
        .iter()
        .map(|z| 5.0 + 2.5 * z)
        .collect();
    let rows: Vec<Row> = REPORT_164
        .iter()
        .zip(log2_sizes())
        .map(|((provider, ..), _)| {
            let size = own[*provider] + caveat_analysis::variates::uniform(stream) - 0.5;
            let rate = 0.45 + 0.03 * (size - 5.0) + 0.1 * normal(stream);
            (*provider, exact(rate), libm::exp2(size))
        })
        .collect();
    answers(&rows, stream.word())
}

/// Traces of a model where some providers are tested little.
fn few(provider: usize, _: u64) -> u64 {
    match provider {
        0 | 6..=11 => 10,
        1 | 4 | 2 => 400,
        _ => 100,
    }
}

pub(super) fn section(length: Length) -> Section {
    Section::new(
        "test",
        "Is there a provider effect?",
        "How often does a test find a provider effect where there is none, and how often where there is one? All tests at 5 %.",
        vec![
            make(&EQUAL, length, |stream| of_share(stream, 0.0)),
            make(&TRACES, length, |stream| {
                with_traces(stream, |_, n| n, |stream, _| beta(stream, 2.9, 6.8))
            }),
            make(&ALONE, length, outlier),
            make(&SIZES, length, sizes_by_provider),
            make(&FEW, length, |stream| with_traces(stream, few, |_, _| 0.3)),
            make(&SETS, length, |stream| {
                let sets: Vec<f64> = normals(stream, PROVIDERS_164)
                    .iter()
                    .map(|z| 0.8 * z)
                    .collect();
                with_traces(
                    stream,
                    |_, _| 100,
                    |stream, provider| {
                        crate::made::logistic(-0.9 + sets[provider] + 0.5 * normal(stream))
                    },
                )
            }),
            make(&SHARE_20, length, |stream| of_share(stream, 0.2)),
            make(&SHARE_50, length, |stream| of_share(stream, 0.5)),
        ],
    )
}
