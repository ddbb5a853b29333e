//! An aggregate file: what the rows were measured with.
//!
//! Only what bears on traces is taken. Organisations, URLs, generation arguments
//! and prompts of judges are left alone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use caveat_importer::{Limits, json};
use serde_json::Value;

/// What an aggregate says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aggregate {
    pub(crate) schema_version: Option<String>,
    pub(crate) evaluation_id: String,
    /// When the evaluation ran, as spelled.
    pub(crate) evaluated_at: Option<String>,
    pub(crate) model_id: Option<String>,
    pub(crate) results: Vec<EvaluationResult>,
    /// The file of rows.
    pub(crate) detailed: Option<Detailed>,
}

/// One result: a metric over a data set.
#[derive(Clone, Debug, Default)]
pub(crate) struct EvaluationResult {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) dataset: Option<String>,
    pub(crate) evaluated_at: Option<String>,
    pub(crate) metric: Metric,
    /// The published score.
    pub(crate) score: Option<f64>,
    /// `score_details.details`.
    pub(crate) details: BTreeMap<String, String>,
}

/// What a score means.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metric {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) lower_is_better: Option<bool>,
    pub(crate) score_type: Option<String>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) level_names: Vec<String>,
    /// -1 stands for unknown.
    pub(crate) has_unknown: bool,
    /// Ids of the judges, in their order.
    pub(crate) judges: Vec<String>,
}

/// The file of rows, as the aggregate names it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detailed {
    /// The last part of the path: the path itself is that of another place.
    pub(crate) file_name: Option<String>,
    pub(crate) checksum: Option<String>,
    pub(crate) algorithm: Option<String>,
    pub(crate) total_rows: Option<u64>,
}

impl Metric {
    /// The metric in one word.
    pub(crate) fn label(&self) -> Option<&str> {
        let names = [&self.id, &self.name, &self.kind];
        names.into_iter().flatten().map(String::as_str).next()
    }
}

impl EvaluationResult {
    /// What rows refer to.
    pub(crate) fn key(&self) -> Option<&str> {
        self.id.as_deref().or(self.name.as_deref())
    }
}

impl Aggregate {
    /// The result that a row names by its id, or by the name of the evaluation
    /// where only one result has that name.
    pub(crate) fn result(&self, id: Option<&str>, name: Option<&str>) -> Option<&EvaluationResult> {
        if let Some(id) = id {
            let found = self
                .results
                .iter()
                .find(|result| result.id.as_deref() == Some(id));
            if found.is_some() {
                return found;
            }
        }
        let mut named = self
            .results
            .iter()
            .filter(|result| name.is_some() && result.name.as_deref() == name);
        match (named.next(), named.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// Reads a file if it is an aggregate.
    pub(crate) fn load(path: &Path, limits: &Limits) -> Result<Self, String> {
        let bytes = load(path, limits)?;
        let value: Value = json::parse(&bytes, limits).map_err(|fault| fault.to_string())?;
        Self::of(&value, limits).ok_or_else(|| "it is no aggregate of this schema".to_owned())
    }

    fn of(value: &Value, limits: &Limits) -> Option<Self> {
        let results = value.get("evaluation_results")?.as_array()?;
        let text = |value: &Value, name: &str| word(value, name, limits);
        Some(Self {
            schema_version: text(value, "schema_version"),
            evaluation_id: text(value, "evaluation_id")?,
            evaluated_at: text(value, "evaluation_timestamp"),
            model_id: value
                .get("model_info")
                .and_then(|model| text(model, "id").or_else(|| text(model, "name"))),
            results: results
                .iter()
                .map(|result| of_result(result, limits))
                .collect(),
            detailed: value.get("detailed_evaluation_results").and_then(|found| {
                found.as_object()?;
                Some(Detailed {
                    file_name: text(found, "file_path").map(|path| {
                        let name = path.rsplit(['/', '\\']).next();
                        name.unwrap_or_default().to_owned()
                    }),
                    checksum: text(found, "checksum").map(|sum| sum.to_ascii_lowercase()),
                    algorithm: text(found, "hash_algorithm"),
                    total_rows: found.get("total_rows").and_then(Value::as_u64),
                })
            }),
        })
    }
}

fn load(path: &Path, limits: &Limits) -> Result<Vec<u8>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    file.take(limits.max_record_bytes.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

fn of_result(value: &Value, limits: &Limits) -> EvaluationResult {
    let text = |value: &Value, name: &str| word(value, name, limits);
    let details = value.get("score_details");
    let config = value.get("metric_config");
    EvaluationResult {
        id: text(value, "evaluation_result_id"),
        name: text(value, "evaluation_name"),
        dataset: value
            .get("source_data")
            .and_then(|source| text(source, "dataset_name")),
        evaluated_at: text(value, "evaluation_timestamp"),
        metric: config
            .map(|config| metric(config, limits))
            .unwrap_or_default(),
        score: details.and_then(|details| details.get("score")?.as_f64()),
        details: details
            .and_then(|details| details.get("details")?.as_object())
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect(),
    }
}

fn metric(config: &Value, limits: &Limits) -> Metric {
    let text = |name: &str| word(config, name, limits);
    let list = |name: &str| config.get(name).and_then(Value::as_array);
    let judges = config
        .get("llm_scoring")
        .and_then(|scoring| scoring.get("judges")?.as_array());
    Metric {
        id: text("metric_id"),
        name: text("metric_name"),
        kind: text("metric_kind"),
        lower_is_better: config.get("lower_is_better").and_then(Value::as_bool),
        score_type: text("score_type"),
        min: config.get("min_score").and_then(Value::as_f64),
        max: config.get("max_score").and_then(Value::as_f64),
        level_names: list("level_names")
            .into_iter()
            .flatten()
            .map(|name| name.as_str().unwrap_or_default().to_owned())
            .collect(),
        has_unknown: config.get("has_unknown_level") == Some(&Value::Bool(true)),
        judges: judges
            .into_iter()
            .flatten()
            .filter_map(|judge| {
                let model = judge.get("model_info")?;
                word(model, "id", limits).or_else(|| word(model, "name", limits))
            })
            .collect(),
    }
}

/// A text of bounded length; what is none, empty or too long is absent.
fn word(value: &Value, name: &str, limits: &Limits) -> Option<String> {
    let text = value.get(name)?.as_str()?;
    let is_usable = !text.is_empty()
        && json::non_finite(value.get(name)?).is_none()
        && limits.check_name(name, text).is_ok();
    is_usable.then(|| text.to_owned())
}
