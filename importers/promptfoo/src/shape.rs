//! Which container of results a file is, by the first bytes of its content.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use caveat_importer::Limits;
use caveat_importer::json::{Key, Pieces};
use caveat_importer::probe::HEAD_BYTES;
use caveat_importer::sqlite::MAGIC;

use crate::wide;

/// A container of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One JSON document.
    Json,
    /// JSON lines.
    Lines,
    /// One YAML document.
    Yaml,
    /// The wide table.
    Wide,
    /// A database, of this tool or another.
    Database,
}

/// A shape with the reason for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The shape.
    pub(crate) shape: Shape,
    /// How sure, in percent.
    pub(crate) confidence: u8,
    /// What was seen.
    pub(crate) reason: &'static str,
}

/// What the head of a file shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A container of results.
    Seen(Seen),
    /// Something of this tool that holds no results, or not where they are read.
    Almost(&'static str),
    /// Something else.
    Other,
}

/// Fields of a result that no other format has.
const ROW_FIELDS: &[&str] = &[
    "promptIdx",
    "testIdx",
    "gradingResult",
    "namedScores",
    "failureReason",
    "testCase",
    "promptId",
    "latencyMs",
];

/// How many of them a result must show.
const ENOUGH_ROW_FIELDS: usize = 3;

/// Longest start of a line that is looked at in YAML.
const MAX_YAML_KEY_BYTES: usize = 40;

/// Reads the head of a file.
pub(crate) fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let limit = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    File::open(path)?.take(limit).read_to_end(&mut head)?;
    Ok(head)
}

/// Looks at the first bytes of a file.
pub(crate) fn look(head: &[u8]) -> Look {
    let seen = |shape, confidence, reason| {
        Look::Seen(Seen {
            shape,
            confidence,
            reason,
        })
    };
    if head.starts_with(MAGIC) {
        return seen(Shape::Database, 0, "an SQLite database");
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => json(text),
        Some(_) if is_text(text) => match wide::recognise(text) {
            Some(reason) => seen(Shape::Wide, 85, reason),
            None => yaml(text),
        },
        _ => Look::Other,
    }
}

fn json(text: &[u8]) -> Look {
    let keys = Keys::of(text);
    let seen = |shape, confidence, reason| {
        Look::Seen(Seen {
            shape,
            confidence,
            reason,
        })
    };
    let is_summary = keys.results.contains("version")
        && (keys.results.contains("timestamp") || keys.results.contains("results"));
    if keys.root.contains("evalId") && keys.root.contains("results") {
        return seen(Shape::Json, 97, "a JSON object with `evalId` and `results`");
    }
    if is_summary
        && (keys.rows >= ENOUGH_ROW_FIELDS
            || keys.results.contains("stats")
            || keys.results.contains("prompts")
            || keys.results.contains("table"))
    {
        return seen(
            Shape::Json,
            92,
            "a JSON object whose `results` are a summary with `version` and `timestamp`",
        );
    }
    if keys.bare_rows >= ENOUGH_ROW_FIELDS {
        return seen(
            Shape::Json,
            90,
            "a JSON object with a list of promptfoo results",
        );
    }
    let own = ROW_FIELDS
        .iter()
        .filter(|field| keys.root.contains(**field))
        .count();
    if own >= ENOUGH_ROW_FIELDS {
        return seen(
            Shape::Lines,
            93,
            "lines of JSON with the fields of promptfoo results",
        );
    }
    if keys.root.contains("evalId") && keys.root.contains("config") {
        return Look::Almost("a JSON object with `evalId` and `config` but no `results`");
    }
    Look::Other
}

/// The keys at the start of a JSON text.
#[derive(Default)]
struct Keys {
    root: BTreeSet<String>,
    results: BTreeSet<String>,
    /// Fields of results in `results.results`.
    rows: usize,
    /// Fields of results in `results`, where that is the list.
    bare_rows: usize,
}

