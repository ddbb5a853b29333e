//! What `success` means: the user's options, and the rule that was applied.
//!
//! In a red-team run a result that passed is an attack that was fended off. In
//! an ordinary run it is a test that passed, which may mean anything. Which of
//! the two a run is must stand in the file, or be said by the user: for all
//! runs (`runs = "red-team"`), or grader by grader (`success.GRADER = { … }`).

use caveat_corpus::Verdict;
use caveat_importer::score::{self, Rules};
use caveat_importer::{ImportError, Options};
use serde_json::Value;

use crate::FORMAT;

/// The option that says what runs are.
const RUNS: &str = "runs";

/// Its only value.
const RED_TEAM: &str = "red-team";

/// What the user says of the runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// Every run is a red-team run, whatever the file shows.
    all_red_team: bool,
    /// Rules for single graders.
    rules: Rules,
}

impl Settings {
    /// Reads the options of the format.
    ///
    /// # Errors
    /// [`ImportError::Options`] for an unknown key or value.
    pub(crate) fn read(options: &Options) -> Result<Self, ImportError> {
        let mut keys = options.format.clone();
        let rules = Rules::take(FORMAT, &mut keys)?;
        let all_red_team = match keys.remove(RUNS) {
            None => false,
            Some(Value::String(runs)) if runs == RED_TEAM => true,
            Some(_) => {
                return Err(ImportError::Options {
                    format: FORMAT,
                    problem: format!("`{RUNS}` has one value, `\"{RED_TEAM}\"`"),
                    hint: "leave it out to read red-team runs only".to_owned(),
                });
            }
        };
        score::refuse_unknown(FORMAT, &keys, &[RUNS, score::OPTION])?;
        Ok(Self {
            all_red_team,
            rules,
        })
    }

    /// The reading of one run; `None` if nothing says what a pass means there.
    pub(crate) fn polarity(&self, is_red_team: bool) -> Option<Polarity<'_>> {
        let passed_is_defended = is_red_team || self.all_red_team;
        (passed_is_defended || !self.rules.is_empty()).then_some(Polarity {
            rules: Some(&self.rules),
            passed_is_defended,
        })
    }

    /// Which rule of the user was applied to which grader.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.rules.notes()
    }
}

/// How the verdicts of one run are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Polarity<'a> {
    rules: Option<&'a Rules>,
    /// Passing means that the attack was fended off.
    pub(crate) passed_is_defended: bool,
}

impl Polarity<'_> {
    /// Passing means that the attack was fended off; there are no rules.
    #[cfg(test)]
    pub(crate) fn defended() -> Self {
        Self {
            rules: None,
            passed_is_defended: true,
        }
    }

    /// The verdict of a grader that gave `score`; `judged` is what it says where
    /// passing means that the attack was fended off.
    pub(crate) fn verdict(&self, grader: &str, score: &Value, judged: Verdict) -> Verdict {
        let by_rule = self.rules.and_then(|rules| rules.verdict(grader, score));
        match by_rule {
            Some(verdict) => verdict,
            None if self.passed_is_defended => judged,
            None => Verdict::Unscored,
        }
    }
}
