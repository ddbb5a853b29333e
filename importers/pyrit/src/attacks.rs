//! Attack results: what an attack aimed at, and how it ended.
//!
//! One row per attack, not per reply. Its outcome becomes a grade of its last
//! reply; its conversations are known to be the target's, and those of the
//! attacker's own chat not to be.

use std::rc::Rc;

use caveat_corpus::Digest;
use caveat_importer::Limits;
use serde_json::Value;

use crate::fields::{Object, moment, needed, stated_digest, structured, text, uuid, word, words};
use crate::graders::Graders;
use crate::identifier::{ScorerFacts, Target, attack, class, filled, hash, part};
use crate::index::{Id, Index};

/// What an identifier says, which many rows share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aim {
    /// Class of the attack.
    pub(crate) family: Option<Rc<str>>,
    /// Data set of its prompts, where there is one.
    pub(crate) dataset: Option<Rc<str>>,
    /// Whom it attacks.
    pub(crate) target: Option<Rc<Target>>,
    /// Hash of the scorer that decides.
    pub(crate) scorer_hash: Option<String>,
    /// Hash of the target of the attacker's own chat.
    pub(crate) adversary_hash: Option<String>,
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Attack {
    /// Row id.
    pub(crate) at: u64,
    /// Conversation that produced the result.
    pub(crate) conversation: u32,
    /// The reply that decided.
    pub(crate) last_response: Option<Id>,
    /// The score that decided.
    pub(crate) last_score: Option<Id>,
    /// How it ended, as spelled.
    pub(crate) outcome: Rc<str>,
    /// Class of the attack.
    pub(crate) family: Option<Rc<str>>,
    /// Data set of its prompts.
    pub(crate) dataset: Option<Rc<str>>,
    /// Harm category.
    pub(crate) harm: Option<Rc<str>>,
    /// Whom it attacks.
    pub(crate) target: Option<Rc<Target>>,
    /// Digest of the objective.
    pub(crate) objective: Option<Digest>,
    /// When it ended, as spelled.
    pub(crate) at_time: Option<String>,
}

/// The words of an outcome.
pub(crate) const OUTCOMES: [&str; 4] = ["success", "failure", "error", "undetermined"];

impl Aim {
    /// Reads the identifier of an attack.
    pub(crate) fn of(identifier: &Value, graders: &mut Graders, limits: &Limits) -> Self {
        let attack = attack(identifier);
        let shared = |text: &str| Rc::from(text);
        let scorer = part(attack, "objective_scorer");
        if let Some(scorer) = scorer {
            graders.learn(&ScorerFacts::of(scorer, limits));
        }
        let target = part(attack, "objective_target").filter(|target| !target.is_null());
        Self {
            family: class(attack).map(shared),
            dataset: dataset(identifier).map(shared),
            target: target.map(|target| Rc::new(Target::of(target))),
            scorer_hash: scorer.and_then(hash).map(str::to_owned),
            adversary_hash: part(attack, "adversarial_chat")
                .and_then(hash)
                .map(str::to_owned),
        }
    }
}

/// The data set that all seeds of an attack are from.
fn dataset(identifier: &Value) -> Option<&str> {
    let technique = part(identifier, "attack_technique");
    let places = [Some(identifier), technique];
    let seeds = places.into_iter().flatten().find_map(|place| {
        let seeds = part(place, "seed_identifiers").or_else(|| part(place, "seeds"))?;
        seeds.as_array().filter(|seeds| !seeds.is_empty())
    })?;
    let mut names = seeds.iter().filter_map(|seed| filled(seed, "dataset_name"));
    let first = names.next()?;
    names.all(|name| name == first).then_some(first)
}

/// Reads a row, and marks the conversations that it names.
pub(crate) fn read(
    at: u64,
    row: &Object,
    aim: &Aim,
    index: &mut Index,
    limits: &Limits,
) -> Result<Attack, String> {
    let conversation = needed(row, "conversation_id")?;
    let outcome = needed(row, "outcome")?;
    if !OUTCOMES.contains(&outcome) {
        let shown: String = outcome.chars().take(80).collect();
        return Err(format!("`outcome` holds the unknown word `{shown}`"));
    }
    let id = |field: &str| Ok::<_, String>(word(row, field)?.map(Id::of));
    let (last_response, last_score) = (id("last_response_id")?, id("last_score_id")?);
    let labels = structured(row, "labels", limits).unwrap_or_default();
    let harm = words(structured(row, "targeted_harm_categories", limits))
        .or_else(|| words(labels.get("harm_category").cloned()));
    let objective = match stated_digest(row, "objective_sha256") {
        Some(digest) => Some(digest),
        None => text(row, "objective")?.map(|objective| Digest::of(objective.as_bytes())),
    };
    let at_time = moment(row, "timestamp")?;
    let conversation = index.conversation(&uuid(conversation));
    for id in listed(row, "adversarial_chat_conversation_ids", limits) {
        let chat = index.conversation(&uuid(&id));
        if let Some(chat) = index.of_mut(chat) {
            chat.is_adversarial = true;
        }
    }
    for id in listed(row, "pruned_conversation_ids", limits) {
        let dropped = index.conversation(&uuid(&id));
        if let Some(dropped) = index.of_mut(dropped) {
            dropped.is_dropped |= !dropped.is_referenced;
            dropped.is_referenced = true;
        }
    }
    if let Some(own) = index.of_mut(conversation) {
        own.is_referenced = true;
        own.is_dropped = false;
    }
    Ok(Attack {
        at,
        conversation,
        last_response,
        last_score,
        outcome: Rc::from(outcome),
        family: aim.family.clone(),
        dataset: aim.dataset.clone(),
        harm: harm.map(Rc::from),
        target: aim.target.clone(),
        objective,
        at_time,
    })
}

/// Conversations that a row lists.
pub(crate) fn listed(row: &Object, field: &str, limits: &Limits) -> Vec<String> {
    match structured(row, field, limits) {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    }
}
