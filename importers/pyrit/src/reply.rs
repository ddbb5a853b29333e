//! Turns one reply of the target, with the prompt before it, into a trace.
//!
//! What the target saw is the converted prompt, what it said is the original
//! reply. Paths of media are never opened; the digest that the source states of
//! their content stands for them.

use caveat_corpus::{Digest, Location, Outcome, PromptKey, Trace, digest::DigestBuilder};
use caveat_importer::{Options, secrets};
use serde_json::Value;

use crate::attacks::Attack;
use crate::fields::{Object, moment, needed, stated_digest, structured, text, uuid, word, words};
use crate::identifier::{Target, class};
use crate::seeds::Seeds;

/// What the source says of a reply in other places than its row.
pub(crate) struct Around<'a> {
    /// Whom its conversation is with.
    pub(crate) target: Option<&'a Target>,
    /// The attack that its conversation is of.
    pub(crate) attack: Option<&'a Attack>,
    /// Prompts of data sets.
    pub(crate) seeds: &'a Seeds,
    /// Messages of the attacker up to it.
    pub(crate) turns: u32,
}

/// A trace without grades, and what is worth a note.
pub(crate) struct Read {
    /// The trace.
    pub(crate) trace: Trace,
    /// The model is named by the class of its target.
    pub(crate) is_named_by_class: bool,
}

/// Reads a reply.
pub(crate) fn trace(
    piece: &Object,
    prompts: &[Object],
    around: &Around<'_>,
    location: Location,
    options: &Options,
) -> Result<Read, String> {
    let limits = &options.limits;
    let (outcome, said) = said(piece)?;
    let (prompt, prompt_text) = prompt(prompts)?;
    let (name, is_model) = model(piece, prompts, around, options)?;
    let converters = converters(piece, prompts, options)?;
    let family = attack_family(piece, prompts, around, options);
    let (dataset, seed_harm) = around.seeds.of(prompts, around.attack);
    let harm = harm(piece, prompts, around, options).or(seed_harm);
    let metadata = structured(piece, "prompt_metadata", limits).unwrap_or_default();
    let tokens = |field: &str| metadata.get(field).and_then(Value::as_u64);
    for (field, value) in [
        ("the model", Some(&name)),
        ("the converters", converters.as_ref()),
        ("the attack", family.as_ref()),
        ("the data set", dataset.as_ref()),
        ("the harm category", harm.as_ref()),
    ] {
        if let Some(value) = value {
            limits.check_name(field, value)?;
        }
    }
    let trace = Trace {
        location,
        run_id: Some(uuid(needed(piece, "conversation_id")?)),
        record_id: Some(uuid(match word(piece, "original_prompt_id")? {
            Some(original) => original,
            None => needed(piece, "id")?,
        })),
        model: secrets::model_name(name, None),
        prompt,
        prompt_text: prompt_text.filter(|_| options.keep_text),
        dataset,
        technique: converters.or_else(|| family.clone()),
        attack_family: family,
        harm_category: harm,
        attempt: None,
        turns: Some(around.turns).filter(|turns| *turns > 0),
        observed_at: moment(piece, "timestamp")?,
        prompt_tokens: tokens("token_usage_input_tokens"),
        response_tokens: tokens("token_usage_output_tokens"),
        duration_ms: None,
        response_digest: said.digest(),
        response_text: said.text().filter(|_| options.keep_text),
        outcome,
        grades: Vec::new(),
    };
    Ok(Read {
        trace,
        is_named_by_class: !is_model,
    })
}

/// What a piece says.
enum Said<'a> {
    /// Words.
    Text(&'a str),
    /// An image, a sound, a file: the digest of its content, where it is stated.
    Media(Option<Digest>),
    /// Nothing.
    Nothing,
}

impl Said<'_> {
    fn digest(&self) -> Option<Digest> {
        match self {
            Said::Text(text) => Some(Digest::of(text.as_bytes())),
            Said::Media(digest) => *digest,
            Said::Nothing => None,
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Said::Text(text) => Some((*text).to_owned()),
            Said::Media(_) | Said::Nothing => None,
        }
    }
}

fn said(piece: &Object) -> Result<(Outcome, Said<'_>), String> {
    let kind = data_type(piece, "original")?;
    let error = word(piece, "response_error")?.unwrap_or("none");
    let value = match text(piece, "original_value")? {
        Some(value) => Some(value),
        None => text(piece, "converted_value")?,
    };
    let content = match value {
        Some(_) if is_media(kind) => Said::Media(stated_digest(piece, "original_value_sha256")),
        // What stands there is the message of an error, not a reply.
        Some(_) if kind == "error" => Said::Nothing,
        Some(value) => Said::Text(value),
        None => Said::Nothing,
    };
    Ok(match error {
        "none" if kind == "error" => (Outcome::Error, Said::Nothing),
        "none" => match content {
            Said::Nothing => return Err("`original_value` is missing".to_owned()),
            content => (Outcome::Response, content),
        },
        // The target answered with nothing, which is an answer.
        "empty" => match content {
            Said::Nothing => (Outcome::Response, Said::Text("")),
            content => (Outcome::Response, content),
        },
        "blocked" => match content {
            Said::Text("") => (Outcome::Filtered, Said::Nothing),
            content => (Outcome::Filtered, content),
        },
        "processing" | "unknown" => (Outcome::Error, Said::Nothing),
        other => {
            let shown: String = other.chars().take(80).collect();
            return Err(format!("`response_error` holds the unknown word `{shown}`"));
        }
    })
}

