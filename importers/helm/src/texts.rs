//! Texts that HELM itself has taken out of a run before it was published.
//!
//! Its scripts replace texts by `[redacted]`, or by `[encrypted_text_12]` with a
//! number that means nothing in another run. Such a text is no prompt and no
//! reply, and two of them being equal says nothing.

/// Whether a text stands for one that was taken out.
pub(crate) fn is_withheld(text: &str) -> bool {
    let text = text.trim();
    let Some(word) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    else {
        return false;
    };
    let is_word = |expected: &str| word.eq_ignore_ascii_case(expected);
    if is_word("redacted") || is_word("encrypted") {
        return true;
    }
    let prefix = "encrypted_text_";
    let number = word.strip_prefix(prefix);
    number.is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_marks_themselves_are_withheld_texts() {
        for text in [
            "[redacted]",
            " [REDACTED]\n",
            "[encrypted_text_0]",
            "[encrypted]",
        ] {
            assert!(is_withheld(text), "{text}");
        }
        for text in [
            "",
            "redacted",
            "[redacted] and more",
            "[encrypted_text_]",
            "[encrypted_text_a]",
            "[]",
        ] {
            assert!(!is_withheld(text), "{text}");
        }
    }
}
