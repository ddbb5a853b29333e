//! Texts: in a file of their own, by digest, and only where they were asked for.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use caveat_corpus::{Digest, Record, Verdict, VerdictRule};
use caveat_store::{Companion, SourceFacts, Store, StoreError, texts_path};
use rusqlite::Connection;
use tempfile::tempdir;

use common::{import, input, llm, record, trace};

const REPLY: &str = "A placeholder reply that nobody else would write.";
const PROMPT: &str = "A placeholder prompt that nobody else would write.";

/// A trace whose importer was asked for texts.
fn told(record_id: &str) -> Record {
    let mut told = trace(record_id, "m", "p", vec![llm(Verdict::Refusal)]);
    told.prompt_text = Some(PROMPT.to_owned());
    told.response_text = Some(REPLY.to_owned());
    told.response_digest = Some(Digest::of(REPLY.as_bytes()));
    record(told)
}

fn holds(path: &Path, text: &str) -> bool {
    let bytes = fs::read(path).unwrap();
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn a_text_stands_in_the_file_of_texts_once_and_never_in_the_store() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let mut store = Store::open(&path).unwrap();
    store.keep_texts().unwrap();
    import(&mut store, "a", &[told("1"), told("2")]);
    assert_eq!(store.status().unwrap().traces_with_text, 2);
    for text in [PROMPT, REPLY] {
        let digest = Digest::of(text.as_bytes());
        assert_eq!(store.text(&digest).unwrap().as_deref(), Some(text));
        assert!(!holds(&path, text) && holds(&texts_path(&path), text));
    }
    let rows: i64 = Connection::open(texts_path(&path))
        .unwrap()
        .query_row("SELECT count(*) FROM texts", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 2);
}

#[cfg(unix)]
#[test]
fn a_file_of_texts_is_for_its_owner_alone_also_where_it_was_there_before() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let texts = texts_path(&path);
    fs::write(&texts, "").unwrap();
    for _ in 0..2 {
        fs::set_permissions(&texts, fs::Permissions::from_mode(0o644)).unwrap();
        let mut store = Store::open(&path).unwrap();
        store.keep_texts().unwrap();
        assert_eq!(mode(&texts), 0o600);
        import(&mut store, "a", &[told("1")]);
    }
    assert_eq!(mode(&texts), 0o600);
}

#[cfg(unix)]
#[test]
fn texts_do_not_go_where_a_link_leads() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    for target in ["elsewhere.db", "nowhere.db"] {
        let target = folder.path().join(target);
        if target.ends_with("elsewhere.db") {
            fs::write(&target, "").unwrap();
        }
        let texts = texts_path(&path);
        std::os::unix::fs::symlink(&target, &texts).unwrap();
        let refused = Store::open(&path).unwrap().keep_texts().unwrap_err();
        assert!(
            matches!(refused, StoreError::NotPrivate { .. }),
            "{refused}"
        );
        let message = refused.to_string();
        assert!(message.contains("it is a link"), "{message}");
        assert!(message.contains("\nhint: "), "{message}");
        assert_eq!(fs::read(&target).unwrap_or_default(), b"");
        fs::remove_file(texts).unwrap();
    }
    fs::create_dir(texts_path(&path)).unwrap();
    assert!(Store::open(&path).unwrap().keep_texts().is_err());
}

#[test]
fn without_the_wish_no_text_is_kept_and_no_file_is_made() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let mut store = Store::open(&path).unwrap();
    import(&mut store, "a", &[told("1")]);
    assert!(!holds(&path, REPLY) && !texts_path(&path).exists());
    assert_eq!(store.text(&Digest::of(REPLY.as_bytes())).unwrap(), None);
    assert_eq!(store.status().unwrap().traces_with_text, 0);
}

#[test]
fn texts_can_be_asked_for_later_and_change_no_trace() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let mut store = Store::open(&path).unwrap();
    import(&mut store, "a", &[told("1")]);
    let before = store.evidence(&VerdictRule::LlmOnly).unwrap();
    store.keep_texts().unwrap();
    let account = import(&mut store, "a", &[told("1")]);
    assert_eq!((account.imported, account.already_present), (0, 1));
    assert_eq!(store.evidence(&VerdictRule::LlmOnly).unwrap(), before);
    assert_eq!(store.status().unwrap().traces_with_text, 1);
    drop(store);
    let again = Store::open_read_only(&path).unwrap();
    let digest = Digest::of(REPLY.as_bytes());
    assert_eq!(again.text(&digest).unwrap().as_deref(), Some(REPLY));
}

