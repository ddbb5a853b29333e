//! What the file says of its sources and of the records that it could not use.

use caveat_corpus::{Digest, Location, RejectReason};
use rusqlite::Connection;
use serde::Serialize;

use crate::account::{Account, Companion};
use crate::error::Fault;

/// A source and the account of the import that first brought it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredSource {
    /// Path as given at its first import, for people.
    pub path: String,
    /// Importer that read it.
    pub format: String,
    /// Version of the format as the importer recognised it.
    pub format_version: Option<String>,
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// The account.
    #[serde(flatten)]
    pub account: Account,
    /// Sentences of the importer.
    pub notes: Vec<String>,
    /// Files that were read together with it, in the order in which they came.
    pub companions: Vec<Companion>,
}

/// A record that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredReject {
    /// Path of the source as given at its first import.
    pub path: String,
    /// SHA-256 of the source.
    pub digest: Digest,
    /// Place in the source.
    pub location: Location,
    /// Why. Text from the source in it is not escaped.
    pub reason: String,
}

/// Sources in order of digest and format.
pub(crate) fn read_sources(connection: &Connection) -> Result<Vec<StoredSource>, Fault> {
    let mut notes =
        connection.prepare("SELECT text FROM notes WHERE source = ?1 ORDER BY position")?;
    let mut companions = connection
        .prepare("SELECT path, digest FROM companions WHERE source = ?1 ORDER BY position")?;
    let mut statement = connection.prepare(
        "SELECT id, path, format, format_version, digest, read, imported, already_present, rejected,
           grades_added, not_evaluable FROM sources ORDER BY digest, format",
    )?;
    let mut rows = statement.query([])?;
    let mut sources = Vec::new();
    while let Some(row) = rows.next()? {
        let count = |column: usize| -> Result<u64, Fault> {
            u64::try_from(row.get::<_, i64>(column)?)
                .map_err(|_| Fault::damaged("an account has a negative count"))
        };
        let id: i64 = row.get(0)?;
        let notes = notes.query_map([id], |row| row.get(0))?;
        let companions = companions.query_map([id], |row| {
            Ok(Companion {
                path: row.get(0)?,
                digest: Digest::from_bytes(row.get(1)?),
            })
        })?;
        sources.push(StoredSource {
            path: row.get(1)?,
            format: row.get(2)?,
            format_version: row.get(3)?,
            digest: Digest::from_bytes(row.get(4)?),
            account: Account {
                read: count(5)?,
                imported: count(6)?,
                already_present: count(7)?,
                rejected: count(8)?,
                grades_added: count(9)?,
                not_evaluable: count(10)?,
            },
            notes: notes.collect::<Result<_, _>>()?,
            companions: companions.collect::<Result<_, _>>()?,
        });
    }
    Ok(sources)
}

/// Reasons of one source that are told apart; the others are a number.
const MAX_REASONS: usize = 20;

/// The commonest reasons for rejects by source, in the order of [`read_sources`].
pub(crate) fn reject_reasons(
    connection: &Connection,
    digest: &Digest,
    format: &str,
) -> Result<Vec<RejectReason>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT r.reason, count(*) AS records FROM rejects r JOIN sources s ON s.id = r.source
         WHERE s.digest = ?1 AND s.format = ?2 GROUP BY r.reason
         ORDER BY records DESC, r.reason LIMIT ?3",
    )?;
    let most = i64::try_from(MAX_REASONS).unwrap_or(i64::MAX);
    let mut rows = statement.query((digest.as_bytes(), format, most))?;
    let mut reasons = Vec::new();
    while let Some(row) = rows.next()? {
        reasons.push(RejectReason {
            reason: row.get(0)?,
            records: u64::try_from(row.get::<_, i64>(1)?)
                .map_err(|_| Fault::damaged("a count is negative"))?,
        });
    }
    Ok(reasons)
}

/// Visits every reject, by source in order of digest and format, then as read.
pub(crate) fn visit_rejects(
    connection: &Connection,
    mut visit: impl FnMut(StoredReject),
) -> Result<(), Fault> {
    let mut statement = connection.prepare(
        "SELECT s.path, s.digest, r.entry, r.record, r.byte, r.reason
         FROM rejects r JOIN sources s ON s.id = r.source ORDER BY s.digest, s.format, r.id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let byte: Option<i64> = row.get(4)?;
        visit(StoredReject {
            path: row.get(0)?,
            digest: Digest::from_bytes(row.get(1)?),
            location: Location {
                entry: row.get(2)?,
                record: row.get(3)?,
                byte: byte.and_then(|byte| u64::try_from(byte).ok()),
            },
            reason: row.get(5)?,
        });
    }
    Ok(())
}
