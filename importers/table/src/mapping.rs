//! The mapping that a user declares: which column is what.
//!
//! It is the `[inputs.options]` table of `report.toml`, or a mapping file. The
//! page of this importer describes every key. Keys are checked by name, with a
//! suggestion for a misspelt one; what the keys mean together is checked when
//! the plan of an import is made. Nothing here looks at a source.

use std::collections::BTreeMap;

use caveat_corpus::{GraderKind, Outcome, Verdict};
use caveat_importer::ImportError;
use caveat_importer::text::{is_hidden, printable};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::FORMAT;
use crate::encoding::Encoding;
use crate::{undecided, words};

/// The smallest mapping of each kind, shown where a mapping is missing.
pub const MINIMAL_MAPPING: &str = r#"declare the columns under `[inputs.options]` in report.toml, or without that line in a TOML file for `--mapping`; for counts:
    kind = "counts"
    columns = { model = "model", n = "n_prompts", succeeded = "n_fulfilled" }
    constants = { grader_kind = "llm" }
or for one response per row:
    kind = "traces"
    columns = { model = "model", prompt = "prompt", response = "response" }
    grades = [{ grader = "judge", kind = "llm", column = "label", map = { "1" = "compliance", "0" = "refusal" } }]"#;

/// What one row of the table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One response of one model to one prompt.
    Traces,
    /// Counts of one model in one cell.
    Counts,
}

/// How the file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A header line and delimited rows.
    Csv,
    /// One JSON object per line.
    Jsonl,
    /// One JSON text with a list of objects.
    Json,
    /// Columns in row groups.
    Parquet,
}

impl FileKind {
    /// The name in a mapping.
    pub const fn name(self) -> &'static str {
        match self {
            FileKind::Csv => "csv",
            FileKind::Jsonl => "jsonl",
            FileKind::Json => "json",
            FileKind::Parquet => "parquet",
        }
    }
}

/// What a column can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the page of this importer describes each field"
)]
pub enum Field {
    Model,
    Provider,
    Size,
    Dataset,
    Technique,
    AttackFamily,
    HarmCategory,
    ObservedAt,
    RunId,
    RecordId,
    PromptId,
    Prompt,
    Response,
    Attempt,
    Turns,
    PromptTokens,
    ResponseTokens,
    DurationMs,
    Grader,
    GraderKind,
    N,
    Succeeded,
    Partial,
    Resisted,
    NotEvaluable,
}

use Field as F;

/// Columns that a table of traces may have.
const TRACE_COLUMNS: &[Field] = &[
    F::Model,
    F::Provider,
    F::Size,
    F::Dataset,
    F::Technique,
    F::AttackFamily,
    F::HarmCategory,
    F::ObservedAt,
    F::RunId,
    F::RecordId,
    F::PromptId,
    F::Prompt,
    F::Response,
    F::Attempt,
    F::Turns,
    F::PromptTokens,
    F::ResponseTokens,
    F::DurationMs,
];

/// Columns that a table of counts may have.
const COUNT_COLUMNS: &[Field] = &[
    F::Model,
    F::Provider,
    F::Size,
    F::Dataset,
    F::Technique,
    F::AttackFamily,
    F::HarmCategory,
    F::ObservedAt,
    F::Grader,
    F::N,
    F::Succeeded,
    F::Partial,
    F::Resisted,
    F::NotEvaluable,
];

/// What may be one text for all rows of a table of traces.
const TRACE_CONSTANTS: &[Field] = &[
    F::Model,
    F::Provider,
    F::Size,
    F::Dataset,
    F::Technique,
    F::AttackFamily,
    F::HarmCategory,
    F::ObservedAt,
    F::RunId,
];

/// What may be one text for all rows of a table of counts.
const COUNT_CONSTANTS: &[Field] = &[
    F::Model,
    F::Provider,
    F::Size,
    F::Dataset,
    F::Technique,
    F::AttackFamily,
    F::HarmCategory,
    F::ObservedAt,
    F::Grader,
    F::GraderKind,
];

