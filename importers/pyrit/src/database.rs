//! Reads a memory database.
//!
//! Pieces are indexed once without their texts, then read one by one. Row ids
//! are used to find rows again, never as identity. Row order is the order in
//! which rows were written, and that is the order of what comes out.

use std::path::Path;

use caveat_corpus::Location;
use caveat_importer::sqlite::{self, Budget, Database, SqliteFault, Tables};
use caveat_importer::{Claim, Limits, Options, Probe, Resemblance, Sink, SourceFacts};
use rusqlite::OptionalExtension as _;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::fields::{Object, needed, word};
use crate::gather::{self, Gathered};
use crate::graders::GivenRules;
use crate::index::{Entry, Id};
use crate::run::{self, Loaded, Memory};
use crate::schema::{self, CONVERTERS, PIECE_CONVERTERS, PIECES, SCORES, Select};
use crate::{notes, unanswered};

const SCHEMA_HINT: &str = "copy the database again with its tables as PyRIT made them; \
    importers/pyrit/README.md lists what is read";

/// Most converters of one piece that are named; real chains have three.
const MAX_CONVERTERS: u32 = 64;

const PIECE_COLUMNS: [&str; 20] = [
    "id",
    "role",
    "conversation_id",
    "sequence",
    "timestamp",
    "labels",
    "prompt_metadata",
    "targeted_harm_categories",
    "converter_identifiers",
    "prompt_target_identifier",
    "attack_identifier",
    "orchestrator_identifier",
    "response_error",
    "original_value_data_type",
    "original_value",
    "original_value_sha256",
    "converted_value_data_type",
    "converted_value",
    "converted_value_sha256",
    "original_prompt_id",
];

pub(crate) const SCORE_COLUMNS: [&str; 10] = [
    "id",
    "score_value",
    "score_type",
    "score_category",
    "scorer_class_identifier",
    "scorer_identifier_hash",
    "prompt_request_response_id",
    "timestamp",
    "status",
    "scorable",
];

/// Says whether a database is a PyRIT memory.
pub(crate) fn claim(probe: &Probe<'_>, limits: Limits) -> Claim {
    let source = match Source::open(probe.path, limits) {
        Ok(source) => source,
        Err(fault) => return damaged(probe, &fault),
    };
    if !schema::resembles(&source.tables) {
        return Claim::No;
    }
    let problems = schema::problems(&source.tables);
    if problems.is_empty() {
        return Claim::Yes {
            confidence: 100,
            reason: "an SQLite database with the tables `PromptMemoryEntries` and `ScoreEntries`"
                .to_owned(),
        };
    }
    Claim::Almost(Resemblance {
        reason: format!("a PyRIT memory, but {}", problems.join("; ")),
        hint: SCHEMA_HINT.to_owned(),
    })
}

/// A database that cannot be read is PyRIT's if its start names the table.
fn damaged(probe: &Probe<'_>, fault: &Fault) -> Claim {
    let Fault::Sqlite(fault) = fault else {
        return Claim::No;
    };
    if !probe
        .head
        .windows(PIECES.len())
        .any(|window| window == PIECES.as_bytes())
    {
        return Claim::No;
    }
    Claim::Almost(Resemblance {
        reason: format!("a PyRIT memory, but {fault}"),
        hint: fault.hint().to_owned(),
    })
}

