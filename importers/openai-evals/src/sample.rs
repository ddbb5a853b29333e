//! What the events of one sample add up to, without their texts.

use std::collections::HashMap;

use caveat_corpus::{Digest, Grade};

use crate::event::{Event, Sampling};

/// Most calls of a model that are remembered for one sample; the reply is
/// among the first of them.
const MAX_CALLS: usize = 64;

/// Most grades of one sample; a store takes 1,024.
const MAX_GRADES: usize = 1000;

/// One sample.
#[derive(Debug)]
pub(crate) struct Sample {
    /// Position of its run among those of the log.
    pub(crate) run: Option<usize>,
    pub(crate) run_id: Option<String>,
    pub(crate) id: String,
    pub(crate) created_at: Option<String>,
    /// Line and byte of its first event.
    pub(crate) line: u64,
    pub(crate) byte: u64,
    pub(crate) calls: Vec<Call>,
    /// Calls of the model under test, also those that are not remembered.
    pub(crate) target_calls: u64,
    pub(crate) grades: Vec<Given>,
    pub(crate) errors: u64,
}

/// One call of the model under test.
#[derive(Debug)]
pub(crate) struct Call {
    /// Where its line stands, and how long it is.
    pub(crate) byte: u64,
    pub(crate) bytes: usize,
    pub(crate) created_at: Option<String>,
    pub(crate) prompt: Option<Digest>,
    pub(crate) turns: Option<u32>,
    pub(crate) completions: Vec<Option<Digest>>,
    pub(crate) prompt_tokens: Option<u64>,
    pub(crate) response_tokens: Option<u64>,
}

/// A grade, and the completion that it names.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) grade: Grade,
    pub(crate) of: Option<Digest>,
    /// It compared nothing with what was expected.
    pub(crate) is_of_nothing: bool,
}

impl Call {
    /// Reduces a call.
    pub(crate) fn of(
        sampling: &Sampling,
        event: &Event,
        (byte, bytes): (u64, usize),
    ) -> Result<Self, String> {
        let digest = |text: &String| Digest::of(text.as_bytes());
        let completions = sampling.completions()?;
        let tokens = |key: &str| sampling.usage.get(key).and_then(serde_json::Value::as_u64);
        Ok(Self {
            byte,
            bytes,
            created_at: event.created_at.clone(),
            prompt: sampling.prompt_text().as_ref().map(digest),
            turns: sampling.turns(),
            completions: completions
                .iter()
                .map(|text| text.as_ref().map(digest))
                .collect(),
            prompt_tokens: tokens("prompt_tokens"),
            response_tokens: tokens("completion_tokens"),
        })
    }
}

impl Sample {
    /// Adds a call of the model under test.
    pub(crate) fn call(&mut self, call: Call) {
        self.target_calls += 1;
        if self.calls.len() < MAX_CALLS {
            self.calls.push(call);
        }
    }

    /// Adds a grade.
    pub(crate) fn grade(&mut self, given: Given) -> Result<(), String> {
        if self.grades.len() >= MAX_GRADES {
            return Err(format!("the sample has more than {MAX_GRADES} grades"));
        }
        self.grades.push(given);
        Ok(())
    }

    /// The call whose completions were graded: the one that a comparison quotes,
    /// else the first.
    pub(crate) fn reply(&self) -> Option<&Call> {
        let quoted: Vec<Digest> = self.grades.iter().filter_map(|given| given.of).collect();
        let quoted = self.calls.iter().find(|call| {
            let mut completions = call.completions.iter().flatten();
            completions.any(|completion| quoted.contains(completion))
        });
        quoted.or_else(|| self.calls.first())
    }
}

/// The samples of a log in the order of their first events.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    list: Vec<Sample>,
    positions: HashMap<(Option<String>, String), usize>,
}

impl Samples {
    /// The sample of an event; `run` is the position of its run.
    pub(crate) fn of(
        &mut self,
        event: &Event,
        run: Option<usize>,
        (line, byte): (u64, u64),
    ) -> Option<&mut Sample> {
        let key = (event.run_id.clone(), event.sample_id.clone());
        let next = self.list.len();
        let position = *self.positions.entry(key).or_insert(next);
        if position == next {
            self.list.push(Sample {
                run,
                run_id: event.run_id.clone(),
                id: event.sample_id.clone(),
                created_at: event.created_at.clone(),
                line,
                byte,
                calls: Vec::new(),
                target_calls: 0,
                grades: Vec::new(),
                errors: 0,
            });
        }
        self.list.get_mut(position)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Sample> {
        self.list.iter()
    }
}
