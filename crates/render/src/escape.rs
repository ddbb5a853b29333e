//! Text from data, made inert for the place it goes to.
//!
//! One function per sink: [`markdown`] and [`markdown_code`] for Markdown,
//! [`html`] for HTML, [`csv_text`] for a cell of a table, [`file_name`] for a name on disk. Each
//! gives back the same words for the reader and nothing that the sink would
//! act on. Controls, invisible characters and those that change the order of
//! reading become visible escapes such as `[U+202E]` in every sink.
//!
//! Layout (typst) takes text as values and needs no escaper; what its faces
//! lack is the business of [`crate::glyphs`]. Terminals are not written here.

mod markdown;

use caveat_corpus::text::is_hidden;
use caveat_report::format;
use sha2::{Digest as _, Sha256};

pub use markdown::{markdown, markdown_code};

/// Longest name made for a file, in characters; far below what file systems take.
const MAX_FILE_NAME: usize = 64;
/// Hexadecimal digits of the digest that keeps changed names apart.
const NAME_DIGEST_DIGITS: usize = 8;
/// Names that one operating system keeps for devices.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// Makes hidden characters visible and drops white space at both ends.
///
/// This is what a reader gets to see in every sink; the escapers below change
/// how it is written and not what it says.
///
/// ```
/// use caveat_render::escape::plain;
/// assert_eq!(plain(" a\u{202e}b\n"), "a[U+202E]b[U+000A]");
/// ```
pub fn plain(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            seen.push_str(&format!("[U+{:04X}]", u32::from(character)));
        } else {
            seen.push(character);
        }
    }
    let trimmed = seen.trim();
    if trimmed.len() == seen.len() {
        seen
    } else {
        trimmed.to_owned()
    }
}

/// Makes a text inert in HTML, between tags and in a quoted attribute.
///
/// ```
/// use caveat_render::escape::html;
/// assert_eq!(html("<b>\"a\" & 'b'"), "&lt;b&gt;&quot;a&quot; &amp; &#39;b&#39;");
/// ```
pub fn html(text: &str) -> String {
    markup(&plain(text))
}

