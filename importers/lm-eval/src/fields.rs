//! The fields of one sample, in the old and the new form.
//!
//! The data set's row, the target and the filtered replies are read past.
//! Metrics are members of the sample itself, under whatever names the task gave.

use std::collections::BTreeSet;
use std::fmt;

use caveat_importer::Limits;
use caveat_importer::json::parse;
use caveat_importer::quote;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Most metrics of one sample; tasks have a handful.
const MAX_METRICS: usize = 1000;

/// What a sample's request came back with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A generated text: the first of its repeats.
    Text(String),
    /// Likelihoods of given answers or of the text itself; nothing was generated.
    Likelihood,
    /// Nothing.
    Nothing,
}

/// One sample.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Position in the data set, as the format's own id.
    pub(crate) doc_id: String,
    /// Digest of the data set's row, by lm-eval.
    pub(crate) doc_hash: Option<String>,
    /// Digests of row, prompt and target in one text, if all three are given.
    pub(crate) hashes: Option<String>,
    /// The filter that the replies passed.
    pub(crate) filter: Option<String>,
    /// The prompt of the first request.
    pub(crate) prompt: Option<String>,
    /// What came back.
    pub(crate) reply: Reply,
    /// Requests of the sample.
    pub(crate) requests: usize,
    /// Repeats of the first request.
    pub(crate) repeats: usize,
    /// Metrics with their values, in the order of the file.
    pub(crate) metrics: Vec<(String, Value)>,
    /// Metrics that are named but have no value.
    pub(crate) absent_metrics: usize,
}

impl Sample {
    /// Reads one sample.
    pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Self, String> {
        let raw = parse::<Raw>(bytes, limits).map_err(|fault| fault.to_string())?;
        let doc_id = match &raw.doc_id {
            None | Some(Value::Null) => return Err("`doc_id` is missing".to_owned()),
            Some(Value::Number(id)) => id.to_string(),
            Some(Value::String(id)) => {
                limits.check_name("`doc_id`", id)?;
                id.clone()
            }
            Some(other) => return Err(wrong_type(other, "doc_id", "a number or text")),
        };
        let resps = raw.resps.ok_or("`resps` is missing")?;
        let resps = match &resps {
            Value::Null => &[][..],
            Value::Array(requests) => requests.as_slice(),
            other => return Err(wrong_type(other, "resps", "a list")),
        };
        let (reply, repeats) = reply(resps);
        let doc_hash = text(raw.doc_hash, "doc_hash", limits)?;
        let prompt_hash = text(raw.prompt_hash, "prompt_hash", limits)?;
        let target_hash = text(raw.target_hash, "target_hash", limits)?;
        let (metrics, absent_metrics) = metrics(raw.metrics, raw.others, limits)?;
        Ok(Self {
            doc_id,
            hashes: match (&doc_hash, prompt_hash, target_hash) {
                (Some(doc), Some(prompt), Some(target)) => Some(format!("{doc}{prompt}{target}")),
                _ => None,
            },
            doc_hash,
            filter: text(raw.filter, "filter", limits)?,
            prompt: raw.arguments.as_ref().and_then(first_argument),
            reply,
            requests: resps.len(),
            repeats,
            metrics,
            absent_metrics,
        })
    }
}

/// The members of a sample before their types are looked at.
#[derive(Default)]
struct Raw {
    doc_id: Option<Value>,
    arguments: Option<Value>,
    resps: Option<Value>,
    filter: Option<Value>,
    metrics: Option<Value>,
    doc_hash: Option<Value>,
    prompt_hash: Option<Value>,
    target_hash: Option<Value>,
    others: Vec<(String, Value)>,
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
                let mut raw = Raw::default();
                let mut seen = BTreeSet::new();
                while let Some(key) = map.next_key::<String>()? {
                    if !seen.insert(key.clone()) {
                        return Err(A::Error::custom(format!(
                            "duplicate field {}",
                            quote::word(&key)
                        )));
                    }
                    let field = match key.as_str() {
                        "doc" | "target" | "filtered_resps" => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                        "doc_id" => &mut raw.doc_id,
                        "arguments" => &mut raw.arguments,
                        "resps" => &mut raw.resps,
                        "filter" => &mut raw.filter,
                        "metrics" => &mut raw.metrics,
                        "doc_hash" => &mut raw.doc_hash,
                        "prompt_hash" => &mut raw.prompt_hash,
                        "target_hash" => &mut raw.target_hash,
                        _ if raw.others.len() == MAX_METRICS => {
                            return Err(A::Error::custom(format!(
                                "more than {MAX_METRICS} members"
                            )));
                        }
                        _ => {
                            raw.others.push((key, map.next_value()?));
                            continue;
                        }
                    };
                    *field = Some(map.next_value()?);
                }
                Ok(raw)
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// The metrics that a sample names, or in old logs every member without another meaning.
fn metrics(
    named: Option<Value>,
    mut others: Vec<(String, Value)>,
    limits: &Limits,
) -> Result<(Vec<(String, Value)>, usize), String> {
    for (name, _) in &others {
        limits.check_name("the name of a metric", name)?;
    }
    let named = match named {
        None | Some(Value::Null) => return Ok((others, 0)),
        Some(Value::Array(named)) => named,
        Some(other) => return Err(wrong_type(&other, "metrics", "a list")),
    };
    let is_named = |name: &str| named.iter().any(|metric| metric.as_str() == Some(name));
    others.retain(|(name, _)| is_named(name));
    let absent = named.len().saturating_sub(others.len());
    Ok((others, absent))
}

/// The prompt: `{"gen_args_0": {"arg_0": …}}`, or `[[…, …]]` in old logs.
fn first_argument(arguments: &Value) -> Option<String> {
    let first = match arguments {
        Value::Object(requests) => requests.values().next()?,
        Value::Array(requests) => requests.first()?,
        _ => return None,
    };
    let prompt = match first {
        Value::Object(arguments) => arguments.get("arg_0")?,
        Value::Array(arguments) => arguments.first()?,
        prompt => prompt,
    };
    prompt.as_str().map(str::to_owned)
}

/// The first repeat of the first request, and how many repeats there are.
fn reply(requests: &[Value]) -> (Reply, usize) {
    let (first, repeats) = match requests.first() {
        None => return (Reply::Nothing, 0),
        Some(Value::Array(repeats)) => (repeats.first(), repeats.len()),
        Some(single) => (Some(single), 1),
    };
    let reply = match first {
        None | Some(Value::Null) => Reply::Nothing,
        Some(Value::String(text)) => Reply::Text(text.clone()),
        // [log likelihood, is it greedy], or one log likelihood.
        Some(Value::Array(_) | Value::Number(_)) => Reply::Likelihood,
        Some(Value::Bool(_) | Value::Object(_)) => Reply::Nothing,
    };
    (reply, repeats)
}

/// A text of bounded length; an empty one is none.
fn text(value: Option<Value>, field: &str, limits: &Limits) -> Result<Option<String>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            limits.check_name(&format!("`{field}`"), &text)?;
            Ok(Some(text).filter(|text| !text.is_empty()))
        }
        Some(other) => Err(wrong_type(&other, field, "text")),
    }
}

