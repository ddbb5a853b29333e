//! Which tables and columns a memory database has.
//!
//! Versions are told apart by columns alone. A needed table is an ordinary
//! table: whatever else stands under the name of one, needed or not, is refused,
//! since reading it would run what the file's author wrote.

use caveat_importer::sqlite::{Form, Tables};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::{Number, Value};

use crate::fields::Object;
use crate::run::Loaded;

/// The pieces of messages.
pub(crate) const PIECES: &str = "PromptMemoryEntries";
/// The scores of pieces.
pub(crate) const SCORES: &str = "ScoreEntries";
/// One row per attack.
pub(crate) const ATTACKS: &str = "AttackResultEntries";
/// Targets by conversation, from version 1.0 on.
pub(crate) const CONVERSATIONS: &str = "Conversations";
/// Targets by hash.
pub(crate) const TARGETS: &str = "TargetIdentifiers";
/// Scorers by hash.
pub(crate) const SCORERS: &str = "ScorerIdentifiers";
/// Converters by hash.
pub(crate) const CONVERTERS: &str = "ConverterIdentifiers";
/// Which converters a piece went through.
pub(crate) const PIECE_CONVERTERS: &str = "PromptConverterIdentifiers";
/// Attacks by hash.
pub(crate) const ATOMIC_ATTACKS: &str = "AtomicAttackIdentifiers";
/// Prompts of data sets.
pub(crate) const SEEDS: &str = "SeedPromptEntries";

/// Every table that is read where it exists.
const KNOWN: [&str; 10] = [
    PIECES,
    SCORES,
    ATTACKS,
    CONVERSATIONS,
    TARGETS,
    SCORERS,
    CONVERTERS,
    PIECE_CONVERTERS,
    ATOMIC_ATTACKS,
    SEEDS,
];

/// Columns without which a database says too little.
const NEEDED: [(&str, &[&str]); 2] = [
    (
        PIECES,
        &[
            "id",
            "role",
            "conversation_id",
            "sequence",
            "original_value",
        ],
    ),
    (SCORES, &["id", "score_value", "score_type"]),
];

/// Says in words what is missing or stood in for; empty if nothing is.
pub(crate) fn problems(tables: &Tables) -> Vec<String> {
    let mut problems = Vec::new();
    for table in KNOWN {
        let form = tables.form(table);
        let needed = NEEDED.iter().find(|(needed, _)| *needed == table);
        if form == Form::Absent && needed.is_none() {
            continue;
        }
        if let Some(problem) = form.problem(table) {
            problems.push(problem);
            continue;
        }
        let columns = needed.map(|(_, columns)| *columns).unwrap_or_default();
        let missing = columns
            .iter()
            .filter(|column| tables.column(table, column).is_none());
        problems.extend(missing.map(|column| format!("column `{table}.{column}` is missing")));
    }
    problems
}

/// Whether anything of a memory database is there.
pub(crate) fn resembles(tables: &Tables) -> bool {
    let is_there = |table| tables.form(table) != Form::Absent;
    is_there(PIECES) || (is_there(SCORES) && is_there(ATTACKS))
}

/// A query for the columns of a table that exist, each within a length.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    columns: Vec<&'static str>,
    /// The query without a condition.
    pub(crate) sql: String,
    longest: u64,
}

impl Select {
    /// Selects those of the wanted columns that exist; `None` without the table.
    pub(crate) fn of(
        tables: &Tables,
        table: &str,
        wanted: &[&'static str],
        longest: u64,
    ) -> Option<Self> {
        if !tables.has(table) {
            return None;
        }
        let columns: Vec<&'static str> = wanted
            .iter()
            .copied()
            .filter(|column| tables.column(table, column).is_some())
            .collect();
        let mut lengths = String::from("0");
        let mut values = String::new();
        for column in &columns {
            lengths.push_str(&format!(" + coalesce(octet_length(\"{column}\"), 0)"));
            // A value beyond the limit is never loaded.
            values.push_str(&format!(
                ", iif(octet_length(\"{column}\") > {longest}, NULL, \"{column}\")"
            ));
        }
        Some(Self {
            columns,
            sql: format!("SELECT rowid, {lengths}{values} FROM \"{table}\" NOT INDEXED"),
            longest,
        })
    }

    /// The query for one row by its row id.
    pub(crate) fn by_row(&self) -> String {
        format!("{} WHERE rowid = ?1", self.sql)
    }

    /// The row id and the length of a row.
    pub(crate) fn place(row: &Row<'_>) -> Result<(u64, u64), rusqlite::Error> {
        let place: i64 = row.get(0)?;
        let length: i64 = row.get(1)?;
        Ok((place.cast_unsigned(), u64::try_from(length).unwrap_or(0)))
    }

    /// The columns of a row, or why they cannot be used.
    pub(crate) fn object(&self, row: &Row<'_>) -> Result<Loaded, rusqlite::Error> {
        let (_, length) = Self::place(row)?;
        if length > self.longest {
            let longest = self.longest;
            return Ok(Err(format!(
                "it has {length} bytes, at most {longest} are read"
            )));
        }
        let mut object = Object::new();
        for (position, column) in (2_usize..).zip(&self.columns) {
            match value(row.get_ref(position)?, column) {
                Ok(Value::Null) => {}
                Ok(value) => {
                    object.insert((*column).to_owned(), value);
                }
                Err(reason) => return Ok(Err(reason)),
            }
        }
        Ok(Ok(object))
    }
}

fn value(found: ValueRef<'_>, column: &str) -> Result<Value, String> {
    Ok(match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Number(number.into()),
        ValueRef::Real(number) => Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(|| format!("`{column}` holds a number that is not finite"))?,
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::String(text.to_owned()),
            Err(_) => return Err(format!("`{column}` is not valid UTF-8")),
        },
        ValueRef::Blob(_) => return Err(format!("`{column}` holds BLOB, expected text")),
    })
}
