//! A checked mapping: what is read from where, with no contradiction left.
//!
//! Every column that the mapping names gets one slot; a row is read into its
//! slots once, whatever the file is. This module reads no source.

use std::collections::BTreeMap;

use caveat_corpus::{GraderKind, Outcome, Verdict};
use caveat_importer::ImportError;
use caveat_importer::text::printable;

use crate::encoding::Encoding;
use crate::mapping::{
    Field, FileKind, GradeMapping, JoinMapping, Kind, MINIMAL_MAPPING, Mapping, fault,
};

/// Where a label comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// Nowhere: the source does not say.
    Absent,
    /// The same text for every row.
    Constant(String),
    /// The slot of a column.
    Slot(usize),
    /// The row of the model in the second table, at this place.
    Joined(usize),
}

/// How a raw value becomes a verdict.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rule {
    /// By word.
    Map(BTreeMap<String, Verdict>),
    /// By a bound: at or above it is `Compliance`.
    Threshold(f64),
    /// By a bound: below it is `Compliance`.
    Below(f64),
}

/// One grade of a trace.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GradePlan {
    pub(crate) grader: Binding,
    pub(crate) kind: GraderKind,
    pub(crate) version: Option<String>,
    pub(crate) slot: usize,
    pub(crate) rule: Rule,
    pub(crate) missing: Vec<String>,
    pub(crate) failed: Vec<String>,
}

/// The outcome of a trace.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutcomePlan {
    pub(crate) slot: usize,
    pub(crate) map: BTreeMap<String, Outcome>,
}

/// The rows of a table, ready to be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) kind: Kind,
    pub(crate) file: Option<FileKind>,
    pub(crate) delimiter: Option<u8>,
    pub(crate) encoding: Option<Encoding>,
    pub(crate) rows: Option<String>,
    pub(crate) decimal_comma: bool,
    /// Column name or path of each slot.
    pub(crate) slots: Vec<String>,
    fields: BTreeMap<Field, Binding>,
    pub(crate) grades: Vec<GradePlan>,
    pub(crate) outcome: Option<OutcomePlan>,
    pub(crate) attempts_start_at: u32,
    pub(crate) grader_kind: Option<GraderKind>,
    pub(crate) join: Option<JoinMapping>,
}

impl Plan {
    /// Checks what the keys of a mapping mean together.
    pub(crate) fn new(mapping: Mapping) -> Result<Self, ImportError> {
        let mut slots = Slots::default();
        let fields = bind_fields(&mapping, &mut slots)?;
        let has = |field| fields.contains_key(&field);
        if !has(Field::Model) {
            return Err(fault("no column holds the model", MINIMAL_MAPPING));
        }
        if has(Field::PromptId) && !has(Field::Dataset) {
            return Err(fault(
                "`prompt_id` identifies a prompt only within a data set",
                "add `dataset` to `columns` or to `constants`",
            ));
        }
        if mapping.attempts_start_at.is_some_and(|first| first > 1) {
            return Err(fault(
                "`attempts_start_at` is neither 0 nor 1",
                "state the number that the source gives to a first attempt",
            ));
        }
        let grader_kind = match mapping.kind {
            Kind::Traces => None,
            Kind::Counts => Some(counts_grader_kind(&mapping, &fields)?),
        };
        let grades = plan_grades(&mapping, &mut slots)?;
        let outcome = plan_outcome(&mapping, &mut slots)?;
        Ok(Self {
            kind: mapping.kind,
            file: mapping.file,
            delimiter: delimiter(mapping.delimiter.as_deref(), mapping.file)?,
            encoding: encoding(mapping.encoding, mapping.file)?,
            rows: rows(mapping.rows.as_deref(), mapping.file)?,
            decimal_comma: decimal_comma(mapping.decimal.as_deref())?,
            slots: slots.0,
            fields,
            grades,
            outcome,
            attempts_start_at: mapping.attempts_start_at.unwrap_or(1),
            grader_kind,
            join: mapping.join,
        })
    }

    /// Where a field comes from.
    pub(crate) fn field(&self, field: Field) -> &Binding {
        self.fields.get(&field).unwrap_or(&Binding::Absent)
    }

