//! The published figures of the 21 models, and what stands beside them.
//!
//! `corpus21.csv` is simulated so that it rounds to the published figures.

use caveat_analysis::{Analysis, SizeVariant, analyse, summarise};

use crate::support::{PARAMETERS, corpus21, number, printed, within};

fn analysis() -> Analysis {
    analyse(&corpus21(), &PARAMETERS)
}

#[test]
fn the_size_line_is_as_published() {
    let a = analysis();
    let scale = a.scale.known().unwrap();
    printed(scale.intercept.0, 3, "0.272");
    printed(
        scale.slope_per_doubling.known().unwrap().value.0,
        4,
        "-0.0059",
    );
    printed(number(&scale.r2), 4, "0.0114");
    printed(number(&scale.pearson_r), 3, "-0.107");
    printed(number(&scale.p), 3, "0.646");
    printed(number(&scale.p_normal), 3, "0.640");
    printed(number(&scale.se_hc3), 4, "0.0102");
    assert_eq!(
        (scale.n_models, scale.smallest_b.0, scale.largest_b.0),
        (21, 1.2, 671.0)
    );
    printed(scale.sd_log2_params.0, 3, "2.463");
    within(number(&scale.r2_null_mean), 0.05, 1e-12);
    assert_eq!(scale.line.len(), 41);
    assert_eq!(
        scale.most_influential.known().unwrap().model,
        "deepseek/deepseek-r1-0528"
    );
}

#[test]
fn the_share_of_the_provider_stands_beside_its_null() {
    let a = analysis();
    let d = &a.decomposition.in_scale;
    printed(number(&d.eta2), 3, "0.653");
    printed(number(&d.eta2_null_mean), 2, "0.55");
    printed(number(&d.eta2_null_p95), 3, "0.791");
    printed(number(&d.f), 2, "1.54");
    assert_eq!(
        (d.df1, d.df2, d.n_models, d.n_groups, d.n_singletons),
        (11, 9, 21, 12, 7)
    );
    printed(number(&d.p), 2, "0.26");
    printed(number(&d.omega2), 2, "0.22");
    printed(number(&d.epsilon2), 2, "0.23");
    within(number(&d.p_permutation), 0.2435, 0.01);
    let share = d.population_eta2.known().unwrap();
    printed(share.lower.0, 2, "0.00");
    printed(share.upper.0, 3, "0.577");
    let two = &a.decomposition.two_plus;
    assert_eq!((two.n_models, two.n_groups), (14, 5));
    printed(number(&two.eta2), 3, "0.551");
    printed(number(&two.p), 3, "0.094");
    assert_eq!(a.decomposition.all_models, a.decomposition.in_scale);
    let law = a.decomposition.null_distribution.known().unwrap();
    assert_eq!(
        (law.exact, law.relabellings, law.edges.len()),
        (false, 20_000, 41)
    );
    within(law.mean.0, 0.55, 0.005);
    within(law.p95.0, 0.785, 0.01);
}

#[test]
fn a_third_of_relabelled_data_reach_the_ratio() {
    let ratio = analysis().ratio;
    printed(number(&ratio.eta2_over_r2), 1, "57.5");
    printed(100.0 * number(&ratio.residual_share), 1, "33.5");
    within(number(&ratio.ratio_of_null_means), 11.0, 1e-12);
    within(number(&ratio.null_share_at_least), 0.3176, 0.01);
    within(number(&ratio.null_median), 21.8, 1.0);
    within(number(&ratio.null_q25), 7.7, 0.3);
    within(number(&ratio.null_q75), 94.6, 6.0);
}

#[test]
fn the_nine_residuals_and_their_labels_are_as_published() {
    let a = analysis();
    let expected = [
        ("google", "-16.3"),
        ("anthropic", "-13.8"),
        ("mistralai", "-3.1"),
        ("ollama", "0.0"),
        ("openai", "3.9"),
        ("liquid", "4.9"),
        ("meta-llama", "5.3"),
        ("deepseek", "8.4"),
        ("nvidia", "13.9"),
    ];
    let provider = |name: &str| a.providers.iter().find(|p| p.provider == name).unwrap();
    for (name, residual) in expected {
        let p = provider(name);
        assert!(p.ranked, "{name}");
        printed(p.residual_pp.known().unwrap().value.0, 1, residual);
    }
    assert_eq!(a.providers.iter().filter(|p| p.ranked).count(), 9);
    printed(
        number(&provider("openai").residual_unweighted_pp),
        1,
        "12.2",
    );
    assert_eq!(a.bands.outside, ["google", "anthropic", "nvidia"]);
    let anthropic = provider("anthropic").pooled_asr.known().unwrap();
    printed(anthropic.lower.0, 3, "0.052");
    printed(anthropic.upper.0, 3, "0.151");
}

