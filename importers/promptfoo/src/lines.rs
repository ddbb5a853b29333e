//! JSON lines: one result a line, without a head.
//!
//! Nothing in the file names the evaluation. A line that is broken, or too
//! long, is one reject; the lines after it are read.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use caveat_corpus::Location;
use caveat_importer::Limits;
use caveat_importer::lines::{Line, Lines};

use crate::fault::Fault;
use crate::row::RawRow;
use crate::walk::{self, Fact, Origin, Visitor};

/// Every file of lines is one evaluation, as far as can be seen.
const RUN: usize = 0;

/// Walks the lines.
pub(crate) fn walk(path: &Path, limits: &Limits, visitor: &mut dyn Visitor) -> Result<(), Fault> {
    let size = std::fs::metadata(path)?.len();
    let mut lines = Lines::new(BufReader::new(File::open(path)?), limits.max_record_bytes);
    loop {
        let Some((at, line)) = lines.next_line()? else {
            return Ok(());
        };
        let location = Location {
            entry: None,
            record: Some(at.line.to_string()),
            byte: Some(at.byte),
        };
        match line {
            Line::Whole(bytes) => {
                let bytes = if at.byte == 0 {
                    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
                } else {
                    bytes
                };
                if !bytes.trim_ascii().is_empty() {
                    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                    let is_last = at.byte.saturating_add(length) >= size;
                    if is_last && !bytes.trim_ascii_end().ends_with(b"}") {
                        visitor.fact(
                            RUN,
                            Fact::Note(
                                "the last line is cut short, as a run that was ended leaves it"
                                    .to_owned(),
                            ),
                        );
                    }
                    visitor.row(RUN, Origin::Results, location, RawRow::Json(bytes))?;
                }
            }
            Line::TooLong { bytes } => {
                visitor.broken(
                    RUN,
                    Origin::Results,
                    location,
                    walk::too_long(bytes, limits),
                )?;
            }
        }
        visitor.progress(lines.bytes_read());
    }
}
