//! What a record of a plugin must be.
//!
//! Two kinds of fault. What the source can cause (a name beyond the limit, a
//! model without a name) turns the record into a reject, with its place. What
//! only the plugin can cause (no place, text that nobody asked for, a digest
//! that is not that of its text) is a fault of the plugin, and refuses the
//! source.

use caveat_corpus::{Cell, Digest, Grade, Location, ModelName, PromptKey, Trace};
use caveat_importer::{Limits, Reject};

use crate::protocol;

/// Most grades of one trace; ten graders are many.
const MAX_GRADES: usize = 1_000;

/// Most traces under one verdict of a cell: far beyond any published table, and
/// sums of sums stay far below what the store can hold.
const MAX_TRACES_OF_A_COUNT: u64 = 1_000_000_000_000;

/// Why a record is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Bad {
    /// The source holds what cannot be used: one record less.
    Record(Reject),
    /// The plugin is wrong.
    Plugin(String),
}

impl From<String> for Bad {
    fn from(problem: String) -> Self {
        Bad::Plugin(problem)
    }
}

/// Checks a trace.
pub(crate) fn trace(
    trace: protocol::Trace,
    limits: &Limits,
    keep_text: bool,
) -> Result<Trace, Bad> {
    let trace = Trace::from(trace);
    place(&trace.location, limits)?;
    texts(&trace, keep_text)?;
    for (what, number) in [("attempt", trace.attempt), ("turns", trace.turns)] {
        if number == Some(0) {
            return Err(Bad::Plugin(format!("`{what}` is 0; it counts from 1")));
        }
    }
    if trace.grades.len() > MAX_GRADES {
        let found = trace.grades.len();
        return Err(Bad::Plugin(format!("{found} grades, at most {MAX_GRADES}")));
    }
    match names(&trace, limits) {
        Ok(()) => Ok(trace),
        Err(reason) => Err(Bad::Record(Reject {
            location: trace.location,
            reason,
        })),
    }
}

/// Checks a cell.
pub(crate) fn cell(cell: protocol::Cell, limits: &Limits) -> Result<Cell, Bad> {
    place(&cell.location.clone().into(), limits)?;
    if cell.counts.values().all(|traces| *traces == 0) {
        return Err(Bad::Plugin("a cell that counts no trace".to_owned()));
    }
    if let Some((verdict, traces)) = cell
        .counts
        .iter()
        .find(|(_, n)| **n > MAX_TRACES_OF_A_COUNT)
    {
        return Err(Bad::Plugin(format!(
            "{traces} traces under `{verdict}`, at most {MAX_TRACES_OF_A_COUNT}"
        )));
    }
    let cell = Cell::from(cell);
    match names_of_cell(&cell, limits) {
        Ok(()) => Ok(cell),
        Err(reason) => Err(Bad::Record(Reject {
            location: cell.location,
            reason,
        })),
    }
}

/// Checks a reject.
pub(crate) fn reject(reject: protocol::Reject, limits: &Limits) -> Result<Reject, Bad> {
    let reject = Reject::from(reject);
    place(&reject.location, limits)?;
    if reject.reason.trim().is_empty() {
        return Err(Bad::Plugin("a reject without a reason".to_owned()));
    }
    limits.check_name("the reason", &reject.reason)?;
    Ok(reject)
}

fn place(location: &Location, limits: &Limits) -> Result<(), Bad> {
    let record = location.record.as_ref().is_some_and(|r| !r.is_empty());
    if !record && location.byte.is_none() {
        return Err(Bad::Plugin(
            "a `location` without `record` and `byte`: nobody could find the record again"
                .to_owned(),
        ));
    }
    for (what, part) in [("entry", &location.entry), ("record", &location.record)] {
        check(
            limits,
            &format!("`{what}` of the location"),
            part.as_deref(),
        )?;
    }
    Ok(())
}

/// Texts only if asked for, and then the digests are theirs.
fn texts(trace: &Trace, keep_text: bool) -> Result<(), Bad> {
    if !keep_text && (trace.prompt_text.is_some() || trace.response_text.is_some()) {
        return Err(Bad::Plugin("text that was not asked for".to_owned()));
    }
    if let Some(text) = &trace.response_text
        && trace.response_digest != Some(Digest::of(text.as_bytes()))
    {
        return Err(Bad::Plugin(
            "`response_digest` is not the digest of `response_text`".to_owned(),
        ));
    }
    if let (Some(text), Some(PromptKey::Text(digest))) = (&trace.prompt_text, &trace.prompt)
        && *digest != Digest::of(text.as_bytes())
    {
        return Err(Bad::Plugin(
            "`prompt` is not the digest of `prompt_text`".to_owned(),
        ));
    }
    Ok(())
}

