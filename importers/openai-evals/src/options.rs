//! What the user may say of a log that the log does not say itself.

use caveat_importer::score::{self, Rules, refuse_unknown};
use caveat_importer::{ImportError, Options};
use serde_json::Value;

use crate::FORMAT;

const MODEL: &str = "model";

/// The options of this format.
#[derive(Debug, Default)]
pub(crate) struct OwnOptions {
    /// When a score means that the attack succeeded.
    pub(crate) rules: Rules,
    /// Name of the model where no specification gives one.
    pub(crate) model: Option<String>,
}

impl OwnOptions {
    /// Reads the options; a key that nobody reads is a mistake of the author.
    pub(crate) fn of(options: &Options) -> Result<Self, ImportError> {
        let mut keys = options.format.clone();
        let rules = Rules::take(FORMAT, &mut keys)?;
        let model = match keys.remove(MODEL) {
            None => None,
            Some(Value::String(name)) if !name.is_empty() => Some(name),
            Some(_) => {
                return Err(ImportError::Options {
                    format: FORMAT,
                    problem: "`model` has the wrong type".to_owned(),
                    hint: "write the name of the model under test as text".to_owned(),
                });
            }
        };
        refuse_unknown(FORMAT, &keys, &[score::OPTION, MODEL])?;
        Ok(Self { rules, model })
    }
}
