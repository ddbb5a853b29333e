//! Imports run folders of HELM, Stanford's Holistic Evaluation of Language Models.
//!
//! The source is `scenario_state.json`: every request of a run with its result
//! and its annotations. What stands beside it is read with it: the run
//! specification (run and scenario), the scores per instance, and the means that
//! HELM itself computed, which are compared and never used. Every request state
//! becomes one trace or one reject.
//!
//! Memory follows the largest request state and the scores per instance, which
//! are bounded. What maps to what is in the `README.md` of this crate.

mod annotations;
mod canonical;
mod companion;
mod joined;
mod means;
mod metrics;
mod object;
mod probe;
mod read;
mod request_state;
mod run;
mod texts;
mod trace;

use std::path::{Path, PathBuf};

use caveat_importer::score;
use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, OptionInfo, Options, Probe, Sink, Source,
    SourceFacts,
};

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "helm";

/// The importer of HELM run folders.
#[derive(Clone, Copy, Debug, Default)]
pub struct Helm;

impl Importer for Helm {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "HELM run folders (scenario_state.json and what stands beside it)",
            versions: &["crfm-helm 0.5"],
            claims_files: true,
            page: "importers/helm/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        probe::claim(probe)
    }

    fn companions(&self, source: &Path) -> Vec<PathBuf> {
        companion::ALL
            .iter()
            .filter_map(|name| companion::beside(source, name))
            .collect()
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
        read::read(source, options, sink)
    }
}
