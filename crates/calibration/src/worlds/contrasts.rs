//! Ratios and differences of two rates, traces independent.

use caveat_analysis::{
    difference::{agresti_caffo, newcombe},
    proportion::{Count, Level},
    risk_ratio::{katz, koopman},
    stream::Stream,
    variates::{beta, binomial},
};

use super::{Section, customary, ours, published};
use crate::{
    figure::{Promise, Question, World},
    made::{Length, PROVIDERS_164, REPORT_164, between, counted, holds, make, yes},
};

const QUESTIONS: &[Question] = &[
    customary(
        "katz",
        "ratio, log interval (Katz)",
        Promise::NoCoverage(0.95),
        "It has no answer without a success on both sides, and is drawn from the other worlds alone.",
    ),
    ours(
        "koopman",
        "ratio, Koopman score interval",
        Promise::Coverage(0.95),
        "Small counts have few values: the score interval then holds the ratio more often than it says.",
    ),
    customary(
        "caffo",
        "difference, Agresti-Caffo interval",
        Promise::NoCoverage(0.95),
        "Shown beside Newcombe's; caveat does not print it.",
    ),
    ours(
        "newcombe",
        "difference, Newcombe interval",
        Promise::Coverage(0.95),
        "With few successes Newcombe's interval is a little wide, never short.",
    ),
];

static REPORT: World = World {
    id: "contrasts-164",
    title: "two providers of 50 to 330 traces",
    about: "True rates drawn about 30 % (Beta 2.9, 6.8), traces even between 50 and 330, all of different prompts.",
    seed: 1101,
    worlds: 20_000,
    short: 1000,
    questions: QUESTIONS,
};

static RARE: World = World {
    id: "contrasts-rare",
    title: "two providers of 25 traces, 2 to 10 %",
    about: "True rates even between 2 and 10 %. No success on either side is no answer for a ratio.",
    seed: 1102,
    worlds: 20_000,
    short: 1000,
    questions: QUESTIONS,
};

static EXTREMES: World = World {
    id: "contrasts-extremes",
    title: "highest against lowest of 12 providers that are all alike",
    about: "Every model has the true rate 25 %; traces as in Report #164; of the providers with 50 traces or more the highest is set against the lowest. The true ratio is 1.",
    seed: 1103,
    worlds: 10_000,
    short: 1000,
    questions: &[
        published(
            "large",
            "ratio of the extremes is 1.5 or more, read as a finding",
            Promise::NoAlarms(0.05),
            "The highest of many over the lowest of many is large where nothing differs: the law of the extremes belongs beside it.",
        ),
        ours(
            "koopman",
            "Koopman interval of the two, as if named in advance",
            Promise::NoCoverage(0.95),
            "The pair was chosen for being far apart. caveat prints the law of the extremes beside it and tests all pairs together.",
        ),
    ],
};

fn pair(stream: &mut Stream, n: [u64; 2], rates: [f64; 2]) -> Vec<Option<f64>> {
    let [p, q] = rates;
    let (Some(a), Some(b)) = (
        counted(binomial(stream, n[0], p), n[0]),
        counted(binomial(stream, n[1], q), n[1]),
    ) else {
        return vec![None; QUESTIONS.len()];
    };
    vec![
        holds(katz(a, b, Level::P95).map(|k| k.interval), p / q),
        holds(koopman(a, b, Level::P95), p / q),
        holds(Ok(agresti_caffo(a, b, Level::P95)), p - q),
        holds(Ok(newcombe(a, b, Level::P95)), p - q),
    ]
}

fn traces(stream: &mut Stream) -> u64 {
    50 + u64::from(stream.below(281))
}

fn extremes(stream: &mut Stream) -> Vec<Option<f64>> {
    let mut totals = [0_u64; PROVIDERS_164];
    for (provider, n, _) in REPORT_164 {
        totals[provider] += n;
    }
    let mut counts: Vec<Count> = totals
        .iter()
        .filter(|n| **n >= 50)
        .filter_map(|n| counted(binomial(stream, *n, 0.25), *n))
        .collect();
    counts.sort_by(|a, b| a.share().total_cmp(&b.share()));
    let (Some(low), Some(high)) = (counts.first(), counts.last()) else {
        return vec![None, None];
    };
    vec![
        Some(yes(high.share() >= 1.5 * low.share())),
        holds(koopman(*high, *low, Level::P95), 1.0),
    ]
}

pub(super) fn section(length: Length) -> Section {
    Section::new(
        "contrasts",
        "Two rates",
        "Does the interval of a ratio or a difference hold the true one, when traces are independent?",
        vec![
            make(&REPORT, length, |stream| {
                let n = [traces(stream), traces(stream)];
                let rates = [beta(stream, 2.9, 6.8), beta(stream, 2.9, 6.8)];
                pair(stream, n, rates)
            }),
            make(&RARE, length, |stream| {
                let rates = [between(stream, 0.02, 0.1), between(stream, 0.02, 0.1)];
                pair(stream, [25, 25], rates)
            }),
            make(&EXTREMES, length, extremes),
        ],
    )
}
