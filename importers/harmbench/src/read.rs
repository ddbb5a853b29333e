//! Streams the behaviours of a file, entry by entry.
//!
//! A file that ends too early gives what is whole and one reject for the half
//! entry; anything else that is no JSON refuses the file.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::Path;

use caveat_corpus::{Digest, Location, Record, Trace, Verdict};
use caveat_importer::json::{Content, Key, Piece, Pieces, PiecesError};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Options, Reject, Sink, SinkClosed, SourceFacts};

use crate::FORMAT;
use crate::entry::{self, CLASSIFIER, PREFIXES};
use crate::origin::Origin;

/// Entries between two reports of progress.
const PROGRESS_ENTRIES: u64 = 4096;

/// Reads a file of completions or results.
pub(crate) fn read(
    path: &Path,
    origin: &Origin,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    let io = |cause| ImportError::Io {
        path: path.to_path_buf(),
        cause,
    };
    caveat_importer::file::regular(path)?;
    let file = File::open(path).map_err(io)?;
    let mut pieces = Pieces::new(file, &["*"], &options.limits);
    let mut reader = Reader {
        origin,
        options,
        tally: Tally::default(),
        seen: HashSet::new(),
        is_repeated: false,
    };
    let mut cut_short = false;
    loop {
        match pieces.next_piece() {
            Ok(Some(piece)) => reader.send(piece, sink)?,
            Ok(None) => break,
            Err(PiecesError::Io(cause)) => return Err(io(cause)),
            Err(PiecesError::Truncated { byte }) => {
                if let Some(reject) = half_entry(&pieces, byte) {
                    sink.reject(reject)?;
                }
                cut_short = true;
                break;
            }
            Err(error) => {
                return Err(refused(
                    path,
                    printable(&error.to_string()),
                    "copy the file again from its origin; a file of HarmBench is one JSON object",
                ));
            }
        }
        if reader.tally.entries.is_multiple_of(PROGRESS_ENTRIES) {
            sink.progress(pieces.bytes_read());
        }
    }
    let lists = pieces.containers("*");
    let mut tally = reader.tally;
    if lists == 0 && tally.traces == 0 {
        return Err(refused(
            path,
            "expected an object of behaviours with their entries, found none".to_owned(),
            "name a file of completions or of results",
        ));
    }
    tally.empty = lists.saturating_sub(tally.behaviors);
    sink.progress(pieces.bytes_read());
    Ok(SourceFacts {
        format_version: None,
        notes: notes(origin, &tally, cut_short),
    })
}

/// What the entries add up to.
#[derive(Default)]
struct Tally {
    entries: u64,
    traces: u64,
    /// Behaviours with entries.
    behaviors: u64,
    /// Behaviours without.
    empty: u64,
    /// Grades by grader and verdict.
    grades: BTreeMap<(String, Verdict), u64>,
}

/// What is the same for every entry.
struct Reader<'a> {
    origin: &'a Origin,
    options: &'a Options,
    tally: Tally,
    /// Behaviours met so far.
    seen: HashSet<Digest>,
    /// The behaviour that is being read was met before.
    is_repeated: bool,
}

impl Reader<'_> {
    fn send(&mut self, piece: Piece<'_>, sink: &mut dyn Sink) -> Result<(), SinkClosed> {
        self.tally.entries += 1;
        let location = Location {
            entry: Some(piece.path.to_owned()).filter(|behavior| !behavior.is_empty()),
            record: Some(match piece.key {
                Key::Name(name) => name.to_owned(),
                Key::Index(position) => position.to_string(),
            }),
            byte: Some(piece.byte),
        };
        match self.trace(piece, location.clone()) {
            Ok(trace) => {
                self.tally.add(&trace);
                sink.record(Record::Trace(Box::new(trace)))
            }
            Err(reason) => sink.reject(Reject { location, reason }),
        }
    }

    fn trace(&mut self, piece: Piece<'_>, location: Location) -> Result<Trace, String> {
        let Key::Index(position) = piece.key else {
            // The value of a behaviour is no list. What stands in an object
            // comes one by one, and the object was counted among the lists.
            if !piece.path.is_empty() && self.seen.insert(Digest::of(piece.path.as_bytes())) {
                self.tally.behaviors += 1;
            }
            return Err("expected a list of entries for each behaviour".to_owned());
        };
        if position == 0 {
            self.tally.behaviors += 1;
            self.is_repeated = !self.seen.insert(Digest::of(piece.path.as_bytes()));
        }
        if self.is_repeated {
            return Err("its behaviour occurs twice in the file; the first is read".to_owned());
        }
        let longest = self.options.limits.max_record_bytes;
        let bytes = match piece.content {
            Content::Whole(bytes) => bytes,
            Content::TooLong { bytes } => {
                return Err(format!("it has {bytes} bytes, at most {longest} are read"));
            }
        };
        entry::trace(
            bytes,
            piece.path,
            position,
            location,
            self.origin,
            self.options,
        )
    }
}

impl Tally {
    fn add(&mut self, trace: &Trace) {
        self.traces += 1;
        for grade in &trace.grades {
            let grader = grade.grader.clone().unwrap_or_default();
            *self.grades.entry((grader, grade.verdict)).or_default() += 1;
        }
    }

    fn grades(&self, grader: &str, verdict: Verdict) -> u64 {
        let count = self.grades.get(&(grader.to_owned(), verdict));
        count.copied().unwrap_or(0)
    }
}

fn half_entry<R>(pieces: &Pieces<R>, end: u64) -> Option<Reject>
where
    R: std::io::Read,
{
    let half = pieces.unfinished()?;
    Some(Reject {
        location: Location {
            entry: Some(half.path.clone()).filter(|behavior| !behavior.is_empty()),
            record: Some(half.key.clone()),
            byte: Some(half.byte),
        },
        reason: format!("the file ends within it, at byte {end}"),
    })
}

fn refused(path: &Path, found: String, hint: &str) -> ImportError {
    ImportError::Refused {
        path: path.to_path_buf(),
        format: FORMAT,
        found,
        hint: hint.to_owned(),
    }
}

fn notes(origin: &Origin, tally: &Tally, cut_short: bool) -> Vec<String> {
    let mut notes = vec![origin.note.clone()];
    for (grader, rule) in [
        (CLASSIFIER, "`label` 1 is compliance, 0 is refusal"),
        (
            PREFIXES,
            "`advbench_label` 1, no known refusal at the start of the reply, is compliance, 0 is refusal",
        ),
    ] {
        let [complied, refused, failed] =
            [Verdict::Compliance, Verdict::Refusal, Verdict::ParseError]
                .map(|verdict| tally.grades(grader, verdict));
        if complied + refused + failed > 0 {
            notes.push(format!(
                "{grader}: {rule}; any other value is a grader that failed: {failed}"
            ));
        }
    }
    if tally.traces > 0 && tally.grades.is_empty() {
        notes.push(
            "no entry has a label: these are completions; import the results beside them to add the grades"
                .to_owned(),
        );
    }
    if tally.empty > 0 {
        notes.push(format!(
            "behaviours without a test case, of which nothing is imported: {}",
            tally.empty
        ));
    }
    if cut_short {
        notes.push(format!(
            "the file is cut short: what is whole was read, {} traces",
            tally.traces
        ));
    }
    notes
}
