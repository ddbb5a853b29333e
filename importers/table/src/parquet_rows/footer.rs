//! The footer of a Parquet file: schema and row groups, checked before they
//! are believed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use parquet::file::metadata::{
    ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy,
};

use super::thrift::{Thrift, kind};

/// Longest footer. A file of a thousand columns and a hundred row groups has about 10 MB.
const MAX_FOOTER_BYTES: u64 = 16 << 20;

/// Most entries of a schema; spreadsheets stop at 16,384 columns.
const MAX_SCHEMA_ELEMENTS: u64 = 32_768;

/// Most column chunks of all row groups together. The crate keeps about half a
/// kilobyte for each.
const MAX_COLUMN_CHUNKS: u64 = 200_000;

/// Deepest nesting of the schema. Each list takes two levels.
const MAX_SCHEMA_DEPTH: usize = 64;

/// Bytes of the mark at both ends of a file.
const MARK: &[u8] = b"PAR1";

/// The footer, and where it begins.
pub(super) struct Footer {
    pub(super) metadata: ParquetMetaData,
    pub(super) start: u64,
}

/// Why a file has no usable footer.
pub(super) enum FooterFault {
    Io(std::io::Error),
    /// It is not there: the file is cut or something else.
    Missing(String),
    Unusable(String),
}

impl From<std::io::Error> for FooterFault {
    fn from(cause: std::io::Error) -> Self {
        FooterFault::Io(cause)
    }
}

/// Reads and checks the footer.
pub(super) fn read(file: &mut File) -> Result<Footer, FooterFault> {
    let size = file.seek(SeekFrom::End(0))?;
    let mut head = Vec::new();
    file.rewind()?;
    file.by_ref().take(4).read_to_end(&mut head)?;
    if head != MARK {
        let found = "it does not begin with `PAR1`".to_owned();
        return Err(FooterFault::Missing(found));
    }
    let Some(tail_start) = size.checked_sub(8).filter(|start| *start >= 4) else {
        let found = format!("it has {size} bytes, too few for a footer");
        return Err(FooterFault::Missing(found));
    };
    let mut tail = [0; 8];
    file.seek(SeekFrom::Start(tail_start))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, mark @ ..] = tail;
    if mark != MARK {
        let found = if mark == *b"PARE" {
            "its footer is encrypted"
        } else {
            "it does not end with `PAR1`, so its footer is missing"
        };
        return Err(FooterFault::Missing(found.to_owned()));
    }
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if length > MAX_FOOTER_BYTES {
        return Err(FooterFault::Unusable(format!(
            "it declares {length} bytes, more than the limit of {MAX_FOOTER_BYTES}"
        )));
    }
    let Some(start) = tail_start.checked_sub(length).filter(|start| *start >= 4) else {
        return Err(FooterFault::Unusable(format!(
            "it declares {length} bytes, more than the file has"
        )));
    };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.by_ref().take(length).read_to_end(&mut bytes)?;
    check(&bytes).map_err(FooterFault::Unusable)?;
    // Statistics are nothing that an importer needs, or believes.
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
        .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
    let metadata = ParquetMetaDataReader::decode_metadata_with_options(&bytes, Some(&options));
    let metadata = metadata.map_err(|error| FooterFault::Unusable(error.to_string()))?;
    Ok(Footer { metadata, start })
}

/// Walks a footer: shape of the schema tree, counts of row groups and columns.
fn check(bytes: &[u8]) -> Result<(), String> {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let mut thrift = Thrift::new(bytes, length);
    let mut last = 0;
    let mut leaves = None;
    while let Some(field) = thrift.field(&mut last)? {
        match field.id {
            2 if leaves.is_none() => {
                let (element, count) = thrift.list(field)?;
                leaves = Some(check_schema(&mut thrift, element, count)?);
            }
            4 => {
                let leaves = leaves.ok_or("row groups stand before the schema")?;
                let (element, count) = thrift.list(field)?;
                check_row_groups(&mut thrift, (element, count), leaves)?;
            }
            2 => return Err("it has two schemas".to_owned()),
            _ => thrift.skip(field)?,
        }
    }
    Ok(())
}

/// Checks that the counts of children make one tree, and counts its leaves.
fn check_schema(thrift: &mut Thrift<&[u8]>, element: u8, count: u64) -> Result<u64, String> {
    if element != kind::STRUCT {
        return Err("the schema is no list of structs".to_owned());
    }
    if count > MAX_SCHEMA_ELEMENTS {
        return Err(format!(
            "the schema has {count} entries, more than the limit of {MAX_SCHEMA_ELEMENTS}"
        ));
    }
    let mut leaves = 0;
    // How many children each open entry still has.
    let mut open: Vec<u64> = Vec::new();
    for position in 0..count {
        let children = schema_children(thrift)?;
        if position > 0 {
            while open.last() == Some(&0) {
                open.pop();
            }
            let parent = open
                .last_mut()
                .ok_or("the schema has entries outside of its tree")?;
            *parent -= 1;
        }
        if children > count - position - 1 {
            return Err(format!(
                "an entry of the schema declares {children} children"
            ));
        }
        if children == 0 {
            leaves += u64::from(position > 0);
            continue;
        }
        open.push(children);
        if open.len() > MAX_SCHEMA_DEPTH {
            return Err(format!(
                "the schema is nested more than {MAX_SCHEMA_DEPTH} levels deep"
            ));
        }
    }
    if open.iter().any(|left| *left > 0) {
        return Err("the schema lacks entries".to_owned());
    }
    Ok(leaves)
}

/// The declared number of children of the next entry.
fn schema_children(thrift: &mut Thrift<&[u8]>) -> Result<u64, String> {
    let mut children = 0;
    let mut last = 0;
    while let Some(field) = thrift.field(&mut last)? {
        match field.id {
            5 => {
                let declared = thrift.integer_of(field)?;
                children = u64::try_from(declared)
                    .map_err(|_| format!("an entry of the schema declares {declared} children"))?;
            }
            _ => thrift.skip(field)?,
        }
    }
    Ok(children)
}

fn check_row_groups(
    thrift: &mut Thrift<&[u8]>,
    (element, count): (u8, u64),
    leaves: u64,
) -> Result<(), String> {
    if element != kind::STRUCT {
        return Err("the row groups are no list of structs".to_owned());
    }
    let chunks = count.saturating_mul(leaves.max(1));
    if chunks > MAX_COLUMN_CHUNKS {
        return Err(format!(
            "it declares {count} row groups of {leaves} columns, more than the limit of \
             {MAX_COLUMN_CHUNKS} column chunks"
        ));
    }
    for position in 0..count {
        let mut last = 0;
        while let Some(field) = thrift.field(&mut last)? {
            if field.id == 1 {
                let (element, columns) = thrift.list(field)?;
                if element != kind::STRUCT || columns != leaves {
                    return Err(format!(
                        "row group {position} has {columns} columns, the schema {leaves}"
                    ));
                }
                for _ in 0..columns {
                    skip_struct(thrift)?;
                }
            } else {
                thrift.skip(field)?;
            }
        }
    }
    Ok(())
}

fn skip_struct(thrift: &mut Thrift<&[u8]>) -> Result<(), String> {
    let mut last = 0;
    while let Some(field) = thrift.field(&mut last)? {
        thrift.skip(field)?;
    }
    Ok(())
}
