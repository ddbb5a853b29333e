//! The passes over a database before its replies are sent on.
//!
//! Pieces first, then what else says whose conversation each is: attack results,
//! identifiers, targets. Scores come last, since they point at pieces.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use caveat_importer::{Limits, Reject, Sink};
use serde_json::Value;

use crate::attacks::{self, Aim, Attack};
use crate::database::{SCORE_COLUMNS, Source, locate};
use crate::fault::Fault;
use crate::fields::{Object, needed, structured, unfolded, uuid, whole, word};
use crate::graders::{GivenRules, Graders, Objectives};
use crate::identifier::{ScorerFacts, Target, filled};
use crate::index::{Entry, Id, Index, Plan, Role};
use crate::notes::Told;
use crate::run::Context;
use crate::schema::{
    ATOMIC_ATTACKS, ATTACKS, CONVERSATIONS, CONVERTERS, PIECES, SCORERS, SCORES, SEEDS, TARGETS,
};

/// Versions that are named in the account; more are a sign of damage.
const MAX_VERSIONS: usize = 8;

/// Identifiers whose reading is remembered; a run has a handful.
const MAX_REMEMBERED: usize = 4096;

const INDEX_COLUMNS: [&str; 11] = [
    "id",
    "role",
    "conversation_id",
    "sequence",
    "original_prompt_id",
    "original_value_data_type",
    "response_error",
    "prompt_metadata",
    "attack_identifier",
    "orchestrator_identifier",
    "pyrit_version",
];

pub(crate) const ATTACK_COLUMNS: [&str; 15] = [
    "id",
    "conversation_id",
    "objective",
    "attack_identifier",
    "atomic_attack_identifier",
    "atomic_attack_identifier_hash",
    "objective_sha256",
    "last_response_id",
    "last_score_id",
    "outcome",
    "pruned_conversation_ids",
    "adversarial_chat_conversation_ids",
    "timestamp",
    "labels",
    "targeted_harm_categories",
];

/// What is gathered.
pub(crate) struct Gathered {
    /// Pieces.
    pub(crate) index: Index,
    /// What is said beside the pieces.
    pub(crate) context: Context,
    /// Scorers.
    pub(crate) graders: Graders,
    /// Scores by the original of the piece that they are of.
    pub(crate) scored: Vec<(Id, u64)>,
    /// What is worth a note.
    pub(crate) told: Told,
    limits: Limits,
    objectives: Objectives,
    versions: BTreeSet<String>,
    /// Hashes of targets that attackers' chats and converters use.
    helper_targets: HashSet<String>,
}

impl Gathered {
    /// Nothing yet.
    pub(crate) fn new(rules: GivenRules, limits: Limits) -> Self {
        Self {
            index: Index::default(),
            context: Context::default(),
            graders: Graders::new(limits, rules),
            scored: Vec::new(),
            told: Told::default(),
            limits,
            objectives: Objectives::default(),
            versions: BTreeSet::new(),
            helper_targets: HashSet::new(),
        }
    }

    /// The versions that the pieces name.
    pub(crate) fn version(&self) -> Option<String> {
        let versions: Vec<&str> = self.versions.iter().map(String::as_str).collect();
        (!versions.is_empty()).then(|| versions.join(", "))
    }

    /// Decides which replies become traces, and which attacks end without one.
    pub(crate) fn plan(&mut self) -> (Plan, Vec<u32>) {
        self.mark_helpers();
        let order = self.index.order();
        let plan = self.index.plan(&order);
        let last = self.index.last_replies(&order);
        self.graders.settle(&self.objectives);
        let mut silent = Vec::new();
        let mut ends: HashMap<u32, Vec<u32>> = HashMap::new();
        for (position, attack) in (0_u32..).zip(&self.context.attacks) {
            match end(&self.index, &last, &plan, attack) {
                Some(entry) => ends.entry(entry).or_default().push(position),
                None => silent.push(position),
            }
        }
        self.context.ends = ends;
        (plan, silent)
    }

    /// A conversation is a scorer's or a converter's own if its target is one
    /// that they use, no attack names it, none of its replies was scored, and
    /// the target is attacked by nobody, or the prompts ask for JSON.
    fn mark_helpers(&mut self) {
        let aimed = |target: &Rc<Target>| target.hash.clone();
        let attacks = self.context.attacks.iter();
        let attacked: HashSet<String> = attacks
            .filter_map(|attack| attack.target.as_ref().and_then(aimed))
            .collect();
        for conversation in &mut self.index.conversations {
            if conversation.is_referenced || conversation.is_scored {
                continue;
            }
            let position = conversation
                .target
                .and_then(|target| usize::try_from(target).ok());
            let target = position.and_then(|position| self.context.targets.get(position));
            let hash = target.and_then(|target| target.hash.as_deref());
            let is_used = hash.is_some_and(|hash| {
                (self.helper_targets.contains(hash) || self.graders.asked.contains(hash))
                    && (conversation.asks_for_json || !attacked.contains(hash))
            });
            conversation.is_helper = is_used || conversation.names_scored_prompt;
        }
    }
}

