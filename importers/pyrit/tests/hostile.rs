//! Damaged and hostile databases, each with its message. All content is synthetic.
#![allow(clippy::unwrap_used)]

mod common;

use caveat_import_pyrit::Pyrit;
use caveat_importer::{
    Claim, ImportError, Importer as _, Limits, Options, Probe, Recognition, recognise,
};
use common::{Made, NEW_TABLES, OLD_TABLES, data, import, try_import};

fn refusal(made: &Made) -> String {
    match try_import(&made.path, &Options::default()) {
        Err(error @ ImportError::Refused { .. }) => {
            let text = error.to_string();
            assert!(text.contains("\nhint: "), "{text}");
            text
        }
        Err(error) => panic!("expected a refusal, found {error}"),
        Ok(_) => panic!("expected a refusal, found an import"),
    }
}

#[test]
fn views_and_missing_parts_are_refused_by_name() {
    for (sql, message) in [
        ("DROP TABLE ScoreEntries", "table `ScoreEntries` is missing"),
        (
            "ALTER TABLE PromptMemoryEntries RENAME TO other; \
             CREATE VIEW PromptMemoryEntries AS SELECT * FROM other",
            "`PromptMemoryEntries` is a view",
        ),
        (
            "DROP TABLE AttackResultEntries; \
             CREATE VIEW AttackResultEntries AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) \
             SELECT i AS id, i AS conversation_id, 'success' AS outcome FROM n",
            "`AttackResultEntries` is a view",
        ),
        (
            "ALTER TABLE PromptMemoryEntries RENAME COLUMN role TO speaker",
            "column `PromptMemoryEntries.role` is missing",
        ),
        (
            "ALTER TABLE ScoreEntries RENAME COLUMN score_value TO v",
            "column `ScoreEntries.score_value` is missing",
        ),
    ] {
        let made = Made::new(NEW_TABLES);
        made.run(sql);
        let found = refusal(&made);
        assert!(found.contains(message), "{found}");
        let Recognition::None(almost) = recognise(&[&Pyrit], &made.path).unwrap() else {
            panic!("{sql}");
        };
        assert!(almost[0].reason.contains(message), "{almost:?}");
    }
}

#[test]
fn triggers_are_not_run_and_nothing_is_written() {
    let made = Made::new(NEW_TABLES);
    made.conversation("c", "t1").turn("c", 0, "p", "r").run(
        "CREATE TRIGGER t AFTER INSERT ON PromptMemoryEntries BEGIN DELETE FROM PromptMemoryEntries; END",
    );
    let before = std::fs::read(&made.path).unwrap();
    assert_eq!(made.import().traces.len(), 1);
    assert_eq!(std::fs::read(&made.path).unwrap(), before);
    let files = std::fs::read_dir(made.folder.path()).unwrap().count();
    assert_eq!(files, 1);
}

#[test]
fn rows_of_a_write_ahead_log_are_read() {
    let made = Made::new(NEW_TABLES);
    made.run("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0")
        .conversation("c", "t1")
        .turn("c", 0, "p", "r");
    assert!(made.folder.path().join("memory.db-wal").exists());
    let found = recognise(&[&Pyrit], &made.path).unwrap();
    assert!(matches!(found, Recognition::One(_)));
    let imported = made.import();
    assert_eq!(imported.traces.len(), 1);
    assert!(imported.says("a write-ahead log beside the file was read with it"));
}

