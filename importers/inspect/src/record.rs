//! Turns one sample of one epoch into a trace.
//!
//! The model is the one under test (`eval.model`); a reply that names another
//! is counted in the notes. An error, a filter and a missing reply are outcomes
//! of their own and never a verdict.

use caveat_corpus::{
    Digest, Grade, Location, ModelName, Outcome, PromptKey, Record, Trace, Verdict,
};
use caveat_importer::json::{self, raw_score, raw_text};
use caveat_importer::{Options, Reject, Sink, SinkClosed, secrets};
use serde_json::Value;

use crate::graders::{Graded, Graders};
use crate::header::Header;
use crate::message::{Content, Output};
use crate::notes::Tally;
use crate::parts::Parts;
use crate::score::{Score, State, UNNAMED};
use crate::settings::Settings;

/// What Inspect writes for a task that is given no model.
const NO_MODEL: &str = "none/none";

/// What the samples of one log share.
pub(crate) struct Run<'a> {
    pub(crate) header: Header,
    pub(crate) settings: &'a Settings,
    pub(crate) options: &'a Options,
    pub(crate) graders: Graders<'a>,
    pub(crate) tally: Tally,
}

/// The reply of a sample.
struct Reply {
    text: String,
    is_filtered: bool,
}

impl<'a> Run<'a> {
    pub(crate) fn new(header: Header, settings: &'a Settings, options: &'a Options) -> Self {
        Self {
            header,
            settings,
            options,
            graders: Graders::new(settings),
            tally: Tally::default(),
        }
    }

    /// Sends a sample on, as a trace or as a reject.
    pub(crate) fn send(
        &mut self,
        parts: Parts,
        location: Location,
        sink: &mut dyn Sink,
    ) -> Result<(), SinkClosed> {
        match self.trace(parts, location.clone()) {
            Ok(trace) => {
                self.tally.traces += 1;
                sink.record(Record::Trace(Box::new(trace)))
            }
            Err(reason) => self.reject(location, reason, sink),
        }
    }

    /// Sends a reject on.
    pub(crate) fn reject(
        &mut self,
        location: Location,
        reason: String,
        sink: &mut dyn Sink,
    ) -> Result<(), SinkClosed> {
        self.tally.rejects += 1;
        sink.reject(Reject { location, reason })
    }

    fn trace(&mut self, mut parts: Parts, mut location: Location) -> Result<Trace, String> {
        if let Some(fault) = parts.fault.take() {
            return Err(fault);
        }
        // A request that failed is an error of its sample, whether or not the
        // run went on.
        parts.has_error |= parts.output.as_ref().is_some_and(Output::has_error);
        let limits = &self.options.limits;
        let id = id(parts.id.as_ref())?;
        limits.check_name("`id`", &id)?;
        let attempt = epoch(parts.epoch.as_ref())?;
        if location.record.is_none() {
            let epoch = attempt.map(|epoch| format!(" epoch {epoch}"));
            location.record = Some(format!("{id}{}", epoch.unwrap_or_default()));
        }
        let prompt_text = self.prompt_text(&parts)?;
        let reply = self.reply(&parts)?;
        let output = parts.output.as_ref();
        let model = self.model(output)?;
        let outcome = match &reply {
            _ if parts.has_error => Outcome::Error,
            None => Outcome::Error,
            Some(reply) if reply.is_filtered => Outcome::Filtered,
            Some(_) => Outcome::Response,
        };
        let grades = self.grades(&parts)?;
        let (prompt_tokens, response_tokens) = tokens(output)?;
        let labels = self.labels(&parts)?;
        let [harm_category, technique, attack_family] = labels;
        let uuid = parts.uuid.as_deref().filter(|uuid| !uuid.is_empty());
        let replies_in_prompt = parts.input.as_ref().map_or(0, |input| input.replies());
        // An empty text that a filter left is no reply.
        let response = reply.filter(|reply| !reply.is_filtered || !reply.text.is_empty());
        let response = response.map(|reply| reply.text);
        let trace = Trace {
            location,
            run_id: match uuid {
                Some(_) => None,
                None => self.header.run().map(str::to_owned),
            },
            record_id: Some(match uuid {
                Some(uuid) => format!("{id} {uuid}"),
                None => id.clone(),
            }),
            model,
            prompt: self.prompt_key(&parts, &id, prompt_text.as_deref()),
            prompt_text: prompt_text.filter(|_| self.options.keep_text),
            dataset: self.header.dataset.clone(),
            technique,
            attack_family,
            harm_category,
            attempt,
            turns: parts
                .history
                .map(|history| history.turns(replies_in_prompt)),
            observed_at: parts
                .completed_at
                .or(parts.started_at)
                .or_else(|| self.header.created.clone()),
            prompt_tokens,
            response_tokens,
            duration_ms: duration_ms(output),
            response_digest: response.as_ref().map(|text| Digest::of(text.as_bytes())),
            response_text: response.filter(|_| self.options.keep_text),
            outcome,
            grades,
        };
        self.tally
            .count(&trace, parts.has_error, parts.is_invalidated);
        self.tally.limit(parts.limit);
        Ok(trace)
    }

