//! Brings importers and the store together: one source, one transaction, one account.
//!
//! [`gather`] finds the files of a call, [`sorting`] says what they are,
//! [`import_all`] reads them: several at a time, each in a thread of its own,
//! while one writer takes what they find in the order of the sources. What ends
//! up in the store is the same for any number of threads.

pub mod gather;
pub mod mapping;
mod pipe;
mod reading;
mod rejects;
pub mod sorting;
mod writing;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::{self, Scope, ScopedJoinHandle};

use caveat_corpus::Digest;
use caveat_importer::text::printable;
use caveat_importer::{Importer, Options, Reject};
use caveat_store::{Account, Companion, Held, Restated, Store};
use serde::Serialize;

pub use reading::digest;
pub use rejects::{REJECTS_SUFFIX, RejectsFile, rejects_path};

use crate::exit::Failure;
use crate::progress::Progress;
use pipe::{Receiver, pipe};
use reading::Told;

/// Stack of a reader, as that of a main thread on most systems.
const READER_STACK_BYTES: usize = 8 << 20;

/// One source to import.
#[derive(Clone)]
pub struct Request {
    /// File.
    pub path: PathBuf,
    /// Path that is recorded, for people.
    pub shown: String,
    /// Importer that reads it.
    pub importer: &'static dyn Importer,
    /// Why this importer was chosen.
    pub reason: String,
    /// The mapping that gave the options, for the account.
    pub mapping: Option<String>,
    /// Where the options stand, for messages: a mapping file, or a part of a report.
    pub options_from: Option<String>,
    /// Files that are read together with it.
    pub companions: Vec<CompanionFile>,
    /// Options.
    pub options: Options,
    /// Refuse the source if any record is rejected.
    pub strict: bool,
}

impl Request {
    /// Gives it other options, and the companions that these name.
    pub fn with_options(&mut self, options: serde_json::Map<String, serde_json::Value>) {
        self.companions = sorting::companions(self.importer, &self.path, &options);
        self.options.format = options;
    }
}

/// A file that is read together with a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompanionFile {
    /// File.
    pub path: PathBuf,
    /// Path that is recorded, for people.
    pub shown: String,
}

/// What became of a source.
#[derive(Clone, Debug, Serialize)]
pub struct Imported {
    /// Path as given.
    pub path: String,
    /// Format.
    pub format: String,
    /// Version of the format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format_version: Option<String>,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// Files that were read together with it.
    pub companions: Vec<Companion>,
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// Why the importer was chosen, and what it has to say of the source.
    pub notes: Vec<String>,
}

/// Why a source was not imported. The store is as it was.
pub enum Refusal {
    /// The source is refused.
    Refused(Failure),
    /// The store failed, not the source.
    Store(Failure),
}

/// Learns of everything that becomes of the sources of a call, in their order.
pub trait Watch {
    /// A record cannot be used.
    fn rejected(&mut self, request: &Request, digest: Digest, reject: &Reject);

    /// A source has come to its end.
    fn done(&mut self, request: &Request, outcome: Result<Imported, Failure>);

    /// A source has added grades once more, after all had come to their end.
    fn restated(&mut self, _: &Restated) {}
}

/// Imports sources in the order given, each in one transaction.
///
/// A source that is refused leaves the store as it was, and the next one follows.
///
/// # Errors
/// What the store reports; what was done before stays.
pub fn import_all(
    store: &mut Store,
    requests: &[Request],
    progress: &Progress,
    watch: &mut dyn Watch,
) -> Result<(), Failure> {
    // As many as compute, so that `RAYON_NUM_THREADS` holds for all of caveat.
    let ahead = rayon::current_num_threads().max(1);
    thread::scope(|scope| {
        let mut waiting = requests.iter();
        let mut running = VecDeque::with_capacity(ahead);
        for request in requests {
            while running.len() < ahead {
                match waiting.next() {
                    Some(next) => {
                        let held = store.held(&next.shown, next.importer.info().name)?;
                        running.push_back(Reader::start(scope, next, held)?);
                    }
                    None => break,
                }
            }
            let Some(reader) = running.pop_front() else {
                break;
            };
            progress.source(&request.shown, &reader.position);
            let outcome = writing::write(store, request, &reader.receiver, progress, watch);
            let outcome = reader.finish(request, outcome);
            progress.end_source(size(request));
            match outcome {
                Ok(imported) => watch.done(request, Ok(imported)),
                Err(Refusal::Refused(failure)) => watch.done(request, Err(failure)),
                // The readers that still run find nobody to tell, and end.
                Err(Refusal::Store(failure)) => return Err(failure),
            }
        }
        Ok(())
    })?;
    for restated in store.settle()? {
        watch.restated(&restated);
    }
    Ok(())
}

/// Bytes of all sources, for progress.
pub fn total_bytes(requests: &[Request]) -> u64 {
    requests.iter().map(size).sum()
}

fn size(request: &Request) -> u64 {
    std::fs::metadata(&request.path).map_or(0, |found| found.len())
}

/// A thread that reads one source.
struct Reader<'scope> {
    receiver: Receiver<Told>,
    handle: ScopedJoinHandle<'scope, ()>,
    position: Arc<AtomicU64>,
}

impl<'scope> Reader<'scope> {
    fn start(
        scope: &'scope Scope<'scope, '_>,
        request: &'scope Request,
        held: Option<Held>,
    ) -> Result<Self, Failure> {
        let (sender, receiver) = pipe(reading::BUDGET_BYTES);
        let position = Arc::new(AtomicU64::new(0));
        let told = Arc::clone(&position);
        let handle = thread::Builder::new()
            .stack_size(READER_STACK_BYTES)
            .spawn_scoped(scope, move || reading::read(request, held, sender, &told))
            .map_err(|error| Failure::io(&request.path, &error))?;
        Ok(Self {
            receiver,
            handle,
            position,
        })
    }

    /// Waits for the thread. One that died is a fault of its importer alone.
    fn finish(
        self,
        request: &Request,
        outcome: Result<Imported, Refusal>,
    ) -> Result<Imported, Refusal> {
        drop(self.receiver);
        match self.handle.join() {
            Ok(()) => outcome,
            Err(_) => Err(Refusal::Refused(Failure::new(
                crate::exit::REFUSED,
                format!(
                    "the importer {} failed on `{}`\nhint: this is a fault of caveat; report it \
                     with the file",
                    request.importer.info().name,
                    printable(&request.shown)
                ),
            ))),
        }
    }
}

/// One reject as a line for people.
pub fn shown(path: &str, reject: &Reject) -> String {
    let mut place = printable(path);
    if let Some(entry) = &reject.location.entry {
        place.push_str(&format!(", {}", printable(entry)));
    }
    if let Some(record) = &reject.location.record {
        place.push_str(&format!(", record {}", printable(record)));
    }
    if let Some(byte) = reject.location.byte {
        place.push_str(&format!(", byte {byte}"));
    }
    format!("  {place}: {}", printable(&reject.reason))
}
