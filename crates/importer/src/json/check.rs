//! Checks the form of a JSON text without making a value of it.
//!
//! A scanner that finds the ends of strings with the processor's wide registers
//! accepts most texts, several times faster than the parser reads past them. It
//! accepts nothing that the parser would refuse; what it does not accept is
//! parsed, which finds the reason.

use serde::de::IgnoredAny;

use super::value::{JsonFault, MAX_PARSER_DEPTH, parse};
use crate::Limits;

/// Checks one whole JSON text: a line, a member, a piece.
///
/// # Errors
/// As [`parse`], for a text that has no type's shape to follow.
pub fn check(bytes: &[u8], limits: &Limits) -> Result<(), JsonFault> {
    let is_short = u64::try_from(bytes.len()).is_ok_and(|n| n <= limits.max_record_bytes);
    let deepest = limits.max_depth.min(MAX_PARSER_DEPTH);
    if is_short && is_surely_valid(bytes, deepest) {
        return Ok(());
    }
    parse::<IgnoredAny>(bytes, limits).map(drop)
}

/// Whether a text is valid JSON beyond doubt, without line ends, tabs and what
/// Python writes besides. `false` says nothing.
fn is_surely_valid(text: &[u8], deepest: u32) -> bool {
    // The only white space that is let pass stands between values, so that any
    // control character is left to the parser.
    let has_control = text.chunks(4096).any(|block| {
        let controls = block.iter().map(|byte| u8::from(*byte < 0x20));
        controls.fold(0, |any, one| any | one) > 0
    });
    if has_control || simdutf8::basic::from_utf8(text).is_err() {
        return false;
    }
    Scanner { rest: text }.document(deepest).is_some()
}

/// What may stand next.
#[derive(Clone, Copy)]
enum Next {
    Value,
    /// A value, or the end of a list that has just begun.
    ValueOrEnd,
    Key,
    /// A key, or the end of an object that has just begun.
    KeyOrEnd,
    /// What follows a value.
    After,
}

struct Scanner<'a> {
    rest: &'a [u8],
}

