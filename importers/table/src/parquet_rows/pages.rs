//! The pages of a column chunk, checked before they are decoded.
//!
//! Sizes, counts and encodings that a page header declares are held against
//! the file, the footer and fixed bounds. What passes cannot make the decoder
//! reserve more than a page, unfold a bomb, or look for a dictionary that is
//! not there.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;
use parquet::basic::{Compression, Type};
use parquet::file::metadata::ColumnChunkMetaData;

use super::thrift::{FieldHead, Thrift, kind};

/// Longest header of a page: it may hold the smallest and the largest value.
const MAX_HEADER_BYTES: u64 = 16 << 20;

/// Largest page when expanded. Writers close a page at 1 MiB, but never within
/// a value, and some look at the size only after a batch of values.
pub(super) const MAX_PAGE_BYTES: u64 = 256 << 20;

/// Most values of a column of lists in one row group: a page of a few bytes
/// can declare any number of absent ones.
const MAX_LIST_VALUES: u64 = 8 << 20;

/// Largest column of lists in one row group when expanded: a list may go over
/// all of its pages.
const MAX_LIST_BYTES: u64 = 512 << 20;

/// What the pages of a chunk hold together.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Extent {
    values: u64,
    /// All pages when expanded.
    bytes: u64,
    pub(super) largest_page: u64,
}

/// What a header says of its page.
#[derive(Debug, Default)]
struct Page {
    kind: i64,
    expanded: u64,
    stored: u64,
    values: u64,
    encoding: i64,
    definition_encoding: i64,
    repetition_encoding: i64,
    /// Bytes of levels in front of the values of a second-version page.
    levels: u64,
    nulls: u64,
    is_compressed: bool,
}

const DATA_PAGE: i64 = 0;
const INDEX_PAGE: i64 = 1;
const DICTIONARY_PAGE: i64 = 2;
const DATA_PAGE_V2: i64 = 3;

const PLAIN: i64 = 0;
const PLAIN_DICTIONARY: i64 = 2;
const RLE: i64 = 3;
const RLE_DICTIONARY: i64 = 8;

/// Walks the pages of a chunk that ends before `end`, the start of the footer.
pub(super) fn check(
    file: &mut File,
    chunk: &ColumnChunkMetaData,
    rows: u64,
    end: u64,
) -> Result<Extent, String> {
    let start = chunk
        .dictionary_page_offset()
        .unwrap_or(chunk.data_page_offset());
    let range = u64::try_from(start)
        .ok()
        .zip(u64::try_from(chunk.compressed_size()).ok());
    let chunk_end = range.and_then(|(start, length)| start.checked_add(length));
    let ((start, length), _) = range
        .zip(chunk_end)
        .filter(|((start, _), chunk_end)| *start >= 4 && *chunk_end <= end)
        .ok_or("it lies outside of the file")?;
    check_codec(chunk.compression())?;
    let declared = u64::try_from(chunk.num_values()).map_err(|_| "it has fewer than no values")?;
    let is_list = chunk.column_descr().max_rep_level() > 0;
    if is_list && declared > MAX_LIST_VALUES {
        return Err(format!(
            "its lists hold {declared} values in one row group, more than the limit of \
             {MAX_LIST_VALUES}"
        ));
    }
    if !is_list && declared != rows {
        return Err(format!("it declares {declared} values for {rows} rows"));
    }
    let extent = walk(file, chunk, (start, length))?;
    if extent.values != declared {
        let values = extent.values;
        return Err(format!(
            "its pages hold {values} values, the footer declares {declared}"
        ));
    }
    if is_list && extent.bytes > MAX_LIST_BYTES {
        return Err(format!(
            "its lists hold {} bytes in one row group, more than the limit of {MAX_LIST_BYTES}",
            extent.bytes
        ));
    }
    Ok(extent)
}

