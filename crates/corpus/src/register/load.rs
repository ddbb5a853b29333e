//! The rules that every register keeps, checked when it is read.
//!
//! One pass over the entries; the first broken rule is the answer, with the
//! entry named. It does not judge whether a fact is true.

use std::collections::HashMap;

use super::facts::{DerivativeKind, MakerKind, ModelFacts};
use super::file::{ModelEntry, Named, RegisterFile};
use super::size::MAX_BILLIONS;
use super::{Index, Register, lower, one_separator};

/// What a name that is claimed twice should have named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A model.
    Model,
    /// A maker, runtime, router or host.
    Maker,
    /// A grader.
    Grader,
}

impl std::fmt::Display for NameKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Model => "model",
            Self::Maker => "maker",
            Self::Grader => "grader",
        })
    }
}

/// A rule that a register breaks.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Not TOML of the expected form.
    #[error(
        "the register cannot be read: {0}\nhint: its entries are `[[model]]`, `[[maker]]`, `[[grader]]` and `[[ambiguous]]`"
    )]
    Syntax(String),
    /// An entry whose id is empty.
    #[error("entry {position} of the {kind}s has an empty id\nhint: give every entry an `id`")]
    EmptyId {
        /// Which table.
        kind: NameKind,
        /// Position in the table, from 1.
        position: usize,
    },
    /// An id, name or alias that two entries claim.
    #[error(
        "the {kind} name `{name}` is claimed by `{first}` and by `{second}`\nhint: leave it to one of them; upper and lower case are the same"
    )]
    ClaimedTwice {
        /// Which table.
        kind: NameKind,
        /// The name.
        name: String,
        /// Id of the entry that comes first.
        first: String,
        /// Id of the entry that comes second.
        second: String,
    },
    /// A model by an organisation that is not listed, or that makes no models.
    #[error(
        "model `{model}` names the maker `{maker}`, which {problem}\nhint: use the `id` of a `[[maker]]` of kind `maker`"
    )]
    UnknownMaker {
        /// The model.
        model: String,
        /// The maker as written.
        maker: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A model that is referred to and not listed.
    #[error(
        "`{entry}` refers to the model `{model}`, which is not listed\nhint: use the `id` of a `[[model]]`"
    )]
    UnknownModel {
        /// The entry that refers.
        entry: String,
        /// The model as written.
        model: String,
    },
    /// Sizes that contradict each other or are no sizes.
    #[error("the size of model `{model}` cannot be right: {problem}")]
    Size {
        /// The model.
        model: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A derivative that does not fit its base.
    #[error("the origin of model `{model}` cannot be right: {problem}")]
    Derivative {
        /// The model.
        model: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// A month that is not `YYYY-MM`.
    #[error(
        "model `{model}` was released `{released}`, which is no month\nhint: write it as `2026-11`"
    )]
    Released {
        /// The model.
        model: String,
        /// The month as written.
        released: String,
    },
    /// A row without a source.
    #[error(
        "model `{model}` states no source\nhint: say in `source` where the size, or its absence, is stated"
    )]
    NoSource {
        /// The model.
        model: String,
    },
    /// An ambiguous name without a known provider or without candidates.
    #[error("the ambiguous name `{name}` {problem}")]
    Ambiguous {
        /// The first of its names.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
}

impl Register {
    /// Checks a table and indexes its spellings.
    ///
    /// # Errors
    ///
    /// The first rule that an entry breaks: a name claimed twice, a maker or
    /// base that is not listed, sizes or an origin that contradict themselves.
    pub fn from_file(file: RegisterFile) -> Result<Self, RegisterError> {
        let register = Self {
            model_index: index(&file.models, NameKind::Model)?,
            maker_index: index(&file.makers, NameKind::Maker)?,
            grader_index: index(&file.graders, NameKind::Grader)?,
            ambiguous_index: ambiguous_index(&file, str::to_owned),
            loose_index: loose_index(&file.models),
            loose_ambiguous_index: ambiguous_index(&file, one_separator),
            models: file.models.iter().map(ModelEntry::facts).collect(),
            file,
        };
        register.check()?;
        Ok(register)
    }