    /// A text id is the author's and means the same prompt in every run. A number
    /// may be the position that Inspect gave a sample without an id, so there the
    /// text of the prompt is the key.
    fn prompt_key(&self, parts: &Parts, id: &str, text: Option<&str>) -> Option<PromptKey> {
        let dataset = self
            .header
            .dataset
            .as_deref()
            .or(self.header.task.as_deref());
        let by_id = || {
            Some(PromptKey::Id {
                dataset: dataset?.to_owned(),
                id: id.to_owned(),
            })
        };
        let by_text = || Some(PromptKey::Text(Digest::of(text?.as_bytes())));
        match parts.id {
            Some(Value::String(_)) => by_id().or_else(by_text),
            _ => by_text(),
        }
    }

    fn prompt_text(&self, parts: &Parts) -> Result<Option<String>, String> {
        let attack = parts.input.as_ref().and_then(|input| input.attack());
        let text = attack.map(|content| parts.attachments.text(&content));
        text.transpose()
            .map_err(|fault| format!("`input`: {fault}"))
    }

    fn reply(&self, parts: &Parts) -> Result<Option<Reply>, String> {
        let resolve = |content: &Content| {
            let text = parts.attachments.text(content);
            text.map_err(|fault| format!("`output`: {fault}"))
        };
        let output = parts.output.as_ref();
        let choice = output
            .and_then(|output| output.choices.as_ref())
            .and_then(|choices| choices.first());
        let is_filtered = output.is_some_and(Output::is_filtered);
        let content = choice
            .and_then(|choice| choice.message.as_ref())
            .and_then(|message| message.content.as_ref());
        let completion = output.and_then(|output| output.completion.as_ref());
        let text = match (content, completion) {
            (Some(content), _) => resolve(content)?,
            (None, Some(text)) if choice.is_some() || !text.is_empty() => resolve(&Content {
                texts: vec![text.clone()],
            })?,
            (None, _) if choice.is_some() => String::new(),
            _ => match self.last_reply(parts)? {
                Some(content) => resolve(&content)?,
                None => return Ok(None),
            },
        };
        Ok(Some(Reply { text, is_filtered }))
    }

    /// The last reply of the conversation, for solvers that set no output. After
    /// an error it is a reply to an earlier turn.
    fn last_reply(&self, parts: &Parts) -> Result<Option<Content>, String> {
        let reply = parts
            .history
            .as_ref()
            .filter(|_| !parts.has_error)
            .and_then(|history| history.last_reply());
        let parsed = reply.map(|reply| json::parse(reply.get().as_bytes(), &self.options.limits));
        parsed
            .transpose()
            .map_err(|fault| format!("`messages`: {fault}"))
    }

