//! Highest against lowest provider, and what chance gives for it.
//!
//! The pair is chosen after the fact, so its ratio stands beside the law of the
//! same ratio when the models are dealt at random to the providers. Among
//! providers at or above the ranking minimum the pair goes by mean rate; among
//! all providers by pooled rate. Of equal rates the highest is the last name and
//! the lowest the first, so that a pair is always two providers. A ratio over
//! zero is infinite; zero over zero does not exist.

use std::cmp::Ordering;

use crate::{
    estimate::{KOOPMAN, bonferroni, estimate, range},
    law::Law,
    layout::{Layout, Provider},
    proportion::{Count, Level},
    quantity::Quantity,
    reason::{Estimable, NotEstimable},
    relabel::Draw,
    result::{Estimate, ExtremesPooled, RatioOfMeans, RiskRatio},
    risk_ratio::{katz, koopman, ratio},
    sums::mean,
};

/// The block of the output; `draws` are those of all models.
pub(crate) fn risk_ratio(
    layout: &Layout<'_>,
    ranked: &[usize],
    draws: &[Draw],
    level: Level,
) -> RiskRatio {
    let means: Vec<(usize, f64, usize)> = ranked
        .iter()
        .filter_map(|place| {
            let rates = rates_of(layout, *place);
            Some((*place, mean(&rates)?, rates.len()))
        })
        .collect();
    let pair = extremes(layout, &means);
    let of_means = pair.and_then(|(high, low)| over(high.1, low.1));
    let name = |place: usize| layout.providers[place].name.to_owned();
    let pooled = extremes_of(layout, ranked).and_then(|(high, low)| ratio(high.1, low.1));
    let mut law = of_means.and_then(|_| Law::new(draws.iter().map(|d| d.ratio_of_means)));
    let mut quantile = |numerator| -> Quantity {
        match &mut law {
            Ok(law) => law.quantile(numerator, 4).into(),
            Err(reason) => Quantity::Absent(*reason),
        }
    };
    let (null_q25, null_median, null_q75) = (quantile(1), quantile(2), quantile(3));
    RiskRatio {
        highest: pair.map(|(high, _)| name(high.0)).into(),
        lowest: pair.map(|(_, low)| name(low.0)).into(),
        of_means: RatioOfMeans {
            value: of_means.into(),
            n_models_highest: pair.map_or(0, |(high, _)| high.2),
            n_models_lowest: pair.map_or(0, |(_, low)| low.2),
        },
        pooled: pair.and_then(|pair| of_pair(layout, pair, level)).into(),
        pooled_adjusted: pair
            .and_then(|pair| {
                let k = means.len();
                of_pair(layout, pair, bonferroni(level, k * k.saturating_sub(1) / 2))
            })
            .into(),
        null_median,
        null_q25,
        null_q75,
        null_share_at_least: of_means
            .and_then(|o| law.map(|law| law.share_at_least(o)))
            .into(),
        ranked_pooled: pooled.into(),
        ranked_pooled_null_share_at_least: pooled
            .and_then(|o| Ok(Law::new(draws.iter().map(|d| d.ratio_pooled))?.share_at_least(o)))
            .into(),
        extremes_pooled: extremes_pooled(layout, level).into(),
    }
}

/// The ratio of the pooled rates of a pair.
fn of_pair(layout: &Layout<'_>, (high, low): (Mean, Mean), level: Level) -> Estimable<Estimate> {
    let a = layout.providers[high.0].count()?;
    let b = layout.providers[low.0].count()?;
    Ok(estimate(
        ratio(a, b)?,
        koopman(a, b, level)?,
        level,
        KOOPMAN,
    ))
}

/// Rates of a provider's models.
pub(crate) fn rates_of(layout: &Layout<'_>, place: usize) -> Vec<f64> {
    layout
        .cells
        .iter()
        .filter(|c| c.provider == place)
        .map(|c| c.rate)
        .collect()
}

fn over(high: f64, low: f64) -> Estimable<f64> {
    if high == 0.0 {
        Err(NotEstimable::ZeroCells)
    } else {
        Ok(high / low)
    }
}

type Mean = (usize, f64, usize);

fn extremes(layout: &Layout<'_>, means: &[Mean]) -> Estimable<(Mean, Mean)> {
    pick(means, |a, b| {
        a.1.total_cmp(&b.1)
            .then_with(|| layout.providers[a.0].name.cmp(layout.providers[b.0].name))
    })
}

/// The highest and the lowest by `order`.
fn pick<T: Copy>(items: &[T], order: impl Fn(&T, &T) -> Ordering) -> Estimable<(T, T)> {
    if items.len() < 2 {
        return Err(NotEstimable::NoEligibleProviders);
    }
    let high = items.iter().copied().max_by(|a, b| order(a, b));
    let low = items.iter().copied().min_by(|a, b| order(a, b));
    high.zip(low).ok_or(NotEstimable::NoEligibleProviders)
}

type Pooled<'a> = (&'a Provider<'a>, Count);

fn extremes_of<'a>(
    layout: &'a Layout<'a>,
    places: &[usize],
) -> Estimable<(Pooled<'a>, Pooled<'a>)> {
    let counts: Vec<Pooled<'a>> = places
        .iter()
        .filter_map(|place| {
            let provider = &layout.providers[*place];
            Some((provider, provider.count().ok()?))
        })
        .collect();
    pick(&counts, |a, b| {
        a.1.share()
            .total_cmp(&b.1.share())
            .then_with(|| a.0.name.cmp(b.0.name))
    })
}

fn extremes_pooled(layout: &Layout<'_>, level: Level) -> Estimable<ExtremesPooled> {
    let (high, low) = extremes_of(layout, &layout.by_rate())?;
    Ok(ExtremesPooled {
        highest: high.0.name.to_owned(),
        lowest: low.0.name.to_owned(),
        value: ratio(high.1, low.1).into(),
        koopman: koopman(high.1, low.1, level)
            .map(|i| range(i, level))
            .into(),
        katz: katz(high.1, low.1, level)
            .map(|k| range(k.interval, level))
            .into(),
    })
}
