//! Every record of the file as it was imported, one at a time, in an order that
//! does not depend on the order of import: the way out for exports.
//!
//! Traces come first, by model, data set and identity; then cells by the same.
//! All of it is read on one state of the file. Memory follows the names and the
//! largest trace; SQLite sorts what is larger in a temporary file.

use std::ops::ControlFlow;

use caveat_corpus::{
    Cell, Digest, Grade, GraderKind, Location, ModelName, PromptKey, Trace, VerdictCounts,
};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, Statement};

use crate::codes::{kind_from, outcome_from, verdict_from};
use crate::error::Fault;
use crate::scan::{position, read_rows};
use crate::schema::GRADE_BITS;
use crate::write::MAX_CELL_TRACES;

/// A record as the file holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredRecord {
    /// What the record is recognised by.
    pub identity: Digest,
    /// Format of the source that brought it first.
    pub format: String,
    /// SHA-256 of that source.
    pub source: Digest,
    /// The record, without texts.
    pub kind: StoredKind,
}

/// A trace with all its grades in the order in which they came, or a row of counts.
#[derive(Clone, Debug, PartialEq)]
pub enum StoredKind {
    /// One response of one model to one prompt.
    Trace {
        /// The trace; its texts are absent.
        trace: Box<Trace>,
        /// Digest of the prompt's text where the text was kept: [`crate::Store::text`] reads it.
        kept_prompt: Option<Digest>,
        /// Digest of the response's text where the text was kept.
        kept_response: Option<Digest>,
    },
    /// A row of counts.
    Cell(Box<Cell>),
}

/// Columns of `traces` and of the tables that it refers to, by position below.
const TRACE: &str = "SELECT t.id, t.identity, t.source, t.model, t.labels, p.key, t.outcome,
    t.attempt, t.turns, t.prompt_tokens, t.response_tokens, t.duration_ms, t.run, t.entry,
    t.byte, t.response_digest, t.record, t.record_id, t.observed_at, t.prompt, k.prompt, k.response
  FROM traces t LEFT JOIN prompts p ON p.id = t.prompt LEFT JOIN kept k ON k.trace = t.id
  WHERE t.id = ?1";

const CELL: &str = "SELECT id, identity, source, model, labels, grader, observed_at, entry, record,
    byte, compliance, partial, refusal, hallucination_refusal, benign_query, not_gradeable, error,
    parse_error, infra_error, unscored
  FROM cells WHERE id = ?1";

/// Visits every record until the visitor stops.
pub(crate) fn visit(
    connection: &Connection,
    mut visit: impl FnMut(StoredRecord) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let names = Names::read(connection)?;
    let mut trace = connection.prepare(TRACE)?;
    let mut grades = connection.prepare(
        "SELECT grader, verdict, version, raw, graded_at FROM grades
         WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    )?;
    let mut seen_grades = 0_usize;
    let stopped = in_order(connection, "traces", |id| {
        let mut record = one(&mut trace, id, |row| names.trace(row))?;
        if let StoredKind::Trace { trace, .. } = &mut record.kind {
            trace.grades = names.grades(&mut grades, id)?;
            seen_grades += trace.grades.len();
        }
        Ok(visit(record))
    })?;
    if stopped {
        return Ok(());
    }
    let held: i64 = connection.query_row("SELECT count(*) FROM grades", [], |row| row.get(0))?;
    if usize::try_from(held) != Ok(seen_grades) {
        return Err(Fault::damaged(
            "there are grades of a trace that does not exist",
        ));
    }
    let mut cell = connection.prepare(CELL)?;
    in_order(connection, "cells", |id| {
        Ok(visit(one(&mut cell, id, |row| names.cell(row))?))
    })?;
    Ok(())
}

