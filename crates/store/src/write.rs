//! The rows of one record: prepared once, reused for every record of a source.

use std::collections::HashMap;
use std::fmt;

use caveat_corpus::{Cell, Digest, Grade, Location, Trace};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::codes::{day_of, outcome_code, verdict_code};
use crate::error::Fault;
use crate::import::head;
use crate::intern::Interner;
use crate::schema::GRADE_BITS;
use crate::stated::{Stated, Statement};

/// Most grades of one trace, as the ids of grades allow.
pub(crate) const MAX_GRADES: usize = 1 << GRADE_BITS;

/// Most traces of one cell: far above any published table, and so low that sums
/// over all cells of a file stay below 2^64.
pub(crate) const MAX_CELL_TRACES: u64 = 1_000_000_000_000;

/// Why a record that an importer accepted cannot be stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TooLarge {
    /// A number above the range of the file.
    Number { field: &'static str, value: u64 },
    /// More traces in one cell than any table counts.
    Cell(u64),
    /// More grades than a trace may hold.
    Grades(usize),
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TooLarge::Number { field, value } => {
                write!(
                    f,
                    "`{field}` is {value}, above the largest number that the store holds ({})",
                    i64::MAX
                )
            }
            TooLarge::Cell(traces) => {
                write!(
                    f,
                    "the counts add up to {traces} traces; a cell holds at most {MAX_CELL_TRACES}"
                )
            }
            TooLarge::Grades(grades) => {
                write!(
                    f,
                    "the trace has {grades} grades; a trace holds at most {MAX_GRADES}"
                )
            }
        }
    }
}

fn whole(field: &'static str, value: Option<u64>) -> Result<Option<i64>, TooLarge> {
    let convert = |value| i64::try_from(value).map_err(|_| TooLarge::Number { field, value });
    value.map(convert).transpose()
}

/// The numbers of a trace, known to fit before anything is written.
pub(crate) struct TraceFigures {
    byte: Option<i64>,
    prompt_tokens: Option<i64>,
    response_tokens: Option<i64>,
    duration_ms: Option<i64>,
}

impl TraceFigures {
    pub(crate) fn of(trace: &Trace) -> Result<Self, TooLarge> {
        if trace.grades.len() > MAX_GRADES {
            return Err(TooLarge::Grades(trace.grades.len()));
        }
        Ok(Self {
            byte: whole("byte", trace.location.byte)?,
            prompt_tokens: whole("prompt_tokens", trace.prompt_tokens)?,
            response_tokens: whole("response_tokens", trace.response_tokens)?,
            duration_ms: whole("duration_ms", trace.duration_ms)?,
        })
    }
}

/// The numbers of a cell, known to fit before anything is written.
pub(crate) struct CellFigures {
    byte: Option<i64>,
    counts: Vec<i64>,
}

impl CellFigures {
    pub(crate) fn of(cell: &Cell) -> Result<Self, TooLarge> {
        let mut sum = 0_u64;
        let mut counts = Vec::with_capacity(10);
        for (verdict, traces) in cell.counts.iter() {
            counts.extend(whole(verdict.name(), Some(traces))?);
            sum = sum.saturating_add(traces);
        }
        if sum > MAX_CELL_TRACES {
            return Err(TooLarge::Cell(sum));
        }
        Ok(Self {
            byte: whole("byte", cell.location.byte)?,
            counts,
        })
    }
}

/// A grade as the file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct GradeRow {
    pub(crate) grader: i64,
    verdict: i64,
    version: Option<i64>,
    raw: Option<String>,
    graded_at: Option<String>,
}

/// Where a cell stands, by the ids of its texts: model, provider, the four
/// labels and the grader, then the date as spelled.
type CellPlace = ([Option<i64>; 7], Option<String>);

/// The cells of all other sources, with the counts that each place has there.
type OtherCells = HashMap<CellPlace, Vec<Vec<i64>>>;

/// What became of a cell.
pub(crate) enum CellFate {
    New,
    Known,
    /// Another source has other counts in the same place.
    Contradicts,
}

/// Writes the records of one source.
pub(crate) struct Writer<'s> {
    interner: Interner<'s>,
    source: i64,
    find_trace: rusqlite::Statement<'s>,
    add_trace: rusqlite::Statement<'s>,
    keep: rusqlite::Statement<'s>,
    find_grades: rusqlite::Statement<'s>,
    add_grade: rusqlite::Statement<'s>,
    find_cell: rusqlite::Statement<'s>,
    add_cell: rusqlite::Statement<'s>,
    add_reject: rusqlite::Statement<'s>,
    statement: Statement,
    /// What the source has said so far of traces with several grades.
    pub(crate) stated: Stated,
    connection: &'s Connection,
    /// Read with the first cell.
    other_cells: Option<OtherCells>,
}

