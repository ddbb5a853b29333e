//! Two public benchmarks against an independent computation of the same figures.

use caveat_analysis::{Analysis, analyse, result::OneWayResult};
use serde_json::Value;

use crate::support::{PARAMETERS, close, json, number, table, within};

const EXACT: f64 = 1e-9;
const TAIL: f64 = 1e-6;

struct Case {
    analysis: Analysis,
    expected: Value,
}

fn case(name: &str) -> Case {
    let sample = table(&format!("data/{name}.csv"), "succeeded", "n");
    Case {
        analysis: analyse(&sample, &PARAMETERS),
        expected: json("data/expected.json")[name].clone(),
    }
}

fn decomposition(ours: &OneWayResult, theirs: &Value) {
    let number_of = |name: &str| theirs[name].as_f64().unwrap();
    let count = |name: &str| usize::try_from(theirs[name].as_u64().unwrap()).unwrap();
    close(number(&ours.eta2), number_of("eta2"), EXACT);
    close(number(&ours.eta2_null_mean), number_of("eta2_null"), EXACT);
    close(number(&ours.omega2), number_of("omega2"), EXACT);
    close(number(&ours.epsilon2), number_of("epsilon2"), EXACT);
    close(number(&ours.f), number_of("F"), EXACT);
    close(number(&ours.p), number_of("p"), TAIL);
    within(
        number(&ours.p_permutation),
        number_of("p_permutation"),
        0.01,
    );
    assert_eq!(
        [
            ours.n_models,
            ours.n_groups,
            ours.n_singletons,
            ours.df1,
            ours.df2
        ],
        [
            count("n_models"),
            count("n_providers"),
            count("n_single_model_providers"),
            count("df_between"),
            count("df_within"),
        ],
    );
}

fn agrees(name: &str) {
    let Case { analysis, expected } = case(name);
    let scale = analysis.scale.known().unwrap();
    let line = &expected["ols_known_size"];
    let theirs = |name: &str| line[name].as_f64().unwrap();
    let slope = scale.slope_per_doubling.known().unwrap();
    close(slope.value.0, theirs("slope"), EXACT);
    close(
        slope.lower.0,
        line["slope_ci95"][0].as_f64().unwrap(),
        EXACT,
    );
    close(
        slope.upper.0,
        line["slope_ci95"][1].as_f64().unwrap(),
        EXACT,
    );
    close(scale.intercept.0, theirs("intercept"), EXACT);
    close(number(&scale.r2), theirs("r2"), EXACT);
    close(number(&scale.adjusted_r2), theirs("adj_r2"), EXACT);
    close(number(&scale.pearson_r), theirs("pearson_r"), EXACT);
    close(number(&scale.p), theirs("p"), EXACT);
    close(number(&scale.se), theirs("slope_se"), EXACT);
    decomposition(
        &analysis.decomposition.in_scale,
        &expected["anova_known_size"],
    );
    decomposition(
        &analysis.decomposition.all_models,
        &expected["anova_all_models"],
    );
    decomposition(
        &analysis.decomposition.two_plus,
        &expected["anova_known_size_providers_with_2plus"],
    );
    extremes(&analysis, &expected["risk_ratio_all_providers"]);
    residuals(&analysis, &expected["provider_residuals_ranked_best_first"]);
}

fn extremes(analysis: &Analysis, theirs: &Value) {
    let ours = analysis.risk_ratio.extremes_pooled.known().unwrap();
    assert_eq!(ours.highest, theirs["highest"]);
    assert_eq!(ours.lowest, theirs["lowest"]);
    close(
        number(&ours.value),
        theirs["risk_ratio"].as_f64().unwrap(),
        EXACT,
    );
    let katz = ours.katz.known().unwrap();
    close(katz.lower.0, theirs["ci95"][0].as_f64().unwrap(), EXACT);
    close(katz.upper.0, theirs["ci95"][1].as_f64().unwrap(), EXACT);
    let koopman = ours.koopman.known().unwrap();
    assert!(koopman.lower.0 > 1.0 && koopman.upper.0 > koopman.lower.0);
}

fn residuals(analysis: &Analysis, theirs: &Value) {
    for row in theirs.as_array().unwrap() {
        let name = row["provider"].as_str().unwrap();
        let ours = analysis
            .providers
            .iter()
            .find(|p| p.provider == name)
            .unwrap();
        let points = |name: &str| 100.0 * row[name].as_f64().unwrap();
        let weighted = ours.residual_pp.known().unwrap().value.0;
        close(weighted, points("residual_n_weighted"), EXACT);
        close(
            number(&ours.residual_unweighted_pp),
            points("residual_unweighted"),
            EXACT,
        );
    }
}

#[test]
fn sorry_bench_agrees_with_the_reference() {
    agrees("sorry_bench_202503");
}

#[test]
fn harmbench_direct_requests_agree_with_the_reference() {
    agrees("harmbench_direct_request");
}

#[test]
fn models_without_a_size_stay_in_the_ranking_and_out_of_the_line() {
    let Case { analysis, .. } = case("sorry_bench_202503");
    let anthropic = analysis
        .providers
        .iter()
        .find(|p| p.provider == "Anthropic")
        .unwrap();
    assert_eq!((anthropic.n_models, anthropic.n_models_in_scale), (7, 0));
    assert!(anthropic.ranked && anthropic.rank.known().is_some());
    assert!(anthropic.residual_pp.known().is_none() && anthropic.residual_excludes_zero.is_none());
    assert_eq!(analysis.models.iter().filter(|m| m.in_scale).count(), 35);
    let claude = analysis
        .models
        .iter()
        .find(|m| m.model == "claude-2.1")
        .unwrap();
    assert!(claude.residual_pp.known().is_none() && claude.asr.known().is_some());
}
