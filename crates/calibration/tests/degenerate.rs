//! Worlds at the edge: nothing, one trace, all alike, one provider, all singletons,
//! sizes that do not differ or are missing, separation, a million traces. Every
//! method of the study answers with a number or a reason, never with NaN.
#![allow(clippy::unwrap_used)]

use caveat_analysis::{
    NotEstimable, analyse,
    ancova::ancova,
    cells::Tally,
    clusters::clustered_rate,
    common_prompts::{clustered_difference, paired_means},
    hierarchical::{
        Cells, Factor, Role, Terms, likelihood,
        posterior::{Priors, Sampling, kept},
    },
    misclassified::{Accuracy, corrected},
    noise::true_share,
    oneway::one_way,
    proportion::{Count, Level, wilson},
    random_intercept::{Likelihood, random_intercept},
    rank_confidence::rank_confidence,
    rank_estimates::RankEstimates,
    regression::line,
    risk_ratio::koopman,
    sample::{Parameters, Sample, SampleModel},
};

const LEVEL: Level = Level::P95;

fn count(x: u64, n: u64) -> Count {
    Count::new(x, n).unwrap()
}

fn model(place: usize, provider: &str, succeeded: u64, n: u64, size_b: Option<f64>) -> SampleModel {
    SampleModel {
        model: format!("m{place}"),
        provider: provider.to_owned(),
        params_total_b: size_b,
        params_active_b: None,
        size_b,
        params_disclosed: None,
        params_source: String::new(),
        n,
        succeeded,
        not_evaluable: 0,
        prompts: None,
        graders: Vec::new(),
        parts: Vec::new(),
    }
}

/// The whole analysis of a sample; serialising fails on NaN.
fn whole(models: Vec<SampleModel>) -> caveat_analysis::Analysis {
    let sample = Sample {
        models,
        ..Sample::default()
    };
    let parameters = Parameters {
        level: LEVEL,
        variance_level: Level::P90,
        ranking_min_n: 1,
        band_points: 10.0,
        permutations: 99,
        seed: 1,
    };
    let analysis = analyse(&sample, &parameters);
    serde_json::to_string(&analysis).unwrap();
    analysis
}

#[test]
fn no_trace_and_one_trace() {
    assert_eq!(Count::new(0, 0), Err(NotEstimable::NoTraces));
    let one = wilson(count(0, 1), LEVEL);
    assert!(one.lower == 0.0 && (one.upper - 0.793_45).abs() < 1e-4);
    assert_eq!(clustered_rate(&[]), Err(NotEstimable::NoTraces));
    let none = whole(vec![model(0, "a", 0, 0, Some(1.0))]);
    assert_eq!(
        none.decomposition.in_scale.p.reason(),
        Some(NotEstimable::TooFewModels)
    );
    let single = whole(vec![model(0, "a", 1, 1, Some(1.0))]);
    assert_eq!(
        single.providers[0].mean_asr.interval.reason(),
        Some(NotEstimable::TooFewModels)
    );
}

#[test]
fn all_or_none_succeed() {
    for (x, end) in [(0, 0.0), (40, 1.0)] {
        let interval = wilson(count(x, 40), LEVEL);
        assert!(interval.contains(end) && interval.upper - interval.lower > 0.05);
        let sides = |key| Tally {
            key,
            succeeded: x / 40,
            n: 1,
        };
        let same: Vec<Tally> = (0..9).map(sides).collect();
        let difference = clustered_difference(&same, &same).unwrap();
        assert_eq!(difference.interval(LEVEL), Err(NotEstimable::NoVariance));
        assert_eq!(
            paired_means(&same, &same).unwrap().interval(LEVEL),
            Err(NotEstimable::NoVariance)
        );
        let models = (0..6).map(|i| model(i, ["a", "b", "c"][i / 2], x, 40, Some(1.0 + i as f64)));
        let a = whole(models.collect());
        assert_eq!(
            a.decomposition.in_scale.p.reason(),
            Some(NotEstimable::NoVariance)
        );
        assert_eq!(
            a.ratio.eta2_over_r2.reason(),
            Some(NotEstimable::NoVariance)
        );
        let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).to_vec();
        let estimates = RankEstimates::independent(&names, &[count(x, 40); 3]).unwrap();
        let chance = caveat_analysis::labels::Chance {
            relabellings: 199,
            seed: 1,
        };
        let sets = rank_confidence(&estimates, LEVEL, chance);
        let sides = &sets.known().unwrap().sides;
        assert!(
            sides
                .iter()
                .all(|s| (s.simultaneous.lower, s.simultaneous.upper) == (1, 3))
        );
    }
    assert_eq!(
        koopman(count(0, 9), count(0, 9), LEVEL),
        Err(NotEstimable::ZeroCells)
    );
    assert_eq!(
        koopman(count(3, 9), count(0, 9), LEVEL).unwrap().upper,
        f64::INFINITY
    );
}