    fn model(&mut self, output: Option<&Output>) -> Result<ModelName, String> {
        let replied = output
            .and_then(|output| output.model.as_deref())
            .filter(|model| !model.is_empty())
            .map(secrets::name);
        let replied = replied.as_deref();
        let under_test = self
            .header
            .model
            .as_deref()
            .filter(|model| *model != NO_MODEL);
        let name = under_test
            .or(replied)
            .or(self.header.model.as_deref())
            .ok_or("neither `eval.model` nor the reply names a model")?;
        self.options.limits.check_name("`output.model`", name)?;
        if let Some(replied) = replied.filter(|replied| !is_same_model(name, replied)) {
            self.tally.replied_by(replied);
        }
        let provider = name
            .split_once('/')
            .map(|(provider, _)| provider.to_owned());
        Ok(secrets::model_name(
            name.to_owned(),
            provider.filter(|provider| !provider.is_empty()),
        ))
    }

    fn labels(&mut self, parts: &Parts) -> Result<[Option<String>; 3], String> {
        let mut found: [Option<String>; 3] = [None, None, None];
        for ((label, keys), found) in self.settings.labels.iter().zip(&mut found) {
            let values = keys.iter().filter_map(|key| {
                let (_, value) = parts.metadata.iter().rev().find(|(name, _)| name == key)?;
                let text = match value {
                    Value::String(text) => parts.attachments.resolve(text).map(String::from),
                    Value::Number(_) | Value::Bool(_) => Ok(raw_text(value)),
                    _ => return None,
                };
                Some((key, text))
            });
            for (key, text) in values {
                let text = text.map_err(|fault| format!("`metadata.{key}`: {fault}"))?;
                if text.is_empty() {
                    continue;
                }
                let field = format!("`metadata.{key}`");
                self.options.limits.check_name(&field, &text)?;
                self.tally.label(*label, key);
                *found = Some(text);
                break;
            }
        }
        Ok(found)
    }

    fn grades(&mut self, parts: &Parts) -> Result<Vec<Grade>, String> {
        // A score of a request that failed judged no reply.
        let judged_nothing = parts.output.as_ref().is_some_and(Output::has_error);
        let mut grades = Vec::new();
        for (scorer, score) in &parts.scores.0 {
            let scorer = match scorer.as_str() {
                UNNAMED => self
                    .header
                    .first_scorer
                    .clone()
                    .unwrap_or_else(|| "score".to_owned()),
                scorer => scorer.to_owned(),
            };
            self.options.limits.check_name("a scorer's name", &scorer)?;
            // A scorer that gave nothing for this sample.
            let Some(score) = score else { continue };
            if score.value().is_none() {
                return Err(format!("the score of `{scorer}` has no `value`"));
            }
            self.add_grades(&mut grades, &scorer, score, parts)?;
        }
        if judged_nothing {
            for grade in &mut grades {
                grade.verdict = Verdict::NotGradeable;
            }
        }
        Ok(grades)
    }

    /// One grade for a value, one for each key of a dictionary; before it, the
    /// values that edits replaced.
    fn add_grades(
        &mut self,
        grades: &mut Vec<Grade>,
        scorer: &str,
        score: &Score,
        parts: &Parts,
    ) -> Result<(), String> {
        let states = score.states();
        self.tally.edited += u64::from(states.len() > 1);
        let keys: Vec<Option<&str>> = match states.last().map(|last| last.value) {
            Some(Value::Object(parts)) => parts.keys().map(|key| Some(key.as_str())).collect(),
            _ => vec![None],
        };
        for key in keys {
            let grader = self.graders.grader(scorer, key, &self.header);
            let limits = &self.options.limits;
            limits.check_name("a grader's name", &grader.name)?;
            let mut before: Option<&Value> = None;
            for (position, State { value, edited_at }) in states.iter().copied().enumerate() {
                let value = match (key, value) {
                    (None, Value::Object(_)) | (Some(_), Value::Null) => continue,
                    (None, value) => value,
                    (Some(key), value) => match value.get(key) {
                        Some(value) => value,
                        None => continue,
                    },
                };
                let is_last = position + 1 == states.len();
                let is_new = before != Some(value);
                before = Some(value);
                if !is_new && !is_last {
                    continue;
                }
                let value = &resolved(value, parts)?;
                let graded = Graded {
                    scorer,
                    key,
                    value,
                    failed: is_last && score.says_grader_failed(),
                };
                let verdict = self.graders.verdict(&grader, graded, is_last);
                if !is_new {
                    continue;
                }
                grades.push(Grade {
                    grader: Some(grader.name.clone()),
                    kind: grader.kind,
                    verdict: match parts.is_invalidated {
                        true => Verdict::NotGradeable,
                        false => verdict,
                    },
                    raw: Some(raw_score(
                        key.unwrap_or(scorer),
                        value,
                        self.options.keep_text,
                    )),
                    version: grader.model.clone(),
                    graded_at: edited_at.map(str::to_owned),
                });
            }
        }
        Ok(())
    }
}