#[test]
fn a_row_of_wrong_types_is_one_reject_with_its_place() {
    for (sql, entry, reason) in [
        (
            "UPDATE PromptMemoryEntries SET role = 'oracle' WHERE id = 'c-a0'",
            "PromptMemoryEntries",
            "`role` holds the unknown word `oracle`",
        ),
        (
            "UPDATE PromptMemoryEntries SET sequence = 'x' WHERE id = 'c-a0'",
            "PromptMemoryEntries",
            "`sequence` holds text, expected a whole number",
        ),
        (
            "UPDATE PromptMemoryEntries SET original_value = x'00ff' WHERE id = 'c-a0'",
            "PromptMemoryEntries",
            "`original_value` holds BLOB, expected text",
        ),
        (
            "UPDATE PromptMemoryEntries SET original_value = CAST(x'ff41' AS TEXT) WHERE id = 'c-a0'",
            "PromptMemoryEntries",
            "`original_value` is not valid UTF-8",
        ),
        (
            "UPDATE PromptMemoryEntries SET original_value = NULL, converted_value = NULL WHERE id = 'c-a0'",
            "PromptMemoryEntries",
            "`original_value` is missing",
        ),
        (
            "UPDATE PromptMemoryEntries SET prompt_metadata = 9e999 WHERE id = 'c-a0'",
            "PromptMemoryEntries",
            "`prompt_metadata` holds a number that is not finite",
        ),
        (
            "UPDATE PromptMemoryEntries SET conversation_id = '' WHERE id = 'c-a0'",
            "PromptMemoryEntries",
            "`conversation_id` is missing",
        ),
        (
            "UPDATE AttackResultEntries SET outcome = 'draw'",
            "AttackResultEntries",
            "`outcome` holds the unknown word `draw`",
        ),
        (
            "UPDATE ScoreEntries SET score_value = x'01'",
            "ScoreEntries",
            "`score_value` holds BLOB",
        ),
    ] {
        let made = Made::new(NEW_TABLES);
        made.conversation("c", "t1")
            .conversation("d", "t1")
            .turn("c", 0, "p", "r")
            .turn("d", 0, "p", "r")
            .score("s", "d-a0", "[\"harm\"]", "true")
            .run(
                "INSERT INTO AttackResultEntries (id, conversation_id, outcome, last_response_id) \
                  VALUES ('r', 'd', 'success', 'd-a0')",
            )
            .run(sql);
        let imported = made.import();
        let [reject] = &imported.rejects[..] else {
            panic!("{sql}: {:?}", imported.rejects);
        };
        assert!(reject.reason.contains(reason), "{sql}: {}", reject.reason);
        assert_eq!(reject.location.entry.as_deref(), Some(entry));
        // The other reply is imported in any case.
        assert!(imported.trace("d-a0").outcome == caveat_corpus::Outcome::Response);
    }
}

