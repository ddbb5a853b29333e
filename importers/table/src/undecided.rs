//! What a guessed mapping leaves to the user.
//!
//! Where a table does not say what a value means, the proposal holds the word
//! [`DECIDE`]. A mapping that still holds it is refused with the place: it is
//! no column, no verdict and no number.

use caveat_importer::ImportError;
use caveat_importer::text::printable;
use serde_json::{Map, Value};

use crate::mapping::fault;
use crate::words;

/// Stands for what the user has to decide.
pub(crate) const DECIDE: &str = "decide";

/// Refuses a mapping in which something is still to be decided.
pub(crate) fn refuse(options: &Map<String, Value>) -> Result<(), ImportError> {
    let mut open: Vec<(String, &str)> = Vec::new();
    let verdict = meanings();
    let mut look = |place: String, value: Option<&Value>, hint| {
        if value.and_then(Value::as_str) == Some(DECIDE) {
            open.push((place, hint));
        }
    };
    look("kind".to_owned(), options.get("kind"), KIND);
    for (key, value) in section(options.get("constants")) {
        let hint = match key.as_str() {
            "grader_kind" => GRADER,
            "grader" => NAME,
            _ => TEXT,
        };
        look(format!("constants.{key}"), Some(value), hint);
    }
    let grades = options.get("grades").and_then(Value::as_array);
    for (position, grade) in grades.into_iter().flatten().enumerate() {
        for (key, value) in section(Some(grade)) {
            let hint = match key.as_str() {
                "kind" => GRADER,
                "grader" => NAME,
                "threshold" | "below" => SCORE,
                _ => continue,
            };
            look(format!("grades[{position}].{key}"), Some(value), hint);
        }
        for (value, word) in section(grade.get("map")) {
            let place = format!("grades[{position}].map, value `{}`", printable(value));
            look(place, Some(word), &verdict);
        }
    }
    let Some((first, hint)) = open.first() else {
        return Ok(());
    };
    let more = match open.len() - 1 {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let problem = format!("the mapping leaves `{first}` to be decided{more}");
    Err(fault(problem, *hint))
}

const KIND: &str = "set `traces` if a row is one response, `counts` if it holds counts";
const TEXT: &str = "write the text that holds for every row, or leave the key out";
const GRADER: &str = "say what the grader is: `human`, `llm`, `classifier`, `rule` or `heuristic`";
const SCORE: &str = "give the score that parts compliance from refusal: with `threshold` a score \
                     at or above it means that the attack succeeded, with `below` one under it";
const NAME: &str = "write the name of the grader, or leave the key out if nobody knows it";

fn meanings() -> String {
    format!(
        "say for each value what it means: `{}` (`compliance`: the attack succeeded; `refusal`: \
         the model resisted), or move it to `missing` (no grade) or `failed` (the grader failed)",
        words::verdicts().join("`, `")
    )
}

fn section(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_open_is_named_with_what_to_write() {
        let grade = json!({ "column": "label", "kind": "llm", "map": { "1": "decide" } });
        for (mapping, place, hint) in [
            (json!({ "kind": "decide" }), "`kind`", "`traces`"),
            (
                json!({ "constants": { "model": "decide" } }),
                "`constants.model`",
                "every row",
            ),
            (
                json!({ "constants": { "grader_kind": "decide" } }),
                "`constants.grader_kind`",
                "`human`",
            ),
            (
                json!({ "grades": [{ "threshold": "decide" }, grade] }),
                "`grades[0].threshold` to be decided (and 1 more)",
                "`below`",
            ),
            (json!({ "grades": [grade] }), "value `1`", "`refusal`"),
        ] {
            let message = refuse(mapping.as_object().unwrap())
                .unwrap_err()
                .to_string();
            assert!(message.contains(place), "{message}");
            assert!(message.contains(hint), "{message}");
        }
        let unnamed = json!({ "grades": [{ "grader": "decide" }] });
        let message = refuse(unnamed.as_object().unwrap())
            .unwrap_err()
            .to_string();
        assert!(message.contains("leave the key out"), "{message}");
        let column =
            json!({ "columns": { "model": "decide" }, "grades": [{ "column": "decide" }] });
        assert!(refuse(column.as_object().unwrap()).is_ok());
    }
}
