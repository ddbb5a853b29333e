//! What holds for any sample, and for the samples that leave nothing to estimate.

use caveat_analysis::{
    Analysis, GraderPair, NotEstimable, Parameters, Sample, SampleModel, SizeVariant, analyse,
    proportion::Level,
};
use proptest::prelude::*;

use crate::support::{PARAMETERS, corpus21, model, sample};

const FEW: Parameters = Parameters {
    permutations: 300,
    ranking_min_n: 20,
    ..PARAMETERS
};

/// Analyses, and fails if a number cannot be written.
fn written(sample: &Sample, parameters: &Parameters) -> (Analysis, String) {
    let analysis = analyse(sample, parameters);
    let text = serde_json::to_string(&analysis).unwrap();
    assert!(!text.contains("NaN") && !text.contains("null,"), "{text}");
    (analysis, text)
}

#[test]
fn nothing_at_all_gives_reasons() {
    let (a, _) = written(&Sample::default(), &FEW);
    assert_eq!(a.scale.reason(), Some(NotEstimable::NoSizes));
    assert_eq!(
        a.decomposition.in_scale.eta2.reason(),
        Some(NotEstimable::TooFewModels)
    );
    assert_eq!(
        a.risk_ratio.highest.reason(),
        Some(NotEstimable::NoEligibleProviders)
    );
    assert_eq!(a.bands.outside, Vec::<String>::new());
}

#[test]
fn degenerate_samples_give_reasons_and_do_not_panic() {
    let three = |size: [f64; 3], succeeded: [u64; 3], providers: [&str; 3]| {
        let rows = size.iter().zip(succeeded).zip(providers).enumerate();
        sample(
            rows.map(|(i, ((s, x), p))| model(p, &i.to_string(), Some(*s), x, 100))
                .collect(),
        )
    };
    let spread = [1.0, 8.0, 70.0];
    let cases = [
        (
            "one model",
            sample(vec![model("ash", "a", Some(7.0), 3, 40)]),
        ),
        (
            "equal rates",
            three(spread, [30; 3], ["ash", "ash", "birch"]),
        ),
        (
            "equal sizes",
            three([7.0; 3], [10, 20, 60], ["ash", "ash", "birch"]),
        ),
        ("one provider", three(spread, [10, 20, 60], ["ash"; 3])),
        (
            "single models",
            three(spread, [10, 20, 60], ["ash", "birch", "cedar"]),
        ),
        ("no success", three(spread, [0; 3], ["ash", "ash", "birch"])),
        (
            "all succeed",
            three(spread, [100; 3], ["ash", "birch", "birch"]),
        ),
        (
            "exact line",
            three([1.0, 2.0, 4.0], [10, 20, 30], ["ash", "ash", "birch"]),
        ),
        (
            "no traces",
            sample(vec![
                model("ash", "a", Some(7.0), 0, 0),
                model("birch", "b", None, 0, 0),
            ]),
        ),
        (
            "more successes than traces",
            sample(vec![model("ash", "a", Some(7.0), 9, 3)]),
        ),
        (
            "sizes that are none",
            three([0.0, -1.0, f64::NAN], [1, 2, 3], ["ash"; 3]),
        ),
    ];
    for (name, sample) in cases {
        for permutations in [0, 1, 300] {
            let (_, text) = written(
                &sample,
                &Parameters {
                    permutations,
                    ..FEW
                },
            );
            assert!(text.contains("not_estimable"), "{name}");
        }
    }
}

#[test]
fn reasons_are_the_ones_of_the_data() {
    let single = sample(vec![
        model("ash", "a", Some(1.0), 10, 100),
        model("birch", "b", Some(8.0), 20, 100),
        model("cedar", "c", Some(70.0), 50, 100),
    ]);
    let (a, _) = written(&single, &FEW);
    assert_eq!(
        a.decomposition.in_scale.eta2.reason(),
        Some(NotEstimable::NoWithinDf)
    );
    assert_eq!(
        a.ratio.eta2_over_r2.reason(),
        Some(NotEstimable::NoWithinDf)
    );
    assert!(a.scale.known().is_some() && a.risk_ratio.null_median.known().is_some());
    assert_eq!(
        a.providers[0].mean_asr.interval.reason(),
        Some(NotEstimable::TooFewModels)
    );
    let mut zero = single.clone();
    zero.models[0].succeeded = 0;
    let (a, text) = written(&zero, &FEW);
    assert_eq!(a.risk_ratio.of_means.value.number(), Some(f64::INFINITY));
    assert!(text.contains("\"inf\""));
}

