//! Turns the rows of `results` into traces.
//!
//! One pass in the order of the table, one row in memory at a time. Every row
//! becomes exactly one trace or one reject that names the table and the row.

use caveat_corpus::{
    Digest, Grade, GraderKind, Location, Outcome, PromptKey, Record, Trace, Verdict,
};
use caveat_importer::sqlite::value::{count, integer, key, text, too_long};
use caveat_importer::sqlite::{Budget, Database};
use caveat_importer::{Options, Reject, Sink, quote};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, OptionalExtension as _, Row};

use crate::FORMAT;
use crate::fault::Fault;
use crate::lookup::{Lookups, Prompt};
use crate::schema::Schema;

/// Rows between two reports of progress.
const PROGRESS_ROWS: u64 = 4096;

/// Bytes of a row beside its response, for progress alone.
const ROW_BYTES: u64 = 64;

/// Who gave `heuristic_verdict`; the file names no one.
const HEURISTIC: &str = "heuristic";

/// Reads every row of `results`.
pub(crate) fn stream(
    database: &Database,
    schema: &Schema,
    lookups: &Lookups,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<(), Fault> {
    let keep_prompts = options.keep_text && schema.has_prompt_text;
    let reader = Reader {
        lookups,
        options,
        prompt_texts: keep_prompts.then_some(database),
    };
    let longest = options.limits.max_record_bytes;
    // No index is used, so rows come in the order of the table, and a damaged
    // index changes nothing. A response beyond the limit is never loaded.
    let mut statement = database.connection.prepare(&format!(
        "SELECT id, evaluation_run_id, prompt_id, heuristic_verdict, llm_verdict, llm_classifier, \
         duration_ms, thinking_tokens, response_tokens, octet_length(raw_response), \
         iif(octet_length(raw_response) > {longest}, NULL, raw_response) \
         FROM results NOT INDEXED"
    ))?;
    let mut rows = statement.query([])?;
    let mut budget = Budget::new("results", database.size_bytes);
    let mut number = 0_u64;
    let mut bytes_read = 0_u64;
    while let Some(row) = rows.next()? {
        number += 1;
        let response_bytes = response_bytes(row)?;
        budget.spend(response_bytes.min(longest))?;
        bytes_read = bytes_read.saturating_add(response_bytes + ROW_BYTES);
        match reader.trace(row, response_bytes) {
            Ok(trace) => sink.record(Record::Trace(Box::new(trace)))?,
            Err(Stop::Reject(reason)) => sink.reject(Reject {
                location: place(row, number)?,
                reason,
            })?,
            Err(Stop::Sqlite(error)) => return Err(error.into()),
        }
        if number.is_multiple_of(PROGRESS_ROWS) {
            sink.progress(bytes_read.min(database.size_bytes));
        }
    }
    sink.progress(database.size_bytes);
    Ok(())
}

/// Why a row became no trace.
enum Stop {
    /// The row is at fault.
    Reject(String),
    /// The database is.
    Sqlite(rusqlite::Error),
}

impl From<String> for Stop {
    fn from(reason: String) -> Self {
        Stop::Reject(reason)
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Stop::Sqlite(error)
    }
}

/// What is the same for every row.
struct Reader<'a> {
    lookups: &'a Lookups,
    options: &'a Options,
    /// Where prompt texts are looked up, if they are kept.
    prompt_texts: Option<&'a Database>,
}

