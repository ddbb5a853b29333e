//! The options of the format.

use caveat_importer::score::Rules;
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Options};
use serde_json::Value;

use crate::FORMAT;

/// What the user asks for.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// When a score of a grader is a success of the attack.
    pub(crate) rules: Rules,
    /// Whether `is_correct` = true is a defence, for results that say nothing of it.
    pub(crate) correct_is_defence: Option<bool>,
}

impl Wanted {
    pub(crate) fn of(options: &Options) -> Result<Self, ImportError> {
        let refuse = |problem: String| ImportError::Options {
            format: FORMAT,
            problem,
            hint: "the options are `success.GRADER = { … }` and `correct_is = \"defence\"` or \
                   `\"success\"`"
                .to_owned(),
        };
        let mut left = options.format.clone();
        let rules = Rules::take(FORMAT, &mut left)?;
        let correct_is_defence = match left.remove("correct_is") {
            None => None,
            Some(Value::String(word)) if word == "defence" => Some(true),
            Some(Value::String(word)) if word == "success" => Some(false),
            Some(other) => {
                let found = printable(&other.to_string());
                return Err(refuse(format!("`correct_is` is {found}")));
            }
        };
        match left.keys().next() {
            Some(key) => Err(refuse(format!("unknown option `{}`", printable(key)))),
            None => Ok(Self {
                rules,
                correct_is_defence,
            }),
        }
    }
}
