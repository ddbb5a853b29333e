//! Brings importers and the store together: one source, one transaction, one account.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use caveat_corpus::{Digest, Record};
use caveat_importer::text::printable;
use caveat_importer::{
    ImportError, Importer, Options, Recognition, Reject, Resemblance, Sink, SinkClosed, Source,
    recognise,
};
use caveat_store::{Account, SourceFacts, SourceImport, SourceInput, Store, StoreError};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::builtin;
use crate::exit::Failure;
use crate::progress::Progress;

/// One source to import.
pub struct Request {
    /// File.
    pub path: PathBuf,
    /// Path that is recorded, for people.
    pub shown: String,
    /// Importer, if named.
    pub from: Option<String>,
    /// Options.
    pub options: Options,
    /// Refuse the source if any record is rejected.
    pub strict: bool,
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
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// Why the importer was chosen, and what it has to say of the source.
    pub notes: Vec<String>,
    /// Rejects with their places.
    #[serde(skip)]
    pub rejects: Vec<Reject>,
}

/// Why a source was not imported. The store is as it was.
pub enum Refusal {
    /// No importer claims the file; the reasons of those that almost did.
    Unknown(Vec<Resemblance>),
    /// The source is refused.
    Refused(Failure),
    /// The store failed, not the source.
    Store(Failure),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Refusal::Store(error.into())
    }
}

/// Imports one source in one transaction.
pub fn import(
    store: &mut Store,
    request: &Request,
    progress: &Progress,
) -> Result<Imported, Refusal> {
    // Also for an importer that is named: the digest of a device has no end.
    caveat_importer::file::regular(&request.path)
        .map_err(|error| Refusal::Refused(error.into()))?;
    let chosen = choose(request)?;
    let path = &request.path;
    let digest = digest(path).map_err(|cause| {
        let error = ImportError::Io {
            path: path.clone(),
            cause,
        };
        Refusal::Refused(error.into())
    })?;
    let info = chosen.importer.info();
    let mut sink = StoreSink {
        import: store.begin_source(SourceInput {
            path: request.shown.clone(),
            format: info.name.to_owned(),
            digest,
        })?,
        rejects: Vec::new(),
        failed: None,
        progress,
    };
    let read = chosen
        .importer
        .import(&Source::new(path), &request.options, &mut sink);
    if let Some(error) = sink.failed.take() {
        return Err(error.into());
    }
    let facts = read.map_err(|error| Refusal::Refused(error.into()))?;
    if request.strict && !sink.rejects.is_empty() {
        return Err(Refusal::Refused(strict(&request.shown, &sink.rejects)));
    }
    let mut notes = vec![chosen.reason];
    notes.extend(facts.notes.iter().cloned());
    let StoreSink {
        import, rejects, ..
    } = sink;
    let account = import.commit(&SourceFacts {
        format_version: facts.format_version.clone(),
        notes: facts.notes,
    })?;
    Ok(Imported {
        path: request.shown.clone(),
        format: info.name.to_owned(),
        format_version: facts.format_version,
        digest,
        account,
        notes,
        rejects,
    })
}

struct Chosen {
    importer: &'static dyn Importer,
    reason: String,
}

fn choose(request: &Request) -> Result<Chosen, Refusal> {
    if let Some(name) = &request.from {
        let importer = builtin::by_name(name).map_err(Refusal::Refused)?;
        return Ok(Chosen {
            importer,
            reason: format!("read as {name}, as asked"),
        });
    }
    let importers = builtin::importers();
    let recognition =
        recognise(&importers, &request.path).map_err(|error| Refusal::Refused(error.into()))?;
    match recognition {
        Recognition::One(found) => Ok(Chosen {
            reason: format!(
                "recognised as {} ({}% sure): {}",
                found.importer.info().name,
                found.confidence,
                found.reason
            ),
            importer: builtin::by_name(found.importer.info().name).map_err(Refusal::Refused)?,
        }),
        Recognition::None(almost) => Err(Refusal::Unknown(almost)),
        Recognition::Ambiguous(claims) => {
            let names: Vec<String> = claims
                .iter()
                .map(|claim| format!("{} ({})", claim.importer.info().name, claim.reason))
                .collect();
            Err(Refusal::Refused(Failure::new(
                crate::exit::REFUSED,
                format!(
                    "`{}` could be several formats: {}\nhint: say which with `--from FORMAT`",
                    printable(&request.shown),
                    printable(&names.join("; "))
                ),
            )))
        }
    }
}

/// The refusal of a strict import: the first rejects, and how many there are.
fn strict(path: &str, rejects: &[Reject]) -> Failure {
    let first: Vec<String> = rejects
        .iter()
        .take(3)
        .map(|reject| shown(path, reject))
        .collect();
    Failure::new(
        crate::exit::REFUSED,
        format!(
            "{} of the records of `{}` cannot be used, and `--strict` refuses such a source\n{}\n\
             hint: mend the records, or import the rest without `--strict`",
            rejects.len(),
            printable(path),
            first.join("\n")
        ),
    )
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

/// The SHA-256 of a file, read in pieces.
pub fn digest(path: &Path) -> std::io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Digest::from_bytes(hasher.finalize().into()));
        }
        hasher.update(&buffer[..read]);
    }
}

/// Passes records on to the store and remembers the first fault of the store.
struct StoreSink<'a, 's> {
    import: SourceImport<'s>,
    rejects: Vec<Reject>,
    failed: Option<StoreError>,
    progress: &'a Progress,
}

impl StoreSink<'_, '_> {
    fn keep<T>(&mut self, result: Result<T, StoreError>) -> Result<(), SinkClosed> {
        match result {
            Ok(_) => Ok(()),
            Err(error) => {
                self.failed.get_or_insert(error);
                Err(SinkClosed)
            }
        }
    }
}

impl Sink for StoreSink<'_, '_> {
    fn record(&mut self, record: Record) -> Result<(), SinkClosed> {
        let result = self.import.record(&record);
        self.progress.record();
        self.keep(result)
    }

    fn reject(&mut self, reject: Reject) -> Result<(), SinkClosed> {
        let result = self.import.reject(&reject.location, &reject.reason);
        self.rejects.push(reject);
        self.keep(result)
    }

    fn progress(&mut self, bytes_read: u64) {
        self.progress.bytes(bytes_read);
    }
}
