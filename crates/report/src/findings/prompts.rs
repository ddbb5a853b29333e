//! What is known of the prompts that vendors met, and the sentences that say it.
//!
//! What the data show goes before what the author states; nothing is assumed.

use crate::composition::Facts;
use crate::document::Sentence;
use crate::format;
use crate::words::say;

/// Jaccard index from which prompts count as nearly the same.
pub const NEARLY_THE_SAME: f64 = 0.95;

/// What is known of the prompts of the ranked vendors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Prompts<'a> {
    /// The corpus identifies them: all ranked vendors met the same.
    Same,
    /// The corpus identifies them: all pairs share nearly all of them, as where
    /// the same prompts were put and some replies could not be judged.
    Nearly {
        /// The lowest Jaccard index of two ranked vendors.
        lowest: f64,
    },
    /// The corpus identifies them: they differ. Pairs of ranked vendors without
    /// a common prompt, and all such pairs.
    Differ {
        /// Pairs that share no prompt.
        apart: usize,
        /// All pairs of ranked vendors.
        pairs: usize,
    },
    /// The corpus identifies them, but no two vendors can be compared.
    Uncounted,
    /// The corpus does not identify them; a source states that they were the same.
    Stated {
        /// The source.
        source: &'a str,
    },
    /// Nothing is known.
    Unknown,
}

/// Rule: by the lowest Jaccard index between two ranked vendors where prompts
/// are identified, else by the author's statement.
pub fn prompts<'a>(facts: &Facts<'a>) -> Prompts<'a> {
    let Some(overlap) = facts.analysis().overlap.known() else {
        return match &facts.definition().prompts {
            Some(stated) if stated.same => Prompts::Stated {
                source: stated.source.trim().trim_end_matches('.'),
            },
            _ => Prompts::Unknown,
        };
    };
    match overlap.jaccard_lowest.number() {
        None => Prompts::Uncounted,
        Some(lowest) if lowest >= 1.0 => Prompts::Same,
        Some(lowest) if lowest >= NEARLY_THE_SAME => Prompts::Nearly { lowest },
        Some(_) => {
            let ranked = facts.ranked();
            let is_ranked = |name: &str| ranked.iter().any(|p| p.provider == name);
            let pairs: Vec<_> = overlap
                .pairs
                .iter()
                .filter(|pair| is_ranked(&pair.first) && is_ranked(&pair.second))
                .collect();
            Prompts::Differ {
                apart: pairs.iter().filter(|pair| pair.common == 0).count(),
                pairs: pairs.len(),
            }
        }
    }
}

/// One short sentence, for the first page.
pub fn short_sentence(facts: &Facts<'_>) -> Sentence {
    let text = match prompts(facts) {
        Prompts::Same => "All met the same prompts.".to_owned(),
        Prompts::Nearly { lowest } => format!(
            "Any two share {} of their prompts or more.",
            format::percent_down_to(lowest)
        ),
        Prompts::Stated { .. } => "All met the same prompts; no comparison is paired.".to_owned(),
        Prompts::Differ { apart: 0, .. } => "The prompts were only partly the same.".to_owned(),
        Prompts::Differ { apart, pairs } => {
            format::capital(&format!("{} no prompt.", sharing(apart, pairs)))
        }
        Prompts::Uncounted => "Shared prompts cannot be counted for these vendors.".to_owned(),
        Prompts::Unknown => {
            "The corpus does not record whether the prompts were the same.".to_owned()
        }
    };
    say(text, ids(facts))
}

/// One short sentence on the pairs that are told apart, for the finding that
/// names them: how many of those pairs share no prompt. Where none is told
/// apart, or where prompts are the same or unknown, the sentence on all pairs.
pub fn of_pairs_told_apart(facts: &Facts<'_>) -> Sentence {
    let told: Vec<_> = facts
        .analysis()
        .comparisons
        .iter()
        .filter(|pair| pair.told_apart)
        .collect();
    let (Prompts::Differ { apart, .. }, Some(overlap)) =
        (prompts(facts), facts.analysis().overlap.known())
    else {
        return short_sentence(facts);
    };
    if told.is_empty() {
        return short_sentence(facts);
    }
    if let Some(held) = held(facts) {
        return say(in_short(&held), ["c1", "l1"]);
    }
    if apart == 0 {
        return short_sentence(facts);
    }
    let shares_none = |low: &str, high: &str| {
        overlap.pairs.iter().any(|pair| {
            let same = (pair.first == low && pair.second == high)
                || (pair.first == high && pair.second == low);
            same && pair.common == 0
        })
    };
    let without = told
        .iter()
        .filter(|pair| shares_none(&pair.lower_provider, &pair.higher_provider))
        .count();
    say(of_told_apart(without, told.len()), ["c1", "o1"])
}

