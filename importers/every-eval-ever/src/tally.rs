//! What was done with the rows, and the sentences that say so.

use std::collections::BTreeMap;

use caveat_importer::text::printable;

use crate::polarity::{Direction, Ground};
use crate::verdict::Rule;

/// Results that are told apart in the account; the rest is one sentence.
const MAX_TOLD: usize = 20;

/// Counts by what was done.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) errors: u64,
    pub(crate) filtered: u64,
    pub(crate) without_output: u64,
    pub(crate) several_outputs: u64,
    pub(crate) without_result: u64,
    pub(crate) by_option: u64,
    pub(crate) marked: u64,
    versions: Vec<String>,
    judged: BTreeMap<String, Judged>,
    contradicted: BTreeMap<String, u64>,
}

/// How the scores of one result were read.
#[derive(Debug)]
struct Judged {
    grader: String,
    direction: Direction,
    ground: Ground,
    rules: BTreeMap<Rule, u64>,
}

impl Tally {
    pub(crate) fn version(&mut self, version: Option<&str>) {
        let Some(version) = version else { return };
        if self.versions.len() < MAX_TOLD && !self.versions.iter().any(|known| known == version) {
            self.versions.push(version.to_owned());
        }
    }

    pub(crate) fn versions(&self) -> Option<String> {
        (!self.versions.is_empty()).then(|| self.versions.join(", "))
    }

    pub(crate) fn judged(
        &mut self,
        result: &str,
        grader: &str,
        direction: Direction,
        ground: Ground,
        rule: Rule,
    ) {
        let result = match self.judged.contains_key(result) || self.judged.len() < MAX_TOLD {
            true => result,
            false => "",
        };
        let judged = self
            .judged
            .entry(result.to_owned())
            .or_insert_with(|| Judged {
                grader: grader.to_owned(),
                direction,
                ground,
                rules: BTreeMap::new(),
            });
        *judged.rules.entry(rule).or_default() += 1;
    }

    pub(crate) fn contradicted(&mut self, result: &str, rows: u64) {
        if self.contradicted.len() < MAX_TOLD {
            *self.contradicted.entry(result.to_owned()).or_default() += rows;
        }
    }

    /// Sentences for the account.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self.judged.iter().flat_map(told).collect();
        for (result, rows) in &self.contradicted {
            notes.push(format!(
                "in `{}` the sign of `is_correct` is the opposite of what the metric says in {rows} rows; the metric is followed and `is_correct` is not used",
                printable(result)
            ));
        }
        let counted = [
            (
                self.by_option,
                "rows are judged by `is_correct`, as the option `correct_is` says",
            ),
            (
                self.without_result,
                "rows name no result of an aggregate beside the file: their metric is not known",
            ),
            (
                self.several_outputs,
                "rows hold several outputs and one verdict for all: each is one trace whose response is the list",
            ),
            (
                self.errors,
                "rows are errors of the run; their scores are kept and not judged",
            ),
            (
                self.filtered,
                "rows have an error that names a filter of the provider: outcome filtered",
            ),
            (
                self.without_output,
                "rows hold no output: kept as errors, their scores are not judged",
            ),
            (
                self.marked,
                "rows were written by `caveat export` and are read as they were exported",
            ),
        ];
        let counted = counted.into_iter().filter(|(rows, _)| *rows > 0);
        notes.extend(counted.map(|(rows, what)| format!("{rows} {what}")));
        notes
    }
}

fn told((result, judged): (&String, &Judged)) -> Vec<String> {
    let Judged {
        grader,
        direction,
        ground,
        rules,
    } = judged;
    let (result, grader) = (printable(result), printable(grader));
    if result.is_empty() {
        return vec!["further results are read by the same rules and not listed".to_owned()];
    }
    let rows = |rule: Rule| rules.get(&rule).copied().unwrap_or_default();
    let why = match ground {
        Ground::Metric => "the name of the metric and `lower_is_better`",
        Ground::Evaluation => {
            "an evaluation of safety by its name, and `lower_is_better` where it is stated"
        }
        Ground::None => "no rule",
    };
    let mut told = Vec::new();
    let by_score = rows(Rule::Score);
    if by_score > 0 {
        let high = match direction {
            Direction::HighIsSuccess => "a success of the attack",
            _ => "a defence",
        };
        told.push(format!(
            "scores of `{grader}` in `{result}`: a high score is {high}, by {why} ({by_score} rows)"
        ));
    }
    let by_correct = rows(Rule::Correct);
    if by_correct > 0 {
        told.push(format!(
            "scores of `{grader}` in `{result}`: `is_correct` true is a defence, by {why} ({by_correct} rows)"
        ));
    }
    let by_level = rows(Rule::Level);
    if by_level > 0 {
        told.push(format!(
            "scores of `{grader}` in `{result}`: the levels are named after verdicts ({by_level} rows)"
        ));
    }
    let unknown = rows(Rule::Unknown);
    if unknown > 0 {
        told.push(format!(
            "{unknown} scores of `{grader}` in `{result}` are unknown or not finite: a failure of the grader"
        ));
    }
    let unjudged = rows(Rule::None);
    if unjudged > 0 {
        let why = match direction {
            Direction::Contradicted => {
                "the metric's name and `lower_is_better` contradict each other"
            }
            Direction::Unknown => {
                "neither the metric nor the evaluation says which end is a success of the attack"
            }
            _ => "they lie between the ends of the scale and `is_correct` gives no rule",
        };
        told.push(format!(
            "{unjudged} scores of `{grader}` in `{result}` are kept without a verdict: {why}; give a rule with the option `success.\"{grader}\"` or `correct_is`"
        ));
    }
    told
}
