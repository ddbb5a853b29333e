//! Imports logs of Inspect (`inspect_ai` of the UK AI Security Institute).
//!
//! Two containers of one format are read: an archive (`.eval`) and one JSON
//! document (`.json`), of the log versions 1 and 2. Every sample of every epoch
//! becomes one trace with a grade for each scorer, or one reject.
//!
//! Believes no reduced or averaged score, and guesses no polarity: what a value
//! means comes from the user's rule or from a documented list of words. What
//! maps to what is in the `README.md` of this crate.

mod chunked;
mod eval_log;
mod fault;
mod graders;
mod header;
mod json_log;
mod message;
mod notes;
mod parts;
mod polarity;
mod probe;
mod record;
mod score;
mod settings;

use std::fs::File;
use std::io::Read as _;

use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, OptionInfo, Options, Probe, Sink, Source,
    SourceFacts,
};

use crate::fault::Fault;
use crate::settings::Settings;

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "inspect";

/// The importer of Inspect logs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inspect;

impl Importer for Inspect {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "Inspect logs (.eval archives and .json)",
            versions: &[
                "log version 1",
                "log version 2 (inspect_ai 0.3.41 to 0.3.285)",
            ],
            claims_files: true,
            page: "importers/inspect/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        probe::claim(probe)
    }

    fn options(&self) -> &'static [OptionInfo] {
        const OPTIONS: &[OptionInfo] = &[
            caveat_importer::score::OPTION_INFO,
            OptionInfo {
                name: "kinds",
                meaning: "what a scorer is, by name: human, llm, classifier, heuristic or rule",
            },
            OptionInfo {
                name: "harm_category",
                meaning: "keys of a sample's metadata that hold the harm category",
            },
            OptionInfo {
                name: "technique",
                meaning: "keys of a sample's metadata that hold the technique",
            },
            OptionInfo {
                name: "attack_family",
                meaning: "keys of a sample's metadata that hold the attack family",
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
        let settings = Settings::new(options)?;
        read(source, &settings, options, sink).map_err(|fault| fault.into_error(&source.path))
    }
}

fn read(
    source: &Source,
    settings: &Settings,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, Fault> {
    let mut head = Vec::new();
    File::open(&source.path)
        .and_then(|file| file.take(4).read_to_end(&mut head))
        .map_err(Fault::Io)?;
    let (run, notes) = match probe::is_archive(&head) {
        true => eval_log::read(&source.path, settings, options, sink)?,
        false => json_log::read(&source.path, settings, options, sink)?,
    };
    let mut all: Vec<String> = notes::ending(&run.header).into_iter().collect();
    all.extend(notes);
    all.extend(run.tally.notes(&run.header));
    all.extend(run.graders.notes());
    Ok(SourceFacts {
        format_version: run.header.format_version(),
        notes: all,
    })
}
