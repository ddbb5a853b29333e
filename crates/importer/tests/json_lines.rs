//! Tables of JSON lines and what is read from them.
//!
//! A line goes the way that importers send it: cut by `Lines`, parsed by
//! `json::parse`.

#![allow(clippy::unwrap_used)]

use std::io::{BufReader, Read};

use caveat_importer::Limits;
use caveat_importer::json::{self, raw_text};
use caveat_importer::lines::{Line, Lines};
use serde::Deserialize;
use serde_json::Value;

/// Each line as its value, or as its fault; a blank line is none.
fn read(text: &[u8], limits: &Limits, capacity: usize) -> Vec<String> {
    let mut lines = Lines::new(
        BufReader::with_capacity(capacity, text),
        limits.max_record_bytes,
    );
    let mut found = Vec::new();
    while let Some((at, line)) = lines.next_line().unwrap() {
        let said = match line {
            Line::Whole(bytes) if bytes.trim_ascii().is_empty() => continue,
            Line::Whole(bytes) => match json::parse::<Value>(bytes, limits) {
                Ok(value) => raw_text(&value),
                Err(fault) => format!("{fault}"),
            },
            Line::TooLong { bytes } => format!("<{bytes} bytes>"),
        };
        found.push(format!("{}: {said}", at.line));
    }
    found
}