impl Reader<'_> {
    fn trace(&self, row: &Row<'_>, response_bytes: u64) -> Result<Trace, Stop> {
        let id = key(row.get_ref(0)?, "id")?;
        let run_id = key(row.get_ref(1)?, "evaluation_run_id")?;
        let prompt_id = key(row.get_ref(2)?, "prompt_id")?;
        let run = self.lookups.runs.get(run_id, "evaluation_run_id")?;
        let model = self.lookups.models.get(run.model, "model_id")?;
        let prompt = self.lookups.prompts.get(prompt_id, "prompt_id")?;
        let dataset = self
            .lookups
            .datasets
            .get(prompt.dataset, "source_dataset_id")?;
        let technique = match prompt.technique {
            Some(id) => Some(self.lookups.techniques.get(id, "technique_id")?),
            None => None,
        };
        // Not part of a trace, but a wrong type here too means a broken row.
        count(row.get_ref(7)?, "thinking_tokens")?;
        let response = self.response(row, response_bytes)?;
        let grades = self.grades(row)?;
        Ok(Trace {
            location: location(id.to_string()),
            run_id: Some(run_id.to_string()),
            record_id: Some(id.to_string()),
            model: model.clone(),
            prompt: Some(prompt_key(prompt, dataset, prompt_id)),
            prompt_text: self.prompt_text(prompt_id)?,
            dataset: Some(dataset.clone()),
            technique: technique.and_then(|technique| technique.name.clone()),
            attack_family: technique.and_then(|technique| technique.family.clone()),
            harm_category: prompt.harm.as_deref().map(str::to_owned),
            attempt: None,
            turns: None,
            observed_at: run.date.as_deref().map(str::to_owned),
            prompt_tokens: None,
            response_tokens: count(row.get_ref(8)?, "response_tokens")?,
            duration_ms: count(row.get_ref(6)?, "duration_ms")?,
            response_digest: response.map(|text| Digest::of(text.as_bytes())),
            response_text: response
                .filter(|_| self.options.keep_text)
                .map(str::to_owned),
            outcome: outcome(response, &grades),
            grades,
        })
    }

    fn response<'r>(&self, row: &'r Row<'_>, response_bytes: u64) -> Result<Option<&'r str>, Stop> {
        let longest = self.options.limits.max_record_bytes;
        if response_bytes > longest {
            let bytes = i64::try_from(response_bytes).unwrap_or(i64::MAX);
            return Err(too_long("raw_response", bytes, longest).into());
        }
        Ok(text(row.get_ref(10)?, "raw_response")?)
    }

    /// One grade per verdict column that is not NULL.
    fn grades(&self, row: &Row<'_>) -> Result<Vec<Grade>, Stop> {
        let classifier = text(row.get_ref(5)?, "llm_classifier")?.filter(|name| !name.is_empty());
        if let Some(name) = classifier {
            self.options.limits.check_name("`llm_classifier`", name)?;
        }
        let mut grades = Vec::with_capacity(2);
        if let Some(word) = text(row.get_ref(4)?, "llm_verdict")? {
            let verdict = verdict(word, "llm_verdict")?;
            grades.push(grade(classifier, GraderKind::Llm, word, verdict));
        }
        if let Some(word) = text(row.get_ref(3)?, "heuristic_verdict")? {
            let verdict = verdict(word, "heuristic_verdict")?;
            grades.push(grade(Some(HEURISTIC), GraderKind::Heuristic, word, verdict));
        }
        Ok(grades)
    }

    fn prompt_text(&self, prompt_id: i64) -> Result<Option<String>, Stop> {
        let Some(database) = self.prompt_texts else {
            return Ok(None);
        };
        // Type and length of every prompt's text were checked when it was digested.
        let mut statement: CachedStatement<'_> = database
            .connection
            .prepare_cached("SELECT prompt_text FROM prompts WHERE id = ?1")?;
        let text: Option<Option<String>> = statement
            .query_row([prompt_id], |row| row.get(0))
            .optional()?;
        Ok(text.flatten())
    }
}

fn response_bytes(row: &Row<'_>) -> Result<u64, rusqlite::Error> {
    Ok(match row.get_ref(9)? {
        ValueRef::Integer(bytes) => u64::try_from(bytes).unwrap_or(0),
        _ => 0,
    })
}

/// The nine words of the schema; `UNSCORED` is a verdict of ours, not one of them.
fn verdict(word: &str, column: &str) -> Result<Verdict, String> {
    match word.parse::<Verdict>() {
        Ok(Verdict::Unscored) | Err(_) => {
            let shown = quote::word(word);
            Err(format!("`{column}` holds the unknown verdict word {shown}"))
        }
        Ok(verdict) => Ok(verdict),
    }
}

fn grade(grader: Option<&str>, kind: GraderKind, word: &str, verdict: Verdict) -> Grade {
    Grade {
        grader: grader.map(str::to_owned),
        kind,
        verdict,
        raw: Some(word.to_owned()),
        version: None,
        graded_at: None,
    }
}

/// An error is one that left no text; a text is a response, whatever its grade.
pub(crate) fn outcome(response: Option<&str>, grades: &[Grade]) -> Outcome {
    let failed = grades
        .iter()
        .any(|grade| matches!(grade.verdict, Verdict::Error | Verdict::InfraError));
    if response.is_none() && failed {
        Outcome::Error
    } else {
        Outcome::Response
    }
}

/// The text's digest is the same in every corpus; an id only in this one.
fn prompt_key(prompt: &Prompt, dataset: &str, prompt_id: i64) -> PromptKey {
    match prompt.text {
        Some(digest) => PromptKey::Text(digest),
        None => PromptKey::Id {
            dataset: format!("{FORMAT}:{dataset}"),
            id: prompt_id.to_string(),
        },
    }
}

/// The place of a reject: the id, or the position of a row without a usable one.
fn place(row: &Row<'_>, number: u64) -> Result<Location, rusqlite::Error> {
    Ok(match integer(row.get_ref(0)?, "id") {
        Ok(Some(id)) => location(id.to_string()),
        _ => location(format!("row {number} of the table")),
    })
}

fn location(record: String) -> Location {
    Location {
        entry: Some("results".to_owned()),
        record: Some(record),
        byte: None,
    }
}
