//! Caveats about graders: who they are, and how far they agree.

use super::{Caveat, Topic};
use crate::annex::Severity;
use crate::composition::Facts;
use crate::evidence::numbered;
use crate::format;

/// Cohen's kappa below which two graders are said to disagree.
const LOWEST_KAPPA: f64 = 0.6;

/// Difference of two graders' rates, in points, above which they are said to disagree.
const LARGEST_RATE_GAP: f64 = 10.0;

/// Difference in the share of one grader between vendors above which the mix is uneven.
const LARGEST_SHARE_GAP: f64 = 0.10;

/// CAV-GRADER-SELF. Rule: a model that graded is also one of the models under test.
pub(super) fn under_test(facts: &Facts<'_>) -> Option<Caveat> {
    let judges: Vec<(&str, &str)> = facts
        .input
        .graders
        .iter()
        .filter_map(|grader| Some((grader.grader.as_str(), grader.model_under_test.as_deref()?)))
        .collect();
    let (_, model) = judges.first()?;
    let names: Vec<String> = judges
        .iter()
        .map(|(grader, _)| facts.grader(grader))
        .collect();
    let mut evidence = vec!["g1".to_owned()];
    evidence.extend(judges.iter().filter_map(|(_, model)| facts.model_id(model)));
    let verb = if names.len() == 1 { "is" } else { "are" };
    Some(Caveat {
        code: "CAV-GRADER-SELF",
        severity: Severity::Grave,
        topic: Topic::Graders,
        title: "A grader is itself under test".to_owned(),
        short: format!(
            "{} grades and is one of the models tested.",
            facts.model_named(model)
        ),
        text: format!(
            "{} {verb} grader and model under test at once. Its verdicts on its own replies, and on \
             those of its relatives, are not an outside judgement.",
            format::list(&names)
        ),
        evidence,
    })
}

/// CAV-GRADER-DISAGREE. Rule: a pair of graders on the same results has kappa
/// below 0.6, or rates that differ by more than 10 points.
pub(super) fn disagree(facts: &Facts<'_>) -> Option<Caveat> {
    let pairs = facts.analysis().agreement.pairs.iter().enumerate();
    let apart: Vec<_> = pairs
        .filter(|(_, pair)| {
            let kappa = pair
                .kappa
                .number()
                .is_some_and(|kappa| kappa < LOWEST_KAPPA);
            let gap = pair.rate_first.number().zip(pair.rate_second.number());
            kappa || gap.is_some_and(|(a, b)| 100.0 * (a - b).abs() > LARGEST_RATE_GAP)
        })
        .collect();
    let (_, worst) = apart.iter().min_by(|(_, a), (_, b)| {
        let kappa =
            |pair: &caveat_analysis::result::PairAgreement| pair.kappa.number().unwrap_or(1.0);
        kappa(a).total_cmp(&kappa(b))
    })?;
    let kappa = worst
        .kappa
        .number()
        .map(|kappa| format!(" ({})", format::labelled("κ", &format::decimals(kappa, 2))))
        .unwrap_or_default();
    let rates = worst
        .rate_first
        .number()
        .zip(worst.rate_second.number())
        .map(|(a, b)| {
            format!(
                " They find {} and {} successes.",
                format::percent(a),
                format::percent(b)
            )
        });
    let more = match apart.len() {
        1 => String::new(),
        n => format!(
            " The same holds for {} pairs of graders in all.",
            format::word(n)
        ),
    };
    let mut evidence = vec!["g1".to_owned()];
    evidence.extend(apart.iter().map(|(place, _)| numbered("g", place + 1)));
    Some(Caveat {
        code: "CAV-GRADER-DISAGREE",
        severity: Severity::Grave,
        topic: Topic::Graders,
        title: "Graders disagree".to_owned(),
        short: format!(
            "On {} results judged twice, {} and {} agree little{kappa}.",
            format::thousands(worst.n),
            facts.grader(&worst.first),
            facts.grader(&worst.second)
        ),
        text: format!(
            "{} and {} judged the same {} results and agree little beyond chance{kappa}.{}{more} \
             Another grader may give other rates.",
            facts.grader(&worst.first),
            facts.grader(&worst.second),
            format::thousands(worst.n),
            rates.unwrap_or_default()
        ),
        evidence,
    })
}