fn data_type<'a>(piece: &'a Object, which: &str) -> Result<&'a str, String> {
    let field = match which {
        "original" => "original_value_data_type",
        _ => "converted_value_data_type",
    };
    Ok(word(piece, field)?.unwrap_or("text"))
}

fn is_media(data_type: &str) -> bool {
    data_type.ends_with("_path")
}

/// The key and the text of a prompt, which may have several parts.
fn prompt(pieces: &[Object]) -> Result<(Option<PromptKey>, Option<String>), String> {
    let mut parts = Vec::with_capacity(pieces.len());
    for piece in pieces {
        parts.push(seen(piece).map_err(|reason| format!("in its prompt, {reason}"))?);
    }
    let texts: Vec<&str> = parts
        .iter()
        .filter_map(|(_, part)| match part {
            Said::Text(text) => Some(*text),
            Said::Media(_) | Said::Nothing => None,
        })
        .collect();
    let text = (!texts.is_empty()).then(|| texts.join("\n"));
    let digest = match &parts[..] {
        [] => None,
        [(_, only)] => only.digest(),
        parts => {
            let mut builder = DigestBuilder::new("caveat/pyrit/prompt/1");
            for (kind, part) in parts {
                let digest = part.digest();
                builder.part(kind.as_bytes());
                builder.optional(digest.as_ref().map(|digest| digest.as_bytes().as_slice()));
            }
            Some(builder.finish())
        }
    };
    Ok((digest.map(PromptKey::Text), text))
}

/// What the target saw of a part, with its type.
fn seen(piece: &Object) -> Result<(&str, Said<'_>), String> {
    let converted = text(piece, "converted_value")?;
    let (kind, value, digest) = match converted {
        Some(value) => (
            data_type(piece, "converted")?,
            Some(value),
            "converted_value_sha256",
        ),
        None => (
            data_type(piece, "original")?,
            text(piece, "original_value")?,
            "original_value_sha256",
        ),
    };
    let part = match value {
        Some(_) if is_media(kind) => Said::Media(stated_digest(piece, digest)),
        Some(value) => Said::Text(value),
        None => Said::Nothing,
    };
    Ok((kind, part))
}

/// The model's name as spelled, and whether it is one.
fn model(
    piece: &Object,
    prompts: &[Object],
    around: &Around<'_>,
    options: &Options,
) -> Result<(String, bool), String> {
    let rows = std::iter::once(piece).chain(prompts);
    let stated = rows
        .filter_map(|row| structured(row, "prompt_target_identifier", &options.limits))
        .map(|identifier| Target::of(&identifier));
    let aimed = around.attack.and_then(|attack| attack.target.as_deref());
    let targets: Vec<Target> = stated
        .chain(around.target.into_iter().chain(aimed).cloned())
        .collect();
    let names = || targets.iter().filter_map(Target::name);
    let found = names()
        .find(|(_, is_model)| *is_model)
        .or_else(|| names().next());
    let (name, is_model) = found.ok_or("nothing says which target it is of")?;
    Ok((name.to_owned(), is_model))
}

/// The converters of the prompt, in their order.
fn converters(
    piece: &Object,
    prompts: &[Object],
    options: &Options,
) -> Result<Option<String>, String> {
    let rows = prompts.iter().chain(prompts.is_empty().then_some(piece));
    for row in rows {
        let names = match structured(row, "converter_identifiers", &options.limits) {
            None => continue,
            Some(Value::Array(converters)) => converters,
            Some(converter) => vec![converter],
        };
        let names: Vec<&str> = names
            .iter()
            .filter_map(|converter| converter.as_str().or_else(|| class(converter)))
            .collect();
        if !names.is_empty() {
            return Ok(Some(names.join(" + ")));
        }
    }
    Ok(None)
}

/// The class of the attack, or of what older versions called orchestrator.
fn attack_family(
    piece: &Object,
    prompts: &[Object],
    around: &Around<'_>,
    options: &Options,
) -> Option<String> {
    if let Some(family) = around.attack.and_then(|attack| attack.family.as_deref()) {
        return Some(family.to_owned());
    }
    let rows = || std::iter::once(piece).chain(prompts);
    ["attack_identifier", "orchestrator_identifier"]
        .into_iter()
        .flat_map(|field| rows().map(move |row| (row, field)))
        .find_map(|(row, field)| {
            let identifier = structured(row, field, &options.limits)?;
            class(&identifier).map(str::to_owned)
        })
}

fn harm(
    piece: &Object,
    prompts: &[Object],
    around: &Around<'_>,
    options: &Options,
) -> Option<String> {
    let rows = || std::iter::once(piece).chain(prompts);
    rows()
        .find_map(|row| words(structured(row, "targeted_harm_categories", &options.limits)))
        .or_else(|| around.attack?.harm.as_deref().map(str::to_owned))
        .or_else(|| {
            rows().find_map(|row| {
                let labels = structured(row, "labels", &options.limits)?;
                words(labels.get("harm_category").cloned())
            })
        })
}
