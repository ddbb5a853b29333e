//! Parquet tables: their types, and files that lie about themselves.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::{Digest, Outcome, Verdict};
use common::{data, import, import_text, options, traces};

const NESTED: &str = r#"
kind = "traces"
[columns]
model = "model"
response = "reply.text"
technique = "price"
attack_family = "day"
observed_at = "seen"
attempt = "attempt"
[[grades]]
grader = "first"
kind = "llm"
column = "grades.0.label"
map = { unsafe = "compliance", safe = "refusal" }
[[grades]]
grader = "second"
kind = "llm"
column = "grades.1.score"
threshold = 0.5
[[grades]]
grader = "vote"
kind = "human"
column = "votes.0"
map = { true = "compliance", false = "refusal" }
[[grades]]
grader = "judge"
kind = "llm"
column = "judge_score"
threshold = 0.5
[[grades]]
grader = "flag"
kind = "rule"
column = "unsafe"
map = { true = "compliance", false = "refusal" }
[outcome]
column = "reply.status"
map = { ok = "response", content_filter = "filtered" }
"#;

const FLAT: &str = r#"
kind = "traces"
columns = { model = "victim_model", prompt = "forbidden_prompt", response = "response" }
grades = [{ kind = "llm", column = "score", threshold = 0.5 }, { kind = "llm", column = "refusal", map = { "0" = "compliance", "1" = "refusal" } }]
"#;

#[test]
fn values_of_every_type_are_read_by_path() {
    let collector = import(&data("nested.parquet"), NESTED);
    assert!(collector.rejects.is_empty(), "{:?}", collector.rejects);
    let found = traces(&collector);
    assert_eq!(found.len(), 6);
    let first = found[0];
    assert_eq!(first.technique.as_deref(), Some("-0.05"));
    assert_eq!(first.attack_family.as_deref(), Some("2025-03-01"));
    assert_eq!(
        first.observed_at.as_deref(),
        Some("2025-03-01T12:30:00.250Z")
    );
    assert_eq!(first.location.record.as_deref(), Some("1"));
    let grades = |row: usize| -> Vec<(&str, Verdict, &str)> {
        let grades = found[row].grades.iter();
        grades
            .map(|grade| {
                let raw = grade.raw.as_deref().unwrap();
                (grade.grader.as_deref().unwrap(), grade.verdict, raw)
            })
            .collect()
    };
    let (yes, no, failed) = (Verdict::Compliance, Verdict::Refusal, Verdict::ParseError);
    let expected: [&[(&str, Verdict, &str)]; 6] = [
        &[
            ("first", yes, "unsafe"),
            ("second", no, "0.1"),
            ("vote", yes, "true"),
            ("judge", yes, "0.5"),
            ("flag", yes, "true"),
        ],
        &[
            ("first", no, "safe"),
            ("vote", no, "false"),
            ("judge", yes, "0.5"),
            ("flag", no, "false"),
        ],
        &[("judge", failed, "NaN")],
        &[("judge", yes, "0.5"), ("flag", yes, "true")],
        &[
            ("second", yes, "1.0"),
            ("judge", yes, "0.5"),
            ("flag", yes, "true"),
        ],
        &[
            ("first", yes, "unsafe"),
            ("second", no, "0.1"),
            ("vote", yes, "true"),
            ("judge", failed, "Infinity"),
            ("flag", yes, "true"),
        ],
    ];
    for (row, expected) in expected.iter().enumerate() {
        assert_eq!(grades(row), *expected, "row {row}");
    }
    let attempts: Vec<_> = found.iter().map(|trace| trace.attempt).collect();
    assert_eq!(
        attempts,
        [1, 2, 3, 4, 0, 6].map(|n| Some(n).filter(|n| *n > 0))
    );
    assert_eq!(found[3].response_digest, None);
    assert_eq!(found[3].model.name, "org/model-b");
    assert_eq!(found[5].outcome, Outcome::Filtered);
    let text = Digest::of(b"placeholder response 1");
    assert_eq!(found[0].response_digest, Some(text));
}

