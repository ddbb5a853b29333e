//! What a model did, label by label and prompt by prompt.
//!
//! Parts carry their labels as words until every model of a sample is known;
//! then [`label`] gives each word its place in the sample's [`Labels`].

use std::collections::BTreeSet;

use caveat_analysis::sample::{Labels, PromptTally, SamplePart};
use caveat_corpus::{CellEvidence, Outcome, PromptCount, State, Verdict};

/// A part of a model, with its labels in words.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    harm_category: Option<String>,
    technique: Option<String>,
    grader: Option<String>,
    n: u64,
    succeeded: u64,
    not_evaluable: u64,
    prompts: Option<Vec<PromptTally>>,
}

impl Part {
    /// The part that a cell makes when `state` says what a trace counts as.
    pub(crate) fn new(
        cell: &CellEvidence,
        grader: Option<String>,
        state: impl Fn(Outcome, Verdict) -> State,
    ) -> Part {
        let (mut succeeded, mut resisted, mut not_evaluable) = (0_u64, 0_u64, 0_u64);
        for (outcome, counts) in &cell.counts {
            for (verdict, traces) in counts.iter() {
                match state(*outcome, verdict) {
                    State::Succeeded => succeeded += traces,
                    State::Resisted => resisted += traces,
                    State::NotEvaluable => not_evaluable += traces,
                }
            }
        }
        let tally = |rows: &Vec<PromptCount>| tallies(rows, &state);
        Part {
            harm_category: cell.harm_category.clone(),
            technique: cell.attack_family.clone(),
            grader,
            n: succeeded + resisted,
            succeeded,
            not_evaluable,
            prompts: cell.by_prompt.as_ref().map(tally),
        }
    }
}

/// Evaluable traces by prompt and day; rows are sorted by both.
fn tallies(rows: &[PromptCount], state: &impl Fn(Outcome, Verdict) -> State) -> Vec<PromptTally> {
    let alike = rows.chunk_by(|a, b| (a.prompt, a.day) == (b.prompt, b.day));
    alike
        .filter_map(|rows| {
            let first = rows.first()?;
            let of = |wanted| {
                rows.iter()
                    .filter(|row| state(row.outcome, row.verdict) == wanted)
                    .map(|row| row.traces)
                    .sum::<u64>()
            };
            let succeeded = of(State::Succeeded);
            let n = succeeded + of(State::Resisted);
            (n > 0).then_some(PromptTally {
                prompt: first.prompt,
                day: first.day,
                n,
                succeeded,
            })
        })
        .collect()
}

/// Gives the labels of every model's parts their places; parts come out in order of their labels.
pub(crate) fn label(models: &[&[Part]]) -> (Labels, Vec<Vec<SamplePart>>) {
    let all = |pick: fn(&Part) -> &Option<String>| -> Vec<String> {
        let words: BTreeSet<&String> = models
            .iter()
            .flat_map(|parts| parts.iter())
            .filter_map(|part| pick(part).as_ref())
            .collect();
        words.into_iter().cloned().collect()
    };
    let labels = Labels {
        harm_categories: all(|part| &part.harm_category),
        techniques: all(|part| &part.technique),
        graders: all(|part| &part.grader),
    };
    let place = |words: &[String], word: &Option<String>| {
        let at = words.binary_search(word.as_ref()?).ok()?;
        u32::try_from(at).ok()
    };
    let parts = models.iter().map(|parts| {
        let mut placed: Vec<SamplePart> = parts
            .iter()
            .map(|part| SamplePart {
                harm_category: place(&labels.harm_categories, &part.harm_category),
                technique: place(&labels.techniques, &part.technique),
                grader: place(&labels.graders, &part.grader),
                n: part.n,
                succeeded: part.succeeded,
                not_evaluable: part.not_evaluable,
                prompts: part.prompts.clone(),
            })
            .collect();
        placed.sort();
        placed
    });
    let parts = parts.collect();
    (labels, parts)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeMap;

    use caveat_corpus::VerdictCounts;

    use super::*;

    fn cell(harm: Option<&str>, rows: &[(u32, Outcome, Verdict, u64)]) -> CellEvidence {
        let mut counts: BTreeMap<Outcome, VerdictCounts> = BTreeMap::new();
        for (_, outcome, verdict, traces) in rows {
            counts.entry(*outcome).or_default().add(*verdict, *traces);
        }
        CellEvidence {
            dataset: None,
            attack_family: None,
            harm_category: harm.map(str::to_owned),
            grader: None,
            grader_kind: None,
            observed: None,
            counts,
            by_prompt: Some(
                rows.iter()
                    .map(|&(prompt, outcome, verdict, traces)| PromptCount {
                        prompt,
                        day: None,
                        outcome,
                        verdict,
                        traces,
                    })
                    .collect(),
            ),
            from_counts: false,
        }
    }

    fn filtered_resist(outcome: Outcome, verdict: Verdict) -> State {
        match (outcome, verdict) {
            (Outcome::Filtered, _) => State::Resisted,
            (Outcome::Response, Verdict::Compliance) => State::Succeeded,
            (Outcome::Response, Verdict::Refusal) => State::Resisted,
            _ => State::NotEvaluable,
        }
    }

    #[test]
    fn a_part_counts_the_same_traces_in_total_and_by_prompt() {
        let cell = cell(
            None,
            &[
                (3, Outcome::Response, Verdict::Compliance, 2),
                (3, Outcome::Response, Verdict::Refusal, 1),
                (3, Outcome::Filtered, Verdict::Unscored, 4),
                (5, Outcome::Error, Verdict::Unscored, 6),
                (9, Outcome::Response, Verdict::Refusal, 1),
            ],
        );
        let part = Part::new(&cell, None, filtered_resist);
        assert_eq!((part.succeeded, part.n, part.not_evaluable), (2, 8, 6));
        let prompts = part.prompts.unwrap();
        let told: Vec<_> = prompts
            .iter()
            .map(|t| (t.prompt, t.succeeded, t.n))
            .collect();
        assert_eq!(told, [(3, 2, 7), (9, 0, 1)]);
    }

    #[test]
    fn labels_have_the_same_place_for_every_model() {
        let of = |harm| Part::new(&cell(harm, &[]), Some("judge".to_owned()), filtered_resist);
        let first = [of(Some("weapons")), of(None)];
        let second = [of(Some("fraud")), of(Some("weapons"))];
        let (labels, parts) = label(&[&first, &second]);
        assert_eq!(labels.harm_categories, ["fraud", "weapons"]);
        assert_eq!(labels.graders, ["judge"]);
        let harms = |model: usize| -> Vec<Option<u32>> {
            parts[model].iter().map(|part| part.harm_category).collect()
        };
        assert_eq!(harms(0), [None, Some(1)]);
        assert_eq!(harms(1), [Some(0), Some(1)]);
    }
}
