//! One result, whichever container it came out of.
//!
//! [`Row::read`] checks the types of what is used and names the field that is
//! wrong; what may be absent is absent. Configurations of providers, headers
//! and the like are never looked at.

use caveat_importer::json;
use caveat_importer::{Limits, quote, secrets, text::printable};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::canonical;
use crate::grader::RED_TEAM;

/// What `PROMPTFOO_STRIP_PROMPT_TEXT` leaves of a prompt.
const STRIPPED_PROMPT: &str = "[prompt stripped]";

/// What `PROMPTFOO_STRIP_RESPONSE_OUTPUT` leaves of an output.
const STRIPPED_OUTPUT: &str = "[output stripped]";

/// A result before its types are checked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RawRow<'a> {
    /// JSON text.
    Json(&'a [u8]),
    /// A value that was put together or parsed elsewhere.
    Value(&'a Value),
}

/// The fields that are read, as they stand.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Fields {
    id: Value,
    eval_id: Value,
    evaluation_id: Value,
    test_idx: Value,
    prompt_idx: Value,
    provider: Value,
    prompt: Value,
    vars: Value,
    response: Value,
    error: Value,
    success: Value,
    score: Value,
    failure_reason: Value,
    grading_result: Value,
    named_scores: Value,
    latency_ms: Value,
    metadata: Value,
    test_case: Value,
}

/// Why a result has `success` false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It has not.
    None,
    /// An assertion failed.
    Assertion,
    /// The call, or the grading, ended with an error.
    Error,
}

/// What the target answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    /// Nothing.
    Absent,
    /// Something that the exporter left out.
    Stripped,
    /// Text, or any other JSON.
    Present(Value),
}

/// A result whose types are right.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Id of the result.
    pub(crate) id: Option<String>,
    /// Id of the evaluation, where the result itself carries it.
    pub(crate) eval_id: Option<String>,
    /// Number of the test within the evaluation.
    pub(crate) test_idx: Option<u64>,
    /// Number of the column: one provider with one prompt.
    pub(crate) prompt_idx: Option<u64>,
    /// Id of the provider.
    pub(crate) provider_id: Option<String>,
    /// Label of the provider.
    pub(crate) provider_label: Option<String>,
    /// The rendered prompt.
    pub(crate) prompt: Option<String>,
    /// Variables of the test, without those that the run added.
    pub(crate) vars: Map<String, Value>,
    /// What the target answered.
    pub(crate) output: Output,
    /// The rest of `response`.
    pub(crate) response: Map<String, Value>,
    /// Whether all assertions passed.
    pub(crate) success: bool,
    /// Why not.
    pub(crate) failure: Failure,
    /// Score, as it stands.
    pub(crate) score: Value,
    /// `gradingResult`, if there is one.
    pub(crate) grading: Option<Map<String, Value>>,
    /// Whether a metric was scored.
    pub(crate) has_named_scores: bool,
    /// Duration in milliseconds.
    pub(crate) latency_ms: Option<u64>,
    /// Metadata of the result.
    pub(crate) metadata: Map<String, Value>,
    /// Metadata of the test.
    pub(crate) test_metadata: Map<String, Value>,
    /// Assertions of the test.
    pub(crate) assertions: Vec<Value>,
    /// Smallest score that passes, where the test sets one.
    pub(crate) threshold: Option<f64>,
    /// The text in `error`.
    pub(crate) error: Option<String>,
}

