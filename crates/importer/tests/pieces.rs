//! Tables of documents and the pieces that come out of them.

#![allow(clippy::unwrap_used)]

use std::io::{self, Read};

use caveat_importer::Limits;
use caveat_importer::json::{Content, Key, Pieces, PiecesError};

/// Hands out a few bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let step = self.1.min(self.0.len()).min(buffer.len());
        buffer[..step].copy_from_slice(&self.0[..step]);
        self.0 = &self.0[step..];
        Ok(step)
    }
}

/// Every piece as `byte path/key=content`, then how it ended.
fn cut(text: &[u8], open: &[&str], ignored: &[&str], longest: u64, step: usize) -> Vec<String> {
    let limits = Limits {
        max_record_bytes: longest,
        ..Limits::default()
    };
    let mut pieces = Pieces::new(Slow(text, step), open, &limits).ignoring(ignored);
    let mut found = Vec::new();
    loop {
        match pieces.next_piece() {
            Ok(Some(piece)) => {
                let key = match piece.key {
                    Key::Name(name) => name.to_owned(),
                    Key::Index(index) => format!("#{index}"),
                };
                let content = match piece.content {
                    Content::Whole(bytes) if bytes.first() != Some(&piece.first) => "?".to_owned(),
                    Content::Whole(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    Content::TooLong { bytes } => format!("<{bytes} bytes>"),
                };
                let (byte, path) = (piece.byte, piece.path);
                found.push(format!("{byte} {path}/{key}={content}"));
            }
            Ok(None) => return found,
            Err(error) => {
                let half = pieces
                    .unfinished()
                    .map(|half| format!(", in {} {}/{}", half.byte, half.path, half.key));
                found.push(match error {
                    PiecesError::Truncated { byte } => {
                        format!("cut at {byte}{}", half.unwrap_or_default())
                    }
                    other => other.to_string(),
                });
                assert!(matches!(pieces.next_piece(), Ok(None)));
                return found;
            }
        }
    }
}

#[test]
fn documents_are_cut_at_the_opened_containers() {
    type Case<'a> = (&'a str, &'a str, &'a [&'a str], &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        (
            "list",
            "[1, {\"a\": [2]}, \"x\"]",
            &[""],
            &["1 /#0=1", "4 /#1={\"a\": [2]}", "16 /#2=\"x\""],
        ),
        (
            "object",
            r#" {"a" : 1,"b":[] } "#,
            &[""],
            &["8 /a=1", "14 /b=[]"],
        ),
        ("nothing opened", r#" {"a": 1} "#, &[], &["1 /={\"a\": 1}"]),
        ("scalar at the root", " 12", &[""], &["1 /=12"]),
        (
            "text at the root",
            "\"a]\\\"\"\n",
            &["a"],
            &["0 /=\"a]\\\"\""],
        ),
        ("empty list", "[ ]", &[""], &[]),
        ("empty object", "{}", &[""], &[]),
        ("byte order mark", "\u{feff}[1]", &[""], &["4 /#0=1"]),
        (
            "a member opened",
            r#"{"v": 4, "r": [1, 2], "t": {}}"#,
            &["r"],
            &["6 /v=4", "15 r/#0=1", "18 r/#1=2", "27 /t={}"],
        ),
        (
            "two levels",
            r#"{"r": {"r": [{"a": 1}], "s": 1}}"#,
            &["r.r"],
            &["13 r.r/#0={\"a\": 1}", "29 r/s=1"],
        ),
        (
            "opened but a scalar",
            r#"{"r": null}"#,
            &["r"],
            &["6 /r=null"],
        ),
        (
            "any name",
            r#"{"m": {"b": {}}, "d": {"c": 1}}"#,
            &["*"],
            &["12 m/b={}", "28 d/c=1"],
        ),
        (
            "a position",
            "[[1],[2]]",
            &["1"],
            &["1 /#0=[1]", "6 1/#0=2"],
        ),
        (
            "a name with a dot is no path",
            r#"{"r.r": [1]}"#,
            &["r.r"],
            &["8 /r.r=[1]"],
        ),
        (
            "repeated names come out twice",
            r#"{"r": [1], "r": [2], "a": 1, "a": 2}"#,
            &["r"],
            &["7 r/#0=1", "17 r/#0=2", "26 /a=1", "34 /a=2"],
        ),
        (
            "escaped names",
            r#"{"\u0072": [1], "a\"b": 2, "\ud800": 3}"#,
            &["r"],
            &["12 r/#0=1", "24 /a\"b=2", "37 /\u{fffd}=3"],
        ),
        (
            "brackets in strings",
            r#"["]}", "\\", "\"]"]"#,
            &[""],
            &[r##"1 /#0="]}""##, r##"7 /#1="\\""##, r##"13 /#2="\"]""##],
        ),
        (
            "tokens of Python",
            "[NaN,-Infinity]",
            &[""],
            &["1 /#0=NaN", "5 /#1=-Infinity"],
        ),
        (
            "a faulty piece is the importer's",
            "[{:}, nonsense, 1]",
            &[""],
            &["1 /#0={:}", "6 /#1=nonsense", "16 /#2=1"],
        ),
    ];
    for (name, text, open, expected) in cases {
        for step in [1, 2, 3, 7, 1000] {
            let found = cut(text.as_bytes(), open, &[], 1 << 20, step);
            assert_eq!(found, *expected, "{name}, {step} bytes at a time");
        }
    }
}

#[test]
fn what_is_no_document_says_where() {
    for (text, expected) in [
        ("", "cut at 0"),
        ("  ", "cut at 2"),
        ("\u{feff}", "cut at 3"),
        ("[", "cut at 1"),
        ("{", "cut at 1"),
        ("[1", "cut at 2, in 1 /0"),
        ("[{\"a\": 1", "cut at 8, in 1 /0"),
        ("{\"ab", "cut at 4, in 1 /"),
        ("{\"ab\"", "cut at 5, in 1 /ab"),
        ("{\"ab\": ", "cut at 7, in 1 /ab"),
        ("{\"ab\": tr", "cut at 9, in 7 /ab"),
        ("\"abc", "cut at 4, in 0 /"),
        ("]", "not valid JSON: expected a value, found `]` (byte 0)"),
        (",", "not valid JSON: expected a value, found `,` (byte 0)"),
        (
            "[]]",
            "not valid JSON: expected the end of the document, found `]` (byte 2)",
        ),
        (
            "{} {}",
            "not valid JSON: expected the end of the document, found `{` (byte 3)",
        ),
        ("[}", "not valid JSON: expected a value, found `}` (byte 1)"),
        (
            "{]",
            "not valid JSON: expected a name in quotes, found `]` (byte 1)",
        ),
        (
            "{1: 2}",
            "not valid JSON: expected a name in quotes, found `1` (byte 1)",
        ),
        (
            "{\"a\" 1}",
            "not valid JSON: expected `:`, found `1` (byte 5)",
        ),
        (
            "{\"a\":}",
            "not valid JSON: expected a value, found `}` (byte 5)",
        ),
        (
            "{\"\\x\": 1}",
            "not valid JSON: a name that is not valid JSON: invalid escape (byte 1)",
        ),
    ] {
        assert_eq!(
            cut(text.as_bytes(), &[""], &[], 1 << 20, 1),
            [expected],
            "{text:?}"
        );
    }
    for (text, last) in [
        (
            "[1 2]",
            "not valid JSON: expected `,` or `]`, found `2` (byte 3)",
        ),
        (
            "[1}",
            "not valid JSON: expected `,` or `]`, found `}` (byte 2)",
        ),
        (
            "{\"a\":1]",
            "not valid JSON: expected `,` or `}`, found `]` (byte 6)",
        ),
        (
            "[1,]",
            "not valid JSON: expected a value, found `]` (byte 3)",
        ),
        (
            "{\"a\":1,}",
            "not valid JSON: expected a name in quotes, found `}` (byte 7)",
        ),
        (
            "[1] x",
            "not valid JSON: expected the end of the document, found `x` (byte 4)",
        ),
        ("[1,", "cut at 3"),
        (
            "[1]\0",
            "not valid JSON: expected the end of the document, found the byte 0x00 (byte 3)",
        ),
    ] {
        let found = cut(text.as_bytes(), &[""], &[], 1 << 20, 1);
        assert_eq!(found.len(), 2, "{text}: {found:?}");
        assert_eq!(found[1], last, "{text}");
    }
}

#[test]
fn a_long_piece_is_read_past_and_the_next_one_is_good() {
    let long = "x".repeat(700_000);
    let text = format!(r#"{{"a": ["{long}", {{"k": "{long}"}}, 3], "t": ["{long}"], "b": 1}}"#);
    for step in [7919, 1 << 20] {
        assert_eq!(
            cut(text.as_bytes(), &["a"], &["t"], 1000, step),
            [
                "7 a/#0=<700002 bytes>",
                "700011 a/#1=<700009 bytes>",
                "1400022 a/#2=3",
                "2100042 /b=1"
            ]
        );
        let whole = cut(text.as_bytes(), &["a"], &[], 700_009, step);
        assert_eq!(whole.len(), 5);
        assert!(whole.iter().all(|piece| !piece.contains("bytes>")));
    }
    let bounds = [(2, "<3 bytes>"), (3, "\"a\"")];
    for (longest, content) in bounds {
        assert_eq!(
            cut(b"[\"a\"]", &[""], &[], longest, 1),
            [format!("1 /#0={content}")]
        );
    }
    let name = cut(
        format!("{{\"{long}\": 1}}").as_bytes(),
        &[""],
        &[],
        1000,
        4096,
    );
    assert_eq!(
        name,
        ["not valid JSON: a name of 700002 bytes, at most 1000 are read (byte 1)"]
    );
}

#[test]
fn a_million_brackets_are_one_piece_or_a_cut() {
    let deep = "[".repeat(1_000_000);
    let whole = format!("[{deep}{}, 1]", "]".repeat(1_000_000));
    assert_eq!(
        cut(whole.as_bytes(), &[""], &[], 1000, 65_536),
        ["1 /#0=<2000000 bytes>", "2000003 /#1=1"]
    );
    assert_eq!(
        cut(deep.as_bytes(), &[""], &[], 1000, 65_536),
        ["cut at 1000000, in 1 /0"]
    );
}

#[test]
fn a_document_cut_anywhere_gives_its_whole_pieces_and_no_other() {
    let text = r#"{"v": "4\"}", "r": [{"id": 1, "t": "]é\\"}, {"id": 2}, [3]], "s": {"a": null}}"#;
    let whole = cut(text.as_bytes(), &["r"], &[], 1 << 20, 64);
    assert_eq!(whole.len(), 5);
    for end in 0..text.len() {
        let mut found = cut(&text.as_bytes()[..end], &["r"], &[], 1 << 20, 5);
        let last = found.pop().unwrap();
        assert!(last.starts_with(&format!("cut at {end}")), "{end}: {last}");
        assert_eq!(found, whole[..found.len()], "{end}");
    }
}

#[test]
fn containers_and_bytes_are_counted() {
    let text = br#"{"r": [], "s": 1, "r": [1]} "#;
    let mut pieces = Pieces::new(&text[..], &["r", "s", "t"], &Limits::default());
    while pieces.next_piece().unwrap().is_some() {}
    let counts = ["", "r", "s", "t"].map(|path| pieces.containers(path));
    assert_eq!(counts, [1, 2, 0, 0]);
    assert_eq!(["", "r", "s"].map(|path| pieces.lists(path)), [0, 2, 0]);
    assert_eq!(pieces.bytes_read(), 28);
    assert_eq!(pieces.unfinished(), None);
}

#[test]
fn a_reader_that_fails_is_an_error_and_no_cut() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    let reader = Slow(b"[1, 2", 2).chain(Broken);
    let mut pieces = Pieces::new(reader, &[""], &Limits::default());
    assert!(pieces.next_piece().unwrap().is_some());
    assert!(matches!(pieces.next_piece(), Err(PiecesError::Io(_))));
    assert!(matches!(pieces.next_piece(), Ok(None)));
}
