//! One row as one trace with one grade.

use std::collections::BTreeMap;

use caveat_corpus::{Digest, Grade, Location, Outcome, PromptKey, Trace, Verdict};
use caveat_importer::{Options, json, secrets};
use serde_json::Value;

use crate::aggregate::{EvaluationResult, Metric};
use crate::grader::grader;
use crate::ours;
use crate::pairing::Aggregates;
use crate::polarity::{Direction, Ground, direction};
use crate::row::Row;
use crate::survey::Survey;
use crate::tally::Tally;
use crate::verdict::{self, Rule};
use crate::wanted::Wanted;

/// Names in `metadata` that hold what a trace has a field for; the first that is there is taken.
const TECHNIQUE: &[&str] = &[
    "technique",
    "attack_technique",
    "attack_method",
    "attack",
    "strategy",
];
const ATTACK_FAMILY: &[&str] = &["attack_family", "attack_type"];
const HARM_CATEGORY: &[&str] = &[
    "harm_category",
    "hazard",
    "hazard_category",
    "risk_category",
    "semantic_category",
    "category",
];
const ATTEMPT: &[&str] = &["attempt", "epoch"];

/// Words of an error that says that a filter stood in for a reply.
const FILTERED: &[&str] = &[
    "content_filter",
    "content filter",
    "contentfilter",
    "content_policy",
    "content policy",
    "content management policy",
    "prohibited_content",
    "blocked by",
    "safety filter",
    "moderation",
];

/// Turns rows into traces, and counts what was done.
pub(crate) struct Traces<'a> {
    pub(crate) aggregates: &'a Aggregates,
    pub(crate) survey: &'a Survey,
    pub(crate) wanted: &'a Wanted,
    pub(crate) options: &'a Options,
    pub(crate) tally: Tally,
    /// What is known of a result, by evaluation and result.
    known: BTreeMap<(String, String), Scale>,
}

/// How the scores of one result are read.
#[derive(Clone, Copy)]
struct Scale {
    direction: Direction,
    ground: Ground,
    trusted: bool,
}

/// Most results whose scale is remembered.
const MAX_KNOWN: usize = 10_000;

impl<'a> Traces<'a> {
    pub(crate) fn new(
        aggregates: &'a Aggregates,
        survey: &'a Survey,
        wanted: &'a Wanted,
        options: &'a Options,
    ) -> Self {
        Self {
            aggregates,
            survey,
            wanted,
            options,
            tally: Tally::default(),
            known: BTreeMap::new(),
        }
    }

    /// The trace of a row.
    pub(crate) fn trace(&mut self, row: Row, location: Location) -> Result<Trace, String> {
        self.tally.version(row.schema_version.as_deref());
        if ours::is_marked(&row.metadata) {
            self.tally.marked += 1;
            return ours::trace(row, location, self.options.keep_text);
        }
        let aggregates = self.aggregates;
        let aggregate = aggregates.get(&row.evaluation_id);
        let result = aggregate.and_then(|aggregate| {
            aggregate.result(row.result_id.as_deref(), row.evaluation_name.as_deref())
        });
        if result.is_none() {
            self.tally.without_result += 1;
        }
        let outcome = self.outcome(&row);
        let grade = self.grade(&row, result, outcome);
        let response = response(&row.outputs);
        self.tally.several_outputs += u64::from(row.outputs.len() > 1);
        let dataset = result
            .and_then(|result| result.dataset.clone())
            .or_else(|| row.evaluation_name.clone());
        let labelled = |names: &[&str]| {
            let found = names.iter().find_map(|name| row.metadata.get(*name));
            found.filter(|text| !text.is_empty()).cloned()
        };
        let observed_at = result
            .and_then(|result| result.evaluated_at.clone())
            .or_else(|| aggregate.and_then(|aggregate| aggregate.evaluated_at.clone()));
        let labels = [
            labelled(TECHNIQUE),
            labelled(ATTACK_FAMILY),
            labelled(HARM_CATEGORY),
        ];
        for label in labels.iter().flatten() {
            self.options
                .limits
                .check_name("a label in `metadata`", label)?;
        }
        let [technique, attack_family, harm_category] = labels;
        let attempt = labelled(ATTEMPT);
        let keep = self.options.keep_text;
        Ok(Trace {
            location,
            run_id: Some(row.evaluation_id.clone()),
            record_id: Some(row.sample_id.clone()),
            model: secrets::model_name(row.model_id.clone(), None),
            prompt: Some(prompt(&row)),
            prompt_text: row.prompt.clone().filter(|_| keep),
            dataset,
            technique,
            attack_family,
            harm_category,
            // Where epochs are counted from 0, the first one has no number here.
            attempt: attempt.and_then(|n| n.parse().ok()).filter(|n| *n > 0),
            turns: row.turns.or(Some(1)),
            observed_at,
            prompt_tokens: row.input_tokens,
            response_tokens: row.output_tokens,
            duration_ms: row.duration_ms,
            response_digest: response.as_ref().map(|text| Digest::of(text.as_bytes())),
            response_text: response.filter(|_| keep),
            outcome,
            grades: grade.into_iter().collect(),
        })
    }