#[test]
fn text_beyond_the_limit_is_rejected_and_never_loaded() {
    let made = Made::new(NEW_TABLES);
    made.conversation("c", "t1")
        .turn("c", 0, "p", &"x".repeat(5000))
        .turn("c", 1, "p", "r");
    let options = Options {
        limits: Limits {
            max_record_bytes: 2000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let imported = try_import(&made.path, &options).unwrap();
    assert_eq!((imported.traces.len(), imported.rejects.len()), (1, 1));
    assert!(
        imported.rejects[0].reason.contains("at most 2000 are read"),
        "{:?}",
        imported.rejects
    );
}

#[test]
fn long_names_and_deep_identifiers_do_no_harm() {
    let made = Made::new(NEW_TABLES);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let long = "n".repeat(20_001);
    made.conversation("c", "t1")
        .conversation("d", "t2")
        .turn("c", 0, "p", "r")
        .turn("d", 0, "p", "r")
        .score("s1", "c-a0", &deep, "true")
        .score("s2", "c-a0", &format!("[\"{long}\"]"), "true")
        .run(&format!(
            "INSERT INTO TargetIdentifiers (hash, model_name) VALUES ('t2', '{long}'); \
             UPDATE PromptMemoryEntries SET converter_identifiers = '{deep}', prompt_metadata = '{deep}'"
        ));
    let imported = made.import();
    assert_eq!(imported.traces.len(), 1);
    assert!(
        imported
            .rejects
            .iter()
            .all(|reject| reject.reason.contains("20001 characters")
                || reject.reason.contains("200000 characters")),
        "{:?}",
        imported.rejects
    );
}

#[test]
fn a_database_cut_anywhere_is_refused_or_read_without_harm() {
    let bytes = std::fs::read(data("v0.10.db")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.db");
    for end in (0..bytes.len()).step_by(1021) {
        std::fs::write(&path, &bytes[..end]).unwrap();
        let claim = Pyrit.probe(&Probe {
            path: &path,
            head: &bytes[..end.min(65_536)],
            size: u64::try_from(end).unwrap(),
        });
        let is_named = end > 40_000;
        assert!(
            !is_named || matches!(claim, Claim::Almost(_)),
            "{end}: {claim:?}"
        );
        assert!(
            matches!(
                try_import(&path, &Options::default()),
                Err(ImportError::Refused { .. })
            ),
            "{end}"
        );
    }
}

#[test]
fn broken_pages_end_in_a_message() {
    let bytes = std::fs::read(data("v0.10.db")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.db");
    for page in 0..bytes.len() / 512 {
        let mut broken = bytes.clone();
        for byte in &mut broken[page * 512 + 8..(page + 1) * 512] {
            *byte ^= 0x5a;
        }
        std::fs::write(&path, &broken).unwrap();
        match try_import(&path, &Options::default()) {
            Ok(imported) => assert!(imported.traces.len() <= 20, "{page}"),
            Err(ImportError::Refused { .. }) => {}
            Err(other) => panic!("{page}: {other}"),
        }
    }
}

#[test]
fn a_table_that_repeats_an_id_counts_it_once() {
    let made = Made::new(&OLD_TABLES.replace(", PRIMARY KEY (id)", ""));
    made.turn("c", 0, "p", "r").turn("c", 0, "p", "r");
    let imported = made.import();
    assert_eq!(imported.traces.len(), 1);
    assert!(imported.says("copies of a piece, counted once with their original: 1"));
}

#[test]
fn a_file_of_another_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for content in [
        &b""[..],
        b"hello",
        b"{}",
        b"[]",
        b"SQLite format 3\0",
        b"PK\x03\x04",
    ] {
        let path = folder.path().join("file");
        std::fs::write(&path, content).unwrap();
        assert!(matches!(
            try_import(&path, &Options::default()),
            Err(ImportError::Refused { .. })
        ));
        let claim = Pyrit.probe(&Probe {
            path: &path,
            head: content,
            size: u64::try_from(content.len()).unwrap(),
        });
        assert_eq!(claim, Claim::No);
    }
    let missing = try_import(&folder.path().join("none"), &Options::default());
    assert!(matches!(missing, Err(ImportError::Io { .. })));
    let not_a_file = try_import(folder.path(), &Options::default());
    assert!(matches!(not_a_file, Err(ImportError::NotAFile { .. })));
}

#[test]
fn the_same_bytes_give_the_same_records() {
    let first = import(&data("v1.1-small.db"));
    let second = import(&data("v1.1-small.db"));
    assert_eq!(first.traces, second.traces);
    assert_eq!(first.facts, second.facts);
}

#[test]
fn crafted_messages_cannot_multiply_the_reading() {
    let made = Made::new(NEW_TABLES);
    made.conversation("c", "t1")
        .piece("c", "a", "assistant", 1, "r");
    for part in 0..65 {
        made.piece("c", &format!("u{part}"), "user", 0, "p");
    }
    let imported = made.import();
    assert_eq!(
        imported.rejects[0].reason,
        "its prompt has 65 parts, at most 64 are read"
    );
    let made = Made::new(NEW_TABLES);
    made.conversation("c", "t1")
        .piece("c", "u", "user", 0, &"p".repeat(200_000));
    for reply in 0..100 {
        made.piece("c", &format!("a{reply}"), "assistant", 1, "r");
    }
    assert!(refusal(&made).contains("read again and again"));
}
