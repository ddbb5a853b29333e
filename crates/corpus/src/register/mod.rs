//! What is known about models, makers and graders, each fact with its source.
//!
//! The table itself is data: `data/models.toml`, `data/makers.toml` and
//! `data/graders.toml`, compiled in. [`Register::builtin`] reads it once; a
//! report may lay its own table over it with [`Register::overlay`]. Corpora
//! spell names as they like, so [`Register::model`], [`Register::maker`] and
//! [`Register::grader`] go from a spelling to an entry and say how.
//!
//! Promises: every table that is handed out passed the checks of
//! [`Register::from_file`]; a name, however hostile, yields an answer and
//! never a panic; a derivative never takes the facts of its base by name.
//!
//! It guesses nothing: a size that is not published is absent, and a size that
//! a corpus stores ([`parse_coded_size`]) stays a statement of that corpus.

mod facts;
mod file;
mod front;
mod load;
mod resolve;
mod size;
mod tail;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization as _;

pub use facts::{
    DerivativeKind, GraderFacts, MakerFacts, MakerKind, ModelFacts, Verified, Weights,
};
pub use file::{AmbiguousName, ModelEntry, RegisterFile};
pub use load::{NameKind, RegisterError};
pub use resolve::{DERIVATIVE_WORDS, MAX_NAME_BYTES, ModelMatch, Stripped};
pub use size::{CodedSize, CodedSizeError, MAX_BILLIONS, UnknownSize, parse_coded_size};

/// The models of the table that is compiled in, as TOML.
pub const MODELS_TOML: &str = include_str!("../../data/models.toml");
/// The makers, runtimes, routers and hosts that are compiled in, as TOML.
pub const MAKERS_TOML: &str = include_str!("../../data/makers.toml");
/// The graders that are compiled in, as TOML.
pub const GRADERS_TOML: &str = include_str!("../../data/graders.toml");

/// A checked table of models, makers and graders with an index over every spelling.
#[derive(Clone, Debug)]
pub struct Register {
    file: RegisterFile,
    models: Vec<ModelFacts>,
    model_index: Index,
    maker_index: Index,
    grader_index: Index,
    ambiguous_index: HashMap<String, Vec<usize>>,
    /// As the indices above, with one separator for all; no position where two
    /// models share the spelling.
    loose_index: HashMap<String, Option<usize>>,
    loose_ambiguous_index: HashMap<String, Vec<usize>>,
}

/// From a folded spelling to the position of its entry. Looked up, never iterated.
type Index = HashMap<String, usize>;

/// What is known about a grader's spelling.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GraderMatch<'r> {
    /// One name for all spellings of the grader; its own trimmed spelling where it is not listed.
    pub id: String,
    /// Whether the register lists the grader.
    pub listed: bool,
    /// The model behind it, where that is a model of the register.
    pub model: Option<&'r ModelFacts>,
}

/// Two or more spellings under which a corpus files one organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spellings<'r> {
    /// Whom they all name.
    pub maker: &'r MakerFacts,
    /// The spellings, sorted, without repetitions.
    pub spellings: Vec<String>,
}

/// A name that the register cannot tie to one model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnknownName {
    /// Name as spelled.
    pub name: String,
    /// Provider as spelled.
    pub provider: Option<String>,
    /// Why not, in words: unknown, unlisted derivative, or ambiguous.
    pub why: String,
    /// Ids of listed models with a similar name, the nearest first; at most three.
    pub similar: Vec<String>,
}