type Case<'a> = (&'a str, &'a [u8], &'a [&'a str]);

fn check(cases: &[Case<'_>]) {
    for (name, text, expected) in cases {
        for capacity in [1, 7, 4096] {
            assert_eq!(
                read(text, &Limits::default(), capacity),
                *expected,
                "{name}"
            );
        }
    }
}

#[test]
fn lines_come_out_one_by_one() {
    check(&[
        ("no bytes", b"", &[]),
        ("one line", b"{\"a\":1}", &["1: {\"a\":1}"]),
        ("a line feed at the end", b"{\"a\":1}\n", &["1: {\"a\":1}"]),
        (
            "carriage returns",
            b"{\"a\":1}\r\n{\"b\":2}\r\n",
            &["1: {\"a\":1}", "2: {\"b\":2}"],
        ),
        (
            "a lone carriage return is white space",
            b"1\r2",
            &["1: not valid JSON: trailing characters (byte 2)"],
        ),
        ("blank lines", b"\n  \n1\n\t\n2\n\n", &["3: 1", "5: 2"]),
        ("white space around", b" \t1 \n", &["1: 1"]),
        (
            "scalars of every kind",
            b"null\ntrue\n-1.5\n\"x\"\n[]\n{}",
            &["1: null", "2: true", "3: -1.5", "4: x", "5: []", "6: {}"],
        ),
        (
            "a byte order mark at the start",
            b"\xef\xbb\xbf{\"a\":1}\n2",
            &["1: {\"a\":1}", "2: 2"],
        ),
        (
            "a byte order mark within",
            b"1\n\xef\xbb\xbf2",
            &["1: 1", "2: 2"],
        ),
        (
            "only a byte order mark",
            b"\xef\xbb\xbf",
            &["1: not valid JSON: EOF while parsing a value (byte 3)"],
        ),
        (
            "a bad line between good ones",
            b"1\n{\n3",
            &[
                "1: 1",
                "2: not valid JSON: EOF while parsing an object (byte 0)",
                "3: 3",
            ],
        ),
        (
            "unicode as it stands",
            "\"模型 é 😀\"".as_bytes(),
            &["1: 模型 é 😀"],
        ),
        (
            "unicode escaped",
            br#""\u6a21 \u00e9 \ud83d\ude00""#,
            &["1: 模 é 😀"],
        ),
        (
            "every escape",
            br#""\"\\\/\b\f\n\r\t""#,
            &["1: \"\\/\u{8}\u{c}\n\r\t"],
        ),
        ("a zero escaped", br#""a\u0000b""#, &["1: a\0b"]),
        (
            "line separators of Unicode end no line",
            "\"a\u{2028}b\"".as_bytes(),
            &["1: a\u{2028}b"],
        ),
        (
            "a repeated key keeps the last",
            b"{\"a\":1,\"a\":2}",
            &["1: {\"a\":2}"],
        ),
        ("an empty key", b"{\"\":1}", &["1: {\"\":1}"]),
    ]);
}

#[test]
fn what_python_writes_is_read() {
    check(&[
        ("NaN", b"{\"s\": NaN}", &["1: {\"s\":NaN}"]),
        (
            "infinities",
            b"[Infinity, -Infinity]",
            &["1: [Infinity,-Infinity]"],
        ),
        ("NaN at the root", b"NaN", &["1: NaN"]),
        ("NaN without spaces", b"[NaN,NaN]", &["1: [NaN,NaN]"]),
        (
            "the word in a text",
            b"[NaN, \"NaN and Infinity\"]",
            &["1: [NaN,\"NaN and Infinity\"]"],
        ),
        (
            "the word after a quote in a text",
            br#"[NaN, "\", NaN]"]"#,
            &[r#"1: [NaN,"\", NaN]"]"#],
        ),
        (
            "the word as a key",
            b"{\"NaN\": NaN}",
            &["1: {\"NaN\":NaN}"],
        ),
        (
            "a lone high surrogate",
            br#""a\ud800b""#,
            &["1: a\u{fffd}b"],
        ),
        ("a lone low surrogate", br#""a\udc00b""#, &["1: a\u{fffd}b"]),
        (
            "two high surrogates",
            br#""\ud800\ud83d\ude00""#,
            &["1: \u{fffd}😀"],
        ),
        (
            "a surrogate before a letter",
            br#""\ud800\u0041""#,
            &["1: \u{fffd}A"],
        ),
        ("a surrogate at the end", br#""\ud800""#, &["1: \u{fffd}"]),
        (
            "a surrogate in a key",
            br#"{"\ud800": 1}"#,
            &["1: {\"\u{fffd}\":1}"],
        ),
        (
            "a surrogate and a token",
            br#"{"t": "\udfff", "s": NaN}"#,
            &["1: {\"t\":\"\u{fffd}\",\"s\":NaN}"],
        ),
        (
            "an escaped backslash before a u",
            br#"["\\ud800", NaN]"#,
            &[r#"1: ["\\ud800",NaN]"#],
        ),
        (
            "numbers beyond doubles",
            b"[1e400, -1e400, 1e-400]",
            &["1: [1e400,-1e400,0.0]"],
        ),
        (
            "a whole number beyond doubles",
            &[b"1".to_vec(), vec![b'0'; 400]].concat(),
            &[&format!("1: 1{}", "0".repeat(400))],
        ),
        (
            "the largest whole numbers",
            b"[18446744073709551615, -9223372036854775808]",
            &["1: [18446744073709551615,-9223372036854775808]"],
        ),
        (
            "a whole number beyond 64 bits",
            b"18446744073709551616",
            &["1: 1.8446744073709552e+19"],
        ),
        (
            "the largest double",
            b"1.7976931348623157e308",
            &["1: 1.7976931348623157e+308"],
        ),
    ]);
}

#[test]
fn what_is_no_json_says_where() {
    let invalid = "not valid JSON: ";
    for (name, text, reason, byte) in [
        ("a word", &b"nope"[..], "not valid JSON: expected ident", 1),
        (
            "an open object",
            b"{\"a\": 1",
            "not valid JSON: EOF while parsing an object",
            6,
        ),
        (
            "an open list",
            b"[1, 2",
            "not valid JSON: EOF while parsing a list",
            4,
        ),
        (
            "an open text",
            b"\"abc",
            "not valid JSON: EOF while parsing a string",
            3,
        ),
        (
            "an open escape",
            b"\"ab\\",
            "not valid JSON: EOF while parsing a string",
            3,
        ),
        (
            "an open token",
            b"[NaN, Na",
            "not valid JSON: expected value",
            6,
        ),
        (
            "something behind",
            b"{} x",
            "not valid JSON: trailing characters",
            3,
        ),
        (
            "two objects",
            b"{}{}",
            "not valid JSON: trailing characters",
            2,
        ),
        (
            "a comma at the end of a list",
            b"[1,]",
            "not valid JSON: trailing comma",
            3,
        ),
        (
            "a comma at the end of an object",
            b"{\"a\":1,}",
            "not valid JSON: trailing comma",
            7,
        ),
        (
            "a key without quotes",
            b"{a:1}",
            "not valid JSON: key must be a string",
            1,
        ),
        (
            "single quotes",
            b"{'a':1}",
            "not valid JSON: key must be a string",
            1,
        ),
        ("no colon", b"{\"a\" 1}", "not valid JSON: expected `:`", 5),
        (
            "brackets of two kinds",
            b"[1}",
            "not valid JSON: expected `,` or `]`",
            2,
        ),
        ("a leading zero", b"01", "not valid JSON: invalid number", 1),
        ("a leading plus", b"+1", "not valid JSON: expected value", 0),
        (
            "a bare point",
            b"1.",
            "not valid JSON: EOF while parsing a value",
            1,
        ),
        (
            "hexadecimal",
            b"0x10",
            "not valid JSON: trailing characters",
            1,
        ),
        (
            "lower-case nan",
            b"nan",
            "not valid JSON: expected ident",
            1,
        ),
        (
            "None of Python",
            b"None",
            "not valid JSON: expected value",
            0,
        ),
        (
            "a comment",
            b"1 // one",
            "not valid JSON: trailing characters",
            2,
        ),
        (
            "a bad escape",
            b"\"\\x41\"",
            "not valid JSON: invalid escape",
            2,
        ),
        (
            "a bad unicode escape",
            b"\"\\u12g4\"",
            "not valid JSON: invalid escape",
            6,
        ),
        (
            "a bare tab in a text",
            b"\"a\tb\"",
            "not valid JSON: control character (\\u0000-\\u001F) found while parsing a string",
            2,
        ),
        ("a zero byte", b"\0", "not valid JSON: expected value", 0),
        (
            "a zero byte behind",
            b"1\0",
            "not valid JSON: trailing characters",
            1,
        ),
        (
            "a byte that is not UTF-8",
            b"{\"a\": \"\xff\"}",
            "not valid UTF-8",
            7,
        ),
        ("half a character", b"\"\xe6\xa8\"", "not valid UTF-8", 1),
        ("an overlong slash", b"\"\xc0\xaf\"", "not valid UTF-8", 1),
        (
            "a surrogate in UTF-8",
            b"\"\xed\xa0\x80\"",
            "not valid UTF-8",
            1,
        ),
        ("UTF-16", b"\xff\xfe{\0}\0", "not valid UTF-8", 0),
        (
            "not UTF-8 after a byte order mark",
            b"\xef\xbb\xbf\"\xff\"",
            "not valid UTF-8",
            4,
        ),
        (
            "a fault behind a token",
            b"[NaN, NaN, x]",
            "not valid JSON: expected value",
            11,
        ),
        (
            "a fault behind a surrogate",
            b"[\"\\ud800\", x]",
            "not valid JSON: expected value",
            11,
        ),
    ] {
        let fault = json::parse::<Value>(text, &Limits::default()).unwrap_err();
        assert_eq!(
            (fault.reason.as_str(), fault.byte),
            (reason, Some(byte)),
            "{name}"
        );
        assert!(reason.starts_with(invalid) || reason == "not valid UTF-8");
    }
}

#[test]
fn depth_is_bounded_without_recursion() {
    let limits = Limits::default();
    let nested = |open: &str, close: &str, levels: usize| {
        format!("{}{}", open.repeat(levels), close.repeat(levels))
    };
    let reason = "it is nested more than 64 levels deep";
    for (name, text, expected) in [
        ("64 lists", nested("[", "]", 64), None),
        ("65 lists", nested("[", "]", 65), Some(64)),
        (
            "64 objects",
            format!("{}1{}", "{\"a\":".repeat(64), "}".repeat(64)),
            None,
        ),
        (
            "65 objects",
            format!("{}1{}", "{\"a\":".repeat(65), "}".repeat(65)),
            Some(320),
        ),
        ("a million lists", nested("[", "]", 1_000_000), Some(64)),
        ("a million objects", "{\"a\":".repeat(1_000_000), Some(320)),
        ("a million closing brackets", "]".repeat(1_000_000), None),
        (
            "many lists beside each other",
            format!("[{}1]", "[],".repeat(100_000)),
            None,
        ),
        (
            "brackets in a text",
            format!("\"{}\"", "[".repeat(1_000_000)),
            None,
        ),
    ] {
        let value = json::parse::<Value>(text.as_bytes(), &limits);
        match (value, expected) {
            (Err(fault), Some(byte)) => {
                assert_eq!(
                    (fault.reason.as_str(), fault.byte),
                    (reason, Some(byte)),
                    "{name}"
                );
            }
            (Err(fault), None) => assert_ne!(fault.reason, reason, "{name}"),
            (Ok(_), expected) => assert_eq!(expected, None, "{name}"),
        }
        // A type that leaves the depth out is no way around the bound.
        let ignored = json::parse::<serde::de::IgnoredAny>(text.as_bytes(), &limits);
        assert_eq!(
            ignored.is_err(),
            expected.is_some() || text.starts_with(']'),
            "{name}"
        );
    }
    let deep = Limits {
        max_depth: 1_000_000,
        ..limits
    };
    let fault = json::parse::<Value>(nested("[", "]", 100_000).as_bytes(), &deep).unwrap_err();
    assert_eq!(fault.reason, "it is nested more than 127 levels deep");
    assert!(json::parse::<Value>(nested("[", "]", 127).as_bytes(), &deep).is_ok());
}

#[test]
fn long_lines_are_read_past_and_the_next_one_is_good() {
    let limits = Limits {
        max_record_bytes: 1000,
        ..Limits::default()
    };
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(5_000_000));
    let exact = format!("\"{}\"", "y".repeat(998));
    let text = format!("1\n{long}\n{exact}\r\n{exact} \n2");
    assert_eq!(
        read(text.as_bytes(), &limits, 4096),
        [
            "1: 1".to_owned(),
            "2: <5000009 bytes>".to_owned(),
            format!("3: {}", "y".repeat(998)),
            "4: <1001 bytes>".to_owned(),
            "5: 2".to_owned(),
        ]
    );
    let fault = json::parse::<Value>(&[b' '; 1001], &limits).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "it has 1001 bytes, at most 1000 are read"
    );
}

#[test]
fn a_gigabyte_line_takes_no_gigabyte() {
    /// A line of this many bytes, then an object.
    struct Long(usize);
    impl Read for Long {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let bytes = buffer.len().min(self.0);
            buffer[..bytes].fill(b'x');
            self.0 -= bytes;
            Ok(bytes)
        }
    }
    let limits = Limits::default();
    let endless = Long(1 << 30).chain(&b"\n{\"a\": 1}\n"[..]);
    let mut lines = Lines::new(
        BufReader::with_capacity(1 << 20, endless),
        limits.max_record_bytes,
    );
    let (_, line) = lines.next_line().unwrap().unwrap();
    assert_eq!(line, Line::TooLong { bytes: 1 << 30 });
    let (at, line) = lines.next_line().unwrap().unwrap();
    assert_eq!((at.line, line), (2, Line::Whole(b"{\"a\": 1}")));
}

#[derive(Debug, Deserialize, PartialEq)]
struct Typed {
    id: u64,
    #[serde(default)]
    score: Value,
    note: Option<String>,
}

#[test]
fn typed_records_say_which_field_is_wrong() {
    let parse = |text: &str| json::parse::<Typed>(text.as_bytes(), &Limits::default());
    let typed = parse(r#"{"id": 1, "score": NaN, "note": "\ud800", "more": [[[]]]}"#).unwrap();
    assert_eq!(raw_text(&typed.score), "NaN");
    assert_eq!(typed.note.as_deref(), Some("\u{fffd}"));
    for (text, reason) in [
        (r#"{"score": 1}"#, "missing field `id`"),
        (r#"{"id": 1, "id": 1}"#, "duplicate field `id`"),
        (
            r#"{"id": "1"}"#,
            "invalid type: string of 1 character, expected u64",
        ),
        (r#"{"id": -1}"#, "invalid value: integer `-1`, expected u64"),
        (
            r#"{"id": NaN}"#,
            "invalid type: string \"NaN\", expected u64",
        ),
        (
            r#"{"id": 1e400}"#,
            "invalid type: string \"1e400\", expected u64",
        ),
        (
            r#"{"id": 1, "note": " at line 3"  ,"#,
            "not valid JSON: EOF while parsing a value",
        ),
        (
            r#"{"id": " at line 3 column 4"}"#,
            "invalid type: string of 19 characters, expected u64",
        ),
        (
            r#"{"id": "\ufdd0NaN of a text"}"#,
            "invalid type: string of 14 characters, expected u64",
        ),
        ("[1, 2, \"x\"]", ""),
        ("null", "invalid type: null, expected struct Typed"),
    ] {
        match parse(text) {
            Err(fault) => assert_eq!(fault.reason, reason, "{text}"),
            // A derived struct reads a list by position: importers check for `{`.
            Ok(_) => assert!(text.starts_with('['), "{text}"),
        }
    }
    let long = format!("{{\"id\": \"{}\"}}", "é".repeat(1_000_000));
    let reason = parse(&long).unwrap_err().reason;
    assert_eq!(
        reason,
        "invalid type: string of 1000000 characters, expected u64"
    );
}

#[test]
fn a_line_cut_anywhere_is_a_fault_and_no_other_value() {
    let text =
        r#"{"id": 12, "score": NaN, "note": "a\ud83d\ude00\ud800\"}", "l": [1, {"x": -1.5e3}]}"#;
    assert!(json::parse::<Value>(text.as_bytes(), &Limits::default()).is_ok());
    for end in 0..text.len() {
        let cut = json::parse::<Value>(&text.as_bytes()[..end], &Limits::default());
        let fault = cut.unwrap_err();
        assert!(
            fault.reason.starts_with("not valid JSON: "),
            "{end}: {fault}"
        );
        assert!(
            fault.byte.is_none_or(|byte| byte <= end as u64),
            "{end}: {fault}"
        );
    }
}

#[test]
fn the_place_of_a_fault_in_text_of_several_lines_is_a_byte() {
    let text = "{\n  \"a\": 1,\n  \"b\": ?\n}";
    let fault = json::parse::<Value>(text.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(fault.byte, Some(text.find('?').unwrap() as u64));
    let marked = format!("\u{feff}{text}");
    let fault = json::parse::<Value>(marked.as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(fault.byte, Some(marked.find('?').unwrap() as u64));
}
