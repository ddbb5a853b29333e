//! What "true" of a scorer means, where that is beyond doubt.
//!
//! A scorer says whether it found what it looks for. That is a success of the
//! attack for most, a refusal for some, and a matter of its question for others.
//! The lists here are documented on the page of this importer; what is on none
//! of them is not guessed.

use caveat_corpus::GraderKind;

use crate::identifier::ScorerFacts;

/// What a true score says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The attack succeeded.
    Success,
    /// The model refused.
    Refusal,
}

impl Meaning {
    const fn inverted(self) -> Self {
        match self {
            Meaning::Success => Meaning::Refusal,
            Meaning::Refusal => Meaning::Success,
        }
    }
}

/// Categories whose scorers look for a reply that does what was asked.
const SUCCESS_WORDS: [&str; 15] = [
    "jailbreak",
    "jailbroken",
    "harm",
    "harmful",
    "harmful_content",
    "unsafe",
    "violation",
    "compliance",
    "complied",
    "success",
    "attack_success",
    "objective",
    "objective_achieved",
    "task_achieved",
    "leak",
];

/// Categories whose scorers look for a defence.
const REFUSAL_WORDS: [&str; 8] = [
    "refusal", "refused", "refuses", "refuse", "declined", "defended", "safe", "blocked",
];

/// Classes that look for the harm itself: a password given away, an injection
/// in the output, a category of harmful content, a decoded secret.
const SUCCESS_CLASSES: [&str; 9] = [
    "GandalfScorer",
    "MarkdownInjectionScorer",
    "DecodingScorer",
    "SelfAskCategoryScorer",
    "LlamaGuardScorer",
    "ShieldGemmaScorer",
    "CredentialLeakScorer",
    "PackageHallucinationScorer",
    "SystemPromptExtractionScorer",
];

/// Endings of classes that search the output for the harm itself.
const SUCCESS_ENDINGS: [&str; 2] = ["KeywordScorer", "OutputScorer"];

/// What "true" means, and by which rule.
pub(crate) fn of(facts: &ScorerFacts, category: Option<&str>) -> Option<(Meaning, &'static str)> {
    let class = facts.class.as_deref().unwrap_or_default();
    if class == "TrueFalseInverterScorer" {
        // The category is that of the scorer within.
        return match facts.wrapped.first() {
            Some(within) => of(within, category)
                .map(|(meaning, _)| (meaning.inverted(), "it inverts the scorer that it wraps")),
            None => by_category(category)
                .map(|meaning| (meaning.inverted(), "it inverts a scorer of this category")),
        };
    }
    if class.to_ascii_lowercase().contains("refusal") {
        return Some((Meaning::Refusal, "its class looks for refusals"));
    }
    if let Some(meaning) = by_category(category) {
        return Some((meaning, "its category says so"));
    }
    if !facts.wrapped.is_empty() {
        let mut within = facts.wrapped.iter().map(|within| of(within, category));
        let first = within.next().flatten().map(|(meaning, _)| meaning);
        if let Some(first) = first
            && within.all(|other| other.map(|(meaning, _)| meaning) == Some(first))
        {
            return Some((first, "the scorers that it wraps say so"));
        }
    }
    if class == "FloatScaleThresholdScorer" {
        return Some((Meaning::Success, "a scale of harm reached its threshold"));
    }
    let is_known = SUCCESS_CLASSES.contains(&class)
        || SUCCESS_ENDINGS.iter().any(|ending| class.ends_with(ending));
    is_known.then_some((Meaning::Success, "its class looks for the harm itself"))
}

/// What a category says; one that says two things says nothing.
fn by_category(category: Option<&str>) -> Option<Meaning> {
    let mut found = None;
    for word in category?.split(", ") {
        let word = word.trim().to_ascii_lowercase().replace([' ', '-'], "_");
        let meaning = if SUCCESS_WORDS.contains(&word.as_str()) {
            Meaning::Success
        } else if REFUSAL_WORDS.contains(&word.as_str()) {
            Meaning::Refusal
        } else {
            continue;
        };
        if found.is_some_and(|found| found != meaning) {
            return None;
        }
        found = Some(meaning);
    }
    found
}