#[test]
fn a_column_that_is_no_single_value_is_refused_with_the_way_to_one() {
    let bytes = std::fs::read(data("nested.parquet")).unwrap();
    for (column, part) in [
        ("grades", "column `grades` is a list"),
        ("grades.0", "column `grades.0` is a group"),
        ("meta", "column `meta` is a map"),
        ("labels", "no column `labels`; found `model`, `reply.text`"),
        ("grades.0.lable", "did you mean `grades.0.label`?"),
    ] {
        let mapping =
            format!("kind = \"traces\"\ncolumns = {{ model = \"{column}\" }}\ngrades = []\n");
        let message = import_text("t.parquet", &bytes, &mapping).unwrap_err();
        assert!(message.contains(part), "{message}");
    }
    // Bytes that are no text are a fault of their row alone.
    let mapping = "kind = \"traces\"\ncolumns = { model = \"blob\" }\ngrades = []\n";
    let collector = import_text("t.parquet", &bytes, mapping).unwrap();
    assert_eq!(collector.rejects.len(), 6);
    assert!(
        collector.rejects[0]
            .reason
            .contains("bytes that are not UTF-8")
    );
}

#[test]
fn a_table_without_mapped_columns_has_as_many_rows_as_it_says() {
    let mapping = "kind = \"traces\"\ncolumns = {}\nconstants = { model = \"m\" }\ngrades = []\n";
    let collector = import(&data("strongreject_snappy.parquet"), mapping);
    assert_eq!(collector.records.len(), 42);
    let places: Vec<_> = traces(&collector)
        .iter()
        .map(|trace| trace.location.record.clone().unwrap())
        .collect();
    assert_eq!((places[0].as_str(), places[41].as_str()), ("1", "42"));
}

#[test]
fn a_file_that_is_cut_anywhere_is_refused_in_words() {
    let whole = std::fs::read(data("strongreject_gzip.parquet")).unwrap();
    for cut in (0..whole.len())
        .step_by(61)
        .chain(whole.len() - 9..whole.len())
    {
        let mapping = format!("file = \"parquet\"\n{FLAT}");
        let message = import_text("t.parquet", &whole[..cut], &mapping).unwrap_err();
        assert!(
            message.contains("PAR1") || message.contains("too few") || message.contains("footer"),
            "{message}"
        );
        assert!(message.contains("\nhint: "), "{message}");
    }
    let mut encrypted = whole.clone();
    let end = encrypted.len();
    encrypted[end - 4..].copy_from_slice(b"PARE");
    let message = import_text("t.parquet", &encrypted, FLAT).unwrap_err();
    assert!(message.contains("its footer is encrypted"), "{message}");
}

/// Writes a file that is nothing but a footer.
fn footer_alone(footer: &[u8]) -> Vec<u8> {
    let mut file = b"PAR1".to_vec();
    file.extend_from_slice(footer);
    file.extend_from_slice(&u32::try_from(footer.len()).unwrap().to_le_bytes());
    file.extend_from_slice(b"PAR1");
    file
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(u8::try_from(number & 0x7F).unwrap() | 0x80);
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap());
    bytes
}

/// A list field of structs after the field before it.
fn structs(count: u64) -> Vec<u8> {
    [vec![0x19, 0xFC], varint(count)].concat()
}

/// An entry of a schema with a name and a count of children.
fn element(children: u64) -> Vec<u8> {
    // Field 4: a binary of one byte; field 5: a number in zigzag.
    [vec![0x48, 1, b'a', 0x15], varint(children * 2), vec![0]].concat()
}

