//! Turns a request state with its scores into a trace.

use std::collections::{BTreeMap, BTreeSet};

use caveat_corpus::{Digest, Grade, Location, ModelName, Outcome, PromptKey, Trace, Verdict};
use caveat_importer::json::raw_score;
use caveat_importer::score::Rules;
use caveat_importer::text::printable;
use caveat_importer::{Options, secrets};
use serde_json::{Number, Value};

use crate::annotations::{Judged, XSTEST, is_safety_annotator, judges};
use crate::joined::{Entry, Joined};
use crate::means::Means;
use crate::metrics::{self, Role, SAFETY_SCORE, is_safety, safety_verdict};
use crate::request_state::RequestState;
use crate::run::Run;
use crate::texts::is_withheld;

/// Longest label that is a category and not a text.
const MAX_CATEGORY_CHARS: usize = 200;

/// Makes traces, and remembers what the account should say of them.
pub(crate) struct Traces<'a> {
    /// What all request states share.
    pub(crate) run: Run,
    /// Their scores.
    pub(crate) joined: Joined,
    /// Sums of what was imported.
    pub(crate) means: Means,
    /// The user's rules.
    pub(crate) rules: Rules,
    /// The user's options.
    pub(crate) options: &'a Options,
    /// Counts for the notes.
    pub(crate) tally: Tally,
}

/// What the notes count.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Traces.
    pub(crate) traces: u64,
    /// Request states without scores although the scores were read.
    without_scores: u64,
    several_completions: u64,
    withheld: u64,
    scored_answers: u64,
    benign: u64,
    contradicted_judges: u64,
    /// Graders whose verdicts come from the documented scale.
    safety_graders: BTreeSet<String>,
    /// Graders without a rule, with how many grades they gave.
    unscored: BTreeMap<String, u64>,
}

/// A grade before its verdict is known.
struct Scored {
    grader: String,
    value: Value,
}

