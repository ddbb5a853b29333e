//! The file on disk: whose it is, which version, who holds it.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;

use caveat_corpus::VerdictRule;
use caveat_store::{SourceFacts, Store, StoreError};
use rusqlite::Connection;
use tempfile::tempdir;

use common::{corpus, import, input};

#[test]
fn a_store_reads_back_what_was_imported() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let mut store = Store::open(&path).unwrap();
    let mut importing = store.begin_source(input("a")).unwrap();
    for record in corpus(0..80) {
        importing.record(&record).unwrap();
    }
    let facts = SourceFacts {
        format_version: Some("13".into()),
        notes: vec!["first".into(), "second".into()],
    };
    importing.commit(&facts).unwrap();
    let evidence = store.evidence(&VerdictRule::Coalesce).unwrap();
    drop(store);
    let again = Store::open_read_only(&path).unwrap();
    assert_eq!(again.evidence(&VerdictRule::Coalesce).unwrap(), evidence);
    assert_eq!(evidence.sources[0].format_version.as_deref(), Some("13"));
    assert_eq!(again.sources().unwrap()[0].notes, facts.notes);
}

#[test]
fn equal_imports_make_equal_files() {
    let folder = tempdir().unwrap();
    let bytes: Vec<_> = ["a.caveat.db", "b.caveat.db"]
        .into_iter()
        .map(|name| {
            let path = folder.path().join(name);
            import(&mut Store::open(&path).unwrap(), "a", &corpus(0..80));
            fs::read(path).unwrap()
        })
        .collect();
    assert!(bytes[0] == bytes[1]);
}

#[test]
fn only_a_store_without_a_source_is_removed_and_who_has_it_open_is_told() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let made = Store::open(&path).unwrap();
    let mut other = Store::open(&path).unwrap();
    let held = other.begin_source(input("a")).unwrap();
    let busy = made.remove_unless_used(None).err().unwrap();
    assert!(matches!(busy, StoreError::Busy { .. }), "{busy}");
    drop(held);
    let made = Store::open(&path).unwrap();
    assert!(made.remove_unless_used(None).unwrap());
    assert!(!path.exists());
    let gone = other.begin_source(input("a")).err().unwrap();
    assert!(matches!(gone, StoreError::NotFound { .. }), "{gone}");
    let mut used = Store::open(&path).unwrap();
    import(&mut used, "a", &corpus(0..3));
    assert!(!used.remove_unless_used(None).unwrap());
    assert!(path.exists());
}

#[test]
fn a_second_writer_is_told_that_the_store_is_busy() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let mut first = Store::open(&path).unwrap();
    let mut second = Store::open(&path).unwrap();
    let held = first.begin_source(input("a")).unwrap();
    let refused = second.begin_source(input("b")).err().unwrap();
    assert!(matches!(refused, StoreError::Busy { .. }), "{refused}");
    drop(held);
    assert!(second.begin_source(input("b")).is_ok());
}

#[test]
fn a_store_that_is_not_there_is_not_made_by_reading() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("none.caveat.db");
    let error = Store::open_read_only(&path).unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }));
    assert!(!path.exists());
    let error = Store::open(folder.path().join("no folder/a.caveat.db")).unwrap_err();
    assert!(matches!(error, StoreError::Io { .. }), "{error}");
}

#[test]
fn a_read_only_store_takes_no_source() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    drop(Store::open(&path).unwrap());
    let mut store = Store::open_read_only(&path).unwrap();
    let error = store.begin_source(input("a")).err().unwrap();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error}");
}

