//! The block on noise and signal: moments, random effects, provider as random.
//!
//! Puts [`crate::noise`], [`crate::heterogeneity`], [`crate::three_level`] and
//! [`crate::random_intercept`] side by side over the same models, on the scale of
//! rates and of log odds. Chooses nothing between them: where they disagree, the
//! spread of the answers is part of the answer. Models without a size stay in
//! everything that does not need one.

use crate::{
    effect_sizes::{EffectScale, EffectSizes, effect_sizes},
    estimate::{estimate, estimate_points, points, range},
    heterogeneity::{Estimator, Heterogeneity, Moderator, Studies, sample_variance},
    labels::dense,
    noise::{noise, true_share},
    proportion::{Count, Interval, Level},
    quantity::{Number, Quantity},
    random_intercept::{Likelihood, RandomIntercept, random_intercept},
    reason::{Estimable, NotEstimable},
    result::{
        Levels, NoiseShare, OnSize, ProviderEffect, ProviderPrediction, RandomEffects, Range,
        Shrunken, Signal, SplitShares, Tau,
    },
    special,
    three_level::three_level,
};

/// Wald's interval, variances of the model taken as known.
const WALD: &str = "wald";
/// Profile likelihood.
const PROFILE: &str = "profile-likelihood";
/// Student's t with degrees of freedom by containment.
const CONTAINMENT: &str = "student-t-containment";

/// A model as this block sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountedModel<'a> {
    /// Model.
    pub model: &'a str,
    /// Provider.
    pub provider: &'a str,
    /// Successes and evaluable traces.
    pub count: Count,
    /// Size in billions; `None` if it is not disclosed.
    pub size_b: Option<f64>,
}

/// Works out the block. What the data do not allow is a reason in its place.
pub fn signal(models: &[CountedModel<'_>], level: Level) -> Signal {
    let all = Columns::new(models.iter());
    let sized = Columns::new(models.iter().filter(|m| log2_size(m).is_some()));
    Signal {
        noise: noise_share(&all, level).into(),
        rate: random_effects(&all, &sized, EffectScale::Rate, level).into(),
        log_odds: random_effects(&all, &sized, EffectScale::LogOdds, level).into(),
        provider_effect: provider_effect(&all, false, level).into(),
        provider_effect_with_size: if sized.models.is_empty() {
            Quantity::Absent(NotEstimable::NoSizes)
        } else {
            provider_effect(&sized, true, level).into()
        },
    }
}

fn log2_size(model: &CountedModel<'_>) -> Option<f64> {
    model
        .size_b
        .filter(|s| *s > 0.0 && s.is_finite())
        .map(libm::log2)
}

struct Columns<'a> {
    models: Vec<CountedModel<'a>>,
    counts: Vec<Count>,
    rates: Vec<f64>,
    /// Of the models that have one.
    sizes: Vec<f64>,
    group: Vec<usize>,
}

impl<'a> Columns<'a> {
    fn new<'m>(models: impl Iterator<Item = &'m CountedModel<'a>>) -> Self
    where
        'a: 'm,
    {
        let models: Vec<CountedModel<'a>> = models.copied().collect();
        Columns {
            counts: models.iter().map(|m| m.count).collect(),
            rates: models.iter().map(|m| m.count.share()).collect(),
            sizes: models.iter().filter_map(log2_size).collect(),
            group: dense(models.iter().map(|m| m.provider)),
            models,
        }
    }
}

fn noise_share(all: &Columns<'_>, level: Level) -> Estimable<NoiseShare> {
    let n = noise(&all.counts)?;
    let t = true_share(&all.counts, &all.group);
    let share_interval = effect_sizes(&all.counts, EffectScale::Rate)
        .and_then(|e| Studies::new(&e.values, &e.variances, Moderator::None))
        .and_then(|s| s.i2_interval(level))
        .map(|i| {
            let noise = Interval {
                lower: 1.0 - i.upper,
                upper: 1.0 - i.lower,
            };
            range(noise, level)
        });
    Ok(NoiseShare {
        n_models: n.n,
        observed_variance: Number(n.observed_variance),
        sampling_variance: n.sampling_variance.into(),
        share: n.share.into(),
        share_plug_in: n.share_plug_in.into(),
        share_interval: n.share.and(share_interval).into(),
        true_variance: n.true_variance.into(),
        true_variance_negative: n.true_variance.is_ok_and(|v| v < 0.0),
        eta2_true: t.and_then(|t| t.eta2).into(),
        epsilon2_true: t.and_then(|t| t.epsilon2).into(),
        models_of_small_counts: n.models_of_small_counts,
    })
}

fn random_effects(
    all: &Columns<'_>,
    sized: &Columns<'_>,
    scale: EffectScale,
    level: Level,
) -> Estimable<RandomEffects> {
    let effects = effect_sizes(&all.counts, scale)?;
    let studies = Studies::new(&effects.values, &effects.variances, Moderator::None)?;
    let tau = |estimator| -> Quantity<Tau> { studies.fit(estimator).map(|f| summary(&f)).into() };
    let groups = Moderator::Groups(&all.group);
    Ok(RandomEffects {
        half_added: effects.corrected,
        q: Number(studies.q()),
        q_df: studies.df(),
        q_p: studies.q_p().into(),
        tau2_interval: studies
            .tau2_interval(level)
            .map(|i| -> Range { range(i, level) })
            .into(),
        dersimonian_laird: tau(Estimator::DerSimonianLaird),
        paule_mandel: tau(Estimator::PauleMandel),
        reml: tau(Estimator::Reml),
        hedges: tau(Estimator::Hedges),
        on_size: on_size(sized, scale, level).into(),
        tau2_within_providers: Studies::new(&effects.values, &effects.variances, groups)
            .and_then(|s| s.fit(Estimator::Reml))
            .map(|f| f.tau2)
            .into(),
        levels: levels(all, &effects, None, level).into(),
        levels_with_size: levels_with_size(sized, scale, level).into(),
        shrunken: shrunken(all, &effects, &studies),
    })
}

