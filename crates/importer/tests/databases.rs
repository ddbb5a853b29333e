//! Tables of SQLite files, good and hostile, and what is read from them.

#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use caveat_importer::Limits;
use caveat_importer::sqlite::{self, Budget, Database, Form, SqliteFault, value};
use rusqlite::Connection;
use tempfile::TempDir;

const SMALL: &str = "CREATE TABLE t(id INTEGER PRIMARY KEY, x TEXT);
    INSERT INTO t VALUES (1, 'one'), (2, 'two');";

/// A file in a folder of its own.
struct Case {
    folder: TempDir,
    path: PathBuf,
}

fn written(bytes: &[u8]) -> Case {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("x.db");
    std::fs::write(&path, bytes).unwrap();
    Case { folder, path }
}

fn built(sql: &str) -> Case {
    let case = written(b"");
    let connection = Connection::open(&case.path).unwrap();
    connection.execute_batch(sql).unwrap();
    case
}

/// The bytes of a small database after a change.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Case {
    static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| std::fs::read(built(SMALL).path).unwrap());
    let mut bytes = BYTES.clone();
    change(&mut bytes);
    written(&bytes)
}

/// Every row of `t` as text; or why not.
fn rows(database: &Database, table: &str) -> Result<Vec<String>, SqliteFault> {
    let sql = format!("SELECT * FROM \"{table}\" NOT INDEXED");
    let mut statement = database.connection.prepare(&sql)?;
    let width = statement.column_count();
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    let mut budget = Budget::new(table, database.size_bytes);
    while let Some(row) = rows.next()? {
        budget.spend(0)?;
        let mut cells = Vec::new();
        for column in 0..width {
            let cell = value::label(row.get_ref(column)?, "x");
            cells.push(
                cell.unwrap_or_else(Some)
                    .unwrap_or_else(|| "NULL".to_owned()),
            );
        }
        found.push(cells.join(" "));
    }
    Ok(found)
}

/// What is read of `t`, in one text.
fn outcome(path: &Path) -> String {
    let opened = sqlite::open(path, Limits::default());
    said(opened)
}

fn said(opened: Result<Database, SqliteFault>) -> String {
    let read = opened.and_then(|database| {
        let tables = sqlite::tables(&database.connection)?;
        if let Some(problem) = tables.form("t").problem("t") {
            return Ok(vec![problem]);
        }
        rows(&database, "t")
    });
    match read {
        Ok(rows) => rows.join(", "),
        Err(fault) => {
            assert!(!fault.hint().is_empty());
            format!("{fault}")
        }
    }
}

