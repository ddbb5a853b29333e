//! Text as literal text of Markdown (CommonMark with the tables, strike-through,
//! footnotes, task lists, formulas and bare addresses of GitHub's dialect).
//!
//! The result means the same in a paragraph, a heading, a table cell, a list
//! item and the words of a picture, alone or with a space beside it. Characters
//! that can have no effect where they stand are left as they are, so that the
//! source stays readable: `gpt_4`, `p < 0.001` and `[4.7 to 13.2]` need nothing.
//!
//! One thing is out of reach: GitHub's renderer looks for addresses of
//! electronic mail after escapes are gone and links them all the same.
//!
//! Templates keep two rules: what stands directly before or after a text is
//! a space, a line end, or the template's own `**`, `*` or brackets of a
//! picture; and no template defines a link reference.

use super::plain;

/// Furthest that a closing bracket is looked for.
const MAX_BRACKETED: usize = 60;
/// Longest name of an entity, with room.
const MAX_ENTITY: usize = 33;
/// Most digits that can number a list.
const MAX_LIST_DIGITS: usize = 9;

/// How a character is written.
enum Written {
    AsIs,
    Escaped,
    Entity(&'static str),
}

/// Escapes a text for Markdown.
///
/// ```
/// use caveat_render::escape::markdown;
/// assert_eq!(markdown("a_b <b> *c*"), r"a_b &lt;b> \*c\*");
/// assert_eq!(markdown("65.3%, p < 0.001 [d1]"), "65.3%, p < 0.001 [d1]");
/// ```
pub fn markdown(text: &str) -> String {
    let plain = plain(text);
    let characters: Vec<char> = plain.chars().collect();
    let mut written = String::with_capacity(plain.len() + plain.len() / 8);
    let mut closes = None;
    for (place, &character) in characters.iter().enumerate() {
        if character == '[' && closes.is_none() {
            closes = harmless_bracket(&characters, place);
            if closes.is_some() {
                written.push(character);
                continue;
            }
        }
        if closes == Some(place) {
            closes = None;
            written.push(character);
            continue;
        }
        match way_of_writing(&characters, place, character) {
            Written::AsIs => written.push(character),
            Written::Escaped => {
                written.push('\\');
                written.push(character);
            }
            Written::Entity(entity) => written.push_str(entity),
        }
    }
    written
}

/// Sets a text as a code span, inside which nothing has an effect.
///
/// Not for table cells, where a pipe would still end the cell.
///
/// ```
/// use caveat_render::escape::markdown_code;
/// assert_eq!(markdown_code("a`b"), "``a`b``");
/// ```
pub fn markdown_code(text: &str) -> String {
    let plain = plain(text);
    let longest = plain
        .split(|character| character != '`')
        .map(str::len)
        .max();
    let fence = "`".repeat(longest.unwrap_or(0) + 1);
    let room = if plain.starts_with('`') || plain.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{room}{plain}{room}{fence}")
}

fn way_of_writing(characters: &[char], place: usize, character: char) -> Written {
    let next = characters.get(place + 1).copied();
    let before = characters.get(..place).unwrap_or_default();
    let escape = match character {
        '\\' | '`' | '*' | '~' | '[' | ']' | '|' | '$' | '^' => true,
        '_' => !between_letters(before.last().copied(), next),
        '<' if opens_markup(next) => return Written::Entity("&lt;"),
        '>' if before.is_empty() => return Written::Entity("&gt;"),
        '&' if opens_entity(characters, place) => return Written::Entity("&amp;"),
        '#' => is_heading_mark(characters, place),
        '=' => before.is_empty(),
        '-' | '+' => before.is_empty() && !next.is_some_and(char::is_alphanumeric),
        ':' => before.is_empty() || opens_address(before, characters.get(place + 1..place + 3)),
        '.' => numbers_list(before, next) || ends_www(before),
        ')' => numbers_list(before, next),
        '@' => between_address_parts(before.last().copied(), next),
        _ => false,
    };
    if escape {
        Written::Escaped
    } else {
        Written::AsIs
    }
}

/// Underscores inside a word neither open nor close emphasis.
fn between_letters(before: Option<char>, next: Option<char>) -> bool {
    before.is_some_and(char::is_alphanumeric) && next.is_some_and(char::is_alphanumeric)
}

/// A tag, a comment or an address in angle brackets starts with none of these.
fn opens_markup(next: Option<char>) -> bool {
    !next.is_some_and(|next| next.is_whitespace() || next.is_ascii_digit() || next == '=')
}

fn opens_entity(characters: &[char], place: usize) -> bool {
    characters
        .iter()
        .skip(place + 1)
        .take(MAX_ENTITY)
        .find(|character| !(character.is_ascii_alphanumeric() || **character == '#'))
        .is_some_and(|end| *end == ';')
}

/// Number signs open a heading at the start and are dropped at its end.
fn is_heading_mark(characters: &[char], place: usize) -> bool {
    let starts_run = place == 0 || characters.get(place - 1) != Some(&'#');
    let after_space = place == 0 || characters.get(place - 1).is_some_and(|c| c.is_whitespace());
    let after_run = characters
        .iter()
        .skip(place)
        .find(|character| **character != '#');
    let at_end = after_run.is_none();
    let at_start = place == 0 && after_run.is_none_or(|character| character.is_whitespace());
    starts_run && (at_start || (at_end && after_space))
}

/// "1." and "1)" number a list when a space follows.
fn numbers_list(before: &[char], next: Option<char>) -> bool {
    (1..=MAX_LIST_DIGITS).contains(&before.len())
        && before.iter().all(char::is_ascii_digit)
        && next.is_none_or(char::is_whitespace)
}

/// "://" after a letter makes a link of an address in GitHub's dialect.
fn opens_address(before: &[char], next: Option<&[char]>) -> bool {
    before.last().is_some_and(char::is_ascii_alphabetic) && next == Some(&['/', '/'])
}

/// "www." makes one, too.
fn ends_www(before: &[char]) -> bool {
    before.last_chunk::<3>().is_some_and(|last| {
        last.iter()
            .all(|character| character.eq_ignore_ascii_case(&'w'))
    })
}

/// And so does an address of electronic mail.
fn between_address_parts(before: Option<char>, next: Option<char>) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || "._+-".contains(character);
    before.is_some_and(is_part) && next.is_some_and(char::is_alphanumeric)
}

