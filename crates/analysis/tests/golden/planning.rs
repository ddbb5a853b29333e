//! Power and sample size (08).

use caveat_analysis::power::{self, SlopeDesign, TwoRates};
use serde_json::Value;

use crate::support::{Case, Golden, f, size};

fn design(input: &Value, n: usize) -> SlopeDesign {
    SlopeDesign {
        sd_x: f(input, "sd_log2_params"),
        sigma: f(input, "resid_sd"),
        n,
        alpha: f(input, "alpha"),
    }
}

fn slope(input: &Value, case: &mut Case) {
    let design = design(input, size(input, "n_models"));
    case.number("power", power::slope_power(&design, f(input, "slope")));
    case.number(
        "ncp",
        power::slope_noncentrality(&design, f(input, "slope")),
    );
    case.number(
        "min_detectable_slope_80",
        power::detectable_slope(&design, 0.8),
    );
    case.number(
        "min_detectable_slope_90",
        power::detectable_slope(&design, 0.9),
    );
}

fn models_needed(input: &Value, case: &mut Case) {
    let slope = f(input, "slope");
    let needed = power::models_needed(&design(input, 3), slope, f(input, "power")).unwrap();
    case.number("n_models", needed);
    case.number(
        "power_at_n",
        power::slope_power(&design(input, needed), slope),
    );
    case.number(
        "power_at_n_minus_1",
        power::slope_power(&design(input, needed - 1), slope),
    );
}

fn two_proportions(input: &Value, case: &mut Case) {
    let rates = TwoRates {
        p1: f(input, "p1"),
        p2: f(input, "p2"),
        alpha: f(input, "alpha"),
        power: f(input, "power"),
    };
    let needed = power::traces_needed(&rates).unwrap();
    let effect = power::design_effect(f(input, "cluster_size"), f(input, "cluster_icc"));
    case.number("n_per_group_fleiss", needed.fleiss);
    case.number("n_per_group_fleiss_ceil", libm::ceil(needed.fleiss));
    case.number("n_per_group_fleiss_cc", needed.fleiss_corrected);
    case.number("n_per_group_arcsine", needed.arcsine);
    case.number("design_effect", effect);
    case.number(
        "n_per_group_clustered_ceil",
        libm::ceil(needed.fleiss * effect),
    );
}

fn anova(input: &Value, case: &mut Case) {
    let (eta2, n, k) = (
        f(input, "eta2_population"),
        size(input, "n"),
        size(input, "k"),
    );
    case.number("lambda", power::provider_noncentrality(eta2, n));
    case.number(
        "power",
        power::provider_power(eta2, n, k, f(input, "alpha")),
    );
}

#[test]
fn power_and_sample_size() {
    Golden::parse(include_str!("08_power.json")).each(|input, case| {
        match input["kind"].as_str().unwrap() {
            "slope" => slope(input, case),
            "models_needed" => models_needed(input, case),
            "two_proportions" => two_proportions(input, case),
            "anova" => anova(input, case),
            other => panic!("unknown kind {other}"),
        }
    });
}
