//! Which of the kept models are one model under several spellings, or seem to be.

use std::collections::{BTreeMap, BTreeSet};

use caveat_corpus::register::Register;

use crate::selection::{CountedAs, ModelFact, Spellings};

/// A kept model with its spellings.
pub(crate) struct Named<'a> {
    /// What is known of it, under the first of its spellings.
    pub(crate) fact: &'a ModelFact,
    /// Every spelling that is counted as this model.
    pub(crate) spelled: &'a BTreeSet<String>,
    /// What all its spellings have in common, if the register knows the model.
    pub(crate) one_name: Option<&'a str>,
}

/// Finds the kept models whose names mean one model by the register, or that
/// differ by no more than spelling. Of neither is anything guessed: only the
/// register makes two names one.
pub(crate) fn found<'a>(
    kept: impl Iterator<Item = Named<'a>>,
    register: &Register,
) -> Vec<Spellings> {
    let mut found = Vec::new();
    let mut listed: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    let mut alike: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for named in kept {
        let provider = &named.fact.provider;
        let one = (named.fact.model.clone(), provider.clone());
        match named.one_name {
            Some(name) => listed.entry(name).or_default().push(one),
            None => {
                let name = register.alike(&named.fact.model);
                alike.entry(name).or_default().push(one);
            }
        }
        if named.spelled.len() > 1 {
            let names = named.spelled.iter();
            found.push(Spellings {
                names: names.map(|name| (name.clone(), provider.clone())).collect(),
                counted: CountedAs::One,
            });
        }
    }
    let several = |names: Vec<(String, String)>, counted| {
        (names.len() > 1).then_some(Spellings { names, counted })
    };
    let by_register = listed.into_values();
    found.extend(by_register.filter_map(|names| several(names, CountedAs::OnePerProvider)));
    let by_spelling = alike.into_values();
    found.extend(by_spelling.filter_map(|names| several(names, CountedAs::Several)));
    found
}
