//! Faults of a whole source: each is refused with what is missing and a remedy.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_corpus::Record;
use caveat_import_failure_first::FailureFirst;
use caveat_importer::{
    Claim, ImportError, Importer as _, Limits, Options, Reject, Resemblance, Sink, SinkClosed,
    Source,
};
use common::{Case, GOOD, built, changed, claim, import, import_with, written};

fn refusal(case: &Case) -> String {
    match import(&case.path) {
        Err(error @ ImportError::Refused { .. }) => {
            let text = error.to_string();
            assert!(text.contains("\nhint: "), "{text}");
            text
        }
        other => panic!("expected a refusal, found {other:?}"),
    }
}

fn almost(case: &Case) -> String {
    match claim(&case.path) {
        Claim::Almost(Resemblance { reason, hint }) => {
            assert!(!hint.is_empty(), "{reason}");
            reason
        }
        other => panic!("expected `Almost`, found {other:?}"),
    }
}

#[test]
fn a_missing_file_is_an_error_of_reading() {
    let folder = tempfile::TempDir::new().unwrap();
    let missing = folder.path().join("none.db");
    assert!(matches!(import(&missing), Err(ImportError::Io { .. })));
    assert!(!missing.exists());
    let directory = import(folder.path());
    assert!(matches!(directory, Err(ImportError::NotAFile { .. })));
}

#[test]
fn what_is_not_a_database_is_refused_and_not_claimed() {
    for bytes in [
        &b""[..],
        b"{}",
        b"SQLite format 2\0 and more",
        &[0xff; 5000],
    ] {
        let case = written(bytes);
        assert!(refusal(&case).contains("expected an SQLite database"));
        assert_eq!(claim(&case.path), Claim::No);
    }
}

#[test]
fn every_needed_table_is_named_when_it_is_missing() {
    for table in [
        "results",
        "evaluation_runs",
        "models",
        "prompts",
        "techniques",
        "source_datasets",
    ] {
        let case = changed(&format!("DROP TABLE {table}"));
        let wanted = format!("table `{table}` is missing");
        assert!(refusal(&case).contains(&wanted));
        assert!(almost(&case).contains(&wanted));
    }
}

#[test]
fn every_needed_column_is_named_when_it_is_missing() {
    for (table, column) in [
        ("results", "evaluation_run_id"),
        ("results", "prompt_id"),
        ("results", "raw_response"),
        ("results", "heuristic_verdict"),
        ("results", "llm_verdict"),
        ("results", "llm_classifier"),
        ("results", "duration_ms"),
        ("results", "thinking_tokens"),
        ("results", "response_tokens"),
        ("evaluation_runs", "model_id"),
        ("models", "name"),
        ("models", "provider"),
        ("models", "parameter_count"),
        ("prompts", "technique_id"),
        ("prompts", "source_dataset_id"),
        ("techniques", "family"),
        ("source_datasets", "name"),
    ] {
        let case = changed(&format!(
            "ALTER TABLE {table} RENAME COLUMN {column} TO other"
        ));
        let wanted = format!("column `{table}.{column}` is missing");
        assert!(refusal(&case).contains(&wanted), "{wanted}");
        assert!(almost(&case).contains(&wanted), "{wanted}");
    }
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    let case = changed("DROP TABLE techniques; ALTER TABLE models RENAME COLUMN name TO label");
    let text = refusal(&case);
    assert!(text.contains("column `models.name` is missing; table `techniques` is missing"));
}

#[test]
fn a_view_or_a_virtual_table_in_place_of_a_table_is_refused() {
    let view = changed("ALTER TABLE results RENAME TO r; CREATE VIEW results AS SELECT * FROM r");
    assert!(refusal(&view).contains("`results` is a view, expected a table"));
    assert!(almost(&view).contains("`results` is a view"));
    let virtual_table = changed(
        "DROP TABLE models;
         CREATE VIRTUAL TABLE models USING fts5(id, name, provider, parameter_count)",
    );
    assert!(refusal(&virtual_table).contains("`models` is a virtual table, expected a table"));
}

#[test]
fn a_file_cut_at_any_page_is_refused() {
    let case = changed("");
    let whole = std::fs::read(&case.path).unwrap();
    for pages in 0..whole.len() / 4096 {
        for extra in [17, 99, 2048] {
            let cut = written(&whole[..pages * 4096 + extra]);
            let text = refusal(&cut);
            assert!(text.contains("cut short"), "{text}");
        }
    }
    let cut = written(&whole[..whole.len() - 1]);
    assert!(refusal(&cut).contains(&format!("promises {} bytes", whole.len())));
    assert!(almost(&cut).contains("cut short"));
}