/// Where a bracket closes that can be neither link, footnote, definition nor task.
///
/// Two or more letters, digits, spaces and signs of numbers, with an end or
/// a space, a full stop, a comma, a semicolon or a parenthesis after it.
fn harmless_bracket(characters: &[char], place: usize) -> Option<usize> {
    let rest = characters.get(place + 1..)?;
    let length = rest
        .iter()
        .take(MAX_BRACKETED)
        .position(|character| *character == ']')?;
    let inside = rest.get(..length)?;
    let is_plain = |character: &char| {
        character.is_alphanumeric()
            || matches!(
                character,
                ' ' | '\u{a0}' | '.' | ',' | '%' | '+' | '-' | '\u{2013}' | '\u{2212}'
            )
    };
    let starts_well = inside.first().is_some_and(|first| !first.is_whitespace());
    let ends_well = match rest.get(length + 1) {
        None => true,
        Some(next) => next.is_whitespace() || matches!(next, '.' | ',' | ';' | ')'),
    };
    let harmless = inside.len() >= 2 && starts_well && ends_well && inside.iter().all(is_plain);
    (harmless && !contains_www(inside)).then_some(place + 1 + length)
}

fn contains_www(inside: &[char]) -> bool {
    inside
        .windows(4)
        .any(|four| ends_www(four.get(..3).unwrap_or_default()) && four.last() == Some(&'.'))
}