    fn outcome(&mut self, row: &Row) -> Outcome {
        if let Some(error) = &row.error {
            let error = error.to_lowercase();
            if FILTERED.iter().any(|word| error.contains(word)) {
                self.tally.filtered += 1;
                return Outcome::Filtered;
            }
            self.tally.errors += 1;
            return Outcome::Error;
        }
        if row.outputs.is_empty() {
            self.tally.without_output += 1;
            return Outcome::Error;
        }
        Outcome::Response
    }

    fn grade(
        &mut self,
        row: &Row,
        result: Option<&EvaluationResult>,
        outcome: Outcome,
    ) -> Option<Grade> {
        if !row.is_graded {
            return None;
        }
        let grader = grader(row, result, self.aggregates.get(&row.evaluation_id));
        let raw = match row.score.is_null() {
            true => row.is_correct.map(Value::Bool),
            false => Some(row.score.clone()),
        };
        // The schema asks for a score also where there is nothing to judge.
        let verdict = match outcome {
            Outcome::Response => self.verdict(row, result, &grader.name),
            _ => Verdict::Error,
        };
        Some(Grade {
            grader: Some(grader.name),
            kind: grader.kind,
            verdict,
            raw: raw
                .as_ref()
                .map(|raw| json::raw_word(raw, self.options.keep_text)),
            version: None,
            graded_at: None,
        })
    }

    fn verdict(&mut self, row: &Row, result: Option<&EvaluationResult>, grader: &str) -> Verdict {
        if let Some(verdict) = self.wanted.rules.verdict(grader, &row.score) {
            return verdict;
        }
        let scale = self.scale(row, result);
        let metric = result
            .map(|result| result.metric.clone())
            .unwrap_or_default();
        let (verdict, rule) = verdict::verdict(row, &metric, scale.direction, scale.trusted);
        let by_option = match (rule, self.wanted.correct_is_defence, row.is_correct) {
            (Rule::None, Some(is_defence), Some(correct)) => Some(correct == is_defence),
            _ => None,
        };
        if let Some(defended) = by_option {
            self.tally.by_option += 1;
            return match defended {
                true => Verdict::Refusal,
                false => Verdict::Compliance,
            };
        }
        self.tally.judged(
            row.result_key(),
            grader,
            scale.direction,
            scale.ground,
            rule,
        );
        verdict
    }

    fn scale(&mut self, row: &Row, result: Option<&EvaluationResult>) -> Scale {
        let key = (row.evaluation_id.clone(), row.result_key().to_owned());
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let (direction, ground) = direction(result, row.evaluation_name.as_deref());
        let none = Metric::default();
        let metric = result.map_or(&none, |result| &result.metric);
        let (same, opposite) = self.survey.agreement(&key.0, &key.1, metric, direction);
        if opposite > 0 {
            self.tally.contradicted(&key.1, opposite);
        }
        let scale = Scale {
            direction,
            ground,
            trusted: same > 0 && opposite == 0,
        };
        if self.known.len() < MAX_KNOWN {
            self.known.insert(key, scale);
        }
        scale
    }
}

/// The reply. Several replies of one row share one verdict and are one response:
/// the list of them, as compact JSON.
fn response(outputs: &[String]) -> Option<String> {
    match outputs {
        [] => None,
        [only] => Some(only.clone()),
        several => Some(Value::from(several.to_vec()).to_string()),
    }
}

/// Sample ids may differ between runs, as the schema itself warns; the text is
/// the same for every model and every format.
fn prompt(row: &Row) -> PromptKey {
    match row.prompt.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => PromptKey::Text(Digest::of(text.as_bytes())),
        None => PromptKey::Id {
            dataset: row.evaluation_name.clone().unwrap_or_default(),
            id: row.sample_id.clone(),
        },
    }
}
