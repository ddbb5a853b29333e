//! A results file: what model ran, when, and what is known of each task.
//!
//! Of a task's configuration only the type of its output and its list of metrics
//! are read; arguments of the model, endpoints and facts of the machine are not.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use caveat_importer::json::{Content, Key, Pieces, parse};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Limits, secrets};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::unreadable;

/// Most tasks of one results file; the largest suites have some hundred.
const MAX_TASKS: usize = 100_000;

/// Arguments that name a model, in the order in which lm-eval looks for them.
const MODEL_ARGUMENTS: [&str; 6] = ["peft", "delta", "pretrained", "model", "path", "engine"];

/// A results file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Results {
    /// Model as spelled.
    pub(crate) model: Option<String>,
    /// What served it, as spelled.
    pub(crate) source: Option<String>,
    /// When the run began, in seconds since 1970 as written.
    pub(crate) date: Option<String>,
    /// Version of lm-eval.
    pub(crate) version: Option<String>,
    /// Its tasks.
    pub(crate) tasks: BTreeMap<String, Task>,
}

/// What a results file says of one task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Task {
    /// Whether a higher value is better, by metric.
    pub(crate) higher_is_better: BTreeMap<String, bool>,
    /// Aggregated values, by metric and filter.
    pub(crate) aggregates: BTreeMap<(String, String), f64>,
    /// How a metric is aggregated.
    pub(crate) aggregations: BTreeMap<String, String>,
    /// Type of the output, such as `generate_until`.
    pub(crate) output_type: Option<String>,
    /// Samples that were run.
    pub(crate) effective: Option<u64>,
    /// Samples of the data set.
    pub(crate) original: Option<u64>,
    /// Digest over the samples.
    pub(crate) hash: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TaskConfig {
    output_type: Value,
    metric_list: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RunConfig {
    model: Value,
    model_args: Value,
}

impl Results {
    /// Reads a results file; the inner error says in words why it is none.
    pub(crate) fn load(
        path: &Path,
        limits: &Limits,
    ) -> Result<Result<Results, String>, ImportError> {
        let file = File::open(path).map_err(unreadable(path))?;
        let open = [
            "results",
            "configs",
            "higher_is_better",
            "n-samples",
            "task_hashes",
        ];
        let mut pieces = Pieces::new(file, &open, limits).ignoring(&["pretty_env_info"]);
        let mut results = Results::default();
        loop {
            match pieces.next_piece() {
                Ok(None) => break,
                Ok(Some(piece)) => {
                    if let (Key::Name(name), Content::Whole(bytes)) = (piece.key, piece.content)
                        && let Err(reason) = results.take_in(piece.path, name, bytes, limits)
                    {
                        return Ok(Err(reason));
                    }
                }
                Err(fault) => return Ok(Err(fault.to_string())),
            }
        }
        if pieces.containers("results") == 0 {
            return Ok(Err("it has no `results`".to_owned()));
        }
        Ok(Ok(results))
    }

    fn take_in(
        &mut self,
        path: &str,
        name: &str,
        bytes: &[u8],
        limits: &Limits,
    ) -> Result<(), String> {
        let value = |what: &str| {
            parse::<Value>(bytes, limits)
                .map_err(|fault| format!("{what}: {}", printable(&fault.to_string())))
        };
        match (path, name) {
            ("", "model_name") => {
                let model = text(&value(name)?, name, limits)?.map(secrets::cleaned);
                self.model = model.or(self.model.take());
            }
            ("", "model_source") => {
                self.source = text(&value(name)?, name, limits)?.map(secrets::cleaned);
            }
            ("", "lm_eval_version") => self.version = text(&value(name)?, name, limits)?,
            ("", "date") => {
                self.date = match value(name)? {
                    Value::Number(seconds) => Some(seconds.to_string()),
                    Value::String(date) => text(&Value::String(date), name, limits)?,
                    _ => None,
                };
            }
            ("", "config") => {
                if let Ok(config) = parse::<RunConfig>(bytes, limits) {
                    self.take_in_config(&config, limits)?;
                }
            }
            ("", _) => {}
            (path, task) => {
                limits.check_name("the name of a task", task)?;
                self.task(task)?.take_in(path, bytes, limits)?;
            }
        }
        Ok(())
    }

    /// Old results name the model among its arguments alone.
    fn take_in_config(&mut self, config: &RunConfig, limits: &Limits) -> Result<(), String> {
        if self.model.is_none()
            && let Some(model) = model_of(&config.model_args)
        {
            limits.check_name("the model in `model_args`", &model)?;
            self.model = Some(secrets::cleaned(model));
        }
        if self.source.is_none() {
            self.source = text(&config.model, "config.model", limits)?.map(secrets::cleaned);
        }
        Ok(())
    }

    fn task(&mut self, name: &str) -> Result<&mut Task, String> {
        if !self.tasks.contains_key(name) && self.tasks.len() >= MAX_TASKS {
            return Err(format!("it has more than {MAX_TASKS} tasks"));
        }
        Ok(self.tasks.entry(name.to_owned()).or_default())
    }
}

impl Task {
    fn take_in(&mut self, section: &str, bytes: &[u8], limits: &Limits) -> Result<(), String> {
        if section == "configs" {
            let config = parse::<TaskConfig>(bytes, limits).unwrap_or_default();
            self.output_type = config.output_type.as_str().map(str::to_owned);
            self.aggregations = aggregations(&config.metric_list);
            return Ok(());
        }
        let value: Value = parse(bytes, limits).map_err(|fault| fault.to_string())?;
        let empty = Map::new();
        let members = value.as_object().unwrap_or(&empty);
        match section {
            "results" => {
                self.aggregates = members
                    .iter()
                    .filter_map(|(name, value)| Some((metric_and_filter(name)?, value.as_f64()?)))
                    .collect();
            }
            "higher_is_better" => {
                self.higher_is_better = members
                    .iter()
                    .filter_map(|(metric, better)| Some((metric.clone(), better.as_bool()?)))
                    .collect();
            }
            "n-samples" => {
                self.effective = members.get("effective").and_then(Value::as_u64);
                self.original = members.get("original").and_then(Value::as_u64);
            }
            "task_hashes" => self.hash = value.as_str().map(str::to_owned),
            _ => {}
        }
        Ok(())
    }

    /// Whether the results hold anything of a metric.
    pub(crate) fn knows(&self, metric: &str) -> bool {
        self.higher_is_better.contains_key(metric)
            || self.aggregates.keys().any(|(known, _)| known == metric)
    }

    /// Whether the results say nothing of any metric, so that none can be missed.
    pub(crate) fn is_silent(&self) -> bool {
        self.higher_is_better.is_empty() && self.aggregates.is_empty()
    }
}

/// `asr,none` as metric and filter; old results have the metric alone.
fn metric_and_filter(name: &str) -> Option<(String, String)> {
    let (metric, filter) = name.split_once(',').unwrap_or((name, "none"));
    let is_metric = !metric.ends_with("_stderr")
        && !matches!(metric, "alias" | "name" | "sample_len" | "samples");
    is_metric.then(|| (metric.to_owned(), filter.to_owned()))
}

fn aggregations(metric_list: &Value) -> BTreeMap<String, String> {
    let metrics = metric_list.as_array().map_or(&[][..], Vec::as_slice);
    let word =
        |metric: &Value, field: &str| metric.get(field).and_then(Value::as_str).map(str::to_owned);
    metrics
        .iter()
        .filter_map(|metric| Some((word(metric, "metric")?, word(metric, "aggregation")?)))
        .collect()
}

/// The one value among the arguments that names a model; the rest may be secret.
fn model_of(arguments: &Value) -> Option<String> {
    MODEL_ARGUMENTS.iter().find_map(|wanted| {
        let name = match arguments {
            Value::Object(arguments) => arguments.get(*wanted)?.as_str()?,
            Value::String(arguments) => arguments.split(',').find_map(|argument| {
                let (key, value) = argument.split_once('=')?;
                (key.trim() == *wanted).then_some(value)
            })?,
            _ => return None,
        };
        (!name.is_empty()).then(|| name.to_owned())
    })
}

fn text(value: &Value, field: &str, limits: &Limits) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => {
            limits.check_name(&format!("`{field}`"), text)?;
            Ok(Some(text.clone()).filter(|text| !text.is_empty()))
        }
        other => Err(crate::fields::wrong_type(other, field, "text")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_model_is_taken_of_its_arguments() {
        for (arguments, expected) in [
            (
                json!("pretrained=org/model,token=secret"),
                Some("org/model"),
            ),
            (
                json!("pretrained=base,peft=org/adapter"),
                Some("org/adapter"),
            ),
            (json!({"model": "gpt", "api_key": "secret"}), Some("gpt")),
            (json!("base_url=http://host,num=1"), None),
            (json!({}), None),
            (json!(""), None),
            (Value::Null, None),
        ] {
            assert_eq!(model_of(&arguments).as_deref(), expected, "{arguments}");
        }
    }

    #[test]
    fn names_of_aggregates_are_metric_and_filter() {
        let pair = |metric: &str, filter: &str| Some((metric.to_owned(), filter.to_owned()));
        for (name, expected) in [
            ("asr,none", pair("asr", "none")),
            (
                "exact_match,strict-match",
                pair("exact_match", "strict-match"),
            ),
            ("acc", pair("acc", "none")),
            ("asr_stderr,none", None),
            ("acc_stderr", None),
            ("alias", None),
            ("sample_len", None),
        ] {
            assert_eq!(metric_and_filter(name), expected, "{name}");
        }
    }
}