impl Register {
    /// Reads the table that is compiled in, once per process: about 3 ms in a release build.
    ///
    /// # Errors
    ///
    /// Fails only when the table in the tree breaks its own rules, which the tests of this crate exclude.
    pub fn builtin() -> Result<&'static Self, RegisterError> {
        static BUILTIN: OnceLock<Result<Register, RegisterError>> = OnceLock::new();
        BUILTIN
            .get_or_init(|| {
                let mut file = RegisterFile::parse(MODELS_TOML)?;
                file.append(RegisterFile::parse(MAKERS_TOML)?);
                file.append(RegisterFile::parse(GRADERS_TOML)?);
                Self::from_file(file)
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Reads and checks a table that stands alone.
    ///
    /// # Errors
    ///
    /// [`RegisterError::Syntax`] with the place, or the first rule that an entry breaks.
    ///
    /// ```
    /// use caveat_corpus::register::Register;
    /// let register = Register::parse(
    ///     r#"
    ///     [[maker]]
    ///     id = "acme"
    ///     name = "Acme"
    ///     kind = "maker"
    ///     [[model]]
    ///     id = "acme/anvil-7b"
    ///     name = "Anvil 7B"
    ///     maker = "acme"
    ///     params_total_b = 7.1
    ///     mixture = false
    ///     weights = "open"
    ///     source = "model card, 2026-01"
    ///     verified = "primary"
    ///     "#,
    /// )?;
    /// let found = register.model("Acme/Anvil-7B:free", None);
    /// assert_eq!(found.listed().and_then(|model| model.params_active_b), Some(7.1));
    /// # Ok::<(), caveat_corpus::register::RegisterError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, RegisterError> {
        Self::from_file(RegisterFile::parse(text)?)
    }

    /// Lays a report's own table over this one; where both speak, the report's wins.
    ///
    /// An entry with the id of an entry below replaces it whole. A name or alias
    /// that both claim goes to the entry above and is taken from the one below;
    /// an id below can be taken only by replacing its entry.
    /// The entries above may name makers and models that only the table below holds.
    ///
    /// # Errors
    ///
    /// As [`Register::from_file`]: the table above claims a name twice, or the joint table breaks a rule.
    pub fn overlay(&self, above: RegisterFile) -> Result<Self, RegisterError> {
        Self::from_file(self.file.clone().overlaid_by(above)?)
    }

    /// All models, in the order of the table.
    pub fn models(&self) -> &[ModelFacts] {
        &self.models
    }

    /// All organisations, in the order of the table.
    pub fn makers(&self) -> &[MakerFacts] {
        &self.file.makers
    }

    /// All listed graders, in the order of the table.
    pub fn graders(&self) -> &[GraderFacts] {
        &self.file.graders
    }

    /// Finds an organisation by id, name or alias; case and outer space do not count.
    pub fn maker(&self, provider_as_spelled: &str) -> Option<&MakerFacts> {
        let position = *self.maker_index.get(&fold(provider_as_spelled)?)?;
        self.file.makers.get(position)
    }

    /// Finds the entry of a model's maker.
    pub fn maker_of(&self, model: &ModelFacts) -> Option<&MakerFacts> {
        self.maker(&model.maker)
    }

    /// Tells whether two spellings name one listed organisation.
    pub fn same_maker(&self, one: &str, other: &str) -> bool {
        match (self.maker(one), self.maker(other)) {
            (Some(one), Some(other)) => one.id == other.id,
            _ => false,
        }
    }

    /// Finds the organisations that the given providers name under two or more spellings, by id.
    pub fn spellings<'p>(
        &self,
        providers: impl IntoIterator<Item = &'p str>,
    ) -> Vec<Spellings<'_>> {
        let mut by_maker: BTreeMap<&str, (&MakerFacts, BTreeSet<&str>)> = BTreeMap::new();
        for provider in providers {
            if let Some(maker) = self.maker(provider) {
                let entry = by_maker
                    .entry(&maker.id)
                    .or_insert((maker, BTreeSet::new()));
                entry.1.insert(provider);
            }
        }
        by_maker
            .into_values()
            .filter(|(_, spellings)| spellings.len() > 1)
            .map(|(maker, spellings)| Spellings {
                maker,
                spellings: spellings.into_iter().map(str::to_owned).collect(),
            })
            .collect()
    }

    /// Finds the one name of a grader and the model behind it.
    ///
    /// A grader that is not listed keeps its trimmed spelling; its model is
    /// then looked up as [`Register::model`] does.
    pub fn grader(&self, name_as_spelled: &str) -> GraderMatch<'_> {
        let position = fold(name_as_spelled).and_then(|folded| self.grader_index.get(&folded));
        match position.and_then(|&position| self.file.graders.get(position)) {
            Some(facts) => GraderMatch {
                id: facts.id.clone(),
                listed: true,
                model: facts.model.as_deref().and_then(|id| self.model_by_id(id)),
            },
            None => GraderMatch {
                id: name_as_spelled.trim().to_owned(),
                listed: false,
                model: self.model(name_as_spelled, None).listed(),
            },
        }
    }

    /// Finds a model by id, name or alias exactly, nothing stripped; case does not count.
    pub fn model_by_id(&self, id: &str) -> Option<&ModelFacts> {
        self.models.get(*self.model_index.get(&fold(id)?)?)
    }

    /// Lists the names that the register cannot tie to one model, sorted, each once.
    pub fn unknown<'n>(
        &self,
        names: impl IntoIterator<Item = (&'n str, Option<&'n str>)>,
    ) -> Vec<UnknownName> {
        let names: BTreeSet<_> = names.into_iter().collect();
        names
            .into_iter()
            .filter_map(|(name, provider)| {
                let found = self.model(name, provider);
                found.listed().is_none().then(|| UnknownName {
                    name: name.to_owned(),
                    provider: provider.map(str::to_owned),
                    why: found.to_string(),
                    similar: self.similar(name),
                })
            })
            .collect()
    }
}

/// Trims, composes (NFC) and lowers a spelling. `None` for one that is empty or longer than any name is.
fn fold(spelling: &str) -> Option<String> {
    let spelling = spelling.trim();
    (!spelling.is_empty() && spelling.len() <= MAX_NAME_BYTES).then(|| lower(spelling))
}

/// Lower case in composed characters. Composed before and after, as lower case can
/// take a character apart again.
fn lower(spelling: &str) -> String {
    if spelling.is_ascii() {
        return spelling.to_ascii_lowercase();
    }
    let composed: String = spelling.nfc().collect();
    composed.to_lowercase().nfc().collect()
}

/// Writes every separator of a folded spelling as a dash; colons and slashes stay.
fn one_separator(folded: &str) -> String {
    let mut text = String::with_capacity(folded.len());
    for character in folded.chars() {
        match character {
            '-' | '_' | ' ' | '.' | '@' if text.ends_with('-') => {}
            '-' | '_' | ' ' | '.' | '@' => text.push('-'),
            other => text.push(other),
        }
    }
    text
}
