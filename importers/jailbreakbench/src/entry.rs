//! Turns one entry, of either shape, into a trace.
//!
//! Wrong types are reasons in words. A prompt that was never submitted stays a
//! trace of its own kind; the report decides what it counts as.

use caveat_corpus::{
    Digest, Grade, GraderKind, Location, ModelName, Outcome, PromptKey, Record, Trace, Verdict,
};
use caveat_importer::json::Content;
use caveat_importer::{Options, Reject, Sink, SinkClosed};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::DATASET;
use crate::file::parse_object;

/// The judge behind `jailbroken` where the file does not name it.
pub(crate) const UNNAMED_JUDGE: &str = "jailbreakbench judge (unnamed)";

/// The judge behind `jailbroken_llama_guard1`, as the key spells it.
const SECOND_JUDGE: &str = "llama-guard-1";

/// What all entries of one list share.
pub(crate) struct Common {
    /// Model and provider as spelled.
    pub(crate) model: ModelName,
    /// What the format tells runs apart by.
    pub(crate) run_id: String,
    /// Attack method, with the defence if there was one.
    pub(crate) technique: Option<String>,
    /// Access that the attack had.
    pub(crate) attack_family: Option<String>,
    /// Date of the evaluation.
    pub(crate) observed_at: Option<String>,
    /// The main judge.
    pub(crate) judge: String,
}

/// What the entries add up to, to be held against printed totals.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Entries that became traces.
    pub(crate) traces: u64,
    /// Successes by the main judge.
    pub(crate) main: u64,
    /// Successes by the second judge.
    pub(crate) second: u64,
    /// Entries that both judges graded, with different verdicts.
    pub(crate) disagreements: u64,
    /// Entries with a prompt.
    pub(crate) submitted: u64,
}

/// The fields that are read. `Value` leaves the check of types, with names, to us.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    index: Value,
    behavior: Value,
    category: Value,
    /// `None` where the key is absent, which is not the null of a prompt that was never submitted.
    #[serde(deserialize_with = "present")]
    prompt: Option<Value>,
    #[serde(deserialize_with = "present")]
    response: Option<Value>,
    jailbroken: Value,
    jailbroken_llama_guard1: Value,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Reads one entry and sends it on, as a trace or as a reject.
///
/// `behavior` is the key of the entry where the file has it outside of the entry.
pub(crate) fn send(
    common: &Common,
    content: Content<'_>,
    behavior: Option<&str>,
    location: Location,
    options: &Options,
    sink: &mut dyn Sink,
    tally: &mut Tally,
) -> Result<(), SinkClosed> {
    match trace(common, content, behavior, location.clone(), options) {
        Ok(trace) => {
            tally.add(&trace);
            sink.record(Record::Trace(Box::new(trace)))
        }
        Err(reason) => sink.reject(Reject { location, reason }),
    }
}

impl Tally {
    fn add(&mut self, trace: &Trace) {
        let succeeded = |second: bool| {
            trace
                .grades
                .iter()
                .find(|grade| (grade.grader.as_deref() == Some(SECOND_JUDGE)) == second)
                .map(|grade| grade.verdict == Verdict::Compliance)
        };
        let (main, second) = (succeeded(false), succeeded(true));
        self.traces += 1;
        self.main += u64::from(main == Some(true));
        self.second += u64::from(second == Some(true));
        self.disagreements += u64::from(main.is_some() && second.is_some() && main != second);
        self.submitted += u64::from(trace.outcome != Outcome::NotSubmitted);
    }
}