#[test]
fn the_store_works_without_its_file_of_texts() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let mut store = Store::open(&path).unwrap();
    store.keep_texts().unwrap();
    import(&mut store, "a", &[told("1")]);
    let before = store.evidence(&VerdictRule::LlmOnly).unwrap();
    drop(store);
    fs::remove_file(texts_path(&path)).unwrap();
    let again = Store::open_read_only(&path).unwrap();
    assert_eq!(again.evidence(&VerdictRule::LlmOnly).unwrap(), before);
    assert_eq!(again.text(&Digest::of(REPLY.as_bytes())).unwrap(), None);
}

#[test]
fn a_dropped_import_keeps_no_text() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let mut store = Store::open(&path).unwrap();
    store.keep_texts().unwrap();
    let mut import = store.begin_source(input("a")).unwrap();
    import.record(&told("1")).unwrap();
    drop(import);
    assert_eq!(store.text(&Digest::of(REPLY.as_bytes())).unwrap(), None);
    assert!(!holds(&texts_path(&path), REPLY));
}

#[cfg(unix)]
#[test]
fn the_file_of_texts_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    Store::open(&path).unwrap().keep_texts().unwrap();
    let mode = fs::metadata(texts_path(&path))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn a_file_of_texts_that_is_not_ours_is_refused_and_named() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let mut store = Store::open(&path).unwrap();
    fs::write(texts_path(&path), "notes of somebody else\n".repeat(50)).unwrap();
    let error = store.keep_texts().unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains(".texts.db"), "{error}");
    fs::remove_file(texts_path(&path)).unwrap();
    Connection::open(texts_path(&path))
        .unwrap()
        .execute_batch("CREATE TABLE texts(digest, text)")
        .unwrap();
    let error = store.keep_texts().unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
}

#[test]
fn a_text_that_is_not_that_of_its_digest_is_damage() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.caveat.db");
    let mut store = Store::open(&path).unwrap();
    store.keep_texts().unwrap();
    import(&mut store, "a", &[told("1")]);
    Connection::open(texts_path(&path))
        .unwrap()
        .execute("UPDATE texts SET text = 'another'", [])
        .unwrap();
    let error = store.text(&Digest::of(REPLY.as_bytes())).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
}

#[test]
fn a_store_of_version_1_is_brought_forward_and_its_texts_move_out() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("old.caveat.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch(include_str!("data/version-1.sql"))
        .unwrap();
    let error = Store::open_read_only(&path).unwrap_err();
    assert!(matches!(error, StoreError::Older { .. }), "{error}");
    let store = Store::open(&path).unwrap();
    let status = store.status().unwrap();
    assert_eq!((status.traces, status.traces_with_text), (4, 3));
    assert_eq!(store.rejects().unwrap().len(), 1);
    for text in [
        "Placeholder reply 0.",
        "Placeholder reply 2.",
        "Placeholder prompt 0.",
    ] {
        let digest = Digest::of(text.as_bytes());
        assert_eq!(store.text(&digest).unwrap().as_deref(), Some(text));
    }
    let never_kept = Digest::of(b"Placeholder reply 3.");
    assert_eq!(store.text(&never_kept).unwrap(), None);
    let columns: Vec<String> = Connection::open(&path)
        .unwrap()
        .prepare("SELECT name FROM pragma_table_info('prompts')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(columns, ["id", "key"]);
}

#[test]
fn the_companions_of_a_source_are_listed_once_each() {
    let companion = |path: &str, bytes: &[u8]| Companion {
        path: path.to_owned(),
        digest: Digest::of(bytes),
    };
    let mut store = Store::in_memory().unwrap();
    let mut read = |companions: Vec<Companion>| {
        let mut input = input("a");
        input.companions = companions;
        let import = store.begin_source(input).unwrap();
        import.commit(&SourceFacts::default()).unwrap();
        store.sources().unwrap()[0].companions.clone()
    };
    let first = vec![companion("run_spec.json", b"one")];
    assert_eq!(read(first.clone()), first);
    assert_eq!(read(vec![companion("renamed.json", b"one")]), first);
    let other = companion("run_spec.json", b"two");
    let both = [first, vec![other.clone()]].concat();
    assert_eq!(read(vec![other]), both);
}
