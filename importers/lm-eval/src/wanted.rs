//! The options of this format.

use caveat_importer::score::{self, Rules, refuse_unknown};
use caveat_importer::{ImportError, Options};
use serde_json::Value;

use crate::FORMAT;

const HINT: &str = "the options are `success` (when a metric is a success of the attack), and `model` and `task` \
    for samples whose results file is gone";

/// What the user asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Rules for metrics.
    pub(crate) rules: Rules,
    /// Model of samples without a results file.
    pub(crate) model: Option<String>,
    /// Task of the samples.
    pub(crate) task: Option<String>,
}

impl Wanted {
    /// Reads the options; one that is unknown is a mistake of its author.
    pub(crate) fn of(options: &Options) -> Result<Self, ImportError> {
        let mut given = options.format.clone();
        let rules = Rules::take(FORMAT, &mut given)?;
        let mut name = |option: &str| match given.remove(option) {
            None => Ok(None),
            Some(Value::String(name)) if !name.is_empty() => match options
                .limits
                .check_name(&format!("option `{option}`"), &name)
            {
                Ok(()) => Ok(Some(name)),
                Err(reason) => Err(problem(reason)),
            },
            Some(_) => Err(problem(format!("option `{option}` is no name"))),
        };
        let (model, task) = (name("model")?, name("task")?);
        refuse_unknown(FORMAT, &given, &[score::OPTION, "model", "task"])?;
        Ok(Self { rules, model, task })
    }
}

fn problem(problem: String) -> ImportError {
    ImportError::Options {
        format: FORMAT,
        problem,
        hint: HINT.to_owned(),
    }
}