/// The piece whose trace shows how an attack ended.
fn end(index: &Index, last: &HashMap<u32, u32>, plan: &Plan, attack: &Attack) -> Option<u32> {
    if let Some(entry) = attack.last_response.and_then(|id| index.find(id)) {
        return plan.trace_of(entry);
    }
    let last = index.entry(*last.get(&attack.conversation)?)?;
    // An attack that broke off after a good reply says nothing of that reply.
    if &*attack.outcome == "error" && !last.is_error {
        return None;
    }
    plan.trace_of(last)
}

/// Makes every pass.
pub(crate) fn all(source: &Source, found: &mut Gathered, sink: &mut dyn Sink) -> Result<(), Fault> {
    pieces(source, found, sink)?;
    attacks(source, found, sink)?;
    identifiers(source, found)?;
    conversations(source, found)?;
    seeds(source, found)?;
    scores(source, found, sink)
}

fn pieces(source: &Source, found: &mut Gathered, sink: &mut dyn Sink) -> Result<(), Fault> {
    source.each(PIECES, &INDEX_COLUMNS, |place, row| {
        let location = locate(PIECES, place, row.as_ref().ok());
        let added = row.and_then(|row| piece(place, &row, found));
        match added {
            Ok(()) => Ok(()),
            Err(reason) => Ok(sink.reject(Reject { location, reason })?),
        }
    })
}

fn piece(place: u64, row: &Object, found: &mut Gathered) -> Result<(), String> {
    let entry = entry(place, row, &mut found.index)?;
    if let Some(version) = word(row, "pyrit_version")?
        && found.versions.len() < MAX_VERSIONS
        && version.len() <= found.limits.max_name_chars
    {
        found.versions.insert(version.to_owned());
    }
    found.index.push(entry)
}

/// Reads what the index keeps of a piece, from a row or from an exported object.
pub(crate) fn entry(at: u64, row: &Object, index: &mut Index) -> Result<Entry, String> {
    let id = needed(row, "id")?;
    let original = word(row, "original_prompt_id")?.unwrap_or(id);
    let conversation = needed(row, "conversation_id")?;
    let sequence = whole(row, "sequence")?;
    let role = needed(row, "role")?;
    let role = Role::of(role).ok_or_else(|| {
        let shown: String = role.chars().take(80).collect();
        format!("`role` holds the unknown word `{shown}`")
    })?;
    let data_type = word(row, "original_value_data_type")?;
    let error = word(row, "response_error")?;
    let conversation = index.conversation(&uuid(conversation));
    if let Some(conversation) = index.of_mut(conversation) {
        let says = |field: &str, word: &str| {
            let value = row.get(field);
            value.is_some_and(|value| match value {
                Value::String(text) => text.contains(word),
                Value::Object(members) => members.contains_key(word),
                _ => false,
            })
        };
        conversation.asks_for_json |= says("prompt_metadata", "response_format");
        conversation.names_scored_prompt |= says("attack_identifier", "scored_prompt_id")
            || says("orchestrator_identifier", "scored_prompt_id");
        let originator = row.get("originator").and_then(Value::as_str);
        conversation.names_scored_prompt |= matches!(originator, Some("scorer" | "converter"));
    }
    Ok(Entry {
        at,
        id: Id::of(id),
        original: Id::of(original),
        conversation,
        sequence,
        role,
        is_reasoning: data_type == Some("reasoning"),
        is_error: data_type == Some("error") || matches!(error, Some("processing" | "unknown")),
    })
}

fn attacks(source: &Source, found: &mut Gathered, sink: &mut dyn Sink) -> Result<(), Fault> {
    let mut aims: HashMap<String, Aim> = HashMap::new();
    let atomic = by_hash(source, ATOMIC_ATTACKS)?;
    source.each(ATTACKS, &ATTACK_COLUMNS, |place, row| {
        let location = locate(ATTACKS, place, row.as_ref().ok());
        let read = row.and_then(|row| {
            let aim = aim(&row, &atomic, &mut aims, found);
            attacks::read(place, &row, &aim, &mut found.index, &found.limits)
        });
        match read {
            Ok(attack) => found.add_attack(attack),
            Err(reason) => sink.reject(Reject { location, reason })?,
        }
        Ok(())
    })?;
    Ok(())
}

