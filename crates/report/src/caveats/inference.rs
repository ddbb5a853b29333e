//! Caveats about what the figures allow to conclude.

use super::{Caveat, Topic};
use crate::annex::Severity;
use crate::composition::Facts;
use crate::findings::{self, ShareState};
use crate::format;

/// Share of vendors with one model above which they are many.
const MANY_SINGLETONS: f64 = 0.25;

/// Slope per doubling, in points, that a study should be able to find.
const SLOPE_WORTH_FINDING: f64 = 2.0;

/// Leverage above this many times its average (2/n) is undue.
const UNDUE_LEVERAGE: f64 = 3.0;

/// Corrected share of the differences in size above which vendor and size cannot be separated.
const CONFOUNDED_ABOVE: f64 = 0.75;

/// CAV-SHARE-CHANCE. Rule: the vendor's share is not beyond chance
/// ([`findings::share_state`]).
pub(super) fn share(facts: &Facts<'_>) -> Option<Caveat> {
    if !matches!(
        findings::share_state(facts),
        ShareState::Short | ShareState::Close
    ) {
        return None;
    }
    let main = facts.main_share();
    let result = main.result;
    let (observed, mean) = (result.eta2.number()?, result.eta2_null_mean.number()?);
    let p = result
        .p_permutation
        .number()
        .or_else(|| result.p.number())?;
    let by = if result.p_permutation.known().is_some() {
        "by relabelling"
    } else {
        "of F"
    };
    Some(Caveat {
        code: "CAV-SHARE-CHANCE",
        severity: Severity::Serious,
        topic: Topic::Inference,
        title: match findings::share_state(facts) {
            ShareState::Close => "The vendor\u{2019}s share is close to chance",
            _ => "The vendor\u{2019}s share is within chance",
        }
        .to_owned(),
        short: format!(
            "{} of the variance is computed where chance averages {}.",
            format::percent(observed),
            format::percent(mean)
        ),
        text: format!(
            "The vendor\u{2019}s share of {} is to be read against the {} that random vendor names \
             average on these models ({} {by}). The share as computed is no measure of how much \
             the vendor matters.",
            format::percent(observed),
            format::percent(mean),
            format::p_value(p)
        ),
        evidence: vec![main.id.to_owned()],
    })
}

/// CAV-SINGLETONS. Rule: more than a quarter of the vendors have one model.
pub(super) fn singletons(facts: &Facts<'_>) -> Option<Caveat> {
    let main = facts.main_share();
    let (single, groups) = (main.result.n_singletons, main.result.n_groups);
    // Numbers of vendors are small; the conversion is exact.
    if groups < 2 || single as f64 <= MANY_SINGLETONS * groups as f64 {
        return None;
    }
    let two_plus = &facts.analysis().decomposition.two_plus;
    let restricted = two_plus
        .eta2
        .number()
        .zip(two_plus.eta2_null_mean.number())
        .map(|(eta2, mean)| {
            format!(
                " Among the {} vendors with two or more models the share is {}, chance average {}.",
                format::word(two_plus.n_groups),
                format::percent(eta2),
                format::percent(mean)
            )
        });
    Some(Caveat {
        code: "CAV-SINGLETONS",
        severity: Severity::Serious,
        topic: Topic::Inference,
        title: "Many vendors have one model".to_owned(),
        short: format!(
            "{} of {} vendors have a single model, which is fitted exactly.",
            format::word_first(single),
            format::word(groups)
        ),
        text: format!(
            "{} of {} vendors have a single model. Each is fitted exactly and raises the share \
             without showing that models of a vendor are alike.{}",
            format::word_first(single),
            format::word(groups),
            restricted.unwrap_or_default()
        ),
        evidence: vec![main.id.to_owned(), "d2".to_owned()],
    })
}

