//! The figures of the public reports and of #164 against values that caveat did not make.
//!
//! `reports/<name>/corpus/expected.json` was computed with numpy and scipy from
//! the public counts; the figures of #164 are those that the report prints.

#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::{assert_close, file, json, number};

/// The last digits of a reference and of the twelve that are written.
const RELATIVE: f64 = 1e-9;

fn compare_one_way(annex: &Value, expected: &Value, what: &str) {
    for (ours, theirs) in [
        ("/eta2", "/eta2"),
        ("/eta2_null_mean", "/eta2_null"),
        ("/omega2", "/omega2"),
        ("/epsilon2", "/epsilon2"),
        ("/f", "/F"),
        ("/df1", "/df_between"),
        ("/df2", "/df_within"),
        ("/n_models", "/n_models"),
        ("/n_groups", "/n_providers"),
        ("/n_singletons", "/n_single_model_providers"),
    ] {
        let place = format!("{what}{ours}");
        assert_close(
            number(annex, ours),
            number(expected, theirs),
            RELATIVE,
            &place,
        );
    }
    assert_close(
        number(annex, "/p"),
        number(expected, "/p"),
        1e-6,
        &format!("{what}/p"),
    );
    let p = number(expected, "/p_permutation");
    let permutation = number(annex, "/p_permutation") - p;
    // Both are drawn, 20,000 and 10,000 times: three standard errors of the difference.
    let chance = 3.0 * (p * (1.0 - p) * (1.0 / 20_000.0 + 1.0 / 10_000.0)).sqrt();
    assert!(
        permutation.abs() <= chance.max(0.01),
        "{what}/p_permutation differs by {permutation}"
    );
}

fn compare_report(name: &str, view: &str) {
    let annex = json(&["analyse", &format!("reports/{name}"), "--json"]);
    let expected = file(&format!("reports/{name}/corpus/expected.json"));
    let expected = &expected["views"][view];

    let scale = &expected["ols_known_size"];
    for (ours, theirs) in [
        ("/scale/intercept", "/intercept"),
        ("/scale/slope_per_doubling/value", "/slope"),
        ("/scale/slope_per_doubling/lower", "/slope_ci95/0"),
        ("/scale/slope_per_doubling/upper", "/slope_ci95/1"),
        ("/scale/se", "/slope_se"),
        ("/scale/r2", "/r2"),
        ("/scale/adjusted_r2", "/adj_r2"),
        ("/scale/pearson_r", "/pearson_r"),
        ("/scale/p", "/p"),
        ("/scale/n_models", "/n_models"),
    ] {
        assert_close(number(&annex, ours), number(scale, theirs), RELATIVE, ours);
    }
    let decomposition = &annex["decomposition"];
    compare_one_way(
        decomposition,
        &expected["anova_known_size"],
        "decomposition",
    );
    compare_one_way(
        &decomposition["all_models"],
        &expected["anova_all_models"],
        "all_models",
    );
    let two_plus = &expected["anova_known_size_providers_with_2plus"];
    compare_one_way(&decomposition["two_plus"], two_plus, "two_plus");

    let ratio = number(expected, "/ratio_eta2_to_r2");
    assert_close(
        number(&annex, "/ratio/eta2_over_r2"),
        ratio,
        RELATIVE,
        "ratio",
    );

    let extremes = &annex["risk_ratio"]["extremes_pooled"];
    let theirs = &expected["risk_ratio_all_providers"];
    assert_eq!(extremes["highest"], theirs["highest"]);
    assert_eq!(extremes["lowest"], theirs["lowest"]);
    assert_close(
        number(extremes, "/value"),
        number(theirs, "/risk_ratio"),
        RELATIVE,
        "extremes",
    );
    for (ours, theirs_at) in [("/katz/lower", "/ci95/0"), ("/katz/upper", "/ci95/1")] {
        assert_close(
            number(extremes, ours),
            number(theirs, theirs_at),
            RELATIVE,
            ours,
        );
    }
    compare_rates(&annex, expected);
    compare_residuals(&annex, expected);
}

fn compare_rates(annex: &Value, expected: &Value) {
    let models = annex["models"].as_array().unwrap();
    let theirs = expected["per_model"].as_object().unwrap();
    assert_eq!(models.len(), theirs.len());
    for model in models {
        let name = model["model"].as_str().unwrap();
        let theirs = &theirs[name];
        assert_eq!(model["n"], theirs["n"], "{name}");
        assert_eq!(model["succeeded"], theirs["successes"], "{name}");
        assert_eq!(model["provider"], theirs["provider"], "{name}");
        for (ours, at) in [
            ("/asr/value", "/asr"),
            ("/asr/lower", "/wilson95/0"),
            ("/asr/upper", "/wilson95/1"),
        ] {
            // A lower limit at no success is 0 up to the last bit in the reference.
            let (ours, theirs) = (number(model, ours), number(theirs, at));
            assert!(
                (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1e-3),
                "{name}{at}"
            );
        }
    }
}