    /// The name of the column behind a field, for messages.
    pub(crate) fn column(&self, field: Field) -> &str {
        match self.field(field) {
            Binding::Slot(slot) => self.slots.get(*slot).map_or("", String::as_str),
            _ => field.name(),
        }
    }
}

/// The distinct columns of a mapping.
#[derive(Default)]
struct Slots(Vec<String>);

impl Slots {
    fn slot(&mut self, place: &str, column: &str) -> Result<usize, ImportError> {
        if column.trim().is_empty() {
            return Err(fault(
                format!("`{place}` names no column"),
                "write the name of the column, or leave the key out",
            ));
        }
        if let Some(slot) = self.0.iter().position(|known| known == column) {
            return Ok(slot);
        }
        self.0.push(column.to_owned());
        Ok(self.0.len() - 1)
    }
}

fn bind_fields(
    mapping: &Mapping,
    slots: &mut Slots,
) -> Result<BTreeMap<Field, Binding>, ImportError> {
    let mut fields = BTreeMap::new();
    for (&field, column) in &mapping.columns {
        let place = format!("columns.{}", field.name());
        fields.insert(field, Binding::Slot(slots.slot(&place, column)?));
    }
    for (&field, text) in mapping.constants.iter() {
        if text.trim().is_empty() {
            return Err(fault(
                format!("`constants.{}` is empty", field.name()),
                "leave the key out: what a source does not state stays absent",
            ));
        }
        bind_once(&mut fields, field, Binding::Constant(text.clone()))?;
    }
    let joined = mapping.join.iter().flat_map(|join| join.columns.keys());
    for (place, &field) in joined.enumerate() {
        bind_once(&mut fields, field, Binding::Joined(place))?;
    }
    Ok(fields)
}

fn bind_once(
    fields: &mut BTreeMap<Field, Binding>,
    field: Field,
    binding: Binding,
) -> Result<(), ImportError> {
    match fields.insert(field, binding) {
        None => Ok(()),
        Some(_) => Err(fault(
            format!("`{}` is mapped twice", field.name()),
            "keep it in one of `columns`, `constants` and `join.columns`",
        )),
    }
}

fn counts_grader_kind(
    mapping: &Mapping,
    fields: &BTreeMap<Field, Binding>,
) -> Result<GraderKind, ImportError> {
    for field in [Field::N, Field::Succeeded] {
        if !fields.contains_key(&field) {
            let problem = format!("a table of counts needs a column for `{}`", field.name());
            return Err(fault(problem, MINIMAL_MAPPING));
        }
    }
    for (present, key) in [
        (mapping.grades.is_some(), "grades"),
        (mapping.outcome.is_some(), "outcome"),
        (mapping.attempts_start_at.is_some(), "attempts_start_at"),
    ] {
        if present {
            return Err(fault(
                format!("`{key}` has no meaning for a table of counts"),
                "leave it out, or set `kind = \"traces\"`",
            ));
        }
    }
    let words = || GraderKind::ALL.map(GraderKind::name).join("`, `");
    let Some(word) = mapping.constants.get(&Field::GraderKind) else {
        return Err(fault(
            "the mapping does not say what the grader is",
            format!("set `constants.grader_kind` to one of `{}`", words()),
        ));
    };
    GraderKind::ALL
        .into_iter()
        .find(|kind| kind.name() == word)
        .ok_or_else(|| {
            fault(
                format!("unknown `grader_kind` `{}`", printable(word)),
                format!("use one of `{}`", words()),
            )
        })
}

fn plan_grades(mapping: &Mapping, slots: &mut Slots) -> Result<Vec<GradePlan>, ImportError> {
    if mapping.kind == Kind::Counts {
        return Ok(Vec::new());
    }
    let Some(grades) = &mapping.grades else {
        return Err(fault(
            "a table of traces needs `grades`",
            "declare each grader with its column, or `grades = []` if no response was graded",
        ));
    };
    let numbered = grades.iter().enumerate();
    numbered
        .map(|(position, grade)| plan_grade(&format!("grades[{position}]"), grade, slots))
        .collect()
}

