//! Whether models of one vendor are more alike than chance makes them.

use caveat_analysis::reason::NotEstimable;
use caveat_analysis::result::OneWayResult;

use super::Finding;
use crate::annex::Severity;
use crate::composition::Facts;
use crate::document::Prose;
use crate::format;
use crate::words::{self, Line, plain, say, strong};

/// What can be said of the vendor's share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareState {
    /// More than chance gives.
    Beyond,
    /// Close to the line.
    Close,
    /// What chance gives as well.
    Short,
    /// Nothing, with the reason.
    Absent(NotEstimable),
}

/// Rule: the permutation p-value decides (that of F where there is none);
/// below 0.03 the share is beyond chance, from 0.03 to 0.08 it is close to the
/// line, above it is not distinguishable from chance.
pub fn share_state(facts: &Facts<'_>) -> ShareState {
    let result = facts.main_share().result;
    if let Some(reason) = result.eta2.reason() {
        return ShareState::Absent(reason);
    }
    match deciding_p(result) {
        Ok(p) => match words::line(p) {
            Line::Beyond => ShareState::Beyond,
            Line::Close => ShareState::Close,
            Line::Short => ShareState::Short,
        },
        Err(reason) => ShareState::Absent(reason),
    }
}

/// The p-value that decides: by relabelling, else of F.
pub fn deciding_p(result: &OneWayResult) -> Result<f64, NotEstimable> {
    let by_relabelling = result.p_permutation.as_result().map(|p| p.0);
    by_relabelling.or_else(|reason| result.p.as_result().map(|p| p.0).map_err(|_| reason))
}

/// F-SHARE. Rule: [`share_state`]; always given.
pub fn share(facts: &Facts<'_>) -> Option<Finding> {
    let main = facts.main_share();
    let state = share_state(facts);
    let claim = match state {
        ShareState::Absent(reason) => absent(facts, reason),
        _ => present(facts, state),
    };
    Some(Finding {
        code: "F-SHARE",
        severity: Severity::Grave,
        claim,
        evidence: vec![evidence(main.result, main.id, facts)],
    })
}

fn absent(facts: &Facts<'_>, reason: NotEstimable) -> Prose {
    let id = facts.main_share().id;
    let title = match reason {
        NotEstimable::OneGroup => "Vendors cannot be compared: all models are of one vendor.",
        NotEstimable::NoWithinDf => {
            "Vendor and model cannot be separated: every vendor has a single model."
        }
        NotEstimable::NoVariance => {
            "There is no difference to explain: all models have the same rate."
        }
        _ => "The vendor\u{2019}s share cannot be computed from these data.",
    };
    vec![
        strong(title, [id]),
        say(format!("Reason: {}.", words::why_not(reason)), [id]),
    ]
}

fn present(facts: &Facts<'_>, state: ShareState) -> Prose {
    let main = facts.main_share();
    let result = main.result;
    let (models, vendors) = (
        format::count(result.n_models),
        format::word(result.n_groups),
    );
    let observed = result
        .eta2
        .number()
        .map(format::percent)
        .unwrap_or_default();
    let mean = result
        .eta2_null_mean
        .number()
        .map(format::percent)
        .unwrap_or_default();
    let title = match state {
        ShareState::Beyond => {
            "Models of one vendor are more alike than chance makes them.".to_owned()
        }
        ShareState::Close => {
            "Whether models of one vendor are alike is close to the line; either reading is weak."
                .to_owned()
        }
        _ if super::apart::told_apart(facts) == 0 => format!(
            "{} can be told apart, and sorting {models} models into {vendors} arbitrary \
             groups {} gives as large a share.",
            super::apart::no_two(facts),
            how_often(deciding_p(result).unwrap_or(1.0))
        ),
        _ => format!(
            "Rates differ between vendors, but sorting {models} models into {vendors} arbitrary \
             groups {} gives as much.",
            how_often(deciding_p(result).unwrap_or(1.0))
        ),
    };
    vec![
        strong(title, [main.id]),
        say(corrected(result, &observed, &mean), [main.id]),
    ]
}

/// The share as computed, what chance gives, and what is left, with the
/// interval of the last: the two are not on one scale.
fn corrected(result: &OneWayResult, observed: &str, mean: &str) -> String {
    let computed = format!("As computed the share is {observed}, and chance alone averages {mean}");
    let Some(omega2) = result.omega2.number() else {
        return format!("{computed}.");
    };
    let interval = result
        .population_eta2
        .known()
        .map_or_else(String::new, |range| {
            format!(
                " ({} interval {})",
                format::level(range.level.0),
                format::span(
                    &format::percent(range.lower.0),
                    &format::percent(range.upper.0)
                )
            )
        });
    format!(
        "{computed}; corrected for chance it is {}{interval}.",
        format::percent(omega2.max(0.0))
    )
}

/// How often chance gives as much, by a p-value beyond the line: "usually" from
/// one half, "often" from one fifth, else "sometimes".
fn how_often(p: f64) -> &'static str {
    if p >= 0.5 {
        "usually"
    } else if p >= 0.2 {
        "often"
    } else {
        "sometimes"
    }
}

fn evidence(result: &OneWayResult, id: &str, facts: &Facts<'_>) -> crate::document::Sentence {
    let mut parts = Vec::new();
    let two = |value: f64| format::decimals(value, 2);
    if let (Some(eta2), Some(mean)) = (result.eta2.number(), result.eta2_null_mean.number()) {
        let eta2 = format::small_share(eta2);
        parts.push(format!(
            "{}, by chance {}",
            format::labelled("η²", &eta2),
            two(mean)
        ));
    }
    let of_f = result.p.number().map(format::p_value);
    let dealt = result.p_permutation.number().map(format::p_value);
    let both = of_f.is_some() && of_f == dealt;
    if let Some(f) = result.f.number().filter(|f| f.is_finite()) {
        let p = match &of_f {
            Some(p) if both => format!(", {p}, also by relabelling"),
            Some(p) => format!(", {p}"),
            None => String::new(),
        };
        parts.push(format!("F({}, {}) = {}{p}", result.df1, result.df2, two(f)));
    }
    if let Some(p) = dealt.filter(|_| !both) {
        parts.push(format!("{p} by relabelling"));
    }
    if let Some(omega2) = result.omega2.number() {
        let omega2 = format::labelled("ω²", &two(omega2));
        // Its interval stands in the claim beside.
        parts.push(format!("corrected {omega2}"));
    }
    let single = match result.n_singletons {
        0 => "none".to_owned(),
        n => format::word(n),
    };
    if let Some(law) = facts
        .analysis()
        .decomposition
        .null_distribution
        .known()
        .filter(|law| id == "d1" && law.smallest_attainable_p.0 >= words::CLOSE_FROM)
    {
        parts.push(format!(
            "no relabelling can give less than {}",
            format::p_value(law.smallest_attainable_p.0)
        ));
    }
    parts.push(format!(
        "{}, {single} of {} with one model",
        format::plural(result.n_models, "model", "models"),
        format::plural(result.n_groups, "vendor", "vendors"),
    ));
    let text = format!("{}.", parts.join("; "));
    if facts.analysis().models.is_empty() {
        return plain("no models");
    }
    say(format::capital(&text).replace("Η²", "η²"), [id])
}