fn summary(fit: &Heterogeneity) -> Tau {
    let first = |values: &[f64]| Number(values.first().copied().unwrap_or(0.0));
    Tau {
        tau2: Number(fit.tau2),
        mean: first(&fit.beta),
        se_mean: first(&fit.se),
        i2: Number(fit.i2),
        h2: Number(fit.h2),
    }
}

fn on_size(sized: &Columns<'_>, scale: EffectScale, level: Level) -> Estimable<OnSize> {
    if sized.models.is_empty() {
        return Err(NotEstimable::NoSizes);
    }
    let effects = effect_sizes(&sized.counts, scale)?;
    let line = Moderator::Line(&sized.sizes);
    let fit = Studies::new(&effects.values, &effects.variances, line)?.fit(Estimator::Reml)?;
    let (Some(slope), Some(se)) = (fit.beta.get(1), fit.se.get(1)) else {
        return Err(NotEstimable::SingularFit);
    };
    let interval = Interval::around(*slope, level.z() * se);
    Ok(OnSize {
        n_models: sized.models.len(),
        slope: estimate(*slope, interval, level, WALD),
        p: Number(special::normal_two_sided(slope / se)),
        tau2: Number(fit.tau2),
    })
}

fn levels(
    columns: &Columns<'_>,
    effects: &EffectSizes,
    x: Option<&[f64]>,
    level: Level,
) -> Estimable<Levels> {
    let t = three_level(
        &effects.values,
        &effects.variances,
        x,
        &columns.group,
        level,
    )?;
    let at = |values: &[f64], i: usize| values.get(i).copied().ok_or(NotEstimable::NotGiven);
    let slope = at(&t.beta, 1).and_then(|slope| {
        let interval = Interval::around(slope, level.z() * at(&t.se, 1)?);
        Ok(estimate(slope, interval, level, WALD))
    });
    let share = t
        .share_provider
        .and_then(|share| Ok(estimate(share, t.share_interval?, level, PROFILE)));
    Ok(Levels {
        tau2_provider: Number(t.tau2_provider),
        tau2_model: Number(t.tau2_model),
        share_provider: share.into(),
        slope: slope.into(),
        mean: Number(at(&t.beta, 0)?),
        se_mean: Number(at(&t.se, 0)?),
        singular: t.singular,
    })
}

fn levels_with_size(sized: &Columns<'_>, scale: EffectScale, level: Level) -> Estimable<Levels> {
    if sized.models.is_empty() {
        return Err(NotEstimable::NoSizes);
    }
    let effects = effect_sizes(&sized.counts, scale)?;
    levels(sized, &effects, Some(&sized.sizes), level)
}

fn shrunken(all: &Columns<'_>, effects: &EffectSizes, studies: &Studies) -> Vec<Shrunken> {
    let Ok(fit) = studies.fit(Estimator::Reml) else {
        return Vec::new();
    };
    let predicted = studies.predictions(&fit);
    all.models
        .iter()
        .zip(&effects.values)
        .zip(predicted)
        .map(|((m, observed), predicted)| Shrunken {
            model: m.model.to_owned(),
            observed: Number(*observed),
            predicted: Number(predicted),
        })
        .collect()
}

fn provider_effect(
    columns: &Columns<'_>,
    with_size: bool,
    level: Level,
) -> Estimable<ProviderEffect> {
    let sizes = with_size.then_some(columns.sizes.as_slice());
    let fit = random_intercept(
        &columns.rates,
        sizes,
        &columns.group,
        Likelihood::Restricted,
        level,
    )?;
    let mut effects: Vec<ProviderPrediction> = fit
        .effects
        .iter()
        .filter_map(|(label, effect)| {
            let place = columns.group.iter().position(|g| g == label)?;
            Some(ProviderPrediction {
                provider: columns.models.get(place)?.provider.to_owned(),
                effect_pp: Number(points(*effect)),
            })
        })
        .collect();
    effects.sort_by(|a, b| a.provider.cmp(&b.provider));
    Ok(ProviderEffect {
        n_models: columns.models.len(),
        n_providers: effects.len(),
        variance_provider: Number(fit.variance_provider),
        variance_residual: Number(fit.variance_residual),
        share_provider: estimate(fit.share_provider, fit.share_interval, level, PROFILE),
        p: Number(fit.p),
        singular: fit.singular,
        slope_pp: slope(&fit, level).into(),
        shares: shares(&fit, &columns.sizes).into(),
        effects,
    })
}

fn slope(fit: &RandomIntercept, level: Level) -> Estimable<crate::result::Estimate> {
    let slope = fit.slope.ok_or(NotEstimable::NotGiven)?;
    let half = level.t(crate::sums::count(fit.df))? * slope.se;
    let interval = Interval::around(slope.value, half);
    Ok(estimate_points(slope.value, interval, level, CONTAINMENT))
}

/// `sp²/(sp² + sm² + b1² Var(s))` and `b1² Var(s)` over the same.
fn shares(fit: &RandomIntercept, sizes: &[f64]) -> Estimable<SplitShares> {
    let slope = fit.slope.ok_or(NotEstimable::NotGiven)?.value;
    let by_size = slope * slope * sample_variance(sizes)?;
    let total = fit.variance_provider + fit.variance_residual + by_size;
    Ok(SplitShares {
        provider: Number(fit.variance_provider / total),
        size: Number(by_size / total),
    })
}
