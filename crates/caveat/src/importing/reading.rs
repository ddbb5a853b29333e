//! The reading side: one thread hashes a source, reads it, and queues what it finds.
//!
//! It knows nothing of the store. A file that changes between the first byte of
//! the hash and the last record is refused: its digest would name other bytes
//! than those that were read.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use caveat_corpus::{Digest, Record, Trace};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Reject, Sink, SinkClosed, Source, SourceFacts};
use caveat_store::{Companion, Held};
use sha2::{Digest as _, Sha256};

use super::Request;
use super::pipe::Sender;
use crate::exit::{self, Failure};

/// Most that is queued of one source, in bytes: enough to keep the writer busy
/// while the next source is opened, little beside the cache of the store.
pub(super) const BUDGET_BYTES: usize = 8 << 20;

/// Pieces that are queued at once, so that the lock is taken seldom.
const BATCH_PIECES: usize = 128;

/// Weight at which a batch is queued even if it holds few pieces.
const BATCH_BYTES: usize = 256 << 10;

/// What a reader tells the writer, in this order: one beginning, any number of
/// pieces, one end. The beginning is missing where the source cannot be read.
pub(super) enum Told {
    Begin(Hashed),
    Pieces(Vec<Piece>),
    End(Result<SourceFacts, Failure>),
}

/// One record of a source, usable or not.
pub(super) enum Piece {
    Record(Record),
    Reject(Reject),
}

/// What a source and its companions are, before they are read.
pub(super) struct Hashed {
    pub(super) digest: Digest,
    pub(super) bytes: u64,
    /// Bytes at the start that are all that the path held the last time.
    pub(super) held: u64,
    pub(super) companions: Vec<Companion>,
}

/// Reads a source into the queue. `held` is what its path held the last time,
/// `position` tells how far it is, in bytes.
pub(super) fn read(
    request: &Request,
    held: Option<Held>,
    sender: Sender<Told>,
    position: &AtomicU64,
) {
    let mut sink = PipeSink {
        sender,
        batch: Vec::new(),
        weight: 0,
        position,
    };
    let end = try_read(request, held, &mut sink);
    // A writer that is gone has its own reason, which it tells.
    let _ = sink.flush();
    let _ = sink.sender.send(Told::End(end), 1);
}

fn try_read(
    request: &Request,
    held: Option<Held>,
    sink: &mut PipeSink<'_>,
) -> Result<SourceFacts, Failure> {
    // Also for an importer that is named: the digest of a device has no end.
    caveat_importer::file::regular(&request.path)?;
    let before = stamps(request)?;
    let whole = hash(&request.path, held).map_err(|cause| unreadable(&request.path, cause))?;
    let hashed = Hashed {
        digest: whole.digest,
        bytes: whole.bytes,
        held: whole.held,
        companions: companions(request)?,
    };
    let closed = |_| Failure::from(ImportError::from(SinkClosed));
    let begin = sink.sender.send(Told::Begin(hashed), 1);
    begin.map_err(closed)?;
    let source = Source::new(&request.path);
    let facts = request.importer.import(&source, &request.options, sink);
    let facts = facts.map_err(|error| placed(error, request))?;
    if stamps(request)? != before {
        return Err(Failure::new(
            exit::REFUSED,
            format!(
                "`{}` changed while it was read\nhint: import it again when nothing writes to it",
                printable(&request.shown)
            ),
        ));
    }
    Ok(facts)
}

/// A fault of the options, with the place where they stand.
fn placed(error: ImportError, request: &Request) -> Failure {
    let of_options = matches!(error, ImportError::Options { .. });
    let mut failure = Failure::from(error);
    if let (true, Some(place)) = (of_options, &request.options_from) {
        let source = printable(&request.shown);
        failure.message = format!("{place}, for `{source}`: {}", failure.message);
    }
    failure
}

/// Size and time of the last change of everything that is read.
fn stamps(request: &Request) -> Result<Vec<(u64, Option<SystemTime>)>, Failure> {
    let companions = request.companions.iter().map(|companion| &companion.path);
    std::iter::once(&request.path)
        .chain(companions)
        .map(|path| {
            let found = fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
            Ok((found.len(), found.modified().ok()))
        })
        .collect()
}