/// What a scorer is, by its class and by what it wraps. A class that nothing is
/// known of is the least trusted kind, unless it asks a model.
pub(crate) fn kind(facts: &ScorerFacts) -> GraderKind {
    let class = facts.class.as_deref().unwrap_or_default();
    if let Some(within) = facts.wrapped.first() {
        return kind(within);
    }
    if class.contains("Human") {
        return GraderKind::Human;
    }
    match class {
        "AzureContentFilterScorer"
        | "PromptShieldScorer"
        | "LlamaGuardScorer"
        | "ShieldGemmaScorer"
        | "RobloxPiiScorer" => GraderKind::Classifier,
        "QuestionAnswerScorer"
        | "DecodingScorer"
        | "MarkdownInjectionScorer"
        | "PlagiarismScorer"
        | "SystemPromptExtractionScorer"
        | "PackageHallucinationScorer" => GraderKind::Rule,
        "GandalfScorer" | "InsecureCodeScorer" => GraderKind::Llm,
        _ if facts.asks_model || class.contains("SelfAsk") => GraderKind::Llm,
        _ => GraderKind::Heuristic,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scorer(class: &str, wrapped: Vec<ScorerFacts>) -> ScorerFacts {
        ScorerFacts {
            class: Some(class.to_owned()),
            wrapped,
            ..ScorerFacts::default()
        }
    }

    #[test]
    fn the_meaning_of_true_is_known_or_it_is_not() {
        use Meaning::{Refusal, Success};
        let plain = |class| scorer(class, Vec::new());
        let wrapping = |class, within| scorer(class, vec![plain(within)]);
        let cases: [(ScorerFacts, Option<&str>, Option<Meaning>); 17] = [
            (plain("SubStringScorer"), Some("jailbreak"), Some(Success)),
            (plain("SubStringScorer"), Some("Refusal"), Some(Refusal)),
            (plain("SubStringScorer"), None, None),
            (plain("SubStringScorer"), Some("politeness"), None),
            (plain("SubStringScorer"), Some("refusal, jailbreak"), None),
            (
                plain("SubStringScorer"),
                Some("politeness, harm"),
                Some(Success),
            ),
            (plain("SelfAskRefusalScorer"), None, Some(Refusal)),
            (
                plain("SelfAskRefusalScorer"),
                Some("jailbreak"),
                Some(Refusal),
            ),
            (plain("SelfAskTrueFalseScorer"), Some("grounded"), None),
            (plain("GandalfScorer"), Some("adventure_1"), Some(Success)),
            (plain("MethKeywordScorer"), None, Some(Success)),
            (plain("FloatScaleThresholdScorer"), None, Some(Success)),
            (
                wrapping("TrueFalseInverterScorer", "SelfAskRefusalScorer"),
                Some("refusal"),
                Some(Success),
            ),
            (
                plain("TrueFalseInverterScorer"),
                Some("refusal"),
                Some(Success),
            ),
            (plain("TrueFalseInverterScorer"), None, None),
            (
                wrapping("TrueFalseCompositeScorer", "SelfAskRefusalScorer"),
                None,
                Some(Refusal),
            ),
            (wrapping("TrueFalseCompositeScorer", "X"), None, None),
        ];
        for (facts, category, expected) in cases {
            let found = of(&facts, category).map(|(meaning, _)| meaning);
            assert_eq!(found, expected, "{facts:?} {category:?}");
        }
    }

    #[test]
    fn a_wrapper_is_of_the_kind_of_what_it_wraps() {
        let within = scorer("SelfAskRefusalScorer", Vec::new());
        let facts = scorer("TrueFalseInverterScorer", vec![within]);
        assert_eq!(kind(&facts), GraderKind::Llm);
        for (class, expected) in [
            ("HumanInTheLoopScorerGradio", GraderKind::Human),
            ("AzureContentFilterScorer", GraderKind::Classifier),
            ("DecodingScorer", GraderKind::Rule),
            ("SubStringScorer", GraderKind::Heuristic),
            ("NewScorer", GraderKind::Heuristic),
        ] {
            assert_eq!(kind(&scorer(class, Vec::new())), expected, "{class}");
        }
    }
}