impl Row {
    /// Parses a result and checks its types.
    ///
    /// # Errors
    /// The reason in words.
    pub(crate) fn read(raw: RawRow<'_>, limits: &Limits) -> Result<Self, String> {
        let fields = match raw {
            RawRow::Json(bytes) => {
                if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
                    return Err("it is no result: expected an object".to_owned());
                }
                json::parse::<Fields>(bytes, limits).map_err(|fault| fault.to_string())?
            }
            RawRow::Value(value) => {
                if !value.is_object() {
                    return Err("it is no result: expected an object".to_owned());
                }
                Fields::deserialize(value)
                    .map_err(|error| quote::without_values(&error.to_string()))?
            }
        };
        fields.check(limits)
    }

    /// Id of the plugin that made the attack.
    pub(crate) fn plugin(&self) -> Result<Option<String>, String> {
        self.category("pluginId")
    }

    /// Id of the strategy that changed the attack.
    pub(crate) fn strategy(&self) -> Result<Option<String>, String> {
        self.category("strategyId")
    }

    fn category(&self, key: &str) -> Result<Option<String>, String> {
        for metadata in [&self.metadata, &self.test_metadata] {
            if let Some(found) = metadata.get(key) {
                let found = name(found, key)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }

    /// What in the result itself says that it belongs to a red-team run.
    pub(crate) fn red_team_evidence(&self) -> Option<&'static str> {
        if matches!(self.plugin(), Ok(Some(_))) {
            return Some("`metadata.pluginId`");
        }
        if matches!(self.strategy(), Ok(Some(_))) {
            return Some("`metadata.strategyId`");
        }
        let of_components = self.components().filter_map(|one| one.get("assertion"));
        let graded = self.assertions.iter().chain(of_components).any(|found| {
            let kind = found.get("type").and_then(Value::as_str);
            kind.is_some_and(|kind| kind.starts_with(RED_TEAM))
        });
        graded.then_some("a grader `promptfoo:redteam:…`")
    }

    /// The graded components. Places that were left empty are none.
    pub(crate) fn components(&self) -> impl Iterator<Item = &Value> {
        let list = self
            .grading
            .as_ref()
            .and_then(|g| g.get("componentResults"));
        let list = list.and_then(Value::as_array);
        list.into_iter().flatten().filter(|one| !one.is_null())
    }

    /// Whether anything graded the reply, going by what is left in the file.
    pub(crate) fn is_graded(&self) -> bool {
        if self.components().next().is_some() || self.failure == Failure::Assertion {
            return true;
        }
        match &self.grading {
            Some(grading) if grading.contains_key("componentResults") => false,
            Some(grading)
                if grading.get("reason").and_then(Value::as_str) == Some("No assertions") =>
            {
                false
            }
            // `PROMPTFOO_STRIP_GRADING_RESULT`, and files from before components.
            _ => self.has_named_scores || !self.assertions.is_empty(),
        }
    }

    /// Name of the model: the label, else the id.
    pub(crate) fn model_name(&self) -> Option<&str> {
        self.provider_label
            .as_deref()
            .or(self.provider_id.as_deref())
    }

    /// What two repeats of one test have in common: the column and the
    /// variables; without variables the prompt.
    pub(crate) fn repeat_key(&self) -> Option<String> {
        let column = match self.prompt_idx {
            Some(column) => column.to_string(),
            None => self.model_name()?.to_owned(),
        };
        let test = if self.vars.is_empty() {
            format!("p{}", self.prompt.as_deref()?)
        } else {
            format!("v{}", canonical::text(&Value::Object(self.vars.clone())))
        };
        Some(format!("{column}\n{test}"))
    }
}

impl Fields {
    fn check(mut self, limits: &Limits) -> Result<Row, String> {
        let id = identifier(&self.id, "id")?;
        let eval_id = match identifier(&self.eval_id, "evalId")? {
            Some(id) => Some(id),
            None => identifier(&self.evaluation_id, "evaluationId")?,
        };
        let (provider_id, provider_label) = provider(&self.provider)?;
        for (field, found) in [
            ("id", &id),
            ("evalId", &eval_id),
            ("provider.id", &provider_id),
            ("provider.label", &provider_label),
        ] {
            if let Some(found) = found {
                limits.check_name(&format!("`{field}`"), found)?;
            }
        }
        let success = flag(&self.success, "success")?
            .ok_or_else(|| "`success` is missing: nothing says how the result ended".to_owned())?;
        let error = text(&self.error, "error")?;
        let grading = object(self.grading_result.take(), "gradingResult")?;
        let mut response = object(self.response.take(), "response")?;
        let failure = failure(
            &self.failure_reason,
            success,
            error.as_deref(),
            grading.is_some(),
        )?;
        let test_case = object(self.test_case.take(), "testCase")?.unwrap_or_default();
        let mut test_case = Value::Object(test_case);
        let mut take = |key: &str| test_case.get_mut(key).map(Value::take).unwrap_or_default();
        let own_vars = object(self.vars.take(), "vars")?.unwrap_or_default();
        let test_vars = object(take("vars"), "testCase.vars")?.unwrap_or_default();
        let mut vars = if test_vars.is_empty() {
            own_vars
        } else {
            test_vars
        };
        // Added while a run goes on, and different in every repeat.
        vars.retain(|key, _| {
            !key.starts_with("__") && key != "_conversation" && key != "sessionId"
        });
        let assertions = match take("assert") {
            Value::Array(found) => found,
            Value::Null => Vec::new(),
            other => return Err(wrong_type(&other, "testCase.assert", "a list")),
        };
        let test_metadata = object(take("metadata"), "testCase.metadata")?.unwrap_or_default();
        let threshold = take("threshold").as_f64();
        let output = output(response.as_mut());
        if !(self.score.is_null()
            || self.score.is_number()
            || json::non_finite(&self.score).is_some())
        {
            return Err(wrong_type(&self.score, "score", "a number"));
        }
        Ok(Row {
            id,
            eval_id,
            test_idx: index(&self.test_idx, "testIdx")?,
            prompt_idx: index(&self.prompt_idx, "promptIdx")?,
            provider_id,
            provider_label,
            prompt: prompt(&self.prompt)?,
            vars,
            output,
            response: response.unwrap_or_default(),
            success,
            failure,
            score: self.score,
            grading,
            has_named_scores: self
                .named_scores
                .as_object()
                .is_some_and(|found| !found.is_empty()),
            latency_ms: milliseconds(&self.latency_ms),
            metadata: object(self.metadata, "metadata")?.unwrap_or_default(),
            test_metadata,
            assertions,
            threshold,
            error,
        })
    }
}

