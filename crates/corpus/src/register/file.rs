//! The form of a register on disk: TOML with `[[model]]`, `[[maker]]`,
//! `[[grader]]` and `[[ambiguous]]` tables.
//!
//! Reads the form and joins two tables; whether what they say holds together
//! is checked by [`super::Register::from_file`].

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::Deserialize;

use super::facts::{DerivativeKind, GraderFacts, MakerFacts, ModelFacts, Verified, Weights};
use super::load::{RegisterError, check_claims};

/// A register as it is written, before its rules are checked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterFile {
    /// Models, one `[[model]]` each.
    #[serde(default, rename = "model")]
    pub models: Vec<ModelEntry>,
    /// Organisations, one `[[maker]]` each.
    #[serde(default, rename = "maker")]
    pub makers: Vec<MakerFacts>,
    /// Graders, one `[[grader]]` each.
    #[serde(default, rename = "grader")]
    pub graders: Vec<GraderFacts>,
    /// Names that mean different models, one `[[ambiguous]]` each.
    #[serde(default)]
    pub ambiguous: Vec<AmbiguousName>,
}

/// A model as it is written; see [`ModelFacts`] for the fields.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// Maker and model, lower case.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Id of the maker.
    pub maker: String,
    /// Id of the maker at the root of the chain; the maker itself where left out.
    #[serde(default)]
    pub base_model_maker: Option<String>,
    /// Id of the closest relative that it was made from.
    #[serde(default)]
    pub derivative_of: Option<String>,
    /// How it was made from it.
    #[serde(default)]
    pub derivative_kind: DerivativeKind,
    /// All parameters, in billions.
    #[serde(default)]
    pub params_total_b: Option<f64>,
    /// Parameters that one token uses, in billions; the total where `mixture = false`.
    #[serde(default)]
    pub params_active_b: Option<f64>,
    /// Whether it is a mixture of experts.
    #[serde(default)]
    pub mixture: Option<bool>,
    /// Whether the weights can be downloaded.
    pub weights: Weights,
    /// Month of release, `YYYY-MM`.
    #[serde(default)]
    pub released: Option<String>,
    /// Other spellings.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Where the size, or its absence, is stated.
    pub source: String,
    /// How far the size was checked.
    pub verified: Verified,
    /// What a reader of the row has to know besides.
    #[serde(default)]
    pub note: Option<String>,
}

/// Names that mean different models at different times or places.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AmbiguousName {
    /// The runtime, router or host under which this holds; anywhere where left out.
    #[serde(default)]
    pub provider: Option<String>,
    /// The names.
    pub names: Vec<String>,
    /// Ids of the models that they may mean.
    pub candidates: Vec<String>,
    /// Why nobody can tell.
    pub reason: String,
}

impl RegisterFile {
    /// Reads the form; unknown keys are errors.
    ///
    /// # Errors
    ///
    /// [`RegisterError::Syntax`] with line and column.
    pub fn parse(text: &str) -> Result<Self, RegisterError> {
        // The place alone: the message in full quotes a line of the file.
        toml::from_str(text).map_err(|error: toml::de::Error| {
            let place = error.span().map_or(String::new(), |span| {
                let before = text.get(..span.start).unwrap_or_default();
                let start = before.rfind('\n').map_or(0, |end| end + 1);
                let column = before.get(start..).unwrap_or_default().chars().count() + 1;
                let line = before.matches('\n').count() + 1;
                format!("line {line}, column {column}: ")
            });
            RegisterError::Syntax(format!("{place}{}", error.message()))
        })
    }

    /// Adds the entries of another part of the same table.
    pub fn append(&mut self, mut part: Self) {
        self.models.append(&mut part.models);
        self.makers.append(&mut part.makers);
        self.graders.append(&mut part.graders);
        self.ambiguous.append(&mut part.ambiguous);
    }

    /// Joins a table with one that wins over it.
    pub(super) fn overlaid_by(mut self, above: Self) -> Result<Self, RegisterError> {
        check_claims(&above)?;
        give_way(&mut self.models, &above.models);
        give_way(&mut self.makers, &above.makers);
        give_way(&mut self.graders, &above.graders);
        let decided: HashSet<String> = above
            .models
            .iter()
            .flat_map(Named::claims)
            .chain(
                above
                    .ambiguous
                    .iter()
                    .flat_map(|entry| entry.names.iter().map(String::as_str)),
            )
            .map(str::to_lowercase)
            .collect();
        for entry in &mut self.ambiguous {
            entry
                .names
                .retain(|name| !decided.contains(&name.to_lowercase()));
        }
        self.ambiguous.retain(|entry| !entry.names.is_empty());
        self.append(above);
        Ok(self)
    }
}

/// Takes from the entries below every id and spelling that the entries above claim.
fn give_way<E: Named>(below: &mut Vec<E>, above: &[E]) {
    let ids: HashSet<String> = above
        .iter()
        .map(|entry| entry.id().to_lowercase())
        .collect();
    below.retain(|entry| !ids.contains(&entry.id().to_lowercase()));
    let claimed: HashSet<String> = above
        .iter()
        .flat_map(Named::claims)
        .map(str::to_lowercase)
        .collect();
    for entry in below {
        entry.release(&claimed);
    }
}

/// An entry that claims spellings.
pub(super) trait Named {
    /// Its id.
    fn id(&self) -> &str;
    /// Every spelling that it claims: id, name and aliases.
    fn claims(&self) -> impl Iterator<Item = &str>;
    /// Gives up the spellings (folded) that another table claims; the id stays.
    fn release(&mut self, claimed: &HashSet<String>);
}

macro_rules! named {
    ($entry:ty, $($name:ident)?) => {
        impl Named for $entry {
            fn id(&self) -> &str {
                &self.id
            }
            fn claims(&self) -> impl Iterator<Item = &str> {
                [self.id.as_str() $(, self.$name.as_str())?]
                    .into_iter()
                    .chain(self.aliases.iter().map(String::as_str))
            }
            fn release(&mut self, claimed: &HashSet<String>) {
                self.aliases.retain(|alias| !claimed.contains(&alias.to_lowercase()));
                $(if claimed.contains(&self.$name.to_lowercase()) {
                    self.$name.clone_from(&self.id);
                })?
            }
        }
    };
}

named!(ModelEntry, name);
named!(MakerFacts, name);
named!(GraderFacts,);

impl ModelEntry {
    /// Fills in what follows from the other fields: the active size of a dense model and its own maker.
    pub(super) fn facts(&self) -> ModelFacts {
        let dense_total = self.params_total_b.filter(|_| self.mixture == Some(false));
        ModelFacts {
            id: self.id.clone(),
            name: self.name.clone(),
            maker: self.maker.clone(),
            base_model_maker: self
                .base_model_maker
                .clone()
                .unwrap_or_else(|| self.maker.clone()),
            derivative_of: self.derivative_of.clone(),
            derivative_kind: self.derivative_kind,
            params_total_b: self.params_total_b,
            params_active_b: self.params_active_b.or(dense_total),
            mixture: self.mixture,
            weights: self.weights,
            released: self.released.clone(),
            aliases: self.aliases.clone(),
            source: self.source.clone(),
            verified: self.verified,
            note: self.note.clone(),
        }
    }
}