/// The ids of a table by model, data set and identity. Says whether the visitor stopped.
fn in_order(
    connection: &Connection,
    table: &str,
    mut visit: impl FnMut(i64) -> Result<ControlFlow<()>, Fault>,
) -> Result<bool, Fault> {
    let held: i64 = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
        row.get(0)
    })?;
    let mut statement = connection.prepare(&format!(
        "SELECT t.id FROM {table} t
           JOIN models m ON m.id = t.model JOIN strings name ON name.id = m.name
           LEFT JOIN strings provider ON provider.id = m.provider
           LEFT JOIN strings size ON size.id = m.coded_size
           JOIN labels l ON l.id = t.labels
           LEFT JOIN strings dataset ON dataset.id = l.dataset
         ORDER BY name.text, provider.text, size.text, dataset.text, t.identity"
    ))?;
    let mut rows = statement.query([])?;
    let mut visited = 0_i64;
    while let Some(row) = rows.next()? {
        visited += 1;
        if visit(row.get(0)?)?.is_break() {
            return Ok(true);
        }
    }
    if visited != held {
        return Err(Fault::damaged(format!(
            "a name that `{table}` refers to is missing"
        )));
    }
    Ok(false)
}

fn one(
    statement: &mut Statement<'_>,
    id: i64,
    read: impl FnOnce(&Row<'_>) -> Result<StoredRecord, Fault>,
) -> Result<StoredRecord, Fault> {
    let found = statement.query_row([id], |row| Ok(read(row))).optional()?;
    found.unwrap_or_else(|| Err(Fault::damaged(format!("row {id} is missing"))))
}

/// Every name of the file, by position (the row's id less one).
struct Names {
    strings: Vec<String>,
    models: Vec<ModelName>,
    labels: Vec<[Option<String>; 4]>,
    graders: Vec<(Option<String>, GraderKind)>,
    sources: Vec<(Digest, String)>,
}

impl Names {
    fn read(connection: &Connection) -> Result<Self, Fault> {
        let mut names = Self {
            strings: read_rows(
                connection,
                "SELECT id, text FROM strings ORDER BY id",
                |row| Ok(row.get(1)?),
            )?,
            models: Vec::new(),
            labels: Vec::new(),
            graders: Vec::new(),
            sources: Vec::new(),
        };
        names.models = read_rows(
            connection,
            "SELECT id, name, provider, coded_size FROM models ORDER BY id",
            |row| {
                Ok(ModelName {
                    name: names
                        .text(row.get(1)?)?
                        .ok_or_else(|| Fault::damaged("a model has no name"))?,
                    provider: names.text(row.get(2)?)?,
                    coded_size: names.text(row.get(3)?)?,
                })
            },
        )?;
        names.labels = read_rows(
            connection,
            "SELECT id, dataset, technique, attack_family, harm_category FROM labels ORDER BY id",
            |row| {
                Ok([
                    names.text(row.get(1)?)?,
                    names.text(row.get(2)?)?,
                    names.text(row.get(3)?)?,
                    names.text(row.get(4)?)?,
                ])
            },
        )?;
        names.graders = read_rows(
            connection,
            "SELECT id, name, kind FROM graders ORDER BY id",
            |row| Ok((names.text(row.get(1)?)?, kind_from(row.get(2)?)?)),
        )?;
        names.sources = read_rows(
            connection,
            "SELECT id, digest, format FROM sources ORDER BY id",
            |row| Ok((Digest::from_bytes(row.get(1)?), row.get(2)?)),
        )?;
        Ok(names)
    }

    fn text(&self, id: Option<i64>) -> Result<Option<String>, Fault> {
        let Some(id) = id else { return Ok(None) };
        Ok(Some(at(&self.strings, id)?.clone()))
    }

    fn record(&self, row: &Row<'_>, kind: StoredKind) -> Result<StoredRecord, Fault> {
        let (source, format) = at(&self.sources, row.get(2)?)?;
        Ok(StoredRecord {
            identity: Digest::from_bytes(row.get(1)?),
            format: format.clone(),
            source: *source,
            kind,
        })
    }

    fn trace(&self, row: &Row<'_>) -> Result<StoredRecord, Fault> {
        let [dataset, technique, attack_family, harm_category] =
            at(&self.labels, row.get(4)?)?.clone();
        let digest = |column: usize| -> Result<Option<Digest>, Fault> {
            Ok(row
                .get::<_, Option<[u8; 32]>>(column)?
                .map(Digest::from_bytes))
        };
        let prompt = prompt_key(row.get_ref(5)?)?;
        if prompt.is_none() && row.get::<_, Option<i64>>(19)?.is_some() {
            return Err(Fault::damaged("a prompt is missing"));
        }
        let trace = Trace {
            location: Location {
                entry: self.text(row.get(13)?)?,
                record: row.get(16)?,
                byte: whole(row, 14)?,
            },
            run_id: self.text(row.get(12)?)?,
            record_id: row.get(17)?,
            model: at(&self.models, row.get(3)?)?.clone(),
            prompt,
            prompt_text: None,
            dataset,
            technique,
            attack_family,
            harm_category,
            attempt: row.get(7)?,
            turns: row.get(8)?,
            observed_at: row.get(18)?,
            prompt_tokens: whole(row, 9)?,
            response_tokens: whole(row, 10)?,
            duration_ms: whole(row, 11)?,
            response_digest: digest(15)?,
            response_text: None,
            outcome: outcome_from(row.get(6)?)?,
            grades: Vec::new(),
        };
        let kind = StoredKind::Trace {
            trace: Box::new(trace),
            kept_prompt: digest(20)?,
            kept_response: digest(21)?,
        };
        self.record(row, kind)
    }

    fn grades(&self, statement: &mut Statement<'_>, trace: i64) -> Result<Vec<Grade>, Fault> {
        let first = trace
            .checked_shl(GRADE_BITS)
            .ok_or_else(|| Fault::damaged("a trace has an id out of range"))?;
        let mut rows = statement.query([first, first | ((1 << GRADE_BITS) - 1)])?;
        let mut grades = Vec::new();
        while let Some(row) = rows.next()? {
            let (grader, kind) = at(&self.graders, row.get(0)?)?;
            grades.push(Grade {
                grader: grader.clone(),
                kind: *kind,
                verdict: verdict_from(row.get(1)?)?,
                version: self.text(row.get(2)?)?,
                raw: row.get(3)?,
                graded_at: row.get(4)?,
            });
        }
        Ok(grades)
    }

    fn cell(&self, row: &Row<'_>) -> Result<StoredRecord, Fault> {
        let [dataset, technique, attack_family, harm_category] =
            at(&self.labels, row.get(4)?)?.clone();
        let (grader, grader_kind) = at(&self.graders, row.get(5)?)?.clone();
        let mut counts = VerdictCounts::default();
        // The columns stand in the order of the codes.
        for (column, code) in (10_usize..20).zip(0_i64..) {
            let traces = whole(row, column)?.filter(|traces| *traces <= MAX_CELL_TRACES);
            let traces =
                traces.ok_or_else(|| Fault::damaged("a count of a cell is out of range"))?;
            counts.add(verdict_from(code)?, traces);
        }
        let cell = Cell {
            location: Location {
                entry: self.text(row.get(7)?)?,
                record: row.get(8)?,
                byte: whole(row, 9)?,
            },
            model: at(&self.models, row.get(3)?)?.clone(),
            dataset,
            technique,
            attack_family,
            harm_category,
            grader,
            grader_kind,
            observed_at: row.get(6)?,
            counts,
        };
        self.record(row, StoredKind::Cell(Box::new(cell)))
    }
}

fn at<T>(rows: &[T], id: i64) -> Result<&T, Fault> {
    rows.get(position(id, rows.len())?)
        .ok_or_else(|| Fault::damaged("a name is missing"))
}

fn whole(row: &Row<'_>, column: usize) -> Result<Option<u64>, Fault> {
    let number: Option<i64> = row.get(column)?;
    number
        .map(|number| {
            u64::try_from(number).map_err(|_| Fault::damaged("a number of a record is negative"))
        })
        .transpose()
}

/// A prompt key as the file holds it: 32 bytes for a digest, otherwise the text.
fn prompt_key(value: ValueRef<'_>) -> Result<Option<PromptKey>, Fault> {
    let unknown = || Fault::damaged("a prompt has a key of an unknown kind");
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Blob(bytes) => {
            let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| unknown())?;
            Ok(Some(PromptKey::Text(Digest::from_bytes(bytes))))
        }
        ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|_| unknown())?;
            let key = text
                .strip_prefix("id:")
                .and_then(|key| key.split_once('\u{1f}'));
            let (dataset, id) = key.ok_or_else(unknown)?;
            Ok(Some(PromptKey::Id {
                dataset: dataset.to_owned(),
                id: id.to_owned(),
            }))
        }
        ValueRef::Integer(_) | ValueRef::Real(_) => Err(unknown()),
    }
}
