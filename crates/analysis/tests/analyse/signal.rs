//! The block on noise and signal, on public results and on what breaks it.

use caveat_analysis::{
    NotEstimable,
    proportion::{Count, Level},
    result::Signal,
    signal::{CountedModel, signal},
};
use proptest::prelude::*;

use crate::support::{Row, VIEWS, close, number, view};

fn models(rows: &[Row]) -> Vec<CountedModel<'_>> {
    rows.iter()
        .map(|r| CountedModel {
            model: &r.model,
            provider: &r.provider,
            count: r.count,
            size_b: r.total_b,
        })
        .collect()
}

fn block(models: &[CountedModel<'_>]) -> Signal {
    let block = signal(models, Level::P95);
    let text = serde_json::to_string(&block).unwrap();
    assert!(!text.contains("NaN") && !text.contains(":null"), "{text}");
    block
}

#[test]
fn the_noise_of_public_results_agrees_with_the_reference() {
    for name in VIEWS {
        let (rows, expected) = view(name);
        let b = block(&models(&rows));
        let noise = b.noise.known().unwrap();
        let theirs = expected["sampling_variance_share"].as_f64().unwrap();
        close(number(&noise.share_plug_in), theirs, 1e-9);
        assert!(number(&noise.share) > theirs);
        let rate = b.rate.known().unwrap();
        let tau2 = rate.paule_mandel.known().unwrap().tau2.0;
        let interval = rate.tau2_interval.known().unwrap();
        assert!(
            interval.lower.0 <= tau2 && tau2 <= interval.upper.0,
            "{name}"
        );
    }
}

#[test]
fn many_traces_make_noise_small_and_pull_no_model_far() {
    let (rows, _) = view("sorry_bench/v202503");
    let b = block(&models(&rows));
    let rate = b.rate.known().unwrap();
    assert!(rate.reml.known().unwrap().i2.0 > 0.95);
    let moved = rate
        .shrunken
        .iter()
        .map(|s| (s.observed.0 - s.predicted.0).abs());
    assert!(moved.fold(0.0, f64::max) < 0.02);
    let levels = rate.levels.known().unwrap();
    let share = levels.share_provider.known().unwrap();
    assert!(share.value.0 > 0.5 && share.lower.0 > 0.2 && share.upper.0 < 1.0);
    let with_size = rate.levels_with_size.known().unwrap();
    let slope = with_size.slope.known().unwrap();
    assert!(slope.lower.0 < slope.value.0 && slope.value.0 < slope.upper.0);
    let provider = b.provider_effect.known().unwrap();
    assert!(provider.share_provider.lower.0 > 0.3 && provider.p.0 < 1e-6);
}

fn row<'a>(provider: &'a str, succeeded: u64, n: u64, size_b: Option<f64>) -> CountedModel<'a> {
    CountedModel {
        model: "m",
        provider,
        count: Count::new(succeeded, n).unwrap(),
        size_b,
    }
}

#[test]
fn degenerate_models_give_reasons() {
    let nothing = block(&[]);
    assert_eq!(nothing.noise.reason(), Some(NotEstimable::TooFewModels));
    assert_eq!(nothing.rate.reason(), Some(NotEstimable::NoTraces));
    assert_eq!(
        nothing.provider_effect_with_size.reason(),
        Some(NotEstimable::NoSizes)
    );
    let one = block(&[row("a", 3, 9, Some(1.0))]);
    assert_eq!(one.rate.reason(), Some(NotEstimable::TooFewModels));
    for x in [0, 20] {
        let same = block(&[
            row("a", x, 20, Some(1.0)),
            row("a", x, 20, Some(2.0)),
            row("b", x, 20, Some(8.0)),
        ]);
        let noise = same.noise.known().unwrap();
        assert_eq!(noise.share.reason(), Some(NotEstimable::NoVariance));
        assert_eq!(noise.eta2_true.reason(), Some(NotEstimable::NoVariance));
        assert_eq!(
            same.provider_effect.reason(),
            Some(NotEstimable::NoVariance)
        );
        let rate = same.rate.known().unwrap();
        assert!(rate.half_added);
        assert_eq!(rate.reml.known().unwrap().tau2.0, 0.0);
        assert_eq!(rate.levels.reason(), Some(NotEstimable::NoVariance));
    }
    let singletons = block(&[
        row("a", 3, 20, Some(4.0)),
        row("b", 9, 20, Some(4.0)),
        row("c", 15, 20, None),
    ]);
    assert_eq!(
        singletons.provider_effect.reason(),
        Some(NotEstimable::NoWithinDf)
    );
    let rate = singletons.rate.known().unwrap();
    assert_eq!(rate.levels.reason(), Some(NotEstimable::NoWithinDf));
    assert_eq!(
        rate.tau2_within_providers.reason(),
        Some(NotEstimable::NoWithinDf)
    );
    assert_eq!(rate.on_size.reason(), Some(NotEstimable::TooFewModels));
    assert!(rate.reml.known().is_some());
    let one_provider = block(&[
        row("a", 3, 20, None),
        row("a", 9, 20, None),
        row("a", 12, 20, None),
    ]);
    assert_eq!(
        one_provider.provider_effect.reason(),
        Some(NotEstimable::OneGroup)
    );
    assert_eq!(
        one_provider.rate.known().unwrap().levels.reason(),
        Some(NotEstimable::OneGroup)
    );
    let constant = block(&[
        row("a", 3, 20, Some(7.0)),
        row("a", 9, 20, Some(7.0)),
        row("b", 12, 20, Some(7.0)),
    ]);
    assert_eq!(
        constant.rate.known().unwrap().on_size.reason(),
        Some(NotEstimable::SingularFit)
    );
    assert_eq!(
        constant.provider_effect_with_size.reason(),
        Some(NotEstimable::SingularFit)
    );
}

#[test]
fn providers_that_are_all_or_nothing_stay_finite() {
    let b = block(&[
        row("a", 0, 50, Some(1.0)),
        row("a", 0, 50, Some(2.0)),
        row("b", 50, 50, Some(4.0)),
        row("b", 50, 50, Some(8.0)),
    ]);
    assert_eq!(
        b.provider_effect.reason(),
        Some(NotEstimable::NoWithinVariance)
    );
    let levels = b.log_odds.known().unwrap().levels.known().unwrap();
    assert_eq!(levels.tau2_model.0, 0.0);
    assert!(levels.tau2_provider.0 > 1.0 && levels.singular);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_counts_give_numbers_or_reasons(
        rows in proptest::collection::vec((0_u64..60, 1_u64..60, 0_usize..4, proptest::option::of(0_u8..6)), 0..12),
    ) {
        let names = ["a", "b", "c", "d"];
        let models: Vec<CountedModel<'_>> = rows
            .iter()
            .map(|(x, n, g, s)| row(names[*g], *x.min(n), *n, s.map(|s| f64::from(1_u32 << s))))
            .collect();
        block(&models);
    }
}
