//! Text that can be set: what is printed is what is there.
//!
//! Every string of a document passes through here before layout. A character
//! that no embedded face has, or that would be invisible or change the order of
//! reading, becomes a visible escape such as `[U+6F22]`. Overlong text is cut
//! and the cut is counted. Nothing is dropped in silence.
//!
//! This is not an escaper of any markup language: text reaches the layout as
//! values, never as markup.

use caveat_corpus::text::is_hidden;
use serde_json::Value;

use crate::escape;
use crate::fonts::{self, Measure};

/// Longest text that is no sentence.
pub const MAX_TEXT: usize = 400;
/// Longest sentence. The composer cuts names from the data, so that what is
/// long here is its own: a list of a few dozen names with their figures.
pub const MAX_SENTENCE: usize = 2_400;
/// Longest alternative text: 90 words and some room.
pub const MAX_ALT: usize = 1_200;
/// Longest text of a table cell.
pub const MAX_CELL: usize = 160;
/// Longest stretch without a space; a SHA-512 in hexadecimal digits has 128.
pub const MAX_RUN: usize = 140;
/// Longest stretch without a space in a table cell.
pub const MAX_CELL_RUN: usize = 60;

/// What may stand over: no note is set for less than its own length.
const GRACE: usize = 40;
/// Narrowest place in which prose is set, less its inset.
const NARROWEST_MM: f64 = 44.0;
/// Marks that may follow one letter; more would grow into other lines.
const MAX_COMBINING: usize = 2;
/// An invisible place to break a line; added last, never accepted from data.
const BREAK: char = '\u{200b}';

/// Makes a string printable and short enough for prose.
///
/// ```
/// use caveat_render::glyphs::fit;
/// assert_eq!(fit("model 漢\u{202e}"), "model [U+6F22][U+202E]");
/// ```
pub fn fit(text: &str) -> String {
    fit_to(text, MAX_TEXT, MAX_RUN)
}

/// Makes a string printable and cuts it to the given lengths, in characters.
pub fn fit_to(text: &str, longest: usize, longest_run: usize) -> String {
    cut(&cut_runs(&visible(text), longest_run), longest)
}

/// Fits every string of a value; cells are cut sooner, alternative text later.
pub fn fit_value(value: &mut Value) {
    fit_value_to(value, MAX_TEXT, MAX_RUN);
}