/// Names in the folder of a case.
fn names(case: &Case) -> Vec<String> {
    let files = std::fs::read_dir(case.folder.path()).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn tables_are_read_and_what_only_looks_like_one_is_not() {
    for (name, sql, expected) in [
        ("a table", SMALL, "1 one, 2 two"),
        ("no rows", "CREATE TABLE t(x)", ""),
        (
            "no such table",
            "CREATE TABLE other(x)",
            "table `t` is missing",
        ),
        (
            "no schema at all",
            "PRAGMA user_version = 1",
            "table `t` is missing",
        ),
        (
            "names in another case",
            "CREATE TABLE T(x); INSERT INTO T VALUES (1)",
            "1",
        ),
        (
            "without row ids",
            "CREATE TABLE t(x PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES ('k')",
            "k",
        ),
        (
            "strict",
            "CREATE TABLE t(x INTEGER) STRICT; INSERT INTO t VALUES (1)",
            "1",
        ),
        (
            "values of any type in one column",
            "CREATE TABLE t(x INTEGER); INSERT INTO t VALUES (1), ('a'), (1.5), (NULL), (x'00')",
            "1, a, 1.5, NULL, `x` holds BLOB, expected TEXT",
        ),
        (
            "text that is not UTF-8",
            "CREATE TABLE t(x); INSERT INTO t VALUES (CAST(x'61ff' AS TEXT))",
            "`x` is not valid UTF-8",
        ),
        (
            "UTF-16",
            "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(x); INSERT INTO t VALUES ('é模')",
            "é模",
        ),
        (
            "a view under the name",
            "CREATE TABLE r(x); CREATE VIEW t AS SELECT * FROM r",
            "`t` is a view, expected a table",
        ),
        (
            "an endless recursive view",
            "CREATE VIEW t AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c",
            "`t` is a view, expected a table",
        ),
        (
            "a virtual table under the name",
            "CREATE VIRTUAL TABLE t USING fts5(x)",
            "`t` is a virtual table, expected a table",
        ),
        (
            "a trigger under the name",
            "CREATE TABLE r(x); CREATE TRIGGER t AFTER INSERT ON r BEGIN DELETE FROM r; END",
            "table `t` is missing",
        ),
        (
            "an index under the name",
            "CREATE TABLE r(x); CREATE INDEX t ON r(x)",
            "table `t` is missing",
        ),
        (
            "a trigger with the name of a table beside it",
            &format!("{SMALL} CREATE TRIGGER t AFTER INSERT ON t BEGIN DELETE FROM t; END"),
            "1 one, 2 two",
        ),
        (
            "a definition that is a view",
            &format!(
                "{SMALL} PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql = 'CREATE VIEW t AS SELECT 1' WHERE name = 't'"
            ),
            "the database is damaged (malformed database schema (t))",
        ),
        (
            "a definition that is no SQL",
            &format!(
                "{SMALL} PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t(' WHERE name = 't'"
            ),
            "the database is damaged (malformed database schema (t) - incomplete input)",
        ),
        (
            "a definition that steers a terminal",
            &format!(
                "{SMALL} PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t(' || char(27) || '[31m,,' WHERE name = 't'"
            ),
            "the database is damaged (malformed database schema (t) - unrecognized token: \"\\u{1b}\")",
        ),
        (
            "a root page that is not there",
            &format!(
                "{SMALL} PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 999 WHERE name = 't'"
            ),
            "the database is damaged (malformed database schema (t) - invalid rootpage)",
        ),
        (
            "a computed column",
            "CREATE TABLE t(x, y AS (x * 2)); INSERT INTO t(x) VALUES (21)",
            "21 42",
        ),
        (
            "a computed column without end",
            "CREATE TABLE t(x, y AS (hex(zeroblob(x)))); INSERT INTO t(x) VALUES (100000000)",
            "it holds a value above the limit on one record (string or blob too big)",
        ),
    ] {
        let case = built(sql);
        assert_eq!(outcome(&case.path), expected, "{name}");
        assert_eq!(names(&case), ["x.db"], "{name}");
    }
}

#[test]
fn what_is_no_whole_database_is_refused() {
    let cut = "it is cut short: its header promises";
    let not = "expected an SQLite database, found a file that does not start as one";
    for (name, case, expected) in [
        ("no bytes", written(b""), not.to_owned()),
        ("text", written(b"{}"), not.to_owned()),
        (
            "another version",
            written(b"SQLite format 2\0 and more"),
            not.to_owned(),
        ),
        (
            "only the magic",
            written(b"SQLite format 3\0"),
            format!("{cut} 512 bytes, found 16"),
        ),
        (
            "half a header",
            changed(|bytes| bytes.truncate(99)),
            format!("{cut} 512 bytes, found 99"),
        ),
        (
            "only a header",
            changed(|bytes| bytes.truncate(100)),
            format!("{cut} 8192 bytes, found 100"),
        ),
        (
            "a byte short",
            changed(|bytes| bytes.truncate(8191)),
            format!("{cut} 8192 bytes, found 8191"),
        ),
        (
            "a page size that is none",
            changed(|bytes| bytes[16..18].copy_from_slice(&[0x10, 0x01])),
            "it is cut short: its header promises 8194 bytes, found 8192".to_owned(),
        ),
        (
            "a page size of three",
            changed(|bytes| bytes[16..18].copy_from_slice(&[0, 3])),
            "it is not a readable SQLite database (file is not a database)".to_owned(),
        ),
        (
            "a later file format",
            changed(|bytes| bytes[18..20].fill(9)),
            "it is not a readable SQLite database (file is not a database)".to_owned(),
        ),
        (
            "a first page of zeros",
            changed(|bytes| bytes[100..4096].fill(0)),
            "the database is damaged (database disk image is malformed)".to_owned(),
        ),
        (
            "a table page of zeros",
            changed(|bytes| bytes[4096..].fill(0)),
            "the database is damaged (database disk image is malformed)".to_owned(),
        ),
        (
            "a table page of ones",
            changed(|bytes| bytes[4096..].fill(0xff)),
            "the database is damaged (database disk image is malformed)".to_owned(),
        ),
        (
            "cells beyond their page",
            changed(|bytes| bytes[4096 + 8..4096 + 12].fill(0xff)),
            "the database is damaged (database disk image is malformed)".to_owned(),
        ),
    ] {
        assert_eq!(outcome(&case.path), expected, "{name}");
    }
    let folder = TempDir::new().unwrap();
    for path in [folder.path().to_path_buf(), folder.path().join("none.db")] {
        assert!(outcome(&path).starts_with("it cannot be read: "));
        assert!(matches!(
            sqlite::open_with_wal(&path, Limits::default()),
            Err(SqliteFault::Io(_))
        ));
    }
    assert!(!folder.path().join("none.db").exists());
}

#[test]
fn a_database_cut_anywhere_is_refused() {
    let whole = std::fs::read(built(SMALL).path).unwrap();
    for end in (0..whole.len()).step_by(61) {
        let case = written(&whole[..end]);
        let said = outcome(&case.path);
        assert!(
            said.contains("cut short") || said.contains("does not start as one"),
            "{end}: {said}"
        );
    }
}

#[test]
fn a_damaged_byte_never_panics_and_never_hangs() {
    // The header, the schema, the head and the cells of the table.
    let places = (0..130).chain(4000..4120).chain(8150..8192);
    for at in places {
        for change in [0x01, 0x80, 0xff] {
            let case = changed(|bytes| bytes[at] ^= change);
            let _ = outcome(&case.path);
            let _ = said(sqlite::open_with_wal(&case.path, Limits::default()));
        }
    }
}

#[test]
fn a_tree_of_pages_that_runs_in_circles_ends() {
    let rows: String = (3..3000)
        .map(|id| format!("INSERT INTO t VALUES ({id}, 'some text');"))
        .collect();
    let case = built(&format!("{SMALL} BEGIN; {rows} COMMIT;"));
    let mut bytes = std::fs::read(&case.path).unwrap();
    let start = 4096;
    assert_eq!(bytes[start], 5, "the root is an interior page");
    // The last child of the root is repeated in place of every other.
    let child: [u8; 4] = bytes[start + 8..start + 12].try_into().unwrap();
    let cells = usize::from(u16::from_be_bytes([bytes[start + 3], bytes[start + 4]]));
    for cell in 0..cells {
        let pointer = start + 12 + 2 * cell;
        let offset = usize::from(u16::from_be_bytes([bytes[pointer], bytes[pointer + 1]]));
        bytes[start + offset..start + offset + 4].copy_from_slice(&child);
    }
    let database = sqlite::open(&written(&bytes).path, Limits::default());
    assert!(rows_end(database));
    // The root is its own child.
    let root = 2_u32.to_be_bytes();
    bytes[start + 8..start + 12].copy_from_slice(&root);
    for cell in 0..cells {
        let pointer = start + 12 + 2 * cell;
        let offset = usize::from(u16::from_be_bytes([bytes[pointer], bytes[pointer + 1]]));
        bytes[start + offset..start + offset + 4].copy_from_slice(&root);
    }
    let said = said(sqlite::open(&written(&bytes).path, Limits::default()));
    assert!(said.contains("damaged"), "{said}");
    // What the file cannot hold is not waited for.
    let mut budget = Budget::new("t", 40);
    let spent = (0..).take_while(|_| budget.spend(0).is_ok()).count();
    assert_eq!(spent, 10);
    assert_eq!(
        budget.spend(0).unwrap_err().to_string(),
        "the database is damaged: table `t` yields more than the file can hold"
    );
}

fn rows_end(database: Result<Database, SqliteFault>) -> bool {
    database
        .and_then(|database| rows(&database, "t"))
        .is_ok_and(|rows| rows.len() < 4000)
}

#[test]
fn a_connection_cannot_write_and_runs_no_code_of_the_file() {
    let case = built(&format!(
        "{SMALL} CREATE VIEW v AS SELECT * FROM t;
         CREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN DELETE FROM t; END;"
    ));
    let before = std::fs::read(&case.path).unwrap();
    let wal = built(&format!(
        "PRAGMA journal_mode = WAL; {SMALL} CREATE VIEW v AS SELECT * FROM t;"
    ));
    let writer = Connection::open(&wal.path).unwrap();
    writer
        .execute_batch("INSERT INTO t VALUES (3, 'three')")
        .unwrap();
    for database in [
        sqlite::open(&case.path, Limits::default()).unwrap(),
        sqlite::open_with_wal(&wal.path, Limits::default()).unwrap(),
    ] {
        for sql in [
            "INSERT INTO t VALUES (9, 'nine')",
            "INSERT INTO v VALUES (9, 'nine')",
            "CREATE TABLE other(x)",
            "DROP TABLE t",
            "PRAGMA user_version = 5",
            "VACUUM INTO 'copy.db'",
            "ATTACH 'other.db' AS other",
            "SELECT * FROM v",
            "SELECT load_extension('x')",
            "SELECT zeroblob(100000000)",
        ] {
            let result = database
                .connection
                .execute_batch(&format!("{sql};"))
                .and_then(|()| database.connection.query_row(sql, [], |_| Ok(())));
            assert!(result.is_err(), "{sql}");
        }
    }
    assert_eq!(std::fs::read(&case.path).unwrap(), before);
    assert_eq!(names(&case), ["x.db"]);
}

#[test]
fn a_value_beyond_the_limit_is_an_error_and_its_length_is_known() {
    let case = built("CREATE TABLE t(x); INSERT INTO t VALUES (printf('%.*c', 3000000, 'x'))");
    let limits = Limits {
        max_record_bytes: 1 << 20,
        ..Limits::default()
    };
    let said = said(sqlite::open(&case.path, limits));
    assert!(
        said.starts_with("it holds a value above the limit on one record"),
        "{said}"
    );
    let database = sqlite::open(&case.path, limits).unwrap();
    let length: i64 = database
        .connection
        .query_row("SELECT octet_length(x) FROM t", [], |row| row.get(0))
        .unwrap();
    assert_eq!(
        value::too_long("x", length, 1 << 20),
        "`x` has 3000000 bytes, at most 1048576 are read"
    );
}

#[test]
fn the_schema_is_described() {
    let case = built(
        "CREATE TABLE t(Id INTEGER PRIMARY KEY, Name TEXT, twice AS (Id * 2));
         CREATE VIEW v AS SELECT * FROM t; CREATE VIRTUAL TABLE f USING fts5(x);",
    );
    let database = sqlite::open(&case.path, Limits::default()).unwrap();
    let tables = sqlite::tables(&database.connection).unwrap();
    assert!(tables.has("T") && !tables.has("v") && !tables.has("none"));
    assert!(tables.view("V") && !tables.view("t"));
    assert_eq!(tables.columns("t"), ["Id", "Name", "twice"]);
    assert!(tables.columns("v").is_empty() && tables.columns("none").is_empty());
    assert_eq!(tables.form("f"), Form::Virtual);
    let column = |name| {
        tables
            .column("t", name)
            .map(|column| (column.is_generated, column.key_position))
    };
    assert_eq!(column("id"), Some((false, 1)));
    assert_eq!(column("NAME"), Some((false, 0)));
    assert_eq!(column("twice"), Some((true, 0)));
    assert_eq!(column("none"), None);
}

#[test]
fn a_schema_out_of_all_proportion_is_refused() {
    let many: String = (0..1001)
        .map(|table| format!("CREATE TABLE t{table}(x);"))
        .collect();
    let case = built(&format!("BEGIN; {many} COMMIT;"));
    assert_eq!(
        outcome(&case.path),
        "it has more than 1000 tables and views"
    );
}

/// A database with three rows, of which the last stands only in the log, and
/// the connection that holds it open.
fn with_wal() -> (Case, Connection) {
    let case = built(&format!("PRAGMA journal_mode = WAL; {SMALL}"));
    let writer = Connection::open(&case.path).unwrap();
    writer
        .execute_batch("PRAGMA wal_autocheckpoint = 0; INSERT INTO t VALUES (3, 'three')")
        .unwrap();
    (case, writer)
}

#[test]
fn changes_in_a_log_beside_the_file_are_refused_or_read_and_never_overlooked() {
    let (case, writer) = with_wal();
    let log = case.folder.path().join("x.db-wal");
    let read = || said(sqlite::open_with_wal(&case.path, Limits::default()));
    let before = [
        std::fs::read(&case.path).unwrap(),
        std::fs::read(&log).unwrap(),
    ];
    assert_eq!(sqlite::wal_beside(&case.path), Some(log.clone()));
    let refused = outcome(&case.path);
    assert!(
        refused.starts_with("changes that are not in the file stand in `")
            && refused.ends_with("x.db-wal`"),
        "{refused}"
    );
    assert_eq!(read(), "1 one, 2 two, 3 three");
    assert_eq!(
        [
            std::fs::read(&case.path).unwrap(),
            std::fs::read(&log).unwrap()
        ],
        before
    );
    // Without a log, or with an empty one, both read the file as it stands.
    drop(writer);
    assert_eq!(sqlite::wal_beside(&case.path), None);
    assert_eq!(
        (outcome(&case.path), read()),
        (
            "1 one, 2 two, 3 three".to_owned(),
            "1 one, 2 two, 3 three".to_owned()
        )
    );
    std::fs::write(&log, b"").unwrap();
    assert_eq!(
        (outcome(&case.path), read()),
        (
            "1 one, 2 two, 3 three".to_owned(),
            "1 one, 2 two, 3 three".to_owned()
        )
    );
}

#[test]
fn a_log_that_is_damaged_or_foreign_gives_what_stands_in_the_file() {
    for (name, change) in [
        (
            "cut in its header",
            (|log: &mut Vec<u8>| log.truncate(20)) as fn(&mut Vec<u8>),
        ),
        ("cut in a frame", |log| log.truncate(100)),
        ("text", |log| *log = b"this is no log at all".to_vec()),
        ("zeros", |log| log.fill(0)),
        ("a page that is changed", |log| log[1000] ^= 0xff),
        ("a checksum that is changed", |log| log[32 + 16] ^= 0xff),
    ] {
        let (case, _writer) = with_wal();
        let other = written(&std::fs::read(&case.path).unwrap());
        let mut log = std::fs::read(case.folder.path().join("x.db-wal")).unwrap();
        change(&mut log);
        std::fs::write(other.folder.path().join("x.db-wal"), &log).unwrap();
        assert!(
            outcome(&other.path).starts_with("changes that are not in the file"),
            "{name}"
        );
        let read = said(sqlite::open_with_wal(&other.path, Limits::default()));
        assert_eq!(read, "1 one, 2 two", "{name}");
        assert_eq!(names(&other), ["x.db", "x.db-wal"], "{name}");
    }
}

#[test]
fn a_journal_that_was_not_played_back_is_refused_by_both() {
    let case = built(SMALL);
    let journal = case.folder.path().join("x.db-journal");
    std::fs::write(&journal, [0; 512]).unwrap();
    assert_eq!(
        outcome(&case.path),
        "1 one, 2 two",
        "an emptied journal is harmless"
    );
    std::fs::write(
        &journal,
        [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7, 0, 0],
    )
    .unwrap();
    for said in [
        outcome(&case.path),
        said(sqlite::open_with_wal(&case.path, Limits::default())),
    ] {
        assert!(said.ends_with("x.db-journal`"), "{said}");
    }
    let (case, _writer) = with_wal();
    std::fs::write(
        case.folder.path().join("x.db-journal"),
        [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7],
    )
    .unwrap();
    let said = said(sqlite::open_with_wal(&case.path, Limits::default()));
    assert!(
        said.starts_with("changes that are not in the file stand in"),
        "{said}"
    );
}

#[test]
fn the_private_copy_is_gone_with_the_database() {
    let (case, _writer) = with_wal();
    let database = sqlite::open_with_wal(&case.path, Limits::default()).unwrap();
    let copy = PathBuf::from(database.connection.path().unwrap());
    assert_ne!(copy.parent(), Some(case.folder.path()));
    assert!(copy.exists());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::fs::metadata(copy.parent().unwrap()).unwrap();
        assert_eq!(
            folder.permissions().mode() & 0o077,
            0,
            "nobody else may look in"
        );
    }
    drop(database);
    assert!(!copy.exists() && !copy.parent().unwrap().exists());
}