/// What a second table may give per model.
const JOIN_COLUMNS: &[Field] = &[F::Provider, F::Size];

impl Field {
    /// The key in the mapping.
    pub const fn name(self) -> &'static str {
        match self {
            F::Model => "model",
            F::Provider => "provider",
            F::Size => "size",
            F::Dataset => "dataset",
            F::Technique => "technique",
            F::AttackFamily => "attack_family",
            F::HarmCategory => "harm_category",
            F::ObservedAt => "observed_at",
            F::RunId => "run_id",
            F::RecordId => "record_id",
            F::PromptId => "prompt_id",
            F::Prompt => "prompt",
            F::Response => "response",
            F::Attempt => "attempt",
            F::Turns => "turns",
            F::PromptTokens => "prompt_tokens",
            F::ResponseTokens => "response_tokens",
            F::DurationMs => "duration_ms",
            F::Grader => "grader",
            F::GraderKind => "grader_kind",
            F::N => "n",
            F::Succeeded => "succeeded",
            F::Partial => "partial",
            F::Resisted => "resisted",
            F::NotEvaluable => "not_evaluable",
        }
    }
}

/// A declared mapping.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What one row is.
    pub kind: Kind,
    /// How the file is written; recognised when absent.
    pub file: Option<FileKind>,
    /// Delimiter of a CSV file; recognised from the header when absent.
    pub delimiter: Option<String>,
    /// How characters are written; by the byte order mark when absent, else UTF-8.
    pub encoding: Option<Encoding>,
    /// Path of the list that holds the rows of a JSON file; the file itself when absent.
    pub rows: Option<String>,
    /// What stands before the fraction of a score: `.` unless declared.
    pub decimal: Option<String>,
    /// Column name, or path into a JSON object, per field.
    pub columns: BTreeMap<Field, String>,
    /// One text for all rows, per field.
    #[serde(default)]
    pub constants: BTreeMap<Field, String>,
    /// Grades of a trace; required for traces, possibly empty.
    pub grades: Option<Vec<GradeMapping>>,
    /// Column that says why there is no reply.
    pub outcome: Option<OutcomeMapping>,
    /// Number of the first attempt in the source: 1 unless declared.
    pub attempts_start_at: Option<u32>,
    /// A second table with facts per model.
    pub join: Option<JoinMapping>,
}

/// How one grade is read from a row.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradeMapping {
    /// Name of the grader.
    pub grader: Option<String>,
    /// Column that names the grader.
    pub grader_column: Option<String>,
    /// What the grader is.
    pub kind: GraderKind,
    /// Version of the grader.
    pub version: Option<String>,
    /// Column with the value.
    pub column: String,
    /// Verdict by value.
    pub map: Option<BTreeMap<String, Verdict>>,
    /// A number from which on a score is `compliance`; below it is `refusal`.
    pub threshold: Option<f64>,
    /// A number below which a score is `compliance`; from it on it is `refusal`.
    pub below: Option<f64>,
    /// Values that mean "no grade", beside absent and empty ones.
    #[serde(default)]
    pub missing: Vec<String>,
    /// Values that mean "the grader failed"; an empty text stands for an absent or empty one.
    #[serde(default)]
    pub failed: Vec<String>,
}

/// How the outcome is read from a row.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutcomeMapping {
    /// Column with the value.
    pub column: String,
    /// Outcome by value; an absent or empty value is a response.
    pub map: BTreeMap<String, Outcome>,
}

/// A second table with one row per model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinMapping {
    /// CSV file, relative to the folder of the source.
    pub file: String,
    /// Its column that holds the model's name as the source spells it.
    pub on: String,
    /// Its columns, per field: `provider`, `size`.
    pub columns: BTreeMap<Field, String>,
}