/// Adds up the pages.
fn walk(
    file: &mut File,
    chunk: &ColumnChunkMetaData,
    (start, length): (u64, u64),
) -> Result<Extent, String> {
    let mut at = start;
    let mut left = length;
    let mut extent = Extent::default();
    let mut has_dictionary = false;
    let mut is_first = true;
    while left > 0 {
        let (page, header) = read_header(file, at, left)?;
        let in_words = |problem: String| format!("page at byte {at}: {problem}");
        left = left
            .checked_sub(header)
            .and_then(|left| left.checked_sub(page.stored))
            .ok_or_else(|| in_words("it ends after its column".to_owned()))?;
        page.check(chunk, has_dictionary, is_first)
            .map_err(in_words)?;
        let body = at.saturating_add(header);
        if page.is_compressed && matches!(chunk.compression(), Compression::GZIP(_)) {
            check_gzip(file, body, &page).map_err(in_words)?;
        }
        match page.kind {
            DICTIONARY_PAGE => has_dictionary = true,
            INDEX_PAGE => {}
            _ => extent.values = extent.values.saturating_add(page.values),
        }
        extent.bytes = extent.bytes.saturating_add(page.expanded);
        extent.largest_page = extent.largest_page.max(page.expanded);
        is_first = false;
        at = body.saturating_add(page.stored);
    }
    Ok(extent)
}

/// Codecs whose expansion the crate bounds by the declared size, and gzip,
/// which [`check_gzip`] bounds.
fn check_codec(codec: Compression) -> Result<(), String> {
    match codec {
        Compression::UNCOMPRESSED
        | Compression::SNAPPY
        | Compression::GZIP(_)
        | Compression::ZSTD(_)
        | Compression::LZ4_RAW => Ok(()),
        other => Err(format!(
            "it is compressed with {other:?}; read are none, snappy, gzip, zstd and lz4_raw"
        )),
    }
}

impl Page {
    fn check(
        &self,
        chunk: &ColumnChunkMetaData,
        has_dictionary: bool,
        is_first: bool,
    ) -> Result<(), String> {
        if self.expanded > MAX_PAGE_BYTES || self.stored > MAX_PAGE_BYTES {
            let bytes = self.expanded.max(self.stored);
            return Err(format!(
                "it declares {bytes} bytes, more than the limit of {MAX_PAGE_BYTES}"
            ));
        }
        let compressed = self.is_compressed && chunk.compression() != Compression::UNCOMPRESSED;
        if !compressed && self.expanded != self.stored {
            return Err("it is not compressed and declares two sizes".to_owned());
        }
        match self.kind {
            DICTIONARY_PAGE if !is_first => Err("a dictionary that is not in front".to_owned()),
            DICTIONARY_PAGE => self.check_dictionary(chunk),
            DATA_PAGE | DATA_PAGE_V2 => self.check_data(chunk, has_dictionary),
            INDEX_PAGE => Ok(()),
            other => Err(format!("unknown type {other}")),
        }
    }

    fn check_dictionary(&self, chunk: &ColumnChunkMetaData) -> Result<(), String> {
        let descr = chunk.column_descr();
        let smallest = match descr.physical_type() {
            Type::BOOLEAN => return Err("a dictionary of truth values".to_owned()),
            Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
            Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(descr.type_length()).unwrap_or_default(),
        };
        if smallest == 0 || self.values.saturating_mul(smallest) > self.expanded {
            return Err(format!(
                "a dictionary of {} values in {} bytes",
                self.values, self.expanded
            ));
        }
        match self.encoding {
            PLAIN | PLAIN_DICTIONARY => Ok(()),
            other => Err(format!("a dictionary of encoding {other}")),
        }
    }

    fn check_data(&self, chunk: &ColumnChunkMetaData, has_dictionary: bool) -> Result<(), String> {
        let descr = chunk.column_descr();
        if matches!(self.encoding, PLAIN_DICTIONARY | RLE_DICTIONARY) && !has_dictionary {
            return Err("it refers to a dictionary, and there is none".to_owned());
        }
        if self.values > u64::from(u32::MAX >> 1) || self.nulls > self.values {
            return Err(format!(
                "{} values, {} of them absent",
                self.values, self.nulls
            ));
        }
        if self.kind == DATA_PAGE_V2 {
            // The levels are never compressed.
            if self.levels > self.stored || self.levels > self.expanded {
                return Err("its levels have more bytes than the page".to_owned());
            }
            return Ok(());
        }
        let levels = [
            (descr.max_def_level(), self.definition_encoding),
            (descr.max_rep_level(), self.repetition_encoding),
        ];
        match levels
            .iter()
            .find(|(max, encoding)| *max > 0 && *encoding != RLE)
        {
            None => Ok(()),
            Some((_, encoding)) => Err(format!(
                "levels of encoding {encoding}; only RLE is read, which replaced it"
            )),
        }
    }
}

