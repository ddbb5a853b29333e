//! Languages of the summary: how numbers, dates and lists are written in each.
//!
//! The rounding is that of [`crate::format`]; only signs and spaces differ. A
//! decimal comma and thin spaces that do not break stand in German, French and
//! Spanish; German and Spanish group digits from five on (DIN 5008 allows it,
//! the Real Academia asks for it), French from four on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::format;

/// A narrow space at which a line does not break.
const THIN: char = '\u{202f}';

/// A language of the fixed texts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
}

impl Language {
    /// Every language, English first.
    pub const ALL: [Language; 4] = [Language::En, Language::De, Language::Fr, Language::Es];

    /// Tag as in `--lang` and in the file's properties.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::De => "de",
            Language::Fr => "fr",
            Language::Es => "es",
        }
    }

    /// Region of the tag.
    pub const fn region(self) -> &'static str {
        match self {
            Language::En => "GB",
            Language::De => "DE",
            Language::Fr => "FR",
            Language::Es => "ES",
        }
    }

    /// The language of a tag.
    pub fn of_tag(tag: &str) -> Option<Language> {
        Self::ALL.into_iter().find(|one| one.tag() == tag)
    }

    /// A whole number.
    pub fn whole(self, value: u64) -> String {
        let (from, separator) = match self {
            Language::En => (4, ','),
            Language::Fr => (4, THIN),
            Language::De | Language::Es => (5, THIN),
        };
        let digits = value.to_string();
        if digits.len() < from {
            return digits;
        }
        let mut out = String::with_capacity(2 * digits.len());
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                out.push(separator);
            }
            out.push(digit);
        }
        out
    }

    /// The count of a list.
    pub fn count(self, value: usize) -> String {
        self.whole(u64::try_from(value).unwrap_or(u64::MAX))
    }

    /// Decimals.
    pub fn decimals(self, value: f64, places: usize) -> String {
        self.signs(&format::decimals(value, places))
    }

    /// A figure as [`crate::format`] writes it, with this language's decimal sign.
    fn signs(self, text: &str) -> String {
        match self {
            Language::En => text.to_owned(),
            _ => text.replace('.', ","),
        }
    }

    /// A share as whole percent.
    pub fn percent(self, share: f64) -> String {
        self.percent_sign(&format::decimals(100.0 * share, 0))
    }

    /// A level as percent.
    pub fn level(self, level: f64) -> String {
        let text = format::level(level);
        self.percent_sign(&self.signs(text.trim_end_matches('%')))
    }

    /// A share as percent with as many decimals as it needs, at most two.
    pub fn limit(self, share: f64) -> String {
        let text = format::decimals(100.0 * share, 2);
        let short = text.trim_end_matches('0').trim_end_matches('.');
        self.percent_sign(&self.signs(short))
    }

    fn percent_sign(self, figure: &str) -> String {
        match self {
            Language::En => format!("{figure}%"),
            _ => format!("{figure}{THIN}%"),
        }
    }

    /// A share as a figure in percent for tables.
    pub fn cell(self, share: f64) -> String {
        self.signs(&format::percent_cell(share))
    }

    /// Two limits.
    pub fn span(self, lower: &str, upper: &str) -> String {
        let word = match self {
            Language::En => "to",
            Language::De => "bis",
            Language::Fr => "à",
            Language::Es => "a",
        };
        format!("{lower} {word} {upper}")
    }

    /// A p-value.
    pub fn p_value(self, p: f64) -> String {
        self.signs(&format::p_value(p))
    }

    /// A size in billions of parameters; "billion" is 10⁹ in each language.
    pub fn size(self, billions: f64) -> String {
        let figure = format::size(billions);
        let figure = self.signs(figure.trim_end_matches('B'));
        let unit = match self {
            Language::En => "billion",
            Language::De => "Mrd.",
            Language::Fr => "milliards",
            Language::Es => "mil millones",
        };
        format!("{figure}{}{unit}", format::NBSP)
    }

    /// A day.
    pub fn date(self, year: i32, month: u8, day: u8) -> String {
        if self == Language::En {
            return format::date(year, month, day);
        }
        let name = usize::from(month)
            .checked_sub(1)
            .and_then(|place| self.months().get(place).copied())
            .unwrap_or("?");
        let space = format::NBSP;
        match self {
            Language::De => format!("{day}.{space}{name} {year}"),
            Language::Fr if day == 1 => format!("1er{space}{name} {year}"),
            Language::Fr => format!("{day}{space}{name} {year}"),
            _ => format!("{day}{space}de {name} de {year}"),
        }
    }

    const fn months(self) -> [&'static str; 12] {
        match self {
            Language::En => [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
            Language::De => [
                "Januar",
                "Februar",
                "März",
                "April",
                "Mai",
                "Juni",
                "Juli",
                "August",
                "September",
                "Oktober",
                "November",
                "Dezember",
            ],
            Language::Fr => [
                "janvier",
                "février",
                "mars",
                "avril",
                "mai",
                "juin",
                "juillet",
                "août",
                "septembre",
                "octobre",
                "novembre",
                "décembre",
            ],
            Language::Es => [
                "enero",
                "febrero",
                "marzo",
                "abril",
                "mayo",
                "junio",
                "julio",
                "agosto",
                "septiembre",
                "octubre",
                "noviembre",
                "diciembre",
            ],
        }
    }

    /// A day from `YYYY-MM-DD`; as it stands where it is none.
    pub fn day(self, text: &str) -> String {
        match crate::definition::day(text) {
            Some((year, month, day)) => self.date(year, month, day),
            None => format::shortened(text, 24),
        }
    }

    /// Words as a sentence lists them.
    pub fn list<S: AsRef<str>>(self, items: &[S]) -> String {
        match items {
            [] => String::new(),
            [one] => one.as_ref().to_owned(),
            [rest @ .., last] => {
                let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
                let last = last.as_ref();
                format!("{} {} {last}", rest.join(", "), self.and(last))
            }
        }
    }

    /// "And" before a word; Spanish says *e* before the sound of *i*.
    fn and(self, next: &str) -> &'static str {
        match self {
            Language::En => "and",
            Language::De => "und",
            Language::Fr => "et",
            Language::Es => {
                let next = next.to_lowercase();
                let sound =
                    next.starts_with('i') || next.starts_with('í') || next.starts_with("hi");
                let broken = next.starts_with("hie") || next.starts_with("hia");
                if sound && !broken { "e" } else { "y" }
            }
        }
    }

    /// At most `shown` words, and how many more there are.
    pub fn short_list<S: AsRef<str>>(self, items: &[S], shown: usize) -> String {
        if items.len() <= shown + 1 {
            return self.list(items);
        }
        let head: Vec<&str> = items.iter().take(shown).map(AsRef::as_ref).collect();
        let left = self.count(items.len() - shown);
        let more = match self {
            Language::En => format!("and {left} more"),
            Language::De => format!("und {left} weitere"),
            Language::Fr => format!("et {left} de plus"),
            Language::Es => format!("y {left} más"),
        };
        format!("{} {more}", head.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_follow_the_language() {
        let seen = |l: Language| {
            [
                l.whole(1234),
                l.whole(1_234_567),
                l.decimals(-0.65, 1),
                l.percent(0.124),
                l.level(0.999),
                l.limit(0.125),
                l.span("4", "5"),
            ]
            .join(" | ")
        };
        assert_eq!(
            seen(Language::En),
            "1,234 | 1,234,567 | \u{2212}0.7 | 12% | 99.9% | 12.5% | 4 to 5"
        );
        assert_eq!(
            seen(Language::De),
            "1234 | 1\u{202f}234\u{202f}567 | \u{2212}0,7 | 12\u{202f}% | 99,9\u{202f}% | \
             12,5\u{202f}% | 4 bis 5"
        );
        assert_eq!(Language::Fr.whole(1234), "1\u{202f}234");
        assert_eq!(Language::Es.whole(12_345), "12\u{202f}345");
        assert_eq!(Language::Es.limit(0.1), "10\u{202f}%");
    }

    #[test]
    fn dates_and_lists_follow_the_language() {
        let day = |l: Language| l.day("2026-03-01").replace(format::NBSP, " ");
        assert_eq!(day(Language::En), "1 March 2026");
        assert_eq!(day(Language::De), "1. März 2026");
        assert_eq!(day(Language::Fr), "1er mars 2026");
        assert_eq!(day(Language::Es), "1 de marzo de 2026");
        assert_eq!(Language::De.list(&["A", "B", "C"]), "A, B und C");
        assert_eq!(Language::Es.list(&["A", "IBM"]), "A e IBM");
        assert_eq!(Language::Es.list(&["A", "hielo"]), "A y hielo");
        assert_eq!(
            Language::Fr.short_list(&["A", "B", "C", "D"], 2),
            "A, B et 2 de plus"
        );
    }
}