impl Keys {
    fn of(text: &[u8]) -> Self {
        let mut keys = Keys::default();
        let mut pieces = Pieces::new(
            text,
            &["results.results.*", "results.*"],
            &Limits::default(),
        );
        let mut rows = BTreeSet::new();
        let mut bare = BTreeSet::new();
        let mut note = |path: &str, key: &str, keys: &mut Keys| {
            let parts: Vec<&str> = path.split('.').filter(|part| !part.is_empty()).collect();
            // Opened containers do not come out themselves.
            if let Some(first) = parts.first() {
                keys.root.insert((*first).to_owned());
            }
            match parts.as_slice() {
                [] => {
                    keys.root.insert(key.to_owned());
                }
                ["results"] => {
                    keys.results.insert(key.to_owned());
                }
                ["results", second, rest @ ..] => {
                    keys.results.insert((*second).to_owned());
                    let is_field = ROW_FIELDS.contains(&key);
                    if is_field && *second == "results" && rest.len() == 1 {
                        rows.insert(key.to_owned());
                    }
                    if is_field && rest.is_empty() {
                        bare.insert(key.to_owned());
                    }
                }
                _ => {}
            }
        };
        while let Ok(Some(piece)) = pieces.next_piece() {
            let name = match piece.key {
                Key::Name(name) => name,
                Key::Index(_) => "",
            };
            note(piece.path, name, &mut keys);
        }
        // The piece in which the head ends.
        if let Some(half) = pieces.unfinished() {
            note(&half.path, &half.key, &mut keys);
        }
        keys.rows = rows.len();
        keys.bare_rows = bare.len();
        keys
    }
}

/// Keys without and with two blanks in front tell the document.
fn yaml(text: &[u8]) -> Look {
    let mut root = BTreeSet::new();
    let mut results = BTreeSet::new();
    let mut container = String::new();
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.get(..MAX_YAML_KEY_BYTES).unwrap_or(line);
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let key = String::from_utf8_lossy(&line[..colon]).into_owned();
        if let Some(inner) = key.strip_prefix("  ") {
            if container == "results" && !inner.starts_with([' ', '-']) {
                results.insert(inner.to_owned());
            }
        } else if !key.starts_with([' ', '-', '#']) {
            container.clone_from(&key);
            root.insert(key);
        }
    }
    let seen = |confidence, reason| {
        Look::Seen(Seen {
            shape: Shape::Yaml,
            confidence,
            reason,
        })
    };
    if root.contains("evalId") && root.contains("results") {
        seen(96, "a YAML document with `evalId` and `results`")
    } else if results.contains("version") && results.contains("timestamp") {
        seen(
            90,
            "a YAML document whose `results` are a summary with `version` and `timestamp`",
        )
    } else {
        Look::Other
    }
}

/// Whether the bytes may be text: binary files have zeros.
fn is_text(head: &[u8]) -> bool {
    !head.contains(&0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_known_by_their_keys() {
        let cases: [(&[u8], Option<Shape>); 12] = [
            (br#"{"evalId": "e", "results": {"version": 3"#, Some(Shape::Json)),
            (br#"{"version": 4, "createdAt": "x", "results": {"version": 3, "timestamp": "t", "prompts": [{"#, Some(Shape::Json)),
            (br#"{"results": {"version": 2, "timestamp": "t", "results": [], "table": {"head""#, Some(Shape::Json)),
            (br#"{"version": 3, "results": [{"promptIdx": 0, "testIdx": 1, "gradingResult": nu"#, Some(Shape::Json)),
            (br#"{"cost":0,"gradingResult":null,"id":"x","namedScores":{},"promptIdx":0,"#, Some(Shape::Lines)),
            (b"evalId: eval-1\nresults:\n  version: 3\n", Some(Shape::Yaml)),
            (b"prompt,[a] {{prompt}},Status,Score,Named Scores,Grader Reason,Comment\nx,y,PASS,1.00,,,\n", Some(Shape::Wide)),
            (b"SQLite format 3\0", Some(Shape::Database)),
            (br#"{"results": {"task": {"acc": 1}}, "config": {}}"#, None),
            (br#"{"eval": {"task": "t"}, "results": {"scores": []}, "version": 2}"#, None),
            (b"description: x\nprompts:\n  - a\n", None),
            (b"", None),
        ];
        for (head, expected) in cases {
            let found = match look(head) {
                Look::Seen(seen) => Some(seen.shape),
                _ => None,
            };
            assert_eq!(found, expected, "{}", String::from_utf8_lossy(head));
        }
        assert!(matches!(
            look(br#"{"evalId": "e", "config": {}}"#),
            Look::Almost(_)
        ));
    }
}
