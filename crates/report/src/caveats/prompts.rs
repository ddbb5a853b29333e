//! Caveats about prompts: whether vendors met the same ones, and how often each was used.

use super::{Caveat, Topic};
use crate::annex::Severity;
use crate::composition::Facts;
use crate::findings::prompts::{self, Prompts};
use crate::format;

/// CAV-PROMPTS. Rule: the prompts are identified, and at least one pair of
/// ranked vendors did not meet exactly the same ones (Jaccard index below 1).
/// Grave where the median pair shares less than half, a note where every pair
/// shares nearly all ([`prompts::NEARLY_THE_SAME`]).
pub(super) fn different(facts: &Facts<'_>) -> Option<Caveat> {
    let overlap = facts.analysis().overlap.known()?;
    let lowest = overlap.jaccard_lowest.number()?;
    if lowest >= 1.0 {
        return None;
    }
    let median = overlap.jaccard_median.number().unwrap_or(lowest);
    let highest = overlap.jaccard_highest.number().unwrap_or(lowest);
    let nearly = lowest >= prompts::NEARLY_THE_SAME;
    let severity = if median < 0.5 {
        Severity::Grave
    } else if nearly {
        Severity::Note
    } else {
        Severity::Serious
    };
    let common = overlap.common_to_all_ranked;
    let all_met = match common {
        0 => "No prompt was met by every ranked vendor".to_owned(),
        n => format!(
            "{} of {} prompts were met by every ranked vendor",
            format::count(n),
            format::count(overlap.prompts)
        ),
    };
    Some(Caveat {
        code: "CAV-PROMPTS",
        severity,
        topic: Topic::Prompts,
        title: if nearly {
            "Prompts differ a little"
        } else {
            "Prompts differ"
        }
        .to_owned(),
        short: if median < 0.995 {
            format!(
                "Two vendors share {} of their prompts on the median; part of any difference may be the prompts.",
                format::percent(median)
            )
        } else {
            format!(
                "Two vendors share between {} and {} of their prompts; part of any difference may be the prompts.",
                format::percent(lowest),
                format::percent(highest)
            )
        },
        text: format!(
            "{} {all_met}. Of the prompts of two vendors together, between {} and {} were common, {} \
             on the median; counted are prompts with an evaluable result. Part of any difference \
             between vendors may be a difference between prompts.{}",
            crate::findings::prompts::sentence(facts).text,
            format::percent(lowest),
            format::percent(highest),
            format::percent(median),
            if median < 0.5 {
                " The test of the vendor\u{2019}s share takes prompts as alike for all; where they \
                 are not, it takes their difficulty for the vendor\u{2019}s."
            } else {
                ""
            }
        ),
        evidence: vec!["o1".to_owned()],
    })
}

/// CAV-PROMPT-IDS. Rule: the corpus does not identify prompts, and more than
/// one vendor was tested. A note only where a source states that all models met
/// the same prompts.
pub(super) fn unidentified(facts: &Facts<'_>) -> Option<Caveat> {
    let absent = facts.analysis().overlap.known().is_none();
    if !absent || facts.analysis().providers.len() < 2 {
        return None;
    }
    if let Prompts::Stated { source } = prompts::prompts(facts) {
        return Some(Caveat {
            code: "CAV-PROMPT-IDS",
            severity: Severity::Note,
            topic: Topic::Prompts,
            title: "Comparisons are not paired".to_owned(),
            short: "The counts do not say which verdict belongs to which prompt.".to_owned(),
            text: format!(
                "{} Source: {source}. An interval that ignores the pairing is another one than \
                 pairs would give.",
                prompts::stated_text()
            ),
            evidence: vec!["o1".to_owned(), "e1".to_owned()],
        });
    }
    Some(Caveat {
        code: "CAV-PROMPT-IDS",
        severity: Severity::Serious,
        topic: Topic::Prompts,
        title: "Shared prompts cannot be checked".to_owned(),
        short: "The data do not say which result answers which prompt.".to_owned(),
        text:
            "The data do not say which result answers which prompt. Whether vendors met the same \
               prompts cannot be checked from them, and no comparison here is paired by prompt."
                .to_owned(),
        evidence: vec!["o1".to_owned()],
    })
}

/// CAV-INDEPENDENCE. Rule: some model has more results than different prompts,
/// or the prompts are not identified; then the intervals of rates may be too narrow.
pub(super) fn repeated(facts: &Facts<'_>) -> Option<Caveat> {
    let models = &facts.input.selection.sample.models;
    let unidentified = !models.is_empty() && models.iter().all(|model| model.prompts.is_none());
    let repeated = |model: &&caveat_analysis::sample::SampleModel| {
        let prompts = model
            .prompts
            .as_ref()
            .map(Vec::len)
            .and_then(|n| u64::try_from(n).ok());
        prompts.is_some_and(|prompts| prompts < model.n)
    };
    let repeating: Vec<_> = models.iter().filter(repeated).collect();
    let vendors: std::collections::BTreeSet<&str> = repeating
        .iter()
        .map(|model| model.provider.as_str())
        .collect();
    if repeating.is_empty() && !unidentified {
        return None;
    }
    let (short, text) = if unidentified {
        let cause = "Intervals take every result as independent. Results that share a prompt are not, \
                     and the data do not say which do; the intervals may be too narrow.";
        (
            "Results that share a prompt are not independent; intervals may be too narrow."
                .to_owned(),
            cause.to_owned(),
        )
    } else {
        let verb = if repeating.len() == 1 { "has" } else { "have" };
        let many = format!(
            "{} of {} {verb}",
            format::plural_word(repeating.len(), "model", "models"),
            format::plural_word(vendors.len(), "vendor", "vendors")
        );
        (
            format!(
                "{} more results than prompts; intervals may be too narrow.",
                format::capital(&many)
            ),
            format!(
                "{} more results than different prompts. Intervals take every result as independent; \
                 results to one prompt are not, so intervals may be too narrow.",
                format::capital(&many)
            ),
        )
    };
    Some(Caveat {
        code: "CAV-INDEPENDENCE",
        severity: Severity::Serious,
        topic: Topic::Prompts,
        title: "Intervals assume independent results".to_owned(),
        short,
        text,
        evidence: vec!["o1".to_owned(), "e1".to_owned()],
    })
}
