//! Loads the small tables that `results` points at.
//!
//! Runs, models, prompts, techniques and data sets are held in memory, prompts
//! as digests. A row that cannot be used keeps its reason, so that each result
//! that needs it is rejected with that reason; a row that no result needs
//! harms nothing.

use std::collections::HashMap;
use std::rc::Rc;

use caveat_corpus::{Digest, ModelName};
use caveat_importer::sqlite::value::{integer, key, label, text, too_long};
use caveat_importer::sqlite::{Budget, Database};
use caveat_importer::{Limits, secrets};
use rusqlite::Row;

use crate::fault::Fault;
use crate::schema::Schema;

/// A usable row, or why it is not.
type Entry<T> = Result<T, String>;

/// One of the tables, by id.
pub(crate) struct Lookup<T> {
    table: &'static str,
    /// Rows by rising id, each id once.
    rows: Vec<(i64, Entry<T>)>,
}

/// A row of `evaluation_runs`.
pub(crate) struct Run {
    pub(crate) model: i64,
    pub(crate) date: Option<Rc<str>>,
}

/// A row of `prompts`, without its text.
pub(crate) struct Prompt {
    pub(crate) dataset: i64,
    pub(crate) technique: Option<i64>,
    pub(crate) harm: Option<Rc<str>>,
    /// Digest of the text, where there is one.
    pub(crate) text: Option<Digest>,
}

/// A row of `techniques`.
pub(crate) struct Technique {
    pub(crate) name: Option<String>,
    pub(crate) family: Option<String>,
}

/// Everything that `results` points at.
pub(crate) struct Lookups {
    pub(crate) runs: Lookup<Run>,
    pub(crate) models: Lookup<ModelName>,
    pub(crate) prompts: Lookup<Prompt>,
    pub(crate) techniques: Lookup<Technique>,
    pub(crate) datasets: Lookup<String>,
    /// Sentences for the account.
    pub(crate) notes: Vec<String>,
}

impl<T> Lookup<T> {
    /// Finds the row that `column` points at.
    pub(crate) fn get(&self, id: i64, column: &str) -> Result<&T, String> {
        match self.find(id) {
            Some(Ok(row)) => Ok(row),
            Some(Err(reason)) => Err(format!("row {id} of `{}`: {reason}", self.table)),
            None => Err(format!(
                "`{column}` is {id}, which is no row of `{}`",
                self.table
            )),
        }
    }

    /// Ids mostly count up without gaps, so the first guess is a position.
    /// Results of one run then read rows that lie side by side.
    fn find(&self, id: i64) -> Option<&Entry<T>> {
        let (first, _) = self.rows.first()?;
        let guess = id.checked_sub(*first).map(usize::try_from);
        if let Some(Ok(guess)) = guess
            && let Some((found, row)) = self.rows.get(guess)
            && *found == id
        {
            return Some(row);
        }
        let position = self.rows.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.rows.get(position).map(|(_, row)| row)
    }

    fn unusable(&self) -> usize {
        self.rows.iter().filter(|(_, row)| row.is_err()).count()
    }
}

impl Lookups {
    /// Reads the five tables.
    pub(crate) fn load(
        database: &Database,
        schema: &Schema,
        limits: Limits,
    ) -> Result<Self, Fault> {
        let mut dates = Words::default();
        let date = column(schema.has_run_date, "run_date");
        let runs = load(
            database,
            "evaluation_runs",
            &format!("id, model_id, {date}"),
            |row| {
                Ok(Run {
                    model: key(row.get_ref(1)?, "model_id")?,
                    date: dates.shared(bounded(
                        label(row.get_ref(2)?, "run_date")?,
                        "run_date",
                        limits,
                    )?),
                })
            },
        )?;
        let models = load(
            database,
            "models",
            "id, name, provider, parameter_count",
            |row| model(row, limits),
        )?;
        let technique_name = column(schema.has_technique_name, "name");
        let techniques = load(
            database,
            "techniques",
            &format!("id, {technique_name}, family"),
            |row| {
                Ok(Technique {
                    name: name(row, 1, "name", limits)?,
                    family: name(row, 2, "family", limits)?,
                })
            },
        )?;
        let datasets = load(database, "source_datasets", "id, name", |row| {
            Ok(name(row, 1, "name", limits)?.ok_or("`name` is NULL or empty")?)
        })?;
        let prompts = load_prompts(database, schema, limits)?;
        let notes = [
            note(&runs),
            note(&models),
            note(&techniques),
            note(&datasets),
            note(&prompts),
        ];
        Ok(Self {
            runs,
            models,
            prompts,
            techniques,
            datasets,
            notes: notes.into_iter().flatten().collect(),
        })
    }
}

