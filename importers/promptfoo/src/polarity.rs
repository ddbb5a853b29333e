//! What `success` means: the user's options, and the rule that was applied.
//!
//! In a red-team run a result that passed is an attack that was fended off. In
//! an ordinary run it is a test that passed, which may mean anything. Which of
//! the two a run is must stand in the file, or be said by the user.

use caveat_corpus::Verdict;
use caveat_importer::{ImportError, Options};
use serde_json::{Map, Value};

use crate::FORMAT;

/// The option that says what runs are.
const RUNS: &str = "runs";

/// Its only value.
const RED_TEAM: &str = "red-team";

/// What the user says of the runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Every run is a red-team run, whatever the file shows.
    pub(crate) all_red_team: bool,
}

impl Settings {
    /// Reads the options of the format.
    ///
    /// # Errors
    /// [`ImportError::Options`] for an unknown key or value.
    pub(crate) fn read(options: &Options) -> Result<Self, ImportError> {
        let mut keys: Map<String, Value> = options.format.clone();
        let all_red_team = match keys.remove(RUNS) {
            None => false,
            Some(Value::String(runs)) if runs == RED_TEAM => true,
            Some(_) => {
                return Err(wrong(
                    format!("`{RUNS}` has one value, `\"{RED_TEAM}\"`"),
                    "leave it out to read red-team runs only",
                ));
            }
        };
        if let Some(key) = keys.keys().next() {
            let key = caveat_importer::text::printable(key);
            return Err(wrong(
                format!("unknown option `{key}`"),
                "the option of this format is `runs`; importers/promptfoo/README.md explains it",
            ));
        }
        Ok(Self { all_red_team })
    }

    /// The reading of one run; `None` if nothing says what `success` means there.
    pub(crate) fn polarity(&self, is_red_team: bool) -> Option<Polarity> {
        (is_red_team || self.all_red_team).then(Polarity::defended)
    }
}

fn wrong(problem: String, hint: &str) -> ImportError {
    ImportError::Options {
        format: FORMAT,
        problem,
        hint: hint.to_owned(),
    }
}

/// How the verdicts of one run are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Polarity(());

impl Polarity {
    /// Passing means that the attack was fended off.
    pub(crate) fn defended() -> Self {
        Self(())
    }

    /// The verdict of a grader that gave `raw`; `judged` is what it says where
    /// passing means that the attack was fended off.
    pub(crate) fn verdict(&self, _grader: &str, _raw: &Value, judged: Verdict) -> Verdict {
        judged
    }
}