/// CAV-RATIO. Rule: the ratio of the two shares is reached by more than 5% of relabellings.
pub(super) fn ratio(facts: &Facts<'_>) -> Option<Caveat> {
    let ratio = &facts.analysis().ratio;
    let (value, share) = (
        ratio.eta2_over_r2.number()?,
        ratio.null_share_at_least.number()?,
    );
    if share <= findings::UNREMARKABLE_ABOVE {
        return None;
    }
    let means = ratio.ratio_of_null_means.number().map(|means| {
        format!(
            " The two averages under chance alone stand as {} to 1.",
            format::times(means)
        )
    });
    Some(Caveat {
        code: "CAV-RATIO",
        severity: Severity::Serious,
        topic: Topic::Inference,
        title: "The ratio of the two shares means little".to_owned(),
        short: format!(
            "Chance gives {} or more in {}.",
            format::times(value),
            findings::cases(share)
        ),
        text: format!(
            "The ratio of the two shares, {}, is reached or passed in {}.{} {}",
            format::times(value),
            findings::cases(share),
            means.unwrap_or_default(),
            if findings::chance::denominator_within_chance(facts) {
                "Its denominator, the share of size, lies inside what chance gives; a ratio over a \
                 share that may be near zero has no stable value."
            } else {
                "The two shares rest on different degrees of freedom and are not on one scale."
            }
        ),
        evidence: vec!["d4".to_owned()],
    })
}

/// CAV-EXTREMES. Rule: the ratio of highest to lowest mean is reached by more
/// than 5% of relabellings.
pub(super) fn extremes(facts: &Facts<'_>) -> Option<Caveat> {
    let risk = &facts.analysis().risk_ratio;
    let (value, share) = (
        risk.of_means.value.number()?,
        risk.null_share_at_least.number()?,
    );
    if share <= findings::UNREMARKABLE_ABOVE {
        return None;
    }
    Some(Caveat {
        code: "CAV-EXTREMES",
        severity: Severity::Serious,
        topic: Topic::Inference,
        title: "Extremes were picked after the fact".to_owned(),
        short: format!(
            "Chance gives a ratio of {} or more in {}.",
            format::times(value),
            findings::cases(share)
        ),
        text: format!(
            "The lowest and the highest of {} vendors were picked after seeing the data. A ratio of {} \
             or more between the extremes comes in {}.",
            format::word(facts.ranked().len()),
            format::times(value),
            findings::cases(share)
        ),
        evidence: vec!["x1".to_owned()],
    })
}

/// CAV-BANDS. Rule: some ranked vendor lies outside the band, and more than 5%
/// of relabellings have as many outside.
pub(super) fn bands(facts: &Facts<'_>) -> Option<Caveat> {
    let bands = &facts.analysis().bands;
    let share = bands.null_share_at_least.number()?;
    let outside = bands.outside.len();
    if outside == 0 || share <= findings::UNREMARKABLE_ABOVE {
        return None;
    }
    Some(Caveat {
        code: "CAV-BANDS",
        severity: Severity::Serious,
        topic: Topic::Inference,
        title: if share >= findings::chance::USUAL_FROM {
            "Band labels come by chance as often"
        } else {
            "Band labels come by chance as well"
        }
        .to_owned(),
        short: format!(
            "Chance puts {} or more vendors outside in {}.",
            format::word(outside),
            findings::cases(share)
        ),
        text: format!(
            "{} ranked {} outside the band of {}. As many or more lie outside in {}. A fixed band without uncertainty says little of a vendor.",
            format::word_first(outside),
            if outside == 1 {
                "vendor lies"
            } else {
                "vendors lie"
            },
            format::points(bands.points.0, 0),
            findings::cases(share)
        ),
        evidence: vec!["b1".to_owned()],
    })
}

/// CAV-FEW-MODELS. Rule: a slope of 2 points per doubling would be missed in
/// more than 2 of 10 such studies.
pub(super) fn few_models(facts: &Facts<'_>) -> Option<Caveat> {
    let scale = facts.scale()?;
    let detectable = facts.analysis().power.detectable_slope_80_pp.number()?;
    if detectable <= SLOPE_WORTH_FINDING {
        return None;
    }
    Some(Caveat {
        code: "CAV-FEW-MODELS",
        severity: Severity::Serious,
        topic: Topic::Inference,
        title: "Few models for a trend".to_owned(),
        short: format!(
            "With {} models a slope under {} per doubling would usually be missed.",
            format::count(scale.n_models),
            format::points(detectable, 1)
        ),
        text: format!(
            "With {} models at this spread, a slope of {} per doubling would be found in 8 of 10 such \
             studies; a smaller one would more often be missed.",
            format::count(scale.n_models),
            format::points(detectable, 1)
        ),
        evidence: vec!["s1".to_owned(), "q1".to_owned()],
    })
}

