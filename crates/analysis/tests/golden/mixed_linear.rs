//! A random effect of the provider on rates (22, and the linear part of 27).

use caveat_analysis::{
    proportion::Level,
    random_intercept::{Likelihood, RandomIntercept, random_intercept},
};
use serde_json::Value;

use crate::{
    support::{Case, Golden},
    tables::Models,
};

fn fit(models: &Models, with_size: bool, likelihood: Likelihood) -> RandomIntercept {
    let sizes = with_size.then_some(models.log2_sizes.as_slice());
    random_intercept(
        &models.rates(),
        sizes,
        &models.group,
        likelihood,
        Level::P95,
    )
    .unwrap()
}

fn coefficients(case: &mut Case, fit: &RandomIntercept) {
    case.number("fixed.(Intercept)", fit.intercept.value);
    case.number("fixed_se.(Intercept)", fit.intercept.se);
    if let Some(slope) = fit.slope {
        case.number("fixed.log2p", slope.value);
        case.number("fixed_se.log2p", slope.se);
    }
    case.at_least("loglik", fit.log_likelihood);
}

#[test]
fn rates_with_a_random_effect_of_the_provider() {
    Golden::parse(include_str!("22_lmm.json")).each(|input, case| {
        let models = Models::read(input["csv"].as_str().unwrap());
        let with_size = input["formula"].as_str().unwrap().contains("log2p");
        let likelihood = match input["reml"] {
            Value::Bool(true) => Likelihood::Restricted,
            _ => Likelihood::Full,
        };
        let fit = fit(&models, with_size, likelihood);
        coefficients(case, &fit);
        case.number("var_provider", fit.variance_provider);
        case.number("var_residual", fit.variance_residual);
        case.number("vpc_provider", fit.share_provider);
        case.flag("singular", fit.singular);
        for (label, effect) in &fit.effects {
            let place = models.group.iter().position(|g| g == label).unwrap();
            case.number(
                &format!("random_effects.{}", models.providers[place]),
                *effect,
            );
        }
    });
}

#[test]
fn the_corpus_of_21_models_with_a_random_effect() {
    Golden::parse(include_str!("27_corpus21_mixed.json")).each(|_, case| {
        if case.has("variances.model") {
            // The binomial model is another method, with a test of its own.
            case.skip_all("");
            return;
        }
        let models = Models::read("corpus21.csv");
        let fit = fit(&models, true, Likelihood::Restricted);
        coefficients(case, &fit);
        case.within(1e-2, "var_provider", fit.variance_provider);
        case.within(1e-2, "var_residual", fit.variance_residual);
    });
}
