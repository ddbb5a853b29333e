//! Imports the Failure-First corpus: SQLite, schema v13 and later, and graded
//! traces in lines of JSON.
//!
//! Reads whichever optional columns a database has, refuses it by name when a
//! needed table or column is gone, and turns every row of `results` into one
//! trace or one reject. The file is opened read-only and is not trusted.
//! Scenario packs hold prompts alone; they are recognised and refused.
//!
//! Resolves no names, guesses no sizes and never writes beside the source. What
//! maps to what is in the `README.md` of this crate.

mod fault;
mod lines_of_json;
mod lookup;
mod results;
mod schema;
mod traces;

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use caveat_importer::probe::HEAD_BYTES;
use caveat_importer::sqlite::{self, SqliteFault};
use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, Limits, Options, Probe, Resemblance, Sink, Source,
    SourceFacts, file,
};

use crate::fault::Fault;
use crate::lines_of_json::Shape;
use crate::lookup::Lookups;
use crate::schema::{Defect, Schema};

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "failure-first";

/// Needed tables that must be present before a broken file is called "almost" this format.
const RESEMBLANCE: usize = 4;

/// The importer of Failure-First databases.
#[derive(Clone, Copy, Debug, Default)]
pub struct FailureFirst;

impl Importer for FailureFirst {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "Failure-First corpus (SQLite, schema v13 and later) and graded traces (JSONL)",
            versions: &["13"],
            claims_files: true,
            page: "importers/failure-first/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        if !probe.head.starts_with(sqlite::MAGIC) {
            return Shape::of(probe.head).claim();
        }
        match examine(probe, Limits::default()) {
            Ok(schema) => Claim::Yes {
                confidence: 95,
                reason: format!(
                    "an SQLite database with the six tables of the Failure-First schema (version {})",
                    schema.version
                ),
            },
            Err(fault) => resemblance(&fault, probe.head).map_or(Claim::No, Claim::Almost),
        }
    }

    fn import(
        &self,
        source: &Source,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<SourceFacts, ImportError> {
        options.refuse_format_options(FORMAT)?;
        if let Some(shape) = lines(&source.path)? {
            return match shape {
                Shape::Graded { .. } => traces::stream(&source.path, options, sink),
                shape => Err(traces::refuse(&source.path, shape)),
            };
        }
        read(source, options, sink).map_err(|fault| fault.into_error(&source.path))
    }
}

/// Why a database that cannot be used may still be meant for this importer.
fn resemblance(fault: &Fault, head: &[u8]) -> Option<Resemblance> {
    let seen = match fault {
        Fault::Schema(Defect { tables_present, .. }) if *tables_present >= RESEMBLANCE => {
            format!("an SQLite database with {tables_present} of the six Failure-First tables")
        }
        Fault::Schema(_) => return None,
        _ if head_names_the_tables(head) => {
            "an SQLite database that names Failure-First tables".to_owned()
        }
        // Too little is left to see the tables.
        Fault::Source(SqliteFault::Truncated { .. }) => "an SQLite database".to_owned(),
        _ => return None,
    };
    Some(Resemblance {
        reason: format!("{seen}, but {fault}"),
        hint: fault.hint().to_owned(),
    })
}

/// What a file is that begins like lines of JSON; `None` for anything else.
fn lines(path: &Path) -> Result<Option<Shape>, ImportError> {
    let io = |cause| ImportError::Io {
        path: path.to_path_buf(),
        cause,
    };
    file::regular(path)?;
    let mut head = Vec::new();
    let opened = File::open(path).map_err(io)?;
    let bound = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
    opened.take(bound).read_to_end(&mut head).map_err(io)?;
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&head);
    Ok(text
        .trim_ascii_start()
        .starts_with(b"{")
        .then(|| Shape::of(&head)))
}

fn examine(probe: &Probe<'_>, limits: Limits) -> Result<Schema, Fault> {
    let database = sqlite::open(probe.path, limits)?;
    schema::inspect(&database.connection)
}

fn read(source: &Source, options: &Options, sink: &mut dyn Sink) -> Result<SourceFacts, Fault> {
    let database = sqlite::open(&source.path, options.limits)?;
    let schema = schema::inspect(&database.connection)?;
    if options.keep_text && schema.has_prompt_text && !schema.prompts_keyed_by_id {
        return Err(Fault::TextNotReachable);
    }
    let lookups = Lookups::load(&database, &schema, options.limits)?;
    results::stream(&database, &schema, &lookups, options, sink)?;
    let mut notes = schema.notes;
    notes.extend(lookups.notes);
    Ok(SourceFacts {
        format_version: Some(schema.version),
        notes,
    })
}

/// Whether the first page of a file that cannot be opened still names our tables.
fn head_names_the_tables(head: &[u8]) -> bool {
    let named = |name: &str| {
        head.windows(name.len())
            .any(|window| window == name.as_bytes())
    };
    named("evaluation_runs") && named("source_datasets")
}
