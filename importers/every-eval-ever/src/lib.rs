//! Imports evaluations in the shared schema "Every Eval Ever".
//!
//! The source is a file of instance rows (`<uuid>_samples.jsonl`). Metrics,
//! judges and data sets stand in the aggregate beside it (`<uuid>.json`), which
//! is paired by its content. Every row becomes one trace with one grade; rows of
//! one sample share an identity, so that the store puts their grades together.
//! An aggregate alone is a source only where it holds counts.
//!
//! A file of rows is read twice: to learn what its `is_correct` means and
//! whether its checksum holds, then to import it. Memory follows the longest
//! row. What maps to what is in the `README.md` of this crate.

mod aggregate;
mod counts;
pub mod extension;
mod fields;
mod grader;
mod ours;
mod pairing;
mod polarity;
mod probe;
mod read;
mod row;
mod survey;
mod tally;
mod trace;
mod verdict;
mod wanted;

use std::path::{Path, PathBuf};

use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, OptionInfo, Options, Probe, Sink, Source,
    SourceFacts,
};

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "every-eval-ever";

/// What to do with a file that is none of the format.
const HINT: &str = "importers/every-eval-ever/README.md shows what rows and aggregates look like; \
    copy the file again from its origin if it is damaged";

/// The importer of the shared evaluation schema.
#[derive(Clone, Copy, Debug, Default)]
pub struct EveryEvalEver;

impl Importer for EveryEvalEver {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "Every Eval Ever instance rows (*_samples.jsonl with their aggregate)",
            versions: &["0.2", "0.3"],
            claims_files: true,
            page: "importers/every-eval-ever/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        probe::claim(probe)
    }

    fn companions(&self, source: &Path) -> Vec<PathBuf> {
        pairing::companions(source)
    }

    fn options(&self) -> &'static [OptionInfo] {
        const OPTIONS: &[OptionInfo] = &[
            caveat_importer::score::OPTION_INFO,
            OptionInfo {
                name: "correct_is",
                meaning: "`defence` or `success`: what `is_correct` means where no rule says it",
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
        read::read(source, options, sink)
    }
}

/// Refuses a source.
fn refused(path: &Path, found: impl Into<String>) -> ImportError {
    ImportError::Refused {
        path: path.to_path_buf(),
        format: FORMAT,
        found: found.into(),
        hint: HINT.to_owned(),
    }
}

/// Says that a file cannot be read.
fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> ImportError {
    let path = path.to_path_buf();
    move |cause| ImportError::Io { path, cause }
}