fn fit_value_to(value: &mut Value, longest: usize, longest_run: usize) {
    match value {
        Value::String(text) => *text = fit_to(text, longest, longest_run),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| fit_value_to(item, longest, longest_run)),
        Value::Object(fields) => {
            let sentence = fields.contains_key("strong") && fields.contains_key("evidence");
            for (name, field) in fields.iter_mut() {
                match name.as_str() {
                    "text" if sentence => fit_value_to(field, MAX_SENTENCE, longest_run),
                    "alt" => fit_value_to(field, MAX_ALT, MAX_RUN),
                    "cells" | "columns" => fit_value_to(field, MAX_CELL, MAX_CELL_RUN),
                    _ => fit_value_to(field, longest, longest_run),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Adds places to break lines to stretches wider than the narrowest column of prose.
pub fn breakable(text: &str) -> String {
    breakable_within(text, NARROWEST_MM, 10.0, Measure::SerifBold)
}

/// Adds invisible places to break a line to stretches wider than `limit_mm`.
pub fn breakable_within(text: &str, limit_mm: f64, size_pt: f64, face: Measure) -> String {
    let mut broken = String::with_capacity(text.len());
    let mut run_mm = 0.0;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let wide = fonts::width_mm(character.encode_utf8(&mut [0; 4]), size_pt, face);
        if character.is_whitespace() {
            run_mm = 0.0;
        } else if run_mm + wide > limit_mm {
            broken.push(BREAK);
            run_mm = wide;
        } else {
            run_mm += wide;
        }
        broken.push(character);
        let next_is_letter = characters.peek().is_some_and(|next| next.is_alphabetic());
        if matches!(character, '-' | '/') && next_is_letter {
            run_mm = 0.0;
        }
    }
    broken
}

/// Keeps figures on one line: "p = 0.04", "[4.7, 13.2]", "3 points".
pub fn kept_together(text: &str) -> String {
    let mut kept = text.to_owned();
    for sign in ["=", "<", ">", "≤", "≥"] {
        kept = kept.replace(&format!(" {sign} "), &format!("\u{a0}{sign}\u{a0}"));
    }
    for digit in '0'..='9' {
        kept = kept.replace(&format!("{digit} point"), &format!("{digit}\u{a0}point"));
    }
    join_brackets(&kept)
}

/// Joins what stands in short brackets that hold figures only.
fn join_brackets(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(['[', '(']) {
        let (before, bracket) = rest.split_at(start + 1);
        joined.push_str(before);
        let end = bracket.find([']', ')']).unwrap_or(0);
        let (inside, after) = bracket.split_at(end);
        let figures = |c: char| c.is_ascii_digit() || " .,−+%".contains(c);
        if inside.chars().count() <= 16 && inside.chars().all(figures) {
            joined.push_str(&inside.replace(' ', "\u{a0}"));
        } else {
            joined.push_str(inside);
        }
        rest = after;
    }
    joined.push_str(rest);
    joined
}

fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    let mut combining = MAX_COMBINING;
    for character in text.chars() {
        if is_combining(character) {
            combining += 1;
        } else if character.is_alphabetic() {
            combining = 0;
        } else {
            combining = MAX_COMBINING;
        }
        let stacked = is_combining(character) && combining > MAX_COMBINING;
        if stacked || is_hidden(character) || !fonts::covers(character) {
            // An escape is no letter: a mark would stand on its bracket.
            combining = MAX_COMBINING;
            seen.push_str(&format!("[U+{:04X}]", u32::from(character)));
        } else {
            seen.push(character);
        }
    }
    seen
}

fn is_combining(character: char) -> bool {
    matches!(u32::from(character), 0x300..=0x36F | 0x483..=0x489 | 0x1AB0..=0x1AFF
        | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xFE20..=0xFE2F)
}

fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest + GRACE {
        return text.to_owned();
    }
    escape::cut(text, longest)
}

fn cut_runs(text: &str, longest: usize) -> String {
    text.split(' ')
        .map(|run| cut(run, longest))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_become_visible() {
        let cases = [
            ("a\u{202e}b", "a[U+202E]b"),
            ("a\nb\tc", "a[U+000A]b[U+0009]c"),
            ("\u{1b}[31mred", "[U+001B][31mred"),
            ("\u{200b}\u{feff}\u{e000}", "[U+200B][U+FEFF][U+E000]"),
            ("漢😀", "[U+6F22][U+1F600]"),
            ("ꬉ\u{300}", "[U+AB09][U+0300]"),
            ("η² −0.6 [d1]", "η² −0.6 [d1]"),
        ];
        for (given, expected) in cases {
            assert_eq!(fit(given), expected);
        }
    }

    #[test]
    fn a_long_name_is_cut_and_the_cut_is_counted() {
        let text = fit(&format!("the model {} is last", "x".repeat(10_000)));
        assert!(text.contains("… (9,860 more characters)"), "{text}");
        assert!(text.ends_with("is last"), "the sentence keeps its end");
        let prose = fit(&"word ".repeat(2_000));
        assert!(prose.ends_with("… (9,600 more characters)"), "{prose}");
    }

    #[test]
    fn marks_do_not_pile_up_on_a_letter() {
        let piled = fit(&format!("e{}", "\u{301}".repeat(5)));
        assert_eq!(piled, "e\u{301}\u{301}[U+0301][U+0301][U+0301]");
    }

    #[test]
    fn fitting_twice_changes_nothing() {
        let once = fit("漢 \u{7} plain [U+6F22]");
        assert_eq!(fit(&once), once);
    }

    #[test]
    fn figures_stay_on_one_line() {
        let cases = [
            ("F(11, 9) = 1.54", "F(11,\u{a0}9)\u{a0}=\u{a0}1.54"),
            ("8.0% [4.7, 13.2] of 163", "8.0% [4.7,\u{a0}13.2] of 163"),
            (
                "31 points fewer (and so on",
                "31\u{a0}points fewer (and so on",
            ),
            ("(a word, or two)", "(a word, or two)"),
        ];
        for (given, expected) in cases {
            assert_eq!(kept_together(given), expected);
        }
    }

    #[test]
    fn only_wide_stretches_get_a_place_to_break() {
        assert_eq!(breakable("a plain sentence"), "a plain sentence");
        let wide = breakable(&"m".repeat(60));
        assert!(wide.contains(BREAK));
        for part in wide.split(BREAK) {
            assert!(fonts::width_mm(part, 10.0, Measure::SerifBold) <= NARROWEST_MM);
        }
    }
}
