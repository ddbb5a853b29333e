//! Attacks that ended without a reply in the file.
//!
//! One that broke off with an error is a trace without a reply: the prompt was
//! to be sent, and nothing came back. Any other outcome rests on a reply that
//! is not there, so that its row is rejected.

use caveat_corpus::{Digest, Location, Outcome, PromptKey, Record, Trace};
use caveat_importer::{Options, Reject, Sink, secrets};

use crate::attacks::Attack;
use crate::database::{Source, locate};
use crate::fault::Fault;
use crate::fields::{Object, needed, text, uuid};
use crate::gather::{ATTACK_COLUMNS, Gathered};
use crate::graders::outcome_grade;
use crate::schema::ATTACKS;

/// Sends the attacks at these positions on.
pub(crate) fn send(
    source: &Source,
    silent: &[u32],
    found: &mut Gathered,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<(), Fault> {
    let Some(select) = source.select(ATTACKS, &ATTACK_COLUMNS) else {
        return Ok(());
    };
    for position in silent {
        let position = usize::try_from(*position).unwrap_or(usize::MAX);
        let Some(attack) = found.context.attacks.get(position) else {
            continue;
        };
        let row = source.row(&select, attack.at)?;
        let location = locate(ATTACKS, attack.at, row.as_ref().ok());
        match row.and_then(|row| trace(attack, &row, location.clone(), options)) {
            Ok(trace) => {
                found.told.silent_errors += 1;
                sink.record(Record::Trace(Box::new(trace)))?;
            }
            Err(reason) => sink.reject(Reject { location, reason })?,
        }
    }
    Ok(())
}

fn trace(
    attack: &Attack,
    row: &Object,
    location: Location,
    options: &Options,
) -> Result<Trace, String> {
    if &*attack.outcome != "error" {
        return Err("its last reply is not in the file".to_owned());
    }
    let target = attack.target.as_deref();
    let (name, _) = target
        .and_then(|target| target.name())
        .ok_or("it broke off with an error, and nothing says which target it is of")?;
    options.limits.check_name("the model", name)?;
    let objective = text(row, "objective")?;
    let shared = |text: &Option<std::rc::Rc<str>>| text.as_deref().map(str::to_owned);
    Ok(Trace {
        location,
        run_id: Some(uuid(needed(row, "conversation_id")?)),
        record_id: Some(uuid(needed(row, "id")?)),
        model: secrets::model_name(name.to_owned(), None),
        prompt: objective.map(|text| PromptKey::Text(Digest::of(text.as_bytes()))),
        prompt_text: objective.filter(|_| options.keep_text).map(str::to_owned),
        dataset: shared(&attack.dataset),
        technique: shared(&attack.family),
        attack_family: shared(&attack.family),
        harm_category: shared(&attack.harm),
        attempt: None,
        turns: None,
        observed_at: attack.at_time.clone(),
        prompt_tokens: None,
        response_tokens: None,
        duration_ms: None,
        response_digest: None,
        response_text: None,
        outcome: Outcome::Error,
        grades: outcome_grade(&attack.outcome, attack.at_time.as_deref())
            .into_iter()
            .collect(),
    })
}
