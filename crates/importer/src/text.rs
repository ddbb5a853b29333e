//! Text from a source, made fit for a terminal.
//!
//! Control characters (also those of ECMA-48 and the C1 set), bidirectional
//! overrides and invisible separators become visible escapes; long text is cut
//! with a note. Nothing else changes.

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
        if misleads(character) {
            shown.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether a character is a control, a bidirectional override or invisible.
pub fn misleads(character: char) -> bool {
    character.is_control()
        || matches!(
            u32::from(character),
            0xAD
            | 0x61C
            | 0x180E
            | 0x200B..=0x200F
            | 0x2028..=0x202E
            | 0x2060..=0x206F
            | 0xFE00..=0xFE0F
            | 0xFEFF
            | 0xFFF0..=0xFFFB
            | 0xE0000..=0xE0FFF
        )
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
