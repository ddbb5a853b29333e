//! Imports sample logs of the LM Evaluation Harness (`lm_eval`).
//!
//! The source is a file of samples, one task of one run. Model, run and the
//! direction of each metric stand in the results file beside it, which is paired
//! by its time stamp and checked by its content. Every line becomes one trace or
//! one reject.
//!
//! A file is read twice: first to learn which task it is and which metrics have
//! two values alone, then to import it. Memory follows the longest line. What
//! maps to what is in the `README.md` of this crate.

mod fields;
mod means;
mod pairing;
mod polarity;
mod probe;
mod read;
mod records;
mod results;
mod survey;
mod trace;
mod wanted;

use std::path::{Path, PathBuf};

use caveat_importer::score;
use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, OptionInfo, Options, Probe, Sink, Source,
    SourceFacts,
};

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "lm-eval";

/// The importer of sample logs of the LM Evaluation Harness.
#[derive(Clone, Copy, Debug, Default)]
pub struct LmEval;

impl Importer for LmEval {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "LM Evaluation Harness samples (samples_*.jsonl with results_*.json)",
            versions: &["lm_eval 0.4"],
            claims_files: true,
            page: "importers/lm-eval/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        probe::claim(probe)
    }

    fn companions(&self, source: &Path) -> Vec<PathBuf> {
        pairing::candidates(source)
    }

    fn options(&self) -> &'static [OptionInfo] {
        const OPTIONS: &[OptionInfo] = &[
            score::OPTION_INFO,
            OptionInfo {
                name: "model",
                meaning: "name of the model under test, where no results file gives it",
            },
            OptionInfo {
                name: "task",
                meaning: "name of the task, where the samples do not give it",
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
fn refused(path: &Path, found: impl Into<String>, hint: &str) -> ImportError {
    ImportError::Refused {
        path: path.to_path_buf(),
        format: FORMAT,
        found: found.into(),
        hint: hint.to_owned(),
    }
}

/// Says that a file cannot be read.
fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> ImportError {
    let path = path.to_path_buf();
    move |cause| ImportError::Io { path, cause }
}
