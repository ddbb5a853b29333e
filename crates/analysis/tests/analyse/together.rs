//! The block on provider and size, on public results and on what breaks it.

use caveat_analysis::{
    NotEstimable,
    labels::Chance,
    proportion::Level,
    result::Together,
    together::{Point, together},
};
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{Row, VIEWS, close, view, within};

const CHANCE: Chance = Chance {
    relabellings: 20_000,
    seed: 164,
};

const FEW: Chance = Chance {
    relabellings: 300,
    seed: 1,
};

fn block(points: &[Point<'_>], chance: Chance) -> Together {
    let block = together(points, chance, Level::P95);
    let text = serde_json::to_string(&block).unwrap();
    assert!(!text.contains("NaN") && !text.contains(":null"), "{text}");
    block.known().unwrap().clone()
}

fn points(rows: &[Row], by_maker: bool) -> Vec<Point<'_>> {
    rows.iter()
        .map(|r| Point {
            model: &r.model,
            provider: if by_maker { &r.base_maker } else { &r.provider },
            rate: r.count.share(),
            size_b: r.total_b,
        })
        .collect()
}

fn agrees(ours: &Together, theirs: &Value) {
    let at = |name: &str| theirs[name].as_f64().unwrap();
    assert_eq!(ours.n_models as f64, at("n_models"));
    for (name, value) in [
        ("r2_full", ours.r2.both.0),
        ("r2_provider_only", ours.r2.provider.0),
        ("r2_size_only", ours.r2.size.0),
        ("delta_r2_provider_given_size", ours.provider_given_size.0),
        ("adj_r2_full", ours.adjusted_r2.known().unwrap().both.0),
        (
            "partial_eta2_provider",
            ours.provider_test.known().unwrap().partial_eta2.0,
        ),
    ] {
        close(value, at(name), 1e-9);
    }
    // The reference takes what size adds as the difference of two shares near
    // one, which keeps 1e-15 of them and not 1e-9 of the difference.
    let lost = |value: f64| 1e-9 * value.abs() + 2e-15;
    let difference = at("delta_r2_size_given_provider");
    within(ours.size_given_provider.0, difference, lost(difference));
    let size = ours.size_test.known().unwrap();
    let share = at("partial_eta2_size");
    within(size.partial_eta2.0, share, 1e-9 * share + 1e-12);
    let slope = ours.slope_pp.known().unwrap().value.0;
    within(slope, 100.0 * at("within_provider_slope"), 1e-10);
    close(
        ours.slope_p.number().unwrap(),
        at("within_provider_slope_p"),
        1e-9,
    );
}

#[test]
fn public_results_agree_with_the_reference_by_provider_and_by_base_maker() {
    for name in VIEWS {
        let (rows, expected) = view(name);
        let by_provider = points(&rows, false);
        agrees(
            &block(&by_provider, FEW),
            &expected["provider_and_size_together"],
        );
        agrees(
            &block(&points(&rows, true), FEW),
            &expected["by_base_model_provider"]["provider_and_size_together"],
        );
        let several = |p: &Point<'_>| {
            let same = |q: &&Point<'_>| q.provider == p.provider && q.size_b.is_some();
            by_provider.iter().filter(same).count() > 1
        };
        let two_plus: Vec<Point<'_>> = by_provider.iter().filter(|p| several(p)).copied().collect();
        agrees(
            &block(&two_plus, FEW),
            &expected["provider_and_size_together_providers_with_2plus"],
        );
    }
}

#[test]
fn one_outlying_model_moves_the_f_test_and_not_the_permutation() {
    let (rows, expected) = view("speechmap/eu_criticism");
    let b = block(&points(&rows, false), CHANCE);
    let test = b.provider_test.known().unwrap();
    assert!(test.p.0 < 1e-5, "{test:?}");
    let law = b.shapley_law.known().unwrap();
    let reference = expected["anova_known_size"]["p_permutation"]
        .as_f64()
        .unwrap();
    within(law.p.0, reference, 0.03);
    let beside_size = b.provider_p_relabelled.number().unwrap();
    assert!(beside_size > 0.1, "{beside_size}");
    // The outlier bends the size line, which this test takes for granted; with the
    // line through the other models p is 0.21 (worked out apart, in Python).
    assert!(b.provider_p_freedman_lane.number().unwrap() < 0.05);
    let outlier = b.most_influential.known().unwrap();
    assert_eq!(outlier.provider, "Moonshot AI");
    assert!(
        outlier.epsilon2.0 > 0.9 && outlier.epsilon2_without.0 < 0.2,
        "{outlier:?}"
    );
    assert!(outlier.p_without.0 > 0.2, "{outlier:?}");
    let without = b
        .without
        .known()
        .unwrap()
        .iter()
        .find(|w| w.provider == "Moonshot AI")
        .unwrap();
    close(
        without.epsilon2.number().unwrap(),
        outlier.epsilon2_without.0,
        1e-12,
    );
}

#[test]
fn a_share_that_many_models_carry_survives_both_tests() {
    let (rows, _) = view("sorry_bench/v202503");
    let b = block(&points(&rows, false), CHANCE);
    assert!(b.provider_p_relabelled.number().unwrap() < 0.001);
    assert!(b.provider_p_freedman_lane.number().unwrap() < 0.001);
    assert!(b.shapley_law.known().unwrap().p.0 < 0.001);
    assert!(b.most_influential.known().unwrap().epsilon2_without.0 > 0.6);
    assert_eq!(b.without_size.len(), 21);
}

