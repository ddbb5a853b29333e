//! The tool's own database, with what stands only in its write-ahead log.
//!
//! Every evaluation has a row in `evals`, every result one in `eval_results`.
//! Evaluations from before that table keep a whole summary in `evals.results`,
//! which is read as a stream whatever its length.

use std::collections::BTreeMap;
use std::path::Path;

use caveat_corpus::Location;
use caveat_importer::Limits;
use caveat_importer::json::{self, Content, Key, Pieces};
use caveat_importer::sqlite::{self, Budget, Database, SqliteFault, Tables};
use caveat_importer::text::printable;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row as SqlRow};
use serde_json::{Map, Value};

use crate::document::{self, Document};
use crate::fault::Fault;
use crate::row::RawRow;
use crate::walk::{self, Fact, Origin, RunIndex, Visitor};

/// Columns of `eval_results` that hold JSON, with the field that each is.
const JSON_COLUMNS: &[(&str, &str)] = &[
    ("test_case", "testCase"),
    ("prompt", "prompt"),
    ("provider", "provider"),
    ("response", "response"),
    ("grading_result", "gradingResult"),
    ("named_scores", "namedScores"),
    ("metadata", "metadata"),
];

/// Columns of `eval_results` that hold plain values.
const PLAIN_COLUMNS: &[(&str, &str)] = &[
    ("id", "id"),
    ("prompt_idx", "promptIdx"),
    ("test_idx", "testIdx"),
    ("latency_ms", "latencyMs"),
    ("error", "error"),
    ("success", "success"),
    ("score", "score"),
    ("failure_reason", "failureReason"),
];

/// Columns without which no result can be used.
const NEEDED: &[&str] = &[
    "id",
    "eval_id",
    "test_case",
    "prompt",
    "provider",
    "success",
];

/// What is wrong with the tables, if anything.
pub(crate) fn defect(tables: &Tables) -> Option<String> {
    if let Some(problem) = tables.form("evals").problem("evals") {
        return Some(problem);
    }
    for column in ["id", "results", "config"] {
        if tables.column("evals", column).is_none() {
            return Some(format!("table `evals` has no column `{column}`"));
        }
    }
    match tables.form("eval_results") {
        // Databases from before the table.
        sqlite::Form::Absent => None,
        form => form.problem("eval_results").or_else(|| {
            let missing = NEEDED
                .iter()
                .find(|column| tables.column("eval_results", column).is_none())?;
            Some(format!("table `eval_results` has no column `{missing}`"))
        }),
    }
}

/// Whether the tables are those of the tool, usable or not.
pub(crate) fn resembles(tables: &Tables) -> bool {
    let known = [
        "evals",
        "eval_results",
        "evals_to_prompts",
        "evals_to_datasets",
        "evals_to_tags",
    ];
    known
        .iter()
        .filter(|name| tables.form(name) != sqlite::Form::Absent)
        .count()
        >= 2
}

/// One row of `evals`.
struct Eval {
    rowid: i64,
    id: String,
    has_rows: bool,
}

/// Walks every evaluation of a database.
pub(crate) fn walk(path: &Path, limits: &Limits, visitor: &mut dyn Visitor) -> Result<(), Fault> {
    let database = sqlite::open_with_wal(path, *limits)?;
    let tables = sqlite::tables(&database.connection)?;
    if let Some(problem) = defect(&tables) {
        return Err(Fault::content(
            &problem,
            "name the `promptfoo.db` of the tool's configuration folder; \
             importers/promptfoo/README.md lists its tables",
        ));
    }
    let mut evals = evaluations(&database, &tables, limits, visitor)?;
    if tables.has("eval_results") {
        results(&database, &tables, &mut evals, limits, visitor)?;
    }
    for (run, eval) in evals.iter().enumerate().filter(|(_, eval)| !eval.has_rows) {
        old_results(&database, run, eval, limits, visitor)?;
    }
    visitor.progress(database.size_bytes);
    Ok(())
}

