//! The first reading: what an attempt needs to know that stands elsewhere.
//!
//! Of attempts only the scores are read, without parsing the rest where garak
//! itself wrote the line. What cannot be read here is left to the second
//! reading, which rejects it.

use std::collections::BTreeMap;
use std::path::Path;

use caveat_importer::lines::Line;
use caveat_importer::{ImportError, Limits};
use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::Value;

use crate::attempt::Scores;
use crate::entry::{self, Eval, Plugins, ProbeFacts, RunFacts};
use crate::line::{Head, Kind, object};
use crate::read;
use crate::threshold::Evidence;

/// Most probes and detectors whose facts are kept; garak has about 200 and 130.
const MAX_PLUGINS: usize = 20_000;

/// What the first reading found.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// The first run whose target is named, for attempts that stand before its line.
    pub(crate) first_run: RunFacts,
    pub(crate) evidence: Evidence,
    pub(crate) probes: BTreeMap<String, ProbeFacts>,
    /// Parameters of detectors.
    pub(crate) detectors: BTreeMap<String, Value>,
    /// A `completion` line was seen.
    pub(crate) is_complete: bool,
    /// Setup lines; more than one where reports were joined.
    pub(crate) setups: u64,
    /// Evaluated and other attempts.
    pub(crate) attempts: u64,
    /// `eval` lines without the counts that are needed.
    pub(crate) unusable_evals: u64,
}

/// Reads a report for the first time.
pub(crate) fn survey(path: &Path, limits: &Limits) -> Result<Survey, ImportError> {
    let mut lines = read::lines_from(path, 0, limits)?;
    let scores = Finder::new(b", \"detector_results\": {");
    let mut survey = Survey::default();
    let mut digest = RunFacts::default();
    while let Some((_, line)) = lines.next_line().map_err(|cause| read::io(path, cause))? {
        let Line::Whole(line) = line else { continue };
        match Head::of(line) {
            Some(head) => survey.attempt(line, &head, &scores, limits),
            None => survey.other(line, limits, &mut digest),
        }
    }
    if !survey.first_run.has_target() {
        digest.update(std::mem::take(&mut survey.first_run));
        survey.first_run = digest;
    }
    Ok(survey)
}

/// The fields of an attempt that another writer than garak's has written.
#[derive(Deserialize)]
struct Light {
    #[serde(default)]
    status: Option<i64>,
    #[serde(default)]
    probe_classname: Option<String>,
    #[serde(default)]
    detector_results: Option<Scores>,
}

impl Survey {
    fn attempt(&mut self, line: &[u8], head: &Head<'_>, finder: &Finder<'_>, limits: &Limits) {
        self.attempts += 1;
        if head.status != 2 {
            return;
        }
        // The key cannot stand within a string, where its quotes are escaped.
        let start = finder
            .find(line)
            .map(|found| found + finder.needle().len() - 1);
        let scores = start.and_then(|start| {
            let mut reader = serde_json::Deserializer::from_slice(line.get(start..)?);
            Scores::deserialize(&mut reader).ok()
        });
        match scores {
            Some(scores) => self.scores(head.probe, &scores),
            None => self.light(line, limits),
        }
    }

    fn light(&mut self, line: &[u8], limits: &Limits) {
        let Ok(light) = object::<Light>(line, limits) else {
            return;
        };
        if let (None | Some(2), Some(scores)) = (light.status, light.detector_results) {
            self.scores(
                light.probe_classname.as_deref().unwrap_or_default(),
                &scores,
            );
        }
    }

    fn scores(&mut self, probe: &str, scores: &Scores) {
        let probe = entry::probe_name(probe);
        for (detector, scores) in &scores.0 {
            let detector = entry::detector_name(detector);
            let given = scores.iter().filter(|score| !score.is_null());
            self.evidence.add(probe, detector, given.map(number));
        }
    }

    fn other(&mut self, line: &[u8], limits: &Limits, digest: &mut RunFacts) {
        match Kind::of(line, limits) {
            Ok(Kind::Attempt) => {
                self.attempts += 1;
                self.light(line, limits);
            }
            Ok(Kind::Setup) => {
                self.setups += 1;
                self.first_run(RunFacts::of_setup(line, limits));
            }
            Ok(Kind::Init) => self.first_run(RunFacts::of_init(line, limits)),
            Ok(Kind::PluginCache) => {
                if let Ok(plugins) = entry::plugins(line, limits) {
                    self.plugins(plugins);
                }
            }
            Ok(Kind::Eval) => match Eval::of(line, limits) {
                Ok(eval) => self.evidence.expect(&eval),
                Err(_) => self.unusable_evals += 1,
            },
            Ok(Kind::Completion) => self.is_complete = true,
            Ok(Kind::Digest) => {
                if let Ok((facts, plugins)) = entry::digest(line, limits) {
                    digest.update(facts);
                    self.plugins(plugins);
                }
            }
            _ => {}
        }
    }

    fn first_run(&mut self, facts: Result<RunFacts, String>) {
        let is_first = self.setups <= 1 || !self.first_run.has_target();
        if let Some(facts) = facts.ok().filter(|_| is_first) {
            self.first_run.update(facts);
        }
    }

    fn plugins(&mut self, plugins: Plugins) {
        for (name, facts) in plugins.probes {
            if self.probes.len() < MAX_PLUGINS {
                self.probes.entry(name).or_insert(facts);
            }
        }
        for (name, parameters) in plugins.detectors {
            if self.detectors.len() < MAX_PLUGINS {
                self.detectors.entry(name).or_insert(parameters);
            }
        }
    }
}

/// A score as garak's evaluator takes it.
pub(crate) fn number(score: &Value) -> Option<f64> {
    match score {
        Value::Number(number) => number.as_f64(),
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        _ => None,
    }
}