impl Gathered {
    fn add_attack(&mut self, attack: Attack) {
        let position = u32::try_from(self.context.attacks.len()).unwrap_or(u32::MAX);
        self.told.attacks += 1;
        *self
            .told
            .outcomes
            .entry(attack.outcome.to_string())
            .or_default() += 1;
        if let Some(conversation) = self.index.of_mut(attack.conversation) {
            conversation.attack = Some(position);
        }
        self.context.attacks.push(attack);
    }
}

/// What the identifier of a row says, remembered by its text.
fn aim(
    row: &Object,
    atomic: &HashMap<String, Value>,
    remembered: &mut HashMap<String, Aim>,
    found: &mut Gathered,
) -> Aim {
    let columns = ["atomic_attack_identifier", "attack_identifier"];
    let texts = columns
        .into_iter()
        .filter_map(|column| row.get(column)?.as_str());
    let mut texts = texts.filter(|text| !matches!(*text, "" | "null"));
    let hash = row
        .get("atomic_attack_identifier_hash")
        .and_then(Value::as_str);
    let Some(key) = texts.next().or(hash) else {
        return Aim::default();
    };
    if let Some(known) = remembered.get(key) {
        found.learn_aim(known);
        return known.clone();
    }
    let unfolded = unfolded(&Value::String(key.to_owned()), &found.limits);
    let identifier = unfolded.filter(Value::is_object);
    let identifier = identifier.as_ref().or_else(|| atomic.get(hash?));
    let aim = identifier.map(|identifier| Aim::of(identifier, &mut found.graders, &found.limits));
    let aim = aim.unwrap_or_default();
    found.learn_aim(&aim);
    if remembered.len() == MAX_REMEMBERED {
        remembered.clear();
    }
    remembered.insert(key.to_owned(), aim.clone());
    aim
}

impl Gathered {
    fn learn_aim(&mut self, aim: &Aim) {
        if let Some(hash) = &aim.scorer_hash
            && !self.objectives.hashes.contains(hash)
        {
            self.objectives.hashes.insert(hash.clone());
        }
        if let Some(hash) = &aim.adversary_hash
            && !self.helper_targets.contains(hash)
        {
            self.helper_targets.insert(hash.clone());
        }
    }
}

/// Identifiers of one table by their hash.
fn by_hash(source: &Source, table: &str) -> Result<HashMap<String, Value>, Fault> {
    let mut found = HashMap::new();
    let wanted = [
        "hash",
        "identifier_json",
        "class_name",
        "model_name",
        "underlying_model_name",
    ];
    source.each(table, &wanted, |_, row| {
        let Ok(row) = row else {
            return Ok(());
        };
        let Ok(hash) = needed(&row, "hash").map(str::to_owned) else {
            return Ok(());
        };
        let identifier = structured(&row, "identifier_json", &source.limits);
        let identifier = identifier.filter(Value::is_object);
        found.insert(hash, identifier.unwrap_or(Value::Object(row)));
        Ok(())
    })?;
    Ok(found)
}

/// Learns whom scorers and converters ask.
fn identifiers(source: &Source, found: &mut Gathered) -> Result<(), Fault> {
    let wanted = [
        "hash",
        "class_name",
        "identifier_json",
        "prompt_target_hash",
    ];
    source.each(SCORERS, &wanted, |_, row| {
        let Ok(row) = row else {
            return Ok(());
        };
        let stated = structured(&row, "identifier_json", &source.limits);
        let stated = stated.filter(Value::is_object);
        let identifier = stated.unwrap_or_else(|| Value::Object(row.clone()));
        let facts = ScorerFacts::of(&identifier, &source.limits);
        found.graders.learn(&facts);
        if let Ok(hash) = needed(&row, "hash") {
            found.graders.remember(hash, facts);
        }
        found.add_helper(&row, "prompt_target_hash");
        Ok(())
    })?;
    source.each(CONVERTERS, &["converter_target_hash"], |_, row| {
        if let Ok(row) = row {
            found.add_helper(&row, "converter_target_hash");
        }
        Ok(())
    })
}

impl Gathered {
    fn add_helper(&mut self, row: &Object, column: &str) {
        if let Ok(Some(hash)) = word(row, column) {
            self.helper_targets.insert(hash.to_owned());
        }
    }
}