fn plan_grade(
    place: &str,
    grade: &GradeMapping,
    slots: &mut Slots,
) -> Result<GradePlan, ImportError> {
    let grader = match (&grade.grader, &grade.grader_column) {
        (Some(_), Some(_)) => {
            return Err(fault(
                format!("`{place}` has both `grader` and `grader_column`"),
                "keep the one that names the grader",
            ));
        }
        (Some(name), None) => Binding::Constant(name.clone()),
        (None, Some(column)) => Binding::Slot(slots.slot(place, column)?),
        (None, None) => Binding::Absent,
    };
    Ok(GradePlan {
        grader,
        kind: grade.kind,
        version: grade.version.clone(),
        slot: slots.slot(place, &grade.column)?,
        rule: rule(place, grade)?,
        missing: grade.missing.clone(),
        failed: grade.failed.clone(),
    })
}

fn rule(place: &str, grade: &GradeMapping) -> Result<Rule, ImportError> {
    let not_finite = |key: &str| {
        fault(
            format!("`{place}.{key}` is not a finite number"),
            "state the score that parts compliance from refusal",
        )
    };
    let rule = match (&grade.map, grade.threshold, grade.below) {
        (Some(map), None, None) => Rule::Map(map.clone()),
        (None, Some(bound), None) if bound.is_finite() => Rule::Threshold(bound),
        (None, None, Some(bound)) if bound.is_finite() => Rule::Below(bound),
        (None, Some(_), None) => return Err(not_finite("threshold")),
        (None, None, Some(_)) => return Err(not_finite("below")),
        _ => {
            return Err(fault(
                format!("`{place}` needs either `map` or `threshold` or `below`"),
                "map each value to a verdict, or give the lowest score that counts as \
                 compliance in `threshold`, or the lowest that counts as refusal in `below`",
            ));
        }
    };
    check_meanings(place, grade)?;
    Ok(rule)
}

/// A value means one thing: a verdict, no grade, or a grader that failed.
fn check_meanings(place: &str, grade: &GradeMapping) -> Result<(), ImportError> {
    let verdicts = grade.map.iter().flatten();
    for (value, verdict) in verdicts {
        if *verdict == Verdict::Unscored || grade.missing.contains(value) {
            return Err(fault(
                format!(
                    "`{place}.map` gives a verdict to `{}`, which means no grade",
                    printable(value)
                ),
                "list a value that means no grade under `missing`, and only there",
            ));
        }
        if grade.failed.contains(value) {
            return Err(fault(
                format!(
                    "`{place}` has `{}` under `map` and under `failed`",
                    printable(value)
                ),
                "keep the one that is meant",
            ));
        }
    }
    match grade
        .failed
        .iter()
        .find(|value| grade.missing.contains(value))
    {
        None => Ok(()),
        Some(value) => Err(fault(
            format!(
                "`{place}` has `{}` under `missing` and under `failed`",
                printable(value)
            ),
            "a missing grade was never given; a failed one is the grader's fault: keep one",
        )),
    }
}

fn plan_outcome(mapping: &Mapping, slots: &mut Slots) -> Result<Option<OutcomePlan>, ImportError> {
    let Some(outcome) = &mapping.outcome else {
        return Ok(None);
    };
    Ok(Some(OutcomePlan {
        slot: slots.slot("outcome.column", &outcome.column)?,
        map: outcome.map.clone(),
    }))
}

/// Refuses a key of one kind of file in a mapping that declares another kind.
fn only_for(key: &str, kinds: &[FileKind], declared: Option<FileKind>) -> Result<(), ImportError> {
    match declared {
        Some(kind) if !kinds.contains(&kind) => Err(fault(
            format!(
                "`{key}` has no meaning for a file of kind `{}`",
                kind.name()
            ),
            "leave the key out",
        )),
        _ => Ok(()),
    }
}

fn encoding(
    declared: Option<Encoding>,
    file: Option<FileKind>,
) -> Result<Option<Encoding>, ImportError> {
    if declared.is_some() {
        let kinds = [FileKind::Csv, FileKind::Jsonl, FileKind::Json];
        only_for("encoding", &kinds, file)?;
    }
    Ok(declared)
}

fn rows(declared: Option<&str>, file: Option<FileKind>) -> Result<Option<String>, ImportError> {
    let Some(path) = declared else {
        return Ok(None);
    };
    only_for("rows", &[FileKind::Json], file)?;
    if path.is_empty() || path.split('.').any(|part| part.is_empty() || part == "*") {
        return Err(fault(
            format!("`rows` is `{}`", printable(path)),
            "give the path of one list of objects, such as `results` or `data.items`",
        ));
    }
    Ok(Some(path.to_owned()))
}