    fn check(&self) -> Result<(), RegisterError> {
        let by_id: HashMap<&str, &ModelFacts> = self
            .models
            .iter()
            .map(|model| (model.id.as_str(), model))
            .collect();
        let makers: HashMap<&str, MakerKind> = self
            .file
            .makers
            .iter()
            .map(|maker| (maker.id.as_str(), maker.kind))
            .collect();
        let listed = |entry: &str, model: &str| match by_id.contains_key(model) {
            true => Ok(()),
            false => Err(RegisterError::UnknownModel {
                entry: entry.to_owned(),
                model: model.to_owned(),
            }),
        };
        for model in &self.models {
            check_maker(model, &model.maker, &makers)?;
            check_maker(model, &model.base_model_maker, &makers)?;
            check_size(model)?;
            check_origin(model, &by_id)?;
            check_released(model)?;
            if model.source.trim().is_empty() {
                return Err(RegisterError::NoSource {
                    model: model.id.clone(),
                });
            }
        }
        for grader in &self.file.graders {
            grader
                .model
                .as_deref()
                .map_or(Ok(()), |model| listed(&grader.id, model))?;
        }
        for entry in &self.file.ambiguous {
            let name = entry.names.first().map_or("", String::as_str);
            let problem = |problem| RegisterError::Ambiguous {
                name: name.to_owned(),
                problem,
            };
            if name.is_empty() || entry.candidates.is_empty() {
                return Err(problem("needs names and candidates"));
            }
            if entry
                .provider
                .as_deref()
                .is_some_and(|provider| !makers.contains_key(provider))
            {
                return Err(problem(
                    "names a provider that is not the `id` of a `[[maker]]`",
                ));
            }
            entry
                .candidates
                .iter()
                .try_for_each(|model| listed(name, model))?;
        }
        Ok(())
    }
}

/// Checks that within one table no name is claimed twice.
pub(super) fn check_claims(file: &RegisterFile) -> Result<(), RegisterError> {
    index(&file.models, NameKind::Model)?;
    index(&file.makers, NameKind::Maker)?;
    index(&file.graders, NameKind::Grader)?;
    Ok(())
}

/// Maps every claimed spelling to its entry's position.
fn index<E: Named>(entries: &[E], kind: NameKind) -> Result<Index, RegisterError> {
    let mut index = Index::with_capacity(entries.len().saturating_mul(5));
    for (position, entry) in entries.iter().enumerate() {
        if entry.id().trim().is_empty() {
            return Err(RegisterError::EmptyId {
                kind,
                position: position.saturating_add(1),
            });
        }
        for claim in entry.claims() {
            let other = *index.entry(lower(claim.trim())).or_insert(position);
            // An entry with the id of another stands at another position, so ids are covered too.
            if other != position {
                return Err(RegisterError::ClaimedTwice {
                    kind,
                    name: claim.to_owned(),
                    first: entries
                        .get(other)
                        .map_or_else(String::new, |first| first.id().to_owned()),
                    second: entry.id().to_owned(),
                });
            }
        }
    }
    Ok(index)
}

/// Maps every claimed spelling with one separator to its entry's position.
fn loose_index(models: &[ModelEntry]) -> HashMap<String, Option<usize>> {
    let mut index: HashMap<String, Option<usize>> = HashMap::new();
    for (position, entry) in models.iter().enumerate() {
        for claim in entry.claims() {
            let key = one_separator(&lower(claim.trim()));
            let known = index.entry(key).or_insert(Some(position));
            if *known != Some(position) {
                *known = None;
            }
        }
    }
    index
}

