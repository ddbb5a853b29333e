//! Provider and size together (07), and R's type II sums of squares (26).

use caveat_analysis::{
    ancova::{Ancova, ancova},
    labels::dense,
    oneway::one_way,
    proportion::Level,
    regression::{Hc, line},
    robust_oneway::{kruskal_wallis, welch},
};

use crate::{
    support::{Case, Golden, floats},
    tables::Models,
};

/// Compares every field of a fit below `prefix`.
pub(crate) fn compare(case: &mut Case, prefix: &str, fit: &Ancova) {
    let at = |name: &str| format!("{prefix}{name}");
    let adjusted = fit.shapley_adjusted;
    for (name, ours) in [
        ("r2_provider", Ok(fit.r2_provider)),
        ("r2_scale", Ok(fit.r2_size)),
        ("r2_full", Ok(fit.r2_both)),
        ("scale_given_provider", Ok(fit.size_given_provider)),
        ("provider_given_scale", Ok(fit.provider_given_size)),
        ("shapley_provider", Ok(fit.shapley.provider)),
        ("shapley_scale", Ok(fit.shapley.size)),
        ("commonality_shared", Ok(fit.shared)),
        ("adj_r2_provider", fit.adjusted_provider),
        ("adj_r2_scale", fit.adjusted_size),
        ("adj_r2_full", fit.adjusted_both),
        ("F_provider_given_scale", fit.provider_test.map(|t| t.f)),
        ("p_provider_given_scale", fit.provider_test.map(|t| t.p)),
        ("F_scale_given_provider", fit.size_test.map(|t| t.f)),
        ("p_scale_given_provider", fit.size_test.map(|t| t.p)),
        (
            "partial_eta2_provider",
            fit.provider_test.map(|t| t.partial_eta2),
        ),
        ("partial_eta2_scale", fit.size_test.map(|t| t.partial_eta2)),
        ("shapley_adj_provider", adjusted.map(|s| s.provider)),
        ("shapley_adj_scale", adjusted.map(|s| s.size)),
        ("common_slope", fit.slope),
        ("common_slope_se", fit.slope_se),
        ("common_slope_p", fit.slope_p),
    ] {
        case.number(&at(name), ours);
    }
    case.number(&at("rank_full"), fit.rank);
    case.number(&at("df_resid_full"), fit.df);
}

#[test]
fn provider_and_size_in_one_model() {
    Golden::parse(include_str!("07_ancova_shapley.json")).each(|input, case| {
        let sizes: Vec<f64> = floats(input, "params_b")
            .iter()
            .map(|b| libm::log2(*b))
            .collect();
        let providers = input["provider"].as_array().unwrap();
        let group = dense(providers.iter().map(|p| p.as_str().unwrap()));
        compare(
            case,
            "",
            &ancova(&floats(input, "asr"), &sizes, &group).unwrap(),
        );
    });
}

#[test]
fn the_same_figures_in_r() {
    Golden::parse(include_str!("26_r_crosscheck.json")).each(|input, case| {
        let models = Models::read(input["csv"].as_str().unwrap());
        let rates = models.rates();
        let one = one_way(&rates, &models.group).unwrap();
        for (name, ours) in [
            ("eta2", one.eta2),
            ("omega2", one.omega2),
            ("epsilon2", one.epsilon2),
            ("F", one.f),
            ("p", one.p),
        ] {
            case.number(name, ours);
        }
        let share = one.population_eta2(Level::P90).unwrap();
        let other = |ncp: f64| ncp / (ncp + one.df_within as f64);
        // The reference searches its noncentrality loosely, to about 1e-3.
        case.list_within(
            1e-3,
            "eta2_ci90",
            &[other(share.ncp_lower), other(share.ncp_upper)],
        );
        let plain = line(&models.log2_sizes, &rates, None).unwrap();
        case.matrix("hc3_cov", &plain.robust(Hc::Hc3).unwrap().covariance);
        if case.has("lm") {
            let intercept_t = plain.intercept / plain.se_intercept.unwrap();
            case.matrix_rows(
                "lm",
                &[
                    [
                        plain.intercept,
                        plain.se_intercept.unwrap(),
                        intercept_t,
                        caveat_analysis::special::t_two_sided(intercept_t, plain.df).unwrap(),
                    ],
                    [
                        plain.slope,
                        plain.se_slope.unwrap(),
                        plain.t_slope.unwrap(),
                        plain.p.unwrap(),
                    ],
                ],
            );
        }
        if case.has("typeII_F") {
            type_two(case, &models, &rates);
        }
    });
}

/// What the file holds of the first table only.
fn type_two(case: &mut Case, models: &Models, rates: &[f64]) {
    let fit = ancova(rates, &models.log2_sizes, &models.group).unwrap();
    let (provider, size) = (fit.provider_test.unwrap(), fit.size_test.unwrap());
    case.number("typeII_ss.provider", fit.provider_given_size * fit.ss_total);
    case.number("typeII_ss.log2p", fit.size_given_provider * fit.ss_total);
    case.number("typeII_ss.Residuals", fit.ss_residual);
    case.list("typeII_F", &[provider.f, size.f]);
    case.list("typeII_p", &[provider.p, size.p]);
    // The file does not name its weights: they are the numbers of traces.
    let weights: Vec<f64> = models.counts.iter().map(|c| c.trials() as f64).collect();
    let wls = line(&models.log2_sizes, rates, Some(&weights)).unwrap();
    let hc3 = wls.robust(Hc::Hc3).unwrap();
    case.list("wls.coef", &[wls.intercept, wls.slope]);
    case.list("wls.se", &[wls.se_intercept, wls.se_slope]);
    case.number("wls.r2", wls.r2);
    case.list("wls.hc3_se", &[hc3.se_intercept, hc3.se_slope]);
    let w = welch(rates, &models.group).unwrap();
    for (name, ours) in [("F", w.f), ("df1", w.df1), ("df2", w.df2), ("p", w.p)] {
        case.number(&format!("welch_anova_providers_with_2plus.{name}"), ours);
    }
    let used: Vec<&str> = w
        .groups
        .iter()
        .filter_map(|label| models.group.iter().position(|g| g == label))
        .map(|place| models.providers[place].as_str())
        .collect();
    case.names("welch_anova_providers_with_2plus.providers_used", &used);
    let k = kruskal_wallis(rates, &models.group).unwrap();
    case.number("kruskal_H", k.h);
    case.number("kruskal_p", k.p);
}
