//! Lines through rates, weighted and not (06).

use caveat_analysis::{
    correlation, influence,
    proportion::Level,
    regression::{Hc, Line, line},
};

use crate::support::{Case, Golden, f, floats};

const LEVEL: Level = Level::P95;

/// Compares what a weighted and an unweighted fit have in common.
pub(crate) fn compare_fit(case: &mut Case, prefix: &str, fit: &Line) {
    let at = |name: &str| format!("{prefix}{name}");
    for (name, ours) in [
        ("intercept", Ok(fit.intercept)),
        ("slope", Ok(fit.slope)),
        ("se_intercept", fit.se_intercept),
        ("se_slope", fit.se_slope),
        ("t_slope", fit.t_slope),
        ("p_slope", fit.p),
        ("r2", fit.r2),
        ("adj_r2", fit.adjusted_r2),
        ("F", fit.f),
        ("p_F", fit.p),
        ("sigma", Ok(fit.sigma)),
        ("rss_weighted", Ok(fit.rss)),
        ("df_resid", Ok(fit.df)),
        ("loglik", fit.log_likelihood),
        ("aic", fit.aic),
        ("bic", fit.bic),
    ] {
        case.number(&at(name), ours);
    }
    case.interval(&at("ci95_slope"), fit.slope_interval(LEVEL));
    case.interval(&at("ci95_intercept"), fit.intercept_interval(LEVEL));
    case.list(&at("residuals"), &fit.residuals);
    case.list(&at("fitted"), &fit.fitted);
    for (name, kind) in [
        ("HC0", Hc::Hc0),
        ("HC1", Hc::Hc1),
        ("HC2", Hc::Hc2),
        ("HC3", Hc::Hc3),
    ] {
        let robust = fit.robust(kind).unwrap();
        let below = |field: &str| at(&format!("{name}.{field}"));
        case.number(&below("se_intercept"), robust.se_intercept);
        case.number(&below("se_slope"), robust.se_slope);
        case.number(&below("p_slope_t"), robust.p);
        case.matrix(&below("cov"), &robust.covariance);
        case.interval(
            &below("ci95_slope_t"),
            fit.robust_slope_interval(kind, LEVEL),
        );
    }
}

/// Compares what the files give for unweighted fits only.
pub(crate) fn compare_influence(case: &mut Case, prefix: &str, fit: &Line, y: &[f64], at_x: f64) {
    let at = |name: &str| format!("{prefix}{name}");
    case.list(&at("leverage"), &fit.leverage);
    case.list(&at("cooks_d"), &influence::cooks_distance(fit));
    case.list(
        &at("studentized_internal"),
        &influence::studentised_internal(fit),
    );
    case.list(
        &at("studentized_external"),
        &influence::studentised_external(fit),
    );
    let r = correlation::pearson(&fit.x, y).unwrap();
    case.number(&at("pearson.r"), r);
    case.number(&at("pearson.p"), correlation::pearson_p(r, fit.n));
    case.interval(
        &at("pearson.fisher_ci95"),
        correlation::pearson_interval(r, fit.n, LEVEL),
    );
    case.number(&at("spearman_rho"), correlation::spearman(&fit.x, y));
    case.number(&at("kendall_tau_b"), correlation::kendall_tau_b(&fit.x, y));
    let prediction = fit.predict(at_x, LEVEL).unwrap();
    case.number(&at("prediction.x0"), at_x);
    case.number(&at("prediction.mean"), prediction.mean);
    case.number(&at("prediction.mean_se"), prediction.mean_se);
    case.interval(&at("prediction.mean_ci95"), Ok(prediction.mean_interval));
    case.interval(
        &at("prediction.obs_pi95"),
        Ok(prediction.observation_interval),
    );
}

#[test]
fn lines_through_rates() {
    Golden::parse(include_str!("06_regression.json")).each(|input, case| {
        let x: Vec<f64> = floats(input, "params_b")
            .iter()
            .map(|b| libm::log2(*b))
            .collect();
        let y = floats(input, "asr");
        if input["weights"].is_null() {
            let fit = line(&x, &y, None).unwrap();
            compare_fit(case, "", &fit);
            compare_influence(
                case,
                "",
                &fit,
                &y,
                libm::log2(f(input, "predict_at_params_b")),
            );
        } else {
            compare_fit(
                case,
                "",
                &line(&x, &y, Some(&floats(input, "weights"))).unwrap(),
            );
        }
    });
}
