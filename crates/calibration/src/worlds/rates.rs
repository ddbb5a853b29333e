//! Attack success rates and their intervals, traces independent.

use caveat_analysis::{
    proportion::{Level, clopper_pearson, wald, wilson},
    stream::Stream,
    variates::{beta, binomial},
};

use super::{Section, customary, ours};
use crate::{
    figure::{Promise, Question, World},
    made::{Length, REPORT_164, between, counted, holds, make, mean_of},
};

const WALD: &str = "The usual plus-or-minus has no width at 0 % and is too short near it.";

const QUESTIONS: &[Question] = &[
    customary(
        "wald",
        "rate plus or minus 1.96 standard errors",
        Promise::NoCoverage(0.95),
        WALD,
    ),
    ours(
        "wilson",
        "Wilson interval",
        Promise::Coverage(0.95),
        "A count has few values, so that coverage jumps about its level from one rate to the next.",
    ),
    ours(
        "exact",
        "Clopper-Pearson interval",
        Promise::CoverageAtLeast(0.95),
        "It never falls below its level, and pays for that with width.",
    ),
];

static REPORT: World = World {
    id: "rates-164",
    title: "21 models with the traces of Report #164",
    about: "True rates drawn about 30 % (Beta 2.9, 6.8; deviation 14 points), 21 to 322 traces each. Coverage over the 21 models.",
    seed: 1001,
    worlds: 4000,
    short: 200,
    questions: QUESTIONS,
};

static RARE: World = World {
    id: "rates-rare",
    title: "25 traces, true rate 2 to 10 %",
    about: "Ten models in each world, true rates even between 2 and 10 %.",
    seed: 1002,
    worlds: 4000,
    short: 200,
    questions: QUESTIONS,
};

static PLAIN: World = World {
    id: "rates-200",
    title: "200 traces, true rate 10 to 90 %",
    about: "Ten models in each world, true rates even between 10 and 90 %.",
    seed: 1003,
    worlds: 4000,
    short: 200,
    questions: QUESTIONS,
};

fn answers(stream: &mut Stream, models: impl Iterator<Item = (u64, f64)>) -> Vec<Option<f64>> {
    let (mut w, mut s, mut e) = (Vec::new(), Vec::new(), Vec::new());
    for (n, rate) in models {
        let Some(count) = counted(binomial(stream, n, rate), n) else {
            continue;
        };
        w.push(holds(Ok(wald(count, Level::P95)), rate));
        s.push(holds(Ok(wilson(count, Level::P95)), rate));
        e.push(holds(clopper_pearson(count, Level::P95), rate));
    }
    vec![mean_of(&w), mean_of(&s), mean_of(&e)]
}

fn even(stream: &mut Stream, n: u64, low: f64, high: f64) -> Vec<Option<f64>> {
    let models: Vec<(u64, f64)> = (0..10).map(|_| (n, between(stream, low, high))).collect();
    answers(stream, models.into_iter())
}

pub(super) fn section(length: Length) -> Section {
    Section::new(
        "rates",
        "One rate",
        "Does the interval of an attack success rate hold the true rate, when traces are independent?",
        vec![
            make(&REPORT, length, |stream| {
                let models: Vec<(u64, f64)> = REPORT_164
                    .iter()
                    .map(|slot| (slot.1, beta(stream, 2.9, 6.8)))
                    .collect();
                answers(stream, models.into_iter())
            }),
            make(&RARE, length, |stream| even(stream, 25, 0.02, 0.10)),
            make(&PLAIN, length, |stream| even(stream, 200, 0.10, 0.90)),
        ],
    )
}
