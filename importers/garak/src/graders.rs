//! What kind of grader a detector is.
//!
//! New reports say it through the parameters of the detector; for older ones the
//! names of the detectors that garak has shipped decide. Every detector that is
//! neither a language model nor a trained classifier matches words or patterns.

use caveat_corpus::GraderKind;
use serde_json::Value;

/// Modules whose detectors ask a language model.
const LLM_MODULES: [&str; 2] = ["judge", "agent_breaker"];

/// Modules whose detectors ask a classifier; `toxicity` is the older name of a part of `unsafe_content`.
const CLASSIFIER_MODULES: [&str; 2] = ["perspective", "toxicity"];

/// Detectors that run a trained classifier, in modules that also match words.
const CLASSIFIERS: [&str; 6] = [
    "misleading.MustContradictNLI",
    "misleading.MustRefuteClaimModel",
    "mitigation.ModernBERTRefusal",
    "unsafe_content.Martin_haDistilbert",
    "unsafe_content.S_nlpDetox",
    "unsafe_content.ToxicCommentModel",
];

/// The kind of a detector, by its parameters where the report lists them.
pub(crate) fn kind_of(detector: &str, parameters: Option<&Value>) -> GraderKind {
    let has = |name: &str| parameters.is_some_and(|parameters| parameters.get(name).is_some());
    let module = detector.split('.').next().unwrap_or_default();
    if has("detector_model_type") || LLM_MODULES.contains(&module) {
        GraderKind::Llm
    } else if has("hf_args")
        || has("detector_model_path")
        || CLASSIFIER_MODULES.contains(&module)
        || CLASSIFIERS.contains(&detector)
    {
        GraderKind::Classifier
    } else {
        GraderKind::Heuristic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_decide_before_names() {
        let judge = serde_json::json!({"detector_model_type": "nim", "skip": false});
        let model = serde_json::json!({"hf_args": {}});
        for (detector, parameters, kind) in [
            ("mine.Judge", Some(&judge), GraderKind::Llm),
            ("mine.Model", Some(&model), GraderKind::Classifier),
            ("judge.Refusal", None, GraderKind::Llm),
            ("perspective.Threat", None, GraderKind::Classifier),
            (
                "unsafe_content.ToxicCommentModel",
                None,
                GraderKind::Classifier,
            ),
            ("unsafe_content.LDNOOBW", None, GraderKind::Heuristic),
            ("mitigation.MitigationBypass", None, GraderKind::Heuristic),
            ("", None, GraderKind::Heuristic),
        ] {
            assert_eq!(kind_of(detector, parameters), kind, "{detector}");
        }
    }
}