/// What becomes of the pairs told apart when only common prompts count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Pairs that the ranking tells apart.
    pub told: usize,
    /// Those that common prompts tell apart in the same direction.
    pub held: usize,
    /// Those that common prompts leave open or turn round.
    pub open: usize,
    /// Those with too few common prompts.
    pub unknown: usize,
}

/// The pairs told apart on common prompts, where prompts are identified and a pair is told apart.
pub fn held(facts: &Facts<'_>) -> Option<Held> {
    use caveat_analysis::result::Comparability::NotComparable;
    let same = facts.analysis().same_prompts.known()?;
    let mut held = Held {
        told: 0,
        held: 0,
        open: 0,
        unknown: 0,
    };
    for told in facts.analysis().comparisons.iter().filter(|c| c.told_apart) {
        held.told += 1;
        let pair = same
            .pairs
            .iter()
            .find(|pair| pair.lower == told.lower_provider && pair.higher == told.higher_provider);
        let Some(pair) = pair.filter(|pair| pair.comparability != NotComparable) else {
            held.unknown += 1;
            continue;
        };
        let same_way = pair.on_common_pp.known().is_some_and(|d| d.lower.0 > 0.0);
        match (same_way, pair.on_common_pp.known().is_some()) {
            (true, _) => held.held += 1,
            (false, true) => held.open += 1,
            (false, false) => held.unknown += 1,
        }
    }
    (held.told > 0).then_some(held)
}

/// How many of the `told` pairs told apart share no prompt, as a sentence.
fn of_told_apart(without: usize, told: usize) -> String {
    if told == 1 {
        let prompts = if without == 1 {
            "no prompt"
        } else {
            "only some prompts"
        };
        return format!("The pair told apart shares {prompts}.");
    }
    let of = format!("the {} told apart", format::plural(told, "pair", "pairs"));
    let rest = if told - without.min(told) == 1 {
        "the other one only some"
    } else {
        "the others only some"
    };
    match without {
        0 => format!("Of {of} each shares some prompts, none all of them."),
        n if n == told => format!("None of {of} shares a prompt."),
        1 => format!("Of {of} one shares no prompt, {rest}."),
        n => format!("Of {of} {} share no prompt, {rest}.", format::word(n)),
    }
}

/// What two vendors have in common, as the end of a sentence on them: nothing
/// where the prompts are not identified or the same.
pub fn of_pair(facts: &Facts<'_>, one: &str, other: &str) -> String {
    let Some(overlap) = facts.analysis().overlap.known() else {
        return String::new();
    };
    let pair = overlap.pairs.iter().find(|pair| {
        (pair.first == one && pair.second == other) || (pair.first == other && pair.second == one)
    });
    match pair {
        Some(pair) if pair.common == 0 => "; the two share no prompt".to_owned(),
        Some(pair) if pair.jaccard.number().is_some_and(|j| j < 1.0) => format!(
            "; the two share {}",
            format::plural(pair.common, "prompt", "prompts")
        ),
        _ => String::new(),
    }
}

/// "none is", "one is", "four are".
pub fn are(n: usize) -> String {
    match n {
        0 => "none is".to_owned(),
        1 => "one is".to_owned(),
        n => format!("{} are", format::word(n)),
    }
}

/// What common prompts leave of the pairs told apart, in one sentence for the first page.
fn in_short(held: &Held) -> String {
    if held.held == held.told {
        return "The same holds on the prompts that both of a pair met.".to_owned();
    }
    let mut text = format!(
        "Of the {} told apart {} shown on common prompts alone",
        format::plural(held.told, "pair", "pairs"),
        are(held.held)
    );
    if held.unknown > 0 {
        text.push_str(&format!(
            "; {} {} too few to compare",
            format::word(held.unknown),
            if held.unknown == 1 { "shares" } else { "share" }
        ));
    }
    text.push('.');
    text
}

