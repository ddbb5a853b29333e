//! Parquet: the rows of CSV with types, texts as they stand.
//!
//! Texts are UTF-8 strings, numbers 64-bit integers; every column may be null.
//! Rows are gathered into groups of bounded size, so that memory does not follow
//! the corpus.

use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use ::parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;
use caveat_corpus::{Cell, Trace};
use caveat_store::{Store, StoredRecord};

use super::columns::{self, Column, Kind, Slot};
use super::output::{Complete, Output, beside};
use super::{Exported, Records, Request, Texts, each};
use crate::exit::{self, Failure};

/// Rows of one group: enough for dictionaries to pay, some 40 MB of columns.
const GROUP_ROWS: usize = 1 << 16;

/// Bytes of text that close a group early, where kept texts are long.
const GROUP_TEXT_BYTES: usize = 64 << 20;

/// What the file says of its writer; without a version, so that bytes follow the data.
const WRITER: &str = "caveat";

pub(super) fn export(store: &Store, request: &Request<'_>) -> Result<Exported, Failure> {
    let mut tables = Tables {
        traces: Table::begin(
            Output::begin(request.out)?,
            columns::of_traces(request.with_text),
        )?,
        cells: None,
        request,
    };
    let mut exported = each(store, request.with_text, &mut tables)?;
    let mut complete = vec![tables.traces.complete()?];
    if let Some(cells) = tables.cells {
        complete.insert(0, cells.complete()?);
    }
    for file in complete {
        exported.files.push(file.name()?);
    }
    exported.files.sort();
    Ok(exported)
}

struct Tables<'a> {
    traces: Table,
    cells: Option<Table>,
    request: &'a Request<'a>,
}

impl Records for Tables<'_> {
    fn trace(
        &mut self,
        record: &StoredRecord,
        trace: &Trace,
        texts: &Texts,
    ) -> Result<(), Failure> {
        let table = &mut self.traces;
        columns::trace_rows(record, trace, texts, self.request.with_text, |row| {
            table.push(row)
        })
    }

    fn cell(&mut self, record: &StoredRecord, cell: &Cell) -> Result<(), Failure> {
        let table = match &mut self.cells {
            Some(table) => table,
            none => {
                let output = Output::begin(&beside(self.request.out))?;
                none.insert(Table::begin(output, columns::of_cells())?)
            }
        };
        table.push(columns::cell_row(record, cell))
    }
}

/// A table under construction: the rows of one group, by column.
struct Table {
    writer: SerializedFileWriter<Output>,
    columns: Vec<Buffer>,
    rows: usize,
    text_bytes: usize,
}

/// The rows of one column.
enum Buffer {
    Text {
        levels: Vec<i16>,
        values: Vec<ByteArray>,
    },
    Whole {
        levels: Vec<i16>,
        values: Vec<i64>,
    },
}

impl Table {
    fn begin(output: Output, columns: Vec<Column>) -> Result<Self, Failure> {
        let fields: Result<Vec<Arc<Type>>, ParquetError> = columns.iter().map(field).collect();
        let schema = Type::group_type_builder("caveat")
            .with_fields(fields.map_err(failure)?)
            .build()
            .map_err(failure)?;
        let properties = WriterProperties::builder()
            .set_created_by(WRITER.to_owned())
            .set_compression(Compression::SNAPPY)
            .build();
        let writer = SerializedFileWriter::new(output, Arc::new(schema), Arc::new(properties))
            .map_err(failure)?;
        Ok(Self {
            writer,
            columns: columns.iter().map(|(_, kind)| Buffer::new(*kind)).collect(),
            rows: 0,
            text_bytes: 0,
        })
    }

    fn push(&mut self, row: Vec<Slot>) -> Result<(), Failure> {
        for (column, slot) in self.columns.iter_mut().zip(row) {
            self.text_bytes += column.push(slot);
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.text_bytes >= GROUP_TEXT_BYTES {
            self.close_group().map_err(failure)?;
        }
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        let mut columns = self.columns.iter_mut();
        while let Some(mut writer) = group.next_column()? {
            match columns.next() {
                Some(Buffer::Text { levels, values }) => {
                    writer
                        .typed::<ByteArrayType>()
                        .write_batch(values, Some(levels), None)?;
                    levels.clear();
                    values.clear();
                }
                Some(Buffer::Whole { levels, values }) => {
                    writer
                        .typed::<Int64Type>()
                        .write_batch(values, Some(levels), None)?;
                    levels.clear();
                    values.clear();
                }
                None => {}
            }
            writer.close()?;
        }
        group.close()?;
        self.rows = 0;
        self.text_bytes = 0;
        Ok(())
    }

    fn complete(mut self) -> Result<Complete, Failure> {
        if self.rows > 0 {
            self.close_group().map_err(failure)?;
        }
        self.writer.into_inner().map_err(failure)?.complete()
    }
}

impl Buffer {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Buffer::Text {
                levels: Vec::new(),
                values: Vec::new(),
            },
            Kind::Whole => Buffer::Whole {
                levels: Vec::new(),
                values: Vec::new(),
            },
        }
    }

    /// Takes a value and says how many bytes of text it has. The store holds no
    /// number that is larger than an `i64`.
    fn push(&mut self, slot: Slot) -> usize {
        match (self, slot) {
            (Buffer::Text { levels, values }, Slot::Text(Some(text))) => {
                let bytes = text.len();
                levels.push(1);
                values.push(ByteArray::from(text.into_bytes()));
                bytes
            }
            (Buffer::Whole { levels, values }, Slot::Whole(Some(number))) => {
                levels.push(1);
                values.push(i64::try_from(number).unwrap_or(i64::MAX));
                0
            }
            (Buffer::Text { levels, .. } | Buffer::Whole { levels, .. }, _) => {
                levels.push(0);
                0
            }
        }
    }
}

fn field((name, kind): &Column) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match kind {
        Kind::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Whole => (PhysicalType::INT64, None),
    };
    let field = Type::primitive_type_builder(name, physical)
        .with_logical_type(logical)
        .with_repetition(Repetition::OPTIONAL)
        .build()?;
    Ok(Arc::new(field))
}

fn failure(error: ParquetError) -> Failure {
    Failure::new(exit::INPUT_OUTPUT, format!("cannot write Parquet: {error}"))
}
