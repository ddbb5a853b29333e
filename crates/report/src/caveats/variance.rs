//! Caveats about shares of variance: on what they rest, and what is noise.

use caveat_analysis::result::Together;

use super::{Caveat, Topic};
use crate::annex::Severity;
use crate::composition::Facts;
use crate::findings::share::deciding_p;
use crate::format;
use crate::words::line;

/// p at which a test counts as positive.
const ALPHA: f64 = 0.05;

/// Change of the corrected share, by leaving out one model, above which it rests on that model.
const RESTS_ON_ONE: f64 = 0.25;

/// Share of the spread between models above which noise of sampling is much of it.
const MUCH_NOISE: f64 = 0.25;

/// Longest name in the panel of the first page, in characters.
const LONGEST_IN_PANEL: usize = 36;

/// CAV-ONE-MODEL. Rule: leaving out one model moves the vendor's corrected share
/// by more than 25 points, or to another side of the line; grave where it crosses
/// the line, and where the F test finds the vendor at 5% and dealing vendor names
/// anew does not, which an outlying model makes it do.
pub(super) fn one_model(facts: &Facts<'_>) -> Option<Caveat> {
    let without = facts.analysis().without_one_model.known()?;
    let own = facts.main_share().result;
    let (with, left) = (own.omega2.number()?, without.result.omega2.number()?);
    let (p_with, p_left) = (deciding_p(own).ok()?, deciding_p(&without.result).ok()?);
    let turns = line(p_with) != line(p_left);
    let both = facts.analysis().shapley.known();
    let contradicted = both.and_then(|both| contradicted(facts, both));
    if (with - left).abs() <= RESTS_ON_ONE && contradicted.is_none() && !turns {
        return None;
    }
    let model = facts.model_named(&without.model);
    let tests = contradicted.map_or(String::new(), |(f, dealt)| {
        format!(
            " The F test says {} and dealing vendor names anew {}; one outlying model makes the \
             first too small, so the second counts.",
            format::p_value(f),
            format::p_value(dealt)
        )
    });
    let share = |value: f64, p: f64| {
        format!(
            "{} ({})",
            format::percent(value.max(0.0)),
            format::p_value(p)
        )
    };
    Some(Caveat {
        code: "CAV-ONE-MODEL",
        severity: if turns || contradicted.is_some() {
            Severity::Grave
        } else {
            Severity::Serious
        },
        topic: Topic::Inference,
        title: "One model moves the share most".to_owned(),
        short: format!(
            "Without {} the corrected share is {}, with it {}.",
            format::shortened(&model, LONGEST_IN_PANEL),
            share(left, p_left),
            share(with, p_with)
        ),
        text: format!(
            "Without {model} the vendor\u{2019}s corrected share (\u{3c9}\u{b2}) is {}, with it {}.{tests}",
            share(left, p_left),
            share(with, p_with)
        ),
        evidence: vec![
            "d8".to_owned(),
            facts.main_share().id.to_owned(),
            "t1".to_owned(),
        ],
    })
}

/// p of F and p by relabelling where the first finds the vendor and the second does not.
fn contradicted(facts: &Facts<'_>, both: &Together) -> Option<(f64, f64)> {
    let main = facts.main_share().result;
    let alone = main.p.number().zip(main.p_permutation.number());
    let beside = both.provider_test.known().map(|test| test.p.0);
    let beside = beside.zip(both.provider_p_relabelled.number());
    [alone, beside]
        .into_iter()
        .flatten()
        .find(|(f, dealt)| *f < ALPHA && *dealt >= ALPHA)
}

/// CAV-SUPPRESSION. Rule: vendor and size together account for more than the sum of both alone.
pub(super) fn suppression(facts: &Facts<'_>) -> Option<Caveat> {
    let both = facts.analysis().shapley.known()?;
    if !both.suppression {
        return None;
    }
    Some(Caveat {
        code: "CAV-SUPPRESSION",
        severity: Severity::Note,
        topic: Topic::Inference,
        title: "Vendor and size hide one another".to_owned(),
        short: format!(
            "Together they account for {}, alone for {} and {}.",
            format::percent(both.r2.both.0),
            format::percent(both.r2.provider.0),
            format::percent(both.r2.size.0)
        ),
        text: format!(
            "Vendor and size together account for {} of the variance, the vendor alone for {} and \
             size alone for {}. The share of either alone is not what it adds.",
            format::percent(both.r2.both.0),
            format::percent(both.r2.provider.0),
            format::percent(both.r2.size.0)
        ),
        evidence: vec!["t1".to_owned()],
    })
}

/// Times that the best tested model has the results of the least tested one, from
/// which noise is taken as uneven.
const UNEVEN: u64 = 10;

/// CAV-NOISE. Rule: a quarter or more of the spread between models is noise of
/// sampling; serious from one half, and where some models have ten times as many
/// results as others: tests that weigh models alike then find vendors that do not
/// differ (docs/calibration.md).
pub(super) fn noise(facts: &Facts<'_>) -> Option<Caveat> {
    let noise = facts.analysis().noise.noise.known()?;
    let share = noise.share.number()?;
    if share < MUCH_NOISE {
        return None;
    }
    let results = || {
        let models = facts.models().map(|(_, model)| model);
        models.filter(|m| m.in_scale && m.n > 0).map(|m| m.n)
    };
    let (least, most) = (results().min()?, results().max()?);
    let uneven = most / least >= UNEVEN;
    Some(Caveat {
        code: "CAV-NOISE",
        severity: if uneven || share >= 0.5 {
            Severity::Serious
        } else {
            Severity::Note
        },
        topic: Topic::Inference,
        title: "Much of the spread is chance of single results".to_owned(),
        short: format!(
            "{} of the spread between models is noise.",
            format::percent(share.min(1.0))
        ),
        text: format!(
            "{} of the spread between models is what single results make by chance. No vendor and \
             no size accounts for that part.{}",
            format::percent(share.min(1.0)),
            if uneven {
                format!(
                    " Models have between {} and {} results; a test of the vendor\u{2019}s share that \
                     counts them alike then gives too many false alarms.",
                    format::thousands(least),
                    format::thousands(most)
                )
            } else {
                String::new()
            }
        ),
        evidence: vec!["t2".to_owned()],
    })
}
