//! Traces that share prompts, and prompt sets that differ.

use caveat_analysis::{
    NotEstimable,
    cells::{Tally, common, total},
    clusters::clustered_rate,
    common_prompts::{clustered_difference, paired_means, settled},
    difference::newcombe,
    proportion::{Interval, Level, wilson},
    stratified::{pooled, strata},
    stream::Stream,
    sums::sum,
    variates::{beta, binomial, normal},
};

use super::{Section, customary, ours, published};
use crate::{
    figure::{Promise, Question, World},
    made::{Length, holds, logistic, make, yes},
};

const INDEPENDENT: &str = "Four answers to one prompt are not four prompts.";

const ONE: &[Question] = &[
    customary(
        "wilson",
        "Wilson interval, traces taken as independent",
        Promise::NoCoverage(0.95),
        INDEPENDENT,
    ),
    ours(
        "cr1",
        "interval by prompt (CR1, t)",
        Promise::Coverage(0.95),
        "The spread between few prompts is badly known, and rates are skew.",
    ),
    ours(
        "cr2",
        "interval by prompt (CR2, Satterthwaite), printed below 30 prompts",
        Promise::Coverage(0.95),
        "The spread between few prompts is badly known, and rates are skew.",
    ),
];

macro_rules! world {
    ($name:ident, $id:literal, $title:literal, $about:literal, $seed:literal, $questions:ident) => {
        static $name: World = World {
            id: $id,
            title: $title,
            about: $about,
            seed: $seed,
            worlds: 10_000,
            short: 500,
            questions: $questions,
        };
    };
}

world!(
    TEN,
    "prompts-10",
    "one rate, 10 prompts, 4 traces each",
    "Prompts' true rates drawn about 30 % with a correlation of 0.3 between traces on one prompt. The truth is the mean over all prompts there could be.",
    1201,
    ONE
);
world!(
    THIRTY,
    "prompts-30",
    "one rate, 30 prompts, 4 traces each",
    "As before.",
    1202,
    ONE
);
world!(
    HUNDRED,
    "prompts-100",
    "one rate, 100 prompts, 4 traces each",
    "As before.",
    1203,
    ONE
);

const TWO: &[Question] = &[
    customary(
        "newcombe",
        "Newcombe interval, the two sides taken as independent",
        Promise::NoCoverage(0.95),
        "It does not know that hard prompts are hard for both, and is far too wide.",
    ),
    ours(
        "crude",
        "difference over all traces, by prompt",
        Promise::Coverage(0.95),
        "",
    ),
    ours(
        "means",
        "difference on common prompts (t)",
        Promise::Coverage(0.95),
        "",
    ),
    ours(
        "paired",
        "paired Newcombe interval, one verdict each",
        Promise::Coverage(0.95),
        "Newcombe's correction for small samples makes the paired interval wide.",
    ),
];

world!(
    SAME,
    "prompts-same",
    "two sides on the same 60 prompts",
    "One verdict for each prompt and side; prompt difficulty has a deviation of 1.5 on the logit scale, the sides differ by 0.6. The truth is the mean difference over all prompts there could be.",
    1204,
    TWO
);

const SETS: &[Question] = &[
    published(
        "crude",
        "the two crude rates differ (Newcombe), read as a difference of the models",
        Promise::NoAlarms(0.05),
        "One side met more of the hard prompts. The crude rates differ and the models do not.",
    ),
    ours(
        "all",
        "difference over all traces, by prompt",
        Promise::NoAlarms(0.05),
        "Honest errors do not help: it is the difference of two rates on different prompts. caveat gives the pair the verdict that only the common prompts compare them.",
    ),
    ours(
        "common",
        "difference on common prompts (t)",
        Promise::Alarms(0.05),
        "",
    ),
    ours(
        "category",
        "pooled over categories (Mantel-Haenszel ratio)",
        Promise::NoAlarms(0.05),
        "It is right as far as categories say what is hard, and takes traces on one prompt as independent.",
    ),
];

world!(
    CONFOUNDED,
    "prompts-confounded",
    "two sides alike, prompt sets that differ",
    "Each side met 40 common prompts and 60 of its own; of its own, one side's come from a hard category and the other's from an easy one (rates about 18 and 60 %). On every prompt both have the same true rate.",
    1205,
    SETS
);

fn tally(stream: &mut Stream, key: u32, rate: f64, n: u64) -> Tally {
    Tally {
        key,
        succeeded: binomial(stream, n, rate),
        n,
    }
}

fn one(stream: &mut Stream, prompts: u32) -> Vec<Option<f64>> {
    // Correlation 0.3: the two shapes add up to 1/0.3 - 1.
    let shapes = 1.0 / 0.3 - 1.0;
    let tallies: Vec<Tally> = (0..prompts)
        .map(|key| {
            let rate = beta(stream, 0.3 * shapes, 0.7 * shapes);
            tally(stream, key, rate, 4)
        })
        .collect();
    let rate = clustered_rate(&tallies);
    let by = |interval: fn(
        &caveat_analysis::clusters::ClusteredRate,
    ) -> Result<Interval, NotEstimable>| {
        holds(rate.as_ref().map_err(|r| *r).and_then(interval), 0.3)
    };
    vec![
        holds(total(&tallies).map(|c| wilson(c, Level::P95)), 0.3),
        by(|r| r.interval(Level::P95)),
        by(|r| r.interval_cr2(Level::P95)),
    ]
}

