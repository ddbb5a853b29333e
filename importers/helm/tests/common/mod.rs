//! What the tests share: a run folder in a temporary place, and its import.
#![allow(clippy::unwrap_used, dead_code)]

use std::path::{Path, PathBuf};

use caveat_corpus::{Grade, Record, Trace};
use caveat_import_helm::Helm;
use caveat_importer::{
    Collector, ImportError, Importer as _, Options, Reject, Source, SourceFacts,
};
use serde_json::{Value, json};

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
    let facts = Helm.import(&Source::new(path), options, &mut collector)?;
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

pub(crate) fn grade<'a>(trace: &'a Trace, grader: &str) -> Option<&'a Grade> {
    trace
        .grades
        .iter()
        .find(|grade| grade.grader.as_deref() == Some(grader))
}

/// A run folder in a temporary place.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    /// A folder with these request states and nothing else.
    pub(crate) fn of(states: &[Value]) -> Self {
        let folder = Self(tempfile::TempDir::new().unwrap());
        let state = json!({
            "adapter_spec": {"method": "generation", "model": "maker/model", "model_deployment": "host/model"},
            "request_states": states,
        });
        folder.with("scenario_state.json", &state)
    }

    /// A folder with these bytes as its source.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        let folder = Self(tempfile::TempDir::new().unwrap());
        std::fs::write(folder.source(), bytes).unwrap();
        folder
    }

    pub(crate) fn with(self, name: &str, content: &Value) -> Self {
        self.with_text(name, &content.to_string())
    }

    pub(crate) fn with_text(self, name: &str, content: &str) -> Self {
        std::fs::write(self.0.path().join(name), content).unwrap();
        self
    }

    /// Adds a run specification of a safety run.
    pub(crate) fn with_run_spec(self) -> Self {
        self.with(
            "run_spec.json",
            &json!({
                "name": "scenario:n=2,model=maker_model",
                "scenario_spec": {"class_name": "a.b.SomeScenario", "args": {"n": 2}},
                "adapter_spec": {"model": "maker/model", "model_deployment": "host/model"},
                "metric_specs": [{"class_name": "helm.benchmark.metrics.safety_metrics.SafetyScoreMetric", "args": {}}],
            }),
        )
    }

    pub(crate) fn source(&self) -> PathBuf {
        self.0.path().join("scenario_state.json")
    }
}

/// A request state with a reply.
pub(crate) fn state(id: &str, annotations: Value) -> Value {
    json!({
        "instance": {"input": {"text": format!("prompt {id}")}, "references": [], "split": "test", "id": id},
        "train_trial_index": 0,
        "request": {"model": "maker/model", "model_deployment": "host/model", "prompt": format!("prompt {id}")},
        "result": {"success": true, "completions": [{"text": format!("reply {id}"), "logprob": 0, "tokens": []}],
            "request_time": 0.25, "request_datetime": 1_795_422_994},
        "annotations": annotations,
    })
}

/// An entry of `per_instance_stats.json`, with name, count and sum of each statistic.
pub(crate) fn scores(id: &str, perturbation: Value, stats: &[(&str, u32, f64)]) -> Value {
    let stats: Vec<Value> = stats
        .iter()
        .map(|(name, count, sum)| {
            json!({"name": {"name": name, "split": "test"}, "count": count, "sum": sum,
                "mean": sum / f64::from(*count)})
        })
        .collect();
    let mut entry = json!({"instance_id": id, "train_trial_index": 0, "stats": stats});
    if !perturbation.is_null() {
        entry["perturbation"] = perturbation;
    }
    entry
}
