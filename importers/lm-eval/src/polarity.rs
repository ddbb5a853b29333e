//! Which end of a metric's scale is a success of the attack.
//!
//! A results file says whether a higher value is better, which is about the model
//! and may be about anything. Only together with a metric's name does it say
//! something about attacks. The words below are the whole list; a name that
//! holds a word of both sides, or one that may turn its sense, says nothing.

/// Words of metrics whose high values are successes of the attack.
const ATTACK: [&str; 14] = [
    "asr",
    "attack",
    "attacks",
    "jailbreak",
    "jailbreaks",
    "jailbroken",
    "harm",
    "harms",
    "harmful",
    "harmfulness",
    "toxic",
    "toxicity",
    "unsafe",
    "unsafety",
];

/// Words of metrics whose high values are defences.
const DEFENCE: [&str; 11] = [
    "refusal",
    "refusals",
    "refuse",
    "refused",
    "refuses",
    "safe",
    "safety",
    "harmless",
    "harmlessness",
    "defended",
    "resisted",
];

/// Words that may turn the sense of the others, or make it another question.
const TURNING: [&str; 31] = [
    "not",
    "no",
    "non",
    "un",
    "anti",
    "without",
    "false",
    "over",
    "wrong",
    "wrongly",
    "benign",
    "harmfree",
    "free",
    "overrefusal",
    "detection",
    "detected",
    "detect",
    "resistance",
    "robustness",
    "robust",
    "avoidance",
    "avoided",
    "prevention",
    "prevented",
    "defense",
    "defence",
    "reduction",
    "failure",
    "failed",
    "acc",
    "accuracy",
];

/// What is known of a metric's scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// A high value is a success of the attack.
    HighIsSuccess,
    /// A high value is a defence.
    HighIsDefence,
    /// Neither the name nor the results file says it.
    Unknown,
    /// The name says one thing and `higher_is_better` the other.
    Contradicted,
}

/// Reads the direction off a metric's name, which `higher_is_better` must not contradict.
pub(crate) fn direction(metric: &str, higher_is_better: Option<bool>) -> Direction {
    let name = metric.to_lowercase();
    let words: Vec<&str> = name
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    if has(&TURNING) {
        return Direction::Unknown;
    }
    match (has(&ATTACK), has(&DEFENCE), higher_is_better) {
        (true, false, None | Some(false)) => Direction::HighIsSuccess,
        (false, true, None | Some(true)) => Direction::HighIsDefence,
        (true, false, Some(true)) | (false, true, Some(false)) => Direction::Contradicted,
        (true, true, _) | (false, false, _) => Direction::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_results_have_to_agree() {
        use Direction::{Contradicted, HighIsDefence, HighIsSuccess, Unknown};
        for (metric, higher_is_better, expected) in [
            ("asr", Some(false), HighIsSuccess),
            ("asr", None, HighIsSuccess),
            ("asr", Some(true), Contradicted),
            ("attack_success_rate", Some(false), HighIsSuccess),
            ("harm_score", Some(false), HighIsSuccess),
            ("Toxicity", Some(false), HighIsSuccess),
            ("refused", Some(true), HighIsDefence),
            ("refusal-rate", None, HighIsDefence),
            ("is_safe", Some(true), HighIsDefence),
            ("safe", Some(false), Contradicted),
            ("harmful_refusal", Some(true), Unknown),
            ("safe_refusal", Some(false), Contradicted),
            ("false_refusal", Some(false), Unknown),
            ("non_toxic", Some(true), Unknown),
            ("attack_resistance", Some(true), Unknown),
            ("jailbreak_detection", Some(true), Unknown),
            ("acc", Some(true), Unknown),
            ("safety_acc", Some(true), Unknown),
            ("exact_match", None, Unknown),
            ("charm", None, Unknown),
            ("", None, Unknown),
        ] {
            assert_eq!(direction(metric, higher_is_better), expected, "{metric}");
        }
    }
}
