//! What the tests share: importing bytes or files, and the lines of a log.
#![allow(dead_code, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use caveat_corpus::{Record, Trace, Verdict};
use caveat_import_openai_evals::OpenAiEvals;
use caveat_importer::{
    Collector, ImportError, Importer as _, Options, Reject, Source, SourceFacts,
};

/// What an import gave.
#[derive(Debug, PartialEq)]
pub(crate) struct Imported {
    pub(crate) facts: SourceFacts,
    pub(crate) traces: Vec<Trace>,
    pub(crate) rejects: Vec<Reject>,
}

impl Imported {
    /// The one note that holds these words.
    pub(crate) fn note(&self, words: &str) -> &str {
        let mut found = self.facts.notes.iter().filter(|note| note.contains(words));
        match (found.next(), found.next()) {
            (Some(note), None) => note,
            _ => panic!("not one note with `{words}`: {:#?}", self.facts.notes),
        }
    }

    pub(crate) fn verdicts(&self) -> Vec<Vec<Verdict>> {
        let traces = self.traces.iter();
        traces
            .map(|trace| trace.grades.iter().map(|grade| grade.verdict).collect())
            .collect()
    }
}

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

pub(crate) fn import_file(path: &Path, options: &Options) -> Result<Imported, ImportError> {
    let mut collector = Collector::default();
    let facts = OpenAiEvals.import(&Source::new(path), options, &mut collector)?;
    let traces = collector.records.into_iter().map(|record| match record {
        Record::Trace(trace) => *trace,
        Record::Cell(_) => panic!("this importer emits no cells"),
    });
    Ok(Imported {
        facts,
        traces: traces.collect(),
        rejects: collector.rejects,
    })
}

pub(crate) fn import_bytes(content: &[u8], options: &Options) -> Result<Imported, ImportError> {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("any.jsonl");
    std::fs::write(&path, content).unwrap();
    import_file(&path, options)
}

pub(crate) fn import(content: &str) -> Imported {
    import_bytes(content.as_bytes(), &Options::default()).unwrap()
}

pub(crate) fn with_option(key: &str, value: serde_json::Value) -> Options {
    let mut options = Options::default();
    options.format.insert(key.to_owned(), value);
    options
}

pub(crate) const SPEC: &str = r#"{"spec": {"completion_fns": ["model-a"], "eval_name": "e.dev.v0", "base_eval": "e", "split": "dev", "run_config": {"eval_spec": {"cls": "evals.elsuite.basic.match:Match"}, "command": "oaieval --secret x"}, "created_by": "", "run_id": "R", "created_at": "2024-01-01"}}"#;
pub(crate) const GRADED: &str = r#"{"spec": {"completion_fns": ["gpt-3.5-turbo", "gpt-4"], "eval_name": "g.dev.v0", "run_config": {"eval_spec": {"cls": "evals.elsuite.modelgraded.classify:ModelBasedClassify"}}, "run_id": "R"}}"#;
pub(crate) const REPORT: &str = r#"{"final_report": {"accuracy": 1.0}, "run_id": "R"}"#;

/// An event of run `R`; `data` is JSON.
pub(crate) fn event(sample: &str, kind: &str, data: &str) -> String {
    format!(
        r#"{{"run_id": "R", "event_id": 0, "sample_id": "{sample}", "type": "{kind}", "data": {data}, "created_by": "", "created_at": "2024-01-01 00:00:01+00:00"}}"#
    )
}

pub(crate) fn sampling(sample: &str, sampled: &str) -> String {
    let data = format!(
        r#"{{"prompt": [{{"role": "user", "content": "p of {sample}"}}], "sampled": {sampled}}}"#
    );
    event(sample, "sampling", &data)
}

pub(crate) fn compared(sample: &str, correct: bool, expected: &str) -> String {
    let data = format!(r#"{{"correct": {correct}, "expected": {expected}, "picked": null}}"#);
    event(sample, "match", &data)
}

pub(crate) fn log(spec: &str, lines: &[String]) -> String {
    let mut all = vec![spec.to_owned()];
    all.extend_from_slice(lines);
    all.push(REPORT.to_owned());
    all.join("\n") + "\n"
}
