//! From a model's name as a corpus spells it to the model it means.
//!
//! First the name as it stands. If no entry claims it, one thing after another
//! is taken off and the rest looked up again: prefixes of runtimes, routers and
//! hosts; the variant of a router; the quantisation tag of a runtime; the mark
//! of a reasoning mode. What was taken off is handed out, because it may be a
//! fact of its own (another tier, lower precision).
//!
//! Two things are never guessed: a name that says "derivative" does not become
//! its base, and a tag that moved stays ambiguous where it is served.

use std::fmt;

use serde::Serialize;

use super::facts::{MakerKind, ModelFacts};
use super::file::AmbiguousName;
use super::{Register, fold};

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

/// Variants that OpenRouter serves of the same weights.
const ROUTER_VARIANTS: [&str; 3] = [":free", ":nitro", ":extended"];

/// Marks of a reasoning mode of the same weights.
const REASONING_MARKS: [&str; 3] = ["-thinking", "-reasoning", ":thinking"];

/// Prefixes taken off one name; more than two have not been seen.
const MAX_PREFIXES: usize = 4;

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
    /// A runtime, router or host in front: `openrouter/`.
    Prefix(String),
    /// A router's variant: `:free`. The same weights on another tier.
    Variant(String),
    /// A quantisation tag: `-q4_k_m`. The same model at lower precision.
    Quantisation(String),
    /// The mark of a reasoning mode: `-thinking`.
    Reasoning(String),
    /// Another spelling of the maker before the slash, read as the maker's id.
    MakerSpelling(String),
}

impl<'r> ModelMatch<'r> {
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

    fn search(&self, name: &str, provider: Option<&str>) -> ModelMatch<'_> {
        let mut rest = name;
        let mut stripped = Vec::new();
        let mut servers: Vec<&str> = provider
            .and_then(|provider| self.maker(provider))
            .map(|maker| maker.id.as_str())
            .into_iter()
            .collect();
        if let Some(found) = self.claimed(rest, &servers, &stripped) {
            return found;
        }
        for _ in 0..MAX_PREFIXES {
            let Some((server, prefix, after)) = self.split_server(rest) else {
                break;
            };
            servers.push(server);
            stripped.push(Stripped::Prefix(prefix.to_owned()));
            rest = after;
            if let Some(found) = self.claimed(rest, &servers, &stripped) {
                return found;
            }
        }
        let steps: [(Split, Label); 3] = [
            (split_variant, Stripped::Variant),
            (split_quantisation, Stripped::Quantisation),
            (split_reasoning, Stripped::Reasoning),
        ];
        for (split, label) in steps {
            let Some((before, suffix)) = split(rest) else {
                continue;
            };
            stripped.push(label(suffix.to_owned()));
            rest = before;
            if let Some(found) = self.claimed(rest, &servers, &stripped) {
                return found;
            }
        }
        ModelMatch::Unknown
    }

    /// Looks a folded name up: first among the ambiguous ones, then among the claimed ones.
    fn claimed(
        &self,
        name: &str,
        servers: &[&str],
        stripped: &[Stripped],
    ) -> Option<ModelMatch<'_>> {
        if let Some(entry) = self.ambiguous(name, servers) {
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
        let mut stripped = stripped.to_vec();
        let position = match self.model_index.get(name) {
            Some(position) => position,
            None => {
                let (spelling, model) = name.split_once('/')?;
                let maker = self.maker(spelling).filter(|maker| maker.can_be_ranked())?;
                stripped.push(Stripped::MakerSpelling(spelling.to_owned()));
                self.model_index.get(&format!("{}/{model}", maker.id))?
            }
        };
        Some(ModelMatch::Listed {
            model: self.models.get(*position)?,
            stripped,
        })
    }

    fn ambiguous(&self, name: &str, servers: &[&str]) -> Option<&AmbiguousName> {
        self.ambiguous_index
            .get(name)?
            .iter()
            .filter_map(|&position| self.file.ambiguous.get(position))
            .find(|entry| {
                entry
                    .provider
                    .as_deref()
                    .is_none_or(|provider| servers.contains(&provider))
            })
    }

    /// Splits a runtime, router or host off the front: its id, the prefix and the rest.
    fn split_server<'n>(&self, name: &'n str) -> Option<(&str, &'n str, &'n str)> {
        let (prefix, rest) = name.split_at(name.find(['/', ':'])?.saturating_add(1));
        let server = self.maker(prefix.trim_end_matches(['/', ':']))?;
        (server.kind != MakerKind::Maker && !rest.is_empty()).then_some((&server.id, prefix, rest))
    }

    /// Ids of listed models whose names are similar, the nearest first.
    pub(super) fn similar(&self, name_as_spelled: &str) -> Vec<String> {
        let Some(name) =
            fold(name_as_spelled).filter(|name| name.chars().count() <= MAX_COMPARED_CHARS)
        else {
            return Vec::new();
        };
        let likeness = |model: &ModelFacts| {
            model
                .aliases
                .iter()
                .chain([&model.id, &model.name])
                .map(|claim| strsim::jaro_winkler(&name, &claim.to_lowercase()))
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
}

/// Says what kind of thing a suffix was.
type Label = fn(String) -> Stripped;

/// Splits a suffix off a folded name: what is before it, and the suffix.
type Split = for<'n> fn(&'n str) -> Option<(&'n str, &'n str)>;

fn split_variant(name: &str) -> Option<(&str, &str)> {
    split_one_of(name, &ROUTER_VARIANTS)
}

fn split_reasoning(name: &str) -> Option<(&str, &str)> {
    split_one_of(name, &REASONING_MARKS)
}

fn split_one_of<'n>(name: &'n str, suffixes: &[&str]) -> Option<(&'n str, &'n str)> {
    suffixes.iter().find_map(|suffix| {
        let before = name.strip_suffix(suffix)?;
        Some((before, name.get(before.len()..)?))
    })
}

/// Splits `-q4_k_m`, `-iq2_xs`, `-fp16` and the like off.
fn split_quantisation(name: &str) -> Option<(&str, &str)> {
    let (before, suffix) = name.split_at(name.rfind(['-', ':'])?);
    let tag = suffix.get(1..)?;
    let bits = tag.strip_prefix("iq").or_else(|| tag.strip_prefix('q'));
    let is_bits = bits.is_some_and(|bits| {
        bits.starts_with(|c: char| c.is_ascii_digit())
            && bits.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    (is_bits || ["fp16", "bf16", "f16"].contains(&tag)).then_some((before, suffix))
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
