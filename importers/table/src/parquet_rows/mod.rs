//! Rows of a Parquet file.
//!
//! The `parquet` crate decodes pages; what it would believe of a footer, a page
//! header or a page is checked here before ([`footer`], [`pages`], [`checked`]),
//! since it panics or reserves without bound where they lie. Only the columns
//! that are mapped are read, a batch of rows at a time, so that memory follows
//! the largest page. A fault of the file refuses it: a page is no record.

mod checked;
mod column;
mod footer;
mod pages;
mod schema;
mod thrift;
mod value;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};

use crate::csv_rows::missing_column;
use crate::row::{Cell, Place, RowHandler, too_long};
use crate::source::{io_error, refused};

use self::column::Column;
use self::footer::{Footer, FooterFault};
use self::schema::{Leaf, Target};

/// Rows that are decoded at a time.
const BATCH_ROWS: u64 = 256;

/// Bytes of pages that a batch may hold: each of its rows may stand in a page
/// of its own, and a value keeps its page.
const BATCH_BYTES: u64 = 512 << 20;

/// Most rows for a byte of the file. A run of equal values takes a few bytes
/// however long it is, but rows that are all alike tell nothing.
const MAX_ROWS_PER_BYTE: u64 = 1_000;

/// A file that was opened and whose footer holds.
struct Table<'a> {
    path: &'a Path,
    file: File,
    footer: Footer,
}

impl<'a> Table<'a> {
    fn open(path: &'a Path) -> Result<Self, ImportError> {
        let mut file = File::open(path).map_err(|cause| io_error(path, cause))?;
        let footer = footer::read(&mut file).map_err(|fault| match fault {
            FooterFault::Io(cause) => io_error(path, cause),
            FooterFault::Missing(found) => refused(
                path,
                found,
                "Parquet keeps its index at the end: a copy or a run that was cut short leaves \
                 nothing to read; copy or write the file again",
            ),
            FooterFault::Unusable(problem) => refused(
                path,
                format!("its footer cannot be used: {}", printable(&problem)),
                "write the file again",
            ),
        })?;
        let table = Self { path, file, footer };
        table.check_rows()?;
        Ok(table)
    }

    /// Refuses a file that declares more rows than it can mean.
    fn check_rows(&self) -> Result<(), ImportError> {
        let groups = self.metadata().row_groups().iter();
        let rows = groups.map(|group| u64::try_from(group.num_rows()).unwrap_or_default());
        let rows = rows.fold(0, u64::saturating_add);
        if rows > self.footer.start.saturating_mul(MAX_ROWS_PER_BYTE) {
            let found = format!(
                "it declares {rows} rows in {} bytes, more than {MAX_ROWS_PER_BYTE} a byte",
                self.footer.start
            );
            return Err(refused(self.path, found, "write the file again"));
        }
        Ok(())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.footer.metadata
    }

    fn leaves(&self) -> Vec<Leaf> {
        schema::leaves(self.metadata().file_metadata().schema_descr())
    }

    fn fault(&self, group: usize, column: &str, problem: &str) -> ImportError {
        let found = format!(
            "row group {group}, column `{}`: {}",
            printable(column),
            printable(problem)
        );
        refused(self.path, found, "write the file again")
    }
}

/// Paths that name the columns of a file.
pub(crate) fn columns(path: &Path) -> Result<Vec<String>, ImportError> {
    let table = Table::open(path)?;
    Ok(table.leaves().iter().filter_map(Leaf::path).collect())
}

/// Reads every row and returns a sentence for the account.
pub(crate) fn read(
    path: &Path,
    slots: &[String],
    limits: &Limits,
    handle: &mut RowHandler<'_>,
) -> Result<String, ImportError> {
    let mut table = Table::open(path)?;
    let targets = targets(&table, slots)?;
    let file = table
        .file
        .try_clone()
        .map_err(|cause| io_error(path, cause))?;
    let file = Arc::new(file);
    let groups = table.metadata().num_row_groups();
    let mut reader = Rows {
        file,
        slots,
        limits,
        rows_before: 0,
    };
    for group in 0..groups {
        reader.group(&mut table, group, &targets, handle)?;
    }
    Ok(format!(
        "read as parquet by its first bytes, {groups} row groups, {} of {} columns",
        targets.len(),
        table.leaves().len()
    ))
}

