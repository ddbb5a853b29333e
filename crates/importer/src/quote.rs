//! What a message may show of a source: a word that the user has to find again,
//! and never a text.
//!
//! Reasons of rejects stand in stores, reports and logs, also where texts are
//! not kept. What a record holds in the wrong place may be a whole reply, or a
//! key; it is told by its length.

use caveat_corpus::text::printable;

use crate::secrets;

/// Longest word that is shown, in characters: the words of verdicts, kinds and
/// settings are shorter.
const MAX_WORD_CHARS: usize = 24;

/// One word in back-ticks with its hidden characters escaped; anything longer, of
/// several words, or with a secret in it as `a text of 38 characters`.
///
/// ```
/// use caveat_importer::quote::word;
/// assert_eq!(word("maybe"), "`maybe`");
/// assert_eq!(word("step one of it"), "a text of 14 characters");
/// ```
pub fn word(text: &str) -> String {
    match is_word(text) {
        true => format!("`{}`", printable(text)),
        false => format!("a text of {}", length(text.chars().count())),
    }
}

fn length(characters: usize) -> String {
    match characters {
        1 => "1 character".to_owned(),
        _ => format!("{characters} characters"),
    }
}

/// Whether a text is shown as it stands.
pub fn is_word(text: &str) -> bool {
    text.chars().nth(MAX_WORD_CHARS).is_none()
        && !text.contains(char::is_whitespace)
        && secrets::name(text) == text
}

/// A message of a parser without the values that it quotes: a string by its
/// length, the name of a variant or of a field as [`word`] shows it.
///
/// ```
/// use caveat_importer::quote::without_values;
/// let message = "invalid type: string \"Sure, here is\", expected a sequence";
/// assert_eq!(without_values(message), "invalid type: string of 13 characters, expected a sequence");
/// ```
pub fn without_values(message: &str) -> String {
    without_string(message)
        .or_else(|| without_name(message))
        .unwrap_or_else(|| message.to_owned())
}

/// Cuts a quoted string. The parser escapes quotation marks in it, so the first
/// one that is not escaped ends it.
fn without_string(message: &str) -> Option<String> {
    let (before, quoted) = ["invalid type: string \"", "invalid value: string \""]
        .iter()
        .find_map(|start| {
            let (before, quoted) = message.split_once(start)?;
            let kept = start.trim_end_matches('"');
            Some((format!("{before}{kept}"), quoted))
        })?;
    let mut characters = 0_usize;
    let mut rest = quoted.chars();
    while let Some(character) = rest.next() {
        match character {
            '"' => {
                return Some(format!(
                    "{before}of {}{}",
                    length(characters),
                    rest.as_str()
                ));
            }
            // An escape is one character: `\n`, `\"` or `\u{202e}`.
            '\\' if rest.next() == Some('u') => {
                rest.by_ref().find(|found| *found == '}');
            }
            _ => {}
        }
        characters += 1;
    }
    Some(format!("{before}of {}", length(characters)))
}

/// Cuts the name of a variant or a field. The parser quotes it as it stands, so
/// only the last place that may follow it is believed.
fn without_name(message: &str) -> Option<String> {
    let (before, quoted) = ["unknown variant `", "unknown field `"]
        .iter()
        .find_map(|start| {
            let quoted = message.strip_prefix(start)?;
            Some((start.trim_end_matches('`'), quoted))
        })?;
    let end = ["`, expected ", "`, there are no "]
        .iter()
        .filter_map(|after| quoted.rfind(after))
        .max();
    let (name, after) = quoted.split_at(end.unwrap_or(quoted.len()));
    let after = after.strip_prefix('`').unwrap_or(after);
    let shown = match is_word(name) {
        true => word(name),
        false => format!("of {}", length(name.chars().count())),
    };
    Some(format!("{before}{shown}{after}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    const SECRET: &str = "SECRET `a\", expected \\\"b\\\" \u{202e}\n`, expected `x` or `y`";

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Typed {
        _number: Option<u64>,
        _list: Option<Vec<u64>>,
        _word: Option<Word>,
    }

    #[derive(Debug, Deserialize)]
    enum Word {
        One,
        Two,
    }

    #[test]
    fn no_value_stands_in_the_message_of_a_parser() {
        let characters = SECRET.chars().count();
        for (value, expected) in [
            (
                json!({"_number": SECRET}),
                format!("invalid type: string of {characters} characters, expected u64"),
            ),
            (
                json!({"_list": SECRET}),
                format!("invalid type: string of {characters} characters, expected a sequence"),
            ),
            (
                json!({"_word": SECRET}),
                format!("unknown variant of {characters} characters, expected `One` or `Two`"),
            ),
            (
                json!({"_word": "Three"}),
                "unknown variant `Three`, expected `One` or `Two`".to_owned(),
            ),
            (
                json!({SECRET: 1}),
                format!(
                    "unknown field of {characters} characters, expected one of `_number`, \
                     `_list`, `_word`"
                ),
            ),
            (
                json!({"_number": "sk-abcdefghijklmnop"}),
                "invalid type: string of 19 characters, expected u64".to_owned(),
            ),
            (
                json!({"_number": [1]}),
                "invalid type: sequence, expected u64".to_owned(),
            ),
        ] {
            let error = serde_json::from_value::<Typed>(value).unwrap_err();
            assert_eq!(without_values(&error.to_string()), expected);
        }
    }

    #[test]
    fn only_one_short_word_without_a_secret_is_shown() {
        for (text, shown) in [
            ("maybe", "`maybe`"),
            ("", "``"),
            ("complied\u{1b}", "`complied\\u{1b}`"),
            ("sk-abcdefghijklmnop", "a text of 19 characters"),
            ("key=abc", "a text of 7 characters"),
            ("two words", "a text of 9 characters"),
            ("abcdefghijklmnopqrstuvwxy", "a text of 25 characters"),
            ("模模模", "`模模模`"),
        ] {
            assert_eq!(word(text), shown);
        }
    }
}
