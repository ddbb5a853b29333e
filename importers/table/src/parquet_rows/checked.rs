//! The content of a page, checked before its values are decoded.
//!
//! The crate's decoders slice by the lengths that a page holds and reserve
//! memory for the counts in it. Both are walked here first; a page whose
//! lengths do not fit is an error like any other.

use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use super::pages::MAX_PAGE_BYTES;

/// Most values of one page whose lengths are written in front of them all; the
/// crate keeps each length. Writers close a page after some ten thousand.
const MAX_LENGTHS: u64 = 4 << 20;

/// Largest block of differences; writers use 128 or 256 values.
const MAX_BLOCK_VALUES: u64 = 1 << 16;

/// What of a column decides how its values are laid out.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    physical: Type,
    type_length: usize,
    max_definition: i16,
    max_repetition: i16,
}

impl Layout {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        let length = match column.physical_type() {
            Type::FIXED_LEN_BYTE_ARRAY => usize::try_from(column.type_length()).unwrap_or_default(),
            Type::INT64 | Type::DOUBLE => 8,
            Type::INT96 => 12,
            _ => 4,
        };
        Self {
            physical: column.physical_type(),
            type_length: length,
            max_definition: column.max_def_level(),
            max_repetition: column.max_rep_level(),
        }
    }
}

/// Hands on the pages of a reader that hold.
pub(super) struct CheckedPages<P> {
    pages: P,
    layout: Layout,
}

impl<P: PageReader> CheckedPages<P> {
    pub(super) const fn new(pages: P, layout: Layout) -> Self {
        Self { pages, layout }
    }
}

impl<P: PageReader> Iterator for CheckedPages<P> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl<P: PageReader> PageReader for CheckedPages<P> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        if let Some(page) = &page {
            check(page, self.layout).map_err(ParquetError::General)?;
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}

type Checked<T> = std::result::Result<T, String>;

fn check(page: &Page, layout: Layout) -> Checked<()> {
    let mut rest = page.buffer().as_ref();
    match page {
        Page::DictionaryPage { num_values, .. } => match layout.physical {
            Type::BYTE_ARRAY => check_plain(rest, u64::from(*num_values)),
            _ => Ok(()),
        },
        Page::DataPage {
            num_values,
            encoding,
            ..
        } => {
            if layout.max_repetition > 0 {
                prefixed(&mut rest)?;
            }
            let levels = match layout.max_definition {
                0 => None,
                _ => Some(prefixed(&mut rest)?),
            };
            let present = || match levels {
                None => Ok(u64::from(*num_values)),
                Some(levels) => present(levels, layout.max_definition, u64::from(*num_values)),
            };
            check_values(rest, *encoding, layout, present)
        }
        Page::DataPageV2 {
            num_values,
            num_nulls,
            encoding,
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => {
            let levels = u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len);
            take(&mut rest, levels)?;
            let present = u64::from(num_values.saturating_sub(*num_nulls));
            check_values(rest, *encoding, layout, || Ok(present))
        }
    }
}

fn check_values(
    values: &[u8],
    encoding: Encoding,
    layout: Layout,
    present: impl Fn() -> Checked<u64>,
) -> Checked<()> {
    match (encoding, layout.physical) {
        (Encoding::PLAIN, Type::BYTE_ARRAY) => check_plain(values, present()?),
        (Encoding::PLAIN | Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY, _) => Ok(()),
        (Encoding::RLE, Type::BOOLEAN) => Ok(()),
        (Encoding::DELTA_BINARY_PACKED, Type::INT32 | Type::INT64) => {
            Differences::open(&mut &*values).map(drop)
        }
        (Encoding::DELTA_LENGTH_BYTE_ARRAY, Type::BYTE_ARRAY) => {
            let mut rest = values;
            let lengths = lengths(&mut rest)?;
            let total: u64 = lengths.into_iter().map(u64::from).sum();
            take(&mut rest, total).map(drop)
        }
        (Encoding::DELTA_BYTE_ARRAY, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY) => {
            check_prefixes(values)
        }
        (
            Encoding::BYTE_STREAM_SPLIT,
            Type::INT32 | Type::INT64 | Type::FLOAT | Type::DOUBLE | Type::FIXED_LEN_BYTE_ARRAY,
        ) => {
            let room = values
                .len()
                .checked_div(layout.type_length)
                .unwrap_or_default();
            let present = present()?;
            if layout.type_length == 0 || present > u64::try_from(room).unwrap_or(u64::MAX) {
                return Err(format!("{present} values in {} bytes", values.len()));
            }
            Ok(())
        }
        (encoding, physical) => Err(format!("encoding {encoding} of {physical} is not read")),
    }
}

