//! Which piece stands where, without its text.
//!
//! A piece costs about a hundred bytes here, whatever its text. From the index
//! follow the prompts of every reply, its turn, which pieces are copies, and
//! which replies are no trace.

use std::collections::HashMap;

use caveat_corpus::Digest;

use crate::fields::uuid;

/// An id in sixteen bytes: a UUID, or the start of the digest of another text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(u128);

impl Id {
    /// Reads an id in any spelling.
    pub(crate) fn of(text: &str) -> Self {
        let digits = text.bytes().filter(|byte| *byte != b'-').count();
        if digits == 32
            && let Ok(number) = u128::from_str_radix(&text.replace('-', ""), 16)
        {
            return Self(number);
        }
        let digest = Digest::of(uuid(text).as_bytes());
        let (start, _) = digest
            .as_bytes()
            .split_first_chunk()
            .unwrap_or((&[0; 16], &[]));
        Self(u128::from_be_bytes(*start))
    }
}

/// Who speaks in a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The target.
    Assistant,
    /// Somebody in the target's place: its words were put into its mouth.
    Simulated,
    /// The attacker.
    User,
    /// System, developer or tool.
    Other,
}

impl Role {
    /// Reads the word; `None` for an unknown one.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "assistant" => Role::Assistant,
            "simulated_assistant" => Role::Simulated,
            "user" => Role::User,
            "system" | "developer" | "tool" => Role::Other,
            _ => return None,
        })
    }
}

/// One piece.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// Row id or byte offset.
    pub(crate) at: u64,
    /// Its id.
    pub(crate) id: Id,
    /// The id of what it is a copy of; its own otherwise.
    pub(crate) original: Id,
    /// Position in [`Index::conversations`].
    pub(crate) conversation: u32,
    /// Place in the conversation; parts of one message share it.
    pub(crate) sequence: i64,
    /// Who speaks.
    pub(crate) role: Role,
    /// It is what a model thought, not what it said.
    pub(crate) is_reasoning: bool,
    /// It reports an error instead of a reply.
    pub(crate) is_error: bool,
}

/// What is known of a conversation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conversation {
    /// An attack result names it.
    pub(crate) is_referenced: bool,
    /// An attack result names it as one that the attack gave up.
    pub(crate) is_dropped: bool,
    /// An attack result names it as the attacker's own chat.
    pub(crate) is_adversarial: bool,
    /// A scorer or a converter says that it is its own chat.
    pub(crate) is_helper: bool,
    /// A reply of it has a score.
    pub(crate) is_scored: bool,
    /// Its pieces say that they belong to the scoring of another piece.
    pub(crate) names_scored_prompt: bool,
    /// Its prompts ask for JSON, as those of scorers do.
    pub(crate) asks_for_json: bool,
    /// Position of the target, where the source keeps targets by conversation.
    pub(crate) target: Option<u32>,
    /// Position of the attack.
    pub(crate) attack: Option<u32>,
}

/// Every piece of a source.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Pieces in the order of the source.
    pub(crate) entries: Vec<Entry>,
    /// Conversations in the order in which they were met.
    pub(crate) conversations: Vec<Conversation>,
    names: HashMap<Id, u32>,
    by_id: HashMap<Id, u32>,
    /// The first copy of each piece, by the id of that piece.
    first_copies: HashMap<Id, u32>,
}

/// A reply that becomes a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Position in [`Index::entries`].
    pub(crate) entry: u32,
    /// Positions in [`Plan::prompts`].
    prompts: (u32, u32),
    /// Messages of the attacker up to it.
    pub(crate) turns: u32,
}

/// What is done with the replies of a source.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Replies in the order of the source.
    pub(crate) replies: Vec<Reply>,
    prompts: Vec<u32>,
    /// The original of every copy, and every original itself, by id.
    traces: HashMap<Id, u32>,
    /// Pieces that are copies of another.
    pub(crate) copies: u64,
    /// Pieces with words put into the target's mouth.
    pub(crate) simulated: u64,
    /// Replies in chats of attackers, scorers and converters.
    pub(crate) helpers: u64,
    /// Pieces that hold reasoning beside a reply.
    pub(crate) reasoning: u64,
    /// Replies of conversations that an attack gave up.
    pub(crate) dropped: u64,
    /// Replies of conversations that no attack result names.
    pub(crate) unreferenced: u64,
}

impl Index {
    /// The conversation of a name, which is remembered.
    pub(crate) fn conversation(&mut self, name: &str) -> u32 {
        let next = u32::try_from(self.conversations.len()).unwrap_or(u32::MAX);
        let place = *self.names.entry(Id::of(name)).or_insert(next);
        if place == next {
            self.conversations.push(Conversation::default());
        }
        place
    }

    /// The conversation of a name, if a piece or an attack has named it.
    pub(crate) fn known_conversation(&self, name: &str) -> Option<u32> {
        self.names.get(&Id::of(name)).copied()
    }

    /// What is known of a conversation.
    pub(crate) fn of(&self, conversation: u32) -> Conversation {
        let place = usize::try_from(conversation).unwrap_or(usize::MAX);
        self.conversations.get(place).copied().unwrap_or_default()
    }

    /// The same, to be added to.
    pub(crate) fn of_mut(&mut self, conversation: u32) -> Option<&mut Conversation> {
        let place = usize::try_from(conversation).ok()?;
        self.conversations.get_mut(place)
    }

