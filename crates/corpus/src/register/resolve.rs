//! From a model's name as a corpus spells it to the model it means.
//!
//! First the name as it stands. If no entry claims it, one thing after another
//! is taken off and the rest looked up again: what stands in front (runtimes,
//! routers, hosts, endpoints, see [`front`](super::front)), then what stands at
//! the end (a router's variant, a host's revision, packaging and precision, the
//! mark of a reasoning mode, see [`tail`](super::tail)). If nothing is found, the
//! same is tried once more with one separator for all. What was taken off is
//! handed out, because it may be a fact of its own (another tier, lower precision).
//!
//! Two different models never become one: a name that says "derivative" does
//! not become its base, a tag that moved stays ambiguous where it is served, a
//! date or a size is never taken off, and a name filed under another maker than
//! the listed one is not that model.

use std::fmt;

use serde::Serialize;

use super::facts::ModelFacts;
use super::file::AmbiguousName;
use super::front::split_front;
use super::tail::split_tail;
use super::{Register, fold, one_separator};

/// Longest name that is looked up, in bytes; the longest listed one has about 90.
pub const MAX_NAME_BYTES: usize = 512;

/// Words in a name that make it a derivative whoever it is filed under.
pub const DERIVATIVE_WORDS: [&str; 5] = [
    "abliterated",
    "uncensored",
    "obliteratus",
    "heretic",
    "derestricted",
];

/// Things taken off the front of one name; more than four have not been seen.
const MAX_FRONTS: usize = 6;

/// Things taken off the end of one name (`-unsloth-bnb-4bit` are three).
const MAX_TAILS: usize = 6;

/// Similarity (Jaro-Winkler) from which a listed name is worth proposing.
const SIMILAR_FROM: f64 = 0.88;

/// Longest name for which similar ones are sought, in characters: the comparison is quadratic.
const MAX_COMPARED_CHARS: usize = 128;

/// What a model's name turned out to mean.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "match", rename_all = "snake_case")]
pub enum ModelMatch<'r> {
    /// One model of the register.
    Listed {
        /// The model.
        model: &'r ModelFacts,
        /// What had to be taken off the name; empty when it matched as it stands.
        stripped: Vec<Stripped>,
    },
    /// A derivative that is not listed; nothing of its base may be said of it.
    UnlistedDerivative {
        /// The word of [`DERIVATIVE_WORDS`] that gives it away.
        word: &'static str,
    },
    /// A name that means different models at different times or places.
    Ambiguous {
        /// Why nobody can tell.
        reason: &'r str,
        /// The models it may mean.
        candidates: Vec<&'r ModelFacts>,
    },
    /// No model of the register.
    Unknown,
}

/// What was taken off a name before it matched, lower case as it stood there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stripped {
    /// A runtime, router, host, endpoint or packager in front: `openrouter/`.
    Prefix(String),
    /// A router's variant: `:free`. The same weights on another tier.
    Variant(String),
    /// A host's revision of the same model: `-v1:0`.
    Revision(String),
    /// Packaging or precision: `-gguf`, `-q4_k_m`. The same model, mostly at lower precision.
    Quantisation(String),
    /// The mark of a reasoning mode: `-thinking`.
    Reasoning(String),
    /// Another spelling of the maker before the slash, read as the maker's id.
    MakerSpelling(String),
    /// Other separators than the listed name has: `vicuna_7b`, `claude-opus-4@20250514`.
    Separators,
}

/// How a name is compared with the listed ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compare {
    AsSpelled,
    OneSeparator,
}

impl<'r> ModelMatch<'r> {
    /// One text for all spellings that mean the same model in the same state, if
    /// the name means one that is listed.
    ///
    /// A quantised copy and a reasoning mode are states of their own: what they
    /// do may differ. A router's tier, a host's revision, a prefix, a maker's or a
    /// separator's spelling are not.
    pub fn one_name(&self) -> Option<String> {
        let Self::Listed { model, stripped } = self else {
            return None;
        };
        let mut name = model.id.clone();
        for part in stripped {
            match part {
                Stripped::Quantisation(state) | Stripped::Reasoning(state) => {
                    name.push(' ');
                    name.push_str(state);
                }
                Stripped::Prefix(_)
                | Stripped::Variant(_)
                | Stripped::Revision(_)
                | Stripped::MakerSpelling(_)
                | Stripped::Separators => {}
            }
        }
        Some(name)
    }

    /// The model, if the name means exactly one that is listed.
    pub const fn listed(&self) -> Option<&'r ModelFacts> {
        match self {
            Self::Listed { model, .. } => Some(model),
            _ => None,
        }
    }
}

impl fmt::Display for ModelMatch<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listed { model, .. } => write!(formatter, "listed as `{}`", model.id),
            Self::UnlistedDerivative { word } => {
                write!(
                    formatter,
                    "a derivative by its name (`{word}`) that is not in the register"
                )
            }
            Self::Ambiguous { reason, .. } => write!(formatter, "ambiguous: {reason}"),
            Self::Unknown => formatter.write_str("not in the register"),
        }
    }
}