/// Id and label; older files have a bare text. An empty one is none.
fn provider(value: &Value) -> Result<(Option<String>, Option<String>), String> {
    match value {
        Value::Object(found) => {
            let id = found
                .get("id")
                .map_or(Ok(None), |id| name(id, "provider.id"))?;
            let label = found
                .get("label")
                .map_or(Ok(None), |label| name(label, "provider.label"))?;
            Ok((id.map(secrets::cleaned), label.map(secrets::cleaned)))
        }
        Value::Null | Value::String(_) => {
            Ok((name(value, "provider")?.map(secrets::cleaned), None))
        }
        other => Err(wrong_type(other, "provider", "an object or text")),
    }
}

fn prompt(value: &Value) -> Result<Option<String>, String> {
    let raw = match value {
        Value::Object(found) => found.get("raw").unwrap_or(&Value::Null),
        other => other,
    };
    let raw = match raw {
        Value::Null => return Ok(None),
        Value::String(raw) => raw.clone(),
        // A chat that was never turned into text.
        Value::Array(_) | Value::Object(_) => canonical::text(raw),
        other => return Err(wrong_type(other, "prompt.raw", "text")),
    };
    Ok((raw != STRIPPED_PROMPT).then_some(raw))
}

fn output(response: Option<&mut Map<String, Value>>) -> Output {
    match response.and_then(|found| found.remove("output")) {
        None | Some(Value::Null) => Output::Absent,
        Some(Value::String(text)) if text == STRIPPED_OUTPUT => Output::Stripped,
        Some(found) => Output::Present(found),
    }
}

/// Files from before `failureReason` have an error where nothing was graded.
fn failure(
    value: &Value,
    success: bool,
    error: Option<&str>,
    graded: bool,
) -> Result<Failure, String> {
    match index(value, "failureReason")? {
        Some(0) if success => Ok(Failure::None),
        // A red-team or a compared result whose reason was never filled in.
        Some(0) if graded => Ok(Failure::Assertion),
        Some(0) => Ok(Failure::Error),
        Some(1) => Ok(Failure::Assertion),
        Some(2) => Ok(Failure::Error),
        Some(other) => Err(format!("`failureReason` is {other}, expected 0, 1 or 2")),
        None if success => Ok(Failure::None),
        None if graded => Ok(Failure::Assertion),
        None if error.is_some() => Ok(Failure::Error),
        None => Ok(Failure::Error),
    }
}

/// Text that names something; empty text names nothing.
fn name(value: &Value, field: &str) -> Result<Option<String>, String> {
    Ok(text(value, field)?.filter(|name| !name.is_empty()))
}

/// An id: text, or a whole number.
fn identifier(value: &Value, field: &str) -> Result<Option<String>, String> {
    match value {
        Value::Number(number) if number.is_u64() => Ok(Some(number.to_string())),
        other => name(other, field),
    }
}