impl Scanner<'_> {
    fn document(&mut self, deepest: u32) -> Option<()> {
        // One bit for each open level: 1 is an object. There are at most 127.
        let (mut levels, mut objects) = (0_u32, 0_u128);
        let mut next = Next::Value;
        loop {
            self.spaces();
            if let (Next::After, 0) = (next, levels) {
                return self.rest.is_empty().then_some(());
            }
            let byte = self.take()?;
            next = match (next, byte) {
                (Next::After, b',') if objects & 1 == 1 => Next::Key,
                (Next::After, b',') => Next::Value,
                (Next::After | Next::KeyOrEnd, b'}') if objects & 1 == 1 => {
                    (levels, objects) = (levels - 1, objects >> 1);
                    Next::After
                }
                (Next::After | Next::ValueOrEnd, b']') if objects & 1 == 0 => {
                    (levels, objects) = (levels - 1, objects >> 1);
                    Next::After
                }
                (Next::Key | Next::KeyOrEnd, b'"') => {
                    self.string()?;
                    self.spaces();
                    (self.take()? == b':').then_some(Next::Value)?
                }
                (Next::Value | Next::ValueOrEnd, b'{' | b'[') => {
                    if levels == deepest {
                        return None;
                    }
                    let is_object = byte == b'{';
                    (levels, objects) = (levels + 1, objects << 1 | u128::from(is_object));
                    match is_object {
                        true => Next::KeyOrEnd,
                        false => Next::ValueOrEnd,
                    }
                }
                (Next::Value | Next::ValueOrEnd, start) => {
                    self.scalar(start)?;
                    Next::After
                }
                _ => return None,
            };
        }
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn spaces(&mut self) {
        while let [b' ', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }

    /// The rest of a value that is no list and no object.
    fn scalar(&mut self, start: u8) -> Option<()> {
        match start {
            b'"' => self.string(),
            b't' => self.word(b"rue"),
            b'f' => self.word(b"alse"),
            b'n' => self.word(b"ull"),
            b'-' => {
                let first = self.take()?;
                self.number(first)
            }
            _ => self.number(start),
        }
    }

    fn word(&mut self, rest: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(rest)?;
        Some(())
    }

    fn number(&mut self, first: u8) -> Option<()> {
        match first {
            b'0' => {}
            b'1'..=b'9' => drop(self.digits()),
            _ => return None,
        }
        if let [b'.', rest @ ..] = self.rest {
            self.rest = rest;
            self.digits()?;
        }
        if let [b'e' | b'E', rest @ ..] = self.rest {
            self.rest = rest;
            if let [b'+' | b'-', rest @ ..] = self.rest {
                self.rest = rest;
            }
            self.digits()?;
        }
        Some(())
    }

    /// Passes over digits; `None` if there is none.
    fn digits(&mut self) -> Option<()> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit());
        let (digits, rest) = self.rest.split_at_checked(count.count())?;
        self.rest = rest;
        (!digits.is_empty()).then_some(())
    }

    /// The rest of a string whose quote was taken.
    fn string(&mut self) -> Option<()> {
        loop {
            let found = memchr::memchr2(b'"', b'\\', self.rest)?;
            let (byte, rest) = self.rest.get(found..)?.split_first()?;
            self.rest = rest;
            if *byte == b'"' {
                return Some(());
            }
            match self.take()? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                b'u' => {
                    let (code, rest) = self.rest.split_at_checked(4)?;
                    self.rest = rest;
                    code.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                }
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parses(text: &str) -> bool {
        serde_json::from_str::<IgnoredAny>(text).is_ok()
    }

    #[test]
    fn valid_lines_are_accepted_at_once() {
        for text in [
            "{}",
            "[]",
            " 0 ",
            "-1.5e+10",
            "1E5",
            r#""a \"b\" \\ \/ \u00e9 \n é😀""#,
            r#"{"a": [1, {"b": null}, [], {}, true], "c":{"d" : false}}"#,
            r#"[[[["]}"]]], "", -0, 0.0]"#,
        ] {
            assert!(parses(text), "{text}");
            assert!(is_surely_valid(text.as_bytes(), 64), "{text}");
        }
        assert!(is_surely_valid(b"[[1]]", 2) && !is_surely_valid(b"[[1]]", 1));
    }

    #[test]
    fn what_is_broken_is_never_accepted() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[",
            "]",
            "[1",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{,}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            r#"{"a" 1}"#,
            r#"{1:1}"#,
            "[}",
            "{]",
            r#"{"a":1]"#,
            r#"[1}"#,
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "--1",
            "1e",
            "1e+",
            "0x1",
            "NaN",
            "Infinity",
            "nul",
            "truee",
            "true false",
            r#"""#,
            r#""\x""#,
            r#""\u12g4""#,
            r#""\u123"#,
            r#""a\"#,
            "\"a\nb\"",
            "\"a\u{1}b\"",
            "{} {}",
            "[]]",
            r#"{"a":1}}"#,
            "'a'",
            "// a",
        ] {
            assert!(!parses(text), "{text}");
            assert!(!is_surely_valid(text.as_bytes(), 64), "{text}");
        }
        assert!(!is_surely_valid(b"\"\xff\"", 64));
    }

    #[test]
    fn the_answer_is_that_of_the_parser() {
        let limits = Limits::default();
        for text in [
            &b"{\"a\": NaN}"[..],
            b"\xef\xbb\xbf{\"a\": 1}",
            b"\t[1]\r",
            b"\"\\ud800\"",
            b"{\"a\": 1",
            b"\"\xff\"",
            b"[1]x",
        ] {
            let parsed = parse::<IgnoredAny>(text, &limits).map(drop);
            assert_eq!(check(text, &limits), parsed);
        }
        let deep = "[".repeat(65) + &"]".repeat(65);
        let fault = check(deep.as_bytes(), &limits).err();
        assert_eq!(fault, parse::<IgnoredAny>(deep.as_bytes(), &limits).err());
        assert!(fault.is_some_and(|fault| fault.reason.contains("64 levels")));
        let short = Limits {
            max_record_bytes: 3,
            ..limits
        };
        assert!(check(b"1234", &short).is_err_and(|fault| fault.reason.contains("4 bytes")));
    }

    proptest! {
        #[test]
        fn nothing_is_accepted_that_the_parser_refuses(
            text in r#"[\{\}\[\],:"\\0-9eEtrufalsn. +\-]{0,24}"#,
        ) {
            prop_assert!(!is_surely_valid(text.as_bytes(), 64) || parses(&text));
        }

        #[test]
        fn a_valid_text_is_not_accepted_with_one_byte_changed_unless_it_parses(
            text in proptest::sample::select(vec![
                r#"{"a": [1.5e3, {"b": "x\ny\u00e9"}], "c": null}"#,
                r#"[{"text": "say \"so\"", "notes": {}}, -1, true, [[]]]"#,
            ]),
            place in 0_usize..50,
            byte in 0x20_u8..0x7f,
        ) {
            let mut bytes = text.as_bytes().to_vec();
            let place = place % bytes.len();
            bytes[place] = byte;
            let changed = String::from_utf8_lossy(&bytes);
            let accepted = is_surely_valid(changed.as_bytes(), 64);
            prop_assert!(!accepted || parses(&changed));
            prop_assert!(accepted || !parses(&changed), "left to the parser: {changed}");
        }
    }
}
