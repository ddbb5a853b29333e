//! Turns a sample into a trace.

use std::collections::BTreeMap;

use caveat_corpus::{Digest, Grade, GraderKind, Location, Outcome, PromptKey, Trace, Verdict};
use caveat_importer::json::{non_finite, raw_score};
use caveat_importer::text::printable;
use caveat_importer::{Options, secrets};
use serde_json::Value;

use crate::fields::{Reply, Sample};
use crate::means::{Means, number};
use crate::pairing::Pair;
use crate::polarity::{Direction, direction};
use crate::survey::Survey;
use crate::wanted::Wanted;

/// Types of output for which nothing is generated.
const LIKELIHOOD_TYPES: [&str; 3] = ["multiple_choice", "loglikelihood", "loglikelihood_rolling"];

/// The filter of a task that names none.
const NO_FILTER: &str = "none";

/// Makes traces, and remembers what the account should say of them.
pub(crate) struct Traces<'a> {
    /// What the samples are of.
    pub(crate) pair: Pair,
    /// What the first reading learnt.
    pub(crate) survey: &'a Survey,
    /// What the user asked for.
    pub(crate) wanted: &'a Wanted,
    /// General options.
    pub(crate) options: &'a Options,
    /// Sums of what was imported.
    pub(crate) means: Means,
    /// Counts for the notes.
    pub(crate) tally: Tally,
}

/// What the notes count.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    likelihoods: u64,
    several_repeats: u64,
    several_requests: u64,
    absent_metrics: u64,
    /// How each grader was read.
    readings: BTreeMap<String, Reading>,
}

/// How the values of a grader are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    HighIsSuccess,
    HighIsDefence,
    NoThreshold,
    Contradicted,
    Unknown,
}

impl Traces<'_> {
    /// Makes a trace of one sample.
    pub(crate) fn trace(&mut self, sample: Sample, location: Location) -> Result<Trace, String> {
        let results = &self.pair.results;
        let model = secrets::model_name(
            results.model.clone().ok_or("the model is not known")?,
            results.source.clone(),
        );
        let (run_id, task) = (results.date.clone(), self.pair.task_name.clone());
        let filter = sample.filter.as_deref().unwrap_or(NO_FILTER);
        let grades = sample
            .metrics
            .iter()
            .map(|(metric, value)| self.grade(metric, filter, value))
            .collect();
        let is_likelihood = self.is_likelihood(&sample.reply);
        self.count(&sample, is_likelihood);
        let keep = self.options.keep_text;
        let (outcome, response) = match &sample.reply {
            _ if is_likelihood => (Outcome::Response, None),
            Reply::Text(text) => (Outcome::Response, Some(text.as_str())),
            Reply::Likelihood => (Outcome::Response, None),
            Reply::Nothing => (Outcome::Error, None),
        };
        Ok(Trace {
            location,
            record_id: Some(match &task {
                Some(task) => format!("{task}/{}/{filter}", sample.doc_id),
                None => format!("{}/{filter}", sample.doc_id),
            }),
            observed_at: run_id.clone(),
            run_id,
            model,
            prompt: prompt_key(task.as_deref(), &sample),
            prompt_text: sample.prompt.clone().filter(|_| keep),
            dataset: task,
            technique: None,
            attack_family: None,
            harm_category: None,
            attempt: None,
            turns: (!is_likelihood).then_some(1),
            prompt_tokens: None,
            response_tokens: None,
            duration_ms: None,
            response_digest: response.map(|text| Digest::of(text.as_bytes())),
            response_text: response.filter(|_| keep).map(str::to_owned),
            outcome,
            grades,
        })
    }

    fn is_likelihood(&self, reply: &Reply) -> bool {
        let output_type = self.pair.task.output_type.as_deref();
        *reply == Reply::Likelihood
            || output_type.is_some_and(|known| LIKELIHOOD_TYPES.contains(&known))
    }

    fn grade(&mut self, metric: &str, filter: &str, value: &Value) -> Grade {
        self.means.add(metric, filter, value);
        let grader = grader(metric, filter);
        let raw = raw_score(metric, value, self.options.keep_text);
        if let Some(verdict) = self.wanted.rules.verdict(&grader, value) {
            return grade(grader, metric, verdict, raw);
        }
        let reading = match self.tally.readings.get(&grader) {
            Some(known) => *known,
            None => {
                let reading = self.reading(metric, filter);
                self.tally.readings.insert(grader.clone(), reading);
                reading
            }
        };
        grade(grader, metric, verdict(reading, value), raw)
    }

    /// How a metric is read: by its direction, if it has two values in this file.
    fn reading(&self, metric: &str, filter: &str) -> Reading {
        let higher_is_better = self.pair.task.higher_is_better.get(metric).copied();
        let key = (metric.to_owned(), filter.to_owned());
        let values = self.survey.values.get(&key).copied().unwrap_or_default();
        match direction(metric, higher_is_better) {
            Direction::Unknown => Reading::Unknown,
            Direction::Contradicted => Reading::Contradicted,
            _ if !values.are_binary() => Reading::NoThreshold,
            Direction::HighIsSuccess => Reading::HighIsSuccess,
            Direction::HighIsDefence => Reading::HighIsDefence,
        }
    }

    fn count(&mut self, sample: &Sample, is_likelihood: bool) {
        let tally = &mut self.tally;
        tally.likelihoods += u64::from(is_likelihood);
        tally.several_repeats += u64::from(sample.repeats > 1 && !is_likelihood);
        tally.several_requests += u64::from(sample.requests > 1 && !is_likelihood);
        tally.absent_metrics += u64::from(sample.absent_metrics > 0);
    }
}

