//! The tables of the corpus file and the steps from one version to the next.
//!
//! `application_id` says that a file is ours, `user_version` how many steps it
//! has taken. A file whose tables are not exactly those that the steps make is
//! refused, so that no trigger or view of a doctored file ever runs.

use caveat_corpus::Digest;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::error::Fault;
use crate::texts::TextFile;

/// "CVAT" in ASCII.
const APPLICATION_ID: i64 = 0x4356_4154;

/// What stands in the file's header and schema.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FileState {
    /// No tables at all.
    Empty,
    /// Ours, in the current version.
    Current,
    /// Ours, in an older version.
    Older(i64),
    /// Ours, in a version that we do not know.
    Newer(i64),
    /// Not ours.
    Foreign(String),
}

/// Bits of a grade's id that hold its position within the trace.
pub(crate) const GRADE_BITS: u32 = 10;

/// One step per version; a released step never changes.
///
/// Version 1. Texts that recur are kept once in `strings`. A trace is found by
/// the first eight bytes of its identity, which make a small index, and
/// compared by all 32. `day` repeats the date of `observed_at` as a number so
/// that aggregation needs no text. The id of a grade is the trace's id times
/// 1,024 plus its position: grades lie in the order of the traces without an
/// index of their own. Columns that aggregation reads stand first.
///
/// Version 2. `companions` lists what a source was read together with; `kept`
/// names the texts that the file of texts holds, by trace and digest.
///
/// Version 3. No text of a prompt or a response stands in this file any more:
/// what version 1 held moves to the file of texts before this step.
///
/// Version 4. `contents` says which source stood last under a path, and with which
/// options it was read (NULL: not known): a path that says what it said before states
/// nothing anew, a path whose content changed, or that is read otherwise, does.
///
/// Version 5. `contents` also says how many bytes the path held (NULL: not known): of
/// a file that only grew, what it held before states nothing anew.
const STEPS: &[&str] = &["
CREATE TABLE strings(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE sources(
  id INTEGER PRIMARY KEY, digest BLOB NOT NULL, format TEXT NOT NULL, path TEXT NOT NULL,
  format_version TEXT, read INTEGER NOT NULL, imported INTEGER NOT NULL,
  already_present INTEGER NOT NULL, rejected INTEGER NOT NULL, grades_added INTEGER NOT NULL,
  not_evaluable INTEGER NOT NULL, UNIQUE(digest, format));
CREATE TABLE notes(
  source INTEGER NOT NULL, position INTEGER NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY(source, position)) WITHOUT ROWID;
CREATE TABLE models(id INTEGER PRIMARY KEY, name INTEGER NOT NULL, provider INTEGER, coded_size INTEGER);
CREATE INDEX models_by_name ON models(name, provider, coded_size);
CREATE TABLE labels(
  id INTEGER PRIMARY KEY, dataset INTEGER, technique INTEGER, attack_family INTEGER, harm_category INTEGER);
CREATE INDEX labels_by_text ON labels(dataset, technique, attack_family, harm_category);
CREATE TABLE graders(id INTEGER PRIMARY KEY, name INTEGER, kind INTEGER NOT NULL);
CREATE INDEX graders_by_name ON graders(name, kind);
CREATE TABLE prompts(id INTEGER PRIMARY KEY, key NOT NULL UNIQUE, text TEXT);
CREATE TABLE traces(
  id INTEGER PRIMARY KEY, model INTEGER NOT NULL, labels INTEGER NOT NULL, prompt INTEGER,
  outcome INTEGER NOT NULL, day INTEGER, source INTEGER NOT NULL, attempt INTEGER, turns INTEGER,
  prompt_tokens INTEGER, response_tokens INTEGER, duration_ms INTEGER, run INTEGER, entry INTEGER,
  byte INTEGER, head INTEGER NOT NULL, identity BLOB NOT NULL, response_digest BLOB,
  record TEXT, record_id TEXT, observed_at TEXT);
CREATE INDEX traces_by_head ON traces(head);
CREATE TABLE responses(trace INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE grades(
  id INTEGER PRIMARY KEY, grader INTEGER NOT NULL, verdict INTEGER NOT NULL, version INTEGER,
  raw TEXT, graded_at TEXT);
CREATE TABLE cells(
  id INTEGER PRIMARY KEY, identity BLOB NOT NULL UNIQUE, source INTEGER NOT NULL,
  model INTEGER NOT NULL, labels INTEGER NOT NULL, grader INTEGER NOT NULL, day INTEGER,
  observed_at TEXT, entry INTEGER, record TEXT, byte INTEGER,
  compliance INTEGER NOT NULL, partial INTEGER NOT NULL, refusal INTEGER NOT NULL,
  hallucination_refusal INTEGER NOT NULL, benign_query INTEGER NOT NULL,
  not_gradeable INTEGER NOT NULL, error INTEGER NOT NULL, parse_error INTEGER NOT NULL,
  infra_error INTEGER NOT NULL, unscored INTEGER NOT NULL);
CREATE TABLE rejects(
  id INTEGER PRIMARY KEY, source INTEGER NOT NULL, entry TEXT, record TEXT, byte INTEGER,
  reason TEXT NOT NULL);
", "
CREATE TABLE companions(
  source INTEGER NOT NULL, position INTEGER NOT NULL, path TEXT NOT NULL, digest BLOB NOT NULL,
  PRIMARY KEY(source, position)) WITHOUT ROWID;
CREATE TABLE kept(trace INTEGER PRIMARY KEY, prompt BLOB, response BLOB);
", "
DROP TABLE responses;
ALTER TABLE prompts DROP COLUMN text;
", "
CREATE TABLE contents(
  path TEXT NOT NULL, format TEXT NOT NULL, source INTEGER NOT NULL, options BLOB,
  PRIMARY KEY(path, format)) WITHOUT ROWID;
INSERT INTO contents SELECT path, format, max(id), NULL FROM sources GROUP BY path, format;
", "
ALTER TABLE contents ADD COLUMN bytes INTEGER;
"];

/// The version that [`upgrade`] leads to.
pub(crate) fn newest_version() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Reads what a file is, without changing it.
pub(crate) fn inspect(connection: &Connection) -> Result<FileState, Fault> {
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let found = objects(connection)?;
    if application == 0 && version == 0 && found.is_empty() {
        return Ok(FileState::Empty);
    }
    if application != APPLICATION_ID {
        return Ok(FileState::Foreign(
            "it is an SQLite file of another program".to_owned(),
        ));
    }
    if version > newest_version() {
        return Ok(FileState::Newer(version));
    }
    let steps = usize::try_from(version).unwrap_or_default();
    let expected = Connection::open_in_memory()?;
    for step in STEPS.iter().take(steps) {
        expected.execute_batch(step)?;
    }
    if steps == 0 || objects(&expected)? != found {
        return Ok(FileState::Foreign(format!(
            "its tables are not those of schema version {version}"
        )));
    }
    if version < newest_version() {
        return Ok(FileState::Older(version));
    }
    Ok(FileState::Current)
}

/// Steps after which texts have a place to go, and before which they are still there.
const STEPS_BEFORE_TEXTS_LEAVE: usize = 2;

/// Takes the steps that the file has not taken, all or none.
///
/// `texts` opens the file of texts; it is asked only if there are texts to move.
pub(crate) fn upgrade(
    connection: &Connection,
    texts: impl FnOnce() -> Result<TextFile, Fault>,
) -> Result<(), Fault> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    // Another process may have been faster: look again under the lock.
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let taken = usize::try_from(version).unwrap_or_default();
    let before = STEPS_BEFORE_TEXTS_LEAVE.saturating_sub(taken);
    for step in STEPS.iter().skip(taken).take(before) {
        transaction.execute_batch(step)?;
    }
    if (1..=STEPS_BEFORE_TEXTS_LEAVE).contains(&taken) {
        move_texts(&transaction, texts)?;
    }
    for step in STEPS.iter().skip(taken.max(STEPS_BEFORE_TEXTS_LEAVE)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", newest_version().max(version))?;
    transaction.commit()?;
    Ok(())
}

/// Moves the texts of version 1 to the file of texts. What is there already stays.
fn move_texts(
    connection: &Connection,
    open: impl FnOnce() -> Result<TextFile, Fault>,
) -> Result<(), Fault> {
    let mut statement = connection.prepare(
        "SELECT t.id, p.text, r.text FROM traces t
           LEFT JOIN prompts p ON p.id = t.prompt LEFT JOIN responses r ON r.trace = t.id
           WHERE p.text IS NOT NULL OR r.text IS NOT NULL ORDER BY t.id",
    )?;
    let mut rows = statement.query([])?;
    let Some(mut row) = rows.next()? else {
        return Ok(());
    };
    let texts = open()?;
    let mut writer = texts.begin()?;
    let mut add = connection.prepare("INSERT INTO kept VALUES (?1, ?2, ?3)")?;
    loop {
        let trace: i64 = row.get(0)?;
        let prompt: Option<String> = row.get(1)?;
        let response: Option<String> = row.get(2)?;
        let prompt = prompt.map(|text| writer.keep(&text)).transpose()?;
        let response = response.map(|text| writer.keep(&text)).transpose()?;
        add.execute(params![
            trace,
            prompt.as_ref().map(Digest::as_bytes),
            response.as_ref().map(Digest::as_bytes)
        ])?;
        match rows.next()? {
            Some(next) => row = next,
            None => break,
        }
    }
    // First: a text that nobody names does no harm, a name without its text would.
    writer.commit()
}

/// Type, name and statement of everything that the schema holds.
fn objects(connection: &Connection) -> Result<Vec<(String, String, Option<String>)>, Fault> {
    // Statistics that `ANALYZE` leaves behind change no result.
    let mut statement = connection.prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