impl Register {
    /// Finds the model that a name means, as a corpus spells it and its provider.
    ///
    /// The provider decides only whether a moving tag is ambiguous and whether
    /// the name is that of a derivative; it never picks the model.
    ///
    /// ```
    /// use caveat_corpus::register::{ModelMatch, Register};
    /// let register = Register::builtin()?;
    /// let found = register.model("openrouter/qwen/qwen3-coder:free", None);
    /// assert_eq!(found.listed().and_then(|model| model.params_total_b), Some(480.0));
    /// let tuned = register.model("meta-llama/llama-3.3-70b-instruct-abliterated", None);
    /// assert_eq!(tuned, ModelMatch::UnlistedDerivative { word: "abliterated" });
    /// assert!(matches!(register.model("qwen3-coder", Some("ollama")), ModelMatch::Ambiguous { .. }));
    /// # Ok::<(), caveat_corpus::register::RegisterError>(())
    /// ```
    pub fn model(
        &self,
        name_as_spelled: &str,
        provider_as_spelled: Option<&str>,
    ) -> ModelMatch<'_> {
        let Some(name) = fold(name_as_spelled) else {
            return match derivative_word(&name_as_spelled.to_lowercase()) {
                Some(word) => ModelMatch::UnlistedDerivative { word },
                None => ModelMatch::Unknown,
            };
        };
        let provider = provider_as_spelled.and_then(fold);
        let word = derivative_word(&name).or_else(|| provider.as_deref().and_then(derivative_word));
        match (self.search(&name, provider.as_deref()), word) {
            (ModelMatch::Listed { model, stripped }, Some(word)) => match says(model, word) {
                true => ModelMatch::Listed { model, stripped },
                false => ModelMatch::UnlistedDerivative { word },
            },
            (_, Some(word)) => ModelMatch::UnlistedDerivative { word },
            (found, None) => found,
        }
    }

    /// What two spellings have in common that are one name but for case, composed
    /// characters, separators and what stands in front (`openrouter/`).
    ///
    /// Equal answers say that two spellings may well mean one model, listed or
    /// not; only [`model`](Self::model) says that they do. A name too long to be
    /// looked up is like itself alone.
    ///
    /// ```
    /// use caveat_corpus::register::Register;
    /// let register = Register::builtin()?;
    /// let alike = |one, other| register.alike(one) == register.alike(other);
    /// assert!(alike("Acme_Chat 7B", "ollama/acme-chat-7b"));
    /// assert!(alike("mod\u{e8}le", "mode\u{300}le"));
    /// assert!(!alike("acme-chat-7b", "acme-chat-70b"));
    /// # Ok::<(), caveat_corpus::register::RegisterError>(())
    /// ```
    pub fn alike(&self, name_as_spelled: &str) -> String {
        let Some(mut rest) = fold(name_as_spelled) else {
            return name_as_spelled.to_owned();
        };
        for _ in 0..MAX_FRONTS {
            match split_front(self, &rest) {
                Some(front) => rest = front.rest,
                None => break,
            }
        }
        one_separator(&rest)
    }

    fn search(&self, name: &str, provider: Option<&str>) -> ModelMatch<'_> {
        match self.search_by(name, provider, Compare::AsSpelled) {
            ModelMatch::Unknown => self.search_by(name, provider, Compare::OneSeparator),
            found => found,
        }
    }

    fn search_by(&self, name: &str, provider: Option<&str>, compare: Compare) -> ModelMatch<'_> {
        let mut at = Search {
            rest: name.to_owned(),
            stripped: Vec::new(),
            servers: Vec::new(),
            compare,
        };
        let provider = provider.and_then(|provider| self.maker(provider));
        at.servers.extend(provider.map(|maker| maker.id.clone()));
        let mut stages = Vec::with_capacity(2);
        for _ in 0..=MAX_FRONTS {
            if let Some(found) = self.claimed(&at) {
                return found;
            }
            let front = split_front(self, &at.rest);
            stages.push(at.clone());
            let Some(front) = front else {
                break;
            };
            at.servers.extend(front.server);
            at.stripped.push(Stripped::Prefix(front.prefix));
            at.rest = front.rest;
        }
        // The shortest first. A longer one finds `aurora-m:free`, of which no
        // more than the tier should have been taken off.
        let found = stages.iter().rev().find_map(|at| self.without_tails(at));
        found.unwrap_or(ModelMatch::Unknown)
    }

    /// Takes one thing after another off the end of a name and looks the rest up.
    fn without_tails(&self, at: &Search) -> Option<ModelMatch<'_>> {
        let mut at = at.clone();
        for _ in 0..MAX_TAILS {
            let (before, label) = split_tail(self, &at.rest)?;
            at.stripped.push(label);
            at.rest = before;
            if let Some(found) = self.claimed(&at) {
                return Some(found);
            }
        }
        None
    }

    /// Looks a folded name up: first among the ambiguous ones, then among the claimed ones.
    fn claimed(&self, at: &Search) -> Option<ModelMatch<'_>> {
        let by_maker = at.rest.split_once('/').and_then(|(spelling, name)| {
            let maker = self.maker(spelling).filter(|maker| maker.can_be_ranked())?;
            Some((spelling, name, maker, format!("{}/{name}", maker.id)))
        });
        let as_listed = by_maker.as_ref().map(|(.., name)| name.as_str());
        let entry = self
            .ambiguous(&at.rest, at)
            .or_else(|| self.ambiguous(as_listed?, at));
        if let Some(entry) = entry {
            let candidates = entry
                .candidates
                .iter()
                .filter_map(|id| self.model_by_id(id))
                .collect();
            return Some(ModelMatch::Ambiguous {
                reason: &entry.reason,
                candidates,
            });
        }
        let mut stripped = at.stripped.clone();
        let model = match self.look_up(&at.rest, at.compare) {
            Some(model) => model,
            None => {
                let (spelling, name, maker, listed) = by_maker?;
                stripped.push(Stripped::MakerSpelling(spelling.to_owned()));
                // The name alone is that of a listed model only if its maker is meant.
                self.look_up(&listed, at.compare).or_else(|| {
                    let model = self.look_up(name, at.compare);
                    model.filter(|model| model.maker == maker.id)
                })?
            }
        };
        if at.compare == Compare::OneSeparator {
            stripped.push(Stripped::Separators);
        }
        Some(ModelMatch::Listed { model, stripped })
    }

    fn look_up(&self, name: &str, compare: Compare) -> Option<&ModelFacts> {
        let position = match compare {
            Compare::AsSpelled => self.model_index.get(name).copied(),
            Compare::OneSeparator => *self.loose_index.get(&one_separator(name))?,
        };
        self.models.get(position?)
    }

    fn ambiguous(&self, name: &str, at: &Search) -> Option<&AmbiguousName> {
        let entries = match at.compare {
            Compare::AsSpelled => self.ambiguous_index.get(name),
            Compare::OneSeparator => self.loose_ambiguous_index.get(&one_separator(name)),
        };
        entries?
            .iter()
            .filter_map(|&position| self.file.ambiguous.get(position))
            .find(|entry| {
                let provider = entry.provider.as_ref();
                provider.is_none_or(|provider| at.servers.contains(provider))
            })
    }

    /// Ids of listed models whose names are similar, the nearest first.
    ///
    /// Compared are the name as it stands and the name without what a search
    /// takes off, so that a long prefix does not hide a near one.
    pub(super) fn similar(&self, name_as_spelled: &str) -> Vec<String> {
        let Some(name) =
            fold(name_as_spelled).filter(|name| name.chars().count() <= MAX_COMPARED_CHARS)
        else {
            return Vec::new();
        };
        let bare = self.bare(&name);
        // Also behind a maker whom nobody knows.
        let last = bare.rsplit('/').next().unwrap_or(&bare);
        let likeness = |model: &ModelFacts| {
            let claims = model.aliases.iter().chain([&model.id, &model.name]);
            claims
                .map(|claim| {
                    let claim = claim.to_lowercase();
                    [&name, &bare, last]
                        .map(|name| strsim::jaro_winkler(name, &claim))
                        .into_iter()
                        .fold(0.0, f64::max)
                })
                .fold(0.0, f64::max)
        };
        let mut near: Vec<(f64, &str)> = self
            .models
            .iter()
            .map(|model| (likeness(model), model.id.as_str()))
            .filter(|(likeness, _)| *likeness >= SIMILAR_FROM)
            .collect();
        near.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
        near.into_iter()
            .take(3)
            .map(|(_, id)| id.to_owned())
            .collect()
    }

    /// A name without everything that a search takes off.
    fn bare(&self, name: &str) -> String {
        let mut rest = name.to_owned();
        for _ in 0..MAX_FRONTS {
            match split_front(self, &rest) {
                Some(front) => rest = front.rest,
                None => break,
            }
        }
        for _ in 0..MAX_TAILS {
            match split_tail(self, &rest) {
                Some((before, _)) => rest = before,
                None => break,
            }
        }
        rest
    }
}

/// A name while things are taken off it.
#[derive(Clone)]
struct Search {
    rest: String,
    stripped: Vec<Stripped>,
    /// Ids of the runtimes, routers and hosts that the name or its provider states.
    servers: Vec<String>,
    compare: Compare,
}

/// The word in a folded name that makes it a derivative.
fn derivative_word(folded: &str) -> Option<&'static str> {
    DERIVATIVE_WORDS
        .into_iter()
        .find(|word| folded.contains(word))
}

/// Tells whether an entry itself claims to be such a derivative.
fn says(model: &ModelFacts, word: &str) -> bool {
    model.is_derivative()
        && model
            .aliases
            .iter()
            .chain([&model.id, &model.name])
            .any(|claim| claim.to_lowercase().contains(word))
}
