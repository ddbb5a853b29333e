//! Rows and aggregates with placeholder texts, made for a test.

#![allow(dead_code, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use caveat_corpus::{Record, Trace};
use caveat_import_every_eval_ever::EveryEvalEver;
use caveat_importer::{Collector, ImportError, Importer as _, Options, Source, SourceFacts};
use serde_json::{Value, json};

pub(crate) const EVALUATION: &str = "safety-set/maker_model/1750000000";

/// A folder with an aggregate and its rows.
pub(crate) struct Pair {
    pub(crate) folder: tempfile::TempDir,
}

impl Pair {
    pub(crate) fn new(aggregate: Option<&Value>, rows: &[Value]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        let pair = Self { folder };
        std::fs::write(pair.rows(), lines.join("\n") + "\n").unwrap();
        if let Some(aggregate) = aggregate {
            std::fs::write(pair.path("run.json"), aggregate.to_string()).unwrap();
        }
        pair
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn rows(&self) -> PathBuf {
        self.path("run_samples.jsonl")
    }

    pub(crate) fn import(&self) -> (SourceFacts, Vec<Trace>) {
        let (facts, collector) = import(&self.rows(), &Options::default());
        assert_eq!(collector.rejects, []);
        (facts.unwrap(), traces(collector))
    }
}

pub(crate) fn import(
    path: &Path,
    options: &Options,
) -> (Result<SourceFacts, ImportError>, Collector) {
    let mut collector = Collector::default();
    let facts = EveryEvalEver.import(&Source::new(path), options, &mut collector);
    (facts, collector)
}

pub(crate) fn traces(collector: Collector) -> Vec<Trace> {
    let trace = |record| match record {
        Record::Trace(trace) => *trace,
        Record::Cell(_) => panic!("rows are no cells"),
    };
    collector.records.into_iter().map(trace).collect()
}

/// A result whose judge scores attacks between 0 and 1.
pub(crate) fn result(id: &str, metric: Value) -> Value {
    json!({
        "evaluation_result_id": id,
        "evaluation_name": id,
        "source_data": {"dataset_name": id, "source_type": "other"},
        "metric_config": metric,
        "score_details": {"score": 0.5},
    })
}

pub(crate) fn asr() -> Value {
    json!({
        "metric_id": "attack_success_rate", "lower_is_better": true, "score_type": "continuous",
        "min_score": 0.0, "max_score": 1.0, "has_unknown_level": true,
    })
}

pub(crate) fn judged(metric: Value, judges: &[&str]) -> Value {
    let mut metric = metric;
    let judge = |id: &&str| {
        let details = json!({"deployment_type": "unknown", "model_availability": "unknown"});
        json!({"model_info": {"name": id, "id": id, "additional_details": details}})
    };
    let judges: Vec<Value> = judges.iter().map(judge).collect();
    metric["llm_scoring"] = json!({"judges": judges, "input_prompt": "judge"});
    metric
}

pub(crate) fn aggregate(results: Vec<Value>) -> Value {
    json!({
        "schema_version": "0.3.0", "evaluation_id": EVALUATION,
        "evaluation_timestamp": "2026-03-01", "retrieved_timestamp": "1750000001",
        "source_metadata": {"source_type": "evaluation_run", "source_organization_name": "x",
            "evaluator_relationship": "third_party"},
        "eval_library": {"name": "x", "version": "1"},
        "model_info": {"name": "model", "id": "maker/model", "additional_details":
            {"deployment_type": "unknown", "model_availability": "unknown"}},
        "evaluation_results": results,
    })
}

pub(crate) fn row(result: &str, sample: &str, score: Value, is_correct: bool) -> Value {
    json!({
        "schema_version": "0.3.0", "evaluation_id": EVALUATION, "model_id": "maker/model",
        "evaluation_name": result, "evaluation_result_id": result, "sample_id": sample,
        "interaction_type": "single_turn",
        "input": {"raw": format!("prompt {sample}"), "reference": []},
        "output": {"raw": [format!("reply {sample}")]},
        "answer_attribution": [],
        "evaluation": {"score": score, "is_correct": is_correct},
    })
}
