//! Checks that a database has the tables and columns that are needed.
//!
//! A needed table is an ordinary table: a view or a virtual table in its place
//! is refused, since reading it would run what the file's author wrote. Tables
//! and columns that nobody asked for are no error.

use caveat_importer::sqlite::{self, Column, Form, Tables};
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

/// Looks at tables and columns.
pub(crate) fn inspect(connection: &Connection) -> Result<Schema, Fault> {
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    let mut tables_present = 0;
    let found = sqlite::tables(connection)?;
    for table in &TABLES {
        let form = found.form(table.name);
        tables_present += usize::from(form != Form::Absent);
        if let Some(problem) = form.problem(table.name) {
            problems.push(problem);
            continue;
        }
        for column in table.needed {
            if found.column(table.name, column).is_none() {
                problems.push(format!("column `{}.{column}` is missing", table.name));
            }
        }
        note_columns(table, &found, &mut notes);
    }
    if !problems.is_empty() {
        return Err(Fault::Schema(Defect {
            tables_present,
            problems: problems.join("; "),
        }));
    }
    let has = |table: &str, column: &str| found.column(table, column).is_some();
    Ok(Schema {
        version: version(connection, &mut notes)?,
        has_prompt_text: has("prompts", "prompt_text"),
        has_harm_class: has("prompts", "harm_class"),
        has_technique_name: has("techniques", "name"),
        has_run_date: has("evaluation_runs", "run_date"),
        prompts_keyed_by_id: keyed_by_id(found.described("prompts")),
        notes,
    })
}

fn keyed_by_id(columns: &[Column]) -> bool {
    columns
        .iter()
        .all(|column| column.name.eq_ignore_ascii_case("id") == (column.key_position > 0))
}

fn note_columns(table: &Table, found: &Tables, notes: &mut Vec<String>) {
    for column in table.optional {
        if found.column(table.name, column).is_none() {
            notes.push(format!(
                "column `{}.{column}` is absent: what it would hold is unknown",
                table.name
            ));
        }
    }
    for column in table.needed.iter().chain(table.optional) {
        let column = found.column(table.name, column);
        if let Some(column) = column.filter(|column| column.is_generated) {
            notes.push(format!(
                "column `{}.{}` is computed by the file, not stored",
                table.name, column.name
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