/// A reply may leave out the provider in front of the model's name.
fn is_same_model(under_test: &str, replied: &str) -> bool {
    under_test == replied
        || under_test
            .split_once('/')
            .is_some_and(|(_, name)| name == replied)
}

fn resolved(value: &Value, parts: &Parts) -> Result<Value, String> {
    match value {
        Value::String(text) => {
            let text = parts.attachments.resolve(text);
            let text = text.map_err(|fault| format!("`scores`: {fault}"))?;
            Ok(Value::String(text.into_owned()))
        }
        other => Ok(other.clone()),
    }
}

fn id(id: Option<&Value>) -> Result<String, String> {
    match id {
        None => Err("`id` is missing".to_owned()),
        Some(Value::String(id)) => Ok(id.clone()),
        Some(Value::Number(id)) if id.is_u64() || id.is_i64() => Ok(id.to_string()),
        Some(_) => Err("`id` is neither text nor a whole number".to_owned()),
    }
}

fn epoch(epoch: Option<&Value>) -> Result<Option<u32>, String> {
    let Some(epoch) = epoch else {
        return Ok(None);
    };
    let number = epoch.as_u64().filter(|number| *number > 0);
    let number = number.and_then(|number| u32::try_from(number).ok());
    match number {
        Some(number) => Ok(Some(number)),
        None => Err("`epoch` is no whole number from 1".to_owned()),
    }
}

/// Tokens of the request that gave the reply. What a cache held counts as read.
fn tokens(output: Option<&Output>) -> Result<(Option<u64>, Option<u64>), String> {
    let Some(usage) = output.and_then(|output| output.usage.as_ref()) else {
        return Ok((None, None));
    };
    let input = whole_number(usage.input_tokens.as_ref(), "input_tokens")?;
    let read = whole_number(
        usage.input_tokens_cache_read.as_ref(),
        "input_tokens_cache_read",
    )?;
    let written = whole_number(
        usage.input_tokens_cache_write.as_ref(),
        "input_tokens_cache_write",
    )?;
    let prompt = input.map(|input| {
        [read, written]
            .into_iter()
            .flatten()
            .fold(input, u64::saturating_add)
    });
    let response = whole_number(usage.output_tokens.as_ref(), "output_tokens")?;
    Ok((prompt, response))
}

fn whole_number(value: Option<&Value>, field: &str) -> Result<Option<u64>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .map(Some)
            .ok_or_else(|| format!("`output.usage.{field}` is no whole number of tokens")),
    }
}

/// Time of the request; what is no time is left out.
fn duration_ms(output: Option<&Output>) -> Option<u64> {
    /// A year, in seconds.
    const LONGEST: f64 = 31_557_600.0;
    let seconds = output?.time.as_ref()?.as_f64()?;
    if !(0.0..=LONGEST).contains(&seconds) {
        return None;
    }
    // Within the bound the conversion is exact to the millisecond.
    std::time::Duration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|time| u64::try_from(time.as_millis()).ok())
}
