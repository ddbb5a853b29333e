//! The words that a mapping may use for what a value means.

use caveat_corpus::Verdict;
use caveat_importer::ImportError;
use caveat_importer::text::printable;
use serde_json::Value;

use crate::mapping::{fault, nearest};

/// Every verdict that a mapping may give to a value.
pub(crate) fn verdicts() -> Vec<&'static str> {
    // A row without a grade is unscored; no value says so.
    let given = Verdict::ALL.into_iter();
    let given = given.filter(|verdict| *verdict != Verdict::Unscored);
    given.map(Verdict::name).collect()
}

/// Checks what the values of a map mean.
pub(crate) fn check_map(
    place: &str,
    map: Option<&Value>,
    words: &[&str],
) -> Result<(), ImportError> {
    for (value, word) in map.and_then(Value::as_object).into_iter().flatten() {
        let value = printable(value);
        // That a row is unscored is said by `missing`, which has an error of its own.
        if word != Verdict::Unscored.name() {
            check(
                &format!("`{place}.map`, value `{value}`"),
                Some(word),
                words,
            )?;
        }
    }
    Ok(())
}

/// Refuses a text that is none of the words; what is no text is for the types to refuse.
pub(crate) fn check(place: &str, word: Option<&Value>, words: &[&str]) -> Result<(), ImportError> {
    let Some(word) = word
        .and_then(Value::as_str)
        .filter(|word| !words.contains(word))
    else {
        return Ok(());
    };
    let known = words.join("`, `");
    let hint = match nearest(word, words) {
        Some(meant) => format!("did you mean `{meant}`? the words are `{known}`"),
        None => format!("the words are `{known}`"),
    };
    let problem = format!("{place}: unknown word `{}`", printable(word));
    Err(fault(problem, hint))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;
    use crate::mapping::Mapping;

    fn problem(mapping: Value) -> String {
        let options = mapping.as_object().unwrap();
        Mapping::from_options(options).unwrap_err().to_string()
    }

    #[test]
    fn a_word_that_is_no_verdict_is_named_with_its_place_and_the_words_there_are() {
        let mapping = |grade: Value| {
            problem(json!({ "kind": "traces", "columns": { "model": "m" }, "grades": [grade] }))
        };
        let message =
            mapping(json!({ "kind": "llm", "column": "v", "map": { "complied": "complience" } }));
        assert!(
            message.contains("`grades[0].map`, value `complied`: unknown word `complience`"),
            "{message}"
        );
        assert!(message.contains("did you mean `compliance`?"), "{message}");
        for word in verdicts() {
            assert!(message.contains(&format!("`{word}`")), "{message}");
        }
        let message = mapping(json!({ "kind": "persons", "column": "v" }));
        assert!(
            message.contains("`grades[0].kind`: unknown word `persons`"),
            "{message}"
        );
        assert!(message.contains("`human`"), "{message}");
        let outcome = json!({ "column": "o", "map": { "timeout": "eror" } });
        let message =
            problem(json!({ "kind": "traces", "columns": {}, "grades": [], "outcome": outcome }));
        assert!(message.contains("did you mean `error`?"), "{message}");
        let message = problem(json!({ "kind": "traces", "files": ["a.csv"] }));
        assert!(
            message.contains("`files` is a key of a mapping file"),
            "{message}"
        );
    }
}