fn load_prompts(
    database: &Database,
    schema: &Schema,
    limits: Limits,
) -> Result<Lookup<Prompt>, Fault> {
    let mut harms = Words::default();
    let longest = limits.max_record_bytes;
    let prompt_text = if schema.has_prompt_text {
        format!(
            "iif(octet_length(prompt_text) > {longest}, NULL, prompt_text), octet_length(prompt_text)"
        )
    } else {
        "NULL, NULL".to_owned()
    };
    let harm = column(schema.has_harm_class, "harm_class");
    let columns = format!("id, technique_id, source_dataset_id, {harm}, {prompt_text}");
    load(database, "prompts", &columns, |row| {
        let harm = bounded(label(row.get_ref(3)?, "harm_class")?, "harm_class", limits)?;
        let prompt_text = text(row.get_ref(4)?, "prompt_text")?;
        if let (None, Some(bytes)) = (prompt_text, integer(row.get_ref(5)?, "prompt_text")?) {
            return Err(too_long("prompt_text", bytes, longest).into());
        }
        Ok(Prompt {
            technique: integer(row.get_ref(1)?, "technique_id")?,
            dataset: key(row.get_ref(2)?, "source_dataset_id")?,
            harm: harms.shared(harm),
            // An empty text tells prompts no more apart than a missing one.
            text: prompt_text
                .filter(|text| !text.is_empty())
                .map(|text| Digest::of(text.as_bytes())),
        })
    })
}

fn model(row: &Row<'_>, limits: Limits) -> Result<ModelName, RowFault> {
    let model = name(row, 1, "name", limits)?.ok_or("`name` is NULL or empty")?;
    let provider = name(row, 2, "provider", limits)?;
    Ok(ModelName {
        coded_size: name(row, 3, "parameter_count", limits)?,
        ..secrets::model_name(model, provider)
    })
}

/// A row that SQLite could not hand over, or one that is not usable.
enum RowFault {
    Sqlite(rusqlite::Error),
    Unusable(String),
}

impl From<rusqlite::Error> for RowFault {
    fn from(error: rusqlite::Error) -> Self {
        RowFault::Sqlite(error)
    }
}

impl From<String> for RowFault {
    fn from(reason: String) -> Self {
        RowFault::Unusable(reason)
    }
}

impl From<&str> for RowFault {
    fn from(reason: &str) -> Self {
        RowFault::Unusable(reason.to_owned())
    }
}

/// Reads a table whose first column is its id. A row without an id is left
/// out: nothing can point at it.
fn load<T>(
    database: &Database,
    table: &'static str,
    columns: &str,
    mut read: impl FnMut(&Row<'_>) -> Result<T, RowFault>,
) -> Result<Lookup<T>, Fault> {
    let sql = format!("SELECT {columns} FROM {table} NOT INDEXED");
    let mut statement = database.connection.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let mut loaded = Vec::new();
    let mut budget = Budget::new(table, database.size_bytes);
    while let Some(row) = rows.next()? {
        budget.spend(0)?;
        let Ok(id) = key(row.get_ref(0)?, "id") else {
            continue;
        };
        let entry = match read(row) {
            Ok(entry) => Ok(entry),
            Err(RowFault::Unusable(reason)) => Err(reason),
            Err(RowFault::Sqlite(error)) => return Err(error.into()),
        };
        loaded.push((id, entry));
    }
    loaded.sort_by_key(|(id, _)| *id);
    loaded.dedup_by(|(id, _), (kept_id, kept)| {
        let repeated = id == kept_id;
        if repeated {
            *kept = Err("the id occurs more than once".to_owned());
        }
        repeated
    });
    Ok(Lookup {
        table,
        rows: loaded,
    })
}

/// Labels that many rows share, each held once.
#[derive(Default)]
struct Words(HashMap<String, Rc<str>>);

impl Words {
    fn shared(&mut self, word: Option<String>) -> Option<Rc<str>> {
        let word = word?;
        if let Some(known) = self.0.get(&word) {
            return Some(Rc::clone(known));
        }
        let shared: Rc<str> = Rc::from(word.as_str());
        self.0.insert(word, Rc::clone(&shared));
        Some(shared)
    }
}

/// A column where the file has it, else NULL in its place.
fn column(present: bool, name: &'static str) -> &'static str {
    if present { name } else { "NULL" }
}

/// A name of bounded length; an empty one is none.
fn name(
    row: &Row<'_>,
    index: usize,
    column: &str,
    limits: Limits,
) -> Result<Option<String>, RowFault> {
    let name = text(row.get_ref(index)?, column)?.map(str::to_owned);
    Ok(bounded(name, column, limits)?)
}

fn bounded(name: Option<String>, column: &str, limits: Limits) -> Result<Option<String>, String> {
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    limits.check_name(&format!("`{column}`"), &name)?;
    Ok(Some(name))
}

fn note<T>(lookup: &Lookup<T>) -> Option<String> {
    match lookup.unusable() {
        0 => None,
        rows => Some(format!(
            "rows of `{}` that cannot be used: {rows}; results that need them are rejected",
            lookup.table
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_with_and_without_gaps_between_ids() {
        let lookup = |ids: &[i64]| Lookup {
            table: "models",
            rows: ids.iter().map(|id| (*id, Ok(*id))).collect(),
        };
        let extremes = [i64::MIN, -7, 0, 3, i64::MAX];
        for ids in [
            &[][..],
            &[5],
            &[1, 2, 3],
            &[1, 2, 4, 5],
            &[-3, -1, 90],
            &extremes,
        ] {
            let lookup = lookup(ids);
            for id in (-10..100).chain(extremes) {
                assert_eq!(
                    lookup.get(id, "model_id").ok(),
                    ids.iter().find(|i| **i == id)
                );
            }
        }
    }
}