fn names(trace: &Trace, limits: &Limits) -> Result<(), String> {
    model(&trace.model, limits)?;
    let (dataset, id) = match &trace.prompt {
        Some(PromptKey::Id { dataset, id }) => (Some(dataset.as_str()), Some(id.as_str())),
        _ => (None, None),
    };
    let fields = [
        ("run_id", trace.run_id.as_deref()),
        ("record_id", trace.record_id.as_deref()),
        ("the prompt's data set", dataset),
        ("the prompt's id", id),
        ("dataset", trace.dataset.as_deref()),
        ("technique", trace.technique.as_deref()),
        ("attack_family", trace.attack_family.as_deref()),
        ("harm_category", trace.harm_category.as_deref()),
        ("observed_at", trace.observed_at.as_deref()),
    ];
    for (what, name) in fields {
        check(limits, what, name)?;
    }
    trace.grades.iter().try_for_each(|g| grade(g, limits))
}

fn names_of_cell(cell: &Cell, limits: &Limits) -> Result<(), String> {
    model(&cell.model, limits)?;
    let fields = [
        ("dataset", &cell.dataset),
        ("technique", &cell.technique),
        ("attack_family", &cell.attack_family),
        ("harm_category", &cell.harm_category),
        ("grader", &cell.grader),
        ("observed_at", &cell.observed_at),
    ];
    let mut fields = fields.into_iter();
    fields.try_for_each(|(what, name)| check(limits, what, name.as_deref()))
}

fn model(model: &ModelName, limits: &Limits) -> Result<(), String> {
    if model.name.trim().is_empty() {
        return Err("the model has no name".to_owned());
    }
    check(limits, "the model's name", Some(&model.name))?;
    check(limits, "the provider", model.provider.as_deref())?;
    check(limits, "the model's size", model.coded_size.as_deref())
}

fn grade(grade: &Grade, limits: &Limits) -> Result<(), String> {
    check(limits, "the grader", grade.grader.as_deref())?;
    check(limits, "the grader's version", grade.version.as_deref())?;
    check(limits, "graded_at", grade.graded_at.as_deref())?;
    check(limits, "the raw score", grade.raw.as_deref())
}

fn check(limits: &Limits, what: &str, name: Option<&str>) -> Result<(), String> {
    name.map_or(Ok(()), |name| limits.check_name(what, name))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;

    /// A usable trace with one field changed.
    fn changed(field: &str, value: Value) -> Result<Trace, Bad> {
        let mut object = json!({
            "location": {"record": "1"},
            "model": {"name": "m"},
            "outcome": "response",
        });
        object[field] = value;
        let keep_text = object["prompt_text"].is_null() || object["prompt"].is_object();
        let keep_text =
            keep_text && (object["prompt"].is_object() || object["response_text"] == "kept");
        trace(
            serde_json::from_value(object).unwrap(),
            &Limits::default(),
            keep_text,
        )
    }

    #[test]
    fn what_only_the_plugin_can_cause_is_its_fault() {
        let cases = [
            ("location", json!({}), "without `record` and `byte`"),
            (
                "location",
                json!({"record": ""}),
                "without `record` and `byte`",
            ),
            ("attempt", json!(0), "`attempt` is 0"),
            ("turns", json!(0), "`turns` is 0"),
            (
                "response_text",
                json!("unasked"),
                "text that was not asked for",
            ),
            (
                "response_text",
                json!("kept"),
                "not the digest of `response_text`",
            ),
        ];
        for (field, value, expected) in cases {
            let Err(Bad::Plugin(problem)) = changed(field, value.clone()) else {
                panic!("{field}: {value} is no fault of the plugin");
            };
            assert!(problem.contains(expected), "{problem}");
        }
    }

    #[test]
    fn what_the_source_can_cause_is_one_reject() {
        let long = "x".repeat(20_001);
        let cases = [
            ("model", json!({"name": " "}), "the model has no name"),
            (
                "model",
                json!({"name": long}),
                "the model's name has 20001 characters",
            ),
            ("dataset", json!(long), "dataset has 20001 characters"),
            (
                "grades",
                json!([{"kind": "llm", "verdict": "refusal", "raw": long}]),
                "the raw score",
            ),
        ];
        for (field, value, expected) in cases {
            let Err(Bad::Record(reject)) = changed(field, value) else {
                panic!("{field} is no reject");
            };
            assert!(reject.reason.contains(expected), "{}", reject.reason);
            assert_eq!(reject.location.record.as_deref(), Some("1"));
        }
    }

    #[test]
    fn a_cell_counts_something_and_not_everything() {
        let counted = |counts: Value| {
            let object = json!({
                "location": {"byte": 0},
                "model": {"name": "m"},
                "grader_kind": "llm",
                "counts": counts,
            });
            cell(serde_json::from_value(object).unwrap(), &Limits::default())
        };
        assert_eq!(counted(json!({"refusal": 3})).unwrap().counts.total(), 3);
        assert!(matches!(counted(json!({})), Err(Bad::Plugin(_))));
        assert!(matches!(
            counted(json!({"refusal": 0})),
            Err(Bad::Plugin(_))
        ));
        assert!(matches!(
            counted(json!({"refusal": u64::MAX})),
            Err(Bad::Plugin(_))
        ));
    }
}
