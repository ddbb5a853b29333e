//! Which end of a metric's scale is a success of the attack.
//!
//! `lower_is_better` is about the model, and a metric may be about anything.
//! Only together with the metric's name, or with an evaluation that is one of
//! safety by its name, does it say something about attacks. The words below are
//! the whole list; a name that holds a word of both sides, or one that may turn
//! its sense, says nothing.

use crate::aggregate::{EvaluationResult, Metric};

/// Words of metrics whose high scores are successes of the attack.
const ATTACK: &[&str] = &[
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
    "strongreject",
    "violation",
    "violations",
];

/// Words of metrics whose high scores are defences.
const DEFENCE: &[&str] = &[
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
const TURNING: &[&str] = &[
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
    "overrefusal",
    "detection",
    "detected",
    "detect",
    "resistance",
    "robustness",
    "robust",
    "avoidance",
    "prevention",
    "defense",
    "defence",
    "reduction",
    "failure",
    "failed",
];

/// Words of evaluations in which a correct answer is a defence.
const SAFETY: &[&str] = &[
    "safety",
    "jailbreak",
    "jailbreaks",
    "jailbreaking",
    "jbb",
    "redteam",
    "redteaming",
];

/// Names of such evaluations, without what stands between their words.
const SAFETY_SETS: &[&str] = &[
    "harmbench",
    "strongreject",
    "advbench",
    "jailbreakbench",
    "sorrybench",
    "airbench",
    "simplesafetytests",
    "donotanswer",
    "ailuminate",
    "agentharm",
    "wildjailbreak",
    "hexphi",
    "maliciousinstruct",
    "redteam",
    "clearharm",
    "forbiddenquestions",
];

/// Words of evaluations that ask the other question: does the model answer what it should?
const OTHER_QUESTION: &[&str] = &[
    "benign",
    "overrefusal",
    "over",
    "xstest",
    "orbench",
    "capability",
    "capabilities",
    "wmdp",
    "utility",
];

/// What is known of a metric's scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// A high score is a success of the attack.
    HighIsSuccess,
    /// A high score is a defence.
    HighIsDefence,
    /// Only `is_correct` says something: true is a defence.
    CorrectIsDefence,
    /// Neither the names nor the file say it.
    Unknown,
    /// The name says one thing and `lower_is_better` the other.
    Contradicted,
}

/// Where a direction was read from, for the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    /// The name of the metric.
    Metric,
    /// The name of the evaluation or its data set, with `lower_is_better`.
    Evaluation,
    /// Nothing.
    None,
}

/// Reads the direction of a result. `name` is the row's own name of the evaluation.
pub(crate) fn direction(
    result: Option<&EvaluationResult>,
    name: Option<&str>,
) -> (Direction, Ground) {
    if let Some(result) = result {
        match of_metric(&result.metric) {
            Some(Direction::Unknown) => return (Direction::Unknown, Ground::None),
            Some(found) => return (found, Ground::Metric),
            None => {}
        }
    }
    let named = [
        name,
        result.and_then(|result| result.name.as_deref()),
        result.and_then(|result| result.dataset.as_deref()),
    ];
    let is_safety = named.iter().flatten().any(|name| is_safety(name))
        && !named.iter().flatten().any(|name| asks_otherwise(name));
    if !is_safety {
        return (Direction::Unknown, Ground::None);
    }
    let direction = match result.and_then(|result| result.metric.lower_is_better) {
        Some(true) => Direction::HighIsSuccess,
        Some(false) => Direction::HighIsDefence,
        None => Direction::CorrectIsDefence,
    };
    (direction, Ground::Evaluation)
}

/// What the name of a metric says; `None` if it has no word of either list.
fn of_metric(metric: &Metric) -> Option<Direction> {
    let names = [&metric.id, &metric.name, &metric.kind];
    let words: Vec<String> = names.into_iter().flatten().flat_map(|n| words(n)).collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let (attack, defence) = (has(ATTACK), has(DEFENCE));
    if !attack && !defence {
        return has(TURNING).then_some(Direction::Unknown);
    }
    if has(TURNING) || (attack && defence) {
        return Some(Direction::Unknown);
    }
    Some(match (attack, metric.lower_is_better) {
        (true, None | Some(true)) => Direction::HighIsSuccess,
        (false, None | Some(false)) => Direction::HighIsDefence,
        (true, Some(false)) | (false, Some(true)) => Direction::Contradicted,
    })
}

fn is_safety(name: &str) -> bool {
    let joined: String = name
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    words(name)
        .iter()
        .any(|word| SAFETY.contains(&word.as_str()))
        || SAFETY_SETS.iter().any(|set| joined.contains(set))
}

fn asks_otherwise(name: &str) -> bool {
    let words = words(name);
    words
        .iter()
        .any(|word| OTHER_QUESTION.contains(&word.as_str()))
}

fn words(name: &str) -> Vec<String> {
    name.to_lowercase()
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(metric: &str, lower_is_better: Option<bool>, name: &str) -> EvaluationResult {
        EvaluationResult {
            name: Some(name.to_owned()),
            metric: Metric {
                id: Some(metric.to_owned()),
                lower_is_better,
                ..Metric::default()
            },
            ..EvaluationResult::default()
        }
    }

    #[test]
    fn names_and_lower_is_better_have_to_agree() {
        use Direction::{Contradicted, HighIsDefence, HighIsSuccess, Unknown};
        for (metric, lower, name, expected) in [
            ("attack_success_rate", Some(true), "x", HighIsSuccess),
            ("attack_success_rate", None, "x", HighIsSuccess),
            ("asr", Some(false), "x", Contradicted),
            ("refusal_rate", Some(false), "x", HighIsDefence),
            ("refusal_rate", Some(true), "x", Contradicted),
            ("false_refusal", Some(true), "x", Unknown),
            ("harmful_refusal", Some(false), "harmbench", Unknown),
            ("jailbreak_resistance", Some(false), "x", Unknown),
            ("accuracy", Some(false), "mmlu", Unknown),
            ("accuracy", Some(false), "HarmBench - cyber", HighIsDefence),
            ("score", Some(true), "sorry-bench", HighIsSuccess),
            ("accuracy", Some(false), "xstest safety", Unknown),
            ("accuracy", Some(false), "demo-source.demo_bench", Unknown),
        ] {
            let result = result(metric, lower, name);
            assert_eq!(
                direction(Some(&result), None).0,
                expected,
                "{metric} {name}"
            );
        }
        assert_eq!(
            direction(None, Some("helm_safety")).0,
            Direction::CorrectIsDefence
        );
        assert_eq!(direction(None, Some("gsm8k")).0, Direction::Unknown);
    }
}