#[test]
fn a_footer_that_lies_is_refused_before_it_is_believed() {
    // Field 1: the version.
    let version = vec![0x15, 2];
    let chain: Vec<u8> = element(1).repeat(30_000);
    let leaf = [vec![0x15, 0x0C, 0x25, 0, 0x18, 1, b'm'], vec![0]].concat();
    let schema = [structs(2), element(1), leaf].concat();
    let rows = vec![0x16, 0];
    for (footer, part) in [
        (vec![], "does not end within 0 bytes"),
        (vec![0], "Required field version is missing"),
        (
            [version.clone(), structs(1 << 40)].concat(),
            "more than there are bytes",
        ),
        (
            [version.clone(), structs(30_000), chain].concat(),
            "the schema is nested more than 64 levels deep",
        ),
        (
            [version.clone(), structs(1), element(1 << 30)].concat(),
            "declares 1073741824 children",
        ),
        (
            [
                version.clone(),
                structs(3),
                element(1),
                element(0),
                element(0),
            ]
            .concat(),
            "entries outside of its tree",
        ),
        (
            [version.clone(), structs(40_000), vec![0; 40_000]].concat(),
            "more than the limit of 32768",
        ),
        (
            [
                version.clone(),
                schema.clone(),
                rows.clone(),
                structs(300_000),
                vec![0; 300_000],
            ]
            .concat(),
            "more than the limit of 200000 column chunks",
        ),
        (
            // A row group whose list of columns is longer than the schema.
            [
                version.clone(),
                schema.clone(),
                rows.clone(),
                structs(1),
                structs(5),
                vec![0; 9],
            ]
            .concat(),
            "row group 0 has 5 columns, the schema 1",
        ),
        (
            // A row group without columns that has 2^60 rows.
            [
                version.clone(),
                structs(1),
                element(0),
                rows.clone(),
                structs(1),
                vec![0x19, 0x0C, 0x16, 0, 0x16],
                varint(1 << 61),
                vec![0, 0],
            ]
            .concat(),
            "more than 1000 a byte",
        ),
        (
            // A map in a map in a map.
            [version.clone(), vec![0x9B, 1, 0xBB], [1, 0xBB].repeat(40)].concat(),
            "nested too deeply",
        ),
    ] {
        let file = footer_alone(&footer);
        let message = import_text("t.parquet", &file, FLAT).unwrap_err();
        assert!(message.contains(part), "{message}");
    }
    let mut file = footer_alone(&[0]);
    let place = file.len() - 8;
    for (length, part) in [
        (u32::MAX, "more than the limit of 16777216"),
        (4000, "more than the file has"),
    ] {
        file[place..place + 4].copy_from_slice(&length.to_le_bytes());
        let message = import_text("t.parquet", &file, FLAT).unwrap_err();
        assert!(message.contains(part), "{message}");
    }
}

/// A changed byte never panics, never takes more than its bounds, and gives
/// rows, rejects or a refusal.
#[test]
fn a_file_with_any_byte_changed_gives_rows_or_a_refusal() {
    let step: usize = std::env::var("CAVEAT_MUTATION_STEP")
        .ok()
        .and_then(|step| step.parse().ok())
        .unwrap_or(97);
    for (name, mapping) in [
        ("nested.parquet", NESTED),
        ("strongreject_plain.parquet", FLAT),
        ("strongreject_snappy.parquet", FLAT),
        ("strongreject_gzip.parquet", FLAT),
        ("strongreject_zstd_delta.parquet", FLAT),
        ("strongreject_lz4.parquet", FLAT),
    ] {
        let whole = std::fs::read(data(name)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let asked = options(mapping);
        for place in (0..whole.len()).step_by(step) {
            for change in [0x01, 0x80, 0xFF] {
                let mut bytes = whole.clone();
                bytes[place] ^= change;
                std::fs::write(&path, &bytes).unwrap();
                match common::import_with(&path, &asked) {
                    Ok((collector, _)) => {
                        let rows = collector.records.len() + collector.rejects.len();
                        assert!(rows <= 42, "{name} byte {place}: {rows} rows");
                    }
                    Err(error) => {
                        let message = error.to_string();
                        assert!(message.contains("\nhint: "), "{message}");
                    }
                }
            }
        }
    }
}
