//! Reads the tables of an export: rows of one trace that follow one another are
//! one record with all its grades.
//!
//! Rows of one trace that stand apart (a table that was sorted) are records of
//! their own with one identity each; a store puts their grades together.

use caveat_corpus::{Location, Record};
use caveat_import_table::rows::{self, Place};
use caveat_importer::{ImportError, Options, Reject, Sink, Source, SourceFacts};

use crate::FORMAT;
use crate::line::{LineTrace, SCHEMA_VERSION};
use crate::mark::{Holds, Table};
use crate::read::{HINT, of_cell, of_trace};
use crate::row::Row;

/// Most grades that one record collects: as many as a store keeps of a trace.
const MAX_GRADES: usize = 1024;

/// Rows between two reports of progress.
const ROWS_PER_PROGRESS: u64 = 4096;

/// Reads a table.
pub(crate) fn read(
    source: &Source,
    table: Table,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    let mut columns = table.columns();
    if !options.keep_text {
        columns.retain(|name| name != "prompt_text" && name != "response_text");
    }
    let mut reading = Reading {
        options,
        sink,
        open: None,
        rows: 0,
        records: 0,
        in_parts: 0,
    };
    let mut notes = rows::read(
        &source.path,
        table.file,
        &columns,
        &options.limits,
        &mut |place, cells| {
            let location = location(place);
            reading.row(place);
            let row = |cells| Row {
                columns: &columns,
                cells,
                file: table.file,
            };
            match table.holds {
                Holds::Grades { .. } => {
                    reading.grade(location, cells.and_then(|cells| row(cells).trace()))
                }
                Holds::Cells => {
                    let line = cells.and_then(|cells| row(cells).cell());
                    let cell = line.and_then(|l| of_cell(l, location.clone(), &options.limits));
                    let record = cell.map(|cell| Record::Cell(Box::new(cell)));
                    reading.take(location, record)
                }
            }
        },
    )?;
    reading.close()?;
    if reading.in_parts > 0 {
        notes.push(format!(
            "{} groups of rows hold fewer grades than their trace has by the column `grades`: its \
             rows stand apart, or some are missing",
            reading.in_parts
        ));
    }
    if reading.records == 0 && reading.rows > 0 {
        return Err(ImportError::Refused {
            path: source.path.clone(),
            format: FORMAT,
            found: "no row of it is one that caveat exported".to_owned(),
            hint: HINT.to_owned(),
        });
    }
    Ok(SourceFacts {
        format_version: Some(SCHEMA_VERSION.to_string()),
        notes,
    })
}

/// A trace whose rows are still being read.
struct Open {
    line: LineTrace,
    location: Location,
    /// Grades that it has by its own account.
    grades: u64,
}

struct Reading<'a> {
    options: &'a Options,
    sink: &'a mut dyn Sink,
    open: Option<Open>,
    rows: u64,
    records: u64,
    in_parts: u64,
}

impl Reading<'_> {
    fn row(&mut self, place: Place) {
        self.rows += 1;
        if self.rows.is_multiple_of(ROWS_PER_PROGRESS) {
            self.sink.progress(place.byte.unwrap_or_default());
        }
    }

    /// Takes a row of a table of grades.
    fn grade(
        &mut self,
        location: Location,
        row: Result<(LineTrace, u64), String>,
    ) -> Result<(), ImportError> {
        let (mut line, grades) = match row {
            Ok(row) => row,
            Err(reason) => {
                self.close()?;
                self.sink.reject(Reject { location, reason })?;
                return Ok(());
            }
        };
        if let Some(open) = &mut self.open
            && open.line.grades.len() < MAX_GRADES
        {
            let grade = std::mem::take(&mut line.grades);
            let own = std::mem::take(&mut open.line.grades);
            let same = open.line == line && open.grades == grades && !grade.is_empty();
            open.line.grades = own;
            if same {
                open.line.grades.extend(grade);
                return Ok(());
            }
            line.grades = grade;
        }
        self.close()?;
        self.open = Some(Open {
            line,
            location,
            grades,
        });
        Ok(())
    }

    /// Hands out the trace whose rows have come to their end.
    fn close(&mut self) -> Result<(), ImportError> {
        let Some(open) = self.open.take() else {
            return Ok(());
        };
        let held = u64::try_from(open.line.grades.len()).unwrap_or(u64::MAX);
        self.in_parts += u64::from(held != open.grades);
        let trace = of_trace(open.line, open.location.clone(), self.options);
        let record = trace.map(|trace| Record::Trace(Box::new(trace)));
        self.take(open.location, record)
    }

    fn take(
        &mut self,
        location: Location,
        record: Result<Record, String>,
    ) -> Result<(), ImportError> {
        match record {
            Ok(record) => {
                self.records += 1;
                self.sink.record(record)?;
            }
            Err(reason) => self.sink.reject(Reject { location, reason })?,
        }
        Ok(())
    }
}

fn location(place: Place) -> Location {
    Location {
        entry: None,
        record: Some(place.record.to_string()),
        byte: place.byte,
    }
}
