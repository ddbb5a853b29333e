//! What a scorer's values mean: read from its name, by a documented list of words.
//!
//! A log does not say whether `C`, 1 or true is the attacker's success or the
//! model's defence. Some names do, beyond doubt; every other scorer keeps its
//! raw values without a verdict until the user gives a rule.

use caveat_corpus::Verdict;
use serde_json::Value;

/// What a scorer asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polarity {
    /// Whether the attack worked; the word of the name that says so.
    Attack(&'static str),
    /// Whether the model defended itself.
    Defence(&'static str),
    /// The name does not say, or says both.
    Unknown,
}

/// Words of names of scorers that ask whether the attack worked.
pub(crate) const ATTACK_WORDS: [&str; 21] = [
    "asr",
    "attack",
    "attacked",
    "attacks",
    "complied",
    "compromised",
    "exploited",
    "harm",
    "harmful",
    "harmfulness",
    "harms",
    "hijacked",
    "jailbreak",
    "jailbreaking",
    "jailbreaks",
    "jailbroken",
    "leaked",
    "misuse",
    "strongreject",
    "toxic",
    "unsafe",
];

/// Words of names of scorers that ask whether the model defended itself.
pub(crate) const DEFENCE_WORDS: [&str; 17] = [
    "declined",
    "defence",
    "defended",
    "defense",
    "harmless",
    "harmlessness",
    "refusal",
    "refusals",
    "refuse",
    "refused",
    "refuses",
    "refusing",
    "resisted",
    "safe",
    "safely",
    "safety",
    "withstood",
];

/// Words that turn another word round, or change what is asked: with one of
/// them no rule is applied.
pub(crate) const DOUBT_WORDS: [&str; 16] = [
    "anti",
    "benign",
    "blocked",
    "detected",
    "detection",
    "detector",
    "false",
    "no",
    "non",
    "not",
    "over",
    "prevented",
    "prompt",
    "request",
    "un",
    "without",
];

/// Keys of a dictionary that stand for the scorer as a whole.
const WHOLE_KEYS: [&str; 8] = [
    "grade", "label", "overall", "result", "score", "success", "value", "verdict",
];

/// Words that say by themselves what the reply is, whoever says them.
const REPLY_WORDS: [(&str, Verdict); 13] = [
    ("compliance", Verdict::Compliance),
    ("complied", Verdict::Compliance),
    ("full_compliance", Verdict::Compliance),
    ("jailbroken", Verdict::Compliance),
    ("unsafe", Verdict::Compliance),
    ("partial_compliance", Verdict::Partial),
    ("partial_refusal", Verdict::Partial),
    ("full_refusal", Verdict::Refusal),
    ("not_jailbroken", Verdict::Refusal),
    ("refusal", Verdict::Refusal),
    ("refused", Verdict::Refusal),
    ("safe", Verdict::Refusal),
    ("hallucination_refusal", Verdict::HallucinationRefusal),
];

impl Polarity {
    /// Reads the polarity off the name of a scorer, or of one key of its dictionary.
    pub(crate) fn of(scorer: &str, key: Option<&str>) -> Self {
        match key {
            None => of_words(scorer),
            Some(key) => match of_words(key) {
                Polarity::Unknown if WHOLE_KEYS.contains(&key.to_ascii_lowercase().as_str()) => {
                    of_words(scorer)
                }
                found => found,
            },
        }
    }

    /// The verdict of a value; `None` where the scale or the meaning is not known.
    pub(crate) fn verdict(self, value: &Value) -> Option<Verdict> {
        if let Some(verdict) = by_its_own_word(value) {
            return Some(verdict);
        }
        let worked = match self {
            Polarity::Attack(_) => true,
            Polarity::Defence(_) => false,
            Polarity::Unknown => return None,
        };
        let yes_means = |yes: bool| match yes == worked {
            true => Verdict::Compliance,
            false => Verdict::Refusal,
        };
        match value {
            Value::Bool(yes) => Some(yes_means(*yes)),
            Value::Number(number) => match number.as_u64()? {
                0 => Some(yes_means(false)),
                1 => Some(yes_means(true)),
                _ => None,
            },
            Value::String(word) => match word.trim() {
                "C" | "1" => Some(yes_means(true)),
                "I" | "0" => Some(yes_means(false)),
                "P" => Some(Verdict::Partial),
                "N" => Some(Verdict::NotGradeable),
                word if word.eq_ignore_ascii_case("yes") || word.eq_ignore_ascii_case("true") => {
                    Some(yes_means(true))
                }
                word if word.eq_ignore_ascii_case("no") || word.eq_ignore_ascii_case("false") => {
                    Some(yes_means(false))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// The verdict that a word carries whoever wrote it: `unsafe`, `refused`.
fn by_its_own_word(value: &Value) -> Option<Verdict> {
    let word = value.as_str()?.trim();
    if word.len() > 40 {
        return None;
    }
    let word = word.to_ascii_lowercase().replace([' ', '-'], "_");
    REPLY_WORDS
        .iter()
        .find(|(listed, _)| *listed == word)
        .map(|(_, verdict)| *verdict)
}

fn of_words(name: &str) -> Polarity {
    // The package in front of a registered name says nothing of the scorer.
    let name = name.rsplit('/').next().unwrap_or(name);
    let words = words(name);
    let listed = |list: &'static [&'static str]| {
        list.iter()
            .copied()
            .find(|listed| words.iter().any(|word| word == listed))
    };
    let strong_reject = words
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a == "strong" && b == "reject"));
    let attack = match strong_reject {
        true => Some("strong_reject"),
        false => listed(&ATTACK_WORDS),
    };
    match (attack, listed(&DEFENCE_WORDS), listed(&DOUBT_WORDS)) {
        (Some(word), None, None) => Polarity::Attack(word),
        (None, Some(word), None) => Polarity::Defence(word),
        _ => Polarity::Unknown,
    }
}

/// The words of a name in lower case: `jailbreakJudge`, `jailbreak-judge` and
/// `jailbreak_judge` hold the same two.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for letter in name.chars().take(200) {
        if (!letter.is_alphanumeric() || (letter.is_uppercase() && after_lower)) && !word.is_empty()
        {
            words.push(std::mem::take(&mut word));
        }
        after_lower = letter.is_lowercase();
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_gives_the_polarity_only_beyond_doubt() {
        use Polarity::{Attack, Defence, Unknown};
        for (scorer, key, expected) in [
            ("jailbreak_judge", None, Attack("jailbreak")),
            ("inspect_evals/strong_reject", None, Attack("strong_reject")),
            (
                "strong_reject_rubric",
                Some("score"),
                Attack("strong_reject"),
            ),
            ("strong_reject_rubric", Some("refusal"), Defence("refusal")),
            ("strong_reject_rubric", Some("convincingness"), Unknown),
            ("attackSuccess", None, Attack("attack")),
            ("ASR", None, Attack("asr")),
            ("harm_score_float", None, Attack("harm")),
            ("refusal_cinp", None, Defence("refusal")),
            ("is_safe", None, Defence("safe")),
            ("model_graded_qa", None, Unknown),
            ("bool_and_string", None, Unknown),
            ("safe_or_unsafe", None, Unknown),
            ("attack_resisted", None, Unknown),
            ("not_refused", None, Unknown),
            ("over_refusal", None, Unknown),
            ("jailbreak_detected", None, Unknown),
            ("prompt_harm", None, Unknown),
            ("unsafety", None, Unknown),
            ("safety/accuracy", None, Unknown),
            ("", None, Unknown),
        ] {
            assert_eq!(Polarity::of(scorer, key), expected, "{scorer} {key:?}");
        }
    }

    #[test]
    fn values_are_read_the_way_the_scorer_asks() {
        use Verdict::{Compliance, NotGradeable, Partial, Refusal};
        let attack = Polarity::Attack("attack");
        let defence = Polarity::Defence("refusal");
        for (value, of_attack, of_defence, of_unknown) in [
            (json!("C"), Some(Compliance), Some(Refusal), None),
            (json!("I"), Some(Refusal), Some(Compliance), None),
            (json!("P"), Some(Partial), Some(Partial), None),
            (json!("N"), Some(NotGradeable), Some(NotGradeable), None),
            (json!(true), Some(Compliance), Some(Refusal), None),
            (json!(0), Some(Refusal), Some(Compliance), None),
            (json!("Yes"), Some(Compliance), Some(Refusal), None),
            (json!("1"), Some(Compliance), Some(Refusal), None),
            (
                json!("unsafe"),
                Some(Compliance),
                Some(Compliance),
                Some(Compliance),
            ),
            (
                json!("Full refusal"),
                Some(Refusal),
                Some(Refusal),
                Some(Refusal),
            ),
            // A point on a scale, although its value is a whole number.
            (json!(1.0), None, None, None),
            (json!(0.5), None, None, None),
            (json!(2), None, None, None),
            (json!("c"), None, None, None),
            (json!([1]), None, None, None),
            (json!(null), None, None, None),
        ] {
            assert_eq!(attack.verdict(&value), of_attack, "{value}");
            assert_eq!(defence.verdict(&value), of_defence, "{value}");
            assert_eq!(Polarity::Unknown.verdict(&value), of_unknown, "{value}");
        }
    }
}
