//! What the user may say of a report that the report does not say itself.

use caveat_importer::text::printable;
use caveat_importer::{ImportError, Options};
use serde_json::Value;

use crate::FORMAT;

const HINT: &str = "this format takes `eval_threshold` (a number from 0 to 1) and `model` (the \
    name of the target where the report has none)";

/// The options of this format.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GarakOptions {
    /// The run's `eval_threshold`.
    pub(crate) threshold: Option<f64>,
    /// Name of the target.
    pub(crate) model: Option<String>,
}

impl GarakOptions {
    /// Reads the options; a key that nobody reads is a mistake of the author.
    pub(crate) fn of(options: &Options) -> Result<Self, ImportError> {
        let mut own = Self::default();
        for (key, value) in &options.format {
            match (key.as_str(), value) {
                ("eval_threshold", Value::Number(number)) => own.threshold = number.as_f64(),
                ("model", Value::String(name)) if !name.is_empty() => {
                    own.model = Some(name.clone())
                }
                ("eval_threshold" | "model", _) => {
                    return Err(fault(format!("`{key}` has the wrong type")));
                }
                _ => return Err(fault(format!("unknown option `{}`", printable(key)))),
            }
        }
        Ok(own)
    }
}

fn fault(problem: String) -> ImportError {
    ImportError::Options {
        format: FORMAT,
        problem,
        hint: HINT.to_owned(),
    }
}
