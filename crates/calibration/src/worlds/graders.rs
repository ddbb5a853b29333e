//! Rates behind a grader that errs.

use caveat_analysis::{
    misclassified::{Accuracy, corrected},
    proportion::{Level, wilson},
    stream::Stream,
    variates::binomial,
};

use super::{Section, ours, published};
use crate::{
    figure::{Promise, Question, World},
    made::{Length, counted, holds, make},
};

const SENSITIVITY: f64 = 0.90;
const SPECIFICITY: f64 = 0.95;

const NAIVE: &str = "It is an interval of what the grader says, not of what the model did.";

const QUESTIONS: &[Question] = &[
    published(
        "naive",
        "Wilson interval of the graded rate, read as the true rate",
        Promise::NoCoverage(0.95),
        NAIVE,
    ),
    ours(
        "corrected",
        "corrected rate, Lang-Reiczigel interval",
        Promise::Coverage(0.95),
        "Where true successes or false alarms are few, adding one trace of each kind moves the interval towards the middle and makes it wide.",
    ),
    ours(
        "known",
        "corrected rate, the grader's errors taken as known from 100 labelled traces",
        Promise::NoCoverage(0.95),
        "It leaves out that the grader's errors were themselves estimated; caveat prints it as what is left of the interval then.",
    ),
];

macro_rules! world {
    ($name:ident, $id:literal, $title:literal, $seed:literal) => {
        static $name: World = World {
            id: $id,
            title: $title,
            about: "Sensitivity 0.90, specificity 0.95; 300 traces; 50 true successes and 50 true failures labelled by hand.",
            seed: $seed,
            worlds: 20_000,
            short: 1000,
            questions: QUESTIONS,
        };
    };
}

world!(RARE, "graders-05", "true rate 5 %", 1301);
world!(LOW, "graders-20", "true rate 20 %", 1302);
world!(EVEN, "graders-50", "true rate 50 %", 1303);

fn one(stream: &mut Stream, truth: f64) -> Vec<Option<f64>> {
    let (n, labelled) = (300, 50);
    let true_ones = binomial(stream, n, truth);
    let graded = binomial(stream, true_ones, SENSITIVITY)
        + binomial(stream, n - true_ones, 1.0 - SPECIFICITY);
    let hit = binomial(stream, labelled, SENSITIVITY);
    let right = binomial(stream, labelled, SPECIFICITY);
    let table = [[hit, labelled - hit], [labelled - right, right]];
    let Some(count) = counted(graded, n) else {
        return vec![None; 3];
    };
    let fixed = Accuracy::from_labels(table).and_then(|a| corrected(count, &a, Level::P95));
    vec![
        holds(Ok(wilson(count, Level::P95)), truth),
        holds(fixed.map(|f| f.lang_reiczigel), truth),
        holds(fixed.map(|f| f.mapped_wilson), truth),
    ]
}

pub(super) fn section(length: Length) -> Section {
    Section::new(
        "graders",
        "Graders that err",
        "Does the interval hold the true rate when the grader is right in 90 % of true successes and 95 % of true failures?",
        vec![
            make(&RARE, length, |stream| one(stream, 0.05)),
            make(&LOW, length, |stream| one(stream, 0.2)),
            make(&EVEN, length, |stream| one(stream, 0.5)),
        ],
    )
}
