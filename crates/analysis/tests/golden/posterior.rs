//! The posterior of the hierarchical model against numpyro (30).
//!
//! Both sides are Monte Carlo. A mean passes within five of the joint errors
//! of both, a standard deviation within 5 %, a quantile within 0.08 posterior
//! deviations plus three of our own errors, rank intervals within one place, as the
//! notes of the file say.

use caveat_analysis::{
    hierarchical::{
        Cells, Role, Terms,
        posterior::{Priors, Sampling, posterior},
    },
    result::{PosteriorEstimates, PosteriorRank, PosteriorSummary},
};
use serde_json::Value;

use crate::{
    hierarchical::cells,
    support::{Case, Golden},
};

fn fitted(cells: &Cells) -> PosteriorEstimates {
    let sampling = Sampling {
        draws: 4000,
        ..Sampling::standard(164)
    };
    let block = posterior(cells, Terms::WithSize, Priors::default(), sampling).unwrap();
    assert!(block.convergence.converged, "{:?}", block.convergence);
    block.estimates.known().unwrap().clone()
}

fn summary(case: &mut Case, at: &str, ours: &PosteriorSummary) {
    let field = |name: &str| format!("{at}.{name}");
    let sd = case.peek(&field("sd"));
    let reference = case.peek(&field("mcse_mean"));
    let error = 5.0 * reference.hypot(ours.mcse.0);
    case.near(error, &field("mean"), ours.mean.0);
    case.near(0.05 * sd, &field("sd"), ours.sd.0);
    // Three of our own errors, that of the median being some 1.25 times the mean's.
    let within = |own: f64| 0.08 * sd + 3.0 * own;
    case.near(within(ours.mcse_lower.0), &field("q025"), ours.lower.0);
    case.near(within(1.25 * ours.mcse.0), &field("q50"), ours.median.0);
    case.near(within(ours.mcse_upper.0), &field("q975"), ours.upper.0);
    // What the other sampler says of its own chains.
    for own in ["mcse_mean", "ess", "rhat"] {
        case.skip(&field(own));
    }
}

fn rank(case: &mut Case, at: &str, ours: &PosteriorRank, ess: f64) {
    let field = |name: &str| format!("{at}.{name}");
    // The file states no errors of ranks: those of a mean of as many
    // independent draws as the model's logit has, on both sides.
    let sd = case.peek(&field("sd"));
    case.near(
        5.0 * sd * (2.0 / ess).sqrt(),
        &field("expected"),
        ours.expected.0,
    );
    case.near(0.05 * sd, &field("sd"), ours.sd.0);
    case.near(1.0, &field("q025"), ours.lower.0);
    case.near(1.0, &field("q975"), ours.upper.0);
    let p = case.peek(&field("p_rank_1")).max(1.0 / ess);
    let error = 5.0 * (2.0 * p * (1.0 - p) / ess).sqrt();
    case.near(error, &field("p_rank_1"), ours.p_lowest.0);
}

fn compare(input: &Value, case: &mut Case) {
    let table = cells(match input["csv"].as_str().unwrap() {
        "traces_small.csv" => include_str!("traces_small.csv"),
        "traces_medium.csv" => include_str!("traces_medium.csv"),
        other => panic!("{other}"),
    });
    let ours = fitted(&table);
    summary(case, "intercept", &ours.intercept);
    summary(case, "slope_log2p", ours.slope.known().unwrap());
    for component in &ours.components {
        let name = match component.factor {
            Role::Provider => "provider",
            Role::Model => "model",
            _ => "prompt",
        };
        summary(case, &format!("sd_{name}"), component.sd.known().unwrap());
        summary(
            case,
            &format!("vpc_{name}"),
            component.latent_share.known().unwrap(),
        );
        for effect in &component.effects {
            let at = format!("provider_effect.{}", effect.name);
            summary(case, &at, &effect.effect);
        }
    }
    let between = ours.between_models.known().unwrap();
    let prefix = "between_model_share_";
    let at = |name: &str| format!("{prefix}{name}");
    summary(case, &at("provider"), &between.provider_without_scale);
    summary(case, &at("scale"), &between.scale);
    summary(case, &at("provider_of_all_three"), &between.provider);
    for model in &ours.models {
        summary(case, &format!("model_logit.{}", model.name), &model.logit);
        let ess = model.logit.ess_bulk.0.min(4000.0);
        rank(case, &format!("rank.{}", model.name), &model.rank, ess);
    }
}

#[test]
fn posteriors_of_the_hierarchical_model() {
    Golden::parse(include_str!("30_bayes_hierarchical.json")).each(compare);
}