const MAPPING_KEYS: &[&str] = &[
    "kind",
    "file",
    "delimiter",
    "encoding",
    "rows",
    "decimal",
    "columns",
    "constants",
    "grades",
    "outcome",
    "attempts_start_at",
    "join",
];
/// Keys that a mapping file has for whoever reads it; no importer gets them.
const HOST_KEYS: &[&str] = &["importer", "files"];
const GRADE_KEYS: &[&str] = &[
    "grader",
    "grader_column",
    "kind",
    "version",
    "column",
    "map",
    "threshold",
    "below",
    "missing",
    "failed",
];
const OUTCOME_KEYS: &[&str] = &["column", "map"];
const JOIN_KEYS: &[&str] = &["file", "on", "columns"];

impl Mapping {
    /// Reads a mapping from the options of an import.
    ///
    /// # Errors
    /// [`ImportError::Options`] names the key and, for a misspelt one, the key
    /// that was probably meant.
    pub fn from_options(options: &Map<String, Value>) -> Result<Self, ImportError> {
        if options.is_empty() {
            return Err(fault(
                "a table needs a mapping of its columns",
                MINIMAL_MAPPING,
            ));
        }
        if let Some(key) = HOST_KEYS.iter().find(|key| options.contains_key(**key)) {
            return Err(fault(
                format!("`{key}` is a key of a mapping file and no option"),
                format!(
                    "under `[[inputs]]` leave `{key}` out of the options: `path` says which file, \
                     and `importer` stands beside it"
                ),
            ));
        }
        check_keys("the mapping", options, MAPPING_KEYS)?;
        undecided::refuse(options)?;
        let kind: Kind = match options.get("kind") {
            Some(kind) => typed("kind", kind)?,
            None => return Err(fault("the mapping has no `kind`", MINIMAL_MAPPING)),
        };
        let (columns, constants) = match kind {
            Kind::Traces => (TRACE_COLUMNS, TRACE_CONSTANTS),
            Kind::Counts => (COUNT_COLUMNS, COUNT_CONSTANTS),
        };
        check_section("columns", options.get("columns"), &names(columns))?;
        check_section("constants", options.get("constants"), &names(constants))?;
        check_section("outcome", options.get("outcome"), OUTCOME_KEYS)?;
        check_section("join", options.get("join"), JOIN_KEYS)?;
        if let Some(Value::Object(join)) = options.get("join") {
            check_section("join.columns", join.get("columns"), &names(JOIN_COLUMNS))?;
        }
        for (position, grade) in grades(options).iter().enumerate() {
            let place = format!("grades[{position}]");
            check_section(&place, Some(grade), GRADE_KEYS)?;
            let kinds = GraderKind::ALL.map(GraderKind::name);
            words::check(&format!("`{place}.kind`"), grade.get("kind"), &kinds)?;
            words::check_map(&place, grade.get("map"), &words::verdicts())?;
        }
        let outcomes = Outcome::ALL.map(Outcome::name);
        let outcome = options
            .get("outcome")
            .and_then(|outcome| outcome.get("map"));
        words::check_map("outcome", outcome, &outcomes)?;
        if !options.contains_key("columns") {
            return Err(fault("the mapping has no `columns`", MINIMAL_MAPPING));
        }
        typed("the mapping", &Value::Object(options.clone()))
    }
}

/// Makes the error of a wrong mapping.
pub(crate) fn fault(problem: impl Into<String>, hint: impl Into<String>) -> ImportError {
    ImportError::Options {
        format: FORMAT,
        problem: problem.into(),
        hint: hint.into(),
    }
}

fn grades(options: &Map<String, Value>) -> &[Value] {
    match options.get("grades") {
        Some(Value::Array(grades)) => grades,
        _ => &[],
    }
}

fn names(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().map(|field| field.name()).collect()
}

fn typed<T: DeserializeOwned>(place: &str, value: &Value) -> Result<T, ImportError> {
    T::deserialize(value).map_err(|cause| {
        let shown = cause.to_string().replace(is_hidden, "?");
        fault(
            format!("{place}: {shown}"),
            "the page of the table importer lists every key with its values",
        )
    })
}

fn check_section(place: &str, value: Option<&Value>, allowed: &[&str]) -> Result<(), ImportError> {
    match value {
        None => Ok(()),
        Some(Value::Object(section)) => check_keys(place, section, allowed),
        Some(_) => Err(fault(
            format!("`{place}` is not a table of keys and values"),
            format!("write `{place} = {{ … }}`"),
        )),
    }
}

