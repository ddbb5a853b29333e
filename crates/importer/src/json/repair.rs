//! Finds what Python writes and JSON forbids, and writes it in a form that
//! JSON has.
//!
//! Bare `NaN`, `Infinity`, `-Infinity` and numbers beyond the largest double
//! become strings that start with [`MARK`]; a lone surrogate escape becomes the
//! escape of U+FFFD. Nothing else is touched, and a text without any of them is
//! left alone.

/// Starts a string that stands for a bare token. The character is one that
/// Unicode keeps for such use within a program; no text is to contain it.
pub(super) const MARK: char = '\u{fdd0}';

/// One place to rewrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edit {
    at: usize,
    length: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Token,
    Surrogate,
}

/// The escape of the replacement character; as long as the escape that it replaces.
const REPLACEMENT: &str = "\\ufffd";

impl Edit {
    /// Length of what is written instead.
    const fn written(self) -> usize {
        match self.kind {
            Kind::Token => self.length + MARK.len_utf8() + 2,
            Kind::Surrogate => REPLACEMENT.len(),
        }
    }
}

/// The text with every edit made, or `None` if there is none to make.
pub(super) fn repaired(text: &str) -> Option<String> {
    let mut edits = Edits::new(text.as_bytes()).peekable();
    edits.peek()?;
    let mut written = String::with_capacity(text.len() + text.len() / 8);
    let mut copied = 0;
    for edit in edits {
        written.push_str(text.get(copied..edit.at)?);
        copied = edit.at + edit.length;
        match edit.kind {
            Kind::Token => {
                written.push('"');
                written.push(MARK);
                written.push_str(text.get(edit.at..copied)?);
                written.push('"');
            }
            Kind::Surrogate => written.push_str(REPLACEMENT),
        }
    }
    written.push_str(text.get(copied..)?);
    Some(written)
}

/// Where a byte of the repaired text stands in the text as it was.
pub(super) fn original_byte(text: &str, repaired_byte: usize) -> usize {
    let mut added = 0;
    for edit in Edits::new(text.as_bytes()) {
        let start = edit.at + added;
        if start + edit.written() > repaired_byte {
            return repaired_byte.min(start).saturating_sub(added);
        }
        added += edit.written() - edit.length;
    }
    repaired_byte.saturating_sub(added)
}

/// Walks a text once.
struct Edits<'a> {
    text: &'a [u8],
    position: usize,
    in_string: bool,
}

impl<'a> Edits<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            position: 0,
            in_string: false,
        }
    }

    /// The next edit within the string at hand, or `None` after its end.
    fn next_in_string(&mut self) -> Option<Edit> {
        loop {
            let rest = self.text.get(self.position..).unwrap_or_default();
            let Some(found) = memchr::memchr2(b'"', b'\\', rest) else {
                self.position = self.text.len();
                self.in_string = false;
                return None;
            };
            let at = self.position + found;
            if rest.get(found) == Some(&b'"') {
                self.position = at + 1;
                self.in_string = false;
                return None;
            }
            match self.escape(at) {
                Escape::Plain { length } => self.position = at + length,
                Escape::LoneSurrogate => {
                    self.position = at + REPLACEMENT.len();
                    return Some(Edit {
                        at,
                        length: REPLACEMENT.len(),
                        kind: Kind::Surrogate,
                    });
                }
            }
        }
    }

    /// What the escape is that starts with the backslash at `at`.
    fn escape(&self, at: usize) -> Escape {
        match self.unit(at) {
            None => Escape::Plain { length: 2 },
            Some(0xD800..=0xDBFF) => match self.unit(at + 6) {
                Some(0xDC00..=0xDFFF) => Escape::Plain { length: 12 },
                _ => Escape::LoneSurrogate,
            },
            Some(0xDC00..=0xDFFF) => Escape::LoneSurrogate,
            Some(_) => Escape::Plain { length: 6 },
        }
    }

    /// The value of an escape of the form `\uXXXX`.
    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    /// The bare word or number that starts here, with its end.
    fn word(&mut self) -> Option<Edit> {
        let at = self.position;
        let rest = self.text.get(at..).unwrap_or_default();
        let length = rest
            .iter()
            .position(|byte| !byte.is_ascii_alphanumeric() && !b"+-._".contains(byte))
            .unwrap_or(rest.len());
        self.position = at + length.max(1);
        let word = rest.get(..length)?;
        let token = matches!(word, b"NaN" | b"Infinity" | b"-Infinity") || overflows(word);
        token.then_some(Edit {
            at,
            length,
            kind: Kind::Token,
        })
    }
}

enum Escape {
    Plain { length: usize },
    LoneSurrogate,
}

/// Whether a word is a number of JSON that no double can hold.
fn overflows(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"-").unwrap_or(word);
    if !digits.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    // `1e400` is a number; `01`, `1.` and `1e` are none and stay faults.
    serde_json::from_slice::<serde::de::IgnoredAny>(word).is_ok()
        && std::str::from_utf8(word)
            .ok()
            .and_then(|word| word.parse::<f64>().ok())
            .is_some_and(f64::is_infinite)
}

impl Iterator for Edits<'_> {
    type Item = Edit;

    fn next(&mut self) -> Option<Edit> {
        loop {
            if self.in_string {
                if let Some(edit) = self.next_in_string() {
                    return Some(edit);
                }
                continue;
            }
            match *self.text.get(self.position)? {
                b'"' => {
                    self.position += 1;
                    self.in_string = true;
                }
                byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                    if let Some(edit) = self.word() {
                        return Some(edit);
                    }
                }
                _ => self.position += 1,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_outside_of_strings_and_lone_surrogates_are_rewritten() {
        for (text, expected) in [
            ("NaN", "\"\u{fdd0}NaN\""),
            (
                r#"{"a": [NaN, -Infinity,Infinity]}"#,
                "{\"a\": [\"\u{fdd0}NaN\", \"\u{fdd0}-Infinity\",\"\u{fdd0}Infinity\"]}",
            ),
            ("[1e400, -1e999]", "[\"\u{fdd0}1e400\", \"\u{fdd0}-1e999\"]"),
            (r#""\ud800x""#, r#""\ufffdx""#),
            (
                r#""\uDC00\uD83D\uDE00\ud83d""#,
                r#""\ufffd\uD83D\uDE00\ufffd""#,
            ),
            (r#""\\ud800 \ud800\n""#, r#""\\ud800 \ufffd\n""#),
        ] {
            assert_eq!(repaired(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn nothing_to_repair_is_left_alone() {
        for text in [
            "",
            "\"NaN\"",
            r#"{"Infinity": "a \" NaN"}"#,
            "NaNs",
            "nan",
            "xNaN",
            "01e999",
            "1e",
            "1e308",
            r#""\ud83d\ude00""#,
            r#""\u12"#,
            "\"\\",
        ] {
            assert_eq!(repaired(text), None, "{text}");
        }
    }

    #[test]
    fn a_place_in_the_repaired_text_leads_back() {
        let text = r#"[NaN, "\ud800", NaN, x]"#;
        let repaired = repaired(text).unwrap_or_default();
        let written = repaired.find('x').unwrap_or_default();
        assert_eq!(text.find('x'), Some(original_byte(text, written)));
        assert_eq!(original_byte(text, 0), 0);
        assert_eq!(original_byte(text, 3), 1);
    }
}