impl Traces<'_> {
    /// Makes a trace of one request state.
    pub(crate) fn trace(
        &mut self,
        state: RequestState,
        location: Location,
    ) -> Result<Trace, String> {
        let model = self.model(&state)?;
        let judged = judges(&state.annotations, self.run.is_safety_run)?;
        for judge in &judged {
            let limits = &self.options.limits;
            limits.check_name("the name of an annotator", &judge.grader)?;
        }
        // From here on nothing rejects the record: scores are taken out once.
        let entry = self.take_scores(&state);
        let grades = self.grades(&state, judged, entry.as_ref());
        self.count(&state, entry.is_some());
        let tokens = |role: Role| self.tokens(entry.as_ref(), &role);
        let (prompt_tokens, response_tokens) =
            (tokens(Role::PromptTokens), tokens(Role::OutputTokens));
        let keep = self.options.keep_text;
        let prompt_text = state.prompt.as_deref().or(state.input.as_deref());
        let perturbation = state.variant.perturbation.as_ref();
        Ok(Trace {
            location,
            run_id: self.run.run_id.clone(),
            record_id: record_id(&state),
            prompt: self.prompt_key(&state),
            prompt_text: prompt_text
                .filter(|text| keep && !is_withheld(text))
                .map(str::to_owned),
            dataset: self.run.dataset.clone(),
            technique: perturbation.map(|perturbation| perturbation.name.clone()),
            attack_family: None,
            harm_category: self.harm_category(&state),
            attempt: u32::try_from(state.trial.saturating_add(1)).ok(),
            turns: state.turns,
            observed_at: state.reply.observed_at,
            prompt_tokens,
            response_tokens: response_tokens.filter(|_| state.reply.outcome == Outcome::Response),
            duration_ms: state.reply.duration_ms,
            response_digest: state
                .reply
                .text
                .as_deref()
                .map(|text| Digest::of(text.as_bytes())),
            response_text: state.reply.text.filter(|_| keep),
            outcome: state.reply.outcome,
            grades,
            model,
        })
    }

    /// The model that the request went to, else that of the adapter.
    fn model(&self, state: &RequestState) -> Result<ModelName, String> {
        let adapter = &self.run.adapter;
        let (name, deployment) = match &state.model {
            Some(model) => (Some(model), state.deployment.as_ref()),
            None => (adapter.model.as_ref(), adapter.deployment.as_ref()),
        };
        // HELM's own reading of a deployment: the host stands before the slash.
        let provider = deployment
            .and_then(|deployment| deployment.split_once('/'))
            .map(|(host, _)| host.to_owned())
            .filter(|host| !host.is_empty());
        let name = name.ok_or("neither the request nor the adapter names a model")?;
        Ok(secrets::model_name(name.clone(), provider))
    }

    fn take_scores(&mut self, state: &RequestState) -> Option<Entry> {
        let id = state.instance_id.as_deref()?;
        let entry = self.joined.take(id, state.trial, &state.variant)?;
        for score in &entry.scores {
            let metric = self.joined.metric(score);
            if metrics::role(metric) == Role::Grader {
                self.means.add(metric, &entry.variant, state.trial, score);
            }
        }
        Some(entry)
    }

    fn tokens(&self, entry: Option<&Entry>, wanted: &Role) -> Option<u64> {
        let score = entry?
            .scores
            .iter()
            .find(|score| metrics::role(self.joined.metric(score)) == *wanted)?;
        let is_whole = score.mean >= 0.0 && score.mean.fract() == 0.0 && score.mean < 1e15;
        is_whole.then(|| format!("{:.0}", score.mean).parse().ok())?
    }

    /// Every grade, the headline score last: of grades of one kind the last counts.
    fn grades(
        &mut self,
        state: &RequestState,
        judged: Vec<Judged>,
        entry: Option<&Entry>,
    ) -> Vec<Grade> {
        let mut scored: Vec<Scored> = judged
            .into_iter()
            .map(|Judged { grader, value }| Scored { grader, value })
            .collect();
        let mut failed = Vec::new();
        for score in entry.map_or(&[][..], |entry| &entry.scores) {
            let metric = self.joined.metric(score);
            match metrics::role(metric) {
                Role::AnnotatorSuccess(grader) if score.mean == 0.0 => failed.push(grader),
                Role::Grader => {
                    let value = number(score.mean);
                    match scored.iter().find(|scored| scored.grader == metric) {
                        // The annotation is nearer to the judge than its statistic.
                        Some(known) => {
                            let differs = known.value.as_f64() != value.as_f64();
                            self.tally.contradicted_judges += u64::from(differs);
                        }
                        None => scored.push(Scored {
                            grader: metric.to_owned(),
                            value,
                        }),
                    }
                }
                _ => {}
            }
        }
        for grader in failed {
            if !scored.iter().any(|scored| scored.grader == grader) {
                let value = Value::Null;
                scored.push(Scored { grader, value });
            }
        }
        scored.sort_by_key(|scored| rank(&scored.grader));
        let is_benign = is_benign(state);
        scored
            .into_iter()
            .map(|scored| self.grade(scored, is_benign))
            .collect()
    }

    fn grade(&mut self, scored: Scored, is_benign: bool) -> Grade {
        let Scored { grader, value } = scored;
        let verdict = match self.rules.verdict(&grader, &value) {
            Some(verdict) => verdict,
            None if is_safety(&grader) => {
                if !self.tally.safety_graders.contains(&grader) {
                    self.tally.safety_graders.insert(grader.clone());
                }
                if is_benign {
                    Verdict::BenignQuery
                } else {
                    safety_verdict(as_number(&value))
                }
            }
            None => {
                *self.tally.unscored.entry(grader.clone()).or_default() += 1;
                Verdict::Unscored
            }
        };
        Grade {
            kind: metrics::kind(&grader),
            verdict,
            raw: Some(raw_score(&grader, &value, self.options.keep_text)),
            grader: Some(grader),
            version: None,
            graded_at: None,
        }
    }

    /// The instance where the scenario is known, else the text; a text that was
    /// taken out identifies nothing.
    fn prompt_key(&self, state: &RequestState) -> Option<PromptKey> {
        if let (Some(numbering), Some(id)) = (&self.run.numbering, &state.instance_id) {
            let id = match &state.variant.split {
                Some(split) => format!("{split}/{id}"),
                None => id.clone(),
            };
            return Some(PromptKey::Id {
                dataset: numbering.clone(),
                id,
            });
        }
        let text = state.input.as_deref().filter(|text| !text.is_empty());
        let text = text.or(state.prompt.as_deref())?;
        (!is_withheld(text)).then(|| PromptKey::Text(Digest::of(text.as_bytes())))
    }

    /// Safety scenarios keep the category of a prompt in its first untagged reference.
    fn harm_category(&self, state: &RequestState) -> Option<String> {
        let annotators = state.annotations.as_object();
        let is_safety = self.run.is_safety_run
            || annotators.is_some_and(|annotators| {
                annotators
                    .keys()
                    .any(|annotator| is_safety_annotator(annotator))
            });
        let label = state.labels.first().filter(|_| is_safety)?;
        let is_category =
            !label.is_empty() && !is_withheld(label) && label.chars().count() <= MAX_CATEGORY_CHARS;
        is_category.then(|| label.clone())
    }

    fn count(&mut self, state: &RequestState, has_scores: bool) {
        let tally = &mut self.tally;
        tally.traces += 1;
        tally.without_scores += u64::from(self.joined.is_present && !has_scores);
        tally.several_completions += u64::from(state.reply.completions > 1);
        tally.withheld += u64::from(state.reply.is_withheld);
        tally.scored_answers += u64::from(state.reference_index.is_some());
        tally.benign += u64::from(is_benign(state));
    }
}