fn companions(request: &Request) -> Result<Vec<Companion>, Failure> {
    let hashed = request.companions.iter().map(|companion| {
        caveat_importer::file::regular(&companion.path)?;
        Ok(Companion {
            path: companion.shown.clone(),
            digest: digest_of(&companion.path)?,
        })
    });
    hashed.collect()
}

fn digest_of(path: &Path) -> Result<Digest, Failure> {
    digest(path).map_err(|cause| unreadable(path, cause))
}

fn unreadable(path: &Path, cause: io::Error) -> Failure {
    let path = path.to_path_buf();
    ImportError::Io { path, cause }.into()
}

/// The SHA-256 of a file, read in pieces.
pub fn digest(path: &Path) -> io::Result<Digest> {
    Ok(hash(path, None)?.digest)
}

/// What a file is, and whether it begins with all that its path held before.
struct Whole {
    digest: Digest,
    bytes: u64,
    held: u64,
}

fn hash(path: &Path, held: Option<Held>) -> io::Result<Whole> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    // A path that was empty has held nothing.
    let mut awaited = held.filter(|held| held.bytes > 0);
    let mut whole = Whole {
        digest: Digest::from_bytes([0; 32]),
        bytes: 0,
        held: 0,
    };
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            whole.digest = Digest::from_bytes(hasher.finalize().into());
            return Ok(whole);
        }
        let mut piece = &buffer[..read];
        if let Some(held) = awaited {
            let missing = usize::try_from(held.bytes - whole.bytes).unwrap_or(usize::MAX);
            if missing <= piece.len() {
                let (before, after) = piece.split_at(missing);
                hasher.update(before);
                whole.bytes = held.bytes;
                piece = after;
                let digest = Digest::from_bytes(hasher.clone().finalize().into());
                whole.held = if digest == held.digest { held.bytes } else { 0 };
                awaited = None;
            }
        }
        hasher.update(piece);
        whole.bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
    }
}

/// Queues what an importer finds.
struct PipeSink<'a> {
    sender: Sender<Told>,
    batch: Vec<Piece>,
    weight: usize,
    position: &'a AtomicU64,
}

impl PipeSink<'_> {
    fn add(&mut self, piece: Piece, weight: usize) -> Result<(), SinkClosed> {
        self.batch.push(piece);
        self.weight += weight;
        match self.batch.len() >= BATCH_PIECES || self.weight >= BATCH_BYTES {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), SinkClosed> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH_PIECES));
        let weight = std::mem::take(&mut self.weight);
        let sent = self.sender.send(Told::Pieces(batch), weight);
        sent.map_err(|_| SinkClosed)
    }
}

impl Sink for PipeSink<'_> {
    fn record(&mut self, record: Record) -> Result<(), SinkClosed> {
        let weight = match &record {
            Record::Trace(trace) => weight(trace),
            Record::Cell(_) => SMALL_RECORD_BYTES,
        };
        self.add(Piece::Record(record), weight)
    }

    fn reject(&mut self, reject: Reject) -> Result<(), SinkClosed> {
        let weight = SMALL_RECORD_BYTES + reject.reason.len();
        self.add(Piece::Reject(reject), weight)
    }

    fn progress(&mut self, bytes_read: u64) {
        self.position.store(bytes_read, Ordering::Relaxed);
    }
}

/// A record with short names takes about as much.
const SMALL_RECORD_BYTES: usize = 1 << 10;

/// What a trace takes in memory, as far as data can make it large.
fn weight(trace: &Trace) -> usize {
    let texts = [
        &trace.prompt_text,
        &trace.response_text,
        &trace.record_id,
        &trace.run_id,
        &trace.technique,
        &trace.harm_category,
    ];
    let long: usize = texts
        .into_iter()
        .map(|text| text.as_ref().map_or(0, String::len))
        .sum();
    let raw = |grade: &caveat_corpus::Grade| 128 + grade.raw.as_ref().map_or(0, String::len);
    let grades: usize = trace.grades.iter().map(raw).sum();
    SMALL_RECORD_BYTES + trace.model.name.len() + long + grades
}