    /// Adds a piece. One with an id that was met before is a copy.
    pub(crate) fn push(&mut self, entry: Entry) -> Result<(), String> {
        let place = u32::try_from(self.entries.len())
            .map_err(|_| "more pieces than can be numbered".to_owned())?;
        self.by_id.entry(entry.id).or_insert(place);
        if entry.original != entry.id {
            self.first_copies.entry(entry.original).or_insert(place);
        }
        self.entries.push(entry);
        Ok(())
    }

    /// A piece by its position.
    pub(crate) fn entry(&self, place: u32) -> Option<&Entry> {
        self.entries.get(usize::try_from(place).ok()?)
    }

    /// A piece by its id.
    pub(crate) fn find(&self, id: Id) -> Option<&Entry> {
        self.entry(*self.by_id.get(&id)?)
    }

    /// The last piece of the target in each conversation.
    pub(crate) fn last_replies(&self, order: &[u32]) -> HashMap<u32, u32> {
        let pieces = order
            .iter()
            .filter_map(|place| Some((*place, self.entry(*place)?)));
        pieces
            .filter(|(_, entry)| entry.role == Role::Assistant && !entry.is_reasoning)
            .map(|(place, entry)| (entry.conversation, place))
            .collect()
    }

    /// Positions of pieces by conversation, sequence and place in the source.
    pub(crate) fn order(&self) -> Vec<u32> {
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_by_key(|place| {
            self.entry(*place)
                .map(|entry| (entry.conversation, entry.sequence, *place))
        });
        order
    }

    /// Decides which replies become traces, and finds their prompts.
    pub(crate) fn plan(&self, order: &[u32]) -> Plan {
        let mut plan = Plan::default();
        let mut walk = Walk::default();
        // A message is made of the pieces that share conversation and sequence.
        for message in order.chunk_by(|a, b| self.message(*a) == self.message(*b)) {
            self.walk(message, &mut walk, &mut plan);
        }
        plan.replies.sort_by_key(|reply| reply.entry);
        plan
    }

    fn message(&self, place: u32) -> Option<(u32, i64)> {
        self.entry(place)
            .map(|entry| (entry.conversation, entry.sequence))
    }

    fn walk(&self, message: &[u32], walk: &mut Walk, plan: &mut Plan) {
        let entries = || {
            message
                .iter()
                .filter_map(|place| Some((*place, self.entry(*place)?)))
        };
        let Some((_, first)) = entries().next() else {
            return;
        };
        if walk.conversation != Some(first.conversation) {
            *walk = Walk {
                conversation: Some(first.conversation),
                ..Walk::default()
            };
        }
        let conversation = self.of(first.conversation);
        let says_something =
            entries().any(|(_, entry)| entry.role == Role::Assistant && !entry.is_reasoning);
        for (place, entry) in entries() {
            match entry.role {
                Role::Simulated => plan.simulated += 1,
                Role::Assistant if !self.is_original(place, entry) => plan.copies += 1,
                Role::Assistant if conversation.is_adversarial || conversation.is_helper => {
                    plan.helpers += 1;
                }
                Role::Assistant if entry.is_reasoning && says_something => plan.reasoning += 1,
                Role::Assistant => {
                    plan.dropped += u64::from(conversation.is_dropped);
                    plan.unreferenced += u64::from(!conversation.is_referenced);
                    plan.traces.insert(entry.original, place);
                    plan.replies.push(Reply {
                        entry: place,
                        prompts: walk.prompts,
                        turns: walk.turns,
                    });
                }
                Role::User | Role::Other => {}
            }
        }
        let start = u32::try_from(plan.prompts.len()).unwrap_or(u32::MAX);
        let users = entries().filter(|(_, entry)| entry.role == Role::User);
        plan.prompts.extend(users.map(|(place, _)| place));
        let end = u32::try_from(plan.prompts.len()).unwrap_or(u32::MAX);
        if end > start {
            walk.prompts = (start, end);
            walk.turns = walk.turns.saturating_add(1);
        }
    }

    /// Whether a piece stands for itself: it is the original, or the first
    /// copy of an original that is not in the source.
    fn is_original(&self, place: u32, entry: &Entry) -> bool {
        match self.by_id.get(&entry.original) {
            Some(original) => *original == place,
            None => self.first_copies.get(&entry.original) == Some(&place),
        }
    }
}

/// Where a walk through a conversation stands.
#[derive(Debug, Default)]
struct Walk {
    conversation: Option<u32>,
    prompts: (u32, u32),
    turns: u32,
}

impl Plan {
    /// The pieces of the prompt that a reply answers.
    pub(crate) fn prompts<'a>(&'a self, reply: &Reply) -> &'a [u32] {
        let place = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
        let (start, end) = reply.prompts;
        self.prompts
            .get(place(start)..place(end))
            .unwrap_or_default()
    }

    /// Whether a piece, named by its original, is a trace.
    pub(crate) fn has_trace(&self, original: Id) -> bool {
        self.traces.contains_key(&original)
    }

    /// The entry whose trace stands for a piece.
    pub(crate) fn trace_of(&self, entry: &Entry) -> Option<u32> {
        self.traces.get(&entry.original).copied()
    }
}
