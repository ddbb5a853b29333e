//! Imports results of promptfoo: its JSON, JSONL, YAML and CSV exports and its
//! SQLite database.
//!
//! Every result becomes one trace or one reject, with a grade for every
//! component and one for the tool's own verdict. The same run gives the same
//! traces whichever container it is read from, CSV apart.
//!
//! Never guesses what `success` means: an evaluation without a sign of a red
//! team is not read unless the user says so. Keeps nothing of a configuration.
//! What maps to what is in the `README.md` of this crate.

mod canonical;
mod database;
mod document;
mod emit;
mod failure;
mod fault;
mod grader;
mod grades;
mod lines;
mod notes;
mod polarity;
mod row;
mod shape;
mod siblings;
mod source;
mod survey;
mod trace;
mod walk;
mod wide;
mod yaml;

use std::path::{Path, PathBuf};

use caveat_importer::score;
use caveat_importer::sqlite;
use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, Limits, OptionInfo, Options, Probe, Resemblance,
    Sink, Source, SourceFacts,
};

use crate::emit::Emit;
use crate::fault::Fault;
use crate::polarity::Settings;
use crate::shape::{Look, Seen, Shape};
use crate::siblings::Ids;
use crate::survey::Survey;

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "promptfoo";

/// The importer of promptfoo results.
#[derive(Clone, Copy, Debug, Default)]
pub struct Promptfoo;

impl Importer for Promptfoo {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "promptfoo results (JSON, JSONL, YAML, CSV, SQLite)",
            versions: &["results 2 and 3", "export 3 and 4", "0.120.0", "0.123.1"],
            claims_files: true,
            page: "importers/promptfoo/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        match shape::look(probe.head) {
            Look::Seen(Seen {
                shape: Shape::Database,
                ..
            }) => of_database(probe.path),
            Look::Seen(Seen {
                shape: Shape::Wide,
                confidence,
                reason,
            }) => of_table(probe.path, confidence, reason),
            Look::Seen(Seen {
                confidence, reason, ..
            }) => Claim::Yes {
                confidence,
                reason: reason.to_owned(),
            },
            Look::Almost(what) => Claim::Almost(Resemblance {
                reason: what.to_owned(),
                hint: "export the evaluation with `promptfoo export eval ID -o results.json`"
                    .to_owned(),
            }),
            Look::Other => Claim::No,
        }
    }

    fn companions(&self, source: &Path) -> Vec<PathBuf> {
        sqlite::wal_beside(source).into_iter().collect()
    }

    fn options(&self) -> &'static [OptionInfo] {
        const OPTIONS: &[OptionInfo] = &[
            score::OPTION_INFO,
            OptionInfo {
                name: "runs",
                meaning: "`red-team` reads every run as a red-team run, in which a pass means defended",
            },
        ];
        OPTIONS
    }

    fn import(
        &self,
        source: &Source,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<SourceFacts, ImportError> {
        let settings = Settings::read(options)?;
        read(&source.path, &settings, options, sink).map_err(|fault| fault.into_error(&source.path))
    }
}

/// The table is claimed only where no better export of the run lies beside it:
/// it has no ids, so both would be counted.
fn of_table(path: &Path, confidence: u8, reason: &str) -> Claim {
    match siblings::namesake(path) {
        None => Claim::Yes {
            confidence,
            reason: reason.to_owned(),
        },
        Some(other) => Claim::Almost(Resemblance {
            reason: format!(
                "{reason}, which leaves out ids; `{}` beside it holds the same run whole",
                caveat_importer::text::printable(&other)
            ),
            hint: "import that one; if this is another run, name it alone with `--from promptfoo`"
                .to_owned(),
        }),
    }
}

fn of_database(path: &Path) -> Claim {
    let tables = sqlite::open_with_wal(path, Limits::default())
        .and_then(|database| sqlite::tables(&database.connection));
    let tables = match tables {
        Ok(tables) => tables,
        Err(fault) => {
            // Too little can be seen to say whose database it is.
            let _ = fault;
            return Claim::No;
        }
    };
    if !database::resembles(&tables) {
        return Claim::No;
    }
    match database::defect(&tables) {
        None => Claim::Yes {
            confidence: 95,
            reason: "an SQLite database with promptfoo's tables `evals` and `eval_results`"
                .to_owned(),
        },
        Some(problem) => Claim::Almost(Resemblance {
            reason: format!("an SQLite database with some of promptfoo's tables, but {problem}"),
            hint: "importers/promptfoo/README.md lists the tables and columns".to_owned(),
        }),
    }
}

fn read(
    path: &Path,
    settings: &Settings,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, Fault> {
    let shape = source::shape(path)?;
    let mut survey = Survey::new(options.limits);
    source::walk(path, shape, &options.limits, &mut survey)?;
    survey.close();
    refuse_ordinary(&survey, settings)?;
    let without_id = survey.runs.iter().any(|run| run.tally().without_id > 0);
    let ids = if shape == Shape::Lines && without_id {
        Ids::beside(path, &options.limits)
    } else {
        Ids::default()
    };
    let mut emit = Emit::new(&survey, settings, &ids, options, sink);
    source::walk(path, shape, &options.limits, &mut emit)?;
    let counts = emit.counts();
    Ok(SourceFacts {
        format_version: version(shape, &survey),
        notes: notes::notes(shape, &survey, settings, &ids, &counts),
    })
}

/// A source in which no evaluation can be read says why.
fn refuse_ordinary(survey: &Survey, settings: &Settings) -> Result<(), Fault> {
    let mut filled = survey
        .runs
        .iter()
        .filter(|run| run.tally().rows > 0)
        .peekable();
    if filled.peek().is_none()
        || filled.any(|run| settings.polarity(run.red_team.is_some()).is_some())
    {
        return Ok(());
    }
    let filled = survey.runs.iter().map(|run| run.tally());
    let (rows, broken) = filled.fold((0, 0), |(rows, broken), tally| {
        (rows + tally.rows, broken + tally.broken)
    });
    if rows == broken {
        let first = survey.first_fault.as_deref().unwrap_or_default();
        return Err(Fault::content(
            &format!(
                "none of its {rows} results can be read; the first: {}",
                caveat_importer::text::printable(first)
            ),
            "export the evaluation again with `promptfoo export eval ID -o results.json`",
        ));
    }
    Err(Fault::content(
        "nothing says that this is a red-team run (no `config.redteam`, `is_redteam`, `pluginId`, `strategyId` \
         or red-team grader), and in an ordinary run a passed test may mean anything",
        "if every assertion passes when the attack is fended off, give the option `runs = \"red-team\"`; \
         else say for each grader when the attack succeeded: `success.GRADER = { below = 0.5 }`",
    ))
}

fn version(shape: Shape, survey: &Survey) -> Option<String> {
    match shape {
        Shape::Database => Some("database".to_owned()),
        _ => survey.runs.iter().find_map(|run| run.version.clone()),
    }
}
