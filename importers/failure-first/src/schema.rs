//! Checks that a database has the tables and columns that are needed.
//!
//! A needed table is an ordinary table: a view or a virtual table in its place
//! is refused, since reading it would run what the file's author wrote. Tables
//! and columns that nobody asked for are no error.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::fault::Fault;

/// A table of the schema: columns that published queries attest, and columns
/// that are read where they exist.
struct Table {
    name: &'static str,
    needed: &'static [&'static str],
    optional: &'static [&'static str],
}

const TABLES: [Table; 6] = [
    Table {
        name: "results",
        needed: &[
            "id",
            "evaluation_run_id",
            "prompt_id",
            "raw_response",
            "heuristic_verdict",
            "llm_verdict",
            "llm_classifier",
            "duration_ms",
            "thinking_tokens",
            "response_tokens",
        ],
        optional: &[],
    },
    Table {
        name: "evaluation_runs",
        needed: &["id", "model_id"],
        optional: &["run_date"],
    },
    Table {
        name: "models",
        needed: &["id", "name", "provider", "parameter_count"],
        optional: &[],
    },
    Table {
        name: "prompts",
        needed: &["id", "technique_id", "source_dataset_id"],
        optional: &["prompt_text", "harm_class"],
    },
    Table {
        name: "techniques",
        needed: &["id", "family"],
        optional: &["name"],
    },
    Table {
        name: "source_datasets",
        needed: &["id", "name"],
        optional: &[],
    },
];

/// What a usable database has.
#[derive(Debug)]
pub(crate) struct Schema {
    /// `PRAGMA user_version`, or `unknown`.
    pub(crate) version: String,
    /// `prompts.prompt_text` exists.
    pub(crate) has_prompt_text: bool,
    /// `prompts.harm_class` exists.
    pub(crate) has_harm_class: bool,
    /// `techniques.name` exists.
    pub(crate) has_technique_name: bool,
    /// `evaluation_runs.run_date` exists.
    pub(crate) has_run_date: bool,
    /// `prompts.id` alone is the primary key.
    pub(crate) prompts_keyed_by_id: bool,
    /// Sentences for the account.
    pub(crate) notes: Vec<String>,
}

/// Why a database is not usable.
#[derive(Debug)]
pub(crate) struct Defect {
    /// How many of the needed table names exist, in whatever form.
    pub(crate) tables_present: usize,
    /// Every missing or replaced part, in words.
    pub(crate) problems: String,
}

/// A column as SQLite describes it.
struct Column {
    generated: bool,
    key_position: i64,
}

type Columns = BTreeMap<String, Column>;

/// Looks at tables and columns.
pub(crate) fn inspect(connection: &Connection) -> Result<Schema, Fault> {
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    let mut tables_present = 0;
    let mut found: BTreeMap<&'static str, Columns> = BTreeMap::new();
    for table in &TABLES {
        let form = form_of(connection, table.name)?;
        tables_present += usize::from(form != Form::Absent);
        if let Some(problem) = form.problem(table.name) {
            problems.push(problem);
            continue;
        }
        let columns = columns_of(connection, table.name)?;
        for column in table.needed.iter().filter(|c| !columns.contains_key(**c)) {
            problems.push(format!("column `{}.{column}` is missing", table.name));
        }
        note_columns(table, &columns, &mut notes);
        found.insert(table.name, columns);
    }
    if !problems.is_empty() {
        return Err(Fault::Schema(Defect {
            tables_present,
            problems: problems.join("; "),
        }));
    }
    let has = |table: &str, column: &str| {
        found
            .get(table)
            .is_some_and(|columns| columns.contains_key(column))
    };
    Ok(Schema {
        version: version(connection, &mut notes)?,
        has_prompt_text: has("prompts", "prompt_text"),
        has_harm_class: has("prompts", "harm_class"),
        has_technique_name: has("techniques", "name"),
        has_run_date: has("evaluation_runs", "run_date"),
        prompts_keyed_by_id: found.get("prompts").is_some_and(keyed_by_id),
        notes,
    })
}

/// What stands under the name of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Absent,
    Ordinary,
    View,
    Virtual,
    Other,
}

impl Form {
    fn problem(self, table: &str) -> Option<String> {
        match self {
            Form::Ordinary => None,
            Form::Absent => Some(format!("table `{table}` is missing")),
            Form::View => Some(format!("`{table}` is a view, expected a table")),
            Form::Virtual => Some(format!("`{table}` is a virtual table, expected a table")),
            Form::Other => Some(format!("`{table}` is no ordinary table")),
        }
    }
}

/// Names compare without case, as SQLite itself compares them.
fn form_of(connection: &Connection, table: &str) -> Result<Form, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT type, coalesce(sql, ''), typeof(rootpage) = 'integer' AND rootpage > 0 \
         FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')",
    )?;
    let mut rows = statement.query([table])?;
    let Some(row) = rows.next()? else {
        return Ok(Form::Absent);
    };
    let kind: String = row.get(0)?;
    let sql: String = row.get(1)?;
    let stored: bool = row.get(2)?;
    let definition = sql.trim_start().to_ascii_uppercase();
    Ok(if kind == "view" {
        Form::View
    } else if definition.starts_with("CREATE VIRTUAL") {
        Form::Virtual
    } else if stored && definition.starts_with("CREATE TABLE") {
        Form::Ordinary
    } else {
        Form::Other
    })
}

fn columns_of(connection: &Connection, table: &str) -> Result<Columns, rusqlite::Error> {
    let mut columns = Columns::new();
    connection.pragma(None, "table_xinfo", table, |row| {
        let name: String = row.get("name")?;
        let hidden: i64 = row.get("hidden")?;
        let column = Column {
            generated: hidden != 0,
            key_position: row.get("pk")?,
        };
        columns.insert(name.to_ascii_lowercase(), column);
        Ok(())
    })?;
    Ok(columns)
}

fn keyed_by_id(columns: &Columns) -> bool {
    columns
        .iter()
        .all(|(name, column)| (name == "id") == (column.key_position > 0))
}

fn note_columns(table: &Table, columns: &Columns, notes: &mut Vec<String>) {
    for column in table.optional {
        if !columns.contains_key(*column) {
            notes.push(format!(
                "column `{}.{column}` is absent: what it would hold is unknown",
                table.name
            ));
        }
    }
    for column in table.needed.iter().chain(table.optional) {
        if columns.get(*column).is_some_and(|found| found.generated) {
            notes.push(format!(
                "column `{}.{column}` is computed by the file, not stored",
                table.name
            ));
        }
    }
}

fn version(connection: &Connection, notes: &mut Vec<String>) -> Result<String, rusqlite::Error> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version <= 0 {
        notes.push("the file states no schema version: read by its columns".to_owned());
        return Ok("unknown".to_owned());
    }
    if version != 13 {
        notes.push(format!(
            "schema version {version} is read by the columns it shares with version 13"
        ));
    }
    Ok(version.to_string())
}