/// "twelve of 36 pairs share", the subject and verb of a sentence on prompts.
fn sharing(apart: usize, pairs: usize) -> String {
    format::part_of(apart, pairs, ["pair", "pairs"], ["shares", "share"])
}

/// The whole statement.
pub fn sentence(facts: &Facts<'_>) -> Sentence {
    match prompts(facts) {
        Prompts::Stated { .. } => say(stated_text(), ids(facts)),
        Prompts::Differ { apart, pairs } if apart > 0 => say(
            format!(
                "Vendors met partly or wholly different prompts; {} none.",
                sharing(apart, pairs)
            ),
            ids(facts),
        ),
        _ => short_sentence(facts),
    }
}

/// What follows where a source states that the prompts were the same.
pub(crate) fn stated_text() -> &'static str {
    "Every model met the same prompts; the counts do not say which verdict belongs to which \
     prompt, so no comparison is paired."
}

/// The clause for a comparison ("on the same prompts").
pub fn clause(facts: &Facts<'_>) -> String {
    match prompts(facts) {
        Prompts::Same => "on the same prompts".to_owned(),
        Prompts::Nearly { lowest } => format!(
            "on nearly the same prompts ({} or more common)",
            format::percent_down_to(lowest)
        ),
        Prompts::Stated { .. } => "on the same prompts, compared without pairing".to_owned(),
        Prompts::Differ { apart: 0, .. } => "on partly different prompts".to_owned(),
        Prompts::Differ { apart, pairs } => format!(
            "on partly or wholly different prompts ({} none)",
            sharing(apart, pairs)
        ),
        Prompts::Uncounted | Prompts::Unknown => {
            "on prompts that the data do not identify".to_owned()
        }
    }
}

/// Whether vendors are known to have met the same prompts.
pub fn known_same(facts: &Facts<'_>) -> bool {
    matches!(prompts(facts), Prompts::Same | Prompts::Stated { .. })
}

/// The sentence for comparisons between models of all vendors, under figures and
/// tables that set models side by side.
pub fn between_models(facts: &Facts<'_>) -> Sentence {
    say(
        format!("Models are compared {}.", clause(facts)),
        ids(facts),
    )
}

/// The sentence for comparisons between models of one vendor.
pub fn within_vendors(facts: &Facts<'_>) -> Sentence {
    let text = match prompts(facts) {
        Prompts::Differ { .. } | Prompts::Uncounted => {
            "Models of one vendor met partly different prompts as well."
        }
        Prompts::Same => "Models of one vendor met the same prompts.",
        Prompts::Nearly { .. } => "Models of one vendor met nearly the same prompts.",
        Prompts::Stated { .. } => {
            "Models of one vendor met the same prompts, compared without pairing."
        }
        Prompts::Unknown => "Whether models of one vendor met the same prompts is not recorded.",
    };
    say(text, ["o1"])
}

fn ids(facts: &Facts<'_>) -> Vec<&'static str> {
    match prompts(facts) {
        Prompts::Stated { .. } => vec!["o1", "e1"],
        _ => vec!["o1"],
    }
}

#[cfg(test)]
mod tests {
    use super::{of_told_apart, sharing};

    #[test]
    fn a_part_of_the_pairs_agrees_with_its_verb() {
        assert_eq!(sharing(1, 1), "the one pair shares");
        assert_eq!(sharing(1, 3), "one of 3 pairs shares");
        assert_eq!(sharing(3, 3), "all 3 pairs share");
        assert_eq!(sharing(12, 36), "twelve of 36 pairs share");
    }

    #[test]
    fn pairs_told_apart_are_counted_in_whole_sentences() {
        for (without, told, text) in [
            (0, 1, "The pair told apart shares only some prompts."),
            (1, 1, "The pair told apart shares no prompt."),
            (
                0,
                2,
                "Of the 2 pairs told apart each shares some prompts, none all of them.",
            ),
            (
                1,
                2,
                "Of the 2 pairs told apart one shares no prompt, the other one only some.",
            ),
            (2, 2, "None of the 2 pairs told apart shares a prompt."),
            (
                7,
                15,
                "Of the 15 pairs told apart seven share no prompt, the others only some.",
            ),
        ] {
            assert_eq!(of_told_apart(without, told), text);
        }
    }
}
