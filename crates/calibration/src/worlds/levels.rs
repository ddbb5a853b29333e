//! The hierarchical binomial model by maximum likelihood (Laplace).

use caveat_analysis::{
    hierarchical::{Cells, Factor, Role, Terms, likelihood},
    proportion::Level,
    stream::Stream,
    variates::{binomial, normal},
};

use super::{Section, ours};
use crate::{
    figure::{Promise, Question, World},
    made::{Length, PROVIDERS_164, REPORT_164, alarm, groups, holds, logistic, make, normals},
};

const PROMPTS: usize = 30;

const SHARE: &str = "Maximum likelihood takes the mean as known and makes the variance between few providers too small, and a share cannot be below 0, which makes small ones too large.";
const TEST: &str =
    "Half a chi-squared law at 0 is that of many providers and models; 12 and 21 are few.";
const WALD: &str = "Wald's interval takes the variances as known; 12 providers make it too short.";

const NOTHING: &[Question] = &[
    ours(
        "share",
        "provider's share between models (Laplace)",
        Promise::Biased,
        SHARE,
    ),
    ours(
        "test",
        "test of the provider's variance (likelihood ratio)",
        Promise::AlarmsAtMost(0.05),
        TEST,
    ),
    ours(
        "intercept",
        "mean logit, Wald interval",
        Promise::Coverage(0.95),
        WALD,
    ),
];

const SOMETHING: &[Question] = &[
    ours(
        "share",
        "provider's share between models (Laplace)",
        Promise::Biased,
        SHARE,
    ),
    ours(
        "test",
        "test of the provider's variance (likelihood ratio)",
        Promise::Found,
        "21 models of 12 providers say little.",
    ),
    ours(
        "intercept",
        "mean logit, Wald interval",
        Promise::Coverage(0.95),
        WALD,
    ),
];

macro_rules! world {
    ($name:ident, $id:literal, $title:literal, $about:literal, $seed:literal, $questions:ident) => {
        static $name: World = World {
            id: $id,
            title: $title,
            about: $about,
            seed: $seed,
            worlds: 600,
            short: 6,
            questions: $questions,
        };
    };
}

world!(
    ZERO,
    "levels-0",
    "true share 0",
    "Layout of Report #164; every model meets the same 30 prompts, two traces each; logits about -0.9 with a variance of 0.5 between models and 1 between prompts, none of it from the provider.",
    1901,
    NOTHING
);
world!(
    FIFTH,
    "levels-20",
    "true share 0.2",
    "As before with 0.2 of the variance between models from the provider.",
    1902,
    SOMETHING
);
world!(
    HALF,
    "levels-50",
    "true share 0.5",
    "As before with 0.5.",
    1903,
    SOMETHING
);
world!(
    FEW,
    "levels-few-traces",
    "true share 0, some providers tested little",
    "As the first; models of providers with one model meet 5 prompts, the others 30; the variance between models is 0.01, so that rates differ by noise alone.",
    1904,
    NOTHING
);

fn one(stream: &mut Stream, share: f64, variance: f64, few: bool) -> Vec<Option<f64>> {
    let (between, within) = (
        libm::sqrt(variance * share),
        libm::sqrt(variance * (1.0 - share)),
    );
    let provider = normals(stream, PROVIDERS_164);
    let prompt = normals(stream, PROMPTS);
    let groups = groups();
    let single = |g: usize| groups.iter().filter(|h| **h == g).count() == 1;
    let (mut model_of, mut prompt_of, mut successes) = (Vec::new(), Vec::new(), Vec::new());
    for (model, g) in groups.iter().enumerate() {
        let own = -0.9 + between * provider[*g] + within * normal(stream);
        let met = if few && single(*g) { 5 } else { PROMPTS };
        for (place, difficulty) in prompt.iter().enumerate().take(met) {
            model_of.push(model);
            prompt_of.push(place);
            successes.push(binomial(stream, 2, logistic(own + difficulty)));
        }
    }
    let factor = |role, levels: usize, level_of: Vec<usize>| Factor {
        role,
        names: (0..levels).map(|l| format!("l{l:02}")).collect(),
        level_of,
    };
    let factors = [
        factor(
            Role::Provider,
            PROVIDERS_164,
            model_of.iter().map(|m| groups[*m]).collect(),
        ),
        factor(Role::Model, REPORT_164.len(), model_of),
        factor(Role::Prompt, PROMPTS, prompt_of),
    ];
    let rows = successes.len();
    let fit = Cells::new(&factors, &successes, &vec![2; rows], &vec![None; rows])
        .and_then(|cells| likelihood(&cells, Terms::Intercept, Level::P95));
    let fit = fit.as_ref().ok();
    let component = fit.and_then(|f| f.components.iter().find(|c| c.factor == Role::Provider));
    let shares = fit.and_then(|f| f.between_models.known());
    let intercept = fit.and_then(|f| {
        Some(caveat_analysis::proportion::Interval {
            lower: f.intercept.lower.number()?,
            upper: f.intercept.upper.number()?,
        })
    });
    vec![
        shares.map(|s| s.provider.0 - share),
        alarm(component.and_then(|c| c.p.number())),
        intercept.and_then(|i| holds(Ok(i), -0.9)),
    ]
}

pub(super) fn section(length: Length) -> Section {
    Section::new(
        "levels",
        "The hierarchical model, maximum likelihood",
        "Is the provider's share of the hierarchical binomial model right on average, and is its test honest? The model knows the traces behind each rate.",
        vec![
            make(&ZERO, length, |stream| one(stream, 0.0, 0.5, false)),
            make(&FIFTH, length, |stream| one(stream, 0.2, 0.5, false)),
            make(&HALF, length, |stream| one(stream, 0.5, 0.5, false)),
            make(&FEW, length, |stream| one(stream, 0.0, 0.01, true)),
        ],
    )
}
