//! Text of a plugin on its way into messages: escaped and cut.

use caveat_importer::text::{is_hidden, printable};

/// Lines of standard error that are shown.
const SHOWN_LINES: usize = 6;

/// Longest sentence of a plugin that is kept, in characters.
const MAX_SENTENCE_CHARS: usize = 2_000;

/// A sentence of a plugin (a reason, a hint, a note): one line, no hidden
/// characters, cut at a length that no honest sentence reaches.
pub(crate) fn sentence(text: &str) -> String {
    let mut shown = String::new();
    for (position, character) in text.trim().chars().enumerate() {
        if position == MAX_SENTENCE_CHARS {
            shown.push('…');
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

/// The last lines of standard error, each escaped and on a line of its own.
pub(crate) fn error_lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty()).collect();
    let skipped = lines.len().saturating_sub(SHOWN_LINES);
    lines
        .into_iter()
        .skip(skipped)
        .map(|line| printable(line.trim_end()))
        .collect()
}

/// A duration in words: `0.2 s`, `60 s`.
pub(crate) fn seconds(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds.fract() == 0.0 {
        format!("{seconds:.0} s")
    } else {
        format!("{seconds:.1} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_plugin_says_cannot_steer_a_terminal() {
        assert_eq!(
            sentence("a\u{1b}[2J\nb\u{202e}"),
            "a\\u{1b}[2J\\u{a}b\\u{202e}"
        );
        assert_eq!(sentence(&"x".repeat(3_000)).chars().count(), 2_001);
        let lines = error_lines(b"\x1b[31mred\n\nlast \xff line\n");
        assert_eq!(lines, ["\\u{1b}[31mred", "last \\u{fffd} line"]);
    }

    #[test]
    fn only_the_end_of_standard_error_is_shown() {
        let many: String = (0..100).map(|n| format!("line {n}\n")).collect();
        let lines = error_lines(many.as_bytes());
        assert_eq!(lines.len(), SHOWN_LINES);
        assert_eq!(lines.last().map(String::as_str), Some("line 99"));
    }
}