fn compare_residuals(annex: &Value, expected: &Value) {
    let providers = annex["providers"].as_array().unwrap();
    for theirs in expected["provider_residuals_ranked_best_first"]
        .as_array()
        .unwrap()
    {
        let ours = providers
            .iter()
            .find(|p| p["provider"] == theirs["provider"])
            .unwrap();
        for (field, at) in [
            ("/residual_pp/value", "/residual_n_weighted"),
            ("/residual_unweighted_pp", "/residual_unweighted"),
        ] {
            let expected = 100.0 * number(theirs, at);
            let actual = number(ours, field);
            assert!(
                (actual - expected).abs() <= 1e-7,
                "{}{field}",
                theirs["provider"]
            );
        }
    }
}

#[test]
fn sorry_bench_agrees_with_its_reference_statistics() {
    compare_report("sorry-bench", "v202503");
}

#[test]
fn harmbench_agrees_with_its_reference_statistics() {
    compare_report("harmbench", "direct_request_all");
}

#[test]
#[allow(
    clippy::approx_constant,
    reason = "a share under chance lies near 1/π by accident"
)]
fn report_164_gives_the_figures_that_a_recomputation_must_give() {
    let annex = json(&["analyse", "reports/164", "--json"]);
    assert_eq!(annex["models"].as_array().unwrap().len(), 21);
    assert_eq!(annex["providers"].as_array().unwrap().len(), 12);
    for (path, printed, half_unit) in [
        ("/scale/intercept", 0.272, 0.0005),
        ("/scale/slope_per_doubling/value", -0.0059, 0.00005),
        ("/scale/r2", 0.0114, 0.00005),
        ("/scale/pearson_r", -0.107, 0.0005),
        ("/scale/p", 0.646, 0.0005),
        ("/scale/p_normal", 0.640, 0.0005),
        ("/decomposition/eta2", 0.653, 0.0005),
        ("/decomposition/eta2_null_mean", 0.55, 1e-9),
        ("/decomposition/f", 1.54, 0.005),
        ("/decomposition/df1", 11.0, 0.0),
        ("/decomposition/df2", 9.0, 0.0),
        ("/decomposition/p", 0.26, 0.005),
        ("/decomposition/omega2", 0.22, 0.005),
        ("/decomposition/epsilon2", 0.23, 0.005),
        ("/ratio/eta2_over_r2", 57.5, 0.05),
        ("/ratio/null_share_at_least", 0.318, 0.01),
        ("/ratio/null_median", 21.8, 1.0),
        ("/risk_ratio/of_means/value", 4.3, 0.05),
        ("/risk_ratio/null_share_at_least", 0.58, 0.015),
        ("/risk_ratio/null_median", 4.5, 0.1),
        ("/bands/null_share_at_least", 0.56, 0.015),
        ("/bands/null_share_any", 0.98, 0.01),
    ] {
        let actual = number(&annex, path);
        assert!(
            (actual - printed).abs() <= half_unit,
            "{path}: {actual} against {printed}"
        );
    }
    assert_eq!(annex["bands"]["outside"].as_array().unwrap().len(), 3);
}

#[test]
fn the_claims_of_report_164_have_the_status_of_the_fact_sheet() {
    let annex = json(&["analyse", "reports/164", "--json"]);
    let differs = [
        "slope-p",
        "residual-share",
        "ci-google",
        "ci-mistralai",
        "ci-openai",
        "ci-meta-llama",
        "ci-deepseek",
        "ci-nvidia",
        "power-2pp",
        "power-3pp",
        "one-in-three",
        "openai-8b-open",
    ];
    let cannot = ["nvidia-120b", "report-231"];
    for claim in annex["claims"].as_array().unwrap() {
        let id = claim["id"].as_str().unwrap();
        let expected = if differs.contains(&id) {
            "differs"
        } else if cannot.contains(&id) {
            "cannot_be_recomputed"
        } else {
            "reproduced"
        };
        assert_eq!(claim["status"], expected, "{claim}");
        if expected != "reproduced" {
            assert!(
                claim["note"].as_str().is_some_and(|note| !note.is_empty()),
                "{id}: no reason"
            );
        }
    }
}

