//! The random laws against 50,000 and 200,000 relabellings by other software,
//! and their independence of threads, order and names.

use caveat_analysis::{Analysis, Parameters, Sample, analyse};

use crate::support::{PARAMETERS, corpus21, json, number, table, within};

fn bytes(analysis: &Analysis) -> String {
    serde_json::to_string(analysis).unwrap()
}

#[test]
fn the_law_of_the_extremes_agrees_with_golden_file_28() {
    let golden = json("golden/28_relabel_extremes.json");
    let expected = &golden["cases"][0]["expected"];
    let theirs = |name: &str| expected[name].as_f64().unwrap();
    let a = analyse(&corpus21(), &PARAMETERS);
    let r = &a.risk_ratio;
    within(
        number(&r.of_means.value),
        theirs("observed_ratio_of_means"),
        1e-9,
    );
    within(
        number(&r.ranked_pooled),
        theirs("observed_pooled_ratio"),
        1e-9,
    );
    assert_eq!(
        a.bands.outside.len() as u64,
        expected["observed_outside"].as_u64().unwrap()
    );
    within(
        number(&r.null_median),
        theirs("null_median_ratio_of_means"),
        0.1,
    );
    within(number(&r.null_q25), theirs("null_q25"), 0.1);
    within(number(&r.null_q75), theirs("null_q75"), 0.1);
    within(
        number(&r.null_share_at_least),
        theirs("null_share_at_least_ratio_of_means"),
        0.01,
    );
    within(
        number(&r.ranked_pooled_null_share_at_least),
        theirs("null_share_at_least_pooled_ratio"),
        0.01,
    );
    within(
        number(&a.bands.null_mean_outside),
        theirs("null_mean_outside"),
        0.05,
    );
    within(
        number(&a.bands.null_share_any),
        theirs("null_share_any_outside"),
        0.01,
    );
    within(
        number(&a.bands.null_share_at_least),
        theirs("null_share_at_least_outside"),
        0.01,
    );
    assert_eq!(r.highest.known().map(String::as_str), Some("nvidia"));
    assert_eq!(r.lowest.known().map(String::as_str), Some("anthropic"));
    assert_eq!(
        (r.of_means.n_models_highest, r.of_means.n_models_lowest),
        (3, 1)
    );
}

#[test]
fn the_law_of_shares_agrees_with_golden_file_17() {
    let golden = json("golden/17_corpus21.json");
    let law = &golden["cases"][0]["expected"]["permutation"];
    let a = analyse(&corpus21(), &PARAMETERS);
    let theirs = |block: &str| law[block]["p"].as_f64().unwrap();
    // Four standard errors of 20,000 draws and of the reference.
    within(
        number(&a.decomposition.in_scale.p_permutation),
        theirs("p_eta2"),
        0.013,
    );
    within(
        number(&a.ratio.null_share_at_least),
        theirs("p_ratio"),
        0.014,
    );
    within(
        number(&a.ratio.null_median),
        law["ratio_median"].as_f64().unwrap(),
        1.0,
    );
    within(
        number(&a.ratio.null_q25),
        law["ratio_q25"].as_f64().unwrap(),
        0.3,
    );
    within(
        number(&a.ratio.null_q75),
        law["ratio_q75"].as_f64().unwrap(),
        6.0,
    );
}

#[test]
fn the_laws_of_a_second_table_agree_with_golden_file_16() {
    let golden = json("golden/16_permutation_monte_carlo.json");
    let expected = &golden["cases"][0]["expected"];
    let theirs = |name: &str| expected[name].as_f64().unwrap();
    let a = analyse(
        &table("golden/models21_reconstruction.csv", "successes", "n"),
        &PARAMETERS,
    );
    let (d, ratio) = (&a.decomposition, &a.ratio);
    let law = d.null_distribution.known().unwrap();
    within(number(&d.in_scale.eta2), theirs("eta2"), 1e-9);
    within(number(&ratio.eta2_over_r2), theirs("ratio"), 1e-6);
    within(
        number(&d.in_scale.eta2_null_mean),
        theirs("eta2_null_mean_exact"),
        1e-12,
    );
    within(
        number(&d.in_scale.p_permutation),
        expected["p_eta2"]["p"].as_f64().unwrap(),
        0.013,
    );
    within(
        number(&ratio.null_share_at_least),
        expected["p_ratio"]["p"].as_f64().unwrap(),
        0.014,
    );
    within(
        law.mean.0,
        theirs("eta2_perm_mean"),
        4.0 * theirs("eta2_perm_sd") / 20_000_f64.sqrt(),
    );
    within(law.p95.0, theirs("eta2_perm_q95"), 0.01);
    within(number(&ratio.null_median), theirs("ratio_perm_median"), 1.0);
    within(number(&ratio.null_q25), theirs("ratio_perm_q25"), 0.3);
    within(number(&ratio.null_q75), theirs("ratio_perm_q75"), 7.0);
}

#[test]
fn one_and_two_threads_give_the_same_bytes() {
    let sample = corpus21();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| bytes(&analyse(&sample, &PARAMETERS)))
    };
    assert_eq!(with(1), with(2));
}

#[test]
fn another_seed_draws_other_relabellings() {
    let other = Parameters {
        seed: 165,
        ..PARAMETERS
    };
    let (a, b) = (
        analyse(&corpus21(), &PARAMETERS),
        analyse(&corpus21(), &other),
    );
    assert_ne!(a.ratio.null_median, b.ratio.null_median);
    assert_eq!(a.ratio.eta2_over_r2, b.ratio.eta2_over_r2);
}

#[test]
fn names_reach_no_random_number() {
    // Names in the opposite order of the alphabet.
    let backwards = |name: &str| -> String {
        name.bytes()
            .map(|b| char::from(126 - b.clamp(33, 122) + 33))
            .collect()
    };
    let mut renamed: Sample = corpus21();
    for model in &mut renamed.models {
        model.provider = backwards(&model.provider);
        model.model = backwards(&model.model);
    }
    let (a, b) = (
        analyse(&corpus21(), &PARAMETERS),
        analyse(&renamed, &PARAMETERS),
    );
    assert_eq!(a.decomposition, b.decomposition);
    assert_eq!(a.ratio, b.ratio);
    assert_eq!(a.risk_ratio.null_median, b.risk_ratio.null_median);
    assert_eq!(a.bands.null_mean_outside, b.bands.null_mean_outside);
    assert_eq!(a.power, b.power);
    let outside: Vec<String> = a.bands.outside.iter().map(|n| backwards(n)).collect();
    assert_eq!(outside, b.bands.outside);
}

#[test]
fn small_samples_are_counted_and_not_drawn() {
    let mut sample = corpus21();
    sample.models.truncate(7);
    for (i, model) in sample.models.iter_mut().enumerate() {
        model.provider = ["ash", "birch"][i % 2].to_owned();
    }
    let a = analyse(&sample, &PARAMETERS);
    let law = a.decomposition.null_distribution.known().unwrap();
    // 7! / (4! 3!) arrangements.
    assert_eq!((law.exact, law.relabellings), (true, 35));
    within(law.mean.0, 1.0 / 6.0, 1e-9);
    within(
        law.share_at_least.0,
        number(&a.decomposition.in_scale.p_permutation),
        0.0,
    );
}