/// Reads a database from start to end.
pub(crate) fn read(
    path: &Path,
    rules: GivenRules,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, Fault> {
    let has_log = sqlite::wal_beside(path).is_some();
    let source = Source::open(path, options.limits)?;
    let problems = schema::problems(&source.tables);
    if !problems.is_empty() {
        return Err(Fault::content(problems.join("; "), SCHEMA_HINT));
    }
    let mut found = Gathered::new(rules, options.limits);
    found.told.has_log = has_log;
    gather::all(&source, &mut found, sink)?;
    let (plan, silent) = found.plan();
    let scored = std::mem::take(&mut found.scored);
    let not_of_traces = scored.iter().filter(|(piece, _)| !plan.has_trace(*piece));
    found.told.scores_elsewhere += u64::try_from(not_of_traces.count()).unwrap_or(u64::MAX);
    let mut memory = Rows::new(&source, scored);
    let tally = run::replies(
        &mut memory,
        &found.index,
        &plan,
        &found.context,
        &mut found.graders,
        options,
        sink,
    )?;
    unanswered::send(&source, &silent, &mut found, options, sink)?;
    sink.progress(source.database.size_bytes);
    Ok(SourceFacts {
        format_version: found.version(),
        notes: notes::of(&found.told, &plan, tally, &found.graders),
    })
}

/// An open database and what it holds.
pub(crate) struct Source {
    /// The database.
    pub(crate) database: Database,
    /// Its tables.
    pub(crate) tables: Tables,
    /// Bounds on what is read.
    pub(crate) limits: Limits,
}

impl Source {
    fn open(path: &Path, limits: Limits) -> Result<Self, Fault> {
        let database = match sqlite::open(path, limits) {
            // The newest rows of a run stand in the log beside the database.
            Err(SqliteFault::Unfinished { .. }) => sqlite::open_with_wal(path, limits)?,
            opened => opened?,
        };
        let tables = sqlite::tables(&database.connection)?;
        Ok(Self {
            database,
            tables,
            limits,
        })
    }

    /// A query for the columns of a table that exist.
    pub(crate) fn select(&self, table: &str, wanted: &[&'static str]) -> Option<Select> {
        Select::of(&self.tables, table, wanted, self.limits.max_record_bytes)
    }

    /// Calls for every row of a table, if there is such a table.
    pub(crate) fn each(
        &self,
        table: &str,
        wanted: &[&'static str],
        mut each: impl FnMut(u64, Loaded) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let Some(select) = self.select(table, wanted) else {
            return Ok(());
        };
        let mut budget = Budget::new(table, self.database.size_bytes);
        let mut statement = self.database.connection.prepare(&select.sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (place, length) = Select::place(row)?;
            budget.spend(length.min(self.limits.max_record_bytes))?;
            each(place, select.object(row)?)?;
        }
        Ok(())
    }

    /// Reads one row by its row id.
    pub(crate) fn row(&self, select: &Select, place: u64) -> Result<Loaded, Fault> {
        let mut statement = self.database.connection.prepare_cached(&select.by_row())?;
        let found = statement
            .query_row([place.cast_signed()], |row| select.object(row))
            .optional()?;
        Ok(found.unwrap_or_else(|| Err("it is not there any more".to_owned())))
    }
}

/// The pieces of a database, read by row id.
struct Rows<'a> {
    source: &'a Source,
    pieces: Option<Select>,
    scores: Option<Select>,
    /// Scores by the original of the piece that they are of, in row order.
    scored: Vec<(Id, u64)>,
    has_converters: bool,
}

impl<'a> Rows<'a> {
    fn new(source: &'a Source, mut scored: Vec<(Id, u64)>) -> Self {
        scored.sort_unstable();
        Self {
            source,
            pieces: source.select(PIECES, &PIECE_COLUMNS),
            scores: source.select(SCORES, &SCORE_COLUMNS),
            scored,
            has_converters: source.tables.has(PIECE_CONVERTERS) && source.tables.has(CONVERTERS),
        }
    }

    fn scores_of(&self, piece: Id) -> &[(Id, u64)] {
        let start = self.scored.partition_point(|(id, _)| *id < piece);
        let end = self.scored.partition_point(|(id, _)| *id <= piece);
        self.scored.get(start..end).unwrap_or_default()
    }

    /// Names the converters that a table of their own says, where the row does not.
    fn add_converters(&self, piece: &mut Object) -> Result<(), Fault> {
        let is_stated = word(piece, "converter_identifiers").ok().flatten();
        if !self.has_converters || is_stated.is_some_and(|stated| stated != "null") {
            return Ok(());
        }
        let Ok(id) = needed(piece, "id") else {
            return Ok(());
        };
        let mut statement = self.source.database.connection.prepare_cached(
            "SELECT c.class_name FROM \"PromptConverterIdentifiers\" p \
             JOIN \"ConverterIdentifiers\" c ON c.hash = p.converter_identifier_hash \
             WHERE p.prompt_memory_entry_id = ?1 AND typeof(c.class_name) = 'text' \
             ORDER BY p.position LIMIT ?2",
        )?;
        let names = statement.query_map((id, MAX_CONVERTERS), |row| row.get::<_, String>(0))?;
        let names = names.collect::<Result<Vec<String>, _>>()?;
        if !names.is_empty() {
            piece.insert("converter_identifiers".to_owned(), json!(names));
        }
        Ok(())
    }
}

impl Memory for Rows<'_> {
    fn piece(&mut self, at: u64) -> Result<Loaded, Fault> {
        let Some(select) = &self.pieces else {
            return Ok(Err("there are no pieces".to_owned()));
        };
        let mut piece = self.source.row(select, at)?;
        if let Ok(piece) = &mut piece {
            self.add_converters(piece)?;
        }
        Ok(piece)
    }

    fn scores(&mut self, entry: &Entry, _piece: &Object) -> Result<Vec<(Location, Loaded)>, Fault> {
        let Some(select) = &self.scores else {
            return Ok(Vec::new());
        };
        let mut scores = Vec::new();
        for (_, place) in self.scores_of(entry.original) {
            let score = self.source.row(select, *place)?;
            scores.push((locate(SCORES, *place, score.as_ref().ok()), score));
        }
        Ok(scores)
    }

    fn locate(&self, entry: &Entry, piece: Option<&Object>) -> Location {
        locate(PIECES, entry.at, piece)
    }

    fn size_bytes(&self) -> u64 {
        self.source.database.size_bytes
    }
}

/// The place of a row: its id, or its row id where it has no usable one.
pub(crate) fn locate(table: &str, place: u64, row: Option<&Object>) -> Location {
    let id = row.and_then(|row| row.get("id")).and_then(Value::as_str);
    Location {
        entry: Some(table.to_owned()),
        record: Some(match id {
            Some(id) if !id.is_empty() => id.to_owned(),
            _ => format!("row {}", place.cast_signed()),
        }),
        byte: None,
    }
}
