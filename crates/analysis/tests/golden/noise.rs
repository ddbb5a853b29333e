//! Sampling noise apart from true variance (24).

use caveat_analysis::{
    effect_sizes::{EffectScale, effect_sizes},
    heterogeneity::{Estimator, Moderator, Studies},
    noise::noise,
    proportion::Level,
    three_level::three_level,
};

use crate::{
    support::{Case, Golden},
    tables::Models,
};

/// Tolerance of the file for what `rma.mv` found.
const ITERATED: f64 = 1e-4;

fn on_scale(case: &mut Case, prefix: &str, models: &Models, scale: EffectScale) {
    let at = |name: &str| format!("{prefix}{name}");
    let effects = effect_sizes(&models.counts, scale).unwrap();
    case.list(&at("inputs.yi"), &effects.values);
    case.list(&at("inputs.vi"), &effects.variances);
    let studies = Studies::new(&effects.values, &effects.variances, Moderator::None).unwrap();
    for (name, estimator) in [
        ("DL", Estimator::DerSimonianLaird),
        ("REML", Estimator::Reml),
        ("PM", Estimator::PauleMandel),
        ("HE", Estimator::Hedges),
    ] {
        let fit = studies.fit(estimator).unwrap();
        let below = |field: &str| at(&format!("{name}.{field}"));
        case.number(&below("tau2"), fit.tau2);
        case.number(&below("mu"), fit.beta[0]);
        case.number(&below("se_mu"), fit.se[0]);
        case.number(&below("Q"), studies.q());
        case.number(&below("Qp"), studies.q_p());
        case.number(&below("I2_percent"), 100.0 * fit.i2);
        case.number(&below("H2"), fit.h2);
        if estimator == Estimator::Reml {
            case.list(&below("blup"), &studies.predictions(&fit));
            let line = Moderator::Line(&models.log2_sizes);
            let with_size = Studies::new(&effects.values, &effects.variances, line)
                .unwrap()
                .fit(estimator)
                .unwrap();
            let below = |field: &str| at(&format!("REML.meta_regression.{field}"));
            case.number(&below("tau2"), with_size.tau2);
            case.list(&below("beta"), &with_size.beta);
            case.list(&below("se"), &with_size.se);
            case.number(&below("QM"), with_size.q_moderator);
            let explained = 1.0 - with_size.tau2 / fit.tau2;
            case.number(&below("R2_percent"), 100.0 * explained.max(0.0));
        }
    }
    let levels = three_level(
        &effects.values,
        &effects.variances,
        None,
        &models.group,
        Level::P95,
    )
    .unwrap();
    let below = |field: &str| at(&format!("multilevel_REML.{field}"));
    case.within(ITERATED, &below("sigma2_provider"), levels.tau2_provider);
    case.within(ITERATED, &below("sigma2_model"), levels.tau2_model);
    case.within(ITERATED, &below("mu"), levels.beta[0]);
    case.within(ITERATED, &below("se_mu"), levels.se[0]);
    case.at_least(&below("loglik"), levels.log_likelihood);
}

#[test]
fn sampling_noise_apart_from_true_variance() {
    Golden::parse(include_str!("24_noise_aware.json")).each(|input, case| {
        let models = Models::read(input["csv"].as_str().unwrap());
        on_scale(case, "PR_", &models, EffectScale::Rate);
        on_scale(case, "PLO_", &models, EffectScale::LogOdds);
        let moments = noise(&models.counts).unwrap();
        case.number("unbiased_within", moments.sampling_variance);
        case.number("observed_var", moments.observed_variance);
        case.number("true_var_moment", moments.true_variance);
        case.number("noise_share", moments.share);
    });
}
