//! The conformance kit: tries a plugin against good, empty, broken, huge and
//! hostile inputs.
//!
//! The inputs are made here; the plugin's own good files are given as samples.
//! What is checked is what the host will demand in use, and what it cannot see
//! in use: that the same file gives the same records, under any name. No check
//! knows the format; whether a record says what the file says is for the
//! plugin's own tests.

mod inputs;
mod samples;

use std::fs;
use std::path::{Path, PathBuf};

use caveat_corpus::Record;
use caveat_importer::{
    Claim, ImportError, Importer, Options, Probe, Reject, Sink, SinkClosed, Source,
    probe::HEAD_BYTES,
};
use serde::Serialize;

use crate::fault::Breach;
use crate::limits::HostLimits;
use crate::plugin::{COULD_NOT_BE_ASKED, Plugin};
use crate::program::Program;
use inputs::{Input, Kind};

/// What to check, and how.
#[derive(Debug)]
pub struct Kit {
    /// The plugin's program. Its digests are compared if there are any.
    pub program: Program,
    /// Good files of its format.
    pub samples: Vec<PathBuf>,
    /// Bounds, as in use.
    pub limits: HostLimits,
    /// Size of the huge inputs: a long line, and each sample so many times over.
    pub huge_bytes: usize,
}

/// The outcome of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// As it must be.
    Passed,
    /// Not as it must be.
    Failed {
        /// What was found.
        found: String,
    },
    /// Not checked.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What must hold, as a sentence.
    pub check: String,
    /// Whether it does.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Every check of a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Name of the format, if the plugin could be greeted.
    pub name: Option<String>,
    /// Checks in the order in which they were made.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Checks passed, failed and skipped.
    pub fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for finding in &self.findings {
            match finding.outcome {
                Outcome::Passed => counts[0] += 1,
                Outcome::Failed { .. } => counts[1] += 1,
                Outcome::Skipped { .. } => counts[2] += 1,
            }
        }
        counts
    }
}

/// Makes every check; `told` learns of each as it is made.
///
/// # Errors
/// What the system says if the inputs cannot be written.
pub fn run(kit: Kit, told: &mut dyn FnMut(&Finding)) -> std::io::Result<Report> {
    let folder = tempfile::Builder::new().prefix("caveat-check-").tempdir()?;
    let mut trial = Trial {
        folder: folder.path().to_path_buf(),
        report: Report::default(),
        told,
    };
    let plugin = Plugin::connect(kit.program, kit.limits);
    let greeted = match &plugin {
        Ok(_) => Ok(()),
        Err(breach) => Err(with_hint(breach)),
    };
    trial.note("it greets, and ends when its standard input ends", greeted);
    let Ok(plugin) = plugin else {
        return Ok(trial.report);
    };
    trial.report.name = Some(plugin.info().name.to_owned());
    samples::check(&mut trial, &plugin, &kit.samples)?;
    for input in inputs::made(&kit.samples, kit.huge_bytes)? {
        let path = trial.write(&input)?;
        trial.try_input(&plugin, &input, &path);
        fs::remove_file(path)?;
    }
    Ok(trial.report)
}

fn with_hint(breach: &Breach) -> String {
    format!("{breach}\nhint: {}", breach.hint())
}

/// Checks under way.
struct Trial<'t> {
    folder: PathBuf,
    report: Report,
    told: &'t mut dyn FnMut(&Finding),
}

impl Trial<'_> {
    fn note(&mut self, check: impl Into<String>, result: Result<(), String>) {
        let outcome = match result {
            Ok(()) => Outcome::Passed,
            Err(found) => Outcome::Failed { found },
        };
        self.add(check.into(), outcome);
    }

    fn skip(&mut self, check: &str, reason: &str) {
        let reason = reason.to_owned();
        self.add(check.to_owned(), Outcome::Skipped { reason });
    }

    fn add(&mut self, check: String, outcome: Outcome) {
        let finding = Finding { check, outcome };
        (self.told)(&finding);
        self.report.findings.push(finding);
    }

    fn write(&self, input: &Input) -> std::io::Result<PathBuf> {
        let path = self.folder.join("input");
        fs::write(&path, &input.bytes)?;
        Ok(path)
    }

    /// Any input: it is answered, and what is not the plugin's is not taken.
    fn try_input(&mut self, plugin: &Plugin, input: &Input, path: &Path) {
        let name = &input.name;
        if plugin.info().claims_files {
            let claim = claim(plugin, path);
            let result = match (&claim, input.kind) {
                (Claim::Almost(found), _) if found.reason.starts_with(COULD_NOT_BE_ASKED) => {
                    Err(format!("{}\nhint: {}", found.reason, found.hint))
                }
                (Claim::Yes { reason, .. }, Kind::Foreign) => {
                    Err(format!("it claims the file: {reason}"))
                }
                _ => Ok(()),
            };
            let must = match input.kind {
                Kind::Foreign => "not claimed",
                Kind::Damaged => "looked at",
            };
            self.note(format!("{name} is {must}"), result);
        }
        let mut counter = Counter::default();
        let outcome = plugin.import(&Source::new(path), &Options::default(), &mut counter);
        let result = match (outcome, input.kind) {
            (Err(ImportError::Refused { .. }), _) | (Ok(_), Kind::Damaged) => Ok(()),
            (Ok(_), Kind::Foreign) if counter.records == 0 => Ok(()),
            (Ok(_), Kind::Foreign) => Err(format!("{} records came out of it", counter.records)),
            (Err(error), _) => Err(error.to_string()),
        };
        let must = match input.kind {
            Kind::Foreign => "refused in words, or gives no record",
            Kind::Damaged => "imported with an account, or refused in words",
        };
        self.note(format!("{name} is {must}"), result);
    }
}

fn claim(plugin: &Plugin, path: &Path) -> Claim {
    let bytes = fs::read(path).unwrap_or_default();
    let probe = Probe {
        path,
        head: bytes.get(..HEAD_BYTES).unwrap_or(&bytes),
        size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
    };
    plugin.probe(&probe)
}

/// A sink that keeps nothing.
#[derive(Default)]
struct Counter {
    records: u64,
}

impl Sink for Counter {
    fn record(&mut self, _: Record) -> Result<(), SinkClosed> {
        self.records += 1;
        Ok(())
    }

    fn reject(&mut self, _: Reject) -> Result<(), SinkClosed> {
        Ok(())
    }
}