#[test]
fn google_and_nvidia_are_told_apart_and_neighbours_are_not() {
    let a = analysis();
    let told = |low: &str, high: &str| {
        let pair = a
            .comparisons
            .iter()
            .find(|c| c.lower_provider == low && c.higher_provider == high);
        pair.unwrap().told_apart
    };
    assert_eq!(a.comparisons.len(), 36);
    assert!(told("google", "nvidia") && told("anthropic", "nvidia"));
    assert!(!told("google", "anthropic") && !told("openai", "meta-llama"));
    let rank = |name: &str| {
        *a.providers
            .iter()
            .find(|p| p.provider == name)
            .unwrap()
            .rank
            .known()
            .unwrap()
    };
    assert_eq!(
        (
            rank("google").value,
            rank("google").lower,
            rank("google").of
        ),
        (1, 1, 9)
    );
    assert_eq!((rank("nvidia").value, rank("nvidia").upper), (9, 9));
    assert!(rank("openai").lower < rank("openai").upper);
    for group in &a.tie_groups {
        for c in &a.comparisons {
            let both = group.contains(&c.lower_provider) && group.contains(&c.higher_provider);
            assert!(!(both && c.told_apart), "{c:?}");
        }
    }
}

#[test]
fn patterns_within_providers_follow_the_rule() {
    use caveat_analysis::result::Pattern;
    let a = analysis();
    let within = |name: &str| {
        a.within_providers
            .iter()
            .find(|w| w.provider == name)
            .unwrap()
    };
    assert_eq!(within("openai").pattern, Pattern::Falls);
    assert!(within("openai").monotone);
    assert_eq!(within("nvidia").pattern, Pattern::NoDirection);
    assert_eq!(within("mistralai").pattern, Pattern::Rises);
    assert!(within("mistralai").capability_floor);
    assert_eq!(within("google").pattern, Pattern::TooFewModels);
    assert_eq!(within("openai").models[0], "openai/gpt-4o-mini");
}

#[test]
fn power_is_stated_for_declared_slopes() {
    let power = analysis().power;
    printed(number(&power.detectable_slope_80_pp), 2, "3.75");
    let needed: Vec<usize> = power
        .models_needed
        .iter()
        .map(|m| *m.n_models.known().unwrap())
        .collect();
    assert_eq!((needed[0], needed[2]), (67, 32));
    printed(number(&power.provider_test_power), 3, "0.155");
}

#[test]
fn sizes_of_another_source_change_line_and_residuals() {
    let mut sample = corpus21();
    let mut sizes: Vec<Option<f64>> = sample.models.iter().map(|m| m.size_b).collect();
    let base = SizeVariant {
        id: "same".into(),
        sizes_b: sizes.clone(),
    };
    let pony = sample
        .models
        .iter()
        .position(|m| m.model == "openrouter/pony-alpha")
        .unwrap();
    sizes[pony] = None;
    sample.size_variants = vec![
        base,
        SizeVariant {
            id: "fewer".into(),
            sizes_b: sizes,
        },
    ];
    let a = analyse(&sample, &PARAMETERS);
    let same = &a.size_sensitivity[0];
    assert!(same.changed.is_empty());
    assert_eq!(same.outside, a.bands.outside);
    assert_eq!(
        same.slope_per_doubling,
        a.scale.known().unwrap().slope_per_doubling
    );
    let fewer = &a.size_sensitivity[1];
    assert_eq!(
        (fewer.n_models, fewer.changed.as_slice()),
        (20, ["openrouter/pony-alpha".to_owned()].as_slice())
    );
    assert!(
        fewer
            .residuals_pp
            .iter()
            .all(|r| r.provider != "openrouter")
    );
}

#[test]
fn a_summary_says_the_same_as_the_analysis() {
    let (a, s) = (analysis(), summarise(&corpus21(), &PARAMETERS));
    assert_eq!((s.n_models, s.n_providers), (21, 12));
    assert_eq!(
        (&s.scale, &s.decomposition, &s.ratio),
        (&a.scale, &a.decomposition, &a.ratio)
    );
    assert_eq!(s.n, a.models.iter().map(|m| m.n).sum::<u64>());
}