fn any_model() -> impl Strategy<Value = SampleModel> {
    let size = prop_oneof![
        2 => Just(None),
        6 => (0_u8..6).prop_map(|e| Some(f64::from(1_u32 << e))),
        1 => (0.1_f64..700.0).prop_map(Some),
    ];
    let prompts = prop_oneof![
        1 => Just(None),
        4 => proptest::collection::btree_set(0_u32..40, 0..20)
            .prop_map(|set| Some(set.into_iter().collect::<Vec<u32>>())),
    ];
    (
        0_u8..5,
        size,
        0_u64..120,
        0_u64..=100,
        0_u64..5,
        prompts,
        0_u64..50,
    )
        .prop_map(
            |(provider, size_b, n, share, not_evaluable, prompts, graded)| {
                let provider = char::from(b'a' + provider).to_string();
                SampleModel {
                    not_evaluable,
                    prompts,
                    graders: vec![("g".into(), graded), ("h".into(), n)],
                    parts: Vec::new(),
                    ..model(&provider, "", size_b, n * share / 100, n)
                }
            },
        )
}

fn any_sample() -> impl Strategy<Value = Sample> {
    let models = proptest::collection::vec(any_model(), 0..9);
    (models, proptest::array::uniform9(0_u64..9)).prop_map(|(mut models, t)| {
        for (i, model) in models.iter_mut().enumerate() {
            model.model = format!("m{i}");
        }
        let sizes_b = models
            .iter()
            .map(|m| m.params_total_b.map(|s| s / 2.0))
            .collect();
        let table = [[t[0], t[1], t[2]], [t[3], t[4], t[5]], [t[6], t[7], t[8]]];
        Sample {
            models,
            size_variants: vec![SizeVariant {
                id: "half".into(),
                sizes_b,
            }],
            grader_pairs: vec![GraderPair {
                first: "g".into(),
                second: "h".into(),
                table,
            }],
            ..Sample::default()
        }
    })
}

/// The same analysis with rows in the order of their names.
fn sorted(mut analysis: Analysis) -> String {
    analysis.models.sort_by(|a, b| a.model.cmp(&b.model));
    for variant in &mut analysis.size_sensitivity {
        variant.changed.sort();
    }
    serde_json::to_string(&analysis).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_sample_panics_or_writes_a_number_that_is_none(sample in any_sample()) {
        written(&sample, &FEW);
    }

    #[test]
    fn the_order_of_models_changes_the_order_of_rows_alone(
        sample in any_sample(),
        turn in 0_usize..9,
    ) {
        let mut turned = sample.clone();
        let places = turn % sample.models.len().max(1);
        turned.models.rotate_left(places);
        turned.size_variants[0].sizes_b.rotate_left(places);
        prop_assert_eq!(sorted(analyse(&sample, &FEW)), sorted(analyse(&turned, &FEW)));
    }

    #[test]
    fn new_names_change_only_names(sample in any_sample()) {
        let mut renamed = sample.clone();
        for model in &mut renamed.models {
            model.provider = format!("@{}@", model.provider);
        }
        let (_, before) = written(&sample, &FEW);
        let (_, after) = written(&renamed, &FEW);
        prop_assert_eq!(before, after.replace('@', ""));
    }

    #[test]
    fn a_trace_that_is_not_evaluable_moves_no_rate(sample in any_sample(), which in 0_usize..9) {
        prop_assume!(!sample.models.is_empty());
        let mut more = sample.clone();
        let place = which % more.models.len();
        more.models[place].not_evaluable += 1;
        let (mut a, mut b) = (analyse(&sample, &FEW), analyse(&more, &FEW));
        for analysis in [&mut a, &mut b] {
            analysis.models.iter_mut().for_each(|m| m.not_evaluable = 0);
            analysis.providers.iter_mut().for_each(|p| p.not_evaluable = 0);
        }
        prop_assert_eq!(a, b);
    }

    #[test]
    fn a_wider_level_never_narrows(sample in any_sample(), level in 0.5_f64..0.98) {
        let at = |level: f64| {
            analyse(&sample, &Parameters { level: Level::new(level).unwrap(), ..FEW })
        };
        let (narrow, wide) = (at(level), at(level + 0.015));
        for (n, w) in narrow.models.iter().zip(&wide.models) {
            if let (Some(n), Some(w)) = (n.asr.known(), w.asr.known()) {
                prop_assert!(w.lower.0 <= n.lower.0 && w.upper.0 >= n.upper.0);
            }
        }
        for (n, w) in narrow.providers.iter().zip(&wide.providers) {
            if let (Some(n), Some(w)) = (n.rank.known(), w.rank.known()) {
                prop_assert!(w.lower <= n.lower && w.upper >= n.upper);
            }
            if let (Some(n), Some(w)) = (n.residual_pp.known(), w.residual_pp.known()) {
                prop_assert!(w.lower.0 <= n.lower.0 && w.upper.0 >= n.upper.0);
            }
        }
        for (n, w) in narrow.comparisons.iter().zip(&wide.comparisons) {
            prop_assert!(n.told_apart || !w.told_apart);
        }
    }
}

#[test]
fn every_rank_lies_within_its_own_interval() {
    for provider in analyse(&corpus21(), &PARAMETERS).providers {
        if let Some(rank) = provider.rank.known() {
            assert!(rank.lower <= rank.value && rank.value <= rank.upper && rank.upper <= rank.of);
        }
    }
}