fn ambiguous_index(
    file: &RegisterFile,
    spell: impl Fn(&str) -> String,
) -> HashMap<String, Vec<usize>> {
    let mut index: HashMap<String, Vec<usize>> = HashMap::new();
    for (position, entry) in file.ambiguous.iter().enumerate() {
        for name in &entry.names {
            index
                .entry(spell(&lower(name.trim())))
                .or_default()
                .push(position);
        }
    }
    index
}

fn check_maker(
    model: &ModelFacts,
    maker: &str,
    makers: &HashMap<&str, MakerKind>,
) -> Result<(), RegisterError> {
    let problem = match makers.get(maker) {
        Some(MakerKind::Maker) => return Ok(()),
        Some(_) => "makes no models",
        None => "is not listed",
    };
    Err(RegisterError::UnknownMaker {
        model: model.id.clone(),
        maker: maker.to_owned(),
        problem,
    })
}

fn check_size(model: &ModelFacts) -> Result<(), RegisterError> {
    let plausible = |size: f64| size > 0.0 && size <= MAX_BILLIONS;
    let problem = match (model.params_total_b, model.params_active_b, model.mixture) {
        (Some(total), _, _) if !plausible(total) => {
            "the total is not a positive number of billions"
        }
        (_, Some(active), _) if !plausible(active) => {
            "the active size is not a positive number of billions"
        }
        (None, Some(_), _) => "an active size stands without a total",
        (None, None, Some(_)) => "`mixture` is stated without a total",
        (Some(_), _, None) => "`mixture` is missing beside the total",
        (Some(total), Some(active), Some(_)) if active > total => "more is active than there is",
        (Some(total), Some(active), Some(true)) if active >= total => {
            "all experts of a mixture are active"
        }
        (Some(total), Some(active), Some(false)) if active < total => {
            "a part of a dense model is active"
        }
        _ => return Ok(()),
    };
    Err(RegisterError::Size {
        model: model.id.clone(),
        problem,
    })
}

fn check_origin(
    model: &ModelFacts,
    by_id: &HashMap<&str, &ModelFacts>,
) -> Result<(), RegisterError> {
    let problem = |problem| {
        Err(RegisterError::Derivative {
            model: model.id.clone(),
            problem,
        })
    };
    let Some(base) = model.derivative_of.as_deref() else {
        return match model.derivative_kind {
            DerivativeKind::None => Ok(()),
            // A base that is not known has to be owned up to.
            _ if model.note.is_some() => Ok(()),
            _ => problem("a derivative without `derivative_of` has to say why in `note`"),
        };
    };
    if model.derivative_kind == DerivativeKind::None {
        return problem("`derivative_of` is stated without a `derivative_kind`");
    }
    let Some(base) = by_id.get(base) else {
        return Err(RegisterError::UnknownModel {
            entry: model.id.clone(),
            model: base.to_owned(),
        });
    };
    if base.base_model_maker != model.base_model_maker {
        return problem("its `base_model_maker` is not that of the model it derives from");
    }
    match reaches_a_root(model, by_id) {
        true => Ok(()),
        false => problem("it derives from itself"),
    }
}

/// Follows `derivative_of`; a chain longer than the table has a loop.
fn reaches_a_root(model: &ModelFacts, by_id: &HashMap<&str, &ModelFacts>) -> bool {
    let mut next = model.derivative_of.as_deref();
    for _ in 0..=by_id.len() {
        match next.and_then(|id| by_id.get(id)) {
            Some(base) => next = base.derivative_of.as_deref(),
            None => return true,
        }
    }
    false
}

fn check_released(model: &ModelFacts) -> Result<(), RegisterError> {
    let is_month = |text: &str| {
        let digits =
            |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        text.split_once('-').is_some_and(|(year, month)| {
            digits(year, 4) && digits(month, 2) && ("01"..="12").contains(&month)
        })
    };
    match model.released.as_deref().filter(|text| !is_month(text)) {
        None => Ok(()),
        Some(released) => Err(RegisterError::Released {
            model: model.id.clone(),
            released: released.to_owned(),
        }),
    }
}
