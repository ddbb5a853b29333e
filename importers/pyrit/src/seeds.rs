//! Data sets of prompts that a database keeps: which one a prompt is from.
//!
//! A prompt is found by the digest of its text as the attacker wrote it, or of
//! the objective of its attack. One that two data sets hold is of neither.

use std::collections::HashMap;

use caveat_corpus::Digest;
use caveat_importer::Limits;

use crate::attacks::Attack;
use crate::fields::{Object, stated_digest, structured, text, word, words};

/// What a data set says of a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seed {
    dataset: Option<String>,
    harm: Option<String>,
}

/// Prompts of data sets by the digest of their text.
#[derive(Debug, Default)]
pub(crate) struct Seeds(HashMap<Digest, Option<Seed>>);

impl Seeds {
    /// Adds a row of `SeedPromptEntries`.
    pub(crate) fn add(&mut self, row: &Object, limits: &Limits) -> Result<(), String> {
        let digest = match stated_digest(row, "value_sha256") {
            Some(digest) => Some(digest),
            None => text(row, "value")?.map(|value| Digest::of(value.as_bytes())),
        };
        let Some(digest) = digest else {
            return Ok(());
        };
        let seed = Seed {
            dataset: word(row, "dataset_name")?.map(str::to_owned),
            harm: words(structured(row, "harm_categories", limits)),
        };
        self.0
            .entry(digest)
            .and_modify(|known| {
                if known.as_ref() != Some(&seed) {
                    *known = None;
                }
            })
            .or_insert(Some(seed));
        Ok(())
    }

    /// Data set and harm category of a prompt.
    pub(crate) fn of(
        &self,
        prompts: &[Object],
        attack: Option<&Attack>,
    ) -> (Option<String>, Option<String>) {
        let seed = self.find(prompts, attack);
        let dataset = seed.and_then(|seed| seed.dataset.clone());
        let stated = attack.and_then(|attack| attack.dataset.as_deref().map(str::to_owned));
        (stated.or(dataset), seed.and_then(|seed| seed.harm.clone()))
    }

    fn find(&self, prompts: &[Object], attack: Option<&Attack>) -> Option<&Seed> {
        if self.0.is_empty() {
            return None;
        }
        let written = prompts.iter().filter_map(|prompt| {
            let value = prompt.get("original_value")?.as_str()?;
            Some(Digest::of(value.as_bytes()))
        });
        let objective = attack.and_then(|attack| attack.objective);
        written
            .chain(objective)
            .find_map(|digest| self.0.get(&digest)?.as_ref())
    }
}
