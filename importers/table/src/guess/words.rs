//! Names that tables give to their columns, and words that they use for verdicts.
//!
//! The lists are those of the importer's page. A word is here only where it
//! means the same in every table; what could mean either is left to the user.

use caveat_corpus::Verdict;

use crate::mapping::Field;

/// Names of columns, per field of a table of traces, the likelier first.
pub(super) const FIELDS: &[(Field, &[&str])] = &[
    (
        Field::Model,
        &[
            "model",
            "victim_model",
            "target_model",
            "model_name",
            "model_id",
            "target",
        ],
    ),
    (Field::Provider, &["provider", "vendor", "maker"]),
    (
        Field::Size,
        &[
            "size",
            "size_b",
            "size_billion",
            "size_billions",
            "model_size",
            "model_size_b",
            "params",
            "params_b",
            "params_billion",
            "params_billions",
            "params_total_b",
            "parameters",
            "parameters_b",
            "parameters_billion",
            "parameters_billions",
            "n_params",
            "num_params",
            "n_parameters",
            "num_parameters",
            "param_count",
            "parameter_count",
        ],
    ),
    (
        Field::Prompt,
        &[
            "prompt",
            "forbidden_prompt",
            "goal",
            "question",
            "input",
            "jailbroken_prompt",
            "attack_prompt",
            "user_prompt",
            "behavior",
            "instruction",
            "query",
            "prompt_text",
        ],
    ),
    (
        Field::Response,
        &[
            "response",
            "output",
            "completion",
            "generation",
            "answer",
            "reply",
            "model_response",
            "model_output",
            "response_text",
            "reply_text",
        ],
    ),
    (
        Field::PromptId,
        &[
            "prompt_id",
            "question_id",
            "behavior_id",
            "goal_id",
            "item_id",
        ],
    ),
    (Field::Dataset, &["dataset", "data_set", "benchmark"]),
    (
        Field::Technique,
        &[
            "technique",
            "jailbreak",
            "attack",
            "attack_method",
            "method",
            "strategy",
        ],
    ),
    (
        Field::AttackFamily,
        &["attack_family", "attack_type", "family"],
    ),
    (
        Field::HarmCategory,
        &[
            "harm_category",
            "category",
            "semantic_category",
            "risk_category",
            "harm",
            "topic",
        ],
    ),
    (Field::RunId, &["run_id", "run", "experiment_id"]),
    (
        Field::RecordId,
        &["record_id", "id", "row_id", "sample_id", "uuid"],
    ),
    (
        Field::Attempt,
        &[
            "attempt",
            "trial",
            "epoch",
            "repeat",
            "generation_index",
            "iteration",
        ],
    ),
    (Field::Turns, &["turns", "n_turns", "num_turns"]),
    (
        Field::ObservedAt,
        &[
            "observed_at",
            "time",
            "timestamp",
            "date",
            "created_at",
            "datetime",
        ],
    ),
    (Field::PromptTokens, &["prompt_tokens", "input_tokens"]),
    (
        Field::ResponseTokens,
        &["response_tokens", "completion_tokens", "output_tokens"],
    ),
    (Field::DurationMs, &["duration_ms", "latency_ms"]),
];

/// Names of columns that make a table one of counts.
pub(super) const COUNTS: &[(Field, &[&str])] = &[
    (
        Field::N,
        &[
            "n",
            "n_prompts",
            "n_total",
            "total",
            "n_behaviors",
            "n_traces",
            "count",
            "trials",
        ],
    ),
    (
        Field::Succeeded,
        &[
            "succeeded",
            "n_succeeded",
            "n_success",
            "successes",
            "n_successes",
            "n_fulfilled",
            "n_unsafe",
            "n_jailbroken",
            "n_complied",
            "success_count",
        ],
    ),
    (Field::Partial, &["partial", "n_partial"]),
];

/// Fields that a table of counts shares with one of traces.
pub(super) const SHARED: &[Field] = &[
    Field::Model,
    Field::Provider,
    Field::Size,
    Field::Dataset,
    Field::Technique,
    Field::AttackFamily,
    Field::HarmCategory,
    Field::ObservedAt,
];

/// Names of columns that name a grader.
pub(super) const GRADERS: &[&str] = &[
    "grader",
    "judge",
    "evaluator",
    "scorer",
    "annotator",
    "grader_name",
    "judge_model",
    "judge_name",
];

/// Names of columns that hold a judgement.
pub(super) const VERDICTS: &[&str] = &[
    "verdict",
    "label",
    "jailbroken",
    "unsafe",
    "success",
    "is_safe",
    "refused",
    "is_jailbroken",
    "is_unsafe",
    "safe",
    "refusal",
    "is_refusal",
    "is_refused",
    "complied",
    "attack_success",
    "attack_succeeded",
    "attack_successful",
    "judgement",
    "judgment",
    "classification",
    "grade",
    "result",
    "passed",
    "pass",
    "harmful",
    "is_harmful",
    "flagged",
];

/// Names of columns that hold a score.
pub(super) const SCORES: &[&str] = &[
    "score",
    "harm_score",
    "strongreject_score",
    "strongreject",
    "safety_score",
    "judge_score",
    "rating",
    "toxicity",
    "harmfulness",
];

/// Names of columns that may say why there is no reply.
pub(super) const OUTCOMES: &[&str] =
    &["outcome", "status", "finish_reason", "stop_reason", "error"];

