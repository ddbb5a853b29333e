//! Imports HarmBench completions and results.
//!
//! Both are one JSON object: behaviour → list of test cases with the reply of
//! one model; results add the classifier's label. Every entry becomes one trace
//! or one reject, read as a stream, so a file may be of any size.
//!
//! The file names neither its model nor its attack. They come from the options,
//! or from the folders in which HarmBench itself lays the file; what was taken
//! from where stands in a note. What maps to what is in the `README.md` of this
//! crate.

mod entry;
mod origin;
mod read;
mod shape;

use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, OptionInfo, Options, Probe, Resemblance, Sink,
    Source, SourceFacts,
};

use crate::origin::Origin;
use crate::shape::Shape;

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "harmbench";

/// The set of behaviours: what numbers the prompts.
const DATASET: &str = "HarmBench";

/// The importer of HarmBench completions and results.
#[derive(Clone, Copy, Debug, Default)]
pub struct HarmBench;

impl Importer for HarmBench {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "HarmBench completions and results (JSON)",
            versions: &["files of HarmBench 1.0"],
            claims_files: true,
            page: "importers/harmbench/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        match Shape::of(probe.head) {
            Shape::Entries => Claim::Yes {
                confidence: 95,
                reason: "a JSON object of behaviours, each a list of entries with `test_case` and \
                         `generation`"
                    .to_owned(),
            },
            Shape::StartOfEntries => Claim::Yes {
                confidence: 80,
                reason: "a JSON object of behaviours whose first entry begins with `test_case`"
                    .to_owned(),
            },
            Shape::TestCases => Claim::Almost(Resemblance {
                reason: "a JSON object of behaviours and `test_case`s without a `generation`"
                    .to_owned(),
                hint: "name the file of completions or of results, which holds the replies"
                    .to_owned(),
            }),
            Shape::Other => Claim::No,
        }
    }

    fn options(&self) -> &'static [OptionInfo] {
        const OPTIONS: &[OptionInfo] = &[
            OptionInfo {
                name: "model",
                meaning: "name of the model under test, where the path does not tell it",
            },
            OptionInfo {
                name: "method",
                meaning: "attack method, where the path does not tell it",
            },
            OptionInfo {
                name: "experiment",
                meaning: "experiment, where the path does not tell it",
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
        let origin = Origin::find(&source.path, options)?;
        read::read(&source.path, &origin, options, sink)
    }
}
