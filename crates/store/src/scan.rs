//! One ordered pass over everything that aggregation needs.
//!
//! Names are read once; traces and grades are read side by side in the order of
//! their ids, so that memory follows the names and not the traces.

use std::collections::HashMap;

use caveat_corpus::{GradeView, GraderKind, Outcome, Verdict, VerdictCounts};
use rusqlite::Connection;

use crate::codes::{kind_from, outcome_from, verdict_from};
use crate::error::Fault;
use crate::schema::GRADE_BITS;
use crate::write::MAX_CELL_TRACES;

/// A model as spelled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ModelRow {
    pub(crate) name: String,
    pub(crate) provider: Option<String>,
    pub(crate) coded_size: Option<String>,
}

/// The labels that make a cell; techniques are not among them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CellLabels {
    pub(crate) dataset: Option<String>,
    pub(crate) attack_family: Option<String>,
    pub(crate) harm_category: Option<String>,
}

/// A grader as spelled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GraderRow {
    pub(crate) name: Option<String>,
    pub(crate) kind: GraderKind,
}

impl GraderRow {
    /// The name, or the kind where there is none.
    pub(crate) fn shown(&self) -> &str {
        self.name.as_deref().unwrap_or(self.kind.name())
    }
}

/// Every name of the file, by position (the row's id less one).
pub(crate) struct Names {
    pub(crate) models: Vec<ModelRow>,
    pub(crate) cells: Vec<CellLabels>,
    /// For every row of `labels` the position in `cells`.
    cell_of_labels: Vec<usize>,
    pub(crate) graders: Vec<GraderRow>,
}

/// One trace, by positions in [`Names`].
pub(crate) struct TraceRow {
    pub(crate) model: usize,
    pub(crate) labels: usize,
    pub(crate) prompt: Option<i64>,
    pub(crate) outcome: Outcome,
    pub(crate) day: Option<i64>,
}

/// The grades of one trace in the order in which they were received.
#[derive(Default)]
pub(crate) struct Grades<'n> {
    pub(crate) graders: Vec<usize>,
    pub(crate) views: Vec<GradeView<'n>>,
}

/// One row of counts, by positions in [`Names`].
pub(crate) struct CellRow {
    pub(crate) model: usize,
    pub(crate) labels: usize,
    pub(crate) grader: usize,
    pub(crate) day: Option<i64>,
    pub(crate) counts: VerdictCounts,
}

impl Names {
    pub(crate) fn read(connection: &Connection) -> Result<Self, Fault> {
        let strings = read_rows(
            connection,
            "SELECT id, text FROM strings ORDER BY id",
            |row| Ok(row.get::<_, String>(1)?),
        )?;
        let text = |id: i64| {
            position(id, strings.len()).and_then(|at| {
                strings
                    .get(at)
                    .cloned()
                    .ok_or_else(|| Fault::damaged("a text is missing"))
            })
        };
        let optional = |id: Option<i64>| id.map(text).transpose();
        let models = read_rows(
            connection,
            "SELECT id, name, provider, coded_size FROM models ORDER BY id",
            |row| {
                Ok(ModelRow {
                    name: text(row.get(1)?)?,
                    provider: optional(row.get(2)?)?,
                    coded_size: optional(row.get(3)?)?,
                })
            },
        )?;
        let labels = read_rows(
            connection,
            "SELECT id, dataset, attack_family, harm_category FROM labels ORDER BY id",
            |row| {
                Ok(CellLabels {
                    dataset: optional(row.get(1)?)?,
                    attack_family: optional(row.get(2)?)?,
                    harm_category: optional(row.get(3)?)?,
                })
            },
        )?;
        let graders = read_rows(
            connection,
            "SELECT id, name, kind FROM graders ORDER BY id",
            |row| {
                Ok(GraderRow {
                    name: optional(row.get(1)?)?,
                    kind: kind_from(row.get(2)?)?,
                })
            },
        )?;
        let (cells, cell_of_labels) = distinct(labels);
        Ok(Self {
            models,
            cells,
            cell_of_labels,
            graders,
        })
    }

