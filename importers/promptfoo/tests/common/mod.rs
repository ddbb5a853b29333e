//! Reading a source in a test, and what the tests compare.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use caveat_corpus::{Digest, Outcome, Record, Trace, Verdict};
use caveat_import_promptfoo::Promptfoo;
use caveat_importer::{
    Claim, Collector, ImportError, Importer as _, Options, Probe, Source, SourceFacts,
};
use serde_json::Value;

/// Everything that an import gave.
pub(crate) struct Read {
    pub(crate) traces: Vec<Trace>,
    pub(crate) collector: Collector,
    pub(crate) facts: SourceFacts,
}

pub(crate) fn options(text: &str) -> Options {
    let format = serde_json::from_str(text).unwrap();
    Options {
        format,
        keep_text: true,
        ..Options::default()
    }
}

pub(crate) fn read_with(path: &Path, options: &Options) -> Result<Read, ImportError> {
    let mut collector = Collector::default();
    let facts = Promptfoo.import(&Source::new(path), options, &mut collector)?;
    let traces = collector
        .records
        .iter()
        .map(|record| match record {
            Record::Trace(trace) => (**trace).clone(),
            Record::Cell(_) => panic!("a cell"),
        })
        .collect();
    Ok(Read {
        traces,
        collector,
        facts,
    })
}

pub(crate) fn read(path: &Path) -> Read {
    read_with(path, &options("{}")).unwrap()
}

pub(crate) fn refusal(path: &Path) -> String {
    match read_with(path, &options("{}")) {
        Ok(read) => panic!(
            "imported {} records and {:?}",
            read.traces.len(),
            read.collector.rejects
        ),
        Err(error) => error.to_string(),
    }
}

pub(crate) fn probe(path: &Path) -> Claim {
    let bytes = std::fs::read(path).unwrap();
    let head = &bytes[..bytes.len().min(caveat_importer::probe::HEAD_BYTES)];
    Promptfoo.probe(&Probe {
        path,
        head,
        size: u64::try_from(bytes.len()).unwrap(),
    })
}

/// A file of the test data.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Identities as the store forms them, in order of the digest.
pub(crate) fn identities(traces: &[Trace]) -> Vec<Digest> {
    let mut ordinals: BTreeMap<Digest, u64> = BTreeMap::new();
    let mut found: Vec<Digest> = traces
        .iter()
        .map(|trace| {
            let first = trace.identity("promptfoo", 0);
            if trace.record_id.is_some() {
                return first;
            }
            let ordinal = ordinals.entry(first).or_default();
            *ordinal += 1;
            trace.identity("promptfoo", *ordinal - 1)
        })
        .collect();
    found.sort();
    found
}

/// A trace without its place, which alone may differ between exports.
pub(crate) fn placeless(traces: &[Trace]) -> BTreeMap<Digest, Trace> {
    traces
        .iter()
        .map(|trace| {
            let mut trace = trace.clone();
            trace.location = Default::default();
            (trace.identity("promptfoo", 0), trace)
        })
        .collect()
}

/// How the tool would count a trace, going by the overall grade.
pub(crate) fn stats(traces: &[Trace]) -> (u64, u64, u64) {
    let mut counts = (0, 0, 0);
    for trace in traces {
        let overall = trace
            .grades
            .last()
            .filter(|grade| grade.grader.as_deref() == Some("promptfoo"));
        match overall.map(|grade| grade.verdict) {
            _ if trace.outcome == Outcome::Error => counts.2 += 1,
            // What nothing graded, the tool counts as passed.
            Some(Verdict::Refusal) | None => counts.0 += 1,
            Some(_) => counts.1 += 1,
        }
    }
    counts
}

pub(crate) fn count<K: Ord>(values: impl Iterator<Item = K>) -> BTreeMap<K, u64> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}