impl<'s> Writer<'s> {
    pub(crate) fn new(
        connection: &'s Connection,
        source: i64,
        statement: Statement,
    ) -> Result<Self, Fault> {
        Ok(Self {
            interner: Interner::new(connection)?,
            source,
            find_trace: connection.prepare("SELECT id, identity FROM traces WHERE head = ?1")?,
            add_trace: connection.prepare(
                "INSERT INTO traces(model, labels, prompt, outcome, day, source, attempt, turns,
                   prompt_tokens, response_tokens, duration_ms, run, entry, byte, head, identity,
                   response_digest, record, record_id, observed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                   ?17, ?18, ?19, ?20)",
            )?,
            keep: connection.prepare(
                "INSERT INTO kept VALUES (?1, ?2, ?3) ON CONFLICT(trace) DO UPDATE SET
                   prompt = coalesce(prompt, excluded.prompt),
                   response = coalesce(response, excluded.response)",
            )?,
            find_grades: connection.prepare(
                "SELECT grader, verdict, version, raw, graded_at FROM grades
                   WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
            )?,
            add_grade: connection.prepare("INSERT INTO grades VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?,
            find_cell: connection.prepare("SELECT id FROM cells WHERE identity = ?1")?,
            add_cell: connection.prepare(
                "INSERT INTO cells(identity, source, model, labels, grader, day, observed_at, entry,
                   record, byte, compliance, partial, refusal, hallucination_refusal, benign_query,
                   not_gradeable, error, parse_error, infra_error, unscored)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                   ?17, ?18, ?19, ?20)",
            )?,
            add_reject: connection.prepare(
                "INSERT INTO rejects(source, entry, record, byte, reason) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?,
            statement,
            stated: Stated::default(),
            connection,
            other_cells: None,
        })
    }

    pub(crate) fn find_trace(&mut self, identity: &Digest) -> Result<Option<i64>, Fault> {
        let mut rows = self.find_trace.query([head(identity)])?;
        while let Some(row) = rows.next()? {
            if row.get_ref(1)?.as_blob().ok() == Some(identity.as_bytes().as_slice()) {
                return Ok(Some(row.get(0)?));
            }
        }
        Ok(None)
    }

    /// Adds a trace with its grades and answers with its id.
    pub(crate) fn add_trace(
        &mut self,
        identity: &Digest,
        trace: &Trace,
        figures: &TraceFigures,
    ) -> Result<i64, Fault> {
        let model = self.interner.model(&trace.model)?;
        let labels = self.interner.labels([
            trace.dataset.as_deref(),
            trace.technique.as_deref(),
            trace.attack_family.as_deref(),
            trace.harm_category.as_deref(),
        ])?;
        let prompt = match &trace.prompt {
            Some(key) => Some(self.interner.prompt(key)?),
            None => None,
        };
        let run = self.interner.optional(trace.run_id.as_deref())?;
        let entry = self.interner.optional(trace.location.entry.as_deref())?;
        let id = self.add_trace.insert(params![
            model,
            labels,
            prompt,
            outcome_code(trace.outcome),
            trace.observed_at.as_deref().and_then(day_of),
            self.source,
            trace.attempt,
            trace.turns,
            figures.prompt_tokens,
            figures.response_tokens,
            figures.duration_ms,
            run,
            entry,
            figures.byte,
            head(identity),
            identity.as_bytes(),
            trace.response_digest.as_ref().map(Digest::as_bytes),
            trace.location.record,
            trace.record_id,
            trace.observed_at,
        ])?;
        let rows = self.rows(&trace.grades)?;
        self.append(id, 0, &rows)?;
        Ok(id)
    }

    /// Names the texts that are kept of a trace; the first of each stays.
    pub(crate) fn keep(
        &mut self,
        trace: i64,
        prompt: Option<&Digest>,
        response: Option<&Digest>,
    ) -> Result<(), Fault> {
        let digest = |text: Option<&'_ Digest>| text.map(|digest| digest.as_bytes().to_vec());
        self.keep
            .execute(params![trace, digest(prompt), digest(response)])?;
        Ok(())
    }

    /// The grades of a record; one that a grader says twice running is one.
    fn rows(&mut self, grades: &[Grade]) -> Result<Vec<GradeRow>, Fault> {
        let mut rows: Vec<GradeRow> = Vec::with_capacity(grades.len());
        for grade in grades {
            let row = GradeRow {
                grader: self.interner.grader(grade.grader.as_deref(), grade.kind)?,
                verdict: verdict_code(grade.verdict),
                version: self.interner.optional(grade.version.as_deref())?,
                raw: grade.raw.clone(),
                graded_at: grade.graded_at.clone(),
            };
            if last_of(&rows, row.grader) != Some(&row) {
                rows.push(row);
            }
        }
        Ok(rows)
    }

    /// Adds grades behind those that a trace has.
    pub(crate) fn append(
        &mut self,
        trace: i64,
        from: usize,
        rows: &[GradeRow],
    ) -> Result<(), Fault> {
        for (offset, row) in rows.iter().enumerate() {
            self.add_grade.execute(params![
                grade_id(trace, from.saturating_add(offset))?,
                row.grader,
                row.verdict,
                row.version,
                row.raw,
                row.graded_at,
            ])?;
        }
        Ok(())
    }

    /// Adds the grades that a known trace does not have, and says how many.
    ///
    /// What the record says last of each grader of a trace with several grades is
    /// kept in mind. Not so a grade that is not the latest and says nothing anew:
    /// because the source does not, or because it carries a date (the same grade of
    /// the same date is the same act of grading).
    pub(crate) fn add_grades(
        &mut self,
        id: i64,
        trace: &Trace,
    ) -> Result<Result<u64, TooLarge>, Fault> {
        if trace.grades.is_empty() {
            return Ok(Ok(0));
        }
        let mut all = self.grades_of(id)?;
        let known = all.len();
        let stated = self.rows(&trace.grades)?;
        let anew = self.statement.is_new(trace.location.byte);
        for row in &stated {
            if !all.contains(row) {
                all.push(row.clone());
            }
        }
        let said: Vec<GradeRow> = said(&stated, &all, anew).cloned().collect();
        // What is not the latest grade of its grader may be added once more in the end.
        let again = said
            .iter()
            .filter(|row| last_of(&all, row.grader) != Some(*row));
        let most = all.len() + again.count();
        if most > MAX_GRADES {
            return Ok(Err(TooLarge::Grades(most)));
        }
        let new = all.get(known..).unwrap_or_default();
        self.append(id, known, new)?;
        if all.len() > 1 {
            for row in said {
                self.stated.say(id, row, self.source);
            }
        }
        Ok(Ok(u64::try_from(new.len()).unwrap_or(u64::MAX)))
    }

    /// Ends the writing, and hands out what was said.
    pub(crate) fn end(self) -> Stated {
        self.stated
    }

    /// What a record says last of each of its graders, in order of grader.
    pub(crate) fn latest(&mut self, grades: &[Grade]) -> Result<Vec<GradeRow>, Fault> {
        Ok(latest(self.rows(grades)?))
    }

    /// The grades of a trace that count, in order of grader.
    pub(crate) fn latest_of(&mut self, trace: i64) -> Result<Vec<GradeRow>, Fault> {
        Ok(latest(self.grades_of(trace)?))
    }

    /// The grades of a trace, in order.
    pub(crate) fn grades_of(&mut self, trace: i64) -> Result<Vec<GradeRow>, Fault> {
        let range = [grade_id(trace, 0)?, grade_id(trace, MAX_GRADES - 1)?];
        let rows = self.find_grades.query_map(range, |row| {
            Ok(GradeRow {
                grader: row.get(0)?,
                verdict: row.get(1)?,
                version: row.get(2)?,
                raw: row.get(3)?,
                graded_at: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Adds a cell unless it is known or contradicts a cell of another source.
    pub(crate) fn add_cell(
        &mut self,
        identity: &Digest,
        cell: &Cell,
        figures: &CellFigures,
    ) -> Result<CellFate, Fault> {
        let key = [identity.as_bytes().as_slice()];
        let known: Option<i64> = self.find_cell.query_row(key, |row| row.get(0)).optional()?;
        if known.is_some() {
            return Ok(CellFate::Known);
        }
        if self.contradicts(cell, figures)? {
            return Ok(CellFate::Contradicts);
        }
        let model = self.interner.model(&cell.model)?;
        let labels = self.interner.labels([
            cell.dataset.as_deref(),
            cell.technique.as_deref(),
            cell.attack_family.as_deref(),
            cell.harm_category.as_deref(),
        ])?;
        let grader = self
            .interner
            .grader(cell.grader.as_deref(), cell.grader_kind)?;
        let entry = self.interner.optional(cell.location.entry.as_deref())?;
        let day = cell.observed_at.as_deref().and_then(day_of);
        let identity = identity.as_bytes();
        let mut values: Vec<&dyn rusqlite::ToSql> = vec![
            identity,
            &self.source,
            &model,
            &labels,
            &grader,
            &day,
            &cell.observed_at,
            &entry,
            &cell.location.record,
            &figures.byte,
        ];
        values.extend(
            figures
                .counts
                .iter()
                .map(|count| count as &dyn rusqlite::ToSql),
        );
        self.add_cell.execute(values.as_slice())?;
        Ok(CellFate::New)
    }

    /// Whether other sources have cells in this place, and none with these counts.
    fn contradicts(&mut self, cell: &Cell, figures: &CellFigures) -> Result<bool, Fault> {
        if self.other_cells.is_none() {
            self.other_cells = Some(other_cells(self.connection, self.source)?);
        }
        let texts = [
            Some(cell.model.name.as_str()),
            cell.model.provider.as_deref(),
            cell.dataset.as_deref(),
            cell.technique.as_deref(),
            cell.attack_family.as_deref(),
            cell.harm_category.as_deref(),
            cell.grader.as_deref(),
        ];
        let mut ids = [None; 7];
        for (slot, text) in ids.iter_mut().zip(texts) {
            *slot = self.interner.optional(text)?;
        }
        let place = (ids, cell.observed_at.clone());
        let there = self.other_cells.as_ref().and_then(|all| all.get(&place));
        Ok(there.is_some_and(|counts| !counts.contains(&figures.counts)))
    }

    pub(crate) fn reject(&mut self, location: &Location, reason: &str) -> Result<(), Fault> {
        // An offset beyond the file's range has no row that could hold it.
        let byte = location.byte.and_then(|byte| i64::try_from(byte).ok());
        self.add_reject.execute(params![
            self.source,
            location.entry,
            location.record,
            byte,
            reason
        ])?;
        Ok(())
    }
}

fn other_cells(connection: &Connection, source: i64) -> Result<OtherCells, Fault> {
    let mut statement = connection.prepare(
        "SELECT m.name, m.provider, l.dataset, l.technique, l.attack_family, l.harm_category,
           g.name, c.observed_at, compliance, partial, refusal, hallucination_refusal,
           benign_query, not_gradeable, error, parse_error, infra_error, unscored
         FROM cells c JOIN models m ON m.id = c.model JOIN labels l ON l.id = c.labels
           JOIN graders g ON g.id = c.grader
         WHERE c.source <> ?1",
    )?;
    let mut rows = statement.query([source])?;
    let mut all = OtherCells::new();
    while let Some(row) = rows.next()? {
        let mut ids = [None; 7];
        for (column, slot) in ids.iter_mut().enumerate() {
            *slot = row.get(column)?;
        }
        // The columns stand in the order in which counts are listed.
        let counts = (8..18)
            .map(|column| row.get(column))
            .collect::<Result<Vec<i64>, _>>()?;
        all.entry((ids, row.get(7)?)).or_default().push(counts);
    }
    Ok(all)
}

/// What a record says last of each of its graders, as far as it is to be kept in mind.
fn said<'r>(
    stated: &'r [GradeRow],
    all: &'r [GradeRow],
    anew: bool,
) -> impl Iterator<Item = &'r GradeRow> {
    let positions = stated.iter().enumerate();
    positions.filter_map(move |(position, row)| {
        let later = stated.get(position + 1..).unwrap_or_default();
        let latest = last_of(all, row.grader) == Some(row);
        let counts = latest || (anew && row.graded_at.is_none());
        (counts && last_of(later, row.grader).is_none()).then_some(row)
    })
}

/// The last grade of each grader, in order of grader.
fn latest(mut rows: Vec<GradeRow>) -> Vec<GradeRow> {
    // The sort keeps the order of one grader's grades, of which the first stays.
    rows.reverse();
    rows.sort_by_key(|row| row.grader);
    rows.dedup_by_key(|row| row.grader);
    rows
}

/// The last grade of a grader.
pub(crate) fn last_of(rows: &[GradeRow], grader: i64) -> Option<&GradeRow> {
    rows.iter().rev().find(|row| row.grader == grader)
}

fn grade_id(trace: i64, position: usize) -> Result<i64, Fault> {
    let scale = 1_i64 << GRADE_BITS;
    let id = i64::try_from(position)
        .ok()
        .filter(|position| *position < scale)
        .and_then(|position| trace.checked_mul(scale)?.checked_add(position));
    id.ok_or_else(|| Fault::damaged(format!("trace {trace} has an id out of range")))
}