/// CAV-GRADER-MIX. Rule: the share of one grader differs by more than 10 points
/// between two ranked vendors.
pub(super) fn mixed(facts: &Facts<'_>) -> Option<Caveat> {
    let gap = facts.analysis().agreement.largest_share_gap.known()?;
    if gap.highest.0 - gap.lowest.0 <= LARGEST_SHARE_GAP {
        return None;
    }
    let text = format!(
        "{} gave {} of the verdicts for {} and {} for {}. A difference between these vendors may be \
         a difference between graders.",
        facts.grader(&gap.grader),
        format::percent(gap.lowest.0),
        facts.vendor(&gap.lowest_provider),
        format::percent(gap.highest.0),
        facts.vendor(&gap.highest_provider),
    );
    Some(Caveat {
        code: "CAV-GRADER-MIX",
        severity: Severity::Serious,
        topic: Topic::Graders,
        title: "Graders are mixed unevenly".to_owned(),
        short: format!(
            "{} graded {} of one vendor\u{2019}s results and {} of another's.",
            facts.grader(&gap.grader),
            format::percent(gap.lowest.0),
            format::percent(gap.highest.0)
        ),
        text,
        evidence: vec!["g1".to_owned()],
    })
}

/// CAV-GRADER-WEAK. Rule: something is on record about the quality of a grader in use.
pub(super) fn known_quality(facts: &Facts<'_>) -> Option<Caveat> {
    let noted: Vec<(&str, &str)> = facts
        .input
        .graders
        .iter()
        .filter_map(|grader| Some((grader.grader.as_str(), grader.note.as_deref()?)))
        .collect();
    let (first, note) = noted.first()?;
    let texts: Vec<String> = noted
        .iter()
        .map(|(grader, note)| format!("{}: {}.", facts.grader(grader), note.trim_end_matches('.')))
        .collect();
    Some(Caveat {
        code: "CAV-GRADER-WEAK",
        severity: Severity::Grave,
        topic: Topic::Graders,
        title: "The grader has known faults".to_owned(),
        short: if word_count_at_most(note, 16) {
            format!("{}: {}.", facts.grader(first), note.trim_end_matches('.'))
        } else {
            format!(
                "What is on record about {} stands in the section on graders.",
                facts.grader(first)
            )
        },
        text: format!("On record about the graders used: {}", texts.join(" ")),
        evidence: vec!["g1".to_owned()],
    })
}

fn word_count_at_most(text: &str, most: usize) -> bool {
    crate::words::word_count(text) <= most
}

/// CAV-GRADER-UNCHECKED. Rule: no two graders judged the same results, so
/// nothing in the data says how well the verdicts hold.
pub(super) fn unchecked(facts: &Facts<'_>) -> Option<Caveat> {
    let agreement = &facts.analysis().agreement;
    if !agreement.pairs.is_empty() || facts.traces() == 0 {
        return None;
    }
    let who = crate::words::grader_phrase(facts);
    Some(Caveat {
        code: "CAV-GRADER-UNCHECKED",
        severity: Severity::Serious,
        topic: Topic::Graders,
        title: "The verdicts were not checked".to_owned(),
        short: "No result was judged twice, so the grader\u{2019}s errors are unknown.".to_owned(),
        text: format!(
            "No result was judged by two graders ({who}), so nothing here says how often a verdict \
             is wrong. Errors of a grader move rates and can move them differently for each vendor."
        ),
        evidence: vec!["g1".to_owned()],
    })
}