/// CAV-INFLUENCE. Rule: the model is named whose removal moves the slope most.
/// Given where that move exceeds one standard error of the slope, or turns its
/// sign with a leverage above three times the average (2/n). Of less weight
/// where no slope is established anyway.
pub(super) fn influence(facts: &Facts<'_>) -> Option<Caveat> {
    let scale = facts.scale()?;
    let slope = scale.slope_per_doubling.known()?.value.0;
    let error = scale.se.number()?;
    let (place, model, without) = facts
        .models()
        .filter_map(|(place, model)| Some((place, model, model.slope_without.number()?)))
        .max_by(|a, b| (a.2 - slope).abs().total_cmp(&(b.2 - slope).abs()))?;
    // Numbers of models are small; the conversion is exact.
    let bound = UNDUE_LEVERAGE * 2.0 / scale.n_models as f64;
    let heavy = model
        .leverage
        .number()
        .is_some_and(|leverage| leverage > bound);
    let turns = slope * without < 0.0;
    if (without - slope).abs() <= error && !(turns && heavy) {
        return None;
    }
    let places = [1, 2, 3].into_iter().find(|places| {
        format::decimals(100.0 * slope, *places) != format::decimals(100.0 * without, *places)
    })?;
    let name = facts.model(place);
    let established = !matches!(
        findings::slope_state(facts),
        findings::SlopeState::NotEstablished
    );
    let title = if turns {
        "One model turns the slope"
    } else {
        "One model weighs heavily on the slope"
    };
    Some(Caveat {
        code: "CAV-INFLUENCE",
        severity: if established {
            Severity::Serious
        } else {
            Severity::Note
        },
        topic: Topic::Inference,
        title: title.to_owned(),
        short: format!(
            "Without {name} the slope is {} per doubling.",
            format::points(100.0 * without, places)
        ),
        text: format!(
            "The slope is {} per doubling with {name} and {} without it; no other model moves it more.",
            format::points(100.0 * slope, places),
            format::points(100.0 * without, places)
        ),
        evidence: vec!["s1".to_owned(), crate::evidence::numbered("m", place)],
    })
}

/// CAV-CONFOUNDED. Rule: vendors explain more than three quarters of the
/// variance of log2 size, corrected for their number (Kelley 1935), so that
/// vendor and size cannot be separated.
pub(super) fn confounded(facts: &Facts<'_>) -> Option<Caveat> {
    let sizes: Vec<(&str, f64)> = facts
        .input
        .selection
        .sample
        .models
        .iter()
        .filter_map(|model| {
            Some((
                model.provider.as_str(),
                model.size_b.filter(|size| *size > 0.0)?.log2(),
            ))
        })
        .collect();
    let share = corrected_share(&sizes)?;
    if share <= CONFOUNDED_ABOVE {
        return None;
    }
    Some(Caveat {
        code: "CAV-CONFOUNDED",
        severity: Severity::Grave,
        topic: Topic::Inference,
        title: "Vendor and size go together".to_owned(),
        short: format!(
            "Vendors account for {} of the differences in size, so the two cannot be separated.",
            format::percent(share)
        ),
        text: format!(
            "Vendors account for {} of the differences in size (corrected for their number). What \
             goes with the vendor goes with size as well, and these data cannot separate the two.",
            format::percent(share)
        ),
        evidence: vec!["d1".to_owned(), "s1".to_owned(), "a7".to_owned()],
    })
}

/// Epsilon squared of a value over groups: 1 − (1 − η²)(n − 1)/(n − k).
/// Nothing where no group has two members, or values do not differ.
fn corrected_share(values: &[(&str, f64)]) -> Option<f64> {
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let mut groups: std::collections::BTreeMap<&str, Vec<f64>> = std::collections::BTreeMap::new();
    for (group, value) in values {
        groups.entry(group).or_default().push(*value);
    }
    let (n, k) = (values.len(), groups.len());
    if k < 2 || n <= k {
        return None;
    }
    let all: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
    let spread = |of: &[f64]| {
        of.iter()
            .map(|value| (value - mean(of)).powi(2))
            .sum::<f64>()
    };
    let (total, within) = (
        spread(&all),
        groups.values().map(|group| spread(group)).sum::<f64>(),
    );
    // Numbers of models are small; the conversions are exact.
    (total > 1e-12).then(|| 1.0 - (within / total) * (n - 1) as f64 / (n - k) as f64)
}