/// Mean of the logistic of a normal number, by the trapezoid rule on 16 deviations.
fn mean_logistic(centre: f64, deviation: f64) -> f64 {
    let steps = (-800_i32..=800).map(|i| f64::from(i) * 0.01);
    let weight = |z: f64| libm::exp(-0.5 * z * z);
    let whole = sum(steps.clone().map(weight));
    sum(steps.map(|z| weight(z) * logistic(centre + deviation * z))) / whole
}

fn same(stream: &mut Stream, truth: f64) -> Vec<Option<f64>> {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for key in 0..60 {
        let difficulty = 1.5 * normal(stream);
        a.push(tally(stream, key, logistic(-0.5 + difficulty), 1));
        b.push(tally(stream, key, logistic(-1.1 + difficulty), 1));
    }
    let counts = total(&a).and_then(|x| Ok((x, total(&b)?)));
    let table = settled(&a, &b).ok_or(NotEstimable::NoCommonPrompts);
    vec![
        holds(counts.map(|(x, y)| newcombe(x, y, Level::P95)), truth),
        holds(
            clustered_difference(&a, &b).and_then(|d| d.interval(Level::P95)),
            truth,
        ),
        holds(
            paired_means(&a, &b).and_then(|m| m.interval(Level::P95)),
            truth,
        ),
        holds(table.and_then(|t| t.newcombe(Level::P95)), truth),
    ]
}

/// Whether an interval leaves out a value: an alarm.
fn leaves_out(interval: Result<Interval, NotEstimable>, value: f64) -> Option<f64> {
    interval.ok().map(|i| yes(!i.contains(value)))
}

fn confounded(stream: &mut Stream) -> Vec<Option<f64>> {
    // Keys below 1000 are hard prompts (low rates), the others easy ones.
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let hard = |stream: &mut Stream| logistic(-1.7 + normal(stream));
    let easy = |stream: &mut Stream| logistic(0.5 + normal(stream));
    for i in 0..20 {
        let rate = hard(stream);
        a.push(tally(stream, i, rate, 1));
        b.push(tally(stream, i, rate, 1));
    }
    for i in 0..60 {
        let rate = hard(stream);
        a.push(tally(stream, 100 + i, rate, 1));
    }
    for i in 0..20 {
        let rate = easy(stream);
        a.push(tally(stream, 1000 + i, rate, 1));
        b.push(tally(stream, 1000 + i, rate, 1));
    }
    for i in 0..60 {
        let rate = easy(stream);
        b.push(tally(stream, 2000 + i, rate, 1));
    }
    let by_category = |side: &[Tally]| -> Vec<Tally> {
        let of = |easy: bool| {
            let own: Vec<&Tally> = side.iter().filter(|t| (t.key >= 1000) == easy).collect();
            Tally {
                key: u32::from(easy),
                succeeded: own.iter().map(|t| t.succeeded).sum(),
                n: own.iter().map(|t| t.n).sum(),
            }
        };
        vec![of(false), of(true)]
    };
    let counts = total(&a).and_then(|x| Ok((x, total(&b)?)));
    let ratio = pooled(&strata(&by_category(&a), &by_category(&b)), Level::P95)
        .and_then(|p| p.ratio_interval);
    debug_assert_eq!(common(&a, &b).count(), 40);
    vec![
        leaves_out(counts.map(|(x, y)| newcombe(x, y, Level::P95)), 0.0),
        leaves_out(
            clustered_difference(&a, &b).and_then(|d| d.interval(Level::P95)),
            0.0,
        ),
        leaves_out(
            paired_means(&a, &b).and_then(|m| m.interval(Level::P95)),
            0.0,
        ),
        leaves_out(ratio, 1.0),
    ]
}

pub(super) fn section(length: Length) -> Section {
    let truth = mean_logistic(-0.5, 1.5) - mean_logistic(-1.1, 1.5);
    Section::new(
        "prompts",
        "Prompts that are shared, and prompts that are not",
        "Does the interval hold the truth when several traces share a prompt, and is a difference of prompts taken for one of models?",
        vec![
            make(&TEN, length, |stream| one(stream, 10)),
            make(&THIRTY, length, |stream| one(stream, 30)),
            make(&HUNDRED, length, |stream| one(stream, 100)),
            make(&SAME, length, |stream| same(stream, truth)),
            make(&CONFOUNDED, length, confounded),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_true_difference_is_the_mean_over_many_prompts() {
        let mut stream = Stream::new(7, caveat_analysis::stream::Pass::Worlds, 0);
        let drawn: Vec<f64> = (0..40_000)
            .map(|_| logistic(-0.5 + 1.5 * normal(&mut stream)))
            .collect();
        let simulated = caveat_analysis::sums::mean(&drawn).unwrap_or(0.0);
        assert!(
            (simulated - mean_logistic(-0.5, 1.5)).abs() < 0.006,
            "{simulated}"
        );
    }
}