/// Says what a field holds instead of what was expected.
pub(crate) fn wrong_type(found: &Value, field: &str, expected: &str) -> String {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(text: &str) -> Result<Sample, String> {
        Sample::read(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn old_and_new_arguments_hold_the_prompt() {
        for arguments in [
            r#"{"gen_args_0": {"arg_0": "p", "arg_1": {"until": []}}}"#,
            r#"[["p", {"until": []}]]"#,
            r#"[["p", " answer"], ["p", " other"]]"#,
            r#"["p"]"#,
        ] {
            let sample = read(&format!(
                r#"{{"doc_id": 0, "arguments": {arguments}, "resps": []}}"#
            ));
            assert_eq!(sample.unwrap().prompt.as_deref(), Some("p"), "{arguments}");
        }
        for arguments in ["null", "[]", "{}", "[[]]", "[[1]]", "5"] {
            let sample = read(&format!(
                r#"{{"doc_id": 0, "arguments": {arguments}, "resps": []}}"#
            ));
            assert_eq!(sample.unwrap().prompt, None, "{arguments}");
        }
    }

    #[test]
    fn replies_are_told_from_likelihoods() {
        let text = |text: &str| Reply::Text(text.to_owned());
        for (resps, reply, requests, repeats) in [
            (r#"[["a"]]"#, text("a"), 1, 1),
            (r#"[["a", "b", "c"]]"#, text("a"), 1, 3),
            (r#"["a"]"#, text("a"), 1, 1),
            (r#"[[""]]"#, text(""), 1, 1),
            (
                r#"[[["-0.1", "False"]], [["-2.0", "True"]]]"#,
                Reply::Likelihood,
                2,
                1,
            ),
            ("[[[-0.1, false]]]", Reply::Likelihood, 1, 1),
            ("[[-0.1]]", Reply::Likelihood, 1, 1),
            ("[[]]", Reply::Nothing, 1, 0),
            ("[]", Reply::Nothing, 0, 0),
            ("null", Reply::Nothing, 0, 0),
            ("[[null]]", Reply::Nothing, 1, 1),
        ] {
            let sample = read(&format!(r#"{{"doc_id": 0, "resps": {resps}}}"#)).unwrap();
            let found = (sample.reply, sample.requests, sample.repeats);
            assert_eq!(found, (reply, requests, repeats), "{resps}");
        }
    }

    #[test]
    fn metrics_are_the_named_members_or_all_others() {
        let named = read(
            r#"{"doc_id": 0, "resps": [], "metrics": ["asr", "gone"], "asr": true, "note": "x"}"#,
        )
        .unwrap();
        assert_eq!(named.metrics, [("asr".to_owned(), Value::Bool(true))]);
        assert_eq!(named.absent_metrics, 1);
        let old = read(r#"{"doc_id": "a", "doc": {}, "target": "t", "resps": [], "filtered_resps": [], "acc": 1.0}"#)
            .unwrap();
        assert_eq!(old.metrics, [("acc".to_owned(), Value::from(1.0))]);
        assert_eq!((old.doc_id.as_str(), old.absent_metrics), ("a", 0));
    }

    #[test]
    fn wrong_types_are_reasons_in_words() {
        for (text, reason) in [
            ("[]", "an object"),
            ("{}", "`doc_id` is missing"),
            (r#"{"doc_id": null}"#, "`doc_id` is missing"),
            (r#"{"doc_id": 0}"#, "`resps` is missing"),
            (
                r#"{"doc_id": 0, "resps": {}}"#,
                "`resps` holds an object, expected a list",
            ),
            (
                r#"{"doc_id": [], "resps": []}"#,
                "`doc_id` holds a list, expected a number or text",
            ),
            (
                r#"{"doc_id": 0, "resps": [], "filter": 1}"#,
                "`filter` holds a number, expected text",
            ),
            (
                r#"{"doc_id": 0, "resps": [], "metrics": "asr"}"#,
                "`metrics` holds text, expected a list",
            ),
            (r#"{"doc_id": 0, "doc_id": 1}"#, "duplicate field `doc_id`"),
            (
                r#"{"doc_id": 0, "asr": 0, "asr": 1}"#,
                "duplicate field `asr`",
            ),
        ] {
            let found = read(text).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
        }
    }
}