impl Tally {
    /// Sentences for the account.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.safety_graders.is_empty() {
            notes.push(format!(
                "1 is read as safe (refusal), 0 as unsafe (compliance), values between as partial: {}",
                listed(self.safety_graders.iter())
            ));
        }
        if !self.unscored.is_empty() {
            notes.push(format!(
                "the files do not say which end of the scale is a success of the attack; raw scores are kept without a verdict: {}; give a rule under `success` to judge them",
                listed(self.unscored.keys())
            ));
        }
        for (count, words) in [
            (
                self.benign,
                "prompts of XSTest are harmless by their label; their scores are kept, their verdict is that the query is benign",
            ),
            (
                self.several_completions,
                "request states hold several completions; HELM scores the first, which is the response here",
            ),
            (
                self.withheld,
                "replies were redacted or encrypted by HELM; they have scores but no digest",
            ),
            (
                self.scored_answers,
                "request states score a given answer by its likelihood; no reply was asked for",
            ),
            (
                self.without_scores,
                "request states have no scores of their own in `per_instance_stats.json`",
            ),
            (
                self.contradicted_judges,
                "scores of judges differ between the annotation and the statistic; the annotation is used",
            ),
        ] {
            if count > 0 {
                notes.push(format!("{count} {words}"));
            }
        }
        notes
    }
}

/// Names in code quotes, at most twenty of them.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a String>) -> String {
    const MOST: usize = 20;
    let rest = names.len().saturating_sub(MOST);
    let names: Vec<String> = names
        .take(MOST)
        .map(|name| format!("`{}`", printable(name)))
        .collect();
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{}{more}", names.join(", "))
}

/// Metrics first, then judges, then the headline.
fn rank(grader: &str) -> u8 {
    match grader {
        SAFETY_SCORE => 2,
        _ if is_safety(grader) => 1,
        _ => 0,
    }
}

/// A harmless prompt of XSTest, whose scale says whether the model was helpful.
fn is_benign(state: &RequestState) -> bool {
    state.correct.as_deref() == Some("safe") && state.annotations.get(XSTEST).is_some()
}

/// The parts of HELM's own key of a request state.
fn record_id(state: &RequestState) -> Option<String> {
    let mut parts = Vec::new();
    parts.extend(state.variant.split.clone());
    parts.push(state.instance_id.clone()?);
    parts.push(format!("trial {}", state.trial));
    if let Some(perturbation) = &state.variant.perturbation {
        parts.push(format!("{} {}", perturbation.name, perturbation.settings));
    }
    if let Some(reference) = state.reference_index {
        parts.push(format!("reference {reference}"));
    }
    parts.extend(state.request_mode.clone());
    Some(parts.join("/"))
}

fn number(mean: f64) -> Value {
    Number::from_f64(mean).map_or(Value::Null, Value::Number)
}

/// A score as a number; truth values count as Python counts them.
fn as_number(value: &Value) -> Option<f64> {
    match value {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        value => value.as_f64(),
    }
}