/// Reads the header at a byte, and says how long it is.
fn read_header(file: &mut File, at: u64, left: u64) -> Result<(Page, u64), String> {
    let failed = |cause: std::io::Error| format!("page at byte {at}: {cause}");
    file.seek(SeekFrom::Start(at)).map_err(failed)?;
    let mut thrift = Thrift::new(BufReader::new(&mut *file), left.min(MAX_HEADER_BYTES));
    let page = page_header(&mut thrift)
        .map_err(|problem| format!("page at byte {at}: its header cannot be read: {problem}"))?;
    Ok((page, thrift.bytes_read()))
}

fn page_header<R: Read>(thrift: &mut Thrift<R>) -> Result<Page, String> {
    let mut page = Page {
        kind: -1,
        is_compressed: true,
        ..Page::default()
    };
    let mut own_header = None;
    let mut last = 0;
    while let Some(field) = thrift.field(&mut last)? {
        match field.id {
            1 => page.kind = thrift.integer_of(field)?,
            2 => page.expanded = size(thrift, field)?,
            3 => page.stored = size(thrift, field)?,
            5 | 7 | 8 => {
                let expected = kind::STRUCT;
                if field.kind != expected || own_header.replace(field.id).is_some() {
                    return Err(format!("field {} stands where it must not", field.id));
                }
                inner_header(thrift, field.id, &mut page)?;
            }
            _ => thrift.skip(field)?,
        }
    }
    let expected = match page.kind {
        DATA_PAGE => Some(5),
        DICTIONARY_PAGE => Some(7),
        DATA_PAGE_V2 => Some(8),
        _ => None,
    };
    if expected != own_header {
        return Err("the type of the page and its header differ".to_owned());
    }
    Ok(page)
}

fn inner_header<R: Read>(
    thrift: &mut Thrift<R>,
    header: i16,
    page: &mut Page,
) -> Result<(), String> {
    let mut last = 0;
    while let Some(field) = thrift.field(&mut last)? {
        match (header, field.id) {
            (_, 1) => page.values = size(thrift, field)?,
            (5 | 7, 2) | (8, 4) => page.encoding = thrift.integer_of(field)?,
            (5, 3) => page.definition_encoding = thrift.integer_of(field)?,
            (5, 4) => page.repetition_encoding = thrift.integer_of(field)?,
            (8, 2) => page.nulls = size(thrift, field)?,
            (8, 5 | 6) => page.levels += size(thrift, field)?,
            (8, 7) => page.is_compressed = field.kind != kind::FALSE,
            _ => thrift.skip(field)?,
        }
    }
    Ok(())
}

fn size<R: Read>(thrift: &mut Thrift<R>, field: FieldHead) -> Result<u64, String> {
    let value = thrift.integer_of(field)?;
    i32::try_from(value)
        .ok()
        .and_then(|value| u64::try_from(value).ok())
        .ok_or_else(|| format!("field {} is {value}", field.id))
}

/// Expands a gzip page and drops what comes out: the crate would keep all of
/// it before it looks at the declared size.
fn check_gzip(file: &mut File, body: u64, page: &Page) -> Result<(), String> {
    let expected = page.expanded.saturating_sub(page.levels);
    if expected == 0 {
        return Ok(());
    }
    let start = body.saturating_add(page.levels);
    file.seek(SeekFrom::Start(start))
        .map_err(|cause| cause.to_string())?;
    let stored = page.stored.saturating_sub(page.levels);
    let expanded = MultiGzDecoder::new(BufReader::new(file.take(stored)));
    let mut bounded = expanded.take(expected.saturating_add(1));
    let found = std::io::copy(&mut bounded, &mut std::io::sink())
        .map_err(|cause| format!("it cannot be expanded: {cause}"))?;
    if found == expected {
        return Ok(());
    }
    Err("its content and its declared size differ".to_owned())
}
