//! Reads an attack artifact: `parameters` and the list `jailbreaks`.
//!
//! The parameters may stand before or after the list. Printed totals are
//! compared with what the entries add up to; the entries win.

use std::path::Path;

use caveat_corpus::Location;
use caveat_importer::json::{Content, Key};
use caveat_importer::text::printable;
use caveat_importer::{Options, Sink, SourceFacts, secrets};
use serde::Deserialize;
use serde_json::Value;

use crate::entry::{self, Common, Tally, UNNAMED_JUDGE};
use crate::file::{self, Fault, parse_object};

/// What to do about a file that is no artifact.
pub(crate) const SHAPE_HINT: &str = "compare the file with the artifacts that the benchmark publishes; \
    importers/jailbreakbench/README.md lists the keys";

/// The parameters that are read. Others, among them endpoints and templates, are left alone.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Parameters {
    method: Value,
    model: Value,
    attack_type: Value,
    defense: Value,
    evaluation_date: Value,
    evaluation_llm_provider: Value,
    attack_success_rate: Value,
    total_number_of_jailbreaks: Value,
    number_of_submitted_prompts: Value,
    method_parameters: Value,
}

/// Entries between two reports of progress.
const PROGRESS_ENTRIES: u64 = 1000;

/// Reads the entries of an artifact.
pub(crate) fn read(
    path: &Path,
    parameters: &[u8],
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, Fault> {
    let parameters = Content::Whole(parameters);
    let parameters: Parameters = parse_object(parameters, options.limits).map_err(|reason| {
        let reason = printable(&reason);
        Fault::content(format!("`parameters`: {reason}"), SHAPE_HINT)
    })?;
    let common = common(&parameters, options)
        .map_err(|reason| Fault::content(format!("in `parameters`, {reason}"), SHAPE_HINT))?;
    let mut pieces = file::pieces(path, &["jailbreaks"], options.limits)?;
    let mut tally = Tally::default();
    while let Some(piece) = pieces.next_piece()? {
        let (false, Key::Index(position)) = (piece.path.is_empty(), piece.key) else {
            continue;
        };
        let location = Location {
            entry: Some("jailbreaks".to_owned()),
            record: Some(position.to_string()),
            byte: Some(piece.byte),
        };
        entry::send(
            &common,
            piece.content,
            None,
            location,
            options,
            sink,
            &mut tally,
        )?;
        if position.is_multiple_of(PROGRESS_ENTRIES) {
            sink.progress(pieces.bytes_read());
        }
    }
    sink.progress(pieces.bytes_read());
    Ok(SourceFacts {
        format_version: None,
        notes: notes(&common, &parameters, tally),
    })
}

fn common(parameters: &Parameters, options: &Options) -> Result<Common, String> {
    let name = |value: &Value, field: &str| entry::named(value, field, options);
    let method = name(&parameters.method, "method")?;
    let attack_type = name(&parameters.attack_type, "attack_type")?;
    let defense = name(&parameters.defense, "defense")?;
    let date = name(&parameters.evaluation_date, "evaluation_date")?;
    let judge = parameters.method_parameters.get("judge-model");
    let judge = name(judge.unwrap_or(&Value::Null), "judge-model")?.map(secrets::cleaned);
    Ok(Common {
        model: secrets::model_name(
            name(&parameters.model, "model")?
                .filter(|model| !model.trim().is_empty())
                .ok_or("`model` is missing or blank")?,
            name(
                &parameters.evaluation_llm_provider,
                "evaluation_llm_provider",
            )?,
        ),
        run_id: run_id(&[&method, &attack_type, &defense, &date]),
        technique: match (method, defense) {
            (Some(method), Some(defense)) => Some(format!("{method} against {defense}")),
            (None, Some(defense)) => Some(format!("against {defense}")),
            (method, None) => method,
        },
        attack_family: attack_type,
        observed_at: date,
        judge: judge.unwrap_or_else(|| UNNAMED_JUDGE.to_owned()),
    })
}

/// What an artifact is told apart by, beside its model. Without it, entries
/// that were never submitted would be the same trace for every method.
pub(crate) fn run_id(parts: &[&Option<String>]) -> String {
    let parts: Vec<&str> = parts
        .iter()
        .map(|part| part.as_deref().unwrap_or("-"))
        .collect();
    parts.join("/")
}

fn notes(common: &Common, parameters: &Parameters, tally: Tally) -> Vec<String> {
    let mut notes = vec![format!(
        "`jailbroken` is read as the verdict of `{}`: true is compliance, false is refusal",
        common.judge
    )];
    let mut compare = |field: &str, printed: &Value, counted: u64, of: &str| {
        if let Some(printed) = printed.as_u64().filter(|printed| *printed != counted) {
            notes.push(format!(
                "`{field}` says {printed}, the entries hold {counted} {of}; the entries are used"
            ));
        }
    };
    compare(
        "total_number_of_jailbreaks",
        &parameters.total_number_of_jailbreaks,
        tally.main,
        "successes by the main judge",
    );
    compare(
        "number_of_submitted_prompts",
        &parameters.number_of_submitted_prompts,
        tally.submitted,
        "submitted prompts",
    );
    if let Some(note) = rate_note(&parameters.attack_success_rate, tally) {
        notes.push(note);
    }
    if tally.disagreements > 0 {
        notes.push(format!(
            "the two judges disagree on {} of {} entries: {} successes by the main judge, {} by the second",
            tally.disagreements, tally.traces, tally.main, tally.second
        ));
    }
    if tally.submitted < tally.traces {
        notes.push(format!(
            "entries without a submitted prompt: {}; what they count as is a switch of the report",
            tally.traces - tally.submitted
        ));
    }
    notes
}

/// Printed rates have two decimals: more than half a unit off is another figure.
fn rate_note(printed: &Value, tally: Tally) -> Option<String> {
    let printed = printed.as_f64()?;
    let [successes, traces] = [tally.main, tally.traces].map(|n| u32::try_from(n).ok());
    let (successes, traces) = (f64::from(successes?), f64::from(traces.filter(|n| *n > 0)?));
    let counted = successes / traces;
    ((printed - counted).abs() > 0.005 + 1e-9).then(|| {
        format!(
            "`attack_success_rate` says {printed}, the entries hold {} of {}; the entries are used",
            tally.main, tally.traces
        )
    })
}
