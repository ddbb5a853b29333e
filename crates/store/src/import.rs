//! One source into the store: a transaction from its first record to its account.
//!
//! Nothing is visible before [`SourceImport::commit`]; without it everything is
//! rolled back. A record is recognised by its identity, never by its file.

use std::fmt;
use std::path::Path;

use caveat_corpus::{Cell, Digest, GradeView, Location, Record, Trace, VerdictRule};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use crate::account::{Account, Companion, Recorded, SourceFacts, SourceInput};
use crate::alike::Alike;
use crate::error::{Fault, StoreError};
use crate::evidence::of_reply;
use crate::stated::{Content, Stated, statement};
use crate::texts::{TextFile, TextWriter};
use crate::write::{CellFate, CellFigures, TraceFigures, Writer};

/// Why a cell is refused that another source has with other counts.
const CONTRADICTED: &str = "a cell with the same labels and date is there with other counts; \
     import into a new store to replace it";

/// An import of one source that has begun and is not yet committed.
///
/// Dropped without [`commit`](SourceImport::commit), it leaves the store as it was.
pub struct SourceImport<'s> {
    // The statements must go before the transaction ends.
    writer: Writer<'s>,
    /// What the sources of the call have said before.
    call: &'s mut Stated,
    alike: Alike,
    account: Account,
    source: i64,
    known: bool,
    format: String,
    failed: bool,
    path: &'s Path,
    texts: Option<TextWriter<'s>>,
    transaction: Transaction<'s>,
}

/// The first eight bytes of an identity.
pub(crate) fn head(identity: &Digest) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = *identity.as_bytes();
    i64::from_le_bytes([a, b, c, d, e, f, g, h])
}

impl<'s> SourceImport<'s> {
    pub(crate) fn begin(
        connection: &'s Connection,
        path: &'s Path,
        texts: Option<&'s TextFile>,
        call: &'s mut Stated,
        input: SourceInput,
    ) -> Result<Self, StoreError> {
        Self::try_begin(connection, path, texts, call, input).map_err(|fault| fault.at(path))
    }