    fn view(&self, grader: usize, verdict: Verdict) -> Result<GradeView<'_>, Fault> {
        let row = self
            .graders
            .get(grader)
            .ok_or_else(|| Fault::damaged("a grader is missing"))?;
        Ok(GradeView {
            grader: row.name.as_deref(),
            kind: row.kind,
            verdict,
        })
    }

    fn model(&self, id: i64) -> Result<usize, Fault> {
        position(id, self.models.len())
    }

    fn labels(&self, id: i64) -> Result<usize, Fault> {
        let at = position(id, self.cell_of_labels.len())?;
        self.cell_of_labels
            .get(at)
            .copied()
            .ok_or_else(|| Fault::damaged("a row of labels is missing"))
    }

    /// Visits every trace with its grades, in the order of import.
    pub(crate) fn visit_traces<'n>(
        &'n self,
        connection: &Connection,
        mut visit: impl FnMut(&TraceRow, &Grades<'n>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut traces = connection
            .prepare("SELECT id, model, labels, prompt, outcome, day FROM traces ORDER BY id")?;
        let mut traces = traces.query([])?;
        let mut grades =
            connection.prepare("SELECT id, grader, verdict FROM grades ORDER BY id")?;
        let mut grades = grades.query([])?;
        let mut next = next_grade(&mut grades)?;
        let mut current = Grades::default();
        while let Some(row) = traces.next()? {
            let id: i64 = row.get(0)?;
            current.graders.clear();
            current.views.clear();
            while let Some((trace, grader, verdict)) = next {
                if trace != id {
                    break;
                }
                let grader = position(grader, self.graders.len())?;
                current.graders.push(grader);
                current
                    .views
                    .push(self.view(grader, verdict_from(verdict)?)?);
                next = next_grade(&mut grades)?;
            }
            let trace = TraceRow {
                model: self.model(row.get(1)?)?,
                labels: self.labels(row.get(2)?)?,
                prompt: row.get(3)?,
                outcome: outcome_from(row.get(4)?)?,
                day: row.get(5)?,
            };
            visit(&trace, &current)?;
        }
        match next {
            None => Ok(()),
            Some((trace, ..)) => Err(Fault::damaged(format!(
                "there are grades of trace {trace}, which does not exist"
            ))),
        }
    }

    /// Visits every row of counts, in the order of import.
    pub(crate) fn visit_cells(
        &self,
        connection: &Connection,
        mut visit: impl FnMut(&CellRow) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut statement = connection.prepare(
            "SELECT model, labels, grader, day, compliance, partial, refusal, hallucination_refusal,
               benign_query, not_gradeable, error, parse_error, infra_error, unscored
             FROM cells ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut counts = VerdictCounts::default();
            // The columns stand in the order of the codes.
            for (column, code) in (4_usize..14).zip(0_i64..) {
                let traces = u64::try_from(row.get::<_, i64>(column)?)
                    .ok()
                    .filter(|traces| *traces <= MAX_CELL_TRACES)
                    .ok_or_else(|| Fault::damaged("a count of a cell is out of range"))?;
                counts.add(verdict_from(code)?, traces);
            }
            visit(&CellRow {
                model: self.model(row.get(0)?)?,
                labels: self.labels(row.get(1)?)?,
                grader: position(row.get(2)?, self.graders.len())?,
                day: row.get(3)?,
                counts,
            })?;
        }
        Ok(())
    }
}

type GradeCodes = (i64, i64, i64);

fn next_grade(rows: &mut rusqlite::Rows<'_>) -> Result<Option<GradeCodes>, Fault> {
    Ok(match rows.next()? {
        Some(row) => Some((
            row.get::<_, i64>(0)? >> GRADE_BITS,
            row.get(1)?,
            row.get(2)?,
        )),
        None => None,
    })
}

/// The position of a row: ids run from 1 without a gap, as nothing is ever deleted.
pub(crate) fn position(id: i64, rows: usize) -> Result<usize, Fault> {
    usize::try_from(id)
        .ok()
        .and_then(|id| id.checked_sub(1))
        .filter(|position| *position < rows)
        .ok_or_else(|| Fault::damaged(format!("row {id} of a table of names does not exist")))
}

/// Reads a table whose first column is an id that runs from 1 without a gap.
pub(crate) fn read_rows<T>(
    connection: &Connection,
    sql: &str,
    read: impl Fn(&rusqlite::Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        position(row.get(0)?, all.len() + 1)
            .ok()
            .filter(|position| *position == all.len())
            .ok_or_else(|| Fault::damaged("the ids of a table of names have a gap"))?;
        all.push(read(row)?);
    }
    Ok(all)
}

/// Label rows that differ by technique alone are one cell.
fn distinct(labels: Vec<CellLabels>) -> (Vec<CellLabels>, Vec<usize>) {
    let mut cells = Vec::new();
    let mut known: HashMap<CellLabels, usize> = HashMap::new();
    let mut cell_of_labels = Vec::with_capacity(labels.len());
    for row in labels {
        let cell = *known.entry(row).or_insert_with_key(|row| {
            cells.push(row.clone());
            cells.len() - 1
        });
        cell_of_labels.push(cell);
    }
    (cells, cell_of_labels)
}
