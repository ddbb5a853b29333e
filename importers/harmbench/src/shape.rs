//! What the start of a JSON file says of it.
//!
//! A tolerant walk over bytes that needs no complete document: an object of
//! lists of objects, and the keys of those objects.

/// Longest key that is compared; the keys looked for are shorter.
const MAX_KEY_BYTES: usize = 32;

/// Levels at which the keys of an entry stand: behaviours, list, entry.
const ENTRY_LEVEL: usize = 3;

/// What a file looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Entries with `test_case` and `generation`.
    Entries,
    /// `test_case` is the first key of an entry, and the start ends within it.
    StartOfEntries,
    /// Entries with `test_case` alone.
    TestCases,
    /// Something else.
    Other,
}

impl Shape {
    /// Looks at the start of a file.
    pub(crate) fn of(head: &[u8]) -> Self {
        let keys = Keys::scan(head);
        match (keys.test_case, keys.generation) {
            (true, true) => Shape::Entries,
            (true, false) if keys.within_first_entry => Shape::StartOfEntries,
            (true, false) => Shape::TestCases,
            (false, _) => Shape::Other,
        }
    }
}

/// The keys that were met at the level of entries.
#[derive(Clone, Copy, Debug, Default)]
struct Keys {
    test_case: bool,
    generation: bool,
    within_first_entry: bool,
}

impl Keys {
    fn scan(head: &[u8]) -> Self {
        let mut keys = Self::default();
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        let mut level = 0_usize;
        let mut entries_ended = 0_u32;
        let mut position = 0;
        while let Some(&byte) = head.get(position) {
            position += 1;
            match byte {
                b'{' | b'[' => {
                    level += 1;
                    // Behaviours are an object, their values lists, entries objects.
                    let expected = if level == 2 { b'[' } else { b'{' };
                    if level <= ENTRY_LEVEL && byte != expected {
                        return Self::default();
                    }
                }
                b'}' | b']' => {
                    entries_ended += u32::from(level == ENTRY_LEVEL);
                    level = level.saturating_sub(1);
                    if level == 0 {
                        return keys;
                    }
                }
                b'"' => {
                    let end = end_of_string(head, position);
                    if level == ENTRY_LEVEL {
                        keys.note(head, position, end);
                    }
                    position = end + 1;
                }
                _ if level == 0 && !byte.is_ascii_whitespace() => return Self::default(),
                _ => {}
            }
            if keys.test_case && keys.generation {
                return keys;
            }
        }
        keys.within_first_entry = entries_ended == 0 && level >= ENTRY_LEVEL;
        // A string that does not end holds the walk at the level of its entry.
        keys
    }

    fn note(&mut self, head: &[u8], start: usize, end: usize) {
        let is_key = head
            .get(end + 1..)
            .and_then(|after| after.iter().find(|byte| !byte.is_ascii_whitespace()))
            == Some(&b':');
        match head.get(start..end) {
            Some(key) if is_key && key.len() <= MAX_KEY_BYTES => {
                self.test_case |= key == b"test_case";
                self.generation |= key == b"generation";
            }
            _ => {}
        }
    }
}

/// Position of the quote that closes a string, or the end of the bytes.
fn end_of_string(head: &[u8], start: usize) -> usize {
    let mut position = start;
    while let Some(&byte) = head.get(position) {
        match byte {
            b'"' => return position,
            b'\\' => position += 2,
            _ => position += 1,
        }
    }
    head.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_told_apart_by_the_keys_of_their_entries() {
        for (head, shape) in [
            (
                r#"{"b": [{"test_case": "t", "generation": "g"}]}"#,
                Shape::Entries,
            ),
            (
                r#"{"a": [], "b": [{"generation": "", "test_case": ["i", "t"]"#,
                Shape::Entries,
            ),
            (
                r#"{"b": [{"test_case": "a very long te"#,
                Shape::StartOfEntries,
            ),
            (r#"{"b": [{"test_case": "t"}]}"#, Shape::TestCases),
            (r#"{"b": ["t"]}"#, Shape::Other),
            (r#"{"b": [], "c": []}"#, Shape::Other),
            (r#"{"b": {"test_case": 1, "generation": 2}}"#, Shape::Other),
            (
                r#"[{"b": [{"test_case": 1, "generation": 2}]}]"#,
                Shape::Other,
            ),
            (
                r#"{"b": [{"x": {"test_case": 1, "generation": 2}}]}"#,
                Shape::Other,
            ),
            (
                r#"{"b": [{"x": "\"test_case\": \"generation\":"}]}"#,
                Shape::Other,
            ),
            ("test_case,generation", Shape::Other),
            ("", Shape::Other),
        ] {
            assert_eq!(Shape::of(head.as_bytes()), shape, "{head}");
        }
    }

    #[test]
    fn a_walk_over_any_bytes_ends() {
        for head in [&b"}"[..], b"{\"", b"{\"\\", b"{[", b"\xff\xfe{", b"{]]]"] {
            let _ = Shape::of(head);
        }
        let _ = Shape::of(&[b'{'; 70_000]);
    }
}
