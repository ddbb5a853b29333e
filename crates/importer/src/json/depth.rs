//! How deeply a JSON text is nested, without recursion.

/// Says where a text nests more deeply than `deepest` levels.
///
/// Right for valid JSON; for anything else some answer, which the parser that
/// follows corrects.
pub(super) fn too_deep(text: &[u8], deepest: u32) -> Option<usize> {
    let deepest = usize::try_from(deepest).unwrap_or(usize::MAX);
    // Most texts have fewer brackets than levels are allowed; counting them is
    // several times faster than telling strings apart.
    if has_few_brackets(text, deepest) {
        return None;
    }
    let mut level = 0_usize;
    let mut position = 0;
    while let Some(&byte) = text.get(position) {
        position += 1;
        match byte {
            b'"' => position = after_string(text, position),
            b'{' | b'[' => {
                level += 1;
                if level > deepest {
                    return Some(position - 1);
                }
            }
            b'}' | b']' => level = level.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Whether there are at most `most` of `{` and `[`, also those within strings.
fn has_few_brackets(text: &[u8], most: usize) -> bool {
    /// Fits a count into one byte, so that the compiler can use wide registers.
    const BLOCK: usize = 255;
    let mut left = most;
    text.chunks(BLOCK).all(|block| {
        let count: u8 = block
            .iter()
            // `[` is 0x5b, `{` is 0x7b.
            .map(|byte| u8::from(byte | 0x20 == b'{'))
            .fold(0, u8::wrapping_add);
        match left.checked_sub(usize::from(count)) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        }
    })
}

/// The position after the quote that closes a string.
pub(super) fn after_string(text: &[u8], start: usize) -> usize {
    let mut position = start;
    while let Some(rest) = text.get(position..) {
        match memchr::memchr2(b'"', b'\\', rest) {
            None => break,
            Some(found) if rest.get(found) == Some(&b'"') => return position + found + 1,
            Some(found) => position += found + 2,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        for (text, levels) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a": [{}]}"#, 3),
            (r#"["[[[[", "\"[{[[", "\\", [[]]]"#, 3),
            (r#"[[],[],[],[{}]]"#, 3),
        ] {
            let text = text.as_bytes();
            assert_eq!(too_deep(text, levels), None);
            if let Some(fewer) = levels.checked_sub(1) {
                assert!(too_deep(text, fewer).is_some());
            }
        }
    }

    #[test]
    fn brackets_are_counted_over_blocks() {
        let text = "[{".repeat(1000);
        assert!(has_few_brackets(text.as_bytes(), 2000));
        assert!(!has_few_brackets(text.as_bytes(), 1999));
        assert!(has_few_brackets(b"abc]}\x0b", 0));
        assert_eq!(too_deep(text.as_bytes(), 64), Some(64));
    }
}
