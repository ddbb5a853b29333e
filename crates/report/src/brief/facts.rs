//! The four facts of the first page: rate, place, models, shared prompts.

use caveat_analysis::result::Comparability;

use super::document::Fact;
use super::standing::SMALL;
use super::{Subject, limits_in_words};
use crate::document::Sentence;
use crate::findings::prompts::{self, Prompts};
use crate::format;
use crate::words::{self, say};

pub(super) fn facts(subject: &Subject<'_>) -> Vec<Fact> {
    vec![
        rate_fact(subject),
        rank_fact(subject),
        models_fact(subject),
        prompts_fact(subject),
    ]
}

fn fact(value: String, label: impl Into<String>, detail: Sentence) -> Fact {
    Fact {
        value,
        label: label.into(),
        detail: vec![detail],
    }
}

fn rate_fact(subject: &Subject<'_>) -> Fact {
    let (x, n) = (subject.provider.succeeded, subject.provider.n);
    let label = words::rate(subject.facts);
    let id = [subject.id.clone()];
    let Some(rate) = subject.provider.pooled_asr.known() else {
        return fact("No rate".to_owned(), label, say("no evaluable result", id));
    };
    let interval = format!("{} interval {}", subject.level(), limits_in_words(rate));
    let lost = match subject.provider.not_evaluable {
        0 => String::new(),
        n => format!("; {} more could not be judged", format::thousands(n)),
    };
    if x == 0 || x == n || n < SMALL {
        let value = match x {
            0 => format!("None of {}", format::thousands(n)),
            x if x == n => format!("All {}", format::thousands(n)),
            x => format!("{} of {}", format::thousands(x), format::thousands(n)),
        };
        return fact(value, label, say(format!("{interval}{lost}"), id));
    }
    let counts = format!("{} of {}", format::thousands(x), format::thousands(n));
    fact(
        format::percent(rate.value.0),
        label,
        say(format!("{interval}; {counts} results{lost}"), id),
    )
}

fn rank_fact(subject: &Subject<'_>) -> Fact {
    let id = subject.id.clone();
    match subject.provider.rank.known() {
        Some(rank) if rank.of > 1 => {
            let pairs = subject.facts.analysis().comparisons.len();
            let places = [rank.lower, rank.upper].map(format::ordinal_in_figures);
            let [lower, upper] = &places;
            let value = if lower == upper {
                lower.clone()
            } else {
                format::span(lower, upper)
            };
            fact(
                value,
                format!("of {} vendors", format::word(rank.of)),
                say(
                    format!(
                        "1st has the lowest rate; {} compared",
                        if pairs == 1 {
                            "one pair".to_owned()
                        } else {
                            format!("all {} pairs", format::count(pairs))
                        }
                    ),
                    [id, "c1".to_owned()],
                ),
            )
        }
        _ if subject.provider.ranked => fact(
            "Not ranked".to_owned(),
            "no other vendor to compare",
            say("others have too few results", [id]),
        ),
        _ => fact(
            "Not ranked".to_owned(),
            format!("below {} results", subject.minimum()),
            say(
                format!(
                    "{} evaluable results",
                    format::thousands(subject.provider.n)
                ),
                [id, "e1".to_owned()],
            ),
        ),
    }
}

fn models_fact(subject: &Subject<'_>) -> Fact {
    let mut models: Vec<_> = subject.models().collect();
    models.sort_by(|(_, a), (_, b)| {
        format::ratio(a.succeeded, a.n).total_cmp(&format::ratio(b.succeeded, b.n))
    });
    let ids: Vec<String> = models
        .iter()
        .map(|(place, _)| crate::evidence::numbered("m", *place))
        .collect();
    let counts = |x: u64, n: u64| format!("{} of {}", format::thousands(x), format::thousands(n));
    let detail = match models.as_slice() {
        [] => "none has an evaluable result".to_owned(),
        [(_, one)] => format!("{} in its tests", counts(one.succeeded, one.n)),
        [(_, first), .., (_, last)] => format!(
            "from {} ({}) to {} ({})",
            format::percent(format::ratio(first.succeeded, first.n)),
            counts(first.succeeded, first.n),
            format::percent(format::ratio(last.succeeded, last.n)),
            counts(last.succeeded, last.n)
        ),
    };
    let many = models.len();
    fact(
        format::plural(many, "model", "models"),
        if many == 1 {
            "was tested"
        } else {
            "were tested"
        },
        say(detail, ids),
    )
}

fn prompts_fact(subject: &Subject<'_>) -> Fact {
    let label = "on shared prompts";
    if let Some(pairs) = subject.detail.pairs_on_prompts.known() {
        let comparable = pairs
            .iter()
            .filter(|pair| pair.comparability != Comparability::NotComparable)
            .count();
        let fewest = caveat_analysis::result::ComparabilityRule::default().fewest_common_prompts;
        let fewest = format::word(fewest);
        return if comparable == 0 {
            fact(
                "Not tested".to_owned(),
                label,
                say(
                    format!("no other vendor met {fewest} or more of its prompts"),
                    ["u1"],
                ),
            )
        } else {
            fact(
                format!(
                    "{} of {}",
                    format::count(comparable),
                    format::count(pairs.len())
                ),
                format!("vendors share {fewest} or more prompts"),
                say("with it; the others share fewer", ["u1"]),
            )
        };
    }
    match prompts::prompts(subject.facts) {
        Prompts::Stated { .. } => fact(
            "The same".to_owned(),
            "prompts for all vendors",
            say("as their source states; not paired", ["o1", "e1"]),
        ),
        Prompts::Same => fact(
            "The same".to_owned(),
            "prompts for all vendors",
            say("by their identity in the data", ["o1"]),
        ),
        Prompts::Nearly { lowest } => fact(
            "Nearly the same".to_owned(),
            "prompts for all vendors",
            say(
                format!("two of them share {} or more", format::percent(lowest)),
                ["o1"],
            ),
        ),
        Prompts::Differ { .. } => fact(
            if subject.provider.ranked {
                "Not tested"
            } else {
                "Not compared"
            }
            .to_owned(),
            label,
            say("it is not compared with any vendor", ["o1"]),
        ),
        Prompts::Unknown | Prompts::Uncounted => fact(
            "Not recorded".to_owned(),
            "which prompts were shared",
            say("nothing can be said of shared prompts", ["o1"]),
        ),
    }
}