fn decimal_comma(declared: Option<&str>) -> Result<bool, ImportError> {
    match declared {
        None | Some(".") => Ok(false),
        Some(",") => Ok(true),
        Some(other) => Err(fault(
            format!("`decimal` is `{}`", printable(other)),
            "set `decimal = \",\"` where scores are written like `0,5`",
        )),
    }
}

fn delimiter(declared: Option<&str>, file: Option<FileKind>) -> Result<Option<u8>, ImportError> {
    let Some(declared) = declared else {
        return Ok(None);
    };
    only_for("delimiter", &[FileKind::Csv], file)?;
    match declared.as_bytes() {
        [byte]
            if byte.is_ascii() && !b"\"\r\n\0".contains(byte) && !byte.is_ascii_alphanumeric() =>
        {
            Ok(Some(*byte))
        }
        _ => Err(fault(
            format!("`{}` cannot be a delimiter", printable(declared)),
            "use one character such as `,`, `;`, `|` or `\\t`",
        )),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::*;

    fn plan(mapping: Value) -> Result<Plan, String> {
        let options = mapping.as_object().unwrap();
        Mapping::from_options(options)
            .and_then(Plan::new)
            .map_err(|error| error.to_string())
    }

    fn counts(extra: &[(&str, Value)]) -> Value {
        let mut mapping = json!({
            "kind": "counts",
            "columns": { "model": "m", "n": "n", "succeeded": "s" },
            "constants": { "grader_kind": "llm" },
        });
        for (pointer, value) in extra {
            let (section, key) = pointer.rsplit_once('/').unwrap();
            mapping.pointer_mut(section).unwrap()[key] = value.clone();
        }
        mapping
    }

    #[test]
    fn a_contradiction_in_the_mapping_is_an_error_with_a_remedy() {
        assert!(plan(counts(&[])).is_ok());
        let grade = json!({ "kind": "llm", "column": "g" });
        let map = json!({ "1": "compliance" });
        let traces = |grade: Value| json!({ "kind": "traces", "columns": { "model": "m" }, "grades": [grade] });
        for (mapping, part) in [
            (
                counts(&[("/constants/model", json!("x"))]),
                "`model` is mapped twice",
            ),
            (
                counts(&[("/constants/grader_kind", json!("robot"))]),
                "unknown `grader_kind`",
            ),
            (
                counts(&[("/constants/dataset", json!(" "))]),
                "`constants.dataset` is empty",
            ),
            (
                counts(&[("/columns/provider", json!(""))]),
                "names no column",
            ),
            (
                counts(&[("/grades", json!([]))]),
                "no meaning for a table of counts",
            ),
            (
                counts(&[("/delimiter", json!("ab"))]),
                "cannot be a delimiter",
            ),
            (
                counts(&[("/delimiter", json!("\""))]),
                "cannot be a delimiter",
            ),
            (
                json!({ "kind": "counts", "columns": { "model": "m", "n": "n" } }),
                "`succeeded`",
            ),
            (
                json!({ "kind": "traces", "columns": { "model": "m" } }),
                "needs `grades`",
            ),
            (
                json!({ "kind": "traces", "columns": {}, "grades": [] }),
                "no column holds the model",
            ),
            (
                json!({ "kind": "traces", "columns": { "model": "m", "prompt_id": "p" }, "grades": [] }),
                "only within a data set",
            ),
            (traces(grade), "either `map` or `threshold` or `below`"),
            (
                traces(json!({ "kind": "llm", "column": "g", "map": map, "threshold": 1 })),
                "either `map` or `threshold`",
            ),
            (
                traces(json!({ "kind": "llm", "column": "g", "map": map, "missing": ["1"] })),
                "means no grade",
            ),
            (
                traces(json!({ "kind": "llm", "column": "g", "map": { "1": "complied" } })),
                "unknown word `complied`",
            ),
        ] {
            let message = plan(mapping).unwrap_err();
            assert!(message.contains(part), "{message}");
            assert!(message.contains("\nhint: "), "{message}");
        }
    }
}