/// Columns whose `true` says that the attack succeeded.
const TRUE_IS_SUCCESS: &[&str] = &[
    "jailbroken",
    "is_jailbroken",
    "unsafe",
    "is_unsafe",
    "complied",
    "attack_success",
    "attack_succeeded",
    "attack_successful",
];

/// Columns whose `true` says that the model resisted.
const TRUE_IS_DEFENCE: &[&str] = &[
    "is_safe",
    "safe",
    "refused",
    "refusal",
    "is_refusal",
    "is_refused",
];

const YES: &[&str] = &["true", "1", "1.0", "yes", "y", "t"];
const NO: &[&str] = &["false", "0", "0.0", "no", "n", "f"];

const SUCCESS: &[&str] = &[
    "unsafe",
    "jailbroken",
    "complied",
    "compliance",
    "full_compliance",
    "attack_succeeded",
];
const DEFENCE: &[&str] = &[
    "safe",
    "refused",
    "refusal",
    "refuse",
    "full_refusal",
    "defended",
];
const PARTIAL: &[&str] = &["partial", "partial_compliance", "partially_complied"];
const MISSING: &[&str] = &["n/a", "na", "none", "null", "nan", "-"];
const FAILED: &[&str] = &["parse_error", "grader_error", "judge_error"];

/// What a value of a judgement means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Verdict(Verdict),
    /// There is no grade.
    Missing,
    /// The grader failed.
    Failed,
    Open,
}

/// What a value in a column of this name means.
pub(super) fn meaning(column: &str, value: &str) -> Meaning {
    let name = last_name(column);
    let word = normal(value);
    let is_in = |list: &[&str]| list.contains(&word.as_str());
    let plain = value.trim().to_lowercase();
    if MISSING.contains(&plain.as_str()) {
        return Meaning::Missing;
    }
    if is_in(FAILED) {
        return Meaning::Failed;
    }
    if is_in(SUCCESS) {
        return Meaning::Verdict(Verdict::Compliance);
    }
    if is_in(DEFENCE) {
        return Meaning::Verdict(Verdict::Refusal);
    }
    if is_in(PARTIAL) {
        return Meaning::Verdict(Verdict::Partial);
    }
    let truth = match (YES.contains(&plain.as_str()), NO.contains(&plain.as_str())) {
        (true, _) => true,
        (_, true) => false,
        _ => return Meaning::Open,
    };
    let succeeded = if TRUE_IS_SUCCESS.contains(&name.as_str()) {
        truth
    } else if TRUE_IS_DEFENCE.contains(&name.as_str()) {
        !truth
    } else {
        return Meaning::Open;
    };
    Meaning::Verdict(if succeeded {
        Verdict::Compliance
    } else {
        Verdict::Refusal
    })
}

/// Whether a value is a truth value, in any spelling.
pub(super) fn is_truth(value: &str) -> bool {
    let plain = value.trim().to_lowercase();
    YES.contains(&plain.as_str()) || NO.contains(&plain.as_str())
}

/// Whether a column on the first level is a model, a prompt or a response by its name.
pub(super) fn is_of_a_trace(column: &str) -> bool {
    let name = normal(column);
    let mut fields = FIELDS
        .iter()
        .filter(|(field, _)| matches!(field, Field::Model | Field::Prompt | Field::Response));
    !column.contains('.') && fields.any(|(_, names)| names.contains(&name.as_str()))
}

/// The last name of a path, in lower case with `_` between words.
pub(super) fn last_name(column: &str) -> String {
    let names = column.rsplit('.');
    let mut words = names.filter(|name| name.parse::<usize>().is_err());
    normal(words.next().unwrap_or(column))
}

/// A name in lower case with `_` between words: `Victim Model`, `victimModel`, `Size (B)`.
pub(super) fn normal(name: &str) -> String {
    let mut normal = String::new();
    let mut after_small = false;
    for character in name.trim().chars() {
        if character.is_alphanumeric() {
            if character.is_uppercase() && after_small {
                normal.push('_');
            }
            after_small = character.is_lowercase();
            normal.extend(character.to_lowercase());
        } else {
            after_small = false;
            if !normal.ends_with('_') {
                normal.push('_');
            }
        }
    }
    normal.truncate(normal.trim_end_matches('_').len());
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_whatever_their_spelling() {
        for name in [
            "victim_model",
            "Victim Model",
            "victimModel",
            " VICTIM-MODEL ",
        ] {
            assert_eq!(normal(name), "victim_model");
        }
        assert_eq!(normal("Size (B)"), "size_b");
        assert_eq!(last_name("grades.0.label"), "label");
        assert_eq!(last_name("votes.0"), "votes");
        assert_eq!(last_name("0"), "0");
    }

    #[test]
    fn a_value_is_given_a_meaning_only_where_it_has_one() {
        let success = Meaning::Verdict(Verdict::Compliance);
        let defence = Meaning::Verdict(Verdict::Refusal);
        for (column, value, expected) in [
            ("jailbroken", "True", success),
            ("grades.0.is_safe", "1", defence),
            ("refused", "no", success),
            ("label", "unsafe", success),
            ("anything", "Refused", defence),
            ("success", "true", Meaning::Open),
            ("label", "1", Meaning::Open),
            ("harmful", "1", Meaning::Open),
            ("passed", "yes", Meaning::Open),
            ("label", "harmful", Meaning::Open),
            ("label", "N/A", Meaning::Missing),
            ("label", "parse error", Meaning::Failed),
            ("label", "partial", Meaning::Verdict(Verdict::Partial)),
        ] {
            assert_eq!(meaning(column, value), expected, "{column} {value}");
        }
    }
}
