//! CSV: one row for each grade, made safe for whoever opens it in a spreadsheet.
//!
//! A cell that a spreadsheet would take for a formula begins with an apostrophe,
//! and hidden characters are visible escapes, as in the tables of an annex. What
//! is absent is an empty cell.

use ::csv::{Terminator, Writer, WriterBuilder};
use caveat_corpus::{Cell, Trace};
use caveat_render::escape::csv_text;
use caveat_store::{Store, StoredRecord};

use super::columns::{self, Column, Slot};
use super::output::{Output, beside};
use super::{Exported, Records, Request, Texts, each};
use crate::exit::{self, Failure};

pub(super) fn export(store: &Store, request: &Request<'_>) -> Result<Exported, Failure> {
    let mut tables = Tables {
        traces: table(request.out, &columns::of_traces(request.with_text))?,
        cells: None,
        request,
    };
    let mut exported = each(store, request.with_text, &mut tables)?;
    let mut complete = vec![finish(tables.traces)?.complete()?];
    if let Some(cells) = tables.cells {
        complete.insert(0, finish(cells)?.complete()?);
    }
    for file in complete {
        exported.files.push(file.name()?);
    }
    exported.files.sort();
    Ok(exported)
}

struct Tables<'a> {
    traces: Writer<Output>,
    /// Made with the first cell: a corpus without counts has no file for them.
    cells: Option<Writer<Output>>,
    request: &'a Request<'a>,
}

impl Records for Tables<'_> {
    fn trace(
        &mut self,
        record: &StoredRecord,
        trace: &Trace,
        texts: &Texts,
    ) -> Result<(), Failure> {
        let writer = &mut self.traces;
        columns::trace_rows(record, trace, texts, self.request.with_text, |row| {
            write(writer, row)
        })
    }

    fn cell(&mut self, record: &StoredRecord, cell: &Cell) -> Result<(), Failure> {
        let writer = match &mut self.cells {
            Some(writer) => writer,
            none => none.insert(table(&beside(self.request.out), &columns::of_cells())?),
        };
        write(writer, columns::cell_row(record, cell))
    }
}

fn table(target: &std::path::Path, columns: &[Column]) -> Result<Writer<Output>, Failure> {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::Any(b'\n'))
        .from_writer(Output::begin(target)?);
    let header = columns.iter().map(|(name, _)| name);
    writer.write_record(header).map_err(failure)?;
    Ok(writer)
}

fn write(writer: &mut Writer<Output>, row: Vec<Slot>) -> Result<(), Failure> {
    for slot in row {
        let cell = match slot {
            Slot::Text(Some(text)) => csv_text(&text),
            Slot::Whole(Some(number)) => number.to_string(),
            Slot::Text(None) | Slot::Whole(None) => String::new(),
        };
        writer.write_field(cell).map_err(failure)?;
    }
    writer.write_record(None::<&[u8]>).map_err(failure)
}

fn finish(writer: Writer<Output>) -> Result<Output, Failure> {
    writer.into_inner().map_err(|error| {
        Failure::new(
            exit::INPUT_OUTPUT,
            format!("cannot write CSV: {}", error.error()),
        )
    })
}

fn failure(error: ::csv::Error) -> Failure {
    Failure::new(exit::INPUT_OUTPUT, format!("cannot write CSV: {error}"))
}
