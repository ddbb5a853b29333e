//! Loads golden files and compares them field by field.
//!
//! Every leaf of `expected` has to be compared or skipped by name before a
//! case ends; arrays count as one leaf.

use std::collections::BTreeMap;

use caveat_analysis::{
    proportion::{Interval, Level},
    reason::Estimable,
};
use serde_json::Value;

/// One golden file.
pub(crate) struct Golden {
    pub(crate) cases: Vec<Value>,
    tolerance: f64,
}

impl Golden {
    pub(crate) fn parse(text: &str) -> Self {
        let file: Value = serde_json::from_str(text).unwrap();
        Golden {
            cases: file["cases"].as_array().unwrap().clone(),
            // Null in files of Monte Carlo values, which state errors instead.
            tolerance: file["tolerance_rel"].as_f64().unwrap_or(0.0),
        }
    }

    /// Runs `check` on every case and fails with all differences at once.
    pub(crate) fn each(&self, check: impl Fn(&Value, &mut Case)) {
        assert!(!self.cases.is_empty());
        let mut failures = Vec::new();
        for case in &self.cases {
            let id = case["id"].as_str().unwrap();
            let mut fields = Case {
                id: id.to_owned(),
                pending: BTreeMap::new(),
                tolerance: self.tolerance,
                failures: Vec::new(),
            };
            fields.flatten("", &case["expected"]);
            check(&case["input"], &mut fields);
            let left = fields
                .pending
                .keys()
                .map(|k| format!("{k} was neither compared nor skipped"));
            failures.extend(
                fields
                    .failures
                    .iter()
                    .cloned()
                    .chain(left)
                    .map(|f| format!("{id}: {f}")),
            );
        }
        assert!(
            failures.is_empty(),
            "{} differences:\n{}",
            failures.len(),
            failures.join("\n")
        );
    }
}

/// The fields of one case that are still to be compared.
pub(crate) struct Case {
    id: String,
    pending: BTreeMap<String, Value>,
    tolerance: f64,
    failures: Vec<String>,
}

/// Limits that the reference found by a root search.
pub(crate) const SEARCHED: f64 = 1e-6;

impl Case {
    fn flatten(&mut self, prefix: &str, value: &Value) {
        let Value::Object(fields) = value else {
            self.pending.insert(prefix.to_owned(), value.clone());
            return;
        };
        for (name, inner) in fields {
            let path = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            self.flatten(&path, inner);
        }
    }

