//! What the tests share: a folder of samples in a temporary place, and its import.
#![allow(clippy::unwrap_used, dead_code)]

use std::path::{Path, PathBuf};

use caveat_corpus::{Record, Trace};
use caveat_import_lm_eval::LmEval;
use caveat_importer::{
    Collector, ImportError, Importer as _, Options, Reject, Source, SourceFacts,
};
use serde_json::{Value, json};

/// The time stamp of the files made here.
pub(crate) const TIME: &str = "2026-11-23T08-34-11.324396";

/// What an import gave.
#[derive(Debug)]
pub(crate) struct Imported {
    pub(crate) facts: SourceFacts,
    pub(crate) traces: Vec<Trace>,
    pub(crate) rejects: Vec<Reject>,
}

impl Imported {
    pub(crate) fn has_note(&self, words: &str) -> bool {
        self.facts.notes.iter().any(|note| note.contains(words))
    }
}

pub(crate) fn import_with(path: &Path, options: &Options) -> Result<Imported, ImportError> {
    let mut collector = Collector::default();
    let facts = LmEval.import(&Source::new(path), options, &mut collector)?;
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

pub(crate) fn import(path: &Path) -> Imported {
    import_with(path, &Options::default()).unwrap()
}

pub(crate) fn refusal(path: &Path) -> String {
    match import_with(path, &Options::default()) {
        Err(error @ ImportError::Refused { .. }) => {
            let text = error.to_string();
            assert!(text.contains("\nhint: "), "{text}");
            text
        }
        other => panic!("expected a refusal, found {other:?}"),
    }
}

/// Options of the format.
pub(crate) fn options(format: Value) -> Options {
    Options {
        format: format.as_object().unwrap().clone(),
        ..Options::default()
    }
}

/// A sample of the task `t` with a generated reply.
pub(crate) fn sample(id: u32, metrics: &Value) -> Value {
    let names: Vec<&String> = metrics.as_object().unwrap().keys().collect();
    let mut sample = json!({
        "doc_id": id, "doc": {"q": "placeholder"}, "target": "x",
        "arguments": {"gen_args_0": {"arg_0": format!("prompt {id}"), "arg_1": {"until": []}}},
        "resps": [[format!("reply {id}")]], "filtered_resps": [format!("reply {id}")], "filter": "none",
        "metrics": names, "doc_hash": format!("d{id}"), "prompt_hash": "p", "target_hash": "t",
    });
    let members = sample.as_object_mut().unwrap();
    members.extend(metrics.as_object().unwrap().clone());
    sample
}

/// Results of the task `t`.
pub(crate) fn results(model: &str, task: Value) -> Value {
    let mut results = json!({
        "results": {"t": {"alias": "t"}}, "configs": {"t": {"output_type": "generate_until"}}, "versions": {"t": 1},
        "config": {"model": "hf", "model_args": "pretrained=other,token=secret"},
        "date": 1_795_422_838.25, "lm_eval_version": "0.4.13", "model_source": "hf", "model_name": model,
    });
    for (section, value) in task.as_object().unwrap() {
        results[section] = json!({"t": value});
    }
    results
}

/// Samples as lines.
pub(crate) fn lines(samples: &[Value]) -> String {
    samples.iter().map(|sample| format!("{sample}\n")).collect()
}

/// A folder of one run.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with a file of samples of the task `t` and nothing else.
    pub(crate) fn of(content: &str) -> Self {
        let folder = Self(tempfile::TempDir::new().unwrap());
        std::fs::write(folder.source(), content).unwrap();
        folder
    }

    /// Adds results of the same time.
    pub(crate) fn with(self, results: &Value) -> Self {
        self.with_text(&format!("results_{TIME}.json"), &results.to_string())
    }

    pub(crate) fn with_text(self, name: &str, content: &str) -> Self {
        std::fs::write(self.0.path().join(name), content).unwrap();
        self
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.0.path().join(format!("samples_t_{TIME}.jsonl"))
    }

    /// Renames the samples.
    pub(crate) fn renamed(&self, name: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::copy(self.source(), &path).unwrap();
        std::fs::remove_file(self.source()).unwrap();
        path
    }
}