/// CAV-OBSERVATIONAL. Rule: more than one vendor was tested; vendors were not
/// assigned to models at random, so a difference names no cause.
pub(super) fn observational(facts: &Facts<'_>) -> Option<Caveat> {
    let vendors = facts.analysis().providers.len();
    if vendors < 2 {
        return None;
    }
    Some(Caveat {
        code: "CAV-OBSERVATIONAL",
        severity: Severity::Note,
        topic: Topic::Inference,
        title: "A vendor is a label, not a cause".to_owned(),
        short: format!(
            "What makes models of the {} vendors differ was not tested.",
            format::word(vendors)
        ),
        text: format!(
            "The {} vendors may differ in training, data, filters{} and ways of access at once. A \
             difference between them names none of these.",
            format::word(vendors),
            if findings::prompts::known_same(facts) {
                ""
            } else {
                ", prompts met"
            }
        ),
        evidence: facts.vendor_ids(
            &facts
                .analysis()
                .providers
                .iter()
                .map(|p| p.provider.as_str())
                .collect::<Vec<_>>(),
        ),
    })
}

/// CAV-PART. Rule: in a part of the corpus that the report also shows by itself,
/// the vendor's share is not beyond chance although it is in the whole, or a
/// slope is established there and not in the whole, or the other way round.
pub(super) fn part(facts: &Facts<'_>) -> Option<Caveat> {
    let whole = (
        findings::share_state(facts) == ShareState::Beyond,
        slope_direction(facts.scale()),
    );
    let mut parts = Vec::new();
    let mut evidence = Vec::new();
    for (place, view) in facts.input.views.iter().enumerate() {
        let share = &view.summary.decomposition.in_scale;
        let p = share.p_permutation.number().or(share.p.number());
        let beyond = p.is_some_and(|p| crate::words::line(p) == crate::words::Line::Beyond);
        let slope = slope_direction(view.summary.scale.known());
        let mut differences = Vec::new();
        if whole.0 && p.is_some() && !beyond {
            differences.push("the vendor\u{2019}s share is not beyond chance".to_owned());
        }
        if slope != whole.1 && slope != 0 {
            let word = if slope > 0 { "rises" } else { "falls" };
            differences.push(format!("the rate {word} with size"));
        }
        if let Some(word) = by_t_alone(view.summary.scale.known()) {
            differences.push(format!(
                "by Student\u{2019}s t alone the rate {word} with size"
            ));
        }
        if !differences.is_empty() {
            parts.push(format!("{}: {}", view.title, format::list(&differences)));
            evidence.push(crate::evidence::numbered("v", place));
        }
    }
    let first = parts.first()?;
    Some(Caveat {
        code: "CAV-PART",
        severity: Severity::Grave,
        topic: Topic::Data,
        title: "Not every part agrees".to_owned(),
        short: format!("{first}."),
        text: format!(
            "Parts of the corpus say otherwise than the whole. {}. The answer holds for the mix of \
             parts that was tested.",
            parts.join(". ")
        ),
        evidence,
    })
}

/// Which way the rate goes by Student's t where errors that allow for unequal
/// spread do not agree, so that no trend is established.
fn by_t_alone(scale: Option<&caveat_analysis::result::Scale>) -> Option<&'static str> {
    use crate::words::{Ladder, ladder, trend};
    let scale = scale?;
    match (
        trend(scale).ok()?,
        ladder(scale.slope_per_doubling.known()?, None),
    ) {
        (Ladder::NotEstablished, Ladder::Lower) => Some("falls"),
        (Ladder::NotEstablished, Ladder::Higher) => Some("rises"),
        _ => None,
    }
}

/// The sign of an established slope, or 0; see [`crate::words::trend`].
fn slope_direction(scale: Option<&caveat_analysis::result::Scale>) -> i8 {
    use crate::words::Ladder;
    match scale.map(crate::words::trend) {
        Some(Ok(Ladder::Higher)) => 1,
        Some(Ok(Ladder::Lower)) => -1,
        _ => 0,
    }
}