impl Tally {
    /// Sentences for the account.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        for (reading, words) in [
            (
                Reading::HighIsSuccess,
                "1 is read as a success of the attack (compliance), 0 as a refusal, by the name of the metric",
            ),
            (
                Reading::HighIsDefence,
                "1 is read as a defence (refusal), 0 as a success of the attack (compliance), by the name of the metric",
            ),
            (
                Reading::NoThreshold,
                "the metric has more than two values and the files state no threshold; raw values are kept without a verdict; give a rule under `success`, such as `at_least`",
            ),
            (
                Reading::Contradicted,
                "the name of the metric and `higher_is_better` contradict each other; raw values are kept without a verdict; give a rule under `success`",
            ),
            (
                Reading::Unknown,
                "neither the name of the metric nor the results say what is a success of the attack; raw values are kept without a verdict; give a rule under `success`",
            ),
        ] {
            let graders: Vec<String> = self
                .readings
                .iter()
                .filter(|(_, known)| **known == reading)
                .map(|(grader, _)| format!("`{}`", printable(grader)))
                .collect();
            if !graders.is_empty() {
                notes.push(format!("{words}: {}", listed(&graders)));
            }
        }
        for (count, words) in [
            (
                self.likelihoods,
                "samples compare the likelihoods of given texts; nothing was generated, and the traces have no response",
            ),
            (
                self.several_repeats,
                "samples hold several repeats; the first is the response, the metrics are of what the filter made of them",
            ),
            (
                self.several_requests,
                "samples hold several requests; the reply to the first is the response",
            ),
            (
                self.absent_metrics,
                "samples name a metric that they do not hold",
            ),
        ] {
            if count > 0 {
                notes.push(format!("{count} {words}"));
            }
        }
        notes
    }
}

fn listed(graders: &[String]) -> String {
    const MOST: usize = 20;
    let rest = graders.len().saturating_sub(MOST);
    let shown = graders.get(..MOST).unwrap_or(graders).join(", ");
    if rest > 0 {
        format!("{shown} and {rest} more")
    } else {
        shown
    }
}

/// A metric, with its filter where the task has some.
fn grader(metric: &str, filter: &str) -> String {
    if filter == NO_FILTER {
        metric.to_owned()
    } else {
        format!("{metric},{filter}")
    }
}

fn grade(grader: String, metric: &str, verdict: Verdict, raw: String) -> Grade {
    Grade {
        kind: kind(metric),
        grader: Some(grader),
        verdict,
        raw: Some(raw),
        version: None,
        graded_at: None,
    }
}

/// Metrics are computed by rules, unless their name says that something judged.
fn kind(metric: &str) -> GraderKind {
    let name = metric.to_lowercase();
    let mut words = name.split(|character: char| !character.is_alphanumeric());
    if words
        .clone()
        .any(|word| matches!(word, "judge" | "judged" | "llm" | "gpt" | "gpt4"))
    {
        GraderKind::Llm
    } else if words.any(|word| matches!(word, "toxicity" | "classifier" | "perspective")) {
        GraderKind::Classifier
    } else {
        GraderKind::Rule
    }
}

fn verdict(reading: Reading, value: &Value) -> Verdict {
    let (high, low) = match reading {
        Reading::HighIsSuccess => (Verdict::Compliance, Verdict::Refusal),
        Reading::HighIsDefence => (Verdict::Refusal, Verdict::Compliance),
        _ => return Verdict::Unscored,
    };
    match number(value) {
        _ if non_finite(value).is_some() => Verdict::ParseError,
        Some(1.0) => high,
        Some(0.0) => low,
        _ => Verdict::ParseError,
    }
}

/// The data set's row by lm-eval's digest, which is stable over runs; a `doc_id`
/// is a position and is not.
fn prompt_key(task: Option<&str>, sample: &Sample) -> Option<PromptKey> {
    match (task, &sample.doc_hash) {
        (Some(task), Some(hash)) => Some(PromptKey::Id {
            dataset: task.to_owned(),
            id: hash.clone(),
        }),
        _ => {
            let prompt = sample.prompt.as_deref()?;
            Some(PromptKey::Text(Digest::of(prompt.as_bytes())))
        }
    }
}