#[test]
fn a_damaged_page_never_panics_and_is_named_where_it_is_seen() {
    let rows: String = (3..400)
        .map(|id| {
            format!("INSERT INTO results VALUES ({id}, 1, 1, hex(zeroblob(200)), NULL, 'PARTIAL', NULL, 1, 1, 1);")
        })
        .collect();
    let case = changed(&format!("BEGIN; {rows} COMMIT;"));
    let whole = std::fs::read(&case.path).unwrap();
    let mut refused = 0;
    for page in 0..whole.len() / 4096 {
        for filler in [0x00, 0x0d, 0x05, 0xff] {
            let mut bytes = whole.clone();
            let start = page * 4096 + if page == 0 { 100 } else { 0 };
            bytes[start..(page + 1) * 4096].fill(filler);
            let damaged = written(&bytes);
            let _ = claim(&damaged.path);
            match import(&damaged.path) {
                Ok(_) => {}
                Err(ImportError::Refused { found, .. }) => {
                    refused += 1;
                    assert!(!found.is_empty());
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    assert!(refused > whole.len() / 4096);
}

#[test]
fn a_tree_of_pages_that_runs_in_circles_ends() {
    let rows: String = (3..2000)
        .map(|id| {
            format!("INSERT INTO results VALUES ({id}, 1, 1, 'placeholder', NULL, 'PARTIAL', NULL, 1, 1, 1);")
        })
        .collect();
    let case = changed(&format!("BEGIN; {rows} COMMIT;"));
    let whole = std::fs::read(&case.path).unwrap();
    let connection = rusqlite::Connection::open(&case.path).unwrap();
    let root: u32 = connection
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'results'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let mut bytes = whole;
    let start = usize::try_from(root - 1).unwrap() * 4096;
    assert_eq!(bytes[start], 5, "the root is an interior page");
    // Every child of the root becomes the root itself.
    let cells = usize::from(u16::from_be_bytes([bytes[start + 3], bytes[start + 4]]));
    let child = root.to_be_bytes();
    bytes[start + 8..start + 12].copy_from_slice(&child);
    for cell in 0..cells {
        let pointer = start + 12 + 2 * cell;
        let offset = usize::from(u16::from_be_bytes([bytes[pointer], bytes[pointer + 1]]));
        bytes[start + offset..start + offset + 4].copy_from_slice(&child);
    }
    assert!(refusal(&written(&bytes)).contains("damaged"));
}

#[test]
fn changes_that_stand_in_a_second_file_are_not_overlooked() {
    let case = built(&format!("PRAGMA journal_mode = WAL; {GOOD}"));
    assert_eq!(import(&case.path).unwrap().1.records.len(), 2);
    std::fs::write(case.folder.path().join("corpus.db-wal"), [1; 64]).unwrap();
    assert!(refusal(&case).contains("corpus.db-wal"));

    let case = changed("");
    let journal = case.folder.path().join("corpus.db-journal");
    std::fs::write(&journal, [0; 512]).unwrap();
    assert!(import(&case.path).is_ok(), "an emptied journal is harmless");
    let magic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7, 0, 0];
    std::fs::write(&journal, magic).unwrap();
    assert!(refusal(&case).contains("corpus.db-journal"));
}

#[test]
fn a_database_of_another_program_is_not_claimed() {
    let case = built("CREATE TABLE results(id INTEGER PRIMARY KEY); CREATE TABLE models(id)");
    assert_eq!(claim(&case.path), Claim::No);
    let empty = built("CREATE TABLE t(x); DROP TABLE t");
    assert_eq!(claim(&empty.path), Claim::No);
}

#[test]
fn hostile_names_in_the_schema_are_shown_inert() {
    let case = changed(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE TABLE results(id ' || char(27) || '[31m ,,'
           WHERE name = 'results'",
    );
    let text = refusal(&case);
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn text_is_not_kept_when_it_cannot_be_looked_up() {
    let case = changed(
        "CREATE TABLE p(id INTEGER, prompt_text TEXT, technique_id INTEGER, source_dataset_id INTEGER);
         INSERT INTO p SELECT id, prompt_text, technique_id, source_dataset_id FROM prompts;
         DROP TABLE prompts; ALTER TABLE p RENAME TO prompts",
    );
    assert_eq!(import(&case.path).unwrap().1.records.len(), 2);
    let options = Options {
        keep_text: true,
        limits: Limits::default(),
        ..Options::default()
    };
    let error = import_with(&case.path, &options).unwrap_err();
    assert!(error.to_string().contains("import without keeping text"));
}

struct Closed;

impl Sink for Closed {
    fn record(&mut self, _: Record) -> Result<(), SinkClosed> {
        Err(SinkClosed)
    }

    fn reject(&mut self, _: Reject) -> Result<(), SinkClosed> {
        Err(SinkClosed)
    }
}

#[test]
fn a_receiver_that_stops_ends_the_import() {
    let case = changed("");
    let source = Source::new(&case.path);
    let result = FailureFirst.import(&source, &Options::default(), &mut Closed);
    assert!(matches!(result, Err(ImportError::Closed(_))));
}
