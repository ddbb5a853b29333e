//! What kind of grader an assertion type is.
//!
//! The list follows the assertion types of promptfoo's documentation. A type
//! that is not listed counts as a fixed rule, the least claim there is.

use caveat_corpus::GraderKind;

/// Types whose judgement a language model gives.
const LANGUAGE_MODELS: &[&str] = &[
    "agent-rubric",
    "answer-relevance",
    "context-faithfulness",
    "context-recall",
    "context-relevance",
    "conversation-relevance",
    "factuality",
    "g-eval",
    "llm-rubric",
    "model-graded-closedqa",
    "model-graded-factuality",
    "pi",
    "search-rubric",
    "select-best",
    "trajectory:goal-success",
];

/// Types that a trained classifier answers.
const CLASSIFIERS: &[&str] = &["classifier", "guardrails", "moderation"];

/// Types that look for words or for likeness.
const HEURISTICS: &[&str] = &[
    "bleu",
    "gleu",
    "is-refusal",
    "levenshtein",
    "meteor",
    "perplexity",
    "perplexity-score",
    "rouge-n",
    "similar",
];

/// Prefix of the graders of red-team plugins.
pub(crate) const RED_TEAM: &str = "promptfoo:redteam:";

/// The kind of an assertion type, negated or not.
pub(crate) fn kind(assertion_type: &str) -> GraderKind {
    let base = assertion_type
        .strip_prefix("not-")
        .unwrap_or(assertion_type);
    // `similar:cosine` and the like name a measure after the colon.
    let family = base.split(':').next().unwrap_or(base);
    if base == "human" {
        GraderKind::Human
    } else if base.starts_with(RED_TEAM) || LANGUAGE_MODELS.contains(&base) {
        GraderKind::Llm
    } else if CLASSIFIERS.contains(&base) {
        GraderKind::Classifier
    } else if HEURISTICS.contains(&base) || HEURISTICS.contains(&family) {
        GraderKind::Heuristic
    } else {
        GraderKind::Rule
    }
}

/// The more trusted of two kinds, in the order of [`GraderKind::ALL`].
pub(crate) fn more_trusted(a: GraderKind, b: GraderKind) -> GraderKind {
    GraderKind::ALL
        .into_iter()
        .find(|kind| *kind == a || *kind == b)
        .unwrap_or(a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assertion_types_have_their_kind_negated_or_not() {
        for (name, expected) in [
            ("llm-rubric", GraderKind::Llm),
            ("not-llm-rubric", GraderKind::Llm),
            ("promptfoo:redteam:harmful:privacy", GraderKind::Llm),
            ("not-contains", GraderKind::Rule),
            ("javascript", GraderKind::Rule),
            ("similar:cosine", GraderKind::Heuristic),
            ("is-refusal", GraderKind::Heuristic),
            ("moderation", GraderKind::Classifier),
            ("human", GraderKind::Human),
            ("something-new", GraderKind::Rule),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }

    #[test]
    fn a_language_model_is_trusted_more_than_a_rule() {
        assert_eq!(
            more_trusted(GraderKind::Rule, GraderKind::Llm),
            GraderKind::Llm
        );
        assert_eq!(
            more_trusted(GraderKind::Human, GraderKind::Llm),
            GraderKind::Human
        );
    }
}
