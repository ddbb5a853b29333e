//! The first reading of a file: which metrics it has, what values they take, and
//! a digest that says which task of which run it is.

use std::collections::BTreeMap;
use std::path::Path;

use caveat_corpus::Digest;
use caveat_importer::{ImportError, Limits};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::fields::Sample;
use crate::records::each;
use crate::refused;

/// Most metrics and filters of one file together; a task has a handful of each.
const MAX_METRICS: usize = 10_000;

/// What the values of a metric are, over a whole file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    /// Values that are 0, 1, true or false.
    pub(crate) binary: u64,
    /// Other numbers.
    pub(crate) other_numbers: u64,
    /// Lists, texts and objects.
    pub(crate) no_numbers: u64,
}

impl Values {
    /// Whether every value that was given is one of two.
    pub(crate) fn are_binary(&self) -> bool {
        self.binary > 0 && self.other_numbers == 0 && self.no_numbers == 0
    }
}

/// What the first reading learnt.
#[derive(Clone, Debug, Default)]
pub(crate) struct Survey {
    /// Samples that can be read.
    pub(crate) samples: u64,
    /// Why the first record that cannot be read cannot be read.
    first_fault: Option<String>,
    /// Values by metric and filter.
    pub(crate) values: BTreeMap<(String, String), Values>,
    /// Samples by filter.
    pub(crate) by_filter: BTreeMap<String, u64>,
    /// lm-eval's digest over all samples, if each has its hashes.
    pub(crate) hash: Option<String>,
}

impl Survey {
    /// Reads a file. One without a single sample is refused.
    pub(crate) fn of(path: &Path, limits: &Limits) -> Result<Self, ImportError> {
        let mut survey = Self::default();
        let mut hasher = Some(Sha256::new());
        each(path, limits, &mut |record| {
            let sample = record.bytes.and_then(|bytes| Sample::read(bytes, limits));
            match sample {
                Ok(sample) => {
                    match (&sample.hashes, &mut hasher) {
                        (Some(hashes), Some(hasher)) => hasher.update(hashes.as_bytes()),
                        _ => hasher = None,
                    }
                    survey.add(&sample);
                }
                Err(reason) => {
                    hasher = None;
                    survey.first_fault.get_or_insert(reason);
                }
            }
            if survey.values.len() > MAX_METRICS || survey.by_filter.len() > MAX_METRICS {
                let found = format!("it has more than {MAX_METRICS} metrics");
                return Err(refused(path, found, crate::read::HINT));
            }
            Ok(())
        })?;
        if survey.samples == 0 {
            let found = match &survey.first_fault {
                Some(reason) => format!("no record is a sample, the first because {reason}"),
                None => "it holds no sample".to_owned(),
            };
            let found = caveat_importer::text::printable(&found);
            return Err(refused(path, found, crate::read::HINT));
        }
        survey.hash = hasher.map(|hasher| Digest::from_bytes(hasher.finalize().into()).to_hex());
        Ok(survey)
    }

    fn add(&mut self, sample: &Sample) {
        self.samples += 1;
        let filter = sample.filter.as_deref().unwrap_or("none");
        *self.by_filter.entry(filter.to_owned()).or_default() += 1;
        for (metric, value) in &sample.metrics {
            let key = (metric.clone(), filter.to_owned());
            self.values.entry(key).or_default().add(value);
        }
    }

    /// Names of metrics.
    pub(crate) fn metrics(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(|(metric, _)| metric.as_str())
    }
}

impl Values {
    fn add(&mut self, value: &Value) {
        match value {
            // No value, and no number: they say nothing on the scale.
            Value::Null => {}
            Value::String(_) if caveat_importer::json::non_finite(value).is_some() => {}
            Value::Bool(_) => self.binary += 1,
            Value::Number(number) => match number.as_f64() {
                Some(0.0 | 1.0) => self.binary += 1,
                _ => self.other_numbers += 1,
            },
            Value::String(_) | Value::Array(_) | Value::Object(_) => self.no_numbers += 1,
        }
    }
}