    /// Name of the case in its file.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn has(&self, path: &str) -> bool {
        self.pending.contains_key(path)
    }

    pub(crate) fn skip(&mut self, path: &str) {
        if self.pending.remove(path).is_none() {
            self.failures
                .push(format!("{path} is skipped but not there"));
        }
    }

    /// A number that is still to be compared.
    pub(crate) fn peek(&self, path: &str) -> f64 {
        self.pending.get(path).and_then(Value::as_f64).unwrap()
    }

    /// Skips every field whose path starts with `prefix`.
    pub(crate) fn skip_all(&mut self, prefix: &str) {
        let before = self.pending.len();
        self.pending.retain(|path, _| !path.starts_with(prefix));
        if self.pending.len() == before {
            self.failures
                .push(format!("{prefix}* is skipped but not there"));
        }
    }

    /// Takes out a field that is compared piece by piece.
    pub(crate) fn value(&mut self, path: &str) -> Value {
        self.pending.remove(path).unwrap()
    }

    /// Compares a piece of a field that was taken out.
    pub(crate) fn against(&mut self, path: &str, expected: &Value, ours: impl IntoNumber) {
        self.one(path, self.tolerance, expected, ours.number());
    }

    /// Takes out a text field.
    pub(crate) fn text(&mut self, path: &str) -> String {
        let value = self.pending.remove(path);
        value.and_then(|v| v.as_str().map(str::to_owned)).unwrap()
    }

    pub(crate) fn number(&mut self, path: &str, ours: impl IntoNumber) {
        self.within(self.tolerance, path, ours);
    }

    pub(crate) fn within(&mut self, tolerance: f64, path: &str, ours: impl IntoNumber) {
        let Some(expected) = self.pending.remove(path) else {
            self.failures
                .push(format!("{path} is compared but not there"));
            return;
        };
        self.one(path, tolerance, &expected, ours.number());
    }

    /// Compares within an absolute error.
    pub(crate) fn near(&mut self, error: f64, path: &str, ours: f64) {
        let Some(expected) = self.pending.remove(path).and_then(|v| v.as_f64()) else {
            self.failures
                .push(format!("{path} is compared but not there"));
            return;
        };
        if (ours - expected).abs() > error {
            self.failures.push(format!(
                "{path}: ours {ours}, expected {expected} within {error}"
            ));
        }
    }

    /// Compares a maximum: ours may be higher, and lower by `slack` only.
    pub(crate) fn maximum(&mut self, slack: f64, path: &str, ours: f64) {
        let Some(expected) = self.pending.get(path).and_then(Value::as_f64) else {
            self.failures
                .push(format!("{path} is compared but not there"));
            return;
        };
        if ours < expected - slack {
            self.failures
                .push(format!("{path}: ours {ours} is below {expected}"));
        }
        self.number(path, ours);
    }

    pub(crate) fn interval(&mut self, path: &str, ours: Estimable<Interval>) {
        self.list(path, &[ours.map(|i| i.lower), ours.map(|i| i.upper)]);
    }

    pub(crate) fn list<T: IntoNumber + Copy>(&mut self, path: &str, ours: &[T]) {
        let Some(expected) = self.pending.remove(path) else {
            self.failures
                .push(format!("{path} is compared but not there"));
            return;
        };
        if expected.is_null() {
            for value in ours {
                self.one(path, self.tolerance, &expected, value.number());
            }
            return;
        }
        let theirs = expected.as_array().unwrap();
        if theirs.len() != ours.len() {
            self.failures.push(format!(
                "{path}: {} values, expected {}",
                ours.len(),
                theirs.len()
            ));
        }
        for (i, (value, wanted)) in ours.iter().zip(theirs).enumerate() {
            self.one(
                &format!("{path}[{i}]"),
                self.tolerance,
                wanted,
                value.number(),
            );
        }
    }

    /// Compares a yes or no.
    pub(crate) fn flag(&mut self, path: &str, ours: bool) {
        let expected = self.pending.remove(path);
        if expected != Some(Value::Bool(ours)) {
            self.failures
                .push(format!("{path}: ours {ours}, expected {expected:?}"));
        }
    }

    /// Compares a list of names.
    pub(crate) fn names(&mut self, path: &str, ours: &[&str]) {
        let expected = self.pending.remove(path);
        if expected.as_ref() != Some(&Value::from(ours.to_vec())) {
            self.failures
                .push(format!("{path}: ours {ours:?}, expected {expected:?}"));
        }
    }

    /// A log-likelihood: ours may be higher, if the reference stopped early, and
    /// lower by 1e-6 at most.
    pub(crate) fn at_least(&mut self, path: &str, ours: f64) {
        let expected = self.pending.remove(path).and_then(|v| v.as_f64());
        if expected.is_none_or(|theirs| ours.is_nan() || ours < theirs - 1e-6) {
            self.failures
                .push(format!("{path}: ours {ours}, expected {expected:?}"));
        }
    }

    pub(crate) fn list_within(&mut self, tolerance: f64, path: &str, ours: &[f64]) {
        let usual = std::mem::replace(&mut self.tolerance, tolerance);
        self.list(path, ours);
        self.tolerance = usual;
    }

    /// Compares a matrix of four columns.
    pub(crate) fn matrix_rows(&mut self, path: &str, ours: &[[f64; 4]]) {
        let Some(expected) = self.pending.remove(path) else {
            self.failures
                .push(format!("{path} is compared but not there"));
            return;
        };
        for (i, row) in ours.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                let at = format!("{path}[{i}][{j}]");
                self.one(&at, self.tolerance, &expected[i][j], Ok(*value));
            }
        }
    }

    pub(crate) fn matrix(&mut self, path: &str, ours: &[[f64; 2]; 2]) {
        let Some(expected) = self.pending.remove(path) else {
            self.failures
                .push(format!("{path} is compared but not there"));
            return;
        };
        for (i, row) in ours.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                let at = format!("{path}[{i}][{j}]");
                self.one(&at, self.tolerance, &expected[i][j], Ok(*value));
            }
        }
    }

    fn one(&mut self, path: &str, tolerance: f64, expected: &Value, ours: Estimable<f64>) {
        let agrees = match (expected, ours) {
            (Value::Null, ours) => ours.is_err(),
            (Value::String(word), Ok(ours)) => word == "inf" && ours == f64::INFINITY,
            (expected, Ok(ours)) => {
                let theirs = expected.as_f64().unwrap();
                let scaled = (ours - theirs).abs() <= tolerance * theirs.abs().max(1e-3);
                let field = path.rsplit('.').next().unwrap_or(path);
                let tail = is_p(field) && theirs != 0.0 && theirs.abs() < 1e-12;
                scaled && (!tail || (ours - theirs).abs() <= 1e-6 * theirs.abs())
            }
            (_, Err(_)) => false,
        };
        if !agrees {
            self.failures
                .push(format!("{path}: ours {ours:?}, expected {expected}"));
        }
    }
}

/// Whether a field is a p-value by its name.
fn is_p(field: &str) -> bool {
    field == "p" || field.starts_with("p_") || field.ends_with("_p")
}

/// What can stand on our side of a comparison.
pub(crate) trait IntoNumber {
    fn number(&self) -> Estimable<f64>;
}

impl IntoNumber for f64 {
    fn number(&self) -> Estimable<f64> {
        Ok(*self)
    }
}

impl IntoNumber for usize {
    fn number(&self) -> Estimable<f64> {
        Ok(*self as f64)
    }
}

impl IntoNumber for u64 {
    fn number(&self) -> Estimable<f64> {
        Ok(*self as f64)
    }
}

impl IntoNumber for Estimable<f64> {
    fn number(&self) -> Estimable<f64> {
        *self
    }
}

pub(crate) fn f(input: &Value, name: &str) -> f64 {
    input[name].as_f64().unwrap()
}

pub(crate) fn n(input: &Value, name: &str) -> u64 {
    input[name].as_u64().unwrap()
}

pub(crate) fn size(input: &Value, name: &str) -> usize {
    usize::try_from(n(input, name)).unwrap()
}

pub(crate) fn floats(input: &Value, name: &str) -> Vec<f64> {
    input[name]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap())
        .collect()
}

pub(crate) fn level(input: &Value) -> Level {
    Level::new(f(input, "confidence")).unwrap()
}

/// Values with the index of their group, groups in the order of the file.
pub(crate) fn groups(input: &Value) -> (Vec<f64>, Vec<usize>) {
    let mut rows = Vec::new();
    for (g, values) in input["groups"].as_object().unwrap().values().enumerate() {
        rows.extend(
            values
                .as_array()
                .unwrap()
                .iter()
                .map(|v| (v.as_f64().unwrap(), g)),
        );
    }
    rows.into_iter().unzip()
}
