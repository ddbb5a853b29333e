//! The means of what was imported against those of the results file.
//!
//! Only what lm-eval aggregates as a mean is compared, and only where all its
//! samples are there. The printed values are never used.

use std::collections::BTreeMap;

use caveat_importer::text::printable;
use serde_json::Value;

use crate::results::Task;

/// Sums of many doubles in another order differ by less.
const TOLERANCE: f64 = 1e-9;

/// Metrics that lm-eval averages where the task does not say how to aggregate.
const MEANS_BY_DEFAULT: [&str; 4] = ["acc", "acc_norm", "acc_mutual_info", "exact_match"];

/// Sums by metric and filter.
#[derive(Debug, Default)]
pub(crate) struct Means {
    sums: BTreeMap<(String, String), (f64, u64)>,
}

impl Means {
    /// Adds one value; what is no number makes a mean that is not compared.
    pub(crate) fn add(&mut self, metric: &str, filter: &str, value: &Value) {
        let key = (metric.to_owned(), filter.to_owned());
        let (sum, count) = self.sums.entry(key).or_default();
        if let Some(value) = number(value) {
            *sum += value;
            *count += 1;
        }
    }

    /// Says which printed means differ.
    pub(crate) fn differences(&self, task: &Task) -> Vec<String> {
        let mut notes = Vec::new();
        for (key @ (metric, filter), (sum, count)) in &self.sums {
            let aggregation = task.aggregations.get(metric).map(String::as_str);
            let is_mean = match aggregation {
                Some(aggregation) => aggregation == "mean",
                None => MEANS_BY_DEFAULT.contains(&metric.as_str()),
            };
            let Some(printed) = task.aggregates.get(key).filter(|_| is_mean) else {
                continue;
            };
            if task.effective.is_some_and(|effective| effective != *count) || *count == 0 {
                continue;
            }
            let Ok(count) = u32::try_from(*count) else {
                continue;
            };
            let mean = sum / f64::from(count);
            if (printed - mean).abs() > TOLERANCE * mean.abs().max(1.0) {
                notes.push(format!(
                    "the results say that the mean of `{},{}` is {printed}, the imported values give {mean}; the imported values are used",
                    printable(metric),
                    printable(filter)
                ));
            }
        }
        notes
    }
}

/// A value as a number; truth values count as Python counts them.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        value => value.as_f64(),
    }
}
