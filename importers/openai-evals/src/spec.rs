//! The specification of a run: which eval, which models.
//!
//! Only the fields below are taken; settings, arguments and paths are left alone.

use caveat_importer::{Limits, secrets};
use serde::Deserialize;
use serde_json::Value;

use crate::event::object;

/// A run as its specification describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Run {
    /// The model under test, as the completion function is spelled.
    pub(crate) model: Option<String>,
    /// The model that grades, where it is another.
    pub(crate) grading_model: Option<String>,
    pub(crate) run_id: Option<String>,
    pub(crate) eval_name: Option<String>,
    /// Class of the eval.
    pub(crate) class: Option<String>,
    /// Completion functions under test; more than one is rare.
    pub(crate) models: usize,
    pub(crate) is_model_graded: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    completion_fns: Value,
    /// Names of versions before completion functions.
    model_name: Value,
    model_names: Value,
    eval_name: Value,
    base_eval: Value,
    run_id: Value,
    run_config: Config,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    completion_fns: Value,
    eval_spec: EvalSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EvalSpec {
    cls: Value,
}

impl Run {
    /// Reads the first line of a log.
    pub(crate) fn of(line: &[u8], limits: &Limits) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Line {
            spec: Fields,
        }

        let spec = object::<Line>(line, limits)?.spec;
        let class = text(&spec.run_config.eval_spec.cls);
        let is_model_graded = class
            .as_deref()
            .is_some_and(|class| class.contains("modelgraded"));
        let mut functions = [
            &spec.completion_fns,
            &spec.run_config.completion_fns,
            &spec.model_name,
            &spec.model_names,
        ]
        .into_iter()
        .map(names)
        .find(|names| !names.is_empty())
        .unwrap_or_default();
        // The last of several grades, as the class of model-graded evals has it.
        let grading_model = match is_model_graded && functions.len() > 1 {
            true => functions.pop(),
            false => None,
        };
        let run = Self {
            models: functions.len(),
            model: functions.into_iter().next(),
            grading_model,
            run_id: text(&spec.run_id),
            eval_name: text(&spec.eval_name).or_else(|| text(&spec.base_eval)),
            class,
            is_model_graded,
        };
        for (field, name) in [
            ("the completion function", &run.model),
            ("`run_id`", &run.run_id),
            ("`eval_name`", &run.eval_name),
        ] {
            limits.check_name(field, name.as_deref().unwrap_or_default())?;
        }
        Ok(run)
    }

    /// Whether a call was the grader's, by the model that the recorder names:
    /// only where the two are spelled so that they cannot be mistaken.
    pub(crate) fn is_grading(&self, model: &Value) -> bool {
        let (Some(called), Some(grading)) = (model.as_str(), &self.grading_model) else {
            return false;
        };
        let begins = |name: &str| called.starts_with(name.rsplit('/').next().unwrap_or(name));
        begins(grading) && !self.model.as_deref().is_some_and(begins)
    }
}

/// One name, or a list of them, or the list within `completions`.
fn names(value: &Value) -> Vec<String> {
    match value {
        Value::String(_) => text(value).map(secrets::cleaned).into_iter().collect(),
        Value::Array(list) => list.iter().filter_map(text).map(secrets::cleaned).collect(),
        Value::Object(object) => object.get("completions").map(names).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn text(value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| !text.is_empty())?;
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn run(spec: &str) -> Run {
        Run::of(
            format!("{{\"spec\": {spec}}}").as_bytes(),
            &Limits::default(),
        )
        .unwrap()
    }

    #[test]
    fn the_model_is_the_first_completion_function_and_the_last_of_several_grades() {
        let graded = run(
            r#"{"completion_fns": ["gpt-3.5-turbo", "gpt-4"], "run_config": {"eval_spec": {"cls": "evals.elsuite.modelgraded.classify:ModelBasedClassify"}}}"#,
        );
        assert_eq!(graded.model.as_deref(), Some("gpt-3.5-turbo"));
        assert!(graded.is_grading(&"gpt-4-0613".into()));
        assert!(!graded.is_grading(&"gpt-3.5-turbo-0125".into()));
        let plain = run(r#"{"completion_fns": ["a", "b"], "run_id": "r"}"#);
        assert_eq!((plain.models, plain.grading_model), (2, None));
        let address = run(r#"{"completion_fns": ["https://u:p@host/v1?key=k"]}"#);
        assert_eq!(address.model.as_deref(), Some("https://host/v1"));
        let old = run(r#"{"model_name": {"completions": ["text-davinci-003"]}}"#);
        assert_eq!(old.model.as_deref(), Some("text-davinci-003"));
        assert_eq!(run(r#"{"eval_name": "x"}"#).model, None);
    }

    #[test]
    fn a_grader_whose_name_begins_like_the_model_is_not_told_by_it() {
        let graded = run(
            r#"{"completion_fns": ["gpt-4o", "gpt-4"], "run_config": {"eval_spec": {"cls": "x.modelgraded.y"}}}"#,
        );
        assert!(!graded.is_grading(&"gpt-4o-2024-08-06".into()));
        assert!(graded.is_grading(&"gpt-4-0613".into()));
    }
}
