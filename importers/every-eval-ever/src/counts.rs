//! Cells out of an aggregate: only where it states how many traces received each verdict.
//!
//! A published score is a share of something. How many rows it is of, how many
//! of them were judged and how far it was rounded is not in the schema, so that
//! no count follows from it.

use caveat_corpus::{Cell, Location, ModelName, Record, Verdict, VerdictCounts};
use caveat_importer::text::printable;
use caveat_importer::{ImportError, Options, Reject, Sink, Source, SourceFacts, secrets};

use crate::aggregate::{Aggregate, EvaluationResult};
use crate::extension as name;
use crate::ours::{Said, is_marked};
use crate::refused;

/// Whether an aggregate holds counts.
pub(crate) fn has_counts(aggregate: &Aggregate) -> bool {
    aggregate
        .results
        .iter()
        .any(|result| is_marked(&result.details))
}

/// Reads the results of an aggregate, each as one cell or one reject.
pub(crate) fn read(
    source: &Source,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<SourceFacts, ImportError> {
    let path = &source.path;
    let aggregate = Aggregate::load(path, &options.limits)
        .map_err(|reason| refused(path, printable(&reason)))?;
    if !has_counts(&aggregate) {
        return Err(refused(path, WITHOUT_COUNTS));
    }
    for (position, result) in aggregate.results.iter().enumerate() {
        let location = Location {
            entry: Some("evaluation_results".to_owned()),
            record: Some(result.id.clone().unwrap_or_else(|| position.to_string())),
            byte: None,
        };
        match cell(&aggregate, result, location.clone()) {
            Ok(cell) => sink.record(Record::Cell(Box::new(cell)))?,
            Err(reason) => sink.reject(Reject { location, reason })?,
        }
    }
    Ok(SourceFacts {
        format_version: aggregate.schema_version,
        notes: vec![
            "the aggregate holds counts by verdict, which caveat wrote; each result is one cell"
                .to_owned(),
        ],
    })
}

/// Why an aggregate alone is no source.
pub(crate) const WITHOUT_COUNTS: &str = "it is an aggregate of published scores: it does not say \
    how many traces received which verdict, and no count follows from a score";

fn cell(
    aggregate: &Aggregate,
    result: &EvaluationResult,
    location: Location,
) -> Result<Cell, String> {
    if !is_marked(&result.details) {
        return Err("the result has a score and no counts".to_owned());
    }
    let said = Said(&result.details);
    said.version()?;
    let mut counts = VerdictCounts::default();
    for verdict in Verdict::ALL {
        let key = format!("{}{}", name::COUNT, verdict.name());
        counts.add(verdict, said.number(&key)?.unwrap_or_default());
    }
    let owned = |key: &str| said.text(key).map(str::to_owned);
    let model = aggregate.model_id.clone();
    let model = model.ok_or("`model_info` names no model")?;
    Ok(Cell {
        location,
        model: ModelName {
            coded_size: owned(name::CODED_SIZE),
            ..secrets::model_name(model, owned(name::PROVIDER))
        },
        dataset: owned(name::DATASET),
        technique: owned(name::TECHNIQUE),
        attack_family: owned(name::ATTACK_FAMILY),
        harm_category: owned(name::HARM_CATEGORY),
        grader: owned(name::GRADER),
        grader_kind: said
            .kind()?
            .ok_or_else(|| format!("`{}` is missing", name::GRADER_KIND))?,
        observed_at: owned(name::OBSERVED_AT),
        counts,
    })
}