    fn try_begin(
        connection: &'s Connection,
        path: &'s Path,
        texts: Option<&'s TextFile>,
        call: &'s mut Stated,
        input: SourceInput,
    ) -> Result<Self, Fault> {
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        let texts = texts.map(TextFile::begin).transpose()?;
        let digest = input.digest.as_bytes();
        let known = connection
            .query_row(
                "SELECT id FROM sources WHERE digest = ?1 AND format = ?2",
                params![digest, input.format],
                |row| row.get(0),
            )
            .optional()?;
        let source = match known {
            Some(id) => id,
            None => {
                connection.execute(
                    "INSERT INTO sources(digest, format, path, read, imported, already_present,
                       rejected, grades_added, not_evaluable) VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0, 0)",
                    params![digest, input.format, input.path],
                )?;
                connection.last_insert_rowid()
            }
        };
        add_companions(connection, source, &input.companions)?;
        let content = Content {
            path: input.path,
            format: input.format.clone(),
            source,
            options: input.options,
            bytes: input.bytes,
            held: input.held,
        };
        let mut writer = Writer::new(connection, source, statement(connection, &content)?)?;
        writer.stated.stands(content);
        Ok(Self {
            writer,
            call,
            alike: Alike::default(),
            account: Account::default(),
            source,
            known: known.is_some(),
            format: input.format,
            failed: false,
            path,
            texts,
            transaction,
        })
    }

    /// Takes one record.
    ///
    /// A record with a number beyond the range of the file (2^63 - 1), or with
    /// more grades than a trace may hold (1,024), becomes a reject; so does a cell
    /// that another source has with the same labels and date and other counts.
    ///
    /// # Errors
    /// [`StoreError`] if the file cannot be written. The import is then over:
    /// drop it.
    pub fn record(&mut self, record: &Record) -> Result<Recorded, StoreError> {
        let recorded = match record {
            Record::Trace(trace) => self.trace(trace),
            Record::Cell(cell) => self.cell(cell),
        };
        let recorded = self.checked(recorded)?;
        self.account.count(&recorded);
        Ok(recorded)
    }

    /// Takes a record that the importer could not use, with its place and the reason.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn reject(&mut self, location: &Location, reason: &str) -> Result<(), StoreError> {
        let kept = self.keep_reject(location, reason);
        self.checked(kept)?;
        self.account.count(&Recorded::Rejected(String::new()));
        Ok(())
    }

    /// The account so far.
    pub const fn account(&self) -> Account {
        self.account
    }

    /// Ends the import and makes it visible, all at once.
    ///
    /// Grades that this source states once more after another source had replaced
    /// them count from [`Store::settle`](crate::Store::settle) on.
    ///
    /// The file keeps the account of the import that first brought the source;
    /// the account that is returned is always that of this import.
    ///
    /// # Errors
    /// [`StoreError::Aborted`] if a record failed before, otherwise as
    /// [`record`](Self::record); the store is then unchanged.
    pub fn commit(self, facts: &SourceFacts) -> Result<Account, StoreError> {
        let path = self.path;
        if self.failed {
            return Err(StoreError::Aborted {
                path: path.to_path_buf(),
            });
        }
        self.try_commit(facts).map_err(|fault| fault.at(path))
    }

    fn try_commit(self, facts: &SourceFacts) -> Result<Account, Fault> {
        let Self {
            writer,
            call,
            account,
            source,
            known,
            texts,
            transaction,
            ..
        } = self;
        let stated = writer.end();
        if !known {
            finish_source(&transaction, source, &account, facts)?;
        }
        // First: a text that nothing names does no harm, a name without its text would.
        texts.map(TextWriter::commit).transpose()?;
        transaction.commit()?;
        call.extend(stated);
        Ok(account)
    }

    fn checked<T>(&mut self, result: Result<T, Fault>) -> Result<T, StoreError> {
        self.failed |= result.is_err();
        result.map_err(|fault| fault.at(self.path))
    }

    /// A source that is imported again has its rejects in the file already.
    fn keep_reject(&mut self, location: &Location, reason: &str) -> Result<(), Fault> {
        if self.known {
            return Ok(());
        }
        self.writer.reject(location, reason)
    }

    fn refuse(
        &mut self,
        location: &Location,
        reason: &dyn fmt::Display,
    ) -> Result<Recorded, Fault> {
        let reason = reason.to_string();
        self.keep_reject(location, &reason)?;
        Ok(Recorded::Rejected(reason))
    }

    fn trace(&mut self, trace: &Trace) -> Result<Recorded, Fault> {
        let figures = match TraceFigures::of(trace) {
            Ok(figures) => figures,
            Err(reason) => return self.refuse(&trace.location, &reason),
        };
        let (identity, found) = self.find_trace(trace)?;
        let (id, recorded) = match found {
            Some(id) => match self.writer.add_grades(id, trace)? {
                Ok(added) => {
                    self.account.grades_added += added;
                    (id, Recorded::AlreadyPresent)
                }
                Err(reason) => return self.refuse(&trace.location, &reason),
            },
            None => (
                self.writer.add_trace(&identity, trace, &figures)?,
                Recorded::Imported,
            ),
        };
        self.keep_texts(id, trace)?;
        let views: Vec<GradeView<'_>> = trace.grades.iter().map(GradeView::from).collect();
        let verdict = of_reply(trace.outcome, VerdictRule::Coalesce.verdict(&views));
        let evaluable = verdict.is_evaluable();
        self.account.not_evaluable += u64::from(!evaluable);
        Ok(recorded)
    }

    /// Also for a trace that is known: texts may be asked for later.
    fn keep_texts(&mut self, id: i64, trace: &Trace) -> Result<(), Fault> {
        let Some(texts) = &mut self.texts else {
            return Ok(());
        };
        let mut keep = |text: &Option<String>| {
            let digest = text.as_deref().map(|text| texts.keep(text));
            digest.transpose()
        };
        let (prompt, response) = (keep(&trace.prompt_text)?, keep(&trace.response_text)?);
        if prompt.is_none() && response.is_none() {
            return Ok(());
        }
        self.writer.keep(id, prompt.as_ref(), response.as_ref())
    }

    /// The record's own id makes a trace unique; without one its ordinal does.
    fn find_trace(&mut self, trace: &Trace) -> Result<(Digest, Option<i64>), Fault> {
        let first = trace.identity(&self.format, 0);
        if trace.record_id.is_some() {
            return Ok((first, self.writer.find_trace(&first)?));
        }
        self.alike
            .find(&mut self.writer, trace, &self.format, first)
    }

    fn cell(&mut self, cell: &Cell) -> Result<Recorded, Fault> {
        let figures = match CellFigures::of(cell) {
            Ok(figures) => figures,
            Err(reason) => return self.refuse(&cell.location, &reason),
        };
        let first = cell.identity(&self.format, 0);
        let identity = match self.alike.next(&first) {
            0 => first,
            ordinal => cell.identity(&self.format, ordinal),
        };
        let recorded = match self.writer.add_cell(&identity, cell, &figures)? {
            CellFate::New => Recorded::Imported,
            CellFate::Known => Recorded::AlreadyPresent,
            CellFate::Contradicts => return self.refuse(&cell.location, &CONTRADICTED),
        };
        self.account.not_evaluable += cell.counts.not_evaluable();
        Ok(recorded)
    }
}

/// Lists companions that were not yet read with this source, in the order given.
fn add_companions(
    connection: &Connection,
    source: i64,
    companions: &[Companion],
) -> Result<(), Fault> {
    let mut known =
        connection.prepare("SELECT count(*) FROM companions WHERE source = ?1 AND digest = ?2")?;
    let mut add = connection.prepare(
        "INSERT INTO companions
           SELECT ?1, coalesce(max(position) + 1, 0), ?2, ?3 FROM companions WHERE source = ?1",
    )?;
    for companion in companions {
        let digest = companion.digest.as_bytes();
        let listed: i64 = known.query_row(params![source, digest], |row| row.get(0))?;
        if listed == 0 {
            add.execute(params![source, companion.path, digest])?;
        }
    }
    Ok(())
}

fn finish_source(
    connection: &Connection,
    source: i64,
    account: &Account,
    facts: &SourceFacts,
) -> Result<(), Fault> {
    // Counts of records that were read one by one stay far below 2^63.
    let count = |records: u64| i64::try_from(records).unwrap_or(i64::MAX);
    connection.execute(
        "UPDATE sources SET format_version = ?2, read = ?3, imported = ?4, already_present = ?5,
           rejected = ?6, grades_added = ?7, not_evaluable = ?8 WHERE id = ?1",
        params![
            source,
            facts.format_version,
            count(account.read),
            count(account.imported),
            count(account.already_present),
            count(account.rejected),
            count(account.grades_added),
            count(account.not_evaluable),
        ],
    )?;
    let mut add = connection.prepare("INSERT INTO notes VALUES (?1, ?2, ?3)")?;
    for (position, note) in (0_i64..).zip(&facts.notes) {
        add.execute(params![source, position, note])?;
    }
    Ok(())
}
