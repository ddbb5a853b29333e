//! Reads one column of one row group, a batch of rows at a time.

use std::fs::File;
use std::sync::Arc;

use parquet::column::page::PageReader;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::{ByteArray, DataType, Int96};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::checked::{CheckedPages, Layout};
use super::value::{Meaning, Value};

/// A column that is read along with others.
pub(super) struct Column {
    reader: ColumnReader,
    levels: Levels,
    pub(super) meaning: Meaning,
    /// The values of the current batch, one per row.
    pub(super) values: Vec<Value>,
}

/// What the levels of a column mean.
#[derive(Clone, Copy)]
struct Levels {
    max_definition: i16,
    is_list: bool,
    /// Position of the wanted element.
    element: usize,
}

impl Column {
    /// Opens a chunk that was checked.
    pub(super) fn open(
        file: &Arc<File>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        element: Option<usize>,
    ) -> Result<Self, String> {
        let pages = SerializedPageReader::new(Arc::clone(file), chunk, rows, None);
        let descr = chunk.column_descr_ptr();
        let pages = pages.map_err(|error| error.to_string())?;
        let pages: Box<dyn PageReader> = Box::new(CheckedPages::new(pages, Layout::of(&descr)));
        let levels = Levels {
            max_definition: descr.max_def_level(),
            is_list: descr.max_rep_level() > 0,
            element: element.unwrap_or_default(),
        };
        Ok(Self {
            meaning: Meaning::of(&descr),
            reader: get_column_reader(descr, pages),
            levels,
            values: Vec::new(),
        })
    }

    /// Reads the next `rows` rows into `values`.
    pub(super) fn read(&mut self, rows: usize) -> Result<(), String> {
        let levels = self.levels;
        let values = match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => batch(reader, levels, rows, Value::Bool),
            ColumnReader::Int32ColumnReader(reader) => {
                batch(reader, levels, rows, |number| Value::Int(number.into()))
            }
            ColumnReader::Int64ColumnReader(reader) => batch(reader, levels, rows, Value::Int),
            ColumnReader::Int96ColumnReader(reader) => batch(reader, levels, rows, instant),
            ColumnReader::FloatColumnReader(reader) => batch(reader, levels, rows, Value::Single),
            ColumnReader::DoubleColumnReader(reader) => batch(reader, levels, rows, Value::Double),
            ColumnReader::ByteArrayColumnReader(reader) => {
                batch(reader, levels, rows, Value::Bytes)
            }
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                batch(reader, levels, rows, |bytes| {
                    Value::Bytes(ByteArray::from(bytes))
                })
            }
        };
        self.values = values?;
        Ok(())
    }
}

/// A time as older writers keep it: nanoseconds of a day, and a Julian day.
fn instant(value: Int96) -> Value {
    /// The Julian day of 1970-01-01.
    const EPOCH: i128 = 2_440_588;
    let [low, high, day] = match value.data() {
        [low, high, day] => [*low, *high, *day],
        _ => return Value::Absent,
    };
    let nanos = i128::from(high) << 32 | i128::from(low);
    Value::Instant((i128::from(day) - EPOCH) * 86_400_000_000_000 + nanos)
}

fn batch<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    levels: Levels,
    rows: usize,
    value: impl Fn(T::T) -> Value,
) -> Result<Vec<Value>, String> {
    let mut definitions = Vec::new();
    let mut repetitions = Vec::new();
    let mut found = Vec::new();
    let mut records = 0;
    while records < rows {
        let (read, _, _) = reader
            .read_records(
                rows - records,
                Some(&mut definitions),
                Some(&mut repetitions),
                &mut found,
            )
            .map_err(|error| error.to_string())?;
        if read == 0 {
            return Err(format!("it ends {} rows too early", rows - records));
        }
        records += read;
    }
    let mut found = found.into_iter();
    let values = if levels.max_definition == 0 {
        found.map(value).collect()
    } else if levels.is_list {
        elements(&definitions, &repetitions, levels, || {
            found.next().map(&value)
        })?
    } else {
        let present = definitions
            .iter()
            .map(|level| *level == levels.max_definition);
        let each = present.map(|present| match present {
            true => found.next().map(&value).ok_or("a value is missing"),
            false => Ok(Value::Absent),
        });
        each.collect::<Result<Vec<Value>, _>>()?
    };
    if values.len() == rows {
        return Ok(values);
    }
    Err(format!("it has {} values for {rows} rows", values.len()))
}

/// The wanted element of each list.
fn elements(
    definitions: &[i16],
    repetitions: &[i16],
    levels: Levels,
    mut next: impl FnMut() -> Option<Value>,
) -> Result<Vec<Value>, String> {
    let mut rows: Vec<Value> = Vec::new();
    let mut position = 0;
    for (definition, repetition) in definitions.iter().zip(repetitions) {
        if *repetition == 0 {
            rows.push(Value::Absent);
            position = 0;
        } else {
            position += 1;
        }
        if *definition < levels.max_definition {
            continue;
        }
        let value = next().ok_or("a value is missing")?;
        match rows.last_mut() {
            Some(row) if position == levels.element => *row = value,
            Some(_) => {}
            None => return Err("its first value continues a list".to_owned()),
        }
    }
    Ok(rows)
}