fn evaluations(
    database: &Database,
    tables: &Tables,
    limits: &Limits,
    visitor: &mut dyn Visitor,
) -> Result<Vec<Eval>, Fault> {
    let column = |name: &'static str| {
        if tables.column("evals", name).is_some() {
            name
        } else {
            "NULL"
        }
    };
    let longest = limits.max_record_bytes;
    let query = format!(
        "SELECT rowid, id, {}, {}, iif(octet_length({prompts}) > {longest}, NULL, {prompts}) FROM evals NOT INDEXED",
        column("created_at"),
        column("is_redteam"),
        prompts = column("prompts"),
    );
    let mut statement = database.connection.prepare(&query)?;
    let mut rows = statement.query([])?;
    let mut budget = Budget::new("evals", database.size_bytes);
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        budget.spend(0)?;
        let run = found.len();
        let rowid = row.get(0)?;
        let id =
            sqlite::value::label(row.get_ref(1)?, "evals.id").map_err(|reason| damaged(&reason))?;
        let id = id.unwrap_or_else(|| format!("row {rowid}"));
        limits
            .check_name("`evals.id`", &id)
            .map_err(|reason| damaged(&reason))?;
        visitor.fact(run, Fact::Id(id.clone()));
        if let Some(time) = walk::time(&plain(row.get_ref(2)?).unwrap_or_default()) {
            visitor.fact(run, Fact::Time(time));
        }
        if plain(row.get_ref(3)?).ok().and_then(|flag| flag.as_i64()) == Some(1) {
            visitor.fact(run, Fact::RedTeam("`evals.is_redteam`"));
        }
        let prompts = match row.get_ref(4)? {
            ValueRef::Text(text) => json::parse(text, limits).unwrap_or_default(),
            _ => Value::Null,
        };
        let (columns, totals) = walk::columns(&prompts);
        visitor.fact(run, Fact::Columns(columns));
        if let Some(totals) = totals {
            visitor.fact(run, Fact::Totals(totals));
        }
        found.push(Eval {
            rowid,
            id,
            has_rows: false,
        });
    }
    drop(rows);
    for (run, eval) in found.iter().enumerate() {
        if has_red_team_block(&database.connection, eval.rowid, limits)? {
            visitor.fact(run, Fact::RedTeam("`config.redteam`"));
        }
    }
    Ok(found)
}

/// Whether the configuration has a red-team block; nothing else of it is looked at.
fn has_red_team_block(connection: &Connection, rowid: i64, limits: &Limits) -> Result<bool, Fault> {
    let Some(blob) = cell(connection, "config", rowid)? else {
        return Ok(false);
    };
    let mut pieces = Pieces::new(blob, &[""], limits);
    // A configuration that is no JSON has no block; the results are read all the same.
    while let Ok(Some(piece)) = pieces.next_piece() {
        if piece.key == Key::Name("redteam") {
            return Ok(piece.content != Content::Whole(b"null"));
        }
    }
    Ok(false)
}

/// A cell of `evals` as a stream; `None` if it holds no text.
fn cell<'c>(
    connection: &'c Connection,
    column: &str,
    rowid: i64,
) -> Result<Option<rusqlite::blob::Blob<'c>>, Fault> {
    let query = format!("SELECT typeof({column}) FROM evals NOT INDEXED WHERE rowid = ?1");
    let kind: String = connection.query_row(&query, [rowid], |row| row.get(0))?;
    if kind != "text" {
        return Ok(None);
    }
    Ok(Some(
        connection.blob_open("main", "evals", column, rowid, true)?,
    ))
}

fn results(
    database: &Database,
    tables: &Tables,
    evals: &mut Vec<Eval>,
    limits: &Limits,
    visitor: &mut dyn Visitor,
) -> Result<(), Fault> {
    let mut runs: BTreeMap<String, RunIndex> = evals
        .iter()
        .enumerate()
        .map(|(run, eval)| (eval.id.clone(), run))
        .collect();
    let reader = Columns::new(tables, limits);
    let mut statement = database.connection.prepare(&reader.query)?;
    let mut rows = statement.query([])?;
    let mut budget = Budget::new("eval_results", database.size_bytes);
    let mut number = 0_u64;
    let mut read = 0_u64;
    while let Some(row) = rows.next()? {
        number += 1;
        let length = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
        budget.spend(length)?;
        read = read.saturating_add(length);
        let location = Location {
            entry: Some("eval_results".to_owned()),
            record: Some(row_name(row, number)?),
            byte: None,
        };
        let owner = sqlite::value::label(row.get_ref(2)?, "eval_id")
            .ok()
            .flatten()
            .unwrap_or_default();
        let run = match runs.get(&owner) {
            Some(run) => *run,
            // Its evaluation was deleted.
            None => {
                let run = evals.len();
                visitor.fact(run, Fact::Id(owner.clone()));
                evals.push(Eval {
                    rowid: 0,
                    id: owner.clone(),
                    has_rows: true,
                });
                runs.insert(owner, run);
                run
            }
        };
        if let Some(eval) = evals.get_mut(run) {
            eval.has_rows = true;
        }
        match reader.value(row, limits)? {
            Ok(value) => visitor.row(run, Origin::Results, location, RawRow::Value(&value))?,
            Err(reason) => visitor.broken(run, Origin::Results, location, reason)?,
        }
        visitor.progress(read.min(database.size_bytes));
    }
    Ok(())
}

