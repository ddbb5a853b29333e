//! What the values of one column look like.
//!
//! Memory is bounded: a few different values are kept, each of a bounded
//! length, and of the others their number.

use std::collections::BTreeMap;

use caveat_corpus::Digest;
use caveat_importer::text::printable;

use crate::row::Cell;

/// Different values that are kept. A verdict has a handful; a dozen spellings
/// in one file have been seen.
const MAX_DISTINCT: usize = 50;

/// Longest value that is kept, in bytes.
const MAX_KEPT_BYTES: usize = 400;

/// Most words of a value that is shown. Prompts are longer; names of
/// categories have up to four.
const MAX_SHOWN_WORDS: usize = 4;

/// Most characters of a value that is shown.
const MAX_SHOWN_CHARS: usize = 48;

/// The values of a column.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    /// Values that are neither absent nor empty.
    pub(super) present: u64,
    pub(super) absent: u64,
    /// Numbers, in whatever spelling; NaN is none.
    pub(super) numbers: u64,
    /// Numbers with a comma before the fraction.
    pub(super) commas: u64,
    pub(super) whole_numbers: u64,
    pub(super) not_finite: u64,
    pub(super) lists: u64,
    pub(super) smallest: Option<f64>,
    pub(super) largest: Option<f64>,
    pub(super) shortest_chars: Option<usize>,
    pub(super) longest_chars: usize,
    /// Values that look like a text that somebody wrote.
    pub(super) texts: u64,
    /// Rows per value.
    pub(super) values: BTreeMap<String, u64>,
    /// There are more different values than are kept.
    pub(super) many: bool,
}

impl Profile {
    pub(super) fn add(&mut self, cell: &Cell<'_>) {
        match cell {
            Cell::Absent => self.absent += 1,
            Cell::NotFinite(_) => self.not_finite += 1,
            Cell::Structure(_) => self.lists += 1,
            Cell::Text(text) => self.text(text),
        }
    }

    fn text(&mut self, text: &str) {
        let value = text.trim();
        if value.is_empty() {
            self.absent += 1;
            return;
        }
        self.present += 1;
        let chars = value.chars().count();
        self.shortest_chars = Some(self.shortest_chars.map_or(chars, |least| least.min(chars)));
        self.longest_chars = self.longest_chars.max(chars);
        self.texts += u64::from(looks_like_text(value));
        self.number(value);
        if value.len() > MAX_KEPT_BYTES {
            self.many = true;
        } else if let Some(rows) = self.values.get_mut(value) {
            *rows += 1;
        } else if self.values.len() < MAX_DISTINCT {
            self.values.insert(value.to_owned(), 1);
        } else {
            self.many = true;
        }
    }

    fn number(&mut self, value: &str) {
        let comma = value.matches(',').count() == 1 && !value.contains('.');
        let number = match comma {
            true => value.replacen(',', ".", 1).parse::<f64>(),
            false => value.parse::<f64>(),
        };
        match number {
            Ok(number) if number.is_finite() => {
                self.numbers += 1;
                self.commas += u64::from(comma);
                self.whole_numbers += u64::from(value.bytes().all(|byte| byte.is_ascii_digit()));
                self.smallest = Some(self.smallest.map_or(number, |least| least.min(number)));
                self.largest = Some(self.largest.map_or(number, |most| most.max(number)));
            }
            Ok(_) => self.not_finite += 1,
            Err(_) => {}
        }
    }

    /// Every value is a number, and there is one.
    pub(super) fn is_numeric(&self) -> bool {
        self.numbers > 0 && self.numbers == self.present && self.lists == 0
    }

    /// Every value is a whole number, and there is one.
    pub(super) fn is_whole(&self) -> bool {
        self.is_numeric() && self.whole_numbers == self.numbers
    }

    /// All values are known and each could be a name.
    pub(super) fn is_word_list(&self) -> bool {
        self.present > 0 && !self.many && self.lists == 0 && self.texts == 0
    }

    /// Values by how often they occur, those first that occur most.
    pub(super) fn by_frequency(&self) -> Vec<(&str, u64)> {
        let mut values: Vec<(&str, u64)> = self
            .values
            .iter()
            .map(|(value, rows)| (value.as_str(), *rows))
            .collect();
        values.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(right.0)));
        values
    }

    /// What kind of values these are, in words and without any of them.
    pub(super) fn kind(&self) -> String {
        let lengths = || match self.shortest_chars.unwrap_or_default() {
            shortest if shortest == self.longest_chars => format!("{shortest} characters"),
            shortest => format!("{shortest} to {} characters", self.longest_chars),
        };
        let kind = if self.lists > 0 {
            "lists or groups".to_owned()
        } else if self.present == 0 {
            return "empty".to_owned();
        } else if let (true, Some(smallest), Some(largest)) =
            (self.is_numeric(), self.smallest, self.largest)
        {
            format!(
                "numbers from {smallest} to {largest} ({} rows)",
                self.present
            )
        } else if self.texts > 0 {
            format!("texts of {} ({} rows)", lengths(), self.present)
        } else if self.many {
            format!("names of {} ({} rows)", lengths(), self.present)
        } else {
            let different = self.values.len();
            format!(
                "{different} different names of {} ({} rows)",
                lengths(),
                self.present
            )
        };
        match self.absent + self.not_finite {
            0 => kind,
            absent => format!("{kind}, empty in {absent}"),
        }
    }
}

/// Whether a value reads like something that a person or a model wrote, which
/// is never shown.
pub(super) fn looks_like_text(value: &str) -> bool {
    let sentence = value.contains(['\n', '\r', '?', '!', '{', '"'])
        || value.trim_end().ends_with('.')
        || value.contains(". ")
        || value.contains(", ") && value.split_whitespace().count() > MAX_SHOWN_WORDS;
    sentence
        || value.chars().nth(MAX_SHOWN_CHARS).is_some()
        || value.split_whitespace().count() > MAX_SHOWN_WORDS
}

/// A value for people: escaped, or its digest where it looks like text.
pub(super) fn shown(value: &str) -> String {
    if looks_like_text(value) {
        let digest = Digest::of(value.as_bytes()).to_hex();
        let start: String = digest.chars().take(12).collect();
        return format!(
            "a text of {} characters, SHA-256 {start}…",
            value.chars().count()
        );
    }
    format!("`{}`", printable(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_wrote_is_never_shown() {
        for text in [
            "placeholder request for a test of five words",
            "Sure, here is",
            "What is this?",
            "Two. Sentences",
            "line\nline",
            &"x".repeat(49),
        ] {
            let shown = shown(text);
            let hidden = looks_like_text(text);
            assert_eq!(hidden, text != "Sure, here is", "{text}");
            assert_eq!(!shown.contains(text), hidden, "{shown}");
        }
        assert_eq!(
            shown("Illegal goods and services"),
            "`Illegal goods and services`"
        );
        assert_eq!(shown("a\u{1b}[2J"), "`a\\u{1b}[2J`");
    }

    #[test]
    fn a_profile_keeps_a_bounded_number_of_values() {
        let mut profile = Profile::default();
        for number in 0..10_000 {
            profile.add(&Cell::Text(format!("{number}").into()));
        }
        profile.add(&Cell::Text("x".repeat(100_000).into()));
        assert_eq!((profile.values.len(), profile.many), (MAX_DISTINCT, true));
        assert_eq!(profile.longest_chars, 100_000);
        assert!(!profile.is_numeric());
        assert_eq!(
            profile.kind(),
            "texts of 1 to 100000 characters (10001 rows)"
        );
    }
}
