//! Sends the replies of a source on, whatever it was read from.

use std::collections::HashMap;
use std::rc::Rc;

use caveat_corpus::{Location, Record, Trace};
use caveat_importer::{Options, Reject, Sink};
use serde_json::Value;

use crate::attacks::Attack;
use crate::fault::Fault;
use crate::fields::Object;
use crate::graders::{Graders, outcome_grade};
use crate::identifier::Target;
use crate::index::{Entry, Index, Plan, Reply};
use crate::reply::{self, Around};
use crate::seeds::Seeds;

/// Replies between two reports of progress.
const PROGRESS_REPLIES: u64 = 1024;

/// Most parts of one message. Real ones have a handful; a crafted one could make
/// each of many replies read all of many parts.
const MAX_PARTS: usize = 64;

/// How often the prompts of a file may be read in all, as a multiple of its
/// size. Every part of a reply reads the parts of its prompt.
const MAX_READINGS: u64 = 16;

/// A row, or why it cannot be used.
pub(crate) type Loaded = Result<Object, String>;

/// A source whose pieces can be read one by one, in any order.
pub(crate) trait Memory {
    /// Reads a piece.
    fn piece(&mut self, at: u64) -> Result<Loaded, Fault>;

    /// Reads the scores of a piece, each with its place.
    fn scores(&mut self, entry: &Entry, piece: &Object) -> Result<Vec<(Location, Loaded)>, Fault>;

    /// Says where a piece stands.
    fn locate(&self, entry: &Entry, piece: Option<&Object>) -> Location;

    /// Size in bytes, for progress.
    fn size_bytes(&self) -> u64;
}

/// What the source says beside its pieces.
#[derive(Default)]
pub(crate) struct Context {
    /// Attack results in the order of the source.
    pub(crate) attacks: Vec<Attack>,
    /// Targets that conversations name by position.
    pub(crate) targets: Vec<Rc<Target>>,
    /// Prompts of data sets.
    pub(crate) seeds: Seeds,
    /// Attacks by the position of the piece that is their last reply.
    pub(crate) ends: HashMap<u32, Vec<u32>>,
}

/// What the replies add up to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Traces.
    pub(crate) traces: u64,
    /// Traces whose model is named by the class of its target.
    pub(crate) named_by_class: u64,
}