/// Byte arrays, each after its length in four bytes.
fn check_plain(mut rest: &[u8], count: u64) -> Checked<()> {
    for _ in 0..count {
        prefixed(&mut rest)?;
    }
    Ok(())
}

/// Byte arrays that share their beginning with the one before.
fn check_prefixes(values: &[u8]) -> Checked<()> {
    let mut rest = values;
    let prefixes = lengths(&mut rest)?;
    let suffixes = lengths(&mut rest)?;
    if prefixes.len() != suffixes.len() {
        let (prefixes, suffixes) = (prefixes.len(), suffixes.len());
        return Err(format!("{prefixes} beginnings for {suffixes} ends"));
    }
    let written: u64 = suffixes.iter().copied().map(u64::from).sum();
    take(&mut rest, written)?;
    let mut expanded = 0;
    let mut previous = 0;
    for (prefix, suffix) in prefixes.into_iter().zip(suffixes) {
        let (prefix, suffix) = (u64::from(prefix), u64::from(suffix));
        if prefix > previous {
            return Err(format!(
                "a beginning of {prefix} bytes after a value of {previous}"
            ));
        }
        previous = prefix + suffix;
        expanded += previous;
        if expanded > MAX_PAGE_BYTES {
            return Err(format!(
                "values of more than {MAX_PAGE_BYTES} bytes, the limit of a page"
            ));
        }
    }
    Ok(())
}

/// Takes bytes after a length in four bytes.
fn prefixed<'a>(rest: &mut &'a [u8]) -> Checked<&'a [u8]> {
    let length = match take(rest, 4)? {
        [a, b, c, d] => u32::from_le_bytes([*a, *b, *c, *d]),
        _ => return Err(SHORT.to_owned()),
    };
    take(rest, u64::from(length))
}

const SHORT: &str = "a length that goes beyond the page";

fn take<'a>(rest: &mut &'a [u8], bytes: u64) -> Checked<&'a [u8]> {
    let bytes = usize::try_from(bytes).map_err(|_| SHORT.to_owned())?;
    let (taken, after) = rest.split_at_checked(bytes).ok_or(SHORT)?;
    *rest = after;
    Ok(taken)
}

fn byte(rest: &mut &[u8]) -> Checked<u8> {
    match take(rest, 1)? {
        [byte] => Ok(*byte),
        _ => Err(SHORT.to_owned()),
    }
}

fn varint(rest: &mut &[u8]) -> Checked<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = byte(rest)?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number has more than ten bytes".to_owned())
}

fn zigzag(rest: &mut &[u8]) -> Checked<i32> {
    let value = varint(rest)?;
    let half = i64::try_from(value >> 1).unwrap_or_default();
    let number = if value & 1 == 0 { half } else { !half };
    i32::try_from(number).map_err(|_| "a number is too large".to_owned())
}

/// The header of numbers that are written as differences.
struct Differences {
    miniblocks: u64,
    values_per_miniblock: u64,
    total: u64,
}

impl Differences {
    /// Reads the header; the first number follows.
    fn open(rest: &mut &[u8]) -> Checked<Self> {
        let block = varint(rest)?;
        let miniblocks = varint(rest)?;
        let total = varint(rest)?;
        let values_per_miniblock = block.checked_div(miniblocks).unwrap_or_default();
        let fits = block <= MAX_BLOCK_VALUES
            && values_per_miniblock > 0
            && values_per_miniblock.is_multiple_of(8)
            && values_per_miniblock.saturating_mul(miniblocks) == block;
        if !fits {
            return Err(format!("blocks of {block} values in {miniblocks} parts"));
        }
        Ok(Self {
            miniblocks,
            values_per_miniblock,
            total,
        })
    }
}

/// Lengths that are written as differences.
fn lengths(rest: &mut &[u8]) -> Checked<Vec<u32>> {
    let head = Differences::open(rest)?;
    if head.total > MAX_LENGTHS {
        return Err(format!(
            "{} values, more than the limit of {MAX_LENGTHS} a page",
            head.total
        ));
    }
    let mut last = zigzag(rest)?;
    let mut lengths = Vec::new();
    let mut left = head.total;
    if left > 0 {
        lengths.push(last);
        left -= 1;
    }
    while left > 0 {
        let smallest = zigzag(rest)?;
        let widths = take(rest, head.miniblocks)?;
        for &width in widths {
            if left == 0 {
                // The width of a part without values means nothing.
                break;
            }
            if width > 32 {
                return Err(format!("a difference of {width} bits"));
            }
            let bytes = take(rest, u64::from(width) * head.values_per_miniblock / 8)?;
            let mut bits = Bits::new(bytes, width);
            for _ in 0..head.values_per_miniblock.min(left) {
                last = last
                    .wrapping_add(smallest)
                    .wrapping_add(i32::from_ne_bytes(bits.next().to_ne_bytes()));
                lengths.push(last);
            }
            left = left.saturating_sub(head.values_per_miniblock);
        }
    }
    let lengths = lengths.into_iter().map(u32::try_from);
    lengths
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| "a length below 0".to_owned())
}

