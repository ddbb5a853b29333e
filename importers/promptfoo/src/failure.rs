//! Tells a grader that failed from an assertion that failed.
//!
//! Both have `pass: false` in the file. Recent versions mark a failed grader in
//! the metadata; older ones only in the text of the reason, which begins with
//! words of promptfoo's own. Only the beginning is looked at: a reason that a
//! language model wrote may quote any of them further on.

use serde_json::Value;

/// Beginnings that promptfoo writes when a grader, whatever its kind, failed.
const BEGINNINGS: &[&str] = &[
    "Could not extract JSON from ",
    "Could not perform remote grading",
    "Custom function threw error",
    "Error parsing output",
    "Factuality checker output did not match expected format",
    "G-Eval evaluation call to ",
    "G-Eval result has invalid or missing ",
    "G-Eval result score ",
    "G-Eval step-generation call to ",
    "G-Eval steps response ",
    "Grader returned no ",
    "Invalid category value",
    "Invalid regex pattern",
    "Invalid select-best verdict",
    "LLM does not propose any evaluation step",
    "LLM-proposed evaluation result is not in JSON format",
    "LLM-proposed evaluation result response is not a string",
    "LLM-proposed evaluation steps are not in JSON format",
    "LLM-proposed evaluation steps response is not a string",
    "METEOR assertion requires ",
    "Model grader produced a malformed response",
    "Moderation API error",
    "Python code execution failed",
    "Remote grading failed",
    "Ruby code execution failed",
    "Scoring function error",
    "Search rubric evaluation failed",
    "Unknown error fetching ",
    "Webhook error",
];

/// Beginnings that are an error only where a model or a service was asked: a
/// reason written by a function of the user may begin so for another cause.
const ANSWERS: &[&str] = &[
    "API call error",
    "API error",
    "API response error",
    "Embedding not found",
    "Error: ",
    "No embedding",
    "No output",
    "Request timed out",
];

/// How far into a reason the name of a grader may reach.
const MAX_NAME_BYTES: usize = 60;

/// Whether a component, or the result as a whole, reports a grader that failed.
///
/// `asks_a_service`: the assertion's judgement comes from a model or a service.
pub(crate) fn grader_failed(graded: &Value, asks_a_service: bool) -> bool {
    let marked = graded.pointer("/metadata/graderError");
    if marked.and_then(Value::as_bool) == Some(true) {
        return true;
    }
    let reason = graded.get("reason").and_then(Value::as_str);
    reason.is_some_and(|reason| reason_of_failure(reason, asks_a_service))
}

/// Whether a reason begins as promptfoo's own words for a grader that failed.
pub(crate) fn reason_of_failure(reason: &str, asks_a_service: bool) -> bool {
    let begins = |list: &[&str]| list.iter().any(|start| reason.starts_with(start));
    begins(BEGINNINGS)
        || (asks_a_service && begins(ANSWERS))
        || malformed(reason)
        || criterion(reason)
}

/// "`llm-rubric` produced malformed response", with the grader's name in front.
fn malformed(reason: &str) -> bool {
    reason
        .find(" produced malformed response")
        .is_some_and(|start| start <= MAX_NAME_BYTES && !reason[..start].contains('\n'))
}

/// "G-Eval criterion 1/2 (…) failed: " and the reason of the failure.
fn criterion(reason: &str) -> bool {
    reason.starts_with("G-Eval criterion ") && reason.contains(" failed: ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_words_of_a_failed_grader_are_known_by_their_beginning() {
        for reason in [
            "Could not extract JSON from llm-rubric response",
            "Custom function threw error: x\nStack Trace: y",
            "llm-rubric produced malformed response: SyntaxError",
            "Python code execution failed: exit 1",
            "G-Eval criterion 1/2 (\"a\") failed: No output",
        ] {
            assert!(reason_of_failure(reason, false), "{reason}");
        }
        for reason in [
            "The reply said: Could not extract JSON from llm-rubric response",
            "Expected output to not contain \"COMPLY\"",
            "Aggregate score 0.20 < 0.5 threshold",
            "",
        ] {
            assert!(!reason_of_failure(reason, true), "{reason}");
        }
    }

    #[test]
    fn an_error_of_a_service_counts_only_where_one_was_asked() {
        assert!(reason_of_failure("API error: 500", true));
        assert!(!reason_of_failure("API error: 500", false));
    }

    #[test]
    fn the_mark_of_recent_versions_is_believed() {
        let marked = json!({"reason": "anything", "metadata": {"graderError": true}});
        assert!(grader_failed(&marked, false));
        assert!(!grader_failed(
            &json!({"metadata": {"graderError": "true"}}),
            false
        ));
    }
}
