//! Importer for garak: `*.report.jsonl` and, where there is nothing better, `*.hitlog.jsonl`.
//!
//! A report is read twice. The first reading collects what stands behind the
//! attempts it is needed for (the `eval` lines, the tags of the probes, the
//! scores that the run's threshold is recovered from), the second sends the
//! attempts on, one trace per output. Neither holds a text longer than a line.
//!
//! What maps to what stands in this crate's README. Nothing is resolved here,
//! and nothing of the run's configuration is kept but version, run and target.

mod attempt;
mod conversation;
mod entry;
mod graders;
mod hitlog;
mod line;
mod options;
mod read;
mod recognise;
mod report;
mod survey;
mod tags;
mod tally;
mod threshold;
mod trace;

use std::path::{Path, PathBuf};

use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, OptionInfo, Options, Probe, Sink, Source,
    SourceFacts,
};

use crate::options::GarakOptions;
use crate::recognise::Shape;

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "garak";

/// The importer of garak's reports and hit logs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Garak;

impl Importer for Garak {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "garak reports and hit logs (JSONL)",
            versions: &["0.10.3", "0.13.0", "0.14.0.pre1", "0.17.1"],
            claims_files: true,
            page: "importers/garak/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        recognise::claim(probe.head)
    }

    fn companions(&self, source: &Path) -> Vec<PathBuf> {
        hitlog::beside(source).into_iter().collect()
    }

    fn options(&self) -> &'static [OptionInfo] {
        const OPTIONS: &[OptionInfo] = &[
            OptionInfo {
                name: "eval_threshold",
                meaning: "the threshold of the run, from 0 to 1, where it was not 0.5",
            },
            OptionInfo {
                name: "model",
                meaning: "name of the model under test, where the report has none",
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
        let own = GarakOptions::of(options)?;
        match recognise::shape_of(&source.path)? {
            Shape::Report => report::import(&source.path, options, &own, sink),
            Shape::HitLog => hitlog::import(&source.path, options, sink),
            Shape::Other(found) => Err(read::refused(
                &source.path,
                found,
                "name a `*.report.jsonl` that garak wrote; importers/garak/README.md shows its lines",
            )),
        }
    }
}
