//! Imports JailbreakBench artifacts: attack artifacts and evaluation output.
//!
//! Two shapes of JSON are read: an artifact (`parameters` and `jailbreaks`),
//! and the evaluation file of the benchmark's tooling (model → behaviour →
//! reply). Every entry becomes one trace with up to two grades, or one reject.
//!
//! Believes no printed total: totals that disagree with the entries become
//! notes. What maps to what is in the `README.md` of this crate.

mod artifact;
mod entry;
mod evaluation;
mod file;
mod keys;

use caveat_importer::{
    Claim, ImportError, Importer, ImporterInfo, Options, Probe, Resemblance, Sink, Source,
    SourceFacts,
};

use crate::file::{Entries, Fault, Outline};
use crate::keys::Keys;

/// Name of the format in messages and in `report.toml`.
const FORMAT: &str = "jailbreakbench";

/// The benchmark's set of behaviours: what numbers the prompts.
const DATASET: &str = "JBB-Behaviors";

/// The importer of JailbreakBench artifacts.
#[derive(Clone, Copy, Debug, Default)]
pub struct JailbreakBench;

impl Importer for JailbreakBench {
    fn info(&self) -> ImporterInfo {
        ImporterInfo {
            name: FORMAT,
            title: "JailbreakBench attack artifacts and evaluation files (JSON)",
            versions: &["artifacts of 2024"],
            claims_files: true,
            page: "importers/jailbreakbench/README.md",
        }
    }

    fn probe(&self, probe: &Probe<'_>) -> Claim {
        match Shape::of(&Keys::scan(probe.head)) {
            Shape::Artifact => Claim::Yes {
                confidence: 95,
                reason: "a JSON object with `parameters` (method, model) and `jailbreaks`"
                    .to_owned(),
            },
            Shape::ArtifactStart => Claim::Yes {
                confidence: 80,
                reason: "a JSON object whose `parameters` are those of an attack artifact"
                    .to_owned(),
            },
            Shape::Evaluation => Claim::Yes {
                confidence: 90,
                reason: "a JSON object of models, behaviours and replies with `jailbroken`"
                    .to_owned(),
            },
            Shape::Almost(reason) => Claim::Almost(Resemblance {
                reason: reason.to_owned(),
                hint: "importers/jailbreakbench/README.md shows what an artifact holds; copy the \
                       file again if it is cut short"
                    .to_owned(),
            }),
            Shape::Other => Claim::No,
        }
    }

    fn import(
        &self,
        source: &Source,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<SourceFacts, ImportError> {
        options.refuse_format_options(FORMAT)?;
        read(source, options, sink).map_err(|fault| fault.into_error(&source.path))
    }
}

/// What the keys at the start of a file say of it.
enum Shape {
    Artifact,
    /// The parameters of an artifact; its entries begin further on.
    ArtifactStart,
    Evaluation,
    Almost(&'static str),
    Other,
}

impl Shape {
    fn of(keys: &Keys) -> Self {
        let parameters = keys.has(&["parameters", "method"]) && keys.has(&["parameters", "model"]);
        let entries = keys.has(&["jailbreaks"]);
        match (parameters, entries) {
            (true, true) => Shape::Artifact,
            (true, false) if keys.cut_short && keys.has(&["parameters", "attack_type"]) => {
                Shape::ArtifactStart
            }
            (true, false) if keys.has(&["parameters", "attack_type"]) => Shape::Almost(
                "a JSON object with the `parameters` of an artifact but no `jailbreaks`",
            ),
            // The parameters may follow a long list of entries.
            (false, true) if keys.cut_short && keys.has_entry_key("jailbroken") => Shape::Artifact,
            (false, true) => Shape::Almost(
                "a JSON object with `jailbreaks` but without `parameters` that name method and model",
            ),
            _ if keys.has_entry_key("jailbroken") && keys.has_entry_key("response") => {
                Shape::Evaluation
            }
            _ => Shape::Other,
        }
    }
}

fn read(source: &Source, options: &Options, sink: &mut dyn Sink) -> Result<SourceFacts, Fault> {
    let path = source.path.as_path();
    let outline = Outline::of(path, options.limits)?;
    match (&outline.parameters, outline.jailbreaks) {
        (Some(parameters), Entries::List) => artifact::read(path, parameters, options, sink),
        (Some(_), Entries::Other) => Err(Fault::content(
            "`jailbreaks` is not a list of entries",
            artifact::SHAPE_HINT,
        )),
        (None, Entries::List | Entries::Other) => Err(Fault::missing("parameters")),
        (Some(_), Entries::Absent) => Err(Fault::missing("jailbreaks")),
        (None, Entries::Absent) => evaluation::read(path, &outline, options, sink),
    }
}