#[test]
fn files_that_are_not_ours_are_refused_and_unchanged() {
    let folder = tempdir().unwrap();
    let text = folder.path().join("text.db");
    fs::write(&text, "model,verdict\n".repeat(100)).unwrap();
    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE results(id INTEGER PRIMARY KEY)")
        .unwrap();
    for path in [text, foreign] {
        let before = fs::read(&path).unwrap();
        for error in [
            Store::open(&path).unwrap_err(),
            Store::open_read_only(&path).unwrap_err(),
        ] {
            assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
            assert!(error.to_string().contains("hint: "));
        }
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_store_with_another_schema_than_ours_is_refused() {
    let folder = tempdir().unwrap();
    for (name, change) in [
        (
            "trigger",
            "CREATE TRIGGER t AFTER INSERT ON traces BEGIN DELETE FROM grades; END",
        ),
        (
            "view",
            "DROP TABLE rejects; CREATE VIEW rejects AS SELECT 1 AS source",
        ),
    ] {
        let path = folder.path().join(name);
        drop(Store::open(&path).unwrap());
        Connection::open(&path)
            .unwrap()
            .execute_batch(change)
            .unwrap();
        let error = Store::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    }
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    drop(Store::open(&path).unwrap());
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    for error in [
        Store::open(&path).unwrap_err(),
        Store::open_read_only(&path).unwrap_err(),
    ] {
        assert!(
            matches!(error, StoreError::Newer { found: 99, .. }),
            "{error}"
        );
    }
}

#[test]
fn a_store_whose_rows_contradict_each_other_is_damaged() {
    let folder = tempdir().unwrap();
    for (name, change) in [
        ("verdict", "UPDATE grades SET verdict = 77"),
        ("orphan", "DELETE FROM traces"),
        ("model", "UPDATE traces SET model = 1000"),
        ("names", "DELETE FROM strings WHERE id = 2"),
        ("text", "UPDATE traces SET outcome = 'x'"),
        ("count", "UPDATE cells SET refusal = -1"),
        ("prompt", "UPDATE traces SET prompt = -5"),
    ] {
        let path = folder.path().join(name);
        import(&mut Store::open(&path).unwrap(), "a", &corpus(0..40));
        Connection::open(&path)
            .unwrap()
            .execute_batch(change)
            .unwrap();
        let store = Store::open_read_only(&path).unwrap();
        let error = store.evidence(&VerdictRule::Coalesce).unwrap_err();
        assert!(
            matches!(error, StoreError::Damaged { .. }),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_store_that_lost_its_last_traces_takes_no_new_ones() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    import(&mut Store::open(&path).unwrap(), "a", &corpus(0..40));
    Store::open(&path).unwrap();
    // New traces would take the numbers of the lost ones, and their grades.
    Connection::open(&path)
        .unwrap()
        .execute_batch("DELETE FROM traces WHERE id > 10")
        .unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn a_truncated_store_is_an_error_and_no_panic() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    import(&mut Store::open(&path).unwrap(), "a", &corpus(0..400));
    let bytes = fs::read(&path).unwrap();
    for length in [10, 5_000, bytes.len() / 2, bytes.len() - 20_000] {
        fs::write(&path, &bytes[..length]).unwrap();
        let result =
            Store::open_read_only(&path).and_then(|store| store.evidence(&VerdictRule::Coalesce));
        assert!(result.is_err(), "{length} bytes");
    }
}

#[test]
fn names_that_are_special_to_sqlite_are_file_names() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("file:a?mode=memory");
    drop(Store::open(&path).unwrap());
    assert!(path.exists());
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_journal_is_refused_and_not_waited_for() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    import(&mut Store::open(&path).unwrap(), "a", &corpus(0..3));
    for suffix in ["-journal", "-wal", "-shm"] {
        let pipe = folder.path().join(format!("a.caveat.db{suffix}"));
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let (send, receive) = std::sync::mpsc::channel();
        let store = path.clone();
        std::thread::spawn(move || {
            let read = Store::open_read_only(&store).and_then(|store| store.status());
            let written = Store::open(&store);
            let _ = send.send((read.map(drop), written.map(drop)));
        });
        let patience = std::time::Duration::from_secs(60);
        let (read, written) = receive.recv_timeout(patience).expect("it waits");
        for refused in [read.unwrap_err(), written.unwrap_err()] {
            assert!(matches!(refused, StoreError::Beside { .. }), "{refused}");
            let message = refused.to_string();
            assert!(message.contains(suffix), "{message}");
            assert!(message.contains("\nhint: "), "{message}");
        }
        fs::remove_file(pipe).unwrap();
    }
    assert_eq!(
        Store::open_read_only(&path)
            .unwrap()
            .status()
            .unwrap()
            .traces,
        3
    );
}
