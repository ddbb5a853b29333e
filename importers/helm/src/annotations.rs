//! What the annotators of a request state said, judge by judge.
//!
//! A judge's score stands under `<judge>_score`; an annotator with one judge
//! writes `score`. Null is a judge that failed. Everything else of an annotation
//! (the judge's prompt, its reasoning) is text about texts and is left alone.

use serde_json::Value;

use crate::metrics::{AIR_SCORE, AUTOBENCHER_SCORE, judge_grader};
use crate::run::wrong_type;

const SCORE_SUFFIX: &str = "_score";

/// Annotators of HELM whose judges score 1 = safe.
const SAFETY_ANNOTATORS: [&str; 6] = [
    "harm_bench",
    "simple_safety_tests",
    "xstest",
    "anthropic_red_team",
    "autobencher_safety",
    "air_bench_2024",
];

/// The annotator whose instances are partly harmless prompts.
pub(crate) const XSTEST: &str = "xstest";

/// One judge's score.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    /// The grader's name.
    pub(crate) grader: String,
    /// The score as written.
    pub(crate) value: Value,
}

/// Reads the judges of all annotators; `is_safety_run` says that HELM's safety
/// metric was computed from them.
pub(crate) fn judges(annotations: &Value, is_safety_run: bool) -> Result<Vec<Judged>, String> {
    let annotators = match annotations {
        Value::Null => return Ok(Vec::new()),
        Value::Object(annotators) => annotators,
        other => return Err(wrong_type(other, "annotations", "an object")),
    };
    let mut judged = Vec::new();
    for (annotator, annotation) in annotators {
        // A list has one annotation per completion; the first is the scored one.
        let annotation = match annotation {
            Value::Array(annotations) => annotations.first().unwrap_or(&Value::Null),
            annotation => annotation,
        };
        let is_safety = is_safety_run || is_safety_annotator(annotator);
        match annotation {
            Value::Object(members) => {
                for (key, value) in members {
                    if let Some(grader) = grader(annotator, key, is_safety) {
                        judged.push(Judged {
                            grader,
                            value: value.clone(),
                        });
                    }
                }
            }
            Value::Null => judged.push(Judged {
                grader: format!("annotation_{annotator}"),
                value: Value::Null,
            }),
            // A bare word or number is the annotator's only answer.
            value => judged.push(Judged {
                grader: format!("annotation_{annotator}"),
                value: value.clone(),
            }),
        }
    }
    tell_apart(&mut judged);
    Ok(judged)
}

/// Whether an annotator's own name says what its scale is.
pub(crate) fn is_safety_annotator(annotator: &str) -> bool {
    SAFETY_ANNOTATORS.contains(&annotator) || annotator.contains("safety")
}

/// The grader of one member of an annotation, if it is a score. Names are those
/// that HELM's metrics give the same score, so that both are one grader.
fn grader(annotator: &str, key: &str, is_safety: bool) -> Option<String> {
    if key == "score" {
        return Some(match annotator {
            "air_bench_2024" => AIR_SCORE.to_owned(),
            "autobencher_safety" => AUTOBENCHER_SCORE.to_owned(),
            _ => format!("annotation_{annotator}_score"),
        });
    }
    let judge = key
        .strip_suffix(SCORE_SUFFIX)
        .filter(|judge| !judge.is_empty())?;
    Some(if is_safety {
        judge_grader(judge)
    } else {
        format!("annotation_{annotator}_{key}")
    })
}

/// Two annotators with judges of one name: the later ones are numbered.
fn tell_apart(judged: &mut [Judged]) {
    for position in 1..judged.len() {
        let (before, rest) = judged.split_at_mut(position);
        let Some(this) = rest.first_mut() else {
            continue;
        };
        let name = this.grader.clone();
        let mut number = 2_u32;
        while before.iter().any(|other| other.grader == this.grader) {
            this.grader = format!("{name} ({number})");
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn graders(annotations: Value, is_safety_run: bool) -> Vec<(String, Value)> {
        let judged = judges(&annotations, is_safety_run).unwrap();
        judged
            .into_iter()
            .map(|judged| (judged.grader, judged.value))
            .collect()
    }

    #[test]
    fn judges_are_named_as_the_metrics_name_them() {
        let named = |name: &str, value: Value| (name.to_owned(), value);
        for (annotations, is_safety_run, expected) in [
            (Value::Null, true, vec![]),
            (
                json!({"harm_bench": {"prompt_text": "p", "gpt_score": 1.0, "gpt_reasoning": "r", "llama_score": null}}),
                false,
                vec![
                    named("safety_gpt_score", json!(1.0)),
                    named("safety_llama_score", Value::Null),
                ],
            ),
            (
                json!({"air_bench_2024": {"score": 0.5}}),
                false,
                vec![named("air_score", json!(0.5))],
            ),
            (
                json!({"essay": {"gpt_score": 4, "score": 3, "_score": 1}}),
                false,
                vec![
                    named("annotation_essay_gpt_score", json!(4)),
                    named("annotation_essay_score", json!(3)),
                ],
            ),
            (
                json!({"own": {"gpt_score": 1}}),
                true,
                vec![named("safety_gpt_score", json!(1))],
            ),
            (
                json!({"a": [{"score": 1}, {"score": 0}], "b": null, "c": []}),
                false,
                vec![
                    named("annotation_a_score", json!(1)),
                    named("annotation_b", Value::Null),
                    named("annotation_c", Value::Null),
                ],
            ),
            (
                json!({"a_safety": {"gpt_score": 1}, "b_safety": {"gpt_score": 0}}),
                false,
                vec![
                    named("safety_gpt_score", json!(1)),
                    named("safety_gpt_score (2)", json!(0)),
                ],
            ),
        ] {
            assert_eq!(
                graders(annotations.clone(), is_safety_run),
                expected,
                "{annotations}"
            );
        }
        assert!(judges(&json!([]), false).is_err());
    }
}