/// Numbers of equal width, the lowest bit first.
struct Bits<'a> {
    bytes: std::slice::Iter<'a, u8>,
    width: u8,
    held: u64,
    held_bits: u8,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8], width: u8) -> Self {
        Self {
            bytes: bytes.iter(),
            width,
            held: 0,
            held_bits: 0,
        }
    }

    /// The next number; zeros where the bytes end.
    fn next(&mut self) -> u32 {
        while self.held_bits < self.width {
            let byte = self.bytes.next().copied().unwrap_or_default();
            self.held |= u64::from(byte) << self.held_bits;
            self.held_bits += 8;
        }
        let number = self.held & ((1_u64 << self.width) - 1);
        self.held >>= self.width;
        self.held_bits -= self.width;
        u32::try_from(number).unwrap_or_default()
    }
}

/// Counts the levels that say that a value is there.
fn present(mut levels: &[u8], max_level: i16, count: u64) -> Checked<u64> {
    let max_level = u32::try_from(max_level).unwrap_or_default();
    let width = u8::try_from(u32::BITS - max_level.leading_zeros()).unwrap_or_default();
    let mut left = count;
    let mut present = 0;
    while left > 0 && !levels.is_empty() {
        let head = varint(&mut levels)?;
        let run = head >> 1;
        if head & 1 == 0 {
            let length = u64::from(width.div_ceil(8));
            let mut value = Bits::new(take(&mut levels, length)?, width);
            if value.next() == max_level {
                present += run.min(left);
            }
            left -= run.min(left);
        } else {
            let bytes = run.saturating_mul(u64::from(width));
            // Writers may leave out what no value needs at the end.
            let there = u64::try_from(levels.len()).unwrap_or(u64::MAX);
            let mut values = Bits::new(take(&mut levels, bytes.min(there))?, width);
            let values_of_run = run.saturating_mul(8).min(left);
            for _ in 0..values_of_run {
                present += u64::from(values.next() == max_level);
            }
            left -= values_of_run;
        }
    }
    Ok(present)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn lengths_are_read_as_the_format_describes_them() {
        // 1, 2, 3, 4, 5: the example of the format's page on encodings.
        let mut one_to_five = &[128, 1, 4, 5, 2, 2, 0, 0, 0, 0, 99][..];
        assert_eq!(lengths(&mut one_to_five).unwrap(), [1, 2, 3, 4, 5]);
        assert_eq!(one_to_five, [99]);
        // 7, 5, 3, 1, 2, 3, 4, 5: differences from -2 in two bits.
        let mut down_and_up = vec![128, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111];
        down_and_up.extend([0; 6]);
        let found = lengths(&mut &down_and_up[..]).unwrap();
        assert_eq!(found, [7, 5, 3, 1, 2, 3, 4, 5]);
        for cut in 0..down_and_up.len() {
            assert!(lengths(&mut &down_and_up[..cut]).is_err());
        }
    }

    #[test]
    fn declared_counts_are_bounded_before_anything_is_kept() {
        for (bytes, part) in [
            (&[128, 1, 0, 5, 0][..], "blocks of 128 values in 0 parts"),
            (&[128, 1, 3, 5, 0], "blocks of 128 values in 3 parts"),
            (&[128, 128, 128, 1, 4, 5, 0], "blocks of 2097152 values"),
            (
                &[128, 1, 4, 255, 255, 255, 255, 127, 0],
                "more than the limit of 4194304 a page",
            ),
            (
                &[128, 1, 4, 2, 0, 0, 33, 0, 0, 0],
                "a difference of 33 bits",
            ),
            (&[128, 1, 4, 1, 1], "a length below 0"),
            (&[128, 1, 4, 2, 0, 0, 1, 0, 0, 0], SHORT),
        ] {
            let problem = lengths(&mut &bytes[..]).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn levels_are_counted_in_runs_and_in_packed_groups() {
        // Three times 1, then eight packed values of which four are 1.
        assert_eq!(present(&[6, 1, 3, 0b1010_1010], 1, 11), Ok(7));
        assert_eq!(present(&[6, 1, 3, 0b1010_1010], 1, 5), Ok(4));
        assert_eq!(present(&[6, 2, 6, 1], 2, 100), Ok(3));
        assert_eq!(present(&[], 1, 5), Ok(0));
    }
}
