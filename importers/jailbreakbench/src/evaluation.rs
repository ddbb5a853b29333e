//! Reads an evaluation file of the benchmark's tooling.
//!
//! It maps a model to behaviours, and a behaviour to prompt, reply and verdict.
//! The member `details` is no model: it says when and through what the models
//! were asked.

use caveat_corpus::{Location, ModelName};
use caveat_importer::text::printable;
use caveat_importer::{Options, Reject, Sink, SourceFacts};
use serde::Deserialize;
use serde_json::Value;

use crate::Raw;
use crate::artifact::run_id;
use crate::entry::{self, Common, Tally, UNNAMED_JUDGE};
use crate::file::{Fault, Members, Text, parse_object};

const SHAPE_HINT: &str = "an artifact has `parameters` and `jailbreaks`, an evaluation file \
    maps models to behaviours; importers/jailbreakbench/README.md shows both";

/// What the file says of the evaluation as a whole.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    llm_provider: Value,
    evaluation_date: Value,
    defense: Value,
}

/// Reads every behaviour of every model.
pub(crate) fn read(
    text: &Text<'_>,
    members: &Members<'_>,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, Fault> {
    let is_details = |name: &str| name == "details";
    let models = || members.0.iter().filter(|(name, _)| !is_details(name));
    if !models().any(|(_, value)| holds_replies(value)) {
        return Err(Fault::content(
            "expected `parameters` and `jailbreaks`, or models with behaviours; found neither",
            SHAPE_HINT,
        ));
    }
    members.refuse_repeats()?;
    let details = members.0.iter().find(|(name, _)| is_details(name));
    let details = match details {
        Some((_, raw)) => details_of(raw, options)?,
        None => Details::default(),
    };
    let mut tally = Tally::default();
    for (model, raw) in models() {
        let behaviours: Result<Members<'_>, _> = serde_json::from_str(raw.get());
        let (common, behaviours) = match (common(model, &details, options), behaviours) {
            (Ok(common), Ok(behaviours)) => (common, behaviours),
            (Err(reason), _) => {
                sink.reject(model_reject(text, model, raw, reason))?;
                continue;
            }
            (_, Err(_)) => {
                let reason = "expected an object of behaviours".to_owned();
                sink.reject(model_reject(text, model, raw, reason))?;
                continue;
            }
        };
        for (behavior, raw) in &behaviours.0 {
            let location = Location {
                entry: Some(shortened(model)),
                record: Some(shortened(behavior)),
                byte: text.offset(raw),
            };
            entry::send(
                &common,
                raw,
                Some(behavior),
                location,
                options,
                sink,
                &mut tally,
            )?;
        }
    }
    Ok(SourceFacts {
        format_version: None,
        notes: vec![
            format!(
                "`jailbroken` is read as the verdict of `{UNNAMED_JUDGE}`: true is compliance, false is refusal"
            ),
            "an evaluation file names no attack and no category, and the artifact made from it \
             holds the same replies: import one of the two"
                .to_owned(),
        ],
    })
}

/// Whether a member looks like a model's behaviours: an object of objects that
/// have a reply and a verdict.
fn holds_replies(value: Raw<'_>) -> bool {
    let Ok(behaviours) = serde_json::from_str::<Members<'_>>(value.get()) else {
        return false;
    };
    behaviours.0.iter().any(|(_, entry)| {
        serde_json::from_str::<Members<'_>>(entry.get()).is_ok_and(|fields| {
            let has = |name: &str| fields.0.iter().any(|(key, _)| key == name);
            has("response") && has("jailbroken")
        })
    })
}

fn details_of(raw: Raw<'_>, options: &Options) -> Result<Details, Fault> {
    parse_object(raw, options.limits).map_err(|reason| {
        let reason = printable(&reason);
        Fault::content(format!("`details`: {reason}"), SHAPE_HINT)
    })
}

fn common(model: &str, details: &Details, options: &Options) -> Result<Common, String> {
    options.limits.check_name("the model's name", model)?;
    if model.is_empty() {
        return Err("the model's name is empty".to_owned());
    }
    let name = |value: &Value, field: &str| entry::named(value, field, options);
    let date = name(&details.evaluation_date, "evaluation_date")?;
    let defense = name(&details.defense, "defense")?;
    Ok(Common {
        model: ModelName {
            name: model.to_owned(),
            provider: name(&details.llm_provider, "llm_provider")?,
            coded_size: None,
        },
        run_id: run_id(&[&Some("evaluation".to_owned()), &defense, &date]),
        technique: defense.map(|defense| format!("against {defense}")),
        attack_family: None,
        observed_at: date,
        judge: UNNAMED_JUDGE.to_owned(),
    })
}

/// A model whose behaviours cannot be read is one reject: how many there are is unknown.
fn model_reject(text: &Text<'_>, model: &str, raw: Raw<'_>, reason: String) -> Reject {
    Reject {
        location: Location {
            entry: Some(shortened(model)),
            record: None,
            byte: text.offset(raw),
        },
        reason,
    }
}

/// A key as a place: its start tells it apart, its length is of no use there.
fn shortened(key: &str) -> String {
    key.chars().take(200).collect()
}