/// Sends every reply that the plan makes a trace.
pub(crate) fn replies(
    memory: &mut dyn Memory,
    index: &Index,
    plan: &Plan,
    context: &Context,
    graders: &mut Graders,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Tally, Fault> {
    let mut tally = Tally::default();
    let mut bytes_left = memory.size_bytes().saturating_mul(MAX_READINGS);
    let all = u64::try_from(plan.replies.len()).unwrap_or(u64::MAX).max(1);
    for (number, reply) in (1_u64..).zip(&plan.replies) {
        let Some(entry) = index.entry(reply.entry) else {
            continue;
        };
        let piece = memory.piece(entry.at)?;
        let location = memory.locate(entry, piece.as_ref().ok());
        let read = match piece {
            Ok(piece) => {
                let longest = options.limits.max_record_bytes;
                let prompts = prompts(memory, index, plan.prompts(reply), longest)?;
                let read = prompts.iter().flatten().map(text_bytes).sum();
                bytes_left = bytes_left.checked_sub(read).ok_or_else(|| {
                    Fault::content(
                        "its replies make the same prompts be read again and again",
                        "copy the file again from its origin",
                    )
                })?;
                let read = prompts.and_then(|prompts| {
                    let around = around(index, context, entry, reply);
                    reply::trace(&piece, &prompts, &around, location.clone(), options)
                });
                read.map(|read| (read, piece))
            }
            Err(reason) => Err(reason),
        };
        match read {
            Ok((read, piece)) => {
                tally.named_by_class += u64::from(read.is_named_by_class);
                let mut trace = read.trace;
                let scores = memory.scores(entry, &piece)?;
                grades(scores, graders, &mut trace, sink)?;
                for attack in context.ends(reply.entry) {
                    let at = attack.at_time.as_deref();
                    trace.grades.extend(outcome_grade(&attack.outcome, at));
                }
                tally.traces += 1;
                sink.record(Record::Trace(Box::new(trace)))?;
            }
            Err(reason) => sink.reject(Reject { location, reason })?,
        }
        if number.is_multiple_of(PROGRESS_REPLIES) {
            let share = u128::from(memory.size_bytes()) * u128::from(number) / u128::from(all);
            sink.progress(u64::try_from(share).unwrap_or(u64::MAX));
        }
    }
    Ok(tally)
}

impl Context {
    /// Attacks whose last reply is the piece at this position.
    fn ends(&self, entry: u32) -> impl Iterator<Item = &Attack> {
        let positions = self.ends.get(&entry).map(Vec::as_slice).unwrap_or_default();
        positions
            .iter()
            .filter_map(|position| self.attack(*position))
    }

    fn attack(&self, position: u32) -> Option<&Attack> {
        self.attacks.get(usize::try_from(position).ok()?)
    }
}

/// The parts of a prompt, which together are no longer than a record may be.
fn prompts(
    memory: &mut dyn Memory,
    index: &Index,
    places: &[u32],
    longest: u64,
) -> Result<Result<Vec<Object>, String>, Fault> {
    if places.len() > MAX_PARTS {
        let parts = places.len();
        let reason = format!("its prompt has {parts} parts, at most {MAX_PARTS} are read");
        return Ok(Err(reason));
    }
    let mut prompts = Vec::with_capacity(places.len());
    let mut bytes = 0_u64;
    for entry in places.iter().filter_map(|place| index.entry(*place)) {
        match memory.piece(entry.at)? {
            Ok(prompt) => {
                bytes = bytes.saturating_add(text_bytes(&prompt));
                prompts.push(prompt);
            }
            Err(reason) => return Ok(Err(format!("in its prompt, {reason}"))),
        }
        if bytes > longest.saturating_mul(2) {
            let reason = format!("its prompt has {bytes} bytes, at most {longest} are read");
            return Ok(Err(reason));
        }
    }
    Ok(Ok(prompts))
}

/// Length of the texts of a piece, which it has in two forms.
fn text_bytes(piece: &Object) -> u64 {
    let length = |field| piece.get(field).and_then(Value::as_str).map_or(0, str::len);
    let bytes = length("original_value") + length("converted_value");
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

fn around<'a>(index: &Index, context: &'a Context, entry: &Entry, reply: &Reply) -> Around<'a> {
    let conversation = index.of(entry.conversation);
    let target = conversation.target.and_then(|target| {
        let position = usize::try_from(target).ok()?;
        context.targets.get(position).map(Rc::as_ref)
    });
    Around {
        target,
        attack: conversation
            .attack
            .and_then(|attack| context.attack(attack)),
        seeds: &context.seeds,
        turns: reply.turns,
    }
}

/// Adds the grades of a reply, those of the aim of its attack last: the latest
/// grade of a kind is the one that counts by default.
fn grades(
    scores: Vec<(Location, Loaded)>,
    graders: &mut Graders,
    trace: &mut Trace,
    sink: &mut dyn Sink,
) -> Result<(), Fault> {
    let is_filtered = trace.outcome == caveat_corpus::Outcome::Filtered;
    let mut deciding = Vec::new();
    for (location, score) in scores {
        match score.and_then(|score| graders.grade(&score, is_filtered)) {
            Ok(judgement) if judgement.is_objective => deciding.push(judgement.grade),
            Ok(judgement) => trace.grades.push(judgement.grade),
            Err(reason) => sink.reject(Reject { location, reason })?,
        }
    }
    trace.grades.append(&mut deciding);
    Ok(())
}
