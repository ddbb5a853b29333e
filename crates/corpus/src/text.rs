//! Text from a source, made fit for a terminal, and what in it is hidden.
//!
//! Control characters (also those of ECMA-48 and the C1 set), bidirectional
//! overrides, invisible separators and private characters become visible
//! escapes; long text is cut with a note. Nothing else changes. The escapers of
//! documents are elsewhere and share only [`is_hidden`].

/// Longest text shown in a message, in characters.
const MAX_SHOWN: usize = 200;

/// Escapes what could steer a terminal or mislead a reader, and cuts long text.
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    for (position, character) in text.chars().enumerate() {
        if position == MAX_SHOWN {
            let rest = text.chars().count() - MAX_SHOWN;
            shown.push_str(&format!("… ({rest} more characters)"));
            break;
        }
        if is_hidden(character) {
            shown.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a character prints nothing, changes the order of reading, or means
/// nothing outside one font.
///
/// Every sink makes these visible in its own way; that they are hidden is
/// decided here alone.
///
/// ```
/// use caveat_corpus::text::is_hidden;
/// assert!(is_hidden('\u{202e}') && is_hidden('\n'));
/// assert!(!is_hidden(' ') && !is_hidden('é'));
/// ```
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(u32::from(character),
            0xAD | 0x34F | 0x600..=0x605 | 0x61C | 0x6DD | 0x70F | 0x890..=0x891 | 0x8E2 | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800
            | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFF | 0xE0000..=0x10FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_overrides_become_visible() {
        assert_eq!(printable("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(printable("a\u{202e}b\n"), "a\\u{202e}b\\u{a}");
        assert_eq!(printable("模型 é"), "模型 é");
        assert!(printable(&"x".repeat(10_000)).ends_with("(9800 more characters)"));
    }
}