fn text(value: &Value, field: &str) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        other => Err(wrong_type(other, field, "text")),
    }
}

/// True or false; a database has 1 or 0.
pub(crate) fn flag(value: &Value, field: &str) -> Result<Option<bool>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        Value::Number(number) if number.as_u64() == Some(0) => Ok(Some(false)),
        Value::Number(number) if number.as_u64() == Some(1) => Ok(Some(true)),
        other => Err(wrong_type(other, field, "true or false")),
    }
}

fn index(value: &Value, field: &str) -> Result<Option<u64>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => number
            .as_u64()
            .map(Some)
            .ok_or_else(|| format!("`{field}` is {number}, expected a whole number from 0 up")),
        other => Err(wrong_type(other, field, "a whole number")),
    }
}

/// Milliseconds as a whole number. A broken clock gives negative ones: none.
fn milliseconds(value: &Value) -> Option<u64> {
    let number = value
        .as_f64()
        .filter(|number| (0.0..9e15).contains(number))?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Some(number.round() as u64)
}

fn object(value: Value, field: &str) -> Result<Option<Map<String, Value>>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Object(found) => Ok(Some(found)),
        other => Err(wrong_type(&other, field, "an object")),
    }
}

pub(crate) fn wrong_type(found: &Value, field: &str, expected: &str) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("`{}` holds {found}, expected {expected}", printable(field))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<Row, String> {
        Row::read(RawRow::Value(&value), &Limits::default())
    }

    #[test]
    fn an_address_keeps_no_credentials() {
        for (id, kept) in [
            ("https://user:secret@host/path?key=1#x", "https://host/path"),
            ("HTTP://host?key=1", "HTTP://host"),
            ("wss://host/a@b", "wss://host/a@b"),
            ("file://target.js?x", "file://target.js"),
            (
                "webhook:https://user:secret@host?key=1",
                "webhook:https://host",
            ),
            ("openai:gpt-4o", "openai:gpt-4o"),
        ] {
            assert_eq!(secrets::cleaned(id.to_owned()), kept);
        }
    }

    #[test]
    fn wrong_types_are_named_with_their_field() {
        for (value, words) in [
            (json!({}), "`success` is missing"),
            (json!({"success": "yes"}), "`success` holds text"),
            (json!({"success": true, "testIdx": -1}), "`testIdx` is -1"),
            (json!({"success": true, "testIdx": 1.5}), "`testIdx` is 1.5"),
            (
                json!({"success": false, "failureReason": 7}),
                "`failureReason` is 7",
            ),
            (
                json!({"success": true, "gradingResult": []}),
                "`gradingResult` holds a list",
            ),
            (
                json!({"success": true, "response": "x"}),
                "`response` holds text",
            ),
            (
                json!({"success": true, "provider": 3}),
                "`provider` holds a number",
            ),
            (json!({"success": true, "score": "x"}), "`score` holds text"),
            (json!([]), "expected an object"),
        ] {
            let reason = read(value).unwrap_err();
            assert!(reason.contains(words), "{reason}");
        }
    }

    #[test]
    fn variables_that_a_run_adds_do_not_tell_repeats_apart() {
        let a = json!({"success": true, "promptIdx": 0, "testCase": {"vars": {"a": 1, "b": 2}}});
        let b = json!({"success": true, "promptIdx": 0, "vars": {"b": 2, "a": 1, "sessionId": "x", "__repeatIndex": 1}});
        assert_eq!(read(a).unwrap().repeat_key(), read(b).unwrap().repeat_key());
    }

    #[test]
    fn nothing_graded_a_result_without_assertions() {
        for (value, graded) in [
            (
                json!({"success": true, "gradingResult": {"pass": true, "reason": "No assertions"}}),
                false,
            ),
            (
                json!({"success": true, "gradingResult": {"pass": true, "componentResults": []}, "testCase": {"assert": [{"type": "select-best"}]}}),
                false,
            ),
            (
                json!({"success": true, "gradingResult": null, "testCase": {"assert": [{"type": "contains"}]}}),
                true,
            ),
            (json!({"success": true}), false),
            (json!({"success": false, "failureReason": 1}), true),
        ] {
            assert_eq!(read(value.clone()).unwrap().is_graded(), graded, "{value}");
        }
    }
}
