//! The writing side: what a reader found, into the store, in one transaction.
//!
//! Nothing of a source is in the store before its reader has told its end.

use caveat_corpus::Digest;
use caveat_importer::Reject;
use caveat_importer::text::printable;
use caveat_store::{Recorded, SourceFacts, SourceImport, SourceInput, Store, StoreError};

use super::pipe::Receiver;
use super::reading::{Hashed, Piece, Told};
use super::{Imported, Refusal, Request, Watch, shown};
use crate::exit::{self, Failure};
use crate::progress::Progress;

/// Rejects that a strict refusal shows.
const SHOWN_REJECTS: usize = 3;

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Refusal::Store(error.into())
    }
}

/// How a source is read: with which options, and together with what.
fn reading_of(request: &Request, hashed: &Hashed) -> Digest {
    let mut reading = serde_json::Value::Object(request.options.format.clone()).to_string();
    for companion in &hashed.companions {
        reading.push('\n');
        reading.push_str(&companion.digest.to_hex());
    }
    Digest::of(reading.as_bytes())
}

/// Takes everything that a reader tells of a source.
pub(super) fn write(
    store: &mut Store,
    request: &Request,
    receiver: &Receiver<Told>,
    progress: &Progress,
    watch: &mut dyn Watch,
) -> Result<Imported, Refusal> {
    let hashed = match receiver.receive() {
        Some(Told::Begin(hashed)) => hashed,
        Some(Told::End(Err(failure))) => return Err(Refusal::Refused(failure)),
        _ => return Err(Refusal::Refused(no_end(request))),
    };
    let import = store.begin_source(SourceInput {
        path: request.shown.clone(),
        format: request.importer.info().name.to_owned(),
        digest: hashed.digest,
        options: reading_of(request, &hashed),
        companions: hashed.companions.clone(),
        bytes: hashed.bytes,
        held: hashed.held,
    })?;
    let mut taken = Taken {
        request,
        hashed,
        import,
        first_rejects: Vec::new(),
        rejects: 0,
        progress,
        watch,
    };
    loop {
        match receiver.receive() {
            Some(Told::Pieces(pieces)) => taken.take(pieces)?,
            Some(Told::End(Ok(facts))) => return taken.commit(facts),
            Some(Told::End(Err(failure))) => return Err(Refusal::Refused(failure)),
            Some(Told::Begin(_)) | None => return Err(Refusal::Refused(no_end(request))),
        }
    }
}

/// A source while it is written.
struct Taken<'a, 's> {
    request: &'a Request,
    hashed: Hashed,
    import: SourceImport<'s>,
    first_rejects: Vec<String>,
    rejects: u64,
    progress: &'a Progress,
    watch: &'a mut dyn Watch,
}

impl Taken<'_, '_> {
    fn take(&mut self, pieces: Vec<Piece>) -> Result<(), StoreError> {
        let records = pieces.len();
        for piece in pieces {
            match piece {
                Piece::Record(record) => {
                    if let Recorded::Rejected(reason) = self.import.record(&record)? {
                        let location = match record {
                            caveat_corpus::Record::Trace(trace) => trace.location,
                            caveat_corpus::Record::Cell(cell) => cell.location,
                        };
                        self.rejected(&Reject { location, reason });
                    }
                }
                Piece::Reject(reject) => {
                    self.import.reject(&reject.location, &reject.reason)?;
                    self.rejected(&reject);
                }
            }
        }
        self.progress.records(records, self.rejects);
        Ok(())
    }

    fn rejected(&mut self, reject: &Reject) {
        self.rejects += 1;
        if self.first_rejects.len() < SHOWN_REJECTS {
            self.first_rejects.push(shown(&self.request.shown, reject));
        }
        self.watch
            .rejected(self.request, self.hashed.digest, reject);
    }

    fn commit(self, facts: caveat_importer::SourceFacts) -> Result<Imported, Refusal> {
        if self.request.strict && self.rejects > 0 {
            return Err(Refusal::Refused(self.strict()));
        }
        let request = self.request;
        let mut stored = facts.notes;
        stored.extend(request.mapping.clone());
        let mut notes = vec![request.reason.clone()];
        notes.extend(stored.iter().cloned());
        let account = self.import.commit(&SourceFacts {
            format_version: facts.format_version.clone(),
            notes: stored,
        })?;
        Ok(Imported {
            path: request.shown.clone(),
            format: request.importer.info().name.to_owned(),
            format_version: facts.format_version,
            digest: self.hashed.digest,
            companions: self.hashed.companions,
            account,
            notes,
        })
    }

    /// The refusal of a strict import: the first rejects, and how many there are.
    fn strict(&self) -> Failure {
        Failure::new(
            exit::REFUSED,
            format!(
                "{} of the records of `{}` cannot be used, and `--strict` refuses such a source\n{}\n\
                 hint: mend the records, or import the rest without `--strict`",
                self.rejects,
                printable(&self.request.shown),
                self.first_rejects.join("\n")
            ),
        )
    }
}

/// A reader that went without a word; its thread says why.
fn no_end(request: &Request) -> Failure {
    Failure::new(
        exit::REFUSED,
        format!(
            "the reading of `{}` stopped without an end\nhint: this is a fault of caveat; report it",
            printable(&request.shown)
        ),
    )
}
