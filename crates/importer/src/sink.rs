//! Where records and rejects go.

use caveat_corpus::{Location, Record};

/// A record that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Reject {
    /// Place in the source.
    pub location: Location,
    /// Why, with what was expected. Text from the source is escaped when shown, not here.
    pub reason: String,
}

/// Receives what an importer reads.
pub trait Sink {
    /// Takes one record.
    ///
    /// # Errors
    /// [`SinkClosed`] when the receiver stops; the importer returns it.
    fn record(&mut self, record: Record) -> Result<(), SinkClosed>;

    /// Takes one reject.
    ///
    /// # Errors
    /// [`SinkClosed`] when the receiver stops; the importer returns it.
    fn reject(&mut self, reject: Reject) -> Result<(), SinkClosed>;

    /// Says how many bytes of the source have been read, for progress. Optional.
    fn progress(&mut self, _bytes_read: u64) {}
}

/// The receiver stopped, for a reason of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the receiver of the records stopped")]
pub struct SinkClosed;

/// A sink that keeps everything, for tests and for small sources.
#[derive(Debug, Default)]
pub struct Collector {
    /// Records in the order of the source.
    pub records: Vec<Record>,
    /// Rejects in the order of the source.
    pub rejects: Vec<Reject>,
}

impl Sink for Collector {
    fn record(&mut self, record: Record) -> Result<(), SinkClosed> {
        self.records.push(record);
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> Result<(), SinkClosed> {
        self.rejects.push(reject);
        Ok(())
    }
}