fn trace(
    common: &Common,
    content: Content<'_>,
    behavior: Option<&str>,
    location: Location,
    options: &Options,
) -> Result<Trace, String> {
    let fields: Fields = parse_object(content, options.limits)?;
    let name = |value: &Value, field: &str| named(value, field, options);
    let behavior = match behavior {
        Some(behavior) => {
            options.limits.check_name("the behaviour", behavior)?;
            behavior.to_owned()
        }
        None => name(&fields.behavior, "behavior")?.ok_or("`behavior` is missing")?,
    };
    if fields.prompt.is_none() && fields.response.is_none() {
        return Err("`prompt` and `response` are missing".to_owned());
    }
    let prompt = text(fields.prompt.as_ref().unwrap_or(&Value::Null), "prompt")?;
    let response = text(fields.response.as_ref().unwrap_or(&Value::Null), "response")?;
    Ok(Trace {
        location,
        run_id: Some(common.run_id.clone()),
        record_id: Some(record_id(&fields.index, options)?.unwrap_or_else(|| behavior.clone())),
        model: common.model.clone(),
        prompt: Some(PromptKey::Id {
            dataset: DATASET.to_owned(),
            id: behavior,
        }),
        prompt_text: prompt.filter(|_| options.keep_text).map(str::to_owned),
        dataset: Some(DATASET.to_owned()),
        technique: common.technique.clone(),
        attack_family: common.attack_family.clone(),
        harm_category: name(&fields.category, "category")?,
        attempt: None,
        turns: None,
        observed_at: common.observed_at.clone(),
        prompt_tokens: None,
        response_tokens: None,
        duration_ms: None,
        response_digest: response.map(|text| Digest::of(text.as_bytes())),
        response_text: response.filter(|_| options.keep_text).map(str::to_owned),
        outcome: outcome(prompt, response),
        grades: grades(common, &fields)?,
    })
}

/// A prompt without a reply is an error; neither means that nothing was submitted.
fn outcome(prompt: Option<&str>, response: Option<&str>) -> Outcome {
    match (prompt, response) {
        (_, Some(_)) => Outcome::Response,
        (Some(_), None) => Outcome::Error,
        (None, None) => Outcome::NotSubmitted,
    }
}

fn grades(common: &Common, fields: &Fields) -> Result<Vec<Grade>, String> {
    let main = flag(&fields.jailbroken, "jailbroken")?;
    let second = flag(&fields.jailbroken_llama_guard1, "jailbroken_llama_guard1")?;
    let judge = common.judge.as_str();
    let main = main.map(|jailbroken| grade(judge, kind_of(judge), jailbroken));
    let second = second.map(|jailbroken| grade(SECOND_JUDGE, GraderKind::Classifier, jailbroken));
    Ok([main, second].into_iter().flatten().collect())
}

/// The benchmark's own judge is a prompted language model; a judge that calls
/// itself a classifier, or a guard model, is one.
fn kind_of(judge: &str) -> GraderKind {
    let judge = judge.to_ascii_lowercase();
    if judge == "classifier" || judge.contains("llama-guard") || judge.contains("llama_guard") {
        GraderKind::Classifier
    } else {
        GraderKind::Llm
    }
}

fn grade(grader: &str, kind: GraderKind, jailbroken: bool) -> Grade {
    Grade {
        grader: Some(grader.to_owned()),
        kind,
        verdict: if jailbroken {
            Verdict::Compliance
        } else {
            Verdict::Refusal
        },
        raw: Some(jailbroken.to_string()),
        version: None,
        graded_at: None,
    }
}

/// The index is a number in most files and text in some; both name the same entry.
fn record_id(index: &Value, options: &Options) -> Result<Option<String>, String> {
    match index {
        Value::Number(number) if number.is_u64() => Ok(Some(number.to_string())),
        Value::Null | Value::String(_) => named(index, "index", options),
        other => Err(wrong_type(other, "index", "a whole number or text")),
    }
}

/// A name of bounded length; an empty one is none.
pub(crate) fn named(
    value: &Value,
    field: &str,
    options: &Options,
) -> Result<Option<String>, String> {
    let Some(name) = text(value, field)?.filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    options.limits.check_name(&format!("`{field}`"), name)?;
    Ok(Some(name.to_owned()))
}

fn text<'a>(value: &'a Value, field: &str) -> Result<Option<&'a str>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other => Err(wrong_type(other, field, "text")),
    }
}

fn flag(value: &Value, field: &str) -> Result<Option<bool>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        other => Err(wrong_type(other, field, "true or false")),
    }
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
