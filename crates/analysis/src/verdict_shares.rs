//! Shares of variance over single traces instead of over models.
//!
//! The outcome of a trace is 0 or 1, so most of its variance is the coin flip
//! itself: these shares are small by nature and cannot be set beside shares of
//! the variance between models. Everything follows from successes and traces by
//! group, in time linear in the number of groups. The F test takes traces as
//! independent, which traces of one model or prompt are not; use it for
//! comparison with other software only.

use std::collections::BTreeMap;

use crate::{
    oneway::{OneWay, assemble},
    proportion::Count,
    reason::{Estimable, NotEstimable},
    result::SingleVerdicts,
    sample::{Sample, SampleModel},
    sums::sum,
};

/// The block of the output, over all models and over those with a size.
///
/// Models without traces, or with more successes than traces, take no part.
pub fn single_verdicts(sample: &Sample) -> SingleVerdicts {
    let rated: Vec<(&SampleModel, Count)> = sample
        .models
        .iter()
        .filter_map(|m| Some((m, Count::new(m.succeeded, m.n).ok()?)))
        .collect();
    let sized: Vec<(&SampleModel, Count)> = rated
        .iter()
        .filter(|(m, _)| m.size_b.is_some_and(|s| s > 0.0 && s.is_finite()))
        .copied()
        .collect();
    let eta2 = |groups: &[Count]| by_group(groups).and_then(|w| w.eta2);
    let counts = |models: &[(&SampleModel, Count)]| -> Vec<Count> {
        models.iter().map(|(_, count)| *count).collect()
    };
    let sizes: Vec<f64> = sized
        .iter()
        .filter_map(|(m, _)| m.size_b.map(libm::log2))
        .collect();
    SingleVerdicts {
        n: rated
            .iter()
            .map(|(_, count)| count.trials())
            .fold(0, u64::saturating_add),
        eta2_provider: by_provider(&rated).and_then(|g| eta2(&g)).into(),
        eta2_model: eta2(&counts(&rated)).into(),
        eta2_provider_in_scale: by_provider(&sized).and_then(|g| eta2(&g)).into(),
        r2_log2_size: line_share(&counts(&sized), &sizes).into(),
    }
}

fn by_provider(models: &[(&SampleModel, Count)]) -> Estimable<Vec<Count>> {
    let mut totals: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (model, count) in models {
        let total = totals.entry(&model.provider).or_default();
        total.0 = total.0.saturating_add(count.successes());
        total.1 = total.1.saturating_add(count.trials());
    }
    totals
        .into_values()
        .map(|(x, n)| Count::new(x, n))
        .collect()
}

/// One-way decomposition of single outcomes by the groups given.
///
/// `SSB = sum n_g (p_g - p)²`, `SSW = sum n_g p_g (1 - p_g)`.
///
/// # Errors
/// `TooFewModels` below two traces; the rest field by field as in
/// [`crate::oneway::one_way`], with traces for values.
pub fn by_group(groups: &[Count]) -> Estimable<OneWay> {
    let n = sum(groups.iter().map(|g| g.n()));
    if n < 2.0 {
        return Err(NotEstimable::TooFewModels);
    }
    let p = sum(groups.iter().map(|g| g.x())) / n;
    let between = sum(groups.iter().map(|g| {
        let d = g.share() - p;
        g.n() * d * d
    }));
    let within = sum(groups.iter().map(|g| g.n() * g.share() * (1.0 - g.share())));
    let sizes: Estimable<Vec<usize>> = groups
        .iter()
        .map(|g| usize::try_from(g.trials()).map_err(|_| NotEstimable::OutOfRange))
        .collect();
    let zero = |v: f64| if v <= 1e-14 * n { 0.0 } else { v };
    Ok(assemble(&sizes?, p, zero(between), zero(within)))
}

/// Share of the variance of single outcomes that goes with a straight line on
/// `x`, one value per group (log2 of parameters for models).
///
/// # Errors
/// `LengthMismatch`, `OutOfRange` for a value that is not finite, `NoTraces`,
/// `NoVariance` where all traces agree, `SingularFit` where `x` does not vary.
pub fn line_share(groups: &[Count], x: &[f64]) -> Estimable<f64> {
    if groups.len() != x.len() {
        return Err(NotEstimable::LengthMismatch);
    }
    if !crate::sums::all_finite(x) {
        return Err(NotEstimable::OutOfRange);
    }
    if groups.is_empty() {
        return Err(NotEstimable::NoTraces);
    }
    let n = sum(groups.iter().map(|g| g.n()));
    let p = sum(groups.iter().map(|g| g.x())) / n;
    let centre = sum(groups.iter().zip(x).map(|(g, x)| g.n() * x)) / n;
    let sxx = sum(groups
        .iter()
        .zip(x)
        .map(|(g, x)| g.n() * (x - centre) * (x - centre)));
    let sxy = sum(groups
        .iter()
        .zip(x)
        .map(|(g, x)| g.n() * (x - centre) * (g.share() - p)));
    let syy = n * p * (1.0 - p);
    if syy <= 0.0 {
        return Err(NotEstimable::NoVariance);
    }
    if sxx <= 1e-14 * n * centre * centre {
        return Err(NotEstimable::SingularFit);
    }
    Ok(sxy / sxx * (sxy / syy))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn counts(list: &[(u64, u64)]) -> Vec<Count> {
        list.iter()
            .map(|(x, n)| Count::new(*x, *n).unwrap())
            .collect()
    }

    #[test]
    fn traces_that_all_agree_have_no_variance_and_one_trace_is_too_few() {
        for share in [0, 1] {
            let same = counts(&[(5 * share, 5), (3 * share, 3)]);
            assert_eq!(by_group(&same).unwrap().eta2, Err(NotEstimable::NoVariance));
            assert_eq!(
                line_share(&same, &[1.0, 2.0]),
                Err(NotEstimable::NoVariance)
            );
        }
        assert!(by_group(&[]).is_err() && by_group(&counts(&[(1, 1)])).is_err());
        assert_eq!(line_share(&[], &[]), Err(NotEstimable::NoTraces));
    }

    #[test]
    fn one_group_and_one_size_are_named() {
        let one = by_group(&counts(&[(2, 5)])).unwrap();
        assert_eq!(one.eta2, Err(NotEstimable::OneGroup));
        let flat = line_share(&counts(&[(2, 5), (1, 7)]), &[3.0, 3.0]);
        assert_eq!(flat, Err(NotEstimable::SingularFit));
        let separated = by_group(&counts(&[(0, 5), (7, 7)])).unwrap();
        assert_eq!(separated.eta2, Ok(1.0));
        assert!(separated.no_within_variance);
    }
}
