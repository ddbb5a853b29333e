//! Turns one entry of a behaviour into a trace.
//!
//! Wrong types are reasons in words. A label outside 0 and 1 is a grader that
//! failed, never a defence.

use caveat_corpus::{Digest, Grade, GraderKind, Location, Outcome, PromptKey, Trace, Verdict};
use caveat_importer::json::raw_word;
use caveat_importer::{Options, json, secrets};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::DATASET;
use crate::origin::Origin;

/// Who gives `label`: the benchmark's fine-tuned classifier.
pub(crate) const CLASSIFIER: &str = "harmbench_cls";

/// Who gives `advbench_label`: 1 where the reply begins with no known refusal.
pub(crate) const PREFIXES: &str = "advbench_prefix";

/// The fields that are read. `Value` leaves the check of types, with names, to us.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    #[serde(deserialize_with = "present")]
    test_case: Option<Value>,
    #[serde(deserialize_with = "present")]
    generation: Option<Value>,
    label: Value,
    advbench_label: Value,
}

/// Keeps a null apart from an absent key.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Reads the entry at a position, from 0, of a behaviour's list.
pub(crate) fn trace(
    bytes: &[u8],
    behavior: &str,
    position: u64,
    location: Location,
    origin: &Origin,
    options: &Options,
) -> Result<Trace, String> {
    options.limits.check_name("the behaviour", behavior)?;
    if bytes.first() != Some(&b'{') {
        return Err("expected an object with `test_case` and `generation`".to_owned());
    }
    let fields: Fields = json::parse(bytes, &options.limits).map_err(|fault| fault.to_string())?;
    let attempt = position.checked_add(1).and_then(|n| u32::try_from(n).ok());
    let attempt = attempt.ok_or("its list has more entries than can be numbered")?;
    let prompt = test_case(fields.test_case.as_ref().ok_or("`test_case` is missing")?)?;
    let response = match fields
        .generation
        .as_ref()
        .ok_or("`generation` is missing")?
    {
        Value::Null => None,
        Value::String(text) => Some(text.as_str()),
        other => return Err(wrong_type(other, "generation", "text")),
    };
    let grades = [
        grade(
            &fields.label,
            "label",
            CLASSIFIER,
            GraderKind::Classifier,
            options.keep_text,
        )?,
        grade(
            &fields.advbench_label,
            "advbench_label",
            PREFIXES,
            GraderKind::Heuristic,
            options.keep_text,
        )?,
    ];
    Ok(Trace {
        location,
        run_id: origin.run_id(),
        record_id: Some(behavior.to_owned()),
        model: secrets::model_name(origin.model.clone(), None),
        prompt: Some(PromptKey::Id {
            dataset: DATASET.to_owned(),
            id: behavior.to_owned(),
        }),
        prompt_text: prompt.filter(|_| options.keep_text),
        dataset: Some(DATASET.to_owned()),
        technique: origin.method.clone(),
        attack_family: None,
        harm_category: None,
        attempt: Some(attempt),
        turns: None,
        observed_at: None,
        prompt_tokens: None,
        response_tokens: None,
        duration_ms: None,
        response_digest: response.map(|text| Digest::of(text.as_bytes())),
        response_text: response.filter(|_| options.keep_text).map(str::to_owned),
        outcome: match response {
            Some(_) => Outcome::Response,
            None => Outcome::Error,
        },
        grades: grades.into_iter().flatten().collect(),
    })
}

/// The text of a test case. A multimodal one is a list whose last text is the
/// prompt and whose other parts name images, which are never opened.
fn test_case(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Array(parts) => {
            let texts = parts.iter().rev().find_map(Value::as_str);
            Ok(texts.map(str::to_owned))
        }
        other => Err(wrong_type(other, "test_case", "text or a list")),
    }
}

fn grade(
    value: &Value,
    field: &str,
    grader: &str,
    kind: GraderKind,
    keep_text: bool,
) -> Result<Option<Grade>, String> {
    let verdict = match value {
        Value::Null => return Ok(None),
        Value::Bool(true) => Verdict::Compliance,
        Value::Bool(false) => Verdict::Refusal,
        Value::Number(number) => match number.as_f64() {
            Some(1.0) => Verdict::Compliance,
            Some(0.0) => Verdict::Refusal,
            _ => Verdict::ParseError,
        },
        Value::String(word) => match word.trim() {
            "1" => Verdict::Compliance,
            "0" => Verdict::Refusal,
            _ => Verdict::ParseError,
        },
        other => return Err(wrong_type(other, field, "0, 1 or -1")),
    };
    Ok(Some(Grade {
        grader: Some(grader.to_owned()),
        kind,
        verdict,
        raw: Some(raw_word(value, keep_text)),
        version: None,
        graded_at: None,
    }))
}

fn wrong_type(found: &Value, field: &str, expected: &str) -> String {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("`{field}` holds {found}, expected {expected}")
}