#[test]
fn one_provider_and_all_singletons() {
    let rates = [0.1, 0.2, 0.4, 0.3];
    assert_eq!(
        one_way(&rates, &[0; 4]).unwrap().p,
        Err(NotEstimable::OneGroup)
    );
    assert_eq!(
        one_way(&rates, &[0, 1, 2, 3]).unwrap().p,
        Err(NotEstimable::NoWithinDf)
    );
    let reml =
        |group: &[usize]| random_intercept(&rates, None, group, Likelihood::Restricted, LEVEL);
    assert_eq!(reml(&[0; 4]).unwrap_err(), NotEstimable::OneGroup);
    assert_eq!(reml(&[0, 1, 2, 3]).unwrap_err(), NotEstimable::NoWithinDf);
    let counts = [count(1, 10), count(2, 10), count(4, 10), count(3, 10)];
    assert!(true_share(&counts, &[0, 1, 2, 3]).map_or(true, |t| t.epsilon2.is_err()));
    let a = whole(
        (0..4)
            .map(|i| model(i, "a", 1 + i as u64, 10, Some(1.0 + i as f64)))
            .collect(),
    );
    assert_eq!(a.shapley.reason(), Some(NotEstimable::OneGroup));
}

#[test]
fn sizes_that_do_not_differ_and_sizes_that_are_missing() {
    let rates = [0.1, 0.2, 0.4, 0.3];
    assert_eq!(
        line(&[7.0; 4], &rates, None).unwrap_err(),
        NotEstimable::SingularFit
    );
    assert_eq!(
        ancova(&rates, &[7.0; 4], &[0, 0, 1, 1]).unwrap_err(),
        NotEstimable::SingularFit
    );
    let missing = whole(
        (0..4)
            .map(|i| model(i, ["a", "b"][i / 2], 1 + i as u64, 10, None))
            .collect(),
    );
    assert!(missing.scale.reason().is_some());
    assert_eq!(missing.shapley.reason(), Some(NotEstimable::NoSizes));
    assert!(missing.decomposition.all_models.p.number().is_some());
}

fn separated() -> Cells {
    let model_of: Vec<usize> = (0..16).map(|i| i / 4).collect();
    let factor = |role, levels: usize, level_of: Vec<usize>| Factor {
        role,
        names: (0..levels).map(|l| l.to_string()).collect(),
        level_of,
    };
    let successes: Vec<u64> = model_of
        .iter()
        .map(|m| if m / 2 == 0 { 9 } else { 0 })
        .collect();
    Cells::new(
        &[
            factor(Role::Provider, 2, model_of.iter().map(|m| m / 2).collect()),
            factor(Role::Model, 4, model_of),
            factor(Role::Prompt, 4, (0..16).map(|i| i % 4).collect()),
        ],
        &successes,
        &[9; 16],
        &[None; 16],
    )
    .unwrap()
}

#[test]
fn providers_that_always_and_never_succeed_have_a_posterior_and_no_likelihood() {
    let cells = separated();
    assert!(likelihood(&cells, Terms::Intercept, LEVEL).is_err());
    let short = Sampling {
        chains: 2,
        warmup: 200,
        draws: 200,
        target_accept: 0.9,
        seed: 1,
    };
    let draws = kept(&cells, Terms::Intercept, Priors::default(), short).unwrap();
    let all = draws
        .deviations
        .iter()
        .flat_map(|d| &d.1)
        .chain(&draws.intercept);
    assert!(all.clone().count() == 4 * 400 && all.into_iter().all(|v| v.is_finite()));
}

#[test]
fn a_grader_that_guesses_and_a_million_traces() {
    let guess = Accuracy::from_labels([[5, 5], [5, 5]]).unwrap();
    assert_eq!(
        corrected(count(3, 9), &guess, LEVEL),
        Err(NotEstimable::UninformativeGrader)
    );
    let many = count(300_000, 1_000_000);
    let interval = wilson(many, LEVEL);
    assert!(interval.contains(0.3) && interval.upper - interval.lower < 0.002);
    let a = whole(
        (0..6)
            .map(|i| {
                model(
                    i,
                    ["a", "b", "c"][i / 2],
                    100_000 * (1 + i as u64),
                    1_000_000,
                    Some(1.0 + i as f64),
                )
            })
            .collect(),
    );
    assert!(a.decomposition.in_scale.p.number().is_some());
}
