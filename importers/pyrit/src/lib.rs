//! Imports PyRIT memory: databases and exported conversations.
//!
//! Every reply of a target becomes one trace, with a grade for each of its
//! scores and for the attack that it ended. Versions are told apart by the
//! columns that a file has. Paths that stand in place of images and sounds are
//! never opened.
//!
//! Does not guess what a scorer's "true" means, nor from where on a scale is
//! harmful: what is not beyond doubt stays a raw score, and the account says so.
//! What maps to what is in the `README.md` of this crate.

mod attacks;
mod database;
mod export;
mod fault;
mod fields;
mod gather;
mod graders;
mod identifier;
mod index;
mod lines;
mod meaning;
mod notes;
mod objects;
mod python;
mod reply;
mod run;
mod schema;
mod seeds;
mod unanswered;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use caveat_importer::score::{self, Rules};
use caveat_importer::sqlite::{self, MAGIC};
use caveat_importer::text::printable;
use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, Limits, OptionInfo, Options, Probe, Resemblance,
    Sink, Source, SourceFacts,
};

use crate::export::Shape;
use crate::fault::Fault;
use crate::graders::GivenRules;

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "pyrit";

/// Where and how a DuckDB file says that it is one.
const DUCKDB: (usize, &[u8]) = (8, b"DUCK");

/// The importer of PyRIT memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pyrit;

impl Importer for Pyrit {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "PyRIT memory (SQLite) and exported conversations (JSON, CSV)",
            versions: &["0.10", "1.1"],
            claims_files: true,
            page: "importers/pyrit/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        if probe.head.starts_with(MAGIC) {
            return database::claim(probe, Limits::default());
        }
        if is_duckdb(probe.head) {
            return Claim::Almost(Resemblance {
                reason: "a DuckDB database with PyRIT's tables, as versions before 0.10 wrote them"
                    .to_owned(),
                hint: "export it with that version: `memory.export_conversations(…)`".to_owned(),
            });
        }
        match Shape::of(probe.head) {
            Some(Shape::Json) => Claim::Yes {
                confidence: 95,
                reason: "a JSON list of message pieces with `conversation_id`, `sequence` and \
                         `original_value`"
                    .to_owned(),
            },
            Some(Shape::Csv) => Claim::Yes {
                confidence: 95,
                reason: "a CSV table of message pieces with `conversation_id`, `sequence` and \
                         `original_value`"
                    .to_owned(),
            },
            None => Claim::No,
        }
    }

    fn companions(&self, source: &Path) -> Vec<PathBuf> {
        sqlite::wal_beside(source).into_iter().collect()
    }

    fn options(&self) -> &'static [OptionInfo] {
        const OPTIONS: &[OptionInfo] = &[score::OPTION_INFO];
        OPTIONS
    }

    fn import(
        &self,
        source: &Source,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<SourceFacts, ImportError> {
        let rules = rules(options)?;
        caveat_importer::file::regular(&source.path)?;
        read(source, rules, options, sink).map_err(|fault| fault.into_error(&source.path))
    }
}

fn is_duckdb(head: &[u8]) -> bool {
    let (start, magic) = DUCKDB;
    let is_one = head
        .get(start..)
        .is_some_and(|rest| rest.starts_with(magic));
    let table = schema::PIECES.as_bytes();
    is_one && head.windows(table.len()).any(|window| window == table)
}

fn rules(options: &Options) -> Result<GivenRules, ImportError> {
    let mut given = options.format.clone();
    let scorers = given.get(score::OPTION).and_then(Value::as_object);
    let scorers = scorers.map(|rules| rules.keys().cloned().collect());
    let rules = Rules::take(FORMAT, &mut given)?;
    match given.keys().next() {
        None => Ok(GivenRules {
            rules,
            scorers: scorers.unwrap_or_default(),
        }),
        Some(key) => Err(ImportError::Options {
            format: FORMAT,
            problem: format!("unknown option `{}`", printable(key)),
            hint: "the one option is `success`, a rule for each scorer".to_owned(),
        }),
    }
}

fn read(
    source: &Source,
    rules: GivenRules,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, Fault> {
    let mut head = Vec::new();
    let longest = u64::try_from(caveat_importer::probe::HEAD_BYTES).unwrap_or(u64::MAX);
    File::open(&source.path)?
        .take(longest)
        .read_to_end(&mut head)?;
    if head.starts_with(MAGIC) {
        return database::read(&source.path, rules, options, sink);
    }
    match Shape::of(&head) {
        Some(Shape::Json) => objects::read(&source.path, rules, options, sink),
        Some(Shape::Csv) => lines::read(&source.path, rules, options, sink),
        None => Err(Fault::content(
            "expected an SQLite database, or a JSON list or CSV table of message pieces",
            "name the memory database of PyRIT, or a file that `export_conversations` wrote",
        )),
    }
}