/// The column behind each slot.
fn targets(
    table: &Table<'_>,
    slots: &[String],
) -> Result<Vec<(usize, Option<usize>)>, ImportError> {
    let leaves = table.leaves();
    let target = |slot: &String| match schema::find(&leaves, slot) {
        Target::Column { index, element } => Ok((index, element)),
        Target::Several(what) => {
            let found = format!("column `{}` is {what}", printable(slot));
            let hint = "name one value in it, such as `grades.0.label`";
            Err(refused(table.path, found, hint))
        }
        Target::Nothing => {
            let names: Vec<String> = leaves.iter().filter_map(Leaf::path).collect();
            Err(missing_column(table.path, slot, &names))
        }
    };
    slots.iter().map(target).collect()
}

struct Rows<'a> {
    file: Arc<File>,
    slots: &'a [String],
    limits: &'a Limits,
    rows_before: u64,
}

impl Rows<'_> {
    fn group(
        &mut self,
        table: &mut Table<'_>,
        group: usize,
        targets: &[(usize, Option<usize>)],
        handle: &mut RowHandler<'_>,
    ) -> Result<(), ImportError> {
        let metadata = table.footer.metadata.row_group(group).clone();
        let rows = u64::try_from(metadata.num_rows());
        let rows = rows.map_err(|_| table.fault(group, "", "it has fewer than no rows"))?;
        let mut columns = Vec::new();
        let mut largest_pages = 0_u64;
        for (slot, target) in self.slots.iter().zip(targets) {
            let column = self.column(table, &metadata, *target, rows);
            let (column, page) = column.map_err(|problem| table.fault(group, slot, &problem))?;
            columns.push(column);
            largest_pages = largest_pages.saturating_add(page);
        }
        let fitting = BATCH_BYTES / largest_pages.max(1);
        let batch_rows = usize::try_from(fitting.clamp(1, BATCH_ROWS)).unwrap_or(1);
        let mut left = usize::try_from(rows).unwrap_or(usize::MAX);
        while left > 0 {
            let batch = left.min(batch_rows);
            for (slot, column) in self.slots.iter().zip(&mut columns) {
                let read = column.read(batch);
                read.map_err(|problem| table.fault(group, slot, &problem))?;
            }
            self.hand_out(&columns, batch, handle)?;
            left -= batch;
        }
        Ok(())
    }

    fn column(
        &self,
        table: &mut Table<'_>,
        group: &RowGroupMetaData,
        (index, element): (usize, Option<usize>),
        rows: u64,
    ) -> Result<(Column, u64), String> {
        let chunk = group.columns().get(index).ok_or("it is missing")?;
        let extent = pages::check(&mut table.file, chunk, rows, table.footer.start)?;
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let column = Column::open(&self.file, chunk, rows, element)?;
        Ok((column, extent.largest_page))
    }

    fn hand_out(
        &mut self,
        columns: &[Column],
        batch: usize,
        handle: &mut RowHandler<'_>,
    ) -> Result<(), ImportError> {
        let limit = self.limits.max_record_bytes;
        for row in 0..batch {
            let cells: Vec<Cell<'_>> = columns
                .iter()
                .map(|column| match column.values.get(row) {
                    Some(value) => value::cell(value, column.meaning),
                    None => Cell::Absent,
                })
                .collect();
            let texts = cells.iter().map(|cell| match cell {
                Cell::Text(text) => text.len(),
                _ => 0,
            });
            let bytes = u64::try_from(texts.sum::<usize>()).unwrap_or(u64::MAX);
            self.rows_before += 1;
            let place = Place {
                record: self.rows_before,
                byte: None,
            };
            if bytes > limit {
                handle(place, Err(too_long("row", bytes, limit)))?;
            } else {
                handle(place, Ok(&cells))?;
            }
        }
        Ok(())
    }
}