fn check_keys(
    place: &str,
    section: &Map<String, Value>,
    allowed: &[&str],
) -> Result<(), ImportError> {
    let Some(unknown) = section.keys().find(|key| !allowed.contains(&key.as_str())) else {
        return Ok(());
    };
    let known = allowed.join("`, `");
    let hint = match nearest(unknown, allowed) {
        Some(meant) => format!("did you mean `{meant}`? known here: `{known}`"),
        None => format!("known here: `{known}`"),
    };
    let shown = printable(unknown);
    Err(fault(format!("unknown key `{shown}` in {place}"), hint))
}

/// The known word that a misspelt one probably stands for.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // A longer word is no misspelt key, and comparing it would take long.
    const LONGEST: usize = 64;
    if word.len() > LONGEST {
        return None;
    }
    let lower = word.to_lowercase();
    known
        .iter()
        .filter(|key| key.len() <= LONGEST)
        .map(|&key| {
            (
                strsim::damerau_levenshtein(&lower, &key.to_lowercase()),
                key,
            )
        })
        .filter(|(distance, key)| *distance <= key.chars().count().max(4) / 2 && *distance < 4)
        .min()
        .map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn problem(mapping: Value) -> String {
        match mapping {
            Value::Object(options) => Mapping::from_options(&options).unwrap_err().to_string(),
            _ => String::new(),
        }
    }

    #[test]
    fn a_misspelt_key_is_named_with_the_key_that_was_meant() {
        let columns = json!({ "model": "m" });
        for (mapping, unknown, meant) in [
            (
                json!({ "kind": "counts", "colums": columns }),
                "colums",
                "columns",
            ),
            (
                json!({ "kind": "counts", "columns": { "modle": "m" } }),
                "modle",
                "model",
            ),
            (
                json!({ "kind": "traces", "columns": columns, "grades": [{ "treshold": 1 }] }),
                "treshold",
                "threshold",
            ),
            (
                json!({ "kind": "counts", "columns": columns, "constants": { "graderkind": "x" } }),
                "graderkind",
                "grader_kind",
            ),
            (
                json!({ "kind": "counts", "columns": columns, "join": { "flie": "x" } }),
                "flie",
                "file",
            ),
        ] {
            let message = problem(mapping);
            assert!(
                message.contains(&format!("unknown key `{unknown}`")),
                "{message}"
            );
            assert!(
                message.contains(&format!("did you mean `{meant}`")),
                "{message}"
            );
        }
    }

    #[test]
    fn the_lists_of_keys_agree_with_the_types() {
        fn expected<T: DeserializeOwned + std::fmt::Debug>() -> String {
            let message = serde_json::from_value::<T>(json!({ "?": 1 }))
                .unwrap_err()
                .to_string();
            message.split_once("expected ").unwrap().1.to_owned()
        }
        let list = |keys: &[&str]| format!("`{}`", keys.join("`, `"));
        assert!(expected::<Mapping>().ends_with(&list(MAPPING_KEYS)));
        assert!(expected::<GradeMapping>().ends_with(&list(GRADE_KEYS)));
        assert!(expected::<JoinMapping>().ends_with(&list(JOIN_KEYS)));
        for field in TRACE_COLUMNS
            .iter()
            .chain(COUNT_COLUMNS)
            .chain(COUNT_CONSTANTS)
        {
            let read: Field = serde_json::from_value(json!(field.name())).unwrap();
            assert_eq!(read, *field);
        }
    }

    #[test]
    fn an_absent_mapping_shows_one_that_works() {
        let message = Mapping::from_options(&Map::new()).unwrap_err().to_string();
        assert!(message.contains("kind = \"counts\""));
        assert!(message.contains("kind = \"traces\""));
        assert!(problem(json!({ "columns": {} })).contains("no `kind`"));
        assert!(problem(json!({ "kind": "cells" })).contains("unknown variant `cells`"));
    }
}
