//! Importer for the record logs of OpenAI Evals (JSONL).
//!
//! A log is a list of events; what belongs to one sample is spread over it.
//! The events are read once and reduced to digests, scores and places, one
//! trace for each sample (or completion) is sent at the end. Texts that the user
//! wants are read again from their place.
//!
//! What maps to what stands in this crate's README. Nothing is resolved here.

mod damage;
mod event;
mod log;
mod options;
mod polarity;
mod recognise;
mod sample;
mod spec;
mod trace;

use caveat_importer::score;
use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, OptionInfo, Options, Probe, Sink, Source,
    SourceFacts,
};

use crate::options::OwnOptions;

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "openai-evals";

/// The importer of OpenAI Evals' record logs.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenAiEvals;

impl Importer for OpenAiEvals {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "OpenAI Evals record logs (JSONL)",
            versions: &["3.0.1 (constructed)"],
            claims_files: true,
            page: "importers/openai-evals/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        recognise::claim(probe.head)
    }

    fn options(&self) -> &'static [OptionInfo] {
        const OPTIONS: &[OptionInfo] = &[
            score::OPTION_INFO,
            OptionInfo {
                name: "model",
                meaning: "name of the model under test, where no specification gives it",
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
        let own = OwnOptions::of(options)?;
        log::import(&source.path, options, &own, sink)
    }
}
