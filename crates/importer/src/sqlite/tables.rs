//! What stands under which name in a database.
//!
//! Only an ordinary table is a table: reading a view or a virtual table in its
//! place would run what the file's author wrote.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::SqliteFault;

/// Most tables and views of a file that is read. The formats have about ten.
const MAX_TABLES: usize = 1000;

/// The tables and views of a database. Names compare without case, as SQLite
/// itself compares them.
#[derive(Clone, Debug, Default)]
pub struct Tables(BTreeMap<String, Table>);

#[derive(Clone, Debug)]
struct Table {
    form: Form,
    names: Vec<String>,
    columns: Vec<Column>,
}

/// A column as SQLite describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Name as spelled.
    pub name: String,
    /// The value is computed by the file, or the column is hidden.
    pub is_generated: bool,
    /// Place in the primary key from 1; 0 if it is not part of it.
    pub key_position: u32,
}

/// What stands under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing.
    Absent,
    /// A table whose rows are stored in the file.
    Ordinary,
    /// A view.
    View,
    /// A virtual table.
    Virtual,
    /// Something else that calls itself a table.
    Other,
}

impl Form {
    /// Says in words why this is no table that can be read; `None` if it is one.
    pub fn problem(self, table: &str) -> Option<String> {
        match self {
            Form::Ordinary => None,
            Form::Absent => Some(format!("table `{table}` is missing")),
            Form::View => Some(format!("`{table}` is a view, expected a table")),
            Form::Virtual => Some(format!("`{table}` is a virtual table, expected a table")),
            Form::Other => Some(format!("`{table}` is no ordinary table")),
        }
    }
}

impl Tables {
    /// Whether an ordinary table has this name.
    pub fn has(&self, table: &str) -> bool {
        self.form(table) == Form::Ordinary
    }

    /// Whether a view has this name.
    pub fn view(&self, table: &str) -> bool {
        self.form(table) == Form::View
    }

    /// What stands under a name.
    pub fn form(&self, table: &str) -> Form {
        self.find(table).map_or(Form::Absent, |table| table.form)
    }

    /// The columns of an ordinary table as spelled, in their order; empty for
    /// anything else.
    pub fn columns(&self, table: &str) -> &[String] {
        self.find(table).map_or(&[], |table| &table.names)
    }

    /// The columns of an ordinary table with what SQLite says of them.
    pub fn described(&self, table: &str) -> &[Column] {
        self.find(table).map_or(&[], |table| &table.columns)
    }

    /// One column of an ordinary table.
    pub fn column(&self, table: &str, column: &str) -> Option<&Column> {
        self.described(table)
            .iter()
            .find(|found| found.name.eq_ignore_ascii_case(column))
    }

    fn find(&self, table: &str) -> Option<&Table> {
        self.0.get(&table.to_ascii_lowercase())
    }
}

/// Looks at the schema of a database.
///
/// # Errors
/// [`SqliteFault::Sqlite`] if the schema is damaged, and
/// [`SqliteFault::TooManyTables`] if it is out of all proportion.
pub fn tables(connection: &Connection) -> Result<Tables, SqliteFault> {
    let mut found = BTreeMap::new();
    for (name, form) in forms(connection)? {
        let columns = if form == Form::Ordinary {
            columns(connection, &name)?
        } else {
            Vec::new()
        };
        let table = Table {
            form,
            names: columns.iter().map(|column| column.name.clone()).collect(),
            columns,
        };
        found.insert(name.to_ascii_lowercase(), table);
    }
    Ok(Tables(found))
}

fn forms(connection: &Connection) -> Result<Vec<(String, Form)>, SqliteFault> {
    let mut statement = connection.prepare(
        "SELECT name, type, coalesce(sql, ''), typeof(rootpage) = 'integer' AND rootpage > 0 \
         FROM sqlite_schema WHERE type IN ('table', 'view') AND typeof(name) = 'text'",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if found.len() == MAX_TABLES {
            return Err(SqliteFault::TooManyTables { limit: MAX_TABLES });
        }
        let kind: String = row.get(1)?;
        let sql: String = row.get(2)?;
        let stored: bool = row.get(3)?;
        found.push((row.get(0)?, form(&kind, &sql, stored)));
    }
    Ok(found)
}

fn form(kind: &str, sql: &str, stored: bool) -> Form {
    let definition: String = sql.trim_start().chars().take(20).collect();
    let definition = definition.to_ascii_uppercase();
    if kind == "view" {
        Form::View
    } else if definition.starts_with("CREATE VIRTUAL") {
        Form::Virtual
    } else if stored && definition.starts_with("CREATE TABLE") {
        Form::Ordinary
    } else {
        Form::Other
    }
}

fn columns(connection: &Connection, table: &str) -> Result<Vec<Column>, rusqlite::Error> {
    let mut columns = Vec::new();
    connection.pragma(None, "table_xinfo", table, |row| {
        let hidden: i64 = row.get("hidden")?;
        columns.push(Column {
            name: row.get("name")?,
            is_generated: hidden != 0,
            key_position: row.get("pk")?,
        });
        Ok(())
    })?;
    Ok(columns)
}