#[test]
fn the_reconstruction_is_kept_and_dropped_as_its_own_account_says() {
    let annex = json(&["analyse", "reports/164", "--json"]);
    let expected = file("reports/164/corpus/expected.json");
    for theirs in expected["included"].as_array().unwrap() {
        let models = annex["models"].as_array().unwrap();
        let ours = models
            .iter()
            .find(|model| model["model"] == theirs["model"])
            .unwrap();
        assert_eq!(ours["n"], theirs["n"]);
        assert_eq!(ours["succeeded"], theirs["compliance"]);
        assert_eq!(ours["provider"], theirs["provider"]);
    }
    let excluded = annex["corpus"]["excluded"].as_array().unwrap();
    let dropped = expected["dropped"].as_array().unwrap();
    assert_eq!(excluded.len(), dropped.len());
    for theirs in dropped {
        let ours = excluded
            .iter()
            .find(|model| model["model"] == theirs["model"])
            .unwrap();
        assert_eq!(ours["evaluable"], theirs["n"], "{ours}");
        assert_eq!(ours["succeeded"], theirs["compliance"], "{ours}");
    }
}

#[test]
fn speechmap_agrees_with_its_reference_statistics() {
    compare_report("speechmap", "all");
    let annex = json(&["analyse", "reports/speechmap", "--json"]);
    let expected = file("reports/speechmap/corpus/expected.json");
    for (view, name) in [
        (0, "china_criticism"),
        (1, "fi_china_criticism"),
        (2, "zh_china_criticism"),
        (3, "eu_criticism"),
        (4, "russia_criticism"),
        (5, "us_criticism"),
    ] {
        let theirs = &expected["views"][name];
        let ours = &annex["views"][view]["summary"]["decomposition"];
        compare_one_way(ours, &theirs["anova_known_size"], name);
        compare_one_way(&ours["all_models"], &theirs["anova_all_models"], name);
        let two_plus = &theirs["anova_known_size_providers_with_2plus"];
        compare_one_way(&ours["two_plus"], two_plus, name);
    }
}

/// Both factors in one model, single results, and the noise of sampling.
fn compare_parts(name: &str, view: &str, prompt_level: bool) {
    let annex = json(&["analyse", &format!("reports/{name}"), "--json"]);
    let expected = &file(&format!("reports/{name}/corpus/expected.json"))["views"][view];
    let both = &expected["provider_and_size_together"];
    for (ours, theirs, times) in [
        ("/shapley/r2/both", "/r2_full", 1.0),
        ("/shapley/adjusted_r2/both", "/adj_r2_full", 1.0),
        ("/shapley/r2/provider", "/r2_provider_only", 1.0),
        ("/shapley/r2/size", "/r2_size_only", 1.0),
        (
            "/shapley/provider_given_size",
            "/delta_r2_provider_given_size",
            1.0,
        ),
        (
            "/shapley/provider_test/partial_eta2",
            "/partial_eta2_provider",
            1.0,
        ),
        ("/shapley/slope_pp/value", "/within_provider_slope", 100.0),
        ("/shapley/slope_p", "/within_provider_slope_p", 1.0),
    ] {
        assert_close(
            number(&annex, ours),
            times * number(both, theirs),
            1e-6,
            ours,
        );
    }
    assert_close(
        number(&annex, "/noise/noise/share_plug_in"),
        number(expected, "/sampling_variance_share"),
        RELATIVE,
        "sampling_variance_share",
    );
    if prompt_level {
        let single = &expected["prompt_level"];
        for (ours, theirs) in [
            ("/trace_level/n_traces", "/n_verdicts"),
            ("/trace_level/provider/eta2", "/eta2_provider"),
            ("/trace_level/model/eta2", "/eta2_model"),
            ("/trace_level/size_r2", "/known_size_r2_log2_size"),
        ] {
            assert_close(number(&annex, ours), number(single, theirs), 1e-8, ours);
        }
    }
}

#[test]
fn vendor_and_size_together_noise_and_single_results_agree_with_the_references() {
    compare_parts("speechmap", "all", true);
    compare_parts("sorry-bench", "v202503", true);
    compare_parts("harmbench", "direct_request_all", true);
}

#[test]
fn the_eu_set_of_speechmap_is_no_finding_though_its_f_test_says_so() {
    let annex = json(&["analyse", "reports/speechmap", "--json"]);
    let eu = &annex["views"][3]["summary"]["decomposition"];
    assert_eq!(annex["views"][3]["id"], "eu");
    assert!(number(eu, "/p") < 1e-6);
    assert!((number(eu, "/p_permutation") - 0.18).abs() < 0.01);
    assert!(number(eu, "/two_plus/eta2") < number(eu, "/two_plus/eta2_null_mean"));
    let caveats = annex["caveats"].as_array().unwrap();
    let caveat = caveats
        .iter()
        .find(|c| c["id"] == "CAV-PART-TESTS")
        .unwrap();
    let text = caveat["text"].as_str().unwrap();
    assert!(text.starts_with("On the EU: the F test"), "{text}");
    assert!(text.contains("the second counts"), "{text}");
    // Neither the answer nor a finding takes the vendor for shown.
    for finding in annex["findings"].as_array().unwrap() {
        let title = finding["title"].as_str().unwrap();
        let shown = title.replace("not beyond chance", "");
        assert!(!shown.contains("beyond chance"), "{title}");
    }
}