/// The id of a row, or its number where it has none.
fn row_name(row: &SqlRow<'_>, number: u64) -> Result<String, SqliteFault> {
    let id = sqlite::value::label(row.get_ref(1)?, "id").ok().flatten();
    Ok(id.unwrap_or_else(|| format!("row {number} of the table")))
}

/// The columns of `eval_results` that this file has.
struct Columns {
    query: String,
    /// Field names of the selected columns, in order; JSON ones first.
    json: Vec<(&'static str, &'static str)>,
    plain: Vec<(&'static str, &'static str)>,
}

impl Columns {
    fn new(tables: &Tables, limits: &Limits) -> Self {
        let has = |column: &str| tables.column("eval_results", column).is_some();
        let kept = |all: &[(&'static str, &'static str)]| -> Vec<(&'static str, &'static str)> {
            all.iter()
                .copied()
                .filter(|(column, _)| has(column))
                .collect()
        };
        let (json, plain) = (kept(JSON_COLUMNS), kept(PLAIN_COLUMNS));
        let texts = json
            .iter()
            .map(|(column, _)| *column)
            .chain(["error"].into_iter().filter(|column| has(column)));
        let lengths: Vec<String> = texts
            .map(|column| format!("ifnull(octet_length({column}), 0)"))
            .collect();
        let total = lengths.join(" + ");
        let longest = limits.max_record_bytes;
        let selected = json.iter().chain(&plain);
        // A row beyond the limit is counted and never loaded.
        let selected: Vec<String> = selected
            .map(|(column, _)| format!("iif({total} > {longest}, NULL, {column})"))
            .collect();
        let query = format!(
            "SELECT {total}, id, eval_id, {} FROM eval_results NOT INDEXED",
            selected.join(", ")
        );
        Self { query, json, plain }
    }

    /// The row as a result; the inner error is a reason to reject it.
    fn value(
        &self,
        row: &SqlRow<'_>,
        limits: &Limits,
    ) -> Result<Result<Value, String>, SqliteFault> {
        let length = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
        if length > limits.max_record_bytes {
            return Ok(Err(walk::too_long(length, limits)));
        }
        let mut result = Map::new();
        for (position, (column, field)) in self.json.iter().chain(&self.plain).enumerate() {
            let cell = row.get_ref(position + 3)?;
            let value = if position < self.json.len() {
                parsed(cell, column, limits)
            } else {
                plain(cell).map_err(|reason| format!("`{column}` {reason}"))
            };
            match value {
                Ok(value) => result.insert((*field).to_owned(), value),
                Err(reason) => return Ok(Err(reason)),
            };
        }
        Ok(Ok(Value::Object(result)))
    }
}

fn parsed(cell: ValueRef<'_>, column: &str, limits: &Limits) -> Result<Value, String> {
    let Some(text) = sqlite::value::text(cell, column)? else {
        return Ok(Value::Null);
    };
    // A provider may be a bare name.
    if column == "provider" && !text.trim_start().starts_with(['{', '"']) {
        return Ok(Value::String(text.to_owned()));
    }
    json::parse(text.as_bytes(), limits).map_err(|fault| format!("`{column}`: {fault}"))
}

fn plain(cell: ValueRef<'_>) -> Result<Value, String> {
    match cell {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::from(number)),
        ValueRef::Real(number) => {
            Ok(serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number))
        }
        ValueRef::Text(text) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Value::from(text)),
            Err(_) => Err("is not valid UTF-8".to_owned()),
        },
        ValueRef::Blob(_) => Err("holds BLOB".to_owned()),
    }
}

/// An evaluation that keeps its results in one cell.
fn old_results(
    database: &Database,
    run: RunIndex,
    eval: &Eval,
    limits: &Limits,
    visitor: &mut dyn Visitor,
) -> Result<(), Fault> {
    let Some(blob) = cell(&database.connection, "results", eval.rowid)? else {
        return Ok(());
    };
    let place = |path: &str, record: String, byte: u64| Location {
        entry: Some(format!("evals.{path}")),
        record: Some(format!("{}/{record}", eval.id)),
        byte: Some(byte),
    };
    let mut document = Document::new(run, *limits, visitor);
    match document::read(blob, true, &place, &mut document) {
        Err(Fault::Content { found, .. }) => {
            let location = place("results", "-".to_owned(), 0);
            document.broken(location, format!("`evals.results`: {found}"))?;
            Ok(())
        }
        other => other,
    }
}

fn damaged(reason: &str) -> Fault {
    Fault::content(
        &printable(reason),
        "run `PRAGMA integrity_check` on the file, or copy it again from its origin",
    )
}