/// Finds the target of every conversation that has pieces.
fn conversations(source: &Source, found: &mut Gathered) -> Result<(), Fault> {
    let targets = by_hash(source, TARGETS)?;
    let mut positions: HashMap<String, u32> = HashMap::new();
    let wanted = [
        "conversation_id",
        "target_identifier",
        "target_identifier_hash",
    ];
    source.each(CONVERSATIONS, &wanted, |_, row| {
        let Ok(row) = row else {
            return Ok(());
        };
        let Ok(name) = needed(&row, "conversation_id") else {
            return Ok(());
        };
        let Some(conversation) = found.index.known_conversation(&uuid(name)) else {
            return Ok(());
        };
        let hash = row.get("target_identifier_hash").and_then(Value::as_str);
        let text = row.get("target_identifier").and_then(Value::as_str);
        let text = text.filter(|text| !matches!(*text, "" | "null"));
        let Some(key) = text.or(hash) else {
            return Ok(());
        };
        let position = match positions.get(key) {
            Some(position) => *position,
            None => {
                let stated = structured(&row, "target_identifier", &source.limits);
                let stated = stated.filter(Value::is_object);
                let Some(identifier) = stated.as_ref().or_else(|| targets.get(hash?)) else {
                    return Ok(());
                };
                let mut target = Target::of(identifier);
                target.hash = target.hash.or_else(|| hash.map(str::to_owned));
                found.told.add_deployment(&target);
                let position = u32::try_from(found.context.targets.len()).unwrap_or(u32::MAX);
                found.context.targets.push(Rc::new(target));
                positions.insert(key.to_owned(), position);
                position
            }
        };
        if let Some(conversation) = found.index.of_mut(conversation) {
            conversation.target = Some(position);
        }
        Ok(())
    })
}

fn seeds(source: &Source, found: &mut Gathered) -> Result<(), Fault> {
    let wanted = ["value", "value_sha256", "dataset_name", "harm_categories"];
    source.each(SEEDS, &wanted, |_, row| {
        // A prompt of a data set is no record: one that cannot be used names nothing.
        let added = row.and_then(|row| found.context.seeds.add(&row, &found.limits));
        found.told.unusable_seeds += u64::from(added.is_err());
        Ok(())
    })
}

fn scores(source: &Source, found: &mut Gathered, sink: &mut dyn Sink) -> Result<(), Fault> {
    let attacks = found.context.attacks.iter();
    let last: HashSet<Id> = attacks.filter_map(|attack| attack.last_score).collect();
    source.each(SCORES, &SCORE_COLUMNS, |place, row| {
        let location = locate(SCORES, place, row.as_ref().ok());
        match row.and_then(|row| score(place, &row, &last, found)) {
            Ok(()) => Ok(()),
            Err(reason) => Ok(sink.reject(Reject { location, reason })?),
        }
    })
}

/// Meets the scorer of a score and remembers which reply the score is of.
fn score(place: u64, row: &Object, last: &HashSet<Id>, found: &mut Gathered) -> Result<(), String> {
    let id = Id::of(needed(row, "id")?);
    let Some(piece) = scored_piece(row, &found.limits)? else {
        found.told.scores_elsewhere += 1;
        return Ok(());
    };
    let entry = found.index.find(Id::of(&piece)).copied();
    let entry = entry.ok_or_else(|| {
        let shown: String = piece.chars().take(80).collect();
        format!("the piece `{shown}` that it scores is not in the file")
    })?;
    if entry.role != Role::Assistant {
        found.told.scores_elsewhere += 1;
        return Ok(());
    }
    found.graders.meet(row)?;
    if last.contains(&id) {
        found.graders.add_objective(row, &mut found.objectives);
    }
    if let Some(conversation) = found.index.of_mut(entry.conversation) {
        conversation.is_scored = true;
    }
    found.scored.push((entry.original, place));
    Ok(())
}

/// The piece that a score is of; `None` for one of a file, a trace or loose text.
fn scored_piece(row: &Object, limits: &Limits) -> Result<Option<String>, String> {
    if let Some(piece) = word(row, "prompt_request_response_id")? {
        return Ok(Some(piece.to_owned()));
    }
    let Some(scorable) = structured(row, "scorable", limits) else {
        return Err("it names no piece".to_owned());
    };
    let ids = scorable.get("message_piece_ids").and_then(Value::as_array);
    let first = ids.and_then(|ids| ids.first()?.as_str());
    match (first, filled(&scorable, "scorable_type")) {
        (Some(piece), _) => Ok(Some(piece.to_owned())),
        (None, Some("message") | None) => Err("it names no piece".to_owned()),
        (None, Some(_)) => Ok(None),
    }
}