#[test]
fn values_are_read_with_their_type() {
    let case =
        built("CREATE TABLE t(x); INSERT INTO t VALUES (1), (-1), ('a'), (NULL), (1.5), (x'61')");
    let database = sqlite::open(&case.path, Limits::default()).unwrap();
    let mut statement = database.connection.prepare("SELECT x FROM t").unwrap();
    let mut rows = statement.query([]).unwrap();
    let mut found = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let x = row.get_ref(0).unwrap();
        found.push(format!(
            "{:?} {:?} {:?}",
            value::text(x, "x"),
            value::count(x, "x"),
            value::key(x, "x")
        ));
    }
    assert_eq!(
        found,
        [
            r#"Err("`x` holds INTEGER, expected TEXT") Ok(Some(1)) Ok(1)"#,
            r#"Err("`x` holds INTEGER, expected TEXT") Err("`x` is -1, expected a number from 0 up") Ok(-1)"#,
            r#"Ok(Some("a")) Err("`x` holds TEXT, expected INTEGER") Err("`x` holds TEXT, expected INTEGER")"#,
            r#"Ok(None) Ok(None) Err("`x` is NULL, expected INTEGER")"#,
            r#"Err("`x` holds REAL, expected TEXT") Err("`x` holds REAL, expected INTEGER") Err("`x` holds REAL, expected INTEGER")"#,
            r#"Err("`x` holds BLOB, expected TEXT") Err("`x` holds BLOB, expected INTEGER") Err("`x` holds BLOB, expected INTEGER")"#,
        ]
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_or_a_folder_in_the_place_of_a_journal_is_refused_and_not_waited_for() {
    let case = built(SMALL);
    for suffix in ["-journal", "-wal", "-shm"] {
        let strange = case.folder.path().join(format!("x.db{suffix}"));
        let made = std::process::Command::new("mkfifo").arg(&strange).status();
        assert!(made.unwrap().success());
        let (send, receive) = std::sync::mpsc::channel();
        let path = case.path.clone();
        std::thread::spawn(move || {
            let limits = Limits::default();
            let alone = sqlite::open(&path, limits).map(drop);
            let _ = send.send([alone, sqlite::open_with_wal(&path, limits).map(drop)]);
        });
        let patience = std::time::Duration::from_secs(60);
        for refused in receive.recv_timeout(patience).expect("it waits") {
            let fault = refused.unwrap_err();
            assert!(
                fault.to_string().contains("is a pipe, not a file"),
                "{fault}"
            );
            assert!(fault.hint().contains("remove it"), "{}", fault.hint());
        }
        std::fs::remove_file(&strange).unwrap();
        std::fs::create_dir(&strange).unwrap();
        let fault = sqlite::open(&case.path, Limits::default()).unwrap_err();
        assert!(fault.to_string().contains("is a folder"), "{fault}");
        std::fs::remove_dir(&strange).unwrap();
    }
    assert!(sqlite::open(&case.path, Limits::default()).is_ok());
}