/// Escapes what HTML and XML act on.
pub(crate) fn markup(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Cuts overlong text and says how much is missing.
///
/// ```
/// use caveat_render::escape::cut;
/// assert_eq!(cut("four", 4), "four");
/// assert_eq!(cut("a long name", 6), "a long… (5 more characters)");
/// ```
pub fn cut(text: &str, longest: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(longest) else {
        return text.to_owned();
    };
    let (kept, rest) = text.split_at(end);
    format!(
        "{}… ({} more characters)",
        kept.trim_end(),
        format::count(rest.chars().count())
    )
}

/// Makes a text inert as a cell of a table that a spreadsheet may open.
///
/// A cell that starts like a formula gets an apostrophe in front. So does one
/// that starts with an apostrophe: taking one away gives every text back.
/// Spaces at either end become visible, so that two names which differ in them
/// stay two names. So does a `;` or a `|` with the start of a formula behind it:
/// a spreadsheet that takes it for the end of a cell would begin one there. Numbers that this crate formats do not pass through here and
/// keep their minus. Quoting is the writer's.
///
/// ```
/// use caveat_render::escape::csv_text;
/// assert_eq!(csv_text("=1+1"), "'=1+1");
/// assert_eq!(csv_text("gpt-4"), "gpt-4");
/// assert_eq!(csv_text("gpt-4 "), "gpt-4[U+0020]");
/// assert_eq!(csv_text("a;=1+1"), "a[U+003B]=1+1");
/// ```
pub fn csv_text(text: &str) -> String {
    let (before, rest) = text.split_at(text.len() - text.trim_start().len());
    let (within, after) = rest.split_at(rest.trim_end().len());
    let cell = format!("{}{}{}", spaces(before), plain(within), spaces(after));
    let cell = without_hidden_cells(cell);
    if cell.starts_with(opens_formula) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// Characters that some spreadsheets take for the end of a cell. A comma is
/// quoted by the writer, and a tab is a hidden character.
const OTHER_DELIMITERS: [char; 2] = [';', '|'];

/// Spells such a delimiter out where a formula would begin behind it.
fn without_hidden_cells(cell: String) -> String {
    if !cell.contains(OTHER_DELIMITERS) {
        return cell;
    }
    let mut safe = String::with_capacity(cell.len() + 8);
    for (at, character) in cell.char_indices() {
        let behind = cell.get(at + character.len_utf8()..).unwrap_or_default();
        if OTHER_DELIMITERS.contains(&character) && begins_formula(behind) {
            safe.push_str(&format!("[U+{:04X}]", u32::from(character)));
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Whether a cell that begins with this text would be a formula.
fn begins_formula(text: &str) -> bool {
    let text = text.trim_start_matches(|found: char| found == '"' || found.is_whitespace());
    text.starts_with(|first| first != '\'' && opens_formula(first))
}

/// White space made visible.
fn spaces(text: &str) -> String {
    text.chars()
        .map(|character| format!("[U+{:04X}]", u32::from(character)))
        .collect()
}

/// What a spreadsheet may take for the start of a formula, also in full width.
fn opens_formula(character: char) -> bool {
    matches!(
        character,
        '=' | '+' | '-' | '@' | '\'' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'
    )
}

/// Makes a name for a file out of a text.
///
/// Lower-case ASCII letters, digits and single hyphens, at most 64 characters.
/// A text that is such a name already stays as it is. Any other gets a part of
/// its digest at the end, so that two texts do not share a name.
///
/// ```
/// use caveat_render::escape::file_name;
/// assert_eq!(file_name("size-residuals"), "size-residuals");
/// assert!(file_name("../etc/passwd").starts_with("etc-passwd-"));
/// ```
pub fn file_name(text: &str) -> String {
    let mut name = String::new();
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_ascii_alphanumeric() {
            name.push(character);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let is_name = (1..=MAX_FILE_NAME).contains(&name.len()) && !name.ends_with('-');
    if name == text && is_name && !is_device(&name) {
        return name;
    }
    name.truncate(MAX_FILE_NAME - NAME_DIGEST_DIGITS - 2);
    let stem = name.trim_end_matches('-');
    let stem = if stem.is_empty() || is_device(stem) {
        format!("x{stem}")
    } else {
        stem.to_owned()
    };
    let digest: String = Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "{stem}-{}",
        digest.get(..NAME_DIGEST_DIGITS).unwrap_or_default()
    )
}

fn is_device(name: &str) -> bool {
    let stem = name.trim_end_matches(|character: char| character.is_ascii_digit());
    DEVICES.contains(&stem)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_that_looks_like_a_formula_is_text() {
        for formula in ["=1", "+1", "-1", "@a", "\u{ff1d}1"] {
            assert!(csv_text(formula).starts_with('\''), "{formula}");
        }
        assert_eq!(csv_text(" =1"), "[U+0020]=1");
        assert_eq!(csv_text("\u{a0}=1"), "[U+00A0]=1");
        assert_eq!(csv_text("\t=1"), "[U+0009]=1");
        assert_eq!(csv_text("\r=1"), "[U+000D]=1");
        assert_eq!(csv_text("模型"), "模型");
        assert_eq!(csv_text("\u{2212}0.6"), "\u{2212}0.6");
        assert_eq!(csv_text("'a"), "''a");
        for (text, cell) in [
            (";=1", "[U+003B]=1"),
            ("a; =1; b", "a[U+003B] =1; b"),
            ("a|\"@x", "a[U+007C]\"@x"),
            ("a;;-1", "a;[U+003B]-1"),
            ("a;\u{ff1d}1", "a[U+003B]\u{ff1d}1"),
            ("a; b | c", "a; b | c"),
            ("=1;=1", "'=1[U+003B]=1"),
        ] {
            assert_eq!(csv_text(text), cell);
        }
    }

    #[test]
    fn names_that_differ_in_space_are_two_cells() {
        assert_eq!(csv_text(" "), "[U+0020]");
        assert_eq!(csv_text("\t \u{3000}"), "[U+0009][U+0020][U+3000]");
        assert_ne!(csv_text("gpt-4 "), csv_text("gpt-4"));
        assert_eq!(csv_text(""), "");
    }

    #[test]
    fn a_device_or_nothing_is_no_file_name() {
        assert!(file_name("con").starts_with("xcon-"));
        assert!(file_name("com1").starts_with("xcom1-"));
        assert!(file_name("").starts_with("x-"));
        assert!(file_name("模型").starts_with("x-"));
        assert_ne!(file_name("A"), file_name("a"));
    }

    #[test]
    fn a_cut_is_counted() {
        let long = cut(&"模".repeat(10_000), 160);
        assert!(long.ends_with("… (9,840 more characters)"), "{long}");
        assert_eq!(cut("", 0), "");
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_file_name_is_plain_short_and_stable(text in any::<String>()) {
            let name = file_name(&text);
            prop_assert!(name.len() <= MAX_FILE_NAME && !name.is_empty());
            prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            prop_assert!(!name.starts_with('-') && !name.ends_with('-'));
            prop_assert_eq!(&file_name(&name), &name);
        }

        #[test]
        fn a_cell_never_starts_a_formula(text in "[ \t\r\n'=+@-]{0,4}.{0,8}") {
            let cell = csv_text(&text);
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
        }
    }
}