#[test]
fn active_sizes_and_undisclosed_ones_are_another_column() {
    let (rows, expected) = view("speechmap/eu_criticism");
    let mut points = points(&rows, false);
    for (point, row) in points.iter_mut().zip(&rows) {
        point.size_b = row.active_b;
    }
    let b = block(&points, FEW);
    let theirs = &expected["ols_known_size_active"];
    close(b.r2.size.0, theirs["r2"].as_f64().unwrap(), 1e-9);
    assert_eq!(b.without_size.len(), 14);
}

fn point<'a>(provider: &'a str, rate: f64, size_b: Option<f64>) -> Point<'a> {
    Point {
        model: "m",
        provider,
        rate,
        size_b,
    }
}

#[test]
fn degenerate_points_give_reasons() {
    let reason = |points: &[Point<'_>]| together(points, FEW, Level::P95).reason();
    assert_eq!(reason(&[]), Some(NotEstimable::NoSizes));
    let none = [point("a", 0.1, None), point("b", 0.2, None)];
    assert_eq!(reason(&none), Some(NotEstimable::NoSizes));
    let useless = [point("a", 0.1, Some(0.0)), point("b", 0.2, Some(f64::NAN))];
    assert_eq!(reason(&useless), Some(NotEstimable::NoSizes));
    let one = [point("a", 0.1, Some(7.0))];
    assert_eq!(reason(&one), Some(NotEstimable::TooFewModels));
    let row =
        |rates: [f64; 4], sizes: [f64; 4], providers: [&'static str; 4]| -> Vec<Point<'static>> {
            (0..4)
                .map(|i| point(providers[i], rates[i], Some(sizes[i])))
                .collect()
        };
    let (rates, sizes) = ([0.1, 0.4, 0.2, 0.6], [1.0, 2.0, 4.0, 8.0]);
    let pairs = ["a", "a", "b", "b"];
    assert_eq!(
        reason(&row([0.0; 4], sizes, pairs)),
        Some(NotEstimable::NoVariance)
    );
    assert_eq!(
        reason(&row([1.0; 4], sizes, pairs)),
        Some(NotEstimable::NoVariance)
    );
    assert_eq!(
        reason(&row(rates, sizes, ["a"; 4])),
        Some(NotEstimable::OneGroup)
    );
    assert_eq!(
        reason(&row(rates, [7.0; 4], pairs)),
        Some(NotEstimable::SingularFit)
    );
    let singletons = block(&row(rates, sizes, ["a", "b", "c", "d"]), FEW);
    assert_eq!(singletons.n_singletons, 4);
    assert_eq!(
        singletons.shapley_law.reason(),
        Some(NotEstimable::NoWithinDf)
    );
    assert_eq!(
        singletons.provider_p_relabelled.reason(),
        Some(NotEstimable::NoWithinDf)
    );
    assert_eq!(
        singletons.slope_pp.reason(),
        Some(NotEstimable::SingularFit)
    );
}

#[test]
fn rates_that_follow_size_exactly_leave_no_residual_to_permute() {
    let points: Vec<Point<'_>> = (0..6_u32)
        .map(|i| {
            let size = f64::from(1_u32 << i);
            point(["a", "b"][i as usize % 2], 0.125 * f64::from(i), Some(size))
        })
        .collect();
    let b = block(&points, FEW);
    assert_eq!(
        b.provider_p_relabelled.reason(),
        Some(NotEstimable::ExactFit)
    );
    assert_eq!(b.size_test.reason(), Some(NotEstimable::NoWithinVariance));
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let (rows, _) = view("speechmap/us_criticism");
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| serde_json::to_string(&block(&points(&rows, false), FEW)).unwrap())
    };
    assert_eq!(with(1), with(3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_points_give_numbers_or_reasons_and_names_change_nothing(
        rows in proptest::collection::vec((0_u8..=10, 0_usize..4, proptest::option::of(0_u8..6)), 0..14),
    ) {
        let with = |names: [&'static str; 4]| -> String {
            let points: Vec<Point<'_>> = rows
                .iter()
                .map(|(x, g, s)| point(names[*g], f64::from(*x) / 10.0, s.map(|s| f64::from(1_u32 << s))))
                .collect();
            let block = together(&points, FEW, Level::P95);
            let mut value = serde_json::to_value(&block).unwrap();
            for list in ["within", "without", "most_influential"] {
                value.as_object_mut().unwrap().remove(list);
            }
            let text = value.to_string();
            assert!(!text.contains(":null"), "{text}");
            text
        };
        prop_assert_eq!(with(["a", "b", "c", "d"]), with(["z", "y", "x", "w"]));
    }
}

#[test]
fn the_model_left_out_is_the_one_that_trying_all_finds() {
    let (rows, _) = view("speechmap/zh_china_criticism");
    let all: Vec<Point<'_>> = points(&rows, false)
        .into_iter()
        .filter(|p| p.size_b.is_some())
        .collect();
    let epsilon2 = |points: &[Point<'_>]| {
        let b = block(points, FEW);
        b.adjusted_r2.known().unwrap().provider.0
    };
    let full = epsilon2(&all);
    let moved = (0..all.len()).map(|i| {
        let mut rest = all.clone();
        rest.remove(i);
        let without = epsilon2(&rest);
        ((without - full).abs(), all[i].model, without)
    });
    let most = moved.max_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let ours = block(&all, FEW).most_influential.known().unwrap().clone();
    assert_eq!(ours.model, most.1);
    close(ours.epsilon2_without.0, most.2, 1e-10);
}
