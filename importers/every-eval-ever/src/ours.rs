//! Rows and results that `caveat export` wrote: what was exported comes back as it was.

use std::collections::BTreeMap;
use std::str::FromStr;

use caveat_corpus::{
    Digest, Grade, GraderKind, Location, ModelName, Outcome, PromptKey, Trace, Verdict,
};
use caveat_importer::{quote, secrets};

use crate::extension as name;
use crate::row::Row;

/// Whether metadata are those of an export.
pub(crate) fn is_marked(metadata: &BTreeMap<String, String>) -> bool {
    metadata.contains_key(name::MARK)
}

/// The trace of a marked row.
pub(crate) fn trace(row: Row, location: Location, keep_text: bool) -> Result<Trace, String> {
    let said = Said(&row.metadata);
    said.version()?;
    let texts = said.text(name::TEXTS).unwrap_or_default();
    let has = |what: &str| texts.split(' ').any(|word| word == what);
    let response_digest: Option<Digest> = said.parsed(name::RESPONSE_SHA256, |text| {
        Digest::from_hex(text).map_err(|error| error.to_string())
    })?;
    let response = row.outputs.first().filter(|_| has("response"));
    if let Some(response) = response
        && Some(Digest::of(response.as_bytes())) != response_digest
    {
        return Err(format!(
            "the response does not have the digest in `{}`",
            name::RESPONSE_SHA256
        ));
    }
    let prompt = row.prompt.as_ref().filter(|_| has("prompt"));
    let outcome = said.parsed(name::OUTCOME, |word| {
        let found = Outcome::ALL.into_iter().find(|known| known.name() == word);
        found.ok_or_else(|| "no outcome has this name".to_owned())
    })?;
    let owned = |key: &str| said.text(key).map(str::to_owned);
    Ok(Trace {
        location,
        run_id: Some(row.evaluation_id.clone()),
        record_id: Some(row.sample_id.clone()),
        model: ModelName {
            coded_size: owned(name::CODED_SIZE),
            ..secrets::model_name(row.model_id.clone(), owned(name::PROVIDER))
        },
        prompt: said.prompt()?,
        prompt_text: prompt.filter(|_| keep_text).cloned(),
        dataset: owned(name::DATASET),
        technique: owned(name::TECHNIQUE),
        attack_family: owned(name::ATTACK_FAMILY),
        harm_category: owned(name::HARM_CATEGORY),
        attempt: said.number(name::ATTEMPT)?,
        turns: said.number(name::TURNS)?,
        observed_at: owned(name::OBSERVED_AT),
        prompt_tokens: said.number(name::PROMPT_TOKENS)?,
        response_tokens: said.number(name::RESPONSE_TOKENS)?,
        duration_ms: said.number(name::DURATION_MS)?,
        response_digest,
        response_text: response.filter(|_| keep_text).cloned(),
        outcome: outcome.ok_or_else(|| format!("`{}` is missing", name::OUTCOME))?,
        grades: said.grade()?.into_iter().collect(),
    })
}

/// Metadata that an export wrote.
pub(crate) struct Said<'a>(pub(crate) &'a BTreeMap<String, String>);

impl<'a> Said<'a> {
    /// Refuses names of a version that is not known.
    pub(crate) fn version(&self) -> Result<(), String> {
        match self.text(name::MARK) {
            Some(name::VERSION) => Ok(()),
            _ => Err(format!(
                "`{}` is not {}: a newer caveat wrote it",
                name::MARK,
                name::VERSION
            )),
        }
    }

    pub(crate) fn text(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).map(String::as_str)
    }

    fn parsed<T>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let parsed = self.text(key).map(parse).transpose();
        parsed.map_err(|problem| format!("`{key}`: {problem}"))
    }

    /// A number without a sign or a fraction.
    pub(crate) fn number<N: FromStr>(&self, key: &str) -> Result<Option<N>, String> {
        self.parsed(key, |text| {
            text.parse()
                .map_err(|_| "it is no whole number in range".to_owned())
        })
    }

    pub(crate) fn kind(&self) -> Result<Option<GraderKind>, String> {
        self.parsed(name::GRADER_KIND, |word| {
            let found = GraderKind::ALL.into_iter().find(|kind| kind.name() == word);
            found.ok_or_else(|| "no kind of grader has this name".to_owned())
        })
    }

    fn prompt(&self) -> Result<Option<PromptKey>, String> {
        if let (Some(dataset), Some(id)) =
            (self.text(name::PROMPT_DATASET), self.text(name::PROMPT_ID))
        {
            let (dataset, id) = (dataset.to_owned(), id.to_owned());
            return Ok(Some(PromptKey::Id { dataset, id }));
        }
        let digest = self.parsed(name::PROMPT_SHA256, |text| {
            Digest::from_hex(text).map_err(|error| error.to_string())
        })?;
        Ok(digest.map(PromptKey::Text))
    }

    fn grade(&self) -> Result<Option<Grade>, String> {
        let verdict = self.parsed(name::VERDICT, |word| {
            word.parse::<Verdict>()
                .map_err(|_| format!("unknown verdict word {}", quote::word(word)))
        })?;
        let (Some(verdict), Some(kind)) = (verdict, self.kind()?) else {
            return Ok(None);
        };
        let owned = |key: &str| self.text(key).map(str::to_owned);
        Ok(Some(Grade {
            grader: owned(name::GRADER),
            kind,
            verdict,
            raw: owned(name::RAW),
            version: owned(name::GRADER_VERSION),
            graded_at: owned(name::GRADED_AT),
        }))
    }
}
