//! Reads exported conversations in JSON: one list of pieces.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use caveat_importer::json::{self, Content, Key, Pieces, PiecesError};
use caveat_importer::text::printable;
use caveat_importer::{Limits, Options, Reject, Sink, SourceFacts};
use serde_json::Value;

use crate::export::{Export, Objects, Span};
use crate::fault::Fault;
use crate::graders::GivenRules;
use crate::run::Loaded;

/// Pieces between two reports of progress.
const PROGRESS_PIECES: u64 = 4096;

/// Reads a file from start to end, twice.
pub(crate) fn read(
    path: &Path,
    rules: GivenRules,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, Fault> {
    let limits = options.limits;
    let mut export = Export::new(rules, limits);
    let mut pieces = Pieces::new(File::open(path)?, &[""], &limits);
    loop {
        let piece = match pieces.next_piece() {
            Ok(Some(piece)) => piece,
            Ok(None) => break,
            Err(PiecesError::Io(cause)) => return Err(Fault::Io(cause)),
            Err(PiecesError::Truncated { byte }) => {
                export.told.is_cut_short = true;
                if let Some(reject) = half(&pieces, byte) {
                    sink.reject(reject)?;
                }
                break;
            }
            Err(error) => {
                return Err(Fault::content(
                    printable(&error.to_string()),
                    "copy the file again from its origin",
                ));
            }
        };
        let Key::Index(record) = piece.key else {
            return Err(Fault::content(
                "expected a list of message pieces, found something else",
                "name a file that `export_conversations` wrote",
            ));
        };
        let (bytes, object) = match piece.content {
            Content::Whole(content) => (content.len(), parse(content, &limits)),
            Content::TooLong { bytes } => {
                let longest = limits.max_record_bytes;
                let reason = format!("it has {bytes} bytes, at most {longest} are read");
                (0, Err(reason))
            }
        };
        let span = Span {
            record,
            byte: piece.byte,
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
        };
        export.add(span, object, sink)?;
        if record.is_multiple_of(PROGRESS_PIECES) {
            // Half of the work is still to come.
            sink.progress(pieces.bytes_read() / 2);
        }
    }
    let size_bytes = pieces.bytes_read();
    let again = Again {
        file: File::open(path)?,
        buffer: Vec::new(),
        limits,
    };
    export.finish(again, size_bytes, options, sink)
}

fn half(pieces: &Pieces<File>, end: u64) -> Option<Reject> {
    let half = pieces.unfinished()?;
    Some(Reject {
        location: caveat_corpus::Location {
            entry: None,
            record: Some(half.key.clone()),
            byte: Some(half.byte),
        },
        reason: format!("the file ends within it, at byte {end}"),
    })
}

fn parse(content: &[u8], limits: &Limits) -> Loaded {
    match json::parse::<Value>(content, limits) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("expected an object".to_owned()),
        Err(fault) => Err(fault.to_string()),
    }
}

/// The file, read piece by piece again.
struct Again {
    file: File,
    buffer: Vec<u8>,
    limits: Limits,
}

impl Objects for Again {
    fn object(&mut self, span: Span) -> Result<Loaded, Fault> {
        self.file.seek(SeekFrom::Start(span.byte))?;
        self.buffer.clear();
        (&mut self.file)
            .take(span.bytes)
            .read_to_end(&mut self.buffer)?;
        Ok(parse(&self.buffer, &self.limits))
    }
}
