//! The keys at the start of a JSON file, for recognition.
//!
//! A tolerant scan of bytes: it needs no complete document, never fails, and
//! looks at three levels of nesting only.

use std::collections::BTreeSet;

/// Levels of nesting whose keys are kept.
const LEVELS: usize = 3;

/// Longest key that is compared; the keys looked for are shorter.
const MAX_KEY_BYTES: usize = 64;

/// Keys by their path.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// Paths of keys. A list's items share the empty key.
    paths: BTreeSet<Vec<String>>,
    /// The start ends before the document does.
    pub(crate) cut_short: bool,
}

impl Keys {
    /// Scans the start of a file.
    pub(crate) fn scan(head: &[u8]) -> Self {
        let mut keys = Self::default();
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(&b'{') {
            return keys;
        }
        let mut path: Vec<String> = Vec::new();
        let mut level = 0_usize;
        let mut bytes = head.iter().copied().enumerate();
        while let Some((position, byte)) = bytes.next() {
            match byte {
                b'{' | b'[' => {
                    level += 1;
                    if level <= LEVELS {
                        path.push(String::new());
                    }
                }
                b'}' | b']' => {
                    if level <= LEVELS {
                        path.pop();
                    }
                    level = level.saturating_sub(1);
                    if level == 0 {
                        return keys;
                    }
                }
                b'"' => {
                    let end = end_of_string(head, position + 1);
                    if let Some(key) = key_at(head, position + 1, end).filter(|_| level <= LEVELS) {
                        if let Some(last) = path.last_mut() {
                            *last = key;
                        }
                        keys.paths.insert(path.clone());
                    }
                    // Skips the string and its closing quote.
                    if end > position {
                        bytes.nth(end - position - 1);
                    }
                }
                _ => {}
            }
        }
        keys.cut_short = true;
        keys
    }

    /// Whether a key stands at this path.
    pub(crate) fn has(&self, path: &[&str]) -> bool {
        self.paths
            .iter()
            .any(|found| found.iter().map(String::as_str).eq(path.iter().copied()))
    }

    /// Whether a key stands on the third level, where both shapes have their entries.
    pub(crate) fn has_entry_key(&self, key: &str) -> bool {
        self.paths
            .iter()
            .any(|path| path.len() == LEVELS && path.last().is_some_and(|last| last == key))
    }
}

/// Position of the quote that closes a string, or the end of the bytes.
fn end_of_string(head: &[u8], start: usize) -> usize {
    let mut escaped = false;
    for (position, byte) in head.iter().enumerate().skip(start) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return position,
            _ => {}
        }
    }
    head.len()
}

/// The string as a key, if a colon follows it.
fn key_at(head: &[u8], start: usize, end: usize) -> Option<String> {
    let after = head.get(end + 1..)?;
    let next = after.iter().find(|byte| !byte.is_ascii_whitespace());
    if next != Some(&b':') {
        return None;
    }
    let key = head.get(start..end)?;
    let key = key.get(..MAX_KEY_BYTES).unwrap_or(key);
    Some(String::from_utf8_lossy(key).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_three_levels_are_found_also_in_a_start() {
        let keys =
            Keys::scan(br#" {"a": {"b": "x\":", "c": [1, {"deep": 1}]}, "d": [{"e": 1}], "f": "#);
        assert!(keys.cut_short);
        for path in [&["a"][..], &["a", "b"], &["a", "c"], &["d"], &["f"]] {
            assert!(keys.has(path), "{path:?}");
        }
        assert!(!keys.has(&["a", "c", "deep"]));
        assert!(keys.has_entry_key("e"));
        assert!(!keys.has_entry_key("deep"));
    }

    #[test]
    fn a_scan_of_any_bytes_ends() {
        for head in [
            &b""[..],
            b"[1]",
            b"}",
            b"{",
            b"{\"",
            b"{\"\\",
            b"{\"a\"",
            b"{]]]}}{\"a\":",
            b"{\xff\"\xff\":1}",
        ] {
            let _ = Keys::scan(head);
        }
        let _ = Keys::scan(&[b'{'; 70_000]);
        assert!(!Keys::scan(br#"{"a": 1}"#).cut_short);
    }
}
