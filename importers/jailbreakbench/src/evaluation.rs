//! Reads an evaluation file of the benchmark's tooling.
//!
//! It maps a model to behaviours, and a behaviour to prompt, reply and verdict.
//! The member `details` is no model: it says when and through what the models
//! were asked.

use std::path::Path;

use caveat_corpus::Location;
use caveat_importer::json::{Content, Key};
use caveat_importer::text::printable;
use caveat_importer::{Options, Reject, Sink, SinkClosed, SourceFacts, secrets};
use serde::Deserialize;
use serde_json::Value;

use crate::artifact::run_id;
use crate::entry::{self, Common, Tally, UNNAMED_JUDGE};
use crate::file::{self, Fault, Member, Outline, parse_object};

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
    path: &Path,
    outline: &Outline,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, Fault> {
    if !outline.members.iter().any(|member| member.holds_replies) {
        return Err(Fault::content(
            "expected `parameters` and `jailbreaks`, or models with behaviours; found neither",
            SHAPE_HINT,
        ));
    }
    let details = match &outline.details {
        Some(bytes) => details_of(bytes, options)?,
        None => Details::default(),
    };
    let mut models = Models::new(outline, &details, options);
    let mut pieces = file::pieces(path, &["*"], options.limits)?.ignoring(&["details"]);
    let mut tally = Tally::default();
    while let Some(piece) = pieces.next_piece()? {
        let common = models.common_at(piece.byte, sink)?;
        // What stands outside of a usable model was rejected with its member.
        let (Some(common), false, Key::Name(behavior)) = (common, piece.path.is_empty(), piece.key)
        else {
            continue;
        };
        let location = Location {
            entry: Some(shortened(piece.path)),
            record: Some(shortened(behavior)),
            byte: Some(piece.byte),
        };
        entry::send(
            common,
            piece.content,
            Some(behavior),
            location,
            options,
            sink,
            &mut tally,
        )?;
    }
    models.common_at(u64::MAX, sink)?;
    sink.progress(pieces.bytes_read());
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

/// The models in the order of the file, of which one is at hand.
struct Models<'a> {
    members: std::slice::Iter<'a, Member>,
    next: Option<&'a Member>,
    details: &'a Details,
    options: &'a Options,
    common: Option<Common>,
}

impl<'a> Models<'a> {
    fn new(outline: &'a Outline, details: &'a Details, options: &'a Options) -> Self {
        let mut members = outline.members.iter();
        Self {
            next: members.next(),
            members,
            details,
            options,
            common: None,
        }
    }

    /// What the entries at this byte have in common; `None` if their model
    /// cannot be read. Models up to there that cannot be read are rejected.
    fn common_at(&mut self, byte: u64, sink: &mut dyn Sink) -> Result<Option<&Common>, SinkClosed> {
        while let Some(member) = self.next.filter(|member| member.byte <= byte) {
            self.next = self.members.next();
            self.common = match usable(member, self.details, self.options) {
                Ok(common) => Some(common),
                Err(reason) => {
                    sink.reject(model_reject(member, reason))?;
                    None
                }
            };
        }
        Ok(self.common.as_ref())
    }
}

fn usable(member: &Member, details: &Details, options: &Options) -> Result<Common, String> {
    let common = common(&member.name, details, options)?;
    if !member.is_object {
        return Err("expected an object of behaviours".to_owned());
    }
    Ok(common)
}

fn details_of(bytes: &[u8], options: &Options) -> Result<Details, Fault> {
    parse_object(Content::Whole(bytes), options.limits).map_err(|reason| {
        let reason = printable(&reason);
        Fault::content(format!("`details`: {reason}"), SHAPE_HINT)
    })
}

fn common(model: &str, details: &Details, options: &Options) -> Result<Common, String> {
    options.limits.check_name("the model's name", model)?;
    if model.trim().is_empty() {
        return Err("the model's name is empty".to_owned());
    }
    let name = |value: &Value, field: &str| entry::named(value, field, options);
    let date = name(&details.evaluation_date, "evaluation_date")?;
    let defense = name(&details.defense, "defense")?;
    Ok(Common {
        model: secrets::model_name(
            model.to_owned(),
            name(&details.llm_provider, "llm_provider")?,
        ),
        run_id: run_id(&[&Some("evaluation".to_owned()), &defense, &date]),
        technique: defense.map(|defense| format!("against {defense}")),
        attack_family: None,
        observed_at: date,
        judge: UNNAMED_JUDGE.to_owned(),
    })
}

/// A model whose behaviours cannot be read is one reject: how many there are is unknown.
fn model_reject(member: &Member, reason: String) -> Reject {
    Reject {
        location: Location {
            entry: Some(shortened(&member.name)),
            record: None,
            byte: Some(member.byte),
        },
        reason,
    }
}

/// A key as a place: its start tells it apart, its length is of no use there.
fn shortened(key: &str) -> String {
    key.chars().take(200).collect()
}
